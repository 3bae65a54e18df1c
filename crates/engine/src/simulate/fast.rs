//! Fast time: the whole circuit at a fixed step, while slower signals advance on a tick of their own.
//!
//! At a lane's boundaries (the ticks that all lanes share, and its own events) its slow variables
//! are advanced over the interval that has passed, by Runge-Kutta with the mean rates of that interval; then the signals
//! in the middle of the next interval are predicted, and the circuit's rows made from them. The error of a tick is of
//! second order in its length. A step in which something begins or ends, or a report is due, is taken in parts by the lanes
//! concerned, so that nothing is late and a method keeps its order.

mod boundary;
mod end;

use super::breaks::Breaks;
use super::comparing::{Compared, Comparing, References};
use super::fast_course::Courses;
use super::grid::{Grid, SLACK};
use super::lane::Lane;
use super::noise::Noise;
use super::recording::ArmOutcome;
use super::resolution::Looks;
use super::start::{Place, begin, put};
use super::stepper::{Fast, part_of_step, take_staged_steps};
use super::stimuli::Stimuli;
use super::stride::Stride;
use crate::circuit::Rows;
use crate::circuit::entries::rates;
use crate::equilibrium::newton::NewtonWork;
use crate::experiment::{Inputs, Model, Plan, Work};
use crate::numeric::lanes::{Row, WIDTH};
use crate::numeric::normal::identity;
use crate::scenario::{Method, NoiseSharing, Run};
pub(super) use end::{End, at_moments};
use rayon::prelude::*;

/// Steps after which those who follow arms see them: few enough to stay near the processor.
const SEEN_TOGETHER: u64 = 256;
/// Steps after which arms are held against one another.
const HELD_TOGETHER: u64 = 4_096;

/// Runs blocks of arms, `places` being where each of their lanes stands among the plans. They go side by side, so that arms of
/// different blocks can be held against one another step by step.
pub fn run<const G: usize>(
    built: &[(Model<G>, Vec<&Plan>)],
    places: &[usize],
    plans: &[Plan],
    run: &Run,
) -> Vec<ArmOutcome> {
    let mut blocks: Vec<Block<'_, G>> =
        built.par_iter().map(|(model, plans)| Block::started(model, plans, run)).collect();
    let mut together = Together::new(&blocks, places, plans);
    let mut until = 0;
    while blocks.iter().any(Block::is_running) {
        until = if together.is_needed() { until + HELD_TOGETHER } else { u64::MAX };
        blocks.par_iter_mut().for_each(|block| block.go_on(until));
        together.see(&mut blocks);
    }
    let lanes = blocks.into_iter().flat_map(|block| {
        let model = block.model;
        block.lanes.into_iter().enumerate().map(move |(index, lane)| lane.finish(index, model))
    });
    let arms = super::in_order(places, lanes);
    arms.into_iter().zip(together.found()).map(|(arm, compared)| ArmOutcome { compared, ..arm }).collect()
}

/// Arms that are held against one another while they run.
struct Together {
    /// The block and the lane of each arm.
    seats: Vec<(usize, usize)>,
    references: Vec<References>,
    arms: Vec<Comparing>,
    /// The step of the first rate that is held.
    first: u64,
    needed: bool,
}

