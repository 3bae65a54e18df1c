//! Stress: a level between 0 and 1 that builds up during exposure and recovers, with named phenotypes.

use super::declare::{Node, Parameter, Presence, Range, Visitor, parameter};
use super::effect::Effect;
use crate::units::Dimension;
use indexmap::IndexMap;

/// How stress builds up, recovers, and what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Stress {
    /// Time constant of build-up, in min.
    pub rise: f64,
    /// Time constant of recovery, in min.
    pub recovery: f64,
    /// The phenotype where an arm names none.
    pub phenotype: String,
    /// Phenotypes by name.
    pub phenotypes: IndexMap<String, Phenotype>,
}

impl Default for Stress {
    fn default() -> Self {
        Self { rise: 10_080.0, recovery: 14_400.0, phenotype: String::new(), phenotypes: IndexMap::new() }
    }
}

/// What stress does to the circuit, in proportion to its level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phenotype {
    /// The effects at level 1.
    pub effects: Vec<Effect>,
}

static RISE: Parameter =
    parameter("tau_up", Dimension::Time, Range::Positive, "time constant of build-up during exposure");
static RECOVERY: Parameter =
    parameter("tau_down", Dimension::Time, Range::Positive, "time constant of recovery after exposure");

impl Node for Stress {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.number("rise", &mut self.rise, Presence::Default, &RISE);
        visitor.number("recovery", &mut self.recovery, Presence::Default, &RECOVERY);
        visitor.text("phenotype", &mut self.phenotype, Presence::Default, "the phenotype where an arm names none");
        visitor.map("phenotypes", &mut self.phenotypes, "what stress does to the circuit, by phenotype");
    }
}

impl Node for Phenotype {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.list("effects", &mut self.effects, "effects at a stress level of 1");
    }
}
