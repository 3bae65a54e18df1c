//! Constants that occur in no tie.

use super::{Subject, Warning, below};
use crate::numeric::expression::Expression;
use crate::scenario::Setting;
use crate::scenario::path::segments;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let circuit = subject.scenario.circuit.written();
    let formulas = circuit.tie.values().filter_map(|formula| match formula {
        Setting::Text(text) => Expression::parse(text).ok(),
        Setting::Number(_) | Setting::Flag(_) => None,
    });
    let used: Vec<String> = formulas
        .flat_map(|formula| formula.names().to_vec())
        .filter_map(|name| match &segments(&name)[..] {
            [constant] => Some(constant.clone()),
            [first, constant] if first == "constants" => Some(constant.clone()),
            _ => None,
        })
        .collect();
    let unused = circuit.constants.keys().filter(|name| !used.contains(name));
    unused
        .map(|name| {
            let message = format!("no tie uses the constant `{name}`");
            Warning::new(below("constants", &[name]), message, "a formula under [tie] in which it occurs")
        })
        .collect()
}
