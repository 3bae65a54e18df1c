//! Experiments: arms, doses, blocks and injections become lanes that lie side by side.

pub mod held;
pub mod model;
pub mod stimulus;
pub mod timeline;

pub use held::{Clamp, Held};
pub use model::{Model, Plan, Work};
pub use timeline::{Inputs, Timeline, as_one};

use crate::pharmacology::CourseKey;
use crate::spec::listing::{Value, list};
use crate::spec::path::PathError;
use crate::spec::readout::Readout;
use crate::spec::watch::Watch;
use crate::spec::{Arm, Scenario};
use std::sync::Arc;

/// The arms of a calibrated scenario, ready to be laid side by side.
///
/// # Errors
/// [`PathError`] where an arm's `set` names no parameter.
pub fn plans(calibrated: &Scenario, resting_rates: &[f64]) -> Result<Vec<Plan>, PathError> {
    let forms = forms_given(calibrated);
    let base = Arc::new(calibrated.clone());
    let watches: Arc<[Watch]> = Readout::watches_of_run(calibrated).into();
    let plan = |(number, arm): (usize, Arm)| {
        Ok(Plan {
            scenario: if arm.set.is_empty() { base.clone() } else { Arc::new(base.for_arm(&arm)?) },
            base: base.clone(),
            resting_rates: resting_rates.to_vec(),
            number,
            forms: forms.clone(),
            records: true,
            watches: watches.clone(),
            compares: true,
            structure: None,
            arm,
        })
    };
    calibrated.resolved_arms().into_iter().enumerate().map(plan).collect()
}

/// The forms of ligands that any arm is given.
fn forms_given(scenario: &Scenario) -> Vec<CourseKey> {
    let given = |arm: &Arm| {
        let doses = arm.doses.iter().map(|dose| (dose.ligand.clone(), dose.form.clone()));
        let baths = arm.baths.iter().map(|bath| (bath.ligand.clone(), bath.form.clone()));
        doses.chain(baths).collect::<Vec<_>>()
    };
    let mut keys = Vec::new();
    for (ligand, form) in scenario.arms.iter().flat_map(given).filter(|(_, form)| !form.is_empty()) {
        let Some(ligand) = scenario.ligands.get_index_of(&ligand) else { continue };
        let key = CourseKey { ligand, form };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// What arms must share to lie in one block: all that is not a number in circuit, receptors, ligands, stress and plasticity,
/// and what of the numbers decides which equations there are; as the arm has it and as it was before the arm changed it; and
/// the forms of ligands that are given.
#[derive(Clone, Debug, PartialEq)]
pub struct Structure {
    circuit: [Vec<u8>; 2],
    values: Vec<(String, Option<Value>)>,
    /// What differed before the arm's `set`; None where nothing did.
    base: Option<Vec<(String, Option<Value>)>>,
    forms: Vec<CourseKey>,
}

impl Structure {
    /// That of an arm.
    pub fn of(plan: &Plan) -> Self {
        let values = structure(&plan.scenario);
        let base = if Arc::ptr_eq(&plan.base, &plan.scenario) { None } else { Some(structure(&plan.base)) };
        Self {
            circuit: circuit_forms(plan),
            base: base.filter(|base| *base != values),
            values,
            forms: plan.forms.clone(),
        }
    }

    /// Whether an arm that is known to agree in all but numbers has this structure.
    pub fn suits(&self, plan: &Plan) -> bool {
        self.circuit == circuit_forms(plan)
    }
}

/// What numbers decide of the equations of an arm's circuit, and of that before the arm's `set`.
fn circuit_forms(plan: &Plan) -> [Vec<u8>; 2] {
    [&plan.scenario, &plan.base].map(|scenario| scenario.circuit.form())
}

/// The parts of a scenario that make a model; the species chooses among the kinetics of its ligands.
const KEPT: [&str; 9] =
    ["populations.", "onto.", "synapses.", "receptors.", "ligands.", "stress.", "plasticity.", "indices.", "species"];

fn structure(scenario: &Scenario) -> Vec<(String, Option<Value>)> {
    let mut bare = Scenario { arms: Vec::new(), ..scenario.clone() };
    let entries = list(&mut bare).into_iter();
    let kept = |path: &str| KEPT.iter().any(|start| path.starts_with(start));
    entries
        .filter(|entry| kept(&entry.path) && !entry.path.ends_with(".rest"))
        .map(|entry| match entry.value {
            Value::Number(_) | Value::OfRest(_) => (entry.path, None),
            value => (entry.path, Some(value)),
        })
        .collect()
}
