//! Keys of the run that belong to the other of slow and fast time.

use super::{Subject, Warning};
use crate::scenario::Time;
use crate::scenario::path::segments;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let idle = idle(subject).into_iter().filter(|path| subject.states(path));
    idle.map(|path| Warning::new(path, message(subject, path), "none of it, or the other `run.time`")).collect()
}

/// The same of axes that move such keys.
pub(super) fn find_axes(subject: &Subject<'_>) -> Vec<Warning> {
    let axes = subject.sweep.iter().flat_map(|sweep| &sweep.axes).enumerate();
    let idle = idle(subject);
    let of = |path: &str| idle.iter().copied().find(|known| segments(known) == segments(path));
    let found = axes.filter_map(|(index, axis)| Some((index, of(&axis.path)?)));
    found
        .map(|(index, path)| {
            let message = format!("the axis does nothing: {}", message(subject, path));
            Warning::new(format!("axes.{index}.path"), message, "another parameter, or the other `run.time`")
        })
        .collect()
}

/// Keys that have no effect in the run's time.
fn idle(subject: &Subject<'_>) -> Vec<&'static str> {
    match subject.scenario.run.time {
        _ if subject.is_changed("run.time") || !subject.is_whole() => Vec::new(),
        Time::Slow => vec!["run.step", "run.method", "run.signal_step"],
        Time::Fast => vec!["run.tolerance", "run.average_over", "run.average_after"],
    }
}

fn message(subject: &Subject<'_>, path: &str) -> String {
    let time = if subject.scenario.run.time == Time::Slow { "slow" } else { "fast" };
    format!("`{path}` has no effect in {time} time")
}
