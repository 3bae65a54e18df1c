//! From recordings to named numbers: rates, suppression and rescue, peaks, inputs by source, exposure to drugs.

mod comparison;
mod courses;
pub mod lookup;
pub mod ring;
pub mod trace;
pub mod units;
mod value;

pub use courses::number;
pub use value::value;

use crate::numeric::piece::Extreme;
use crate::scenario::readout::{Measure, Readout};
use crate::scenario::units::of_all_units;
use crate::scenario::watch::Watch;
use crate::scenario::{Compare, Scenario};
use crate::simulate::Outcome;
use crate::simulate::watch::Found;
use comparison::Comparison;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use units::{SingleConnections, UnitsSummary};

/// Values by report label.
pub type ByTime<T> = IndexMap<String, T>;
/// Values by name.
pub type ByName<T> = IndexMap<String, T>;

/// The numbers of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The population that suppression, rescue and peaks are of.
    pub population: String,
    /// The window of peaks and of the minutes above control, in min.
    pub window_min: [f64; 2],
    /// The arms, in the order of the scenario.
    pub arms: Vec<ArmSummary>,
}

/// The numbers of one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmSummary {
    /// Its name.
    pub name: String,
    /// `ok`, `diverged`, `undefined`, `unresolved` or `unstable`.
    pub status: String,
    /// What happened, where it did not end well.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
    /// Rates in Hz by report label and population.
    pub rates_hz: ByTime<ByName<f64>>,
    /// `1 - r / r(control)` of the main population, where defined; not written where it nowhere is.
    #[serde(default, skip_serializing_if = "is_nowhere_defined")]
    pub suppression_index: ByTime<Option<f64>>,
    /// `(r - r(stress)) / (r(control) - r(stress))` of the main population, where defined; not written where it nowhere is.
    #[serde(default, skip_serializing_if = "is_nowhere_defined")]
    pub rescue_index: ByTime<Option<f64>>,
    /// Minutes of the window in which the main population fires above the control arm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_above_control: Option<f64>,
    /// Hours of the run after the window's start in which rescue exceeds 0.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_with_rescue_above_0_3: Option<f64>,
    /// The last time at which it does, in hours; 0 where it never does after the window's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_hour_with_rescue_above_0_3: Option<f64>,
    /// Rescue at the time that the comparison calls lasting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasting_rescue: Option<f64>,
    /// The time in hours at which rescue has fallen to half of that, where that is 0.3 or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_time_h: Option<f64>,
    /// The largest rate of the main population within the window, Hz.
    pub peak_hz: Option<Extreme>,
    /// That peak relative to the control arm's rate at the same time.
    pub peak_over_control: Option<f64>,
    /// The largest and smallest rate of each population within the window, Hz.
    pub extremes_hz: ByName<[Option<Extreme>; 2]>,
    /// The largest and smallest value of each other signal from the window's start to the end of the run.
    #[serde(default)]
    pub extremes_of_signals: ByName<[Option<Extreme>; 2]>,
    /// Minutes from the window's start until each population's rate has gone half way from its value there to its extreme
    /// within the window.
    #[serde(default)]
    pub half_time_min: ByName<Option<f64>>,
    /// Input by report label, target and source, in input units: all synapses of the pair, on the soma and on the dendrite, but
    /// for divisive ones; `drive` stands for all that is not synaptic. Of populations on a ring what one unit of the target
    /// receives from all units of the source, on the mean.
    pub input: ByTime<ByName<ByName<f64>>>,
    /// The sum of the same synapses' weights with everything that acts on them, by report label, target and source: in input
    /// units per Hz, or per unit of a gate. A pair whose weights have both units has no sum. Rings of units as in `input`.
    #[serde(default)]
    pub weight: ByTime<ByName<ByName<f64>>>,
    /// Of pairs that more than plain synapses onto the soma join, each connection: by report label, target, and the place of
    /// its weight under the target's table, such as `through.CLASS.SOURCE`.
    #[serde(default, skip_serializing_if = "ByTime::is_empty")]
    pub synapses: ByTime<ByName<ByName<SynapsesSummary>>>,
    /// Occupancy by report label and `receptor.ligand`.
    pub occupancy: ByTime<ByName<f64>>,
    /// Activation by report label and `receptor.population`.
    pub activation: ByTime<ByName<f64>>,
    /// Share of channels blocked, by report label and `receptor.population`.
    pub channel_block: ByTime<ByName<f64>>,
    /// Every other signal by report label and name: gates, short-term plasticity, adaptation, desensitisation.
    #[serde(default, skip_serializing_if = "ByTime::is_empty")]
    pub signals: ByTime<ByName<f64>>,
    /// Free concentration in nM by report label and ligand.
    pub free_concentration_nm: ByTime<ByName<f64>>,
    /// Area under the free concentration over the run, in nM min: the integral of the concentration itself, with its tone.
    pub area_under_concentration_nm_min: ByName<f64>,
    /// The largest real part of the circuit's eigenvalues by report label, in 1/s; below 0 it is stable.
    #[serde(default)]
    pub stability_per_s: ByTime<Option<f64>>,
    /// Whether the circuit stood still there: not where it oscillated, was noisy or on its way, and `stability_per_s` is none.
    #[serde(default)]
    pub stands_still: ByTime<bool>,
    /// Variance of the main population's rate over the steps within the window, Hz^2; in fast time alone.
    #[serde(default)]
    pub variance_hz2: Option<f64>,
    /// The frequency at which the spectrum of that rate is highest, in Hz; in fast time alone.
    #[serde(default)]
    pub peak_frequency_hz: Option<f64>,
    /// When, in s from the window's start, the main population's rate first reaches the threshold of `compare`;
    /// none where there is no threshold or it is not reached in the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_passage_s: Option<f64>,
    /// The same of every population; empty where there is no threshold.
    #[serde(default, skip_serializing_if = "ByName::is_empty")]
    pub first_passages_s: ByName<Option<f64>>,
    /// The stress level by report label.
    pub stress: ByTime<f64>,
    /// Plasticity variables by report label and name.
    #[serde(default)]
    pub plasticity: ByTime<ByName<f64>>,
    /// The largest value of each plasticity variable over the run.
    #[serde(default)]
    pub plasticity_peak: ByName<Extreme>,
    /// Indices by report label and name.
    #[serde(default)]
    pub index: ByTime<ByName<f64>>,
    /// Excitatory synaptic current onto the main population relative to that of the control arm at the same time: in slices
    /// the sEPSC relative to drug-free.
    #[serde(default)]
    pub sepsc_ratio: ByTime<Option<f64>>,
    /// The same of inhibitory current.
    #[serde(default)]
    pub sipsc_ratio: ByTime<Option<f64>>,
    /// The readouts that `run.readouts` names, by their names.
    #[serde(default, skip_serializing_if = "ByName::is_empty")]
    pub readouts: ByName<Option<f64>>,
    /// Where these count something, each: durations in s, times of peaks in min.
    #[serde(default, skip_serializing_if = "ByName::is_empty")]
    pub lists: ByName<Vec<f64>>,
    /// What signals are over the units of populations on a ring, where their mean stands for them: by report label and signal.
    #[serde(default, skip_serializing_if = "ByTime::is_empty")]
    pub over_units: ByTime<ByName<UnitsSummary>>,
    /// Of a circuit with such populations, every single connection; nothing in a summary that was read from a file.
    #[serde(skip)]
    pub single: SingleConnections,
    /// What was found of the signals that were followed step by step; nothing in a summary that was read from a file.
    #[serde(skip)]
    pub found: Vec<(Watch, Found)>,
    /// What happened to the circuit on the way.
    pub events: Vec<EventSummary>,
    /// In slow time, where the circuit oscillates or is noisy: how good the mean rates are that slow variables saw.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub averaged: Option<AveragedSummary>,
}

