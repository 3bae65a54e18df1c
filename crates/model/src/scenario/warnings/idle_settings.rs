//! Settings of an arm that change nothing: the parameter has that value already.

use super::{Subject, Warning, below};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let scenario = subject.scenario;
    if scenario.arms.iter().all(|arm| arm.set.is_empty()) {
        return Vec::new();
    }
    let model = scenario.parts_of_model();
    let axes = subject.sweep.iter().flat_map(|sweep| &sweep.axes);
    let moved: Vec<Vec<String>> = axes.map(|axis| super::canonical(scenario, &axis.path)).collect();
    let mut warnings = Vec::new();
    for (index, arm) in scenario.arms.iter().enumerate().filter(|(_, arm)| !arm.set.is_empty()) {
        let mut changed = model.clone();
        for (path, setting) in &subject.arms[index].set {
            let before = changed.clone();
            let idle = changed.set(path, setting).is_ok() && changed == before;
            if idle && arm.set.contains_key(path) && !moved.contains(&super::canonical(scenario, path)) {
                let place = below(&format!("arms.{index}.set"), &[path]);
                let message = format!("`{path}` has this value in every arm");
                warnings.push(Warning::new(place, message, "another value, or no such line"));
            }
        }
    }
    warnings
}
