//! The table of a sweep as Parquet. Finished chunks are files of their own, which are joined at the end; a chunk's bytes
//! depend on nothing but its rows and its stamp. Every column carries the SHA-256 of its description and its values, which is
//! held against what is read: a damaged table is refused, whichever columns of it are asked for.

use super::ledger::{checksum, hexadecimal};
use super::table::{Column, ColumnKind, ColumnRole, Table, Values};
use parquet::basic::{Compression, ZstdLevel};
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::Arc;

fn schema(columns: &[Column]) -> Result<TypePtr, ParquetError> {
    use parquet::basic::{LogicalType, Repetition, Type as Physical};
    let field = |column: &Column| {
        let physical = match column.kind {
            ColumnKind::Whole => Physical::INT64,
            ColumnKind::Number => Physical::DOUBLE,
            ColumnKind::Text => Physical::BYTE_ARRAY,
        };
        let logical = (column.kind == ColumnKind::Text).then_some(LogicalType::String);
        let builder = Type::primitive_type_builder(&column.name, physical).with_repetition(Repetition::REQUIRED);
        Ok(Arc::new(builder.with_logical_type(logical).build()?))
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<TypePtr>, ParquetError>>()?;
    Ok(Arc::new(Type::group_type_builder("sweep").with_fields(fields).build()?))
}

/// Keys of a chunk's stamp in the metadata of its file.
const SWEEP: &str = "sweep";
const CHUNK: &str = "chunk";
/// Keys of the columns' descriptions, as JSON, and of its checksum.
const COLUMNS: &str = "columns";
const SEAL: &str = "columns_sha256";

/// Of which sweep a chunk is, by the hash of its identity, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The hash.
    pub sweep: String,
    /// The number.
    pub chunk: u64,
}

/// The stamp of a chunk; none where the table is not that of a chunk.
///
/// # Errors
/// [`ParquetError`] where the source is no whole table.
pub fn stamp<R: ChunkReader + 'static>(source: R) -> Result<Option<Stamp>, ParquetError> {
    held(|| stamp_of(source))
}

fn stamp_of<R: ChunkReader + 'static>(source: R) -> Result<Option<Stamp>, ParquetError> {
    let reader = SerializedFileReader::new(source)?;
    let notes = reader.metadata().file_metadata().key_value_metadata();
    let note = |key: &str| notes?.iter().find(|note| note.key == key)?.value.clone();
    let stamp = || Some(Stamp { sweep: note(SWEEP)?, chunk: note(CHUNK)?.parse().ok()? });
    Ok(stamp())
}

/// Writes a table, row group by row group.
pub struct TableWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
    checksums: Vec<Sha256>,
}

