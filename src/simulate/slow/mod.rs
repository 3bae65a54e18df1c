//! Slow time: the circuit stays at its followed stable state while signals evolve.
//!
//! The slow variables are integrated by the Dormand-Prince 5(4) pair (Dormand & Prince 1980,
//! doi:10.1016/0771-050X(80)90013-3), every lane with its own time, step and error control. At each stage the circuit's
//! state is predicted from those before it and corrected by Newton's method. Where that fails, where the state has become
//! unstable, and wherever something begins or ends at once, the circuit is let go: its own dynamics are followed until they
//! stand still (elsewhere: a jump, reported as an event). Where they do not stand still, because the circuit oscillates or is
//! noisy, slow variables see its mean rates over bursts of fast time.

mod averaging;
mod driver;
mod events;
mod sampling;

use super::dormand_prince::{ERROR, NODES, STAGES, advance};
use super::lane::{Lane, Next};
use super::recording::{ArmOutcome, Averaged, Event, EventKind};
use super::start::{Place, begin};
use crate::equilibrium::newton::{NewtonWork, solve};
use crate::equilibrium::relaxation::{STILL, relax};
use crate::experiment::{Inputs, Model, Plan, Work};
use crate::numeric::lanes::dispatch;
use crate::numeric::lanes::{Lanes, Mask, Row};
use crate::spec::Run;
use averaging::{Averaging, Burst};
use driver::Past;
use fearless_simd::{Level, Simd};

const MS_PER_MINUTE: f64 = 60_000.0;
/// The first step of a lane after an event, in min.
const FIRST_STEP: f64 = 1e-3;
/// A step this short, relative to the time, cannot be shortened further.
const SHORTEST_STEP: f64 = 1e-10;
/// A circuit that does not come to rest this soon, in min, after a state that it could follow is given up: this is many of
/// its own time constants, and far shorter than those of drugs.
const LOST_STEP: f64 = 1e-4;
/// The absolute tolerance relative to the relative one: slow variables are of order one or smaller.
const ABSOLUTE: f64 = 1e-2;
/// No rate may change by more than this in one step, relative to its size (absolutely below 1 Hz): the traces stay smooth
/// even where signals follow drugs at once.
const LARGEST_TURN: f64 = 0.1;
/// Steps after which a lane is given up: a time constant is far too short for slow time.
const MOST_STEPS: u64 = 3_000_000;
/// The longest step relative to the time constant of the fastest slow variable. The method is stable up to 3.3; as near as
/// that, rounding would grow to the size of the tolerance before a step is refused.
const STABLE_STEP: f64 = 2.5;
/// The relative tolerance where slow variables see means over bursts, which are no more accurate than that.
const AVERAGED_TOLERANCE: f64 = 1e-4;

/// Runs a block of arms; outcome `i` is that of `plans[i]`.
pub fn run<const G: usize>(model: &Model<G>, plans: &[&Plan], run: &Run, level: Level) -> Vec<ArmOutcome> {
    let mut block = Block::new(model, plans, run);
    dispatch!(level, simd => block.run(simd));
    block.lanes.into_iter().map(|lane| lane.outcome).collect()
}

/// What is in force in an arm at the end of its run, in the first lane.
pub(super) struct End {
    /// How the arm ended, and its traces.
    pub outcome: ArmOutcome,
    /// What is given, blocked and injected.
    pub inputs: Inputs<1>,
    /// The slow variables.
    pub states: Vec<Row<1>>,
    /// The circuit's variables.
    pub circuit: Vec<Row<1>>,
    /// Signals, and the circuit's numbers under their effects.
    pub work: Work<1>,
}

/// Runs one arm, and gives what is in force at its end.
pub(super) fn run_to_end(model: &Model<1>, plan: &Plan, run: &Run, level: Level) -> End {
    let mut block = Block::new(model, &[plan], run);
    dispatch!(level, simd => block.run(simd));
    block.repeat_first_lane();
    let (states, mut circuit) = (block.states.clone(), block.circuit.clone());
    dispatch!(level, simd => {
        let (time, everywhere) = (Lanes::load(simd, &block.time), Mask::from_bits(simd, u64::MAX));
        block.equilibrate(simd, time, &states, (&mut circuit, None), everywhere);
    });
    let outcome = block.lanes.remove(0).outcome;
    End { outcome, inputs: block.inputs, states, circuit, work: block.work }
}

