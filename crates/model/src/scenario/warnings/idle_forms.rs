//! Potencies of a ligand's forms at receptors that it does not bind.

use super::idle_ligands::binds_to;
use super::{Subject, Warning, below};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    if !subject.is_whole() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (ligand, spec) in &subject.scenario.ligands {
        for (form, potencies) in &spec.forms {
            for receptor in potencies.potency.keys() {
                let read = subject.is_named(&format!("concentration.{ligand}.{receptor}"));
                if !read && !binds_to(subject.scenario, ligand, receptor) {
                    let path = below("ligands", &[ligand, "forms", form, receptor]);
                    let message = format!("`{ligand}` does not bind `{receptor}`: its potency there has no effect");
                    warnings.push(Warning::new(path, message, format!("`{ligand}` among what binds `{receptor}`")));
                }
            }
        }
    }
    warnings
}
