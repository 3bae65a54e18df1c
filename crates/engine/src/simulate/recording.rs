//! What a run leaves in memory: traces of all signals, the state at each report time, and what happened on the way.

use super::comparing::Compared;
use super::watch::Found;
use crate::scenario::Projection;
use crate::scenario::units::of_all_units;
use crate::scenario::watch::Watch;
use ndarray::ArrayView2;
use std::sync::Arc;

/// The traces of one arm: samples in order of time, one column per signal.
#[derive(Clone, Debug)]
pub struct Recording {
    names: Vec<String>,
    times: Vec<f64>,
    values: Vec<f64>,
}

impl Recording {
    /// No samples yet of these signals.
    pub fn new(names: &[String]) -> Self {
        Self { names: names.to_vec(), times: Vec::new(), values: Vec::new() }
    }

    /// Adds a sample: a time in min and a value for each signal; NaN for those that are missing.
    pub fn push(&mut self, time: f64, values: impl Iterator<Item = f64>) {
        self.times.push(time);
        self.values.extend(values.chain(std::iter::repeat(f64::NAN)).take(self.names.len()));
    }

    /// The signals' names, in the order of the columns.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Times of the samples in min. Where something changes at once, two samples share a time: before and after.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// All samples: rows are times, columns signals.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        ArrayView2::from_shape((self.times.len(), self.names.len()), &self.values)
            .expect("`push` adds a value for every name")
    }

    /// The trace of one signal: Hz for rates, nM for concentrations, a share for the rest; none if there is no such signal.
    /// What is recorded of each unit of a population is, under the population's name, the mean over its units.
    pub fn signal(&self, name: &str) -> Option<Vec<f64>> {
        let columns = columns_of(&self.names, name);
        let mean = |sample: &[f64]| mean(sample, &columns);
        (!columns.is_empty()).then(|| self.values.chunks(self.names.len()).map(mean).collect())
    }
}

/// The value of a signal among those of these names or, of a population of several units, the mean over its units; none if
/// there is no such signal.
pub fn mean_of(names: &[String], values: &[f64], name: &str) -> Option<f64> {
    let columns = columns_of(names, name);
    (!columns.is_empty()).then(|| mean(values, &columns))
}

/// Where a signal, or that of each unit of a population, stands.
pub fn columns_of(names: &[String], name: &str) -> Vec<usize> {
    match names.iter().position(|known| known == name) {
        Some(column) => vec![column],
        None => (0..names.len()).filter(|column| of_all_units(&names[*column]) == name).collect(),
    }
}

/// The mean of some values, one for each unit of a population; that of a single one is itself to the last bit.
pub fn mean_over(mut values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    let first = values.next().unwrap_or(f64::NAN);
    values.fold(first, |sum, value| sum + value) / count
}

fn mean(values: &[f64], columns: &[usize]) -> f64 {
    let value = |column: &usize| values.get(*column).copied().unwrap_or(f64::NAN);
    match columns {
        [one] => value(one),
        many => many.iter().map(value).sum::<f64>() / many.len() as f64,
    }
}

/// The state of one arm at a report time.
#[derive(Clone, Debug)]
pub struct Report {
    /// As the user wrote the time.
    pub label: String,
    /// The time in min.
    pub minutes: f64,
    /// All signals, in the order of the arm's `signals`.
    pub signals: Vec<f64>,
    /// What each connection brings (effective weight times what its synapses carry): in input units or, of divisive synapses,
    /// without unit.
    pub synaptic: Vec<f64>,
    /// Effective weight of each connection, in the unit of its dimension.
    pub weights: Vec<f64>,
    /// Drive of each population with everything that acts on it, in input units.
    pub drives: Vec<f64>,
    /// The largest real part of the circuit's eigenvalues there, in 1/s: below 0 it is stable, and the closer to 0 the more
    /// slowly it settles. NaN where the circuit does not stand still or its linearisation is not finite.
    pub stability_per_s: f64,
    /// Whether the circuit stands still: not where it oscillates, is noisy or on its way.
    pub stands: bool,
}

/// How an arm ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// It ran to the end.
    Done,
    /// A rate ran away, or a signal became infinite.
    Diverged {
        /// When, in min.
        at: f64,
    },
    /// A formula has no value: NaN, though nothing had run away.
    Undefined {
        /// When, in min.
        at: f64,
        /// What has no value.
        reason: String,
    },
    /// The step of fast time is too long for the circuit: the method would be unstable where the circuit is stable.
    Unresolved {
        /// When, in min.
        at: f64,
        /// What was found.
        reason: String,
    },
    /// The circuit has no stable state that it could follow or settle in.
    Unstable {
        /// When, in min.
        at: f64,
        /// What was found.
        reason: String,
    },
}

