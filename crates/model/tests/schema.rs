//! The JSON Schemas accept what the program reads: every shipped file, and mutants of them.
#![cfg(feature = "config")]
#![allow(clippy::unwrap_used)]

use disinhibit_model::config::schema::schema;
use disinhibit_model::config::{Kind, Loaded, load_from};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const KINDS: [Kind; 6] =
    [Kind::Circuit, Kind::Pharmacology, Kind::Scenario, Kind::Sweep, Kind::Finding, Kind::Hypothesis];

fn validators() -> Vec<(Kind, Validator)> {
    KINDS.into_iter().map(|kind| (kind, jsonschema::validator_for(&schema(kind)).unwrap())).collect()
}

/// A file as JSON; none where it holds what JSON cannot.
fn json_of(text: &str) -> Option<Value> {
    let convert = |value: &toml::Value| serde_json::to_value(value).unwrap();
    let table: toml::Table = text.parse().ok()?;
    let value = convert(&toml::Value::Table(table));
    (!value.to_string().contains("null") && !value.to_string().contains("$__toml")).then_some(value)
}

fn shipped() -> Vec<PathBuf> {
    fn find(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                find(&path, found);
            } else if path.extension().is_some_and(|end| end == "toml") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    ["../../configs", "../../tests/cases"].iter().for_each(|folder| find(Path::new(folder), &mut found));
    found.sort();
    found
}

/// Where a file is read from: the starter names its circuit from the folder that `new` writes it to.
fn placed(file: PathBuf) -> PathBuf {
    if file.ends_with("configs/starter.toml") { "../../configs/scenarios/starter.toml".into() } else { file }
}

/// Reads a text in the place of a file.
fn read(file: &Path, text: &str) -> Option<Loaded> {
    let one = |path: &Path| if path == file { Ok(text.as_bytes().to_vec()) } else { std::fs::read(path) };
    load_from(file, &[], &one).ok()
}

/// What a schema has against a file that the program reads.
fn refusals(validators: &[(Kind, Validator)], file: &Path, text: &str) -> Option<Vec<String>> {
    let (loaded, value) = (read(file, text)?, json_of(text)?);
    let (_, validator) = validators.iter().find(|(kind, _)| *kind == loaded.kind)?;
    Some(validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect())
}

#[test]
fn every_shipped_file_fits_its_schema() {
    let validators = validators();
    let mut looked_at = 0;
    for file in shipped() {
        let text = std::fs::read_to_string(&file).unwrap();
        let file = placed(file);
        // Some of the cases are wrong on purpose.
        let Some(found) = refusals(&validators, &file, &text) else {
            // Some pharmacology only adds to another, and cannot be read alone.
            let value = json_of(&text).unwrap();
            let adds = file.starts_with("../../configs/pharmacology");
            assert!(adds || file.starts_with("../../tests"), "{} cannot be read", file.display());
            let (_, validator) = validators.iter().find(|(kind, _)| *kind == Kind::Pharmacology).unwrap();
            let found: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(!adds || found.is_empty(), "{}: {found:#?}", file.display());
            continue;
        };
        assert!(found.is_empty(), "{}: {found:#?}", file.display());
        looked_at += 1;
    }
    assert!(looked_at > 140, "{looked_at}");
}

/// A sequence of numbers that look random (Knuth's 64-bit linear congruential generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

/// A text with a line left out, doubled or given the value of another, or a word or a number exchanged.
fn mutant(text: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let [at, other] = [0; 2].map(|_| numbers.below(lines.len()));
    let value = |line: &str| line.split_once('=').map(|(_, value)| value.trim().to_owned());
    match numbers.below(6) {
        0 => drop(lines.remove(at)),
        1 => {
            if let (Some((key, _)), Some(value)) = (lines[at].clone().split_once('='), value(&lines[other])) {
                lines[at] = format!("{key}= {value}");
            }
        }
        2 => lines[at] = lines[at].replace(['1', '2', '5'], "3"),
        3 => lines[at] = lines[at].replace('"', ""),
        4 => {
            if let Some((key, value)) = lines[at].clone().split_once('=')
                && !value.contains('#')
            {
                lines[at] = format!("{key}= {{ value ={value}, source = \"somewhere\" }}");
            }
        }
        _ => {
            let line = lines[other].clone();
            lines.insert(at, line);
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn what_the_program_reads_its_schema_accepts() {
    let (validators, files) = (validators(), shipped());
    let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut numbers = Numbers(7);
    let (mut read, mut tried) = (0, 0);
    while tried < 800 {
        let which = numbers.below(files.len());
        let text = mutant(&texts[which], &mut numbers);
        tried += 1;
        let Some(found) = refusals(&validators, &files[which], &text) else { continue };
        read += 1;
        assert!(found.is_empty(), "{} as\n{text}\n{found:#?}", files[which].display());
    }
    assert!(read > 150, "only {read} of {tried} mutants were read");
}

#[test]
fn what_no_file_of_a_kind_may_say_is_refused() {
    let validators = validators();
    let refused = |kind: Kind, value: &Value| {
        let (_, validator) = validators.iter().find(|(known, _)| *known == kind).unwrap();
        !validator.is_valid(value)
    };
    let transfer =
        |transfer: Value| json!({ "populations": { "E": { "tau": "10 ms", "transfer": transfer, "rest": "4 Hz" } } });
    let good = json!({ "kind": "power-law", "gain": 0.04, "exponent": 2 });
    assert!(!refused(Kind::Circuit, &transfer(good.clone())));
    for wrong in [
        json!({ "kind": "power", "gain": 0.04, "exponent": 2 }),
        json!({ "kind": "power-law", "gain": 0.04 }),
        json!({ "kind": "power-law", "gain": 0.04, "exponent": 2, "slope": 1 }),
        json!({ "gain": 0.04, "exponent": 2 }),
        json!({ "kind": "power-law", "gain": [0.04], "exponent": 2 }),
    ] {
        assert!(refused(Kind::Circuit, &transfer(wrong.clone())), "{wrong}");
    }
    // What a scenario lays over its circuit says only what it changes.
    assert!(!refused(Kind::Scenario, &transfer(json!({ "gain": 0.05 }))));
    assert!(refused(Kind::Scenario, &transfer(json!({ "gian": 0.05 }))));
    for (kind, wrong) in [
        (Kind::Scenario, json!({ "arms": [{ "extends": "control" }] })),
        (Kind::Scenario, json!({ "run": { "time": "quick" } })),
        (Kind::Scenario, json!({ "run": { "to": 60 } })),
        (Kind::Scenario, json!({ "run": { "seed": -1 } })),
        (Kind::Sweep, json!({ "axes": [] })),
        (Kind::Finding, json!({ "statement": "so", "scenario": "a.toml" })),
        (Kind::Hypothesis, json!({ "set": {} })),
    ] {
        assert!(refused(kind, &wrong), "{wrong}");
    }
}
