//! What a run leaves in its folder: manifest, summary, traces, the resolved scenario, figures. Every file is written
//! beside its place and then moved there, so that a reader never sees half a file; and a folder is whole where its
//! manifest, which is written last, lists every file with its checksum ([`ledger`]).

mod folder;
mod identity;
pub mod ledger;
mod lock;
mod manifest;
mod merge;
mod summary;
pub mod sweep;
pub mod table;
pub mod table_file;
mod traces;
mod units;

pub use folder::{ResultsFolder, redraw};
pub use ledger::MANIFEST;
pub use manifest::Manifest;
pub use traces::ArmTraces;

use crate::config::observed::Measurements;
use crate::config::{ConfigError, Loaded, load, writer};
use crate::readouts::units::has_rings;
use crate::readouts::{Summary, summarise};
use crate::scenario::Scenario;
use crate::simulate::Outcome;
use parquet::errors::ParquetError;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The resolved scenario.
pub const SCENARIO: &str = "scenario.toml";
/// The numbers of every arm.
pub const SUMMARY: &str = "summary.json";
/// The same as a table.
pub const SUMMARY_TABLE: &str = "summary.csv";
/// All signals over time.
pub const TRACES: &str = "traces.parquet";
/// The numbers of single units, where populations are rings of them.
pub const UNITS: &str = "units.parquet";
/// Every connection between them at every report time.
pub const CONNECTIONS: &str = "connections.parquet";

/// A run as it can be stored, read again and drawn.
#[derive(Clone, Debug)]
pub struct Results {
    /// The scenario.
    pub scenario: Scenario,
    /// The numbers of every arm.
    pub summary: Summary,
    /// The traces of every arm.
    pub traces: Vec<ArmTraces>,
    /// The measurements that the scenario names, file by file.
    pub observed: Vec<Measurements>,
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
    /// The file belongs to the user.
    #[error("`{}` was not made by this program and is not overwritten; choose another folder with --out", file.display())]
    Foreign {
        /// Which.
        file: PathBuf,
    },
    /// The folder's results are not whole.
    #[error("`{}` has no {MANIFEST}: its results are unfinished, or it never had any; run the command again", folder.display())]
    Unfinished {
        /// Which.
        folder: PathBuf,
    },
    /// The folder belongs to another configuration.
    #[error("`{}` holds other results; what changed: {}. Run with --fresh to delete it, or choose another folder with --out", folder.display(), what.join("; "))]
    Changed {
        /// Which.
        folder: PathBuf,
        /// What differs, by path.
        what: Vec<String>,
    },
    /// The folder of a merged table holds something else.
    #[error("`{}` holds something else than the shards; what differs: {}. Choose another folder with --out", folder.display(), what.join("; "))]
    Occupied {
        /// Which.
        folder: PathBuf,
        /// What differs, by path.
        what: Vec<String>,
    },
    /// The folder holds a run.
    #[error("`{}` holds a run, not a sweep; choose another folder", folder.display())]
    OfARun {
        /// Which.
        folder: PathBuf,
    },
    /// The folder holds a sweep.
    #[error("`{}` holds a sweep, not a run; choose another folder with --out", folder.display())]
    OfASweep {
        /// Which.
        folder: PathBuf,
    },
    /// Another process writes to the folder.
    #[error("another process is writing to `{}`; stop it first, or choose another folder with --out", folder.display())]
    Busy {
        /// Which.
        folder: PathBuf,
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
        Self { scenario: outcome.scenario, summary, traces, observed: Vec::new() }
    }

