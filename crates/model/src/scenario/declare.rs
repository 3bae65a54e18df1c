//! How a specification describes itself: each field is declared once, in its struct's `visit`, and from that one
//! place come reading, printing, addressing by path, the JSON Schema and the parameter tables.
//!
//! A [`Node`] is a struct of the specification. Its [`Node::visit`] shows every field to a [`Visitor`], with the
//! key under which it is written and its declaration. A reader fills the fields from a file, a lister prints them,
//! an assigner changes the one that a path names; none of them needs to know the structs.

use crate::units::Dimension;
use indexmap::IndexMap;
use std::fmt;

/// The values a number may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// Any finite number.
    Any,
    /// Zero or more.
    NotNegative,
    /// More than zero.
    Positive,
    /// Zero to one, both included.
    Unit,
    /// At least this.
    AtLeast(f64),
}

impl Range {
    /// Whether the range holds the number.
    pub fn holds(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Self::Any => true,
                Self::NotNegative => value >= 0.0,
                Self::Positive => value > 0.0,
                Self::Unit => (0.0..=1.0).contains(&value),
                Self::AtLeast(least) => value >= least,
            }
    }

    /// The range in words, for an error message.
    pub fn in_words(self) -> String {
        match self {
            Self::Any => "a finite number".into(),
            Self::NotNegative => "0 or more".into(),
            Self::Positive => "more than 0".into(),
            Self::Unit => "between 0 and 1".into(),
            Self::AtLeast(least) => format!("{least} or more"),
        }
    }
}

/// A number of the specification, declared once.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The letter used in the documentation's equations.
    pub symbol: &'static str,
    /// What it measures, and so its unit.
    pub dimension: Dimension,
    /// The values that it may take.
    pub range: Range,
    /// What it means, in a sentence.
    pub meaning: &'static str,
}

/// Declares a [`Parameter`].
pub const fn parameter(symbol: &'static str, dimension: Dimension, range: Range, meaning: &'static str) -> Parameter {
    Parameter { symbol, dimension, range, meaning }
}

/// Whether a key must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The value in the struct stands where the key is absent.
    Default,
    /// A file that opens this table must write the key.
    Required,
}

/// A struct of the specification.
pub trait Node {
    /// Shows every field, in the order in which it is printed.
    fn visit(&mut self, visitor: &mut dyn Visitor);

    /// The field by which an element of a list is addressed, besides its index.
    fn label(&self) -> Option<&str> {
        None
    }
}

/// A closed list of words, such as the kinds of a transfer function.
pub trait Choice {
    /// Every word.
    fn words(&self) -> &'static [&'static str];
    /// The word chosen.
    fn word(&self) -> &'static str;
    /// Chooses a word; false where there is no such word.
    fn choose(&mut self, word: &str) -> bool;
}

/// Tables under free names: populations, receptors, ligands.
pub trait NodeMap {
    /// The names, in the order of the file.
    fn names(&self) -> Vec<String>;
    /// The table of that name.
    fn node(&mut self, name: &str) -> Option<&mut dyn Node>;
    /// The table of that name, made if absent.
    fn entry(&mut self, name: &str) -> &mut dyn Node;
    /// A table with nothing but defaults.
    fn prototype(&self) -> Box<dyn Node>;
}

/// Tables in a list: arms, doses, effects.
pub trait NodeList {
    /// How many there are.
    fn count(&self) -> usize;
    /// The one at that index.
    fn node(&mut self, index: usize) -> Option<&mut dyn Node>;
    /// Adds one with nothing but defaults.
    fn push(&mut self) -> &mut dyn Node;
    /// Takes all out.
    fn clear(&mut self);
    /// A table with nothing but defaults.
    fn prototype(&self) -> Box<dyn Node>;
}

