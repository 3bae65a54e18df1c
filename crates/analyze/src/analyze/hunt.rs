//! The search for fixed points: where, how widely, and when it ends.
//!
//! The box is what bounds the rates at any fixed point ([`System::rate_bounds`]) or what was chosen. Where nothing bounds a
//! rate, the search begins with what is expected and widens that end tenfold, several times, and again as long as fixed
//! points lie near it. For a circuit whose rates are all bounded the indices of its fixed points (+1 or -1 each, the sign of
//! `det(-J)`) sum to 1, since it maps a box into itself (Brouwer's degree); the search goes on, within limits, until they do.

use super::fixed_points::{FixedPoint, FixedPoints, Kind, polish};
use super::search::{Method, SearchWork, Terrain, search};
use super::system::System;
use crate::numeric::interval::Interval;
use crate::numeric::lanes::Row;
use serde::Serialize;
use std::time::{Duration, Instant};

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
/// Batches after which it ends in any case, and fixed points.
const MOST_BATCHES: usize = 4_000;
const MOST_POINTS: usize = 1_000;
/// How much wider a box without bounds is searched next, how often at least, and how often where fixed points lie near its
/// edge: beyond this share of it.
const WIDER: f64 = 10.0;
const WIDENINGS: i32 = 4;
const MOST_WIDENINGS: i32 = 12;
const NEAR_EDGE: f64 = 0.1;
/// Two fixed points nearer than this, relative to the widths of what is expected and to their own sizes, are one.
const SAME: f64 = 1e-7;
/// How far rates may lie outside of the box, relative to its width.
const SLACK: f64 = 1e-9;

/// Within what fixed points are looked for, and for how long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Lowest and highest rate in Hz, by population; where none is chosen, or none at all, wherever the rate can go.
    pub rates: Vec<Option<(f64, f64)>>,
    /// The same for the potentials of populations in the voltage form, in input units.
    pub potentials: Vec<Option<(f64, f64)>>,
    /// After how many seconds the search is cut off; not at all if none. What is found then depends on the machine.
    pub seconds: Option<f64>,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// Nothing new had come for long.
    Quiet,
    /// It had followed as many starts as it follows at most.
    MostStarts,
    /// It had found as many fixed points as it lists at most.
    MostPoints,
    /// Its time was over.
    OutOfTime,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Starts that were followed.
    pub starts: usize,
    /// Fixed points that were found.
    pub found: usize,
    /// Since when, in seconds.
    pub seconds: f64,
}

impl Bounds {
    fn rate(&self, population: usize) -> Option<(f64, f64)> {
        self.rates.get(population).copied().flatten()
    }

    fn potential(&self, population: usize) -> Option<(f64, f64)> {
        self.potentials.get(population).copied().flatten()
    }
}

pub(super) fn hunt(
    system: &System,
    bounds: &Bounds,
    near: &[Vec<f64>],
    watch: &mut dyn FnMut(&Progress),
) -> FixedPoints {
    let mut hunt = Hunt::new(system, bounds, near);
    near.iter().for_each(|state| hunt.keep(state));
    let mut ended = Ended::Quiet;
    for widening in 0..=MOST_WIDENINGS {
        hunt.open(widening);
        if let Some(cut) = hunt.until_quiet(widening, watch) {
            ended = cut;
            break;
        }
        if hunt.is_whole() || (widening >= WIDENINGS && !hunt.is_near_edge()) {
            break;
        }
    }
    hunt.finish(ended)
}

/// A search on its way.
struct Hunt<'a> {
    system: &'a System,
    bounds: &'a Bounds,
    /// What each rate can come to, or was chosen.
    whole: Vec<Interval>,
    /// What is expected of each rate.
    expected: Vec<(f64, f64)>,
    /// Whether all rates are bounded and `whole` holds them.
    complete: bool,
    /// Where it looks at present.
    box_hz: Vec<(f64, f64)>,
    /// Range of each variable there.
    ranges: Vec<(f64, f64)>,
    widths: Vec<f64>,
    /// Widths of the first box, by which fixed points are told apart.
    first_widths: Vec<f64>,
    found: Vec<FixedPoint>,
    known: Vec<Vec<f64>>,
    work: SearchWork,
    batches: usize,
    started: Instant,
}

