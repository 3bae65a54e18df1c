//! Arms side by side at chosen times: a row per arm, a column of rates per population, and tables of indices. What is wider
//! than a page stands in blocks below one another, each with the arms' names.

use super::axis::{self, Axis};
use super::canvas::{Align, Canvas, Figure, Point, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Theme};
use super::panel::{self, LABEL, MARGIN, SMALL};
use super::rates::Population;

/// The rates of one arm at the report times.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmRates {
    /// The arm's name.
    pub name: String,
    /// For each report time, the rate of each population (Hz).
    pub rates_hz: Vec<Vec<f64>>,
}

/// An index per arm at one or several times, written as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexTable {
    /// What the index is ("rescue").
    pub title: String,
    /// A label per column ("24 h").
    pub columns: Vec<String>,
    /// For each arm, a value per column; None where it is not defined.
    pub values: Vec<Vec<Option<f64>>>,
    /// The least value of full colour; where larger ones occur, the largest has it. Zero is white, negative values are tinted
    /// in another hue.
    pub full: f64,
}

/// Rates of many arms at chosen report times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmsFigure {
    /// Title.
    pub title: String,
    /// A line under the title; may be empty.
    pub subtitle: String,
    /// Populations, a column each.
    pub populations: Vec<Population>,
    /// Labels of the report times.
    pub times: Vec<String>,
    /// Index of the time drawn as the large dot.
    pub main_time: usize,
    /// Arms, a row each.
    pub arms: Vec<ArmRates>,
    /// Tables of numbers at the right.
    pub tables: Vec<IndexTable>,
    /// What the populations' reference levels are ("control"); a thin line in each column.
    pub reference_name: String,
}

const ROW: f64 = 24.0;
const CELL: f64 = 46.0;
const BETWEEN: f64 = 24.0;
/// The widest figure: at the 180 mm of a page its smallest text has 6 points.
const WIDEST: f64 = 1020.0;
/// Height of what stands over and under the rows of a block.
const ABOVE: f64 = 34.0;
const BELOW: f64 = 44.0;
/// As many report times have marks of their own as there are shapes beside the main time's.
const SHAPES: usize = 4;

/// What takes part of a block's width.
#[derive(Clone, Copy)]
enum Part {
    /// The rates of a population.
    Rates(usize),
    /// A table, from one of its columns up to another.
    Table(usize, (usize, usize)),
}

/// Parts side by side, each with its left edge.
#[derive(Default)]
struct Block {
    parts: Vec<(Part, f64)>,
    top: f64,
}

/// Where the parts of the figure stand.
struct Layout {
    width: f64,
    /// Right edge of the names.
    names: f64,
    panel: f64,
    blocks: Vec<Block>,
}

