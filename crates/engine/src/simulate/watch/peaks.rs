//! The peaks of a signal: largest values from which it falls on both sides by at least a share of its whole range in the
//! window.
//!
//! The range shows only at the end. Until then turns are kept that are large enough for the range so far; as it grows, those
//! that are no longer are dropped. What is dropped on the way would be dropped in the end, so that nothing depends on when.

use crate::numeric::piece::{Extreme, Piece};

/// A range below this, relative to the signal's size, is that of rounding and of the tolerances of solvers.
const STILL: f64 = 1e-6;
/// Turns beyond which those are dropped that the range has outgrown.
const MANY: usize = 1_024;

/// A turn, with the values of the steps before and after it, where the course is known at steps alone.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Turn {
    at: Extreme,
    beside: [Option<Extreme>; 2],
}

/// Peaks so far.
#[derive(Clone, Debug)]
pub(super) struct Peaks {
    /// The share of the range that a peak must stand out by.
    prominence: f64,
    low: f64,
    high: f64,
    zigzag: Zigzag,
    previous: Option<Extreme>,
    /// Length of the turns after the last clearing.
    cleared: usize,
}

/// Turns, each farther from the one before than a number.
#[derive(Clone, Debug, Default)]
struct Zigzag {
    turns: Vec<Turn>,
    /// The farthest since the last turn; before the first, the lowest and the highest.
    farthest: [Option<Turn>; 2],
    /// Whether the signal rises to the farthest: after a low turn.
    rising: bool,
}

impl Peaks {
    pub fn new(prominence: f64) -> Self {
        Self {
            prominence,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            zigzag: Zigzag::default(),
            previous: None,
            cleared: 0,
        }
    }

    pub fn see(&mut self, piece: &Piece) {
        let mut turns = piece.turns().peekable();
        let straight = turns.peek().is_none();
        for mark in piece.marks() {
            if !mark.value.is_finite() || self.previous == Some(mark) {
                continue;
            }
            self.low = self.low.min(mark.value);
            self.high = self.high.max(mark.value);
            let before = self.previous.filter(|before| straight && before.at_min < mark.at_min);
            self.zigzag.neighbour(mark, straight);
            self.zigzag.push(Turn { at: mark, beside: [before, None] }, self.smallest());
            self.previous = Some(mark);
        }
        if self.zigzag.turns.len() > self.cleared.max(MANY) * 2 {
            self.zigzag = self.zigzag.thinned(self.smallest());
            self.cleared = self.zigzag.turns.len();
        }
    }

    /// The smallest fall that makes a peak, given the range so far.
    fn smallest(&self) -> f64 {
        let range = self.high - self.low;
        let size = self.low.abs().max(self.high.abs());
        if range > STILL * size { self.prominence * range } else { f64::INFINITY }
    }

    pub fn found(&self) -> Vec<Extreme> {
        let turns = self.zigzag.thinned(self.smallest()).turns;
        turns.windows(2).filter(|pair| pair[1].at.value > pair[0].at.value).map(|pair| pair[1].vertex()).collect()
    }
}

impl Zigzag {
    /// Tells the farthest, where it was the value before, what comes after it.
    fn neighbour(&mut self, after: Extreme, straight: bool) {
        for farthest in self.farthest.iter_mut().flatten().filter(|farthest| farthest.beside[1].is_none()) {
            farthest.beside[1] = Some(after).filter(|after| straight && after.at_min > farthest.at.at_min);
            if farthest.beside[1].is_none() {
                farthest.beside[0] = None;
            }
        }
    }

    fn push(&mut self, turn: Turn, smallest: f64) {
        let value = turn.at.value;
        let [low, high] = &mut self.farthest;
        if low.is_none_or(|low| value < low.at.value) {
            *low = Some(turn);
        }
        if high.is_none_or(|high| value > high.at.value) {
            *high = Some(turn);
        }
        let (Some(low), Some(high)) = (*low, *high) else { return };
        let first = self.turns.is_empty();
        if (self.rising || first) && high.at.value - value >= smallest && high.at.at_min < turn.at.at_min {
            self.turn_at(high, turn, false);
        } else if (!self.rising || first) && value - low.at.value >= smallest && low.at.at_min < turn.at.at_min {
            self.turn_at(low, turn, true);
        }
    }

    fn turn_at(&mut self, turn: Turn, now: Turn, rising: bool) {
        self.turns.push(turn);
        self.rising = rising;
        self.farthest = [Some(now); 2];
    }

