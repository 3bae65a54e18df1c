//! The shipped scenarios against an independent implementation of the default model: every arm that both hold, by name.
#![allow(clippy::unwrap_used)]

use disinhibit::config::load;
use disinhibit::equilibrium::calibrate;
use disinhibit::readouts::{ArmSummary, Summary, summarise};
use disinhibit::scenario::{Arm, Dose, Scenario, Time, TimeLabel};
use disinhibit::simulate::run;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const POPULATIONS: [&str; 4] = ["Pyr", "PV", "SST", "VIP"];
const HOUR: f64 = 60.0;
/// Arms that end near the threshold of the lasting effect.
const NEAR_THRESHOLD: [&str; 2] = ["stress+ket7", "stress+S-ket5"];
/// Arms in which ketamine acts so strongly that the reference's first-order steps of 0.1 min lag by up to 0.2 Hz.
const STRONG: [&str; 2] = ["stress+ket60", "stress+ket100"];

fn reference() -> Value {
    let text = std::fs::read_to_string("tests/reference/default_model.json").unwrap();
    serde_json::from_str(&text).unwrap()
}

fn scenarios() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir("configs/scenarios").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn time(label: &str) -> TimeLabel {
    let (number, unit) = label.split_once(' ').unwrap();
    let factor = match unit {
        "min" => 1.0,
        "h" => HOUR,
        _ => 24.0 * HOUR,
    };
    TimeLabel { label: label.to_owned(), minutes: number.parse::<f64>().unwrap() * factor }
}

/// The times at which the reference has a number for any arm of the scenario.
fn reported(scenario: &Scenario, reference: &Value) -> Vec<TimeLabel> {
    let mut labels = BTreeSet::new();
    for arm in &scenario.arms {
        for table in ["rates", "rescue", "spines", "mglur5_surface"] {
            if let Some(table) = reference["arms"][&arm.name][table].as_object() {
                labels.extend(table.keys().cloned());
            }
        }
    }
    labels.iter().map(|label| time(label)).filter(|time| time.minutes >= scenario.run.from).collect()
}

fn summary_of(scenario: &Scenario) -> Summary {
    let summary = summarise(&run(scenario).unwrap());
    for arm in &summary.arms {
        assert_eq!(arm.status, "ok", "{}: {:?}", arm.name, arm.problem);
    }
    summary
}

/// Notes where a number differs by more than is allowed.
struct Far(Vec<String>);

impl Far {
    fn compare(&mut self, what: &str, found: Option<f64>, expected: f64, allowed: f64) {
        if found.is_none_or(|found| (found - expected).abs() > allowed) {
            self.0.push(format!("{what}: {found:?}, expected {expected:.4}"));
        }
    }

    fn arm(&mut self, arm: &ArmSummary, expected: &Value) {
        let name = arm.name.as_str();
        let late = |label: &str| time(label).minutes >= HOUR;
        let rate = |label: &str| match (late(label), STRONG.contains(&name)) {
            (true, _) => 0.02,
            (false, true) => 0.2,
            (false, false) => 0.1,
        };
        let index = if NEAR_THRESHOLD.contains(&name) { 0.05 } else { 0.02 };
        for (label, rates) in expected["rates"].as_object().unwrap() {
            let allowed = if NEAR_THRESHOLD.contains(&name) && late(label) { 0.05 } else { rate(label) };
            for (population, expected) in POPULATIONS.iter().zip(numbers(rates)) {
                let found = arm.rates_hz[label].get(*population).copied();
                self.compare(&format!("{name} {label} {population}"), found, expected, allowed);
            }
        }
        // Before an hour the index has the rate's tolerance, over the difference of 1.7 Hz between control and stress.
        for (label, expected) in expected["rescue"].as_object().into_iter().flatten() {
            let allowed = if late(label) { index } else { rate(label) / 1.7 };
            let found = arm.rescue_index.get(label).copied().flatten();
            self.compare(&format!("{name} {label} rescue"), found, expected.as_f64().unwrap(), allowed);
        }
        for signal in ["spines", "mglur5_surface"] {
            for (label, expected) in expected[signal].as_object().into_iter().flatten() {
                let found = arm.index[label].get(signal).copied();
                self.compare(&format!("{name} {label} {signal}"), found, expected.as_f64().unwrap(), index);
            }
        }
        for variable in ["bdnf", "protein_synthesis", "bouton_reversal", "new_spines"] {
            if let Some(expected) = expected[variable].as_f64() {
                let found = arm.plasticity_peak.get(variable).map(|peak| peak.value);
                self.compare(&format!("{name} largest {variable}"), found, expected, index);
            }
        }
        // The reference looks every ten minutes: its hours are whole sixths.
        for (what, found) in
            [("half_time_h", arm.half_time_h), ("last_hour_with_rescue_above_0_3", arm.last_hour_with_rescue_above_0_3)]
        {
            if let Some(expected) = expected[what].as_f64().filter(|_| arm.lasting_rescue.is_some_and(|r| r > 0.3)) {
                self.compare(&format!("{name} {what}"), found, expected, 1.0);
            }
        }
        for (what, found) in [("sipsc_ratio", &arm.sipsc_ratio), ("sepsc_ratio", &arm.sepsc_ratio)] {
            if let Some(expected) = expected[what].as_f64() {
                self.compare(&format!("{name} {what}"), found["10 min"], expected, 0.01);
            }
        }
    }
}

