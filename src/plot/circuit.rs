//! The circuit as a graph: populations, connections with their width by weight, receptors on the cells that carry them.

use super::canvas::{Align, Canvas, Figure, Point, Stroke, Type};
use super::circuit_layout::{NODE, Place, arrival, bow, extent, places, self_loop};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Role, Theme};
use super::panel::{self, LABEL, MARGIN, SMALL};

/// A receptor on a population.
#[derive(Clone, Debug, PartialEq)]
pub struct Badge {
    /// Its name.
    pub receptor: String,
    /// The share of cells that carry it, 0 to 1.
    pub fraction: f64,
}

/// A population.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// A triangle for excitatory, a circle for inhibitory populations.
    pub role: Role,
    /// Its rate in Hz, written under the name.
    pub rate_hz: Option<f64>,
    /// The receptors on it.
    pub badges: Vec<Badge>,
}

/// A connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connection {
    /// Index of the source.
    pub from: usize,
    /// Index of the target.
    pub onto: usize,
    /// Weight; excitatory above 0.
    pub weight: f64,
}

/// A circuit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CircuitFigure {
    /// Title.
    pub title: String,
    /// A line under the title; may be empty.
    pub subtitle: String,
    /// Populations.
    pub nodes: Vec<Node>,
    /// Connections.
    pub connections: Vec<Connection>,
    /// Unit of the weights.
    pub weight_unit: String,
}

const BADGE: f64 = 19.0;
const WIDEST: f64 = 9.0;
const ENDS: f64 = 9.0;

impl CircuitFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        for node in &self.nodes {
            theme.learn_population(&node.name, node.role);
            node.badges.iter().for_each(|badge| theme.learn_substance(&badge.receptor));
        }
        let mut canvas = Canvas::new();
        let style = Type::new(SMALL, Color::INK);
        let widest = self.nodes.iter().flat_map(|node| &node.badges).map(|badge| style.width(&label(badge)) + 14.0);
        let side = widest.fold(40.0, f64::max) + 34.0;
        let most = self.nodes.iter().map(|node| node.badges.len()).max().unwrap_or(0) as f64;
        let (half_width, half_height) = extent(self.nodes.len());
        let above = if most > 0.0 { BADGE + 34.0 } else { 30.0 };
        let width = (2.0 * (half_width + side) + 2.0 * MARGIN).max(430.0);
        let heading = panel::heading(&mut canvas, &self.title, &self.subtitle, width);
        let center = (width / 2.0, heading + above + half_height + 12.0);
        let places = places(self.nodes.len(), center);
        let largest = self.connections.iter().map(|c| c.weight.abs()).filter(|w| w.is_finite()).fold(0.0, f64::max);
        for connection in &self.connections {
            self.draw_connection(&mut canvas, connection, &places, largest, &theme);
        }
        for (node, place) in self.nodes.iter().zip(&places) {
            draw_node(&mut canvas, node, place.center, &theme);
            draw_badges(&mut canvas, node, place, &theme);
        }
        let bottom = center.1 + half_height + above;
        self.draw_legend(&mut canvas, bottom + 12.0, width, largest);
        canvas.finish(&self.title, width, bottom + 34.0 + MARGIN)
    }

    fn draw_connection(
        &self,
        canvas: &mut Canvas,
        connection: &Connection,
        places: &[Place],
        largest: f64,
        theme: &Theme,
    ) {
        let Connection { from, onto, weight } = *connection;
        let (Some(source), Some(target)) = (places.get(from), places.get(onto)) else { return };
        if weight == 0.0 || !weight.is_finite() {
            return;
        }
        let curve = if from == onto { self_loop(source) } else { bow(source.center, target.center) };
        let color = theme.population(&self.nodes[from].name).tint(0.85);
        let width = line_width(weight, largest);
        canvas.line(&curve, Stroke::solid(color, width));
        if let Some((end, direction)) = arrival(&curve) {
            draw_end(canvas, end, direction, width, (weight > 0.0, color));
        }
    }

    /// What widths and ends mean.
    fn draw_legend(&self, canvas: &mut Canvas, y: f64, width: f64, largest: f64) {
        if largest <= 0.0 {
            return;
        }
        let style = Type::new(SMALL, Color::SOFT);
        let strong = format!("{} {}", super::axis::short(largest), self.weight_unit);
        let weak = format!("{} {}", super::axis::short(largest / 4.0), self.weight_unit);
        let entries = [(largest, true, "excitatory".to_owned()), (largest, false, "inhibitory".to_owned())]
            .map(Some)
            .into_iter()
            .chain([None]);
        let total = 2.0 * (58.0 + style.width("excitatory") + 18.0) + 2.0 * (44.0 + style.width(&strong) + 18.0);
        let mut x = ((width - total) / 2.0).max(MARGIN);
        for (_, excitatory, text) in entries.flatten() {
            let line = line_width(largest * 0.5, largest);
            canvas.line(&[(x, y), (x + 34.0, y)], Stroke::solid(Color::SOFT, line));
            draw_end(canvas, (x + 34.0, y), (1.0, 0.0), line, (excitatory, Color::SOFT));
            canvas.text_beside(&text, (x + 54.0, y), style);
            x += 58.0 + style.width(&text) + 18.0;
        }
        for (weight, text) in [(largest / 4.0, weak), (largest, strong)] {
            canvas.line(&[(x, y), (x + 30.0, y)], Stroke::solid(Color::SOFT, line_width(weight, largest)));
            canvas.text_beside(&text, (x + 38.0, y), style);
            x += 44.0 + style.width(&text) + 18.0;
        }
    }
}

