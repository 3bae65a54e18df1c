//! The folder of a sweep: chunks as they are finished, joined into one table at the end.
//!
//! `manifest.json` says what is being run; `chunks/` holds a file for every finished chunk, each written as a whole or not at
//! all. A sweep that was stopped, by whatever, goes on where chunks are missing.

use super::table::{Cell, Column, Table, TableWriter, cells, columns, decode};
use super::{StoreError, write_file};
use crate::config::writer;
use crate::spec::declare::Choice;
use crate::spec::sweep::Design;
use crate::spec::{Scenario, Sweep};
use crate::sweep::{Engine, Row};
use parquet::errors::ParquetError;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is being run.
pub const IDENTITY: &str = "manifest.json";
/// The table.
pub const RESULTS: &str = "results.parquet";
/// The table as CSV.
pub const RESULTS_CSV: &str = "results.csv";
const CHUNKS: &str = "chunks";
/// So many rows of the table, or a few more, stand together in a row group.
const ROWS_PER_GROUP: usize = 1 << 16;

/// A share of a sweep: number `index` (from 1) of `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `count`.
    pub index: u64,
    /// How many there are.
    pub count: u64,
}

impl Shard {
    /// The whole sweep.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Whether a chunk belongs to it.
    pub fn holds(self, chunk: u64) -> bool {
        chunk % self.count == self.index - 1
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no shard; expected K/N with K from 1 to N, such as 3/64");
        let (index, count) = text.split_once('/').ok_or_else(expected)?;
        let shard = Self {
            index: index.trim().parse().map_err(|_| expected())?,
            count: count.trim().parse().map_err(|_| expected())?,
        };
        if (1..=shard.count).contains(&shard.index) { Ok(shard) } else { Err(expected()) }
    }
}

/// What makes two sweeps the same: their configuration, and how they are cut into chunks.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    content: Value,
    hash: String,
    /// How many chunks there are.
    pub chunks: u64,
}

impl Identity {
    /// That of a sweep of a scenario, in chunks of so many runs. `before_set` matters where drives are held.
    pub fn new(sweep: &Sweep, scenario: &Scenario, engine: &Engine, chunk: u64) -> Self {
        let content = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "sweep": writer::sweep_to_json(sweep),
            "scenario": writer::to_json(scenario),
            "held_drives": engine.held_drives(),
            "runs": engine.runs(),
            "runs_per_chunk": chunk,
        });
        Self::of(content, engine.runs().div_ceil(chunk))
    }

    fn of(content: Value, chunks: u64) -> Self {
        let digest = Sha256::digest(content.to_string());
        let hash = digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Self { content, hash, chunks }
    }

    fn stored(&self, shard: Shard) -> Vec<u8> {
        let stored = json!({
            "hash": self.hash,
            "chunks": self.chunks,
            "shard": [shard.index, shard.count],
            "config": self.content,
        });
        // A JSON value is always written.
        serde_json::to_vec_pretty(&stored).unwrap_or_default()
    }

    fn read(folder: &Path) -> Result<(Self, Shard), StoreError> {
        let file = folder.join(IDENTITY);
        let bytes = super::read_file(&file)?;
        let wrong = |message: String| StoreError::Content { file: file.clone(), message };
        let stored: Value = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if stored["shard"].is_null() {
            return Err(wrong("this is the manifest of a run, not of a sweep; choose another folder".into()));
        }
        let number = |value: &Value| value.as_u64().ok_or_else(|| wrong("a number is missing".into()));
        let shard = Shard { index: number(&stored["shard"][0])?, count: number(&stored["shard"][1])?.max(1) };
        Ok((Self::of(stored["config"].clone(), number(&stored["chunks"])?), shard))
    }
}

/// The paths at which two configurations differ.
fn differences(one: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(
                    one.get(key).unwrap_or(&Value::Null),
                    other.get(key).unwrap_or(&Value::Null),
                    &inner,
                    found,
                );
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, &format!("{path}.{index}"), found);
            }
        }
        _ if one == other => {}
        _ => found.push(format!("{path} (was {one}, is {other})")),
    }
}

/// The folder of a sweep.
#[derive(Clone, Debug)]
pub struct SweepStore {
    folder: PathBuf,
    identity: Identity,
    shard: Shard,
    columns: Vec<Column>,
}

