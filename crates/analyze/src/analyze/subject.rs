//! What is analysed: a circuit at rest, or as an arm of an experiment has made it at some time.

use super::system::System;
use super::trajectory::Trajectory;
use crate::circuit::build;
use crate::equilibrium::calibration::resting_variables;
use crate::equilibrium::{Calibrated, RestError, calibrate, solved};
use crate::experiment::{Held, Plan, plans};
use crate::scenario::path::PathError;
use crate::scenario::{Circuit, Scenario, Time, nearest};
use crate::simulate::{Moment, moments};
use rayon::prelude::*;

/// The variables of a circuit that fires at its resting rates.
fn resting_state(circuit: &Circuit, rates: &[f64]) -> Vec<f64> {
    let (shape, rows) = build::<1>(&[circuit]);
    resting_variables((&shape, &rows), &[circuit], &[rates]).pop().unwrap_or_default()
}

/// The time, in min after time zero, that is nearest to a default moment: shortly after the main dose.
const DEFAULT_MINUTES: f64 = 10.0;

/// A circuit has settled where no variable is farther from a fixed point, relative to its size (absolutely below 1).
const NEAR: f64 = 1e-3;
/// How long it is followed before it is looked at, in its longest time constants; doubled each time, and how often.
const SETTLING: f64 = 10.0;
const MOST_LENGTHS: usize = 8;

/// A circuit with its name and, if it has one, the state that it is in.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The name of the circuit or of the arm.
    pub name: String,
    /// The circuit, with stress, drugs and injections in its numbers.
    pub system: System,
    /// The variables of the state that it is in; none where a circuit has no stable rest. Of an arm that is on its way at that
    /// moment of a run in fast time ([`Moment::moving`]) the state in which it would settle if all its numbers stayed; none where
    /// it would not.
    pub state: Option<Vec<f64>>,
    /// The variables of the rest that a circuit states, where that is a fixed point but not a stable one.
    pub unstable_rest: Option<Vec<f64>>,
    /// When, in min; none for a circuit at rest.
    pub minutes: Option<f64>,
    /// The arm at that moment; none for a circuit at rest.
    pub moment: Option<Moment>,
    /// The same with its slow variables held, to be changed by knobs.
    pub held: Held,
}

/// Why there is nothing to analyse.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SubjectError {
    /// The circuit has no usable rest.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// An arm sets what does not exist.
    #[error(transparent)]
    Path(#[from] PathError),
    /// There is no such arm.
    #[error(
        "there is no arm `{name}`; expected one of {}{}", known.join(", "),
        nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
    )]
    NoArm {
        /// The name asked for.
        name: String,
        /// The arms there are.
        known: Vec<String>,
        /// The one whose name is nearest.
        nearest: Option<String>,
    },
    /// The moment lies outside of the run.
    #[error("{minutes} min lies outside of the run, which lasts from {from} min to {to} min")]
    OutsideOfRun {
        /// The moment, in min.
        minutes: f64,
        /// Start of the run, in min.
        from: f64,
        /// Its end, in min.
        to: f64,
    },
    /// The arm does not get there.
    #[error("arm `{arm}` does not reach {minutes} min: {reason}")]
    NotReached {
        /// The arm.
        arm: String,
        /// The moment, in min.
        minutes: f64,
        /// Why.
        reason: String,
    },
}

impl SubjectError {
    /// Whether other arms may do better.
    pub fn is_of_one_arm(&self) -> bool {
        matches!(self, Self::NotReached { .. })
    }
}

impl Subject {
    /// A circuit by itself. Where it has no stable rest, its fixed points can be analysed all the same.
    ///
    /// # Errors
    /// [`SubjectError::Rest`] where the drives cannot be solved.
    pub fn circuit(scenario: &Scenario) -> Result<Self, SubjectError> {
        let (circuit, state, rates) = match calibrate(&scenario.circuit) {
            Ok(calibrated) => (calibrated.circuit, Some(calibrated.variables), calibrated.rates),
            Err(error) if error.is_of_motion() => {
                let circuit = solved(&scenario.circuit)?;
                let rates = circuit.populations.values().map(|population| population.rest.unwrap_or(0.0)).collect();
                (circuit, None, rates)
            }
            Err(error) => return Err(error.into()),
        };
        let name = if circuit.name.is_empty() { scenario.name.clone() } else { circuit.name.clone() };
        let system = System::new(&circuit);
        let stated = circuit.populations.values().all(|population| population.rest.is_some());
        let unstable_rest = (state.is_none() && stated).then(|| resting_state(&circuit, &rates));
        let held = Held::at_rest(&Scenario { circuit, ..scenario.clone() }, &rates);
        Ok(Self { name, system, state, unstable_rest, minutes: None, moment: None, held })
    }

