//! Branches of fixed points over one knob, with their special points.

use super::family::{Family, Point};
use super::special::Special;
use super::tracer::Curve;
use serde::Serialize;

/// Smallest size of a variable in the measure of steps: one that stays near 0 is not measured in its own tiny size.
const SMALLEST_SIZE: f64 = 0.1;

/// A fixed point on a branch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BranchPoint {
    /// The knob, as a share of its range.
    #[serde(skip)]
    pub share: f64,
    /// The knob's value.
    pub knob: f64,
    /// The variables.
    pub state: Vec<f64>,
    /// What is observed: rates in Hz.
    pub observed: Vec<f64>,
    /// How many eigenvalues have a real part above 0; at a corner, on the less stable side.
    pub unstable: usize,
}

/// Why a branch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// At an end of the knob's range.
    Range,
    /// It comes back to where it started.
    Closed,
    /// After as many steps as were allowed.
    MostSteps,
    /// A variable leaves the range of interest.
    Beyond,
    /// At a point where several branches meet: a corner, or a point where several eigenvalues vanish at once.
    Crossing,
    /// Newton's method no longer converges, even with the shortest step.
    Lost,
}

impl End {
    /// Where it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Range => "the end of the range",
            Self::Closed => "its own start",
            Self::MostSteps => "where max_steps are taken (there may be more)",
            Self::Beyond => "where a rate leaves the range of interest",
            Self::Crossing => "where several branches meet",
            Self::Lost => "where it is lost (Newton's method no longer converges)",
        }
    }
}

/// A branch of fixed points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Branch {
    /// Fixed points in their order along the branch.
    pub points: Vec<BranchPoint>,
    /// Special points in their order along the branch.
    pub special: Vec<Special>,
    /// How it ends at its first and at its last point.
    pub ends: [End; 2],
}

/// The fixed points of a family over its first knob, as a curve.
pub(super) struct Equilibria<'a> {
    pub family: &'a dyn Family,
    /// Settings of further knobs.
    pub held: &'a [f64],
    sizes: Vec<f64>,
}

impl<'a> Equilibria<'a> {
    /// Variables are measured by how large they are at some states, knobs by their range.
    pub(super) fn new(family: &'a dyn Family, held: &'a [f64], states: &[Vec<f64>]) -> Self {
        let n = family.variables();
        // The length of a step does not grow with the number of variables.
        let share = libm::sqrt(n.max(1) as f64);
        let size = |index: usize| {
            let largest = states.iter().map(|state| state[index].abs()).fold(SMALLEST_SIZE, f64::max);
            if largest.is_finite() { largest * share } else { share }
        };
        Self { family, held, sizes: (0..n).map(size).chain([1.0]).collect() }
    }

    /// Whether some variable is measured by a size so many times larger than in another curve.
    pub(super) fn outgrows(&self, other: &Self, times: f64) -> bool {
        self.sizes.iter().zip(&other.sizes).any(|(own, other)| *own > times * other)
    }

    /// Whether a variable has left the range of interest.
    pub(super) fn is_beyond(&self, unknowns: &[f64]) -> bool {
        (0..self.family.variables()).any(|index| unknowns[index].abs() > self.family.bound(index))
    }

    fn knobs(&self, share: f64) -> Vec<f64> {
        std::iter::once(share).chain(self.held.iter().copied()).collect()
    }

    /// The system at unknowns: the state, then the knob.
    pub(super) fn point(&self, unknowns: &[f64]) -> Option<Point> {
        let n = self.family.variables();
        self.family.at(&unknowns[..n], &self.knobs(unknowns[n]))
    }

    pub(super) fn observe(&self, unknowns: &[f64]) -> Vec<f64> {
        let n = self.family.variables();
        self.family.observe(&unknowns[..n], &self.knobs(unknowns[n]))
    }
}

impl Curve for Equilibria<'_> {
    fn sizes(&self) -> &[f64] {
        &self.sizes
    }

    fn at(&self, unknowns: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let n = self.family.variables();
        let knobs = self.knobs(unknowns[n]);
        let point = self.family.at(&unknowns[..n], &knobs)?;
        let slope = self.family.knob_slope(&unknowns[..n], &knobs, 0, &point)?;
        let rows = point.jacobian.chunks(n.max(1)).zip(&slope.residual);
        let jacobian = rows.flat_map(|(row, slope)| row.iter().copied().chain([*slope])).collect();
        Some((point.residual, jacobian))
    }
}
