//! Bits flip in every kind of file that the program keeps and reads again: each reader must refuse and name the file, or do
//! exactly what it does with the whole file.

use super::folder::{self, Files, differences};
use super::program::{ORDINARY, Program};
use super::tally::{Counter, Tally};
use super::trace::{Act, follow};
use super::{Asked, in_parallel};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::sync::Mutex;

/// Stored results, and a command that reads them.
struct Shelf {
    name: &'static str,
    before: &'static [&'static [&'static str]],
    folder: &'static str,
    reader: &'static [&'static str],
}

const SHELVES: [Shelf; 10] = [
    Shelf {
        name: "plot of a run",
        before: &[&["run", "measured.toml", "-q"]],
        folder: "out/measured",
        reader: &["plot", "out/measured", "-q"],
    },
    Shelf {
        name: "run again",
        before: &[&["run", "measured.toml", "-q"]],
        folder: "out/measured",
        reader: &["run", "measured.toml", "-q"],
    },
    Shelf {
        name: "run --fresh",
        before: &[&["run", "measured.toml", "-q"]],
        folder: "out/measured",
        reader: &["run", "measured.toml", "-q", "--fresh"],
    },
    Shelf {
        name: "plot of a sweep",
        before: &[&["sweep", "two.toml", "-q"]],
        folder: "out/two",
        reader: &["plot", "out/two", "-q"],
    },
    Shelf {
        name: "sweep again",
        before: &[&["sweep", "two.toml", "-q"]],
        folder: "out/two",
        reader: &["sweep", "two.toml", "-q"],
    },
    Shelf {
        name: "merge",
        before: &[&["sweep", "two.toml", "-q", "--shard", "1/2"], &["sweep", "two.toml", "-q", "--shard", "2/2"]],
        folder: "out",
        reader: &["merge", "out/two-1-of-2", "out/two-2-of-2", "--out", "merged", "-q"],
    },
    Shelf {
        name: "findings again",
        before: &[&["findings", "studies", "-q"]],
        folder: "out/findings",
        reader: &["findings", "studies", "-q"],
    },
    Shelf {
        name: "analyze again",
        before: &[&["analyze", "pair.toml", "-q"]],
        folder: "out/pair-analysis",
        reader: &["analyze", "pair.toml", "-q"],
    },
    Shelf {
        name: "explain again",
        before: &[&["explain", "pair.toml", "-q", "--at", "1 min"]],
        folder: "out/pair-explanation",
        reader: &["explain", "pair.toml", "-q", "--at", "1 min"],
    },
    Shelf { name: "run after a killed one", before: &[], folder: "out/pair", reader: &["run", "pair.toml", "-q"] },
];

/// A shelf as it stands, and what the reader makes of it.
struct Stored {
    shelf: &'static Shelf,
    files: Files,
    read: Files,
    /// Names of files that may be damaged, by kind: each kind is tried as often as any other.
    kinds: Vec<Vec<String>>,
}

impl Stored {
    fn new(shelf: &'static Shelf, program: &Program) -> Result<Self, String> {
        let place = folder::with(&super::cases::sources());
        for command in shelf.before {
            let ended = program.run(place.path(), command, ORDINARY);
            if ended.code != Some(0) {
                return Err(format!("{}: {command:?} ends with {}", shelf.name, ended.message()));
            }
        }
        if shelf.before.is_empty() {
            // Some files are written, and more are listed as unfinished.
            follow(program, place.path(), shelf.reader, Act::Kill { call: 12, after: false })?;
        }
        let files = folder::read(place.path());
        let ended = program.run(place.path(), shelf.reader, ORDINARY);
        if ended.code != Some(0) {
            return Err(format!("{}: undisturbed, it ends with {}", shelf.name, ended.message()));
        }
        let mut kinds = std::collections::BTreeMap::<String, Vec<String>>::new();
        for name in files.keys().filter(|name| name.starts_with(shelf.folder) && !name.ends_with("/lock")) {
            let plain = name.rsplit('/').next().unwrap_or(name);
            let drawn = plain.ends_with(".svg") || plain.ends_with(".png");
            let kind = if name.contains("/chunks/") { "chunk" } else { plain };
            kinds.entry(if drawn { "figure" } else { kind }.to_owned()).or_default().push(name.clone());
        }
        Ok(Self { shelf, files, read: folder::read(place.path()), kinds: kinds.into_values().collect() })
    }

    /// Flips a bit, or where `much` does worse to the file, and reads.
    fn attempt(&self, program: &Program, seed: u64) -> (String, Vec<String>) {
        let mut random = SmallRng::seed_from_u64(seed);
        let kind = &self.kinds[random.random_range(0..self.kinds.len())];
        let name = &kind[random.random_range(0..kind.len())];
        let mut files = self.files.clone();
        let bytes = files.get_mut(name).unwrap();
        if bytes.is_empty() {
            return (String::new(), Vec::new());
        }
        let place = random.random_range(0..bytes.len());
        let bit = random.random_range(0..8);
        bytes[place] ^= 1 << bit;
        let flipped = bytes.clone();
        let about = format!("{}, `{name}`, byte {place}, bit {bit}", self.shelf.name);
        let dir = folder::with(&files);
        let ended = program.run(dir.path(), self.shelf.reader, ORDINARY);
        let mut found = folder::read(dir.path());
        let mut problems: Vec<String> = ended.crash().into_iter().collect();
        if ended.code == Some(0) {
            // A file that the reader does not look at stays as it is.
            if found.get(name) == Some(&flipped) {
                found.insert(name.clone(), self.read.get(name).cloned().unwrap_or_default());
            }
            let how = differences(&found, &self.read);
            if !how.is_empty() {
                problems.push(format!("it ends with 0 and shows something else: {}", how.join(", ")));
            }
        } else if !ended.errors.contains(name.rsplit('/').next().unwrap_or(name)) {
            problems.push(format!("it does not name the file: {}", ended.message()));
        }
        (about, problems)
    }
}

/// Flips so many bits, each in a whole copy.
pub fn flips(asked: &Asked, program: &Program, most: u64, until: Option<std::time::Instant>) -> Vec<Tally> {
    let counter = Counter::new("flipped bits of stored files", until, asked.expected);
    let shelves: Vec<&Shelf> = SHELVES.iter().filter(|shelf| shelf.name.contains(&asked.case)).collect();
    let stored = Mutex::new(Vec::new());
    in_parallel(asked.jobs, &shelves, |shelf| {
        match Stored::new(shelf, program) {
            Ok(shelf) => stored.lock().unwrap().push(shelf),
            Err(problem) => counter.count(|| shelf.name.to_owned(), &[problem]),
        }
        true
    });
    let mut stored: Vec<Stored> = stored.into_inner().unwrap();
    // The same seed tries the same, whichever shelf was ready first.
    stored.sort_by_key(|stored| stored.shelf.name);
    if stored.is_empty() {
        return vec![counter.end(None)];
    }
    in_parallel(asked.jobs, &(0..most).collect::<Vec<u64>>(), |number| {
        if counter.goes_on() {
            let shelf = &stored[(*number % stored.len() as u64) as usize];
            let (about, problems) = shelf.attempt(program, asked.seed.wrapping_mul(0x9e37_79b9).wrapping_add(*number));
            counter.count(|| about, &problems);
        }
        counter.goes_on()
    });
    vec![counter.end(None)]
}
