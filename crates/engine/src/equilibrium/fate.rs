//! What becomes of a circuit that is left to itself: it is followed along its own dynamics, without noise, until it is known to
//! come to rest, to go round a cycle, or to run away.
//!
//! A state is at rest because its eigenvalues say so and because the trajectory goes there; a cycle is one because the
//! trajectory closes. That neither was found within a number of steps is a fate of its own and taken for nothing else.
//! How runs are stepped plays no part. Delays are taken as long past while a circuit is followed, and into account where a
//! state is judged.

use super::newton::{NewtonWork, solve_free};
use super::rosenbrock::Rosenbrock;
use super::section::{Crossing, Cycle, Found, Here, Section};
use super::stability::{eigenvalues_per_ms, free_dynamics};
use super::trial::{Trial, Verdict};
use crate::circuit::entries::{rates, residual_and_jacobian};
use crate::circuit::equations::Linearised;
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::Row;
use crate::numeric::linear::{Complex, eigenvalues};

/// Relative tolerance of a step; that of the lap which tells how exact the means are.
pub const TOLERANCE: f64 = 1e-7;
const COARSE_TOLERANCE: f64 = 3e-6;
/// Steps after which it stays open what becomes of a lane.
const MOST_STEPS: usize = 40_000;
/// The first step, in units of the shortest time constant.
const FIRST_STEP: f64 = 1e-2;
/// So near to where it is heading, relative to how large a variable has been, a state is looked for.
const NEAR: f64 = 1e-3;
/// How far Newton's method may then go, by the same measure, for the state to be the one that is headed for.
const FARTHEST_CORRECTION: f64 = 1e-2;
/// Decay relative to frequency from which on a state that is so near needs no trial.
const WELL_DAMPED: f64 = 0.05;
/// Standing still, by the same measure.
const STANDS: f64 = 1e-10;
/// Steps after which states are looked for from farther away too, as a weakly damped circuit needs it.
const LONG: usize = 200;
/// A variable beyond this, in its own unit, has run away.
const RUNAWAY: f64 = 1e12;
/// A step this short, in units of the shortest time constant, is none.
const SHORTEST_STEP: f64 = 1e-12;
/// What is left of a variable's size from one step to the next where the variable has become smaller; and the smallest size of
/// any: relative to the largest, and in Hz or input units, below which variables are as good as 0.
const FORGETTING: f64 = 0.97;
const SMALLEST: f64 = 1e-6;
const AS_ZERO: f64 = 1e-5;
/// What rounding makes of a variable's equation, relative to its terms.
const ROUNDING: f64 = 4e-15;
/// What a state may still be away when its time is up, by the measure above, to have come to rest.
const RESTED: f64 = 1e-6;

/// What becomes of a circuit.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It comes to rest in a stable state.
    Rest,
    /// It stands on a state that is not stable: the eigenvalue with the largest real part, 1/s.
    Unstable(Complex),
    /// It goes round a cycle.
    Cycle(Cycle),
    /// It grows beyond all bounds.
    RunsAway,
    /// The equation of a variable, by index, gives no number.
    Undefined(usize),
    /// It was followed for as long as was asked, or for as many steps as are taken at most, without any of these.
    Open,
}

/// What a lane has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What becomes of it.
    pub fate: Fate,
    /// How long it was followed, ms.
    pub followed_ms: f64,
    /// Rates in Hz: those at rest, the means over a period of a cycle, else the means over the time that it was followed.
    pub rates: Vec<f64>,
}

/// A circuit that is to be followed.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a, const G: usize> {
    /// The circuit.
    pub shape: &'a Shape<G>,
    /// Its numbers, which stand still.
    pub rows: &'a Rows<G>,
    /// Variables that do not move; none where empty.
    pub held: &'a [bool],
    /// For how long, ms; infinite to see what becomes of it in the end.
    pub limit_ms: &'a Row<G>,
    /// Whether it is likely to go round a cycle already.
    pub cycling: bool,
}

/// One lane on its way.
struct Track {
    time_ms: f64,
    length_ms: f64,
    limit_ms: f64,
    tried: usize,
    taken: usize,
    next_look: usize,
    gained: Vec<f64>,
    sizes: Vec<f64>,
    trial: Option<Trial>,
    /// The steady state that it rests in.
    rest: Option<Vec<f64>>,
    section: Section,
    /// Largest distance of a variable from where it is heading, at the start of the last step.
    away: f64,
    /// Whether any variable has dynamics of its own: others follow at once, and a circuit of them alone is where it goes.
    moves: bool,
    outcome: Option<Outcome>,
}

