//! Signals: named numbers over time, to which effects, release and gates refer.

use super::scenario::Scenario;
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
    /// A receptor's activation on a population: `activation.RECEPTOR.POPULATION`.
    Activation {
        /// Which receptor.
        receptor: String,
        /// On which population.
        population: String,
    },
    /// A plasticity variable: `plasticity.NAME`.
    Plasticity(String),
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
            ["activation", receptor, population] => {
                Self::Activation { receptor: (*receptor).to_owned(), population: (*population).to_owned() }
            }
            _ => return None,
        })
    }

    /// Reads a name and checks that what it names exists in the scenario.
    ///
    /// # Errors
    /// [`BadSignal`] with the nearest valid signal.
    pub fn resolve(text: &str, scenario: &Scenario) -> Result<Self, BadSignal> {
        let all = Self::all(scenario);
        let bad = |message: String| BadSignal {
            message,
            expected: "stress, rate.POPULATION, concentration.LIGAND, concentration.LIGAND.RECEPTOR, \
                       occupancy.RECEPTOR.LIGAND, activation.RECEPTOR.POPULATION or plasticity.NAME"
                .into(),
            nearest: super::nearest(text, all.iter().map(String::as_str)),
        };
        let signal = Self::parse(text).ok_or_else(|| bad(format!("`{text}` is not a signal")))?;
        let exists = match &signal {
            Self::Stress => true,
            Self::Rate(population) => scenario.circuit.populations.contains_key(population),
            Self::Concentration { ligand, receptor } => {
                scenario.ligands.contains_key(ligand)
                    && receptor.as_ref().is_none_or(|receptor| scenario.receptors.contains_key(receptor))
            }
            Self::Occupancy { receptor, ligand } => scenario
                .receptors
                .get(receptor)
                .is_some_and(|receptor| receptor.binds.iter().any(|binding| binding.ligand == *ligand)),
            Self::Plasticity(name) => scenario.plasticity.contains_key(name),
            Self::Activation { receptor, population } => {
                scenario.receptors.get(receptor).is_some_and(|receptor| receptor.on.contains_key(population))
            }
        };
        if exists { Ok(signal) } else { Err(bad(format!("there is no signal `{text}` here"))) }
    }

    /// Every signal of a scenario, by name.
    pub fn all(scenario: &Scenario) -> Vec<String> {
        let rates = scenario.circuit.populations.keys().map(|name| format!("rate.{name}"));
        let concentrations = scenario.ligands.keys().map(|name| format!("concentration.{name}"));
        let activations = scenario.receptors.iter().flat_map(|(receptor, spec)| {
            spec.on.keys().map(move |population| format!("activation.{receptor}.{population}"))
        });
        let occupancies = scenario.receptors.iter().flat_map(|(receptor, spec)| {
            spec.binds.iter().map(move |binding| format!("occupancy.{receptor}.{}", binding.ligand))
        });
        let plasticity = scenario.plasticity.keys().map(|name| format!("plasticity.{name}"));
        std::iter::once("stress".to_owned())
            .chain(rates)
            .chain(concentrations)
            .chain(activations)
            .chain(occupancies)
            .chain(plasticity)
            .collect()
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
            Self::Plasticity(name) => write!(formatter, "plasticity.{name}"),
            Self::Activation { receptor, population } => write!(formatter, "activation.{receptor}.{population}"),
        }
    }
}
