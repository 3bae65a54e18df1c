//! A number over two axes: a panel of coloured cells for each arm, with contours, and failures marked.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, ramp};
use super::panel::{self, LABEL, MARGIN, Panel, SMALL};

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
        let mut borders = vec![first - start / 2.0];
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
const LEFT: f64 = 74.0;
const BETWEEN: f64 = 26.0;
const BAR: f64 = 14.0;

impl HeatMapFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let mut canvas = Canvas::new();
        let columns = self.panels.len().clamp(1, 3);
        let rows = self.panels.len().div_ceil(columns).max(1);
        let bar_room = 24.0 + BAR + 66.0;
        let width = LEFT + columns as f64 * SIDE + (columns - 1) as f64 * BETWEEN + bar_room + MARGIN;
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 34.0;
        let all = self.panels.iter().flat_map(|panel| panel.values.iter().flatten().copied());
        let ends = axis::range(all).unwrap_or((0.0, 1.0));
        let height = rows as f64 * SIDE + (rows - 1) as f64 * (BETWEEN + 40.0);
        let scale = Axis::linear(ends, top + height.min(SIDE), top);
        let levels: Vec<f64> = scale.ticks(6).iter().map(|tick| tick.value).collect();
        let mut failed = false;
        for (index, one) in self.panels.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            let left = LEFT + column as f64 * (SIDE + BETWEEN);
            let panel_top = top + row as f64 * (SIDE + BETWEEN + 40.0);
            let frame = Rect::new(left, panel_top, left + SIDE, panel_top + SIDE);
            failed |= self.draw_panel(&mut canvas, one, frame, &scale, &levels, column == 0);
            if row + 1 == rows || index + columns >= self.panels.len() {
                panel::title_below(&mut canvas, &self.x.title(), left + SIDE / 2.0, frame.bottom);
            }
            if column == 0 {
                panel::title_upright(&mut canvas, &self.y.title(), MARGIN + 4.0, panel_top + SIDE / 2.0);
            }
        }
        self.draw_bar(&mut canvas, (LEFT + columns as f64 * (SIDE + BETWEEN) - BETWEEN + 24.0, top), &scale, width);
        let mut bottom = top + height + 44.0;
        if failed {
            let mark = Rect::around((LEFT + 7.0, bottom + 12.0), 14.0, 14.0);
            draw_failure(&mut canvas, mark);
            canvas.text_beside(
                "failed, or without a value",
                (LEFT + 22.0, bottom + 12.0),
                Type::new(SMALL, Color::SOFT),
            );
            bottom += 24.0;
        }
        canvas.finish(&self.title, width, bottom + MARGIN / 2.0)
    }

    /// Draws cells, contours and axes; true where a cell failed.
    fn draw_panel(
        &self,
        canvas: &mut Canvas,
        one: &HeatPanel,
        frame: Rect,
        scale: &Axis,
        levels: &[f64],
        numbered: bool,
    ) -> bool {
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
        for level in levels {
            for segment in self.contour(one, *level) {
                let points = segment.map(|(x, y)| (panel.x.at(x), panel.y.at(y)));
                canvas.line(&points, Stroke::solid(Color::WHITE, 1.0));
            }
        }
        panel.draw_axes(canvas, true, numbered);
        let name = font::fit(&one.name, LABEL, true, SIDE);
        panel.title(canvas, &name, Color::INK);
        failed
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

    /// What the colours mean.
    fn draw_bar(&self, canvas: &mut Canvas, (left, top): Point, scale: &Axis, width: f64) {
        let bottom = top + SIDE;
        let steps = 100;
        let (low, high) = scale.ends();
        for step in 0..steps {
            let share = (f64::from(step) + 0.5) / f64::from(steps);
            let y = |share: f64| bottom + share * (top - bottom);
            let (upper, lower) = (y(f64::from(step + 1) / f64::from(steps)), y(f64::from(step) / f64::from(steps)));
            canvas.rect(Rect::new(left, upper, left + BAR, lower + 0.3), ramp(share));
        }
        for tick in scale.ticks(6) {
            let y = bottom + (tick.value - low) / (high - low) * (top - bottom);
            canvas.line(&[(left, y), (left + BAR, y)], Stroke::solid(Color::WHITE, 1.0));
            canvas.text_beside(&tick.text, (left + BAR + 6.0, y), Type::new(SMALL, Color::INK));
        }
        let name = font::fit(&self.value, LABEL, false, SIDE + 40.0);
        panel::title_upright(canvas, &name, width - MARGIN, f64::midpoint(top, bottom));
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
