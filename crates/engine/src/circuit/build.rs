//! From the specification of a circuit to its equations over lanes.

use super::mechanisms::{Dendrite, Event, Mechanism, MechanismRows};
use super::synapses::{Channel, ChannelRows, Depletion};
use super::transfer::{Numbers, Transfer};
use super::{Connection, Evaluation, Population, PopulationRows, Rows, Shape};
use crate::numeric::lanes::Row;
use crate::scenario::{self, Compartment, Form, NoiseKind, NoiseSite, SigmaMeans};
use std::ops::Range;

/// Builds shape and numbers from one circuit per lane. Circuits must have the same populations in the same order, with
/// the same forms, mechanisms, classes of synapses and kinds of transfer functions; the last fills the lanes that are left.
///
/// Drives are those of the specification, 0 where they are to be solved.
pub fn build<const G: usize>(circuits: &[&scenario::Circuit]) -> (Shape<G>, Rows<G>) {
    let names: Vec<&str> = circuits[0].populations.keys().map(String::as_str).collect();
    let mut builder = Builder {
        circuits,
        shape: Shape {
            populations: Vec::new(),
            connections: Vec::new(),
            channels: Vec::new(),
            mechanisms: Vec::new(),
            modulators: Vec::new(),
            modulated: Vec::new(),
            order: Vec::new(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            plain: true,
        },
        rows: Rows {
            weight: Vec::new(),
            populations: Vec::new(),
            channels: Vec::new(),
            mechanisms: Vec::new(),
            modulators: Vec::new(),
            inverse_tau: Vec::new(),
        },
        names,
    };
    builder.build();
    (builder.shape, builder.rows)
}

pub(super) struct Builder<'a, const G: usize> {
    pub(super) circuits: &'a [&'a scenario::Circuit],
    pub(super) names: Vec<&'a str>,
    pub(super) shape: Shape<G>,
    pub(super) rows: Rows<G>,
}

impl<'a, const G: usize> Builder<'a, G> {
    fn build(&mut self) {
        for target in 0..self.names.len() {
            let inputs = self.connect(target, Compartment::Soma);
            self.populate(target, inputs);
        }
        for target in 0..self.names.len() {
            self.add_mechanism(target);
        }
        self.add_named_channels();
        self.number_variables();
        self.modulate();
        let algebraic = self.shape.populations.iter().any(|population| population.form == Form::Algebraic);
        self.shape.plain = self.shape.channels.is_empty() && self.shape.mechanisms.is_empty() && !algebraic;
        self.shape.order = order(&self.shape);
    }

