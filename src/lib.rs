//! Disinhibit simulates cortical microcircuits as rate models, puts them under stress, gives them drugs that act on
//! receptors of chosen cells, and shows what happens.
//!
//! Data flows one way; a module uses only those before it:
//! `units`, `numeric` -> `spec` -> `config` -> `circuit` -> `signals` -> `pharmacology` -> `modulation` ->
//! `experiment` -> `equilibrium` -> `simulate` -> `readouts` -> `analyze` -> `sweep` -> `store` -> `findings` -> `plot` ->
//! `report` -> `cli`.

pub mod analyze;
pub mod circuit;
pub mod cli;
pub mod config;
pub mod equilibrium;
pub mod experiment;
pub mod findings;
pub mod modulation;
pub mod numeric;
pub mod pharmacology;
pub mod plot;
pub mod readouts;
pub mod report;
pub mod signals;
pub mod simulate;
pub mod spec;
pub mod store;
pub mod sweep;
pub mod units;
