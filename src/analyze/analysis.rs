//! The numbers of an analysis, as they are stored.

use super::cycle::{Cycle, Unrest};
use super::fixed_points::{FixedPoint, FixedPoints, fixed_points};
use super::frequency::{FrequencyResponse, frequencies};
use super::noise::{rate_covariance, rate_spectra};
use super::response::Response;
use super::spectra::SimulatedSpectra;
use super::subject::Subject;
use super::system::{Local, System};
use crate::numeric::linear::Complex;
use serde::Serialize;

/// Ends of the frequency responses and spectra, in Hz.
const FREQUENCIES_HZ: (f64, f64) = (0.1, 500.0);

/// What is asked of an analysis.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Lowest and highest rate, in Hz, between which fixed points are looked for, by population; where a population is not
    /// named, the range of its transfer function.
    pub box_hz: Vec<(String, f64, f64)>,
    /// How long to simulate the circuit under its noise for spectra, in s; not at all if none.
    pub simulate_s: Option<f64>,
    /// Seed of that noise.
    pub seed: u64,
}

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
    /// The circuit's variables, in order; those of the populations first.
    pub variables: Vec<String>,
    /// Drives with everything that acts on them, in input units.
    pub drives: Vec<f64>,
    /// The state that the circuit is in; none where it has no stable rest. Where `moving_hz` is given, that in which it would
    /// settle if all its numbers stayed as they are.
    pub state: Option<StateAnalysis>,
    /// The rates of an arm that is on its way at that moment of its run in fast time, in Hz: they are no fixed point.
    pub moving_hz: Option<Vec<f64>>,
    /// All fixed points, in order of the rates.
    pub fixed_points: Vec<StateAnalysis>,
    /// How they were looked for.
    pub search: Search,
    /// The cycle that is reached from beside the first unstable fixed point, where no fixed point is stable.
    pub cycle: Option<Cycle>,
    /// The rates there and their spectra, without noise, where no fixed point is stable.
    pub unrest: Option<Unrest>,
    /// Spectra of the rates as they were simulated under the circuit's noise, where that was asked for.
    pub simulated: Option<SimulatedSpectra>,
}

/// How fixed points were looked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Search {
    /// Lowest and highest rate of each population in Hz.
    pub box_hz: Vec<[f64; 2]>,
    /// How many starts were followed.
    pub starts: usize,
    /// Whether the indices of the fixed points sum to 1, as they must where the box holds all that bounded rates can do; if
    /// not, some are missing. None where that cannot be told.
    pub index_is_one: Option<bool>,
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
    /// What kind of fixed point it is.
    pub kind: String,
    /// In how many directions it is unstable.
    pub unstable_directions: usize,
    /// Real and imaginary parts of the eigenvalues in 1/s, in order of the real parts.
    pub eigenvalues_per_s: Vec<[f64; 2]>,
    /// Response of rates to drives; none where the state is singular.
    pub response: Option<Response>,
    /// Response of the main population's rate to oscillating drives; of stable states alone.
    pub frequency_response: Option<Vec<FrequencyResponse>>,
    /// Frequencies of the responses and spectra, in Hz.
    pub frequencies_hz: Vec<f64>,
    /// Fluctuations under the circuit's input noise, linearised; of stable states with noise alone.
    pub noise: Option<NoiseAnalysis>,
}

/// Fluctuations of the rates.
#[derive(Clone, Debug, Serialize)]
pub struct NoiseAnalysis {
    /// Covariance of the rates in Hz^2.
    pub covariance_hz2: Vec<Vec<f64>>,
    /// Standard deviation of each rate in Hz.
    pub deviation_hz: Vec<f64>,
    /// One-sided power spectral density of each population's rate in Hz^2 per Hz.
    pub spectra_hz2_per_hz: Vec<Vec<f64>>,
    /// Frequency in Hz at which each spectrum is highest; none where it only falls.
    pub peak_hz: Vec<Option<f64>>,
}

