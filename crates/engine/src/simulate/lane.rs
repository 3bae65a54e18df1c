//! One arm in its lane: its timeline, its own time and step, and what it has recorded so far.

use super::comparing::Compared;
use super::recording::{ArmOutcome, Event, EventKind, Recording, Report, Status, Work as Effort, columns_of};
use super::watch::Watcher;
use crate::circuit::equations::Linearised;
use crate::circuit::{Connection, Rows};
use crate::equilibrium::calibration::{resting_variables, started};
use crate::equilibrium::corner::leading_on_sides;
use crate::equilibrium::stability::leading_rate_per_s;
use crate::experiment::stimulus::mean_in_slow_time;
use crate::experiment::{Model, Plan, Timeline, Work};
use crate::numeric::lanes::Row;
use crate::pharmacology::{Exposure, Ligand};
use crate::scenario::watch::Watch;
use crate::scenario::{Run, Scenario, TimeLabel};
use std::sync::Arc;

/// An arm on its way.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The scenario as the arm changes it.
    pub scenario: Arc<Scenario>,
    /// What is still to happen to it.
    pub timeline: Timeline,
    /// Whether it still runs.
    pub running: bool,
    /// The step it would take next, min.
    pub step: f64,
    /// How far it has come, min.
    pub reached: f64,
    /// When something last began or ended, min.
    pub changed_at: f64,
    /// What it has left so far.
    pub outcome: ArmOutcome,
    /// The circuit's variables at rest, or where the run states that they start.
    pub resting_variables: Vec<f64>,
    /// Area under the endogenous concentration of each ligand whose release changes it, in nM min; 0 for the others.
    pub released: Vec<f64>,
    /// What is followed of it step by step.
    watchers: Vec<(Watch, Watcher)>,
    /// The places of the signals that are recorded.
    columns: Vec<usize>,
    /// The place of the rate that is held against other arms: of a population of several units, whose mean it is, of all.
    pub compared: Vec<usize>,
    /// Reports still to come, in order of time.
    reports: Vec<TimeLabel>,
    /// When the run began, min.
    from: f64,
}

/// A rate this large, in Hz, has run away.
pub const LARGEST_RATE: f64 = 1e6;

pub use crate::experiment::as_one;

/// What a lane heads for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// A change or a report, at this time in min.
    At(f64),
    /// The end of the run has been reached.
    End,
}

impl Lane {
    /// The arms of a block at the start of their run; what is due then has happened.
    pub fn all<const G: usize>(model: &Model<G>, plans: &[&Plan], run: &Run) -> Vec<Self> {
        let circuits: Vec<_> = plans.iter().map(|plan| &plan.scenario.circuit).collect();
        let starts = if run.start.is_empty() {
            let rates: Vec<&[f64]> = plans.iter().map(|plan| plan.resting_rates.as_slice()).collect();
            resting_variables((&model.shape, &model.circuit), &circuits, &rates)
        } else {
            circuits.iter().map(|circuit| started(circuit, &run.start).0).collect()
        };
        let lanes = plans.iter().zip(starts).enumerate();
        lanes.map(|(lane, (plan, start))| Self::new((model, lane), plan, run, start)).collect()
    }

    /// An arm at the start of its run; what is due then has happened.
    fn new<const G: usize>(
        (model, lane): (&Model<G>, usize),
        plan: &Plan,
        run: &Run,
        resting_variables: Vec<f64>,
    ) -> Self {
        let populations: Vec<String> =
            model.shape.populations.iter().map(|population| population.name.clone()).collect();
        let mut timeline = Timeline::new(&plan.scenario, &plan.arm, &model.pharmacology, &populations);
        timeline.advance(run.from, 0.0);
        let averaged = plan.arm.inject.iter().filter_map(|injection| {
            let at = injection.from.unwrap_or(run.from);
            mean_in_slow_time(injection, run).map(|what| Event { at, kind: EventKind::MeanInput, what, driver: None })
        });
        let events = averaged.collect();
        let names = model.board.names();
        let columns: Vec<usize> =
            (0..names.len()).filter(|place| plan.records && run.records(&names[*place])).collect();
        let recorded: Vec<String> = columns.iter().map(|place| names[*place].clone()).collect();
        let watchers =
            plan.watches.iter().filter_map(|watch| Some((watch.clone(), Watcher::new(watch, names, &plan.base)?)));
        let main = plan.base.main_population().filter(|_| plan.compares);
        let compared = main.map_or_else(Vec::new, |main| columns_of(names, &format!("rate.{main}")));
        let mut reports = run.report.clone();
        reports.sort_by(|one, other| one.minutes.total_cmp(&other.minutes));
        Self {
            scenario: plan.scenario.clone(),
            timeline,
            running: true,
            step: 1e-3,
            reached: run.from,
            changed_at: run.from,
            outcome: ArmOutcome {
                name: plan.arm.name.clone(),
                status: Status::Done,
                recording: Recording::new(&recorded),
                signals: model.board.names().into(),
                connections: connections(model, lane).filter_map(|index| model.shape.projection(index)).collect(),
                found: Vec::new(),
                compared: Compared::default(),
                reports: Vec::new(),
                events,
                areas_nm_min: Vec::new(),
                averaged: None,
                work: Effort::default(),
            },
            resting_variables,
            released: vec![0.0; model.pharmacology.ligands.len()],
            watchers: watchers.collect(),
            columns,
            compared,
            reports,
            from: run.from,
        }
    }

