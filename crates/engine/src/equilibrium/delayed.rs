//! Stability with delays: the rightmost roots of the characteristic equation `det(lambda - A_0 - sum_d A_d e^(-lambda d)) = 0`.
//!
//! The history of the delayed variables over the longest delay is held at Chebyshev nodes, and the infinitesimal generator
//! of the flow becomes a matrix whose rightmost eigenvalues converge to the roots faster than any power of the number of
//! nodes (Breda, Maset & Vermiglio 2005, doi:10.1137/030601600).

use super::stability::Square;
use crate::circuit::equations::Linearised;
use crate::circuit::{Rows, Shape};

/// Intervals between nodes: roots of up to ten oscillations per longest delay are found to many digits.
const INTERVALS: usize = 24;

/// The generator's matrix per ms in one lane, algebraic populations eliminated. None where these do not follow from the
/// others.
pub(super) fn delayed_matrix<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    linearised: &Linearised<G>,
    lane: usize,
) -> Option<Square> {
    let n = shape.variables();
    let delays: Vec<f64> = shape
        .channels
        .iter()
        .zip(&rows.channels)
        .filter(|(channel, _)| channel.delayed.is_some())
        .map(|(_, numbers)| numbers.delay.get(lane))
        .collect();
    let longest = delays.iter().copied().fold(0.0, f64::max);
    let through =
        |delay: usize, row: usize, column: usize| linearised.through_delay[(delay * n + row) * n + column].get(lane);
    // The variables that are seen after a delay.
    let seen: Vec<usize> = (0..n)
        .filter(|column| (0..delays.len()).any(|delay| (0..n).any(|row| through(delay, row, *column) != 0.0)))
        .collect();
    let size = n + seen.len() * INTERVALS;
    let mut entries = vec![0.0; size * size];
    // Node 0 is the present; nodes 1 to INTERVALS hold the seen variables only.
    let place = |node: usize, which: usize| if node == 0 { seen[which] } else { n + (node - 1) * seen.len() + which };
    for row in 0..n {
        let inverse_tau = rows.inverse_tau(row).get(lane);
        let scale = if shape.is_algebraic(row) { 1.0 } else { inverse_tau };
        for column in 0..n {
            let delayed: f64 = (0..delays.len()).map(|delay| through(delay, row, column)).sum();
            entries[row * size + column] = scale * (linearised.jacobian[row * n + column].get(lane) - delayed);
        }
        for (delay, length) in delays.iter().enumerate() {
            for (node, share) in interpolation(1.0 - 2.0 * length / longest).iter().enumerate() {
                for (which, column) in seen.iter().enumerate() {
                    entries[row * size + place(node, which)] += scale * share * through(delay, row, *column);
                }
            }
        }
    }
    let derivative = differentiation();
    for node in 1..=INTERVALS {
        for (other, weight) in derivative[node].iter().enumerate() {
            for which in 0..seen.len() {
                entries[place(node, which) * size + place(other, which)] += weight * 2.0 / longest;
            }
        }
    }
    let marked: Vec<bool> = (0..size).map(|index| index < n && shape.is_algebraic(index)).collect();
    Square { entries, size }.eliminate(&marked)
}

/// The Chebyshev nodes from 1 to -1.
fn nodes() -> [f64; INTERVALS + 1] {
    std::array::from_fn(|index| libm::cos(index as f64 * std::f64::consts::PI / INTERVALS as f64))
}

/// 1 or -1, halved at both ends.
fn weight(index: usize) -> f64 {
    let sign = if index.is_multiple_of(2) { 1.0 } else { -1.0 };
    if index == 0 || index == INTERVALS { 0.5 * sign } else { sign }
}

/// The shares of the nodes in the value at `x` of the polynomial through them (barycentric: Berrut & Trefethen 2004,
/// doi:10.1137/S0036144502417715).
fn interpolation(x: f64) -> [f64; INTERVALS + 1] {
    let nodes = nodes();
    if let Some(hit) = nodes.iter().position(|node| (x - node).abs() < 1e-14) {
        return std::array::from_fn(|index| if index == hit { 1.0 } else { 0.0 });
    }
    let shares: [f64; INTERVALS + 1] = std::array::from_fn(|index| weight(index) / (x - nodes[index]));
    let total: f64 = shares.iter().sum();
    shares.map(|share| share / total)
}

/// The slopes at the nodes of the polynomial through them: row `i` gives that at node `i`.
fn differentiation() -> [[f64; INTERVALS + 1]; INTERVALS + 1] {
    let nodes = nodes();
    std::array::from_fn(|row| {
        let entry = |column: usize| weight(column) / weight(row) / (nodes[row] - nodes[column]);
        let others: f64 = (0..=INTERVALS).filter(|column| *column != row).map(entry).sum();
        std::array::from_fn(|column| if column == row { -others } else { entry(column) })
    })
}
