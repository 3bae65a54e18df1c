//! Drugs given together: is their effect more than that of drugs which do not interact?
//!
//! - **Bliss** independence (Bliss 1939, doi:10.1111/j.1744-7348.1939.tb06990.x): drugs act independently of one another, so
//!   that together they do `E = 1 - prod_i (1 - E_i(d_i))`, effects being shares between 0 and 1.
//! - **Loewe** additivity (Loewe 1926; Greco et al. 1995, Pharmacol Rev 47:331): a drug and itself must add, so that
//!   `sum_i d_i / D_i(E) = 1`, `D_i(E)` being the dose at which drug i alone has the effect E. The **combination index** is
//!   that sum at the effect that was seen (Chou & Talalay 1984, doi:10.1016/0065-2571(84)90007-4): below 1 where less drug
//!   is needed than additivity says. A drug that never has the effect alone counts 0; where none of those given does, the
//!   index says nothing and is NaN.
//!
//! What a drug does alone is a Hill curve where one passes through all of its responses, or else a monotone curve through
//! them that never falls. Additivity is defined for drugs whose effect does not fall with the dose; [`Synergy::falls`] names
//! those for which it does. Intervals are bootstrap percentiles: replicates are drawn anew, and for means over the surface its points too.
//! Without replicates the numbers at one point have no sampling error, and their intervals no width.

use super::dose_response::{HillFit, fit};
use super::monotone::MonotoneCurve;
use super::sensitivity::Estimate;
use crate::numeric::philox::hash;

/// Resamples behind an interval.
const RESAMPLES: u64 = 300;
/// A Hill curve stands for effects none of which is farther from it than this, or than so many of its standard errors. The
/// bounds are a choice: an effect of 1 is full, and near its top a curve that is a little off is inverted to doses that are far
/// off.
const CLOSE: f64 = 1e-3;
const STANDARD_ERRORS: f64 = 3.0;
/// Halvings of an interval of effects.
const HALVINGS: usize = 60;

/// A point of a dose surface.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dosed {
    /// The dose of each drug, in its own unit.
    pub doses: Vec<f64>,
    /// The response of each replicate; NaN where it failed.
    pub responses: Vec<f64>,
}

/// A combination and what was expected of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Combined {
    /// The dose of each drug.
    pub doses: Vec<f64>,
    /// The effect: 0 without drug, 1 at full scale.
    pub effect: f64,
    /// The effect that Bliss independence expects.
    pub bliss: f64,
    /// The effect beyond that.
    pub beyond_bliss: Estimate,
    /// The effect that Loewe additivity expects.
    pub loewe: f64,
    /// The effect beyond that.
    pub beyond_loewe: Estimate,
    /// The combination index; NaN where there is no effect.
    pub index: Estimate,
}

/// A dose surface against what drugs that do not interact would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Synergy {
    /// The points at which at least two drugs are given.
    pub points: Vec<Combined>,
    /// Mean over them of the effect beyond Bliss independence.
    pub beyond_bliss: Estimate,
    /// Mean over them of the effect beyond Loewe additivity.
    pub beyond_loewe: Estimate,
    /// What each drug does alone.
    pub alone: Vec<Alone>,
    /// Whether the effect of each drug alone falls where its dose is raised: beyond there, additivity has no meaning.
    pub falls: Vec<bool>,
    /// The change of the response that counts as the effect 1; negative where responses fall.
    pub scale: f64,
}

/// What one drug does alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Alone {
    /// A Hill curve of effects.
    Hill(HillFit),
    /// A monotone cubic curve through doses and effects, which never falls.
    Curve(MonotoneCurve),
}

impl Alone {
    /// Of effects with their standard errors.
    fn of(doses: &[f64], effects: &[(f64, f64)]) -> Self {
        let means: Vec<f64> = effects.iter().map(|(effect, _)| *effect).collect();
        let passes = |hill: &HillFit| {
            let off = |(dose, (effect, error)): (&f64, &(f64, f64))| {
                (hill.at(*dose) - effect).abs() > f64::max(CLOSE, STANDARD_ERRORS * error)
            };
            hill.top > hill.bottom && !doses.iter().zip(effects).any(off)
        };
        match fit(doses, &means).filter(passes) {
            Some(hill) => Self::Hill(hill),
            None => Self::Curve(MonotoneCurve::through(doses, &means)),
        }
    }

