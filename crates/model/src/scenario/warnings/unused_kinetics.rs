//! Kinetics that no dose uses: of another species, or of a ligand that nobody gives. Only what stands in the scenario's own file
//! counts; a pharmacology serves scenarios on several species.

use super::{Subject, Warning, below};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let scenario = subject.scenario;
    if !subject.is_whole() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    let all = || scenario.ligands.values().flat_map(|ligand| ligand.kinetics.keys());
    if !scenario.species.is_empty() && all().next().is_some() && !all().any(|species| *species == scenario.species) {
        let mut known: Vec<&str> = all().map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        let message = format!("no ligand has kinetics for the species `{}`", scenario.species);
        warnings.push(Warning::new("species", message, known.join(", ")));
    }
    for (ligand, spec) in &scenario.ligands {
        let given = scenario.arms.iter().flat_map(|arm| &arm.doses).any(|dose| dose.ligand == *ligand)
            || subject.changed.iter().any(|place| place.first().is_some_and(|step| step == "arms"));
        for species in spec.kinetics.keys() {
            let path = below("ligands", &[ligand, "kinetics", species]);
            if !subject.is_own(&below(&path, &["elimination_half_life"])) {
                continue;
            }
            if *species != scenario.species && !subject.is_changed("species") {
                let message =
                    format!("kinetics for the species `{species}`, but the scenario is on `{}`", scenario.species);
                warnings.push(Warning::new(path, message, "`species` of the scenario"));
            } else if !given {
                let message = format!("kinetics of `{ligand}`, which no arm is given a dose of");
                warnings.push(Warning::new(path, message, format!("a dose of `{ligand}`")));
            }
        }
    }
    warnings
}