impl ArmsFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        self.arms.iter().for_each(|arm| theme.learn_arm(&arm.name));
        self.populations.iter().for_each(|p| theme.learn_population(&p.name, p.role));
        let mut canvas = Canvas::new();
        let mut layout = self.lay_out();
        let heading = panel::heading(&mut canvas, &self.title, &self.subtitle, layout.width);
        let legend = self.draw_legend(&mut canvas, heading + 12.0, layout.width);
        let height = ROW * self.arms.len().max(1) as f64;
        let mut top = legend;
        for block in &mut layout.blocks {
            block.top = top + ABOVE;
            top = block.top + height + if block.has_rates() { BELOW } else { 14.0 };
        }
        for block in &layout.blocks {
            self.draw_block(&mut canvas, block, &layout, &theme);
        }
        canvas.finish(&self.title, layout.width, top + MARGIN / 2.0)
    }

    /// Parts in blocks, none wider than a page unless a single part is.
    fn lay_out(&self) -> Layout {
        let style = Type::new(LABEL, Color::INK);
        let names = self.arms.iter().map(|arm| style.width(&arm.name)).fold(60.0, f64::max).min(330.0);
        let panel = if self.populations.len() > 6 { 84.0 } else { 112.0 };
        let first = MARGIN + names + 20.0;
        let cells = (((WIDEST - MARGIN - first) / CELL) as usize).max(1);
        let rates = (0..self.populations.len()).map(|index| (Part::Rates(index), panel));
        let tables = self.tables.iter().enumerate().flat_map(|(index, table)| {
            let count = table.columns.len();
            let pieces = (0..count).step_by(cells).map(move |from| (from, (from + cells).min(count)));
            pieces.map(move |piece| (Part::Table(index, piece), (piece.1 - piece.0) as f64 * CELL))
        });
        let mut blocks = vec![Block::default()];
        let (mut left, mut width) = (first, 420.0_f64);
        for (part, long) in rates.chain(tables) {
            if left > first && left + long > WIDEST - MARGIN {
                blocks.push(Block::default());
                left = first;
            }
            if let Some(block) = blocks.last_mut() {
                block.parts.push((part, left));
            }
            left += long + BETWEEN;
            width = width.max(left - BETWEEN + MARGIN);
        }
        Layout { width, names: MARGIN + names, panel, blocks }
    }

    fn draw_block(&self, canvas: &mut Canvas, block: &Block, layout: &Layout, theme: &Theme) {
        self.draw_rows(canvas, block.top, layout, theme);
        let bottom = block.top + ROW * self.arms.len().max(1) as f64;
        let mut rates: Vec<Rect> = Vec::new();
        for (part, left) in &block.parts {
            match *part {
                Part::Rates(index) => {
                    let frame = Rect::new(*left, block.top, left + layout.panel, bottom);
                    self.draw_column(canvas, index, &self.populations[index], frame, theme);
                    rates.push(frame);
                }
                Part::Table(index, columns) => {
                    self.tables[index].draw(canvas, (*left, block.top), columns, self.arms.len());
                }
            }
        }
        if let (Some(first), Some(last)) = (rates.first(), rates.last()) {
            panel::title_below(canvas, "firing rate (Hz)", f64::midpoint(first.left, last.right), bottom);
        }
    }

    /// The report times that have marks: all, or of too many the main one, the first, the last and some between.
    fn marked(&self) -> Vec<usize> {
        let count = self.times.len();
        if count <= SHAPES + 1 {
            return (0..count).collect();
        }
        let others: Vec<usize> = (0..count).filter(|time| *time != self.main_time).collect();
        let spread = (0..SHAPES).map(|rank| others[rank * (others.len() - 1) / (SHAPES - 1)]);
        let mut marked: Vec<usize> = spread.chain([self.main_time]).filter(|time| *time < count).collect();
        marked.sort_unstable();
        marked
    }

    /// The marks of the report times, and the reference line; returns the height below which the figure is free.
    fn draw_legend(&self, canvas: &mut Canvas, top: f64, width: f64) -> f64 {
        let style = Type::new(SMALL, Color::SOFT);
        let (mut x, mut y) = (MARGIN + 6.0, top);
        let marked = self.marked();
        let label = |time: &usize| (font::fit(&self.times[*time], SMALL, false, 200.0), Some(*time));
        let mut entries: Vec<(String, Option<usize>)> = marked.iter().map(label).collect();
        let referenced = self.populations.iter().any(|p| p.reference_hz.is_some());
        if referenced && !self.reference_name.is_empty() {
            entries.push((font::fit(&self.reference_name, SMALL, false, 200.0), None));
        }
        for (label, time) in &entries {
            let advance = 12.0 + style.width(label) + 22.0;
            if x + advance > width && x > MARGIN + 6.0 {
                (x, y) = (MARGIN + 6.0, y + 18.0);
            }
            match time {
                Some(k) => self.draw_mark(canvas, *k, (x, y), Color::SOFT),
                None => canvas.line(&[(x, y - 7.0), (x, y + 7.0)], Stroke::solid(Color::FAINT, 1.2)),
            }
            canvas.text_beside(label, (x + 12.0, y), style);
            x += advance;
        }
        if entries.is_empty() { top - 12.0 } else { y + 10.0 }
    }

    /// The main time is a large dot; the others are small marks of different shapes.
    fn draw_mark(&self, canvas: &mut Canvas, time: usize, (x, y): Point, color: Color) {
        if time == self.main_time {
            canvas.disc((x, y), 5.0, color);
            return;
        }
        let others = self.marked().into_iter().filter(|other| *other != self.main_time);
        let rank = others.take_while(|other| *other < time).count();
        let pale = color.tint(0.75);
        match rank {
            0 => {
                canvas.disc((x, y), 3.8, color);
                canvas.disc((x, y), 2.5, Color::WHITE);
            }
            1 => canvas.polygon(vec![(x - 4.0, y), (x, y - 4.5), (x + 4.0, y), (x, y + 4.5)], pale),
            2 => canvas.rect(Rect::around((x, y), 2.2, 11.0), pale),
            _ => canvas.polygon(vec![(x - 4.0, y + 3.5), (x, y - 4.0), (x + 4.0, y + 3.5)], pale),
        }
    }

    /// Names, and a wash behind every other row.
    fn draw_rows(&self, canvas: &mut Canvas, top: f64, layout: &Layout, theme: &Theme) {
        if self.arms.is_empty() {
            canvas.text("no arms", (MARGIN, top + 16.0), Type::new(SMALL, Color::SOFT));
        }
        let right = layout.width - MARGIN / 2.0;
        for (row, arm) in self.arms.iter().enumerate() {
            let y = row_middle(top, row);
            if row % 2 == 0 {
                canvas.rect(Rect::new(MARGIN / 2.0, y - ROW / 2.0, right, y + ROW / 2.0), Color::WASH);
            }
            let (color, _) = theme.arm(&arm.name);
            canvas.rect(Rect::around((layout.names + 8.0, y), 4.0, ROW - 8.0), color);
            let name = font::fit(&arm.name, LABEL, false, 330.0);
            canvas.text_beside(&name, (layout.names, y), Type::new(LABEL, Color::INK).align(Align::End));
        }
    }

    fn draw_column(&self, canvas: &mut Canvas, column: usize, population: &Population, frame: Rect, theme: &Theme) {
        let color = theme.population(&population.name);
        let rates = self.arms.iter().flat_map(|arm| arm.rates_hz.iter().filter_map(|time| time.get(column).copied()));
        let high = axis::range(rates.chain(population.reference_hz));
        let ends = high.map(|(low, high)| (low.min(0.0), high));
        let scale = Axis::from_zero(ends, frame.left, frame.right);
        let name = font::fit(&population.name, LABEL, true, frame.width() + BETWEEN - 6.0);
        canvas.text(&name, (frame.left, frame.top - 8.0), Type::new(LABEL, color).bold());
        draw_scale(canvas, &scale, &frame);
        let reference = population.reference_hz.map(|level| scale.at(level)).filter(|x| x.is_finite());
        if let Some(x) = reference {
            canvas.line(&[(x, frame.top), (x, frame.bottom)], Stroke::solid(Color::FAINT, 1.2));
        }
        for (row, arm) in self.arms.iter().enumerate() {
            let y = row_middle(frame.top, row);
            let place = |time: usize| arm.rates_hz.get(time).and_then(|rates| rates.get(column)).map(|&v| scale.at(v));
            let main = place(self.main_time).filter(|x| x.is_finite());
            if let (Some(from), Some(to)) = (reference, main) {
                canvas.line(&[(from, y), (to, y)], Stroke::solid(color.tint(0.45), 2.0));
            }
            let others = self.marked().into_iter().filter(|time| *time != self.main_time);
            for time in others.chain([self.main_time]) {
                if let Some(x) = place(time).filter(|x| x.is_finite()) {
                    self.draw_mark(canvas, time, (x, y), color);
                }
            }
        }
    }
}

