//! Readouts that are asked for and can have no value: what they are measured against is not stated; or that are asked for twice.

use super::{Subject, Warning};
use crate::scenario::readout::{Measure, Readout};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    of_names(subject, &subject.scenario.run.readouts, "run.readouts")
}

/// The same of a sweep's own.
pub(super) fn find_in_sweep(subject: &Subject<'_>) -> Vec<Warning> {
    subject.sweep.map(|bound| of_names(subject, &bound.sweep.readouts, "readouts")).unwrap_or_default()
}

fn of_names(subject: &Subject<'_>, names: &[String], path: &str) -> Vec<Warning> {
    let scenario = subject.scenario;
    let compared = |which: usize| subject.arms.iter().any(|arm| !scenario.compared_with(arm)[which].is_empty());
    let (control, stress) = (compared(0), compared(1));
    let mut warnings = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let place = format!("{path}.{index}");
        if names[..index].contains(name) {
            warnings.push(Warning::new(&place, format!("`{name}` is asked for twice"), "each readout once"));
            continue;
        }
        let found =
            Readout::chosen(std::slice::from_ref(name), scenario).ok().and_then(|found| found.into_iter().next());
        let missing = match found.map(|readout| needs(&readout.what)) {
            Some(Needs::Control) if !control => "a control",
            Some(Needs::Both) if !control => "a control",
            Some(Needs::Both) if !stress => "a stressed arm",
            _ => continue,
        };
        let message = format!("`{name}` has no value: {missing} to measure against is not stated");
        warnings.push(Warning::new(place, message, "`control` and `stress` in [compare]"));
    }
    warnings
}

/// Which arms a readout is measured against.
enum Needs {
    Nothing,
    Control,
    Both,
}

fn needs(measure: &Measure) -> Needs {
    match measure {
        Measure::Rescue(_)
        | Measure::LastingRescue
        | Measure::LastHour
        | Measure::LastingHalfTime
        | Measure::HoursRescued => Needs::Both,
        Measure::Suppression(_)
        | Measure::Excitation(_)
        | Measure::Inhibition(_)
        | Measure::MinutesAbove
        | Measure::PeakOverControl => Needs::Control,
        Measure::Rate(..)
        | Measure::Balance(_)
        | Measure::Stability(_)
        | Measure::Plasticity(..)
        | Measure::Index(..)
        | Measure::Events
        | Measure::Signal(..)
        | Measure::Input(..)
        | Measure::Synaptic(..)
        | Measure::Weight(..)
        | Measure::Watched(..)
        | Measure::Ring(..) => Needs::Nothing,
    }
}
