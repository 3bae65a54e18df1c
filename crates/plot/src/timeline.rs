//! What was done when, above panels that share a time axis: doses as arrow-heads, exposures, injections and blocks as
//! bars, with the colours of the arms concerned where these are not all.

use super::axis::Axis;
use super::canvas::{Align, Canvas, Dash, Stroke, Type};
use super::font;
use super::geometry::Rect;
use super::palette::{Color, Theme};
use super::panel::SMALL;

/// A dose given to some arms.
#[derive(Clone, Debug, PartialEq)]
pub struct Dose {
    /// Name of the ligand.
    pub ligand: String,
    /// The amount with its unit, as it should be read ("10 mg/kg").
    pub amount: String,
    /// When, in minutes.
    pub at_min: f64,
    /// Indices of the arms that got it.
    pub arms: Vec<usize>,
}

/// What lasts for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Exposure to stress.
    Exposure,
    /// An injected drive or current.
    Injection,
    /// A block of receptors.
    Block,
}

/// Something that lasted for a while in some arms.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// What kind of thing.
    pub kind: SpanKind,
    /// What is written beside it.
    pub label: String,
    /// Begin, in minutes; may be minus infinity.
    pub from_min: f64,
    /// End, in minutes; may be infinity.
    pub to_min: f64,
    /// Indices of the arms concerned.
    pub arms: Vec<usize>,
}

impl SpanKind {
    fn color(self) -> Color {
        match self {
            Self::Exposure => Color(150, 130, 110),
            Self::Injection => Color(86, 140, 190),
            Self::Block => Color(150, 120, 170),
        }
    }
}

/// A thing to be marked, be it a dose or a span.
struct Event {
    /// What was given; empty for what lasts.
    ligand: String,
    label: String,
    from: f64,
    to: f64,
    kind: Option<SpanKind>,
    arms: Vec<usize>,
}

/// The strip over panels: events in rows.
pub(super) struct Timeline {
    events: Vec<Event>,
}

/// Height of a row of the strip, in pixels.
const ROW: f64 = 19.0;
/// Most arms whose colours are shown beside one event.
const CHIPS: usize = 10;

impl Timeline {
    /// The same thing done to several arms at the same time is one event.
    pub(super) fn new(doses: &[Dose], spans: &[Span]) -> Self {
        let mut timeline = Self { events: Vec::new() };
        for span in spans {
            timeline.add(("", &span.label), (span.from_min, span.to_min), Some(span.kind), &span.arms);
        }
        for dose in doses {
            timeline.add((&dose.ligand, &dose.amount), (dose.at_min, dose.at_min), None, &dose.arms);
        }
        timeline
    }

    fn add(&mut self, (ligand, label): (&str, &str), (from, to): (f64, f64), kind: Option<SpanKind>, arms: &[usize]) {
        if from.is_nan() || to.is_nan() || from > to {
            return;
        }
        let same =
            |e: &&mut Event| e.ligand == ligand && e.label == label && e.from == from && e.to == to && e.kind == kind;
        if let Some(event) = self.events.iter_mut().find(same) {
            let new = arms.iter().filter(|arm| !event.arms.contains(arm)).copied().collect::<Vec<_>>();
            event.arms.extend(new);
        } else {
            let (ligand, label) = (ligand.to_owned(), label.to_owned());
            self.events.push(Event { ligand, label, from, to, kind, arms: arms.to_vec() });
        }
    }

    /// What is seen over these time axes, in rows: doses of one ligand to the same arms share a row.
    fn rows(&self, axes: &[Axis]) -> Vec<Vec<&Event>> {
        let seen = |event: &&Event| axes.iter().any(|axis| event.is_in(axis.ends()));
        let mut rows: Vec<Vec<&Event>> = Vec::new();
        for event in self.events.iter().filter(seen) {
            let alike = |row: &&mut Vec<&Event>| {
                row.iter().all(|other| {
                    event.kind.is_none()
                        && other.kind.is_none()
                        && other.ligand == event.ligand
                        && other.arms == event.arms
                })
            };
            match rows.iter_mut().find(alike) {
                Some(row) => row.push(event),
                None => rows.push(vec![event]),
            }
        }
        rows
    }

    /// Height of the strip over these time axes.
    pub(super) fn height(&self, axes: &[Axis]) -> f64 {
        let rows = self.rows(axes).len();
        if rows == 0 { 0.0 } else { ROW * rows as f64 + 6.0 }
    }

