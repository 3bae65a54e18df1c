//! Fast time: stimuli and delays at their own moments, reports where traces are, and steps that are too long.

use crate::common::{self, arm, bits, last, scenario};
use approx::{assert_abs_diff_eq, assert_relative_eq};
use disinhibit::analyze::Subject;
use disinhibit::analyze::explain::split;
use disinhibit::config::load;
use disinhibit::equilibrium::calibrate_scenario;
use disinhibit::readouts::summarise;
use disinhibit::scenario::{Arm, Scenario};
use disinhibit::simulate::{EventKind, Outcome, Status, run};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::path::PathBuf;

const MS_PER_MIN: f64 = 60_000.0;

fn case(name: &str, set: &[&str]) -> Scenario {
    let file = PathBuf::from("tests/cases/circuits").join(name);
    let set: Vec<String> = set.iter().map(|text| (*text).to_owned()).collect();
    load(&file, &set).unwrap_or_else(|error| panic!("{}", error.render())).scenario
}

/// A signal of an arm with its times in ms; of two samples at one time the one after the change.
fn trace(outcome: &Outcome, name: &str, signal: &str) -> Vec<(f64, f64)> {
    let recording = &arm(outcome, name).recording;
    let (times, values) = (recording.times(), recording.signal(signal).unwrap());
    let last = |index: &usize| times.get(index + 1) != Some(&times[*index]);
    (0..times.len()).filter(last).map(|index| (times[index] * MS_PER_MIN, values[index])).collect()
}

/// The rate of a linear population of 1 ms that rests at 1, at a time in ms: a decaying input of 10 from 10 to 50 ms.
fn under_decay(time: f64) -> f64 {
    let after = |s: f64| 10.0 * 10.0 / 9.0 * (libm::exp(-s / 10.0) - libm::exp(-s));
    match time - 10.0 {
        s if s <= 0.0 => 1.0,
        s if s <= 40.0 => 1.0 + after(s),
        s => 1.0 + after(40.0) * libm::exp(-(s - 40.0)),
    }
}

#[test]
fn a_decaying_input_is_met_to_fourth_order() {
    let error = |step: f64| {
        let step = format!("run.step=\"{step} ms\"");
        let record = step.replace("step", "record");
        let outcome = run(&case("mini_decay.toml", &[&step, &record])).unwrap();
        let errors =
            trace(&outcome, "decay", "rate.E").into_iter().map(|(time, rate)| (rate - under_decay(time)).abs());
        errors.fold(0.0, f64::max)
    };
    let [coarse, middle, fine] = [0.4, 0.2, 0.1].map(error);
    assert!(coarse < 1e-2 && (13.0..22.0).contains(&(coarse / middle)), "{coarse} {middle}");
    assert!((13.0..22.0).contains(&(middle / fine)), "{middle} {fine}");
}

#[test]
fn inputs_of_every_waveform_are_seen_by_summaries_explanations_and_analyses() {
    let scenario = case("mini_decay.toml", &[]);
    let outcome = run(&scenario).unwrap();
    let summary = summarise(&outcome);
    let calibration = calibrate_scenario(&scenario).unwrap();
    let injected = [
        ("constant", 10.0),
        ("decay", 10.0 * libm::exp(-1.0)),
        ("table", 10.0 * 0.25),
        ("sinusoid", 10.0 * libm::sin(std::f64::consts::TAU * 0.25)),
        ("pulses", 10.0),
    ];
    for (name, expected) in injected {
        let input = summary.arms.iter().find(|arm| arm.name == name).unwrap().input["20 ms"]["E"]["drive"];
        assert_relative_eq!(input, 1.0 + expected, max_relative = 1e-9);
        let at = Some(20.0 / MS_PER_MIN);
        let subject = Subject::arms(&scenario, &calibration, &[name.to_owned()], at).unwrap().remove(0);
        assert_relative_eq!(subject.system.drive(0), 1.0 + expected, max_relative = 1e-9);
        let moment = subject.moment.unwrap();
        let inputs = split(name, &moment, None);
        assert_relative_eq!(inputs.inputs[0].total, 1.0 + expected, max_relative = 1e-9);
        // The rate is that of the run, not of the steady state under that input.
        let rate = trace(&outcome, name, "rate.E").into_iter().find(|(time, _)| (time - 20.0).abs() < 1e-6).unwrap().1;
        assert_eq!(moment.rates[0], rate, "{name}");
        assert_eq!(moment.moving, (rate - 1.0 - expected).abs() > 1e-3 * rate, "{name}");
        // Held, the arm has the same input.
        let held = subject.held.rows(&subject.held.model(), &[]);
        assert_relative_eq!(held.populations[0].drive.get(0), 1.0 + expected, max_relative = 1e-9);
    }
}

