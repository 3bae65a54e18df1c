//! Warnings: what a file says without effect, or hardly as it was meant. They are told before anything runs, and kept beside
//! the results; with `--strict` nothing runs.

use super::Ending;
use super::progress::{note, refuse};
use crate::config::Diagnostic;
use serde_json::{Value, json};

/// How warnings are taken.
#[derive(Clone, Copy)]
pub(super) struct Heed {
    /// Whether they end the command.
    pub strict: bool,
    /// Whether they are not told.
    pub quiet: bool,
}

/// Tells warnings; the ending where they are to end the command.
pub(super) fn heed(warnings: &[Diagnostic], Heed { strict, quiet }: Heed) -> Result<(), Ending> {
    if !quiet || strict {
        warnings.iter().for_each(|warning| note(warning.render()));
    }
    match warnings.len() {
        0 => Ok(()),
        _ if !strict => Ok(()),
        1 => Err(refuse("error: 1 warning, and --strict was asked for")),
        count => Err(refuse(format!("error: {count} warnings, and --strict was asked for"))),
    }
}

/// What a manifest says beside what it says of every run: the warnings, where there are any.
pub(super) fn with_warnings(mut notes: Value, warnings: &[Diagnostic]) -> Value {
    if !warnings.is_empty() {
        notes["warnings"] = json!(warnings.iter().map(Diagnostic::to_json).collect::<Vec<_>>());
    }
    notes
}
