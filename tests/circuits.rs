//! Every transfer function in both forms: drives that put the circuit to rest where stated, its stability and response,
//! and what is refused.
#![allow(clippy::unwrap_used)]

mod common;

use disinhibit::circuit::transfer::inverse;
use disinhibit::equilibrium::{Calibrated, calibrate, calibrate_all};
use disinhibit::readouts::summarise;
use disinhibit::scenario::stimulus::Waveform;
use disinhibit::scenario::transfer::{Interpolation, Table};
use disinhibit::scenario::{
    Arm, Circuit, Form, Population, Refractory, Role, Run, Scenario, Time, TimeLabel, Transfer, Weights,
};
use disinhibit::simulate::run;

fn transfers() -> Vec<Transfer> {
    vec![
        Transfer::ThresholdLinear { gain: 1.3, threshold: 2.0, offset: 0.0, maximum: None },
        Transfer::ThresholdLinear { gain: 1.3, threshold: -2.0, offset: 0.0, maximum: Some(60.0) },
        Transfer::PowerLaw { gain: 0.04, threshold: 0.5, exponent: 1.0, maximum: None },
        Transfer::PowerLaw { gain: 0.04, threshold: 0.5, exponent: 2.0, maximum: Some(80.0) },
        Transfer::PowerLaw { gain: 0.004, threshold: 0.0, exponent: 3.0, maximum: None },
        Transfer::PowerLaw { gain: 0.02, threshold: -1.0, exponent: 2.4, maximum: None },
        Transfer::Sigmoid { maximum: 50.0, slope: 0.3, threshold: 8.0, zero_at_zero: false },
        Transfer::Sigmoid { maximum: 50.0, slope: 0.3, threshold: 8.0, zero_at_zero: true },
        Transfer::LinearExponential { a: 3.0, b: 12.0, d: 0.15, maximum: None },
        Transfer::Tanh { gain: 2.0, threshold: 1.0, maximum: 40.0 },
        Transfer::Softplus { gain: 1.5, threshold: 4.0, width: 2.0, maximum: None },
        Transfer::ThresholdLinear { gain: 1.3, threshold: 5.0, offset: 2.5, maximum: None },
        Transfer::LinearExponentialVoltage {
            conductance: Some(0.8),
            leak: -70.0,
            threshold: -52.0,
            reset: -60.0,
            width: 2.0,
            tau: 25.0,
            maximum: Some(150.0),
        },
        Transfer::QuadraticRoot { rate_at_knee: 8.0, threshold: 1.0, knee: 6.0, maximum: None },
        Transfer::Table(table(Interpolation::MonotoneCubic)),
        Transfer::Table(table(Interpolation::Linear)),
        expression("r0 + max(0, x - theta)^2 / (4 + 2 * x)", &[("r0", 0.1), ("theta", 1.0)]),
        expression("20 + 20 * erf((x - 5) / 12) + sin(x) / 20", &[]),
        expression("15 + 10 * atan(x / k) - cos(x / 9)^2 / 10 + log10(4 + tanh(sinh(x / 50)))", &[("k", 5.0)]),
    ]
}

fn table(interpolation: Interpolation) -> Table {
    let inputs = vec![-5.0, 0.0, 2.0, 7.0, 15.0, 40.0];
    Table { inputs, rates: vec![0.0, 0.3, 1.6, 8.0, 20.0, 45.0], interpolation, ..Table::default() }
}

fn expression(f: &str, parameters: &[(&str, f64)]) -> Transfer {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    Transfer::Expression { f: f.to_owned(), parameters, maximum: None }
}

/// The rate of a population without synapses under a drive.
fn rate_of(transfer: &Transfer, drive: f64) -> f64 {
    let mut circuit = Circuit::default();
    let population = Population { tau: 10.0, transfer: transfer.clone(), drive: Some(drive), ..Population::default() };
    circuit.populations.insert("A".into(), population);
    calibrate(&circuit).unwrap().rates[0]
}

