//! What the sweep kernel reaches, as ratios of CPU times taken in turn inside one process, so that they hold on a noisy machine.
//!
//!     cargo bench --bench ratios
//!
//! Four populations with sigmoid transfer functions, every number different in each circuit, Euler steps of 0.1 ms.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "circuits/by_hand.rs"]
mod by_hand;
#[path = "circuits/mod.rs"]
mod circuits;

use circuits::{MINUTES, STEP_MS, plans};
use cpu_time::{ProcessTime, ThreadTime};
use disinhibit::numeric::lanes::{BEST, Lanes, Row, levels, on_level};
use disinhibit::simulate::run_many;
use fearless_simd::{Level, Simd, dispatch};
use std::hint::black_box;

/// Circuits in a timed run: six blocks.
const POINTS: usize = 192;
/// Rounds in which all variants take their turn; medians are over rounds.
const ROUNDS: usize = 21;
/// Floating-point operations of a step of one circuit: for each population four multiply-adds of the weights, ten of the
/// exponential and the sixteenth of the sigmoid's scale and the step, and a division and an addition.
const OPERATIONS: f64 = 132.0;
/// Chains of multiply-adds that hide each other's latency.
const CHAINS: usize = 12;

/// Runs something once and gives nanoseconds per unit of work.
type Timed = Box<dyn Fn() -> f64>;

/// One way of doing the work, with the times of all rounds.
struct Variant {
    name: &'static str,
    run: Timed,
    times: Vec<f64>,
}

fn main() {
    if std::env::args().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let mut variants = variants();
    for _ in 0..ROUNDS {
        for variant in &mut variants {
            let time = (variant.run)();
            variant.times.push(time);
        }
    }
    let median = |name: &str| {
        let variant = variants.iter().find(|variant| variant.name == name)?;
        let mut times = variant.times.clone();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied()
    };
    for variant in &variants {
        let time = median(variant.name).unwrap();
        let unit = if variant.name == "peak" { "GFLOP/s" } else { "ns per circuit and step" };
        println!("{:<28}{:>9.2} {unit}", variant.name, if variant.name == "peak" { 1.0 / time } else { time });
    }
    println!();
    let ratio = |one: &str, other: &str| median(one).unwrap() / median(other).unwrap();
    let peak = OPERATIONS / median("lanes").unwrap() * median("peak").unwrap();
    println!("share of the peak of multiply-adds   {:>6.1} %", 100.0 * peak);
    for (what, one, other) in [
        ("scalar over lanes", "scalar", "lanes"),
        ("with noise over without", "lanes, noise", "lanes"),
        ("scalar over lanes, with noise", "scalar, noise", "lanes, noise"),
        ("general over hand-sized", "lanes", "hand-sized"),
        ("two threads over one, CPU", "lanes, two threads", "lanes, all CPU"),
        ("AVX2 over AVX-512", "lanes, AVX2", "lanes"),
    ] {
        if median(one).is_some() {
            println!("{what:<37}{:>6.2}", ratio(one, other));
        }
    }
}

fn variants() -> Vec<Variant> {
    let one_thread = || rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let lanes = |noisy: bool, level: &'static str| {
        let (plans, run) = plans("sigmoid", noisy, POINTS);
        let pool = one_thread();
        Box::new(move || {
            pool.install(|| {
                let start = ThreadTime::now();
                black_box(on_level(level, || run_many(&plans, &run)));
                per_step(start.elapsed().as_secs_f64())
            })
        })
    };
    let all_cpu = |threads: usize| {
        let (plans, run) = plans("sigmoid", false, POINTS);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        Box::new(move || {
            let start = ProcessTime::now();
            pool.install(|| black_box(run_many(&plans, &run)));
            per_step(start.elapsed().as_secs_f64())
        })
    };
    let scalar = |noisy: bool| Box::new(move || by_hand::scalar_step_time(noisy));
    let mut variants: Vec<(&str, Timed)> = vec![
        ("peak", Box::new(peak)),
        ("lanes", lanes(false, BEST)),
        ("lanes, noise", lanes(true, BEST)),
        ("hand-sized", Box::new(by_hand::lanes_step_time)),
        ("scalar", scalar(false)),
        ("scalar, noise", scalar(true)),
        ("lanes, all CPU", all_cpu(1)),
        ("lanes, two threads", all_cpu(2)),
    ];
    // A program built for AVX-512 alone has no other levels.
    if levels().contains(&"avx512") && levels().contains(&"avx2") {
        variants.push(("lanes, AVX2", lanes(false, "avx2")));
        variants.push(("lanes, AVX2, noise", lanes(true, "avx2")));
    }
    variants.into_iter().map(|(name, run)| Variant { name, run, times: Vec::new() }).collect()
}

/// Nanoseconds per circuit and step.
fn per_step(seconds: f64) -> f64 {
    seconds * 1e9 / (POINTS as f64 * MINUTES * 60_000.0 / STEP_MS)
}

/// Nanoseconds per floating-point operation in independent chains of fused multiply-adds: the core's peak.
fn peak() -> f64 {
    const REPEATS: usize = 2_000_000;
    #[inline(always)]
    fn chains<S: Simd>(simd: S) -> f64 {
        simd.vectorize(
            #[inline(always)]
            || {
                let mut chains = Lanes::<S, CHAINS>::splat(simd, 1.0);
                let factor = Lanes::splat(simd, black_box(0.999));
                let term = Lanes::splat(simd, black_box(0.001));
                for _ in 0..REPEATS {
                    chains = chains.mul_add(factor, term);
                }
                let mut row = Row::ZERO;
                chains.store(&mut row);
                row.0.iter().flatten().sum()
            },
        )
    }
    let start = ThreadTime::now();
    black_box(dispatch!(Level::new(), simd => chains(simd)));
    start.elapsed().as_secs_f64() * 1e9 / (REPEATS * CHAINS * 16) as f64
}
