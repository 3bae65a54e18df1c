//! Names and order are data: other names, another order, other circuits.
#![allow(clippy::unwrap_used)]

mod common;

use common::{arm, scenario};
use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::simulate::run;
use std::path::Path;

const POPULATIONS: [&str; 4] = ["Pyr", "PV", "SST", "VIP"];

/// The default experiment as one text, with its populations in another order and under other names.
fn shuffled() -> String {
    let mut scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario;
    scenario.circuit.populations.reverse();
    scenario.circuit.onto.reverse();
    scenario.receptors.reverse();
    scenario.ligands.reverse();
    let mut text = disinhibit::config::writer::to_toml(&scenario);
    for (old, new) in
        [("Pyr", "exc"), ("PV", "basket"), ("SST", "mart"), ("VIP", "bipolar"), ("MOR", "mu"), ("ketamine", "K")]
    {
        text = text.replace(old, new);
    }
    text
}

#[test]
fn another_order_and_other_names_give_the_same_numbers() {
    let expected = run(&load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario).unwrap();
    let renamed = run(&scenario(&shuffled())).unwrap();
    for (one, other) in expected.arms.iter().zip(&renamed.arms) {
        for (known, new) in POPULATIONS.iter().zip(["exc", "basket", "mart", "bipolar"]) {
            for (report, expected) in other.reports.iter().zip(&one.reports) {
                let value = |names: &[String], report: &disinhibit::simulate::Report, name: &str| {
                    report.signals[names.iter().position(|known| *known == format!("rate.{name}")).unwrap()]
                };
                let expected = value(one.recording.names(), expected, known);
                let rate = value(other.recording.names(), report, new);
                assert!((rate - expected).abs() < 1e-9, "{} {known}: {rate} {expected}", one.name);
            }
        }
    }
}

/// A relay circuit with an invented receptor, in the voltage form, in pA, with other transfer functions.
const RELAY: &str = r#"
input_unit = "pA"
species = "vole"

[populations.relay]
role = "excitatory"
form = "voltage"
tau = "12 ms"
rest = "20 Hz"
transfer = { kind = "sigmoid", maximum = "80 Hz", slope = 0.05, threshold = "60 pA" }

[populations.reticular]
role = "inhibitory"
tau = "8 ms"
rest = "15 Hz"
transfer = { kind = "softplus", gain = 0.5, threshold = "20 pA", width = "10 pA" }

[populations.interneuron]
role = "inhibitory"
tau = "6 ms"
drive = "12 pA"
transfer = { kind = "linear-exponential", a = 1.2, b = "5 Hz", d = 0.2 }

[onto.relay]
reticular = -0.9
interneuron = -0.6
[onto.reticular]
relay = 1.1
[onto.interneuron]
relay = 0.4

[receptors.X.on.reticular]
fraction = 0.8
effects = [{ drive = "-15 pA" }, { gain = -0.2 }, { tau = 0.5 }]
[[receptors.X.binds]]
ligand = "xylo"
EC = 0
"#;

#[test]
fn an_invented_circuit_with_three_populations_works_in_slow_and_in_fast_time() {
    let text = RELAY.replace("EC = 0", "K = \"30 nM\"\nefficacy = 2")
        + r#"
[ligands.xylo.kinetics.vole]
route = "iv"
elimination_half_life = "6 min"
volume = "1.5 L/kg"
unbound_fraction = 0.4
[ligands.xylo]
molar_mass = "300 g/mol"

[run]
from = "-2 min"
to = "4 min"
report = ["-1 min", "1 min", "3 min"]

[[arms]]
name = "none"
[[arms]]
name = "dose"
doses = [{ ligand = "xylo", amount = "0.1 mg/kg", at = "0 min" }]
"#;
    let slow = scenario(&text);
    let mut fast = slow.clone();
    fast.run.time = disinhibit::scenario::Time::Fast;
    fast.run.step = 0.5;
    fast.run.method = disinhibit::scenario::Method::RungeKutta4;
    let (slow, fast) = (run(&slow).unwrap(), run(&fast).unwrap());
    let rates = |outcome: &disinhibit::simulate::Outcome, name: &str, report: usize| {
        arm(outcome, name).reports[report].signals[..3].to_vec()
    };
    // 0.1 mg/kg / 1.5 L/kg / 300 g/mol x 0.4 free = 88.9 nM at once.
    let peak = arm(&slow, "dose").recording.signal("concentration.xylo").unwrap().into_iter().fold(0.0, f64::max);
    approx::assert_relative_eq!(peak, 0.1 / 1.5 / 300.0 * 0.4 * 1e6, max_relative = 1e-12);
    for report in 0..3 {
        for name in ["none", "dose"] {
            for (slow, fast) in rates(&slow, name, report).iter().zip(rates(&fast, name, report)) {
                assert!((slow - fast).abs() < 0.02, "{name} {report}: {slow} {fast}");
            }
        }
    }
    approx::assert_relative_eq!(rates(&slow, "none", 2)[0], 20.0, max_relative = 1e-9);
    assert!(rates(&slow, "dose", 1)[0] > 21.0, "less inhibition: {:?}", rates(&slow, "dose", 1));
    assert!(rates(&slow, "dose", 1)[1] < 14.0);
}

#[test]
fn effects_vanish_at_rest() {
    let loaded = load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap();
    let outcome = run(&loaded.scenario).unwrap();
    let control = arm(&outcome, "control");
    for (name, rest) in POPULATIONS.iter().zip([4.2, 9.6, 6.0, 5.8]) {
        for rate in control.recording.signal(&format!("rate.{name}")).unwrap() {
            assert!((rate - rest).abs() < 1e-10, "{name}: {rate}");
        }
    }
    // A compensated knock-out rests where the intact circuit does.
    let (knocked, stressed) = (arm(&outcome, "stress, SST-MOR KO"), arm(&outcome, "stress"));
    for (one, other) in knocked.reports.iter().zip(&stressed.reports) {
        for (one, other) in one.signals[..4].iter().zip(&other.signals[..4]) {
            assert!((one - other).abs() < 1e-9);
        }
    }
}

#[test]
fn pyramidal_cells_with_few_hcn_channels_rise_where_the_mean_falls() {
    let load = |file: &str| load(Path::new(file), &[]).unwrap().scenario;
    let summary = summarise(&run(&load("configs/scenarios/active_subset.toml")).unwrap());
    let rates = |arm: &str| &summary.arms.iter().find(|one| one.name == arm).unwrap().rates_hz["10 min"];
    let mean = |arm: &str| 0.824 * rates(arm)["Pyr"] + 0.176 * rates(arm)["PyrLow"];
    for dose in ["ket30", "ket100"] {
        assert!(mean(dose) < 4.0 && rates(dose)["PyrLow"] > 4.2, "{dose}: {:?}", rates(dose));
    }
    assert!(rates("ket10")["Pyr"] > 4.2 && rates("ket10")["PyrLow"] > 4.2);
    // Without HCN1 the two groups are one population, that of the default circuit.
    let default = summarise(&run(&load("configs/scenarios/ketamine.toml")).unwrap());
    let expected = &default.arms.iter().find(|one| one.name == "control+ket10").unwrap().rates_hz["10 min"];
    let split = rates("ket10, without HCN1");
    for (one, other) in [("Pyr", "Pyr"), ("PyrLow", "Pyr"), ("PV", "PV"), ("SST", "SST"), ("VIP", "VIP")] {
        assert!((split[one] - expected[other]).abs() < 1e-3, "{one}: {} and {}", split[one], expected[other]);
    }
}
