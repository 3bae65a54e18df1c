//! Noise: unit Ornstein-Uhlenbeck processes, advanced exactly (Gillespie 1996, doi:10.1103/PhysRevE.54.2084), or white noise
//! of unit density, one per noisy population and lane; from counter-based normals, so that a step's noise depends on nothing
//! but its own number. White noise is constant over a step, with the variance of its mean there.

use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row, Simd, SimdBase, WIDTH, dispatch};
use crate::numeric::normal::{LARGEST_NORMAL, Stream, normals};
use crate::numeric::philox::noise_key;
use crate::scenario::NoiseKind;

/// Added to a population's number for the draw that its process starts from.
const START: u32 = 1 << 31;
const SECONDS: f64 = 1e-3;
/// How many vectors are drawn at once: enough to hide the latency of their arithmetic.
const TOGETHER: usize = 4;

/// The noise of a block.
#[derive(Clone, Debug)]
pub struct Noise<const G: usize> {
    /// The processes at the start of the step, one row per noisy population.
    pub now: Vec<Row<G>>,
    /// The processes at its end.
    pub next: Vec<Row<G>>,
    /// Number of each noisy population.
    populations: Vec<u32>,
    decay: Vec<Row<G>>,
    kick: Vec<Row<G>>,
    /// Whether each is white, and whether any is.
    white: Vec<bool>,
    any_white: bool,
    /// What holds at the end of a step, where some are white.
    end: Vec<Row<G>>,
    drawn: Vec<[Row<G>; 4]>,
    key: [u32; 2],
    identities: [[u64; WIDTH]; G],
}

impl<const G: usize> Noise<G> {
    /// The processes of a circuit with a step in ms. Lanes of equal identity see equal noise.
    pub fn new(shape: &Shape<G>, rows: &Rows<G>, step: f64, seed: u64, identities: [[u64; WIDTH]; G]) -> Self {
        let noisy: Vec<usize> = (0..shape.size()).filter(|index| shape.populations[*index].noisy).collect();
        let white: Vec<bool> =
            noisy.iter().map(|index| shape.populations[*index].noise_kind == NoiseKind::White).collect();
        let decay: Vec<Row<G>> = noisy
            .iter()
            .map(|index| &shape.populations[*index])
            .zip(noisy.iter().map(|index| &rows.populations[*index]))
            .map(|(population, numbers)| {
                if population.noise_kind == NoiseKind::White {
                    Row::ZERO
                } else {
                    Row::from_fn(|lane| libm::exp(-step / numbers.noise_tau.get(lane)))
                }
            })
            .collect();
        let kick = decay
            .iter()
            .zip(&white)
            .map(|(decay, white)| {
                if *white {
                    return Row::splat(1.0 / libm::sqrt(step * SECONDS));
                }
                // 1 - decay^2 without loss of digits.
                Row::from_fn(|lane| libm::sqrt(-libm::expm1(2.0 * libm::log(decay.get(lane)))))
            })
            .collect();
        let zero = vec![Row::ZERO; noisy.len()];
        Self {
            now: zero.clone(),
            end: zero.clone(),
            next: zero,
            any_white: white.contains(&true),
            white,
            populations: noisy.iter().map(|index| *index as u32).collect(),
            decay,
            kick,
            drawn: vec![[Row::ZERO; 4]; noisy.len()],
            key: noise_key(seed, 0),
            identities,
        }
    }

    /// Whether no population has noise.
    pub fn is_none(&self) -> bool {
        self.now.is_empty()
    }

    /// Draws the processes' starting values from their stationary distribution.
    pub fn start(&mut self) {
        dispatch!([G] simd => self.draw_streams(simd, 0, START));
        for (place, (now, drawn)) in self.now.iter_mut().zip(&self.drawn).enumerate() {
            let kick = &self.kick[place];
            *now = Row::from_fn(|lane| drawn[0].get(lane) * if self.white[place] { kick.get(lane) } else { 1.0 });
        }
        self.next.clone_from_slice(&self.now);
    }

    /// Draws what step number `step` needs, and advances the processes to its end.
    pub fn draw_step(&mut self, step: u64) {
        dispatch!([G] simd => {
            self.draw(simd, step / 4);
            self.advance(simd, (step % 4) as usize);
        });
    }

    /// Draws what the four steps of a group need.
    #[inline(always)]
    pub fn draw<S: Simd>(&mut self, simd: S, group: u64) {
        self.draw_streams(simd, group, 0);
    }

