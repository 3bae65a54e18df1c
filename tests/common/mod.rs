//! What several tests need: scenarios from text, and runs of them.
#![allow(dead_code, clippy::unwrap_used)]

use disinhibit::config::{ConfigError, load_from};
use disinhibit::scenario::Scenario;
use disinhibit::simulate::{ArmOutcome, Outcome, run};
use std::io::{Error, ErrorKind};
use std::path::Path;

/// Reads a scenario from a text that stands on its own.
pub fn read(text: &str, set: &[String]) -> Result<Scenario, ConfigError> {
    read_bytes(text.as_bytes(), set)
}

pub fn read_bytes(bytes: &[u8], set: &[String]) -> Result<Scenario, ConfigError> {
    let file = |path: &Path| {
        if path == Path::new("test.toml") {
            Ok(bytes.to_vec())
        } else {
            std::fs::read(path).map_err(|_| Error::new(ErrorKind::NotFound, "no such file"))
        }
    };
    load_from(Path::new("test.toml"), set, &file).map(|loaded| loaded.scenario)
}

pub fn scenario(text: &str) -> Scenario {
    read(text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

pub fn outcome(text: &str) -> Outcome {
    run(&scenario(text)).unwrap()
}

pub fn arm<'a>(outcome: &'a Outcome, name: &str) -> &'a ArmOutcome {
    outcome.arms.iter().find(|arm| arm.name == name).unwrap()
}

/// A signal of an arm at its last sample.
pub fn last(outcome: &Outcome, name: &str, signal: &str) -> f64 {
    *arm(outcome, name).recording.signal(signal).unwrap().last().unwrap()
}

/// The recorded bits of an arm: times and all signals, by name.
pub fn bits(arm: &ArmOutcome) -> Vec<u64> {
    let recording = &arm.recording;
    let values = recording.values();
    recording.times().iter().chain(values.iter()).map(|value| value.to_bits()).collect()
}
