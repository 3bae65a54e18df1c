//! Indices over lanes: numbers of signals or connections that are recorded for the reader, and act on nothing.

use super::effects::Effects;
use crate::circuit::Shape;
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario::{self, Scenario};
use crate::signals::Board;

/// The indices of a block.
#[derive(Clone, Debug)]
pub struct Indices<const G: usize> {
    indices: Vec<(usize, Kind<G>)>,
}

#[derive(Clone, Debug)]
enum Kind<const G: usize> {
    /// `offset + slope x signal`.
    Signal { of: usize, offset: Row<G>, slope: Row<G> },
    /// The strength of the connections from one population onto another (target and source, by index) relative to rest, but
    /// for the output of the source.
    Connection(usize, usize),
}

impl<const G: usize> Indices<G> {
    /// Builds the indices; each becomes the signal `index.NAME`.
    pub fn build(lanes: &[&Scenario], shape: &Shape<G>, board: &mut Board) -> Self {
        let last = lanes.len() - 1;
        let indices = lanes[0].indices.iter().filter_map(|(name, first)| {
            let row = |pick: &dyn Fn(&scenario::plasticity::Index) -> f64| {
                Row::from_fn(|lane| lanes[lane.min(last)].indices.get(name).map_or(0.0, pick))
            };
            let kind = if first.of.is_empty() {
                let place = shape.population(&first.onto).zip(shape.population(&first.from));
                place.map(|(onto, from)| Kind::Connection(onto, from))?
            } else {
                let of = board.add(first.of.as_str());
                Kind::Signal { of, offset: row(&|index| index.offset), slope: row(&|index| index.slope) }
            };
            Some((board.add(format!("index.{name}")), kind))
        });
        Self { indices: indices.collect() }
    }

    /// Writes the indices among the signals.
    #[inline(always)]
    pub fn show<S: Simd>(&self, simd: S, effects: &Effects<G>, signals: &mut [Row<G>], rest: &[Row<G>]) {
        for (index, kind) in &self.indices {
            let value = match kind {
                Kind::Signal { of, offset, slope } => {
                    Lanes::load(simd, slope).mul_add(Lanes::load(simd, &signals[*of]), Lanes::load(simd, offset))
                }
                Kind::Connection(onto, from) => effects.strength(simd, (*onto, *from), signals, rest),
            };
            value.store(&mut signals[*index]);
        }
    }
}
