//! What the input to each population is made of: stacked bars of its sources, a row for each arm.

use super::axis::{self, Axis};
use super::canvas::{Align, Canvas, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Theme};
use super::panel::{self, Entry, LABEL, MARGIN, SMALL};

/// What an input comes from; decides its colour.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Background drive.
    Drive,
    /// Injected input.
    Injected,
    /// Synapses of a population.
    Population(String),
    /// The effect of a signal on the drive.
    Signal(String),
}

/// What one place receives in one arm.
#[derive(Clone, Debug, Default)]
pub struct ShareRow {
    /// The arm.
    pub arm: String,
    /// The parts.
    pub parts: Vec<(Source, f64)>,
    /// A number that stands behind the row, such as the rate.
    pub number: f64,
}

/// What one place receives: a soma, a dendrite, or what divides.
#[derive(Clone, Debug, Default)]
pub struct SharePanel {
    /// Of which population; decides the colour of the title.
    pub population: String,
    /// Title.
    pub title: String,
    /// What the bars measure, with its unit.
    pub measure: String,
    /// What the number behind each row is, with its unit.
    pub number: String,
    /// A row for each arm.
    pub rows: Vec<ShareRow>,
}

/// Inputs split by source, a panel for each place.
#[derive(Clone, Debug, Default)]
pub struct SharesFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The panels.
    pub panels: Vec<SharePanel>,
}

const WIDE: f64 = 300.0;
const ROW: f64 = 21.0;
const BETWEEN: f64 = 78.0;
const LONGEST: f64 = 220.0;
/// Panels side by side.
const COLUMNS: usize = 2;
const DRIVE: Color = Color(176, 176, 176);
const INJECTED: Color = Color(20, 20, 20);

impl Source {
    /// As it stands in the legend.
    pub fn name(&self) -> String {
        match self {
            Self::Drive => "background drive".into(),
            Self::Injected => "injected".into(),
            Self::Population(name) => format!("from {name}"),
            Self::Signal(name) => name.clone(),
        }
    }

    fn color(&self, theme: &Theme) -> Color {
        match self {
            Self::Drive => DRIVE,
            Self::Injected => INJECTED,
            Self::Population(name) => theme.population(name),
            Self::Signal(name) => theme.substance(name),
        }
    }
}

impl SharesFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        let sources = self.sources();
        for source in &sources {
            if let Source::Signal(name) = source {
                theme.learn_substance(name);
            }
        }
        let style = Type::new(SMALL, Color::INK);
        let names = self.panels.iter().flat_map(|panel| panel.rows.iter().map(|row| style.width(&row.arm)));
        let left = MARGIN + names.fold(0.0, f64::max).min(LONGEST) + 10.0;
        let columns = self.panels.len().clamp(1, COLUMNS);
        let width = left + columns as f64 * (WIDE + BETWEEN) - BETWEEN + 60.0 + MARGIN;
        let mut canvas = Canvas::new();
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 8.0;
        let entry = |source: &Source| {
            let stroke = Stroke::solid(source.color(&theme), 9.0);
            Entry { name: source.name(), stroke }
        };
        let entries: Vec<Entry> = sources.iter().map(entry).collect();
        let mut top = top + panel::legend(&mut canvas, &entries, (MARGIN, top), width - 2.0 * MARGIN) + 30.0;
        for row in self.panels.chunks(columns) {
            let most = row.iter().map(|panel| panel.rows.len()).max().unwrap_or(0);
            for (column, one) in row.iter().enumerate() {
                let corner = (left + column as f64 * (WIDE + BETWEEN), top);
                one.draw(&mut canvas, corner, column == 0, &theme);
            }
            top += most as f64 * ROW + 70.0;
        }
        canvas.finish(&self.title, width, top)
    }

    /// All sources, in the order of the legend.
    fn sources(&self) -> Vec<Source> {
        let mut sources: Vec<Source> = Vec::new();
        let parts = self.panels.iter().flat_map(|panel| panel.rows.iter().flat_map(|row| &row.parts));
        for (source, part) in parts {
            if *part != 0.0 && !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        sources.sort_by_key(|source| match source {
            Source::Drive => 0,
            Source::Population(_) => 1,
            Source::Signal(_) => 2,
            Source::Injected => 3,
        });
        sources
    }
}

impl SharePanel {
    fn draw(&self, canvas: &mut Canvas, (left, top): Point, named: bool, theme: &Theme) {
        let sum = |row: &ShareRow, sign: f64| -> f64 {
            row.parts.iter().map(|(_, part)| part).filter(|part| *part * sign > 0.0).sum()
        };
        let ends = axis::range(self.rows.iter().flat_map(|row| [sum(row, -1.0), sum(row, 1.0)]).chain([0.0]));
        let scale = Axis::linear(ends.unwrap_or((0.0, 1.0)), left, left + WIDE);
        let bottom = top + self.rows.len() as f64 * ROW;
        let title = Type::new(LABEL, theme.population(&self.population)).bold();
        let name = font::fit(&self.title, LABEL, true, WIDE - 40.0);
        canvas.text(&name, (left, top - 8.0), title);
        let soft = Type::new(SMALL, Color::SOFT).align(Align::End);
        canvas.text(&self.number, (left + WIDE + 54.0, top - 8.0), soft);
        for (index, row) in self.rows.iter().enumerate() {
            let y = top + (index as f64 + 0.5) * ROW;
            if named {
                let name = font::fit(&row.arm, SMALL, false, LONGEST);
                canvas.text_beside(&name, (left - 8.0, y), Type::new(SMALL, Color::INK).align(Align::End));
            }
            let (mut low, mut high) = (0.0, 0.0);
            for (source, part) in row.parts.iter().filter(|(_, part)| part.is_finite() && *part != 0.0) {
                let end: &mut f64 = if *part < 0.0 { &mut low } else { &mut high };
                let (from, to) = (scale.at(*end), scale.at(*end + part));
                *end += part;
                let bar = Rect::new(from.min(to), y - 7.0, from.max(to), y + 7.0);
                canvas.rect(bar, source.color(theme));
            }
            // The sum of all.
            let net = scale.at(low + high);
            canvas.line(&[(net, y - 10.0), (net, y + 10.0)], Stroke::solid(Color::WHITE, 4.5));
            canvas.line(&[(net, y - 10.0), (net, y + 10.0)], Stroke::solid(Color::INK, 2.0));
            let style = Type::new(SMALL, Color::INK).align(Align::End);
            canvas.text_beside(&axis::plain(row.number, 2), (left + WIDE + 54.0, y), style);
        }
        let zero = scale.at(0.0);
        canvas.line(&[(zero, top), (zero, bottom)], Stroke::solid(Color::INK, 1.0));
        canvas.line(&[(left, bottom), (left + WIDE, bottom)], Stroke::solid(Color::INK, 1.0));
        for tick in scale.ticks(5) {
            let x = scale.at(tick.value);
            canvas.line(&[(x, bottom), (x, bottom + 4.0)], Stroke::solid(Color::INK, 1.0));
            canvas.text(&tick.text, (x, bottom + 17.0), Type::new(SMALL, Color::INK).align(Align::Middle));
        }
        let style = Type::new(SMALL, Color::INK).align(Align::Middle);
        canvas.text(&self.measure, (left + WIDE / 2.0, bottom + 33.0), style);
    }
}
