//! The error function over lanes, from arithmetic alone.

use super::functions::{exp, polynomial};
use super::lanes::Lanes;
use fearless_simd::Simd;

/// erf(x)/x as powers of x^2 for |x| <= 1, highest power first; error below 2e-19 (Chebyshev's nodes, in 50 digits).
const NEAR: [f64; 13] = [
    5.957_176_147_748_911e-11,
    -1.137_284_885_679_167_4e-9,
    1.465_977_527_404_743_6e-8,
    -1.635_031_270_105_469_5e-7,
    1.646_100_048_412_136_8e-6,
    -1.492_559_526_683_118_2e-5,
    1.205_533_111_164_271e-4,
    -8.548_326_980_833_79e-4,
    5.223_977_624_818_014_5e-3,
    -2.686_617_064_507_679_2e-2,
    1.128_379_167_095_487_9e-1,
    -3.761_263_890_318_375e-1,
    std::f64::consts::FRAC_2_SQRT_PI,
];
/// erfc(x) e^(x^2) as powers of (x - 3.75)/(x + 3.75) for x from 1 to 6, highest power first; relative error below 2e-17.
const FAR: [f64; 16] = [
    7.131_731_255_239_265e-7,
    6.208_144_801_289_063e-7,
    -6.300_262_984_335_928e-6,
    3.560_667_697_695_621e-6,
    4.791_073_148_897_52e-5,
    -1.524_571_833_273_292_7e-4,
    -2.553_544_894_584_604_6e-5,
    1.802_962_050_857_444_5e-3,
    -8.220_621_180_507_561e-3,
    2.414_322_398_346_800_7e-2,
    -5.480_232_669_388_165e-2,
    1.026_043_120_320_391_2e-1,
    -1.635_718_955_239_380_8e-1,
    2.260_080_669_166_224e-1,
    -2.734_219_314_954_264_3e-1,
    1.455_897_212_750_385_3e-1,
];
const CENTRE: f64 = 3.75;
/// From here on the result is 1 to the last bit.
const LARGEST: f64 = 6.0;

/// erf(x) = 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x; error below 2 ulp.
#[inline(never)]
pub fn erf<S: Simd, const G: usize>(simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let one = Lanes::splat(simd, 1.0);
            let size = x.abs().min(Lanes::splat(simd, LARGEST));
            let square = size * size;
            let near = size * polynomial(simd, &NEAR, square);
            let place = (size - CENTRE) / (size + CENTRE);
            let far = one - exp(simd, -square) * polynomial(simd, &FAR, place);
            let value = size.lt(one).select(near, far);
            x.lt(Lanes::splat(simd, 0.0)).select(-value, value)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accuracy::{at_all_levels, compare, expect};
    use crate::lanes::Row;

    #[test]
    fn it_is_as_exact_as_stated() {
        compare!(erf, libm::erf, -1.1, 1.1, 3);
        compare!(erf, libm::erf, -7.0, 7.0, 3);
        compare!(erf, libm::erf, -1e-3, 1e-3, 3);
        let (infinity, nan) = (f64::INFINITY, f64::NAN);
        let special = Row([[0.0, -0.0, infinity, -infinity, nan, 1e300, -1e300, 1.0]]);
        expect(at_all_levels!(erf, special), [0.0, 0.0, 1.0, -1.0, nan, 1.0, -1.0, libm::erf(1.0)]);
    }
}