impl Block<'_, 1> {
    /// Puts the first lane's arm into all others.
    fn repeat_first_lane(&mut self) {
        for index in 0..Row::<1>::LANES {
            self.lanes[0].timeline.write(index, &mut self.inputs);
        }
        let rows = self.states.iter_mut().chain(&mut self.circuit).chain([&mut self.time]);
        rows.for_each(|row| *row = Row::splat(row.get(0)));
    }
}

struct Block<'a, const G: usize> {
    model: &'a Model<G>,
    run: &'a Run,
    inputs: Inputs<G>,
    lanes: Vec<Lane>,
    /// Time of each lane, min.
    time: Row<G>,
    /// Slow variables.
    states: Vec<Row<G>>,
    /// The circuit's variables.
    circuit: Vec<Row<G>>,
    work: Work<G>,
    newton: NewtonWork<G>,
    rates: Vec<Row<G>>,
    /// Lanes in which the circuit had to be let go during the last evaluation.
    jumped: u64,
    /// Lanes in which it did not come to rest.
    lost: u64,
    /// Lanes in which slow variables see mean rates over bursts.
    averaged: u64,
    /// Since when, min.
    averaged_since: Row<G>,
    /// What averaging had come to before.
    averaged_before: Vec<Option<Averaged>>,
    /// Lanes among them whose circuit is still on its way: it moved one way over the last burst.
    drifting: u64,
    /// Lanes whose circuit has turned back since it was let go, as one that oscillates does.
    turned: u64,
    averaging: Averaging<G>,
    /// The last burst.
    burst: Option<Burst<G>>,
    /// What held when each lane's state was last known to be stable.
    past: Past<G>,
}

/// One step of all lanes.
struct Step<const G: usize> {
    length: Row<G>,
    stages: Vec<Vec<Row<G>>>,
    states: Vec<Row<G>>,
    circuit: Vec<Row<G>>,
    /// Rates at its start.
    start: Vec<Row<G>>,
    /// d circuit / dt per min over the last step of each lane; 0 where something has begun or ended since.
    trend: Vec<Row<G>>,
}

impl<'a, const G: usize> Block<'a, G> {
    fn new(model: &'a Model<G>, plans: &[&Plan], run: &'a Run) -> Self {
        let mut inputs = Inputs::none(&model.pharmacology, model.shape.size());
        let lanes: Vec<Lane> = Lane::all(model, plans, run);
        for (index, lane) in lanes.iter().enumerate() {
            lane.timeline.write(index, &mut inputs);
        }
        // Lanes without an arm repeat the last one, so that they compute something harmless.
        for index in lanes.len()..Row::<G>::LANES {
            if let Some(lane) = lanes.last() {
                lane.timeline.write(index, &mut inputs);
            }
        }
        let n = model.shape.size();
        Self {
            model,
            run,
            inputs,
            lanes,
            time: Row::splat(run.from),
            states: model.states.initial.clone(),
            circuit: vec![Row::ZERO; model.shape.variables()],
            work: model.work(),
            newton: NewtonWork::new(&model.shape),
            rates: vec![Row::ZERO; n],
            jumped: 0,
            lost: 0,
            averaged: 0,
            drifting: 0,
            turned: 0,
            averaged_since: Row::splat(f64::NEG_INFINITY),
            averaged_before: vec![None; plans.len()],
            averaging: Averaging::new(model, plans, run),
            burst: None,
            past: Past::new(model),
        }
    }

    fn run<S: Simd>(&mut self, simd: S) {
        self.start(simd);
        let mut step = Step {
            length: Row::splat(FIRST_STEP),
            stages: vec![vec![Row::ZERO; self.states.len()]; 7],
            states: self.states.clone(),
            circuit: self.circuit.clone(),
            start: self.rates.clone(),
            trend: vec![Row::ZERO; self.circuit.len()],
        };
        while self.lanes.iter().any(|lane| lane.running) {
            self.begin_step(simd, &mut step);
            let error = self.try_step(simd, &mut step);
            self.finish_step(simd, &mut step, &error);
        }
    }

