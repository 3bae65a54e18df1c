//! Every value of a specification, by path: for `check`, for suggestions, and for the manifest.

use super::declare::{
    ByName, Choice, Level, Node, NodeList, NodeMap, NodeOption, NumberOrWord, Parameter, Presence, Setting, TimeLabel,
    Visitor,
};
use super::path::joined;
use crate::units::InputUnit;
use indexmap::IndexMap;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its path.
    pub path: String,
    /// What it is.
    pub value: Value,
    /// Its declaration, for numbers.
    pub parameter: Option<Parameter>,
    /// What it means.
    pub meaning: &'static str,
    /// The words among which it is one, where it is a choice, or that may stand in place of a number.
    pub words: &'static [&'static str],
}

/// A value of the specification.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// In the base unit of its dimension.
    Number(f64),
    /// So many times the rest of a signal.
    OfRest(f64),
    /// A whole number.
    Whole(u64),
    /// A text or a word.
    Text(String),
    /// A switch.
    Flag(bool),
}

impl Value {
    fn of(setting: &Setting) -> Self {
        match setting {
            Setting::Number(number) => Self::Number(*number),
            Setting::Text(text) => Self::Text(text.clone()),
            Setting::Flag(flag) => Self::Flag(*flag),
            list @ Setting::List(_) => Self::Text(list.to_string()),
        }
    }
}

impl Entry {
    /// The value as it would be written in a file, exactly.
    pub fn written(&self, input: InputUnit) -> String {
        match (&self.value, &self.parameter) {
            (Value::Number(number), Some(parameter)) => parameter.dimension.print_exact(*number, input),
            (Value::Number(number), None) => format!("{number}"),
            (Value::OfRest(multiple), _) => format!("{multiple} x rest"),
            (Value::Whole(whole), _) => format!("{whole}"),
            (Value::Text(text), _) => text.clone(),
            (Value::Flag(flag), _) => format!("{flag}"),
        }
    }
}

/// Lists every value that is present, in the order of declaration. Empty texts and absent options are left out.
pub fn list(node: &mut dyn Node) -> Vec<Entry> {
    let mut lister = Lister { path: String::new(), entries: Vec::new() };
    node.visit(&mut lister);
    lister.entries
}

struct Lister {
    path: String,
    entries: Vec<Entry>,
}

impl Lister {
    fn add(&mut self, key: &str, value: Value, parameter: Option<Parameter>, meaning: &'static str) {
        let path = joined(&self.path, key);
        self.entries.push(Entry { path, value, parameter, meaning, words: &[] });
    }

    fn add_words(&mut self, words: &'static [&'static str]) {
        if let Some(entry) = self.entries.last_mut() {
            entry.words = words;
        }
    }

    fn add_number(&mut self, key: &str, number: f64, declared: &Parameter) {
        self.add(key, Value::Number(number), Some(*declared), declared.meaning);
    }

    fn within(&mut self, key: &str, show: impl FnOnce(&mut Self)) {
        let kept = self.path.clone();
        self.path = joined(&self.path, key);
        show(self);
        self.path = kept;
    }
}

impl Visitor for Lister {
    fn number(&mut self, key: &'static str, value: &mut f64, _: Presence, declared: &'static Parameter) {
        self.add_number(key, *value, declared);
    }

    fn optional(&mut self, key: &'static str, value: &mut Option<f64>, declared: &'static Parameter) {
        if let Some(number) = value {
            self.add_number(key, *number, declared);
        }
    }

    fn affinity(&mut self, key: &'static str, _: &'static str, value: &mut f64, declared: &'static Parameter) {
        self.add_number(key, *value, declared);
    }

    fn threshold(&mut self, key: &'static str, value: &mut f64, signal: &str, declared: &'static Parameter) {
        self.add_number(key, *value, &Parameter { dimension: super::signal_dimension(signal), ..*declared });
    }

    fn level(&mut self, key: &'static str, value: &mut Level, signal: &str, declared: &'static Parameter) {
        let parameter = Parameter { dimension: super::signal_dimension(signal), ..*declared };
        match value {
            Level::At(number) => self.add_number(key, *number, &parameter),
            Level::OfRest(multiple) => self.add(key, Value::OfRest(*multiple), None, declared.meaning),
        }
    }

