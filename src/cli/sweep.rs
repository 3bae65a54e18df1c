//! `sweep` and `merge`: a scenario at every point of a design, to a table and figures.

use super::plot::Drawn;
use super::progress::{Bar, note, refuse, say};
use super::warnings::{Heed, heed, with_warnings};
use super::{Ending, MergeArguments, SweepArguments};
use crate::config::{Kind, Loaded, load};
use crate::equilibrium::calibrate;
use crate::scenario::path::segments;
use crate::scenario::{Calibration, Setting};
use crate::store::StoreError;
use crate::store::sweep::{Identity, RESULTS, Shard, SweepStore, merge};
use crate::sweep::{Engine, Row};
use rayon::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Runs in a chunk: enough to fill the lanes of several threads, few enough to lose little when stopped.
const RUNS_PER_CHUNK: u64 = 128;
/// More runs than this are started only when they are confirmed: mostly they are a slip in the number of points.
pub(super) const MOST_RUNS: u64 = 1_000_000;
/// What would take longer goes on only when it is confirmed.
const MOST_DAYS: f64 = 3.0;
/// How long a sweep has run before its pace tells how long it takes.
const SECONDS_TO_TELL: f64 = 30.0;
const SECONDS_PER_DAY: f64 = 86_400.0;

pub(super) fn sweep(arguments: &SweepArguments) -> Ending {
    if let Err(message) = super::run::use_threads(arguments.threads) {
        return refuse(message);
    }
    let file = arguments.file.display();
    let loaded = match load(&arguments.file, &arguments.set) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(error.render()),
    };
    if loaded.kind != Kind::Sweep {
        return refuse(format!("error: {file}: this is no sweep; expected a file with `scenario` and [[axes]]"));
    }
    let (engine, identity, name) = match prepare(&loaded) {
        Ok(prepared) => prepared,
        Err(message) => return refuse(format!("error: {file}: {message}")),
    };
    if let Some(axis) = engine.design.axes().iter().find(|axis| arguments.set.iter().any(|set| sets(set, &axis.path))) {
        return refuse(format!(
            "error: --set {}: an axis of {file} moves it; expected another parameter, or other values of the axis",
            axis.path
        ));
    }
    if let Some(point) = arguments.point {
        return show_point(&loaded, &engine, point, &arguments.set);
    }
    if let Err(ending) = heed(&loaded.warnings, Heed { strict: arguments.strict, quiet: arguments.quiet }) {
        return ending;
    }
    let shard = arguments.shard.unwrap_or(Shard::WHOLE);
    let runs = engine.runs() / shard.count;
    if runs > MOST_RUNS && !arguments.yes {
        return refuse(format!(
            "error: {file}: {runs} runs, more than {MOST_RUNS}; --yes starts them, and --shard shares them out"
        ));
    }
    let out = arguments.out.clone().filter(|out| !out.as_os_str().is_empty());
    let out = out.unwrap_or_else(|| Path::new("out").join(folder_of(&name, shard)));
    let store = match SweepStore::open(&out, &engine, identity, shard, arguments.fresh) {
        Ok(store) => store.noting(with_warnings(json!({}), &loaded.warnings)),
        Err(error) => return refuse(format!("error: {error}")),
    };
    if !arguments.quiet
        && loaded.scenario.run.start.is_empty()
        && let Ok(rest) = calibrate(&loaded.scenario.circuit)
    {
        super::check::describe_others(&rest);
    }
    match run_chunks(&engine, &store, arguments) {
        Ok(Finish::TooLong(days)) => refuse(format!(
            "error: {file}: at this pace it would take {days:.0} days more, over {MOST_DAYS:.0}; --yes goes on (what is stored stays)"
        )),
        Ok(Finish::Stopped(left)) => {
            note(format!("stopped; {left} chunks are left: run the same command again to go on"));
            Ending::SomeFailed
        }
        Ok(Finish::Complete) => finish(&store, shard, &out, arguments),
        Err(error) => {
            refuse(format!("error: {error}\nwhat is stored already stays; run the same command again to go on"))
        }
    }
}

