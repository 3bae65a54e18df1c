//! Sweeps over doses, from the command line: a drug combined with itself only adds, and therapeutic indices are written.
#![allow(clippy::unwrap_used)]

#[path = "common/sweeps.rs"]
mod sweeps;

use assert_cmd::Command;
use std::path::{Path, PathBuf};

fn sweep(folder: &Path, scenario: &str, sweep: &str) -> std::path::PathBuf {
    let shipped = |file: &str| std::fs::canonicalize(Path::new("configs").join(file)).unwrap().display().to_string();
    let head = format!(
        "circuit = \"{}\"\npharmacology = [\"{}\"]\nspecies = \"mouse\"\n",
        shipped("circuits/mpfc.toml"),
        shipped("pharmacology/default.toml")
    );
    std::fs::write(folder.join("scenario.toml"), head + scenario).unwrap();
    std::fs::write(folder.join("sweep.toml"), sweep).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_disinhibit"));
    command.current_dir(folder).args(["sweep", "sweep.toml", "--quiet", "--out", "out"]).assert().success();
    folder.join("out")
}

const SCENARIO: &str = r#"
[run]
to = "30 min"
report = ["10 min"]

[compare]
control = "control"
stress = "stress"
off_target = "highest.block.NMDA.PV"

[[arms]]
name = "control"

[[arms]]
name = "stress"
stress = { level = 0.9502, exposure = true }

[[arms]]
name = "drugs"
extends = "stress"
doses = [
  { ligand = "ketamine", amount = "1 mg/kg", at = "0 min" },
  { ligand = "ketamine", amount = "1 mg/kg", at = "0 min" },
]
"#;

type Line = std::collections::HashMap<String, String>;

/// Sweeps a case into a folder.
fn swept(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let file = Path::new("tests/cases/responses").join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_disinhibit"));
    command.args(["sweep", "--quiet"]).arg(file).arg("--out").arg(&out).assert().success();
    (folder, out)
}

fn number(line: &Line, key: &str) -> f64 {
    line[key].parse().unwrap_or_else(|_| panic!("{key}: {line:?}"))
}

/// The rows of a CSV file as texts by column.
fn rows(file: &Path) -> Vec<Line> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn a_drug_given_twice_adds_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let axis = |index: usize| {
        format!(
            "\n[[axes]]\npath = \"arms.drugs.doses.{index}.amount\"\nname = \"d{index}\"\nfrom = \"0 mg/kg\"\nto = \"3 \
             mg/kg\"\npoints = 7\n"
        )
    };
    let text = format!(
        "scenario = \"scenario.toml\"\narms = [\"drugs\"]\nreadouts = [\"rescue at 10 min\"]\n{}{}",
        axis(0),
        axis(1)
    );
    let out = sweep(folder.path(), SCENARIO, &text);
    let rows = rows(&out.join("synergy.csv"));
    let (mut compared, mut bliss) = (0, 0.0);
    for row in rows.iter().filter(|row| row["readout"] == "rescue at 10 min") {
        let (first, second) = (number(row, "d0 (mg/kg)"), number(row, "d1 (mg/kg)"));
        // Above the largest single dose, what one drug alone would do is not known.
        if first + second <= 3.0 {
            compared += 1;
            approx::assert_relative_eq!(number(row, "combination_index"), 1.0, max_relative = 0.03);
            approx::assert_abs_diff_eq!(number(row, "beyond_loewe"), 0.0, epsilon = 0.03);
            bliss += number(row, "beyond_bliss");
        }
    }
    assert_eq!(compared, 15);
    // Bliss mistakes the steep curve of one drug for synergy with itself.
    assert!(bliss / 15.0 > 0.02, "{bliss}");
    for file in ["synergy_means.csv", "synergy_rescue_at_10_min.svg", "isobologram_rescue_at_10_min.svg"] {
        assert!(out.join(file).exists(), "{file}");
    }
}

#[test]
fn an_off_target_readout_gives_a_therapeutic_index() {
    let folder = tempfile::tempdir().unwrap();
    let text = "scenario = \"scenario.toml\"\narms = [\"drugs\"]\nreadouts = [\"rescue at 10 min\"]\n[[axes]]\npath = \
                \"arms.drugs.doses.0.amount\"\nname = \"dose\"\nfrom = \"0.5 mg/kg\"\nto = \"200 mg/kg\"\npoints = \
                14\nscale = \"log\"\n";
    let out = sweep(folder.path(), &SCENARIO.replace("amount = \"1 mg/kg\"", "amount = \"0 mg/kg\""), text);
    let rows = rows(&out.join("therapeutic_index.csv"));
    let number = |key: &str| rows[0][key].parse::<f64>().unwrap();
    // Half of the receptors are blocked at the IC50 of 5.1 uM, which is the peak after 20.4 mg/kg.
    approx::assert_relative_eq!(number("TD50_mg_per_kg"), 20.4, max_relative = 0.01);
    approx::assert_relative_eq!(number("therapeutic_index"), number("TD50_mg_per_kg") / number("ED50_mg_per_kg"));
    assert!(number("therapeutic_index") > 5.0);
}

