//! Steady states: calibration of drives to resting rates, Newton's method and relaxation on lanes, stability.

pub mod calibration;
pub mod corner;
mod delayed;
pub mod newton;
pub mod relaxation;
pub mod stability;

pub use calibration::{
    Calibrated, RestError, calibrate, calibrate_all, calibrate_scenario, calibrate_scenarios, solved,
};
