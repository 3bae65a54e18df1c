//! JSON Schema of the configuration files, from the same declarations that read them: for editors.

use super::Kind;
use crate::scenario::declare::{
    ByName, Choice, Level, Node, NodeList, NodeMap, NodeOption, NumberOrWord, Parameter, Presence, Range, Setting,
    TimeLabel, Visitor,
};
use crate::scenario::whole::{CircuitFile, PharmacologyFile};
use crate::scenario::{Finding, Hypothesis, Scenario, Sweep};
use crate::units::InputUnit;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The schema of a kind of file (JSON Schema, draft 2020-12). It accepts what the program reads; what only the whole of several
/// files can decide, such as whether a name exists, is left to `check`.
pub fn schema(kind: Kind) -> Value {
    let mut scenario = Scenario::default();
    let (title, node): (_, &mut dyn Node) = match kind {
        Kind::Circuit => ("Disinhibit circuit", &mut CircuitFile(&mut scenario)),
        Kind::Pharmacology => ("Disinhibit pharmacology", &mut PharmacologyFile(&mut scenario)),
        Kind::Scenario => ("Disinhibit scenario", &mut scenario),
        Kind::Sweep => ("Disinhibit sweep", &mut Sweep::default()),
        Kind::Finding => ("Disinhibit finding", &mut Finding::default()),
        Kind::Hypothesis => ("Disinhibit hypothesis", &mut Hypothesis::default()),
    };
    // What a file adds to tables of an earlier one need not say again what these must have.
    let adds = matches!(kind, Kind::Pharmacology | Kind::Scenario);
    let mut schema = of_node(node, Place { adds, named: false });
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    schema
}

/// Where a table stands.
#[derive(Clone, Copy)]
struct Place {
    /// Whether the file may add to tables of others.
    adds: bool,
    /// Whether the table stands under a free name, or in such a table.
    named: bool,
}

impl Place {
    /// Whether an earlier file may have said already what the table must have.
    fn is_added_to(self) -> bool {
        self.adds && self.named
    }
}

/// A table. Where its fields depend on its first choice, one alternative for each word.
fn of_node(node: &mut dyn Node, place: Place) -> Value {
    let choices = choices(node, &[]);
    let Some(first) = choices.first() else { return table(fields(node, place, &[])) };
    let alternatives: Vec<Fields> = first.words.iter().map(|word| fields(node, place, &[*word])).collect();
    let same = |other: &Fields| other.properties.keys().eq(alternatives[0].properties.keys());
    if alternatives.iter().all(same) {
        return table(alternatives.into_iter().reduce(Fields::either).unwrap_or_default());
    }
    let alternatives = alternatives.into_iter().zip(first.words).map(|(mut fields, word)| {
        let said = with_source(&json!({ "const": word }), first.meaning);
        fields.properties.insert(first.key.to_owned(), said);
        let is_default = *word == first.default && !fields.required.iter().any(|key| key == first.key);
        if !is_default && !place.is_added_to() {
            fields.required.insert(first.key.to_owned());
        }
        table(fields)
    });
    json!({ "anyOf": alternatives.collect::<Vec<_>>() })
}

/// What a table may and must hold.
#[derive(Default)]
struct Fields {
    properties: Map<String, Value>,
    required: BTreeSet<String>,
    additional: Value,
}

impl Fields {
    /// What one or the other may hold, and what both must.
    fn either(mut self, other: Self) -> Self {
        for (key, value) in other.properties {
            match self.properties.get_mut(&key) {
                Some(known) if *known == value => {}
                Some(known) => *known = json!({ "anyOf": [known.take(), value] }),
                None => drop(self.properties.insert(key, value)),
            }
        }
        self.required.retain(|key| other.required.contains(key));
        self
    }
}

/// The fields of a node whose first choices are these words, whatever its others are.
fn fields(node: &mut dyn Node, place: Place, words: &[&'static str]) -> Fields {
    let choices = choices(node, words);
    if let Some(next) = choices.get(words.len()) {
        let each = next.words.iter().map(|word| fields(node, place, &[words, &[*word]].concat()));
        return each.collect::<Vec<_>>().into_iter().reduce(Fields::either).unwrap_or_default();
    }
    let mut describer = Describer { place, fields: Fields { additional: Value::Bool(false), ..Fields::default() } };
    node.visit(&mut describer);
    let mut fields = describer.fields;
    fields.properties.entry("source").or_insert_with(source);
    if place.is_added_to() {
        fields.required.clear();
    }
    fields
}

fn table(fields: Fields) -> Value {
    let Fields { properties, required, additional } = fields;
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": additional,
    })
}

struct Describer {
    place: Place,
    fields: Fields,
}

fn source() -> Value {
    json!({ "type": "string", "description": "where the numbers come from" })
}

/// A value, or `{ value, source }` around it.
fn with_source(value: &Value, meaning: &str) -> Value {
    json!({
        "description": meaning,
        "anyOf": [value, {
            "type": "object",
            "properties": { "value": value, "source": source() },
            "required": ["value"],
            "additionalProperties": false,
        }],
    })
}

/// A number, or a text with its unit.
fn scalar(declared: &Parameter) -> Value {
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
    let text = json!({ "type": "string", "description": declared.dimension.expectation(InputUnit::default()) });
    // Whether an input has a unit is said elsewhere in the circuit.
    if declared.dimension.allows_bare(InputUnit::None) { json!({ "anyOf": [number, text] }) } else { text }
}

fn of_number(declared: &Parameter) -> Value {
    with_source(&scalar(declared), declared.meaning)
}

