//! Ligands: drugs with doses and kinetics, and endogenous agonists with a tone whose release a signal may raise.

use super::declare::{Node, Parameter, Presence, Range, Visitor, parameter, words};
use crate::units::Dimension;
use indexmap::IndexMap;

/// A substance that binds receptors.
#[derive(Clone, Debug, PartialEq)]
pub struct Ligand {
    /// Kinetics by species.
    pub kinetics: IndexMap<String, Kinetics>,
    /// Forms (enantiomers, metabolites): potency at each receptor relative to the plain ligand.
    pub forms: IndexMap<String, Form>,
    /// Endogenous concentration at rest, in nM.
    pub tone: Option<f64>,
    /// What raises the endogenous concentration.
    pub release: Option<Release>,
    /// The share of the concentration that is free to bind: below 1 where an antibody or a plasma protein takes it.
    pub free: f64,
    /// In g/mol; needed where kinetics are given by volume.
    pub molar_mass: Option<f64>,
}

impl Default for Ligand {
    fn default() -> Self {
        Self {
            kinetics: IndexMap::new(),
            forms: IndexMap::new(),
            tone: None,
            release: None,
            free: 1.0,
            molar_mass: None,
        }
    }
}

/// A form of a ligand: the factor on its concentration at each receptor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    /// Receptor to potency relative to the plain ligand.
    pub potency: IndexMap<String, f64>,
}

/// How a dose enters the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// Straight into the blood: a bolus, or an infusion where the dose has a duration.
    #[default]
    Intravenous,
    /// Intraperitoneal, absorbed first order.
    Intraperitoneal,
    /// Subcutaneous, absorbed first order.
    Subcutaneous,
    /// Intramuscular, absorbed first order.
    Intramuscular,
    /// By mouth, absorbed first order.
    Oral,
    /// Intranasal, absorbed first order.
    Intranasal,
}
words!(Route {
    Intravenous = "iv",
    Intraperitoneal = "ip",
    Subcutaneous = "sc",
    Intramuscular = "im",
    Oral = "po",
    Intranasal = "in",
});

/// One- or two-compartment kinetics of the free concentration at the receptor, in one species.
///
/// The size of the response is given either by the peak that a reference dose reaches, or by the volume of
/// distribution with the molar mass. Gabrielsson & Weiner 2016, Pharmacokinetic and Pharmacodynamic Data Analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Kinetics {
    /// How doses enter.
    pub route: Route,
    /// First-order absorption, in min; absent for intravenous doses.
    pub absorption_half_life: Option<f64>,
    /// Elimination, in min; with distribution, the slower phase.
    pub elimination_half_life: f64,
    /// A second compartment.
    pub distribution: Option<Distribution>,
    /// Half-life in min of equilibration with an effect site (ln 2 / ke0), which the receptor then sees.
    pub effect_half_life: Option<f64>,
    /// Peak concentration at a dose.
    pub peak: Option<Peak>,
    /// Volume of distribution, in L/kg.
    pub volume: Option<f64>,
    /// Share of the dose that reaches the blood.
    pub bioavailability: f64,
    /// Unbound share in plasma.
    pub unbound_fraction: f64,
    /// Free brain over free plasma concentration.
    pub brain_to_plasma: f64,
}

impl Default for Kinetics {
    fn default() -> Self {
        Self {
            route: Route::Intravenous,
            absorption_half_life: None,
            elimination_half_life: 0.0,
            distribution: None,
            effect_half_life: None,
            peak: None,
            volume: None,
            bioavailability: 1.0,
            unbound_fraction: 1.0,
            brain_to_plasma: 1.0,
        }
    }
}

/// The fast phase of a two-compartment drug: after a bolus, `C = C0 (A exp(-alpha t) + (1 - A) exp(-beta t))`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution {
    /// Half-life of the fast phase, in min.
    pub half_life: f64,
    /// Its share A of the initial concentration.
    pub fraction: f64,
}

/// The peak that a reference dose reaches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Peak {
    /// Peak free concentration, in nM.
    pub concentration: f64,
    /// The dose that gives it, in mg/kg.
    pub dose: f64,
    /// Where the reference dose is an infusion, its duration in min.
    pub infusion: Option<f64>,
}

/// Release of an endogenous ligand: the concentration follows
/// `tone (1 + maximum x^hill / (x^hill + EC50^hill))`, first order.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The signal x that raises it.
    pub by: String,
    /// The largest relative rise.
    pub maximum: f64,
    /// Half-maximal signal, in the signal's unit (nM for concentrations).
    pub ec50: f64,
    /// Steepness.
    pub hill: f64,
    /// Time constant while rising, in min.
    pub rise: f64,
    /// Time constant while falling, in min.
    pub fall: f64,
}

impl Default for Release {
    fn default() -> Self {
        Self { by: String::new(), maximum: 0.0, ec50: 1.0, hill: 1.0, rise: 1.0, fall: 1.0 }
    }
}

static TONE: Parameter =
    parameter("E_0", Dimension::Concentration, Range::NotNegative, "endogenous concentration at rest");
