//! Readouts of one signal, taken while it runs: from the dense output of slow time, and from every step of fast time. They
//! see every piece of a signal's course, whatever is recorded of it, and keep no more than what they have found.

mod extremes;
mod fluctuation;
mod heights;
mod peaks;

pub use fluctuation::Sampled;

use super::recording::columns_of;
use crate::numeric::piece::{Extreme, Piece};
use crate::scenario::watch::{Followed, Watch};
use crate::scenario::{Scenario, Time};
use extremes::{Extremes, HalfWay};
use fluctuation::Fluctuation;
use heights::{Rise, Spans};
use peaks::Peaks;

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
        Some(Self { signals, from, to, state })
    }

    /// Sees the next piece of the signal's course.
    pub fn see(&mut self, piece: &Piece) {
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