/// The checksum of a column before its first value: that of its description, so that a changed unit or label is noticed too.
fn checksum_of(column: &Column) -> Sha256 {
    let mut checksum = Sha256::new();
    for text in [&column.name, &column.unit, &column.label, column.role.word()] {
        checksum.update((text.len() as u64).to_le_bytes());
        checksum.update(text);
    }
    checksum
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table. Units, labels and checksums go into the file's metadata, as JSON under `columns`.
    ///
    /// # Errors
    /// [`ParquetError`] where the target cannot be written.
    pub fn new(target: W, columns: &[Column]) -> Result<Self, ParquetError> {
        Self::with(target, columns, Compression::ZSTD(ZstdLevel::try_new(3)?), Vec::new())
    }

    /// That of a chunk: without compression, which for a few rows takes longer than it saves, and with a stamp.
    ///
    /// # Errors
    /// [`ParquetError`] where the target cannot be written.
    pub fn of_a_chunk(target: W, columns: &[Column], stamp: &Stamp) -> Result<Self, ParquetError> {
        let notes = [(SWEEP, stamp.sweep.clone()), (CHUNK, stamp.chunk.to_string())];
        let notes = notes.map(|(key, value)| KeyValue::new(key.to_owned(), value));
        Self::with(target, columns, Compression::UNCOMPRESSED, notes.to_vec())
    }

    fn with(
        target: W,
        columns: &[Column],
        compression: Compression,
        notes: Vec<KeyValue>,
    ) -> Result<Self, ParquetError> {
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_created_by(concat!("disinhibit ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(notes))
            .build();
        let writer = SerializedFileWriter::new(target, schema(columns)?, Arc::new(properties))?;
        Ok(Self { writer, columns: columns.to_vec(), checksums: columns.iter().map(checksum_of).collect() })
    }

    /// Adds a row group: the rows of a table of the same columns.
    ///
    /// # Errors
    /// [`ParquetError`] where the target cannot be written.
    pub fn group(&mut self, table: &Table) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (values, checksum) in table.values.iter().zip(&mut self.checksums) {
            values.add_to(checksum);
            values.write(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the table.
    ///
    /// # Errors
    /// [`ParquetError`] where the target cannot be written.
    pub fn finish(mut self) -> Result<(), ParquetError> {
        let described = self.columns.iter().zip(self.checksums).map(|(column, checksum)| {
            let note = serde_json::json!({
                "unit": column.unit,
                "label": column.label,
                "role": column.role.word(),
                "sha256": hexadecimal(&checksum.finalize()),
            });
            (column.name.clone(), note)
        });
        let described = serde_json::Value::Object(described.collect()).to_string();
        let seal = checksum(described.as_bytes());
        self.writer.append_key_value_metadata(KeyValue::new(COLUMNS.to_owned(), described));
        self.writer.append_key_value_metadata(KeyValue::new(SEAL.to_owned(), seal));
        self.writer.close().map(|_| ())
    }
}

impl Values {
    fn write<W: Write + Send>(&self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<(), ParquetError> {
        let Some(mut column) = group.next_column()? else { return Ok(()) };
        match self {
            Self::Whole(all) => column.typed::<Int64Type>().write_batch(all, None, None)?,
            Self::Number(all) => column.typed::<DoubleType>().write_batch(all, None, None)?,
            Self::Text(words, places) => {
                let words: Vec<ByteArray> = words.iter().map(|word| word.as_str().into()).collect();
                let all: Vec<ByteArray> = places.iter().map(|place| words[*place as usize].clone()).collect();
                column.typed::<ByteArrayType>().write_batch(&all, None, None)?
            }
        };
        column.close()
    }

    /// Takes the values into a checksum.
    fn add_to(&self, checksum: &mut Sha256) {
        match self {
            Self::Whole(all) => all.iter().for_each(|value| checksum.update(value.to_le_bytes())),
            Self::Number(all) => all.iter().for_each(|value| checksum.update(value.to_le_bytes())),
            Self::Text(words, places) => places.iter().for_each(|place| {
                let word = &words[*place as usize];
                checksum.update((word.len() as u64).to_le_bytes());
                checksum.update(word);
            }),
        }
    }

    /// Adds the values of a row group.
    fn read(&mut self, reader: ColumnReader, rows: usize) -> Result<(), ParquetError> {
        match (self, reader) {
            (Self::Whole(all), ColumnReader::Int64ColumnReader(mut reader)) => {
                reader.read_records(rows, None, None, all)?;
            }
            (Self::Number(all), ColumnReader::DoubleColumnReader(mut reader)) => {
                reader.read_records(rows, None, None, all)?;
            }
            (Self::Text(words, places), ColumnReader::ByteArrayColumnReader(mut reader)) => {
                let mut all = Vec::new();
                reader.read_records(rows, None, None, &mut all)?;
                for text in &all {
                    let text = text.as_utf8()?;
                    let place = words.get_index_of(text).unwrap_or_else(|| words.insert_full(text.to_owned()).0);
                    places.push(place as u32);
                }
            }
            _ => return Err(ParquetError::General("a column is of another kind than its table says".to_owned())),
        }
        Ok(())
    }
}

/// Reads the columns that are wanted, and their rows.
///
/// # Errors
/// [`ParquetError`] where the source is no such table, or a column is not what was written.
pub fn decode<R: ChunkReader + 'static>(source: R, wanted: impl Fn(&Column) -> bool) -> Result<Table, ParquetError> {
    held(|| columns_of(source, wanted))
}

/// Reads a file that may be damaged. The decoder of some pages panics where a count in them is not what was written (parquet 60);
/// this is damage like any other, and nothing that it has read is used.
fn held<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(ParquetError::General("it is damaged: its pages cannot be decoded".to_owned())))
}

fn columns_of<R: ChunkReader + 'static>(source: R, wanted: impl Fn(&Column) -> bool) -> Result<Table, ParquetError> {
    let reader = SerializedFileReader::new(source)?;
    let file = reader.metadata().file_metadata();
    let note = |key: &str| file.key_value_metadata()?.iter().find(|entry| entry.key == key)?.value.as_deref();
    let described = note(COLUMNS).filter(|text| note(SEAL) == Some(&checksum(text.as_bytes())));
    let described: serde_json::Value = described.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let names = file.schema().get_fields().iter().map(|field| field.name());
    if !described.as_object().is_some_and(|known| known.keys().map(String::as_str).eq(names)) {
        let message = "its columns are not as they were written: it is damaged, or no table of this program";
        return Err(ParquetError::General(message.to_owned()));
    }
    let columns = file.schema().get_fields().iter().map(|field| {
        let note = |key: &str| described[field.name()][key].as_str().unwrap_or("").to_owned();
        let kind = match field.get_physical_type() {
            parquet::basic::Type::INT64 => ColumnKind::Whole,
            parquet::basic::Type::DOUBLE => ColumnKind::Number,
            _ => ColumnKind::Text,
        };
        let role = ColumnRole::named(&note("role"));
        Column { name: field.name().to_owned(), unit: note("unit"), label: note("label"), kind, role }
    });
    let (places, columns): (Vec<usize>, Vec<Column>) = columns.enumerate().filter(|(_, column)| wanted(column)).unzip();
    let mut table = Table::new(&columns);
    for number in 0..reader.num_row_groups() {
        let group = reader.get_row_group(number)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
        for (place, values) in places.iter().zip(&mut table.values) {
            values.read(group.get_column_reader(*place)?, rows)?;
        }
    }
    let rows = usize::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or_default();
    if table.rows() != rows {
        return Err(ParquetError::General(format!("it ends after {} of {rows} rows", table.rows())));
    }
    for (column, values) in table.columns.iter().zip(&table.values) {
        let mut checksum = checksum_of(column);
        values.add_to(&mut checksum);
        if described[&column.name]["sha256"].as_str() != Some(&hexadecimal(&checksum.finalize())) {
            let message = format!("the column `{}` was damaged or changed after it was written", column.name);
            return Err(ParquetError::General(message));
        }
    }
    Ok(table)
}
