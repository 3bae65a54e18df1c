//! The circuit linearised at a state: eigenvalues, stability, and the response of rates to drives.

use crate::circuit::equations::{Linearised, residual_and_jacobian};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::Row;
use crate::numeric::lanes::dispatch;
use crate::numeric::linear::{Complex, EigenError, eigenvalues, invert};
use fearless_simd::Level;

/// A circuit linearised at one state, in one lane.
#[derive(Clone, Debug)]
pub struct Linearisation {
    /// Jacobian of the dynamics per ms, row-major N x N.
    pub jacobian_per_ms: Vec<f64>,
    /// d target_i / d y_j - identity, row-major N x N.
    residual_jacobian: Vec<f64>,
    /// d rate / d state of each population.
    rate_slopes: Vec<f64>,
    /// d residual / d drive of each population.
    drive_slopes: Vec<f64>,
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
        let first = |rows: &[Row<1>]| rows.iter().map(|row| row.get(0)).collect();
        Self {
            jacobian_per_ms: dynamics_jacobian(shape, rows, &work.jacobian, 0),
            residual_jacobian: first(&work.jacobian),
            rate_slopes: first(&work.rate_slopes),
            drive_slopes: first(&work.drive_slopes),
        }
    }

    /// Eigenvalues of the dynamics in 1/s, in order of their real parts.
    ///
    /// # Errors
    /// [`EigenError`] where the Jacobian is not finite or the iteration does not end.
    pub fn eigenvalues_per_s(&self) -> Result<Vec<Complex>, EigenError> {
        let per_ms = eigenvalues(&self.jacobian_per_ms, self.variables())?;
        Ok(per_ms.into_iter().map(|value| Complex { re: value.re * 1e3, im: value.im * 1e3 }).collect())
    }

    /// How many variables there are: N.
    fn variables(&self) -> usize {
        libm::round(libm::sqrt(self.jacobian_per_ms.len() as f64)) as usize
    }

    /// d rate_i / d drive_j in Hz per input unit at the steady state, row-major n x n; none where the state is singular.
    pub fn response(&self) -> Option<Vec<f64>> {
        steady_response(&self.residual_jacobian, &self.rate_slopes, &self.drive_slopes)
    }
}

/// d rate_i / d drive_j in Hz per input unit at a steady state, row-major n x n, from the Jacobian of the residual
/// (row-major N x N) and the slopes of rates and of residuals against drives (n each); none where it is singular.
///
/// From `0 = J dy + b dh` and `dr = c dy`: the block of populations of `-c J^-1 b`.
pub fn steady_response(residual_jacobian: &[f64], rate_slopes: &[f64], drive_slopes: &[f64]) -> Option<Vec<f64>> {
    let variables = libm::round(libm::sqrt(residual_jacobian.len() as f64)) as usize;
    let inverse = invert(residual_jacobian, variables)?;
    let row = |(row, read): (usize, &f64)| {
        let entries = drive_slopes.iter().enumerate();
        entries.map(move |(column, enters)| (row, column, *read, *enters)).collect::<Vec<_>>()
    };
    let places = rate_slopes.iter().enumerate().flat_map(row);
    Some(places.map(|(row, column, read, enters)| -inverse[row * variables + column] * enters * read).collect())
}
