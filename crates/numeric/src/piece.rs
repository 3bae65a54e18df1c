//! A piece of a course over time: a polynomial of degree 4 or less, with its extremes, its crossings of 0 and its integral.

/// Terms of a polynomial of degree 4, and the values that make one.
pub const TERMS: usize = 5;

/// A largest or smallest value and when it is reached.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Extreme {
    /// The value, in the variable's unit.
    pub value: f64,
    /// The time in min.
    pub at_min: f64,
}

/// A polynomial over a span of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// Where the span begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Coefficients of the powers of the share of the span that has passed.
    terms: [f64; TERMS],
}

/// Shares of a span, in order.
#[derive(Clone, Copy, Debug, Default)]
struct Shares {
    count: usize,
    shares: [f64; TERMS - 1],
}

impl Shares {
    fn push(&mut self, share: f64) {
        self.shares[self.count] = share;
        self.count += 1;
    }

    fn as_slice(&self) -> &[f64] {
        &self.shares[..self.count]
    }
}

impl Piece {
    /// A straight line from one value to another.
    pub fn line(from: f64, to: f64, first: f64, last: f64) -> Self {
        Self { from, to, terms: [first, last - first, 0.0, 0.0, 0.0] }
    }

    /// The polynomial through five values that are spaced evenly, the first and the last at the ends of the span.
    pub fn through(from: f64, to: f64, values: [f64; TERMS]) -> Self {
        let [a, b, c, d, _] = values;
        // Newton's forward differences, multiplied out for a spacing of 1, and then scaled to the span.
        let (first, second) = (b - a, (c - b) - (b - a));
        let third = ((d - c) - (c - b)) - second;
        let fourth = fourth_difference(values);
        let linear = first - second / 2.0 + third / 3.0 - fourth / 4.0;
        let square = second / 2.0 - third / 2.0 + fourth * (11.0 / 24.0);
        let cube = third / 6.0 - fourth / 4.0;
        Self { from, to, terms: [a, 4.0 * linear, 16.0 * square, 64.0 * cube, 256.0 * (fourth / 24.0)] }
    }

    /// The value at the start of the span.
    pub fn first(&self) -> f64 {
        self.terms[0]
    }

    /// The value at its end.
    pub fn last(&self) -> f64 {
        self.value(1.0)
    }

    /// The value at a time.
    pub fn at(&self, time: f64) -> f64 {
        self.value((time - self.from) / (self.to - self.from))
    }

    fn time(&self, share: f64) -> f64 {
        if share >= 1.0 { self.to } else { share.mul_add(self.to - self.from, self.from) }
    }

    fn value(&self, share: f64) -> f64 {
        evaluate(&self.terms, share)
    }

    /// The part within a window; none where they have no more than a moment in common.
    pub fn within(&self, from: f64, to: f64) -> Option<Self> {
        let (low, high) = (self.from.max(from), self.to.min(to));
        if low >= high {
            return None;
        }
        if low == self.from && high == self.to {
            return Some(*self);
        }
        let length = self.to - self.from;
        let (start, scale) = ((low - self.from) / length, (high - low) / length);
        let mut terms = self.terms;
        // Horner's scheme, repeated: the coefficients about `start`.
        for done in 0..TERMS {
            for index in (done..TERMS - 1).rev() {
                terms[index] = start.mul_add(terms[index + 1], terms[index]);
            }
        }
        let mut power = 1.0;
        for term in &mut terms {
            *term *= power;
            power *= scale;
        }
        Some(Self { from: low, to: high, terms })
    }

    /// The sum with `weight` times another piece over the same span.
    pub fn plus(mut self, weight: f64, other: &Self) -> Self {
        for (term, other) in self.terms.iter_mut().zip(&other.terms) {
            *term = weight.mul_add(*other, *term);
        }
        self
    }

    /// The piece with a number added.
    pub fn raised_by(mut self, number: f64) -> Self {
        self.terms[0] += number;
        self
    }

