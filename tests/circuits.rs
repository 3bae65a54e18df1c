//! Every transfer function in both forms: drives that put the circuit to rest where stated, its stability and response,
//! and what is refused.
#![allow(clippy::unwrap_used)]

use disinhibit::circuit::transfer::inverse;
use disinhibit::equilibrium::{Calibrated, calibrate};
use disinhibit::readouts::summarise;
use disinhibit::simulate::run;
use disinhibit::spec::{
    Arm, Circuit, Form, Population, Refractory, Role, Run, Scenario, Time, TimeLabel, Transfer, Weights,
};
use fearless_simd::Level;

fn transfers() -> Vec<Transfer> {
    vec![
        Transfer::ThresholdLinear { gain: 1.3, threshold: 2.0, maximum: None },
        Transfer::ThresholdLinear { gain: 1.3, threshold: -2.0, maximum: Some(60.0) },
        Transfer::PowerLaw { gain: 0.04, threshold: 0.5, exponent: 1.0, maximum: None },
        Transfer::PowerLaw { gain: 0.04, threshold: 0.5, exponent: 2.0, maximum: Some(80.0) },
        Transfer::PowerLaw { gain: 0.004, threshold: 0.0, exponent: 3.0, maximum: None },
        Transfer::PowerLaw { gain: 0.02, threshold: -1.0, exponent: 2.4, maximum: None },
        Transfer::Sigmoid { maximum: 50.0, slope: 0.3, threshold: 8.0, zero_at_zero: false },
        Transfer::Sigmoid { maximum: 50.0, slope: 0.3, threshold: 8.0, zero_at_zero: true },
        Transfer::LinearExponential { a: 3.0, b: 12.0, d: 0.15, maximum: None },
        Transfer::Tanh { gain: 2.0, threshold: 1.0, maximum: 40.0 },
        Transfer::Softplus { gain: 1.5, threshold: 4.0, width: 2.0, maximum: None },
    ]
}

/// An excitatory and an inhibitory population of equal transfer function.
fn pair(transfer: &Transfer, forms: [Form; 2], refractory: Option<&Refractory>) -> Circuit {
    let population = |role, form, tau, rest| Population {
        role,
        form,
        tau,
        rest: Some(rest),
        transfer: transfer.clone(),
        refractory: refractory.cloned(),
        ..Population::default()
    };
    let weights = |entries: [(&str, f64); 2]| Weights {
        from: entries.into_iter().map(|(name, weight)| (name.to_owned(), weight)).collect(),
        ..Weights::default()
    };
    Circuit {
        populations: [
            ("E".to_owned(), population(Role::Excitatory, forms[0], 20.0, 5.0)),
            ("I".to_owned(), population(Role::Inhibitory, forms[1], 10.0, 9.0)),
        ]
        .into_iter()
        .collect(),
        onto: [
            ("E".to_owned(), weights([("E", 0.3), ("I", -0.4)])),
            ("I".to_owned(), weights([("E", 0.5), ("I", -0.2)])),
        ]
        .into_iter()
        .collect(),
        ..Circuit::default()
    }
}

fn circuits() -> Vec<Circuit> {
    let forms = [[Form::Rate, Form::Rate], [Form::Voltage, Form::Voltage], [Form::Rate, Form::Voltage]];
    let mut circuits = Vec::new();
    for transfer in transfers() {
        circuits.extend(forms.map(|forms| pair(&transfer, forms, None)));
        circuits.push(pair(&transfer, [Form::Rate, Form::Rate], Some(&Refractory { k: 1.0, r: 0.01 })));
    }
    circuits
}

/// The rest of the calibrated circuit with one drive changed and no rest stated.
fn with_drive(calibrated: &Calibrated, index: usize, change: f64) -> Calibrated {
    let mut circuit = calibrated.circuit.clone();
    for population in circuit.populations.values_mut() {
        population.rest = None;
    }
    *circuit.populations[index].drive.as_mut().unwrap() += change;
    calibrate(&circuit, Level::new()).unwrap()
}

