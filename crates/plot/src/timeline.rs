//! What was done when, above panels that share a time axis: doses as arrow-heads, infusions, exposures, injections and
//! blocks as bars, with the colours of the arms concerned where these are not all. Doses before or after what is shown
//! stand at its edge with their time.

use super::axis::{Axis, duration};
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
    /// How long it is given, in minutes; 0 for all at once.
    pub over_min: f64,
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
    /// Room for labels at the right of the panels, in pixels.
    room: f64,
}

/// Events side by side.
struct Row<'a> {
    events: Vec<&'a Event>,
    /// What is written of them.
    labels: Vec<&'a str>,
    arms: Vec<usize>,
}

/// What an event is before or after all that is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    Before,
    After,
}

/// Height of a row of the strip, in pixels.
const ROW: f64 = 19.0;
/// Of more rows than this, those of one ligand whose doses are given at the same times become one.
const FEW_ROWS: usize = 4;
/// Of more rows than this, all that is of one ligand or one kind becomes one.
const MOST_ROWS: usize = 8;
/// Most arms whose colours are shown beside one event.
const CHIPS: usize = 10;

impl Timeline {
    /// The same thing done to several arms at the same time is one event.
    pub(super) fn new(doses: &[Dose], spans: &[Span]) -> Self {
        let mut timeline = Self { events: Vec::new(), room: 0.0 };
        for span in spans {
            timeline.add(("", &span.label), (span.from_min, span.to_min), Some(span.kind), &span.arms);
        }
        for dose in doses {
            let end = dose.at_min + dose.over_min.max(0.0);
            timeline.add((&dose.ligand, &dose.amount), (dose.at_min, end), None, &dose.arms);
        }
        timeline
    }

    /// The same with room for labels at the right of the panels.
    pub(super) fn with_room(self, room: f64) -> Self {
        Self { room, ..self }
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

    /// What is seen over these time axes, in rows: doses of one ligand to the same arms share a row, and so do doses of it at
    /// the same times of which each arm has another amount.
    fn rows(&self, axes: &[Axis]) -> Vec<Row<'_>> {
        let seen = |event: &&Event| {
            axes.iter().any(|axis| event.is_in(axis.ends())) || (event.kind.is_none() && event.beyond(axes).is_some())
        };
        let mut rows: Vec<Row<'_>> = Vec::new();
        for event in self.events.iter().filter(seen) {
            match rows.iter_mut().find(|row| row.takes(event)) {
                Some(row) => row.add(event),
                None => rows.push(Row::new(event)),
            }
        }
        let same_times = |row: &Row<'_>, other: &Row<'_>| row.is_of_doses() && row.times() == other.times();
        let rows = if rows.len() > FEW_ROWS { merged(rows, &same_times) } else { rows };
        if rows.len() > MOST_ROWS { merged(rows, &|_, _| true) } else { rows }
    }

    /// Height of the strip over these time axes.
    pub(super) fn height(&self, axes: &[Axis]) -> f64 {
        let rows = self.rows(axes).len();
        if rows == 0 { 0.0 } else { ROW * rows as f64 + 6.0 }
    }

    /// Draws the strip with its upper edge at `top`. `arms` are the names of all arms.
    pub(super) fn draw(&self, canvas: &mut Canvas, axes: &[Axis], frames: &[Rect], top: f64, style: (&Theme, &[&str])) {
        let limits = (frames.first().map_or(0.0, |f| f.left), frames.last().map_or(0.0, |f| f.right));
        for (place, row) in self.rows(axes).iter().enumerate() {
            let y = top + ROW * (place as f64 + 0.5);
            let seen = axes.iter().zip(frames).flat_map(|(axis, frame)| {
                row.events.iter().filter_map(move |event| Some((*event, visible(event, axis, frame)?)))
            });
            let seen: Vec<(&Event, (f64, f64))> = seen.collect();
            let mut marks: Vec<(f64, f64)> = Vec::new();
            for (event, place) in &seen {
                mark(canvas, event.kind, *place, y);
                marks.push(*place);
            }
            for side in [Beyond::Before, Beyond::After] {
                if row.events.iter().any(|event| event.beyond(axes) == Some(side)) {
                    marks.push(mark_beyond(canvas, side, limits, y));
                }
            }
            marks.sort_by(|one, other| one.0.total_cmp(&other.0));
            marks.dedup();
            let limits = (limits.0, limits.1 + self.room);
            row.draw_label(canvas, &row.label(axes, seen.is_empty()), (&marks, y), limits, style);
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
            } else if right - left > 1.0 {
                if right - left < 0.95 * frame.width() {
                    canvas.rect(Rect::new(left, frame.top, right, frame.bottom), Color::INK.tint(0.07));
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
        if right - left > 1.0 {
            canvas.rect(Rect::new(left, y - 4.5, right, y + 1.5), Color::INK.tint(0.5));
        }
        canvas.polygon(vec![(left - 5.5, y - 4.5), (left + 5.5, y - 4.5), (left, y + 5.5)], Color::INK);
    }
}

/// An arrow-head at the edge, toward what lies beyond it; gives where it stands.
fn mark_beyond(canvas: &mut Canvas, side: Beyond, (left, right): (f64, f64), y: f64) -> (f64, f64) {
    let (tip, back) = match side {
        Beyond::Before => (left, left + 9.0),
        Beyond::After => (right, right - 9.0),
    };
    canvas.polygon(vec![(tip, y), (back, y - 5.5), (back, y + 5.5)], Color::SOFT);
    (tip.min(back), tip.max(back))
}

/// Rows of which those of one ligand or one kind that go together are one, their amounts in order.
fn merged<'a>(rows: Vec<Row<'a>>, together: &dyn Fn(&Row<'a>, &Row<'a>) -> bool) -> Vec<Row<'a>> {
    let mut all: Vec<Row<'a>> = Vec::new();
    for row in rows {
        match all.iter_mut().find(|other| other.what() == row.what() && together(other, &row)) {
            Some(other) => {
                row.events.into_iter().for_each(|event| other.add(event));
                other.labels.sort_by(|one, other| leading_number(one).total_cmp(&leading_number(other)));
            }
            None => all.push(row),
        }
    }
    all
}

