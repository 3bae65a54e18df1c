//! How pyramidal cells answer to each drive when the circuit is healthy, stressed and treated.
//!
//!     cargo run --release --example analyze_arms

use disinhibit::analyze::{Analysis, Request, Subject};
use disinhibit::config::load;
use disinhibit::equilibrium::calibrate;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[])?.scenario;
    let calibration = calibrate(&scenario.circuit)?;
    let arms = ["control", "stress", "stress+ket10"].map(String::from);
    for subject in Subject::arms(&scenario, &calibration, &arms, Some(10.0))? {
        let analysis = Analysis::new(&subject, &Request::default())?;
        let state = analysis.state.ok_or("no stable state")?;
        let response = state.response.ok_or("no linear response")?;
        let columns = analysis.populations.iter().zip(&response.hz_per_input_unit[0]);
        let cells: Vec<String> = columns.map(|(name, entry)| format!("{name} {entry:+.2}")).collect();
        show(&format!(
            "{:<14} {:5.2} Hz; Hz per mV of drive to {}",
            analysis.name,
            state.rates_hz[0],
            cells.join(", ")
        ));
    }
    Ok(())
}

#[allow(clippy::print_stdout)]
fn show(line: &str) {
    println!("{line}");
}