impl Together {
    fn new<const G: usize>(blocks: &[Block<'_, G>], places: &[usize], plans: &[Plan]) -> Self {
        let seat = |(block, one): (usize, &Block<'_, G>)| (0..one.lanes.len()).map(move |lane| (block, lane)).collect();
        let seats: Vec<Vec<(usize, usize)>> = blocks.iter().enumerate().map(seat).collect();
        let needed = plans.iter().any(|plan| plan.compares);
        Self {
            seats: super::in_order(places, seats.into_iter().flatten()),
            references: if needed { References::of_all(plans) } else { Vec::new() },
            arms: plans.iter().map(|plan| Comparing::new(&plan.base)).collect(),
            first: 0,
            needed,
        }
    }

    fn is_needed(&self) -> bool {
        self.needed
    }

    /// Holds the steps that the blocks have taken since the last time against one another.
    fn see<const G: usize>(&mut self, blocks: &mut [Block<'_, G>]) {
        let (seats, first, shared) = (&self.seats, self.first, &*blocks);
        let held = |place: usize| {
            let (block, lane) = seats[place];
            shared[block].courses.held[lane].as_slice()
        };
        if let Some(grid) = shared.first().map(|block| &block.grid).filter(|_| self.needed) {
            let end = grid.time_of(grid.end);
            let time = |number: usize| grid.time_of((first + number as u64) as f64).min(end);
            let arms = self.arms.par_iter_mut().zip(&self.references).enumerate();
            arms.for_each(|(place, (arm, references))| {
                let [control, stress] = references.places.map(|place| place.map(held));
                arm.see_steps(time, held(place), control, stress);
            });
        }
        let longest = shared.iter().flat_map(|block| &block.courses.held).map(Vec::len).max().unwrap_or(0);
        self.first += longest.saturating_sub(1) as u64;
        blocks.iter_mut().for_each(|block| block.courses.let_go());
    }

    fn found(&self) -> Vec<Compared> {
        self.arms.iter().map(Comparing::found).collect()
    }
}

#[derive(Clone)]
struct Block<'a, const G: usize> {
    model: &'a Model<G>,
    run: &'a Run,
    inputs: Inputs<G>,
    lanes: Vec<Lane>,
    /// Number of the step that is next, or is being taken in parts.
    step: u64,
    /// Where each lane is, in steps.
    position: Vec<f64>,
    /// Each lane's last boundary, in steps.
    last: Vec<f64>,
    grid: Grid,
    breaks: Vec<Breaks>,
    states: Vec<Row<G>>,
    /// The rows in force, but for waves.
    rows: Rows<G>,
    stimuli: Stimuli<G>,
    fast: Fast<G>,
    noise: Noise<G>,
    /// Lanes, as bits, that have noise.
    noisy: u64,
    /// Mean rates since each lane's last boundary.
    mean_rates: Vec<Row<G>>,
    /// Sums of rates since the last sample, each step's at its start.
    sample_sums: Vec<Row<G>>,
    /// The rates at the last sample, as the step that began there saw them, and what jumped since.
    sampled_rates: Vec<Row<G>>,
    /// When that was in each lane, in steps.
    sampled_at: Vec<f64>,
    /// The mean rates that were recorded last.
    sampled_means: Vec<Row<G>>,
    /// What those see who follow the lanes.
    courses: Courses<G>,
    /// Sums of rates since the run began, and what they were in each lane with noise a tick before reports, with the
    /// position.
    sums: Vec<Row<G>>,
    sums_before: Vec<Vec<(f64, Vec<f64>)>>,
    looks: Vec<Looks>,
    /// Lanes, as bits, whose rates have been seen below 0.
    negative: u64,
    work: Work<G>,
}

/// Where a lane must stop next.
#[derive(Clone, Copy)]
struct Stop {
    lane: usize,
    /// In steps.
    at: f64,
    /// Whether it is a boundary, and not only a breaking point.
    boundary: bool,
    /// Whether something is recorded or reported there.
    looked_at: bool,
    /// Whether something may jump there: not at ticks, samples and reports.
    jumps: bool,
}

/// The lanes, as bits, in which something may jump at these stops.
fn jumping<'s>(stops: impl Iterator<Item = &'s Stop>) -> u64 {
    stops.filter(|stop| stop.jumps).fold(0, |bits, stop| bits | 1 << stop.lane)
}

impl<'a, const G: usize> Block<'a, G> {
    /// A block that is followed until a time in min.
    fn new(model: &'a Model<G>, plans: &[&Plan], run: &'a Run, until: f64) -> Self {
        let mut inputs = Inputs::none(&model.pharmacology, model.shape.size());
        let mut lanes: Vec<Lane> = Lane::all(model, plans, run);
        for index in 0..Row::<G>::LANES {
            // Lanes without an arm repeat the last one.
            lanes[index.min(lanes.len() - 1)].timeline.write(index, &mut inputs);
        }
        let courses = Courses::new(model, &mut lanes);
        let mut fast = Fast::new(&model.shape, &model.circuit, run.step, vec![Row::ZERO; model.shape.variables()]);
        fast.notes = courses.follow_steps().then(Vec::new);
        let noisy = noisy_lanes(model);
        let records = lanes.iter().any(Lane::records);
        let grid = Grid::new(run, until, noisy != 0, records);
        let breaks = |(index, lane): (usize, &Lane)| {
            let kinks: Vec<f64> = lane.timeline.kinks().into_iter().map(|time| grid.position_of(time)).collect();
            Breaks::new(&model.shape, run.method, fast.delays(index), &kinks)
        };
        let zero = vec![Row::ZERO; model.shape.size()];
        let count = lanes.len();
        Self {
            model,
            run,
            inputs,
            breaks: lanes.iter().enumerate().map(breaks).collect(),
            position: vec![0.0; count],
            last: vec![0.0; count],
            looks: vec![Looks::new(); count],
            lanes,
            step: 0,
            grid,
            states: model.states.initial.clone(),
            rows: model.circuit.clone(),
            stimuli: Stimuli::new(run.method, fast.is_delayed()),
            fast,
            noise: Noise::new(&model.shape, &model.circuit, run.step, run.seed, identities::<G>(plans, run)),
            noisy,
            mean_rates: zero.clone(),
            sampled_rates: zero.clone(),
            sampled_means: zero.clone(),
            courses,
            sample_sums: zero.clone(),
            sampled_at: vec![0.0; count],
            sums_before: vec![vec![(0.0, vec![0.0; zero.len()])]; count],
            sums: zero,
            negative: 0,
            work: model.work(),
        }
    }

