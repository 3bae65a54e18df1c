//! Interval arithmetic: what a formula can come to where its arguments lie between two numbers.
//!
//! Every result holds all values that are possible, and often more: where a name occurs twice its two values are taken for
//! independent (Moore 1966, Interval Analysis). Ends are not rounded outwards; [`Interval::widened`] gives room for that.

use super::expression::{Function, Number};

/// All numbers from `low` to `high`, infinite ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Interval {
    /// All numbers.
    pub const WHOLE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// From one number to another; all numbers where either is NaN.
    pub fn new(low: f64, high: f64) -> Self {
        if low.is_nan() || high.is_nan() { Self::WHOLE } else { Self { low, high } }
    }

    /// One number.
    pub fn point(value: f64) -> Self {
        Self::new(value, value)
    }

    /// The smallest interval that holds all of these; all numbers where one is NaN.
    pub fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let mut found: Option<Self> = None;
        for value in values {
            if value.is_nan() {
                return Self::WHOLE;
            }
            let one = found.get_or_insert(Self { low: value, high: value });
            *one = Self { low: one.low.min(value), high: one.high.max(value) };
        }
        found.unwrap_or(Self::WHOLE)
    }

    /// Whether both ends are finite.
    pub fn is_bounded(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// How far apart its ends are.
    pub fn width(self) -> f64 {
        self.high - self.low
    }

    /// Whether it holds a number.
    pub fn holds(self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }

    /// The number in it that is nearest to 0.
    pub fn nearest_to_zero(self) -> f64 {
        0.0f64.max(self.low).min(self.high)
    }

    /// What it has in common with another; the other where they have nothing in common but rounding.
    pub fn common(self, other: Self) -> Self {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        if low <= high { Self { low, high } } else { other }
    }

    /// With room on both sides, as a share of its ends.
    pub fn widened(self, share: f64) -> Self {
        Self { low: self.low - share * self.low.abs(), high: self.high + share * self.high.abs() }
    }

    /// What a rising function makes of it.
    pub fn rising(self, f: impl Fn(f64) -> f64) -> Self {
        Self::new(f(self.low), f(self.high))
    }

    /// The product with a number.
    pub fn times(self, factor: f64) -> Self {
        self.multiply(Self::point(factor))
    }

    fn hull(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }
}

/// 0 times infinity is 0 here: an end that is infinite stands for numbers as large as one likes, and 0 times any of them is 0.
fn times(one: f64, other: f64) -> f64 {
    if one == 0.0 || other == 0.0 { 0.0 } else { one * other }
}

impl Number for Interval {
    type Context = ();

    fn constant((): (), value: f64) -> Self {
        Self::point(value)
    }

    fn add(self, other: Self) -> Self {
        Self::new(self.low + other.low, self.high + other.high)
    }

    fn subtract(self, other: Self) -> Self {
        Self::new(self.low - other.high, self.high - other.low)
    }

    fn multiply(self, other: Self) -> Self {
        let (a, b) = ([self.low, self.high], [other.low, other.high]);
        Self::around(a.into_iter().flat_map(|one| b.map(|other| times(one, other))))
    }

    fn square(self) -> Self {
        let ends = [self.low * self.low, self.high * self.high];
        let least = if self.holds(0.0) { 0.0 } else { ends[0].min(ends[1]) };
        Self::new(least, ends[0].max(ends[1]))
    }

    fn divide(self, other: Self) -> Self {
        if other.holds(0.0) {
            // A divisor of one sign, up to 0, keeps the sign of what is divided.
            return match (self.low >= 0.0, self.high <= 0.0, other.low >= 0.0, other.high <= 0.0) {
                (true, _, true, _) => {
                    Self::new(if other.high > 0.0 { self.low / other.high } else { 0.0 }, f64::INFINITY)
                }
                (_, true, _, true) => {
                    Self::new(if other.low < 0.0 { self.high / other.low } else { 0.0 }, f64::INFINITY)
                }
                (true, _, _, true) | (_, true, true, _) => Self::new(f64::NEG_INFINITY, 0.0),
                _ => Self::WHOLE,
            };
        }
        let inverse = Self::new(1.0 / other.high, 1.0 / other.low);
        self.multiply(inverse)
    }

    fn negate(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    fn where_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        if self.high < other.low {
            then
        } else if self.low >= other.high {
            otherwise
        } else {
            then.hull(otherwise)
        }
    }

