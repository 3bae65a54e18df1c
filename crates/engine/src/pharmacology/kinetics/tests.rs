//! Courses of concentrations against closed forms.

use super::*;
use crate::scenario::ligand::{Distribution, Peak};
use approx::assert_relative_eq;

fn absorbed() -> Kinetics {
    Kinetics {
        absorption_half_life: Some(2.0),
        elimination_half_life: 13.0,
        peak: Some(Peak { concentration: 2500.0, dose: 10.0, infusion: None }),
        ..Kinetics::default()
    }
}

/// A dose, by its number.
fn dose(number: usize) -> DoseIdentity {
    DoseIdentity { dose: number, repetition: 0 }
}

fn bolus(amount: f64) -> Given {
    Given { amount, duration: None }
}

fn infusion(amount: f64, duration: f64) -> Given {
    Given { amount, duration: Some(duration) }
}

fn after_one_dose(kinetics: &Kinetics, amount: f64, time: f64) -> f64 {
    let disposition = Disposition::new(kinetics, &Ligand::default());
    let mut course = Course::new(disposition.rates());
    course.give(&disposition, 0.0, dose(0), bolus(amount));
    course.concentration(time)
}

#[test]
fn absorbed_dose_follows_the_bateman_function_and_reaches_its_peak() {
    let (ka, ke) = (LN_2 / 2.0, LN_2 / 13.0);
    let bateman = |t: f64| libm::exp(-ke * t) - libm::exp(-ka * t);
    let peak_time = libm::log(ka / ke) / (ka - ke);
    for time in [0.0, 0.1, 1.0, peak_time, 20.0, 300.0] {
        let expected = 2500.0 * 0.7 * bateman(time) / bateman(peak_time);
        assert_relative_eq!(after_one_dose(&absorbed(), 7.0, time), expected, epsilon = 1e-9, max_relative = 1e-12);
    }
}

#[test]
fn two_compartments_reach_the_stated_peak_at_their_maximum() {
    let kinetics = Kinetics { distribution: Some(Distribution { half_life: 4.0, fraction: 0.6 }), ..absorbed() };
    let largest = (0..200_000).map(|i| after_one_dose(&kinetics, 10.0, f64::from(i) * 1e-3)).fold(0.0, f64::max);
    assert_relative_eq!(largest, 2500.0, max_relative = 1e-9);
}

#[test]
fn infusion_ends_at_the_stated_concentration_and_then_decays() {
    let kinetics = Kinetics {
        elimination_half_life: 120.0,
        peak: Some(Peak { concentration: 1560.0, dose: 1.0, infusion: Some(40.0) }),
        ..Kinetics::default()
    };
    let disposition = Disposition::new(&kinetics, &Ligand::default());
    let mut course = Course::new(disposition.rates());
    course.give(&disposition, 0.0, dose(0), infusion(0.5, 40.0));
    let ke = LN_2 / 120.0;
    let rising = 780.0 * libm::expm1(-ke * 10.0) / libm::expm1(-ke * 40.0);
    assert_relative_eq!(course.concentration(10.0), rising, max_relative = 1e-12);
    course.end(40.0, dose(0));
    assert_relative_eq!(course.concentration(40.0), 780.0, max_relative = 1e-12);
    assert_relative_eq!(course.concentration(160.0), 390.0, max_relative = 1e-12);
}

#[test]
fn volume_and_molar_mass_give_the_concentration() {
    let kinetics = Kinetics {
        elimination_half_life: 60.0,
        volume: Some(2.0),
        unbound_fraction: 0.5,
        brain_to_plasma: 3.0,
        ..Kinetics::default()
    };
    let ligand = Ligand { molar_mass: Some(250.0), ..Ligand::default() };
    let disposition = Disposition::new(&kinetics, &ligand);
    let mut course = Course::new(disposition.rates());
    course.give(&disposition, 0.0, dose(0), bolus(10.0));
    // 10 mg/kg / 2 L/kg / 250 g/mol = 20 umol/L; times 0.5 times 3.
    assert_relative_eq!(course.concentration(0.0), 30_000.0, max_relative = 1e-12);
}

