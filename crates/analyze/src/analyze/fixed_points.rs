//! Fixed points of a circuit, stable or not: what kinds there are, and how they are looked for.
//!
//! The search itself is in `hunt`: starts fill a box of rates by a low-discrepancy sequence; each goes on by one of the
//! methods of `search`. What arrives is polished until its residual is as small as rounding allows, or thrown away. A list
//! of fixed points is what was found; that it is complete is never known.

use super::hunt::{Bounds, Ended, Progress, hunt};
use super::system::{Local, System};
use crate::equilibrium::corner::Side;
use crate::numeric::linear::Complex;

/// The residual of a fixed point, in units of what rounding alone makes.
const ROUNDINGS: f64 = 64.0;
/// A real part this small, relative to the largest eigenvalue, is neither stable nor unstable.
const NEUTRAL: f64 = 1e-9;

/// What kind of fixed point it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Stable; the slowest direction does not oscillate.
    StableNode,
    /// Stable; the slowest direction is a damped oscillation.
    StableFocus,
    /// Unstable in some directions.
    Saddle,
    /// Unstable in some directions, the fastest of which oscillates.
    SaddleFocus,
    /// Unstable in all directions.
    UnstableNode,
    /// Unstable in all directions, the fastest of which oscillates.
    UnstableFocus,
    /// The linearised circuit does not decide: a real part is 0 to rounding.
    NonHyperbolic,
    /// At a corner of a transfer function: stable to departures to one side, unstable to those to another.
    OneSided,
}

impl Kind {
    /// As it is written in tables.
    pub fn words(self) -> &'static str {
        match self {
            Self::StableNode => "stable node",
            Self::StableFocus => "stable focus",
            Self::Saddle => "saddle",
            Self::SaddleFocus => "saddle focus",
            Self::UnstableNode => "unstable node",
            Self::UnstableFocus => "unstable focus",
            Self::NonHyperbolic => "non-hyperbolic",
            Self::OneSided => "unstable on one side",
        }
    }

    /// Whether small departures die out.
    pub fn is_stable(self) -> bool {
        matches!(self, Self::StableNode | Self::StableFocus)
    }

    /// The kind, and the number of unstable directions, from the eigenvalues.
    pub fn of(eigenvalues: &[Complex]) -> (Self, usize) {
        let size = |value: &Complex| libm::sqrt(value.re * value.re + value.im * value.im);
        let largest = eigenvalues.iter().map(size).fold(0.0, f64::max);
        let unstable = eigenvalues.iter().filter(|value| value.re > NEUTRAL * largest).count();
        let leading = eigenvalues.iter().max_by(|one, other| one.re.total_cmp(&other.re));
        let turns = leading.is_some_and(|value| value.im.abs() > NEUTRAL * largest);
        let neutral = eigenvalues.iter().any(|value| value.re.abs() <= NEUTRAL * largest);
        let kind = match (unstable, turns) {
            _ if neutral => Self::NonHyperbolic,
            (0, false) => Self::StableNode,
            (0, true) => Self::StableFocus,
            (all, false) if all == eigenvalues.len() => Self::UnstableNode,
            (all, true) if all == eigenvalues.len() => Self::UnstableFocus,
            (_, false) => Self::Saddle,
            (_, true) => Self::SaddleFocus,
        };
        (kind, unstable)
    }
}

/// A fixed point.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedPoint {
    /// The circuit's variables.
    pub variables: Vec<f64>,
    /// Rates in Hz.
    pub rates: Vec<f64>,
    /// Largest size of target minus state.
    pub residual: f64,
    /// Eigenvalues of the dynamics in 1/s, in order of their real parts; at a corner those of the least stable side.
    pub eigenvalues: Vec<Complex>,
    /// What kind it is.
    pub kind: Kind,
    /// In how many directions it is unstable; at a corner on the side where these are most.
    pub unstable_directions: usize,
    /// Its index: the sign of `det(-J)`, J being the Jacobian of the residual; none where sides differ in it.
    pub index: Option<i64>,
    /// The sides of a fixed point at a corner of transfer functions; empty where there is no corner.
    pub sides: Vec<Side>,
}

