//! Every parameter of a file as a table: its value with its unit, what it means, where it comes from and how sure that is.

use crate::config::{Kind, Loaded};
use crate::scenario::Scenario;
use crate::scenario::declare::Node;
use crate::scenario::listing::{Entry, Value, list};
use crate::scenario::path::{joined, segments};
use crate::scenario::whole::{CircuitFile, PharmacologyFile};
use crate::units::InputUnit;
use indexmap::IndexMap;
use std::fmt::Write;

/// A parameter as a reader sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its path.
    pub path: String,
    /// Its letter in the equations; empty for words and switches.
    pub symbol: &'static str,
    /// Its value with its unit.
    pub value: String,
    /// What it means.
    pub meaning: &'static str,
    /// Where it comes from, as it or the nearest table around it states.
    pub source: String,
    /// Whether it is a number.
    pub number: bool,
}

/// Every parameter of what a file describes, in the order of declaration.
pub fn rows(loaded: &Loaded) -> Vec<Row> {
    let mut scenario: Scenario = loaded.scenario.clone();
    let (input, sources) = (scenario.circuit.input_unit, scenario.sources.clone());
    let entries = match loaded.kind {
        Kind::Circuit => list(&mut CircuitFile(&mut scenario)),
        Kind::Pharmacology => list(&mut PharmacologyFile(&mut scenario)),
        Kind::Scenario | Kind::Sweep => list(&mut scenario as &mut dyn Node),
        Kind::Finding => list(&mut loaded.finding.clone().unwrap_or_default()),
        Kind::Hypothesis => list(&mut loaded.hypothesis.clone().unwrap_or_default()),
    };
    let row = |entry: Entry| Row {
        value: value(&entry, input),
        symbol: entry.parameter.map_or("", |parameter| parameter.symbol),
        meaning: entry.meaning,
        source: source_of(&sources, &entry.path).to_owned(),
        number: matches!(entry.value, Value::Number(_)),
        path: entry.path,
    };
    entries.into_iter().map(row).collect()
}

/// The source that a value states, or else that of the nearest table around it.
fn source_of<'a>(sources: &'a IndexMap<String, String>, path: &str) -> &'a str {
    let place = segments(path);
    let around =
        |length: usize| sources.get(&place[..length].iter().fold(String::new(), |path, key| joined(&path, key)));
    (1..=place.len()).rev().find_map(around).map_or("", String::as_str)
}

/// The value as it would be written.
fn value(entry: &Entry, input: InputUnit) -> String {
    match (&entry.value, &entry.parameter) {
        (Value::Number(number), Some(parameter)) => parameter.dimension.print(*number, input, 9),
        _ => entry.written(input),
    }
}

/// How sure a source is, from its own words.
pub fn how_sure(source: &str) -> String {
    let words: Vec<&str> = source.split(|letter: char| !letter.is_alphanumeric()).collect();
    let year = |word: &&str| word.len() == 4 && word.parse::<u32>().is_ok_and(|year| (1900..2100).contains(&year));
    let cited = source.contains("doi:") || source.contains("PMC") || words.iter().any(|word| year(word));
    let kinds = [
        (cited && !source.contains("from memory"), "cited"),
        (source.contains("secondary sources"), "reported by secondary sources"),
        (source.contains("from memory"), "from memory"),
        (words.contains(&"fitted"), "fitted"),
        (words.contains(&"free"), "free"),
        (words.contains(&"chosen") || words.contains(&"choice"), "chosen"),
    ];
    kinds.iter().filter(|(holds, _)| *holds).map(|(_, kind)| *kind).collect::<Vec<_>>().join(", ")
}

/// Every parameter as Markdown: a table for each population, receptor, ligand and so on.
pub fn markdown(loaded: &Loaded) -> String {
    let mut text = String::new();
    let mut open = String::new();
    for row in rows(loaded) {
        let place = segments(&row.path);
        let depth = if place.len() > 2 { 2 } else { place.len() - 1 };
        let group = place[..depth].join(".");
        if group.is_empty() {
            continue;
        }
        if group != open {
            let title = if depth == 2 { format!("{}: {}", place[0], place[1]) } else { place[0].clone() };
            let _ = write!(
                text,
                "\n### {title}\n\n| parameter | symbol | value | meaning | source | how sure |\n|---|---|---|---|---|---|\n"
            );
            open = group;
        }
        let symbol = if row.symbol.is_empty() { String::new() } else { format!("`{}`", row.symbol) };
        let cells = [
            format!("`{}`", place[depth..].join(".")),
            symbol,
            row.value.clone(),
            row.meaning.to_owned(),
            row.source.clone(),
            how_sure(&row.source),
        ];
        let _ = writeln!(text, "| {} |", cells.map(|cell| cell.replace('|', "\\|").replace('\n', " ")).join(" | "));
    }
    text.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::how_sure;

    #[test]
    fn sources_say_how_sure_they_are() {
        assert_eq!(how_sure("Hirota et al. 1999, doi:10.1097/00000542-199901000-00023"), "cited");
        assert_eq!(how_sure("minutes, from memory, then fitted"), "from memory, fitted");
        assert_eq!(how_sure("free"), "free");
        assert_eq!(how_sure("freely"), "");
        assert_eq!(how_sure("chosen; Jiang et al. 2024"), "cited, chosen");
    }
}
