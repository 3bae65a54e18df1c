//! Classes of synapses that join nothing.

use super::{Subject, Warning, below};

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let circuit = subject.scenario.circuit.written();
    let weights = circuit.weights();
    let variables = circuit.synapses.values().filter_map(|synapses| synapses.modulation.as_ref());
    let read: Vec<String> = variables
        .flat_map(|modulation| modulation.variables())
        .filter_map(|it| it.class().map(str::to_owned))
        .collect();
    let unused = circuit.synapses.keys().filter(|class| {
        !weights.iter().any(|weight| weight.class == Some(class)) && !read.iter().any(|name| name == *class)
    });
    unused
        .map(|class| {
            let message = format!("no weight goes through the synapses of class `{class}`");
            Warning::new(below("synapses", &[class]), message, format!("`[onto.POPULATION.through.{class}]`"))
        })
        .collect()
}
