//! The numbers of an analysis, as they are stored.

use super::response::Response;
use super::subject::Subject;
use serde::Serialize;

/// The analysis of one subject.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// The name of the circuit or of the arm.
    pub name: String,
    /// When, in min; none for a circuit at rest.
    pub minutes: Option<f64>,
    /// The unit of drives.
    pub input_unit: String,
    /// The populations, in the order of all vectors and matrices.
    pub populations: Vec<String>,
    /// Drives with everything that acts on them, in input units.
    pub drives: Vec<f64>,
    /// The state that the circuit is in; none where it has no stable rest.
    pub state: Option<StateAnalysis>,
}

/// A fixed point, linearised.
#[derive(Clone, Debug, Serialize)]
pub struct StateAnalysis {
    /// The circuit's variables.
    pub variables: Vec<f64>,
    /// Rates in Hz.
    pub rates_hz: Vec<f64>,
    /// Largest size of target minus state among the variables.
    pub residual: f64,
    /// Real and imaginary parts of the eigenvalues in 1/s, in order of the real parts; empty where the Jacobian is not
    /// finite.
    pub eigenvalues_per_s: Vec<[f64; 2]>,
    /// Response of rates to drives; none where the state is singular.
    pub response: Option<Response>,
}

impl Analysis {
    /// Analyses a subject.
    pub fn new(subject: &Subject) -> Self {
        let system = &subject.system;
        Self {
            name: subject.name.clone(),
            minutes: subject.minutes,
            input_unit: system.circuit().input_unit.name().to_owned(),
            populations: system.populations(),
            drives: (0..system.size()).map(|population| system.drive(population)).collect(),
            state: subject.state.as_ref().map(|state| StateAnalysis::new(subject, state)),
        }
    }
}

impl StateAnalysis {
    /// Linearises a subject at a fixed point.
    pub fn new(subject: &Subject, state: &[f64]) -> Self {
        let local = subject.system.at(state);
        let values = local.eigenvalues_per_s().unwrap_or_default();
        Self {
            variables: state.to_vec(),
            residual: local.residual.iter().fold(0.0, |largest, value| value.abs().max(largest)),
            eigenvalues_per_s: values.iter().map(|value| [value.re, value.im]).collect(),
            response: Response::new(&subject.system, &local),
            rates_hz: local.rates,
        }
    }
}
