//! Mean rates over a short burst of fast time, where the circuit has no state at which it stands still and no cycle that can be
//! followed: it is noisy, its delays make it oscillate, or it moves irregularly.
//!
//! This is the heterogeneous multiscale method (E & Engquist 2003, doi:10.4310/CMS.2003.v1.n1.a8): slow variables see the
//! mean of the fast ones, taken over a burst with all slow variables held. The mean is weighted by a smooth window that
//! vanishes at both ends (here Hann's), which makes the error of averaging an oscillation fall with the third power of the
//! number of its periods (Engquist & Tsai 2005, doi:10.1090/S0025-5718-05-01745-X, for such windows in general). Noise is
//! the same in every burst, so that the mean changes smoothly with the slow variables. The error is estimated from the
//! difference of the means over the burst's two halves and, without noise, from a second burst of steps twice as long.
//!
//! Steps follow from the circuit, each lane's from its own numbers, and not from how fast time is stepped.

use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::circuit::{Rows, Shape};
use crate::equilibrium::Fate;
use crate::equilibrium::fate::Outcome;
use crate::experiment::{Model, Plan};
use crate::numeric::lanes::{Row, WIDTH};
use crate::numeric::normal::identity;
use crate::scenario::{Method, NoiseSharing, Run};
use crate::simulate::noise::Noise;
use crate::simulate::stepper::{Fast, take_steps};

/// The window's weights change after so many ms: far less than a period of any rhythm of a circuit of neurons.
const PIECE_MS: f64 = 2.0;
/// Rates that differ by less than this from one piece of a burst to another, relative to their size (absolutely below
/// 1 Hz), stand still.
const STILL: f64 = 1e-7;
/// The longest step, relative to the fastest of the circuit's own motions (by the circles of Gershgorin), of its noise and,
/// as a share of it, of its delays.
const LONGEST_STEP: f64 = 0.125;

/// How bursts are run: lanes of equal steps together.
#[derive(Clone, Debug)]
pub struct Averaging<const G: usize> {
    groups: Vec<(u64, Stepping<G>)>,
}

/// How bursts of some step are run.
#[derive(Clone, Debug)]
struct Stepping<const G: usize> {
    step_ms: f64,
    method: Method,
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

impl<const G: usize> Burst<G> {
    /// A burst that has not been run.
    pub fn nothing(circuit: &[Row<G>], rates: usize) -> Self {
        Self {
            means: vec![Row::ZERO; rates],
            error: Row::ZERO,
            end: circuit.to_vec(),
            still: 0,
            drifting: 0,
            finite: 0,
        }
    }

    /// Takes over what became of a lane that was followed, with its state then.
    pub fn take(&mut self, lane: usize, outcome: &Outcome, state: &[Row<G>]) {
        let bit = 1 << lane;
        let [still, finite] = match &outcome.fate {
            Fate::Rest => [bit, bit],
            Fate::Cycle(_) | Fate::Unstable(_) | Fate::Open => [0, bit],
            Fate::RunsAway | Fate::Undefined(_) => [0, 0],
        };
        self.still |= still;
        self.finite |= finite;
        self.error.set(lane, if let Fate::Cycle(cycle) = &outcome.fate { cycle.error_hz } else { 0.0 });
        for (row, mean) in self.means.iter_mut().zip(&outcome.rates) {
            row.set(lane, *mean);
        }
        for (row, state) in self.end.iter_mut().zip(state) {
            row.set(lane, state.get(lane));
        }
    }

    /// Takes over some lanes of another burst.
    fn merge(&mut self, other: &Self, bits: u64) {
        for lane in (0..Row::<G>::LANES).filter(|lane| bits >> lane & 1 == 1) {
            self.error.set(lane, other.error.get(lane));
            let rows = self.means.iter_mut().chain(&mut self.end);
            for (row, other) in rows.zip(other.means.iter().chain(&other.end)) {
                row.set(lane, other.get(lane));
            }
        }
        self.still |= other.still & bits;
        self.drifting |= other.drifting & bits;
        self.finite |= other.finite & bits;
    }
}

impl<const G: usize> Averaging<G> {
    /// Bursts of a block of arms whose circuits rest in these states (or are there).
    pub fn new(model: &Model<G>, plans: &[&Plan], run: &Run, resting: &[&[f64]]) -> Self {
        let steps = steps_ms(model, resting);
        let mut groups: Vec<(u64, Stepping<G>)> = Vec::new();
        for (lane, step_ms) in steps.into_iter().enumerate() {
            match groups.iter_mut().find(|(_, stepping)| stepping.step_ms == step_ms) {
                Some((lanes, _)) => *lanes |= 1 << lane,
                None => groups.push((1 << lane, Stepping::new(model, plans, run, step_ms))),
            }
        }
        Self { groups }
    }

