//! A dose-response curve: peak rate and duration of the rescue for doses of ketamine, side by side as arms of one run.
//!
//!     cargo run --release --example dose_response

use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::scenario::{Arm, Dose};
use disinhibit::simulate::run;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let mut scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[])?.scenario;
    scenario.arms.truncate(2); // control and stress
    for step in 0..=12 {
        let amount = 0.3 * libm::pow(10.0, f64::from(step) / 5.0);
        let dose = Dose { ligand: "ketamine".into(), amount, at: 0.0, ..Dose::default() };
        let name = format!("{amount:.2} mg/kg");
        scenario.arms.push(Arm { name, extends: "stress".into(), doses: vec![dose], ..Arm::default() });
    }
    let summary = summarise(&run(&scenario)?);
    for arm in &summary.arms[2..] {
        let peak = arm.peak_over_control.unwrap_or(f64::NAN);
        let above = arm.minutes_above_control.unwrap_or(0.0);
        let bar = "#".repeat((peak * 30.0) as usize);
        show(&format!("{:>12}  peak {peak:4.2} x control, {above:5.1} min above  {bar}", arm.name));
    }
    Ok(())
}

#[allow(clippy::print_stdout)]
fn show(line: &str) {
    println!("{line}");
}
