//! A tabulated f-I curve: cubic pieces between its points, constant beyond them.

use super::bracket::crossing_among;
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::numeric::monotone::monotone_slopes;
use crate::scenario;
use crate::scenario::transfer::{Interpolation, Table};

/// A piece of a curve from one input to the next: `c0 + c1 d + c2 d^2 + c3 d^3`, d the distance from its start.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    start: f64,
    c: [f64; 4],
}

/// A curve with the numbers of every lane.
#[derive(Clone, Debug)]
pub(super) struct Tabulated<const G: usize> {
    /// Start and coefficients of each piece; the last goes on without end.
    pieces: Vec<[Row<G>; 5]>,
}

impl<const G: usize> Tabulated<G> {
    /// The curves of these specifications, of equally many points.
    pub fn new(specs: &[&scenario::Transfer]) -> Self {
        let curves: Vec<Vec<Piece>> = specs.iter().map(|spec| table_of(spec).map_or_else(Vec::new, pieces)).collect();
        let count = curves.iter().map(Vec::len).min().unwrap_or(0);
        let number = |lane: usize, piece: usize, place: usize| {
            let Piece { start, c } = curves[lane.min(curves.len() - 1)][piece];
            if place == 0 { start } else { c[place - 1] }
        };
        let row = |piece: usize, place: usize| Row::from_fn(|lane| number(lane, piece, place));
        Self { pieces: (0..count).map(|piece| std::array::from_fn(|place| row(piece, place))).collect() }
    }

    /// The rate in Hz.
    #[inline(always)]
    pub fn rate<S: Simd>(&self, simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
        let [start, c0, c1, c2, c3] = self.piece_at(simd, x);
        let along = x - start;
        c3.mul_add(along, c2).mul_add(along, c1).mul_add(along, c0)
    }

    /// Its slope; at a point that from the left.
    #[inline(always)]
    pub fn slope<S: Simd>(&self, simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
        let [start, _, c1, c2, c3] = self.piece_at(simd, x);
        let along = x - start;
        (c3 * 3.0).mul_add(along, c2 * 2.0).mul_add(along, c1)
    }

    /// The numbers of the piece in which `x` lies; before the first, those of the constant there.
    #[inline(always)]
    fn piece_at<S: Simd>(&self, simd: S, x: Lanes<S, G>) -> [Lanes<S, G>; 5] {
        let mut found = [Lanes::splat(simd, 0.0); 5];
        for (index, piece) in self.pieces.iter().enumerate() {
            let piece = piece.map(|row| Lanes::load(simd, &row));
            if index == 0 {
                (found[0], found[1]) = (piece[0], piece[1]);
            }
            let within = x.gt(piece[0]);
            for (found, number) in found.iter_mut().zip(piece) {
                *found = within.select(number, *found);
            }
        }
        found
    }
}

fn table_of(spec: &scenario::Transfer) -> Option<&Table> {
    match spec {
        scenario::Transfer::Table(table) => Some(table),
        _ => None,
    }
}

/// The pieces of a curve, and last the constant beyond its end.
fn pieces(table: &Table) -> Vec<Piece> {
    let count = table.inputs.len().min(table.rates.len());
    let (x, y) = (&table.inputs[..count], &table.rates[..count]);
    let widths: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let secants: Vec<f64> = y.windows(2).zip(&widths).map(|(pair, width)| (pair[1] - pair[0]) / width).collect();
    let slopes = match table.interpolation {
        Interpolation::MonotoneCubic => monotone_slopes(&widths, &secants),
        Interpolation::Linear => Vec::new(),
    };
    let mut found: Vec<Piece> = (0..count.saturating_sub(1))
        .map(|index| {
            let (width, secant) = (widths[index], secants[index]);
            let bends = match (slopes.get(index), slopes.get(index + 1)) {
                (Some(one), Some(other)) => {
                    [*one, (3.0 * secant - 2.0 * one - other) / width, (one + other - 2.0 * secant) / (width * width)]
                }
                _ => [secant, 0.0, 0.0],
            };
            Piece { start: x[index], c: [y[index], bends[0], bends[1], bends[2]] }
        })
        .collect();
    if let (Some(start), Some(rate)) = (x.last(), y.last()) {
        found.push(Piece { start: *start, c: [*rate, 0.0, 0.0, 0.0] });
    }
    found
}

