//! Receptors that nothing activates.

use super::{Subject, Warning, below};
use crate::scenario::Receptor;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    // A pharmacology file alone may add to receptors that another one gives their ligands.
    if !subject.is_whole() {
        return Vec::new();
    }
    let receptors = subject.scenario.receptors.iter();
    receptors.filter_map(|(name, receptor)| warning(subject, &below("receptors", &[name]), name, receptor)).collect()
}

fn warning(subject: &Subject<'_>, path: &str, name: &str, receptor: &Receptor) -> Option<Warning> {
    let expected = "a `tone`, or an agonist under `binds`";
    if receptor.tone.is_some() {
        return None;
    }
    if receptor.binds.is_empty() && receptor.blocked_by.is_empty() {
        let message = format!("no ligand binds `{name}`, and no tone activates it");
        return Some(Warning::new(path, message, expected));
    }
    let efficacy = |index: usize| format!("{path}.binds.{index}.efficacy");
    let acts = |(index, efficacious): (usize, f64)| efficacious > 0.0 || subject.is_changed(&efficacy(index));
    let is_activated = receptor.binds.iter().map(|binding| binding.efficacy).enumerate().any(acts);
    let message = format!("nothing activates `{name}`: no tone, and nothing that binds has an efficacy above 0");
    (!is_activated).then(|| Warning::new(path, message, expected))
}
