//! The folder of a sweep: chunks as they are finished, joined into one table at the end.
//!
//! `manifest.json` says what is being run; `chunks/` holds a file for every finished chunk, each written as a whole or not at
//! all, with a stamp that says of which sweep it is. A sweep that was stopped, by whatever, goes on where chunks are missing.

pub use super::identity::{IDENTITY, Identity, Shard};
pub use super::merge::merge;

use super::identity::changes;
use super::ledger::{Ledger, read_manifest, remove_temporary};
use super::lock::Lock;
use super::merge::join;
use super::table::{Cell, Column, Table, cells, columns};
use super::table_file::{Stamp, TableWriter, decode, stamp};
use super::{StoreError, files_in, write_file};
use crate::scenario::declare::Choice;
use crate::scenario::sweep::Design;
use disinhibit_analyze::sweep::{Engine, Row};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The table.
pub const RESULTS: &str = "results.parquet";
/// The table as CSV.
pub const RESULTS_CSV: &str = "results.csv";
const CHUNKS: &str = "chunks";
/// The column that says how a run ended.
const STATUS: &str = "status";
/// Its word where all went well.
const OK: &str = "ok";
/// How often a folder is tried that others keep changing.
const ATTEMPTS: usize = 100;

/// The folder of a sweep.
#[derive(Debug)]
pub struct SweepStore {
    folder: PathBuf,
    identity: Identity,
    shard: Shard,
    columns: Vec<Column>,
    /// What the manifest of the finished sweep says besides.
    notes: Value,
    /// Keeps others from making another sweep of the folder.
    _lock: Lock,
}

impl SweepStore {
    /// Opens the folder of a sweep, or makes it. With `fresh`, what a sweep left there is deleted first.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where the folder belongs to another configuration or shard, [`StoreError::Busy`] where
    /// another process writes what is to be deleted; other [`StoreError`]s where it cannot be read or written.
    pub fn open(
        folder: &Path,
        engine: &Engine,
        identity: Identity,
        shard: Shard,
        fresh: bool,
    ) -> Result<Self, StoreError> {
        let chunks = folder.join(CHUNKS);
        let own = (identity, shard);
        refuse_runs(folder)?;
        if !fresh {
            refuse_others(folder, &own)?;
        }
        std::fs::create_dir_all(&chunks).map_err(|error| StoreError::Write { file: chunks.clone(), error })?;
        for _ in 0..ATTEMPTS {
            let (lock, alone) = Lock::alone(&chunks)?;
            if alone {
                // What another process has stored in the meantime counts too.
                let mut ledger = Ledger::open(folder)?;
                ledger.claim([RESULTS, RESULTS_CSV])?;
                if fresh {
                    // Until the last of it is gone, it is an unfinished sweep of what it was of.
                    if let Some(earlier) = ledger.manifest().cloned() {
                        ledger.unlist(earlier)?;
                    }
                    remove_chunks(&chunks)?;
                    ledger.remove_others()?;
                } else {
                    refuse_others(folder, &own)?;
                }
                remove_temporary(&chunks)?;
                ledger.unlist(own.0.content(shard))?;
            } else if fresh {
                break;
            }
            lock.share()?;
            // Missing where a process that had the folder alone was stopped before it said what it is of.
            if folder.join(IDENTITY).exists() {
                refuse_others(folder, &own)?;
                let (identity, shard) = own;
                let (folder, columns) = (folder.to_owned(), columns(engine));
                return Ok(Self { folder, identity, shard, columns, notes: Value::Null, _lock: lock });
            }
        }
        Err(StoreError::Busy { folder: folder.to_owned() })
    }

    /// With what the manifest of the finished sweep is to say besides: an object.
    #[must_use]
    pub fn noting(self, notes: Value) -> Self {
        Self { notes, ..self }
    }

