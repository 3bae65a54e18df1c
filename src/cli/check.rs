//! `check` and `schema`.

use super::progress::{note, refuse, say};
use super::sweep::MOST_RUNS;
use super::table::exact;
use super::warnings::{Heed, heed};
use super::{CheckArguments, Ending, SchemaKind};
use crate::analyze::{FixedPoint, System};
use crate::config::finding::{load_finding, load_hypothesis};
use crate::config::{Diagnostic, Kind, Loaded, load, schema};
use crate::equilibrium::attractors::{attractor, pushed_off};
use crate::equilibrium::{Calibrated, Fate, RestError, calibrate_scenario};
use crate::findings::shipped::Library;
use crate::findings::{FindingsError, warnings};
use crate::numeric::linear::Complex;
use crate::readouts::OtherStates;
use crate::report::parameters::{markdown, rows};
use crate::scenario::sweep::AxisValue;
use crate::scenario::{Scenario, Time};
use crate::simulate::{StepAtRest, step_at_rest};
use crate::sweep::Design;
use comfy_table::{ContentArrangement, Table, presets};
use std::path::{Path, PathBuf};

pub(super) fn check(arguments: &CheckArguments) -> Ending {
    let loaded = match load(&arguments.file, &arguments.set) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(error.render()),
    };
    let (rest, design) = match sound(&loaded, &arguments.file) {
        Ok(found) => found,
        Err(message) => return refuse(message),
    };
    let warnings = match &loaded.hypothesis {
        None => loaded.warnings.clone(),
        Some(_) => match under_hypothesis(&arguments.file) {
            Ok(warnings) => warnings,
            Err(message) => return refuse(message),
        },
    };
    let step = match &rest {
        Some(Ok(rest)) => fast_step(&loaded, rest),
        _ => None,
    };
    if let Some(StepAtRest::Unstable(what)) = &step {
        return refuse(format!("error: {}: run.step: {what}", arguments.file.display()));
    }
    // All that can be wrong is found before what is said of it depends on the arguments.
    if let Err(ending) = heed(&warnings, Heed { strict: arguments.strict, quiet: false }) {
        return ending;
    }
    if arguments.quiet {
        return Ending::Done;
    }
    if arguments.markdown {
        say(markdown(&loaded).trim_end());
        return Ending::Done;
    }
    match (design, rest) {
        (Some(design), _) => say(axes(&design)),
        (None, rest) => {
            say(parameters(&loaded));
            match rest {
                Some(Ok(rest)) => {
                    describe_rest(&loaded, &rest);
                    describe_time(&loaded, step.as_ref());
                }
                Some(Err(error)) => describe_motion(&loaded, &error),
                None => {}
            }
        }
    }
    let problems = match warnings.len() {
        0 => "no problems".to_owned(),
        1 => "no errors, 1 warning".to_owned(),
        count => format!("no errors, {count} warnings"),
    };
    note(format!("{}: {problems}", arguments.file.display()));
    Ending::Done
}

/// Where a circuit rests, or how it moves where it does not.
type Rest = Result<Calibrated, RestError>;

/// The rest of the circuit, where the file has one, and the design of a sweep.
fn sound(loaded: &Loaded, file: &Path) -> Result<(Option<Rest>, Option<Design>), String> {
    let in_file = |error: &dyn std::fmt::Display| format!("error: {}: {error}", file.display());
    let rest = match loaded.kind {
        Kind::Pharmacology | Kind::Hypothesis => None,
        Kind::Circuit | Kind::Scenario | Kind::Sweep | Kind::Finding => {
            match calibrate_scenario(&loaded.scenario) {
                Ok(calibrated) => Some(Ok(calibrated)),
                // A circuit that oscillates is none the worse for that.
                Err(error) if error.is_of_motion() => Some(Err(error)),
                Err(error) => return Err(in_file(&error)),
            }
        }
    };
    let design = loaded.sweep.as_ref().map(|bound| Design::new(&bound.sweep, bound.axes.clone())).transpose();
    Ok((rest, design.map_err(|error| in_file(&error))?))
}

