//! The slow variables of a model: what time steps advance between events.

use crate::numeric::lanes::Row;

/// Names and starting values of the slow variables.
#[derive(Clone, Debug)]
pub struct States<const G: usize> {
    /// A name for each.
    pub names: Vec<String>,
    /// Where each starts.
    pub initial: Vec<Row<G>>,
    /// The rate, per min, at which each relaxes.
    pub rates: Vec<Row<G>>,
}

impl<const G: usize> States<G> {
    /// No variables yet.
    pub fn new() -> Self {
        Self { names: Vec::new(), initial: Vec::new(), rates: Vec::new() }
    }

    /// Adds a variable and gives its index; `rate` is that at which it relaxes, per min.
    pub fn add(&mut self, name: impl Into<String>, initial: Row<G>, rate: Row<G>) -> usize {
        self.rates.push(rate);
        self.names.push(name.into());
        self.initial.push(initial);
        self.initial.len() - 1
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.initial.len()
    }
}

impl<const G: usize> Default for States<G> {
    fn default() -> Self {
        Self::new()
    }
}
