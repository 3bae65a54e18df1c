//! Arms that add nothing to the one that they extend.

use super::{Subject, Warning};
use crate::scenario::Arm;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let arms = subject.scenario.arms.iter().enumerate();
    let same = arms.filter(|(index, arm)| adds_nothing(arm) && !is_changed(subject, *index));
    same.map(|(index, arm)| {
        let message = format!("`{}` adds nothing to `{}`: the two do the same", arm.name, arm.extends);
        Warning::new(format!("arms.{index}.extends"), message, "something that the arm does besides")
    })
    .collect()
}

fn adds_nothing(arm: &Arm) -> bool {
    let Arm { name: _, extends, stress, doses, baths, block, inject, set, compare } = arm;
    let empty = doses.is_empty() && baths.is_empty() && block.is_empty() && inject.is_empty() && set.is_empty();
    !extends.is_empty() && empty && stress.is_none() && compare.is_none()
}

/// Whether something below the arm is changed from outside.
fn is_changed(subject: &Subject<'_>, arm: usize) -> bool {
    let index = arm.to_string();
    subject.changed.iter().any(|place| place.first().is_some_and(|step| step == "arms") && place.get(1) == Some(&index))
}
