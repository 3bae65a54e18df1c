//! Elementary functions over lanes, from arithmetic alone, so that every SIMD level gives the same bits.
//!
//! Errors are stated in units in the last place (ulp) against a correctly rounded result.

use super::instructions::{has_many_registers, in_turns, sixteenths};
use super::lanes::Lanes;
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u64x8};

const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1.5 x 2^52: adding it rounds to an integer, which then stands in the low bits.
pub(super) const ROUNDER: f64 = 6_755_399_441_055_744.0;
pub(super) const TWO_52: f64 = 4_503_599_627_370_496.0;
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

/// (2^r - 1)/r for |r| <= 1/32 as a polynomial of degree 5, with which 2^r has a relative error of 1.5e-17 (Chebyshev's
/// nodes, in 50 digits).
const POWER_OF_TWO: [f64; 6] = [
    1.540_372_398_074_925_6e-4,
    1.333_378_157_678_426_8e-3,
    9.618_129_106_919_537e-3,
    5.550_410_865_663_93e-2,
    2.402_265_069_591_007_5e-1,
    6.931_471_805_599_457e-1,
];
/// 1.5 x 2^48: adding it rounds to a sixteenth, the number of which then stands in the low bits.
const SIXTEENTHS: f64 = ROUNDER / 16.0;
/// Beyond this size, 2^x is of no consequence beside 1, nor 1 beside it.
pub const LARGEST_POWER: f64 = 1_000.0;

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
pub(super) fn polynomial<S: Simd, const G: usize>(simd: S, coefficients: &[f64], x: Lanes<S, G>) -> Lanes<S, G> {
    let mut sum = Lanes::splat(simd, coefficients[0]);
    for coefficient in &coefficients[1..] {
        sum = sum.mul_add(x, Lanes::splat(simd, *coefficient));
    }
    sum
}