/// A table that may be absent.
pub trait NodeOption {
    /// The table, if present.
    fn node(&mut self) -> Option<&mut dyn Node>;
    /// The table, made if absent.
    fn entry(&mut self) -> &mut dyn Node;
    /// A table with nothing but defaults.
    fn prototype(&self) -> Box<dyn Node>;
}

/// A number for everything, or one for each name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ByName {
    /// The number for every name that is not in `named`.
    pub all: Option<f64>,
    /// Numbers for single names.
    pub named: IndexMap<String, f64>,
}

impl ByName {
    /// The same number for every name.
    pub fn all(value: f64) -> Self {
        Self { all: Some(value), named: IndexMap::new() }
    }

    /// The number for a name.
    pub fn of(&self, name: &str) -> Option<f64> {
        self.named.get(name).copied().or(self.all)
    }
}

/// A level of a signal: a number in the signal's unit, or a multiple of the signal's value at rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// The number itself.
    At(f64),
    /// So many times the signal's value at rest.
    OfRest(f64),
}

impl Level {
    /// Reads a text such as "1.14 x rest"; none where it is not of that form.
    pub fn of_rest(text: &str) -> Option<f64> {
        text.trim().strip_suffix("rest")?.trim_end().strip_suffix('x')?.trim_end().parse().ok()
    }

    /// The number as it is written, without what it is a number of.
    pub fn number(self) -> f64 {
        match self {
            Self::At(number) | Self::OfRest(number) => number,
        }
    }
}

/// A number, or one of a few words in its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberOrWord {
    /// A number.
    Number(f64),
    /// A word.
    Word(&'static str),
}

/// A value whose place in the specification decides its type: what `set` and `--set` write.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A number without a unit.
    Number(f64),
    /// A text: a quantity with a unit, a name, or a word.
    Text(String),
    /// A switch.
    Flag(bool),
    /// A list of these, none of which is a list.
    List(Vec<Setting>),
}

