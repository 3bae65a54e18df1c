//! Ligands that are given and bind nothing.

use super::{Subject, Warning, element};
use crate::scenario::Scenario;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let scenario = subject.scenario;
    let mut warnings = Vec::new();
    for (arm, spec) in scenario.arms.iter().enumerate() {
        let doses = spec.doses.iter().enumerate().map(|(index, dose)| ("doses", index, &dose.ligand));
        let baths = spec.baths.iter().enumerate().map(|(index, bath)| ("baths", index, &bath.ligand));
        for (list, index, ligand) in doses.chain(baths) {
            let path = format!("{}.ligand", element(arm, list, index));
            let is_free = scenario.ligands.get(ligand).is_none_or(|spec| spec.free > 0.0);
            if !binds(scenario, ligand) && !subject.is_named(&format!("concentration.{ligand}")) {
                let message =
                    format!("`{ligand}` binds no receptor that cells carry, and nothing follows its concentration");
                let expected = "a receptor that it binds, enhances or blocks";
                warnings.push(Warning::new(path, message, expected));
            } else if !is_free && !subject.is_changed(&format!("ligands.{ligand}.free")) {
                let message = format!("nothing of `{ligand}` is free to bind: `ligands.{ligand}.free` is 0");
                warnings.push(Warning::new(path, message, "a share above 0"));
            }
        }
    }
    warnings
}

/// Whether a ligand binds, enhances or blocks a receptor that some cells carry.
pub(super) fn binds(scenario: &Scenario, ligand: &str) -> bool {
    scenario.receptors.keys().any(|receptor| binds_to(scenario, ligand, receptor))
}

/// Whether a ligand binds, enhances or blocks a receptor.
pub(super) fn binds_to(scenario: &Scenario, ligand: &str, receptor: &str) -> bool {
    scenario.receptors.get(receptor).is_some_and(|receptor| {
        let enhances = |one: &crate::scenario::Binding| one.enhanced_by.as_ref().is_some_and(|it| it.ligand == ligand);
        let bound = receptor.binds.iter().any(|one| one.ligand == ligand || enhances(one));
        let blocked = receptor.blocked_by.iter().any(|one| one.ligand == ligand);
        (bound || blocked) && !receptor.on.is_empty()
    })
}