/// The same, for innermost loops.
#[inline(always)]
fn polynomial_in_turns<S: Simd, const G: usize>(simd: S, coefficients: &[f64], x: Lanes<S, G>) -> Lanes<S, G> {
    if G == 1 {
        return polynomial(simd, coefficients, x);
    }
    let Some((first, rest)) = in_turns(simd, coefficients) else { return Lanes::splat(simd, 0.0) };
    let mut sum = Lanes::splat(simd, *first);
    for coefficient in rest {
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

/// e^x - 1 without loss of digits near 0; error below 3 ulp.
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

/// 1/ln(10) in two parts.
const LOG_10_OF_E: [f64; 2] = [std::f64::consts::LOG10_E, 1.098_319_650_216_765e-17];

/// The logarithm to base 10; error below 2 ulp. -infinity at 0, NaN below.
#[inline(never)]
pub fn log10<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let natural = ln(simd, x);
            let [high, low] = LOG_10_OF_E.map(|part| Lanes::splat(simd, part));
            natural.mul_add(high, natural * low)
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

/// 1 + 2^x, error below 2 ulp. x is taken to lie within +-[`LARGEST_POWER`], and a NaN to be any number there: who calls this
/// in the innermost loop, where it is inlined, has the NaN in its own state too.
#[inline(always)]
pub fn one_and_power_of_two<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    one_and_bounded_power_of_two(simd, x.within(LARGEST_POWER))
}

/// The same bits for an x that lies within +-[`LARGEST_POWER`] in every lane, and nothing of use for another.
///
/// x is split into a whole number, sixteenths and a rest: 2^(sixteenths) comes from a table of sixteen, which fits into two
/// registers of AVX-512, so that a short polynomial does for the rest.
#[inline(always)]
pub fn one_and_bounded_power_of_two<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    if G > 1 && !has_many_registers(simd) {
        let mut sums = x;
        for vector in &mut sums.0 {
            let Lanes([sum]) = one_and_bounded_power_of_two(simd, Lanes([*vector]));
            *vector = sum;
        }
        return sums;
    }
    let rounder = Lanes::splat(simd, SIXTEENTHS);
    let rounded = x + rounder;
    let rest = x - (rounded - rounder);
    let mut coarse = rounded;
    for coarse in &mut coarse.0 {
        let count: u64x8<S> = coarse.to_bits();
        // The whole number is added to the exponent, which cannot leave its range.
        *coarse = f64x8::from_bits(sixteenths(simd, count) + (count << 48));
    }
    // The 1 is added to the coarse part, which is there long before the polynomial.
    polynomial_in_turns(simd, &POWER_OF_TWO, rest).mul_add(rest * coarse, coarse + 1.0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::{at_all_levels, compare, expect, rows};
    use crate::lanes::Row;

    // The references are themselves within 1 ulp, so each bound is one more than the function's own.

    #[test]
    fn exponentials_and_logarithms_are_as_exact_as_stated() {
        compare!(exp, libm::exp, -1.0, 1.0, 1);
        compare!(exp, libm::exp, -745.0, 709.7, 1);
        compare!(exp_m1, libm::expm1, -0.4, 0.4, 4);
        compare!(exp_m1, libm::expm1, -40.0, 40.0, 4);
        compare!(ln, libm::log, 0.5, 2.0, 1);
        compare!(ln, libm::log, 1e-310, 1e-300, 1);
        compare!(ln, libm::log, 0.0, 1e300, 1);
        compare!(log10, libm::log10, 0.5, 2.0, 3);
        compare!(log10, libm::log10, 0.0, 1e300, 3);
        compare!(ln_1p, libm::log1p, -0.49, 1e-3, 3);
        compare!(ln_1p, libm::log1p, 0.0, 50.0, 3);
        compare!(tanh, libm::tanh, -3.0, 3.0, 4);
        compare!(tanh, libm::tanh, -1e-3, 1e-3, 4);
        let one_and_power = |x: f64| 1.0 + libm::exp2(x);
        compare!(one_and_power_of_two, one_and_power, -1.0, 1.0, 2);
        compare!(one_and_power_of_two, one_and_power, -999.0, 999.0, 2);
    }

    #[test]
    fn composed_functions_agree_with_their_definitions() {
        compare!(logistic, |x: f64| 1.0 / (1.0 + libm::exp(-x)), -30.0, 30.0, 3);
        compare!(
            softplus,
            |x: f64| if x > 0.0 { x + libm::log1p(libm::exp(-x)) } else { libm::log1p(libm::exp(x)) },
            -30.0,
            30.0,
            4
        );
        let quotient = |x: f64| if x == 0.0 { 1.0 } else { x / -libm::expm1(-x) };
        compare!(relative_exponential, quotient, -50.0, 50.0, 4);
        compare!(relative_exponential, quotient, -0.2, 0.2, 4);
        // The derivative against a quotient of differences, whose own error is near 1e-10.
        for row in rows(-5.0, 5.0, 200) {
            let slopes = at_all_levels!(relative_exponential_slope, row);
            for lane in 0..8 {
                let (x, step) = (row.get(lane), 1e-4);
                let difference = (8.0 * (quotient(x + step) - quotient(x - step))
                    - (quotient(x + 2.0 * step) - quotient(x - 2.0 * step)))
                    / (12.0 * step);
                approx::assert_abs_diff_eq!(slopes.get(lane), difference, epsilon = 1e-10);
            }
        }
    }

    #[test]
    fn powers_and_hill_functions() {
        for x in rows(0.0, 40.0, 500) {
            for y in [-2.5, -1.0, 0.0, 0.5, 1.0, 1.7, 2.0, 2.5, 3.0, 8.0] {
                let exponent = Row::splat(y);
                let powers = at_all_levels!(pow, x, exponent);
                let half = Row::splat(7.0);
                // Shares are asked for with positive exponents.
                let exponent = Row::splat(y.abs().max(0.5));
                let shares = at_all_levels!(hill, x, half, exponent);
                for lane in 0..8 {
                    let expected = libm::pow(x.get(lane), y);
                    let bound = 2.5e-16 * (2.0 + (y * libm::log(x.get(lane))).abs());
                    approx::assert_relative_eq!(powers.get(lane), expected, max_relative = bound);
                    let occupied = libm::pow(x.get(lane), exponent.get(lane));
                    let share = occupied / (occupied + libm::pow(7.0, exponent.get(lane)));
                    approx::assert_relative_eq!(shares.get(lane), share, max_relative = 1e-14);
                }
            }
        }
        let exact = Row::splat(1.1);
        assert_eq!(at_all_levels!(pow, exact, Row::splat(2.0)), Row::splat(1.1 * 1.1));
        assert_eq!(at_all_levels!(pow, exact, Row::splat(3.0)), Row::splat(1.1 * 1.1 * 1.1));
    }

    #[test]
    fn special_values_are_those_of_ieee() {
        let (infinity, nan) = (f64::INFINITY, f64::NAN);
        let special = Row([[0.0, -0.0, infinity, -infinity, nan, 1.0, -1.0, 5e-324]]);
        let e = std::f64::consts::E;
        expect(at_all_levels!(exp, special), [1.0, 1.0, infinity, 0.0, nan, e, 1.0 / e, 1.0]);
        expect(at_all_levels!(ln, special), [-infinity, -infinity, infinity, nan, nan, 0.0, nan, libm::log(5e-324)]);
        expect(
            at_all_levels!(log10, special),
            [-infinity, -infinity, infinity, nan, nan, 0.0, nan, libm::log10(5e-324)],
        );
        expect(
            at_all_levels!(logistic, special),
            [0.5, 0.5, 1.0, 0.0, nan, 1.0 / (1.0 + 1.0 / e), 1.0 / (1.0 + e), 0.5],
        );
        let tanh_one = libm::tanh(1.0);
        expect(at_all_levels!(tanh, special), [0.0, 0.0, 1.0, -1.0, nan, tanh_one, -tanh_one, 5e-324]);
        let two = Row::splat(2.5);
        expect(at_all_levels!(pow, special, two), [0.0, 0.0, infinity, nan, nan, 1.0, nan, 0.0]);
        let (half, slope) = (Row::splat(1.0), Row::splat(1.5));
        expect(at_all_levels!(hill, special, half, slope), [0.0, 0.0, 1.0, 0.0, 0.0, 0.5, 0.0, 0.0]);
    }
}
