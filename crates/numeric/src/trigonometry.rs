//! Circular and hyperbolic functions over lanes, from arithmetic alone, so that every SIMD level gives the same bits.
//!
//! Errors are stated in units in the last place (ulp) against a correctly rounded result.

use super::functions::{ROUNDER, TWO_52, exp, exp_m1, polynomial};
use super::lanes::Lanes;
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u64x8};

/// pi/2 in three parts (Cody & Waite 1980, Software Manual for the Elementary Functions). With fused multiplication the first
/// is taken away without any rounding, so that the parts serve arguments of any size below [`LARGEST_ANGLE`].
const HALF_PI: [f64; 3] = [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17, -1.497_384_904_859_169_8e-33];
/// From here on neighbouring numbers lie about an eighth apart, and there is no sine worth the name.
const LARGEST_ANGLE: f64 = 1_125_899_906_842_624.0;

/// (-1)^n/(2n + 1)! for n from 8 down to 1: the series of sin, enough for pi/4.
const SINE: [f64; 8] = [
    1.0 / 355_687_428_096_000.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 39_916_800.0,
    1.0 / 362_880.0,
    -1.0 / 5_040.0,
    1.0 / 120.0,
    -1.0 / 6.0,
];
/// (-1)^n/(2n)! for n from 9 down to 1: that of cos.
const COSINE: [f64; 9] = [
    -1.0 / 6_402_373_705_728_000.0,
    1.0 / 20_922_789_888_000.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 479_001_600.0,
    -1.0 / 3_628_800.0,
    1.0 / 40_320.0,
    -1.0 / 720.0,
    1.0 / 24.0,
    -0.5,
];
/// (atan(t)/t - 1)/t^2 as powers of t^2 for |t| <= tan(pi/8), highest power first; error below 1e-16 (Chebyshev's nodes, in 50
/// digits).
const ARC_TANGENT: [f64; 11] = [
    -0.019_175_404_711_104_935,
    0.039_230_447_784_793_09,
    -0.050_854_078_345_894_844,
    0.058_581_409_048_663_28,
    -0.066_645_105_255_089_36,
    0.076_921_831_253_768_92,
    -0.090_909_045_753_064_9,
    0.111_111_110_151_870_18,
    -0.142_857_142_846_656_82,
    0.199_999_999_999_955_16,
    -0.333_333_333_333_333_3,
];
/// tan(pi/8) and tan(3 pi/8).
const EIGHTHS: [f64; 2] = [0.414_213_562_373_095_03, 2.414_213_562_373_095];
/// Beyond this, e^-x is nothing beside e^x.
const LARGE: f64 = 20.0;

/// An angle within pi/4 of a multiple of pi/2: its sine, its cosine, and the number of that multiple in the low bits.
#[inline(always)]
fn within_an_eighth<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> [Lanes<S, G>; 3] {
    let x = x.abs().lt(Lanes::splat(simd, LARGEST_ANGLE)).select(x, Lanes::splat(simd, f64::NAN));
    let rounder = Lanes::splat(simd, ROUNDER);
    let rounded = x.mul_add(Lanes::splat(simd, std::f64::consts::FRAC_2_PI), rounder);
    let turns = rounded - rounder;
    let mut rest = x;
    for part in HALF_PI {
        rest = turns.mul_add(Lanes::splat(simd, -part), rest);
    }
    let square = rest * rest;
    let sine = (rest * square).mul_add(polynomial(simd, &SINE, square), rest);
    let cosine = square.mul_add(polynomial(simd, &COSINE, square), Lanes::splat(simd, 1.0));
    [sine, cosine, rounded]
}

/// Where the lowest bit is set.
#[inline(always)]
fn odd<S: Simd, const G: usize>(simd: S, count: Lanes<S, G>) -> super::lanes::Mask<S, G> {
    let mut lowest = count;
    for vector in &mut lowest.0 {
        let bits: u64x8<S> = vector.to_bits();
        *vector = f64x8::from_bits((bits & u64x8::splat(simd, 1)) | u64x8::splat(simd, TWO_52.to_bits()));
    }
    lowest.gt(Lanes::splat(simd, TWO_52))
}

/// The sine of an angle that lies some quarters of a turn ahead of x.
#[inline(always)]
fn sine_ahead<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>, quarters: u64) -> Lanes<S, G> {
    let [sine, cosine, mut count] = within_an_eighth(simd, x);
    for vector in &mut count.0 {
        let bits: u64x8<S> = vector.to_bits();
        *vector = f64x8::from_bits(bits + u64x8::splat(simd, quarters));
    }
    let mut value = odd(simd, count).select(cosine, sine);
    // In the second half of a turn the sign is the other one.
    for (vector, count) in value.0.iter_mut().zip(count.0) {
        let (bits, count): (u64x8<S>, u64x8<S>) = (vector.to_bits(), count.to_bits());
        *vector = f64x8::from_bits(bits ^ ((count & u64x8::splat(simd, 2)) << 62));
    }
    value
}

/// The sine of an angle in radians; error below 2 ulp. NaN from 2^50 on.
#[inline(never)]
pub fn sin<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || sine_ahead(simd, x, 0),
    )
}

/// The cosine of an angle in radians; error below 2 ulp. NaN from 2^50 on.
#[inline(never)]
pub fn cos<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || sine_ahead(simd, x, 1),
    )
}

