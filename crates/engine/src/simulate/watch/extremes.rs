//! The largest and the smallest value of a signal, and when it has gone half way to the one that lies farther.

use crate::numeric::piece::{Extreme, Piece};

/// A signal that stays within this of where it was has gone nowhere.
const SMALLEST_WAY: f64 = 1e-6;
/// The most pieces that are kept of the way to an extreme. More are joined to straight lines, each less than a thousandth of
/// the way.
const MOST_PIECES: usize = 2_048;

/// Extremes so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extremes {
    highest: Option<Extreme>,
    lowest: Option<Extreme>,
}

impl Extremes {
    pub fn see(&mut self, piece: &Piece) {
        let [low, high] = piece.bounds();
        if self.hold(low, high) {
            return;
        }
        for mark in piece.marks().filter(|mark| mark.value.is_finite()) {
            if self.highest.is_none_or(|highest| mark.value > highest.value) {
                self.highest = Some(mark);
            }
            if self.lowest.is_none_or(|lowest| mark.value < lowest.value) {
                self.lowest = Some(mark);
            }
        }
    }

    /// Whether values between two numbers are no new extremes.
    pub fn hold(&self, low: f64, high: f64) -> bool {
        self.highest.is_some_and(|highest| high <= highest.value)
            && self.lowest.is_some_and(|lowest| low >= lowest.value)
    }

    pub fn found(&self) -> [Option<Extreme>; 2] {
        [self.highest, self.lowest]
    }
}

/// The way from a signal's value at the start of a window to its extremes. Which of them lies farther, and so where half of
/// the way is, shows only at the end: until then the pieces that led to new extremes are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct HalfWay {
    /// The value before the window, and at its start the one before a jump.
    before: Option<f64>,
    extremes: Extremes,
    rise: Ladder,
    fall: Ladder,
}

/// The pieces in which a signal went beyond all before, farther than half of the way that it has gone.
#[derive(Clone, Debug, Default)]
struct Ladder {
    pieces: Vec<Piece>,
}

impl HalfWay {
    /// Sees a piece that may begin before the window.
    pub fn see_before(&mut self, piece: &Piece, from: f64) {
        if piece.from < from {
            self.before = Some(if piece.to > from { piece.at(from) } else { piece.last() });
        }
    }

    pub fn see(&mut self, piece: &Piece) {
        let before = *self.before.get_or_insert(piece.first());
        let [low, high] = piece.bounds();
        if self.hold(low, high) {
            return;
        }
        let [highest, lowest] = self.extremes.found().map(|extreme| extreme.map(|extreme| extreme.value));
        self.extremes.see(piece);
        let [new_highest, new_lowest] = self.extremes.found().map(|extreme| extreme.map(|extreme| extreme.value));
        if new_highest != highest {
            self.rise.add(*piece, 1.0, before, new_highest.unwrap_or(before));
        }
        if new_lowest != lowest {
            self.fall.add(*piece, -1.0, before, new_lowest.unwrap_or(before));
        }
    }

    /// Whether values between two numbers lead no farther.
    pub fn hold(&self, low: f64, high: f64) -> bool {
        self.extremes.hold(low, high)
    }

    /// The moment half way.
    pub fn found(&self) -> Option<f64> {
        let before = self.before?;
        let [highest, lowest] = self.extremes.found();
        let (rise, fall) = (highest?.value - before, before - lowest?.value);
        if rise.max(fall) < SMALLEST_WAY {
            return None;
        }
        let (ladder, sign, way) = if rise >= fall { (&self.rise, 1.0, rise) } else { (&self.fall, -1.0, fall) };
        ladder.first_at(sign, sign * before + 0.5 * way)
    }
}

impl Ladder {
    /// Adds a piece, taken `sign` times, and forgets those that are less than half of the way from `before` to `extreme`.
    fn add(&mut self, piece: Piece, sign: f64, before: f64, extreme: f64) {
        self.pieces.push(piece);
        if self.pieces.len() > MOST_PIECES {
            let half = sign * (before + 0.5 * (extreme - before));
            let needed = self.pieces.iter().position(|piece| top(piece, sign) >= half).unwrap_or(0);
            self.pieces.drain(..needed);
        }
        if self.pieces.len() > MOST_PIECES {
            self.join(sign, (extreme - before).abs() * 2.0 / MOST_PIECES as f64);
        }
    }

    /// Joins neighbours that together lead no farther than `step` to straight lines.
    fn join(&mut self, sign: f64, step: f64) {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in &self.pieces {
            let height = top(piece, sign);
            match joined.last_mut() {
                Some(last) if height - sign * last.first() <= step => {
                    *last = Piece::line(last.from, piece.to, last.first(), sign * height);
                }
                _ => joined.push(*piece),
            }
        }
        self.pieces = joined;
    }

    /// The first moment at which a piece, taken `sign` times, reaches a height.
    fn first_at(&self, sign: f64, height: f64) -> Option<f64> {
        let piece = self.pieces.iter().find(|piece| top(piece, sign) >= height)?;
        if sign * piece.first() >= height {
            return Some(piece.from);
        }
        let above = Piece::line(piece.from, piece.to, -height, -height).plus(sign, piece);
        above.crossings().next().or(Some(piece.to))
    }
}

/// The largest value of a piece, taken `sign` times.
fn top(piece: &Piece, sign: f64) -> f64 {
    piece.marks().map(|mark| sign * mark.value).fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: &[f64]) -> (Extremes, HalfWay) {
        let (mut extremes, mut half_way) = (Extremes::default(), HalfWay::default());
        for (start, pair) in values.windows(2).enumerate() {
            let piece = Piece::line(start as f64, start as f64 + 1.0, pair[0], pair[1]);
            extremes.see(&piece);
            half_way.see(&piece);
        }
        (extremes, half_way)
    }

    #[test]
    fn half_of_the_way_is_to_the_farther_extreme() {
        let (extremes, half_way) = seen(&[0.0, 4.0, -1.0, 9.0, 2.0]);
        assert_eq!(extremes.found()[0], Some(Extreme { value: 9.0, at_min: 3.0 }));
        assert_eq!(extremes.found()[1], Some(Extreme { value: -1.0, at_min: 2.0 }));
        assert_eq!(half_way.found(), Some(2.0 + 5.5 / 10.0));
        let (_, half_way) = seen(&[0.0, 4.0, -9.0]);
        approx::assert_relative_eq!(half_way.found().unwrap(), 1.0 + 8.5 / 13.0);
        assert_eq!(seen(&[1.0, 1.0, 1.0]).1.found(), None);
    }

    #[test]
    fn a_long_way_takes_little_room() {
        let values: Vec<f64> = (0..100_000).map(|step| 1.0 - libm::exp(-f64::from(step) / 20_000.0)).collect();
        let (_, half_way) = seen(&values);
        assert!(half_way.rise.pieces.len() <= MOST_PIECES);
        let exact = -20_000.0 * libm::log(1.0 - 0.5 * values.last().unwrap());
        approx::assert_relative_eq!(half_way.found().unwrap(), exact, max_relative = 1e-6);
    }
}
