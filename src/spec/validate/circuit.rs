//! Checks of the circuit.

use super::Checks;
use crate::spec::circuit::{Population, Role};
use crate::spec::path::joined;
use crate::spec::transfer::Transfer;
use crate::units::Dimension;

/// Beyond these the equations over- or underflow before anything physiological is left to compute.
const LARGEST_INPUT: f64 = 1e9;
const LARGEST_TIME_CONSTANT: f64 = 1e9;

impl Checks<'_> {
    pub(super) fn circuit(&mut self) {
        let scenario = self.scenario;
        let circuit = &scenario.circuit;
        if circuit.populations.is_empty() {
            self.report(
                "populations",
                "the circuit has no populations",
                "`[populations.NAME]` tables, or `circuit = FILE`",
            );
        }
        for (name, population) in &circuit.populations {
            let path = joined("populations", name);
            self.plain_name(&path, name);
            self.population(&path, population);
        }
        for (target, weights) in &circuit.onto {
            let path = joined("onto", target);
            self.known_population(path.clone(), target);
            for (source, weight) in &weights.from {
                let path = joined(&path, source);
                if self.known_population(path.clone(), source) {
                    self.weight_sign(path, source, *weight);
                }
            }
        }
    }

    fn weight_sign(&mut self, path: String, source: &str, weight: f64) {
        if weight.abs() > LARGEST_INPUT {
            self.report(
                path.clone(),
                format!("a weight of {weight:e} is beyond any circuit"),
                "at most 1e9 input units per Hz",
            );
        }
        let role = self.scenario.circuit.populations.get(source).map_or(Role::Either, |population| population.role);
        match role {
            Role::Excitatory if weight < 0.0 => {
                let message = format!("`{source}` is excitatory, but this weight is negative");
                self.report(path, message, "0 or more");
            }
            Role::Inhibitory if weight > 0.0 => {
                let message = format!("`{source}` is inhibitory, but this weight is positive");
                self.report(path, message, "0 or less");
            }
            _ => {}
        }
    }

    fn population(&mut self, path: &str, population: &Population) {
        if population.tau > LARGEST_TIME_CONSTANT {
            self.report(joined(path, "tau"), "a time constant of more than eleven days", "at most 1e9 ms");
        }
        if population.drive.is_some_and(|drive| drive.abs() > LARGEST_INPUT) {
            self.report(joined(path, "drive"), "a drive beyond any circuit", "at most 1e9 input units");
        }
        match (population.rest, population.drive) {
            (Some(_), Some(_)) => self.report(
                joined(path, "drive"),
                "both `rest` and `drive` are given",
                "one of them: the drive is solved from the rest",
            ),
            (None, None) => {
                self.report(path, "neither `rest` nor `drive` is given", "`rest = \"4 Hz\"` or `drive = …`");
            }
            (Some(rest), None) => self.rest(path, population, rest),
            (None, Some(_)) => {}
        }
    }

    /// A rate that the transfer function reaches at no finite input, or at infinitely many, fixes no drive.
    fn rest(&mut self, path: &str, population: &Population, rest: f64) {
        let unit = self.scenario.circuit.input_unit;
        let path = joined(path, "rest");
        let shown = Dimension::Rate.print(rest, unit, 6);
        let maximum = match population.transfer {
            Transfer::ThresholdLinear { maximum, .. }
            | Transfer::PowerLaw { maximum, .. }
            | Transfer::LinearExponential { maximum, .. }
            | Transfer::Softplus { maximum, .. } => maximum,
            Transfer::Sigmoid { maximum, slope, threshold, zero_at_zero } => {
                Some(if zero_at_zero { maximum * (1.0 - 1.0 / (1.0 + libm::exp(slope * threshold))) } else { maximum })
            }
            Transfer::Tanh { maximum, .. } => Some(maximum),
        };
        if rest == 0.0 && !matches!(population.transfer, Transfer::Tanh { .. }) {
            self.report(path, "a rest of 0 Hz does not fix the drive", "a rest above 0 Hz, or an explicit `drive`");
        } else if let Some(maximum) = maximum.filter(|maximum| rest >= *maximum) {
            let limit = Dimension::Rate.print(maximum, unit, 6);
            let message = format!("a rest of {shown} is not below the transfer function's maximum of {limit}");
            self.report(path, message, format!("less than {limit}, or an explicit `drive`"));
        }
    }
}
