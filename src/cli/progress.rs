//! What the program says: results on standard output, progress and errors on standard error.

use super::Ending;
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often a plain line is written where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Writes a text to standard output. A reader that has gone away (`| head`) is no error.
pub(super) fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Writes a text to standard error.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Reports bad input.
pub(super) fn refuse(error: impl Display) -> Ending {
    note(error);
    Ending::BadInput
}

/// How far a sweep is: a bar on a terminal, plain lines elsewhere, nothing if quiet.
pub(super) struct Bar {
    line: ProgressBar,
    plain: bool,
    state: Mutex<State>,
}

struct State {
    started: Instant,
    last: Instant,
    done: u64,
    /// Done before this program started.
    skipped: u64,
    failed: usize,
    total: u64,
}

impl Bar {
    pub(super) fn new(total: u64, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if quiet || !terminal { ProgressBar::hidden() } else { ProgressBar::new(total) };
        let template = "{bar:30} {pos}/{len} runs, {per_sec}, {eta} left{msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let now = Instant::now();
        let state = State { started: now, last: now, done: 0, skipped: 0, failed: 0, total };
        Self { line: bar, plain: !quiet && !terminal, state: Mutex::new(state) }
    }

    /// Runs that were stored before.
    pub(super) fn skip(&self, runs: u64) {
        if let Ok(mut state) = self.state.lock() {
            state.skipped = runs.min(state.total);
            state.done = state.skipped;
            self.line.set_position(state.done);
            self.line.reset_eta();
        }
    }

    pub(super) fn advance(&self, runs: u64, failed: usize) {
        let Ok(mut state) = self.state.lock() else { return };
        state.done += runs;
        state.failed += failed;
        self.line.set_position(state.done);
        if state.failed > 0 {
            self.line.set_message(format!(", {} failed", state.failed));
        }
        if self.plain && state.last.elapsed() >= BETWEEN_LINES {
            state.last = Instant::now();
            let rate = (state.done - state.skipped) as f64 / state.started.elapsed().as_secs_f64().max(1e-9);
            let left = state.total.saturating_sub(state.done) as f64 / rate;
            let State { done, total, failed, .. } = *state;
            let left = HumanDuration(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX));
            note(format!("{done}/{total} runs, {rate:.0} per s, {left} left, {failed} failed"));
        }
    }

    pub(super) fn finish(&self) {
        self.line.finish_and_clear();
    }
}

/// How far a search without a known end is: a line on a terminal, plain lines elsewhere, nothing if quiet.
pub(super) struct Looking {
    line: ProgressBar,
    name: String,
    plain: bool,
    /// Seconds at which the last line was written.
    last: f64,
}

/// Seconds of a search before anything is said of it.
const BEFORE_FIRST: f64 = 1.0;

impl Looking {
    pub(super) fn new(name: &str, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let line = if quiet || !terminal { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
        Self { line, name: name.to_owned(), plain: !quiet && !terminal, last: 0.0 }
    }

    /// Goes on to another search, if it is another.
    pub(super) fn rename(&mut self, name: &str) {
        if self.name != name {
            name.clone_into(&mut self.name);
            self.last = 0.0;
        }
    }

    pub(super) fn advance(&mut self, starts: usize, found: usize, seconds: f64) {
        if seconds < BEFORE_FIRST {
            return;
        }
        let text = || format!("{}: {starts} starts followed, {found} fixed points found, {seconds:.0} s", self.name);
        if !self.plain {
            self.line.set_message(text());
            self.line.tick();
        } else if seconds - self.last >= BETWEEN_LINES.as_secs_f64() {
            self.last = seconds;
            note(text());
        }
    }

    pub(super) fn finish(&self) {
        self.line.finish_and_clear();
    }
}
