//! The circuit in slow time: its stable state is followed by Newton's method; where that fails, the circuit is let go.

use super::Block;
use super::averaging::Burst;
use crate::circuit::equations::rates;
use crate::equilibrium::fate::Outcome;
use crate::equilibrium::newton::solve;
use crate::equilibrium::{Fate, Left};
use crate::numeric::lanes::{Lanes, Mask, Row};
use fearless_simd::Simd;

impl<const G: usize> Block<'_, G> {
    /// Signals, circuit state and derivatives at the lanes' times and slow variables. Lanes outside `active` keep their
    /// circuit state.
    pub(super) fn evaluate<S: Simd>(
        &mut self,
        simd: S,
        time: Lanes<S, G>,
        states: &[Row<G>],
        circuit: (&mut [Row<G>], Option<&[Row<G>]>),
        active: Mask<S, G>,
        derivatives: &mut [Row<G>],
    ) {
        self.equilibrate(simd, time, states, circuit, active);
        self.model.derivatives(simd, &self.inputs, states, &mut self.work, derivatives);
    }

    /// Signals and circuit state at the lanes' times and slow variables; `guess` is the predicted state, where there is one.
    #[inline(never)]
    pub(super) fn equilibrate<S: Simd>(
        &mut self,
        simd: S,
        time: Lanes<S, G>,
        states: &[Row<G>],
        (circuit, guess): (&mut [Row<G>], Option<&[Row<G>]>),
        active: Mask<S, G>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let model = self.model;
                model.show(simd, time, &self.inputs, states, &mut self.work);
                model.modulate(simd, &self.inputs, &mut self.work);
                let followed = active.and(Mask::from_bits(simd, !self.averaged & !self.passing));
                let mut open = followed;
                if let Some(guess) = guess {
                    let mut trial = guess.to_vec();
                    let found = solve(simd, &model.shape, &self.work.rows, &mut trial, followed, &mut self.newton);
                    replace(simd, circuit, &trial, found.bits());
                    open = followed.and(found.not());
                }
                // The prediction may have led astray; the last state does not.
                let mut failed = open.bits();
                if failed != 0 {
                    failed &= !solve(simd, &model.shape, &self.work.rows, circuit, open, &mut self.newton).bits();
                }
                if failed != 0 {
                    self.leave(simd, circuit, (failed, &Row::splat(f64::INFINITY)));
                }
                rates(simd, &model.shape, &self.work.rows, circuit, &mut self.rates);
                let averaged = active.bits() & self.averaged & !self.passing;
                if averaged != 0 {
                    let burst = self.burst_of(simd, circuit, averaged);
                    replace(simd, &mut self.rates, &burst.means, averaged);
                    self.burst = Some(burst);
                }
                replace(simd, &mut self.rates, &self.passing_rates, active.bits() & self.passing);
                model.show_rates(&self.rates, &mut self.work.signals);
                model.show_variables(circuit, &mut self.work.signals);
            },
        );
    }

    /// Leaves the circuit of some lanes to itself, under the effects in force, for so many ms at most: it comes to rest, is lost,
    /// or is still on its way.
    fn leave<S: Simd>(&mut self, simd: S, circuit: &mut [Row<G>], (bits, limit_ms): (u64, &Row<G>)) {
        // A lane that is lost already will try again with a shorter step, or be given up.
        let bits = bits & !self.lost;
        if bits == 0 {
            return;
        }
        let model = self.model;
        let kept = circuit.to_vec();
        let left = Left { shape: &model.shape, rows: &self.work.rows, held: &[], limit_ms, cycling: false };
        let mut outcomes = left.follow(simd, circuit, bits);
        // Where the moment lies too many turns ahead, what becomes of the circuit in the end has to do.
        let too_far = |index: &usize| {
            let outcome = outcomes[*index].as_ref();
            let arrived = |outcome: &Outcome| outcome.followed_ms >= limit_ms.get(*index) * (1.0 - 1e-9);
            limit_ms.get(*index).is_finite() && outcome.is_some_and(|it| it.fate == Fate::Open && !arrived(it))
        };
        let far = (0..outcomes.len()).filter(too_far).fold(0u64, |bits, index| bits | 1 << index);
        if far != 0 {
            let endless = &Row::splat(f64::INFINITY);
            let later = Left { limit_ms: endless, ..left }.follow(simd, circuit, far);
            for (outcome, later) in outcomes.iter_mut().zip(later).filter(|(_, later)| later.is_some()) {
                *outcome = later;
            }
        }
        let mut rested = 0u64;
        for (index, outcome) in outcomes.into_iter().enumerate() {
            let Some(outcome) = outcome else { continue };
            let arrived = far >> index & 1 == 0 && outcome.followed_ms >= limit_ms.get(index) * (1.0 - 1e-9);
            match outcome.fate {
                Fate::Rest => rested |= 1 << index,
                Fate::Open if arrived => {
                    self.passing |= 1 << index;
                    for (row, mean) in self.passing_means.iter_mut().zip(&outcome.rates) {
                        row.set(index, *mean);
                    }
                }
                _ => self.lost |= 1 << index,
            }
        }
        let mask = Mask::from_bits(simd, rested);
        let solved = solve(simd, &model.shape, &self.work.rows, circuit, mask, &mut self.newton).bits();
        self.jumped |= solved;
        self.lost |= rested & !solved;
        for (row, kept) in circuit.iter_mut().zip(&kept) {
            let value = Lanes::load(simd, row);
            value.is_finite().select(value, Lanes::load(simd, kept)).store(row);
        }
    }

    /// Leaves the circuit of some lanes to itself where it is now, for so many ms at most.
    pub(super) fn let_go<S: Simd>(&mut self, simd: S, (bits, limit_ms): (u64, &Row<G>)) {
        let mut circuit = std::mem::take(&mut self.circuit);
        let time = Lanes::load(simd, &self.time);
        self.model.show(simd, time, &self.inputs, &self.states.clone(), &mut self.work);
        self.model.modulate(simd, &self.inputs, &mut self.work);
        self.leave(simd, &mut circuit, (bits, limit_ms));
        self.circuit = circuit;
    }

    /// The mean rates of lanes that do not follow a state: over a period of the cycle that each goes round, or over a burst
    /// where it is noisy, delayed, or goes round none.
    pub(super) fn burst_of<S: Simd>(&mut self, simd: S, circuit: &[Row<G>], bits: u64) -> Burst<G> {
        let model = self.model;
        let sampled = bits & self.sampled;
        let mut burst = if sampled == 0 {
            Burst::nothing(circuit, model.shape.size())
        } else {
            self.averaging.burst(simd, (model, self.run), (&self.work.rows, sampled), circuit)
        };
        let cycling = bits & !self.sampled;
        if cycling != 0 {
            let mut end = circuit.to_vec();
            let limit_ms = &Row::splat(f64::INFINITY);
            let left = Left { shape: &model.shape, rows: &self.work.rows, held: &[], limit_ms, cycling: true };
            for (index, outcome) in left.follow(simd, &mut end, cycling).into_iter().enumerate() {
                if let Some(outcome) = outcome {
                    burst.take(index, &outcome, &end);
                }
            }
        }
        burst
    }
}

/// Puts `next` in the place of `now` in the lanes of the bits.
#[inline(never)]
pub(super) fn replace<S: Simd, const G: usize>(simd: S, now: &mut [Row<G>], next: &[Row<G>], bits: u64) {
    simd.vectorize(
        #[inline(always)]
        || {
            let mask = Mask::from_bits(simd, bits);
            for (now, next) in now.iter_mut().zip(next) {
                mask.select(Lanes::load(simd, next), Lanes::load(simd, now)).store(now);
            }
        },
    );
}
