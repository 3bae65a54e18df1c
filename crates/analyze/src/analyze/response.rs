//! How rates answer to drives: the linear response, inhibition stabilisation, and the paradoxical effect.

use super::system::{Local, System};
use crate::equilibrium::stability::{Square, steady_response};
use crate::numeric::linear::eigenvalues;
use serde::Serialize;

/// An entry is taken for 0 below this, relative to the largest of the matrix.
const NO_RESPONSE: f64 = 1e-12;

/// The linear response of a circuit at a fixed point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Response {
    /// d rate_i / d drive_j in Hz per input unit: a row for each population i, in it a column for each j.
    pub hz_per_input_unit: Vec<Vec<f64>>,
    /// The signs of the same: `+`, `-` or `0`.
    pub signs: Vec<String>,
    /// Whether each population responds paradoxically: more drive to it lowers its own rate (Tsodyks et al. 1997,
    /// doi:10.1523/JNEUROSCI.17-11-04382.1997).
    pub paradoxical: Vec<bool>,
    /// Whether the excitatory populations alone, with all inhibition held at its present value, would be unstable: the
    /// network is then stabilised by inhibition (Ozeki et al. 2009, doi:10.1016/j.neuron.2009.03.028). None where no
    /// population excites. With several classes of interneurons this is not the same as a paradoxical response.
    pub inhibition_stabilised: Option<bool>,
    /// The largest real part of the eigenvalues of the excitatory populations alone, in 1/s.
    pub excitatory_alone_per_s: Option<f64>,
}

/// The sign of an entry, where `largest` is the largest size in its matrix.
pub fn sign(entry: f64, largest: f64) -> char {
    match entry {
        entry if entry.abs() <= NO_RESPONSE * largest => '0',
        entry if entry > 0.0 => '+',
        entry if entry < 0.0 => '-',
        _ => '?',
    }
}

impl Response {
    /// The response at a fixed point; none where it is singular (at a fold, for example).
    pub fn new(system: &System, local: &Local) -> Option<Self> {
        let n = local.size();
        let response = steady_response(&local.jacobian, &local.rate_slopes, &local.drive_slopes)?;
        let largest = response.iter().fold(0.0f64, |largest, entry| largest.max(entry.abs()));
        let rows: Vec<Vec<f64>> = response.chunks(n.max(1)).map(<[f64]>::to_vec).collect();
        let alone = excitatory_alone(system, local);
        Some(Self {
            signs: rows.iter().map(|row| row.iter().map(|entry| sign(*entry, largest)).collect()).collect(),
            paradoxical: (0..n).map(|index| sign(rows[index][index], largest) == '-').collect(),
            inhibition_stabilised: alone.map(|real| real > 0.0),
            excitatory_alone_per_s: alone,
            hz_per_input_unit: rows,
        })
    }
}

/// The largest real part, in 1/s, of the eigenvalues of the excitatory populations, their synapses and adaptation, with
/// everything else held; delays left out.
fn excitatory_alone(system: &System, local: &Local) -> Option<f64> {
    let variables = local.variables();
    let kept: Vec<usize> = (0..variables).filter(|index| system.is_excitatory(system.owner(*index))).collect();
    let entry = |place: usize| local.jacobian[kept[place / kept.len()] * variables + kept[place % kept.len()]];
    let block = Square { entries: (0..kept.len() * kept.len()).map(entry).collect(), size: kept.len() };
    let marked: Vec<bool> = kept.iter().map(|index| system.is_algebraic(*index)).collect();
    let mut reduced = block.eliminate(&marked)?;
    let taus: Vec<f64> = kept.iter().filter(|index| !system.is_algebraic(**index)).map(|i| system.tau(*i)).collect();
    for (place, entry) in reduced.entries.iter_mut().enumerate() {
        *entry /= taus[place / reduced.size];
    }
    let values = eigenvalues(&reduced.entries, reduced.size).ok()?;
    values.iter().map(|value| value.re * 1e3).max_by(f64::total_cmp)
}
