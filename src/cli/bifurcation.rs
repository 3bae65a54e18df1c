//! Continuation of `analyze`.

use super::output::Output;
use super::progress::{Looking, say};
use crate::analyze::continuation::{CyclePoint, End, Options, Settings};
use crate::analyze::{Bifurcation, Knob, Progress, Request, Subject};
use crate::report::bifurcation::{diagram, map};
use crate::report::searched::{cut_off, searched};
use crate::units::significant;
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use rayon::prelude::*;
use serde::Serialize;

/// Continuation, with option names as in BifurcationKit.jl.
#[derive(Args, Serialize)]
#[command(next_help_heading = "Continuation")]
pub(super) struct BifurcationArguments {
    /// Follow fixed points and cycles over this knob: a parameter's path, concentration.LIGAND,
    /// blocked.RECEPTOR.POPULATION, or stress.
    #[arg(long, value_name = "PATH", requires_all = ["from", "to"])]
    knob: Option<String>,
    /// The knob's lowest value, with its unit (`p_min`).
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, visible_alias = "p-min", requires = "knob")]
    from: Option<String>,
    /// The knob's highest value (`p_max`).
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, visible_alias = "p-max", requires = "knob")]
    to: Option<String>,
    /// Spread the knob's values by ratios.
    #[arg(long, requires = "knob")]
    log: bool,
    /// Follow folds and Hopf points over this knob too.
    #[arg(long, value_name = "PATH", requires_all = ["knob", "from2", "to2"])]
    knob2: Option<String>,
    /// The second knob's lowest value.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, requires = "knob2")]
    from2: Option<String>,
    /// The second knob's highest value.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true, requires = "knob2")]
    to2: Option<String>,
    /// Spread the second knob's values by ratios.
    #[arg(long, requires = "knob2")]
    log2: bool,
    /// First step along a branch, as a share of the range and of the sizes of the variables.
    #[arg(long, requires = "knob")]
    ds: Option<f64>,
    /// Shortest step.
    #[arg(long, requires = "knob")]
    dsmin: Option<f64>,
    /// Longest step.
    #[arg(long, requires = "knob")]
    dsmax: Option<f64>,
    /// Most steps of one branch, to each side of where it starts.
    #[arg(long, requires = "knob")]
    max_steps: Option<usize>,
    /// Intervals of a limit cycle's mesh to begin with.
    #[arg(long, requires = "knob")]
    ntst: Option<usize>,
    /// Do not follow limit cycles.
    #[arg(long, requires = "knob")]
    no_cycles: bool,
}

/// Follows the knobs that are asked for, and draws what was found.
pub(super) fn follow_knobs(
    arguments: &BifurcationArguments,
    subjects: &[Subject],
    request: &Request,
    out: &mut Output,
    quiet: bool,
) -> Result<(), String> {
    let Some(first) = subjects.first() else { return Ok(()) };
    let circuit = first.system.circuit();
    if arguments.knob.is_some() {
        let found = follow(arguments, subjects, request, quiet)?;
        out.json("continuation", &found)?;
        if !quiet {
            found.iter().for_each(|found| report(found, request.seconds));
        }
        let figures = [("continuation", diagram(circuit, &found)), ("two-knobs", map(circuit, &found))];
        out.figures(figures.into_iter().filter_map(|(stem, figure)| Some((stem, figure?))).collect())?;
    }
    Ok(())
}

fn follow(
    arguments: &BifurcationArguments,
    subjects: &[Subject],
    request: &Request,
    quiet: bool,
) -> Result<Vec<Bifurcation>, String> {
    let one = |subject: &Subject| {
        let (Some(path), Some(from), Some(to)) = (&arguments.knob, &arguments.from, &arguments.to) else {
            return Err("--knob needs --from and --to".to_owned());
        };
        let first = knob(arguments, subject, (path, from, to, arguments.log), "")?;
        let second = match (&arguments.knob2, &arguments.from2, &arguments.to2) {
            (Some(path), Some(from), Some(to)) => {
                Some(knob(arguments, subject, (path, from, to, arguments.log2), "2")?)
            }
            _ => None,
        };
        let bounds = request.bounds(&subject.system).map_err(|error| format!("--box: {error}"))?;
        let mut looking = Looking::new("", quiet);
        let mut watch = |knob: f64, it: &Progress| {
            looking.rename(&format!("{} at {path} = {}", subject.name, significant(knob, 6)));
            looking.advance(it.starts, it.found, it.seconds);
        };
        let found = Bifurcation::watched(subject, &first, second.as_ref(), &bounds, &mut watch);
        looking.finish();
        found.map_err(|error| format!("--knob2: {error}"))
    };
    subjects.par_iter().map(one).collect()
}

