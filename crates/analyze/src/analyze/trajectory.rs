//! A circuit followed in time from a state, without noise, by an adaptive method.
//!
//! Steps are those of Dormand & Prince with their own interpolant of fourth order (Hairer, Nørsett & Wanner 1993, Solving
//! Ordinary Differential Equations I, II.6). Delayed synapses read what their channels took up a delay ago from such
//! interpolants too; steps are then no longer than the shortest delay (the method of steps, II.17).

use super::system::System;
use crate::simulate::dormand_prince::{DENSE, ERROR, NODES, STAGES};
use std::collections::VecDeque;

/// Relative tolerance of a step; absolute below this share of the variables' ranges.
const TOLERANCE: f64 = 1e-10;
/// Steps after which a trajectory is given up.
const MOST_STEPS: usize = 2_000_000;
/// Places within a step at which the channels' values are kept, and the weights of the polynomial through them.
const PLACES: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
const WEIGHTS: [f64; 5] = [1.0, -4.0, 6.0, -4.0, 1.0];

/// States over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// Times in ms.
    pub times_ms: Vec<f64>,
    /// Variables at each time.
    pub states: Vec<Vec<f64>>,
    /// Rates at each time, in Hz.
    pub rates_hz: Vec<Vec<f64>>,
}

/// A system that is followed: where it is, and what its delayed synapses still have to deliver.
#[derive(Clone, Debug)]
pub struct Run {
    now_ms: f64,
    state: Vec<f64>,
    past: Past,
}

/// What delayed channels took up.
#[derive(Clone, Debug)]
struct Past {
    /// The delay of each, in ms.
    delays: Vec<f64>,
    /// What each had always taken up before the first step.
    before: Vec<f64>,
    steps: VecDeque<Taken>,
}

/// What delayed channels took up at some places within one step.
#[derive(Clone, Debug)]
struct Taken {
    start_ms: f64,
    length_ms: f64,
    values: [Vec<f64>; 5],
}

impl Past {
    /// What each channel gives at a time.
    fn at(&self, time_ms: f64) -> Vec<f64> {
        let value = |(channel, delay): (usize, &f64)| {
            let when = time_ms - delay;
            let next = self.steps.partition_point(|step| step.start_ms + step.length_ms < when);
            match self.steps.get(next).or(self.steps.back()) {
                Some(step) if when >= step.start_ms => step.at(channel, when),
                _ => self.before[channel],
            }
        };
        self.delays.iter().enumerate().map(value).collect()
    }

    fn push(&mut self, taken: Taken) {
        let longest = self.delays.iter().copied().fold(0.0, f64::max);
        let needed = taken.start_ms - longest;
        while self.steps.get(1).is_some_and(|second| second.start_ms < needed) {
            self.steps.pop_front();
        }
        self.steps.push_back(taken);
    }
}

impl Taken {
    /// By the polynomial through all places (barycentric).
    fn at(&self, channel: usize, when_ms: f64) -> f64 {
        let share = ((when_ms - self.start_ms) / self.length_ms).min(1.0);
        let (mut above, mut below) = (0.0, 0.0);
        for ((place, weight), values) in PLACES.iter().zip(WEIGHTS).zip(&self.values) {
            let value = values[channel];
            if share == *place {
                return value;
            }
            let part = weight / (share - place);
            above += part * value;
            below += part;
        }
        above / below
    }
}

/// A step that was taken.
pub(super) struct Step<'a> {
    system: &'a System,
    past: &'a Past,
    pub start_ms: f64,
    pub length_ms: f64,
    from: &'a [f64],
    to: &'a [f64],
    /// The slopes of all stages, per ms.
    slopes: &'a [Vec<f64>],
}

impl Step<'_> {
    /// The variables within the step.
    pub(super) fn at(&self, share: f64) -> Vec<f64> {
        let rest = 1.0 - share;
        let one = |variable: usize| {
            let (from, change) = (self.from[variable], self.to[variable] - self.from[variable]);
            let slope = |stage: usize| self.length_ms * self.slopes[stage][variable];
            let start = slope(0) - change;
            let end = change - slope(STAGES.len() - 1) - start;
            let sum: f64 = (0..STAGES.len()).map(|stage| DENSE[stage] * slope(stage)).sum();
            from + share * (change + rest * (start + share * (end + rest * sum)))
        };
        (0..self.from.len()).map(one).collect()
    }

    /// The rates within the step, in Hz.
    pub(super) fn rates(&self, share: f64) -> Vec<f64> {
        self.system.motion(&self.at(share), &self.delayed(share)).rates
    }

    fn delayed(&self, share: f64) -> Vec<f64> {
        self.past.at(share.mul_add(self.length_ms, self.start_ms))
    }

    /// What delayed channels take up within the step.
    fn taken(&self) -> Taken {
        let values = PLACES.map(|share| self.system.motion(&self.at(share), &self.delayed(share)).taken);
        Taken { start_ms: self.start_ms, length_ms: self.length_ms, values }
    }
}

