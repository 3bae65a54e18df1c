//! Slow time where the circuit's state cannot be followed: jumps, oscillations, noise.
#![allow(clippy::unwrap_used)]

mod common;

use common::{arm, outcome, scenario};
use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::readouts::trace::Trace;
use disinhibit::simulate::{EventKind, Outcome, run};
use disinhibit::spec::{Time, TimeLabel};
use fearless_simd::Level;
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
        run(&scenario, Level::new()).unwrap().arms.pop().unwrap()
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
    let fast = run(&fast, Level::new()).unwrap();
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
    let fast = run(&fast, Level::new()).unwrap();
    for name in ["calm", "restless"] {
        let (one, other) = (load_of(&slow, name, 30.0), load_of(&fast, name, 30.0));
        assert!((one - other).abs() < 0.03, "{name}: slow {one}, fast {other}");
        let averaged = arm(&slow, name).averaged.unwrap();
        assert!(averaged.error_hz > 1e-4 && averaged.error_hz < 0.5, "{averaged:?}");
    }
    assert!(load_of(&slow, "restless", 30.0) > load_of(&slow, "calm", 30.0) + 0.05);
}

#[test]
fn an_effect_on_adaptation_drives_a_loss_of_stability() {
    for file in ["ad3.toml", "ad4.toml"] {
        let scenario = load(&Path::new("tests/cases/structure").join(file), &[]).unwrap().scenario;
        let outcome = run(&scenario, Level::new()).unwrap();
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
        let model = Model::<1>::build(&[&plans[0]], Level::new());
        let signals = model.effects.signals().into_iter().map(|index| model.board.names()[index].clone());
        signals.collect::<Vec<_>>()
    };
    // Every amount that an effect may have, from what it declares of itself.
    let mut effect = disinhibit::spec::Effect { drive: Some(0.0), ..Default::default() };
    for amount in [&mut effect.output, &mut effect.weight, &mut effect.gain, &mut effect.tau, &mut effect.sigma] {
        *amount = Some(0.0);
    }
    effect.adaptation = Some(0.0);
    for entry in disinhibit::spec::listing::list(&mut effect) {
        let place = if entry.path == "weight" { ", from = \"A\", onto = \"A\"" } else { "" };
        let signals = with(&format!("{} = 0.1{place}, reduced_by = {{ \"rate.A\" = 0.1 }}", entry.path));
        for name in ["activation.R.A", "rate.A", "stress"] {
            assert!(signals.iter().any(|signal| signal == name), "{}: {signals:?}", entry.path);
        }
    }
}
