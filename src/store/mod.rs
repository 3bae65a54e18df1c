//! What a run leaves in its folder: manifest, summary, traces, the resolved scenario, figures. Every file is written
//! beside its place and then moved there, so that a reader never sees half a file.

mod manifest;
mod summary;
pub mod sweep;
pub mod table;
mod traces;

pub use manifest::Manifest;
pub use traces::ArmTraces;

use crate::config::{ConfigError, load, writer};
use crate::readouts::{Summary, summarise};
use crate::simulate::Outcome;
use crate::spec::Scenario;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The resolved scenario.
pub const SCENARIO: &str = "scenario.toml";
/// How the run was made.
pub const MANIFEST: &str = "manifest.json";
/// The numbers of every arm.
pub const SUMMARY: &str = "summary.json";
/// The same as a table.
pub const SUMMARY_TABLE: &str = "summary.csv";
/// All signals over time.
pub const TRACES: &str = "traces.parquet";

/// A run as it can be stored, read again and drawn.
#[derive(Clone, Debug)]
pub struct Results {
    /// The scenario.
    pub scenario: Scenario,
    /// The numbers of every arm.
    pub summary: Summary,
    /// The traces of every arm.
    pub traces: Vec<ArmTraces>,
}

/// Why a run cannot be stored or read again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or folder cannot be written.
    #[error("`{file}` cannot be written: {error}")]
    Write {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file cannot be read.
    #[error("`{file}` cannot be read: {error}")]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("`{file}` does not hold the results of a run: {message}")]
    Content {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The folder belongs to another configuration.
    #[error("`{}` holds another sweep; what changed: {}. Run with --fresh to delete it, or choose another folder with --out", folder.display(), what.join("; "))]
    Changed {
        /// Which.
        folder: PathBuf,
        /// What differs, by path.
        what: Vec<String>,
    },
    /// Shards do not fit together.
    #[error("{0}")]
    Shards(String),
    /// The stored scenario does not read.
    #[error(transparent)]
    Scenario(#[from] ConfigError),
}

impl Results {
    /// The results of a run, with its numbers.
    pub fn new(outcome: Outcome) -> Self {
        let summary = summarise(&outcome);
        let traces =
            outcome.arms.into_iter().map(|arm| ArmTraces { arm: arm.name, recording: arm.recording }).collect();
        Self { scenario: outcome.scenario, summary, traces }
    }

    /// Writes scenario, summary and traces into a folder, which is made if absent, and the manifest last.
    ///
    /// # Errors
    /// [`StoreError::Write`] with the file that could not be written; files written before stay.
    pub fn write(&self, folder: &Path, manifest: &Manifest) -> Result<(), StoreError> {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Write { file: folder.to_owned(), error })?;
        write_file(&folder.join(SCENARIO), writer::to_toml(&self.scenario).as_bytes())?;
        write_file(&folder.join(SUMMARY), &summary::json(&self.summary))?;
        write_file(&folder.join(SUMMARY_TABLE), summary::table(&self.summary).as_bytes())?;
        let traces = folder.join(TRACES);
        let bytes = traces::encode(&self.traces)
            .map_err(|error| StoreError::Content { file: traces.clone(), message: error.to_string() })?;
        write_file(&traces, &bytes)?;
        write_file(&folder.join(MANIFEST), &manifest.json())
    }

    /// Reads the results of a run from its folder.
    ///
    /// # Errors
    /// [`StoreError`] where a file is missing or does not hold what it should.
    pub fn read(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join(SUMMARY);
        let bytes = read_file(&file)?;
        let summary =
            serde_json::from_slice(&bytes).map_err(|error| StoreError::Content { file, message: error.to_string() })?;
        let file = folder.join(TRACES);
        let traces = traces::decode(&read_file(&file)?)
            .map_err(|error| StoreError::Content { file, message: error.to_string() })?;
        let scenario = load(&folder.join(SCENARIO), &[])?.scenario;
        Ok(Self { scenario, summary, traces })
    }
}

/// Writes a file as a whole or not at all.
///
/// # Errors
/// [`StoreError::Write`] where the folder or the disk does not allow it.
pub fn write_file(file: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |error| StoreError::Write { file: file.to_owned(), error };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    temporary.write_all(bytes).map_err(fail)?;
    place(temporary, file)
}

/// Puts a finished file in its place.
fn place(temporary: tempfile::NamedTempFile, file: &Path) -> Result<(), StoreError> {
    let fail = |error| StoreError::Write { file: file.to_owned(), error };
    temporary.as_file().sync_all().map_err(fail)?;
    allow_reading(&temporary).map_err(fail)?;
    temporary.persist(file).map_err(|error| fail(error.error))?;
    Ok(())
}

/// Temporary files are private; results are as readable as other files.
#[cfg(unix)]
fn allow_reading(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn allow_reading(_: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

fn read_file(file: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(file).map_err(|error| StoreError::Read { file: file.to_owned(), error })
}
