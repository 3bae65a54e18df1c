//! Steady states: calibration of drives to resting rates, Newton's method on lanes, stability, and what becomes of a circuit
//! that is left to itself.

pub mod attractors;
pub mod calibration;
pub mod corner;
mod delayed;
pub mod fate;
pub mod newton;
mod refusal;
mod rosenbrock;
mod section;
mod stabiliser;
pub mod stability;
mod trial;

pub use calibration::{Calibrated, calibrate, calibrate_all, calibrate_scenario, calibrate_scenarios, solved};
pub use fate::{Fate, Left};
pub use refusal::RestError;
pub use section::Cycle;
pub use stabiliser::Stabiliser;
