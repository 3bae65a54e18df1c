//! Normal numbers from a counter, by the method of Box and Muller (1958, doi:10.1214/aoms/1177706645), over lanes.
//!
//! One call to [`philox`] gives four words, and they four normals, for four steps that follow one another. They are
//! computed in single precision, sixteen at once: 24 bits are far below what any number of draws could resolve, and the
//! radius, from 31 bits, reaches 6.66. Only additions, products and roots are used, so that every level gives the same
//! bits.

use super::instructions::in_turns;
use super::lanes::{WIDTH, lacks_fused_multiply_add};
use super::philox::{hash, philox};
use fearless_simd::prelude::*;
use fearless_simd::{f32x16, f64x8, i32x16, u64x8};

/// ln(1 + t)/t for t from sqrt(1/2) - 1 to sqrt(2) - 1, highest power first; relative error below 3e-8 (Chebyshev).
const LOGARITHM: [[f32; 1]; 9] = [
    [0.085_333_13],
    [-0.142_692_58],
    [0.149_774_01],
    [-0.165_779_93],
    [0.199_559_33],
    [-0.250_013_52],
    [0.333_341_94],
    [-0.499_999_96],
    [0.999_999_97],
];
/// sin(pi x)/x and cos(pi x) as powers of x^2, for |x| <= 1/2; relative error below 7e-9, and error below 5e-8.
const SINE_AND_COSINE: [[f32; 2]; 5] = [
    [0.077_655_91, 0.219_682_42],
    [-0.598_290_4, -1.331_873],
    [2.550_077_4, 4.058_410_8],
    [-5.167_71, -4.934_792_8],
    [std::f32::consts::PI, 0.999_999_95],
];
/// The bits of sqrt(1/2).
const ROOT_HALF: i32 = 0x3F35_04F3;
/// What the exponent of a number grows by from single to double precision.
const EXPONENT_BIAS: u64 = (1023 - 127) << 52;

/// No normal is larger than this: the radius comes from 31 bits.
pub const LARGEST_NORMAL: f64 = 6.7;

/// What eight lanes of a noisy variable draw from.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    /// The variable's number.
    pub variable: u32,
    /// What tells each lane's noise from that of others; see [`identity`].
    pub identities: [u64; WIDTH],
}

/// What tells the noise of a lane from that of others with the same seed: the stream (0 where points share noise), the
/// replicate and the arm (0 where arms share noise).
pub fn identity(stream: u64, replicate: u32, arm: u32) -> u64 {
    let own = u64::from(arm) << 32 | u64::from(replicate);
    if stream == 0 { own } else { hash(stream, own) }
}

/// Unit normals of `N` streams for the four steps of a group: entry `[i][j]` is that of stream `i` in step `j`. Equal
/// arguments give equal numbers: the counter is the group's number (32 bits), the variable, and the lane's identity.
#[inline(always)]
pub fn normals<S: Simd, const N: usize>(
    simd: S,
    key: [u32; 2],
    group: u64,
    streams: &[Stream; N],
) -> [[f64x8<S>; 4]; N] {
    // More groups than 2^32 spill into the variable's upper half: 2^34 steps of 0.25 ms are 50 days.
    let spilled = group >> 32 << 16;
    let zero = u64x8::splat(simd, 0);
    let mut counters = [[zero; 4]; N];
    for (counter, stream) in counters.iter_mut().zip(streams) {
        *counter = [
            u64x8::splat(simd, group & 0xFFFF_FFFF),
            u64x8::splat(simd, (u64::from(stream.variable) ^ spilled) & 0xFFFF_FFFF),
            u64x8::from_slice(simd, &stream.identities.map(|identity| identity & 0xFFFF_FFFF)),
            u64x8::from_slice(simd, &stream.identities.map(|identity| identity >> 32)),
        ];
    }
    let words = philox(simd, counters, key);
    let mut pairs = [[zero; 2]; N];
    for (pair, [one, two, three, four]) in pairs.iter_mut().zip(words) {
        *pair = [one | (three << 32), two | (four << 32)];
    }
    let mut normals = [[f64x8::splat(simd, 0.0); 4]; N];
    for (normals, [cosines, sines]) in normals.iter_mut().zip(box_muller(simd, pairs)) {
        *normals =
            [widened(simd, cosines), widened(simd, sines), widened(simd, cosines >> 32), widened(simd, sines >> 32)];
    }
    normals
}