impl<'a> Hunt<'a> {
    fn new(system: &'a System, bounds: &'a Bounds, near: &[Vec<f64>]) -> Self {
        let certain = system.rate_bounds();
        let chosen = |index: usize| bounds.rate(index).map(|(low, high)| Interval { low, high });
        let whole: Vec<Interval> =
            certain.iter().enumerate().map(|(index, certain)| chosen(index).unwrap_or(*certain)).collect();
        let holds = |(whole, certain): (&Interval, &Interval)| {
            certain.is_bounded() && whole.low <= certain.low && whole.high >= certain.high
        };
        let complete = whole.iter().zip(&certain).all(holds) && bounds.potentials.iter().all(Option::is_none);
        let expected = system.rate_ranges(near).into_iter().enumerate();
        let expected = expected.map(|(index, expected)| bounds.rate(index).unwrap_or(expected)).collect();
        let mut hunt = Self {
            system,
            bounds,
            whole,
            expected,
            complete,
            box_hz: Vec::new(),
            ranges: Vec::new(),
            widths: Vec::new(),
            first_widths: Vec::new(),
            found: Vec::new(),
            known: Vec::new(),
            work: SearchWork::new(system),
            batches: 0,
            started: Instant::now(),
        };
        hunt.open(0);
        hunt.first_widths.clone_from(&hunt.widths);
        hunt
    }

    /// Takes up the box that has been widened so many times.
    fn open(&mut self, widening: i32) {
        let factor = libm::pow(WIDER, f64::from(widening));
        let places = self.expected.iter().zip(&self.whole).enumerate();
        let wider = places.map(|(index, ((low, high), whole))| {
            if self.bounds.rate(index).is_some() {
                return (whole.low, whole.high);
            }
            // An end that nothing bounds moves away from 0.
            let farther = |end: f64| end.abs().max(low.abs()).max(high.abs()) * factor;
            (whole.low.max(-farther(*low)), whole.high.min(farther(*high)))
        });
        self.box_hz = wider.collect();
        self.ranges = self.system.variable_ranges(&self.box_hz);
        for (range, index) in self.ranges.iter_mut().zip(0..self.system.size()) {
            *range = self.bounds.potential(index).unwrap_or(*range);
        }
        self.widths = self.ranges.iter().map(|(low, high)| (high - low).max(f64::MIN_POSITIVE)).collect();
    }

    /// Whether the box holds all that rates can come to, or all that was chosen.
    fn is_whole(&self) -> bool {
        self.box_hz.iter().zip(&self.whole).all(|(here, whole)| here.0 <= whole.low && here.1 >= whole.high)
    }

    /// Whether a fixed point lies near an end of the box that could be moved.
    fn is_near_edge(&self) -> bool {
        let places = self.box_hz.iter().zip(&self.whole).enumerate();
        let mut places = places
            .flat_map(|(index, (here, whole))| self.found.iter().map(move |point| (point.rates[index], *here, *whole)));
        places.any(|(rate, (low, high), whole)| {
            (low > whole.low && rate < NEAR_EDGE * low) || (high < whole.high && rate > NEAR_EDGE * high)
        })
    }

    /// Follows starts until nothing new comes; gives the reason where it ends before.
    fn until_quiet(&mut self, widening: i32, watch: &mut dyn FnMut(&Progress)) -> Option<Ended> {
        let first = self.batches;
        let mut last_new = self.batches;
        loop {
            let before = self.found.len();
            self.follow(self.batches - first);
            self.batches += 1;
            if self.found.len() > before {
                last_new = self.batches;
            }
            let seconds = self.started.elapsed();
            watch(&Progress { starts: self.batches * LANES, found: self.found.len(), seconds: seconds.as_secs_f64() });
            let quiet = QUIET_BATCHES
                + QUIET_BATCHES_PER_VARIABLE * self.system.variables()
                + QUIET_BATCHES_PER_POINT * self.found.len();
            let quiet = if widening > 0 { quiet.div_ceil(2) } else { quiet };
            let patience = if self.is_whole() && self.index_is_one() == Some(false) { PATIENCE } else { 1 };
            let time = self.bounds.seconds.and_then(|limit| Duration::try_from_secs_f64(limit).ok());
            match () {
                () if time.is_some_and(|limit| seconds >= limit) => return Some(Ended::OutOfTime),
                () if self.found.len() >= MOST_POINTS => return Some(Ended::MostPoints),
                () if self.batches >= MOST_BATCHES => return Some(Ended::MostStarts),
                () if self.batches - last_new >= quiet * patience => return None,
                () => {}
            }
        }
    }

    /// Follows one batch of starts.
    fn follow(&mut self, batch: usize) {
        let starts: Vec<Vec<f64>> = (0..LANES).map(|lane| self.start(batch * LANES + lane)).collect();
        let mut state: Vec<Row<1>> =
            (0..self.widths.len()).map(|variable| Row::from_fn(|lane| starts[lane][variable])).collect();
        let terrain = Terrain { system: self.system, widths: &self.widths, known: &self.known };
        let work = &mut self.work;
        let arrived = search(&terrain, METHODS, &mut state, work);
        for lane in (0..LANES).filter(|lane| arrived >> lane & 1 == 1) {
            self.keep(&state.iter().map(|row| row.get(lane)).collect::<Vec<_>>());
        }
    }

