//! Fluctuations of the linearised circuit under its input noise: covariance and power spectra of the rates.

use super::frequency::transfer_matrix;
use super::system::{Local, System};
use crate::numeric::linear::lyapunov;
use std::f64::consts::TAU;

/// Ornstein-Uhlenbeck noise in the input of a population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseSource {
    /// The population, by index.
    pub population: usize,
    /// Stationary standard deviation, in input units.
    pub sigma: f64,
    /// Correlation time, in ms.
    pub tau: f64,
}

impl NoiseSource {
    /// One-sided power spectral density at a frequency in Hz, in squared input units per Hz: a Lorentzian whose integral
    /// is the variance.
    pub fn density(&self, frequency_hz: f64) -> f64 {
        let tau_s = 1e-3 * self.tau;
        let turn = TAU * frequency_hz * tau_s;
        4.0 * tau_s * self.sigma * self.sigma / (1.0 + turn * turn)
    }
}

/// The stationary covariance of the rates around a stable fixed point, in Hz^2 (row-major n x n), for noise too small to
/// leave the linear range; none where the fixed point is not stable or there is no noise.
///
/// The noise processes join the variables, and the whole has white noise: `A P + P A^T + Q = 0` (Gardiner 2009, Stochastic
/// Methods, section 4.5.6).
pub fn rate_covariance(system: &System, local: &Local) -> Option<Vec<f64>> {
    let sources = system.noise();
    if sources.is_empty() {
        return None;
    }
    let (n, populations) = (local.variables(), local.size());
    let all = n + sources.len();
    let (mut a, mut q) = (vec![0.0; all * all], vec![0.0; all * all]);
    for (place, entry) in local.dynamics_per_ms.iter().enumerate() {
        a[place / n * all + place % n] = *entry;
    }
    for (index, source) in sources.iter().enumerate() {
        let NoiseSource { population, sigma, tau } = *source;
        let own = n + index;
        a[population * all + own] = sigma * local.drive_slopes[population] / system.tau(population);
        a[own * all + own] = -1.0 / tau;
        q[own * all + own] = 2.0 / tau;
    }
    let covariance = lyapunov(&a, &q, all)?;
    let slopes = &local.rate_slopes;
    let rate = |place: usize| {
        let (row, column) = (place / populations, place % populations);
        slopes[row] * covariance[row * all + column] * slopes[column]
    };
    Some((0..populations * populations).map(rate).collect())
}

/// One-sided power spectral density of each population's rate, in Hz^2 per Hz, at each frequency (Hz): a row for each
/// population. None where the linear response is singular at a frequency.
pub fn rate_spectra(system: &System, local: &Local, frequencies_hz: &[f64]) -> Option<Vec<Vec<f64>>> {
    let sources = system.noise();
    let n = local.size();
    let mut spectra = vec![Vec::with_capacity(frequencies_hz.len()); n];
    for frequency in frequencies_hz {
        let transfer = transfer_matrix(system, local, *frequency)?;
        for (population, spectrum) in spectra.iter_mut().enumerate() {
            let power = sources.iter().map(|source| {
                let gain = transfer[population * n + source.population];
                (gain.re * gain.re + gain.im * gain.im) * source.density(*frequency)
            });
            spectrum.push(power.sum());
        }
    }
    Some(spectra)
}
