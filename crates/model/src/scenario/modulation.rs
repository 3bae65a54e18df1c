//! Modulation of synapses by fast variables: a formula over rates, gates, resources and the like that scales a class of
//! synapses, so that products of states can be written.

use super::circuit::{Circuit, Form};
use super::connections::Weight;
use super::declare::{Node, Parameter, Presence, Range, Visitor, parameter, words};
use super::path::{joined, segments};
use super::synapse::Synapses;
use crate::numeric::expression::Expression;
use crate::units::Dimension;
use indexmap::{IndexMap, IndexSet};

/// What of a class of synapses a modulation scales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModulationSite {
    /// The weight: what the synapse gives to its target, behind gate and delay.
    #[default]
    Weight,
    /// What the source releases: what short-term plasticity passes on, before gate and delay.
    Release,
}
words!(ModulationSite { Weight = "weight", Release = "release" });

/// A factor on a class of synapses that follows fast variables at every moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Modulation {
    /// What it scales.
    pub at: ModulationSite,
    /// The factor as a formula, as [`crate::numeric::expression`] reads it. Names with dots are fast variables
    /// ([`FastVariable`]), others are parameters.
    pub f: String,
    /// The other names in it.
    pub parameters: IndexMap<String, f64>,
}

static FREE: Parameter = parameter("p", Dimension::Number, Range::Any, "numbers in the formula, by name");

impl Node for Modulation {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        let meaning = "the factor, a formula over fast variables such as resources.CLASS.source or rate.POPULATION";
        visitor.text("f", &mut self.f, Presence::Required, meaning);
        visitor.choice("at", &mut self.at, Presence::Default, "what of the synapse is scaled");
        visitor.numbers("parameters", &mut self.parameters, &FREE);
    }
}

/// Which fast variable of its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its rate, in Hz.
    Rate,
    /// Its voltage, in input units.
    Voltage,
    /// Its adaptation, in input units.
    Adaptation,
    /// The gate of a class of synapses that it makes.
    Gate(String),
    /// Their utilisation.
    Utilisation(String),
    /// Their resources.
    Resources(String),
}

/// Whose fast variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The population that makes the synapse.
    Source,
    /// The population that receives it.
    Target,
    /// A population, or a unit of one, by name.
    Named(String),
}

impl std::fmt::Display for FastVariable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (part, class) = match &self.part {
            Part::Rate => ("rate", None),
            Part::Voltage => ("voltage", None),
            Part::Adaptation => ("adaptation", None),
            Part::Gate(class) => ("gate", Some(class)),
            Part::Utilisation(class) => ("utilisation", Some(class)),
            Part::Resources(class) => ("resources", Some(class)),
        };
        let path = class.map_or_else(|| part.to_owned(), |class| joined(part, class));
        let owner = match &self.owner {
            Owner::Source => "source",
            Owner::Target => "target",
            Owner::Named(name) => name,
        };
        write!(formatter, "{}", joined(&path, owner))
    }
}

/// A fast variable as formulas name it: `rate.PV`, `resources.ampa.source`, `voltage.target`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FastVariable {
    /// Which.
    pub part: Part,
    /// Whose.
    pub owner: Owner,
}

