//! Numbers over one axis: a panel for each readout, a curve for each arm, with bands where there are replicates.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::heat_map::SweptAxis;
use super::palette::{Color, Theme};
use super::panel::{self, AXIS_TITLE, CURVE, End, MARGIN, Panel, SMALL};
use super::{lines, ticks};

/// The curve of one arm.
#[derive(Clone, Debug, Default)]
pub struct SweptCurve {
    /// The arm.
    pub arm: String,
    /// The mean over replicates at each value of the axis; NaN: failed.
    pub means: Vec<f64>,
    /// The smallest and largest replicate at each value; empty without replicates.
    pub bands: Vec<(f64, f64)>,
    /// A curve fitted to the means, which are then drawn as dots.
    pub fit: Option<FittedCurve>,
}

/// A curve fitted to points.
#[derive(Clone, Debug, Default)]
pub struct FittedCurve {
    /// Places on the axis.
    pub xs: Vec<f64>,
    /// The curve there.
    pub ys: Vec<f64>,
    /// Where half its height is reached, on both axes; none where it is not among the doses.
    pub half: Option<(f64, f64)>,
    /// What the fit says, in a few words.
    pub note: String,
}

/// One readout.
#[derive(Clone, Debug, Default)]
pub struct SweptPanel {
    /// What it shows, with its unit.
    pub value: String,
    /// A level drawn across, with what it is: say, control.
    pub level: Option<f64>,
    /// A curve for each arm.
    pub curves: Vec<SweptCurve>,
}

/// Numbers over one axis.
#[derive(Clone, Debug, Default)]
pub struct SweptFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The axis.
    pub x: SweptAxis,
    /// The panels, from above.
    pub panels: Vec<SweptPanel>,
}

const WIDE: f64 = 420.0;
const TALL: f64 = 170.0;
const BETWEEN: f64 = 26.0;
const LONGEST: f64 = 400.0;
/// How far curves show through a band.
const VEIL: f64 = 0.25;
/// Between the marks of two arms at a word.
const APART: f64 = 9.0;

impl SweptFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        let curves = self.panels.iter().flat_map(|panel| &panel.curves);
        curves.clone().for_each(|curve| theme.learn_arm(&curve.arm));
        let style = Type::new(SMALL, Color::INK);
        let longest = curves.map(|curve| style.width(&curve.label())).fold(0.0, f64::max).min(LONGEST);
        let mut canvas = Canvas::new();
        let names: Vec<Vec<String>> =
            self.panels.iter().map(|one| lines::lines(&one.value, AXIS_TITLE, TALL + 18.0, 3)).collect();
        let numbers = self.panels.iter().map(|one| ticks::width_beside(&one.scale(TALL, 0.0), TALL));
        let most = names.iter().map(Vec::len).max().unwrap_or(0);
        let left = panel::room_at_left(numbers.fold(0.0, f64::max), most);
        let width = left + WIDE + 34.0 + longest + MARGIN;
        let mut top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 24.0;
        for (index, (one, name)) in self.panels.iter().zip(&names).enumerate() {
            let frame = Rect::new(left, top, left + WIDE, top + TALL);
            let panel = Panel { frame, x: self.axis(&frame), y: one.scale(frame.bottom, frame.top) };
            one.draw(&mut canvas, &panel, &self.x, &theme, index + 1 == self.panels.len());
            panel::titles_at_margin(&mut canvas, name, f64::midpoint(frame.top, frame.bottom));
            top = frame.bottom + BETWEEN;
        }
        let frame = Rect::new(left, top, left + WIDE, top);
        let bottom = top - BETWEEN + ticks::extra_below(&self.axis(&frame));
        let title = lines::lines(&self.x.title(), AXIS_TITLE, WIDE + 40.0, 3);
        panel::titles_below(&mut canvas, &title, left + WIDE / 2.0, bottom);
        let titles = lines::height(title.len().saturating_sub(1), AXIS_TITLE);
        canvas.finish(&self.title, width, bottom + titles + 44.0 + MARGIN / 2.0)
    }

    fn axis(&self, frame: &Rect) -> Axis {
        let ends = axis::range(self.x.values.iter().copied());
        if !self.x.words.is_empty() {
            // Words have as much room on either side.
            let (low, high) = ends.unwrap_or((0.0, 0.0));
            return Axis::linear((low - 0.5, high + 0.5), frame.left, frame.right).with_words(&self.x.words);
        }
        if self.x.log && self.x.values.iter().all(|value| *value > 0.0) {
            Axis::log(ends, 12.0, frame.left, frame.right)
        } else {
            Axis::linear(ends.unwrap_or((0.0, 1.0)), frame.left, frame.right)
        }
    }
}

impl SweptCurve {
    /// The arm, with what its fit says.
    fn label(&self) -> String {
        self.fit.as_ref().map_or_else(|| self.arm.clone(), |fit| format!("{}: {}", self.arm, fit.note))
    }
}

