//! Folders of sweeps: stopped, gone on with, cut into shards and joined, refused where they hold something else.
#![allow(clippy::unwrap_used)]

#[path = "common/sweeps.rs"]
mod sweeps;

use disinhibit::config::load;
use disinhibit::store::StoreError;
use disinhibit::store::sweep::{Identity, Shard, SweepStore};
use disinhibit::sweep::Engine;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::Duration;
use sweeps::{SWEEP, disinhibit, folder, results, text};

/// A sweep of many chunks.
fn long() -> String {
    SWEEP.replace("points = 3", "points = 200")
}

#[test]
fn a_sweep_that_is_killed_goes_on_and_ends_with_the_same_table() {
    let folder = folder(&long());
    let whole = disinhibit(folder.path(), &["sweep", "sweep.toml", "--out", "whole", "--quiet"]);
    assert_eq!(whole.status.code(), Some(0), "{}", text(&whole.stderr));
    let mut kills = 0;
    for pause in [60, 250, 450, 700, 120, 900] {
        let mut program = Process::new(env!("CARGO_BIN_EXE_disinhibit"))
            .current_dir(folder.path())
            .args(["sweep", "sweep.toml", "--out", "killed", "--quiet"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        if program.try_wait().unwrap().is_none() {
            program.kill().unwrap();
            kills += 1;
        }
        program.wait().unwrap();
    }
    assert!(kills > 0, "the program was never caught running");
    let last = disinhibit(folder.path(), &["sweep", "sweep.toml", "--out", "killed", "--quiet"]);
    assert_eq!(last.status.code(), Some(0), "{}", text(&last.stderr));
    assert!(results(&folder.path().join("killed")) == results(&folder.path().join("whole")));
}

#[test]
fn shards_join_to_the_table_of_the_whole_and_mixed_or_missing_ones_are_named() {
    let folder = folder(&long());
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["sweep", "sweep.toml", "--out", "whole", "--quiet"]).status.code(), Some(0));
    for shard in ["1/3", "2/3", "3/3"] {
        let output = run(&["sweep", "sweep.toml", "--quiet", "--shard", shard]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let shards = ["out/sweep-1-of-3", "out/sweep-2-of-3", "out/sweep-3-of-3"];
    let merged = run(&["merge", shards[2], shards[0], shards[1], "--out", "merged", "--quiet"]);
    assert_eq!(merged.status.code(), Some(0), "{}", text(&merged.stderr));
    assert!(results(&folder.path().join("merged")) == results(&folder.path().join("whole")));
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2));
        words.iter().for_each(|word| assert!(text(&output.stderr).contains(word), "{}", text(&output.stderr)));
    };
    refused(&["merge", shards[0], shards[2], "--out", "m2"], &["missing or unfinished: 2 of 3", "--array=2"]);
    refused(&["merge", shards[0], shards[0], "--out", "m2"], &["the same shard"]);
    refused(&["sweep", "sweep.toml", "--shard", "4/3"], &["3/64"]);
    std::fs::remove_file(&chunks(&folder.path().join(shards[1]))[0]).unwrap();
    refused(&["merge", shards[0], shards[1], shards[2], "--out", "m2"], &["missing or unfinished: 2 of 3"]);
    // A task that was stopped before it wrote what it is of.
    std::fs::create_dir_all(folder.path().join("begun/chunks")).unwrap();
    refused(&["merge", shards[0], "begun", shards[2], "--out", "m2"], &["missing or unfinished: 2 of 3"]);
    refused(&["merge", "begun", "--out", "m2"], &["no shards", "begun"]);
    std::fs::write(folder.path().join("sweep.toml"), long().replace("30 mg/kg", "31 mg/kg")).unwrap();
    assert_eq!(run(&["sweep", "sweep.toml", "--quiet", "--shard", "2/3", "--fresh"]).status.code(), Some(0));
    refused(&["merge", shards[0], shards[1], shards[2], "--out", "m2"], &["another sweep", "axes.0.to"]);
}

