//! Transfer functions: how the input to a population becomes its firing rate. The equations themselves are in
//! `circuit::transfer`.

use super::declare::{Choice, Node, Parameter, Presence, Range, Visitor, parameter};
use crate::units::Dimension;

/// A transfer function f(x), x in the circuit's input unit, f in Hz.
#[derive(Clone, Debug, PartialEq)]
pub enum Transfer {
    /// `gain [x - threshold]_+`, cut at `maximum` where one is given.
    ThresholdLinear {
        /// Hz per input unit.
        gain: f64,
        /// In input units.
        threshold: f64,
        /// In Hz.
        maximum: Option<f64>,
    },
    /// `gain [x - threshold]_+ ^ exponent`, cut at `maximum` where one is given.
    PowerLaw {
        /// Hz per input unit to the power of the exponent.
        gain: f64,
        /// In input units.
        threshold: f64,
        /// Dimensionless.
        exponent: f64,
        /// In Hz.
        maximum: Option<f64>,
    },
    /// Logistic `maximum / (1 + exp(-slope (x - threshold)))`; with `zero_at_zero` the form of Wilson & Cowan 1972,
    /// `maximum (1/(1 + exp(-slope (x - threshold))) - 1/(1 + exp(slope threshold)))`.
    Sigmoid {
        /// In Hz.
        maximum: f64,
        /// Per input unit.
        slope: f64,
        /// In input units.
        threshold: f64,
        /// Whether f(0) = 0.
        zero_at_zero: bool,
    },
    /// `(a x - b) / (1 - exp(-d (a x - b)))`, cut at `maximum` where one is given (Abbott & Chance 2005,
    /// doi:10.1016/S0079-6123(05)49011-1).
    LinearExponential {
        /// Hz per input unit.
        a: f64,
        /// In Hz.
        b: f64,
        /// In s.
        d: f64,
        /// In Hz.
        maximum: Option<f64>,
    },
    /// `maximum tanh(gain (x - threshold) / maximum)`: negative below the threshold, as in models whose variable is a
    /// departure from a mean rate.
    Tanh {
        /// Slope at the threshold, Hz per input unit.
        gain: f64,
        /// In input units.
        threshold: f64,
        /// In Hz.
        maximum: f64,
    },
    /// `gain width ln(1 + exp((x - threshold) / width))`, cut at `maximum` where one is given.
    Softplus {
        /// Slope far above the threshold, Hz per input unit.
        gain: f64,
        /// In input units.
        threshold: f64,
        /// Width of the knee, in input units.
        width: f64,
        /// In Hz.
        maximum: Option<f64>,
    },
}

impl Default for Transfer {
    fn default() -> Self {
        Self::ThresholdLinear { gain: 1.0, threshold: 0.0, maximum: None }
    }
}

impl Choice for Transfer {
    fn words(&self) -> &'static [&'static str] {
        &["threshold-linear", "power-law", "sigmoid", "linear-exponential", "tanh", "softplus"]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::ThresholdLinear { .. } => "threshold-linear",
            Self::PowerLaw { .. } => "power-law",
            Self::Sigmoid { .. } => "sigmoid",
            Self::LinearExponential { .. } => "linear-exponential",
            Self::Tanh { .. } => "tanh",
            Self::Softplus { .. } => "softplus",
        }
    }

    fn choose(&mut self, word: &str) -> bool {
        if self.word() == word {
            return true; // keeps the numbers that stand there, so that a later file may change single ones
        }
        *self = match word {
            "threshold-linear" => Self::default(),
            "power-law" => Self::PowerLaw { gain: 1.0, threshold: 0.0, exponent: 2.0, maximum: None },
            "sigmoid" => Self::Sigmoid { maximum: 1.0, slope: 1.0, threshold: 0.0, zero_at_zero: false },
            "linear-exponential" => Self::LinearExponential { a: 1.0, b: 0.0, d: 1.0, maximum: None },
            "tanh" => Self::Tanh { gain: 1.0, threshold: 0.0, maximum: 1.0 },
            "softplus" => Self::Softplus { gain: 1.0, threshold: 0.0, width: 1.0, maximum: None },
            _ => return false,
        };
        true
    }
}

static GAIN: Parameter =
    parameter("k", Dimension::Number, Range::Positive, "gain: Hz per input unit (to the power of the exponent)");
static THRESHOLD: Parameter =
    parameter("theta", Dimension::Input, Range::Any, "input at which the rate starts to rise");
static EXPONENT: Parameter = parameter("n", Dimension::Number, Range::Positive, "exponent of the power law");
static MAXIMUM: Parameter = parameter("r_max", Dimension::Rate, Range::Positive, "largest rate");
static SLOPE: Parameter = parameter("s", Dimension::InputSlope, Range::Positive, "steepness of the sigmoid");
static A: Parameter = parameter("a", Dimension::Number, Range::Positive, "gain: Hz per input unit");
static B: Parameter = parameter("b", Dimension::Rate, Range::Any, "offset below which the rate is nearly 0");
static D: Parameter = parameter("d", Dimension::Number, Range::Positive, "curvature of the knee, in s");
static WIDTH: Parameter = parameter("w", Dimension::Input, Range::Positive, "width of the knee");

impl Node for Transfer {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("kind", self, Presence::Required, "which transfer function");
        let required = Presence::Required;
        let default = Presence::Default;
        match self {
            Self::ThresholdLinear { gain, threshold, maximum } => {
                visitor.number("gain", gain, required, &GAIN);
                visitor.number("threshold", threshold, default, &THRESHOLD);
                visitor.optional("maximum", maximum, &MAXIMUM);
            }
            Self::PowerLaw { gain, threshold, exponent, maximum } => {
                visitor.number("gain", gain, required, &GAIN);
                visitor.number("exponent", exponent, required, &EXPONENT);
                visitor.number("threshold", threshold, default, &THRESHOLD);
                visitor.optional("maximum", maximum, &MAXIMUM);
            }
            Self::Sigmoid { maximum, slope, threshold, zero_at_zero } => {
                visitor.number("maximum", maximum, required, &MAXIMUM);
                visitor.number("slope", slope, required, &SLOPE);
                visitor.number("threshold", threshold, required, &THRESHOLD);
                visitor.flag("zero_at_zero", zero_at_zero, "subtract the value at 0 (Wilson & Cowan 1972)");
            }
            Self::LinearExponential { a, b, d, maximum } => {
                visitor.number("a", a, required, &A);
                visitor.number("b", b, required, &B);
                visitor.number("d", d, required, &D);
                visitor.optional("maximum", maximum, &MAXIMUM);
            }
            Self::Tanh { gain, threshold, maximum } => {
                visitor.number("gain", gain, required, &GAIN);
                visitor.number("threshold", threshold, default, &THRESHOLD);
                visitor.number("maximum", maximum, required, &MAXIMUM);
            }
            Self::Softplus { gain, threshold, width, maximum } => {
                visitor.number("gain", gain, required, &GAIN);
                visitor.number("threshold", threshold, default, &THRESHOLD);
                visitor.number("width", width, required, &WIDTH);
                visitor.optional("maximum", maximum, &MAXIMUM);
            }
        }
    }
}
