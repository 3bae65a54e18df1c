//! Mean rates over a short burst of fast time, where the circuit has no state at which it stands still: it oscillates, or is
//! noisy.
//!
//! This is the heterogeneous multiscale method (E & Engquist 2003, doi:10.4310/CMS.2003.v1.n1.a8): slow variables see the
//! mean of the fast ones, taken over a burst with all slow variables held. The mean is weighted by a smooth window that
//! vanishes at both ends (here Hann's), which makes the error of averaging an oscillation fall with the third power of the
//! number of its periods (Engquist & Tsai 2005, doi:10.1090/S0025-5718-05-01745-X, for such windows in general). Noise is
//! the same in every burst, so that the mean changes smoothly with the slow variables. The error is estimated from the
//! difference of the means over the burst's two halves.

use crate::circuit::Rows;
use crate::experiment::{Model, Plan};
use crate::numeric::lanes::{Row, WIDTH};
use crate::numeric::normal::identity;
use crate::simulate::noise::Noise;
use crate::simulate::stepper::{Fast, take_steps};
use crate::spec::{NoiseSharing, Run};
use fearless_simd::Simd;

/// The window's weights change after so many ms: far less than a period of any rhythm of a circuit of neurons.
const PIECE_MS: f64 = 2.0;
/// Rates that differ by less than this from one piece of a burst to another, relative to their size (absolutely below
/// 1 Hz), stand still.
const STILL: f64 = 1e-7;

/// How bursts are run.
#[derive(Clone, Debug)]
pub struct Averaging<const G: usize> {
    noise: Noise<G>,
    /// Steps before the window.
    settle: u64,
    /// Steps of a piece of the window.
    piece: u64,
    /// Weights of the pieces, with sum 1; an even number of them.
    weights: Vec<f64>,
    /// The same for a half of the window.
    half_weights: Vec<f64>,
}

/// What a burst yields.
#[derive(Clone, Debug)]
pub struct Burst<const G: usize> {
    /// Mean rates in Hz.
    pub means: Vec<Row<G>>,
    /// The estimated error of the means, the largest of any population, in Hz.
    pub error: Row<G>,
    /// The circuit's variables at its end.
    pub end: Vec<Row<G>>,
    /// Lanes, as bits, whose rates stood still over the second half of the window.
    pub still: u64,
    /// Lanes, as bits, in which the rate that moved most, over the whole window, did not stand still and moved one way: the
    /// circuit is still on its way somewhere.
    pub drifting: u64,
    /// Lanes, as bits, whose rates stayed finite.
    pub finite: u64,
}

impl<const G: usize> Averaging<G> {
    /// Bursts of a block of arms.
    pub fn new(model: &Model<G>, plans: &[&Plan], run: &Run) -> Self {
        let identity_of = |lane: usize| {
            let plan = plans[lane.min(plans.len() - 1)];
            let arm = match run.noise {
                NoiseSharing::Shared => 0,
                NoiseSharing::Independent => plan.number,
            };
            identity(plan.scenario.run.stream, plan.scenario.run.replicate as u32, arm as u32)
        };
        let identities = std::array::from_fn(|group| std::array::from_fn(|lane| identity_of(group * WIDTH + lane)));
        let steps = |ms: f64| (libm::round(ms / run.step) as u64).max(1);
        let piece = steps(PIECE_MS);
        // At least four pieces, so that the halves have a window of their own.
        let pieces = (steps(run.average_over) / piece).max(4) / 2 * 2;
        Self {
            noise: Noise::new(&model.shape, &model.circuit, run.step, run.seed, identities),
            settle: steps(run.average_after),
            piece,
            weights: hann(pieces),
            half_weights: hann(pieces / 2),
        }
    }

