//! The plane of two populations: a panel for each circuit or arm, with nullclines, flow and fixed points.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::labels::Obstacles;
use super::palette::{Color, Role, Theme};
use super::panel::{self, CURVE, LABEL, MARGIN, Panel, SMALL};

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

/// What planes have in common: which populations, and over which ranges.
#[derive(Clone, Debug, Default)]
pub struct PhaseAxes {
    /// The populations along the level and the upright axis.
    pub populations: [String; 2],
    /// Whether each excites or inhibits; none: either.
    pub roles: [Option<Role>; 2],
    /// Their units.
    pub units: [String; 2],
    /// Lowest and highest value along each axis.
    pub ranges: [[f64; 2]; 2],
}

/// The plane of two populations.
#[derive(Clone, Debug, Default)]
pub struct PhasePlaneFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The axes of all panels.
    pub axes: PhaseAxes,
    /// The panels.
    pub panels: Vec<PhasePanel>,
}

const LEFT: f64 = 70.0;
const SIDE: f64 = 268.0;
const BETWEEN: f64 = 30.0;
const ROWS_BETWEEN: f64 = 82.0;
const ARROW: f64 = 11.0;
/// So many fixed points of a panel have their values beside them; more would cover it.
const MOST_LABELLED: usize = 5;

impl PhasePlaneFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut canvas = Canvas::new();
        let columns = self.panels.len().clamp(1, 3);
        let width = (LEFT + columns as f64 * (SIDE + BETWEEN) + MARGIN).max(420.0);
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 34.0;
        let colors = self.axes.colors(theme);
        let mut bottom = top;
        for (index, one) in self.panels.iter().enumerate() {
            let (column, row) = (index % columns, index / columns);
            let (left, upper) = (LEFT + column as f64 * (SIDE + BETWEEN), top + row as f64 * (SIDE + ROWS_BETWEEN));
            let panel = self.axes.panel(Rect::new(left, upper, left + SIDE, upper + SIDE));
            one.draw(&mut canvas, (&panel, &self.axes), colors, None);
            self.axes.draw(&mut canvas, &panel, column == 0);
            if self.panels.len() > 1 {
                panel.title(&mut canvas, &font::fit(&one.name, LABEL, true, SIDE), Color::INK);
            }
            bottom = panel.frame.bottom;
        }
        let keys = self.axes.keys(&self.panels, colors, None);
        let below = draw_keys(&mut canvas, &keys, (LEFT, bottom + 52.0), width - MARGIN);
        canvas.finish(&self.title, width, below + MARGIN / 2.0)
    }
}

impl PhaseAxes {
    /// The colours of both populations; what the theme does not know has one by its role.
    pub(super) fn colors(&self, theme: &Theme) -> [Color; 2] {
        let mut theme = theme.clone();
        for (name, role) in self.populations.iter().zip(self.roles) {
            theme.learn_population(name, role.unwrap_or(Role::Inhibitory));
        }
        [0, 1].map(|axis| theme.population(&self.populations[axis]))
    }

    /// Both axes over a frame.
    pub(super) fn panel(&self, frame: Rect) -> Panel {
        let ends = |axis: usize| (self.ranges[axis][0], self.ranges[axis][1]);
        let x = Axis::linear(ends(0), frame.left, frame.right);
        Panel { frame, x, y: Axis::linear(ends(1), frame.bottom, frame.top) }
    }

    /// Lines, ticks and titles; the upright axis has numbers and a title only where asked for.
    pub(super) fn draw(&self, canvas: &mut Canvas, panel: &Panel, upright: bool) {
        let Rect { left, right, top, bottom } = panel.frame;
        panel.draw_axes(canvas, true, upright);
        panel::title_below(canvas, &self.title_of(0), f64::midpoint(left, right), bottom);
        if upright {
            panel::title_upright(canvas, &self.title_of(1), left - 48.0, f64::midpoint(top, bottom));
        }
    }

    fn title_of(&self, axis: usize) -> String {
        let (name, unit) = (&self.populations[axis], &self.units[axis]);
        if unit.is_empty() { name.clone() } else { format!("{name} ({unit})") }
    }

