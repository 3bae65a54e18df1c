//! Stress that does nothing: spans without exposure, a phenotype without stress, stress without effects.

use super::{Subject, Warning};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let scenario = subject.scenario;
    let mut warnings = Vec::new();
    for (arm, spec) in scenario.arms.iter().enumerate() {
        let Some(stress) = &spec.stress else { continue };
        let path = |key: &str| format!("arms.{arm}.stress.{key}");
        let may_be = |key: &str, is: bool| is || subject.is_changed(&path(key));
        let exposed = may_be("exposure", stress.exposure);
        let spans =
            [("from", stress.from.is_some()), ("to", stress.to.is_some()), ("periods", !stress.periods.is_empty())];
        for (key, _) in spans.iter().filter(|(_, given)| *given && !exposed) {
            let message = "when exposure goes on, but there is none";
            warnings.push(Warning::new(path(key), message, "`exposure = true` beside it"));
        }
        let stressed = exposed || may_be("level", stress.level > 0.0);
        if !stressed {
            if !stress.phenotype.is_empty() {
                let message = "a phenotype, but neither a level above 0 nor exposure";
                warnings.push(Warning::new(path("phenotype"), message, "a `level`, or `exposure = true`"));
            }
            continue;
        }
        let name = if stress.phenotype.is_empty() { &scenario.stress.phenotype } else { &stress.phenotype };
        let effects = scenario.stress.phenotypes.get(name).map(|phenotype| phenotype.effects.len());
        if effects == Some(0) && !subject.is_named("stress") {
            let message = format!("the phenotype `{name}` has no effects");
            warnings.push(Warning::new(format!("arms.{arm}.stress"), message, "`effects = [{ on = …, drive = … }]`"));
        }
    }
    warnings
}
