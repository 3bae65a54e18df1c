//! A circuit: populations, their transfer functions, and the weights between them.

use super::declare::{Node, Parameter, Presence, Range, Visitor, parameter, words};
use super::transfer::Transfer;
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
}
words!(Form { Rate = "rate", Voltage = "voltage" });

/// Noise in the input of a population: `sigma` times a unit Ornstein-Uhlenbeck process of time constant `tau`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Noise {
    /// Stationary standard deviation, in input units.
    pub sigma: f64,
    /// Correlation time, in ms.
    pub tau: f64,
}

/// The factor `k - r rate` with which refractoriness scales a transfer function (Wilson & Cowan 1972,
/// doi:10.1016/S0006-3495(72)86068-5).
#[derive(Clone, Debug, PartialEq)]
pub struct Refractory {
    /// The factor at rate 0.
    pub k: f64,
    /// How much the factor falls per Hz.
    pub r: f64,
}

impl Default for Refractory {
    fn default() -> Self {
        Self { k: 1.0, r: 1.0 }
    }
}

/// One class of cells, described by its mean rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// The sign of its synapses.
    pub role: Role,
    /// How many cells it stands for; 0 where not stated.
    pub cells: u64,
    /// Which variable relaxes.
    pub form: Form,
    /// Time constant, in ms.
    pub tau: f64,
    /// From input to rate.
    pub transfer: Transfer,
    /// Resting rate in Hz from which the drive is solved.
    pub rest: Option<f64>,
    /// Background drive in input units, where it is given rather than solved.
    pub drive: Option<f64>,
    /// Noise in its input.
    pub noise: Option<Noise>,
    /// Refractoriness.
    pub refractory: Option<Refractory>,
}

/// The weights onto one population, by source, in input units per Hz.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// Source population to weight.
    pub from: IndexMap<String, f64>,
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
    /// Target population to the weights onto it.
    pub onto: IndexMap<String, Weights>,
}

impl Circuit {
    /// The weight from one population onto another, 0 where none is given.
    pub fn weight(&self, onto: &str, from: &str) -> f64 {
        self.onto.get(onto).and_then(|weights| weights.from.get(from)).copied().unwrap_or(0.0)
    }

    /// The first excitatory population, or else the first: whose rate suppression and rescue are measured on where
    /// the scenario does not say.
    pub fn main_population(&self) -> Option<&str> {
        let excitatory = self.populations.iter().find(|(_, population)| population.role == Role::Excitatory);
        excitatory.or_else(|| self.populations.first()).map(|(name, _)| name.as_str())
    }
}

static SIGMA: Parameter =
    parameter("sigma", Dimension::Input, Range::NotNegative, "stationary standard deviation of the input noise");
static TAU_NOISE: Parameter =
    parameter("tau_eta", Dimension::CircuitTime, Range::Positive, "correlation time of the input noise");
static REFRACTORY_K: Parameter = parameter("k", Dimension::Number, Range::Positive, "refractory factor at rate 0");
static REFRACTORY_R: Parameter =
    parameter("r", Dimension::Number, Range::NotNegative, "fall of the refractory factor per Hz");
static TAU: Parameter = parameter("tau", Dimension::CircuitTime, Range::Positive, "time constant of the population");
static REST: Parameter =
    parameter("r_0", Dimension::Rate, Range::NotNegative, "resting rate, from which the background drive is solved");
static DRIVE: Parameter = parameter("h", Dimension::Input, Range::Any, "background drive");
static WEIGHT: Parameter =
    parameter("W", Dimension::Weight, Range::Any, "synaptic weight onto the target, by source population");

impl Node for Noise {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("sigma", &mut self.sigma, Presence::Required, &SIGMA);
        visitor.number("tau", &mut self.tau, Presence::Required, &TAU_NOISE);
    }
}

impl Node for Refractory {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("k", &mut self.k, Presence::Default, &REFRACTORY_K);
        visitor.number("r", &mut self.r, Presence::Default, &REFRACTORY_R);
    }
}

impl Node for Population {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("role", &mut self.role, Presence::Default, "sign of the population's synapses");
        visitor.whole("cells", &mut self.cells, "number of cells that the population stands for");
        visitor.choice("form", &mut self.form, Presence::Default, "which variable relaxes with tau");
        visitor.number("tau", &mut self.tau, Presence::Required, &TAU);
        visitor.table("transfer", &mut self.transfer, "transfer function from input to rate");
        visitor.optional("rest", &mut self.rest, &REST);
        visitor.optional("drive", &mut self.drive, &DRIVE);
        visitor.optional_table("noise", &mut self.noise, "Ornstein-Uhlenbeck noise in the input");
        visitor.optional_table("refractory", &mut self.refractory, "factor k - r rate on the transfer function");
    }
}

impl Node for Weights {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.entries(&mut self.from, &WEIGHT);
    }
}

impl Node for Circuit {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("input_unit", &mut self.input_unit, Presence::Default, "unit of inputs, drives and weights");
        visitor.map("populations", &mut self.populations, "classes of cells");
        visitor.map("onto", &mut self.onto, "weights onto each population, by source");
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
