//! `check` and `schema`.

use super::progress::{note, refuse, say};
use super::{CheckArguments, Ending, SchemaKind};
use crate::config::{Kind, Loaded, load, schema};
use crate::equilibrium::calibrate_scenario;
use crate::report::parameters::{markdown, rows};
use crate::spec::Setting;
use crate::spec::sweep::AxisValue;
use crate::sweep::Design;
use comfy_table::{ContentArrangement, Table, presets};
use fearless_simd::Level;

pub(super) fn check(arguments: &CheckArguments) -> Ending {
    let loaded = match load(&arguments.file, &arguments.set) {
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
    if arguments.markdown {
        say(markdown(&loaded).trim_end());
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
    say(parameters(&loaded));
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