impl fmt::Display for Setting {
    /// As `--set` takes it.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(to, "{number}"),
            Self::Text(text) => to.write_str(text),
            Self::Flag(flag) => write!(to, "{flag}"),
            Self::List(settings) => {
                let written = settings.iter().map(|setting| match setting {
                    Self::Text(text) => format!("{text:?}"),
                    other => other.to_string(),
                });
                write!(to, "[{}]", written.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A span of time as the user wrote it, kept so that reports carry the user's own words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimeLabel {
    /// As written, for example "20 min".
    pub label: String,
    /// The time, in min.
    pub minutes: f64,
}

/// Looks at, or changes, the fields that a [`Node`] shows it. Keys are those of the configuration files.
pub trait Visitor {
    /// A number.
    fn number(&mut self, key: &'static str, value: &mut f64, presence: Presence, declared: &'static Parameter);
    /// A number that may be absent.
    fn optional(&mut self, key: &'static str, value: &mut Option<f64>, declared: &'static Parameter);
    /// An affinity: a concentration under `key`, or its negative decadic logarithm (of mol/L) under `log_key`.
    fn affinity(&mut self, key: &'static str, log_key: &'static str, value: &mut f64, declared: &'static Parameter);
    /// A number whose dimension is that of the signal it is compared with.
    fn threshold(&mut self, key: &'static str, value: &mut f64, signal: &str, declared: &'static Parameter);
    /// A level of a signal, in the signal's dimension or as a multiple of its rest.
    fn level(&mut self, key: &'static str, value: &mut Level, signal: &str, declared: &'static Parameter);
    /// A number, or one of the words in its place.
    fn number_or_word(
        &mut self,
        key: &'static str,
        value: &mut NumberOrWord,
        words: &'static [&'static str],
        declared: &'static Parameter,
    );
    /// A whole number.
    fn whole(&mut self, key: &'static str, value: &mut u64, meaning: &'static str);
    /// One number for all, or a table of numbers by name.
    fn by_name(&mut self, key: &'static str, value: &mut ByName, declared: &'static Parameter);
    /// A table of numbers under free names.
    fn numbers(&mut self, key: &'static str, values: &mut IndexMap<String, f64>, declared: &'static Parameter);
    /// Numbers under free names that fill this whole table, but for the keys shown before.
    fn entries(&mut self, values: &mut IndexMap<String, f64>, declared: &'static Parameter);
    /// A list of numbers; those without a unit are in the base unit.
    fn series(&mut self, key: &'static str, values: &mut Vec<f64>, declared: &'static Parameter);
    /// A switch.
    fn flag(&mut self, key: &'static str, value: &mut bool, meaning: &'static str);
    /// A text; empty where absent.
    fn text(&mut self, key: &'static str, value: &mut String, presence: Presence, meaning: &'static str);
    /// A list of texts.
    fn texts(&mut self, key: &'static str, values: &mut Vec<String>, presence: Presence, meaning: &'static str);
    /// A list of times.
    fn times(&mut self, key: &'static str, values: &mut Vec<TimeLabel>, meaning: &'static str);
    /// A word from a closed list. Shown before the fields that depend on it.
    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, presence: Presence, meaning: &'static str);
    /// A table.
    fn table(&mut self, key: &'static str, node: &mut dyn Node, meaning: &'static str);
    /// A table that may be absent.
    fn optional_table(&mut self, key: &'static str, node: &mut dyn NodeOption, meaning: &'static str);
    /// Tables under free names.
    fn map(&mut self, key: &'static str, map: &mut dyn NodeMap, meaning: &'static str);
    /// A list of tables.
    fn list(&mut self, key: &'static str, list: &mut dyn NodeList, meaning: &'static str);
    /// A value whose type another field decides; none where absent.
    fn setting(&mut self, key: &'static str, value: &mut Option<Setting>, meaning: &'static str);
    /// A list of such values.
    fn setting_list(&mut self, key: &'static str, values: &mut Vec<Setting>, meaning: &'static str);
    /// Values by path.
    fn settings(&mut self, key: &'static str, values: &mut IndexMap<String, Setting>, meaning: &'static str);
}

impl<T: Node + Default + 'static> NodeMap for IndexMap<String, T> {
    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }

    fn node(&mut self, name: &str) -> Option<&mut dyn Node> {
        self.get_mut(name).map(|node| node as &mut dyn Node)
    }

    fn entry(&mut self, name: &str) -> &mut dyn Node {
        IndexMap::entry(self, name.to_owned()).or_default()
    }

    fn prototype(&self) -> Box<dyn Node> {
        Box::new(T::default())
    }
}

impl<T: Node + Default + 'static> NodeList for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn node(&mut self, index: usize) -> Option<&mut dyn Node> {
        self.get_mut(index).map(|node| node as &mut dyn Node)
    }

    fn push(&mut self) -> &mut dyn Node {
        let index = self.len();
        Vec::push(self, T::default());
        &mut self[index]
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }

    fn prototype(&self) -> Box<dyn Node> {
        Box::new(T::default())
    }
}

impl<T: Node + Default + 'static> NodeOption for Option<T> {
    fn node(&mut self) -> Option<&mut dyn Node> {
        self.as_mut().map(|node| node as &mut dyn Node)
    }

    fn entry(&mut self) -> &mut dyn Node {
        self.get_or_insert_with(T::default)
    }

    fn prototype(&self) -> Box<dyn Node> {
        Box::new(T::default())
    }
}

/// Gives a field-less enum its words: `words!(Form { Rate = "rate", Voltage = "voltage" })`.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $crate::scenario::declare::Choice for $name {
            fn words(&self) -> &'static [&'static str] {
                &[$($word),+]
            }

            fn word(&self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            fn choose(&mut self, word: &str) -> bool {
                *self = match word { $($word => Self::$variant,)+ _ => return false };
                true
            }
        }
    };
}
pub(crate) use words;
