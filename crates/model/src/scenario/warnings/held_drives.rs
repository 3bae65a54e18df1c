//! Drives that are held where none is solved.

use super::{Subject, Warning};
use crate::scenario::Calibration;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let scenario = subject.scenario;
    let solved = scenario.circuit.populations.values().any(|population| population.rest.is_some());
    let idle = subject.is_whole() && scenario.run.drive == Calibration::Hold && !solved;
    let warning = || {
        Warning::new(
            "run.drive",
            "no drive is solved from a rest, so that none could be held",
            "a population with `rest`",
        )
    };
    idle.then(warning).into_iter().collect()
}
