//! Verdicts: a row for each finding, a column for each model, a mark where they meet; beside a single model its checks.

use super::canvas::{Align, Canvas, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::Color;
use super::panel::{self, LABEL, MARGIN, SMALL};

/// What became of a finding in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A full disc.
    Full,
    /// A half disc.
    Half,
    /// A ring.
    None,
}

/// A check: whether it holds, and whether it decides the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckMark {
    /// Whether it holds.
    pub holds: bool,
    /// Whether it decides; one that does not is drawn smaller.
    pub decides: bool,
}

/// Where a row and a column meet.
#[derive(Clone, Debug, PartialEq)]
pub struct VerdictCell {
    /// The verdict.
    pub mark: Mark,
    /// The checks, in order.
    pub checks: Vec<CheckMark>,
}

/// A finding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerdictRow {
    /// What is found.
    pub name: String,
    /// Short notes, one for each of the figure's note titles.
    pub notes: Vec<String>,
    /// A cell for each column.
    pub cells: Vec<VerdictCell>,
}

/// Verdicts of models on findings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerdictFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// Titles of the notes.
    pub notes: Vec<String>,
    /// The models, each with a line of totals.
    pub columns: Vec<(String, String)>,
    /// The findings.
    pub rows: Vec<VerdictRow>,
    /// Whether the checks are drawn, beside the last column.
    pub checks: bool,
}

const ROW: f64 = 24.0;
const CELL: f64 = 44.0;
const LONGEST: f64 = 560.0;
const HOLDS: Color = Color(0, 114, 178);
const PARTLY: Color = Color(86, 180, 233);
const FAILS: Color = Color(213, 94, 0);
/// Room between the checks of a row.
const STEP: f64 = 14.0;

