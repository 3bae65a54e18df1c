//! Transfer functions over lanes: value, slope, and (for one number) inverse.

use super::bracket::crossing;
use super::formula::{self, Formula};
use super::tabulated::{self, Tabulated};
use crate::numeric::expression::Number;
use crate::numeric::functions::{
    logistic, one_and_bounded_power_of_two, one_and_power_of_two, pow, relative_exponential,
    relative_exponential_slope, softplus, tanh,
};
use crate::numeric::interval::Interval;
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario;
use crate::scenario::transfer::{ceiling, formula_range};

/// A transfer function with the numbers of every lane. Lanes share its kind and may differ in every number.
#[derive(Clone, Debug)]
pub struct Transfer<const G: usize> {
    kind: Kind<G>,
    /// Largest rate in Hz, where the function is cut.
    maximum: Option<Row<G>>,
}

#[derive(Clone, Debug)]
enum Kind<const G: usize> {
    ThresholdLinear,
    PowerLaw(Exponent),
    Sigmoid {
        /// Whether something is subtracted in any lane.
        shifted: bool,
    },
    LinearExponential,
    QuadraticRoot,
    Tanh,
    Softplus,
    Table(Tabulated<G>),
    Expression(Formula<G>),
}

/// Exponents 1, 2 and 3 are exact products. Where all lanes share one, nothing else is computed; where they differ,
/// `pow` takes the same exact products lane by lane, so that a lane's bits do not depend on its neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Exponent {
    One,
    Two,
    Three,
    PerLane,
}

/// The numbers of a transfer function, a row each; which they are depends on the kind.
#[derive(Clone, Debug)]
pub struct Numbers<const G: usize>([Row<G>; 4]);

impl<const G: usize> Numbers<G> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, index: usize) -> Lanes<S, G> {
        Lanes::load(simd, &self.0[index])
    }

    /// How far `x` is above the threshold.
    #[inline(always)]
    fn above<S: Simd>(&self, simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
        (x - self.at(simd, 1)).max(Lanes::splat(simd, 0.0))
    }

    /// `m phi(z)`.
    #[inline(always)]
    fn standard<S: Simd>(&self, simd: S, phi: Standard, z: impl Fn() -> Lanes<S, G>) -> Lanes<S, G> {
        phi.times(
            simd,
            #[inline(always)]
            || self.at(simd, 0),
            z,
            #[inline(always)]
            |rate| rate,
        )
    }
}

/// phi of a transfer function in standard form, `f(x) = m phi(a x + b)`, for the kinds of most circuits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// `max(z, 0)`.
    Ramp,
    /// `max(z, 0)^2`.
    Square,
    /// `1 / (1 + 2^z)`.
    Logistic,
    /// The same, to the same bits, where z is known to stay within +-1000.
    BoundedLogistic,
}

impl Standard {
    /// `factor phi(z)`, handed on to `then`: nothing is merged between the branches, so that numbers stay in registers.
    #[inline(always)]
    pub fn times<S: Simd, const G: usize, R>(
        self,
        simd: S,
        factor: impl Fn() -> Lanes<S, G>,
        z: impl Fn() -> Lanes<S, G>,
        then: impl FnOnce(Lanes<S, G>) -> R,
    ) -> R {
        let zero = Lanes::splat(simd, 0.0);
        match self {
            Self::Ramp => then(factor() * z().max(zero)),
            Self::Square => {
                let above = z().max(zero);
                then(factor() * (above * above))
            }
            Self::Logistic => {
                let sum = one_and_power_of_two(simd, z());
                then(factor() / sum)
            }
            Self::BoundedLogistic => {
                let sum = one_and_bounded_power_of_two(simd, z());
                then(factor() / sum)
            }
        }
    }
}

