//! Chunks become tables: those of one folder, or those of the shards of a sweep.

use super::StoreError;
use super::identity::{IDENTITY, Identity, Shard, changes, differences};
use super::ledger::Ledger;
use super::lock::Lock;
use super::sweep::{RESULTS, RESULTS_CSV, chunk_file, is_stored, read_table};
use super::table::{Cell, Table};
use super::table_file::TableWriter;
use parquet::errors::ParquetError;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// So many rows of the table, or a few more, stand together in a row group.
const ROWS_PER_GROUP: usize = 1 << 16;

/// Joins chunks, each from its folder, into the table of a folder, and lists it in the manifest there, which has this content; one row group is in
/// memory at a time.
pub(super) fn join<'a>(
    (identity, content): (&Identity, Value),
    folder_of: &dyn Fn(u64) -> &'a Path,
    (out, mut ledger): (&Path, Ledger),
    csv: bool,
) -> Result<(), StoreError> {
    let new_file =
        |target: &Path| super::temporary_in(out).map_err(|error| StoreError::Write { file: target.to_owned(), error });
    let tables = || (0..identity.chunks).map(|chunk| read_table(&chunk_file(folder_of(chunk), chunk)));
    let (table, text) = (out.join(RESULTS), out.join(RESULTS_CSV));
    ledger.begin(if csv { &[RESULTS, RESULTS_CSV][..] } else { &[RESULTS] }.iter().copied())?;
    let mut temporary = new_file(&table)?;
    join_tables(tables(), temporary.as_file_mut(), &table)?;
    super::place(temporary, &table)?;
    ledger.add(RESULTS);
    if csv {
        let mut temporary = new_file(&text)?;
        join_texts(tables(), temporary.as_file_mut(), &text)?;
        super::place(temporary, &text)?;
        ledger.add(RESULTS_CSV);
    }
    ledger.close(content)
}

/// Chunks are small; readers want their rows in large groups.
fn join_tables(
    mut chunks: impl Iterator<Item = Result<Table, StoreError>>,
    file: &mut std::fs::File,
    target: &Path,
) -> Result<(), StoreError> {
    let broken = |error| unwritten(error, target);
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

fn join_texts(
    chunks: impl Iterator<Item = Result<Table, StoreError>>,
    file: &mut std::fs::File,
    target: &Path,
) -> Result<(), StoreError> {
    let fail = |error: csv::Error| StoreError::Write { file: target.to_owned(), error: error.into() };
    let mut text = csv::Writer::from_writer(std::io::BufWriter::new(file));
    for (index, chunk) in chunks.enumerate() {
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
/// [`StoreError::Changed`] or [`StoreError::OfARun`] where `out` holds something else; other [`StoreError`]s where files cannot
/// be read or written.
pub fn merge(shards: &[PathBuf], out: &Path, csv: bool) -> Result<u64, StoreError> {
    let (identity, by_index) = shards_of_one(shards)?;
    let count = by_index.len() as u64;
    let folder_of = |chunk: u64| by_index[(chunk % count) as usize].unwrap_or(out);
    let finished = |index: u64| {
        let shard = Shard { index, count };
        let chunks = (0..shard.share(identity.chunks)).map(|place| shard.chunk(place));
        by_index[(index - 1) as usize]
            .is_some_and(|folder| chunks.into_iter().all(|chunk| is_stored(folder, &identity, chunk)))
    };
    let missing: Vec<u64> = (1..=count).filter(|shard| !finished(*shard)).collect();
    if !missing.is_empty() {
        let damaged =
            missing.iter().filter_map(|index| damaged(by_index[(index - 1) as usize]?, &identity, *index, count));
        let damaged: Vec<String> = damaged.map(|file| format!(" (`{}` is damaged)", file.display())).collect();
        let damaged = damaged.concat();
        let missing = ranges(&missing);
        let message = format!(
            "shards are missing or unfinished: {missing} of {count}{damaged}; run them again, on Slurm with \
             --array={missing}"
        );
        return Err(StoreError::Shards(message));
    }
    std::fs::create_dir_all(out).map_err(|error| StoreError::Write { file: out.to_owned(), error })?;
    refuse_occupied(out, &identity, shards)?;
    let _lock = Lock::of_folder(out)?.ok_or_else(|| StoreError::Busy { folder: out.to_owned() })?;
    let mut ledger = Ledger::open(out)?;
    ledger.claim([RESULTS, RESULTS_CSV])?;
    ledger.unfinish()?;
    let content = identity.content(Shard::WHOLE);
    join((&identity, content), &folder_of, (out, ledger), csv)?;
    Ok(identity.chunks)
}

/// The first file of a shard's chunks that is there, but not as it was written.
fn damaged(folder: &Path, identity: &Identity, index: u64, count: u64) -> Option<PathBuf> {
    let shard = Shard { index, count };
    let chunks = (0..shard.share(identity.chunks)).map(|place| shard.chunk(place));
    let mut damaged = chunks.filter(|chunk| !is_stored(folder, identity, *chunk)).map(|it| chunk_file(folder, it));
    damaged.find(|file| file.exists())
}

/// The sweep to which all folders belong, and the folder of each of its shards.
fn shards_of_one(shards: &[PathBuf]) -> Result<(Identity, Vec<Option<&Path>>), StoreError> {
    let mut known: Option<(Identity, Vec<Option<&Path>>)> = None;
    for folder in shards {
        if folder.exists() && !folder.join(IDENTITY).exists() {
            // A job that was stopped before it began; its number is not known.
            continue;
        }
        let (identity, shard) = Identity::read(folder)?;
        let (first, by_index) =
            known.get_or_insert_with(|| (identity.clone(), vec![None; usize::try_from(shard.count).unwrap_or(0)]));
        if *first != identity || by_index.len() as u64 != shard.count {
            let mut what = Vec::new();
            differences(&first.content, &identity.content, "", &mut what);
            let what = if what.is_empty() { "it is cut into another number of shards".into() } else { what.join("; ") };
            let message = format!("`{}` is of another sweep than `{}`: {what}", folder.display(), shards[0].display());
            return Err(StoreError::Shards(message));
        }
        let Some(place) = by_index.get_mut((shard.index - 1) as usize) else { continue };
        if let Some(other) = place {
            let message =
                format!("`{}` and `{}` are the same shard, {}", other.display(), folder.display(), shard.index);
            return Err(StoreError::Shards(message));
        }
        *place = Some(folder);
    }
    known.ok_or_else(|| {
        let named: Vec<String> = shards.iter().map(|folder| format!("`{}`", folder.display())).collect();
        let named = if named.is_empty() { String::new() } else { format!(" in {}", named.join(", ")) };
        StoreError::Shards(format!("there are no shards to join{named}"))
    })
}

/// Refuses to put a table where something else is stored.
fn refuse_occupied(out: &Path, identity: &Identity, shards: &[PathBuf]) -> Result<(), StoreError> {
    let place = |folder: &Path| folder.canonicalize().ok();
    if let Some(shard) = shards.iter().find(|shard| place(shard).is_some() && place(shard) == place(out)) {
        let message = format!("`{}` is one of the shards; choose another folder with --out", shard.display());
        return Err(StoreError::Shards(message));
    }
    if !out.join(IDENTITY).exists() {
        return Ok(());
    }
    let what = changes(&Identity::read(out)?, &(identity.clone(), Shard::WHOLE));
    what.map_or(Ok(()), |what| Err(StoreError::Occupied { folder: out.to_owned(), what }))
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
