//! Binding, kinetics, activation and effects against closed forms, on an invented receptor in an invented circuit.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "pharmacology/regimens.rs"]
mod regimens;

use approx::assert_relative_eq;
use common::{arm, last, outcome};

/// One population with a receptor `R` that `ago` activates (K 100 nM, efficacy 3) and `ant` blocks (K 5 nM).
const GROUND: &str = r#"
[populations.A]
role = "excitatory"
tau = "10 ms"
rest = "5 Hz"
transfer = { kind = "threshold-linear", gain = 1.0 }

[receptors.R.on.A]
fraction = 0.5
effects = [{ drive = "-2 mV" }]

[[receptors.R.binds]]
ligand = "ago"
K = "100 nM"
efficacy = 3

[[receptors.R.binds]]
ligand = "ant"
pK = 8.301029995663981
efficacy = 0

[ligands.ago.kinetics.mouse]
route = "ip"
absorption_half_life = "2 min"
elimination_half_life = "10 min"
peak = { concentration = "1 uM", dose = "1 mg/kg" }

[ligands.ant]

[run]
from = "0 min"
to = "30 min"
"#;

fn species() -> String {
    format!("species = \"mouse\"\n{GROUND}")
}

fn bath(name: &str, baths: &[(&str, f64)], more: &str) -> String {
    let list: Vec<String> = baths
        .iter()
        .map(|(ligand, concentration)| format!("{{ ligand = \"{ligand}\", concentration = \"{concentration} nM\" }}"))
        .collect();
    format!("[[arms]]\nname = \"{name}\"\nbaths = [{}]\n{more}\n", list.join(", "))
}

#[test]
fn activation_is_that_of_the_operational_model() {
    let doses = [1.0, 10.0, 100.0, 1e3, 1e5];
    let arms: String = doses.iter().map(|dose| bath(&format!("{dose}"), &[("ago", *dose)], "")).collect();
    let outcome = outcome(&(species() + &arms));
    for dose in doses {
        let occupancy = dose / (dose + 100.0);
        let activation = 3.0 * occupancy / (1.0 + 3.0 * occupancy);
        assert_relative_eq!(last(&outcome, &format!("{dose}"), "occupancy.R.ago"), occupancy, max_relative = 1e-14);
        assert_relative_eq!(last(&outcome, &format!("{dose}"), "activation.R.A"), activation, max_relative = 1e-14);
        // Threshold-linear with gain 1: the rate moves by fraction x shift x activation.
        assert_relative_eq!(last(&outcome, &format!("{dose}"), "rate.A"), 5.0 - activation, max_relative = 1e-12);
    }
}

#[test]
fn a_competitive_antagonist_shifts_the_curve_with_a_schild_slope_of_one() {
    let antagonist = [0.5, 5.0, 50.0, 500.0];
    let agonist = [3.0, 100.0, 4_000.0];
    let mut arms = String::new();
    for a in agonist {
        arms += &bath(&format!("{a}"), &[("ago", a)], "");
        for b in antagonist {
            arms += &bath(&format!("{a} with {b}"), &[("ago", a * (1.0 + b / 5.0)), ("ant", b)], "");
        }
    }
    let outcome = outcome(&(species() + &arms));
    for a in agonist {
        for b in antagonist {
            let alone = last(&outcome, &format!("{a}"), "activation.R.A");
            let shifted = last(&outcome, &format!("{a} with {b}"), "activation.R.A");
            assert_relative_eq!(shifted, alone, max_relative = 1e-13);
        }
    }
}

#[test]
fn half_displacement_follows_cheng_and_prusoff() {
    let arms: String = [1.0, 100.0, 2_500.0]
        .iter()
        .map(|a| {
            let ic50 = 5.0 * (1.0 + a / 100.0);
            bath(&format!("{a} alone"), &[("ago", *a)], "")
                + &bath(&format!("{a} half"), &[("ago", *a), ("ant", ic50)], "")
        })
        .collect();
    let outcome = outcome(&(species() + &arms));
    for a in ["1", "100", "2500"] {
        let alone = last(&outcome, &format!("{a} alone"), "occupancy.R.ago");
        assert_relative_eq!(last(&outcome, &format!("{a} half"), "occupancy.R.ago"), 0.5 * alone, max_relative = 1e-14);
    }
}

#[test]
fn partial_inactivation_follows_furchgott() {
    // With a share q left, the concentration A gives what A' gives with all: 1/A' = q/A + (1 - ... ) from
    // q t A/(A + K) = t A'/(A' + K).
    let (q, k) = (0.3, 100.0);
    let equal = |a: f64| k * q * a / (a * (1.0 - q) + k);
    let mut arms = String::new();
    for a in [20.0, 100.0, 5e3] {
        let block = "block = [{ receptor = \"R\", cells = [\"A\"], fraction = 0.7 }]";
        arms += &bath(&format!("{a} blocked"), &[("ago", a)], block);
        arms += &bath(&format!("{a} equal"), &[("ago", equal(a))], "");
    }
    let outcome = outcome(&(species() + &arms));
    for a in ["20", "100", "5000"] {
        let blocked = last(&outcome, &format!("{a} blocked"), "activation.R.A");
        assert_relative_eq!(last(&outcome, &format!("{a} equal"), "activation.R.A"), blocked, max_relative = 1e-13);
    }
}

