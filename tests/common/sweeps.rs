//! Sweeps in folders of their own, run by the program.
#![allow(dead_code, clippy::unwrap_used)]

use assert_cmd::Command;
use disinhibit::store::sweep;
use disinhibit::store::table::{Cell, Column};
use std::path::Path;

pub const SWEEP: &str = r#"
scenario = "configs/scenarios/ketamine.toml"
arms = ["stress", "stress+ket10"]
readouts = ["rate.Pyr", "rescue", "ei_balance at 10 min", "minutes_above_control", "peak"]

[[axes]]
path = "arms.stress+ket10.doses.0.amount"
name = "dose"
from = "1 mg/kg"
to = "30 mg/kg"
points = 3
scale = "log"

[[axes]]
path = "receptors.MOR.on.SST.fraction"
name = "share"
values = [0, 0.3, 0.55, 1]
"#;

/// A folder with the shipped configurations and a sweep.
pub fn folder(sweep: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for inner in ["circuits", "pharmacology", "scenarios"] {
        std::fs::create_dir_all(folder.path().join("configs").join(inner)).unwrap();
        for entry in std::fs::read_dir(Path::new("configs").join(inner)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                std::fs::copy(entry.path(), folder.path().join("configs").join(inner).join(entry.file_name())).unwrap();
            }
        }
    }
    std::fs::write(folder.path().join("sweep.toml"), sweep).unwrap();
    folder
}

pub fn disinhibit(folder: &Path, arguments: &[&str]) -> std::process::Output {
    Command::cargo_bin("disinhibit").unwrap().current_dir(folder).args(arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Columns and rows of a table.
pub fn read_table(file: &Path) -> (Vec<Column>, Vec<Vec<Cell>>) {
    let table = sweep::read_table(file).unwrap();
    let rows = (0..table.rows()).map(|row| table.row(row)).collect();
    (table.columns, rows)
}

pub fn results(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("results.parquet")).unwrap()
}
