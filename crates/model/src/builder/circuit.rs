//! Populations and the weights between them.

use super::quantity::{Duration, Rate};
use crate::scenario::{Noise, Population, Role, Scenario, Transfer};

impl Population {
    /// Cells whose synapses excite, with their time constant.
    #[must_use]
    pub fn excitatory(tau: Duration) -> Self {
        Self { role: Role::Excitatory, tau: tau.in_ms(), ..Self::default() }
    }

    /// Cells whose synapses inhibit, with their time constant.
    #[must_use]
    pub fn inhibitory(tau: Duration) -> Self {
        Self { role: Role::Inhibitory, tau: tau.in_ms(), ..Self::default() }
    }

    /// With this resting rate; the background drive is solved from it.
    #[must_use]
    pub fn rest(self, rate: Rate) -> Self {
        Self { rest: Some(rate.in_hz()), drive: None, ..self }
    }

    /// With this background drive, in the circuit's input unit.
    #[must_use]
    pub fn drive(self, drive: f64) -> Self {
        Self { drive: Some(drive), rest: None, ..self }
    }

    /// With this transfer function.
    #[must_use]
    pub fn transfer(self, transfer: Transfer) -> Self {
        Self { transfer, ..self }
    }

    /// With an Ornstein-Uhlenbeck process of this standard deviation, in the circuit's input unit, and correlation time.
    #[must_use]
    pub fn noise(self, sigma: f64, tau: Duration) -> Self {
        Self { noise: Some(Noise { sigma, tau: tau.in_ms(), ..Noise::default() }), ..self }
    }
}

/// `gain [x]_+ ^ exponent`, x in the circuit's input unit, in Hz.
pub fn power_law(gain: f64, exponent: f64) -> Transfer {
    Transfer::PowerLaw { gain, threshold: 0.0, exponent, maximum: None }
}

/// `gain [x - threshold]_+`, x in the circuit's input unit, in Hz.
pub fn threshold_linear(gain: f64, threshold: f64) -> Transfer {
    Transfer::ThresholdLinear { gain, threshold, offset: 0.0, maximum: None }
}

/// `maximum / (1 + exp(-slope (x - threshold)))`, x in the circuit's input unit.
pub fn sigmoid(maximum: Rate, slope: f64, threshold: f64) -> Transfer {
    Transfer::Sigmoid { maximum: maximum.in_hz(), slope, threshold, zero_at_zero: false }
}

impl Scenario {
    /// With a population.
    #[must_use]
    pub fn population(mut self, name: &str, population: Population) -> Self {
        self.circuit.populations.insert(name.to_owned(), population);
        self
    }

    /// With a synaptic weight from a population onto another, in the circuit's input unit per Hz.
    #[must_use]
    pub fn weight(mut self, from: &str, onto: &str, weight: f64) -> Self {
        self.circuit.onto.entry(onto.to_owned()).or_default().from.insert(from.to_owned(), weight);
        self
    }
}
