//! What a specification asks of the table that it is read from: numbers, words, tables and lists under their keys.

use super::{Reader, read_table};
use crate::config::value::{SETTING, number_without_unit, setting, whole};
use crate::scenario::declare::{
    ByName, Choice, Level, Node, NodeList, NodeMap, NodeOption, NumberOrWord, Parameter, Presence, Setting, TimeLabel,
    Visitor,
};
use crate::scenario::path::joined;
use crate::scenario::{NEGATIVE_LOG_AFFINITY, from_negative_log, nearest, signal_dimension};
use crate::units::{Dimension, InputUnit};
use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

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
        match whole(found.get_ref()) {
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
        match setting(found.get_ref()) {
            Some(setting) => *value = Some(setting),
            None => {
                let path = joined(&self.path, key);
                self.wrong_kind(&path, found, &format!("{SETTING}: {meaning}"));
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
            match setting(item.get_ref()) {
                Some(setting) => values.push(setting),
                None => self.wrong_kind(&path, item, SETTING),
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
