//! A number over two axes: a panel of coloured cells for each arm, with contours, and failures marked.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Figure, Point, Stroke, Type};
use super::geometry::Rect;
use super::palette::{Color, ramp};
use super::panel::{self, AXIS_TITLE, LABEL, MARGIN, Panel, SMALL};
use super::{lines, ticks};

/// A named axis of a sweep.
#[derive(Clone, Debug, Default)]
pub struct SweptAxis {
    /// Short name.
    pub name: String,
    /// Unit; empty where there is none.
    pub unit: String,
    /// Whether its values are spaced by equal ratios.
    pub log: bool,
    /// Its values, ascending.
    pub values: Vec<f64>,
    /// What is written at the values 0, 1 and so on, where the axis has words.
    pub words: Vec<String>,
}

impl SweptAxis {
    /// Name and unit.
    pub(super) fn title(&self) -> String {
        if self.unit.is_empty() { self.name.clone() } else { format!("{} ({})", self.name, self.unit) }
    }

    fn logarithmic(&self) -> bool {
        self.log && self.values.iter().all(|value| *value > 0.0)
    }

    /// Borders of the cells around the values, half way between neighbours on the axis's scale.
    fn borders(&self) -> Vec<f64> {
        let log = self.logarithmic();
        let to = |value: f64| if log { libm::log(value) } else { value };
        let back = |value: f64| if log { libm::exp(value) } else { value };
        let places: Vec<f64> = self.values.iter().map(|value| to(*value)).collect();
        let [first, .., last] = places[..] else {
            let only = places.first().copied().unwrap_or(0.0);
            return vec![back(only - 0.5), back(only + 0.5)];
        };
        let (start, end) = (places[1] - first, last - places[places.len() - 2]);
        let below = first - start / 2.0;
        // What is never below 0 has no cell there.
        let nonnegative = !log && first >= 0.0 && self.words.is_empty();
        let mut borders = vec![if nonnegative { below.max(0.0) } else { below }];
        borders.extend(places.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])));
        borders.push(last + end / 2.0);
        borders.into_iter().map(back).collect()
    }

    fn axis(&self, from: f64, to: f64) -> Axis {
        let borders = self.borders();
        let ends = (borders.first().copied().unwrap_or(0.0), borders.last().copied().unwrap_or(1.0));
        let axis = if self.logarithmic() { Axis::exact_log(ends, from, to) } else { Axis::linear(ends, from, to) };
        axis.with_words(&self.words)
    }
}

/// One arm's values: a row for each value of the upright axis, in it a value for each of the level one. NaN: failed.
#[derive(Clone, Debug, Default)]
pub struct HeatPanel {
    /// The arm.
    pub name: String,
    /// The values.
    pub values: Vec<Vec<f64>>,
}

/// A number over two axes.
#[derive(Clone, Debug, Default)]
pub struct HeatMapFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The level axis.
    pub x: SweptAxis,
    /// The upright axis.
    pub y: SweptAxis,
    /// What the colours show, with its unit.
    pub value: String,
    /// The panels.
    pub panels: Vec<HeatPanel>,
}

const SIDE: f64 = 250.0;
const BETWEEN: f64 = 26.0;
const BAR: f64 = 14.0;
/// The edge of contours.
const EDGE: Color = Color(90, 90, 90);
/// The most lines of an axis title.
const TITLE_LINES: usize = 3;

/// Where the panels stand.
struct Layout {
    columns: usize,
    rows: usize,
    left: f64,
    top: f64,
    /// From one row to the next.
    pitch: f64,
    /// What words under the panels take beyond a line of numbers.
    words: f64,
    /// Lines of the axes' titles.
    titles: [Vec<String>; 2],
}

impl Layout {
    fn frame(&self, index: usize) -> Rect {
        let left = self.left + (index % self.columns) as f64 * (SIDE + BETWEEN);
        let top = self.top + (index / self.columns) as f64 * self.pitch;
        Rect::new(left, top, left + SIDE, top + SIDE)
    }
}

