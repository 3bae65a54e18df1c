//! The table of a sweep as Parquet. Finished chunks are files of their own, which are joined at the end; a chunk's bytes
//! depend on nothing but its rows and its stamp.

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
    let reader = SerializedFileReader::new(source)?;
    let notes = reader.metadata().file_metadata().key_value_metadata();
    let note = |key: &str| notes?.iter().find(|note| note.key == key)?.value.clone();
    let stamp = || Some(Stamp { sweep: note(SWEEP)?, chunk: note(CHUNK)?.parse().ok()? });
    Ok(stamp())
}

/// Writes a table, row group by row group.
pub struct TableWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table. Units and labels go into the file's metadata, as JSON under `columns`.
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
        mut notes: Vec<KeyValue>,
    ) -> Result<Self, ParquetError> {
        let described: serde_json::Map<String, serde_json::Value> = columns
            .iter()
            .map(|column| {
                (
                    column.name.clone(),
                    serde_json::json!({ "unit": column.unit, "label": column.label, "role": column.role.word() }),
                )
            })
            .collect();
        notes.push(KeyValue::new("columns".to_owned(), serde_json::Value::Object(described).to_string()));
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_created_by(concat!("disinhibit ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(notes))
            .build();
        let writer = SerializedFileWriter::new(target, schema(columns)?, Arc::new(properties))?;
        Ok(Self { writer })
    }

    /// Adds a row group: the rows of a table of the same columns.
    ///
    /// # Errors
    /// [`ParquetError`] where the target cannot be written.
    pub fn group(&mut self, table: &Table) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for values in &table.values {
            values.write(&mut group)?;
        }
        group.close()?;
        Ok(())
    }

    /// Ends the table.
    ///
    /// # Errors
    /// [`ParquetError`] where the target cannot be written.
    pub fn finish(self) -> Result<(), ParquetError> {
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
/// [`ParquetError`] where the source is no such table.
pub fn decode<R: ChunkReader + 'static>(source: R, wanted: impl Fn(&Column) -> bool) -> Result<Table, ParquetError> {
    let reader = SerializedFileReader::new(source)?;
    let file = reader.metadata().file_metadata();
    let described = file.key_value_metadata().into_iter().flatten().find(|entry| entry.key == "columns");
    let described: serde_json::Value =
        described.and_then(|entry| serde_json::from_str(entry.value.as_deref()?).ok()).unwrap_or_default();
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
    Ok(table)
}
