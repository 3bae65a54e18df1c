//! Slow time where the circuit's state cannot be followed: jumps, oscillations, noise.
#![allow(clippy::unwrap_used)]

mod common;

use common::{arm, outcome, scenario};
use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::readouts::trace::Trace;
use disinhibit::scenario::{Scenario, Time, TimeLabel};
use disinhibit::simulate::{EventKind, Outcome, run};
use std::path::Path;

/// A population that excites itself, held in its upper state by stress that recovers; a drug does a little.
const FOLD: &str = r#"
species = "mouse"
[populations.A]
tau = "20 ms"
transfer = { kind = "sigmoid", maximum = "10 Hz", slope = 1, threshold = "8 mV" }
drive = "-2 mV"
[onto.A]
A = 1.2
[stress]
rise = "1 h"
recovery = "2 h"
phenotype = "up"
[stress.phenotypes.up]
effects = [{ on = "A", drive = "8 mV" }]
[ligands.drug.kinetics.mouse]
elimination_half_life = "1 h"
peak = { concentration = "1 uM", dose = "1 mg/kg" }
[receptors.R.on.A]
fraction = 1
effects = [{ drive = "0.1 mV" }]
[[receptors.R.binds]]
ligand = "drug"
K = "1 uM"
efficacy = 1
[run]
from = "0 min"
to = "12 h"
[[arms]]
name = "recovering"
stress = { level = 1 }
doses = [{ ligand = "drug", amount = "1 mg/kg", at = "5 min" }]
[[arms]]
name = "low from the start"
"#;

#[test]
fn a_jump_is_an_event_with_its_time_and_the_signal_that_drives_it() {
    let outcome = outcome(FOLD);
    let events = &arm(&outcome, "recovering").events;
    assert!(arm(&outcome, "low from the start").events.is_empty());
    let jump = events.iter().find(|event| event.kind == EventKind::Jump).expect("a jump");
    assert_eq!(jump.driver.as_deref(), Some("stress"), "{events:?}");
    // The upper state is lost where the slope of the input's balance is 0: at the largest I for which 10 S' 1.2 = 1.
    let sigmoid = |x: f64| 1.0 / (1.0 + libm::exp(-x));
    let share = 0.5 * (1.0 + libm::sqrt(1.0 - 4.0 / 12.0));
    let input = 8.0 + libm::log(share / (1.0 - share));
    let drive_at_fold = input - 12.0 * sigmoid(input - 8.0);
    // The drug's part is below 0.05 mV: it moves the fold by less than 4 min.
    let expected = 120.0 * libm::log(8.0 / (drive_at_fold + 2.0));
    assert!((jump.at - expected).abs() < 5.0, "{} expected {expected}", jump.at);
    let trace = arm(&outcome, "recovering").recording.signal("rate.A").unwrap();
    assert!(trace[0] > 9.0 && *trace.last().unwrap() < 1.0);
}

#[test]
fn a_state_that_is_lost_slowly_is_a_jump_whatever_is_reported_on_the_way() {
    // With stronger recurrent excitation and a ceiling, what is left of the drug after a day loses the low state; where it
    // is lost the circuit lingers for many of its time constants before it leaves. The leading eigenvalue is real.
    let run_with = |report: &[f64]| {
        let ceilings = ["Pyr", "PV", "SST", "VIP"].map(|name| format!("populations.{name}.transfer.maximum=60 Hz"));
        let set: Vec<String> =
            ceilings.into_iter().chain(["onto.Pyr.Pyr=1.4".into(), "run.to=1900 min".into()]).collect();
        let mut scenario = load(Path::new("configs/scenarios/ketamine.toml"), &set).unwrap().scenario;
        let mut arm = scenario.arms.iter().find(|arm| arm.name == "stress+ket10").unwrap().clone();
        arm.doses.truncate(1);
        arm.doses[0].ligand = "rxfp3-agonist".into();
        arm.doses[0].amount = 10.0;
        scenario.arms.retain(|arm| ["control", "stress"].contains(&arm.name.as_str()));
        scenario.arms.push(arm);
        scenario.run.report =
            report.iter().map(|minutes| TimeLabel { label: format!("{minutes} min"), minutes: *minutes }).collect();
        run(&scenario).unwrap().arms.pop().unwrap()
    };
    let (plain, reported) = (run_with(&[]), run_with(&[1780.0, 1785.0, 1787.0]));
    for arm in [&plain, &reported] {
        let kinds: Vec<EventKind> = arm.events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::Jump], "{:?}", arm.events);
        // By brute force, all variables integrated at the circuit's own step: between 1783 and 1784 min.
        assert!((1782.0..1785.0).contains(&arm.events[0].at), "{:?}", arm.events);
        assert!(*arm.recording.signal("rate.Pyr").unwrap().last().unwrap() > 55.0);
    }
    assert!(reported.reports[1].signals[0] > 55.0, "{:?}", reported.reports[1].signals);
}

