//! Every mistake in a configuration is reported with file, line, column, what was expected and the nearest valid name;
//! all of a file at once; and no input makes the program panic.
#![allow(clippy::unwrap_used)]

mod common;

use common::{read, read_bytes};
use disinhibit::config::{Diagnostic, load, load_from, writer};
use disinhibit::scenario::{Compartment, Scenario, Transfer};
use disinhibit::simulate::run;
use proptest::prelude::*;
use std::path::Path;

const SCENARIO: &str = r#"name = "small"
circuit = "configs/circuits/mpfc.toml"
pharmacology = ["configs/pharmacology/default.toml"]
species = "mouse"

[run]
from = "-60 min"
to = "60 min"
report = ["10 min"]

[compare]
control = "control"
stress = "stress"

[[arms]]
name = "control"

[[arms]]
name = "stress"
stress = { level = 0.95, exposure = true }

[[arms]]
name = "drug"
extends = "stress"
doses = [{ ligand = "ketamine", amount = "10 mg/kg", at = "0 min" }]
"#;

/// The problems of the scenario after a replacement; each must have a place.
fn problems(from: &str, to: &str) -> Vec<Diagnostic> {
    assert!(SCENARIO.contains(from), "`{from}` is not in the scenario");
    let text = SCENARIO.replacen(from, to, 1);
    let error = read(&text, &[]).expect_err(&format!("`{to}` was accepted"));
    for diagnostic in &error.diagnostics {
        assert_eq!(diagnostic.file, "test.toml", "{diagnostic}");
        assert!(diagnostic.line > 0 && diagnostic.column > 0, "{diagnostic}");
        assert!(error.render().contains(&diagnostic.message), "{}", error.render());
    }
    error.diagnostics
}

