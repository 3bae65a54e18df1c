//! Transfer functions of two inputs: closed forms, an independent integration, and what is refused.

use super::common::{last, outcome, read, scenario};
use approx::{assert_abs_diff_eq, assert_relative_eq};
use disinhibit::analyze::continuation::{Kind, Options, Settings};
use disinhibit::analyze::explain::split;
use disinhibit::analyze::{Bifurcation, Knob, Subject, fixed_points};
use disinhibit::equilibrium::{calibrate, calibrate_scenario};
use disinhibit::report::analysis::explanation;
use disinhibit::scenario::{Circuit, Population, SecondInput, Transfer};
use disinhibit::simulate::run;

/// The gain of E is set by V, through a gate; E excites itself and V.
const GAIN: &str = r#"
    input_unit = "none"
    [populations.E]
    tau = "10 ms"
    transfer = { kind = "expression", f = "softplus(x / 2) * (a + logistic(y))", parameters = { a = 0.5 } }
    second = { drive = -1 }
    rest = "6 Hz"
    refractory = { k = 1, r = 0.01 }
    [populations.V]
    tau = "20 ms"
    transfer = { kind = "softplus", gain = 1, threshold = 0, width = 2 }
    rest = "3 Hz"
    [synapses.slow]
    gate = { kind = "filter", tau = "50 ms" }
    [onto.E]
    E = 0.3
    V = -0.2
    [onto.E.second]
    V = 0.1
    through.slow = { V = 0.3, E = -0.05 }
    [onto.V]
    E = 0.4
"#;

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// E, V, and the gates from V and E, in ms.
fn slopes([e, v, gate_v, gate_e]: [f64; 4], [drive_e, drive_v]: [f64; 2]) -> [f64; 4] {
    let x = drive_e + 0.3 * e - 0.2 * v;
    let y = -1.0 + 0.1 * v + 0.3 * gate_v - 0.05 * gate_e;
    let f = libm::log1p(libm::exp(x / 2.0)) * (0.5 + logistic(y));
    let rate_v = 2.0 * libm::log1p(libm::exp(0.5 * (drive_v + 0.4 * e)));
    [(f * (1.0 - 0.01 * e) - e) / 10.0, (rate_v - v) / 20.0, (v - gate_v) / 50.0, (e - gate_e) / 50.0]
}

fn run_of(time: &str, step: &str) -> String {
    format!(
        "{GAIN}\n[run]\ntime = \"{time}\"\n{step}\n[[arms]]\nname = \"driven\"\n\
         inject = [{{ population = \"V\", drive = 2, from = \"0 ms\" }}]\n"
    )
}

#[test]
fn gain_modulation_rests_where_stated_and_moves_as_an_independent_integration() {
    let fast =
        run_of("fast", "method = \"rk4\"\nstep = \"0.05 ms\"\nfrom = \"-1 ms\"\nto = \"40 ms\"\nrecord = \"20 ms\"");
    let scenario = scenario(&fast);
    let calibrated = calibrate(&scenario.circuit).unwrap();
    let drives = [calibrated.drives[0], calibrated.drives[1]];
    let mut state = [6.0, 3.0, 3.0, 6.0];
    for slope in slopes(state, drives) {
        assert_abs_diff_eq!(slope, 0.0, epsilon = 1e-13);
    }
    let step = 0.01;
    let moved =
        |state: [f64; 4], slope: [f64; 4], by: f64| std::array::from_fn(|index| state[index] + by * slope[index]);
    for _ in 0..4_000 {
        let flow = |state| slopes(state, [drives[0], drives[1] + 2.0]);
        let one = flow(state);
        let two = flow(moved(state, one, 0.5 * step));
        let three = flow(moved(state, two, 0.5 * step));
        let four = flow(moved(state, three, step));
        state = std::array::from_fn(|index| {
            state[index] + step / 6.0 * (one[index] + 2.0 * two[index] + 2.0 * three[index] + four[index])
        });
    }
    let found = run(&scenario).unwrap();
    assert_relative_eq!(last(&found, "driven", "gate.slow.V"), state[2], max_relative = 1e-8);
    assert_relative_eq!(last(&found, "driven", "gate.slow.E"), state[3], max_relative = 1e-8);
    // The response of the rest: d r / d h against a difference.
    let mut pushed = scenario.circuit.clone();
    let by = 1e-4;
    pushed.hold(&[drives[0], drives[1] + by]);
    let rates = calibrate(&pushed).unwrap().rates;
    assert_relative_eq!((rates[0] - 6.0) / by, calibrated.response[1], max_relative = 1e-3);
}