impl Analysis {
    /// Analyses a subject.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn new(subject: &Subject, request: &Request) -> Result<Self, String> {
        let system = &subject.system;
        if request.simulate_s.is_some() && system.noise().is_empty() {
            return Err(
                "no population has noise, so that a simulation has no spectrum; expected a `noise` table".into()
            );
        }
        let near: Vec<Vec<f64>> = subject.state.iter().cloned().collect();
        let box_hz = request.box_of(system, &near)?;
        let FixedPoints { points, box_hz, starts, index_is_one } = fixed_points(system, box_hz.as_deref(), &near);
        let box_hz = box_hz.iter().map(|(low, high)| [*low, *high]).collect();
        let state = subject.state.as_ref().and_then(|state| FixedPoint::at(system, state));
        let (cycle, unrest) = unrest(system, &points);
        Ok(Self {
            name: subject.name.clone(),
            minutes: subject.minutes,
            input_unit: system.circuit().input_unit.name().to_owned(),
            populations: system.populations(),
            variables: system.variable_names(),
            drives: (0..system.size()).map(|population| system.drive(population)).collect(),
            state: state.map(|state| StateAnalysis::new(system, &state)),
            moving_hz: subject.moment.as_ref().filter(|moment| moment.moving).map(|moment| moment.rates.clone()),
            cycle,
            unrest,
            simulated: request.simulated(subject, &points),
            fixed_points: points.iter().map(|point| StateAnalysis::new(system, point)).collect(),
            search: Search { box_hz, starts, index_is_one },
        })
    }
}

/// What a circuit without a stable fixed point does.
fn unrest(system: &System, points: &[FixedPoint]) -> (Option<Cycle>, Option<Unrest>) {
    match points.first() {
        Some(first) if !points.iter().any(|point| point.kind.is_stable()) => {
            Cycle::and_unrest(system, &first.variables)
        }
        _ => (None, None),
    }
}

impl Request {
    /// Spectra from the state that a subject is in, or else from its first fixed point.
    fn simulated(&self, subject: &Subject, points: &[FixedPoint]) -> Option<SimulatedSpectra> {
        let start = subject.state.as_ref().or(points.first().map(|point| &point.variables))?;
        Some(SimulatedSpectra::new(&subject.system, start, self.simulate_s?, self.seed))
    }

    /// The box for a system; none where nothing is asked.
    fn box_of(&self, system: &System, near: &[Vec<f64>]) -> Result<Option<Vec<(f64, f64)>>, String> {
        if self.box_hz.is_empty() {
            return Ok(None);
        }
        let names = system.populations();
        let mut ranges = system.rate_ranges(near);
        for (name, low, high) in &self.box_hz {
            let Some(index) = names.iter().position(|known| known == name) else {
                return Err(format!("there is no population `{name}`; expected one of {}", names.join(", ")));
            };
            if !(low < high && high.is_finite() && low.is_finite()) {
                return Err(format!("the range of {name} is empty; expected a low rate below a high one"));
            }
            ranges[index] = (*low, *high);
        }
        Ok(Some(ranges))
    }
}

impl StateAnalysis {
    /// Linearises a circuit at a fixed point.
    pub fn new(system: &System, point: &FixedPoint) -> Self {
        let local = system.at(&point.variables);
        let frequencies_hz = frequencies(FREQUENCIES_HZ.0, FREQUENCIES_HZ.1);
        let stable = point.kind.is_stable();
        let follow = || FrequencyResponse::of_rate(system, &local, system.main_population(), &frequencies_hz);
        Self {
            variables: point.variables.clone(),
            rates_hz: point.rates.clone(),
            residual: point.residual,
            kind: point.kind.words().to_owned(),
            unstable_directions: point.unstable_directions,
            eigenvalues_per_s: point.eigenvalues.iter().map(|value: &Complex| [value.re, value.im]).collect(),
            response: Response::new(system, &local),
            frequency_response: if stable { follow() } else { None },
            noise: if stable { NoiseAnalysis::new(system, &local, &frequencies_hz) } else { None },
            frequencies_hz,
        }
    }

    /// Whether small departures die out.
    pub fn is_stable(&self) -> bool {
        self.kind.starts_with("stable")
    }
}

impl NoiseAnalysis {
    fn new(system: &System, local: &Local, frequencies_hz: &[f64]) -> Option<Self> {
        let n = local.size();
        let covariance = rate_covariance(system, local)?;
        let spectra = rate_spectra(system, local, frequencies_hz)?;
        let highest = |spectrum: &Vec<f64>| {
            let best = (0..spectrum.len()).max_by(|one, other| spectrum[*one].total_cmp(&spectrum[*other]));
            best.filter(|best| *best > 0).map(|best| frequencies_hz[best])
        };
        Some(Self {
            deviation_hz: (0..n).map(|index| libm::sqrt(covariance[index * n + index])).collect(),
            covariance_hz2: covariance.chunks(n).map(<[f64]>::to_vec).collect(),
            peak_hz: spectra.iter().map(highest).collect(),
            spectra_hz2_per_hz: spectra,
        })
    }
}