/// The findings that lie beside a hypothesis, or else those that are built in.
fn findings_of(hypothesis: &Path) -> (Library, Vec<PathBuf>) {
    let beside = hypothesis.parent().unwrap_or(Path::new("")).join("../findings");
    let files = Library::Disk.list(&beside).unwrap_or_default();
    if files.is_empty() {
        let built_in = Library::Shipped.list(Path::new("findings"));
        return (Library::Shipped, built_in.unwrap_or_default());
    }
    (Library::Disk, files)
}

/// Lays a hypothesis over every finding: what is wrong with it is wrong there. Gives the warnings of all.
fn under_hypothesis(file: &Path) -> Result<Vec<Diagnostic>, String> {
    let (library, findings) = findings_of(file);
    let read = |path: &Path| library.read(path);
    let overlay = load_hypothesis(file, &read).map_err(|error| error.render())?;
    let warnings = warnings(library, &findings, &[file.to_owned()]).map_err(|error| match error {
        FindingsError::Config(error) => error.render(),
        error => format!("error: {error}"),
    })?;
    for finding in &findings {
        let loaded = load_finding(finding, Some(&overlay), &read).map_err(|error| error.render())?;
        let rest = calibrate_scenario(&loaded.scenario);
        if let Err(error) = rest {
            let name = finding.file_stem().unwrap_or_default().to_string_lossy();
            return Err(format!("error: {}: laid over the finding `{name}`: {error}", file.display()));
        }
    }
    Ok(warnings)
}

/// What the step of a scenario in fast time is to the circuit at its rest; none in slow time, or where runs start elsewhere.
fn fast_step(loaded: &Loaded, rest: &Calibrated) -> Option<StepAtRest> {
    let run = &loaded.scenario.run;
    let judged = run.time == Time::Fast && run.start.is_empty() && !loaded.scenario.arms.is_empty();
    judged.then(|| step_at_rest(rest, run))
}

/// Says how well the circuit's own motion is resolved.
fn describe_time(loaded: &Loaded, step: Option<&StepAtRest>) {
    let run = &loaded.scenario.run;
    match step {
        Some(StepAtRest::Fine) => {
            say(format!("the step of {} ms resolves the circuit's motion about its rest", run.step));
        }
        Some(StepAtRest::Coarse(what) | StepAtRest::Unstable(what)) => say(what),
        None => {}
    }
    if step.is_some() && loaded.scenario.circuit.is_delayed() {
        say("of delayed synapses only what acts at once is judged");
    }
    delays_in_slow_time(&loaded.scenario).into_iter().for_each(say);
}

/// What slow time leaves out of a circuit with delays, in a sentence; none where it leaves nothing out.
pub(super) fn delays_in_slow_time(scenario: &Scenario) -> Option<&'static str> {
    let leaves_out = scenario.run.time == Time::Slow && !scenario.arms.is_empty() && scenario.circuit.is_delayed();
    leaves_out.then_some(
        "slow time judges the stability of states with the delays of their synapses, and follows the circuit from one state to \
         another without them",
    )
}

/// Says where the circuit rests, and what it may do besides.
fn describe_rest(loaded: &Loaded, rest: &Calibrated) {
    let input = loaded.scenario.circuit.input_unit.symbol();
    let names = loaded.scenario.circuit.populations.keys();
    let starts = !loaded.scenario.run.start.is_empty();
    let does = if starts { "starts" } else { "rests" };
    for ((name, drive), rate) in names.zip(&rest.drives).zip(&rest.rates) {
        say(format!("{name} {does} at {} Hz with a drive of {} {input}", exact(*rate), exact(*drive)));
    }
    if let Some(slowest) = rest.eigenvalues.last() {
        say(format!("the rest is stable: the slowest eigenvalue is {} per s", complex(slowest)));
    }
    if !starts {
        describe_others(&OtherStates::of(rest));
    }
}

