//! Drugs given together: is their effect more than that of drugs which do not interact?
//!
//! - **Bliss** independence (Bliss 1939, doi:10.1111/j.1744-7348.1939.tb06990.x): drugs act independently of one another, so
//!   that together they do `E = 1 - prod_i (1 - E_i(d_i))`, effects being shares of a maximum. Where an effect is more than the
//!   maximum it is no share, and nothing is expected but where the others have none.
//! - **Loewe** additivity (Loewe 1926; Greco et al. 1995, Pharmacol Rev 47:331): a drug and itself must add, so that
//!   `sum_i d_i / D_i(E) = 1`, `D_i(E)` being the dose at which drug i alone has the effect E. The **combination index** is
//!   that sum at the effect that was seen (Chou & Talalay 1984, doi:10.1016/0065-2571(84)90007-4): below 1 where less drug
//!   is needed than additivity says. A drug without any effect, or whose curve is known to end below it, counts 0; where none of
//!   those given has the effect, the index says nothing and is NaN.
//!
//! What a drug does alone is a Hill curve where one passes through all of its responses, or else a monotone curve through
//! them that never falls. Where an effect needs more of a drug than was given alone, `D_i` is known to be more than that and
//! nothing else: the expectation and the index are then NaN, between bounds that may be infinite. Additivity has no meaning
//! beyond the dose at which the effect of a drug alone begins to fall; [`Synergy::falls`] names those for which it does.
//!
//! Intervals are bootstrap percentiles: replicates are drawn anew, and for means over the surface its points too.
//! Without replicates the numbers at one point have no sampling error, and their intervals no width.

pub use super::alone::Alone;
use super::alone::{Needed, rises_until};
use super::sensitivity::Estimate;
use crate::numeric::philox::hash;

/// Resamples behind an interval.
const RESAMPLES: u64 = 300;
/// Halvings of an interval of effects.
const HALVINGS: usize = 60;
/// Effects, or shares of an index, that differ by no more than this differ by rounding.
const ROUNDING: f64 = 1e-9;

/// A point of a dose surface.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dosed {
    /// The dose of each drug, in its own unit.
    pub doses: Vec<f64>,
    /// The response of each replicate; NaN where it failed.
    pub responses: Vec<f64>,
}

/// A combination and what was expected of it. What is unknown is NaN, between bounds as far as there are any: see
/// [`known`].
#[derive(Clone, Debug, PartialEq)]
pub struct Combined {
    /// The dose of each drug.
    pub doses: Vec<f64>,
    /// The effect: 0 without drug, 1 at full scale.
    pub effect: f64,
    /// The effect that Bliss independence expects; NaN where an effect alone is no share of a maximum.
    pub bliss: f64,
    /// The effect beyond that.
    pub beyond_bliss: Estimate,
    /// The effect that Loewe additivity expects.
    pub loewe: Estimate,
    /// The effect beyond that.
    pub beyond_loewe: Estimate,
    /// The combination index; unknown where there is no effect.
    pub index: Estimate,
}

/// A dose surface against what drugs that do not interact would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Synergy {
    /// The points at which at least two drugs are given.
    pub points: Vec<Combined>,
    /// Mean of the effect beyond Bliss independence over the points at which it is known.
    pub beyond_bliss: Estimate,
    /// Mean of the effect beyond Loewe additivity over the points at which it is known.
    pub beyond_loewe: Estimate,
    /// How many points these are.
    pub known: [usize; 2],
    /// What each drug does alone.
    pub alone: Vec<Alone>,
    /// Whether the effect of each drug alone falls where its dose is raised: beyond there, additivity has no meaning.
    pub falls: Vec<bool>,
    /// The change of the response that counts as the effect 1; negative where responses fall.
    pub scale: f64,
}

/// In a word, what is known of a number: `known`, that it is `above` or `below` a bound or `between` two, or nothing.
pub fn known(estimate: &Estimate) -> &'static str {
    match (estimate.value.is_nan(), estimate.low.is_finite(), estimate.high.is_finite()) {
        (false, ..) => "known",
        (true, true, true) => "between",
        (true, true, false) => "above",
        (true, false, true) => "below",
        (true, false, false) => "unknown",
    }
}

/// A number without error.
fn exact(value: f64) -> Estimate {
    if value.is_nan() { UNKNOWN } else { Estimate { value, low: value, high: value } }
}

