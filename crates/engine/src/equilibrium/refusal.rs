//! Why a circuit has no usable rest.

use super::stabiliser::Stabiliser;
use crate::numeric::linear::{Complex, EigenError};
use crate::scenario;

/// Why a circuit has no usable rest.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RestError {
    /// No finite drive gives the stated rate.
    #[error("`{population}` cannot rest at {rate} Hz: its transfer function reaches that rate at no finite input")]
    NoDrive {
        /// Which population.
        population: String,
        /// The stated rate in Hz.
        rate: f64,
    },
    /// From zero rates the circuit comes to a cycle.
    #[error(
        "with the drives given the circuit does not come to rest: from zero rates it reaches a cycle of {period_ms:.4} ms, with the \
         mean rates {}",
        listed(means)
    )]
    Oscillates {
        /// The cycle's period in ms.
        period_ms: f64,
        /// The mean rates over it by population, in Hz.
        means: Vec<(String, f64)>,
        /// The middle of each variable's range on it.
        middle: Vec<f64>,
    },
    /// From zero rates it grows beyond all bounds.
    #[error("with the drives given the circuit does not come to rest: from zero rates it runs away")]
    RunsAway,
    /// A variable's equation gives no number on the way from zero rates.
    #[error("with the drives given, the equation of `{variable}` gives no finite number on the way from zero rates")]
    Undefined {
        /// The variable.
        variable: String,
    },
    /// From zero rates it neither came to rest nor to a cycle for as long as it was followed.
    #[error(
        "with the drives given, the circuit neither came to rest nor to a cycle that closes in the {:.1} s for which it was \
         followed from zero rates", followed_ms * 1e-3
    )]
    Undecided {
        /// For how long, in ms.
        followed_ms: f64,
    },
    /// The rest is a fixed point, but not a stable one.
    #[error(
        "the resting rates ({}) are a fixed point, but an unstable one: an eigenvalue has the real part {:+.4} per s{}{}{}",
        listed(rates),
        leading.re,
        if leading.im == 0.0 { String::new() } else { format!(" (it oscillates at {:.2} Hz)", leading.im.abs() / std::f64::consts::TAU) },
        at_corner(corner),
        advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default()
    )]
    Unstable {
        /// The rates by population, in Hz.
        rates: Vec<(String, f64)>,
        /// The eigenvalue with the largest real part, in 1/s.
        leading: Complex,
        /// The populations at a corner of their transfer functions, each with whether its input lies above it on the side
        /// that is unstable; empty elsewhere.
        corner: Vec<(String, bool)>,
        /// What would bring it down most, of what was tried.
        advice: Option<Stabiliser>,
        /// The circuit with its drives, and its variables there.
        state: Box<(scenario::Circuit, Vec<f64>)>,
    },
    /// Numbers over- or underflow.
    #[error("at the resting rates the circuit's equations overflow: weights, gains or rates are far too large")]
    Overflow,
    /// The eigenvalues could not be computed.
    #[error(transparent)]
    Eigenvalues(#[from] EigenError),
}

impl RestError {
    /// Whether the circuit is sound, and only comes to rest in no stable state.
    pub fn is_of_motion(&self) -> bool {
        matches!(
            self,
            Self::Oscillates { .. }
                | Self::RunsAway
                | Self::Undecided { .. }
                | Self::Unstable { .. }
                | Self::Undefined { .. }
        )
    }
}

fn listed(rates: &[(String, f64)]) -> String {
    rates.iter().map(|(name, rate)| format!("{name} {rate:.4} Hz")).collect::<Vec<_>>().join(", ")
}

/// What is said of a state at a corner of transfer functions.
fn at_corner(corner: &[(String, bool)]) -> String {
    if corner.is_empty() {
        return String::new();
    }
    let side = |(name, above): &(String, bool)| format!("{} that of {name}", if *above { "above" } else { "below" });
    let sides: Vec<String> = corner.iter().map(side).collect();
    format!("; it lies at a corner of transfer functions, and this is so where inputs lie {}", sides.join(" and "))
}
