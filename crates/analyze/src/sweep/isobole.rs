//! Isoboles: the lines on a surface of two doses along which the effect is the same, whichever way they run.

use super::alone::{Alone, Needed};
use super::dose_response::{HillFit, fit_exact_or_near};
use crate::numeric::monotone::monotone_slopes;
use std::collections::BTreeMap;

/// Halvings of the interval between two doses.
const HALVINGS: usize = 60;

/// A line of one effect: pairs of doses.
pub type Line = Vec<(f64, f64)>;

/// A crossing lies between two neighbouring points of the surface: the lower or left one, as (column, row), and whether the
/// other stands above it.
type Edge = (usize, usize, bool);

/// The effects at doses of two drugs, both ascending: a row for each dose of the second, in it an effect for each of the
/// first; NaN where it failed.
pub struct Surface<'a> {
    /// Doses of the first drug.
    pub first: &'a [f64],
    /// Doses of the second.
    pub second: &'a [f64],
    /// The effects.
    pub effects: &'a [Vec<f64>],
}

impl Surface<'_> {
    /// The lines along which the effect is `level`, each from one end to the other (closed lines end where they begin); those
    /// that the edge cuts end there. Between two doses of one drug the effect is a Hill curve where all effects beside the same
    /// dose of the other lie on one to the last digit, else a monotone cubic. `on_axes` are the doses of each drug alone that
    /// have the effect, where they are known otherwise.
    pub fn isoboles(&self, level: f64, on_axes: [Option<f64>; 2]) -> Vec<Line> {
        let crossings = self.crossings(level, on_axes);
        let mut beside: BTreeMap<Edge, Vec<Edge>> = crossings.keys().map(|edge| (*edge, Vec::new())).collect();
        for row in 1..self.second.len() {
            for column in 1..self.first.len() {
                let (left, below) = (column - 1, row - 1);
                let around = [(left, below, false), (column, below, true), (left, row, false), (left, below, true)];
                let crossed: Vec<Edge> = around.into_iter().filter(|edge| crossings.contains_key(edge)).collect();
                // Of four crossings, neighbours around the corner are joined.
                for pair in crossed.chunks_exact(2) {
                    beside.entry(pair[0]).or_default().push(pair[1]);
                    beside.entry(pair[1]).or_default().push(pair[0]);
                }
            }
        }
        join(&crossings, beside)
    }

    fn effect(&self, column: usize, row: usize) -> f64 {
        self.effects.get(row).and_then(|effects| effects.get(column)).copied().unwrap_or(f64::NAN)
    }

    fn crossings(&self, level: f64, on_axes: [Option<f64>; 2]) -> BTreeMap<Edge, (f64, f64)> {
        let mut found = BTreeMap::new();
        for (row, second) in self.second.iter().enumerate() {
            let effects: Vec<f64> = (0..self.first.len()).map(|column| self.effect(column, row)).collect();
            let known = on_axes[0].filter(|_| *second == 0.0);
            for (column, first) in along(self.first, &effects, level, known) {
                found.insert((column, row, false), (first, *second));
            }
        }
        for (column, first) in self.first.iter().enumerate() {
            let effects: Vec<f64> = (0..self.second.len()).map(|row| self.effect(column, row)).collect();
            let known = on_axes[1].filter(|_| *first == 0.0);
            for (row, second) in along(self.second, &effects, level, known) {
                found.insert((column, row, true), (*first, second));
            }
        }
        found
    }
}

/// Where effects over doses pass a level: the place of the dose before, and the dose.
fn along(doses: &[f64], effects: &[f64], level: f64, known: Option<f64>) -> Vec<(usize, f64)> {
    let places: Vec<usize> = (1..doses.len())
        .filter(|after| effects[after - 1].is_finite() && effects[*after].is_finite())
        .filter(|after| (effects[after - 1] < level) != (effects[*after] < level))
        .collect();
    if places.is_empty() {
        return Vec::new();
    }
    let hill = fit_exact_or_near(doses, effects).filter(HillFit::is_exact);
    let within = |after: usize, dose: f64| (doses[after - 1]..=doses[after]).contains(&dose);
    let at = |after: usize| {
        let stated = known.or_else(|| hill.map(|hill| hill.dose(level))).filter(|dose| within(after, *dose));
        stated.unwrap_or_else(|| between(doses, effects, level, after))
    };
    places.iter().map(|after| (after - 1, at(*after))).collect()
}