/// One problem, at a line, with these words in it.
fn problem(from: &str, to: &str, line: usize, words: &[&str]) {
    let found = problems(from, to);
    assert_eq!(found.len(), 1, "{found:#?}");
    let text = found[0].to_string();
    assert_eq!(found[0].line, line, "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

#[test]
fn the_ground_is_valid() {
    read(SCENARIO, &[]).unwrap();
}

#[test]
fn each_mistake_is_named_with_its_place() {
    problem("\"60 min\"", "\"60 mV\"", 8, &["the unit `mV` does not fit here", "expected a time", "min, s"]);
    problem("\"60 min\"", "60", 8, &["a unit is missing", "\"10 min\""]);
    problem("report = ", "raport = ", 9, &["unknown key `raport`", "did you mean `report`?"]);
    problem("level = 0.95", "level = 1.5", 20, &["1.5 is out of range", "between 0 and 1"]);
    problem("level = 0.95", "level = nan", 20, &["finite"]);
    problem("\"10 mg/kg\"", "\"1e400 mg/kg\"", 25, &["finite"]);
    problem("\"10 mg/kg\"", "\"-10 mg/kg\"", 25, &["-10 mg/kg is out of range", "0 or more"]);
    problem("\"ketamine\"", "\"ketamin\"", 25, &["there is no ligand `ketamin`", "did you mean `ketamine`?"]);
    problem("at = \"0 min\"", "at = \"-61 min\"", 25, &["before the run starts", "between -1 h and 1 h"]);
    problem("extends = \"stress\"", "extends = \"stres\"", 24, &["stres", "did you mean `stress`?"]);
    problem("at = \"0 min\"", "at = \"soon\"", 25, &["does not start with a number"]);
    problem("exposure = true", "exposure = \"yes\"", 20, &["true or false"]);
    problem("name = \"drug\"", "name = \"control\"", 23, &["already an arm `control`"]);
}

#[test]
fn a_circle_of_arms_is_refused() {
    let found = problems("name = \"stress\"\n", "name = \"stress\"\nextends = \"drug\"\n");
    assert!(found.iter().any(|one| one.to_string().contains("circle")), "{found:#?}");
}

#[test]
fn mistakes_in_the_circuit_are_named() {
    let with = |lines: &str| format!("{SCENARIO}\n{lines}\n");
    let first = |lines: &str| read(&with(lines), &[]).expect_err(lines).diagnostics[0].to_string();
    assert!(first("[populations.Pyr]\ntau = \"-20 ms\"").contains("-20 ms is out of range; expected more than 0"));
    assert!(first("[onto.Pyr]\nSST = 0.6").contains("inhibitory"));
    assert!(first("[onto.Pyr]\nSTT = -0.6").contains("did you mean `SST`?"));
    assert!(first("[receptors.MOR.on.SST]\nfraction = 1.2").contains("between 0 and 1"));
    assert!(first("[receptors.MOR.on.STT]\nfraction = 0.5").contains("did you mean `SST`?"));
    let bare = read(&with("[populations.New]\ntau = \"10 ms\""), &[]).unwrap_err().to_string();
    assert!(bare.contains("`kind` is missing in `populations.New.transfer`") && bare.contains("rest"), "{bare}");
}

#[test]
fn all_problems_of_a_file_come_together_in_order() {
    let text = SCENARIO
        .replace("\"60 min\"", "\"60 mV\"")
        .replace("report", "raport")
        .replace("level = 0.95", "level = 2")
        .replace("\"ketamine\"", "\"ketamin\"");
    let error = read(&text, &[]).unwrap_err();
    let lines: Vec<usize> = error.diagnostics.iter().map(|one| one.line).collect();
    assert_eq!(lines, [8, 9, 20, 25], "{error}");
}

#[test]
fn files_that_are_no_configuration_are_refused() {
    assert!(read("", &[]).unwrap_err().to_string().contains("the file is empty"));
    assert!(read(" \n\t\n", &[]).unwrap_err().to_string().contains("the file is empty"));
    let error = read_bytes(b"name = \"\xff\xfe\"\n", &[]).unwrap_err();
    assert!(error.to_string().contains("test.toml:1:9: the file is not UTF-8"), "{error}");
    assert!(read("a = [1,", &[]).unwrap_err().to_string().contains("test.toml:1:"));
    assert!(read("x = 1\n", &[]).unwrap_err().to_string().contains("neither a sweep nor a scenario nor a circuit"));
    let missing = load(Path::new("configs/none.toml"), &[]).unwrap_err().to_string();
    assert!(missing.contains("configs/none.toml") && missing.contains("cannot be read"), "{missing}");
    let error = read(&SCENARIO.replace("mpfc.toml", "mpcf.toml"), &[]).unwrap_err();
    assert_eq!(error.diagnostics.len(), 1, "{error}");
    assert!(error.to_string().contains("test.toml:2:11: `configs/circuits/mpcf.toml` cannot be read"), "{error}");
}

#[test]
fn a_wrong_argument_is_named() {
    let refuse = |argument: &str| read(SCENARIO, &[argument.to_owned()]).unwrap_err().to_string();
    assert!(refuse("populations.SST.rst=\"5 Hz\"").contains("did you mean `populations.SST.rest`?"));
    assert!(refuse("populations.SST.rest=\"5 mV\"").contains("--set populations.SST.rest=\"5 mV\""));
    assert!(refuse("populations.SST.rest=-1 Hz").contains("out of range"));
    assert!(refuse("nonsense").contains("PATH=VALUE"));
    assert!(refuse("arms.drug.doses.0.at=90 min").contains("after the run"));
    let set = |argument: &str| read(SCENARIO, &[argument.to_owned()]).unwrap();
    assert_eq!(set("arms.drug.doses.0.amount=3 mg/kg").arms[2].doses[0].amount, 3.0);
    assert_eq!(set("receptors.MOR.binds.naltrexone.K=0.7 nM").receptors["MOR"].binds[1].dissociation, 0.7);
}

#[test]
fn a_rest_that_does_not_exist_or_is_unstable_is_refused_with_the_reason() {
    let refuse = |lines: &str| run(&read(&format!("{SCENARIO}\n{lines}\n"), &[]).unwrap()).unwrap_err().to_string();
    let unstable = refuse("[onto.Pyr]\nPyr = 9.0");
    assert!(unstable.contains("unstable") && unstable.contains("eigenvalue"), "{unstable}");
    let text = format!("{SCENARIO}\n[populations.Pyr]\nrest = \"0 Hz\"\n");
    let zero = match read(&text, &[]) {
        Err(error) => error.to_string(),
        Ok(scenario) => run(&scenario).unwrap_err().to_string(),
    };
    assert!(zero.contains("a rest of 0 Hz") && zero.contains("drive"), "{zero}");
}

const CURVE: &str = r#"
[populations.A]
tau = "10 ms"
transfer = { kind = "table", file = "curves/measured.csv" }
rest = "3 Hz"
[populations.B]
tau = "10 ms"
transfer = { kind = "expression", f = "r0 + max(0, x)^2", parameters = { r0 = 0.5 } }
rest = "3 Hz"
"#;

/// Reads a circuit whose curve is in a file of its own.
fn read_curve(text: &str, curve: &str, set: &[String]) -> Result<Scenario, String> {
    let file = |path: &Path| match path {
        path if path == Path::new("folder/circuit.toml") => Ok(text.as_bytes().to_vec()),
        path if path == Path::new("folder/curves/measured.csv") => Ok(curve.as_bytes().to_vec()),
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    };
    let loaded = load_from(Path::new("folder/circuit.toml"), set, &file);
    loaded.map(|loaded| loaded.scenario).map_err(|error| error.to_string())
}

#[test]
fn curves_and_formulas_are_read_and_their_mistakes_are_placed() {
    let scenario = read_curve(CURVE, "I,f\n0,0\n10,6\n20,30\n", &[]).unwrap();
    let Transfer::Table(table) = &scenario.circuit.populations["A"].transfer else { panic!("a table") };
    assert_eq!((table.inputs.as_slice(), table.rates.as_slice()), (&[0.0, 10.0, 20.0][..], &[0.0, 6.0, 30.0][..]));
    let set = ["populations.A.transfer.rates.1=8".to_owned(), "populations.B.transfer.parameters.r0=1".to_owned()];
    let scenario = read_curve(CURVE, "0 0\n10 6\n20 30", &set).unwrap();
    let rest = disinhibit::equilibrium::calibrate(&scenario.circuit).unwrap();
    approx::assert_relative_eq!(rest.drives[1], 2.0_f64.sqrt(), max_relative = 1e-9);
    let mistakes = [
        (CURVE.to_owned(), "0,0\n10,x\n", "measured.csv:2:1"),
        (CURVE.to_owned(), "0,0\n10,6\n10,7\n", "does not rise above 10"),
        (CURVE.to_owned(), "0,0\n", "two points"),
        (CURVE.replace("measured", "lost"), "", "circuit.toml:4:37"),
        (CURVE.replace("r0 + max", "r0 + + mux"), "0,0\n9,9", "no function `mux`"),
        (CURVE.replace("r0 + max", "r1 + max"), "0,0\n9,9", "did you mean `r0`?"),
        (CURVE.replace("r0 + ", ""), "0,0\n9,9", "does not occur in the formula"),
        (CURVE.replace("\"r0 + max(0, x)^2\"", "\"(x\""), "0,0\n9,9", "`)` is missing at character 3"),
        (CURVE.replace("rest = \"3 Hz\"\n[pop", "rest = \"9 Hz\"\n[pop"), "0,0\n9,9", "not below"),
    ];
    for (text, curve, words) in mistakes {
        let error = read_curve(&text, curve, &[]).unwrap_err();
        assert!(error.contains(words), "{words}: {error}");
    }
}

const TIED: &str = r#"
input_unit = "nA"
[constants]
J0 = 0.2112
[populations.A]
tau = "10 ms"
transfer = { kind = "threshold-linear", gain = 1 }
drive = "0.3 nA"
[populations.C]
tau = "20 ms"
transfer = { kind = "threshold-linear", gain = 1 }
drive = "0.1 nA"
[onto.A]
A = 0.04
C = -0.31
[onto.C]
A = 0
[tie]
"onto.C.A" = "(J0 - onto.A.A - constants.half) / (2 * onto.A.C * 1.298)"
"constants.half" = "J0 / 2"
"populations.C.tau" = "2 * populations.A.tau"
"#;

#[test]
fn ties_hold_after_every_change_and_their_mistakes_are_placed() {
    let weight = |scenario: &Scenario| scenario.circuit.weight_at("C", Compartment::Soma, None, "A");
    let expected = |own: f64| (0.2112 - own - 0.1056) / (2.0 * -0.31 * 1.298);
    let scenario = read(TIED, &[]).unwrap();
    approx::assert_relative_eq!(weight(&scenario), expected(0.04), max_relative = 1e-14);
    let set = ["onto.A.A=0.06".to_owned(), "populations.A.tau=5 ms".to_owned()];
    let mut scenario = read(TIED, &set).unwrap();
    approx::assert_relative_eq!(weight(&scenario), expected(0.06), max_relative = 1e-14);
    assert_eq!(scenario.circuit.populations["C"].tau, 10.0);
    // In an arm as well; what is tied cannot be set.
    let mut arm = disinhibit::scenario::Arm { name: "arm".into(), ..Default::default() };
    arm.set.insert("onto.A.A".into(), disinhibit::scenario::Setting::Number(0.09));
    approx::assert_relative_eq!(weight(&scenario.for_arm(&arm).unwrap()), expected(0.09), max_relative = 1e-14);
    let refused = scenario.set("onto.C.A", &disinhibit::scenario::Setting::Number(0.1)).unwrap_err();
    assert!(refused.to_string().contains("tied to other parameters"), "{refused}");
    scenario.arms.push(arm);
    let again = read(&writer::to_toml(&scenario), &[]).unwrap();
    assert_eq!(again.circuit, scenario.circuit);
    let mistakes = [
        ("J0 / 2", "J0 / onto.C.A", "in a circle: ", 19),
        ("J0 / 2", "J1 / 2", "`J1` is no parameter", 20),
        ("J0 / 2", "J0 / ", "the formula ends too soon at character 6", 20),
        ("J0 / 2", "J0 / 0", "it gives inf", 20),
        ("populations.C.tau\" =", "onto.B.A\" =", "there is no parameter `onto.B.A` to tie", 21),
        ("2 * populations.A.tau", "-populations.A.tau", "out of range", 21),
    ];
    for (from, to, words, line) in mistakes {
        let found = read(&TIED.replacen(from, to, 1), &[]).unwrap_err().diagnostics;
        assert!(found[0].to_string().contains(words) && found[0].line == line, "{words}: {}", found[0]);
    }
}

#[test]
fn every_shipped_scenario_survives_being_written_and_read_again() {
    for entry in std::fs::read_dir("configs/scenarios").unwrap() {
        let file = entry.unwrap().path();
        let mut scenario = load(&file, &[]).unwrap().scenario;
        let again =
            read(&writer::to_toml(&scenario), &[]).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        // The files that it was read from, and the notes of sources, are not part of it.
        scenario.circuit_file.clear();
        scenario.pharmacology_files.clear();
        let again = Scenario { sources: scenario.sources.clone(), ..again };
        assert!(again == scenario, "{} changed on its way", file.display());
    }
}

fn shipped() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for folder in [
        "configs/scenarios",
        "configs/circuits",
        "configs/circuits/published",
        "configs/pharmacology",
        "configs/sweeps",
    ] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                files.push(std::fs::read(path).unwrap());
            }
        }
    }
    files
}