    /// How many arms of the points in the stored chunks of this shard ended badly.
    ///
    /// # Errors
    /// [`StoreError`] where a chunk cannot be read.
    pub fn failed(&self) -> Result<u64, StoreError> {
        let failed = self.stored()?.into_iter().map(|chunk| {
            let table = read_columns(&chunk_file(&self.folder, chunk), |column| column.name == STATUS)?;
            let rows = (0..table.rows()).filter(|row| matches!(&table.row(*row)[..], [Cell::Text(word)] if word != OK));
            Ok(rows.count() as u64)
        });
        failed.sum()
    }

    /// The chunks of this shard that are stored.
    ///
    /// # Errors
    /// [`StoreError::Read`] where the folder cannot be read.
    pub fn stored(&self) -> Result<BTreeSet<u64>, StoreError> {
        let files = chunk_files(&self.folder.join(CHUNKS))?;
        let mine = files.iter().filter_map(|file| number_of(file)).filter(|chunk| self.shard.holds(*chunk));
        Ok(mine.filter(|chunk| is_stored(&self.folder, &self.identity, *chunk)).collect())
    }

    /// How many chunks this shard has.
    pub fn chunks(&self) -> u64 {
        self.shard.share(self.identity.chunks)
    }

    /// This shard's chunk of this number, from 0 on.
    pub fn chunk(&self, place: u64) -> u64 {
        self.shard.chunk(place)
    }

    /// Stores a finished chunk, as a whole or not at all.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn write_chunk(&self, chunk: u64, rows: &[Row]) -> Result<(), StoreError> {
        let file = chunk_file(&self.folder, chunk);
        let mut table = Table::new(&self.columns);
        rows.iter().for_each(|row| table.push(cells(row)));
        let mut bytes = Vec::new();
        let stamp = Stamp { sweep: self.identity.hash.clone(), chunk };
        let written = TableWriter::of_a_chunk(&mut bytes, &self.columns, &stamp).and_then(|mut writer| {
            writer.group(&table)?;
            writer.finish()
        });
        written.map_err(|error| StoreError::Content { file: file.clone(), message: error.to_string() })?;
        write_file(&file, &bytes)
    }

    /// Joins all chunks of a whole sweep into its table; as CSV as well where asked for. Figures that were drawn from an earlier
    /// table are deleted.
    ///
    /// # Errors
    /// [`StoreError`] where a chunk cannot be read or the table not be written.
    pub fn join(&self, csv: bool) -> Result<(), StoreError> {
        let ledger = Ledger::open(&self.folder)?;
        let content = with_notes(self.identity.content(Shard::WHOLE), &self.notes);
        join((&self.identity, content), &|_| &self.folder, (&self.folder, ledger), csv)
    }
}

/// What a manifest says, and notes beside it.
fn with_notes(mut content: Value, notes: &Value) -> Value {
    for (key, note) in notes.as_object().into_iter().flatten() {
        content[key] = note.clone();
    }
    content
}

/// Whether a file of a finished sweep is its table, rather than drawn from it.
pub fn is_table(name: &str) -> bool {
    [RESULTS, RESULTS_CSV].contains(&name)
}

/// Whether the sweep in a folder is finished and joined.
///
/// # Errors
/// [`StoreError::Content`] where its manifest is damaged.
pub fn is_finished(folder: &Path) -> Result<bool, StoreError> {
    Ok(read_manifest(folder)?.is_some_and(|(_, listed)| listed.contains_key(RESULTS)))
}

/// Refuses the folder of a run.
fn refuse_runs(folder: &Path) -> Result<(), StoreError> {
    match Identity::read(folder) {
        Err(error @ StoreError::OfARun { .. }) => Err(error),
        _ => Ok(()),
    }
}

/// Refuses a folder that holds another sweep, or chunks of which nothing tells what sweep they are of.
fn refuse_others(folder: &Path, own: &(Identity, Shard)) -> Result<(), StoreError> {
    if folder.join(IDENTITY).exists() {
        let what = changes(&Identity::read(folder)?, own);
        return what.map_or(Ok(()), |what| Err(StoreError::Changed { folder: folder.to_owned(), what }));
    }
    if chunk_files(&folder.join(CHUNKS))?.is_empty() {
        return Ok(());
    }
    let message = "it is missing beside stored chunks, so that nothing tells of which sweep they are; \
                   run with --fresh to delete them, or choose another folder with --out";
    Err(StoreError::Content { file: folder.join(IDENTITY), message: message.to_owned() })
}

