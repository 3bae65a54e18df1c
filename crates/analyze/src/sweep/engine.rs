//! Runs the points of a design: each is calibrated, its arms lie side by side with those of its neighbours, and what is
//! asked for is read from each.

use super::design::{Design, DesignError};
use crate::equilibrium::{Calibrated, RestError, calibrate_scenarios};
use crate::experiment::{Plan, plans};
use crate::numeric::philox::hash;
use crate::readouts::{ArmSummary, summarise, value};
use crate::scenario::readout::Readout;
use crate::scenario::sweep::{AxisValue, BoundSweep, NoiseStreams};
use crate::scenario::watch::Watch;
use crate::scenario::{Calibration, Run, Scenario, Setting, validate};
use crate::simulate::{ArmOutcome, Outcome, run_many};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// Runs that are prepared together.
const TOGETHER: usize = 32;

/// One arm at one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The point's number.
    pub point: u64,
    /// The replicate's number.
    pub replicate: u64,
    /// The noise stream: with it, `run` repeats the point.
    pub stream: u64,
    /// The arm.
    pub arm: String,
    /// `ok`, `diverged`, `unstable`, `no-steady-state` or `invalid`.
    pub status: String,
    /// What went wrong, in words; empty where nothing did.
    pub problem: String,
    /// The values of the axes.
    pub axes: Vec<AxisValue>,
    /// The readouts; NaN where undefined.
    pub readouts: Vec<f64>,
}

/// A sweep that is ready to run.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The design.
    pub design: Design,
    /// What is kept of each arm.
    pub readouts: Vec<Readout>,
    /// The arms that are kept, in the order of the scenario.
    pub arms: Vec<String>,
    scenario: Scenario,
    /// What must be followed for the readouts.
    watches: Arc<[Watch]>,
    /// The arms that are run: those kept, and those they are compared with.
    needed: Vec<String>,
    /// The drives of the circuit as it is written, where points hold them.
    held: Option<Calibrated>,
    replicates: u64,
    noise: NoiseStreams,
}

impl Engine {
    /// Prepares a sweep of the scenario to which it was fitted. `held` are the drives that points keep where the scenario
    /// asks for that.
    ///
    /// # Errors
    /// [`DesignError`] where the design is too large.
    pub fn new(bound: &BoundSweep, scenario: &Scenario, held: Option<Calibrated>) -> Result<Self, DesignError> {
        let sweep = &bound.sweep;
        let design = Design::new(sweep, bound.axes.clone())?;
        let readouts = bound.readouts.clone();
        let kept = |name: &String| sweep.arms.is_empty() || sweep.arms.contains(name);
        let arms: Vec<String> = scenario.arms.iter().map(|arm| arm.name.clone()).filter(kept).collect();
        let resolved = scenario.resolved_arms();
        let measured = resolved.iter().filter(|arm| arms.contains(&arm.name));
        let compared: Vec<String> = measured.flat_map(|arm| scenario.compared_with(arm)).collect();
        let needed = scenario.arms.iter().map(|arm| arm.name.clone());
        let needed = needed.filter(|name| arms.contains(name) || compared.contains(name)).collect();
        let replicates = sweep.replicates.max(1);
        let mut watches: Vec<Watch> = Vec::new();
        for watch in readouts.iter().filter_map(Readout::watch) {
            if !watches.contains(watch) {
                watches.push(watch.clone());
            }
        }
        let (scenario, watches) = (scenario.clone(), watches.into());
        Ok(Self { design, readouts, arms, scenario, watches, needed, held, replicates, noise: sweep.noise })
    }

    /// The drives that points keep, where the scenario asks for that.
    pub fn held_drives(&self) -> Option<&[f64]> {
        self.held.as_ref().map(|held| held.drives.as_slice())
    }

    /// How many runs there are: points times replicates.
    pub fn runs(&self) -> u64 {
        self.design.points().saturating_mul(self.replicates)
    }

    /// Runs some of them; a row for each and each arm, in order.
    pub fn rows(&self, runs: Range<u64>) -> Vec<Row> {
        let runs: Vec<u64> = runs.collect();
        // As many at once as lie side by side when they are calibrated.
        let mut points: Vec<Point> = runs.par_chunks(TOGETHER).flat_map_iter(|runs| self.prepare_all(runs)).collect();
        let counts: Vec<usize> = points.iter().map(|point| point.plans.len()).collect();
        let plans: Vec<Plan> = points.iter_mut().flat_map(|point| std::mem::take(&mut point.plans)).collect();
        let mut outcomes = Self::run_all(&plans).into_iter();
        let outcomes: Vec<Vec<ArmOutcome>> =
            counts.into_iter().map(|count| outcomes.by_ref().take(count).collect()).collect();
        let rows = points.into_par_iter().zip(outcomes).map(|(point, outcomes)| self.read(point, outcomes));
        rows.collect::<Vec<_>>().concat()
    }

    /// The outcomes of arms, in order. Axes, and ties to them, may move how the run is made: arms that agree in that run
    /// together.
    fn run_all(plans: &[Plan]) -> Vec<ArmOutcome> {
        let mut groups: Vec<(Run, Vec<usize>)> = Vec::new();
        for (place, plan) in plans.iter().enumerate() {
            // Stream and replicate are taken from the plan.
            let run = Run { stream: 0, replicate: 0, ..plan.scenario.run.clone() };
            match groups.iter_mut().find(|(known, _)| *known == run) {
                Some((_, group)) => group.push(place),
                None => groups.push((run, vec![place])),
            }
        }
        if let [(run, _)] = groups.as_slice() {
            return run_many(plans, run);
        }
        let mut outcomes: Vec<(usize, ArmOutcome)> = Vec::with_capacity(plans.len());
        for (run, group) in groups {
            let plans: Vec<Plan> = group.iter().map(|place| plans[*place].clone()).collect();
            outcomes.extend(group.into_iter().zip(run_many(&plans, &run)));
        }
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }

