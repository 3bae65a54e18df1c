//! What a circuit, a drug, a receptor, an arm and a scenario are: typed, validated, in base units, built in code or
//! read from files by `config`.
//!
//! Each field is declared once, in the `visit` of its struct ([`declare`]): path, symbol, unit, range and meaning.
//! Every value has a path ([`path`]) by which `--set`, an arm's `set` and sweeps address it.

pub mod arm;
pub mod circuit;
pub mod connections;
pub mod declare;
pub mod effect;
pub mod finding;
pub mod kernel;
pub mod ligand;
pub mod listing;
pub mod mechanism;
pub mod modulation;
pub mod path;
pub mod plasticity;
pub mod readout;
pub mod receptor;
pub mod run;
pub mod settable;
pub mod signal;
pub mod statistic;
pub mod stimulus;
pub mod stress;
pub mod structure;
pub mod sweep;
pub mod synapse;
pub mod tie;
pub mod transfer;
pub mod units;
pub mod validate;
pub mod warnings;
pub mod watch;
pub mod whole;

pub use arm::{Administration, Arm, Bath, Block, Dose, Exposure, Period, Reference};
pub use circuit::{Afferents, Circuit, Divisors, Form, Population, Role, Sources, Weights};
pub use connections::{Compartment, Projection};
pub use declare::{ByName, Level, NumberOrWord, Setting, TimeLabel};
pub use effect::{Effect, Target};
pub use finding::{Finding, Hypothesis};
pub use ligand::{Kinetics, Ligand, Peak, Release, Route};
pub use mechanism::{
    Adaptation, Dendrite, DendriticEvent, Divided, Division, Noise, NoiseKind, NoiseSite, Refractory, SecondInput,
    SigmaMeans,
};
pub use modulation::{Modulation, ModulationSite};
pub use plasticity::Plasticity;
pub use receptor::{Binding, Blocker, Desensitisation, Receptor, Site, Tone};
pub use run::{Calibration, Compare, Method, NoiseSharing, Observed, Run, Time};
pub use signal::Signal;
pub use stimulus::{Injection, Waveform};
pub use stress::{Phenotype, Stress};
pub use sweep::Sweep;
pub use synapse::{Gate, GateKind, ShortTermPlasticity, Synapses};
pub use transfer::Transfer;
pub use validate::{Problem, validate};
pub use whole::Scenario;

use crate::units::Dimension;
use declare::{Parameter, Range, parameter};

/// A negative decadic logarithm of a dissociation constant in mol/L.
pub static NEGATIVE_LOG_AFFINITY: Parameter =
    parameter("pK", Dimension::Number, Range::Any, "negative decadic logarithm of the dissociation constant in mol/L");

/// The dissociation constant in nM of a negative decadic logarithm: pK 9 is 1 nM.
pub fn from_negative_log(negative_log: f64) -> f64 {
    libm::pow(10.0, 9.0 - negative_log)
}

/// What a signal that may act measures, by its name.
pub fn signal_dimension(signal: &str) -> Dimension {
    match Signal::parse(signal) {
        Some(Signal::Concentration { .. }) => Dimension::Concentration,
        Some(Signal::Rate(_)) => Dimension::Rate,
        _ => Dimension::Number,
    }
}

/// The candidate most like a word, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let likeness = |candidate: &str| {
        let (one, other) = (word.to_lowercase(), candidate.to_lowercase());
        let edits = strsim::normalized_damerau_levenshtein(&one, &other);
        let prefix = if one.len() >= 3 && (other.starts_with(&one) || one.starts_with(&other)) { 0.2 } else { 0.0 };
        edits + prefix
    };
    candidates
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(score, _)| *score >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}
