//! Changed configurations. All are read by the library, in processes of their own that are watched; some go through every
//! command of the program, with bounds on time and memory. Nothing may panic, hang or die; what is refused names the file, and
//! what is accepted reads the same again as it is stored, and gives numbers.

use super::folder::{self, Files};
use super::mutate::mutated;
use super::program::{Ended, ORDINARY, Program};
use super::tally::{Counter, Tally};
use super::{Asked, in_parallel};
use disinhibit::config::{Kind, Loaded, load_from, writer};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use std::io::{Error, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The argument by which this program reads changed files itself.
pub const WORKER: &str = "--work";
/// Files in a batch of a worker.
const BATCH: u64 = 2000;
/// Of so many changed files one goes through a command.
const SAMPLED: u64 = 250;
/// What reading a file may take, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(30);
/// What a worker may use.
const WORKERS: &str = "ulimit -v 8000000; ulimit -t 900; ulimit -c 0";

/// Where configurations stand in the repository.
const FOLDERS: [&str; 2] = ["configs", "tests/cases"];

/// All configurations by name.
fn configurations() -> Files {
    let all = FOLDERS.iter().flat_map(|name| {
        let files = folder::read(Path::new(name));
        files.into_iter().map(move |(file, bytes)| (format!("{name}/{file}"), bytes))
    });
    all.filter(|(name, _)| name.ends_with(".toml")).collect()
}

/// The changed file of this number: its name and content.
fn changed(files: &Files, all: &[Vec<u8>], gently: bool, seed: u64) -> (String, Vec<u8>, SmallRng) {
    let mut random = SmallRng::seed_from_u64(seed);
    let names: Vec<&String> = files.keys().collect();
    let name = (*names.choose(&mut random).unwrap()).clone();
    let bytes = mutated(&files[&name], all, gently, &mut random);
    (name, bytes, random)
}

fn seed_of(seed: u64, number: u64) -> u64 {
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number)
}

/// Reads changed files `FROM` to `TO` and says what was wrong with them; `PROGRESS` is a file that says where it is.
pub fn work(arguments: &[String]) -> ExitCode {
    let [seed, from, to, progress] = arguments else { return ExitCode::from(2) };
    let number = |text: &String| text.parse::<u64>().unwrap();
    let files = configurations();
    let all: Vec<Vec<u8>> = files.values().cloned().collect();
    std::panic::set_hook(Box::new(|_| {}));
    // As much stack as the program's own first thread has.
    let worker = std::thread::Builder::new().stack_size(8 << 20).spawn({
        let (seed, from, to, progress) = (number(seed), number(from), number(to), progress.clone());
        move || {
            for number in from..to {
                std::fs::write(&progress, number.to_string()).unwrap();
                let (name, bytes, _) = changed(&files, &all, false, seed_of(seed, number));
                let started = Instant::now();
                let mut problem = match catch_unwind(AssertUnwindSafe(|| read(&name, &bytes))) {
                    Ok(problem) => problem,
                    Err(panic) => Some(format!("it panics: {:?}", panic.downcast_ref::<String>())),
                };
                if started.elapsed() > LONGEST {
                    problem = Some(format!("reading it takes {:?}", started.elapsed()));
                }
                if let Some(problem) = problem {
                    println!("changed file {number} ({name}): {problem}");
                }
            }
        }
    });
    ExitCode::from(u8::from(worker.unwrap().join().is_err()))
}

/// What is wrong with how a changed file is read.
fn read(name: &str, bytes: &[u8]) -> Option<String> {
    let here = |path: &Path| -> PathBuf { path.components().fold(PathBuf::new(), resolved) };
    let file = |path: &Path| {
        if here(path) == Path::new(name) {
            return Ok(bytes.to_vec());
        }
        std::fs::read(path).map_err(|_| Error::new(ErrorKind::NotFound, "no such file"))
    };
    match load_from(Path::new(name), &[], &file) {
        Ok(loaded) => reads_again(&loaded),
        Err(error) => {
            let text = error.render();
            (!text.contains(".toml")).then(|| format!("the error names no file: {text}"))
        }
    }
}

/// A path with the next part, where `..` leads back.
fn resolved(mut path: PathBuf, part: std::path::Component<'_>) -> PathBuf {
    match part {
        std::path::Component::ParentDir if path.file_name().is_some() => {
            path.pop();
        }
        std::path::Component::CurDir => {}
        part => path.push(part),
    }
    path
}

/// A scenario that is accepted is stored with its results, and must be the same when it is read from there.
fn reads_again(loaded: &Loaded) -> Option<String> {
    if loaded.kind != Kind::Scenario || !loaded.scenario.observed.is_empty() {
        return None;
    }
    let stored = writer::to_toml(&loaded.scenario);
    let file = |_: &Path| Ok(stored.clone().into_bytes());
    match load_from(Path::new("stored.toml"), &[], &file) {
        Ok(again) if writer::to_toml(&again.scenario) == stored => None,
        Ok(_) => Some("stored and read again, it is another".to_owned()),
        Err(error) => Some(format!("stored, it does not read: {}", error.render())),
    }
}

