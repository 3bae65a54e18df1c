//! Fits of made-up responses.

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
        let responses: Vec<f64> = doses().iter().enumerate().map(|(index, dose)| curve(*dose) + noise(index)).collect();
        let found = fit(&doses(), &responses).unwrap();
        let Known::Within([low, high]) = found.ec50_known else { panic!("{found:?}") };
        held += u32::from(low < 3.0 && 3.0 < high);
    }
    // 190 are expected, with a s.d. of 3.
    assert!((180..=199).contains(&held), "{held}");
}

#[test]
fn an_exact_curve_is_found_wherever_its_ec50_lies_or_said_to_be_beyond() {
    let few = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let mut beyond = [0, 0];
    for trial in 0..300 {
        let draw = |place: u64| unit(hash(trial, place));
        let ec50 = libm::pow(10.0, 20.0 * draw(1) - 9.0);
        let (hill, bottom, top) = (libm::pow(10.0, 1.2 * draw(2) - 0.6), draw(3), draw(4) - 2.0 * draw(5));
        let doses = if trial % 3 == 0 { &few[1..] } else { &few[..] };
        let effect = |dose: f64| if dose > 0.0 { 1.0 / (1.0 + libm::pow(ec50 / dose, hill)) } else { 0.0 };
        let responses: Vec<f64> = doses.iter().map(|dose| bottom + (top - bottom) * effect(*dose)).collect();
        let Some(found) = fit(doses, &responses) else {
            // Responses that do not differ but for rounding.
            let spread = effect(100.0) - effect(doses[0]);
            assert!(spread * (top - bottom).abs() < 1e-10, "{ec50} {hill}");
            continue;
        };
        let [low, high] = found.ec50_known.bounds();
        match found.ec50_known {
            Known::Exactly => approx::assert_relative_eq!(found.ec50, ec50, max_relative = 0.01),
            Known::Above(_) => assert!(low < ec50, "{ec50} {hill}: {found:?}"),
            Known::Below(_) => assert!(high > ec50, "{ec50} {hill}: {found:?}"),
            Known::Between(_) | Known::Within(_) => assert!(low < ec50 && ec50 < high, "{ec50} {hill}: {found:?}"),
            Known::Unknown => {}
        }
        if (2.0..50.0).contains(&ec50) && (0.4..3.0).contains(&hill) && (top - bottom).abs() > 0.1 {
            assert_eq!(found.ec50_known, Known::Exactly);
            approx::assert_relative_eq!(found.ec50, ec50, max_relative = 1e-6);
        }
        beyond[0] += usize::from(matches!(found.ec50_known, Known::Above(_)));
        beyond[1] += usize::from(matches!(found.ec50_known, Known::Below(_)));
    }
    assert!(beyond[0] > 20 && beyond[1] > 5, "{beyond:?}");
}

#[test]
fn noisy_responses_that_do_not_bend_leave_one_bound() {
    let doses = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let mut held = 0;
    for trial in 0..100 {
        let noise = |index: usize| 0.01 * normal_quantile(unit(hash(trial + 900, index as u64)));
        let true_curve = |dose: f64| dose / (dose + 400.0);
        let responses: Vec<f64> =
            doses.iter().enumerate().map(|(index, dose)| true_curve(*dose) + noise(index)).collect();
        let [low, high] = fit(&doses, &responses).unwrap().ec50_known.bounds();
        assert!(low.is_finite() && low > 10.0);
        held += u32::from(low < 400.0 && (high.is_nan() || high > 400.0));
    }
    assert!(held >= 88, "{held}");
}

#[test]
fn a_step_lies_anywhere_between_two_doses() {
    let doses = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
    let found = fit(&doses, &[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]).unwrap();
    let Known::Between([low, high]) = found.ec50_known else { panic!("{found:?}") };
    assert!((5.0..5.1).contains(&low) && (9.8..=10.0).contains(&high) && !found.describes(&doses));
    assert!(matches!(found.hill_known, Known::Above(_)));
    // What rises with the logarithm of the dose has no middle.
    let logs: Vec<f64> = doses[1..].iter().map(|dose| libm::log(*dose)).collect();
    let found = fit(&doses[1..], &logs).unwrap();
    assert!(found.ec50_known == Known::Unknown && matches!(found.hill_known, Known::Below(_)), "{found:?}");
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