/// E (10 ms) under a pulse of S through a delay of 2 ms: from 22 to 23 ms, whatever the step.
#[test]
fn a_delayed_pulse_ends_when_it_should() {
    let late = |time: f64| match time {
        time if time < 22.0 => 0.0,
        time if time < 23.0 => -libm::expm1(-(time - 22.0) / 10.0),
        time => -libm::expm1(-0.1) * libm::exp(-(time - 23.0) / 10.0),
    };
    // D follows the pulse, and F follows D 2 ms later.
    let twice = |time: f64| {
        let ramp = |s: f64| if s > 0.0 { 1.0 - libm::exp(-s / 10.0) * (1.0 + s / 10.0) } else { 0.0 };
        ramp(time - 22.0) - ramp(time - 23.0)
    };
    for (method, tolerance) in [("rk4", 1e-6), ("heun", 1e-3)] {
        for step in [0.1, 0.25, 0.3, 0.7, 1.0] {
            let set = [
                format!("run.step=\"{step} ms\""),
                format!("run.record=\"{step} ms\""),
                format!("run.method=\"{method}\""),
            ];
            let set: Vec<&str> = set.iter().map(String::as_str).collect();
            let outcome = run(&case("half_step.toml", &set)).unwrap();
            for (signal, exact) in [("rate.E", &late as &dyn Fn(f64) -> f64), ("rate.F", &twice)] {
                for (time, rate) in trace(&outcome, "a", signal) {
                    let error = (rate - exact(time)).abs();
                    assert!(error < tolerance, "{method} {step} ms, {signal} at {time}: {rate} {}", exact(time));
                }
            }
        }
    }
}

#[test]
fn reports_are_taken_where_traces_are() {
    for record in ["100 ms", "500 ms", "1 s"] {
        let scenario = case("decay.toml", &[&format!("run.record=\"{record}\"")]);
        let outcome = run(&scenario).unwrap();
        for (index, seconds) in [1.0, 2.0].into_iter().enumerate() {
            let report = &outcome.arms[0].reports[index];
            assert_abs_diff_eq!(report.signals[0], libm::exp(-seconds), epsilon = 1e-6);
            // On its way, it has no stability.
            assert!(!report.stands && report.stability_per_s.is_nan());
        }
    }
    // A report between two steps is exact too.
    let mut scenario = case("decay.toml", &[]);
    scenario.run.report[0].minutes = 0.97 / 60.0;
    assert_abs_diff_eq!(run(&scenario).unwrap().arms[0].reports[0].signals[0], libm::exp(-0.97), epsilon = 1e-6);
}

