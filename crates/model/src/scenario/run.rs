//! How a scenario is run and reported.

use super::declare::{Node, Parameter, Presence, Range, TimeLabel, Visitor, parameter, words};
use crate::units::Dimension;
use indexmap::IndexMap;

/// Which of the circuit's times is resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Time {
    /// The circuit stays at its followed stable state while signals evolve.
    #[default]
    Slow,
    /// Everything at a fixed step.
    Fast,
}
words!(Time { Slow = "slow", Fast = "fast" });

/// The stepper of fast time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Euler-Maruyama; plain Euler without noise.
    #[default]
    EulerMaruyama,
    /// Stochastic Heun.
    Heun,
    /// Runge-Kutta of order four; without noise only.
    RungeKutta4,
}
words!(Method { EulerMaruyama = "euler-maruyama", Heun = "heun", RungeKutta4 = "rk4" });

/// Whether arms see the same noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoiseSharing {
    /// All arms see the same noise (common random numbers), so that their difference is the treatment's.
    #[default]
    Shared,
    /// Each arm has noise of its own.
    Independent,
}
words!(NoiseSharing { Shared = "shared", Independent = "independent" });

/// When background drives are solved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Calibration {
    /// After `--set` and a sweep's axes: every circuit rests where stated.
    #[default]
    Recalibrate,
    /// Before them: the drives of the circuit as its file states it are kept.
    Hold,
}
words!(Calibration { Recalibrate = "recalibrate", Hold = "hold" });

/// How a scenario is run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Which time is resolved.
    pub time: Time,
    /// Start, in min; time zero is the main dose.
    pub from: f64,
    /// End, in min.
    pub to: f64,
    /// When rates are reported.
    pub report: Vec<TimeLabel>,
    /// Interval of the recorded traces in min; adaptive where absent.
    pub record: Option<f64>,
    /// The signals that are recorded, by name or by patterns with `*`; all where empty.
    pub signals: Vec<String>,
    /// Readouts that the summary has besides those that it always has.
    pub readouts: Vec<String>,
    /// Seed of the noise.
    pub seed: u64,
    /// Noise stream: 0, or that of a point of a sweep, to run that point again.
    pub stream: u64,
    /// Replicate: which of the runs with noise of their own.
    pub replicate: u64,
    /// Whether arms see the same noise.
    pub noise: NoiseSharing,
    /// When background drives are solved.
    pub drive: Calibration,
    /// Stepper of fast time.
    pub method: Method,
    /// Step of fast time, in ms.
    pub step: f64,
    /// In fast time, how often signals slower than the circuit advance, in min.
    pub signal_step: f64,
    /// Relative tolerance of slow time.
    pub tolerance: f64,
    /// Where the circuit's variables start in fast time, by name: rates in Hz, voltages in input units, gates. From its rest
    /// where empty; variables that are not named start at 0, synapses and adaptation where these rates would hold them.
    pub start: IndexMap<String, f64>,
    /// In slow time, where the circuit oscillates or is noisy: the burst of fast time, in ms, over which rates are averaged.
    pub average_over: f64,
    /// How long it runs before that, in ms.
    pub average_after: f64,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            time: Time::Slow,
            from: -60.0,
            to: 120.0,
            report: Vec::new(),
            record: None,
            signals: Vec::new(),
            readouts: Vec::new(),
            seed: 1,
            stream: 0,
            replicate: 0,
            noise: NoiseSharing::Shared,
            drive: Calibration::Recalibrate,
            method: Method::EulerMaruyama,
            step: 0.25,
            signal_step: 1.0 / 60.0,
            tolerance: 1e-7,
            start: IndexMap::new(),
            average_over: 1_000.0,
            average_after: 200.0,
        }
    }
}

/// What suppression and rescue are measured on and against.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare {
    /// The healthy arm.
    pub control: String,
    /// The stressed, untreated arm.
    pub stress: String,
    /// The population measured; the first excitatory one where empty.
    pub population: String,
    /// Start of the window for peaks and for the minutes above control, in min.
    pub from: f64,
    /// End of that window, in min.
    pub to: f64,
    /// When the rescue that lasts is looked at, in min.
    pub lasting: f64,
    /// The readout of an unwanted effect: sweeps over doses set its half dose against that of rescue. May be empty.
    pub off_target: String,
    /// A rate in Hz whose first passage by the main population is timed from the window's start.
    pub threshold: Option<f64>,
    /// The share of a signal's range in its window by which a peak stands out on both sides.
    pub prominence: f64,
}

impl Default for Compare {
    fn default() -> Self {
        Self {
            control: String::new(),
            stress: String::new(),
            population: String::new(),
            from: 0.0,
            to: 120.0,
            lasting: 1_440.0,
            off_target: String::new(),
            threshold: None,
            prominence: 0.25,
        }
    }
}

/// A user's own measurements, drawn over the figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// A CSV file with the columns arm, time, variable, value and, if known, `s.e.`.
    pub file: String,
}

static FROM: Parameter = parameter("t_0", Dimension::Time, Range::Any, "start of the run; time zero is the main dose");
static TO: Parameter = parameter("t_1", Dimension::Time, Range::Any, "end of the run");
static RECORD: Parameter =
    parameter("dt_rec", Dimension::Time, Range::Positive, "interval of the recorded traces; adaptive where absent");
