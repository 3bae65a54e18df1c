//! Transfer functions: how the input to a population becomes its firing rate. The equations themselves are in
//! `circuit::transfer`.

use super::declare::{Choice, Node, Parameter, Presence, Range, Visitor, parameter, words};
use crate::numeric::expression::{Expression, Number};
use crate::numeric::interval::Interval;
use crate::units::Dimension;
use indexmap::IndexMap;

/// The name of the input in a formula.
pub const INPUT: &str = "x";
/// The name of the second input in a formula.
pub const SECOND_INPUT: &str = "y";

/// A transfer function f(x), x in the circuit's input unit, f in Hz.
#[derive(Clone, Debug, PartialEq)]
pub enum Transfer {
    /// `max(gain (x - threshold) + offset, 0)`, cut at `maximum` where one is given: with a gain of g and a maximum of 1 Hz,
    /// `clip(g x, 0, 1)`.
    ThresholdLinear {
        /// Hz per input unit.
        gain: f64,
        /// In input units.
        threshold: f64,
        /// In Hz.
        offset: f64,
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
    /// The same in the voltage form, for integrate-and-fire cells that escape by noise: with `V = leak + x / conductance` (or
    /// `leak + x` where no conductance is given), `(V - threshold) / (tau (threshold - reset) (1 - exp(-(V - threshold) /
    /// width)))`, cut at `maximum` where one is given (Garcia del Molino et al. 2017, doi:10.7554/eLife.29742).
    LinearExponentialVoltage {
        /// Leak conductance, in input units per mV.
        conductance: Option<f64>,
        /// Potential without input, in mV.
        leak: f64,
        /// Potential at which the rate starts to rise, in mV.
        threshold: f64,
        /// Potential after a spike, in mV.
        reset: f64,
        /// Width of the knee, in mV.
        width: f64,
        /// Membrane time constant, in ms.
        tau: f64,
        /// In Hz.
        maximum: Option<f64>,
    },
    /// With `u = (x - threshold) / knee`: `rate_at_knee u^2` for u from 0 to 1, `2 rate_at_knee sqrt(u - 3/4)` above, continuous
    /// with its slope; cut at `maximum` where one is given (Roxin et al. 2005, doi:10.1103/PhysRevLett.94.238103).
    QuadraticRoot {
        /// Rate at the knee, in Hz.
        rate_at_knee: f64,
        /// In input units.
        threshold: f64,
        /// How far above the threshold the knee is, in input units.
        knee: f64,
        /// In Hz.
        maximum: Option<f64>,
    },
    /// A measured f-I curve.
    Table(Table),
    /// A formula in `x`, and in `y` where the population has a second input.
    Expression {
        /// As [`crate::numeric::expression`] reads it, in Hz.
        f: String,
        /// The names in it besides `x` and `y`.
        parameters: IndexMap<String, f64>,
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

/// How a tabulated curve runs between its points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interpolation {
    /// Cubic, and monotone wherever the points are (Fritsch & Butland 1984, doi:10.1137/0905021).
    #[default]
    MonotoneCubic,
    /// Straight lines.
    Linear,
}
words!(Interpolation { MonotoneCubic = "monotone-cubic", Linear = "linear" });

/// A rate for each of some inputs; below the first and above the last the rate stays what it is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// A file with two columns, inputs and rates, whose points are still to be read.
    pub file: String,
    /// In input units, rising.
    pub inputs: Vec<f64>,
    /// In Hz, one for each input.
    pub rates: Vec<f64>,
    /// Between the points.
    pub interpolation: Interpolation,
}

impl Default for Transfer {
    fn default() -> Self {
        Self::ThresholdLinear { gain: 1.0, threshold: 0.0, offset: 0.0, maximum: None }
    }
}

impl Transfer {
    /// The rate in Hz at which the function is cut, where it is.
    pub fn ceiling(&self) -> Option<f64> {
        match *self {
            Self::ThresholdLinear { maximum, .. }
            | Self::PowerLaw { maximum, .. }
            | Self::LinearExponential { maximum, .. }
            | Self::LinearExponentialVoltage { maximum, .. }
            | Self::QuadraticRoot { maximum, .. }
            | Self::Expression { maximum, .. }
            | Self::Softplus { maximum, .. } => maximum,
            Self::Sigmoid { .. } | Self::Tanh { .. } | Self::Table(_) => None,
        }
    }

    /// Whether it is a function of two inputs: a formula in x and y, y being none of its parameters.
    pub fn has_second_input(&self) -> bool {
        match self {
            Self::Expression { f, parameters, .. } => {
                let names = Expression::parse(f).map(|expression| expression.names().to_vec()).unwrap_or_default();
                !parameters.contains_key(SECOND_INPUT) && names.iter().any(|name| name == SECOND_INPUT)
            }
            _ => false,
        }
    }

    /// The rates in Hz that it cannot reach or exceed, from below and from above, where they can be told from its numbers.
    pub fn limits(&self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Sigmoid { maximum, slope, threshold, zero_at_zero } => {
                let offset = if *zero_at_zero { maximum / (1.0 + libm::exp(slope * threshold)) } else { 0.0 };
                (Some(-offset), Some(maximum - offset))
            }
            Self::Tanh { maximum, .. } => (Some(-maximum), Some(*maximum)),
            Self::Table(table) => {
                let least = table.rates.iter().copied().reduce(f64::min);
                (least, table.rates.iter().copied().reduce(f64::max))
            }
            Self::Expression { f, parameters, maximum } => {
                let range = formula_range(f, parameters, Interval::WHOLE).smaller(ceiling(*maximum));
                let finite = |end: f64| end.is_finite().then_some(end);
                (finite(range.low), finite(range.high))
            }
            _ => (Some(0.0), self.ceiling()),
        }
    }
}

