//! Firing rates over time: a row of panels per population, a curve per arm, the doses and manipulations on top.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Figure, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::labels::LABEL_GAP;
use super::palette::{Color, Role, Theme};
use super::panel::{self, CURVE, End, Entry, MARGIN, Panel, SMALL};
use super::timeline::{Dose, Span, Timeline};

/// A population whose rate is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// Decides its family of colours.
    pub role: Role,
    /// A level for comparison (Hz), such as its rate in the control arm.
    pub reference_hz: Option<f64>,
}

/// The rates of one arm.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmTrace {
    /// The arm's name.
    pub name: String,
    /// Times, in minutes.
    pub t_min: Vec<f64>,
    /// For each population, the rate at each time (Hz).
    pub rates_hz: Vec<Vec<f64>>,
}

/// A measurement laid over the curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Index of the arm.
    pub arm: usize,
    /// Index of the population.
    pub population: usize,
    /// Time, in minutes.
    pub t_min: f64,
    /// Rate, in Hz.
    pub rate_hz: f64,
    /// Half the length of the error bar (Hz), if known.
    pub error_hz: Option<f64>,
}

/// Rates over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RatesFigure {
    /// Title.
    pub title: String,
    /// A line under the title; may be empty.
    pub subtitle: String,
    /// Populations, a row each; the first, the main one, has the tallest.
    pub populations: Vec<Population>,
    /// Arms, a curve each; the first that is no reference lies over all others.
    pub arms: Vec<ArmTrace>,
    /// Indices of the arms that others are compared with: they lie below all others.
    pub references: Vec<usize>,
    /// Doses.
    pub doses: Vec<Dose>,
    /// Exposures, injections, blocks.
    pub spans: Vec<Span>,
    /// Measurements.
    pub observed: Vec<Observed>,
    /// What the reference levels are ("resting rate in control"), written under the panels.
    pub reference_name: String,
    /// Windows of time (from, to; minutes), a column each: say, the first two hours and the whole week. None: all.
    pub windows_min: Vec<(f64, f64)>,
}

/// Where the parts of the figure stand.
struct Layout {
    width: f64,
    frames: Vec<Vec<Rect>>,
    times: Vec<Axis>,
    direct: bool,
    legend_top: f64,
    strip_top: f64,
    bottom: f64,
}

/// Longest name at the end of a curve, in pixels; where one is longer, all stand in a legend above.
const LONGEST: f64 = 130.0;
/// A level that a curve keeps within so many pixels is not seen behind it.
const HIDDEN: f64 = 1.5;
const LEFT: f64 = 66.0;
const TALL: f64 = 172.0;
const LOW: f64 = 104.0;
const BETWEEN: f64 = 30.0;

