//! Eigenvalues of an upper Hessenberg matrix by the implicit double-shift QR algorithm (Francis 1961; as in EISPACK's `hqr`,
//! Smith et al. 1976), with exceptional shifts. It deflates by the size of the whole matrix where neighbours on the diagonal
//! are 0, and shifts out of cycles, so that it ends on the highly symmetric matrices of rings and delays as well.

use nalgebra::DMatrix;

/// Iterations for one eigenvalue after which it is given up.
const MOST_ITERATIONS: usize = 300;
/// An exceptional shift comes after every so many iterations.
const EXCEPTIONAL: usize = 10;

/// The eigenvalues of a square matrix as real and imaginary parts; none where the iteration does not end.
pub(super) fn eigenvalues(matrix: DMatrix<f64>) -> Option<Vec<(f64, f64)>> {
    let size = matrix.nrows();
    let a = if size > 2 { matrix.hessenberg().unpack_h() } else { matrix };
    let inside = |row: usize, column: usize| if column + 1 >= row { a[(row, column)].abs() } else { 0.0 };
    let norm = (0..size).flat_map(|row| (0..size).map(move |column| (row, column))).map(|(r, c)| inside(r, c)).sum();
    let mut iteration = Iteration { a, norm, shifted: 0.0 };
    let mut values = Vec::with_capacity(size);
    let mut left = size;
    while left > 0 {
        left = iteration.deflate(left - 1, &mut values)?;
    }
    Some(values)
}

struct Iteration {
    a: DMatrix<f64>,
    norm: f64,
    /// What exceptional shifts have taken from the diagonal.
    shifted: f64,
}

impl Iteration {
    /// Iterates until one or two eigenvalues part from the bottom of the active matrix, whose last row is `last`; gives how
    /// many rows are left.
    fn deflate(&mut self, last: usize, values: &mut Vec<(f64, f64)>) -> Option<usize> {
        for count in 0..MOST_ITERATIONS {
            let first = self.first_of_block(last);
            if first == last {
                values.push((self.a[(last, last)] + self.shifted, 0.0));
                return Some(last);
            }
            if first + 1 == last {
                values.extend(self.pair(last));
                return Some(first);
            }
            if count > 0 && count.is_multiple_of(EXCEPTIONAL) {
                self.shift_out(last);
            }
            let (start, reflection) = self.start(first, last, count);
            self.sweep((first, start, last), reflection);
        }
        None
    }

    /// The first row of the block that ends with `last` and has no negligible entry below its diagonal.
    fn first_of_block(&mut self, last: usize) -> usize {
        for row in (1..=last).rev() {
            let beside = self.a[(row - 1, row - 1)].abs() + self.a[(row, row)].abs();
            let size = if beside == 0.0 { self.norm } else { beside };
            if self.a[(row, row - 1)].abs() <= f64::EPSILON * size {
                self.a[(row, row - 1)] = 0.0;
                return row;
            }
        }
        0
    }

    /// The eigenvalues of the block of two rows that ends with `last`.
    fn pair(&self, last: usize) -> [(f64, f64); 2] {
        let (x, y) = (self.a[(last, last)], self.a[(last - 1, last - 1)]);
        let product = self.a[(last, last - 1)] * self.a[(last - 1, last)];
        let half = 0.5 * (y - x);
        let discriminant = half.mul_add(half, product);
        let root = libm::sqrt(discriminant.abs());
        let x = x + self.shifted;
        if discriminant < 0.0 {
            return [(x + half, root), (x + half, -root)];
        }
        let far = half + libm::copysign(root, half);
        let near = if far == 0.0 { x } else { x - product / far };
        [(x + far, 0.0), (near, 0.0)]
    }

    /// Takes the last diagonal entry from the whole diagonal, which ends a cycle of the ordinary shifts.
    fn shift_out(&mut self, last: usize) {
        let x = self.a[(last, last)];
        self.shifted += x;
        (0..=last).for_each(|row| self.a[(row, row)] -= x);
    }

    /// The row at which the sweep starts, and its first reflection: from two shifts, the eigenvalues of the last two rows.
    fn start(&self, first: usize, last: usize, count: usize) -> (usize, [f64; 3]) {
        let a = &self.a;
        let (x, y, w) = if count > 0 && count.is_multiple_of(EXCEPTIONAL) {
            let size = a[(last, last - 1)].abs() + a[(last - 1, last - 2)].abs();
            (0.75 * size, 0.75 * size, -0.4375 * size * size)
        } else {
            (a[(last, last)], a[(last - 1, last - 1)], a[(last, last - 1)] * a[(last - 1, last)])
        };
        let mut row = last - 2;
        loop {
            let z = a[(row, row)];
            let (r, s) = (x - z, y - z);
            let p = (r * s - w) / a[(row + 1, row)] + a[(row, row + 1)];
            let q = a[(row + 1, row + 1)] - z - r - s;
            let r = a[(row + 2, row + 1)];
            let scale = p.abs() + q.abs() + r.abs();
            let [p, q, r] = [p, q, r].map(|part| part / scale);
            if row == first {
                return (row, [p, q, r]);
            }
            let below = a[(row, row - 1)].abs() * (q.abs() + r.abs());
            let beside = a[(row - 1, row - 1)].abs() + z.abs() + a[(row + 1, row + 1)].abs();
            if below <= f64::EPSILON * p.abs() * beside {
                return (row, [p, q, r]);
            }
            row -= 1;
        }
    }

    /// One double step of QR on the rows from `start` to `last`, within the block that begins with `first`.
    fn sweep(&mut self, (first, start, last): (usize, usize, usize), reflection: [f64; 3]) {
        for row in start + 2..=last {
            self.a[(row, row - 2)] = 0.0;
            if row > start + 2 {
                self.a[(row, row - 3)] = 0.0;
            }
        }
        let mut vector = reflection;
        for row in start..last {
            let third = row + 1 < last;
            let mut scale = 1.0;
            if row > start {
                let below = if third { self.a[(row + 2, row - 1)] } else { 0.0 };
                vector = [self.a[(row, row - 1)], self.a[(row + 1, row - 1)], below];
                scale = vector.iter().map(|part| part.abs()).sum();
                if scale == 0.0 {
                    continue;
                }
                vector = vector.map(|part| part / scale);
            }
            let length = libm::sqrt(vector.iter().map(|part| part * part).sum());
            let length = libm::copysign(length, vector[0]);
            if length == 0.0 {
                continue;
            }
            if row > start {
                self.a[(row, row - 1)] = -length * scale;
            } else if first < start {
                self.a[(row, row - 1)] = -self.a[(row, row - 1)];
            }
            let head = vector[0] + length;
            let left = [head / length, vector[1] / length, vector[2] / length];
            self.reflect((first, row, last), left, [1.0, vector[1] / head, vector[2] / head]);
        }
    }

    /// Applies a reflection of two or three rows from both sides.
    fn reflect(&mut self, (first, row, last): (usize, usize, usize), left: [f64; 3], right: [f64; 3]) {
        let count = if row + 1 < last { 3 } else { 2 };
        for column in row..=last {
            let sum: f64 = (0..count).map(|k| right[k] * self.a[(row + k, column)]).sum();
            (0..count).for_each(|k| self.a[(row + k, column)] -= sum * left[k]);
        }
        for line in first..=last.min(row + 3) {
            let sum: f64 = (0..count).map(|k| left[k] * self.a[(line, row + k)]).sum();
            (0..count).for_each(|k| self.a[(line, row + k)] -= sum * right[k]);
        }
    }
}
