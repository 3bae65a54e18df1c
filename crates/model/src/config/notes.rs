//! What reading finds on its way: problems, where each value stands, and the sources of values.

use crate::scenario::Problem;
use crate::scenario::path::{joined, segments};
use crate::units::InputUnit;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::ops::Range;

/// A problem with its place.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// Index of the file, or of the argument after the files.
    pub file: usize,
    /// Bytes of the file.
    pub span: Range<usize>,
    /// Path of the value.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What was expected; may be empty.
    pub expected: String,
    /// The nearest valid name.
    pub nearest: Option<String>,
}

/// Everything noted while files are read.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Problems in the order in which they were met.
    pub problems: Vec<Note>,
    /// How many of them reading has met, before values were held against one another.
    pub read: usize,
    /// The circuit's input unit, once read.
    pub input: InputUnit,
    /// Path to source, for values that state one.
    pub sources: IndexMap<String, String>,
    origins: HashMap<Vec<String>, (usize, Range<usize>)>,
    aliases: HashMap<Vec<String>, Vec<String>>,
}

impl Notes {
    pub fn add(&mut self, problem: Note) {
        self.problems.push(problem);
    }

    pub fn note_origin(&mut self, path: &str, file: usize, span: Range<usize>) {
        self.origins.insert(segments(path), (file, span));
    }

    pub fn has_origin(&self, path: &str) -> bool {
        self.origins.contains_key(&segments(path))
    }

    /// Where the value of a path was written.
    pub fn origin(&self, path: &str) -> Option<(usize, Range<usize>)> {
        self.origins.get(&segments(path)).cloned()
    }

    /// Lets problems with a tied parameter that is written nowhere else point to its tie.
    pub fn note_tie(&mut self, target: &str) {
        if let Some(place) = self.origin(&joined("tie", target)).filter(|_| !self.has_origin(target)) {
            self.origins.insert(segments(target), place);
        }
    }

    /// Forgets what an earlier file wrote below a path: a list is replaced as a whole.
    pub fn forget_origins(&mut self, path: &str) {
        let place = segments(path);
        self.origins.retain(|known, _| !known.starts_with(&place));
    }

    /// A second name for a path.
    pub fn note_alias(&mut self, alias: &str, path: &str) {
        self.aliases.insert(segments(alias), segments(path));
    }

    pub fn note_source(&mut self, path: &str, source: &str) {
        self.sources.insert(path.to_owned(), source.to_owned());
    }

    /// Adds a problem of the specification where its value stands: at its path, or at the nearest table around it.
    /// A problem of a value that could not be read, or of a table of which one could not, is left out: it was reported
    /// already, and may be its own cause.
    pub fn add_problem(&mut self, problem: Problem) {
        let place = self.without_aliases(segments(&problem.path));
        let reported = |known: &Note| {
            let known = segments(&known.path);
            known == place || (place.len() > 1 && known.len() == place.len() + 1 && known.starts_with(&place))
        };
        if self.problems[..self.read].iter().any(reported)
            || self.problems.iter().any(|known| segments(&known.path) == place)
        {
            return;
        }
        let around = (0..=place.len()).rev().find_map(|length| self.origins.get(&place[..length]));
        let (file, span) = around.cloned().unwrap_or((0, 0..0));
        let Problem { path, message, expected, nearest } = problem;
        self.add(Note { file, span, path, message, expected, nearest });
    }

    /// The sources under the paths by which values are listed: elements of lists by the names that they carry.
    pub fn labelled_sources(&self) -> IndexMap<String, String> {
        let labelled = |path: &String| {
            let mut place = segments(path);
            for (label, index) in &self.aliases {
                if label.len() == index.len() && place.starts_with(index) {
                    place[..label.len()].clone_from_slice(label);
                    break;
                }
            }
            place.iter().fold(String::new(), |path, key| joined(&path, key))
        };
        self.sources.iter().map(|(path, source)| (labelled(path), source.clone())).collect()
    }

    fn without_aliases(&self, mut place: Vec<String>) -> Vec<String> {
        for length in 1..=place.len() {
            if let Some(path) = self.aliases.get(&place[..length]).filter(|path| path.len() == length) {
                place[..length].clone_from_slice(path);
            }
        }
        place
    }
}