/// `one * factor + term`, rounded once.
#[inline(always)]
fn fused<S: Simd>(one: f32x16<S>, factor: f32x16<S>, term: f32x16<S>) -> f32x16<S> {
    if const { lacks_fused_multiply_add::<S>() } {
        return fused_one_by_one(one.simd, one.into(), factor.into(), term.into());
    }
    one.mul_add_precise(factor, term)
}

/// The same bits, without the instruction. Not inlined: in vectors, the emulation would fill the program.
#[inline(never)]
fn fused_one_by_one<S: Simd>(simd: S, one: [f32; 16], factor: [f32; 16], term: [f32; 16]) -> f32x16<S> {
    let fused: [f32; 16] = std::array::from_fn(|lane| libm::fmaf(one[lane], factor[lane], term[lane]));
    f32x16::from_slice(simd, &fused)
}

/// Some polynomials of the same degree, whose coefficients of each power stand together, highest power first.
#[inline(always)]
fn polynomials<S: Simd, const M: usize, const N: usize>(
    simd: S,
    coefficients: &[[f32; M]],
    x: [f32x16<S>; N],
) -> [[f32x16<S>; N]; M] {
    let zero = [[f32x16::splat(simd, 0.0); N]; M];
    let Some((first, rest)) = in_turns(simd, coefficients) else { return zero };
    let mut sums = first.map(|coefficient| [f32x16::splat(simd, coefficient); N]);
    for coefficients in rest {
        for (sums, coefficient) in sums.iter_mut().zip(coefficients) {
            let coefficient = f32x16::splat(simd, *coefficient);
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum = fused(*sum, x, coefficient);
            }
        }
    }
    sums
}

/// Two normals in single precision from each pair of 32-bit words, two pairs to a lane.
#[inline(always)]
fn box_muller<S: Simd, const N: usize>(simd: S, words: [[u64x8<S>; 2]; N]) -> [[u64x8<S>; 2]; N] {
    let positive = i32x16::splat(simd, i32::MAX);
    let constant = |number| f32x16::splat(simd, number);
    let as_number = constant(1.0 / 2_147_483_648.0);
    let (mut uniform, mut turn, mut square) = ([as_number; N], [as_number; N], [as_number; N]);
    for (index, [one, other]) in words.into_iter().enumerate() {
        let (one, other): (i32x16<S>, i32x16<S>) = (one.bitcast(), other.bitcast());
        uniform[index] = fused((one & positive).to_float(), as_number, as_number * 0.5);
        // The angle from -pi/2 to pi/2 comes from 31 bits; the last bit is the sign of the cosine.
        turn[index] = fused((other & positive).to_float(), as_number, constant(-0.5));
        square[index] = turn[index] * turn[index];
    }
    let logarithm = log_of_uniform(simd, uniform);
    let [sine, cosine] = polynomials(simd, &SINE_AND_COSINE, square);
    let mut normals = words;
    for (index, [first, second]) in normals.iter_mut().enumerate() {
        let radius = (logarithm[index] * -2.0).sqrt();
        let other: i32x16<S> = second.bitcast();
        let sign = other & i32x16::splat(simd, i32::MIN);
        let unsigned: i32x16<S> = (cosine[index] * radius).bitcast();
        *first = (unsigned ^ sign).bitcast();
        *second = (turn[index] * sine[index] * radius).bitcast();
    }
    normals
}

/// ln u for u above 0, up to 1.
#[inline(always)]
fn log_of_uniform<S: Simd, const N: usize>(simd: S, uniform: [f32x16<S>; N]) -> [f32x16<S>; N] {
    let zero = f32x16::splat(simd, 0.0);
    let (mut part, mut power) = ([zero; N], [zero; N]);
    for (index, uniform) in uniform.into_iter().enumerate() {
        let bits: i32x16<S> = uniform.bitcast();
        // The power of two that leaves a number from sqrt(1/2) to sqrt(2).
        let exponent = (bits - i32x16::splat(simd, ROOT_HALF)) >> 23;
        let rest: f32x16<S> = (bits - (exponent << 23)).bitcast();
        part[index] = rest - 1.0;
        power[index] = exponent.to_float::<f32x16<S>>() * std::f32::consts::LN_2;
    }
    let [mut logarithm] = polynomials(simd, &LOGARITHM, part);
    for (index, value) in logarithm.iter_mut().enumerate() {
        *value = fused(part[index], *value, power[index]);
    }
    logarithm
}

