//! Steps of the slow variables: every lane with its own time, length and error.

use super::{Block, FIRST_STEP, Step};
use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::numeric::lanes::{Lanes, Mask, Row, dispatch, replace};
use crate::simulate::dormand_prince::{ERROR, NODES, STAGES, advance};
use crate::simulate::lane::{LARGEST_RATE, Next, State, as_one};
use crate::simulate::recording::{Event, EventKind, Status};

const MS_PER_MINUTE: f64 = 60_000.0;
/// A step this short, relative to the time, cannot be shortened further.
const SHORTEST_STEP: f64 = 1e-10;
/// A circuit that does not come to rest this soon, in min, after a state that it could follow is given up: this is many of
/// its own time constants, and far shorter than those of drugs.
const LOST_STEP: f64 = 1e-4;
/// The absolute tolerance relative to the relative one: slow variables are of order one or smaller.
pub(super) const ABSOLUTE: f64 = 1e-2;
/// No rate may change by more than this in one step, relative to its size (absolutely below 1 Hz): the traces stay smooth
/// even where signals follow drugs at once.
const LARGEST_TURN: f64 = 0.1;
/// Steps after which a lane is given up: a time constant is far too short for slow time.
const MOST_STEPS: u64 = 3_000_000;
/// The longest step relative to the time constant of the fastest variable that is stepped explicitly. The method is stable up
/// to 3.3; as near as that, rounding would grow to the size of the tolerance before a step is refused.
const STABLE_STEP: f64 = 2.5;
/// A variable is stepped implicitly where a step would otherwise be this many of its time constants long.
const IMPLICIT_STEP: f64 = 10.0;
/// A rate below this, in Hz, is below 0 by more than rounding.
const NEGATIVE_HZ: f64 = -1e-9;
/// The relative tolerance where slow variables see means over bursts, which are no more accurate than that.
pub(super) const AVERAGED_TOLERANCE: f64 = 1e-4;

