//! What a knob does: a panel for each circuit or arm, in it the branches of fixed points (solid where stable, dashed where
//! not), the band between the lowest and highest rate of limit cycles, and named special points.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::heat_map::SweptAxis;
use super::labels::Obstacles;
use super::palette::Color;
use super::panel::{self, CURVE, Entry, LABEL, MARGIN, Panel, SMALL};

/// A run of fixed points, all stable or all not.
#[derive(Clone, Debug, Default)]
pub struct StateRun {
    /// Values of the knob.
    pub xs: Vec<f64>,
    /// The rate at each.
    pub ys: Vec<f64>,
    /// Whether the fixed points are stable.
    pub stable: bool,
}

/// A run of limit cycles, all stable or all not.
#[derive(Clone, Debug, Default)]
pub struct CycleRun {
    /// Values of the knob.
    pub xs: Vec<f64>,
    /// Lowest and highest rate of each cycle.
    pub bands: Vec<(f64, f64)>,
    /// Whether the cycles are stable.
    pub stable: bool,
}

/// A named point.
#[derive(Clone, Debug, Default)]
pub struct NamedPoint {
    /// Value of the knob.
    pub x: f64,
    /// Its height.
    pub y: f64,
    /// What it is.
    pub name: String,
}

/// One circuit or arm.
#[derive(Clone, Debug, Default)]
pub struct BifurcationPanel {
    /// Its name.
    pub name: String,
    /// Runs of fixed points.
    pub states: Vec<StateRun>,
    /// Runs of limit cycles.
    pub cycles: Vec<CycleRun>,
    /// Special points.
    pub marks: Vec<NamedPoint>,
    /// Where the knob stands in the circuit or arm, if it is known.
    pub present: Option<f64>,
}

/// A bifurcation diagram.
#[derive(Clone, Debug, Default)]
pub struct BifurcationFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The knob; its values are the ends of the axis.
    pub x: SweptAxis,
    /// What is drawn upwards, with its unit.
    pub value: String,
    /// The panels.
    pub panels: Vec<BifurcationPanel>,
}

const LEFT: f64 = 74.0;
const WIDE: f64 = 340.0;
const TALL: f64 = 270.0;
const BETWEEN: f64 = 44.0;
const ROWS_BETWEEN: f64 = 80.0;
const STABLE: Color = Color(0, 90, 150);
const UNSTABLE: Color = Color(150, 110, 60);
const CYCLE: Color = Color(0, 140, 110);

impl BifurcationFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let mut canvas = Canvas::new();
        let columns = self.panels.len().clamp(1, 3);
        let width = (LEFT + columns as f64 * (WIDE + BETWEEN) + MARGIN).max(480.0);
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 34.0;
        let range = axis::range(self.panels.iter().flat_map(BifurcationPanel::heights));
        let mut bottom = top;
        for (index, one) in self.panels.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            let (left, upper) = (LEFT + column as f64 * (WIDE + BETWEEN), top + row as f64 * (TALL + ROWS_BETWEEN));
            let frame = Rect::new(left, upper, left + WIDE, upper + TALL);
            let ends = axis::range(self.x.values.iter().copied()).unwrap_or((0.0, 1.0));
            let x = if self.x.log {
                Axis::exact_log(ends, frame.left, frame.right)
            } else {
                Axis::linear(ends, frame.left, frame.right)
            };
            let panel = Panel { frame, x, y: Axis::from_zero(range, frame.bottom, frame.top) };
            one.draw(&mut canvas, &panel);
            panel.draw_axes(&mut canvas, true, column == 0);
            panel::title_below(&mut canvas, &self.x.title(), left + WIDE / 2.0, frame.bottom);
            if column == 0 {
                let text = font::fit(&self.value, LABEL, false, TALL);
                panel::title_upright(&mut canvas, &text, MARGIN + 4.0, upper + TALL / 2.0);
            }
            if self.panels.len() > 1 {
                panel.title(&mut canvas, &font::fit(&one.name, LABEL, true, WIDE), Color::INK);
            }
            bottom = frame.bottom;
        }
        let taken = panel::legend(&mut canvas, &self.entries(), (LEFT, bottom + 52.0), width - LEFT - MARGIN);
        canvas.finish(&self.title, width, bottom + 52.0 + taken + MARGIN / 2.0)
    }

    fn entries(&self) -> Vec<Entry> {
        let entry = |name: &str, stroke| Entry { name: name.to_owned(), stroke };
        let cycles = || self.panels.iter().flat_map(|panel| &panel.cycles);
        let states = || self.panels.iter().flat_map(|panel| &panel.states);
        let mut entries = Vec::new();
        if states().any(|run| run.stable) {
            entries.push(entry("stable fixed point", state_stroke(true)));
        }
        if states().any(|run| !run.stable) {
            entries.push(entry("unstable fixed point", state_stroke(false)));
        }
        if cycles().any(|run| run.stable) {
            entries.push(entry("stable cycle, lowest to highest", cycle_stroke(true)));
        }
        if cycles().any(|run| !run.stable) {
            entries.push(entry("unstable cycle", cycle_stroke(false)));
        }
        let ends = axis::range(self.x.values.iter().copied()).unwrap_or((0.0, 1.0));
        let shown = |present: f64| present > ends.0 && present < ends.1;
        if self.panels.iter().any(|panel| panel.present.is_some_and(shown)) {
            entries.push(entry("where it stands", present_stroke()));
        }
        entries
    }
}

