//! Disinhibit simulates cortical microcircuits as rate models, puts them under stress, gives them drugs that act on
//! receptors of chosen cells, and shows what happens.
//!
//! Data flows one way; a module uses only those before it:
//! `numeric` -> `units` -> `scenario` -> `config` -> `circuit` -> `signals` -> `pharmacology` -> `modulation` ->
//! `experiment` -> `equilibrium` -> `simulate` -> `readouts` -> `analyze` -> `sweep` -> `store` -> `plot` -> `findings` ->
//! `report` -> `cli`.

pub mod cli;
pub mod findings;
pub mod report;

pub use disinhibit_analyze::{analyze, sweep};
pub use disinhibit_engine::{circuit, equilibrium, experiment, modulation, pharmacology, readouts, signals, simulate};
pub use disinhibit_model::{config, scenario, units};
pub use disinhibit_numeric as numeric;
pub use disinhibit_plot as plot;
pub use disinhibit_store as store;

/// The name of this program's source: another for a change of any line.
pub const BUILD: &str = env!("DISINHIBIT_BUILD");
