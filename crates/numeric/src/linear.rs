//! Small linear algebra: elimination over lanes, eigenvalues and inverses of one matrix.

use super::hessenberg;
use super::lanes::{Lanes, Mask, Row, dispatch};
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
pub fn solve_lanes<const G: usize>(n: usize, matrix: &mut [Row<G>], right: &mut [Row<G>]) -> u64 {
    dispatch!([G] simd => solve_in_place(simd, n, matrix, right).bits())
}

/// As [`solve_lanes`], within a computation over lanes.
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

/// A matrix in every lane as the product of a lower and an upper triangular one, each lane with its own partial pivoting.
#[derive(Clone, Debug, Default)]
pub struct Factors<const G: usize> {
    n: usize,
    /// Both triangles, row-major n x n.
    entries: Vec<Row<G>>,
    /// Lanes, as bits, in which a row was exchanged with one below it, in the order of elimination.
    exchanged: Vec<u64>,
}

impl<const G: usize> Factors<G> {
    /// Factorises a matrix (row-major n x n). Gives the lanes whose matrix is singular or not finite.
    #[inline(never)]
    pub fn factorise<S: Simd>(&mut self, simd: S, n: usize, matrix: &[Row<G>]) -> Mask<S, G> {
        self.n = n;
        self.entries.clear();
        self.entries.extend_from_slice(matrix);
        self.exchanged.clear();
        simd.vectorize(
            #[inline(always)]
            || {
                let zero = Lanes::splat(simd, 0.0);
                let mut singular = zero.lt(zero);
                let entries = &mut self.entries;
                for column in 0..n {
                    for row in column + 1..n {
                        let (below, above) = (&entries[row * n + column], &entries[column * n + column]);
                        let larger = Lanes::load(simd, below).abs().gt(Lanes::load(simd, above).abs());
                        self.exchanged.push(larger.bits());
                        if larger.any() {
                            for place in 0..n {
                                swap_where(simd, larger, entries, column * n + place, row * n + place);
                            }
                        }
                    }
                    let pivot = Lanes::load(simd, &entries[column * n + column]);
                    singular = singular.or(pivot.eq(zero)).or(pivot.is_finite().not());
                    for row in column + 1..n {
                        let factor = Lanes::load(simd, &entries[row * n + column]) / pivot;
                        factor.store(&mut entries[row * n + column]);
                        for place in column + 1..n {
                            let above = Lanes::load(simd, &entries[column * n + place]);
                            let here = Lanes::load(simd, &entries[row * n + place]);
                            (-factor).mul_add(above, here).store(&mut entries[row * n + place]);
                        }
                    }
                }
                singular
            },
        )
    }

    /// Solves `matrix x = right` in every lane; `right` becomes x.
    #[inline(never)]
    pub fn solve<S: Simd>(&self, simd: S, right: &mut [Row<G>]) {
        simd.vectorize(
            #[inline(always)]
            || {
                let n = self.n;
                let mut exchanged = self.exchanged.iter();
                for column in 0..n {
                    for row in column + 1..n {
                        let bits = exchanged.next().copied().unwrap_or(0);
                        if bits != 0 {
                            swap_where(simd, Mask::from_bits(simd, bits), right, column, row);
                        }
                    }
                }
                for row in 0..n {
                    let mut sum = Lanes::load(simd, &right[row]);
                    for (known, entry) in right[..row].iter().zip(&self.entries[row * n..]) {
                        sum = (-Lanes::load(simd, entry)).mul_add(Lanes::load(simd, known), sum);
                    }
                    sum.store(&mut right[row]);
                }
                for row in (0..n).rev() {
                    let mut sum = Lanes::load(simd, &right[row]);
                    for (known, entry) in right[row + 1..n].iter().zip(&self.entries[row * n + row + 1..]) {
                        sum = (-Lanes::load(simd, entry)).mul_add(Lanes::load(simd, known), sum);
                    }
                    (sum / Lanes::load(simd, &self.entries[row * n + row])).store(&mut right[row]);
                }
            },
        );
    }
}

#[inline(always)]
fn swap_where<S: Simd, const G: usize>(simd: S, condition: Mask<S, G>, rows: &mut [Row<G>], one: usize, other: usize) {
    let (first, second) = (Lanes::load(simd, &rows[one]), Lanes::load(simd, &rows[other]));
    condition.select(second, first).store(&mut rows[one]);
    condition.select(first, second).store(&mut rows[other]);
}