#[test]
fn doses_superpose() {
    let kinetics = absorbed();
    let disposition = Disposition::new(&kinetics, &Ligand::default());
    let mut course = Course::new(disposition.rates());
    for (time, amount) in [(0.0, 3.0), (7.0, 2.0), (7.0, 1.0), (31.0, 5.0)] {
        course.give(&disposition, time, dose(0), bolus(amount));
    }
    let expected = after_one_dose(&kinetics, 3.0, 50.0)
        + after_one_dose(&kinetics, 3.0, 43.0)
        + after_one_dose(&kinetics, 5.0, 19.0);
    assert_relative_eq!(course.concentration(50.0), expected, max_relative = 1e-12);
}

#[test]
fn a_steady_state_is_many_doses() {
    let infused = Kinetics {
        elimination_half_life: 240.0,
        distribution: Some(Distribution { half_life: 10.0, fraction: 0.7 }),
        effect_half_life: Some(5.0),
        peak: Some(Peak { concentration: 1000.0, dose: 1.0, infusion: Some(40.0) }),
        ..Kinetics::default()
    };
    for (kinetics, duration) in [(absorbed(), None), (infused, Some(40.0))] {
        let disposition = Disposition::new(&kinetics, &Ligand::default());
        let rates = disposition.rates();
        let interval = 60.0;
        let (mut many, mut steady) = (Course::new(rates.clone()), Course::new(rates.clone()));
        let start = 400.0 * interval;
        for count in 0..=400 {
            let at = f64::from(count) * interval;
            match duration {
                None => many.give(&disposition, at, dose(0), bolus(2.0)),
                Some(lasts) => {
                    many.give(&disposition, at, dose(0), infusion(2.0, lasts));
                    if count < 400 {
                        many.end(at + lasts, dose(0));
                    }
                }
            }
        }
        steady.give(&disposition, start - 7.0, dose(0), bolus(100.0));
        steady.steady_state(&disposition, start, dose(0), Given { amount: 2.0, duration }, interval);
        for after in [0.0, 1.0, 17.0, 39.0] {
            let expected = many.concentration(start + after);
            assert_relative_eq!(steady.concentration(start + after), expected, max_relative = 1e-10);
        }
    }
}

#[test]
fn a_steady_state_of_long_infusions_of_what_decays_fast_is_finite() {
    let kinetics = Kinetics {
        elimination_half_life: 120.0,
        effect_half_life: Some(1.0),
        peak: Some(Peak { concentration: 100.0, dose: 1.0, infusion: None }),
        ..Kinetics::default()
    };
    let disposition = Disposition::new(&kinetics, &Ligand::default());
    let rates = disposition.rates();
    let day = 1440.0;
    let (mut steady, mut constant) = (Course::new(rates.clone()), Course::new(rates.clone()));
    // An infusion over the whole interval never ends.
    steady.steady_state(&disposition, 0.0, dose(0), infusion(2.0, day), day);
    constant.give(&disposition, -100.0 * day, dose(0), infusion(2.0, day));
    for time in [0.0, 5.0, 700.0] {
        let expected = constant.concentration(time);
        assert_relative_eq!(steady.concentration(time), expected, max_relative = 1e-10);
    }
}

#[test]
fn nothing_was_there_before_the_first_dose() {
    let disposition = Disposition::new(&absorbed(), &Ligand::default());
    assert_eq!(Course::new(disposition.rates()).concentration(-1e6), 0.0);
}