    /// The lanes that still run.
    fn active(&self) -> u64 {
        self.lanes.iter().enumerate().filter(|(_, lane)| lane.running).fold(0, |bits, (index, _)| bits | 1 << index)
    }

    /// Finds each lane's first state, by bringing the effects in from rest.
    fn start<S: Simd>(&mut self, simd: S) {
        let resting: Vec<&[f64]> = self.lanes.iter().map(|lane| lane.resting_variables.as_slice()).collect();
        let place = Place { model: self.model, inputs: &self.inputs, time: &self.time };
        let variables = (self.states.as_mut_slice(), self.circuit.as_mut_slice());
        let failed = begin(simd, &place, &resting, variables, &mut self.work, &mut self.newton);
        self.average_noisy();
        let failed = failed & self.active() & !self.averaged;
        if failed != 0 {
            self.let_go(simd, failed);
        }
        self.settle_lost(simd);
        self.look_for_instability(simd);
        // Where a run starts, nothing has jumped.
        self.jumped = 0;
        for index in 0..self.lanes.len() {
            if self.lanes[index].running {
                self.sample_now(simd, index);
            }
        }
    }

    /// Signals, circuit state and derivatives at the lanes' times and slow variables. Lanes outside `active` keep their
    /// circuit state.
    fn evaluate<S: Simd>(
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
    fn equilibrate<S: Simd>(
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
                crate::circuit::equations::rates(simd, &model.shape, &self.work.rows, circuit, &mut self.rates);
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

    fn let_go<S: Simd>(&mut self, simd: S, bits: u64) {
        let mut circuit = std::mem::take(&mut self.circuit);
        let time = Lanes::load(simd, &self.time);
        self.model.show(simd, time, &self.inputs, &self.states.clone(), &mut self.work);
        self.model.modulate(simd, &self.inputs, &mut self.work);
        self.relax_lanes(simd, &mut circuit, bits);
        self.circuit = circuit;
    }

    /// Carries out what is due, and sets each lane's step so that it ends at the next moment of interest.
    fn begin_step<S: Simd>(&mut self, simd: S, step: &mut Step<G>) {
        let changed = self.carry_out();
        if changed != 0 {
            step.trend.iter_mut().for_each(|row| clear(row, changed));
            // What begins or ends at once moves the circuit at its own speed, and not along a branch of states.
            self.let_go(simd, changed & !self.averaged);
            self.jumped &= !changed;
            self.settle_lost(simd);
        }
        let time = Lanes::load(simd, &self.time);
        let active = Mask::from_bits(simd, self.active());
        let mut circuit = std::mem::take(&mut self.circuit);
        let states = self.states.clone();
        let mut first = std::mem::take(&mut step.stages[0]);
        self.evaluate(simd, time, &states, (&mut circuit, None), active, &mut first);
        step.stages[0] = first;
        self.circuit = circuit;
        let averaged = self.averaged;
        self.settle_lost(simd);
        let unstable = self.look_for_instability(simd);
        self.follow_again(simd);
        if unstable != 0 || self.averaged != averaged {
            self.model.derivatives(simd, &self.inputs, &states, &mut self.work, &mut step.stages[0]);
        }
        step.start.clone_from_slice(&self.rates);
        for index in 0..self.lanes.len() {
            let now = self.time.get(index);
            let lane = &mut self.lanes[index];
            if changed >> index & 1 == 1 && lane.running {
                lane.sample(now, index, &self.work);
            }
            let stands = self.averaged >> index & 1 == 0;
            lane.report_if_due(now, index, (self.model, &self.work), &self.newton.linearised, stands);
            if lane.next_moment(self.run) == Next::End {
                lane.running = false;
            }
            let mut longest = STABLE_STEP / self.model.states.fastest.get(index);
            if self.drifting >> index & 1 == 1 {
                // A circuit on its way goes no farther than it would in this time.
                longest = longest.min((self.run.average_after + self.run.average_over) / MS_PER_MINUTE);
            }
            let length = if lane.running { lane.step.min(longest).min(lane.until(now, self.run)) } else { 0.0 };
            step.length.set(index, length);
        }
    }

    /// Carries out what is due in each lane; gives the lanes, as bits, in which something was.
    fn carry_out(&mut self) -> u64 {
        let mut changed = 0u64;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if lane.running && lane.timeline.advance(self.time.get(index)) {
                lane.timeline.write(index, &mut self.inputs);
                lane.step = FIRST_STEP;
                lane.changed_at = self.time.get(index);
                changed |= 1 << index;
            }
        }
        changed
    }

    /// Takes all stages; gives each lane's error relative to its tolerance.
    fn try_step<S: Simd>(&mut self, simd: S, step: &mut Step<G>) -> Row<G> {
        let active = Mask::from_bits(simd, self.active());
        let length = Lanes::load(simd, &step.length);
        let now = Lanes::load(simd, &self.time);
        step.circuit.clone_from_slice(&self.circuit);
        for stage in 1..7 {
            advance(simd, &self.states, &step.stages[..stage], &STAGES[stage], &step.length, &mut step.states);
            let time = Lanes::splat(simd, NODES[stage]).mul_add(length, now);
            let guess = self.predict(simd, step, stage);
            let mut slope = std::mem::take(&mut step.stages[stage]);
            let (states, mut circuit) = (std::mem::take(&mut step.states), std::mem::take(&mut step.circuit));
            self.evaluate(simd, time, &states, (&mut circuit, Some(&guess)), active, &mut slope);
            (step.states, step.circuit, step.stages[stage]) = (states, circuit, slope);
        }
        self.error(simd, step)
    }

    /// The circuit at a stage as a straight line predicts it: from the step's start through the stage before, or, for the
    /// first, along the trend of the last step.
    #[inline(never)]
    fn predict<S: Simd>(&self, simd: S, step: &Step<G>, stage: usize) -> Vec<Row<G>> {
        simd.vectorize(
            #[inline(always)]
            || {
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
            },
        )
    }

    /// The largest error of any slow variable, and the largest turn of any rate, relative to what is allowed.
    #[inline(never)]
    fn error<S: Simd>(&self, simd: S, step: &Step<G>) -> Row<G> {
        simd.vectorize(
            #[inline(always)]
            || {
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
            },
        )
    }

    /// Accepts or rejects the step in each lane, samples the accepted ones, and chooses the next length.
    fn finish_step<S: Simd>(&mut self, simd: S, step: &mut Step<G>, error: &Row<G>) {
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
        let jumped = self.jumped & accepted & !self.averaged;
        self.jumped = 0;
        for index in (0..self.lanes.len()).filter(|index| jumped >> index & 1 == 1) {
            let at = self.time.get(index) + step.length.get(index);
            self.note_event(simd, EventKind::Jump, index, at);
        }
        self.sample_within(simd, step, accepted);
        self.note_trend(step, accepted);
        replace(simd, &mut self.states, &step.states, accepted);
        replace(simd, &mut self.circuit, &step.circuit, accepted);
        for index in (0..self.lanes.len()).filter(|index| accepted >> index & 1 == 1) {
            let lane = &mut self.lanes[index];
            let end = self.time.get(index) + step.length.get(index);
            // Moments of interest are met exactly, not to rounding.
            self.time.set(index, lane.snap(end, self.run));
        }
        if given_up != 0 {
            self.average_or_end(simd, given_up);
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

/// Puts `next` in the place of `now` in the lanes of the bits.
#[inline(never)]
fn replace<S: Simd, const G: usize>(simd: S, now: &mut [Row<G>], next: &[Row<G>], bits: u64) {
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

/// Sets a row to 0 in the lanes of the bits.
fn clear<const G: usize>(row: &mut Row<G>, bits: u64) {
    (0..Row::<G>::LANES).filter(|lane| bits >> lane & 1 == 1).for_each(|lane| row.set(lane, 0.0));
}
