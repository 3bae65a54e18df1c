//! Slow time: the circuit stays at its followed stable state while signals evolve.
//!
//! The slow variables are integrated by the Dormand-Prince 5(4) pair (Dormand & Prince 1980,
//! doi:10.1016/0771-050X(80)90013-3), every lane with its own time, step and error control. At each stage the circuit's
//! state is predicted from those before it and corrected by Newton's method. Where that fails, where the state has become
//! unstable, and wherever something begins or ends at once, the circuit is let go: its own dynamics are followed until they
//! stand still (elsewhere: a jump, reported as an event), or to the next moment where that comes sooner. Where they come to a
//! cycle, slow variables see the mean rates over its period; where the circuit is noisy or moves irregularly, those over
//! bursts of fast time. None of this depends on how fast time would be stepped.

mod averaging;
mod dense;
mod driver;
mod events;
mod following;
mod passage;
mod sampling;
mod steps;
mod stiff;

use super::lane::Lane;
use super::recording::{ArmOutcome, Averaged, Event, EventKind};
use super::start::{Place, begin};
use crate::equilibrium::newton::NewtonWork;
use crate::experiment::{Inputs, Model, Plan, Work};
use crate::numeric::lanes::Row;
use crate::numeric::piece::Piece;
use crate::scenario::Run;
use averaging::{Averaging, Burst};
use dense::Dense;
use driver::Past;
use stiff::Stiff;

/// The first step of a lane after an event, in min.
const FIRST_STEP: f64 = 1e-3;

/// Runs a block of arms; outcome `i` is that of `plans[i]`, with the course of the rate that is held against other arms.
pub fn run<const G: usize>(model: &Model<G>, plans: &[&Plan], run: &Run) -> Vec<(ArmOutcome, Vec<Piece>)> {
    let mut block = Block::new(model, plans, run);
    block.run();
    let lanes = block.lanes.into_iter().zip(block.dense).enumerate();
    lanes.map(|(index, (lane, dense))| (lane.finish(index, model), dense.course)).collect()
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
pub(super) fn run_to_end(model: &Model<1>, plan: &Plan, run: &Run) -> End {
    let mut block = Block::new(model, &[plan], run);
    block.run();
    block.repeat_first_lane();
    let (states, mut circuit) = (block.states.clone(), block.circuit.clone());
    let time = block.time;
    block.equilibrate(&time, &states, (&mut circuit, None), u64::MAX);
    let outcome = block.lanes.remove(0).finish(0, model);
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
    /// Lanes that are averaged, where they are, over bursts rather than over a period: noisy or delayed ones, and those that
    /// go round no cycle.
    sampled: u64,
    /// Lanes whose circuit is on its way until the next moment: something ends before it could settle.
    passing: u64,
    /// Until when, min.
    passing_until: Row<G>,
    /// The circuit's variables where it begins; where it ends they are those of the circuit.
    passing_from: Vec<Row<G>>,
    /// Mean rates on that way.
    passing_means: Vec<Row<G>>,
    /// The rates that are shown meanwhile: those where it begins, then the means.
    passing_rates: Vec<Row<G>>,
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
    /// Variables that are stepped implicitly.
    stiff: Stiff<G>,
    /// What held when each lane's state was last known to be stable.
    past: Past<G>,
    /// Each lane's course over its last step.
    dense: Vec<Dense>,
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
        let resting: Vec<&[f64]> = lanes.iter().map(|lane| lane.resting_variables.as_slice()).collect();
        let averaging = Averaging::new(model, plans, run, &resting);
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
            averaging,
            stiff: Stiff::new(plans.len(), &model.states.rates),
            sampled: 0,
            passing: 0,
            passing_until: Row::ZERO,
            passing_from: vec![Row::ZERO; model.shape.variables()],
            passing_means: vec![Row::ZERO; n],
            passing_rates: vec![Row::ZERO; n],
            burst: None,
            past: Past::new(model),
            dense: vec![Dense::default(); plans.len()],
        }
    }

    fn run(&mut self) {
        self.start();
        let mut step = Step {
            length: Row::splat(FIRST_STEP),
            stages: vec![vec![Row::ZERO; self.states.len()]; 7],
            states: self.states.clone(),
            circuit: self.circuit.clone(),
            start: self.rates.clone(),
            trend: vec![Row::ZERO; self.circuit.len()],
        };
        while self.lanes.iter().any(|lane| lane.running) {
            self.begin_step(&mut step);
            let error = self.try_step(&mut step);
            self.finish_step(&mut step, &error);
        }
    }

    /// The lanes that still run.
    fn active(&self) -> u64 {
        self.lanes.iter().enumerate().filter(|(_, lane)| lane.running).fold(0, |bits, (index, _)| bits | 1 << index)
    }

    /// Finds each lane's first state, by bringing the effects in from rest.
    fn start(&mut self) {
        let resting: Vec<&[f64]> = self.lanes.iter().map(|lane| lane.resting_variables.as_slice()).collect();
        let place = Place { model: self.model, inputs: &self.inputs, time: &self.time };
        let variables = (self.states.as_mut_slice(), self.circuit.as_mut_slice());
        let failed = begin(&place, &resting, variables, &mut self.work, &mut self.newton);
        self.average_noisy();
        let failed = failed & self.active() & !self.averaged;
        if failed != 0 {
            self.let_go((failed, &Row::splat(f64::INFINITY)));
        }
        self.settle_lost();
        self.look_for_instability();
        // Where a run starts, nothing has jumped.
        self.jumped = 0;
        for index in 0..self.lanes.len() {
            if self.lanes[index].running {
                self.sample_start(index);
                self.note_negative_rate(index, self.run.from);
            }
        }
    }
}
