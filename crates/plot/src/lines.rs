//! Names in the room that they have: broken into lines where a path may break, and shortened in the middle where they still
//! are too long, so that the last parts of a path and its unit stay.

use super::canvas::{Align, Canvas, Point, Type};
use super::font;

/// Distance between the lines of a name, in em.
const LEADING: f64 = 1.16;
/// Characters kept at either end of a name before it is measured; no figure has room for more.
const LONGEST: usize = 300;
/// Signs behind which a path or an arm's name is best broken, and all of those behind which it may be.
const DOTS: &[char] = &['.', '+', '/'];
const JOINS: &[char] = &['.', '+', '/', '_', '-'];

/// A text in lines no wider than `room`: at most `most`, parts in its middle left out where it would need more.
pub(super) fn lines(text: &str, style: Type, room: f64, most: usize) -> Vec<String> {
    let (text, room) = (bounded(text.trim()), room.max(0.0));
    if let Some(lines) = whole(&text, style, room, most) {
        return lines;
    }
    let parts = parts(&text, JOINS);
    let fits = |parts: &[String]| Some(laid(parts, style, room)).filter(|lines| lines.len() <= most.max(1));
    if let Some(lines) = fits(&parts) {
        return lines;
    }
    // The first part of a path says what it is of, the last ones which number is meant.
    for dropped in 1..parts.len().saturating_sub(1) {
        let kept = [&parts[..1], &["…".to_owned()], &parts[1 + dropped..]].concat();
        if let Some(lines) = fits(&kept) {
            return lines;
        }
    }
    let characters: Vec<char> = parts.concat().chars().collect();
    for kept in (2..characters.len()).rev() {
        let (front, back) = characters.split_at(kept / 2);
        let back = &back[back.len() - kept.div_ceil(2)..];
        let cut: String = front.iter().chain(&['…']).chain(back).collect();
        if let Some(lines) = fits(&[cut]) {
            return lines;
        }
    }
    vec!["…".to_owned()]
}

/// A text in at most `most` lines no wider than `room`, broken only between its parts; none where that leaves no room for
/// all of it.
pub(super) fn whole(text: &str, style: Type, room: f64, most: usize) -> Option<Vec<String>> {
    [DOTS, JOINS].into_iter().find_map(|signs| {
        let parts = parts(text.trim(), signs);
        let narrow = parts.iter().all(|part| style.width(part.trim_end()) <= room);
        narrow.then(|| laid(&parts, style, room)).filter(|lines| lines.len() <= most)
    })
}

/// A text in one line no wider than `room`, its middle left out where it is longer.
pub(super) fn shortened(text: &str, style: Type, room: f64) -> String {
    lines(text, style, room, 1).concat()
}

/// The widest of some lines.
pub(super) fn widest(lines: &[String], style: Type) -> f64 {
    lines.iter().map(|line| style.width(line)).fold(0.0, f64::max)
}

/// Room that so many lines take, from the top of the first one's capitals to the last one's descenders.
pub(super) fn height(count: usize, style: Type) -> f64 {
    count as f64 * LEADING * style.size
}

/// Lines under one another, the first one's baseline at the point.
pub(super) fn below(canvas: &mut Canvas, lines: &[String], (x, y): Point, style: Type) {
    for (place, line) in lines.iter().enumerate() {
        canvas.text(line, (x, y + height(place, style)), style);
    }
}

/// Lines under one another, the last one's baseline at the point.
pub(super) fn above(canvas: &mut Canvas, lines: &[String], (x, y): Point, style: Type) {
    below(canvas, lines, (x, y - height(lines.len().saturating_sub(1), style)), style);
}

/// Lines under one another, their middle at the height of the point.
pub(super) fn beside(canvas: &mut Canvas, lines: &[String], (x, y): Point, style: Type) {
    let first = y - height(lines.len().saturating_sub(1), style) / 2.0;
    for (place, line) in lines.iter().enumerate() {
        canvas.text_beside(line, (x, first + height(place, style)), style);
    }
}