    /// A value along an axis, with its name and unit, as exactly as the axis can show.
    fn value(&self, axis: usize, value: f64) -> String {
        let [low, high] = self.ranges[axis];
        let digits = 2 - libm::log10(0.5 * (high - low).abs().max(1e-9)).floor() as i32;
        let text = format!("{} {}", self.populations[axis], axis::plain(value, digits.max(0)));
        format!("{text} {}", self.units[axis]).trim().to_owned()
    }

    /// What is to be explained of panels; `first`: the name of the panel whose lines the others repeat, pale.
    pub(super) fn keys<'a>(
        &self,
        panels: impl IntoIterator<Item = &'a PhasePanel>,
        colors: [Color; 2],
        first: Option<&str>,
    ) -> Vec<(Key, String)> {
        let line = |axis: usize| {
            (Key::Line(Stroke::solid(colors[axis], CURVE)), format!("{} stands still", self.populations[axis]))
        };
        let mut keys = vec![line(0), line(1)];
        keys.extend(first.map(|name| (Key::Line(repeated(Color::SOFT)), format!("the same in {name}"))));
        let (mut stable, mut unstable) = (false, false);
        for point in panels.into_iter().flat_map(|panel| &panel.points) {
            stable |= point.unstable == 0;
            unstable |= point.unstable > 0;
        }
        keys.extend(stable.then(|| (Key::Disc { stable: true }, "stable fixed point".to_owned())));
        keys.extend(unstable.then(|| (Key::Disc { stable: false }, "unstable fixed point".to_owned())));
        keys
    }
}

/// How something looks that a legend explains.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Line(Stroke),
    Disc { stable: bool },
}

/// A legend, from a place to a right edge; gives the height below it.
pub(super) fn draw_keys(canvas: &mut Canvas, keys: &[(Key, String)], (left, top): Point, right: f64) -> f64 {
    let style = Type::new(SMALL, Color::INK);
    let (mut x, mut y) = (left, top + 9.0);
    for (key, name) in keys {
        let length = 30.0 + style.width(name);
        if x + length > right && x > left {
            (x, y) = (left, y + 18.0);
        }
        match key {
            Key::Line(stroke) => canvas.line(&[(x, y), (x + 24.0, y)], *stroke),
            Key::Disc { stable } => disc(canvas, (x + 12.0, y), *stable),
        }
        canvas.text_beside(name, (x + 30.0, y), style);
        x += length + 24.0;
    }
    y + 9.0
}

/// How a line looks that another panel has.
fn repeated(color: Color) -> Stroke {
    Stroke { color: color.tint(0.5), width: 1.5, dash: Dash::Dashed }
}

fn disc(canvas: &mut Canvas, at: Point, stable: bool) {
    canvas.disc(at, 6.5, Color::WHITE);
    canvas.disc(at, 5.0, Color::INK);
    if !stable {
        canvas.disc(at, 3.2, Color::WHITE);
    }
}

