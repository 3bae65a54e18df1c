//! The numbers of an arm, taken from its recording and from those of the arms that it is measured against.

use super::fluctuation::Fluctuation;
use super::trace::{Extreme, Trace};
use super::{
    ABOVE_CONTROL_HZ, ArmSummary, AveragedSummary, ByName, ByTime, EventSummary, LASTING_RESCUE, compared_with,
};
use crate::simulate::{ArmOutcome, Outcome, Status};
use crate::spec::{Compare, Scenario, Time};
use indexmap::IndexMap;

/// Differences between control and stress below this, in Hz, leave the rescue index undefined.
const NO_DIFFERENCE_HZ: f64 = 1e-6;

/// An arm beside those that it is measured against.
pub(super) struct Comparison<'a> {
    scenario: &'a Scenario,
    arm: &'a ArmOutcome,
    control: Option<&'a ArmOutcome>,
    stress: Option<&'a ArmOutcome>,
    /// Signal of the main population's rate.
    signal: String,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(outcome: &'a Outcome, arm: &'a ArmOutcome, population: &str) -> Self {
        let [control, stress] = compared_with(&outcome.scenario, &arm.name);
        let find = |name: &str| outcome.arms.iter().find(|arm| arm.name == name);
        Self {
            scenario: &outcome.scenario,
            arm,
            control: find(&control),
            stress: find(&stress),
            signal: format!("rate.{population}"),
        }
    }

    pub(super) fn summarise(&self) -> ArmSummary {
        let arm = self.arm;
        let Compare { from, to, .. } = self.scenario.compare;
        let own = arm.recording.signal(&self.signal).unwrap_or_default();
        let own = Trace { times: arm.recording.times(), values: &own };
        let peak = own.highest(from, to);
        let even = (self.scenario.run.time == Time::Fast).then_some(own);
        let lasting = self.lasting(&own);
        let fluctuation = even.and_then(|own| Fluctuation::of(&own, from, to));
        // A sweep, which records rates alone, has no room for these.
        let detailed = arm.recording.names().len() == arm.signals.len();
        let detail = |prefix: &str| if detailed { self.by_time(prefix) } else { ByTime::new() };
        ArmSummary {
            name: arm.name.clone(),
            status: arm.status.word().to_owned(),
            problem: problem(&arm.status),
            rates_hz: self.by_time("rate."),
            suppression_index: self.index(suppression),
            rescue_index: self.index(rescue),
            minutes_above_control: self.minutes_above_control(&own),
            hours_with_rescue_above_0_3: lasting.map(|lasting| lasting.hours),
            last_hour_with_rescue_above_0_3: lasting.map(|lasting| lasting.last_hour),
            lasting_rescue: lasting.and_then(|lasting| lasting.rescue),
            half_time_h: lasting.and_then(|lasting| lasting.half_time_h),
            peak_hz: peak,
            peak_over_control: peak
                .zip(self.control)
                .and_then(|(peak, control)| quotient(peak.value, self.rate_of(control, peak.at_min)?)),
            extremes_hz: self.extremes(from, to),
            extremes_of_signals: self.extremes_of_signals(from),
            half_time_min: self.half_times(from, to),
            input: self.inputs(),
            weight: self.weights(),
            occupancy: detail("occupancy."),
            activation: detail("activation."),
            channel_block: detail("block."),
            free_concentration_nm: detail("concentration."),
            area_under_concentration_nm_min: arm.areas_nm_min.iter().cloned().collect(),
            stability_per_s: arm
                .reports
                .iter()
                .map(|report| (report.label.clone(), Some(report.stability_per_s).filter(|value| value.is_finite())))
                .collect(),
            variance_hz2: fluctuation.map(|fluctuation| fluctuation.variance),
            first_passage_s: self.first_passage(&own),
            first_passages_s: self.first_passages(),
            peak_frequency_hz: fluctuation.and_then(|fluctuation| fluctuation.peak_frequency_hz),
            stress: arm
                .reports
                .iter()
                .filter_map(|report| Some((report.label.clone(), report.signals[self.signal_index("stress")?])))
                .collect(),
            plasticity: self.by_time("plasticity."),
            plasticity_peak: self.plasticity_peaks(),
            index: self.by_time("index."),
            sepsc_ratio: self.current_ratio(1.0),
            sipsc_ratio: self.current_ratio(-1.0),
            events: arm
                .events
                .iter()
                .map(|event| EventSummary {
                    at_min: event.at,
                    kind: event.kind.word().to_owned(),
                    what: event.what.clone(),
                    driver: event.driver.clone(),
                })
                .collect(),
            averaged: arm.averaged.map(|one| AveragedSummary { steps: one.bursts, error_hz: one.error_hz }),
        }
    }

    fn signal_index(&self, name: &str) -> Option<usize> {
        self.arm.signals.iter().position(|known| known == name)
    }

    /// The signals whose names start with a prefix, without it, at every report time.
    fn by_time(&self, prefix: &str) -> ByTime<ByName<f64>> {
        let names = &self.arm.signals;
        let named = |values: &[f64]| -> ByName<f64> {
            let all = names.iter().zip(values);
            all.filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), *value))).collect()
        };
        self.arm.reports.iter().map(|report| (report.label.clone(), named(&report.signals))).collect()
    }

    /// The main population's rate in another arm at a time.
    fn rate_of(&self, arm: &ArmOutcome, time: f64) -> Option<f64> {
        let values = arm.recording.signal(&self.signal)?;
        Trace { times: arm.recording.times(), values: &values }.at(time)
    }

    /// An index of rate, control and stress at every report time.
    fn index(&self, index: fn(f64, Option<f64>, Option<f64>) -> Option<f64>) -> ByTime<Option<f64>> {
        let place = self.signal_index(&self.signal);
        let reported = |arm: Option<&ArmOutcome>, label: &str| {
            let report = arm?.reports.iter().find(|report| report.label == label)?;
            let place = arm?.signals.iter().position(|known| *known == self.signal)?;
            Some(report.signals[place])
        };
        let at = |report: &crate::simulate::Report| {
            let rate = report.signals[place?];
            index(rate, reported(self.control, &report.label), reported(self.stress, &report.label))
        };
        self.arm.reports.iter().map(|report| (report.label.clone(), at(report))).collect()
    }

    /// When the rate first reaches the threshold, in s from the window's start.
    fn first_passage(&self, own: &Trace<'_>) -> Option<f64> {
        let Compare { from, to, threshold, .. } = self.scenario.compare;
        Some(60.0 * (own.first_rise_to(threshold?, from, to)? - from))
    }

    fn first_passages(&self) -> ByName<Option<f64>> {
        if self.scenario.compare.threshold.is_none() {
            return ByName::default();
        }
        self.of_each_rate(|trace| self.first_passage(&trace))
    }

    fn minutes_above_control(&self, own: &Trace<'_>) -> Option<f64> {
        let control = self.control?.recording.signal(&self.signal)?;
        let control = Trace { times: self.control?.recording.times(), values: &control };
        let Compare { from, to, .. } = self.scenario.compare;
        let above = own
            .times
            .iter()
            .zip(own.values)
            .map(|(time, rate)| control.at(*time).map_or(f64::NAN, |level| rate - level - ABOVE_CONTROL_HZ));
        Some(Trace { times: own.times, values: &above.collect::<Vec<_>>() }.time_above_zero(from, to))
    }

    /// How long the rescue lasts; none where it is nowhere defined.
    fn lasting(&self, own: &Trace<'_>) -> Option<Lasting> {
        let (control, stress) = (self.control?, self.stress?);
        let signals = [control.recording.signal(&self.signal)?, stress.recording.signal(&self.signal)?];
        let control = Trace { times: control.recording.times(), values: &signals[0] };
        let stress = Trace { times: stress.recording.times(), values: &signals[1] };
        let index = |(time, rate): (&f64, &f64)| rescue(*rate, control.at(*time), stress.at(*time)).unwrap_or(f64::NAN);
        let index: Vec<f64> = own.times.iter().zip(own.values).map(index).collect();
        if index.iter().all(|value| value.is_nan()) {
            return None;
        }
        let above: Vec<f64> = index.iter().map(|value| value - LASTING_RESCUE).collect();
        let above = Trace { times: own.times, values: &above };
        let (from, to) = (self.scenario.compare.from, self.scenario.run.to);
        let when = self.scenario.compare.lasting;
        let rescue = Trace { times: own.times, values: &index }.at(when).filter(|rescue| rescue.is_finite());
        let half_time = rescue.filter(|rescue| *rescue >= LASTING_RESCUE).and_then(|rescue| {
            let over: Vec<f64> = index.iter().map(|value| value - 0.5 * rescue).collect();
            Trace { times: own.times, values: &over }.first_fall_to_zero(when)
        });
        Some(Lasting {
            hours: above.time_above_zero(from, to) / 60.0,
            last_hour: above.last_time_above_zero(from, to).map_or(0.0, |time| (time - from) / 60.0),
            rescue,
            half_time_h: half_time.map(|time| (time - from) / 60.0),
        })
    }

    /// The largest value of each plasticity variable over the run.
    fn plasticity_peaks(&self) -> ByName<Extreme> {
        let recording = &self.arm.recording;
        let names = recording.names().iter().filter_map(|name| Some((name, name.strip_prefix("plasticity.")?)));
        names
            .filter_map(|(signal, name)| {
                let values = recording.signal(signal)?;
                let trace = Trace { times: recording.times(), values: &values };
                Some((name.to_owned(), trace.highest(f64::NEG_INFINITY, f64::INFINITY)?))
            })
            .collect()
    }

    /// Synaptic current of one sign onto the main population at every report time, relative to the control arm's then.
    fn current_ratio(&self, sign: f64) -> ByTime<Option<f64>> {
        let main = self.signal.strip_prefix("rate.").unwrap_or_default();
        let current = |arm: &ArmOutcome, report: &crate::simulate::Report| -> f64 {
            let onto = arm.connections.iter().zip(&report.synaptic).filter(|((target, _), _)| target == main);
            onto.map(|(_, current)| (sign * current).max(0.0)).sum()
        };
        let at = |report: &crate::simulate::Report| {
            let control = self.control?;
            let same = control.reports.iter().find(|other| other.label == report.label)?;
            quotient(current(self.arm, report), current(control, same))
        };
        self.arm.reports.iter().map(|report| (report.label.clone(), at(report))).collect()
    }

    fn extremes(&self, from: f64, to: f64) -> ByName<[Option<Extreme>; 2]> {
        let recording = &self.arm.recording;
        let names = recording.names().iter().filter_map(|name| Some((name, name.strip_prefix("rate.")?)));
        names
            .filter_map(|(signal, name)| {
                let values = recording.signal(signal)?;
                let trace = Trace { times: recording.times(), values: &values };
                Some((name.to_owned(), [trace.highest(from, to), trace.lowest(from, to)]))
            })
            .collect()
    }

    fn extremes_of_signals(&self, from: f64) -> ByName<[Option<Extreme>; 2]> {
        let recording = &self.arm.recording;
        let others = recording.names().iter().filter(|name| !name.starts_with("rate."));
        let extremes = |name: &String| {
            let values = recording.signal(name)?;
            let trace = Trace { times: recording.times(), values: &values };
            let end = self.scenario.run.to;
            Some((name.clone(), [trace.highest(from, end), trace.lowest(from, end)]))
        };
        others.filter_map(extremes).collect()
    }

    fn half_times(&self, from: f64, to: f64) -> ByName<Option<f64>> {
        self.of_each_rate(|trace| trace.half_time(from, to, NO_DIFFERENCE_HZ))
    }

    /// A number of each population's recorded rate.
    fn of_each_rate(&self, number: impl Fn(Trace<'_>) -> Option<f64>) -> ByName<Option<f64>> {
        let recording = &self.arm.recording;
        let names = recording.names().iter().filter_map(|name| Some((name, name.strip_prefix("rate.")?)));
        let of = |(signal, name): (&String, &str)| {
            let values = recording.signal(signal)?;
            Some((name.to_owned(), number(Trace { times: recording.times(), values: &values })))
        };
        names.filter_map(of).collect()
    }

    fn weights(&self) -> ByTime<ByName<ByName<f64>>> {
        let at = |report: &crate::simulate::Report| {
            let mut weights: ByName<ByName<f64>> = IndexMap::new();
            for ((target, source), weight) in self.arm.connections.iter().zip(&report.weights) {
                weights.entry(target.clone()).or_default().insert(source.clone(), *weight);
            }
            weights
        };
        self.arm.reports.iter().map(|report| (report.label.clone(), at(report))).collect()
    }

    fn inputs(&self) -> ByTime<ByName<ByName<f64>>> {
        let at = |report: &crate::simulate::Report| {
            let mut inputs: ByName<ByName<f64>> = IndexMap::new();
            for (population, drive) in self.scenario.circuit.populations.keys().zip(&report.drives) {
                inputs.entry(population.clone()).or_default().insert("drive".into(), *drive);
            }
            for ((target, source), input) in self.arm.connections.iter().zip(&report.synaptic) {
                inputs.entry(target.clone()).or_default().insert(source.clone(), *input);
            }
            inputs
        };
        self.arm.reports.iter().map(|report| (report.label.clone(), at(report))).collect()
    }
}