fn finish(store: &SweepStore, shard: Shard, out: &Path, arguments: &SweepArguments) -> Ending {
    if shard.count > 1 {
        if !arguments.quiet {
            say(format!("shard {}/{}: {}", shard.index, shard.count, out.display()));
            say("join all shards with: disinhibit merge FOLDER... --out FOLDER");
        }
        return match store.failed() {
            Ok(failed) => ending(failed),
            Err(error) => refuse(format!("error: {error}")),
        };
    }
    if let Err(error) = store.join(arguments.csv) {
        return refuse(format!("error: {error}"));
    }
    draw(out, arguments.quiet)
}

/// How a sweep ends of which so many arms failed.
fn ending(failed: u64) -> Ending {
    if failed == 0 {
        return Ending::Done;
    }
    let (arms, theirs) = if failed == 1 { ("arm", "it") } else { ("arms", "they") };
    note(format!("{failed} {arms} of points ended badly: the column `status` says how {theirs} did"));
    Ending::SomeFailed
}

/// Draws what is in a folder, and says what is there.
fn draw(out: &Path, quiet: bool) -> Ending {
    let Drawn { files, undrawn, failed } = match super::plot::draw_sweep(out, &[]) {
        Ok(drawn) => drawn,
        Err(error) => return refuse(format!("error: {error}")),
    };
    if !quiet {
        say(format!("results: {}", out.join(RESULTS).display()));
        for analysis in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "csv")) {
            say(format!("analysis: {}", analysis.display()));
        }
        super::output::say_figures(&files);
        super::plot::say_undrawn(&undrawn);
    }
    ending(failed)
}

pub(super) fn merge_shards(arguments: &MergeArguments) -> Ending {
    match merge(&arguments.folders, &arguments.out, arguments.csv) {
        Ok(_) => draw(&arguments.out, arguments.quiet),
        Err(error) => refuse(format!("error: {error}")),
    }
}

/// Whether a `PATH=VALUE` is about a parameter.
fn sets(argument: &str, path: &str) -> bool {
    argument.split_once('=').is_some_and(|(set, _)| segments(set.trim()) == segments(path))
}

fn prepare(loaded: &Loaded) -> Result<(Engine, Identity, String), String> {
    let bound = loaded.sweep.as_ref().ok_or("this is no sweep")?;
    let held = match loaded.scenario.run.drive {
        Calibration::Recalibrate => None,
        Calibration::Hold => {
            let held = calibrate(&loaded.before_set.circuit).map_err(|error| error.to_string())?;
            Some(held)
        }
    };
    let engine = Engine::new(bound, &loaded.scenario, held).map_err(|error| error.to_string())?;
    let identity = Identity::new(&bound.sweep, &loaded.scenario, &engine, RUNS_PER_CHUNK, crate::BUILD);
    Ok((engine, identity, bound.sweep.name.clone()))
}

fn folder_of(name: &str, shard: Shard) -> PathBuf {
    let name = super::run::folder_name(name);
    if shard.count == 1 { name.into() } else { format!("{name}-{}-of-{}", shard.index, shard.count).into() }
}

/// How the chunks ended.
enum Finish {
    /// All are stored.
    Complete,
    /// It would take so many days more.
    TooLong(f64),
    /// The user stopped; so many are left.
    Stopped(u64),
}

/// Why no more chunks are run.
enum Halt {
    /// The user asked for it.
    Stopped,
    /// It would take so many days more.
    TooLong(f64),
    /// A chunk could not be stored.
    Failed(StoreError),
}