const UNKNOWN: Estimate = Estimate { value: f64::NAN, low: f64::NEG_INFINITY, high: f64::INFINITY };

/// A number between bounds: known where these agree.
fn bounded([low, high]: [f64; 2]) -> Estimate {
    if high - low <= ROUNDING * (1.0 + low.abs()) {
        exact(f64::midpoint(low, high))
    } else {
        Estimate { value: f64::NAN, low, high }
    }
}

/// The bounds of `sum_i d_i / D_i(E)`: they agree where the doses that have the effect are known.
fn index_bounds(doses: &[f64], effect: f64, alone: &[Alone]) -> [f64; 2] {
    let given = doses.iter().zip(alone).filter(|(dose, _)| **dose > 0.0);
    given.fold([0.0, 0.0], |[low, high], (dose, alone)| match alone.needed(effect) {
        Needed::Dose(needed) => [low + dose / needed, high + dose / needed],
        Needed::MoreThan(highest) => [low, high + dose / highest],
        Needed::Never => [low, high],
    })
}

/// The combination index: NaN, between bounds, where one of the drugs given is not known to have the effect alone or never to
/// have it; unknown where there is no effect, or one that no drug given ever has.
fn index(doses: &[f64], effect: f64, alone: &[Alone]) -> Estimate {
    let never = |(_, alone): (&f64, &Alone)| alone.needed(effect) == Needed::Never;
    if effect <= 0.0 || doses.iter().zip(alone).filter(|(dose, _)| **dose > 0.0).all(never) {
        return UNKNOWN;
    }
    let [low, high] = index_bounds(doses, effect, alone);
    // That it is above 0 says nothing.
    if low > 0.0 { bounded([low, high]) } else { Estimate { value: f64::NAN, low: f64::NEG_INFINITY, high } }
}

/// `sum_i d_i / D_i(E)`: 1 where drugs add. NaN where there is no effect, or where it is not known how much of a drug given has
/// the effect alone.
pub fn combination_index(doses: &[f64], effect: f64, alone: &[Alone]) -> f64 {
    index(doses, effect, alone).value
}

