//! Formulas written as text, such as `r0 + max(0, x)^2 / (1 + x)`: read once, then evaluated with numbers, with lanes, or
//! with either and its derivative.
//!
//! Numbers, names, `+ - * / ^`, brackets, and the functions of [`Function::NAMES`]. `^` binds strongest and from the right,
//! then a sign, then `* /`, then `+ -`: `-x^2` is `-(x^2)`. A whole exponent that is written as a number (`x^3`, `x^-1`)
//! is a product; any other power is that of a base of 0 or more, and NaN of a negative one.

mod number;
mod parser;

pub use number::{Dual, Number};
pub use parser::ExpressionError;

use super::interval::Interval;
use super::lanes::Lanes;
use fearless_simd::Simd;

/// Operands that may wait at a time: deeper formulas are refused.
const DEPTH: usize = 16;

/// A formula that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    names: Vec<String>,
    /// In the order of evaluation, operands before what is done with them.
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Constant(f64),
    /// The value of a name, by index.
    Name(usize),
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    /// To the power of a whole number.
    Product(i32),
    Call(Function),
}

/// A function that formulas may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// e^x.
    Exp,
    /// The natural logarithm.
    Ln,
    /// The square root.
    Sqrt,
    /// The hyperbolic tangent.
    Tanh,
    /// The sine, of radians.
    Sin,
    /// The cosine, of radians.
    Cos,
    /// The tangent, of radians.
    Tan,
    /// The angle in radians whose tangent it is.
    Atan,
    /// The hyperbolic sine.
    Sinh,
    /// The hyperbolic cosine.
    Cosh,
    /// The logarithm to base 10.
    Log10,
    /// The error function.
    Erf,
    /// Without sign.
    Abs,
    /// 1/(1 + e^-x).
    Logistic,
    /// ln(1 + e^x).
    Softplus,
    /// x/(1 - e^-x), 1 at 0.
    RelativeExponential,
    /// The smaller of two; more are taken in turn.
    Min,
    /// The larger of two; more are taken in turn.
    Max,
}

