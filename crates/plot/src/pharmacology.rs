//! What a drug does on its way to the rates: free concentrations, occupancies and activations over time, a column of
//! three panels per arm.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Figure, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::labels::LABEL_GAP;
use super::palette::{Color, Role, Theme};
use super::panel::{self, CURVE, End, LABEL, MARGIN, Panel, SMALL};
use super::timeline::{Dose, Span, Timeline};

/// How concentrations are spread along their axis.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ConcentrationScale {
    /// From zero, evenly.
    #[default]
    Linear,
    /// Evenly by decades.
    Log {
        /// At most so many decades below the highest concentration are shown.
        decades: f64,
    },
}

/// Free concentration of a ligand.
#[derive(Clone, Debug, PartialEq)]
pub struct Concentration {
    /// The ligand's name.
    pub ligand: String,
    /// Concentration at each time (nM).
    pub nanomolar: Vec<f64>,
}

/// How much of a receptor a ligand occupies.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupancy {
    /// The receptor's name.
    pub receptor: String,
    /// The ligand's name.
    pub ligand: String,
    /// Share of the receptors at each time, 0 to 1.
    pub share: Vec<f64>,
}

/// How active the receptors of a population are.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    /// The receptor's name.
    pub receptor: String,
    /// The population whose cells carry it.
    pub population: String,
    /// Activation at each time, 0 to 1.
    pub value: Vec<f64>,
    /// Activation without any drug; a thin line.
    pub resting: Option<f64>,
}

/// The pharmacology of one arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmPharmacology {
    /// The arm's name.
    pub name: String,
    /// Times, in minutes.
    pub t_min: Vec<f64>,
    /// Ligands.
    pub concentrations: Vec<Concentration>,
    /// Receptors and what occupies them.
    pub occupancies: Vec<Occupancy>,
    /// Receptors of populations.
    pub activations: Vec<Activation>,
}

/// Concentrations, occupancies and activations of a few arms over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PharmacologyFigure {
    /// Title.
    pub title: String,
    /// A line under the title; may be empty.
    pub subtitle: String,
    /// Arms, a column each: up to three side by side, four as two by two.
    pub arms: Vec<ArmPharmacology>,
    /// Doses; their arms are indices of `arms`.
    pub doses: Vec<Dose>,
    /// Exposures, injections, blocks; their arms are indices of `arms`.
    pub spans: Vec<Span>,
    /// Window of time (from, to; minutes). None: all.
    pub window_min: Option<(f64, f64)>,
    /// Scale of the concentrations.
    pub scale: ConcentrationScale,
}

const LEFT: f64 = 84.0;
/// Least heights of the rows.
const LOW: [f64; 3] = [132.0, 112.0, 112.0];
const BETWEEN_ROWS: f64 = 20.0;
const BETWEEN_COLUMNS: f64 = 14.0;
/// Longest label at the end of a curve, in pixels.
const LONGEST: f64 = 190.0;
const ROWS: [&str; 3] = ["free concentration (nM)", "occupancy", "activation"];

/// A curve with its name and looks.
struct Curve<'a> {
    name: String,
    values: &'a [f64],
    stroke: Stroke,
    resting: Option<f64>,
}

/// Sizes that all arms share.
struct Layout {
    window: (f64, f64),
    columns: usize,
    column: f64,
    pitch: f64,
    rows: [f64; 3],
    strip: f64,
    block: f64,
}