fn row_middle(top: f64, row: usize) -> f64 {
    top + ROW * (row as f64 + 0.5)
}

/// The scale of rates under a column.
fn draw_scale(canvas: &mut Canvas, scale: &Axis, frame: &Rect) {
    let line = Stroke::solid(Color::INK, 1.0);
    canvas.line(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], line);
    for tick in scale.ticks(4) {
        let x = scale.at(tick.value);
        canvas.line(&[(x, frame.bottom), (x, frame.bottom + 4.0)], line);
        let style = Type::new(SMALL, Color::INK).align(Align::Middle);
        canvas.text(&tick.text, (x, frame.bottom + 17.0), style);
    }
}

impl Block {
    fn has_rates(&self) -> bool {
        self.parts.iter().any(|(part, _)| matches!(part, Part::Rates(_)))
    }
}

impl IndexTable {
    /// The value of full colour: of this table's values none is beyond it.
    fn fullest(&self) -> f64 {
        let sizes = self.values.iter().flatten().flatten().map(|value| value.abs()).filter(|size| size.is_finite());
        sizes.fold(self.full.abs(), f64::max)
    }

    /// Some of the columns.
    fn draw(&self, canvas: &mut Canvas, (left, top): Point, (from, to): (usize, usize), arms: usize) {
        let fullest = self.fullest();
        let title = font::fit(&self.title, LABEL, true, (to - from) as f64 * CELL + BETWEEN - 6.0);
        canvas.text(&title, (left + 2.0, top - 8.0 - 16.0), Type::new(LABEL, Color::INK).bold());
        let head = Type::new(SMALL, Color::SOFT).align(Align::Middle);
        for (place, label) in self.columns.iter().enumerate().take(to).skip(from) {
            let middle = left + ((place - from) as f64 + 0.5) * CELL;
            canvas.text(&font::fit(label, SMALL, false, CELL - 2.0), (middle, top - 8.0), head);
            for row in 0..arms {
                let y = row_middle(top, row);
                let value = self.values.get(row).and_then(|values| values.get(place)).copied().flatten();
                let cell = Rect::around((middle, y), CELL - 3.0, ROW - 3.0);
                draw_cell(canvas, value.filter(|v| v.is_finite()), fullest, cell);
            }
        }
    }
}