impl Status {
    /// The word that stands in tables: ok, diverged, undefined, unresolved or unstable.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Diverged { .. } => "diverged",
            Self::Undefined { .. } => "undefined",
            Self::Unresolved { .. } => "unresolved",
            Self::Unstable { .. } => "unstable",
        }
    }

    /// What went wrong, in words; none where the arm ran to its end.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Done => None,
            Self::Diverged { at } => Some(format!("a rate ran away, or a signal became infinite, at {at:.4} min")),
            Self::Undefined { at, reason } | Self::Unresolved { at, reason } | Self::Unstable { at, reason } => {
                Some(format!("at {at:.4} min {reason}"))
            }
        }
    }
}

/// Something that happened to the circuit on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, in min.
    pub at: f64,
    /// Of which kind.
    pub kind: EventKind,
    /// What, in a sentence.
    pub what: String,
    /// The signal or input whose own change moved the circuit's leading eigenvalue most; none where nothing has changed.
    pub driver: Option<String>,
}

/// What may happen to a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The state that was followed has become unstable.
    LossOfStability,
    /// The circuit has settled in a state that does not continue the one that was followed.
    Jump,
    /// The circuit stands still nowhere.
    Oscillation,
    /// It stands still again.
    Rest,
    /// An input that is too fast for slow time is seen by its mean.
    MeanInput,
    /// Something begins or ends before the circuit has settled after what was before.
    Passage,
    /// A rate is below 0.
    NegativeRate,
    /// The step of fast time is long for the circuit: its method gets the damping of the circuit's motion wrong.
    CoarseStep,
}

impl EventKind {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::LossOfStability => "loss of stability",
            Self::Jump => "jump",
            Self::Oscillation => "oscillation",
            Self::Rest => "rest",
            Self::MeanInput => "mean input",
            Self::Passage => "passage",
            Self::NegativeRate => "negative rate",
            Self::CoarseStep => "coarse step",
        }
    }

    /// What it is, in a sentence.
    pub fn what(self) -> &'static str {
        match self {
            Self::LossOfStability => "the followed state lost its stability",
            Self::Jump => "the circuit jumped to another state",
            Self::Oscillation => "the circuit oscillates; slow variables see its mean rates",
            Self::Rest => "the circuit stands still again",
            Self::MeanInput => "an input is seen by its mean",
            Self::Passage => {
                "an input, a gap or a report comes sooner than the circuit settles; its own motion is followed in between"
            }
            Self::NegativeRate => "a rate is below 0: the transfer function has no floor there",
            Self::CoarseStep => "the step is long for the circuit",
        }
    }
}

/// What averaging over bursts of fast time came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Averaged {
    /// How many steps of slow time rest on it.
    pub bursts: u64,
    /// The largest estimated error of a mean rate, in Hz.
    pub error_hz: f64,
}

/// How much work a run was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Steps taken.
    pub steps: u64,
    /// Steps tried and thrown away.
    pub rejected: u64,
    /// Evaluations of the signals' equations.
    pub evaluations: u64,
}

/// Everything that one arm leaves.
#[derive(Clone, Debug)]
pub struct ArmOutcome {
    /// The arm's name.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// Its traces, of the signals that are recorded.
    pub recording: Recording,
    /// What was found of the signals that were followed step by step, whatever is recorded.
    pub found: Vec<(Watch, Found)>,
    /// What was found beside control and the stressed arm.
    pub compared: Compared,
    /// The names of all signals, in the order of each report's `signals`.
    pub signals: Arc<[String]>,
    /// The connections of the arm's own circuit, those whose weight is not 0, in the order of each report's `synaptic`.
    pub connections: Arc<[Projection]>,
    /// Its state at the report times that it reached.
    pub reports: Vec<Report>,
    /// What happened on the way.
    pub events: Vec<Event>,
    /// Area under the free concentration of each ligand over the run, by its name, in nM min.
    pub areas_nm_min: Vec<(String, f64)>,
    /// In slow time, where slow variables saw mean rates: how good these were.
    pub averaged: Option<Averaged>,
    /// How much work it was.
    pub work: Work,
}