/// Where the cubic through effects passes a level before the dose at `after`.
fn between(doses: &[f64], effects: &[f64], level: f64, after: usize) -> f64 {
    // As many neighbours as have a value.
    let first = (0..after).rev().take_while(|place| effects[*place].is_finite()).last().unwrap_or(after - 1);
    let last = (after..doses.len()).take_while(|place| effects[*place].is_finite()).last().unwrap_or(after);
    let widths: Vec<f64> = (first..last).map(|place| doses[place + 1] - doses[place]).collect();
    let secants: Vec<f64> =
        (first..last).zip(&widths).map(|(place, width)| (effects[place + 1] - effects[place]) / width).collect();
    let slopes = monotone_slopes(&widths, &secants);
    let place = after - 1 - first;
    let (width, rise) = (widths[place], secants[place] * widths[place]);
    let (start, end) = (slopes[place] * width, slopes[place + 1] * width);
    let value = |share: f64| {
        let bend = rise.mul_add(3.0, -(2.0 * start + end)) + share * (start + end - 2.0 * rise);
        share.mul_add(start + share * bend, effects[after - 1])
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if (value(middle) < level) == (effects[after - 1] < level) { low = middle } else { high = middle }
    }
    f64::midpoint(low, high).mul_add(width, doses[after - 1])
}

/// Joins neighbouring crossings to lines: first those with ends, then closed ones.
fn join(crossings: &BTreeMap<Edge, (f64, f64)>, mut beside: BTreeMap<Edge, Vec<Edge>>) -> Vec<Line> {
    let mut lines = Vec::new();
    for with_ends in [true, false] {
        for start in crossings.keys() {
            let neighbours = beside.get(start).map_or(0, Vec::len);
            if neighbours == 0 || (with_ends && neighbours != 1) {
                continue;
            }
            let (mut line, mut here) = (vec![crossings[start]], *start);
            while let Some(next) = beside.get_mut(&here).and_then(Vec::pop) {
                if let Some(back) = beside.get_mut(&next) {
                    back.retain(|edge| *edge != here);
                }
                line.push(crossings[&next]);
                here = next;
            }
            // Where an edge runs through a point of the surface, two crossings are one.
            line.dedup();
            lines.push(line);
        }
    }
    lines
}

/// The straight line of doses of two drugs that add up to an effect, of which a share is left to them. A drug that never has
/// the effect alone adds nothing, so that the line runs along its doses, up to the highest. None where it is not known how much
/// of a drug has the effect.
pub fn additive(alone: [&Alone; 2], level: f64, left: f64, highest: [f64; 2]) -> Line {
    if left <= 0.0 {
        return Vec::new();
    }
    match alone.map(|drug| drug.needed(level)) {
        [Needed::Dose(first), Needed::Dose(second)] => vec![(0.0, left * second), (left * first, 0.0)],
        [Needed::Dose(first), Needed::Never] => vec![(left * first, 0.0), (left * first, highest[1])],
        [Needed::Never, Needed::Dose(second)] => vec![(0.0, left * second), (highest[0], left * second)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(effect: impl Fn(f64, f64) -> f64, level: f64) -> Vec<Line> {
        let doses: Vec<f64> = (0..=16).map(f64::from).collect();
        let effects: Vec<Vec<f64>> =
            doses.iter().map(|second| doses.iter().map(|first| effect(*first, *second)).collect()).collect();
        Surface { first: &doses, second: &doses, effects: &effects }.isoboles(level, [None, None])
    }

    #[test]
    fn a_rising_isobole_is_that_of_a_competitive_antagonist() {
        let found = lines(|a, b| a / (a + 1.6 * (1.0 + b / 8.0)), 0.5);
        assert_eq!(found.len(), 1);
        for (b, a) in [(0.0, 1.6), (4.0, 2.4), (8.0, 3.2), (16.0, 4.8)] {
            let (first, _) = found[0].iter().find(|(_, second)| *second == b).unwrap();
            approx::assert_relative_eq!(*first, a, max_relative = 1e-9);
        }
    }

    #[test]
    fn falling_closed_and_cut_isoboles_are_drawn() {
        let falling = lines(|a, b| 0.05 * (a + b), 0.505);
        assert_eq!(falling.len(), 1);
        assert!(falling[0].iter().all(|(a, b)| (a + b - 10.1).abs() < 1e-9));
        let round = lines(|a, b| (a - 8.0) * (a - 8.0) + (b - 8.0) * (b - 8.0), 16.5);
        assert_eq!((round.len(), round[0].first()), (1, round[0].last()));
        for (a, b) in &round[0] {
            approx::assert_abs_diff_eq!(libm::hypot(a - 8.0, b - 8.0), libm::sqrt(16.5), epsilon = 0.02);
        }
        // Two lines, both cut by the edge.
        let cut = lines(|a, b| (a - b) * (a - b), 40.5);
        assert_eq!(cut.len(), 2);
        for line in cut {
            for (a, b) in [line[0], line[line.len() - 1]] {
                assert!([a, b].iter().any(|dose| *dose == 0.0 || *dose == 16.0), "{a} {b}");
            }
        }
        assert!(lines(|a, b| a + b, 100.0).is_empty());
        let failed = lines(|a, b| if a == 5.0 && b == 5.0 { f64::NAN } else { 0.05 * (a + b) }, 0.505);
        assert_eq!(failed.len(), 2);
    }
}