#[test]
fn what_goes_into_an_algebraic_population_comes_out() {
    let mut scenario = case("onsets.toml", &["arms.\"shorter than a step\".inject.0.to=\"21 ms\""]);
    let outcome = run(&scenario).unwrap();
    let pulse = |time: f64, from: f64, to: f64| if time >= from - 1e-6 && time < to - 1e-6 { 1.0 } else { 0.0 };
    let onset = |k: i32| 0.3 + 3.3 * f64::from(k);
    let train = |time: f64| (0..46).map(|k| pulse(time, onset(k), (onset(k) + 0.3).min(149.0))).sum();
    let three = |t: f64| 2.0 * pulse(t, 20.0, 21.0) - 2.0 * pulse(t, 50.0, 51.0) - 3.0 * pulse(t, 80.0, 81.0);
    let sine = |t: f64| pulse(t, 20.03, 30.03) * libm::sin(std::f64::consts::TAU * (0.1 * (t - 20.03) + 0.25));
    let cases: [(&str, &dyn Fn(f64) -> f64); 5] = [
        ("three", &three),
        ("overlap", &|t| pulse(t, 20.0, 60.0) + pulse(t, 40.0, 80.0)),
        ("pulses", &train),
        ("off grid", &|t| pulse(t, 20.03, 21.07)),
        ("sine off grid", &sine),
    ];
    for (name, expected) in cases {
        for (time, rate) in trace(&outcome, name, "rate.S") {
            assert!((rate - expected(time)).abs() < 1e-9, "{name} at {time} ms: {rate} {}", expected(time));
        }
    }
    // Means over an interval keep the area of what begins and ends between steps.
    scenario.run.record = Some(1.0 / MS_PER_MIN);
    let outcome = run(&scenario).unwrap();
    let area: f64 = trace(&outcome, "off grid", "rate.S").iter().skip(1).map(|(_, rate)| rate).sum();
    assert_abs_diff_eq!(area, 1.04, epsilon = 1e-9);
}

#[test]
fn an_input_shorter_than_a_step_is_refused() {
    let text = std::fs::read_to_string("tests/cases/circuits/onsets.toml").unwrap();
    let error = common::read(&text, &[]).map(|scenario| disinhibit::scenario::validate(&scenario));
    let words = match error {
        Ok(problems) => problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Err(error) => error.render(),
    };
    assert!(words.contains("an input of 0.04") && words.contains("shorter than the step"), "{words}");
}

#[test]
fn a_step_that_makes_rest_unstable_is_not_taken_for_a_result() {
    let outcome = run(&case("step.toml", &[])).unwrap();
    for arm in &outcome.arms {
        let Status::Unresolved { reason, .. } = &arm.status else { panic!("{:?}", arm.status) };
        assert!(reason.contains("expected a step of"), "{reason}");
    }
    let outcome = run(&case("step.toml", &["run.step=\"0.25 ms\""])).unwrap();
    for one in &outcome.arms {
        assert_eq!(one.status, Status::Done);
        assert!(one.events.is_empty(), "{:?}", one.events);
    }
    assert_relative_eq!(last(&outcome, "control", "rate.E"), 5.0, max_relative = 1e-9);
}

/// Euler's method lets a focus of -10 +- 300i per s grow at steps above 0.22 ms, wherever the run starts.
#[test]
fn a_weakly_damped_motion_that_the_method_keeps_alive_is_not_taken_for_a_result() {
    let text = r#"
        input_unit = "none"
        [run]
        time = "fast"
        from = "0 s"
        to = "2 s"
        report = ["2 s"]
        start = { E = 6, I = 5 }
        [populations.E]
        tau = "10 ms"
        drive = 15.5
        transfer = { kind = "threshold-linear", gain = 1 }
        [populations.I]
        tau = "10 ms"
        drive = -14.5
        transfer = { kind = "threshold-linear", gain = 1 }
        [onto.E]
        E = 0.9
        I = -3
        [onto.I]
        E = 3
        I = 0.9
        [[arms]]
        name = "a"
    "#;
    let with = |method: &str, step: f64| {
        let set = [format!("run.method=\"{method}\""), format!("run.step=\"{step} ms\"")];
        run(&common::read(text, &set).unwrap()).unwrap()
    };
    assert!(matches!(with("euler-maruyama", 0.25).arms[0].status, Status::Unresolved { .. }));
    assert!(with("euler-maruyama", 0.15).arms[0].events.iter().any(|event| event.kind == EventKind::CoarseStep));
    for (method, step) in [("euler-maruyama", 0.02), ("rk4", 0.5)] {
        let outcome = with(method, step);
        assert_eq!(outcome.arms[0].status, Status::Done);
        assert!(outcome.arms[0].events.is_empty(), "{method} {step}: {:?}", outcome.arms[0].events);
        assert_relative_eq!(last(&outcome, "a", "rate.E"), 5.0, max_relative = 1e-6);
    }
}

