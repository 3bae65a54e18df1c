//! Single units of populations on a ring as Parquet, in long form: their numbers, and every connection between them.
//!
//! The summary tells of populations; what grows with the number of units, and with its square, is here.

use super::summary::minutes_of;
use super::traces::{properties, write_column};
use crate::readouts::units::UnitNumber;
use crate::readouts::{ArmSummary, Summary};
use crate::scenario::Scenario;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::sync::Arc;

const UNITS: &str = "message units {
    required binary arm (UTF8);
    optional binary time (UTF8);
    optional double t_min;
    required binary population (UTF8);
    required int32 unit;
    required binary variable (UTF8);
    required double value;
}";

const CONNECTIONS: &str = "message connections {
    required binary arm (UTF8);
    required binary time (UTF8);
    required double t_min;
    required binary onto (UTF8);
    required binary from (UTF8);
    required binary compartment (UTF8);
    optional binary class (UTF8);
    required double weight;
    required double input;
}";

type Group<'a, 'b> = SerializedRowGroupWriter<'a, &'b mut Vec<u8>>;

/// One row per arm, report time, unit and variable; a row group per arm.
pub(super) fn units(summary: &Summary, scenario: &Scenario) -> Result<Vec<u8>, ParquetError> {
    written(UNITS, |writer| {
        for arm in &summary.arms {
            let rows = arm.units(&scenario.circuit);
            let mut group = writer.next_row_group()?;
            write_units(&mut group, arm, &rows, scenario)?;
            group.close()?;
        }
        Ok(())
    })
}

fn write_units(
    group: &mut Group<'_, '_>,
    arm: &ArmSummary,
    rows: &[UnitNumber<'_>],
    scenario: &Scenario,
) -> Result<(), ParquetError> {
    let variable = |row: &UnitNumber<'_>| match row.variable {
        (name, "") | ("", name) => ByteArray::from(name),
        (kind, name) => ByteArray::from(format!("{kind}.{name}").as_str()),
    };
    let labels = rows.iter().map(|row| row.label);
    let known: Vec<i16> = labels.clone().map(|label| i16::from(label.is_some())).collect();
    let named = texts(labels.clone().flatten());
    let minutes: Vec<f64> = labels.flatten().map(|label| minutes_of(label, scenario)).collect();
    write_column::<ByteArrayType>(group, &vec![ByteArray::from(arm.name.as_str()); rows.len()], None)?;
    write_column::<ByteArrayType>(group, &named, Some(&known))?;
    write_column::<DoubleType>(group, &minutes, Some(&known))?;
    write_column::<ByteArrayType>(group, &texts(rows.iter().map(|row| row.population)), None)?;
    write_column::<Int32Type>(group, &rows.iter().map(|row| row.unit as i32).collect::<Vec<_>>(), None)?;
    write_column::<ByteArrayType>(group, &rows.iter().map(variable).collect::<Vec<_>>(), None)?;
    write_column::<DoubleType>(group, &rows.iter().map(|row| row.value).collect::<Vec<_>>(), None)
}

fn texts<'a>(all: impl Iterator<Item = &'a str>) -> Vec<ByteArray> {
    all.map(ByteArray::from).collect()
}

/// One row per arm, report time and connection; a row group per arm and report time.
pub(super) fn connections(summary: &Summary, scenario: &Scenario) -> Result<Vec<u8>, ParquetError> {
    written(CONNECTIONS, |writer| {
        for arm in &summary.arms {
            let all = arm.single.connections();
            let onto = texts(all.iter().map(|one| one.onto.as_str()));
            let from = texts(all.iter().map(|one| one.from.as_str()));
            let compartments = texts(all.iter().map(|one| one.compartment.key().unwrap_or("soma")));
            let classes = all.iter().map(|one| one.class.as_deref());
            let known: Vec<i16> = classes.clone().map(|class| i16::from(class.is_some())).collect();
            let classes = texts(classes.flatten());
            for (label, [weights, inputs]) in arm.single.reports() {
                let mut group = writer.next_row_group()?;
                write_column::<ByteArrayType>(&mut group, &vec![ByteArray::from(arm.name.as_str()); all.len()], None)?;
                write_column::<ByteArrayType>(&mut group, &vec![ByteArray::from(label); all.len()], None)?;
                write_column::<DoubleType>(&mut group, &vec![minutes_of(label, scenario); all.len()], None)?;
                write_column::<ByteArrayType>(&mut group, &onto, None)?;
                write_column::<ByteArrayType>(&mut group, &from, None)?;
                write_column::<ByteArrayType>(&mut group, &compartments, None)?;
                write_column::<ByteArrayType>(&mut group, &classes, Some(&known))?;
                write_column::<DoubleType>(&mut group, weights, None)?;
                write_column::<DoubleType>(&mut group, inputs, None)?;
                group.close()?;
            }
        }
        Ok(())
    })
}

/// A file of a schema, with what is written into it.
fn written(
    schema: &str,
    write: impl FnOnce(&mut SerializedFileWriter<&mut Vec<u8>>) -> Result<(), ParquetError>,
) -> Result<Vec<u8>, ParquetError> {
    let mut bytes = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut bytes, Arc::new(parse_message_type(schema)?), Arc::new(properties()?))?;
    write(&mut writer)?;
    writer.close()?;
    Ok(bytes)
}