    /// Start number `index`: the corners of the box with all low and all high, then an additive recurrence (Roberts 2018,
    /// the plastic constant's generalisation). Every other start is drawn towards 0, near which rates of cortex are; and half of
    /// those take each variable from one of the fixed points that are known: where populations hardly act on each other, fixed
    /// points are all the combinations of what each can do.
    fn start(&self, index: usize) -> Vec<f64> {
        let dimensions = self.system.size();
        let base = recurrence_base(dimensions);
        let place = |dimension: usize, (low, high): (f64, f64)| match index {
            0 => low,
            1 => high,
            _ => {
                let step = libm::pow(base, -((dimension + 1) as f64));
                let share = 0.5 + step * index as f64;
                let share = share - libm::floor(share);
                if index % 4 == 3 && self.known.len() > 1 {
                    let known = (share * self.known.len() as f64) as usize;
                    self.known[known.min(self.known.len() - 1)][dimension]
                } else if index.is_multiple_of(2) {
                    share.mul_add(high - low, low)
                } else {
                    drawn(share, Interval { low, high })
                }
            }
        };
        let places = self.ranges.iter().take(dimensions).enumerate();
        let mut start: Vec<f64> = places.map(|(dimension, range)| place(dimension, *range)).collect();
        start.resize(self.ranges.len(), 0.0);
        self.system.settle_others(&mut start);
        start
    }

    /// Polishes a candidate, and keeps it if it is a fixed point that was asked for and is not known yet.
    fn keep(&mut self, candidate: &[f64]) {
        let Some((variables, local)) = polish(self.system, candidate, &self.ranges) else { return };
        let within = |value: f64, low: f64, high: f64| {
            let slack = SLACK * if high > low && (high - low).is_finite() { high - low } else { value.abs() };
            value >= low - slack && value <= high + slack
        };
        let mut rates = local.rates.iter().zip(&self.whole);
        let inside = rates.all(|(rate, whole)| within(*rate, whole.low, whole.high));
        let mut potentials = variables.iter().take(self.system.size()).enumerate();
        let inside = inside
            && potentials
                .all(|(index, value)| self.bounds.potential(index).is_none_or(|(low, high)| within(*value, low, high)));
        let near = |known: &Vec<f64>| {
            let pairs = known.iter().zip(&variables).zip(&self.first_widths);
            pairs.map(|((known, new), width)| (known - new).abs() / width.max(new.abs())).fold(0.0, f64::max) < SAME
        };
        if !inside || self.known.iter().any(near) {
            return;
        }
        if let Some(point) = FixedPoint::new(self.system, variables, local) {
            self.known.push(point.variables.clone());
            self.found.push(point);
        }
    }

    fn index_is_one(&self) -> Option<bool> {
        let decided = |point: &FixedPoint| point.kind != Kind::NonHyperbolic && point.index.is_some();
        let decided = self.complete && self.is_whole() && self.found.iter().all(decided);
        decided.then(|| self.found.iter().filter_map(|point| point.index).sum::<i64>() == 1)
    }

    fn finish(mut self, ended: Ended) -> FixedPoints {
        // What was found beyond the last box was searched at least there.
        for point in &self.found {
            for (place, rate) in self.box_hz.iter_mut().zip(&point.rates) {
                *place = (place.0.min(*rate), place.1.max(*rate));
            }
        }
        let places = self.box_hz.iter().zip(&self.whole);
        FixedPoints {
            potentials: (0..self.box_hz.len()).map(|index| self.bounds.potential(index)).collect(),
            open: places
                .enumerate()
                .map(|(index, (here, whole))| {
                    // Where the potential was chosen, so was what the rate can be.
                    let free = self.bounds.potential(index).is_none();
                    [free && here.0 > whole.low, free && here.1 < whole.high]
                })
                .collect(),
            starts: self.batches * LANES,
            ended,
            index_is_one: self.index_is_one(),
            box_hz: self.box_hz,
            points: self.found,
        }
    }
}

/// A place in a range, most of them near the end, or the place, that is nearest to 0.
fn drawn(share: f64, range: Interval) -> f64 {
    let centre = range.nearest_to_zero();
    let below = (centre - range.low) / range.width();
    if share < below {
        let away = (below - share) / below;
        centre - away * away * away * (centre - range.low)
    } else {
        let away = (share - below) / (1.0 - below);
        (away * away * away).mul_add(range.high - centre, centre)
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
