//! Parallel coordinates: a line for every point of a sweep across its many axes, coloured by a readout.

use super::axis::{self, Axis};
use super::canvas::{Align, Canvas, Figure, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::heat_map::SweptAxis;
use super::palette::{Color, ramp};
use super::panel::{self, LABEL, MARGIN, SMALL};

/// A point: its place on every axis, and the readout; NaN where it failed.
#[derive(Clone, Debug, Default)]
pub struct ParallelLine {
    /// Values of the axes, in their order.
    pub places: Vec<f64>,
    /// The readout.
    pub value: f64,
}

/// One arm's points.
#[derive(Clone, Debug, Default)]
pub struct ParallelPanel {
    /// The arm.
    pub name: String,
    /// Its points.
    pub lines: Vec<ParallelLine>,
}

/// Many axes side by side, a readout at their right end.
#[derive(Clone, Debug, Default)]
pub struct ParallelFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The axes.
    pub axes: Vec<SweptAxis>,
    /// The readout, with its unit.
    pub value: String,
    /// The panels, from above.
    pub panels: Vec<ParallelPanel>,
}

const APART: f64 = 78.0;
const TALL: f64 = 210.0;
/// The longest word that is written in full at an axis.
const WORD: f64 = APART - 12.0;
const FAILED: Color = Color(204, 51, 17);

impl ParallelFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let mut canvas = Canvas::new();
        // Words at the first axis need room of their own.
        let style = Type::new(SMALL - 1.0, Color::INK);
        let words = self.axes.first().map_or(&[][..], |axis| &axis.words).iter();
        let longest = words.map(|word| style.width(word)).fold(30.0, f64::max);
        let left = MARGIN + 10.0 + longest.min(WORD);
        let right = left + self.axes.len() as f64 * APART;
        let width = right + 60.0 + MARGIN;
        let mut top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 34.0;
        let all = self.panels.iter().flat_map(|panel| panel.lines.iter().map(|line| line.value));
        let values = axis::range(all).unwrap_or((0.0, 1.0));
        let mut failed = false;
        for one in &self.panels {
            let style = Type::new(LABEL, Color::INK).bold();
            canvas.text(&font::fit(&one.name, LABEL, true, right - left), (left, top - 10.0), style);
            failed |= self.draw_panel(&mut canvas, one, (left, right), (top, top + TALL), values);
            top += TALL + 66.0;
        }
        if failed {
            let line = [(left, top - 14.0), (left + 24.0, top - 14.0)];
            canvas.line(&line, Stroke::solid(FAILED, 1.5));
            canvas.text_beside("failed, or without a value", (left + 30.0, top - 14.0), Type::new(SMALL, Color::SOFT));
            top += 12.0;
        }
        canvas.finish(&self.title, width, top)
    }

    /// True where a point failed.
    fn draw_panel(
        &self,
        canvas: &mut Canvas,
        one: &ParallelPanel,
        (left, right): (f64, f64),
        (top, bottom): (f64, f64),
        values: (f64, f64),
    ) -> bool {
        let scale = |swept: &SweptAxis| {
            let ends = axis::range(swept.values.iter().copied());
            let log = swept.log && swept.values.iter().all(|value| *value > 0.0);
            let (low, high) = ends.unwrap_or((0.0, 1.0));
            let axis = if log { Axis::log(ends, 12.0, bottom, top) } else { Axis::linear((low, high), bottom, top) };
            axis.with_words(&swept.words)
        };
        let scales: Vec<Axis> = self.axes.iter().map(scale).collect();
        let readout = Axis::linear(values, bottom, top);
        let x = |index: usize| left + index as f64 * APART;
        // Extreme readouts last, so that they are not covered by the many in the middle.
        let middle = f64::midpoint(values.0, values.1);
        let mut lines: Vec<&ParallelLine> = one.lines.iter().collect();
        let rank = |line: &ParallelLine| if line.value.is_nan() { f64::INFINITY } else { (line.value - middle).abs() };
        lines.sort_by(|first, second| rank(first).total_cmp(&rank(second)));
        for line in &lines {
            let mut points: Vec<(f64, f64)> = scales
                .iter()
                .zip(&line.places)
                .enumerate()
                .map(|(index, (scale, place))| (x(index), scale.at(*place)))
                .collect();
            let color = if line.value.is_finite() {
                points.push((right, readout.at(line.value)));
                ramp((line.value - values.0) / (values.1 - values.0)).tint(0.85)
            } else {
                FAILED
            };
            canvas.line(&points, Stroke::solid(color, if line.value.is_finite() { 0.5 } else { 1.5 }));
        }
        for (index, (swept, scale)) in self.axes.iter().zip(&scales).enumerate() {
            draw_axis(canvas, scale, x(index), &swept.name, &swept.unit, index % 2 == 1);
        }
        draw_axis(canvas, &readout, right, &self.value, "", self.axes.len() % 2 == 1);
        one.lines.iter().any(|line| line.value.is_nan())
    }
}

/// An upright axis with its numbers at the left and its name below; every other name stands lower.
fn draw_axis(canvas: &mut Canvas, scale: &Axis, x: f64, name: &str, unit: &str, lower: bool) {
    let (low, high) = scale.ends();
    let (bottom, top) = (scale.at(low), scale.at(high));
    canvas.line(&[(x, bottom), (x, top)], Stroke::solid(Color::INK, 1.2));
    for tick in scale.ticks(4) {
        let y = scale.at(tick.value);
        canvas.line(&[(x - 3.0, y), (x, y)], Stroke::solid(Color::INK, 1.0));
        let style = Type::new(SMALL - 1.0, Color::INK).align(Align::End);
        let text = font::fit(&tick.text, style.size, false, WORD);
        // White behind the number keeps it readable among the lines.
        let room = Rect::new(x - 8.0 - style.width(&text), y - 7.0, x - 3.0, y + 7.0);
        canvas.rect(room, Color::WHITE);
        canvas.text_beside(&text, (x - 5.0, y), style);
    }
    let name = if unit.is_empty() { name.to_owned() } else { format!("{name} ({unit})") };
    let style = Type::new(SMALL - 1.0, Color::INK).align(Align::Middle);
    let name = font::fit(&name, style.size, false, 2.0 * APART - 12.0);
    canvas.text(&name, (x, bottom + if lower { 32.0 } else { 17.0 }), style);
}