fn draw_cell(canvas: &mut Canvas, value: Option<f64>, fullest: f64, cell: Rect) {
    let middle = (f64::midpoint(cell.left, cell.right), f64::midpoint(cell.top, cell.bottom));
    let style = Type::new(SMALL, Color::INK).align(Align::Middle);
    let Some(value) = value else {
        canvas.text_beside("–", middle, Type { color: Color::FAINT, ..style });
        return;
    };
    let hue = if value < 0.0 { Color(213, 94, 0) } else { Color(0, 114, 178) };
    let fill = hue.tint(0.8 * (value / fullest).abs().min(1.0));
    if fill != Color::WHITE && value.abs() >= 0.005 {
        canvas.rect(cell, fill);
    }
    let text = if value.abs() < 1000.0 { axis::plain(value, 2) } else { axis::short(value) };
    canvas.text_beside(&text, middle, Type { color: fill.contrast(), ..style });
}

#[cfg(test)]
mod tests {
    use super::super::palette::Role;
    use super::*;

    fn long(times: usize) -> ArmsFigure {
        let population = |name: &str| Population { name: name.into(), role: Role::Excitatory, reference_hz: Some(2.0) };
        let columns: Vec<String> = (0..times).map(|k| format!("{k} d")).collect();
        let arm = |name: &str| ArmRates { name: name.into(), rates_hz: vec![vec![1.0; 4]; times] };
        ArmsFigure {
            populations: ["A", "B", "C", "D"].map(population).to_vec(),
            times: columns.clone(),
            main_time: 3,
            arms: vec![arm("control"), arm("an arm with a name that takes a good part of the width")],
            tables: vec![IndexTable {
                title: "rescue".into(),
                columns,
                values: vec![vec![Some(1.0); times], vec![Some(2.5); times]],
                full: 1.0,
            }],
            ..ArmsFigure::default()
        }
    }

    #[test]
    fn no_two_report_times_share_a_mark_and_the_figure_stays_as_wide_as_a_page() {
        for times in [1, 5, 6, 10, 30] {
            let figure = long(times);
            let marked = figure.marked();
            assert!(marked.len() <= SHAPES + 1 && (times <= 3 || marked.contains(&3)), "{marked:?}");
            let mut unique = marked.clone();
            unique.dedup();
            assert_eq!(unique, marked);
            let drawn = figure.render(&Theme::default());
            assert!(f64::from(drawn.size().0) <= WIDEST, "{times} times are {} pixels wide", drawn.size().0);
            // Every time has its column, whatever has a mark.
            for time in 0..times {
                assert!(drawn.labels().iter().any(|label| label.text == format!("{time} d")), "{time} d");
            }
        }
    }

    #[test]
    fn what_is_beyond_full_has_a_colour_of_its_own() {
        assert_eq!(long(5).tables[0].fullest(), 2.5);
        let table = IndexTable { values: vec![vec![Some(0.4)], vec![None]], ..long(1).tables[0].clone() };
        assert_eq!(table.fullest(), 1.0);
    }
}