#[test]
fn every_shipped_arm_that_the_reference_holds_has_its_numbers() {
    let reference = reference();
    let mut compared = BTreeSet::new();
    let mut far = Far(Vec::new());
    for file in scenarios() {
        let mut scenario = load(&file, &[]).unwrap().scenario;
        scenario.run.report = reported(&scenario, &reference);
        // Weeks of stress have a test of their own; rates of fast time are means, of noise or of short stimuli.
        let elsewhere = scenario.name == "stress_course" || scenario.run.time == Time::Fast;
        if elsewhere || scenario.run.report.is_empty() {
            continue;
        }
        scenario.run.to = if scenario.name == "slice" { 30.0 } else { 7.0 * 24.0 * HOUR + 1.0 };
        for arm in &summary_of(&scenario).arms {
            let Some(expected) = reference["arms"].get(&arm.name) else { continue };
            far.arm(arm, expected);
            compared.insert(arm.name.clone());
        }
    }
    assert!(far.0.is_empty(), "\n{}", far.0.join("\n"));
    let all: BTreeSet<String> = reference["arms"].as_object().unwrap().keys().cloned().collect();
    let missing: Vec<&String> = all.difference(&compared).collect();
    assert!(missing.is_empty(), "no scenario holds {missing:?}");
}

#[test]
fn repeated_doses_and_weeks_of_stress_have_the_references_course() {
    let reference = reference();
    let mut far = Far(Vec::new());
    let repeated = summary_of(&load(Path::new("configs/scenarios/repeated.toml"), &[]).unwrap().scenario);
    let arm = repeated.arms.iter().find(|arm| arm.name == "stress+ket10 days 0,2,4,6").unwrap();
    for (label, expected) in reference["repeated"].as_object().unwrap() {
        let found = arm.rescue_index.get(label).copied().flatten();
        far.compare(&format!("repeated {label}"), found, expected.as_f64().unwrap(), 0.02);
    }
    let course = summary_of(&load(Path::new("configs/scenarios/stress_course.toml"), &[]).unwrap().scenario);
    for (key, rates) in reference["stress_course"].as_object().unwrap() {
        let days: f64 =
            key.trim_start_matches(|letter: char| !letter.is_ascii_digit()).trim_end_matches('d').parse().unwrap();
        let (arm, label) = match key.split_once('_').unwrap().0 {
            "exposed" => ("exposed", if days == 0.0 { "1 min".to_owned() } else { format!("{days} d") }),
            _ => ("exposed for 21 d, then recovering", format!("{} d", 21.0 + days)),
        };
        let arm = course.arms.iter().find(|known| known.name == arm).unwrap();
        let Some(found) = arm.rates_hz.get(&label) else { panic!("no report at {label}") };
        for (population, expected) in POPULATIONS.iter().zip(numbers(rates)) {
            far.compare(&format!("{key} {population}"), found.get(*population).copied(), expected, 0.02);
        }
    }
    assert!(far.0.is_empty(), "\n{}", far.0.join("\n"));
}

