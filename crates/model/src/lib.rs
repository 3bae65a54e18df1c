//! What a scenario says, and how it is read and written: [`units`], then [`scenario`], in which every parameter is declared once
//! with its unit, range and meaning, then [`builder`], which writes it in code, and [`config`], which reads and writes files.

pub mod builder;
#[cfg(feature = "config")]
pub mod config;
pub mod scenario;
pub mod units;

use disinhibit_numeric as numeric;
