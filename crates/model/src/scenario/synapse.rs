//! Classes of synapses: what lies between the rate of a source and the input that it gives.
//!
//! A class is declared once per circuit and joined to pairs of populations by weights
//! (`[onto.TARGET.through.CLASS]`). The source's rate passes short-term plasticity, then the gate, then the delay.

use super::declare::{Node, Parameter, Presence, Range, Visitor, parameter, words};
use super::modulation::Modulation;
use crate::units::Dimension;

/// How a gate opens with the rate r (Hz) that reaches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GateKind {
    /// `ds/dt = -s/tau + gain r`.
    #[default]
    FirstOrder,
    /// `ds/dt = -s/tau + gain (1 - s) r`: N-methyl-D-aspartate receptors (Wong & Wang 2006,
    /// doi:10.1523/JNEUROSCI.3733-05.2006).
    Saturating,
    /// `tau ds/dt = -s + r`: a current that follows the rate, in Hz.
    Filter,
}
words!(GateKind { FirstOrder = "first-order", Saturating = "saturating", Filter = "filter" });

/// A synaptic gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// How it opens.
    pub kind: GateKind,
    /// Decay time constant, in ms.
    pub tau: f64,
    /// Opening per spike; not that of a filter, whose gain is 1.
    pub gain: f64,
}

impl Default for Gate {
    fn default() -> Self {
        Self { kind: GateKind::FirstOrder, tau: 0.0, gain: 1.0 }
    }
}

/// Short-term plasticity (Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502), in mean rates:
/// `du/dt = (U - u)/tau_f + U (1 - u) r`, `dx/dt = (1 - x)/tau_d - u x r`; the gate, or the input, sees `u x r`.
///
/// Without facilitation u stays at U, without depression x at 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShortTermPlasticity {
    /// U: the share of resources that a spike uses at rest.
    pub utilisation: f64,
    /// Time constant of facilitation, in ms.
    pub facilitation: Option<f64>,
    /// Time constant of recovery from depression, in ms.
    pub depression: Option<f64>,
    /// Whether u is divided by U, so that the weight is that of a rested synapse.
    pub normalised: bool,
}

/// A class of synapses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Synapses {
    /// Gate.
    pub gate: Option<Gate>,
    /// Short-term plasticity.
    pub plasticity: Option<ShortTermPlasticity>,
    /// Delay, in ms.
    pub delay: Option<f64>,
    /// A factor that follows fast variables.
    pub modulation: Option<Modulation>,
}

static TAU: Parameter = parameter("tau_s", Dimension::CircuitTime, Range::Positive, "decay time constant of the gate");
static GAIN: Parameter = parameter("gamma", Dimension::Number, Range::Positive, "opening of the gate per spike");
static UTILISATION: Parameter =
    parameter("U", Dimension::Fraction, Range::Unit, "share of the resources that a spike uses at rest");
static FACILITATION: Parameter =
    parameter("tau_f", Dimension::CircuitTime, Range::Positive, "time constant of facilitation");
static DEPRESSION: Parameter =
    parameter("tau_d", Dimension::CircuitTime, Range::Positive, "time constant of the recovery from depression");
static DELAY: Parameter = parameter("d", Dimension::CircuitTime, Range::Positive, "delay of the synapse");

impl Node for Gate {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("kind", &mut self.kind, Presence::Required, "how the gate opens");
        visitor.number("tau", &mut self.tau, Presence::Required, &TAU);
        if self.kind != GateKind::Filter {
            visitor.number("gain", &mut self.gain, Presence::Default, &GAIN);
        }
    }
}

impl Node for ShortTermPlasticity {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("U", &mut self.utilisation, Presence::Required, &UTILISATION);
        visitor.optional("facilitation", &mut self.facilitation, &FACILITATION);
        visitor.optional("depression", &mut self.depression, &DEPRESSION);
        visitor.flag("normalised", &mut self.normalised, "divide u by U, so that a rested synapse has its full weight");
    }
}

impl Node for Synapses {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.optional_table("gate", &mut self.gate, "synaptic gate");
        visitor.optional_table("plasticity", &mut self.plasticity, "short-term plasticity");
        visitor.optional("delay", &mut self.delay, &DELAY);
        visitor.optional_table("modulation", &mut self.modulation, "a factor that follows fast variables");
    }
}