/// The oscillator of Wilson & Cowan 1972 (doi:10.1016/S0006-3495(72)86068-5), brought there by slow stress or by an input,
/// with a variable that follows its mean rate.
const OSCILLATOR: &str = r#"
input_unit = "none"
[populations.E]
tau = "8 ms"
transfer = { kind = "sigmoid", maximum = "1 Hz", slope = 1.3, threshold = 4, zero_at_zero = true }
refractory = { k = 0.9945, r = 1 }
drive = 0
[populations.I]
tau = "8 ms"
transfer = { kind = "sigmoid", maximum = "1 Hz", slope = 2, threshold = 3.7, zero_at_zero = true }
refractory = { k = 0.9994, r = 1 }
drive = 0
[onto.E]
E = 16
I = -12
[onto.I]
E = 15
I = -3
[stress]
rise = "20 min"
recovery = "20 min"
phenotype = "driven"
[stress.phenotypes.driven]
effects = [{ on = "E", drive = 1.4 }]
[plasticity.load]
target = { of = "rate.E", half = "0.1 Hz", hill = 2 }
rise = "5 min"
fall = "5 min"
[run]
from = "0 min"
to = "60 min"
step = "1 ms"
signal_step = "5 s"
method = "rk4"
[[arms]]
name = "driven slowly"
stress = { level = 0, exposure = true }
[[arms]]
name = "driven at once"
inject = [{ population = "E", drive = 1.25, from = "10 min", to = "40 min" }]
"#;

fn load_of(outcome: &Outcome, name: &str, time: f64) -> f64 {
    let recording = &arm(outcome, name).recording;
    let values = recording.signal("plasticity.load").unwrap();
    Trace { times: recording.times(), values: &values }.at(time).unwrap()
}

#[test]
fn slow_variables_see_the_mean_of_an_oscillation() {
    let slow = outcome(OSCILLATOR);
    let mut fast = scenario(OSCILLATOR);
    fast.run.time = Time::Fast;
    let fast = run(&fast).unwrap();
    for name in ["driven slowly", "driven at once"] {
        for time in [12.0, 20.0, 30.0, 39.0, 50.0] {
            let (one, other) = (load_of(&slow, name, time), load_of(&fast, name, time));
            assert!((one - other).abs() < 0.01, "{name} at {time}: slow {one}, fast {other}");
        }
    }
    let kinds = |name: &str| -> Vec<EventKind> { arm(&slow, name).events.iter().map(|event| event.kind).collect() };
    let events = &arm(&slow, "driven slowly").events;
    let oscillation = events.iter().find(|event| event.kind == EventKind::Oscillation).expect("an oscillation");
    assert_eq!(oscillation.driver.as_deref(), Some("stress"));
    let events = &arm(&slow, "driven at once").events;
    assert_eq!(kinds("driven at once"), [EventKind::Oscillation, EventKind::Rest], "{events:?}");
    assert_eq!(events[0].driver.as_deref(), Some("input onto E"));
    assert_eq!((events[0].at, events[1].at.round()), (10.0, 40.0));
    let averaged = arm(&slow, "driven slowly").averaged.unwrap();
    assert!(averaged.bursts > 10 && averaged.error_hz < 0.05, "{averaged:?}");
    let summary = summarise(&slow);
    assert_eq!(summary.arms[1].events[0].driver.as_deref(), Some("input onto E"));
    assert!(summary.arms[0].averaged.is_some());
}

/// Noise onto a population with a convex transfer function raises its mean; stress doubles the noise.
const NOISY: &str = r#"
[populations.A]
tau = "20 ms"
transfer = { kind = "power-law", gain = 0.04, exponent = 2 }
rest = "4 Hz"
noise = { sigma = "3 mV", tau = "5 ms" }
[onto.A]
A = -0.5
[stress]
rise = "10 min"
recovery = "10 min"
phenotype = "restless"
[stress.phenotypes.restless]
effects = [{ on = "A", sigma = 1 }]
[plasticity.load]
target = { of = "rate.A", half = "1.2 x rest", hill = 4 }
rise = "5 min"
fall = "5 min"
[run]
from = "0 min"
to = "31 min"
step = "1 ms"
signal_step = "5 s"
method = "heun"
average_over = "20 s"
[[arms]]
name = "calm"
[[arms]]
name = "restless"
stress = { level = 0, exposure = true }
"#;