/// The one input at which the curve gives a rate; none where it does so nowhere or at several.
pub(super) fn inverse(table: &Table, rate: f64) -> Option<f64> {
    let pieces = pieces(table);
    let value = |x: f64| {
        let within = pieces.iter().rev().find(|piece| x > piece.start);
        within.map_or_else(
            || pieces.first().map_or(f64::NAN, |piece| piece.c[0]),
            |Piece { start, c: [c0, c1, c2, c3] }| {
                let along = x - start;
                ((c3 * along + c2) * along + c1) * along + c0
            },
        )
    };
    crossing_among(&value, rate, table.inputs.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::lanes::dispatch;

    fn curve(interpolation: Interpolation) -> scenario::Transfer {
        scenario::Transfer::Table(Table {
            inputs: vec![0.0, 1.0, 2.0, 4.0, 5.0],
            rates: vec![0.0, 1.0, 4.0, 16.0, 16.0],
            interpolation,
            ..Table::default()
        })
    }

    fn evaluate(spec: &scenario::Transfer, places: [f64; 8]) -> ([f64; 8], [f64; 8]) {
        let table = Tabulated::<1>::new(&[spec]);
        let (x, mut rate, mut slope) = (Row([places]), Row::ZERO, Row::ZERO);
        dispatch!(simd => {
            table.rate(simd, Lanes::load(simd, &x)).store(&mut rate);
            table.slope(simd, Lanes::load(simd, &x)).store(&mut slope);
        });
        (rate.0[0], slope.0[0])
    }

    #[test]
    fn curves_meet_their_points_and_stay_constant_beyond() {
        for interpolation in [Interpolation::Linear, Interpolation::MonotoneCubic] {
            let (rates, slopes) = evaluate(&curve(interpolation), [-3.0, 0.0, 1.0, 2.0, 4.0, 5.0, 9.0, 4.5]);
            assert_eq!(rates, [0.0, 0.0, 1.0, 4.0, 16.0, 16.0, 16.0, 16.0]);
            assert_eq!((slopes[0], slopes[1], slopes[6]), (0.0, 0.0, 0.0));
        }
        let (rates, slopes) = evaluate(&curve(Interpolation::Linear), [0.5, 1.5, 3.0, 2.0, 4.0, 4.2, 0.1, 0.2]);
        assert_eq!(rates[..3], [0.5, 2.5, 10.0]);
        assert_eq!(slopes[..5], [1.0, 3.0, 6.0, 3.0, 6.0]);
    }

    #[test]
    fn cubic_pieces_keep_the_order_of_the_points_and_the_slope_of_their_values() {
        let spec = curve(Interpolation::MonotoneCubic);
        let mut last = 0.0;
        for index in 1..5000 {
            let x = f64::from(index) * 1e-3 + 3e-5;
            let (rates, slopes) = evaluate(&spec, [x, x - 1e-6, x + 1e-6, x, x, x, x, x]);
            assert!(rates[0] >= last && slopes[0] >= 0.0, "{x}");
            last = rates[0];
            approx::assert_abs_diff_eq!((rates[2] - rates[1]) / 2e-6, slopes[0], epsilon = 1e-6);
        }
    }

    #[test]
    fn a_curve_is_inverted_where_it_gives_a_rate_once() {
        for interpolation in [Interpolation::Linear, Interpolation::MonotoneCubic] {
            let spec = curve(interpolation);
            let scenario::Transfer::Table(table) = &spec else { panic!("a table") };
            for rate in [0.3, 1.0, 5.0, 15.9] {
                let x = inverse(table, rate).unwrap();
                approx::assert_relative_eq!(evaluate(&spec, [x; 8]).0[0], rate, max_relative = 1e-14);
            }
            assert_eq!(inverse(table, 17.0), None);
            assert_eq!(inverse(table, -1.0), None);
        }
        let hump = Table { inputs: vec![0.0, 1.0, 2.0], rates: vec![0.0, 5.0, 0.0], ..Table::default() };
        assert_eq!(inverse(&hump, 2.0), None);
    }
}