#[test]
fn a_sweep_of_numbers_with_many_digits_goes_on() {
    let values = (0..30).map(|place| (f64::from(place) / 29.0).to_string()).collect::<Vec<_>>().join(", ");
    let folder = folder(&SWEEP.replace("values = [0, 0.3, 0.55, 1]", &format!("values = [{values}]")));
    for _ in 0..2 {
        let output = disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
}

#[test]
fn a_changed_sweep_is_refused_with_what_changed_unless_fresh() {
    let folder = folder(SWEEP);
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["sweep", "sweep.toml", "--quiet"]).status.code(), Some(0));
    let before = results(&folder.path().join("out/sweep"));
    let changed = ["sweep", "sweep.toml", "--quiet", "--set", "populations.SST.tau=25 ms"];
    let refused = run(&changed);
    assert_eq!(refused.status.code(), Some(2));
    let message = text(&refused.stderr);
    assert!(message.contains("scenario.populations.SST.tau") && message.contains("--fresh"), "{message}");
    assert!(results(&folder.path().join("out/sweep")) == before, "what was stored is lost");
    assert_eq!(run(&[&changed[..], &["--fresh"]].concat()).status.code(), Some(0));
}

#[test]
fn chunks_without_their_manifest_are_refused() {
    let folder = folder(SWEEP);
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["sweep", "sweep.toml", "--quiet"]).status.code(), Some(0));
    for file in std::fs::read_dir(folder.path().join("out/sweep")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.is_file() {
            std::fs::remove_file(file).unwrap();
        }
    }
    let refused = run(&["sweep", "sweep.toml", "--quiet"]);
    let message = text(&refused.stderr);
    assert!(refused.status.code() == Some(2) && message.contains("manifest.json"), "{message}");
    assert!(message.contains("--fresh"), "{message}");
    assert_eq!(run(&["sweep", "sweep.toml", "--quiet", "--fresh"]).status.code(), Some(0));
}

/// A limit on the size of files stands for a full disk: chunks fit, the joined table does not.
#[cfg(unix)]
#[test]
fn a_full_disk_is_named_and_what_is_stored_stays() {
    let folder = folder(&long());
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["sweep", "sweep.toml", "--out", "whole", "--quiet"]).status.code(), Some(0));
    let size = |file: &Path| std::fs::metadata(file).unwrap().len();
    let chunks: Vec<PathBuf> = std::fs::read_dir(folder.path().join("whole/chunks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .chain([folder.path().join("whole/manifest.json")])
        .collect();
    let largest = chunks.iter().map(|chunk| size(chunk)).max().unwrap();
    let blocks = largest.div_ceil(512);
    assert!(size(&folder.path().join("whole/results.parquet")) > blocks * 512, "the table is too small for this test");
    let program = assert_cmd::cargo::cargo_bin("disinhibit");
    let command =
        format!("trap '' XFSZ; ulimit -f {blocks}; exec '{}' sweep sweep.toml --out full --quiet", program.display());
    let full = Process::new("sh").args(["-c", &command]).current_dir(folder.path()).output().unwrap();
    assert_eq!(full.status.code(), Some(2), "{}", text(&full.stderr));
    assert!(text(&full.stderr).contains("full/results.parquet` cannot be written"), "{}", text(&full.stderr));
    assert!(!folder.path().join("full/results.parquet").exists());
    assert_eq!(std::fs::read_dir(folder.path().join("full/chunks")).unwrap().count() + 1, chunks.len());
    assert_eq!(run(&["sweep", "sweep.toml", "--out", "full", "--quiet"]).status.code(), Some(0));
    assert!(results(&folder.path().join("full")) == results(&folder.path().join("whole")));
    std::fs::write(folder.path().join("file"), "kept").unwrap();
    let refused = run(&["sweep", "sweep.toml", "--out", "file/in", "--quiet"]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("file/in"), "{}", text(&refused.stderr));
    assert_eq!(std::fs::read_to_string(folder.path().join("file")).unwrap(), "kept");
}

/// The files of the chunks in a folder, in order.
fn chunks(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder.join("chunks")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|kind| kind == "parquet")).collect();
    files.sort();
    files
}

