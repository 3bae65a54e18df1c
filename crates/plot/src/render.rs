//! A figure as SVG and as PNG. plotters stays behind this file.
//!
//! Its coordinates are whole pixels, so the SVG is drawn on a grid ten times as fine (and scaled by the view box), the
//! PNG with three by three samples per pixel and two pixels per figure pixel.

use super::canvas::{Align, Figure, Item, LARGEST, Point, Type};
use super::font::{self, Face};
use super::palette::Color;
use image::ImageEncoder;
use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle};
use std::sync::Once;

/// Grid units of the SVG per pixel.
const SVG_GRID: f64 = 10.0;
/// Samples per output pixel and side.
const SAMPLES: u32 = 3;
/// Output pixels of the PNG per figure pixel and side.
pub const PNG_SCALE: u32 = 2;
/// Height of a band of the PNG drawn at once, in output pixels: bounds the memory.
const BAND: u32 = 256;
/// Joints of lines that gape by less than so many samples are not filled: those of smooth curves.
const SMALLEST_GAP: f64 = 0.3;
/// The bundled font's name among plotters' fonts.
const FONT_NAME: &str = "disinhibit-figures";
/// plotters divides font sizes by this in SVG.
const SVG_FONT: f64 = 1.24;
/// plotters lowers SVG text anchored at its top by this many em.
const SVG_RISE: f64 = 0.76;

/// A figure could not be encoded.
#[derive(Debug, thiserror::Error)]
#[error("cannot encode the figure as PNG: {0}")]
pub struct EncodeError(#[from] image::ImageError);

impl Figure {
    /// The figure as SVG, with real text.
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        let mut backend = SVGBackend::with_string(&mut svg, (1, 1));
        for item in &self.items {
            draw_svg(&mut backend, item);
        }
        drop(backend);
        self.with_root(&svg)
    }

    /// Replaces the root element's start: size in pixels, title for screen readers, white paper.
    fn with_root(&self, svg: &str) -> String {
        let (width, height) = (self.width, self.height);
        let (grid_width, grid_height) = (f64::from(width) * SVG_GRID, f64::from(height) * SVG_GRID);
        let body = svg.find('>').map_or(svg, |end| &svg[end + 1..]);
        let title = self.title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        format!(
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {grid_width} {grid_height}\" \
             xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" stroke-linejoin=\"round\">\n\
             <title>{title}</title>\n\
             <rect width=\"{grid_width}\" height=\"{grid_height}\" fill=\"#FFFFFF\"/>{body}"
        )
    }

    /// The figure as PNG, of [`PNG_SCALE`] times the size.
    ///
    /// # Errors
    /// When the PNG encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, EncodeError> {
        register_fonts();
        let (width, height) = (self.width * PNG_SCALE, self.height * PNG_SCALE);
        let mut pixels = Vec::with_capacity((width * height * 3) as usize);
        let mut top = 0;
        while top < height {
            let rows = BAND.min(height - top);
            self.draw_band(top, rows, &mut pixels);
            top += rows;
        }
        let mut png = Vec::new();
        image::codecs::png::PngEncoder::new(&mut png).write_image(&pixels, width, height, image::ColorType::Rgb8)?;
        Ok(png)
    }

    /// Draws some rows of the PNG on the fine grid and adds the means of the samples to `pixels`.
    fn draw_band(&self, top: u32, rows: u32, pixels: &mut Vec<u8>) {
        let size = (self.width * PNG_SCALE * SAMPLES, rows * SAMPLES);
        let mut fine = vec![255; (size.0 * size.1 * 3) as usize];
        let mut band =
            Band { backend: BitMapBackend::with_buffer(&mut fine, size), top: (top * SAMPLES).cast_signed() };
        let scale = f64::from(PNG_SCALE);
        let (from, to) = (f64::from(top) / scale, f64::from(top + rows) / scale);
        for item in &self.items {
            let (upper, lower) = extent(item);
            if lower >= from && upper <= to {
                band.draw(item);
            }
        }
        drop(band);
        average(&fine, size.0 as usize, pixels);
    }
}