    /// Runs a burst from a state of the circuit, under rows that are held.
    pub fn burst<S: Simd>(
        &self,
        simd: S,
        (model, run): (&Model<G>, &Run),
        rows: &Rows<G>,
        start: &[Row<G>],
    ) -> Burst<G> {
        let mut noise = self.noise.clone();
        noise.start(simd);
        let mut fast = Fast::new(&model.shape, rows, run.step, start.to_vec());
        fast.start(simd, &model.shape, rows);
        let mut take = |fast: &mut Fast<G>, span: (u64, u64)| {
            fast.rate_sums.iter_mut().for_each(|sum| *sum = Row::ZERO);
            take_steps(simd, run.method, &model.shape, rows, run.step, &mut noise, fast, span);
        };
        take(&mut fast, (0, self.settle));
        let mut pieces: Vec<Vec<Row<G>>> = Vec::with_capacity(self.weights.len());
        for place in 0..self.weights.len() as u64 {
            let first = self.settle + place * self.piece;
            take(&mut fast, (first, first + self.piece));
            let mean = |sum: &Row<G>| Row::from_fn(|lane| sum.get(lane) / self.piece as f64);
            pieces.push(fast.rate_sums.iter().map(mean).collect());
        }
        self.judge(&pieces, fast.state)
    }

    /// Means, their error, and what became of the rates, from the mean rates of the pieces of a burst.
    fn judge(&self, pieces: &[Vec<Row<G>>], end: Vec<Row<G>>) -> Burst<G> {
        let (first, second) = pieces.split_at(pieces.len() / 2);
        let means = weighted(pieces, &self.weights);
        let halves = [weighted(first, &self.half_weights), weighted(second, &self.half_weights)];
        let largest = |lane: usize, of: &dyn Fn(usize, usize) -> f64| {
            (0..means.len())
                .map(|population| of(population, lane))
                .fold(0.0_f64, |most, value| if value.is_nan() { f64::INFINITY } else { most.max(value) })
        };
        let half_difference = |population: usize, lane: usize| {
            0.5 * (halves[0][population].get(lane) - halves[1][population].get(lane)).abs()
        };
        let spread = |population: usize, lane: usize| {
            let values = || second.iter().map(|piece| piece[population].get(lane));
            let range = values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min);
            range / means[population].get(lane).abs().max(1.0)
        };
        let one_way = |lane: usize| {
            let range = |population: usize| {
                let values = || pieces.iter().map(move |piece| piece[population].get(lane));
                values().fold(f64::NEG_INFINITY, f64::max) - values().fold(f64::INFINITY, f64::min)
            };
            let Some(most) = (0..means.len()).max_by(|one, other| range(*one).total_cmp(&range(*other))) else {
                return false;
            };
            let mut pairs = pieces.windows(2).map(|pair| (pair[0][most].get(lane), pair[1][most].get(lane)));
            pairs.clone().all(|(before, after)| after >= before) || pairs.all(|(before, after)| after <= before)
        };
        let bits = |holds: &dyn Fn(usize) -> bool| {
            (0..Row::<G>::LANES).filter(|lane| holds(*lane)).fold(0, |bits, lane| bits | 1 << lane)
        };
        Burst {
            error: Row::from_fn(|lane| largest(lane, &half_difference)),
            still: bits(&|lane| largest(lane, &spread) < STILL),
            drifting: bits(&|lane| largest(lane, &spread) >= STILL && one_way(lane)),
            finite: bits(&|lane| means.iter().chain(&end).all(|row| row.get(lane).is_finite())),
            means,
            end,
        }
    }
}

/// The weighted mean of every population's rate.
fn weighted<const G: usize>(pieces: &[Vec<Row<G>>], weights: &[f64]) -> Vec<Row<G>> {
    let size = pieces.first().map_or(0, Vec::len);
    let mean = |population: usize, lane: usize| -> f64 {
        pieces.iter().zip(weights).map(|(piece, weight)| weight * piece[population].get(lane)).sum()
    };
    (0..size).map(|population| Row::from_fn(|lane| mean(population, lane))).collect()
}

/// Hann's window over pieces, with sum 1.
fn hann(pieces: u64) -> Vec<f64> {
    let count = pieces.max(1) as f64;
    let raw: Vec<f64> =
        (0..pieces.max(1)).map(|k| 1.0 - libm::cos(std::f64::consts::TAU * (k as f64 + 0.5) / count)).collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|weight| weight / sum).collect()
}
