//! The circuit of Hertäg & Sprekeler 2019 (doi:10.1371/journal.pcbi.1006999) by configuration alone, against an
//! independent solution of its equations.
#![allow(clippy::unwrap_used)]

use disinhibit::config::load;
use disinhibit::equilibrium::{Calibrated, calibrate};
use disinhibit::scenario::{Arm, Method, Run, Scenario, Time, Transfer};
use disinhibit::simulate::run;
use indexmap::IndexMap;
use serde_json::Value;
use std::path::Path;

const CIRCUIT: &str = "configs/circuits/published/hertag_sprekeler_2019.toml";
const INTERNEURONS: &str = "configs/circuits/published/hertag_sprekeler_2019_interneurons.toml";

fn reference() -> Value {
    let text = std::fs::read_to_string("tests/reference/published/hertag_sprekeler2019.json").unwrap();
    serde_json::from_str(&text).unwrap()
}

fn loaded(file: &str, set: &[String]) -> Scenario {
    load(Path::new(file), set).unwrap_or_else(|error| panic!("{}", error.render())).scenario
}

fn rest(file: &str, set: &[String]) -> Calibrated {
    calibrate(&loaded(file, set).circuit).unwrap_or_else(|error| panic!("{set:?}: {error}"))
}

/// Rates at inputs to VIP cells (relative to 3 pA) against the reference's, to 1e-7.
fn rates_agree(expected: &Value, set: &[&str]) {
    let mut compared = 0;
    for (input, rates) in expected.as_object().unwrap() {
        let drive = 3.0 + input.parse::<f64>().unwrap();
        let mut set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
        set.push(format!("populations.VIP.drive={drive} pA"));
        let found = rest(CIRCUIT, &set).rates;
        for (found, expected) in found.iter().zip(rates.as_array().unwrap()) {
            let expected = expected.as_f64().unwrap();
            assert!((found - expected).abs() < 1e-7 * expected.abs().max(1e-3), "{input}: {found} {expected}");
            compared += 1;
        }
    }
    assert!(compared >= 30, "{compared}");
}

#[test]
fn rates_follow_the_input_to_vip_cells() {
    let reference = reference();
    rates_agree(&reference["fig1B_full"], &[]);
    // Stronger competition without adaptation and facilitation.
    let none = [
        "synapses.facilitating.plasticity.U=1",
        "populations.SOM.adaptation.strength=0",
        "populations.VIP.adaptation.strength=0",
        "onto.SOM.through.facilitating.VIP=-0.8",
        "onto.VIP.through.facilitating.SOM=-0.8",
    ];
    rates_agree(&reference["full_microcircuit_w-0.8"], &none);
}

#[test]
fn mutual_inhibition_amplifies_as_the_theory_says() {
    let reference = reference();
    for (weight, expected) in reference["amplification_log2"].as_object().unwrap() {
        let set = [
            format!("onto.SOM.VIP={weight}"),
            format!("onto.VIP.SOM={weight}"),
            "populations.SOM.adaptation.strength=0".to_owned(),
            "populations.VIP.adaptation.strength=0".to_owned(),
        ];
        // How SOM cells answer to input to VIP cells.
        let response = rest(INTERNEURONS, &set).response[1];
        assert!(response < 0.0);
        let found = libm::log2(-response);
        let expected = expected["analytic"].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-9, "{weight}: {found} {expected}");
    }
}

/// The circuit in fast time from unequal rates, under some settings; rates of SOM and VIP at each step.
fn simulated(set: &[String], clipped: bool, seconds: f64) -> (Vec<f64>, Vec<f64>) {
    let mut scenario = loaded(INTERNEURONS, set);
    if clipped {
        // The authors' choice: the drive is linear, and the state is held at 0.
        for population in scenario.circuit.populations.values_mut() {
            population.transfer = Transfer::Expression { f: "x".into(), parameters: IndexMap::new(), maximum: None };
            population.floor = Some(0.0);
        }
    }
    let step = 0.05;
    scenario.run = Run {
        time: Time::Fast,
        method: Method::RungeKutta4,
        step,
        from: 0.0,
        to: seconds / 60.0,
        record: Some(step / 60_000.0),
        ..Run::default()
    };
    scenario.run.start.insert("SOM".into(), 12.0);
    scenario.run.start.insert("VIP".into(), 8.0);
    scenario.arms = vec![Arm { name: "control".into(), ..Arm::default() }];
    let outcome = run(&scenario).unwrap();
    let trace = |name: &str| outcome.arms[0].recording.signal(name).unwrap();
    (trace("rate.SOM"), trace("rate.VIP"))
}

