//! `analyze`: a circuit, or the arms of a scenario at one time, linearised.

use super::bounds::{boxes, seconds};
use super::output::{Output, program};
use super::progress::{Looking, refuse, say};
use super::run::{calibrated_scenario, folder_name};
use super::table::{align_right, exact, number, number_of, numbers, plain};
use super::warnings::{Heed, heed, with_warnings};
use super::{AnalyzeArguments, Ending};
use crate::analyze::{Analysis, MOST_VARIABLES, Request, SideAnalysis, StateAnalysis, Subject};
use crate::config::{Kind, Loaded, load, writer};
use crate::report::analysis::{figures, response_unit, theme};
use crate::report::searched::{cut_off, searched};
use crate::report::units::{Group, by_population, response_of};
use crate::units::{Dimension, InputUnit, significant};
use comfy_table::Table;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Rates that change by no more than this, relative to their size (absolutely below 1 Hz), stand still.
const STILL: f64 = 1e-6;
/// Fixed points that the terminal lists; all stand in the file.
const MOST_ROWS: usize = 40;

pub(super) fn analyze(arguments: &AnalyzeArguments) -> Ending {
    let loaded = match load(&arguments.file, &arguments.set) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(error.render()),
    };
    if let Err(ending) = heed(&loaded.warnings, Heed { strict: arguments.strict, quiet: arguments.quiet }) {
        return ending;
    }
    match analyze_into(&loaded, arguments) {
        Ok(()) => Ending::Done,
        Err(message) => refuse(format!("error: {message}")),
    }
}

/// Analyses what is asked for and writes what was found.
fn analyze_into(loaded: &Loaded, arguments: &AnalyzeArguments) -> Result<(), String> {
    let file = arguments.file.display();
    let in_file = |message: String| format!("{file}: {message}");
    let identity = ("analyze", writer::to_json(&loaded.scenario), identity(arguments));
    let mut out = Output::open(&folder(loaded, arguments), identity, &["analysis.json"], arguments.fresh)?;
    let subjects = subjects(loaded, arguments).map_err(in_file)?;
    let request = request(loaded, arguments).map_err(in_file)?;
    let analyses = analyses(&subjects, &request, arguments.quiet).map_err(in_file)?;
    let title = if names(arguments).is_empty() { analyses[0].name.clone() } else { loaded.scenario.name.clone() };
    let theme = theme(&loaded.scenario);
    out.json("analysis", &analyses)?;
    out.figures(figures(&analyses, &theme, &title))?;
    if !arguments.quiet {
        analyses.iter().for_each(|analysis| report(analysis, request.seconds));
    }
    super::plane::draw_plane(arguments, &subjects, &analyses, (&theme, &title), &mut out)?;
    super::bifurcation::follow_knobs(&arguments.bifurcation, &subjects, &request, &mut out, arguments.quiet)?;
    out.finish(with_warnings(program(), &loaded.warnings), arguments.quiet)
}

/// The circuit, or the arms asked for.
pub(super) fn subjects(loaded: &Loaded, arguments: &AnalyzeArguments) -> Result<Vec<Subject>, String> {
    let names = names(arguments);
    match loaded.kind {
        Kind::Circuit | Kind::Scenario | Kind::Finding if names.is_empty() => {
            Ok(vec![Subject::circuit(&loaded.scenario).map_err(|error| error.to_string())?])
        }
        Kind::Scenario | Kind::Finding => {
            let input = loaded.scenario.circuit.input_unit;
            let minutes = arguments.at.as_ref().map(|text| minutes_of(text, input)).transpose()?;
            let (scenario, calibration) = calibrated_scenario(loaded)?;
            Subject::arms(&scenario, &calibration, &names, minutes).map_err(|error| error.to_string())
        }
        Kind::Circuit => Err("a circuit has no arms; expected a scenario for --arm".into()),
        Kind::Pharmacology | Kind::Sweep | Kind::Hypothesis => {
            Err("there is no circuit to analyse; expected a circuit or a scenario".into())
        }
    }
}

