//! A circuit: populations, their transfer functions, classes of synapses, and the weights between populations.

use super::connections::Compartment;
use super::declare::{Node, Parameter, Presence, Range, Setting, Visitor, parameter, words};
use super::mechanism::{Adaptation, Dendrite, Division, Noise, Refractory, SecondInput};
use super::synapse::Synapses;
use super::transfer::Transfer;
use super::units::Kernel;
use crate::units::{Dimension, InputUnit};
use indexmap::IndexMap;

/// The sign that the synapses of a population must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Weights of 0 or more.
    Excitatory,
    /// Weights of 0 or less.
    Inhibitory,
    /// Any sign: for abstract models.
    #[default]
    Either,
}
words!(Role { Excitatory = "excitatory", Inhibitory = "inhibitory", Either = "either" });

/// Which variable of a population relaxes with its time constant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `tau dr/dt = -r + f(I)`.
    #[default]
    Rate,
    /// `tau dv/dt = -v + I`, `r = f(v)`.
    Voltage,
    /// `r = f(I)` at once: the dynamics are in the synaptic gates.
    Algebraic,
}
words!(Form { Rate = "rate", Voltage = "voltage", Algebraic = "algebraic" });

/// One class of cells, described by its mean rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// The sign of its synapses.
    pub role: Role,
    /// How many cells it stands for; 0 where not stated.
    pub cells: u64,
    /// How many units on a ring it stands for; 0 or 1 for a plain population.
    pub units: u64,
    /// Which variable relaxes.
    pub form: Form,
    /// Time constant, in ms; none (0) in the algebraic form.
    pub tau: f64,
    /// From input to rate.
    pub transfer: Transfer,
    /// Resting rate in Hz from which the drive is solved.
    pub rest: Option<f64>,
    /// Background drive in input units, where it is given rather than solved.
    pub drive: Option<f64>,
    /// Noise.
    pub noise: Option<Noise>,
    /// Refractoriness.
    pub refractory: Option<Refractory>,
    /// Adaptation.
    pub adaptation: Option<Adaptation>,
    /// A dendrite.
    pub dendrite: Option<Dendrite>,
    /// How divisive synapses divide.
    pub division: Option<Division>,
    /// The second input of its transfer function.
    pub second: Option<SecondInput>,
    /// Where its rate is held after each step if it would fall lower, in Hz: a state that is clipped, where other models
    /// rectify the drive.
    pub floor: Option<f64>,
}

/// Weights by source, of one class of synapses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sources {
    /// Source population to weight, in input units (per Hz where the class has no gate, or a filter).
    pub from: IndexMap<String, f64>,
}

/// Weights onto one place, by source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Afferents {
    /// Source population to weight, in input units per Hz.
    pub from: IndexMap<String, f64>,
    /// Class of synapses to the weights of its synapses.
    pub through: IndexMap<String, Sources>,
}

/// Weights of divisive synapses, by source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Divisors {
    /// Source population to weight, per Hz.
    pub from: IndexMap<String, f64>,
    /// Class of synapses to the weights of its synapses.
    pub through: IndexMap<String, Sources>,
}

/// The weights onto one population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// Source population to weight, in input units per Hz.
    pub from: IndexMap<String, f64>,
    /// Class of synapses to the weights of its synapses.
    pub through: IndexMap<String, Sources>,
    /// Weights onto the dendrite.
    pub dendrite: Afferents,
    /// Weights of divisive synapses, per Hz.
    pub divisive: Divisors,
    /// Weights onto the second input.
    pub second: Afferents,
}

/// A circuit of populations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circuit {
    /// What it is called in titles.
    pub name: String,
    /// The unit of its inputs.
    pub input_unit: InputUnit,
    /// The populations, in the order of the file.
    pub populations: IndexMap<String, Population>,
    /// Classes of synapses.
    pub synapses: IndexMap<String, Synapses>,
    /// Target population to the weights onto it.
    pub onto: IndexMap<String, Weights>,
    /// Numbers of its own that formulas use, by name.
    pub constants: IndexMap<String, f64>,
    /// Path of a parameter to the formula that gives its value.
    pub tie: IndexMap<String, Setting>,
    /// How weights from populations of several units fall with distance.
    pub kernels: Vec<Kernel>,
    /// The circuit as it is written, where populations of several units have been laid out ([`super::units`]).
    pub template: Option<Box<Circuit>>,
}

