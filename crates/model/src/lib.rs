//! What a scenario says, and how it is read and written: [`units`], then [`scenario`], in which every parameter is declared once
//! with its unit, range and meaning, then [`config`], which reads files into it and writes them.

pub mod config;
pub mod scenario;
pub mod units;

use disinhibit_numeric as numeric;