/// Reads bytes as a scenario that stands in the folder of the shipped ones; validates and calibrates what is accepted.
fn swallow(bytes: &[u8]) {
    let file = |path: &Path| if path.ends_with("mutant.toml") { Ok(bytes.to_vec()) } else { std::fs::read(path) };
    match load_from(Path::new("configs/scenarios/mutant.toml"), &[], &file) {
        Ok(loaded) => {
            let _ = disinhibit::equilibrium::calibrate(&loaded.scenario.circuit);
        }
        Err(error) => assert!(!error.diagnostics.is_empty() && !error.render().is_empty()),
    }
}

/// How many mutants; set MUTANTS for a long run by hand.
fn mutants() -> u32 {
    std::env::var("MUTANTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_500)
}

/// What mutations put in.
const PIECES: [&str; 12] = [
    "-1",
    "1e308",
    "\"\"",
    "nan",
    "[",
    "}",
    "\"0 min\"",
    "[[arms]]\n",
    "= {",
    "\u{feff}",
    "9999999999999999999999",
    "\0",
];

/// Changes a byte, cuts, doubles, puts a piece in, breaks off, changes a digit, or drops the rest of a line.
fn mutate(bytes: &mut Vec<u8>, kind: u8, (at, other): (usize, usize), byte: u8) {
    let (low, high) = (at.min(other), at.max(other));
    match kind {
        0 => bytes[at] = byte,
        1 => drop(bytes.drain(low..high.min(low + 40))),
        2 => {
            let piece = bytes[low..high.min(low + 60)].to_vec();
            bytes.splice(at..at, piece);
        }
        3 => {
            let piece = PIECES[usize::from(byte) % PIECES.len()].bytes();
            bytes.splice(at..at, piece);
        }
        4 => bytes.truncate(at.max(1)),
        5 => {
            if let Some(digit) = bytes.iter().skip(at).position(u8::is_ascii_digit) {
                bytes[at + digit] = b'0' + byte % 10;
            }
        }
        _ => {
            let line = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
            bytes.drain(at..line);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: mutants(), failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes changed, cut, doubled, or swapped for pieces of other files.
    #[test]
    fn no_mutant_of_a_shipped_file_makes_the_program_panic(
        which in 0usize..64,
        edits in prop::collection::vec((0u8..7, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let files = shipped();
        let mut bytes = files[which % files.len()].clone();
        for (kind, at, other, byte) in edits {
            if bytes.is_empty() { break; }
            let (at, other) = (at.index(bytes.len()), other.index(bytes.len()));
            mutate(&mut bytes, kind, (at, other), byte);
        }
        swallow(&bytes);
    }

    /// Numbers of any size come back to the bit.
    #[test]
    fn numbers_round_trip_through_a_file(weight in -1e6..0.0f64, tau in 1e-3..1e6f64, level in 0.0..=1.0f64, at in -59.0..59.0f64, amount in 0.0..1e4f64, k in 1e-6..1e9f64) {
        let mut scenario = read(SCENARIO, &[]).unwrap();
        scenario.circuit.onto["Pyr"].from.insert("SST".into(), weight);
        scenario.circuit.populations["VIP"].tau = tau;
        scenario.arms[1].stress.as_mut().unwrap().level = level;
        scenario.arms[2].doses[0].at = at;
        scenario.arms[2].doses[0].amount = amount;
        scenario.receptors["MOR"].binds[0].dissociation = k;
        scenario.circuit_file.clear();
        scenario.pharmacology_files.clear();
        let again = read(&writer::to_toml(&scenario), &[]).unwrap();
        prop_assert_eq!(Scenario { sources: scenario.sources.clone(), ..again }, scenario);
    }
}

#[test]
fn a_file_that_names_itself_is_an_error_that_names_the_circle() {
    let of = |name: &str, kind: &str| format!("scenario = \"{name}\"\n{kind}");
    let (sweep, finding) = ("[[axes]]\npath = \"run.seed\"\nvalues = [1]\n", "statement = \"nothing\"\n");
    for (kind, files) in [
        (sweep, &[("a.toml", "a.toml")][..]),
        (finding, &[("a.toml", "a.toml")]),
        (sweep, &[("a.toml", "../x/./a.toml")]),
        (sweep, &[("a.toml", "b.toml"), ("b.toml", "a.toml")]),
        (finding, &[("a.toml", "b.toml"), ("b.toml", "c.toml"), ("c.toml", "b.toml")]),
    ] {
        let file = |path: &Path| {
            let known = files.iter().find(|(name, _)| path == Path::new("x").join(name));
            known.map(|(_, names)| of(names, kind).into_bytes()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
        };
        let error = load_from(Path::new("x/a.toml"), &[], &file).expect_err("a circle was read").to_string();
        let itself = files.len() == 1;
        assert!(error.contains(if itself { "names itself" } else { "no scenario" }), "{error}");
        assert!(error.contains("x/a.toml"), "{error}");
    }
}