#[test]
fn slow_variables_see_the_mean_of_noise() {
    let slow = outcome(NOISY);
    let mut fast = scenario(NOISY);
    fast.run.time = Time::Fast;
    let fast = run(&fast).unwrap();
    for name in ["calm", "restless"] {
        let (one, other) = (load_of(&slow, name, 30.0), load_of(&fast, name, 30.0));
        assert!((one - other).abs() < 0.03, "{name}: slow {one}, fast {other}");
        let averaged = arm(&slow, name).averaged.unwrap();
        assert!(averaged.error_hz > 1e-4 && averaged.error_hz < 0.5, "{averaged:?}");
    }
    assert!(load_of(&slow, "restless", 30.0) > load_of(&slow, "calm", 30.0) + 0.05);
}

fn case(path: &str, set: &[&str]) -> Scenario {
    let set: Vec<String> = set.iter().map(|set| (*set).to_owned()).collect();
    load(&Path::new("tests/cases").join(path), &set).unwrap().scenario
}

fn ran(path: &str, set: &[&str]) -> Outcome {
    run(&case(path, set)).unwrap()
}

/// Ways of stepping fast time, none of which slow time knows.
const STEPPINGS: [[&str; 2]; 4] = [
    ["run.step=0.25 ms", "run.method=euler-maruyama"],
    ["run.step=2 ms", "run.method=euler-maruyama"],
    ["run.step=0.1 ms", "run.method=rk4"],
    ["run.step=1 ms", "run.method=heun"],
];

#[test]
fn a_weakly_damped_circuit_is_stable_however_fast_time_would_be_stepped() {
    let mut before: Option<Vec<Vec<u64>>> = None;
    for set in STEPPINGS {
        let outcome = ran("circuits/slow_ms.toml", &set);
        let driven = arm(&outcome, "+0.3 from 0");
        assert!(driven.events.is_empty() && driven.averaged.is_none(), "{set:?}: {:?}", driven.events);
        // The fixed point under the input, by Newton's method in 50 digits; an eigenvalue is -6.17 +- 699 i per s.
        for (report, signal, expected) in [(1, 0, 0.157_237), (1, 1, 0.696_115), (2, 0, 0.157_237)] {
            let found = driven.reports[report].signals[signal];
            assert!((found - expected).abs() < 1e-6, "{set:?}: {found} {expected}");
        }
        assert!((driven.reports[2].stability_per_s + 6.17).abs() < 0.01, "{}", driven.reports[2].stability_per_s);
        let bits: Vec<Vec<u64>> = outcome.arms.iter().map(common::bits).collect();
        assert_eq!(*before.get_or_insert(bits.clone()), bits, "{set:?}");
    }
}

#[test]
fn means_are_those_over_a_period_and_as_exact_as_is_said() {
    for set in STEPPINGS {
        let outcome = ran("circuits/slow_cycle.toml", &set);
        let driven = arm(&outcome, "made to oscillate");
        let kinds: Vec<EventKind> = driven.events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::Oscillation, EventKind::Rest], "{:?}", driven.events);
        let error = driven.averaged.unwrap().error_hz;
        assert!(error < 1e-5, "{error}");
        for (signal, expected) in [(0, 0.159_095_8), (1, 0.082_397_1)] {
            let found = driven.reports[1].signals[signal];
            assert!((found - expected).abs() < error.max(1e-7), "{set:?}: {found} {expected}, said {error}");
        }
    }
}

#[test]
fn what_ends_before_the_circuit_settles_is_followed_and_said() {
    let outcome = ran("experiments/brief_input.toml", &[]);
    let at = |name: &str, report: usize| arm(&outcome, name).reports[report].signals[0];
    let low = at("none", 3);
    for report in [2, 3, 4] {
        assert!((at("brief", report) - low).abs() < 1e-6, "{} {low}", at("brief", report));
    }
    let kinds = |name: &str| -> Vec<EventKind> { arm(&outcome, name).events.iter().map(|event| event.kind).collect() };
    assert_eq!(kinds("brief"), [EventKind::Passage]);
    // An input that lasts takes the circuit to the upper state, where it stays; the opposite one takes it back.
    assert!(at("big", 4) > low + 0.1 && !kinds("big").contains(&EventKind::Passage));
    assert!(at("updown", 3) > low + 0.1 || (at("updown", 4) - low).abs() < 1e-6);
}

