//! The circuit as a graph: populations, their connections, and the receptors that their cells carry.

use super::axis;
use super::canvas::{Align, Canvas, Dash, Figure, Point, Stroke, Type};
use super::circuit_layout::{self as layout, Shape};
use super::circuit_legend::draw_keys;
use super::circuit_matrix::MOST_NODES;
use super::font;
use super::geometry::Rect;
use super::labels::Obstacles;
use super::palette::{Color, Role, Theme};
use super::panel::{self, LABEL, MARGIN, SMALL};
use std::collections::HashMap;

/// A receptor that cells of a population carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Badge {
    /// The receptor's name.
    pub receptor: String,
    /// Share of the cells that carry it, 0 to 1.
    pub fraction: f64,
}

/// A population.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Decides shape, colours and the ends of its connections.
    pub role: Role,
    /// Its rate (Hz), written under the name.
    pub rate_hz: Option<f64>,
    /// Receptors of its cells.
    pub badges: Vec<Badge>,
    /// How many units on a ring it stands for, written and drawn where there are several.
    pub units: u64,
}

/// What stands on a connection: how its weight falls with the angle between units on a ring, what its synapses are called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConnectionNote {
    /// The height of a kernel at angles that are evenly spread from −180° to 180°; none where there is no kernel.
    pub heights: Vec<f64>,
    /// What is written, such as the kernel's width or a class of synapses.
    pub label: String,
}

/// A connection between populations, or of one with itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Connection {
    /// Index of the population that sends.
    pub from: usize,
    /// Index of the population that receives.
    pub onto: usize,
    /// Weight; its size beside the largest of the same unit gives the width. Connections of weight zero are not drawn.
    pub weight: f64,
    /// Index of the weight's unit among those of the figure.
    pub unit: usize,
    /// Where on the receiver it ends.
    pub ends: Ends,
    /// Index of what stands on it among the figure's notes.
    pub note: Option<usize>,
}

impl Connection {
    /// What its end shows: the sender's role, but that what lowers an input or divides inhibits whatever sends it.
    pub(super) fn end(&self, sender: Role) -> Role {
        if self.weight < 0.0 || self.ends == Ends::Divisor { Role::Inhibitory } else { sender }
    }
}

/// Where on the receiving population a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ends {
    /// On its soma.
    #[default]
    Soma,
    /// On its dendrite.
    Dendrite,
    /// Where it divides.
    Divisor,
    /// On the second input of its transfer function.
    Second,
}

impl Ends {
    pub(super) fn dash(self) -> Dash {
        match self {
            Self::Soma => Dash::Solid,
            Self::Dendrite => Dash::Dashed,
            Self::Divisor => Dash::Dotted,
            Self::Second => Dash::Mixed,
        }
    }

    /// What the legend says of it; nothing of the soma, which is where synapses end if nothing else is said.
    pub(super) fn meaning(self) -> Option<&'static str> {
        match self {
            Self::Soma => None,
            Self::Dendrite => Some("onto a dendrite"),
            Self::Divisor => Some("divides"),
            Self::Second => Some("onto a second input"),
        }
    }
}

/// A circuit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CircuitFigure {
    /// Title.
    pub title: String,
    /// A line under the title; may be empty.
    pub subtitle: String,
    /// Populations, clockwise.
    pub nodes: Vec<Node>,
    /// Connections.
    pub connections: Vec<Connection>,
    /// Units of the weights, each of which may be empty.
    pub weight_units: Vec<String>,
    /// What stands on connections.
    pub notes: Vec<ConnectionNote>,
}

/// Width of the strongest connection, in pixels.
const WIDEST: f64 = 7.0;
/// Size of a name inside a node.
const NAME: f64 = 15.0;
/// Height of a badge and its distance from the next.
const CHIP: (f64, f64) = (18.0, 4.0);
/// Most badges above one another.
const STACK: usize = 6;
/// Shares of a connection's way at which its note may stand, the best first.
const NOTE_PLACES: [f64; 7] = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74];
/// Space between a badge's chip and its number, and between columns of badges.
const SPACE: (f64, f64) = (5.0, 12.0);

/// A connection's path.
struct Edge {
    connection: Connection,
    path: Vec<Point>,
    width: f64,
}

/// Everything in its place.
struct Scene {
    shapes: Vec<Shape>,
    edges: Vec<Edge>,
    /// Names that do not fit into their nodes.
    names: Vec<Option<Rect>>,
    badges: Vec<Option<Rect>>,
    /// Where the notes stand, of each edge.
    notes: Vec<Option<Rect>>,
    /// The largest weight of each unit.
    heaviest: Vec<f64>,
}