    /// A block at its start.
    fn started(model: &'a Model<G>, plans: &[&Plan], run: &'a Run) -> Self {
        let mut block = Self::new(model, plans, run, run.to);
        block.start();
        block
    }

    fn is_running(&self) -> bool {
        let end = self.grid.end;
        self.position.iter().any(|position| *position < end) && self.lanes.iter().any(|lane| lane.running)
    }

    /// Goes on to a step, or to the end of the run.
    fn go_on(&mut self, until: u64) {
        while self.step < until && self.is_running() {
            let stops: Vec<Stop> = (0..self.lanes.len()).map(|lane| self.stop_of(lane)).collect();
            let next = stops.iter().map(|stop| stop.at).fold(f64::INFINITY, f64::min);
            let whole = (libm::floor(next) as u64).min(until);
            if whole > self.step {
                let arrived: Vec<Stop> = stops.into_iter().filter(|stop| stop.at == whole as f64).collect();
                self.take_steps_to(whole, &arrived);
                self.arrive(&arrived);
            } else {
                self.take_step_in_parts();
            }
            if !self.is_running() {
                self.see_end();
            }
        }
    }

    /// Shows the end of the run to those who follow the steps.
    fn see_end(&mut self) {
        if self.courses.follow_steps() {
            let mut notes = self.present_rates();
            notes.extend_from_slice(&self.fast.state[self.model.shape.size()..]);
            let end = self.grid.time_of(self.grid.end.min(self.step as f64 + 1.0));
            self.courses.see_steps(&mut self.lanes, &notes, |_| end);
        }
    }

    /// Shows the steps that have been noted, from number `first` on, to those who follow.
    fn see_steps(&mut self, first: u64) {
        let Self { grid, lanes, fast, courses, .. } = self;
        if let Some(notes) = &mut fast.notes {
            courses.see_steps(lanes, notes, |number| grid.time_of((first + number as u64) as f64));
            notes.clear();
        }
    }

    /// Takes whole steps, at whose end some lanes have arrived, and shows them to those who follow.
    fn take_steps_to(&mut self, next: u64, arrived: &[Stop]) {
        while self.step < next {
            let first = self.step;
            let follows = self.courses.follow_steps();
            let last = if follows { next.min((first / SEEN_TOGETHER + 1) * SEEN_TOGETHER) } else { next };
            self.take_steps_between(last, if last == next { arrived } else { &[] });
            self.see_steps(first);
        }
    }