/// The fixed points of a circuit, as far as they were found.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedPoints {
    /// In order of the rates: of the first population, then of the second, and so on.
    pub points: Vec<FixedPoint>,
    /// Lowest and highest rate of each population, in Hz, that was looked at.
    pub box_hz: Vec<(f64, f64)>,
    /// The lowest and highest potential of a population in the voltage form, in input units, where that was chosen.
    pub potentials: Vec<Option<(f64, f64)>>,
    /// Whether each end of the box is a choice of the search, because nothing bounds the rate nearer to 0: fixed points may
    /// lie beyond.
    pub open: Vec<[bool; 2]>,
    /// How many starts were followed.
    pub starts: usize,
    /// Why the search ended.
    pub ended: Ended,
    /// Whether the indices of the fixed points sum to 1, as they must where every rate is bounded and the box holds all:
    /// if not, some are missing. None where rates are unbounded, the box was chosen smaller, or a fixed point is
    /// non-hyperbolic.
    pub index_is_one: Option<bool>,
}

/// Finds fixed points of a system whose rates lie in a box (lowest and highest rate of each population in Hz); wherever its
/// transfer functions can go where none is given. `near` are states to begin with, such as the present one.
pub fn fixed_points(system: &System, box_hz: Option<&[(f64, f64)]>, near: &[Vec<f64>]) -> FixedPoints {
    let rates = box_hz.map_or_else(Vec::new, |chosen| chosen.iter().copied().map(Some).collect());
    fixed_points_within(system, &Bounds { rates, ..Bounds::default() }, near, &mut |_| ())
}

/// Finds fixed points of a system within bounds; `watch` is told now and then how far the search is. Where `bounds` gives it no time, the same system always gives the same points.
pub fn fixed_points_within(
    system: &System,
    bounds: &Bounds,
    near: &[Vec<f64>],
    watch: &mut dyn FnMut(&Progress),
) -> FixedPoints {
    let mut found = hunt(system, bounds, near, watch);
    let compare = |one: &[f64], other: &[f64]| {
        let pairs = one.iter().zip(other).map(|(one, other)| one.total_cmp(other));
        pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    };
    found
        .points
        .sort_by(|one, other| compare(&one.rates, &other.rates).then(compare(&one.variables, &other.variables)));
    found
}

impl FixedPoint {
    /// The fixed point at or next to a state; none where there is none.
    pub fn at(system: &System, state: &[f64]) -> Option<Self> {
        let natural: Vec<(f64, f64)> = (0..system.size()).map(|population| system.rate_range(population)).collect();
        let (variables, local) = polish(system, state, &system.variable_ranges(&natural))?;
        Self::new(system, variables, local)
    }

    /// A state at which a system stands still.
    pub(super) fn new(system: &System, variables: Vec<f64>, local: Local) -> Option<Self> {
        let sides = system.sides(&variables)?;
        let worst = sides.iter().max_by(|one, other| one.leading_per_s().total_cmp(&other.leading_per_s()))?;
        let kinds: Vec<(Kind, usize)> = sides.iter().map(|side| Kind::of(&side.eigenvalues)).collect();
        let stable = kinds.iter().filter(|(kind, _)| kind.is_stable()).count();
        let kind = match stable {
            some if some > 0 && some < kinds.len() => Kind::OneSided,
            _ => Kind::of(&worst.eigenvalues).0,
        };
        Some(Self {
            residual: local.residual.iter().fold(0.0, |largest: f64, value| largest.max(value.abs())),
            eigenvalues: worst.eigenvalues.clone(),
            kind,
            unstable_directions: kinds.iter().map(|(_, unstable)| *unstable).max().unwrap_or(0),
            index: sides.iter().all(|side| side.index == worst.index).then_some(worst.index),
            sides: if sides.len() > 1 { sides } else { Vec::new() },
            rates: local.rates,
            variables,
        })
    }
}

/// Newton steps until the residual no longer falls; none where it does not become as small as rounding allows.
pub(super) fn polish(system: &System, candidate: &[f64], ranges: &[(f64, f64)]) -> Option<(Vec<f64>, Local)> {
    let mut state = candidate.to_vec();
    let mut local = system.at(&state);
    let size = |local: &Local| local.residual.iter().fold(0.0, |sum: f64, value| sum + value.abs());
    for _ in 0..20 {
        let Some(step) = local.newton_step() else { break };
        let next: Vec<f64> = state.iter().zip(&step).map(|(value, part)| value + part).collect();
        let there = system.at(&next);
        if size(&there) < size(&local) {
            (state, local) = (next, there);
        } else {
            break;
        }
    }
    let allowed = system.rounding(&state, &local, ranges);
    let exact = local.residual.iter().zip(&allowed).all(|(residual, allowed)| residual.abs() <= ROUNDINGS * allowed);
    exact.then_some((state, local))
}
