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
use std::ops::Range;
use transfer::{Numbers, Transfer};

/// What all lanes of a block share.
#[derive(Clone, Debug)]
pub struct Shape<const G: usize> {
    /// The populations, in the order of the circuit's file.
    pub populations: Vec<Population<G>>,
    /// The connections that are not zero in every lane, sorted by target, then source.
    pub connections: Vec<Connection>,
    /// For each target, its part of `connections`.
    pub onto: Vec<Range<usize>>,
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
    /// Whether it has noise.
    pub noisy: bool,
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
    /// Drive of each population, in input units.
    pub drive: Vec<Row<G>>,
    /// 1/tau of each population, per ms.
    pub inverse_tau: Vec<Row<G>>,
    /// Numbers of each transfer function.
    pub transfer: Vec<Numbers<G>>,
    /// Factor on each transfer function.
    pub gain: Vec<Row<G>>,
    /// k and rho of the refractory factor.
    pub refractory: Vec<[Row<G>; 2]>,
    /// Stationary s.d. of the input noise, in input units.
    pub sigma: Vec<Row<G>>,
    /// Correlation time of the input noise, in ms.
    pub noise_tau: Vec<Row<G>>,
}

/// Builds shape and numbers from one circuit per lane. Circuits must have the same populations in the same order, with
/// the same forms and kinds of transfer functions; the last fills the lanes that are left.
///
/// Drives are those of the specification, 0 where they are to be solved.
pub fn build<const G: usize>(circuits: &[&spec::Circuit]) -> (Shape<G>, Rows<G>) {
    let last = circuits.len() - 1;
    let names: Vec<&String> = circuits[0].populations.keys().collect();
    let lane = |lane: usize| circuits[lane.min(last)];
    let mut populations = Vec::new();
    let mut rows = Rows::empty();
    for name in &names {
        let row = |pick: &dyn Fn(&spec::Population) -> f64| {
            Row::from_fn(|index| lane(index).populations.get(*name).map_or(0.0, pick))
        };
        let transfers: Vec<&spec::Transfer> =
            circuits.iter().filter_map(|circuit| Some(&circuit.populations.get(*name)?.transfer)).collect();
        let (transfer, numbers) = Transfer::new(&transfers);
        let first = &circuits[0].populations[*name];
        populations.push(Population {
            name: (*name).clone(),
            form: first.form,
            transfer,
            refractory: first.refractory.is_some(),
            noisy: first.noise.is_some(),
        });
        rows.transfer.push(numbers);
        rows.drive.push(row(&|population| population.drive.unwrap_or(0.0)));
        rows.inverse_tau.push(row(&|population| 1.0 / population.tau));
        rows.gain.push(Row::splat(1.0));
        rows.refractory.push([
            row(&|population| population.refractory.as_ref().map_or(1.0, |factor| factor.k)),
            row(&|population| population.refractory.as_ref().map_or(0.0, |factor| factor.r)),
        ]);
        rows.sigma.push(row(&|population| population.noise.as_ref().map_or(0.0, |noise| noise.sigma)));
        rows.noise_tau.push(row(&|population| population.noise.as_ref().map_or(1.0, |noise| noise.tau)));
    }
    let mut connections = Vec::new();
    let mut onto = Vec::new();
    for (target, target_name) in names.iter().enumerate() {
        let start = connections.len();
        for (source, source_name) in names.iter().enumerate() {
            let weights = Row::from_fn(|index| lane(index).weight(target_name, source_name));
            if circuits.iter().any(|circuit| circuit.weight(target_name, source_name) != 0.0) {
                connections.push(Connection { target, source });
                rows.weight.push(weights);
            }
        }
        onto.push(start..connections.len());
    }
    (Shape { populations, connections, onto }, rows)
}

impl<const G: usize> Shape<G> {
    /// How many populations there are.
    pub fn size(&self) -> usize {
        self.populations.len()
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
    /// Takes over the numbers of one lane that signals may change.
    pub fn copy_lane(&mut self, from: &Self, lane: usize) {
        let copy = |to: &mut [Row<G>], from: &[Row<G>]| {
            to.iter_mut().zip(from).for_each(|(to, from)| to.set(lane, from.get(lane)));
        };
        copy(&mut self.weight, &from.weight);
        copy(&mut self.drive, &from.drive);
        copy(&mut self.inverse_tau, &from.inverse_tau);
        copy(&mut self.gain, &from.gain);
        copy(&mut self.sigma, &from.sigma);
        copy(&mut self.noise_tau, &from.noise_tau);
    }

    fn empty() -> Self {
        Self {
            weight: Vec::new(),
            drive: Vec::new(),
            inverse_tau: Vec::new(),
            transfer: Vec::new(),
            gain: Vec::new(),
            refractory: Vec::new(),
            sigma: Vec::new(),
            noise_tau: Vec::new(),
        }
    }
}