#[test]
fn rates_are_those_of_the_published_formulas() {
    let all = transfers();
    for x in [-30.0, -1.0, 0.0, 0.3, 1.0, 2.9, 6.9, 7.1, 12.0, 39.0] {
        let potential: f64 = x / 0.8 - 70.0 + 52.0;
        let escape = potential / (0.025 * 8.0 * -libm::expm1(-potential / 2.0));
        let u: f64 = (x - 1.0) / 6.0;
        let expected = [
            (11, (1.3 * (x - 5.0) + 2.5).max(0.0)),
            (12, escape.min(150.0)),
            (13, 8.0 * if u < 1.0 { u.max(0.0) * u.max(0.0) } else { 2.0 * libm::sqrt(u - 0.75) }),
            (17, 20.0 + 20.0 * libm::erf((x - 5.0) / 12.0) + libm::sin(x) / 20.0),
            (16, 0.1 + (x - 1.0_f64).max(0.0) * (x - 1.0_f64).max(0.0) / (4.0 + 2.0 * x)),
        ];
        for (index, rate) in expected {
            approx::assert_relative_eq!(rate_of(&all[index], x), rate, max_relative = 1e-13, epsilon = 1e-280);
        }
    }
    // x/(1 - e^-x), 1 at the removable singularity; clip(g x, 0, 1).
    let relative = Transfer::LinearExponential { a: 1.0, b: 0.0, d: 1.0, maximum: None };
    let clip = Transfer::ThresholdLinear { gain: 0.4, threshold: 0.0, offset: 0.0, maximum: Some(1.0) };
    let again = [expression("relexp(x)", &[]), expression("min(1, max(0, g * x))", &[("g", 0.4)])];
    for (transfer, formula) in [relative, clip].iter().zip(&again) {
        for x in [-3.0, 0.0, 1e-9, 1.0, 2.5, 9.0] {
            approx::assert_relative_eq!(rate_of(transfer, x), rate_of(formula, x), max_relative = 1e-14);
        }
    }
    assert_eq!(rate_of(&again[0], 0.0), 1.0);
    assert_eq!(rate_of(&again[1], 9.0), 1.0);
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
    calibrate(&circuit).unwrap()
}

