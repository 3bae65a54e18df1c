//! Checks of transfer functions, and of rests that they can reach.

use super::{Checks, Problem};
use crate::numeric::expression::Expression;
use crate::scenario::circuit::Population;
use crate::scenario::nearest;
use crate::scenario::path::joined;
use crate::scenario::transfer::{INPUT, SECOND_INPUT, Table, Transfer};
use crate::units::Dimension;
use indexmap::IndexMap;

/// More points than this make a table slower than any formula.
const MOST_POINTS: usize = 1_000;

impl Checks<'_> {
    pub(super) fn transfer(&mut self, path: &str, transfer: &Transfer) {
        match transfer {
            Transfer::LinearExponentialVoltage { threshold, reset, .. } if threshold <= reset => {
                self.report(joined(path, "reset"), "the reset is not below the threshold", "a lower potential");
            }
            Transfer::Table(table) => self.table(path, table),
            Transfer::Expression { f, parameters, .. } => self.formula(path, f, parameters),
            _ => {}
        }
    }

    fn table(&mut self, path: &str, table: &Table) {
        let (inputs, rates) = (joined(path, "inputs"), joined(path, "rates"));
        if !table.file.is_empty() {
            let message = format!("the points of `{}` have not been read", table.file);
            self.report(joined(path, "file"), message, "`inputs` and `rates` where a circuit is built in code");
        } else if table.inputs.len() != table.rates.len() {
            let message = format!("{} inputs and {} rates", table.inputs.len(), table.rates.len());
            self.report(rates, message, "one rate for each input");
        } else if table.inputs.len() < 2 {
            self.report(
                path,
                "a curve needs two points or more",
                "`inputs = [...]` and `rates = [...]`, or `file = ...`",
            );
        } else if table.inputs.len() > MOST_POINTS {
            self.report(inputs, format!("{} points", table.inputs.len()), format!("at most {MOST_POINTS}"));
        } else if let Some(index) = table.inputs.windows(2).position(|pair| pair[1] <= pair[0]) {
            let message = format!("{} does not rise above {}", table.inputs[index + 1], table.inputs[index]);
            self.report(joined(&inputs, &(index + 1).to_string()), message, "inputs in rising order, each once");
        }
    }

    fn formula(&mut self, path: &str, f: &str, parameters: &IndexMap<String, f64>) {
        let place = joined(path, "f");
        let expression = match Expression::parse(f) {
            Ok(expression) => expression,
            Err(error) => return self.report(place, error.to_string(), "a formula in x, such as \"r0 + max(0, x)^2\""),
        };
        let known = || parameters.keys().map(String::as_str).chain([INPUT, SECOND_INPUT]);
        for name in expression.names().iter().filter(|name| known().all(|known| known != name.as_str())) {
            self.problems.push(Problem {
                path: place.clone(),
                message: format!("`{name}` is neither x, nor y, nor among the parameters"),
                expected: format!("`parameters = {{ {name} = ... }}`"),
                nearest: nearest(name, known()),
            });
        }
        for name in parameters.keys() {
            let place = joined(&joined(path, "parameters"), name);
            if name == INPUT {
                self.report(place, "`x` is the input", "another name");
            } else if !expression.names().contains(name) {
                self.report(place, format!("`{name}` does not occur in the formula"), "a name in `f`");
            }
        }
    }

    /// A rate that the transfer function reaches at no finite input, or at infinitely many, fixes no drive.
    pub(super) fn rest(&mut self, path: &str, population: &Population, rest: f64) {
        let unit = self.scenario.circuit.input_unit;
        let path = joined(path, "rest");
        let print = |rate| Dimension::Rate.print(rate, unit, 6);
        let (least, largest) = population.transfer.limits();
        if let Some(least) = least.filter(|least| rest <= *least) {
            let limit = print(least);
            let message = format!("a rest of {} does not fix the drive", print(rest));
            self.report(path, message, format!("a rest above {limit}, or an explicit `drive`"));
        } else if let Some(largest) = largest.filter(|largest| rest >= *largest) {
            let limit = print(largest);
            let message = format!("a rest of {} is not below the transfer function's maximum of {limit}", print(rest));
            self.report(path, message, format!("less than {limit}, or an explicit `drive`"));
        }
    }
}
