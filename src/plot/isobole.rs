//! Isobolograms: pairs of doses that have the same effect, seen and as they would be if the drugs only added.

use super::axis::Axis;
use super::canvas::{Canvas, Dash, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::heat_map::SweptAxis;
use super::palette::Color;
use super::panel::{self, CURVE, Entry, LABEL, MARGIN, Panel, SMALL};

/// The doses of one effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Isobole {
    /// The effect, as a share.
    pub level: f64,
    /// Doses of both drugs at which it is seen.
    pub seen: Vec<(f64, f64)>,
    /// Doses at which drugs that add would have it.
    pub additive: Vec<(f64, f64)>,
}

/// Isoboles beside one dose of a third drug.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IsobolePanel {
    /// What it is of.
    pub name: String,
    /// The isoboles.
    pub isoboles: Vec<Isobole>,
}

/// Isobolograms.
#[derive(Clone, Debug, Default)]
pub struct IsobologramFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The level axis.
    pub x: SweptAxis,
    /// The upright axis.
    pub y: SweptAxis,
    /// The panels.
    pub panels: Vec<IsobolePanel>,
}

const COLORS: [Color; 3] = [Color(86, 180, 233), Color(0, 114, 178), Color(51, 34, 136)];
const SIDE: f64 = 230.0;
const LEFT: f64 = 74.0;
const BETWEEN: f64 = 26.0;
const COLUMNS: usize = 3;

impl IsobologramFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let columns = self.panels.len().clamp(1, COLUMNS);
        let width = (LEFT + columns as f64 * (SIDE + BETWEEN) + MARGIN).max(420.0);
        let mut canvas = Canvas::new();
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 8.0;
        let mut entries: Vec<Entry> = self
            .panels
            .first()
            .map(|panel| panel.isoboles.as_slice())
            .unwrap_or_default()
            .iter()
            .zip(COLORS)
            .map(|(one, color)| Entry {
                name: format!("{:.0} % of the effect", 100.0 * one.level),
                stroke: Stroke::solid(color, CURVE),
            })
            .collect();
        let dashed = Stroke { color: Color::SOFT, width: 1.4, dash: Dash::Dashed };
        entries.push(Entry { name: "if doses added (Loewe)".into(), stroke: dashed });
        let top = top + panel::legend(&mut canvas, &entries, (MARGIN, top), width - 2.0 * MARGIN) + 30.0;
        let mut bottom = top;
        for (index, one) in self.panels.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            let left = LEFT + column as f64 * (SIDE + BETWEEN);
            let above = top + row as f64 * (SIDE + 74.0);
            let frame = Rect::new(left, above, left + SIDE, above + SIDE);
            self.draw(&mut canvas, one, frame, column == 0);
            bottom = frame.bottom;
        }
        canvas.finish(&self.title, width, bottom + 44.0 + MARGIN / 2.0)
    }

    fn draw(&self, canvas: &mut Canvas, one: &IsobolePanel, frame: Rect, first: bool) {
        let most = |axis: &SweptAxis| axis.values.iter().copied().fold(0.0, f64::max);
        let x = Axis::from_zero(Some((0.0, most(&self.x))), frame.left, frame.right);
        let y = Axis::from_zero(Some((0.0, most(&self.y))), frame.bottom, frame.top);
        let panel = Panel { frame, x, y };
        for (isobole, color) in one.isoboles.iter().zip(COLORS) {
            let (xs, ys): (Vec<f64>, Vec<f64>) = isobole.additive.iter().copied().unzip();
            panel.curve(canvas, &xs, &ys, Stroke { color, width: 1.4, dash: Dash::Dashed });
            let (xs, ys): (Vec<f64>, Vec<f64>) = isobole.seen.iter().copied().unzip();
            panel.curve(canvas, &xs, &ys, Stroke::solid(color, CURVE));
            let places: Vec<Point> = isobole.seen.iter().map(|(x, y)| (panel.x.at(*x), panel.y.at(*y))).collect();
            places.into_iter().for_each(|place| canvas.disc(place, 2.6, color));
        }
        if one.isoboles.iter().all(|isobole| isobole.seen.is_empty()) {
            let style = Type::new(SMALL, Color::SOFT);
            canvas.text("no such effect here", (frame.left + 12.0, frame.top + 20.0), style);
        }
        panel.draw_axes(canvas, true, first);
        panel.title(canvas, &font::fit(&one.name, LABEL, true, SIDE), Color::INK);
        panel::title_below(canvas, &self.x.title(), f64::midpoint(frame.left, frame.right), frame.bottom);
        if first {
            panel::title_upright(canvas, &self.y.title(), MARGIN + 4.0, f64::midpoint(frame.top, frame.bottom));
        }
    }
}
