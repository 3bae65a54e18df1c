//! The hot loops on the shipped ketamine experiment: eight of its arms side by side, recording included.
//!
//!     cargo bench --bench kernel
//!
//! Items are steps of the circuit (all eight lanes together), or updates of the pharmacology: 1/(items per second) is
//! the time of one.
#![allow(clippy::unwrap_used)]

use disinhibit::config::load;
use disinhibit::equilibrium::{Calibrated, calibrate};
use disinhibit::experiment::{Inputs, Model, plans};
use disinhibit::numeric::lanes::Row;
use disinhibit::scenario::{Method, Noise, Scenario, Time};
use disinhibit::simulate::run_calibrated;
use divan::Bencher;
use divan::counter::ItemsCount;
use std::path::Path;

fn main() {
    divan::main();
}

/// The step in ms, and the minutes that a bench simulates.
const STEP_MS: f64 = 0.25;
const MINUTES: f64 = 12.0;

/// Eight arms of the ketamine experiment around the dose, in fast time, with the calibration of the circuit.
fn experiment(method: Method, noisy: bool) -> (Scenario, Calibrated) {
    let mut scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario;
    scenario.arms.truncate(8);
    for arm in &mut scenario.arms {
        arm.doses.iter_mut().for_each(|dose| dose.at = dose.at.max(-MINUTES / 2.0));
    }
    if noisy {
        for population in scenario.circuit.populations.values_mut() {
            population.noise = Some(Noise { sigma: 0.5, tau: 5.0, ..Noise::default() });
        }
    }
    scenario.run.time = Time::Fast;
    scenario.run.method = method;
    scenario.run.step = STEP_MS;
    (scenario.run.from, scenario.run.to) = (-MINUTES / 2.0, MINUTES / 2.0);
    scenario.run.report.clear();
    // As in the shipped experiment: 2000 samples of four hours.
    scenario.run.record = Some(0.12);
    let calibration = calibrate(&scenario.circuit).unwrap();
    (scenario, calibration)
}

fn steps(bencher: Bencher, method: Method, noisy: bool) {
    let (scenario, calibration) = experiment(method, noisy);
    bencher
        .counter(ItemsCount::new((MINUTES * 60_000.0 / STEP_MS) as u64))
        .bench_local(|| run_calibrated(&scenario, calibration.clone()).unwrap());
}

#[divan::bench(sample_count = 10, sample_size = 1, args = [Method::EulerMaruyama, Method::Heun, Method::RungeKutta4])]
fn step_without_noise(bencher: Bencher, method: Method) {
    steps(bencher, method, false);
}

#[divan::bench(sample_count = 10, sample_size = 1, args = [Method::EulerMaruyama, Method::Heun])]
fn step_with_noise(bencher: Bencher, method: Method) {
    steps(bencher, method, true);
}

/// Kinetics, receptors and effects of eight arms at one moment: what a tick of fast time or a stage of slow time costs.
#[divan::bench]
fn pharmacology_and_effects(bencher: Bencher) {
    let (scenario, calibration) = experiment(Method::EulerMaruyama, false);
    let calibrated = Scenario { circuit: calibration.circuit.clone(), ..scenario.clone() };
    let plans = plans(&calibrated, &calibration.rates).unwrap();
    let model = Model::<1>::build(&plans.iter().collect::<Vec<_>>());
    let inputs = Inputs::none(&model.pharmacology, model.shape.size());
    let mut work = model.work();
    let mut slopes = model.states.initial.clone();
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        let time = Row::splat(divan::black_box(5.0));
        model.show(&time, &inputs, &model.states.initial, &mut work);
        model.modulate(&inputs, &mut work);
        model.derivatives(&inputs, &model.states.initial, &mut work, &mut slopes);
        divan::black_box(slopes[0])
    });
}