#[test]
fn rates_below_zero_are_an_event() {
    let outcome = run(&case("negative_rates_fast.toml", &[])).unwrap();
    let events = |name: &str| arm(&outcome, name).events.iter().map(|event| event.kind).collect::<Vec<_>>();
    assert_eq!(events("neg"), [EventKind::NegativeRate]);
    assert!(events("c").is_empty() && events("inj").is_empty());
    let what = &arm(&outcome, "neg").events[0].what;
    assert!(what.contains("A, B") || what.ends_with('A'), "{what}");
}

#[test]
fn a_formula_without_a_value_is_not_called_a_runaway() {
    let text = r#"
        input_unit = "none"
        [run]
        time = "fast"
        step = "0.1 ms"
        from = "0 ms"
        to = "50 ms"
        report = ["50 ms"]
        [populations.A]
        tau = "10 ms"
        drive = 2
        transfer = { kind = "expression", f = "sqrt(x)" }
        [[arms]]
        name = "square root of less than nothing"
        inject = [{ population = "A", drive = -5, from = "10 ms" }]
        [[arms]]
        name = "stays"
    "#;
    for method in ["euler-maruyama", "heun", "rk4"] {
        let mut scenario = scenario(text);
        scenario.run.method = match method {
            "heun" => disinhibit::scenario::Method::Heun,
            "rk4" => disinhibit::scenario::Method::RungeKutta4,
            _ => disinhibit::scenario::Method::EulerMaruyama,
        };
        let outcome = run(&scenario).unwrap();
        let Status::Undefined { reason, .. } = &outcome.arms[0].status else { panic!("{:?}", outcome.arms[0].status) };
        assert!(reason.contains("`A`"), "{reason}");
        assert_eq!(outcome.arms[1].status, Status::Done);
    }
}

/// A random linear circuit of three populations, one of them algebraic, with stimuli of every waveform that begin and end
/// anywhere, and delays that no step divides.
fn random_circuit(random: &mut SmallRng) -> String {
    let mut text = String::from("input_unit = \"none\"\n");
    for (name, slowest) in [("A", 12.0), ("B", 30.0), ("C", 20.0)] {
        let (tau, drive) = (random.random_range(6.0..slowest), random.random_range(1.0..5.0));
        let own = if name == "C" { "form = \"algebraic\"".to_owned() } else { format!("tau = \"{tau:.3} ms\"") };
        text.extend([format!(
            "[populations.{name}]\n{own}\ndrive = {drive:.3}\ntransfer = {{ kind = \"expression\", f = \"x\" }}\n"
        )]);
    }
    let mut weight = || random.random_range(-0.6..0.6);
    let [ab, ba, ac, cb, late, later] = std::array::from_fn(|_| weight());
    text.extend([format!("[synapses.late]\ndelay = \"{:.4} ms\"\n", random.random_range(2.5..6.0))]);
    text.extend([format!("[synapses.later]\ndelay = \"{:.4} ms\"\n", random.random_range(2.5..9.0))]);
    text.extend([format!("[onto.A]\nB = {ab:.3}\nC = {ac:.3}\n[onto.A.through.late]\nA = {late:.3}\n")]);
    text.extend([format!("[onto.B]\nA = {ba:.3}\n[onto.B.through.later]\nC = {later:.3}\n[onto.C]\nB = {cb:.3}\n")]);
    text
}

