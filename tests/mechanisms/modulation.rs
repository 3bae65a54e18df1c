//! Synapses that follow other fast variables: products of states against exact solutions and an independent integration.

use super::common::{bits, last, outcome, read, scenario};
use super::follows;
use approx::{assert_abs_diff_eq, assert_relative_eq};
use disinhibit::analyze::continuation::{Kind, Options, Settings};
use disinhibit::analyze::explain::split;
use disinhibit::analyze::{Bifurcation, Knob, Subject, fixed_points};
use disinhibit::equilibrium::{calibrate, calibrate_scenario};
use disinhibit::scenario::{Scenario, Setting};
use disinhibit::simulate::{run, run_plans};

/// An algebraic source S at 10 Hz that jumps to 40 Hz at 0 ms, another M at 2 Hz that jumps to 6 Hz, and an algebraic target T.
fn driven(classes: &str) -> disinhibit::simulate::Outcome {
    outcome(&format!(
        r#"
        [populations]
        S = {{ form = "algebraic", transfer = {{ kind = "threshold-linear", gain = 1 }}, drive = "10 mV" }}
        M = {{ form = "algebraic", transfer = {{ kind = "threshold-linear", gain = 1 }}, drive = "2 mV" }}
        T = {{ form = "algebraic", transfer = {{ kind = "threshold-linear", gain = 1 }}, drive = "1 mV" }}
        {classes}
        [run]
        time = "fast"
        method = "rk4"
        step = "0.05 ms"
        from = "-10 ms"
        to = "100 ms"
        record = "10 ms"
        [[arms]]
        name = "jump"
        inject = [
          {{ population = "S", drive = "30 mV", from = "0 ms" }},
          {{ population = "M", drive = "4 mV", from = "0 ms" }},
        ]
        "#
    ))
}

#[test]
fn a_gate_opens_by_what_the_resources_of_another_class_leave() {
    let found = driven(
        r#"
        [synapses.fast]
        plasticity = { U = 0.4, depression = "150 ms" }
        [synapses.slow]
        gate = { kind = "first-order", tau = "60 ms", gain = 0.5 }
        modulation = { at = "release", f = "U * resources.fast.source", parameters = { U = 0.4 } }
        [onto.T.through]
        slow = { S = 0.1 }
        "#,
    );
    let (share, recovery, tau, gain, low, high) = (0.4, 150.0, 60.0, 0.5, 0.010, 0.040);
    let settled = |rate: f64| 1.0 / (1.0 + recovery * share * rate);
    let speed = 1.0 / recovery + share * high;
    let resources = |ms: f64| settled(high) + (settled(low) - settled(high)) * libm::exp(-speed * ms);
    // ds/dt = -s/tau + g U x(t) r, x an exponential.
    let opening = gain * share * high;
    let last = opening * tau * settled(high);
    let fading = opening * (settled(low) - settled(high)) / (1.0 / tau - speed);
    let first = gain * share * low * tau * settled(low);
    let gate = |ms: f64| last + fading * libm::exp(-speed * ms) + (first - last - fading) * libm::exp(-ms / tau);
    follows(&found, "resources.fast.S", 1e-9, resources);
    follows(&found, "gate.slow.S", 1e-9, gate);
}

#[test]
fn a_modulated_weight_is_a_product_of_states_and_only_the_synapse_is_delayed() {
    let found = driven(
        r#"
        [synapses.c]
        delay = "25 ms"
        modulation = { f = "1 / (1 + rate.M / k)", parameters = { k = 2 } }
        [onto.T.through.c]
        S = 0.5
        "#,
    );
    // T = 1 + 0.5 S(t - 25 ms) / (1 + M(t) / 2); samples are means over 10 ms.
    let signal = found.arms[0].recording.signal("rate.T").unwrap();
    for (time, value) in found.arms[0].recording.times().iter().zip(signal) {
        let ms = time * 60_000.0;
        let expected =
            |ms: f64| 1.0 + 0.5 * if ms < 25.0 { 10.0 } else { 40.0 } / (1.0 + if ms < 0.0 { 2.0 } else { 6.0 } / 2.0);
        if [10.0, 20.0, 40.0, 90.0].iter().any(|wanted| (ms - wanted).abs() < 1e-6) {
            assert_relative_eq!(value, expected(ms - 5.0), max_relative = 1e-12);
        }
    }
    assert_eq!(last(&found, "jump", "rate.T"), 6.0);
}