impl Run {
    /// A system at a state, that has stood still at another until now.
    pub fn new(system: &System, state: &[f64], before: &[f64]) -> Self {
        let past = Past { delays: system.delays(), before: system.taken_at_rest(before), steps: VecDeque::new() };
        Self { now_ms: 0.0, state: state.to_vec(), past }
    }

    /// Goes on for some ms; `seen` is shown every step, and ends this by giving false. None where the state ceases to be
    /// finite or needs millions of steps.
    pub(super) fn follow(
        &mut self,
        system: &System,
        duration_ms: f64,
        seen: &mut dyn FnMut(&Step<'_>) -> bool,
    ) -> Option<()> {
        let fastest = (0..system.variables()).map(|variable| system.tau(variable)).fold(f64::INFINITY, f64::min);
        let fastest = if fastest.is_finite() { fastest } else { duration_ms };
        let longest = self.past.delays.iter().copied().fold(f64::INFINITY, f64::min);
        let end = self.now_ms + duration_ms;
        let mut slopes = vec![system.motion(&self.state, &self.past.at(self.now_ms)).velocities];
        let mut length = (0.01 * fastest).min(duration_ms);
        for _ in 0..MOST_STEPS {
            if end - self.now_ms <= 1e-12 * end {
                return Some(());
            }
            length = length.min(end - self.now_ms).min(longest);
            slopes.truncate(1);
            let (next, error) = self.attempt(system, length, &mut slopes);
            if error <= 1.0 {
                let step = Step {
                    system,
                    past: &self.past,
                    start_ms: self.now_ms,
                    length_ms: length,
                    from: &self.state,
                    to: &next,
                    slopes: &slopes,
                };
                let more = seen(&step);
                if system.is_delayed() {
                    let taken = step.taken();
                    self.past.push(taken);
                }
                self.now_ms += length;
                self.state = next;
                if !more {
                    return Some(());
                }
                slopes.swap(0, STAGES.len() - 1);
            }
            length *= (0.9 * libm::pow(error.max(1e-10), -0.2)).clamp(0.2, 5.0);
            if length.is_nan() || length <= 1e-12 * fastest {
                return None;
            }
        }
        None
    }

    /// The state after a step, and its error in units of what is tolerated; the slopes of all stages are added to the first.
    fn attempt(&self, system: &System, length: f64, slopes: &mut Vec<Vec<f64>>) -> (Vec<f64>, f64) {
        let mut next = self.state.clone();
        for (weights, node) in STAGES.iter().zip(NODES).skip(1) {
            for (variable, value) in next.iter_mut().enumerate() {
                let sum: f64 = weights.iter().zip(&*slopes).map(|(weight, slope)| weight * slope[variable]).sum();
                *value = length.mul_add(sum, self.state[variable]);
            }
            let delayed = self.past.at(node.mul_add(length, self.now_ms));
            slopes.push(system.motion(&next, &delayed).velocities);
        }
        let error = (0..next.len()).map(|variable| {
            let sum: f64 = ERROR.iter().zip(&*slopes).map(|(weight, slope)| weight * slope[variable]).sum();
            let size = self.state[variable].abs().max(next[variable].abs()).max(1e-3);
            (length * sum / (TOLERANCE * size)).abs()
        });
        let error = error.fold(0.0, |worst: f64, one| if one.is_nan() { f64::INFINITY } else { worst.max(one) });
        (next, error)
    }

    /// Goes on for some ms, sampled every `interval_ms`, at the start and at the end; times count from now. None where the
    /// state ceases to be finite or needs millions of steps.
    pub fn sample(&mut self, system: &System, duration_ms: f64, interval_ms: f64) -> Option<Trajectory> {
        let start = self.now_ms;
        let mut trajectory = Trajectory::default();
        trajectory.push(0.0, self.state.clone(), self.rates(system));
        self.follow(system, duration_ms, &mut |step| {
            loop {
                let next = trajectory.times_ms.len() as f64 * interval_ms;
                if start + next > step.start_ms + step.length_ms || next >= duration_ms {
                    return true;
                }
                let share = (start + next - step.start_ms) / step.length_ms;
                trajectory.push(next, step.at(share), step.rates(share));
            }
        })?;
        trajectory.push(duration_ms, self.state.clone(), self.rates(system));
        Some(trajectory)
    }

    fn rates(&self, system: &System) -> Vec<f64> {
        system.motion(&self.state, &self.past.at(self.now_ms)).rates
    }
}

impl Trajectory {
    /// The trajectory of a system from a state in which it has stood still, sampled every `interval_ms` and at the end; none
    /// where it is not finite.
    pub fn new(system: &System, start: &[f64], duration_ms: f64, interval_ms: f64) -> Option<Self> {
        Run::new(system, start, start).sample(system, duration_ms, interval_ms)
    }

    fn push(&mut self, time_ms: f64, state: Vec<f64>, rates_hz: Vec<f64>) {
        self.times_ms.push(time_ms);
        self.states.push(state);
        self.rates_hz.push(rates_hz);
    }
}