    fn number_or_word(
        &mut self,
        key: &'static str,
        value: &mut NumberOrWord,
        words: &'static [&'static str],
        declared: &'static Parameter,
    ) {
        match value {
            NumberOrWord::Number(number) => self.add_number(key, *number, declared),
            NumberOrWord::Word(word) => self.add(key, Value::Text((*word).to_owned()), None, declared.meaning),
        }
        self.add_words(words);
    }

    fn whole(&mut self, key: &'static str, value: &mut u64, meaning: &'static str) {
        self.add(key, Value::Whole(*value), None, meaning);
    }

    fn by_name(&mut self, key: &'static str, value: &mut ByName, declared: &'static Parameter) {
        if let Some(number) = value.all {
            self.add_number(key, number, declared);
        }
        self.numbers(key, &mut value.named, declared);
    }

    fn numbers(&mut self, key: &'static str, values: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        self.within(key, |lister| lister.entries(values, declared));
    }

    fn entries(&mut self, values: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        for (name, number) in values {
            self.add_number(name, *number, declared);
        }
    }

    fn series(&mut self, key: &'static str, values: &mut Vec<f64>, declared: &'static Parameter) {
        self.within(key, |lister| {
            for (index, number) in values.iter().enumerate() {
                lister.add_number(&index.to_string(), *number, declared);
            }
        });
    }

    fn flag(&mut self, key: &'static str, value: &mut bool, meaning: &'static str) {
        self.add(key, Value::Flag(*value), None, meaning);
    }

    fn text(&mut self, key: &'static str, value: &mut String, _: Presence, meaning: &'static str) {
        if !value.is_empty() {
            self.add(key, Value::Text(value.clone()), None, meaning);
        }
    }

    fn texts(&mut self, key: &'static str, values: &mut Vec<String>, _: Presence, meaning: &'static str) {
        self.within(key, |lister| {
            for (index, text) in values.iter().enumerate() {
                lister.add(&index.to_string(), Value::Text(text.clone()), None, meaning);
            }
        });
    }

    fn times(&mut self, key: &'static str, values: &mut Vec<TimeLabel>, meaning: &'static str) {
        self.within(key, |lister| {
            for (index, time) in values.iter().enumerate() {
                lister.add(&index.to_string(), Value::Text(time.label.clone()), None, meaning);
            }
        });
    }

    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, _: Presence, meaning: &'static str) {
        self.add(key, Value::Text(value.word().to_owned()), None, meaning);
        self.add_words(value.words());
    }

    fn table(&mut self, key: &'static str, node: &mut dyn Node, _: &'static str) {
        self.within(key, |lister| node.visit(lister));
    }

    fn optional_table(&mut self, key: &'static str, node: &mut dyn NodeOption, _: &'static str) {
        if let Some(node) = node.node() {
            self.within(key, |lister| node.visit(lister));
        }
    }

    fn map(&mut self, key: &'static str, map: &mut dyn NodeMap, _: &'static str) {
        self.within(key, |lister| {
            for name in map.names() {
                if let Some(node) = map.node(&name) {
                    lister.within(&name, |lister| node.visit(lister));
                }
            }
        });
    }

    fn list(&mut self, key: &'static str, list: &mut dyn NodeList, _: &'static str) {
        self.within(key, |lister| {
            let labels: Vec<Option<String>> =
                (0..list.count()).map(|index| list.node(index)?.label().map(str::to_owned)).collect();
            for (index, label) in labels.iter().enumerate() {
                let unique = label.as_ref().filter(|label| {
                    !label.is_empty() && labels.iter().filter(|other| other.as_ref() == Some(label)).count() == 1
                });
                let name = unique.cloned().unwrap_or_else(|| index.to_string());
                if let Some(node) = list.node(index) {
                    lister.within(&name, |lister| node.visit(lister));
                }
            }
        });
    }

    fn setting(&mut self, key: &'static str, value: &mut Option<Setting>, meaning: &'static str) {
        if let Some(setting) = value {
            self.add(key, Value::of(setting), None, meaning);
        }
    }

    fn setting_list(&mut self, key: &'static str, values: &mut Vec<Setting>, meaning: &'static str) {
        self.within(key, |lister| {
            for (index, setting) in values.iter().enumerate() {
                lister.add(&index.to_string(), Value::of(setting), None, meaning);
            }
        });
    }

    fn settings(&mut self, key: &'static str, values: &mut IndexMap<String, Setting>, meaning: &'static str) {
        self.within(key, |lister| {
            for (path, setting) in values {
                lister.add(path, Value::of(setting), None, meaning);
            }
        });
    }
}
