//! Whether a trajectory closes: it is watched as it passes again through the plane on which it stood at one of its states,
//! the anchor, across its velocity there.
//!
//! A return is a cycle when the laps' distances from their own starts shrink to nothing: what is still to come, by the ratio
//! of the last two, is small against the swing. A damped oscillation never passes for one, since there as much is to come as
//! the swing is large. One more lap at a coarser tolerance tells how exact the mean rates are.

/// A crossing this near the anchor, relative to the swing, is met exactly.
const NEAR: f64 = 0.05;
/// A lap that ends this near its start may be one of a cycle.
const CANDIDATE: f64 = 1e-2;
/// How near to its start a lap ends where a cycle has been reached, and what may then still be to come, relative to the swing;
/// and the distance at which nothing more is to come, since steps are no more exact.
const ENDED: f64 = 1e-5;
const TO_COME: f64 = 2e-6;
const CLOSED: f64 = 1e-6;
/// Variables that swing by less than this, relative to their size, stand still.
pub(super) const STILL: f64 = 1e-4;
/// Attempts at one crossing.
const MOST_ATTEMPTS: usize = 20;
/// How exactly a crossing is met, relative to the lap.
const EXACT: f64 = 1e-10;
/// Steps after which the first anchor is left for another; the same where a cycle is expected.
const FIRST_EPOCH: usize = 24;
const FIRST_EPOCH_OF_A_CYCLE: usize = 400;

/// A cycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycle {
    /// Its period in ms.
    pub period_ms: f64,
    /// Lowest and highest value of each variable, as far as steps show.
    pub ranges: Vec<(f64, f64)>,
    /// The estimated error of the mean rates, steps included, Hz.
    pub error_hz: f64,
}

/// A trajectory at the end of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here<'a> {
    pub time_ms: f64,
    pub state: &'a [f64],
    /// Integrals of the rates since the start, Hz ms.
    pub gained: &'a [f64],
    /// How large each variable has been.
    pub sizes: &'a [f64],
}

#[derive(Clone, Debug)]
enum Phase {
    /// No return has been seen.
    Searching,
    /// Returns are under way: how far the last lap ended from its start, and its mean rates.
    Closing { distance: f64, means: Vec<f64> },
    /// The cycle is reached; a lap at a coarser tolerance: the mean rates of the fine one, and how these still changed.
    Coarse { period_ms: f64, means: Vec<f64>, changed: f64, state: Vec<f64> },
}

/// What is watched of a trajectory.
#[derive(Clone, Debug)]
pub(super) struct Section {
    anchor: Vec<f64>,
    normal: Vec<f64>,
    time_ms: f64,
    gained: Vec<f64>,
    ends: Vec<(f64, f64)>,
    /// Swing of each variable over the last lap or epoch; infinite before.
    swings: Vec<f64>,
    phase: Phase,
    /// Whether the normal is still to be taken.
    fresh: bool,
    next_epoch: usize,
    attempts: usize,
}

/// What a crossing means for the step that found it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Crossing {
    /// Nothing.
    None,
    /// The step is to be taken again with this share of its length.
    Shorten(f64),
    /// The step ends on the plane.
    Met,
    /// The plane lies ahead, at this multiple of the step's length.
    Ahead(f64),
}

/// A cycle that was found, with its mean rates in Hz and a state on it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub cycle: Cycle,
    pub means: Vec<f64>,
    pub state: Vec<f64>,
}

impl Section {
    pub(super) fn new(state: &[f64], rates: usize) -> Self {
        Self {
            anchor: state.to_vec(),
            normal: vec![0.0; state.len()],
            time_ms: 0.0,
            gained: vec![0.0; rates],
            ends: state.iter().map(|value| (*value, *value)).collect(),
            swings: vec![f64::INFINITY; state.len()],
            phase: Phase::Searching,
            fresh: true,
            next_epoch: FIRST_EPOCH,
            attempts: 0,
        }
    }

    /// Waits longer for the first return: the trajectory is likely to be on a cycle.
    pub(super) fn expect_cycle(&mut self) {
        self.next_epoch = FIRST_EPOCH_OF_A_CYCLE;
    }

    /// Whether steps are taken at the coarser tolerance.
    pub(super) fn is_coarse(&self) -> bool {
        matches!(self.phase, Phase::Coarse { .. })
    }

    /// What errors of a variable are held against: its swing, where that is smaller than its size.
    pub(super) fn reference(&self, variable: usize, size: f64) -> f64 {
        self.swings[variable].clamp(STILL * size, size)
    }

    /// Takes the plane's direction from the velocity at the anchor, where a step has begun.
    pub(super) fn aim(&mut self, velocity: impl Fn(usize) -> f64, sizes: &[f64]) {
        if !std::mem::take(&mut self.fresh) {
            return;
        }
        for (variable, size) in sizes.iter().enumerate() {
            let reference = self.reference(variable, *size);
            self.normal[variable] = velocity(variable) / (reference * reference);
        }
    }

