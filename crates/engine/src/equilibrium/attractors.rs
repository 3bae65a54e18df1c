//! Where a circuit goes from some states far from its rest: other stable states and cycles beside the one in which it rests.
//!
//! The states are few, so that this costs little; what is found exists, and nothing follows from what is not.

use super::calibration::{Calibrated, resting_variables};
use super::fate::{Fate, Left, Outcome};
use crate::circuit;
use crate::numeric::lanes::Row;
use crate::scenario::Population;

/// States that are tried at most.
const MOST_STARTS: usize = 16;
/// Rates that differ by no more than this, relative to the largest, are those of one state.
const SAME: f64 = 1e-5;
/// Below this, in Hz, rates are as good as 0.
const SILENT_HZ: f64 = 1e-6;
/// A rate that is high: this share of the largest possible, or, where there is none, this multiple of the rest and no less than
/// this in Hz.
const HIGH_SHARE: f64 = 0.9;
const HIGH_MULTIPLE: f64 = 10.0;
const HIGH_HZ: f64 = 100.0;
/// Circuits of more variables are not tried: it would take seconds.
const MOST_VARIABLES: usize = 128;
/// A state is left by this share of a variable's size.
const PUSH: f64 = 1e-3;

/// A stable state or a cycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Attractor {
    /// Rates in Hz, means over a cycle, in the order of the populations.
    pub rates: Vec<f64>,
    /// The period of a cycle, ms.
    pub period_ms: Option<f64>,
}

impl std::fmt::Display for Attractor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rates: Vec<String> = self.rates.iter().map(|rate| format!("{rate:.4}")).collect();
        let rates = rates.join(", ");
        match self.period_ms {
            None => write!(formatter, "a stable state at {rates} Hz"),
            Some(period) => write!(formatter, "a cycle of {period:.4} ms with mean rates of {rates} Hz"),
        }
    }
}

/// Why other states were not looked for.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("other stable states were not looked for: the circuit has {variables} variables, more than {MOST_VARIABLES}")]
pub struct NotLooked {
    /// How many variables the circuit has.
    pub variables: usize,
}

/// What a circuit with a rest reaches from other states: all rates high or 0, and each in turn. Without those it rests in.
///
/// # Errors
/// [`NotLooked`] in a circuit so large that this would take long.
pub fn other_attractors(calibrated: &Calibrated) -> Result<Vec<Attractor>, NotLooked> {
    let (circuit, rest) = (&calibrated.circuit, &calibrated.rates);
    let high: Vec<f64> =
        circuit.populations.values().zip(rest).map(|(population, rest)| high(population, *rest)).collect();
    let one_of = |values: &dyn Fn(usize) -> f64, index: usize| {
        let mut rates = rest.clone();
        rates[index] = values(index);
        rates
    };
    let mut starts = vec![high.clone(), vec![0.0; rest.len()]];
    for index in 0..rest.len() {
        starts.push(one_of(&|index| high[index], index));
        starts.push(one_of(&|_| 0.0, index));
    }
    starts.truncate(MOST_STARTS);
    let circuits = [circuit; Row::<1>::LANES];
    let (shape, rows) = circuit::build::<1>(&circuits);
    let variables = shape.variables();
    if variables > MOST_VARIABLES {
        return Err(NotLooked { variables });
    }
    let left = Left { shape: &shape, rows: &rows, held: &[], limit_ms: &Row::splat(f64::INFINITY), cycling: false };
    let follow = |starts: &[Vec<f64>]| {
        let rates: Vec<&[f64]> = starts.iter().map(Vec::as_slice).collect();
        let variables = resting_variables((&shape, &rows), &circuits[..rates.len()], &rates);
        let value = |v: usize, lane: usize| variables.get(lane).map_or(0.0, |all| all[v]);
        let mut state: Vec<Row<1>> = (0..shape.variables()).map(|v| Row::from_fn(|lane| value(v, lane))).collect();
        left.follow(&mut state, (0..starts.len()).fold(0, |bits, lane| bits | 1 << lane))
    };
    let outcomes: Vec<Option<Outcome>> = starts.chunks(Row::<1>::LANES).flat_map(follow).collect();
    let mut found = vec![Attractor { rates: rest.clone(), period_ms: None }];
    // A cycle of a circuit whose delays were taken as long past says nothing.
    let said = |attractor: &Attractor| attractor.period_ms.is_none() || shape.delays() == 0;
    for attractor in outcomes.iter().flatten().filter_map(attractor).filter(said) {
        if !found.iter().any(|known| same(known, &attractor)) {
            found.push(attractor);
        }
    }
    found.remove(0);
    Ok(found)
}

/// What becomes of a circuit whose drives are given when it is pushed off a state.
pub fn pushed_off(circuit: &crate::scenario::Circuit, variables: &[f64]) -> Option<Outcome> {
    let (shape, rows) = circuit::build::<1>(&[circuit]);
    let largest = variables.iter().map(|value| value.abs()).fold(1e-3, f64::max);
    let mut state: Vec<Row<1>> = variables
        .iter()
        .map(|value| Row::splat(if value.abs() > 0.0 { value * (1.0 + PUSH) } else { PUSH * largest }))
        .collect();
    let left = Left { shape: &shape, rows: &rows, held: &[], limit_ms: &Row::splat(f64::INFINITY), cycling: false };
    left.follow(&mut state, 1).into_iter().next().flatten()
}

/// The stable state or cycle that a circuit came to, if it came to one.
pub fn attractor(outcome: &Outcome) -> Option<Attractor> {
    let period_ms = match &outcome.fate {
        Fate::Rest => None,
        Fate::Cycle(cycle) => Some(cycle.period_ms),
        _ => return None,
    };
    Some(Attractor { rates: outcome.rates.clone(), period_ms })
}

fn high(population: &Population, rest: f64) -> f64 {
    match population.transfer.limits() {
        (_, Some(maximum)) => HIGH_SHARE * maximum,
        (_, None) => HIGH_HZ.max(HIGH_MULTIPLE * rest),
    }
}

fn same(one: &Attractor, other: &Attractor) -> bool {
    let largest = one.rates.iter().map(|rate| rate.abs()).fold(SILENT_HZ, f64::max);
    let near = one.rates.iter().zip(&other.rates).all(|(one, other)| (one - other).abs() <= SAME * largest);
    near && one.period_ms.is_some() == other.period_ms.is_some()
}
