//! Dose-response curves: the Hill equation fitted to responses over doses, and what the responses tell of its EC50 and h.
//!
//! A number is known only as far as the responses hold it. It has an interval where curves with any number outside fit worse
//! than sampling explains (profile likelihood with Student's t; Bates & Watts 1988, doi:10.1002/9780470316757, chapter 6); a
//! bound on one side where a curve without end on the other fits as well; and none where responses lie on a curve to the last
//! digit, which leaves nothing to sample.

use super::hill::{Curve, Place, Points};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// What responses tell of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// All of it: the responses lie on a curve to the last digit.
    Exactly,
    /// It lies between these with 95 % confidence.
    Within([f64; 2]),
    /// It is more than this with 95 % confidence, and no upper bound can be given.
    Above(f64),
    /// It is less than this with 95 % confidence, and no lower bound can be given.
    Below(f64),
    /// It lies between these, anywhere: such as the EC50 of a step from one dose to the next.
    Between([f64; 2]),
    /// Nothing.
    Unknown,
}

impl Known {
    /// In a word, as tables have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exactly => "exact",
            Self::Within(_) => "estimated",
            Self::Above(_) => "above",
            Self::Below(_) => "below",
            Self::Between(_) => "between",
            Self::Unknown => "unknown",
        }
    }

    /// Whether there is one best number.
    pub fn has_value(self) -> bool {
        matches!(self, Self::Exactly | Self::Within(_))
    }

    /// Its bounds: NaN where there is none or none is needed.
    pub fn bounds(self) -> [f64; 2] {
        match self {
            Self::Within(bounds) | Self::Between(bounds) => bounds,
            Self::Above(low) => [low, f64::NAN],
            Self::Below(high) => [f64::NAN, high],
            Self::Exactly | Self::Unknown => [f64::NAN; 2],
        }
    }
}

/// A fitted curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HillFit {
    curve: Curve,
    highest: f64,
    /// Response to no dose.
    pub bottom: f64,
    /// Response to a saturating dose; below `bottom` where the response falls. Infinite where the curve has no end.
    pub top: f64,
    /// The dose with half the effect, in the doses' unit: infinite or 0 where the best curve has none. A number to be quoted
    /// only where [`Self::ec50_known`] has one.
    pub ec50: f64,
    /// What is known of it.
    pub ec50_known: Known,
    /// Hill coefficient of the best curve; likewise.
    pub hill: f64,
    /// What is known of it.
    pub hill_known: Known,
    /// Share of the responses' variance that the curve explains.
    pub r_squared: f64,
    /// The largest distance of a response from the curve, relative to the range of the responses.
    pub largest_departure: f64,
}

impl HillFit {
    /// Whether responses lie on the curve to the last digit and determine it.
    pub fn is_exact(&self) -> bool {
        self.ec50_known == Known::Exactly
    }

    /// The highest dose to which it was fitted.
    pub fn highest_dose(&self) -> f64 {
        self.highest
    }

    /// The response at a dose.
    pub fn at(&self, dose: f64) -> f64 {
        let log = if dose > 0.0 { libm::log(dose / self.highest) } else { f64::NEG_INFINITY };
        self.curve.at(log)
    }

    /// The dose with a response; infinite where that is the top or more, 0 where it is the bottom or less, as the curve runs.
    pub fn dose(&self, response: f64) -> f64 {
        self.highest * libm::exp(self.curve.log_dose(response))
    }

    /// Whether the curve passes near all responses: it explains nearly all of them and passes none at a distance. The bounds
    /// are choices; beyond them a curve with one bend is the wrong picture of the data, such as of a response that falls again
    /// at high doses.
    pub fn passes(&self) -> bool {
        self.r_squared > 0.95 && self.largest_departure < 0.15
    }

    /// Whether the doses determine the curve: it passes near all responses, and they surround its EC50.
    pub fn describes(&self, doses: &[f64]) -> bool {
        let highest = doses.iter().copied().fold(0.0, f64::max);
        let lowest = doses.iter().copied().filter(|dose| *dose > 0.0).fold(f64::INFINITY, f64::min);
        self.passes() && self.ec50_known.has_value() && (lowest..=highest).contains(&self.ec50)
    }
}

