//! Special points of a branch: what they are, and the numbers that change their sign there.

use crate::numeric::linear::Complex;
use serde::Serialize;

/// A kind of special point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Two fixed points meet and vanish: the branch turns back.
    Fold,
    /// A pair of eigenvalues crosses the imaginary axis, and a limit cycle is born.
    Hopf,
    /// Another branch crosses.
    Branch,
    /// Another branch crosses at right angles to the knob, as under a symmetry.
    Pitchfork,
    /// The branch changes its stability, or others leave it, at a corner of a transfer function, without a zero eigenvalue.
    Corner,
    /// The branch turns back at a corner of a transfer function: two fixed points meet and vanish without a zero eigenvalue.
    CornerFold,
}

impl Kind {
    /// Its name in figures and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fold => "fold",
            Self::Hopf => "Hopf",
            Self::Branch => "branch point",
            Self::Pitchfork => "pitchfork",
            Self::Corner => "corner",
            Self::CornerFold => "fold at a corner",
        }
    }
}

/// A special point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Special {
    /// What happens there.
    pub kind: Kind,
    /// The knob, as a share of its range.
    #[serde(skip)]
    pub share: f64,
    /// The knob's value.
    pub knob: f64,
    /// The variables.
    pub state: Vec<f64>,
    /// What is observed: rates in Hz.
    pub observed: Vec<f64>,
    /// At a Hopf point: the imaginary part of the eigenvalues, in radians per unit of time (ms in circuits).
    #[serde(rename = "angular_frequency_per_ms")]
    pub frequency: Option<f64>,
    /// How many eigenvalues vanish: 1 but where symmetries make several the same, as on rings and in equal columns.
    pub multiplicity: usize,
}

impl Special {
    /// What it is, in words.
    pub fn words(&self) -> String {
        match self.multiplicity {
            0 | 1 => self.kind.name().to_owned(),
            many => format!("{}, multiplicity {many}", self.kind.name()),
        }
    }
}

/// Real part, relative to the largest eigenvalue, below which an eigenvalue located by a root search lies on the axis.
const ON_AXIS: f64 = 1e-5;
/// Imaginary part, relative to the largest eigenvalue, that rounding makes of several equal real eigenvalues.
const REAL: f64 = 1e-6;

/// A number that changes its sign where a pair of eigenvalues sums to 0, and nowhere else: the sign of the product of all
/// pair sums (the determinant of the bialternate product, Guckenheimer et al. 1997, doi:10.1137/S0036142994278006), with
/// the size of the smallest.
pub(super) fn hopf_test(values: &[Complex]) -> Option<f64> {
    let (mut sign, mut smallest) = (1.0, f64::INFINITY);
    for (index, one) in values.iter().enumerate() {
        for other in &values[index + 1..] {
            let conjugate = one.im != 0.0 && one.im == -other.im && one.re == other.re;
            // Sums of two others come in conjugate pairs, whose product is positive.
            if conjugate || (one.im == 0.0 && other.im == 0.0) {
                let sum = one.re + other.re;
                sign *= if sum < 0.0 { -1.0 } else { 1.0 };
                smallest = f64::min(smallest, sum.abs());
            }
        }
    }
    (smallest.is_finite()).then_some(sign * smallest)
}

/// The imaginary part of a pair of eigenvalues on the imaginary axis; none where there is no such pair.
pub(super) fn hopf_frequency(values: &[Complex]) -> Option<f64> {
    let largest = values.iter().map(|value| libm::hypot(value.re, value.im)).fold(0.0, f64::max);
    let pair = values
        .iter()
        .filter(|value| value.im > REAL * largest)
        .min_by(|one, other| one.re.abs().total_cmp(&other.re.abs()));
    pair.filter(|pair| pair.re.abs() <= ON_AXIS * largest).map(|pair| pair.im)
}

/// The size of the smallest eigenvalue.
pub(super) fn smallest(values: &[Complex]) -> f64 {
    values.iter().map(|value| libm::hypot(value.re, value.im)).fold(f64::INFINITY, f64::min)
}

/// A real part this small, relative to the largest eigenvalue, is 0 to rounding.
const NEUTRAL: f64 = 1e-9;

/// How many eigenvalues have a real part above 0.
pub(super) fn unstable(values: &[Complex]) -> usize {
    let largest = values.iter().map(|value| libm::hypot(value.re, value.im)).fold(0.0, f64::max);
    values.iter().filter(|value| value.re > NEUTRAL * largest).count()
}

/// The mean real part of the eigenvalues from the `from`-th to the one before the `to`-th, counted from the right: a number
/// that changes its sign where these cross the imaginary axis together.
pub(super) fn crossing(values: &[Complex], from: usize, to: usize) -> f64 {
    let parts = values.iter().rev().skip(from).take(to - from).map(|value| value.re);
    parts.sum::<f64>() / (to - from) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_changes_its_sign_where_a_pair_crosses_the_axis_and_not_where_one_eigenvalue_does() {
        let value = |re: f64, im: f64| Complex { re, im };
        let sign = |values: &[Complex]| hopf_test(values).unwrap() > 0.0;
        let pair = |re: f64| [value(-3.0, 0.0), value(re, -2.0), value(re, 2.0)];
        assert_ne!(sign(&pair(-0.1)), sign(&pair(0.1)));
        let single = |re: f64| [value(-3.0, 0.0), value(-2.0, 0.0), value(re, 0.0)];
        assert_eq!(sign(&single(-0.1)), sign(&single(0.1)));
        // A complex pair that becomes two real eigenvalues.
        assert_eq!(sign(&pair(0.1)), sign(&[value(-3.0, 0.0), value(0.05, 0.0), value(0.15, 0.0)]));
        assert_eq!(hopf_frequency(&pair(1e-9)), Some(2.0));
        assert_eq!(hopf_frequency(&[value(-1.0, 0.0), value(1.0, 0.0)]), None);
        assert_eq!(hopf_test(&[value(1.0, 0.0)]), None);
    }
}