impl FastVariable {
    /// Reads a name; none where it is none of a fast variable.
    pub fn named(name: &str) -> Option<Self> {
        let segments = segments(name);
        let owner = |name: &str| match name {
            "source" => Owner::Source,
            "target" => Owner::Target,
            name => Owner::Named(name.to_owned()),
        };
        let (part, of) = match segments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["rate", of] => (Part::Rate, of),
            ["voltage", of] => (Part::Voltage, of),
            ["adaptation", of] => (Part::Adaptation, of),
            ["gate", class, of] => (Part::Gate(class.to_owned()), of),
            ["utilisation", class, of] => (Part::Utilisation(class.to_owned()), of),
            ["resources", class, of] => (Part::Resources(class.to_owned()), of),
            _ => return None,
        };
        Some(Self { part, owner: owner(of) })
    }

    /// The population whose variable it is, for a synapse between two.
    pub fn population<'a>(&'a self, source: &'a str, target: &'a str) -> &'a str {
        match &self.owner {
            Owner::Source => source,
            Owner::Target => target,
            Owner::Named(name) => name,
        }
    }

    /// The class of synapses that it belongs to.
    pub fn class(&self) -> Option<&str> {
        match &self.part {
            Part::Gate(class) | Part::Utilisation(class) | Part::Resources(class) => Some(class),
            Part::Rate | Part::Voltage | Part::Adaptation => None,
        }
    }

    /// The name of the circuit's variable, as traces have it, for a population; that of a rate is none, for it may follow from
    /// a variable rather than be one.
    pub fn variable(&self, population: &str) -> Option<String> {
        match &self.part {
            Part::Rate => None,
            Part::Voltage => Some(population.to_owned()),
            Part::Adaptation => Some(format!("adaptation.{population}")),
            Part::Gate(class) => Some(format!("gate.{class}.{population}")),
            Part::Utilisation(class) => Some(format!("utilisation.{class}.{population}")),
            Part::Resources(class) => Some(format!("resources.{class}.{population}")),
        }
    }

    /// Why a circuit has no such variable of a population; none where it has.
    pub fn missing_in(&self, circuit: &Circuit, population: &str) -> Option<String> {
        let Some(spec) = circuit.populations.get(population) else {
            return Some(format!("there is no population `{population}`"));
        };
        let class = self.class().map(|name| (name, circuit.synapses.get(name)));
        let plastic = |synapses: Option<&Synapses>| synapses.and_then(|synapses| synapses.plasticity.clone());
        match (&self.part, class) {
            (_, Some((name, None))) => Some(format!("there is no class of synapses `{name}`")),
            (Part::Voltage, _) if spec.form != Form::Voltage => {
                Some(format!("`{population}` is not of the voltage form"))
            }
            (Part::Adaptation, _) if spec.adaptation.is_none() => Some(format!("`{population}` has no adaptation")),
            (Part::Gate(class), Some((_, Some(synapses)))) if synapses.gate.is_none() => {
                Some(format!("synapses of class `{class}` have no gate"))
            }
            (Part::Utilisation(class), Some((_, synapses))) => {
                let there = plastic(synapses).is_some_and(|it| it.facilitation.is_some());
                (!there).then(|| format!("synapses of class `{class}` have no facilitation"))
            }
            (Part::Resources(class), Some((_, synapses))) => {
                let there = plastic(synapses).is_some_and(|it| it.depression.is_some());
                (!there).then(|| format!("synapses of class `{class}` have no depression"))
            }
            _ => None,
        }
    }
}

impl Modulation {
    /// The fast variables in its formula, in the order of their first occurrence; none of a formula that cannot be read.
    pub fn variables(&self) -> Vec<FastVariable> {
        let expression = Expression::parse(&self.f);
        let names = expression.iter().flat_map(|expression| expression.names().to_vec());
        names.filter(|name| !self.parameters.contains_key(name)).filter_map(|name| FastVariable::named(&name)).collect()
    }
}

impl Circuit {
    /// The modulation of a class of synapses.
    pub fn modulation(&self, class: Option<&str>) -> Option<&Modulation> {
        self.synapses.get(class?)?.modulation.as_ref()
    }

    /// The populations whose rates reach the target of a weight at once through the formula that scales it.
    pub(super) fn read_at_once(&self, weight: &Weight<'_>) -> Vec<String> {
        let synapses = weight.class.and_then(|class| self.synapses.get(class));
        let Some((synapses, modulation)) = synapses.and_then(|it| Some((it, it.modulation.as_ref()?))) else {
            return Vec::new();
        };
        let held_back = synapses.gate.is_some() || synapses.delay.is_some();
        if modulation.at == ModulationSite::Release && held_back {
            return Vec::new();
        }
        let rates = modulation.variables().into_iter().filter(|variable| variable.part == Part::Rate);
        rates.map(|variable| variable.population(weight.from, weight.onto).to_owned()).collect()
    }

    /// The classes of synapses with the sources that have variables of them: those that some weight joins, and those that a
    /// modulation of these names. Each once, in the order of the weights.
    pub fn channels(&self) -> Vec<(String, String)> {
        let mut all: IndexSet<(String, String)> = IndexSet::new();
        let mut modulated: Vec<(String, String, String)> = Vec::new();
        for weight in self.connections() {
            let Some(class) = weight.class else { continue };
            all.insert((class.to_owned(), weight.from.to_owned()));
            if self.modulation(weight.class).is_some() {
                modulated.push((class.to_owned(), weight.from.to_owned(), weight.onto.to_owned()));
            }
        }
        // What is named may be modulated in turn; at its release, where there is no target.
        let mut next = 0;
        while let Some((class, source, target)) = modulated.get(next).cloned() {
            next += 1;
            for variable in self.modulation(Some(&class)).map(Modulation::variables).unwrap_or_default() {
                let Some(other) = variable.class() else { continue };
                let owner = variable.population(&source, &target).to_owned();
                if all.insert((other.to_owned(), owner.clone())) {
                    modulated.push((other.to_owned(), owner, target.clone()));
                }
            }
        }
        all.into_iter().collect()
    }

    /// Where the formula of a class is written.
    pub(super) fn modulation_path(class: &str) -> String {
        joined(&joined(&joined("synapses", class), "modulation"), "f")
    }
}
