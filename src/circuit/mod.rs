//! The fast circuit: populations, transfer functions and connections as equations over lanes.
//!
//! ```text
//! rate form:     tau_i dr_i/dt = -r_i + g_i (k_i - rho_i r_i) f_i(I_i)
//! voltage form:  tau_i dv_i/dt = -v_i + I_i,   r_i = g_i f_i(v_i)
//! I_i = h_i + eta_i + sum_j W_ij r_j
//! ```
//!
//! [`equations`] states them once; fast time, the steady-state solver and the analyses all use that one definition.
//! [`Shape`] is what the lanes of a block share, [`Rows`] the numbers in which they may differ.

pub mod equations;
pub mod transfer;

use crate::numeric::lanes::Row;
use crate::spec::{self, Form};
use transfer::{Numbers, Transfer};

/// What all lanes of a block share.
#[derive(Clone, Debug)]
pub struct Shape<const G: usize> {
    /// The populations, in the order of the circuit's file.
    pub populations: Vec<Population<G>>,
    /// The connections that are not zero in every lane, sorted by target, then source.
    pub connections: Vec<Connection>,
}

/// A population, as far as lanes share it.
#[derive(Clone, Debug)]
pub struct Population<const G: usize> {
    /// Its name.
    pub name: String,
    /// Which variable relaxes.
    pub form: Form,
    /// From input to rate.
    pub transfer: Transfer<G>,
    /// Whether the transfer function's output is scaled by `k - rho r`.
    pub refractory: bool,
    /// Whether effects scale the transfer function's output; where not, its gain is 1.
    pub scaled: bool,
    /// Whether it has noise.
    pub noisy: bool,
    /// How many connections it receives.
    pub inputs: usize,
}

/// A connection between two populations, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Target population.
    pub target: usize,
    /// Source population.
    pub source: usize,
}

/// The numbers of a circuit in every lane.
#[derive(Clone, Debug)]
pub struct Rows<const G: usize> {
    /// Weight of each connection, input units per Hz.
    pub weight: Vec<Row<G>>,
    /// The numbers of each population.
    pub populations: Vec<PopulationRows<G>>,
}

/// The numbers of a population in every lane. They stand together so that a step reads them in one run.
#[derive(Clone, Debug)]
pub struct PopulationRows<const G: usize> {
    /// Background drive, in input units.
    pub drive: Row<G>,
    /// Stationary s.d. of the input noise, in input units.
    pub sigma: Row<G>,
    /// Numbers of the transfer function.
    pub transfer: Numbers<G>,
    /// Factor on the transfer function.
    pub gain: Row<G>,
    /// 1/tau, per ms.
    pub inverse_tau: Row<G>,
    /// k and rho of the refractory factor.
    pub refractory: [Row<G>; 2],
    /// Correlation time of the input noise, in ms.
    pub noise_tau: Row<G>,
}

/// One population with its numbers and what it receives.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a, const G: usize> {
    /// What lanes share.
    pub population: &'a Population<G>,
    /// What they do not.
    pub numbers: &'a PopulationRows<G>,
    /// The connections onto it.
    pub connections: &'a [Connection],
    /// Their weights.
    pub weights: &'a [Row<G>],
}

/// The populations of a circuit in turn.
#[derive(Clone, Debug)]
pub struct Sites<'a, const G: usize> {
    populations: std::slice::Iter<'a, Population<G>>,
    numbers: std::slice::Iter<'a, PopulationRows<G>>,
    connections: &'a [Connection],
    weights: &'a [Row<G>],
}

/// Each population of a circuit with its numbers and what it receives, in order.
#[inline(always)]
pub fn sites<'a, const G: usize>(shape: &'a Shape<G>, rows: &'a Rows<G>) -> Sites<'a, G> {
    Sites {
        populations: shape.populations.iter(),
        numbers: rows.populations.iter(),
        connections: &shape.connections,
        weights: &rows.weight,
    }
}

impl<'a, const G: usize> Iterator for Sites<'a, G> {
    type Item = Site<'a, G>;

    #[inline(always)]
    fn next(&mut self) -> Option<Site<'a, G>> {
        let (population, numbers) = (self.populations.next()?, self.numbers.next()?);
        let (connections, weights);
        (connections, self.connections) = self.connections.split_at_checked(population.inputs)?;
        (weights, self.weights) = self.weights.split_at_checked(population.inputs)?;
        Some(Site { population, numbers, connections, weights })
    }
}