impl PhasePanel {
    /// Draws flow, lines and fixed points; `first`: a panel whose lines are repeated under those of this one.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        (panel, axes): (&Panel, &PhaseAxes),
        colors: [Color; 2],
        first: Option<&Self>,
    ) {
        for (at, speed) in &self.flow {
            arrow(canvas, panel, *at, *speed);
        }
        if let Some(first) = first {
            first.draw_lines(canvas, panel, colors.map(repeated));
        }
        self.draw_lines(canvas, panel, colors.map(|color| Stroke::solid(color, CURVE + 0.3)));
        // Stable ones last, on top.
        let mut seen: Vec<(&PhasePoint, Point)> = self
            .points
            .iter()
            .map(|point| (point, (panel.x.at(point.x), panel.y.at(point.y))))
            .filter(|(_, at)| panel.frame.grown(1.0).contains(*at))
            .collect();
        seen.sort_by_key(|(point, _)| point.unstable == 0);
        for (point, at) in &seen {
            disc(canvas, *at, point.unstable == 0);
        }
        if seen.len() <= MOST_LABELLED {
            self.label(canvas, (panel, axes), colors, &seen, first);
        }
    }

    fn draw_lines(&self, canvas: &mut Canvas, panel: &Panel, strokes: [Stroke; 2]) {
        for (lines, stroke) in [(&self.still_x, strokes[0]), (&self.still_y, strokes[1])] {
            for line in lines {
                let (xs, ys): (Vec<f64>, Vec<f64>) = line.iter().map(|[x, y]| (*x, *y)).unzip();
                panel.curve(canvas, &xs, &ys, stroke);
            }
        }
    }

    /// Where its lines run.
    fn places(&self, panel: &Panel) -> Vec<Point> {
        let lines = self.still_x.iter().chain(&self.still_y);
        lines
            .flat_map(|line| {
                let places: Vec<Point> = line.iter().map(|[x, y]| (panel.x.at(*x), panel.y.at(*y))).collect();
                close(&places)
            })
            .collect()
    }

    /// Both values beside each fixed point, where they cover no line; if need be, one of another panel.
    fn label(
        &self,
        canvas: &mut Canvas,
        (panel, axes): (&Panel, &PhaseAxes),
        colors: [Color; 2],
        seen: &[(&PhasePoint, Point)],
        first: Option<&Self>,
    ) {
        let (mut taken, mut pale) = (Obstacles::default(), Obstacles::default());
        taken.add_points(self.places(panel));
        pale.add_points(first.into_iter().flat_map(|first| first.places(panel)));
        for (_, at) in seen {
            taken.add_box(Rect::around(*at, 12.0, 12.0));
        }
        let style = Type::new(SMALL, Color::INK).bold();
        let line = SMALL + 3.0;
        for (point, at) in seen {
            let texts = [axes.value(0, point.x), axes.value(1, point.y)];
            let wide = texts.iter().map(|text| style.width(text)).fold(0.0, f64::max) + 6.0;
            let inside = around(*at, (wide, 2.0 * line)).filter(|place| {
                panel.frame.contains((place.left, place.top)) && panel.frame.contains((place.right, place.bottom))
            });
            let free: Vec<Rect> = inside.filter(|place| taken.is_free(place)).collect();
            let Some(place) = pale.place(free) else { continue };
            taken.add_box(place);
            canvas.rect(place, Color::WHITE);
            for (row, text) in texts.iter().enumerate() {
                let at = (place.left + 3.0, place.top + (row as f64 + 0.5) * line);
                canvas.text_beside(text, at, Type::new(SMALL, colors[row]).bold());
            }
        }
    }
}

/// Places for a box beside a point, the best first.
fn around((x, y): Point, (wide, high): (f64, f64)) -> impl Iterator<Item = Rect> {
    let sides = [(1.0, -1.0), (1.0, 1.0), (-1.0, -1.0), (-1.0, 1.0), (1.0, 0.0), (-1.0, 0.0)];
    // Above and below, too.
    let sides = sides.into_iter().chain([(0.0, -1.0), (0.0, 1.0)]);
    [(12.0, 8.0), (16.0, 14.0), (22.0, 22.0), (30.0, 30.0)].into_iter().flat_map(move |(beside, above)| {
        sides.clone().map(move |(right, down)| {
            let middle = (x + right * (beside + wide / 2.0), y + down * (above + high / 2.0));
            Rect::around(middle, wide, high)
        })
    })
}

/// Points along a line, close enough together that nothing of it lies between two.
fn close(points: &[Point]) -> Vec<Point> {
    let between = |pair: &[Point]| {
        let (from, to) = (pair[0], pair[1]);
        let pieces = (libm::hypot(to.0 - from.0, to.1 - from.1) / 4.0).clamp(1.0, 1e3).ceil() as usize;
        let at = move |piece: usize| {
            let share = piece as f64 / pieces as f64;
            (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1))
        };
        (0..=pieces).map(at).collect::<Vec<Point>>()
    };
    points.windows(2).flat_map(between).collect()
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
