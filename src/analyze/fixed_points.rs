//! All fixed points of a circuit in a box of rates, unstable ones included.
//!
//! Starts fill the box by a low-discrepancy sequence; each goes on by one of the methods of `search`. What
//! arrives is polished until its residual is as small as rounding allows, or thrown away. For a circuit whose rates are all
//! bounded the indices of its fixed points (+1 or -1 each, the sign of `det(-J)`) sum to 1, since it maps a box into itself
//! (Brouwer's degree); the search goes on, within limits, until they do.

use super::search::{Method, SearchWork, Terrain, search};
use super::system::{Local, System};
use crate::numeric::lanes::{Row, dispatch};
use crate::numeric::linear::{Complex, determinant_sign};

/// Starts that are followed side by side.
const LANES: usize = Row::<1>::LANES;
/// Methods of the lanes of a batch.
const METHODS: [Method; LANES] = [
    Method::Newton,
    Method::Deflated,
    Method::PseudoTransient,
    Method::Newton,
    Method::Deflated,
    Method::Newton,
    Method::Deflated,
    Method::PseudoTransient,
];
/// Batches of starts without anything new after which the search ends, and how many more for each variable and for each
/// fixed point that was found: among many, one more is easily missed.
const QUIET_BATCHES: usize = 16;
const QUIET_BATCHES_PER_VARIABLE: usize = 4;
const QUIET_BATCHES_PER_POINT: usize = 2;
/// How much longer it goes on where the indices say that a fixed point is missing.
const PATIENCE: usize = 20;
/// Batches after which it ends in any case.
const MOST_BATCHES: usize = 2_000;
/// Two fixed points nearer than this, relative to the widths of the box, are one.
const SAME: f64 = 1e-7;
/// How far rates may lie outside of the box, relative to its width.
const SLACK: f64 = 1e-9;
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
    /// Eigenvalues of the dynamics in 1/s, in order of their real parts.
    pub eigenvalues: Vec<Complex>,
    /// What kind it is.
    pub kind: Kind,
    /// In how many directions it is unstable.
    pub unstable_directions: usize,
    /// Its index: the sign of `det(-J)`, J being the Jacobian of the residual.
    pub index: i64,
}

/// The fixed points of a circuit.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedPoints {
    /// In order of the rates: of the first population, then of the second, and so on.
    pub points: Vec<FixedPoint>,
    /// Lowest and highest rate of each population, in Hz, that was looked at.
    pub box_hz: Vec<(f64, f64)>,
    /// How many starts were followed.
    pub starts: usize,
    /// Whether the indices of the fixed points sum to 1, as they must where every rate is bounded and the box holds all:
    /// if not, some are missing. None where rates are unbounded, the box was chosen smaller, or a fixed point is
    /// non-hyperbolic.
    pub index_is_one: Option<bool>,
}

/// Finds the fixed points of a system whose rates lie in a box (lowest and highest rate of each population in Hz);
/// in the box of [`System::rate_ranges`] where none is given. `near` are states to begin with, such as the present one.
pub fn fixed_points(system: &System, box_hz: Option<&[(f64, f64)]>, near: &[Vec<f64>]) -> FixedPoints {
    let natural = system.rate_ranges(near);
    let whole = box_hz.is_none_or(|chosen| {
        chosen.iter().zip(&natural).all(|(chosen, natural)| chosen.0 <= natural.0 && chosen.1 >= natural.1)
    });
    let box_hz = box_hz.map_or_else(|| natural.clone(), <[_]>::to_vec);
    let mut hunt = Hunt::new(system, box_hz, system.is_bounded() && whole);
    near.iter().for_each(|state| hunt.keep(state));
    let (mut batch, mut last_new) = (0, 0);
    loop {
        let before = hunt.found.len();
        hunt.follow(batch);
        batch += 1;
        if hunt.found.len() > before {
            last_new = batch;
        }
        let quiet = QUIET_BATCHES
            + QUIET_BATCHES_PER_VARIABLE * system.variables()
            + QUIET_BATCHES_PER_POINT * hunt.found.len();
        let patience = if hunt.index_is_one() == Some(false) { PATIENCE } else { 1 };
        if batch - last_new >= quiet * patience || batch >= MOST_BATCHES {
            break;
        }
    }
    let index_is_one = hunt.index_is_one();
    let mut points = hunt.found;
    points.sort_by(|one, other| compare(&one.rates, &other.rates).then(compare(&one.variables, &other.variables)));
    FixedPoints { points, box_hz: hunt.box_hz, starts: batch * LANES, index_is_one }
}

fn compare(one: &[f64], other: &[f64]) -> std::cmp::Ordering {
    let pairs = one.iter().zip(other).map(|(one, other)| one.total_cmp(other));
    pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

/// A search on its way.
struct Hunt<'a> {
    system: &'a System,
    box_hz: Vec<(f64, f64)>,
    /// Whether all rates are bounded and the box holds them.
    complete: bool,
    /// Range of each variable.
    ranges: Vec<(f64, f64)>,
    widths: Vec<f64>,
    found: Vec<FixedPoint>,
    known: Vec<Vec<f64>>,
    work: SearchWork,
}

