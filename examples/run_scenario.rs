//! Runs a scenario from its file and prints when the drug lifts the brake.
//!
//!     cargo run --release --example run_scenario

use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::simulate::run;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let loaded = load(Path::new("configs/scenarios/ketamine.toml"), &[])?;
    let outcome = run(&loaded.scenario)?;
    let summary = summarise(&outcome);
    for arm in &summary.arms {
        let peak = arm.peak_hz.map(|peak| format!("peak {:.2} Hz at {:.1} min", peak.value, peak.at_min));
        let above = arm.minutes_above_control.unwrap_or(0.0);
        show(&format!("{:<46} {}, {above:5.2} min above control", arm.name, peak.unwrap_or_default()));
    }
    Ok(())
}

#[allow(clippy::print_stdout)]
fn show(line: &str) {
    println!("{line}");
}
