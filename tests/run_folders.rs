//! Folders of runs and analyses: whose files they hold, when they are whole, and what is refused.
#![allow(clippy::unwrap_used)]

#[path = "common/sweeps.rs"]
mod sweeps;

use disinhibit::store::ledger::Ledger;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use sweeps::{SWEEP, disinhibit, folder, text};

/// Two cells, two arms, five minutes: a run of a few milliseconds.
const SCENARIO: &str = r#"
name = "pair"

[circuit]
input_unit = "mV"

[circuit.populations.E]
tau = "20 ms"
transfer = { kind = "power-law", gain = 0.04, exponent = 2.0 }
rest = "5 Hz"

[circuit.onto.E]
E = 0.5

[run]
from = "-1 min"
to = "5 min"
report = ["1 min"]

[[arms]]
name = "control"

[[arms]]
name = "input"
inject = [{ population = "E", drive = "1 mV", from = "0 min", to = "2 min" }]
"#;

fn pair() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("pair.toml"), scenario()).unwrap();
    folder
}

/// The scenario with the circuit's tables where the reader expects them.
fn scenario() -> String {
    SCENARIO.replace("[circuit]\n", "").replace("[circuit.", "[")
}

/// Every file below a folder with its content.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.filter(|path| path.is_file()).map(|path| (named(&path), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn no_command_writes_over_a_file_that_it_did_not_make() {
    for (own, arguments) in [
        ("scenario.toml", &["run", "scenario.toml", "--out", "."][..]),
        ("rates.svg", &["run", "pair.toml", "--out", ".", "--fresh"]),
        ("manifest.json", &["run", "pair.toml", "--out", ".", "--fresh"]),
        ("unfinished.json", &["run", "pair.toml", "--out", ".", "--fresh"]),
        ("analysis.json", &["analyze", "pair.toml", "--out", "."]),
        ("explanation.json", &["explain", "pair.toml", "--out", ".", "--at", "1 min"]),
    ] {
        let folder = pair();
        let content = if own == "scenario.toml" { scenario() } else { "{ \"mine\": 1 }".to_owned() };
        std::fs::write(folder.path().join(own), &content).unwrap();
        let before = contents(folder.path());
        let output = disinhibit(folder.path(), arguments);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(message.contains(own) && message.contains("--out"), "{arguments:?}: {message}");
        assert!(contents(folder.path()) == before, "{arguments:?} changed the user's folder");
    }
}

#[test]
fn a_folder_belongs_to_one_configuration_unless_fresh_and_stale_figures_go() {
    let folder = pair();
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    let changed = ["run", "pair.toml", "--set", "populations.E.rest=6 Hz", "--quiet"];
    assert_eq!(run(&["run", "pair.toml", "--quiet"]).status.code(), Some(0));
    let out = folder.path().join("out/pair");
    // A figure of an earlier version of the program, which this one does not draw, and notes of the user's.
    std::fs::write(out.join("notes.txt"), "mine").unwrap();
    let before = contents(&out);
    let refused = run(&changed);
    let message = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{message}");
    assert!(message.contains("populations.E.rest") && message.contains("--fresh"), "{message}");
    assert!(contents(&out) == before, "a refused run changed the folder");
    // The same run again is no other run.
    assert_eq!(run(&["run", "pair.toml", "--quiet"]).status.code(), Some(0));
    // An analysis in the folder of a run would leave a mixture.
    let refused = run(&["analyze", "pair.toml", "--out", "out/pair"]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("command"));
    assert_eq!(run(&["analyze", "pair.toml", "--out", "out/pair", "--fresh", "--quiet"]).status.code(), Some(0));
    let after = contents(&out);
    assert!(after.contains_key("analysis.json") && after.contains_key("notes.txt"));
    assert!(!after.contains_key("rates.svg") && !after.contains_key("traces.parquet"), "files of the run stayed");
    let refused = run(&["plot", "out/pair"]);
    assert_eq!(refused.status.code(), Some(2), "an analysis was drawn as a run");
    assert_eq!(run(&[&changed[..], &["--fresh"]].concat()).status.code(), Some(0));
    assert_eq!(run(&["plot", "out/pair"]).status.code(), Some(0));
}

