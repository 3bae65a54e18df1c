//! The fast circuit: populations, transfer functions and connections as equations over lanes.
//!
//! ```text
//! rate form:       tau_i dr_i/dt = -r_i + g_i (k_i - rho_i r_i) f_i(I_i)
//! voltage form:    tau_i dv_i/dt = -v_i + I_i,   r_i = g_i f_i(v_i)
//! algebraic form:  r_i = g_i f_i(I_i)
//! I_i = h_i + eta_i + sum_j W_ij y_j
//! ```
//!
//! y is the rate of the source, or what a channel makes of it ([`synapses`]); what some populations have beyond this is in
//! [`mechanisms`]. The variables are those of the populations, in their order, then those of channels and mechanisms.
//!
//! [`equations`] states them once; fast time, the steady-state solver and the analyses all use that one definition.
//! [`Shape`] is what the lanes of a block share, [`Rows`] the numbers in which they may differ.

mod bracket;
mod build;
pub mod entries;
pub mod equations;
mod formula;
mod linearised;
pub mod mechanisms;
pub mod modulators;
pub mod synapses;
mod tabulated;
pub mod transfer;

pub use build::build;

use crate::numeric::lanes::Row;
use crate::scenario::connections::weight_dimension;
use crate::scenario::{Compartment, Form, NoiseKind, Projection};
use mechanisms::{Mechanism, MechanismRows};
use modulators::{Modulated, Modulator};
use synapses::{Channel, ChannelRows};
use transfer::{Numbers, Transfer};

/// What all lanes of a block share.
#[derive(Clone, Debug)]
pub struct Shape<const G: usize> {
    /// The populations, in the order of the circuit's file.
    pub populations: Vec<Population<G>>,
    /// The connections that are not zero in every lane: those onto somata, then, population by population, those onto
    /// dendrites, divisive ones and those onto second inputs; each sorted by target, class and source.
    pub connections: Vec<Connection>,
    /// What classes of synapses make of the rates of their sources.
    pub channels: Vec<Channel>,
    /// What populations have beyond a transfer function of their summed input.
    pub mechanisms: Vec<Mechanism>,
    /// Formulas over fast variables that scale synapses.
    pub modulators: Vec<Modulator>,
    /// What channels give where their weights are scaled by such a formula.
    pub modulated: Vec<Modulated>,
    /// The order in which rates and channels follow from each other.
    order: Vec<Evaluation>,
    /// Names of the variables.
    names: Vec<String>,
    /// Whether there are neither channels nor mechanisms nor algebraic populations.
    pub plain: bool,
}

/// One step in bringing what populations and channels give up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evaluation {
    /// The rate of a population.
    Rate(usize),
    /// The output of a channel.
    Channel(usize),
    /// The same times a factor.
    Modulated(usize),
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
    /// How many populations with noise stand before it.
    pub noise_row: usize,
    /// The correlations of its noise.
    pub noise_kind: NoiseKind,
    /// The number of its first connection.
    first: usize,
    /// How many connections its soma receives.
    pub inputs: usize,
    /// Its place among the mechanisms.
    pub mechanism: Option<usize>,
}

/// A connection between two populations, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Target population.
    pub target: usize,
    /// Source population.
    pub source: usize,
    /// What it carries: the source's rate, or, behind the rates, the output of a channel, or, behind those, one that a
    /// formula scales.
    pub output: usize,
    /// Where on the target it ends.
    pub compartment: Compartment,
}

/// The numbers of a circuit in every lane.
#[derive(Clone, Debug)]
pub struct Rows<const G: usize> {
    /// Weight of each connection, input units per Hz (per unit of a gate from 0 to 1).
    pub weight: Vec<Row<G>>,
    /// The numbers of each population.
    pub populations: Vec<PopulationRows<G>>,
    /// The numbers of each channel.
    pub channels: Vec<ChannelRows<G>>,
    /// The numbers of each population's mechanisms.
    pub mechanisms: Vec<MechanismRows<G>>,
    /// The value of each name of each modulator; those of names that read something are not used.
    pub modulators: Vec<Vec<Row<G>>>,
    /// 1/tau of each variable behind those of the populations, per ms.
    inverse_tau: Vec<Row<G>>,
}