#[test]
fn calibrated_circuits_rest_where_stated_and_respond_as_linearised() {
    for circuit in circuits() {
        let what = format!("{:?}", circuit.populations[0]);
        let calibrated = calibrate(&circuit).unwrap_or_else(|error| panic!("{what}: {error}"));
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
        let push = disinhibit::scenario::Injection {
            population: "E".into(),
            drive: 1.0,
            from: Some(0.0),
            to: Some(0.01),
            ..Default::default()
        };
        scenario.arms = vec![
            Arm { name: "control".into(), ..Arm::default() },
            Arm { name: "pushed".into(), inject: vec![push], ..Arm::default() },
        ];
        scenario.compare.control = "control".into();
        let summary = summarise(&run(&scenario).unwrap());
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
            let rates = calibrate(&circuit).unwrap().rates;
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
    let low = calibrate(&bistable).unwrap();
    assert!(low.rates[0] < 5.0, "{:?}", low.rates);
    // Without a ceiling, excitation runs away, and no rest is made up.
    let mut runaway = bistable.clone();
    for population in runaway.populations.values_mut() {
        population.transfer = Transfer::ThresholdLinear { gain: 2.0, threshold: 0.0, offset: 0.0, maximum: None };
    }
    let error = calibrate(&runaway).unwrap_err().to_string();
    assert!(error.contains("runs away"), "{error}");
    // A rest above the maximum.
    let mut above = pair(&transfers()[6], [Form::Rate, Form::Voltage], None);
    above.populations["I"].rest = Some(70.0);
    let error = calibrate(&above).unwrap_err().to_string();
    assert!(error.contains("`I` cannot rest at 70 Hz"), "{error}");
}

#[test]
fn circuits_calibrated_side_by_side_are_those_calibrated_alone_to_the_last_bit() {
    // From no recurrent excitation to one that runs away, in more circuits than fit into one block.
    let free: Vec<Circuit> = (0..70)
        .map(|index| {
            let transfer = Transfer::PowerLaw { gain: 0.02, threshold: 0.0, exponent: 2.0, maximum: None };
            let mut circuit = pair(&transfer, [Form::Rate, Form::Rate], None);
            for population in circuit.populations.values_mut() {
                population.rest = None;
                population.drive = Some(3.0);
            }
            circuit.onto["E"].from["E"] = 0.1 * f64::from(index);
            circuit
        })
        .collect();
    // Rests from low ones to those that the transfer function does not reach.
    let stated: Vec<Circuit> = (0..40)
        .map(|index| {
            let mut circuit = pair(&transfers()[6], [Form::Rate, Form::Voltage], None);
            circuit.populations["I"].rest = Some(1.0 + 2.0 * f64::from(index));
            circuit
        })
        .collect();
    for circuits in [free, stated] {
        let together = calibrate_all(&circuits.iter().collect::<Vec<_>>());
        let mut refused = 0;
        for (circuit, together) in circuits.iter().zip(together) {
            match (calibrate(circuit), together) {
                (Ok(alone), Ok(together)) => {
                    let numbers = |it: &Calibrated| [it.drives.clone(), it.variables.clone(), it.response.clone()];
                    assert_eq!(numbers(&alone), numbers(&together));
                    assert_eq!(alone.eigenvalues, together.eigenvalues);
                }
                (Err(alone), Err(together)) => {
                    assert_eq!(alone.to_string(), together.to_string());
                    refused += 1;
                }
                (alone, together) => panic!("{alone:?} is not {together:?}"),
            }
        }
        assert!(refused > 5 && refused + 5 < circuits.len(), "{refused} of {}", circuits.len());
    }
}

/// Rates of a linear population of 10 ms and a gain of 2 that rests at 50 Hz, at each step of 0.1 ms under a stimulus, with
/// the times of these rates in ms.
fn rates_under(waveform: Waveform) -> Vec<(f64, f64)> {
    const STEP: f64 = 0.1;
    let mut circuit = Circuit::default();
    let transfer = Transfer::ThresholdLinear { gain: 2.0, threshold: 0.0, offset: 0.0, maximum: None };
    let population = Population { tau: 10.0, transfer, rest: Some(50.0), ..Population::default() };
    circuit.populations.insert("A".into(), population);
    let mut scenario = Scenario { name: "stimulus".into(), circuit, ..Scenario::default() };
    let minutes = |ms: f64| ms / 60_000.0;
    scenario.run = Run { time: Time::Fast, from: 0.0, to: minutes(200.0), step: STEP, ..Run::default() };
    scenario.run.method = disinhibit::scenario::Method::Heun;
    scenario.run.signal_step = minutes(50.0);
    scenario.run.record = Some(minutes(STEP));
    let stimulus = disinhibit::scenario::Injection {
        population: "A".into(),
        drive: 8.0,
        from: Some(minutes(20.0)),
        fraction: 0.5,
        waveform,
        ..Default::default()
    };
    scenario.arms = vec![Arm { name: "stimulated".into(), inject: vec![stimulus], ..Arm::default() }];
    let outcome = run(&scenario).unwrap();
    let recording = &outcome.arms[0].recording;
    let rates = recording.signal("rate.A").unwrap();
    let times = recording.times().iter().map(|time| time * 60_000.0);
    times.zip(rates).skip(1).collect()
}

#[test]
fn stimuli_drive_a_linear_population_as_solved_by_hand() {
    let (gain, drive, tau): (f64, f64, f64) = (2.0, 4.0, 10.0);
    let decay = |t: f64| gain * drive * 30.0 / 20.0 * (libm::exp(-t / 30.0) - libm::exp(-t / tau));
    let omega = std::f64::consts::TAU * 0.025;
    let turn = omega * tau;
    // The mean, of which half the cells see their half, comes in as a step.
    let sinusoid = |t: f64| {
        let wave = libm::sin(omega * t) - turn * libm::cos(omega * t) + turn * libm::exp(-t / tau);
        gain * (drive * wave / (1.0 + turn * turn) + 1.5 * -libm::expm1(-t / tau))
    };
    let step_of = |t: f64| if t > 0.0 { gain * drive * -libm::expm1(-t / tau) } else { 0.0 };
    let pulses =
        |t: f64| (0..3).map(|k| step_of(t - 40.0 * f64::from(k)) - step_of(t - 40.0 * f64::from(k) - 5.0)).sum();
    // Up in 30 ms, down in 10: a sum of ramps.
    let ramp = |t: f64| if t > 0.0 { gain * drive * (t + tau * libm::expm1(-t / tau)) } else { 0.0 };
    let triangle = |t: f64| ramp(t) / 30.0 - ramp(t - 30.0) * (1.0 / 30.0 + 1.0 / 10.0) + ramp(t - 40.0) / 10.0;
    let cases: [(Waveform, &dyn Fn(f64) -> f64); 5] = [
        (Waveform::Table { times: vec![0.0, 30.0, 40.0], values: vec![0.0, 1.0, 0.0] }, &triangle),
        (Waveform::Step, &step_of),
        (Waveform::Decay { tau: 30.0 }, &decay),
        (Waveform::Sinusoid { frequency: 25.0, phase: 0.0, mean: 3.0 }, &sinusoid),
        (Waveform::Pulses { period: 40.0, width: 5.0, count: 3 }, &pulses),
    ];
    for (waveform, exact) in cases {
        let what = format!("{waveform:?}");
        let rates = rates_under(waveform);
        assert!(rates.len() > 1_900, "{what}: {}", rates.len());
        for (time, rate) in rates {
            let expected = 50.0 + if time > 20.0 { exact(time - 20.0) } else { 0.0 };
            assert!((rate - expected).abs() < 2e-4, "{what} at {time} ms: {rate} Hz, expected {expected} Hz");
        }
    }
}

#[test]
fn a_ring_of_units_amplifies_each_of_its_modes_as_it_should() {
    let file = std::path::Path::new("configs/circuits/ring.toml");
    let mut scenario = disinhibit::config::load(file, &[]).unwrap().scenario;
    let units = 16;
    // Without inhibition and with less excitation, d rate_i / d drive_0 = delta_i0 + ((m_0 - 1) + 2 (m_1 - 1) cos theta_i) / N,
    // m_0 = 1/(1 - W) the gain of the uniform mode and m_1 = 1/(1 - W a / 2) that of the tuned one.
    let (weight, amplitude) = (0.6, 0.5);
    for (path, value) in [("onto.E.E", weight), ("onto.E.I", 0.0), ("kernels.0.amplitude", amplitude)] {
        scenario.set(path, &disinhibit::scenario::Setting::Number(value)).unwrap();
    }
    let calibrated = calibrate(&scenario.circuit).unwrap();
    let (uniform, tuned) = (1.0 / (1.0 - weight), 1.0 / (1.0 - 0.5 * weight * amplitude));
    for unit in 0..units {
        let angle = std::f64::consts::TAU * unit as f64 / f64::from(units as u32);
        let own = if unit == 0 { 1.0 } else { 0.0 };
        let modes = (uniform - 1.0) + 2.0 * (tuned - 1.0) * libm::cos(angle);
        let expected = own + modes / f64::from(units as u32);
        approx::assert_abs_diff_eq!(calibrated.response[unit * (units + 1)], expected, epsilon = 1e-12);
    }
    // What an arm sets reaches every unit, and the drives stay; an input onto the population reaches all of its units.
    let mut calibrated_scenario = Scenario { circuit: calibrated.circuit.clone(), ..scenario.clone() };
    let drive = calibrated.circuit.populations["E[5]"].drive;
    calibrated_scenario.set("populations.E.tau", &disinhibit::scenario::Setting::Text("30 ms".into())).unwrap();
    let unit = &calibrated_scenario.circuit.populations["E[5]"];
    assert_eq!((unit.tau, unit.drive), (30.0, drive));
    scenario.run = Run { time: Time::Slow, from: 0.0, to: 1.0, ..Run::default() };
    scenario.run.report = vec![TimeLabel { label: "1 min".into(), minutes: 1.0 }];
    let inject = |population: &str| disinhibit::scenario::Injection {
        population: population.into(),
        drive: 1.0,
        ..disinhibit::scenario::Injection::default()
    };
    scenario.arms = vec![
        Arm { name: "all".into(), inject: vec![inject("E")], ..Arm::default() },
        Arm { name: "one".into(), inject: vec![inject("E[3]")], ..Arm::default() },
    ];
    let summary = summarise(&run(&scenario).unwrap());
    approx::assert_relative_eq!(summary.arms[0].rates_hz["1 min"]["E[7]"], 5.0 + uniform, max_relative = 1e-9);
    let expected = 6.0 + ((uniform - 1.0) + 2.0 * (tuned - 1.0)) / f64::from(units as u32);
    approx::assert_relative_eq!(summary.arms[1].rates_hz["1 min"]["E[3]"], expected, max_relative = 1e-9);
    // A tuned input meets the uniform and the tuned mode, each with its own gain.
    let mut tuned_input = inject("E");
    let shape = disinhibit::scenario::units::KernelShape::Cosine { amplitude: 0.4 };
    tuned_input.tuning = Some(disinhibit::scenario::stimulus::Tuning { centre: 90.0, shape });
    scenario.arms = vec![Arm { name: "tuned".into(), inject: vec![tuned_input], ..Arm::default() }];
    let summary = summarise(&run(&scenario).unwrap());
    for unit in [0, 3, 4, 12] {
        let angle = std::f64::consts::TAU * f64::from(unit) / 16.0 - std::f64::consts::FRAC_PI_2;
        let expected = 5.0 + uniform + 0.4 * tuned * libm::cos(angle);
        let found = summary.arms[0].rates_hz["1 min"][&format!("E[{unit}]")];
        approx::assert_relative_eq!(found, expected, max_relative = 1e-9);
    }
}

/// Numbers between two bounds that follow no pattern.
struct Random(u64);

impl Random {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * ((self.0 >> 11) as f64 / (1u64 << 53) as f64)
    }

    /// From one bound to the other, evenly in the logarithm.
    fn over_decades(&mut self, low: f64, high: f64) -> f64 {
        libm::exp(self.between(libm::log(low), libm::log(high)))
    }
}

