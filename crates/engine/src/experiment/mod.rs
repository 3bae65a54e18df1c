//! Experiments: arms, doses, blocks and injections become lanes that lie side by side.

pub mod held;
pub mod model;
pub mod stimulus;
pub mod timeline;

pub use held::{Clamp, Held};
pub use model::{Model, Plan, Work};
pub use timeline::{Inputs, Timeline, as_one};

use crate::pharmacology::CourseKey;
use crate::scenario::path::PathError;
use crate::scenario::readout::Readout;
use crate::scenario::watch::Watch;
use crate::scenario::{Arm, Scenario};
use rayon::prelude::*;
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

/// What arms must share to lie in one block: all that is not a number of what makes a model, and what of the numbers decides
/// which equations there are ([`Scenario::model_structure`]); as the arm has it and as it was before the arm changed it; and
/// the forms of ligands that are given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    own: Arc<Vec<u8>>,
    base: Arc<Vec<u8>>,
    forms: Vec<CourseKey>,
}

impl Structure {
    /// Those of arms, in their order. A scenario that several share is looked at once.
    pub fn of_all(plans: &[Plan]) -> Vec<Self> {
        let mut shared: Vec<&Arc<Scenario>> = Vec::new();
        let mut places = Vec::with_capacity(plans.len());
        for plan in plans {
            places.push([&plan.scenario, &plan.base].map(|scenario| {
                // Those that share one stand near one another.
                let near = shared.len().saturating_sub(LOOKED_BACK)..shared.len();
                near.rev().find(|place| Arc::ptr_eq(shared[*place], scenario)).unwrap_or_else(|| {
                    shared.push(scenario);
                    shared.len() - 1
                })
            }));
        }
        let looked_at: Vec<Arc<Vec<u8>>> =
            shared.par_iter().map(|scenario| Arc::new(scenario.model_structure())).collect();
        let structure = |(plan, [own, base]): (&Plan, [usize; 2])| Self {
            own: looked_at[own].clone(),
            base: looked_at[base].clone(),
            forms: plan.forms.clone(),
        };
        plans.iter().zip(places).map(structure).collect()
    }
}

/// So many scenarios back it is asked whether an arm's is known already.
const LOOKED_BACK: usize = 16;