    /// Arms of a scenario, each as it is at one time (in min), in the order of the names; at
    /// [`default_minutes`](Self::default_minutes) where no time is given: followed up to that moment as its run goes, in slow or
    /// in fast time.
    ///
    /// # Errors
    /// [`SubjectError`] where there is no rest, no such arm, or the arm does not get there.
    pub fn arms(
        scenario: &Scenario,
        calibration: &Calibrated,
        names: &[String],
        minutes: Option<f64>,
    ) -> Result<Vec<Self>, SubjectError> {
        let minutes = minutes.unwrap_or_else(|| Self::default_minutes(scenario));
        let arms = Self::arms_at(scenario, calibration, names, &[minutes])?;
        arms.into_iter().flatten().collect()
    }

    /// The same at several times (in min): for each name in turn, the arm at each of them, or why it does not get there. In fast
    /// time each arm is followed only once.
    ///
    /// # Errors
    /// [`SubjectError`] where there is no rest, no such arm, or a time lies outside of the run.
    pub fn arms_at(
        scenario: &Scenario,
        calibration: &Calibrated,
        names: &[String],
        times: &[f64],
    ) -> Result<Vec<Vec<Result<Self, SubjectError>>>, SubjectError> {
        let (from, to) = (scenario.run.from, scenario.run.to);
        if let Some(minutes) = times.iter().copied().find(|minutes| !(*minutes >= from && *minutes <= to)) {
            return Err(SubjectError::OutsideOfRun { minutes, from, to });
        }
        let calibrated = Scenario { circuit: calibration.circuit.clone(), ..scenario.clone() };
        let plans = plans(&calibrated, &calibration.rates)?;
        let planned = |name: &String| {
            plans.iter().find(|plan| plan.arm.name == *name).ok_or_else(|| {
                let known: Vec<String> = plans.iter().map(|plan| plan.arm.name.clone()).collect();
                let nearest = nearest(name, known.iter().map(String::as_str));
                SubjectError::NoArm { name: name.clone(), known, nearest }
            })
        };
        let wanted = names.iter().map(planned).collect::<Result<Vec<&Plan>, SubjectError>>()?;
        let one = |plan: &&Plan| {
            let found = moments(plan, &scenario.run, times).into_iter().zip(times);
            let arm = |(moment, minutes): (Result<Moment, String>, &f64)| match moment {
                Ok(moment) => Ok(Self::at_moment(plan, scenario.run.time, moment)),
                Err(reason) => Err(SubjectError::NotReached { arm: plan.arm.name.clone(), minutes: *minutes, reason }),
            };
            found.map(arm).collect()
        };
        Ok(wanted.par_iter().map(one).collect())
    }

    /// An arm at a moment of its run.
    fn at_moment(plan: &Plan, time: Time, moment: Moment) -> Self {
        let circuit = &plan.scenario.circuit;
        let system = System::of(circuit, moment.shape.clone(), moment.rows.clone());
        let state = match time {
            Time::Slow => Some(moment.variables.clone()),
            Time::Fast => settled(&system, &moment.variables),
        };
        Self {
            name: plan.arm.name.clone(),
            system,
            state,
            unstable_rest: None,
            minutes: Some(moment.minutes),
            held: moment.held.clone(),
            moment: Some(moment),
        }
    }

    /// The moment at which arms are analysed unless another is asked for: the report time nearest to 10 min after time
    /// zero; without report times, 10 min or the nearest moment of the run.
    pub fn default_minutes(scenario: &Scenario) -> f64 {
        let far = |minutes: &f64| (minutes - DEFAULT_MINUTES).abs();
        let reports = scenario.run.report.iter().map(|report| report.minutes);
        let nearest = reports.min_by(|one, other| far(one).total_cmp(&far(other)));
        nearest.unwrap_or_else(|| DEFAULT_MINUTES.max(scenario.run.from).min(scenario.run.to))
    }
}

/// The stable state in which a system settles from a state of its variables, without noise and as long as its numbers stay; none
/// where it does not.
fn settled(system: &System, from: &[f64]) -> Option<Vec<f64>> {
    let stable = |state: &[f64]| {
        let eigenvalues = system.at(state).eigenvalues_per_s().ok()?;
        eigenvalues.iter().all(|value| value.re < 0.0).then(|| state.to_vec())
    };
    let near = |one: &[f64], other: &[f64]| {
        one.iter().zip(other).all(|(one, other)| (one - other).abs() <= NEAR * other.abs().max(1.0))
    };
    let here = |place: &[f64]| system.solve(place).filter(|state| near(place, state)).and_then(|state| stable(&state));
    let slowest = (0..system.variables()).map(|variable| system.lag(variable)).fold(0.0, f64::max);
    if slowest == 0.0 {
        return here(from).or_else(|| stable(&system.solve(from)?));
    }
    let mut place = from.to_vec();
    let mut length = SETTLING * slowest;
    for _ in 0..MOST_LENGTHS {
        if let Some(state) = here(&place) {
            return Some(state);
        }
        place = Trajectory::new(system, &place, length, length)?.states.pop()?;
        length *= 2.0;
    }
    here(&place)
}
