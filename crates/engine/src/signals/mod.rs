//! Signals: named numbers over time, such as a concentration, an activation or a rate.
//!
//! A [`Board`] lists the signals of a model; their values at one moment are one [`Row`] each, a number per lane.
//! Whoever computes a signal writes its row, whoever depends on it reads it by index.

pub mod states;

pub use states::States;

use crate::numeric::functions::hill;
use crate::numeric::lanes::{Lanes, Row, Simd};

/// The signals of a model, in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Board {
    names: Vec<String>,
}

impl Board {
    /// Adds a signal and gives its index; one that is there already keeps its index.
    pub fn add(&mut self, name: impl Into<String>) -> usize {
        let name = name.into();
        self.index(&name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }

    /// The index of a signal.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// All names, in order of index.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A row for every signal, all zero.
    pub fn rows<const G: usize>(&self) -> Vec<Row<G>> {
        vec![Row::ZERO; self.names.len()]
    }
}

/// A variable that relaxes to a target, with one time constant while rising and another while falling:
/// `dx/dt = (target - x) / tau`.
#[derive(Clone, Debug)]
pub struct Relaxation<const G: usize> {
    /// 1/tau while the target lies above, per min.
    pub rise: Row<G>,
    /// 1/tau while the target lies below, per min.
    pub fall: Row<G>,
}

impl<const G: usize> Relaxation<G> {
    /// The faster of its two rates, per min.
    pub fn fastest(&self) -> Row<G> {
        Row::from_fn(|lane| self.rise.get(lane).max(self.fall.get(lane)))
    }

    /// dx/dt, per min.
    #[inline(always)]
    pub fn derivative<S: Simd>(&self, simd: S, target: Lanes<S, G>, x: Lanes<S, G>) -> Lanes<S, G> {
        let rate = target.gt(x).select(Lanes::load(simd, &self.rise), Lanes::load(simd, &self.fall));
        rate * (target - x)
    }
}

/// A Hill function of one signal: `maximum x^n / (x^n + half^n)`, 0 for x of 0 or less.
#[derive(Clone, Debug)]
pub struct Hill<const G: usize> {
    /// Index of the signal.
    pub signal: usize,
    /// The value for large x.
    pub maximum: Row<G>,
    /// The signal of half the maximum.
    pub half: Row<G>,
    /// The exponent.
    pub exponent: Row<G>,
}

impl<const G: usize> Hill<G> {
    /// Its value, given the values of all signals.
    #[inline(always)]
    pub fn value<S: Simd>(&self, simd: S, values: &[Row<G>]) -> Lanes<S, G> {
        let x = Lanes::load(simd, &values[self.signal]);
        let share = hill(simd, x, Lanes::load(simd, &self.half), Lanes::load(simd, &self.exponent));
        Lanes::load(simd, &self.maximum) * share
    }
}