/// Numbers under free names.
fn of_names(declared: &Parameter) -> Value {
    let number = of_number(declared);
    json!({ "type": "object", "properties": { "source": source() }, "additionalProperties": number })
}

fn list_of(items: &Value, meaning: &str) -> Value {
    with_source(&json!({ "type": "array", "items": items }), meaning)
}

impl Describer {
    fn put(&mut self, key: &str, value: Value) {
        self.fields.properties.insert(key.to_owned(), value);
    }

    fn require(&mut self, key: &str, presence: Presence) {
        if presence == Presence::Required {
            self.fields.required.insert(key.to_owned());
        }
    }

    fn node(&self, node: &mut dyn Node, meaning: &str) -> Value {
        let mut schema = of_node(node, self.place);
        schema["description"] = json!(meaning);
        schema
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
        self.put(key, with_source(&json!({ "anyOf": [{ "enum": words }, scalar(declared)] }), declared.meaning));
    }

    fn whole(&mut self, key: &'static str, _: &mut u64, meaning: &'static str) {
        self.put(key, with_source(&json!({ "type": "integer", "minimum": 0 }), meaning));
    }

    fn by_name(&mut self, key: &'static str, _: &mut ByName, declared: &'static Parameter) {
        let named = json!({ "type": "object", "additionalProperties": of_number(declared) });
        self.put(key, json!({ "description": declared.meaning, "anyOf": [of_number(declared), named] }));
        self.require(key, Presence::Required);
    }

    fn numbers(&mut self, key: &'static str, _: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        let mut named = of_names(declared);
        named["description"] = json!(declared.meaning);
        self.put(key, named);
    }

    fn entries(&mut self, _: &mut IndexMap<String, f64>, declared: &'static Parameter) {
        self.fields.additional = of_number(declared);
    }

    fn series(&mut self, key: &'static str, _: &mut Vec<f64>, declared: &'static Parameter) {
        self.put(key, list_of(&json!({ "type": ["number", "string"] }), declared.meaning));
    }

    fn flag(&mut self, key: &'static str, _: &mut bool, meaning: &'static str) {
        self.put(key, with_source(&json!({ "type": "boolean" }), meaning));
    }

    fn text(&mut self, key: &'static str, _: &mut String, presence: Presence, meaning: &'static str) {
        self.put(key, with_source(&json!({ "type": "string" }), meaning));
        self.require(key, presence);
    }

    fn texts(&mut self, key: &'static str, _: &mut Vec<String>, presence: Presence, meaning: &'static str) {
        self.put(key, list_of(&json!({ "type": "string" }), meaning));
        self.require(key, presence);
    }

    fn times(&mut self, key: &'static str, _: &mut Vec<TimeLabel>, meaning: &'static str) {
        self.put(key, list_of(&json!({ "type": "string" }), meaning));
    }

    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, presence: Presence, meaning: &'static str) {
        self.put(key, with_source(&json!({ "enum": value.words() }), meaning));
        self.require(key, presence);
    }

    fn table(&mut self, key: &'static str, node: &mut dyn Node, meaning: &'static str) {
        let schema = self.node(node, meaning);
        self.put(key, schema);
    }

    fn optional_table(&mut self, key: &'static str, node: &mut dyn NodeOption, meaning: &'static str) {
        let schema = self.node(&mut *node.prototype(), meaning);
        self.put(key, schema);
    }

    fn map(&mut self, key: &'static str, map: &mut dyn NodeMap, meaning: &'static str) {
        let inner = of_node(&mut *map.prototype(), Place { named: true, ..self.place });
        let properties = json!({ "source": { "anyOf": [source(), inner.clone()] } });
        self.put(
            key,
            json!({ "type": "object", "description": meaning, "properties": properties, "additionalProperties": inner }),
        );
    }

    fn list(&mut self, key: &'static str, list: &mut dyn NodeList, meaning: &'static str) {
        // Lists are replaced as a whole: their tables stand alone.
        let inner = of_node(&mut *list.prototype(), Place { named: false, adds: false });
        self.put(key, list_of(&inner, meaning));
    }

    fn setting(&mut self, key: &'static str, _: &mut Option<Setting>, meaning: &'static str) {
        self.put(key, with_source(&json!({ "type": ["number", "string", "boolean", "array"] }), meaning));
    }

    fn setting_list(&mut self, key: &'static str, _: &mut Vec<Setting>, meaning: &'static str) {
        self.put(key, list_of(&json!({ "type": ["number", "string", "boolean", "array"] }), meaning));
    }

    fn settings(&mut self, key: &'static str, _: &mut IndexMap<String, Setting>, meaning: &'static str) {
        self.put(key, json!({ "type": "object", "description": meaning }));
    }
}

/// A choice of a node.
struct Chosen {
    key: &'static str,
    words: &'static [&'static str],
    meaning: &'static str,
    /// The word that stands where the key is absent.
    default: &'static str,
}

/// The choices of a node, after its first ones have been made: those that depend on them are among what is given.
fn choices(node: &mut dyn Node, words: &[&'static str]) -> Vec<Chosen> {
    let mut chooser = Chooser { words, found: Vec::new() };
    node.visit(&mut chooser);
    chooser.found
}

/// Makes the first choices of a node, and finds all.
struct Chooser<'a> {
    words: &'a [&'static str],
    found: Vec<Chosen>,
}

impl Visitor for Chooser<'_> {
    fn choice(&mut self, key: &'static str, value: &mut dyn Choice, _: Presence, meaning: &'static str) {
        self.found.push(Chosen { key, words: value.words(), meaning, default: value.word() });
        if let Some(word) = self.words.get(self.found.len() - 1) {
            value.choose(word);
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