#[test]
fn a_folder_without_its_manifest_is_refused_by_readers_and_cleaned_by_the_next_run() {
    let folder = pair();
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["run", "pair.toml", "--quiet"]).status.code(), Some(0));
    let out = folder.path().join("out/pair");
    let whole = contents(&out);
    // As a process leaves it that was killed while it wrote.
    Ledger::open(&out).unwrap().unfinish().unwrap();
    std::fs::write(out.join(".disinhibit-x1"), "half").unwrap();
    let refused = run(&["plot", "out/pair"]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("manifest.json"));
    assert_eq!(run(&["run", "pair.toml", "--set", "populations.E.rest=6 Hz", "--quiet"]).status.code(), Some(0));
    assert!(whole.keys().eq(contents(&out).keys()), "{:?}", contents(&out).keys());
}

#[test]
fn two_processes_do_not_write_one_folder_at_once() {
    let folder = pair();
    let out = folder.path().join("out/pair");
    std::fs::create_dir_all(&out).unwrap();
    let lock = File::open(&out).unwrap();
    lock.lock().unwrap();
    let refused = disinhibit(folder.path(), &["run", "pair.toml"]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("another process"));
    assert!(contents(&out).is_empty());
    drop(lock);
    assert_eq!(disinhibit(folder.path(), &["run", "pair.toml", "--quiet"]).status.code(), Some(0));
}

#[test]
fn no_flipped_bit_of_a_stored_run_is_drawn() {
    let folder = pair();
    assert_eq!(disinhibit(folder.path(), &["run", "pair.toml", "--quiet"]).status.code(), Some(0));
    let out = folder.path().join("out/pair");
    let mut tried = 0;
    for name in ["summary.json", "traces.parquet", "scenario.toml", "manifest.json"] {
        let file = out.join(name);
        let whole = std::fs::read(&file).unwrap();
        for flip in 0..6 {
            let mut damaged = whole.clone();
            let place = (flip * 7919 + 13) % whole.len();
            damaged[place] ^= 1 << (flip % 8);
            if name == "manifest.json" && whole[place].is_ascii_whitespace() {
                continue;
            }
            std::fs::write(&file, &damaged).unwrap();
            let output = disinhibit(folder.path(), &["plot", "out/pair"]);
            let message = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{name}, byte {place}: {message}");
            assert!(message.contains(name), "{name}, byte {place}: {message}");
            tried += 1;
        }
        std::fs::write(&file, whole).unwrap();
    }
    assert!(tried > 20);
    assert_eq!(disinhibit(folder.path(), &["plot", "out/pair"]).status.code(), Some(0));
}

#[test]
fn a_run_with_measurements_can_be_moved_drawn_and_run_again() {
    let folder = pair();
    let with = format!("{}\n[[observed]]\nfile = \"../rates of mine.csv\"\n", scenario());
    std::fs::create_dir(folder.path().join("study")).unwrap();
    std::fs::write(folder.path().join("study/pair.toml"), with).unwrap();
    std::fs::write(folder.path().join("rates of mine.csv"), "arm,time,variable,value\ninput,1 min,E,7\n").unwrap();
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    let ran = run(&["run", "study/pair.toml", "--quiet"]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let drawn = std::fs::read(folder.path().join("out/pair/rates.svg")).unwrap();
    std::fs::rename(folder.path().join("out/pair"), folder.path().join("elsewhere")).unwrap();
    std::fs::remove_file(folder.path().join("rates of mine.csv")).unwrap();
    let plotted = run(&["plot", "elsewhere", "--quiet"]);
    assert_eq!(plotted.status.code(), Some(0), "{}", text(&plotted.stderr));
    assert!(std::fs::read(folder.path().join("elsewhere/rates.svg")).unwrap() == drawn);
    let again = run(&["run", "elsewhere/scenario.toml", "--quiet"]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert!(std::fs::read(folder.path().join("out/pair/rates.svg")).unwrap() == drawn);
}

#[test]
fn a_damaged_copy_of_measurements_is_refused() {
    let folder = pair();
    std::fs::write(folder.path().join("rates.csv"), "arm,time,variable,value\ninput,1 min,E,7\n").unwrap();
    let with = format!("{}\n[[observed]]\nfile = \"rates.csv\"\n", scenario());
    std::fs::write(folder.path().join("pair.toml"), with).unwrap();
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["run", "pair.toml", "--quiet"]).status.code(), Some(0));
    let copy = folder.path().join("out/pair/observed-0.csv");
    std::fs::write(&copy, std::fs::read_to_string(&copy).unwrap().replace(",7", ",5")).unwrap();
    let refused = run(&["plot", "out/pair"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("observed-0.csv"), "{}", text(&refused.stderr));
}

#[test]
fn a_starter_that_was_stopped_is_written_by_the_next_and_a_file_of_the_users_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("circuits")).unwrap();
    std::fs::write(folder.path().join(".disinhibit-half"), "h").unwrap();
    std::fs::write(folder.path().join("circuits/.disinhibit-half"), "h").unwrap();
    assert_eq!(disinhibit(folder.path(), &["new", "mine"]).status.code(), Some(0));
    let left = contents(folder.path());
    assert_eq!(left.keys().collect::<Vec<_>>(), ["mine.toml"]);
    assert_eq!(contents(&folder.path().join("circuits")).len(), 1);
    std::fs::write(folder.path().join("mine.toml"), "mine").unwrap();
    assert_eq!(disinhibit(folder.path(), &["new", "mine"]).status.code(), Some(2));
    assert_eq!(contents(folder.path())["mine.toml"], b"mine");
}

