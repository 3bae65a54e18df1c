//! How a run was made: enough to make it again.

use super::ledger::checksum;
use crate::config::writer;
use crate::equilibrium::Calibrated;
use crate::readouts::units::owner;
use crate::scenario::{Calibration, Circuit, Scenario};
use indexmap::IndexMap;
use serde_json::{Value, json};

/// Who wrote it.
const PROGRAM: &str = "disinhibit";

/// The manifest of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    content: Value,
    config: Value,
}

impl Manifest {
    /// The manifest of a scenario that ran on a calibrated circuit. `seconds` are wall time by part of the run.
    pub fn new(scenario: &Scenario, calibration: &Calibrated, simd: &str, seconds: &[(&str, f64)]) -> Self {
        let names: Vec<&String> = scenario.circuit.populations.keys().collect();
        let named = |values: &[f64]| -> Value {
            names.iter().zip(values).map(|(name, v)| ((*name).clone(), json!(v))).collect()
        };
        let response = json!(by_population(&scenario.circuit, &names, &calibration.response));
        let eigenvalues: Vec<[f64; 2]> = calibration.eigenvalues.iter().map(|value| [value.re, value.im]).collect();
        let content = json!({
            "program": { "name": PROGRAM, "version": env!("CARGO_PKG_VERSION"), "simd": simd },
            "scenario": scenario.name,
            "seed": scenario.run.seed,
            "config_sha256": hash(scenario),
            "calibration": {
                "drive": match scenario.run.drive { Calibration::Recalibrate => "recalibrate", Calibration::Hold => "hold" },
                "input_unit": scenario.circuit.input_unit.name(),
                "drives": named(&calibration.drives),
                "resting_rates_hz": named(&calibration.rates),
                "eigenvalues_per_s": eigenvalues,
                "response_hz_per_input_unit": response,
            },
            "seconds": seconds.iter().map(|(part, value)| ((*part).to_owned(), json!(value))).collect::<Value>(),
            "files": { "circuit": scenario.circuit_file, "pharmacology": scenario.pharmacology_files },
            "sources": scenario.sources,
        });
        Self { content, config: writer::to_json(scenario) }
    }

    /// What it says beside the configuration.
    pub fn notes(&self) -> Value {
        self.content.clone()
    }

    /// The resolved scenario.
    pub fn config(&self) -> Value {
        self.config.clone()
    }
}

/// What each rate answers to each drive, by population: of one on a ring what one of its units answers, on the mean, where
/// all units of the other are driven.
fn by_population<'a>(
    circuit: &'a Circuit,
    names: &'a [&String],
    response: &[f64],
) -> IndexMap<&'a str, IndexMap<&'a str, f64>> {
    let owners: Vec<(&str, u64)> = names.iter().map(|name| owner(circuit, name)).collect();
    let mut found: IndexMap<&str, IndexMap<&str, f64>> = IndexMap::new();
    for ((onto, units), row) in owners.iter().zip(response.chunks(names.len().max(1))) {
        let answers = found.entry(onto).or_default();
        for ((driven, _), answer) in owners.iter().zip(row) {
            *answers.entry(driven).or_default() += answer / *units as f64;
        }
    }
    found
}

/// SHA-256 of the resolved scenario: equal for equal experiments, whatever files they were written in.
pub fn hash(scenario: &Scenario) -> String {
    checksum(writer::to_toml(scenario).as_bytes())
}