/// The tangent of an angle in radians; error below 4 ulp. NaN from 2^50 on.
#[inline(never)]
pub fn tan<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let [sine, cosine, count] = within_an_eighth(simd, x);
            odd(simd, count).select(-cosine / sine, sine / cosine)
        },
    )
}

/// The angle from -pi/2 to pi/2 whose tangent is x; error below 3 ulp.
#[inline(never)]
pub fn atan<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let [zero, one] = [0.0, 1.0].map(|number| Lanes::splat(simd, number));
            let size = x.abs();
            let [above_one_eighth, above_three] = EIGHTHS.map(|tangent| size.gt(Lanes::splat(simd, tangent)));
            let turned = above_one_eighth.select((size - one) / (size + one), size);
            let turned = above_three.select(-one / size, turned);
            let square = turned * turned;
            let near = (turned * square).mul_add(polynomial(simd, &ARC_TANGENT, square), turned);
            // What the tangent was turned by, in two parts.
            let eighths = above_three.select(Lanes::splat(simd, 2.0), above_one_eighth.select(one, zero));
            let low = eighths.mul_add(Lanes::splat(simd, 0.5 * HALF_PI[1]), near);
            let value = eighths.mul_add(Lanes::splat(simd, 0.5 * HALF_PI[0]), low);
            x.lt(zero).select(-value, value)
        },
    )
}

/// e^|x|/2 where e^-|x| is nothing beside it: by a square, so that it overflows no sooner than it must.
#[inline(always)]
fn half_of_a_large_exponential<S: Simd, const G: usize>(simd: S, size: Lanes<S, G>) -> Lanes<S, G> {
    let root = exp(simd, size * 0.5);
    root * 0.5 * root
}

/// The hyperbolic sine; error below 5 ulp.
#[inline(never)]
pub fn sinh<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let (zero, large) = (Lanes::splat(simd, 0.0), Lanes::splat(simd, LARGE));
            let size = x.abs();
            let grown = exp_m1(simd, size.min(large));
            let small = (grown + grown / (grown + 1.0)) * 0.5;
            let value = size.gt(large).select(half_of_a_large_exponential(simd, size), small);
            x.lt(zero).select(-value, value)
        },
    )
}

/// The hyperbolic cosine; error below 4 ulp.
#[inline(never)]
pub fn cosh<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let (half, large) = (Lanes::splat(simd, 0.5), Lanes::splat(simd, LARGE));
            let size = x.abs();
            let grown = exp(simd, size.min(large));
            let small = grown * 0.5 + half / grown;
            size.gt(large).select(half_of_a_large_exponential(simd, size), small)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::{at_all_levels, compare, expect};
    use crate::lanes::Row;

    #[test]
    fn circular_functions_are_as_exact_as_stated() {
        for (from, to) in [(-0.8, 0.8), (-7.0, 7.0), (-1e-3, 1e-3), (-1e5, 1e5), (-1e15, 1e15)] {
            compare!(sin, libm::sin, from, to, 2);
            compare!(cos, libm::cos, from, to, 2);
            compare!(tan, libm::tan, from, to, 4);
        }
        compare!(atan, libm::atan, -3.0, 3.0, 3);
        compare!(atan, libm::atan, -1e-3, 1e-3, 3);
        compare!(atan, libm::atan, -1e9, 1e9, 3);
    }

    #[test]
    fn sines_are_exact_close_to_their_zeros() {
        // Multiples of pi, of which a double is never one: what is left is the error of the double.
        for count in [1.0, 2.0, 7.0, 355.0, 1e6, 123_456_789.0] {
            let multiple = count * std::f64::consts::PI;
            let values = at_all_levels!(sin, Row::splat(multiple));
            approx::assert_relative_eq!(values.get(0), libm::sin(multiple), max_relative = 1e-15);
            let values = at_all_levels!(cos, Row::splat(multiple + std::f64::consts::FRAC_PI_2));
            let expected = libm::cos(multiple + std::f64::consts::FRAC_PI_2);
            approx::assert_relative_eq!(values.get(0), expected, max_relative = 1e-15);
        }
    }

    #[test]
    fn hyperbolic_functions_are_as_exact_as_stated() {
        for (from, to) in [(-0.3, 0.3), (-3.0, 3.0), (-30.0, 30.0), (-709.0, 710.4)] {
            compare!(sinh, libm::sinh, from, to, 6);
            compare!(cosh, libm::cosh, from, to, 5);
        }
    }

    #[test]
    fn special_values_are_those_of_ieee() {
        let (infinity, nan, half) = (f64::INFINITY, f64::NAN, std::f64::consts::FRAC_PI_2);
        let special = Row([[0.0, -0.0, infinity, -infinity, nan, 1e300, -1e300, 5e-324]]);
        expect(at_all_levels!(sin, special), [0.0, 0.0, nan, nan, nan, nan, nan, 5e-324]);
        expect(at_all_levels!(cos, special), [1.0, 1.0, nan, nan, nan, nan, nan, 1.0]);
        expect(at_all_levels!(tan, special), [0.0, 0.0, nan, nan, nan, nan, nan, 5e-324]);
        expect(at_all_levels!(atan, special), [0.0, 0.0, half, -half, nan, half, -half, 5e-324]);
        expect(at_all_levels!(sinh, special), [0.0, 0.0, infinity, -infinity, nan, infinity, -infinity, 5e-324]);
        expect(at_all_levels!(cosh, special), [1.0, 1.0, infinity, infinity, nan, infinity, infinity, 1.0]);
    }
}
