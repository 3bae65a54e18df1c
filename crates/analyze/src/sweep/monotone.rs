//! A monotone curve through effects over doses, and its inverse.

use crate::numeric::monotone::monotone_slopes;

/// Halvings of an interval of doses.
const HALVINGS: usize = 60;
/// Effects that differ by less, relatively, are the same.
const ROUNDING: f64 = 1e-9;

/// A cubic curve through effects over doses that never falls: where an effect is below an earlier one, the curve stays at
/// the earlier one.
#[derive(Clone, Debug, PartialEq)]
pub struct MonotoneCurve {
    doses: Vec<f64>,
    effects: Vec<f64>,
    slopes: Vec<f64>,
}

impl MonotoneCurve {
    /// Through effects at ascending doses, of which there is at least one; an effect that is no number counts as the one
    /// before it, and one below 0 as 0.
    pub fn through(doses: &[f64], effects: &[f64]) -> Self {
        let mut highest = 0.0;
        let never_fall = |effect: &f64| {
            highest = f64::max(highest, *effect);
            highest
        };
        let effects: Vec<f64> = effects.iter().map(never_fall).collect();
        let widths: Vec<f64> = doses.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let rises = effects.windows(2).zip(&widths);
        let secants: Vec<f64> = rises.map(|(pair, width)| (pair[1] - pair[0]) / width).collect();
        let slopes = monotone_slopes(&widths, &secants);
        Self { doses: doses.to_vec(), effects, slopes }
    }

    /// The largest effect.
    pub fn highest(&self) -> f64 {
        self.effects.last().copied().unwrap_or(0.0)
    }

    /// The highest dose.
    pub fn highest_dose(&self) -> f64 {
        self.doses.last().copied().unwrap_or(0.0)
    }

    /// The lowest dose that has an effect; infinite where none has.
    pub fn dose(&self, effect: f64) -> f64 {
        let reached = |known: &f64| *known >= effect * (1.0 - ROUNDING);
        let Some(after) = self.effects.iter().position(reached) else { return f64::INFINITY };
        if after == 0 || self.effects[after] <= effect {
            return self.doses[after];
        }
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.within(after - 1, middle) < effect { low = middle } else { high = middle }
        }
        high.mul_add(self.doses[after] - self.doses[after - 1], self.doses[after - 1])
    }

    /// The effect in interval `index`, `share` of its width from its start.
    fn within(&self, index: usize, share: f64) -> f64 {
        let width = self.doses[index + 1] - self.doses[index];
        let rise = self.effects[index + 1] - self.effects[index];
        let (start, end) = (self.slopes[index] * width, self.slopes[index + 1] * width);
        // The cubic with these values and slopes at its ends.
        let cubic = share * share * (rise.mul_add(3.0, -(2.0 * start + end)) + share * (start + end - 2.0 * rise));
        self.effects[index] + share * start + cubic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_passes_through_its_points_never_falls_and_is_inverted() {
        let doses = [0.0, 1.0, 2.0, 4.0, 8.0, 16.0];
        let curve = MonotoneCurve::through(&doses, &[0.0, 0.1, 0.6, f64::NAN, 0.55, 0.9]);
        for (dose, effect) in [(1.0, 0.1), (2.0, 0.6), (16.0, 0.9)] {
            approx::assert_relative_eq!(curve.dose(effect), dose, max_relative = 1e-12);
        }
        assert_eq!((curve.dose(0.0), curve.highest(), curve.dose(0.91)), (0.0, 0.9, f64::INFINITY));
        let mut last = 0.0;
        for step in 1..1000 {
            let dose = curve.dose(0.9 * f64::from(step) / 1000.0);
            assert!(dose > last, "{dose} after {last}");
            last = dose;
        }
        assert_eq!(MonotoneCurve::through(&[0.0], &[0.0]).dose(0.5), f64::INFINITY);
    }

    #[test]
    fn it_is_near_a_smooth_curve() {
        let effect = |dose: f64| dose * dose / (9.0 + dose * dose);
        let doses: Vec<f64> = (0..=15).map(f64::from).collect();
        let curve = MonotoneCurve::through(&doses, &doses.iter().map(|dose| effect(*dose)).collect::<Vec<_>>());
        for dose in [0.7, 2.5, 3.3, 8.5, 14.5] {
            // A tenth of the distance between doses where the curve sets in, far less elsewhere.
            let allowed = if dose < 1.0 { 0.1 } else { 0.02 };
            approx::assert_abs_diff_eq!(curve.dose(effect(dose)), dose, epsilon = allowed);
        }
    }
}
