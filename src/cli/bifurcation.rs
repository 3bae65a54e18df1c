//! Continuation of `analyze`.

use super::output::Output;
use super::progress::say;
use crate::analyze::continuation::{CycleEnd, CyclePoint, Options, Settings};
use crate::analyze::{Bifurcation, Knob, Request, Subject};
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
    /// Intervals of a limit cycle's mesh.
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
        let found = follow(arguments, subjects, request)?;
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
        Bifurcation::within(subject, &first, second.as_ref(), &bounds).map_err(|error| format!("--knob2: {error}"))
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

/// Special points and cycles of one subject.
fn report(found: &Bifurcation, seconds: Option<f64>) {
    let value = |value: f64| format!("{} {}", significant(value, 8), found.knob.unit).trim().to_owned();
    let branches = &found.diagram.branches;
    let points: usize = branches.iter().map(|branch| branch.points.len()).sum();
    say(format!("{} over {}: {} branches, {points} fixed points", found.name, found.knob.knob, branches.len()));
    for looked in &found.looked {
        say(format!("  at {}: {}", value(looked.knob), searched(&found.populations, &looked.search)));
        if let Some(cut) = cut_off(&looked.search, looked.found, seconds) {
            say(format!("  {cut}"));
        }
    }
    let special = found.diagram.special();
    if !special.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let header = ["", "at", "frequency (Hz)"].map(String::from).into_iter();
        table.set_header(header.chain(found.populations.iter().map(|name| format!("{name} (Hz)"))));
        for point in special {
            // Frequencies are in radians per ms.
            let hertz = point.frequency.map(|frequency| significant(frequency * 1e3 / std::f64::consts::TAU, 6));
            let rates = point.observed.iter().map(|rate| significant(*rate, 6));
            let start = [format!("  {}", point.kind.name()), value(point.knob), hertz.unwrap_or_default()];
            table.add_row(start.into_iter().chain(rates));
        }
        for column in 1..found.populations.len() + 3 {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        say(table);
    }
    for cycles in &found.diagram.cycles {
        let (Some(first), Some(last)) = (cycles.points.first(), cycles.points.last()) else { continue };
        let at =
            |point: &CyclePoint| format!("{} with a period of {} ms", value(point.knob), significant(point.period, 6));
        let end = match cycles.end {
            CycleEnd::Range => "the end of the range",
            CycleEnd::Hopf => "a Hopf point",
            CycleEnd::LongPeriod => "where the period grows without bound",
            CycleEnd::MostSteps => "where max_steps are taken",
            CycleEnd::Lost => "where Newton's method no longer converges",
        };
        say(format!("  cycles from {} to {}, {end}", at(first), at(last)));
        for fold in &cycles.folds {
            say(format!("  fold of cycles at {}", at(fold)));
        }
    }
    for (kind, [one, two]) in found.corners() {
        say(format!("  {} at {}, {}", kind.name(), significant(one, 8), significant(two, 8)));
    }
}