impl<const G: usize> Transfer<G> {
    /// The transfer function whose lane `i` has the numbers of `specs[i]`, all of one kind.
    pub fn new(specs: &[&scenario::Transfer]) -> (Self, Numbers<G>) {
        let row =
            |pick: &dyn Fn(&scenario::Transfer) -> f64| Row::from_fn(|lane| pick(specs[lane.min(specs.len() - 1)]));
        let maxima: Vec<Option<f64>> = specs.iter().map(|spec| spec.ceiling()).collect();
        let maximum = maxima
            .iter()
            .any(Option::is_some)
            .then(|| Row::from_fn(|lane| maxima[lane.min(maxima.len() - 1)].unwrap_or(f64::INFINITY)));
        let kind = match specs[0] {
            scenario::Transfer::ThresholdLinear { .. } => Kind::ThresholdLinear,
            scenario::Transfer::PowerLaw { .. } => Kind::PowerLaw(Exponent::shared_by(specs)),
            scenario::Transfer::Sigmoid { .. } => {
                let shifted =
                    |spec: &&scenario::Transfer| matches!(spec, scenario::Transfer::Sigmoid { zero_at_zero: true, .. });
                Kind::Sigmoid { shifted: specs.iter().any(shifted) }
            }
            scenario::Transfer::LinearExponential { .. } | scenario::Transfer::LinearExponentialVoltage { .. } => {
                Kind::LinearExponential
            }
            scenario::Transfer::QuadraticRoot { .. } => Kind::QuadraticRoot,
            scenario::Transfer::Table(_) => Kind::Table(Tabulated::new(specs)),
            scenario::Transfer::Expression { .. } => Kind::Expression(Formula::new(specs)),
            scenario::Transfer::Tanh { .. } => Kind::Tanh,
            scenario::Transfer::Softplus { .. } => Kind::Softplus,
        };
        let numbers = Numbers([0, 1, 2, 3].map(|index| row(&|spec| numbers_of(spec)[index])));
        (Self { kind, maximum }, numbers)
    }

    /// f(x) in Hz; x in input units.
    ///
    /// `x` is computed inside the branch of its kind, and no branch leaves its result where another calls a function:
    /// nothing then needs to stand in memory while a kind without calls is computed.
    #[inline(always)]
    pub fn rate<S: Simd>(&self, simd: S, numbers: &Numbers<G>, x: impl Fn() -> Lanes<S, G>) -> Lanes<S, G> {
        let rate = match &self.kind {
            Kind::ThresholdLinear | Kind::PowerLaw(Exponent::One) => numbers.standard(
                simd,
                Standard::Ramp,
                #[inline(always)]
                || x() - numbers.at(simd, 1),
            ),
            Kind::PowerLaw(Exponent::Two) => numbers.standard(
                simd,
                Standard::Square,
                #[inline(always)]
                || x() - numbers.at(simd, 1),
            ),
            Kind::PowerLaw(Exponent::Three) => {
                let above = numbers.above(simd, x());
                numbers.at(simd, 0) * (above * above * above)
            }
            Kind::PowerLaw(Exponent::PerLane) => {
                numbers.at(simd, 0) * pow(simd, numbers.above(simd, x()), numbers.at(simd, 2))
            }
            Kind::Sigmoid { shifted } => {
                let rate = numbers.standard(
                    simd,
                    Standard::Logistic,
                    #[inline(always)]
                    || numbers.at(simd, 1).mul_add(x(), numbers.at(simd, 2)),
                );
                if *shifted { rate - numbers.at(simd, 3) } else { rate }
            }
            Kind::LinearExponential => {
                relative_exponential(
                    simd,
                    (numbers.at(simd, 0).mul_add(x(), -numbers.at(simd, 1))) * numbers.at(simd, 2),
                ) * numbers.at(simd, 3)
            }
            Kind::QuadraticRoot => {
                let u = numbers.above(simd, x()) * numbers.at(simd, 2);
                let root = (u - 0.75).sqrt() * 2.0;
                numbers.at(simd, 0) * u.lt(Lanes::splat(simd, 1.0)).select(u * u, root)
            }
            Kind::Tanh => numbers.at(simd, 2) * tanh(simd, numbers.at(simd, 0) * (x() - numbers.at(simd, 1))),
            Kind::Softplus => numbers.at(simd, 0) * softplus(simd, (x() - numbers.at(simd, 1)) * numbers.at(simd, 2)),
            Kind::Table(table) => table.rate(simd, x()),
            Kind::Expression(formula) => formula.rate(simd, x(), None),
        };
        match &self.maximum {
            Some(maximum) => rate.min(Lanes::load(simd, maximum)),
            None => rate,
        }
    }