impl<'a> Hunt<'a> {
    fn new(system: &'a System, box_hz: Vec<(f64, f64)>, complete: bool) -> Self {
        let ranges = system.variable_ranges(&box_hz);
        let widths = ranges.iter().map(|(low, high)| (high - low).max(f64::MIN_POSITIVE)).collect();
        let work = SearchWork::new(system);
        Self { system, box_hz, complete, ranges, widths, found: Vec::new(), known: Vec::new(), work }
    }

    /// Follows one batch of starts.
    fn follow(&mut self, batch: usize) {
        let starts: Vec<Vec<f64>> = (0..LANES).map(|lane| self.start(batch * LANES + lane)).collect();
        let mut state: Vec<Row<1>> =
            (0..self.widths.len()).map(|variable| Row::from_fn(|lane| starts[lane][variable])).collect();
        let terrain = Terrain { system: self.system, widths: &self.widths, known: &self.known };
        let work = &mut self.work;
        let arrived = dispatch!(self.system.level, simd => search(simd, &terrain, METHODS, &mut state, work));
        for lane in (0..LANES).filter(|lane| arrived >> lane & 1 == 1) {
            self.keep(&state.iter().map(|row| row.get(lane)).collect::<Vec<_>>());
        }
    }

    /// Start number `index`: the corners of the box with all low and all high, then an additive recurrence (Roberts 2018,
    /// the plastic constant's generalisation). Every other start is drawn towards the lower end, where rates of cortex are.
    fn start(&self, index: usize) -> Vec<f64> {
        let dimensions = self.system.size();
        let base = recurrence_base(dimensions);
        let share = |dimension: usize| match index {
            0 => 0.0,
            1 => 1.0,
            _ => {
                let step = libm::pow(base, -((dimension + 1) as f64));
                let share = 0.5 + step * index as f64;
                let share = share - libm::floor(share);
                if index.is_multiple_of(2) { share } else { share * share * share }
            }
        };
        let places = self.ranges.iter().take(dimensions).enumerate();
        let mut start: Vec<f64> = places.map(|(k, (low, high))| share(k).mul_add(high - low, *low)).collect();
        start.resize(self.ranges.len(), 0.0);
        self.system.settle_others(&mut start);
        start
    }

    /// Polishes a candidate, and keeps it if it is a fixed point in the box that is not known yet.
    fn keep(&mut self, candidate: &[f64]) {
        let Some((variables, local)) = polish(self.system, candidate, &self.ranges) else { return };
        let mut places = local.rates.iter().zip(&self.box_hz);
        let inside = places.all(|(rate, (low, high))| {
            let slack = SLACK * (high - low);
            *rate >= low - slack && *rate <= high + slack
        });
        let near = |known: &Vec<f64>| {
            let pairs = known.iter().zip(&variables).zip(&self.widths);
            pairs.map(|((known, new), width)| (known - new).abs() / width).fold(0.0, f64::max) < SAME
        };
        if !inside || self.known.iter().any(near) {
            return;
        }
        if let Some(point) = FixedPoint::new(variables, local) {
            self.known.push(point.variables.clone());
            self.found.push(point);
        }
    }

    fn index_is_one(&self) -> Option<bool> {
        if !self.complete || self.found.iter().any(|point| point.kind == Kind::NonHyperbolic) {
            return None;
        }
        Some(self.found.iter().map(|point| point.index).sum::<i64>() == 1)
    }
}

impl FixedPoint {
    /// The fixed point at or next to a state; none where there is none.
    pub fn at(system: &System, state: &[f64]) -> Option<Self> {
        let natural: Vec<(f64, f64)> = (0..system.size()).map(|population| system.rate_range(population)).collect();
        let (variables, local) = polish(system, state, &system.variable_ranges(&natural))?;
        Self::new(variables, local)
    }

    fn new(variables: Vec<f64>, local: Local) -> Option<Self> {
        let eigenvalues = local.eigenvalues_per_s().ok()?;
        let (kind, unstable_directions) = Kind::of(&eigenvalues);
        let residual = local.residual.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        let negated: Vec<f64> = local.jacobian.iter().map(|entry| -entry).collect();
        let index = determinant_sign(&negated, local.variables());
        Some(Self { variables, rates: local.rates, residual, eigenvalues, kind, unstable_directions, index })
    }
}

/// The base of the additive recurrence in d dimensions: the root above 1 of `x^(d+1) = x + 1`.
fn recurrence_base(dimensions: usize) -> f64 {
    let mut base = 2.0;
    for _ in 0..60 {
        base = libm::pow(1.0 + base, 1.0 / (dimensions as f64 + 1.0));
    }
    base
}

/// Newton steps until the residual no longer falls; none where it does not become as small as rounding allows.
fn polish(system: &System, candidate: &[f64], ranges: &[(f64, f64)]) -> Option<(Vec<f64>, Local)> {
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
