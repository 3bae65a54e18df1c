//! Sweeps: a scenario at every point of a design.

pub mod alone;
pub mod design;
pub mod dose_response;
pub mod engine;
mod hill;
pub mod isobole;
pub mod monotone;
pub mod sensitivity;
mod sobol;
pub mod synergy;

pub use crate::readouts::value;
pub use design::{Design, DesignError};
pub use engine::{Engine, Row};