    /// f(x, y) in Hz; one without a second input takes no notice of y.
    #[inline(always)]
    pub fn rate_of_two<S: Simd>(&self, simd: S, numbers: &Numbers<G>, x: Lanes<S, G>, y: Lanes<S, G>) -> Lanes<S, G> {
        let Kind::Expression(formula) = &self.kind else {
            return self.rate(
                simd,
                numbers,
                #[inline(always)]
                || x,
            );
        };
        let rate = formula.rate(simd, x, Some(y));
        self.maximum.as_ref().map_or(rate, |maximum| rate.min(Lanes::load(simd, maximum)))
    }

    /// f(x, y) and its slopes against x and y.
    #[inline(always)]
    pub fn rate_and_slopes_of_two<S: Simd>(
        &self,
        simd: S,
        numbers: &Numbers<G>,
        x: Lanes<S, G>,
        y: Lanes<S, G>,
    ) -> [Lanes<S, G>; 3] {
        let zero = Lanes::splat(simd, 0.0);
        let Kind::Expression(formula) = &self.kind else {
            let (rate, slope) = self.rate_and_slope(simd, numbers, x);
            return [rate, slope, zero];
        };
        let rate = self.rate_of_two(simd, numbers, x, y);
        let slopes = [formula.slope(simd, x, Some(y)), formula.second_slope(simd, x, y)];
        let [slope, second] = match &self.maximum {
            Some(maximum) => {
                let below = rate.lt(Lanes::load(simd, maximum));
                slopes.map(
                    #[inline(always)]
                    |slope| below.select(slope, zero),
                )
            }
            None => slopes,
        };
        [rate, slope, second]
    }

    /// phi, and the rows a, b and m, where the function has a standard form in every lane.
    pub fn standard_form(&self, numbers: &Numbers<G>) -> Option<(Standard, [Row<G>; 3])> {
        let Numbers([first, second, third, _]) = numbers;
        let above = |phi| {
            let below = Row::from_fn(|lane| -second.get(lane));
            Some((phi, [Row::splat(1.0), below, *first]))
        };
        match (&self.kind, &self.maximum) {
            (Kind::ThresholdLinear | Kind::PowerLaw(Exponent::One), None) => above(Standard::Ramp),
            (Kind::PowerLaw(Exponent::Two), None) => above(Standard::Square),
            (Kind::Sigmoid { shifted: false }, None) => Some((Standard::Logistic, [*second, *third, *first])),
            _ => None,
        }
    }

