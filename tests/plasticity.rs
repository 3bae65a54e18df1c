//! Plasticity variables, weeks of time, and doses over weeks.
#![allow(clippy::unwrap_used)]

mod common;

use common::{arm, last, outcome, read, scenario};
use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::readouts::trace::Trace;
use disinhibit::scenario::{Method, Time};
use disinhibit::simulate::run;
use std::path::Path;

/// One population, silenced from 10 min on, and what follows it: a chain of two variables of the user's own.
const CHAIN: &str = r#"
species = "mouse"
[populations.A]
tau = "20 ms"
transfer = { kind = "threshold-linear", gain = 1 }
rest = "4 Hz"
[onto.A]
A = 0.5
[plasticity.calcium]
target = { of = "rate.A", half = "0.5 x rest", hill = 2, maximum = 2 }
rise = "5 min"
fall = "20 min"
[plasticity.tag]
target = { of = "plasticity.calcium", half = 0.4, hill = 3 }
rise = "1 h"
fall = "2 h"
fall_hastened_by = { "plasticity.calcium" = 3, reduced_by = { stress = 2 } }
effects = [{ from = "A", onto = "A", weight = 0.2 }]
[indices.strength]
from = "A"
onto = "A"
[indices.untagged]
of = "plasticity.tag"
offset = 1
slope = -1
[run]
from = "0 min"
to = "200 min"
record = "1 min"
[[arms]]
name = "rest"
[[arms]]
name = "quiet"
inject = [{ population = "A", drive = "-3 mV", from = "10 min" }]
[[arms]]
name = "from nothing"
set = { "plasticity.calcium.start" = 0, "plasticity.tag.start" = 0 }
"#;

#[test]
fn a_chain_of_the_users_own_follows_its_equations() {
    let outcome = outcome(CHAIN);
    // Rest is where both are at their targets, and the strength there is 1.
    let hill = |x: f64, half: f64, n: f64| 1.0 / (1.0 + libm::pow(half / x, n));
    let calcium = 2.0 * hill(4.0, 2.0, 2.0);
    let tag = hill(calcium, 0.4, 3.0);
    for (signal, expected) in [
        ("rate.A", 4.0),
        ("plasticity.calcium", calcium),
        ("plasticity.tag", tag),
        ("index.strength", 1.0),
        ("index.untagged", 1.0 - tag),
    ] {
        let trace = arm(&outcome, "rest").recording.signal(signal).unwrap();
        assert!(trace.iter().all(|value| (value - expected).abs() < 1e-9), "{signal}: {:?}", trace.last());
    }
    // The quiet arm by small explicit steps: rate = 4 - 2 w r0 ... solved at every step.
    let (mut x, mut y) = (calcium, tag);
    let step = 1e-3;
    for count in 0..200_000 {
        let weight = 0.5 * (1.0 + 0.2 * (y - tag));
        let drive = if f64::from(count) * step >= 10.0 - 1e-9 { 2.0 - 3.0 } else { 2.0 };
        let rate = (drive / (1.0 - weight)).max(0.0);
        let target = 2.0 * if rate > 0.0 { hill(rate, 2.0, 2.0) } else { 0.0 };
        let dx = (target - x) / if target > x { 5.0 } else { 20.0 };
        let target = hill(x, 0.4, 3.0);
        let dy = (target - y) / if target > y { 60.0 } else { 120.0 / (1.0 + 3.0 * x) };
        x += step * dx;
        y += step * dy;
    }
    assert!((last(&outcome, "quiet", "plasticity.calcium") - x).abs() < 1e-3);
    assert!((last(&outcome, "quiet", "plasticity.tag") - y).abs() < 1e-3, "{y}");
    let strength = 1.0 + 0.2 * (last(&outcome, "quiet", "plasticity.tag") - tag);
    assert!((last(&outcome, "quiet", "index.strength") - strength).abs() < 1e-9);
    let started = arm(&outcome, "from nothing").recording.signal("plasticity.tag").unwrap();
    assert_eq!(started[0], 0.0);
}

#[test]
fn fast_time_takes_a_chain_where_slow_time_does() {
    let slow = outcome(CHAIN);
    let mut fast = scenario(CHAIN);
    fast.run.time = Time::Fast;
    fast.run.method = Method::RungeKutta4;
    fast.run.step = 5.0;
    let fast = run(&fast).unwrap();
    for name in ["rest", "quiet", "from nothing"] {
        for signal in ["rate.A", "plasticity.calcium", "plasticity.tag", "index.strength"] {
            let difference = (last(&slow, name, signal) - last(&fast, name, signal)).abs();
            assert!(difference < 2e-3, "{name} {signal}: {difference}");
        }
    }
}

