//! What becomes of a circuit whose state cannot be followed: it is let go, and settles elsewhere, oscillates, or runs away.
//! Each is an event, with what drives it.

use super::averaging::Burst;
use super::driver::driver;
use super::following::replace;
use super::{Averaged, Block, Event, EventKind, Mask};
use crate::circuit::equations::rates;
use crate::equilibrium::newton::solve;
use crate::equilibrium::stability::leading_rate_per_s;
use crate::numeric::lanes::Lanes;
use crate::simulate::lane::Lane;
use crate::simulate::recording::Status;
use fearless_simd::Simd;

/// How hard an unstable state is pushed before it is let go, relative to the rates.
const PUSH: f64 = 1e-6;
/// A circuit that stands still again this soon, in min, has not oscillated.
const SETTLING: f64 = 1.0;

impl<const G: usize> Block<'_, G> {
    /// Notes an event of a lane, driven by what has changed since its state was last known to be stable.
    pub(super) fn note_event<S: Simd>(&mut self, simd: S, kind: EventKind, index: usize, at: f64) {
        let driver = if kind == EventKind::Rest { None } else { self.driver_of(simd, index) };
        self.lanes[index].outcome.events.push(Event { at, kind, what: kind.what().to_owned(), driver });
    }

    /// What drives a lane, where its past is known.
    fn driver_of<S: Simd>(&self, simd: S, index: usize) -> Option<String> {
        let known = self.past.leading.get(index).is_finite();
        if known { driver(simd, self.model, &self.past, (&self.work, &self.inputs), index) } else { None }
    }

    /// Lanes with noise see means from the start.
    pub(super) fn average_noisy(&mut self) {
        for index in 0..self.lanes.len() {
            let (shape, rows) = (&self.model.shape.populations, &self.model.circuit.populations);
            let mut populations = shape.iter().zip(rows);
            if populations.any(|(population, numbers)| population.noisy && numbers.sigma.get(index) > 0.0) {
                self.averaged |= 1 << index;
            }
        }
    }

    /// Averages the lanes whose circuit came to rest nowhere.
    pub(super) fn settle_lost<S: Simd>(&mut self, simd: S) {
        let lost = self.lost & self.active();
        self.lost = 0;
        if lost != 0 {
            self.average_or_end(simd, lost);
        }
    }

    /// Pushes a lane's circuit a little off its state.
    fn push(&mut self, index: usize) {
        for row in &mut self.circuit {
            let value = row.get(index);
            row.set(index, value + PUSH * value.abs().max(1.0));
        }
    }

    /// From now on slow variables see the mean rates of these lanes, which oscillate; those that run away end.
    pub(super) fn average_or_end<S: Simd>(&mut self, simd: S, bits: u64) {
        // The signals are still those of the step that failed, which tell what drives.
        let lanes = || (0..self.lanes.len()).filter(move |index| bits >> index & 1 == 1);
        let mut drivers: Vec<Option<String>> = lanes().map(|index| self.driver_of(simd, index)).collect();
        drivers.reverse();
        let (time, states) = (Lanes::load(simd, &self.time), self.states.clone());
        self.model.show(simd, time, &self.inputs, &states, &mut self.work);
        self.model.modulate(simd, &self.inputs, &mut self.work);
        for index in (0..self.lanes.len()).filter(|index| bits >> index & 1 == 1) {
            self.push(index);
        }
        let burst = self.averaging.burst(simd, (self.model, self.run), &self.work.rows, &self.circuit);
        for index in (0..self.lanes.len()).filter(|index| bits >> index & 1 == 1) {
            let at = self.time.get(index);
            let driver = drivers.pop().flatten();
            if burst.finite >> index & 1 == 1 {
                self.lanes[index].outcome.events.push(Event {
                    at,
                    kind: EventKind::Oscillation,
                    what: EventKind::Oscillation.what().to_owned(),
                    driver,
                });
                self.lanes[index].step = super::FIRST_STEP;
                self.averaged_since.set(index, at);
                self.averaged_before[index] = self.lanes[index].outcome.averaged;
            } else {
                self.lanes[index].give_up(at, "the circuit runs away");
            }
        }
        let bounded = bits & burst.finite;
        self.averaged |= bounded;
        self.turned &= !bits;
        self.note_motion(&burst, bounded);
        replace(simd, &mut self.circuit, &burst.end, bounded);
        replace(simd, &mut self.rates, &burst.means, bounded);
        self.model.show_rates(&self.rates, &mut self.work.signals);
    }

    /// Takes the end of the last burst for the circuit's state, and follows a state again in the lanes whose circuit stands
    /// still.
    pub(super) fn follow_again<S: Simd>(&mut self, simd: S) {
        let averaged = self.averaged & self.active();
        let Some(burst) = self.burst.take().filter(|_| averaged != 0) else { return };
        for index in (0..self.lanes.len()).filter(|index| averaged >> index & 1 == 1) {
            let lane = &mut self.lanes[index];
            if burst.finite >> index & 1 == 0 {
                lane.give_up(self.time.get(index), "the circuit runs away");
                continue;
            }
            let before = lane.outcome.averaged.unwrap_or(Averaged { bursts: 0, error_hz: 0.0 });
            lane.outcome.averaged =
                Some(Averaged { bursts: before.bursts + 1, error_hz: before.error_hz.max(burst.error.get(index)) });
        }
        self.drifting = 0;
        self.note_motion(&burst, averaged & burst.finite);
        replace(simd, &mut self.circuit, &burst.end, averaged & burst.finite);
        // A lane that has just been let go has not moved on yet.
        let moved_on = (0..self.lanes.len()).filter(|index| self.time.get(*index) > self.averaged_since.get(*index));
        let still = averaged & burst.still & burst.finite & moved_on.fold(0, |bits, index| bits | 1 << index);
        if still == 0 {
            return;
        }
        let mut circuit = self.circuit.clone();
        let mask = Mask::from_bits(simd, still);
        let found = solve(simd, &self.model.shape, &self.work.rows, &mut circuit, mask, &mut self.newton).bits();
        for index in (0..self.lanes.len()).filter(|index| found >> index & 1 == 1) {
            let leading = leading_rate_per_s(&self.model.shape, &self.work.rows, &self.newton.linearised, index);
            if leading < 0.0 {
                self.averaged &= !(1 << index);
                replace(simd, &mut self.circuit, &circuit, 1 << index);
                self.note_rest(simd, index);
            }
        }
        let mut followed = self.rates.clone();
        rates(simd, &self.model.shape, &self.work.rows, &self.circuit, &mut followed);
        replace(simd, &mut self.rates, &followed, found & !self.averaged);
        self.model.show_rates(&self.rates, &mut self.work.signals);
    }

    /// Notes in which of these lanes the circuit is on its way, and in which it has turned back.
    fn note_motion(&mut self, burst: &Burst<G>, bits: u64) {
        self.drifting = self.drifting & !bits | burst.drifting & bits;
        self.turned |= bits & !burst.drifting & !burst.still;
    }

    /// Notes that a lane stands still again. If it has never turned back or has hardly begun to move, it has jumped, only
    /// more slowly than others: where a state has just been lost, the circuit lingers.
    fn note_rest<S: Simd>(&mut self, simd: S, index: usize) {
        let now = self.time.get(index);
        let turned = self.turned >> index & 1 == 1;
        match self.lanes[index].outcome.events.last_mut() {
            Some(last) if last.kind == EventKind::Oscillation && (!turned || now - last.at < SETTLING) => {
                last.kind = EventKind::Jump;
                EventKind::Jump.what().clone_into(&mut last.what);
                self.lanes[index].outcome.averaged = self.averaged_before[index];
            }
            _ => self.note_event(simd, EventKind::Rest, index, now),
        }
    }

    /// Looks at the eigenvalues of every lane that follows a state; an unstable one is pushed and let go.
    /// Gives the lanes, as bits, in which it was.
    pub(super) fn look_for_instability<S: Simd>(&mut self, simd: S) -> u64 {
        let mut unstable = 0u64;
        let followed = self.active() & !self.averaged;
        for index in (0..self.lanes.len()).filter(|index| followed >> index & 1 == 1) {
            let now = self.time.get(index);
            let leading = leading_rate_per_s(&self.model.shape, &self.work.rows, &self.newton.linearised, index);
            if leading.is_nan() {
                self.lanes[index].give_up(now, "the circuit's Jacobian is not finite");
            } else if leading >= 0.0 {
                unstable |= 1 << index;
                // When it was lost, on a straight line between the last look and this one.
                let (before, then) = (self.past.leading.get(index), self.past.time.get(index));
                let share = if before.is_finite() { before / (before - leading) } else { 1.0 };
                self.note_event(simd, EventKind::LossOfStability, index, then + share * (now - then));
            } else {
                self.past.keep(index, now, leading, (&self.work, &self.inputs, &self.circuit));
            }
        }
        if unstable == 0 {
            return 0;
        }
        for index in (0..self.lanes.len()).filter(|index| unstable >> index & 1 == 1) {
            self.push(index);
        }
        self.let_go(simd, unstable);
        self.settle_lost(simd);
        self.jumped = 0;
        let mut circuit = std::mem::take(&mut self.circuit);
        let (time, states) = (Lanes::load(simd, &self.time), self.states.clone());
        let running = Mask::from_bits(simd, self.active());
        self.equilibrate(simd, time, &states, (&mut circuit, None), running);
        self.circuit = circuit;
        let settled = unstable & self.active() & !self.averaged;
        for index in (0..self.lanes.len()).filter(|index| settled >> index & 1 == 1) {
            self.note_event(simd, EventKind::Jump, index, self.time.get(index));
        }
        unstable
    }
}

impl Lane {
    /// Ends the arm's run.
    pub(super) fn give_up(&mut self, at: f64, reason: &str) {
        self.end(Status::Unstable { at, reason: reason.to_owned() });
    }
}
