//! Readouts by their names, from the summary of an arm.

use super::comparison::{NO_CURRENT, relative};
use super::courses::{found, number};
use super::{ArmSummary, ByName, ByTime, SynapsesSummary, ring};
use crate::scenario::readout::{Measure, Readout, units_of};
use crate::scenario::{Projection, Role, Scenario};

/// A readout of an arm; NaN where it is not defined, as one over the whole run where the arm failed on its way.
pub fn value(readout: &Readout, arm: &ArmSummary, scenario: &Scenario) -> f64 {
    if arm.status != "ok" && readout.what.needs_whole_run() {
        return f64::NAN;
    }
    let value = match &readout.what {
        Measure::Rate(population, label) => arm.rates_hz.get(label).and_then(|rates| rates.get(population)).copied(),
        Measure::Suppression(label) => arm.suppression_index.get(label).copied().flatten(),
        Measure::Rescue(label) => arm.rescue_index.get(label).copied().flatten(),
        Measure::Balance(label) => balance(arm, scenario, label),
        Measure::Stability(label) => arm.stability_per_s.get(label).copied().flatten(),
        Measure::Plasticity(name, label) => arm.plasticity.get(label).and_then(|values| values.get(name)).copied(),
        Measure::Index(name, label) => arm.index.get(label).and_then(|values| values.get(name)).copied(),
        Measure::Excitation(label) => arm.sepsc_ratio.get(label).copied().flatten(),
        Measure::Inhibition(label) => arm.sipsc_ratio.get(label).copied().flatten(),
        Measure::LastingRescue => arm.lasting_rescue,
        Measure::LastHour => arm.last_hour_with_rescue_above_0_3,
        Measure::LastingHalfTime => arm.half_time_h,
        Measure::MinutesAbove => arm.minutes_above_control,
        Measure::PeakOverControl => arm.peak_over_control,
        Measure::HoursRescued => arm.hours_with_rescue_above_0_3,
        Measure::Events => Some(arm.events.len() as f64),
        Measure::Signal(signal, label) => arm.signal(signal, label),
        Measure::Input(onto, from, label) => {
            let single = || single(arm, 1, [onto, from], label);
            single().or_else(|| connection(arm, (&arm.input, |one| one.input), [onto, from], label))
        }
        Measure::Synaptic(excitatory, onto, label) => {
            let role = if *excitatory { Role::Excitatory } else { Role::Inhibitory };
            synaptic(arm, scenario, (onto, role), label).map(f64::abs)
        }
        Measure::Weight(onto, from, label) => {
            let single = || single(arm, 0, [onto, from], label);
            single().or_else(|| connection(arm, (&arm.weight, |one| one.weight), [onto, from], label))
        }
        Measure::Watched(watch, statistic) => {
            let [from, _] = watch.window.span(scenario);
            found(&arm.found, watch).and_then(|found| number(*statistic, found, from))
        }
        Measure::Ring(statistic, population, label) => {
            let rates = arm.rates_hz.get(label);
            let unit = |(_, name): (usize, &str)| rates?.get(name).copied();
            let rates: Option<Vec<f64>> = units_of(population, scenario).map(unit).collect();
            rates.and_then(|rates| ring::number(*statistic, &rates))
        }
    };
    value.unwrap_or(f64::NAN)
}

/// Numbers by target and source.
type BySource = ByName<ByName<f64>>;

/// A number of the synapses of a pair, from the sums by source or from single connections by their place; 0 where the weight
/// is 0, so that there is no connection.
fn connection(
    arm: &ArmSummary,
    (sums, pick): (&ByTime<BySource>, fn(&SynapsesSummary) -> f64),
    [onto, from]: [&str; 2],
    label: &str,
) -> Option<f64> {
    let sum = sums.get(label)?.get(onto).and_then(|sources| sources.get(from)).copied();
    let places = arm.synapses.get(label).and_then(|targets| targets.get(onto));
    let single = || places?.get(from).map(pick);
    // Weights of different units have no sum, though they are there.
    let there = || places.is_some_and(|places| places.keys().any(|place| place.rsplit('.').next() == Some(from)));
    sum.or_else(single).or_else(|| (!there()).then_some(0.0))
}

/// A number of the synapses between single units, or of a single unit and a population that is no ring.
fn single(arm: &ArmSummary, which: usize, [onto, from]: [&str; 2], label: &str) -> Option<f64> {
    let these = |one: &Projection| {
        one.onto == onto && ((one.compartment.adds() && one.from == from) || (!one.is_plain() && one.place() == from))
    };
    arm.single.sum(which, label, these)
}

/// Excitatory over inhibitory synaptic input of the main population, by the role of the sources.
fn balance(arm: &ArmSummary, scenario: &Scenario, label: &str) -> Option<f64> {
    let onto = scenario.main_population()?;
    let of = |role: Role| synaptic(arm, scenario, (onto, role), label);
    relative(of(Role::Excitatory)?, -of(Role::Inhibitory)?, NO_CURRENT)
}

/// All input to a population from sources of a role; to one on a ring, that of one unit on the mean.
fn synaptic(arm: &ArmSummary, scenario: &Scenario, (onto, role): (&str, Role), label: &str) -> Option<f64> {
    let populations = &scenario.circuit.populations;
    let of_role = |name: &str| populations.get(name).is_some_and(|population| population.role == role);
    let Some(inputs) = arm.input.get(label)?.get(onto) else {
        // One unit of a ring.
        arm.rates_hz.get(label)?.get(onto)?;
        let these = |one: &Projection| one.onto == onto && one.compartment.adds() && of_role(&one.from);
        return Some(arm.single.sum(1, label, these).unwrap_or(0.0));
    };
    let sources = scenario.circuit.written().populations.iter().filter(|(_, population)| population.role == role);
    Some(sources.filter_map(|(name, _)| inputs.get(name)).sum())
}
