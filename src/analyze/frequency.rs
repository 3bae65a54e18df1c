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

/// d rate_i / d drive_j for drives that oscillate at a frequency in Hz, complex, in Hz per input unit: row-major n x n.
/// None where it is singular: an oscillation of that frequency is neutral.
///
/// `(i omega T - J) dy = b dh`, T being the time constants, J the Jacobian of the residual, b its slope against drives.
pub fn transfer_matrix(system: &System, local: &Local, frequency_hz: f64) -> Option<Vec<Complex>> {
    let (n, populations) = (local.variables(), local.size());
    let omega = TAU * frequency_hz * 1e-3;
    // Real and imaginary parts as one real system of twice the size.
    let entry = |place: usize| {
        let (row, column) = (place / (2 * n), place % (2 * n));
        let (down, right) = (row / n, column / n);
        let (row, column) = (row % n, column % n);
        match (down, right) {
            (0, 0) | (1, 1) => -local.jacobian[row * n + column],
            (0, _) if row == column => -omega * system.tau(row),
            (_, 0) if row == column => omega * system.tau(row),
            _ => 0.0,
        }
    };
    let matrix: Vec<f64> = (0..4 * n * n).map(entry).collect();
    let inverse = invert(&matrix, 2 * n)?;
    let response = |place: usize| {
        let (row, column) = (place / populations, place % populations);
        let scale = local.drive_slopes[column] * local.rate_slopes[row];
        Complex { re: scale * inverse[row * 2 * n + column], im: scale * inverse[(n + row) * 2 * n + column] }
    };
    Some((0..populations * populations).map(response).collect())
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
