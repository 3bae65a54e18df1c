//! Stress and plasticity as signals, and the effects of signals on the circuit.

pub mod effects;
pub mod indices;
pub mod modifiers;
pub mod plasticity;
pub mod stress;
