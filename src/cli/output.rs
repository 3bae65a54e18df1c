//! What commands leave in their folder: files of numbers, and figures as SVG and PNG.

use super::progress::say;
use crate::plot::Figure;
use crate::store::ResultsFolder;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What a command has found so far, and the folder that it goes to. Nothing in the folder changes before all is found.
pub(super) struct Output {
    folder: ResultsFolder,
    files: Vec<(String, Vec<u8>)>,
}

impl Output {
    /// Opens the folder of a command; see [`ResultsFolder::open`].
    pub(super) fn open(
        path: &Path,
        identity: (&str, Value, Value),
        claims: &[&str],
        fresh: bool,
    ) -> Result<Self, String> {
        let folder = ResultsFolder::open(path, identity, claims, fresh).map_err(|error| error.to_string())?;
        Ok(Self { folder, files: Vec::new() })
    }

    /// Adds files of numbers, texts or figures.
    pub(super) fn files(&mut self, files: Vec<(String, Vec<u8>)>) {
        self.files.extend(files);
    }

    /// Adds what was found as indented JSON.
    pub(super) fn json<T: Serialize + ?Sized>(&mut self, stem: &str, found: &T) -> Result<(), String> {
        let mut bytes = serde_json::to_vec_pretty(found).map_err(|error| error.to_string())?;
        bytes.push(b'\n');
        self.files.push((format!("{stem}.json"), bytes));
        Ok(())
    }

    /// Adds figures.
    pub(super) fn figures(&mut self, figures: Vec<(impl Into<String>, Figure)>) -> Result<(), String> {
        self.files.extend(drawn(figures)?);
        Ok(())
    }

    /// Writes all files and then the manifest, and says what lies in the folder unless it should be quiet.
    pub(super) fn finish(self, notes: Value, quiet: bool) -> Result<(), String> {
        let Self { mut folder, files } = self;
        let path = folder.path().to_owned();
        let written = folder.write(&files).map_err(|error| error.to_string())?;
        folder.finish(notes).map_err(|error| error.to_string())?;
        if !quiet {
            say(format!("results: {}", path.display()));
            say_figures(&written);
        }
        Ok(())
    }
}

/// Figures as SVG and PNG, by name.
pub(super) fn drawn(figures: Vec<(impl Into<String>, Figure)>) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut files = Vec::new();
    for (stem, figure) in figures {
        let stem = stem.into();
        let png = figure.png().map_err(|error| format!("{stem}: {error}"))?;
        files.push((format!("{stem}.svg"), figure.svg().into_bytes()));
        files.push((format!("{stem}.png"), png));
    }
    Ok(files)
}

/// Says where figures are.
pub(super) fn say_figures(files: &[PathBuf]) {
    for figure in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "svg")) {
        say(format!("figure:  {} (and .png)", figure.display()));
    }
}

/// What the manifest of any command says of the program.
pub(super) fn program() -> Value {
    json!({ "program": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") } })
}
