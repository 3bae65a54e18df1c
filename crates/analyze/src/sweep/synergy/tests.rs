//! Surfaces of made-up drugs.

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
fn independent_effects_of_any_size_and_sign_are_what_bliss_expects() {
    for trial in 0..40 {
        let draw = |place: u64| unit(hash(trial + 500, place));
        let most = [draw(1), 1.4 * draw(2) - 0.7];
        let halves = [10.0 * draw(3) + 0.1, 10.0 * draw(4) + 0.1];
        let effect = |one: f64, two: f64| {
            let (one, two) = (hill(one, halves[0], 1.3, most[0]), hill(two, halves[1], 0.8, most[1]));
            1.0 - (1.0 - one) * (1.0 - two)
        };
        let (rest, scale) = (5.0 * draw(5), 4.0 * draw(6) - 2.0);
        let found = synergy(&grid(|one, two| rest + scale * effect(one, two)), Some(scale), 1).unwrap();
        assert!(found.points.iter().all(|point| point.beyond_bliss.value.abs() < 1e-9 / scale.abs()), "{trial}");
        assert_eq!(found.known[0], 49);
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
    let combined: Vec<Dosed> = grid(|one, two| one + two).into_iter().filter(|point| point.doses[0] > 0.0).collect();
    assert_eq!(synergy(&combined, None, 1), None);
    assert_eq!(synergy(&grid(|_, _| 1.0), None, 1), None);
}
