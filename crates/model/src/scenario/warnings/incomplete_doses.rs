//! Doses of which a part says nothing: an interval or a taper without doses that follow, and doses after the run.

use super::{Subject, Warning, element};
use crate::scenario::Dose;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let arms = subject.scenario.arms.iter().enumerate();
    let doses = arms.flat_map(|(arm, spec)| spec.doses.iter().enumerate().map(move |dose| (arm, dose)));
    doses.flat_map(|(arm, (index, dose))| of_dose(subject, &element(arm, "doses", index), dose)).collect()
}

fn of_dose(subject: &Subject<'_>, path: &str, dose: &Dose) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let may_follow = dose.additional > 0 || subject.is_changed(&format!("{path}.additional"));
    if dose.interval.is_some() && !may_follow && !dose.steady_state {
        let message = "an interval, but no dose that follows at it";
        warnings.push(Warning::new(format!("{path}.interval"), message, "`additional` or `steady_state` beside it"));
    }
    if dose.taper != 1.0 && !may_follow {
        let message = "a taper, but no dose that follows";
        warnings.push(Warning::new(format!("{path}.taper"), message, "`additional` with an `interval`"));
    }
    let after = |count: u64| (count as f64).mul_add(dose.interval.unwrap_or(0.0), dose.at) >= subject.scenario.run.to;
    let late = (1..=dose.additional).filter(|count| after(*count)).count();
    if late > 0 && !subject.is_changed("run.to") {
        let message =
            format!("of the {} doses that follow, {late} would come after the run has ended", dose.additional);
        warnings.push(Warning::new(format!("{path}.additional"), message, "fewer, or a longer run"));
    }
    warnings
}