    /// Scenario, summary and traces as they are written, by name.
    ///
    /// # Errors
    /// [`StoreError::Content`] where the traces cannot be encoded.
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let encoded = |name: &str, bytes: Result<Vec<u8>, ParquetError>| {
            bytes.map_err(|error| StoreError::Content { file: name.into(), message: error.to_string() })
        };
        let (summary, scenario) = (&self.summary, &self.scenario);
        let by_population = summary.by_population(&scenario.circuit);
        let mut files = vec![
            (SCENARIO, writer::to_file(scenario).into_bytes()),
            (SUMMARY, summary::json(&by_population)),
            (SUMMARY_TABLE, summary::table(&by_population).into_bytes()),
            (TRACES, encoded(TRACES, traces::encode(&self.traces))?),
        ];
        if has_rings(&scenario.circuit) {
            files.push((UNITS, encoded(UNITS, units::units(summary, scenario))?));
            files.push((CONNECTIONS, encoded(CONNECTIONS, units::connections(summary, scenario))?));
        }
        Ok(files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect())
    }

    /// Writes scenario, summary and traces into a folder, which is made if absent, and the manifest last.
    ///
    /// # Errors
    /// [`StoreError`] where the folder holds other results or files of the user's, or a file cannot be written; then the
    /// folder has no manifest.
    pub fn write(&self, folder: &Path, manifest: &Manifest) -> Result<(), StoreError> {
        let identity = ("run", manifest.config(), Value::Null);
        let mut folder = ResultsFolder::open(folder, identity, &DATA, false)?;
        folder.write(&self.files()?)?;
        folder.finish(manifest.notes())
    }

    /// Reads the results of a run from its folder.
    ///
    /// # Errors
    /// [`StoreError`] where the folder is unfinished, or a file is missing, damaged or not what it should be.
    pub fn read(folder: &Path) -> Result<Self, StoreError> {
        let bytes = ledger::read_listed(folder, SUMMARY)?;
        let wrong = |name: &str, message: String| StoreError::Content { file: folder.join(name), message };
        let summary = serde_json::from_slice(&bytes).map_err(|error| wrong(SUMMARY, error.to_string()))?;
        let traces =
            traces::decode(&ledger::read_listed(folder, TRACES)?).map_err(|error| wrong(TRACES, error.to_string()))?;
        // The measurements too, which are read where they are drawn.
        ledger::check_listed(folder, is_data)?;
        ledger::read_listed(folder, SCENARIO)?;
        let Loaded { scenario, observed, .. } = load(&folder.join(SCENARIO), &[])?;
        Ok(Self { scenario, summary, traces, observed })
    }
}

/// The files of numbers of a run.
pub const DATA: [&str; 6] = [SCENARIO, SUMMARY, SUMMARY_TABLE, TRACES, UNITS, CONNECTIONS];

/// The name under which a run keeps a copy of the measurements that its scenario names, by their place there.
pub fn observed_name(place: usize) -> String {
    format!("observed-{place}.csv")
}

/// Whether a file of a run is one that figures are drawn from.
pub fn is_data(name: &str) -> bool {
    DATA.contains(&name) || name.starts_with("observed-")
}

/// Writes a file as a whole or not at all.
///
/// # Errors
/// [`StoreError::Write`] where the folder or the disk does not allow it.
pub fn write_file(file: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |error| StoreError::Write { file: file.to_owned(), error };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = temporary_in(folder).map_err(fail)?;
    temporary.write_all(bytes).map_err(fail)?;
    place(temporary, file)
}

/// Writes a file of the user's own, as a whole or not at all, where there is none of that name; what an earlier such call had
/// not finished is deleted.
///
/// # Errors
/// [`StoreError::Foreign`] where there is one, [`StoreError::Busy`] where another process writes to the folder,
/// [`StoreError::Write`].
pub fn write_new_file(file: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let fail = |error| StoreError::Write { file: file.to_owned(), error };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(fail)?;
    let _lock = lock::Lock::of_folder(folder)?.ok_or_else(|| StoreError::Busy { folder: folder.to_owned() })?;
    ledger::remove_temporary(folder)?;
    let mut temporary = temporary_in(folder).map_err(fail)?;
    temporary.write_all(bytes).map_err(fail)?;
    temporary.as_file().sync_all().map_err(fail)?;
    match temporary.persist_noclobber(file) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(StoreError::Foreign { file: file.to_owned() })
        }
        Err(error) => Err(fail(error.error)),
    }
}

/// Puts a finished file in its place.
fn place(temporary: tempfile::NamedTempFile, file: &Path) -> Result<(), StoreError> {
    let fail = |error| StoreError::Write { file: file.to_owned(), error };
    temporary.as_file().sync_all().map_err(fail)?;
    temporary.persist(file).map_err(|error| fail(error.error))?;
    Ok(())
}

/// How the names of unfinished files begin.
const TEMPORARY: &str = ".disinhibit-";

/// A file that is still to be written and placed; as readable as the user's other files.
fn temporary_in(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Whether a file was never finished.
fn is_temporary(file: &Path) -> bool {
    file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(TEMPORARY))
}

/// What lies in a folder; nothing where there is none.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let read = |error| StoreError::Read { file: folder.to_owned(), error };
    std::fs::read_dir(folder).map_err(read)?.map(|entry| entry.map(|entry| entry.path()).map_err(read)).collect()
}

fn read_file(file: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(file).map_err(|error| StoreError::Read { file: file.to_owned(), error })
}

use disinhibit_engine::{equilibrium, readouts, simulate};
use disinhibit_model::{config, scenario};