/// Lines read upward, side by side, centred at the point's height; the last one's baseline at its x.
pub(super) fn upright(canvas: &mut Canvas, lines: &[String], (x, y): Point, style: Type) {
    for (place, line) in lines.iter().rev().enumerate() {
        canvas.text_upright(line, (x - height(place, style), y), style.align(Align::Middle));
    }
}

/// The ends of a text that is longer than any figure has room for.
fn bounded(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() <= 2 * LONGEST {
        return text.to_owned();
    }
    let ends = [&characters[..LONGEST], &['…'], &characters[characters.len() - LONGEST..]];
    ends.concat().into_iter().collect()
}

/// The pieces between which a text may be broken: behind spaces and some signs; not within numbers or units.
fn parts(text: &str, signs: &[char]) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for (place, &character) in characters.iter().enumerate() {
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
        depth = match character {
            '(' => depth + 1,
            ')' => (depth - 1).max(0),
            _ => depth,
        };
        let next = characters.get(place + 1).copied().unwrap_or(' ');
        let before = place.checked_sub(1).map_or(' ', |before| characters[before]);
        let breaks = match character {
            ' ' => true,
            sign => signs.contains(&sign) && depth == 0 && next.is_alphabetic() && !before.is_whitespace(),
        };
        if breaks && place + 1 < characters.len() {
            parts.push(String::new());
        }
    }
    parts
}

/// As many parts to a line as fit; a part wider than the room is broken anywhere.
fn laid(parts: &[String], style: Type, room: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in parts {
        let fits = |line: &str, more: &str| style.width(format!("{line}{more}").trim_end()) <= room;
        if let Some(line) = lines.last_mut()
            && (line.is_empty() || fits(line, part))
        {
            line.push_str(part);
        } else {
            lines.push(part.clone());
        }
        while let Some(line) = lines.pop() {
            if fits(&line, "") {
                lines.push(line);
                break;
            }
            let (front, rest) = font::split(&line, style.size, style.bold, room);
            lines.extend([front.to_owned(), rest.to_owned()]);
        }
    }
    lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Color;
    use proptest::prelude::*;

    const STYLE: Type = Type { size: 11.0, bold: false, color: Color::INK, align: Align::Start };

    #[test]
    fn paths_break_at_their_parts() {
        let path = "ligands.ketamine.kinetics.mouse.absorption_half_life (min)";
        let broken = lines(path, STYLE, 144.0, 4);
        assert_eq!(broken, ["ligands.ketamine.kinetics.", "mouse.absorption_half_life", "(min)"]);
        assert_eq!(lines("a dose of 0.5-1.5 (mg/kg)", STYLE, 60.0, 4), ["a dose of", "0.5-1.5", "(mg/kg)"]);
        assert_eq!(lines("dose (mg/kg)", STYLE, 144.0, 4), ["dose (mg/kg)"]);
    }

    #[test]
    fn what_is_too_long_keeps_its_ends() {
        let names = ["absorption_half_life (min)", "elimination_half_life (min)", "peak.concentration (µM)"]
            .map(|last| shortened(&format!("ligands.ketamine.kinetics.mouse.{last}"), STYLE, 190.0));
        assert_eq!(names[0], "ligands.…absorption_half_life (min)");
        assert_eq!(names[2], "ligands.…peak.concentration (µM)");
        assert!(names.iter().all(|name| STYLE.width(name) <= 190.0));
        let cut = shortened("one-thing-without-any-place-to-breakanywherewithinit", STYLE, 60.0);
        assert!(cut.starts_with("one") && cut.ends_with("nit") && cut.contains('…'), "{cut}");
        assert_eq!(lines("wide", STYLE, 0.0, 2), ["…"]);
        assert!(lines("", STYLE, 50.0, 2).is_empty());
    }

    proptest! {
        #[test]
        fn lines_keep_their_room(text in "[a-z0-9 ._/()+-]{0,60}", room in 30.0..300.0_f64, most in 1..5_usize) {
            let broken = lines(&text, STYLE, room, most);
            prop_assert!(broken.len() <= most);
            prop_assert!(widest(&broken, STYLE) <= room + 1e-9, "{broken:?}");
            if most == 4 && STYLE.width(&text) < room {
                prop_assert_eq!(broken.concat(), text.trim());
            }
        }
    }
}
