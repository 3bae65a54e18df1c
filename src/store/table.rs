//! The table of a sweep as Parquet: one row per run and arm. Finished chunks are files of their own, which are joined at
//! the end; a chunk's bytes depend on nothing but its rows.

use crate::spec::Setting;
use crate::spec::sweep::Scale;
use crate::sweep::{Engine, Row};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::RowAccessor;
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

/// Writes a table, row group by row group.
pub struct TableWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table. Units and labels go into the file's metadata, as JSON under `columns`.
    ///
    /// # Errors
    /// [`ParquetError`] where the target cannot be written.
    pub fn new(target: W, columns: &[Column]) -> Result<Self, ParquetError> {
        let described: serde_json::Map<String, serde_json::Value> = columns
            .iter()
            .map(|column| {
                (
                    column.name.clone(),
                    serde_json::json!({ "unit": column.unit, "label": column.label, "role": column.role.word() }),
                )
            })
            .collect();
        let metadata = KeyValue::new("columns".to_owned(), serde_json::Value::Object(described).to_string());
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_created_by(concat!("disinhibit ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(vec![metadata]))
            .build();
        let writer = SerializedFileWriter::new(target, schema(columns)?, Arc::new(properties))?;
        Ok(Self { writer, columns: columns.to_vec() })
    }

    /// Adds a row group.
    ///
    /// # Errors
    /// [`ParquetError`] where the target cannot be written.
    pub fn group(&mut self, rows: &[Vec<Cell>]) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (index, column) in self.columns.iter().enumerate() {
            write_column(&mut group, column.kind, rows.iter().filter_map(|row| row.get(index)))?;
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

fn write_column<'a, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    kind: ColumnKind,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    match kind {
        ColumnKind::Whole => {
            let values: Vec<i64> = cells.map(|cell| if let Cell::Whole(whole) = cell { *whole } else { 0 }).collect();
            column.typed::<Int64Type>().write_batch(&values, None, None)?;
        }
        ColumnKind::Number => {
            let values: Vec<f64> =
                cells.map(|cell| if let Cell::Number(number) = cell { *number } else { f64::NAN }).collect();
            column.typed::<DoubleType>().write_batch(&values, None, None)?;
        }
        ColumnKind::Text => {
            let text = |cell: &Cell| if let Cell::Text(text) = cell { text.as_str().into() } else { ByteArray::new() };
            let values: Vec<ByteArray> = cells.map(text).collect();
            column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
        }
    }
    column.close()
}

/// Reads the columns and rows of a table.
///
/// # Errors
/// [`ParquetError`] where the bytes are no such table.
pub fn decode(bytes: bytes::Bytes) -> Result<(Vec<Column>, Vec<Vec<Cell>>), ParquetError> {
    let reader = SerializedFileReader::new(bytes)?;
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
    let columns: Vec<Column> = columns.collect();
    let mut rows = Vec::new();
    for row in reader.get_row_iter(None)? {
        let row = row?;
        let cell = |(index, column): (usize, &Column)| {
            Ok(match column.kind {
                ColumnKind::Whole => Cell::Whole(row.get_long(index)?),
                ColumnKind::Number => Cell::Number(row.get_double(index)?),
                ColumnKind::Text => Cell::Text(row.get_string(index)?.clone()),
            })
        };
        rows.push(columns.iter().enumerate().map(cell).collect::<Result<Vec<Cell>, ParquetError>>()?);
    }
    Ok((columns, rows))
}