impl SweptPanel {
    /// Means and bands of all curves.
    fn range(&self) -> Option<(f64, f64)> {
        let values = self.curves.iter().flat_map(|curve| {
            curve.means.iter().copied().chain(curve.bands.iter().flat_map(|(low, high)| [*low, *high]))
        });
        axis::range(values)
    }

    fn scale(&self, from: f64, to: f64) -> Axis {
        let ends = self.range().into_iter().flat_map(|(low, high)| [low, high]);
        Axis::from_zero(axis::range(ends.chain(self.level)), from, to)
    }

    fn draw(&self, canvas: &mut Canvas, panel: &Panel, x: &SweptAxis, theme: &Theme, last: bool) {
        if self.range().is_none() {
            panel.draw_empty(canvas, last);
            return;
        }
        let (xs, frame) = (&x.values, &panel.frame);
        if x.words.is_empty() {
            for curve in &self.curves {
                curve.draw_band(canvas, panel, xs, theme.arm(&curve.arm).0);
            }
        }
        if let Some(level) = self.level {
            panel.level(canvas, level, Stroke { color: Color::FAINT, width: 1.2, dash: Dash::Dashed });
        }
        for (place, curve) in self.curves.iter().enumerate() {
            if x.words.is_empty() {
                curve.draw(canvas, panel, xs, theme);
                continue;
            }
            let room = panel.x.word_room().unwrap_or(0.0) * 0.7 / self.curves.len() as f64;
            let middle = (self.curves.len() - 1) as f64 / 2.0;
            curve.draw_marks(canvas, panel, (xs, (place as f64 - middle) * room.min(APART)), theme);
        }
        let ends: Vec<End> = self
            .curves
            .iter()
            .map(|curve| End {
                text: font::fit(&curve.label(), SMALL, false, LONGEST),
                y: panel.end_of(xs, &curve.means),
                color: theme.arm(&curve.arm).0,
            })
            .filter(|end| end.y.is_finite())
            .collect();
        panel.label_ends(canvas, &ends, (frame.top + 4.0, frame.bottom - 4.0));
        panel.draw_axes(canvas, last, true);
    }
}

impl SweptCurve {
    /// From the smallest to the largest replicate; a bar where the neighbours have none.
    fn draw_band(&self, canvas: &mut Canvas, panel: &Panel, xs: &[f64], color: Color) {
        let frame = &panel.frame;
        let corner = |x: f64, y: f64| (panel.x.at(x), panel.y.at(y).clamp(frame.top, frame.bottom));
        let ends: Vec<[Point; 2]> =
            xs.iter().zip(&self.bands).map(|(x, (low, high))| [corner(*x, *low), corner(*x, *high)]).collect();
        let is_there = |ends: &[Point; 2]| ends.iter().all(|(x, y)| x.is_finite() && y.is_finite());
        for run in ends.split(|ends| !is_there(ends)) {
            if let [only] = run {
                canvas.line(only, Stroke::solid(color.tint(0.5), 1.5));
            }
            let back = run.iter().rev().map(|ends| ends[1]);
            canvas.veil(run.iter().map(|ends| ends[0]).chain(back).collect(), color, VEIL);
        }
    }

    /// A line through the means, or dots and the line that is fitted to them.
    fn draw(&self, canvas: &mut Canvas, panel: &Panel, xs: &[f64], theme: &Theme) {
        let (color, dash) = theme.arm(&self.arm);
        let Some(fit) = &self.fit else {
            panel.curve(canvas, xs, &self.means, Stroke { color, width: CURVE, dash });
            return;
        };
        if let Some((x, y)) = fit.half {
            let half = (panel.x.at(x), panel.y.at(y));
            let drop = [half, (half.0, panel.frame.bottom)];
            canvas.line(&drop, Stroke { color: color.tint(0.6), width: 1.2, dash: Dash::Dotted });
        }
        panel.curve(canvas, &fit.xs, &fit.ys, Stroke { color, width: CURVE, dash });
        for (x, mean) in xs.iter().zip(&self.means) {
            canvas.disc((panel.x.at(*x), panel.y.at(*mean)), 3.0, color);
        }
    }

    /// A mark at each word, beside those of other arms: between words there is nothing.
    fn draw_marks(&self, canvas: &mut Canvas, panel: &Panel, (xs, aside): (&[f64], f64), theme: &Theme) {
        let (color, _) = theme.arm(&self.arm);
        for (place, x) in xs.iter().enumerate() {
            let x = panel.x.at(*x) + aside;
            if let Some((low, high)) = self.bands.get(place) {
                canvas.line(&[(x, panel.y.at(*low)), (x, panel.y.at(*high))], Stroke::solid(color, 1.5));
            }
            let mean = self.means.get(place).copied().unwrap_or(f64::NAN);
            canvas.disc((x, panel.y.at(mean)), 3.5, color);
        }
    }
}