    /// Its integral over time.
    pub fn integral(&self) -> f64 {
        let [a, b, c, d, e] = self.terms;
        (self.to - self.from) * (a + b / 2.0 + (c / 3.0 + (d / 4.0 + e / 5.0)))
    }

    /// Two numbers between which all its values lie: the coefficients of its Bernstein form.
    pub fn bounds(&self) -> [f64; 2] {
        let [a, b, c, d, e] = self.terms;
        let hull = [a + b / 4.0, a + b / 2.0 + c / 6.0, a + b * 0.75 + c / 2.0 + d / 4.0, self.value(1.0)];
        let low = hull.iter().fold(a, |low, value| if *value < low { *value } else { low });
        let high = hull.iter().fold(a, |high, value| if *value > high { *value } else { high });
        if e.is_nan() || hull.iter().any(|value| value.is_nan()) {
            [f64::NEG_INFINITY, f64::INFINITY]
        } else {
            [low, high]
        }
    }

    /// The moments at which it turns from above 0 to not above 0, or back, in order.
    pub fn crossings(&self) -> impl Iterator<Item = f64> + use<> {
        let [low, high] = self.bounds();
        let found = if low > 0.0 || high <= 0.0 { Shares::default() } else { sign_changes(&self.terms) };
        let piece = *self;
        (0..found.count).map(move |index| piece.time(found.shares[index]))
    }

    /// The moments at which it turns from rising to falling or back, with the values there, in order.
    pub fn turns(&self) -> impl Iterator<Item = Extreme> + use<> {
        let derivative = derivative(&self.terms);
        let found = if self.terms[2..].iter().all(|term| *term == 0.0) {
            Shares::default()
        } else {
            sign_changes(&derivative[..TERMS - 1])
        };
        let piece = *self;
        (0..found.count).map(move |index| {
            let share = found.shares[index];
            Extreme { value: piece.value(share), at_min: piece.time(share) }
        })
    }

    /// Its start, its turns and its end.
    pub fn marks(&self) -> impl Iterator<Item = Extreme> + use<> {
        let start = Extreme { value: self.first(), at_min: self.from };
        let end = Extreme { value: self.last(), at_min: self.to };
        std::iter::once(start).chain(self.turns()).chain(std::iter::once(end))
    }

    /// The spans in which it lies above 0, in order.
    pub fn spans_above_zero(&self) -> impl Iterator<Item = [f64; 2]> + use<> {
        let piece = *self;
        let ends: Vec<f64> =
            std::iter::once(self.from).chain(self.crossings()).chain(std::iter::once(self.to)).collect();
        let spans: Vec<[f64; 2]> = ends.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        spans.into_iter().filter(move |[start, end]| end > start && piece.at(0.5 * (start + end)) > 0.0)
    }
}

/// The fourth difference of five values that are spaced evenly: 0 where a cubic passes through them.
pub fn fourth_difference([a, b, c, d, e]: [f64; TERMS]) -> f64 {
    ((a + e) - 4.0 * (b + d)) + 6.0 * c
}

fn evaluate(terms: &[f64], share: f64) -> f64 {
    terms.iter().rev().fold(0.0, |sum, term| share.mul_add(sum, *term))
}

fn derivative(terms: &[f64; TERMS]) -> [f64; TERMS] {
    std::array::from_fn(|power| terms.get(power + 1).map_or(0.0, |term| (power + 1) as f64 * term))
}

/// The shares between 0 and 1 at which a polynomial turns from above 0 to not above 0, or back: between two turns of its own
/// it does so at most once.
fn sign_changes(terms: &[f64]) -> Shares {
    let degree = terms.iter().rposition(|term| *term != 0.0).unwrap_or(0);
    let mut found = Shares::default();
    if degree == 0 || terms.iter().any(|term| !term.is_finite()) {
        return found;
    }
    if degree == 1 {
        let share = -terms[0] / terms[1];
        if (terms[0] > 0.0) != (terms[0] + terms[1] > 0.0) {
            found.push(share.clamp(0.0, 1.0));
        }
        return found;
    }
    let mut slope = [0.0; TERMS];
    for power in 1..=degree {
        slope[power - 1] = power as f64 * terms[power];
    }
    let turns = sign_changes(&slope[..degree]);
    let mut before = 0.0;
    for after in turns.as_slice().iter().copied().chain([1.0]) {
        let above = evaluate(terms, before) > 0.0;
        if above != (evaluate(terms, after) > 0.0) && found.count < TERMS - 1 {
            found.push(bisect(terms, before, after, above));
        }
        before = after;
    }
    found
}

