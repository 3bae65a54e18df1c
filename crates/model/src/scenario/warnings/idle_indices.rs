//! Indices of a connection with an offset or a slope, which belong to indices of signals.

use super::{Subject, Warning, below};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (name, index) in subject.scenario.indices.iter().filter(|(_, index)| index.of.is_empty()) {
        for (key, idle) in [("offset", index.offset != 0.0), ("slope", index.slope != 1.0)] {
            if idle {
                let message = format!("`{key}` has no effect on the index of a connection");
                warnings.push(Warning::new(below("indices", &[name, key]), message, "an index `of` a signal"));
            }
        }
    }
    warnings
}