/// The numbers of a population in every lane. They stand together so that a step reads them in one run.
#[derive(Clone, Debug)]
pub struct PopulationRows<const G: usize> {
    /// Background drive, in input units.
    pub drive: Row<G>,
    /// Stationary s.d. of the noise, in input units (Hz where it enters the rate); of white noise the density, in these
    /// times the root of a second.
    pub sigma: Row<G>,
    /// Numbers of the transfer function.
    pub transfer: Numbers<G>,
    /// Factor on the transfer function.
    pub gain: Row<G>,
    /// 1/tau, per ms; 0 in the algebraic form.
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
    /// The connections onto its soma.
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

impl<const G: usize> Shape<G> {
    /// How many populations there are.
    pub fn size(&self) -> usize {
        self.populations.len()
    }

    /// How many variables there are: one for each population, in order, then those of channels and mechanisms.
    pub fn variables(&self) -> usize {
        self.names.len()
    }

    /// A name for each variable: that of the population for the first ones, then such as `gate.CLASS.SOURCE`.
    pub fn variable_names(&self) -> &[String] {
        &self.names
    }

    /// Whether a variable follows from the others at once.
    pub fn is_algebraic(&self, variable: usize) -> bool {
        self.populations.get(variable).is_some_and(|population| population.form == Form::Algebraic)
    }

    /// How many outputs there are: the rates, then what the channels give, then what is scaled of that.
    pub fn outputs(&self) -> usize {
        self.populations.len() + self.channels.len() + self.modulated.len()
    }

    /// The channel through which an output comes; none for a rate.
    pub fn channel_of(&self, output: usize) -> Option<usize> {
        let behind = output.checked_sub(self.populations.len())?;
        match behind.checked_sub(self.channels.len()) {
            None => Some(behind),
            Some(place) => self.modulated.get(place).map(|modulated| modulated.channel),
        }
    }

    /// The formula that scales the weight of an output, among the modulators.
    pub fn modulator_of(&self, output: usize) -> Option<usize> {
        let place = output.checked_sub(self.populations.len() + self.channels.len())?;
        self.modulated.get(place).map(|modulated| modulated.modulator)
    }

    /// How many channels are delayed.
    pub fn delays(&self) -> usize {
        self.channels.iter().filter(|channel| channel.delayed.is_some()).count()
    }

    /// One population with its numbers and what it receives.
    #[inline(always)]
    pub fn site<'a>(&'a self, rows: &'a Rows<G>, index: usize) -> Site<'a, G> {
        let population = &self.populations[index];
        let range = population.first..population.first + population.inputs;
        Site {
            population,
            numbers: &rows.populations[index],
            connections: &self.connections[range.clone()],
            weights: &rows.weight[range],
        }
    }

    /// The index of a population.
    pub fn population(&self, name: &str) -> Option<usize> {
        self.populations.iter().position(|population| population.name == name)
    }
}

impl<const G: usize> Shape<G> {
    /// What a connection (by index) is called and its weight measures; none where there is no such connection.
    pub fn projection(&self, connection: usize) -> Option<Projection> {
        let Connection { target, source, output, compartment } = *self.connections.get(connection)?;
        let channel = self.channel_of(output).and_then(|index| self.channels.get(index));
        let gate = channel.and_then(|channel| channel.gate).map(|(kind, _)| kind);
        Some(Projection {
            onto: self.populations[target].name.clone(),
            compartment,
            class: channel.map(|channel| channel.class.clone()),
            from: self.populations[source].name.clone(),
            dimension: weight_dimension(compartment, gate),
        })
    }
}

impl<const G: usize> Rows<G> {
    /// 1/tau of a variable, per ms: its rate of change is its residual times this. 0 for an algebraic population.
    pub fn inverse_tau(&self, variable: usize) -> &Row<G> {
        let n = self.populations.len();
        if variable < n { &self.populations[variable].inverse_tau } else { &self.inverse_tau[variable - n] }
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
        for (to, from) in self.mechanisms.iter_mut().zip(&from.mechanisms) {
            to.adaptation.set(lane, from.adaptation.get(lane));
        }
    }
}

#[cfg(test)]
mod tests;
