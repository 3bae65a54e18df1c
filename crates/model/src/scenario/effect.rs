//! Effects: how a signal changes the circuit, in proportion to its departure from rest.

use super::declare::{Node, Parameter, Presence, Range, Visitor, parameter};
use crate::units::Dimension;
use indexmap::IndexMap;

/// One effect as it is written: exactly one of the amounts is given, and `on`, `from`, `onto` say where.
///
/// At a receptor's site `on` (and `from` for `output`) is the site's own population unless stated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effect {
    /// Population whose drive, gain, time constant, noise or adaptation changes.
    pub on: Option<String>,
    /// Population whose synapses change.
    pub from: Option<String>,
    /// Target of the one connection that changes.
    pub onto: Option<String>,
    /// Shift of the input per unit of departure, in input units.
    pub drive: Option<f64>,
    /// Relative change of all synapses that the population makes, per unit of departure.
    pub output: Option<f64>,
    /// Relative change of one connection, per unit of departure.
    pub weight: Option<f64>,
    /// Relative change of the transfer function's output, per unit of departure.
    pub gain: Option<f64>,
    /// Relative change of the time constant, per unit of departure.
    pub tau: Option<f64>,
    /// Relative change of the noise, per unit of departure.
    pub sigma: Option<f64>,
    /// Relative change of the strength of adaptation, per unit of departure.
    pub adaptation: Option<f64>,
    /// Signals that weaken the effect: it is multiplied by max(0, 1 - g x signal) for each.
    pub reduced_by: IndexMap<String, f64>,
    /// Signals that strengthen the effect: it is multiplied by (1 + g x signal) for each.
    pub raised_by: IndexMap<String, f64>,
}

/// The circuit parameter that an effect changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The input of a population.
    Drive(String),
    /// All synapses that a population makes.
    Output(String),
    /// One connection.
    Weight {
        /// Source population.
        from: String,
        /// Target population.
        onto: String,
    },
    /// The transfer function's output of a population.
    Gain(String),
    /// The time constant of a population.
    Tau(String),
    /// The noise of a population.
    Sigma(String),
    /// The strength of a population's adaptation.
    Adaptation(String),
}

impl Effect {
    /// What the effect changes and by how much per unit of departure, at a site of `population` (none for stress).
    ///
    /// # Errors
    /// A sentence that says what is missing or contradictory.
    pub fn resolve(&self, population: Option<&str>) -> Result<(Target, f64), String> {
        type Make = fn(String, String) -> Target;
        let Self { on, from, onto, drive, output, weight, gain, tau, sigma, adaptation, reduced_by: _, raised_by: _ } =
            self;
        // Key, amount, the words that say where, and the target of what they name.
        let targets: [(&str, &Option<f64>, &[&str], Make); 7] = [
            ("drive", drive, &["on"], |on, _| Target::Drive(on)),
            ("output", output, &["from"], |from, _| Target::Output(from)),
            ("weight", weight, &["from", "onto"], |from, onto| Target::Weight { from, onto }),
            ("gain", gain, &["on"], |on, _| Target::Gain(on)),
            ("tau", tau, &["on"], |on, _| Target::Tau(on)),
            ("sigma", sigma, &["on"], |on, _| Target::Sigma(on)),
            ("adaptation", adaptation, &["on"], |on, _| Target::Adaptation(on)),
        ];
        let mut given = targets.iter().filter_map(|(key, amount, words, make)| Some((key, (**amount)?, *words, make)));
        let (Some((key, amount, words, make)), None) = (given.next(), given.next()) else {
            let keys: Vec<String> = targets.iter().map(|(key, ..)| format!("`{key}`")).collect();
            return Err(format!("exactly one of {} is expected", keys.join(", ")));
        };
        let said = [("on", on), ("from", from), ("onto", onto)];
        if let Some((word, _)) = said.iter().find(|(word, name)| name.is_some() && !words.contains(word)) {
            return Err(format!("`{word}` does not go with `{key}`"));
        }
        let mut places = Vec::with_capacity(2);
        for word in words {
            let stated = said.iter().find(|(known, _)| known == word).and_then(|(_, name)| (*name).clone());
            let place = stated.or_else(|| population.map(str::to_owned));
            places.push(place.ok_or_else(|| format!("`{key}` needs `{word} = \"POPULATION\"`"))?);
        }
        let mut places = places.into_iter();
        Ok((make(places.next().unwrap_or_default(), places.next().unwrap_or_default()), amount))
    }
}

static DRIVE: Parameter =
    parameter("sh", Dimension::Input, Range::Any, "shift of the input per unit of the signal's departure from rest");
static OUTPUT: Parameter = parameter(
    "out",
    Dimension::Number,
    Range::Any,
    "relative change of all synapses that the population makes, per unit of departure",
);
static WEIGHT: Parameter =
    parameter("w", Dimension::Number, Range::Any, "relative change of one connection, per unit of departure");
static GAIN: Parameter =
    parameter("g", Dimension::Number, Range::Any, "relative change of the transfer function, per unit of departure");
static TAU: Parameter =
    parameter("t", Dimension::Number, Range::Any, "relative change of the time constant, per unit of departure");
static SIGMA: Parameter =
    parameter("s", Dimension::Number, Range::Any, "relative change of the noise, per unit of departure");
static ADAPTATION: Parameter = parameter(
    "a",
    Dimension::Number,
    Range::Any,
    "relative change of the strength of adaptation, per unit of departure",
);
static REDUCED: Parameter =
    parameter("g", Dimension::Number, Range::Any, "the effect is multiplied by max(0, 1 - g x signal)");
static RAISED: Parameter =
    parameter("g", Dimension::Number, Range::Any, "the effect is multiplied by (1 + g x signal)");

/// Shows an optional text as one that is empty where absent.
fn optional_text(visitor: &mut dyn Visitor, key: &'static str, value: &mut Option<String>, meaning: &'static str) {
    let mut text = value.take().unwrap_or_default();
    visitor.text(key, &mut text, Presence::Default, meaning);
    *value = (!text.is_empty()).then_some(text);
}

impl Node for Effect {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        optional_text(visitor, "on", &mut self.on, "population whose drive, gain, tau, sigma or adaptation changes");
        optional_text(visitor, "from", &mut self.from, "population whose synapses change");
        optional_text(visitor, "onto", &mut self.onto, "target of the connection that changes");
        visitor.optional("drive", &mut self.drive, &DRIVE);
        visitor.optional("output", &mut self.output, &OUTPUT);
        visitor.optional("weight", &mut self.weight, &WEIGHT);
        visitor.optional("gain", &mut self.gain, &GAIN);
        visitor.optional("tau", &mut self.tau, &TAU);
        visitor.optional("sigma", &mut self.sigma, &SIGMA);
        visitor.optional("adaptation", &mut self.adaptation, &ADAPTATION);
        visitor.numbers("reduced_by", &mut self.reduced_by, &REDUCED);
        visitor.numbers("raised_by", &mut self.raised_by, &RAISED);
    }
}
