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
/// Room for the number before a row.
pub(super) const BEFORE: f64 = 50.0;
/// Room for what stands over the cells.
pub(super) const ABOVE: f64 = 38.0;
/// Height of a cell where matrices have no reason to differ.
pub(super) const ROW: f64 = CELL.1;
/// Longest name of a row, in pixels.
const LONGEST_NAME: f64 = 160.0;
const BETWEEN: f64 = 26.0;
/// Length of the colours' key.
const KEY: f64 = 110.0;
const LINE: f64 = 17.0;
/// Matrices side by side.
const COLUMNS: usize = 3;
const POSITIVE: Color = Color(0, 114, 178);
const NEGATIVE: Color = Color(213, 94, 0);

/// What matrices have in common, so that they can be compared.
pub(super) struct Scale<'a> {
    pub populations: &'a [String],
    /// What the number before each row is.
    pub before: &'a str,
    /// What stands over the columns.
    pub columns: &'a str,
    /// Width and height of a cell.
    pub cell: (f64, f64),
    /// The size that has the fullest colour.
    pub largest: f64,
    pub theme: &'a Theme,
}

/// The largest size among the entries.
pub(super) fn largest<'a>(panels: impl IntoIterator<Item = &'a MatrixPanel>) -> f64 {
    let all = panels.into_iter().flat_map(|panel| panel.values.iter().flatten().copied());
    all.filter(|value| value.is_finite()).fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

/// Room that the names of rows take.
pub(super) fn name_room(populations: &[String]) -> f64 {
    let style = Type::new(LABEL, Color::INK).bold();
    populations.iter().map(|name| style.width(name)).fold(0.0, f64::max).min(LONGEST_NAME) + 8.0
}

/// Height of the lines under matrices.
pub(super) fn notes_height<'a>(panels: impl IntoIterator<Item = &'a MatrixPanel>) -> f64 {
    panels.into_iter().map(|panel| panel.notes.len()).max().unwrap_or(0) as f64 * LINE
}

impl MatrixFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut canvas = Canvas::new();
        let left = MARGIN + name_room(&self.populations);
        let scale = Scale {
            populations: &self.populations,
            before: &self.before,
            columns: &self.columns,
            cell: CELL,
            largest: largest(&self.panels),
            theme,
        };
        let matrix = scale.width();
        let columns = self.panels.len().clamp(1, COLUMNS);
        let width = (left + columns as f64 * (matrix + BETWEEN) - BETWEEN + MARGIN).max(360.0);
        let mut top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 22.0;
        for row in self.panels.chunks(columns) {
            let first = top + ABOVE;
            scale.draw_rows(&mut canvas, (left, first));
            for (column, one) in row.iter().enumerate() {
                let left = left + column as f64 * (matrix + BETWEEN);
                let name = font::fit(&one.name, LABEL, true, matrix);
                canvas.text(&name, (left, first - 40.0), Type::new(LABEL, Color::INK).bold());
                scale.draw(&mut canvas, one, (left, first), BETWEEN - 6.0);
            }
            top = first + scale.height() + notes_height(row) + 30.0;
        }
        canvas.finish(&self.title, width, top)
    }
}

