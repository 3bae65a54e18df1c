//! Annotated matrices side by side: how each rate answers to each drive, one matrix for each state of a circuit.

use super::axis;
use super::canvas::{Align, Canvas, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Theme};
use super::panel::{self, LABEL, MARGIN, SMALL};

/// One matrix.
#[derive(Clone, Debug, Default)]
pub struct MatrixPanel {
    /// What it is of.
    pub name: String,
    /// A number that stands before each row, such as the rate there.
    pub before: Vec<f64>,
    /// The entries: a row for each row name, in it one for each column name. What is not finite is left empty.
    pub values: Vec<Vec<f64>>,
    /// Entries with a frame around them, by row and column.
    pub framed: Vec<(usize, usize)>,
    /// Lines under the matrix.
    pub notes: Vec<String>,
}

/// Matrices with common rows, columns and colours.
#[derive(Clone, Debug, Default)]
pub struct MatrixFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// What the number before each row is, with its unit.
    pub before: String,
    /// Populations of the rows and of the columns.
    pub populations: Vec<String>,
    /// What stands over the columns.
    pub columns: String,
    /// The matrices, from the left.
    pub panels: Vec<MatrixPanel>,
}

const CELL: (f64, f64) = (58.0, 36.0);
const BEFORE: f64 = 50.0;
const BETWEEN: f64 = 26.0;
const LINE: f64 = 17.0;
/// Matrices side by side.
const COLUMNS: usize = 3;
const POSITIVE: Color = Color(0, 114, 178);
const NEGATIVE: Color = Color(213, 94, 0);

impl MatrixFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut canvas = Canvas::new();
        let style = Type::new(LABEL, Color::INK).bold();
        let names = self.populations.iter().map(|name| style.width(name)).fold(0.0, f64::max).min(160.0);
        let left = MARGIN + names + 8.0;
        let matrix = BEFORE + self.populations.len() as f64 * CELL.0;
        let columns = self.panels.len().clamp(1, COLUMNS);
        let width = (left + columns as f64 * (matrix + BETWEEN) - BETWEEN + MARGIN).max(360.0);
        let mut top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 22.0;
        let all = self.panels.iter().flat_map(|panel| panel.values.iter().flatten().copied());
        let largest = all.filter(|value| value.is_finite()).fold(0.0, |largest: f64, value| largest.max(value.abs()));
        for row in self.panels.chunks(columns) {
            let notes = row.iter().map(|panel| panel.notes.len()).max().unwrap_or(0) as f64 * LINE;
            let first = top + 38.0;
            for (index, name) in self.populations.iter().enumerate() {
                let y = first + (index as f64 + 0.5) * CELL.1;
                let style = Type::new(LABEL, theme.population(name)).bold().align(Align::End);
                canvas.text_beside(&font::fit(name, LABEL, true, 160.0), (left - 8.0, y), style);
            }
            for (column, one) in row.iter().enumerate() {
                self.draw_panel(&mut canvas, one, (left + column as f64 * (matrix + BETWEEN), first), largest, theme);
            }
            top = first + self.populations.len() as f64 * CELL.1 + notes + 30.0;
        }
        canvas.finish(&self.title, width, top)
    }

    fn draw_panel(&self, canvas: &mut Canvas, one: &MatrixPanel, (left, top): Point, largest: f64, theme: &Theme) {
        let right = left + BEFORE + self.populations.len() as f64 * CELL.0;
        let name = font::fit(&one.name, LABEL, true, right - left);
        canvas.text(&name, (left, top - 40.0), Type::new(LABEL, Color::INK).bold());
        let soft = Type::new(SMALL, Color::SOFT);
        canvas.text(&self.before, (left + BEFORE - 8.0, top - 7.0), soft.align(Align::End));
        canvas.text(&self.columns, (left + BEFORE, top - 23.0), soft);
        for (column, name) in self.populations.iter().enumerate() {
            let middle = left + BEFORE + (column as f64 + 0.5) * CELL.0;
            let style = Type::new(SMALL, theme.population(name)).bold().align(Align::Middle);
            canvas.text(&font::fit(name, SMALL, true, CELL.0 - 4.0), (middle, top - 7.0), style);
        }
        for (row, values) in one.values.iter().enumerate().take(self.populations.len()) {
            let y = top + (row as f64 + 0.5) * CELL.1;
            if let Some(before) = one.before.get(row) {
                let style = Type::new(SMALL, Color::INK).align(Align::End);
                canvas.text_beside(&axis::plain(*before, 2), (left + BEFORE - 8.0, y), style);
            }
            for (column, value) in values.iter().enumerate().take(self.populations.len()) {
                let cell =
                    Rect::around((left + BEFORE + (column as f64 + 0.5) * CELL.0, y), CELL.0 - 2.0, CELL.1 - 2.0);
                draw_cell(canvas, *value, largest, cell);
                if one.framed.contains(&(row, column)) {
                    draw_frame(canvas, cell);
                }
            }
        }
        let bottom = top + self.populations.len() as f64 * CELL.1;
        for (line, note) in one.notes.iter().enumerate() {
            let note = font::fit(note, SMALL, false, right - left + BETWEEN - 6.0);
            canvas.text(&note, (left, bottom + 8.0 + (line as f64 + 0.7) * LINE), soft);
        }
    }
}

fn draw_cell(canvas: &mut Canvas, value: f64, largest: f64, cell: Rect) {
    if !value.is_finite() {
        canvas.rect(cell, Color::WASH);
        return;
    }
    let hue = if value < 0.0 { NEGATIVE } else { POSITIVE };
    // The square root keeps weak responses apart from none.
    let fill = hue.tint(0.9 * libm::sqrt(value.abs() / largest.max(f64::MIN_POSITIVE)));
    canvas.rect(cell, fill);
    let middle = (f64::midpoint(cell.left, cell.right), f64::midpoint(cell.top, cell.bottom));
    let digits = if largest >= 100.0 { 0 } else { 2 };
    let text = if largest < 1.0 { axis::short(value) } else { axis::plain(value, digits) };
    // What rounds to zero has no sign.
    let sign =
        if value > 0.0 && text.chars().any(|letter| letter.is_ascii_digit() && letter != '0') { "+" } else { "" };
    let style = Type::new(SMALL, fill.contrast()).align(Align::Middle);
    canvas.text_beside(&format!("{sign}{text}"), middle, style);
}

fn draw_frame(canvas: &mut Canvas, cell: Rect) {
    let Rect { left, top, right, bottom } = cell;
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.line(&corners, Stroke::solid(Color::INK, 2.0));
}
