//! The figure of a circuit: its populations, what joins them, and the receptors that their cells carry.

use super::{Report, role};
use crate::plot::{self, Badge, CircuitFigure, Figure};
use crate::scenario::units::{Kernel, KernelShape, is_of};
use crate::scenario::{Circuit, Compartment, GateKind, Modulation, Synapses};
use crate::units::{Dimension, significant};
use indexmap::IndexMap;
use std::collections::HashSet;

impl Report<'_> {
    /// Populations and connections of the circuit as it is written.
    pub(super) fn circuit(&self) -> Figure {
        let circuit = self.scenario.circuit.written();
        let badges = |population: &str| {
            let carried = self
                .scenario
                .receptors
                .iter()
                .filter_map(|(name, receptor)| Some((name, carried_by(&receptor.on, population)?)));
            carried.map(|(name, site)| Badge { receptor: name.clone(), fraction: site.fraction }).collect()
        };
        let nodes = circuit.populations.iter().map(|(name, spec)| plot::Node {
            name: name.clone(),
            role: role(spec.role),
            rate_hz: spec.rest.or_else(|| self.resting_rate(name)),
            badges: badges(name),
            units: spec.ring().unwrap_or(1),
        });
        let (connections, weight_units, notes) = drawn_connections(circuit);
        let carried = !self.scenario.receptors.is_empty();
        let receptors = if carried { "; receptors with the share of cells that carry them" } else { "" };
        let figure = CircuitFigure {
            title: if circuit.name.is_empty() { self.scenario.name.clone() } else { circuit.name.clone() },
            subtitle: circuit_subtitle(circuit) + receptors,
            nodes: nodes.collect(),
            connections,
            weight_units,
            notes,
        };
        figure.render(&self.theme)
    }
}

/// What stands under the figure of a circuit: what its numbers are, and what acts on its connections without being one.
pub fn circuit_subtitle(circuit: &Circuit) -> String {
    let mut text = "rates at rest".to_owned();
    for (class, synapses) in &circuit.synapses {
        let words = class_in_words(synapses);
        if !words.is_empty() {
            text.extend(["; ", class, ": ", &words.join(", ")]);
        }
        let variables = synapses.modulation.as_ref().map(Modulation::variables).unwrap_or_default();
        let names: Vec<String> = variables.iter().map(ToString::to_string).collect();
        if !names.is_empty() {
            text.extend(["; synapses of class ", class, " follow ", &names.join(", ")]);
        }
    }
    text
}

/// The site of a receptor on a population, or on the first of its units that has one.
fn carried_by<'a, T>(on: &'a IndexMap<String, T>, population: &str) -> Option<&'a T> {
    on.get(population).or_else(|| on.iter().find(|(name, _)| is_of(name, population)).map(|(_, site)| site))
}

/// The connections of a circuit as its figure draws them, the units of their weights, and what stands on them: kernels of
/// those that join rings of units, classes of synapses. A ring is one population; a weight to or from one of its units is drawn
/// where the population has none of that kind.
pub fn drawn_connections(circuit: &Circuit) -> (Vec<plot::Connection>, Vec<String>, Vec<plot::ConnectionNote>) {
    let circuit = circuit.written();
    let (mut connections, mut dimensions, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    let owner = |name: &'_ str| {
        let (population, unit) = circuit.written_owner(name)?;
        Some((circuit.populations.get_index_of(population)?, unit.is_some()))
    };
    let joined = circuit.connections().filter_map(|weight| Some((weight, owner(weight.from)?, owner(weight.onto)?)));
    let (single, whole): (Vec<_>, Vec<_>) = joined.partition(|(_, from, onto)| from.1 || onto.1);
    for (weight, (from, _), (onto, _)) in whole.into_iter().chain(single) {
        if !seen.insert((from, onto, weight.compartment, weight.class)) {
            continue;
        }
        let unit = dimensions.iter().position(|known| *known == weight.dimension).unwrap_or_else(|| {
            dimensions.push(weight.dimension);
            dimensions.len() - 1
        });
        let ends = match weight.compartment {
            Compartment::Soma => plot::Ends::Soma,
            Compartment::Dendrite => plot::Ends::Dendrite,
            Compartment::Divisive => plot::Ends::Divisor,
            Compartment::Second => plot::Ends::Second,
        };
        let kernel = circuit.kernels.iter().find(|kernel| kernel.onto == weight.onto && kernel.from == weight.from);
        let note = note(kernel, weight.class.map(|class| (class, circuit.synapses.get(class))));
        let note = note.map(|note| {
            notes.push(note);
            notes.len() - 1
        });
        connections.push(plot::Connection { from, onto, weight: weight.value, unit, ends, note });
    }
    connections.sort_by_key(|connection| (connection.onto, connection.from));
    let symbol = |dimension: &Dimension| match dimension {
        Dimension::Number => "(divisive)",
        dimension => dimension.base_symbol(circuit.input_unit),
    };
    (connections, dimensions.iter().map(|dimension| symbol(dimension).to_owned()).collect(), notes)
}

