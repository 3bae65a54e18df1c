//! Doses, baths, blocks and stimuli of nothing.

use super::{Subject, Warning, element};
use crate::scenario::{Injection, Waveform};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (arm, spec) in subject.scenario.arms.iter().enumerate() {
        for (index, dose) in spec.doses.iter().enumerate().filter(|(_, dose)| dose.amount == 0.0) {
            found.push((element(arm, "doses", index) + ".amount", format!("a dose of no `{}`", dose.ligand)));
        }
        for (index, bath) in spec.baths.iter().enumerate().filter(|(_, bath)| bath.concentration == 0.0) {
            found.push((element(arm, "baths", index) + ".concentration", format!("a bath without `{}`", bath.ligand)));
        }
        for (index, block) in spec.block.iter().enumerate() {
            let path = element(arm, "block", index);
            if block.fraction == 0.0 {
                found.push((path + ".fraction", format!("a block of nothing of `{}`", block.receptor)));
                continue;
            }
            for (place, cells) in
                block.cells.iter().enumerate().filter(|(at, cells)| block.cells[..*at].contains(cells))
            {
                found.push((format!("{path}.cells.{place}"), format!("`{cells}` is named twice")));
            }
        }
        for (index, injection) in spec.inject.iter().enumerate() {
            let path = element(arm, "inject", index);
            if injection.fraction == 0.0 {
                found.push((
                    path + ".fraction",
                    format!("an input that no cells of `{}` receive", injection.population),
                ));
            } else if is_nothing(injection) {
                found.push((path + ".drive", format!("an input of nothing onto `{}`", injection.population)));
            }
        }
    }
    found.retain(|(path, _)| !subject.is_changed(path));
    found.into_iter().map(|(path, message)| Warning::new(path, message, "more than nothing, or none of it")).collect()
}

/// Whether an input is 0 all the time.
fn is_nothing(injection: &Injection) -> bool {
    match &injection.waveform {
        Waveform::Sinusoid { mean, .. } => injection.drive == 0.0 && *mean == 0.0,
        Waveform::Table { values, .. } => injection.drive == 0.0 || values.iter().all(|value| *value == 0.0),
        Waveform::Step | Waveform::Pulses { .. } | Waveform::Decay { .. } => injection.drive == 0.0,
    }
}
