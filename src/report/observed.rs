//! A user's own measurements: CSV files with the columns arm, time, variable, value and, if known, s.e.

use crate::config::disk;
use crate::plot::Observed;
use crate::scenario::nearest;
use crate::units::{Dimension, InputUnit};
use std::path::{Path, PathBuf};

/// What is wrong with a file of measurements.
#[derive(Debug, thiserror::Error)]
pub enum ObservedError {
    /// It cannot be read as CSV.
    #[error("{file}: {error}", file = .file.display())]
    Csv {
        /// The file.
        file: PathBuf,
        /// Why.
        error: csv::Error,
    },
    /// A field does not fit.
    #[error("{file}:{line}: {message}; expected {expected}{}", .nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default(), file = .file.display())]
    Field {
        /// The file.
        file: PathBuf,
        /// Its line.
        line: u64,
        /// What is wrong.
        message: String,
        /// What was expected.
        expected: String,
        /// The nearest valid name.
        nearest: Option<String>,
    },
}

/// Reads rates that were measured, for the arms and populations named.
///
/// # Errors
/// [`ObservedError`] with file and line.
pub fn read(file: &Path, arms: &[&str], populations: &[&str]) -> Result<Vec<Observed>, ObservedError> {
    let wrap = |error| ObservedError::Csv { file: file.to_owned(), error };
    let bytes = disk::read(file).map_err(|error| wrap(error.into()))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(&bytes[..]);
    let columns = Columns::find(reader.headers().map_err(wrap)?, file)?;
    let mut observed = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrap)?;
        let place = Place { file, line: record.position().map_or(0, csv::Position::line) };
        let text = |column: usize| record.get(column).unwrap_or("");
        let variable = text(columns.variable);
        let population = variable.strip_prefix("rate.").unwrap_or(variable);
        observed.push(Observed {
            arm: place.named("arm", text(columns.arm), arms)?,
            population: place.named("population", population, populations)?,
            t_min: place.quantity("time", text(columns.time), Dimension::Time)?,
            rate_hz: place.quantity("value", text(columns.value), Dimension::Rate)?,
            error_hz: match columns.error.map(text).filter(|text| !text.is_empty()) {
                Some(text) => Some(place.quantity("s.e.", text, Dimension::Rate)?),
                None => None,
            },
        });
    }
    Ok(observed)
}

/// Where the columns are.
struct Columns {
    arm: usize,
    time: usize,
    variable: usize,
    value: usize,
    error: Option<usize>,
}

impl Columns {
    fn find(headers: &csv::StringRecord, file: &Path) -> Result<Self, ObservedError> {
        let find = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
        let need = |name: &str| {
            let place = Place { file, line: 1 };
            let message = format!("there is no column `{name}`");
            find(name)
                .ok_or_else(|| place.wrong(message, "the columns arm, time, variable, value and, if known, s.e.", None))
        };
        Ok(Self {
            arm: need("arm")?,
            time: need("time")?,
            variable: need("variable")?,
            value: need("value")?,
            error: find("s.e.").or_else(|| find("se")),
        })
    }
}

struct Place<'a> {
    file: &'a Path,
    line: u64,
}

impl Place<'_> {
    fn wrong(&self, message: String, expected: &str, nearest: Option<String>) -> ObservedError {
        ObservedError::Field {
            file: self.file.to_owned(),
            line: self.line,
            message,
            expected: expected.into(),
            nearest,
        }
    }

    fn named(&self, what: &str, name: &str, known: &[&str]) -> Result<usize, ObservedError> {
        known.iter().position(|known| *known == name).ok_or_else(|| {
            let close = nearest(name, known.iter().copied());
            self.wrong(format!("there is no {what} `{name}`"), &known.join(", "), close)
        })
    }

    /// A quantity with its unit, or a bare number in the base unit.
    fn quantity(&self, what: &str, text: &str, dimension: Dimension) -> Result<f64, ObservedError> {
        let bare = text.parse::<f64>().ok().filter(|number| number.is_finite());
        bare.or_else(|| dimension.read(text, InputUnit::None).ok()).ok_or_else(|| {
            let expected = format!(
                "{} or a number in {}",
                dimension.expectation(InputUnit::None),
                dimension.base_symbol(InputUnit::None)
            );
            self.wrong(format!("`{text}` is no {what}"), &expected, None)
        })
    }
}