    /// f(x) and its slope df/dx. At a kink the slope from the left.
    #[inline(always)]
    pub fn rate_and_slope<S: Simd>(&self, simd: S, numbers: &Numbers<G>, x: Lanes<S, G>) -> (Lanes<S, G>, Lanes<S, G>) {
        let zero = Lanes::splat(simd, 0.0);
        let one = Lanes::splat(simd, 1.0);
        let rate = self.rate(
            simd,
            numbers,
            #[inline(always)]
            || x,
        );
        let slope = match &self.kind {
            Kind::ThresholdLinear => x.gt(numbers.at(simd, 1)).select(numbers.at(simd, 0), zero),
            Kind::PowerLaw(exponent) => {
                let above = numbers.above(simd, x);
                let derivative = match exponent {
                    Exponent::One => one,
                    Exponent::Two => above * 2.0,
                    Exponent::Three => above * above * 3.0,
                    Exponent::PerLane => numbers.at(simd, 2) * pow(simd, above, numbers.at(simd, 2) - one),
                };
                x.gt(numbers.at(simd, 1)).select(numbers.at(simd, 0) * derivative, zero)
            }
            Kind::Sigmoid { .. } => {
                let share = one / one_and_power_of_two(simd, numbers.at(simd, 1).mul_add(x, numbers.at(simd, 2)));
                let slope = numbers.at(simd, 1) * -std::f64::consts::LN_2;
                numbers.at(simd, 0) * slope * share * (one - share)
            }
            Kind::LinearExponential => {
                let argument = (numbers.at(simd, 0).mul_add(x, -numbers.at(simd, 1))) * numbers.at(simd, 2);
                numbers.at(simd, 0)
                    * numbers.at(simd, 2)
                    * numbers.at(simd, 3)
                    * relative_exponential_slope(simd, argument)
            }
            Kind::Tanh => {
                let share = tanh(simd, numbers.at(simd, 0) * (x - numbers.at(simd, 1)));
                numbers.at(simd, 0) * numbers.at(simd, 2) * (one - share * share)
            }
            Kind::QuadraticRoot => {
                let above = numbers.above(simd, x) * numbers.at(simd, 2);
                let root = one / (above - 0.75).sqrt();
                let steep = numbers.at(simd, 0) * numbers.at(simd, 2) * above.lt(one).select(above * 2.0, root);
                x.gt(numbers.at(simd, 1)).select(steep, zero)
            }
            Kind::Softplus => {
                numbers.at(simd, 0)
                    * numbers.at(simd, 2)
                    * logistic(simd, (x - numbers.at(simd, 1)) * numbers.at(simd, 2))
            }
            Kind::Table(table) => table.slope(simd, x),
            Kind::Expression(formula) => formula.slope(simd, x, None),
        };
        match &self.maximum {
            Some(maximum) => (rate, rate.lt(Lanes::load(simd, maximum)).select(slope, zero)),
            None => (rate, slope),
        }
    }
}

impl Exponent {
    fn shared_by(specs: &[&scenario::Transfer]) -> Self {
        let exponents: Vec<f64> = specs.iter().map(|spec| numbers_of(spec)[2]).collect();
        let all = |wanted: f64| exponents.iter().all(|exponent| *exponent == wanted);
        match () {
            () if all(1.0) => Self::One,
            () if all(2.0) => Self::Two,
            () if all(3.0) => Self::Three,
            () => Self::PerLane,
        }
    }
}

/// The rates in Hz, at least, that a function gives where its input lies in an interval (in input units); `rate` is the
/// function itself.
pub fn range(spec: &scenario::Transfer, input: Interval, rate: &dyn Fn(f64) -> f64) -> Interval {
    match spec {
        scenario::Transfer::Expression { f, parameters, maximum } => {
            formula_range(f, parameters, input).smaller(ceiling(*maximum))
        }
        // Between its points it keeps their order, and beyond them it is constant.
        scenario::Transfer::Table(table) => {
            let (first, last) = (table.inputs.first().copied(), table.inputs.last().copied());
            let within = |x: f64| x.max(first.unwrap_or(x)).min(last.unwrap_or(x));
            let points = table.inputs.iter().zip(&table.rates).filter(|(x, _)| input.holds(**x));
            let ends = [input.low, input.high].map(|end| rate(within(end)));
            Interval::around(points.map(|(_, rate)| *rate).chain(ends))
        }
        // These rise.
        scenario::Transfer::ThresholdLinear { .. }
        | scenario::Transfer::PowerLaw { .. }
        | scenario::Transfer::Sigmoid { .. }
        | scenario::Transfer::LinearExponential { .. }
        | scenario::Transfer::LinearExponentialVoltage { .. }
        | scenario::Transfer::QuadraticRoot { .. }
        | scenario::Transfer::Tanh { .. }
        | scenario::Transfer::Softplus { .. } => {
            let (least, largest) = spec.limits();
            let low = if input.low.is_finite() { rate(input.low) } else { least.unwrap_or(f64::NEG_INFINITY) };
            let high = if input.high.is_finite() { rate(input.high) } else { largest.unwrap_or(f64::INFINITY) };
            Interval::new(low, high)
        }
    }
}

