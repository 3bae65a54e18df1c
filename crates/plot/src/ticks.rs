//! What is written at the ticks of axes: numbers, and words, which are broken into lines or read upward where they are longer
//! than the room between them.

use super::axis::{Axis, Tick};
use super::canvas::{Align, Canvas, Type};
use super::lines;
use super::palette::Color;
use super::panel::SMALL;

const STYLE: Type = Type { size: SMALL, bold: false, color: Color::INK, align: Align::Start };
/// Height of a line of words.
const LINE: f64 = 14.0;
/// Lines of a word under an axis.
const MOST_LINES: usize = 3;
/// The longest line of a word beside an axis, and of one read upward.
const LONGEST: f64 = 130.0;

/// How the words under an axis stand.
struct Below {
    upright: bool,
    words: Vec<Vec<String>>,
}

fn below(ticks: &[Tick], room: f64) -> Below {
    let level: Option<Vec<Vec<String>>> =
        ticks.iter().map(|tick| lines::whole(&tick.text, STYLE, room - 8.0, MOST_LINES)).collect();
    match level {
        Some(words) => Below { upright: false, words },
        None => Below { upright: true, words: crowded(ticks, room) },
    }
}

/// The lines of words, as many as the room between them holds; where it does not even hold one, only some words have any.
fn crowded(ticks: &[Tick], room: f64) -> Vec<Vec<String>> {
    let most = ((room / LINE) as usize).clamp(1, MOST_LINES);
    let every = (LINE / room.max(0.1)).ceil().max(1.0) as usize;
    let of_word = |(place, tick): (usize, &Tick)| {
        if place % every == 0 { lines::lines(&tick.text, STYLE, LONGEST, most) } else { Vec::new() }
    };
    ticks.iter().enumerate().map(of_word).collect()
}

/// Room that the words under an axis take, beyond that of a line of numbers.
pub(super) fn extra_below(axis: &Axis) -> f64 {
    let Some(room) = axis.word_room() else { return 0.0 };
    let Below { upright, words } = below(&axis.ticks(2), room);
    if upright {
        words.iter().map(|word| lines::widest(word, STYLE)).fold(0.0, f64::max) - 6.0
    } else {
        let most = words.iter().map(Vec::len).max().unwrap_or(1);
        lines::height(most.saturating_sub(1), STYLE)
    }
}

/// Writes what stands under the ticks of a level axis.
pub(super) fn draw_below(canvas: &mut Canvas, axis: &Axis, ticks: &[Tick], bottom: f64) {
    let Some(room) = axis.word_room() else {
        for tick in ticks {
            canvas.text(&tick.text, (axis.at(tick.value), bottom + 17.0), STYLE.align(Align::Middle));
        }
        return;
    };
    let Below { upright, words } = below(ticks, room);
    for (tick, word) in ticks.iter().zip(&words) {
        let x = axis.at(tick.value);
        if !upright {
            lines::below(canvas, word, (x, bottom + 17.0), STYLE.align(Align::Middle));
            continue;
        }
        let first = x - lines::height(word.len().saturating_sub(1), STYLE) / 2.0 + SMALL / 3.0;
        for (place, line) in word.iter().enumerate() {
            let at = (first + lines::height(place, STYLE), bottom + 9.0);
            canvas.text_upright(line, at, STYLE.align(Align::End));
        }
    }
}

/// The ticks of an upright axis of some height.
pub(super) fn of_height(axis: &Axis, height: f64) -> Vec<Tick> {
    axis.ticks((height / 32.0) as usize)
}

/// The width of what stands beside the ticks of an upright axis.
pub(super) fn width_beside(axis: &Axis, height: f64) -> f64 {
    let ticks = of_height(axis, height);
    let words = match axis.word_room() {
        Some(room) => crowded(&ticks, room),
        None => ticks.into_iter().map(|tick| vec![tick.text]).collect(),
    };
    words.iter().map(|word| lines::widest(word, STYLE)).fold(0.0, f64::max)
}

/// Writes what stands beside the ticks of an upright axis.
pub(super) fn draw_beside(canvas: &mut Canvas, axis: &Axis, ticks: &[Tick], left: f64) {
    let style = STYLE.align(Align::End);
    let Some(room) = axis.word_room() else {
        for tick in ticks {
            canvas.text_beside(&tick.text, (left - 7.0, axis.at(tick.value)), style);
        }
        return;
    };
    for (tick, word) in ticks.iter().zip(crowded(ticks, room)) {
        lines::beside(canvas, &word, (left - 7.0, axis.at(tick.value)), style);
    }
}
