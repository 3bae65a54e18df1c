//! Scrambled points of Sobol' (1967), each computed alone: up to 2^32 points in up to 64 dimensions.
//!
//! Direction numbers of Joe & Kuo (2008, doi:10.1137/070709359, their table `new-joe-kuo-6`). The digits are scrambled as
//! Owen (1995) proposed, by a hash in place of random permutations (Burley 2020, Journal of Computer Graphics Techniques
//! 9(4)), with the constants that Vegdahl found better (2021).

use crate::numeric::philox::hash;

/// How many dimensions there are.
pub const DIMENSIONS: usize = DIRECTIONS.len() + 1;
const DIGITS: usize = 32;

/// Primitive polynomials, as bits, with the first direction numbers of each dimension but the first.
const DIRECTIONS: [(u32, &[u32]); 63] = [
    (3, &[1]),
    (7, &[1, 3]),
    (11, &[1, 3, 1]),
    (13, &[1, 1, 1]),
    (19, &[1, 1, 3, 3]),
    (25, &[1, 3, 5, 13]),
    (37, &[1, 1, 5, 5, 17]),
    (41, &[1, 1, 5, 5, 5]),
    (47, &[1, 1, 7, 11, 19]),
    (55, &[1, 1, 5, 1, 1]),
    (59, &[1, 1, 1, 3, 11]),
    (61, &[1, 3, 5, 5, 31]),
    (67, &[1, 3, 3, 9, 7, 49]),
    (91, &[1, 1, 1, 15, 21, 21]),
    (97, &[1, 3, 1, 13, 27, 49]),
    (103, &[1, 1, 1, 15, 7, 5]),
    (109, &[1, 3, 1, 15, 13, 25]),
    (115, &[1, 1, 5, 5, 19, 61]),
    (131, &[1, 3, 7, 11, 23, 15, 103]),
    (137, &[1, 3, 7, 13, 13, 15, 69]),
    (143, &[1, 1, 3, 13, 7, 35, 63]),
    (145, &[1, 3, 5, 9, 1, 25, 53]),
    (157, &[1, 3, 1, 13, 9, 35, 107]),
    (167, &[1, 3, 1, 5, 27, 61, 31]),
    (171, &[1, 1, 5, 11, 19, 41, 61]),
    (185, &[1, 3, 5, 3, 3, 13, 69]),
    (191, &[1, 1, 7, 13, 1, 19, 1]),
    (193, &[1, 3, 7, 5, 13, 19, 59]),
    (203, &[1, 1, 3, 9, 25, 29, 41]),
    (211, &[1, 3, 5, 13, 23, 1, 55]),
    (213, &[1, 3, 7, 3, 13, 59, 17]),
    (229, &[1, 3, 1, 3, 5, 53, 69]),
    (239, &[1, 1, 5, 5, 23, 33, 13]),
    (241, &[1, 1, 7, 7, 1, 61, 123]),
    (247, &[1, 1, 7, 9, 13, 61, 49]),
    (253, &[1, 3, 3, 5, 3, 55, 33]),
    (285, &[1, 3, 1, 15, 31, 13, 49, 245]),
    (299, &[1, 3, 5, 15, 31, 59, 63, 97]),
    (301, &[1, 3, 1, 11, 11, 11, 77, 249]),
    (333, &[1, 3, 1, 11, 27, 43, 71, 9]),
    (351, &[1, 1, 7, 15, 21, 11, 81, 45]),
    (355, &[1, 3, 7, 3, 25, 31, 65, 79]),
    (357, &[1, 3, 1, 1, 19, 11, 3, 205]),
    (361, &[1, 1, 5, 9, 19, 21, 29, 157]),
    (369, &[1, 3, 7, 11, 1, 33, 89, 185]),
    (391, &[1, 3, 3, 3, 15, 9, 79, 71]),
    (397, &[1, 3, 7, 11, 15, 39, 119, 27]),
    (425, &[1, 1, 3, 1, 11, 31, 97, 225]),
    (451, &[1, 1, 1, 3, 23, 43, 57, 177]),
    (463, &[1, 3, 7, 7, 17, 17, 37, 71]),
    (487, &[1, 3, 1, 5, 27, 63, 123, 213]),
    (501, &[1, 1, 3, 5, 11, 43, 53, 133]),
    (529, &[1, 3, 5, 5, 29, 17, 47, 173, 479]),
    (539, &[1, 3, 3, 11, 3, 1, 109, 9, 69]),
    (545, &[1, 1, 1, 5, 17, 39, 23, 5, 343]),
    (557, &[1, 3, 1, 5, 25, 15, 31, 103, 499]),
    (563, &[1, 1, 1, 11, 11, 17, 63, 105, 183]),
    (601, &[1, 1, 5, 11, 9, 29, 97, 231, 363]),
    (607, &[1, 1, 5, 15, 19, 45, 41, 7, 383]),
    (617, &[1, 3, 7, 7, 31, 19, 83, 137, 221]),
    (623, &[1, 1, 1, 3, 23, 15, 111, 223, 83]),
    (631, &[1, 1, 5, 13, 31, 15, 55, 25, 161]),
    (637, &[1, 1, 3, 13, 25, 47, 39, 87, 257]),
];

