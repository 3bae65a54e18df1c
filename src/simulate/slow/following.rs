//! The circuit in slow time: its stable state is followed by Newton's method; where that fails, the circuit is let go.

use super::Block;
use crate::circuit::equations::rates;
use crate::equilibrium::newton::solve;
use crate::equilibrium::relaxation::{STILL, relax};
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
                let followed = active.and(Mask::from_bits(simd, !self.averaged));
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
                    self.relax_lanes(simd, circuit, failed);
                }
                rates(simd, &model.shape, &self.work.rows, circuit, &mut self.rates);
                let averaged = active.bits() & self.averaged;
                if averaged != 0 {
                    let burst = self.averaging.burst(simd, (model, self.run), &self.work.rows, circuit);
                    replace(simd, &mut self.rates, &burst.means, averaged);
                    self.burst = Some(burst);
                }
                model.show_rates(&self.rates, &mut self.work.signals);
                model.show_variables(circuit, &mut self.work.signals);
            },
        );
    }

    /// Lets the circuit of some lanes run until it stands still, under the effects in force.
    fn relax_lanes<S: Simd>(&mut self, simd: S, circuit: &mut [Row<G>], bits: u64) {
        // A lane that is lost already will try again with a shorter step, or be given up.
        let bits = bits & !self.lost;
        if bits == 0 {
            return;
        }
        let model = self.model;
        let mask = Mask::from_bits(simd, bits);
        let kept = circuit.to_vec();
        let held = vec![false; model.shape.variables()];
        let rested = relax(simd, &model.shape, &self.work.rows, circuit, mask, &held, STILL);
        let polished = solve(simd, &model.shape, &self.work.rows, circuit, rested, &mut self.newton);
        self.jumped |= rested.and(polished).bits();
        self.lost |= mask.and(rested.and(polished).not()).bits();
        for (row, kept) in circuit.iter_mut().zip(&kept) {
            let value = Lanes::load(simd, row);
            value.is_finite().select(value, Lanes::load(simd, kept)).store(row);
        }
    }

    pub(super) fn let_go<S: Simd>(&mut self, simd: S, bits: u64) {
        let mut circuit = std::mem::take(&mut self.circuit);
        let time = Lanes::load(simd, &self.time);
        self.model.show(simd, time, &self.inputs, &self.states.clone(), &mut self.work);
        self.model.modulate(simd, &self.inputs, &mut self.work);
        self.relax_lanes(simd, &mut circuit, bits);
        self.circuit = circuit;
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
