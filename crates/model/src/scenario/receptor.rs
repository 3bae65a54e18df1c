//! Receptors: what binds them, how occupancy becomes activation, and what activation does on which cells.

use super::declare::{ByName, Node, Parameter, Presence, Range, Visitor, parameter};
use super::effect::Effect;
use crate::units::Dimension;
use indexmap::IndexMap;

/// A receptor with one binding site, on the cells of several populations.
///
/// Activation follows the operational model (Black & Leff 1983, doi:10.1098/rspb.1983.0093):
/// `S = q (1 - z) sum_j efficacy_j occupancy_j`, `A = S^slope / (1 + S^slope)`; channel blockers act after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Receptor {
    /// Steepness of the transducer.
    pub slope: f64,
    /// An endogenous agonist of constant concentration.
    pub tone: Option<Tone>,
    /// Loss of response under agonist.
    pub desensitisation: Option<Desensitisation>,
    /// Ligands that compete for the site.
    pub binds: Vec<Binding>,
    /// Ligands that block the open channel.
    pub blocked_by: Vec<Blocker>,
    /// Population to what the receptor does there.
    pub on: IndexMap<String, Site>,
}

impl Default for Receptor {
    fn default() -> Self {
        Self {
            slope: 1.0,
            tone: None,
            desensitisation: None,
            binds: Vec::new(),
            blocked_by: Vec::new(),
            on: IndexMap::new(),
        }
    }
}

/// A constant endogenous agonist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tone {
    /// Its concentration over its dissociation constant.
    pub occupancy_ratio: f64,
    /// Its efficacy tau in the operational model.
    pub efficacy: f64,
}

/// `dz/dt = gate max(0, A - A_rest) (1 - z) / onset - z / recovery`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desensitisation {
    /// Time constant of onset at an activation of 1 above rest, in min.
    pub onset: f64,
    /// Time constant of recovery, in min.
    pub recovery: f64,
}

/// A ligand at the receptor's binding site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Binding {
    /// Which ligand.
    pub ligand: String,
    /// Dissociation constant, in nM.
    pub dissociation: f64,
    /// Efficacy tau in the operational model; 0 for an antagonist.
    pub efficacy: f64,
    /// A second ligand that enhances the efficacy (allosteric).
    pub enhanced_by: Option<Enhancement>,
    /// Half-life of unbinding in min, for ligands too slow for equilibrium.
    pub off_half_life: Option<f64>,
}

/// The efficacy is multiplied by `1 + gain C / (C + K)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Enhancement {
    /// The enhancing ligand.
    pub ligand: String,
    /// Largest relative rise of the efficacy.
    pub gain: f64,
    /// Concentration of half the rise, in nM.
    pub dissociation: f64,
}

/// A channel blocker: `A` is multiplied by `1 - X^h/(1 + X^h)`, X the sum over blockers of C/IC50; where their Hill
/// coefficients differ, h is their mean by shares of X.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocker {
    /// Which ligand.
    pub ligand: String,
    /// Concentration of half block in nM, for all cells or by population.
    pub ic50: ByName,
    /// Steepness.
    pub hill: f64,
}

impl Default for Blocker {
    fn default() -> Self {
        Self { ligand: String::new(), ic50: ByName::default(), hill: 1.0 }
    }
}

/// A receptor on the cells of one population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Site {
    /// The share of the cells that carry it.
    pub fraction: f64,
    /// What its activation changes there.
    pub effects: Vec<Effect>,
    /// Signals that gate the onset of desensitisation: the rate is multiplied by
    /// `1 - g (1 - signal / resting signal)` for each.
    pub desensitisation_gate: IndexMap<String, f64>,
}

static TRANSDUCER_SLOPE: Parameter = parameter("n", Dimension::Number, Range::Positive, "steepness of the transducer");
static TONE_RATIO: Parameter = parameter(
    "C/K",
    Dimension::Number,
    Range::NotNegative,
    "concentration of the endogenous agonist over its dissociation constant",
);
static EFFICACY: Parameter =
    parameter("tau", Dimension::Number, Range::NotNegative, "efficacy in the operational model (0: antagonist)");
