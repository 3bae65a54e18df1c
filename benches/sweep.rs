//! The kernel of sweeps: 32 circuits of four populations side by side, every number different in each.
//!
//!     cargo bench --bench sweep
//!
//! Items are steps of one circuit: 1/(items per second) is the time per point and step.
#![allow(clippy::unwrap_used)]

#[path = "circuits/mod.rs"]
mod circuits;

use circuits::{MINUTES, STEP_MS, plans};
use disinhibit::config::load;
use disinhibit::scenario::Form;
use disinhibit::simulate::{run_many, run_plans};
use disinhibit::store::table::{Table, cells, columns};
use disinhibit::store::table_file::TableWriter;
use disinhibit::sweep::Engine;
use divan::Bencher;
use divan::counter::ItemsCount;
use std::path::Path;
use std::sync::Arc;

fn main() {
    divan::main();
}

const POINTS: usize = 192;

fn steps(points: usize) -> ItemsCount {
    ItemsCount::new((MINUTES * 60_000.0 / STEP_MS) as usize * points)
}

const KINDS: [&str; 6] = ["sigmoid", "power-law", "threshold-linear", "linear-exponential", "tanh", "softplus"];

#[divan::bench(sample_count = 10, sample_size = 1, args = KINDS)]
fn rate_form(bencher: Bencher, kind: &str) {
    let (plans, run) = plans(kind, false, POINTS);
    bencher.counter(steps(POINTS)).bench_local(|| run_many(&plans, &run));
}

#[divan::bench(sample_count = 10, sample_size = 1, args = KINDS)]
fn rate_form_with_noise(bencher: Bencher, kind: &str) {
    let (plans, run) = plans(kind, true, POINTS);
    bencher.counter(steps(POINTS)).bench_local(|| run_many(&plans, &run));
}

#[divan::bench(sample_count = 10, sample_size = 1, args = KINDS)]
fn voltage_form(bencher: Bencher, kind: &str) {
    let (mut plans, run) = plans(kind, false, POINTS);
    for plan in &mut plans {
        let circuit = &mut Arc::make_mut(&mut plan.scenario).circuit;
        circuit.populations.values_mut().for_each(|population| population.form = Form::Voltage);
    }
    bencher.counter(steps(POINTS)).bench_local(|| run_many(&plans, &run));
}

/// The same points on one thread and on two.
#[divan::bench(sample_count = 10, sample_size = 1, args = [1, 2])]
fn sigmoid_on_threads(bencher: Bencher, threads: usize) {
    let (plans, run) = plans("sigmoid", false, POINTS);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    bencher.counter(steps(POINTS)).bench_local(|| pool.install(|| run_many(&plans, &run)));
}

/// How many points are given at once: 32 lie side by side, the rest wait or fill threads.
#[divan::bench(sample_count = 10, sample_size = 1, args = [1, 8, 32, 64, 192, 960])]
fn sigmoid_by_batch(bencher: Bencher, points: usize) {
    let (plans, run) = plans("sigmoid", false, points);
    bencher.counter(steps(points)).bench_local(|| run_many(&plans, &run));
}

/// Rows of the shipped weight uncertainty, written as a Parquet table to nowhere.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn store(bencher: Bencher) {
    let loaded = load(Path::new("configs/sweeps/weight_uncertainty.toml"), &[]).unwrap();
    let sweep = loaded.sweep.unwrap();
    let engine = Engine::new(&sweep, &loaded.scenario, None).unwrap();
    let mut chunk = Table::new(&columns(&engine));
    engine.rows(0..8).iter().cycle().take(10_000).for_each(|row| chunk.push(cells(row)));
    bencher.counter(ItemsCount::new(chunk.rows())).bench_local(|| {
        let mut table = TableWriter::new(std::io::sink(), &columns(&engine)).unwrap();
        table.group(&chunk).unwrap();
        table.finish().unwrap();
    });
}

/// One point in a vector of eight, and eight of them: what lanes gain.
#[divan::bench(sample_count = 10, sample_size = 1, args = [1, 8])]
fn sigmoid_in_one_vector(bencher: Bencher, points: usize) {
    let (plans, run) = plans("sigmoid", false, points);
    bencher.counter(steps(points)).bench_local(|| run_plans(&plans, &run));
}

/// Points of the shipped weight uncertainty, in slow time: calibration, three arms and their controls, readouts.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn points_in_slow_time(bencher: Bencher) {
    let loaded = load(Path::new("configs/sweeps/weight_uncertainty.toml"), &[]).unwrap();
    let engine = Engine::new(&loaded.sweep.unwrap(), &loaded.scenario, None).unwrap();
    bencher.counter(ItemsCount::new(64_usize)).bench_local(|| engine.rows(0..64));
}