/// A knob with its options. `number` is what its arguments end in.
fn knob(
    arguments: &BifurcationArguments,
    subject: &Subject,
    (path, from, to, log): (&str, &str, &str, bool),
    number: &str,
) -> Result<(Knob, Options), String> {
    let (knob, low) =
        Knob::new(subject, path, from).map_err(|error| format!("--knob{number}, --from{number}: {error}"))?;
    let (_, high) = Knob::new(subject, path, to).map_err(|error| format!("--knob{number}, --to{number}: {error}"))?;
    let defaults = Settings::over(low, high);
    let settings = Settings {
        ds: arguments.ds.unwrap_or(defaults.ds.min(arguments.dsmax.unwrap_or(f64::INFINITY))),
        dsmin: arguments.dsmin.unwrap_or(defaults.dsmin),
        dsmax: arguments.dsmax.unwrap_or(defaults.dsmax.max(arguments.ds.unwrap_or(0.0))),
        max_steps: arguments.max_steps.unwrap_or(defaults.max_steps),
        ntst: arguments.ntst.unwrap_or(defaults.ntst),
        cycles: !arguments.no_cycles,
        log,
        ..defaults
    };
    let options = Options::new(settings).map_err(|error| format!("--knob{number}: {error}"))?;
    Ok((knob, options))
}

/// Branches, special points and cycles of one subject, and where fixed points were looked for.
fn report(found: &Bifurcation, seconds: Option<f64>) {
    let branches = &found.diagram.branches;
    let points: usize = branches.iter().map(|branch| branch.points.len()).sum();
    let count = if branches.len() == 1 { "1 branch".to_owned() } else { format!("{} branches", branches.len()) };
    say(format!("{} over {}: {count}, {points} fixed points", found.name, found.knob.knob));
    for looked in &found.looked {
        say(format!("  at {}: {}", value(found, looked.knob), searched(&found.populations, &looked.search)));
        if let Some(cut) = cut_off(&looked.search, looked.found, seconds) {
            say(format!("  {cut}"));
        }
    }
    if found.diagram.cut {
        say("  there are more branches: these are as many as are followed");
    }
    report_branches(found);
    report_special(found);
    report_cycles(found);
    for (kind, [one, two]) in found.corners() {
        say(format!("  {} at {}, {}", kind.name(), significant(one, 8), significant(two, 8)));
    }
}

/// A value of the knob; what is 0 to rounding against its range is 0.
fn value(found: &Bifurcation, value: f64) -> String {
    let [low, high] = found.knob.range;
    let value = if value.abs() < ROUNDED * (high - low).abs() { 0.0 } else { value };
    format!("{} {}", significant(value, 8), found.knob.unit).trim().to_owned()
}

/// A value below this share of the knob's range is 0: special points are located to about this.
const ROUNDED: f64 = 1e-9;

fn table(header: impl Iterator<Item = String>, rows: impl Iterator<Item = Vec<String>>, words: usize) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let header: Vec<String> = header.collect();
    let columns = header.len();
    table.set_header(header);
    rows.for_each(|row| {
        table.add_row(row);
    });
    for column in words..columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Where each branch of fixed points begins and ends.
fn report_branches(found: &Bifurcation) {
    let rows = found.diagram.branches.iter().enumerate().filter_map(|(index, branch)| {
        let (first, last) = (branch.points.first()?, branch.points.last()?);
        let name = format!("  branch {}", index + 1);
        if branch.ends == [End::Closed; 2] {
            let turns = branch.special.iter().map(|special| special.knob);
            let knobs = branch.points.iter().map(|point| point.knob).chain(turns);
            let (low, high) = knobs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), knob| (l.min(knob), h.max(knob)));
            return Some(vec![
                name,
                format!("closed, between {} and {}", value(found, low), value(found, high)),
                String::new(),
            ]);
        }
        let end = |end: End, knob: f64| format!("{}, {}", value(found, knob), end.words());
        Some(vec![
            name,
            format!("from {}", end(branch.ends[0], first.knob)),
            format!("to {}", end(branch.ends[1], last.knob)),
        ])
    });
    let header = ["", "begins", "ends"].map(String::from).into_iter();
    say(table(header, rows, 3));
}

fn report_special(found: &Bifurcation) {
    let special = found.diagram.special();
    if special.is_empty() {
        return;
    }
    let header = ["", "at", "frequency (Hz)"].map(String::from).into_iter();
    let header = header.chain(found.populations.iter().map(|name| format!("{name} (Hz)")));
    let rows = special.into_iter().map(|point| {
        // Frequencies are in radians per ms.
        let hertz = point.frequency.map(|frequency| significant(frequency * 1e3 / std::f64::consts::TAU, 6));
        let rates = point.observed.iter().map(|rate| significant(*rate, 6));
        let start = [format!("  {}", point.words()), value(found, point.knob), hertz.unwrap_or_default()];
        start.into_iter().chain(rates).collect()
    });
    say(table(header, rows, 1));
}

fn report_cycles(found: &Bifurcation) {
    for cycles in &found.diagram.cycles {
        let (Some(first), Some(last)) = (cycles.points.first(), cycles.points.last()) else { continue };
        let at = |point: &CyclePoint| {
            format!("{} with a period of {} ms", value(found, point.knob), significant(point.period, 6))
        };
        say(format!("  cycles from {} to {}, {}", at(first), at(last), cycles.end.words()));
        for fold in &cycles.folds {
            say(format!("  fold of cycles at {}", at(fold)));
        }
    }
}