/// Whether a chunk of a sweep is stored in a folder, whole and under its own name.
pub(super) fn is_stored(folder: &Path, identity: &Identity, chunk: u64) -> bool {
    let file = chunk_file(folder, chunk);
    let found = std::fs::File::open(&file).ok().and_then(|file| stamp(file).ok().flatten());
    // A damaged chunk is run again, so all of it is read.
    found.is_some_and(|found| found.chunk == chunk && found.sweep == identity.hash) && read_table(&file).is_ok()
}

/// The files in a folder that are named as chunks are; others are not ours.
fn chunk_files(chunks: &Path) -> Result<Vec<PathBuf>, StoreError> {
    Ok(files_in(chunks)?.into_iter().filter(|file| number_of(file).is_some()).collect())
}

/// The number of a chunk by the name of its file.
fn number_of(file: &Path) -> Option<u64> {
    let stem = file.file_stem()?.to_str().filter(|_| file.extension().is_some_and(|it| it == "parquet"))?;
    stem.parse().ok().filter(|chunk| chunk_name(*chunk) == format!("{stem}.parquet"))
}

/// Deletes the chunks of any sweep from a folder; files without the stamp of one are not ours, and stay.
fn remove_chunks(chunks: &Path) -> Result<(), StoreError> {
    let is_stamped =
        |file: &PathBuf| std::fs::File::open(file).ok().and_then(|file| stamp(file).ok().flatten()).is_some();
    remove(chunk_files(chunks)?.into_iter().filter(is_stamped))
}

fn remove(mut files: impl Iterator<Item = PathBuf>) -> Result<(), StoreError> {
    files.try_for_each(|file| std::fs::remove_file(&file).map_err(|error| StoreError::Write { file, error }))
}

pub(super) fn chunk_file(folder: &Path, chunk: u64) -> PathBuf {
    folder.join(CHUNKS).join(chunk_name(chunk))
}

fn chunk_name(chunk: u64) -> String {
    format!("{chunk:08}.parquet")
}

/// What a stored sweep shows, and how its points lie.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// Its description, or its name.
    pub title: String,
    /// Its design.
    pub design: Design,
    /// The off-target readout that its scenario names; empty where there is none.
    pub off_target: String,
}

/// Whether a folder holds a sweep, or a shard of one, finished or not.
pub fn is_sweep(folder: &Path) -> bool {
    Identity::read(folder).is_ok()
}

/// What the sweep in a folder is about.
///
/// # Errors
/// [`StoreError`] where the folder holds no sweep.
pub fn about(folder: &Path) -> Result<About, StoreError> {
    let (identity, _) = Identity::read(folder)?;
    let text = |key: &str| identity.content["sweep"][key].as_str().unwrap_or("").to_owned();
    let title = if text("description").is_empty() { text("name") } else { text("description") };
    let mut design = Design::default();
    design.choose(&text("design"));
    let off_target = identity.content["scenario"]["compare"]["off_target"].as_str().unwrap_or("").to_owned();
    Ok(About { title, design, off_target })
}

/// Reads a table.
///
/// # Errors
/// [`StoreError`] where the file cannot be read or is no table.
pub fn read_table(file: &Path) -> Result<Table, StoreError> {
    read_columns(file, |_| true)
}

/// Reads some columns of a table.
///
/// # Errors
/// [`StoreError`] where the file cannot be read or is no table.
pub fn read_columns(file: &Path, wanted: impl Fn(&Column) -> bool) -> Result<Table, StoreError> {
    let source = std::fs::File::open(file).map_err(|error| StoreError::Read { file: file.to_owned(), error })?;
    decode(source, wanted).map_err(|error| StoreError::Content { file: file.to_owned(), message: error.to_string() })
}
