//! Checks of the circuit.

use super::{Checks, Problem};
use crate::scenario::circuit::{Circuit, Form, Population, Role};
use crate::scenario::connections::{Compartment, Weight};
use crate::scenario::mechanism::{Divided, NoiseKind, NoiseSite};
use crate::scenario::path::joined;
use crate::scenario::synapse::Synapses;
use crate::scenario::units::{Kernel, KernelShape, MOST_UNITS, is_of, unit_name};

/// Beyond these the equations over- or underflow before anything physiological is left to compute.
const LARGEST_INPUT: f64 = 1e9;
const LARGEST_TIME_CONSTANT: f64 = 1e9;
/// Each step of a delay is held in memory.
const MOST_DELAY_STEPS: f64 = 1e6;
/// Keys that stand beside the sources of weights.
const RESERVED: [&str; 5] = ["through", "dendrite", "divisive", "second", "source"];
const TAU_EXPECTED: &str = "a time such as \"20 ms\" (units: ms, us, s, min)";

impl Checks<'_> {
    pub(super) fn circuit(&mut self) {
        let scenario = self.scenario;
        let circuit = scenario.circuit.written();
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
        self.ties();
        self.units();
        for (class, synapses) in &circuit.synapses {
            let path = joined("synapses", class);
            self.plain_name(&path, class);
            self.synapses(&path, synapses);
        }
        self.modulations();
        for target in circuit.onto.keys() {
            self.population_or_unit(joined("onto", target), target);
        }
        for weight in circuit.weights() {
            self.weight(&weight);
        }
        if let Some(names) = algebraic_loop(&scenario.circuit) {
            let owner = circuit.written_owner(&names[0]).map_or(names[0].as_str(), |(owner, _)| owner);
            let path = joined("populations", owner);
            let message = format!("an algebraic loop: {}", names.join(" -> "));
            self.report(path, message, "a gate or a delay in one of these connections, or another form");
        }
    }

    fn synapses(&mut self, path: &str, synapses: &Synapses) {
        let Some(plasticity) = &synapses.plasticity else { return };
        let path = joined(path, "plasticity");
        if plasticity.facilitation.is_none() && plasticity.depression.is_none() {
            self.report(&path, "neither `facilitation` nor `depression` is given", "a time constant of one of them");
        }
        if plasticity.utilisation == 0.0 {
            self.report(joined(&path, "U"), "synapses that use nothing transmit nothing", "more than 0, at most 1");
        }
    }

    fn weight(&mut self, weight: &Weight<'_>) {
        let scenario = self.scenario;
        let path = weight.path();
        if let Some(class) = weight.class {
            let classes = scenario.circuit.synapses.keys().map(String::as_str);
            self.known(path.clone(), "class of synapses", class, classes);
        }
        if !self.population_or_unit(path.clone(), weight.from) {
            return;
        }
        let written = scenario.circuit.written();
        let target = written.written_owner(weight.onto).and_then(|(owner, _)| written.populations.get(owner));
        match weight.compartment {
            Compartment::Soma => {}
            Compartment::Dendrite => {
                if target.is_some_and(|target| target.dendrite.is_none()) {
                    let message = format!("`{}` has no dendrite", weight.onto);
                    self.report(path.clone(), message, format!("a `[populations.{}.dendrite]`", weight.onto));
                }
            }
            Compartment::Second => {
                if target.is_some_and(|target| !target.transfer.has_second_input()) {
                    let message = format!("the transfer function of `{}` has no second input", weight.onto);
                    self.report(path.clone(), message, "a formula in x and y: `kind = \"expression\"`");
                }
            }
            Compartment::Divisive => {
                if weight.value < 0.0 {
                    self.report(path.clone(), "a divisive weight below 0", "0 or more");
                }
                let divided = target.and_then(|target| target.division.clone()).unwrap_or_default().of;
                if target.is_some_and(|target| target.form == Form::Voltage) && divided == Divided::Output {
                    let message = "the rate of the voltage form follows from its own variable alone";
                    self.report(path, message, "`division = { of = \"input\" }`");
                }
                return;
            }
        }
        self.weight_sign(path, weight.from, weight.value);
    }

    fn written_population(&mut self, path: String, name: &str) -> bool {
        let scenario = self.scenario;
        self.known(path, "population", name, scenario.circuit.written().populations.keys().map(String::as_str))
    }

    /// A population, or a unit of one, as weights name them.
    fn population_or_unit(&mut self, path: String, name: &str) -> bool {
        let circuit = self.scenario.circuit.written();
        if circuit.written_owner(name).is_some() {
            return true;
        }
        let ring = |(owner, population): (&String, &Population)| {
            let units = population.ring().filter(|_| is_of(name, owner))?;
            Some(format!("a unit from {} to {}", unit_name(owner, 0), unit_name(owner, units - 1)))
        };
        match circuit.populations.iter().find_map(ring) {
            Some(expected) => {
                self.report(path, format!("there is no unit `{name}`"), expected);
                false
            }
            None => self.written_population(path, name),
        }
    }

    /// Populations of several units, and the kernels between them.
    fn units(&mut self) {
        let scenario = self.scenario;
        let circuit = scenario.circuit.written();
        if scenario.circuit.is_folded() {
            self.report("populations", "populations of several units are not laid out", "a call of `Circuit::expand`");
        }
        for (name, population) in circuit.populations.iter().filter(|(_, population)| population.units > MOST_UNITS) {
            let path = joined(&joined("populations", name), "units");
            self.report(path, format!("{} units", population.units), format!("at most {MOST_UNITS}"));
        }
        for (index, kernel) in circuit.kernels.iter().enumerate() {
            let path = joined("kernels", &index.to_string());
            self.kernel(&path, kernel);
            if circuit.weights_between(&kernel.onto, &kernel.from).is_empty() {
                let message =
                    format!("there is no weight from `{}` onto `{}` that could fall", kernel.from, kernel.onto);
                self.report(path.clone(), message, format!("a weight under [onto.{}]", kernel.onto));
            }
            if circuit.kernels[..index].iter().any(|other| (&other.onto, &other.from) == (&kernel.onto, &kernel.from)) {
                let message = format!("there is already a kernel from `{}` onto `{}`", kernel.from, kernel.onto);
                self.report(path, message, "one for each pair");
            }
        }
    }

    fn kernel(&mut self, path: &str, kernel: &Kernel) {
        let onto_known = self.written_population(joined(path, "onto"), &kernel.onto);
        let from_known = self.written_population(joined(path, "from"), &kernel.from);
        if !(onto_known && from_known) {
            return;
        }
        let populations = &self.scenario.circuit.written().populations;
        let [onto, from] = [&kernel.onto, &kernel.from].map(|name| populations.get(name));
        let [onto_ring, from_ring] = [onto, from].map(|it| it.is_some_and(|population| population.units > 1));
        let role = from.map_or(Role::Either, |source| source.role);
        if !onto_ring && !from_ring {
            let message =
                format!("neither `{}` nor `{}` has units among which a weight could fall", kernel.onto, kernel.from);
            self.report(joined(path, "from"), message, "a population of several `units`");
        } else if !(onto_ring && from_ring) && kernel.centre.is_none() {
            let (place, name) = if onto_ring { ("from", &kernel.from) } else { ("onto", &kernel.onto) };
            let message = format!("`{name}` has no units, so that it lies nowhere on the ring");
            self.report(
                joined(path, place),
                message,
                "a population of several `units`, or a `centre` for it, in degrees",
            );
        }
        if role != Role::Either && !kernel.shape.keeps_sign() {
            let message = format!("with this kernel the weights of `{}` change their sign", kernel.from);
            let cosine = matches!(kernel.shape, KernelShape::Cosine { .. });
            let expected = "an amplitude of at most 1, or a population of either role";
            self.report(joined(path, if cosine { "amplitude" } else { "shape" }), message, expected);
        }
    }

    fn ties(&mut self) {
        let mut tied = self.scenario.clone();
        match tied.tie() {
            Err(error) => self.problems.push(Problem {
                path: joined("tie", &error.target),
                message: error.message,
                expected: error.expected,
                nearest: error.nearest,
            }),
            Ok(()) if tied.circuit != self.scenario.circuit => {
                self.report("tie", "tied parameters do not have their values", "a call of `Scenario::tie`");
            }
            Ok(()) => {}
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
        let circuit = self.scenario.circuit.written();
        let owner = circuit.written_owner(source).and_then(|(owner, _)| circuit.populations.get(owner));
        let role = owner.map_or(Role::Either, |population| population.role);
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
        if RESERVED.contains(&name_of(path)) {
            let message = format!("`{}` has a meaning of its own under [onto.POPULATION]", name_of(path));
            self.report(path, message, "another name");
        }
        if population.form != Form::Algebraic && population.tau == 0.0 {
            self.report(path, format!("`tau` is missing in `{path}`"), TAU_EXPECTED);
        }
        self.population_form(path, population);
        if population.tau > LARGEST_TIME_CONSTANT {
            self.report(joined(path, "tau"), "a time constant of more than eleven days", "at most 1e9 ms");
        }
        if population.drive.is_some_and(|drive| drive.abs() > LARGEST_INPUT) {
            self.report(joined(path, "drive"), "a drive beyond any circuit", "at most 1e9 input units");
        }
        self.transfer(&joined(path, "transfer"), &population.transfer);
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

    /// What does not go with the form of a population.
    fn population_form(&mut self, path: &str, population: &Population) {
        let algebraic = population.form == Form::Algebraic;
        if algebraic && population.refractory.is_some() {
            let message = "the algebraic form has no refractory factor: the rate would depend on itself";
            self.report(joined(path, "refractory"), message, "the rate form");
        }
        if population.floor.is_some() && population.form != Form::Rate {
            self.report(joined(path, "floor"), "only the rate form has a state that is a rate", "the rate form");
        }
        let of_two = population.transfer.has_second_input();
        if of_two && population.form == Form::Voltage {
            let message =
                "the rate of the voltage form follows from its own variable alone, so there is no second input";
            self.report(joined(&joined(path, "transfer"), "f"), message, "the rate or the algebraic form");
        }
        if population.second.is_some() && !of_two {
            let message = "its transfer function has no second input";
            self.report(joined(path, "second"), message, "a formula in x and y: `kind = \"expression\"`");
        }
        let white = population.noise.as_ref().filter(|noise| noise.kind == NoiseKind::White);
        if algebraic && white.is_some() {
            let message = "the algebraic form has no time constant over which white noise would be averaged";
            self.report(joined(path, "noise"), message, "Ornstein-Uhlenbeck noise, or another form");
        }
        let at_rate = population.noise.as_ref().is_some_and(|noise| noise.at == NoiseSite::Rate);
        if at_rate && population.form == Form::Voltage {
            let message = "the voltage form has no rate of its own to which noise could be added";
            self.report(joined(path, "noise"), message, "`at = \"input\"`");
        }
    }

    /// Delays against the step of fast time.
    pub(super) fn delays(&mut self) {
        let scenario = self.scenario;
        let step = scenario.run.step;
        for (class, synapses) in &scenario.circuit.synapses {
            let path = joined(&joined("synapses", class), "delay");
            match synapses.delay {
                Some(delay) if delay < step => {
                    let message = format!("a delay of {delay} ms is shorter than the step of {step} ms");
                    self.report(path, message, "a shorter `run.step`");
                }
                Some(delay) if delay > MOST_DELAY_STEPS * step => {
                    let message = format!("a delay of {delay} ms is more than a million steps of {step} ms");
                    self.report(path, message, "a shorter delay, or a longer `run.step`");
                }
                _ => {}
            }
        }
    }
}

/// The last part of a path, without quotes.
fn name_of(path: &str) -> &str {
    path.trim_start_matches("populations.").trim_matches('"')
}

/// Algebraic populations of which each feeds the next at once, and the last the first; none where there are none.
fn algebraic_loop(circuit: &Circuit) -> Option<Vec<String>> {
    let algebraic = |name: &str| circuit.populations.get(name).is_some_and(|it| it.form == Form::Algebraic);
    let at_once = |class: Option<&str>| {
        let synapses = class.and_then(|class| circuit.synapses.get(class));
        synapses.is_none_or(|synapses| synapses.gate.is_none() && synapses.delay.is_none())
    };
    let weights: Vec<Weight<'_>> = circuit.connections().collect();
    let plain = weights.iter().filter(|weight| at_once(weight.class)).map(|weight| (weight.from, weight.onto));
    let read: Vec<(String, &str)> = weights
        .iter()
        .flat_map(|weight| circuit.read_at_once(weight).into_iter().map(|from| (from, weight.onto)).collect::<Vec<_>>())
        .collect();
    let edges: Vec<(&str, &str)> = plain
        .chain(read.iter().map(|(from, onto)| (from.as_str(), *onto)))
        .filter(|(from, onto)| algebraic(from) && algebraic(onto))
        .collect();
    // Whoever is fed by nobody within the rest is in no loop; what then remains are loops and what hangs on them.
    let mut rest: Vec<&str> = circuit.populations.keys().map(String::as_str).filter(|name| algebraic(name)).collect();
    loop {
        let kept: Vec<&str> = rest
            .iter()
            .copied()
            .filter(|name| edges.iter().any(|(from, onto)| onto == name && rest.contains(from)))
            .collect();
        if kept.len() == rest.len() {
            break;
        }
        rest = kept;
    }
    // Back along the edges until a population comes twice.
    let mut path = vec![*rest.first()?];
    loop {
        let last = *path.last()?;
        let (before, _) = edges.iter().find(|(from, onto)| *onto == last && rest.contains(from))?;
        if let Some(start) = path.iter().position(|name| name == before) {
            let mut names: Vec<String> = path[start..].iter().rev().map(|name| (*name).to_owned()).collect();
            names.push(names[0].clone());
            return Some(names);
        }
        path.push(before);
    }
}
