//! The legend of a circuit's graph, and what stands on its connections.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Point, Stroke, Type};
use super::circuit::{CircuitFigure, Connection, ConnectionNote, Ends, draw_edge, fill_rounded, width_of};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Role};
use super::panel::{MARGIN, SMALL};

/// Size of a kernel's curve.
const CURVE: (f64, f64) = (30.0, 16.0);

impl CircuitFigure {
    /// What the legend explains.
    pub(super) fn keys(&self, heaviest: &[f64]) -> Vec<Key> {
        let mut keys = Vec::new();
        let drawn = heaviest.iter().any(|weight| *weight > 0.0);
        for (role, text) in [(Role::Excitatory, "excites"), (Role::Inhibitory, "inhibits")] {
            let sends = |c: &Connection| self.nodes.get(c.from).is_some_and(|node| c.end(node.role) == role);
            if drawn && self.connections.iter().any(sends) {
                keys.push(Key { text: text.to_owned(), sample: Sample::End(role) });
            }
        }
        for ends in [Ends::Dendrite, Ends::Divisor, Ends::Second] {
            if let Some(meaning) = ends.meaning().filter(|_| drawn && self.connections.iter().any(|c| c.ends == ends)) {
                keys.push(Key { text: meaning.to_owned(), sample: Sample::Line(2.4, ends.dash()) });
            }
        }
        for (unit, heaviest) in heaviest.iter().enumerate().filter(|(_, heaviest)| **heaviest > 0.0) {
            let ticks = Axis::linear((0.0, *heaviest), 0.0, 1.0).ticks(3);
            let ticks: Vec<_> = ticks.into_iter().filter(|tick| tick.value > 0.0).collect();
            for (k, tick) in ticks.iter().enumerate() {
                let last = k + 1 == ticks.len();
                let unit = self.weight_units.get(unit).filter(|_| last).map_or("", String::as_str);
                let text = format!("{} {unit}", tick.text);
                let text = font::fit(text.trim(), SMALL, false, 180.0);
                keys.push(Key { text, sample: Sample::Line(width_of(tick.value, *heaviest), Dash::Solid) });
            }
        }
        if self.notes.iter().any(|note| !note.heights.is_empty()) {
            let text = "weight over the angle between units, −180° to 180°".to_owned();
            keys.push(Key { text, sample: Sample::Kernel });
        }
        if self.nodes.iter().any(|node| !node.badges.is_empty()) {
            keys.push(Key { text: "receptor, share of cells that carry it".to_owned(), sample: Sample::Chip });
        }
        keys
    }
}

impl ConnectionNote {
    fn label(&self) -> String {
        font::fit(&self.label, SMALL, false, 120.0)
    }

    pub(super) fn size(&self) -> (f64, f64) {
        let text = Type::new(SMALL, Color::INK).width(&self.label());
        let curve = if self.heights.is_empty() { 0.0 } else { CURVE.0 + 4.0 };
        (curve + if self.label.is_empty() { 4.0 } else { text + 9.0 }, CURVE.1 + 6.0)
    }

    /// The curve over its zero line and what is written, in a white box.
    pub(super) fn draw(&self, canvas: &mut Canvas, place: Rect, color: Color) {
        canvas.rect(place, color);
        canvas.rect(place.grown(-1.0), Color::WHITE);
        let mut left = place.left;
        if !self.heights.is_empty() {
            let frame = Rect::new(left + 4.0, place.top + 3.0, left + 4.0 + CURVE.0, place.bottom - 3.0);
            draw_kernel(canvas, &self.heights, frame, color);
            left = frame.right;
        }
        let middle = f64::midpoint(place.top, place.bottom);
        canvas.text_beside(&self.label(), (left + 5.0, middle), Type::new(SMALL, Color::INK));
    }
}

/// A kernel's curve in a frame that holds all of it and zero.
fn draw_kernel(canvas: &mut Canvas, heights: &[f64], frame: Rect, color: Color) {
    let ends = axis::range(heights.iter().copied().chain([0.0])).unwrap_or((0.0, 1.0));
    let across = Axis::linear(ends, frame.bottom, frame.top);
    let zero = across.at(0.0);
    canvas.line(&[(frame.left, zero), (frame.right, zero)], Stroke::solid(Color::FAINT, 1.0));
    let step = frame.width() / (heights.len().max(2) - 1) as f64;
    let points = heights.iter().enumerate().map(|(k, height)| (frame.left + k as f64 * step, across.at(*height)));
    canvas.line(&points.collect::<Vec<_>>(), Stroke::solid(color, 1.8));
}

/// An entry of the legend.
pub(super) struct Key {
    text: String,
    sample: Sample,
}

enum Sample {
    End(Role),
    Line(f64, Dash),
    Chip,
    Kernel,
}

impl Key {
    pub(super) fn length(&self) -> f64 {
        30.0 + 7.0 + Type::new(SMALL, Color::SOFT).width(&self.text)
    }
}

/// The legend in rows, as many entries to a row as fit; returns its lower edge.
pub(super) fn draw_keys(canvas: &mut Canvas, keys: &[Key], top: f64, width: f64) -> f64 {
    let mut rows: Vec<(f64, Vec<&Key>)> = Vec::new();
    for key in keys {
        match rows.last_mut() {
            Some((used, row)) if *used + key.length() <= width - 2.0 * MARGIN => {
                *used += key.length() + 22.0;
                row.push(key);
            }
            _ => rows.push((key.length() + 22.0, vec![key])),
        }
    }
    let mut y = top;
    for (used, row) in rows {
        let mut x = ((width - (used - 22.0)) / 2.0).max(MARGIN);
        for key in row {
            draw_key(canvas, key, (x, y));
            x += key.length() + 22.0;
        }
        y += 22.0;
    }
    y - 10.0
}

fn draw_key(canvas: &mut Canvas, key: &Key, (x, y): Point) {
    match key.sample {
        Sample::End(role) => {
            draw_edge(canvas, &[(x, y), (x + 28.0, y)], (Stroke::solid(Color::SOFT, 2.4), role), None);
        }
        Sample::Line(width, dash) => {
            canvas.line(&[(x, y), (x + 28.0, y)], Stroke { color: Color::SOFT, width, dash });
        }
        Sample::Kernel => {
            let bump = (-8..=8).map(|k| libm::exp(-0.08 * f64::from(k * k))).collect::<Vec<_>>();
            draw_kernel(canvas, &bump, Rect::around((x + 14.0, y), 26.0, 14.0), Color::SOFT);
        }
        Sample::Chip => fill_rounded(canvas, Rect::around((x + 15.0, y), 30.0, 14.0), Color::SOFT),
    }
    canvas.text_beside(&key.text, (x + 37.0, y), Type::new(SMALL, Color::INK));
}
