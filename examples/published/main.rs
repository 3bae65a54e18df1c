//! Compares the published circuits of `configs/circuits/published` with published numbers: the table of `docs/published.md`.
//!
//!     cargo run --release --example published

mod courses;
mod onsets;
mod states;
mod table;

use std::io::Write;

fn main() -> Result<(), table::Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "| circuit | quantity | published | ours | relative difference |\n|---|---|---|---|---|")?;
    for row in [states::all()?, onsets::all()?, courses::all()?].concat() {
        let difference = if row.difference() == 0.0 { "0".to_owned() } else { format!("{:.0e}", row.difference()) };
        let mark = if row.agrees() { "" } else { " (differs)" };
        writeln!(
            out,
            "| {} | {} | {:.9} | {:.9} | {difference}{mark} |",
            row.circuit, row.quantity, row.published, row.ours
        )?;
    }
    Ok(())
}
