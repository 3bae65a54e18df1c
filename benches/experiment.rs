//! Whole experiments and the program around them.
//!
//!     cargo bench --bench experiment
#![allow(clippy::unwrap_used)]

use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::report::figures;
use disinhibit::scenario::{Scenario, Time};
use disinhibit::simulate::run;
use disinhibit::store::Results;
use divan::Bencher;
use std::path::Path;
use std::process::{Command, Stdio};

fn main() {
    divan::main();
}

const KETAMINE: &str = "configs/scenarios/ketamine.toml";

fn ketamine() -> Scenario {
    load(Path::new(KETAMINE), &[]).unwrap().scenario
}

/// One treated arm with its controls, over the four hours of the shipped experiment.
fn one_arm(time: Time) -> Scenario {
    let mut scenario = ketamine();
    scenario.arms.truncate(3);
    scenario.run.time = time;
    scenario
}

#[divan::bench(sample_count = 20)]
fn an_arm_in_slow_time(bencher: Bencher) {
    let scenario = one_arm(Time::Slow);
    bencher.bench_local(|| run(&scenario).unwrap());
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn an_arm_in_fast_time(bencher: Bencher) {
    let scenario = one_arm(Time::Fast);
    bencher.bench_local(|| run(&scenario).unwrap());
}

#[divan::bench(sample_count = 20)]
fn all_arms_in_slow_time(bencher: Bencher) {
    let scenario = ketamine();
    bencher.bench_local(|| summarise(&run(&scenario).unwrap()));
}

/// Eight arms over two weeks, most of them with repeated doses, two daily.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn two_weeks_of_doses_in_eight_arms(bencher: Bencher) {
    let scenario = load(Path::new("configs/scenarios/repeated.toml"), &[]).unwrap().scenario;
    bencher.bench_local(|| summarise(&run(&scenario).unwrap()));
}

#[divan::bench(sample_count = 20)]
fn reading_the_scenario(bencher: Bencher) {
    bencher.bench_local(ketamine);
}

#[divan::bench(sample_count = 10, args = ["svg", "png"])]
fn figures_of_the_experiment(bencher: Bencher, format: &str) {
    let results = Results::new(run(&ketamine()).unwrap());
    bencher.bench_local(|| {
        for (_, figure) in figures(&results, &[]) {
            if format == "svg" {
                divan::black_box(figure.svg());
            } else {
                divan::black_box(figure.png().unwrap());
            }
        }
    });
}

/// The program from its start to its end.
#[divan::bench(sample_count = 20, sample_size = 1, args = [
    "--help",
    "check configs/scenarios/ketamine.toml",
    "run configs/scenarios/ketamine.toml --quiet",
])]
fn the_program(bencher: Bencher, command: &str) {
    let out = tempfile::tempdir().unwrap();
    bencher.bench_local(|| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_disinhibit"));
        program.args(command.split(' ')).stdout(Stdio::null());
        if command.starts_with("run") {
            program.arg("--out").arg(out.path());
        }
        assert!(program.status().unwrap().success());
    });
}
