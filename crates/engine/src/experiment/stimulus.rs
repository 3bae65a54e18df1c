//! Stimuli on a timeline: edges become changes, what changes without edges a wave, and what is too fast for slow time its
//! mean.

use crate::scenario::stimulus::{Injection, Waveform};
use crate::scenario::{Run, Time};
use std::sync::Arc;

const MS_PER_MIN: f64 = 60_000.0;
/// In slow time, the circuit follows what changes no faster than this, in ms; of anything faster it sees the mean.
pub const SLOW_PERIOD_MS: f64 = 1_000.0;

/// An input that changes from step to step.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// `drive exp(-t / tau)`, tau in ms.
    Decay {
        /// In ms.
        tau: f64,
    },
    /// `drive sin(2 pi (frequency t + phase))`.
    Sinusoid {
        /// Per ms.
        frequency: f64,
        /// In cycles.
        phase: f64,
    },
    /// `drive` times a factor that runs in straight lines between points.
    Table {
        /// In ms since the start, rising.
        times: Arc<[f64]>,
        /// The factor at each time.
        values: Arc<[f64]>,
    },
}

/// A wave onto a population.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// Index of the population.
    pub population: usize,
    /// Its size, in input units.
    pub drive: f64,
    /// When it started, in min.
    pub start: f64,
    /// Its course.
    pub shape: Shape,
}

impl Wave {
    /// Its value at a time in min, in input units, as if it neither began nor ended.
    pub fn value_at(&self, time: f64) -> f64 {
        let since = ((time - self.start) * MS_PER_MIN).max(0.0);
        let factor = match &self.shape {
            Shape::Decay { tau } => libm::exp(-since / tau),
            Shape::Sinusoid { frequency, phase } => libm::sin(std::f64::consts::TAU * (frequency * since + phase)),
            Shape::Table { times, values } => between(times, values, since),
        };
        self.drive * factor
    }

    /// When its course has kinks, in min.
    pub fn kinks(&self) -> Vec<f64> {
        match &self.shape {
            Shape::Decay { .. } | Shape::Sinusoid { .. } => Vec::new(),
            Shape::Table { times, .. } => times.iter().map(|time| self.start + time / MS_PER_MIN).collect(),
        }
    }
}

/// The value at a time on the straight lines between points; what stands at the ends beyond them.
fn between(times: &[f64], values: &[f64], time: f64) -> f64 {
    let after = times.partition_point(|known| *known <= time);
    let last = times.len().min(values.len());
    match after {
        0 => values.first().copied().unwrap_or(0.0),
        after if after >= last => last.checked_sub(1).map_or(0.0, |last| values[last]),
        after => {
            let share = (time - times[after - 1]) / (times[after] - times[after - 1]);
            (values[after] - values[after - 1]).mul_add(share, values[after - 1])
        }
    }
}

/// What an injection is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A constant input, in input units, from and to these times in min; open ends are those of the run.
    Constant(f64, Option<f64>, Option<f64>),
    /// A wave.
    Wave(Wave, Option<f64>, Option<f64>),
}

/// The parts of an injection onto the population of that index.
pub fn parts(injection: &Injection, population: usize, run: &Run) -> Vec<Part> {
    let (from, to) = (injection.from, injection.to);
    let drive = injection.drive * injection.fraction;
    let start = from.unwrap_or(run.from);
    let wave = |shape| Part::Wave(Wave { population, drive, start, shape }, from, to);
    match injection.waveform.clone() {
        Waveform::Step => vec![Part::Constant(drive, from, to)],
        Waveform::Pulses { period, width, count } => {
            let end = to.unwrap_or(run.to);
            let last = if count == 0 { end } else { end.min(start + count as f64 * period / MS_PER_MIN) };
            if run.time == Time::Slow && period < SLOW_PERIOD_MS {
                return vec![Part::Constant(drive * (width / period).min(1.0), Some(start), Some(last))];
            }
            let onset = |index: u64| start + index as f64 * period / MS_PER_MIN;
            let count = libm::ceil((last - start) * MS_PER_MIN / period - 1e-9).max(0.0) as u64;
            let pulse =
                |index| Part::Constant(drive, Some(onset(index)), Some((onset(index) + width / MS_PER_MIN).min(end)));
            (0..count).map(pulse).collect()
        }
        Waveform::Decay { tau } => vec![wave(Shape::Decay { tau })],
        Waveform::Table { times, values } => vec![wave(Shape::Table { times: times.into(), values: values.into() })],
        Waveform::Sinusoid { frequency, phase, mean } => {
            let constant = Part::Constant(mean * injection.fraction, from, to);
            match run.time {
                Time::Slow => vec![constant],
                Time::Fast => vec![constant, wave(Shape::Sinusoid { frequency: frequency / 1_000.0, phase })],
            }
        }
    }
}

