//! Free concentration, occupancy and activation over time: a column per arm, three rows that share its time axis.

use super::axis::{self, Axis};
use super::canvas::{Align, Canvas, Dash, Figure, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Theme};
use super::panel::{self, CURVE, LABEL, MARGIN, Panel, SMALL};
use super::timeline::{Dose, Span, Timeline};

/// A ligand's free concentration over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Concentration {
    /// Name of the ligand.
    pub ligand: String,
    /// Concentration at each time, in nM.
    pub nanomolar: Vec<f64>,
}

/// The share of a receptor that a ligand occupies over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupancy {
    /// Name of the receptor.
    pub receptor: String,
    /// Name of the ligand.
    pub ligand: String,
    /// Share at each time, 0 to 1.
    pub share: Vec<f64>,
}

/// The activation of a receptor on the cells of a population over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// Name of the receptor.
    pub receptor: String,
    /// Name of the population.
    pub population: String,
    /// Activation at each time, 0 to 1.
    pub value: Vec<f64>,
}

/// The pharmacology of one arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmPharmacology {
    /// The arm's name.
    pub name: String,
    /// Times, in minutes.
    pub t_min: Vec<f64>,
    /// Concentrations; all arms list the same ligands in the same order.
    pub concentrations: Vec<Concentration>,
    /// Occupancies; all arms list the same ones in the same order.
    pub occupancies: Vec<Occupancy>,
    /// Activations; all arms list the same ones in the same order.
    pub activations: Vec<Activation>,
    /// Doses given in this arm.
    pub doses: Vec<Dose>,
    /// Injections and blocks of this arm.
    pub spans: Vec<Span>,
}

/// How concentrations are spread along their axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ConcentrationScale {
    /// From zero.
    Linear,
    /// Logarithmic, over at most so many decades below the largest.
    Log {
        /// How many decades.
        decades: f64,
    },
}

/// Concentration, occupancy and activation over time.
#[derive(Clone, Debug, PartialEq)]
pub struct PharmacologyFigure {
    /// Title.
    pub title: String,
    /// A line under the title; may be empty.
    pub subtitle: String,
    /// Arms, a column each: up to four read well.
    pub arms: Vec<ArmPharmacology>,
    /// Window of time (from, to; minutes); all where none.
    pub window_min: Option<(f64, f64)>,
    /// Scale of concentrations.
    pub scale: ConcentrationScale,
}

const LEFT: f64 = 78.0;
const HEIGHT: f64 = 138.0;
const BETWEEN: f64 = 22.0;
const LEGEND: f64 = 178.0;
const LEGEND_ROW: f64 = 16.5;

/// A curve of one row: its name, its look, and where its values are.
struct Curve {
    name: String,
    stroke: Stroke,
    values: fn(&ArmPharmacology, usize) -> Option<&[f64]>,
    index: usize,
}

/// One of the three rows.
struct Row {
    title: &'static str,
    curves: Vec<Curve>,
    logarithmic: Option<f64>,
    unit_range: bool,
}

