//! Reads TOML tables, with their spans, into the nodes of a specification. Every problem is noted, none stops the reading.

use super::notes::{Note, Notes};
use super::value::{kind_of, number_without_unit, scalar};
use crate::spec::declare::{
    ByName, Choice, Level, Node, NodeList, NodeMap, NodeOption, NumberOrWord, Parameter, Presence, Setting, TimeLabel,
    Visitor,
};
use crate::spec::path::joined;
use crate::spec::{NEGATIVE_LOG_AFFINITY, from_negative_log, nearest, signal_dimension};
use crate::units::{Dimension, InputUnit};
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
                _ => format!("{prefix}.{}", crate::spec::path::quoted(name)),
            };
            let path = joined(place, &inner);
            self.notes.note_origin(&path, self.file, value.span());
            match value.get_ref() {
                DeValue::Table(table) => {
                    let prefix = if prefix.is_empty() { crate::spec::path::quoted(name) } else { inner };
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

impl Visitor for Reader<'_, '_, '_> {
    fn number(&mut self, key: &'static str, value: &mut f64, presence: Presence, declared: &'static Parameter) {
        match self.number_at(key, declared.dimension, declared) {
            Some(Some(number)) => *value = number,
            Some(None) => {}
            None if presence == Presence::Required => {
                let expected = format!("{}: {}", declared.dimension.expectation(self.notes.input), declared.meaning);
                self.missing(key, &expected);
            }
            None => {}
        }
    }

    fn optional(&mut self, key: &'static str, value: &mut Option<f64>, declared: &'static Parameter) {
        if let Some(Some(number)) = self.number_at(key, declared.dimension, declared) {
            *value = Some(number);
        }
    }

    fn affinity(&mut self, key: &'static str, log_key: &'static str, value: &mut f64, declared: &'static Parameter) {
        let plain = self.number_at(key, declared.dimension, declared);
        let logarithm = self.number_at(log_key, Dimension::Number, &NEGATIVE_LOG_AFFINITY);
        match (plain, logarithm) {
            (Some(number), None) => *value = number.unwrap_or(*value),
            (None, Some(number)) => *value = number.map_or(*value, from_negative_log),
            (Some(_), Some(_)) => {
                let path = joined(&self.path, log_key);
                let span = self.raw(log_key).map_or(self.span.clone(), Spanned::span);
                self.report(&path, span, format!("both `{key}` and `{log_key}` are given"), "one of them", None);
            }
            (None, None) => {
                let expected = format!("`{key}` = {} or `{log_key}`", declared.dimension.expectation(InputUnit::None));
                self.missing(key, &expected);
            }
        }
    }

    fn threshold(&mut self, key: &'static str, value: &mut f64, signal: &str, declared: &'static Parameter) {
        let dimension = signal_dimension(signal);
        match self.number_at(key, dimension, declared) {
            Some(number) => *value = number.unwrap_or(*value),
            None => self.missing(key, &dimension.expectation(self.notes.input)),
        }
    }

    fn level(&mut self, key: &'static str, value: &mut Level, signal: &str, declared: &'static Parameter) {
        let dimension = signal_dimension(signal);
        let expected = format!("{}: {}", dimension.expectation(self.notes.input), declared.meaning);
        let Some(found) = self.find(key) else { return self.missing(key, &expected) };
        let path = joined(&self.path, key);
        let multiple = match found.get_ref() {
            DeValue::String(text) => Level::of_rest(text),
            _ => None,
        };
        match multiple {
            Some(multiple) if declared.range.holds(multiple) => *value = Level::OfRest(multiple),
            Some(multiple) => {
                let expected = format!("{} ({})", declared.range.in_words(), declared.meaning);
                self.report(&path, found.span(), format!("{multiple} x rest is out of range"), expected, None);
            }
            None => {
                if let Some(number) = self.quantity(&path, found, dimension, declared) {
                    *value = Level::At(number);
                }
            }
        }
    }

    fn number_or_word(
        &mut self,
        key: &'static str,
        value: &mut NumberOrWord,
        words: &'static [&'static str],
        declared: &'static Parameter,
    ) {
        let Some(found) = self.find(key) else { return };
        match found.get_ref() {
            DeValue::String(text) if Dimension::Number.read(text, self.notes.input).is_err() => {
                if let Some(word) = words.iter().find(|word| **word == text.as_ref()) {
                    *value = NumberOrWord::Word(word);
                    return;
                }
                let path = joined(&self.path, key);
                let message = format!("the text {:?} does not fit here", text.as_ref());
                let expected = format!("{}, or a number: {}", words.join(", "), declared.meaning);
                self.report(&path, found.span(), message, expected, nearest(text, words.iter().copied()));
            }
            _ => {
                let path = joined(&self.path, key);
                if let Some(number) = self.quantity(&path, found, declared.dimension, declared) {
                    *value = NumberOrWord::Number(number);
                }
            }
        }
    }

    fn whole(&mut self, key: &'static str, value: &mut u64, meaning: &'static str) {
        let Some(found) = self.find(key) else { return };
        match super::value::whole(found.get_ref()) {
            Some(number) => *value = number,
            None => {
                let path = joined(&self.path, key);
                self.wrong_kind(&path, found, &format!("a whole number of 0 or more: {meaning}"));
            }
        }
    }

    fn by_name(&mut self, key: &'static str, value: &mut ByName, declared: &'static Parameter) {
        let Some(found) = self.find(key) else {
            return self.missing(key, &declared.dimension.expectation(self.notes.input));
        };
        let path = joined(&self.path, key);
        match found.get_ref() {
            DeValue::Table(table) => {
                for (name, number) in table {
                    let path = joined(&path, name.get_ref());
                    let number = self.bare(&path, number);
                    if let Some(number) = self.quantity(&path, number, declared.dimension, declared) {
                        value.named.insert(name.get_ref().to_string(), number);
                    }
                }
            }
            _ => {
                if let Some(number) = self.quantity(&path, found, declared.dimension, declared) {
                    *value = ByName::all(number);
                }
            }
        }
    }

    fn numbers(&mut self, key: &'static str, values: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        let Some(found) = self.find(key) else { return };
        let path = joined(&self.path, key);
        let DeValue::Table(table) = found.get_ref() else {
            return self.wrong_kind(&path, found, "a table of numbers by name");
        };
        let mut inner =
            Reader { notes: &mut *self.notes, file: self.file, table, span: found.span(), path, known: Vec::new() };
        inner.entries(values, declared);
    }

    fn entries(&mut self, values: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        for (key, value) in self.table {
            let name = key.get_ref();
            // Tables that stand between the numbers have been read already.
            if self.known.iter().any(|known| known == name) {
                continue;
            }
            if let ("source", DeValue::String(source)) = (name.as_ref(), value.get_ref()) {
                self.notes.note_source(&self.path, source);
                continue;
            }
            self.known.push(name.to_string());
            let path = joined(&self.path, name);
            let value = self.bare(&path, value);
            if let Some(number) = self.quantity(&path, value, declared.dimension, declared) {
                values.insert(name.to_string(), number);
            }
        }
    }

    fn series(&mut self, key: &'static str, values: &mut Vec<f64>, declared: &'static Parameter) {
        let Some(found) = self.find(key) else { return };
        let path = joined(&self.path, key);
        let DeValue::Array(array) = found.get_ref() else {
            return self.wrong_kind(&path, found, &format!("a list of numbers, in brackets: {}", declared.meaning));
        };
        values.clear();
        for (index, item) in array.iter().enumerate() {
            let path = joined(&path, &index.to_string());
            self.notes.note_origin(&path, self.file, item.span());
            let bare = number_without_unit(item.get_ref()).filter(|number| declared.range.holds(*number));
            match bare {
                Some(number) => values.push(number),
                None => values.extend(self.quantity(&path, item, declared.dimension, declared)),
            }
        }
    }

    fn flag(&mut self, key: &'static str, value: &mut bool, meaning: &'static str) {
        let Some(found) = self.find(key) else { return };
        match found.get_ref() {
            DeValue::Boolean(flag) => *value = *flag,
            _ => {
                let path = joined(&self.path, key);
                self.wrong_kind(&path, found, &format!("true or false: {meaning}"));
            }
        }
    }

    fn text(&mut self, key: &'static str, value: &mut String, presence: Presence, meaning: &'static str) {
        let Some(found) = self.find(key) else {
            if presence == Presence::Required {
                self.missing(key, &format!("a text: {meaning}"));
            }
            return;
        };
        match found.get_ref() {
            DeValue::String(text) => *value = text.to_string(),
            _ => {
                let path = joined(&self.path, key);
                self.wrong_kind(&path, found, &format!("a text: {meaning}"));
            }
        }
    }

    fn texts(&mut self, key: &'static str, values: &mut Vec<String>, presence: Presence, meaning: &'static str) {
        match self.strings(key) {
            Some(texts) => *values = texts.into_iter().map(|(text, _)| text).collect(),
            None if presence == Presence::Required && self.raw(key).is_none() => {
                self.missing(key, &format!("a list of texts: {meaning}"));
            }
            None => {}
        }
    }

    fn times(&mut self, key: &'static str, values: &mut Vec<TimeLabel>, _: &'static str) {
        let Some(texts) = self.strings(key) else { return };
        values.clear();
        for (index, (label, span)) in texts.into_iter().enumerate() {
            match Dimension::Time.read(&label, self.notes.input) {
                Ok(minutes) => values.push(TimeLabel { label, minutes }),
                Err(error) => {
                    let path = joined(&joined(&self.path, key), &index.to_string());
                    let expected = Dimension::Time.expectation(self.notes.input);
                    self.report(&path, span, error.to_string(), expected, None);
                }
            }
        }
    }

    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, presence: Presence, meaning: &'static str) {
        let Some(found) = self.find(key) else {
            if presence == Presence::Required {
                self.missing(key, &format!("one of {}: {meaning}", value.words().join(", ")));
            }
            return;
        };
        let path = joined(&self.path, key);
        let DeValue::String(word) = found.get_ref() else {
            return self.wrong_kind(&path, found, &format!("one of {}: {meaning}", value.words().join(", ")));
        };
        if !value.choose(word) {
            let close = nearest(word, value.words().iter().copied());
            let expected = value.words().join(", ");
            self.report(&path, found.span(), format!("there is no {key} `{word}`"), expected, close);
        } else if let ("input_unit", Some(unit)) = (key, InputUnit::named(word)) {
            // Later quantities of this and of other files are read in the circuit's unit.
            self.notes.input = unit;
        }
    }

    fn table(&mut self, key: &'static str, node: &mut dyn Node, _: &'static str) {
        if let Some(found) = self.find(key) {
            self.read_within(key, found, node);
        } else {
            // An absent table misses the keys that it must have.
            let path = joined(&self.path, key);
            read_table(self.notes, self.file, &DeTable::new(), self.span.clone(), &path, node);
        }
    }

    fn optional_table(&mut self, key: &'static str, node: &mut dyn NodeOption, _: &'static str) {
        if let Some(found) = self.find(key) {
            self.read_within(key, found, node.entry());
        }
    }

    fn map(&mut self, key: &'static str, map: &mut dyn NodeMap, meaning: &'static str) {
        let Some(found) = self.find(key) else { return };
        let path = joined(&self.path, key);
        let DeValue::Table(table) = found.get_ref() else {
            return self.wrong_kind(&path, found, &format!("a table: {meaning}"));
        };
        for (name, value) in table {
            if let ("source", DeValue::String(source)) = (name.get_ref().as_ref(), value.get_ref()) {
                self.notes.note_source(&path, source);
                continue;
            }
            let place = joined(&path, name.get_ref());
            self.notes.note_origin(&place, self.file, value.span());
            match value.get_ref() {
                DeValue::Table(inner) => {
                    let node = map.entry(name.get_ref());
                    read_table(self.notes, self.file, inner, name.span(), &place, node);
                }
                _ => self.wrong_kind(&place, value, "a table"),
            }
        }
    }

    fn list(&mut self, key: &'static str, list: &mut dyn NodeList, meaning: &'static str) {
        let Some(found) = self.find(key) else { return };
        let path = joined(&self.path, key);
        let DeValue::Array(array) = found.get_ref() else {
            return self.wrong_kind(&path, found, &format!("a list of tables: {meaning}"));
        };
        list.clear();
        for (index, value) in array.iter().enumerate() {
            let place = joined(&path, &index.to_string());
            self.notes.forget_origins(&place);
            self.notes.note_origin(&place, self.file, value.span());
            match value.get_ref() {
                DeValue::Table(inner) => {
                    let node = list.push();
                    read_table(self.notes, self.file, inner, value.span(), &place, node);
                    // An element may also be addressed by the name that it carries.
                    if let Some(label) = list.node(index).and_then(|node| node.label().map(str::to_owned)) {
                        self.notes.note_alias(&joined(&path, &label), &place);
                    }
                }
                _ => {
                    list.push();
                    self.wrong_kind(&place, value, "a table");
                }
            }
        }
    }

    fn setting(&mut self, key: &'static str, value: &mut Option<Setting>, meaning: &'static str) {
        let Some(found) = self.find(key) else { return };
        match scalar(found.get_ref()) {
            Some(setting) => *value = Some(setting),
            None => {
                let path = joined(&self.path, key);
                self.wrong_kind(&path, found, &format!("a number, a text or a switch: {meaning}"));
            }
        }
    }

    fn setting_list(&mut self, key: &'static str, values: &mut Vec<Setting>, meaning: &'static str) {
        let Some(found) = self.find(key) else { return };
        let path = joined(&self.path, key);
        let DeValue::Array(array) = found.get_ref() else {
            return self.wrong_kind(&path, found, &format!("a list, in brackets: {meaning}"));
        };
        values.clear();
        for (index, item) in array.iter().enumerate() {
            let path = joined(&path, &index.to_string());
            self.notes.note_origin(&path, self.file, item.span());
            match scalar(item.get_ref()) {
                Some(setting) => values.push(setting),
                None => self.wrong_kind(&path, item, "a number, a text or a switch"),
            }
        }
    }

    fn settings(&mut self, key: &'static str, values: &mut IndexMap<String, Setting>, meaning: &'static str) {
        let Some(found) = self.find(key) else { return };
        let path = joined(&self.path, key);
        let DeValue::Table(table) = found.get_ref() else {
            return self.wrong_kind(&path, found, &format!("a table: {meaning}"));
        };
        self.flatten(table, &path, "", values);
    }
}
