//! Simulation: arms side by side in lanes, in slow or in fast time, recorded as they go.

mod breaks;
mod comparing;
pub mod dormand_prince;
mod euler;
mod fast;
mod fast_course;
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
pub mod watch;

pub use comparing::rescue;
pub use comparing::{ABOVE_CONTROL_HZ, Compared, LASTING_RESCUE, NO_DIFFERENCE_HZ};
pub use moment::{DriveEffect, Moment, moment, moments};
pub use recording::{ArmOutcome, Averaged, Event, EventKind, Recording, Report, Status, Work};
pub use resolution::{StepAtRest, step_at_rest};
pub use stationary::{REPLICATES, Sampling, rate_series};

use crate::equilibrium::{Calibrated, RestError, calibrate_scenario};
use crate::experiment::{Model, Plan, Structure, plans};
use crate::numeric::lanes::{Row, WIDE, is_wide};
use crate::numeric::piece::Piece;
use crate::scenario::path::PathError;
use crate::scenario::readout::Readout;
use crate::scenario::{Problem, Run, Scenario, Time, validate};
use comparing::{Comparing, References};
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
pub fn run(scenario: &Scenario) -> Result<Outcome, RunError> {
    let scenario = Readout::with_times_of_run(scenario);
    let problems = validate(&scenario);
    if !problems.is_empty() {
        return Err(RunError::Invalid(problems));
    }
    let calibration = calibrate_scenario(&scenario)?;
    run_calibrated(&scenario, calibration)
}

/// Runs all arms of a valid scenario on a circuit that is calibrated already.
///
/// # Errors
/// [`RunError::Path`] where an arm sets what does not exist.
pub fn run_calibrated(scenario: &Scenario, calibration: Calibrated) -> Result<Outcome, RunError> {
    let scenario = Readout::with_times_of_run(scenario);
    let calibrated = Scenario { circuit: calibration.circuit.clone(), ..scenario.clone() };
    let plans = plans(&calibrated, &calibration.rates)?;
    let arms = run_plans(&plans, &scenario.run);
    Ok(Outcome { scenario, calibration, arms })
}

/// Runs the arms of an experiment, eight side by side; outcome `i` is that of `plans[i]`. An arm's outcome depends neither on
/// how many go side by side nor on the others.
pub fn run_plans(plans: &[Plan], run: &Run) -> Vec<ArmOutcome> {
    run_in_blocks::<1>(plans, run)
}

/// As [`run_plans`], with as many side by side as is fastest where there are many, of many experiments.
pub fn run_many(plans: &[Plan], run: &Run) -> Vec<ArmOutcome> {
    if is_wide() { run_in_blocks::<WIDE>(plans, run) } else { run_in_blocks::<1>(plans, run) }
}

fn run_in_blocks<const G: usize>(plans: &[Plan], run: &Run) -> Vec<ArmOutcome> {
    let blocks = blocks(plans, Row::<G>::LANES);
    let built: Vec<(Model<G>, Vec<&Plan>)> = blocks
        .par_iter()
        .map(|block| {
            let plans: Vec<&Plan> = block.iter().map(|index| &plans[*index]).collect();
            (Model::<G>::build(&plans), plans)
        })
        .collect();
    let places = blocks.concat();
    match run.time {
        Time::Slow => {
            let outcomes: Vec<Vec<_>> = built.par_iter().map(|(model, plans)| slow::run(model, plans, run)).collect();
            compare_courses(plans, in_order(&places, outcomes.into_iter().flatten()))
        }
        Time::Fast => fast::run(&built, &places, plans, run),
    }
}

/// Holds arms whose courses are known as a whole against one another.
fn compare_courses(plans: &[Plan], mut arms: Vec<(ArmOutcome, Vec<Piece>)>) -> Vec<ArmOutcome> {
    let compared: Vec<Compared> = References::of_all(plans)
        .par_iter()
        .zip(plans)
        .enumerate()
        .map(|(place, (references, plan))| {
            let mut comparing = Comparing::new(&plan.base);
            let [control, stress] = references.places.map(|place| place.map(|place| arms[place].1.as_slice()));
            comparing::compare(&mut comparing, &arms[place].1, control, stress);
            comparing.found()
        })
        .collect();
    arms.iter_mut().zip(compared).for_each(|((arm, _), compared)| arm.compared = compared);
    arms.into_iter().map(|(arm, _)| arm).collect()
}

/// Puts what belongs to arms, block by block, into the order of the arms.
fn in_order<T>(places: &[usize], all: impl Iterator<Item = T>) -> Vec<T> {
    let mut placed: Vec<(usize, T)> = places.iter().copied().zip(all).collect();
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, one)| one).collect()
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
