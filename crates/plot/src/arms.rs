//! Arms side by side at chosen times: a row per arm, a column of rates per population, and tables of indices.

use super::axis::{self, Axis};
use super::canvas::{Align, Canvas, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Theme};
use super::panel::{self, LABEL, MARGIN, SMALL};
use super::rates::Population;

/// The rates of one arm at the report times.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmRates {
    /// The arm's name.
    pub name: String,
    /// For each report time, the rate of each population (Hz).
    pub rates_hz: Vec<Vec<f64>>,
}

/// An index per arm at one or several times, written as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexTable {
    /// What the index is ("rescue").
    pub title: String,
    /// A label per column ("24 h").
    pub columns: Vec<String>,
    /// For each arm, a value per column; None where it is not defined.
    pub values: Vec<Vec<Option<f64>>>,
    /// The value of full colour; zero is white, negative values are tinted in another hue.
    pub full: f64,
}

/// Rates of many arms at chosen report times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmsFigure {
    /// Title.
    pub title: String,
    /// A line under the title; may be empty.
    pub subtitle: String,
    /// Populations, a column each.
    pub populations: Vec<Population>,
    /// Labels of the report times.
    pub times: Vec<String>,
    /// Index of the time drawn as the large dot.
    pub main_time: usize,
    /// Arms, a row each.
    pub arms: Vec<ArmRates>,
    /// Tables of numbers at the right.
    pub tables: Vec<IndexTable>,
    /// What the populations' reference levels are ("control"); a thin line in each column.
    pub reference_name: String,
}

const ROW: f64 = 24.0;
const CELL: f64 = 46.0;
const BETWEEN: f64 = 24.0;

/// Where the parts of the figure stand.
struct Layout {
    names: f64,
    top: f64,
    bottom: f64,
    frames: Vec<Rect>,
    tables: Vec<f64>,
}