/// A complex number, as one of a pair.
fn complex(value: &Complex) -> String {
    if value.im == 0.0 { exact(value.re) } else { format!("{} +- {} i", exact(value.re), exact(value.im.abs())) }
}

/// Says what else a circuit was found to do if it starts elsewhere.
pub(super) fn describe_others(others: &OtherStates) {
    others.lines().into_iter().for_each(say);
}

/// Says what a circuit does that comes to rest in no stable state.
fn describe_motion(loaded: &Loaded, error: &RestError) {
    say(format!("no stable rest: {error}"));
    let names: Vec<&str> = loaded.scenario.circuit.populations.keys().map(String::as_str).collect();
    let kind = |circuit: &crate::scenario::Circuit, near: &[f64]| {
        let system = System::new(circuit);
        let near = system.solve(near).unwrap_or_else(|| near.to_vec());
        let point = FixedPoint::at(&system, &near)?;
        let leading = point.eigenvalues.last()?;
        let rates: Vec<String> =
            names.iter().zip(&point.rates).map(|(name, rate)| format!("{name} {} Hz", exact(*rate))).collect();
        let words = point.kind.words();
        let article = if words.starts_with('u') { "an" } else { "a" };
        Some(format!("the fixed point at {} is {article} {words}, {} per s", rates.join(", "), complex(leading)))
    };
    match error {
        RestError::Oscillates { middle, .. } => kind(&loaded.scenario.circuit, middle).into_iter().for_each(say),
        RestError::Unstable { state, .. } => {
            kind(&state.0, &state.1).into_iter().for_each(say);
            let outcome = pushed_off(&state.0, &state.1);
            let fate = outcome.as_ref().map(|outcome| &outcome.fate);
            match (outcome.as_ref().and_then(attractor), fate) {
                (Some(found), _) => say(format!("pushed off it, the circuit comes to {found} ({})", names.join(", "))),
                (None, Some(Fate::RunsAway)) => say("pushed off it, the circuit runs away"),
                (None, _) => say("pushed off it, the circuit came neither to rest nor to a cycle that closes"),
            }
        }
        _ => {}
    }
}

/// The axes of a sweep, and how many points it has.
fn axes(design: &Design) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["axis", "parameter", "first point", "last point", "meaning"]);
    let (first, last) = (design.point(0), design.point(design.points().saturating_sub(1)));
    for ((axis, first), last) in design.axes().iter().zip(&first).zip(&last) {
        let shown = |value: &AxisValue| match (value.number, &axis.parameter, &value.setting) {
            (Some(number), Some(parameter), _) => parameter.dimension.print(number, axis.input, 6),
            (_, _, setting) => setting.to_string(),
        };
        let meaning = axis.parameter.map_or("", |parameter| parameter.meaning);
        table.add_row([&axis.name, &axis.path, &shown(first), &shown(last), meaning]);
    }
    let points = design.points();
    let asks = if points > MOST_RUNS {
        format!("; `sweep` starts more than {MOST_RUNS} only with --yes")
    } else {
        String::new()
    };
    format!("{table}\n{points} point{}{asks}", if points == 1 { "" } else { "s" })
}

/// Every parameter with its unit, meaning and source.
fn parameters(loaded: &Loaded) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["parameter", "value", "meaning", "source"]);
    for row in rows(loaded) {
        table.add_row([row.path, row.value, row.meaning.to_owned(), row.source]);
    }
    table
}

pub(super) fn schema(kind: SchemaKind) -> Ending {
    let kind = match kind {
        SchemaKind::Circuit => Kind::Circuit,
        SchemaKind::Pharmacology => Kind::Pharmacology,
        SchemaKind::Scenario => Kind::Scenario,
        SchemaKind::Sweep => Kind::Sweep,
        SchemaKind::Finding => Kind::Finding,
        SchemaKind::Hypothesis => Kind::Hypothesis,
    };
    say(format!("{:#}", schema::schema(kind)));
    Ending::Done
}
