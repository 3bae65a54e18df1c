//! Philox4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405): random words from a counter and a key, over lanes.

use fearless_simd::prelude::*;
use fearless_simd::u64x8;

const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: u32 = 10;
const WORD: u64 = 0xFFFF_FFFF;

/// The key of a seed's stream: stream 0 is that of plain runs.
///
/// Both are mixed by the finaliser of SplitMix64 (Steele et al. 2014, doi:10.1145/2660193.2660195), so that seeds 1, 2, 3
/// have nothing in common.
pub fn noise_key(seed: u64, stream: u64) -> [u32; 2] {
    let mixed = hash(seed, stream);
    [mixed as u32, (mixed >> 32) as u32]
}

/// 64 bits that look random, of a seed and a number; chained, of several numbers: `hash(hash(seed, axis), point)`.
pub fn hash(seed: u64, number: u64) -> u64 {
    mix(mix(seed).wrapping_add(number))
}

/// A number between 0 and 1, both excluded, of 53 of the bits.
pub fn unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
}

fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// Four random words of 32 bits for each lane, from a counter of four such words, in the low halves of 64 bits; for `N`
/// vectors of counters round by round, which hides the latency of the products.
#[inline(always)]
pub fn philox<S: Simd, const N: usize>(simd: S, mut counters: [[u64x8<S>; 4]; N], key: [u32; 2]) -> [[u64x8<S>; 4]; N] {
    let word = u64x8::splat(simd, WORD);
    let multipliers = MULTIPLIERS.map(|multiplier| u64x8::splat(simd, multiplier));
    for round in 0..ROUNDS {
        let keys: [u64x8<S>; 2] = std::array::from_fn(
            #[inline(always)]
            |half| u64x8::splat(simd, u64::from(key[half].wrapping_add(round.wrapping_mul(KEY_STEPS[half])))),
        );
        for state in &mut counters {
            let [zero, one, two, three] = *state;
            // The upper halves are cut off right here, so that the compiler sees a product of 32 bits, which is cheaper.
            let (product, other) = (multipliers[0] * (zero & word), multipliers[1] * (two & word));
            *state = [(other >> 32) ^ one ^ keys[0], other, (product >> 32) ^ three ^ keys[1], product];
        }
    }
    for state in &mut counters {
        *state = state.map(
            #[inline(always)]
            |each| each & word,
        );
    }
    counters
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{dispatch, tokens};

    /// The known answers that the authors publish with their code (Random123, `kat_vectors`).
    const ANSWERS: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
        ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
        ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
        (
            [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
            [0xa409_3822, 0x299f_31d0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
        ),
    ];

    #[test]
    fn gives_the_published_answers_on_every_level() {
        for (name, level) in tokens() {
            for (counter, key, answer) in ANSWERS {
                let words: [[u64; 8]; 4] = dispatch!(level, simd => {
                    let [words] = philox(simd, [counter.map(|word| u64x8::splat(simd, u64::from(word)))], key);
                    words.map(|word| word.into())
                });
                for (word, answer) in words.iter().zip(answer) {
                    assert_eq!(*word, [u64::from(answer); 8], "{name}");
                }
            }
        }
    }

    #[test]
    fn keys_of_neighbouring_seeds_and_streams_differ_in_about_half_of_their_bits() {
        let bits = |key: [u32; 2]| u64::from(key[0]) | u64::from(key[1]) << 32;
        for seed in 0..50 {
            for (one, other) in [((seed, 0), (seed + 1, 0)), ((seed, 0), (seed, 1)), ((seed, 1), (seed + 1, 0))] {
                let differing = (bits(noise_key(one.0, one.1)) ^ bits(noise_key(other.0, other.1))).count_ones();
                assert!((12..=52).contains(&differing), "{one:?} {other:?}: {differing}");
            }
        }
    }
}
