//! Findings: their files, their frozen ranges, the rule of verdicts, and the command.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use disinhibit::config::finding::load_finding;
use disinhibit::config::load;
use disinhibit::findings::shipped::Library;
use disinhibit::findings::{CheckResult, Verdict};
use disinhibit::scenario::declare::Choice;
use disinhibit::scenario::finding::Part;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn shipped(folder: &str) -> Vec<PathBuf> {
    Library::Disk.list(&Path::new("configs").join(folder)).unwrap()
}

/// Every expectation in one text: what is expected of which readout, and within which range.
fn expectations() -> String {
    let mut text = String::new();
    for file in shipped("findings") {
        let finding = load(&file, &[]).unwrap().finding.unwrap();
        for check in &finding.checks {
            let part = check.part.word();
            let (low, high, precision) = (check.at_least, check.at_most, check.precision);
            let (number, says) = (finding.number, &check.says);
            let measured = (&check.value, &check.than, &check.beyond);
            writeln!(text, "{number} {says} {part} {low:?} {high:?} {precision:?} {measured:?}").unwrap();
        }
    }
    text
}

#[test]
fn a_changed_expectation_needs_a_line_in_the_changelog() {
    let digest = Sha256::digest(expectations());
    let hash: String = digest.iter().take(6).fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let changelog = std::fs::read_to_string("CHANGELOG.md").unwrap();
    let line = format!("expectations {hash}");
    assert!(
        changelog.contains(&line),
        "the expectations in configs/findings/ have changed: say why in CHANGELOG.md, on a line with `{line}`"
    );
}

#[test]
fn the_program_carries_every_finding_and_hypothesis() {
    for folder in ["findings", "hypotheses"] {
        let built_in = Library::Shipped.list(Path::new(folder)).unwrap();
        let on_disk: Vec<PathBuf> =
            shipped(folder).iter().map(|file| file.strip_prefix("configs").unwrap().to_owned()).collect();
        assert_eq!(built_in, on_disk, "src/findings/shipped.rs does not list configs/{folder}/");
        for file in built_in {
            let read = |path: &Path| Library::Shipped.read(path);
            disinhibit::config::load_from(&file, &[], &read).unwrap_or_else(|error| panic!("{}", error.render()));
        }
    }
}

#[test]
fn findings_are_numbered_and_have_sources() {
    let mut numbers = Vec::new();
    for file in shipped("findings") {
        let finding = load_finding(&file, None, &|path| std::fs::read(path)).unwrap().finding.unwrap();
        assert!(!finding.evidence.is_empty(), "{} has no source", file.display());
        assert!(finding.checks.iter().any(|check| check.part == Part::Main), "{} decides nothing", file.display());
        numbers.push(finding.number);
    }
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

fn check(part: Part, holds: bool) -> CheckResult {
    CheckResult {
        says: String::new(),
        part,
        chosen: false,
        measured: String::new(),
        unit: String::new(),
        at_least: None,
        at_most: None,
        value: None,
        holds,
    }
}

#[test]
fn main_checks_and_premises_decide_and_side_checks_do_not() {
    use Part::{Main, Premise, Side};
    let verdict = |checks: &[(Part, bool)]| {
        Verdict::of(&checks.iter().map(|(part, holds)| check(*part, *holds)).collect::<Vec<_>>())
    };
    assert_eq!(verdict(&[(Main, true), (Main, true), (Side, false)]), Verdict::Reproduced);
    assert_eq!(verdict(&[(Main, true), (Main, false), (Side, true)]), Verdict::Partly);
    assert_eq!(verdict(&[(Main, false), (Side, true)]), Verdict::Not);
    assert_eq!(verdict(&[(Premise, false), (Main, true)]), Verdict::Not);
    assert_eq!(verdict(&[(Premise, true), (Main, true)]), Verdict::Reproduced);
    assert_eq!(verdict(&[]), Verdict::Not);
}

const TOY: &str = r#"
number = 1
statement = "A toy"
status = "predicted"
scenario = "SCENARIO"
set = { "run.to" = "20 min", "run.report" = "-1 min, 10 min" }

[[evidence]]
citation = "nobody"
grade = "MEM"

[[arms]]
name = "driven"
extends = "stress"
inject = [{ population = "SST", drive = "-1 mV", from = "0 min" }]

[[checks]]
says = "it holds"
arm = "driven"
readout = "rate.Pyr at 10 min"
minus = { arm = "stress" }
at_least = 0.1

[[checks]]
says = "it does not"
arm = "driven"
readout = "rate.SST at 10 min"
over = { arm = "stress" }
at_least = 1
"#;

/// A folder with one finding in it.
fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scenario = std::fs::canonicalize("configs/scenarios/ketamine.toml").unwrap();
    let text = text.replace("SCENARIO", &scenario.display().to_string());
    std::fs::write(folder.path().join("toy.toml"), text).unwrap();
    folder
}