#[test]
fn calibrated_circuits_rest_where_stated_and_respond_as_linearised() {
    for circuit in circuits() {
        let what = format!("{:?}", circuit.populations[0]);
        let calibrated = calibrate(&circuit, Level::new()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(calibrated.eigenvalues.iter().all(|value| value.re < 0.0), "{what}");
        // With the drives alone the circuit finds the same rest from zero.
        let found = with_drive(&calibrated, 0, 0.0);
        for (rate, stated) in found.rates.iter().zip([5.0, 9.0]) {
            approx::assert_relative_eq!(*rate, stated, max_relative = 1e-9);
        }
        // d rate / d drive against differences.
        for column in 0..2 {
            let step = 1e-4;
            let (up, down) = (with_drive(&calibrated, column, step), with_drive(&calibrated, column, -step));
            for row in 0..2 {
                let difference = (up.rates[row] - down.rates[row]) / (2.0 * step);
                let response = calibrated.response[row * 2 + column];
                assert!(
                    (difference - response).abs() < 1e-6 * response.abs().max(1.0),
                    "{what}: {difference} {response}"
                );
            }
        }
    }
}

#[test]
fn fast_time_stays_at_rest_and_returns_to_it_after_a_push() {
    for circuit in circuits() {
        let mut scenario = Scenario { name: "rest".into(), circuit, ..Scenario::default() };
        scenario.run = Run { time: Time::Fast, from: 0.0, to: 0.05, ..Run::default() };
        scenario.run.report = vec![TimeLabel { label: "3 s".into(), minutes: 0.05 }];
        scenario.run.signal_step = 0.005;
        let push = disinhibit::spec::Injection { population: "E".into(), drive: 1.0, from: Some(0.0), to: Some(0.01) };
        scenario.arms = vec![
            Arm { name: "control".into(), ..Arm::default() },
            Arm { name: "pushed".into(), inject: vec![push], ..Arm::default() },
        ];
        scenario.compare.control = "control".into();
        let summary = summarise(&run(&scenario, Level::new()).unwrap());
        for arm in &summary.arms {
            let rates = &arm.rates_hz["3 s"];
            assert!((rates["E"] - 5.0).abs() < 1e-6 && (rates["I"] - 9.0).abs() < 1e-6, "{}: {rates:?}", arm.name);
        }
    }
}

#[test]
fn inverses_undo_transfer_functions_and_know_their_range() {
    for transfer in transfers() {
        for rate in [0.5, 3.0, 17.0] {
            let input = inverse(&transfer, rate).unwrap();
            // A population without synapses, driven by that input, fires at that rate.
            let mut circuit = Circuit::default();
            let population =
                Population { tau: 10.0, transfer: transfer.clone(), drive: Some(input), ..Population::default() };
            circuit.populations.insert("A".into(), population);
            let rates = calibrate(&circuit, Level::new()).unwrap().rates;
            approx::assert_relative_eq!(rates[0], rate, max_relative = 1e-9);
        }
    }
    let beyond = [
        (&transfers()[1], 60.0),
        (&transfers()[3], 90.0),
        (&transfers()[6], 50.0),
        (&transfers()[6], 0.0),
        (&transfers()[0], 0.0),
        (&transfers()[9], 41.0),
    ];
    for (transfer, rate) in beyond {
        assert_eq!(inverse(transfer, rate), None, "{transfer:?} at {rate} Hz");
    }
}

#[test]
fn a_circuit_with_several_rests_or_none_says_which_it_found_or_why_not() {
    // Strong recurrent excitation with given drives: from zero the circuit settles at its low state.
    let mut bistable = pair(
        &Transfer::Sigmoid { maximum: 50.0, slope: 0.6, threshold: 12.0, zero_at_zero: false },
        [Form::Rate, Form::Rate],
        None,
    );
    bistable.onto["E"].from["E"] = 1.2;
    for population in bistable.populations.values_mut() {
        population.rest = None;
        population.drive = Some(4.0);
    }
    let low = calibrate(&bistable, Level::new()).unwrap();
    assert!(low.rates[0] < 5.0, "{:?}", low.rates);
    // Without a ceiling, excitation runs away, and no rest is made up.
    let mut runaway = bistable.clone();
    for population in runaway.populations.values_mut() {
        population.transfer = Transfer::ThresholdLinear { gain: 2.0, threshold: 0.0, maximum: None };
    }
    let error = calibrate(&runaway, Level::new()).unwrap_err().to_string();
    assert!(error.contains("does not settle"), "{error}");
    // A rest above the maximum.
    let mut above = pair(&transfers()[6], [Form::Rate, Form::Voltage], None);
    above.populations["I"].rest = Some(70.0);
    let error = calibrate(&above, Level::new()).unwrap_err().to_string();
    assert!(error.contains("`I` cannot rest at 70 Hz"), "{error}");
}
