//! The numbers of an arm, taken from its recording and from those of the arms that it is measured against.

use super::courses::{extremes, main_found, number};
use super::units::{SingleConnections, owner};
use super::{ArmSummary, AveragedSummary, ByName, ByTime, EventSummary, OWN_FIELDS, STRESS, SynapsesSummary};
use crate::numeric::piece::Extreme;
use crate::scenario::statistic::Statistic;
use crate::scenario::units::is_of;
use crate::scenario::watch::{Followed, Height, Window};
use crate::scenario::{Projection, Scenario};
use crate::simulate::recording::mean_of;
use crate::simulate::watch::Found;
use crate::simulate::{ArmOutcome, NO_DIFFERENCE_HZ, Outcome, Report, rescue};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// Synaptic currents below this, in input units, are none that anything could be relative to.
pub(super) const NO_CURRENT: f64 = 1e-9;

/// An arm beside those that it is measured against.
pub(super) struct Comparison<'a> {
    scenario: &'a Scenario,
    arm: &'a ArmOutcome,
    control: Option<&'a ArmOutcome>,
    stress: Option<&'a ArmOutcome>,
    /// Signal of the main population's rate.
    signal: String,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(outcome: &'a Outcome, arm: &'a ArmOutcome, population: &str) -> Self {
        let resolved = outcome.scenario.resolved_arms().into_iter().find(|known| known.name == arm.name);
        let [control, stress] = resolved.map(|arm| outcome.scenario.compared_with(&arm)).unwrap_or_default();
        let find = |name: &str| outcome.arms.iter().find(|arm| arm.name == name);
        Self {
            scenario: &outcome.scenario,
            arm,
            control: find(&control),
            stress: find(&stress),
            signal: format!("rate.{population}"),
        }
    }

    pub(super) fn summarise(&self) -> ArmSummary {
        let arm = self.arm;
        let fluctuation = match main_found(arm, Followed::Fluctuation) {
            Some(Found::Fluctuation(sampled)) => *sampled,
            _ => None,
        };
        let [peak_hz, _] = main_found(arm, Followed::Extremes).map(extremes).unwrap_or_default();
        let compared = &arm.compared;
        let since_start = |time: f64| (time - self.scenario.compare.from) / 60.0;
        let rescued = compared.minutes_rescued;
        ArmSummary {
            name: arm.name.clone(),
            status: arm.status.word().to_owned(),
            problem: arm.status.problem(),
            rates_hz: self.by_time("rate."),
            suppression_index: self.index(suppression),
            rescue_index: self.index(rescue),
            minutes_above_control: compared.minutes_above_control,
            hours_with_rescue_above_0_3: rescued.map(|minutes| minutes / 60.0),
            last_hour_with_rescue_above_0_3: rescued.map(|_| compared.last_rescued_at.map_or(0.0, since_start)),
            lasting_rescue: compared.lasting_rescue,
            half_time_h: compared.lasting_halved_at.map(since_start),
            peak_hz,
            peak_over_control: peak_hz
                .zip(compared.control_at_peak_hz)
                .and_then(|(peak, control)| relative(peak.value, control, NO_DIFFERENCE_HZ)),
            extremes_hz: self.of_each("rate.", Followed::Extremes, Window::Comparison, extremes),
            extremes_of_signals: self.extremes_of_signals(),
            half_time_min: self.of_each("rate.", Followed::HalfWay, Window::Comparison, |found| {
                number(Statistic::HalfTime, found, self.scenario.compare.from)
            }),
            input: self.inputs(),
            weight: self.weights(),
            synapses: self.synapses(),
            signals: self.other_signals(),
            occupancy: self.by_time("occupancy."),
            activation: self.by_time("activation."),
            channel_block: self.by_time("block."),
            free_concentration_nm: self.by_time("concentration."),
            area_under_concentration_nm_min: arm.areas_nm_min.iter().cloned().collect(),
            stability_per_s: self.at_reports(|report| Some(report.stability_per_s).filter(|value| value.is_finite())),
            stability_sides_per_s: self
                .of_each_report(|report| Some(report.sides_per_s.clone()).filter(|sides| !sides.is_empty())),
            stands_still: self.at_reports(|report| report.stands),
            variance_hz2: fluctuation.map(|fluctuation| fluctuation.variance),
            first_passage_s: main_found(arm, Followed::Rise(Height::Threshold)).and_then(|found| self.passage(found)),
            first_passages_s: self
                .of_each("rate.", Followed::Rise(Height::Threshold), Window::Comparison, |found| self.passage(found)),
            peak_frequency_hz: fluctuation.and_then(|fluctuation| fluctuation.peak_frequency_hz),
            stress: self.of_each_report(|report| Some(report.signals[self.signal_index("stress")?])),
            plasticity: self.by_time("plasticity."),
            plasticity_peak: self
                .of_each("plasticity.", Followed::Extremes, Window::Run, |found| extremes(found)[0])
                .into_iter()
                .filter_map(|(name, peak)| Some((name, peak?)))
                .collect(),
            over_units: ByTime::new(),
            single: SingleConnections::new(&self.scenario.circuit, &arm.connections, &arm.reports),
            index: self.by_time("index."),
            sepsc_ratio: self.current_ratio(1.0),
            sipsc_ratio: self.current_ratio(-1.0),
            found: arm.found.clone(),
            readouts: ByName::new(),
            lists: ByName::new(),
            events: self.events(),
            averaged: arm.averaged.map(|one| AveragedSummary { steps: one.bursts, error_hz: one.error_hz }),
        }
    }

    fn events(&self) -> Vec<EventSummary> {
        self.arm
            .events
            .iter()
            .map(|event| EventSummary {
                at_min: event.at,
                kind: event.kind.word().to_owned(),
                what: event.what.clone(),
                driver: event.driver.clone(),
            })
            .collect()
    }

    fn signal_index(&self, name: &str) -> Option<usize> {
        self.arm.signals.iter().position(|known| known == name)
    }

    /// The signals whose names start with a prefix, without it, at every report time.
    fn by_time(&self, prefix: &str) -> ByTime<ByName<f64>> {
        let names = &self.arm.signals;
        let named = |values: &[f64]| -> ByName<f64> {
            let all = names.iter().zip(values);
            all.filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), *value))).collect()
        };
        self.arm.reports.iter().map(|report| (report.label.clone(), named(&report.signals))).collect()
    }

    /// The signals that have no field of their own, by name, at every report time; nothing where there are none.
    fn other_signals(&self) -> ByTime<ByName<f64>> {
        let own = |name: &str| name == STRESS || OWN_FIELDS.iter().any(|(start, _)| name.starts_with(start));
        let others: Vec<usize> = (0..self.arm.signals.len()).filter(|index| !own(&self.arm.signals[*index])).collect();
        if others.is_empty() {
            return ByTime::new();
        }
        self.at_reports(|report| {
            let named = others.iter().map(|index| (self.arm.signals[*index].clone(), report.signals[*index]));
            named.collect()
        })
    }

    /// An index of rate, control and stress at every report time.
    fn index(&self, index: fn(f64, Option<f64>, Option<f64>) -> Option<f64>) -> ByTime<Option<f64>> {
        let reported = |arm: Option<&ArmOutcome>, label: &str| {
            let report = arm?.reports.iter().find(|report| report.label == label)?;
            mean_of(&arm?.signals, &report.signals, &self.signal)
        };
        let at = |report: &Report| {
            let rate = mean_of(&self.arm.signals, &report.signals, &self.signal)?;
            index(rate, reported(self.control, &report.label), reported(self.stress, &report.label))
        };
        self.arm.reports.iter().map(|report| (report.label.clone(), at(report))).collect()
    }

    /// When a rate first reaches the threshold, in s from the window's start.
    fn passage(&self, found: &Found) -> Option<f64> {
        number(Statistic::FirstPassage, found, self.scenario.compare.from)
    }

    /// Something of each signal that was followed and whose name starts with a prefix, without it.
    fn of_each<T>(&self, prefix: &str, what: Followed, window: Window, of: impl Fn(&Found) -> T) -> ByName<T> {
        let followed = self.arm.found.iter().filter(|(watch, _)| watch.what == what && watch.window == window);
        followed.filter_map(|(watch, found)| Some((watch.signal.strip_prefix(prefix)?.to_owned(), of(found)))).collect()
    }

    fn extremes_of_signals(&self) -> ByName<[Option<Extreme>; 2]> {
        self.of_each("", Followed::Extremes, Window::Rest, extremes)
    }

    /// Synaptic current of one sign onto the main population at every report time, relative to the control arm's then.
    fn current_ratio(&self, sign: f64) -> ByTime<Option<f64>> {
        let main = self.signal.strip_prefix("rate.").unwrap_or_default();
        let current = |arm: &ArmOutcome, report: &Report| -> f64 {
            let onto = arm.connections.iter().zip(&report.synaptic);
            let onto = onto.filter(|(one, _)| is_of(&one.onto, main) && one.compartment.adds());
            onto.map(|(_, current)| (sign * current).max(0.0)).sum()
        };
        let at = |report: &Report| {
            let control = self.control?;
            let same = control.reports.iter().find(|other| other.label == report.label)?;
            relative(current(self.arm, report), current(control, same), NO_CURRENT)
        };
        self.arm.reports.iter().map(|report| (report.label.clone(), at(report))).collect()
    }

    /// The connections of the arm by the populations that they join: units of a ring count as their population.
    fn joined(&self) -> Vec<Joined<'_>> {
        let circuit = &self.scenario.circuit;
        let joined = |one: &'a Projection| {
            let ((onto, units), (from, _)) = (owner(circuit, &one.onto), owner(circuit, &one.from));
            Joined { onto, from, units: units as f64, one }
        };
        self.arm.connections.iter().map(joined).collect()
    }

    fn weights(&self) -> ByTime<ByName<ByName<f64>>> {
        let joined = self.joined();
        let adding = || joined.iter().filter(|pair| pair.one.compartment.adds());
        let first: HashMap<_, _> = adding().rev().map(|pair| (pair.names(), pair.one.dimension)).collect();
        let other = |pair: &&Joined<'_>| first[&pair.names()] != pair.one.dimension;
        let mixed: HashSet<_> = adding().filter(other).map(Joined::names).collect();
        let counts: Vec<bool> =
            joined.iter().map(|pair| pair.one.compartment.adds() && !mixed.contains(&pair.names())).collect();
        let at = |report: &Report| {
            let mut weights: ByName<ByName<f64>> = IndexMap::new();
            let all = joined.iter().zip(&report.weights).zip(&counts);
            for ((pair, weight), _) in all.filter(|(_, counts)| **counts) {
                *pair.place(&mut weights) += weight / pair.units;
            }
            weights
        };
        self.at_reports(at)
    }

    fn inputs(&self) -> ByTime<ByName<ByName<f64>>> {
        let joined = self.joined();
        let circuit = &self.scenario.circuit;
        let at = |report: &Report| {
            let mut inputs: ByName<ByName<f64>> = IndexMap::new();
            for (name, drive) in circuit.populations.keys().zip(&report.drives) {
                let (population, units) = owner(circuit, name);
                let drives = inputs.entry(population.to_owned()).or_default();
                *drives.entry("drive".into()).or_default() += drive / units as f64;
            }
            for (pair, input) in joined.iter().zip(&report.synaptic).filter(|(pair, _)| pair.one.compartment.adds()) {
                *pair.place(&mut inputs) += input / pair.units;
            }
            inputs
        };
        self.at_reports(at)
    }

    /// Each connection of the pairs that more than plain synapses onto the soma join.
    fn synapses(&self) -> ByTime<ByName<ByName<SynapsesSummary>>> {
        let joined = self.joined();
        let more: HashSet<_> = joined.iter().filter(|pair| !pair.one.is_plain()).map(Joined::names).collect();
        let listed: Vec<usize> = (0..joined.len()).filter(|index| more.contains(&joined[*index].names())).collect();
        if listed.is_empty() {
            return ByTime::new();
        }
        let places: Vec<String> = listed.iter().map(|index| joined[*index].key()).collect();
        let at = |report: &Report| {
            let mut synapses: ByName<ByName<SynapsesSummary>> = IndexMap::new();
            for (index, place) in listed.iter().zip(&places) {
                let pair = &joined[*index];
                let all = found_or_new(&mut synapses, pair.onto);
                let summary = found_or_new(all, place);
                summary.weight += report.weights[*index] / pair.units;
                summary.input += report.synaptic[*index] / pair.units;
            }
            synapses
        };
        self.at_reports(at)
    }

    /// Something of each report, by its time; times of which there is none are left out.
    fn of_each_report<T>(&self, of: impl Fn(&Report) -> Option<T>) -> ByTime<T> {
        self.arm.reports.iter().filter_map(|report| Some((report.label.clone(), of(report)?))).collect()
    }

    /// Something of every report, by its time.
    fn at_reports<T>(&self, at: impl Fn(&Report) -> T) -> ByTime<T> {
        self.of_each_report(|report| Some(at(report)))
    }
}

