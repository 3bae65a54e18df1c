//! What the program says: results on standard output, progress and errors on standard error.

use super::Ending;
use std::fmt::Display;
use std::io::Write;

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
