//! Receptors that change nothing: on no cells, or without effects where nothing reads them.

use super::{Subject, Warning, below};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    if !subject.is_whole() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (name, receptor) in &subject.scenario.receptors {
        let path = below("receptors", &[name]);
        if receptor.on.is_empty() {
            let expected = format!("`[receptors.{name}.on.POPULATION]`");
            warnings.push(Warning::new(path, format!("no population carries `{name}`"), expected));
            continue;
        }
        // Occupancy is of the receptor, wherever it sits.
        if subject.is_named(&format!("occupancy.{name}.")) {
            continue;
        }
        for (population, site) in &receptor.on {
            let signal = format!(".{name}.{population}");
            if site.effects.is_empty() && !subject.is_named(&signal) {
                let message = format!("`{name}` on `{population}` has no effects, and nothing reads it");
                let expected = "`effects = [{ drive = … }]`, or a readout of it";
                warnings.push(Warning::new(below(&path, &["on", population]), message, expected));
            }
        }
    }
    warnings
}
