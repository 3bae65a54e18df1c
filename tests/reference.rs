//! The shipped scenarios against an independent implementation of the default model: every arm that both hold, by name.
#![allow(clippy::unwrap_used)]

use disinhibit::config::load;
use disinhibit::equilibrium::calibrate;
use disinhibit::readouts::summarise;
use disinhibit::simulate::run;
use fearless_simd::Level;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const POPULATIONS: [&str; 4] = ["Pyr", "PV", "SST", "VIP"];
/// Arms whose slow chain, repeated dosing or readouts come with the plasticity variables.
const LATER: [&str; 4] = [
    "stress+ket10, spinogenesis blocked",
    "stress+ket10, rapamycin",
    "stress+ket10, mGluR5 removal fails",
    "stress+ket10 days 0,2,4,6",
];

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

#[test]
fn every_shipped_arm_that_the_reference_holds_has_its_rates() {
    let reference = reference();
    let mut compared = BTreeSet::new();
    let mut far = Vec::new();
    for file in scenarios() {
        let mut scenario = load(&file, &[]).unwrap().scenario;
        if scenario.name == "noisy" {
            continue; // its rates are means over noise; it shares its arms with the default scenario
        }
        scenario.run.to = 65.0_f64.min(scenario.run.to).max(scenario.run.report.last().map_or(0.0, |t| t.minutes));
        let summary = summarise(&run(&scenario, Level::new()).unwrap());
        for arm in &summary.arms {
            assert_eq!(arm.status, "ok", "{}: {:?}", arm.name, arm.problem);
            let Some(expected) = reference["arms"].get(&arm.name) else { continue };
            for (label, rates) in expected.as_object().unwrap() {
                let tolerance = if label == "20 min" { 0.3 } else { 0.06 };
                for (population, expected) in POPULATIONS.iter().zip(numbers(rates)) {
                    let rate = arm.rates_hz[label][*population];
                    if (rate - expected).abs() > tolerance {
                        far.push(format!("{} {label} {population}: {rate:.4}, expected {expected:.4}", arm.name));
                    }
                }
            }
            compared.insert(arm.name.clone());
        }
    }
    assert!(far.is_empty(), "\n{}", far.join("\n"));
    let all: BTreeSet<String> = reference["arms"].as_object().unwrap().keys().cloned().collect();
    let missing: Vec<&String> =
        all.iter().filter(|name| !compared.contains(*name) && !LATER.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "no scenario holds {missing:?}");
}

#[test]
fn the_healthy_circuit_has_the_references_drives_eigenvalues_and_response() {
    let reference = reference();
    let scenario = load(Path::new("configs/circuits/mpfc.toml"), &[]).unwrap().scenario;
    let calibrated = calibrate(&scenario.circuit, Level::new()).unwrap();
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
