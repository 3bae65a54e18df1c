//! Tables on the terminal: plain, numbers to the right, with as many digits as say something.

use comfy_table::{CellAlignment, Table, presets};
use std::ops::RangeInclusive;

/// Significant digits of numbers.
const DIGITS: usize = 4;
/// Significant digits of what was solved for, such as fixed points and their eigenvalues.
const EXACT_DIGITS: usize = 7;
/// What is smaller than this share of the largest number beside it is rounding, and 0.
const ROUNDING: f64 = 1e-12;
/// Powers of ten from and up to which numbers are written out.
const WRITTEN_OUT: std::ops::Range<i32> = -4..7;

/// A table without lines.
pub(super) fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// Puts the cells of some columns to the right.
pub(super) fn align_right(table: &mut Table, columns: RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A number of four significant digits.
pub(super) fn number(value: f64) -> String {
    number_of(value, DIGITS)
}

/// A number that was solved for, not integrated or sampled.
pub(super) fn exact(value: f64) -> String {
    number_of(value, EXACT_DIGITS)
}

/// A number of some significant digits; zeros at the end stay, so that columns are even. What is too small to be held with
/// all its digits is 0, what is not defined a dash.
pub(super) fn number_of(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "–".into();
    }
    if value.abs() < f64::MIN_POSITIVE {
        return "0".into();
    }
    if value.is_infinite() {
        return value.to_string();
    }
    // Rounding first: 9.9996 has one digit more before the point than it seems to have.
    let rounded = format!("{value:.*e}", digits - 1);
    let exponent: i32 = rounded.rsplit_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    if !WRITTEN_OUT.contains(&exponent) {
        return rounded;
    }
    let decimals = usize::try_from(digits as i32 - 1 - exponent).unwrap_or(0);
    format!("{value:.decimals$}")
}

/// Numbers that stand beside each other: what is nothing but rounding beside the largest is 0.
pub(super) fn numbers(values: impl IntoIterator<Item = f64>) -> Vec<String> {
    let values: Vec<f64> = values.into_iter().collect();
    let largest = values.iter().copied().filter(|value| value.is_finite()).fold(0.0, |most: f64, v| most.max(v.abs()));
    values.into_iter().map(|value| number(if value.abs() < ROUNDING * largest { 0.0 } else { value })).collect()
}

/// Two decimals, for shares and indices; no sign where they are zeros.
pub(super) fn hundredths(value: f64) -> String {
    let text = format!("{value:.2}");
    if text == "-0.00" { "0.00".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_digits_whatever_their_size() {
        let written = [
            (0.0, "0"),
            (-0.0, "0"),
            (5e-324, "0"),
            (5.0, "5.000"),
            (9.999_96, "10.00"),
            // The number that is stored lies a little above its middle.
            (0.012_345, "0.01235"),
            (-0.000_5, "-0.0005000"),
            (1.234e-5, "1.234e-5"),
            (123_456.0, "123456"),
            (2.5e9, "2.500e9"),
            (f64::NAN, "–"),
        ];
        for (value, text) in written {
            assert_eq!(number(value), text);
        }
        assert_eq!(numbers([1.0, 1e-16, -2.0]), ["1.000", "0", "-2.000"]);
        assert_eq!([hundredths(-0.004), hundredths(1.555)], ["0.00", "1.55"]);
    }
}
