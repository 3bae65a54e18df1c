//! What becomes of a circuit whose state cannot be followed: it is let go, and settles elsewhere, oscillates, or runs away.
//! Each is an event, with what drives it.

use super::averaging::Burst;
use super::driver::driver;
use super::{Averaged, Block, Event, EventKind};
use crate::circuit::entries::rates;
use crate::equilibrium::fate::Outcome;
use crate::equilibrium::newton::solve;
use crate::equilibrium::stability::leading_rate_per_s;
use crate::equilibrium::{Fate, Left};
use crate::numeric::lanes::{Row, replace};
use crate::simulate::lane::Lane;
use crate::simulate::recording::Status;

/// How hard an unstable state is pushed before it is let go, relative to the rates.
const PUSH: f64 = 1e-6;
/// Variables that change by no more than this, relative to their size, are those of the same state.
const ELSEWHERE: f64 = 1e-2;
/// A circuit that stands still again this soon, in min, has not oscillated.
const SETTLING: f64 = 1.0;
/// Jumps that follow each other this soon, in min, are one.
const LINGERING: f64 = 1e-2;

impl<const G: usize> Block<'_, G> {
    /// Notes an event of a lane, driven by what has changed since its state was last known to be stable.
    pub(super) fn note_event(&mut self, kind: EventKind, index: usize, at: f64) {
        let driver = if kind == EventKind::Rest { None } else { self.driver_of(index) };
        self.push_event(kind, index, at, driver);
    }

    /// Where a state has just been lost the circuit lingers, and is let go again and again: it has jumped once.
    fn push_event(&mut self, kind: EventKind, index: usize, at: f64, driver: Option<String>) {
        let events = &mut self.lanes[index].outcome.events;
        let lingers = |last: &Event| kind == EventKind::Jump && last.kind == kind && at - last.at < LINGERING;
        if !events.last().is_some_and(lingers) {
            events.push(Event { at, kind, what: kind.what().to_owned(), driver });
        }
    }

    /// What drives a lane, where its past is known.
    fn driver_of(&self, index: usize) -> Option<String> {
        let known = self.past.leading.get(index).is_finite();
        if known { driver(self.model, &self.past, (&self.work, &self.inputs), index) } else { None }
    }

    /// Lanes with noise see means from the start; those, and lanes with delays where they do not rest, over bursts.
    pub(super) fn average_noisy(&mut self) {
        for index in 0..self.lanes.len() {
            let (shape, rows) = (&self.model.shape.populations, &self.model.circuit.populations);
            let mut populations = shape.iter().zip(rows);
            if populations.any(|(population, numbers)| population.noisy && numbers.sigma.get(index) > 0.0) {
                self.averaged |= 1 << index;
                self.sampled |= 1 << index;
            }
        }
        if self.model.shape.delays() > 0 {
            self.sampled = u64::MAX;
        }
    }

    /// Averages the lanes whose circuit came to rest nowhere.
    pub(super) fn settle_lost(&mut self) {
        let lost = self.lost & self.active();
        self.lost = 0;
        if lost != 0 {
            self.average_or_end(lost);
        }
    }

    /// Pushes a lane's circuit a little off its state.
    fn push(&mut self, index: usize) {
        for row in &mut self.circuit {
            let value = row.get(index);
            row.set(index, value + PUSH * value.abs().max(1.0));
        }
    }

    /// From now on slow variables see the mean rates of these lanes, which oscillate; those that come to rest after all have
    /// jumped, and those that run away end.
    pub(super) fn average_or_end(&mut self, bits: u64) {
        // The signals are still those of the step that failed, which tell what drives.
        let lanes = |bits: u64| (0..Row::<G>::LANES).filter(move |index| bits >> index & 1 == 1);
        let mut drivers: Vec<Option<String>> = vec![None; self.lanes.len()];
        for index in lanes(bits) {
            drivers[index] = self.driver_of(index);
        }
        let (time, states) = (self.time, self.states.clone());
        self.model.show(&time, &self.inputs, &states, &mut self.work);
        self.model.modulate(&self.inputs, &mut self.work);
        lanes(bits).for_each(|index| self.push(index));
        let mut circuit = self.circuit.clone();
        let limit_ms = &Row::splat(f64::INFINITY);
        let left = Left { shape: &self.model.shape, rows: &self.work.rows, held: &[], limit_ms, cycling: false };
        let outcomes = left.follow(&mut circuit, bits & !self.sampled);
        let mut oscillating = bits & self.sampled;
        for index in lanes(bits & !self.sampled) {
            let Some(outcome) = &outcomes[index] else { continue };
            let at = self.time.get(index);
            match &outcome.fate {
                // On the branch that was followed, just before that ends.
                Fate::Rest if !self.moves_away(index, &circuit) => self.averaged &= !(1 << index),
                Fate::Rest => {
                    self.push_event(EventKind::Jump, index, at, drivers[index].clone());
                    self.averaged &= !(1 << index);
                }
                Fate::Cycle(_) => oscillating |= 1 << index,
                Fate::Open | Fate::Unstable(_) => {
                    oscillating |= 1 << index;
                    self.sampled |= 1 << index;
                }
                Fate::RunsAway | Fate::Undefined(_) => self.end_lane(index, &outcome.fate),
            }
        }
        let burst = self.burst_after((&circuit, &outcomes), oscillating);
        self.begin_averages(&burst, oscillating, &drivers);
        let bounded = oscillating & burst.finite;
        self.averaged |= bounded;
        self.turned &= !bits;
        self.note_motion(&burst, bounded);
        let running = bits & self.active();
        replace(&mut self.circuit, &circuit, running & !oscillating);
        replace(&mut self.circuit, &burst.end, bounded);
        let mut now = self.rates.clone();
        rates(&self.model.shape, &self.work.rows, &self.circuit, &mut now);
        replace(&mut self.rates, &now, running & !oscillating);
        replace(&mut self.rates, &burst.means, bounded);
        self.model.show_rates(&self.rates, &mut self.work.signals);
    }

    /// Whether a state lies elsewhere than where a lane's circuit is.
    fn moves_away(&self, index: usize, circuit: &[Row<G>]) -> bool {
        self.circuit.iter().zip(circuit).any(|(from, to)| {
            let (from, to) = (from.get(index), to.get(index));
            (to - from).abs() > ELSEWHERE * from.abs().max(to.abs()).max(PUSH)
        })
    }

    /// What lanes that stand still nowhere do on average: those that were followed to a cycle as that was, the others in a
    /// burst.
    fn burst_after(&mut self, (circuit, outcomes): (&[Row<G>], &[Option<Outcome>]), bits: u64) -> Burst<G> {
        let from = self.circuit.clone();
        let mut burst = self.burst_of(&from, bits & self.sampled);
        for index in (0..Row::<G>::LANES).filter(|index| (bits & !self.sampled) >> index & 1 == 1) {
            if let Some(outcome) = &outcomes[index] {
                burst.take(index, outcome, circuit);
            }
        }
        burst
    }

    /// Notes that lanes oscillate from now on, and ends those that run away.
    fn begin_averages(&mut self, burst: &Burst<G>, bits: u64, drivers: &[Option<String>]) {
        for index in (0..self.lanes.len()).filter(|index| bits >> index & 1 == 1) {
            let at = self.time.get(index);
            if burst.finite >> index & 1 == 0 {
                self.lanes[index].give_up(at, "the circuit runs away");
                continue;
            }
            let kind = EventKind::Oscillation;
            let what = kind.what().to_owned();
            self.lanes[index].outcome.events.push(Event { at, kind, what, driver: drivers[index].clone() });
            self.lanes[index].step = super::FIRST_STEP;
            self.averaged_since.set(index, at);
            self.averaged_before[index] = self.lanes[index].outcome.averaged;
        }
    }

    /// Ends a lane whose circuit runs away, or whose equations give no number.
    fn end_lane(&mut self, index: usize, fate: &Fate) {
        let at = self.time.get(index);
        match fate {
            Fate::Undefined(variable) if self.lanes[index].running => {
                let name = &self.model.shape.variable_names()[*variable];
                let reason = format!("the equation of `{name}` gives no finite number");
                self.lanes[index].running = false;
                self.lanes[index].outcome.status = Status::Undefined { at, reason };
            }
            _ => self.lanes[index].give_up(at, "the circuit runs away"),
        }
    }

    /// Takes the end of the last burst for the circuit's state, and follows a state again in the lanes whose circuit stands
    /// still.
    pub(super) fn follow_again(&mut self) {
        let averaged = self.averaged & self.active() & !self.passing;
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
        replace(&mut self.circuit, &burst.end, averaged & burst.finite);
        // A lane that has just been let go has not moved on yet.
        let moved_on = (0..self.lanes.len()).filter(|index| self.time.get(*index) > self.averaged_since.get(*index));
        let still = averaged & burst.still & burst.finite & moved_on.fold(0, |bits, index| bits | 1 << index);
        if still == 0 {
            return;
        }
        let mut circuit = self.circuit.clone();
        let found = solve(&self.model.shape, &self.work.rows, &mut circuit, still, &mut self.newton);
        for index in (0..self.lanes.len()).filter(|index| found >> index & 1 == 1) {
            let leading = leading_rate_per_s(&self.model.shape, &self.work.rows, &self.newton.linearised, index);
            if leading < 0.0 {
                self.averaged &= !(1 << index);
                replace(&mut self.circuit, &circuit, 1 << index);
                self.note_rest(index);
            }
        }
        let mut followed = self.rates.clone();
        rates(&self.model.shape, &self.work.rows, &self.circuit, &mut followed);
        replace(&mut self.rates, &followed, found & !self.averaged);
        self.model.show_rates(&self.rates, &mut self.work.signals);
    }

    /// Notes in which of these lanes the circuit is on its way, and in which it has turned back.
    fn note_motion(&mut self, burst: &Burst<G>, bits: u64) {
        self.drifting = self.drifting & !bits | burst.drifting & bits;
        self.turned |= bits & !burst.drifting & !burst.still;
    }

    /// Notes that a lane stands still again. If it has never turned back or has hardly begun to move, it has jumped, only
    /// more slowly than others: where a state has just been lost, the circuit lingers.
    fn note_rest(&mut self, index: usize) {
        let now = self.time.get(index);
        let turned = self.turned >> index & 1 == 1;
        let sampled = self.sampled >> index & 1 == 1;
        match self.lanes[index].outcome.events.last_mut() {
            Some(last) if sampled && last.kind == EventKind::Oscillation && (!turned || now - last.at < SETTLING) => {
                last.kind = EventKind::Jump;
                EventKind::Jump.what().clone_into(&mut last.what);
                self.lanes[index].outcome.averaged = self.averaged_before[index];
            }
            _ => self.note_event(EventKind::Rest, index, now),
        }
    }

    /// Looks at the eigenvalues of every lane that follows a state; an unstable one is pushed and let go.
    /// Gives the lanes, as bits, in which it was.
    pub(super) fn look_for_instability(&mut self) -> u64 {
        let mut unstable = 0u64;
        let followed = self.active() & !self.averaged & !self.passing;
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
                self.note_event(EventKind::LossOfStability, index, then + share * (now - then));
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
        self.let_go((unstable, &Row::splat(f64::INFINITY)));
        self.settle_lost();
        self.jumped = 0;
        let mut circuit = std::mem::take(&mut self.circuit);
        let (time, states) = (self.time, self.states.clone());
        self.equilibrate(&time, &states, (&mut circuit, None), self.active());
        self.circuit = circuit;
        let settled = unstable & self.active() & !self.averaged;
        for index in (0..self.lanes.len()).filter(|index| settled >> index & 1 == 1) {
            self.note_event(EventKind::Jump, index, self.time.get(index));
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
