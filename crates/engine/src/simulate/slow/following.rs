//! The circuit in slow time: its stable state is followed by Newton's method; where that fails, the circuit is let go.

use super::Block;
use super::averaging::Burst;
use crate::circuit::entries::rates;
use crate::equilibrium::fate::Outcome;
use crate::equilibrium::newton::solve;
use crate::equilibrium::{Fate, Left};
use crate::numeric::lanes::{Row, replace};

impl<const G: usize> Block<'_, G> {
    /// Signals, circuit state and derivatives at the lanes' times and slow variables. Lanes outside `active` keep their
    /// circuit state.
    pub(super) fn evaluate(
        &mut self,
        time: &Row<G>,
        states: &[Row<G>],
        circuit: (&mut [Row<G>], Option<&[Row<G>]>),
        active: u64,
        derivatives: &mut [Row<G>],
    ) {
        self.equilibrate(time, states, circuit, active);
        self.model.derivatives(&self.inputs, states, &mut self.work, derivatives);
    }

    /// Signals and circuit state at the lanes' times and slow variables; `guess` is the predicted state, where there is one.
    pub(super) fn equilibrate(
        &mut self,
        time: &Row<G>,
        states: &[Row<G>],
        (circuit, guess): (&mut [Row<G>], Option<&[Row<G>]>),
        active: u64,
    ) {
        let model = self.model;
        model.show(time, &self.inputs, states, &mut self.work);
        model.modulate(&self.inputs, &mut self.work);
        let followed = active & !self.averaged & !self.passing;
        let mut open = followed;
        if let Some(guess) = guess {
            let mut trial = guess.to_vec();
            let found = solve(&model.shape, &self.work.rows, &mut trial, followed, &mut self.newton);
            replace(circuit, &trial, found);
            open = followed & !found;
        }
        // The prediction may have led astray; the last state does not.
        let mut failed = open;
        if failed != 0 {
            failed &= !solve(&model.shape, &self.work.rows, circuit, open, &mut self.newton);
        }
        if failed != 0 {
            self.leave(circuit, (failed, &Row::splat(f64::INFINITY)));
        }
        rates(&model.shape, &self.work.rows, circuit, &mut self.rates);
        let averaged = active & self.averaged & !self.passing;
        if averaged != 0 {
            let burst = self.burst_of(circuit, averaged);
            replace(&mut self.rates, &burst.means, averaged);
            self.burst = Some(burst);
        }
        replace(&mut self.rates, &self.passing_rates, active & self.passing);
        model.show_rates(&self.rates, &mut self.work.signals);
        model.show_variables(circuit, &mut self.work.signals);
    }

    /// Leaves the circuit of some lanes to itself, under the effects in force, for so many ms at most: it comes to rest, is lost,
    /// or is still on its way.
    fn leave(&mut self, circuit: &mut [Row<G>], (bits, limit_ms): (u64, &Row<G>)) {
        // A lane that is lost already will try again with a shorter step, or be given up.
        let bits = bits & !self.lost;
        if bits == 0 {
            return;
        }
        let model = self.model;
        let kept = circuit.to_vec();
        let left = Left { shape: &model.shape, rows: &self.work.rows, held: &[], limit_ms, cycling: false };
        let mut outcomes = left.follow(circuit, bits);
        // Where the moment lies too many turns ahead, what becomes of the circuit in the end has to do.
        let too_far = |index: &usize| {
            let outcome = outcomes[*index].as_ref();
            let arrived = |outcome: &Outcome| outcome.followed_ms >= limit_ms.get(*index) * (1.0 - 1e-9);
            limit_ms.get(*index).is_finite() && outcome.is_some_and(|it| it.fate == Fate::Open && !arrived(it))
        };
        let far = (0..outcomes.len()).filter(too_far).fold(0u64, |bits, index| bits | 1 << index);
        if far != 0 {
            let endless = &Row::splat(f64::INFINITY);
            let later = Left { limit_ms: endless, ..left }.follow(circuit, far);
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
        let solved = solve(&model.shape, &self.work.rows, circuit, rested, &mut self.newton);
        self.jumped |= solved;
        self.lost |= rested & !solved;
        for (row, kept) in circuit.iter_mut().zip(&kept) {
            *row = Row::from_fn(|lane| if row.get(lane).is_finite() { row.get(lane) } else { kept.get(lane) });
        }
    }

    /// Leaves the circuit of some lanes to itself where it is now, for so many ms at most.
    pub(super) fn let_go(&mut self, (bits, limit_ms): (u64, &Row<G>)) {
        let mut circuit = std::mem::take(&mut self.circuit);
        let time = self.time;
        self.model.show(&time, &self.inputs, &self.states.clone(), &mut self.work);
        self.model.modulate(&self.inputs, &mut self.work);
        self.leave(&mut circuit, (bits, limit_ms));
        self.circuit = circuit;
    }

    /// The mean rates of lanes that do not follow a state: over a period of the cycle that each goes round, or over a burst
    /// where it is noisy, delayed, or goes round none.
    pub(super) fn burst_of(&mut self, circuit: &[Row<G>], bits: u64) -> Burst<G> {
        let model = self.model;
        let sampled = bits & self.sampled;
        let mut burst = if sampled == 0 {
            Burst::nothing(circuit, model.shape.size())
        } else {
            self.averaging.burst((model, self.run), (&self.work.rows, sampled), circuit)
        };
        let cycling = bits & !self.sampled;
        if cycling != 0 {
            let mut end = circuit.to_vec();
            let limit_ms = &Row::splat(f64::INFINITY);
            let left = Left { shape: &model.shape, rows: &self.work.rows, held: &[], limit_ms, cycling: true };
            for (index, outcome) in left.follow(&mut end, cycling).into_iter().enumerate() {
                if let Some(outcome) = outcome {
                    burst.take(index, &outcome, &end);
                }
            }
        }
        burst
    }
}