impl VerdictFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let style = Type::new(LABEL, Color::INK);
        let widest = |texts: &mut dyn Iterator<Item = f64>| texts.fold(0.0, f64::max);
        let names = widest(&mut self.rows.iter().map(|row| style.width(&row.name))).min(LONGEST) + 16.0;
        let note_width = |place: usize| {
            let texts = self.rows.iter().filter_map(move |row| row.notes.get(place));
            let small = Type::new(SMALL, Color::SOFT);
            let own = self.notes.get(place).map_or(0.0, |title| small.bold().width(title));
            texts.map(|text| small.width(text)).fold(own, f64::max) + 16.0
        };
        let notes: Vec<f64> = (0..self.notes.len()).map(note_width).collect();
        let most = self.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.checks.len()).max().unwrap_or(0);
        let checks = if self.checks { most as f64 * STEP + 20.0 } else { 0.0 };
        let cells = MARGIN + names + notes.iter().sum::<f64>();
        let width = (cells + self.columns.len() as f64 * CELL + checks + MARGIN).max(460.0);
        let mut canvas = Canvas::new();
        let heading = panel::heading(&mut canvas, &self.title, &self.subtitle, width);
        let legend = self.draw_legend(&mut canvas, heading + 14.0);
        let tallest = widest(&mut self.columns.iter().map(|(name, _)| style.width(name))).min(260.0);
        let top = legend + tallest + 22.0;
        self.draw_titles(&mut canvas, (MARGIN + names, &notes), cells, top);
        for (index, row) in self.rows.iter().enumerate() {
            let y = top + ROW * (index as f64 + 0.5);
            if index % 2 == 0 {
                let wash = Rect::new(MARGIN / 2.0, y - ROW / 2.0, width - MARGIN / 2.0, y + ROW / 2.0);
                canvas.rect(wash, Color::WASH);
            }
            canvas.text_beside(&font::fit(&row.name, LABEL, false, LONGEST), (MARGIN, y), style);
            let mut left = MARGIN + names;
            for (note, width) in row.notes.iter().zip(&notes) {
                canvas.text_beside(note, (left, y), Type::new(SMALL, Color::SOFT));
                left += width;
            }
            for (column, cell) in row.cells.iter().enumerate() {
                draw_mark(&mut canvas, cell.mark, (cells + (column as f64 + 0.5) * CELL, y));
            }
            let first = cells + self.columns.len() as f64 * CELL + 10.0;
            for (place, check) in
                row.cells.last().filter(|_| self.checks).iter().flat_map(|cell| cell.checks.iter().enumerate())
            {
                draw_check(&mut canvas, *check, (first + (place as f64 + 0.5) * STEP, y));
            }
        }
        let bottom = top + ROW * self.rows.len() as f64;
        let total = Type::new(SMALL, Color::INK).align(Align::Middle);
        for (column, (_, line)) in self.columns.iter().enumerate() {
            canvas.text(line, (cells + (column as f64 + 0.5) * CELL, bottom + 18.0), total);
        }
        canvas.finish(&self.title, width, bottom + 30.0 + MARGIN / 2.0)
    }

    fn draw_titles(&self, canvas: &mut Canvas, (left, widths): (f64, &[f64]), cells: f64, top: f64) {
        let style = Type::new(SMALL, Color::SOFT).bold();
        let mut left = left;
        for (title, width) in self.notes.iter().zip(widths) {
            canvas.text(title, (left, top - 8.0), style);
            left += width;
        }
        for (column, (name, _)) in self.columns.iter().enumerate() {
            let name = font::fit(name, LABEL, false, 260.0);
            let x = cells + (column as f64 + 0.5) * CELL + LABEL / 3.0;
            canvas.text_upright(&name, (x, top - 8.0), Type::new(LABEL, Color::INK));
        }
        if self.checks {
            canvas.text("checks", (cells + self.columns.len() as f64 * CELL + 12.0, top - 8.0), style);
        }
    }

    /// What the marks mean; returns the height below which the figure is free.
    fn draw_legend(&self, canvas: &mut Canvas, top: f64) -> f64 {
        let style = Type::new(SMALL, Color::SOFT);
        let mut x = MARGIN + 8.0;
        for (mark, text) in [(Mark::Full, "reproduced"), (Mark::Half, "partly"), (Mark::None, "not")] {
            draw_mark(canvas, mark, (x, top));
            canvas.text_beside(text, (x + 14.0, top), style);
            x += 14.0 + style.width(text) + 24.0;
        }
        if !self.checks {
            return top + 12.0;
        }
        let kinds =
            [(true, true, "check holds"), (false, true, "check fails"), (true, false, "small: decides nothing")];
        for (holds, decides, text) in kinds {
            draw_check(canvas, CheckMark { holds, decides }, (x, top));
            canvas.text_beside(text, (x + 12.0, top), style);
            x += 12.0 + style.width(text) + 22.0;
        }
        top + 12.0
    }
}

fn draw_mark(canvas: &mut Canvas, mark: Mark, (x, y): Point) {
    const RADIUS: f64 = 7.0;
    let ring = |canvas: &mut Canvas, color: Color| {
        canvas.disc((x, y), RADIUS, color);
        canvas.disc((x, y), RADIUS - 1.6, Color::WHITE);
    };
    match mark {
        Mark::Full => canvas.disc((x, y), RADIUS, HOLDS),
        Mark::None => ring(canvas, FAILS),
        Mark::Half => {
            ring(canvas, PARTLY);
            let arc = (0..=24).map(|step| {
                let angle = std::f64::consts::PI * (f64::from(step) / 24.0 + 0.5);
                (x + RADIUS * libm::cos(angle), y + RADIUS * libm::sin(angle))
            });
            canvas.polygon(arc.collect(), PARTLY);
        }
    }
}

fn draw_check(canvas: &mut Canvas, check: CheckMark, (x, y): Point) {
    let side = if check.decides { 10.0 } else { 6.0 };
    let outer = Rect::around((x, y), side, side);
    if check.holds {
        canvas.rect(outer, HOLDS);
    } else {
        canvas.rect(outer, FAILS);
        canvas.rect(Rect::around((x, y), side - 3.0, side - 3.0), Color::WHITE);
        let cross = [(x - side / 2.0, y + side / 2.0), (x + side / 2.0, y - side / 2.0)];
        canvas.line(&cross, Stroke::solid(FAILS, 1.2));
    }
}
