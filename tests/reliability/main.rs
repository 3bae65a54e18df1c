//! Nothing lost, nothing silent: a program that tries the program with hostile hands, for as long as one likes.
//!
//! ```text
//! cargo test --test reliability                          some seconds of everything
//! cargo test --release --test reliability -- --minutes 10
//! cargo test --release --test reliability -- --kills 10000 --flips 10000 --faults 2000 --mutations 1000000 --seed 2
//! ```
//!
//! It counts what it tries and what fails, prints a table, and ends with 1 where anything failed.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod cases;
mod faults;
mod flips;
mod folder;
mod invariants;
mod kills;
mod mutate;
mod mutations;
mod planted;
mod prepared;
mod program;
mod tally;
mod trace;

use prepared::Prepared;
use program::Program;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tally::Tally;

/// Minutes that are spent where nothing is asked for.
const MINUTES: f64 = 0.5;

/// More of a kind than there is time for.
const MANY: u64 = 1_000_000;

/// What is asked for on the command line.
#[derive(Clone, Default)]
pub struct Asked {
    /// How many of each kind, where that was said.
    pub numbers: [Option<u64>; 4],
    minutes: Option<f64>,
    pub seed: u64,
    pub jobs: usize,
    /// Only cases with this in their name.
    pub case: String,
    /// Words of a failure that is expected.
    pub expected: Option<&'static str>,
    program: Option<String>,
    /// Whether it is an error where programs cannot be followed.
    must_follow: bool,
}

const KINDS: [&str; 4] = ["--kills", "--faults", "--flips", "--mutations"];

impl Asked {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let mut asked = Self { seed: 1, jobs, ..Self::default() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--must-follow" {
                asked.must_follow = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
            let number = || value.parse::<u64>().map_err(|_| format!("{argument}: `{value}` is no whole number"));
            match argument.as_str() {
                "--seed" => asked.seed = number()?,
                "--jobs" => asked.jobs = number()?.max(1) as usize,
                "--minutes" => asked.minutes = Some(value.parse().map_err(|_| format!("{value}: no number"))?),
                "--case" => asked.case.clone_from(value),
                "--program" => asked.program = Some(value.clone()),
                _ => match KINDS.iter().position(|kind| kind == argument) {
                    Some(kind) => asked.numbers[kind] = Some(number()?),
                    None => {
                        return Err(format!(
                            "`{argument}` is unknown; expected --minutes, --seed, --jobs, --case, \
                        --program, --must-follow or one of {}",
                            KINDS.join(", ")
                        ));
                    }
                },
            }
        }
        if asked.minutes.is_none() && asked.numbers.iter().all(Option::is_none) {
            asked.minutes = Some(MINUTES);
        }
        Ok(asked)
    }
}

/// Does something with each of `all`, several at a time, until one says that there is no more time.
pub fn in_parallel<T: Sync>(jobs: usize, all: &[T], attempt: impl Fn(&T) -> bool + Sync) {
    let (next, goes_on) = (AtomicUsize::new(0), AtomicBool::new(true));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while goes_on.load(Ordering::Relaxed) {
                    let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    if !attempt(one) {
                        goes_on.store(false, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(planted::PLANTED) => return planted::act(&arguments[1..]),
        Some(mutations::WORKER) => return mutations::work(&arguments[1..]),
        // What `cargo test NAME`, `--ignored` and the like pass to every test program.
        Some("--list") => return ExitCode::SUCCESS,
        Some(filter) if !filter.starts_with("--") => return ExitCode::SUCCESS,
        Some("--ignored" | "--nocapture" | "--exact" | "--skip" | "--test-threads" | "--include-ignored") => {
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    match Asked::read(&arguments) {
        Ok(asked) => attempt_all(&asked),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn attempt_all(asked: &Asked) -> ExitCode {
    let path = asked.program.as_deref().unwrap_or(env!("CARGO_BIN_EXE_disinhibit")).into();
    let program = Program { path, prefix: Vec::new() };
    let started = Instant::now();
    let mut tallies: Vec<Tally> = Vec::new();
    if asked.case.is_empty() {
        tallies.extend(planted::planted(asked, &program));
    }
    let endless = if asked.numbers.iter().all(Option::is_none) { MANY } else { 0 };
    let [kill, fail, flip, mutate] = asked.numbers.map(|number| number.unwrap_or(endless));
    let prepared = (kill + fail > 0).then(|| Prepared::new(asked, &program));
    // What comes before every try is not counted.
    let until = asked.minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(60.0 * minutes));
    let mut left = [kill, fail, flip, mutate].iter().filter(|most| **most > 0).count() as u32;
    // The time that is left is shared among the parts that are left.
    let mut share = || {
        let now = Instant::now();
        let share = until.map(|until| now + until.saturating_duration_since(now) / left.max(1));
        left = left.saturating_sub(1);
        share
    };
    if let Some(prepared) = prepared {
        if kill > 0 {
            tallies.extend(kills::kills(asked, &prepared, kill, share()));
        }
        if fail > 0 {
            tallies.extend(faults::faults(asked, &prepared, fail, share()));
        }
        tallies.push(prepared.tally);
    }
    if flip > 0 {
        tallies.extend(flips::flips(asked, &program, flip, share()));
    }
    if mutate > 0 {
        tallies.extend(mutations::mutations(asked, &program, mutate, share()));
    }
    println!("{}", tally::table(&tallies));
    println!("seed {}, {:.0} s, {} at a time", asked.seed, started.elapsed().as_secs_f64(), asked.jobs);
    let unfollowed = asked.must_follow && tallies.iter().any(|tally| tally.not_tried.is_some());
    let failed = tallies.iter().any(|tally| !tally.failures.is_empty());
    ExitCode::from(u8::from(failed || unfollowed))
}
