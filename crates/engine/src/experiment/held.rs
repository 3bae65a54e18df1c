//! An arm with its slow variables held: drugs, stress and adaptation stand still while the circuit is looked at, and some of
//! them may be clamped at a number of one's own.

use super::model::{Model, Plan, Work};
use super::timeline::{Inputs, Timeline};
use crate::circuit::Rows;
use crate::numeric::lanes::Row;
use crate::scenario::declare::Setting;
use crate::scenario::path::{PathError, SetNumber, segments};
use crate::scenario::{Arm, Scenario};
use std::sync::Arc;

/// An arm at one time, its slow variables held.
#[derive(Clone, Debug)]
pub struct Held {
    plan: Plan,
    /// The slow variables; where there are none, those with which the arm starts.
    states: Option<Vec<f64>>,
    /// When, in min.
    minutes: f64,
}

/// A signal held at a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clamp {
    /// Free concentration of a ligand (by index) at all receptors, in nM. What it releases and what it binds slowly are at
    /// their equilibrium with it.
    Concentration(usize, f64),
    /// Share of a site's receptors (by index) made unavailable, in place of what the arm blocks there.
    Blocked(usize, f64),
    /// Stress level.
    Stress(f64),
}

impl Held {
    /// A calibrated scenario to which nothing is done, with its resting rates in Hz.
    pub fn at_rest(calibrated: &Scenario, resting_rates: &[f64]) -> Self {
        let calibrated = Arc::new(calibrated.clone());
        let plan = Plan {
            arm: Arm::default(),
            scenario: calibrated.clone(),
            base: calibrated,
            resting_rates: resting_rates.to_vec(),
            number: 0,
            forms: Vec::new(),
            records: false,
            watches: [].into(),
            compares: false,
        };
        Self { plan, states: None, minutes: 0.0 }
    }

    /// An arm at a time in min, with its slow variables there.
    pub fn of_arm(plan: &Plan, states: Vec<f64>, minutes: f64) -> Self {
        Self { plan: plan.clone(), states: Some(states), minutes }
    }

    /// The scenario as the arm changes it.
    pub fn scenario(&self) -> &Scenario {
        &self.plan.scenario
    }

    /// The arm's model.
    pub fn model(&self) -> Model<1> {
        Model::build(&[&self.plan])
    }

    /// Changes a parameter as an arm's `set` does: drives, and the rest from which departures are counted, stay. A path into
    /// the arms changes what is done to the arm.
    ///
    /// # Errors
    /// [`PathError`] where there is no such parameter or the value does not fit it.
    pub fn set(&mut self, path: &str, setting: &Setting) -> Result<Option<SetNumber>, PathError> {
        if segments(path).first().is_none_or(|first| first != "arms") {
            return Arc::make_mut(&mut self.plan.scenario).set(path, setting);
        }
        let number = Arc::make_mut(&mut self.plan.base).set(path, setting)?;
        let arms = self.plan.base.resolved_arms();
        if let Some(arm) = arms.into_iter().find(|arm| arm.name == self.plan.arm.name) {
            self.plan.scenario = Arc::new(self.plan.base.for_arm(&arm)?);
            self.plan.arm = arm;
        }
        Ok(number)
    }

    /// The circuit's numbers under all effects, with signals clamped.
    pub fn rows(&self, model: &Model<1>, clamps: &[Clamp]) -> Rows<1> {
        self.evaluate(model, clamps).0.rows
    }

    /// The value of a signal by its name; none where there is no such signal.
    pub fn signal(&self, model: &Model<1>, name: &str) -> Option<f64> {
        let (work, _) = self.evaluate(model, &[]);
        Some(work.signals[model.board.index(name)?].get(0))
    }

    /// The share of a site's receptors (by index) that the arm blocks.
    pub fn blocked(&self, model: &Model<1>, site: usize) -> Option<f64> {
        let (_, inputs) = self.evaluate(model, &[]);
        Some(1.0 - inputs.available.get(site)?.get(0))
    }

    fn evaluate(&self, model: &Model<1>, clamps: &[Clamp]) -> (Work<1>, Inputs<1>) {
        let mut states = model.states.initial.clone();
        for (row, value) in states.iter_mut().zip(self.states.iter().flatten()) {
            *row = Row::splat(*value);
        }
        let populations: Vec<String> = model.shape.populations.iter().map(|known| known.name.clone()).collect();
        let mut inputs = Inputs::none(&model.pharmacology, populations.len());
        let mut timeline = Timeline::new(&self.plan.scenario, &self.plan.arm, &model.pharmacology, &populations);
        timeline.advance(self.minutes, 0.0);
        for lane in 0..Row::<1>::LANES {
            timeline.write(lane, &mut inputs);
        }
        for (row, injected) in inputs.injected.iter_mut().zip(timeline.injected_at(self.minutes)) {
            *row = Row::splat(injected);
        }
        let mut concentrations = Vec::new();
        for clamp in clamps {
            match *clamp {
                Clamp::Concentration(ligand, value) => concentrations.push((ligand, value)),
                Clamp::Blocked(site, share) => {
                    if let Some(available) = inputs.available.get_mut(site) {
                        *available = Row::splat(1.0 - share);
                    }
                }
                Clamp::Stress(level) => states[model.stress.state] = Row::splat(level),
            }
        }
        let time = self.minutes;
        let work = modulated(model, (&inputs, time), &concentrations, &mut states);
        (work, inputs)
    }
}

fn modulated(
    model: &Model<1>,
    (inputs, minutes): (&Inputs<1>, f64),
    concentrations: &[(usize, f64)],
    states: &mut [Row<1>],
) -> Work<1> {
    let mut work = model.work();
    model.show_clamped(&Row::splat(minutes), inputs, concentrations, states, &mut work);
    model.modulate(inputs, &mut work);
    work
}