fn state_stroke(stable: bool) -> Stroke {
    if stable {
        Stroke::solid(STABLE, CURVE + 0.4)
    } else {
        Stroke { color: UNSTABLE, width: CURVE - 0.4, dash: Dash::Dashed }
    }
}

fn cycle_stroke(stable: bool) -> Stroke {
    let dash = if stable { Dash::Solid } else { Dash::Dotted };
    Stroke { color: CYCLE, width: CURVE - 0.5, dash }
}

fn present_stroke() -> Stroke {
    Stroke { color: Color::FAINT, width: 1.0, dash: Dash::Mixed }
}

impl BifurcationPanel {
    fn heights(&self) -> impl Iterator<Item = f64> {
        let states = self.states.iter().flat_map(|run| run.ys.iter().copied());
        let cycles = self.cycles.iter().flat_map(|run| run.bands.iter().flat_map(|(low, high)| [*low, *high]));
        states.chain(cycles).chain(self.marks.iter().map(|mark| mark.y))
    }

    fn draw(&self, canvas: &mut Canvas, panel: &Panel) {
        let frame = panel.frame;
        let mut page = Obstacles::default();
        if let Some(present) = self.present {
            let x = panel.x.at(present);
            if x > frame.left && x < frame.right {
                canvas.line(&[(x, frame.top), (x, frame.bottom)], present_stroke());
            }
        }
        for run in self.cycles.iter().filter(|run| run.stable) {
            for (pair, bands) in run.xs.windows(2).zip(run.bands.windows(2)) {
                let corner = |x: f64, y: f64| (panel.x.at(x), panel.y.at(y).clamp(frame.top, frame.bottom));
                let band = vec![
                    corner(pair[0], bands[0].0),
                    corner(pair[1], bands[1].0),
                    corner(pair[1], bands[1].1),
                    corner(pair[0], bands[0].1),
                ];
                if band.iter().all(|(x, y)| x.is_finite() && y.is_finite()) {
                    canvas.polygon(band, CYCLE.tint(0.16));
                }
            }
        }
        for run in &self.cycles {
            for side in [0, 1] {
                let ys: Vec<f64> = run.bands.iter().map(|(low, high)| if side == 0 { *low } else { *high }).collect();
                panel.curve(canvas, &run.xs, &ys, cycle_stroke(run.stable));
                page.add_points(places(panel, &run.xs, &ys));
            }
        }
        for run in &self.states {
            panel.curve(canvas, &run.xs, &run.ys, state_stroke(run.stable));
            page.add_points(places(panel, &run.xs, &run.ys));
        }
        label_marks(canvas, panel, &self.marks, &mut page);
    }
}

/// Points of a curve in pixels, a few pixels apart.
pub(super) fn places(panel: &Panel, xs: &[f64], ys: &[f64]) -> Vec<Point> {
    let points: Vec<Point> = xs.iter().zip(ys).map(|(x, y)| (panel.x.at(*x), panel.y.at(*y))).collect();
    let between = |pair: &[Point]| {
        let (from, to) = (pair[0], pair[1]);
        let count = (libm::hypot(to.0 - from.0, to.1 - from.1) / 4.0).clamp(1.0, 200.0) as usize;
        (0..count).map(move |index| {
            let share = index as f64 / count as f64;
            (share.mul_add(to.0 - from.0, from.0), share.mul_add(to.1 - from.1, from.1))
        })
    };
    points.windows(2).flat_map(between).collect()
}

/// Named discs, each name where it covers least.
pub(super) fn label_marks(canvas: &mut Canvas, panel: &Panel, marks: &[NamedPoint], page: &mut Obstacles) {
    let frame = panel.frame;
    let seen = marks.iter().map(|mark| (mark, (panel.x.at(mark.x), panel.y.at(mark.y))));
    let seen: Vec<(&NamedPoint, Point)> = seen.filter(|(_, at)| frame.grown(1.0).contains(*at)).collect();
    for (_, at) in &seen {
        page.add_box(Rect::around(*at, 9.0, 9.0));
    }
    let style = Type::new(SMALL, Color::INK);
    for (mark, (x, y)) in seen {
        canvas.disc((x, y), 4.5, Color::WHITE);
        canvas.disc((x, y), 3.5, Color::INK);
        let (long, tall) = (style.width(&mark.name), SMALL);
        let candidates = [10.0, 18.0, 30.0].into_iter().flat_map(|away| {
            let (dx, dy) = (away + long / 2.0, away * 0.9 + tall / 2.0);
            [(dx, -dy), (-dx, -dy), (dx, dy), (-dx, dy), (dx, 0.0), (-dx, 0.0), (0.0, -dy), (0.0, dy)]
                .map(|(right, down)| Rect::around((x + right, y + down), long, tall))
        });
        let inside = |label: &Rect| {
            label.left > frame.left + 2.0
                && label.right < frame.right + 20.0
                && label.top > frame.top
                && label.bottom < frame.bottom - 2.0
        };
        if let Some(place) = page.place(candidates.filter(inside)) {
            // A name that stands apart is led to.
            let nearest = (x.clamp(place.left, place.right), y.clamp(place.top, place.bottom));
            let (dx, dy) = (nearest.0 - x, nearest.1 - y);
            let distance = libm::hypot(dx, dy);
            if distance > 14.0 {
                let from = (x + dx / distance * 6.0, y + dy / distance * 6.0);
                canvas.line(&[from, nearest], Stroke::solid(Color::FAINT, 1.0));
            }
            canvas.text(&mark.name, (place.left, place.bottom - 1.5), style);
        }
    }
}