#[test]
fn chunks_that_are_broken_or_of_another_place_are_run_again() {
    let folder = folder(&long());
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["sweep", "sweep.toml", "--out", "whole", "--quiet"]).status.code(), Some(0));
    std::fs::write(folder.path().join("other.toml"), long().replace("0.55", "0.5")).unwrap();
    assert_eq!(run(&["sweep", "other.toml", "--out", "other", "--quiet"]).status.code(), Some(0));
    let (whole, other) = (folder.path().join("whole"), folder.path().join("other"));
    let expected = results(&whole);
    let (own, others) = (chunks(&whole), chunks(&other));
    let bytes = std::fs::read(&own[3]).unwrap();
    std::fs::write(&own[0], b"").unwrap();
    std::fs::write(&own[1], &bytes[..bytes.len() / 2]).unwrap();
    std::fs::copy(&own[3], &own[2]).unwrap();
    std::fs::copy(&others[4], &own[4]).unwrap();
    std::fs::write(whole.join("chunks/.disinhibit-left"), "never finished").unwrap();
    std::fs::remove_file(whole.join("results.parquet")).unwrap();
    let again = run(&["sweep", "sweep.toml", "--out", "whole", "--quiet"]);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert!(results(&whole) == expected);
    assert!(!whole.join("chunks/.disinhibit-left").exists());
}

#[test]
fn folders_that_hold_something_else_are_left_alone() {
    let folder = folder(SWEEP);
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    let done = |arguments: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    };
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        words.iter().for_each(|word| assert!(text(&output.stderr).contains(word), "{}", text(&output.stderr)));
    };
    let scenario = "configs/scenarios/ketamine.toml";
    done(&["sweep", "sweep.toml", "--out", "swept", "--quiet"]);
    done(&["sweep", "sweep.toml", "--out", "one", "--shard", "1/2", "--quiet"]);
    done(&["sweep", "sweep.toml", "--out", "two", "--shard", "2/2", "--quiet"]);
    done(&["run", scenario, "--out", "ran", "--quiet"]);
    std::fs::write(folder.path().join("other.toml"), SWEEP.replace("0.55", "0.5")).unwrap();
    done(&["sweep", "other.toml", "--out", "other", "--quiet"]);
    refused(&["run", scenario, "--out", "swept", "--quiet"], &["`swept` holds a sweep, not a run"]);
    refused(&["sweep", "sweep.toml", "--out", "ran", "--quiet"], &["`ran` holds a run, not a sweep"]);
    refused(&["sweep", "sweep.toml", "--out", "ran", "--quiet", "--fresh"], &["`ran` holds a run, not a sweep"]);
    refused(&["merge", "one", "two", "--out", "other", "--quiet"], &["`other` holds something else", "values.2"]);
    refused(&["merge", "one", "two", "--out", "ran", "--quiet"], &["`ran` holds a run"]);
    refused(&["merge", "one", "two", "--out", "one", "--quiet"], &["`one` is one of the shards"]);
    refused(&["plot", "one"], &["holds a sweep without its table"]);
    refused(&["plot", "swept", "--readout", "arm"], &["there is no readout `arm`"]);
    refused(&["sweep", "sweep.toml", "--shard", "1/18446744073709551615"], &["N up to 1000000"]);
    done(&["merge", "one", "two", "--out", "swept", "--quiet"]);
    done(&["plot", "swept"]);
    // What was drawn from another sweep goes with it.
    let maps = || folder.path().join("other/map_rate.Pyr_at_10_min.svg").exists();
    assert!(maps());
    let one_axis = SWEEP.rsplit_once("[[axes]]").unwrap().0;
    std::fs::write(folder.path().join("other.toml"), one_axis).unwrap();
    done(&["sweep", "other.toml", "--out", "other", "--quiet", "--fresh"]);
    assert!(!maps() && folder.path().join("other/curves.svg").exists());
}

#[test]
fn two_sweeps_do_not_share_a_folder_and_two_processes_of_one_do() {
    let folder = folder(SWEEP);
    let opened = |sweep: &str, fresh: bool| {
        std::fs::write(folder.path().join("sweep.toml"), sweep).unwrap();
        let loaded = load(&folder.path().join("sweep.toml"), &[]).unwrap();
        let bound = loaded.sweep.unwrap();
        let engine = Engine::new(&bound, &loaded.scenario, None).unwrap();
        let identity = Identity::new(&bound.sweep, &loaded.scenario, &engine, 128, disinhibit::BUILD);
        SweepStore::open(&folder.path().join("out"), &engine, identity, Shard::WHOLE, fresh)
    };
    let first = opened(SWEEP, false).unwrap();
    let second = opened(SWEEP, false).unwrap();
    assert!(matches!(opened(SWEEP, true), Err(StoreError::Busy { .. })));
    assert!(matches!(opened(&SWEEP.replace("0.55", "0.5"), false), Err(StoreError::Changed { .. })));
    drop((first, second));
    opened(&SWEEP.replace("0.55", "0.5"), true).unwrap();
}
