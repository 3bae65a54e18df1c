//! Sweeps: a scenario at every point of a design.

pub mod design;
mod sobol;

pub use design::{Design, DesignError};