    /// What it has left, with what was found of all that was followed and the areas under all concentrations: what doses and baths leave is integrated exactly, what is
    /// released over the steps that were taken. Nothing depends on how often the traces are recorded.
    pub fn finish<const G: usize>(mut self, lane: usize, model: &Model<G>) -> ArmOutcome {
        let pharmacology = &model.pharmacology;
        let end = self.reached;
        let courses = self.timeline.areas_until(end);
        let ligands = pharmacology.ligands.iter().zip(&pharmacology.exposures).zip(&self.released);
        let area = |((ligand, exposure), released): ((&Ligand<G>, &Exposure<G>), &f64)| {
            let endogenous =
                if ligand.release.is_some() { *released } else { ligand.tone.get(lane) * (end - self.from) };
            let given = exposure.potencies.iter().map(|(course, potency)| potency.get(lane) * courses[*course]);
            (ligand.name.clone(), ligand.free.get(lane) * (endogenous + given.sum::<f64>()))
        };
        self.outcome.areas_nm_min = ligands.map(area).collect();
        self.outcome.found = self.watchers.iter().map(|(watch, watcher)| (watch.clone(), watcher.found())).collect();
        self.outcome
    }

    /// Adds what a step adds to the areas under released ligands, from the concentrations (of all slow variables) at its start
    /// and end, in nM, and their slopes, per min: the integral of the cubic that has them, or of a straight line.
    pub fn add_released<const G: usize>(
        &mut self,
        lane: usize,
        ligands: &[Ligand<G>],
        length: f64,
        [start, end]: [&[Row<G>]; 2],
        slopes: Option<[&[Row<G>]; 2]>,
    ) {
        for (released, ligand) in self.released.iter_mut().zip(ligands) {
            if let Some(release) = ligand.release.as_ref().filter(|_| self.running) {
                let at = |rows: &[Row<G>]| rows[release.state].get(lane);
                let bend = slopes.map_or(0.0, |slopes| length / 6.0 * (at(slopes[0]) - at(slopes[1])));
                *released += 0.5 * length * (at(start) + at(end) + bend);
            }
        }
    }

    /// The next time at which a step must end: a change, a report, or the end.
    pub fn next_moment(&self, run: &Run) -> Next {
        let report = self.reports.first().map_or(f64::INFINITY, |report| report.minutes);
        let next = self.timeline.next_change().min(report).min(run.to);
        // The last step may miss the end by rounding.
        if self.reached >= run.to - as_one(run.to) && report == f64::INFINITY { Next::End } else { Next::At(next) }
    }

    /// The next change, report or end of the run after a time in min; infinite where there is none.
    pub fn next_after(&self, now: f64, run: &Run) -> f64 {
        let later = |time: &f64| *time > now + as_one(now);
        let reports = self.reports.iter().map(|report| report.minutes);
        let moments = reports.chain([self.timeline.next_change(), run.to]);
        moments.filter(later).fold(f64::INFINITY, f64::min)
    }

    /// Minutes until that time.
    pub fn until(&self, now: f64, run: &Run) -> f64 {
        match self.next_moment(run) {
            Next::At(time) => (time - now).max(0.0),
            Next::End => 0.0,
        }
    }

    /// The end of a step, put exactly on the moment it was to meet.
    pub fn snap(&self, end: f64, run: &Run) -> f64 {
        match self.next_moment(run) {
            Next::At(time) if (end - time).abs() <= as_one(time) => time,
            _ => end,
        }
    }

