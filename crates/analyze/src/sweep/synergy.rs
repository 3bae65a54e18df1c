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
//! Intervals are bootstrap percentiles: replicates are drawn anew. Without replicates nothing is sampled, and intervals have no
//! width; the doses of a surface are chosen, and no sample of doses.

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
    for draw in 1..=if replicated { RESAMPLES } else { 0 } {
        let drawn = compare(surface, &means(surface, Some(hash(seed, draw))), scale);
        let Some(drawn) = drawn.filter(|drawn| drawn.points.len() == found.points.len()) else { continue };
        for (kept, point) in draws.iter_mut().zip(&drawn.points) {
            kept.push([point.beyond_bliss, point.beyond_loewe, point.index]);
        }
        // Only where it is known of the surface itself.
        let pairs: Vec<(&Combined, &Combined)> = found.points.iter().zip(&drawn.points).collect();
        for (draws, (mean, _)) in mean_draws.iter_mut().zip(mean_beyond(&pairs)) {
            draws.push(mean);
        }
    }
    for (point, draws) in found.points.iter_mut().zip(draws) {
        let of = |which: usize| draws.iter().map(|draw| draw[which]).collect::<Vec<Estimate>>();
        point.beyond_bliss = estimate(point.beyond_bliss, &of(0));
        point.beyond_loewe = estimate(point.beyond_loewe, &of(1));
        point.index = estimate(point.index, &of(2));
    }
    let all: Vec<(&Combined, &Combined)> = found.points.iter().map(|point| (point, point)).collect();
    let [(bliss, of_bliss), (loewe, of_loewe)] = mean_beyond(&all);
    let [bliss_draws, loewe_draws] = mean_draws.map(|draws| draws.into_iter().map(exact).collect::<Vec<Estimate>>());
    found.known = [of_bliss, of_loewe];
    found.beyond_bliss = estimate(exact(bliss), &bliss_draws);
    found.beyond_loewe = estimate(exact(loewe), &loewe_draws);
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
fn estimate(found: Estimate, draws: &[Estimate]) -> Estimate {
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
mod tests;
