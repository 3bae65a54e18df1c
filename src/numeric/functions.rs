//! Elementary functions over lanes, from arithmetic alone, so that every SIMD level gives the same bits.
//!
//! Errors are stated in units in the last place (ulp) against a correctly rounded result.

use super::lanes::Lanes;
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u64x8};

const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1.5 x 2^52: adding it rounds to an integer, which then stands in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
const TWO_52: f64 = 4_503_599_627_370_496.0;
const TWO_54: f64 = 18_014_398_509_481_984.0;

/// 1/n! for n from 13 down to 2: the Taylor coefficients of exp, enough for |r| <= ln(2)/2.
const INVERSE_FACTORIALS: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
];

/// 2/(2n + 1) for n from 11 down to 1: the series of 2 atanh(s)/s, enough for |s| <= 0.172.
const ATANH_COEFFICIENTS: [f64; 11] = [
    2.0 / 23.0,
    2.0 / 21.0,
    2.0 / 19.0,
    2.0 / 17.0,
    2.0 / 15.0,
    2.0 / 13.0,
    2.0 / 11.0,
    2.0 / 9.0,
    2.0 / 7.0,
    2.0 / 5.0,
    2.0 / 3.0,
];

#[inline(always)]
fn polynomial<S: Simd, const G: usize>(simd: S, coefficients: &[f64], x: Lanes<S, G>) -> Lanes<S, G> {
    let mut sum = Lanes::splat(simd, coefficients[0]);
    for coefficient in &coefficients[1..] {
        sum = sum.mul_add(x, Lanes::splat(simd, *coefficient));
    }
    sum
}

/// Multiplies by 2^k, k the integer in the low bits of `rounded` (which is k + 1.5 x 2^52), in two steps so that results
/// may be subnormal or overflow to infinity.
#[inline(always)]
fn scale_by_power<S: Simd>(simd: S, value: f64x8<S>, rounded: f64x8<S>) -> f64x8<S> {
    let bits: u64x8<S> = rounded.to_bits();
    let biased = bits - u64x8::splat(simd, ROUNDER.to_bits().wrapping_sub(2048));
    let half = biased >> 1;
    let rest = biased - half;
    let power = |exponent: u64x8<S>| f64x8::from_bits((exponent - u64x8::splat(simd, 1)) << 52);
    value * power(half) * power(rest)
}

/// e^x; error below 1 ulp. Infinity above 709.78, 0 below -745.1.
#[inline(never)]
pub fn exp<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let (high, low) = (Lanes::splat(simd, 710.0), Lanes::splat(simd, -746.0));
            let x = x.min(high).max(low);
            let rounder = Lanes::splat(simd, ROUNDER);
            let rounded = x.mul_add(Lanes::splat(simd, std::f64::consts::LOG2_E), rounder);
            let count = rounded - rounder;
            let reduced = count.mul_add(Lanes::splat(simd, -LN_2_HIGH), x);
            let reduced = count.mul_add(Lanes::splat(simd, -LN_2_LOW), reduced);
            let tail = polynomial(simd, &INVERSE_FACTORIALS, reduced);
            let one = Lanes::splat(simd, 1.0);
            let mut value = (reduced * reduced).mul_add(tail, reduced) + one;
            for (value, rounded) in value.0.iter_mut().zip(rounded.0) {
                *value = scale_by_power(simd, *value, rounded);
            }
            value
        },
    )
}

/// e^x - 1 without loss of digits near 0; error below 2 ulp.
#[inline(never)]
pub fn exp_m1<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let near = (x * x).mul_add(polynomial(simd, &INVERSE_FACTORIALS, x), x);
            x.abs().lt(Lanes::splat(simd, 0.34)).select(near, exp(simd, x) - 1.0)
        },
    )
}

/// The natural logarithm; error below 1 ulp. -infinity at 0, NaN below.
#[inline(never)]
pub fn ln<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let zero = Lanes::splat(simd, 0.0);
            let one = Lanes::splat(simd, 1.0);
            let tiny = x.lt(Lanes::splat(simd, f64::MIN_POSITIVE));
            let scaled = tiny.select(x * TWO_54, x);
            let mut mantissa = scaled;
            let mut exponent = scaled;
            for (mantissa, exponent) in mantissa.0.iter_mut().zip(&mut exponent.0) {
                let bits: u64x8<S> = mantissa.to_bits();
                let biased = (bits >> 52) & u64x8::splat(simd, 0x7ff);
                // The integer in the low bits of 2^52, turned into a number by subtracting 2^52.
                *exponent = f64x8::from_bits(biased | u64x8::splat(simd, TWO_52.to_bits()));
                let fraction = bits & u64x8::splat(simd, 0x000f_ffff_ffff_ffff);
                *mantissa = f64x8::from_bits(fraction | u64x8::splat(simd, 1.0f64.to_bits()));
            }
            let shift = tiny.select(Lanes::splat(simd, TWO_52 + 1023.0 + 54.0), Lanes::splat(simd, TWO_52 + 1023.0));
            let upper = mantissa.gt(Lanes::splat(simd, std::f64::consts::SQRT_2));
            let mantissa = upper.select(mantissa * 0.5, mantissa);
            let exponent = exponent - shift + upper.select(one, zero);
            let part = mantissa - one;
            let s = part / (part + 2.0);
            let square = s * s;
            let series = square * polynomial(simd, &ATANH_COEFFICIENTS, square);
            let near = part - s * (part - series);
            let low = exponent.mul_add(Lanes::splat(simd, LN_2_LOW), near);
            let value = exponent.mul_add(Lanes::splat(simd, LN_2_HIGH), low);
            let value = x.eq(zero).select(Lanes::splat(simd, f64::NEG_INFINITY), value);
            let value = x.lt(zero).select(Lanes::splat(simd, f64::NAN), value);
            // Infinity and NaN stay what they are.
            x.is_finite().select(value, x.lt(zero).select(Lanes::splat(simd, f64::NAN), x))
        },
    )
}

