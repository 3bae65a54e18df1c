//! Numbers of a ring of units: how much they fire in all, how wide their bump is, and where.
//!
//! Unit k of n stands at 360 k/n degrees.

use crate::scenario::statistic::RingStatistic;

/// Degrees of a whole turn.
pub const DEGREES_PER_TURN: f64 = 360.0;
/// A population vector shorter than this, relative to the sum of the rates, points nowhere.
const NO_DIRECTION: f64 = 1e-9;
/// A bump lower than this, relative to the highest rate, is none.
const FLAT: f64 = 1e-9;

/// A number of the units' rates, in order; none where it is not defined, as the place of a bump that there is not.
pub fn number(statistic: RingStatistic, rates: &[f64]) -> Option<f64> {
    if rates.iter().any(|rate| !rate.is_finite()) {
        return None;
    }
    match statistic {
        RingStatistic::Sum => Some(rates.iter().sum()),
        RingStatistic::HalfWidth => half_width(rates),
        RingStatistic::CircularWidth => vector(rates).map(|[_, length]| circular_width(length)),
        RingStatistic::Position => vector(rates).map(|[angle, _]| angle),
    }
}

/// The population vector (Georgopoulos et al. 1982, doi:10.1523/JNEUROSCI.02-11-01527.1982): its angle in degrees from 0 to
/// 360, and its length relative to the sum of the rates. Rates below 0 have no weight.
fn vector(rates: &[f64]) -> Option<[f64; 2]> {
    let count = rates.len() as f64;
    let turn = |unit: usize| std::f64::consts::TAU * unit as f64 / count;
    let weights = || rates.iter().map(|rate| rate.max(0.0)).enumerate();
    let total: f64 = weights().map(|(_, rate)| rate).sum();
    let east: f64 = weights().map(|(unit, rate)| rate * libm::cos(turn(unit))).sum();
    let north: f64 = weights().map(|(unit, rate)| rate * libm::sin(turn(unit))).sum();
    let length = libm::sqrt(east * east + north * north) / total;
    let angle = libm::atan2(north, east).to_degrees();
    let turned = if angle < 0.0 { angle + DEGREES_PER_TURN } else { angle };
    Some([turned, length]).filter(|_| length > NO_DIRECTION)
}

/// The circular standard deviation in degrees, `sqrt(-2 ln R)` (Mardia & Jupp 2000, Directional Statistics,
/// doi:10.1002/9780470316979, section 2.3).
fn circular_width(length: f64) -> f64 {
    libm::sqrt((-2.0 * libm::log(length.min(1.0))).max(0.0)).to_degrees()
}

/// The width in degrees over which the bump lies above the middle between its highest and its lowest rate, on straight lines
/// between units, around the unit that fires most.
fn half_width(rates: &[f64]) -> Option<f64> {
    let count = rates.len();
    let top = (0..count).max_by(|one, other| rates[*one].total_cmp(&rates[*other]).then(other.cmp(one)))?;
    let lowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let height = rates[top] - lowest;
    if height <= FLAT * rates[top].abs() {
        return None;
    }
    let middle = lowest + 0.5 * height;
    let reach = |unit: &dyn Fn(usize) -> usize| {
        let beyond = (1..count).find(|away| rates[unit(*away)] < middle)?;
        let (inner, outer) = (rates[unit(beyond - 1)], rates[unit(beyond)]);
        Some((beyond - 1) as f64 + (inner - middle) / (inner - outer))
    };
    let sides = [reach(&|away| (top + away) % count)?, reach(&|away| (top + count - away) % count)?];
    Some(DEGREES_PER_TURN / count as f64 * (sides[0] + sides[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    fn bump(count: u32, centre: f64, rate: impl Fn(f64) -> f64) -> Vec<f64> {
        let off = |unit: u32| (DEGREES_PER_TURN * f64::from(unit) / f64::from(count) - centre).to_radians();
        (0..count).map(|unit| rate(libm::cos(off(unit)))).collect()
    }

    #[test]
    fn a_cosine_has_its_centre_and_widths() {
        let rates = bump(64, 301.5, |cosine| 10.0 + 6.0 * cosine);
        assert_abs_diff_eq!(number(RingStatistic::Sum, &rates).unwrap(), 640.0, epsilon = 1e-9);
        assert_abs_diff_eq!(number(RingStatistic::Position, &rates).unwrap(), 301.5, epsilon = 1e-9);
        // The vector's length is half of the modulation.
        let width = libm::sqrt(-2.0 * libm::log(0.3)).to_degrees();
        assert_abs_diff_eq!(number(RingStatistic::CircularWidth, &rates).unwrap(), width, epsilon = 1e-9);
        assert_abs_diff_eq!(number(RingStatistic::HalfWidth, &rates).unwrap(), 180.0, epsilon = 0.5);
        let narrow = bump(64, 0.0, |cosine| libm::exp(4.0 * (cosine - 1.0)));
        let half = libm::acos(1.0 + libm::log(0.5 * (1.0 + libm::exp(-8.0))) / 4.0).to_degrees();
        assert_abs_diff_eq!(number(RingStatistic::HalfWidth, &narrow).unwrap(), 2.0 * half, epsilon = 0.5);
    }

    #[test]
    fn a_flat_ring_has_no_bump() {
        let rates = [5.0; 16];
        assert_eq!(number(RingStatistic::Sum, &rates), Some(80.0));
        for statistic in [RingStatistic::HalfWidth, RingStatistic::CircularWidth, RingStatistic::Position] {
            assert_eq!(number(statistic, &rates), None);
            assert_eq!(number(statistic, &[0.0; 8]), None);
        }
    }
}
