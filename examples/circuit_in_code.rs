//! Builds a circuit in code, with populations, a receptor and a ligand of one's own, and gives it a dose.
//!
//!     cargo run --release --example circuit_in_code

use disinhibit::prelude::*;

/// A thalamic relay, held back by reticular cells that carry a receptor `X`.
fn scenario() -> Scenario {
    Scenario::named("relay")
        .population("relay", Population::excitatory(ms(15.0)).rest(hz(12.0)).transfer(power_law(0.05, 2.0)))
        .population("reticular", Population::inhibitory(ms(10.0)).rest(hz(20.0)).transfer(power_law(0.05, 2.0)))
        .weight("reticular", "relay", -0.5)
        .weight("relay", "reticular", 0.8)
        .ligand("xylo", Ligand::intraperitoneal(minutes(3.0), minutes(20.0)).peak(nm(100.0), mg_per_kg(1.0)))
        .receptor("X", Receptor::binding("xylo", nm(50.0), 4.0).on("reticular", 0.7, Effect::drive(-6.0)))
        .arm(Arm::named("none"))
        .arm(Arm::named("dose").dose("xylo", mg_per_kg(2.0), minutes(0.0)))
        .between(minutes(-5.0), minutes(90.0))
        .report(minutes(10.0))
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), RunError> {
    let outcome = run(&scenario())?;
    for arm in &outcome.arms {
        let [relay, reticular] = ["relay", "reticular"].map(|name| arm.rate(name).at(minutes(10.0)));
        println!("{:<6} after 10 min: relay {relay:.2} Hz, reticular {reticular:.2} Hz", arm.name);
    }
    Ok(())
}
