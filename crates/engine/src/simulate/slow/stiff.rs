//! Slow variables that are much faster than the others: stepped implicitly, so that they do not hold up the rest.
//!
//! A variable whose own rate would limit a step to less than its accuracy asks for is put, at each stage, where the
//! backward difference through its last three values and the new one fits its equation (the third-order formula of Curtiss &
//! Hirschfelder 1952, doi:10.1073/pnas.38.3.235, with steps of any length), the circuit being solved along with it. Its error is
//! judged by the formula of second order. After whatever begins or ends at once, all variables are stepped explicitly until
//! such a variable has settled.

use super::{Block, Step};
use crate::numeric::lanes::Row;
use crate::simulate::dormand_prince::NODES;

/// Values that are kept of the past.
const PAST: usize = 3;
/// Corrections of each stage: a number of their own, so that a lane's numbers do not depend on what others need.
const CORRECTIONS: usize = 2;
/// What a further correction may be, relative to the tolerance; where it is more, the step is taken again, shorter.
const LAST_CORRECTION: f64 = 0.1;
/// Between these multiples of its own rate lies the slope that is believed of a variable's equation.
const SLOPES: [f64; 2] = [0.05, 20.0];

/// What is known of a block's stiff variables.
#[derive(Clone, Debug)]
pub(super) struct Stiff<const G: usize> {
    /// Times of the last accepted steps of each lane, the latest last.
    times: Vec<Vec<f64>>,
    /// All slow variables then.
    values: Vec<Vec<Vec<f64>>>,
    /// For each variable the lanes, as bits, in which it is stepped implicitly now.
    implicit: Vec<u64>,
    /// How each variable's rate of change falls with it, per min.
    slopes: Vec<Row<G>>,
    /// Error of the step in each lane, relative to the tolerance; infinite where the corrections did not end.
    pub error: Row<G>,
}

impl<const G: usize> Stiff<G> {
    pub(super) fn new(lanes: usize, rates: &[Row<G>]) -> Self {
        Self {
            times: vec![Vec::new(); lanes],
            values: vec![Vec::new(); lanes],
            implicit: vec![0; rates.len()],
            slopes: rates.to_vec(),
            error: Row::ZERO,
        }
    }

    /// Forgets the past of a lane.
    pub(super) fn forget(&mut self, lane: usize) {
        self.times[lane].clear();
        self.values[lane].clear();
    }

    /// Keeps where a lane is.
    pub(super) fn keep(&mut self, lane: usize, time: f64, states: &[Row<G>]) {
        let (times, values) = (&mut self.times[lane], &mut self.values[lane]);
        if times.last().is_some_and(|last| time <= *last) {
            return;
        }
        times.push(time);
        values.push(states.iter().map(|row| row.get(lane)).collect());
        if times.len() > PAST {
            times.remove(0);
            values.remove(0);
        }
    }

    /// Chooses the variables that a lane steps implicitly if it is to take a step of this length, in min: those for which it is
    /// more than `bound` of their time constants. Gives the largest rate of the others, per min.
    pub(super) fn choose(&mut self, lane: usize, rates: &[Row<G>], length: f64, bound: f64) -> f64 {
        let known = self.times[lane].len() == PAST;
        let mut fastest = 0.0f64;
        for (implicit, rate) in self.implicit.iter_mut().zip(rates) {
            let rate = rate.get(lane);
            *implicit &= !(1 << lane);
            if known && rate * length > bound {
                *implicit |= 1 << lane;
            } else {
                fastest = fastest.max(rate);
            }
        }
        fastest
    }

    /// Begins a step: the slopes of implicit variables at its start become those of their past.
    pub(super) fn begin_step(&mut self, time: &Row<G>, states: &[Row<G>], slope: &mut [Row<G>]) {
        self.error = Row::ZERO;
        for (variable, row) in slope.iter_mut().enumerate() {
            for lane in (0..self.times.len()).filter(|lane| self.is_implicit(variable, *lane)) {
                let (times, values) = self.past(variable, lane);
                let (own, rest) = backward_difference(time.get(lane), &times[1..], &values[1..]);
                row.set(lane, own.mul_add(states[variable].get(lane), rest));
            }
        }
    }

