//! The connections of a circuit, in one enumeration: by target, compartment, class of synapses and source.
//!
//! What figures draw, `explain` splits, summaries sum, and readouts, effects and indices may name is this one set.

use super::circuit::{Circuit, Sources, Weights};
use super::path::joined;
use super::synapse::{GateKind, Synapses};
use crate::units::Dimension;
use indexmap::IndexMap;

/// Where on a population a synapse sits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compartment {
    /// The soma: the population's input.
    #[default]
    Soma,
    /// The dendrite.
    Dendrite,
    /// Where it divides.
    Divisive,
    /// The second input of the transfer function.
    Second,
}

impl Compartment {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Soma, Self::Dendrite, Self::Divisive, Self::Second];

    /// The key under which weights onto it stand; none for the soma, whose weights stand in the target's own table.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Soma => None,
            Self::Dendrite => Some("dendrite"),
            Self::Divisive => Some("divisive"),
            Self::Second => Some("second"),
        }
    }

    /// Whether what arrives here adds to an input; what is divisive divides.
    pub fn adds(self) -> bool {
        self != Self::Divisive
    }
}

/// One weight of a circuit and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight<'a> {
    /// Target population.
    pub onto: &'a str,
    /// Where on the target.
    pub compartment: Compartment,
    /// Class of synapses; none for plain ones.
    pub class: Option<&'a str>,
    /// Source population.
    pub from: &'a str,
    /// Its size.
    pub value: f64,
    /// What it measures: input per Hz or, where the class has a gate from 0 to 1, input; of divisive synapses a number.
    pub dimension: Dimension,
}

impl Weight<'_> {
    /// Its path.
    pub fn path(&self) -> String {
        let steps = steps(self.compartment, self.class, self.from);
        steps.into_iter().fold(joined("onto", self.onto), |path, step| joined(&path, step))
    }

    /// The projection that it is the weight of.
    pub fn projection(&self) -> Projection {
        Projection {
            onto: self.onto.to_owned(),
            compartment: self.compartment,
            class: self.class.map(str::to_owned),
            from: self.from.to_owned(),
            dimension: self.dimension,
        }
    }
}

/// All synapses of one class from one population onto a compartment of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Target population.
    pub onto: String,
    /// Where on the target.
    pub compartment: Compartment,
    /// Class of synapses; none for plain ones.
    pub class: Option<String>,
    /// Source population.
    pub from: String,
    /// What its weight measures.
    pub dimension: Dimension,
}

impl Projection {
    /// Its place among the weights onto the target: `SOURCE`, `through.CLASS.SOURCE`, `dendrite.SOURCE` and so on.
    pub fn place(&self) -> String {
        steps(self.compartment, self.class.as_deref(), &self.from).join(".")
    }

    /// Whether these are plain synapses onto the soma.
    pub fn is_plain(&self) -> bool {
        self.compartment == Compartment::Soma && self.class.is_none()
    }
}

/// The keys from the target's table to a weight.
fn steps<'a>(compartment: Compartment, class: Option<&'a str>, from: &'a str) -> Vec<&'a str> {
    let through = class.into_iter().flat_map(|class| ["through", class]);
    compartment.key().into_iter().chain(through).chain([from]).collect()
}

impl Weights {
    /// The weights of a compartment: of plain synapses by source, and of classes of synapses.
    pub fn at(&self, compartment: Compartment) -> (&IndexMap<String, f64>, &IndexMap<String, Sources>) {
        match compartment {
            Compartment::Soma => (&self.from, &self.through),
            Compartment::Dendrite => (&self.dendrite.from, &self.dendrite.through),
            Compartment::Divisive => (&self.divisive.from, &self.divisive.through),
            Compartment::Second => (&self.second.from, &self.second.through),
        }
    }
}

impl Circuit {
    /// The weight from one population onto another through a class of synapses (none for plain ones), 0 where none is
    /// given.
    pub fn weight_at(&self, onto: &str, compartment: Compartment, class: Option<&str>, from: &str) -> f64 {
        let find = |weights: &Weights| {
            let (plain, through) = weights.at(compartment);
            match class {
                None => plain.get(from).copied(),
                Some(class) => through.get(class)?.from.get(from).copied(),
            }
        };
        self.onto.get(onto).and_then(find).unwrap_or(0.0)
    }

    /// The weight of the plain synapses from one population onto another's soma, 0 where none is given.
    #[cfg(test)]
    pub fn weight(&self, onto: &str, from: &str) -> f64 {
        self.weight_at(onto, Compartment::Soma, None, from)
    }

    /// Every weight that is given, 0 included, by target, compartment, class and source.
    pub fn weights(&self) -> Vec<Weight<'_>> {
        let mut all = Vec::new();
        for (onto, weights) in &self.onto {
            for compartment in Compartment::ALL {
                let (plain, through) = weights.at(compartment);
                let classes = through.iter().map(|(class, sources)| (Some(class.as_str()), &sources.from));
                for (class, sources) in std::iter::once((None, plain)).chain(classes) {
                    let dimension = self.weight_dimension(compartment, class);
                    let given = sources.iter();
                    all.extend(given.map(|(from, value)| Weight {
                        onto,
                        compartment,
                        class,
                        from,
                        value: *value,
                        dimension,
                    }));
                }
            }
        }
        all
    }

    /// The circuit's connections: the weights that are not 0.
    pub fn connections(&self) -> impl Iterator<Item = Weight<'_>> {
        self.weights().into_iter().filter(|weight| weight.value != 0.0)
    }

    /// The weights given from one population onto another, of whatever class and compartment. One of 0 counts: an arm or an
    /// axis of a sweep may move it.
    pub fn weights_between(&self, onto: &str, from: &str) -> Vec<Weight<'_>> {
        self.weights().into_iter().filter(|weight| (weight.onto, weight.from) == (onto, from)).collect()
    }

    fn weight_dimension(&self, compartment: Compartment, class: Option<&str>) -> Dimension {
        let gate =
            class.and_then(|class| self.synapses.get(class)).and_then(|synapses: &Synapses| synapses.gate.as_ref());
        weight_dimension(compartment, gate.map(|gate| gate.kind))
    }
}

/// What a weight measures, given where its synapses end and what their gate is.
pub fn weight_dimension(compartment: Compartment, gate: Option<GateKind>) -> Dimension {
    match (compartment, gate) {
        (Compartment::Divisive, _) => Dimension::Number,
        (_, Some(GateKind::FirstOrder | GateKind::Saturating)) => Dimension::Input,
        (_, Some(GateKind::Filter) | None) => Dimension::Weight,
    }
}
