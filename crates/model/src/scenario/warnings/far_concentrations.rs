//! Concentrations far above everything that they could act at: mostly a slip of units.

use super::{Subject, Warning, element};
use crate::scenario::declare::Level;
use crate::scenario::{Dose, Scenario};
use crate::units::Dimension;

/// How many times the largest constant at which a ligand acts is too far to mean anything: 99.9 % are bound there.
const FAR: f64 = 1000.0;
const NM_PER_MM: f64 = 1e6;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let scenario = subject.scenario;
    let mut warnings = Vec::new();
    for (arm, spec) in scenario.arms.iter().enumerate() {
        for (index, bath) in spec.baths.iter().enumerate() {
            let path = format!("{}.concentration", element(arm, "baths", index));
            warnings.extend(warning(scenario, path, &bath.ligand, bath.concentration));
        }
        for (index, dose) in spec.doses.iter().enumerate() {
            if let Some(peak) = peak(scenario, dose) {
                let path = format!("{}.amount", element(arm, "doses", index));
                warnings.extend(warning(scenario, path, &dose.ligand, peak));
            }
        }
    }
    warnings
}

fn warning(scenario: &Scenario, path: String, ligand: &str, concentration: f64) -> Option<Warning> {
    let largest = largest_constant(scenario, ligand)?;
    let free = scenario.ligands.get(ligand).map_or(1.0, |ligand| ligand.free);
    let times = concentration * free / largest;
    (times > FAR).then(|| {
        let print = |value: f64| Dimension::Concentration.print(value, scenario.circuit.input_unit, 3);
        let message = format!(
            "about {} of `{ligand}`, {times:.0} times the largest constant at which it acts ({})",
            print(concentration * free),
            print(largest)
        );
        Warning::new(path, message, "a concentration within reach of what it binds; are the units right?")
    })
}

/// The largest dissociation constant, IC50 or half-maximal concentration of a ligand, in nM.
fn largest_constant(scenario: &Scenario, ligand: &str) -> Option<f64> {
    let mut constants = Vec::new();
    for receptor in scenario.receptors.values() {
        for binding in &receptor.binds {
            constants.extend((binding.ligand == ligand).then_some(binding.dissociation));
            let enhancement = binding.enhanced_by.as_ref().filter(|enhancement| enhancement.ligand == ligand);
            constants.extend(enhancement.map(|enhancement| enhancement.dissociation));
        }
        for blocker in receptor.blocked_by.iter().filter(|blocker| blocker.ligand == ligand) {
            constants.extend(blocker.ic50.all.into_iter().chain(blocker.ic50.named.values().copied()));
        }
    }
    let follows = |signal: &str| {
        signal
            .strip_prefix("concentration.")
            .is_some_and(|name| name == ligand || name.starts_with(&format!("{ligand}.")))
    };
    let releases = scenario.ligands.values().filter_map(|ligand| ligand.release.as_ref());
    constants.extend(releases.filter(|release| follows(&release.by)).map(|release| release.ec50));
    for plasticity in scenario.plasticity.values().filter(|plasticity| follows(&plasticity.target.of)) {
        constants.extend(match plasticity.target.half {
            Level::At(half) => Some(half),
            Level::OfRest(_) => None,
        });
    }
    constants.into_iter().reduce(f64::max)
}

/// The free concentration at the receptor after a single dose in nM, about its peak.
fn peak(scenario: &Scenario, dose: &Dose) -> Option<f64> {
    let ligand = scenario.ligands.get(&dose.ligand)?;
    let kinetics = ligand.kinetics.get(&scenario.species)?;
    if let Some(peak) = &kinetics.peak {
        return Some(peak.concentration * dose.amount / peak.dose);
    }
    let absorbed = kinetics.bioavailability * kinetics.unbound_fraction * kinetics.brain_to_plasma;
    Some(dose.amount * absorbed / (kinetics.volume? * ligand.molar_mass?) * NM_PER_MM)
}