    /// Whether a variable is stepped implicitly in a lane.
    pub(super) fn is_implicit(&self, variable: usize, lane: usize) -> bool {
        self.implicit[variable] >> lane & 1 == 1
    }

    /// The lanes, as bits, in which a variable is stepped implicitly.
    pub(super) fn lanes_of(&self, variable: usize) -> u64 {
        self.implicit[variable]
    }

    fn any(&self) -> bool {
        self.implicit.iter().any(|bits| *bits != 0)
    }

    /// The past of a variable in a lane, from its latest value.
    fn past(&self, variable: usize, lane: usize) -> ([f64; PAST], [f64; PAST]) {
        let last = self.times[lane].len() - 1;
        let time = std::array::from_fn(|back| self.times[lane][last - back]);
        let value = std::array::from_fn(|back| self.values[lane][last - back][variable]);
        (time, value)
    }
}

/// The derivative at `time` of the polynomial through a value there and some before: the weight of the former, and what the
/// latter give.
fn backward_difference(time: f64, times: &[f64], values: &[f64]) -> (f64, f64) {
    let own = times.iter().map(|node| 1.0 / (time - node)).sum();
    let term = |place: usize| {
        let others = (0..times.len()).filter(|other| *other != place);
        let product: f64 = others.map(|other| (time - times[other]) / (times[place] - times[other])).product();
        values[place] * product / (times[place] - time)
    };
    (own, (0..times.len()).map(term).sum())
}

/// The value at `time` of the polynomial through some values.
fn extrapolated(time: f64, times: &[f64], values: &[f64]) -> f64 {
    let term = |place: usize| {
        let others = (0..times.len()).filter(|other| *other != place);
        values[place] * others.map(|other| (time - times[other]) / (times[place] - times[other])).product::<f64>()
    };
    (0..times.len()).map(term).sum()
}

