//! Readouts of one signal, taken while it runs: from the dense output of slow time, and from every step of fast time. They
//! see every piece of a signal's course, whatever is recorded of it, and keep no more than what they have found.

mod extremes;
mod fluctuation;
mod heights;
mod peaks;
pub mod ring;

pub use fluctuation::Sampled;

use super::recording::{columns_of, mean_over};
use crate::numeric::piece::{Extreme, Piece, TERMS};
use crate::scenario::statistic::RingStatistic;
use crate::scenario::watch::{Followed, Watch};
use crate::scenario::{Scenario, Time};
use extremes::{Extremes, HalfWay};
use fluctuation::Fluctuation;
use heights::{Rise, Spans};
use peaks::Peaks;
use ring::DEGREES_PER_TURN;

/// What was found of a signal within its window. Times are in min.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// The largest and the smallest value; none where the run does not touch the window.
    Extremes([Option<Extreme>; 2]),
    /// The area in units of the signal times min, and over how many min.
    Integral {
        /// The area.
        area: f64,
        /// How long the part of the window is that the run has seen.
        minutes: f64,
    },
    /// When the signal first reached the height.
    Rise(Option<f64>),
    /// When it had gone half way; none where it stayed where it was.
    HalfWay(Option<f64>),
    /// How long it stayed above the height.
    Spans {
        /// In all.
        minutes: f64,
        /// Each stay that began and ended within the window.
        durations: Vec<f64>,
    },
    /// Its peaks.
    Peaks(Vec<Extreme>),
    /// How it fluctuated; none where the window has no two steps.
    Fluctuation(Option<Sampled>),
}

/// Something that is followed, on its way.
#[derive(Clone, Debug)]
pub struct Watcher {
    /// The signal's place among all signals; of a population of several units, whose mean is followed, those of all.
    pub signals: Vec<usize>,
    /// What of the rates of a ring is followed, in place of their mean.
    ring: Option<RingStatistic>,
    /// The last value of an angle: it is followed beyond a whole turn, and not back over the ring.
    angle: Option<f64>,
    from: f64,
    to: f64,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Extremes(Extremes),
    Integral { area: f64, minutes: f64 },
    Rise(Rise),
    HalfWay(HalfWay),
    Spans(Spans),
    Peaks(Peaks),
    Fluctuation(Box<Fluctuation>),
}

impl Watcher {
    /// Begins to follow a signal of a scenario, of which `names` are all; none where there is no such signal.
    pub fn new(watch: &Watch, names: &[String], scenario: &Scenario) -> Option<Self> {
        let signal = watch.signal_in(scenario);
        let (ring, signal) = match RingStatistic::named(&signal) {
            Some((ring, population)) => (Some(ring), format!("rate.{population}")),
            None => (None, signal),
        };
        let signals = columns_of(names, &signal);
        if signals.is_empty() {
            return None;
        }
        let [from, to] = watch.window.span(scenario);
        let state = match watch.what {
            Followed::Extremes => State::Extremes(Extremes::default()),
            Followed::Integral => State::Integral { area: 0.0, minutes: 0.0 },
            Followed::Rise(height) => State::Rise(Rise::new(height.of(scenario)?)),
            Followed::HalfWay => State::HalfWay(HalfWay::default()),
            Followed::Spans(height) => State::Spans(Spans::new(height.of(scenario)?)),
            Followed::Peaks => State::Peaks(Peaks::new(scenario.compare.prominence)),
            Followed::Fluctuation if scenario.run.time == Time::Fast => {
                State::Fluctuation(Box::new(Fluctuation::new(scenario.run.step, to.min(scenario.run.to) - from)))
            }
            Followed::Fluctuation => return None,
        };
        Some(Self { signals, ring, angle: None, from, to, state })
    }

    /// The value that is followed, from those of its signals; NaN where it is not defined.
    pub fn value(&self, values: impl ExactSizeIterator<Item = f64>) -> f64 {
        match self.ring {
            None => mean_over(values),
            Some(ring) => ring::number(ring, &values.collect::<Vec<_>>()).unwrap_or(f64::NAN),
        }
    }

    /// Sees the next piece of the signal's course, on a straight line between two values.
    pub fn see_line(&mut self, [from, to]: [f64; 2], [first, last]: [f64; 2]) {
        if let Some([first, last]) = self.unturned([first, last]) {
            self.see(&Piece::line(from, to, first, last));
        }
    }

    /// The same through five values that are spaced evenly.
    pub fn see_through(&mut self, [from, to]: [f64; 2], values: [f64; TERMS]) {
        if let Some(values) = self.unturned(values) {
            self.see(&Piece::through(from, to, values));
        }
    }

    /// Values in a row, angles without jumps by whole turns; none of a ring where one is not defined: that time is left out.
    fn unturned<const N: usize>(&mut self, mut values: [f64; N]) -> Option<[f64; N]> {
        let Some(ring) = self.ring else { return Some(values) };
        if values.iter().any(|value| !value.is_finite()) {
            self.angle = None;
            return None;
        }
        if ring == RingStatistic::Position {
            for value in &mut values {
                let before = self.angle.unwrap_or(*value);
                *value -= DEGREES_PER_TURN * libm::round((*value - before) / DEGREES_PER_TURN);
                self.angle = Some(*value);
            }
        }
        Some(values)
    }

    /// Sees the next piece of the signal's course.
    fn see(&mut self, piece: &Piece) {
        if let State::HalfWay(half_way) = &mut self.state {
            half_way.see_before(piece, self.from);
        }
        let Some(piece) = piece.within(self.from, self.to) else { return };
        match &mut self.state {
            State::Extremes(extremes) => extremes.see(&piece),
            State::Integral { area, minutes } => {
                *area += piece.integral();
                *minutes += piece.to - piece.from;
            }
            State::Rise(rise) => rise.see(&piece),
            State::HalfWay(half_way) => half_way.see(&piece),
            State::Spans(spans) => spans.see(&piece),
            State::Peaks(peaks) => peaks.see(&piece),
            State::Fluctuation(fluctuation) => fluctuation.see(&piece),
        }
    }

    /// Whether pieces between two times, whose values lie between two numbers, have nothing new for it.
    pub fn is_idle(&self, [start, end]: [f64; 2], [low, high]: [f64; 2]) -> bool {
        if self.ring.is_some() {
            // An angle must be seen all the time to be known beyond a turn.
            return false;
        }
        if !(low.is_finite() && high.is_finite()) {
            return false;
        }
        if end < self.from || start > self.to {
            return true;
        }
        match &self.state {
            State::Extremes(extremes) => extremes.hold(low, high),
            State::Rise(rise) => rise.is_idle(high),
            State::HalfWay(half_way) => start > self.from && half_way.hold(low, high),
            State::Integral { .. } | State::Spans(_) | State::Peaks(_) | State::Fluctuation(_) => false,
        }
    }

    /// What was found.
    pub fn found(&self) -> Found {
        match &self.state {
            State::Extremes(extremes) => Found::Extremes(extremes.found()),
            State::Integral { area, minutes } => Found::Integral { area: *area, minutes: *minutes },
            State::Rise(rise) => Found::Rise(rise.found()),
            State::HalfWay(half_way) => Found::HalfWay(half_way.found()),
            State::Spans(spans) => spans.found(),
            State::Peaks(peaks) => Found::Peaks(peaks.found()),
            State::Fluctuation(fluctuation) => Found::Fluctuation(fluctuation.found()),
        }
    }
}