impl PharmacologyFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        for arm in &self.arms {
            theme.learn_arm(&arm.name);
            arm.concentrations.iter().for_each(|curve| theme.learn_substance(&curve.ligand));
        }
        let rows = self.rows(&theme);
        let mut canvas = Canvas::new();
        let columns = self.arms.len().max(1) as f64;
        let column = (760.0 / columns).clamp(170.0, 420.0);
        let width = LEFT + columns * column + (columns - 1.0) * BETWEEN + 16.0 + LEGEND + MARGIN;
        let heading = panel::heading(&mut canvas, &self.title, &self.subtitle, width);
        let window = self.window();
        let lefts: Vec<f64> = (0..self.arms.len()).map(|k| LEFT + k as f64 * (column + BETWEEN)).collect();
        let times: Vec<Axis> = lefts.iter().map(|left| Axis::time(window, *left, left + column)).collect();
        let timelines: Vec<Timeline> = self.arms.iter().map(|arm| Timeline::new(&arm.doses, &arm.spans)).collect();
        let strips = timelines.iter().zip(&times).map(|(timeline, time)| timeline.height(std::slice::from_ref(time)));
        let strip_top = heading + 30.0;
        let top = strip_top + strips.fold(0.0, f64::max) + 10.0;
        let mut bottom = top;
        for (number, row) in rows.iter().enumerate() {
            let needed = row.curves.len() as f64 * LEGEND_ROW;
            let frame_top = if number == 0 { top } else { bottom + 26.0 };
            bottom = frame_top + HEIGHT.max(needed);
            let last = number + 1 == rows.len();
            let frames: Vec<Rect> =
                lefts.iter().map(|left| Rect::new(*left, frame_top, left + column, bottom)).collect();
            self.draw_row(&mut canvas, row, &frames, (&times, &timelines), last);
        }
        for (index, arm) in self.arms.iter().enumerate() {
            let frame = Rect::new(lefts[index], top, lefts[index] + column, bottom);
            let name = font::fit(&arm.name, LABEL, true, column);
            canvas.text(&name, (frame.left, heading + 18.0), Type::new(LABEL, theme.arm(&arm.name).0).bold());
            let (time, names) = (std::slice::from_ref(&times[index]), [arm.name.as_str()]);
            timelines[index].draw(&mut canvas, time, &[frame], strip_top, (&theme, &names));
            let title = format!("time ({})", axis::time_unit(window.1 - window.0).name);
            panel::title_below(&mut canvas, &title, f64::midpoint(frame.left, frame.right), bottom);
        }
        if self.arms.is_empty() {
            canvas.text("no arms", (MARGIN, top + 20.0), Type::new(SMALL, Color::SOFT));
        }
        canvas.finish(&self.title, width, bottom + 44.0 + MARGIN / 2.0)
    }

    fn window(&self) -> (f64, f64) {
        let times = self.arms.iter().flat_map(|arm| arm.t_min.iter().copied());
        self.window_min.unwrap_or_else(|| axis::range(times).unwrap_or((0.0, 60.0)))
    }

    fn rows(&self, theme: &Theme) -> [Row; 3] {
        let Some(first) = self.arms.first() else { return [Row::EMPTY; 3] };
        let receptors: Vec<&str> =
            first.activations.iter().map(|curve| curve.receptor.as_str()).fold(Vec::new(), |mut known, name| {
                if !known.contains(&name) {
                    known.push(name);
                }
                known
            });
        let dash = |receptor: &str| Theme::dash(receptors.iter().position(|known| *known == receptor).unwrap_or(0));
        let stroke = |color: Color, dash: Dash| Stroke { color, width: CURVE, dash };
        let concentrations = first.concentrations.iter().enumerate().map(|(index, curve)| Curve {
            name: curve.ligand.clone(),
            stroke: stroke(theme.substance(&curve.ligand), Dash::Solid),
            values: |arm, index| arm.concentrations.get(index).map(|curve| curve.nanomolar.as_slice()),
            index,
        });
        let occupancies = first.occupancies.iter().enumerate().map(|(index, curve)| Curve {
            name: format!("{} by {}", curve.receptor, curve.ligand),
            stroke: stroke(theme.substance(&curve.ligand), dash(&curve.receptor)),
            values: |arm, index| arm.occupancies.get(index).map(|curve| curve.share.as_slice()),
            index,
        });
        let activations = first.activations.iter().enumerate().map(|(index, curve)| Curve {
            name: format!("{} on {}", curve.receptor, curve.population),
            stroke: stroke(theme.population(&curve.population), dash(&curve.receptor)),
            values: |arm, index| arm.activations.get(index).map(|curve| curve.value.as_slice()),
            index,
        });
        let logarithmic = match self.scale {
            ConcentrationScale::Linear => None,
            ConcentrationScale::Log { decades } => Some(decades),
        };
        [
            Row { title: "free (nM)", curves: concentrations.collect(), logarithmic, unit_range: false },
            Row { title: "occupancy", curves: occupancies.collect(), logarithmic: None, unit_range: true },
            Row { title: "activation", curves: activations.collect(), logarithmic: None, unit_range: true },
        ]
    }

    fn draw_row(
        &self,
        canvas: &mut Canvas,
        row: &Row,
        frames: &[Rect],
        (times, timelines): (&[Axis], &[Timeline]),
        last: bool,
    ) {
        let Some(outer) = frames.first().zip(frames.last()) else { return };
        let all =
            self.arms.iter().flat_map(|arm| row.curves.iter().filter_map(|curve| (curve.values)(arm, curve.index)));
        let positive = |value: &&f64| row.logarithmic.is_none() || **value > 0.0;
        let ends = axis::range(all.flatten().filter(positive).copied());
        for (((arm, frame), time), timeline) in self.arms.iter().zip(frames).zip(times).zip(timelines) {
            let y = match row.logarithmic {
                Some(decades) => Axis::log(ends, decades, frame.bottom, frame.top),
                None if row.unit_range => Axis::from_zero(Some((0.0, 0.98)), frame.bottom, frame.top),
                None => Axis::from_zero(ends, frame.bottom, frame.top),
            };
            let panel = Panel { frame: *frame, x: time.clone(), y };
            timeline.shade(canvas, time, frame);
            for curve in &row.curves {
                if let Some(values) = (curve.values)(arm, curve.index) {
                    panel.curve(canvas, &arm.t_min, values, curve.stroke);
                }
            }
            panel.draw_axes(canvas, last, frame.left == outer.0.left);
        }
        let middle = f64::midpoint(outer.0.top, outer.0.bottom);
        panel::title_upright(canvas, row.title, MARGIN + 8.0, middle);
        for (index, curve) in row.curves.iter().enumerate() {
            let (x, y) = (outer.1.right + 18.0, outer.0.top + (index as f64 + 0.5) * LEGEND_ROW);
            canvas.line(&[(x, y), (x + 26.0, y)], curve.stroke);
            let name = font::fit(&curve.name, SMALL, false, LEGEND - 36.0);
            canvas.text_beside(&name, (x + 32.0, y), Type::new(SMALL, Color::INK).align(Align::Start));
        }
    }
}

impl Row {
    const EMPTY: Self = Self { title: "", curves: Vec::new(), logarithmic: None, unit_range: true };
}
