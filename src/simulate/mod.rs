//! Simulation: arms side by side in lanes, in slow or in fast time, recorded as they go.

mod breaks;
pub mod dormand_prince;
mod euler;
mod fast;
mod grid;
mod history;
mod lane;
mod moment;
mod noise;
pub mod recording;
mod resolution;
mod schemes;
mod slow;
mod start;
mod stationary;
mod stepper;
mod stimuli;
mod stride;

pub use moment::{DriveEffect, Moment, moment};
pub use recording::{ArmOutcome, Averaged, Event, EventKind, Recording, Report, Status, Work};
pub use stationary::{REPLICATES, Sampling, rate_series};

use crate::equilibrium::{Calibrated, RestError, calibrate_scenario};
use crate::experiment::{Model, Plan, Structure, plans};
use crate::numeric::lanes::Row;
use crate::spec::path::PathError;
use crate::spec::{Problem, Run, Scenario, Time, validate};
use fearless_simd::Level;
use rayon::prelude::*;

/// What a run of a scenario leaves in memory.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scenario that was run, as it was given.
    pub scenario: Scenario,
    /// The circuit's rest.
    pub calibration: Calibrated,
    /// The arms, in the order of the scenario.
    pub arms: Vec<ArmOutcome>,
}

/// Why a scenario cannot be run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RunError {
    /// It does not hold together.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Problem>),
    /// The circuit has no usable rest.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// An arm sets what does not exist.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// Calibrates a scenario's circuit and runs all its arms.
///
/// # Errors
/// [`RunError`] where the scenario is invalid or its circuit has no stable rest. An arm that diverges or becomes unstable
/// is no error: its [`Status`] says so.
pub fn run(scenario: &Scenario, level: Level) -> Result<Outcome, RunError> {
    let problems = validate(scenario);
    if !problems.is_empty() {
        return Err(RunError::Invalid(problems));
    }
    let calibration = calibrate_scenario(scenario, level)?;
    run_calibrated(scenario, calibration, level)
}

/// Runs all arms of a valid scenario on a circuit that is calibrated already.
///
/// # Errors
/// [`RunError::Path`] where an arm sets what does not exist.
pub fn run_calibrated(scenario: &Scenario, calibration: Calibrated, level: Level) -> Result<Outcome, RunError> {
    let calibrated = Scenario { circuit: calibration.circuit.clone(), ..scenario.clone() };
    let plans = plans(&calibrated, &calibration.rates)?;
    let arms = run_plans::<1>(&plans, &scenario.run, level);
    Ok(Outcome { scenario: scenario.clone(), calibration, arms })
}

/// Runs arms, of one experiment or of many, `8 G` side by side; outcome `i` is that of `plans[i]`. An arm's outcome depends
/// neither on `G` nor on the others.
pub fn run_plans<const G: usize>(plans: &[Plan], run: &Run, level: Level) -> Vec<ArmOutcome> {
    let blocks = blocks(plans, Row::<G>::LANES);
    let outcomes: Vec<Vec<ArmOutcome>> = blocks
        .par_iter()
        .map(|block| {
            let plans: Vec<&Plan> = block.iter().map(|index| &plans[*index]).collect();
            let model = Model::<G>::build(&plans, level);
            match run.time {
                Time::Slow => slow::run(&model, &plans, run, level),
                Time::Fast => fast::run(&model, &plans, run, level),
            }
        })
        .collect();
    let mut arms: Vec<(usize, ArmOutcome)> = blocks.concat().into_iter().zip(outcomes.into_iter().flatten()).collect();
    arms.sort_by_key(|(index, _)| *index);
    arms.into_iter().map(|(_, arm)| arm).collect()
}

/// Arms of equal structure, at most as many together as there are lanes.
fn blocks(plans: &[Plan], lanes: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<(Structure, Vec<usize>)> = Vec::new();
    for (index, structure) in Structure::of_all(plans).into_iter().enumerate() {
        match groups.iter_mut().find(|(known, _)| *known == structure) {
            Some((_, group)) => group.push(index),
            None => groups.push((structure, vec![index])),
        }
    }
    groups.iter().flat_map(|(_, group)| group.chunks(lanes).map(<[usize]>::to_vec)).collect()
}