/// How a function grows at most: `f(x + d) <= f(x) + offset + slope d` for all x and all d of 0 or more; in Hz, and Hz per
/// input unit. None where it grows faster than a line, or where that cannot be told.
pub fn growth(spec: &scenario::Transfer) -> Option<[f64; 2]> {
    match *spec {
        scenario::Transfer::ThresholdLinear { gain, .. } | scenario::Transfer::Softplus { gain, .. } => {
            Some([0.0, gain])
        }
        // Below an exponent of 1 it is concave from its threshold on, and lies below its tangent 1 above that.
        scenario::Transfer::PowerLaw { gain, exponent, .. } => {
            (exponent <= 1.0).then_some([gain * (1.0 - exponent), gain * exponent])
        }
        scenario::Transfer::LinearExponential { .. } | scenario::Transfer::LinearExponentialVoltage { .. } => {
            Some([0.0, in_current_form(spec)[0]])
        }
        scenario::Transfer::QuadraticRoot { rate_at_knee, knee, .. } => Some([0.0, 2.0 * rate_at_knee / knee]),
        scenario::Transfer::Sigmoid { .. }
        | scenario::Transfer::Tanh { .. }
        | scenario::Transfer::Table(_)
        | scenario::Transfer::Expression { .. } => match spec.limits() {
            (Some(least), Some(largest)) => Some([largest - least, 0.0]),
            _ => None,
        },
    }
}

/// The numbers in the order in which the equations above take them.
fn numbers_of(spec: &scenario::Transfer) -> [f64; 4] {
    match *spec {
        scenario::Transfer::ThresholdLinear { gain, threshold, offset, .. } => {
            [gain, threshold - offset / gain, 0.0, 0.0]
        }
        scenario::Transfer::PowerLaw { gain, threshold, exponent, .. } => [gain, threshold, exponent, 0.0],
        scenario::Transfer::Sigmoid { maximum, slope, threshold, zero_at_zero } => {
            // 1 / (1 + exp(-slope (x - threshold))) as a power of 2.
            let scaled = -slope * std::f64::consts::LOG2_E;
            [maximum, scaled, -scaled * threshold, sigmoid_offset(maximum, slope, threshold, zero_at_zero)]
        }
        scenario::Transfer::LinearExponential { a, b, d, .. } => [a, b, d, 1.0 / d],
        scenario::Transfer::LinearExponentialVoltage { .. } => {
            let [a, b, d] = in_current_form(spec);
            [a, b, d, 1.0 / d]
        }
        scenario::Transfer::QuadraticRoot { rate_at_knee, threshold, knee, .. } => {
            [rate_at_knee, threshold, 1.0 / knee, 0.0]
        }
        scenario::Transfer::Table(_) | scenario::Transfer::Expression { .. } => [0.0; 4],
        scenario::Transfer::Tanh { gain, threshold, maximum } => [gain / maximum, threshold, maximum, 0.0],
        scenario::Transfer::Softplus { gain, threshold, width, .. } => [gain * width, threshold, 1.0 / width, 0.0],
    }
}

/// a (Hz per input unit), b (Hz) and d (s) with which the current form is the voltage form of these numbers.
fn in_current_form(spec: &scenario::Transfer) -> [f64; 3] {
    match *spec {
        scenario::Transfer::LinearExponentialVoltage { conductance, leak, threshold, reset, width, tau, .. } => {
            // Hz per mV; tau is in ms.
            let gain = 1_000.0 / (tau * (threshold - reset));
            [gain / conductance.unwrap_or(1.0), gain * (threshold - leak), 1.0 / (gain * width)]
        }
        scenario::Transfer::LinearExponential { a, b, d, .. } => [a, b, d],
        _ => [f64::NAN; 3],
    }
}