/// E excites itself through a gate whose voltage-like block follows its own rate, I inhibits presynaptically, and a third
/// class shares resources; with free numbers.
const RICH: &str = r#"
    input_unit = "none"
    [populations]
    E = { tau = "10 ms", transfer = { kind = "softplus", gain = 1, threshold = 5, width = 2 }, rest = "6 Hz", adaptation = { strength = 0.2, tau = "80 ms" } }
    I = { tau = "6 ms", form = "voltage", transfer = { kind = "softplus", gain = 1.5, threshold = 3, width = 1.5 }, rest = "9 Hz" }
    [synapses.ampa]
    plasticity = { U = 0.3, depression = "120 ms", facilitation = "50 ms" }
    [synapses.nmda]
    gate = { kind = "saturating", tau = "40 ms", gain = 0.5 }
    modulation = { f = "logistic((rate.target - half) / 3) * utilisation.ampa.source", parameters = { half = 5 } }
    [synapses.gaba]
    gate = { kind = "first-order", tau = "8 ms", gain = 1 }
    modulation = { at = "release", f = "resources.ampa.E / (1 + gate.nmda.E) + voltage.I / 50" }
    [onto.E.through]
    ampa = { E = 0.6 }
    nmda = { E = 7 }
    gaba = { I = -3 }
    [onto.I.through]
    ampa = { E = 0.8 }
    nmda = { E = 2 }
"#;

fn rich(run: &str) -> Scenario {
    scenario(&format!("{RICH}\n{run}"))
}

const FAST: &str = r#"
    [run]
    time = "fast"
    method = "rk4"
    step = "0.05 ms"
    from = "-1 ms"
    to = "60 ms"
    record = "20 ms"
    [[arms]]
    name = "driven"
    inject = [{ population = "E", drive = 3, from = "0 ms" }]
"#;

fn softplus(gain: f64, threshold: f64, width: f64, x: f64) -> f64 {
    gain * width * libm::log1p(libm::exp((x - threshold) / width))
}

/// The same circuit written out: E, V, u, x, s_nmda, s_gaba, a, in ms.
fn slopes([e, v, u, x, n, g, a]: [f64; 7], [drive_e, drive_i]: [f64; 2]) -> [f64; 7] {
    let i = softplus(1.5, 3.0, 1.5, v);
    let ampa = u * x * e;
    let block = |target: f64| u / (1.0 + libm::exp(-(target - 5.0) / 3.0));
    let input_e = drive_e + 0.6 * ampa + 7.0 * n * block(e) - 3.0 * g + a;
    let input_i = drive_i + 0.8 * ampa + 2.0 * n * block(i);
    let released = (x / (1.0 + n) + v / 50.0) * i;
    [
        (softplus(1.0, 5.0, 2.0, input_e) - e) / 10.0,
        (input_i - v) / 6.0,
        (0.3 - u) / 50.0 + 0.3 * (1.0 - u) * e * 1e-3,
        (1.0 - x) / 120.0 - u * x * e * 1e-3,
        -n / 40.0 + 0.5 * (1.0 - n) * e * 1e-3,
        -g / 8.0 + released * 1e-3,
        (-a - 0.2 * e) / 80.0,
    ]
}

#[test]
fn a_rich_modulated_circuit_rests_where_stated_and_moves_as_an_independent_integration() {
    let scenario = rich(FAST);
    let calibrated = calibrate(&scenario.circuit).unwrap();
    let names = Subject::circuit(&scenario).unwrap().system.variable_names();
    assert_eq!(names.len(), scenario.circuit.variable_names().len());
    let order = ["E", "I", "utilisation.ampa.E", "resources.ampa.E", "gate.nmda.E", "gate.gaba.I", "adaptation.E"];
    let mut state = order.map(|name| calibrated.variables[names.iter().position(|own| own == name).unwrap()]);
    let drives = [calibrated.drives[0], calibrated.drives[1]];
    for slope in slopes(state, drives) {
        assert_abs_diff_eq!(slope, 0.0, epsilon = 1e-13);
    }
    // RK4 with a hundredth of a ms.
    let step = 0.01;
    let moved =
        |state: [f64; 7], slope: [f64; 7], by: f64| std::array::from_fn(|index| state[index] + by * slope[index]);
    for _ in 0..6_000 {
        let flow = |state| slopes(state, [drives[0] + 3.0, drives[1]]);
        let one = flow(state);
        let two = flow(moved(state, one, 0.5 * step));
        let three = flow(moved(state, two, 0.5 * step));
        let four = flow(moved(state, three, step));
        state = std::array::from_fn(|index| {
            state[index] + step / 6.0 * (one[index] + 2.0 * two[index] + 2.0 * three[index] + four[index])
        });
    }
    let found = run(&scenario).unwrap();
    for (name, expected) in
        [("utilisation.ampa.E", state[2]), ("resources.ampa.E", state[3]), ("gate.nmda.E", state[4])]
            .into_iter()
            .chain([("gate.gaba.I", state[5]), ("adaptation.E", state[6])])
    {
        assert_relative_eq!(last(&found, "driven", name), expected, max_relative = 1e-8);
    }
}

