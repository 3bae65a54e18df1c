//! The kernel of sweeps: 32 circuits of four populations side by side, every number different in each.
//!
//!     cargo bench --bench sweep
//!
//! Items are steps of one circuit: 1/(items per second) is the time per point and step.
#![allow(clippy::unwrap_used)]

use disinhibit::config::load;
use disinhibit::experiment::Plan;
use disinhibit::simulate::run_plans;
use disinhibit::spec::{Arm, Circuit, Noise, Population, Run, Scenario, Time, Transfer, Weights};
use disinhibit::sweep::Engine;
use divan::Bencher;
use divan::counter::ItemsCount;
use fearless_simd::Level;
use std::path::Path;

fn main() {
    divan::main();
}

const POINTS: usize = 32;
const MINUTES: f64 = 0.5;
const STEP_MS: f64 = 0.1;

/// Circuits that differ in every number.
fn plans(kind: &str, noisy: bool, points: usize) -> (Vec<Plan>, Run) {
    let run = Run { time: Time::Fast, from: 0.0, to: MINUTES, step: STEP_MS, record: Some(MINUTES), ..Run::default() };
    let plan = |point: usize| {
        let vary = |base: f64, place: usize| base * (1.0 + 0.01 * ((point * 7 + place * 3) % 11) as f64);
        let names = ["A", "B", "C", "D"];
        let population = |index: usize| Population {
            tau: vary(10.0, index),
            drive: Some(vary(4.0, index)),
            noise: noisy.then(|| Noise { sigma: vary(0.5, index), tau: vary(5.0, index) }),
            transfer: match kind {
                "sigmoid" => Transfer::Sigmoid {
                    maximum: vary(50.0, index),
                    slope: vary(0.3, index),
                    threshold: vary(5.0, index),
                    zero_at_zero: false,
                },
                "softplus" => Transfer::Softplus {
                    gain: vary(1.0, index),
                    threshold: vary(2.0, index),
                    width: vary(1.0, index),
                    maximum: None,
                },
                _ => Transfer::PowerLaw { gain: vary(0.04, index), threshold: 0.0, exponent: 2.0, maximum: None },
            },
            ..Population::default()
        };
        let weights = |target: usize| {
            let from = names.iter().enumerate();
            let from = from.map(|(source, name)| {
                let sign = if source == 0 { 0.2 } else { -0.2 };
                ((*name).to_owned(), vary(sign, target * 4 + source))
            });
            Weights { from: from.collect() }
        };
        let circuit = Circuit {
            populations: names
                .iter()
                .enumerate()
                .map(|(index, name)| ((*name).to_owned(), population(index)))
                .collect(),
            onto: names.iter().enumerate().map(|(index, name)| ((*name).to_owned(), weights(index))).collect(),
            ..Circuit::default()
        };
        let scenario = Scenario { circuit, run: run.clone(), ..Scenario::default() };
        Plan {
            arm: Arm::default(),
            base: scenario.clone(),
            scenario,
            resting_rates: vec![0.0; 4],
            number: 0,
            forms: Vec::new(),
            traces: disinhibit::experiment::Traces::Rates,
        }
    };
    ((0..points).map(plan).collect(), run)
}

fn steps(points: usize) -> ItemsCount {
    ItemsCount::new((MINUTES * 60_000.0 / STEP_MS) as usize * points)
}

#[divan::bench(sample_count = 10, sample_size = 1, args = ["sigmoid", "power-law", "softplus"])]
fn without_noise(bencher: Bencher, kind: &str) {
    let (plans, run) = plans(kind, false, POINTS);
    bencher.counter(steps(POINTS)).bench_local(|| run_plans::<4>(&plans, &run, Level::new()));
}

#[divan::bench(sample_count = 10, sample_size = 1, args = ["sigmoid", "power-law", "softplus"])]
fn with_noise(bencher: Bencher, kind: &str) {
    let (plans, run) = plans(kind, true, POINTS);
    bencher.counter(steps(POINTS)).bench_local(|| run_plans::<4>(&plans, &run, Level::new()));
}

/// One point in a vector of eight, and eight of them: what lanes gain.
#[divan::bench(sample_count = 10, sample_size = 1, args = [1, 8])]
fn sigmoid_in_one_vector(bencher: Bencher, points: usize) {
    let (plans, run) = plans("sigmoid", false, points);
    bencher.counter(steps(points)).bench_local(|| run_plans::<1>(&plans, &run, Level::new()));
}

/// Points of the shipped weight uncertainty, in slow time: calibration, three arms and their controls, readouts.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn points_in_slow_time(bencher: Bencher) {
    let loaded = load(Path::new("configs/sweeps/weight_uncertainty.toml"), &[]).unwrap();
    let engine = Engine::new(&loaded.sweep.unwrap(), &loaded.scenario, None).unwrap();
    bencher.counter(ItemsCount::new(64_usize)).bench_local(|| engine.rows(0..64, Level::new()));
}
