//! What a formula is evaluated with: numbers, lanes, and either with its derivative.

use super::Function;
use crate::error_function::erf;
use crate::lanes::Lanes;
use crate::{functions, trigonometry};
use fearless_simd::Simd;

/// Arithmetic that a formula needs.
pub trait Number: Copy {
    /// What it takes to make one.
    type Context: Copy;
    /// A constant.
    fn constant(context: Self::Context, value: f64) -> Self;
    /// The sum.
    fn add(self, other: Self) -> Self;
    /// The difference.
    fn subtract(self, other: Self) -> Self;
    /// The product.
    fn multiply(self, other: Self) -> Self;
    /// The quotient.
    fn divide(self, other: Self) -> Self;
    /// The number with the other sign.
    fn negate(self) -> Self;
    /// `then` where `self < other`, `otherwise` elsewhere.
    fn where_less(self, other: Self, then: Self, otherwise: Self) -> Self;
    /// The product with itself.
    #[inline(always)]
    fn square(self) -> Self {
        self.multiply(self)
    }
    /// The smaller of two.
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        other.where_less(self, other, self)
    }
    /// The larger of two.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        self.where_less(other, other, self)
    }
    /// The power of a base of 0 or more.
    fn power(self, context: Self::Context, exponent: Self) -> Self;
    /// A function of one number.
    fn call(self, context: Self::Context, function: Function) -> Self;
    /// The derivative of [`Number::call`].
    fn slope_of_call(self, context: Self::Context, function: Function) -> Self;
}

impl Number for f64 {
    type Context = ();

    fn constant((): (), value: f64) -> Self {
        value
    }

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn subtract(self, other: Self) -> Self {
        self - other
    }

    fn multiply(self, other: Self) -> Self {
        self * other
    }

    fn divide(self, other: Self) -> Self {
        self / other
    }

    fn negate(self) -> Self {
        -self
    }

    fn where_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        if self < other { then } else { otherwise }
    }

    fn power(self, (): (), exponent: Self) -> Self {
        if self < 0.0 { f64::NAN } else { libm::pow(self, exponent) }
    }

    fn call(self, (): (), function: Function) -> Self {
        match function {
            Function::Exp => libm::exp(self),
            Function::Ln => libm::log(self),
            Function::Sqrt => libm::sqrt(self),
            Function::Sin => libm::sin(self),
            Function::Cos => libm::cos(self),
            Function::Tan => libm::tan(self),
            Function::Atan => libm::atan(self),
            Function::Sinh => libm::sinh(self),
            Function::Cosh => libm::cosh(self),
            Function::Tanh => libm::tanh(self),
            Function::Log10 => libm::log10(self),
            Function::Erf => libm::erf(self),
            Function::Logistic => 1.0 / (1.0 + libm::exp(-self)),
            Function::Softplus => self.max(0.0) + libm::log1p(libm::exp(-self.abs())),
            // The first terms of the series are exact here.
            Function::RelativeExponential if self.abs() < 1e-8 => 1.0 + 0.5 * self,
            Function::RelativeExponential => -self / libm::expm1(-self),
            Function::Abs => self.abs(),
            Function::Min | Function::Max => self,
        }
    }

    fn slope_of_call(self, context: (), function: Function) -> Self {
        slope_of_call(self, context, function)
    }
}

impl<S: Simd, const G: usize> Number for Lanes<S, G> {
    type Context = S;

    #[inline(always)]
    fn constant(simd: S, value: f64) -> Self {
        Self::splat(simd, value)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        self - other
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    fn divide(self, other: Self) -> Self {
        self / other
    }

    #[inline(always)]
    fn negate(self) -> Self {
        -self
    }

    #[inline(always)]
    fn where_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        self.lt(other).select(then, otherwise)
    }

    #[inline(always)]
    fn power(self, simd: S, exponent: Self) -> Self {
        functions::pow(simd, self, exponent)
    }

    #[inline(always)]
    fn call(self, simd: S, function: Function) -> Self {
        match function {
            Function::Exp => functions::exp(simd, self),
            Function::Ln => functions::ln(simd, self),
            Function::Sqrt => self.sqrt(),
            Function::Sin => trigonometry::sin(simd, self),
            Function::Cos => trigonometry::cos(simd, self),
            Function::Tan => trigonometry::tan(simd, self),
            Function::Atan => trigonometry::atan(simd, self),
            Function::Sinh => trigonometry::sinh(simd, self),
            Function::Cosh => trigonometry::cosh(simd, self),
            Function::Tanh => functions::tanh(simd, self),
            Function::Log10 => functions::log10(simd, self),
            Function::Erf => erf(simd, self),
            Function::Logistic => functions::logistic(simd, self),
            Function::Softplus => functions::softplus(simd, self),
            Function::RelativeExponential => functions::relative_exponential(simd, self),
            Function::Abs => self.abs(),
            Function::Min | Function::Max => self,
        }
    }

