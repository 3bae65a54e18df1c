//! Readouts of a sweep, from the summary of an arm.

use crate::readouts::ArmSummary;
use crate::spec::readout::{Measure, Readout};
use crate::spec::{Role, Scenario};

/// A readout of an arm; NaN where it is not defined.
pub fn value(readout: &Readout, arm: &ArmSummary, scenario: &Scenario) -> f64 {
    let value = match &readout.what {
        Measure::Rate(population, label) => arm.rates_hz.get(label).and_then(|rates| rates.get(population)).copied(),
        Measure::Suppression(label) => arm.suppression_index.get(label).copied().flatten(),
        Measure::Rescue(label) => arm.rescue_index.get(label).copied().flatten(),
        Measure::Balance(label) => balance(arm, scenario, label),
        Measure::Stability(label) => arm.stability_per_s.get(label).copied().flatten(),
        Measure::Variance => arm.variance_hz2,
        Measure::PeakFrequency => arm.peak_frequency_hz,
        Measure::MinutesAbove => arm.minutes_above_control,
        Measure::Peak => arm.peak_hz.map(|peak| peak.value),
        Measure::PeakTime => arm.peak_hz.map(|peak| peak.at_min),
        Measure::PeakOverControl => arm.peak_over_control,
        Measure::Events => Some(arm.events.len() as f64),
    };
    value.unwrap_or(f64::NAN)
}

/// Excitatory over inhibitory synaptic input of the main population, by the role of the sources.
fn balance(arm: &ArmSummary, scenario: &Scenario, label: &str) -> Option<f64> {
    let inputs = arm.input.get(label)?.get(scenario.main_population()?)?;
    let of = |role: Role| -> f64 {
        let sources = scenario.circuit.populations.iter().filter(|(_, population)| population.role == role);
        sources.filter_map(|(name, _)| inputs.get(name)).sum()
    };
    let balance = of(Role::Excitatory) / -of(Role::Inhibitory);
    balance.is_finite().then_some(balance)
}