static FREE: Parameter = parameter("f_u", Dimension::Fraction, Range::Unit, "share of the ligand that is free to bind");
static MOLAR_MASS: Parameter = parameter("M", Dimension::MolarMass, Range::Positive, "molar mass");
static POTENCY: Parameter = parameter(
    "w",
    Dimension::Number,
    Range::NotNegative,
    "potency of the form at a receptor, relative to the plain ligand",
);
static ABSORPTION: Parameter =
    parameter("t_a", Dimension::Time, Range::Positive, "half-life of first-order absorption");
static ELIMINATION: Parameter = parameter("t_e", Dimension::Time, Range::Positive, "half-life of elimination");
static VOLUME: Parameter = parameter("V", Dimension::VolumePerMass, Range::Positive, "volume of distribution");
static BIOAVAILABILITY: Parameter =
    parameter("F", Dimension::Fraction, Range::Unit, "share of the dose that reaches the blood");
static UNBOUND: Parameter = parameter("f_p", Dimension::Fraction, Range::Unit, "unbound share in plasma");
static BRAIN: Parameter =
    parameter("K_p", Dimension::Number, Range::Positive, "free brain over free plasma concentration");
static DISTRIBUTION_HALF_LIFE: Parameter =
    parameter("t_d", Dimension::Time, Range::Positive, "half-life of the distribution phase");
static DISTRIBUTION_FRACTION: Parameter =
    parameter("A", Dimension::Fraction, Range::Unit, "share of the distribution phase in the initial concentration");
static EFFECT: Parameter =
    parameter("t_ke0", Dimension::Time, Range::Positive, "half-life of equilibration with the effect site");
static PEAK: Parameter =
    parameter("C_max", Dimension::Concentration, Range::Positive, "peak free concentration after the reference dose");
static PEAK_DOSE: Parameter = parameter("D_ref", Dimension::Dose, Range::Positive, "the reference dose");
static PEAK_INFUSION: Parameter =
    parameter("T_ref", Dimension::Time, Range::Positive, "duration of the reference dose, if it is an infusion");
static RELEASE_MAXIMUM: Parameter =
    parameter("g", Dimension::Number, Range::NotNegative, "largest relative rise of the endogenous concentration");
static RELEASE_EC50: Parameter =
    parameter("EC50", Dimension::Number, Range::Positive, "signal at which release is half-maximal");
static RELEASE_HILL: Parameter = parameter("n", Dimension::Number, Range::Positive, "steepness of release");
static RISE: Parameter = parameter("tau_up", Dimension::Time, Range::Positive, "time constant while rising");
static FALL: Parameter = parameter("tau_down", Dimension::Time, Range::Positive, "time constant while falling");

impl Node for Ligand {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.optional("tone", &mut self.tone, &TONE);
        visitor.number("free", &mut self.free, Presence::Default, &FREE);
        visitor.optional("molar_mass", &mut self.molar_mass, &MOLAR_MASS);
        visitor.optional_table("release", &mut self.release, "what raises the endogenous concentration");
        visitor.map("kinetics", &mut self.kinetics, "kinetics by species");
        visitor.map("forms", &mut self.forms, "relative potency of the ligand's forms at each receptor");
    }
}

impl Node for Form {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.entries(&mut self.potency, &POTENCY);
    }
}

impl Node for Kinetics {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("route", &mut self.route, Presence::Default, "how doses enter");
        visitor.optional("absorption_half_life", &mut self.absorption_half_life, &ABSORPTION);
        visitor.number("elimination_half_life", &mut self.elimination_half_life, Presence::Required, &ELIMINATION);
        visitor.optional_table("distribution", &mut self.distribution, "a second compartment");
        visitor.optional("effect_half_life", &mut self.effect_half_life, &EFFECT);
        visitor.optional_table("peak", &mut self.peak, "peak concentration at a dose");
        visitor.optional("volume", &mut self.volume, &VOLUME);
        visitor.number("bioavailability", &mut self.bioavailability, Presence::Default, &BIOAVAILABILITY);
        visitor.number("unbound_fraction", &mut self.unbound_fraction, Presence::Default, &UNBOUND);
        visitor.number("brain_to_plasma", &mut self.brain_to_plasma, Presence::Default, &BRAIN);
    }
}

impl Node for Distribution {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("half_life", &mut self.half_life, Presence::Required, &DISTRIBUTION_HALF_LIFE);
        visitor.number("fraction", &mut self.fraction, Presence::Required, &DISTRIBUTION_FRACTION);
    }
}

impl Node for Peak {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("concentration", &mut self.concentration, Presence::Required, &PEAK);
        visitor.number("dose", &mut self.dose, Presence::Required, &PEAK_DOSE);
        visitor.optional("infusion", &mut self.infusion, &PEAK_INFUSION);
    }
}

impl Node for Release {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("by", &mut self.by, Presence::Required, "signal that raises the concentration");
        visitor.number("maximum", &mut self.maximum, Presence::Required, &RELEASE_MAXIMUM);
        let by = self.by.clone();
        visitor.threshold("EC50", &mut self.ec50, &by, &RELEASE_EC50);
        visitor.number("hill", &mut self.hill, Presence::Default, &RELEASE_HILL);
        visitor.number("rise", &mut self.rise, Presence::Required, &RISE);
        visitor.number("fall", &mut self.fall, Presence::Required, &FALL);
    }
}