    /// The dose that has an effect alone; infinite where none has.
    pub fn dose(&self, effect: f64) -> f64 {
        match self {
            Self::Hill(HillFit { bottom, top, ec50, hill, .. }) => {
                if effect <= *bottom {
                    0.0
                } else if effect >= *top {
                    f64::INFINITY
                } else {
                    ec50 * libm::pow((effect - bottom) / (top - effect), 1.0 / hill)
                }
            }
            Self::Curve(curve) => curve.dose(effect),
        }
    }

    /// The largest effect that it can have.
    fn most(&self) -> f64 {
        match self {
            Self::Hill(hill) => hill.top,
            Self::Curve(curve) => curve.highest(),
        }
    }
}

/// `sum_i d_i / D_i(E)`: 1 where drugs add. NaN where there is no effect, or one that none of the drugs given has alone.
pub fn combination_index(doses: &[f64], effect: f64, alone: &[Alone]) -> f64 {
    let given = doses.iter().zip(alone).filter(|(dose, _)| **dose > 0.0);
    if effect <= 0.0 || given.clone().all(|(_, alone)| alone.dose(effect).is_infinite()) {
        return f64::NAN;
    }
    let share = |(dose, alone): (&f64, &Alone)| if *dose > 0.0 { dose / alone.dose(effect) } else { 0.0 };
    doses.iter().zip(alone).map(share).sum()
}

