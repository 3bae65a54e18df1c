//! The course of an experiment over minutes and days: rows of panels that share a broken time axis, a curve per arm.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Figure, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::labels::LABEL_GAP;
use super::palette::{Color, Theme};
use super::panel::{self, CURVE, End, Entry, MARGIN, Panel, SMALL};
use super::timeline::{Dose, Span, Timeline};

/// A quantity over time.
#[derive(Clone, Debug, PartialEq)]
pub struct CourseRow {
    /// What it is, with its unit.
    pub title: String,
    /// For each arm, its value at each of the arm's times.
    pub values: Vec<Vec<f64>>,
    /// A level for comparison.
    pub reference: Option<f64>,
    /// Whether values are spread evenly by decades, at most so many.
    pub decades: Option<f64>,
}

/// Quantities over time, from minutes to weeks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CourseFigure {
    /// Title.
    pub title: String,
    /// A line under the title; may be empty.
    pub subtitle: String,
    /// The arms' names; the first that is no reference lies over all others.
    pub arms: Vec<String>,
    /// Indices of the arms that others are compared with: they lie below all others.
    pub references: Vec<usize>,
    /// The times of each arm's values, in minutes.
    pub t_min: Vec<Vec<f64>>,
    /// Quantities, the first in the tallest panels.
    pub rows: Vec<CourseRow>,
    /// Doses.
    pub doses: Vec<Dose>,
    /// Exposures, injections, blocks.
    pub spans: Vec<Span>,
    /// Pieces of the time axis (from, to; minutes), side by side.
    pub windows_min: Vec<(f64, f64)>,
}

struct Layout {
    width: f64,
    frames: Vec<Vec<Rect>>,
    times: Vec<Axis>,
    direct: bool,
    legend_top: f64,
    strip_top: f64,
    bottom: f64,
}

const LEFT: f64 = 66.0;
const TALL: f64 = 150.0;
const LOW: f64 = 74.0;
const BETWEEN_ROWS: f64 = 26.0;
const BETWEEN: f64 = 16.0;
/// Width of all pieces of the time axis together.
const WIDTH: f64 = 680.0;
/// The share of the first of several pieces: what is short gets less room than what is long.
const FIRST_SHARE: f64 = 0.42;
/// Longest name at the end of a curve, in pixels; where one is longer, all stand in a legend above.
const LONGEST: f64 = 130.0;