/// A linear circuit whose eigenvalues are drawn: decays from 0.5 to 2e4 per s, turns of up to 1e4 per s, `sign` times the real
/// parts; with the eigenvalue of the largest real part and the rates where it stands still.
fn linear_circuit(random: &mut Random, sign: f64) -> (String, f64, Vec<f64>) {
    let n = random.between(2.0, 4.999) as usize;
    let mut dynamics = vec![vec![0.0; n]; n];
    let (mut place, mut leading) = (0, f64::NEG_INFINITY);
    while place < n {
        let decay = random.over_decades(0.5, 2e4);
        let own = if place == 0 { -sign * decay } else { -decay };
        leading = f64::max(leading, own);
        dynamics[place][place] = own;
        if place + 1 < n && random.between(0.0, 1.0) < 0.7 {
            let turn = random.over_decades(10.0, 1e4);
            dynamics[place + 1][place + 1] = own;
            (dynamics[place][place + 1], dynamics[place + 1][place]) = (turn, -turn);
            place += 1;
        }
        place += 1;
    }
    // Rotations and shears in each plane leave the eigenvalues as they are.
    for one in 0..n {
        for other in (0..n).filter(|other| *other != one) {
            let shear = random.between(-0.8, 0.8);
            let added = dynamics[other].clone();
            for (entry, added) in dynamics[one].iter_mut().zip(added) {
                *entry += shear * added;
            }
            for row in &mut dynamics {
                row[other] -= shear * row[one];
            }
        }
    }
    let rest: Vec<f64> = (0..n).map(|_| random.between(2.0, 40.0)).collect();
    let mut text = String::from("input_unit = \"none\"\n");
    let mut onto = String::new();
    for row in 0..n {
        let tau = random.over_decades(0.1, 100.0);
        let weight = |column: usize| 1e-3 * tau * dynamics[row][column] + if row == column { 1.0 } else { 0.0 };
        let input: f64 = (0..n).map(|column| weight(column) * rest[column]).sum();
        text.extend([format!(
            "[populations.P{row}]\ntau = \"{tau:?} ms\"\ndrive = {:?}\ntransfer = {{ kind = \"expression\", f = \"x\" }}\n",
            rest[row] - input
        )]);
        onto.extend([format!("[onto.P{row}]\n")]);
        (0..n).for_each(|column| onto.extend([format!("P{column} = {:?}\n", weight(column))]));
    }
    (text + &onto, leading, rest)
}

