//! Plasticity: slow variables of the cells that follow a signal, such as a growth factor's release or new spines, and
//! indices of them as experiments report them.

use super::declare::{Level, Node, NumberOrWord, Parameter, Presence, Range, Visitor, parameter};
use super::effect::Effect;
use crate::units::Dimension;
use indexmap::IndexMap;

/// A variable x with `dx/dt = (target - x) / tau`, tau that of the rise while the target lies above, else that of the
/// fall.
#[derive(Clone, Debug, PartialEq)]
pub struct Plasticity {
    /// What it follows.
    pub target: Target,
    /// Time constant while rising, in min.
    pub rise: f64,
    /// Time constant while falling, in min.
    pub fall: f64,
    /// Where it starts: a number, [`AT_TARGET`] or [`AT_REST`].
    pub start: NumberOrWord,
    /// Signals that hasten the fall.
    pub fall_hastened_by: Option<Hastening>,
    /// What it changes in the circuit, per unit of departure from its rest.
    pub effects: Vec<Effect>,
}

/// Starts where it would be had the state at the start of the run lasted for ever.
pub const AT_TARGET: &str = "target";
/// Starts where it is in the healthy circuit, whatever the run starts with.
pub const AT_REST: &str = "rest";

impl Default for Plasticity {
    fn default() -> Self {
        Self {
            target: Target::default(),
            rise: 1.0,
            fall: 1.0,
            start: NumberOrWord::Word(AT_TARGET),
            fall_hastened_by: None,
            effects: Vec::new(),
        }
    }
}

/// A Hill function of a signal y: `maximum y^hill / (y^hill + half^hill)`, 0 where y is 0 or less.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The signal.
    pub of: String,
    /// The signal of half the maximum.
    pub half: Level,
    /// Steepness.
    pub hill: f64,
    /// The value for a large signal.
    pub maximum: f64,
}

impl Default for Target {
    fn default() -> Self {
        Self { of: String::new(), half: Level::At(1.0), hill: 1.0, maximum: 1.0 }
    }
}

/// The time constant of the fall is divided by `1 + sum_i g_i y_i`, the sum being weakened by
/// `max(0, 1 - g y)` for every signal of `reduced_by` and strengthened by `1 + g y` for every one of `raised_by`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hastening {
    /// Signals with their weights.
    pub by: IndexMap<String, f64>,
    /// Signals that weaken the hastening.
    pub reduced_by: IndexMap<String, f64>,
    /// Signals that strengthen it.
    pub raised_by: IndexMap<String, f64>,
}

/// A number that is recorded for the reader: of a signal, or of a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The signal of `offset + slope x signal`; empty for an index of a connection.
    pub of: String,
    /// The index where the signal is 0.
    pub offset: f64,
    /// The change of the index per unit of the signal.
    pub slope: f64,
    /// Source of a connection whose strength relative to rest is the index.
    pub from: String,
    /// Target of that connection.
    pub onto: String,
}

impl Default for Index {
    fn default() -> Self {
        Self { of: String::new(), offset: 0.0, slope: 1.0, from: String::new(), onto: String::new() }
    }
}

static RISE: Parameter = parameter("tau_up", Dimension::Time, Range::Positive, "time constant while rising");
static FALL: Parameter = parameter("tau_down", Dimension::Time, Range::Positive, "time constant while falling");
static START: Parameter = parameter("x_0", Dimension::Number, Range::NotNegative, "value at the start of the run");
static HALF: Parameter = parameter(
    "half",
    Dimension::Number,
    Range::Positive,
    "the signal at which the target is half its maximum; or a multiple of its rest, such as \"1.2 x rest\"",
);
static HILL: Parameter = parameter("n", Dimension::Number, Range::Positive, "steepness of the target");
static MAXIMUM: Parameter =
    parameter("max", Dimension::Number, Range::NotNegative, "the target where the signal is large");
static HASTENED: Parameter =
    parameter("lam", Dimension::Number, Range::Any, "the fall is hastened by the factor 1 + g x signal");
static REDUCED: Parameter =
    parameter("g", Dimension::Number, Range::Any, "the hastening is multiplied by max(0, 1 - g x signal)");
static RAISED: Parameter =
    parameter("g", Dimension::Number, Range::Any, "the hastening is multiplied by (1 + g x signal)");
static OFFSET: Parameter = parameter("a", Dimension::Number, Range::Any, "the index where the signal is 0");
static SLOPE: Parameter = parameter("b", Dimension::Number, Range::Any, "change of the index per unit of the signal");

impl Node for Plasticity {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.table("target", &mut self.target, "what the variable follows");
        visitor.number("rise", &mut self.rise, Presence::Required, &RISE);
        visitor.number("fall", &mut self.fall, Presence::Required, &FALL);
        visitor.number_or_word("start", &mut self.start, &[AT_TARGET, AT_REST], &START);
        visitor.optional_table("fall_hastened_by", &mut self.fall_hastened_by, "signals that hasten the fall");
        visitor.list("effects", &mut self.effects, "what the variable changes, per unit of departure from its rest");
    }
}

impl Node for Target {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("of", &mut self.of, Presence::Required, "the signal that the variable follows");
        let of = self.of.clone();
        visitor.level("half", &mut self.half, &of, &HALF);
        visitor.number("hill", &mut self.hill, Presence::Default, &HILL);
        visitor.number("maximum", &mut self.maximum, Presence::Default, &MAXIMUM);
    }
}

impl Node for Hastening {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.numbers("reduced_by", &mut self.reduced_by, &REDUCED);
        visitor.numbers("raised_by", &mut self.raised_by, &RAISED);
        visitor.entries(&mut self.by, &HASTENED);
    }
}

impl Node for Index {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("of", &mut self.of, Presence::Default, "the signal of which it is a linear function");
        visitor.number("offset", &mut self.offset, Presence::Default, &OFFSET);
        visitor.number("slope", &mut self.slope, Presence::Default, &SLOPE);
        visitor.text("from", &mut self.from, Presence::Default, "source of the connection whose strength it is");
        visitor.text("onto", &mut self.onto, Presence::Default, "target of that connection");
    }
}