    fn smaller(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.min(other.high) }
    }

    fn larger(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }

    fn power(self, (): (), exponent: Self) -> Self {
        if self.high < 0.0 {
            return Self::WHOLE;
        }
        // A power of a base of 0 or more has its extremes at the ends of both, or where the base is 1.
        let bases = [self.low.max(0.0), self.high];
        let exponents = [exponent.low, exponent.high];
        let corners = bases.into_iter().flat_map(|base| exponents.map(|exponent| libm::pow(base, exponent)));
        let one = (self.holds(1.0) && !exponent.is_bounded()).then_some(1.0);
        Self::around(corners.chain(one))
    }

    fn call(self, (): (), function: Function) -> Self {
        match function {
            Function::Abs => {
                let ends = [self.low.abs(), self.high.abs()];
                Self::new(if self.holds(0.0) { 0.0 } else { ends[0].min(ends[1]) }, ends[0].max(ends[1]))
            }
            Function::Cosh => self.call((), Function::Abs).rising(|x| x.call((), function)),
            // A whole period, unless it is one number.
            Function::Sin | Function::Cos if self.low == self.high => Self::point(self.low.call((), function)),
            Function::Sin | Function::Cos => Self::new(-1.0, 1.0),
            Function::Tan => Self::WHOLE,
            Function::Ln | Function::Log10 | Function::Sqrt if self.high < 0.0 => Self::WHOLE,
            Function::Ln | Function::Log10 | Function::Sqrt => {
                Self { low: self.low.max(0.0), ..self }.rising(|x| x.call((), function))
            }
            Function::Softplus | Function::RelativeExponential => self.rising(|x| match x {
                f64::INFINITY => f64::INFINITY,
                f64::NEG_INFINITY => 0.0,
                finite => finite.call((), function),
            }),
            Function::Exp | Function::Tanh | Function::Logistic | Function::Atan | Function::Sinh | Function::Erf => {
                self.rising(|x| x.call((), function))
            }
            Function::Min | Function::Max => self,
        }
    }

    /// Formulas are not differentiated over intervals: nothing is known.
    fn slope_of_call(self, (): (), _: Function) -> Self {
        Self::WHOLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;
    use proptest::prelude::*;

    const FORMULAS: [&str; 18] = [
        "sin(x) + x * cos(2 * x) + tan(x)",
        "atan(x) * sinh(x / 9) + erf(x) * cosh(x / 9) - log10(1 + x^2)",
        "x - x^3 / 3",
        "x^2 - 2 * x + 1",
        "max(0, x)^1.5",
        "min(x, 3) * max(-1, x)",
        "exp(-x^2) * tanh(x)",
        "1 / (1 + exp(-x))",
        "logistic(2 * x) - 0.5",
        "softplus(x) * relexp(x - 1)",
        "sqrt(abs(x)) - ln(1 + x^2)",
        "x^-2",
        "(x + 1) / (x - 2)",
        "abs(x)^0.3",
        "2^x",
        "-x * abs(x)",
        "x / (1 + abs(x))",
        "max(x, 1)^-2",
    ];

    proptest! {
        #[test]
        fn a_range_holds_every_value(
            formula in 0..FORMULAS.len(), low in -50.0..50.0_f64, width in 0.0..50.0_f64, share in 0.0..=1.0_f64
        ) {
            let expression = Expression::parse(FORMULAS[formula]).unwrap();
            let range = expression.range(&[Interval::new(low, low + width)]);
            let value = expression.value(&[share.mul_add(width, low)]);
            let room = 1e-12 * (1.0 + value.abs());
            prop_assert!(
                value.is_nan() || (value >= range.low - room && value <= range.high + room),
                "{}: {value} in {range:?}", FORMULAS[formula]
            );
            let whole = expression.range(&[Interval::WHOLE]);
            prop_assert!(value.is_nan() || whole.holds(value), "{}: {value} in {whole:?}", FORMULAS[formula]);
        }
    }

    #[test]
    fn limits_of_formulas_are_found_where_a_name_occurs_once() {
        let whole = |text: &str| Expression::parse(text).unwrap().range(&[Interval::WHOLE]);
        for (text, low, high) in [
            ("1 / (1 + exp(-x))", 0.0, 1.0),
            ("100 * tanh(x) + 3", -97.0, 103.0),
            ("max(0, min(x, 7))", 0.0, 7.0),
            ("max(0, x)^2", 0.0, f64::INFINITY),
            ("softplus(x)", 0.0, f64::INFINITY),
            ("x^2", 0.0, f64::INFINITY),
            ("x^3", f64::NEG_INFINITY, f64::INFINITY),
            ("x - x^3", f64::NEG_INFINITY, f64::INFINITY),
            ("5", 5.0, 5.0),
        ] {
            assert_eq!(whole(text), Interval { low, high }, "{text}");
        }
        assert_eq!(Interval::new(f64::NAN, 1.0), Interval::WHOLE);
        assert_eq!(Interval::point(3.0).divide(Interval::new(-1.0, 1.0)), Interval::WHOLE);
        assert_eq!(Interval::new(1.0, 2.0).common(Interval::new(5.0, 6.0)), Interval::new(5.0, 6.0));
    }
}