impl HeatMapFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let mut canvas = Canvas::new();
        let mut layout = self.lay_out();
        let bar_name = lines::lines(&self.value, AXIS_TITLE, SIDE + 30.0, 2);
        let bar_room = 24.0 + BAR + 66.0 + lines::height(bar_name.len().saturating_sub(1), AXIS_TITLE);
        let columns = layout.columns as f64;
        let width = layout.left + columns * SIDE + (columns - 1.0) * BETWEEN + bar_room + MARGIN;
        layout.top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 34.0;
        let top = layout.top;
        let ends = axis::range(self.panels.iter().flat_map(|panel| panel.values.iter().flatten().copied()));
        let scale = Axis::linear(ends.unwrap_or((0.0, 1.0)), top + SIDE, top);
        let mut failed = false;
        for (index, one) in self.panels.iter().enumerate() {
            let frame = layout.frame(index);
            let first = index % layout.columns == 0;
            failed |= self.draw_panel(&mut canvas, one, frame, &scale, first);
            if index + layout.columns >= self.panels.len() {
                let middle = f64::midpoint(frame.left, frame.right);
                panel::titles_below(&mut canvas, &layout.titles[0], middle, frame.bottom + layout.words);
            }
            if first {
                panel::titles_at_margin(&mut canvas, &layout.titles[1], f64::midpoint(frame.top, frame.bottom));
            }
        }
        if ends.is_some() {
            draw_bar(&mut canvas, (width - MARGIN - bar_room + 24.0, top), &scale);
            lines::upright(&mut canvas, &bar_name, (width - MARGIN, top + SIDE / 2.0), AXIS_TITLE);
        }
        let mut bottom = top + (layout.rows - 1) as f64 * layout.pitch + SIDE + 44.0 + layout.words;
        bottom += lines::height(layout.titles[0].len().saturating_sub(1), AXIS_TITLE);
        if failed {
            let mark = Rect::around((layout.left + 7.0, bottom + 12.0), 14.0, 14.0);
            draw_failure(&mut canvas, mark);
            let style = Type::new(SMALL, Color::SOFT);
            canvas.text_beside("failed, or without a value", (layout.left + 22.0, bottom + 12.0), style);
            bottom += 24.0;
        }
        canvas.finish(&self.title, width, bottom + MARGIN / 2.0)
    }

    /// Where the panels stand below a heading that is not yet drawn.
    fn lay_out(&self) -> Layout {
        let columns = self.panels.len().clamp(1, 3);
        let titles = [&self.x, &self.y].map(|axis| lines::lines(&axis.title(), AXIS_TITLE, SIDE + 18.0, TITLE_LINES));
        let numbers = ticks::width_beside(&self.y.axis(SIDE, 0.0), SIDE);
        let words = ticks::extra_below(&self.x.axis(0.0, SIDE));
        Layout {
            columns,
            rows: self.panels.len().div_ceil(columns).max(1),
            left: panel::room_at_left(numbers, titles[1].len()),
            top: 0.0,
            pitch: SIDE + BETWEEN + 40.0 + words,
            words,
            titles,
        }
    }

    /// Draws cells, contours and axes; true where a cell failed.
    fn draw_panel(&self, canvas: &mut Canvas, one: &HeatPanel, frame: Rect, scale: &Axis, numbered: bool) -> bool {
        let panel = Panel { frame, x: self.x.axis(frame.left, frame.right), y: self.y.axis(frame.bottom, frame.top) };
        let (xs, ys) = (self.x.borders(), self.y.borders());
        let mut failed = false;
        for (row, values) in one.values.iter().enumerate().take(self.y.values.len()) {
            for (column, value) in values.iter().enumerate().take(self.x.values.len()) {
                let cell = Rect::new(
                    panel.x.at(xs[column]),
                    panel.y.at(ys[row + 1]),
                    panel.x.at(xs[column + 1]),
                    panel.y.at(ys[row]),
                );
                if value.is_finite() {
                    // A hair of overlap leaves no seams.
                    canvas.rect(
                        Rect::new(cell.left, cell.top, cell.right + 0.3, cell.bottom + 0.3),
                        colour(scale, *value),
                    );
                } else {
                    failed = true;
                    draw_failure(canvas, cell);
                }
            }
        }
        self.draw_contours(canvas, one, &panel, scale);
        panel.draw_axes(canvas, true, numbered);
        let style = Type::new(LABEL, Color::INK).bold();
        panel.title(canvas, &lines::shortened(&one.name, style, SIDE), Color::INK);
        failed
    }

    /// Lines through equal values. Between words there is nothing for them to run through.
    fn draw_contours(&self, canvas: &mut Canvas, one: &HeatPanel, panel: &Panel, scale: &Axis) {
        if !(self.x.words.is_empty() && self.y.words.is_empty()) {
            return;
        }
        let segments: Vec<[Point; 2]> =
            scale.ticks(6).iter().flat_map(|level| self.contour(one, level.value)).collect();
        // The dark edge shows them on light cells too.
        for stroke in [Stroke::solid(EDGE, 2.2), Stroke::solid(Color::WHITE, 1.0)] {
            for segment in &segments {
                canvas.line(&segment.map(|(x, y)| (panel.x.at(x), panel.y.at(y))), stroke);
            }
        }
    }

    /// The line on which a value is reached, in pieces between neighbouring cells' middles (marching squares).
    fn contour(&self, one: &HeatPanel, level: f64) -> Vec<[Point; 2]> {
        let mut segments = Vec::new();
        let value = |row: usize, column: usize| one.values.get(row).and_then(|values| values.get(column)).copied();
        for row in 1..self.y.values.len() {
            for column in 1..self.x.values.len() {
                let corner = |down: usize, back: usize| {
                    let place = (self.x.values[column - back], self.y.values[row - down]);
                    Some((place, value(row - down, column - back).filter(|value| value.is_finite())? - level))
                };
                let Some(corners) = [(1, 1), (1, 0), (0, 0), (0, 1)]
                    .map(|(down, back)| corner(down, back))
                    .into_iter()
                    .collect::<Option<Vec<_>>>()
                else {
                    continue;
                };
                let crossings: Vec<Point> = (0..4)
                    .filter_map(|side| {
                        let ((from, low), (to, high)) = (corners[side], corners[(side + 1) % 4]);
                        let share = low / (low - high);
                        let between = |one: f64, other: f64| share.mul_add(other - one, one);
                        ((low < 0.0) != (high < 0.0)).then(|| (between(from.0, to.0), between(from.1, to.1)))
                    })
                    .collect();
                segments.extend(crossings.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
            }
        }
        segments
    }
}

