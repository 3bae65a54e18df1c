//! What a population has beyond its transfer function: noise, adaptation, a dendrite, refractoriness, division.

use super::declare::{Node, Parameter, Presence, Range, Visitor, parameter, words};
use crate::units::Dimension;
use serde::Serialize;

/// The correlations of a noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoiseKind {
    /// An Ornstein-Uhlenbeck process eta of time constant tau_eta.
    #[default]
    OrnsteinUhlenbeck,
    /// White noise.
    White,
}
words!(NoiseKind { OrnsteinUhlenbeck = "ornstein-uhlenbeck", White = "white" });

/// Where a noise enters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoiseSite {
    /// The input of the population.
    #[default]
    Input,
    /// Its rate, after the transfer function.
    Rate,
}
words!(NoiseSite { Input = "input", Rate = "rate" });

/// What `sigma` stands for, with xi white noise of unit intensity. `tau` is tau_eta for an Ornstein-Uhlenbeck process
/// and the population's time constant for white noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SigmaMeans {
    /// The stationary standard deviation: of eta, or of the population's variable alone and linear. The noise is
    /// `sqrt(2 tau) sigma xi`.
    #[default]
    Stationary,
    /// The factor in `sqrt(tau) sigma xi`; the stationary standard deviation is `sigma / sqrt(2)`.
    RootTau,
    /// The factor in `sigma xi`, in the unit of the input (or Hz) times the root of a second.
    Density,
}
words!(SigmaMeans { Stationary = "stationary", RootTau = "root-tau", Density = "density" });

/// Noise in a population: `tau_eta d eta/dt = -eta + noise`, or white noise in `tau dy/dt = -y + ... + noise`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Noise {
    /// Its correlations.
    pub kind: NoiseKind,
    /// Where it enters.
    pub at: NoiseSite,
    /// What `sigma` stands for.
    pub sigma_means: SigmaMeans,
    /// Its size, in input units (Hz where it enters the rate), or these times the root of a second.
    pub sigma: f64,
    /// Correlation time of an Ornstein-Uhlenbeck process, in ms; 0 for white noise.
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

/// Adaptation: `tau_a da/dt = -a - b r`, and a is added to the input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adaptation {
    /// b, in input units per Hz.
    pub strength: f64,
    /// tau_a, in ms.
    pub tau: f64,
}

/// A dendritic event, like a calcium spike: `size H(z - threshold)`, or `size / (1 + exp(-(z - threshold)/width))` where
/// a width is given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DendriticEvent {
    /// What it adds to the dendrite's input, in input units.
    pub size: f64,
    /// In input units.
    pub threshold: f64,
    /// In input units; a step where absent.
    pub width: Option<f64>,
}

/// A dendrite with an input of its own, I_D (Murayama et al. 2009, doi:10.1038/nature07663; in rates Hertaeg &
/// Sprekeler 2019, doi:10.1371/journal.pcbi.1006999). With I_S the input to the soma, the population's input is
/// `(1 - l_S) I_S + l_D [I_D + event(l_S I_S + (1 - l_D) I_D)]_+`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dendrite {
    /// Background drive of the dendrite, in input units.
    pub drive: f64,
    /// l_S: the share of the soma's input that leaks into the dendrite.
    pub soma_leak: f64,
    /// l_D: the share of the dendrite's input that reaches the soma.
    pub dendrite_leak: f64,
    /// Where the dendrite saturates, in input units.
    pub maximum: Option<f64>,
    /// Dendritic event.
    pub event: Option<DendriticEvent>,
}

/// A second input of a population: the `y` of a transfer function that is a formula f(x, y), as where one input sets the gain
/// for another (Salinas & Sejnowski 2001, doi:10.1177/107385840100700512). `y = drive + sum_j W_j y_j`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecondInput {
    /// Background drive, in input units.
    pub drive: f64,
}

/// What divisive synapses divide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Divided {
    /// The population's input.
    Input,
    /// The transfer function's output.
    #[default]
    Output,
}
words!(Divided { Input = "input", Output = "output" });

/// How divisive synapses act: they divide by `1 + sum_j g_j r_j`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Division {
    /// What is divided.
    pub of: Divided,
}

