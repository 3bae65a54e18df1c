//! The inputs of populations with dendrites and divisive synapses, split by source.
#![allow(clippy::unwrap_used)]

mod common;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use common::scenario;
use disinhibit::analyze::Subject;
use disinhibit::analyze::explain::{Input, Inputs, Part, split};
use disinhibit::equilibrium::calibrate;
use disinhibit::readouts::summarise;
use disinhibit::report::analysis::explanation;
use disinhibit::report::drawn_connections;
use disinhibit::scenario::{Divided, Projection, Scenario};
use disinhibit::simulate::run;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// Hertäg & Sprekeler 2019 with arms that drive VIP cells.
const DENDRITE: &str = r#"
name = "dendrites"
circuit = "configs/circuits/published/hertag_sprekeler_2019.toml"

[run]
time = "slow"
from = "-1 min"
to = "20 min"
report = ["10 min"]

[compare]
control = "rest"
stress = "rest"

[[arms]]
name = "rest"

[[arms]]
name = "VIP driven"
inject = [{ population = "VIP", drive = "2 pA", from = "0 min", to = "20 min" }]
"#;

/// Divisive inhibition of the input of one population, and of the output of another.
const DIVISION: &str = r#"
name = "division"

[populations.E]
role = "excitatory"
tau = "10 ms"
drive = "9 mV"
division = { of = "input" }
transfer = { kind = "threshold-linear", gain = 2 }

[populations.F]
role = "excitatory"
tau = "10 ms"
drive = "4 mV"
transfer = { kind = "threshold-linear", gain = 1 }

[populations.D]
role = "inhibitory"
tau = "10 ms"
drive = "4 mV"
transfer = { kind = "threshold-linear", gain = 1 }

[onto.E.divisive]
D = 0.5

[onto.F.divisive]
D = 0.25

[run]
time = "slow"
from = "-1 min"
to = "20 min"

[compare]
control = "rest"
stress = "rest"

[[arms]]
name = "rest"

[[arms]]
name = "D silent"
inject = [{ population = "D", drive = "-4 mV", from = "0 min", to = "20 min" }]
"#;

fn explained(scenario: &Scenario, names: [&str; 2]) -> [Inputs; 2] {
    let calibration = calibrate(&scenario.circuit).unwrap();
    let names = names.map(String::from);
    let subjects = Subject::arms(scenario, &calibration, &names, Some(10.0)).unwrap();
    let moments: Vec<_> = subjects.iter().map(|subject| subject.moment.as_ref().unwrap()).collect();
    let control = (names[0].as_str(), moments[0]);
    [split(&names[0], moments[0], None), split(&names[1], moments[1], Some(control))]
}

fn sum(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.input).sum()
}

fn differences(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.difference.unwrap()).sum()
}

#[test]
fn parts_of_soma_and_dendrite_sum_to_the_input() {
    let scenario = scenario(DENDRITE);
    let both = explained(&scenario, ["rest", "VIP driven"]);
    for inputs in &both {
        let Input { rate_hz, total, parts, dendrite, effective, .. } = &inputs.inputs[0];
        let dendrite = dendrite.as_ref().unwrap();
        assert_relative_eq!(sum(parts), *total, max_relative = 1e-12);
        assert_relative_eq!(sum(&dendrite.parts), dendrite.total, max_relative = 1e-12);
        assert_relative_eq!(dendrite.from_soma + dendrite.from_dendrite, *effective, max_relative = 1e-12);
        // The equations of the paper, with the numbers of its figure 1B.
        let event = if 0.31 * total + 0.73 * dendrite.total > 400.0 { 100.0 } else { 0.0 };
        assert_relative_eq!(dendrite.from_soma, 0.69 * total, max_relative = 1e-12);
        let current = (dendrite.total + event).max(0.0);
        assert_abs_diff_eq!(dendrite.from_dendrite, 0.27 * current, epsilon = 1e-9);
        assert_relative_eq!(*rate_hz, 0.07 * (effective - 200.0).max(0.0), max_relative = 1e-8);
        let sources: Vec<&str> = dendrite.parts.iter().map(|part| part.from.as_str()).collect();
        assert_eq!(sources, ["drive", "E", "SOM"]);
        assert!(inputs.inputs[1].dendrite.is_none() && inputs.inputs[1].effective == inputs.inputs[1].total);
        // Facilitating synapses and adaptation are parts of the interneurons' inputs.
        let vip = &inputs.inputs[3];
        assert_relative_eq!(vip.total, vip.rate_hz, max_relative = 1e-8);
    }
    // VIP cells, driven, silence SOM cells, which frees the dendrite: that is where the difference lies.
    let [rest, driven] = both.map(|inputs| inputs.inputs[0].dendrite.clone().unwrap());
    assert_abs_diff_eq!(differences(&driven.parts), driven.total - rest.total, epsilon = 1e-9);
    let from_som = driven.parts.iter().find(|part| part.from == "SOM").unwrap();
    assert!(from_som.by_rate.unwrap() > 0.0);
    assert_abs_diff_eq!(from_som.by_weight.unwrap(), 0.0, epsilon = 1e-9);
    assert!(driven.from_dendrite > rest.from_dendrite + 1.0, "{} {}", driven.from_dendrite, rest.from_dendrite);
}

