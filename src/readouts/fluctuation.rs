//! How a rate fluctuates: its variance, and the frequency at which it does so most.

use super::trace::Trace;
use crate::numeric::spectrum::welch;

/// Fewer samples than this have no spectrum worth the name.
const FEWEST_SAMPLES: usize = 64;
/// Segments into which a trace is cut, half of each over its neighbours.
const SEGMENTS: usize = 8;

/// Fluctuation of a variable within a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fluctuation {
    /// Variance of the samples, in the variable's unit squared.
    pub variance: f64,
    /// The frequency above 0 with the highest spectral density, in Hz; none where the trace is too short or constant.
    pub peak_frequency_hz: Option<f64>,
}

impl Fluctuation {
    /// That of an evenly sampled trace between two times in min; none without two samples. Where something has begun or ended
    /// and two samples share a time, the later counts.
    pub fn of(trace: &Trace<'_>, from: f64, to: f64) -> Option<Self> {
        let within = |time: &f64| (from..=to).contains(time);
        let first = trace.times.iter().position(within)?;
        let last = trace.times.iter().rposition(within)?;
        let (times, values) = (&trace.times[first..=last], &trace.values[first..=last]);
        let (times, values): (Vec<f64>, Vec<f64>) = (0..times.len())
            .filter(|index| times.get(index + 1) != Some(&times[*index]))
            .map(|index| (times[index], values[index]))
            .unzip();
        if values.len() < 2 || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count - 1.0);
        let interval_s = 60.0 * (times[times.len() - 1] - times[0]) / (count - 1.0);
        let length = (2 * values.len() / (SEGMENTS + 1)).max(FEWEST_SAMPLES).next_power_of_two() / 2;
        let worth_it = values.len() >= FEWEST_SAMPLES && variance > f64::EPSILON * mean * mean;
        let peak_frequency_hz = worth_it.then(|| welch(&values, interval_s, length).peak()).flatten();
        Some(Self { variance, peak_frequency_hz })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_has_half_its_squared_amplitude_and_its_own_frequency() {
        let times: Vec<f64> = (0..4000).map(|sample| f64::from(sample) * 0.002 / 60.0).collect();
        let values: Vec<f64> =
            times.iter().map(|time| 5.0 + 3.0 * libm::sin(std::f64::consts::TAU * 40.0 * 60.0 * time)).collect();
        let found = Fluctuation::of(&Trace { times: &times, values: &values }, 0.0, 1.0).unwrap();
        approx::assert_relative_eq!(found.variance, 4.5, max_relative = 1e-3);
        approx::assert_relative_eq!(found.peak_frequency_hz.unwrap(), 40.0, max_relative = 0.01);
        let flat = vec![2.0; 4000];
        let found = Fluctuation::of(&Trace { times: &times, values: &flat }, 0.0, 1.0).unwrap();
        assert_eq!((found.variance, found.peak_frequency_hz), (0.0, None));
        assert!(Fluctuation::of(&Trace { times: &times, values: &flat }, 5.0, 6.0).is_none());
    }
}
