//! Isobolograms: pairs of doses that have the same effect, seen and as they would be if the drugs only added.

use super::axis::Axis;
use super::canvas::{Canvas, Dash, Figure, Point, Stroke, Type};
use super::geometry::Rect;
use super::heat_map::SweptAxis;
use super::palette::Color;
use super::panel::{self, AXIS_TITLE, CURVE, Entry, LABEL, MARGIN, Panel, SMALL};
use super::{lines, ticks};

/// The doses of one effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Isobole {
    /// The effect, as a share.
    pub level: f64,
    /// Lines of doses of both drugs at which it is seen.
    pub seen: Vec<Vec<(f64, f64)>>,
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
const BETWEEN: f64 = 26.0;
const COLUMNS: usize = 3;

impl IsobologramFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let columns = self.panels.len().clamp(1, COLUMNS);
        let titles = [&self.x, &self.y].map(|axis| lines::lines(&axis.title(), AXIS_TITLE, SIDE + 18.0, 3));
        let numbers = ticks::width_beside(&scale(&self.y, SIDE, 0.0), SIDE);
        let start = panel::room_at_left(numbers, titles[1].len());
        let more = lines::height(titles[0].len().saturating_sub(1), AXIS_TITLE);
        let width = (start + columns as f64 * (SIDE + BETWEEN) + MARGIN).max(420.0);
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
            let left = start + column as f64 * (SIDE + BETWEEN);
            let above = top + row as f64 * (SIDE + 74.0 + more);
            let frame = Rect::new(left, above, left + SIDE, above + SIDE);
            self.draw(&mut canvas, one, frame, column == 0);
            panel::titles_below(&mut canvas, &titles[0], left + SIDE / 2.0, frame.bottom);
            if column == 0 {
                panel::titles_at_margin(&mut canvas, &titles[1], above + SIDE / 2.0);
            }
            bottom = frame.bottom + more;
        }
        canvas.finish(&self.title, width, bottom + 44.0 + MARGIN / 2.0)
    }

    fn draw(&self, canvas: &mut Canvas, one: &IsobolePanel, frame: Rect, first: bool) {
        let (x, y) = (scale(&self.x, frame.left, frame.right), scale(&self.y, frame.bottom, frame.top));
        let panel = Panel { frame, x, y };
        for (isobole, color) in one.isoboles.iter().zip(COLORS) {
            let (xs, ys): (Vec<f64>, Vec<f64>) = isobole.additive.iter().copied().unzip();
            panel.curve(canvas, &xs, &ys, Stroke { color, width: 1.4, dash: Dash::Dashed });
            for line in &isobole.seen {
                let (xs, ys): (Vec<f64>, Vec<f64>) = line.iter().copied().unzip();
                panel.curve(canvas, &xs, &ys, Stroke::solid(color, CURVE));
                let places: Vec<Point> = line.iter().map(|(x, y)| (panel.x.at(*x), panel.y.at(*y))).collect();
                places.into_iter().for_each(|place| canvas.disc(place, 2.6, color));
            }
        }
        if one.isoboles.iter().all(|isobole| isobole.seen.is_empty()) {
            let style = Type::new(SMALL, Color::SOFT);
            canvas.text("no such effect here", (frame.left + 12.0, frame.top + 20.0), style);
        }
        panel.draw_axes(canvas, true, first);
        let style = Type::new(LABEL, Color::INK).bold();
        panel.title(canvas, &lines::shortened(&one.name, style, SIDE), Color::INK);
    }
}

/// From no dose to a little above the largest.
fn scale(axis: &SweptAxis, from: f64, to: f64) -> Axis {
    let most = axis.values.iter().copied().fold(0.0, f64::max);
    Axis::from_zero(Some((0.0, most)), from, to)
}
