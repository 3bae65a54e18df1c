//! An arm at one moment: the circuit as stress, drugs and injections have made it.

use super::fast;
use super::slow::run_to_end;
use crate::circuit::entries::still_outputs;
use crate::circuit::{Rows, Shape};
use crate::experiment::{Held, Model, Plan, Work};
use crate::numeric::lanes::Row;
use crate::scenario::{Run, Time};

/// An arm at one moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When, in min.
    pub minutes: f64,
    /// Whether the circuit is on its way at that moment of a run in fast time, and not at rest.
    pub moving: bool,
    /// The circuit's populations and connections.
    pub shape: Shape<1>,
    /// The circuit's numbers under all effects, the same in every lane.
    pub rows: Rows<1>,
    /// Its variables.
    pub variables: Vec<f64>,
    /// The arm, with its slow variables held.
    pub held: Held,
    /// Rates in Hz.
    pub rates: Vec<f64>,
    /// Rates in Hz, then what the channels of the synapses give.
    pub outputs: Vec<f64>,
    /// Drive of each population without any effect, in input units.
    pub background: Vec<f64>,
    /// Weight of each connection without any effect, in input units per Hz.
    pub resting_weights: Vec<f64>,
    /// Input injected into each population, in input units.
    pub injected: Vec<f64>,
    /// Noise of each population at that moment of fast time, in input units (Hz where it enters the rate).
    pub noise: Vec<f64>,
    /// What signals add to the drives.
    pub drive_effects: Vec<DriveEffect>,
}

/// What one signal adds to the drive of one population.
#[derive(Clone, Debug, PartialEq)]
pub struct DriveEffect {
    /// The population, by index.
    pub population: usize,
    /// The signal.
    pub signal: String,
    /// How much, in input units.
    pub drive: f64,
}

/// An arm at a time in min, followed there from the start of its run: in slow time, or, of a scenario in fast time, as its run
/// itself goes, noise and stimuli included.
///
/// # Errors
/// Why the arm does not get there.
pub fn moment(plan: &Plan, run: &Run, minutes: f64) -> Result<Moment, String> {
    moments(plan, run, &[minutes]).pop().unwrap_or_else(|| Err("no time was asked for".into()))
}

/// The same at several times in min, in any order: an arm in fast time is followed only once, up to the last of them. Each
/// gives why the arm does not get there, where it does not.
pub fn moments(plan: &Plan, run: &Run, minutes: &[f64]) -> Vec<Result<Moment, String>> {
    let plan = Plan { records: false, watches: [].into(), compares: false, ..plan.clone() };
    let model = Model::<1>::build(&[&plan]);
    match run.time {
        Time::Slow => minutes.iter().map(|at| in_slow_time(model.clone(), &plan, run, *at)).collect(),
        Time::Fast => {
            let mut sorted = minutes.to_vec();
            sorted.sort_by(f64::total_cmp);
            sorted.dedup();
            let ends = fast::at_moments(&model, &plan, run, &sorted);
            let found: Vec<Result<Moment, String>> =
                ends.into_iter().zip(&sorted).map(|(end, at)| in_fast_time(&model, &plan, (end, *at))).collect();
            let place = |at: &f64| sorted.partition_point(|known| known.total_cmp(at).is_lt());
            minutes.iter().filter_map(|at| found.get(place(at)).cloned()).collect()
        }
    }
}

fn in_slow_time(model: Model<1>, plan: &Plan, run: &Run, minutes: f64) -> Result<Moment, String> {
    let run = Run { to: minutes, report: Vec::new(), record: None, ..run.clone() };
    let end = run_to_end(&model, plan, &run);
    if let Some(problem) = end.outcome.status.problem() {
        return Err(problem);
    }
    let mut outputs = vec![Row::ZERO; model.shape.outputs()];
    let place = (&model.shape, &end.work.rows);
    still_outputs(place, &end.circuit, &mut outputs);
    Ok(Moment {
        minutes,
        moving: false,
        rates: rates(&model, &end.work),
        outputs: first(&outputs),
        background: background(&model),
        resting_weights: first(&model.circuit.weight),
        injected: first(&end.inputs.injected),
        noise: vec![0.0; model.shape.size()],
        drive_effects: drive_effects(&model, &end.work),
        variables: first(&end.circuit),
        held: Held::of_arm(plan, first(&end.states), minutes),
        rows: end.work.rows,
        shape: model.shape,
    })
}

fn in_fast_time(model: &Model<1>, plan: &Plan, (end, minutes): (fast::End, f64)) -> Result<Moment, String> {
    if let Some(problem) = end.outcome.status.problem() {
        return Err(problem);
    }
    Ok(Moment {
        minutes,
        moving: !end.stands,
        rates: rates(model, &end.work),
        outputs: first(&end.outputs),
        background: background(model),
        resting_weights: first(&model.circuit.weight),
        injected: end.injected,
        noise: end.noise,
        drive_effects: drive_effects(model, &end.work),
        variables: first(&end.circuit),
        held: Held::of_arm(plan, first(&end.states), minutes),
        rows: end.rows,
        shape: model.shape.clone(),
    })
}

fn first(rows: &[Row<1>]) -> Vec<f64> {
    rows.iter().map(|row| row.get(0)).collect()
}

fn rates(model: &Model<1>, work: &Work<1>) -> Vec<f64> {
    model.rate_signals.iter().map(|signal| work.signals[*signal].get(0)).collect()
}

fn background(model: &Model<1>) -> Vec<f64> {
    model.circuit.populations.iter().map(|numbers| numbers.drive.get(0)).collect()
}

fn drive_effects(model: &Model<1>, work: &Work<1>) -> Vec<DriveEffect> {
    let drives = model.effects.drives(&work.signals, &model.rest);
    let named = |(population, signal, drive): (usize, usize, Row<1>)| DriveEffect {
        population,
        signal: model.board.names()[signal].clone(),
        drive: drive.get(0),
    };
    drives.into_iter().map(named).collect()
}
