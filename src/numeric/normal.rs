//! Normal numbers from a counter, by the method of Box and Muller (1958, doi:10.1214/aoms/1177706645), over lanes.
//!
//! One call to [`philox`] gives four words, and they four normals, for four steps that follow one another.

use super::lanes::{Lanes, WIDTH};
use super::philox::philox;
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u64x8};
use std::f64::consts::SQRT_2;

/// 2^52: a word in the low bits of this number is the number plus the word.
const TWO_52: f64 = 4_503_599_627_370_496.0;
/// ln(1 + t)/t for t from sqrt(1/2) - 1 to sqrt(2) - 1, highest power first; relative error below 2e-10 (Chebyshev).
const LOGARITHM: [f64; 12] = [
    -0.058_456_713_350_896_37,
    0.106_365_423_755_799_53,
    -0.108_981_125_778_771_82,
    0.110_427_360_397_190_09,
    -0.124_108_856_659_614_22,
    0.142_837_983_952_702_54,
    -0.166_703_836_522_773_97,
    0.200_001_696_379_425_4,
    -0.249_999_365_858_148_18,
    0.333_333_308_462_805_2,
    -0.500_000_003_084_553_8,
    1.000_000_000_048_012,
];
/// sin(pi x)/x as powers of x^2, for |x| <= 1/2; error below 6e-11.
const SINE: [f64; 6] = [
    -0.007_028_303_855_203_096,
    0.082_050_350_201_472_48,
    -0.599_252_186_531_583,
    2.550_163_317_938_427,
    -5.167_712_764_593,
    3.141_592_653_536_132,
];
/// cos(pi x) as powers of x^2, for |x| <= 1/2; error below 1e-12.
const COSINE: [f64; 7] = [
    0.001_839_989_437_269_404_2,
    -0.025_776_316_427_315_86,
    0.235_325_436_587_711_2,
    -1.335_262_315_261_57,
    4.058_712_107_537_438,
    -4.934_802_200_249_85,
    0.999_999_999_999_248,
];

/// Unit normals for the four steps of a group, in each lane. Equal arguments give equal numbers: the counter is the
/// group's number (32 bits), a variable, a replicate, and the lane's arm.
#[inline(always)]
pub fn normals<S: Simd, const G: usize>(
    simd: S,
    key: [u32; 2],
    group: u64,
    variable: u32,
    replicate: u32,
    arms: &[[u32; WIDTH]; G],
) -> [Lanes<S, G>; 4] {
    let mut normals = [Lanes::splat(simd, 0.0); 4];
    // More groups than 2^32 spill into the replicate's upper half: 2^34 steps of 0.25 ms are 50 days.
    let spilled = u64::from(replicate) ^ (group >> 32 << 16);
    for (place, arms) in arms.iter().enumerate() {
        let arms = u64x8::from_slice(simd, &arms.map(u64::from));
        let counter = [
            u64x8::splat(simd, group & 0xFFFF_FFFF),
            u64x8::splat(simd, u64::from(variable)),
            u64x8::splat(simd, spilled & 0xFFFF_FFFF),
            arms,
        ];
        let words = philox(simd, counter, key);
        for pair in 0..2 {
            let (one, other) = box_muller(simd, words[2 * pair], words[2 * pair + 1]);
            normals[2 * pair].0[place] = one;
            normals[2 * pair + 1].0[place] = other;
        }
    }
    normals
}

#[inline(always)]
fn polynomial<S: Simd>(simd: S, coefficients: &[f64], x: Lanes<S, 1>) -> Lanes<S, 1> {
    let mut sum = Lanes::splat(simd, coefficients[0]);
    for coefficient in &coefficients[1..] {
        sum = sum.mul_add(x, Lanes::splat(simd, *coefficient));
    }
    sum
}

/// The number that a word of 32 bits is.
#[inline(always)]
fn as_number<S: Simd>(simd: S, word: u64x8<S>) -> Lanes<S, 1> {
    Lanes([f64x8::from_bits(word | u64x8::splat(simd, TWO_52.to_bits()))]) - TWO_52
}

/// Two normals from two words of 32 bits.
#[inline(always)]
fn box_muller<S: Simd>(simd: S, one: u64x8<S>, other: u64x8<S>) -> (f64x8<S>, f64x8<S>) {
    let half = Lanes::splat(simd, 0.5);
    let uniform = (as_number(simd, one) + half) * (1.0 / 4_294_967_296.0);
    let radius = (log_of_uniform(simd, uniform) * -2.0).sqrt();
    // The angle from -pi/2 to pi/2 comes from 31 bits; the last bit is the sign of the cosine.
    let sign = (other >> 31) << 63;
    let turn = (as_number(simd, other & u64x8::splat(simd, 0x7FFF_FFFF)) + half) * (1.0 / 2_147_483_648.0) - half;
    let square = turn * turn;
    let sine = turn * polynomial(simd, &SINE, square) * radius;
    let cosine: u64x8<S> = (polynomial(simd, &COSINE, square) * radius).0[0].to_bits();
    (f64x8::from_bits(cosine ^ sign), sine.0[0])
}

