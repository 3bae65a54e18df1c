//! Frequency response: how rates follow drives that oscillate.

use super::system::{Local, System};
use crate::numeric::linear::{Complex, invert};
use serde::Serialize;
use std::f64::consts::{PI, TAU};

/// Frequencies per decade of a response.
const PER_DECADE: usize = 40;

/// Frequencies in Hz from one to another at equal ratios.
pub fn frequencies(from_hz: f64, to_hz: f64) -> Vec<f64> {
    let count = (PER_DECADE as f64 * libm::log10(to_hz / from_hz)).ceil().max(1.0) as usize;
    let ratio = libm::log(to_hz / from_hz) / count as f64;
    (0..=count).map(|index| from_hz * libm::exp(ratio * index as f64)).collect()
}

/// d variable_k / d input_j where the input to population j oscillates at a frequency in Hz, per unit of `entering` (how
/// the input enters the residual of population j), complex: row-major N x n. None where it is singular: an oscillation of
/// that frequency is neutral.
///
/// `(i omega T - J(i omega)) dy = b dh`: T are the time constants (0 of algebraic populations), b is `entering`, and what
/// passes a delay d has the factor `exp(-i omega d)` in the Jacobian J of the residual.
pub(super) fn variable_response(
    system: &System,
    local: &Local,
    entering: &[f64],
    frequency_hz: f64,
) -> Option<Vec<Complex>> {
    let (n, populations) = (local.variables(), local.size());
    let omega = TAU * frequency_hz * 1e-3;
    let (mut real, mut imaginary) = (local.jacobian.clone(), vec![0.0; n * n]);
    for (delay, part) in &local.delayed {
        let (cosine, sine) = (libm::cos(omega * delay), libm::sin(omega * delay));
        for (place, entry) in part.iter().enumerate() {
            real[place] += entry * (cosine - 1.0);
            imaginary[place] -= entry * sine;
        }
    }
    (0..n).for_each(|variable| imaginary[variable * n + variable] -= omega * system.lag(variable));
    // Real and imaginary parts as one real system of twice the size.
    let entry = |place: usize| {
        let (row, column) = (place / (2 * n), place % (2 * n));
        let inner = row % n * n + column % n;
        match (row / n, column / n) {
            (0, 0) | (1, 1) => -real[inner],
            (0, _) => imaginary[inner],
            _ => -imaginary[inner],
        }
    };
    let matrix: Vec<f64> = (0..4 * n * n).map(entry).collect();
    let inverse = invert(&matrix, 2 * n)?;
    let response = |place: usize| {
        let (row, column) = (place / populations, place % populations);
        let scale = entering[column];
        Complex { re: scale * inverse[row * 2 * n + column], im: scale * inverse[(n + row) * 2 * n + column] }
    };
    Some((0..n * populations).map(response).collect())
}

/// d rate_i / d drive_j for drives that oscillate at a frequency in Hz, complex, in Hz per input unit: row-major n x n.
/// None where it is singular.
pub fn transfer_matrix(system: &System, local: &Local, frequency_hz: f64) -> Option<Vec<Complex>> {
    let n = local.size();
    let mut response = variable_response(system, local, &local.drive_slopes, frequency_hz)?;
    response.truncate(n * n);
    for (place, value) in response.iter_mut().enumerate() {
        let slope = local.rate_slopes[place / n];
        *value = Complex { re: value.re * slope, im: value.im * slope };
    }
    Some(response)
}

/// How one rate follows the drive to one population over frequency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrequencyResponse {
    /// Whose rate.
    pub rate_of: String,
    /// Whose drive.
    pub drive_to: String,
    /// Size of the response in Hz per input unit.
    pub gain: Vec<f64>,
    /// Phase of the rate against the drive in degrees; below 0 it lags.
    pub phase_deg: Vec<f64>,
    /// The frequency in Hz at which the gain is largest.
    pub peak_hz: f64,
}

impl FrequencyResponse {
    /// The responses of one population's rate to the drive of each; none where one is singular.
    pub fn of_rate(system: &System, local: &Local, population: usize, frequencies_hz: &[f64]) -> Option<Vec<Self>> {
        let n = local.size();
        let names = system.populations();
        let matrices: Option<Vec<Vec<Complex>>> =
            frequencies_hz.iter().map(|frequency| transfer_matrix(system, local, *frequency)).collect();
        let matrices = matrices?;
        let one = |source: usize| {
            let values = || matrices.iter().map(|matrix| matrix[population * n + source]);
            let gain: Vec<f64> = values().map(|value| libm::sqrt(value.re * value.re + value.im * value.im)).collect();
            let best = (0..gain.len()).max_by(|one, other| gain[*one].total_cmp(&gain[*other])).unwrap_or(0);
            Self {
                rate_of: names[population].clone(),
                drive_to: names[source].clone(),
                phase_deg: values().map(|value| libm::atan2(value.im, value.re) * 180.0 / PI).collect(),
                peak_hz: frequencies_hz.get(best).copied().unwrap_or(f64::NAN),
                gain,
            }
        };
        Some((0..n).map(one).collect())
    }
}
