//! Tabulated f-I curves in files of their own: two columns, inputs and rates, by commas, semicolons, tabs or spaces.

use super::notes::Note;
use super::{Diagnostic, Loader};
use crate::scenario::Scenario;
use crate::scenario::transfer::Transfer;
use std::path::Path;

impl Loader<'_> {
    /// Reads the points of all curves that name a file, from this folder.
    pub(super) fn curves(&mut self, folder: &Path, scenario: &mut Scenario) {
        for (name, population) in &mut scenario.circuit.written_mut().populations {
            let Transfer::Table(table) = &mut population.transfer else { continue };
            if table.file.is_empty() {
                continue;
            }
            let place = format!("populations.{}.transfer", crate::scenario::path::quoted(name));
            let file = folder.join(std::mem::take(&mut table.file));
            match self.points(&file, &format!("{place}.file")) {
                Some(points) => (table.inputs, table.rates) = points.into_iter().unzip(),
                // Reported; what follows from the missing points is not.
                None => (table.inputs, table.rates) = (vec![0.0, 1.0], vec![0.0, f64::MAX]),
            }
        }
    }

    fn points(&mut self, file: &Path, named_at: &str) -> Option<Vec<(f64, f64)>> {
        let (at, span) = self.notes.origin(named_at).unwrap_or((0, 0..0));
        let bytes = match (self.read)(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("`{}` cannot be read: {error}", file.display());
                let expected = "a file of two columns, inputs and rates, from the folder of this one".into();
                let path = named_at.to_owned();
                self.notes.add(Note { file: at, span, path, message, expected, nearest: None });
                return None;
            }
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match points_of(&text) {
            Ok(points) => Some(points),
            Err((line, message)) => {
                let start = text.lines().take(line).map(|line| line.len() + 1).sum::<usize>().min(text.len());
                let end = (start + text.lines().nth(line).map_or(0, str::len)).min(text.len());
                let mut failure = Diagnostic::in_text(&file.display().to_string(), &text, &(start..end), message);
                failure.expected = "two numbers: an input and a rate in Hz".into();
                self.failures.push(failure);
                None
            }
        }
    }
}

/// The points of a text, or the line (from 0) that holds none and what is wrong there. A first line of words is a heading;
/// empty lines and those that start with `#` are left out.
fn points_of(text: &str) -> Result<Vec<(f64, f64)>, (usize, String)> {
    let mut points = Vec::new();
    let mut heading = true;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let columns: Vec<&str> =
            line.split([',', ';', '\t', ' ']).map(str::trim).filter(|column| !column.is_empty()).collect();
        let numbers: Vec<f64> = columns.iter().filter_map(|column| column.parse().ok()).collect();
        match numbers[..] {
            [input, rate] if columns.len() == 2 && input.is_finite() && rate.is_finite() => points.push((input, rate)),
            [] if heading => {}
            _ => return Err((index, format!("`{line}` is no point of a curve"))),
        }
        heading = false;
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::points_of;

    #[test]
    fn columns_may_be_parted_by_commas_tabs_or_spaces() {
        let points = vec![(0.0, 0.0), (1.5, -2.0)];
        for text in
            ["0,0\n1.5,-2\n", "input; rate\n0; 0\n\n1.5; -2", "# measured\n0\t0\r\n1.5\t-2\r\n", "I f\n0 0\n1.5 -2"]
        {
            assert_eq!(points_of(text), Ok(points.clone()), "{text}");
        }
        for (text, line) in [("0,0\n1", 1), ("0,0\na,b", 1), ("0,0,0", 0), ("0,nan", 0), ("a b\nc d", 1)] {
            assert_eq!(points_of(text).unwrap_err().0, line, "{text}");
        }
    }
}