    /// A population as each circuit has it: looked up once, not for every number of every lane.
    fn populations(&self, population: usize) -> Vec<Option<&'a scenario::Population>> {
        self.circuits.iter().map(|circuit| circuit.populations.get(self.names[population])).collect()
    }

    /// Adds the connections onto one place: plain ones, then class by class.
    fn connect(&mut self, target: usize, compartment: Compartment) -> Range<usize> {
        let before = self.shape.connections.len();
        let onto = self.names[target];
        let receives = |circuit: &&scenario::Circuit| {
            circuit.onto.get(onto).is_some_and(|weights| {
                let (plain, through) = weights.at(compartment);
                !plain.is_empty() || !through.is_empty()
            })
        };
        if !self.circuits.iter().any(receives) {
            return before..before;
        }
        let classes: Vec<String> = self.circuits[0].synapses.keys().cloned().collect();
        let mut weights: Vec<f64> = Vec::with_capacity(self.circuits.len());
        for class in std::iter::once(None).chain(classes.iter().map(|class| Some(class.as_str()))) {
            for source in 0..self.names.len() {
                let from = self.names[source];
                weights.clear();
                weights.extend(self.circuits.iter().map(|circuit| circuit.weight_at(onto, compartment, class, from)));
                if weights.iter().all(|weight| *weight == 0.0) {
                    continue;
                }
                let output = class.map_or(source, |class| self.names.len() + self.channel(class, source));
                self.shape.connections.push(Connection { target, source, output, compartment });
                self.rows.weight.push(Row::from_fn(|lane| weights[lane.min(weights.len() - 1)]));
            }
        }
        before..self.shape.connections.len()
    }

    /// The channel of a class and source, made if there is none yet.
    pub(super) fn channel(&mut self, class: &str, source: usize) -> usize {
        let known = |channel: &Channel| channel.class == class && channel.source == source;
        if let Some(index) = self.shape.channels.iter().position(known) {
            return index;
        }
        let spec = self.circuits[0].synapses.get(class).cloned().unwrap_or_default();
        let delayed = spec.delay.map(|_| self.shape.delays());
        // Variables are numbered at the end.
        let depletion = |plastic: &scenario::ShortTermPlasticity| Depletion {
            utilisation: plastic.facilitation.map(|_| 0),
            resources: plastic.depression.map(|_| 0),
            normalised: plastic.normalised,
        };
        self.shape.channels.push(Channel {
            class: class.to_owned(),
            source,
            plasticity: spec.plasticity.as_ref().map(depletion),
            gate: spec.gate.as_ref().map(|gate| (gate.kind, 0)),
            delayed,
            release: None,
        });
        let specs: Vec<Option<&scenario::Synapses>> =
            self.circuits.iter().map(|circuit| circuit.synapses.get(class)).collect();
        let rows = ChannelRows::new(&|lane| of_lane(&specs, lane).cloned());
        self.rows.channels.push(rows);
        self.shape.channels.len() - 1
    }

    fn populate(&mut self, index: usize, inputs: Range<usize>) {
        let populations = self.populations(index);
        let specs: Vec<&scenario::Transfer> =
            populations.iter().flatten().map(|population| &population.transfer).collect();
        let (transfer, numbers) = Transfer::new(&specs);
        let first = &self.circuits[0].populations[index];
        let population = Population {
            name: self.names[index].to_owned(),
            form: first.form,
            transfer,
            refractory: first.refractory.is_some(),
            scaled: false,
            noisy: first.noise.is_some(),
            noise_row: self.shape.populations.iter().filter(|population| population.noisy).count(),
            noise_kind: first.noise.as_ref().map_or_else(NoiseKind::default, |noise| noise.kind),
            first: inputs.start,
            inputs: inputs.len(),
            mechanism: None,
        };
        let rows = PopulationRows::new(numbers, &|lane| of_lane(&populations, lane));
        self.shape.populations.push(population);
        self.rows.populations.push(rows);
    }

    fn add_mechanism(&mut self, index: usize) {
        let onto_dendrite = self.connect(index, Compartment::Dendrite);
        let divisive = self.connect(index, Compartment::Divisive);
        let second = self.connect(index, Compartment::Second);
        let spec = &self.circuits[0].populations[index];
        let event = |event: &scenario::DendriticEvent| event.width.map_or(Event::Step, |_| Event::Smooth);
        let dendrite = spec
            .dendrite
            .as_ref()
            .map(|dendrite| Dendrite { inputs: onto_dendrite, event: dendrite.event.as_ref().map(event) });
        let what = spec.division.as_ref().map_or_else(scenario::Divided::default, |division| division.of);
        let mechanism = Mechanism {
            population: index,
            adaptation: spec.adaptation.as_ref().map(|_| 0),
            dendrite,
            division: (!divisive.is_empty()).then_some((what, divisive)),
            second: spec.transfer.has_second_input().then_some(second),
            noise_on_rate: spec.noise.as_ref().is_some_and(|noise| noise.at == NoiseSite::Rate),
            floored: spec.floor.is_some(),
        };
        if mechanism == (Mechanism { population: index, ..Mechanism::default() }) {
            return;
        }
        self.shape.populations[index].mechanism = Some(self.shape.mechanisms.len());
        let populations = self.populations(index);
        let rows = MechanismRows::new(&|lane| of_lane(&populations, lane));
        self.shape.mechanisms.push(mechanism);
        self.rows.mechanisms.push(rows);
    }

    /// Gives the variables behind those of the populations their numbers, names and time constants.
    fn number_variables(&mut self) {
        let Shape { channels, mechanisms, names, .. } = &mut self.shape;
        let mut taus: Vec<Row<G>> = Vec::new();
        let mut add = |name: String, tau: Row<G>| {
            names.push(name);
            taus.push(tau);
            names.len() - 1
        };
        let last = self.circuits.len() - 1;
        for channel in channels {
            let class = |lane: usize| self.circuits[lane.min(last)].synapses.get(&channel.class);
            let place = format!("{}.{}", channel.class, self.names[channel.source]);
            if let Some(depletion) = &mut channel.plasticity {
                let plastic = |lane: usize| class(lane).and_then(|class| class.plasticity.as_ref());
                if let Some(variable) = &mut depletion.utilisation {
                    let tau = Row::from_fn(|lane| plastic(lane).and_then(|it| it.facilitation).unwrap_or(1.0));
                    *variable = add(format!("utilisation.{place}"), tau);
                }
                if let Some(variable) = &mut depletion.resources {
                    let tau = Row::from_fn(|lane| plastic(lane).and_then(|it| it.depression).unwrap_or(1.0));
                    *variable = add(format!("resources.{place}"), tau);
                }
            }
            if let Some((_, variable)) = &mut channel.gate {
                let tau =
                    Row::from_fn(|lane| class(lane).and_then(|class| class.gate.as_ref()).map_or(1.0, |gate| gate.tau));
                *variable = add(format!("gate.{place}"), tau);
            }
        }
        for mechanism in mechanisms {
            if let Some(variable) = &mut mechanism.adaptation {
                let name = self.names[mechanism.population];
                let of_lane = |lane: usize| self.circuits[lane.min(last)].populations.get(name);
                let adaptation = |lane: usize| of_lane(lane).and_then(|population| population.adaptation.as_ref());
                let tau = Row::from_fn(|lane| adaptation(lane).map_or(1.0, |adaptation| adaptation.tau));
                *variable = add(format!("adaptation.{name}"), tau);
            }
        }
        self.rows.inverse_tau = taus.iter().map(|tau| Row::from_fn(|lane| 1.0 / tau.get(lane))).collect();
    }
}

