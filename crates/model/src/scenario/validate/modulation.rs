//! Checks of formulas that scale synapses by fast variables.

use super::{Checks, Problem};
use crate::numeric::expression::Expression;
use crate::scenario::circuit::Circuit;
use crate::scenario::modulation::{FastVariable, Modulation, ModulationSite, Owner, Part};
use crate::scenario::nearest;
use crate::scenario::path::joined;

const EXAMPLE: &str =
    "a formula over fast variables, such as \"resources.CLASS.source\" or \"1 / (1 + rate.POPULATION / k)\"";
const VARIABLES: &str = "rate, voltage or adaptation, or gate, utilisation or resources of a class, of `source`, `target` or a \
                         population";

impl Checks<'_> {
    /// The modulation of each class of synapses.
    pub(super) fn modulations(&mut self) {
        let scenario = self.scenario;
        let circuit = &scenario.circuit;
        for (class, synapses) in &circuit.synapses {
            let Some(modulation) = &synapses.modulation else { continue };
            let path = joined(&joined("synapses", class), "modulation");
            let Some(expression) = self.modulation_formula(&path, modulation) else { continue };
            for name in expression.names().iter().filter(|name| !modulation.parameters.contains_key(*name)) {
                self.fast_variable(&joined(&path, "f"), (class, modulation), name);
            }
        }
        if let Some(classes) = circle(circuit) {
            let path = Circuit::modulation_path(&classes[0]);
            let message = format!("gates that open by each other's state: {}", classes.join(" -> "));
            self.report(path, message, "releases that follow no gate that follows them");
        }
    }

    fn modulation_formula(&mut self, path: &str, modulation: &Modulation) -> Option<Expression> {
        let place = joined(path, "f");
        let expression = match Expression::parse(&modulation.f) {
            Ok(expression) => expression,
            Err(error) => {
                self.report(place, error.to_string(), EXAMPLE);
                return None;
            }
        };
        for name in modulation.parameters.keys() {
            let place = joined(&joined(path, "parameters"), name);
            if FastVariable::named(name).is_some() {
                self.report(place, format!("`{name}` is a fast variable"), "a name without dots");
            } else if !expression.names().contains(name) {
                self.report(place, format!("`{name}` does not occur in the formula"), "a name in `f`");
            }
        }
        Some(expression)
    }

    /// One name in the formula of a class: it must be a variable of every synapse of that class.
    fn fast_variable(&mut self, place: &str, (class, modulation): (&str, &Modulation), name: &str) {
        let scenario = self.scenario;
        let circuit = &scenario.circuit;
        let Some(variable) = FastVariable::named(name) else {
            let known = circuit.variable_names();
            let rates = circuit.populations.keys().map(|population| format!("rate.{population}"));
            let all: Vec<String> =
                known.into_iter().chain(rates).chain(modulation.parameters.keys().cloned()).collect();
            self.problems.push(Problem {
                path: place.to_owned(),
                message: format!("`{name}` is neither a fast variable nor among the parameters"),
                expected: format!("{VARIABLES}; or `parameters = {{ {name} = ... }}`"),
                nearest: nearest(name, all.iter().map(String::as_str)),
            });
            return;
        };
        if variable.owner == Owner::Target && modulation.at == ModulationSite::Release {
            let message = format!("`{name}`: what a source releases is the same for all its targets");
            return self.report(place, message, "`at = \"weight\"`, or a variable of the source or of a population");
        }
        if let Owner::Named(owner) = &variable.owner
            && circuit.written().populations.get(owner).is_some_and(|population| population.ring().is_some())
        {
            let message = format!("`{name}`: `{owner}` is a population of several units");
            return self.report(
                place,
                message,
                format!("one of them, such as \"{owner}[0]\" in quotes, or `source` or `target`"),
            );
        }
        let through: Vec<(String, String)> = circuit
            .weights()
            .iter()
            .filter(|weight| weight.class == Some(class))
            .map(|weight| (weight.from.to_owned(), weight.onto.to_owned()))
            .collect();
        let owners = through.iter().map(|(source, target)| variable.population(source, target));
        let named = if let Owner::Named(owner) = &variable.owner { Some(owner.as_str()) } else { None };
        let mut missing = owners.chain(named).filter_map(|owner| variable.missing_in(circuit, owner));
        if let Some(message) = missing.next() {
            let owner = named.unwrap_or_default();
            let near = nearest(owner, circuit.populations.keys().map(String::as_str)).filter(|near| near != owner);
            self.problems.push(Problem {
                path: place.to_owned(),
                message: format!("`{name}`: {message}"),
                expected: VARIABLES.to_owned(),
                nearest: near,
            });
        }
    }
}

/// Classes of synapses whose releases follow each other's gates in a circle; none where there are none.
fn circle(circuit: &Circuit) -> Option<Vec<String>> {
    let follows = |class: &str| -> Vec<String> {
        let modulation = circuit.modulation(Some(class)).filter(|it| it.at == ModulationSite::Release);
        let variables = modulation.map(Modulation::variables).unwrap_or_default();
        variables
            .into_iter()
            .filter_map(|it| if let Part::Gate(class) = it.part { Some(class) } else { None })
            .collect()
    };
    for start in circuit.synapses.keys() {
        // Paths of growing length; each class is entered once.
        let mut paths = vec![vec![start.clone()]];
        let mut next = 0;
        while next < paths.len() {
            let path = paths[next].clone();
            next += 1;
            for class in path.last().map(|last| follows(last)).unwrap_or_default() {
                let longer: Vec<String> = path.iter().cloned().chain([class.clone()]).collect();
                if class == *start {
                    return Some(longer);
                }
                if !paths.iter().any(|path| path.last() == Some(&class)) {
                    paths.push(longer);
                }
            }
        }
    }
    None
}
