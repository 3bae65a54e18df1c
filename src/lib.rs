//! Disinhibit simulates cortical microcircuits as rate models, puts them under stress, gives them drugs that act on
//! receptors of chosen cells, and shows what happens.
//!
//! # A circuit of two cells, a receptor and a dose
//!
//! A thalamic relay is held back by reticular cells. These carry a receptor that silences them, and a drug that binds to it is
//! given:
//!
//! ```
//! use disinhibit::prelude::*;
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
//!
//! let outcome = run(&scenario)?;
//! let (rest, lifted) = (outcome["none"].rate("relay"), outcome["dose"].rate("relay"));
//! assert!((rest.at(minutes(10.0)) - 12.0).abs() < 1e-6);
//! assert!(lifted.at(minutes(10.0)) > 13.0);
//! # Ok::<(), RunError>(())
//! ```
//!
//! # A scenario from its file
//!
//! ```
//! use disinhibit::prelude::*;
//! use std::path::Path;
//!
//! let loaded = load(Path::new("configs/scenarios/ketamine.toml"), &[])?;
//! let outcome = run(&loaded.scenario)?;
//! let rescue = &summarise(&outcome).arms[2].rescue_index["10 min"];
//! assert!(rescue.is_some_and(|rescue| rescue > 0.5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to read on
//!
//! Read in the order in which data flow; a module uses only those before it: [`numeric`], [`units`], [`scenario`] (what a
//! circuit, a receptor, an arm is), [`builder`] and [`config`] (how it is written), [`circuit`], [`signals`],
//! [`pharmacology`], [`modulation`], [`experiment`] (the equations), [`equilibrium`], [`simulate`], [`readouts`] (their
//! solution), [`analyze`], [`sweep`], [`store`], [`plot`], [`findings`], [`report`], [`cli`].

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod findings;
pub mod prelude;
#[cfg(feature = "cli")]
pub mod report;

#[cfg(feature = "analyze")]
pub use disinhibit_analyze::{analyze, sweep};
pub use disinhibit_engine::{circuit, equilibrium, experiment, modulation, pharmacology, readouts, signals, simulate};
#[cfg(feature = "config")]
pub use disinhibit_model::config;
pub use disinhibit_model::{builder, scenario, units};
pub use disinhibit_numeric as numeric;
#[cfg(feature = "plot")]
pub use disinhibit_plot as plot;
#[cfg(feature = "store")]
pub use disinhibit_store as store;

pub use simulate::run;

/// The name of this program's source: another for a change of any line.
pub const BUILD: &str = env!("DISINHIBIT_BUILD");
