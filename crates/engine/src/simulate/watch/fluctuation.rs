//! How a rate of fast time fluctuates: its variance over every step, and the frequency at which it does so most.

use crate::numeric::piece::Piece;
use crate::numeric::spectrum::Welch;

/// Fewer samples than this have no spectrum worth the name.
const FEWEST_SAMPLES: usize = 64;
/// The longest segment: with samples of 1 ms, a spectrum of 0.12 Hz.
const LONGEST_SEGMENT: usize = 8_192;
/// Segments into which a course is cut, half of each over its neighbours, where that makes them no longer.
const SEGMENTS: usize = 8;
/// The spectrum is that of means over so many ms, or of every step where that is longer.
const INTERVAL_MS: f64 = 1.0;
const MS_PER_MIN: f64 = 60_000.0;
const S_PER_MS: f64 = 1e-3;

/// Fluctuation of a variable within a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampled {
    /// Variance over the steps, in the variable's unit squared.
    pub variance: f64,
    /// The frequency above 0 with the highest spectral density, in Hz; none where the window is too short or the variable
    /// constant.
    pub peak_frequency_hz: Option<f64>,
}

/// Fluctuation so far.
#[derive(Clone, Debug)]
pub(super) struct Fluctuation {
    count: f64,
    mean: f64,
    /// Sum of squares about the mean.
    squares: f64,
    /// Steps of a sample of the spectrum.
    steps: u64,
    /// Those of the sample on its way, and their sum.
    partial: (u64, f64),
    welch: Option<Welch>,
}

impl Fluctuation {
    /// Of steps of `step` ms over so many minutes.
    pub fn new(step: f64, minutes: f64) -> Self {
        let steps = libm::round(INTERVAL_MS / step).max(1.0);
        let samples = (minutes * MS_PER_MIN / (steps * step)).max(0.0) as usize;
        let length = (2 * samples / (SEGMENTS + 1)).max(FEWEST_SAMPLES).next_power_of_two() / 2;
        let worth_it = samples >= FEWEST_SAMPLES;
        let welch = worth_it.then(|| Welch::new(length.min(LONGEST_SEGMENT), S_PER_MS * steps * step));
        Self { count: 0.0, mean: 0.0, squares: 0.0, steps: steps as u64, partial: (0, 0.0), welch }
    }

    pub fn see(&mut self, piece: &Piece) {
        // Welford's update (1962, doi:10.1080/00401706.1962.10490022).
        let value = piece.last();
        self.count += 1.0;
        let off = value - self.mean;
        self.mean += off / self.count;
        self.squares += off * (value - self.mean);
        if let Some(welch) = &mut self.welch {
            self.partial = (self.partial.0 + 1, self.partial.1 + value);
            if self.partial.0 == self.steps {
                welch.push(self.partial.1 / self.steps as f64);
                self.partial = (0, 0.0);
            }
        }
    }

    pub fn found(&self) -> Option<Sampled> {
        let variance = self.squares / (self.count - 1.0);
        if self.count < 2.0 || !variance.is_finite() {
            return None;
        }
        let moves = variance > f64::EPSILON * self.mean * self.mean;
        let spectrum = self.welch.as_ref().filter(|_| moves).and_then(Welch::spectrum);
        Some(Sampled { variance, peak_frequency_hz: spectrum.and_then(|spectrum| spectrum.peak()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(value: impl Fn(f64) -> f64, steps: u32) -> Option<Sampled> {
        let mut fluctuation = Fluctuation::new(0.25, f64::from(steps) * 0.25 / MS_PER_MIN);
        for step in 0..steps {
            let [start, end] = [0.0, 1.0].map(|more| (f64::from(step) + more) * 0.25);
            fluctuation.see(&Piece::line(start, end, value(start), value(end)));
        }
        fluctuation.found()
    }

    #[test]
    fn a_sine_has_half_its_squared_amplitude_and_its_own_frequency() {
        let sine = |ms: f64| 5.0 + 3.0 * libm::sin(std::f64::consts::TAU * 0.04 * ms);
        let one = found(sine, 32_000).unwrap();
        approx::assert_relative_eq!(one.variance, 4.5, max_relative = 1e-3);
        approx::assert_relative_eq!(one.peak_frequency_hz.unwrap(), 40.0, max_relative = 0.01);
        let flat = found(|_| 2.0, 4_000).unwrap();
        assert_eq!((flat.variance, flat.peak_frequency_hz), (0.0, None));
        assert!(found(|_| 2.0, 1).is_none());
    }
}
