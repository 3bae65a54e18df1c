//! Every mechanism at once, compared with an independent solution of the documented equations (`independent/reference.py`).
#![allow(clippy::unwrap_used)]

use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::scenario::{Method, Time};
use disinhibit::simulate::run;
use std::collections::HashMap;
use std::path::Path;

/// The largest difference of any rate from the independent solution, in Hz.
fn largest_difference(time: Time) -> f64 {
    let mut scenario = load(Path::new("tests/independent/rich.toml"), &[]).unwrap().scenario;
    (scenario.run.time, scenario.run.method, scenario.run.step) = (time, Method::RungeKutta4, 2.0);
    let summary = summarise(&run(&scenario).unwrap());
    let text = std::fs::read_to_string("tests/independent/rich.json").unwrap();
    let expected: HashMap<String, HashMap<String, [f64; 2]>> = serde_json::from_str(&text).unwrap();
    let mut largest = 0.0_f64;
    for arm in &summary.arms {
        assert_eq!(arm.status, "ok");
        for (label, rates) in &arm.rates_hz {
            let [excitatory, inhibitory] = expected[&arm.name][label];
            largest = largest.max((rates["E"] - excitatory).abs()).max((rates["I"] - inhibitory).abs());
        }
    }
    largest
}

#[test]
fn slow_time_agrees_to_a_ten_millionth_of_a_hertz() {
    let difference = largest_difference(Time::Slow);
    assert!(difference < 1e-7, "{difference}");
}

#[test]
fn fast_time_agrees_to_a_thousandth_of_a_hertz() {
    // Its reports are means over the second that ends there.
    let difference = largest_difference(Time::Fast);
    assert!(difference < 1e-3, "{difference}");
}
