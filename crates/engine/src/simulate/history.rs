//! What delayed channels took up in the past, lane by lane: for each step what a channel had at its start and at its end,
//! which differ from the end of the step before and the start of the next where something jumped in between.
//!
//! Between both ends a method of first or second order reads a straight line; one of fourth order the cubic through two
//! more places, so that a delay costs no order (Hairer, Nørsett & Wanner 1993, Solving Ordinary Differential Equations I,
//! II.17).

use crate::circuit::equations::immediate;
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Row, Simd};
use std::collections::VecDeque;

/// A delay this close to a whole number of steps is one.
const WHOLE: f64 = 1e-9;
/// Moments this close, in steps, are one.
const AS_ONE: f64 = 1e-7;
/// Where within a step a cubic is held, beside its ends.
pub const PLACES: [f64; 2] = [1.0 / 3.0, 2.0 / 3.0];

/// From which side a moment at which something jumps is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// As what has been: the end of a step.
    Before,
    /// As what will be: the start of a step.
    After,
}

/// The past of all delayed channels.
#[derive(Clone, Debug)]
pub struct History<const G: usize> {
    /// Number of each delayed channel.
    channels: Vec<usize>,
    /// Each channel's past, by lane.
    pasts: Vec<Vec<Past>>,
    /// Whether steps are read as cubics.
    cubic: bool,
    /// What the channels give at the moment that was read: their values a delay ago.
    pub delayed: Vec<Row<G>>,
}

/// What one channel took up in one lane.
#[derive(Clone, Debug)]
struct Past {
    /// In steps.
    delay: f64,
    /// What had always been there before the first step.
    before: f64,
    steps: VecDeque<Taken>,
    /// Whether the end of the last step is not known yet.
    open: bool,
}

/// What was taken up in a step, or a part of one.
#[derive(Clone, Copy, Debug)]
struct Taken {
    /// In steps since the run began.
    start: f64,
    length: f64,
    /// At the start, at the places within, and at the end.
    values: [f64; 4],
}

impl Taken {
    fn at(&self, when: f64, cubic: bool) -> f64 {
        let share = ((when - self.start) / self.length).clamp(0.0, 1.0);
        let [first, second, third, last] = self.values;
        if share == 0.0 {
            return first;
        }
        if !cubic {
            return (last - first) * share + first;
        }
        // Newton's form of the polynomial through 0, 1/3, 2/3 and 1.
        let t = 3.0 * share;
        let (rise, bend, twist) =
            (second - first, third - 2.0 * second + first, last - 3.0 * third + 3.0 * second - first);
        first + t * (rise + (t - 1.0) * (0.5 * bend + (t - 2.0) * (twist / 6.0)))
    }
}

impl Past {
    fn at(&self, moment: f64, side: Side, cubic: bool) -> f64 {
        let when = moment - self.delay;
        let Some(first) = self.steps.front() else { return self.before };
        if when < first.start - AS_ONE {
            return self.before;
        }
        // No step is longer than 1, so that the one looked for is not before this one.
        let mut index = ((when - first.start).max(0.0) as usize).min(self.steps.len() - 1);
        while self.steps.get(index + 1).is_some_and(|next| next.start <= when + AS_ONE) {
            index += 1;
        }
        let step = &self.steps[index];
        if when > step.start + AS_ONE {
            return step.at(when, cubic);
        }
        match (side, index.checked_sub(1)) {
            (Side::After, _) => step.values[0],
            (Side::Before, Some(previous)) => self.steps[previous].values[3],
            (Side::Before, None) => self.before,
        }
    }

    fn push(&mut self, start: f64, length: f64, value: f64) {
        if let Some(last) = self.steps.back_mut().filter(|_| self.open) {
            last.values[3] = value;
        }
        let needed = start - self.delay - 1.0;
        while self.steps.get(1).is_some_and(|second| second.start < needed) {
            self.steps.pop_front();
        }
        self.steps.push_back(Taken { start, length, values: [value; 4] });
        self.open = true;
    }
}

impl<const G: usize> History<G> {
    /// No past yet, for steps of `step` ms.
    pub fn new(shape: &Shape<G>, rows: &Rows<G>, step: f64) -> Self {
        let channels: Vec<usize> =
            (0..shape.channels.len()).filter(|index| shape.channels[*index].delayed.is_some()).collect();
        let delay = |delay: f64| {
            let steps = delay / step;
            let whole = libm::round(steps);
            if (steps - whole).abs() < WHOLE * whole.max(1.0) { whole.max(1.0) } else { steps.max(1.0) }
        };
        let past = |delay: f64| Past { delay, before: 0.0, steps: VecDeque::new(), open: false };
        let pasts = channels.iter().map(|channel| {
            let delays = &rows.channels[*channel].delay;
            (0..Row::<G>::LANES).map(|lane| past(delay(delays.get(lane)))).collect()
        });
        Self { delayed: vec![Row::ZERO; channels.len()], pasts: pasts.collect(), channels, cubic: false }
    }

