//! Modifiers over lanes: signals that weaken or strengthen what another signal does.

use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::signals::Board;
use indexmap::IndexMap;

/// A product of `max(0, 1 - g x signal)` for every weakening signal and of `1 + g x signal` for every strengthening one.
#[derive(Clone, Debug, Default)]
pub struct Modifiers<const G: usize> {
    reduced_by: Vec<(usize, Row<G>)>,
    raised_by: Vec<(usize, Row<G>)>,
}

/// Signals and their weights as a specification states them: those that weaken, and those that strengthen.
pub type Stated<'a> = (&'a IndexMap<String, f64>, &'a IndexMap<String, f64>);

impl<const G: usize> Modifiers<G> {
    /// Builds the modifiers; `stated` gives those of lane `i`, of which lane 0 names the signals.
    pub fn build<'a>(stated: &dyn Fn(usize) -> Option<Stated<'a>>, board: &mut Board) -> Self {
        let Some((reduced, raised)) = stated(0) else { return Self::default() };
        Self {
            reduced_by: weighted(reduced, &|lane, name| stated(lane)?.0.get(name).copied(), board),
            raised_by: weighted(raised, &|lane, name| stated(lane)?.1.get(name).copied(), board),
        }
    }

    /// The signals that modify.
    pub fn signals(&self) -> impl Iterator<Item = usize> {
        self.reduced_by.iter().chain(&self.raised_by).map(|(signal, _)| *signal)
    }

    /// The value as it is modified.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, simd: S, value: Lanes<S, G>, signals: &[Row<G>]) -> Lanes<S, G> {
        let one = Lanes::splat(simd, 1.0);
        let mut value = value;
        for (signal, weight) in &self.reduced_by {
            let share = one - Lanes::load(simd, weight) * Lanes::load(simd, &signals[*signal]);
            value = value * share.max(Lanes::splat(simd, 0.0));
        }
        for (signal, weight) in &self.raised_by {
            value = value * Lanes::load(simd, weight).mul_add(Lanes::load(simd, &signals[*signal]), one);
        }
        value
    }
}

/// Signals with a weight for each lane; 0 in a lane that states none.
pub fn weighted<const G: usize>(
    names: &IndexMap<String, f64>,
    weight: &dyn Fn(usize, &str) -> Option<f64>,
    board: &mut Board,
) -> Vec<(usize, Row<G>)> {
    let row = |name: &String| Row::from_fn(|lane| weight(lane, name).unwrap_or(0.0));
    names.keys().map(|name| (board.add(name.as_str()), row(name))).collect()
}