impl Circuit {
    /// Puts drives, in input units and in the order of the populations, in the place of the rests that are stated. A drive
    /// that is given stands.
    pub fn hold(&mut self, drives: &[f64]) {
        for (population, drive) in self.populations.values_mut().zip(drives) {
            if population.rest.take().is_some() {
                population.drive = Some(*drive);
            }
        }
    }

    /// Whether some synapses act after a delay.
    pub fn is_delayed(&self) -> bool {
        let delayed = |class: &str| self.synapses.get(class).is_some_and(|class| class.delay.is_some());
        self.weights().into_iter().any(|weight| weight.value != 0.0 && weight.class.is_some_and(delayed))
    }

    /// What of its numbers decides which equations it has, rather than what stands in them: weights of classes, onto
    /// dendrites and divisive ones that are 0, so that there is nothing to compute, and exponents that are exact products.
    /// Circuits that differ in this are not computed side by side: a lane's bits would depend on its neighbours.
    pub fn form(&self) -> Vec<u8> {
        let weights = self.weights().into_iter();
        let special = weights.filter(|weight| weight.class.is_some() || weight.compartment != Compartment::Soma);
        let zero = special.map(|weight| u8::from(weight.value == 0.0));
        let exponents = self.populations.values().map(|population| match population.transfer {
            Transfer::PowerLaw { exponent, .. } => [1.0, 2.0, 3.0].iter().position(|exact| *exact == exponent),
            _ => None,
        });
        zero.chain(exponents.map(|exact| exact.map_or(0, |place| place as u8 + 1))).collect()
    }

    /// The names of the circuit's variables: its populations, then those of synapses and adaptation.
    pub fn variable_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.populations.keys().cloned().collect();
        for (class, source) in self.channels() {
            let Some(synapses) = self.synapses.get(&class) else { continue };
            let plastic = synapses.plasticity.as_ref();
            let parts = [
                ("utilisation", plastic.is_some_and(|plastic| plastic.facilitation.is_some())),
                ("resources", plastic.is_some_and(|plastic| plastic.depression.is_some())),
                ("gate", synapses.gate.is_some()),
            ];
            let there = parts.iter().filter(|(_, there)| *there);
            names.extend(there.map(|(part, _)| format!("{part}.{class}.{source}")));
        }
        let adapting = self.populations.iter().filter(|(_, population)| population.adaptation.is_some());
        names.extend(adapting.map(|(name, _)| format!("adaptation.{name}")));
        names
    }

    /// The time constants of the circuit's variables in ms, each with the name of what it belongs to.
    pub fn time_constants(&self) -> Vec<(String, f64)> {
        let mut all = Vec::new();
        for (name, population) in &self.populations {
            let own = (population.form != Form::Algebraic && population.tau > 0.0).then_some(population.tau);
            let adaptation = population.adaptation.as_ref().map(|adaptation| adaptation.tau);
            all.extend(own.into_iter().chain(adaptation).map(|tau| (name.clone(), tau)));
        }
        for (name, synapses) in &self.synapses {
            let gate = synapses.gate.as_ref().map(|gate| gate.tau);
            let plastic = synapses.plasticity.as_ref().map(|plastic| [plastic.facilitation, plastic.depression]);
            let taus = gate.into_iter().chain(plastic.into_iter().flatten().flatten());
            all.extend(taus.map(|tau| (name.clone(), tau)));
        }
        all
    }

    /// The first excitatory population, or else the first: whose rate suppression and rescue are measured on where
    /// the scenario does not say.
    pub fn main_population(&self) -> Option<&str> {
        let excitatory = self.populations.iter().find(|(_, population)| population.role == Role::Excitatory);
        excitatory.or_else(|| self.populations.first()).map(|(name, _)| name.as_str())
    }
}

static TAU: Parameter = parameter("tau", Dimension::CircuitTime, Range::Positive, "time constant of the population");
static REST: Parameter =
    parameter("r_0", Dimension::Rate, Range::NotNegative, "resting rate, from which the background drive is solved");
