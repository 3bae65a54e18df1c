//! A circuit followed in time from a state, without noise, by an adaptive method: responses to stimuli, and cycles.

use super::system::System;
use crate::simulate::dormand_prince::{ERROR, STAGES};
use serde::Serialize;

/// Relative tolerance of a step; absolute below this share of the variables' ranges.
const TOLERANCE: f64 = 1e-10;
/// Steps after which a trajectory is given up.
const MOST_STEPS: usize = 2_000_000;
/// How long a cycle is looked for, in units of the slowest time constant.
const LONGEST: f64 = 2_000.0;
/// Two periods that follow one another differ by less than this where the cycle has been reached, relative to their length.
const SETTLED: f64 = 1e-9;
/// A main rate that swings by less than this, relative to its range, is no cycle.
const STILL: f64 = 1e-6;

/// States over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// Times in ms.
    pub times_ms: Vec<f64>,
    /// Variables at each time.
    pub states: Vec<Vec<f64>>,
}

/// A step that was taken: both ends, with their velocities per ms.
struct Step<'a> {
    start_ms: f64,
    length_ms: f64,
    from: &'a [f64],
    to: &'a [f64],
    velocities: [&'a [f64]; 2],
}

impl Step<'_> {
    /// A variable within the step, by the cubic that has its values and slopes at both ends.
    fn at(&self, variable: usize, share: f64) -> f64 {
        let (from, to) = (self.from[variable], self.to[variable]);
        let [first, last] = self.velocities.map(|velocity| self.length_ms * velocity[variable]);
        let bend = (1.0 - 2.0 * share) * (to - from) + (share - 1.0) * first + share * last;
        (1.0 - share) * from + share * to + share * (share - 1.0) * bend
    }
}

/// Follows a system for some ms; `seen` is shown every step, and ends the run by giving false. Gives the last state; none
/// where it ceases to be finite, needs millions of steps, or synapses have delays.
fn follow(
    system: &System,
    start: &[f64],
    duration_ms: f64,
    seen: &mut dyn FnMut(&Step<'_>) -> bool,
) -> Option<Vec<f64>> {
    if system.is_delayed() {
        return None;
    }
    let fastest = (0..system.variables()).map(|variable| system.tau(variable)).fold(f64::INFINITY, f64::min);
    let fastest = if fastest.is_finite() { fastest } else { duration_ms };
    let mut state = start.to_vec();
    let mut slopes = vec![system.velocity(&state)];
    let (mut now, mut length) = (0.0, (0.01 * fastest).min(duration_ms));
    for _ in 0..MOST_STEPS {
        if duration_ms - now <= 1e-12 * duration_ms {
            return Some(state);
        }
        length = length.min(duration_ms - now);
        slopes.truncate(1);
        let mut next = state.clone();
        for weights in &STAGES[1..] {
            for (variable, value) in next.iter_mut().enumerate() {
                let sum: f64 = weights.iter().zip(&slopes).map(|(weight, slope)| weight * slope[variable]).sum();
                *value = length.mul_add(sum, state[variable]);
            }
            slopes.push(system.velocity(&next));
        }
        let error = (0..state.len()).map(|variable| {
            let sum: f64 = ERROR.iter().zip(&slopes).map(|(weight, slope)| weight * slope[variable]).sum();
            let size = state[variable].abs().max(next[variable].abs()).max(1e-3);
            (length * sum / (TOLERANCE * size)).abs()
        });
        let error = error.fold(0.0, |worst: f64, one| if one.is_nan() { f64::INFINITY } else { worst.max(one) });
        if error <= 1.0 {
            let velocities = [slopes[0].as_slice(), slopes[STAGES.len() - 1].as_slice()];
            let step = Step { start_ms: now, length_ms: length, from: &state, to: &next, velocities };
            if !seen(&step) {
                return Some(next);
            }
            now += length;
            state = next;
            slopes.swap(0, STAGES.len() - 1);
        }
        length *= (0.9 * libm::pow(error.max(1e-10), -0.2)).clamp(0.2, 5.0);
        if length.is_nan() || length <= 1e-12 * fastest {
            return None;
        }
    }
    None
}

impl Trajectory {
    /// The trajectory of a system from a state, sampled every `interval_ms` and at the end; none where it is not finite.
    pub fn new(system: &System, start: &[f64], duration_ms: f64, interval_ms: f64) -> Option<Self> {
        let mut trajectory = Self { times_ms: vec![0.0], states: vec![start.to_vec()] };
        let last = follow(system, start, duration_ms, &mut |step| {
            loop {
                let next = trajectory.times_ms.len() as f64 * interval_ms;
                if next > step.start_ms + step.length_ms || next >= duration_ms {
                    return true;
                }
                let share = (next - step.start_ms) / step.length_ms;
                trajectory.times_ms.push(next);
                trajectory.states.push((0..start.len()).map(|variable| step.at(variable, share)).collect());
            }
        })?;
        trajectory.times_ms.push(duration_ms);
        trajectory.states.push(last);
        Some(trajectory)
    }
}

/// A stable oscillation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cycle {
    /// Its period, in ms.
    pub period_ms: f64,
    /// Its frequency, in Hz.
    pub frequency_hz: f64,
    /// Lowest and highest rate of each population, in Hz.
    pub rates_hz: Vec<[f64; 2]>,
}

impl Cycle {
    /// The cycle that a system reaches from a state beside an unstable fixed point; none where it settles, or runs away.
    ///
    /// Times at which the main population's variable rises through its value at the fixed point are found to the
    /// accuracy of the steps; the cycle is reached when the periods between them no longer change.
    pub fn from(system: &System, fixed_point: &[f64]) -> Option<Self> {
        let main = system.main_population();
        let level = fixed_point[main];
        let (low, high) = system.rate_range(main);
        let start: Vec<f64> = fixed_point
            .iter()
            .enumerate()
            .map(|(variable, value)| if variable == main { value + 1e-3 * (high - low) } else { *value })
            .collect();
        let slowest = (0..system.variables()).map(|variable| system.lag(variable)).fold(0.0, f64::max);
        let (mut last, mut period, mut found) = (None, f64::NAN, None);
        let mut extremes = vec![[f64::INFINITY, f64::NEG_INFINITY]; system.size()];
        follow(system, &start, LONGEST * slowest, &mut |step| {
            for share in [0.25, 0.5, 0.75, 1.0] {
                let state: Vec<f64> = (0..start.len()).map(|variable| step.at(variable, share)).collect();
                for (ends, rate) in extremes.iter_mut().zip(system.rates(&state)) {
                    *ends = [ends[0].min(rate), ends[1].max(rate)];
                }
            }
            if !(step.from[main] < level && step.to[main] >= level) {
                return true;
            }
            let crossing = crossing(step, main, level);
            if let Some(before) = last.replace(crossing) {
                let now = crossing - before;
                let swing = extremes[main][1] - extremes[main][0];
                if (now - period).abs() <= SETTLED * now && swing > STILL * (high - low) {
                    found = Some(Self { period_ms: now, frequency_hz: 1e3 / now, rates_hz: extremes.clone() });
                    return false;
                }
                period = now;
            }
            extremes.fill([f64::INFINITY, f64::NEG_INFINITY]);
            true
        })?;
        found
    }
}

/// The time within a step at which a variable rises through a level, by bisection.
fn crossing(step: &Step<'_>, variable: usize, level: f64) -> f64 {
    let (mut below, mut above) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(below, above);
        if step.at(variable, middle) < level { below = middle } else { above = middle }
    }
    f64::midpoint(below, above).mul_add(step.length_ms, step.start_ms)
}