/// The effect of doses that add.
pub fn loewe(doses: &[f64], alone: &[Alone]) -> f64 {
    let most =
        alone.iter().zip(doses).filter(|(_, dose)| **dose > 0.0).map(|(alone, _)| alone.most()).fold(0.0, f64::max);
    let (mut low, mut high) = (0.0, most);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        // The index falls as the effect rises; NaN only at the ends, where there is no effect or none has more.
        if combination_index(doses, middle, alone) > 1.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The effect of drugs that act independently.
pub fn bliss(effects: &[f64]) -> f64 {
    1.0 - effects.iter().map(|effect| 1.0 - effect.clamp(0.0, 1.0)).product::<f64>()
}

/// Compares a dose surface with drugs that do not interact. `scale` is the change of the response that counts as the effect
/// 1; where none is given, the largest change on the surface. None where no point is free of drug, where a combination has
/// no single drug beside it, or where nothing changes.
pub fn synergy(surface: &[Dosed], scale: Option<f64>, seed: u64) -> Option<Synergy> {
    let found = compare(surface, &means(surface, None), scale)?;
    let replicated = surface.iter().any(|point| point.responses.len() > 1);
    let scale = Some(found.scale);
    let mut draws: Vec<Vec<[f64; 3]>> = vec![Vec::new(); found.points.len()];
    let (mut bliss_means, mut loewe_means) = (Vec::new(), Vec::new());
    for draw in 1..=RESAMPLES {
        let key = hash(seed, draw);
        let drawn = if replicated { compare(surface, &means(surface, Some(key)), scale) } else { Some(found.clone()) };
        let Some(drawn) = drawn.filter(|drawn| drawn.points.len() == found.points.len()) else { continue };
        for (kept, point) in draws.iter_mut().zip(&drawn.points) {
            kept.push([point.beyond_bliss.value, point.beyond_loewe.value, point.index.value]);
        }
        let count = drawn.points.len() as u64;
        let chosen = (0..count).map(|place| &drawn.points[(hash(key ^ 0x5eed, place) % count) as usize]);
        let [bliss, loewe] = mean_beyond(chosen);
        bliss_means.push(bliss);
        loewe_means.push(loewe);
    }
    let mut found = found;
    for (point, draws) in found.points.iter_mut().zip(draws) {
        let of = |which: usize| draws.iter().map(|draw| draw[which]).collect::<Vec<f64>>();
        point.beyond_bliss = estimate(point.beyond_bliss.value, of(0));
        point.beyond_loewe = estimate(point.beyond_loewe.value, of(1));
        point.index = estimate(point.index.value, of(2));
    }
    let [bliss, loewe] = mean_beyond(found.points.iter());
    found.beyond_bliss = estimate(bliss, bliss_means);
    found.beyond_loewe = estimate(loewe, loewe_means);
    Some(found)
}

/// Mean responses, of all replicates or of as many drawn anew; those that failed are left out.
fn means(surface: &[Dosed], key: Option<u64>) -> Vec<f64> {
    let mean = |(index, point): (usize, &Dosed)| {
        let finite: Vec<f64> = point.responses.iter().copied().filter(|value| value.is_finite()).collect();
        let count = finite.len() as u64;
        let drawn = |place: u64| match key {
            Some(key) => finite[(hash(hash(key, index as u64), place) % count) as usize],
            None => finite[place as usize],
        };
        (0..count).map(drawn).sum::<f64>() / count as f64
    };
    surface.iter().enumerate().map(mean).collect()
}

fn compare(surface: &[Dosed], means: &[f64], scale: Option<f64>) -> Option<Synergy> {
    let drugs = surface.first()?.doses.len();
    let find = |doses: &[f64]| surface.iter().position(|point| point.doses == doses).map(|place| means[place]);
    let rest = find(&vec![0.0; drugs]).filter(|rest| rest.is_finite())?;
    let farthest = |far: f64, mean: &f64| if (mean - rest).abs() > f64::abs(far) { mean - rest } else { far };
    let scale = scale.unwrap_or_else(|| means.iter().filter(|mean| mean.is_finite()).fold(0.0, farthest));
    if scale == 0.0 {
        return None;
    }
    let effect = |mean: f64| (mean - rest) / scale;
    let only = |drug: usize, dose: f64| {
        let mut doses = vec![0.0; drugs];
        doses[drug] = dose;
        doses
    };
    let place = |doses: &[f64]| surface.iter().position(|point| point.doses == doses);
    let error = |place: usize| standard_error(&surface[place].responses) / scale.abs();
    let single = |drug: usize| -> Option<Single> {
        let mut doses: Vec<f64> = surface.iter().map(|point| point.doses[drug]).collect();
        doses.sort_by(f64::total_cmp);
        doses.dedup();
        let places = doses.iter().map(|dose| place(&only(drug, *dose)));
        let effects = places.map(|place| place.map(|place| (effect(means[place]), error(place))));
        let effects = effects.collect::<Option<_>>()?;
        Some(Single { doses, effects })
    };
    let singles: Vec<Single> = (0..drugs).map(single).collect::<Option<_>>()?;
    let alone: Vec<Alone> = singles.iter().map(|single| Alone::of(&single.doses, &single.effects)).collect();
    let falls = singles.iter().map(|single| falls(&single.effects)).collect();
    let mut points = Vec::new();
    for (point, mean) in surface.iter().zip(means) {
        if point.doses.iter().filter(|dose| **dose > 0.0).count() < 2 || !mean.is_finite() {
            continue;
        }
        let singles: Option<Vec<f64>> =
            (0..drugs).map(|drug| find(&only(drug, point.doses[drug])).map(effect)).collect();
        let (bliss, loewe) = (bliss(&singles?), loewe(&point.doses, &alone));
        let effect = effect(*mean);
        let index = combination_index(&point.doses, effect, &alone);
        let exact = |value: f64| Estimate { value, low: value, high: value };
        points.push(Combined {
            doses: point.doses.clone(),
            effect,
            bliss,
            beyond_bliss: exact(effect - bliss),
            loewe,
            beyond_loewe: exact(effect - loewe),
            index: exact(index),
        });
    }
    let nothing = Estimate { value: f64::NAN, low: f64::NAN, high: f64::NAN };
    (!points.is_empty()).then_some(Synergy {
        points,
        beyond_bliss: nothing,
        beyond_loewe: nothing,
        alone,
        falls,
        scale,
    })
}

/// A drug alone: its doses, and the effects with their standard errors.
struct Single {
    doses: Vec<f64>,
    effects: Vec<(f64, f64)>,
}

/// Whether an effect falls below one at a lower dose by more than sampling explains.
fn falls(effects: &[(f64, f64)]) -> bool {
    let mut highest = (f64::NEG_INFINITY, 0.0);
    effects.iter().any(|&(effect, error)| {
        if effect > highest.0 {
            highest = (effect, error);
        }
        highest.0 - effect > f64::max(CLOSE, STANDARD_ERRORS * libm::hypot(error, highest.1))
    })
}

/// The standard error of a mean of replicates; 0 of a single one.
fn standard_error(responses: &[f64]) -> f64 {
    let finite: Vec<f64> = responses.iter().copied().filter(|value| value.is_finite()).collect();
    let count = finite.len() as f64;
    if finite.len() < 2 {
        return 0.0;
    }
    let mean = finite.iter().sum::<f64>() / count;
    let square: f64 = finite.iter().map(|value| (value - mean) * (value - mean)).sum();
    libm::sqrt(square / (count - 1.0) / count)
}

fn mean_beyond<'a>(points: impl Iterator<Item = &'a Combined>) -> [f64; 2] {
    let (mut bliss, mut loewe, mut count) = (0.0, 0.0, 0.0);
    for point in points {
        bliss += point.beyond_bliss.value;
        loewe += point.beyond_loewe.value;
        count += 1.0;
    }
    [bliss / count, loewe / count]
}

