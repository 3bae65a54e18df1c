//! Dose-response curves: the Hill equation fitted to responses over doses, with confidence intervals.
//!
//! ```text
//! E(x) = bottom + (top - bottom) x^h / (EC50^h + x^h)
//! ```
//! (Hill 1910). For each EC50 and h the best bottom and top are linear least squares, so that the search has two
//! dimensions (variable projection, Golub & Pereyra 1973, doi:10.1137/0710036). Intervals are those of asymptotic theory on
//! the logarithms of EC50 and h, with Student's t (Seber & Wild 1989, doi:10.1002/0471725315).

use crate::numeric::linear::invert;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A fitted curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HillFit {
    /// Response to no dose.
    pub bottom: f64,
    /// Response to a saturating dose; below `bottom` where the response falls.
    pub top: f64,
    /// The dose with half the effect, in the doses' unit.
    pub ec50: f64,
    /// Its 95 % confidence interval.
    pub ec50_interval: [f64; 2],
    /// Hill coefficient.
    pub hill: f64,
    /// Its 95 % confidence interval.
    pub hill_interval: [f64; 2],
    /// Share of the responses' variance that the curve explains.
    pub r_squared: f64,
    /// The largest distance of a response from the curve, relative to the range of the responses.
    pub largest_departure: f64,
}

impl HillFit {
    /// The response at a dose.
    pub fn at(&self, dose: f64) -> f64 {
        (self.top - self.bottom).mul_add(effect(dose, libm::log(self.ec50), self.hill), self.bottom)
    }

    /// Whether the doses determine the curve: they surround its EC50, and it explains nearly all of the responses and passes
    /// none at a distance. The bounds are choices; beyond them a curve with one bend is the wrong picture of the data, such as
    /// of a response that falls again at high doses.
    pub fn describes(&self, doses: &[f64]) -> bool {
        let highest = doses.iter().copied().fold(0.0, f64::max);
        let lowest = doses.iter().copied().filter(|dose| *dose > 0.0).fold(f64::INFINITY, f64::min);
        self.r_squared > 0.95 && self.largest_departure < 0.15 && (lowest..=highest).contains(&self.ec50)
    }
}

/// Steps of the coarse search in each direction.
const STEPS: usize = 24;
/// Hill coefficients that are searched.
const HILLS: [f64; 2] = [0.2, 20.0];
/// How much finer the search gets before it ends.
const FINEST: f64 = 1e-9;

/// Fits responses to doses of 0 or more; failed responses (NaN) are left out. None where fewer than five doses above 0
/// remain or the responses do not differ.
pub fn fit(doses: &[f64], responses: &[f64]) -> Option<HillFit> {
    let pairs: Vec<(f64, f64)> = doses
        .iter()
        .copied()
        .zip(responses.iter().copied())
        .filter(|(dose, response)| *dose >= 0.0 && response.is_finite())
        .collect();
    let mut logs: Vec<f64> = pairs.iter().filter(|(dose, _)| *dose > 0.0).map(|(dose, _)| libm::log(*dose)).collect();
    logs.sort_by(f64::total_cmp);
    logs.dedup();
    if logs.len() < 5 {
        return None;
    }
    let mean = pairs.iter().map(|(_, response)| response).sum::<f64>() / pairs.len() as f64;
    let total: f64 = pairs.iter().map(|(_, response)| (response - mean) * (response - mean)).sum();
    if total <= 1e-18 * pairs.len() as f64 * mean.mul_add(mean, f64::MIN_POSITIVE) {
        return None;
    }
    let range = (logs[0] - 1.0, logs[logs.len() - 1] + 1.0);
    let (log_ec50, log_hill) = search(&pairs, range);
    let (hill, ec50) = (libm::exp(log_hill), libm::exp(log_ec50));
    let (bottom, top, rest) = levels(&pairs, log_ec50, hill)?;
    let spread = standard_errors(&pairs, [bottom, top, log_ec50, log_hill], rest);
    let departure = |(dose, response): &(f64, f64)| {
        (response - (top - bottom).mul_add(effect(*dose, log_ec50, hill), bottom)).abs()
    };
    let responses = || pairs.iter().map(|(_, response)| *response);
    let spanned = responses().fold(f64::NEG_INFINITY, f64::max) - responses().fold(f64::INFINITY, f64::min);
    let around = |log: f64, width: f64| [libm::exp(log - width), libm::exp(log + width)];
    Some(HillFit {
        bottom,
        top,
        ec50,
        ec50_interval: around(log_ec50, spread[0]),
        hill,
        hill_interval: around(log_hill, spread[1]),
        r_squared: 1.0 - rest / total,
        largest_departure: pairs.iter().map(departure).fold(0.0, f64::max) / spanned,
    })
}

