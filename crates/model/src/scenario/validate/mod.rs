//! What a specification must satisfy beyond each number's own range: names that exist, signs that fit, times in order.
//!
//! Every problem is collected, each with the path of the value it is about; `config` adds file, line and column.

mod arms;
mod circuit;
mod modulation;
mod pharmacology;
mod stimulus;
mod transfer;

use super::effect::{Effect, Target};
use super::nearest;
use super::path::joined;
use super::signal::Signal;
use super::whole::Scenario;

/// Something wrong with a specification.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Path of the value or table that it is about.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What is expected there; may be empty.
    pub expected: String,
    /// The nearest valid name, where a name is wrong.
    pub nearest: Option<String>,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)?;
        if !self.expected.is_empty() {
            write!(formatter, "; expected {}", self.expected)?;
        }
        match &self.nearest {
            Some(name) => write!(formatter, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// Every problem of a scenario; none where it can be run (but for a rest that turns out unstable).
pub fn validate(scenario: &Scenario) -> Vec<Problem> {
    let mut checks = Checks::new(scenario);
    checks.circuit();
    checks.pharmacology();
    checks.run();
    checks.arms();
    checks.problems
}

/// Every problem of a circuit alone.
pub fn validate_circuit(scenario: &Scenario) -> Vec<Problem> {
    let mut checks = Checks::new(scenario);
    checks.circuit();
    checks.problems
}

struct Checks<'a> {
    scenario: &'a Scenario,
    signals: Vec<Signal>,
    problems: Vec<Problem>,
}

impl<'a> Checks<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        Self { scenario, signals: Signal::recorded(scenario), problems: Vec::new() }
    }
}

impl Checks<'_> {
    fn report(&mut self, path: impl Into<String>, message: impl Into<String>, expected: impl Into<String>) {
        self.problems.push(Problem {
            path: path.into(),
            message: message.into(),
            expected: expected.into(),
            nearest: None,
        });
    }

    /// Reports a name that is not among the known ones. True where it is.
    fn known<'n>(&mut self, path: String, what: &str, name: &str, all: impl Iterator<Item = &'n str>) -> bool {
        let all: Vec<&str> = all.collect();
        if all.contains(&name) {
            return true;
        }
        let expected = if all.is_empty() { format!("a {what}, of which there are none") } else { all.join(", ") };
        self.problems.push(Problem {
            path,
            message: format!("there is no {what} `{name}`"),
            expected,
            nearest: nearest(name, all.into_iter()),
        });
        false
    }

    fn known_population(&mut self, path: String, name: &str) -> bool {
        let scenario = self.scenario;
        self.known(path, "population", name, scenario.circuit.populations.keys().map(String::as_str))
    }

    fn known_ligand(&mut self, path: String, name: &str) -> bool {
        let scenario = self.scenario;
        self.known(path, "ligand", name, scenario.ligands.keys().map(String::as_str))
    }

    fn known_receptor(&mut self, path: String, name: &str) -> bool {
        let scenario = self.scenario;
        self.known(path, "receptor", name, scenario.receptors.keys().map(String::as_str))
    }

    /// Names are joined by dots in paths and signals, so they hold none themselves.
    fn plain_name(&mut self, path: &str, name: &str) {
        if name.is_empty() || name.contains(['.', '"']) || name.chars().any(char::is_control) {
            self.report(path, format!("`{name}` cannot be a name"), "a name without dots, quotes and line breaks");
        }
    }

    fn signal(&mut self, path: String, name: &str) {
        if let Err(bad) = Signal::resolve(name, self.scenario, &self.signals) {
            let (message, expected, nearest) = (bad.message, bad.expected, bad.nearest);
            self.problems.push(Problem { path, message, expected, nearest });
        }
    }

    /// Checks effects at a site of a population, or of stress where there is none.
    fn effects(&mut self, path: &str, effects: &[Effect], population: Option<&str>) {
        for (index, effect) in effects.iter().enumerate() {
            let path = joined(path, &index.to_string());
            match effect.resolve(population) {
                Err(message) => self.report(&path, message, "for example { on = \"POPULATION\", drive = … }"),
                Ok((target, _)) => self.target(&path, &target),
            }
            for (key, signals) in [("reduced_by", &effect.reduced_by), ("raised_by", &effect.raised_by)] {
                for name in signals.keys() {
                    self.signal(joined(&joined(&path, key), name), name);
                }
            }
        }
    }

    fn target(&mut self, path: &str, target: &Target) {
        let circuit = &self.scenario.circuit;
        match target {
            Target::Drive(name) | Target::Gain(name) | Target::Tau(name) => {
                self.known_population(joined(path, "on"), name);
            }
            Target::Sigma(name) => {
                let noiseless = circuit.populations.get(name).is_some_and(|population| population.noise.is_none());
                if self.known_population(joined(path, "on"), name) && noiseless {
                    self.report(joined(path, "sigma"), format!("`{name}` has no noise to scale"), "");
                }
            }
            Target::Adaptation(name) => {
                let absent = circuit.populations.get(name).is_some_and(|population| population.adaptation.is_none());
                if self.known_population(joined(path, "on"), name) && absent {
                    self.report(joined(path, "adaptation"), format!("`{name}` has no adaptation to scale"), "");
                }
            }
            Target::Output(name) => {
                self.known_population(joined(path, "from"), name);
            }
            Target::Weight { from, onto } => {
                let absent = circuit.weights_between(onto, from).is_empty();
                let from_known = self.known_population(joined(path, "from"), from);
                let onto_known = self.known_population(joined(path, "onto"), onto);
                if from_known && onto_known && absent {
                    let message = format!("there is no connection from `{from}` onto `{onto}` to scale");
                    self.report(joined(path, "weight"), message, format!("a weight under [onto.{onto}]"));
                }
            }
        }
    }

    /// Checks that a span of time is in order and touches the run.
    fn span(&mut self, path: &str, from: Option<f64>, to: Option<f64>) {
        let run = &self.scenario.run;
        let (start, end) = (from.unwrap_or(run.from), to.unwrap_or(run.to));
        if start >= end {
            let place = if to.is_some() { "to" } else { "from" };
            self.report(joined(path, place), "the span ends before it starts", "`to` later than `from`");
        } else if start >= run.to || end <= run.from {
            let place = if from.is_some() { "from" } else { "to" };
            self.report(joined(path, place), "the span lies outside the run", self.run_span());
        }
    }

    fn run_span(&self) -> String {
        use crate::units::Dimension::Time;
        let run = &self.scenario.run;
        let unit = self.scenario.circuit.input_unit;
        format!("a time between {} and {}", Time.print(run.from, unit, 6), Time.print(run.to, unit, 6))
    }
}