/// What the 1972 form subtracts, so that the rate is 0 at an input of 0.
fn sigmoid_offset(maximum: f64, slope: f64, threshold: f64, zero_at_zero: bool) -> f64 {
    if zero_at_zero { maximum / (1.0 + libm::exp(slope * threshold)) } else { 0.0 }
}

/// The input in input units at which the function gives `rate` Hz; none where there is no such input, or no single one.
pub fn inverse(spec: &scenario::Transfer, rate: f64) -> Option<f64> {
    inverse_beside(spec, rate, f64::NAN)
}

/// The same where the second input, if it has one, is held at a value in input units.
pub fn inverse_beside(spec: &scenario::Transfer, rate: f64, second: f64) -> Option<f64> {
    if spec.ceiling().is_some_and(|maximum| rate >= maximum) {
        return None;
    }
    let positive = (rate > 0.0).then_some(rate);
    let input = match *spec {
        scenario::Transfer::ThresholdLinear { gain, threshold, offset, .. } => {
            threshold - offset / gain + positive? / gain
        }
        scenario::Transfer::PowerLaw { gain, threshold, exponent, .. } => threshold + root(positive? / gain, exponent),
        scenario::Transfer::Sigmoid { maximum, slope, threshold, zero_at_zero } => {
            let share = (rate + sigmoid_offset(maximum, slope, threshold, zero_at_zero)) / maximum;
            threshold - libm::log((share > 0.0 && share < 1.0).then_some(1.0 / share - 1.0)?) / slope
        }
        scenario::Transfer::LinearExponential { .. } | scenario::Transfer::LinearExponentialVoltage { .. } => {
            let [a, b, d] = in_current_form(spec);
            (inverse_relative_exponential(positive? * d) / d + b) / a
        }
        scenario::Transfer::QuadraticRoot { rate_at_knee, threshold, knee, .. } => {
            let share = positive? / rate_at_knee;
            threshold + knee * if share < 1.0 { libm::sqrt(share) } else { 0.25 * share * share + 0.75 }
        }
        scenario::Transfer::Table(ref table) => tabulated::inverse(table, rate)?,
        scenario::Transfer::Expression { ref f, ref parameters, .. } => {
            let formula = formula::of_one_number(f, parameters, second)?;
            crossing(&formula, rate)?
        }
        scenario::Transfer::Tanh { gain, threshold, maximum } => {
            let share = rate / maximum;
            threshold + libm::atanh((share.abs() < 1.0).then_some(share)?) * maximum / gain
        }
        scenario::Transfer::Softplus { gain, threshold, width, .. } => {
            let scaled = positive? / (gain * width);
            // ln(e^y - 1), without overflow for large y.
            threshold + width * (scaled + libm::log(-libm::expm1(-scaled)))
        }
    };
    input.is_finite().then_some(input)
}

/// The positive root `value ^ (1 / exponent)`; by square root where that is exact.
fn root(value: f64, exponent: f64) -> f64 {
    if exponent == 1.0 {
        value
    } else if exponent == 2.0 {
        libm::sqrt(value)
    } else {
        libm::pow(value, 1.0 / exponent)
    }
}

/// Solves `u / (1 - exp(-u)) = y` for y > 0 by Newton's method; the function is convex and increasing.
fn inverse_relative_exponential(y: f64) -> f64 {
    // Above 1 the solution is close to y, below it close to that of u e^u, whose logarithm is nearly linear.
    let mut u = if y > 1.0 { y } else { libm::log(y) - libm::log(1.0 - libm::log(y)) };
    for _ in 0..60 {
        let (value, slope) = relative_exponential_scalar(u);
        let step = (value - y) / slope;
        u -= step;
        if step.abs() <= 1e-15 * u.abs().max(1.0) {
            break;
        }
    }
    u
}

fn relative_exponential_scalar(u: f64) -> (f64, f64) {
    if u.abs() < 1e-4 {
        return (1.0 + u / 2.0 + u * u / 12.0, 0.5 + u / 6.0);
    }
    let denominator = -libm::expm1(-u);
    let value = u / denominator;
    (value, (1.0 - value * libm::exp(-u)) / denominator)
}
