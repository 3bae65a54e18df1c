//! What delayed channels gave in the past: a ring of the values at the steps, read by linear interpolation between them
//! (exactly, where a delay is a whole number of steps).

use crate::circuit::equations::immediate;
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row};
use fearless_simd::Simd;

/// A delay this close to a whole number of steps is one.
const WHOLE: f64 = 1e-9;

/// The past of all delayed channels.
#[derive(Clone, Debug)]
pub struct History<const G: usize> {
    /// Number of each delayed channel.
    channels: Vec<usize>,
    /// Delay of each, in steps.
    steps: Vec<Row<G>>,
    /// Values of each at the last steps.
    ring: Vec<Vec<Row<G>>>,
    /// The place of the newest value.
    newest: usize,
    /// What the channels give now: their values a delay ago.
    pub delayed: Vec<Row<G>>,
}

impl<const G: usize> History<G> {
    /// No past yet, for steps of `step` ms.
    pub fn new(shape: &Shape<G>, rows: &Rows<G>, step: f64) -> Self {
        let channels: Vec<usize> =
            (0..shape.channels.len()).filter(|index| shape.channels[*index].delayed.is_some()).collect();
        let steps = |index: &usize| {
            Row::from_fn(|lane| {
                let steps = rows.channels[*index].delay.get(lane) / step;
                let whole = libm::round(steps);
                if (steps - whole).abs() < WHOLE * whole.max(1.0) { whole.max(1.0) } else { steps.max(1.0) }
            })
        };
        let steps: Vec<Row<G>> = channels.iter().map(steps).collect();
        let longest = |row: &Row<G>| (0..Row::<G>::LANES).map(|lane| row.get(lane)).fold(0.0, f64::max);
        let ring = steps.iter().map(|row| vec![Row::ZERO; libm::ceil(longest(row)) as usize + 2]).collect();
        Self { delayed: vec![Row::ZERO; channels.len()], steps, ring, newest: 0, channels }
    }

    /// Makes the present the whole past.
    pub fn fill<S: Simd>(
        &mut self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        outputs: &[Row<G>],
        state: &[Row<G>],
    ) {
        for (ring, channel) in self.ring.iter_mut().zip(&self.channels) {
            ring.fill(immediate(simd, (shape, rows), *channel, outputs, state));
        }
    }

    /// Adds the present.
    #[inline(never)]
    pub fn push<S: Simd>(
        &mut self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        outputs: &[Row<G>],
        state: &[Row<G>],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                self.newest += 1;
                for (ring, channel) in self.ring.iter_mut().zip(&self.channels) {
                    let place = self.newest % ring.len();
                    ring[place] = immediate(simd, (shape, rows), *channel, outputs, state);
                }
            },
        );
    }

    /// Reads what the channels give `ahead` steps after the newest value.
    #[inline(never)]
    pub fn read<S: Simd>(&mut self, simd: S, ahead: f64) {
        simd.vectorize(
            #[inline(always)]
            || {
                for ((delayed, ring), steps) in self.delayed.iter_mut().zip(&self.ring).zip(&self.steps) {
                    let (mut later, mut earlier, mut share) = (Row::ZERO, Row::ZERO, Row::ZERO);
                    for lane in 0..Row::<G>::LANES {
                        let age = (steps.get(lane) - ahead).max(0.0);
                        let whole = libm::floor(age);
                        let place = |back: usize| (self.newest + 2 * ring.len() - back) % ring.len();
                        later.set(lane, ring[place(whole as usize)].get(lane));
                        earlier.set(lane, ring[place(whole as usize + 1)].get(lane));
                        share.set(lane, age - whole);
                    }
                    let (later, earlier) = (Lanes::load(simd, &later), Lanes::load(simd, &earlier));
                    Lanes::load(simd, &share).mul_add(earlier - later, later).store(delayed);
                }
            },
        );
    }
}