fn random_stimuli(random: &mut SmallRng) -> String {
    let mut entries = Vec::new();
    for (index, population) in ["A", "B", "C", "A", "C"].iter().enumerate() {
        let from = random.random_range(3.0..20.0);
        let to = from + random.random_range(8.0..25.0);
        let waveform = match index {
            0 => "kind = \"step\"".to_owned(),
            1 => format!("kind = \"decay\", tau = \"{:.3} ms\"", random.random_range(5.0..30.0)),
            2 => format!("kind = \"sinusoid\", frequency = \"{:.3} Hz\", phase = 0.2", random.random_range(20.0..60.0)),
            3 => format!("kind = \"pulses\", period = \"{:.3} ms\", width = \"3.1 ms\"", random.random_range(7.0..9.0)),
            _ => format!(
                "kind = \"table\", times = [\"0 ms\", \"{:.3} ms\", \"9.9 ms\"], values = [0, 2, -1]",
                random.random_range(2.0..7.0)
            ),
        };
        let drive = random.random_range(1.0..6.0);
        entries.push(format!(
            "{{ population = \"{population}\", drive = {drive:.3}, from = \"{from:.4} ms\", to = \"{to:.4} ms\", waveform = {{ {waveform} }} }}"
        ));
    }
    format!("[[arms]]\nname = \"random\"\ninject = [{}]\n", entries.join(",\n"))
}

fn with_run(text: &str, method: &str, step: f64) -> Scenario {
    let arms = text.find("[[arms]]").unwrap();
    let run = format!(
        "[run]\ntime = \"fast\"\nmethod = \"{method}\"\nstep = \"{step} ms\"\nrecord = \"2 ms\"\nfrom = \"0 ms\"\nto = \"48 ms\"\n\
         start = {{ A = 1, B = 0.5 }}\nreport = [\"17.3 ms\", \"31.77 ms\", \"48 ms\"]\n"
    );
    scenario(&format!("{}{run}{}", &text[..arms], &text[arms..]))
}

/// The rates at the reports of a run.
fn reported(scenario: &Scenario) -> Vec<f64> {
    let outcome = run(scenario).unwrap();
    assert_eq!(outcome.arms[0].status, Status::Done);
    outcome.arms[0].reports.iter().flat_map(|report| report.signals[..3].to_vec()).collect()
}

#[test]
fn methods_keep_their_order_under_random_stimuli_and_delays() {
    let mut random = SmallRng::seed_from_u64(14);
    let mut mean = [0.0; 3];
    for number in 0..6 {
        let text = random_circuit(&mut random) + &random_stimuli(&mut random);
        let exact = reported(&with_run(&text, "rk4", 1.0 / 128.0));
        let error = |method: &str, step: f64| {
            let found = reported(&with_run(&text, method, step));
            let errors = found.iter().zip(&exact).map(|(one, other)| (one - other) * (one - other));
            libm::sqrt(errors.sum::<f64>())
        };
        let methods = [("euler-maruyama", 0.125, 1.0), ("heun", 0.125, 2.0), ("rk4", 0.25, 4.0)];
        for ((method, step, order), mean) in methods.into_iter().zip(&mut mean) {
            let (coarse, fine) = (error(method, step), error(method, 0.25 * step));
            let found = 0.5 * libm::log2(coarse / fine);
            // Parts of steps make the errors of coarse steps smaller than those of whole ones would be.
            assert!(found > order - 1.5, "{number} {method}: order {found} ({coarse} {fine})\n{text}");
            *mean += found / 6.0;
        }
    }
    for (mean, order) in mean.into_iter().zip([1.0, 2.0, 4.0]) {
        assert!(mean > order - 0.5, "a mean order of {mean} for {order}");
    }
}