/// The analyses of all subjects; says how far a long search is.
fn analyses(subjects: &[Subject], request: &Request, quiet: bool) -> Result<Vec<Analysis>, String> {
    let one = |subject: &Subject| {
        request.bounds(&subject.system).map_err(|error| format!("--box: {error}"))?;
        let mut looking = Looking::new(&subject.name, quiet);
        let analysis = Analysis::watched(subject, request, &mut |it| looking.advance(it.starts, it.found, it.seconds));
        looking.finish();
        analysis
    };
    subjects.iter().map(one).collect()
}

/// The arms asked for.
fn names(arguments: &AnalyzeArguments) -> Vec<String> {
    arguments.arm.iter().chain(&arguments.arms).cloned().collect()
}

/// A moment as it is written, in min.
pub(super) fn minutes_of(text: &str, input: InputUnit) -> Result<f64, String> {
    Dimension::Time.read(text, input).map_err(|error| format!("--at: {error}"))
}

/// What the arguments ask for.
fn request(loaded: &Loaded, arguments: &AnalyzeArguments) -> Result<Request, String> {
    let scenario = &loaded.scenario;
    let duration = |text: &String| {
        let minutes = Dimension::Time.read(text, scenario.circuit.input_unit);
        match minutes.map(|minutes| 60.0 * minutes) {
            Ok(seconds) if (1.0..=1e5).contains(&seconds) => Ok(seconds),
            Ok(_) => Err(format!("--simulate: `{text}` is out of range; expected a time between 1 s and 1 d")),
            Err(error) => Err(format!("--simulate: {error}")),
        }
    };
    Ok(Request {
        boxes: boxes(arguments, scenario.circuit.input_unit)?,
        seconds: Some(seconds(arguments, scenario.circuit.populations.len())?),
        simulate_s: arguments.simulate.as_ref().map(duration).transpose()?,
        seed: scenario.run.seed,
    })
}

/// The folder of the results.
pub(super) fn folder(loaded: &Loaded, arguments: &AnalyzeArguments) -> PathBuf {
    let name = folder_name(&loaded.scenario.name) + "-analysis";
    arguments.out.clone().unwrap_or_else(|| Path::new("out").join(name))
}

/// What makes two analyses the same beside the scenario.
fn identity(arguments: &AnalyzeArguments) -> Value {
    json!({
        "arms": names(arguments),
        "at": arguments.at,
        "box": arguments.r#box,
        "seconds": arguments.seconds,
        "simulate": arguments.simulate,
        "plane": arguments.plane,
        "knobs": arguments.bifurcation,
    })
}

/// The fixed points of a subject, and the response matrix of the state that it is in.
fn report(analysis: &Analysis, seconds: Option<f64>) {
    let at = analysis.minutes.map(|minutes| format!(" at {}", crate::plot::duration(minutes))).unwrap_or_default();
    say(format!("{}{at}", analysis.name));
    if let Some(rates) = &analysis.moving_hz {
        let rates = analysis.populations.iter().zip(rates).map(|(name, rate)| format!("{name} {} Hz", number(*rate)));
        say(format!(
            "  on its way, through {}: what follows is of the circuit with all its numbers as they are at that moment",
            rates.collect::<Vec<_>>().join(", ")
        ));
    }
    report_search(analysis, seconds);
    if analysis.state.is_none() {
        report_unrest(analysis);
    }
    if let Some(state) = analysis.state.as_ref().or(analysis.unstable_rest.as_ref()) {
        report_state(analysis, state);
    }
    say("");
}

/// The fixed points that were found, where they were looked for, and what is not known of them.
fn report_search(analysis: &Analysis, seconds: Option<f64>) {
    let (search, found) = (&analysis.search, analysis.fixed_points.len());
    say(fixed_points(analysis));
    if found > MOST_ROWS {
        say(format!("  {} more in analysis.json", found - MOST_ROWS));
    }
    let points = if found == 1 { "fixed point" } else { "fixed points" };
    say(format!("  found {found} {points}; {}", searched(&analysis.populations, search)));
    if let Some(cut) = cut_off(search, found, seconds) {
        say(format!("  {cut}"));
    }
    if search.index_is_one == Some(false) {
        say("  some fixed points were not found: their indices do not sum to 1");
    }
    let own = [("its state", &analysis.state), ("its rest", &analysis.unstable_rest)];
    for (name, state) in own.into_iter().filter_map(|(name, state)| Some((name, state.as_ref()?))) {
        report_sides(&format!("{name} lies"), state);
    }
    let others = analysis.fixed_points.iter().enumerate().take(MOST_ROWS).filter(|(_, point)| !is_own(analysis, point));
    for (index, point) in others {
        report_sides(&format!("fixed point {} lies", index + 1), point);
    }
}