impl PharmacologyFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let theme = self.learnt(theme);
        let mut canvas = Canvas::new();
        let curves: Vec<[Vec<Curve<'_>>; 3]> = self.arms.iter().map(|arm| arm.curves(&theme)).collect();
        let layout = self.lay_out(&curves);
        let width = (LEFT + layout.pitch * layout.columns as f64 - BETWEEN_COLUMNS + MARGIN).max(360.0);
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 10.0;
        if self.arms.is_empty() {
            canvas.text("no arms", (MARGIN, top + 16.0), Type::new(SMALL, Color::SOFT));
        }
        let ranges = [0, 1, 2].map(|row| self.row_range(row, &curves, layout.window));
        for (k, arm) in self.arms.iter().enumerate() {
            let left = LEFT + layout.pitch * (k % layout.columns) as f64;
            let block_top = top + layout.block * (k / layout.columns) as f64;
            let time = Axis::time(layout.window, left, left + layout.column);
            let frames = layout.frames(left, block_top);
            let name = font::fit(&arm.name, LABEL, true, layout.pitch - BETWEEN_COLUMNS);
            let color = theme.arm(&arm.name).0;
            canvas.text(&name, (left + 1.0, block_top + 14.0), Type::new(LABEL, color).bold());
            let timeline = self.timeline(k).with_room(layout.pitch - BETWEEN_COLUMNS - layout.column - 40.0);
            let axes = [time];
            timeline.draw(&mut canvas, &axes, &frames[..1], block_top + 20.0, (&theme, &[arm.name.as_str()]));
            for (row, &frame) in frames.iter().enumerate() {
                timeline.shade(&mut canvas, &axes[0], &frame);
                let panel = Panel { frame, x: axes[0].clone(), y: self.value_axis(row, ranges[row], &frame) };
                draw_panel(&mut canvas, &panel, &arm.t_min, &curves[k][row]);
                panel.draw_axes(&mut canvas, row == 2, k % layout.columns == 0);
                if k % layout.columns == 0 {
                    let middle = f64::midpoint(frame.top, frame.bottom);
                    panel::title_upright(&mut canvas, ROWS[row], MARGIN + 8.0, middle);
                }
            }
            let title = format!("time ({})", axis::time_unit(layout.window.1 - layout.window.0).name);
            panel::title_below(&mut canvas, &title, left + layout.column / 2.0, frames[2].bottom);
        }
        let bottom = top + layout.block * self.arms.len().div_ceil(layout.columns) as f64;
        canvas.finish(&self.title, width, bottom.max(top + 20.0) + MARGIN)
    }

    fn learnt(&self, theme: &Theme) -> Theme {
        let mut theme = theme.clone();
        for arm in &self.arms {
            theme.learn_arm(&arm.name);
            arm.concentrations.iter().for_each(|c| theme.learn_substance(&c.ligand));
            arm.occupancies.iter().for_each(|o| theme.learn_substance(&o.receptor));
            arm.activations.iter().for_each(|a| theme.learn_population(&a.population, Role::Inhibitory));
        }
        theme
    }

    /// What was done to one arm.
    fn timeline(&self, arm: usize) -> Timeline {
        let doses: Vec<Dose> = self.doses.iter().filter(|d| d.arms.contains(&arm)).cloned().collect();
        let spans: Vec<Span> = self.spans.iter().filter(|s| s.arms.contains(&arm)).cloned().collect();
        Timeline::new(&doses, &spans)
    }

    fn window(&self) -> (f64, f64) {
        let sound = |w: &(f64, f64)| w.0.is_finite() && w.1.is_finite() && w.0 < w.1;
        let times = self.arms.iter().flat_map(|arm| arm.t_min.iter().copied());
        self.window_min.filter(sound).or_else(|| axis::range(times)).unwrap_or((0.0, 60.0))
    }

    fn lay_out(&self, curves: &[[Vec<Curve<'_>>; 3]]) -> Layout {
        let columns = match self.arms.len() {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        };
        let column = [430.0, 270.0, 205.0][columns - 1];
        let style = Type::new(SMALL, Color::INK);
        let names = curves.iter().flatten().flatten().map(|curve| style.width(&curve.name));
        let longest = names.fold(0.0, f64::max).min(LONGEST);
        let rows = [0, 1, 2].map(|row| {
            let most = curves.iter().map(|arm| arm[row].len()).max().unwrap_or(0);
            LOW[row].max(most as f64 * LABEL_GAP - 16.0)
        });
        let window = self.window();
        let axes = [Axis::time(window, 0.0, column)];
        let strip = (0..self.arms.len()).map(|arm| self.timeline(arm).height(&axes)).fold(0.0, f64::max);
        let block = 20.0 + strip + 14.0 + rows.iter().sum::<f64>() + 2.0 * BETWEEN_ROWS + 52.0;
        Layout { window, columns, column, pitch: column + 34.0 + longest + BETWEEN_COLUMNS, rows, strip, block }
    }

    /// The values that a row shows within the window, over all arms.
    fn row_range(&self, row: usize, curves: &[[Vec<Curve<'_>>; 3]], window: (f64, f64)) -> Option<(f64, f64)> {
        let log = row == 0 && matches!(self.scale, ConcentrationScale::Log { .. });
        let shown = self.arms.iter().zip(curves).flat_map(|(arm, rows)| {
            let values = rows[row].iter().flat_map(|curve| arm.t_min.iter().zip(curve.values));
            values.filter(|(t, _)| **t >= window.0 && **t <= window.1).map(|(_, value)| *value)
        });
        let resting = curves.iter().flat_map(|rows| rows[row].iter().filter_map(|curve| curve.resting));
        axis::range(shown.chain(resting).filter(|value| !log || *value > 0.0))
    }

    /// Shares fill their axis from 0 to 1 unless they all are small.
    fn value_axis(&self, row: usize, ends: Option<(f64, f64)>, frame: &Rect) -> Axis {
        let (from, to) = (frame.bottom, frame.top);
        match (row, self.scale) {
            (0, ConcentrationScale::Log { decades }) => {
                let decades = if decades.is_finite() { decades.clamp(0.5, 60.0) } else { 4.0 };
                Axis::log(ends, decades, from, to)
            }
            (0, ConcentrationScale::Linear) => Axis::from_zero(ends.map(|(low, high)| (low.min(0.0), high)), from, to),
            _ => match ends {
                Some((low, high)) if high <= 0.4 && high > 0.0 => Axis::from_zero(Some((low.min(0.0), high)), from, to),
                Some((low, high)) => Axis::linear((low.min(0.0), high.max(1.0)), from, to),
                None => Axis::linear((0.0, 1.0), from, to),
            },
        }
    }
}

impl Layout {
    fn frames(&self, left: f64, block_top: f64) -> [Rect; 3] {
        let mut top = block_top + 20.0 + self.strip + 14.0;
        self.rows.map(|height| {
            let frame = Rect::new(left, top, left + self.column, top + height);
            top += height + BETWEEN_ROWS;
            frame
        })
    }
}

impl ArmPharmacology {
    /// Ligands in their colours; occupancies in the receptor's, its ligands with different dashes; activations in
    /// the population's, its receptors with different dashes.
    fn curves(&self, theme: &Theme) -> [Vec<Curve<'_>>; 3] {
        let concentrations = self.concentrations.iter().map(|c| Curve {
            name: fit(&c.ligand),
            values: &c.nanomolar,
            stroke: Stroke::solid(theme.substance(&c.ligand), CURVE),
            resting: None,
        });
        let occupancies = self.occupancies.iter().enumerate().map(|(k, o)| {
            let rank = self.occupancies[..k].iter().filter(|other| other.receptor == o.receptor).count();
            Curve {
                name: fit(&format!("{} · {}", o.receptor, o.ligand)),
                values: &o.share,
                stroke: Stroke { color: theme.substance(&o.receptor), width: CURVE, dash: Theme::dash(rank) },
                resting: None,
            }
        });
        let activations = self.activations.iter().enumerate().map(|(k, a)| {
            let rank = self.activations[..k].iter().filter(|other| other.population == a.population).count();
            Curve {
                name: fit(&format!("{}@{}", a.receptor, a.population)),
                values: &a.value,
                stroke: Stroke { color: theme.population(&a.population), width: CURVE, dash: Theme::dash(rank) },
                resting: a.resting,
            }
        });
        [concentrations.collect(), occupancies.collect(), activations.collect()]
    }
}

fn fit(name: &str) -> String {
    font::fit(name, SMALL, false, LONGEST)
}

fn draw_panel(canvas: &mut Canvas, panel: &Panel, times: &[f64], curves: &[Curve<'_>]) {
    for curve in curves {
        if let Some(level) = curve.resting {
            panel.level(canvas, level, Stroke::solid(curve.stroke.color.tint(0.4), 1.0));
        }
    }
    let mut ends = Vec::new();
    for curve in curves {
        panel.curve(canvas, times, curve.values, curve.stroke);
        ends.push(End { text: curve.name.clone(), y: panel.end_of(times, curve.values), color: curve.stroke.color });
    }
    if curves.is_empty() {
        let middle = f64::midpoint(panel.frame.top, panel.frame.bottom);
        canvas.text_beside("none", (panel.frame.left + 12.0, middle), Type::new(SMALL, Color::SOFT));
    }
    panel.label_ends(canvas, &ends, (panel.frame.top - 4.0, panel.frame.bottom + 4.0));
}