/// What is said of an injection that enters slow time by its mean; none where it enters as it is.
pub fn mean_in_slow_time(injection: &Injection, run: &Run) -> Option<String> {
    if run.time != Time::Slow {
        return None;
    }
    let (what, mean) = match injection.waveform {
        Waveform::Pulses { period, width, .. } if period < SLOW_PERIOD_MS => {
            (format!("pulses every {period} ms"), injection.drive * (width / period).min(1.0))
        }
        Waveform::Sinusoid { frequency, mean, .. } => (format!("a sinusoid of {frequency} Hz"), mean),
        _ => return None,
    };
    let mean = mean * injection.fraction;
    Some(format!("{what} onto `{}` enter slow time by their mean, {mean} in input units", injection.population))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_have_the_values_of_their_formulas() {
        let table = Shape::Table { times: [2.0, 14.0].into(), values: [1.0, 3.0].into() };
        let sinusoid = Shape::Sinusoid { frequency: 0.04, phase: 0.1 };
        for (shape, expected) in [
            (Shape::Decay { tau: 30.0 }, libm::exp(-0.25)),
            (sinusoid, libm::sin(std::f64::consts::TAU * 0.4)),
            (table.clone(), 1.0 + 2.0 * 5.5 / 12.0),
        ] {
            let wave = Wave { population: 0, drive: 2.0, start: 1.0, shape };
            approx::assert_relative_eq!(wave.value_at(1.0 + 7.5 / MS_PER_MIN), 2.0 * expected, max_relative = 1e-9);
        }
        let wave = Wave { population: 0, drive: 2.0, start: 1.0, shape: table };
        assert_eq!(wave.kinks(), [1.0 + 2.0 / MS_PER_MIN, 1.0 + 14.0 / MS_PER_MIN]);
        let [times, values] = [[10.0, 20.0], [2.0, 4.0]];
        let course = [0.0, 10.0, 15.0, 20.0, 90.0].map(|time| between(&times, &values, time));
        assert_eq!(course, [2.0, 2.0, 3.0, 4.0, 4.0]);
    }

    #[test]
    fn trains_have_their_pulses_and_their_mean() {
        let mut run = Run { from: 0.0, to: 1.0, time: Time::Fast, ..Run::default() };
        let waveform = Waveform::Pulses { period: 100.0, width: 20.0, count: 3 };
        let injection = Injection { drive: 2.0, fraction: 0.5, from: Some(0.5), waveform, ..Injection::default() };
        let edges = |part: &Part| match part {
            Part::Constant(drive, Some(from), Some(to)) => [*drive, (from - 0.5) * MS_PER_MIN, (to - 0.5) * MS_PER_MIN],
            _ => [f64::NAN; 3],
        };
        let pulses: Vec<[f64; 3]> = parts(&injection, 0, &run).iter().map(edges).collect();
        assert_eq!(pulses.len(), 3);
        for (index, pulse) in pulses.iter().enumerate() {
            for (value, expected) in pulse.iter().zip([1.0, 100.0 * index as f64, 100.0 * index as f64 + 20.0]) {
                approx::assert_abs_diff_eq!(*value, expected, epsilon = 1e-9);
            }
        }
        run.time = Time::Slow;
        let mean = parts(&injection, 0, &run);
        assert_eq!(mean.len(), 1);
        let [drive, from, to] = edges(&mean[0]);
        assert_eq!((drive, from), (0.2, 0.0));
        approx::assert_relative_eq!(to, 300.0, max_relative = 1e-9);
        assert!(mean_in_slow_time(&injection, &run).is_some_and(|words| words.contains("mean, 0.2")));
    }
}