/// What the colours mean.
fn draw_bar(canvas: &mut Canvas, (left, top): Point, scale: &Axis) {
    let bottom = top + SIDE;
    let steps = 100;
    for step in 0..steps {
        let share = (f64::from(step) + 0.5) / f64::from(steps);
        let y = |share: f64| bottom + share * (top - bottom);
        let (upper, lower) = (y(f64::from(step + 1) / f64::from(steps)), y(f64::from(step) / f64::from(steps)));
        canvas.rect(Rect::new(left, upper, left + BAR, lower + 0.3), ramp(share));
    }
    for tick in scale.ticks(6) {
        let y = scale.at(tick.value);
        canvas.line(&[(left, y), (left + BAR, y)], Stroke::solid(Color::WHITE, 1.0));
        canvas.text_beside(&tick.text, (left + BAR + 6.0, y), Type::new(SMALL, Color::INK));
    }
}

fn colour(scale: &Axis, value: f64) -> Color {
    let (low, high) = scale.ends();
    ramp((value - low) / (high - low))
}

fn draw_failure(canvas: &mut Canvas, cell: Rect) {
    canvas.rect(cell, Color::WASH);
    let line = Stroke::solid(Color::FAINT, 1.0);
    canvas.line(&[(cell.left + 1.0, cell.top + 1.0), (cell.right - 1.0, cell.bottom - 1.0)], line);
    canvas.line(&[(cell.left + 1.0, cell.bottom - 1.0), (cell.right - 1.0, cell.top + 1.0)], line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_end_half_way_between_values_and_not_below_0() {
        let borders = |values: &[f64]| SweptAxis { values: values.to_vec(), ..SweptAxis::default() }.borders();
        assert_eq!(borders(&[0.125, 0.625, 1.125]), [0.0, 0.375, 0.875, 1.375]);
        assert_eq!(borders(&[0.0, 1.0]), [0.0, 0.5, 1.5]);
        assert_eq!(borders(&[-1.0, 1.0]), [-2.0, 0.0, 2.0]);
        let words = SweptAxis { words: vec!["a".into(), "b".into()], values: vec![0.0, 1.0], ..SweptAxis::default() };
        assert_eq!(words.borders(), [-0.5, 0.5, 1.5]);
    }
}
