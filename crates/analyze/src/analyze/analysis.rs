//! The numbers of an analysis, as they are stored.

use super::cycle::{Cycle, Unrest};
use super::fixed_points::{FixedPoint, FixedPoints, Kind, fixed_points_within};
use super::frequency::{FrequencyResponse, frequencies};
use super::hunt::{Bounds, Ended, Progress};
use super::noise::{rate_covariance, rate_spectra};
use super::response::Response;
use super::spectra::SimulatedSpectra;
use super::subject::Subject;
use super::system::{Local, System};
use crate::equilibrium::corner::Side;
use crate::numeric::linear::Complex;
use crate::scenario::Form;
use crate::scenario::units::is_of;
use serde::Serialize;

/// Ends of the frequency responses and spectra, in Hz.
const FREQUENCIES_HZ: (f64, f64) = (0.1, 500.0);

/// Of so many fixed points the frequency responses and the fluctuations are computed too.
const DETAILED: usize = 50;

/// A range in which fixed points are looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxRange {
    /// The population, or a population of several units for all of them; every population where none is named.
    pub population: Option<String>,
    /// The lowest value.
    pub low: f64,
    /// The highest value.
    pub high: f64,
    /// Whether the values are potentials, in input units, of a population in the voltage form; else rates in Hz.
    pub potential: bool,
}

/// Frequency responses and fluctuations take the cube of the variables at each frequency: of circuits with more than this they
/// are left out.
pub const MOST_VARIABLES: usize = 60;

/// What is asked of an analysis.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where fixed points are looked for; populations that no range names wherever they can go. A range for one population
    /// goes before one for all.
    pub boxes: Vec<BoxRange>,
    /// After how many seconds the search is cut off; not at all if none.
    pub seconds: Option<f64>,
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
    /// The rest that the circuit states, where that is a fixed point but not a stable one.
    pub unstable_rest: Option<StateAnalysis>,
    /// The rates of an arm that is on its way at that moment of its run in fast time, in Hz: they are no fixed point.
    pub moving_hz: Option<Vec<f64>>,
    /// The fixed points that were found, in order of the rates.
    pub fixed_points: Vec<StateAnalysis>,
    /// How they were looked for.
    pub search: Search,
    /// How long the circuit was followed at most, in s, to see whether it comes to a cycle; none where a fixed point is
    /// stable, beside which cycles are not looked for.
    pub followed_s: Option<f64>,
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
    /// Whether fixed points may lie beyond each end, since nothing bounds the rate there.
    pub open: Vec<[bool; 2]>,
    /// How many starts were followed.
    pub starts: usize,
    /// Why the search ended.
    pub ended: Ended,
    /// Whether the indices of the fixed points sum to 1, as they must where the box holds all that bounded rates can do; if
    /// not, some are missing. None where that cannot be told.
    pub index_is_one: Option<bool>,
}

impl Search {
    /// How these were looked for.
    pub fn of(found: &FixedPoints) -> Self {
        Self {
            box_hz: found.box_hz.iter().map(|(low, high)| [*low, *high]).collect(),
            open: found.open.clone(),
            starts: found.starts,
            ended: found.ended,
            index_is_one: found.index_is_one,
        }
    }
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
    /// Real and imaginary parts of the eigenvalues in 1/s, in order of the real parts; at a corner those of the least stable
    /// side.
    pub eigenvalues_per_s: Vec<[f64; 2]>,
    /// The sides of a fixed point at a corner of transfer functions; empty elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<SideAnalysis>,
    /// Response of rates to drives; none where the state is singular, or lies at a corner.
    pub response: Option<Response>,
    /// Response of the main population's rate to oscillating drives; of stable states of circuits of up to [`MOST_VARIABLES`]
    /// alone.
    pub frequency_response: Option<Vec<FrequencyResponse>>,
    /// Frequencies of the responses and spectra, in Hz.
    pub frequencies_hz: Vec<f64>,
    /// Fluctuations under the circuit's input noise, linearised; of stable states with noise alone.
    pub noise: Option<NoiseAnalysis>,
}

/// One side of a fixed point at a corner of transfer functions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SideAnalysis {
    /// The populations whose inputs lie above their corner on this side.
    pub above: Vec<String>,
    /// Those whose inputs lie below.
    pub below: Vec<String>,
    /// What kind of fixed point it is to departures to this side.
    pub kind: String,
    /// Real and imaginary parts of the eigenvalues in 1/s, in order of the real parts.
    pub eigenvalues_per_s: Vec<[f64; 2]>,
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
        Self::watched(subject, request, &mut |_| ())
    }

    /// The same; `watch` is told how far the search for fixed points is.
    ///
    /// # Errors
    /// What is wrong with the request.
    pub fn watched(subject: &Subject, request: &Request, watch: &mut dyn FnMut(&Progress)) -> Result<Self, String> {
        let system = &subject.system;
        if request.simulate_s.is_some() && system.noise().is_empty() {
            return Err(
                "no population has noise, so that a simulation has no spectrum; expected a `noise` table".into()
            );
        }
        let near: Vec<Vec<f64>> = subject.state.iter().chain(&subject.unstable_rest).cloned().collect();
        let bounds = request.bounds(system)?;
        let found = fixed_points_within(system, &bounds, &near, watch);
        let search = Search::of(&found);
        let points = found.points;
        let own = |state: &Option<Vec<f64>>| {
            let point = FixedPoint::at(system, state.as_ref()?)?;
            Some(StateAnalysis::new(system, &point))
        };
        let state = own(&subject.state);
        let settles =
            points.iter().any(|point| point.kind.is_stable()) || state.as_ref().is_some_and(StateAnalysis::is_stable);
        let (cycle, unrest) = if settles { (None, None) } else { unrest(subject, &points) };
        let few = points.len() <= DETAILED;
        let analysed = |point: &FixedPoint| StateAnalysis::of(system, point, few);
        Ok(Self {
            name: subject.name.clone(),
            minutes: subject.minutes,
            input_unit: system.circuit().input_unit.name().to_owned(),
            populations: system.populations(),
            variables: system.variable_names(),
            drives: (0..system.size()).map(|population| system.drive(population)).collect(),
            state,
            unstable_rest: own(&subject.unstable_rest),
            followed_s: (!settles).then(|| 1e-3 * Cycle::longest_ms(system)),
            moving_hz: subject.moment.as_ref().filter(|moment| moment.moving).map(|moment| moment.rates.clone()),
            cycle,
            unrest,
            simulated: request.simulated(subject, &points),
            fixed_points: points.iter().map(analysed).collect(),
            search,
        })
    }
}

