//! Addressing by path: `populations.SST.rest`, `arms."stress + drug".doses.0.amount`.
//!
//! A path is the keys of the configuration files joined by dots, with quotes around names that are more than letters,
//! digits, `_` and `-`. Elements of lists go by their index, or by the name that they carry.

use super::declare::{
    ByName, Choice, Level, Node, NodeList, NodeMap, NodeOption, NumberOrWord, Parameter, Presence, Setting, TimeLabel,
    Visitor,
};
use crate::units::{Dimension, InputUnit};
use indexmap::IndexMap;

/// Why a path cannot be set.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PathError {
    /// Nothing is there.
    #[error("there is no parameter `{path}`{}", .nearest.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    NoSuchPath {
        /// The path given.
        path: String,
        /// The nearest path that exists.
        nearest: Option<String>,
    },
    /// The value does not fit.
    #[error("`{path}`: {message}; expected {expected}")]
    BadValue {
        /// The path given.
        path: String,
        /// What is wrong.
        message: String,
        /// What would fit.
        expected: String,
    },
}

/// Splits a path at its dots, outside quotes.
pub fn segments(path: &str) -> Vec<String> {
    let mut segments = vec![String::new()];
    let mut quoted = false;
    for letter in path.chars() {
        match letter {
            '"' => quoted = !quoted,
            '.' if !quoted => segments.push(String::new()),
            _ => segments.last_mut().unwrap_or(&mut String::new()).push(letter),
        }
    }
    segments
}

/// A name as it stands in a path: quoted where it needs to be.
pub fn quoted(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { format!("\"{name}\"") }
}

/// Appends a key to a path.
pub fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { quoted(key) } else { format!("{path}.{}", quoted(key)) }
}

/// A number that was set: in the base unit of its dimension, with its declaration.
#[derive(Clone, Copy, Debug)]
pub struct SetNumber {
    /// In the base unit.
    pub value: f64,
    /// What was set.
    pub parameter: Parameter,
}

/// Changes the value at a path; gives the number that was set, or none where it is a word, a text or a switch.
///
/// # Errors
/// [`PathError`] where there is no such value, or the setting does not fit it.
pub fn assign(
    node: &mut dyn Node,
    path: &str,
    setting: &Setting,
    input: InputUnit,
) -> Result<Option<SetNumber>, PathError> {
    assign_as(node, path, setting, input, false)
}

/// Gives a number in the base unit of what stands at a path. In a table of numbers under free names one may be new.
///
/// # Errors
/// [`PathError`] where there is no such number, or the value does not fit it.
pub fn assign_in_base_unit(
    node: &mut dyn Node,
    path: &str,
    value: f64,
    input: InputUnit,
) -> Result<Option<SetNumber>, PathError> {
    assign_as(node, path, &Setting::Number(value), input, true)
}

fn assign_as(
    node: &mut dyn Node,
    path: &str,
    setting: &Setting,
    input: InputUnit,
    in_base_unit: bool,
) -> Result<Option<SetNumber>, PathError> {
    let segments = segments(path);
    let mut assignment = Assign { rest: &segments, setting, input, in_base_unit, number: None, outcome: None };
    node.visit(&mut assignment);
    match assignment.outcome {
        Some(Ok(())) => Ok(assignment.number),
        Some(Err((message, expected))) => Err(PathError::BadValue { path: path.to_owned(), message, expected }),
        None => {
            let paths = super::listing::list(node);
            let nearest = super::nearest(path, paths.iter().map(|entry| entry.path.as_str()));
            Err(PathError::NoSuchPath { path: path.to_owned(), nearest })
        }
    }
}

/// Follows a path through the visits and sets the value at its end.
struct Assign<'a> {
    rest: &'a [String],
    setting: &'a Setting,
    input: InputUnit,
    /// Whether a number without a unit is in the base unit.
    in_base_unit: bool,
    /// The number read.
    number: Option<SetNumber>,
    /// Nothing found yet; set; or what is wrong and what was expected.
    outcome: Option<Result<(), (String, String)>>,
}