impl Scale<'_> {
    /// Width of a matrix with the numbers before its rows.
    pub(super) fn width(&self) -> f64 {
        BEFORE + self.populations.len() as f64 * self.cell.0
    }

    /// Height of the cells.
    pub(super) fn height(&self) -> f64 {
        self.populations.len() as f64 * self.cell.1
    }

    /// The names of the rows, left of a place; their first row begins at its height.
    pub(super) fn draw_rows(&self, canvas: &mut Canvas, (left, top): Point) {
        for (index, name) in self.populations.iter().enumerate() {
            let y = top + (index as f64 + 0.5) * self.cell.1;
            let style = Type::new(LABEL, self.theme.population(name)).bold().align(Align::End);
            canvas.text_beside(&font::fit(name, LABEL, true, LONGEST_NAME), (left - 8.0, y), style);
        }
    }

    /// A matrix, the names of its columns above a place and its first row below; `beyond`: how far its notes may reach
    /// beyond its right edge.
    pub(super) fn draw(&self, canvas: &mut Canvas, one: &MatrixPanel, (left, top): Point, beyond: f64) {
        let (wide, high) = self.cell;
        let middle = |column: usize| left + BEFORE + (column as f64 + 0.5) * wide;
        let soft = Type::new(SMALL, Color::SOFT);
        canvas.text(self.before, (left + BEFORE - 8.0, top - 7.0), soft.align(Align::End));
        canvas.text(self.columns, (left + BEFORE, top - 23.0), soft);
        for (column, name) in self.populations.iter().enumerate() {
            let style = Type::new(SMALL, self.theme.population(name)).bold().align(Align::Middle);
            canvas.text(&font::fit(name, SMALL, true, wide - 4.0), (middle(column), top - 7.0), style);
        }
        for row in 0..self.populations.len() {
            let y = top + (row as f64 + 0.5) * high;
            if let Some(before) = one.before.get(row) {
                let style = Type::new(SMALL, Color::INK).align(Align::End);
                canvas.text_beside(&axis::plain(*before, 2), (left + BEFORE - 8.0, y), style);
            }
            for column in 0..self.populations.len() {
                let cell = Rect::around((middle(column), y), wide - 2.0, high - 2.0);
                let value = one.values.get(row).and_then(|values| values.get(column)).copied();
                self.draw_cell(canvas, value.unwrap_or(f64::NAN), cell);
                if one.framed.contains(&(row, column)) {
                    draw_frame(canvas, cell);
                }
            }
        }
        let bottom = top + self.height();
        for (line, note) in one.notes.iter().enumerate() {
            let note = font::fit(note, SMALL, false, self.width() + beyond);
            canvas.text(&note, (left, bottom + 8.0 + (line as f64 + 0.7) * LINE), soft);
        }
    }

    fn draw_cell(&self, canvas: &mut Canvas, value: f64, cell: Rect) {
        if !value.is_finite() {
            canvas.rect(cell, Color::WASH);
            return;
        }
        let fill = self.fill(value);
        canvas.rect(cell, fill);
        let middle = (f64::midpoint(cell.left, cell.right), f64::midpoint(cell.top, cell.bottom));
        let style = Type::new(SMALL, fill.contrast()).align(Align::Middle);
        canvas.text_beside(&self.text(value), middle, style);
    }

    /// The square root keeps weak responses apart from none.
    fn fill(&self, value: f64) -> Color {
        let hue = if value < 0.0 { NEGATIVE } else { POSITIVE };
        hue.tint(0.9 * libm::sqrt(value.abs() / self.largest.max(f64::MIN_POSITIVE)))
    }

    /// A number with its sign.
    fn text(&self, value: f64) -> String {
        let digits = if self.largest >= 100.0 { 0 } else { 2 };
        let text = if self.largest < 1.0 { axis::short(value) } else { axis::plain(value, digits) };
        // What rounds to zero has no sign.
        let sign =
            if value > 0.0 && text.chars().any(|letter| letter.is_ascii_digit() && letter != '0') { "+" } else { "" };
        format!("{sign}{text}")
    }

    /// What the colours mean: a level bar that ends at a place, with `unit` before it; gives where it begins.
    pub(super) fn draw_key(&self, canvas: &mut Canvas, (right, middle): Point, unit: &str) -> f64 {
        let style = Type::new(SMALL, Color::INK);
        let ends = [-self.largest, self.largest].map(|end| self.text(end));
        let bar_right = right - style.width(&ends[1]) - 6.0;
        let bar_left = bar_right - KEY;
        let steps = 80;
        for step in 0..steps {
            let share = |step: i32| f64::from(step) / f64::from(steps);
            let value = (2.0 * share(step) - 1.0 + 1.0 / f64::from(steps)) * self.largest;
            let x = |share: f64| bar_left + share * KEY;
            // A hair of overlap leaves no seams.
            canvas.rect(
                Rect::new(x(share(step)), middle - 5.0, x(share(step + 1)) + 0.3, middle + 5.0),
                self.fill(value),
            );
        }
        canvas.text_beside(&ends[1], (bar_right + 6.0, middle), style);
        canvas.text_beside(&ends[0], (bar_left - 6.0, middle), style.align(Align::End));
        let before = bar_left - 6.0 - style.width(&ends[0]) - 10.0;
        canvas.text_beside(unit, (before, middle), Type::new(SMALL, Color::SOFT).align(Align::End));
        before - style.width(unit)
    }
}

fn draw_frame(canvas: &mut Canvas, cell: Rect) {
    let Rect { left, top, right, bottom } = cell;
    let corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)];
    canvas.line(&corners, Stroke::solid(Color::INK, 2.0));
}
