//! Ties: parameters that are formulas of others, such as a weight that keeps a state in place while others change.
//!
//! Names in a formula are the paths of parameters, in their base units; a name without a dot is one of the `constants`.
//! Ties are carried out whenever a parameter is set, so they hold after `--set`, at every point of a sweep and in every arm.

use super::declare::{Node, Setting};
use super::listing::{Value, list};
use super::path::{self, PathError, segments};
use super::whole::Scenario;
use crate::numeric::expression::Expression;
use std::collections::HashMap;

/// Why a tie cannot be carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct TieError {
    /// Path of the parameter that is tied.
    pub target: String,
    /// What is wrong.
    pub message: String,
    /// What was expected.
    pub expected: String,
    /// The nearest path, where a name is wrong.
    pub nearest: Option<String>,
}

struct Tie {
    target: String,
    place: Vec<String>,
    expression: Expression,
    /// The paths of its names.
    names: Vec<Vec<String>>,
}

impl Scenario {
    /// Gives every tied parameter its value. Nothing is done where there are no ties.
    ///
    /// # Errors
    /// [`TieError`] where a formula cannot be read, a name is unknown, ties depend on one another in a circle, or a value
    /// does not fit its parameter.
    pub fn tie(&mut self) -> Result<(), TieError> {
        if self.circuit.written().tie.is_empty() {
            return Ok(());
        }
        let ties = self.circuit.written().tie.iter().map(|(target, formula)| Tie::read(target, formula));
        let ties = ties.collect::<Result<Vec<_>, _>>()?;
        for tie in in_order(&ties)? {
            let value = self.value_of(tie)?;
            self.assign_tied(&tie.target, value)?;
        }
        Ok(())
    }

    /// Whether a path is that of a tied parameter.
    pub(super) fn is_tied(&self, path: &str) -> bool {
        let place = segments(path);
        self.circuit.written().tie.keys().any(|target| segments(target) == place)
    }

    fn value_of(&mut self, tie: &Tie) -> Result<f64, TieError> {
        let numbers = numbers(self);
        let mut values = Vec::with_capacity(tie.names.len());
        for (place, name) in tie.names.iter().zip(tie.expression.names()) {
            let Some(value) = numbers.get(place) else {
                let paths: Vec<String> = list(self).into_iter().map(|entry| entry.path).collect();
                return Err(TieError {
                    nearest: super::nearest(name, paths.iter().map(String::as_str)),
                    ..tie.error(format!("`{name}` is no parameter"), "paths of numbers, or names of `constants`")
                });
            };
            values.push(*value);
        }
        let value = tie.expression.value(&values);
        if value.is_finite() { Ok(value) } else { Err(tie.error(format!("it gives {value}"), "a finite number")) }
    }

    fn assign_tied(&mut self, target: &str, value: f64) -> Result<(), TieError> {
        let input = self.circuit.input_unit;
        match path::assign_in_base_unit(self, target, value, input) {
            Ok(_) => {
                self.choose_drive_or_rest(target);
                Ok(())
            }
            Err(PathError::NoSuchPath { path, nearest }) => Err(TieError {
                target: target.to_owned(),
                message: format!("there is no parameter `{path}` to tie"),
                expected: "the path of a number".into(),
                nearest,
            }),
            Err(PathError::BadValue { message, expected, .. }) => {
                let message = format!("it gives {value}: {message}");
                Err(TieError { target: target.to_owned(), message, expected, nearest: None })
            }
        }
    }
}

impl Tie {
    fn read(target: &str, formula: &Setting) -> Result<Self, TieError> {
        let error = |message: String| TieError {
            target: target.to_owned(),
            message,
            expected: "a formula of other parameters, such as \"2 * onto.E.E\"".into(),
            nearest: None,
        };
        let expression = match formula {
            Setting::Text(text) => Expression::parse(text).map_err(|problem| error(problem.to_string()))?,
            Setting::Number(number) => Expression::constant(*number),
            Setting::Flag(_) => return Err(error("a switch is no formula".into())),
            Setting::List(_) => return Err(error("a list is no formula".into())),
        };
        let place_of = |name: &String| {
            let place = segments(name);
            if place.len() == 1 { [vec!["constants".to_owned()], place].concat() } else { place }
        };
        let names = expression.names().iter().map(place_of).collect();
        Ok(Self { target: target.to_owned(), place: segments(target), expression, names })
    }

    fn error(&self, message: String, expected: &str) -> TieError {
        TieError { target: self.target.clone(), message, expected: expected.to_owned(), nearest: None }
    }
}

/// Ties after those that they depend on.
fn in_order(ties: &[Tie]) -> Result<Vec<&Tie>, TieError> {
    let mut done: Vec<&Tie> = Vec::with_capacity(ties.len());
    while done.len() < ties.len() {
        let is_done = |place: &[String]| done.iter().any(|tie| tie.place == place);
        let waits_for =
            |tie: &Tie| ties.iter().find(|other| tie.names.contains(&other.place) && !is_done(&other.place));
        let waiting = || ties.iter().filter(|tie| !is_done(&tie.place));
        match waiting().find(|tie| waits_for(tie).is_none()) {
            Some(free) => done.push(free),
            None => {
                // Each waits for another: following them leads into a circle.
                let mut chain: Vec<&Tie> = waiting().take(1).collect();
                while let Some(next) = chain.last().and_then(|tie| waits_for(tie)) {
                    if let Some(start) = chain.iter().position(|tie| tie.place == next.place) {
                        chain.drain(..start);
                        break;
                    }
                    chain.push(next);
                }
                let names: Vec<&str> = chain.iter().map(|tie| tie.target.as_str()).collect();
                let circle = format!("{} -> {}", names.join(" -> "), names.first().unwrap_or(&""));
                let first = chain.first().or(ties.first().as_ref()).map(|tie| tie.target.clone());
                return Err(TieError {
                    target: first.unwrap_or_default(),
                    message: format!("ties depend on one another in a circle: {circle}"),
                    expected: "a formula that does not lead back here".into(),
                    nearest: None,
                });
            }
        }
    }
    Ok(done)
}

/// Every number of a specification by its path.
fn numbers(node: &mut dyn Node) -> HashMap<Vec<String>, f64> {
    let entries = list(node).into_iter();
    let number = |value| match value {
        Value::Number(number) => Some(number),
        Value::Whole(whole) => Some(whole as f64),
        Value::Text(_) | Value::Flag(_) | Value::OfRest(_) => None,
    };
    entries.filter_map(|entry| Some((segments(&entry.path), number(entry.value)?))).collect()
}