/// Builds shape and numbers from one circuit per lane. Circuits must have the same populations in the same order, with
/// the same forms and kinds of transfer functions; the last fills the lanes that are left.
///
/// Drives are those of the specification, 0 where they are to be solved.
pub fn build<const G: usize>(circuits: &[&spec::Circuit]) -> (Shape<G>, Rows<G>) {
    let last = circuits.len() - 1;
    let lane = |lane: usize| circuits[lane.min(last)];
    let mut shape = Shape { populations: Vec::new(), connections: Vec::new() };
    let mut rows = Rows { weight: Vec::new(), populations: Vec::new() };
    let names: Vec<&String> = circuits[0].populations.keys().collect();
    for (target, target_name) in names.iter().enumerate() {
        let before = shape.connections.len();
        for (source, source_name) in names.iter().enumerate() {
            if circuits.iter().any(|circuit| circuit.weight(target_name, source_name) != 0.0) {
                shape.connections.push(Connection { target, source });
                rows.weight.push(Row::from_fn(|index| lane(index).weight(target_name, source_name)));
            }
        }
        let transfers: Vec<&spec::Transfer> =
            circuits.iter().filter_map(|circuit| Some(&circuit.populations.get(*target_name)?.transfer)).collect();
        let (transfer, numbers) = Transfer::new(&transfers);
        let first = &circuits[0].populations[*target_name];
        shape.populations.push(Population {
            name: (*target_name).clone(),
            form: first.form,
            transfer,
            refractory: first.refractory.is_some(),
            scaled: false,
            noisy: first.noise.is_some(),
            inputs: shape.connections.len() - before,
        });
        let of_lane = |index: usize| lane(index).populations.get(*target_name);
        rows.populations.push(PopulationRows::new(numbers, &of_lane));
    }
    (shape, rows)
}

impl<const G: usize> PopulationRows<G> {
    fn new<'a>(transfer: Numbers<G>, of_lane: &dyn Fn(usize) -> Option<&'a spec::Population>) -> Self {
        let row = |pick: &dyn Fn(&spec::Population) -> f64| Row::from_fn(|lane| of_lane(lane).map_or(0.0, pick));
        Self {
            drive: row(&|population| population.drive.unwrap_or(0.0)),
            sigma: row(&|population| population.noise.as_ref().map_or(0.0, |noise| noise.sigma)),
            transfer,
            gain: Row::splat(1.0),
            inverse_tau: row(&|population| 1.0 / population.tau),
            refractory: [
                row(&|population| population.refractory.as_ref().map_or(1.0, |factor| factor.k)),
                row(&|population| population.refractory.as_ref().map_or(0.0, |factor| factor.r)),
            ],
            noise_tau: row(&|population| population.noise.as_ref().map_or(1.0, |noise| noise.tau)),
        }
    }
}

impl<const G: usize> Shape<G> {
    /// How many populations there are.
    pub fn size(&self) -> usize {
        self.populations.len()
    }

    /// How many variables there are: one for each population, in order, then those of its synapses and mechanisms.
    pub fn variables(&self) -> usize {
        self.populations.len()
    }

    /// A name for each variable: that of the population for the first ones.
    pub fn variable_names(&self) -> Vec<String> {
        self.populations.iter().map(|population| population.name.clone()).collect()
    }

    /// The index of a population.
    pub fn population(&self, name: &str) -> Option<usize> {
        self.populations.iter().position(|population| population.name == name)
    }

    /// The index of a connection.
    pub fn connection(&self, target: usize, source: usize) -> Option<usize> {
        self.connections.iter().position(|connection| *connection == Connection { target, source })
    }
}

impl<const G: usize> Rows<G> {
    /// 1/tau of a variable, per ms: its rate of change is its residual times this.
    pub fn inverse_tau(&self, variable: usize) -> &Row<G> {
        &self.populations[variable].inverse_tau
    }

    /// Takes over the numbers of one lane that signals may change.
    pub fn copy_lane(&mut self, from: &Self, lane: usize) {
        for (to, from) in self.weight.iter_mut().zip(&from.weight) {
            to.set(lane, from.get(lane));
        }
        for (to, from) in self.populations.iter_mut().zip(&from.populations) {
            to.drive.set(lane, from.drive.get(lane));
            to.inverse_tau.set(lane, from.inverse_tau.get(lane));
            to.gain.set(lane, from.gain.get(lane));
            to.sigma.set(lane, from.sigma.get(lane));
        }
    }
}