/// Rescue at 24 h after multiples of three low doses.
fn rescue_at_24_h(scenario: &Scenario, multiples: &[[f64; 3]]) -> Vec<f64> {
    let low = [("ketamine", 1.5), ("rxfp3-agonist", 0.4), ("prokr2-antagonist", 3.0)];
    let mut scenario = scenario.clone();
    scenario.arms.retain(|arm| ["control", "stress"].contains(&arm.name.as_str()));
    for (index, multiples) in multiples.iter().enumerate() {
        let dose = |((ligand, amount), multiple): (&(&str, f64), &f64)| Dose {
            ligand: (*ligand).to_owned(),
            amount: amount * multiple,
            ..Dose::default()
        };
        let doses = low.iter().zip(multiples).filter(|(_, multiple)| **multiple > 0.0).map(dose).collect();
        scenario.arms.push(Arm { name: format!("{index}"), extends: "stress".into(), doses, ..Arm::default() });
    }
    scenario.run.to = 25.0 * HOUR;
    scenario.run.report = vec![time("24 h")];
    summary_of(&scenario).arms[2..].iter().map(|arm| arm.rescue_index["24 h"].unwrap()).collect()
}

#[test]
fn three_low_doses_have_the_references_combination_index() {
    let expected = &reference()["synergy"];
    let scenario = load(Path::new("configs/scenarios/low_doses.toml"), &[]).unwrap().scenario;
    let level = expected["loewe_effect_level"].as_f64().unwrap();
    // The multiple at which a combination reaches the level, by repeated section into eight.
    let multiple_of = |direction: [f64; 3]| {
        let (mut low, mut high) = (0.0, 8.0);
        for _ in 0..5 {
            let steps: Vec<f64> = (1..=7).map(|step| low + (high - low) * f64::from(step) / 8.0).collect();
            let scaled: Vec<[f64; 3]> = steps.iter().map(|step| direction.map(|share| share * step)).collect();
            let rescues = rescue_at_24_h(&scenario, &scaled);
            let above = rescues.iter().position(|rescue| *rescue >= level);
            high = above.map_or(high, |above| steps[above]);
            low = above.map_or(steps[6], |above| if above == 0 { low } else { steps[above - 1] });
        }
        f64::midpoint(low, high)
    };
    let singles = &expected["single_drug_multiples_of_low_dose"];
    let ketamine = multiple_of([1.0, 0.0, 0.0]);
    let rxfp3 = multiple_of([0.0, 1.0, 0.0]);
    let together = multiple_of([1.0, 1.0, 1.0]);
    for (found, expected) in [
        (ketamine, &singles["ket"]),
        (rxfp3, &singles["rxa"]),
        (together, &expected["combination_multiple_of_low_doses"]),
    ] {
        let expected = expected.as_f64().unwrap();
        assert!((found / expected - 1.0).abs() < 0.02, "{found}, expected {expected}");
    }
    // The third drug alone has no effect at any dose, and counts 0.
    let index = together / ketamine + together / rxfp3;
    let of_reference = expected["loewe_CI"].as_f64().unwrap();
    assert!((index - of_reference).abs() < 0.02, "{index}, expected {of_reference}");
    let bliss = rescue_at_24_h(&scenario, &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]]);
    let independent = 1.0 - bliss[..3].iter().map(|rescue| 1.0 - rescue.clamp(0.0, 1.0)).product::<f64>();
    let excess = bliss[3].clamp(0.0, 1.0) - independent;
    assert!((excess - expected["bliss_excess"].as_f64().unwrap()).abs() < 0.02, "{excess}");
}

#[test]
fn the_healthy_circuit_has_the_references_drives_eigenvalues_and_response() {
    let reference = reference();
    let scenario = load(Path::new("configs/circuits/mpfc.toml"), &[]).unwrap().scenario;
    let calibrated = calibrate(&scenario.circuit).unwrap();
    for (drive, expected) in calibrated.drives.iter().zip(numbers(&reference["circuit"]["h0"])) {
        assert!((drive - expected).abs() < 1e-5, "{drive} {expected}");
    }
    let eigenvalues = reference["circuit"]["eig_per_s"].as_array().unwrap();
    // The reference rounds to 1e-3 per s.
    for (value, expected) in calibrated.eigenvalues.iter().zip(eigenvalues) {
        let expected = numbers(expected);
        assert!((value.re - expected[0]).abs() < 6e-4, "{value:?} {expected:?}");
        assert!((value.im.abs() - expected[1].abs()).abs() < 6e-4, "{value:?} {expected:?}");
    }
    let response = reference["circuit"]["response_dr_dh"].as_array().unwrap();
    for (row, expected) in calibrated.response.chunks(4).zip(response) {
        for (entry, expected) in row.iter().zip(numbers(expected)) {
            assert!((entry - expected).abs() < 1e-5, "{entry} {expected}");
        }
    }
}