/// Uppermost and lowest pixel that an item may touch.
fn extent(item: &Item) -> (f64, f64) {
    let span = |points: &[Point], margin: f64| {
        let ends = points.iter().fold((f64::MAX, f64::MIN), |(a, b), p| (p.1.min(a), p.1.max(b)));
        (ends.0 - margin, ends.1 + margin)
    };
    match item {
        Item::Line(points, _, width) => span(points, width + 1.0),
        Item::Polygon(points, ..) => span(points, 1.0),
        Item::Disc(center, radius, _) => (center.1 - radius - 1.0, center.1 + radius + 1.0),
        Item::Text { text, at, style, upright } => {
            let reach = if *upright { style.width(text) } else { 0.0 } + 2.0 * style.size;
            (at.1 - reach, at.1 + reach)
        }
    }
}

/// Means of the samples of each output pixel.
fn average(fine: &[u8], fine_width: usize, pixels: &mut Vec<u8>) {
    let side = SAMPLES as usize;
    for rows in fine.chunks_exact(fine_width * 3 * side) {
        for x in 0..fine_width / side {
            for channel in 0..3 {
                let sample = |k: usize| {
                    let at = (k / side) * fine_width + x * side + k % side;
                    u32::from(rows[at * 3 + channel])
                };
                let sum: u32 = (0..side * side).map(sample).sum();
                pixels.push((sum / (SAMPLES * SAMPLES)) as u8);
            }
        }
    }
}

fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The faces are constants that a test renders; without them text alone is missing.
        let _ = plotters::style::register_font(FONT_NAME, FontStyle::Normal, font::REGULAR);
        let _ = plotters::style::register_font(FONT_NAME, FontStyle::Bold, font::BOLD);
    });
}

fn rgb(color: Color) -> RGBColor {
    RGBColor(color.0, color.1, color.2)
}

fn to_grid((x, y): Point, scale: f64) -> (i32, i32) {
    let cell = |v: f64| (v.clamp(-LARGEST, 2.0 * LARGEST) * scale).round() as i32;
    (cell(x), cell(y))
}

fn text_style(family: &'static str, em: f64, style: &Type, upright: bool, align: Align) -> TextStyle<'static> {
    let weight = if style.bold { FontStyle::Bold } else { FontStyle::Normal };
    let mut font = FontDesc::new(FontFamily::Name(family), em, weight);
    if upright {
        font = font.transform(FontTransform::Rotate270);
    }
    let h_pos = match align {
        Align::Start => HPos::Left,
        Align::Middle => HPos::Center,
        Align::End => HPos::Right,
    };
    TextStyle { pos: Pos::new(h_pos, VPos::Top), ..font.color(&rgb(style.color)) }
}

/// Writing into a string cannot fail, so the backend's results are dropped.
fn draw_svg(backend: &mut SVGBackend<'_>, item: &Item) {
    match item {
        Item::Text { text, at: (x, y), style, upright } => {
            let rise = SVG_RISE * style.size;
            let at = if *upright { (x - rise, *y) } else { (*x, y - rise) };
            let em = style.size * SVG_GRID * SVG_FONT;
            let styled = text_style(font::FAMILIES, em, style, *upright, style.align);
            let _ = backend.draw_text(text, &styled, to_grid(at, SVG_GRID));
        }
        Item::Line(points, color, width) => {
            let stroke_width = (width * SVG_GRID).round().max(1.0) as u32;
            let style = ShapeStyle { color: rgb(*color).into(), filled: false, stroke_width };
            let _ = backend.draw_path(points.iter().map(|p| to_grid(*p, SVG_GRID)), &style);
        }
        Item::Polygon(points, color, opacity) => {
            let _ = backend.fill_polygon(points.iter().map(|p| to_grid(*p, SVG_GRID)), &rgb(*color).mix(*opacity));
        }
        Item::Disc(center, radius, color) => {
            let radius = (radius * SVG_GRID).round().max(0.0) as u32;
            let _ = backend.draw_circle(to_grid(*center, SVG_GRID), radius, &rgb(*color), true);
        }
    }
}

/// Rows of the PNG being drawn, on the fine grid.
struct Band<'a> {
    backend: BitMapBackend<'a>,
    top: i32,
}

