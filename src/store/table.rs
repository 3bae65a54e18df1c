//! The table of a sweep as Parquet: one row per run and arm. Finished chunks are files of their own, which are joined at
//! the end; a chunk's bytes depend on nothing but its rows.

use crate::spec::Setting;
use crate::spec::sweep::Scale;
use crate::sweep::{Engine, Row};
use indexmap::IndexSet;
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

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Whole numbers.
    Whole,
    /// Numbers; NaN where undefined.
    Number,
    /// Texts.
    Text,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name: a parameter's path or a readout's name.
    pub name: String,
    /// Its unit; empty where it has none.
    pub unit: String,
    /// Its short name, for figures.
    pub label: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// What it is for.
    pub role: ColumnRole,
}

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnRole {
    /// Which run and arm, and how it ended.
    Key,
    /// An axis that moves on its own.
    Axis {
        /// Whether its values are spaced by equal ratios.
        log: bool,
    },
    /// An axis that moves with another.
    Tied,
    /// A readout.
    Readout,
}

impl ColumnRole {
    const WORDS: [(&'static str, Self); 5] = [
        ("key", Self::Key),
        ("axis", Self::Axis { log: false }),
        ("log axis", Self::Axis { log: true }),
        ("tied axis", Self::Tied),
        ("readout", Self::Readout),
    ];

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, role)| *role == self).map_or("key", |(word, _)| word)
    }

    fn named(word: &str) -> Self {
        Self::WORDS.iter().find(|(known, _)| *known == word).map_or(Self::Key, |(_, role)| *role)
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// Rows in memory, column by column: 8 bytes for a number, 4 for a text that other rows have too.
#[derive(Clone, Debug)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// Their values, for each column one for each row.
    values: Vec<Values>,
}

/// The values of a column.
#[derive(Clone, Debug)]
enum Values {
    Whole(Vec<i64>),
    Number(Vec<f64>),
    /// Each distinct text once, and which of them each row has.
    Text(IndexSet<String>, Vec<u32>),
}

impl Table {
    /// A table without rows.
    pub fn new(columns: &[Column]) -> Self {
        let values = |column: &Column| match column.kind {
            ColumnKind::Whole => Values::Whole(Vec::new()),
            ColumnKind::Number => Values::Number(Vec::new()),
            ColumnKind::Text => Values::Text(IndexSet::new(), Vec::new()),
        };
        Self { columns: columns.to_vec(), values: columns.iter().map(values).collect() }
    }

    /// Adds a row, a cell for each column; a cell of another kind than its column becomes 0, NaN or an empty text.
    pub fn push(&mut self, cells: Vec<Cell>) {
        for (values, cell) in self.values.iter_mut().zip(cells) {
            match values {
                Values::Whole(all) => all.push(if let Cell::Whole(whole) = cell { whole } else { 0 }),
                Values::Number(all) => all.push(if let Cell::Number(number) = cell { number } else { f64::NAN }),
                Values::Text(words, places) => {
                    let (place, _) = words.insert_full(if let Cell::Text(text) = cell { text } else { String::new() });
                    places.push(place as u32);
                }
            }
        }
    }

    /// Adds the rows of a table of the same columns.
    pub fn append(&mut self, other: Self) {
        for (values, more) in self.values.iter_mut().zip(other.values) {
            match (values, more) {
                (Values::Whole(all), Values::Whole(more)) => all.extend(more),
                (Values::Number(all), Values::Number(more)) => all.extend(more),
                (Values::Text(words, places), Values::Text(more, of_more)) => {
                    let known: Vec<u32> = more.into_iter().map(|word| words.insert_full(word).0 as u32).collect();
                    places.extend(of_more.into_iter().map(|place| known[place as usize]));
                }
                _ => {}
            }
        }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self.values.first() {
            Some(Values::Whole(all)) => all.len(),
            Some(Values::Number(all)) => all.len(),
            Some(Values::Text(_, places)) => places.len(),
            None => 0,
        }
    }

    /// The cells of a row that exists.
    pub fn row(&self, row: usize) -> Vec<Cell> {
        let cell = |values: &Values| match values {
            Values::Whole(all) => Cell::Whole(all[row]),
            Values::Number(all) => Cell::Number(all[row]),
            Values::Text(words, places) => Cell::Text(words[places[row] as usize].clone()),
        };
        self.values.iter().map(cell).collect()
    }

    /// A number of a row; NaN where there is none.
    pub fn number(&self, row: usize, column: usize) -> f64 {
        match self.values.get(column) {
            Some(Values::Number(all)) => all.get(row).copied().unwrap_or(f64::NAN),
            _ => f64::NAN,
        }
    }

    /// A whole number of a row, where there is one.
    pub fn whole(&self, row: usize, column: usize) -> Option<i64> {
        match self.values.get(column)? {
            Values::Whole(all) => all.get(row).copied(),
            _ => None,
        }
    }

    /// The distinct texts of a column in the order of the rows; none where it has numbers.
    pub fn words(&self, column: usize) -> impl Iterator<Item = &str> {
        let words = match self.values.get(column) {
            Some(Values::Text(words, _)) => Some(words),
            _ => None,
        };
        words.into_iter().flatten().map(String::as_str)
    }

    /// Which of these a row has.
    pub fn place_of_word(&self, row: usize, column: usize) -> Option<usize> {
        match self.values.get(column)? {
            Values::Text(_, places) => places.get(row).map(|place| *place as usize),
            _ => None,
        }
    }
}

/// The columns of a sweep's table.
pub fn columns(engine: &Engine) -> Vec<Column> {
    let column = |name: &str, unit: &str, label: &str, kind, role| Column {
        name: name.to_owned(),
        unit: unit.to_owned(),
        label: label.to_owned(),
        kind,
        role,
    };
    let whole = |name: &str| column(name, "", name, ColumnKind::Whole, ColumnRole::Key);
    let text = |name: &str| column(name, "", name, ColumnKind::Text, ColumnRole::Key);
    let mut columns =
        vec![whole("point"), whole("replicate"), whole("stream"), text("arm"), text("status"), text("problem")];
    for (index, axis) in engine.design.axes().iter().enumerate() {
        let kind = if axis.parameter.is_some() { ColumnKind::Number } else { ColumnKind::Text };
        let log = axis.scale == Scale::Log;
        let role = if axis.group == index { ColumnRole::Axis { log } } else { ColumnRole::Tied };
        columns.push(column(&axis.path, axis.unit(), &axis.name, kind, role));
    }
    for readout in &engine.readouts {
        let kind = ColumnKind::Number;
        columns.push(column(&readout.name, readout.unit, &readout.name, kind, ColumnRole::Readout));
    }
    columns
}

/// The cells of a row, in the order of the columns.
pub fn cells(row: &Row) -> Vec<Cell> {
    let whole = |value: u64| Cell::Whole(i64::try_from(value).unwrap_or(i64::MAX));
    let mut cells = vec![whole(row.point), whole(row.replicate), whole(row.stream)];
    cells.extend([&row.arm, &row.status, &row.problem].map(|text| Cell::Text(text.clone())));
    cells.extend(row.axes.iter().map(|value| match (value.number, &value.setting) {
        (Some(number), _) => Cell::Number(number),
        (None, Setting::Number(number)) => Cell::Text(format!("{number}")),
        (None, Setting::Text(text)) => Cell::Text(text.clone()),
        (None, Setting::Flag(flag)) => Cell::Text(format!("{flag}")),
    }));
    cells.extend(row.readouts.iter().map(|number| Cell::Number(*number)));
    cells
}

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
