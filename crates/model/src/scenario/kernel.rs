//! Kernels: how weights between populations fall with the angle, where one of them at least is a ring of units.

use super::declare::{Choice, Node, Parameter, Presence, Range, Visitor, parameter};
use crate::units::Dimension;

pub(super) const DEGREES_PER_TURN: f64 = 360.0;

/// How the weight between two populations, one of them at least a ring of units, falls with the angle d.
///
/// From a ring, the weights onto a unit (or onto a population that is none) add up to the weight that is written. From a
/// population that is no ring, each unit of the target receives the weight times the shape. d is the angle between the two
/// units, less the centre; a population that is no ring lies at the centre.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kernel {
    /// Target population.
    pub onto: String,
    /// Source population.
    pub from: String,
    /// In degrees: between rings how far the target lies ahead where the kernel is highest; otherwise where on the ring it is
    /// highest.
    pub centre: Option<f64>,
    /// Its shape.
    pub shape: KernelShape,
}

/// The shape of a kernel, up to a factor; d is the angle between two units.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum KernelShape {
    /// The same from every unit.
    #[default]
    Uniform,
    /// `exp(-d^2 / (2 width^2))`, d at most half a turn.
    Gaussian {
        /// In degrees.
        width: f64,
    },
    /// `exp((cos d - 1) / width^2)`, width in radians.
    VonMises {
        /// In degrees.
        width: f64,
    },
    /// `1 + amplitude cos d`.
    Cosine {
        /// Above 1, weights change their sign with distance.
        amplitude: f64,
    },
    /// `cos d`, of either sign: a component of the population vector (Georgopoulos, Schwartz & Kettner 1986,
    /// doi:10.1126/science.3749885). From a ring of n units each weight is the one that is written times cos d / n.
    PopulationVector,
}

impl KernelShape {
    /// Shows the shape and its numbers.
    pub(super) fn visit(&mut self, visitor: &mut dyn Visitor, meaning: &'static str) {
        visitor.choice("shape", self, Presence::Required, meaning);
        match self {
            Self::Uniform | Self::PopulationVector => {}
            Self::Gaussian { width } | Self::VonMises { width } => {
                visitor.number("width", width, Presence::Required, &WIDTH);
            }
            Self::Cosine { amplitude } => visitor.number("amplitude", amplitude, Presence::Required, &AMPLITUDE),
        }
    }

    /// Its height at an angle in degrees.
    pub fn height(&self, angle: f64) -> f64 {
        let turn = angle - DEGREES_PER_TURN * libm::round(angle / DEGREES_PER_TURN);
        let cosine = libm::cos(turn.to_radians());
        match self {
            Self::Uniform => 1.0,
            Self::Gaussian { width } => libm::exp(-0.5 * (turn / width) * (turn / width)),
            Self::VonMises { width } => libm::exp((cosine - 1.0) / (width.to_radians() * width.to_radians())),
            Self::Cosine { amplitude } => 1.0 + amplitude * cosine,
            Self::PopulationVector => cosine,
        }
    }

    /// What the heights of some units are divided by, for their shares of a weight.
    pub(super) fn whole(&self, heights: &[f64]) -> f64 {
        match self {
            Self::PopulationVector => heights.len() as f64,
            _ => heights.iter().sum(),
        }
    }

    /// Whether its height is of one sign at every angle.
    pub(super) fn keeps_sign(&self) -> bool {
        match self {
            Self::Uniform | Self::Gaussian { .. } | Self::VonMises { .. } => true,
            Self::Cosine { amplitude } => amplitude.abs() <= 1.0,
            Self::PopulationVector => false,
        }
    }
}

impl Choice for KernelShape {
    fn words(&self) -> &'static [&'static str] {
        &["uniform", "gaussian", "von-mises", "cosine", "population-vector"]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Gaussian { .. } => "gaussian",
            Self::VonMises { .. } => "von-mises",
            Self::Cosine { .. } => "cosine",
            Self::PopulationVector => "population-vector",
        }
    }

    fn choose(&mut self, word: &str) -> bool {
        if self.word() == word {
            return true;
        }
        *self = match word {
            "uniform" => Self::Uniform,
            "gaussian" => Self::Gaussian { width: 30.0 },
            "von-mises" => Self::VonMises { width: 30.0 },
            "cosine" => Self::Cosine { amplitude: 1.0 },
            "population-vector" => Self::PopulationVector,
            _ => return false,
        };
        true
    }
}

static WIDTH: Parameter = parameter("w", Dimension::Number, Range::Positive, "width of the kernel, in degrees");
static CENTRE: Parameter = parameter(
    "c",
    Dimension::Number,
    Range::Any,
    "where the kernel is highest, in degrees; between rings how far ahead",
);
static AMPLITUDE: Parameter = parameter("a", Dimension::Number, Range::Any, "modulation of the kernel");

impl Node for Kernel {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("onto", &mut self.onto, Presence::Required, "target population");
        visitor.text("from", &mut self.from, Presence::Required, "source population");
        visitor.optional("centre", &mut self.centre, &CENTRE);
        self.shape.visit(visitor, "how weights fall with the angle");
    }
}