    /// Draws for a group of steps, several vectors at once; `tag` is added to the populations' numbers.
    #[inline(always)]
    fn draw_streams<S: Simd>(&mut self, simd: S, group: u64, tag: u32) {
        let count = self.populations.len() * G;
        for first in (0..count).step_by(TOGETHER) {
            let mut streams = [Stream { variable: 0, identities: [0; WIDTH] }; TOGETHER];
            for (offset, stream) in streams.iter_mut().enumerate() {
                let index = (first + offset).min(count - 1);
                *stream =
                    Stream { variable: tag + self.populations[index / G], identities: self.identities[index % G] };
            }
            let normals = normals(simd, self.key, group, &streams);
            for (index, normals) in (first..count).zip(normals) {
                for (row, normal) in self.drawn[index / G].iter_mut().zip(normals) {
                    normal.store_slice(&mut row.0[index % G]);
                }
            }
        }
    }

    /// The processes at the end of step `index` of the group.
    #[inline(always)]
    pub fn advance<S: Simd>(&mut self, simd: S, index: usize) {
        for (place, next) in self.next.iter_mut().enumerate() {
            let kick = Lanes::load(simd, &self.kick[place]) * Lanes::load(simd, &self.drawn[place][index]);
            Lanes::load(simd, &self.decay[place]).mul_add(Lanes::load(simd, &self.now[place]), kick).store(next);
        }
        if self.any_white {
            for (place, end) in self.end.iter_mut().enumerate() {
                *end = if self.white[place] { self.now[place] } else { self.next[place] };
            }
        }
    }

    /// The noise at the end of the step: the next step's for an Ornstein-Uhlenbeck process, still this step's where it is
    /// white.
    #[inline(always)]
    pub fn at_end(&self) -> &[Row<G>] {
        if self.any_white { &self.end } else { &self.next }
    }

    /// A process gets no further from 0 than this, from where it is now: each step takes it towards 0 by its decay and adds no
    /// more than the largest normal's kick. NaN or infinity where no bound is known.
    #[inline(always)]
    pub fn reach<S: Simd>(&self, simd: S, place: usize) -> Lanes<S, G> {
        let [now, decay, kick] = [&self.now, &self.decay, &self.kick].map(|rows| Lanes::load(simd, &rows[place]));
        now.abs() + kick * LARGEST_NORMAL / (Lanes::splat(simd, 1.0) - decay)
    }

    /// Makes the step's end the next one's start.
    #[inline(always)]
    pub fn accept(&mut self) {
        std::mem::swap(&mut self.now, &mut self.next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::build;
    use crate::numeric::lanes::dispatch;
    use crate::scenario::{self, Circuit, Population};

    const STEP: f64 = 2.0;
    const TAU: f64 = 5.0;

    fn circuit() -> Circuit {
        let population = Population {
            tau: 10.0,
            drive: Some(0.0),
            noise: Some(scenario::Noise { sigma: 1.0, tau: TAU, ..scenario::Noise::default() }),
            ..Population::default()
        };
        Circuit { populations: [("A".to_owned(), population)].into_iter().collect(), ..Circuit::default() }
    }

    #[test]
    fn the_process_has_the_mean_variance_and_autocorrelation_of_ornstein_and_uhlenbeck() {
        let (shape, rows) = build::<1>(&[&circuit()]);
        let mut noise = Noise::new(&shape, &rows, STEP, 11, [[0, 1, 2, 3, 4, 5, 6, 7]]);
        let steps = 200_000_u64;
        let mut path: Vec<Row<1>> = Vec::new();
        noise.start();
        dispatch!(simd => {
            for step in 0..steps {
                if step % 4 == 0 {
                    noise.draw(simd, step / 4);
                }
                path.push(noise.now[0]);
                noise.advance(simd, (step % 4) as usize);
                noise.accept();
            }
        });
        let decay = libm::exp(-STEP / TAU);
        let n = (steps * 8) as f64;
        // Means of correlated samples are less certain: by the sum of correlations, (1 + d)/(1 - d).
        let uncertain = |decay: f64| 4.0 * libm::sqrt((1.0 + decay) / (1.0 - decay) / n);
        let mean = |lag: usize| {
            let products = (lag..path.len()).flat_map(|at| (0..8).map(move |lane| (at, lane)));
            products.map(|(at, lane)| path[at].get(lane) * path[at - lag].get(lane)).sum::<f64>() / n
        };
        let average = path.iter().flat_map(|row| row.0[0]).sum::<f64>() / n;
        assert!(average.abs() < uncertain(decay), "mean {average}");
        for lag in [0, 1, 2, 5] {
            let expected = libm::pow(decay, lag as f64);
            let error = 1.5 * uncertain(decay * decay);
            assert!((mean(lag) - expected).abs() < error, "lag {lag}: {} {expected} {error}", mean(lag));
        }
        // The first value is drawn from the stationary distribution, not 0, and lanes differ.
        assert!(path[0].get(0) != 0.0 && path[0].get(0) != path[0].get(1));
    }
}