/// An exact number is known to a share of this, or else not at all.
const EXACT: f64 = 0.01;
/// A curve as steep as this is a step.
const STEP: f64 = 1000.0;
/// One as flat as this is a straight line over the logarithm of the dose.
const FLAT: f64 = 0.01;
/// How far a bound is looked for, in e-folds beyond the highest dose.
const FAR: f64 = 40.0;
/// The first step from the best number, in e-folds.
const FIRST: f64 = 1e-9;
/// Halvings of the step that crosses a bound.
const HALVINGS: usize = 30;

/// Fits responses to doses of 0 or more; failed responses (NaN) are left out. None where fewer than five doses above 0
/// remain or the responses do not differ.
pub fn fit(doses: &[f64], responses: &[f64]) -> Option<HillFit> {
    let (points, fitted) = through(doses, responses)?;
    let profile = Profile::new(&points, fitted.curve);
    let (ec50_known, hill_known) = (profile.place(fitted.highest), profile.steepness());
    Some(HillFit { ec50_known, hill_known, ..fitted })
}

/// The same, but that of a curve on which responses do not lie to the last digit nothing is known: this takes far less time.
pub(super) fn fit_exact_or_near(doses: &[f64], responses: &[f64]) -> Option<HillFit> {
    let (points, fitted) = through(doses, responses)?;
    if fitted.curve.rest > points.rounding() {
        return Some(fitted);
    }
    let ec50_known = Profile::new(&points, fitted.curve).place(fitted.highest);
    Some(HillFit { ec50_known, ..fitted })
}

fn through(doses: &[f64], responses: &[f64]) -> Option<(Points, HillFit)> {
    let pairs: Vec<(f64, f64)> = doses
        .iter()
        .copied()
        .zip(responses.iter().copied())
        .filter(|(dose, response)| *dose >= 0.0 && dose.is_finite() && response.is_finite())
        .collect();
    let mut positive: Vec<f64> = pairs.iter().map(|(dose, _)| *dose).filter(|dose| *dose > 0.0).collect();
    positive.sort_by(f64::total_cmp);
    positive.dedup();
    let points = Points::new(&pairs);
    let highest = *positive.last()?;
    if positive.len() < 5 || points.total() <= points.rounding().max(f64::MIN_POSITIVE) {
        return None;
    }
    let curve = points.best();
    let [bottom, top] = curve.ends();
    let ec50 = match curve.place {
        Place::At(place) => highest * libm::exp(place),
        Place::Above => f64::INFINITY,
        Place::Below => 0.0,
    };
    let fitted = HillFit {
        curve,
        highest,
        bottom,
        top,
        ec50,
        ec50_known: Known::Unknown,
        hill: libm::exp(curve.log_hill),
        hill_known: Known::Unknown,
        r_squared: 1.0 - curve.rest / points.total(),
        largest_departure: points.largest_departure(&curve) / points.spanned(),
    };
    curve.rest.is_finite().then_some((points, fitted))
}

/// How much worse curves fit whose EC50 or h is another.
struct Profile<'a> {
    points: &'a Points,
    best: Curve,
    exact: bool,
    /// The largest sums of squares of numbers within the interval of 95 %, and within a bound on one side.
    allowed: f64,
    allowed_beyond: f64,
}

