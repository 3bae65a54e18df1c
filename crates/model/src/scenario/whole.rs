//! A scenario: a circuit, its pharmacology and stress, and the arms of an experiment on it.

use super::arm::Arm;
use super::circuit::Circuit;
use super::declare::{Node, Presence, Setting, Visitor};
use super::ligand::Ligand;
use super::path::{self, PathError, SetNumber};
use super::plasticity::{Index, Plasticity};
use super::receptor::Receptor;
use super::run::{Compare, Observed, Run};
use super::stress::Stress;
use indexmap::IndexMap;

/// Everything that an experiment is: typed, in base units, independent of files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// Its name; also that of the output folder.
    pub name: String,
    /// What it shows, in a sentence or two.
    pub description: String,
    /// The circuit's file, as written.
    pub circuit_file: String,
    /// The pharmacology files, as written.
    pub pharmacology_files: Vec<String>,
    /// Whose kinetics apply.
    pub species: String,
    /// The circuit.
    pub circuit: Circuit,
    /// Receptors by name.
    pub receptors: IndexMap<String, Receptor>,
    /// Ligands by name.
    pub ligands: IndexMap<String, Ligand>,
    /// Stress.
    pub stress: Stress,
    /// Plasticity variables by name.
    pub plasticity: IndexMap<String, Plasticity>,
    /// Indices that are recorded for the reader, by name.
    pub indices: IndexMap<String, Index>,
    /// How it is run.
    pub run: Run,
    /// What is measured against what.
    pub compare: Compare,
    /// The arms.
    pub arms: Vec<Arm>,
    /// Measurements to draw over the figures.
    pub observed: Vec<Observed>,
    /// Where numbers come from: path to source, for those that state one.
    pub sources: IndexMap<String, String>,
}

/// The fields of a circuit file.
pub struct CircuitFile<'a>(pub &'a mut Scenario);
/// The fields of a pharmacology file.
pub struct PharmacologyFile<'a>(pub &'a mut Scenario);

impl Node for CircuitFile<'_> {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("name", &mut self.0.circuit.name, Presence::Default, "what the circuit is called in titles");
        visitor.text("description", &mut String::new(), Presence::Default, "what the circuit is");
        self.0.circuit.visit(visitor);
    }
}

impl Node for PharmacologyFile<'_> {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("name", &mut String::new(), Presence::Default, "what the file is called");
        visitor.text("description", &mut String::new(), Presence::Default, "what the file holds");
        self.0.visit_pharmacology(visitor);
    }
}

impl Node for Scenario {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("name", &mut self.name, Presence::Default, "the scenario's name; also that of the output folder");
        visitor.text("description", &mut self.description, Presence::Default, "what the scenario shows");
        visitor.text("circuit", &mut self.circuit_file, Presence::Default, "the circuit's file");
        let called = "what the circuit is called in titles, where no file says so";
        visitor.text("circuit_name", &mut self.circuit.name, Presence::Default, called);
        visitor.texts("pharmacology", &mut self.pharmacology_files, Presence::Default, "the pharmacology files");
        visitor.text("species", &mut self.species, Presence::Default, "whose kinetics apply");
        self.circuit.visit(visitor);
        self.visit_pharmacology(visitor);
        visitor.table("run", &mut self.run, "how the scenario is run and reported");
        visitor.table("compare", &mut self.compare, "what suppression and rescue are measured on and against");
        visitor.list("arms", &mut self.arms, "the arms of the experiment");
        visitor.list("observed", &mut self.observed, "measurements to draw over the figures");
    }
}

impl Scenario {
    /// The parts that make a model, the circuit as it is written; the rest is empty. Every field is named, so that one that is
    /// added must be decided upon.
    pub(super) fn parts_of_model(&self) -> Self {
        #[rustfmt::skip]
        let Self {
            species, circuit, receptors, ligands, stress, plasticity, indices,
            // Words about the model.
            name: _, description: _, circuit_file: _, pharmacology_files: _, sources: _,
            // How it is run and measured, and what is done to it.
            run: _, compare: _, arms: _, observed: _,
        } = self;
        Self {
            species: species.clone(),
            circuit: circuit.written().clone(),
            receptors: receptors.clone(),
            ligands: ligands.clone(),
            stress: stress.clone(),
            plasticity: plasticity.clone(),
            indices: indices.clone(),
            ..Self::default()
        }
    }

    fn visit_pharmacology(&mut self, visitor: &mut dyn Visitor) {
        visitor.map("receptors", &mut self.receptors, "receptors by name");
        visitor.map("ligands", &mut self.ligands, "ligands by name");
        visitor.table("stress", &mut self.stress, "how stress builds up, recovers, and what it does");
        visitor.map("plasticity", &mut self.plasticity, "slow variables that follow a signal, by name");
        visitor.map("indices", &mut self.indices, "numbers recorded for the reader, by name");
    }