#[test]
fn without_drug_and_stress_nothing_moves_for_weeks() {
    let mut scenario = load(Path::new("configs/scenarios/lasting.toml"), &[]).unwrap().scenario;
    scenario.arms.truncate(1);
    scenario.run.to = 6.0 * 7.0 * 1440.0;
    scenario.run.report.clear();
    scenario.compare.stress.clear();
    let outcome = run(&scenario).unwrap();
    let recording = &outcome.arms[0].recording;
    for name in recording.names() {
        let values = recording.signal(name).unwrap();
        for value in &values {
            assert!((value - values[0]).abs() <= 1e-9 * values[0].abs().max(1.0), "{name}: {value}, {}", values[0]);
        }
    }
    assert!(recording.times().last().unwrap() >= &scenario.run.to);
}

#[test]
fn a_run_may_begin_weeks_before_the_first_dose() {
    // So long before that a drug with a half-life of minutes would have decayed by more than any number can say.
    let after = |from: &str| {
        let set = [format!("run.from={from}")];
        let mut scenario = load(Path::new("configs/scenarios/ketamine.toml"), &set).unwrap().scenario;
        scenario.arms.retain(|arm| ["control", "stress", "stress+ket10"].contains(&arm.name.as_str()));
        summarise(&run(&scenario).unwrap())
    };
    let early = after("-21 d");
    assert!(early.arms.iter().all(|arm| arm.status == "ok"), "{:?}", early.arms[0].problem);
    let pyramidal = |arm: usize, label: &str| early.arms[arm].rates_hz[label]["Pyr"];
    approx::assert_relative_eq!(pyramidal(0, "10 min"), 4.2, max_relative = 1e-9);
    // Three weeks of stress, and then the drug as ever.
    assert!(pyramidal(1, "10 min") < 2.6 && pyramidal(2, "10 min") > 4.2);
}

#[test]
fn release_by_what_is_not_silent_at_rest_leaves_the_rest_alone() {
    let text = format!(
        "{CHAIN}\n[ligands.tonic]\ntone = \"1 nM\"\nrelease = {{ by = \"rate.A\", maximum = 3, EC50 = \"4 Hz\", rise = \"5 min\", \
         fall = \"5 min\" }}\n[receptors.R]\nbinds = [{{ ligand = \"tonic\", K = \"2 nM\", efficacy = 1 }}]\n[receptors.R.on.A]\n\
         fraction = 1\neffects = [{{ drive = \"1 mV\" }}]\n"
    );
    let outcome = outcome(&text);
    for value in arm(&outcome, "rest").recording.signal("concentration.tonic").unwrap() {
        approx::assert_relative_eq!(value, 1.0, max_relative = 1e-12);
    }
    approx::assert_relative_eq!(last(&outcome, "rest", "rate.A"), 4.0, max_relative = 1e-9);
    // Silenced, A releases less than at rest: 1 + 3 (0 - 1/2) < 0 counts as nothing.
    assert!(last(&outcome, "quiet", "concentration.tonic") < 0.3);
}

#[test]
fn bad_plasticity_is_refused_with_its_place() {
    let refused = |from: &str, to: &str, words: &[&str]| {
        let text = CHAIN.replacen(from, to, 1);
        assert_ne!(text, CHAIN, "{from}");
        let message = read(&text, &[]).unwrap_err().to_string();
        for word in words {
            assert!(message.contains(word), "{word} is not in\n{message}");
        }
    };
    refused("of = \"rate.A\"", "of = \"rate.B\"", &["no signal `rate.B`", "rate.A", "test.toml"]);
    refused("half = \"0.5 x rest\"", "half = 2", &["a unit is missing", "x rest"]);
    refused("half = \"0.5 x rest\"", "half = \"-1 x rest\"", &["-1 x rest is out of range", "more than 0"]);
    refused("of = \"rate.A\", half = \"0.5 x rest\"", "of = \"stress\", half = \"0.5 x rest\"", &["0 at rest"]);
    refused("rise = \"1 h\"\n", "", &["`rise` is missing"]);
    refused("fall = \"2 h\"", "fall = \"2 h\"\nstart = \"best\"", &["target, rest, or a number", "`rest`"]);
    refused("{ stress = 2 }", "{ stres = 2 }", &["`stres` is not a signal", "`stress`"]);
    refused("from = \"A\", onto = \"A\", weight", "onto = \"A\", weight", &["needs `from"]);
    refused("[indices.untagged]\nof = \"plasticity.tag\"", "[indices.untagged]", &["of a signal or of a connection"]);
    refused("hill = 3", "hills = 3", &["unknown key `hills`", "`hill`"]);
}