#[test]
fn slow_time_reaches_what_fast_time_does_and_explains_it() {
    let slow = r#"
        [run]
        time = "slow"
        from = "0 min"
        to = "2 min"
        report = ["2 min"]
        [[arms]]
        name = "driven"
        inject = [{ population = "E", drive = 3, from = "1 min" }]
    "#;
    let scenario = rich(slow);
    let found = run(&scenario).unwrap();
    let fast = run(&rich(&FAST.replace("60 ms", "4 s"))).unwrap();
    for name in ["rate.E", "rate.I"] {
        assert_relative_eq!(last(&found, "driven", name), last(&fast, "driven", name), max_relative = 1e-6);
    }
    // The parts add up, and the factor is said.
    let calibrated = calibrate_scenario(&scenario).unwrap();
    let subjects = Subject::arms(&scenario, &calibrated, &["driven".into()], Some(2.0)).unwrap();
    let subject = &subjects[0];
    let inputs = split(&subject.name, subject.moment.as_ref().unwrap(), None);
    let nmda = inputs.inputs[0].parts.iter().find(|part| part.from == "E nmda").unwrap();
    assert!(nmda.modulation.is_some_and(|factor| factor > 0.0 && factor < 1.0), "{nmda:?}");
    assert_relative_eq!(nmda.input, nmda.weight.unwrap() * nmda.output.unwrap(), max_relative = 1e-14);
    let gaba = inputs.inputs[0].parts.iter().find(|part| part.from == "I gaba").unwrap();
    assert_eq!(gaba.modulation, None);
    let rate = softplus(1.0, 5.0, 2.0, inputs.inputs[0].total);
    assert_relative_eq!(rate, inputs.inputs[0].rate_hz, max_relative = 1e-8);
}

/// r = h + w r^2 / k: a weight that follows its own source.
const SQUARE: &str = r#"
    input_unit = "none"
    [populations.E]
    tau = "10 ms"
    transfer = { kind = "threshold-linear", gain = 1 }
    drive = 0.5
    [synapses.c]
    modulation = { f = "rate.source / k", parameters = { k = 4 } }
    [onto.E.through.c]
    E = 1
"#;

#[test]
fn fixed_points_and_folds_of_a_product_of_states_are_those_of_its_parabola() {
    let subject = Subject::circuit(&scenario(SQUARE)).unwrap();
    let found = fixed_points(&subject.system, None, &[]);
    let mut rates: Vec<f64> = found.points.iter().map(|point| point.rates[0]).collect();
    rates.sort_by(f64::total_cmp);
    let root = libm::sqrt(1.0 - 4.0 * 0.5 / 4.0);
    assert_eq!(rates.len(), 2, "{rates:?}");
    assert_relative_eq!(rates[0], 2.0 * (1.0 - root), max_relative = 1e-10);
    assert_relative_eq!(rates[1], 2.0 * (1.0 + root), max_relative = 1e-10);
    let (knob, low) = Knob::new(&subject, "populations.E.drive", "0.5").unwrap();
    let (_, high) = Knob::new(&subject, "populations.E.drive", "2").unwrap();
    let options = Options::new(Settings::over(low, high)).unwrap();
    let bifurcation = Bifurcation::new(&subject, &(knob, options), None).unwrap();
    let folds: Vec<f64> =
        bifurcation.diagram.special().iter().filter(|point| point.kind == Kind::Fold).map(|point| point.knob).collect();
    assert_eq!(folds.len(), 1);
    // h = k / (4 w).
    assert_relative_eq!(folds[0], 1.0, max_relative = 1e-8);
    // The same over the number in the formula.
    let (knob, low) = Knob::new(&subject, "synapses.c.modulation.parameters.k", "1").unwrap();
    let (_, high) = Knob::new(&subject, "synapses.c.modulation.parameters.k", "8").unwrap();
    let options = Options::new(Settings::over(low, high)).unwrap();
    let bifurcation = Bifurcation::new(&subject, &(knob, options), None).unwrap();
    let folds: Vec<f64> =
        bifurcation.diagram.special().iter().filter(|point| point.kind == Kind::Fold).map(|point| point.knob).collect();
    assert_eq!(folds.len(), 1);
    assert_relative_eq!(folds[0], 2.0, max_relative = 1e-8);
}