impl CircuitFigure {
    /// Draws the figure; where there are more populations than a graph can show, as a matrix of the weights.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        for node in &self.nodes {
            theme.learn_population(&node.name, node.role);
            node.badges.iter().for_each(|badge| theme.learn_substance(&badge.receptor));
        }
        if self.nodes.len() > MOST_NODES {
            return self.render_matrix(&theme);
        }
        let mut scene = self.scene();
        let bounds = scene.bounds();
        let keys = self.keys(&scene.heaviest);
        let legend: f64 = keys.iter().map(|key| key.length() + 22.0).sum();
        let width = (bounds.width() + 2.0 * MARGIN).max((legend + 2.0 * MARGIN).min(760.0)).max(400.0);
        let mut canvas = Canvas::new();
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 14.0;
        scene.shift((width - bounds.width()) / 2.0 - bounds.left, top - bounds.top);
        let bottom = top + bounds.height();
        self.draw(&mut canvas, &scene, &theme);
        if self.nodes.is_empty() {
            canvas.text("no populations", (MARGIN, bottom + 16.0), Type::new(SMALL, Color::SOFT));
        }
        let bottom = draw_keys(&mut canvas, &keys, bottom + 30.0, width);
        canvas.finish(&self.title, width, bottom + MARGIN)
    }

    fn scene(&self) -> Scene {
        let roles: Vec<Role> = self.nodes.iter().map(|node| node.role).collect();
        let shapes = layout::arrange(&roles);
        let units = self.weight_units.len().max(1);
        let sound = |c: &&Connection| c.weight.is_finite() && c.weight != 0.0 && c.unit < units;
        let drawn: Vec<Connection> = self.connections.iter().filter(sound).copied().collect();
        let known = |c: &&Connection| c.from < self.nodes.len() && c.onto < self.nodes.len();
        let heaviest_of = |unit: usize| drawn.iter().filter(known).filter(move |c| c.unit == unit);
        let heaviest: Vec<f64> =
            (0..units).map(|unit| heaviest_of(unit).map(|c| c.weight.abs()).fold(0.0, f64::max)).collect();
        let mut edges = Vec::new();
        let mut ranks: HashMap<(usize, usize), usize> = HashMap::new();
        for connection in &drawn {
            let rank = ranks.entry((connection.from, connection.onto)).or_default();
            let path = layout::edge(&shapes, connection.from, connection.onto, *rank);
            *rank += 1;
            if let Some(path) = path {
                edges.push(Edge {
                    connection: *connection,
                    path,
                    width: width_of(connection.weight, heaviest[connection.unit]),
                });
            }
        }
        // Light edges lie over heavy ones.
        edges.sort_by(|a, b| b.width.total_cmp(&a.width));
        let mut page = Obstacles::default();
        for shape in &shapes {
            page.add_box(shape.bounds());
        }
        for edge in &edges {
            page.add_points(edge.path.iter().copied());
            // Ends are wider than their edges.
            if let Some(&(x, y)) = edge.path.last() {
                page.add_points([(-9.0, -9.0), (9.0, -9.0), (9.0, 9.0), (-9.0, 9.0)].map(|(dx, dy)| (x + dx, y + dy)));
            }
        }
        let notes = edges.iter().map(|edge| self.place_note(edge, &mut page)).collect();
        let mut place = |node: usize, size: Option<(f64, f64)>| {
            size.and_then(|size| layout::beside(&shapes, node, size, &mut page))
        };
        let names = self.nodes.iter().enumerate().map(|(k, node)| place(k, node.name_size())).collect();
        let badges = self.nodes.iter().enumerate().map(|(k, node)| place(k, node.badge_size())).collect();
        Scene { shapes, edges, names, badges, notes, heaviest }
    }

    fn note(&self, edge: &Edge) -> Option<&ConnectionNote> {
        edge.connection.note.and_then(|note| self.notes.get(note))
    }

    /// A place for the note of a connection on its way.
    fn place_note(&self, edge: &Edge, page: &mut Obstacles) -> Option<Rect> {
        let size = self.note(edge)?.size();
        let at = |share: &f64| edge.path.get((share * (edge.path.len() - 1) as f64) as usize).copied();
        page.place(NOTE_PLACES.iter().filter_map(at).map(|point| Rect::around(point, size.0, size.1)))
    }

    fn draw(&self, canvas: &mut Canvas, scene: &Scene, theme: &Theme) {
        for edge in &scene.edges {
            let sender = &self.nodes[edge.connection.from];
            let stroke =
                Stroke { color: theme.population(&sender.name), width: edge.width, dash: edge.connection.ends.dash() };
            draw_edge(
                canvas,
                &edge.path,
                (stroke, edge.connection.end(sender.role)),
                scene.shapes.get(edge.connection.onto),
            );
        }
        for (edge, place) in scene.edges.iter().zip(&scene.notes) {
            if let (Some(note), Some(place)) = (self.note(edge), place) {
                let color =
                    self.nodes.get(edge.connection.from).map_or(Color::INK, |node| theme.population(&node.name));
                note.draw(canvas, *place, color);
            }
        }
        for (k, node) in self.nodes.iter().enumerate() {
            node.draw(canvas, &scene.shapes[k], scene.names[k], theme);
            if let Some(place) = scene.badges[k] {
                node.draw_badges(canvas, place, theme);
            }
        }
    }
}

