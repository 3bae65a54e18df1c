//! `run`: a scenario from its file to numbers and figures.

use super::output::{Output, drawn};
use super::progress::{note, refuse, say};
use super::table::{align_right, hundredths, number, plain};
use super::warnings::{Heed, heed, with_warnings};
use super::{Ending, RunArguments};
use crate::config::{Kind, Loaded, load, writer};
use crate::equilibrium::{Calibrated, calibrate, calibrate_scenario};
use crate::numeric::lanes::level_name;
use crate::plot::{Observed, TimeUnit, duration, time_unit};
use crate::readouts::{ArmSummary, Summary};
use crate::report;
use crate::scenario::{Calibration, Scenario};
use crate::simulate::run_calibrated;
use crate::store::{DATA, Manifest, Results, observed_name};
use serde_json::Value;
use std::path::Path;
use std::time::Instant;

/// What rounding makes of a whole number of intervals, relative to it.
const ROUNDING: f64 = 1e-6;

pub(super) fn run(arguments: &RunArguments) -> Ending {
    if let Err(message) = use_threads(arguments.threads) {
        return refuse(message);
    }
    let mut loaded = match load(&arguments.file, &arguments.set) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(error.render()),
    };
    // Not by way of `--set`, which has no whole numbers as large as the streams of a sweep.
    let run = &mut loaded.scenario.run;
    run.seed = arguments.seed.unwrap_or(run.seed);
    run.stream = arguments.stream.unwrap_or(run.stream);
    run.replicate = arguments.replicate.map_or(run.replicate, u64::from);
    let file = arguments.file.display();
    if loaded.kind != Kind::Scenario || loaded.scenario.arms.is_empty() {
        return refuse(format!("error: {file}: there are no arms to run; expected a scenario with [[arms]]"));
    }
    if let Err(ending) = heed(&loaded.warnings, Heed { strict: arguments.strict, quiet: arguments.quiet }) {
        return ending;
    }
    match run_into(&loaded, arguments) {
        Ok(summary) => ending(&summary),
        Err(message) => refuse(format!("error: {message}")),
    }
}

/// Runs a scenario and writes what it gave; gives its numbers.
fn run_into(loaded: &Loaded, arguments: &RunArguments) -> Result<Summary, String> {
    let file = arguments.file.display();
    let out = arguments.out.clone();
    let out = out.unwrap_or_else(|| Path::new("out").join(folder_name(&loaded.scenario.name)));
    let identity = ("run", writer::to_json(&loaded.scenario), Value::Null);
    let mut out = Output::open(&out, identity, &DATA, arguments.fresh)?;
    let started = Instant::now();
    let (scenario, calibration) = calibrated_scenario(loaded).map_err(|error| format!("{file}: {error}"))?;
    let calibrated = started.elapsed();
    let outcome = run_calibrated(&scenario, calibration.clone()).map_err(|error| format!("{file}: {error}"))?;
    let simulated = started.elapsed();
    let mut results = Results::new(outcome);
    results.observed.clone_from(&loaded.observed);
    let seconds = [("calibrate", calibrated.as_secs_f64()), ("simulate", (simulated - calibrated).as_secs_f64())];
    let manifest = Manifest::new(&results.scenario, &calibration, level_name(), &seconds);
    let figures = figures(&results)?;
    let measured = keep_measurements(&mut results);
    out.files(results.files().map_err(|error| error.to_string())?);
    out.files(measured);
    out.files(figures);
    if !divides(&results.scenario) {
        note("`run.record` does not divide the run: the last interval of the traces is shorter");
    }
    if !arguments.quiet {
        report(&results);
        if scenario.run.start.is_empty() {
            super::check::describe_others(&calibration);
        }
    }
    out.finish(with_warnings(manifest.notes(), &loaded.warnings), arguments.quiet)?;
    Ok(results.summary)
}

/// Copies of the measurements that a scenario names, which it names from now on: a stored run can be drawn, and its scenario
/// run, wherever it is moved.
fn keep_measurements(results: &mut Results) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for (place, (named, observed)) in results.scenario.observed.iter_mut().zip(&results.observed).enumerate() {
        named.file = observed_name(place);
        files.push((named.file.clone(), observed.bytes.clone()));
    }
    files
}

/// Whether the interval of the traces, where there is one, divides the run.
fn divides(scenario: &Scenario) -> bool {
    let run = &scenario.run;
    run.record.map(|record| (run.to - run.from) / record).is_none_or(|count| {
        let whole = libm::round(count);
        (count - whole).abs() <= ROUNDING * whole
    })
}

/// The scenario with its circuit calibrated after `--set`; or with the drives as they were before, in place of the rests.
pub(super) fn calibrated_scenario(loaded: &Loaded) -> Result<(Scenario, Calibrated), String> {
    let mut scenario = loaded.scenario.clone();
    if scenario.run.drive == Calibration::Hold {
        let held = calibrate(&loaded.before_set.circuit).map_err(|error| error.to_string())?;
        scenario.circuit.hold(&held.drives);
    }
    let calibration = calibrate_scenario(&scenario).map_err(|error| error.to_string())?;
    Ok((scenario, calibration))
}

/// All figures of a run as SVG and PNG, by name.
pub(super) fn figures(results: &Results) -> Result<Vec<(String, Vec<u8>)>, String> {
    let rows = results.observed.iter().flat_map(|observed| &observed.rows);
    let measured: Vec<Observed> = rows
        .map(|row| Observed {
            arm: row.arm,
            population: row.population,
            t_min: row.minutes,
            rate_hz: row.rate_hz,
            error_hz: row.error_hz,
        })
        .collect();
    drawn(report::figures(results, &measured))
}

