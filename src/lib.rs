//! Disinhibit simulates cortical microcircuits as rate models, puts them under stress, gives them drugs that act on
//! receptors of chosen cells, and shows what happens.
//!
//! Data flows one way; a module uses only those before it:
//! `units`, `numeric` -> `spec` -> `config` -> `circuit` -> `signals` -> `pharmacology` -> `modulation` ->
//! `experiment` -> `equilibrium` -> `simulate` -> `readouts` -> `store` -> `plot` -> `cli`.

pub mod spec;
pub mod units;
