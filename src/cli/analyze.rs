//! `analyze`: a circuit, or the arms of a scenario at one time, linearised.

use super::progress::{refuse, say};
use super::run::{calibrated_scenario, folder_name};
use super::{AnalyzeArguments, Ending};
use crate::analyze::{Analysis, Subject};
use crate::config::{Kind, Loaded, load};
use crate::store::write_file;
use crate::units::Dimension;
use comfy_table::{CellAlignment, Table, presets};
use fearless_simd::Level;
use std::path::{Path, PathBuf};

pub(super) fn analyze(arguments: &AnalyzeArguments) -> Ending {
    let loaded = match load(&arguments.file, &arguments.set) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(error.render()),
    };
    let file = arguments.file.display();
    let subjects = match subjects(&loaded, arguments, Level::new()) {
        Ok(subjects) => subjects,
        Err(message) => return refuse(format!("error: {file}: {message}")),
    };
    let analyses: Vec<Analysis> = subjects.iter().map(Analysis::new).collect();
    let out = folder(&loaded, arguments);
    if let Err(message) = store(&analyses, &out) {
        return refuse(format!("error: {message}"));
    }
    if !arguments.quiet {
        analyses.iter().for_each(report);
        say(format!("results: {}", out.display()));
    }
    Ending::Done
}

/// The circuit, or the arms asked for.
pub(super) fn subjects(loaded: &Loaded, arguments: &AnalyzeArguments, level: Level) -> Result<Vec<Subject>, String> {
    let names: Vec<String> = arguments.arm.iter().chain(&arguments.arms).cloned().collect();
    match loaded.kind {
        Kind::Circuit | Kind::Scenario | Kind::Finding if names.is_empty() => {
            Ok(vec![Subject::circuit(&loaded.scenario, level).map_err(|error| error.to_string())?])
        }
        Kind::Scenario | Kind::Finding => {
            let minutes = match &arguments.at {
                Some(text) => Some(
                    Dimension::Time
                        .read(text, loaded.scenario.circuit.input_unit)
                        .map_err(|error| format!("--at: {error}"))?,
                ),
                None => None,
            };
            let (scenario, calibration) = calibrated_scenario(loaded, level)?;
            Subject::arms(&scenario, &calibration, &names, minutes, level).map_err(|error| error.to_string())
        }
        Kind::Circuit => Err("a circuit has no arms; expected a scenario for --arm".into()),
        Kind::Pharmacology | Kind::Sweep | Kind::Hypothesis => {
            Err("there is no circuit to analyse; expected a circuit or a scenario".into())
        }
    }
}

/// The folder of the results.
pub(super) fn folder(loaded: &Loaded, arguments: &AnalyzeArguments) -> PathBuf {
    let name = folder_name(&loaded.scenario.name) + "-analysis";
    arguments.out.clone().unwrap_or_else(|| Path::new("out").join(name))
}

fn store(analyses: &[Analysis], out: &Path) -> Result<(), String> {
    std::fs::create_dir_all(out).map_err(|error| format!("`{}` cannot be written: {error}", out.display()))?;
    let mut bytes = serde_json::to_vec_pretty(analyses).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    write_file(&out.join("analysis.json"), &bytes).map_err(|error| error.to_string())
}

/// The state of a subject, and its response matrix.
fn report(analysis: &Analysis) {
    let at = analysis.minutes.map(|minutes| format!(" at {}", crate::plot::duration(minutes))).unwrap_or_default();
    say(format!("{}{at}", analysis.name));
    let Some(state) = &analysis.state else {
        say("  no stable rest");
        return;
    };
    let slowest = state.eigenvalues_per_s.last().map_or(f64::NAN, |value| value[0]);
    say(format!("  largest real part of the eigenvalues: {slowest:.4} per s"));
    let Some(response) = &state.response else { return };
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let header = [String::new(), "rate (Hz)".to_owned()].into_iter();
    table.set_header(header.chain(analysis.populations.iter().map(|name| format!("per drive to {name}"))));
    for (index, name) in analysis.populations.iter().enumerate() {
        let cells = response.hz_per_input_unit[index].iter().map(|entry| format!("{entry:+.4}"));
        table.add_row([name.clone(), format!("{:.4}", state.rates_hz[index])].into_iter().chain(cells));
    }
    for column in 1..=analysis.populations.len() + 1 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    say(table);
}
