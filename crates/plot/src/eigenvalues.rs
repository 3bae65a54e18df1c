//! Eigenvalues in the complex plane: what dies out, how fast, and what oscillates.

use super::axis::{self, Axis};
use super::canvas::{Canvas, Dash, Figure, Stroke, Type};
use super::geometry::Rect;
use super::palette::{Color, Theme};
use super::panel::{self, Entry, MARGIN, Panel, SMALL};

/// The eigenvalues of one state.
#[derive(Clone, Debug, Default)]
pub struct EigenvalueSet {
    /// The arm or circuit.
    pub arm: String,
    /// Real and imaginary parts, in 1/s.
    pub values_per_s: Vec<(f64, f64)>,
}

/// Eigenvalues in the plane.
#[derive(Clone, Debug, Default)]
pub struct EigenvalueFigure {
    /// Title.
    pub title: String,
    /// What stands under it.
    pub subtitle: String,
    /// The sets.
    pub sets: Vec<EigenvalueSet>,
}

const LEFT: f64 = 76.0;
const WIDE: f64 = 420.0;
const TALL: f64 = 270.0;

impl EigenvalueFigure {
    /// Draws the figure.
    pub fn render(&self, theme: &Theme) -> Figure {
        let mut theme = theme.clone();
        self.sets.iter().for_each(|set| theme.learn_arm(&set.arm));
        let mut canvas = Canvas::new();
        let width = LEFT + WIDE + MARGIN + 12.0;
        let top = panel::heading(&mut canvas, &self.title, &self.subtitle, width) + 8.0;
        let entry = |set: &EigenvalueSet| {
            let (color, _) = theme.arm(&set.arm);
            Entry { name: set.arm.clone(), stroke: Stroke::solid(color, 7.0) }
        };
        let entries: Vec<Entry> = self.sets.iter().map(entry).collect();
        let top = top + panel::legend(&mut canvas, &entries, (MARGIN, top), width - 2.0 * MARGIN) + 16.0;
        let frame = Rect::new(LEFT, top, LEFT + WIDE, top + TALL);
        let all = || self.sets.iter().flat_map(|set| set.values_per_s.iter().copied());
        let (low, high) = axis::range(all().map(|value| value.0).chain([0.0])).unwrap_or((-1.0, 0.0));
        let room = 0.08 * (high - low).max(1e-9);
        // Frequencies, as they are heard in a spectrum.
        let frequency = |im: f64| im / std::f64::consts::TAU;
        let sizes = all().map(|value| frequency(value.1).abs());
        let tallest =
            1.15 * sizes.filter(|size| size.is_finite()).fold(0.0, f64::max).max(1e-9 * (high - low).max(1.0));
        let tallest = if tallest < 1e-6 { 1.0 } else { tallest };
        let panel = Panel {
            frame,
            x: Axis::linear((low - room, high + room), frame.left, frame.right),
            y: Axis::linear((-tallest, tallest), frame.bottom, frame.top),
        };
        let zero = panel.x.at(0.0);
        canvas.rect(Rect::new(zero, frame.top, frame.right, frame.bottom), Color::WASH);
        panel.level(&mut canvas, 0.0, Stroke { color: Color::FAINT, width: 1.0, dash: Dash::Dotted });
        canvas.line(&[(zero, frame.top), (zero, frame.bottom)], Stroke::solid(Color::FAINT, 1.2));
        for (rank, set) in self.sets.iter().enumerate() {
            let (color, _) = theme.arm(&set.arm);
            // Later sets are smaller, so that equal eigenvalues are all seen.
            let radius = (6.5 - 1.5 * rank as f64).max(2.5);
            for (re, im) in &set.values_per_s {
                let place = (panel.x.at(*re), panel.y.at(frequency(*im)));
                canvas.disc(place, radius + 1.0, Color::WHITE);
                canvas.disc(place, radius, color);
            }
        }
        panel.draw_axes(&mut canvas, true, true);
        let note = Type::new(SMALL, Color::SOFT);
        if frame.right - zero > note.width("unstable") + 10.0 {
            canvas.text("unstable", (zero + 6.0, frame.top + 14.0), note);
        }
        panel::title_below(&mut canvas, "real part (1/s)", frame.left + WIDE / 2.0, frame.bottom);
        panel::title_upright(&mut canvas, "imaginary part / 2π (Hz)", MARGIN + 4.0, frame.top + TALL / 2.0);
        canvas.finish(&self.title, width, frame.bottom + 44.0 + MARGIN / 2.0)
    }
}
