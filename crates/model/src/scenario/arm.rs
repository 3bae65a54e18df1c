//! Arms: what is done to the circuit in each branch of an experiment.

use super::declare::{Node, Parameter, Presence, Range, Setting, TimeLabel, Visitor, parameter, words};
use super::stimulus::Injection;
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
    /// Constant concentrations at the receptor, as in a slice bath; they add to one another and to what doses leave.
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
    /// Further periods of exposure.
    pub periods: Vec<Period>,
    /// Phenotype, if not the default one.
    pub phenotype: String,
}

/// A period of exposure to stress.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Period {
    /// Start, in min.
    pub from: f64,
    /// End, in min.
    pub to: f64,
}

/// A dose of a ligand, alone or with others that follow it, in the terms of NONMEM, mrgsolve and rxode2 (AMT, TIME, RATE,
/// DUR, II, ADDL, SS).
#[derive(Clone, Debug, PartialEq)]
pub struct Dose {
    /// Which ligand.
    pub ligand: String,
    /// How much, in mg/kg.
    pub amount: f64,
    /// When, in min.
    pub at: f64,
    /// Duration in min, for an infusion.
    pub duration: Option<f64>,
    /// Rate in mg/kg/min, for an infusion whose duration follows from it.
    pub rate: Option<f64>,
    /// Interval in min between this dose and those that follow (II).
    pub interval: Option<f64>,
    /// How many more follow at that interval (ADDL).
    pub additional: u64,
    /// Each of them is the one before times this.
    pub taper: f64,
    /// Further times at which the same is given.
    pub also_at: Vec<TimeLabel>,
    /// Whether such doses have been given at the interval for so long that the concentration repeats itself (SS = 1): what
    /// was given before is forgotten.
    pub steady_state: bool,
    /// Which form of the ligand; the plain one where empty.
    pub form: String,
}

impl Default for Dose {
    fn default() -> Self {
        Self {
            ligand: String::new(),
            amount: 0.0,
            at: 0.0,
            duration: None,
            rate: None,
            interval: None,
            additional: 0,
            taper: 1.0,
            also_at: Vec::new(),
            steady_state: false,
            form: String::new(),
        }
    }
}

/// One administration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Administration {
    /// When, in min.
    pub at: f64,
    /// How much, in mg/kg.
    pub amount: f64,
    /// Duration in min, for an infusion.
    pub duration: Option<f64>,
    /// The interval in min of the doses before it, where these have brought about a steady state.
    pub steady_state: Option<f64>,
}

impl Dose {
    /// Every single administration, in order of time but for those of `also_at`, which come last. `absorbed` is the share of
    /// the dose that reaches the blood.
    pub fn administrations(&self, absorbed: f64) -> Vec<Administration> {
        let mut given = vec![self.first_administration(absorbed)];
        let mut amount = self.amount;
        for count in 1..=self.additional {
            amount *= self.taper;
            let at = (count as f64).mul_add(self.interval.unwrap_or(0.0), self.at);
            given.push(self.administration(at, amount, absorbed));
        }
        given.extend(self.also_at.iter().map(|time| self.administration(time.minutes, self.amount, absorbed)));
        given
    }

    /// The first administration alone.
    pub fn first_administration(&self, absorbed: f64) -> Administration {
        let steady_state = self.interval.filter(|_| self.steady_state);
        Administration { steady_state, ..self.administration(self.at, self.amount, absorbed) }
    }

    /// One administration. A rate is that at which the drug reaches the blood: where only a share of the amount does, the
    /// infusion is over so much sooner. A duration stays what it is, and the share lowers the rate (F with RATE and with DUR in
    /// NONMEM, mrgsolve and rxode2).
    fn administration(&self, at: f64, amount: f64, absorbed: f64) -> Administration {
        let from_rate = self.rate.filter(|rate| *rate > 0.0).map(|rate| absorbed * amount / rate);
        let duration = self.duration.or(from_rate).filter(|duration| *duration > 0.0);
        Administration { at, amount, duration, steady_state: None }
    }
}

/// A constant concentration, on top of what doses and other baths leave.
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
static RATE: Parameter =
    parameter("R", Dimension::DoseRate, Range::Positive, "rate of an infusion; its duration follows");
static INTERVAL: Parameter =
    parameter("II", Dimension::Time, Range::Positive, "interval between this dose and those that follow");
static TAPER: Parameter =
    parameter("f", Dimension::Number, Range::NotNegative, "each dose that follows is the one before times this");
static CONCENTRATION: Parameter = parameter(
    "C",
    Dimension::Concentration,
    Range::NotNegative,
    "constant free concentration, on top of what doses leave",
);
static BLOCKED: Parameter =
    parameter("1 - q", Dimension::Fraction, Range::Unit, "share of the receptor made unavailable");

impl Node for Arm {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("name", &mut self.name, Presence::Required, "the arm's name");
        visitor.text("extends", &mut self.extends, Presence::Default, "the arm whose settings it starts from");
        visitor.optional_table("stress", &mut self.stress, "stress at the start and during the run");
        visitor.list("doses", &mut self.doses, "doses of ligands");
        visitor.list("baths", &mut self.baths, "constant concentrations at the receptor, on top of what doses leave");
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
        visitor.list("periods", &mut self.periods, "further periods of exposure");
        visitor.text("phenotype", &mut self.phenotype, Presence::Default, "phenotype, if not the default one");
    }
}

impl Node for Period {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("from", &mut self.from, Presence::Required, &FROM);
        visitor.number("to", &mut self.to, Presence::Required, &TO);
    }
}

impl Node for Dose {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("ligand", &mut self.ligand, Presence::Required, "which ligand");
        visitor.number("amount", &mut self.amount, Presence::Required, &AMOUNT);
        visitor.number("at", &mut self.at, Presence::Required, &AT);
        visitor.optional("duration", &mut self.duration, &DURATION);
        visitor.optional("rate", &mut self.rate, &RATE);
        visitor.optional("interval", &mut self.interval, &INTERVAL);
        visitor.whole("additional", &mut self.additional, "how many more doses follow at the interval");
        visitor.number("taper", &mut self.taper, Presence::Default, &TAPER);
        visitor.times("also_at", &mut self.also_at, "further times at which the same is given");
        let steady = "whether such doses have brought the concentration to a steady state before";
        visitor.flag("steady_state", &mut self.steady_state, steady);
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

impl Node for ArmCompare {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("control", &mut self.control, Presence::Default, "the healthy arm");
        visitor.text("stress", &mut self.stress, Presence::Default, "the stressed, untreated arm");
    }
}
