//! Readouts by their names, from the summary of an arm.

use super::comparison::{NO_CURRENT, relative};
use super::courses::{found, number};
use super::{ArmSummary, ByName, ByTime, ring};
use crate::spec::readout::{Measure, Readout, units_of};
use crate::spec::{Role, Scenario};

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
        Measure::Input(onto, from, label) => connection(&arm.input, onto, from, label),
        Measure::Synaptic(excitatory, onto, label) => {
            let role = if *excitatory { Role::Excitatory } else { Role::Inhibitory };
            synaptic(arm, scenario, (onto, role), label).map(f64::abs)
        }
        Measure::Weight(onto, from, label) => connection(&arm.weight, onto, from, label),
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

fn connection(values: &ByTime<ByName<ByName<f64>>>, onto: &str, from: &str, label: &str) -> Option<f64> {
    values.get(label)?.get(onto)?.get(from).copied()
}

/// Excitatory over inhibitory synaptic input of the main population, by the role of the sources.
fn balance(arm: &ArmSummary, scenario: &Scenario, label: &str) -> Option<f64> {
    let onto = scenario.main_population()?;
    let of = |role: Role| synaptic(arm, scenario, (onto, role), label);
    relative(of(Role::Excitatory)?, -of(Role::Inhibitory)?, NO_CURRENT)
}

/// All input to a population from sources of a role.
fn synaptic(arm: &ArmSummary, scenario: &Scenario, (onto, role): (&str, Role), label: &str) -> Option<f64> {
    let inputs = arm.input.get(label)?.get(onto)?;
    let sources = scenario.circuit.populations.iter().filter(|(_, population)| population.role == role);
    Some(sources.filter_map(|(name, _)| inputs.get(name)).sum())
}