#[test]
fn lanes_with_stimuli_and_delays_do_not_feel_each_other() {
    let mut random = SmallRng::seed_from_u64(3);
    let circuit = random_circuit(&mut random);
    let arms: Vec<String> = (0..5).map(|_| random_stimuli(&mut random)).collect();
    let named = |number: usize| arms[number].replace("\"random\"", &format!("\"arm {number}\""));
    let together = circuit.clone() + &(0..5).map(named).collect::<String>() + "[[arms]]\nname = \"nothing\"\n";
    for method in ["euler-maruyama", "heun", "rk4"] {
        let all = run(&with_run(&together, method, 0.5)).unwrap();
        let nothing = circuit.clone() + "[[arms]]\nname = \"nothing\"\n";
        let alone = (0..5).map(|number| circuit.clone() + &named(number)).chain([nothing]);
        for (together, alone) in all.arms.iter().zip(alone) {
            let alone = run(&with_run(&alone, method, 0.5)).unwrap();
            assert!(bits(together) == bits(&alone.arms[0]), "{method} {}", together.name);
        }
    }
    // The plain Euler step too: without delays and algebraic populations, with noise.
    let plain = |arms: Vec<Arm>| {
        let mut scenario = scenario(&format!(
            "{}[run]\ntime = \"fast\"\nstep = \"0.5 ms\"\nrecord = \"0.5 ms\"\nfrom = \"0 ms\"\nto = \"48 ms\"\n[[arms]]\nname = \"a\"\n",
            "input_unit = \"none\"\n[populations.A]\ntau = \"10 ms\"\ndrive = 2\nnoise = { sigma = 0.3, tau = \"5 ms\" }\n\
             transfer = { kind = \"threshold-linear\", gain = 1 }\n[onto.A]\nA = 0.4\n"
        ));
        scenario.arms = arms;
        run(&scenario).unwrap()
    };
    let off_grid = with_run(&together, "euler-maruyama", 0.5).arms.into_iter().map(|arm| Arm {
        inject: arm.inject.into_iter().filter(|injection| injection.population == "A").collect(),
        ..arm
    });
    let off_grid: Vec<Arm> = off_grid.collect();
    let all = plain(off_grid.clone());
    for (index, one) in off_grid.into_iter().enumerate() {
        assert!(bits(&all.arms[index]) == bits(&plain(vec![one]).arms[0]), "arm {index}");
    }
}

/// What explain says that populations receive moves them as their trace does: `tau dr/dt + r` is the input of a linear one.
#[test]
fn explained_inputs_are_those_that_the_trace_implies() {
    let mut random = SmallRng::seed_from_u64(9);
    let mut compared = 0;
    for _ in 0..3 {
        let text = random_circuit(&mut random) + &random_stimuli(&mut random);
        let mut scenario = with_run(&text, "rk4", 1.0 / 16.0);
        scenario.run.record = Some(1.0 / 16.0 / MS_PER_MIN);
        let calibration = calibrate_scenario(&scenario).unwrap();
        let outcome = run(&scenario).unwrap();
        for _ in 0..4 {
            let at = f64::from(random.random_range(16..700)) / 16.0;
            let names = ["random".to_owned()];
            let subject = Subject::arms(&scenario, &calibration, &names, Some(at / MS_PER_MIN)).unwrap().remove(0);
            let moment = subject.moment.unwrap();
            let inputs = split("random", &moment, None);
            for (index, input) in inputs.inputs.iter().enumerate() {
                let trace = trace(&outcome, "random", &format!("rate.{}", input.population));
                let place = trace.iter().position(|(time, _)| (time - at).abs() < 1e-6).unwrap();
                assert_relative_eq!(input.rate_hz, trace[place].1, max_relative = 1e-9, epsilon = 1e-9);
                let implied = if input.population == "C" {
                    input.rate_hz
                } else {
                    let slope = |from: usize| {
                        let ((start, low), (end, high)) = (trace[from], trace[from + 1]);
                        subject.system.tau(index) * (high - low) / (end - start)
                    };
                    // Where something has just begun, or is about to, a difference tells nothing.
                    if (slope(place) - slope(place - 1)).abs() > 0.2 {
                        continue;
                    }
                    0.5 * (slope(place) + slope(place - 1)) + input.rate_hz
                };
                assert_abs_diff_eq!(input.total, implied, epsilon = 0.02);
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "{compared}");
}
