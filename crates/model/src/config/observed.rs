//! A user's own measurements: CSV files (RFC 4180) with the columns arm, time, variable, value and, if known, s.e. They are read
//! with the scenario that names them, so that what is wrong with them is known before anything runs.

use super::notes::Note;
use super::{Diagnostic, Loader};
use crate::scenario::{Scenario, nearest};
use crate::units::{Dimension, InputUnit};
use std::ops::Range;
use std::path::Path;

const COLUMNS: &str = "the columns arm, time, variable, value and, if known, s.e.";

/// The measurements of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurements {
    /// The file as it is.
    pub bytes: Vec<u8>,
    /// Its rows.
    pub rows: Vec<Measurement>,
}

/// A rate that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Index of the arm.
    pub arm: usize,
    /// Index of the population in the circuit.
    pub population: usize,
    /// When, in min.
    pub minutes: f64,
    /// In Hz.
    pub rate_hz: f64,
    /// Standard error in Hz, if known.
    pub error_hz: Option<f64>,
}

impl Loader<'_> {
    /// Reads the measurements that a scenario names, from this folder.
    pub(super) fn observed(&mut self, folder: &Path, scenario: &Scenario) -> Vec<Measurements> {
        let mut all = Vec::new();
        for (index, observed) in scenario.observed.iter().enumerate().filter(|(_, one)| !one.file.is_empty()) {
            let file = folder.join(&observed.file);
            match (self.read)(&file) {
                Ok(bytes) => all.extend(self.measurements(&file, bytes, scenario)),
                Err(error) => {
                    let path = format!("observed.{index}.file");
                    let (at, span) = self.notes.origin(&path).unwrap_or((0, 0..0));
                    let message = format!("`{}` cannot be read: {error}", file.display());
                    let expected = "a CSV file of measurements, from the folder of this one".to_owned();
                    self.notes.add(Note { file: at, span, path, message, expected, nearest: None });
                }
            }
        }
        all
    }

    fn measurements(&mut self, file: &Path, bytes: Vec<u8>, scenario: &Scenario) -> Option<Measurements> {
        let name = file.display().to_string();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut reading = Reading { name: &name, text: &text, scenario, wrong: Vec::new(), doubts: Vec::new() };
        let rows = reading.rows();
        let Reading { wrong, doubts, .. } = reading;
        let is_right = wrong.is_empty();
        self.failures.extend(wrong);
        self.doubts.extend(doubts);
        is_right.then_some(Measurements { bytes, rows })
    }
}

/// A field with its place in the text.
type Field = (String, Range<usize>);

/// A file that is being read, and what was found.
struct Reading<'a> {
    name: &'a str,
    text: &'a str,
    scenario: &'a Scenario,
    wrong: Vec<Diagnostic>,
    doubts: Vec<Diagnostic>,
}

/// Where the columns are.
struct Columns {
    arm: usize,
    time: usize,
    variable: usize,
    value: usize,
    error: Option<usize>,
}