static DRIVE: Parameter = parameter("h", Dimension::Input, Range::Any, "background drive");
static FLOOR: Parameter =
    parameter("r_min", Dimension::Rate, Range::Any, "where the rate is held after each step if it would fall lower");
static CONSTANT: Parameter =
    parameter("c", Dimension::Number, Range::Any, "numbers that the formulas of ties use, by name");
static WEIGHT: Parameter =
    parameter("W", Dimension::Weight, Range::Any, "synaptic weight onto the target, by source population");
static GATED_WEIGHT: Parameter = parameter(
    "W",
    Dimension::GatedWeight,
    Range::Any,
    "weight of a class of synapses onto the target, by source population",
);
static DIVISIVE_WEIGHT: Parameter =
    parameter("g", Dimension::Number, Range::NotNegative, "weight of divisive synapses, per Hz");

impl Node for Population {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("role", &mut self.role, Presence::Default, "sign of the population's synapses");
        visitor.whole("cells", &mut self.cells, "number of cells that the population stands for");
        visitor.whole("units", &mut self.units, "how many units on a ring it stands for, where several");
        visitor.choice("form", &mut self.form, Presence::Default, "which variable relaxes with tau");
        if self.form != Form::Algebraic {
            visitor.number("tau", &mut self.tau, Presence::Default, &TAU);
        }
        visitor.table("transfer", &mut self.transfer, "transfer function from input to rate");
        visitor.optional("rest", &mut self.rest, &REST);
        visitor.optional("drive", &mut self.drive, &DRIVE);
        visitor.optional_table("noise", &mut self.noise, "noise in the input or the rate");
        visitor.optional_table("refractory", &mut self.refractory, "factor k - r rate on the transfer function");
        visitor.optional_table("adaptation", &mut self.adaptation, "adaptation, which lowers the input");
        visitor.optional_table("dendrite", &mut self.dendrite, "a dendrite with an input of its own");
        visitor.optional_table("division", &mut self.division, "how divisive synapses divide");
        visitor.optional_table("second", &mut self.second, "the second input, y of a formula f(x, y)");
        visitor.optional("floor", &mut self.floor, &FLOOR);
    }
}

impl Node for Sources {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.entries(&mut self.from, &GATED_WEIGHT);
    }
}

impl Node for Afferents {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.map("through", &mut self.through, "weights through a class of synapses");
        visitor.entries(&mut self.from, &WEIGHT);
    }
}

impl Node for Divisors {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.map("through", &mut self.through, "weights through a class of synapses");
        visitor.entries(&mut self.from, &DIVISIVE_WEIGHT);
    }
}

impl Node for Weights {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.map("through", &mut self.through, "weights through a class of synapses");
        visitor.table("dendrite", &mut self.dendrite, "weights onto the dendrite");
        visitor.table("divisive", &mut self.divisive, "weights of divisive synapses");
        visitor.table("second", &mut self.second, "weights onto the second input");
        visitor.entries(&mut self.from, &WEIGHT);
    }
}

impl Node for Circuit {
    /// Shows what is written.
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        if let Some(template) = &mut self.template {
            return template.visit(visitor);
        }
        visitor.choice("input_unit", &mut self.input_unit, Presence::Default, "unit of inputs, drives and weights");
        visitor.map("populations", &mut self.populations, "classes of cells");
        visitor.map("synapses", &mut self.synapses, "classes of synapses: gates, short-term plasticity, delays");
        visitor.map("onto", &mut self.onto, "weights onto each population, by source");
        visitor.list("kernels", &mut self.kernels, "how weights from populations of several units fall with distance");
        visitor.numbers("constants", &mut self.constants, &CONSTANT);
        visitor.settings("tie", &mut self.tie, "formulas of other parameters, by the path of what they give");
    }
}

impl super::declare::Choice for InputUnit {
    fn words(&self) -> &'static [&'static str] {
        Self::NAMES
    }

    fn word(&self) -> &'static str {
        self.name()
    }

    fn choose(&mut self, word: &str) -> bool {
        Self::named(word).map(|unit| *self = unit).is_some()
    }
}