    /// Whether no channel is delayed.
    pub fn is_none(&self) -> bool {
        self.channels.is_empty()
    }

    /// Reads steps as cubics from now on: each must then be closed with what it had at the places within.
    pub fn read_as_cubics(&mut self) {
        self.cubic = true;
    }

    /// The different delays of a lane, in steps.
    pub fn delays(&self, lane: usize) -> Vec<f64> {
        let mut delays: Vec<f64> = self.pasts.iter().map(|past| past[lane].delay).collect();
        delays.sort_by(f64::total_cmp);
        delays.dedup();
        delays
    }

    /// What the delayed channels take up.
    pub fn taken<S: Simd>(
        &self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        outputs: &[Row<G>],
        state: &[Row<G>],
    ) -> Vec<Row<G>> {
        self.channels.iter().map(|channel| immediate(simd, (shape, rows), *channel, outputs, state)).collect()
    }

    /// Makes the present the whole past.
    pub fn fill(&mut self, taken: &[Row<G>]) {
        for (pasts, taken) in self.pasts.iter_mut().zip(taken) {
            for (lane, past) in pasts.iter_mut().enumerate() {
                (past.before, past.open) = (taken.get(lane), false);
                past.steps.clear();
            }
        }
    }

    /// Begins a step in the lanes that go on: where each is and how far it goes, in steps, and what is taken up there. The
    /// end of the step before that was not closed is that.
    pub fn push(&mut self, start: &Row<G>, length: &Row<G>, taken: &[Row<G>]) {
        for (pasts, taken) in self.pasts.iter_mut().zip(taken) {
            for (lane, past) in pasts.iter_mut().enumerate().filter(|(lane, _)| length.get(*lane) > 0.0) {
                past.push(start.get(lane), length.get(lane), taken.get(lane));
            }
        }
    }

    /// Ends the last step of some lanes (as bits), before anything jumps: what was taken up at the places within, where
    /// that is needed, and at the end.
    pub fn close(&mut self, lanes: u64, within: &[Vec<Row<G>>], end: &[Row<G>]) {
        for (channel, pasts) in self.pasts.iter_mut().enumerate() {
            for (lane, past) in pasts.iter_mut().enumerate().filter(|(lane, _)| lanes >> lane & 1 == 1) {
                let Some(last) = past.steps.back_mut() else { continue };
                for (value, taken) in last.values[1..3].iter_mut().zip(within) {
                    *value = taken[channel].get(lane);
                }
                last.values[3] = end[channel].get(lane);
                past.open = false;
            }
        }
    }

    /// Reads what the channels give at a moment of each lane, in steps.
    pub fn read(&mut self, moment: &Row<G>, side: Side) {
        for (delayed, pasts) in self.delayed.iter_mut().zip(&self.pasts) {
            *delayed = Row::from_fn(|lane| pasts[lane].at(moment.get(lane), side, self.cubic));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_seen_from_both_sides_and_cubics_are_exact() {
        let cube = |x: f64| 2.0 - x + 0.5 * x * x - 0.25 * x * x * x;
        let mut past = Past { delay: 2.5, before: 7.0, steps: VecDeque::new(), open: false };
        for (start, length) in [(0.0, 1.0), (1.0, 0.25), (1.25, 0.75), (2.0, 1.0)] {
            past.push(start, length, cube(start));
            let step = past.steps.back_mut().unwrap();
            step.values = [0.0, PLACES[0], PLACES[1], 1.0].map(|share| cube(start + share * length));
            past.open = false;
        }
        past.push(3.0, 1.0, -4.0);
        for when in [0.0, 0.3, 0.999, 1.0, 1.1, 1.25, 1.7, 2.0, 2.9] {
            for side in [Side::Before, Side::After] {
                if when > 0.0 {
                    approx::assert_relative_eq!(past.at(when + 2.5, side, true), cube(when), max_relative = 1e-13);
                }
            }
        }
        assert_eq!([Side::Before, Side::After].map(|side| past.at(2.5, side, true)), [7.0, cube(0.0)]);
        assert_eq!([Side::Before, Side::After].map(|side| past.at(5.5, side, true)), [cube(3.0), -4.0]);
        assert_eq!(past.at(1.0, Side::After, true), 7.0);
    }
}