/// How often SOM overtakes VIP, in Hz, over the second half of the samples.
fn frequency((one, other): &(Vec<f64>, Vec<f64>), step: f64) -> f64 {
    let difference: Vec<f64> = one.iter().zip(other).map(|(one, other)| one - other).collect();
    let crossing = |at: &usize| difference[*at] < 0.0 && difference[at + 1] >= 0.0;
    let at: Vec<f64> = (difference.len() / 2..difference.len() - 1)
        .filter(crossing)
        .map(|at| at as f64 - difference[at] / (difference[at + 1] - difference[at]))
        .collect();
    (at.len() - 1) as f64 / ((at[at.len() - 1] - at[0]) * step)
}

/// The settings of a weight and a strength of adaptation.
fn regime(weight: &str, strength: &str) -> Vec<String> {
    vec![
        format!("onto.SOM.VIP={weight}"),
        format!("onto.VIP.SOM={weight}"),
        format!("populations.SOM.adaptation.strength={strength}"),
        format!("populations.VIP.adaptation.strength={strength}"),
    ]
}

/// Weight, strength of adaptation and frequency in Hz with clipped states, by `tests/independent/clipped_state.py`, whose two
/// steps agree to 1e-7.
const CLIPPED: [(&str, &str, f64); 7] = [
    ("-1.3", "0.35", 2.007_189_440),
    ("-1.3", "0.7", 4.688_754_677),
    ("-1.4", "0.7", 4.211_100_991),
    ("-1.4", "0.5", 2.750_912_991),
    ("-1.4", "1.0", 5.691_042_980),
    ("-1.4", "1.5", 7.524_091_478),
    ("-1.4", "2.0", 8.990_700_130),
];

#[test]
fn clipped_states_oscillate_at_frequencies_of_their_own() {
    let reference = reference();
    for (weight, strength, independent) in CLIPPED {
        let found = frequency(&simulated(&regime(weight, strength), true, 8.0), 5e-5);
        assert!((found / independent - 1.0).abs() < 1e-6, "{weight} {strength}: {found} {independent}");
        // The reference's own numbers for clipped states differ from this converged solution by up to 3.2e-4.
        let regimes = &reference["adaptation_regimes"][format!("w={weight},b={strength}")]["freq_Hz_clipped_state"];
        let scan = &reference["osc_freq_vs_b_w=-1.4"][strength]["clipped_state"];
        let published = if weight == "-1.4" && strength != "0.7" { scan } else { regimes }.as_f64().unwrap();
        assert!((found / published - 1.0).abs() < 4e-4, "{weight} {strength}: {found} {published}");
    }
}

#[test]
fn adaptation_makes_them_share_switch_or_oscillate_at_the_published_frequencies() {
    let reference = reference();
    let mut oscillating = 0;
    for (case, expected) in reference["adaptation_regimes"].as_object().unwrap() {
        let (weight, strength) = case.split_once(",b=").unwrap();
        let set = regime(weight.trim_start_matches("w="), strength);
        if expected.get("freq_Hz_rectified_drive").is_some() {
            let found = frequency(&simulated(&set, false, 8.0), 5e-5);
            let expected = expected["freq_Hz_rectified_drive"].as_f64().unwrap();
            assert!((found / expected - 1.0).abs() < 1e-4, "{case}: {found} {expected}");
            oscillating += 1;
        } else {
            let (som, vip) = simulated(&set, false, 4.0);
            for (found, key) in [(som.last().unwrap(), "SOM_range"), (vip.last().unwrap(), "VIP_range")] {
                let expected = expected[key][1].as_f64().unwrap();
                assert!((found - expected).abs() < 1e-7 * expected.max(1.0), "{case} {key}: {found} {expected}");
            }
        }
    }
    assert!(oscillating >= 3);
    for (strength, expected) in reference["osc_freq_vs_b_w=-1.4"].as_object().unwrap() {
        let found = frequency(&simulated(&regime("-1.4", strength), false, 8.0), 5e-5);
        let expected = expected["rectified_drive"].as_f64().unwrap();
        assert!((found / expected - 1.0).abs() < 1e-4, "b {strength}: {found} {expected}");
    }
    // A symmetric state that is unstable is no rest.
    let unstable = calibrate(&loaded(INTERNEURONS, &[]).circuit).unwrap_err().to_string();
    assert!(unstable.contains("unstable"), "{unstable}");
}