/// Reads changed files in watched processes.
fn reading(asked: &Asked, most: u64, until: Option<Instant>) -> Tally {
    let counter = Counter::new("changed configurations, read", until, None);
    let worker = Program { path: std::env::current_exe().unwrap(), prefix: vec![WORKER.to_owned()] };
    let batches: Vec<u64> = (0..most.div_ceil(BATCH)).collect();
    in_parallel(asked.jobs, &batches, |batch| {
        let (mut from, to) = (batch * BATCH, ((batch + 1) * BATCH).min(most));
        while from < to && counter.goes_on() {
            let progress = tempfile::NamedTempFile::new().unwrap();
            let at = progress.path().to_string_lossy();
            let [seed, first, last] = [asked.seed, from, to].map(|number| number.to_string());
            let ended = worker.run(Path::new("."), &[&seed, &first, &last, &at], WORKERS);
            let wrong: Vec<&str> = ended.output.lines().filter(|line| line.starts_with("changed file")).collect();
            wrong.iter().for_each(|line| counter.count(|| "read".to_owned(), &[(*line).to_owned()]));
            let mut done = to;
            if let Some(crash) = ended.crash().filter(|_| ended.code != Some(0)) {
                let number =
                    std::fs::read_to_string(progress.path()).ok().and_then(|text| text.parse().ok()).unwrap_or(from);
                counter.count(|| format!("changed file {number}"), &[crash]);
                done = number + 1;
            }
            counter.count_many((done - from).saturating_sub(wrong.len() as u64 + u64::from(done < to)));
            from = done;
        }
        counter.goes_on()
    });
    counter.end(None)
}

/// What a command of the program may be asked of a file of a kind.
fn commands(name: &str) -> &'static [&'static [&'static str]] {
    match name {
        name if name.contains("/findings/") => &[&["findings", "configs/findings", "-q"], &["check", "FILE", "-q"]],
        name if name.contains("/hypotheses/") => &[&["check", "FILE", "-q"]],
        name if name.contains("/sweeps/") || name.contains("sw") => {
            &[&["check", "FILE"], &["sweep", "FILE", "-q", "--shard", "1/1000"], &["sweep", "FILE", "--point", "0"]]
        }
        _ => &[
            &["check", "FILE"],
            &["check", "FILE", "--markdown"],
            &["run", "FILE"],
            &["run", "FILE", "--out", "out/other"],
            &["explain", "FILE"],
            &["analyze", "FILE", "--seconds", "2"],
        ],
    }
}

/// Lets changed files go through commands.
fn running(asked: &Asked, program: &Program, most: u64, until: Option<Instant>) -> Tally {
    let counter = Counter::new("changed configurations, through commands", until, None);
    let files = configurations();
    let all: Vec<Vec<u8>> = files.values().cloned().collect();
    let numbers: Vec<u64> = (0..most).collect();
    in_parallel(asked.jobs, &numbers, |number| {
        if counter.goes_on() {
            let (name, bytes, mut random) = changed(&files, &all, true, !seed_of(asked.seed, *number));
            let command = commands(&name).choose(&mut random).unwrap();
            let command: Vec<&str> = command.iter().map(|word| if *word == "FILE" { &*name } else { word }).collect();
            let mut tree = files.clone();
            if name.contains("/findings/") {
                tree.retain(|other, _| !other.contains("/findings/"));
            }
            tree.insert(name.clone(), bytes);
            let place = folder::with(&tree);
            let ended = program.run(place.path(), &command, ORDINARY);
            let mut problems: Vec<String> = ended.crash().into_iter().collect();
            problems.extend(sane(&ended, &folder::read(&place.path().join("out"))));
            if !problems.is_empty()
                && let Ok(keep) = std::env::var("RELIABILITY_KEEP")
            {
                let kept = Path::new(&keep).join(format!("{}-{number}.toml", asked.seed));
                let _ = std::fs::write(kept, &tree[&name]);
            }
            counter.count(|| format!("changed file {number} ({name}), {}", command.join(" ")), &problems);
        }
        counter.goes_on()
    });
    counter.end(None)
}

/// What ended well must have given numbers.
fn sane(ended: &Ended, results: &Files) -> Vec<String> {
    if ended.code != Some(0) {
        let silent = ended.signal.is_none() && ended.errors.trim().is_empty();
        return if silent { vec!["it fails and says nothing".to_owned()] } else { Vec::new() };
    }
    let mut problems = Vec::new();
    for (name, bytes) in results.iter().filter(|(name, _)| name.ends_with("/summary.json")) {
        let summary: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        for arm in summary["arms"].as_array().into_iter().flatten() {
            let rates = arm["rates_hz"].as_object().into_iter().flatten();
            let numbers = rates.flat_map(|(_, rates)| rates.as_object().into_iter().flatten());
            if arm["status"] != "ok" || numbers.into_iter().any(|(_, rate)| rate.is_null()) {
                problems.push(format!("it ends with 0, but {name} has an arm without numbers: {}", arm["name"]));
            }
        }
    }
    problems
}

pub fn mutations(asked: &Asked, program: &Program, most: u64, until: Option<Instant>) -> Vec<Tally> {
    let half = until.map(|until| {
        let now = Instant::now();
        now + until.saturating_duration_since(now) / 2
    });
    // A changed experiment may be so long that a command takes its minute; whoever asks for a number has the time.
    if asked.numbers[3].is_none() {
        return vec![reading(asked, most, until)];
    }
    vec![reading(asked, most, half), running(asked, program, most.div_ceil(SAMPLED), until)]
}
