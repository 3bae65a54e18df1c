//! Parallel coordinates: a line for every point of a sweep across its many axes, coloured by a readout.

use super::axis::{self, Axis, Tick};
use super::canvas::{Align, Canvas, Figure, Stroke, Type};
use super::geometry::Rect;
use super::heat_map::SweptAxis;
use super::lines;
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
const WORD_LINES: usize = 2;
/// Height of a line of words.
const LINE: f64 = 13.0;
/// Room for a line of an axis's name.
const NAME: f64 = 2.0 * APART - 12.0;
const FAILED: Color = Color(204, 51, 17);
const STYLE: Type = Type { size: SMALL - 1.0, bold: false, color: Color::INK, align: Align::Start };

/// Where axes and their names stand.
struct Layout {
    left: f64,
    right: f64,
    /// The lines of the axes' names, the readout's last.
    names: Vec<Vec<String>>,
    /// Room for words of several lines, above and below the ends of an axis.
    words: f64,
    /// How much lower every other name stands.
    lower: f64,
    /// Room below the axes.
    below: f64,
}

impl ParallelFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let mut canvas = Canvas::new();
        let layout = self.lay_out();
        let (left, right) = (layout.left, layout.right);
        let width = right + 60.0 + MARGIN;
        let mut top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 34.0 + layout.words;
        let all = self.panels.iter().flat_map(|panel| panel.lines.iter().map(|line| line.value));
        let values = axis::range(all);
        let mut failed = false;
        for one in &self.panels {
            let style = Type::new(LABEL, Color::INK).bold();
            canvas.text(&lines::shortened(&one.name, style, right - left), (left, top - 10.0 - layout.words), style);
            failed |= self.draw_panel(&mut canvas, one, &layout, (top, top + TALL), values);
            top += TALL + layout.below;
        }
        if self.panels.is_empty() {
            let style = Type::new(LABEL, Color::SOFT);
            let words = lines::shortened(&format!("nothing that varies: {}", self.value), style, width - 2.0 * MARGIN);
            canvas.text_beside(&words, (MARGIN, top), style);
            top += 30.0;
        }
        if failed {
            let line = [(left, top - 14.0), (left + 24.0, top - 14.0)];
            canvas.line(&line, Stroke::solid(FAILED, 1.5));
            canvas.text_beside("failed, or without a value", (left + 30.0, top - 14.0), Type::new(SMALL, Color::SOFT));
            top += 12.0;
        }
        canvas.finish(&self.title, width, top)
    }

    fn lay_out(&self) -> Layout {
        // Words at the first axis need room of their own, and so does its name.
        let first = self.axes.first().map_or(&[][..], |axis| &axis.words).iter();
        let longest = first.map(|word| STYLE.width(word)).fold(30.0, f64::max);
        let titles = self.axes.iter().map(SweptAxis::title).chain([self.value.clone()]);
        let names: Vec<Vec<String>> = titles.map(|title| lines::lines(&title, STYLE, NAME, 4)).collect();
        let half = names.first().map_or(0.0, |name| lines::widest(name, STYLE) / 2.0);
        let left = (MARGIN + 10.0 + longest.min(WORD)).max(half + MARGIN / 3.0);
        let extra = |first: usize| {
            let most = names.iter().skip(first).step_by(2).map(Vec::len).max().unwrap_or(1);
            lines::height(most.saturating_sub(1), STYLE)
        };
        let broken = |word: &String| lines::height(word_lines(word, WORD_LINES).len().saturating_sub(1), STYLE) / 2.0;
        let words = self.axes.iter().flat_map(|axis| &axis.words).map(broken).fold(0.0, f64::max);
        let (lower, below) = (15.0 + extra(0), 66.0 + extra(0) + extra(1) + 2.0 * words);
        Layout { left, right: left + self.axes.len() as f64 * APART, names, words, lower, below }
    }

    /// True where a point failed.
    fn draw_panel(
        &self,
        canvas: &mut Canvas,
        one: &ParallelPanel,
        layout: &Layout,
        (top, bottom): (f64, f64),
        range: Option<(f64, f64)>,
    ) -> bool {
        let values = range.unwrap_or((0.0, 1.0));
        let scale = |swept: &SweptAxis| {
            let ends = axis::range(swept.values.iter().copied());
            let log = swept.log && swept.values.iter().all(|value| *value > 0.0);
            let (low, high) = ends.unwrap_or((0.0, 1.0));
            let axis = if log { Axis::log(ends, 12.0, bottom, top) } else { Axis::linear((low, high), bottom, top) };
            axis.with_words(&swept.words)
        };
        let scales: Vec<Axis> = self.axes.iter().map(scale).collect();
        let readout = Axis::linear(values, bottom, top);
        let x = |index: usize| layout.left + index as f64 * APART;
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
                points.push((layout.right, readout.at(line.value)));
                ramp((line.value - values.0) / (values.1 - values.0)).tint(0.85)
            } else {
                FAILED
            };
            canvas.line(&points, Stroke::solid(color, if line.value.is_finite() { 0.5 } else { 1.5 }));
        }
        for (index, scale) in scales.iter().enumerate() {
            draw_axis(canvas, scale, x(index), &scale.ticks(4));
        }
        let ticks = if range.is_some() { readout.ticks(4) } else { vec![Tick { value: 0.5, text: "no value".into() }] };
        draw_axis(canvas, &readout, layout.right, &ticks);
        // Every other name stands lower.
        for (index, name) in layout.names.iter().enumerate() {
            let lower = if index % 2 == 1 { layout.lower } else { 0.0 };
            lines::below(canvas, name, (x(index), bottom + 17.0 + layout.words + lower), STYLE.align(Align::Middle));
        }
        one.lines.iter().any(|line| line.value.is_nan())
    }
}

/// What stands at a tick.
fn word_lines(word: &str, most: usize) -> Vec<String> {
    lines::lines(word, STYLE, WORD, most)
}

/// An upright axis with its numbers at the left.
fn draw_axis(canvas: &mut Canvas, scale: &Axis, x: f64, ticks: &[Tick]) {
    let (low, high) = scale.ends();
    let (bottom, top) = (scale.at(low), scale.at(high));
    canvas.line(&[(x, bottom), (x, top)], Stroke::solid(Color::INK, 1.2));
    let most = scale.word_room().map_or(1, |room| ((room / LINE) as usize).clamp(1, WORD_LINES));
    // Where not every word has room, only some are written.
    let every = scale.word_room().map_or(1, |room| (LINE / room.max(0.1)).ceil().max(1.0) as usize);
    let style = STYLE.align(Align::End);
    for tick in ticks.iter().step_by(every) {
        let y = scale.at(tick.value);
        canvas.line(&[(x - 3.0, y), (x, y)], Stroke::solid(Color::INK, 1.0));
        let text = word_lines(&tick.text, most);
        // White behind the number keeps it readable among the lines.
        let half = 7.0 + lines::height(text.len().saturating_sub(1), style) / 2.0;
        let room = Rect::new(x - 8.0 - lines::widest(&text, style), y - half, x - 3.0, y + half);
        canvas.rect(room, Color::WHITE);
        lines::beside(canvas, &text, (x - 5.0, y), style);
    }
}
