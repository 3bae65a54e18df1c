//! Numbers of points that the design does not use.

use super::{Subject, Warning};
use crate::scenario::sweep::Design;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let Some(bound) = subject.sweep else { return Vec::new() };
    let sweep = &bound.sweep;
    if sweep.design == Design::Grid {
        let message = "a grid has as many points as its axes give it";
        let idle = (sweep.points > 0).then(|| Warning::new("points", message, "`points` of each axis"));
        return idle.into_iter().collect();
    }
    let axes = sweep.axes.iter().enumerate().filter(|(_, axis)| axis.points > 0 && axis.values.is_empty());
    let message = "only a grid takes so many values of each axis";
    axes.map(|(index, _)| Warning::new(format!("axes.{index}.points"), message, "`points` of the sweep")).collect()
}
