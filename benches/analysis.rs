//! Analyses of the default circuit.
//!
//!     cargo bench --bench analysis
#![allow(clippy::unwrap_used)]

use disinhibit::analyze::{Analysis, Request, Subject, System, fixed_points};
use disinhibit::config::load;
use disinhibit::equilibrium::calibrate;
use disinhibit::scenario::Scenario;
use divan::Bencher;
use std::path::Path;

fn main() {
    divan::main();
}

fn ketamine() -> Scenario {
    load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario
}

/// All fixed points of the default circuit: to be below 50 ms.
#[divan::bench]
fn all_fixed_points(bencher: Bencher) {
    let circuit = calibrate(&ketamine().circuit).unwrap().circuit;
    let system = System::new(&circuit);
    bencher.bench_local(|| fixed_points(&system, None, &[]));
}

/// The same with responses, over all frequencies.
#[divan::bench]
fn the_whole_analysis(bencher: Bencher) {
    let subject = Subject::circuit(&ketamine()).unwrap();
    bencher.bench_local(|| Analysis::new(&subject, &Request::default()).unwrap());
}

/// A treated arm brought to its moment.
#[divan::bench]
fn an_arm_at_ten_minutes(bencher: Bencher) {
    let scenario = ketamine();
    let calibration = calibrate(&scenario.circuit).unwrap();
    let names = ["stress+ket10".to_owned()];
    bencher.bench_local(|| Subject::arms(&scenario, &calibration, &names, Some(10.0)).unwrap());
}