fn is_nowhere_defined(index: &ByTime<Option<f64>>) -> bool {
    index.values().all(Option::is_none)
}

/// What one connection brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SynapsesSummary {
    /// Its weight with everything that acts on it.
    pub weight: f64,
    /// Its weight times what its synapses carry: in input units; what divisive ones add to the divisor.
    pub input: f64,
}

/// Values of an arm by report label and name.
type Field = fn(&ArmSummary) -> &ByTime<ByName<f64>>;

/// Kinds of signals that have a field of their own in the summary, by what their names start with; all others are in
/// [`ArmSummary::signals`].
const OWN_FIELDS: [(&str, Field); 7] = [
    ("rate.", |arm| &arm.rates_hz),
    ("activation.", |arm| &arm.activation),
    ("occupancy.", |arm| &arm.occupancy),
    ("block.", |arm| &arm.channel_block),
    ("concentration.", |arm| &arm.free_concentration_nm),
    ("plasticity.", |arm| &arm.plasticity),
    ("index.", |arm| &arm.index),
];
/// The stress level has one too.
const STRESS: &str = "stress";

impl ArmSummary {
    /// The rate of a population in Hz at a report time; of one of several units the mean over its units.
    pub fn rate(&self, label: &str, population: &str) -> Option<f64> {
        let rates = self.rates_hz.get(label)?;
        let of_units = rates.iter().filter(|(name, _)| of_all_units(name) == population);
        let (sum, count) = of_units.fold((0.0, 0.0), |(sum, count), (_, rate)| (sum + rate, count + 1.0));
        rates.get(population).copied().or_else(|| (count > 0.0).then(|| sum / count))
    }