/// What a step has come to.
enum Taken {
    Accepted,
    Rejected,
    /// The lane's fate is known.
    Known(Fate),
}

impl<const G: usize> Left<'_, G> {
    /// Follows the lanes of `active` from `state`; gives what becomes of each, and leaves there the state in which it rests, one
    /// on its cycle, or where it was last.
    pub fn follow(&self, state: &mut [Row<G>], active: u64) -> Vec<Option<Outcome>> {
        let free = vec![false; state.len()];
        let held = if self.held.is_empty() { free.as_slice() } else { self.held };
        let mut steps = Rosenbrock::new(self.shape, self.rows);
        let mut newton = NewtonWork::new(self.shape);
        let lanes = (0..Row::<G>::LANES).filter(|lane| active >> lane & 1 == 1);
        let mut tracks: Vec<(usize, Track)> = lanes.map(|lane| (lane, self.begin(&steps, state, lane))).collect();
        while tracks.iter().any(|(_, track)| track.outcome.is_none()) {
            let mut length = Row::splat(1.0);
            for (lane, track) in tracks.iter().filter(|(_, track)| track.outcome.is_none()) {
                length.set(*lane, track.length_ms.min(track.limit_ms - track.time_ms));
            }
            steps.attempt((self.shape, self.rows), state, &length, held);
            let mut due = 0u64;
            for (lane, track) in tracks.iter_mut().filter(|(_, track)| track.outcome.is_none()) {
                match track.finish(self.shape, &steps, (state, held), (*lane, length.get(*lane))) {
                    Taken::Known(fate) => track.end(fate, None),
                    Taken::Accepted if track.looks() => due |= 1 << *lane,
                    Taken::Accepted | Taken::Rejected => {}
                }
            }
            if due != 0 {
                let mut found = state.to_vec();
                let solved = solve_free((self.shape, self.rows), &mut found, (due, held), &mut newton);
                // Where each arrived, so that a lane's numbers do not depend on how long the others took.
                residual_and_jacobian(self.shape, self.rows, &found, &mut newton.linearised);
                for (lane, track) in tracks.iter_mut().filter(|(lane, _)| due >> lane & 1 == 1) {
                    let rest = (solved >> *lane & 1 == 1).then(|| column(&found, *lane));
                    track.look(self, &newton.linearised, (rest, &column(state, *lane)), (held, *lane));
                }
            }
            tracks.iter_mut().filter(|(_, track)| track.outcome.is_none()).for_each(|(_, track)| track.give_up());
            for (lane, track) in &mut tracks {
                if let Some(rest) = track.rest.take() {
                    put(state, *lane, &rest);
                }
            }
        }
        let mut now = vec![Row::ZERO; self.shape.size()];
        rates(self.shape, self.rows, state, &mut now);
        let mut outcomes: Vec<Option<Outcome>> = vec![None; Row::<G>::LANES];
        for (lane, track) in tracks {
            let mut outcome = track.outcome;
            if let Some(outcome) = outcome.as_mut().filter(|outcome| outcome.rates.is_empty()) {
                outcome.rates = column(&now, lane);
            }
            outcomes[lane] = outcome;
        }
        outcomes
    }

    fn begin(&self, steps: &Rosenbrock<G>, state: &[Row<G>], lane: usize) -> Track {
        let own = (0..state.len()).filter(|variable| !self.shape.is_algebraic(*variable));
        let shortest = own.map(|variable| steps.lags[variable].get(lane)).fold(f64::INFINITY, f64::min);
        let moves = shortest.is_finite();
        let shortest = if moves { shortest } else { 1.0 };
        let mut section = Section::new(&column(state, lane), self.shape.size());
        if self.cycling {
            section.expect_cycle();
        }
        Track {
            time_ms: 0.0,
            length_ms: FIRST_STEP * shortest,
            limit_ms: self.limit_ms.get(lane),
            tried: 0,
            taken: 0,
            next_look: 0,
            gained: vec![0.0; self.shape.size()],
            sizes: vec![if moves { 0.0 } else { 1.0 }; state.len()],
            trial: None,
            rest: None,
            section,
            away: if moves { f64::INFINITY } else { 0.0 },
            moves,
            outcome: None,
        }
    }
}

fn column<const G: usize>(rows: &[Row<G>], lane: usize) -> Vec<f64> {
    rows.iter().map(|row| row.get(lane)).collect()
}