/// The effect of doses that add; NaN, between bounds, where it is more than drugs were seen to do alone.
pub fn loewe(doses: &[f64], alone: &[Alone]) -> Estimate {
    let given = alone.iter().zip(doses).filter(|(_, dose)| **dose > 0.0);
    let most = given.map(|(alone, _)| alone.most()).fold(0.0, f64::max);
    // The index falls as the effect rises.
    let reached = |bound: usize| {
        let (mut low, mut high) = (0.0, most);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if index_bounds(doses, middle, alone)[bound] > 1.0 { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    };
    // Above all that is known, what a drug may still do is less and less, but where doses are high it may be enough.
    let endless = index_bounds(doses, most * (1.0 + ROUNDING) + ROUNDING, alone)[1] > 1.0 + ROUNDING;
    bounded([reached(0), if endless { f64::INFINITY } else { reached(1) }])
}

/// The effect of drugs that act independently, of which some may lower it; NaN where one is more than the maximum, and no share
/// of it, while another acts as well.
pub fn bliss(effects: &[f64]) -> f64 {
    let acting = effects.iter().filter(|effect| effect.abs() > ROUNDING).count();
    if acting > 1 && effects.iter().any(|effect| *effect > 1.0 + ROUNDING) {
        return f64::NAN;
    }
    1.0 - effects.iter().map(|effect| 1.0 - effect).product::<f64>()
}

/// Compares a dose surface with drugs that do not interact. `scale` is the change of the response that counts as the effect
/// 1; where none is given, the largest change on the surface. None where no point is free of drug, where a combination has
/// no single drug beside it, or where nothing changes.
pub fn synergy(surface: &[Dosed], scale: Option<f64>, seed: u64) -> Option<Synergy> {
    let mut found = compare(surface, &means(surface, None), scale)?;
    let replicated = surface.iter().any(|point| point.responses.len() > 1);
    let scale = Some(found.scale);
    let mut draws: Vec<Vec<[Estimate; 3]>> = vec![Vec::new(); found.points.len()];
    let mut mean_draws = [Vec::new(), Vec::new()];
    for draw in 1..=RESAMPLES {
        let key = hash(seed, draw);
        let drawn = if replicated { compare(surface, &means(surface, Some(key)), scale) } else { Some(found.clone()) };
        let Some(drawn) = drawn.filter(|drawn| drawn.points.len() == found.points.len()) else { continue };
        for (kept, point) in draws.iter_mut().zip(&drawn.points) {
            kept.push([point.beyond_bliss, point.beyond_loewe, point.index]);
        }
        let count = drawn.points.len() as u64;
        let chosen = (0..count).map(|place| (hash(key ^ 0x5eed, place) % count) as usize);
        // Only where it is known of the surface itself.
        let chosen: Vec<(&Combined, &Combined)> =
            chosen.map(|place| (&found.points[place], &drawn.points[place])).collect();
        for (draws, (mean, _)) in mean_draws.iter_mut().zip(mean_beyond(&chosen)) {
            draws.push(mean);
        }
    }
    for (point, draws) in found.points.iter_mut().zip(draws) {
        let of = |which: usize| draws.iter().map(|draw| draw[which]).collect::<Vec<Estimate>>();
        point.beyond_bliss = estimate(point.beyond_bliss, of(0));
        point.beyond_loewe = estimate(point.beyond_loewe, of(1));
        point.index = estimate(point.index, of(2));
    }
    let all: Vec<(&Combined, &Combined)> = found.points.iter().map(|point| (point, point)).collect();
    let [(bliss, of_bliss), (loewe, of_loewe)] = mean_beyond(&all);
    let [bliss_draws, loewe_draws] = mean_draws.map(|draws| draws.into_iter().map(exact).collect());
    found.known = [of_bliss, of_loewe];
    found.beyond_bliss = estimate(exact(bliss), bliss_draws);
    found.beyond_loewe = estimate(exact(loewe), loewe_draws);
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
    let rises: Vec<f64> = singles.iter().map(|single| rises_until(&single.doses, &single.effects)).collect();
    let mut points = Vec::new();
    for (point, mean) in surface.iter().zip(means) {
        if point.doses.iter().filter(|dose| **dose > 0.0).count() < 2 || !mean.is_finite() {
            continue;
        }
        let singles: Option<Vec<f64>> =
            (0..drugs).map(|drug| find(&only(drug, point.doses[drug])).map(effect)).collect();
        let bliss = bliss(&singles?);
        let effect = effect(*mean);
        let adds = point.doses.iter().zip(&rises).all(|(dose, until)| dose <= until);
        let (loewe, index) =
            if adds { (loewe(&point.doses, &alone), index(&point.doses, effect, &alone)) } else { (UNKNOWN, UNKNOWN) };
        points.push(Combined {
            doses: point.doses.clone(),
            effect,
            bliss,
            beyond_bliss: exact(effect - bliss),
            loewe,
            beyond_loewe: Estimate { value: effect - loewe.value, low: effect - loewe.high, high: effect - loewe.low },
            index,
        });
    }
    (!points.is_empty()).then_some(Synergy {
        points,
        beyond_bliss: UNKNOWN,
        beyond_loewe: UNKNOWN,
        known: [0, 0],
        alone,
        falls: rises.iter().map(|until| until.is_finite()).collect(),
        scale,
    })
}

/// A drug alone: its doses, and the effects with their standard errors.
struct Single {
    doses: Vec<f64>,
    effects: Vec<(f64, f64)>,
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

/// Means beyond Bliss and Loewe over the points at which they are known, and over how many: of pairs of a point as it was seen,
/// which says whether they are, and as it was drawn.
fn mean_beyond(points: &[(&Combined, &Combined)]) -> [(f64, usize); 2] {
    [|point: &Combined| point.beyond_bliss.value, |point: &Combined| point.beyond_loewe.value].map(|pick| {
        let known = points.iter().filter(|(seen, _)| pick(seen).is_finite());
        let values: Vec<f64> = known.map(|(_, drawn)| pick(drawn)).filter(|value| value.is_finite()).collect();
        (values.iter().sum::<f64>() / values.len() as f64, values.len())
    })
}

/// An estimate with the middle 95 % of its resamples, of which some may be known by bounds alone; an unknown number keeps its
/// bounds.
fn estimate(found: Estimate, draws: Vec<Estimate>) -> Estimate {
    if found.value.is_nan() || draws.is_empty() {
        return found;
    }
    let at = |share: f64, pick: fn(&Estimate) -> f64| {
        let mut ends: Vec<f64> = draws.iter().map(pick).collect();
        ends.sort_by(f64::total_cmp);
        ends[(share * (ends.len() - 1) as f64 + 0.5) as usize]
    };
    Estimate { value: found.value, low: at(0.025, |draw| draw.low), high: at(0.975, |draw| draw.high) }
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
    fn bliss_takes_effects_as_they_are_and_expects_nothing_of_what_is_no_share() {
        approx::assert_relative_eq!(bliss(&[0.5, 0.5]), 0.75);
        // One that lowers the effect lowers what is expected.
        approx::assert_relative_eq!(bliss(&[-0.2, 0.3]), 0.16, max_relative = 1e-14);
        approx::assert_relative_eq!(bliss(&[1.55, 0.0]), 1.55);
        approx::assert_relative_eq!(bliss(&[1.0, 0.3]), 1.0);
        assert!(bliss(&[1.4, 0.3]).is_nan());
    }

    #[test]
    fn an_effect_beyond_what_was_given_alone_is_known_by_bounds() {
        // An exponential rise is no Hill curve; doses go to where each alone has a third of the effect.
        let effect = |dose: f64| -libm::expm1(-dose / 40.0);
        let found = synergy(&grid(|one, two| effect(one + two)), Some(1.0), 1).unwrap();
        assert_eq!(found.points.len(), 49);
        let mut unknown = 0;
        for point in &found.points {
            let sum: f64 = point.doses.iter().sum();
            if sum > 16.0 {
                unknown += 1;
                assert_eq!((known(&point.loewe), known(&point.index)), ("above", "below"), "{point:?}");
                assert_eq!(known(&point.beyond_loewe), "below");
                assert!(point.loewe.low <= point.effect + 1e-9 && point.beyond_loewe.high > 0.0);
                approx::assert_relative_eq!(point.index.high, sum / 16.0, max_relative = 1e-12);
            } else {
                approx::assert_abs_diff_eq!(point.beyond_loewe.value, 0.0, epsilon = 3e-3);
                approx::assert_relative_eq!(point.index.value, 1.0, max_relative = 0.03);
            }
        }
        assert_eq!((unknown, found.known), (13, [49, 36]));
    }

    #[test]
    fn a_drug_with_itself_adds_wherever_that_is_known() {
        for trial in 0..60 {
            let draw = |place: u64| unit(hash(trial + 77, place));
            let (half, steepness) = (libm::pow(10.0, 5.0 * draw(1) - 2.0), libm::pow(10.0, 0.8 * draw(2) - 0.3));
            let (most, rest, sign) = (draw(3) + 0.2, 3.0 * draw(4), if draw(5) < 0.5 { -1.0 } else { 1.0 });
            let response = |one: f64, two: f64| rest + sign * hill(one + two, half, steepness, most);
            let found = synergy(&grid(response), None, 1).unwrap();
            for point in &found.points {
                let beyond = point.beyond_loewe;
                let adds = if beyond.value.is_nan() {
                    beyond.low <= 1e-6 && beyond.high >= -1e-6
                } else {
                    beyond.value.abs() < 1e-4
                };
                assert!(adds, "half {half}, steepness {steepness}: {point:?}");
                let index = point.index;
                let one = if index.value.is_nan() {
                    index.low <= 1.001 && index.high >= 0.999
                } else {
                    (index.value - 1.0).abs() < 0.01
                };
                assert!(
                    one || point.effect > 0.999 || point.effect < 1e-4,
                    "half {half}, steepness {steepness}: {point:?}"
                );
            }
        }
    }

    #[test]
    fn a_drug_that_falls_has_no_additive_effect_beyond_its_peak() {
        let effect = |dose: f64| hill(dose, 2.0, 2.0, 1.0) * libm::exp(-dose / 12.0);
        let found = synergy(&grid(|one, two| effect(one) + 0.1 * hill(two, 2.0, 1.0, 1.0)), Some(1.0), 1).unwrap();
        assert_eq!(found.falls, [true, false]);
        for point in &found.points {
            assert_eq!(known(&point.loewe) == "unknown", point.doses[0] > 4.0, "{point:?}");
        }
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
        assert!(rises_until(&[0.0, 1.0, 2.0, 3.0], &exact).is_finite());
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
