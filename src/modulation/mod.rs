//! Stress as a signal, and the effects of signals on the circuit.

pub mod effects;
pub mod stress;