/// The state that a circuit is in, linearised.
fn report_state(analysis: &Analysis, state: &StateAnalysis) {
    if let Some(response) = &state.response {
        say(format!("d rate / d drive, in {}:", response_unit(analysis)));
        let groups = by_population(&analysis.populations);
        say(response_table(&groups, &response_of(&groups, &response.hz_per_input_unit)));
        let yes = |truth: bool| if truth { "yes" } else { "no" };
        let any = |(_, units): &&Group| units.iter().any(|unit| response.paradoxical[*unit]);
        let names: Vec<&str> = groups.iter().filter(any).map(|(name, _)| name.as_str()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let stabilised = response.inhibition_stabilised.map_or("no excitatory population", yes);
        say(format!("inhibition-stabilised: {stabilised}; paradoxical response: {names}"));
    }
    if analysis.variables.len() > MOST_VARIABLES && state.is_stable() {
        let count = analysis.variables.len();
        say(format!("no frequency responses and spectra: {count} variables, more than {MOST_VARIABLES}"));
    }
    if let Some(noise) = &state.noise {
        let pairs = analysis.populations.iter().zip(noise.deviation_hz.iter().zip(&noise.peak_hz));
        let texts: Vec<String> = pairs
            .map(|(name, (deviation, peak))| format!("{name} {} Hz{}", number(*deviation), peak_text(*peak)))
            .collect();
        say(format!("standard deviation under the input noise: {}", texts.join(", ")));
    }
    if let Some(simulated) = &analysis.simulated {
        let pairs = analysis.populations.iter().zip(simulated.mean_hz.iter().zip(&simulated.deviation_hz));
        let texts: Vec<String> = pairs
            .map(|(name, (mean, deviation))| format!("{name} {} ± {} Hz", number(*mean), number(*deviation)))
            .collect();
        say(format!("simulated for {} x {} s: {}", simulated.replicates, simulated.seconds, texts.join(", ")));
    }
}

/// Both sides of a fixed point at a corner of a transfer function.
fn report_sides(what: &str, point: &StateAnalysis) {
    let Some(first) = point.sides.first() else { return };
    let corners: Vec<&str> = first.above.iter().chain(&first.below).map(String::as_str).collect();
    let name = |side: &SideAnalysis| match (side.above.as_slice(), side.below.as_slice()) {
        (_, []) => "above".to_owned(),
        ([], _) => "below".to_owned(),
        (above, _) => format!("above in {} alone", above.join(", ")),
    };
    let side =
        |side: &SideAnalysis| format!("{} it {} ({} per s)", name(side), side.kind, leading(&side.eigenvalues_per_s));
    let sides: Vec<String> = point.sides.iter().map(side).collect();
    say(format!("  {what} at a corner of the transfer function of {}: {}", corners.join(", "), sides.join(", ")));
}

/// What a subject does that is in no stable state.
fn report_unrest(analysis: &Analysis) {
    let stable = analysis.fixed_points.iter().filter(|point| point.is_stable()).count();
    say(match (&analysis.unstable_rest, stable) {
        (Some(rest), 0) => format!("  its rest is no stable state ({}), and none was found", rest.kind),
        (Some(rest), _) => format!("  its rest is no stable state ({}); stable ones were found elsewhere", rest.kind),
        (None, 0) => "  no stable state was found".to_owned(),
        (None, _) => "  it has no rest of its own, from which to tell in which stable state it is".to_owned(),
    });
    let Some(seconds) = analysis.followed_s else { return };
    if let Some(cycle) = &analysis.cycle {
        let (ms, hz) = (exact(cycle.period_ms), number(cycle.frequency_hz));
        say(format!("  it oscillates: a cycle of {ms} ms ({hz} Hz)"));
    }
    let Some(unrest) = &analysis.unrest else {
        if analysis.cycle.is_none() {
            say("  followed from there, its rates run away, or change too fast to be followed");
        }
        return;
    };
    let still = |[low, high]: &[f64; 2]| high - low <= STILL * low.abs().max(high.abs()).max(1.0);
    if analysis.cycle.is_none() && unrest.range_hz.iter().all(still) {
        say("  followed from there, it comes to rest at none of these points");
    } else if analysis.cycle.is_none() {
        let seconds = significant(seconds, 4);
        say(format!("  followed from there for {seconds} s, it has neither settled nor come to a cycle"));
    }
    let ranges = analysis.cycle.as_ref().map_or(&unrest.range_hz, |cycle| &cycle.rates_hz);
    let rates = analysis.populations.iter().zip(ranges).zip(&unrest.welch.peak_hz);
    let text = |((name, [low, high]), peak): ((&String, &[f64; 2]), &Option<f64>)| {
        format!("{name} from {} to {} Hz{}", number(*low), number(*high), peak_text(*peak))
    };
    say(format!("  rates: {}", rates.map(text).collect::<Vec<_>>().join(", ")));
}

/// The eigenvalue with the largest real part.
fn leading(eigenvalues: &[[f64; 2]]) -> String {
    eigenvalues.last().map_or_else(String::new, |[re, im]| {
        if *im == 0.0 { exact(*re) } else { format!("{} ± {}i", exact(*re), exact(im.abs())) }
    })
}

/// Whether a fixed point is the state that the circuit is in, or its rest.
fn is_own(analysis: &Analysis, point: &StateAnalysis) -> bool {
    let mut own = analysis.state.iter().chain(&analysis.unstable_rest);
    own.any(|state| state.variables == point.variables)
}

fn peak_text(peak: Option<f64>) -> String {
    peak.map_or_else(String::new, |hz| format!(" (most at {} Hz)", number_of(hz, 3)))
}

/// The rate of a population; of several units that differ the lowest and the highest.
fn range_of(units: &[usize], rates: &[f64]) -> String {
    let of = |unit: &usize| rates.get(*unit).copied().unwrap_or(f64::NAN);
    let low = units.iter().map(of).fold(f64::INFINITY, f64::min);
    let high = units.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    let (low, high) = (exact(low), exact(high));
    if low == high { low } else { format!("{low} to {high}") }
}

fn fixed_points(analysis: &Analysis) -> Table {
    let mut table = plain();
    let groups = by_population(&analysis.populations);
    let rates = groups.iter().map(|(name, _)| format!("{name} (Hz)"));
    let columns = ["fixed point", "leading eigenvalue (1/s)"].map(String::from);
    table.set_header([String::new()].into_iter().chain(rates).chain(columns));
    // The circuit's own state is shown however many there are.
    let own = analysis.fixed_points.iter().skip(MOST_ROWS).filter(|point| is_own(analysis, point));
    for point in analysis.fixed_points.iter().take(MOST_ROWS).chain(own) {
        let mark = if is_own(analysis, point) { "*" } else { "" };
        let rates = groups.iter().map(|(_, units)| range_of(units, &point.rates_hz));
        let unstable = match point.unstable_directions {
            0 => point.kind.clone(),
            1 => format!("{}, 1 unstable direction", point.kind),
            many => format!("{}, {many} unstable directions", point.kind),
        };
        let leading = leading(&point.eigenvalues_per_s);
        table.add_row([mark.to_owned()].into_iter().chain(rates).chain([unstable, leading]));
    }
    align_right(&mut table, 1..=groups.len());
    table
}

fn response_table(groups: &[Group], matrix: &[Vec<f64>]) -> Table {
    let mut table = plain();
    table.set_header([String::new()].into_iter().chain(groups.iter().map(|(name, _)| format!("to {name}"))));
    for ((name, _), row) in groups.iter().zip(matrix) {
        table.add_row([name.clone()].into_iter().chain(numbers(row.iter().copied())));
    }
    align_right(&mut table, 1..=groups.len());
    table
}