/// The share at which a polynomial, above 0 at `before` or not, changes that, to the last bit of the span.
fn bisect(terms: &[f64], mut before: f64, mut after: f64, above: bool) -> f64 {
    loop {
        let middle = 0.5 * (before + after);
        if after - before < f64::EPSILON / 4.0 || middle <= before || middle >= after {
            return after;
        }
        if (evaluate(terms, middle) > 0.0) == above {
            before = middle;
        } else {
            after = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::philox::{hash, unit};
    use approx::assert_abs_diff_eq;

    fn random(count: u64) -> impl Iterator<Item = [f64; TERMS]> {
        (0..count).map(|number| std::array::from_fn(|place| 4.0 * unit(hash(number, place as u64)) - 2.0))
    }

    #[test]
    fn a_piece_passes_through_its_values_and_its_parts_through_it() {
        for values in random(200) {
            let piece = Piece::through(-3.0, 5.0, values);
            for (index, value) in values.iter().enumerate() {
                assert_abs_diff_eq!(piece.at(-3.0 + 2.0 * index as f64), *value, epsilon = 1e-12);
            }
            let part = piece.within(-2.5, 9.0).unwrap();
            assert_eq!((part.from, part.to), (-2.5, 5.0));
            for time in [-2.5, 0.0, 3.3, 5.0] {
                assert_abs_diff_eq!(part.at(time), piece.at(time), epsilon = 1e-11);
            }
            assert!(piece.within(5.0, 6.0).is_none());
        }
    }

    #[test]
    fn extremes_crossings_and_integrals_are_those_of_a_thousand_samples() {
        const SAMPLES: u32 = 20_000;
        for values in random(100) {
            let piece = Piece::through(0.0, 1.0, values);
            let samples: Vec<f64> = (0..=SAMPLES).map(|k| piece.at(f64::from(k) / f64::from(SAMPLES))).collect();
            let highest = piece.marks().map(|mark| mark.value).fold(f64::NEG_INFINITY, f64::max);
            let sampled = samples.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert!(highest >= sampled - 1e-12 && highest < sampled + 1e-6);
            let [low, high] = piece.bounds();
            assert!(samples.iter().all(|value| (low - 1e-12..=high + 1e-12).contains(value)));
            let above: f64 = piece.spans_above_zero().map(|[start, end]| end - start).sum();
            let counted = samples.iter().filter(|value| **value > 0.0).count() as f64 / f64::from(SAMPLES);
            assert_abs_diff_eq!(above, counted, epsilon = 5.0 / f64::from(SAMPLES));
            for time in piece.crossings() {
                assert_abs_diff_eq!(piece.at(time), 0.0, epsilon = 1e-11);
            }
            let sum = samples.iter().sum::<f64>() - 0.5 * (samples[0] + samples[SAMPLES as usize]);
            assert_abs_diff_eq!(piece.integral(), sum / f64::from(SAMPLES), epsilon = 1e-7);
        }
    }

    #[test]
    fn a_line_that_touches_0_is_above_it_where_it_is_above() {
        let line = Piece::line(0.0, 2.0, -1.0, 1.0);
        assert_eq!(line.crossings().collect::<Vec<_>>(), [1.0]);
        assert_eq!(line.spans_above_zero().collect::<Vec<_>>(), [[1.0, 2.0]]);
        assert_eq!(Piece::line(0.0, 1.0, 0.0, 0.0).spans_above_zero().count(), 0);
        assert_eq!(Piece::line(0.0, 1.0, 0.0, 1.0).spans_above_zero().count(), 1);
        assert_eq!(Piece::line(0.0, 1.0, 2.0, 2.0).turns().count(), 0);
    }
}