    /// The turns that are left where only larger ones count.
    fn thinned(&self, smallest: f64) -> Self {
        let mut thinned = Self::default();
        let [low, high] = self.farthest;
        // Before the first turn the lowest and the highest, in their order; later the farthest alone.
        let mut open: Vec<Turn> = low.into_iter().chain(high).collect();
        open.sort_by(|one, other| one.at.at_min.total_cmp(&other.at.at_min));
        if !self.turns.is_empty() {
            open.retain(|turn| Some(*turn) == if self.rising { high } else { low });
        }
        self.turns.iter().chain(&open).for_each(|turn| thinned.push(*turn, smallest));
        thinned
    }
}

impl Turn {
    /// The vertex of the parabola through the turn and the steps beside it; the turn where these are not known.
    fn vertex(&self) -> Extreme {
        let [Some(before), Some(after)] = self.beside else { return self.at };
        let slope = |one: Extreme, other: Extreme| (other.value - one.value) / (other.at_min - one.at_min);
        let (rise, fall) = (slope(before, self.at), slope(self.at, after));
        let bend = (fall - rise) / (after.at_min - before.at_min);
        let at_min = 0.5 * (before.at_min + self.at.at_min) - 0.5 * rise / bend;
        let inside = bend != 0.0 && (before.at_min..=after.at_min).contains(&at_min);
        let past = at_min - self.at.at_min;
        let tangent = rise + bend * (self.at.at_min - before.at_min);
        if inside { Extreme { value: self.at.value + past * (tangent + bend * past), at_min } } else { self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::philox::{hash, unit};
    use std::f64::consts::TAU;

    fn peaks(values: &[f64], prominence: f64) -> Vec<Extreme> {
        let mut peaks = Peaks::new(prominence);
        for (start, pair) in values.windows(2).enumerate() {
            peaks.see(&Piece::line(start as f64, start as f64 + 1.0, pair[0], pair[1]));
        }
        peaks.found()
    }

    #[test]
    fn a_sine_peaks_once_a_period_and_a_parabola_finds_where() {
        let values: Vec<f64> = (0..=1_000).map(|step| 3.0 + libm::sin(TAU * f64::from(step) / 73.0)).collect();
        let found = peaks(&values, 0.5);
        assert_eq!(found.len(), 14);
        for (number, peak) in found.iter().enumerate() {
            approx::assert_abs_diff_eq!(peak.at_min, 73.0 * (number as f64 + 0.25), epsilon = 1e-2);
            approx::assert_abs_diff_eq!(peak.value, 4.0, epsilon = 1e-5);
        }
    }

    #[test]
    fn peaks_are_those_that_the_definition_counts() {
        for seed in 0..200 {
            let values: Vec<f64> = (0..60).map(|step| unit(hash(seed, step))).collect();
            let range = values.iter().copied().fold(0.0, f64::max) - values.iter().copied().fold(1.0, f64::min);
            let prominence = 0.1 + 0.7 * unit(hash(seed, 1_000));
            // From a peak to the first higher value on either side, the signal falls by the prominence.
            let falls = |mut side: Box<dyn Iterator<Item = &f64> + '_>, top: f64| {
                side.try_fold(top, |low: f64, value| if *value > top { Err(low) } else { Ok(low.min(*value)) })
                    .map_or_else(|low| top - low, |low| top - low)
                    >= prominence * range
            };
            let expected: Vec<f64> = (1..values.len() - 1)
                .filter(|place| {
                    let top = values[*place];
                    falls(Box::new(values[..*place].iter().rev()), top)
                        && falls(Box::new(values[place + 1..].iter()), top)
                })
                .map(|place| place as f64)
                .collect();
            let mut running = Peaks::new(prominence);
            for (start, pair) in values.windows(2).enumerate() {
                running.see(&Piece::line(start as f64, start as f64 + 1.0, pair[0], pair[1]));
            }
            let turns = running.zigzag.thinned(running.smallest()).turns;
            let found: Vec<f64> = turns
                .windows(2)
                .filter(|pair| pair[1].at.value > pair[0].at.value)
                .map(|pair| pair[1].at.at_min)
                .collect();
            assert_eq!(found, expected, "seed {seed}");
        }
    }

    #[test]
    fn a_still_signal_has_no_peaks() {
        assert!(peaks(&[5.0, 5.0 + 1e-9, 5.0, 5.0 + 1e-9, 5.0], 0.1).is_empty());
        assert!(peaks(&[0.0; 9], 0.1).is_empty());
        assert_eq!(peaks(&[0.0, 1.0, 0.0], 0.1).len(), 1);
    }
}
