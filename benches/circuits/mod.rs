//! Circuits of four populations that differ in every number, for the benches of the sweep kernel.

use disinhibit::experiment::Plan;
use disinhibit::scenario::{Arm, Circuit, Noise, Population, Run, Scenario, Time, Transfer, Weights};
use std::sync::Arc;

/// How long a bench simulates, and its step.
pub const MINUTES: f64 = 0.5;
pub const STEP_MS: f64 = 0.1;

/// A number of circuit `point` around `base`; `place` tells numbers apart.
pub fn vary(base: f64, point: usize, place: usize) -> f64 {
    base * (1.0 + 0.01 * ((point * 7 + place * 3) % 11) as f64)
}

/// Circuits that differ in every number and in nothing else.
pub fn plans(kind: &str, noisy: bool, points: usize) -> (Vec<Plan>, Run) {
    let run = Run { time: Time::Fast, from: 0.0, to: MINUTES, step: STEP_MS, record: Some(MINUTES), ..Run::default() };
    let plan = |point: usize| {
        let vary = |base: f64, place: usize| vary(base, point, place);
        let names = ["A", "B", "C", "D"];
        let population = |index: usize| Population {
            tau: vary(10.0, index),
            drive: Some(vary(4.0, index)),
            noise: noisy.then(|| Noise { sigma: vary(0.5, index), tau: vary(5.0, index), ..Noise::default() }),
            transfer: match kind {
                "sigmoid" => Transfer::Sigmoid {
                    maximum: vary(50.0, index),
                    slope: vary(0.3, index),
                    threshold: vary(5.0, index),
                    zero_at_zero: false,
                },
                "softplus" => Transfer::Softplus {
                    gain: vary(1.0, index),
                    threshold: vary(2.0, index),
                    width: vary(1.0, index),
                    maximum: None,
                },
                "threshold-linear" => Transfer::ThresholdLinear {
                    gain: vary(1.0, index),
                    threshold: vary(2.0, index),
                    offset: 0.0,
                    maximum: None,
                },
                "linear-exponential" => Transfer::LinearExponential {
                    a: vary(1.0, index),
                    b: vary(2.0, index),
                    d: vary(0.2, index),
                    maximum: None,
                },
                "tanh" => {
                    Transfer::Tanh { gain: vary(1.0, index), threshold: vary(2.0, index), maximum: vary(50.0, index) }
                }
                _ => Transfer::PowerLaw { gain: vary(0.04, index), threshold: 0.0, exponent: 2.0, maximum: None },
            },
            ..Population::default()
        };
        let weights = |target: usize| {
            let from = names.iter().enumerate();
            let from = from.map(|(source, name)| {
                let sign = if source == 0 { 0.2 } else { -0.2 };
                ((*name).to_owned(), vary(sign, target * 4 + source))
            });
            Weights { from: from.collect(), ..Weights::default() }
        };
        let circuit = Circuit {
            populations: names
                .iter()
                .enumerate()
                .map(|(index, name)| ((*name).to_owned(), population(index)))
                .collect(),
            onto: names.iter().enumerate().map(|(index, name)| ((*name).to_owned(), weights(index))).collect(),
            ..Circuit::default()
        };
        plan_of(Scenario { circuit, run: run.clone(), ..Scenario::default() })
    };
    ((0..points).map(plan).collect(), run)
}

/// The plan of a scenario's only arm, of which nothing is recorded.
fn plan_of(scenario: Scenario) -> Plan {
    let scenario = Arc::new(scenario);
    Plan {
        arm: Arm::default(),
        base: scenario.clone(),
        scenario,
        resting_rates: vec![0.0; 4],
        number: 0,
        forms: Vec::new(),
        records: false,
        watches: Arc::default(),
        compares: false,
    }
}