static ONSET: Parameter = parameter(
    "tau_on",
    Dimension::Time,
    Range::Positive,
    "time constant of desensitisation at an activation of 1 above rest",
);
static RECOVERY: Parameter =
    parameter("tau_off", Dimension::Time, Range::Positive, "time constant of recovery from desensitisation");
static DISSOCIATION: Parameter =
    parameter("K", Dimension::Concentration, Range::Positive, "dissociation constant at equilibrium");
static OFF_HALF_LIFE: Parameter = parameter("t_off", Dimension::Time, Range::Positive, "half-life of unbinding");
static ENHANCEMENT_GAIN: Parameter =
    parameter("gain", Dimension::Number, Range::AtLeast(-1.0), "largest relative rise of the efficacy");
static ENHANCEMENT_K: Parameter =
    parameter("K", Dimension::Concentration, Range::Positive, "concentration of half the rise in efficacy");
static IC50: Parameter = parameter(
    "IC50",
    Dimension::Concentration,
    Range::Positive,
    "concentration that blocks half the channels, for all cells or by population",
);
static HILL: Parameter = parameter("n", Dimension::Number, Range::Positive, "steepness of the block");
static FRACTION: Parameter =
    parameter("p", Dimension::Fraction, Range::Unit, "share of the population's cells that carry the receptor");
static GATE: Parameter = parameter(
    "g",
    Dimension::Number,
    Range::Any,
    "the onset rate is multiplied by 1 - g (1 - signal / resting signal)",
);

impl Node for Receptor {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("slope", &mut self.slope, Presence::Default, &TRANSDUCER_SLOPE);
        visitor.optional_table("tone", &mut self.tone, "an endogenous agonist of constant concentration");
        visitor.optional_table("desensitisation", &mut self.desensitisation, "loss of response under agonist");
        visitor.list("binds", &mut self.binds, "ligands that compete for the binding site");
        visitor.list("blocked_by", &mut self.blocked_by, "ligands that block the channel");
        visitor.map("on", &mut self.on, "the populations that carry the receptor");
    }
}

impl Node for Tone {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("occupancy_ratio", &mut self.occupancy_ratio, Presence::Required, &TONE_RATIO);
        visitor.number("efficacy", &mut self.efficacy, Presence::Required, &EFFICACY);
    }
}

impl Node for Desensitisation {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("onset", &mut self.onset, Presence::Required, &ONSET);
        visitor.number("recovery", &mut self.recovery, Presence::Required, &RECOVERY);
    }
}

impl Node for Binding {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("ligand", &mut self.ligand, Presence::Required, "which ligand binds");
        visitor.affinity("K", "pK", &mut self.dissociation, &DISSOCIATION);
        visitor.number("efficacy", &mut self.efficacy, Presence::Required, &EFFICACY);
        visitor.optional_table("enhanced_by", &mut self.enhanced_by, "a ligand that enhances the efficacy");
        visitor.optional("off_half_life", &mut self.off_half_life, &OFF_HALF_LIFE);
    }

    fn label(&self) -> Option<&str> {
        Some(&self.ligand)
    }
}

impl Node for Enhancement {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("ligand", &mut self.ligand, Presence::Required, "which ligand enhances");
        visitor.number("gain", &mut self.gain, Presence::Required, &ENHANCEMENT_GAIN);
        visitor.affinity("K", "pK", &mut self.dissociation, &ENHANCEMENT_K);
    }
}

impl Node for Blocker {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("ligand", &mut self.ligand, Presence::Required, "which ligand blocks");
        visitor.by_name("IC50", &mut self.ic50, &IC50);
        visitor.number("hill", &mut self.hill, Presence::Default, &HILL);
    }

    fn label(&self) -> Option<&str> {
        Some(&self.ligand)
    }
}

impl Node for Site {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("fraction", &mut self.fraction, Presence::Required, &FRACTION);
        visitor.list("effects", &mut self.effects, "what activation changes on these cells");
        visitor.numbers("desensitisation_gate", &mut self.desensitisation_gate, &GATE);
    }
}
