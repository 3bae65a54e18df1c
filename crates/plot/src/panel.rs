//! A panel: a frame with two axes, in which curves are drawn.

use super::axis::{Axis, Tick};
use super::canvas::{Align, Canvas, Point, Stroke, Type};
use super::geometry::{Rect, clip};
use super::labels::{LABEL_GAP, spread};
use super::palette::Color;
use super::{lines, ticks};

/// Size of a figure's title, in pixels.
pub(super) const TITLE: f64 = 17.0;
/// Size of labels and axis titles.
pub(super) const LABEL: f64 = 13.0;
/// Size of tick labels and notes.
pub(super) const SMALL: f64 = 12.0;
/// Margin around a figure.
pub(super) const MARGIN: f64 = 18.0;
/// Width of a curve.
pub(super) const CURVE: f64 = 2.0;

/// How axis titles are written.
pub(super) const AXIS_TITLE: Type = Type { size: LABEL, bold: false, color: Color::INK, align: Align::Start };

/// The label of a curve, wanted at the height (pixels) where the curve ends.
pub(super) struct End {
    pub text: String,
    pub y: f64,
    pub color: Color,
}

/// Two axes over a frame.
pub(super) struct Panel {
    pub frame: Rect,
    pub x: Axis,
    pub y: Axis,
}

impl Panel {
    /// Axis lines and ticks; the numbers only where asked for.
    pub(super) fn draw_axes(&self, canvas: &mut Canvas, x_numbers: bool, y_numbers: bool) {
        self.draw_x_axis(canvas, x_numbers);
        self.draw_y_axis(canvas, y_numbers);
    }

    fn draw_x_axis(&self, canvas: &mut Canvas, numbers: bool) {
        let Rect { left, right, top, bottom } = self.frame;
        let line = Stroke::solid(Color::INK, 1.0);
        canvas.line(&[(left, top), (left, bottom), (right, bottom)], line);
        let ticks = self.x_ticks();
        for tick in &ticks {
            let x = self.x.at(tick.value);
            canvas.line(&[(x, bottom), (x, bottom + 4.0)], line);
        }
        if numbers {
            ticks::draw_below(canvas, &self.x, &ticks, bottom);
        }
    }

    /// Two ticks say little of a narrow axis: more of them where they fit.
    fn x_ticks(&self) -> Vec<Tick> {
        let wanted = (self.frame.width() / 62.0) as usize;
        let ticks = self.x.ticks(wanted);
        if ticks.len() > 2 {
            return ticks;
        }
        let finer = self.x.ticks(2 * wanted);
        let style = Type::new(SMALL, Color::INK);
        let needed: f64 = finer.iter().map(|tick| style.width(&tick.text) + 12.0).sum();
        if needed <= self.frame.width() { finer } else { ticks }
    }

    fn draw_y_axis(&self, canvas: &mut Canvas, numbers: bool) {
        let left = self.frame.left;
        let ticks = ticks::of_height(&self.y, self.frame.height());
        for tick in &ticks {
            let y = self.y.at(tick.value);
            canvas.line(&[(left - 4.0, y), (left, y)], Stroke::solid(Color::INK, 1.0));
        }
        if numbers {
            ticks::draw_beside(canvas, &self.y, &ticks, left);
        }
    }

    /// A panel in which nothing has a value: no numbers are made up for its upright axis.
    pub(super) fn draw_empty(&self, canvas: &mut Canvas, x_numbers: bool) {
        self.draw_x_axis(canvas, x_numbers);
        let middle =
            (f64::midpoint(self.frame.left, self.frame.right), f64::midpoint(self.frame.top, self.frame.bottom));
        canvas.text_beside("no value", middle, Type::new(LABEL, Color::SOFT).align(Align::Middle));
    }

    /// A curve through (x, y) values, cut at the frame. A point without neighbours is a dot.
    pub(super) fn curve(&self, canvas: &mut Canvas, xs: &[f64], ys: &[f64], stroke: Stroke) {
        let points: Vec<Point> = xs.iter().zip(ys).map(|(&x, &y)| (self.x.at(x), self.y.at(y))).collect();
        let is_there = |place: Option<usize>| {
            let point = place.and_then(|place| points.get(place));
            point.is_some_and(|point| point.0.is_finite() && point.1.is_finite())
        };
        for (place, point) in points.iter().enumerate() {
            if self.frame.contains(*point) && !is_there(place.checked_sub(1)) && !is_there(Some(place + 1)) {
                canvas.disc(*point, 3.0, stroke.color);
            }
        }
        // Half a line's width of room, so that a curve along the frame is not cut lengthwise.
        for part in clip(&points, &self.frame.grown(0.5)) {
            canvas.line(&part, stroke);
        }
    }

    /// A horizontal line across the panel, if the value is in range.
    pub(super) fn level(&self, canvas: &mut Canvas, value: f64, stroke: Stroke) {
        let y = self.y.at(value);
        if y.is_finite() && y >= self.frame.top && y <= self.frame.bottom {
            canvas.line(&[(self.frame.left, y), (self.frame.right, y)], stroke);
        }
    }

