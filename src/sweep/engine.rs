//! Runs the points of a design: each is calibrated, its arms lie side by side with those of its neighbours, and what is
//! asked for is read from each.

use super::design::{Design, DesignError};
use super::readout::value;
use crate::equilibrium::{Calibrated, calibrate_scenario};
use crate::experiment::{Plan, Traces, plans};
use crate::numeric::philox::hash;
use crate::readouts::{ArmSummary, compared_with, summarise};
use crate::simulate::{ArmOutcome, Outcome, run_plans};
use crate::spec::readout::Readout;
use crate::spec::sweep::{AxisValue, BoundSweep, NoiseStreams};
use crate::spec::{Calibration, Scenario, Setting, validate};
use fearless_simd::Level;
use rayon::prelude::*;
use std::ops::Range;

/// Vectors side by side: 32 lanes hide the latency of arithmetic.
const VECTORS: usize = 4;

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
        let compared: Vec<String> = arms.iter().flat_map(|arm| compared_with(scenario, arm)).collect();
        let needed = scenario.arms.iter().map(|arm| arm.name.clone());
        let needed = needed.filter(|name| arms.contains(name) || compared.contains(name)).collect();
        let replicates = sweep.replicates.max(1);
        Ok(Self { design, readouts, arms, scenario: scenario.clone(), needed, held, replicates, noise: sweep.noise })
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
    pub fn rows(&self, runs: Range<u64>, level: Level) -> Vec<Row> {
        let points: Vec<Point> = runs.into_par_iter().map(|run| self.prepare(run, level)).collect();
        let plans: Vec<Plan> = points.iter().flat_map(|point| point.plans.iter().cloned()).collect();
        let mut outcomes = run_plans::<VECTORS>(&plans, &self.scenario.run, level).into_iter();
        let outcomes: Vec<Vec<ArmOutcome>> =
            points.iter().map(|point| outcomes.by_ref().take(point.plans.len()).collect()).collect();
        let rows = points.into_par_iter().zip(outcomes).map(|(point, outcomes)| self.read(point, outcomes));
        rows.collect::<Vec<_>>().concat()
    }

    /// The scenario at a run, with the drives that it then has; or why it has none.
    fn prepare(&self, run: u64, level: Level) -> Point {
        let (index, replicate) = (run / self.replicates, run % self.replicates);
        let axes = self.design.point(index);
        let stream = self.stream(&axes);
        let mut point =
            Point { index, replicate, stream, axes, ready: Err((String::new(), String::new())), plans: vec![] };
        point.ready = self.ready(&point, level);
        if let Ok((scenario, calibration)) = &point.ready {
            let calibrated = Scenario { circuit: calibration.circuit.clone(), ..scenario.clone() };
            match plans(&calibrated, &calibration.rates) {
                Ok(plans) => {
                    point.plans = plans.into_iter().filter(|plan| self.needed.contains(&plan.arm.name)).collect();
                    let all = self.readouts.iter().any(Readout::needs_all_signals);
                    let traces = if all { Traces::All } else { Traces::Rates };
                    point.plans.iter_mut().for_each(|plan| plan.traces = traces);
                }
                Err(error) => point.ready = Err(("invalid".into(), error.to_string())),
            }
        }
        point
    }

    fn ready(&self, point: &Point, level: Level) -> Result<(Scenario, Calibrated), (String, String)> {
        let mut scenario = self.scenario.clone();
        if let (Calibration::Hold, Some(held)) = (scenario.run.drive, &self.held) {
            for (population, drive) in scenario.circuit.populations.values_mut().zip(&held.drives) {
                if population.rest.take().is_some() {
                    population.drive = Some(*drive);
                }
            }
        }
        for (axis, value) in self.design.axes().iter().zip(&point.axes) {
            scenario.set(&axis.path, &value.setting).map_err(|error| ("invalid".into(), error.to_string()))?;
        }
        scenario.run.stream = point.stream;
        scenario.run.replicate = point.replicate;
        if let Some(problem) = validate(&scenario).first() {
            return Err(("invalid".into(), problem.to_string()));
        }
        let calibration =
            calibrate_scenario(&scenario, level).map_err(|error| ("no-steady-state".into(), error.to_string()))?;
        Ok((scenario, calibration))
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
            Ok(ready) => ready,
            Err((status, problem)) => {
                return self.arms.iter().map(|arm| row(arm, &status, &problem, nothing())).collect();
            }
        };
        let summary = summarise(&Outcome { scenario: scenario.clone(), calibration, arms: outcomes });
        let kept = summary.arms.iter().filter(|arm| self.arms.contains(&arm.name));
        let numbers = |arm: &ArmSummary| self.readouts.iter().map(|readout| value(readout, arm, &scenario)).collect();
        kept.map(|arm| row(&arm.name, &arm.status, arm.problem.as_deref().unwrap_or(""), numbers(arm))).collect()
    }
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