impl SweepStore {
    /// Opens the folder of a sweep, or makes it. With `fresh`, what another configuration left there is deleted.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where the folder belongs to another configuration or shard; other [`StoreError`]s where it
    /// cannot be read or written.
    pub fn open(
        folder: &Path,
        engine: &Engine,
        identity: Identity,
        shard: Shard,
        fresh: bool,
    ) -> Result<Self, StoreError> {
        let store = Self { folder: folder.to_owned(), identity, shard, columns: columns(engine) };
        let chunks = folder.join(CHUNKS);
        if fresh {
            remove_all(folder, &chunks)?;
        } else if folder.join(IDENTITY).exists() {
            let (known, known_shard) = Identity::read(folder)?;
            if known != store.identity || known_shard != shard {
                let mut what = Vec::new();
                differences(&known.content, &store.identity.content, "", &mut what);
                if known_shard != shard {
                    let text = |shard: Shard| format!("{}/{}", shard.index, shard.count);
                    what.push(format!("shard (was {}, is {})", text(known_shard), text(shard)));
                }
                return Err(StoreError::Changed { folder: folder.to_owned(), what });
            }
        } else if !chunk_files(&chunks)?.is_empty() {
            let message = "it is missing beside stored chunks, so that nothing tells of which sweep they are; \
                           run with --fresh to delete them, or choose another folder with --out";
            return Err(StoreError::Content { file: folder.join(IDENTITY), message: message.to_owned() });
        }
        std::fs::create_dir_all(&chunks).map_err(|error| StoreError::Write { file: chunks, error })?;
        write_file(&folder.join(IDENTITY), &store.identity.stored(shard))?;
        Ok(store)
    }

    /// The chunks of this shard that are still to be run, in order.
    pub fn missing(&self) -> Vec<u64> {
        let mine = (0..self.identity.chunks).filter(|chunk| self.shard.holds(*chunk));
        mine.filter(|chunk| !chunk_file(&self.folder, *chunk).exists()).collect()
    }

    /// How many chunks this shard has.
    pub fn chunks(&self) -> u64 {
        (0..self.identity.chunks).filter(|chunk| self.shard.holds(*chunk)).count() as u64
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
        let written = TableWriter::of_few_rows(&mut bytes, &self.columns).and_then(|mut writer| {
            writer.group(&table)?;
            writer.finish()
        });
        written.map_err(|error| StoreError::Content { file: file.clone(), message: error.to_string() })?;
        write_file(&file, &bytes)
    }

    /// Joins all chunks of a whole sweep into its table; as CSV as well where asked for.
    ///
    /// # Errors
    /// [`StoreError`] where a chunk cannot be read or the table not be written.
    pub fn join(&self, csv: bool) -> Result<(), StoreError> {
        let folders = vec![self.folder.clone(); self.identity.chunks as usize];
        join(&folders, &self.folder, csv)
    }
}

/// The files of chunks in a folder.
fn chunk_files(chunks: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !chunks.exists() {
        return Ok(Vec::new());
    }
    let read = |error| StoreError::Read { file: chunks.to_owned(), error };
    let files = std::fs::read_dir(chunks).map_err(read)?.map(|entry| entry.map(|entry| entry.path()).map_err(read));
    let is_chunk = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "parquet");
    files.filter(|file| file.as_ref().map_or(true, is_chunk)).collect()
}

/// Deletes what a sweep has stored. What says of which sweep it is goes last: a deletion that is stopped can be gone on with.
fn remove_all(folder: &Path, chunks: &Path) -> Result<(), StoreError> {
    let files = chunk_files(chunks)?.into_iter();
    let own = [RESULTS, RESULTS_CSV, IDENTITY].map(|name| folder.join(name));
    for file in files.chain(own).filter(|file| file.exists()) {
        std::fs::remove_file(&file).map_err(|error| StoreError::Write { file, error })?;
    }
    Ok(())
}

fn chunk_file(folder: &Path, chunk: u64) -> PathBuf {
    folder.join(CHUNKS).join(format!("{chunk:08}.parquet"))
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

/// Joins chunks, each from its folder, into the table of `out`; one row group is in memory at a time.
fn join(folders: &[PathBuf], out: &Path, csv: bool) -> Result<(), StoreError> {
    let new_file = |target: &Path| {
        let fail = |error| StoreError::Write { file: target.to_owned(), error };
        tempfile::NamedTempFile::new_in(out).map_err(fail)
    };
    let (table, text) = (out.join(RESULTS), out.join(RESULTS_CSV));
    let mut temporary = new_file(&table)?;
    join_tables(folders, temporary.as_file_mut(), &table)?;
    super::place(temporary, &table)?;
    if csv {
        let mut temporary = new_file(&text)?;
        join_texts(folders, temporary.as_file_mut(), &text)?;
        super::place(temporary, &text)?;
    }
    Ok(())
}

fn chunks_of(folders: &[PathBuf]) -> impl Iterator<Item = Result<Table, StoreError>> {
    folders.iter().enumerate().map(|(chunk, folder)| read_table(&chunk_file(folder, chunk as u64)))
}

/// Chunks are small; readers want their rows in large groups.
fn join_tables(folders: &[PathBuf], file: &mut std::fs::File, target: &Path) -> Result<(), StoreError> {
    let broken = |error| unwritten(error, target);
    let mut chunks = chunks_of(folders);
    let Some(first) = chunks.next() else { return Ok(()) };
    let mut group = first?;
    let mut table = TableWriter::new(file, &group.columns).map_err(broken)?;
    for chunk in chunks {
        if group.rows() >= ROWS_PER_GROUP {
            table.group(&group).map_err(broken)?;
            group = Table::new(&group.columns);
        }
        group.append(chunk?);
    }
    table.group(&group).map_err(broken)?;
    table.finish().map_err(broken)
}

/// A table that could not be written: what the disk said, where it said something.
fn unwritten(error: ParquetError, file: &Path) -> StoreError {
    let file = file.to_owned();
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(error) => StoreError::Write { file, error: *error },
            Err(source) => StoreError::Content { file, message: source.to_string() },
        },
        error => StoreError::Content { file, message: error.to_string() },
    }
}

