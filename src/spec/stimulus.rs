//! Stimuli: inputs onto populations, and their course in time.

use super::declare::{Choice, Node, Parameter, Presence, Range, Visitor, parameter};
use crate::units::Dimension;

/// An input onto a population for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Injection {
    /// Which population.
    pub population: String,
    /// Its size, in input units.
    pub drive: f64,
    /// Start in min, if not that of the run.
    pub from: Option<f64>,
    /// End in min, if not that of the run.
    pub to: Option<f64>,
    /// The share of the cells that receive it: in the mean field, a factor on the drive.
    pub fraction: f64,
    /// Its course between start and end.
    pub waveform: Waveform,
}

impl Default for Injection {
    fn default() -> Self {
        Self {
            population: String::new(),
            drive: 0.0,
            from: None,
            to: None,
            fraction: 1.0,
            waveform: Waveform::default(),
        }
    }
}

/// The course of an input, t the time since it started.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Waveform {
    /// The drive throughout.
    #[default]
    Step,
    /// The drive for `width` at the start of each period.
    Pulses {
        /// From the start of one pulse to that of the next, in ms.
        period: f64,
        /// In ms.
        width: f64,
        /// How many pulses; 0 for as many as there is time for.
        count: u64,
    },
    /// The drive times `exp(-t / tau)`.
    Decay {
        /// In ms.
        tau: f64,
    },
    /// `mean + drive sin(2 pi (frequency t + phase))`.
    Sinusoid {
        /// In Hz.
        frequency: f64,
        /// At the start, in cycles.
        phase: f64,
        /// In input units.
        mean: f64,
    },
}

impl Choice for Waveform {
    fn words(&self) -> &'static [&'static str] {
        &["step", "pulses", "decay", "sinusoid"]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Pulses { .. } => "pulses",
            Self::Decay { .. } => "decay",
            Self::Sinusoid { .. } => "sinusoid",
        }
    }

    fn choose(&mut self, word: &str) -> bool {
        if self.word() == word {
            return true;
        }
        *self = match word {
            "step" => Self::Step,
            "pulses" => Self::Pulses { period: 100.0, width: 10.0, count: 0 },
            "decay" => Self::Decay { tau: 100.0 },
            "sinusoid" => Self::Sinusoid { frequency: 10.0, phase: 0.0, mean: 0.0 },
            _ => return false,
        };
        true
    }
}

static FROM: Parameter = parameter("t_on", Dimension::Time, Range::Any, "start, if not that of the run");
static TO: Parameter = parameter("t_off", Dimension::Time, Range::Any, "end, if not that of the run");
static INJECTED: Parameter = parameter("I", Dimension::Input, Range::Any, "input onto the population");
static FRACTION: Parameter =
    parameter("p", Dimension::Fraction, Range::Unit, "share of the cells that receive the input");
static PERIOD: Parameter = parameter("T", Dimension::CircuitTime, Range::Positive, "from one pulse to the next");
static WIDTH: Parameter = parameter("w", Dimension::CircuitTime, Range::Positive, "duration of a pulse");
static TAU: Parameter = parameter("tau", Dimension::CircuitTime, Range::Positive, "time constant of the decay");
static FREQUENCY: Parameter = parameter("f", Dimension::Rate, Range::Positive, "frequency");
static PHASE: Parameter = parameter("phi", Dimension::Number, Range::Any, "phase at the start, in cycles");
static MEAN: Parameter = parameter("I_0", Dimension::Input, Range::Any, "mean of the sinusoid");

impl Node for Injection {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("population", &mut self.population, Presence::Required, "which population");
        visitor.number("drive", &mut self.drive, Presence::Required, &INJECTED);
        visitor.optional("from", &mut self.from, &FROM);
        visitor.optional("to", &mut self.to, &TO);
        visitor.number("fraction", &mut self.fraction, Presence::Default, &FRACTION);
        visitor.table("waveform", &mut self.waveform, "course of the input between start and end");
    }
}

impl Node for Waveform {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("kind", self, Presence::Default, "which waveform");
        match self {
            Self::Step => {}
            Self::Pulses { period, width, count } => {
                visitor.number("period", period, Presence::Required, &PERIOD);
                visitor.number("width", width, Presence::Required, &WIDTH);
                visitor.whole("count", count, "how many pulses; as many as there is time for where absent");
            }
            Self::Decay { tau } => visitor.number("tau", tau, Presence::Required, &TAU),
            Self::Sinusoid { frequency, phase, mean } => {
                visitor.number("frequency", frequency, Presence::Required, &FREQUENCY);
                visitor.number("phase", phase, Presence::Default, &PHASE);
                visitor.number("mean", mean, Presence::Default, &MEAN);
            }
        }
    }
}
