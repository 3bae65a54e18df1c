//! Sweeps over doses, from the command line: a drug combined with itself only adds, and therapeutic indices are written.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use std::path::Path;

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

/// The rows of a CSV file as texts by column.
fn rows(file: &Path) -> Vec<std::collections::HashMap<String, String>> {
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
    let number = |row: &std::collections::HashMap<String, String>, key: &str| row[key].parse::<f64>().unwrap();
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
