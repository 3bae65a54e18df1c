//! Fluctuations of the linearised circuit under its noise: covariance and power spectra of the rates.

use super::frequency::variable_response;
use super::system::{Local, System};
use crate::numeric::linear::{invert, lyapunov};
use std::f64::consts::TAU;

/// Milliseconds per second: densities of white noise are per root of a second, the dynamics per ms.
const MS: f64 = 1e3;

/// Noise of a population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseSource {
    /// The population, by index.
    pub population: usize,
    /// Stationary standard deviation, in input units (Hz where it enters the rate); of white noise the density, in these
    /// times the root of a second.
    pub sigma: f64,
    /// Correlation time in ms of an Ornstein-Uhlenbeck process; none of white noise.
    pub tau: Option<f64>,
    /// Whether it enters the rate's own equation rather than the input.
    pub on_rate: bool,
}

impl NoiseSource {
    /// One-sided power spectral density at a frequency in Hz, in squared units per Hz: a Lorentzian whose integral is the
    /// variance; flat for white noise.
    pub fn density(&self, frequency_hz: f64) -> f64 {
        let Some(tau) = self.tau else { return 2.0 * self.sigma * self.sigma };
        let tau_s = tau / MS;
        let turn = TAU * frequency_hz * tau_s;
        4.0 * tau_s * self.sigma * self.sigma / (1.0 + turn * turn)
    }

    /// How it enters the residual of its population.
    fn entering(&self, local: &Local) -> f64 {
        if self.on_rate { 1.0 } else { local.drive_slopes[self.population] }
    }
}

/// The stationary covariance of the rates around a stable fixed point, in Hz^2 (row-major n x n), for noise too small to
/// leave the linear range. None where the fixed point is not stable, there is no noise, synapses have delays, or white noise
/// makes the rate of an algebraic population vary without bound.
///
/// Ornstein-Uhlenbeck processes join the variables, and the whole has white noise: `A P + P A^T + Q = 0` (Gardiner 2009,
/// Stochastic Methods, section 4.5.6).
pub fn rate_covariance(system: &System, local: &Local) -> Option<Vec<f64>> {
    let sources = system.noise();
    let unbounded = sources.iter().any(|source| source.tau.is_none() && system.is_algebraic(source.population));
    if sources.is_empty() || system.is_delayed() || unbounded {
        return None;
    }
    let coloured: Vec<&NoiseSource> = sources.iter().filter(|source| source.tau.is_some()).collect();
    let moving: Vec<usize> = (0..local.variables()).filter(|variable| !system.is_algebraic(*variable)).collect();
    let (n, size) = (local.variables(), moving.len() + coloured.len());
    // How every variable follows from those that move and from the coloured noise: a row for each variable.
    let follow = follow(system, local, &moving, &coloured)?;
    let (mut a, mut q) = (vec![0.0; size * size], vec![0.0; size * size]);
    for (row, variable) in moving.iter().enumerate() {
        for column in 0..size {
            let through = (0..n).map(|inner| local.jacobian[variable * n + inner] * follow[inner * size + column]);
            a[row * size + column] = through.sum::<f64>() / system.tau(*variable);
        }
    }
    for (index, source) in coloured.iter().enumerate() {
        let own = moving.len() + index;
        if let Some(row) = moving.iter().position(|variable| *variable == source.population) {
            a[row * size + own] += source.sigma * source.entering(local) / system.tau(source.population);
        }
        let tau = source.tau?;
        a[own * size + own] = -1.0 / tau;
        q[own * size + own] = 2.0 / tau;
    }
    for source in sources.iter().filter(|source| source.tau.is_none()) {
        let row = moving.iter().position(|variable| *variable == source.population)?;
        let enters = source.sigma * source.entering(local) / system.tau(source.population);
        q[row * size + row] += MS * enters * enters;
    }
    let covariance = lyapunov(&a, &q, size)?;
    let populations = local.size();
    let rate = |place: usize| {
        let (row, column) = (place / populations, place % populations);
        let (left, right) = (&follow[row * size..][..size], &follow[column * size..][..size]);
        let mut sum = 0.0;
        for (index, left) in left.iter().enumerate() {
            for (other, right) in right.iter().enumerate() {
                sum += left * covariance[index * size + other] * right;
            }
        }
        local.rate_slopes[row] * sum * local.rate_slopes[column]
    };
    Some((0..populations * populations).map(rate).collect())
}

/// The variables (a row each) as sums of those that move and of unit coloured noise: themselves, or what algebraic
/// populations come to at once.
fn follow(system: &System, local: &Local, moving: &[usize], coloured: &[&NoiseSource]) -> Option<Vec<f64>> {
    let (n, size) = (local.variables(), moving.len() + coloured.len());
    let algebraic: Vec<usize> = (0..n).filter(|variable| system.is_algebraic(*variable)).collect();
    let mut follow = vec![0.0; n * size];
    for (column, variable) in moving.iter().enumerate() {
        follow[variable * size + column] = 1.0;
    }
    let count = algebraic.len();
    let block: Vec<f64> =
        (0..count * count).map(|p| local.jacobian[algebraic[p / count] * n + algebraic[p % count]]).collect();
    let inverse = if count == 0 { Vec::new() } else { invert(&block, count)? };
    for (place, variable) in algebraic.iter().enumerate() {
        for column in 0..size {
            let enters = |inner: usize| match moving.get(column) {
                Some(source) => local.jacobian[algebraic[inner] * n + source],
                None => {
                    let source = coloured[column - moving.len()];
                    if source.population == algebraic[inner] { source.sigma * source.entering(local) } else { 0.0 }
                }
            };
            follow[variable * size + column] =
                (0..count).map(|inner| -inverse[place * count + inner] * enters(inner)).sum();
        }
    }
    Some(follow)
}

/// One-sided power spectral density of each population's rate, in Hz^2 per Hz, at each frequency (Hz): a row for each
/// population. None where the linear response is singular at a frequency.
pub fn rate_spectra(system: &System, local: &Local, frequencies_hz: &[f64]) -> Option<Vec<Vec<f64>>> {
    let sources = system.noise();
    let n = local.size();
    let mut entering = vec![0.0; n];
    sources.iter().for_each(|source| entering[source.population] = source.entering(local));
    let mut spectra = vec![Vec::with_capacity(frequencies_hz.len()); n];
    for frequency in frequencies_hz {
        let response = variable_response(system, local, &entering, *frequency)?;
        for (population, spectrum) in spectra.iter_mut().enumerate() {
            let slope = local.rate_slopes[population];
            let power = sources.iter().map(|source| {
                let gain = response[population * n + source.population];
                slope * slope * (gain.re * gain.re + gain.im * gain.im) * source.density(*frequency)
            });
            spectrum.push(power.sum());
        }
    }
    Some(spectra)
}
