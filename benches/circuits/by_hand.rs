//! The same circuits as `plans("sigmoid", ..)`, stepped by loops written for just them: one circuit at a time with the
//! standard exponential, as one would write it first, and over lanes with four populations fixed at compile time.

use super::circuits::{MINUTES, STEP_MS, vary};
use cpu_time::ThreadTime;
use disinhibit::numeric::functions::one_and_bounded_power_of_two;
use disinhibit::numeric::lanes::{Lanes, Row};
use fearless_simd::{Level, Simd, dispatch};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, StandardNormal};
use std::hint::black_box;

const N: usize = 4;
const STEPS: usize = (MINUTES * 60_000.0 / STEP_MS) as usize;

/// Numbers of one circuit.
#[derive(Clone, Copy)]
struct Numbers {
    weight: [[f64; N]; N],
    drive: [f64; N],
    maximum: [f64; N],
    slope: [f64; N],
    threshold: [f64; N],
    step_over_tau: [f64; N],
    sigma: [f64; N],
    noise_decay: [f64; N],
}

fn numbers(point: usize) -> Numbers {
    let each = |base: f64| std::array::from_fn(|index| vary(base, point, index));
    Numbers {
        weight: std::array::from_fn(|target| {
            std::array::from_fn(|source| vary(if source == 0 { 0.2 } else { -0.2 }, point, target * 4 + source))
        }),
        drive: each(4.0),
        maximum: each(50.0),
        slope: each(0.3),
        threshold: each(5.0),
        step_over_tau: each(10.0).map(|tau: f64| STEP_MS / tau),
        sigma: each(0.5),
        noise_decay: each(5.0).map(|tau: f64| libm::exp(-STEP_MS / tau)),
    }
}

/// Nanoseconds per step of one circuit at a time, with the standard library's exponential and ziggurat normals.
#[expect(clippy::disallowed_methods, reason = "the standard exponential is what is compared with")]
pub fn scalar_step_time(noisy: bool) -> f64 {
    const CIRCUITS: usize = 4;
    let start = ThreadTime::now();
    for point in 0..CIRCUITS {
        let numbers = black_box(numbers(point));
        let mut random = Xoshiro256PlusPlus::seed_from_u64(point as u64);
        let (mut rates, mut sums, mut eta) = ([0.0; N], [0.0; N], [0.0; N]);
        for _ in 0..STEPS {
            let mut targets = [0.0; N];
            for (index, target) in targets.iter_mut().enumerate() {
                let mut input = numbers.drive[index];
                if noisy {
                    input += numbers.sigma[index] * eta[index];
                }
                for (weight, rate) in numbers.weight[index].iter().zip(&rates) {
                    input += weight * rate;
                }
                let away = numbers.slope[index] * (input - numbers.threshold[index]);
                *target = numbers.maximum[index] / (1.0 + (-away).exp());
            }
            for index in 0..N {
                sums[index] += rates[index];
                rates[index] += numbers.step_over_tau[index] * (targets[index] - rates[index]);
                if noisy {
                    let decay = numbers.noise_decay[index];
                    let normal: f64 = StandardNormal.sample(&mut random);
                    eta[index] = decay * eta[index] + (1.0 - decay * decay).sqrt() * normal;
                }
            }
        }
        black_box((rates, sums));
    }
    start.elapsed().as_secs_f64() * 1e9 / (CIRCUITS * STEPS) as f64
}

/// Nanoseconds per circuit and step of 32 circuits side by side, all sizes known at compile time.
pub fn lanes_step_time() -> f64 {
    let start = ThreadTime::now();
    black_box(dispatch!(Level::new(), simd => lanes(simd)));
    start.elapsed().as_secs_f64() * 1e9 / (Row::<4>::LANES * STEPS) as f64
}

#[inline(always)]
fn lanes<S: Simd>(simd: S) -> [Row<4>; N] {
    let circuits: Vec<Numbers> = (0..Row::<4>::LANES).map(numbers).collect();
    let row = |pick: &dyn Fn(&Numbers) -> f64| Row::<4>::from_fn(|lane| pick(&circuits[lane]));
    // The exponent of 2 in the sigmoid, folded into weights and drive.
    let scale = |numbers: &Numbers, index: usize| -numbers.slope[index] * std::f64::consts::LOG2_E;
    let weight: [[Row<4>; N]; N] = std::array::from_fn(|target| {
        std::array::from_fn(|source| row(&|numbers| scale(numbers, target) * numbers.weight[target][source]))
    });
    let drive: [Row<4>; N] = std::array::from_fn(|index| {
        row(&|numbers| scale(numbers, index) * (numbers.drive[index] - numbers.threshold[index]))
    });
    let kept: [Row<4>; N] = std::array::from_fn(|index| row(&|numbers| 1.0 - numbers.step_over_tau[index]));
    let moved: [Row<4>; N] =
        std::array::from_fn(|index| row(&|numbers| numbers.step_over_tau[index] * numbers.maximum[index]));
    simd.vectorize(
        #[inline(always)]
        || {
            let (mut rates, mut next, mut sums) = (&mut [Row::ZERO; N], &mut [Row::ZERO; N], [Row::ZERO; N]);
            for _ in 0..STEPS {
                for index in 0..N {
                    let mut input = Lanes::load(simd, &drive[index]);
                    for source in 0..N {
                        let weight = Lanes::load(simd, &weight[index][source]);
                        input = weight.mul_add(Lanes::load(simd, &rates[source]), input);
                    }
                    let share = Lanes::load(simd, &moved[index]) / one_and_bounded_power_of_two(simd, input);
                    let rate = Lanes::load(simd, &rates[index]);
                    (Lanes::load(simd, &sums[index]) + rate).store(&mut sums[index]);
                    Lanes::load(simd, &kept[index]).mul_add(rate, share).store(&mut next[index]);
                }
                std::mem::swap(&mut rates, &mut next);
            }
            black_box(rates);
            sums
        },
    )
}