fn put<const G: usize>(rows: &mut [Row<G>], lane: usize, values: &[f64]) {
    rows.iter_mut().zip(values).for_each(|(row, value)| row.set(lane, *value));
}

impl Track {
    /// Judges the step that was attempted, and takes it.
    fn finish<const G: usize>(
        &mut self,
        shape: &Shape<G>,
        steps: &Rosenbrock<G>,
        (rows, held): (&mut [Row<G>], &[bool]),
        (lane, length): (usize, f64),
    ) -> Taken {
        self.tried += 1;
        if !self.moves {
            self.taken += 1;
            return Taken::Accepted;
        }
        let (state, next) = (column(rows, lane), column(&steps.next, lane));
        let residual = |variable: usize| steps.linearised.residual[variable].get(lane);
        if let Some(undefined) = (0..state.len()).find(|variable| !residual(*variable).is_finite()) {
            let far = state.iter().any(|value| value.abs() > libm::sqrt(RUNAWAY));
            return Taken::Known(if far { Fate::RunsAway } else { Fate::Undefined(undefined) });
        }
        self.measure(&state, residual, held);
        let moves = |variable: usize| !held[variable] && !shape.is_algebraic(variable);
        let velocity = |variable: usize| {
            if moves(variable) { residual(variable) / steps.lags[variable].get(lane) } else { 0.0 }
        };
        self.section.aim(velocity, &self.sizes);
        let tolerance = if self.section.is_coarse() { COARSE_TOLERANCE } else { TOLERANCE };
        let error = (0..state.len()).fold(0.0f64, |worst, variable| {
            let reference = self.section.reference(variable, self.sizes[variable].max(next[variable].abs()));
            let rounding = ROUNDING * (state[variable].abs() + residual(variable).abs());
            let error = (steps.error[variable].get(lane) / (tolerance * reference + rounding)).abs();
            if error.is_nan() { f64::INFINITY } else { worst.max(error) }
        });
        let growth = (0.9 * libm::pow(error.max(1e-8), -0.25)).clamp(0.2, 5.0);
        if error > 1.0 || next.iter().any(|value| !value.is_finite()) {
            self.length_ms = length * growth.min(0.9);
            let shortest =
                (0..state.len()).filter(|variable| moves(*variable)).map(|variable| steps.lags[variable].get(lane));
            if self.length_ms < SHORTEST_STEP * shortest.fold(f64::INFINITY, f64::min) {
                let undefined = next.iter().position(|value| !value.is_finite());
                return Taken::Known(undefined.map_or(Fate::RunsAway, Fate::Undefined));
            }
            return Taken::Rejected;
        }
        let here = Here { time_ms: self.time_ms + length, state: &next, gained: &self.gained, sizes: &self.sizes };
        let crossing = self.section.cross(&state, &next, &here, length);
        self.length_ms = length * growth;
        match crossing {
            Crossing::Shorten(share) => {
                self.length_ms = length * share;
                return Taken::Rejected;
            }
            Crossing::Ahead(ahead) => self.length_ms = length * ahead,
            Crossing::None | Crossing::Met => {}
        }
        self.accept(steps, rows, (lane, length), crossing == Crossing::Met)
    }

    /// How large variables are, and how far from where they are heading.
    fn measure(&mut self, state: &[f64], residual: impl Fn(usize) -> f64, held: &[bool]) {
        for (size, value) in self.sizes.iter_mut().zip(state) {
            *size = (FORGETTING * *size).max(value.abs());
        }
        let largest = self.sizes.iter().copied().fold(0.0, f64::max);
        self.away = 0.0;
        for (variable, size) in self.sizes.iter_mut().enumerate() {
            *size = size.max(SMALLEST * largest).max(AS_ZERO);
            let away = if held[variable] { 0.0 } else { residual(variable) };
            self.away = self.away.max(away.abs() / *size);
        }
    }