/// What a lane has; the last circuit fills the lanes that are left.
fn of_lane<'a, T>(specs: &[Option<&'a T>], lane: usize) -> Option<&'a T> {
    specs.get(lane).or(specs.last()).copied().flatten()
}

impl<const G: usize> PopulationRows<G> {
    fn new<'a>(transfer: Numbers<G>, of_lane: &dyn Fn(usize) -> Option<&'a scenario::Population>) -> Self {
        let row = |pick: &dyn Fn(&scenario::Population) -> f64| Row::from_fn(|lane| of_lane(lane).map_or(0.0, pick));
        Self {
            drive: row(&|population| population.drive.unwrap_or(0.0)),
            sigma: row(&|population| population.noise.as_ref().map_or(0.0, |noise| sigma(noise, population.tau))),
            transfer,
            gain: Row::splat(1.0),
            inverse_tau: row(&|population| if population.form == Form::Algebraic { 0.0 } else { 1.0 / population.tau }),
            refractory: [
                row(&|population| population.refractory.as_ref().map_or(1.0, |factor| factor.k)),
                row(&|population| population.refractory.as_ref().map_or(0.0, |factor| factor.r)),
            ],
            noise_tau: row(&|population| population.noise.as_ref().map_or(1.0, |noise| noise.tau)),
        }
    }
}

/// The stationary s.d. of an Ornstein-Uhlenbeck noise, the density of a white one; `tau` is that of the population, in ms.
fn sigma(noise: &scenario::Noise, tau: f64) -> f64 {
    let seconds = 1e-3;
    match (noise.kind, noise.sigma_means) {
        (NoiseKind::OrnsteinUhlenbeck, SigmaMeans::Stationary) => noise.sigma,
        (NoiseKind::OrnsteinUhlenbeck, SigmaMeans::RootTau) => noise.sigma * std::f64::consts::FRAC_1_SQRT_2,
        (NoiseKind::OrnsteinUhlenbeck, SigmaMeans::Density) => noise.sigma / libm::sqrt(2.0 * noise.tau * seconds),
        (NoiseKind::White, SigmaMeans::Stationary) => noise.sigma * libm::sqrt(2.0 * tau * seconds),
        (NoiseKind::White, SigmaMeans::RootTau) => noise.sigma * libm::sqrt(tau * seconds),
        (NoiseKind::White, SigmaMeans::Density) => noise.sigma,
    }
}

/// An order in which every rate and channel follows from those before it; algebraic loops, which a valid circuit has not,
/// stand at the end.
fn order<const G: usize>(shape: &Shape<G>) -> Vec<Evaluation> {
    let n = shape.size();
    let mut known = vec![false; shape.outputs()];
    let mut order = Vec::new();
    let feeds = |target: usize, known: &[bool]| {
        shape.connections.iter().all(|connection| connection.target != target || known[connection.output])
    };
    let reads = |modulator: usize, known: &[bool]| shape.modulators[modulator].rates().all(|rate| known[rate]);
    let evaluation = |index: usize| match index.checked_sub(n) {
        None => Evaluation::Rate(index),
        Some(channel) if channel < shape.channels.len() => Evaluation::Channel(channel),
        Some(place) => Evaluation::Modulated(place - shape.channels.len()),
    };
    while order.len() < shape.outputs() {
        let before = order.len();
        for index in 0..shape.outputs() {
            let ready = match evaluation(index) {
                Evaluation::Rate(index) => shape.populations[index].form != Form::Algebraic || feeds(index, &known),
                Evaluation::Channel(index) => {
                    let channel = &shape.channels[index];
                    let follows = known[channel.source] && channel.release.is_none_or(|release| reads(release, &known));
                    channel.gate.is_some() || channel.delayed.is_some() || follows
                }
                Evaluation::Modulated(index) => {
                    let modulated = shape.modulated[index];
                    known[n + modulated.channel] && reads(modulated.modulator, &known)
                }
            };
            if ready && !known[index] {
                known[index] = true;
                order.push(evaluation(index));
            }
        }
        if order.len() == before {
            order.extend((0..shape.outputs()).filter(|index| !known[*index]).map(evaluation));
        }
    }
    order
}