#[test]
fn doses_superpose_and_follow_bateman() {
    let dose = |at: f64| format!("{{ ligand = \"ago\", amount = \"2 mg/kg\", at = \"{at} min\" }}");
    let arms = format!(
        "[[arms]]\nname = \"one\"\ndoses = [{}]\n[[arms]]\nname = \"other\"\ndoses = [{}]\n[[arms]]\nname = \"both\"\ndoses = [{}, {}]\n",
        dose(1.0),
        dose(8.5),
        dose(1.0),
        dose(8.5)
    );
    let outcome = outcome(&(species() + &arms).replace("[run]", "[run]\nrecord = \"0.5 min\""));
    let trace = |name: &str| arm(&outcome, name).recording.signal("concentration.ago").unwrap();
    let times = |name: &str| arm(&outcome, name).recording.times().to_vec();
    let (ka, ke) = (std::f64::consts::LN_2 / 2.0, std::f64::consts::LN_2 / 10.0);
    let bateman = |t: f64| if t <= 0.0 { 0.0 } else { libm::exp(-ke * t) - libm::exp(-ka * t) };
    let peak = bateman(libm::log(ka / ke) / (ka - ke));
    for (time, value) in times("both").iter().zip(trace("both")) {
        let expected = 2_000.0 * (bateman(time - 1.0) + bateman(time - 8.5)) / peak;
        approx::assert_abs_diff_eq!(value, expected, epsilon = 1e-8);
    }
    for (time, value) in times("one").iter().zip(trace("one")) {
        approx::assert_abs_diff_eq!(value, 2_000.0 * bateman(time - 1.0) / peak, epsilon = 1e-8);
    }
}

#[test]
fn slow_binding_has_the_closed_form_and_washes_out_with_its_half_life() {
    let text = species()
        .replace("efficacy = 0\n", "efficacy = 0\noff_half_life = \"7 min\"\n")
        .replace("[run]", "[run]\nrecord = \"1 min\"")
        + "[[arms]]\nname = \"bath\"\nbaths = [{ ligand = \"ant\", concentration = \"10 nM\", from = \"2 min\", to = \"20 min\" }]\n";
    let outcome = outcome(&text);
    let arm = arm(&outcome, "bath");
    let (k, ratio) = (std::f64::consts::LN_2 / 7.0, 2.0);
    let bound = |t: f64| ratio / (1.0 + ratio) * (1.0 - libm::exp(-k * (1.0 + ratio) * t));
    for (time, value) in arm.recording.times().iter().zip(arm.recording.signal("occupancy.R.ant").unwrap()) {
        let expected = match *time {
            t if t <= 2.0 => 0.0,
            t if t <= 20.0 => bound(t - 2.0),
            t => bound(18.0) * libm::exp(-k * (t - 20.0)),
        };
        approx::assert_abs_diff_eq!(value, expected, epsilon = 1e-6);
    }
}

#[test]
fn a_channel_blocker_acts_after_the_transducer_and_blockers_add() {
    let text = species().replace(
        "[ligands.ago.kinetics.mouse]",
        "[receptors.C]\ntone = { occupancy_ratio = 1, efficacy = 4 }\n[receptors.C.on.A]\nfraction = 1\neffects = [{ drive = \"1 mV\" }]\n\
         [[receptors.C.blocked_by]]\nligand = \"ago\"\nIC50 = { A = \"2 uM\" }\n[[receptors.C.blocked_by]]\nligand = \"ant\"\nIC50 = \"50 nM\"\nhill = 2\n\
         [ligands.ago.kinetics.mouse]",
    ) + &bath("both", &[("ago", 1_000.0), ("ant", 50.0)], "")
        + &bath("one", &[("ant", 25.0)], "");
    let hill = |x: f64, n: f64| libm::pow(x, n) / (1.0 + libm::pow(x, n));
    let mixed = outcome(&text);
    // Coefficients of 1 and 2, by shares of 0.5 and 1 in a sum of 1.5.
    let block = hill(1.5, 1.0 + 1.0 / 1.5);
    assert_relative_eq!(last(&mixed, "both", "block.C.A"), block, max_relative = 1e-13);
    assert_relative_eq!(last(&mixed, "both", "activation.C.A"), 2.0 / 3.0 * (1.0 - block), max_relative = 1e-13);
    assert_relative_eq!(last(&mixed, "one", "block.C.A"), hill(0.5, 2.0), max_relative = 1e-13);
    let equal = outcome(&text.replace("IC50 = { A = \"2 uM\" }", "IC50 = { A = \"2 uM\" }\nhill = 2"));
    assert_relative_eq!(last(&equal, "both", "block.C.A"), hill(1.5, 2.0), max_relative = 1e-13);
}