    /// Runs a burst in some lanes from a state of the circuit, under rows that are held.
    pub fn burst(&self, (model, run): (&Model<G>, &Run), (rows, bits): (&Rows<G>, u64), start: &[Row<G>]) -> Burst<G> {
        let mut all = Burst::nothing(start, model.shape.size());
        for (lanes, stepping) in self.groups.iter().filter(|(lanes, _)| lanes & bits != 0) {
            let mut burst = stepping.burst(&model.shape, rows, start);
            if stepping.noise.is_none() {
                let coarse = Stepping { step_ms: 2.0 * stepping.step_ms, ..stepping.clone() }.with_windows(run);
                burst.add_difference(&coarse.burst(&model.shape, rows, start));
            }
            all.merge(&burst, lanes & bits);
        }
        all
    }
}

/// The step of each lane: a power of two, in ms.
fn steps_ms<const G: usize>(model: &Model<G>, resting: &[&[f64]]) -> Vec<f64> {
    let (shape, rows) = (&model.shape, &model.circuit);
    let n = shape.variables();
    let state: Vec<Row<G>> =
        (0..n).map(|index| Row::from_fn(|lane| resting[lane.min(resting.len() - 1)][index])).collect();
    let mut linearised = Linearised::new(shape);
    residual_and_jacobian(shape, rows, &state, &mut linearised);
    let step = |lane: usize| {
        let circle = |variable: usize| {
            let row = &linearised.jacobian[variable * n..(variable + 1) * n];
            rows.inverse_tau(variable).get(lane) * row.iter().map(|entry| entry.get(lane).abs()).sum::<f64>().max(1.0)
        };
        let noise = shape.populations.iter().zip(&rows.populations).filter(|(population, _)| population.noisy);
        let noise = noise.map(|(_, numbers)| 1.0 / numbers.noise_tau.get(lane));
        let delays = shape.channels.iter().zip(&rows.channels).filter(|(channel, _)| channel.delayed.is_some());
        let delays = delays.map(|(_, numbers)| 1.0 / numbers.delay.get(lane));
        let fastest =
            (0..n).map(circle).chain(noise).chain(delays).filter(|rate| rate.is_finite()).fold(1e-3, f64::max);
        libm::exp2(libm::floor(libm::log2(LONGEST_STEP / fastest)))
    };
    (0..Row::<G>::LANES).map(step).collect()
}

impl<const G: usize> Stepping<G> {
    fn new(model: &Model<G>, plans: &[&Plan], run: &Run, step_ms: f64) -> Self {
        let identity_of = |lane: usize| {
            let plan = plans[lane.min(plans.len() - 1)];
            let arm = match run.noise {
                NoiseSharing::Shared => 0,
                NoiseSharing::Independent => plan.number,
            };
            identity(plan.scenario.run.stream, plan.scenario.run.replicate as u32, arm as u32)
        };
        let identities = std::array::from_fn(|group| std::array::from_fn(|lane| identity_of(group * WIDTH + lane)));
        let noise = Noise::new(&model.shape, &model.circuit, step_ms, run.seed, identities);
        let method = if noise.is_none() { Method::RungeKutta4 } else { Method::Heun };
        let (weights, half_weights) = (Vec::new(), Vec::new());
        Self { step_ms, method, noise, settle: 0, piece: 0, weights, half_weights }.with_windows(run)
    }

    /// The same with the windows that its step asks for.
    fn with_windows(self, run: &Run) -> Self {
        let steps = |ms: f64| (libm::round(ms / self.step_ms) as u64).max(1);
        let piece = steps(PIECE_MS);
        // At least four pieces, so that the halves have a window of their own.
        let pieces = (steps(run.average_over) / piece).max(4) / 2 * 2;
        let settle = steps(run.average_after);
        Self { settle, piece, weights: hann(pieces), half_weights: hann(pieces / 2), ..self }
    }

    fn burst(&self, shape: &Shape<G>, rows: &Rows<G>, start: &[Row<G>]) -> Burst<G> {
        let mut noise = self.noise.clone();
        noise.start();
        let mut fast = Fast::new(shape, rows, self.step_ms, start.to_vec());
        fast.start(shape, rows);
        let mut take = |fast: &mut Fast<G>, span: (u64, u64)| {
            fast.rate_sums.iter_mut().for_each(|sum| *sum = Row::ZERO);
            take_steps((self.method, self.step_ms), (shape, rows), &mut noise, fast, span);
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

impl<const G: usize> Burst<G> {
    /// Adds to the error how far the means lie from those of another burst.
    fn add_difference(&mut self, other: &Self) {
        for (mean, other) in self.means.iter().zip(&other.means) {
            self.error = Row::from_fn(|lane| self.error.get(lane).max((mean.get(lane) - other.get(lane)).abs()));
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
