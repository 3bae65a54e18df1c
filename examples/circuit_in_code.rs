//! Builds a circuit in code, with populations, a receptor and a ligand of one's own, and gives it a dose.
//!
//!     cargo run --release --example circuit_in_code

use disinhibit::scenario::{
    Arm, Binding, Circuit, Compare, Dose, Effect, Kinetics, Ligand, Peak, Population, Receptor, Role, Route, Run,
    Scenario, Site, TimeLabel, Transfer, Weights,
};
use disinhibit::simulate::run;
use fearless_simd::Level;
use std::error::Error;

/// A thalamic relay, held back by reticular cells that carry a receptor `X`.
fn circuit() -> Circuit {
    let population = |role, tau, rest| Population {
        role,
        tau,
        rest: Some(rest),
        transfer: Transfer::PowerLaw { gain: 0.05, threshold: 0.0, exponent: 2.0, maximum: None },
        ..Population::default()
    };
    let weights =
        |from: &str, weight| Weights { from: [(from.to_owned(), weight)].into_iter().collect(), ..Weights::default() };
    Circuit {
        name: "thalamic relay".into(),
        populations: [
            ("relay".to_owned(), population(Role::Excitatory, 15.0, 12.0)),
            ("reticular".to_owned(), population(Role::Inhibitory, 10.0, 20.0)),
        ]
        .into_iter()
        .collect(),
        onto: [("relay".to_owned(), weights("reticular", -0.5)), ("reticular".to_owned(), weights("relay", 0.8))]
            .into_iter()
            .collect(),
        ..Circuit::default()
    }
}

fn scenario() -> Scenario {
    let kinetics = Kinetics {
        route: Route::Intraperitoneal,
        absorption_half_life: Some(3.0),
        elimination_half_life: 20.0,
        peak: Some(Peak { concentration: 100.0, dose: 1.0, infusion: None }),
        ..Kinetics::default()
    };
    let receptor = Receptor {
        binds: vec![Binding { ligand: "xylo".into(), dissociation: 50.0, efficacy: 4.0, ..Binding::default() }],
        on: [(
            "reticular".to_owned(),
            Site { fraction: 0.7, effects: vec![Effect { drive: Some(-6.0), ..Effect::default() }], ..Site::default() },
        )]
        .into_iter()
        .collect(),
        ..Receptor::default()
    };
    let dose = Dose { ligand: "xylo".into(), amount: 2.0, at: 0.0, ..Dose::default() };
    Scenario {
        name: "relay".into(),
        species: "mouse".into(),
        circuit: circuit(),
        receptors: [("X".to_owned(), receptor)].into_iter().collect(),
        ligands: [(
            "xylo".to_owned(),
            Ligand { kinetics: [("mouse".to_owned(), kinetics)].into_iter().collect(), ..Ligand::default() },
        )]
        .into_iter()
        .collect(),
        run: Run {
            from: -5.0,
            to: 90.0,
            report: vec![TimeLabel { label: "10 min".into(), minutes: 10.0 }],
            ..Run::default()
        },
        compare: Compare::default(),
        arms: vec![
            Arm { name: "none".into(), ..Arm::default() },
            Arm { name: "dose".into(), doses: vec![dose], ..Arm::default() },
        ],
        ..Scenario::default()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let outcome = run(&scenario(), Level::new())?;
    for arm in &outcome.arms {
        for report in &arm.reports {
            let rates = arm.recording.names().iter().zip(&report.signals).filter(|(name, _)| name.starts_with("rate."));
            let rates: Vec<String> = rates.map(|(name, rate)| format!("{name} {rate:.2} Hz")).collect();
            show(&format!("{:<6} {}: {}", arm.name, report.label, rates.join(", ")));
        }
    }
    Ok(())
}

#[allow(clippy::print_stdout)]
fn show(line: &str) {
    println!("{line}");
}
