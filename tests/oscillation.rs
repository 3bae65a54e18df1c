//! Circuits without a stable state: periods, swings and spectra of their oscillations, with and without delays.
#![allow(clippy::unwrap_used)]

mod common;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use common::scenario;
use disinhibit::analyze::{Analysis, Cycle, Request, Run, Subject, Trajectory};
use std::f64::consts::{PI, TAU};

const TAU_MS: f64 = 10.0;
const DELAY_MS: f64 = 8.0;
const MAXIMUM_HZ: f64 = 40.0;

/// A population that inhibits itself after a delay through a sigmoid, in the middle of which it would rest; `gain` is the
/// size of the loop's slope there.
fn loop_of(gain: f64, slope: f64) -> Subject {
    let weight = -gain / (slope * MAXIMUM_HZ / 4.0);
    let text = format!(
        "[populations.A]\nrole = \"inhibitory\"\ntau = \"{TAU_MS} ms\"\nrest = \"{} Hz\"\n\
         transfer = {{ kind = \"sigmoid\", maximum = \"{MAXIMUM_HZ} Hz\", slope = {slope:?}, threshold = \"0 mV\" }}\n\
         [synapses.late]\ndelay = \"{DELAY_MS} ms\"\n[onto.A.through.late]\nA = {weight:?}\n",
        MAXIMUM_HZ / 2.0
    );
    Subject::circuit(&scenario(&text)).unwrap()
}

/// Angular frequency per ms and gain at which the loop loses its stability: of tau lambda + 1 + k exp(-lambda d) = 0 with
/// lambda = i omega, omega tau = -tan(omega d) and k = -1/cos(omega d).
fn hopf() -> (f64, f64) {
    let (mut low, mut high) = (0.5 * PI / DELAY_MS + 1e-9, PI / DELAY_MS);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle * TAU_MS + libm::tan(middle * DELAY_MS) < 0.0 { low = middle } else { high = middle }
    }
    (low, -1.0 / libm::cos(low * DELAY_MS))
}

fn cycle(subject: &Subject) -> Cycle {
    let analysis = Analysis::new(subject, &Request::default()).unwrap();
    assert!(analysis.state.is_none());
    assert_eq!(analysis.fixed_points.len(), 1);
    analysis.cycle.unwrap()
}

#[test]
fn the_period_of_a_delayed_loop_comes_to_that_of_its_hopf_point() {
    let (omega, critical) = hopf();
    let at = |above: f64| cycle(&loop_of(critical * (1.0 + above), 0.2));
    let [one, two, four] = [0.02, 0.04, 0.08].map(at);
    // Extrapolated to the Hopf point, by the quadratic through three periods.
    let period = (8.0 * one.period_ms - 6.0 * two.period_ms + four.period_ms) / 3.0;
    assert_relative_eq!(period, TAU / omega, max_relative = 2e-5);
    // The amplitude of a supercritical Hopf bifurcation grows with the square root.
    let swing = |cycle: &Cycle| cycle.rates_hz[0][1] - cycle.rates_hz[0][0];
    assert_relative_eq!(swing(&two) / swing(&one), std::f64::consts::SQRT_2, max_relative = 0.02);
    // Below it there is none.
    let below = Analysis::new(&loop_of(critical * 0.99, 0.2), &Request::default()).unwrap();
    assert!(below.cycle.is_none() && below.unrest.is_none() && below.state.is_some());
}

#[test]
fn a_ring_oscillates_alike_wherever_its_delay_lies() {
    // Shifting the time of B moves delay from one side of the ring to the other and leaves the period as it is.
    let ring = |there: f64, back: f64| {
        let population = |name: &str| {
            format!(
                "[populations.{name}]\ntau = \"10 ms\"\nrest = \"20 Hz\"\n\
                 transfer = {{ kind = \"sigmoid\", maximum = \"40 Hz\", slope = 0.2, threshold = \"0 mV\" }}\n"
            )
        };
        let text = format!(
            "{}{}[synapses.there]\ndelay = \"{there} ms\"\n[synapses.back]\ndelay = \"{back} ms\"\n\
             [onto.B.through.there]\nA = 1.4\n[onto.A.through.back]\nB = -1.2\n",
            population("A"),
            population("B")
        );
        cycle(&Subject::circuit(&scenario(&text)).unwrap())
    };
    let (one, other) = (ring(5.0, 3.3), ring(7.3, 1.0));
    assert_relative_eq!(one.period_ms, other.period_ms, max_relative = 1e-6);
    for (one, other) in one.rates_hz.iter().flatten().zip(other.rates_hz.iter().flatten()) {
        assert_relative_eq!(one, other, max_relative = 1e-6);
    }
}

