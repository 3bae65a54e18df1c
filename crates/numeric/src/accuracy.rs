//! Tests of functions over lanes: their errors, and equal bits at every level.

use super::lanes::Row;

/// The function, at each level, of up to eight numbers.
macro_rules! at_all_levels {
    ($function:ident, $($argument:expr),+) => {{
        use crate::lanes::{Lanes, Row, dispatch, tokens};
        let reference = dispatch!(fearless_simd::Level::new(), simd => {
            let mut row = Row::<1>::ZERO;
            $function(simd, $(Lanes::load(simd, &$argument)),+).store(&mut row);
            row
        });
        for (name, level) in tokens() {
            let row = dispatch!(level, simd => {
                let mut row = Row::<1>::ZERO;
                $function(simd, $(Lanes::load(simd, &$argument)),+).store(&mut row);
                row
            });
            for lane in 0..8 {
                let (one, other) = (row.get(lane), reference.get(lane));
                assert!(one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan(), "{name}: {one} {other}");
            }
        }
        reference
    }};
}

/// A function against a reference over a range, in numbers that lie between the two results.
macro_rules! compare {
    ($function:ident, $reference:expr, $from:expr, $to:expr, $most:expr) => {
        for row in $crate::accuracy::rows($from, $to, 2_000) {
            let values = $crate::accuracy::at_all_levels!($function, row);
            for lane in 0..8 {
                let (x, value) = (row.get(lane), values.get(lane));
                let expected = $reference(x);
                assert!(
                    $crate::accuracy::ulps(value, expected) <= $most,
                    "{}({x:e}) = {value:e}, not {expected:e}",
                    stringify!($function)
                );
            }
        }
    };
}

pub(super) use {at_all_levels, compare};

/// How many numbers lie between two.
pub(super) fn ulps(one: f64, other: f64) -> u64 {
    let order = |x: f64| if x < 0.0 { -((x.to_bits() << 1 >> 1) as i64) } else { x.to_bits() as i64 };
    if one == other { 0 } else { order(one).abs_diff(order(other)) }
}

/// Numbers spread over a range, irregular in their bits; eight to a row.
pub(super) fn rows(from: f64, to: f64, count: usize) -> impl Iterator<Item = Row<1>> {
    let golden = 0.618_033_988_749_894_9;
    (0..count).map(move |row| {
        Row::from_fn(|lane| {
            let turn = ((row * 8 + lane) as f64 * golden).fract();
            turn.mul_add(to - from, from)
        })
    })
}

/// Holds eight values against what they should be: equal, both NaN, or next to each other.
pub(super) fn expect(values: Row<1>, expected: [f64; 8]) {
    for (lane, expected) in expected.into_iter().enumerate() {
        let value = values.get(lane);
        let equal = value.is_finite() && ulps(value, expected) <= 1 || value == expected;
        assert!(equal || value.is_nan() && expected.is_nan(), "lane {lane}: {value} {expected}");
    }
}
