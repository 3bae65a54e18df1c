//! Arms that differ in one amount alone: a series with an order of its own, such as doses.

use crate::scenario::Arm;

/// Fewer arms than this are no series.
const FEWEST: usize = 3;

/// The series among some arms, each from its lowest to its highest amount.
pub(super) fn of_arms(arms: &[Arm]) -> Vec<Vec<String>> {
    let mut groups: Vec<(Arm, Vec<(f64, String)>)> = Vec::new();
    for arm in arms {
        let Some(amount) = amount(arm) else { continue };
        let rest = without_amount(arm);
        let member = (amount, arm.name.clone());
        match groups.iter_mut().find(|(known, _)| *known == rest) {
            Some((_, members)) => members.push(member),
            None => groups.push((rest, vec![member])),
        }
    }
    let series = groups.into_iter().map(|(_, mut members)| {
        members.sort_by(|one, other| one.0.total_cmp(&other.0));
        members.dedup_by(|one, other| one.0 == other.0);
        members.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    });
    series.filter(|names| names.len() >= FEWEST).collect()
}

/// The one amount of an arm that may make the order: that of its only dose, its only bath, or its only block.
fn amount(arm: &Arm) -> Option<f64> {
    match (arm.doses.as_slice(), arm.baths.as_slice(), arm.block.as_slice()) {
        ([dose], [], _) => Some(dose.amount),
        ([], [bath], _) => Some(bath.concentration),
        ([], [], [block]) => Some(block.fraction),
        _ => None,
    }
}

/// The arm with that amount taken away, and what only names it.
fn without_amount(arm: &Arm) -> Arm {
    let mut rest = Arm { name: String::new(), extends: String::new(), ..arm.clone() };
    match (rest.doses.as_mut_slice(), rest.baths.as_mut_slice(), rest.block.as_mut_slice()) {
        ([dose], [], _) => dose.amount = 0.0,
        ([], [bath], _) => bath.concentration = 0.0,
        ([], [], [block]) => block.fraction = 0.0,
        _ => {}
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Dose;

    #[test]
    fn doses_of_one_drug_are_a_series_and_what_else_differs_is_none() {
        let arm = |name: &str, ligand: &str, amount: f64| Arm {
            name: name.into(),
            doses: vec![Dose { ligand: ligand.into(), amount, ..Dose::default() }],
            ..Arm::default()
        };
        let arms = [
            Arm::default(),
            arm("high", "K", 30.0),
            arm("low", "K", 3.0),
            arm("other", "N", 5.0),
            arm("middle", "K", 10.0),
        ];
        assert_eq!(of_arms(&arms), [["low", "middle", "high"]]);
        assert!(of_arms(&arms[..4]).is_empty());
    }
}
