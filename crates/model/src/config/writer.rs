//! Writes a specification: as TOML that reads back to the same bits, and as JSON.

use crate::scenario::declare::{
    ByName, Choice, Level, Node, NodeList, NodeMap, NodeOption, NumberOrWord, Parameter, Presence, Setting, TimeLabel,
    Visitor,
};
use crate::scenario::{Scenario, Sweep, signal_dimension};
use crate::units::{Dimension, InputUnit};
use indexmap::IndexMap;
use toml::{Table, Value};

/// A scenario with all its numbers as one TOML document, independent of other files. Reading it gives the same scenario.
pub fn to_toml(scenario: &Scenario) -> String {
    to_table(scenario).to_string()
}

/// How a document begins that holds every parameter, whether its user wrote it or not.
pub const RESOLVED: &str = "# Every parameter as it was resolved, defaults as well. Written by disinhibit.\n";

/// The document of [`to_toml`] as a file of its own: it says that nobody chose all that stands in it.
pub fn to_file(scenario: &Scenario) -> String {
    RESOLVED.to_owned() + &to_toml(scenario)
}

/// The same as JSON.
pub fn to_json(scenario: &Scenario) -> serde_json::Value {
    // Tables hold texts, finite numbers, switches, lists and tables, all of which JSON has.
    serde_json::to_value(to_table(scenario)).unwrap_or_default()
}

/// A sweep as JSON, without its scenario.
pub fn sweep_to_json(sweep: &Sweep) -> serde_json::Value {
    // As above.
    serde_json::to_value(table_of(&mut sweep.clone(), InputUnit::None)).unwrap_or_default()
}

fn to_table(scenario: &Scenario) -> Table {
    // The files that it was read from are part of it now.
    let mut whole = Scenario { circuit_file: String::new(), pharmacology_files: Vec::new(), ..scenario.clone() };
    table_of(&mut whole, scenario.circuit.input_unit)
}

fn table_of(node: &mut dyn Node, input: InputUnit) -> Table {
    let mut writer = Writer { table: Table::new(), input };
    node.visit(&mut writer);
    writer.table
}

struct Writer {
    table: Table,
    input: InputUnit,
}

impl Writer {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.table.insert(key.to_owned(), value.into());
    }

    /// A list or table that is empty is left out.
    fn put_table(&mut self, key: &str, table: Table) {
        if !table.is_empty() {
            self.put(key, table);
        }
    }

    fn quantity(&self, number: f64, dimension: Dimension) -> Value {
        if dimension.allows_bare(self.input) {
            Value::Float(number)
        } else {
            Value::String(dimension.print_exact(number, self.input))
        }
    }

    fn named(&self, values: &IndexMap<String, f64>, dimension: Dimension) -> Table {
        values.iter().map(|(name, number)| (name.clone(), self.quantity(*number, dimension))).collect()
    }
}

impl Visitor for Writer {
    fn number(&mut self, key: &'static str, value: &mut f64, _: Presence, declared: &'static Parameter) {
        self.put(key, self.quantity(*value, declared.dimension));
    }

    fn optional(&mut self, key: &'static str, value: &mut Option<f64>, declared: &'static Parameter) {
        if let Some(number) = value {
            self.put(key, self.quantity(*number, declared.dimension));
        }
    }

    fn affinity(&mut self, key: &'static str, _: &'static str, value: &mut f64, declared: &'static Parameter) {
        self.put(key, self.quantity(*value, declared.dimension));
    }

    fn threshold(&mut self, key: &'static str, value: &mut f64, signal: &str, _: &'static Parameter) {
        self.put(key, self.quantity(*value, signal_dimension(signal)));
    }

    fn level(&mut self, key: &'static str, value: &mut Level, signal: &str, _: &'static Parameter) {
        match value {
            Level::At(number) => self.put(key, self.quantity(*number, signal_dimension(signal))),
            Level::OfRest(multiple) => self.put(key, format!("{multiple:?} x rest")),
        }
    }

