//! A map over two knobs: a panel for each circuit or arm, in it the curves of folds and of Hopf points that part regions of
//! different behaviour.

use super::axis::Axis;
use super::bifurcation::{NamedPoint, label_marks, places};
use super::canvas::{Canvas, Figure, Stroke};
use super::font;
use super::geometry::Rect;
use super::heat_map::SweptAxis;
use super::labels::Obstacles;
use super::palette::{Color, Theme};
use super::panel::{self, CURVE, Entry, LABEL, MARGIN, Panel};

/// A curve of special points.
#[derive(Clone, Debug, Default)]
pub struct KnobCurve {
    /// What it is a curve of.
    pub kind: String,
    /// Values of the first knob.
    pub xs: Vec<f64>,
    /// Values of the second.
    pub ys: Vec<f64>,
}

/// One circuit or arm.
#[derive(Clone, Debug, Default)]
pub struct TwoKnobsPanel {
    /// Its name.
    pub name: String,
    /// Curves.
    pub curves: Vec<KnobCurve>,
    /// Where curves meet or turn, and where the circuit stands.
    pub marks: Vec<NamedPoint>,
}

/// A map over two knobs.
#[derive(Clone, Debug, Default)]
pub struct TwoKnobsFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The first knob; its values are the ends of the axis.
    pub x: SweptAxis,
    /// The second.
    pub y: SweptAxis,
    /// The panels.
    pub panels: Vec<TwoKnobsPanel>,
}

const LEFT: f64 = 78.0;
const SIDE: f64 = 300.0;
const BETWEEN: f64 = 34.0;
const ROWS_BETWEEN: f64 = 82.0;
const KINDS: [Color; 3] = [Color(200, 80, 20), Color(0, 90, 150), Color(0, 140, 110)];

impl TwoKnobsFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let mut canvas = Canvas::new();
        let columns = self.panels.len().clamp(1, 3);
        let width = (LEFT + columns as f64 * (SIDE + BETWEEN) + MARGIN).max(470.0);
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 34.0;
        let kinds = self.kinds();
        let mut bottom = top;
        for (index, one) in self.panels.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            let (left, upper) = (LEFT + column as f64 * (SIDE + BETWEEN), top + row as f64 * (SIDE + ROWS_BETWEEN));
            let frame = Rect::new(left, upper, left + SIDE, upper + SIDE);
            let x = axis(&self.x, frame.left, frame.right);
            let panel = Panel { frame, x, y: axis(&self.y, frame.bottom, frame.top) };
            let mut page = Obstacles::default();
            for curve in &one.curves {
                let k = kinds.iter().position(|kind| *kind == curve.kind).unwrap_or(0);
                panel.curve(&mut canvas, &curve.xs, &curve.ys, stroke(k));
                page.add_points(places(&panel, &curve.xs, &curve.ys));
            }
            label_marks(&mut canvas, &panel, &one.marks, &mut page);
            panel.draw_axes(&mut canvas, true, column == 0);
            panel::title_below(&mut canvas, &self.x.title(), left + SIDE / 2.0, frame.bottom);
            if column == 0 {
                let text = font::fit(&self.y.title(), LABEL, false, SIDE + 20.0);
                panel::title_upright(&mut canvas, &text, MARGIN + 4.0, upper + SIDE / 2.0);
            }
            if self.panels.len() > 1 {
                panel.title(&mut canvas, &font::fit(&one.name, LABEL, true, SIDE), Color::INK);
            }
            bottom = frame.bottom;
        }
        let entry = |(k, kind): (usize, &String)| Entry { name: format!("{kind} points"), stroke: stroke(k) };
        let entries: Vec<Entry> = kinds.iter().enumerate().map(entry).collect();
        let taken = panel::legend(&mut canvas, &entries, (LEFT, bottom + 52.0), width - LEFT - MARGIN);
        canvas.finish(&self.title, width, bottom + 52.0 + taken + MARGIN / 2.0)
    }

    /// The kinds of curves in order of appearance.
    fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<String> = Vec::new();
        for curve in self.panels.iter().flat_map(|panel| &panel.curves) {
            if !kinds.contains(&curve.kind) {
                kinds.push(curve.kind.clone());
            }
        }
        kinds.sort();
        kinds
    }
}

fn stroke(k: usize) -> Stroke {
    Stroke { color: KINDS[k % KINDS.len()], width: CURVE, dash: Theme::dash(k) }
}

fn axis(swept: &SweptAxis, from: f64, to: f64) -> Axis {
    let ends = super::axis::range(swept.values.iter().copied()).unwrap_or((0.0, 1.0));
    if swept.log { Axis::exact_log(ends, from, to) } else { Axis::linear(ends, from, to) }
}
