//! JSON Schema of the configuration files, from the same declarations that read them: for editors.

use super::Kind;
use crate::scenario::declare::{
    ByName, Choice, Level, Node, NodeList, NodeMap, NodeOption, NumberOrWord, Parameter, Presence, Range, Setting,
    TimeLabel, Visitor,
};
use crate::scenario::scenario::{CircuitFile, PharmacologyFile};
use crate::scenario::{Finding, Hypothesis, Scenario, Sweep};
use crate::units::{Dimension, InputUnit};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// The schema of a kind of file (JSON Schema, draft 2020-12).
pub fn schema(kind: Kind) -> Value {
    let mut scenario = Scenario::default();
    let (title, mut schema) = match kind {
        Kind::Circuit => ("Disinhibit circuit", of_node(&mut CircuitFile(&mut scenario))),
        Kind::Pharmacology => ("Disinhibit pharmacology", of_node(&mut PharmacologyFile(&mut scenario))),
        Kind::Scenario => ("Disinhibit scenario", of_node(&mut scenario)),
        Kind::Sweep => ("Disinhibit sweep", of_node(&mut Sweep::default())),
        Kind::Finding => ("Disinhibit finding", of_node(&mut Finding::default())),
        Kind::Hypothesis => ("Disinhibit hypothesis", of_node(&mut Hypothesis::default())),
    };
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    schema
}

fn of_node(node: &mut dyn Node) -> Value {
    let mut describer = Describer { properties: Map::new(), required: Vec::new(), additional: Value::Bool(false) };
    node.visit(&mut describer);
    let Describer { mut properties, required, additional } = describer;
    properties
        .entry("source")
        .or_insert_with(|| json!({ "type": "string", "description": "where the numbers come from" }));
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": additional,
    })
}

struct Describer {
    properties: Map<String, Value>,
    required: Vec<String>,
    additional: Value,
}

/// A scalar, or `{ value, source }` around it.
fn with_source(scalar: &Value, meaning: &str) -> Value {
    json!({
        "description": meaning,
        "anyOf": [scalar, {
            "type": "object",
            "properties": { "value": scalar, "source": { "type": "string" } },
            "required": ["value"],
            "additionalProperties": false,
        }],
    })
}

fn of_number(declared: &Parameter) -> Value {
    let input = InputUnit::default();
    let mut number = json!({ "type": "number" });
    match declared.range {
        Range::Any => {}
        Range::NotNegative => number["minimum"] = json!(0),
        Range::Positive => number["exclusiveMinimum"] = json!(0),
        Range::Unit => {
            number["minimum"] = json!(0);
            number["maximum"] = json!(1);
        }
        Range::AtLeast(least) => number["minimum"] = json!(least),
    }
    let text = json!({ "type": "string", "description": declared.dimension.expectation(input) });
    let scalar = if declared.dimension == Dimension::Number {
        number
    } else if declared.dimension.allows_bare(input) || declared.dimension == Dimension::Input {
        json!({ "anyOf": [number, text] })
    } else {
        text
    };
    with_source(&scalar, declared.meaning)
}

impl Describer {
    fn put(&mut self, key: &str, value: Value) {
        self.properties.insert(key.to_owned(), value);
    }

    fn require(&mut self, key: &str, presence: Presence) {
        if presence == Presence::Required {
            self.required.push(key.to_owned());
        }
    }
}

impl Visitor for Describer {
    fn number(&mut self, key: &'static str, _: &mut f64, presence: Presence, declared: &'static Parameter) {
        self.put(key, of_number(declared));
        self.require(key, presence);
    }

    fn optional(&mut self, key: &'static str, _: &mut Option<f64>, declared: &'static Parameter) {
        self.put(key, of_number(declared));
    }

    fn affinity(&mut self, key: &'static str, log_key: &'static str, _: &mut f64, declared: &'static Parameter) {
        self.put(key, of_number(declared));
        self.put(log_key, of_number(&crate::scenario::NEGATIVE_LOG_AFFINITY));
    }

