//! Problems as a user reads them: file, line, column, what is wrong, what was expected, the nearest valid name.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;
use std::ops::Range;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// What is said has no effect, or hardly the one that was meant.
    Warning,
}

/// A problem in a file or an argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// The file as it was named, or the argument.
    pub file: String,
    /// Line, from 1; 0 where the file could not be read.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Path of the value in the specification; may be empty.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What was expected there; may be empty.
    pub expected: String,
    /// The nearest valid name, where a name is wrong.
    pub nearest: Option<String>,
    /// The text around it, and the bytes of it that are wrong.
    pub(super) excerpt: Option<(String, Range<usize>)>,
}

impl Diagnostic {
    /// A problem with a place in a text.
    pub(super) fn in_text(file: &str, text: &str, span: &Range<usize>, message: String) -> Self {
        let start = floor_boundary(text, span.start);
        let end = floor_boundary(text, span.end.max(start)).max(start);
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let line = &text[line_start..line_end];
        let marked = start - line_start..end.min(line_end) - line_start;
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            path: String::new(),
            message,
            expected: String::new(),
            nearest: None,
            excerpt: Some((line.trim_end_matches('\r').to_owned(), marked)),
        }
    }

    /// A problem with a file as a whole.
    pub(super) fn of_file(file: &str, message: String, expected: &str) -> Self {
        Self {
            severity: Severity::Error,
            file: file.to_owned(),
            line: 0,
            column: 0,
            path: String::new(),
            message,
            expected: expected.to_owned(),
            nearest: None,
            excerpt: None,
        }
    }

    /// With the line of the file and a mark under what is wrong.
    pub fn render(&self) -> String {
        let Some((line, marked)) = self.excerpt.as_ref().filter(|(line, _)| line.len() < 400) else {
            return format!("{}: {self}", self.severity.word());
        };
        let marked = marked.start.min(line.len())..marked.end.min(line.len());
        let hint = match (&self.nearest, self.expected.is_empty()) {
            (Some(name), _) => format!("did you mean `{name}`?"),
            (None, false) => format!("expected {}", self.expected),
            (None, true) => String::new(),
        };
        let snippet = Snippet::source(line.as_str())
            .line_start(self.line)
            .path(self.file.as_str())
            .annotation(AnnotationKind::Primary.span(marked).label(hint));
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = level.primary_title(self.message.as_str()).element(snippet);
        let expected = format!("expected {}", self.expected);
        if self.nearest.is_some() && !self.expected.is_empty() {
            group = group.element(Level::HELP.message(expected.as_str()));
        }
        let place = format!("{}:{}:{}", self.file, self.line, self.column);
        let rendered = Renderer::plain().render(&[group]);
        // The snippet counts columns from the line's start as well; the place stands in one word for editors to find.
        if rendered.contains(&place) { rendered } else { format!("{rendered}\n  at {place}") }
    }
}

impl Severity {
    /// The word before a problem.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Diagnostic {
    /// The same as a warning.
    #[must_use]
    pub(super) fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// As it stands in manifests.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "place": format!("{}:{}:{}", self.file, self.line, self.column),
            "path": self.path,
            "message": self.message,
            "expected": self.expected,
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(formatter, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        } else {
            write!(formatter, "{}: {}", self.file, self.message)?;
        }
        if !self.expected.is_empty() {
            write!(formatter, "; expected {}", self.expected)?;
        }
        match &self.nearest {
            Some(name) => write!(formatter, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// Everything wrong with a configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigError {
    /// The problems, in the order of files and places.
    pub diagnostics: Vec<Diagnostic>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            write!(formatter, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl ConfigError {
    /// All problems, each with the line that it is about.
    pub fn render(&self) -> String {
        self.diagnostics.iter().map(Diagnostic::render).collect::<Vec<_>>().join("\n\n")
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