#[test]
fn linear_circuits_of_any_eigenvalues_are_judged_by_these() {
    let mut random = Random(3);
    for count in 0..32 {
        let sign = if count % 4 == 0 { -1.0 } else { 1.0 };
        let (text, leading, rest) = linear_circuit(&mut random, sign);
        let arms = "[run]\ntime = \"slow\"\nfrom = \"0 min\"\nto = \"1 min\"\nreport = [\"0.5 min\"]\n[[arms]]\nname = \"a\"\n\
                    inject = [{ population = \"P0\", drive = 0.5, from = \"0.2 min\" }]\n";
        let scenario = common::scenario(&(text.clone() + arms));
        let found = calibrate(&scenario.circuit);
        if sign < 0.0 {
            let error = found.map(|found| found.eigenvalues).unwrap_err();
            assert!(error.is_of_motion(), "{error}\n{text}");
            continue;
        }
        let found = found.unwrap_or_else(|error| panic!("{error}\n{text}"));
        let re = found.eigenvalues.last().unwrap().re;
        assert!((re - leading).abs() < 1e-6 * leading.abs() + 1e-4, "{re} {leading}\n{text}");
        for (found, rest) in found.rates.iter().zip(&rest) {
            assert!((found - rest).abs() < 1e-5 * rest.abs(), "{found} {rest}\n{text}");
        }
        let outcome = run(&scenario).unwrap();
        let arm = &outcome.arms[0];
        assert_eq!(arm.status.word(), "ok", "{:?}\n{text}", arm.status);
        assert!(arm.averaged.is_none(), "{:?}\n{text}", arm.events);
        let expected = rest[0] + 0.5 * found.response[0];
        let slowest_is_gone = leading < -2.0;
        assert!(
            !slowest_is_gone || (arm.reports[0].signals[0] - expected).abs() < 1e-5 * (1.0 + expected.abs()),
            "{} {expected}\n{text}",
            arm.reports[0].signals[0]
        );
        let subject = disinhibit::analyze::Subject::circuit(&scenario).unwrap();
        assert!(subject.state.is_some());
    }
}

