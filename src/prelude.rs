//! What most programs need: `use disinhibit::prelude::*`.

pub use crate::builder::{
    days, hours, hz, mg_per_kg, micromolar, minutes, ms, nm, power_law, seconds, sigmoid, threshold_linear,
};
#[cfg(feature = "config")]
pub use crate::config::load;
pub use crate::readouts::summarise;
pub use crate::run;
pub use crate::scenario::{Arm, Effect, Ligand, Population, Receptor, Scenario};
pub use crate::simulate::{ArmOutcome, Outcome, RunError};