/// Runs and stores the chunks that are missing, several at a time.
fn run_chunks(engine: &Engine, store: &SweepStore, arguments: &SweepArguments) -> Result<Finish, StoreError> {
    let stop = Arc::new(AtomicBool::new(false));
    stop_when_asked(stop.clone());
    let stored = store.stored()?;
    let runs_of = |chunk: u64| chunk * RUNS_PER_CHUNK..((chunk + 1) * RUNS_PER_CHUNK).min(engine.runs());
    let count = |chunk: u64| runs_of(chunk).end - runs_of(chunk).start;
    let last = store.chunks().checked_sub(1).map(|place| store.chunk(place));
    let short = last.map_or(0, |chunk| RUNS_PER_CHUNK - count(chunk));
    let bar = Bar::new(store.chunks() * RUNS_PER_CHUNK - short, arguments.quiet);
    bar.skip(stored.iter().map(|chunk| count(*chunk)).sum());
    let (done, started) = (AtomicU64::new(0), Instant::now());
    let missing = store.chunks() - stored.len() as u64;
    // A shard of more chunks than can be counted here would never end.
    let places = 0..usize::try_from(store.chunks()).unwrap_or(usize::MAX);
    let ran = places.into_par_iter().with_max_len(1).try_for_each(|place| {
        let chunk = store.chunk(place as u64);
        if stored.contains(&chunk) {
            return Ok(());
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Halt::Stopped);
        }
        let rows: Vec<Row> = engine.rows(runs_of(chunk));
        let badly = rows.iter().filter(|row| row.status != "ok").count();
        store.write_chunk(chunk, &rows).map_err(Halt::Failed)?;
        bar.advance(count(chunk), badly);
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        let days = days_left(started.elapsed(), done, missing);
        if days > MOST_DAYS && !arguments.yes { Err(Halt::TooLong(days)) } else { Ok(()) }
    });
    bar.finish();
    // What is left to do can be done again: an interrupt now ends the program.
    stop.store(true, Ordering::Relaxed);
    match ran {
        Ok(()) => Ok(Finish::Complete),
        Err(Halt::TooLong(days)) => Ok(Finish::TooLong(days)),
        Err(Halt::Stopped) => Ok(Finish::Stopped(store.chunks() - stored.len() as u64 - done.into_inner())),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// How many days the rest takes at the pace so far; 0 while too little has been seen to tell.
fn days_left(elapsed: Duration, done: u64, missing: u64) -> f64 {
    let seconds = elapsed.as_secs_f64();
    if seconds < SECONDS_TO_TELL { 0.0 } else { (missing - done) as f64 * seconds / done as f64 / SECONDS_PER_DAY }
}

/// At the first interrupt asks for a stop after the chunks at work; at the second ends the program. Where no handler can be
/// set, the first ends it. Nothing that is stored is lost.
fn stop_when_asked(stop: Arc<AtomicBool>) {
    let _ = ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        note("stopping after the chunks at work; once more to stop at once (what is stored stays)");
    });
}

/// The command that runs one point by itself.
fn show_point(loaded: &Loaded, engine: &Engine, point: u64, set: &[String]) -> Ending {
    if point >= engine.design.points() {
        return refuse(format!("error: --point {point}: the design has points 0 to {}", engine.design.points() - 1));
    }
    let Some(bound) = &loaded.sweep else { return Ending::BadInput };
    let file = loaded.folder.join(&bound.sweep.scenario_file).display().to_string();
    let plain = file.chars().all(|letter| letter.is_alphanumeric() || "/._-+".contains(letter));
    let mut command = format!("disinhibit run {}", if plain { file } else { quoted(&file) });
    for argument in set {
        command.extend([" --set ", &quoted(argument)]);
    }
    let values = engine.design.point(point);
    for (axis, value) in engine.design.axes().iter().zip(&values) {
        let text = match &value.setting {
            Setting::Number(number) => number.to_string(),
            Setting::Text(text) => text.clone(),
            Setting::Flag(flag) => flag.to_string(),
        };
        command.extend([" --set ", &quoted(&format!("{}={text}", axis.path))]);
    }
    if !bound.sweep.report.is_empty() {
        let times: Vec<&str> = bound.sweep.report.iter().map(|time| time.label.as_str()).collect();
        command.extend([" --set ", &quoted(&format!("run.report={}", times.join(", ")))]);
    }
    let stream = engine.stream(&values);
    if stream != 0 {
        command.extend([" --stream ", &stream.to_string()]);
    }
    say(command);
    Ending::Done
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
