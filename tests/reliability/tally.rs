//! What was tried, and what failed.

use std::fmt::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Failures of a kind that are printed in full.
const MOST_SHOWN: usize = 12;

/// The tries of one kind.
#[derive(Debug, Default)]
pub struct Tally {
    pub name: String,
    pub tried: u64,
    /// How many there were to try, where that is a number.
    pub of: Option<u64>,
    pub failures: Vec<String>,
    /// Why some could not be tried.
    pub not_tried: Option<String>,
}

/// How often a line says how far the tries are.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

/// Where several threads count.
pub struct Counter {
    tally: Mutex<Tally>,
    said: Mutex<Instant>,
    until: Option<Instant>,
    /// A failure that is expected: then one with these words is enough, and none is worth a line.
    expected: Option<&'static str>,
}

impl Counter {
    pub fn new(name: &str, until: Option<Instant>, expected: Option<&'static str>) -> Self {
        let tally = Mutex::new(Tally { name: name.to_owned(), ..Tally::default() });
        Self { tally, said: Mutex::new(Instant::now()), until, expected }
    }

    /// Whether there is time for another, and need. There is for one of each kind: nothing passes without a try.
    pub fn goes_on(&self) -> bool {
        let tally = self.tally.lock().unwrap();
        let noticed = |words: &str| tally.failures.iter().any(|failure| failure.contains(words));
        let in_time = tally.tried == 0 || self.until.is_none_or(|until| Instant::now() < until);
        in_time && !self.expected.is_some_and(noticed)
    }

    /// Counts a try, and what was wrong with it.
    pub fn count(&self, about: impl FnOnce() -> String, problems: &[String]) {
        let mut tally = self.tally.lock().unwrap();
        tally.tried += 1;
        if !problems.is_empty() {
            let failure = format!("{}: {}", about(), problems.join("; "));
            if tally.failures.len() < MOST_SHOWN && self.expected.is_none() {
                eprintln!("FAILED {failure}");
            }
            tally.failures.push(failure);
        }
        self.say(&tally);
    }

    /// Says how far it is, now and then.
    fn say(&self, tally: &Tally) {
        let mut said = self.said.lock().unwrap();
        if said.elapsed() > BETWEEN_LINES {
            *said = Instant::now();
            eprintln!("{}: {} tried, {} failed", tally.name, tally.tried, tally.failures.len());
        }
    }

    /// Counts many tries that went well.
    pub fn count_many(&self, tries: u64) {
        let mut tally = self.tally.lock().unwrap();
        tally.tried += tries;
        self.say(&tally);
    }

    pub fn not_tried(&self, why: String) {
        self.tally.lock().unwrap().not_tried = Some(why);
    }

    /// The tally, with how many there were to try.
    pub fn end(self, of: Option<u64>) -> Tally {
        Tally { of, ..self.tally.into_inner().unwrap() }
    }
}

/// All tries as a table.
pub fn table(tallies: &[Tally]) -> String {
    let mut text = format!("{:<44}{:>10}{:>10}{:>10}\n", "", "tried", "of", "failed");
    for tally in tallies {
        let of = tally.of.map_or("-".to_owned(), |of| of.to_string());
        let why = tally.not_tried.as_ref().map_or(String::new(), |why| format!("  not tried: {why}"));
        let (name, tried, failed) = (&tally.name, tally.tried, tally.failures.len());
        let _ = writeln!(text, "{name:<44}{tried:>10}{of:>10}{failed:>10}{why}");
    }
    text
}
