//! Fast time: the whole circuit at a fixed step, while slower signals advance on a tick of their own.
//!
//! At a lane's boundaries (the ticks, samples and reports that all lanes share, and its own events) its slow variables
//! are advanced over the interval that has passed, by Runge-Kutta with the mean rates of that interval; then the signals
//! in the middle of the next interval are predicted, and the circuit's rows made from them. The error of a tick is of
//! second order in its length.

use super::comparing::{Compared, Comparing, References};
use super::fast_course::Courses;
use super::lane::{LARGEST_RATE, Lane};
use super::noise::Noise;
use super::recording::{ArmOutcome, Status};
use super::start::{Place, begin, put};
use super::stepper::{Fast, take_steps};
use crate::circuit::Rows;
use crate::circuit::equations::{Linearised, rates, residual_and_jacobian};
use crate::equilibrium::newton::NewtonWork;
use crate::experiment::stimulus::Wave;
use crate::experiment::{Inputs, Model, Plan, Work};
use crate::numeric::lanes::{Lanes, Row, WIDTH, dispatch};
use crate::numeric::normal::identity;
use crate::spec::{NoiseSharing, Run};
use fearless_simd::{Level, Simd};
use rayon::prelude::*;

const MS_PER_MIN: f64 = 60_000.0;
/// Samples of a whole run where no interval is asked for.
const SAMPLES: f64 = 2_000.0;
/// A moment this close after a step counts as that step's, in steps.
const SLACK: f64 = 1e-6;

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
    level: Level,
) -> Vec<ArmOutcome> {
    let mut blocks: Vec<Block<'_, G>> =
        built.par_iter().map(|(model, plans)| Block::started(model, plans, run, level)).collect();
    let mut together = Together::new(&blocks, places, plans);
    let mut until = 0;
    while blocks.iter().any(Block::is_running) {
        until = if together.is_needed() { until + HELD_TOGETHER } else { u64::MAX };
        blocks.par_iter_mut().for_each(|block| dispatch!(level, simd => block.run_until(simd, until)));
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
            let time = |number: usize| grid.time_of(first + number as u64).min(end);
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

/// The waves in force in the lanes that run, each with its lane.
fn waves(lanes: &[Lane]) -> Vec<(usize, Wave)> {
    let waves = |(lane, arm): (usize, &Lane)| arm.timeline.waves().map(|wave| (lane, wave)).collect::<Vec<_>>();
    lanes.iter().enumerate().filter(|(_, lane)| lane.running).flat_map(waves).collect()
}

/// Adds to the drives the means of waves over a step that starts at a time in min and lasts `step` ms.
fn add_waves<const G: usize>(rows: &mut Rows<G>, waves: &[(usize, Wave)], time: f64, step: f64) {
    for (lane, wave) in waves {
        let drive = &mut rows.populations[wave.population].drive;
        drive.set(*lane, drive.get(*lane) + wave.mean(time, step));
    }
}

struct Block<'a, const G: usize> {
    model: &'a Model<G>,
    run: &'a Run,
    inputs: Inputs<G>,
    lanes: Vec<Lane>,
    /// Number of the step that is next.
    step: u64,
    /// The step of each lane's last boundary.
    last: Vec<u64>,
    /// The steps of the moments that all lanes share, in order.
    grid: Grid,
    states: Vec<Row<G>>,
    /// The rows in force.
    rows: Rows<G>,
    fast: Fast<G>,
    noise: Noise<G>,
    /// Mean rates since each lane's last boundary.
    mean_rates: Vec<Row<G>>,
    /// Sums of rates since the last sample, each step's at its start.
    sample_sums: Vec<Row<G>>,
    /// The rates at the last sample, as the step that began there saw them.
    sampled_rates: Vec<Row<G>>,
    sampled_at: u64,
    /// What those see who follow the lanes.
    courses: Courses<G>,
    work: Work<G>,
}

/// Moments in steps.
struct Grid {
    from: f64,
    step_min: f64,
    tick: u64,
    sample: u64,
    end: u64,
    reports: Vec<u64>,
}

impl Grid {
    fn new(run: &Run) -> Self {
        let step_min = run.step / MS_PER_MIN;
        let whole = |minutes: f64| (libm::round(minutes / step_min) as u64).max(1);
        let mut grid = Self {
            from: run.from,
            step_min,
            tick: whole(run.signal_step),
            sample: whole(run.record.unwrap_or((run.to - run.from) / SAMPLES)),
            end: 0,
            reports: Vec::new(),
        };
        grid.end = grid.step_of(run.to);
        grid.reports = run.report.iter().map(|report| grid.step_of(report.minutes)).collect();
        grid.reports.sort_unstable();
        grid
    }

    /// The first step at or after a time.
    fn step_of(&self, minutes: f64) -> u64 {
        libm::ceil((minutes - self.from) / self.step_min - SLACK).max(0.0) as u64
    }

    fn time_of(&self, step: u64) -> f64 {
        (step as f64).mul_add(self.step_min, self.from)
    }

    /// The next boundary after a step that all lanes share.
    fn next(&self, step: u64) -> u64 {
        ((step / self.tick + 1).saturating_mul(self.tick)).min(self.end)
    }

    /// The next moment after a step at which something is recorded or reported: nothing else happens there.
    fn next_look(&self, step: u64) -> u64 {
        let report = self.reports.get(self.reports.partition_point(|report| *report <= step));
        let sample = (step / self.sample + 1).saturating_mul(self.sample);
        sample.min(report.copied().unwrap_or(u64::MAX)).min(self.end)
    }
}

impl<'a, const G: usize> Block<'a, G> {
    fn new(model: &'a Model<G>, plans: &[&Plan], run: &'a Run) -> Self {
        let mut inputs = Inputs::none(&model.pharmacology, model.shape.size());
        let mut lanes: Vec<Lane> = Lane::all(model, plans, run);
        for index in 0..Row::<G>::LANES {
            // Lanes without an arm repeat the last one.
            lanes[index.min(lanes.len() - 1)].timeline.write(index, &mut inputs);
        }
        let identity_of = |lane: usize| {
            let plan = plans[lane.min(plans.len() - 1)];
            let arm = match run.noise {
                NoiseSharing::Shared => 0,
                NoiseSharing::Independent => plan.number,
            };
            identity(plan.scenario.run.stream, plan.scenario.run.replicate as u32, arm as u32)
        };
        let identities = std::array::from_fn(|group| std::array::from_fn(|lane| identity_of(group * WIDTH + lane)));
        let zero = vec![Row::ZERO; model.shape.size()];
        let courses = Courses::new(model, &mut lanes);
        let mut grid = Grid::new(run);
        if !lanes.iter().any(Lane::records) {
            grid.sample = u64::MAX;
        }
        let mut fast = Fast::new(&model.shape, &model.circuit, run.step, vec![Row::ZERO; model.shape.variables()]);
        fast.notes = courses.follow_steps().then(Vec::new);
        Self {
            model,
            run,
            inputs,
            last: vec![0; lanes.len()],
            lanes,
            step: 0,
            grid,
            states: model.states.initial.clone(),
            rows: model.circuit.clone(),
            fast,
            courses,
            noise: Noise::new(&model.shape, &model.circuit, run.step, run.seed, identities),
            mean_rates: zero.clone(),
            sampled_rates: zero.clone(),
            sample_sums: zero,
            sampled_at: 0,
            work: model.work(),
        }
    }

    /// A block at its start.
    fn started(model: &'a Model<G>, plans: &[&Plan], run: &'a Run, level: Level) -> Self {
        let mut block = Self::new(model, plans, run);
        dispatch!(level, simd => block.start(simd));
        block
    }

    fn is_running(&self) -> bool {
        self.step < self.grid.end && self.lanes.iter().any(|lane| lane.running)
    }

    /// Goes on to a step, or to the end of the run.
    fn run_until<S: Simd>(&mut self, simd: S, until: u64) {
        while self.step < until && self.is_running() {
            let boundaries: Vec<u64> = (0..self.lanes.len()).map(|lane| self.boundary_of(lane)).collect();
            let looked_at = self.grid.next_look(self.step);
            let next = boundaries.iter().copied().fold(looked_at.min(until), u64::min);
            self.take_steps_to(simd, next);
            self.step = next;
            let due: Vec<usize> = (0..self.lanes.len()).filter(|lane| boundaries[*lane] == next).collect();
            if !due.is_empty() || next == looked_at {
                self.pass(simd, &due, next == looked_at);
            }
            if !self.is_running() {
                self.see_end(simd);
            }
        }
    }

    /// Shows the end of the run to those who follow the steps.
    fn see_end<S: Simd>(&mut self, simd: S) {
        if self.courses.follow_steps() {
            let mut notes = self.present_rates(simd);
            notes.extend_from_slice(&self.fast.state[self.model.shape.size()..]);
            let end = self.grid.time_of(self.step);
            self.courses.see_steps(&mut self.lanes, &notes, |_| end);
        }
    }

    /// Takes the steps up to `next`, and shows them to those who follow.
    fn take_steps_to<S: Simd>(&mut self, simd: S, next: u64) {
        if !self.courses.follow_steps() {
            return self.take_steps_between(simd, self.step, next);
        }
        let mut first = self.step;
        while first < next {
            let last = next.min((first / SEEN_TOGETHER + 1) * SEEN_TOGETHER);
            self.take_steps_between(simd, first, last);
            let Self { grid, lanes, fast, courses, .. } = self;
            if let Some(notes) = &mut fast.notes {
                courses.see_steps(lanes, notes, |number| grid.time_of(first + number as u64));
                notes.clear();
            }
            first = last;
        }
    }

    /// Takes steps; where there are waves, one at a time, each with their means over it.
    fn take_steps_between<S: Simd>(&mut self, simd: S, first: u64, next: u64) {
        let Self { model, run, grid, lanes, rows, noise, fast, .. } = self;
        let mut take = |rows: &Rows<G>, span| {
            take_steps(simd, run.method, &model.shape, rows, run.step, noise, fast, span);
        };
        let waves = waves(lanes);
        if waves.is_empty() {
            return take(rows, (first, next));
        }
        let still: Vec<Row<G>> = rows.populations.iter().map(|numbers| numbers.drive).collect();
        for count in first..next {
            for (numbers, still) in rows.populations.iter_mut().zip(&still) {
                numbers.drive = *still;
            }
            add_waves(rows, &waves, grid.time_of(count), run.step);
            take(rows, (count, count + 1));
        }
        for (numbers, still) in rows.populations.iter_mut().zip(&still) {
            numbers.drive = *still;
        }
    }

    /// The rates at present: those of algebraic populations with the noise and waves of the step that is next.
    fn present_rates<S: Simd>(&mut self, simd: S) -> Vec<Row<G>> {
        let waves = waves(&self.lanes);
        let Self { model, run, grid, rows, noise, fast, step, .. } = self;
        if waves.is_empty() {
            return fast.present_rates(simd, (&model.shape, rows), &noise.now);
        }
        let mut rows = rows.clone();
        add_waves(&mut rows, &waves, grid.time_of(*step), run.step);
        fast.present_rates(simd, (&model.shape, &rows), &noise.now)
    }

    /// The next boundary of a lane.
    fn boundary_of(&self, lane: usize) -> u64 {
        let own = self.grid.step_of(self.lanes[lane].timeline.next_change().min(self.run.to));
        own.max(self.step + 1).min(self.grid.next(self.step))
    }

    fn start<S: Simd>(&mut self, simd: S) {
        let resting: Vec<&[f64]> = self.lanes.iter().map(|lane| lane.resting_variables.as_slice()).collect();
        let time = Row::splat(self.run.from);
        let place = Place { model: self.model, inputs: &self.inputs, time: &time };
        let mut newton = NewtonWork::new(&self.model.shape);
        let variables = (self.states.as_mut_slice(), self.fast.state.as_mut_slice());
        if self.run.start.is_empty() {
            begin(simd, &place, &resting, variables, &mut self.work, &mut newton);
        } else {
            put(simd, &place, &resting, variables, &mut self.work);
        }
        self.noise.start(simd);
        self.fast.start(simd, &self.model.shape, &self.work.rows);
        self.model.modulate(simd, &self.inputs, &mut self.work);
        rates(simd, &self.model.shape, &self.work.rows, &self.fast.state, &mut self.mean_rates);
        let all: Vec<usize> = (0..self.lanes.len()).collect();
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
        self.model.show_variables(&self.fast.state, &mut self.work.signals);
        for lane in &all {
            self.lanes[*lane].sample(self.run.from, *lane, &self.work);
        }
        for lane in &all {
            self.courses.begin_tick(*lane, self.run.from, &self.work);
        }
        self.report(simd, &all, self.run.from);
        self.refresh(simd, &all);
        self.sampled_rates = self.present_rates(simd);
    }

    /// Brings the slow variables of the lanes whose boundary it is to the present, carries out events, and refreshes the rows.
    /// Where something is recorded or reported, the others are shown at the present too, and go on from where they were.
    fn pass<S: Simd>(&mut self, simd: S, due: &[usize], looked_at: bool) {
        let all: Vec<usize> = (0..self.lanes.len()).collect();
        let shown = if looked_at { all.as_slice() } else { due };
        let kept = (due.len() < shown.len()).then(|| (self.states.clone(), self.mean_rates.clone()));
        self.take_means(shown, due);
        let intervals = self.intervals(shown, |last, now| now - last);
        let started = Row::from_fn(|lane| self.grid.time_of(self.last[lane.min(self.last.len() - 1)]));
        let advanced = self.advance_states(simd, &started, &intervals);
        for lane in due {
            let ends = [self.states.as_slice(), advanced.as_slice()];
            self.lanes[*lane].add_released(*lane, &self.model.pharmacology.ligands, intervals.get(*lane), ends, None);
        }
        for lane in shown {
            for (state, advanced) in self.states.iter_mut().zip(&advanced) {
                state.set(*lane, advanced.get(*lane));
            }
        }
        due.iter().for_each(|lane| self.last[*lane] = self.step);
        let now = self.grid.time_of(self.step);
        let sampling = self.step.is_multiple_of(self.grid.sample) || self.step == self.grid.end;
        self.model.show(simd, Lanes::splat(simd, now), &self.inputs, &self.states, &mut self.work);
        self.model.modulate(simd, &self.inputs, &mut self.work);
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
        self.model.show_variables(&self.fast.state, &mut self.work.signals);
        for lane in due {
            if self.lanes[*lane].running {
                self.lanes[*lane].reached = now;
                self.courses.see_tick(&mut self.lanes[*lane], *lane, now, &self.work);
            }
        }
        self.carry_out(simd, due, now);
        self.stop_diverged(due, now);
        self.report(simd, shown, now + self.grid.step_min * SLACK);
        if sampling {
            self.record(simd, shown, now);
        }
        if let Some((states, mean_rates)) = kept {
            for lane in shown.iter().filter(|lane| !due.contains(lane)) {
                let rows = self.states.iter_mut().chain(&mut self.mean_rates);
                rows.zip(states.iter().chain(&mean_rates)).for_each(|(row, kept)| row.set(*lane, kept.get(*lane)));
            }
        }
        if !due.is_empty() {
            self.refresh(simd, due);
        }
        if sampling {
            self.sampled_rates = self.present_rates(simd);
        }
    }

    /// Carries out what is due, so that what is seen at the moment of an event is what holds after it, as in slow time.
    fn carry_out<S: Simd>(&mut self, simd: S, due: &[usize], now: f64) {
        let mut changed = Vec::new();
        for lane in due {
            let lane_now = &mut self.lanes[*lane];
            if lane_now.timeline.advance(now + self.grid.step_min * SLACK, 0.0) {
                lane_now.timeline.write(*lane, &mut self.inputs);
                changed.push(*lane);
            }
        }
        if !changed.is_empty() {
            self.model.show(simd, Lanes::splat(simd, now), &self.inputs, &self.states, &mut self.work);
            self.model.modulate(simd, &self.inputs, &mut self.work);
            self.model.show_rates(&self.mean_rates, &mut self.work.signals);
            self.model.show_variables(&self.fast.state, &mut self.work.signals);
            changed.iter().for_each(|lane| self.courses.begin_tick(*lane, now, &self.work));
        }
    }

    /// Records the state of the lanes whose report is due, with the circuit linearised where it is.
    fn report<S: Simd>(&mut self, simd: S, due: &[usize], now: f64) {
        let due: Vec<usize> = due.iter().copied().filter(|lane| self.lanes[*lane].report_is_due(now)).collect();
        if due.is_empty() {
            return;
        }
        let model = self.model;
        let mut linearised = Linearised::new(&model.shape);
        residual_and_jacobian(simd, &model.shape, &self.work.rows, &self.fast.state, &mut linearised);
        for lane in due {
            self.lanes[lane].report_if_due(now, lane, (model, &self.work), &linearised, true);
        }
    }

    /// Turns the sums of the lanes' rates into means over the interval that has passed; for those whose boundary it is, a new
    /// one begins.
    fn take_means(&mut self, shown: &[usize], due: &[usize]) {
        for lane in shown {
            let steps = (self.step - self.last[*lane]) as f64;
            let ends = due.contains(lane);
            for (index, sums) in self.fast.rate_sums.iter_mut().enumerate() {
                let sum = sums.get(*lane);
                self.mean_rates[index].set(*lane, sum / steps);
                if ends {
                    sums.set(*lane, 0.0);
                    let sampled = self.sample_sums[index].get(*lane);
                    self.sample_sums[index].set(*lane, sampled + sum);
                }
            }
        }
    }

    /// A length in min for each lane that is due, from its last boundary and a step; 0 for the others.
    fn intervals(&self, due: &[usize], length: impl Fn(u64, u64) -> u64) -> Row<G> {
        let mut row = Row::ZERO;
        for lane in due {
            row.set(*lane, length(self.last[*lane], self.step) as f64 * self.grid.step_min);
        }
        row
    }

    /// The slow variables after some minutes, by one Runge-Kutta step with the mean rates.
    fn advance_states<S: Simd>(&mut self, simd: S, start: &Row<G>, length: &Row<G>) -> Vec<Row<G>> {
        let count = self.states.len();
        let mut total: Vec<Row<G>> = vec![Row::ZERO; count];
        let mut slope: Vec<Row<G>> = vec![Row::ZERO; count];
        let mut trial = self.states.clone();
        for (share, weight) in [(0.0_f64, 1.0_f64 / 6.0), (0.5, 1.0 / 3.0), (0.5, 1.0 / 3.0), (1.0, 1.0 / 6.0)] {
            for (trial, (state, slope)) in trial.iter_mut().zip(self.states.iter().zip(&slope)) {
                *trial = Row::from_fn(|lane| (share * length.get(lane)).mul_add(slope.get(lane), state.get(lane)));
            }
            let time = Row::from_fn(|lane| share.mul_add(length.get(lane), start.get(lane)));
            self.model.show(simd, Lanes::load(simd, &time), &self.inputs, &trial, &mut self.work);
            self.model.show_rates(&self.mean_rates, &mut self.work.signals);
            self.model.derivatives(simd, &self.inputs, &trial, &mut self.work, &mut slope);
            for (total, slope) in total.iter_mut().zip(&slope) {
                *total = Row::from_fn(|lane| weight.mul_add(slope.get(lane), total.get(lane)));
            }
        }
        self.states
            .iter()
            .zip(&total)
            .map(|(state, total)| Row::from_fn(|lane| length.get(lane).mul_add(total.get(lane), state.get(lane))))
            .collect()
    }

    /// Makes the rows of the next interval from the signals in its middle.
    fn refresh<S: Simd>(&mut self, simd: S, due: &[usize]) {
        let mut half = Row::ZERO;
        for lane in due {
            let length = self.boundary_of(*lane) - self.step;
            half.set(*lane, 0.5 * length as f64 * self.grid.step_min);
        }
        let now = Row::splat(self.grid.time_of(self.step));
        let predicted = self.advance_states(simd, &now, &half);
        let time = Row::from_fn(|lane| now.get(lane) + half.get(lane));
        self.model.show(simd, Lanes::load(simd, &time), &self.inputs, &predicted, &mut self.work);
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
        self.model.modulate(simd, &self.inputs, &mut self.work);
        if due.len() == self.lanes.len() {
            self.rows.clone_from(&self.work.rows);
        } else {
            due.iter().for_each(|lane| self.rows.copy_lane(&self.work.rows, *lane));
        }
    }

    /// Records the mean rates since the last sample, each step's at its end: of a single step, the present rates.
    fn record<S: Simd>(&mut self, simd: S, due: &[usize], now: f64) {
        let steps = (self.step - self.sampled_at) as f64;
        let mut means = self.present_rates(simd);
        let sums = self.sample_sums.iter_mut().zip(&self.fast.rate_sums).zip(&self.sampled_rates);
        for (mean, ((sums, open), before)) in means.iter_mut().zip(sums) {
            let total = |lane: usize| sums.get(lane) + open.get(lane);
            *mean = Row::from_fn(|lane| (total(lane) - before.get(lane) + mean.get(lane)) / steps);
            // What the interval that is still open has had already.
            *sums = Row::from_fn(|lane| -open.get(lane));
        }
        self.model.show_rates(&means, &mut self.work.signals);
        self.sampled_at = self.step;
        for lane in due {
            if self.lanes[*lane].running {
                self.lanes[*lane].sample(now, *lane, &self.work);
            }
        }
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
    }

    /// Ends the lanes in which a number is no longer finite or a rate has run away.
    fn stop_diverged(&mut self, due: &[usize], now: f64) {
        for lane in due {
            let finite = |rows: &[Row<G>]| rows.iter().all(|row| row.get(*lane).is_finite());
            let bounded = self.mean_rates.iter().all(|row| row.get(*lane).abs() < LARGEST_RATE);
            let sound = bounded && finite(&self.fast.state) && finite(&self.states);
            if self.lanes[*lane].running {
                self.lanes[*lane].outcome.work.steps = self.step;
                if !sound {
                    self.lanes[*lane].running = false;
                    self.lanes[*lane].outcome.status = Status::Diverged { at: now };
                }
            }
        }
    }
}