/// `x^h / (EC50^h + x^h)`.
fn effect(dose: f64, log_ec50: f64, hill: f64) -> f64 {
    if dose <= 0.0 { 0.0 } else { 1.0 / (1.0 + libm::exp(hill * (log_ec50 - libm::log(dose)))) }
}

/// The best bottom and top, and the sum of squares that they leave; none where the effects do not differ.
fn levels(pairs: &[(f64, f64)], log_ec50: f64, hill: f64) -> Option<(f64, f64, f64)> {
    let count = pairs.len() as f64;
    let effects: Vec<f64> = pairs.iter().map(|(dose, _)| effect(*dose, log_ec50, hill)).collect();
    let effect_mean = effects.iter().sum::<f64>() / count;
    let response_mean = pairs.iter().map(|(_, response)| response).sum::<f64>() / count;
    let (mut square, mut product) = (0.0, 0.0);
    for (effect, (_, response)) in effects.iter().zip(pairs) {
        square += (effect - effect_mean) * (effect - effect_mean);
        product += (effect - effect_mean) * (response - response_mean);
    }
    if square < 1e-12 {
        return None;
    }
    let slope = product / square;
    let bottom = response_mean - slope * effect_mean;
    let rest = effects.iter().zip(pairs).map(|(effect, (_, response))| {
        let error = response - slope.mul_add(*effect, bottom);
        error * error
    });
    Some((bottom, bottom + slope, rest.sum()))
}

/// The logarithms of EC50 and h that leave least: a coarse grid, then ever finer ones around the best so far.
fn search(pairs: &[(f64, f64)], range: (f64, f64)) -> (f64, f64) {
    let hills = HILLS.map(libm::log);
    let rest = |log_ec50: f64, log_hill: f64| {
        levels(pairs, log_ec50, libm::exp(log_hill)).map_or(f64::INFINITY, |(_, _, rest)| rest)
    };
    let mut best = (f64::midpoint(range.0, range.1), 0.0);
    let mut least = rest(best.0, best.1);
    let mut widths = (0.5 * (range.1 - range.0), 0.5 * (hills[1] - hills[0]));
    let mut middle = (best.0, f64::midpoint(hills[0], hills[1]));
    let mut steps = STEPS;
    while widths.0 > FINEST {
        let at = |middle: f64, width: f64, step: usize| middle + width * (2.0 * step as f64 / steps as f64 - 1.0);
        for place in 0..(steps + 1) * (steps + 1) {
            let log_ec50 = at(middle.0, widths.0, place / (steps + 1)).clamp(range.0, range.1);
            let log_hill = at(middle.1, widths.1, place % (steps + 1)).clamp(hills[0], hills[1]);
            let found = rest(log_ec50, log_hill);
            if found < least {
                (best, least) = ((log_ec50, log_hill), found);
            }
        }
        middle = best;
        // Neighbouring grids overlap, so that a valley oblique to the axes is followed.
        widths = (widths.0 * 0.6, widths.1 * 0.6);
        steps = 6;
    }
    best
}