#[test]
fn what_goes_in_comes_out() {
    // Area under the curve times clearance is the dose, whatever the compartments and lags: 10 mg/kg, V 2 L/kg.
    let kinetics = |distribution: bool, absorbed: bool, effect: bool| Kinetics {
        absorption_half_life: absorbed.then_some(6.0),
        elimination_half_life: 60.0,
        distribution: distribution.then_some(Distribution { half_life: 4.0, fraction: 0.6 }),
        effect_half_life: effect.then_some(3.0),
        volume: Some(2.0),
        ..Kinetics::default()
    };
    let ligand = Ligand { molar_mass: Some(250.0), ..Ligand::default() };
    for (distribution, absorbed, effect) in [
        (false, false, false),
        (false, true, false),
        (false, true, true),
        (true, false, false),
        (true, false, true),
        (true, true, true),
    ] {
        let disposition = Disposition::new(&kinetics(distribution, absorbed, effect), &ligand);
        let rates = disposition.rates();
        let mut course = Course::new(rates.clone());
        course.give(&disposition, 0.0, dose(0), bolus(10.0));
        // Simpson's rule, after which what is left is negligible.
        let (step, count) = (0.02, 100_000);
        let area: f64 = (0..=count)
            .map(|i| {
                let weight = if i == 0 || i == count { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
                weight * step / 3.0 * course.concentration(f64::from(i) * step)
            })
            .sum();
        let initial = 10.0 / 2.0 / 250.0 * 1e6;
        let clearance_per_volume =
            if distribution { 1.0 / (0.4 * 60.0 / LN_2 + 0.6 * 4.0 / LN_2) } else { LN_2 / 60.0 };
        assert_relative_eq!(area * clearance_per_volume, initial, max_relative = 1e-4);
    }
}

#[test]
fn an_effect_site_follows_the_plasma() {
    // dCe/dt = ke0 (C - Ce), by small steps.
    let plasma = Kinetics { effect_half_life: None, volume: Some(1.0), peak: None, ..absorbed() };
    let site = Kinetics { effect_half_life: Some(4.0), ..plasma.clone() };
    let ligand = Ligand { molar_mass: Some(237.73), ..Ligand::default() };
    let course = |kinetics: &Kinetics, time: f64| {
        let disposition = Disposition::new(kinetics, &ligand);
        let mut course = Course::new(disposition.rates());
        course.give(&disposition, 0.0, dose(0), bolus(10.0));
        course.concentration(time)
    };
    let (step, ke0) = (1e-3, LN_2 / 4.0);
    let mut followed = 0.0;
    for count in 0..20_000 {
        let middle = course(&plasma, (f64::from(count) + 0.5) * step);
        followed = middle + (followed - middle) * libm::exp(-ke0 * step);
    }
    assert_relative_eq!(course(&site, 20.0), followed, max_relative = 1e-5);
}

#[test]
fn rate_constants_that_agree_give_the_limit() {
    let k = LN_2 / 13.0;
    // Absorption as fast as elimination, to the last digit or nearly: k t e^(-k t), largest at 1/k.
    for half_life in [13.0, 13.0 * (1.0 + 1e-9), 13.0 * (1.0 - 3e-7), 13.0 * (1.0 + 3e-6)] {
        let kinetics = Kinetics { absorption_half_life: Some(half_life), ..absorbed() };
        let k = f64::midpoint(k, LN_2 / half_life);
        for time in [0.1, 1.0, 13.0, 40.0, 400.0] {
            let expected = 2500.0 * k * time * libm::exp(1.0 - k * time);
            assert_relative_eq!(after_one_dose(&kinetics, 10.0, time), expected, max_relative = 2e-7);
        }
    }
    // And an effect site as slow as either: (k t)^2 e^(-k t), largest at 2/k.
    let kinetics = Kinetics { absorption_half_life: Some(13.0), effect_half_life: Some(13.0), ..absorbed() };
    for time in [1.0, 13.0, 40.0, 400.0] {
        let expected = 2500.0 * k * time * k * time / 4.0 * libm::exp(2.0 - k * time);
        // Where little has come through, rounding is less than a ten-millionth of the peak.
        assert_relative_eq!(after_one_dose(&kinetics, 10.0, time), expected, epsilon = 2.5e-4, max_relative = 1e-6);
    }
    // Two compartments, absorption as fast as distribution, an effect site as fast as both: in three small parts.
    let of = |distribution: f64| Kinetics {
        distribution: Some(Distribution { half_life: distribution, fraction: 0.6 }),
        absorption_half_life: Some(4.0),
        effect_half_life: Some(4.0),
        volume: Some(1.0),
        peak: None,
        ..absorbed()
    };
    let ligand = Ligand { molar_mass: Some(100.0), ..Ligand::default() };
    let at = |distribution: f64, time: f64| {
        let disposition = Disposition::new(&of(distribution), &ligand);
        let mut course = Course::new(disposition.rates());
        course.give(&disposition, 0.0, dose(0), bolus(1.0));
        course.concentration(time)
    };
    for time in [0.5, 4.0, 30.0] {
        let around = 0.5 * (at(4.0 * 1.001, time) + at(4.0 * 0.999, time));
        assert_relative_eq!(at(4.0, time), around, max_relative = 2e-5);
    }
}

#[test]
fn a_peak_after_an_infusion_is_the_largest_concentration_where_the_receptor_lags_behind() {
    let kinetics = Kinetics {
        elimination_half_life: 120.0,
        distribution: Some(Distribution { half_life: 12.0, fraction: 0.7 }),
        effect_half_life: Some(5.0),
        peak: Some(Peak { concentration: 800.0, dose: 0.5, infusion: Some(40.0) }),
        ..Kinetics::default()
    };
    let disposition = Disposition::new(&kinetics, &Ligand::default());
    let mut course = Course::new(disposition.rates());
    course.give(&disposition, 0.0, dose(0), infusion(0.5, 40.0));
    course.end(40.0, dose(0));
    let at = |time: f64| course.concentration(time);
    let largest = (0..20_000).map(|count| at(40.0 + f64::from(count) * 1e-3)).fold(0.0, f64::max);
    assert_relative_eq!(largest, 800.0, max_relative = 1e-8);
    assert!(at(40.0) < 0.99 * largest);
}

#[test]
fn an_end_is_that_of_its_own_infusion_and_takes_nothing_else_with_it() {
    let kinetics = Kinetics { elimination_half_life: 30.0, volume: Some(1.0), ..Kinetics::default() };
    let ligand = Ligand { molar_mass: Some(1.0), ..Ligand::default() };
    let disposition = Disposition::new(&kinetics, &ligand);
    let mut course = Course::new(disposition.rates());
    // Two of one length that began together, one of which is reset and whose end still comes.
    course.give(&disposition, 0.0, dose(0), infusion(3.0, 20.0));
    course.steady_state(&disposition, 0.0, dose(1), infusion(2.0, 20.0), 60.0);
    let mut alone = Course::new(disposition.rates());
    alone.steady_state(&disposition, 0.0, dose(1), infusion(2.0, 20.0), 60.0);
    for which in [&mut course, &mut alone] {
        which.end(20.0, dose(0));
        which.end(20.0, dose(1));
    }
    assert_eq!(course, alone);
    assert_eq!(course.constant(), 0.0);
    // What overlaps leaves no rounding behind: after 60 half-lives there is what is left of three boluses.
    let mut many = Course::new(disposition.rates());
    for number in 0..3 {
        many.give(&disposition, number as f64, dose(number), infusion(0.1 * (number + 1) as f64, 0.3));
    }
    (0..3).for_each(|number| many.end(number as f64 + 0.3, dose(number)));
    let rate = LN_2 / 30.0;
    let left = |number: usize| {
        let plateau = 0.1 * (number + 1) as f64 / 0.3 * 1e6 / rate;
        plateau * -libm::expm1(-rate * 0.3) * libm::exp(-rate * (1800.0 - number as f64 - 0.3))
    };
    assert_relative_eq!(many.concentration(1800.0), (0..3).map(left).sum::<f64>(), max_relative = 1e-13);
}

#[test]
fn the_shortest_infusion_brings_all_of_its_amount() {
    let kinetics = Kinetics { elimination_half_life: 600.0, volume: Some(1.0), ..Kinetics::default() };
    let ligand = Ligand { molar_mass: Some(1.0), ..Ligand::default() };
    let disposition = Disposition::new(&kinetics, &ligand);
    for duration in [1e-13, 1e-9, 1e-5] {
        let mut course = Course::new(disposition.rates());
        course.give(&disposition, 1.0, dose(0), infusion(5.0, duration));
        course.end(1.0 + duration, dose(0));
        assert_relative_eq!(course.concentration(1.0 + duration), 5e6, max_relative = 1e-7);
        let area = 5e6 / LN_2 * 600.0;
        assert_relative_eq!(course.area_until(1e6), area, max_relative = 1e-7);
    }
}