impl RatesFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        self.arms.iter().for_each(|arm| theme.learn_arm(&arm.name));
        self.populations.iter().for_each(|p| theme.learn_population(&p.name, p.role));
        let mut canvas = Canvas::new();
        let timeline = Timeline::new(&self.doses, &self.spans);
        let layout = self.lay_out(&mut canvas, &timeline, &theme);
        let names: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
        for (row, population) in self.populations.iter().enumerate() {
            self.draw_row(&mut canvas, row, population, &layout, (&theme, &timeline));
        }
        if let Some(frames) = layout.frames.first() {
            timeline.draw(&mut canvas, &layout.times, frames, layout.strip_top, (&theme, &names));
        }
        self.draw_surroundings(&mut canvas, &layout, &theme);
        canvas.finish(&self.title, layout.width, layout.bottom + MARGIN)
    }

    /// The windows, or all of the data.
    fn windows(&self) -> Vec<(f64, f64)> {
        let sound = |w: &&(f64, f64)| w.0.is_finite() && w.1.is_finite() && w.0 < w.1;
        let windows: Vec<_> = self.windows_min.iter().filter(sound).copied().take(4).collect();
        if !windows.is_empty() {
            return windows;
        }
        let times = self.arms.iter().flat_map(|arm| arm.t_min.iter().copied());
        vec![axis::range(times).unwrap_or((0.0, 60.0))]
    }

    fn lay_out(&self, canvas: &mut Canvas, timeline: &Timeline, theme: &Theme) -> Layout {
        let windows = self.windows();
        let style = Type::new(SMALL, Color::INK);
        let longest = self.arms.iter().map(|arm| style.width(&arm.name)).fold(0.0, f64::max);
        let direct = self.arms.len() as f64 * LABEL_GAP <= TALL + 20.0 && longest <= LONGEST;
        let right = if direct { longest + 34.0 } else { 12.0 };
        let columns = windows.len() as f64;
        let column = if columns > 1.0 { (680.0 / columns).max(200.0) } else { 560.0 };
        let width = LEFT + column * columns + BETWEEN * (columns - 1.0) + right + MARGIN;
        let lefts: Vec<f64> = (0..windows.len()).map(|k| LEFT + k as f64 * (column + BETWEEN)).collect();
        let legend_top = panel::heading(canvas, &self.title, &self.subtitle, width) + 4.0;
        let entries = self.entries(theme);
        let legend =
            if direct { 0.0 } else { panel::legend(canvas, &entries, (LEFT, legend_top), width - LEFT - MARGIN) };
        let times: Vec<Axis> =
            windows.iter().zip(&lefts).map(|(&window, &left)| Axis::time(window, left, left + column)).collect();
        let strip_top = legend_top + legend + 4.0;
        let mut top = strip_top + timeline.height(&times) + 26.0;
        let mut frames = Vec::new();
        for row in 0..self.populations.len() {
            let height = if row == 0 { TALL } else { LOW };
            frames.push(lefts.iter().map(|&left| Rect::new(left, top, left + column, top + height)).collect());
            top += height + 32.0;
        }
        Layout {
            width,
            frames,
            times,
            direct,
            legend_top,
            strip_top,
            bottom: top + if self.has_note() { 36.0 } else { 8.0 },
        }
    }

    /// Whether the meaning of the reference levels is written under the panels.
    fn is_referenced(&self) -> bool {
        let drawn = |row: usize| self.seen_reference(row, self.axis_ends(row)).is_some();
        (0..self.populations.len()).any(drawn) && !self.reference_name.is_empty()
    }

    /// What a row's axis shows: from zero in all rows or in none, so that they can be compared.
    fn axis_ends(&self, row: usize) -> (f64, f64) {
        let windows = self.windows();
        let range = |row: usize| self.row_range(row, &self.populations[row], &windows);
        let zero = (0..self.populations.len()).any(|row| Axis::reaches_zero(range(row)));
        let axis = if zero { Axis::with_zero } else { Axis::from_zero };
        axis(range(row), 0.0, 1.0).ends()
    }

    /// The reference level of a row, where no curve covers it from end to end.
    fn seen_reference(&self, row: usize, ends: (f64, f64)) -> Option<f64> {
        let level = self.populations[row].reference_hz.filter(|level| level.is_finite())?;
        let height = if row == 0 { TALL } else { LOW };
        let near = HIDDEN / height * (ends.1 - ends.0);
        let windows = self.windows();
        let inside = |t: f64| windows.iter().any(|w| t >= w.0 && t <= w.1);
        let covers = |arm: &ArmTrace| {
            let Some(rates) = arm.rates_hz.get(row) else { return false };
            let mut shown = arm.t_min.iter().zip(rates).filter(|(t, _)| inside(**t)).peekable();
            shown.peek().is_some() && shown.all(|(_, rate)| (rate - level).abs() <= near)
        };
        if self.arms.iter().any(covers) { None } else { Some(level) }
    }

    /// The arms from the lowest to the uppermost: references, then the others, the first of them last.
    fn layers(&self) -> Vec<&ArmTrace> {
        let of = |index: &usize| self.arms.get(*index);
        let others = (0..self.arms.len()).rev().filter(|index| !self.references.contains(index));
        self.references.iter().filter_map(of).chain(others.map(|index| &self.arms[index])).collect()
    }

    fn has_note(&self) -> bool {
        self.is_referenced() || self.observed.first().is_some_and(|o| o.arm < self.arms.len())
    }

    fn entries(&self, theme: &Theme) -> Vec<Entry> {
        let entry = |arm: &ArmTrace| Entry { name: arm.name.clone(), stroke: stroke(theme, &arm.name) };
        self.arms.iter().map(entry).collect()
    }

    /// The rates that a row must show: within the windows.
    fn row_range(&self, row: usize, population: &Population, windows: &[(f64, f64)]) -> Option<(f64, f64)> {
        let inside = |t: f64| windows.iter().any(|w| t >= w.0 && t <= w.1);
        let curves = self.arms.iter().filter_map(|arm| arm.rates_hz.get(row).map(|rates| arm.t_min.iter().zip(rates)));
        let shown = curves.flatten().filter(|(t, _)| inside(**t)).map(|(_, rate)| *rate);
        let measured = self.observed.iter().filter(|o| o.population == row && inside(o.t_min));
        let bars = measured.flat_map(|o| {
            let error = o.error_hz.unwrap_or(0.0);
            [o.rate_hz - error, o.rate_hz + error]
        });
        axis::range(shown.chain(bars).chain(population.reference_hz))
    }

    fn draw_row(
        &self,
        canvas: &mut Canvas,
        row: usize,
        population: &Population,
        layout: &Layout,
        (theme, timeline): (&Theme, &Timeline),
    ) {
        let ends = self.axis_ends(row);
        let reference = self.seen_reference(row, ends);
        let last_row = row + 1 == self.populations.len();
        for (column, (&frame, time)) in layout.frames[row].iter().zip(&layout.times).enumerate() {
            let y = Axis::linear(ends, frame.bottom, frame.top);
            let panel = Panel { frame, x: time.clone(), y };
            timeline.shade(canvas, time, &frame);
            if let Some(level) = reference {
                panel.level(canvas, level, reference_stroke());
            }
            for arm in self.layers() {
                let rates = arm.rates_hz.get(row).map_or(&[][..], Vec::as_slice);
                panel.curve(canvas, &arm.t_min, rates, stroke(theme, &arm.name));
            }
            self.draw_observed(canvas, &panel, row, theme);
            panel.draw_axes(canvas, last_row, column == 0);
            if column == 0 {
                let name = font::fit(&population.name, panel::LABEL, true, frame.width());
                panel.title(canvas, &name, theme.population(&population.name));
            }
            if layout.direct && row == 0 && column + 1 == layout.times.len() {
                self.label_ends(canvas, &panel, theme);
            }
        }
    }

    fn draw_observed(&self, canvas: &mut Canvas, panel: &Panel, row: usize, theme: &Theme) {
        for o in self.observed.iter().filter(|o| o.population == row) {
            let Some(arm) = self.arms.get(o.arm) else { continue };
            let (x, y) = (panel.x.at(o.t_min), panel.y.at(o.rate_hz));
            if !panel.frame.grown(1.0).contains((x, y)) {
                continue;
            }
            let color = theme.arm(&arm.name).0;
            if let Some(error) = o.error_hz.filter(|e| e.is_finite()) {
                let inside = |v: f64| panel.y.at(v).clamp(panel.frame.top, panel.frame.bottom);
                let (low, high) = (inside(o.rate_hz - error.abs()), inside(o.rate_hz + error.abs()));
                let bar = Stroke::solid(color, 1.3);
                canvas.line(&[(x, low), (x, high)], bar);
                canvas.line(&[(x - 3.0, low), (x + 3.0, low)], bar);
                canvas.line(&[(x - 3.0, high), (x + 3.0, high)], bar);
            }
            canvas.disc((x, y), 4.6, color);
            canvas.disc((x, y), 3.1, Color::WHITE);
        }
    }

    /// Arm names at the right, each beside the end of its curve or as near as the others let it.
    fn label_ends(&self, canvas: &mut Canvas, panel: &Panel, theme: &Theme) {
        let end = |arm: &ArmTrace| End {
            text: font::fit(&arm.name, SMALL, false, LONGEST),
            y: panel.end_of(&arm.t_min, arm.rates_hz.first().map_or(&[][..], Vec::as_slice)),
            color: theme.arm(&arm.name).0,
        };
        let ends: Vec<End> = self.arms.iter().map(end).collect();
        panel.label_ends(canvas, &ends, (panel.frame.top - 8.0, panel.frame.bottom + 10.0));
    }

    /// Axis titles and the note under the panels.
    fn draw_surroundings(&self, canvas: &mut Canvas, layout: &Layout, theme: &Theme) {
        let (Some(first), Some(last)) = (layout.frames.first(), layout.frames.last()) else {
            canvas.text("no populations", (MARGIN, layout.legend_top + 20.0), Type::new(SMALL, Color::SOFT));
            return;
        };
        for (frame, time) in last.iter().zip(&layout.times) {
            let (low, high) = time.ends();
            let title = format!("time ({})", axis::time_unit(high - low).name);
            panel::title_below(canvas, &title, f64::midpoint(frame.left, frame.right), frame.bottom);
        }
        let middle = f64::midpoint(first[0].top, last[0].bottom);
        panel::title_upright(canvas, "firing rate (Hz)", MARGIN + 8.0, middle);
        let mut x = LEFT;
        let y = last[0].bottom + 56.0;
        let note = Type::new(SMALL, Color::SOFT);
        if self.is_referenced() {
            canvas.line(&[(x, y), (x + 24.0, y)], reference_stroke());
            let name = font::fit(&self.reference_name, SMALL, false, 260.0);
            canvas.text_beside(&name, (x + 30.0, y), note);
            x += 30.0 + note.width(&name) + 24.0;
        }
        if let Some(arm) = self.observed.first().and_then(|o| self.arms.get(o.arm)) {
            canvas.disc((x + 5.0, y), 4.6, theme.arm(&arm.name).0);
            canvas.disc((x + 5.0, y), 3.1, Color::WHITE);
            canvas.text_beside("measured", (x + 15.0, y), note);
        }
    }
}

