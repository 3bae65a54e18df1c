//! Numbers over one axis: a panel for each readout, a curve for each arm, with bands where there are replicates.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Figure, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::heat_map::SweptAxis;
use super::palette::{Color, Theme};
use super::panel::{self, CURVE, End, MARGIN, Panel, SMALL};

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
    /// Where half its height is reached, on both axes.
    pub half: (f64, f64),
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

const LEFT: f64 = 74.0;
const WIDE: f64 = 420.0;
const TALL: f64 = 170.0;
const BETWEEN: f64 = 26.0;
const LONGEST: f64 = 400.0;

impl SweptFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        let curves = self.panels.iter().flat_map(|panel| &panel.curves);
        curves.clone().for_each(|curve| theme.learn_arm(&curve.arm));
        let style = Type::new(SMALL, Color::INK);
        let longest = curves.map(|curve| style.width(&curve.label())).fold(0.0, f64::max).min(LONGEST);
        let mut canvas = Canvas::new();
        let width = LEFT + WIDE + 34.0 + longest + MARGIN;
        let mut top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 24.0;
        let ends = axis::range(self.x.values.iter().copied());
        for (index, one) in self.panels.iter().enumerate() {
            let frame = Rect::new(LEFT, top, LEFT + WIDE, top + TALL);
            let x = if self.x.log && self.x.values.iter().all(|value| *value > 0.0) {
                Axis::log(ends, 12.0, frame.left, frame.right)
            } else {
                Axis::linear(ends.unwrap_or((0.0, 1.0)), frame.left, frame.right)
            }
            .with_words(&self.x.words);
            one.draw(&mut canvas, frame, x, &self.x.values, &theme, index + 1 == self.panels.len());
            top = frame.bottom + BETWEEN;
        }
        let bottom = top - BETWEEN;
        panel::title_below(&mut canvas, &self.x.title(), LEFT + WIDE / 2.0, bottom);
        canvas.finish(&self.title, width, bottom + 44.0 + MARGIN / 2.0)
    }
}

impl SweptCurve {
    /// The arm, with what its fit says.
    fn label(&self) -> String {
        self.fit.as_ref().map_or_else(|| self.arm.clone(), |fit| format!("{}: {}", self.arm, fit.note))
    }
}

impl SweptPanel {
    fn draw(&self, canvas: &mut Canvas, frame: Rect, x: Axis, xs: &[f64], theme: &Theme, last: bool) {
        let values = self.curves.iter().flat_map(|curve| {
            curve.means.iter().copied().chain(curve.bands.iter().flat_map(|(low, high)| [*low, *high]))
        });
        let range = axis::range(values.chain(self.level));
        let panel = Panel { frame, x, y: Axis::from_zero(range, frame.bottom, frame.top) };
        for curve in &self.curves {
            let (color, _) = theme.arm(&curve.arm);
            for (pair, bands) in xs.windows(2).zip(curve.bands.windows(2)) {
                let corner = |x: f64, y: f64| (panel.x.at(x), panel.y.at(y).clamp(frame.top, frame.bottom));
                let band = vec![
                    corner(pair[0], bands[0].0),
                    corner(pair[1], bands[1].0),
                    corner(pair[1], bands[1].1),
                    corner(pair[0], bands[0].1),
                ];
                if band.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
                    canvas.polygon(band, color.tint(0.25));
                }
            }
        }
        if let Some(level) = self.level {
            panel.level(canvas, level, Stroke { color: Color::FAINT, width: 1.2, dash: Dash::Dashed });
        }
        for curve in &self.curves {
            let (color, dash) = theme.arm(&curve.arm);
            let Some(fit) = &curve.fit else {
                panel.curve(canvas, xs, &curve.means, Stroke { color, width: CURVE, dash });
                continue;
            };
            let half = (panel.x.at(fit.half.0), panel.y.at(fit.half.1));
            let drop = [half, (half.0, frame.bottom)];
            canvas.line(&drop, Stroke { color: color.tint(0.6), width: 1.2, dash: Dash::Dotted });
            panel.curve(canvas, &fit.xs, &fit.ys, Stroke { color, width: CURVE, dash });
            for (x, mean) in xs.iter().zip(&curve.means) {
                canvas.disc((panel.x.at(*x), panel.y.at(*mean)), 3.0, color);
            }
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
        panel::title_upright(
            canvas,
            &font::fit(&self.value, panel::LABEL, false, frame.height() + 20.0),
            MARGIN + 4.0,
            f64::midpoint(frame.top, frame.bottom),
        );
    }
}