    #[inline(always)]
    fn slope_of_call(self, simd: S, function: Function) -> Self {
        match function {
            Function::RelativeExponential => functions::relative_exponential_slope(simd, self),
            _ => slope_of_call(self, simd, function),
        }
    }
}

/// The derivative of a function, by its value; from the left where there is a kink.
#[inline(always)]
fn slope_of_call<N: Number>(x: N, context: N::Context, function: Function) -> N {
    let one = N::constant(context, 1.0);
    let value = || x.call(context, function);
    match function {
        Function::Exp => value(),
        Function::Ln => one.divide(x),
        Function::Sqrt => N::constant(context, 0.5).divide(value()),
        Function::Log10 => N::constant(context, std::f64::consts::LOG10_E).divide(x),
        Function::Sin => x.call(context, Function::Cos),
        Function::Cos => x.call(context, Function::Sin).negate(),
        Function::Tan => {
            let value = value();
            one.add(value.multiply(value))
        }
        Function::Atan => one.divide(one.add(x.multiply(x))),
        Function::Sinh => x.call(context, Function::Cosh),
        Function::Cosh => x.call(context, Function::Sinh),
        Function::Erf => {
            let bell = x.multiply(x).negate().call(context, Function::Exp);
            N::constant(context, std::f64::consts::FRAC_2_SQRT_PI).multiply(bell)
        }
        Function::Tanh => {
            let value = value();
            one.subtract(value.multiply(value))
        }
        Function::Logistic => {
            let value = value();
            value.multiply(one.subtract(value))
        }
        Function::Softplus => x.call(context, Function::Logistic),
        Function::RelativeExponential => {
            // With y = x/(1 - e^-x): y' = (1 - y e^-x)/(1 - e^-x).
            let fall = x.negate().call(context, Function::Exp);
            one.subtract(value().multiply(fall)).divide(one.subtract(fall))
        }
        Function::Abs => N::constant(context, 0.0).where_less(x, one, one.negate()),
        Function::Min | Function::Max => one,
    }
}

/// A number with its derivative.
#[derive(Clone, Copy, Debug)]
pub struct Dual<N> {
    /// The number.
    pub value: N,
    /// Its derivative.
    pub slope: N,
}

impl<N: Number> Dual<N> {
    /// `outer slope`, and 0 where `slope` is 0 even if `outer` is infinite, as below a threshold.
    #[inline(always)]
    fn chained(outer: N, slope: N) -> N {
        let zero = slope.subtract(slope);
        let product = outer.multiply(slope);
        slope.where_less(zero, product, zero.where_less(slope, product, zero))
    }
}

impl<N: Number> Number for Dual<N> {
    type Context = N::Context;

    #[inline(always)]
    fn constant(context: N::Context, value: f64) -> Self {
        Self { value: N::constant(context, value), slope: N::constant(context, 0.0) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { value: self.value.add(other.value), slope: self.slope.add(other.slope) }
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        Self { value: self.value.subtract(other.value), slope: self.slope.subtract(other.slope) }
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        let slope = self.slope.multiply(other.value).add(self.value.multiply(other.slope));
        Self { value: self.value.multiply(other.value), slope }
    }

    #[inline(always)]
    fn divide(self, other: Self) -> Self {
        let value = self.value.divide(other.value);
        Self { value, slope: self.slope.subtract(value.multiply(other.slope)).divide(other.value) }
    }

    #[inline(always)]
    fn negate(self) -> Self {
        Self { value: self.value.negate(), slope: self.slope.negate() }
    }

    /// Where the two compared are equal and both branches meet, the smaller slope of a maximum and the larger of a minimum
    /// is that from the left.
    #[inline(always)]
    fn where_less(self, other: Self, then: Self, otherwise: Self) -> Self {
        let value = self.value.where_less(other.value, then.value, otherwise.value);
        // Just left of the tie, `self < other` where `self` rises faster.
        let tied = other.slope.where_less(self.slope, then.slope, otherwise.slope);
        let apart = other.value.where_less(self.value, otherwise.slope, tied);
        Self { value, slope: self.value.where_less(other.value, then.slope, apart) }
    }

    #[inline(always)]
    fn power(self, context: N::Context, exponent: Self) -> Self {
        let value = self.value.power(context, exponent.value);
        let lowered = self.value.power(context, exponent.value.subtract(N::constant(context, 1.0)));
        let by_base = Self::chained(exponent.value.multiply(lowered), self.slope);
        let by_exponent = Self::chained(value.multiply(self.value.call(context, Function::Ln)), exponent.slope);
        Self { value, slope: by_base.add(by_exponent) }
    }

    #[inline(always)]
    fn call(self, context: N::Context, function: Function) -> Self {
        let slope = Self::chained(self.value.slope_of_call(context, function), self.slope);
        Self { value: self.value.call(context, function), slope }
    }

    /// Second derivatives are not asked for.
    #[inline(always)]
    fn slope_of_call(self, context: N::Context, function: Function) -> Self {
        Self { value: self.value.slope_of_call(context, function), slope: N::constant(context, 0.0) }
    }
}