#[test]
fn slow_time_explain_and_figures_know_both_inputs() {
    let slow = run_of("slow", "from = \"-1 min\"\nto = \"2 min\"\nreport = [\"2 min\"]");
    let long = run_of("fast", "from = \"-1 ms\"\nto = \"3 s\"\nrecord = \"100 ms\"");
    let scenario = scenario(&slow);
    let (found, fast) = (run(&scenario).unwrap(), outcome(&long));
    assert_relative_eq!(last(&found, "driven", "rate.E"), last(&fast, "driven", "rate.E"), max_relative = 1e-6);
    let calibrated = calibrate_scenario(&scenario).unwrap();
    let subjects = Subject::arms(&scenario, &calibrated, &["driven".into()], Some(1.0)).unwrap();
    let inputs = split("driven", subjects[0].moment.as_ref().unwrap(), None);
    let (e, v) = (&inputs.inputs[0], &inputs.inputs[1]);
    let second = e.second.as_ref().unwrap();
    assert!(v.second.is_none());
    assert_eq!(
        second.parts.iter().map(|part| part.from.as_str()).collect::<Vec<_>>(),
        ["drive", "V", "E slow", "V slow"]
    );
    assert_relative_eq!(second.parts.iter().map(|part| part.input).sum::<f64>(), second.total, max_relative = 1e-12);
    let rate = libm::log1p(libm::exp(e.total / 2.0)) * (0.5 + logistic(second.total));
    assert_relative_eq!(e.rate_hz, rate * (1.0 - 0.01 * e.rate_hz), max_relative = 1e-8);
    let names: Vec<String> = scenario.circuit.populations.keys().cloned().collect();
    let figures = explanation(&[&inputs], &[], (&scenario, &names), "");
    assert!(figures[0].1.labels().iter().any(|label| label.text == "second input of E"));
}

#[test]
fn a_product_of_two_inputs_has_the_fixed_points_and_folds_of_its_parabola() {
    // r = (h + r) (r + c): two fixed points, where r^2 + (h + c - 1) r + h c = 0.
    let text = r#"
        input_unit = "none"
        [populations.E]
        tau = "10 ms"
        transfer = { kind = "expression", f = "x * y" }
        second = { drive = 0.1 }
        drive = 0.2
        [onto.E]
        E = 1
        [onto.E.second]
        E = 1
    "#;
    let subject = Subject::circuit(&scenario(text)).unwrap();
    let mut rates: Vec<f64> = fixed_points(&subject.system, None, &[]).points.iter().map(|it| it.rates[0]).collect();
    rates.sort_by(f64::total_cmp);
    let root = libm::sqrt(0.7 * 0.7 - 4.0 * 0.02);
    assert_eq!(rates.len(), 2, "{rates:?}");
    assert_relative_eq!(rates[0], 0.5 * (0.7 - root), max_relative = 1e-9);
    assert_relative_eq!(rates[1], 0.5 * (0.7 + root), max_relative = 1e-9);
    // Over the drive of the second input: 1 - h - c = 2 sqrt(h c) at the fold.
    let (knob, low) = Knob::new(&subject, "populations.E.second.drive", "0.1").unwrap();
    let (_, high) = Knob::new(&subject, "populations.E.second.drive", "0.6").unwrap();
    let bifurcation =
        Bifurcation::new(&subject, &(knob, Options::new(Settings::over(low, high)).unwrap()), None).unwrap();
    let special = bifurcation.diagram.special();
    let folds: Vec<f64> = special.iter().filter(|point| point.kind == Kind::Fold).map(|point| point.knob).collect();
    let expected = (1.0 - libm::sqrt(0.2)) * (1.0 - libm::sqrt(0.2));
    assert!(folds.iter().any(|fold| (fold - expected).abs() < 1e-8), "{folds:?} {expected}");
}

#[test]
fn it_is_built_in_code_and_wrong_ones_are_refused() {
    let transfer = |f: &str| Transfer::Expression { f: f.into(), parameters: [].into_iter().collect(), maximum: None };
    let population = Population {
        tau: 10.0,
        transfer: transfer("2 * x + y"),
        drive: Some(1.0),
        second: Some(SecondInput { drive: 3.0 }),
        ..Population::default()
    };
    let circuit = Circuit { populations: [("A".to_owned(), population)].into_iter().collect(), ..Circuit::default() };
    assert_relative_eq!(calibrate(&circuit).unwrap().rates[0], 5.0, max_relative = 1e-12);
    let text = |population: &str, rest: &str| {
        format!(
            "[populations.A]\ndrive = \"1 mV\"\n{population}\n{rest}\n[run]\ntime = \"fast\"\nfrom = \"0 s\"\nto = \"1 s\"\n\
             [[arms]]\nname = \"control\"\n"
        )
    };
    let formula = |f: &str| format!("tau = \"9 ms\"\ntransfer = {{ kind = \"expression\", f = \"{f}\" }}");
    let voltage = formula("x * y").replace("tau", "form = \"voltage\"\ntau");
    for (text, words) in [
        (text(&formula("x"), "[onto.A.second]\nA = 0.1"), "the transfer function of `A` has no second input"),
        (text(&(formula("x") + "\nsecond = { drive = \"1 mV\" }"), ""), "its transfer function has no second input"),
        (text(&voltage, ""), "follows from its own variable alone"),
        (text(&formula("x * z"), ""), "`z` is neither x, nor y, nor among the parameters"),
        (text(&formula("x * y"), "[onto.A.second]\nB = 0.1"), "no population `B`"),
        (
            text(&formula("x * y").replace("tau = \"9 ms\"", "form = \"algebraic\""), "[onto.A.second]\nA = 0.1"),
            "algebraic loop",
        ),
    ] {
        let found = read(&text, &[]).expect_err(words).render();
        assert!(found.contains(words), "expected `{words}` in:\n{found}");
    }
}