impl<const G: usize> Block<'_, G> {
    /// Brings the variables that are stepped implicitly, among the states of a stage, to where their equations hold, the
    /// circuit and all slopes with them. False where there are none.
    pub(super) fn evaluate_implicitly(
        &mut self,
        step: &mut Step<G>,
        (stage, guess): (usize, &[Row<G>]),
        active: u64,
    ) -> bool {
        if !self.stiff.any() {
            return false;
        }
        let time = Row::from_fn(|lane| NODES[stage].mul_add(step.length.get(lane), self.time.get(lane)));
        let mut states = std::mem::take(&mut step.states);
        let mut slope = std::mem::take(&mut step.stages[stage]);
        let from = step.circuit.clone();
        self.predict_implicit(&time, &mut states);
        let open = self.active();
        let mut left = open;
        let mut before: Option<(Vec<Row<G>>, Vec<Row<G>>)> = None;
        for count in 0..=CORRECTIONS {
            step.circuit.clone_from_slice(&from);
            self.evaluate(&time, &states, (&mut step.circuit, Some(guess)), active, &mut slope);
            if let Some((states_before, slopes_before)) = &before {
                self.learn_slopes(open, (states_before, slopes_before), (&states, &slope));
            }
            before = Some((states.clone(), slope.clone()));
            let mut corrected = states.clone();
            left = self.correct_implicit(&time, &mut corrected, &slope, open, stage);
            if count < CORRECTIONS {
                states = corrected;
            }
        }
        for lane in (0..self.lanes.len()).filter(|lane| left >> lane & 1 == 1) {
            self.stiff.error.set(lane, f64::INFINITY);
        }
        self.note_derivatives(&time, &states, &mut slope);
        (step.states, step.stages[stage]) = (states, slope);
        true
    }

    fn predict_implicit(&self, time: &Row<G>, states: &mut [Row<G>]) {
        for (variable, row) in states.iter_mut().enumerate() {
            for lane in (0..self.lanes.len()).filter(|lane| self.stiff.is_implicit(variable, *lane)) {
                let (times, values) = self.stiff.past(variable, lane);
                row.set(lane, extrapolated(time.get(lane), &times, &values));
            }
        }
    }

    /// Moves the variables on by Newton's method; gives the lanes that were moved by more than is negligible.
    fn correct_implicit(
        &mut self,
        time: &Row<G>,
        states: &mut [Row<G>],
        slope: &[Row<G>],
        open: u64,
        stage: usize,
    ) -> u64 {
        let mut moved = 0u64;
        for lane in (0..self.lanes.len()).filter(|lane| open >> lane & 1 == 1) {
            let mut steps = Vec::new();
            let (mut largest, mut error) = (0.0f64, 0.0f64);
            for variable in (0..states.len()).filter(|variable| self.stiff.is_implicit(*variable, lane)) {
                let (times, values) = self.stiff.past(variable, lane);
                let now = states[variable].get(lane);
                let (own, rest) = backward_difference(time.get(lane), &times, &values);
                let (coarse_own, coarse_rest) = backward_difference(time.get(lane), &times[..2], &values[..2]);
                let fall = self.stiff.slopes[variable].get(lane);
                let change = (slope[variable].get(lane) - own.mul_add(now, rest)) / (own + fall);
                let averaged = self.averaged >> lane & 1 == 1;
                let least = if averaged { super::steps::AVERAGED_TOLERANCE } else { 0.0 };
                let allowed = self.run.tolerance.max(least) * (now.abs() + super::steps::ABSOLUTE);
                largest = largest.max((change / allowed).abs());
                let difference = (own - coarse_own).mul_add(now, rest - coarse_rest);
                error = error.max((difference / (own + fall) / allowed).abs());
                steps.push((variable, now + change));
            }
            // A change that is not a number is none to stop at.
            if largest.is_nan() || largest > LAST_CORRECTION {
                moved |= 1 << lane;
            }
            steps.iter().for_each(|(variable, value)| states[*variable].set(lane, *value));
            if stage + 1 == NODES.len() {
                let known = self.stiff.error.get(lane);
                self.stiff.error.set(lane, if known.is_finite() { error } else { known });
            }
        }
        moved
    }

    /// Takes the slopes of the variables' equations from two evaluations.
    fn learn_slopes(&mut self, open: u64, before: (&[Row<G>], &[Row<G>]), now: (&[Row<G>], &[Row<G>])) {
        for variable in 0..now.0.len() {
            for lane in (0..self.lanes.len()).filter(|lane| open >> lane & 1 == 1) {
                let moved = now.0[variable].get(lane) - before.0[variable].get(lane);
                let size = self.run.tolerance * now.0[variable].get(lane).abs();
                if self.stiff.is_implicit(variable, lane) && moved.abs() > size {
                    let fall = (before.1[variable].get(lane) - now.1[variable].get(lane)) / moved;
                    let rate = self.model.states.rates[variable].get(lane);
                    self.stiff.slopes[variable].set(lane, fall.clamp(SLOPES[0] * rate, SLOPES[1] * rate));
                }
            }
        }
    }

    /// Puts the differences in the place of the slopes: a stiff equation makes much of what is left of an error.
    fn note_derivatives(&self, time: &Row<G>, states: &[Row<G>], slope: &mut [Row<G>]) {
        for (variable, row) in slope.iter_mut().enumerate() {
            for lane in (0..self.lanes.len()).filter(|lane| self.stiff.is_implicit(variable, *lane)) {
                let (times, values) = self.stiff.past(variable, lane);
                let (own, rest) = backward_difference(time.get(lane), &times, &values);
                row.set(lane, own.mul_add(states[variable].get(lane), rest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_and_extrapolation_are_exact_for_polynomials() {
        let cubic = |x: f64| 1.0 + 2.0 * x - 0.7 * x * x + 0.3 * x * x * x;
        let times = [1.3, 0.9, 0.1];
        let values = times.map(cubic);
        let (own, rest) = backward_difference(2.0, &times, &values);
        approx::assert_relative_eq!(own * cubic(2.0) + rest, 2.0 - 2.8 + 3.6, max_relative = 1e-12);
        let square = |x: f64| 1.0 - x + 0.5 * x * x;
        approx::assert_relative_eq!(extrapolated(2.0, &times, &times.map(square)), 1.0, max_relative = 1e-12);
    }
}