pub(super) fn width_of(weight: f64, heaviest: f64) -> f64 {
    (WIDEST * weight.abs() / heaviest).max(0.9)
}

/// An edge with the end of its sender's role. A flat end lies along the receiver's outline.
pub(super) fn draw_edge(canvas: &mut Canvas, path: &[Point], (stroke, role): (Stroke, Role), receiver: Option<&Shape>) {
    let Stroke { color, width, .. } = stroke;
    let halo = |width: f64| Stroke::solid(Color::WHITE, width + 3.0);
    match role {
        Role::Excitatory => {
            let (length, half) = (9.0 + 1.3 * width, 4.5 + 0.9 * width);
            let (shaft, (dx, dy)) = layout::shorten(path, length);
            canvas.line(&shaft, halo(width));
            canvas.line(&shaft, stroke);
            if let (Some(&(x, y)), Some(&tip)) = (shaft.last(), path.last()) {
                let (x, y) = (x - dx, y - dy);
                canvas.polygon(vec![tip, (x - dy * half, y + dx * half), (x + dy * half, y - dx * half)], color);
            }
        }
        Role::Inhibitory => {
            canvas.line(path, halo(width));
            canvas.line(path, stroke);
            if let Some(&(x, y)) = path.last() {
                let (dx, dy) = receiver.map_or((1.0, 0.0), |shape| shape.normal((x, y)));
                let half = 6.0 + 0.8 * width;
                canvas.line(
                    &[(x - dy * half, y + dx * half), (x + dy * half, y - dx * half)],
                    Stroke::solid(color, (0.6 * width).max(2.6)),
                );
            }
        }
    }
}

impl Scene {
    /// The box that nodes, edges, names and badges fill.
    fn bounds(&self) -> Rect {
        let mut boxes: Vec<Rect> = self.shapes.iter().map(Shape::bounds).collect();
        boxes.extend(self.names.iter().chain(&self.badges).chain(&self.notes).flatten());
        let reach = |edge: &Edge| edge.width / 2.0 + 2.0;
        boxes.extend(
            self.edges.iter().flat_map(|e| e.path.iter().map(|&p| Rect::around(p, 2.0 * reach(e), 2.0 * reach(e)))),
        );
        boxes
            .into_iter()
            .reduce(|a, b| {
                Rect::new(a.left.min(b.left), a.top.min(b.top), a.right.max(b.right), a.bottom.max(b.bottom))
            })
            .unwrap_or(Rect::new(0.0, 0.0, 0.0, 0.0))
    }

    fn shift(&mut self, dx: f64, dy: f64) {
        let moved = |p: &mut Point| *p = (p.0 + dx, p.1 + dy);
        self.shapes.iter_mut().for_each(|shape| moved(&mut shape.center));
        self.edges.iter_mut().flat_map(|edge| edge.path.iter_mut()).for_each(moved);
        for place in self.names.iter_mut().chain(&mut self.badges).chain(&mut self.notes).flatten() {
            *place = Rect::new(place.left + dx, place.top + dy, place.right + dx, place.bottom + dy);
        }
    }
}

impl Node {
    pub(super) fn rate(&self) -> Option<String> {
        let rate = self.rate_hz.filter(|rate| rate.is_finite())?;
        Some(format!("{} Hz", if rate.abs() < 100.0 { axis::plain(rate, 1) } else { axis::short(rate) }))
    }

    /// Size of the name outside the node, if it does not fit inside.
    fn name_size(&self) -> Option<(f64, f64)> {
        let room = if self.role == Role::Inhibitory { 62.0 } else { 48.0 };
        let length = font::width(&font::fit(&self.name, LABEL, true, 200.0), LABEL, true);
        (font::width(&self.name, NAME, true) > room).then_some((length, 14.0))
    }

