//! A circuit of many populations as a matrix of its weights: a graph of hundreds of lines shows nothing.

use super::axis;
use super::canvas::{Align, Canvas, Figure, Type};
use super::circuit::{CircuitFigure, Connection, Node};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Role, Theme};
use super::panel::{self, LABEL, MARGIN, SMALL};

/// Circuits of more populations than this are drawn so.
pub(super) const MOST_NODES: usize = 16;
/// Side of a cell that has room for names beside it, and the smallest one.
const CELL: (f64, f64) = (15.0, 3.0);
/// Room for all cells of a row.
const ROOM: f64 = 4800.0;
/// Longest name, and longest list of what a population carries.
const LONGEST: (f64, f64) = (150.0, 260.0);
/// Share of the full colour that the weakest weight has.
const PALEST: f64 = 0.18;
const EXCITES: Color = Color(0, 114, 178);
const INHIBITS: Color = Color(213, 94, 0);

impl CircuitFigure {
    /// A row for each population that receives, a column for each that sends.
    pub(super) fn render_matrix(&self, theme: &Theme) -> Figure {
        let count = self.nodes.len();
        let cell = (ROOM / count as f64).clamp(CELL.1, CELL.0);
        let named = cell >= CELL.0;
        let name = |node: &Node| font::fit(&node.name, SMALL, true, LONGEST.0);
        let style = Type::new(SMALL, Color::INK);
        let names = self.nodes.iter().map(|node| style.bold().width(&name(node))).fold(0.0, f64::max);
        let names = if named { names } else { 0.0 };
        let after = self.nodes.iter().map(|node| style.width(&node.after())).fold(0.0, f64::max);
        let side = cell * count as f64;
        let left = MARGIN + 22.0 + names;
        let width = (left + side + if named { after + 12.0 } else { 0.0 } + MARGIN).max(420.0);
        let mut canvas = Canvas::new();
        let heading = panel::heading(&mut canvas, &self.title, &self.subtitle, width);
        let top = heading + 34.0 + names;
        for (place, node) in self.nodes.iter().enumerate() {
            let middle = (place as f64 + 0.5) * cell;
            let wash = Rect::new(left, top + middle - cell / 2.0, left + side, top + middle + cell / 2.0);
            canvas.rect(wash, if place % 2 == 0 { Color::WASH } else { Color::WHITE });
            if named {
                let style = Type::new(SMALL, theme.population(&node.name)).bold();
                canvas.text_beside(&name(node), (left - 5.0, top + middle), style.align(Align::End));
                canvas.text_upright(&name(node), (left + middle + 0.36 * SMALL, top - 5.0), style);
                let after = Type::new(SMALL, Color::SOFT);
                canvas.text_beside(&node.after(), (left + side + 8.0, top + middle), after);
            }
        }
        let heaviest = self.heaviest();
        self.draw_cells(&mut canvas, &heaviest, (left, top), cell);
        let title = Type::new(LABEL, Color::INK).align(Align::Middle);
        canvas.text("from", (left + side / 2.0, heading + 22.0), title);
        canvas.text_upright("onto", (MARGIN + 8.0, top + side / 2.0), title);
        let bottom = self.draw_matrix_legend(&mut canvas, &heaviest, (left, top + side + 22.0));
        canvas.finish(&self.title, width, bottom + MARGIN)
    }

    /// The largest weight of each unit.
    fn heaviest(&self) -> Vec<f64> {
        let mut heaviest = vec![0.0_f64; self.weight_units.len().max(1)];
        for connection in self.sound() {
            heaviest[connection.unit] = heaviest[connection.unit].max(connection.weight.abs());
        }
        heaviest
    }

    /// The connections that have a place and a size.
    fn sound(&self) -> impl Iterator<Item = &Connection> {
        let (count, units) = (self.nodes.len(), self.weight_units.len().max(1));
        self.connections.iter().filter(move |one| {
            one.weight.is_finite() && one.weight != 0.0 && one.unit < units && one.from < count && one.onto < count
        })
    }

    /// Each connection in its cell; several of one pair side by side.
    fn draw_cells(&self, canvas: &mut Canvas, heaviest: &[f64], (left, top): (f64, f64), cell: f64) {
        let mut pairs: std::collections::BTreeMap<(usize, usize), Vec<&Connection>> =
            std::collections::BTreeMap::default();
        for connection in self.sound() {
            pairs.entry((connection.onto, connection.from)).or_default().push(connection);
        }
        for ((onto, from), all) in pairs {
            let (x, y) = (left + from as f64 * cell, top + onto as f64 * cell);
            let slice = (cell - 1.0).max(1.0) / all.len() as f64;
            for (place, connection) in all.into_iter().enumerate() {
                let from = x + 0.5 + place as f64 * slice;
                let share = connection.weight.abs() / heaviest[connection.unit];
                let color = color(connection.end(self.nodes[connection.from].role));
                let strength = PALEST + (1.0 - PALEST) * share;
                canvas.rect(Rect::new(from, y + 0.5, from + slice, y + cell - 0.5), color.tint(strength));
            }
        }
    }

    fn draw_matrix_legend(&self, canvas: &mut Canvas, heaviest: &[f64], (left, top): (f64, f64)) -> f64 {
        let style = Type::new(SMALL, Color::INK);
        let mut x = left;
        for (role, text) in [(Role::Excitatory, "excites"), (Role::Inhibitory, "inhibits")] {
            canvas.rect(Rect::new(x, top - 6.0, x + 14.0, top + 6.0), color(role));
            canvas.text_beside(text, (x + 20.0, top), style);
            x += 20.0 + style.width(text) + 22.0;
        }
        let full: Vec<String> = heaviest
            .iter()
            .enumerate()
            .filter(|(_, heaviest)| **heaviest > 0.0)
            .map(|(unit, heaviest)| {
                let unit = self.weight_units.get(unit).map_or("", String::as_str);
                format!("{} {unit}", axis::short(*heaviest)).trim().to_owned()
            })
            .collect();
        if !full.is_empty() {
            canvas.text_beside(&format!("full colour: {}", full.join(", ")), (x, top), Type::new(SMALL, Color::SOFT));
        }
        top + 14.0
    }
}

fn color(role: Role) -> Color {
    if role == Role::Inhibitory { INHIBITS } else { EXCITES }
}

impl Node {
    /// Its rate, units and receptors in words.
    fn after(&self) -> String {
        let units = (self.units > 1).then(|| format!("{} units", self.units));
        let receptors = self.badges.iter().map(|badge| format!("{} {}", badge.receptor, badge.share()));
        let all: Vec<String> = self.rate().into_iter().chain(units).chain(receptors).collect();
        font::fit(&all.join(", "), SMALL, false, LONGEST.1)
    }
}
