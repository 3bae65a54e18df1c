//! The plane of two populations: a panel for each circuit or arm, with nullclines, flow and fixed points.

use super::axis::Axis;
use super::canvas::{Canvas, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Role, Theme};
use super::panel::{self, CURVE, Entry, LABEL, MARGIN, Panel, SMALL};

/// A fixed point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PhasePoint {
    /// Level coordinate.
    pub x: f64,
    /// Upright coordinate.
    pub y: f64,
    /// In how many directions it is unstable; 0 for a stable one.
    pub unstable: usize,
}

/// One circuit or arm.
#[derive(Clone, Debug, Default)]
pub struct PhasePanel {
    /// Its name.
    pub name: String,
    /// Where the population along the level axis stands still.
    pub still_x: Vec<Vec<[f64; 2]>>,
    /// Where the population along the upright axis stands still.
    pub still_y: Vec<Vec<[f64; 2]>>,
    /// Places, and how fast both move there.
    pub flow: Vec<([f64; 2], [f64; 2])>,
    /// Fixed points.
    pub points: Vec<PhasePoint>,
}

/// The plane of two populations.
#[derive(Clone, Debug, Default)]
pub struct PhasePlaneFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The populations along the level and the upright axis.
    pub populations: [String; 2],
    /// Whether each excites or inhibits; none: either.
    pub roles: [Option<Role>; 2],
    /// Their units.
    pub units: [String; 2],
    /// Lowest and highest value along each axis.
    pub ranges: [[f64; 2]; 2],
    /// The panels.
    pub panels: Vec<PhasePanel>,
}

const LEFT: f64 = 70.0;
const SIDE: f64 = 268.0;
const BETWEEN: f64 = 30.0;
const ROWS_BETWEEN: f64 = 82.0;
const ARROW: f64 = 11.0;

impl PhasePlaneFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        for (name, role) in self.populations.iter().zip(self.roles) {
            theme.learn_population(name, role.unwrap_or(Role::Inhibitory));
        }
        let mut canvas = Canvas::new();
        let columns = self.panels.len().clamp(1, 3);
        let width = (LEFT + columns as f64 * (SIDE + BETWEEN) + MARGIN).max(420.0);
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 34.0;
        let colors = [0, 1].map(|axis| theme.population(&self.populations[axis]));
        let mut bottom = top;
        for (index, one) in self.panels.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            let (left, upper) = (LEFT + column as f64 * (SIDE + BETWEEN), top + row as f64 * (SIDE + ROWS_BETWEEN));
            let frame = Rect::new(left, upper, left + SIDE, upper + SIDE);
            let ends = |axis: usize| (self.ranges[axis][0], self.ranges[axis][1]);
            let x = Axis::linear(ends(0), frame.left, frame.right);
            let panel = Panel { frame, x, y: Axis::linear(ends(1), frame.bottom, frame.top) };
            one.draw(&mut canvas, &panel, colors);
            panel.draw_axes(&mut canvas, true, column == 0);
            panel::title_below(&mut canvas, &self.title_of(0), left + SIDE / 2.0, frame.bottom);
            if column == 0 {
                panel::title_upright(&mut canvas, &self.title_of(1), MARGIN + 4.0, upper + SIDE / 2.0);
            }
            if self.panels.len() > 1 {
                panel.title(&mut canvas, &font::fit(&one.name, LABEL, true, SIDE), Color::INK);
            }
            bottom = frame.bottom;
        }
        let entries = [0, 1].map(|axis| Entry {
            name: format!("{} stands still", self.populations[axis]),
            stroke: Stroke::solid(colors[axis], CURVE),
        });
        let mut below = bottom + 52.0;
        below += panel::legend(&mut canvas, &entries, (LEFT, below), width - LEFT - MARGIN);
        below = self.point_legend(&mut canvas, below);
        canvas.finish(&self.title, width, below + MARGIN / 2.0)
    }

    fn title_of(&self, axis: usize) -> String {
        let (name, unit) = (&self.populations[axis], &self.units[axis]);
        if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") }
    }

    /// What the discs mean; gives the height below.
    fn point_legend(&self, canvas: &mut Canvas, top: f64) -> f64 {
        let has =
            |stable: bool| self.panels.iter().flat_map(|panel| &panel.points).any(|p| (p.unstable == 0) == stable);
        let (mut x, y) = (LEFT, top + 9.0);
        let style = Type::new(SMALL, Color::INK);
        for (stable, name) in [(true, "stable fixed point"), (false, "unstable fixed point")] {
            if has(stable) {
                disc(canvas, (x + 12.0, y), stable);
                canvas.text_beside(name, (x + 30.0, y), style);
                x += 30.0 + style.width(name) + 26.0;
            }
        }
        if x > LEFT { top + 18.0 } else { top }
    }
}

fn disc(canvas: &mut Canvas, at: Point, stable: bool) {
    canvas.disc(at, 6.5, Color::WHITE);
    canvas.disc(at, 5.0, Color::INK);
    if !stable {
        canvas.disc(at, 3.2, Color::WHITE);
    }
}

impl PhasePanel {
    fn draw(&self, canvas: &mut Canvas, panel: &Panel, colors: [Color; 2]) {
        for (at, speed) in &self.flow {
            arrow(canvas, panel, *at, *speed);
        }
        for (lines, color) in [(&self.still_x, colors[0]), (&self.still_y, colors[1])] {
            for line in lines {
                let (xs, ys): (Vec<f64>, Vec<f64>) = line.iter().map(|[x, y]| (*x, *y)).unzip();
                panel.curve(canvas, &xs, &ys, Stroke::solid(color, CURVE + 0.3));
            }
        }
        // Stable ones last, on top.
        for stable in [false, true] {
            for point in self.points.iter().filter(|point| (point.unstable == 0) == stable) {
                let at = (panel.x.at(point.x), panel.y.at(point.y));
                if panel.frame.grown(1.0).contains(at) {
                    disc(canvas, at, stable);
                }
            }
        }
    }
}

/// A short arrow in the direction of the flow, of the same length everywhere.
fn arrow(canvas: &mut Canvas, panel: &Panel, at: [f64; 2], speed: [f64; 2]) {
    let place = |value: [f64; 2]| (panel.x.at(value[0]), panel.y.at(value[1]));
    let here = place(at);
    // Along the axes' own scales, which are linear.
    let ends = [panel.x.ends(), panel.y.ends()];
    let (right, up) = (
        speed[0] / (ends[0].1 - ends[0].0) * panel.frame.width(),
        speed[1] / (ends[1].1 - ends[1].0) * panel.frame.height(),
    );
    let length = libm::hypot(right, up);
    if !(length > 0.0 && length.is_finite()) {
        return;
    }
    let (dx, dy) = (right / length * ARROW, -up / length * ARROW);
    let (tail, head) = ((here.0 - dx / 2.0, here.1 - dy / 2.0), (here.0 + dx / 2.0, here.1 + dy / 2.0));
    let color = Color::SOFT.tint(0.45);
    canvas.line(&[tail, head], Stroke::solid(color, 1.0));
    let back = |side: f64| (head.0 - 0.36 * dx + side * 0.22 * dy, head.1 - 0.36 * dy - side * 0.22 * dx);
    canvas.polygon(vec![head, back(1.0), back(-1.0)], color);
}
