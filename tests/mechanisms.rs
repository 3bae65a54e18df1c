//! Gates, short-term plasticity, adaptation, delays, dendrites, division, floors and noise against exact solutions.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "mechanisms/modulation.rs"]
mod modulation;
#[path = "mechanisms/random.rs"]
mod random;
#[path = "mechanisms/rings.rs"]
mod rings;
#[path = "mechanisms/second_input.rs"]
mod second_input;

use common::{arm, bits, last, outcome, read, scenario};
use disinhibit::equilibrium::calibrate;
use disinhibit::experiment::plans;
use disinhibit::readouts::summarise;
use disinhibit::scenario::readout::Readout;
use disinhibit::scenario::{Arm, Method, Scenario, Signal};
use disinhibit::simulate::{Outcome, run, run_many, run_plans};
use std::path::Path;

const STEP_MS: f64 = 0.05;

/// An algebraic source S at 10 Hz that jumps to 40 Hz at 0 ms and feeds T through one class of synapses.
fn driven(class: &str, method: &str) -> Outcome {
    let text = format!(
        r#"
        [populations.S]
        form = "algebraic"
        transfer = {{ kind = "threshold-linear", gain = 1.0 }}
        drive = "10 mV"
        [populations.T]
        tau = "5 ms"
        transfer = {{ kind = "threshold-linear", gain = 1.0 }}
        drive = "1 mV"
        [synapses.c]
        {class}
        [onto.T.through.c]
        S = 0.1
        [run]
        time = "fast"
        method = "{method}"
        step = "{STEP_MS} ms"
        from = "-10 ms"
        to = "100 ms"
        record = "10 ms"
        [[arms]]
        name = "jump"
        inject = [{{ population = "S", drive = "30 mV", from = "0 ms" }}]
        "#
    );
    outcome(&text)
}

/// The samples of a signal at 0, 10, ... 100 ms against a formula of the time in ms.
fn follows(outcome: &Outcome, signal: &str, tolerance: f64, expected: impl Fn(f64) -> f64) {
    let recording = &outcome.arms[0].recording;
    let values = recording.signal(signal).unwrap_or_else(|| panic!("{signal} in {:?}", recording.names()));
    let mut compared = 0;
    for (time, value) in recording.times().iter().zip(&values) {
        let ms = time * 60_000.0;
        if ms > -1e-9 {
            let expected = expected(ms);
            assert!((value - expected).abs() < tolerance * expected.abs(), "{signal} at {ms} ms: {value} {expected}");
            compared += 1;
        }
    }
    assert!(compared >= 10);
}

