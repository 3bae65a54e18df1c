//! The circuit linearised at a state: eigenvalues, stability, and the response of rates to drives.

use crate::circuit::equations::{Linearised, residual_and_jacobian};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::Row;
use crate::numeric::lanes::dispatch;
use crate::numeric::linear::{Complex, EigenError, eigenvalues, invert};
use crate::spec::Form;
use fearless_simd::Level;

/// A circuit linearised at one state, in one lane.
#[derive(Clone, Debug)]
pub struct Linearisation {
    /// Jacobian of the dynamics per ms, row-major n x n.
    pub jacobian_per_ms: Vec<f64>,
    /// d target_i / d y_j - identity, row-major n x n.
    residual_jacobian: Vec<f64>,
    n: usize,
}

/// The Jacobian of the dynamics per ms in one lane, from that of the residual.
pub fn dynamics_jacobian<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    residual_jacobian: &[Row<G>],
    lane: usize,
) -> Vec<f64> {
    let n = shape.variables();
    (0..n * n).map(|place| residual_jacobian[place].get(lane) * rows.inverse_tau(place / n).get(lane)).collect()
}

/// The largest real part of the eigenvalues of the dynamics in one lane, in 1/s; NaN where there are none.
pub fn leading_rate_per_s<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    residual_jacobian: &[Row<G>],
    lane: usize,
) -> f64 {
    let jacobian = dynamics_jacobian(shape, rows, residual_jacobian, lane);
    let found = eigenvalues(&jacobian, shape.variables());
    found.map_or(f64::NAN, |values| values.iter().map(|value| value.re * 1e3).fold(f64::NEG_INFINITY, f64::max))
}

impl Linearisation {
    /// Linearises lane 0 of a circuit at a state.
    pub fn new(shape: &Shape<1>, rows: &Rows<1>, state: &[Row<1>], level: Level) -> Self {
        let mut work = Linearised::new(shape);
        dispatch!(level, simd => residual_and_jacobian(simd, shape, rows, state, &mut work));
        Self {
            jacobian_per_ms: dynamics_jacobian(shape, rows, &work.jacobian, 0),
            residual_jacobian: work.jacobian.iter().map(|row| row.get(0)).collect(),
            n: shape.variables(),
        }
    }

    /// Eigenvalues of the dynamics in 1/s, in order of their real parts.
    ///
    /// # Errors
    /// [`EigenError`] where the Jacobian is not finite or the iteration does not end.
    pub fn eigenvalues_per_s(&self) -> Result<Vec<Complex>, EigenError> {
        let per_ms = eigenvalues(&self.jacobian_per_ms, self.n)?;
        Ok(per_ms.into_iter().map(|value| Complex { re: value.re * 1e3, im: value.im * 1e3 }).collect())
    }

    /// d rate_i / d drive_j in Hz per input unit at the steady state, row-major; none where the state is singular.
    ///
    /// From `0 = J dr + f' dh`: the columns of `-J^-1` scaled by the slope of each population's transfer function.
    pub fn response(&self, slopes: &[f64], forms: &[Form]) -> Option<Vec<f64>> {
        let inverse = invert(&self.residual_jacobian, self.n)?;
        let response = (0..self.n * self.n).map(|place| {
            let (row, column) = (place / self.n, place % self.n);
            // In the voltage form the drive moves v by one for one, and the rate by f' of the row.
            let slope = if forms[column] == Form::Rate { slopes[column] } else { 1.0 };
            let read = if forms[row] == Form::Rate { 1.0 } else { slopes[row] };
            -inverse[place] * slope * read
        });
        Some(response.collect())
    }
}
