//! A circuit whose numbers stay as they are, in fast time: for spectra of its fluctuations and for cycles.

use super::noise::Noise;
use super::stepper::{Fast, take_steps};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Row, WIDTH};
use crate::numeric::normal::identity;
use crate::scenario::Method;

/// Circuits that run side by side, each with noise of its own.
pub const REPLICATES: usize = WIDTH;

/// How such a run is sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Length of a step, in ms.
    pub step_ms: f64,
    /// Steps between two samples: each sample is the mean rate over them.
    pub every: u64,
    /// Samples that are thrown away, so that the start is forgotten.
    pub forgotten: usize,
    /// Samples that are kept.
    pub samples: usize,
    /// Seed of the noise.
    pub seed: u64,
}

/// The rates of every population over time: `[replicate][population][sample]`, in Hz. All lanes of `rows` are the same;
/// each starts from `state` and has noise of its own. Stochastic Heun steps.
pub fn rate_series(shape: &Shape<1>, rows: &Rows<1>, state: &[f64], sampling: &Sampling) -> Vec<Vec<Vec<f64>>> {
    let identities = [std::array::from_fn(|lane| identity(0, lane as u32, 0))];
    let mut noise = Noise::new(shape, rows, sampling.step_ms, sampling.seed, identities);
    let state = state.iter().map(|value| Row::splat(*value)).collect();
    let mut fast = Fast::new(shape, rows, sampling.step_ms, state);
    noise.start();
    fast.start(shape, rows);
    let mut series = vec![vec![Vec::with_capacity(sampling.samples); shape.size()]; REPLICATES];
    for sample in 0..sampling.forgotten + sampling.samples {
        let first = sample as u64 * sampling.every;
        let span = (first, first + sampling.every);
        take_steps((Method::Heun, sampling.step_ms), (shape, rows), &mut noise, &mut fast, span);
        for (population, sum) in fast.rate_sums.iter_mut().enumerate() {
            if sample >= sampling.forgotten {
                for (lane, series) in series.iter_mut().enumerate() {
                    series[population].push(sum.get(lane) / sampling.every as f64);
                }
            }
            *sum = Row::ZERO;
        }
    }
    series
}