impl Band<'_> {
    const SCALE: f64 = (PNG_SCALE * SAMPLES) as f64;

    fn cell(&self, point: Point) -> (i32, i32) {
        let (x, y) = to_grid(point, Self::SCALE);
        (x, y - self.top)
    }

    /// What falls outside is cut by the backend, whose only errors concern files.
    fn draw(&mut self, item: &Item) {
        match item {
            Item::Text { text, at, style, upright } => self.draw_text(text, *at, style, *upright),
            Item::Line(points, color, width) => self.draw_line(points, *color, *width),
            Item::Polygon(points, color, opacity) => self.fill(points, *color, *opacity),
            Item::Disc(center, radius, color) => self.fill(&circle(*center, *radius), *color, 1.0),
        }
    }

    /// plotters' own wide lines break at sharp turns, so each segment is a quadrilateral and each joint a disc.
    fn draw_line(&mut self, points: &[Point], color: Color, width: f64) {
        let half = width.max(1.5 / Self::SCALE) / 2.0;
        for pair in points.windows(2) {
            let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            let length = libm::hypot(dx, dy);
            if length > 0.0 {
                let (nx, ny) = (-dy / length * half, dx / length * half);
                let [(ax, ay), (bx, by)] = [pair[0], pair[1]];
                self.fill(
                    &[(ax + nx, ay + ny), (bx + nx, by + ny), (bx - nx, by - ny), (ax - nx, ay - ny)],
                    color,
                    1.0,
                );
            }
        }
        if width * Self::SCALE > 3.0 && points.len() > 2 {
            for around in points.windows(3).filter(|around| gap(around) * half * Self::SCALE > SMALLEST_GAP) {
                self.fill(&circle(around[1], half), color, 1.0);
            }
        }
    }

    /// Fills the samples whose centres lie inside (even-odd rule).
    fn fill(&mut self, points: &[Point], color: Color, opacity: f64) {
        let corners: Vec<Point> =
            points.iter().map(|p| (p.0 * Self::SCALE, p.1 * Self::SCALE - f64::from(self.top))).collect();
        let (low, high) = corners.iter().fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p.1), b.max(p.1)));
        let (width, rows) = self.backend.get_size();
        let first = low.max(0.0).floor() as i32;
        let last = high.min(f64::from(rows)).ceil() as i32;
        let mut crossings = Vec::new();
        for row in first..last {
            let y = f64::from(row) + 0.5;
            crossings.clear();
            for (k, a) in corners.iter().enumerate() {
                let b = corners[(k + 1) % corners.len()];
                if (a.1 <= y) != (b.1 <= y) {
                    crossings.push(a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0));
                }
            }
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let from = (pair[0] - 0.5).ceil().max(0.0) as i32;
                let to = (pair[1] - 0.5).floor().min(f64::from(width) - 1.0) as i32;
                if from <= to {
                    let _ = self.backend.draw_line((from, row), (to, row), &rgb(color).mix(opacity));
                }
            }
        }
    }

    /// plotters forgets the glyphs' bearings, so each glyph is drawn by itself.
    fn draw_text(&mut self, text: &str, (x, y): Point, style: &Type, upright: bool) {
        let face: &Face = font::face(style.bold);
        let before = match style.align {
            Align::Start => 0.0,
            Align::Middle => style.width(text) / 2.0,
            Align::End => style.width(text),
        };
        let line_height = style.size * Self::SCALE * face.height;
        let styled = text_style(FONT_NAME, line_height, style, upright, Align::Start);
        let rise = line_height / 2.0 / Self::SCALE;
        let mut pen = -before;
        let mut one = [0; 4];
        for c in text.chars() {
            let glyph = face.glyph(c);
            let along = pen + glyph.bearing * style.size;
            let at = if upright { (x - rise, y - along) } else { (x + along, y - rise) };
            let at = self.cell(at);
            let _ = self.backend.draw_text(c.encode_utf8(&mut one), &styled, at);
            pen += glyph.advance * style.size;
        }
    }
}

/// How wide two segments gape at their joint, relative to half their width: the sine of the turn, 2 beyond a right angle.
fn gap(around: &[Point]) -> f64 {
    let [a, b, c] = [around[0], around[1], around[2]];
    let (one, other) = ((b.0 - a.0, b.1 - a.1), (c.0 - b.0, c.1 - b.1));
    let lengths = libm::hypot(one.0, one.1) * libm::hypot(other.0, other.1);
    if one.0 * other.0 + one.1 * other.1 <= 0.0 || lengths == 0.0 {
        return 2.0;
    }
    (one.0 * other.1 - one.1 * other.0).abs() / lengths
}

/// A polygon that passes for a circle.
fn circle((x, y): Point, radius: f64) -> Vec<Point> {
    let corners = if radius > 4.0 { 64 } else { 24 };
    (0..corners)
        .map(|k| {
            let (sin, cos) = libm::sincos(std::f64::consts::TAU * f64::from(k) / f64::from(corners));
            (x + radius * cos, y + radius * sin)
        })
        .collect()
}