#[test]
fn an_off_target_that_is_no_readout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = SCENARIO.replace("highest.block.NMDA.PV", "highest.block.NMDA.XY");
    let shipped = |file: &str| std::fs::canonicalize(Path::new("configs").join(file)).unwrap().display().to_string();
    let head = format!(
        "circuit = \"{}\"\npharmacology = [\"{}\"]\n",
        shipped("circuits/mpfc.toml"),
        shipped("pharmacology/default.toml")
    );
    std::fs::write(folder.path().join("scenario.toml"), head + &scenario).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_disinhibit"));
    let output =
        command.current_dir(folder.path()).args(["check", "scenario.toml"]).assert().code(2).get_output().clone();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("there is no readout `highest.block.NMDA.XY`") && text.contains("scenario.toml:"), "{text}");
}

#[test]
fn a_drug_under_two_names_is_neither_more_nor_less_than_itself() {
    let (_folder, out) = swept("sham1_sw.toml");
    let rows = rows(&out.join("synergy.csv"));
    assert_eq!(rows.len(), 49);
    for row in &rows {
        approx::assert_abs_diff_eq!(number(row, "beyond_loewe"), 0.0, epsilon = 1e-9);
        approx::assert_relative_eq!(number(row, "combination_index"), 1.0, max_relative = 1e-6);
        assert_eq!((row["loewe_is"].as_str(), row["combination_index_is"].as_str()), ("known", "known"));
    }
}

#[test]
fn independent_effects_are_what_bliss_expects_where_one_is_below_0_too() {
    let (_folder, out) = swept("bliss_neg_sw.toml");
    let rows = rows(&out.join("synergy.csv"));
    assert_eq!(rows.len(), 4);
    for row in &rows {
        approx::assert_abs_diff_eq!(number(row, "beyond_bliss"), 0.0, epsilon = 1e-9);
        // A drug that lowers the effect has no dose with which it has one.
        assert_eq!((row["loewe"].as_str(), row["loewe_is"].as_str()), ("", "unknown"));
    }
}

#[test]
fn a_ligand_that_binds_nothing_adds_nothing_though_the_other_does_more_than_all() {
    let folder = sweeps::folder("");
    for file in ["inert.toml", "inert_ligand.toml", "inert_sweep.toml"] {
        let to = folder.path().join("configs/scenarios").join(file);
        std::fs::copy(Path::new("tests/cases/experiments").join(file), to).unwrap();
    }
    let arguments = ["sweep", "configs/scenarios/inert_sweep.toml", "--quiet", "--out", "out"];
    let output = sweeps::disinhibit(folder.path(), &arguments);
    assert!(output.status.success(), "{}", sweeps::text(&output.stderr));
    let rows = rows(&folder.path().join("out/synergy.csv"));
    assert!(rows.iter().any(|row| number(row, "effect") > 1.5));
    for row in &rows {
        approx::assert_abs_diff_eq!(number(row, "beyond_bliss"), 0.0, epsilon = 1e-9);
        approx::assert_relative_eq!(number(row, "bliss"), number(row, "effect"), max_relative = 1e-9);
    }
}

#[test]
fn an_ec50_beyond_the_doses_is_found_and_not_dressed_with_an_interval() {
    let (_folder, out) = swept("edge_sw.toml");
    let rows = rows(&out.join("dose_response.csv"));
    approx::assert_relative_eq!(number(&rows[0], "EC50_nM"), 1000.0, max_relative = 1e-6);
    approx::assert_relative_eq!(number(&rows[0], "hill"), 1.0, max_relative = 1e-6);
    for (key, expected) in [("EC50_low", ""), ("EC50_high", ""), ("EC50_is", "exact"), ("describes", "false")] {
        assert_eq!(rows[0][key], expected);
    }
    let drawn = std::fs::read_to_string(out.join("curves.svg")).unwrap();
    assert!(drawn.contains("EC50 1000 nM"), "{drawn}");
}

#[test]
fn isoboles_of_an_agonist_with_its_competitive_antagonist_rise() {
    let (_folder, out) = swept("isobole_sw.toml");
    let rows = rows(&out.join("isoboles.csv"));
    let half: Vec<&Line> = rows.iter().filter(|row| row["effect"] == "0.5" && row["kind"] == "seen").collect();
    for (b, a) in [(0.0, 1.6), (4.0, 2.4), (8.0, 3.2), (16.0, 4.8)] {
        let there = half.iter().find(|row| number(row, "b (nM)") == b).unwrap();
        approx::assert_relative_eq!(number(there, "a (nM)"), a, max_relative = 1e-6);
    }
    let drawn = std::fs::read_to_string(out.join("isobologram_activation.R.E_at_1_h.svg")).unwrap();
    assert!(!drawn.contains("no such effect here"));
}