/// What stands on a connection: its kernel, its class of synapses with the short-term plasticity of that.
fn note(kernel: Option<&Kernel>, class: Option<(&str, Option<&Synapses>)>) -> Option<plot::ConnectionNote> {
    let (heights, shape) = kernel.map(kernel_curve).unwrap_or_default();
    let class = class.map(|(name, synapses)| {
        let plasticity = synapses.and_then(|synapses| synapses.plasticity.as_ref());
        let marks = plasticity.map_or("", |plasticity| match (&plasticity.facilitation, &plasticity.depression) {
            (Some(_), Some(_)) => " ↑↓",
            (Some(_), None) => " ↑",
            (None, Some(_)) => " ↓",
            (None, None) => "",
        });
        format!("{name}{marks}")
    });
    let label: Vec<String> = class.into_iter().chain([shape]).filter(|text| !text.is_empty()).collect();
    let label = label.join(", ");
    (!heights.is_empty() || !label.is_empty()).then_some(plot::ConnectionNote { heights, label })
}

/// A kernel as a curve over the angle between units, and what it is in short.
fn kernel_curve(kernel: &Kernel) -> (Vec<f64>, String) {
    let centre = kernel.centre.unwrap_or(0.0);
    let heights = (-36..=36).map(|step| kernel.shape.height(5.0 * f64::from(step) - centre)).collect();
    let shape = match &kernel.shape {
        KernelShape::Uniform => String::new(),
        KernelShape::Gaussian { width } | KernelShape::VonMises { width } => format!("{}°", significant(*width, 3)),
        KernelShape::Cosine { amplitude } => format!("1 + {} cos", significant(*amplitude, 3)),
        KernelShape::PopulationVector => "cos".to_owned(),
    };
    let at = if centre == 0.0 { String::new() } else { format!(" at {}°", significant(centre, 3)) };
    (heights, format!("{shape}{at}").replace('-', "−"))
}

/// A class of synapses in words: its gate, its short-term plasticity and its delay.
fn class_in_words(synapses: &Synapses) -> Vec<String> {
    let ms = |time: f64| format!("{} ms", significant(time, 3));
    let mut words = Vec::new();
    if let Some(gate) = &synapses.gate {
        let kind = match gate.kind {
            GateKind::FirstOrder => "gate",
            GateKind::Saturating => "saturating gate",
            GateKind::Filter => "filter",
        };
        words.push(format!("{kind} of {}", ms(gate.tau)));
    }
    if let Some(plasticity) = &synapses.plasticity {
        words.extend(plasticity.facilitation.map(|tau| format!("facilitation (↑) of {}", ms(tau))));
        words.extend(plasticity.depression.map(|tau| format!("depression (↓) of {}", ms(tau))));
    }
    words.extend(synapses.delay.map(|delay| format!("delay of {}", ms(delay))));
    words
}