    /// Records the signals in this lane that are to be recorded.
    pub fn sample<const G: usize>(&mut self, time: f64, lane: usize, work: &Work<G>) {
        self.sample_with(time, |signal| work.signals[signal].get(lane));
    }

    /// Records those signals, given their values by place.
    pub fn sample_with(&mut self, time: f64, value: impl Fn(usize) -> f64) {
        if !self.columns.is_empty() {
            self.outcome.recording.push(time, self.columns.iter().map(|place| value(*place)));
        }
    }

    /// Whether its traces are recorded.
    pub fn records(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Whether anything of it is followed step by step.
    pub fn watches(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// What is followed of it.
    pub fn watchers(&mut self) -> impl Iterator<Item = &mut Watcher> {
        self.watchers.iter_mut().map(|(_, watcher)| watcher)
    }

    /// Whether a report is due now.
    pub fn report_is_due(&self, now: f64) -> bool {
        self.running && self.reports.first().is_some_and(|report| report.minutes <= now)
    }

    /// Records the state for every report due by `now`: all signals, and the circuit as it is then.
    pub fn report_if_due<const G: usize>(
        &mut self,
        now: f64,
        lane: usize,
        (model, signals): (&Model<G>, &[Row<G>]),
        state: &State<'_, G>,
    ) {
        while self.report_is_due(now) {
            let TimeLabel { label, minutes } = self.reports.remove(0);
            let State { rows, linearised, stands, variables, .. } = *state;
            let place = (&model.shape, rows);
            let sides_per_s = if stands { leading_on_sides(place, variables, lane) } else { Vec::new() };
            // At a corner the least stable side decides.
            let stability_per_s = match sides_per_s.first() {
                Some(leading) => *leading,
                None if stands => leading_rate_per_s(&model.shape, rows, linearised, lane),
                None => f64::NAN,
            };
            let report = report((label, minutes), lane, (model, signals), state);
            self.outcome.reports.push(Report { stability_per_s, sides_per_s, stands, ..report });
        }
    }

    /// Ends the arm's run.
    pub fn end(&mut self, status: Status) {
        if self.running {
            self.running = false;
            self.outcome.status = status;
        }
    }

    /// Notes an event.
    pub fn note(&mut self, event: Event) {
        self.outcome.events.push(event);
    }
}

/// A circuit at a report.
#[derive(Clone, Copy)]
pub struct State<'a, const G: usize> {
    /// Its numbers with everything that acts on it.
    pub rows: &'a Rows<G>,
    /// Rates in Hz, then what its channels give.
    pub outputs: &'a [Row<G>],
    /// Its variables.
    pub variables: &'a [Row<G>],
    /// The circuit linearised there.
    pub linearised: &'a Linearised<G>,
    /// Whether it stands still there.
    pub stands: bool,
}

/// The connections of one lane's circuit, by index: a block has those of all its lanes, and some are 0 in this one.
fn connections<const G: usize>(model: &Model<G>, lane: usize) -> impl Iterator<Item = usize> {
    let weights = model.circuit.weight.iter().enumerate();
    weights.filter(move |(_, weight)| weight.get(lane) != 0.0).map(|(index, _)| index)
}

/// The state of a lane at a report time, but for its stability.
fn report<const G: usize>(
    (label, minutes): (String, f64),
    lane: usize,
    (model, signals): (&Model<G>, &[Row<G>]),
    state: &State<'_, G>,
) -> Report {
    let rows = state.rows;
    let weights: Vec<f64> = connections(model, lane).map(|connection| rows.weight[connection].get(lane)).collect();
    // Rates may be means over what has passed; gates are what they are now.
    let carried = |connection: &Connection| match model.rate_signals.get(connection.output) {
        Some(signal) => signals[*signal].get(lane),
        None => state.outputs[connection.output].get(lane),
    };
    let carried = connections(model, lane).map(|connection| carried(&model.shape.connections[connection]));
    let synaptic = weights.iter().zip(carried).map(|(weight, carried)| weight * carried).collect();
    Report {
        label,
        minutes,
        signals: signals.iter().map(|row| row.get(lane)).collect(),
        synaptic,
        weights,
        drives: rows.populations.iter().map(|numbers| numbers.drive.get(lane)).collect(),
        stability_per_s: f64::NAN,
        sides_per_s: Vec::new(),
        stands: state.stands,
    }
}
