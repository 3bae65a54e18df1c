//! A transfer function written as a formula in the input `x`, and in a second input `y`.

use crate::numeric::expression::Expression;
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario;
use crate::scenario::transfer::{INPUT, SECOND_INPUT};
use indexmap::IndexMap;

/// A formula with the numbers of every lane.
#[derive(Clone, Debug)]
pub(super) struct Formula<const G: usize> {
    expression: Expression,
    /// The index of the input among the names.
    input: Option<usize>,
    /// That of the second input.
    second: Option<usize>,
    /// The value of each name but the inputs', of which the rows are not used.
    values: Vec<Row<G>>,
}

impl<const G: usize> Formula<G> {
    /// The formula of the first specification, with the numbers of each; one that cannot be read gives no number.
    pub fn new(specs: &[&scenario::Transfer]) -> Self {
        let (text, _) = parts(specs[0]);
        let expression = Expression::parse(text).unwrap_or_else(|_| Expression::constant(f64::NAN));
        let value = |name: &str, lane: usize| {
            let (_, parameters) = parts(specs[lane.min(specs.len() - 1)]);
            parameters.and_then(|parameters| parameters.get(name)).copied().unwrap_or(f64::NAN)
        };
        let values = expression.names().iter().map(|name| Row::from_fn(|lane| value(name, lane))).collect();
        let position = |wanted: &str| expression.names().iter().position(|name| name == wanted);
        let input = position(INPUT);
        let second = position(SECOND_INPUT).filter(|_| specs[0].has_second_input());
        Self { expression, input, second, values }
    }

    /// The rate in Hz at an input and a second one, which only a formula in `y` needs.
    #[inline(always)]
    pub fn rate<S: Simd>(&self, simd: S, x: Lanes<S, G>, y: Option<Lanes<S, G>>) -> Lanes<S, G> {
        self.expression.value_over_lanes(simd, &|index| self.value(simd, (x, y), index))
    }

    /// Its slope against the input.
    #[inline(always)]
    pub fn slope<S: Simd>(&self, simd: S, x: Lanes<S, G>, y: Option<Lanes<S, G>>) -> Lanes<S, G> {
        self.expression.slope_over_lanes(simd, self.input, &|index| self.value(simd, (x, y), index)).1
    }

    /// Its slope against the second input.
    #[inline(always)]
    pub fn second_slope<S: Simd>(&self, simd: S, x: Lanes<S, G>, y: Lanes<S, G>) -> Lanes<S, G> {
        self.expression.slope_over_lanes(simd, self.second, &|index| self.value(simd, (x, Some(y)), index)).1
    }

    #[inline(always)]
    fn value<S: Simd>(&self, simd: S, (x, y): (Lanes<S, G>, Option<Lanes<S, G>>), index: usize) -> Lanes<S, G> {
        match y {
            _ if Some(index) == self.input => x,
            Some(y) if Some(index) == self.second => y,
            _ => Lanes::load(simd, &self.values[index]),
        }
    }
}

fn parts(spec: &scenario::Transfer) -> (&str, Option<&IndexMap<String, f64>>) {
    match spec {
        scenario::Transfer::Expression { f, parameters, .. } => (f, Some(parameters)),
        _ => ("", None),
    }
}

/// The formula as a function of the input alone, the second one being held; none where it cannot be read.
pub(super) fn of_one_number(f: &str, parameters: &IndexMap<String, f64>, second: f64) -> Option<impl Fn(f64) -> f64> {
    let expression = Expression::parse(f).ok()?;
    let held = |name: &String| if name == SECOND_INPUT { second } else { f64::NAN };
    let value = |name: &String| parameters.get(name).copied().unwrap_or_else(|| held(name));
    let values: Vec<f64> = expression.names().iter().map(value).collect();
    let input = expression.names().iter().position(|name| name == INPUT);
    Some(move |x: f64| {
        let mut values = values.clone();
        if let Some(value) = input.and_then(|input| values.get_mut(input)) {
            *value = x;
        }
        expression.value(&values)
    })
}
