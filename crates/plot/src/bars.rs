//! Bars with intervals: how much each axis of a sweep matters, a panel for each arm and readout.

use super::axis::{self, Axis};
use super::canvas::{Align, Canvas, Figure, Stroke, Type};
use super::geometry::Rect;
use super::lines;
use super::palette::Color;
use super::panel::{self, Entry, LABEL, MARGIN, Panel, SMALL};

/// A bar, with the interval that is likely to hold its true length.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bar {
    /// Its length.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// The bars of one name, one of each kind.
#[derive(Clone, Debug, Default)]
pub struct BarGroup {
    /// The name.
    pub name: String,
    /// The bars, in the order of the kinds.
    pub bars: Vec<Bar>,
}

/// A panel of bars.
#[derive(Clone, Debug, Default)]
pub struct BarPanel {
    /// What it is of.
    pub name: String,
    /// Its groups, from above.
    pub groups: Vec<BarGroup>,
}

/// Bars with intervals.
#[derive(Clone, Debug, Default)]
pub struct BarFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// What the lengths are, with their unit.
    pub value: String,
    /// What the bars of a group are, in order.
    pub kinds: Vec<String>,
    /// The panels.
    pub panels: Vec<BarPanel>,
}

const KINDS: [Color; 3] = [Color(0, 114, 178), Color(160, 196, 222), Color(213, 94, 0)];
const WIDE: f64 = 230.0;
const THICK: f64 = 8.0;
const BETWEEN: f64 = 28.0;
/// The longest line of a name.
const LONGEST: f64 = 190.0;
/// Panels side by side.
const COLUMNS: usize = 3;
const NAME: Type = Type { size: SMALL, bold: false, color: Color::INK, align: Align::End };
const PANEL_NAME: Type = Type { size: LABEL, bold: true, color: Color::INK, align: Align::Start };

impl BarFigure {
    /// Draws the figure.
    pub fn render(&self) -> Figure {
        let groups = || self.panels.iter().flat_map(|panel| &panel.groups);
        let names: Vec<Vec<String>> = groups().map(BarGroup::lines).collect();
        let left = MARGIN + names.iter().map(|name| lines::widest(name, NAME)).fold(0.0, f64::max) + 10.0;
        let columns = self.panels.len().clamp(1, COLUMNS);
        let width = left + columns as f64 * (WIDE + BETWEEN) + MARGIN;
        let mut canvas = Canvas::new();
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 10.0;
        if self.panels.is_empty() {
            return canvas.finish(&self.title, width, top + MARGIN / 2.0);
        }
        let entry =
            |(name, color): (&String, &Color)| Entry { name: name.clone(), stroke: Stroke::solid(*color, THICK) };
        let entries: Vec<Entry> = self.kinds.iter().zip(&KINDS).map(entry).collect();
        let mut top = top + panel::legend(&mut canvas, &entries, (MARGIN, top), width - 2.0 * MARGIN) + 30.0;
        let most = names.iter().map(Vec::len).max().unwrap_or(1);
        let row_height = (self.kinds.len() as f64 * THICK + 8.0).max(lines::height(most, NAME) + 5.0);
        for row in self.panels.chunks(columns) {
            let most = row.iter().map(|panel| panel.groups.len()).max().unwrap_or(0);
            let height = most as f64 * row_height + 6.0;
            let titles: Vec<Vec<String>> =
                row.iter().map(|one| lines::lines(&one.name, PANEL_NAME, WIDE + BETWEEN - 12.0, 3)).collect();
            let most = titles.iter().map(Vec::len).max().unwrap_or(1);
            top += lines::height(most.saturating_sub(1), PANEL_NAME);
            for (column, (one, title)) in row.iter().zip(&titles).enumerate() {
                let start = left + column as f64 * (WIDE + BETWEEN);
                let frame = Rect::new(start, top, start + WIDE, top + height);
                lines::above(&mut canvas, title, (frame.left + 1.0, frame.top - 6.0), PANEL_NAME);
                one.draw(&mut canvas, frame, row_height, column == 0);
            }
            top += height + 58.0;
        }
        panel::title_below(&mut canvas, &self.value, f64::midpoint(left, width - MARGIN), top - 58.0);
        canvas.finish(&self.title, width, top)
    }
}

impl BarGroup {
    /// The name in lines.
    fn lines(&self) -> Vec<String> {
        lines::lines(&self.name, NAME, LONGEST, 3)
    }
}

impl BarPanel {
    fn draw(&self, canvas: &mut Canvas, frame: Rect, row_height: f64, named: bool) {
        let values =
            self.groups.iter().flat_map(|group| group.bars.iter().flat_map(|bar| [bar.value, bar.low, bar.high]));
        let range = axis::range(values.chain([0.0]));
        let lengths = Axis::from_zero(range, frame.left, frame.right);
        let panel = Panel { frame, x: lengths, y: Axis::linear((0.0, 1.0), frame.bottom, frame.top) };
        let zero = panel.x.at(0.0);
        for (index, group) in self.groups.iter().enumerate() {
            let spare = row_height - group.bars.len() as f64 * THICK - 8.0;
            let top = frame.top + 5.0 + index as f64 * row_height + spare / 2.0;
            if named {
                let middle = top + group.bars.len() as f64 * THICK / 2.0;
                lines::beside(canvas, &group.lines(), (frame.left - 8.0, middle), NAME);
            }
            for (kind, bar) in group.bars.iter().enumerate() {
                let upper = top + kind as f64 * THICK;
                let end = panel.x.at(bar.value);
                canvas.rect(
                    Rect::new(zero.min(end), upper, zero.max(end), upper + THICK - 1.0),
                    KINDS[kind % KINDS.len()],
                );
                let middle = upper + (THICK - 1.0) / 2.0;
                let interval = [(panel.x.at(bar.low), middle), (panel.x.at(bar.high), middle)];
                canvas.line(&interval, Stroke::solid(Color::INK, 1.2));
            }
        }
        canvas.line(&[(zero, frame.top), (zero, frame.bottom)], Stroke::solid(Color::INK, 1.0));
        canvas.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], Stroke::solid(Color::INK, 1.0));
        for tick in panel.x.ticks(4) {
            let x = panel.x.at(tick.value);
            canvas.line(&[(x, frame.bottom), (x, frame.bottom + 4.0)], Stroke::solid(Color::INK, 1.0));
            canvas.text(&tick.text, (x, frame.bottom + 17.0), Type::new(SMALL, Color::INK).align(Align::Middle));
        }
    }
}
