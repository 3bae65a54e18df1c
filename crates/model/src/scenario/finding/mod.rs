//! A finding: an experiment that was done, and what a model of it should show; a hypothesis: another mechanism.

pub mod bind;

use super::arm::Arm;
use super::declare::{Choice, Node, NodeOption, Parameter, Presence, Range, Setting, Visitor, parameter, words};
use crate::units::Dimension;
use indexmap::IndexMap;

/// An experiment, what was found in it, and what the model should therefore show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// Short name; the file's where empty.
    pub name: String,
    /// Its place in the table.
    pub number: u64,
    /// What was found, in a sentence.
    pub statement: String,
    /// What is done, in words.
    pub manipulation: String,
    /// Who found it, and how sure that is.
    pub evidence: Vec<Evidence>,
    /// Whether the default model was fitted to it.
    pub status: Status,
    /// What the status does not say.
    pub status_note: String,
    /// Why the default model does not show all of it; empty where it does.
    pub explanation: String,
    /// The scenario's file, as written.
    pub scenario_file: String,
    /// Parameters of the scenario changed for the finding, by path.
    pub set: IndexMap<String, Setting>,
    /// Arms besides those of the scenario.
    pub arms: Vec<Arm>,
    /// What the model should show.
    pub checks: Vec<Check>,
}

/// A source and how sure its statement is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Authors, year, DOI.
    pub citation: String,
    /// How the statement is known.
    pub grade: Grade,
    /// What it says.
    pub says: String,
}

/// How a statement about a source is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grade {
    /// A number read in the paper itself or in its data.
    Measured,
    /// Stated in the abstract.
    Abstract,
    /// Reported by secondary pages; the paper was not at hand.
    Press,
    /// From memory: to be verified before it is quoted.
    #[default]
    Memory,
}
words!(Grade { Measured = "MEAS", Abstract = "ABS", Press = "PRESS", Memory = "MEM" });

impl Grade {
    /// What the grade means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Measured => "a number read in the paper itself or in its data",
            Self::Abstract => "stated in the abstract",
            Self::Press => "reported by secondary pages; the paper was not at hand",
            Self::Memory => "from memory; to be verified before it is quoted",
        }
    }
}

/// Whether a model's agreement with a finding says anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// The finding was a target of the search, or was tuned on by hand.
    #[default]
    Fitted,
    /// It was in no cost function.
    Predicted,
    /// It follows from the form of the model.
    BuiltIn,
}
words!(Status { Fitted = "fitted", Predicted = "predicted", BuiltIn = "built-in" });

/// An expectation over a readout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Check {
    /// The expectation in words.
    pub says: String,
    /// What is measured.
    pub value: Expression,
    /// What it is measured against by difference.
    pub than: Option<Expression>,
    /// Drugs given together against what they do alone.
    pub beyond: Option<Combination>,
    /// Smallest value that holds.
    pub at_least: Option<f64>,
    /// Largest value that holds.
    pub at_most: Option<f64>,
    /// The precision at which the range is stated: the value is rounded to it.
    pub precision: Option<f64>,
    /// What the check decides.
    pub part: Part,
    /// Whether the size, unlike the direction, is a choice and not a published number.
    pub chosen: bool,
}

/// What a check decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The finding itself.
    #[default]
    Main,
    /// A clause beside it: reported, and noted as an exception where it fails.
    Side,
    /// What must hold for the finding to mean anything, such as that there is an effect which can be lost.
    Premise,
}
impl serde::Serialize for Part {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

words!(Part { Main = "main", Side = "side", Premise = "premise" });

/// A number from readouts of arms: `x`, `x - minus`, `(x - minus) / over`, or `(x - minus) / (share_of - minus)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expression {
    /// The arm.
    pub arm: String,
    /// The readout.
    pub readout: String,
    /// What is taken away.
    pub minus: Option<Reference>,
    /// What it is divided by.
    pub over: Option<Reference>,
    /// What it is a share of, when the same has been taken away from it.
    pub share_of: Option<Reference>,
}

/// A readout of another arm, or another readout: what is not stated is that of the expression.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    /// The arm.
    pub arm: String,
    /// The readout.
    pub readout: String,
}

/// What drugs given together do beyond what is expected from each alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Combination {
    /// How the expectation is made.
    pub rule: Rule,
    /// The arms in which each is given alone.
    pub arms: Vec<String>,
}

/// What drugs that do not interact do together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Independent action (Bliss 1939): `1 - prod (1 - E_i)`, effects being shares of a maximum; no number
    /// where one is more than that and another acts as well.
    #[default]
    Bliss,
    /// The sum of the effects.
    Sum,
}
words!(Rule { Bliss = "bliss", Sum = "sum" });

/// Another mechanism, laid over every finding: a change of parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hypothesis {
    /// Short name; the file's where empty.
    pub name: String,
    /// Its place in the table.
    pub number: u64,
    /// What is held, in a sentence.
    pub claim: String,
    /// Who holds it, or why it is tried.
    pub basis: String,
    /// Whether it rests on published numbers, was fitted, or is a choice.
    pub status_note: String,
    /// Pharmacology files laid over that of the scenario.
    pub pharmacology: Vec<String>,
    /// Parameters changed, by path.
    pub set: IndexMap<String, Setting>,
}

static AT_LEAST: Parameter =
    parameter("low", Dimension::Number, Range::Any, "smallest value that holds, in the readout's unit");
static AT_MOST: Parameter =
    parameter("high", Dimension::Number, Range::Any, "largest value that holds, in the readout's unit");
