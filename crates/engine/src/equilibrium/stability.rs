//! The circuit linearised at a state: eigenvalues, stability, and the response of rates to drives.

use super::corner::{Side, sides};
use super::delayed::delayed_matrix;
use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::Row;
use crate::numeric::linear::{Complex, EigenError, eigenvalues, invert};

/// A circuit linearised at one state, in one lane.
#[derive(Clone, Debug)]
pub struct Linearisation {
    /// The side from which the state is judged: the least stable one.
    side: Side,
    /// d residual_i / d y_j, row-major.
    residual_jacobian: Vec<f64>,
    /// d rate / d state of each population.
    rate_slopes: Vec<f64>,
    /// d residual / d drive of each population.
    drive_slopes: Vec<f64>,
}

/// A square matrix, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Square {
    /// Its entries.
    pub entries: Vec<f64>,
    /// Its rows, and columns.
    pub size: usize,
}

/// The Jacobian of the dynamics per ms in one lane, delays left out: of the variables that have dynamics of their own, the
/// algebraic populations eliminated. None where these do not follow from the others.
pub fn dynamics_jacobian<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    linearised: &Linearised<G>,
    lane: usize,
) -> Option<Square> {
    free_dynamics(shape, rows, linearised, (&[], lane)).map(|(_, square)| square)
}

/// [`dynamics_jacobian`] of the variables that are not `held` (none is where it is empty), with their indices.
pub fn free_dynamics<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    linearised: &Linearised<G>,
    (held, lane): (&[bool], usize),
) -> Option<(Vec<usize>, Square)> {
    let n = shape.variables();
    let free: Vec<usize> = (0..n).filter(|variable| !held.get(*variable).is_some_and(|held| *held)).collect();
    let entries =
        free.iter().flat_map(|row| free.iter().map(move |column| linearised.jacobian[row * n + column].get(lane)));
    per_ms((shape, rows), entries.collect(), (&free, lane))
}

/// [`dynamics_jacobian`] of what acts at once: the part that passes no delay.
pub fn immediate_jacobian<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    linearised: &Linearised<G>,
    lane: usize,
) -> Option<Square> {
    let mut entries: Vec<f64> = linearised.jacobian.iter().map(|entry| entry.get(lane)).collect();
    for delayed in linearised.through_delay.chunks(entries.len().max(1)) {
        for (entry, delayed) in entries.iter_mut().zip(delayed) {
            *entry -= delayed.get(lane);
        }
    }
    let all: Vec<usize> = (0..shape.variables()).collect();
    per_ms((shape, rows), entries, (&all, lane)).map(|(_, square)| square)
}

/// The Jacobian of the dynamics of some variables per ms, from that of their residuals, row-major; with the variables that are
/// left when algebraic ones are eliminated.
fn per_ms<const G: usize>(
    (shape, rows): (&Shape<G>, &Rows<G>),
    entries: Vec<f64>,
    (free, lane): (&[usize], usize),
) -> Option<(Vec<usize>, Square)> {
    let full = Square { entries, size: free.len() };
    let algebraic: Vec<bool> = free.iter().map(|variable| shape.is_algebraic(*variable)).collect();
    let mut reduced = full.eliminate(&algebraic)?;
    let kept: Vec<usize> = free.iter().copied().filter(|variable| !shape.is_algebraic(*variable)).collect();
    let scales: Vec<f64> = kept.iter().map(|variable| rows.inverse_tau(*variable).get(lane)).collect();
    for (place, entry) in reduced.entries.iter_mut().enumerate() {
        *entry *= scales[place / reduced.size];
    }
    Some((kept, reduced))
}

