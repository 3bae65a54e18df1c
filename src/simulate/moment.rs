//! An arm at one moment: the circuit as stress, drugs and injections have made it.

use super::recording::Status;
use super::slow::run_to_end;
use crate::circuit::equations::still_outputs;
use crate::circuit::{Rows, Shape};
use crate::experiment::{Held, Model, Plan};
use crate::numeric::lanes::{Row, dispatch};
use crate::spec::{Run, Time};
use fearless_simd::Level;

/// An arm at one moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When, in min.
    pub minutes: f64,
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

/// An arm at a time in min, followed there from the start of its run in slow time.
///
/// # Errors
/// Why the arm does not get there.
pub fn moment(plan: &Plan, run: &Run, minutes: f64, level: Level) -> Result<Moment, String> {
    let run = Run { time: Time::Slow, to: minutes, report: Vec::new(), record: None, ..run.clone() };
    let plan = Plan { records: false, watches: [].into(), compares: false, ..plan.clone() };
    let model = Model::<1>::build(&[&plan], level);
    let end = run_to_end(&model, &plan, &run, level);
    match end.outcome.status {
        Status::Done => {}
        Status::Diverged { at } => {
            return Err(format!("a rate ran away, or a signal ceased to be finite, at {at:.4} min"));
        }
        Status::Unstable { at, reason } => return Err(format!("at {at:.4} min {reason}")),
    }
    let first = |rows: &[Row<1>]| rows.iter().map(|row| row.get(0)).collect::<Vec<_>>();
    let drives = dispatch!(level, simd => model.effects.drives(simd, &end.work.signals, &model.rest));
    let named = |(population, signal, drive): (usize, usize, Row<1>)| DriveEffect {
        population,
        signal: model.board.names()[signal].clone(),
        drive: drive.get(0),
    };
    let mut outputs = vec![Row::ZERO; model.shape.outputs()];
    let place = (&model.shape, &end.work.rows);
    dispatch!(level, simd => still_outputs(simd, place, &end.circuit, &mut outputs));
    let rates = model.rate_signals.iter().map(|signal| end.work.signals[*signal].get(0)).collect();
    Ok(Moment {
        minutes,
        rates,
        outputs: first(&outputs),
        background: model.circuit.populations.iter().map(|numbers| numbers.drive.get(0)).collect(),
        resting_weights: first(&model.circuit.weight),
        injected: first(&end.inputs.injected),
        drive_effects: drives.into_iter().map(named).collect(),
        variables: first(&end.circuit),
        held: Held::of_arm(&plan, first(&end.states), minutes),
        rows: end.work.rows,
        shape: model.shape,
    })
}
