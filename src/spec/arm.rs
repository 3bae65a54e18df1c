//! Arms: what is done to the circuit in each branch of an experiment.

use super::declare::{Node, Parameter, Presence, Range, Setting, Visitor, parameter, words};
use crate::units::Dimension;
use indexmap::IndexMap;

/// One branch of an experiment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arm {
    /// Its name, unique in the scenario.
    pub name: String,
    /// The arm whose settings it starts from: lists add to the parent's, `set` overrides.
    pub extends: String,
    /// Stress at the start and during the run.
    pub stress: Option<Exposure>,
    /// Doses of ligands.
    pub doses: Vec<Dose>,
    /// Concentrations held constant at the receptor, as in a slice bath.
    pub baths: Vec<Bath>,
    /// Receptors made unavailable on chosen cells.
    pub block: Vec<Block>,
    /// Inputs onto populations.
    pub inject: Vec<Injection>,
    /// Parameters changed in this arm, by path; the background drives stay as calibrated.
    pub set: IndexMap<String, Setting>,
    /// What suppression and rescue of this arm are measured against, where not the scenario's.
    pub compare: Option<ArmCompare>,
}

/// The stress that an arm is under.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposure {
    /// Level at the start, 0 to 1.
    pub level: f64,
    /// Whether exposure goes on during the run.
    pub exposure: bool,
    /// Start of exposure in min, if not that of the run.
    pub from: Option<f64>,
    /// End of exposure in min, if not that of the run.
    pub to: Option<f64>,
    /// Phenotype, if not the default one.
    pub phenotype: String,
}

/// A dose of a ligand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dose {
    /// Which ligand.
    pub ligand: String,
    /// How much, in mg/kg.
    pub amount: f64,
    /// When, in min.
    pub at: f64,
    /// Duration in min, for an infusion.
    pub duration: Option<f64>,
    /// Which form of the ligand; the plain one where empty.
    pub form: String,
}

/// A concentration held constant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bath {
    /// Which ligand.
    pub ligand: String,
    /// Free concentration, in nM.
    pub concentration: f64,
    /// Start in min, if not that of the run.
    pub from: Option<f64>,
    /// End in min, if not that of the run.
    pub to: Option<f64>,
    /// Which form of the ligand; the plain one where empty.
    pub form: String,
}

/// From which circuit's resting activation the departures of a blocked receptor are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reference {
    /// The intact circuit's: an acute block.
    #[default]
    Intact,
    /// The blocked circuit's own: a developmental knock-out to which the circuit has adapted.
    Compensated,
}
words!(Reference { Intact = "intact", Compensated = "compensated" });

/// A share of a receptor made unavailable on chosen cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Which receptor.
    pub receptor: String,
    /// Populations on whose cells.
    pub cells: Vec<String>,
    /// The share made unavailable.
    pub fraction: f64,
    /// Start in min; from the beginning (and before) where absent.
    pub from: Option<f64>,
    /// End in min; never where absent.
    pub to: Option<f64>,
    /// Where departures are taken from.
    pub reference: Reference,
}

impl Default for Block {
    fn default() -> Self {
        Self {
            receptor: String::new(),
            cells: Vec::new(),
            fraction: 1.0,
            from: None,
            to: None,
            reference: Reference::Intact,
        }
    }
}

/// A constant input onto a population for a while.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Injection {
    /// Which population.
    pub population: String,
    /// In input units.
    pub drive: f64,
    /// Start in min, if not that of the run.
    pub from: Option<f64>,
    /// End in min, if not that of the run.
    pub to: Option<f64>,
}

/// Arms that one arm is measured against.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArmCompare {
    /// The healthy arm.
    pub control: String,
    /// The stressed, untreated arm.
    pub stress: String,
}

static LEVEL: Parameter = parameter("s", Dimension::Fraction, Range::Unit, "stress level at the start of the run");
static FROM: Parameter = parameter("t_on", Dimension::Time, Range::Any, "start, if not that of the run");
static TO: Parameter = parameter("t_off", Dimension::Time, Range::Any, "end, if not that of the run");
static AMOUNT: Parameter = parameter("D", Dimension::Dose, Range::NotNegative, "amount of the dose");
static AT: Parameter = parameter("t", Dimension::Time, Range::Any, "time of the dose");
static DURATION: Parameter = parameter("T", Dimension::Time, Range::Positive, "duration of an infusion");
static CONCENTRATION: Parameter =
    parameter("C", Dimension::Concentration, Range::NotNegative, "free concentration held constant");
static BLOCKED: Parameter =
    parameter("1 - q", Dimension::Fraction, Range::Unit, "share of the receptor made unavailable");
static INJECTED: Parameter = parameter("I", Dimension::Input, Range::Any, "input onto the population");

impl Node for Arm {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("name", &mut self.name, Presence::Required, "the arm's name");
        visitor.text("extends", &mut self.extends, Presence::Default, "the arm whose settings it starts from");
        visitor.optional_table("stress", &mut self.stress, "stress at the start and during the run");
        visitor.list("doses", &mut self.doses, "doses of ligands");
        visitor.list("baths", &mut self.baths, "concentrations held constant at the receptor");
        visitor.list("block", &mut self.block, "receptors made unavailable on chosen cells");
        visitor.list("inject", &mut self.inject, "inputs onto populations");
        visitor.settings("set", &mut self.set, "parameters changed in this arm, by path");
        visitor.optional_table("compare", &mut self.compare, "what this arm is measured against");
    }

    fn label(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl Node for Exposure {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("level", &mut self.level, Presence::Required, &LEVEL);
        visitor.flag("exposure", &mut self.exposure, "whether exposure goes on during the run");
        visitor.optional("from", &mut self.from, &FROM);
        visitor.optional("to", &mut self.to, &TO);
        visitor.text("phenotype", &mut self.phenotype, Presence::Default, "phenotype, if not the default one");
    }
}

impl Node for Dose {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("ligand", &mut self.ligand, Presence::Required, "which ligand");
        visitor.number("amount", &mut self.amount, Presence::Required, &AMOUNT);
        visitor.number("at", &mut self.at, Presence::Required, &AT);
        visitor.optional("duration", &mut self.duration, &DURATION);
        visitor.text("form", &mut self.form, Presence::Default, "which form of the ligand");
    }
}

impl Node for Bath {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("ligand", &mut self.ligand, Presence::Required, "which ligand");
        visitor.number("concentration", &mut self.concentration, Presence::Required, &CONCENTRATION);
        visitor.optional("from", &mut self.from, &FROM);
        visitor.optional("to", &mut self.to, &TO);
        visitor.text("form", &mut self.form, Presence::Default, "which form of the ligand");
    }
}

impl Node for Block {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("receptor", &mut self.receptor, Presence::Required, "which receptor");
        visitor.texts("cells", &mut self.cells, Presence::Required, "populations on whose cells");
        visitor.number("fraction", &mut self.fraction, Presence::Default, &BLOCKED);
        visitor.optional("from", &mut self.from, &FROM);
        visitor.optional("to", &mut self.to, &TO);
        visitor.choice("reference", &mut self.reference, Presence::Default, "where departures are taken from");
    }
}

impl Node for Injection {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("population", &mut self.population, Presence::Required, "which population");
        visitor.number("drive", &mut self.drive, Presence::Required, &INJECTED);
        visitor.optional("from", &mut self.from, &FROM);
        visitor.optional("to", &mut self.to, &TO);
    }
}

impl Node for ArmCompare {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("control", &mut self.control, Presence::Default, "the healthy arm");
        visitor.text("stress", &mut self.stress, Presence::Default, "the stressed, untreated arm");
    }
}