#[test]
fn a_half_may_be_set_as_a_multiple_of_rest_or_as_a_level() {
    let half = |set: &str| {
        let scenario = read(CHAIN, &[set.to_owned()]).unwrap();
        let outcome = run(&scenario).unwrap();
        arm(&outcome, "rest").recording.signal("plasticity.calcium").unwrap()[0]
    };
    let expected = |half: f64| 2.0 * 16.0 / (16.0 + half * half);
    assert!((half("plasticity.calcium.target.half=0.25") - expected(1.0)).abs() < 1e-9);
    assert!((half("plasticity.calcium.target.half=0.25 x rest") - expected(1.0)).abs() < 1e-9);
    assert!((half("plasticity.calcium.target.half=3 Hz") - expected(3.0)).abs() < 1e-9);
}

/// A drug that is given in every way, seen by its concentration alone.
const DOSES: &str = r#"
species = "rat"
[populations.A]
tau = "20 ms"
transfer = { kind = "threshold-linear", gain = 1 }
rest = "4 Hz"
[ligands.drug]
molar_mass = "200 g/mol"
[ligands.drug.kinetics.rat]
elimination_half_life = "3 h"
distribution = { half_life = "10 min", fraction = 0.5 }
effect_half_life = "4 min"
volume = "2 L/kg"
[run]
from = "0 min"
to = "4 d"
record = "10 min"
[[arms]]
name = "interval"
doses = [{ ligand = "drug", amount = "1 mg/kg", at = "1 h", interval = "8 h", additional = 4, taper = 0.5 }]
[[arms]]
name = "one by one"
doses = [
  { ligand = "drug", amount = "1 mg/kg", at = "1 h" },
  { ligand = "drug", amount = "0.5 mg/kg", at = "9 h" },
  { ligand = "drug", amount = "0.25 mg/kg", at = "17 h" },
  { ligand = "drug", amount = "0.125 mg/kg", at = "25 h" },
  { ligand = "drug", amount = "0.0625 mg/kg", at = "33 h" },
]
[[arms]]
name = "single"
doses = [{ ligand = "drug", amount = "1 mg/kg", at = "0 h" }]
[[arms]]
name = "also at"
doses = [{ ligand = "drug", amount = "1 mg/kg", at = "0 h", also_at = ["5 h", "2 d"] }]
[[arms]]
name = "rate"
doses = [{ ligand = "drug", amount = "1 mg/kg", at = "1 h", rate = "0.5 mg/kg/h" }]
[[arms]]
name = "duration"
doses = [{ ligand = "drug", amount = "1 mg/kg", at = "1 h", duration = "2 h" }]
[[arms]]
name = "many"
doses = [{ ligand = "drug", amount = "1 mg/kg", at = "0 min", duration = "1 h", interval = "2 h", additional = 40 }]
[[arms]]
name = "steady"
doses = [
  { ligand = "drug", amount = "7 mg/kg", at = "70 h", duration = "5 h" },
  { ligand = "drug", amount = "1 mg/kg", at = "72 h", duration = "1 h", interval = "2 h", additional = 4, steady_state = true },
]
"#;

#[test]
fn doses_mean_what_they_mean_elsewhere() {
    let outcome = outcome(DOSES);
    let trace = |name: &str| arm(&outcome, name).recording.signal("concentration.drug").unwrap();
    let at = |name: &str, time: f64| {
        let recording = &arm(&outcome, name).recording;
        Trace { times: recording.times(), values: &trace(name) }.at(time).unwrap()
    };
    let close = |one: f64, other: f64| (one - other).abs() <= 1e-9 * one.abs().max(1.0);
    for time in [50.0, 100.0, 1000.0, 2500.0, 5000.0] {
        assert!(close(at("interval", time), at("one by one", time)), "{time}");
        assert!(close(at("rate", time), at("duration", time)), "{time}");
    }
    // Each further time adds the same curve.
    let single = |time: f64| at("single", time);
    assert!(close(at("also at", 360.0), single(360.0) + single(60.0)));
    assert!(close(at("also at", 3000.0), single(3000.0) + single(2700.0) + single(120.0)));
    // From the steady dose on, what was given before is forgotten, and the course is that of many doses.
    for hour in [72.5, 73.0, 74.5, 79.0] {
        assert!((at("steady", 60.0 * hour) / at("many", 60.0 * hour) - 1.0).abs() < 1e-6, "{hour} h");
    }
}

