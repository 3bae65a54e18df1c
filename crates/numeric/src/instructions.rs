//! Operations of the innermost loop for which AVX-512 has one instruction and other tokens need several, to the same bits.

use super::lanes::WIDTH;
#[cfg(target_arch = "x86_64")]
use fearless_simd::Avx512;
use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u64x8};
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_mm512_permutex2var_epi64, _mm512_range_pd};
use std::hint::black_box;

/// Bits of 2^(j/16), correctly rounded, less `j << 48`: adding the bits of a number `16 k + j`, shifted by 48, gives those of
/// 2^(k + j/16).
const ENTRIES: [u64; 16] = {
    let mut entries: [u64; 16] = [
        0x3FF0_0000_0000_0000,
        0x3FF0_B558_6CF9_890F,
        0x3FF1_72B8_3C7D_517B,
        0x3FF2_387A_6E75_6238,
        0x3FF3_06FE_0A31_B715,
        0x3FF3_DEA6_4C12_3422,
        0x3FF4_BFDA_D536_2A27,
        0x3FF5_AB07_DD48_5429,
        0x3FF6_A09E_667F_3BCD,
        0x3FF7_A114_73EB_0187,
        0x3FF8_ACE5_422A_A0DB,
        0x3FF9_C491_82A3_F090,
        0x3FFA_E89F_995A_D3AD,
        0x3FFC_199B_DD85_529C,
        0x3FFD_5818_DCFB_A487,
        0x3FFE_A4AF_A2A4_90DA,
    ];
    let mut index = 0;
    while index < entries.len() {
        entries[index] -= (index as u64) << 48;
        index += 1;
    }
    entries
};

/// The entry that the four lowest bits of each lane number.
#[inline(always)]
pub fn sixteenths<S: Simd>(simd: S, numbers: u64x8<S>) -> u64x8<S> {
    let numbers: [u64; WIDTH] = numbers.into();
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = simd.level().as_avx512() {
        let entries: [u64; WIDTH] = selected(avx512, u64x8::from_slice(avx512, &numbers)).into();
        return u64x8::from_slice(simd, &entries);
    }
    let entries: [u64; WIDTH] = std::array::from_fn(
        #[inline(always)]
        |lane| ENTRIES[(numbers[lane] & 15) as usize],
    );
    u64x8::from_slice(simd, &entries)
}

/// The number within +-`bound` that is nearest; for a NaN, any number there.
#[inline(always)]
pub fn within<S: Simd>(value: f64x8<S>, bound: f64) -> f64x8<S> {
    let simd = value.simd;
    #[cfg(target_arch = "x86_64")]
    if let Some(avx512) = simd.level().as_avx512() {
        let value: [f64; WIDTH] = value.into();
        let bound = f64x8::splat(avx512, bound);
        let within: [f64; WIDTH] = smaller_in_size(avx512, f64x8::from_slice(avx512, &value), bound).into();
        return f64x8::from_slice(simd, &within);
    }
    value.max(f64x8::splat(simd, -bound)).min(f64x8::splat(simd, bound))
}

/// Whether all vectors of a block may be advanced together; with fewer registers, one after the other.
#[inline(always)]
pub fn has_many_registers<S: Simd>(simd: S) -> bool {
    simd.level().as_avx512().is_some()
}

/// Coefficients of a polynomial, first and rest, for a loop that the compiler cannot unroll where there are registers enough.
/// Unrolled, it would evaluate the polynomial for one vector after the other, which saves registers and waits for the result
/// of each product; inside a turn of the loop all vectors take their products together.
#[inline(always)]
pub fn in_turns<S: Simd, T>(simd: S, coefficients: &[T]) -> Option<(&T, impl Iterator<Item = &T>)> {
    let many_registers = has_many_registers(simd);
    let coefficients = if many_registers { black_box(coefficients) } else { coefficients };
    let (first, rest) = coefficients.split_first()?;
    let turn = move |_: &&T| {
        if many_registers {
            black_box(());
        }
    };
    Some((first, rest.iter().inspect(turn)))
}

#[cfg(target_arch = "x86_64")]
fearless_simd::kernel!(
    #[inline(always)]
    fn selected(token: Avx512, numbers: u64x8<Avx512>) -> u64x8<Avx512> {
        let (low, high) = ENTRIES.split_at(WIDTH);
        let (low, high) = (u64x8::from_slice(token, low), u64x8::from_slice(token, high));
        _mm512_permutex2var_epi64(low.into(), numbers.into(), high.into()).simd_into(token)
    }
);

#[cfg(target_arch = "x86_64")]
fearless_simd::kernel!(
    #[inline(always)]
    fn smaller_in_size(token: Avx512, value: f64x8<Avx512>, bound: f64x8<Avx512>) -> f64x8<Avx512> {
        // Operation 2 is the smaller of the sizes, with the sign of the first number.
        _mm512_range_pd::<2>(value.into(), bound.into()).simd_into(token)
    }
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{dispatch, tokens};

    #[test]
    fn every_level_looks_up_the_powers_of_two() {
        for (name, level) in tokens() {
            for first in [0, 8, 16, 160] {
                let numbers: [u64; WIDTH] = std::array::from_fn(|lane| first + lane as u64);
                let entries: [u64; WIDTH] =
                    dispatch!(level, simd => sixteenths(simd, u64x8::from_slice(simd, &numbers)).into());
                for (number, entry) in numbers.into_iter().zip(entries) {
                    let power = f64::from_bits(entry + (number << 48));
                    assert_eq!(power, libm::exp2(number as f64 / 16.0), "{name}: {number}");
                }
            }
        }
    }

    #[test]
    fn every_level_keeps_numbers_within_bounds() {
        let numbers = [0.0, -0.0, 999.0, -1_001.0, f64::INFINITY, f64::NEG_INFINITY, 1_000.0, -3.5];
        let expected = [0.0, -0.0, 999.0, -1_000.0, 1_000.0, -1_000.0, 1_000.0, -3.5];
        for (name, level) in tokens() {
            let kept: [f64; WIDTH] =
                dispatch!(level, simd => within(f64x8::from_slice(simd, &numbers), 1_000.0).into());
            assert_eq!(kept.map(f64::to_bits), expected.map(f64::to_bits), "{name}");
            let nan: [f64; WIDTH] = dispatch!(level, simd => within(f64x8::splat(simd, f64::NAN), 1_000.0).into());
            assert!(nan.iter().all(|number| number.abs() <= 1_000.0), "{name}: {nan:?}");
        }
    }
}