/// The single-precision number in the low half of each lane, in double precision; a zero becomes 2^-127.
#[inline(always)]
fn widened<S: Simd>(simd: S, single: u64x8<S>) -> f64x8<S> {
    let sign = (single & u64x8::splat(simd, 1 << 31)) << 32;
    let magnitude = (single & u64x8::splat(simd, (1 << 31) - 1)) << 29;
    f64x8::from_bits((magnitude + u64x8::splat(simd, EXPONENT_BIAS)) | sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{Row, dispatch, tokens};
    use crate::philox::noise_key;
    use fearless_simd::Level;

    fn drawn(level: Level, key: [u32; 2], group: u64, arms: [u32; 8]) -> [Row<1>; 4] {
        let stream = Stream { variable: 3, identities: arms.map(|arm| identity(0, 0, arm)) };
        dispatch!(level, simd => {
            let [normals] = normals(simd, key, group, &[stream]);
            normals.map(|normal| Row([normal.into()]))
        })
    }

    #[test]
    fn every_level_draws_the_same_bits_and_a_lane_knows_no_neighbours() {
        let key = noise_key(7, 0);
        let arms = [0, 1, 2, 3, 4, 5, 6, 7];
        for group in [0, 1, 12_345, u64::from(u32::MAX), 1 << 33] {
            let reference = drawn(Level::new(), key, group, arms);
            for (name, level) in tokens() {
                assert_eq!(drawn(level, key, group, arms), reference, "{name}");
            }
            let alone = drawn(Level::new(), key, group, [5; 8]);
            for (alone, reference) in alone.iter().zip(&reference) {
                assert_eq!(alone.get(2), reference.get(5));
            }
        }
    }

    #[test]
    fn identities_of_streams_replicates_and_arms_differ() {
        let mut all: Vec<u64> = Vec::new();
        for stream in [0, 1, 2, 77] {
            for replicate in 0..4 {
                all.extend((0..4).map(|arm| identity(stream, replicate, arm)));
            }
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 64);
    }

    #[test]
    fn the_draws_are_box_mullers_of_philoxs_words() {
        let key = noise_key(1, 0);
        for group in 0..2_000 {
            let words: [[u64; 8]; 4] = dispatch!(Level::new(), simd => {
                let counter = [group, 3, 0, 0].map(|word| u64x8::splat(simd, word));
                let [words] = philox(simd, [counter], key);
                words.map(|word| word.into())
            });
            let drawn = drawn(Level::new(), key, group, [0; 8]);
            for pair in 0..2 {
                let uniform = ((words[2 * pair][0] & 0x7FFF_FFFF) as f64 + 0.5) / 2_147_483_648.0;
                let word = words[2 * pair + 1][0];
                let turn = (word & 0x7FFF_FFFF) as f64 / 2_147_483_648.0 - 0.5;
                let radius = libm::sqrt(-2.0 * libm::log(uniform));
                let (sine, cosine) = libm::sincos(std::f64::consts::PI * turn);
                let sign = if word >> 31 == 1 { -1.0 } else { 1.0 };
                approx::assert_abs_diff_eq!(drawn[2 * pair].get(0), sign * radius * cosine, epsilon = 1e-6);
                approx::assert_abs_diff_eq!(drawn[2 * pair + 1].get(0), radius * sine, epsilon = 1e-6);
            }
        }
    }

    #[test]
    fn the_largest_normals_come_from_words_of_zero() {
        for second in [0, u64::from(u32::MAX), 1 << 30] {
            let drawn: [[u64; 8]; 2] = dispatch!(Level::new(), simd => {
                let [normals] = box_muller(simd, [[u64x8::splat(simd, 0), u64x8::splat(simd, second)]]);
                normals.map(|normal| normal.into())
            });
            let sizes = drawn.map(|[word, ..]| f64::from(f32::from_bits(word as u32).abs()));
            assert!(sizes.iter().all(|size| *size < LARGEST_NORMAL), "{sizes:?}");
            assert!(sizes.iter().any(|size| *size > 6.6), "{sizes:?}");
        }
    }

    #[test]
    fn moments_tails_and_correlations_are_those_of_the_normal_distribution() {
        let (key, arms) = (noise_key(42, 0), [0, 1, 2, 3, 4, 5, 6, 7]);
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
