//! The bundled font's advance widths, read from its own tables: figures are laid out with them, in both formats.
//!
//! Arimo has the widths of Arial and Helvetica, so an SVG keeps its layout where only those are installed.

use std::sync::OnceLock;

/// The regular face.
pub(super) const REGULAR: &[u8] = include_bytes!("../fonts/Arimo-Regular.ttf");
/// The bold face.
pub(super) const BOLD: &[u8] = include_bytes!("../fonts/Arimo-Bold.ttf");
/// Families that an SVG asks for, in this order.
pub(super) const FAMILIES: &str = "Arimo, Helvetica, Arial, sans-serif";
/// Height of capitals and digits, in em.
pub(super) const CAP_HEIGHT: f64 = 0.716;

/// Advance width and left bearing of one glyph, in em.
#[derive(Clone, Copy)]
pub(super) struct Glyph {
    pub advance: f64,
    pub bearing: f64,
}

const MISSING: Glyph = Glyph { advance: 0.75, bearing: 0.0 };

/// What the layout needs of one face.
pub(super) struct Face {
    data: &'static [u8],
    units_per_em: f64,
    /// Ascent plus descent, in em.
    pub height: f64,
    metrics: usize,
    metric_count: usize,
    /// Offset of a format 4 character map.
    map: usize,
}

/// The face for a weight.
pub(super) fn face(bold: bool) -> &'static Face {
    static FACES: OnceLock<(Face, Face)> = OnceLock::new();
    let faces = FACES.get_or_init(|| (Face::read(REGULAR), Face::read(BOLD)));
    if bold { &faces.1 } else { &faces.0 }
}

/// Width of a line of text at a size (height of the em), in the unit of the size.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let face = face(bold);
    text.chars().map(|c| face.glyph(c).advance).sum::<f64>() * size
}

/// The text in lines that are no wider than `room`, broken between words; at most `most`, the last one cut where more
/// would be needed.
pub(super) fn wrap(text: &str, size: f64, bold: bool, room: f64, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let full = lines.len() >= most;
        match lines.last_mut() {
            Some(line) if full || width(&format!("{line} {word}"), size, bold) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| fit(line, size, bold, room)).collect()
}

/// The text, cut and closed with an ellipsis where it is wider than `room`.
pub(super) fn fit(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let face = face(bold);
    let mut used = face.glyph('…').advance * size;
    let mut cut = String::new();
    for c in text.chars() {
        used += face.glyph(c).advance * size;
        if used > room {
            break;
        }
        cut.push(c);
    }
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// The text in two: as much as fits in `room`, at least a character, and the rest.
pub(super) fn split(text: &str, size: f64, bold: bool, room: f64) -> (&str, &str) {
    let face = face(bold);
    let mut used = 0.0;
    let wide = |(at, c): (usize, char)| {
        used += face.glyph(c).advance * size;
        (used > room && at > 0).then_some(at)
    };
    text.split_at(text.char_indices().find_map(wide).unwrap_or(text.len()))
}

impl Face {
    fn read(data: &'static [u8]) -> Self {
        let table = |tag: &[u8; 4]| find_table(data, *tag).unwrap_or(usize::MAX);
        let (head, hhea) = (table(b"head"), table(b"hhea"));
        let units_per_em = f64::from(word(data, head.saturating_add(18)).max(1));
        let ascent = f64::from(signed(data, hhea.saturating_add(4)));
        let descent = f64::from(signed(data, hhea.saturating_add(6)));
        Self {
            data,
            units_per_em,
            height: (ascent - descent) / units_per_em,
            metrics: table(b"hmtx"),
            metric_count: usize::from(word(data, hhea.saturating_add(34))),
            map: find_map(data, table(b"cmap")).unwrap_or(usize::MAX),
        }
    }

    /// The glyph of a character; the font's box where it has none.
    pub(super) fn glyph(&self, character: char) -> Glyph {
        let index = u16::try_from(u32::from(character)).ok().and_then(|code| self.index(code));
        let index = usize::from(index.unwrap_or(0));
        if self.metric_count == 0 || index >= self.metric_count {
            return MISSING;
        }
        let at = self.metrics.saturating_add(4 * index);
        Glyph {
            advance: f64::from(word(self.data, at)) / self.units_per_em,
            bearing: f64::from(signed(self.data, at.saturating_add(2))) / self.units_per_em,
        }
    }

    /// Glyph index by the segments of a format 4 map.
    fn index(&self, code: u16) -> Option<u16> {
        let word = |at: usize| word(self.data, self.map.saturating_add(at));
        let doubled = usize::from(word(6));
        let segment = (0..doubled).step_by(2).find(|at| word(14 + at) >= code)?;
        let (start_at, delta_at) = (16 + doubled, 16 + 2 * doubled);
        let range_at = 16 + 3 * doubled + segment;
        let (start, delta, range) = (word(start_at + segment), word(delta_at + segment), word(range_at));
        if start > code {
            return None;
        }
        if range == 0 {
            return Some(code.wrapping_add(delta));
        }
        match word(range_at + usize::from(range) + 2 * usize::from(code - start)) {
            0 => None,
            glyph => Some(glyph.wrapping_add(delta)),
        }
    }
}

fn word(data: &[u8], at: usize) -> u16 {
    let pair = at.checked_add(2).and_then(|end| data.get(at..end));
    pair.map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
}

fn signed(data: &[u8], at: usize) -> i16 {
    word(data, at).cast_signed()
}

fn offset(data: &[u8], at: usize) -> usize {
    usize::from(word(data, at)) << 16 | usize::from(word(data, at.saturating_add(2)))
}

fn find_table(data: &[u8], tag: [u8; 4]) -> Option<usize> {
    let count = usize::from(word(data, 4));
    (0..count)
        .map(|k| 12 + 16 * k)
        .find(|&at| data.get(at..at + 4) == Some(tag.as_slice()))
        .map(|at| offset(data, at + 8))
}

fn find_map(data: &[u8], table: usize) -> Option<usize> {
    let count = usize::from(word(data, table.saturating_add(2)));
    (0..count)
        .map(|k| table.saturating_add(offset(data, table.saturating_add(8 + 8 * k))))
        .find(|&at| word(data, at) == 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_widths_of_arial() {
        assert!((width("A", 1000.0, false) - 667.0).abs() < 1.0);
        assert!((width("i", 1000.0, false) - 222.0).abs() < 1.0);
        assert!((width("A", 1000.0, true) - 722.0).abs() < 1.0);
        assert!(face(false).index(u16::from(b'A')).is_some());
    }

    #[test]
    fn knows_the_signs_that_figures_use() {
        for c in "µμτΔ−×→…±₀²".chars() {
            let code = u16::try_from(u32::from(c)).unwrap();
            assert!(face(false).index(code).is_some(), "{c}");
            assert!(face(true).index(code).is_some(), "{c}");
        }
    }

    #[test]
    fn cuts_long_text() {
        let cut = fit("a very long name of an arm", 12.0, false, 60.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, false) <= 60.0);
        assert_eq!(fit("short", 12.0, false, 60.0), "short");
        let lines = wrap("a very long name of an arm that goes on and on", 12.0, false, 90.0, 2);
        assert!(lines.len() == 2 && lines[0] == "a very long" && lines[1].ends_with('…'), "{lines:?}");
        assert!(lines.iter().all(|line| width(line, 12.0, false) <= 90.0));
        assert_eq!(wrap(" ", 12.0, false, 60.0, 3), Vec::<String>::new());
    }
}
