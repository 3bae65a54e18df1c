//! Populations that say how divisive synapses divide, and have none.

use super::{Subject, Warning, below};
use crate::scenario::Compartment;

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let circuit = subject.scenario.circuit.written();
    let weights = circuit.weights();
    let divided = |name: &str| {
        let onto = |target: &str| target == name || target.split('[').next() == Some(name);
        weights.iter().any(|weight| weight.compartment == Compartment::Divisive && onto(weight.onto))
    };
    let idle = circuit.populations.iter().filter(|(name, it)| it.division.is_some() && !divided(name));
    idle.map(|(name, _)| {
        let message = format!("no divisive synapses end on `{name}`");
        Warning::new(below("populations", &[name, "division"]), message, format!("`[onto.{name}.divisive]`"))
    })
    .collect()
}