#[test]
fn parts_of_a_divisor_sum_to_what_it_divides_by() {
    let scenario = scenario(DIVISION);
    for (inputs, of_d) in explained(&scenario, ["rest", "D silent"]).iter().zip([4.0, 0.0]) {
        for (index, weight, divided) in [(0, 0.5, Divided::Input), (1, 0.25, Divided::Output)] {
            let input = &inputs.inputs[index];
            let division = input.division.as_ref().unwrap();
            assert_eq!(division.of, divided);
            assert_relative_eq!(division.divisor, 1.0 + weight * of_d, max_relative = 1e-12);
            assert_relative_eq!(1.0 + sum(&division.parts), division.divisor, max_relative = 1e-12);
            let rate = match divided {
                Divided::Input => 2.0 * input.effective,
                Divided::Output => input.effective / division.divisor,
            };
            assert_relative_eq!(input.rate_hz, rate, max_relative = 1e-9);
        }
        assert!(inputs.inputs[2].division.is_none());
    }
}

#[test]
fn figures_have_a_panel_for_each_dendrite_and_divisor() {
    for (text, names, panel) in
        [(DENDRITE, ["rest", "VIP driven"], "onto the dendrite of E"), (DIVISION, ["rest", "D silent"], "dividing E")]
    {
        let scenario = scenario(text);
        let inputs = explained(&scenario, names);
        let populations: Vec<String> = scenario.circuit.populations.keys().cloned().collect();
        let main: Vec<&Inputs> = inputs.iter().collect();
        let figures = explanation(&main, &[], (&scenario, &populations), "");
        let labels = figures[0].1.labels();
        assert_eq!(labels.iter().filter(|label| label.text == panel).count(), 1);
        for (index, label) in labels.iter().enumerate() {
            let covered = labels[index + 1..].iter().find(|other| label.bounds.overlaps(&other.bounds));
            assert!(covered.is_none(), "`{}` covers {covered:?}", label.text);
        }
    }
}

/// A circuit of four populations with random weights, some of which are 0, of random classes onto random compartments.
fn random_circuit(random: &mut SmallRng) -> String {
    let mut text = String::from("name = \"random\"\n");
    for name in ["A", "B", "C", "D"] {
        text.extend([format!(
            "[populations.{name}]\ntau = \"10 ms\"\ndrive = \"{} mV\"\ntransfer = {{ kind = \"threshold-linear\", gain = 1 }}\n\
             dendrite = {{ drive = \"1 mV\", soma_leak = 0.1, dendrite_leak = 0.3 }}\n",
            random.random_range(4.0..9.0)
        )]);
    }
    text += "[synapses.first]\ngate = { kind = \"first-order\", tau = \"40 ms\" }\n\
             [synapses.second]\ngate = { kind = \"filter\", tau = \"20 ms\" }\n[synapses.late]\ndelay = \"2 ms\"\n";
    for onto in ["A", "B", "C", "D"] {
        for place in ["", ".dendrite", ".divisive"] {
            for class in ["", ".through.first", ".through.second", ".through.late"] {
                text.extend([format!("[onto.{onto}{place}{class}]\n")]);
                for from in ["A", "B", "C", "D"] {
                    match random.random_range(0..10_u8) {
                        0 => text.extend([format!("{from} = 0\n")]),
                        1 | 2 => text.extend([format!("{from} = {}\n", random.random_range(0.01..0.1))]),
                        _ => {}
                    }
                }
            }
        }
    }
    text + "[run]\nfrom = \"-1 min\"\nto = \"1 min\"\nreport = [\"0 min\"]\n[[arms]]\nname = \"a\"\n"
}

