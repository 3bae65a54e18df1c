//! What of a specification is no number: in this, circuits and models must agree to be computed side by side.

use super::circuit::{Circuit, Population};
use super::declare::{
    ByName, Choice, Level, Node, NodeList, NodeMap, NodeOption, NumberOrWord, Parameter, Presence, Setting, TimeLabel,
    Visitor,
};
use super::whole::Scenario;
use indexmap::IndexMap;

/// All of a specification but its numbers, as bytes.
///
/// Equal bytes mean the same fields and tables under the same names, in the same order, with the same words, texts, switches
/// and whole numbers: nothing but numbers tells the two apart. It is taken from what every struct declares of itself, so that
/// a new field takes part without being listed anywhere.
pub fn all_but_numbers(node: &mut dyn Node) -> Vec<u8> {
    let mut skeleton = Skeleton { bytes: Vec::new() };
    node.visit(&mut skeleton);
    skeleton.bytes
}

impl Scenario {
    /// What the models of two scenarios must share to lie side by side: all that is not a number of what makes a model, and
    /// what of the numbers decides which equations the circuit has. Drives count as solved, so that it makes no difference
    /// whether a population has one or a resting rate.
    pub fn model_structure(&self) -> Vec<u8> {
        let mut model = self.parts_of_model();
        for population in model.circuit.populations.values_mut() {
            *population = Population { rest: None, drive: Some(0.0), ..std::mem::take(population) };
        }
        let mut bytes = all_but_numbers(&mut model);
        bytes.extend(self.circuit.form());
        bytes
    }
}

impl Circuit {
    /// What circuits must share to be calibrated side by side.
    pub fn structure(&self) -> Vec<u8> {
        let mut bytes = all_but_numbers(&mut self.written().clone());
        bytes.extend(self.form());
        // Units of a ring may have their drives while the ring, as it is written, has a rest.
        bytes.extend(self.populations.values().map(|population| u8::from(population.rest.is_some())));
        bytes
    }
}

struct Skeleton {
    bytes: Vec<u8>,
}

impl Skeleton {
    /// Lengths stand before texts, so that no two texts together read as two others.
    fn put(&mut self, text: &str) {
        self.put_count(text.len());
        self.bytes.extend(text.as_bytes());
    }

    fn put_count(&mut self, count: usize) {
        self.bytes.extend((count as u64).to_le_bytes());
    }

    fn put_present(&mut self, key: &str, present: bool) {
        self.put(key);
        self.bytes.push(u8::from(present));
    }

    fn put_names<'n>(&mut self, names: impl ExactSizeIterator<Item = &'n String>) {
        self.put_count(names.len());
        names.for_each(|name| self.put(name));
    }

    fn put_setting(&mut self, setting: &Setting) {
        match setting {
            Setting::Number(_) => self.bytes.push(0),
            Setting::Text(text) => {
                self.bytes.push(1);
                self.put(text);
            }
            Setting::Flag(flag) => self.bytes.extend([2, u8::from(*flag)]),
            Setting::List(settings) => {
                self.bytes.push(3);
                self.put_count(settings.len());
                settings.iter().for_each(|setting| self.put_setting(setting));
            }
        }
    }
}

impl Visitor for Skeleton {
    fn number(&mut self, key: &'static str, _: &mut f64, _: Presence, _: &'static Parameter) {
        self.put(key);
    }

    fn optional(&mut self, key: &'static str, value: &mut Option<f64>, _: &'static Parameter) {
        self.put_present(key, value.is_some());
    }

    fn affinity(&mut self, key: &'static str, _: &'static str, _: &mut f64, _: &'static Parameter) {
        self.put(key);
    }

    fn threshold(&mut self, key: &'static str, _: &mut f64, _: &str, _: &'static Parameter) {
        self.put(key);
    }

    fn level(&mut self, key: &'static str, value: &mut Level, _: &str, _: &'static Parameter) {
        self.put_present(key, matches!(value, Level::OfRest(_)));
    }

    fn number_or_word(
        &mut self,
        key: &'static str,
        value: &mut NumberOrWord,
        _: &'static [&'static str],
        _: &'static Parameter,
    ) {
        self.put(key);
        match value {
            NumberOrWord::Number(_) => self.put(""),
            NumberOrWord::Word(word) => self.put(word),
        }
    }

    fn whole(&mut self, key: &'static str, value: &mut u64, _: &'static str) {
        self.put(key);
        self.bytes.extend(value.to_le_bytes());
    }

    fn by_name(&mut self, key: &'static str, value: &mut ByName, _: &'static Parameter) {
        self.put_present(key, value.all.is_some());
        self.put_names(value.named.keys());
    }

    fn numbers(&mut self, key: &'static str, values: &mut IndexMap<String, f64>, _: &'static Parameter) {
        self.put(key);
        self.put_names(values.keys());
    }

    fn entries(&mut self, values: &mut IndexMap<String, f64>, _: &'static Parameter) {
        self.put_names(values.keys());
    }

    fn series(&mut self, key: &'static str, values: &mut Vec<f64>, _: &'static Parameter) {
        self.put(key);
        self.put_count(values.len());
    }

    fn flag(&mut self, key: &'static str, value: &mut bool, _: &'static str) {
        self.put_present(key, *value);
    }

    fn text(&mut self, key: &'static str, value: &mut String, _: Presence, _: &'static str) {
        self.put(key);
        self.put(value);
    }

    fn texts(&mut self, key: &'static str, values: &mut Vec<String>, _: Presence, _: &'static str) {
        self.put(key);
        self.put_names(values.iter());
    }

    fn times(&mut self, key: &'static str, values: &mut Vec<TimeLabel>, _: &'static str) {
        self.put(key);
        self.put_count(values.len());
        values.iter().for_each(|time| self.put(&time.label));
    }

    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, _: Presence, _: &'static str) {
        self.put(key);
        self.put(value.word());
    }

    fn table(&mut self, key: &'static str, node: &mut dyn Node, _: &'static str) {
        self.put(key);
        node.visit(self);
    }

    fn optional_table(&mut self, key: &'static str, node: &mut dyn NodeOption, _: &'static str) {
        let node = node.node();
        self.put_present(key, node.is_some());
        if let Some(node) = node {
            node.visit(self);
        }
    }

    fn map(&mut self, key: &'static str, map: &mut dyn NodeMap, _: &'static str) {
        self.put(key);
        let names = map.names();
        self.put_names(names.iter());
        for name in &names {
            if let Some(node) = map.node(name) {
                node.visit(self);
            }
        }
    }

    fn list(&mut self, key: &'static str, list: &mut dyn NodeList, _: &'static str) {
        self.put(key);
        self.put_count(list.count());
        for index in 0..list.count() {
            if let Some(node) = list.node(index) {
                node.visit(self);
            }
        }
    }

    fn setting(&mut self, key: &'static str, value: &mut Option<Setting>, _: &'static str) {
        self.put_present(key, value.is_some());
        if let Some(setting) = value {
            self.put_setting(setting);
        }
    }

    fn setting_list(&mut self, key: &'static str, values: &mut Vec<Setting>, _: &'static str) {
        self.put(key);
        self.put_count(values.len());
        values.iter().for_each(|setting| self.put_setting(setting));
    }

    fn settings(&mut self, key: &'static str, values: &mut IndexMap<String, Setting>, _: &'static str) {
        self.put(key);
        self.put_names(values.keys());
        values.values().for_each(|setting| self.put_setting(setting));
    }
}