#[test]
fn fresh_sweeps_delete_only_what_a_sweep_has_made() {
    let folder = folder(&SWEEP.replace("points = 3", "points = 2"));
    let out = folder.path().join("mine");
    std::fs::create_dir_all(out.join("chunks")).unwrap();
    for name in ["curves.svg", "map_of_town.png", "synergy.csv", "chunks/rates.parquet", "notes.txt"] {
        std::fs::write(out.join(name), "mine").unwrap();
    }
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    let ran = run(&["sweep", "sweep.toml", "--out", "mine", "--fresh", "--quiet"]);
    assert!(matches!(ran.status.code(), Some(0 | 2)), "{}", text(&ran.stderr));
    for name in ["curves.svg", "map_of_town.png", "synergy.csv", "chunks/rates.parquet", "notes.txt"] {
        assert_eq!(std::fs::read(out.join(name)).unwrap(), b"mine", "{name}");
    }
    std::fs::create_dir(folder.path().join("other")).unwrap();
    std::fs::write(folder.path().join("other/results.parquet"), "mine").unwrap();
    let refused = run(&["sweep", "sweep.toml", "--out", "other", "--fresh"]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("results.parquet"));
    assert_eq!(std::fs::read(folder.path().join("other/results.parquet")).unwrap(), b"mine");
}

#[test]
fn no_flipped_bit_of_a_chunk_or_a_table_enters_a_figure() {
    let folder = folder(&SWEEP.replace("points = 3", "points = 2"));
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["sweep", "sweep.toml", "--quiet"]).status.code(), Some(0));
    let out = folder.path().join("out/sweep");
    let table = std::fs::read(out.join("results.parquet")).unwrap();
    let figures = |folder: &Path| {
        let mut files = contents(folder);
        files.retain(|name, _| name.ends_with(".svg") || name.ends_with(".csv"));
        files
    };
    let whole_figures = figures(&out);
    assert!(!whole_figures.is_empty());
    for flip in 0..25 {
        let mut damaged = table.clone();
        let place = (flip * 6101 + 5) % table.len();
        damaged[place] ^= 1 << (flip % 8);
        std::fs::write(out.join("results.parquet"), &damaged).unwrap();
        let drawn = run(&["plot", "out/sweep", "--quiet"]);
        // Some bits say nothing, or stand in columns that no figure shows: then the figures are those of the whole table.
        if drawn.status.code() == Some(0) {
            assert!(figures(&out) == whole_figures, "byte {place}");
        }
    }
    std::fs::write(out.join("results.parquet"), &table).unwrap();
    let chunk = out.join("chunks/00000000.parquet");
    let whole = std::fs::read(&chunk).unwrap();
    for flip in 0..25 {
        let mut damaged = whole.clone();
        let place = (flip * 5003 + 11) % whole.len();
        damaged[place] ^= 1 << (flip % 8);
        std::fs::write(&chunk, &damaged).unwrap();
        let again = run(&["sweep", "sweep.toml", "--quiet"]);
        let joined = std::fs::read(out.join("results.parquet")).unwrap_or_default();
        assert!(again.status.code() == Some(2) || joined == table, "byte {place}: {}", text(&again.stderr));
        std::fs::write(&chunk, &whole).unwrap();
    }
}