/// Half-widths of the 95 % intervals of log EC50 and log h.
fn standard_errors(pairs: &[(f64, f64)], [bottom, top, log_ec50, log_hill]: [f64; 4], rest: f64) -> [f64; 2] {
    let hill = libm::exp(log_hill);
    let mut normal = vec![0.0; 16];
    for (dose, _) in pairs {
        let effect = effect(*dose, log_ec50, hill);
        let bend = (top - bottom) * effect * (1.0 - effect);
        let log_dose = if *dose > 0.0 { libm::log(*dose) } else { log_ec50 };
        let gradient = [1.0 - effect, effect, -hill * bend, hill * (log_dose - log_ec50) * bend];
        for place in 0..16 {
            normal[place] += gradient[place / 4] * gradient[place % 4];
        }
    }
    let freedom = pairs.len() as f64 - 4.0;
    let Some(covariance) = invert(&normal, 4).filter(|_| freedom > 0.0) else { return [f64::INFINITY; 2] };
    let quantile = StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| student.inverse_cdf(0.975));
    [10, 15].map(|place| quantile * libm::sqrt((covariance[place] * rest / freedom).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::philox::{hash, unit};
    use crate::numeric::quantile::normal_quantile;

    fn doses() -> Vec<f64> {
        (0..16).map(|index| 0.1 * libm::pow(10.0, f64::from(index) / 5.0)).collect()
    }

    fn curve(dose: f64) -> f64 {
        0.2 + 0.7 / (1.0 + libm::pow(3.0 / dose, 1.7))
    }

    #[test]
    fn an_exact_curve_is_found_rising_or_falling() {
        for sign in [1.0, -1.0] {
            let responses: Vec<f64> = doses().iter().map(|dose| sign * curve(*dose)).collect();
            let found = fit(&doses(), &responses).unwrap();
            approx::assert_relative_eq!(found.ec50, 3.0, max_relative = 1e-6);
            approx::assert_relative_eq!(found.hill, 1.7, max_relative = 1e-6);
            approx::assert_relative_eq!(found.bottom, sign * 0.2, max_relative = 1e-6);
            approx::assert_relative_eq!(found.top, sign * 0.9, max_relative = 1e-6);
            assert!(found.r_squared > 1.0 - 1e-9 && found.describes(&doses()));
            approx::assert_relative_eq!(found.at(8.0), sign * curve(8.0), max_relative = 1e-6);
        }
    }

    #[test]
    fn intervals_hold_the_truth_about_as_often_as_they_say() {
        let mut held = 0;
        for trial in 0..200 {
            let noise = |index: usize| 0.03 * normal_quantile(unit(hash(trial, index as u64)));
            let responses: Vec<f64> =
                doses().iter().enumerate().map(|(index, dose)| curve(*dose) + noise(index)).collect();
            let found = fit(&doses(), &responses).unwrap();
            held += u32::from(found.ec50_interval[0] < 3.0 && 3.0 < found.ec50_interval[1]);
        }
        // 190 are expected, with a s.d. of 3.
        assert!((180..=199).contains(&held), "{held}");
    }

    #[test]
    fn what_is_no_curve_is_not_called_one() {
        assert_eq!(fit(&doses(), &[0.5; 16]), None);
        assert_eq!(fit(&[1.0, 2.0, 3.0], &[0.0, 0.5, 1.0]), None);
        let bell: Vec<f64> = doses().iter().map(|dose| libm::exp(-libm::pow(libm::log(dose / 5.0), 2.0))).collect();
        assert!(fit(&doses(), &bell).is_none_or(|found| !found.describes(&doses())));
        // A response that falls again at the highest doses, though most of its variance lies on a curve.
        let falling = |dose: &f64| curve(*dose) - if *dose > 50.0 { 0.3 * libm::log(dose / 50.0) } else { 0.0 };
        let found = fit(&doses(), &doses().iter().map(falling).collect::<Vec<_>>()).unwrap();
        assert!(found.r_squared > 0.95 && !found.describes(&doses()), "{found:?}");
        let mut failed: Vec<f64> = doses().iter().map(|dose| curve(*dose)).collect();
        failed[15] = f64::NAN;
        approx::assert_relative_eq!(fit(&doses(), &failed).unwrap().ec50, 3.0, max_relative = 1e-5);
    }
}
