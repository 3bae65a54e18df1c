//! `check` and `schema`.

use super::progress::{note, refuse, say};
use super::{CheckArguments, Ending, SchemaKind};
use crate::config::{Kind, Loaded, load, schema};
use crate::equilibrium::calibrate_scenario;
use crate::spec::Setting;
use crate::spec::declare::Node;
use crate::spec::listing::{Entry, list};
use crate::spec::scenario::{CircuitFile, PharmacologyFile};
use crate::spec::sweep::AxisValue;
use crate::sweep::Design;
use crate::units::InputUnit;
use comfy_table::{ContentArrangement, Table, presets};
use fearless_simd::Level;
use indexmap::IndexMap;

pub(super) fn check(arguments: &CheckArguments) -> Ending {
    let mut loaded = match load(&arguments.file, &arguments.set) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(error.render()),
    };
    let rest = match loaded.kind {
        Kind::Pharmacology | Kind::Hypothesis => None,
        Kind::Circuit | Kind::Scenario | Kind::Sweep | Kind::Finding => {
            match calibrate_scenario(&loaded.scenario, Level::new()) {
                Ok(calibrated) => Some(calibrated),
                Err(error) => return refuse(format!("error: {}: {error}", arguments.file.display())),
            }
        }
    };
    if arguments.quiet {
        return Ending::Done;
    }
    if let Some(bound) = &loaded.sweep {
        match Design::new(&bound.sweep, bound.axes.clone()) {
            Ok(design) => say(axes(&design)),
            Err(error) => return refuse(format!("error: {}: {error}", arguments.file.display())),
        }
        note(format!("{}: no problems", arguments.file.display()));
        return Ending::Done;
    }
    say(parameters(&mut loaded));
    if let Some(rest) = rest {
        let input = loaded.scenario.circuit.input_unit.symbol();
        let names = loaded.scenario.circuit.populations.keys();
        let does = if loaded.scenario.run.start.is_empty() { "rests" } else { "starts" };
        for ((name, drive), rate) in names.zip(&rest.drives).zip(&rest.rates) {
            say(format!("{name} {does} at {rate:.4} Hz with a drive of {drive:.6} {input}"));
        }
        if let Some(slowest) = rest.eigenvalues.last() {
            say(format!("the rest is stable: the slowest eigenvalue is {:.3} per s", slowest.re));
        }
    }
    note(format!("{}: no problems", arguments.file.display()));
    Ending::Done
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
            (_, _, Setting::Text(text)) => text.clone(),
            (_, _, setting) => format!("{setting:?}"),
        };
        let meaning = axis.parameter.map_or("", |parameter| parameter.meaning);
        table.add_row([&axis.name, &axis.path, &shown(first), &shown(last), meaning]);
    }
    format!("{table}\n{} points", design.points())
}

/// Every parameter with its unit, meaning and source.
fn parameters(loaded: &mut Loaded) -> Table {
    let scenario = &mut loaded.scenario;
    let (input, sources) = (scenario.circuit.input_unit, scenario.sources.clone());
    let entries = match loaded.kind {
        Kind::Circuit => list(&mut CircuitFile(scenario)),
        Kind::Pharmacology => list(&mut PharmacologyFile(scenario)),
        Kind::Scenario | Kind::Sweep => list(scenario as &mut dyn Node),
        Kind::Finding => list(&mut loaded.finding.clone().unwrap_or_default()),
        Kind::Hypothesis => list(&mut loaded.hypothesis.clone().unwrap_or_default()),
    };
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["parameter", "value", "meaning", "source"]);
    for entry in entries {
        let source = source_of(&sources, &entry.path).to_owned();
        table.add_row([entry.path.clone(), value(&entry, input), entry.meaning.to_owned(), source]);
    }
    table
}

/// The source that a value states, or else that of the nearest table around it.
fn source_of<'a>(sources: &'a IndexMap<String, String>, path: &str) -> &'a str {
    let mut place = path;
    loop {
        if let Some(source) = sources.get(place) {
            return source;
        }
        match place.rfind('.') {
            Some(dot) => place = &place[..dot],
            None => return "",
        }
    }
}

/// The value as it would be written.
fn value(entry: &Entry, input: InputUnit) -> String {
    match (&entry.value, &entry.parameter) {
        (crate::spec::listing::Value::Number(number), Some(parameter)) => parameter.dimension.print(*number, input, 9),
        _ => entry.written(input),
    }
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
