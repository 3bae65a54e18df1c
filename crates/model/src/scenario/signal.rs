//! Signals: named numbers over time. All are recorded and can be read out; some of them may act, on the circuit or on one
//! another.

use super::effect::Effect;
use super::synapse::GateKind;
use super::whole::Scenario;
use crate::units::Dimension;
use std::fmt;

/// The name of a signal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// The stress level: `stress`.
    Stress,
    /// A population's rate in Hz: `rate.POPULATION`.
    Rate(String),
    /// A ligand's free concentration in nM: `concentration.LIGAND`, or, with its forms weighted by their potency at
    /// a receptor, `concentration.LIGAND.RECEPTOR`.
    Concentration {
        /// Which ligand.
        ligand: String,
        /// The receptor whose potencies weight the ligand's forms.
        receptor: Option<String>,
    },
    /// The share of a receptor that a ligand occupies: `occupancy.RECEPTOR.LIGAND`.
    Occupancy {
        /// Which receptor.
        receptor: String,
        /// Which of the ligands that bind it.
        ligand: String,
    },
    /// What a receptor is on a population, such as `activation.RECEPTOR.POPULATION`.
    Site {
        /// What of it.
        what: OfSite,
        /// Which receptor.
        receptor: String,
        /// On which population.
        population: String,
    },
    /// A plasticity variable: `plasticity.NAME`.
    Plasticity(String),
    /// A variable of a class of synapses, for one source, such as `gate.CLASS.SOURCE`.
    Synapses {
        /// Which variable.
        what: OfSynapses,
        /// The class of synapses.
        class: String,
        /// The source population.
        source: String,
    },
    /// What adaptation adds to a population's input: `adaptation.POPULATION`.
    Adaptation(String),
    /// An index: `index.NAME`.
    Index(String),
}

/// A signal of a receptor on a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfSite {
    /// Its activation.
    Activation,
    /// The share of its channels that is blocked.
    Block,
    /// The share of its response that is lost to desensitisation.
    Desensitisation,
}

/// A variable of a class of synapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfSynapses {
    /// u of short-term plasticity.
    Utilisation,
    /// x of short-term plasticity.
    Resources,
    /// The gate.
    Gate,
}

impl OfSite {
    const ALL: [Self; 3] = [Self::Activation, Self::Block, Self::Desensitisation];

    fn word(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Block => "block",
            Self::Desensitisation => "desensitisation",
        }
    }
}

impl OfSynapses {
    const ALL: [Self; 3] = [Self::Utilisation, Self::Resources, Self::Gate];

    fn word(self) -> &'static str {
        match self {
            Self::Utilisation => "utilisation",
            Self::Resources => "resources",
            Self::Gate => "gate",
        }
    }
}

/// What is wrong with a signal's name.
#[derive(Clone, Debug, PartialEq)]
pub struct BadSignal {
    /// The part that is wrong, in a sentence.
    pub message: String,
    /// What is expected there.
    pub expected: String,
    /// The nearest valid signal.
    pub nearest: Option<String>,
}

