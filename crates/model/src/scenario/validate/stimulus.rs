//! Checks of the waveforms of stimuli.

use super::Checks;
use crate::scenario::circuit::Population;
use crate::scenario::path::joined;
use crate::scenario::run::Time;
use crate::scenario::stimulus::{Injection, Waveform};

/// More pulses than this would take longer to lay out than to simulate.
const MOST_PULSES: f64 = 1e6;
const MS_PER_MIN: f64 = 60_000.0;
/// What rounding makes of a length, relative to a step.
const SLACK: f64 = 1e-6;
/// Slow time sees the mean of what is faster than this, in Hz, and follows no slower sinusoid.
const SLOWEST_SINUSOID_HZ: f64 = 1.0;

impl Checks<'_> {
    pub(super) fn waveform(&mut self, path: &str, injection: &Injection) {
        let run = &self.scenario.run;
        let slow = run.time == Time::Slow;
        let step = run.step;
        let length = (injection.to.unwrap_or(run.to) - injection.from.unwrap_or(run.from)) * MS_PER_MIN;
        if !slow && length > 0.0 && length < step * (1.0 - SLACK) {
            let message = format!("an input of {length:.6} ms is shorter than the step of {step} ms");
            self.report(path.trim_end_matches(".waveform"), message, "a longer input, or a shorter `run.step`");
        }
        match &injection.waveform {
            Waveform::Step => {}
            Waveform::Pulses { period, width, .. } => {
                if width >= period {
                    self.report(joined(path, "width"), "the pulses run into one another", "less than `period`");
                } else if !slow && period - width < step * (1.0 - SLACK) {
                    let message = format!("a gap of {:.6} ms is shorter than the step of {step} ms", period - width);
                    self.report(joined(path, "width"), message, "shorter pulses, or a shorter `run.step`");
                } else if !slow && *width < step {
                    let message = format!("a pulse of {width} ms is shorter than the step of {step} ms");
                    self.report(joined(path, "width"), message, "a longer pulse, or a shorter `run.step`");
                }
                if length / period > MOST_PULSES {
                    self.report(joined(path, "period"), "more than a million pulses", "a longer period");
                }
            }
            Waveform::Decay { .. } if slow => {
                self.report(path, "a decaying input is too fast for slow time", "`time = \"fast\"` in [run]");
            }
            Waveform::Sinusoid { frequency, .. } if slow && *frequency < SLOWEST_SINUSOID_HZ => {
                let message = "in slow time a sinusoid enters by its mean, and this one is too slow for that";
                self.report(joined(path, "frequency"), message, "1 Hz or more, or `time = \"fast\"` in [run]");
            }
            Waveform::Sinusoid { frequency, .. } if !slow && frequency * step > 250.0 => {
                let message = format!("fewer than four steps of {step} ms in a cycle");
                self.report(joined(path, "frequency"), message, "a lower frequency, or a shorter `run.step`");
            }
            Waveform::Decay { tau } if *tau < step => {
                let message = format!("a decay of {tau} ms is faster than the step of {step} ms");
                self.report(joined(path, "tau"), message, "a longer time constant, or a shorter `run.step`");
            }
            Waveform::Table { times, values } => self.table_of_times(path, times, values, slow),
            Waveform::Decay { .. } | Waveform::Sinusoid { .. } => {}
        }
    }

    fn table_of_times(&mut self, path: &str, times: &[f64], values: &[f64], slow: bool) {
        if slow {
            self.report(path, "a table of times is too fast for slow time", "`time = \"fast\"` in [run]");
        }
        if times.is_empty() || times.len() != values.len() {
            let message = format!("{} times, but {} values", times.len(), values.len());
            self.report(joined(path, "times"), message, "as many of one as of the other, and at least one");
        }
        if times.windows(2).any(|pair| pair[0] >= pair[1]) {
            self.report(joined(path, "times"), "times that do not rise", "each later than the one before");
        }
    }

    pub(super) fn tuning(&mut self, path: &str, injection: &Injection) {
        let population = self.scenario.circuit.written().populations.get(&injection.population);
        if injection.tuning.is_some() && population.and_then(Population::ring).is_none() {
            let message = format!("`{}` is not a population of several units", injection.population);
            self.report(path, message, "a population with `units`, all of which the input reaches");
        }
    }
}
