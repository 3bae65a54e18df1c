//! `analyze`: a circuit, or the arms of a scenario at one time, linearised.

use super::progress::{refuse, say};
use super::run::{calibrated_scenario, folder_name};
use super::{AnalyzeArguments, Ending};
use crate::analyze::{Analysis, Request, StateAnalysis, Subject};
use crate::config::{Kind, Loaded, load};
use crate::plot::Figure;
use crate::report::analysis::{figures, response_unit, theme};
use crate::store::write_file;
use crate::units::{Dimension, InputUnit};
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
    let analyses: Result<Vec<Analysis>, String> = request(&loaded, arguments)
        .and_then(|request| subjects.iter().map(|subject| Analysis::new(subject, &request)).collect());
    let analyses = match analyses {
        Ok(analyses) => analyses,
        Err(message) => return refuse(format!("error: {file}: {message}")),
    };
    let out = folder(&loaded, arguments);
    let title = if names(arguments).is_empty() { analyses[0].name.clone() } else { loaded.scenario.name.clone() };
    let theme = theme(&loaded.scenario);
    let figures = figures(&analyses, &theme, &title);
    let files = match store(&analyses, &out).and_then(|()| write_figures(figures, &out)) {
        Ok(files) => files,
        Err(message) => return refuse(format!("error: {message}")),
    };
    if !arguments.quiet {
        analyses.iter().for_each(report);
    }
    let found = super::plane::carry_out(arguments, &subjects, &analyses, (&theme, &title), &out)
        .and_then(|()| super::bifurcation::carry_out(&arguments.bifurcation, &subjects, &out, arguments.quiet));
    if let Err(message) = found {
        return refuse(format!("error: {message}"));
    }
    if !arguments.quiet {
        say(format!("results: {}", out.display()));
        files.iter().for_each(|file| say(format!("figure:  {} (and .png)", file.display())));
    }
    Ending::Done
}

/// The circuit, or the arms asked for.
pub(super) fn subjects(loaded: &Loaded, arguments: &AnalyzeArguments, level: Level) -> Result<Vec<Subject>, String> {
    let names = names(arguments);
    match loaded.kind {
        Kind::Circuit | Kind::Scenario | Kind::Finding if names.is_empty() => {
            Ok(vec![Subject::circuit(&loaded.scenario, level).map_err(|error| error.to_string())?])
        }
        Kind::Scenario | Kind::Finding => {
            let input = loaded.scenario.circuit.input_unit;
            let minutes = arguments.at.as_ref().map(|text| minutes_of(text, input)).transpose()?;
            let (scenario, calibration) = calibrated_scenario(loaded, level)?;
            Subject::arms(&scenario, &calibration, &names, minutes, level).map_err(|error| error.to_string())
        }
        Kind::Circuit => Err("a circuit has no arms; expected a scenario for --arm".into()),
        Kind::Pharmacology | Kind::Sweep | Kind::Hypothesis => {
            Err("there is no circuit to analyse; expected a circuit or a scenario".into())
        }
    }
}

/// The arms asked for.
fn names(arguments: &AnalyzeArguments) -> Vec<String> {
    arguments.arm.iter().chain(&arguments.arms).cloned().collect()
}

/// A moment as it is written, in min.
pub(super) fn minutes_of(text: &str, input: InputUnit) -> Result<f64, String> {
    Dimension::Time.read(text, input).map_err(|error| format!("--at: {error}"))
}

/// Writes figures as SVG and PNG into a folder; gives the SVG files.
pub(super) fn write_figures(figures: Vec<(&'static str, Figure)>, out: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for (stem, figure) in figures {
        let png = figure.png().map_err(|error| format!("{stem}: {error}"))?;
        write_file(&out.join(format!("{stem}.png")), &png).map_err(|error| error.to_string())?;
        let file = out.join(format!("{stem}.svg"));
        write_file(&file, figure.svg().as_bytes()).map_err(|error| error.to_string())?;
        files.push(file);
    }
    Ok(files)
}

