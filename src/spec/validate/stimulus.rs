//! Checks of the waveforms of stimuli.

use super::Checks;
use crate::spec::path::joined;
use crate::spec::run::Time;
use crate::spec::stimulus::{Injection, Waveform};

/// More pulses than this would take longer to lay out than to simulate.
const MOST_PULSES: f64 = 1e6;
const MS_PER_MIN: f64 = 60_000.0;
/// Slow time sees the mean of what is faster than this, in Hz, and follows no slower sinusoid.
const SLOWEST_SINUSOID_HZ: f64 = 1.0;

impl Checks<'_> {
    pub(super) fn waveform(&mut self, path: &str, injection: &Injection) {
        let run = &self.scenario.run;
        let slow = run.time == Time::Slow;
        let step = run.step;
        let length = (injection.to.unwrap_or(run.to) - injection.from.unwrap_or(run.from)) * MS_PER_MIN;
        match injection.waveform {
            Waveform::Step => {}
            Waveform::Pulses { period, width, .. } => {
                if width >= period {
                    self.report(joined(path, "width"), "the pulses run into one another", "less than `period`");
                } else if !slow && width < step {
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
            Waveform::Sinusoid { frequency, .. } if slow && frequency < SLOWEST_SINUSOID_HZ => {
                let message = "in slow time a sinusoid enters by its mean, and this one is too slow for that";
                self.report(joined(path, "frequency"), message, "1 Hz or more, or `time = \"fast\"` in [run]");
            }
            Waveform::Sinusoid { frequency, .. } if !slow && frequency * step > 250.0 => {
                let message = format!("fewer than four steps of {step} ms in a cycle");
                self.report(joined(path, "frequency"), message, "a lower frequency, or a shorter `run.step`");
            }
            Waveform::Decay { .. } | Waveform::Sinusoid { .. } => {}
        }
    }
}
