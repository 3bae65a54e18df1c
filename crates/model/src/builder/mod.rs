//! Scenarios written in code, in units: each method takes what it needs as a quantity, so that milliseconds cannot be taken for
//! minutes, and gives the value back, so that they can be chained.
//!
//! ```
//! use disinhibit_model::builder::{Duration, hz, mg_per_kg, minutes, ms, nm, power_law};
//! use disinhibit_model::scenario::{Arm, Effect, Ligand, Population, Receptor, Scenario, validate};
//!
//! let scenario = Scenario::named("relay")
//!     .population("relay", Population::excitatory(ms(15.0)).rest(hz(12.0)).transfer(power_law(0.05, 2.0)))
//!     .population("reticular", Population::inhibitory(ms(10.0)).rest(hz(20.0)).transfer(power_law(0.05, 2.0)))
//!     .weight("reticular", "relay", -0.5)
//!     .weight("relay", "reticular", 0.8)
//!     .ligand("xylo", Ligand::intraperitoneal(minutes(3.0), minutes(20.0)).peak(nm(100.0), mg_per_kg(1.0)))
//!     .receptor("X", Receptor::binding("xylo", nm(50.0), 4.0).on("reticular", 0.7, Effect::drive(-6.0)))
//!     .arm(Arm::named("none"))
//!     .arm(Arm::named("dose").dose("xylo", mg_per_kg(2.0), minutes(0.0)))
//!     .between(minutes(-5.0), minutes(90.0))
//!     .report(minutes(10.0));
//! assert!(validate(&scenario).is_empty());
//! ```
//!
//! What has no method here is a field of the type: all of them are public.

mod circuit;
mod experiment;
mod pharmacology;
mod quantity;

pub use circuit::{power_law, sigmoid, threshold_linear};
pub use quantity::{
    Amount, Concentration, Duration, Rate, days, hours, hz, mg_per_kg, micromolar, minutes, ms, nm, seconds,
};
