//! `--set` arguments: `PATH=VALUE`, carried out behind all files.

use super::notes::Note;
use super::{Loader, value};
use crate::scenario::Scenario;
use crate::scenario::path::{PathError, segments};
use crate::scenario::settable::{Refusal, Setter, refusal};

impl Loader<'_> {
    /// Carries out `--set` arguments in their order.
    pub(super) fn carry_out(&mut self, set: &[String], scenario: &mut Scenario) {
        for argument in set {
            let name = format!("--set {argument}");
            let index = self.texts.len();
            self.texts.push((name, argument.clone()));
            let mut report = |message: String, expected: String, nearest: Option<String>| {
                let path = String::new();
                self.notes.add(Note { file: index, span: 0..argument.len(), path, message, expected, nearest });
            };
            let Some((path, text)) = split_argument(argument) else {
                report("there is no `=`".into(), "PATH=VALUE, such as populations.SST.rest=\"5 Hz\"".into(), None);
                continue;
            };
            if let Some(Refusal { message, expected }) = refusal(path, Setter::Argument) {
                report(format!("`{path}` {message}"), expected.into(), None);
                continue;
            }
            match scenario.set(path, &value::setting_from_argument(text)) {
                Ok(_) => {
                    self.notes.forget_origins(path);
                    self.notes.note_origin(path, index, 0..argument.len());
                }
                Err(PathError::NoSuchPath { path, nearest }) => {
                    report(
                        format!("there is no parameter `{path}`"),
                        "a path as `disinhibit check` lists it".into(),
                        nearest,
                    );
                }
                Err(PathError::BadValue { message, expected, .. }) => report(message, expected, None),
            }
        }
    }
}

/// Splits `PATH=VALUE` at the first `=` outside quotes.
fn split_argument(argument: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = argument.char_indices().find(|(_, letter)| {
        quoted ^= *letter == '"';
        *letter == '=' && !quoted
    });
    let (at, _) = at?;
    let path = argument[..at].trim();
    (!path.is_empty() && !segments(path).is_empty()).then_some((path, &argument[at + 1..]))
}