#[test]
fn gates_relax_as_their_equations_say() {
    let relax = |from: f64, to: f64, rate: f64| move |ms: f64| to + (from - to) * libm::exp(-rate * ms);
    let (tau, gain) = (30.0, 0.6);
    // Hz times ms: the rate in spikes per ms.
    let (low, high) = (0.010, 0.040);
    let class = |kind: &str| format!(r#"gate = {{ kind = "{kind}", tau = "30 ms", gain = 0.6 }}"#);
    let first = driven(&class("first-order"), "rk4");
    follows(&first, "gate.c.S", 1e-9, relax(gain * low * tau, gain * high * tau, 1.0 / tau));
    let settled = |rate: f64| gain * rate * tau / (1.0 + gain * rate * tau);
    let saturating = driven(&class("saturating"), "rk4");
    follows(&saturating, "gate.c.S", 1e-9, relax(settled(low), settled(high), 1.0 / tau + gain * high));
    let filter = driven(r#"gate = { kind = "filter", tau = "30 ms" }"#, "rk4");
    follows(&filter, "gate.c.S", 1e-9, relax(10.0, 40.0, 1.0 / tau));
    // What the target receives.
    let input = 1.0 + 0.1 * relax(10.0, 40.0, 1.0 / tau)(100.0);
    assert!((last(&filter, "jump", "rate.T") - input).abs() < 0.2, "{}", last(&filter, "jump", "rate.T"));
    // Euler and Heun converge to the same.
    follows(
        &driven(&class("saturating"), "heun"),
        "gate.c.S",
        1e-5,
        relax(settled(low), settled(high), 1.0 / tau + gain * high),
    );
    follows(
        &driven(&class("saturating"), "euler-maruyama"),
        "gate.c.S",
        2e-3,
        relax(settled(low), settled(high), 1.0 / tau + gain * high),
    );
}

#[test]
fn synapses_depress_and_facilitate_as_their_equations_say() {
    let (share, low, high) = (0.4, 0.010, 0.040);
    // Depression alone: dx/dt = (1 - x)/tau - U x r.
    let tau = 150.0;
    let depressed = driven(r#"plasticity = { U = 0.4, depression = "150 ms" }"#, "rk4");
    let settled = |rate: f64| 1.0 / (1.0 + tau * share * rate);
    let speed = 1.0 / tau + share * high;
    follows(&depressed, "resources.c.S", 1e-9, |ms| {
        settled(high) + (settled(low) - settled(high)) * libm::exp(-speed * ms)
    });
    assert!(depressed.arms[0].recording.signal("utilisation.c.S").is_none());
    // Facilitation alone: du/dt = (U - u)/tau + U (1 - u) r.
    let tau = 200.0;
    let class = r#"plasticity = { U = 0.4, facilitation = "200 ms", normalised = true }"#;
    let facilitated = driven(class, "rk4");
    let settled = |rate: f64| share * (1.0 + tau * rate) / (1.0 + share * tau * rate);
    let speed = 1.0 / tau + share * high;
    follows(&facilitated, "utilisation.c.S", 1e-9, |ms| {
        settled(high) + (settled(low) - settled(high)) * libm::exp(-speed * ms)
    });
    // The target settles at u/U r, 20 of its time constants after the jump.
    let now = settled(high) + (settled(low) - settled(high)) * libm::exp(-speed * 100.0);
    let expected = 1.0 + 0.1 * now / share * 40.0;
    assert!((last(&facilitated, "jump", "rate.T") - expected).abs() < 0.01 * expected);
    // Both, and a gate behind them, at rest: closed formulas.
    let both = r#"plasticity = { U = 0.4, facilitation = "200 ms", depression = "150 ms" }
        gate = { kind = "saturating", tau = "30 ms", gain = 0.6 }"#;
    let both = driven(both, "rk4");
    let first = |signal: &str| both.arms[0].recording.signal(signal).unwrap()[0];
    let utilisation = settled(low);
    let resources = 1.0 / (1.0 + 150.0 * utilisation * low);
    let opened = 0.6 * 30.0 * utilisation * resources * low;
    approx::assert_relative_eq!(first("utilisation.c.S"), utilisation, max_relative = 1e-12);
    approx::assert_relative_eq!(first("resources.c.S"), resources, max_relative = 1e-12);
    approx::assert_relative_eq!(first("gate.c.S"), opened / (1.0 + opened), max_relative = 1e-12);
}

#[test]
fn adaptation_has_the_eigenvalues_and_the_rest_of_its_two_equations() {
    let text = r#"
        [populations.A]
        tau = "10 ms"
        transfer = { kind = "threshold-linear", gain = 1.0 }
        drive = "30 mV"
        adaptation = { strength = 2.0, tau = "50 ms" }
        "#;
    let calibrated = calibrate(&scenario(text).circuit).unwrap();
    // r = 30 - b r.
    approx::assert_relative_eq!(calibrated.rates[0], 10.0, max_relative = 1e-12);
    // lambda^2 + (1/tau + 1/tau_a) lambda + (1 + b)/(tau tau_a) = 0, per s.
    let (sum, product) = (100.0 + 20.0, 3.0 * 100.0 * 20.0);
    let frequency = libm::sqrt(product - sum * sum / 4.0);
    assert_eq!(calibrated.eigenvalues.len(), 2);
    for value in &calibrated.eigenvalues {
        approx::assert_relative_eq!(value.re, -sum / 2.0, max_relative = 1e-10);
        approx::assert_relative_eq!(value.im.abs(), frequency, max_relative = 1e-10);
    }
    approx::assert_relative_eq!(calibrated.response[0], 1.0 / 3.0, max_relative = 1e-12);
    // From a stated rest the drive makes up for the adaptation.
    let stated = text.replace("drive = \"30 mV\"", "rest = \"10 Hz\"");
    let calibrated = calibrate(&scenario(&stated).circuit).unwrap();
    approx::assert_relative_eq!(calibrated.drives[0], 30.0, max_relative = 1e-12);
}

/// A population that inhibits itself after a delay.
fn delayed(weight: f64, delay: &str, method: &str) -> String {
    format!(
        r#"
        [populations.A]
        tau = "10 ms"
        transfer = {{ kind = "threshold-linear", gain = 1.0, threshold = "-100 mV" }}
        rest = "20 Hz"
        [synapses.late]
        delay = "{delay}"
        [onto.A.through.late]
        A = {}
        [run]
        time = "fast"
        method = "{method}"
        step = "0.1 ms"
        from = "0 ms"
        to = "30 ms"
        record = "0.1 ms"
        [[arms]]
        name = "step"
        inject = [{{ population = "A", drive = "5 mV" , from = "0.1 ms"}}]
        "#,
        -weight
    )
}

#[test]
fn a_delayed_loop_follows_the_method_of_steps() {
    let (weight, tau, change) = (0.8, 10.0, 5.0);
    for (method, delay, tolerance) in
        [("rk4", 8.0, 2e-4), ("rk4", 7.77, 2e-4), ("heun", 8.0, 2e-4), ("euler-maruyama", 8.0, 3e-2)]
    {
        let outcome = outcome(&delayed(weight, &format!("{delay} ms"), method));
        let recording = &outcome.arms[0].recording;
        let mut compared = 0;
        for (time, rate) in recording.times().iter().zip(recording.signal("rate.A").unwrap()) {
            // The step of the drive is at 0.1 ms.
            let ms = time * 60_000.0 - 0.1;
            let expected = match ms {
                ms if ms < 0.0 => 0.0,
                ms if ms < delay => change * (1.0 - libm::exp(-ms / tau)),
                ms if ms < 2.0 * delay => {
                    let late = (ms - delay) / tau;
                    change * (1.0 - libm::exp(-ms / tau))
                        - weight * change * (1.0 - libm::exp(-late) - late * libm::exp(-late))
                }
                _ => continue,
            };
            let error = (rate - 20.0 - expected).abs();
            assert!(error < tolerance, "{method} {delay} ms at {ms}: {rate} {expected}");
            compared += 1;
        }
        assert!(compared > 150);
    }
}

#[test]
fn a_delayed_loop_loses_its_stability_where_the_characteristic_equation_says() {
    // tau lambda + 1 + w exp(-lambda d) = 0 with lambda = i omega: omega tau = -tan(omega d), w = -1/cos(omega d).
    let (tau, delay) = (10.0, 8.0);
    let (mut low, mut high) = (std::f64::consts::FRAC_PI_2 / delay + 1e-9, std::f64::consts::PI / delay);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle * tau + libm::tan(middle * delay) < 0.0 { low = middle } else { high = middle }
    }
    let omega = low;
    let critical = -1.0 / libm::cos(omega * delay);
    let at = |weight: f64| calibrate(&scenario(&delayed(weight, "8 ms", "rk4")).circuit);
    let below = at(critical * (1.0 - 1e-9)).unwrap();
    let leading = below.eigenvalues.last().unwrap();
    assert!(leading.re < 0.0 && leading.re > -1e-5, "{leading:?}");
    approx::assert_relative_eq!(leading.im.abs(), omega * 1e3, max_relative = 1e-8);
    let error = at(critical * (1.0 + 1e-9)).unwrap_err().to_string();
    assert!(error.contains("unstable") && error.contains("oscillates"), "{error}");
    // Without the delay the loop is stable at any weight.
    let text = delayed(2.0 * critical, "8 ms", "rk4")
        .replace("delay = \"8 ms\"", "gate = { kind = \"filter\", tau = \"0.1 ms\" }");
    assert!(calibrate(&scenario(&text).circuit).is_ok());
}

#[test]
fn dendrites_divisors_and_floors_give_the_rates_that_follow_by_hand() {
    let text = |more: &str, event: &str| {
        format!(
            r#"
            [populations.D]
            tau = "5 ms"
            transfer = {{ kind = "threshold-linear", gain = 1.0 }}
            drive = "4 mV"
            [populations.E]
            tau = "10 ms"
            transfer = {{ kind = "threshold-linear", gain = 2.0, threshold = "1 mV" }}
            drive = "10 mV"
            {more}
            {event}
            "#
        )
    };
    let rate = |more: &str, event: &str| {
        let circuit = scenario(&text(more, event)).circuit;
        let calibrated = calibrate(&circuit).unwrap_or_else(|error| panic!("{more}: {error}"));
        // Stating the rate found gives the drive back.
        let mut stated = circuit.clone();
        let drive = stated.populations["E"].drive.take().unwrap();
        stated.populations["E"].rest = Some(calibrated.rates[1]);
        let again = calibrate(&stated).unwrap_or_else(|error| panic!("{more}: {error}"));
        approx::assert_relative_eq!(again.drives[1], drive, max_relative = 1e-8);
        calibrated.rates[1]
    };
    let dendrite = |more: &str| {
        format!(
            "dendrite = {{ drive = \"6 mV\", soma_leak = 0.3, dendrite_leak = 0.25{more} }}\n[onto.E.dendrite]\nD = -0.5"
        )
    };
    // 0.7 x 10 + 0.25 (6 - 0.5 x 4) - 1, twice.
    approx::assert_relative_eq!(rate(&dendrite(""), ""), 2.0 * (7.0 + 1.0 - 1.0), max_relative = 1e-12);
    approx::assert_relative_eq!(
        rate(&dendrite(", maximum = \"3 mV\""), ""),
        2.0 * (7.0 + 0.75 - 1.0),
        max_relative = 1e-12
    );
    // The event sees 0.3 x 10 + 0.75 x 4 = 6 mV.
    let event = |threshold: f64, width: &str| {
        dendrite(&format!(", event = {{ size = \"2 mV\", threshold = \"{threshold} mV\"{width} }}"))
    };
    approx::assert_relative_eq!(rate(&event(5.9, ""), ""), 2.0 * (7.0 + 1.5 - 1.0), max_relative = 1e-12);
    approx::assert_relative_eq!(rate(&event(6.1, ""), ""), 2.0 * (7.0 + 1.0 - 1.0), max_relative = 1e-12);
    let share = 1.0 / (1.0 + libm::exp(0.2));
    let smooth = rate(&event(6.1, ", width = \"0.5 mV\""), "");
    approx::assert_relative_eq!(smooth, 2.0 * (7.0 + 0.25 * (4.0 + 2.0 * share) - 1.0), max_relative = 1e-11);
    // Division of the output and of the input by 1 + 0.5 x 4.
    let divisive = "[onto.E.divisive]\nD = 0.5";
    approx::assert_relative_eq!(rate("", divisive), 2.0 * 9.0 / 3.0, max_relative = 1e-12);
    let input = format!("division = {{ of = \"input\" }}\n{divisive}");
    approx::assert_relative_eq!(rate(&input, ""), 2.0 * (10.0 / 3.0 - 1.0), max_relative = 1e-12);
}

/// Populations of all forms with all mechanisms, resting where stated.
const RICH: &str = r#"
    [populations.A]
    tau = "12 ms"
    transfer = { kind = "softplus", gain = 1.5, threshold = "2 mV", width = "2 mV" }
    rest = "6 Hz"
    adaptation = { strength = 0.2, tau = "90 ms" }
    refractory = { k = 1.0, r = 0.01 }
    dendrite = { drive = "2 mV", soma_leak = 0.3, dendrite_leak = 0.4, event = { size = "3 mV", threshold = "2.5 mV", width = "1.5 mV" } }
    [populations.B]
    form = "voltage"
    tau = "8 ms"
    transfer = { kind = "softplus", gain = 1.0, threshold = "2 mV", width = "2 mV" }
    rest = "9 Hz"
    division = { of = "input" }
    [populations.C]
    form = "algebraic"
    transfer = { kind = "linear-exponential", a = 2.0, b = "1 Hz", d = 0.2 }
    rest = "5 Hz"
    adaptation = { strength = 0.1, tau = "70 ms" }
    [synapses.nmda]
    gate = { kind = "saturating", tau = "60 ms", gain = 0.641 }
    [synapses.gaba]
    gate = { kind = "first-order", tau = "5 ms", gain = 2.0 }
    delay = "3 ms"
    [synapses.rising]
    plasticity = { U = 0.3, facilitation = "300 ms", depression = "150 ms" }
    gate = { kind = "filter", tau = "4 ms" }
    delay = "7.55 ms"
    [onto.A]
    C = 0.1
    [onto.A.through.nmda]
    A = 2.0
    C = 1.5
    [onto.A.through.gaba]
    B = -20.0
    [onto.A.dendrite.through.rising]
    C = 0.4
    [onto.A.divisive]
    B = 0.02
    [onto.B]
    A = 0.3
    [onto.B.through.rising]
    A = 0.5
    [onto.B.divisive]
    C = 0.03
    [onto.C]
    A = 0.2
    [onto.C.through.gaba]
    B = -10.0
    "#;

fn rich(run: &str) -> Scenario {
    scenario(&format!("{RICH}\n[run]\n{run}\n[[arms]]\nname = \"control\"\n"))
}

#[test]
fn a_rich_circuit_rests_where_stated_in_fast_and_in_slow_time() {
    let states = ["rate.A", "rate.B", "rate.C", "gate.nmda.A", "resources.rising.C", "adaptation.C"];
    for method in ["euler-maruyama", "heun", "rk4"] {
        let scenario =
            rich(&format!("time = \"fast\"\nmethod = \"{method}\"\nstep = \"0.1 ms\"\nfrom = \"0 s\"\nto = \"2 s\""));
        let outcome = run(&scenario).unwrap();
        for state in states {
            let values = outcome.arms[0].recording.signal(state).unwrap();
            let (first, last) = (values[0], *values.last().unwrap());
            assert!((last - first).abs() < 1e-10 * first.abs(), "{method} {state}: {first} {last}");
        }
        approx::assert_relative_eq!(last(&outcome, "control", "rate.A"), 6.0, max_relative = 1e-10);
        approx::assert_relative_eq!(last(&outcome, "control", "rate.C"), 5.0, max_relative = 1e-10);
    }
    let slow = run(&rich("from = \"0 min\"\nto = \"10 min\"")).unwrap();
    approx::assert_relative_eq!(last(&slow, "control", "rate.B"), 9.0, max_relative = 1e-10);
    // With the drives alone, the circuit finds the same rest from zero.
    let calibrated = calibrate(&scenario(RICH).circuit).unwrap();
    let mut free = calibrated.circuit.clone();
    free.populations.values_mut().for_each(|population| population.rest = None);
    let found = calibrate(&free).unwrap();
    for (one, other) in found.rates.iter().zip([6.0, 9.0, 5.0]) {
        approx::assert_relative_eq!(*one, other, max_relative = 1e-9);
    }
}

#[test]
fn a_rich_circuit_answers_a_step_alike_in_fast_and_in_slow_time_and_as_linearised() {
    let inject = "inject = [{ population = \"C\", drive = \"0.5 mV\", from = \"0 s\" }]\n";
    let text = |run: &str| format!("{RICH}\n[run]\n{run}\n[[arms]]\nname = \"control\"\n{inject}");
    let fast = outcome(&text("time = \"fast\"\nmethod = \"heun\"\nstep = \"0.1 ms\"\nfrom = \"-1 s\"\nto = \"5 s\""));
    let slow = outcome(&text("from = \"-1 min\"\nto = \"5 min\""));
    for signal in ["rate.A", "rate.B", "rate.C", "gate.nmda.C", "utilisation.rising.A"] {
        let (one, other) = (last(&fast, "control", signal), last(&slow, "control", signal));
        approx::assert_relative_eq!(one, other, max_relative = 1e-8);
        assert!((other - arm(&slow, "control").recording.signal(signal).unwrap()[0]).abs() > 1e-4, "{signal}");
    }
    // The response matrix against the change of the rest by a small drive.
    let calibrated = calibrate(&scenario(RICH).circuit).unwrap();
    for column in 0..3 {
        let moved = |by: f64| {
            let mut circuit = calibrated.circuit.clone();
            circuit.populations.values_mut().for_each(|population| population.rest = None);
            *circuit.populations[column].drive.as_mut().unwrap() += by;
            calibrate(&circuit).unwrap().rates
        };
        let (up, down) = (moved(1e-4), moved(-1e-4));
        for row in 0..3 {
            let difference = (up[row] - down[row]) / 2e-4;
            let response = calibrated.response[row * 3 + column];
            assert!((difference - response).abs() < 1e-6 * response.abs().max(1.0), "{difference} {response}");
        }
    }
}

#[test]
fn each_method_converges_with_its_order_whatever_the_mechanisms() {
    // Delays of whole steps, so that no interpolation enters.
    let end = |method: &str, step: f64| {
        let text = RICH.replace("7.55 ms", "8 ms");
        let text = format!(
            "{text}\n[run]\ntime = \"fast\"\nmethod = \"{method}\"\nstep = \"{step} ms\"\nfrom = \"-8 ms\"\nto = \"64 ms\"\n\
             record = \"8 ms\"\n[[arms]]\nname = \"step\"\ninject = [{{ population = \"C\", drive = \"2 mV\", from = \"0 ms\" }}]\n"
        );
        last(&outcome(&text), "step", "gate.nmda.A")
    };
    let exact = end("heun", 1.0 / 128.0);
    for (method, order) in [("euler-maruyama", 1), ("heun", 2)] {
        let ratio = (end(method, 0.5) - exact) / (end(method, 0.25) - exact);
        let expected = f64::from(1 << order);
        assert!((ratio / expected - 1.0).abs() < 0.25, "{method}: {ratio}, expected {expected}");
    }
}

#[test]
fn lanes_of_rich_circuits_do_not_feel_each_other_and_names_and_order_are_free() {
    let mut scenario = rich("time = \"fast\"\nstep = \"0.25 ms\"\nfrom = \"0 s\"\nto = \"0.3 s\"\nseed = 3");
    for population in scenario.circuit.populations.values_mut() {
        population.noise = Some(disinhibit::scenario::Noise { sigma: 0.4, tau: 5.0, ..Default::default() });
    }
    for number in 0..9_u8 {
        let mut arm = Arm { name: format!("arm {number}"), ..Arm::default() };
        // Delays that differ between lanes, and are no whole number of steps.
        let delay = disinhibit::scenario::Setting::Text(format!("{} ms", 1.0 + 0.37 * f64::from(number)));
        arm.set.insert("synapses.gaba.delay".into(), delay);
        scenario.arms.push(arm);
    }
    let calibration = calibrate(&scenario.circuit).unwrap();
    let calibrated = Scenario { circuit: calibration.circuit.clone(), ..scenario.clone() };
    let plans = plans(&calibrated, &calibration.rates).unwrap();
    let one = run_plans(&plans, &scenario.run);
    let four = run_many(&plans, &scenario.run);
    for ((one, four), plan) in one.iter().zip(&four).zip(&plans) {
        assert_eq!(bits(one), bits(four), "{}", one.name);
        let alone = run_plans(std::slice::from_ref(plan), &scenario.run);
        assert_eq!(bits(one), bits(&alone[0]), "{}", one.name);
    }
    assert_ne!(bits(&one[1]), bits(&one[2]));
    // The same circuit in another order.
    let mut turned = scenario.clone();
    turned.circuit.populations.reverse();
    turned.circuit.synapses.reverse();
    for population in turned.circuit.populations.values_mut() {
        population.noise = None;
    }
    let mut plain = scenario;
    for population in plain.circuit.populations.values_mut() {
        population.noise = None;
    }
    let inject = |scenario: &mut Scenario| {
        let injection = disinhibit::scenario::Injection {
            population: "A".into(),
            drive: 2.0,
            from: Some(0.001),
            ..disinhibit::scenario::Injection::default()
        };
        scenario.arms.truncate(1);
        scenario.arms[0].inject = vec![injection];
    };
    inject(&mut turned);
    inject(&mut plain);
    let (one, other) = (run(&plain).unwrap(), run(&turned).unwrap());
    for signal in ["rate.A", "rate.B", "rate.C", "gate.rising.A"] {
        approx::assert_relative_eq!(
            last(&one, "control", signal),
            last(&other, "control", signal),
            max_relative = 1e-11
        );
    }
}

/// Mean and standard deviation of the rate of one linear population with noise, over 200 s.
fn spread(form: &str, noise: &str, method: Method) -> (f64, f64) {
    let mut scenario = scenario(&format!(
        r#"
        [populations.A]
        form = "{form}"
        tau = "10 ms"
        transfer = {{ kind = "threshold-linear", gain = 1.0 }}
        drive = "100 mV"
        noise = {{ {noise} }}
        [run]
        time = "fast"
        step = "0.5 ms"
        from = "0 s"
        to = "200 s"
        record = "0.5 ms"
        [[arms]]
        name = "noisy"
        "#
    ));
    scenario.run.method = method;
    let outcome = run(&scenario).unwrap();
    let rates = outcome.arms[0].recording.signal("rate.A").unwrap();
    let n = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / n;
    let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / n;
    (mean, libm::sqrt(variance))
}

#[test]
fn noise_has_the_size_that_its_convention_says() {
    // One linear population: the s.d. of dy = -y dt/tau + s dW is s sqrt(tau/2); tau 10 ms.
    let root_two = std::f64::consts::SQRT_2;
    // Euler's step of dt/tau = 0.05 widens the variance by 1/(1 - dt/(2 tau)).
    let widened = 1.0 / libm::sqrt(1.0 - 0.025);
    let cases = [
        ("rate", r#"kind = "white", at = "rate", sigma = "2 Hz""#, 2.0),
        ("rate", r#"kind = "white", at = "rate", sigma_means = "root-tau", sigma = "2 Hz""#, 2.0 / root_two),
        ("rate", r#"kind = "white", at = "rate", sigma_means = "density", sigma = 0.2"#, 0.2 / libm::sqrt(0.02)),
        ("voltage", r#"kind = "white", sigma_means = "root-tau", sigma = "2 mV""#, 2.0 / root_two),
        ("rate", r#"kind = "white", sigma = "2 mV""#, 2.0),
    ];
    // 20000 independent samples: the s.d. is known to 0.5 %, the mean to 1/100 of it.
    for (form, noise, expected) in cases {
        let (mean, found) = spread(form, noise, Method::EulerMaruyama);
        assert!((found / (expected * widened) - 1.0).abs() < 0.02, "{form} {noise}: {found}, expected {expected}");
        assert!((mean - 100.0).abs() < 0.04 * expected, "{form} {noise}: {mean}");
        // Heun's scheme has the right variance to second order.
        let (_, found) = spread(form, noise, Method::Heun);
        assert!((found / expected - 1.0).abs() < 0.02, "{form} {noise}: {found}, expected {expected}");
    }
    // Ornstein-Uhlenbeck input of time constant 30 ms: sigma sqrt(tau_eta/(tau + tau_eta)).
    let seen = libm::sqrt(30.0 / 40.0);
    for (means, sigma, expected) in [
        ("stationary", "\"2 mV\"", 2.0),
        ("root-tau", "\"2 mV\"", 2.0 / root_two),
        ("density", "0.2", 0.2 / libm::sqrt(0.06)),
    ] {
        let noise = format!("tau = \"30 ms\", sigma_means = \"{means}\", sigma = {sigma}");
        let (_, found) = spread("rate", &noise, Method::Heun);
        assert!((found / (expected * seen) - 1.0).abs() < 0.025, "{noise}: {found}, expected {}", expected * seen);
    }
}

#[test]
fn effects_reach_gated_synapses_and_adaptation() {
    let text = |effects: &str| {
        format!(
            r#"
            [populations.A]
            tau = "10 ms"
            transfer = {{ kind = "threshold-linear", gain = 1.0 }}
            drive = "20 mV"
            adaptation = {{ strength = 1.0, tau = "50 ms" }}
            [populations.B]
            tau = "10 ms"
            transfer = {{ kind = "threshold-linear", gain = 1.0 }}
            drive = "0 mV"
            [synapses.slow]
            gate = {{ kind = "first-order", tau = "100 ms", gain = 1.0 }}
            [onto.B]
            A = 0.5
            [onto.B.through.slow]
            A = 2.0
            [stress]
            rise = "1 d"
            recovery = "1 d"
            phenotype = "p"
            [stress.phenotypes.p]
            effects = [{effects}]
            [run]
            from = "0 min"
            to = "1 min"
            [[arms]]
            name = "stressed"
            stress = {{ level = 1.0, exposure = true }}
            "#
        )
    };
    let rates = |effects: &str| {
        let outcome = outcome(&text(effects));
        [last(&outcome, "stressed", "rate.A"), last(&outcome, "stressed", "rate.B")]
    };
    let near = |found: [f64; 2], expected: [f64; 2]| {
        for (found, expected) in found.iter().zip(expected) {
            approx::assert_relative_eq!(*found, expected, max_relative = 1e-9);
        }
    };
    // A rests at 20/2; B at 0.5 x 10 + 2 x 0.1 x 10.
    near(rates(""), [10.0, 7.0]);
    near(rates("{ on = \"A\", adaptation = 0.5 }"), [8.0, 5.6]);
    near(rates("{ from = \"A\", onto = \"B\", weight = 0.5 }"), [10.0, 10.5]);
    near(rates("{ from = \"A\", output = -0.5 }"), [10.0, 3.5]);
}

#[test]
fn a_run_may_start_where_it_is_told_and_needs_no_stable_rest() {
    let text = |start: &str| {
        format!(
            r#"
            [populations.A]
            tau = "10 ms"
            transfer = {{ kind = "sigmoid", maximum = "40 Hz", slope = 1.0, threshold = "10 mV" }}
            drive = "0 mV"
            [synapses.c]
            gate = {{ kind = "filter", tau = "20 ms" }}
            [onto.A.through.c]
            A = 0.5
            [run]
            time = "fast"
            from = "0 s"
            to = "1 s"
            {start}
            [[arms]]
            name = "control"
            "#
        )
    };
    // Two stable states: which is reached depends on the start.
    let low = outcome(&text("start = { A = 15 }"));
    let high = outcome(&text("start = { A = 30 }"));
    assert!(last(&low, "control", "rate.A") < 1.0 && last(&high, "control", "rate.A") > 35.0);
    let first = |outcome: &Outcome, signal: &str| outcome.arms[0].recording.signal(signal).unwrap()[0];
    assert_eq!((first(&high, "rate.A"), first(&high, "gate.c.A")), (30.0, 30.0));
    let gated = outcome(&text("start = { \"gate.c.A\" = 35 }"));
    assert_eq!((first(&gated, "rate.A"), first(&gated, "gate.c.A")), (0.0, 35.0));
    assert!(last(&gated, "control", "rate.A") > 35.0);
    let unknown = read(&text("start = { B = 3 }"), &[]).unwrap_err().render();
    assert!(unknown.contains("no variable `B`"), "{unknown}");
    let slow = text("start = { A = 3 }").replace("time = \"fast\"", "time = \"slow\"");
    assert!(read(&slow, &[]).unwrap_err().render().contains("from the start"));
}

/// The words of the problems that a circuit's text has.
fn problems(text: &str) -> String {
    let arms =
        "\n[run]\ntime = \"fast\"\nstep = \"0.5 ms\"\nfrom = \"0 s\"\nto = \"1 s\"\n[[arms]]\nname = \"control\"\n";
    read(&format!("{text}{arms}"), &[]).expect_err("accepted").render()
}

#[test]
fn mistakes_in_mechanisms_are_named_with_their_place() {
    let pair = |a: &str, b: &str, rest: &str| {
        let transfer = "transfer = { kind = \"threshold-linear\", gain = 1.0 }\ndrive = \"1 mV\"";
        format!("[populations.A]\n{a}\n{transfer}\n[populations.B]\n{b}\n{transfer}\n{rest}")
    };
    let rate = "tau = \"10 ms\"";
    let algebraic = "form = \"algebraic\"";
    let cases = [
        (pair(algebraic, algebraic, "[onto.A]\nB = 0.1\n[onto.B]\nA = 0.1"), "algebraic loop: A -> B -> A|B -> A -> B"),
        (pair(algebraic, rate, "[onto.A]\nA = 0.1"), "algebraic loop: A -> A"),
        (pair("", rate, ""), "`tau` is missing in `populations.A`"),
        (pair(rate, rate, "[onto.A.through.nmda]\nB = 0.1"), "no class of synapses `nmda`"),
        (pair(rate, rate, "[onto.A.dendrite]\nB = 0.1"), "`A` has no dendrite"),
        (pair(rate, rate, "[onto.A.divisive]\nB = -0.1"), "out of range"),
        (pair(rate, rate, "[synapses.x]\nplasticity = { U = 0.5 }"), "neither `facilitation` nor `depression`"),
        (pair(rate, rate, "[synapses.x]\ndelay = \"0.2 ms\""), "shorter than the step"),
        (pair(rate, rate, "[synapses.x]\ngate = { kind = \"filter\", tau = \"0.2 ms\" }"), "time constant of `x`"),
        (pair("form = \"algebraic\"\nrefractory = { k = 1.0, r = 0.1 }", rate, ""), "no refractory factor"),
        (pair("form = \"algebraic\"\nnoise = { kind = \"white\", sigma = \"1 mV\" }", rate, ""), "white noise"),
        (pair("form = \"voltage\"\ntau = \"9 ms\"\nfloor = \"0 Hz\"", rate, ""), "only the rate form"),
        (
            pair("form = \"voltage\"\ntau = \"9 ms\"", rate, "[onto.A.divisive]\nB = 0.1"),
            "division = { of = \"input\" }",
        ),
        (
            pair(rate, "tau = \"5 ms\"\nadaptation = { strength = 1.0 }", ""),
            "`tau` is missing in `populations.B.adaptation`",
        ),
        (pair(rate, rate, "[onto.A.through.x]\nB = \"0.1 s\"\n[synapses.x]"), "where the class has a gate"),
    ];
    for (text, words) in cases {
        let found = problems(&text);
        assert!(words.split('|').any(|words| found.contains(words)), "expected `{words}` in:\n{found}");
        assert!(found.contains("test.toml"), "{found}");
    }
}

#[test]
fn synapses_of_several_classes_add_up() {
    let load =
        |file: &str| disinhibit::config::load(&Path::new("tests/cases/structure").join(file), &[]).unwrap().scenario;
    let two = load("two.toml");
    let summary = summarise(&run(&two).unwrap());
    // E = 5 - I/2, I = 2 + E + 3 x 0.025 E.
    let expected = 4.0 / 1.5375;
    let arm = &summary.arms[0];
    approx::assert_relative_eq!(arm.rates_hz["5 min"]["E"], expected, max_relative = 1e-9);
    approx::assert_relative_eq!(arm.input["5 min"]["I"]["E"], 1.075 * expected, max_relative = 1e-9);
    let class = arm.synapses["5 min"]["I"]["through.exc.E"];
    approx::assert_relative_eq!(class.input, 0.075 * expected, max_relative = 1e-9);
    assert_eq!((class.weight, arm.synapses["5 min"]["I"]["E"].weight), (3.0, 1.0));
    // A weight per Hz and one per unit of a gate have no sum.
    assert!(!arm.weight["5 min"].contains_key("I") && arm.weight["5 min"]["E"]["I"] == -0.5);
    approx::assert_relative_eq!(arm.signals["5 min"]["gate.exc.E"], 0.025 * expected, max_relative = 1e-9);
    let index = summarise(&run(&load("idx.toml")).unwrap());
    assert_eq!(index.arms[0].index["5 min"]["ei"], 1.0);
}

#[test]
fn whatever_a_model_has_among_its_signals_is_recorded_and_can_be_read_out() {
    let every =
        ["tests/cases/structure/every_mechanism.toml", "tests/independent/rich.toml", "configs/scenarios/lasting.toml"];
    for file in every {
        let scenario = disinhibit::config::load(Path::new(file), &[]).unwrap().scenario;
        let calibration = disinhibit::equilibrium::calibrate_scenario(&scenario).unwrap();
        let calibrated = Scenario { circuit: calibration.circuit.clone(), ..scenario.clone() };
        let plans = plans(&calibrated, &calibration.rates).unwrap();
        let model = disinhibit::experiment::Model::<1>::build(&[&plans[0]]);
        let recorded: Vec<String> = Signal::recorded(&scenario).iter().map(ToString::to_string).collect();
        let (mut on_board, mut known) = (model.board.names().to_vec(), recorded.clone());
        on_board.sort_unstable();
        known.sort_unstable();
        assert_eq!(on_board, known, "{file}");
        let label = &scenario.run.report[0].label;
        for name in &recorded {
            assert!(Readout::named(&format!("{name} at {label}"), &scenario).is_some(), "{file}: {name}");
            assert!(Readout::named(&format!("highest.{name}"), &scenario).is_some(), "{file}: {name}");
        }
    }
    // And has a number in the summary.
    let scenario = disinhibit::config::load(Path::new(every[0]), &[]).unwrap().scenario;
    let summary = summarise(&run(&scenario).unwrap());
    for arm in &summary.arms {
        for signal in Signal::recorded(&scenario) {
            assert!(arm.signal(&signal.to_string(), "60 ms").is_some_and(f64::is_finite), "{}: {signal}", arm.name);
        }
    }
}
