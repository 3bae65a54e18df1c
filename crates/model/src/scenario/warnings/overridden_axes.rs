//! Axes of a sweep whose parameter an arm sets itself: for that arm the axis does nothing.

use super::{Subject, Warning, quoted_list};
use crate::scenario::Scenario;
use crate::scenario::sweep::{AxisValue, AxisValues, BoundAxis};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let Some(bound) = subject.sweep else { return Vec::new() };
    let model = subject.scenario.parts_of_model();
    let is_run = |name: &String| bound.sweep.arms.is_empty() || bound.sweep.arms.contains(name);
    let arms: Vec<_> = subject.arms.iter().filter(|arm| is_run(&arm.name)).collect();
    let mut warnings = Vec::new();
    for (index, axis) in bound.axes.iter().enumerate() {
        let Some([low, high]) = ends(axis).map(|ends| ends.map(|value| at(&model, axis, &value))) else { continue };
        let (Some(low), Some(high)) = (low, high) else { continue };
        if low == high {
            continue;
        }
        let overrides = |set: &indexmap::IndexMap<String, crate::scenario::Setting>| {
            let with = |model: &Scenario| {
                let mut model = model.clone();
                set.iter().all(|(path, setting)| model.set(path, setting).is_ok()).then_some(model)
            };
            !set.is_empty() && with(&low).zip(with(&high)).is_some_and(|(low, high)| low == high)
        };
        let idle: Vec<&str> = arms.iter().filter(|arm| overrides(&arm.set)).map(|arm| arm.name.as_str()).collect();
        if idle.is_empty() {
            continue;
        }
        let whom = if idle.len() == arms.len() { "every arm that is run".to_owned() } else { quoted_list(idle) };
        let message = format!("`set` of {whom} overrides `{}`: there the axis does nothing", axis.path);
        warnings.push(Warning::new(format!("axes.{index}.path"), message, "other `arms`, or another parameter"));
    }
    warnings
}

/// The model with an axis at a value; none where it is no parameter of the model, or the value does not fit alone.
fn at(model: &Scenario, axis: &BoundAxis, value: &AxisValue) -> Option<Scenario> {
    let mut model = model.clone();
    model.set(&axis.path, &value.setting).ok().map(|_| model)
}

/// Two values of an axis that differ.
fn ends(axis: &BoundAxis) -> Option<[AxisValue; 2]> {
    match &axis.values {
        AxisValues::List(values) => {
            let first = values.first()?;
            let other = values.iter().find(|value| *value != first)?;
            Some([first.clone(), other.clone()])
        }
        AxisValues::Range { from, to, .. } => Some([axis.value(*from), axis.value(*to)]),
        AxisValues::Normal { mean, sd, log } => {
            let next = if *log { mean * libm::exp(*sd) } else { mean + sd };
            Some([axis.value(*mean), axis.value(next)])
        }
    }
}
