//! Small linear algebra: elimination over lanes, eigenvalues and inverses of one matrix.

use super::lanes::{Lanes, Mask, Row};
use fearless_simd::Simd;
use nalgebra::{DMatrix, Schur};

/// A complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    /// Real part.
    pub re: f64,
    /// Imaginary part.
    pub im: f64,
}

/// Why there are no eigenvalues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EigenError {
    /// An entry is infinite or NaN.
    #[error("the matrix has entries that are not finite")]
    NotFinite,
    /// The iteration did not end.
    #[error("the eigenvalue iteration did not converge")]
    NoConvergence,
}

/// Solves `matrix x = right` in every lane by Gaussian elimination, each lane with its own partial pivoting. `right`
/// becomes x; `matrix` (row-major n x n) is used up. Gives the lanes whose matrix was singular or not finite; their x is
/// meaningless.
#[inline(never)]
pub fn solve_in_place<S: Simd, const G: usize>(
    simd: S,
    n: usize,
    matrix: &mut [Row<G>],
    right: &mut [Row<G>],
) -> Mask<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let zero = Lanes::splat(simd, 0.0);
            let mut singular = zero.lt(zero);
            for column in 0..n {
                for row in column + 1..n {
                    let larger = Lanes::load(simd, &matrix[row * n + column]).abs().gt(Lanes::load(
                        simd,
                        &matrix[column * n + column],
                    )
                    .abs());
                    if larger.any() {
                        for place in column..n {
                            let (upper, lower) = (column * n + place, row * n + place);
                            swap_where(simd, larger, matrix, upper, lower);
                        }
                        swap_where(simd, larger, right, column, row);
                    }
                }
                let pivot = Lanes::load(simd, &matrix[column * n + column]);
                singular = singular.or(pivot.eq(zero)).or(pivot.is_finite().not());
                for row in column + 1..n {
                    let factor = -(Lanes::load(simd, &matrix[row * n + column]) / pivot);
                    for place in column + 1..n {
                        let above = Lanes::load(simd, &matrix[column * n + place]);
                        let here = Lanes::load(simd, &matrix[row * n + place]);
                        factor.mul_add(above, here).store(&mut matrix[row * n + place]);
                    }
                    let above = Lanes::load(simd, &right[column]);
                    factor.mul_add(above, Lanes::load(simd, &right[row])).store(&mut right[row]);
                }
            }
            for row in (0..n).rev() {
                let mut sum = Lanes::load(simd, &right[row]);
                for place in row + 1..n {
                    let entry = -Lanes::load(simd, &matrix[row * n + place]);
                    sum = entry.mul_add(Lanes::load(simd, &right[place]), sum);
                }
                (sum / Lanes::load(simd, &matrix[row * n + row])).store(&mut right[row]);
            }
            singular
        },
    )
}

#[inline(always)]
fn swap_where<S: Simd, const G: usize>(simd: S, condition: Mask<S, G>, rows: &mut [Row<G>], one: usize, other: usize) {
    let (first, second) = (Lanes::load(simd, &rows[one]), Lanes::load(simd, &rows[other]));
    condition.select(second, first).store(&mut rows[one]);
    condition.select(first, second).store(&mut rows[other]);
}

/// Iterations of the Schur decomposition; ordinary matrices of this size need a few dozen.
const MOST_SCHUR_ITERATIONS: usize = 10_000;
/// The perturbation, relative to the largest entry, that frees the iteration from exact symmetries on which it cycles. The
/// eigenvalues move by about as much.
const PERTURBATION: f64 = 1e-13;

/// The eigenvalues of a matrix (row-major n x n), in order of their real parts, then imaginary parts.
///
/// # Errors
/// [`EigenError`] where an entry is not finite or the iteration does not end.
pub fn eigenvalues(matrix: &[f64], n: usize) -> Result<Vec<Complex>, EigenError> {
    if matrix.iter().any(|entry| !entry.is_finite()) {
        return Err(EigenError::NotFinite);
    }
    if n == 0 {
        return Ok(Vec::new());
    }
    let exact = DMatrix::from_row_slice(n, n, matrix);
    let largest = matrix.iter().fold(0.0f64, |largest, entry| largest.max(entry.abs()));
    let schur = Schur::try_new(exact.clone(), f64::EPSILON, MOST_SCHUR_ITERATIONS).or_else(|| {
        // A fixed, irregular pattern: the result is the same each time.
        let nudge = |row: usize, column: usize| ((row * 7 + column * 13) % 11) as f64 / 11.0 - 0.45;
        let nudged = DMatrix::from_fn(n, n, |row, column| {
            PERTURBATION.mul_add(largest * nudge(row, column), exact[(row, column)])
        });
        Schur::try_new(nudged, f64::EPSILON, MOST_SCHUR_ITERATIONS)
    });
    let schur = schur.ok_or(EigenError::NoConvergence)?;
    let mut values: Vec<Complex> =
        schur.complex_eigenvalues().iter().map(|value| Complex { re: value.re, im: value.im }).collect();
    values.sort_by(|one, other| one.re.total_cmp(&other.re).then(one.im.total_cmp(&other.im)));
    Ok(values)
}

/// The inverse of a matrix (row-major n x n); none where it is singular.
pub fn invert(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let inverse = DMatrix::from_row_slice(n, n, matrix).try_inverse()?;
    Some(inverse.transpose().iter().copied().collect())
}
