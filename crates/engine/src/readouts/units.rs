//! What single units of populations on a ring have, and their populations' numbers in place of theirs.
//!
//! A circuit of n units has n rates and n^2 connections. What it comes to is told by population; each unit's own numbers
//! are asked for by name, or read from a table.

use super::{ArmSummary, ByName, ByTime, Summary};
use crate::numeric::piece::Extreme;
use crate::scenario::units::of_all_units;
use crate::scenario::{Circuit, Population, Projection};
use crate::simulate::Report;
use crate::simulate::recording::mean_over;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a signal is over the units of a population.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitsSummary {
    /// Its mean.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

/// Every connection of an arm whose circuit has rings of units, with its numbers at the report times; nothing in circuits
/// that have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SingleConnections {
    connections: Arc<[Projection]>,
    /// Weights and inputs by report label, in the order of the connections.
    reports: ByTime<[Vec<f64>; 2]>,
}

impl SingleConnections {
    pub(super) fn new(circuit: &Circuit, connections: &Arc<[Projection]>, reports: &[Report]) -> Self {
        if !has_rings(circuit) {
            return Self::default();
        }
        let numbers = |report: &Report| [report.weights.clone(), report.synaptic.clone()];
        let reports = reports.iter().map(|report| (report.label.clone(), numbers(report))).collect();
        Self { connections: Arc::clone(connections), reports }
    }

    /// The connections.
    pub fn connections(&self) -> &[Projection] {
        &self.connections
    }

    /// By report label: each connection's weight with everything that acts on it, and the weight times what its synapses
    /// carry.
    pub fn reports(&self) -> impl Iterator<Item = (&str, [&[f64]; 2])> {
        self.reports.iter().map(|(label, [weights, inputs])| (label.as_str(), [weights.as_slice(), inputs.as_slice()]))
    }

    /// The sum of the weights (0) or of the inputs (1) of those connections at a report; none where there is none, or where
    /// their weights measure different things.
    pub(super) fn sum(&self, which: usize, label: &str, these: impl Fn(&Projection) -> bool) -> Option<f64> {
        let numbers = &self.reports.get(label)?[which];
        let mut found = self.connections.iter().zip(numbers).filter(|(one, _)| these(one));
        let (first, number) = found.next()?;
        let mut sum = *number;
        for (one, number) in found {
            if which == 0 && one.dimension != first.dimension {
                return None;
            }
            sum += number;
        }
        Some(sum)
    }
}

/// Whether a circuit has populations of several units.
pub fn has_rings(circuit: &Circuit) -> bool {
    circuit.written().populations.values().any(|population| population.ring().is_some())
}

/// The population that a name is one of the units of, or the name, with how many units there are: 1 where it is no ring.
pub fn owner<'a>(circuit: &Circuit, name: &'a str) -> (&'a str, u64) {
    let (population, unit) = circuit.written_owner(name).unwrap_or((name, None));
    let units = unit.and_then(|_| circuit.written().populations.get(population)).and_then(Population::ring);
    (population, units.unwrap_or(1))
}

/// A number of one unit of a population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitNumber<'a> {
    /// The report time; none of what is of the whole window.
    pub label: Option<&'a str>,
    /// The population.
    pub population: &'a str,
    /// Which of its units.
    pub unit: u64,
    /// What: a signal without its population, such as `rate` or `gate.nmda`; before it `highest` or `lowest` (in the window),
    /// `half_time_min` or `first_passage_s`.
    pub variable: (&'static str, &'a str),
    /// The number.
    pub value: f64,
}

/// The populations of a circuit that are rings, by name with their numbers of units.
struct Rings<'a>(&'a Circuit);

impl Rings<'_> {
    /// A name as that of a population's unit: what comes before the population, the population and the unit.
    fn unit<'n>(&self, name: &'n str) -> Option<(&'n str, &'n str, u64)> {
        let (before, unit) = name.rsplit_once('.').unwrap_or(("", name));
        let (population, unit) = self.0.written_owner(unit)?;
        Some((before, population, unit?))
    }

    fn units(&self, population: &str) -> Option<usize> {
        let units = self.0.written().populations.get(population).and_then(Population::ring)?;
        usize::try_from(units).ok()
    }

    /// Values by population in place of those of all its units; what single units alone have stays.
    fn fold<T: Clone>(&self, values: &ByName<T>, together: impl Fn(&[&T]) -> T) -> ByName<T> {
        let mut groups: ByName<Vec<&T>> = ByName::new();
        for (name, value) in values {
            if self.unit(name).is_some() {
                groups.entry(of_all_units(name).to_owned()).or_default().push(value);
            }
        }
        let whole = |name: &str, group: &[&T]| {
            let population = name.rsplit('.').next().unwrap_or(name);
            self.units(population) == Some(group.len())
        };
        groups.retain(|name, group| whole(name, group));
        let mut folded = ByName::new();
        for (name, value) in values {
            let of = of_all_units(name);
            match groups.get(of).filter(|_| self.unit(name).is_some()) {
                None => folded.insert(name.clone(), value.clone()),
                Some(_) if folded.contains_key(of) => None,
                Some(group) => folded.insert(of.to_owned(), together(group)),
            };
        }
        folded
    }

    fn fold_means(&self, values: &ByTime<ByName<f64>>) -> ByTime<ByName<f64>> {
        let mean = |group: &[&f64]| mean_over(group.iter().map(|value| **value));
        values.iter().map(|(label, values)| (label.clone(), self.fold(values, mean))).collect()
    }

    /// What each folded signal of a kind is over the units, added by its full name.
    fn spread(&self, prefix: &str, values: &ByTime<ByName<f64>>, over: &mut ByTime<ByName<UnitsSummary>>) {
        for (label, values) in values {
            let single: ByName<UnitsSummary> =
                values.iter().map(|(name, value)| (name.clone(), UnitsSummary::of(&[*value]))).collect();
            let together =
                |group: &[&UnitsSummary]| UnitsSummary::of(&group.iter().map(|one| one.mean).collect::<Vec<f64>>());
            let folded = self.fold(&single, together);
            let new = folded.into_iter().filter(|(name, _)| !values.contains_key(name));
            let new: Vec<_> = new.map(|(name, summary)| (format!("{prefix}{name}"), summary)).collect();
            if !new.is_empty() {
                over.entry(label.clone()).or_default().extend(new);
            }
        }
    }
}