/// An infusion that has been given at an interval for ever ends like any other, in either time.
#[test]
fn an_infusion_at_steady_state_ends_in_fast_time_too() {
    let last = |time: &str| {
        let head = DOSES.split("[run]").next().unwrap();
        let run = format!(
            "[run]\ntime = \"{time}\"\nstep = \"5 ms\"\nfrom = \"0 min\"\nto = \"40 min\"\nrecord = \"1 min\"\n"
        );
        let dose = "{ ligand = \"drug\", amount = \"1 mg/kg\", at = \"10 min\", duration = \"10 min\", \
                    interval = \"8 h\", additional = 1, steady_state = true }";
        let outcome = outcome(&format!("{head}{run}[[arms]]\nname = \"steady\"\ndoses = [{dose}]\n"));
        *arm(&outcome, "steady").recording.signal("concentration.drug").unwrap().last().unwrap()
    };
    let (fast, slow) = (last("fast"), last("slow"));
    assert!((fast / slow - 1.0).abs() < 1e-3, "{fast} {slow}");
}

#[test]
fn doses_that_cannot_be_are_refused() {
    for (from, to, words) in [
        ("interval = \"8 h\", additional", "additional", vec!["need an `interval`"]),
        ("rate = \"0.5 mg/kg/h\"", "rate = \"0.5 mg/kg/h\", duration = \"1 h\"", vec!["both `duration` and `rate`"]),
        ("rate = \"0.5 mg/kg/h\"", "rate = \"0.5 mg/kg\"", vec!["the unit `mg/kg`", "mg/kg/h"]),
        ("also_at = [\"5 h\"", "also_at = [\"9 d\"", vec!["`9 d` lies outside the run"]),
        (
            "duration = \"1 h\", interval = \"2 h\", additional = 4, s",
            "duration = \"3 h\", interval = \"2 h\", s",
            vec!["longer than the interval"],
        ),
        ("interval = \"2 h\", additional = 4, steady", "steady", vec!["a steady state needs an `interval`"]),
        ("additional = 4, taper", "additional = 900000000000, taper", vec!["at most 10000"]),
    ] {
        let text = DOSES.replacen(from, to, 1);
        assert_ne!(text, DOSES, "{from}");
        let message = read(&text, &[]).unwrap_err().to_string();
        for word in words {
            assert!(message.contains(word), "{word} is not in\n{message}");
        }
    }
}

#[test]
fn a_rescue_outlasts_the_drug_and_says_for_how_long() {
    let scenario = load(Path::new("configs/scenarios/lasting.toml"), &[]).unwrap().scenario;
    let summary = summarise(&run(&scenario).unwrap());
    let find = |name: &str| summary.arms.iter().find(|arm| arm.name == name).unwrap();
    let treated = find("stress+ket10");
    assert!(treated.free_concentration_nm["24 h"]["ketamine"] < 1e-9);
    assert!(treated.lasting_rescue.unwrap() > 0.75);
    let rescue = treated.rescue_index["24 h"].unwrap();
    assert!((treated.lasting_rescue.unwrap() - rescue).abs() < 1e-3);
    let half_time = treated.half_time_h.unwrap();
    assert!((60.0..72.0).contains(&half_time), "{half_time}");
    assert!(treated.last_hour_with_rescue_above_0_3.unwrap() > half_time);
    assert!(treated.plasticity_peak["new_spines"].at_min > 20.0 * 60.0);
    for name in ["stress+ket10, rapamycin", "stress+ket10, TrkB loss"] {
        assert!(find(name).lasting_rescue.unwrap().abs() < 0.01, "{name}");
    }
    // Wherever the drug acts, its synaptic currents are those of the control arm times their ratio.
    let ratio = treated.sipsc_ratio["10 min"].unwrap();
    let inhibition = |name: &str| -> f64 {
        find(name).input["10 min"]["Pyr"]
            .iter()
            .filter(|(from, value)| *from != "drive" && **value < 0.0)
            .map(|(_, v)| v)
            .sum()
    };
    assert!((ratio - inhibition("stress+ket10") / inhibition("control")).abs() < 1e-12);
}