impl Assign<'_> {
    /// Whether the path ends at this key.
    fn ends_at(&self, key: &str) -> bool {
        self.outcome.is_none() && self.rest.len() == 1 && self.rest[0] == key
    }

    /// Whether the path goes through this key.
    fn goes_through(&self, key: &str) -> bool {
        self.outcome.is_none() && self.rest.len() > 1 && self.rest[0] == key
    }

    fn fail(&mut self, message: impl Into<String>, expected: impl Into<String>) {
        self.outcome = Some(Err((message.into(), expected.into())));
    }

    fn read(&mut self, declared: &Parameter) -> Option<f64> {
        let dimension = declared.dimension;
        let read = match self.setting {
            Setting::Number(number) if self.in_base_unit || dimension.allows_bare(self.input) => Ok(*number),
            Setting::Number(number) => {
                dimension.read(&format!("{number}"), self.input).map_err(|error| error.to_string())
            }
            Setting::Text(text) => dimension.read(text, self.input).map_err(|error| error.to_string()),
            Setting::Flag(_) => Err("a switch does not fit here".into()),
            Setting::List(_) => Err("a list does not fit here".into()),
        };
        match read {
            Ok(value) if declared.range.holds(value) => {
                self.number = Some(SetNumber { value, parameter: *declared });
                Some(value)
            }
            Ok(value) => {
                let shown = dimension.print(value, self.input, 6);
                self.fail(format!("{shown} is out of range"), declared.range.in_words());
                None
            }
            Err(message) => {
                self.fail(message, dimension.expectation(self.input));
                None
            }
        }
    }

    fn descend(&mut self, node: &mut dyn Node, used: usize) {
        let kept = self.rest;
        self.rest = &kept[used..];
        if !self.rest.is_empty() {
            node.visit(self);
        }
        self.rest = kept;
    }

    fn set(&mut self, value: &mut f64, declared: &Parameter) {
        if let Some(number) = self.read(declared) {
            *value = number;
            self.outcome = Some(Ok(()));
        }
    }

    fn set_text(&mut self, value: &mut String) {
        match self.setting {
            Setting::Text(text) => {
                value.clone_from(text);
                self.outcome = Some(Ok(()));
            }
            _ => self.fail("a text is needed", "a text in quotes"),
        }
    }

    /// Sets a whole list, each element read by `read`, which says what is wrong with one.
    fn set_list<T>(
        &mut self,
        values: &mut Vec<T>,
        expected: &str,
        read: impl Fn(&mut Self, &Setting) -> Result<T, (String, String)>,
    ) {
        let Setting::List(settings) = self.setting else {
            return self.fail("a list is needed", expected);
        };
        let mut found = Vec::with_capacity(settings.len());
        for (index, setting) in settings.iter().enumerate() {
            match read(self, setting) {
                Ok(value) => found.push(value),
                Err((message, expected)) => return self.fail(format!("element {index}: {message}"), expected),
            }
        }
        *values = found;
        self.outcome = Some(Ok(()));
    }

    /// One number of a list; those without a unit are in the base unit.
    fn element(&self, setting: &Setting, declared: &Parameter) -> Result<f64, (String, String)> {
        let dimension = declared.dimension;
        let value = match setting {
            Setting::Number(number) => *number,
            Setting::Text(text) => dimension
                .read(text, self.input)
                .map_err(|error| (error.to_string(), dimension.expectation(self.input)))?,
            Setting::Flag(_) | Setting::List(_) => {
                return Err((format!("`{setting}` is no number"), dimension.expectation(self.input)));
            }
        };
        let shown = || format!("{} is out of range", dimension.print(value, self.input, 6));
        if declared.range.holds(value) { Ok(value) } else { Err((shown(), declared.range.in_words())) }
    }

    fn time(&self, label: &str) -> Result<TimeLabel, (String, String)> {
        match Dimension::Time.read(label, self.input) {
            Ok(minutes) => Ok(TimeLabel { label: label.to_owned(), minutes }),
            Err(error) => Err((error.to_string(), Dimension::Time.expectation(self.input))),
        }
    }
}

const LIST_OF_TEXTS: &str = "a list of texts, in brackets, such as [\"rate.E\", \"stress\"]";
const LIST_OF_NUMBERS: &str = "a list of numbers, in brackets, such as [0, 2.5, 10]";
const LIST_OF_TIMES: &str = "times with a comma between them, such as \"5 min, 1 h\", or a list of them in brackets";