impl<'a> Profile<'a> {
    fn new(points: &'a Points, best: Curve) -> Self {
        let exact = best.rest <= points.rounding();
        let freedom = points.count() as f64 - 4.0;
        let allowed = |share: f64| {
            if exact {
                return points.rounding();
            }
            let quantile =
                StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| student.inverse_cdf(share));
            best.rest * (1.0 + quantile * quantile / freedom)
        };
        Self { points, best, exact, allowed: allowed(0.975), allowed_beyond: allowed(0.95) }
    }

    /// What is known of the EC50.
    fn place(&self, highest: f64) -> Known {
        let here = match self.best.place {
            Place::At(place) => place,
            Place::Above => FAR,
            Place::Below => -FAR,
        };
        let endless = |place: Place| self.points.best_at(place, self.best.log_hill).rest <= self.allowed;
        let bound = |direction: f64, allowed: f64| {
            let mut steep = self.best.log_hill;
            let outside = |place: f64| {
                let curve = self.points.best_at(Place::At(place), steep);
                steep = curve.log_hill;
                curve.rest > allowed
            };
            let bound = crossing(here, direction, [self.points.lowest - FAR, FAR], outside);
            bound.map_or(if direction > 0.0 { f64::INFINITY } else { 0.0 }, |place| highest * libm::exp(place))
        };
        let flat = libm::log(FLAT);
        if self.best.log_hill <= flat || self.points.best_as_steep(flat, self.best.place).rest <= self.allowed {
            // A straight line over the logarithm of the dose has no middle.
            return Known::Unknown;
        }
        match (endless(Place::Below), endless(Place::Above)) {
            (true, true) => Known::Unknown,
            (false, true) => Known::Above(bound(-1.0, self.allowed_beyond)),
            (true, false) => Known::Below(bound(1.0, self.allowed_beyond)),
            (false, false) => {
                let bounds = [bound(-1.0, self.allowed), bound(1.0, self.allowed)];
                self.of_bounds(bounds, self.is_step())
            }
        }
    }

    /// Whether a step is as good as the best curve, so that its EC50 may lie anywhere between two doses.
    fn is_step(&self) -> bool {
        self.points.best_as_steep(libm::log(STEP), self.best.place).rest <= self.allowed
    }

    fn of_bounds(&self, bounds: [f64; 2], anywhere: bool) -> Known {
        let [low, high] = bounds;
        if low <= 0.0 && high.is_infinite() {
            return Known::Unknown;
        }
        match (self.exact, anywhere) {
            _ if high.is_infinite() => Known::Above(low),
            _ if low <= 0.0 => Known::Below(high),
            (true, false) if high / low < 1.0 + EXACT => Known::Exactly,
            (false, false) => Known::Within(bounds),
            _ => Known::Between(bounds),
        }
    }

    /// What is known of h.
    fn steepness(&self) -> Known {
        let bound = |direction: f64, allowed: f64| {
            let mut place = self.best.place;
            let outside = |log_hill: f64| {
                let curve = self.points.best_as_steep(log_hill, place);
                place = curve.place;
                curve.rest > allowed
            };
            let bound = crossing(self.best.log_hill, direction, [FLAT, STEP].map(libm::log), outside);
            bound.map_or(if direction > 0.0 { f64::INFINITY } else { 0.0 }, libm::exp)
        };
        let bounds = [bound(-1.0, self.allowed), bound(1.0, self.allowed)];
        match self.of_bounds(bounds, false) {
            Known::Above(_) => Known::Above(bound(-1.0, self.allowed_beyond)),
            Known::Below(_) => Known::Below(bound(1.0, self.allowed_beyond)),
            known => known,
        }
    }
}

/// Where a number that begins within becomes `outside`, in one direction; none where it does not between the ends.
fn crossing(from: f64, direction: f64, [low, high]: [f64; 2], mut outside: impl FnMut(f64) -> bool) -> Option<f64> {
    let end = if direction > 0.0 { high } else { low };
    let (mut inside, mut step) = (from, FIRST);
    let mut beyond = loop {
        if (end - inside) * direction <= 0.0 {
            return None;
        }
        let next = direction.mul_add(step, inside);
        let next = if (end - next) * direction < 0.0 { end } else { next };
        if outside(next) {
            break next;
        }
        inside = next;
        // Slow enough to follow the best curve from one number to the next.
        step = f64::min(4.0 * step, 0.25);
    };
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(inside, beyond);
        if outside(middle) { beyond = middle } else { inside = middle }
    }
    Some(f64::midpoint(inside, beyond))
}

#[cfg(test)]
mod tests;