/// Two populations that excite and inhibit each other, as Wilson & Cowan's, whose drive takes them from rest to a cycle.
fn random_oscillator(random: &mut dyn FnMut(f64, f64) -> f64) -> String {
    format!(
        r#"
input_unit = "none"
[populations.E]
role = "excitatory"
tau = "{:.3} ms"
drive = 0
transfer = {{ kind = "sigmoid", maximum = "{:.3} Hz", slope = {:.3}, threshold = 4, zero_at_zero = true }}
[populations.I]
role = "inhibitory"
tau = "{:.3} ms"
drive = 0
transfer = {{ kind = "sigmoid", maximum = "1 Hz", slope = 2, threshold = 3.7, zero_at_zero = true }}
[onto.E]
E = {:.3}
I = {:.3}
[onto.I]
E = {:.3}
I = -3
[run]
time = "slow"
from = "0 min"
to = "1 min"
report = ["0.5 min"]
[[arms]]
name = "driven"
inject = [{{ population = "E", drive = {:.3}, from = "6 s" }}]
"#,
        random(6.0, 12.0),
        random(0.9, 1.1),
        random(1.1, 1.5),
        random(6.0, 12.0),
        random(14.0, 18.0),
        -random(10.0, 14.0),
        random(13.0, 17.0),
        random(0.9, 1.6),
    )
}

#[test]
fn means_of_random_oscillators_agree_with_fast_time_to_what_is_said() {
    let mut state = 7u64;
    let mut random = |low: f64, high: f64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * ((state >> 11) as f64 / (1u64 << 53) as f64)
    };
    let mut oscillating = 0;
    for _ in 0..12 {
        let text = random_oscillator(&mut random);
        let slow = outcome(&text);
        let driven = arm(&slow, "driven");
        let Some(averaged) = driven.averaged else { continue };
        oscillating += 1;
        // Fine steps of fast time: the mean over whole periods of the last seconds, cut where the rate rises through its mean.
        let mut fast = scenario(&text);
        (fast.run.time, fast.run.method, fast.run.step) = (Time::Fast, disinhibit::scenario::Method::RungeKutta4, 0.05);
        (fast.run.to, fast.run.record, fast.run.report) = (11.0 / 60.0, Some(0.05 / 60_000.0), Vec::new());
        let fast = run(&fast).unwrap();
        let recording = &arm(&fast, "driven").recording;
        let late = recording.times().iter().position(|time| *time > 8.0 / 60.0).unwrap();
        let rates = ["rate.E", "rate.I"].map(|name| recording.signal(name).unwrap()[late..].to_vec());
        let middle = rates[0].iter().sum::<f64>() / rates[0].len() as f64;
        let rises: Vec<(usize, f64)> = rates[0]
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0] < middle && pair[1] >= middle)
            .map(|(at, pair)| (at, (middle - pair[0]) / (pair[1] - pair[0])))
            .collect();
        let (first, last) = (rises[0], *rises.last().unwrap());
        for (signal, rates) in rates.iter().enumerate() {
            // A trapezium at each step, with what lies between the crossings and the samples next to them.
            let sum: f64 = rates[first.0..last.0].windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).sum();
            let part = |(at, share): (usize, f64)| share * (rates[at] + 0.5 * share * (rates[at + 1] - rates[at]));
            let sum = sum + 0.5 * (rates[last.0 - 1] + rates[last.0]) - part(first) + part(last);
            let mean = sum / (last.0 as f64 + last.1 - first.0 as f64 - first.1);
            let found = driven.reports[0].signals[signal];
            let allowed = averaged.error_hz + 2e-6;
            assert!((found - mean).abs() < allowed, "{found} {mean}, said {}\n{text}", averaged.error_hz);
        }
    }
    assert!(oscillating >= 4, "{oscillating}");
}

#[test]
fn a_formula_without_a_value_and_rates_below_zero_are_said_to_be_that() {
    let text = |f: &str, drive: f64| {
        format!(
            "input_unit = \"none\"\n[populations.A]\ntau = \"10 ms\"\ndrive = 1\n\
             transfer = {{ kind = \"expression\", f = \"{f}\" }}\n[run]\nfrom = \"0 min\"\nto = \"2 min\"\n\
             [[arms]]\nname = \"a\"\ninject = [{{ population = \"A\", drive = {drive}, from = \"1 min\" }}]\n"
        )
    };
    let nothing = outcome(&text("sqrt(x)", -2.0));
    let status = &arm(&nothing, "a").status;
    assert_eq!(status.word(), "undefined", "{status:?}");
    let below = outcome(&text("x", -45.0));
    let events = &arm(&below, "a").events;
    assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::NegativeRate], "{events:?}");
    assert!(events[0].what.contains("`A`") && events[0].at >= 1.0, "{events:?}");
}