impl Function {
    /// Every function under the name by which it is called.
    pub const NAMES: [(&'static str, Self); 18] = [
        ("exp", Self::Exp),
        ("ln", Self::Ln),
        ("log10", Self::Log10),
        ("sqrt", Self::Sqrt),
        ("sin", Self::Sin),
        ("cos", Self::Cos),
        ("tan", Self::Tan),
        ("atan", Self::Atan),
        ("sinh", Self::Sinh),
        ("cosh", Self::Cosh),
        ("tanh", Self::Tanh),
        ("erf", Self::Erf),
        ("abs", Self::Abs),
        ("logistic", Self::Logistic),
        ("softplus", Self::Softplus),
        ("relexp", Self::RelativeExponential),
        ("min", Self::Min),
        ("max", Self::Max),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    fn takes_several(self) -> bool {
        matches!(self, Self::Min | Self::Max)
    }
}

impl Expression {
    /// Reads a formula.
    ///
    /// # Errors
    /// [`ExpressionError`] says what is wrong and at which character.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        parser::parse(text)
    }

    /// A formula that is the same number everywhere.
    pub fn constant(value: f64) -> Self {
        Self { names: Vec::new(), steps: vec![Step::Constant(value)] }
    }

    /// The names that occur in it, in the order of their first occurrence.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its value; `values` holds that of each name, in the order of [`Self::names`].
    pub fn value(&self, values: &[f64]) -> f64 {
        self.run((), &|index| values.get(index).copied().unwrap_or(f64::NAN))
    }

    /// What it can come to where its names lie within intervals, in the order of [`Self::names`]: no less, and perhaps more.
    pub fn range(&self, intervals: &[Interval]) -> Interval {
        self.run((), &|index| intervals.get(index).copied().unwrap_or(Interval::WHOLE))
    }

    /// Its value over lanes; `value_of` gives that of each name, by its index.
    #[inline(never)]
    pub fn value_over_lanes<S: Simd, const G: usize>(
        &self,
        simd: S,
        value_of: &dyn Fn(usize) -> Lanes<S, G>,
    ) -> Lanes<S, G> {
        simd.vectorize(
            #[inline(always)]
            || self.run(simd, value_of),
        )
    }

    /// Its value over lanes and its derivative by the name of index `by` (none where it does not occur).
    #[inline(never)]
    pub fn slope_over_lanes<S: Simd, const G: usize>(
        &self,
        simd: S,
        by: Option<usize>,
        value_of: &dyn Fn(usize) -> Lanes<S, G>,
    ) -> (Lanes<S, G>, Lanes<S, G>) {
        let dual = simd.vectorize(
            #[inline(always)]
            || {
                self.run(simd, &|index| Dual {
                    value: value_of(index),
                    slope: Lanes::splat(simd, if Some(index) == by { 1.0 } else { 0.0 }),
                })
            },
        );
        (dual.value, dual.slope)
    }

    #[inline(always)]
    fn run<N: Number>(&self, context: N::Context, value_of: &dyn Fn(usize) -> N) -> N {
        let mut stack = [N::constant(context, 0.0); DEPTH];
        let mut top = 0;
        for step in &self.steps {
            let operands = match step {
                Step::Constant(_) | Step::Name(_) => 0,
                Step::Negate | Step::Product(_) => 1,
                Step::Call(function) if !function.takes_several() => 1,
                _ => 2,
            };
            top -= operands;
            let (one, other) = (stack[top], stack[(top + 1).min(DEPTH - 1)]);
            stack[top] = match step {
                Step::Constant(value) => N::constant(context, *value),
                Step::Name(index) => value_of(*index),
                Step::Negate => one.negate(),
                Step::Add => one.add(other),
                Step::Subtract => one.subtract(other),
                Step::Multiply => one.multiply(other),
                Step::Divide => one.divide(other),
                Step::Power => one.power(context, other),
                Step::Product(count) => product(context, one, *count),
                Step::Call(Function::Min) => one.smaller(other),
                Step::Call(Function::Max) => one.larger(other),
                Step::Call(function) => one.call(context, *function),
            };
            top += 1;
        }
        stack[0]
    }
}

/// A power of a whole exponent, by squares and products.
#[inline(always)]
fn product<N: Number>(context: N::Context, base: N, count: i32) -> N {
    let mut value = N::constant(context, 1.0);
    let mut square = base;
    let mut left = count.unsigned_abs();
    while left > 0 {
        if left % 2 == 1 {
            value = value.multiply(square);
        }
        left /= 2;
        if left > 0 {
            square = square.square();
        }
    }
    if count < 0 { N::constant(context, 1.0).divide(value) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{Row, dispatch};
    use fearless_simd::Level;

    fn value(text: &str, x: f64) -> f64 {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        expression.value(&vec![x; expression.names().len()])
    }

    /// Value and slope over lanes at eight places.
    fn over_lanes(text: &str, places: [f64; 8]) -> ([f64; 8], [f64; 8], [f64; 8]) {
        let expression = Expression::parse(text).unwrap();
        let by = expression.names().iter().position(|name| name == "x");
        let row = Row::<1>([places]);
        let mut rows = [Row::ZERO; 3];
        dispatch!(Level::new(), simd => {
            let (value, slope) = expression.slope_over_lanes(simd, by, &|_| Lanes::load(simd, &row));
            value.store(&mut rows[0]);
            slope.store(&mut rows[1]);
            expression.value_over_lanes(simd, &|_| Lanes::load(simd, &row)).store(&mut rows[2]);
        });
        (rows[0].0[0], rows[1].0[0], rows[2].0[0])
    }

    #[test]
    fn operators_bind_as_in_mathematics() {
        for (text, expected) in [
            ("1 + 2 * 3", 7.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("-x^2", -9.0),
            ("2^-1", 0.5),
            ("8 / 4 / 2", 1.0),
            ("8 - 4 - 2", 2.0),
            ("(1 + 2) * 3", 9.0),
            ("- - x", 3.0),
            ("+x", 3.0),
            ("x * -x", -9.0),
            ("1.5e1 + .5", 15.5),
            ("max(1, x, 2)", 3.0),
            ("min(4, x, 5)", 3.0),
            ("abs(-x)", 3.0),
            ("sqrt(x + 6)", 3.0),
            ("ln(exp(x))", 3.0),
            ("(-x)^3", -27.0),
            ("x^-2", 1.0 / 9.0),
            ("9^(1/2)", 3.0),
            ("pi", std::f64::consts::PI),
        ] {
            approx::assert_relative_eq!(value(text, 3.0), expected, max_relative = 1e-15);
        }
        assert!(value("(-x)^0.5", 2.0).is_nan());
        assert_eq!(value("relexp(x)", 0.0), 1.0);
        for (text, expected) in [
            ("sin(pi / 6)", 0.5),
            ("cos(pi / 3)", 0.5),
            ("tan(pi / 4)", 1.0),
            ("4 * atan(1)", std::f64::consts::PI),
            ("cosh(x)^2 - sinh(x)^2", 1.0),
            ("log10(1000)", 3.0),
            ("2 * erf(1 / 2)", 1.040_999_755_626_093),
        ] {
            approx::assert_relative_eq!(value(text, 1.5), expected, max_relative = 1e-14);
        }
    }

    #[test]
    fn names_may_be_paths() {
        let text = r#"onto.A.B - populations."E[3]".tau * onto.A.B + doses.0.amount"#;
        let expression = Expression::parse(text).unwrap();
        assert_eq!(expression.names(), ["onto.A.B", "populations.\"E[3]\".tau", "doses.0.amount"]);
        assert_eq!(expression.value(&[2.0, 5.0, 1.0]), -7.0);
        assert!(expression.value(&[2.0]).is_nan(), "what is not given is no number");
    }

    #[test]
    fn lanes_agree_with_scalars_and_slopes_with_differences() {
        let places = [-2.3, -0.7, 0.3, 1.1, 2.9, 0.05, 6.0, 0.9];
        for text in [
            "3",
            "x",
            "2 + max(0, x)^2 / (1 + abs(x))",
            "sqrt(max(0, x))",
            "max(0, x)^1.7 + min(x, 0.5)",
            "exp(-x^2) * tanh(x) - logistic(3 * x)",
            "softplus(x / 0.3) * 0.3",
            "relexp(2 * x - 1)",
            "ln(1 + x^2)^3 - 2^x",
            "x^-1",
            "abs(x)^x",
            "sin(2 * x + 1) - cos(x^2)",
            "tan(x / 5) + atan(3 * x)",
            "sinh(x) / cosh(x / 2)",
            "log10(2 + x^2) * erf(x / 2)",
        ] {
            let (values, slopes, again) = over_lanes(text, places);
            assert_eq!(values, again, "{text}");
            for ((x, value_here), slope) in places.into_iter().zip(values).zip(slopes) {
                approx::assert_relative_eq!(value_here, value(text, x), max_relative = 1e-14, epsilon = 1e-300);
                let step = 1e-6;
                let difference = (value(text, x + step) - value(text, x - step)) / (2.0 * step);
                assert!((slope - difference).abs() < 1e-7 * difference.abs().max(1.0), "{text} at {x}: {slope}");
            }
        }
    }

    #[test]
    fn at_a_kink_the_slope_is_that_from_the_left() {
        let places = [0.0; 8];
        for (text, slope) in [
            ("max(0, x)", 0.0),
            ("max(x, 0)", 0.0),
            ("min(0, x)", 1.0),
            ("min(x, 0)", 1.0),
            ("abs(x)", -1.0),
            ("sqrt(max(0, x))", 0.0),
            ("max(0, x)^0.5", 0.0),
        ] {
            assert_eq!(over_lanes(text, places).1[0], slope, "{text}");
        }
    }
}