#[test]
fn formulas_and_their_numbers_may_differ_side_by_side() {
    let together = rich(&FAST.replace("\"60 ms\"", "\"50 ms\"").replace("record = \"20 ms\"", "record = \"10 ms\""));
    let calibrated = calibrate_scenario(&together).unwrap();
    let base = Scenario { circuit: calibrated.circuit, ..together };
    let plans: Vec<_> = [
        ("synapses.nmda.modulation.parameters.half", Setting::Number(5.0)),
        ("synapses.nmda.modulation.parameters.half", Setting::Number(7.0)),
        ("synapses.gaba.modulation.f", Setting::Text("resources.ampa.E".into())),
        ("synapses.gaba.modulation.at", Setting::Text("weight".into())),
    ]
    .iter()
    .flat_map(|(path, setting)| {
        let mut own = base.clone();
        own.set(path, setting).unwrap();
        disinhibit::experiment::plans(&own, &calibrated.rates).unwrap()
    })
    .collect();
    let all = run_plans(&plans, &base.run);
    let alone = plans.iter().map(|plan| run_plans(std::slice::from_ref(plan), &base.run).remove(0));
    let all: Vec<_> = all.iter().map(bits).collect();
    for (index, alone) in alone.enumerate() {
        assert_eq!(all[index], bits(&alone), "{index}");
        assert!(all[..index].iter().all(|other| *other != all[index]), "{index}");
    }
}

#[test]
fn wrong_formulas_are_named_with_their_place() {
    let pair = |class: &str| {
        format!(
            r#"
            [populations]
            A = {{ tau = "10 ms", transfer = {{ kind = "threshold-linear", gain = 1 }}, drive = "1 mV" }}
            B = {{ form = "algebraic", transfer = {{ kind = "threshold-linear", gain = 1 }}, drive = "1 mV" }}
            R = {{ units = 4, tau = "10 ms", transfer = {{ kind = "threshold-linear", gain = 1 }}, drive = "1 mV" }}
            [synapses.c]
            {class}
            [synapses.d]
            gate = {{ kind = "filter", tau = "10 ms" }}
            modulation = {{ at = "release", f = "gate.c.A" }}
            [onto.A.through]
            c = {{ A = 0.1, B = 0.1 }}
            d = {{ A = 0.1 }}
            [onto.B.through]
            c = {{ A = 0.1 }}
            [run]
            time = "fast"
            from = "0 s"
            to = "1 s"
            [[arms]]
            name = "control"
            "#
        )
    };
    let gated = |modulation: &str| {
        pair(&format!("gate = {{ kind = \"filter\", tau = \"10 ms\" }}\nmodulation = {{ {modulation} }}"))
    };
    for (text, words) in [
        (gated("f = \"rate.A +\""), "ends too soon"),
        (gated("f = \"rate.X\""), "there is no population `X`"),
        (gated("f = \"k * rate.A\""), "`k` is neither a fast variable nor among the parameters"),
        (gated("f = \"resorces.c.A\""), "neither a fast variable"),
        (gated("f = \"resources.c.A\""), "have no depression"),
        (gated("f = \"resources.e.A\""), "no class of synapses `e`"),
        (gated("f = \"voltage.source\""), "not of the voltage form"),
        (gated("f = \"adaptation.target\""), "has no adaptation"),
        (gated("f = \"rate.R\""), "population of several units"),
        (gated("f = \"rate.A\", parameters = { k = 1 }"), "`k` does not occur"),
        (gated("at = \"release\", f = \"rate.target\""), "the same for all its targets"),
        (gated("at = \"release\", f = \"gate.d.A\""), "gates that open by each other's state: c -> d -> c"),
        (gated("f = \"rate.B\""), "algebraic loop: B -> B"),
        (gated("at = \"there\", f = \"rate.A\""), "weight"),
        (gated("parameters = { k = 1 }"), "`f` is missing"),
    ] {
        let found = read(&text, &[]).expect_err(words).render();
        assert!(found.contains(words), "expected `{words}` in:\n{found}");
        assert!(found.contains("synapses.") || found.contains("test.toml"), "{found}");
    }
    let shown = disinhibit::report::circuit_subtitle(&rich(FAST).circuit);
    let expected = "synapses of class gaba follow resources.ampa.E, gate.nmda.E, voltage.I";
    assert!(shown.ends_with(expected), "{shown}");
    let mut fine = scenario(&gated("f = \"1 + rate.\\\"R[2]\\\" / 10\""));
    fine.set("synapses.c.modulation.f", &Setting::Text("2".into())).unwrap();
}