    /// The scenarios of some runs, with the drives that they then have; or why one has none.
    fn prepare_all(&self, runs: &[u64]) -> Vec<Point> {
        let mut points = Vec::with_capacity(runs.len());
        let (mut places, mut valid) = (Vec::new(), Vec::new());
        for (place, run) in runs.iter().enumerate() {
            let (point, scenario) = self.scenario_at(*run);
            points.push(point);
            if let Some(scenario) = scenario {
                places.push(place);
                valid.push(scenario);
            }
        }
        let calibrated = calibrate_scenarios(&valid.iter().collect::<Vec<_>>());
        for ((place, scenario), calibration) in places.into_iter().zip(valid).zip(calibrated) {
            let point = &mut points[place];
            point.ready = calibration.map_err(|error| no_steady_state(&error)).and_then(|calibration| {
                point.plans = self.plans_of(&scenario, &calibration)?;
                Ok((scenario, calibration))
            });
        }
        points
    }

    /// The arms of a point, to be run.
    fn plans_of(&self, scenario: &Scenario, calibration: &Calibrated) -> Result<Vec<Plan>, (String, String)> {
        let calibrated = Scenario { circuit: calibration.circuit.clone(), ..scenario.clone() };
        let plans = plans(&calibrated, &calibration.rates).map_err(|error| ("invalid".into(), error.to_string()))?;
        let compares = self.readouts.iter().any(|readout| readout.what.compares());
        let needed = plans.into_iter().filter(|plan| self.needed.contains(&plan.arm.name));
        Ok(needed.map(|plan| Plan { records: false, watches: self.watches.clone(), compares, ..plan }).collect())
    }

    /// A run, and the scenario there; or, in the point, what makes it invalid.
    fn scenario_at(&self, run: u64) -> (Point, Option<Scenario>) {
        let (index, replicate) = (run / self.replicates, run % self.replicates);
        let axes = self.design.point(index);
        let stream = self.stream(&axes);
        let mut scenario = self.scenario.clone();
        let set = self.design.axes().iter().zip(&axes).try_for_each(|(axis, value)| {
            scenario.set(&axis.path, &value.setting).map(drop).map_err(|error| error.to_string())
        });
        if let (Calibration::Hold, Some(held)) = (scenario.run.drive, &self.held) {
            scenario.circuit.hold(&held.drives);
        }
        scenario.run.stream = stream;
        scenario.run.replicate = replicate;
        let valid = set.and_then(|()| validate(&scenario).first().map_or(Ok(()), |problem| Err(problem.to_string())));
        let (scenario, problem) = match valid {
            Ok(()) => (Some(scenario), String::new()),
            Err(problem) => (None, problem),
        };
        let ready = Err(("invalid".into(), problem));
        (Point { index, replicate, stream, axes, ready, plans: Vec::new() }, scenario)
    }

    /// The noise stream of a point: 0 where points share it, or else a hash of what makes the point.
    pub fn stream(&self, axes: &[AxisValue]) -> u64 {
        if self.noise == NoiseStreams::Shared {
            return 0;
        }
        let bytes = |text: &str, sum: u64| text.bytes().fold(sum, |sum, byte| hash(sum, u64::from(byte)));
        let mixed = self.design.axes().iter().zip(axes).fold(1, |sum, (axis, value)| {
            let sum = bytes(&axis.path, sum);
            match (value.number, &value.setting) {
                (Some(number), _) => hash(sum, number.to_bits()),
                (None, Setting::Number(number)) => hash(sum, number.to_bits()),
                (None, Setting::Text(text)) => bytes(text, sum),
                (None, Setting::Flag(flag)) => hash(sum, u64::from(*flag)),
                (None, list @ Setting::List(_)) => bytes(&list.to_string(), sum),
            }
        });
        // TOML has signed integers, and 0 is the shared stream.
        (mixed >> 1).max(1)
    }

    fn read(&self, point: Point, outcomes: Vec<ArmOutcome>) -> Vec<Row> {
        let row = |arm: &str, status: &str, problem: &str, readouts| Row {
            point: point.index,
            replicate: point.replicate,
            stream: point.stream,
            arm: arm.to_owned(),
            status: status.to_owned(),
            problem: problem.to_owned(),
            axes: point.axes.clone(),
            readouts,
        };
        let nothing = || vec![f64::NAN; self.readouts.len()];
        let (scenario, calibration) = match point.ready {
            Ok((scenario, calibration)) => (scenario, calibration),
            Err((status, problem)) => {
                return self.arms.iter().map(|arm| row(arm, &status, &problem, nothing())).collect();
            }
        };
        let outcome = Outcome { scenario, calibration, arms: outcomes };
        let (summary, scenario) = (summarise(&outcome), &outcome.scenario);
        let kept = summary.arms.iter().filter(|arm| self.arms.contains(&arm.name));
        let numbers = |arm: &ArmSummary| self.readouts.iter().map(|readout| value(readout, arm, scenario)).collect();
        kept.map(|arm| row(&arm.name, &arm.status, arm.problem.as_deref().unwrap_or(""), numbers(arm))).collect()
    }
}

fn no_steady_state(error: &RestError) -> (String, String) {
    ("no-steady-state".into(), error.to_string())
}

/// A run on its way.
struct Point {
    index: u64,
    replicate: u64,
    stream: u64,
    axes: Vec<AxisValue>,
    /// The scenario and its rest, or a status and what is wrong.
    ready: Result<(Scenario, Calibrated), (String, String)>,
    plans: Vec<Plan>,
}
