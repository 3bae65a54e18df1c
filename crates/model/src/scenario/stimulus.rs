//! Stimuli: inputs onto populations, and their course in time.

use super::declare::{Choice, Node, Parameter, Presence, Range, Visitor, parameter};
use super::units::{KernelShape, place_of};
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
    /// How it falls with the angle between units, where the population has several.
    pub tuning: Option<Tuning>,
}

/// How an input falls with the angle from the unit that receives most.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tuning {
    /// Where it is centred, in degrees; unit 0 of n stands at 0, unit 1 at 360/n.
    pub centre: f64,
    /// Its shape.
    pub shape: KernelShape,
}

impl Tuning {
    /// The factor on the input to unit `index` of so many.
    pub fn factor(&self, index: usize, units: u64) -> f64 {
        self.shape.height(place_of(index as u64, units) - self.centre)
    }
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
            tuning: None,
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
    /// The drive times a factor that runs in straight lines between points, and stays what it is before the first and after
    /// the last.
    Table {
        /// In ms, rising.
        times: Vec<f64>,
        /// A factor for each time.
        values: Vec<f64>,
    },
}

impl Choice for Waveform {
    fn words(&self) -> &'static [&'static str] {
        &["step", "pulses", "decay", "sinusoid", "table"]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Pulses { .. } => "pulses",
            Self::Decay { .. } => "decay",
            Self::Sinusoid { .. } => "sinusoid",
            Self::Table { .. } => "table",
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
            "table" => Self::Table { times: Vec::new(), values: Vec::new() },
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
static TIMES: Parameter = parameter("t", Dimension::CircuitTime, Range::Any, "times since the start, rising");
static VALUES: Parameter = parameter("v", Dimension::Number, Range::Any, "factors on the drive, one for each time");
static CENTRE: Parameter = parameter("c", Dimension::Number, Range::Any, "angle of the largest input, in degrees");
static MEAN: Parameter = parameter("I_0", Dimension::Input, Range::Any, "mean of the sinusoid");

impl Node for Injection {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("population", &mut self.population, Presence::Required, "which population");
        visitor.number("drive", &mut self.drive, Presence::Required, &INJECTED);
        visitor.optional("from", &mut self.from, &FROM);
        visitor.optional("to", &mut self.to, &TO);
        visitor.number("fraction", &mut self.fraction, Presence::Default, &FRACTION);
        visitor.table("waveform", &mut self.waveform, "course of the input between start and end");
        visitor.optional_table("tuning", &mut self.tuning, "how the input falls with the angle between units");
    }
}

impl Node for Tuning {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("centre", &mut self.centre, Presence::Default, &CENTRE);
        self.shape.visit(visitor, "how the input falls with the angle");
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
            Self::Table { times, values } => {
                visitor.series("times", times, &TIMES);
                visitor.series("values", values, &VALUES);
            }
        }
    }
}
