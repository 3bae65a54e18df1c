//! Would the tool notice? Programs that are wrong on purpose are tried by the same code, which must find each of them out.
//!
//! This test program is itself the wrong program: called as `--planted FAULT PROGRAM ARGUMENTS...` it does what the right one
//! does, with one fault.

use super::Asked;
use super::cases::CASES;
use super::faults::limited;
use super::flips::flips;
use super::folder::{self, Files};
use super::kills::kills;
use super::prepared::Prepared;
use super::program::Program;
use super::tally::{Counter, Tally};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, ExitCode};

/// The faults, what must notice them, and in which words.
const FAULTS: [(&str, &str, &str); 6] = [
    ("manifest-first", "kills", "the manifest lists"),
    ("old-manifest-stays", "kills", "the manifest lists"),
    ("temporary-files-stay", "kills", "is left over"),
    ("files-of-others-deleted", "kills", "the user's"),
    ("checksums-ignored", "flips", "shows something else"),
    ("errors-ignored", "limits", "it ends with 0, but"),
];

/// The argument by which this program is told to be wrong.
pub const PLANTED: &str = "--planted";

/// Tries each of the wrong programs; those that are not noticed are failures.
pub fn planted(asked: &Asked, program: &Program) -> Vec<Tally> {
    let counter = Counter::new("faults planted on purpose, to be noticed", None, None);
    for (fault, by, words) in FAULTS {
        let prefix = [PLANTED, fault, &program.path.to_string_lossy()].map(String::from).to_vec();
        let wrong = Program { path: std::env::current_exe().unwrap(), prefix };
        let case = if by == "flips" { "plot of a run" } else { "run --fresh over another" };
        let asked = Asked { case: case.to_owned(), expected: Some(words), ..asked.clone() };
        let prepared = Prepared::new(&asked, &wrong);
        let mut tallies = match by {
            "kills" => kills(&asked, &prepared, 200, None),
            "flips" => flips(&asked, &wrong, 60, None),
            _ => vec![limited(&asked, &prepared, 60, None)],
        };
        tallies.push(prepared.tally);
        if let Some(why) = tallies.iter().find_map(|tally| tally.not_tried.clone()) {
            counter.not_tried(why);
            continue;
        }
        let failures = tallies.iter().flat_map(|tally| &tally.failures);
        let noticed = failures.into_iter().find(|failure| failure.contains(words));
        if let Some(by) = noticed {
            println!("planted {fault}: noticed, {}", by.chars().take(160).collect::<String>());
        }
        let problem = noticed.is_none().then(|| "it was not noticed".to_owned());
        counter.count(|| format!("a program with the fault {fault}"), problem.as_slice());
    }
    vec![counter.end(Some(FAULTS.len() as u64))]
}

/// Does what the program does, with a fault.
pub fn act(arguments: &[String]) -> ExitCode {
    let [fault, program, rest @ ..] = arguments else { return ExitCode::from(2) };
    let case = CASES.iter().find(|case| case.name == "run --fresh over another").unwrap();
    let writes = rest.iter().map(String::as_str).eq(case.command.iter().copied());
    let here = Path::new(".");
    match fault.as_str() {
        "errors-ignored" => {
            let _ = Command::new(program).args(rest).status();
            return ExitCode::SUCCESS;
        }
        "checksums-ignored" if rest[0] == "plot" => seal_anew(&here.join(&rest[1])),
        _ if writes => {
            write(fault, program, rest, &here.join(case.folder));
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let status = Command::new(program).args(rest).status();
    ExitCode::from(status.ok().and_then(|status| status.code()).unwrap_or(101) as u8)
}

/// Makes the results elsewhere, and puts them into the folder in a wrong way.
fn write(fault: &str, program: &str, arguments: &[String], out: &Path) {
    let sources: Files = folder::read(Path::new(".")).into_iter().filter(|(name, _)| !name.contains('/')).collect();
    let elsewhere = folder::with(&sources);
    let made = Command::new(program).args(arguments).current_dir(elsewhere.path()).status();
    assert!(made.is_ok_and(|status| status.success()));
    let results = folder::read(&elsewhere.path().join("out/pair"));
    let manifest = |name: &str| name == "manifest.json";
    let mut order: Vec<&String> = results.keys().filter(|name| !manifest(name)).collect();
    match fault {
        "manifest-first" => order.insert(0, results.keys().find(|name| manifest(name)).unwrap()),
        _ => order.push(results.keys().find(|name| manifest(name)).unwrap()),
    }
    let temporary =
        |file: &Path| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".disinhibit-"));
    for entry in std::fs::read_dir(out).into_iter().flatten().flatten() {
        let stays = fault == "temporary-files-stay" || !temporary(&entry.path());
        let all = fault == "files-of-others-deleted" && entry.path().is_file();
        if !stays || all || (fault != "old-manifest-stays" && entry.file_name() == "manifest.json") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    std::fs::create_dir_all(out).unwrap();
    // In all else it is right: it says what it is about to write.
    let unfinished = out.join("unfinished.json");
    std::fs::write(&unfinished, json!({ "made": order }).to_string()).unwrap();
    for name in order {
        let half = out.join(format!(".disinhibit-{}{name}", std::process::id()));
        std::fs::write(&half, &results[name]).unwrap();
        std::fs::rename(half, out.join(name)).unwrap();
    }
    std::fs::remove_file(unfinished).unwrap();
}

/// Makes the manifest of a folder fit whatever lies there: as if nobody looked at checksums.
fn seal_anew(place: &Path) {
    let file = place.join("manifest.json");
    let Some(Value::Object(mut content)) = std::fs::read(&file).ok().and_then(|it| serde_json::from_slice(&it).ok())
    else {
        return;
    };
    for (name, checksum) in content.get_mut("made").and_then(Value::as_object_mut).into_iter().flatten() {
        *checksum = json!(folder::checksum(&std::fs::read(place.join(name)).unwrap_or_default()));
    }
    content.shift_remove("sha256");
    let seal = folder::checksum(Value::Object(content.clone()).to_string().as_bytes());
    content.insert("sha256".to_owned(), json!(seal));
    let _ = std::fs::write(file, format!("{:#}\n", Value::Object(content)));
}
