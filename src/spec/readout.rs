//! What a sweep keeps of an arm: numbers by name.

use super::nearest;
use super::run::Time;
use super::scenario::Scenario;
use super::validate::Problem;

/// A number of an arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Readout {
    /// Its name: a column of the table.
    pub name: String,
    /// Its unit; empty where it has none.
    pub unit: &'static str,
    /// What it measures.
    pub what: Measure,
}

/// What a readout measures; texts are report labels, the first of two a population.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// A population's rate at a report time.
    Rate(String, String),
    /// Suppression of the main population at a report time.
    Suppression(String),
    /// Its rescue at a report time.
    Rescue(String),
    /// Its excitatory over its inhibitory synaptic input at a report time.
    Balance(String),
    /// Largest real part of the circuit's eigenvalues at a report time.
    Stability(String),
    /// Variance of the main population's rate in the window.
    Variance,
    /// Frequency at which its spectrum is highest.
    PeakFrequency,
    /// Minutes above control.
    MinutesAbove,
    /// Its largest rate.
    Peak,
    /// When that is.
    PeakTime,
    /// The same over the control arm's rate then.
    PeakOverControl,
    /// How many events there were.
    Events,
}

impl Readout {
    fn new(name: String, unit: &'static str, what: Measure) -> Self {
        Self { name, unit, what }
    }

    /// Every readout of a scenario.
    pub fn all(scenario: &Scenario) -> Vec<Self> {
        let mut all = Vec::new();
        let labels: Vec<&String> = scenario.run.report.iter().map(|report| &report.label).collect();
        for label in &labels {
            for population in scenario.circuit.populations.keys() {
                let what = Measure::Rate(population.clone(), (*label).clone());
                all.push(Self::new(format!("rate.{population} at {label}"), "Hz", what));
            }
        }
        for label in labels {
            all.push(Self::new(format!("suppression at {label}"), "", Measure::Suppression(label.clone())));
            all.push(Self::new(format!("rescue at {label}"), "", Measure::Rescue(label.clone())));
            all.push(Self::new(format!("ei_balance at {label}"), "", Measure::Balance(label.clone())));
            all.push(Self::new(format!("stability at {label}"), "1/s", Measure::Stability(label.clone())));
        }
        all.push(Self::new("minutes_above_control".into(), "min", Measure::MinutesAbove));
        all.push(Self::new("peak".into(), "Hz", Measure::Peak));
        all.push(Self::new("peak_at".into(), "min", Measure::PeakTime));
        all.push(Self::new("peak_over_control".into(), "", Measure::PeakOverControl));
        if scenario.run.time == Time::Fast {
            all.push(Self::new("variance".into(), "Hz^2", Measure::Variance));
            all.push(Self::new("peak_frequency".into(), "Hz", Measure::PeakFrequency));
        }
        all.push(Self::new("events".into(), "", Measure::Events));
        all
    }

    /// The readouts that names ask for, in that order; all where there are no names. A name without its time, such as
    /// `rescue` or `rate.Pyr`, stands for that at every report time.
    ///
    /// # Errors
    /// Names that fit nothing.
    pub fn chosen(names: &[String], scenario: &Scenario) -> Result<Vec<Self>, Vec<Problem>> {
        let all = Self::all(scenario);
        if names.is_empty() {
            return Ok(all);
        }
        let (mut chosen, mut problems) = (Vec::new(), Vec::new());
        for (index, name) in names.iter().enumerate() {
            let fits = |readout: &&Self| readout.name == *name || readout.name.split(" at ").next() == Some(name);
            let found: Vec<Self> = all.iter().filter(fits).cloned().collect();
            if found.is_empty() {
                let mut known: Vec<&str> = all.iter().filter_map(|readout| readout.name.split(" at ").next()).collect();
                known.sort_unstable();
                known.dedup();
                problems.push(Problem {
                    path: format!("readouts.{index}"),
                    message: format!("there is no readout `{name}`"),
                    expected: format!("{}; some with a report time, such as `rescue at 10 min`", known.join(", ")),
                    nearest: nearest(name, known.iter().copied()),
                });
            }
            for readout in found {
                if !chosen.contains(&readout) {
                    chosen.push(readout);
                }
            }
        }
        if problems.is_empty() { Ok(chosen) } else { Err(problems) }
    }
}