/// An estimate with the middle 95 % of its resamples.
fn estimate(value: f64, mut draws: Vec<f64>) -> Estimate {
    draws.retain(|draw| draw.is_finite());
    draws.sort_by(f64::total_cmp);
    if draws.is_empty() {
        return Estimate { value, low: value, high: value };
    }
    let at = |share: f64| draws[(share * (draws.len() - 1) as f64 + 0.5) as usize];
    Estimate { value, low: at(0.025), high: at(0.975) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::philox::unit;
    use crate::numeric::quantile::normal_quantile;

    fn hill(dose: f64, half: f64, steepness: f64, most: f64) -> f64 {
        if dose <= 0.0 { 0.0 } else { most / (1.0 + libm::pow(half / dose, steepness)) }
    }

    fn grid(response: impl Fn(f64, f64) -> f64) -> Vec<Dosed> {
        let doses = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];
        let point =
            |first: f64, second: f64| Dosed { doses: vec![first, second], responses: vec![response(first, second)] };
        doses.iter().flat_map(|first| doses.map(|second| point(*first, second))).collect()
    }

    #[test]
    fn a_drug_adds_to_itself() {
        let found = synergy(&grid(|one, two| 3.0 + 2.0 * hill(one + two, 3.0, 1.7, 0.9)), Some(2.0), 1).unwrap();
        assert_eq!(found.points.len(), 49);
        for point in &found.points {
            approx::assert_abs_diff_eq!(point.beyond_loewe.value, 0.0, epsilon = 1e-5);
            approx::assert_relative_eq!(point.index.value, 1.0, max_relative = 1e-4);
        }
        approx::assert_abs_diff_eq!(found.beyond_loewe.value, 0.0, epsilon = 1e-5);
    }

    #[test]
    fn drugs_of_different_strength_that_add_have_an_index_of_one() {
        // The second drug is the first at a quarter of its dose.
        let found = synergy(&grid(|one, two| hill(one + 0.25 * two, 2.0, 2.2, 1.0)), Some(1.0), 1).unwrap();
        for point in &found.points {
            approx::assert_relative_eq!(point.index.value, 1.0, max_relative = 1e-3);
        }
        approx::assert_relative_eq!(found.alone[1].dose(0.5) / found.alone[0].dose(0.5), 4.0, max_relative = 1e-3);
    }

    #[test]
    fn independent_drugs_do_nothing_beyond_bliss() {
        let effect = |one: f64, two: f64| {
            let (one, two) = (hill(one, 3.0, 1.2, 0.8), hill(two, 1.0, 2.0, 0.9));
            1.0 - (1.0 - one) * (1.0 - two)
        };
        // Falling responses: the scale is negative.
        let found = synergy(&grid(|one, two| 5.0 - 4.0 * effect(one, two)), Some(-4.0), 1).unwrap();
        for point in &found.points {
            approx::assert_abs_diff_eq!(point.beyond_bliss.value, 0.0, epsilon = 1e-12);
        }
        assert!(found.beyond_bliss.low.abs() < 1e-12 && found.beyond_bliss.high.abs() < 1e-12);
    }

    #[test]
    fn synergy_and_antagonism_are_told_apart() {
        let of = |sign: f64| {
            let response = move |one: f64, two: f64| hill(one + two + sign * libm::sqrt(one * two), 6.0, 1.5, 1.0);
            synergy(&grid(response), Some(1.0), 1).unwrap()
        };
        let (more, less) = (of(0.8), of(-0.8));
        assert!(more.beyond_loewe.low > 0.0 && less.beyond_loewe.high < 0.0);
        assert!(more.points.iter().all(|point| point.index.value < 1.0));
        assert!(less.points.iter().all(|point| point.index.value > 1.0));
    }

    #[test]
    fn a_threshold_is_no_hill_curve_and_is_still_inverted() {
        let exact = [0.0, 0.0, 1.0, 0.8].map(|effect| (effect, 0.0));
        let alone = Alone::of(&[0.0, 1.0, 2.0, 3.0], &exact);
        assert!(falls(&exact));
        approx::assert_relative_eq!(alone.dose(0.5), 1.5, max_relative = 1e-12);
        assert_eq!(alone.dose(1.1), f64::INFINITY);
        let both = [alone.clone(), alone];
        approx::assert_relative_eq!(combination_index(&[0.75, 0.0], 0.5, &both), 0.5, max_relative = 1e-12);
        // What neither does alone has no index.
        assert!(combination_index(&[0.75, 0.75], 1.1, &both).is_nan());
    }

    #[test]
    fn a_drug_whose_curve_is_no_hill_curve_adds_to_itself() {
        // A steep rise, then a slow one that never ends: no Hill curve has such a shoulder.
        let effect = |dose: f64| 0.7 * hill(dose, 3.0, 6.0, 1.0) + 0.3 * hill(dose, 12.0, 1.0, 1.0);
        let doses: Vec<f64> = (0..=15).map(f64::from).collect();
        let point = |one: f64, two: f64| Dosed { doses: vec![one, two], responses: vec![effect(one + two)] };
        let surface: Vec<Dosed> = doses.iter().flat_map(|one| doses.iter().map(move |two| point(*one, *two))).collect();
        let found = synergy(&surface, Some(1.0), 1).unwrap();
        assert_eq!(found.falls, [false, false]);
        for point in &found.points {
            let within = point.doses.iter().sum::<f64>() <= 15.0;
            // Beyond the highest dose given alone, no drug has the effect.
            assert_eq!(point.index.value.is_nan(), !within, "{:?}", point.doses);
            if within {
                approx::assert_relative_eq!(point.index.value, 1.0, max_relative = 0.02);
            }
        }
    }

    #[test]
    fn a_drug_without_effect_counts_nothing() {
        let found = synergy(&grid(|one, _| hill(one, 3.0, 1.7, 0.9)), Some(1.0), 1).unwrap();
        for point in &found.points {
            approx::assert_relative_eq!(point.index.value, 1.0, max_relative = 1e-4);
            approx::assert_abs_diff_eq!(point.beyond_bliss.value, 0.0, epsilon = 1e-12);
        }
    }

    #[test]
    fn intervals_of_noisy_replicates_hold_the_truth() {
        let mut surface = grid(|one, two| 1.0 - (1.0 - hill(one, 3.0, 1.2, 0.8)) * (1.0 - hill(two, 1.0, 2.0, 0.9)));
        for (index, point) in surface.iter_mut().enumerate() {
            let mean = point.responses[0];
            let noise = |place: u64| 0.05 * normal_quantile(unit(hash(index as u64 + 7, place)));
            point.responses = (0..12).map(|place| mean + noise(place)).collect();
        }
        let found = synergy(&surface, Some(1.0), 3).unwrap();
        let held =
            found.points.iter().filter(|point| point.beyond_bliss.low <= 0.0 && point.beyond_bliss.high >= 0.0).count();
        assert!(held >= 40, "{held} of 49");
        assert!(found.points.iter().all(|point| point.beyond_bliss.high > point.beyond_bliss.low));
        assert!(found.beyond_bliss.low < 0.01 && found.beyond_bliss.high > -0.01);
        // As text, because an index that is no number is not equal to itself.
        assert_eq!(format!("{found:?}"), format!("{:?}", synergy(&surface, Some(1.0), 3).unwrap()));
    }

    #[test]
    fn a_surface_without_single_drugs_is_none() {
        let combined: Vec<Dosed> =
            grid(|one, two| one + two).into_iter().filter(|point| point.doses[0] > 0.0).collect();
        assert_eq!(synergy(&combined, None, 1), None);
        assert_eq!(synergy(&grid(|_, _| 1.0), None, 1), None);
    }
}