    /// Changes the parameter at a path; gives the number that was set, or none where it is no number.
    ///
    /// A population has either a resting rate or a drive: setting the one removes the other. Ties are carried out.
    ///
    /// # Errors
    /// [`PathError`] where there is no such parameter, the value does not fit it, it is tied, or a tie cannot be carried out.
    pub fn set(&mut self, path: &str, setting: &Setting) -> Result<Option<SetNumber>, PathError> {
        let input = self.circuit.input_unit;
        if self.is_tied(path) {
            return Err(PathError::BadValue {
                path: path.to_owned(),
                message: "it is tied to other parameters".into(),
                expected: format!("one of those instead, or no `tie.\"{path}\"`"),
            });
        }
        let before = self.circuit.template.as_deref().cloned();
        let number = path::assign(self, path, setting, input)?;
        self.choose_drive_or_rest(path);
        self.tie().map_err(|error| PathError::BadValue {
            message: format!("`tie.\"{}\"`: {}", error.target, error.message),
            path: path.to_owned(),
            expected: error.expected,
        })?;
        if let Some(before) = before {
            self.circuit.expand_after(&before);
        }
        Ok(number)
    }

    /// Of a resting rate and a drive, the one at this path replaces the other.
    pub(super) fn choose_drive_or_rest(&mut self, path: &str) {
        if let ["populations", name, field] = path::segments(path).iter().map(String::as_str).collect::<Vec<_>>()[..]
            && let Some(population) = self.circuit.written_mut().populations.get_mut(name)
        {
            match field {
                "drive" => population.rest = None,
                "rest" => population.drive = None,
                _ => {}
            }
        }
    }

    /// The arms with `extends` carried out: a child's lists follow its parent's, its `set` overrides, and what it
    /// states itself replaces what it inherits. Arms whose parent is missing, or who extend one another in a circle,
    /// are left as they are; validation reports them.
    pub fn resolved_arms(&self) -> Vec<Arm> {
        self.arms.iter().map(|arm| self.with_ancestors(arm, &mut vec![arm.name.as_str()])).collect()
    }

    fn with_ancestors<'a>(&'a self, arm: &'a Arm, seen: &mut Vec<&'a str>) -> Arm {
        let parent = self.arms.iter().find(|other| !arm.extends.is_empty() && other.name == arm.extends);
        let Some(parent) = parent.filter(|parent| !seen.contains(&parent.name.as_str())) else {
            return arm.clone();
        };
        seen.push(&parent.name);
        let mut merged = self.with_ancestors(parent, seen);
        merged.name.clone_from(&arm.name);
        merged.extends.clone_from(&arm.extends);
        merged.doses.extend(arm.doses.iter().cloned());
        merged.baths.extend(arm.baths.iter().cloned());
        merged.block.extend(arm.block.iter().cloned());
        merged.inject.extend(arm.inject.iter().cloned());
        merged.set.extend(arm.set.iter().map(|(path, value)| (path.clone(), value.clone())));
        if arm.stress.is_some() {
            merged.stress.clone_from(&arm.stress);
        }
        if arm.compare.is_some() {
            merged.compare.clone_from(&arm.compare);
        }
        merged
    }

    /// The scenario as an arm's `set` changes it.
    ///
    /// # Errors
    /// The first path that does not exist or whose value does not fit.
    pub fn for_arm(&self, arm: &Arm) -> Result<Self, PathError> {
        let mut changed = self.clone();
        for (path, setting) in &arm.set {
            changed.set(path, setting)?;
        }
        Ok(changed)
    }

    /// The share of a dose of a ligand that reaches the blood in the scenario's species; 1 where nothing says otherwise.
    pub fn absorbed(&self, ligand: &str) -> f64 {
        let kinetics = self.ligands.get(ligand).and_then(|ligand| ligand.kinetics.get(&self.species));
        kinetics.map_or(1.0, |kinetics| kinetics.bioavailability)
    }

    /// The names of the arms that an arm, with what it inherits, is measured against: healthy and stressed.
    pub fn compared_with(&self, arm: &Arm) -> [String; 2] {
        let pick = |own: Option<&String>, general: &String| match own {
            Some(own) if !own.is_empty() => own.clone(),
            _ => general.clone(),
        };
        let own = arm.compare.as_ref();
        [
            pick(own.map(|own| &own.control), &self.compare.control),
            pick(own.map(|own| &own.stress), &self.compare.stress),
        ]
    }

    /// The population that suppression and rescue are measured on.
    pub fn main_population(&self) -> Option<&str> {
        if self.compare.population.is_empty() { self.circuit.main_population() } else { Some(&self.compare.population) }
    }
}