/// The number at the start of a text; infinity where there is none, so that it comes last.
fn leading_number(text: &str) -> f64 {
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(f64::INFINITY)
}

impl<'a> Row<'a> {
    fn new(event: &'a Event) -> Self {
        Self { events: vec![event], labels: vec![&event.label], arms: event.arms.clone() }
    }

    fn add(&mut self, event: &'a Event) {
        self.events.push(event);
        if !self.labels.contains(&event.label.as_str()) {
            self.labels.push(&event.label);
        }
        let new: Vec<usize> = event.arms.iter().filter(|arm| !self.arms.contains(arm)).copied().collect();
        self.arms.extend(new);
    }

    fn is_of_doses(&self) -> bool {
        self.events.iter().all(|event| event.kind.is_none())
    }

    /// The ligand that is given, or the kind of what lasts.
    fn what(&self) -> Option<(&str, Option<SpanKind>)> {
        self.events.first().map(|event| (event.ligand.as_str(), event.kind))
    }

    fn ligand(&self) -> &str {
        self.events.first().map_or("", |event| &event.ligand)
    }

    /// When its events begin and end, each moment once.
    fn times(&self) -> Vec<(f64, f64)> {
        let mut times: Vec<(f64, f64)> = self.events.iter().map(|event| (event.from, event.to)).collect();
        times.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
        times.dedup();
        if self.is_of_doses() { times } else { Vec::new() }
    }

    /// Whether an event is a dose of the same ligand to the same arms.
    fn takes(&self, event: &Event) -> bool {
        event.kind.is_none() && self.is_of_doses() && self.ligand() == event.ligand && self.arms == event.arms
    }

    /// The ligand with its first and last amount; the time too where no event of the row is seen.
    fn label(&self, axes: &[Axis], unseen: bool) -> String {
        let amounts = match (self.labels.first(), self.labels.last()) {
            (Some(first), Some(last)) if first != last && !self.is_of_doses() => {
                let more = self.labels.len() - 2;
                let between = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{first}, {last}{between}")
            }
            (Some(first), Some(last)) if first != last => range_of(first, last),
            (Some(only), _) => (*only).to_owned(),
            _ => String::new(),
        };
        let label = format!("{} {amounts}", self.ligand());
        let times: Vec<f64> = self.events.iter().filter(|event| event.beyond(axes).is_some()).map(|e| e.from).collect();
        match (times.first(), times.last()) {
            (Some(first), Some(last)) if unseen && first == last => format!("{} at {}", label.trim(), duration(*first)),
            (Some(first), Some(last)) if unseen => {
                format!("{} from {} to {}", label.trim(), duration(*first), duration(*last))
            }
            _ => label.trim().to_owned(),
        }
    }
}

/// "0.3 mg/kg" and "100 mg/kg" as "0.3 to 100 mg/kg".
fn range_of(first: &str, last: &str) -> String {
    match (first.split_once(' '), last.split_once(' ')) {
        (Some((low, unit)), Some((high, same))) if unit == same => format!("{low} to {high} {unit}"),
        _ => format!("{first} to {last}"),
    }
}

impl Event {
    /// A moment counts at both ends of a range; what lasts must share time with it.
    fn is_in(&self, (low, high): (f64, f64)) -> bool {
        if self.from < self.to { self.to > low && self.from < high } else { self.to >= low && self.from <= high }
    }

