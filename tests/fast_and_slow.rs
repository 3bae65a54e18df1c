//! Fast and slow time check each other.
#![allow(clippy::unwrap_used)]

mod common;
mod fast_time;

use common::arm;
use disinhibit::config::load;
use disinhibit::readouts::trace::Trace;
use disinhibit::scenario::{Block, Method, Scenario, Time};
use disinhibit::simulate::{Outcome, Status, run};
use std::path::Path;

const POPULATIONS: [&str; 4] = ["Pyr", "PV", "SST", "VIP"];

fn experiment() -> Scenario {
    let mut scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario;
    scenario.arms.retain(|arm| {
        ["control", "stress", "stress+ket10", "stress+naltrexone5", "stress+naltrexone5+ket10", "control+ket10"]
            .contains(&arm.name.as_str())
    });
    scenario.run.from = -35.0;
    scenario.run.to = 120.0;
    scenario
}

/// The largest difference of any rate between a run in fast time and another, in Hz. A sample of fast time is the mean
/// since the last one, so it is compared with the other's mean over that interval, or (`alike`) with the other's sample.
fn largest_difference(fast: &Outcome, other: &Outcome, alike: bool, counts: impl Fn(f64) -> bool) -> f64 {
    let mut largest = 0.0_f64;
    for own in &fast.arms {
        let reference = arm(other, &own.name);
        for population in POPULATIONS {
            let signal = format!("rate.{population}");
            let values = own.recording.signal(&signal).unwrap();
            let expected = reference.recording.signal(&signal).unwrap();
            let trace = Trace { times: reference.recording.times(), values: &expected };
            let times = own.recording.times();
            for at in 1..times.len() {
                let (start, end) = (times[at - 1], times[at]);
                if counts(start) {
                    let expected = if alike { expected[at] } else { trace.integral(start, end) / (end - start) };
                    largest = largest.max((values[at] - expected).abs());
                }
            }
        }
    }
    largest
}

#[test]
fn they_agree_to_two_hundredths_of_a_hertz_for_two_hours_after_a_dose() {
    let slow = run(&experiment()).unwrap();
    let mut scenario = experiment();
    scenario.run.time = Time::Fast;
    scenario.run.step = 1.0;
    scenario.run.method = Method::RungeKutta4;
    let fast = run(&scenario).unwrap();
    let difference = largest_difference(&fast, &slow, false, |_| true);
    assert!(difference < 0.02, "{difference} Hz");
}

#[test]
fn a_tick_of_a_second_is_as_good_as_one_ten_times_shorter() {
    let with_tick = |seconds: f64| {
        let mut scenario = experiment();
        scenario.run.time = Time::Fast;
        scenario.run.step = 2.0;
        scenario.run.method = Method::RungeKutta4;
        scenario.run.record = Some(0.05);
        scenario.run.signal_step = seconds / 60.0;
        scenario.run.to = 10.0;
        scenario.run.report.retain(|time| time.minutes < 10.0);
        run(&scenario).unwrap()
    };
    let reference = with_tick(0.1);
    let difference =
        |seconds: f64, counts: &dyn Fn(f64) -> bool| largest_difference(&with_tick(seconds), &reference, true, counts);
    // Naltrexone binds within the first tick, which resolves no more than its mean; afterwards little is left of that.
    assert!(difference(1.0, &|_| true) < 0.02);
    let later = |start: f64| start > -29.8 && !(-0.01..0.2).contains(&start);
    let (fine, coarse) = (difference(1.0, &later), difference(4.0, &later));
    assert!(fine < 1e-3, "{fine} Hz");
    assert!(fine < 0.5 * coarse, "{fine} {coarse}");
}

#[test]
fn slow_time_depends_little_on_its_tolerance() {
    let with = |tolerance: f64| {
        let mut scenario = experiment();
        scenario.run.tolerance = tolerance;
        run(&scenario).unwrap()
    };
    let (fine, default) = (with(1e-10), with(1e-7));
    for (one, other) in fine.arms.iter().zip(&default.arms) {
        for (one, other) in one.reports.iter().zip(&other.reports) {
            for (one, other) in one.signals.iter().zip(&other.signals) {
                assert!((one - other).abs() <= 1e-5 * one.abs().max(1.0), "{one} {other}");
            }
        }
    }
}

