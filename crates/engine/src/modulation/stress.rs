//! Stress over lanes: `ds/dt = (x - s) / tau`, x the exposure (0 or 1).

use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario::Scenario;
use crate::signals::{Board, Relaxation, States};

/// The stress level of a block.
#[derive(Clone, Debug)]
pub struct Stress<const G: usize> {
    relaxation: Relaxation<G>,
    /// Index of the level among the states.
    pub state: usize,
    /// Index of the level among the signals.
    pub signal: usize,
}

/// Builds the stress of a block; `levels` are the levels at the start, one per lane.
pub fn build<const G: usize>(
    lanes: &[&Scenario],
    levels: Row<G>,
    board: &mut Board,
    states: &mut States<G>,
) -> Stress<G> {
    let row = |pick: &dyn Fn(&Scenario) -> f64| Row::from_fn(|lane| pick(lanes[lane.min(lanes.len() - 1)]));
    let relaxation =
        Relaxation { rise: row(&|lane| 1.0 / lane.stress.rise), fall: row(&|lane| 1.0 / lane.stress.recovery) };
    let state = states.add("stress", levels, relaxation.fastest());
    Stress { relaxation, state, signal: board.add("stress") }
}

impl<const G: usize> Stress<G> {
    /// Writes the level among the signals.
    #[inline(always)]
    pub fn show(&self, states: &[Row<G>], signals: &mut [Row<G>]) {
        signals[self.signal] = states[self.state];
    }

    /// ds/dt per min, given the exposure.
    #[inline(always)]
    pub fn derivative<S: Simd>(&self, simd: S, exposure: &Row<G>, states: &[Row<G>], derivatives: &mut [Row<G>]) {
        let level = Lanes::load(simd, &states[self.state]);
        self.relaxation.derivative(simd, Lanes::load(simd, exposure), level).store(&mut derivatives[self.state]);
    }
}
