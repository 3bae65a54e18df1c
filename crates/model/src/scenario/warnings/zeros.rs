//! Numbers of 0 that switch off what the scenario's own file writes around them.

use super::{Subject, Warning, below};
use crate::scenario::Effect;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let mut zeros = of_pharmacology(subject);
    zeros.extend(of_circuit(subject));
    zeros.retain(|(path, _)| subject.is_own(path) && !subject.is_changed(path));
    zeros
        .into_iter()
        .map(|(path, what)| Warning::new(path, format!("{what} of 0 does nothing"), "another number, or none of it"))
        .collect()
}

fn of_pharmacology(subject: &Subject<'_>) -> Vec<(String, &'static str)> {
    let scenario = subject.scenario;
    let mut zeros = Vec::new();
    for (name, receptor) in &scenario.receptors {
        let path = below("receptors", &[name]);
        for (population, site) in &receptor.on {
            let path = below(&path, &["on", population]);
            if site.fraction == 0.0 {
                zeros.push((below(&path, &["fraction"]), "a share of the cells"));
            }
            let gates = site.desensitisation_gate.iter().filter(|(_, gate)| **gate == 0.0);
            zeros.extend(gates.map(|(signal, _)| (below(&path, &["desensitisation_gate", signal]), "a gate")));
            zeros.extend(of_effects(&below(&path, &["effects"]), &site.effects));
        }
        if receptor.tone.as_ref().is_some_and(|tone| tone.occupancy_ratio == 0.0) {
            zeros.push((below(&path, &["tone", "occupancy_ratio"]), "a tone"));
        }
        for (index, binding) in receptor.binds.iter().enumerate() {
            if binding.enhanced_by.as_ref().is_some_and(|enhancement| enhancement.gain == 0.0) {
                zeros.push((format!("{path}.binds.{index}.enhanced_by.gain"), "an enhancement"));
            }
        }
    }
    for (name, ligand) in &scenario.ligands {
        if ligand.release.as_ref().is_some_and(|release| release.maximum == 0.0) {
            zeros.push((below("ligands", &[name, "release", "maximum"]), "a release"));
        }
        for (species, kinetics) in &ligand.kinetics {
            let path = below("ligands", &[name, "kinetics", species]);
            let none = [("bioavailability", kinetics.bioavailability), ("unbound_fraction", kinetics.unbound_fraction)];
            let none = none.into_iter().filter(|(_, share)| *share == 0.0);
            zeros.extend(none.map(|(key, _)| (below(&path, &[key]), "a share that arrives")));
        }
    }
    for (name, phenotype) in &scenario.stress.phenotypes {
        zeros.extend(of_effects(&below("stress.phenotypes", &[name, "effects"]), &phenotype.effects));
    }
    for (name, plasticity) in &scenario.plasticity {
        let path = below("plasticity", &[name]);
        zeros.extend(of_effects(&below(&path, &["effects"]), &plasticity.effects));
        if plasticity.target.maximum == 0.0 {
            zeros.push((below(&path, &["target", "maximum"]), "a target"));
        }
    }
    let flat = scenario.indices.iter().filter(|(_, index)| !index.of.is_empty() && index.slope == 0.0);
    zeros.extend(flat.map(|(name, _)| (below("indices", &[name, "slope"]), "a slope")));
    zeros
}

fn of_circuit(subject: &Subject<'_>) -> Vec<(String, &'static str)> {
    let mut zeros = Vec::new();
    for (name, population) in &subject.scenario.circuit.written().populations {
        let path = below("populations", &[name]);
        if population.noise.as_ref().is_some_and(|noise| noise.sigma == 0.0) {
            zeros.push((below(&path, &["noise", "sigma"]), "noise"));
        }
        if population.adaptation.as_ref().is_some_and(|adaptation| adaptation.strength == 0.0) {
            zeros.push((below(&path, &["adaptation", "strength"]), "adaptation"));
        }
        let event = population.dendrite.as_ref().and_then(|dendrite| dendrite.event.as_ref());
        if event.is_some_and(|event| event.size == 0.0) {
            zeros.push((below(&path, &["dendrite", "event", "size"]), "a dendritic event"));
        }
    }
    zeros
}

fn of_effects(path: &str, effects: &[Effect]) -> Vec<(String, &'static str)> {
    let mut zeros = Vec::new();
    for (index, effect) in effects.iter().enumerate() {
        let path = format!("{path}.{index}");
        let amounts = [
            ("drive", effect.drive),
            ("output", effect.output),
            ("weight", effect.weight),
            ("gain", effect.gain),
            ("tau", effect.tau),
            ("sigma", effect.sigma),
            ("adaptation", effect.adaptation),
        ];
        let none = amounts.into_iter().filter(|(_, amount)| *amount == Some(0.0));
        zeros.extend(none.map(|(key, _)| (below(&path, &[key]), "an effect")));
        for (key, signals) in [("reduced_by", &effect.reduced_by), ("raised_by", &effect.raised_by)] {
            let none = signals.iter().filter(|(_, factor)| **factor == 0.0);
            zeros.extend(none.map(|(signal, _)| (below(&path, &[key, signal]), "a factor")));
        }
    }
    zeros
}
