//! Continuation and phase planes.
//!
//!     cargo bench --bench continuation
#![allow(clippy::unwrap_used)]

use disinhibit::analyze::continuation::{Diagram, Options, Settings, Start};
use disinhibit::analyze::{Bifurcation, Knob, Subject, Turned, planes};
use disinhibit::config::load;
use disinhibit::equilibrium::calibrate;
use divan::Bencher;
use std::path::Path;

fn main() {
    divan::main();
}

fn circuit() -> Subject {
    let scenario = load(Path::new("configs/circuits/mpfc.toml"), &[]).unwrap().scenario;
    Subject::circuit(&scenario).unwrap()
}

fn treated() -> Subject {
    let scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario;
    let calibration = calibrate(&scenario.circuit).unwrap();
    let names = ["stress+ket10".to_owned()];
    Subject::arms(&scenario, &calibration, &names, Some(10.0)).unwrap().remove(0)
}

fn knob(subject: &Subject, path: &str, from: &str, to: &str) -> (Knob, Options) {
    let (knob, low) = Knob::new(subject, path, from).unwrap();
    let (_, high) = Knob::new(subject, path, to).unwrap();
    // Short steps: at least 500 points.
    let settings = Settings { ds: 0.002, dsmax: 0.002, ..Settings::over(low, high) };
    (knob, Options::new(settings).unwrap())
}

/// At least 500 points over a drive of the default circuit.
#[divan::bench(sample_count = 10)]
fn a_diagram_of_500_points(bencher: Bencher) {
    let subject = circuit();
    let knob = knob(&subject, "populations.SST.drive", "-10 mV", "40 mV");
    let family = Turned::new(&subject, vec![knob.clone()]);
    let share = knob.1.share(knob.0.present(&subject).unwrap());
    let starts = [Start { state: subject.state.clone().unwrap(), share }];
    bencher.bench_local(|| {
        let diagram = Diagram::trace(&family, &starts, &knob.1);
        let points: usize = diagram.branches.iter().map(|branch| branch.points.len()).sum();
        assert!(points >= 500, "{points}");
        diagram
    });
}

/// The same with the search for fixed points at both ends.
#[divan::bench(sample_count = 10)]
fn a_diagram_with_its_search(bencher: Bencher) {
    let subject = circuit();
    let knob = knob(&subject, "populations.SST.drive", "-10 mV", "40 mV");
    bencher.bench_local(|| Bifurcation::new(&subject, &knob, None).unwrap());
}

/// Over a concentration at the receptors of a treated arm.
#[divan::bench(sample_count = 10)]
fn a_diagram_over_a_concentration(bencher: Bencher) {
    let subject = treated();
    let knob = knob(&subject, "concentration.ketamine", "0 uM", "10 uM");
    bencher.bench_local(|| Bifurcation::new(&subject, &knob, None).unwrap());
}

#[divan::bench(sample_count = 10)]
fn a_phase_plane(bencher: Bencher) {
    let subject = circuit();
    let state = subject.state.clone().unwrap();
    bencher.bench_local(|| planes(&[(&subject, vec![state.clone()])], [0, 2]));
}
