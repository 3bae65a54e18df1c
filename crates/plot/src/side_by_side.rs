//! States of a circuit side by side, a column for each: above, the plane of two populations; below, how each rate answers to
//! each drive. All columns share their axes and colours.

use super::canvas::{Canvas, Figure, Point, Type};
use super::font;
use super::geometry::Rect;
use super::matrix::{ABOVE, BEFORE, MatrixPanel, ROW, Scale, largest, name_room, notes_height};
use super::palette::{Color, Theme};
use super::panel::{self, LABEL, MARGIN, SMALL};
use super::phase_plane::{PhaseAxes, PhasePanel, draw_keys};

/// One state of a circuit.
#[derive(Clone, Debug, Default)]
pub struct SideColumn {
    /// What stands over the column.
    pub name: String,
    /// The plane of two populations.
    pub plane: PhasePanel,
    /// The response matrix; without values where there is none.
    pub matrix: MatrixPanel,
}

/// States side by side.
#[derive(Clone, Debug, Default)]
pub struct SideBySideFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The axes of the planes.
    pub axes: PhaseAxes,
    /// What is said over the matrices.
    pub matrices: String,
    /// Unit of their entries.
    pub unit: String,
    /// What the number before each row of a matrix is.
    pub before: String,
    /// Populations of the rows and of the columns of the matrices.
    pub populations: Vec<String>,
    /// The columns, from the left. The lines of the first are repeated, pale, in the planes of the others.
    pub columns: Vec<SideColumn>,
}

const SIDE: f64 = 284.0;
const BETWEEN: f64 = 26.0;
/// Width of a cell that holds a number, and beyond which it gains nothing.
const CELL: (f64, f64) = (44.0, 60.0);
/// Columns beside one another.
const MOST_COLUMNS: usize = 3;
/// From a plane to its matrix: axis numbers and title, what is said over matrices, names of their columns.
const PLANE_TO_MATRIX: f64 = 86.0 + ABOVE;

impl SideBySideFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut canvas = Canvas::new();
        let scale = Scale {
            populations: &self.populations,
            before: &self.before,
            columns: "drive to",
            cell: (((SIDE - BEFORE) / self.populations.len().max(1) as f64).clamp(CELL.0, CELL.1), ROW),
            largest: largest(self.columns.iter().map(|column| &column.matrix)),
            theme,
        };
        let wide = scale.width().max(SIDE);
        let left = (MARGIN + name_room(&self.populations)).max(70.0);
        // Four stand better two by two.
        let across = if self.columns.len() == 4 { 2 } else { self.columns.len().clamp(1, MOST_COLUMNS) };
        let width = (left + across as f64 * (wide + BETWEEN) - BETWEEN + MARGIN).max(560.0);
        let colors = self.axes.colors(theme);
        let mut top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 8.0;
        let first = (self.columns.len() > 1).then(|| self.columns.first().map(|column| column.name.as_str())).flatten();
        let keys = self.axes.keys(self.columns.iter().map(|column| &column.plane), colors, first);
        top = draw_keys(&mut canvas, &keys, (MARGIN, top), width - MARGIN) + 34.0;
        for (row, block) in self.columns.chunks(across).enumerate() {
            let matrices = top + SIDE + PLANE_TO_MATRIX;
            self.draw_between(&mut canvas, &scale, (left, matrices - ABOVE - 20.0), width - MARGIN);
            scale.draw_rows(&mut canvas, (left, matrices));
            for (index, column) in block.iter().enumerate() {
                let left = left + index as f64 * (wide + BETWEEN);
                let panel = self.axes.panel(Rect::new(left, top, left + SIDE, top + SIDE));
                let first = self.columns.first().filter(|_| row + index > 0).map(|first| &first.plane);
                column.plane.draw(&mut canvas, (&panel, &self.axes), colors, first);
                self.axes.draw(&mut canvas, &panel, index == 0);
                panel.title(&mut canvas, &font::fit(&column.name, LABEL, true, SIDE), Color::INK);
                scale.draw(&mut canvas, &column.matrix, (left, matrices), 0.0);
            }
            top = matrices + scale.height() + notes_height(block.iter().map(|column| &column.matrix)) + 58.0;
        }
        canvas.finish(&self.title, width, top - 58.0 + MARGIN + 8.0)
    }

    /// What the matrices show, and what their colours mean.
    fn draw_between(&self, canvas: &mut Canvas, scale: &Scale<'_>, (left, y): Point, right: f64) {
        let key = scale.draw_key(canvas, (right, y), &self.unit);
        let text = font::fit(&self.matrices, SMALL, false, key - 12.0 - left);
        canvas.text_beside(&text, (left, y), Type::new(SMALL, Color::SOFT));
    }
}