/// A rate that grows e-fold every 100 ms passes 1e6 Hz long before the largest number: there it has run away, and the other
/// arm goes on.
#[test]
fn a_rate_beyond_a_million_hertz_has_diverged() {
    let text = r#"
        input_unit = "none"
        [run]
        time = "fast"
        method = "euler-maruyama"
        step = "0.1 ms"
        signal_step = "100 ms"
        from = "0 s"
        to = "3 s"
        report = ["3 s"]
        start = { E = 1 }
        [populations.E]
        tau = "10 ms"
        drive = 0
        transfer = { kind = "threshold-linear", gain = 1, threshold = 0 }
        [onto.E]
        E = 1.1
        [[arms]]
        name = "runs away"
        [[arms]]
        name = "stays"
        set = { "onto.E.E" = 0.9 }
    "#;
    let outcome = common::outcome(text);
    let Status::Diverged { at } = arm(&outcome, "runs away").status else { panic!("{:?}", outcome.arms[0].status) };
    // ln(1e6) e-folds of 100 ms, in min; seen at the end of the signal step.
    let expected = libm::log(1e6) * 0.1 / 60.0;
    assert!(at > expected && at < expected + 0.25 / 60.0, "{at} {expected}");
    assert_eq!(arm(&outcome, "stays").status, Status::Done);
}

/// Times from a grid or from another unit miss each other by rounding; they are one moment, and no step lies between them.
#[test]
fn moments_that_differ_by_rounding_are_one() {
    let outcome = |dose: f64, block: f64, report: f64| {
        let mut scenario = experiment();
        scenario.arms.retain(|arm| ["control", "stress", "stress+ket10"].contains(&arm.name.as_str()));
        scenario.run.to = 60.0;
        let arm = scenario.arms.iter_mut().find(|arm| arm.name == "stress+ket10").unwrap();
        arm.doses[0].at = dose;
        arm.block.push(Block {
            receptor: "MOR".into(),
            cells: vec!["SST".into()],
            fraction: 0.5,
            from: Some(block),
            ..Block::default()
        });
        scenario.run.report.last_mut().unwrap().minutes = report;
        run(&scenario).unwrap()
    };
    let time: f64 = 40.0;
    let expected = outcome(time, time, time);
    let (before, after) = (time.next_down(), time.next_up());
    for (dose, block, report) in
        [(before, time, time), (time, after, time), (after, before, time), (time, time, after), (time, time, before)]
    {
        let found = outcome(dose, block, report);
        for (found, expected) in found.arms.iter().zip(&expected.arms) {
            assert_eq!(found.reports.len(), expected.reports.len());
            for (found, expected) in found.reports.iter().zip(&expected.reports) {
                for (found, expected) in found.signals.iter().zip(&expected.signals) {
                    approx::assert_relative_eq!(*found, *expected, max_relative = 1e-6, epsilon = 1e-9);
                }
            }
        }
    }
}

#[test]
fn a_stable_rate_beyond_a_million_hertz_has_diverged_too() {
    for time in ["slow", "fast"] {
        let text = format!(
            r#"
            input_unit = "none"
            [run]
            time = "{time}"
            from = "0 s"
            to = "10 s"
            signal_step = "100 ms"
            report = ["10 s"]
            [populations.E]
            tau = "10 ms"
            drive = 5
            transfer = {{ kind = "threshold-linear", gain = 1, threshold = 0 }}
            [[arms]]
            name = "driven"
            inject = [{{ population = "E", drive = 2e6, from = "4 s" }}]
            [[arms]]
            name = "stays"
            "#
        );
        let outcome = common::outcome(&text);
        let Status::Diverged { at } = arm(&outcome, "driven").status else { panic!("{:?}", outcome.arms[0].status) };
        assert!((at * 60.0 - 4.0).abs() < 0.25, "{time}: {at}");
        assert_eq!(arm(&outcome, "stays").status, Status::Done);
    }
}

#[test]
fn a_record_that_does_not_divide_the_run_ends_with_it() {
    for time in [Time::Slow, Time::Fast] {
        let mut scenario = experiment();
        scenario.arms.retain(|arm| ["control", "stress"].contains(&arm.name.as_str()));
        (scenario.run.time, scenario.run.step) = (time, 2.0);
        (scenario.run.from, scenario.run.to, scenario.run.record) = (-1.0, 10.0, Some(7.0));
        scenario.run.report.retain(|report| report.minutes <= 10.0);
        let outcome = run(&scenario).unwrap();
        for arm in &outcome.arms {
            assert_eq!(arm.status, Status::Done, "{time:?}");
            assert_eq!(arm.recording.times().last(), Some(&10.0), "{time:?}");
        }
    }
}