impl CourseFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        self.arms.iter().for_each(|arm| theme.learn_arm(arm));
        let mut canvas = Canvas::new();
        let timeline = Timeline::new(&self.doses, &self.spans);
        let layout = self.lay_out(&mut canvas, &timeline, &theme);
        let names: Vec<&str> = self.arms.iter().map(String::as_str).collect();
        for (index, row) in self.rows.iter().enumerate() {
            self.draw_row(&mut canvas, (index, row), &layout, (&theme, &timeline));
        }
        if let Some(frames) = layout.frames.first() {
            timeline.draw(&mut canvas, &layout.times, frames, layout.strip_top, (&theme, &names));
        }
        match layout.frames.last() {
            None => canvas.text("nothing to show", (MARGIN, layout.legend_top + 20.0), Type::new(SMALL, Color::SOFT)),
            Some(last) => draw_time_titles(&mut canvas, last, &layout.times),
        }
        canvas.finish(&self.title, layout.width, layout.bottom + MARGIN)
    }

    /// The pieces of the time axis, or all of the data.
    fn windows(&self) -> Vec<(f64, f64)> {
        let sound = |w: &&(f64, f64)| w.0.is_finite() && w.1.is_finite() && w.0 < w.1;
        let windows: Vec<_> = self.windows_min.iter().filter(sound).copied().take(3).collect();
        if !windows.is_empty() {
            return windows;
        }
        vec![axis::range(self.t_min.iter().flatten().copied()).unwrap_or((0.0, 60.0))]
    }

    fn lay_out(&self, canvas: &mut Canvas, timeline: &Timeline, theme: &Theme) -> Layout {
        let windows = self.windows();
        let style = Type::new(SMALL, Color::INK);
        let longest = self.arms.iter().map(|arm| style.width(arm)).fold(0.0, f64::max);
        let direct = self.arms.len() as f64 * LABEL_GAP <= TALL + 20.0 && longest <= LONGEST;
        let right = if direct { longest + 34.0 } else { 12.0 };
        let width = LEFT + WIDTH + right + MARGIN;
        let room = WIDTH - BETWEEN * (windows.len() as f64 - 1.0);
        let share = |piece: usize| match (windows.len(), piece) {
            (1, _) => 1.0,
            (_, 0) => FIRST_SHARE,
            (count, _) => (1.0 - FIRST_SHARE) / (count as f64 - 1.0),
        };
        let legend_top = panel::heading(canvas, &self.title, &self.subtitle, width) + 4.0;
        let entry = |arm: &String| Entry { name: arm.clone(), stroke: stroke(theme, arm) };
        let entries: Vec<Entry> = self.arms.iter().map(entry).collect();
        let legend =
            if direct { 0.0 } else { panel::legend(canvas, &entries, (LEFT, legend_top), width - LEFT - MARGIN) };
        let mut left = LEFT;
        let times: Vec<Axis> = windows
            .iter()
            .enumerate()
            .map(|(piece, window)| {
                let axis = Axis::time(*window, left, left + share(piece) * room);
                left += share(piece) * room + BETWEEN;
                axis
            })
            .collect();
        let strip_top = legend_top + legend + 4.0;
        let mut top = strip_top + timeline.height(&times) + 26.0;
        let mut frames = Vec::new();
        for row in 0..self.rows.len() {
            let height = if row == 0 { TALL } else { LOW };
            let frame = |axis: &Axis| Rect::new(axis.at(axis.ends().0), top, axis.at(axis.ends().1), top + height);
            frames.push(times.iter().map(frame).collect());
            top += height + BETWEEN_ROWS;
        }
        Layout { width, frames, times, direct, legend_top, strip_top, bottom: top + 26.0 }
    }

    fn draw_row(
        &self,
        canvas: &mut Canvas,
        (index, row): (usize, &CourseRow),
        layout: &Layout,
        (theme, timeline): (&Theme, &Timeline),
    ) {
        let ends = self.range_of(row);
        for (piece, (&frame, time)) in layout.frames[index].iter().zip(&layout.times).enumerate() {
            let y = match row.decades {
                Some(decades) => Axis::log(ends, decades, frame.bottom, frame.top),
                None => Axis::from_zero(ends, frame.bottom, frame.top),
            };
            let panel = Panel { frame, x: time.clone(), y };
            timeline.shade(canvas, time, &frame);
            if let Some(level) = row.reference {
                panel.level(canvas, level, Stroke { color: Color::FAINT, width: 1.2, dash: Dash::Dashed });
            }
            for arm in self.layers() {
                if let (Some(times), Some(values)) = (self.t_min.get(arm), row.values.get(arm)) {
                    panel.curve(canvas, times, values, stroke(theme, &self.arms[arm]));
                }
            }
            panel.draw_axes(canvas, index + 1 == self.rows.len(), piece == 0);
            if piece == 0 {
                let name = font::fit(&row.title, panel::LABEL, true, WIDTH);
                panel.title(canvas, &name, Color::INK);
            }
            if piece + 1 < layout.times.len() {
                draw_break(canvas, (frame.right, frame.right + BETWEEN), frame.bottom);
            } else if layout.direct && index == 0 {
                let end = |((arm, times), values): ((&String, &Vec<f64>), &Vec<f64>)| End {
                    text: font::fit(arm, SMALL, false, LONGEST),
                    y: panel.end_of(times, values),
                    color: theme.arm(arm).0,
                };
                let ends: Vec<End> = self.arms.iter().zip(&self.t_min).zip(&row.values).map(end).collect();
                panel.label_ends(canvas, &ends, (frame.top - 8.0, frame.bottom + 10.0));
            }
        }
    }

    /// The arms from the lowest to the uppermost: references, then the others, the first of them last.
    fn layers(&self) -> Vec<usize> {
        let references = self.references.iter().copied().filter(|index| *index < self.arms.len());
        let others = (0..self.arms.len()).rev().filter(|index| !self.references.contains(index));
        references.chain(others).collect()
    }

    /// The values that a row shows within the windows.
    fn range_of(&self, row: &CourseRow) -> Option<(f64, f64)> {
        let windows = self.windows();
        let inside = |t: f64| windows.iter().any(|w| t >= w.0 && t <= w.1);
        let curves = self.t_min.iter().zip(&row.values).flat_map(|(times, values)| times.iter().zip(values));
        let shown = curves.filter(|(t, _)| inside(**t)).map(|(_, value)| *value).chain(row.reference);
        axis::range(shown.filter(|value| row.decades.is_none() || *value > 0.0))
    }
}

/// Two short strokes where the time axis is broken.
fn draw_break(canvas: &mut Canvas, (left, right): (f64, f64), y: f64) {
    let middle = f64::midpoint(left, right);
    for x in [middle - 2.5, middle + 2.5] {
        canvas.line(&[(x - 2.5, y + 5.0), (x + 2.5, y - 5.0)], Stroke::solid(Color::INK, 1.0));
    }
}

fn draw_time_titles(canvas: &mut Canvas, frames: &[Rect], times: &[Axis]) {
    for (frame, time) in frames.iter().zip(times) {
        let (low, high) = time.ends();
        let title = format!("time ({})", axis::time_unit(high - low).name);
        panel::title_below(canvas, &title, f64::midpoint(frame.left, frame.right), frame.bottom);
    }
}

fn stroke(theme: &Theme, arm: &str) -> Stroke {
    let (color, dash) = theme.arm(arm);
    Stroke { color, width: CURVE, dash }
}
