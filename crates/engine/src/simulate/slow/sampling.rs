//! Samples of slow time: within the steps that were taken, from their course.
//!
//! Where traces are recorded adaptively, samples are dense after something has begun or ended and thin out evenly on a
//! logarithmic axis of the time since then, so that a week after a dose costs little more than the first hour. Where rates
//! turn, they are dense again.

use super::{Block, Step};
use crate::simulate::lane::{Next, as_one};

/// The most samples within a step, where traces are recorded adaptively.
const SAMPLES_PER_STEP: f64 = 4.0;
/// The interval between two samples relative to the time since something has begun or ended.
const SPREAD: f64 = 0.01;
/// A rate that has changed by this much since the last sample, relative to its size (absolutely below 1 Hz), is sampled.
const TURN: f64 = 0.01;

impl<const G: usize> Block<'_, G> {
    /// Samples the last step of a lane.
    pub(super) fn record_step(&mut self, step: &Step<G>, index: usize) {
        if !self.lanes[index].records() {
            return;
        }
        let parts = std::mem::take(&mut self.dense[index].parts);
        let end = parts.last().map_or(f64::NEG_INFINITY, |part| part.to);
        let mut left = parts.iter().peekable();
        for time in self.moments(step, index) {
            while left.next_if(|part| part.to < time && part.to < end).is_some() {}
            let Some(part) = left.peek() else { break };
            let within = time.min(end);
            // What doses make is known at any time; the course over the step goes through that only at some moments.
            let given = if part.knows(within) {
                Vec::new()
            } else {
                self.model.pharmacology.given_at(index, within, &self.inputs.courses)
            };
            let exact = |signal: usize| given.iter().find(|(known, _)| *known == signal).map(|(_, value)| *value);
            let value = |signal: usize| exact(signal).unwrap_or_else(|| part.piece(signal).at(within));
            self.dense[index].sample(&mut self.lanes[index], time, value);
        }
        if self.run.record.is_none() && self.dense[index].sampled_at > self.time.get(index) {
            let (sampled, lane) = (&mut self.dense[index].sampled, &self.rates);
            sampled.clear();
            sampled.extend(lane.iter().map(|rate| rate.get(index)));
        }
        // The end of the run has a sample, whether or not it lies on the grid of `record`.
        let last = self.dense[index].sampled_at;
        if let Some(part) = parts.last().filter(|_| end >= self.run.to - as_one(end) && last < end - as_one(end)) {
            self.dense[index].sample(&mut self.lanes[index], end, |signal| part.piece(signal).last());
        }
    }

    /// When the last step of a lane is sampled: on the grid of `record`, or adaptively.
    fn moments(&self, step: &Step<G>, index: usize) -> Vec<f64> {
        let (start, length) = (self.time.get(index), step.length.get(index));
        let end = self.lanes[index].snap(start + length, self.run);
        let last = end + as_one(end);
        if let Some(interval) = self.run.record {
            let first = libm::floor((start - self.run.from) / interval + 1e-9) as u64 + 1;
            let moments = (first..).map(|count| (count as f64).mul_add(interval, self.run.from));
            return moments.take_while(|moment| *moment <= last).collect();
        }
        let spacing = self.spacing(step, index);
        let mut next = self.first_sample(step, index, spacing);
        let mut moments = Vec::new();
        while next <= last {
            moments.push(next);
            next += spacing;
            // The last sample is the step's end, whatever rounding says.
            if (next - end).abs() < 1e-9 * length {
                next = end;
            }
        }
        moments
    }

    /// The interval between two adaptive samples within the step of a lane, in min.
    fn spacing(&self, step: &Step<G>, index: usize) -> f64 {
        let (start, length) = (self.time.get(index), step.length.get(index));
        let lane = &self.lanes[index];
        let end = start + length;
        let awaited = match lane.next_moment(self.run) {
            Next::At(time) => (end - time).abs() <= as_one(time),
            Next::End => true,
        };
        let sampled = &self.dense[index].sampled;
        let turned = self.rates.iter().enumerate().any(|(rate, row)| {
            let (now, sampled) = (row.get(index), sampled.get(rate).copied().unwrap_or(f64::INFINITY));
            // Averages over noise are never still.
            self.averaged >> index & 1 == 0 && (now - sampled).abs() > TURN * sampled.abs().max(1.0)
        });
        let dense = length / SAMPLES_PER_STEP;
        if awaited || turned { dense } else { dense.max(SPREAD * (start - lane.changed_at)) }
    }

    /// The time of the first adaptive sample within the step of a lane, in min: an interval after the last one.
    fn first_sample(&self, step: &Step<G>, index: usize, spacing: f64) -> f64 {
        let start = self.time.get(index);
        let dense = step.length.get(index) / SAMPLES_PER_STEP;
        if spacing > dense { (start + dense).max(self.dense[index].sampled_at + spacing) } else { start + dense }
    }

    /// Samples the start of a lane's run.
    pub(super) fn sample_start(&mut self, index: usize) {
        let time = self.time;
        let mut circuit = self.circuit.clone();
        let states = self.states.clone();
        self.equilibrate(&time, &states, (&mut circuit, None), 1 << index);
        let (lane, work) = (&mut self.lanes[index], &self.work);
        self.dense[index].begin(lane, self.time.get(index), index, work, true);
    }
}