/// Iterations of the Schur decomposition; ordinary matrices of this size need a few dozen.
const MOST_SCHUR_ITERATIONS: usize = 10_000;
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
    let matrix = DMatrix::from_row_slice(n, n, matrix);
    let mut values: Vec<Complex> = match Schur::try_new(matrix.clone(), f64::EPSILON, MOST_SCHUR_ITERATIONS) {
        Some(schur) => schur.complex_eigenvalues().iter().map(|value| Complex { re: value.re, im: value.im }).collect(),
        // On exact symmetries its iteration may cycle.
        None => {
            let values = hessenberg::eigenvalues(matrix).ok_or(EigenError::NoConvergence)?;
            values.into_iter().map(|(re, im)| Complex { re, im }).collect()
        }
    };
    values.sort_by(|one, other| one.re.total_cmp(&other.re).then(one.im.total_cmp(&other.im)));
    Ok(values)
}

/// The inverse of a matrix (row-major n x n); none where it is singular.
pub fn invert(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let inverse = DMatrix::from_row_slice(n, n, matrix).try_inverse()?;
    Some(inverse.transpose().iter().copied().collect())
}

/// The sign of the determinant of a matrix (row-major n x n): 1, -1, or 0 where elimination meets a column of zeros.
pub fn determinant_sign(matrix: &[f64], n: usize) -> i64 {
    let mut rows: Vec<Vec<f64>> = matrix.chunks(n.max(1)).map(<[f64]>::to_vec).collect();
    let mut sign = 1;
    for column in 0..n {
        let largest = (column..n).max_by(|one, other| rows[*one][column].abs().total_cmp(&rows[*other][column].abs()));
        let pivot = largest.unwrap_or(column);
        if pivot != column {
            rows.swap(pivot, column);
            sign = -sign;
        }
        let head = rows[column].clone();
        if head[column] == 0.0 {
            return 0;
        }
        if head[column] < 0.0 {
            sign = -sign;
        }
        for row in &mut rows[column + 1..] {
            let factor = row[column] / head[column];
            row.iter_mut().zip(&head).for_each(|(entry, above)| *entry -= factor * above);
        }
    }
    sign
}

/// The product of two matrices (row-major n x n), summed in the order of the inner index.
pub fn multiply(left: &[f64], right: &[f64], n: usize) -> Vec<f64> {
    let entry = |place: usize| {
        let (row, column) = (place / n, place % n);
        (0..n).fold(0.0, |sum, inner| left[row * n + inner] * right[inner * n + column] + sum)
    };
    (0..n * n).map(entry).collect()
}

fn transposed(matrix: &[f64], n: usize) -> Vec<f64> {
    (0..n * n).map(|place| matrix[place % n * n + place / n]).collect()
}

/// Doublings after which a Lyapunov equation is given up: its matrix is not stable, or so nearly unstable that nothing is
/// left of 16 digits.
const MOST_DOUBLINGS: usize = 60;