impl<const G: usize> Block<'_, G> {
    /// Carries out what is due, and sets each lane's step so that it ends at the next moment of interest.
    pub(super) fn begin_step(&mut self, step: &mut Step<G>) {
        let changed = self.carry_out();
        let moved = changed | self.end_passages();
        if moved != 0 {
            step.trend.iter_mut().for_each(|row| clear(row, moved));
            // What begins or ends at once moves the circuit at its own speed, and not along a branch of states.
            self.pass(moved);
            self.jumped &= !moved;
            self.settle_lost();
        }
        let (time, active) = (self.time, self.active());
        let mut circuit = std::mem::take(&mut self.circuit);
        let states = self.states.clone();
        let mut first = std::mem::take(&mut step.stages[0]);
        self.evaluate(&time, &states, (&mut circuit, None), active, &mut first);
        step.stages[0] = first;
        self.circuit = circuit;
        let averaged = self.averaged;
        let on_the_way = self.linearised_on_the_way();
        self.settle_lost();
        let unstable = self.look_for_instability();
        self.follow_again();
        if unstable != 0 || self.averaged != averaged {
            self.model.derivatives(&self.inputs, &states, &mut self.work, &mut step.stages[0]);
        }
        step.start.clone_from_slice(&self.rates);
        let mut shown = self.work.signals.clone();
        self.model.show_variables(&self.passing_from, &mut shown);
        replace(&mut self.work.signals, &shown, self.passing);
        for index in 0..self.lanes.len() {
            self.record(index, changed, on_the_way.as_ref());
            step.length.set(index, self.choose_length(index, moved));
        }
        if self.passing & self.active() != 0 {
            // What was reported and sampled is where the circuit is; slow variables see the mean of its way.
            self.passing_rates.clone_from(&self.passing_means);
            replace(&mut self.rates, &self.passing_rates, self.passing);
            self.model.show_rates(&self.rates, &mut self.work.signals);
            self.model.derivatives(&self.inputs, &states, &mut self.work, &mut step.stages[0]);
            step.start.clone_from_slice(&self.rates);
        }
    }

    /// The circuits linearised where they are, if any is on its way.
    fn linearised_on_the_way(&self) -> Option<Linearised<G>> {
        (self.passing & self.active() != 0).then(|| {
            let mut linearised = Linearised::new(&self.model.shape);
            residual_and_jacobian(&self.model.shape, &self.work.rows, &self.passing_from, &mut linearised);
            linearised
        })
    }

    /// Samples and reports a lane where that is due, and ends it at the end of the run. `on_the_way` are the circuits linearised,
    /// for lanes that stand still nowhere.
    fn record(&mut self, index: usize, changed: u64, on_the_way: Option<&Linearised<G>>) {
        let now = self.time.get(index);
        let lane = &mut self.lanes[index];
        let stands = (self.averaged | self.passing) >> index & 1 == 0;
        let linearised = on_the_way.filter(|_| self.passing >> index & 1 == 1);
        let linearised = linearised.unwrap_or(&self.newton.linearised);
        let (rows, outputs, variables) = (&self.work.rows, &linearised.outputs, &self.circuit);
        let state = State { rows, outputs, variables, linearised, stands };
        lane.report_if_due(now + as_one(now), index, (self.model, &self.work.signals), &state);
        if lane.running {
            self.dense[index].begin(lane, now, index, &self.work, changed >> index & 1 == 1);
        }
        if lane.next_moment(self.run) == Next::End {
            lane.running = false;
        }
    }

    /// The length of a lane's next step, in min; 0 where it has ended.
    fn choose_length(&mut self, index: usize, moved: u64) -> f64 {
        let now = self.time.get(index);
        let lane = &mut self.lanes[index];
        let wanted = lane.step.min(lane.until(now, self.run));
        if moved >> index & 1 == 1 {
            self.stiff.forget(index);
        }
        self.stiff.keep(index, now, &self.states);
        let fastest = self.stiff.choose(index, &self.model.states.rates, wanted, IMPLICIT_STEP);
        let mut longest = STABLE_STEP / fastest;
        if self.passing >> index & 1 == 1 {
            lane.step = self.passing_until.get(index) - now;
        } else if self.drifting >> index & 1 == 1 {
            // A circuit on its way goes no farther than it would in this time.
            longest = longest.min((self.run.average_after + self.run.average_over) / MS_PER_MINUTE);
        }
        if lane.running { lane.step.min(longest).min(lane.until(now, self.run)) } else { 0.0 }
    }

    /// Notes, once in a lane, that a rate is below 0.
    pub(super) fn note_negative_rate(&mut self, index: usize, at: f64) {
        let negative = self.rates.iter().position(|rate| rate.get(index) < NEGATIVE_HZ);
        let events = &mut self.lanes[index].outcome.events;
        let kind = EventKind::NegativeRate;
        if let Some(population) = negative.filter(|_| !events.iter().any(|event| event.kind == kind)) {
            let name = &self.model.shape.populations[population].name;
            let what = format!("the rate of `{name}` is below 0 Hz: its transfer function has no floor there");
            events.push(Event { at, kind, what, driver: None });
        }
    }

    /// Carries out what is due in each lane; gives the lanes, as bits, in which something was.
    fn carry_out(&mut self) -> u64 {
        let mut changed = 0u64;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let now = self.time.get(index);
            if lane.running && lane.timeline.advance(now, as_one(now)) {
                lane.timeline.write(index, &mut self.inputs);
                lane.step = FIRST_STEP;
                lane.changed_at = now;
                changed |= 1 << index;
            }
        }
        changed
    }

    /// Takes all stages; gives each lane's error relative to its tolerance.
    pub(super) fn try_step(&mut self, step: &mut Step<G>) -> Row<G> {
        let active = self.active();
        step.circuit.clone_from_slice(&self.circuit);
        self.stiff.begin_step(&self.time, &self.states, &mut step.stages[0]);
        for stage in 1..7 {
            advance(&self.states, &step.stages[..stage], &STAGES[stage], &step.length, &mut step.states);
            let time = Row::from_fn(|lane| NODES[stage].mul_add(step.length.get(lane), self.time.get(lane)));
            let guess = self.predict(step, stage);
            if self.evaluate_implicitly(step, (stage, &guess), active) {
                continue;
            }
            let mut slope = std::mem::take(&mut step.stages[stage]);
            let (states, mut circuit) = (std::mem::take(&mut step.states), std::mem::take(&mut step.circuit));
            self.evaluate(&time, &states, (&mut circuit, Some(&guess)), active, &mut slope);
            (step.states, step.circuit, step.stages[stage]) = (states, circuit, slope);
        }
        self.error(step)
    }

    /// The circuit at a stage as a straight line predicts it: from the step's start through the stage before, or, for the
    /// first, along the trend of the last step.
    fn predict(&self, step: &Step<G>, stage: usize) -> Vec<Row<G>> {
        dispatch!([G] simd => {
            let mut guess = self.circuit.clone();
            let length = Lanes::load(simd, &step.length);
            for (index, guess) in guess.iter_mut().enumerate() {
                let from = Lanes::load(simd, guess);
                let ahead = if stage == 1 {
                    Lanes::load(simd, &step.trend[index]) * length * NODES[1]
                } else {
                    (Lanes::load(simd, &step.circuit[index]) - from) * (NODES[stage] / NODES[stage - 1])
                };
                (from + ahead).store(guess);
            }
            guess
        })
    }

    /// The largest error of any slow variable, and the largest turn of any rate, relative to what is allowed.
    pub(super) fn error(&self, step: &Step<G>) -> Row<G> {
        dispatch!([G] simd => {
            let one = Lanes::splat(simd, 1.0);
            let averaged = Mask::from_bits(simd, self.averaged);
            let coarse = Lanes::splat(simd, self.run.tolerance.max(AVERAGED_TOLERANCE));
            let relative = averaged.select(coarse, Lanes::splat(simd, self.run.tolerance));
            let absolute = relative * ABSOLUTE;
            let length = Lanes::load(simd, &step.length);
            let mut worst = Lanes::splat(simd, 0.0);
            for index in 0..self.states.len() {
                let mut sum = Lanes::splat(simd, 0.0);
                for (weight, slope) in ERROR.iter().zip(&step.stages) {
                    sum = Lanes::splat(simd, *weight).mul_add(Lanes::load(simd, &slope[index]), sum);
                }
                let size =
                    Lanes::load(simd, &self.states[index]).abs().max(Lanes::load(simd, &step.states[index]).abs());
                let ratio = (length * sum).abs() / relative.mul_add(size, absolute);
                let implicit = Mask::from_bits(simd, self.stiff.lanes_of(index));
                let ratio = implicit.select(Lanes::load(simd, &self.stiff.error), ratio);
                worst = ratio.is_finite().select(worst.max(ratio), Lanes::splat(simd, f64::INFINITY));
            }
            for (start, end) in step.start.iter().zip(&self.rates) {
                let (start, end) = (Lanes::load(simd, start), Lanes::load(simd, end));
                let turn = (end - start).abs() / (start.abs().max(one) * LARGEST_TURN);
                // Above 1 the step is halved or so; below, it does not limit.
                let turn = turn.gt(one).select(turn * turn * turn, Lanes::splat(simd, 0.0));
                worst = worst.max(turn);
            }
            let mut row = Row::ZERO;
            worst.store(&mut row);
            row
        })
    }

    /// Accepts or rejects the step in each lane, samples the accepted ones, and chooses the next length.
    pub(super) fn finish_step(&mut self, step: &mut Step<G>, error: &Row<G>) {
        let (accepted, given_up) = self.judge_step(step, error);
        let jumped = self.jumped & accepted & !self.averaged;
        self.jumped = 0;
        for index in (0..self.lanes.len()).filter(|index| jumped >> index & 1 == 1) {
            let at = self.time.get(index) + step.length.get(index);
            self.note_event(EventKind::Jump, index, at);
        }
        self.see_steps(step, accepted);
        self.note_trend(step, accepted);
        for index in (0..self.lanes.len()).filter(|index| accepted >> index & 1 == 1) {
            let slopes = Some([step.stages[0].as_slice(), step.stages[6].as_slice()]);
            let ends = [self.states.as_slice(), step.states.as_slice()];
            let ligands = &self.model.pharmacology.ligands;
            self.lanes[index].add_released(index, ligands, step.length.get(index), ends, slopes);
        }
        replace(&mut self.states, &step.states, accepted);
        replace(&mut self.circuit, &step.circuit, accepted);
        for index in (0..self.lanes.len()).filter(|index| accepted >> index & 1 == 1) {
            let lane = &mut self.lanes[index];
            let end = self.time.get(index) + step.length.get(index);
            if self.rates.iter().any(|rate| rate.get(index).abs() >= LARGEST_RATE) {
                lane.outcome.status = Status::Diverged { at: end };
                lane.running = false;
            }
            // Moments of interest are met exactly, not to rounding.
            lane.reached = lane.snap(end, self.run);
            let end = lane.reached;
            self.time.set(index, end);
            self.note_negative_rate(index, end);
        }
        if given_up != 0 {
            self.step_over(step, given_up);
            self.average_or_end(given_up);
        }
    }

    /// Gives the lanes, as bits, in which the step is accepted, and those whose state is lost for good; each gets the length of
    /// its next step.
    fn judge_step(&mut self, step: &Step<G>, error: &Row<G>) -> (u64, u64) {
        let mut accepted = 0u64;
        let mut given_up = 0u64;
        for index in 0..self.lanes.len() {
            let (length, error, now) = (step.length.get(index), error.get(index), self.time.get(index));
            let lost = self.lost >> index & 1 == 1;
            let lane = &mut self.lanes[index];
            if !lane.running {
                continue;
            }
            let factor = (0.9 * libm::pow(error.max(1e-10), -0.2)).clamp(0.2, 5.0);
            let shortest = SHORTEST_STEP * now.abs().max(1.0);
            if (error <= 1.0 || length <= shortest) && !lost {
                accepted |= 1 << index;
                // A turn that no step is short enough for is a jump.
                self.jumped |= u64::from(error > 1.0) << index;
                lane.outcome.work.steps += 1;
                lane.step = if length == lane.step { length * factor } else { lane.step.max(length * factor) };
            } else {
                lane.outcome.work.rejected += 1;
                lane.step = if lost { 0.1 * length } else { (length * factor).max(shortest) };
                if lost && lane.step < LOST_STEP {
                    given_up |= 1 << index;
                }
            }
            lane.outcome.work.evaluations += 7;
            if lane.outcome.work.steps + lane.outcome.work.rejected > MOST_STEPS {
                lane.give_up(now, "a signal is far too fast for slow time, which would take millions of steps");
            }
        }
        self.lost = 0;
        (accepted, given_up)
    }

    /// Takes lanes over the moment at which their state is lost, by a step so short that the slow variables hardly move.
    fn step_over(&mut self, step: &Step<G>, bits: u64) {
        for index in (0..self.lanes.len()).filter(|index| bits >> index & 1 == 1) {
            let now = self.time.get(index);
            let length = LOST_STEP.min(self.lanes[index].until(now, self.run));
            for (state, slope) in self.states.iter_mut().zip(&step.stages[0]) {
                state.set(index, length.mul_add(slope.get(index), state.get(index)));
            }
            let lane = &mut self.lanes[index];
            lane.reached = lane.snap(now + length, self.run);
            lane.step = FIRST_STEP;
            self.time.set(index, lane.reached);
        }
    }

    /// Keeps how fast the circuit moved in the accepted steps.
    fn note_trend(&self, step: &mut Step<G>, accepted: u64) {
        for (index, trend) in step.trend.iter_mut().enumerate() {
            for lane in (0..self.lanes.len()).filter(|lane| accepted >> lane & 1 == 1) {
                let (length, moved) =
                    (step.length.get(lane), step.circuit[index].get(lane) - self.circuit[index].get(lane));
                trend.set(lane, if length > 0.0 { moved / length } else { 0.0 });
            }
        }
    }
}

/// Sets a row to 0 in the lanes of the bits.
fn clear<const G: usize>(row: &mut Row<G>, bits: u64) {
    (0..Row::<G>::LANES).filter(|lane| bits >> lane & 1 == 1).for_each(|lane| row.set(lane, 0.0));
}