/// Limits the threads of the program.
pub(super) fn use_threads(threads: Option<std::num::NonZeroUsize>) -> Result<(), String> {
    let Some(threads) = threads else { return Ok(()) };
    let built = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global();
    built.map_err(|error| format!("error: --threads: {error}"))
}

/// A name as a folder: no separators.
pub(super) fn folder_name(name: &str) -> String {
    let plain = |letter: char| if letter.is_alphanumeric() || "-_.+ ".contains(letter) { letter } else { '_' };
    let folder: String = name.chars().map(plain).collect();
    if folder.trim_matches(['.', ' ']).is_empty() { "run".into() } else { folder }
}

fn ending(summary: &Summary) -> Ending {
    let failed = summary.arms.iter().filter(|arm| arm.status != "ok").collect::<Vec<_>>();
    for arm in &failed {
        note(format!("arm `{}`: {}", arm.name, arm.problem.as_deref().unwrap_or("failed")));
    }
    if failed.is_empty() { Ending::Done } else { Ending::SomeFailed }
}

/// A compact table of the arms, and what happened to them.
fn report(results: &Results) {
    let (summary, scenario) = (&results.summary, &results.scenario);
    let labels: Vec<&String> = summary
        .arms
        .iter()
        .max_by_key(|arm| arm.rates_hz.len())
        .map(|arm| arm.rates_hz.keys().collect())
        .unwrap_or_default();
    let compared = Compared::new(summary, scenario);
    let mut table = plain();
    let header = ["arm".to_owned()].into_iter().chain(labels.iter().map(|label| (*label).clone()));
    let header: Vec<String> = header.chain(compared.headings()).collect();
    let columns = header.len();
    table.set_header(header);
    for arm in &summary.arms {
        table.add_row(row(summary, arm, &labels, &compared));
    }
    align_right(&mut table, 1..=columns);
    say(format!("rate of {} in Hz{}", summary.population, compared.legend()));
    say(table);
    let averaged = |arm: &ArmSummary| arm.averaged.map(|averaged| averaged.error_hz);
    if let Some(error) = summary.arms.iter().filter_map(averaged).reduce(f64::max) {
        say(format!("slow variables saw mean rates over bursts of fast time, good to about {error:.2e} Hz"));
    }
    let further: Vec<&str> =
        summary.arms.first().map_or_else(Vec::new, |arm| arm.readouts.keys().map(String::as_str).collect());
    if !further.is_empty() {
        say(format!("in summary.json, and not drawn: {}", further.join(", ")));
    }
    for arm in &summary.arms {
        for event in &arm.events {
            let driver = event.driver.as_ref().map_or(String::new(), |name| format!(", driven by {name}"));
            say(format!("at {}, {}: {}{driver}", duration(event.at_min), arm.name, event.what));
        }
    }
}

/// What arms are compared with, in the scenario's own words, as far as it compares them.
struct Compared {
    /// What control is called.
    control: String,
    /// What lies at 0 and at 1 of the numbers in brackets.
    ends: String,
    /// Whether an arm has a rate relative to the control arm's.
    relative: bool,
    /// Whether an arm has a rescue.
    rescued: bool,
    /// The unit of the time above control.
    unit: TimeUnit,
}

impl Compared {
    fn new(summary: &Summary, scenario: &Scenario) -> Self {
        let (run, compare) = (&scenario.run, &scenario.compare);
        let beside = |name: &str| summary.arms.iter().any(|arm| arm.name != name);
        let relative = summary.arms.iter().any(|arm| arm.minutes_above_control.is_some());
        let rescued = summary.arms.iter().any(|arm| arm.rescue_index.values().any(Option::is_some));
        let (control, ends) = if scenario.resolved_arms().iter().all(|arm| arm.compare.is_none()) {
            let ends = format!("between `{}` (0) and `{}` (1)", compare.stress, compare.control);
            (compare.control.clone(), ends)
        } else {
            ("its control".to_owned(), "between the arms that it is compared with, from 0 to 1".to_owned())
        };
        Self {
            control,
            ends,
            // A control arm by itself is compared with nothing.
            relative: relative && beside(&compare.control),
            rescued,
            unit: time_unit(run.to.min(compare.to) - run.from.max(compare.from)),
        }
    }

    fn headings(&self) -> Vec<String> {
        if self.relative {
            vec![format!("peak / {}", self.control), format!("{} above {}", self.unit.name, self.control)]
        } else {
            Vec::new()
        }
    }

    fn legend(&self) -> String {
        if self.rescued { format!("; in brackets where it lies {}", self.ends) } else { String::new() }
    }
}

fn row(summary: &Summary, arm: &ArmSummary, labels: &[&String], compared: &Compared) -> Vec<String> {
    let mut row = vec![arm.name.clone()];
    for label in labels {
        let rate = arm.rate(label, &summary.population);
        let rescue = arm.rescue_index.get(*label).copied().flatten();
        row.push(match (rate, rescue) {
            (Some(rate), Some(rescue)) => format!("{} ({})", number(rate), hundredths(rescue)),
            (Some(rate), None) => number(rate),
            (None, _) => String::new(),
        });
    }
    if compared.relative {
        // Where there is a control arm but its rate is as good as 0, nothing is relative to it.
        let undefined = if arm.minutes_above_control.is_some() { "undefined" } else { "" };
        row.push(arm.peak_over_control.map_or(undefined.to_owned(), hundredths));
        row.push(arm.minutes_above_control.map(|time| number(time / compared.unit.minutes)).unwrap_or_default());
    }
    row
}