static STEP: Parameter = parameter("dt", Dimension::CircuitTime, Range::Positive, "step of fast time");
static SIGNAL_STEP: Parameter = parameter(
    "dt_sig",
    Dimension::Time,
    Range::Positive,
    "in fast time, how often signals slower than the circuit advance",
);
static AVERAGE_OVER: Parameter = parameter(
    "T_avg",
    Dimension::CircuitTime,
    Range::Positive,
    "in slow time, where the circuit oscillates or is noisy: the burst over which its rates are averaged",
);
static AVERAGE_AFTER: Parameter =
    parameter("T_set", Dimension::CircuitTime, Range::Positive, "how long that burst runs before averaging starts");
static TOLERANCE: Parameter = parameter("rtol", Dimension::Number, Range::Positive, "relative tolerance of slow time");
static START: Parameter = parameter(
    "y_0",
    Dimension::Number,
    Range::Any,
    "where a variable of the circuit starts, by name, in place of its rest (fast time)",
);
static WINDOW_FROM: Parameter =
    parameter("t_a", Dimension::Time, Range::Any, "start of the window for peaks and for the minutes above control");
static WINDOW_TO: Parameter =
    parameter("t_b", Dimension::Time, Range::Any, "end of the window for peaks and for the minutes above control");

static LASTING: Parameter = parameter(
    "t_l",
    Dimension::Time,
    Range::Any,
    "when the lasting rescue is looked at, whose half time is measured from there",
);

static THRESHOLD: Parameter = parameter(
    "theta_r",
    Dimension::Rate,
    Range::Positive,
    "rate whose first passage by the main population is timed from the window's start",
);

static PROMINENCE: Parameter = parameter(
    "p_min",
    Dimension::Number,
    Range::Unit,
    "share of a signal's range in its window by which a peak stands out on both sides",
);

impl Run {
    /// Whether a signal is recorded.
    pub fn records(&self, signal: &str) -> bool {
        self.signals.is_empty() || self.signals.iter().any(|pattern| fits(pattern, signal))
    }
}

/// Whether a signal has a name, or fits a pattern in which `*` stands for any letters. The name of a population stands for
/// all its units.
pub fn fits(pattern: &str, signal: &str) -> bool {
    let unit = || signal.strip_suffix(']')?.rsplit_once('[').map(|(whole, _)| whole);
    is_like(pattern, signal) || unit().is_some_and(|whole| is_like(pattern, whole))
}

fn is_like(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(left) = text.strip_prefix(start) else { return false };
    (0..=left.len()).filter(|place| left.is_char_boundary(*place)).any(|place| is_like(rest, &left[place..]))
}

impl Node for Run {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("time", &mut self.time, Presence::Default, "which of the circuit's times is resolved");
        visitor.number("from", &mut self.from, Presence::Default, &FROM);
        visitor.number("to", &mut self.to, Presence::Default, &TO);
        visitor.times("report", &mut self.report, "when rates are reported");
        visitor.optional("record", &mut self.record, &RECORD);
        visitor.texts("signals", &mut self.signals, Presence::Default, "what is recorded, by name, * for any letters");
        visitor.texts("readouts", &mut self.readouts, Presence::Default, "further readouts of the summary");
        visitor.whole("seed", &mut self.seed, "seed of the noise");
        visitor.whole("stream", &mut self.stream, "noise stream of a point of a sweep; 0 for the shared one");
        visitor.whole("replicate", &mut self.replicate, "which of the runs with noise of their own");
        visitor.choice("noise", &mut self.noise, Presence::Default, "whether arms see the same noise");
        visitor.choice("drive", &mut self.drive, Presence::Default, "when background drives are solved");
        visitor.choice("method", &mut self.method, Presence::Default, "stepper of fast time");
        visitor.number("step", &mut self.step, Presence::Default, &STEP);
        visitor.number("signal_step", &mut self.signal_step, Presence::Default, &SIGNAL_STEP);
        visitor.number("tolerance", &mut self.tolerance, Presence::Default, &TOLERANCE);
        visitor.numbers("start", &mut self.start, &START);
        visitor.number("average_over", &mut self.average_over, Presence::Default, &AVERAGE_OVER);
        visitor.number("average_after", &mut self.average_after, Presence::Default, &AVERAGE_AFTER);
    }
}

impl Node for Compare {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("control", &mut self.control, Presence::Default, "the healthy arm");
        visitor.text("stress", &mut self.stress, Presence::Default, "the stressed, untreated arm");
        visitor.text("population", &mut self.population, Presence::Default, "the population measured");
        visitor.number("from", &mut self.from, Presence::Default, &WINDOW_FROM);
        visitor.number("to", &mut self.to, Presence::Default, &WINDOW_TO);
        visitor.number("lasting", &mut self.lasting, Presence::Default, &LASTING);
        let off_target = "readout of an unwanted effect, whose half dose is set against that of rescue";
        visitor.text("off_target", &mut self.off_target, Presence::Default, off_target);
        visitor.optional("threshold", &mut self.threshold, &THRESHOLD);
        visitor.number("prominence", &mut self.prominence, Presence::Default, &PROMINENCE);
    }
}

impl Node for Observed {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("file", &mut self.file, Presence::Required, "CSV file of measurements");
    }
}
