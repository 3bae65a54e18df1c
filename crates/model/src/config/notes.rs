//! What reading finds on its way: problems, where each value stands, and the sources of values.

use crate::scenario::Problem;
use crate::scenario::path::{joined, segments};
use crate::scenario::warnings::Warning;
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
    places: Places,
}

/// Where values are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    origins: HashMap<Vec<String>, (usize, Range<usize>)>,
    aliases: HashMap<Vec<String>, Vec<String>>,
}

impl Places {
    /// Where the value of a path was written.
    pub fn of(&self, path: &str) -> Option<(usize, Range<usize>)> {
        self.origins.get(&self.without_aliases(segments(path))).cloned()
    }

    /// The same, or of the nearest table around it, or the start of a file.
    fn around(&self, place: &[String], file: usize) -> (usize, Range<usize>) {
        let around = (0..=place.len()).rev().find_map(|length| self.origins.get(&place[..length]));
        around.cloned().unwrap_or((file, 0..0))
    }

    fn without_aliases(&self, mut place: Vec<String>) -> Vec<String> {
        for length in 1..=place.len() {
            if let Some(path) = self.aliases.get(&place[..length]).filter(|path| path.len() == length) {
                place[..length].clone_from_slice(path);
            }
        }
        place
    }

    /// A warning with its place; of what is written nowhere, at the start of a file.
    pub fn locate(&self, warning: Warning, file: usize) -> Note {
        let place = self.without_aliases(segments(&warning.path));
        let (file, span) = self.around(&place, file);
        let Warning { check: _, path, message, expected } = warning;
        Note { file, span, path, message, expected, nearest: None }
    }
}

impl Notes {
    /// Where values are written so far.
    pub fn places(&self) -> Places {
        self.places.clone()
    }

    pub fn add(&mut self, problem: Note) {
        self.problems.push(problem);
    }

    pub fn note_origin(&mut self, path: &str, file: usize, span: Range<usize>) {
        self.places.origins.insert(segments(path), (file, span));
    }

    pub fn has_origin(&self, path: &str) -> bool {
        self.places.origins.contains_key(&segments(path))
    }

    /// Where the value of a path was written.
    pub fn origin(&self, path: &str) -> Option<(usize, Range<usize>)> {
        self.places.origins.get(&segments(path)).cloned()
    }

    /// Lets problems with a tied parameter that is written nowhere else point to its tie.
    pub fn note_tie(&mut self, target: &str) {
        if let Some(place) = self.origin(&joined("tie", target)).filter(|_| !self.has_origin(target)) {
            self.places.origins.insert(segments(target), place);
        }
    }

    /// Forgets what an earlier file wrote below a path: a list is replaced as a whole.
    pub fn forget_origins(&mut self, path: &str) {
        let place = segments(path);
        self.places.origins.retain(|known, _| !known.starts_with(&place));
    }

    /// A second name for a path.
    pub fn note_alias(&mut self, alias: &str, path: &str) {
        self.places.aliases.insert(segments(alias), segments(path));
    }

    pub fn note_source(&mut self, path: &str, source: &str) {
        self.sources.insert(path.to_owned(), source.to_owned());
    }

    /// Adds a problem of the specification where its value stands: at its path, or at the nearest table around it.
    /// A problem of a value that could not be read, or of a table of which one could not, is left out: it was reported
    /// already, and may be its own cause.
    pub fn add_problem(&mut self, problem: Problem) {
        let place = self.places.without_aliases(segments(&problem.path));
        let reported = |known: &Note| {
            let known = segments(&known.path);
            known == place || (place.len() > 1 && known.len() == place.len() + 1 && known.starts_with(&place))
        };
        if self.problems[..self.read].iter().any(reported)
            || self.problems.iter().any(|known| segments(&known.path) == place)
        {
            return;
        }
        let (file, span) = self.places.around(&place, 0);
        let Problem { path, message, expected, nearest } = problem;
        self.add(Note { file, span, path, message, expected, nearest });
    }

    /// The sources under the paths by which values are listed: elements of lists by the names that they carry.
    pub fn labelled_sources(&self) -> IndexMap<String, String> {
        let labelled = |path: &String| {
            let mut place = segments(path);
            for (label, index) in &self.places.aliases {
                if label.len() == index.len() && place.starts_with(index) {
                    place[..label.len()].clone_from_slice(label);
                    break;
                }
            }
            place.iter().fold(String::new(), |path, key| joined(&path, key))
        };
        self.sources.iter().map(|(path, source)| (labelled(path), source.clone())).collect()
    }
}
