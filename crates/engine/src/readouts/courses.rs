//! Numbers of signals that were followed step by step.

use crate::numeric::piece::Extreme;
use crate::scenario::statistic::Statistic;
use crate::scenario::watch::{Followed, MAIN_RATE, Watch};
use crate::simulate::ArmOutcome;
use crate::simulate::watch::Found;

const S_PER_MIN: f64 = 60.0;

/// What was found of the main population's rate in the window of `compare`.
pub(super) fn main_found(arm: &ArmOutcome, what: Followed) -> Option<&Found> {
    found(&arm.found, &Watch::new(MAIN_RATE, what))
}

/// What was found of something that was followed; none where it was not.
pub(super) fn found<'a>(all: &'a [(Watch, Found)], watch: &Watch) -> Option<&'a Found> {
    all.iter().find(|(known, _)| known == watch).map(|(_, found)| found)
}

/// The largest and the smallest value.
pub(super) fn extremes(found: &Found) -> [Option<Extreme>; 2] {
    match found {
        Found::Extremes(extremes) => *extremes,
        _ => [None, None],
    }
}

/// A number of what was found, in the statistic's unit, in a window that starts at `from` (min); none where it is not defined.
pub fn number(statistic: Statistic, found: &Found, from: f64) -> Option<f64> {
    match (statistic, found) {
        (_, Found::Extremes(extremes)) => of_extremes(statistic, *extremes),
        (Statistic::Area, Found::Integral { area, minutes }) => (*minutes > 0.0).then_some(*area),
        (Statistic::Mean, Found::Integral { area, minutes }) => (*minutes > 0.0).then(|| area / minutes),
        (Statistic::FirstPassage, Found::Rise(at)) => at.map(|at| S_PER_MIN * (at - from)),
        (Statistic::HalfTime, Found::HalfWay(at)) => at.map(|at| at - from),
        (_, Found::Spans { minutes, durations }) => of_spans(statistic, *minutes, durations),
        (_, Found::Peaks(peaks)) => of_peaks(statistic, peaks),
        (Statistic::Variance, Found::Fluctuation(sampled)) => sampled.map(|sampled| sampled.variance),
        (Statistic::PeakFrequency, Found::Fluctuation(sampled)) => sampled.and_then(|one| one.peak_frequency_hz),
        _ => None,
    }
}

fn of_extremes(statistic: Statistic, [highest, lowest]: [Option<Extreme>; 2]) -> Option<f64> {
    match statistic {
        Statistic::Highest => highest.map(|extreme| extreme.value),
        Statistic::HighestAt => highest.map(|extreme| extreme.at_min),
        Statistic::Lowest => lowest.map(|extreme| extreme.value),
        Statistic::LowestAt => lowest.map(|extreme| extreme.at_min),
        _ => None,
    }
}

fn of_spans(statistic: Statistic, minutes: f64, durations: &[f64]) -> Option<f64> {
    match statistic {
        Statistic::TimeAbove => Some(S_PER_MIN * minutes),
        Statistic::Durations => Some(durations.len() as f64),
        Statistic::MeanDuration => mean(durations).map(|mean| S_PER_MIN * mean),
        Statistic::Duration(number) => durations.get(number - 1).map(|duration| S_PER_MIN * duration),
        _ => None,
    }
}

fn of_peaks(statistic: Statistic, peaks: &[Extreme]) -> Option<f64> {
    let interval = |number: usize| Some(S_PER_MIN * (peaks.get(number)?.at_min - peaks.get(number - 1)?.at_min));
    let span = || Some(S_PER_MIN * (peaks.last()?.at_min - peaks.first()?.at_min)).filter(|span| *span > 0.0);
    let intervals = peaks.len().saturating_sub(1) as f64;
    match statistic {
        Statistic::Peaks => Some(peaks.len() as f64),
        Statistic::PeakTime(number) => peaks.get(number - 1).map(|peak| peak.at_min),
        Statistic::PeakInterval(number) => interval(number),
        Statistic::Period => span().map(|span| span / intervals),
        Statistic::Frequency => span().map(|span| intervals / span),
        _ => None,
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Lists of what was found, for a summary: durations in s, or times of peaks in min.
pub(super) fn list(statistic: Statistic, found: &Found) -> Option<Vec<f64>> {
    match (statistic, found) {
        (Statistic::Durations, Found::Spans { durations, .. }) => {
            Some(durations.iter().map(|duration| S_PER_MIN * duration).collect())
        }
        (Statistic::Peaks, Found::Peaks(peaks)) => Some(peaks.iter().map(|peak| peak.at_min).collect()),
        _ => None,
    }
}
