//! Samples of slow time: within the steps that were taken.

use super::{Block, Step};
use crate::numeric::lanes::Row;
use crate::numeric::lanes::{Lanes, Mask};
use crate::spec::Run;
use fearless_simd::Simd;

/// Samples within a step, where traces are recorded adaptively.
const SAMPLES_PER_STEP: f64 = 4.0;

impl<const G: usize> Block<'_, G> {
    /// Samples the accepted steps by cubic Hermite interpolation of the slow variables, with the circuit solved anew.
    pub(super) fn sample_within<S: Simd>(&mut self, simd: S, step: &Step<G>, accepted: u64) {
        let first = |index: usize| first_sample(self.time.get(index), step.length.get(index), self.run);
        let mut next: Vec<f64> = (0..self.lanes.len()).map(first).collect();
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
                next[index] += self.run.record.unwrap_or(length / SAMPLES_PER_STEP);
                // The last sample of an adaptive step is its end, whatever rounding says.
                if self.run.record.is_none() && (next[index] - start - length).abs() < 1e-9 * length {
                    next[index] = start + length;
                }
            }
        }
    }

    fn interpolate<S: Simd>(&mut self, simd: S, step: &Step<G>, share: &Row<G>, due: u64) {
        let one = Lanes::splat(simd, 1.0);
        let share = Lanes::load(simd, share);
        let length = Lanes::load(simd, &step.length);
        let mut states = self.states.clone();
        for (index, row) in states.iter_mut().enumerate() {
            let (from, to) = (Lanes::load(simd, &self.states[index]), Lanes::load(simd, &step.states[index]));
            let (slope_from, slope_to) =
                (Lanes::load(simd, &step.stages[0][index]), Lanes::load(simd, &step.stages[6][index]));
            let rest = one - share;
            let bend = (one - share * 2.0) * (to - from) + length * ((share - one) * slope_from + share * slope_to);
            (rest * from + share * to + share * (share - one) * bend).store(row);
        }
        let mut circuit = self.circuit.clone();
        for (row, (from, to)) in circuit.iter_mut().zip(self.circuit.iter().zip(&step.circuit)) {
            let (from, to) = (Lanes::load(simd, from), Lanes::load(simd, to));
            share.mul_add(to - from, from).store(row);
        }
        let time = share.mul_add(length, Lanes::load(simd, &self.time));
        self.equilibrate(simd, time, &states, (&mut circuit, None), Mask::from_bits(simd, due));
    }

    pub(super) fn sample_now<S: Simd>(&mut self, simd: S, index: usize) {
        let time = Lanes::load(simd, &self.time);
        let mut circuit = self.circuit.clone();
        let states = self.states.clone();
        self.equilibrate(simd, time, &states, (&mut circuit, None), Mask::from_bits(simd, 1 << index));
        self.lanes[index].sample(self.time.get(index), index, &self.work);
    }
}

/// The time of the first sample within a step, in min: on the grid of `record`, or a share of the step.
fn first_sample(start: f64, length: f64, run: &Run) -> f64 {
    match run.record {
        None => start + length / SAMPLES_PER_STEP,
        Some(interval) => {
            let count = libm::floor((start - run.from) / interval + 1e-9) + 1.0;
            count.mul_add(interval, run.from)
        }
    }
}
