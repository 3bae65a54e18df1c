//! Axes of which several values are the same. One that moves with another may hold its parameter where it is.

use super::{Subject, Warning};
use crate::scenario::sweep::AxisValues;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let axes = subject.sweep.iter().flat_map(|sweep| &sweep.axes).enumerate();
    let alone = axes.filter(|(index, axis)| axis.group == *index);
    let repeated = alone.filter_map(|(index, axis)| match &axis.values {
        AxisValues::List(values) => {
            let again = (1..values.len()).find(|at| values[..*at].contains(&values[*at]))?;
            Some(Warning::new(
                format!("axes.{index}.values.{again}"),
                "this value stands there already",
                "each value once",
            ))
        }
        AxisValues::Range { from, to, .. } if from == to => {
            Some(Warning::new(format!("axes.{index}.to"), "the axis ends where it begins", "another value than `from`"))
        }
        AxisValues::Range { .. } | AxisValues::Normal { .. } => None,
    });
    repeated.collect()
}