    /// The next boundary of a lane, in steps.
    fn boundary_of(&self, lane: usize) -> f64 {
        self.change_of(lane).min(self.grid.next(self.position[lane]))
    }

    /// When something next begins or ends in a lane, in steps, or its run ends.
    fn change_of(&self, lane: usize) -> f64 {
        let own = self.grid.position_of(self.lanes[lane].timeline.next_change().min(self.run.to));
        own.max(self.position[lane] + 2.0 * SLACK)
    }

    /// Where a lane must stop next.
    fn stop_of(&self, lane: usize) -> Stop {
        let (boundary, broken) = (self.boundary_of(lane), self.breaks[lane].next());
        let looked_at = self.grid.next_look(self.position[lane]);
        let judged = self.grid.next_judged(self.position[lane]);
        let at = boundary.min(broken).min(looked_at).min(judged);
        Stop {
            lane,
            at,
            boundary: boundary == at,
            looked_at: looked_at == at,
            jumps: broken == at || self.change_of(lane) == at,
        }
    }

    /// Takes whole steps, at whose end some lanes have arrived.
    fn take_steps_between(&mut self, next: u64, arrived: &[Stop]) {
        let Self { model, run, grid, rows, noise, fast, stimuli, step, .. } = self;
        let method = (run.method, run.step);
        let changing = jumping(arrived.iter());
        if stimuli.is_none() {
            fast.changing = changing;
            take_staged_steps(method, (&model.shape, &[&*rows; 5]), noise, fast, (*step, next));
        } else {
            for count in *step..next {
                fast.changing = if count + 1 == next { changing } else { 0 };
                let stages = stimuli.stages(rows, grid, &Stride::whole(count, run.step));
                take_staged_steps(method, (&model.shape, &stages), noise, fast, (count, count + 1));
            }
        }
        self.step = next;
        self.position.fill(next as f64);
    }

    /// Takes one step in parts: each lane stops where something changes in it. Lanes in which nothing does take it at once.
    fn take_step_in_parts(&mut self) {
        let end = (self.step + 1) as f64;
        self.noise.draw_step(self.step);
        let mut arrived_at_end = Vec::new();
        let mut beyond = 1.0;
        let mut notes = None;
        loop {
            let going = |lane: &usize| self.position[*lane] < end.min(self.grid.end);
            let stops: Vec<Stop> = (0..self.lanes.len()).filter(going).map(|lane| self.stop_of(lane)).collect();
            if stops.is_empty() {
                break;
            }
            let mut share = Row::from_fn(|lane| if lane < self.lanes.len() { 0.0 } else { beyond });
            beyond = 0.0;
            let mut arrived = Vec::new();
            for stop in stops {
                let from = self.position[stop.lane];
                // A whole step has the length of one, not what rounding makes of a difference.
                let length = stop.at.min(end) - from;
                share.set(stop.lane, length);
                match stop.at {
                    at if at < end => arrived.push(stop),
                    at if at == end => arrived_at_end.push(stop),
                    _ => {}
                }
            }
            self.take_part(&share, arrived.iter().chain(&arrived_at_end));
            // Of a step that is taken in parts, its start is noted.
            notes = notes.or_else(|| self.fast.notes.take());
            for lane in (0..self.lanes.len()).filter(|lane| share.get(*lane) > 0.0) {
                let stop = arrived.iter().find(|stop| stop.lane == lane);
                self.position[lane] = stop.map_or(end, |stop| stop.at);
            }
            self.arrive(&arrived);
        }
        self.fast.notes = notes;
        self.see_steps(self.step);
        if self.grid.end < end {
            // The run ends within this step.
            return;
        }
        self.noise.accept();
        self.step += 1;
        self.arrive(&arrived_at_end);
    }

