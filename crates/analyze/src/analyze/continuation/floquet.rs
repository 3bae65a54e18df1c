//! Floquet multipliers of a cycle from the maps of its intervals.
//!
//! The product of the maps is never formed as it stands: multipliers of 1e10 and of 1e-10 would drown each other's digits and
//! the 1 that every cycle has. Orthogonal iteration turns the maps into triangular ones, whose diagonals multiply to the
//! multipliers one by one (the periodic Schur form: Bojanczyk, Golub & Van Dooren 1992, doi:10.1117/12.130915; for cycles
//! Lust 2001, doi:10.1142/S0218127401003486).

use crate::numeric::linear::{Complex, eigenvalues};
use nalgebra::{DMatrix, DVector};

/// Passes around the cycle: multipliers whose sizes differ by a factor of ten have then come apart.
const PASSES: usize = 8;
/// An entry below the diagonal that is smaller splits the multipliers above it from those below.
const SPLIT: f64 = 1e-6;

/// The multipliers of the product of square maps, the first of which acts first; none where they are not finite.
pub(super) fn multipliers(maps: &[DMatrix<f64>]) -> Option<Vec<Complex>> {
    let n = maps.first()?.nrows();
    if n == 0 {
        return Some(Vec::new());
    }
    let mut basis = DMatrix::<f64>::identity(n, n);
    let mut first = basis.clone();
    let mut product = basis.clone();
    for _ in 0..PASSES {
        first.copy_from(&basis);
        product.fill_with_identity();
        for map in maps {
            let (next, triangle) = (map * &basis).qr().unpack();
            product = triangle * product;
            basis = next;
        }
        if !product.iter().all(|entry| entry.is_finite()) {
            return None;
        }
    }
    // The cycle's map in the first basis is this rotation, nearly triangular itself, times the product.
    let rotation = first.tr_mul(&basis);
    let splits = |row: usize| (row..n).all(|below| (0..row).all(|before| rotation[(below, before)].abs() <= SPLIT));
    let mut found = Vec::with_capacity(n);
    let mut start = 0;
    for end in (1..=n).filter(|end| *end == n || splits(*end)) {
        let size = end - start;
        let block = rotation.view((start, start), (size, size)) * product.view((start, start), (size, size));
        let entries: Vec<f64> = block.transpose().iter().copied().collect();
        found.extend(eigenvalues(&entries, size).ok()?);
        start = end;
    }
    Some(found)
}

/// The maps of changes across the flow: of each interval from the complement of the direction in which its start moves to
/// that of its end. Their product has the multipliers of the cycle but the 1 of the flow itself, which is so left out exactly:
/// where changes grow and shrink much within a period, as on canards, it would otherwise be far from 1.
///
/// `directions` are those at the ends of the intervals.
pub(super) fn across(maps: &[DMatrix<f64>], directions: &[DVector<f64>]) -> Vec<DMatrix<f64>> {
    let complements: Vec<DMatrix<f64>> = directions.iter().map(complement).collect();
    let count = maps.len();
    let map = |(index, map): (usize, &DMatrix<f64>)| {
        complements[index].tr_mul(&(map * &complements[(index + count - 1) % count]))
    };
    maps.iter().enumerate().map(map).collect()
}

/// An orthonormal basis of the complement of a direction: the further columns of the reflection that takes the first axis to
/// it.
fn complement(direction: &DVector<f64>) -> DMatrix<f64> {
    let n = direction.len();
    let mut normal = direction.clone();
    let length = normal.norm();
    normal[0] += if normal[0] < 0.0 { -length } else { length };
    let square = normal.norm_squared();
    let factor = if square > 0.0 { 2.0 / square } else { 0.0 };
    DMatrix::from_fn(n, n - 1, |row, column| {
        f64::from(u8::from(row == column + 1)) - factor * normal[row] * normal[column + 1]
    })
}

/// The largest size.
pub(super) fn largest(multipliers: &[Complex]) -> f64 {
    multipliers.iter().map(|value| libm::hypot(value.re, value.im)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::philox::{hash, unit};

    #[test]
    fn large_and_tiny_multipliers_keep_their_digits_beside_1() {
        for seed in 0..20 {
            // Maps diag(a, 1, b) between random bases: the product has multipliers a^m, 1 and b^m.
            let random = |number: u64| {
                let entry = |row: usize, column: usize| unit(hash(hash(seed, number), (3 * row + column) as u64)) - 0.5;
                DMatrix::from_fn(3, 3, entry).qr().q()
            };
            let count = 40;
            let bases: Vec<DMatrix<f64>> = (0..count).map(random).collect();
            let stretch = DMatrix::from_diagonal(&nalgebra::DVector::from_vec(vec![2.0, 1.0, 0.4]));
            let maps: Vec<DMatrix<f64>> = (0..count as usize)
                .map(|index| &bases[(index + 1) % count as usize] * &stretch * bases[index].transpose())
                .collect();
            let mut found: Vec<f64> = multipliers(&maps).unwrap().iter().map(|value| value.re).collect();
            found.sort_by(f64::total_cmp);
            approx::assert_relative_eq!(found[2], libm::pow(2.0, 40.0), max_relative = 1e-10);
            approx::assert_relative_eq!(found[1], 1.0, max_relative = 1e-10);
            approx::assert_relative_eq!(found[0], libm::pow(0.4, 40.0), max_relative = 1e-10);
        }
    }

    #[test]
    fn a_pair_of_complex_multipliers_is_one_block() {
        let (sine, cosine) = libm::sincos(0.3);
        let turn = DMatrix::from_row_slice(2, 2, &[cosine, -sine, sine, cosine]) * 0.9;
        let found = multipliers(&vec![turn; 5]).unwrap();
        approx::assert_abs_diff_eq!(found[1].im, libm::pow(0.9, 5.0) * libm::sin(1.5), epsilon = 1e-12);
    }

    #[test]
    fn the_maps_across_the_flow_leave_out_its_own_multiplier() {
        // A direction that is carried along, and another that is stretched by 3 and sheared.
        let directions: Vec<DVector<f64>> = (0..6).map(|k| DVector::from_vec(vec![1.0 + f64::from(k), -0.5])).collect();
        let side = DVector::from_vec(vec![0.3, 1.0]);
        let maps: Vec<DMatrix<f64>> = (0..6usize)
            .map(|k| {
                let from = DMatrix::from_columns(&[directions[(k + 5) % 6].clone(), side.clone()]);
                let to = DMatrix::from_columns(&[directions[k].clone(), &side * 3.0 + &directions[k]]);
                to * from.try_inverse().unwrap()
            })
            .collect();
        let found = multipliers(&across(&maps, &directions)).unwrap();
        assert_eq!(found.len(), 1);
        approx::assert_relative_eq!(found[0].re, 729.0, max_relative = 1e-12);
    }
}
