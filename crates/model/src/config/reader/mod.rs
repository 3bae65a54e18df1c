//! Reads TOML tables, with their spans, into the nodes of a specification. Every problem is noted, none stops the reading.

mod visitor;

use super::notes::{Note, Notes};
use super::value::{kind_of, number_without_unit, scalar};
use crate::scenario::declare::{Node, Parameter, Setting};
use crate::scenario::nearest;
use crate::scenario::path::joined;
use crate::units::Dimension;
use indexmap::IndexMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place.
type Value<'i> = Spanned<DeValue<'i>>;

/// Reads a table into a node; `span` is the table's place in the file.
pub(super) fn read_table(
    notes: &mut Notes,
    file: usize,
    table: &DeTable<'_>,
    span: Range<usize>,
    path: &str,
    node: &mut dyn Node,
) {
    let mut reader = Reader { notes, file, table, span, path: path.to_owned(), known: Vec::new() };
    node.visit(&mut reader);
    reader.report_unknown_keys();
}

struct Reader<'t, 'i, 'f> {
    notes: &'f mut Notes,
    file: usize,
    table: &'t DeTable<'i>,
    span: Range<usize>,
    path: String,
    /// Keys that the node has asked for.
    known: Vec<String>,
}

impl<'t, 'i> Reader<'t, 'i, '_> {
    /// The value under a key, without the `{ value, source }` around it.
    fn find(&mut self, key: &str) -> Option<&'t Value<'i>> {
        self.known.push(key.to_owned());
        let value = self.raw(key)?;
        let path = joined(&self.path, key);
        Some(self.bare(&path, value))
    }

    fn raw(&self, key: &str) -> Option<&'t Value<'i>> {
        self.table.iter().find(|(known, _)| known.get_ref() == key).map(|(_, value)| value)
    }

    /// Takes the value out of `{ value, source }`, and keeps where it stands and where it comes from.
    fn bare(&mut self, path: &str, value: &'t Value<'i>) -> &'t Value<'i> {
        let mut found = value;
        if let DeValue::Table(table) = value.get_ref()
            && let Some((_, inner)) = table.iter().find(|(key, _)| key.get_ref() == "value")
            // A table has its source among its own keys; here `value` is the name of one inside.
            && !matches!(inner.get_ref(), DeValue::Table(_))
        {
            found = inner;
            for (key, note) in table {
                match (key.get_ref().as_ref(), note.get_ref()) {
                    ("value", _) => {}
                    ("source", DeValue::String(source)) => self.notes.note_source(path, source),
                    ("source", _) => self.wrong_kind(path, note, "a text that names the source"),
                    (other, _) => {
                        let close = nearest(other, ["value", "source"].into_iter());
                        self.report(path, key.span(), format!("unknown key `{other}`"), "value, source", close);
                    }
                }
            }
        }
        self.notes.note_origin(path, self.file, found.span());
        found
    }

    fn report(
        &mut self,
        path: &str,
        span: Range<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
        close: Option<String>,
    ) {
        self.notes.add(Note {
            file: self.file,
            span,
            path: path.to_owned(),
            message: message.into(),
            expected: expected.into(),
            nearest: close,
        });
    }

    fn wrong_kind(&mut self, path: &str, value: &Value<'_>, expected: &str) {
        let message = format!("{} does not fit here", kind_of(value.get_ref()));
        self.report(path, value.span(), message, expected, None);
    }

    /// Reports a key that had to be there, unless an earlier file has given it.
    fn missing(&mut self, key: &str, expected: &str) {
        let path = joined(&self.path, key);
        if !self.notes.has_origin(&path) {
            let place = if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path) };
            let span = self.span.clone();
            self.report(&path, span, format!("`{key}` is missing in {place}"), expected, None);
        }
    }

    fn report_unknown_keys(&mut self) {
        for (key, value) in self.table {
            let name = key.get_ref().as_ref();
            if self.known.iter().any(|known| known == name) {
                continue;
            }
            if let ("source", DeValue::String(source)) = (name, value.get_ref()) {
                self.notes.note_source(&self.path, source);
                continue;
            }
            let close = nearest(name, self.known.iter().map(String::as_str));
            let path = joined(&self.path, name);
            let place = if self.path.is_empty() { String::new() } else { format!(" in `{}`", self.path) };
            let expected = if self.known.is_empty() { "no key".to_owned() } else { self.known.join(", ") };
            self.report(&path, key.span(), format!("unknown key `{name}`{place}"), expected, close);
        }
    }

    /// Reads a number with its unit into the base unit, and checks its range.
    fn quantity(&mut self, path: &str, value: &Value<'_>, dimension: Dimension, declared: &Parameter) -> Option<f64> {
        let input = self.notes.input;
        let read = match value.get_ref() {
            DeValue::String(text) => dimension.read(text, input).map_err(|error| error.to_string()),
            other => match number_without_unit(other) {
                Some(number) if !number.is_finite() => Err(format!("{number} is not a finite number")),
                Some(number) if dimension.allows_bare(input) => Ok(number),
                Some(_) => Err("a unit is missing".into()),
                None => Err(format!("{} does not fit here", kind_of(other))),
            },
        };
        match read {
            Ok(number) if declared.range.holds(number) => Some(number),
            Ok(number) => {
                let message = format!("{} is out of range", dimension.print(number, input, 6));
                let expected = format!("{} ({})", declared.range.in_words(), declared.meaning);
                self.report(path, value.span(), message, expected, None);
                None
            }
            Err(message) => {
                let expected = format!("{}: {}", dimension.expectation(input), declared.meaning);
                self.report(path, value.span(), message, expected, None);
                None
            }
        }
    }

    /// Reads the quantity under a key: none where the key is absent, nothing inside where it could not be read.
    #[allow(clippy::option_option)]
    fn number_at(&mut self, key: &str, dimension: Dimension, declared: &Parameter) -> Option<Option<f64>> {
        let value = self.find(key)?;
        let path = joined(&self.path, key);
        Some(self.quantity(&path, value, dimension, declared))
    }

    fn strings(&mut self, key: &str) -> Option<Vec<(String, Range<usize>)>> {
        let value = self.find(key)?;
        let path = joined(&self.path, key);
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong_kind(&path, value, "a list of texts, in brackets");
            return None;
        };
        let mut texts = Vec::new();
        for (index, item) in array.iter().enumerate() {
            let path = joined(&path, &index.to_string());
            self.notes.note_origin(&path, self.file, item.span());
            match item.get_ref() {
                DeValue::String(text) => texts.push((text.to_string(), item.span())),
                _ => self.wrong_kind(&path, item, "a text"),
            }
        }
        Some(texts)
    }

    fn read_within(&mut self, key: &str, value: &Value<'_>, node: &mut dyn Node) {
        let path = joined(&self.path, key);
        self.notes.note_origin(&path, self.file, value.span());
        match value.get_ref() {
            DeValue::Table(table) => read_table(self.notes, self.file, table, value.span(), &path, node),
            _ => self.wrong_kind(&path, value, "a table"),
        }
    }

    /// Values by path, from tables nested to any depth.
    fn flatten(&mut self, table: &DeTable<'_>, place: &str, prefix: &str, values: &mut IndexMap<String, Setting>) {
        for (key, value) in table {
            let name = key.get_ref();
            // A key that is itself a path stands as it is; a step of nested tables is quoted where it needs to be.
            let inner = match prefix {
                "" => name.to_string(),
                _ => format!("{prefix}.{}", crate::scenario::path::quoted(name)),
            };
            let path = joined(place, &inner);
            self.notes.note_origin(&path, self.file, value.span());
            match value.get_ref() {
                DeValue::Table(table) => {
                    let prefix = if prefix.is_empty() { crate::scenario::path::quoted(name) } else { inner };
                    self.flatten(table, place, &prefix, values);
                }
                other => match scalar(other) {
                    Some(setting) => {
                        values.insert(inner, setting);
                    }
                    None => self.wrong_kind(&path, value, "a number, a text or a switch"),
                },
            }
        }
    }
}