/// What a formula in `x` can come to, at least where x lies in an interval; all numbers where it cannot be read.
pub fn formula_range(f: &str, parameters: &IndexMap<String, f64>, x: Interval) -> Interval {
    let Ok(expression) = Expression::parse(f) else { return Interval::WHOLE };
    let value = |name: &String| {
        if name == INPUT { x } else { parameters.get(name).map_or(Interval::WHOLE, |value| Interval::point(*value)) }
    };
    expression.range(&expression.names().iter().map(value).collect::<Vec<_>>())
}

/// What lies below a maximum.
pub fn ceiling(maximum: Option<f64>) -> Interval {
    Interval::point(maximum.unwrap_or(f64::INFINITY))
}

impl Choice for Transfer {
    fn words(&self) -> &'static [&'static str] {
        &[
            "threshold-linear",
            "power-law",
            "sigmoid",
            "linear-exponential",
            "linear-exponential-voltage",
            "quadratic-root",
            "tanh",
            "softplus",
            "table",
            "expression",
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::ThresholdLinear { .. } => "threshold-linear",
            Self::PowerLaw { .. } => "power-law",
            Self::Sigmoid { .. } => "sigmoid",
            Self::LinearExponential { .. } => "linear-exponential",
            Self::LinearExponentialVoltage { .. } => "linear-exponential-voltage",
            Self::QuadraticRoot { .. } => "quadratic-root",
            Self::Table(_) => "table",
            Self::Expression { .. } => "expression",
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
            "linear-exponential-voltage" => Self::LinearExponentialVoltage {
                conductance: None,
                leak: -70.0,
                threshold: -50.0,
                reset: -60.0,
                width: 1.0,
                tau: 10.0,
                maximum: None,
            },
            "quadratic-root" => Self::QuadraticRoot { rate_at_knee: 1.0, threshold: 0.0, knee: 1.0, maximum: None },
            "table" => Self::Table(Table::default()),
            "expression" => Self::Expression { f: String::new(), parameters: IndexMap::new(), maximum: None },
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
static OFFSET: Parameter = parameter("r_0", Dimension::Rate, Range::Any, "rate at the threshold");
static CONDUCTANCE: Parameter = parameter("g_l", Dimension::Conductance, Range::Positive, "leak conductance");
static LEAK: Parameter = parameter("V_l", Dimension::Potential, Range::Any, "potential without input");
static SPIKE: Parameter =
    parameter("V_th", Dimension::Potential, Range::Any, "potential at which the rate starts to rise");
static RESET: Parameter = parameter("V_r", Dimension::Potential, Range::Any, "potential after a spike");
static VOLTAGE_WIDTH: Parameter = parameter("v", Dimension::Potential, Range::Positive, "width of the knee");
static MEMBRANE: Parameter = parameter("tau_m", Dimension::CircuitTime, Range::Positive, "membrane time constant");
static RATE_AT_KNEE: Parameter = parameter("nu", Dimension::Rate, Range::Positive, "rate at the knee");
static KNEE: Parameter =
    parameter("x_c", Dimension::Input, Range::Positive, "how far above the threshold the square root takes over");
static INPUTS: Parameter = parameter("x", Dimension::Input, Range::Any, "inputs of the f-I curve, rising");
static RATES: Parameter = parameter("f", Dimension::Rate, Range::Any, "rates of the f-I curve, one for each input");
static FREE: Parameter = parameter("p", Dimension::Number, Range::Any, "numbers in the formula, by name");
static WIDTH: Parameter = parameter("w", Dimension::Input, Range::Positive, "width of the knee");

impl Node for Transfer {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("kind", self, Presence::Required, "which transfer function");
        let required = Presence::Required;
        let default = Presence::Default;
        match self {
            Self::ThresholdLinear { gain, threshold, offset, maximum } => {
                visitor.number("gain", gain, required, &GAIN);
                visitor.number("threshold", threshold, default, &THRESHOLD);
                visitor.number("offset", offset, default, &OFFSET);
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
            Self::LinearExponentialVoltage { conductance, leak, threshold, reset, width, tau, maximum } => {
                visitor.optional("conductance", conductance, &CONDUCTANCE);
                visitor.number("leak", leak, required, &LEAK);
                visitor.number("threshold", threshold, required, &SPIKE);
                visitor.number("reset", reset, required, &RESET);
                visitor.number("width", width, required, &VOLTAGE_WIDTH);
                visitor.number("tau", tau, required, &MEMBRANE);
                visitor.optional("maximum", maximum, &MAXIMUM);
            }
            Self::QuadraticRoot { rate_at_knee, threshold, knee, maximum } => {
                visitor.number("rate_at_knee", rate_at_knee, required, &RATE_AT_KNEE);
                visitor.number("threshold", threshold, default, &THRESHOLD);
                visitor.number("knee", knee, required, &KNEE);
                visitor.optional("maximum", maximum, &MAXIMUM);
            }
            Self::Table(table) => table.visit(visitor),
            Self::Expression { f, parameters, maximum } => {
                visitor.text("f", f, required, "the rate in Hz as a formula in the input x, and in the second input y");
                visitor.numbers("parameters", parameters, &FREE);
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

impl Node for Table {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        let file = "file of two columns, inputs and rates, in place of `inputs` and `rates`";
        visitor.text("file", &mut self.file, Presence::Default, file);
        visitor.series("inputs", &mut self.inputs, &INPUTS);
        visitor.series("rates", &mut self.rates, &RATES);
        visitor.choice(
            "interpolation",
            &mut self.interpolation,
            Presence::Default,
            "how the curve runs between points",
        );
    }
}