static PRECISION: Parameter = parameter(
    "p",
    Dimension::Number,
    Range::Positive,
    "precision at which the range is stated; the value is rounded to it before it is compared",
);

impl Node for Finding {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("name", &mut self.name, Presence::Default, "short name; the file's where absent");
        visitor.whole("number", &mut self.number, "place in the table");
        visitor.text("statement", &mut self.statement, Presence::Required, "what was found, in a sentence");
        visitor.text("manipulation", &mut self.manipulation, Presence::Default, "what is done, in words");
        visitor.list("evidence", &mut self.evidence, "who found it, and how sure that is");
        let status = "whether the default model was fitted to it";
        visitor.choice("status", &mut self.status, Presence::Required, status);
        visitor.text("status_note", &mut self.status_note, Presence::Default, "what the status does not say");
        let why = "why the default model does not show all of it";
        visitor.text("explanation", &mut self.explanation, Presence::Default, why);
        visitor.text("scenario", &mut self.scenario_file, Presence::Required, "the scenario's file");
        visitor.settings("set", &mut self.set, "parameters of the scenario changed for the finding, by path");
        visitor.list("arms", &mut self.arms, "arms besides those of the scenario");
        visitor.list("checks", &mut self.checks, "what the model should show");
    }
}

impl Node for Evidence {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("citation", &mut self.citation, Presence::Required, "authors, year, DOI");
        visitor.choice("grade", &mut self.grade, Presence::Required, "how the statement is known");
        visitor.text("says", &mut self.says, Presence::Default, "what it says");
    }
}

impl Node for Check {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("says", &mut self.says, Presence::Required, "the expectation in words");
        self.value.visit(visitor);
        let than = "what it is measured against by difference";
        visitor.optional_table("than", &mut self.than as &mut dyn NodeOption, than);
        let beyond = "drugs given together against what they do alone";
        visitor.optional_table("beyond", &mut self.beyond as &mut dyn NodeOption, beyond);
        visitor.optional("at_least", &mut self.at_least, &AT_LEAST);
        visitor.optional("at_most", &mut self.at_most, &AT_MOST);
        visitor.optional("precision", &mut self.precision, &PRECISION);
        visitor.choice("part", &mut self.part, Presence::Default, "what the check decides");
        let chosen = "whether the size, unlike the direction, is a choice and not a published number";
        visitor.flag("chosen", &mut self.chosen, chosen);
    }
}

impl Node for Expression {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("arm", &mut self.arm, Presence::Required, "the arm");
        visitor.text("readout", &mut self.readout, Presence::Required, "the readout");
        visitor.optional_table("minus", &mut self.minus, "what is taken away");
        visitor.optional_table("over", &mut self.over, "what it is divided by");
        let share = "what it is a share of, when the same has been taken away from it";
        visitor.optional_table("share_of", &mut self.share_of, share);
    }
}

impl Node for Reference {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("arm", &mut self.arm, Presence::Default, "the arm, if not the same");
        visitor.text("readout", &mut self.readout, Presence::Default, "the readout, if not the same");
    }
}

impl Node for Combination {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.choice("rule", &mut self.rule, Presence::Default, "what drugs that do not interact do together");
        visitor.texts("arms", &mut self.arms, Presence::Required, "the arms in which each is given alone");
    }
}

impl Node for Hypothesis {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("name", &mut self.name, Presence::Default, "short name; the file's where absent");
        visitor.whole("number", &mut self.number, "place in the table");
        visitor.text("claim", &mut self.claim, Presence::Required, "what is held, in a sentence");
        visitor.text("basis", &mut self.basis, Presence::Default, "who holds it, or why it is tried");
        let note = "whether its numbers are published, fitted or chosen";
        visitor.text("status_note", &mut self.status_note, Presence::Default, note);
        let files = "pharmacology files laid over that of the scenario";
        visitor.texts("pharmacology", &mut self.pharmacology, Presence::Default, files);
        visitor.settings("set", &mut self.set, "parameters changed, by path");
    }
}

impl Check {
    /// Every arm that the check reads.
    pub fn arms(&self) -> Vec<&str> {
        let mut arms = self.value.arms();
        arms.extend(self.than.iter().flat_map(Expression::arms));
        arms.extend(self.beyond.iter().flat_map(|beyond| beyond.arms.iter().map(String::as_str)));
        arms
    }

    /// Every readout that the check reads.
    pub fn readouts(&self) -> Vec<&str> {
        std::iter::once(&self.value).chain(&self.than).flat_map(Expression::readouts).collect()
    }
}

impl Expression {
    /// Every arm that the expression reads.
    fn arms(&self) -> Vec<&str> {
        let references = [&self.minus, &self.over, &self.share_of].into_iter().flatten();
        let named = references.map(|reference| reference.arm.as_str()).filter(|arm| !arm.is_empty());
        std::iter::once(self.arm.as_str()).chain(named).collect()
    }

    /// Every readout that the expression reads.
    fn readouts(&self) -> Vec<&str> {
        let references = [&self.minus, &self.over, &self.share_of].into_iter().flatten();
        let named = references.map(|reference| reference.readout.as_str()).filter(|readout| !readout.is_empty());
        std::iter::once(self.readout.as_str()).chain(named).collect()
    }

    /// The arm and readout of a reference, with what it does not state taken from the expression.
    pub fn referred<'a>(&'a self, reference: &'a Reference) -> (&'a str, &'a str) {
        let pick = |own: &'a str, general: &'a str| if own.is_empty() { general } else { own };
        (pick(&reference.arm, &self.arm), pick(&reference.readout, &self.readout))
    }
}
