//! A drawing made of lines, polygons, discs and text in floating-point pixels.

use super::font;
use super::geometry::Rect;
use super::palette::Color;

/// x to the right and y downward, in pixels.
pub type Point = (f64, f64);

/// Largest side of a figure, in pixels.
pub(super) const LARGEST: f64 = 6000.0;

/// How a line is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    Solid,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dashes and dots in turn.
    Mixed,
}

impl Dash {
    /// Drawn and skipped lengths in turn, in line widths.
    fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[4.0, 2.2],
            Self::Dotted => &[1.2, 1.6],
            Self::Mixed => &[5.0, 1.8, 1.2, 1.8],
        }
    }
}

/// Colour, width (pixels) and dash of a line.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub color: Color,
    pub width: f64,
    pub dash: Dash,
}

impl Stroke {
    pub(super) fn solid(color: Color, width: f64) -> Self {
        Self { color, width, dash: Dash::Solid }
    }
}

/// Which end of the text stands at its point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

/// Size (em, pixels), weight, colour and alignment of text.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub size: f64,
    pub bold: bool,
    pub color: Color,
    pub align: Align,
}

impl Type {
    pub(super) fn new(size: f64, color: Color) -> Self {
        Self { size, bold: false, color, align: Align::Start }
    }

    pub(super) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    /// Width of a text in this type, in pixels.
    pub(super) fn width(&self, text: &str) -> f64 {
        font::width(text, self.size, self.bold)
    }
}

pub(super) enum Item {
    Line(Vec<Point>, Color, f64),
    Polygon(Vec<Point>, Color, f64),
    Disc(Point, f64, Color),
    Text { text: String, at: Point, style: Type, upright: bool },
}

/// A text as it stands in a figure, with the box that it fills (pixels).
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The text.
    pub text: String,
    /// Its box: advance width by height of capitals.
    pub bounds: Rect,
}

/// A finished figure, to be had as SVG and as PNG.
pub struct Figure {
    pub(super) title: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) items: Vec<Item>,
}

/// A figure being drawn.
pub(super) struct Canvas {
    items: Vec<Item>,
}

impl Canvas {
    pub(super) fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// The figure, of a size in pixels; everything outside is cut.
    pub(super) fn finish(self, title: &str, width: f64, height: f64) -> Figure {
        let side = |length: f64| length.clamp(16.0, LARGEST).ceil() as u32;
        Figure { title: printable(title), width: side(width), height: side(height), items: self.items }
    }

    pub(super) fn line(&mut self, points: &[Point], stroke: Stroke) {
        for part in dashes(points, stroke.dash.pattern(), stroke.width) {
            if part.len() > 1 && part.iter().all(finite) {
                self.items.push(Item::Line(part, stroke.color, stroke.width));
            }
        }
    }

    pub(super) fn polygon(&mut self, points: Vec<Point>, color: Color) {
        self.veil(points, color, 1.0);
    }

    /// A polygon through which is seen what lies below it: opacity 0 to 1.
    pub(super) fn veil(&mut self, points: Vec<Point>, color: Color, opacity: f64) {
        if points.len() > 2 && points.iter().all(finite) {
            self.items.push(Item::Polygon(points, color, opacity));
        }
    }

    pub(super) fn rect(&mut self, r: Rect, color: Color) {
        self.polygon(vec![(r.left, r.top), (r.right, r.top), (r.right, r.bottom), (r.left, r.bottom)], color);
    }

    pub(super) fn disc(&mut self, center: Point, radius: f64, color: Color) {
        if finite(&center) && radius.is_finite() {
            self.items.push(Item::Disc(center, radius, color));
        }
    }

    /// Text with its baseline at a point; `color` and alignment from the type.
    pub(super) fn text(&mut self, text: &str, at: Point, style: Type) {
        self.push_text(text, at, style, false);
    }

    /// Text whose capitals are centred at the height of the point.
    pub(super) fn text_beside(&mut self, text: &str, (x, y): Point, style: Type) {
        self.push_text(text, (x, y + font::CAP_HEIGHT / 2.0 * style.size), style, false);
    }

    /// Text read from below to above, its baseline at the point's x.
    pub(super) fn text_upright(&mut self, text: &str, at: Point, style: Type) {
        self.push_text(text, at, style, true);
    }

    fn push_text(&mut self, text: &str, at: Point, style: Type, upright: bool) {
        let text = printable(text);
        if !text.trim().is_empty() && finite(&at) {
            self.items.push(Item::Text { text, at, style, upright });
        }
    }
}

fn finite(point: &Point) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

/// Without the characters that XML forbids.
fn printable(text: &str) -> String {
    let forbidden = |c: char| c.is_control() || c == '\u{fffe}' || c == '\u{ffff}';
    text.chars().map(|c| if forbidden(c) { ' ' } else { c }).collect()
}

/// The drawn parts of a broken line.
fn dashes(points: &[Point], pattern: &[f64], width: f64) -> Vec<Vec<Point>> {
    if pattern.is_empty() || !points.iter().all(finite) {
        return vec![points.to_vec()];
    }
    let (mut parts, mut current) = (Vec::new(), Vec::new());
    let (mut phase, mut left) = (0, pattern[0] * width);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        loop {
            let length = libm::hypot(to.0 - from.0, to.1 - from.1);
            let drawn = phase % 2 == 0;
            if drawn && current.is_empty() {
                current.push(from);
            }
            if length <= left {
                left -= length;
                if drawn {
                    current.push(to);
                }
                break;
            }
            let s = left / length;
            from = (from.0 + s * (to.0 - from.0), from.1 + s * (to.1 - from.1));
            if drawn {
                current.push(from);
                parts.push(std::mem::take(&mut current));
            }
            phase = (phase + 1) % pattern.len();
            left = (pattern[phase] * width).max(0.1);
        }
    }
    parts.push(current);
    parts
}

impl Figure {
    /// Width and height of the SVG, in pixels. The PNG has [`super::PNG_SCALE`] times as many.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Every text of the figure with its box.
    pub fn labels(&self) -> Vec<Label> {
        let texts = self.items.iter().filter_map(|item| match item {
            Item::Text { text, at, style, upright } => Some((text, *at, style, *upright)),
            _ => None,
        });
        texts
            .map(|(text, (x, y), style, upright)| {
                let (length, height) = (style.width(text), font::CAP_HEIGHT * style.size);
                let before = match style.align {
                    Align::Start => 0.0,
                    Align::Middle => length / 2.0,
                    Align::End => length,
                };
                let bounds = if upright {
                    Rect::new(x - height, y - length + before, x, y + before)
                } else {
                    Rect::new(x - before, y - height, x - before + length, y)
                };
                Label { text: text.clone(), bounds }
            })
            .collect()
    }
}