    /// Takes a part of the present step in the lanes whose share is not 0.
    fn take_part<'s>(&mut self, share: &Row<G>, stops: impl Iterator<Item = &'s Stop>) {
        let step = self.step as f64;
        let from = Row::from_fn(|lane| self.position.get(lane).copied().unwrap_or(step));
        let past = |lane: usize| from.get(lane) - step;
        let eta = [self.noise_at(past), self.noise_at(|lane| past(lane) + share.get(lane))];
        let Self { model, run, grid, rows, noise, fast, stimuli, .. } = self;
        fast.changing = jumping(stops);
        let stride = Stride { from, share: *share, step: run.step };
        let stages = stimuli.stages(rows, grid, &stride);
        let eta = (&*noise, [eta[0].as_slice(), eta[1].as_slice()]);
        part_of_step(run.method, (&model.shape, &stages), &stride, eta, fast);
    }

    /// The noise when a share of the present step has passed in each lane: Euler-Maruyama holds it, Heun takes a straight line.
    fn noise_at(&self, past: impl Fn(usize) -> f64) -> Vec<Row<G>> {
        let (now, end) = (&self.noise.now, self.noise.at_end());
        if self.run.method == Method::EulerMaruyama {
            return now.clone();
        }
        let between = |(now, end): (&Row<G>, &Row<G>)| {
            Row::from_fn(|lane| match past(lane) {
                0.0 => now.get(lane),
                1.0 => end.get(lane),
                past => now.get(lane) + past * (end.get(lane) - now.get(lane)),
            })
        };
        now.iter().zip(end).map(between).collect()
    }

    /// The noise at each lane's present moment.
    fn present_noise(&self) -> Vec<Row<G>> {
        let step = self.step as f64;
        self.noise_at(|lane| self.position.get(lane).map_or(0.0, |position| position - step))
    }

    fn start(&mut self) {
        let resting: Vec<&[f64]> = self.lanes.iter().map(|lane| lane.resting_variables.as_slice()).collect();
        let time = Row::splat(self.run.from);
        let place = Place { model: self.model, inputs: &self.inputs, time: &time };
        let mut newton = NewtonWork::new(&self.model.shape);
        let variables = (self.states.as_mut_slice(), self.fast.state.as_mut_slice());
        if self.run.start.is_empty() {
            begin(&place, &resting, variables, &mut self.work, &mut newton);
        } else {
            put(&place, &resting, variables, &mut self.work);
        }
        self.noise.start();
        self.fast.start(&self.model.shape, &self.work.rows);
        self.model.modulate(&self.inputs, &mut self.work);
        rates(&self.model.shape, &self.work.rows, &self.fast.state, &mut self.mean_rates);
        let all: Vec<usize> = (0..self.lanes.len()).collect();
        self.rows.clone_from(&self.work.rows);
        self.stimuli.refresh(&self.lanes, &self.rows);
        let present = self.present_rates();
        self.model.show_rates(&present, &mut self.work.signals);
        self.model.show_variables(&self.fast.state, &mut self.work.signals);
        for lane in &all {
            self.lanes[*lane].sample(self.run.from, *lane, &self.work);
        }
        self.sampled_means = present;
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
        for lane in &all {
            self.courses.begin_tick(*lane, self.run.from, &self.work);
        }
        self.look(&all);
        self.report(&all);
        self.refresh(&all);
        self.sampled_rates = self.present_rates();
    }
}

/// The identity of each lane's noise.
fn identities<const G: usize>(plans: &[&Plan], run: &Run) -> [[u64; WIDTH]; G] {
    let identity_of = |lane: usize| {
        let plan = plans[lane.min(plans.len() - 1)];
        let arm = match run.noise {
            NoiseSharing::Shared => 0,
            NoiseSharing::Independent => plan.number,
        };
        identity(plan.scenario.run.stream, plan.scenario.run.replicate as u32, arm as u32)
    };
    std::array::from_fn(|group| std::array::from_fn(|lane| identity_of(group * WIDTH + lane)))
}

/// The lanes, as bits, in which a population has noise.
fn noisy_lanes<const G: usize>(model: &Model<G>) -> u64 {
    let populations = || model.shape.populations.iter().zip(&model.circuit.populations);
    let noisy = |lane: &usize| populations().any(|(shape, rows)| shape.noisy && rows.sigma.get(*lane) > 0.0);
    (0..Row::<G>::LANES).filter(noisy).fold(0, |bits, lane| bits | 1 << lane)
}