/// ln(1 + x) without loss of digits near 0; error below 2 ulp for x above -0.5.
#[inline(never)]
pub fn ln_1p<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let one = Lanes::splat(simd, 1.0);
            let sum = one + x;
            // What rounding took from 1 + x is put back to first order.
            let lost = (x - (sum - one)) / sum;
            let value = ln(simd, sum) + lost;
            sum.is_finite().select(value, sum)
        },
    )
}

/// x^y for x of 0 or more. Relative error below 2e-16 (2 + |y ln x|); exact products for y of 1, 2 and 3; 0 for x of 0 and
/// positive y, 1 for y of 0.
#[inline(never)]
pub fn pow<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>, y: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let zero = Lanes::splat(simd, 0.0);
            let one = Lanes::splat(simd, 1.0);
            let logarithm = ln(simd, x);
            let product = y * logarithm;
            let lost = y.mul_add(logarithm, -product);
            let lost = lost.is_finite().select(lost, zero);
            let general = exp(simd, product);
            let general = general.is_finite().select(lost.mul_add(general, general), general);
            let general = x.eq(zero).and(y.gt(zero)).select(zero, general);
            let square = x * x;
            let value = y.eq(one).select(x, general);
            let value = y.eq(Lanes::splat(simd, 2.0)).select(square, value);
            let value = y.eq(Lanes::splat(simd, 3.0)).select(square * x, value);
            y.eq(zero).select(one, value)
        },
    )
}

/// 1/(1 + e^-x).
#[inline(never)]
pub fn logistic<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let one = Lanes::splat(simd, 1.0);
            one / (one + exp(simd, -x))
        },
    )
}

/// The hyperbolic tangent; error below 3 ulp.
#[inline(never)]
pub fn tanh<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            // Beyond 20 the result is 1 to the last bit.
            let size = x.abs().min(Lanes::splat(simd, 20.0));
            let grown = exp_m1(simd, size * 2.0);
            let value = grown / (grown + 2.0);
            x.lt(Lanes::splat(simd, 0.0)).select(-value, value)
        },
    )
}

/// ln(1 + e^x), without overflow.
#[inline(never)]
pub fn softplus<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || x.max(Lanes::splat(simd, 0.0)) + ln_1p(simd, exp(simd, -x.abs())),
    )
}

/// Below this, series take over from quotients that lose digits.
const SERIES_BELOW: f64 = 0.1;
/// Below this, `x/(1 - e^-x)` is 0 to a hundred digits, and e^-x is kept from overflowing.
const LOWEST_ARGUMENT: f64 = -300.0;

/// x/(1 - e^-x), 1 at 0.
#[inline(never)]
pub fn relative_exponential<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let x = x.max(Lanes::splat(simd, LOWEST_ARGUMENT));
            let quotient = -x / exp_m1(simd, -x);
            let square = x * x;
            let even = polynomial(simd, &[-1.0 / 1_209_600.0, 1.0 / 30_240.0, -1.0 / 720.0, 1.0 / 12.0, 1.0], square);
            x.abs().lt(Lanes::splat(simd, SERIES_BELOW)).select(x.mul_add(Lanes::splat(simd, 0.5), even), quotient)
        },
    )
}

/// The derivative of [`relative_exponential`].
#[inline(never)]
pub fn relative_exponential_slope<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let x = x.max(Lanes::splat(simd, LOWEST_ARGUMENT));
            let share = -exp_m1(simd, -x);
            let quotient = (share - x * exp(simd, -x)) / (share * share);
            let odd = polynomial(simd, &[-1.0 / 151_200.0, 1.0 / 5_040.0, -1.0 / 180.0, 1.0 / 6.0], x * x);
            let series = x.mul_add(odd, Lanes::splat(simd, 0.5));
            x.abs().lt(Lanes::splat(simd, SERIES_BELOW)).select(series, quotient)
        },
    )
}

/// x^n/(x^n + half^n), 0 for x of 0 or less.
#[inline(never)]
pub fn hill<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>, half: Lanes<S, G>, n: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let zero = Lanes::splat(simd, 0.0);
            let one = Lanes::splat(simd, 1.0);
            let positive = x.gt(zero);
            let ratio = half / positive.select(x, one);
            positive.select(one / (one + pow(simd, ratio, n)), zero)
        },
    )
}
