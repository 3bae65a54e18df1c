//! Checks of receptors, ligands, stress and plasticity.

use super::Checks;
use crate::scenario::declare::Level;
use crate::scenario::ligand::{Kinetics, Ligand, Route};
use crate::scenario::path::joined;
use crate::scenario::plasticity::{Index, Plasticity};
use crate::scenario::receptor::{Receptor, Site};

impl Checks<'_> {
    pub(super) fn pharmacology(&mut self) {
        let scenario = self.scenario;
        for (name, receptor) in &scenario.receptors {
            let path = joined("receptors", name);
            self.plain_name(&path, name);
            self.receptor(&path, receptor);
        }
        for (name, ligand) in &scenario.ligands {
            let path = joined("ligands", name);
            self.plain_name(&path, name);
            self.ligand(&path, ligand);
        }
        self.stress();
        for (name, plasticity) in &scenario.plasticity {
            let path = joined("plasticity", name);
            self.plain_name(&path, name);
            self.plasticity(&path, plasticity);
        }
        for (name, index) in &scenario.indices {
            let path = joined("indices", name);
            self.plain_name(&path, name);
            self.index(&path, index);
        }
    }

    fn receptor(&mut self, path: &str, receptor: &Receptor) {
        let mut seen: Vec<&str> = Vec::new();
        for (index, binding) in receptor.binds.iter().enumerate() {
            let path = joined(&joined(path, "binds"), &index.to_string());
            self.known_ligand(joined(&path, "ligand"), &binding.ligand);
            if seen.contains(&binding.ligand.as_str()) {
                let message = format!("`{}` is already among the ligands that bind here", binding.ligand);
                self.report(joined(&path, "ligand"), message, "each ligand once");
            }
            seen.push(&binding.ligand);
            if let Some(enhancement) = &binding.enhanced_by {
                self.known_ligand(joined(&joined(&path, "enhanced_by"), "ligand"), &enhancement.ligand);
            }
        }
        for (index, blocker) in receptor.blocked_by.iter().enumerate() {
            let path = joined(&joined(path, "blocked_by"), &index.to_string());
            self.known_ligand(joined(&path, "ligand"), &blocker.ligand);
            let ic50 = joined(&path, "IC50");
            for population in blocker.ic50.named.keys() {
                self.known_population(joined(&ic50, population), population);
            }
            for population in receptor.on.keys().filter(|population| blocker.ic50.of(population).is_none()) {
                let message = format!("no IC50 is given for `{population}`, which carries the receptor");
                self.report(ic50.clone(), message, "one IC50 for all, or one for each population");
            }
        }
        for (population, site) in &receptor.on {
            let path = joined(&joined(path, "on"), population);
            self.known_population(path.clone(), population);
            self.site(&path, receptor, site, population);
        }
    }

    fn site(&mut self, path: &str, receptor: &Receptor, site: &Site, population: &str) {
        self.effects(&joined(path, "effects"), &site.effects, Some(population));
        let gate = joined(path, "desensitisation_gate");
        for signal in site.desensitisation_gate.keys() {
            self.signal(joined(&gate, signal), signal);
        }
        if !site.desensitisation_gate.is_empty() && receptor.desensitisation.is_none() {
            self.report(gate, "the receptor does not desensitise", "`desensitisation = { onset = …, recovery = … }`");
        }
    }

    fn ligand(&mut self, path: &str, ligand: &Ligand) {
        for (form, potencies) in &ligand.forms {
            let path = joined(&joined(path, "forms"), form);
            self.plain_name(&path, form);
            for receptor in potencies.potency.keys() {
                self.known_receptor(joined(&path, receptor), receptor);
            }
        }
        if let Some(release) = &ligand.release {
            let path = joined(path, "release");
            self.signal(joined(&path, "by"), &release.by);
            if ligand.tone.is_none() {
                self.report(path, "release scales the endogenous tone, and there is none", "`tone = \"1 nM\"`");
            }
        }
        for (species, kinetics) in &ligand.kinetics {
            self.kinetics(&joined(&joined(path, "kinetics"), species), kinetics, ligand);
        }
    }

    fn kinetics(&mut self, path: &str, kinetics: &Kinetics, ligand: &Ligand) {
        match (&kinetics.peak, kinetics.volume) {
            (Some(_), Some(_)) => {
                self.report(joined(path, "volume"), "both `peak` and `volume` are given", "one of them");
            }
            (None, None) => self.report(
                path,
                "neither `peak` nor `volume` is given",
                "`peak = { concentration = …, dose = … }`, or `volume` with the ligand's `molar_mass`",
            ),
            (None, Some(_)) if ligand.molar_mass.is_none() => {
                let message = "a volume of distribution needs the ligand's `molar_mass`";
                self.report(joined(path, "volume"), message, "`molar_mass = \"237.7 g/mol\"` in the ligand");
            }
            _ => {}
        }
        let factors = [
            ("bioavailability", kinetics.bioavailability),
            ("unbound_fraction", kinetics.unbound_fraction),
            ("brain_to_plasma", kinetics.brain_to_plasma),
        ];
        for (key, factor) in factors.iter().filter(|(_, factor)| kinetics.peak.is_some() && *factor != 1.0) {
            let message =
                format!("{key} {factor} has no effect beside `peak`, which is the free concentration at the receptor");
            self.report(joined(path, key), message, "`volume` in place of `peak`, or another `peak`");
        }
        let intravenous = kinetics.route == Route::Intravenous;
        match kinetics.absorption_half_life {
            Some(_) if intravenous => {
                let message = "an intravenous dose is not absorbed";
                self.report(joined(path, "absorption_half_life"), message, "another route, or no absorption");
            }
            None if !intravenous => {
                self.report(path, "`absorption_half_life` is missing", "a time such as \"2 min\" (or route = \"iv\")");
            }
            _ => {}
        }
        if !intravenous && kinetics.peak.as_ref().is_some_and(|peak| peak.infusion.is_some()) {
            let path = joined(&joined(path, "peak"), "infusion");
            self.report(path, "only an intravenous dose can be an infusion", "route = \"iv\"");
        }
        let slower = |fast: f64| fast >= kinetics.elimination_half_life;
        if kinetics.distribution.as_ref().is_some_and(|phase| slower(phase.half_life)) {
            let path = joined(&joined(path, "distribution"), "half_life");
            self.report(path, "distribution is not faster than elimination", "less than `elimination_half_life`");
        }
    }

    fn stress(&mut self) {
        let stress = &self.scenario.stress;
        let names = || stress.phenotypes.keys().map(String::as_str);
        if !stress.phenotype.is_empty() {
            self.known("stress.phenotype".into(), "stress phenotype", &stress.phenotype, names());
        }
        for (name, phenotype) in &stress.phenotypes {
            let path = joined("stress.phenotypes", name);
            self.plain_name(&path, name);
            self.effects(&joined(&path, "effects"), &phenotype.effects, None);
        }
    }

    fn plasticity(&mut self, path: &str, plasticity: &Plasticity) {
        let target = joined(path, "target");
        let of = plasticity.target.of.as_str();
        if !of.is_empty() {
            self.signal(joined(&target, "of"), of);
        }
        let never_at_rest = of == "stress" || self.is_given(of);
        if matches!(plasticity.target.half, Level::OfRest(_)) && never_at_rest {
            let message = format!("`{of}` is 0 at rest, and so is every multiple of that");
            self.report(joined(&target, "half"), message, "a level, in the signal's own unit");
        }
        if let Some(hastening) = &plasticity.fall_hastened_by {
            let path = joined(path, "fall_hastened_by");
            for name in hastening.by.keys() {
                self.signal(joined(&path, name), name);
            }
            for (key, signals) in [("reduced_by", &hastening.reduced_by), ("raised_by", &hastening.raised_by)] {
                for name in signals.keys() {
                    self.signal(joined(&joined(&path, key), name), name);
                }
            }
        }
        self.effects(&joined(path, "effects"), &plasticity.effects, None);
    }

    /// Whether a signal is the concentration of a ligand that is there only when it is given.
    fn is_given(&self, signal: &str) -> bool {
        let ligand = signal.split('.').nth(1).filter(|_| signal.starts_with("concentration."));
        ligand.and_then(|name| self.scenario.ligands.get(name)).is_some_and(|ligand| ligand.tone.is_none())
    }

    fn index(&mut self, path: &str, index: &Index) {
        match (index.of.is_empty(), index.from.is_empty() && index.onto.is_empty()) {
            (false, true) => self.signal(joined(path, "of"), &index.of),
            (true, false) => {
                let from = self.known_population(joined(path, "from"), &index.from);
                let onto = self.known_population(joined(path, "onto"), &index.onto);
                if from && onto && self.scenario.circuit.weights_between(&index.onto, &index.from).is_empty() {
                    let message = format!("there is no connection from `{}` onto `{}`", index.from, index.onto);
                    self.report(joined(path, "from"), message, format!("a weight under [onto.{}]", index.onto));
                }
            }
            _ => self.report(path, "an index is of a signal or of a connection", "`of`, or `from` and `onto`"),
        }
    }
}