#[test]
fn a_steep_loop_swings_as_a_relay() {
    // Towards 0 or the maximum in turn, switched a delay after the middle is crossed.
    let (gain, slope) = (4000.0, 400.0);
    let found = cycle(&loop_of(gain, slope));
    let left = libm::exp(-DELAY_MS / TAU_MS);
    let period = 2.0 * DELAY_MS + 2.0 * TAU_MS * libm::log(2.0 - left);
    assert_relative_eq!(found.period_ms, period, max_relative = 2e-3);
    assert_abs_diff_eq!(found.rates_hz[0][1], MAXIMUM_HZ * (1.0 - 0.5 * left), epsilon = 0.05);
    assert_abs_diff_eq!(found.rates_hz[0][0], MAXIMUM_HZ * 0.5 * left, epsilon = 0.05);
}

#[test]
fn the_spectrum_of_an_oscillation_has_its_peak_at_the_frequency_of_the_cycle() {
    let (_, critical) = hopf();
    let analysis = Analysis::new(&loop_of(1.2 * critical, 0.2), &Request::default()).unwrap();
    let (cycle, unrest) = (analysis.cycle.unwrap(), analysis.unrest.unwrap());
    let width = unrest.welch.frequencies_hz[1];
    assert_abs_diff_eq!(unrest.welch.peak_hz[0].unwrap(), cycle.frequency_hz, epsilon = 0.51 * width);
    // A symmetric wave has no second harmonic and a third one.
    let near = |hz: f64| {
        let pairs = unrest.welch.frequencies_hz.iter().zip(&unrest.welch.hz2_per_hz[0]);
        pairs.filter(|(place, _)| (**place - hz).abs() < 1.5 * width).map(|(_, power)| power * width).sum::<f64>()
    };
    let [first, second, third] = [1.0, 2.0, 3.0].map(|harmonic| near(harmonic * cycle.frequency_hz));
    assert!(second < 1e-6 * first && third > 1e-6 * first, "{first} {second} {third}");
    assert_relative_eq!(unrest.mean_hz[0], 0.5 * MAXIMUM_HZ, max_relative = 1e-4);
    let [low, high] = cycle.rates_hz[0];
    assert_abs_diff_eq!(unrest.range_hz[0][1], high, epsilon = 0.01 * (high - low));
    // The power of a wave that is nearly a sine: half its squared amplitude.
    assert_relative_eq!(first, 0.125 * (high - low) * (high - low), max_relative = 0.05);
}

#[test]
fn a_delayed_trajectory_follows_the_method_of_steps() {
    let (tau, weight, change) = (10.0, 0.8, 5.0);
    let text = "[populations.A]\ntau = \"10 ms\"\nrest = \"20 Hz\"\n\
        transfer = { kind = \"threshold-linear\", gain = 1.0, threshold = \"-100 mV\" }\n\
        [synapses.late]\ndelay = \"8 ms\"\n[onto.A.through.late]\nA = -0.8\n";
    let subject = Subject::circuit(&scenario(text)).unwrap();
    let state = subject.state.as_ref().unwrap();
    let mut driven = subject.system.clone();
    driven.set_drive(0, subject.system.drive(0) + change);
    let expected = |ms: f64| {
        let late = (ms - DELAY_MS).max(0.0) / tau;
        change * (1.0 - libm::exp(-ms / tau)) - weight * change * (1.0 - libm::exp(-late) - late * libm::exp(-late))
    };
    let whole = Trajectory::new(&driven, state, 16.0, 0.25).unwrap();
    for (time, rates) in whole.times_ms.iter().zip(&whole.rates_hz) {
        assert_abs_diff_eq!(rates[0] - 20.0, expected(*time), epsilon = 1e-7);
    }
    // What is under way is delivered when a run goes on.
    let mut run = Run::new(&driven, state, state);
    run.sample(&driven, 7.0, 1.0).unwrap();
    let rest = run.sample(&driven, 9.0, 1.0).unwrap();
    for (time, rates) in rest.times_ms.iter().zip(&rest.rates_hz) {
        assert_abs_diff_eq!(rates[0] - 20.0, expected(7.0 + time), epsilon = 1e-7);
    }
}
