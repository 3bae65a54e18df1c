//! Samples of slow time: within the steps that were taken.
//!
//! Where traces are recorded adaptively, samples are dense after something has begun or ended and thin out evenly on a
//! logarithmic axis of the time since then, so that a week after a dose costs little more than the first hour. Where rates
//! turn, they are dense again.

use super::{Block, Step};
use crate::numeric::lanes::{Lanes, Mask, Row};
use crate::simulate::lane::{Next, as_one};
use fearless_simd::Simd;

/// The most samples within a step, where traces are recorded adaptively.
const SAMPLES_PER_STEP: f64 = 4.0;
/// The interval between two samples relative to the time since something has begun or ended.
const SPREAD: f64 = 0.01;
/// A rate that has changed by this much since the last sample, relative to its size (absolutely below 1 Hz), is sampled.
const TURN: f64 = 0.01;

impl<const G: usize> Block<'_, G> {
    /// Samples the accepted steps by cubic Hermite interpolation of the slow variables, with the circuit solved anew.
    pub(super) fn sample_within<S: Simd>(&mut self, simd: S, step: &Step<G>, accepted: u64) {
        let spacing: Vec<f64> = (0..self.lanes.len()).map(|index| self.spacing(step, index)).collect();
        let mut next: Vec<f64> =
            (0..self.lanes.len()).map(|index| self.first_sample(step, index, spacing[index])).collect();
        loop {
            let mut due = 0u64;
            let mut share = Row::splat(1.0);
            for index in (0..self.lanes.len()).filter(|index| accepted >> index & 1 == 1) {
                let (start, length) = (self.time.get(index), step.length.get(index));
                if length > 0.0 && next[index] <= start + length * (1.0 + 1e-12) {
                    due |= 1 << index;
                    share.set(index, ((next[index] - start) / length).min(1.0));
                }
            }
            if due == 0 {
                return;
            }
            self.interpolate(simd, step, &share, due);
            for index in (0..self.lanes.len()).filter(|index| due >> index & 1 == 1) {
                let (start, length) = (self.time.get(index), step.length.get(index));
                self.lanes[index].sample(next[index], index, &self.work);
                next[index] += spacing[index];
                // The last sample of an adaptive step is its end, whatever rounding says.
                if self.run.record.is_none() && (next[index] - start - length).abs() < 1e-9 * length {
                    next[index] = start + length;
                }
            }
        }
    }

    /// The interval between two samples within the step of a lane, in min.
    fn spacing(&self, step: &Step<G>, index: usize) -> f64 {
        if let Some(interval) = self.run.record {
            return interval;
        }
        let (start, length) = (self.time.get(index), step.length.get(index));
        let lane = &self.lanes[index];
        let end = start + length;
        let awaited = match lane.next_moment(self.run) {
            Next::At(time) => (end - time).abs() <= as_one(time),
            Next::End => true,
        };
        let turned = self.rates.iter().enumerate().any(|(rate, row)| {
            let (now, sampled) = (row.get(index), lane.outcome.recording.last(rate).unwrap_or(f64::INFINITY));
            // Averages over noise are never still.
            self.averaged >> index & 1 == 0 && (now - sampled).abs() > TURN * sampled.abs().max(1.0)
        });
        let dense = length / SAMPLES_PER_STEP;
        if awaited || turned { dense } else { dense.max(SPREAD * (start - lane.changed_at)) }
    }

    /// The time of the first sample within the step of a lane, in min: on the grid of `record`, or an interval after the last
    /// one.
    fn first_sample(&self, step: &Step<G>, index: usize, spacing: f64) -> f64 {
        let start = self.time.get(index);
        if self.run.record.is_some() {
            let count = libm::floor((start - self.run.from) / spacing + 1e-9) + 1.0;
            return count.mul_add(spacing, self.run.from);
        }
        let dense = step.length.get(index) / SAMPLES_PER_STEP;
        let last = self.lanes[index].outcome.recording.times().last().copied().unwrap_or(f64::NEG_INFINITY);
        if spacing > dense { (start + dense).max(last + spacing) } else { start + dense }
    }

    #[inline(never)]
    fn interpolate<S: Simd>(&mut self, simd: S, step: &Step<G>, share: &Row<G>, due: u64) {
        simd.vectorize(
            #[inline(always)]
            || {
                let one = Lanes::splat(simd, 1.0);
                let share = Lanes::load(simd, share);
                let length = Lanes::load(simd, &step.length);
                let mut states = self.states.clone();
                for (index, row) in states.iter_mut().enumerate() {
                    let (from, to) = (Lanes::load(simd, &self.states[index]), Lanes::load(simd, &step.states[index]));
                    let (slope_from, slope_to) =
                        (Lanes::load(simd, &step.stages[0][index]), Lanes::load(simd, &step.stages[6][index]));
                    let rest = one - share;
                    let bend =
                        (one - share * 2.0) * (to - from) + length * ((share - one) * slope_from + share * slope_to);
                    (rest * from + share * to + share * (share - one) * bend).store(row);
                }
                let mut circuit = self.circuit.clone();
                for (row, (from, to)) in circuit.iter_mut().zip(self.circuit.iter().zip(&step.circuit)) {
                    let (from, to) = (Lanes::load(simd, from), Lanes::load(simd, to));
                    share.mul_add(to - from, from).store(row);
                }
                let time = share.mul_add(length, Lanes::load(simd, &self.time));
                self.equilibrate(simd, time, &states, (&mut circuit, None), Mask::from_bits(simd, due));
            },
        );
    }

    pub(super) fn sample_now<S: Simd>(&mut self, simd: S, index: usize) {
        let time = Lanes::load(simd, &self.time);
        let mut circuit = self.circuit.clone();
        let states = self.states.clone();
        self.equilibrate(simd, time, &states, (&mut circuit, None), Mask::from_bits(simd, 1 << index));
        self.lanes[index].sample(self.time.get(index), index, &self.work);
    }
}