/// What the arguments ask for.
fn request(loaded: &Loaded, arguments: &AnalyzeArguments) -> Result<Request, String> {
    let range = |text: &String| {
        let parts = || {
            let (name, range) = text.split_once('=')?;
            let (low, high) = range.split_once("..")?;
            Some((name.trim().to_owned(), low.trim().parse().ok()?, high.trim().parse().ok()?))
        };
        parts().ok_or_else(|| format!("--box: `{text}` is not a range; expected one in Hz such as --box Pyr=0..50"))
    };
    let scenario = &loaded.scenario;
    let seconds = |text: &String| {
        let minutes = Dimension::Time.read(text, scenario.circuit.input_unit);
        match minutes.map(|minutes| 60.0 * minutes) {
            Ok(seconds) if (1.0..=1e5).contains(&seconds) => Ok(seconds),
            Ok(_) => Err(format!("--simulate: `{text}` is out of range; expected a time between 1 s and 1 d")),
            Err(error) => Err(format!("--simulate: {error}")),
        }
    };
    Ok(Request {
        box_hz: arguments.r#box.iter().map(range).collect::<Result<_, _>>()?,
        simulate_s: arguments.simulate.as_ref().map(seconds).transpose()?,
        seed: scenario.run.seed,
    })
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

/// The fixed points of a subject, and the response matrix of the state that it is in.
fn report(analysis: &Analysis) {
    let at = analysis.minutes.map(|minutes| format!(" at {}", crate::plot::duration(minutes))).unwrap_or_default();
    say(format!("{}{at}", analysis.name));
    if let Some(rates) = &analysis.moving_hz {
        let rates = analysis.populations.iter().zip(rates).map(|(name, rate)| format!("{name} {rate:.4} Hz"));
        say(format!(
            "  on its way, through {}: what follows is of the circuit with all its numbers as they are at that moment",
            rates.collect::<Vec<_>>().join(", ")
        ));
    }
    say(fixed_points(analysis));
    if analysis.search.index_is_one == Some(false) {
        say("  some fixed points were not found: their indices do not sum to 1");
    }
    let Some(state) = &analysis.state else {
        say("  no stable rest to linearise at");
        report_unrest(analysis);
        say("");
        return;
    };
    if let Some(response) = &state.response {
        say(format!("d rate / d drive, in {}:", response_unit(analysis)));
        say(response_table(analysis, &response.hz_per_input_unit));
        let yes = |truth: bool| if truth { "yes" } else { "no" };
        let paradoxical = analysis.populations.iter().zip(&response.paradoxical).filter(|(_, truth)| **truth);
        let names: Vec<&str> = paradoxical.map(|(name, _)| name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let stabilised = response.inhibition_stabilised.map_or("no excitatory population", yes);
        say(format!("inhibition-stabilised: {stabilised}; paradoxical response: {names}"));
    }
    if let Some(noise) = &state.noise {
        let pairs = analysis.populations.iter().zip(noise.deviation_hz.iter().zip(&noise.peak_hz));
        let texts: Vec<String> =
            pairs.map(|(name, (deviation, peak))| format!("{name} {deviation:.4} Hz{}", peak_text(*peak))).collect();
        say(format!("standard deviation under the input noise: {}", texts.join(", ")));
    }
    if let Some(simulated) = &analysis.simulated {
        let pairs = analysis.populations.iter().zip(simulated.mean_hz.iter().zip(&simulated.deviation_hz));
        let texts: Vec<String> =
            pairs.map(|(name, (mean, deviation))| format!("{name} {mean:.4} ± {deviation:.4} Hz")).collect();
        say(format!("simulated for {} x {} s: {}", simulated.replicates, simulated.seconds, texts.join(", ")));
    }
    say("");
}

/// What a subject without a stable state does.
fn report_unrest(analysis: &Analysis) {
    if let Some(cycle) = &analysis.cycle {
        let hz = cycle.frequency_hz;
        say(format!("  it oscillates: a cycle of {:.6} ms ({hz:.4} Hz)", cycle.period_ms));
    }
    let Some(unrest) = &analysis.unrest else { return };
    if analysis.cycle.is_none() {
        say("  it neither settles nor comes to a cycle");
    }
    let ranges = analysis.cycle.as_ref().map_or(&unrest.range_hz, |cycle| &cycle.rates_hz);
    let rates = analysis.populations.iter().zip(ranges).zip(&unrest.welch.peak_hz);
    let text = |((name, [low, high]), peak): ((&String, &[f64; 2]), &Option<f64>)| {
        format!("{name} from {low:.4} to {high:.4} Hz{}", peak_text(*peak))
    };
    say(format!("  rates: {}", rates.map(text).collect::<Vec<_>>().join(", ")));
}

fn peak_text(peak: Option<f64>) -> String {
    peak.map_or_else(String::new, |hz| format!(" (most at {hz:.1} Hz)"))
}

fn fixed_points(analysis: &Analysis) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let rates = analysis.populations.iter().map(|name| format!("{name} (Hz)"));
    let columns = ["fixed point", "leading eigenvalue (1/s)"].map(String::from);
    table.set_header([String::new()].into_iter().chain(rates).chain(columns));
    let here = |point: &StateAnalysis| analysis.state.as_ref().is_some_and(|state| state.variables == point.variables);
    for point in &analysis.fixed_points {
        let mark = if here(point) { "*" } else { "" };
        let rates = point.rates_hz.iter().map(|rate| format!("{rate:.6}"));
        let unstable = match point.unstable_directions {
            0 => point.kind.clone(),
            1 => format!("{}, 1 unstable direction", point.kind),
            many => format!("{}, {many} unstable directions", point.kind),
        };
        let leading = point.eigenvalues_per_s.last().map_or_else(String::new, |[re, im]| {
            if *im == 0.0 { format!("{re:.4}") } else { format!("{re:.4} ± {:.4}i", im.abs()) }
        });
        table.add_row([mark.to_owned()].into_iter().chain(rates).chain([unstable, leading]));
    }
    align(&mut table, 1..=analysis.populations.len());
    table
}

fn response_table(analysis: &Analysis, matrix: &[Vec<f64>]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([String::new()].into_iter().chain(analysis.populations.iter().map(|name| format!("to {name}"))));
    for (name, row) in analysis.populations.iter().zip(matrix) {
        table.add_row([name.clone()].into_iter().chain(row.iter().map(|entry| format!("{entry:+.4}"))));
    }
    align(&mut table, 1..=analysis.populations.len());
    table
}

fn align(table: &mut Table, columns: std::ops::RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