impl Signal {
    /// Reads a name without asking whether what it names exists. Names hold no dots, so the parts are unambiguous.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        Some(match parts.as_slice() {
            ["stress"] => Self::Stress,
            ["rate", population] => Self::Rate((*population).to_owned()),
            ["concentration", ligand] => Self::Concentration { ligand: (*ligand).to_owned(), receptor: None },
            ["concentration", ligand, receptor] => {
                Self::Concentration { ligand: (*ligand).to_owned(), receptor: Some((*receptor).to_owned()) }
            }
            ["occupancy", receptor, ligand] => {
                Self::Occupancy { receptor: (*receptor).to_owned(), ligand: (*ligand).to_owned() }
            }
            ["plasticity", name] => Self::Plasticity((*name).to_owned()),
            ["adaptation", population] => Self::Adaptation((*population).to_owned()),
            ["index", name] => Self::Index((*name).to_owned()),
            [word, first, second] => {
                let (first, second) = ((*first).to_owned(), (*second).to_owned());
                if let Some(what) = OfSite::ALL.into_iter().find(|what| what.word() == *word) {
                    Self::Site { what, receptor: first, population: second }
                } else {
                    let what = OfSynapses::ALL.into_iter().find(|what| what.word() == *word)?;
                    Self::Synapses { what, class: first, source: second }
                }
            }
            _ => return None,
        })
    }

    /// Reads the name of a signal that is to act, and checks that what it names exists in the scenario, whose signals
    /// ([`Signal::recorded`]) are given.
    ///
    /// # Errors
    /// [`BadSignal`] with the nearest valid signal.
    pub fn resolve(text: &str, scenario: &Scenario, recorded: &[Self]) -> Result<Self, BadSignal> {
        let bad = |message: String| {
            let acting: Vec<String> = recorded.iter().filter(|signal| signal.may_act()).map(Self::to_string).collect();
            BadSignal {
                message,
                expected: "stress, rate.POPULATION, concentration.LIGAND, concentration.LIGAND.RECEPTOR, \
                           occupancy.RECEPTOR.LIGAND, activation.RECEPTOR.POPULATION or plasticity.NAME"
                    .into(),
                nearest: super::nearest(text, acting.iter().map(String::as_str)),
            }
        };
        let signal = Self::parse(text).ok_or_else(|| bad(format!("`{text}` is not a signal")))?;
        if !signal.may_act() {
            return Err(bad(format!("`{text}` is recorded, but cannot act")));
        }
        // A concentration at a receptor is recorded where something refers to it.
        let exists = recorded.contains(&signal) || signal.is_concentration_of(scenario);
        if exists { Ok(signal) } else { Err(bad(format!("there is no signal `{text}` here"))) }
    }

    /// Whether effects, release, plasticity and indices may depend on it. Variables of the fast circuit, and what is reckoned
    /// from the others for the reader alone, act on nothing.
    pub fn may_act(&self) -> bool {
        match self {
            Self::Stress
            | Self::Rate(_)
            | Self::Concentration { .. }
            | Self::Occupancy { .. }
            | Self::Plasticity(_) => true,
            Self::Site { what, .. } => *what == OfSite::Activation,
            Self::Synapses { .. } | Self::Adaptation(_) | Self::Index(_) => false,
        }
    }

    /// What it measures.
    pub fn dimension(&self, scenario: &Scenario) -> Dimension {
        match self {
            Self::Rate(_) => Dimension::Rate,
            Self::Concentration { .. } => Dimension::Concentration,
            Self::Adaptation(_) => Dimension::Input,
            Self::Synapses { what: OfSynapses::Gate, class, .. } => {
                let gate = scenario.circuit.synapses.get(class).and_then(|synapses| synapses.gate.as_ref());
                // A filter follows the rate.
                if gate.is_some_and(|gate| gate.kind == GateKind::Filter) { Dimension::Rate } else { Dimension::Number }
            }
            Self::Stress
            | Self::Occupancy { .. }
            | Self::Site { .. }
            | Self::Plasticity(_)
            | Self::Synapses { .. }
            | Self::Index(_) => Dimension::Number,
        }
    }

    /// Every signal that a run of the scenario records: all that a model has.
    pub fn recorded(scenario: &Scenario) -> Vec<Self> {
        let circuit = &scenario.circuit;
        let mut all: Vec<Self> = circuit.populations.keys().cloned().map(Self::Rate).collect();
        all.extend(circuit.variable_names().iter().skip(all.len()).filter_map(|name| Self::parse(name)));
        all.push(Self::Stress);
        all.extend(scenario.ligands.keys().map(|name| Self::Concentration { ligand: name.clone(), receptor: None }));
        for (name, receptor) in &scenario.receptors {
            let binds = receptor.binds.iter();
            all.extend(binds.map(|one| Self::Occupancy { receptor: name.clone(), ligand: one.ligand.clone() }));
            let there = [
                (OfSite::Activation, true),
                (OfSite::Block, !receptor.blocked_by.is_empty()),
                (OfSite::Desensitisation, receptor.desensitisation.is_some()),
            ];
            for population in receptor.on.keys() {
                let here = there.iter().filter(|(_, there)| *there).map(|(what, _)| *what);
                let (receptor, population) = (name.clone(), population.clone());
                all.extend(here.map(|what| Self::Site {
                    what,
                    receptor: receptor.clone(),
                    population: population.clone(),
                }));
            }
        }
        let referred_to = Self::referred_to(scenario).into_iter().filter_map(|name| Self::parse(&name));
        for signal in referred_to.filter(|signal| matches!(signal, Self::Concentration { receptor: Some(_), .. })) {
            if !all.contains(&signal) {
                all.push(signal);
            }
        }
        all.extend(scenario.plasticity.keys().cloned().map(Self::Plasticity));
        all.extend(scenario.indices.keys().cloned().map(Self::Index));
        all
    }

    /// The names of the signals on which something depends: those that modify effects, on cells, of stress and of plasticity,
    /// that gate desensitisation, that plasticity and indices follow and that raise a release.
    pub fn referred_to(scenario: &Scenario) -> Vec<String> {
        let modifiers =
            |effect: &Effect| effect.reduced_by.keys().chain(effect.raised_by.keys()).cloned().collect::<Vec<_>>();
        let mut names = Vec::new();
        for site in scenario.receptors.values().flat_map(|receptor| receptor.on.values()) {
            names.extend(site.effects.iter().flat_map(modifiers));
            names.extend(site.desensitisation_gate.keys().cloned());
        }
        names.extend(scenario.stress.phenotypes.values().flat_map(|one| &one.effects).flat_map(modifiers));
        names.extend(scenario.plasticity.values().flat_map(|variable| &variable.effects).flat_map(modifiers));
        for variable in scenario.plasticity.values() {
            names.push(variable.target.of.clone());
            if let Some(hastening) = &variable.fall_hastened_by {
                let all = hastening.by.keys().chain(hastening.reduced_by.keys()).chain(hastening.raised_by.keys());
                names.extend(all.cloned());
            }
        }
        names.extend(scenario.indices.values().map(|index| index.of.clone()).filter(|of| !of.is_empty()));
        let releases = scenario.ligands.values().filter_map(|ligand| ligand.release.as_ref());
        names.extend(releases.map(|release| release.by.clone()));
        names
    }

    fn is_concentration_of(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Concentration { ligand, receptor } => {
                let known = |receptor: &String| scenario.receptors.contains_key(receptor);
                scenario.ligands.contains_key(ligand) && receptor.as_ref().is_none_or(known)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stress => write!(formatter, "stress"),
            Self::Rate(population) => write!(formatter, "rate.{population}"),
            Self::Concentration { ligand, receptor: None } => write!(formatter, "concentration.{ligand}"),
            Self::Concentration { ligand, receptor: Some(receptor) } => {
                write!(formatter, "concentration.{ligand}.{receptor}")
            }
            Self::Occupancy { receptor, ligand } => write!(formatter, "occupancy.{receptor}.{ligand}"),
            Self::Site { what, receptor, population } => {
                write!(formatter, "{}.{receptor}.{population}", what.word())
            }
            Self::Plasticity(name) => write!(formatter, "plasticity.{name}"),
            Self::Synapses { what, class, source } => write!(formatter, "{}.{class}.{source}", what.word()),
            Self::Adaptation(population) => write!(formatter, "adaptation.{population}"),
            Self::Index(name) => write!(formatter, "index.{name}"),
        }
    }
}