    /// Draws the strip with its upper edge at `top`. `arms` are the names of all arms.
    pub(super) fn draw(&self, canvas: &mut Canvas, axes: &[Axis], frames: &[Rect], top: f64, style: (&Theme, &[&str])) {
        let limits = (frames.first().map_or(0.0, |f| f.left), frames.last().map_or(0.0, |f| f.right));
        for (row, events) in self.rows(axes).iter().enumerate() {
            let y = top + ROW * (row as f64 + 0.5);
            let places = axes.iter().zip(frames).flat_map(|(axis, frame)| {
                events.iter().filter_map(move |event| Some((*event, visible(event, axis, frame)?)))
            });
            let places: Vec<(&Event, (f64, f64))> = places.collect();
            for (event, place) in &places {
                mark(canvas, event.kind, *place, y);
            }
            if let (Some((first, _)), Some((last, _))) = (places.first(), places.last()) {
                let amounts = if first.label == last.label {
                    first.label.clone()
                } else {
                    format!("{} to {}", first.label, last.label)
                };
                let label = format!("{} {amounts}", first.ligand);
                let marks: Vec<(f64, f64)> = places.iter().map(|(_, place)| *place).collect();
                first.draw_label(canvas, label.trim(), (&marks, y), limits, style);
            }
        }
    }

    /// Light bands and thin lines down the panels, behind the curves. What fills nearly all of a panel is left out.
    pub(super) fn shade(&self, canvas: &mut Canvas, axis: &Axis, frame: &Rect) {
        for event in &self.events {
            let Some((left, right)) = visible(event, axis, frame) else { continue };
            if let Some(kind) = event.kind {
                if right - left < 0.95 * frame.width() {
                    let strength = if kind == SpanKind::Exposure { 0.12 } else { 0.16 };
                    canvas.rect(Rect::new(left, frame.top, right, frame.bottom), kind.color().tint(strength));
                }
            } else {
                let stroke = Stroke { color: Color::FAINT, width: 1.0, dash: Dash::Dotted };
                canvas.line(&[(left, frame.top), (left, frame.bottom)], stroke);
            }
        }
    }
}

/// Where an event lies in a panel, in pixels.
fn visible(event: &Event, axis: &Axis, frame: &Rect) -> Option<(f64, f64)> {
    let (low, high) = axis.ends();
    if !event.is_in((low, high)) {
        return None;
    }
    let place = |minutes: f64| axis.at(minutes.clamp(low, high)).clamp(frame.left, frame.right);
    Some((place(event.from), place(event.to)))
}

fn mark(canvas: &mut Canvas, kind: Option<SpanKind>, (left, right): (f64, f64), y: f64) {
    if let Some(kind) = kind {
        let middle = f64::midpoint(left, right);
        let half = (right - left).max(2.0) / 2.0;
        canvas.rect(Rect::new(middle - half, y - 7.5, middle + half, y + 7.5), kind.color().tint(0.3));
    } else {
        canvas.polygon(vec![(left - 5.5, y - 4.5), (left + 5.5, y - 4.5), (left, y + 5.5)], Color::INK);
    }
}

impl Event {
    /// A moment counts at both ends of a range; what lasts must share time with it.
    fn is_in(&self, (low, high): (f64, f64)) -> bool {
        if self.from < self.to { self.to > low && self.from < high } else { self.to >= low && self.from <= high }
    }

    /// Label and chips: inside a long bar, else to the right of a mark, else to the left of the first.
    fn draw_label(
        &self,
        canvas: &mut Canvas,
        label: &str,
        (marks, y): (&[(f64, f64)], f64),
        limits: (f64, f64),
        (theme, arms): (&Theme, &[&str]),
    ) {
        let style = Type::new(SMALL, Color::INK);
        let chips: Vec<&str> = self.arms.iter().filter_map(|&arm| arms.get(arm).copied()).collect();
        let chips: &[&str] = if chips.len() >= arms.len() { &[] } else { &chips };
        let shown = &chips[..chips.len().min(CHIPS)];
        let rest = if chips.len() > CHIPS { format!("+{}", chips.len() - CHIPS) } else { String::new() };
        let chip_width = shown.len() as f64 * 10.0 + if shown.is_empty() { 0.0 } else { 4.0 };
        let rest_width = if rest.is_empty() { 0.0 } else { style.width(&rest) + 6.0 };
        let label = font::fit(label, SMALL, false, 0.7 * (limits.1 - limits.0));
        let length = style.width(&label) + 6.0 + chip_width + rest_width;
        let Some(&(left, right)) = marks.first() else { return };
        // Behind the first mark that leaves room before the next.
        let next = marks.iter().skip(1).map(|(left, _)| *left - 10.0).chain([limits.1 + 40.0]);
        let room = marks.iter().zip(next).find(|((_, right), next)| right + 10.0 + length <= *next);
        let start = match room {
            _ if self.kind.is_some() && right - left > length + 12.0 => left + 6.0,
            Some(((_, right), _)) => right + 10.0,
            None => (left - 10.0 - length).max(limits.0),
        };
        canvas.text_beside(&label, (start, y), style);
        let mut x = start + style.width(&label) + 10.0;
        for name in shown {
            canvas.disc((x, y), 4.0, theme.arm(name).0);
            x += 10.0;
        }
        canvas.text_beside(&rest, (x, y), style.align(Align::Start));
    }
}