fn stroke(theme: &Theme, arm: &str) -> Stroke {
    let (color, dash) = theme.arm(arm);
    Stroke { color, width: CURVE, dash }
}

fn reference_stroke() -> Stroke {
    Stroke { color: Color::FAINT, width: 1.2, dash: Dash::Dashed }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(control: [f64; 3]) -> RatesFigure {
        let arm = |name: &str, rates: [f64; 3]| ArmTrace {
            name: name.into(),
            t_min: vec![0.0, 50.0, 100.0],
            rates_hz: vec![rates.to_vec(), rates.map(|rate| rate + 8.0).to_vec()],
        };
        let population =
            |name: &str, level| Population { name: name.into(), role: Role::Excitatory, reference_hz: Some(level) };
        RatesFigure {
            populations: vec![population("A", 4.0), population("B", 12.0)],
            arms: vec![arm("control", control), arm("main", [2.0, 5.0, 3.0]), arm("other", [2.0, 5.0, 3.0])],
            references: vec![0],
            reference_name: "rest of control".into(),
            ..RatesFigure::default()
        }
    }

    #[test]
    fn a_level_that_a_curve_covers_is_neither_drawn_nor_explained() {
        let explained = |figure: &RatesFigure| {
            let drawn = figure.render(&Theme::default());
            drawn.labels().iter().any(|label| label.text == "rest of control")
        };
        assert!(!explained(&figure([4.0, 4.0, 4.0])));
        assert!(explained(&figure([4.0, 6.0, 4.0])));
    }

    #[test]
    fn references_lie_lowest_and_the_first_other_arm_uppermost() {
        let figure = figure([4.0; 3]);
        let names: Vec<&str> = figure.layers().into_iter().map(|arm| arm.name.as_str()).collect();
        assert_eq!(names, ["control", "other", "main"]);
    }

    #[test]
    fn rows_start_at_zero_together() {
        let figure = figure([4.0; 3]);
        assert_eq!([figure.axis_ends(0).0, figure.axis_ends(1).0], [0.0, 0.0]);
    }
}
