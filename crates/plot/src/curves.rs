//! Curves over time or frequency: panels side by side and below each other, each with axes of its own.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Figure, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Theme};
use super::panel::{self, Entry, LABEL, MARGIN, Panel, SMALL};

/// Whose colour a curve has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CurveColor {
    /// That of an arm.
    Arm(String),
    /// That of a population.
    Population(String),
}

/// A curve.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its name in the legend; curves of one name share an entry.
    pub name: String,
    /// Its colour.
    pub color: CurveColor,
    /// Whether it is thin and pale: what was simulated behind what was computed.
    pub pale: bool,
    /// Whether it is dashed.
    pub dashed: bool,
    /// Places.
    pub xs: Vec<f64>,
    /// Values; what is not finite leaves a gap.
    pub ys: Vec<f64>,
}

/// A panel of curves.
#[derive(Clone, Debug, Default)]
pub struct CurvePanel {
    /// What it is of.
    pub name: String,
    /// What the values are, with their unit.
    pub value: String,
    /// Whether values are on a logarithmic scale, over so many decades.
    pub decades: Option<f64>,
    /// A span of x with a wash behind it: a stimulus, say.
    pub span: Option<(f64, f64)>,
    /// The curves.
    pub curves: Vec<Curve>,
}

/// Curves over time or frequency.
#[derive(Clone, Debug, Default)]
pub struct CurvesFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// What the places are, with their unit.
    pub x: String,
    /// Whether they are on a logarithmic scale.
    pub log_x: bool,
    /// The panels, in rows.
    pub panels: Vec<CurvePanel>,
}

const LEFT: f64 = 72.0;
const WIDE: f64 = 250.0;
const TALL: f64 = 170.0;
const BETWEEN: f64 = 74.0;
/// Panels side by side.
const COLUMNS: usize = 3;

impl CurvesFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        for curve in self.panels.iter().flat_map(|panel| &panel.curves) {
            if let CurveColor::Arm(name) = &curve.color {
                theme.learn_arm(name);
            }
        }
        let mut canvas = Canvas::new();
        // Four panels make a square.
        let columns = if self.panels.len() == 4 { 2 } else { self.panels.len().clamp(1, COLUMNS) };
        let width = LEFT + columns as f64 * (WIDE + BETWEEN) - BETWEEN + MARGIN + 10.0;
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 8.0;
        let entries = self.entries(&theme);
        let legend = panel::legend(&mut canvas, &entries, (MARGIN, top), width - 2.0 * MARGIN);
        let mut top = top + legend + 28.0;
        let rows = self.panels.len().div_ceil(columns);
        for (row, panels) in self.panels.chunks(columns).enumerate() {
            for (column, one) in panels.iter().enumerate() {
                let left = LEFT + column as f64 * (WIDE + BETWEEN);
                let frame = Rect::new(left, top, left + WIDE, top + TALL);
                one.draw(&mut canvas, frame, self.log_x, &theme);
                if row + 1 == rows || row * columns + column + columns >= self.panels.len() {
                    panel::title_below(&mut canvas, &self.x, left + WIDE / 2.0, frame.bottom);
                }
            }
            top += TALL + 58.0;
        }
        canvas.finish(&self.title, width, top)
    }

    /// An entry for each name, in order of appearance, the pale ones last.
    fn entries(&self, theme: &Theme) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for curve in self.panels.iter().flat_map(|panel| &panel.curves) {
            if !entries.iter().any(|entry| entry.name == curve.name) {
                entries.push(Entry { name: curve.name.clone(), stroke: curve.stroke(theme) });
            }
        }
        let pale =
            |name: &str| self.panels.iter().flat_map(|panel| &panel.curves).any(|one| one.pale && one.name == name);
        entries.sort_by_key(|entry| pale(&entry.name));
        entries
    }
}

impl Curve {
    fn stroke(&self, theme: &Theme) -> Stroke {
        let (color, dash) = match &self.color {
            CurveColor::Arm(name) => theme.arm(name),
            CurveColor::Population(name) => (theme.population(name), Dash::Solid),
        };
        let dash = if self.dashed { Dash::Dashed } else { dash };
        if self.pale { Stroke { color: color.tint(0.5), width: 1.2, dash } } else { Stroke { color, width: 2.0, dash } }
    }
}

impl CurvePanel {
    fn draw(&self, canvas: &mut Canvas, frame: Rect, log_x: bool, theme: &Theme) {
        let x_ends = axis::range(self.curves.iter().flat_map(|curve| curve.xs.iter().copied())).unwrap_or((0.0, 1.0));
        let y_ends = axis::range(self.curves.iter().flat_map(|curve| curve.ys.iter().copied()));
        let x = if log_x {
            Axis::exact_log(x_ends, frame.left, frame.right)
        } else {
            Axis::linear(x_ends, frame.left, frame.right)
        };
        let y = match self.decades {
            Some(decades) => Axis::log(y_ends, decades, frame.bottom, frame.top),
            None => Axis::from_zero(y_ends, frame.bottom, frame.top),
        };
        let panel = Panel { frame, x, y };
        if let Some((from, to)) = self.span {
            let (from, to) = (panel.x.at(from).max(frame.left), panel.x.at(to).min(frame.right));
            canvas.rect(Rect::new(from, frame.top, to, frame.bottom), Color::WASH);
        }
        // What was simulated lies behind what was computed.
        for pale in [true, false] {
            for curve in self.curves.iter().filter(|curve| curve.pale == pale) {
                panel.curve(canvas, &curve.xs, &curve.ys, curve.stroke(theme));
            }
        }
        panel.draw_axes(canvas, true, true);
        canvas.text(
            &font::fit(&self.name, LABEL, true, WIDE),
            (frame.left + 1.0, frame.top - 8.0),
            Type::new(LABEL, Color::INK).bold(),
        );
        let value = font::fit(&self.value, SMALL, false, TALL + 30.0);
        panel::title_upright(canvas, &value, frame.left - 46.0, f64::midpoint(frame.top, frame.bottom));
    }
}
