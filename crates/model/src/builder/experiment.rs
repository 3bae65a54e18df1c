//! Arms, and when they are looked at.

use super::quantity::{Amount, Concentration, Duration};
use crate::scenario::{Arm, Bath, Block, Dose, Exposure, Injection, Scenario, TimeLabel};
use crate::units::{Dimension, InputUnit};

impl Arm {
    /// An arm in which nothing is done yet.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// With a dose of a ligand.
    #[must_use]
    pub fn dose(mut self, ligand: &str, amount: Amount, at: Duration) -> Self {
        let (amount, at) = (amount.in_mg_per_kg(), at.in_minutes());
        self.doses.push(Dose { ligand: ligand.to_owned(), amount, at, ..Dose::default() });
        self
    }

    /// With a constant free concentration of a ligand, as in a slice bath.
    #[must_use]
    pub fn bath(mut self, ligand: &str, concentration: Concentration) -> Self {
        let concentration = concentration.in_nm();
        self.baths.push(Bath { ligand: ligand.to_owned(), concentration, ..Bath::default() });
        self
    }

    /// With a share of a receptor made unavailable on the cells of one population.
    #[must_use]
    pub fn block(mut self, receptor: &str, population: &str, fraction: f64) -> Self {
        let (receptor, cells) = (receptor.to_owned(), vec![population.to_owned()]);
        self.block.push(Block { receptor, cells, fraction, ..Block::default() });
        self
    }

    /// With an input onto a population for a while, in the circuit's input unit.
    #[must_use]
    pub fn inject(mut self, population: &str, drive: f64, from: Duration, to: Duration) -> Self {
        let [from, to] = [from, to].map(|time| Some(time.in_minutes()));
        self.inject.push(Injection { population: population.to_owned(), drive, from, to, ..Injection::default() });
        self
    }

    /// Stressed from the start, at a level from 0 to 1.
    #[must_use]
    pub fn stressed(mut self, level: f64) -> Self {
        self.stress = Some(Exposure { level, ..Exposure::default() });
        self
    }
}

impl Scenario {
    /// A scenario without anything in it yet.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), species: "mouse".to_owned(), ..Self::default() }
    }

    /// Of this species; say it before the ligands.
    #[must_use]
    pub fn of_species(self, species: &str) -> Self {
        Self { species: species.to_owned(), ..self }
    }

    /// With inputs in this unit; mV where it is not said.
    #[must_use]
    pub fn input_unit(mut self, unit: InputUnit) -> Self {
        self.circuit.input_unit = unit;
        self
    }

    /// With an arm.
    #[must_use]
    pub fn arm(mut self, arm: Arm) -> Self {
        self.arms.push(arm);
        self
    }

    /// Measured against these arms: the healthy one, and the stressed, untreated one.
    #[must_use]
    pub fn compare(mut self, control: &str, stress: &str) -> Self {
        (self.compare.control, self.compare.stress) = (control.to_owned(), stress.to_owned());
        self
    }

    /// From one time to another; the main dose is at 0.
    #[must_use]
    pub fn between(mut self, from: Duration, to: Duration) -> Self {
        (self.run.from, self.run.to) = (from.in_minutes(), to.in_minutes());
        self
    }

    /// Reported at a time.
    #[must_use]
    pub fn report(mut self, at: Duration) -> Self {
        let minutes = at.in_minutes();
        let label = Dimension::Time.print_exact(minutes, self.circuit.input_unit);
        self.run.report.push(TimeLabel { label, minutes });
        self
    }
}