    /// Whether it lies before or after all that is shown.
    fn beyond(&self, axes: &[Axis]) -> Option<Beyond> {
        let low = axes.iter().map(|axis| axis.ends().0).fold(f64::INFINITY, f64::min);
        let high = axes.iter().map(|axis| axis.ends().1).fold(f64::NEG_INFINITY, f64::max);
        if self.to < low {
            Some(Beyond::Before)
        } else if self.from > high {
            Some(Beyond::After)
        } else {
            None
        }
    }
}

impl Row<'_> {
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
        let label = font::fit(label, SMALL, false, (limits.1 - limits.0 - 20.0 - chip_width - rest_width).max(60.0));
        let length = style.width(&label) + 6.0 + chip_width + rest_width;
        let Some(&(left, right)) = marks.first() else { return };
        // Behind the first mark that leaves room before the next.
        let next = marks.iter().skip(1).map(|(left, _)| *left - 10.0).chain([limits.1.max(right) + 40.0]);
        let room = marks.iter().zip(next).find(|((_, right), next)| right + 10.0 + length <= *next);
        let start = match room {
            _ if !self.is_of_doses() && right - left > length + 12.0 => left + 6.0,
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

#[cfg(test)]
mod tests {
    use super::super::canvas::{Figure, Item};
    use super::*;

    fn dose(amount: &str, at_min: f64, arm: usize) -> Dose {
        Dose { ligand: "K".into(), amount: amount.into(), at_min, over_min: 0.0, arms: vec![arm] }
    }

    fn drawn(doses: &[Dose], window: (f64, f64)) -> Figure {
        let axes = [Axis::time(window, 0.0, 400.0)];
        let frames = [Rect::new(0.0, 100.0, 400.0, 200.0)];
        let timeline = Timeline::new(doses, &[]);
        let mut canvas = Canvas::new();
        timeline.draw(&mut canvas, &axes, &frames, 0.0, (&Theme::default(), &["a", "b"]));
        canvas.finish("", 400.0, timeline.height(&axes))
    }

    #[test]
    fn many_doses_of_one_drug_take_one_row() {
        let ladder: Vec<Dose> = (1..=10).map(|k| dose(&format!("{k} mg/kg"), 0.0, k)).collect();
        let axes = [Axis::time((-30.0, 120.0), 0.0, 400.0)];
        assert_eq!(Timeline::new(&ladder, &[]).rows(&axes).len(), 1);
        assert_eq!(Timeline::new(&ladder[..4], &[]).rows(&axes).len(), 4);
        let figure = drawn(&ladder, (-30.0, 120.0));
        assert!(figure.labels().iter().any(|label| label.text == "K 1 to 10 mg/kg"), "{:?}", figure.labels());
        // At other times they are other regimens, until there are too many of them.
        let late: Vec<Dose> = (1..=6).map(|k| dose("1 mg/kg", f64::from(k as u8), k)).collect();
        assert_eq!(Timeline::new(&late, &[]).rows(&axes).len(), 6);
        let later: Vec<Dose> = (1..=12).map(|k| dose("1 mg/kg", f64::from(k as u8), k)).collect();
        assert_eq!(Timeline::new(&later, &[]).rows(&axes).len(), 1);
    }

    #[test]
    fn doses_beyond_what_is_shown_stand_at_its_edge_with_their_time() {
        let figure = drawn(&[dose("5 mg/kg", -1440.0, 0)], (-30.0, 120.0));
        assert!(figure.labels().iter().any(|label| label.text == "K 5 mg/kg at −24 h"), "{:?}", figure.labels());
        let figure = drawn(&[dose("5 mg/kg", 0.0, 0), dose("5 mg/kg", 10_080.0, 0)], (-30.0, 120.0));
        assert_eq!(figure.labels().iter().filter(|label| label.text == "K 5 mg/kg").count(), 1);
        let heads = |figure: &Figure| {
            figure.items.iter().filter(|item| matches!(item, Item::Polygon(points, ..) if points.len() == 3)).count()
        };
        assert_eq!(heads(&figure), 2);
    }

    #[test]
    fn an_infusion_is_as_long_as_it_lasts() {
        let infusion = Dose { over_min: 40.0, ..dose("0.5 mg/kg over 40 min", 0.0, 0) };
        let figure = drawn(&[infusion], (0.0, 100.0));
        let wide = figure.items.iter().any(|item| match item {
            Item::Polygon(points, ..) => points.iter().any(|point| (point.0 - 160.0).abs() < 1e-9),
            _ => false,
        });
        assert!(wide, "no bar ends at 40 of 100 min");
    }
}