impl ArmsFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        self.arms.iter().for_each(|arm| theme.learn_arm(&arm.name));
        self.populations.iter().for_each(|p| theme.learn_population(&p.name, p.role));
        let mut canvas = Canvas::new();
        let style = Type::new(LABEL, Color::INK);
        let names = self.arms.iter().map(|arm| style.width(&arm.name)).fold(60.0, f64::max).min(330.0);
        let panel = if self.populations.len() > 6 { 84.0 } else { 112.0 };
        let panels = self.populations.len() as f64 * (panel + BETWEEN);
        let tables: f64 = self.tables.iter().map(|t| t.columns.len() as f64 * CELL + BETWEEN).sum();
        let width = (2.0 * MARGIN + names + 20.0 + panels + tables).max(420.0);
        let heading = panel::heading(&mut canvas, &self.title, &self.subtitle, width);
        let legend = self.draw_legend(&mut canvas, heading + 12.0, width);
        let top = legend + 34.0;
        let layout = self.lay_out(names, panel, top);
        self.draw_rows(&mut canvas, &layout, width, &theme);
        for (column, population) in self.populations.iter().enumerate() {
            self.draw_column(&mut canvas, column, population, layout.frames[column], &theme);
        }
        for (table, &left) in self.tables.iter().zip(&layout.tables) {
            table.draw(&mut canvas, left, &layout, self.arms.len());
        }
        if let (Some(first), Some(last)) = (layout.frames.first(), layout.frames.last()) {
            let middle = f64::midpoint(first.left, last.right);
            panel::title_below(&mut canvas, "firing rate (Hz)", middle, layout.bottom);
        }
        canvas.finish(&self.title, width, layout.bottom + 44.0 + MARGIN / 2.0)
    }

    fn lay_out(&self, names: f64, panel: f64, top: f64) -> Layout {
        let bottom = top + ROW * self.arms.len().max(1) as f64;
        let mut left = MARGIN + names + 20.0;
        let mut frames = Vec::new();
        for _ in &self.populations {
            frames.push(Rect::new(left, top, left + panel, bottom));
            left += panel + BETWEEN;
        }
        let mut tables = Vec::new();
        for table in &self.tables {
            tables.push(left);
            left += table.columns.len() as f64 * CELL + BETWEEN;
        }
        Layout { names: MARGIN + names, top, bottom, frames, tables }
    }

    /// The marks of the report times, and the reference line; returns the height below which the figure is free.
    fn draw_legend(&self, canvas: &mut Canvas, top: f64, width: f64) -> f64 {
        let style = Type::new(SMALL, Color::SOFT);
        let (mut x, mut y) = (MARGIN + 6.0, top);
        let mut entries: Vec<(String, Option<usize>)> =
            self.times.iter().enumerate().map(|(k, label)| (font::fit(label, SMALL, false, 200.0), Some(k))).collect();
        let referenced = self.populations.iter().any(|p| p.reference_hz.is_some());
        if referenced && !self.reference_name.is_empty() {
            entries.push((font::fit(&self.reference_name, SMALL, false, 200.0), None));
        }
        for (label, time) in &entries {
            let advance = 12.0 + style.width(label) + 22.0;
            if x + advance > width && x > MARGIN + 6.0 {
                (x, y) = (MARGIN + 6.0, y + 18.0);
            }
            match time {
                Some(k) => self.draw_mark(canvas, *k, (x, y), Color::SOFT),
                None => canvas.line(&[(x, y - 7.0), (x, y + 7.0)], Stroke::solid(Color::FAINT, 1.2)),
            }
            canvas.text_beside(label, (x + 12.0, y), style);
            x += advance;
        }
        if entries.is_empty() { top - 12.0 } else { y + 10.0 }
    }

    /// The main time is a large dot; the others are small marks of different shapes.
    fn draw_mark(&self, canvas: &mut Canvas, time: usize, (x, y): Point, color: Color) {
        if time == self.main_time {
            canvas.disc((x, y), 5.0, color);
            return;
        }
        let rank = if time > self.main_time { time - 1 } else { time };
        let pale = color.tint(0.75);
        match rank % 4 {
            0 => {
                canvas.disc((x, y), 3.8, color);
                canvas.disc((x, y), 2.5, Color::WHITE);
            }
            1 => canvas.polygon(vec![(x - 4.0, y), (x, y - 4.5), (x + 4.0, y), (x, y + 4.5)], pale),
            2 => canvas.rect(Rect::around((x, y), 2.2, 11.0), pale),
            _ => canvas.polygon(vec![(x - 4.0, y + 3.5), (x, y - 4.0), (x + 4.0, y + 3.5)], pale),
        }
    }

    /// Names, and a wash behind every other row.
    fn draw_rows(&self, canvas: &mut Canvas, layout: &Layout, width: f64, theme: &Theme) {
        if self.arms.is_empty() {
            canvas.text("no arms", (MARGIN, layout.top + 16.0), Type::new(SMALL, Color::SOFT));
        }
        for (row, arm) in self.arms.iter().enumerate() {
            let y = row_middle(layout.top, row);
            if row % 2 == 0 {
                canvas.rect(Rect::new(MARGIN / 2.0, y - ROW / 2.0, width - MARGIN / 2.0, y + ROW / 2.0), Color::WASH);
            }
            let (color, _) = theme.arm(&arm.name);
            canvas.rect(Rect::around((layout.names + 8.0, y), 4.0, ROW - 8.0), color);
            let name = font::fit(&arm.name, LABEL, false, 330.0);
            canvas.text_beside(&name, (layout.names, y), Type::new(LABEL, Color::INK).align(Align::End));
        }
    }

    fn draw_column(&self, canvas: &mut Canvas, column: usize, population: &Population, frame: Rect, theme: &Theme) {
        let color = theme.population(&population.name);
        let rates = self.arms.iter().flat_map(|arm| arm.rates_hz.iter().filter_map(|time| time.get(column).copied()));
        let high = axis::range(rates.chain(population.reference_hz));
        let ends = high.map(|(low, high)| (low.min(0.0), high));
        let scale = Axis::from_zero(ends, frame.left, frame.right);
        let name = font::fit(&population.name, LABEL, true, frame.width() + BETWEEN - 6.0);
        canvas.text(&name, (frame.left, frame.top - 8.0), Type::new(LABEL, color).bold());
        draw_scale(canvas, &scale, &frame);
        let reference = population.reference_hz.map(|level| scale.at(level)).filter(|x| x.is_finite());
        if let Some(x) = reference {
            canvas.line(&[(x, frame.top), (x, frame.bottom)], Stroke::solid(Color::FAINT, 1.2));
        }
        for (row, arm) in self.arms.iter().enumerate() {
            let y = row_middle(frame.top, row);
            let place = |time: usize| arm.rates_hz.get(time).and_then(|rates| rates.get(column)).map(|&v| scale.at(v));
            let main = place(self.main_time).filter(|x| x.is_finite());
            if let (Some(from), Some(to)) = (reference, main) {
                canvas.line(&[(from, y), (to, y)], Stroke::solid(color.tint(0.45), 2.0));
            }
            let others = (0..self.times.len()).filter(|time| *time != self.main_time);
            for time in others.chain([self.main_time]) {
                if let Some(x) = place(time).filter(|x| x.is_finite()) {
                    self.draw_mark(canvas, time, (x, y), color);
                }
            }
        }
    }
}

