//! Windows of the comparison that lie outside the run, as a whole or in part.

use super::{Subject, Warning};
use crate::units::Dimension;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let scenario = subject.scenario;
    let (run, compare) = (&scenario.run, &scenario.compare);
    if !subject.is_whole() || subject.is_changed("run.from") || subject.is_changed("run.to") {
        return Vec::new();
    }
    let print = |minutes: f64| Dimension::Time.print(minutes, scenario.circuit.input_unit, 6);
    let expected = format!("times between {} and {}", print(run.from), print(run.to));
    let mut warnings = Vec::new();
    let mut warn = |key: &str, message: String| {
        warnings.push(Warning::new(format!("compare.{key}"), message, expected.clone()));
    };
    let stated =
        |key: &str| subject.states(&format!("compare.{key}")) && !subject.is_changed(&format!("compare.{key}"));
    if compare.from >= run.to || compare.to <= run.from {
        let key = if compare.from >= run.to { "from" } else { "to" };
        let whose = if stated("from") || stated("to") { "" } else { ", as it is unless `compare` states one," };
        let (from, to) = (print(compare.from), print(compare.to));
        warn(key, format!("the window of peaks and comparisons{whose} lies outside the run: {from} to {to}"));
    } else {
        if compare.from < run.from && stated("from") {
            warn("from", "the window of peaks and comparisons begins before the run does".into());
        }
        if compare.to > run.to && stated("to") {
            warn("to", "the window of peaks and comparisons ends after the run has ended".into());
        }
    }
    if !(run.from..=run.to).contains(&compare.lasting) && stated("lasting") {
        warn("lasting", "the rescue that lasts is looked at outside the run".into());
    }
    warnings
}