/// Solves `A P + P A^T + Q = 0` (row-major n x n, Q symmetric): P is the stationary covariance of `dx = A x dt` with white
/// noise of covariance Q dt. None where A is not stable.
///
/// A Cayley transform makes it `P = U Q U^T 2c + V P V^T`, whose series is summed by doubling (Smith 1968,
/// doi:10.1137/0116017).
pub fn lyapunov(a: &[f64], q: &[f64], n: usize) -> Option<Vec<f64>> {
    let size = libm::sqrt(a.iter().map(|entry| entry * entry).sum::<f64>() / n.max(1) as f64);
    if !(size > 0.0 && size.is_finite()) {
        return None;
    }
    let diagonal = |sign: f64| -> Vec<f64> {
        let entry = |place: usize| sign * a[place] + if place / n == place % n { size } else { 0.0 };
        (0..n * n).map(entry).collect()
    };
    let u = invert(&diagonal(-1.0), n)?;
    let mut v = multiply(&u, &diagonal(1.0), n);
    let mut p = multiply(&multiply(&u, q, n), &transposed(&u, n), n);
    p.iter_mut().for_each(|entry| *entry *= 2.0 * size);
    for _ in 0..MOST_DOUBLINGS {
        let more = multiply(&multiply(&v, &p, n), &transposed(&v, n), n);
        let (mut largest, mut added) = (0.0f64, 0.0f64);
        for (entry, more) in p.iter_mut().zip(&more) {
            *entry += more;
            largest = largest.max(entry.abs());
            added = added.max(more.abs());
        }
        if !largest.is_finite() {
            return None;
        }
        if added <= f64::EPSILON * largest {
            return Some(p);
        }
        v = multiply(&v, &v, n);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{Level, tokens};
    use crate::philox::noise_key;

    /// Numbers between -1 and 1 that follow no pattern.
    fn random(count: u64, seed: u64) -> Vec<f64> {
        (0..count).map(|index| f64::from(noise_key(seed, index)[0] >> 8) / f64::from(1 << 23) - 1.0).collect()
    }

    fn times(matrix: &[f64], n: usize, x: &[f64]) -> Vec<f64> {
        (0..n).map(|row| (0..n).map(|column| matrix[row * n + column] * x[column]).sum()).collect()
    }

    #[test]
    fn every_lane_solves_its_own_system_and_names_the_singular_ones() {
        let n = 5;
        let mut systems: Vec<Vec<f64>> = (0..8).map(|lane| random(25, lane)).collect();
        // A zero where elimination starts needs a change of rows; two equal rows and a NaN have no solution.
        systems[2][0] = 0.0;
        let (first, rest) = systems[5].split_at_mut(n);
        rest[..n].copy_from_slice(first);
        systems[6][7] = f64::NAN;
        let solutions: Vec<Vec<f64>> = (0..8).map(|lane| random(5, 100 + lane)).collect();
        let rights: Vec<Vec<f64>> = systems.iter().zip(&solutions).map(|(a, x)| times(a, n, x)).collect();
        let mut reference = None;
        for (name, level) in tokens() {
            let mut matrix: Vec<Row<1>> = (0..25).map(|place| Row::from_fn(|lane| systems[lane][place])).collect();
            let mut right: Vec<Row<1>> = (0..5).map(|place| Row::from_fn(|lane| rights[lane][place])).collect();
            let singular = dispatch!(level, simd => solve_in_place(simd, n, &mut matrix, &mut right).bits());
            assert_eq!(singular & 0b0100_0000, 0b0100_0000, "{name}: the NaN");
            for lane in [0, 1, 2, 3, 4, 7] {
                assert_eq!(singular >> lane & 1, 0, "{name}: lane {lane}");
                for (place, row) in right.iter().enumerate() {
                    approx::assert_relative_eq!(row.get(lane), solutions[lane][place], max_relative = 1e-10);
                }
            }
            let sound: Vec<[u64; 5]> = [0, 1, 2, 3, 4, 7]
                .iter()
                .map(|lane| std::array::from_fn(|row| right[row].get(*lane).to_bits()))
                .collect();
            assert_eq!(*reference.get_or_insert(sound.clone()), sound, "{name} gives other bits");
        }
    }

    #[test]
    fn factors_solve_as_elimination_does_for_any_right_side() {
        let n = 5;
        let mut systems: Vec<Vec<f64>> = (0..8).map(|lane| random(25, 40 + lane)).collect();
        systems[3][0] = 0.0;
        let matrix: Vec<Row<1>> = (0..25).map(|place| Row::from_fn(|lane| systems[lane][place])).collect();
        for seed in 0..3 {
            let solutions: Vec<Vec<f64>> = (0..8).map(|lane| random(5, 200 + 10 * seed + lane)).collect();
            let rights: Vec<Vec<f64>> = systems.iter().zip(&solutions).map(|(a, x)| times(a, n, x)).collect();
            let mut right: Vec<Row<1>> = (0..5).map(|place| Row::from_fn(|lane| rights[lane][place])).collect();
            let mut factors = Factors::default();
            dispatch!(Level::new(), simd => {
                assert_eq!(factors.factorise(simd, n, &matrix).bits(), 0);
                factors.solve(simd, &mut right);
            });
            for (place, row) in right.iter().enumerate() {
                for (lane, solution) in solutions.iter().enumerate() {
                    approx::assert_relative_eq!(row.get(lane), solution[place], max_relative = 1e-9);
                }
            }
        }
    }

    #[test]
    fn a_matrix_of_zeros_is_singular() {
        let mut matrix = vec![Row::<1>::ZERO; 4];
        let mut right = vec![Row::<1>::splat(1.0); 2];
        let singular = dispatch!(Level::new(), simd => solve_in_place(simd, 2, &mut matrix, &mut right).bits());
        assert_eq!(singular, 0xFF);
        assert_eq!(invert(&[1.0, 2.0, 2.0, 4.0], 2), None);
    }

    #[test]
    fn eigenvalues_of_known_matrices_in_order() {
        let values = |matrix: &[f64], n| eigenvalues(matrix, n).unwrap();
        let check = |found: Vec<Complex>, expected: &[(f64, f64)]| {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                approx::assert_abs_diff_eq!(found.re, expected.0, epsilon = 1e-9);
                approx::assert_abs_diff_eq!(found.im, expected.1, epsilon = 1e-9);
            }
        };
        check(values(&[2.0, 1.0, 0.0, -3.0], 2), &[(-3.0, 0.0), (2.0, 0.0)]);
        check(values(&[1.0, -2.0, 2.0, 1.0], 2), &[(1.0, -2.0), (1.0, 2.0)]);
        // A permutation, on which the unshifted iteration cycles: the cube roots of 1.
        let half_root = libm::sqrt(0.75);
        check(
            values(&[0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0], 3),
            &[(-0.5, -half_root), (-0.5, half_root), (1.0, 0.0)],
        );
        check(values(&[], 0), &[]);
        assert_eq!(eigenvalues(&[f64::NAN], 1), Err(EigenError::NotFinite));
    }

    #[test]
    fn eigenvalues_sum_to_the_trace_and_the_inverse_inverts() {
        for seed in 0..50 {
            let n = 2 + seed as usize % 6;
            let matrix = random((n * n) as u64, 500 + seed);
            let trace: f64 = (0..n).map(|place| matrix[place * n + place]).sum();
            let values = eigenvalues(&matrix, n).unwrap();
            approx::assert_abs_diff_eq!(values.iter().map(|value| value.re).sum::<f64>(), trace, epsilon = 1e-10);
            approx::assert_abs_diff_eq!(values.iter().map(|value| value.im).sum::<f64>(), 0.0, epsilon = 1e-10);
            let inverse = invert(&matrix, n).unwrap();
            for column in 0..n {
                let unit: Vec<f64> = (0..n).map(|row| inverse[row * n + column]).collect();
                for (row, value) in times(&matrix, n, &unit).iter().enumerate() {
                    approx::assert_abs_diff_eq!(*value, f64::from(u8::from(row == column)), epsilon = 1e-9);
                }
            }
        }
    }

    #[test]
    fn the_sign_of_a_determinant() {
        assert_eq!(determinant_sign(&[2.0, 1.0, 1.0, 2.0], 2), 1);
        assert_eq!(determinant_sign(&[0.0, 1.0, 1.0, 0.0], 2), -1);
        assert_eq!(determinant_sign(&[1.0, 2.0, 2.0, 4.0], 2), 0);
        assert_eq!(determinant_sign(&[], 0), 1);
    }

    #[test]
    fn a_lyapunov_equation_is_solved_where_its_matrix_is_stable() {
        // An Ornstein-Uhlenbeck process of time constant 5 and noise 2: variance 2 x 5 / 2.
        approx::assert_relative_eq!(lyapunov(&[-0.2], &[2.0], 1).unwrap()[0], 5.0, max_relative = 1e-14);
        assert_eq!(lyapunov(&[0.2], &[2.0], 1), None);
        assert_eq!(lyapunov(&[0.0, 1.0, -1.0, 0.0], &[1.0, 0.0, 0.0, 1.0], 2), None);
        for seed in 0..20 {
            let n = 2 + seed as usize % 5;
            let mut a = random((n * n) as u64, 900 + seed);
            (0..n).for_each(|place| a[place * n + place] -= 2.5);
            let half = random((n * n) as u64, 950 + seed);
            let q = multiply(&half, &transposed(&half, n), n);
            let p = lyapunov(&a, &q, n).unwrap();
            let left = multiply(&a, &p, n);
            for place in 0..n * n {
                let mirrored = place % n * n + place / n;
                approx::assert_abs_diff_eq!(left[place] + left[mirrored] + q[place], 0.0, epsilon = 1e-13);
            }
        }
    }
}