    /// A recorded signal by its name, such as `activation.MOR.SST`, at a report time.
    pub fn signal(&self, name: &str, label: &str) -> Option<f64> {
        if name == STRESS {
            return self.stress.get(label).copied();
        }
        let own = OWN_FIELDS.iter().find_map(|(start, field)| Some((name.strip_prefix(start)?, field(self))));
        let (name, values) = own.unwrap_or((name, &self.signals));
        values.get(label)?.get(name).copied()
    }

    /// The largest and smallest value of a signal: of a rate within the window, of others from its start to the end.
    pub fn extremes(&self, signal: &str) -> Option<&[Option<Extreme>; 2]> {
        match signal.strip_prefix("rate.") {
            Some(population) => self.extremes_hz.get(population),
            None => self.extremes_of_signals.get(signal),
        }
    }
}

/// An event of an arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventSummary {
    /// When, in min.
    pub at_min: f64,
    /// `loss of stability`, `jump`, `oscillation`, `rest`, `mean input`, `negative rate` or `coarse step`.
    #[serde(default)]
    pub kind: String,
    /// What, in a sentence.
    pub what: String,
    /// The signal or input whose own change moved the circuit's leading eigenvalue most.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub driver: Option<String>,
}

/// What averaging over bursts of fast time came to, where slow variables saw mean rates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AveragedSummary {
    /// How many steps of slow time rest on it.
    pub steps: u64,
    /// The largest estimated error of a mean rate, in Hz.
    pub error_hz: f64,
}

/// The numbers of a run.
pub fn summarise(outcome: &Outcome) -> Summary {
    let scenario = &outcome.scenario;
    let population = scenario.main_population().unwrap_or_default().to_owned();
    let Compare { from, to, .. } = scenario.compare;
    let further = if scenario.run.readouts.is_empty() {
        Vec::new()
    } else {
        Readout::chosen(&scenario.run.readouts, scenario).unwrap_or_default()
    };
    let summary = |arm| add_readouts(Comparison::new(outcome, arm, &population).summarise(), &further, scenario);
    let arms = outcome.arms.iter().map(summary).collect();
    Summary { scenario: scenario.name.clone(), population, window_min: [from, to], arms }
}

/// Adds the readouts that the scenario names.
fn add_readouts(mut arm: ArmSummary, further: &[Readout], scenario: &Scenario) -> ArmSummary {
    for readout in further {
        let number = value(readout, &arm, scenario);
        arm.readouts.insert(readout.name.clone(), Some(number).filter(|number| number.is_finite()));
        if let Measure::Watched(watch, statistic) = &readout.what {
            let list = courses::found(&arm.found, watch).and_then(|found| courses::list(*statistic, found));
            arm.lists.extend(list.map(|list| (readout.name.clone(), list)));
        }
    }
    arm
}
