//! Spectra of a circuit that is simulated under its noise, to be held against those of the linearised circuit.

use super::system::System;
use crate::numeric::spectrum::{Spectrum, multitaper, welch};
use crate::simulate::{REPLICATES, Sampling, rate_series};
use serde::Serialize;

/// Step of the simulation in ms.
const STEP_MS: f64 = 0.1;
/// Steps between two samples: rates are sampled every ms.
const STEPS_PER_SAMPLE: u64 = 10;
/// Interval of the samples in s.
const INTERVAL_S: f64 = 1e-3 * STEP_MS * STEPS_PER_SAMPLE as f64;
/// Time that is thrown away, in units of the slowest time constant of circuit or noise.
const FORGOTTEN: f64 = 20.0;
/// Samples of a segment of Welch's estimate: 0.5 Hz apart.
const SEGMENT: usize = 2048;
/// Tapers of the multitaper estimate, and the longest series that it is made of in samples.
const TAPERS: usize = 9;
const MULTITAPER_SAMPLES: usize = 8192;

/// Spectra of the simulated rates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulatedSpectra {
    /// How long each replicate was simulated, in s, and how many there were.
    pub seconds: f64,
    /// Replicates with noise of their own.
    pub replicates: usize,
    /// Mean rate of each population, in Hz.
    pub mean_hz: Vec<f64>,
    /// Standard deviation of each population's rate, in Hz.
    pub deviation_hz: Vec<f64>,
    /// Welch's estimate, the mean over replicates.
    pub welch: Estimates,
    /// The multitaper estimate, the mean over replicates and stretches.
    pub multitaper: Estimates,
}

/// One-sided power spectral densities.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimates {
    /// Frequencies in Hz.
    pub frequencies_hz: Vec<f64>,
    /// Density of each population's rate at each frequency, in Hz^2 per Hz.
    pub hz2_per_hz: Vec<Vec<f64>>,
    /// Frequency in Hz at which each is highest; none where the rate does not vary.
    pub peak_hz: Vec<Option<f64>>,
}

impl SimulatedSpectra {
    /// Simulates a circuit for some seconds from a state, in [`REPLICATES`] replicates.
    pub fn new(system: &System, state: &[f64], seconds: f64, seed: u64) -> Self {
        let taus = (0..system.variables()).map(|variable| system.lag(variable));
        let slowest = taus.chain(system.noise().iter().filter_map(|source| source.tau)).fold(1.0, f64::max);
        let sampling = Sampling {
            step_ms: STEP_MS,
            every: STEPS_PER_SAMPLE,
            forgotten: (FORGOTTEN * slowest / (1e3 * INTERVAL_S)).ceil() as usize,
            samples: (seconds / INTERVAL_S).round().max(2.0) as usize,
            seed,
        };
        let series = rate_series(&system.shape, &system.rows, state, &sampling);
        let populations = system.size();
        let of = |population: usize| series.iter().map(move |replicate| &replicate[population]);
        let moments = |population: usize| {
            let (count, sum) =
                of(population).flatten().fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
            let mean = sum / count;
            let squares: f64 = of(population).flatten().map(|value| (value - mean) * (value - mean)).sum();
            (mean, libm::sqrt(squares / count))
        };
        let moments: Vec<(f64, f64)> = (0..populations).map(moments).collect();
        let stretches = |values: &Vec<f64>| -> Vec<Spectrum> {
            let length = MULTITAPER_SAMPLES.min(values.len());
            values.chunks_exact(length).map(|stretch| multitaper(stretch, INTERVAL_S, TAPERS)).collect()
        };
        Self {
            seconds,
            replicates: REPLICATES,
            mean_hz: moments.iter().map(|moments| moments.0).collect(),
            deviation_hz: moments.iter().map(|moments| moments.1).collect(),
            welch: Estimates::new(
                (0..populations).map(|one| of(one).map(|values| welch(values, INTERVAL_S, SEGMENT)).collect()),
            ),
            multitaper: Estimates::new((0..populations).map(|one| of(one).flat_map(stretches).collect())),
        }
    }
}

impl Estimates {
    /// From the estimates of each population, which are averaged.
    pub(super) fn new(populations: impl Iterator<Item = Vec<Spectrum>>) -> Self {
        let means: Vec<Spectrum> = populations.map(|spectra| mean(&spectra)).collect();
        Self {
            frequencies_hz: means.first().map(|spectrum| spectrum.frequencies_hz.clone()).unwrap_or_default(),
            peak_hz: means.iter().map(Spectrum::peak).collect(),
            hz2_per_hz: means.into_iter().map(|spectrum| spectrum.density).collect(),
        }
    }
}

/// The mean of spectra over the same frequencies.
fn mean(spectra: &[Spectrum]) -> Spectrum {
    let Some(first) = spectra.first() else { return Spectrum { frequencies_hz: vec![], density: vec![] } };
    let at = |index: usize| spectra.iter().map(|one| one.density[index]).sum::<f64>() / spectra.len() as f64;
    Spectrum { frequencies_hz: first.frequencies_hz.clone(), density: (0..first.density.len()).map(at).collect() }
}