fn line_width(weight: f64, largest: f64) -> f64 {
    1.0 + (WIDEST - 1.0) * (weight.abs() / largest.max(1e-300)).min(1.0)
}

/// An arrow-head for excitation, a flat end for inhibition.
fn draw_end(canvas: &mut Canvas, (x, y): Point, (dx, dy): Point, width: f64, (excitatory, color): (bool, Color)) {
    let half = ENDS / 2.0 + width / 2.0 + 1.5;
    if excitatory {
        let tip = 8.0 + width * 0.5;
        canvas.polygon(
            vec![
                (x + tip * dx, y + tip * dy),
                (x - half * dy - dx, y + half * dx - dy),
                (x + half * dy - dx, y - half * dx - dy),
            ],
            color,
        );
    } else {
        let bar = Stroke::solid(color, 3.4);
        canvas.line(&[(x - half * dy, y + half * dx), (x + half * dy, y - half * dx)], bar);
    }
}

fn draw_node(canvas: &mut Canvas, node: &Node, (x, y): Point, theme: &Theme) {
    let color = theme.population(&node.name);
    if node.role == Role::Excitatory {
        // The corners lie a little outside the circle, so that the name fits.
        let (r, cos, sin) = (NODE * 1.24, 0.866, 0.5);
        canvas.polygon(vec![(x, y - r), (x + r * cos, y + r * sin), (x - r * cos, y + r * sin)], color);
    } else {
        canvas.disc((x, y), NODE - 4.0, color);
    }
    let down = if node.role == Role::Excitatory { 5.0 } else { 0.0 };
    let style = Type::new(LABEL, color.contrast()).bold().align(Align::Middle);
    let name = font::fit(&node.name, LABEL, true, 1.7 * NODE);
    let rate = node.rate_hz.filter(|rate| rate.is_finite()).map(|rate| format!("{} Hz", super::axis::short(rate)));
    let lift = if rate.is_some() { 7.5 } else { 0.0 };
    canvas.text_beside(&name, (x, y + down - lift), style);
    if let Some(rate) = rate {
        canvas.text_beside(&rate, (x, y + down + 8.0), Type::new(11.0, color.contrast()).align(Align::Middle));
    }
}

fn label(badge: &Badge) -> String {
    format!("{} {} %", badge.receptor, super::axis::short(100.0 * badge.fraction))
}

/// Receptors on the outer side of a node: in a column beside it, or in a row above or below.
fn draw_badges(canvas: &mut Canvas, node: &Node, place: &Place, theme: &Theme) {
    let style = Type::new(SMALL, Color::WHITE);
    let widths: Vec<f64> = node.badges.iter().map(|badge| style.width(&label(badge)) + 14.0).collect();
    let (x, y) = place.center;
    let sideways = place.outward.0.abs() > 0.5;
    let total: f64 = widths.iter().sum::<f64>() + 6.0 * widths.len().saturating_sub(1) as f64;
    let mut along = x - total / 2.0;
    let rows = node.badges.len() as f64;
    for (index, (badge, width)) in node.badges.iter().zip(&widths).enumerate() {
        let center = if sideways {
            let edge = x + place.outward.0.signum() * (NODE + 16.0);
            (edge + place.outward.0.signum() * width / 2.0, y + (index as f64 - (rows - 1.0) / 2.0) * (BADGE + 5.0))
        } else {
            let middle = along + width / 2.0;
            along += width + 6.0;
            (middle, y + place.outward.1.signum() * (NODE + BADGE / 2.0 + 20.0))
        };
        let color = theme.substance(&badge.receptor);
        canvas.rect(Rect::around(center, *width, BADGE), color);
        canvas.text_beside(&label(badge), center, Type { color: color.contrast(), ..style }.align(Align::Middle));
    }
}
