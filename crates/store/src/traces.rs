//! Traces as Parquet, in long form: arm, t_min, variable, value. pandas, polars and DuckDB read it.

use crate::simulate::Recording;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::RowAccessor;
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

/// The traces of one arm.
#[derive(Clone, Debug)]
pub struct ArmTraces {
    /// The arm's name.
    pub arm: String,
    /// Its samples.
    pub recording: Recording,
}

const SCHEMA: &str = "message traces {
    required binary arm (UTF8);
    required double t_min;
    required binary variable (UTF8);
    required double value;
}";

/// The units of columns and of signals by their first word, as JSON; what is not named is a share or a multiple. Names of columns
/// that end in a unit keep it whatever the length of a run, with all digits of the numbers.
const UNITS: &str = r#"{"t_min":"min","rate":"Hz","concentration":"nM","highest.rate":"Hz","lowest.rate":"Hz","half_time_min":"min","first_passage_s":"s"}"#;

/// One row group per arm.
pub(super) fn encode(traces: &[ArmTraces]) -> Result<Vec<u8>, ParquetError> {
    let mut bytes = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut bytes, Arc::new(parse_message_type(SCHEMA)?), Arc::new(properties()?))?;
    for traces in traces {
        let mut group = writer.next_row_group()?;
        write_arm(&mut group, traces)?;
        group.close()?;
    }
    writer.close()?;
    Ok(bytes)
}

/// How the files of a run are compressed, and who wrote them.
pub(super) fn properties() -> Result<WriterProperties, ParquetError> {
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_created_by(concat!("disinhibit ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(vec![KeyValue::new("units".to_owned(), UNITS.to_owned())]))
        .build())
}

fn write_arm(group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>, traces: &ArmTraces) -> Result<(), ParquetError> {
    let recording = &traces.recording;
    let (times, names) = (recording.times(), recording.names());
    let rows = times.len() * names.len();
    // Variable by variable: runs of equal names and smooth values compress well.
    let arm = ByteArray::from(traces.arm.as_str());
    write_column::<ByteArrayType>(group, &vec![arm; rows], None)?;
    write_column::<DoubleType>(group, &times.repeat(names.len()), None)?;
    let variables: Vec<ByteArray> =
        names.iter().flat_map(|name| std::iter::repeat_n(ByteArray::from(name.as_str()), times.len())).collect();
    write_column::<ByteArrayType>(group, &variables, None)?;
    let values = recording.values();
    let numbers: Vec<f64> = values.columns().into_iter().flat_map(|column| column.to_vec()).collect();
    write_column::<DoubleType>(group, &numbers, None)
}

/// Writes the next column; `known` says of an optional one in which rows it has a value.
pub(super) fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: &[T::T],
    known: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(values, known, None)?;
    column.close()
}

/// Reads what [`encode`] wrote.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<ArmTraces>, ParquetError> {
    let reader = SerializedFileReader::new(bytes::Bytes::copy_from_slice(bytes))?;
    let mut traces = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group)?;
        let mut arm = String::new();
        let mut names: Vec<String> = Vec::new();
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut times: Vec<f64> = Vec::new();
        for row in group.get_row_iter(None)? {
            let row = row?;
            let variable = row.get_string(2)?;
            if names.last() != Some(variable) {
                arm.clone_from(row.get_string(0)?);
                names.push(variable.clone());
                columns.push(Vec::new());
            }
            if names.len() == 1 {
                times.push(row.get_double(1)?);
            }
            if let Some(column) = columns.last_mut() {
                column.push(row.get_double(3)?);
            }
        }
        let mut recording = Recording::new(&names);
        for (index, time) in times.iter().enumerate() {
            recording.push(*time, columns.iter().filter_map(|column| column.get(index).copied()));
        }
        traces.push(ArmTraces { arm, recording });
    }
    Ok(traces)
}