/// A variable of a tenth of a second beside one of days.
fn with_a_fast_variable(with: bool) -> String {
    let fast = "[plasticity.quick]\ntarget = { of = \"rate.A\", half = \"5 Hz\", hill = 2 }\nrise = \"100 ms\"\nfall = \"100 ms\"\n\
                effects = [{ on = \"A\", drive = 1 }]\n";
    format!(
        r#"
input_unit = "none"
[populations.A]
tau = "20 ms"
rest = "5 Hz"
transfer = {{ kind = "power-law", gain = 0.04, exponent = 2 }}
[plasticity.slow]
target = {{ of = "rate.A", half = "5 Hz", hill = 4 }}
rise = "1 d"
fall = "2 d"
effects = [{{ on = "A", drive = -1 }}]
{}
[run]
from = "0 min"
to = "7 d"
report = ["1 h", "1 d", "6 d"]
[[arms]]
name = "driven"
inject = [{{ population = "A", drive = 3, from = "1 h", to = "3 d" }}]
"#,
        if with { fast } else { "" }
    )
}

#[test]
fn a_fast_variable_does_not_hold_up_slow_ones() {
    let [alone, beside] = [false, true].map(|with| outcome(&with_a_fast_variable(with)));
    let work = |outcome: &Outcome| arm(outcome, "driven").work.steps + arm(outcome, "driven").work.rejected;
    assert!(work(&beside) < 3 * work(&alone) + 300, "{} {}", work(&beside), work(&alone));
    // The same, the fast variable at its target in the slow one's equation, and at a finer tolerance.
    let mut fine = scenario(&with_a_fast_variable(true));
    fine.run.tolerance = 1e-9;
    let fine = run(&fine).unwrap();
    for (one, other) in arm(&beside, "driven").reports.iter().zip(&arm(&fine, "driven").reports) {
        for (one, other) in one.signals.iter().zip(&other.signals) {
            assert!((one - other).abs() < 2e-6 * one.abs().max(1.0), "{}: {one} {other}", "signals");
        }
    }
}

#[test]
fn an_effect_on_adaptation_drives_a_loss_of_stability() {
    for file in ["ad3.toml", "ad4.toml"] {
        let scenario = load(&Path::new("tests/cases/structure").join(file), &[]).unwrap().scenario;
        let outcome = run(&scenario).unwrap();
        let events = &arm(&outcome, "drug").events;
        let lost = events.iter().find(|event| event.kind == EventKind::LossOfStability).expect("a loss of stability");
        assert_eq!(lost.driver.as_deref(), Some("activation.R.E"), "{file}: {events:?}");
    }
}

#[test]
fn whatever_an_effect_changes_its_signal_may_drive_events() {
    use disinhibit::experiment::{Model, plans};
    let with = |effect: &str| {
        let text = FOLD.replace("effects = [{ drive = \"0.1 mV\" }]", &format!("effects = [{{ {effect} }}]"));
        let text = text.replace(
            "drive = \"-2 mV\"",
            "drive = \"-2 mV\"\nadaptation = { strength = 0.1, tau = \"90 ms\" }\nnoise = { sigma = \"0.1 mV\", tau = \"5 ms\" }",
        );
        let scenario = scenario(&text);
        let plans = plans(&scenario, &[0.0]).unwrap();
        let model = Model::<1>::build(&[&plans[0]]);
        let signals = model.effects.signals().into_iter().map(|index| model.board.names()[index].clone());
        signals.collect::<Vec<_>>()
    };
    // Every amount that an effect may have, from what it declares of itself.
    let mut effect = disinhibit::scenario::Effect { drive: Some(0.0), ..Default::default() };
    for amount in [&mut effect.output, &mut effect.weight, &mut effect.gain, &mut effect.tau, &mut effect.sigma] {
        *amount = Some(0.0);
    }
    effect.adaptation = Some(0.0);
    for entry in disinhibit::scenario::listing::list(&mut effect) {
        let place = if entry.path == "weight" { ", from = \"A\", onto = \"A\"" } else { "" };
        let amount = if entry.path == "drive" { "\"0.1 mV\"" } else { "0.1" };
        let signals = with(&format!("{} = {amount}{place}, reduced_by = {{ \"rate.A\" = 0.1 }}", entry.path));
        for name in ["activation.R.A", "rate.A", "stress"] {
            assert!(signals.iter().any(|signal| signal == name), "{}: {signals:?}", entry.path);
        }
    }
}