/// A connection, and the populations that it joins.
struct Joined<'a> {
    onto: &'a str,
    from: &'a str,
    /// How many units of the target share what is summed.
    units: f64,
    one: &'a Projection,
}

impl<'a> Joined<'a> {
    fn names(&self) -> (&'a str, &'a str) {
        (self.onto, self.from)
    }

    /// The number of the pair among those of all.
    fn place<'b>(&self, all: &'b mut ByName<ByName<f64>>) -> &'b mut f64 {
        found_or_new(found_or_new(all, self.onto), self.from)
    }

    /// The place of the population's weight among those onto the target.
    fn key(&self) -> String {
        Projection { from: self.from.to_owned(), ..self.one.clone() }.place()
    }
}

/// An entry, which is made where there is none; its name is copied only then.
fn found_or_new<'a, T: Default>(all: &'a mut ByName<T>, name: &str) -> &'a mut T {
    let index = all.get_index_of(name).unwrap_or_else(|| all.insert_full(name.to_owned(), T::default()).0);
    &mut all[index]
}

/// `1 - r / r(control)`.
fn suppression(rate: f64, control: Option<f64>, _: Option<f64>) -> Option<f64> {
    Some(1.0 - relative(rate, control?, NO_DIFFERENCE_HZ)?)
}

/// A number relative to another; none where that is as good as 0.
pub(super) fn relative(number: f64, to: f64, nothing: f64) -> Option<f64> {
    Some(number / to).filter(|quotient| quotient.is_finite() && to.abs() >= nothing)
}