impl Reading<'_> {
    fn rows(&mut self) -> Vec<Measurement> {
        let records = match records(self.text) {
            Ok(records) => records,
            Err((span, message)) => {
                self.report(&span, message, "fields with commas between them, as of RFC 4180", None);
                return Vec::new();
            }
        };
        let Some((header, records)) = records.split_first() else {
            self.report(&(0..0), "the file is empty".into(), COLUMNS, None);
            return Vec::new();
        };
        let Some(columns) = self.columns(header) else { return Vec::new() };
        let mut rows = Vec::new();
        for record in records {
            if record.len() == header.len() {
                rows.extend(self.row(record, &columns));
            } else {
                let span = record[0].1.start..record[record.len() - 1].1.end;
                let message = format!("{} fields, but the heading has {}", record.len(), header.len());
                self.report(&span, message, "a field for each column", None);
            }
        }
        rows
    }

    fn columns(&mut self, header: &[Field]) -> Option<Columns> {
        let find = |name: &str| header.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        let needed = ["arm", "time", "variable", "value"].map(|name| (name, find(name)));
        let span = header[0].1.start..header[header.len() - 1].1.end;
        for (name, _) in needed.iter().filter(|(_, place)| place.is_none()) {
            let close = nearest(name, header.iter().map(|(known, _)| known.as_str()));
            self.report(&span, format!("there is no column `{name}`"), COLUMNS, close);
        }
        let [arm, time, variable, value] = needed.map(|(_, place)| place);
        let error = find("s.e.").or_else(|| find("se"));
        Some(Columns { arm: arm?, time: time?, variable: variable?, value: value?, error })
    }

    fn row(&mut self, record: &[Field], columns: &Columns) -> Option<Measurement> {
        let scenario = self.scenario;
        let arms: Vec<&str> = scenario.arms.iter().map(|arm| arm.name.as_str()).collect();
        let populations: Vec<&str> = scenario.circuit.populations.keys().map(String::as_str).collect();
        let (variable, place) = &record[columns.variable];
        let population = (variable.strip_prefix("rate.").unwrap_or(variable), place);
        let arm = self.named("arm", (&record[columns.arm].0, &record[columns.arm].1), &arms);
        let population = self.named("population", population, &populations);
        let minutes = self.quantity("time", &record[columns.time], Dimension::Time);
        let rate_hz = self.quantity("value", &record[columns.value], Dimension::Rate);
        let error_hz = match columns.error.map(|column| &record[column]).filter(|(text, _)| !text.is_empty()) {
            Some(field) => Some(self.quantity("s.e.", field, Dimension::Rate)?),
            None => None,
        };
        let row = Measurement { arm: arm?, population: population?, minutes: minutes?, rate_hz: rate_hz?, error_hz };
        let run = &scenario.run;
        if !(run.from..=run.to).contains(&row.minutes) {
            let print = |minutes: f64| Dimension::Time.print(minutes, InputUnit::None, 6);
            let message = format!("a measurement at {}, outside the run", print(row.minutes));
            let expected = format!("a time between {} and {}", print(run.from), print(run.to));
            let doubt = Diagnostic::in_text(self.name, self.text, &record[columns.time].1, message);
            self.doubts.push(Diagnostic { expected, ..doubt.into_warning() });
        }
        Some(row)
    }

    fn report(&mut self, span: &Range<usize>, message: String, expected: &str, close: Option<String>) {
        let wrong = Diagnostic::in_text(self.name, self.text, span, message);
        self.wrong.push(Diagnostic { expected: expected.to_owned(), nearest: close, ..wrong });
    }

    fn named(&mut self, what: &str, (name, place): (&str, &Range<usize>), known: &[&str]) -> Option<usize> {
        let found = known.iter().position(|known| *known == name);
        if found.is_none() {
            let close = nearest(name, known.iter().copied());
            self.report(place, format!("there is no {what} `{name}`"), &known.join(", "), close);
        }
        found
    }

    /// A quantity with its unit, or a bare number in the base unit.
    fn quantity(&mut self, what: &str, (text, place): &Field, dimension: Dimension) -> Option<f64> {
        let bare = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let read = bare.or_else(|| dimension.read(text, InputUnit::None).ok());
        if read.is_none() {
            let (unit, symbol) = (dimension.expectation(InputUnit::None), dimension.base_symbol(InputUnit::None));
            self.report(place, format!("`{text}` is no {what}"), &format!("{unit} or a number in {symbol}"), None);
        }
        read
    }
}

/// The records of a text, without blank lines; or a place and what is wrong there.
fn records(text: &str) -> Result<Vec<Vec<Field>>, (Range<usize>, String)> {
    let mut all = Vec::new();
    // A byte order mark is no part of the first name.
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        let mut record: Vec<Field> = Vec::new();
        loop {
            let (field, end) = field(text, at)?;
            record.push(field);
            at = end + 1;
            if text.as_bytes().get(end) != Some(&b',') {
                break;
            }
        }
        if record.len() > 1 || !record[0].0.is_empty() {
            all.push(record);
        }
    }
    Ok(all)
}

/// The field that starts at a byte, without the blanks around it, and the byte of the comma or the line's end behind it.
fn field(text: &str, start: usize) -> Result<(Field, usize), (Range<usize>, String)> {
    let ends = |from: usize| text[from..].find([',', '\n']).map_or(text.len(), |length| from + length);
    let blank = |letter: char| letter.is_whitespace() && letter != '\n';
    let start = start + (text[start..].len() - text[start..].trim_start_matches(blank).len());
    if !text[start..].starts_with('"') {
        let end = ends(start);
        let plain = text[start..end].trim_end();
        return Ok(((plain.to_owned(), start..start + plain.len()), end));
    }
    let mut content = String::new();
    let mut at = start + 1;
    loop {
        let Some(length) = text[at..].find('"') else {
            return Err((start..start + 1, "a quote that is never closed".into()));
        };
        content.push_str(&text[at..at + length]);
        at += length + 1;
        if !text[at..].starts_with('"') {
            break;
        }
        content.push('"');
        at += 1;
    }
    let end = ends(at);
    if text[at..end].trim().is_empty() {
        Ok(((content.trim().to_owned(), start..at), end))
    } else {
        Err((at..end, "text behind a closing quote".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::records;

    #[test]
    fn fields_are_read_with_quotes_blanks_and_any_line_ends() {
        let texts = |text: &str| -> Vec<Vec<String>> {
            let records = records(text).unwrap();
            records.into_iter().map(|record| record.into_iter().map(|(field, _)| field).collect()).collect()
        };
        assert_eq!(texts("a, b ,c\r\n\r\n1,,3"), [["a", "b", "c"], ["1", "", "3"]]);
        assert_eq!(
            texts("\u{feff}\"a, b\" , \"say \"\"x\"\"\"\n\"two\nlines\",é\n"),
            [["a, b", "say \"x\""], ["two\nlines", "é"]]
        );
        assert!(texts("").is_empty() && texts("\n \n").is_empty());
        assert_eq!(records("a,b\n1,\"x").unwrap_err().0, 6..7);
        assert_eq!(records("a,\"b\"c").unwrap_err().0, 5..6);
        let placed = records("arm,time\n x ,3 min\n").unwrap();
        assert_eq!(placed[1][0], ("x".to_owned(), 10..11));
    }
}