    /// Height at which a curve ends within the panel; NaN where nothing of it is seen.
    pub(super) fn end_of(&self, xs: &[f64], ys: &[f64]) -> f64 {
        let last = self.x.ends().1;
        let seen = xs.iter().zip(ys).rev().find(|(x, y)| **x <= last && y.is_finite());
        let y = seen.map_or(f64::NAN, |(_, y)| self.y.at(*y));
        if y.is_nan() { y } else { y.clamp(self.frame.top, self.frame.bottom) }
    }

    /// Labels at the right of the frame, each beside the end of its curve or as near as the others let it.
    pub(super) fn label_ends(&self, canvas: &mut Canvas, ends: &[End], (low, high): (f64, f64)) {
        let wanted: Vec<f64> = ends.iter().map(|end| end.y).collect();
        let right = self.frame.right;
        for (end, place) in ends.iter().zip(spread(&wanted, LABEL_GAP, low, high)) {
            if end.y.is_finite() {
                let leader = [(right + 3.0, end.y), (right + 9.0, end.y), (right + 21.0, place), (right + 26.0, place)];
                canvas.line(&leader, Stroke::solid(end.color.tint(0.6), 1.0));
            }
            canvas.text_beside(&end.text, (right + 30.0, place), Type::new(SMALL, end.color));
        }
    }

    /// A title above the frame at its left.
    pub(super) fn title(&self, canvas: &mut Canvas, text: &str, color: Color) {
        let style = Type::new(LABEL, color).bold();
        canvas.text(text, (self.frame.left + 1.0, self.frame.top - 6.0), style);
    }
}

/// How many lines a title may have.
const MOST_LINES: usize = 3;

/// The figure's title and what stands under it; returns the height below which the figure is free.
pub(super) fn heading(canvas: &mut Canvas, title: &str, subtitle: &str, width: f64) -> f64 {
    let room = width - 2.0 * MARGIN;
    let mut y = MARGIN;
    for (text, style, advance) in
        [(title, Type::new(TITLE, Color::INK).bold(), 20.0), (subtitle, Type::new(LABEL, Color::SOFT), 18.0)]
    {
        for line in super::font::wrap(text, style.size, style.bold, room, MOST_LINES) {
            y += advance;
            canvas.text(&line, (MARGIN, y - 6.0), style);
        }
    }
    y
}

/// An axis title under panels.
pub(super) fn title_below(canvas: &mut Canvas, text: &str, x: f64, bottom: f64) {
    titles_below(canvas, &[text.to_owned()], x, bottom);
}

/// The lines of an axis title under panels.
pub(super) fn titles_below(canvas: &mut Canvas, text: &[String], x: f64, bottom: f64) {
    lines::below(canvas, text, (x, bottom + 37.0), AXIS_TITLE.align(Align::Middle));
}

/// An axis title at the left, read upward.
pub(super) fn title_upright(canvas: &mut Canvas, text: &str, x: f64, y: f64) {
    canvas.text_upright(text, (x, y), AXIS_TITLE.align(Align::Middle));
}

/// The lines of an axis title, read upward, from the left margin.
pub(super) fn titles_at_margin(canvas: &mut Canvas, text: &[String], y: f64) {
    let last = MARGIN + 4.0 + lines::height(text.len().saturating_sub(1), AXIS_TITLE);
    lines::upright(canvas, text, (last, y), AXIS_TITLE);
}

/// Room at the left of panels for the numbers or words of an upright axis and the lines of its title.
pub(super) fn room_at_left(numbers: f64, title_lines: usize) -> f64 {
    let title = MARGIN + 4.0 + lines::height(title_lines.saturating_sub(1), AXIS_TITLE);
    (title + 8.0 + numbers + 7.0).max(74.0)
}

/// One entry of a legend: a name and how its curve looks.
pub(super) struct Entry {
    pub name: String,
    pub stroke: Stroke,
}

/// Entries in rows, as many to a row as fit; returns the height that they took.
pub(super) fn legend(canvas: &mut Canvas, entries: &[Entry], (left, top): Point, width: f64) -> f64 {
    let style = Type::new(SMALL, Color::INK);
    let (swatch, between, row) = (24.0, 20.0, 18.0);
    let names: Vec<String> =
        entries.iter().map(|e| super::font::fit(&e.name, SMALL, false, (width - swatch - 8.0).min(330.0))).collect();
    let widest = names.iter().map(|name| style.width(name)).fold(0.0, f64::max) + swatch + 6.0 + between;
    let columns = (((width + between) / widest) as usize).clamp(1, entries.len().max(1));
    for (k, (entry, name)) in entries.iter().zip(&names).enumerate() {
        let x = left + (k % columns) as f64 * widest;
        let y = top + row * ((k / columns) as f64 + 0.5);
        canvas.line(&[(x, y), (x + swatch, y)], entry.stroke);
        canvas.text_beside(name, (x + swatch + 6.0, y), style);
    }
    row * entries.len().div_ceil(columns) as f64
}