fn row_middle(top: f64, row: usize) -> f64 {
    top + ROW * (row as f64 + 0.5)
}

/// The scale of rates under a column.
fn draw_scale(canvas: &mut Canvas, scale: &Axis, frame: &Rect) {
    let line = Stroke::solid(Color::INK, 1.0);
    canvas.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], line);
    for tick in scale.ticks(4) {
        let x = scale.at(tick.value);
        canvas.line(&[(x, frame.bottom), (x, frame.bottom + 4.0)], line);
        let style = Type::new(SMALL, Color::INK).align(Align::Middle);
        canvas.text(&tick.text, (x, frame.bottom + 17.0), style);
    }
}

impl IndexTable {
    fn draw(&self, canvas: &mut Canvas, left: f64, layout: &Layout, arms: usize) {
        let width = self.columns.len() as f64 * CELL;
        let title = font::fit(&self.title, LABEL, true, width + BETWEEN - 6.0);
        canvas.text(&title, (left + 2.0, layout.top - 8.0 - 16.0), Type::new(LABEL, Color::INK).bold());
        let head = Type::new(SMALL, Color::SOFT).align(Align::Middle);
        for (column, label) in self.columns.iter().enumerate() {
            let middle = left + (column as f64 + 0.5) * CELL;
            canvas.text(&font::fit(label, SMALL, false, CELL - 2.0), (middle, layout.top - 8.0), head);
            for row in 0..arms {
                let y = row_middle(layout.top, row);
                let value = self.values.get(row).and_then(|values| values.get(column)).copied().flatten();
                let cell = Rect::around((middle, y), CELL - 3.0, ROW - 3.0);
                self.draw_cell(canvas, value.filter(|v| v.is_finite()), cell);
            }
        }
    }

    fn draw_cell(&self, canvas: &mut Canvas, value: Option<f64>, cell: Rect) {
        let middle = (f64::midpoint(cell.left, cell.right), f64::midpoint(cell.top, cell.bottom));
        let style = Type::new(SMALL, Color::INK).align(Align::Middle);
        let Some(value) = value else {
            canvas.text_beside("–", middle, Type { color: Color::FAINT, ..style });
            return;
        };
        let hue = if value < 0.0 { Color(213, 94, 0) } else { Color(0, 114, 178) };
        let fill = hue.tint(0.8 * (value / self.full).abs().min(1.0));
        if fill != Color::WHITE && value.abs() >= 0.005 {
            canvas.rect(cell, fill);
        }
        let text = if value.abs() < 1000.0 { axis::plain(value, 2) } else { axis::short(value) };
        canvas.text_beside(&text, middle, Type { color: fill.contrast(), ..style });
    }
}
