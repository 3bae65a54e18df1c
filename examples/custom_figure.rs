//! A figure of one's own: two populations of three arms in a chosen window, written as SVG and PNG.
//!
//!     cargo run --release --example custom_figure

use disinhibit::config::load;
use disinhibit::plot::{ArmTrace, Dose, Population, RatesFigure, Role, Theme};
use disinhibit::simulate::run;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[])?.scenario;
    let outcome = run(&scenario)?;
    let shown = ["control", "stress", "stress+ket10"];
    let populations = [("Pyr", Role::Excitatory, 4.2), ("SST", Role::Inhibitory, 6.0)];
    let arms = outcome.arms.iter().filter(|arm| shown.contains(&arm.name.as_str())).map(|arm| ArmTrace {
        name: arm.name.clone(),
        t_min: arm.recording.times().to_vec(),
        rates_hz: populations
            .iter()
            .map(|(name, _, _)| arm.recording.signal(&format!("rate.{name}")).unwrap_or_default())
            .collect(),
    });
    let figure = RatesFigure {
        title: "Ketamine lifts the brake".into(),
        populations: populations
            .map(|(name, role, rest)| Population { name: name.into(), role, reference_hz: Some(rest) })
            .to_vec(),
        arms: arms.collect(),
        references: vec![0, 1],
        doses: vec![Dose {
            ligand: "ketamine".into(),
            amount: "10 mg/kg".into(),
            at_min: 0.0,
            over_min: 0.0,
            arms: vec![2],
        }],
        reference_name: "healthy rest".into(),
        windows_min: vec![(-5.0, 60.0)],
        ..RatesFigure::default()
    };
    let drawn = figure.render(&Theme::default());
    std::fs::create_dir_all("out")?;
    std::fs::write("out/custom.svg", drawn.svg())?;
    std::fs::write("out/custom.png", drawn.png()?)?;
    Ok(())
}