#[test]
fn every_connection_drawn_listed_explained_and_summed_is_the_same_set() {
    let mut random = SmallRng::seed_from_u64(8);
    let mut seen = 0;
    for _ in 0..12 {
        let scenario = scenario(&random_circuit(&mut random));
        let circuit = &scenario.circuit;
        let Ok(outcome) = run(&scenario) else { continue };
        let summary = summarise(&outcome);
        let arm = &summary.arms[0];
        assert_eq!(arm.status, "ok");
        // Listed: the weights of `check` that are not 0.
        let listed = disinhibit::scenario::listing::list(&mut scenario.circuit.clone());
        let listed = listed.iter().filter(|entry| {
            entry.path.starts_with("onto.") && entry.value != disinhibit::scenario::listing::Value::Number(0.0)
        });
        let mut listed: Vec<&str> = listed.map(|entry| entry.path.as_str()).collect();
        listed.sort_unstable();
        let mut own: Vec<String> = circuit.connections().map(|weight| weight.path()).collect();
        own.sort_unstable();
        assert_eq!(own, listed);
        // Run.
        let path = |one: &Projection| format!("onto.{}.{}", one.onto, one.place());
        let mut ran: Vec<String> = outcome.arms[0].connections.iter().map(path).collect();
        ran.sort_unstable();
        assert_eq!(own, ran);
        for weight in circuit.connections() {
            assert!(outcome.arms[0].connections.contains(&weight.projection()), "{weight:?}");
        }
        // Drawn.
        let name = |index: usize| circuit.populations.get_index(index).unwrap().0.clone();
        let sorted = |mut all: Vec<(String, String, f64)>| {
            all.sort_by(|one, other| one.partial_cmp(other).unwrap());
            all
        };
        let drawn = drawn_connections(circuit).0.into_iter().map(|one| (name(one.onto), name(one.from), one.weight));
        let given = circuit.connections().map(|one| (one.onto.to_owned(), one.from.to_owned(), one.value));
        assert_eq!(sorted(drawn.collect()), sorted(given.collect()));
        // Explained, and summed.
        let calibration = calibrate(circuit).unwrap();
        let subjects = Subject::arms(&scenario, &calibration, &["a".to_owned()], Some(0.0)).unwrap();
        let inputs = split("a", subjects[0].moment.as_ref().unwrap(), None).inputs;
        let mut explained = 0;
        for input in &inputs {
            let dendrite = input.dendrite.iter().flat_map(|dendrite| &dendrite.parts);
            let parts: Vec<&Part> = input.parts.iter().chain(dendrite).filter(|part| part.source.is_some()).collect();
            let dividing = input.division.as_ref().map_or(0, |division| division.parts.len());
            explained += parts.len() + dividing;
            for source in circuit.populations.keys() {
                let of_source = parts.iter().filter(|part| part.source.as_ref() == Some(source));
                let expected: f64 = of_source.map(|part| part.input).sum();
                let summed = arm.input["0 min"][&input.population].get(source).copied().unwrap_or(0.0);
                assert_relative_eq!(summed, expected, max_relative = 1e-6, epsilon = 1e-9);
            }
        }
        assert_eq!(explained, own.len());
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} circuits came to rest");
}

#[test]
fn an_arm_that_is_followed_once_is_at_every_moment_as_if_it_were_followed_there_alone() {
    // Moments within steps, at their ends, at ticks, at the start and at the end, under noise and stimuli, in no order.
    let text = r#"
        [populations.E]
        tau = "10 ms"
        drive = "6 mV"
        transfer = { kind = "sigmoid", maximum = "40 Hz", slope = 0.5, threshold = "6 mV" }
        noise = { sigma = "1 mV", tau = "5 ms" }
        adaptation = { strength = 0.1, tau = "100 ms" }
        [populations.I]
        tau = "5 ms"
        drive = "2 mV"
        transfer = { kind = "threshold-linear", gain = 2 }
        [synapses.late]
        delay = "3 ms"
        gate = { kind = "first-order", tau = "20 ms", gain = 1 }
        [onto.E]
        I = -0.1
        [onto.I.through.late]
        E = 4
        [run]
        time = "fast"
        method = "heun"
        step = "0.3 ms"
        signal_step = "30 ms"
        from = "0 ms"
        to = "300 ms"
        [[arms]]
        name = "driven"
        inject = [
          { population = "E", drive = "3 mV", from = "40.1 ms", to = "90 ms" },
          { population = "I", drive = "1 mV", from = "50 ms", waveform = { kind = "sinusoid", frequency = "20 Hz" } },
        ]
    "#;
    let scenario = scenario(text);
    let calibrated = calibrate(&scenario.circuit).unwrap();
    let scenario = Scenario { circuit: calibrated.circuit.clone(), ..scenario };
    let plans = disinhibit::experiment::plans(&scenario, &calibrated.rates).unwrap();
    let times = [120.0, 0.0, 41.0, 60.0, 89.9, 300.0, 90.0, 33.3, 60.0, 0.1].map(|ms| ms / 60_000.0);
    let together = disinhibit::simulate::moments(&plans[0], &scenario.run, &times);
    assert_eq!(together.len(), times.len());
    for (minutes, found) in times.iter().zip(together) {
        let alone = disinhibit::simulate::moment(&plans[0], &scenario.run, *minutes).unwrap();
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let found = found.unwrap();
        for (one, other) in [
            (&found.variables, &alone.variables),
            (&found.rates, &alone.rates),
            (&found.outputs, &alone.outputs),
            (&found.injected, &alone.injected),
            (&found.noise, &alone.noise),
        ] {
            assert_eq!(bits(one), bits(other), "{minutes}");
        }
        assert_eq!(found.minutes, *minutes);
    }
}