    fn draw(&self, canvas: &mut Canvas, shape: &Shape, outside: Option<Rect>, theme: &Theme) {
        let color = theme.population(&self.name);
        let (x, y) = shape.center;
        if self.units > 1 {
            shape.draw_ring(canvas, color);
        }
        let low = match shape.role {
            Role::Excitatory => {
                canvas.polygon(shape.corners(), color);
                3.0
            }
            Role::Inhibitory => {
                canvas.disc(shape.center, layout::DISC, color);
                0.0
            }
        };
        let style = Type::new(LABEL, color.contrast()).align(Align::Middle);
        let rate = self.rate();
        let lift = if rate.is_some() { 8.5 } else { 0.0 };
        if let Some(place) = outside {
            let name = font::fit(&self.name, LABEL, true, 200.0);
            let middle = f64::midpoint(place.top, place.bottom);
            canvas.text_beside(&name, (place.left, middle), Type::new(LABEL, color).bold());
        } else {
            canvas.text_beside(&self.name, (x, y + low - lift), Type { size: NAME, ..style }.bold());
        }
        if let Some(rate) = rate {
            let drop = if outside.is_some() { 2.0 } else { 9.5 };
            canvas.text_beside(&rate, (x, y + low + drop), Type { size: SMALL, ..style });
        }
        if self.units > 1 {
            let units = format!("{} units", self.units);
            let below = shape.bounds().bottom + 16.0;
            let note = Type::new(SMALL, color).align(Align::Middle);
            let (wide, high) = (note.width(&units) + 4.0, SMALL + 2.0);
            canvas.rect(Rect::around((x, below), wide, high), Color::WHITE);
            canvas.text_beside(&units, (x, below), note);
        }
    }

    /// Size of the block of badges.
    fn badge_size(&self) -> Option<(f64, f64)> {
        let columns: Vec<f64> = self.badges.chunks(STACK).map(column_width).collect();
        let rows = self.badges.len().min(STACK) as f64;
        let width = columns.iter().sum::<f64>() + SPACE.1 * (columns.len().max(1) - 1) as f64;
        (rows > 0.0).then_some((width, rows * (CHIP.0 + CHIP.1) - CHIP.1))
    }

    fn draw_badges(&self, canvas: &mut Canvas, place: Rect, theme: &Theme) {
        let mut left = place.left;
        for column in self.badges.chunks(STACK) {
            let chip = column.iter().map(chip_width).fold(0.0, f64::max);
            for (row, badge) in column.iter().enumerate() {
                let y = place.top + row as f64 * (CHIP.0 + CHIP.1) + CHIP.0 / 2.0;
                let color = theme.substance(&badge.receptor);
                draw_chip(canvas, &badge.name(), Rect::around((left + chip / 2.0, y), chip, CHIP.0), color);
                let style = Type::new(SMALL, Color::INK);
                canvas.text_beside(&badge.share(), (left + chip + SPACE.0, y), style);
            }
            left += column_width(column) + SPACE.1;
        }
    }
}

impl Badge {
    fn name(&self) -> String {
        font::fit(&self.receptor, SMALL, true, 110.0)
    }

    pub(super) fn share(&self) -> String {
        let percent = 100.0 * self.fraction;
        let text = if percent.abs() >= 1000.0 { axis::short(percent) } else { axis::plain(percent, 0) };
        if percent.is_finite() { format!("{text} %") } else { "–".to_owned() }
    }
}

fn chip_width(badge: &Badge) -> f64 {
    Type::new(SMALL, Color::INK).bold().width(&badge.name()) + 12.0
}

fn column_width(badges: &[Badge]) -> f64 {
    let style = Type::new(SMALL, Color::INK);
    let shares = badges.iter().map(|badge| style.width(&badge.share())).fold(0.0, f64::max);
    badges.iter().map(chip_width).fold(0.0, f64::max) + SPACE.0 + shares
}

/// A rounded chip with a name.
fn draw_chip(canvas: &mut Canvas, name: &str, place: Rect, color: Color) {
    fill_rounded(canvas, place, color);
    let middle = (f64::midpoint(place.left, place.right), f64::midpoint(place.top, place.bottom));
    canvas.text_beside(name, middle, Type::new(SMALL, color.contrast()).bold().align(Align::Middle));
}

pub(super) fn fill_rounded(canvas: &mut Canvas, place: Rect, color: Color) {
    let radius = 5.0;
    let inner = place.grown(-radius);
    let corners =
        [(inner.right, inner.bottom), (inner.left, inner.bottom), (inner.left, inner.top), (inner.right, inner.top)];
    let mut outline = Vec::new();
    for (corner, (x, y)) in corners.into_iter().enumerate() {
        for step in 0..=6 {
            let (sin, cos) = libm::sincos((corner as f64 + f64::from(step) / 6.0) * std::f64::consts::FRAC_PI_2);
            outline.push((x + radius * cos, y + radius * sin));
        }
    }
    canvas.polygon(outline, color);
}