    fn number_or_word(
        &mut self,
        key: &'static str,
        value: &mut NumberOrWord,
        _: &'static [&'static str],
        declared: &'static Parameter,
    ) {
        match value {
            NumberOrWord::Number(number) => self.put(key, self.quantity(*number, declared.dimension)),
            NumberOrWord::Word(word) => self.put(key, *word),
        }
    }

    fn whole(&mut self, key: &'static str, value: &mut u64, _: &'static str) {
        match i64::try_from(*value) {
            Ok(whole) => self.put(key, whole),
            // TOML's integers are signed; the reader takes the digits as they stand only up to there.
            Err(_) => self.put(key, i64::MAX),
        }
    }

    fn by_name(&mut self, key: &'static str, value: &mut ByName, declared: &'static Parameter) {
        match value.all {
            Some(number) if value.named.is_empty() => self.put(key, self.quantity(number, declared.dimension)),
            _ => self.put(key, self.named(&value.named, declared.dimension)),
        }
    }

    fn numbers(&mut self, key: &'static str, values: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        let table = self.named(values, declared.dimension);
        self.put_table(key, table);
    }

    fn entries(&mut self, values: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        let table = self.named(values, declared.dimension);
        self.table.extend(table);
    }

    fn series(&mut self, key: &'static str, values: &mut Vec<f64>, _: &'static Parameter) {
        if !values.is_empty() {
            self.put(key, values.clone());
        }
    }

    fn flag(&mut self, key: &'static str, value: &mut bool, _: &'static str) {
        self.put(key, *value);
    }

    fn text(&mut self, key: &'static str, value: &mut String, _: Presence, _: &'static str) {
        if !value.is_empty() {
            self.put(key, value.as_str());
        }
    }

    fn texts(&mut self, key: &'static str, values: &mut Vec<String>, _: Presence, _: &'static str) {
        if !values.is_empty() {
            self.put(key, values.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    fn times(&mut self, key: &'static str, values: &mut Vec<TimeLabel>, _: &'static str) {
        if !values.is_empty() {
            self.put(key, values.iter().map(|time| time.label.as_str()).collect::<Vec<_>>());
        }
    }

    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, _: Presence, _: &'static str) {
        self.put(key, value.word());
    }

    fn table(&mut self, key: &'static str, node: &mut dyn Node, _: &'static str) {
        self.put_table(key, table_of(node, self.input));
    }

    fn optional_table(&mut self, key: &'static str, node: &mut dyn NodeOption, _: &'static str) {
        if let Some(node) = node.node() {
            self.put(key, table_of(node, self.input));
        }
    }

    fn map(&mut self, key: &'static str, map: &mut dyn NodeMap, _: &'static str) {
        let mut tables = Table::new();
        for name in map.names() {
            if let Some(node) = map.node(&name) {
                tables.insert(name, table_of(node, self.input).into());
            }
        }
        self.put_table(key, tables);
    }

    fn list(&mut self, key: &'static str, list: &mut dyn NodeList, _: &'static str) {
        let tables: Vec<Table> =
            (0..list.count()).filter_map(|index| Some(table_of(list.node(index)?, self.input))).collect();
        if !tables.is_empty() {
            self.put(key, tables);
        }
    }

    fn setting(&mut self, key: &'static str, value: &mut Option<Setting>, _: &'static str) {
        if let Some(setting) = value {
            self.put(key, bare(setting));
        }
    }

    fn setting_list(&mut self, key: &'static str, values: &mut Vec<Setting>, _: &'static str) {
        if !values.is_empty() {
            self.put(key, values.iter().map(bare).collect::<Vec<_>>());
        }
    }

    fn settings(&mut self, key: &'static str, values: &mut IndexMap<String, Setting>, _: &'static str) {
        let table: Table = values.iter().map(|(path, setting)| (path.clone(), bare(setting))).collect();
        self.put_table(key, table);
    }
}

fn bare(setting: &Setting) -> Value {
    match setting {
        Setting::Number(number) => Value::Float(*number),
        Setting::Text(text) => Value::String(text.clone()),
        Setting::Flag(flag) => Value::Boolean(*flag),
    }
}