/// How long a rescue lasts.
#[derive(Clone, Copy, Debug)]
struct Lasting {
    hours: f64,
    last_hour: f64,
    rescue: Option<f64>,
    half_time_h: Option<f64>,
}

/// `1 - r / r(control)`.
fn suppression(rate: f64, control: Option<f64>, _: Option<f64>) -> Option<f64> {
    Some(1.0 - quotient(rate, control?)?)
}

/// `(r - r(stress)) / (r(control) - r(stress))`.
fn rescue(rate: f64, control: Option<f64>, stress: Option<f64>) -> Option<f64> {
    let (control, stress) = (control?, stress?);
    if (control - stress).abs() < NO_DIFFERENCE_HZ { None } else { quotient(rate - stress, control - stress) }
}

fn quotient(numerator: f64, denominator: f64) -> Option<f64> {
    let quotient = numerator / denominator;
    quotient.is_finite().then_some(quotient)
}

/// What went wrong in an arm, in words.
fn problem(status: &Status) -> Option<String> {
    match status {
        Status::Done => None,
        Status::Diverged { at } => Some(format!("a rate ran away, or a signal ceased to be finite, at {at:.4} min")),
        Status::Unstable { at, reason } | Status::Undefined { at, reason } => Some(format!("at {at:.4} min {reason}")),
    }
}