static SIGMA: Parameter = parameter("sigma", Dimension::Input, Range::NotNegative, "size of the noise");
static SIGMA_RATE: Parameter = parameter("sigma", Dimension::Rate, Range::NotNegative, "size of the noise in the rate");
static SIGMA_DENSITY: Parameter = parameter(
    "sigma",
    Dimension::Number,
    Range::NotNegative,
    "size of the noise, in input units (or Hz) times the root of a second",
);
static TAU_NOISE: Parameter =
    parameter("tau_eta", Dimension::CircuitTime, Range::Positive, "correlation time of the noise");
static REFRACTORY_K: Parameter = parameter("k", Dimension::Number, Range::Positive, "refractory factor at rate 0");
static REFRACTORY_R: Parameter =
    parameter("r", Dimension::Number, Range::NotNegative, "fall of the refractory factor per Hz");
static STRENGTH: Parameter = parameter("b", Dimension::Weight, Range::Any, "adaptation per Hz");
static TAU_ADAPTATION: Parameter =
    parameter("tau_a", Dimension::CircuitTime, Range::Positive, "time constant of adaptation");
static SECOND_DRIVE: Parameter = parameter("h_y", Dimension::Input, Range::Any, "background drive of the second input");
static DRIVE: Parameter = parameter("h_D", Dimension::Input, Range::Any, "background drive of the dendrite");
static SOMA_LEAK: Parameter =
    parameter("l_S", Dimension::Fraction, Range::Unit, "share of the soma's input that leaks into the dendrite");
static DENDRITE_LEAK: Parameter =
    parameter("l_D", Dimension::Fraction, Range::Unit, "share of the dendrite's input that reaches the soma");
static MAXIMUM: Parameter = parameter("d_max", Dimension::Input, Range::Positive, "where the dendrite saturates");
static EVENT_SIZE: Parameter = parameter("c", Dimension::Input, Range::NotNegative, "size of the dendritic event");
static EVENT_THRESHOLD: Parameter =
    parameter("theta_c", Dimension::Input, Range::Any, "threshold of the dendritic event");
static EVENT_WIDTH: Parameter = parameter(
    "w_c",
    Dimension::Input,
    Range::Positive,
    "width of the dendritic event's threshold; a step where absent",
);

impl Node for Noise {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("kind", &mut self.kind, Presence::Default, "correlations of the noise");
        visitor.choice("at", &mut self.at, Presence::Default, "where the noise enters");
        visitor.choice("sigma_means", &mut self.sigma_means, Presence::Default, "what sigma stands for");
        let sigma = match (self.sigma_means, self.at) {
            (SigmaMeans::Density, _) => &SIGMA_DENSITY,
            (_, NoiseSite::Rate) => &SIGMA_RATE,
            (_, NoiseSite::Input) => &SIGMA,
        };
        visitor.number("sigma", &mut self.sigma, Presence::Required, sigma);
        if self.kind == NoiseKind::OrnsteinUhlenbeck {
            visitor.number("tau", &mut self.tau, Presence::Required, &TAU_NOISE);
        }
    }
}

impl Node for Refractory {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("k", &mut self.k, Presence::Default, &REFRACTORY_K);
        visitor.number("r", &mut self.r, Presence::Default, &REFRACTORY_R);
    }
}

impl Node for Adaptation {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("strength", &mut self.strength, Presence::Required, &STRENGTH);
        visitor.number("tau", &mut self.tau, Presence::Required, &TAU_ADAPTATION);
    }
}

impl Node for DendriticEvent {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("size", &mut self.size, Presence::Required, &EVENT_SIZE);
        visitor.number("threshold", &mut self.threshold, Presence::Required, &EVENT_THRESHOLD);
        visitor.optional("width", &mut self.width, &EVENT_WIDTH);
    }
}

impl Node for SecondInput {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("drive", &mut self.drive, Presence::Default, &SECOND_DRIVE);
    }
}

impl Node for Division {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("of", &mut self.of, Presence::Default, "what divisive synapses divide");
    }
}

impl Node for Dendrite {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("drive", &mut self.drive, Presence::Required, &DRIVE);
        visitor.number("soma_leak", &mut self.soma_leak, Presence::Required, &SOMA_LEAK);
        visitor.number("dendrite_leak", &mut self.dendrite_leak, Presence::Required, &DENDRITE_LEAK);
        visitor.optional("maximum", &mut self.maximum, &MAXIMUM);
        visitor.optional_table("event", &mut self.event, "dendritic event, like a calcium spike");
    }
}