impl UnitsSummary {
    fn of(values: &[f64]) -> Self {
        Self {
            mean: mean_over(values.iter().copied()),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// The highest of all and the lowest of all.
fn outermost(group: &[&[Option<Extreme>; 2]]) -> [Option<Extreme>; 2] {
    let best = |which: usize, better: fn(f64, f64) -> bool| {
        let all = group.iter().filter_map(|one| one[which]);
        all.reduce(|best, next| if better(next.value, best.value) { next } else { best })
    };
    [best(0, |next, best| next > best), best(1, |next, best| next < best)]
}

impl Summary {
    /// The same with one number for each population on a ring in place of those of its units: means, the highest and lowest of
    /// all units, the mean half time where every unit has one, the first passage of the first that passes. What the units are
    /// over each mean is added.
    pub fn by_population(&self, circuit: &Circuit) -> Self {
        if !has_rings(circuit) {
            return self.clone();
        }
        let rings = Rings(circuit);
        Self { arms: self.arms.iter().map(|arm| arm.by_population(&rings)).collect(), ..self.clone() }
    }
}

impl ArmSummary {
    fn by_population(&self, rings: &Rings<'_>) -> Self {
        let mut over_units = ByTime::new();
        let kinds = super::OWN_FIELDS.iter().map(|(prefix, field)| (*prefix, field(self)));
        for (prefix, values) in kinds.chain([("", &self.signals)]) {
            rings.spread(prefix, values, &mut over_units);
        }
        let half_time = |group: &[&Option<f64>]| {
            let all: Option<Vec<f64>> = group.iter().copied().copied().collect();
            all.map(|all| mean_over(all.into_iter()))
        };
        let first = |group: &[&Option<f64>]| group.iter().filter_map(|passage| **passage).reduce(f64::min);
        Self {
            rates_hz: rings.fold_means(&self.rates_hz),
            extremes_hz: rings.fold(&self.extremes_hz, outermost),
            extremes_of_signals: rings.fold(&self.extremes_of_signals, outermost),
            half_time_min: rings.fold(&self.half_time_min, half_time),
            first_passages_s: rings.fold(&self.first_passages_s, first),
            occupancy: rings.fold_means(&self.occupancy),
            activation: rings.fold_means(&self.activation),
            channel_block: rings.fold_means(&self.channel_block),
            signals: rings.fold_means(&self.signals),
            over_units,
            ..self.clone()
        }
    }

    /// The numbers of every single unit of a circuit's rings.
    pub fn units<'a>(&'a self, circuit: &'a Circuit) -> Vec<UnitNumber<'a>> {
        let rings = Rings(circuit);
        let mut all = Vec::new();
        let kinds = super::OWN_FIELDS.iter().map(|(prefix, field)| (prefix.trim_end_matches('.'), field(self)));
        for (kind, values) in kinds.chain([("", &self.signals)]) {
            for (label, values) in values {
                for (name, value) in values {
                    if let Some((before, population, unit)) = rings.unit(name) {
                        let variable = (kind, before);
                        all.push(UnitNumber { label: Some(label), population, unit, variable, value: *value });
                    }
                }
            }
        }
        let mut whole = |what: &'static str, name: &'a str, value: Option<f64>| {
            if let (Some((before, population, unit)), Some(value)) = (rings.unit(name), value) {
                let before = if before.is_empty() { "rate" } else { before };
                all.push(UnitNumber { label: None, population, unit, variable: (what, before), value });
            }
        };
        for (name, ends) in self.extremes_hz.iter().chain(&self.extremes_of_signals) {
            let value = |end: &Option<Extreme>| end.map(|extreme| extreme.value);
            whole("highest", name, value(&ends[0]));
            whole("lowest", name, value(&ends[1]));
        }
        self.half_time_min.iter().for_each(|(name, value)| whole("half_time_min", name, *value));
        self.first_passages_s.iter().for_each(|(name, value)| whole("first_passage_s", name, *value));
        all
    }
}