fn disinhibit(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_disinhibit"));
    command.current_dir(folder);
    command
}

#[test]
fn a_finding_of_ones_own_is_looked_at_and_written() {
    let folder = folder(TOY);
    let output = disinhibit(folder.path()).args(["findings", "."]).assert().success().get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    assert!(text.contains("A toy") && text.contains("partly"), "{text}");
    let json = std::fs::read(folder.path().join("out/findings/findings.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let checks = json["findings"][0]["checks"].as_array().unwrap();
    assert!(checks[0]["value"].as_f64().unwrap() > 0.1 && checks[0]["holds"] == true && checks[0]["unit"] == "Hz");
    assert!(checks[1]["value"].as_f64().unwrap() < 1.0 && checks[1]["holds"] == false);
    let markdown = std::fs::read_to_string(folder.path().join("out/findings/findings.md")).unwrap();
    assert!(markdown.contains("| **fails** | it does not | at least 1 |"), "{markdown}");
    for file in ["findings.svg", "findings.png"] {
        assert!(folder.path().join("out/findings").join(file).exists());
    }
}

#[test]
fn a_hypothesis_is_laid_over_a_finding() {
    let folder = folder(TOY);
    std::fs::create_dir(folder.path().join("others")).unwrap();
    let text = "claim = \"The injection is cancelled.\"\n[set]\n\"populations.SST.drive\" = \"20 mV\"\n";
    std::fs::write(folder.path().join("others/strong.toml"), text).unwrap();
    disinhibit(folder.path()).args(["findings", ".", "--hypotheses", "others", "--quiet"]).assert().success();
    let json = std::fs::read(folder.path().join("out/findings/hypotheses.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let value = |model: usize| json[model]["findings"][0]["checks"][0]["value"].as_f64();
    assert_eq!(json[1]["name"], "strong");
    assert_ne!(value(0), value(1));
    assert!(folder.path().join("out/findings/hypotheses.svg").exists());
}

#[test]
fn what_a_finding_cannot_read_is_named_with_its_line() {
    let wrong = [
        (
            "arm = \"driven\"\nreadout = \"rate.Pyr",
            "arm = \"drvien\"\nreadout = \"rate.Pyr",
            "there is no arm `drvien`",
        ),
        (
            "readout = \"rate.Pyr at 10 min\"",
            "readout = \"rate.Pyr at 11 d\"",
            "there is no readout `rate.Pyr at 11 d`: 11 d lies outside the run",
        ),
        ("readout = \"rate.Pyr at 10 min\"", "readout = \"rate.Pyr\"", "`rate.Pyr` is there at every report time"),
        ("at_least = 0.1", "", "the check expects nothing"),
        ("minus = { arm = \"stress\" }", "minus = { arm = \"strss\" }", "there is no arm `strss`"),
        ("population = \"SST\"", "population = \"SXT\"", "there is no population `SXT`"),
        ("\"run.to\"", "\"run.too\"", "there is no parameter `run.too`"),
        ("grade = \"MEM\"", "grade = \"sure\"", "MEAS"),
    ];
    for (right, put, message) in wrong {
        assert!(TOY.contains(right), "{right}");
        let folder = folder(&TOY.replace(right, put));
        let output = disinhibit(folder.path()).args(["findings", "."]).assert().code(2).get_output().stderr.clone();
        let text = String::from_utf8(output).unwrap();
        assert!(text.contains(message) && text.contains("toy.toml:"), "{message}:\n{text}");
    }
    let empty = tempfile::tempdir().unwrap();
    let output = disinhibit(empty.path()).args(["findings", "."]).assert().code(2).get_output().stderr.clone();
    assert!(String::from_utf8(output).unwrap().contains("no files that end in .toml"));
}

#[test]
fn the_gq_brake_changes_nothing_unless_a_drug_acts_on_it() {
    let library = Library::Shipped;
    let findings = library.list(Path::new("findings")).unwrap();
    let brake = [PathBuf::from("hypotheses/7_gq_brake.toml")];
    let looked = disinhibit::findings::models(library, &findings, &brake).unwrap();
    for (default, braked) in looked[0].findings.iter().zip(&looked[1].findings) {
        for (one, other) in default.checks.iter().zip(&braked.checks) {
            let same = one.holds == other.holds && (one.value.unwrap() - other.value.unwrap()).abs() < 0.01;
            // Finding 9 gives an antagonist of PROKR2; its last check is the acute excess.
            assert!(same || default.number == 9, "{}: {one:?} and {other:?}", default.number);
        }
    }
    let excess = |model: usize| looked[model].findings[8].checks.last().unwrap().value.unwrap();
    assert!(excess(0) < 0.0 && excess(1) > 0.1, "{} and {}", excess(0), excess(1));
}