/// What a circuit does in which no stable fixed point was found: from beside its unstable rest or the first fixed point, or
/// else from where nothing fires.
fn unrest(subject: &Subject, points: &[FixedPoint]) -> (Option<Cycle>, Option<Unrest>) {
    let system = &subject.system;
    let first = subject.unstable_rest.as_ref().or(points.first().map(|point| &point.variables));
    let silent = || {
        let mut state = vec![0.0; system.variables()];
        system.settle_others(&mut state);
        state
    };
    Cycle::and_unrest(system, &first.cloned().unwrap_or_else(silent))
}

impl Request {
    /// Spectra from the state that a subject is in, or else from its first fixed point.
    fn simulated(&self, subject: &Subject, points: &[FixedPoint]) -> Option<SimulatedSpectra> {
        let start = subject.state.as_ref().or(points.first().map(|point| &point.variables))?;
        Some(SimulatedSpectra::new(&subject.system, start, self.simulate_s?, self.seed))
    }

    /// The bounds of the search for fixed points of a system.
    ///
    /// # Errors
    /// Which range names no population, is empty, or is one of potentials where a population has none.
    pub fn bounds(&self, system: &System) -> Result<Bounds, String> {
        let names = system.populations();
        let mut bounds =
            Bounds { rates: vec![None; names.len()], potentials: vec![None; names.len()], seconds: self.seconds };
        let (all, named): (Vec<&BoxRange>, Vec<&BoxRange>) =
            self.boxes.iter().partition(|range| range.population.is_none());
        for range in all.into_iter().chain(named) {
            let text = range.population.as_deref();
            let meant = |name: &String| text.is_none_or(|population| is_of(name, population));
            let mut indices = (0..names.len()).filter(|index| meant(&names[*index])).peekable();
            let what = text.map_or_else(|| "all populations".to_owned(), |name| format!("`{name}`"));
            if indices.peek().is_none() {
                return Err(format!("there is no population {what}; expected one of {}", names.join(", ")));
            }
            if !(range.low < range.high && range.high.is_finite() && range.low.is_finite()) {
                return Err(format!("the range of {what} is empty; expected a low value below a high one"));
            }
            for index in indices {
                let place = if range.potential {
                    if system.form(index) != Form::Voltage {
                        return Err(format!("{} has no potential of its own; expected rates in Hz", names[index]));
                    }
                    &mut bounds.potentials
                } else {
                    &mut bounds.rates
                };
                place[index] = Some((range.low, range.high));
            }
        }
        Ok(bounds)
    }
}

impl StateAnalysis {
    /// Linearises a circuit at a fixed point.
    pub fn new(system: &System, point: &FixedPoint) -> Self {
        Self::of(system, point, true)
    }

    /// The same; without frequency responses and fluctuations if these are not wanted.
    fn of(system: &System, point: &FixedPoint, detailed: bool) -> Self {
        let local = system.at(&point.variables);
        let smooth = point.sides.is_empty();
        let detailed = detailed && point.kind.is_stable() && smooth && system.variables() <= MOST_VARIABLES;
        let frequencies_hz = if detailed { frequencies(FREQUENCIES_HZ.0, FREQUENCIES_HZ.1) } else { Vec::new() };
        let follow = || FrequencyResponse::of_rate(system, &local, system.main_population(), &frequencies_hz);
        Self {
            variables: point.variables.clone(),
            rates_hz: point.rates.clone(),
            residual: point.residual,
            kind: point.kind.words().to_owned(),
            unstable_directions: point.unstable_directions,
            eigenvalues_per_s: pairs(&point.eigenvalues),
            sides: point.sides.iter().map(|side| SideAnalysis::new(system, side)).collect(),
            response: if smooth { Response::new(system, &local) } else { None },
            frequency_response: if detailed { follow() } else { None },
            noise: if detailed { NoiseAnalysis::new(system, &local, &frequencies_hz) } else { None },
            frequencies_hz,
        }
    }

    /// Whether small departures die out.
    pub fn is_stable(&self) -> bool {
        self.kind.starts_with("stable")
    }
}

/// Real and imaginary parts.
fn pairs(eigenvalues: &[Complex]) -> Vec<[f64; 2]> {
    eigenvalues.iter().map(|value| [value.re, value.im]).collect()
}

impl SideAnalysis {
    fn new(system: &System, side: &Side) -> Self {
        let names = system.populations();
        let those = |wanted: bool| {
            let places = side.above.iter().filter(|(_, above)| *above == wanted);
            places.map(|(index, _)| names[*index].clone()).collect()
        };
        Self {
            above: those(true),
            below: those(false),
            kind: Kind::of(&side.eigenvalues).0.words().to_owned(),
            eigenvalues_per_s: pairs(&side.eigenvalues),
        }
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