    fn height(&self, state: &[f64]) -> f64 {
        self.normal.iter().zip(state).zip(&self.anchor).map(|((normal, value), anchor)| normal * (value - anchor)).sum()
    }

    /// How far a state lies from the anchor, relative to the swings since then; infinite where nothing swings.
    fn distance(&self, state: &[f64], sizes: &[f64]) -> f64 {
        let mut swinging = false;
        let mut farthest = 0.0f64;
        for (variable, (value, size)) in state.iter().zip(sizes).enumerate() {
            // Variables that follow from the others at once have no place in the plane.
            if self.normal[variable] == 0.0 {
                continue;
            }
            let (low, high) = self.ends[variable];
            swinging |= high - low >= STILL * size;
            farthest = farthest.max((value - self.anchor[variable]).abs() / (high - low).max(STILL * size));
        }
        if swinging { farthest } else { f64::INFINITY }
    }

    /// Looks at a step from one state to another, before it is accepted.
    pub(super) fn cross(&mut self, from: &[f64], to: &[f64], here: &Here<'_>, length_ms: f64) -> Crossing {
        let (below, above) = (self.height(from), self.height(to));
        if below >= 0.0 || self.fresh {
            return Crossing::None;
        }
        let lap = here.time_ms - self.time_ms;
        let speed = (above - below) / length_ms;
        if above < 0.0 {
            // A crossing that is being met may lie just ahead.
            let ahead = -above / speed / length_ms;
            return if self.attempts > 0 && ahead > 0.0 && ahead < 1.0 {
                Crossing::Ahead(ahead)
            } else {
                Crossing::None
            };
        }
        let share = below / (below - above);
        let point: Vec<f64> = from.iter().zip(to).map(|(from, to)| (to - from).mul_add(share, *from)).collect();
        if self.distance(&point, here.sizes) > NEAR {
            self.attempts = 0;
            return Crossing::None;
        }
        self.attempts += 1;
        if above <= EXACT * lap * speed || self.attempts > MOST_ATTEMPTS {
            self.attempts = 0;
            return Crossing::Met;
        }
        Crossing::Shorten(share.max(1e-3))
    }

    /// Sees the end of an accepted step, the number of which is given, and whether it ends a lap.
    pub(super) fn see(&mut self, here: &Here<'_>, (taken, met): (usize, bool)) {
        for (ends, value) in self.ends.iter_mut().zip(here.state) {
            *ends = (ends.0.min(*value), ends.1.max(*value));
        }
        if taken < self.next_epoch || met {
            return;
        }
        self.next_epoch = taken + taken / 2 + FIRST_EPOCH;
        if !self.is_coarse() {
            self.phase = Phase::Searching;
            self.move_to(here);
        }
    }

    fn move_to(&mut self, here: &Here<'_>) {
        self.swings = self.ends.iter().map(|(low, high)| high - low).collect();
        self.anchor = here.state.to_vec();
        self.time_ms = here.time_ms;
        self.gained = here.gained.to_vec();
        self.ends = here.state.iter().map(|value| (*value, *value)).collect();
        self.fresh = true;
    }

    /// Ends a lap on the plane; gives the cycle where it is reached and measured.
    pub(super) fn end_lap(&mut self, here: &Here<'_>, tolerance: f64, taken: usize) -> Option<Found> {
        let period_ms = here.time_ms - self.time_ms;
        let pairs = here.gained.iter().zip(&self.gained);
        let means: Vec<f64> = pairs.map(|(now, then)| (now - then) / period_ms).collect();
        let distance = self.distance(here.state, here.sizes);
        let ends = self.ends.clone();
        let phase = std::mem::replace(&mut self.phase, Phase::Searching);
        self.phase = match phase {
            _ if distance > CANDIDATE => return None,
            Phase::Searching => Phase::Closing { distance, means },
            Phase::Closing { distance: before, means: earlier } => {
                let ratio = (distance / before).min(1.0);
                let to_come = ratio / (1.0 - ratio);
                let changed = farthest(&means, &earlier);
                if distance <= CLOSED || distance <= ENDED && distance * to_come <= TO_COME {
                    let changed = if to_come.is_finite() { changed * to_come.max(1.0) } else { changed };
                    Phase::Coarse { period_ms, means, changed, state: here.state.to_vec() }
                } else {
                    Phase::Closing { distance, means }
                }
            }
            Phase::Coarse { period_ms, means: fine, changed, state } => {
                let swing = ends.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
                let error_hz = farthest(&means, &fine) + changed + tolerance * swing;
                return Some(Found { cycle: Cycle { period_ms, ranges: ends, error_hz }, means: fine, state });
            }
        };
        self.next_epoch = taken + taken / 2 + FIRST_EPOCH;
        self.move_to(here);
        None
    }
}

fn farthest(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max)
}