    fn threshold(&mut self, key: &'static str, _: &mut f64, _: &str, declared: &'static Parameter) {
        let scalar = json!({ "type": ["number", "string"] });
        self.put(key, with_source(&scalar, declared.meaning));
        self.require(key, Presence::Required);
    }

    fn level(&mut self, key: &'static str, _: &mut Level, _: &str, declared: &'static Parameter) {
        let scalar = json!({ "type": ["number", "string"] });
        self.put(key, with_source(&scalar, declared.meaning));
        self.require(key, Presence::Required);
    }

    fn number_or_word(
        &mut self,
        key: &'static str,
        _: &mut NumberOrWord,
        words: &'static [&'static str],
        declared: &'static Parameter,
    ) {
        let scalar = json!({ "anyOf": [{ "type": "number" }, { "enum": words }] });
        self.put(key, with_source(&scalar, declared.meaning));
    }

    fn whole(&mut self, key: &'static str, _: &mut u64, meaning: &'static str) {
        self.put(key, with_source(&json!({ "type": "integer", "minimum": 0 }), meaning));
    }

    fn by_name(&mut self, key: &'static str, _: &mut ByName, declared: &'static Parameter) {
        let number = of_number(declared);
        let named = json!({ "type": "object", "additionalProperties": number.clone() });
        self.put(key, json!({ "description": declared.meaning, "anyOf": [number, named] }));
        self.require(key, Presence::Required);
    }

    fn numbers(&mut self, key: &'static str, _: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        let meaning = declared.meaning;
        self.put(key, json!({ "type": "object", "description": meaning, "additionalProperties": of_number(declared) }));
    }

    fn entries(&mut self, _: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        self.additional = of_number(declared);
    }

    fn series(&mut self, key: &'static str, _: &mut Vec<f64>, declared: &'static Parameter) {
        let items = json!({ "type": ["number", "string"] });
        self.put(key, json!({ "type": "array", "items": items, "description": declared.meaning }));
    }

    fn flag(&mut self, key: &'static str, _: &mut bool, meaning: &'static str) {
        self.put(key, with_source(&json!({ "type": "boolean" }), meaning));
    }

    fn text(&mut self, key: &'static str, _: &mut String, presence: Presence, meaning: &'static str) {
        self.put(key, with_source(&json!({ "type": "string" }), meaning));
        self.require(key, presence);
    }

    fn texts(&mut self, key: &'static str, _: &mut Vec<String>, presence: Presence, meaning: &'static str) {
        self.put(key, json!({ "type": "array", "items": { "type": "string" }, "description": meaning }));
        self.require(key, presence);
    }

    fn times(&mut self, key: &'static str, _: &mut Vec<TimeLabel>, meaning: &'static str) {
        self.put(key, json!({ "type": "array", "items": { "type": "string" }, "description": meaning }));
    }

    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, presence: Presence, meaning: &'static str) {
        self.put(key, with_source(&json!({ "enum": value.words() }), meaning));
        self.require(key, presence);
    }

    fn table(&mut self, key: &'static str, node: &mut dyn Node, meaning: &'static str) {
        let mut schema = of_alternatives(node);
        schema["description"] = json!(meaning);
        self.put(key, schema);
    }

    fn optional_table(&mut self, key: &'static str, node: &mut dyn NodeOption, meaning: &'static str) {
        let mut schema = of_node(&mut *node.prototype());
        schema["description"] = json!(meaning);
        self.put(key, schema);
    }

    fn map(&mut self, key: &'static str, map: &mut dyn NodeMap, meaning: &'static str) {
        let inner = of_node(&mut *map.prototype());
        self.put(key, json!({ "type": "object", "description": meaning, "additionalProperties": inner }));
    }

    fn list(&mut self, key: &'static str, list: &mut dyn NodeList, meaning: &'static str) {
        let inner = of_node(&mut *list.prototype());
        self.put(key, json!({ "type": "array", "description": meaning, "items": inner }));
    }

    fn setting(&mut self, key: &'static str, _: &mut Option<Setting>, meaning: &'static str) {
        self.put(key, json!({ "description": meaning, "type": ["number", "string", "boolean", "array"] }));
    }

    fn setting_list(&mut self, key: &'static str, _: &mut Vec<Setting>, meaning: &'static str) {
        let items = json!({ "type": ["number", "string", "boolean", "array"] });
        self.put(key, json!({ "description": meaning, "type": "array", "items": items }));
    }

    fn settings(&mut self, key: &'static str, _: &mut IndexMap<String, Setting>, meaning: &'static str) {
        self.put(key, json!({ "type": "object", "description": meaning }));
    }
}