impl Visitor for Assign<'_> {
    fn number(&mut self, key: &'static str, value: &mut f64, _: Presence, declared: &'static Parameter) {
        if self.ends_at(key) {
            self.set(value, declared);
        }
    }

    fn optional(&mut self, key: &'static str, value: &mut Option<f64>, declared: &'static Parameter) {
        if self.ends_at(key)
            && let Some(number) = self.read(declared)
        {
            *value = Some(number);
            self.outcome = Some(Ok(()));
        }
    }

    fn affinity(&mut self, key: &'static str, log_key: &'static str, value: &mut f64, declared: &'static Parameter) {
        if self.ends_at(key) {
            self.set(value, declared);
        } else if self.ends_at(log_key)
            && let Some(log) = self.read(&super::NEGATIVE_LOG_AFFINITY)
        {
            *value = super::from_negative_log(log);
            self.outcome = Some(Ok(()));
        }
    }

    fn threshold(&mut self, key: &'static str, value: &mut f64, signal: &str, declared: &'static Parameter) {
        if self.ends_at(key) {
            self.set(value, &Parameter { dimension: super::signal_dimension(signal), ..*declared });
        }
    }

    fn level(&mut self, key: &'static str, value: &mut Level, signal: &str, declared: &'static Parameter) {
        if !self.ends_at(key) {
            return;
        }
        // A bare number changes a multiple of rest, where there is one.
        let multiple = match (self.setting, *value) {
            (Setting::Text(text), _) => Level::of_rest(text),
            (Setting::Number(number), Level::OfRest(_)) => Some(*number),
            _ => None,
        };
        let dimension = super::signal_dimension(signal);
        match multiple {
            Some(multiple) if declared.range.holds(multiple) => {
                *value = Level::OfRest(multiple);
                let parameter = Parameter { dimension: Dimension::Number, ..*declared };
                self.number = Some(SetNumber { value: multiple, parameter });
                self.outcome = Some(Ok(()));
            }
            Some(multiple) => self.fail(format!("{multiple} x rest is out of range"), declared.range.in_words()),
            None => {
                if let Some(number) = self.read(&Parameter { dimension, ..*declared }) {
                    *value = Level::At(number);
                    self.outcome = Some(Ok(()));
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
        if !self.ends_at(key) {
            return;
        }
        let word = match self.setting {
            Setting::Text(text) => words.iter().find(|word| *word == text),
            _ => None,
        };
        if let Some(word) = word {
            *value = NumberOrWord::Word(word);
            self.outcome = Some(Ok(()));
        } else if let Some(number) = self.read(declared) {
            *value = NumberOrWord::Number(number);
            self.outcome = Some(Ok(()));
        }
    }

    fn whole(&mut self, key: &'static str, value: &mut u64, _: &'static str) {
        if self.ends_at(key) {
            match self.setting {
                Setting::Number(number) if *number >= 0.0 && number.fract() == 0.0 && *number <= 9e15 => {
                    *value = *number as u64;
                    self.outcome = Some(Ok(()));
                }
                _ => self.fail("not a whole number", "a whole number, 0 or more"),
            }
        }
    }

    fn by_name(&mut self, key: &'static str, value: &mut ByName, declared: &'static Parameter) {
        if self.ends_at(key) {
            if let Some(number) = self.read(declared) {
                *value = ByName::all(number);
                self.outcome = Some(Ok(()));
            }
        } else if self.goes_through(key) && self.rest.len() == 2 {
            let name = self.rest[1].clone();
            if let Some(number) = self.read(declared) {
                value.named.insert(name, number);
                self.outcome = Some(Ok(()));
            }
        }
    }

    fn numbers(&mut self, key: &'static str, values: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        if self.goes_through(key) {
            let kept = self.rest;
            self.rest = &kept[1..];
            self.entries(values, declared);
            self.rest = kept;
        }
    }

    fn entries(&mut self, values: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        // The keys of such tables may hold dots themselves (signals): the rest of the path is one name.
        let name = self.rest.join(".");
        if self.outcome.is_some() || name.is_empty() {
            return;
        }
        if self.in_base_unit {
            self.set(values.entry(name).or_default(), declared);
        } else if let Some(value) = values.get_mut(&name) {
            self.set(value, declared);
        }
    }

    fn series(&mut self, key: &'static str, values: &mut Vec<f64>, declared: &'static Parameter) {
        if self.ends_at(key) {
            self.set_list(values, LIST_OF_NUMBERS, |assign, setting| assign.element(setting, declared));
        } else if self.goes_through(key) && self.rest.len() == 2 {
            let index = self.rest[1].parse::<usize>().ok();
            if let Some(value) = index.and_then(|index| values.get_mut(index)) {
                match self.setting {
                    Setting::Number(number) if declared.range.holds(*number) => {
                        *value = *number;
                        self.number = Some(SetNumber { value: *number, parameter: *declared });
                        self.outcome = Some(Ok(()));
                    }
                    _ => self.set(value, declared),
                }
            }
        }
    }

    fn flag(&mut self, key: &'static str, value: &mut bool, _: &'static str) {
        if self.ends_at(key) {
            match self.setting {
                Setting::Flag(flag) => {
                    *value = *flag;
                    self.outcome = Some(Ok(()));
                }
                _ => self.fail("a switch is needed", "true or false"),
            }
        }
    }

    fn text(&mut self, key: &'static str, value: &mut String, _: Presence, _: &'static str) {
        if self.ends_at(key) {
            self.set_text(value);
        }
    }

    fn texts(&mut self, key: &'static str, values: &mut Vec<String>, _: Presence, _: &'static str) {
        if self.ends_at(key) {
            self.set_list(values, LIST_OF_TEXTS, |_, setting| match setting {
                Setting::Text(text) => Ok(text.clone()),
                other => Err((format!("`{other}` is no text"), "a text in quotes".to_owned())),
            });
        } else if self.goes_through(key) && self.rest.len() == 2 {
            let index = self.rest[1].parse::<usize>().ok();
            if let Some(value) = index.and_then(|index| values.get_mut(index)) {
                self.set_text(value);
            }
        }
    }

    fn times(&mut self, key: &'static str, values: &mut Vec<TimeLabel>, _: &'static str) {
        if self.ends_at(key) {
            let Setting::Text(text) = self.setting else {
                return self.set_list(values, LIST_OF_TIMES, |assign, setting| match setting {
                    Setting::Text(label) => assign.time(label),
                    other => Err((format!("`{other}` is no time"), Dimension::Time.expectation(assign.input))),
                });
            };
            match text.split(',').map(|label| self.time(label.trim())).collect::<Result<Vec<_>, _>>() {
                Ok(times) => {
                    *values = times;
                    self.outcome = Some(Ok(()));
                }
                Err((message, expected)) => self.fail(message, expected),
            }
        }
    }

    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, _: Presence, _: &'static str) {
        if self.ends_at(key) {
            let words = value.words().join(", ");
            match self.setting {
                Setting::Text(word) if value.choose(word) => self.outcome = Some(Ok(())),
                _ => self.fail("no such word", format!("one of {words}")),
            }
        }
    }

    fn table(&mut self, key: &'static str, node: &mut dyn Node, _: &'static str) {
        if self.goes_through(key) {
            self.descend(node, 1);
        }
    }

    fn optional_table(&mut self, key: &'static str, node: &mut dyn NodeOption, _: &'static str) {
        if self.goes_through(key)
            && let Some(node) = node.node()
        {
            self.descend(node, 1);
        }
    }

    fn map(&mut self, key: &'static str, map: &mut dyn NodeMap, _: &'static str) {
        if self.goes_through(key)
            && let Some(node) = map.node(&self.rest[1].clone())
        {
            self.descend(node, 2);
        }
    }

    fn list(&mut self, key: &'static str, list: &mut dyn NodeList, _: &'static str) {
        if self.goes_through(key) {
            let name = &self.rest[1];
            let named =
                (0..list.count()).find(|index| list.node(*index).is_some_and(|node| node.label() == Some(name)));
            let index = named.or_else(|| name.parse().ok());
            if let Some(node) = index.and_then(|index| list.node(index)) {
                self.descend(node, 2);
            }
        }
    }

    fn setting(&mut self, key: &'static str, value: &mut Option<Setting>, _: &'static str) {
        if self.ends_at(key) {
            *value = Some(self.setting.clone());
            self.outcome = Some(Ok(()));
        }
    }

    fn setting_list(&mut self, key: &'static str, values: &mut Vec<Setting>, _: &'static str) {
        if self.ends_at(key) {
            self.set_list(values, "a list, in brackets", |_, setting| Ok(setting.clone()));
        } else if self.goes_through(key) && self.rest.len() == 2 {
            let index = self.rest[1].parse::<usize>().ok();
            if let Some(value) = index.and_then(|index| values.get_mut(index)) {
                value.clone_from(self.setting);
                self.outcome = Some(Ok(()));
            }
        }
    }

    fn settings(&mut self, key: &'static str, values: &mut IndexMap<String, Setting>, _: &'static str) {
        if self.goes_through(key) {
            let name = self.rest[1..].join(".");
            if let Some(value) = values.get_mut(&name) {
                value.clone_from(self.setting);
                self.outcome = Some(Ok(()));
            }
        }
    }
}