fn join_texts(folders: &[PathBuf], file: &mut std::fs::File, target: &Path) -> Result<(), StoreError> {
    let fail = |error: csv::Error| StoreError::Write { file: target.to_owned(), error: error.into() };
    let mut text = csv::Writer::from_writer(std::io::BufWriter::new(file));
    for (index, chunk) in chunks_of(folders).enumerate() {
        let table = chunk?;
        if index == 0 {
            text.write_record(table.columns.iter().map(|column| &column.name)).map_err(fail)?;
        }
        for row in 0..table.rows() {
            text.write_record(table.row(row).iter().map(printed)).map_err(fail)?;
        }
    }
    text.flush().map_err(|error| StoreError::Write { file: target.to_owned(), error })
}

fn printed(cell: &Cell) -> String {
    match cell {
        Cell::Whole(whole) => whole.to_string(),
        Cell::Number(number) if number.is_nan() => String::new(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
    }
}

/// Joins the shards of a sweep into one table, equal to that of a sweep that ran as a whole.
///
/// # Errors
/// [`StoreError::Shards`] where folders belong to different sweeps, or shards are missing, unfinished or given twice;
/// other [`StoreError`]s where files cannot be read or written.
pub fn merge(shards: &[PathBuf], out: &Path, csv: bool) -> Result<u64, StoreError> {
    let mut known: Option<(Identity, u64)> = None;
    let mut by_index: Vec<(u64, &PathBuf)> = Vec::new();
    for folder in shards {
        let (identity, shard) = Identity::read(folder)?;
        match &known {
            None => known = Some((identity, shard.count)),
            Some((first, count)) if *first == identity && *count == shard.count => {}
            Some((first, _)) => {
                let mut what = Vec::new();
                differences(&first.content, &identity.content, "", &mut what);
                let what =
                    if what.is_empty() { "it is cut into another number of shards".into() } else { what.join("; ") };
                let message =
                    format!("`{}` is of another sweep than `{}`: {what}", folder.display(), shards[0].display());
                return Err(StoreError::Shards(message));
            }
        }
        if let Some((_, other)) = by_index.iter().find(|(index, _)| *index == shard.index) {
            let message =
                format!("`{}` and `{}` are the same shard, {}", other.display(), folder.display(), shard.index);
            return Err(StoreError::Shards(message));
        }
        by_index.push((shard.index, folder));
    }
    let Some((identity, count)) = known else {
        return Err(StoreError::Shards("there are no shards to join".into()));
    };
    let folder_of = |shard: u64| by_index.iter().find(|(index, _)| *index == shard).map(|(_, folder)| *folder);
    let shard_of = |chunk: u64| chunk % count + 1;
    let finished = |shard: u64| {
        let chunks = (0..identity.chunks).filter(|chunk| shard_of(*chunk) == shard);
        folder_of(shard).is_some_and(|folder| chunks.into_iter().all(|chunk| chunk_file(folder, chunk).exists()))
    };
    let missing: Vec<u64> = (1..=count).filter(|shard| !finished(*shard)).collect();
    if !missing.is_empty() {
        let missing = ranges(&missing);
        let message = format!(
            "shards are missing or unfinished: {missing} of {count}; run them again, on Slurm with --array={missing}"
        );
        return Err(StoreError::Shards(message));
    }
    let folders: Vec<PathBuf> = (0..identity.chunks).filter_map(|chunk| folder_of(shard_of(chunk))).cloned().collect();
    std::fs::create_dir_all(out).map_err(|error| StoreError::Write { file: out.to_owned(), error })?;
    join(&folders, out, csv)?;
    write_file(&out.join(IDENTITY), &identity.stored(Shard::WHOLE))?;
    Ok(identity.chunks)
}

/// Rising numbers as Slurm writes them: `3,11,40-52`.
fn ranges(numbers: &[u64]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let text = |(first, last): &(u64, u64)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    runs.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn missing_shards_are_written_as_a_job_array() {
        assert_eq!(ranges(&[3, 11, 40, 41, 42, 52]), "3,11,40-42,52");
        assert_eq!(ranges(&[]), "");
    }
}