impl Square {
    /// The Schur complement: what is left of `M y` where the rows of the variables marked are 0 and determine these. None
    /// where they do not.
    pub fn eliminate(&self, marked: &[bool]) -> Option<Self> {
        let n = self.size;
        let out: Vec<usize> = (0..n).filter(|index| marked[*index]).collect();
        let kept: Vec<usize> = (0..n).filter(|index| !marked[*index]).collect();
        if out.is_empty() {
            return Some(self.clone());
        }
        let at = |row: usize, column: usize| self.entries[row * n + column];
        let block: Vec<f64> = out.iter().flat_map(|row| out.iter().map(move |column| at(*row, *column))).collect();
        let inverse = invert(&block, out.len())?;
        // How the marked variables follow from the kept ones.
        let follow: Vec<Vec<f64>> = (0..out.len())
            .map(|row| {
                let along = |column: usize| -> f64 {
                    (0..out.len()).map(|inner| -inverse[row * out.len() + inner] * at(out[inner], column)).sum()
                };
                kept.iter().map(|column| along(*column)).collect()
            })
            .collect();
        let mut entries = Vec::with_capacity(kept.len() * kept.len());
        for row in &kept {
            for (place, column) in kept.iter().enumerate() {
                let through: f64 =
                    out.iter().zip(&follow).map(|(inner, follow)| at(*row, *inner) * follow[place]).sum();
                entries.push(at(*row, *column) + through);
            }
        }
        Some(Self { entries, size: kept.len() })
    }
}

/// The matrix per ms in one lane whose eigenvalues are those of the dynamics, delays included. None where algebraic
/// populations do not follow from the others.
pub fn generator<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    linearised: &Linearised<G>,
    lane: usize,
) -> Option<Square> {
    if shape.delays() == 0 {
        dynamics_jacobian(shape, rows, linearised, lane)
    } else {
        delayed_matrix(shape, rows, linearised, lane)
    }
}

/// The eigenvalues of the dynamics per ms in one lane, delays included: then the rightmost ones of infinitely many.
///
/// # Errors
/// [`EigenError`] where the Jacobian is not finite or the iteration does not end.
pub fn eigenvalues_per_ms<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    linearised: &Linearised<G>,
    lane: usize,
) -> Result<Vec<Complex>, EigenError> {
    let matrix = generator(shape, rows, linearised, lane).ok_or(EigenError::NotFinite)?;
    eigenvalues(&matrix.entries, matrix.size)
}

/// The largest real part of the eigenvalues of the dynamics in one lane, in 1/s; NaN where there are none.
pub fn leading_rate_per_s<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    linearised: &Linearised<G>,
    lane: usize,
) -> f64 {
    let found = eigenvalues_per_ms(shape, rows, linearised, lane);
    found.map_or(f64::NAN, |values| values.iter().map(|value| value.re * 1e3).fold(f64::NEG_INFINITY, f64::max))
}

impl Linearisation {
    /// Linearises lane 0 of a circuit at a state.
    ///
    /// # Errors
    /// [`EigenError`] where the Jacobian is not finite or the iteration does not end.
    pub fn new(shape: &Shape<1>, rows: &Rows<1>, state: &[Row<1>]) -> Result<Self, EigenError> {
        let mut work = Linearised::new(shape);
        residual_and_jacobian(shape, rows, state, &mut work);
        let first = |rows: &[Row<1>]| rows.iter().map(|row| row.get(0)).collect();
        let all = sides(shape, rows, state)?;
        let least_stable = all.into_iter().max_by(|one, other| one.leading_per_s().total_cmp(&other.leading_per_s()));
        Ok(Self {
            side: least_stable.ok_or(EigenError::NotFinite)?,
            residual_jacobian: first(&work.jacobian),
            rate_slopes: first(&work.rate_slopes),
            drive_slopes: first(&work.drive_slopes),
        })
    }

    /// Eigenvalues of the dynamics in 1/s, in order of their real parts; at a corner of transfer functions those of the least
    /// stable side.
    pub fn eigenvalues_per_s(&self) -> Vec<Complex> {
        self.side.eigenvalues.clone()
    }

    /// The populations at a corner of their transfer functions, each with whether its input lies above it on the side from
    /// which the eigenvalues are.
    pub fn corner(&self) -> &[(usize, bool)] {
        &self.side.above
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