#[test]
fn what_is_said_to_stabilise_a_circuit_does() {
    let refusal = |text: &str| calibrate(&common::scenario(text).circuit).unwrap_err().to_string();
    // Inhibition that comes late: more of it would make things worse.
    let late = |weight: f64| {
        format!(
            "[populations.A]\nrole = \"inhibitory\"\ntau = \"10 ms\"\nrest = \"20 Hz\"\n\
             transfer = {{ kind = \"sigmoid\", maximum = \"40 Hz\", slope = 0.2, threshold = \"0 mV\" }}\n\
             [synapses.late]\ndelay = \"8 ms\"\n[onto.A.through.late]\nA = {weight:?}\n"
        )
    };
    let said = refusal(&late(-1.5));
    assert!(said.contains("weakening all inhibitory weights by 10 %"), "{said}");
    // What it is said to come to, it comes to.
    let weaker = refusal(&late(-1.35));
    let leading = said.split("would bring it to ").nth(1).unwrap().split(" per s").next().unwrap();
    assert!(weaker.contains(&format!("real part {leading} per s")), "{said}\n{weaker}");
    let runaway = refusal(
        "[populations.A]\nrole = \"excitatory\"\ntau = \"10 ms\"\nrest = \"5 Hz\"\n\
         transfer = { kind = \"power-law\", gain = 0.04, exponent = 2 }\n[onto.A]\nA = 2\n",
    );
    assert!(runaway.contains("weakening all excitatory weights by 10 %"), "{runaway}");
}