/// The points of a design.
#[derive(Clone, Debug)]
pub struct Sobol {
    /// Direction numbers by dimension and digit.
    directions: Vec<[u32; DIGITS]>,
    seeds: Vec<u32>,
}

impl Sobol {
    /// Points in this many dimensions, at most [`DIMENSIONS`]; further ones are left out.
    pub fn new(dimensions: usize, seed: u64) -> Self {
        let dimensions = dimensions.min(DIMENSIONS);
        Self {
            directions: (0..dimensions).map(directions).collect(),
            seeds: (0..dimensions).map(|dimension| hash(hash(seed, 0x50B0_1000), dimension as u64) as u32).collect(),
        }
    }

    /// Coordinates of a point, each between 0 and 1, both excluded.
    pub fn point(&self, index: u32) -> Vec<f64> {
        let digits = |directions: &[u32; DIGITS]| {
            (0..DIGITS).filter(|digit| index >> digit & 1 == 1).fold(0, |sum, digit| sum ^ directions[digit])
        };
        let scrambled = self.directions.iter().zip(&self.seeds).map(|(one, seed)| scramble(digits(one), *seed));
        scrambled.map(|digits| (f64::from(digits) + 0.5) / 4_294_967_296.0).collect()
    }
}

/// The direction numbers of a dimension, as binary fractions of 32 digits.
fn directions(dimension: usize) -> [u32; DIGITS] {
    let mut fractions = [0; DIGITS];
    if dimension == 0 {
        for (digit, fraction) in fractions.iter_mut().enumerate() {
            *fraction = 1 << (DIGITS - 1 - digit);
        }
        return fractions;
    }
    let (polynomial, first) = DIRECTIONS[dimension - 1];
    let degree = first.len();
    for digit in 0..DIGITS {
        fractions[digit] = if digit < degree {
            first[digit] << (DIGITS - 1 - digit)
        } else {
            let oldest = fractions[digit - degree];
            let mixed = (1..degree).filter(|back| polynomial >> (degree - back) & 1 == 1);
            mixed.fold(oldest ^ oldest >> degree, |sum, back| sum ^ fractions[digit - back])
        };
    }
    fractions
}

/// A nested uniform scramble of the digits.
fn scramble(digits: u32, seed: u32) -> u32 {
    let mut x = digits.reverse_bits();
    x ^= x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(seed);
    x = x.wrapping_mul(seed >> 16 | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^= x.wrapping_mul(0x53a2_2864);
    x.reverse_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_has_one_point_in_every_slice_of_any_power_of_two() {
        let sobol = Sobol::new(DIMENSIONS, 5);
        for power in [4, 8, 12] {
            let count = 1_u32 << power;
            let points: Vec<Vec<f64>> = (0..count).map(|index| sobol.point(index)).collect();
            for dimension in 0..DIMENSIONS {
                let mut slices = vec![0; count as usize];
                points.iter().for_each(|point| slices[(point[dimension] * f64::from(count)) as usize] += 1);
                assert!(slices.iter().all(|slice| *slice == 1), "dimension {dimension}");
            }
        }
    }

    #[test]
    fn the_first_two_dimensions_form_a_net() {
        // Every box of volume 2^-10 with sides of powers of two holds one of the first 2^10 points.
        let sobol = Sobol::new(2, 9);
        for across in 0..=10 {
            let (columns, rows) = (1_usize << across, 1_usize << (10 - across));
            let mut boxes = vec![0; columns * rows];
            for index in 0..1024 {
                let point = sobol.point(index);
                boxes[(point[0] * columns as f64) as usize * rows + (point[1] * rows as f64) as usize] += 1;
            }
            assert!(boxes.iter().all(|count| *count == 1), "{columns} x {rows}");
        }
    }

    #[test]
    fn a_product_is_integrated_far_better_than_by_independent_draws() {
        let sobol = Sobol::new(6, 1);
        let value = |point: &[f64]| point.iter().map(|x| 1.0 + 0.5 * (x - 0.5)).product::<f64>();
        let mean = (0..4096).map(|index| value(&sobol.point(index))).sum::<f64>() / 4096.0;
        // The s.d. of a mean of 4096 independent draws is 0.0055.
        assert!((mean - 1.0).abs() < 1e-4, "{mean}");
    }

    #[test]
    fn points_beyond_the_first_two_to_the_31_are_points_too() {
        let point = Sobol::new(3, 1).point(u32::MAX);
        assert!(point.iter().all(|x| *x > 0.0 && *x < 1.0));
    }
}