/// ln u for u between 0 and 1, both excluded.
#[inline(always)]
fn log_of_uniform<S: Simd>(simd: S, uniform: Lanes<S, 1>) -> Lanes<S, 1> {
    let bits: u64x8<S> = uniform.0[0].to_bits();
    let exponent = Lanes([f64x8::from_bits((bits >> 52) | u64x8::splat(simd, TWO_52.to_bits()))]);
    let fraction = bits & u64x8::splat(simd, 0x000F_FFFF_FFFF_FFFF);
    let mantissa = Lanes([f64x8::from_bits(fraction | u64x8::splat(simd, 1.0f64.to_bits()))]);
    let upper = mantissa.gt(Lanes::splat(simd, SQRT_2));
    let mantissa = upper.select(mantissa * 0.5, mantissa);
    let exponent = exponent - upper.select(Lanes::splat(simd, TWO_52 + 1022.0), Lanes::splat(simd, TWO_52 + 1023.0));
    let part = mantissa - 1.0;
    exponent.mul_add(Lanes::splat(simd, std::f64::consts::LN_2), part * polynomial(simd, &LOGARITHM, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::lanes::{Row, dispatch, levels};
    use crate::numeric::philox::noise_key;
    use fearless_simd::Level;

    fn drawn(level: Level, key: [u32; 2], group: u64, arms: [[u32; 8]; 1]) -> [Row<1>; 4] {
        dispatch!(level, simd => normals::<_, 1>(simd, key, group, 3, 0, &arms).map(|normal| {
            let mut row = Row::ZERO;
            normal.store(&mut row);
            row
        }))
    }

    #[test]
    fn every_level_draws_the_same_bits_and_a_lane_knows_no_neighbours() {
        let key = noise_key(7, 0);
        let arms = [[0, 1, 2, 3, 4, 5, 6, 7]];
        for group in [0, 1, 12_345, u64::from(u32::MAX), 1 << 33] {
            let reference = drawn(Level::new(), key, group, arms);
            for (name, level) in levels() {
                assert_eq!(drawn(level, key, group, arms), reference, "{name}");
            }
            let alone = drawn(Level::new(), key, group, [[5; 8]]);
            for (alone, reference) in alone.iter().zip(&reference) {
                assert_eq!(alone.get(2), reference.get(5));
            }
        }
    }

    #[test]
    fn the_draws_are_box_mullers_of_philoxs_words() {
        let key = noise_key(1, 0);
        let words: [[u64; 8]; 4] = dispatch!(Level::new(), simd => {
            let counter = [9, 3, 0, 0].map(|word| u64x8::splat(simd, word));
            philox(simd, counter, key).map(|word| word.into())
        });
        let drawn = drawn(Level::new(), key, 9, [[0; 8]]);
        for pair in 0..2 {
            let uniform = (words[2 * pair][0] as f64 + 0.5) / 4_294_967_296.0;
            let word = words[2 * pair + 1][0];
            let turn = ((word & 0x7FFF_FFFF) as f64 + 0.5) / 2_147_483_648.0 - 0.5;
            let radius = libm::sqrt(-2.0 * libm::log(uniform));
            let (sine, cosine) = libm::sincos(std::f64::consts::PI * turn);
            let sign = if word >> 31 == 1 { -1.0 } else { 1.0 };
            approx::assert_relative_eq!(drawn[2 * pair].get(0), sign * radius * cosine, max_relative = 1e-9);
            approx::assert_relative_eq!(drawn[2 * pair + 1].get(0), radius * sine, max_relative = 1e-9);
        }
    }

    #[test]
    fn moments_tails_and_correlations_are_those_of_the_normal_distribution() {
        let (key, arms) = (noise_key(42, 0), [[0, 1, 2, 3, 4, 5, 6, 7]]);
        let mut sums = [0.0; 4];
        let (mut beyond_two, mut lagged, mut across) = (0.0, 0.0, 0.0);
        let groups = 60_000;
        let mut before = 0.0;
        for group in 0..groups {
            for row in drawn(Level::new(), key, group, arms) {
                for lane in 0..8 {
                    let x = row.get(lane);
                    [x, x * x, x * x * x, x * x * x * x].iter().zip(&mut sums).for_each(|(power, sum)| *sum += power);
                    beyond_two += f64::from(u8::from(x.abs() > 2.0));
                }
                lagged += row.get(0) * before;
                before = row.get(0);
                across += row.get(1) * row.get(2);
            }
        }
        let n = (groups * 32) as f64;
        let within = |measured: f64, expected: f64, variance: f64, count: f64| {
            let error = libm::sqrt(variance / count);
            assert!((measured - expected).abs() < 4.0 * error, "{measured} is not {expected} within 4 x {error}");
        };
        within(sums[0] / n, 0.0, 1.0, n);
        within(sums[1] / n, 1.0, 2.0, n);
        within(sums[2] / n, 0.0, 15.0, n);
        within(sums[3] / n, 3.0, 96.0, n);
        within(beyond_two / n, 0.045_500_263_896, 0.0434, n);
        within(lagged / (n / 8.0), 0.0, 1.0, n / 8.0);
        within(across / (n / 8.0), 0.0, 1.0, n / 8.0);
    }
}
