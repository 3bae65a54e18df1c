//! How far steps go, and which numbers hold at their stages.

use super::history::PLACES;
use crate::circuit::Rows;
use crate::numeric::lanes::{Lanes, Row, Simd};

/// The circuit's numbers at moments within a step: its start, [`PLACES`], half the way between these, and its end, in the
/// order of [`SHARES`]. They differ where stimuli change meanwhile.
pub type Stages<'a, const G: usize> = [&'a Rows<G>; 5];
/// How much of the step has passed at each of the stages.
pub const SHARES: [f64; 5] = [0.0, PLACES[0], 0.5, PLACES[1], 1.0];
/// The number of the stage at the start.
pub const START: usize = 0;
/// Those at [`PLACES`].
pub const WITHIN: [usize; 2] = [1, 3];
/// That half the way.
pub const HALF: usize = 2;
/// That at the end.
pub const END: usize = 4;

/// How far each lane goes at once: a whole step, or a part of one.
#[derive(Clone, Debug)]
pub struct Stride<const G: usize> {
    /// Where each lane is, in steps since the run began.
    pub from: Row<G>,
    /// How far it goes, in steps: 1, less where something changes meanwhile, 0 where it waits.
    pub share: Row<G>,
    /// Length of a whole step in ms.
    pub step: f64,
}

impl<const G: usize> Stride<G> {
    /// Step number `count`, in all lanes.
    pub fn whole(count: u64, step: f64) -> Self {
        Self { from: Row::splat(count as f64), share: Row::splat(1.0), step }
    }

    /// The moment at which a part of the stride has passed, in steps.
    pub fn moment(&self, part: f64) -> Row<G> {
        Row::from_fn(|lane| self.from.get(lane) + part * self.share.get(lane))
    }

    /// A part of the stride in ms.
    #[inline(always)]
    pub fn length<S: Simd>(&self, simd: S, part: f64) -> Lanes<S, G> {
        Lanes::load(simd, &self.share) * (part * self.step)
    }

    /// The lanes, as bits, that go on.
    pub fn going(&self) -> u64 {
        (0..Row::<G>::LANES).filter(|lane| self.share.get(*lane) > 0.0).fold(0, |bits, lane| bits | 1 << lane)
    }
}