    fn accept<const G: usize>(
        &mut self,
        steps: &Rosenbrock<G>,
        rows: &mut [Row<G>],
        (lane, length): (usize, f64),
        met: bool,
    ) -> Taken {
        let next = column(&steps.next, lane);
        put(rows, lane, &next);
        self.taken += 1;
        self.time_ms += length;
        for (sum, gained) in self.gained.iter_mut().zip(&steps.gained) {
            *sum += gained.get(lane);
        }
        if next.iter().any(|value| value.abs() > RUNAWAY) {
            return Taken::Known(Fate::RunsAway);
        }
        let here = Here { time_ms: self.time_ms, state: &next, gained: &self.gained, sizes: &self.sizes };
        self.section.see(&here, (self.taken, met));
        if met && let Some(Found { cycle, means, state }) = self.section.end_lap(&here, COARSE_TOLERANCE, self.taken) {
            put(rows, lane, &state);
            self.end(Fate::Cycle(cycle), Some(means));
            return Taken::Rejected;
        }
        if let Some(trial) = &mut self.trial {
            match trial.see(&next, self.time_ms) {
                Verdict::Open => {}
                Verdict::Fails => self.trial = None,
                Verdict::Rests => {
                    let (rest, leading) = (trial.rest.clone(), trial.leading_per_ms);
                    if self.rests_in_time(&rest, &next, leading) {
                        self.rest = Some(rest);
                        return Taken::Known(Fate::Rest);
                    }
                }
            }
        }
        Taken::Accepted
    }

    /// Whether it is time to look for a steady state.
    fn looks(&self) -> bool {
        let near = self.away <= NEAR || self.taken >= LONG;
        self.outcome.is_none() && self.trial.is_none() && near && self.taken >= self.next_look
    }

    /// Looks at the steady state that Newton's method found from here, if it found one.
    fn look<const G: usize>(
        &mut self,
        left: &Left<'_, G>,
        linearised: &Linearised<G>,
        (rest, state): (Option<Vec<f64>>, &[f64]),
        (held, lane): (&[bool], usize),
    ) {
        self.next_look = if self.away <= NEAR { self.taken + 4 } else { self.taken + self.taken / 2 };
        let dynamics = free_dynamics(left.shape, left.rows, linearised, (held, lane));
        let values = match &dynamics {
            _ if !held.contains(&true) => eigenvalues_per_ms(left.shape, left.rows, linearised, lane).ok(),
            Some((_, square)) => eigenvalues(&square.entries, square.size).ok(),
            None => None,
        };
        let Some(values) = values else { return };
        let leading = values.iter().copied().max_by(|one, other| one.re.total_cmp(&other.re));
        let leading = leading.unwrap_or(Complex { re: f64::NEG_INFINITY, im: 0.0 });
        let stands = self.away <= STANDS;
        if leading.re >= 0.0 {
            if stands {
                self.end(Fate::Unstable(Complex { re: leading.re * 1e3, im: leading.im * 1e3 }), None);
            }
            return;
        }
        // Where a state has just been lost, a circuit lingers without standing still: it is followed on.
        let Some(rest) = rest else { return };
        let damped = values.iter().all(|value| -value.re >= WELL_DAMPED * value.im.abs());
        let near = self.away <= NEAR && self.distance(&rest, state) <= FARTHEST_CORRECTION;
        if (stands || near && damped) && self.rests_in_time(&rest, state, leading.re) {
            self.rest = Some(rest);
            self.end(Fate::Rest, None);
        } else if let Some((variables, square)) = dynamics {
            let at_rest = (rest, state, self.sizes.as_slice());
            self.trial = Trial::new(at_rest, (variables, &square.entries), &values, self.time_ms);
        }
    }

    /// How far a state lies from another, relative to how large variables have been.
    fn distance(&self, one: &[f64], other: &[f64]) -> f64 {
        let pairs = one.iter().zip(other).zip(&self.sizes);
        pairs.map(|((one, other), size)| (one - other).abs() / size).fold(0.0, f64::max)
    }

    /// Whether what is left of the way to a steady state is gone before the time is up.
    fn rests_in_time(&self, rest: &[f64], state: &[f64], leading_per_ms: f64) -> bool {
        let left_ms = self.limit_ms - self.time_ms;
        !left_ms.is_finite() || self.distance(rest, state) * libm::exp(leading_per_ms * left_ms) <= RESTED
    }

    fn end(&mut self, fate: Fate, rates: Option<Vec<f64>>) {
        let open = matches!(fate, Fate::Open);
        let over = self.time_ms.max(f64::MIN_POSITIVE);
        let means = || self.gained.iter().map(|gained| gained / over).collect();
        let rates = rates.unwrap_or_else(|| if open { means() } else { Vec::new() });
        self.outcome = Some(Outcome { fate, followed_ms: self.time_ms, rates });
    }

    /// Ends what has gone on for as long as was asked, or for too many steps.
    fn give_up(&mut self) {
        let over = self.time_ms >= self.limit_ms * (1.0 - 1e-12);
        if over || self.tried >= MOST_STEPS {
            self.end(Fate::Open, None);
        }
    }
}