/// A table whose fields depend on its first choice: one alternative for each word.
fn of_alternatives(node: &mut dyn Node) -> Value {
    let mut finder = ChoiceFinder { words: &[], key: "", wanted: None };
    node.visit(&mut finder);
    if finder.key != "kind" {
        return of_node(node);
    }
    let (words, key) = (finder.words, finder.key);
    let alternatives: Vec<Value> = words
        .iter()
        .map(|word| {
            node.visit(&mut ChoiceFinder { words: &[], key: "", wanted: Some(word) });
            let mut schema = of_node(node);
            schema["properties"][key] = json!({ "const": word });
            schema
        })
        .collect();
    json!({ "oneOf": alternatives })
}

/// Finds the first choice of a node, or makes it.
struct ChoiceFinder {
    words: &'static [&'static str],
    key: &'static str,
    wanted: Option<&'static str>,
}

impl Visitor for ChoiceFinder {
    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, _: Presence, _: &'static str) {
        if self.key.is_empty() {
            (self.key, self.words) = (key, value.words());
            if let Some(word) = self.wanted {
                value.choose(word);
            }
        }
    }

    fn number(&mut self, _: &'static str, _: &mut f64, _: Presence, _: &'static Parameter) {}
    fn optional(&mut self, _: &'static str, _: &mut Option<f64>, _: &'static Parameter) {}
    fn affinity(&mut self, _: &'static str, _: &'static str, _: &mut f64, _: &'static Parameter) {}
    fn threshold(&mut self, _: &'static str, _: &mut f64, _: &str, _: &'static Parameter) {}
    fn level(&mut self, _: &'static str, _: &mut Level, _: &str, _: &'static Parameter) {}
    fn number_or_word(
        &mut self,
        _: &'static str,
        _: &mut NumberOrWord,
        _: &'static [&'static str],
        _: &'static Parameter,
    ) {
    }
    fn whole(&mut self, _: &'static str, _: &mut u64, _: &'static str) {}
    fn by_name(&mut self, _: &'static str, _: &mut ByName, _: &'static Parameter) {}
    fn numbers(&mut self, _: &'static str, _: &mut IndexMap<String, f64>, _: &'static Parameter) {}
    fn entries(&mut self, _: &mut IndexMap<String, f64>, _: &'static Parameter) {}
    fn series(&mut self, _: &'static str, _: &mut Vec<f64>, _: &'static Parameter) {}
    fn flag(&mut self, _: &'static str, _: &mut bool, _: &'static str) {}
    fn text(&mut self, _: &'static str, _: &mut String, _: Presence, _: &'static str) {}
    fn texts(&mut self, _: &'static str, _: &mut Vec<String>, _: Presence, _: &'static str) {}
    fn times(&mut self, _: &'static str, _: &mut Vec<TimeLabel>, _: &'static str) {}
    fn table(&mut self, _: &'static str, _: &mut dyn Node, _: &'static str) {}
    fn optional_table(&mut self, _: &'static str, _: &mut dyn NodeOption, _: &'static str) {}
    fn map(&mut self, _: &'static str, _: &mut dyn NodeMap, _: &'static str) {}
    fn list(&mut self, _: &'static str, _: &mut dyn NodeList, _: &'static str) {}
    fn setting(&mut self, _: &'static str, _: &mut Option<Setting>, _: &'static str) {}
    fn setting_list(&mut self, _: &'static str, _: &mut Vec<Setting>, _: &'static str) {}
    fn settings(&mut self, _: &'static str, _: &mut IndexMap<String, Setting>, _: &'static str) {}
}