#[test]
fn a_steep_transducer_raises_the_stimulus_to_its_slope() {
    let text = species().replace("[receptors.R.on.A]", "[receptors.R]\nslope = 2.5\n[receptors.R.on.A]")
        + &bath("bath", &[("ago", 50.0)], "");
    let raised = libm::pow(1.0, 2.5); // 3 x 50/150
    assert_relative_eq!(last(&outcome(&text), "bath", "activation.R.A"), raised / (1.0 + raised), max_relative = 1e-13);
}

#[test]
fn an_allosteric_enhancer_raises_efficacy_but_not_occupancy() {
    let text = species()
        .replace("efficacy = 3\n", "efficacy = 3\nenhanced_by = { ligand = \"ant\", gain = 1.5, K = \"20 nM\" }\n")
        + &bath("bath", &[("ago", 40.0), ("ant", 10.0)], "");
    let outcome = outcome(&text);
    let occupancy = 0.4 / (1.0 + 0.4 + 2.0);
    let stimulus = 3.0 * (1.0 + 1.5 * 10.0 / 30.0) * occupancy;
    assert_relative_eq!(last(&outcome, "bath", "occupancy.R.ago"), occupancy, max_relative = 1e-13);
    assert_relative_eq!(last(&outcome, "bath", "activation.R.A"), stimulus / (1.0 + stimulus), max_relative = 1e-13);
}

#[test]
fn desensitisation_approaches_its_balance() {
    let text = species()
        .replace(
            "[receptors.R.on.A]",
            "[receptors.R]\ndesensitisation = { onset = \"1 min\", recovery = \"8 min\" }\n[receptors.R.on.A]",
        )
        .replace("to = \"30 min\"", "to = \"400 min\"")
        + &bath("bath", &[("ago", 100.0)], "");
    let outcome = outcome(&text);
    let (z, a) = (last(&outcome, "bath", "desensitisation.R.A"), last(&outcome, "bath", "activation.R.A"));
    let stimulus = 1.5 * (1.0 - z);
    assert_relative_eq!(a, stimulus / (1.0 + stimulus), max_relative = 1e-9);
    assert_relative_eq!(a * (1.0 - z), z / 8.0, max_relative = 1e-6);
}

#[test]
fn blocks_of_resting_receptors_move_the_circuit_only_where_nothing_compensates() {
    let text = species().replace(
        "[ligands.ago.kinetics.mouse]",
        "[receptors.C]\ntone = { occupancy_ratio = 1, efficacy = 4 }\n[receptors.C.on.A]\nfraction = 1\neffects = [{ drive = \"1 mV\" }]\n[ligands.ago.kinetics.mouse]",
    ) + "[[arms]]\nname = \"intact\"\nblock = [{ receptor = \"C\", cells = [\"A\"] }]\n\
         [[arms]]\nname = \"compensated\"\nblock = [{ receptor = \"C\", cells = [\"A\"], reference = \"compensated\" }]\n\
         [[arms]]\nname = \"later\"\nblock = [{ receptor = \"C\", cells = [\"A\"], from = \"10 min\", to = \"20 min\" }]\n";
    let outcome = outcome(&text);
    assert_relative_eq!(last(&outcome, "intact", "rate.A"), 5.0 - 2.0 / 3.0, max_relative = 1e-12);
    assert_relative_eq!(last(&outcome, "compensated", "rate.A"), 5.0, max_relative = 1e-12);
    assert_relative_eq!(last(&outcome, "later", "rate.A"), 5.0, max_relative = 1e-12);
    let lowest = arm(&outcome, "later").recording.signal("rate.A").unwrap().into_iter().fold(f64::INFINITY, f64::min);
    assert_relative_eq!(lowest, 5.0 - 2.0 / 3.0, max_relative = 1e-12);
}

#[test]
fn effects_vanish_at_rest_whatever_the_receptors() {
    let mut scenario =
        disinhibit::config::load(std::path::Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario;
    scenario.arms.truncate(2);
    scenario.run.report.truncate(1);
    for round in 1..=5 {
        // Tones, efficacies, fractions and effects of any size: departures from rest are zero all the same.
        for receptor in scenario.receptors.values_mut() {
            receptor.binds.iter_mut().for_each(|binding| binding.efficacy *= 1.7);
            receptor.tone.iter_mut().for_each(|tone| tone.occupancy_ratio *= 1.3);
            for site in receptor.on.values_mut() {
                site.fraction = 1.0 / f64::from(round);
                site.effects.iter_mut().for_each(|effect| effect.drive = effect.drive.map(|drive| drive * 2.0));
            }
        }
        scenario.ligands["beta-endorphin"].tone = Some(0.4 * f64::from(round));
        let outcome = disinhibit::simulate::run(&scenario).unwrap();
        for (population, rest) in [("Pyr", 4.2), ("PV", 9.6), ("SST", 6.0), ("VIP", 5.8)] {
            for rate in outcome.arms[0].recording.signal(&format!("rate.{population}")).unwrap() {
                assert_relative_eq!(rate, rest, max_relative = 1e-12);
            }
        }
    }
}
