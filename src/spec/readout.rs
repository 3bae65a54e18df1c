//! What a sweep keeps of an arm: numbers by name.

use super::circuit::Circuit;
use super::connections::Weight;
use super::nearest;
use super::run::Time;
use super::scenario::Scenario;
use super::signal::Signal;
use super::validate::Problem;
use crate::units::Dimension;

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
    /// A plasticity variable at a report time.
    Plasticity(String, String),
    /// An index at a report time.
    Index(String, String),
    /// Excitatory synaptic current onto the main population relative to control, at a report time.
    Excitation(String),
    /// The same of inhibitory current.
    Inhibition(String),
    /// Rescue at the time that counts as lasting.
    LastingRescue,
    /// The last hour in which rescue exceeds 0.3.
    LastHour,
    /// The hour at which the lasting rescue has halved.
    LastingHalfTime,
    /// Variance of the main population's rate in the window.
    Variance,
    /// Frequency at which its spectrum is highest.
    PeakFrequency,
    /// When its rate first reaches the threshold.
    FirstPassage,
    /// When the rate of a population first does.
    FirstPassageOf(String),
    /// Minutes above control.
    MinutesAbove,
    /// Its largest rate.
    Peak,
    /// When that is.
    PeakTime,
    /// The same over the control arm's rate then.
    PeakOverControl,
    /// Hours of the run in which rescue exceeds 0.3.
    HoursRescued,
    /// How many events there were.
    Events,
    /// Any signal, by its name, at a report time.
    Signal(String, String),
    /// The input to one population (first) from another (second) at a report time.
    Input(String, String, String),
    /// The size of all input of one sign to a population at a report time: from the excitatory (true) or the inhibitory
    /// sources. The share of a drug-free value is that of the charge of spontaneous synaptic currents.
    Synaptic(bool, String, String),
    /// The weight of that connection with everything that acts on it.
    Weight(String, String, String),
    /// An extreme of a signal after the window's start: of a rate within the window, of other signals in the whole run.
    Extreme(Extremum, String),
    /// Minutes from the window's start until a rate has gone half way from its value there to its extreme in the window.
    HalfTime(String),
}

/// Which extreme of a trace, and what of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extremum {
    /// The largest value.
    Highest,
    /// When the largest value is reached.
    HighestAt,
    /// The smallest value.
    Lowest,
    /// When the smallest value is reached.
    LowestAt,
}

impl Extremum {
    /// Every kind with the word that stands before a signal's name in a readout.
    const WORDS: [(&'static str, Self); 4] = [
        ("highest", Self::Highest),
        ("highest_at", Self::HighestAt),
        ("lowest", Self::Lowest),
        ("lowest_at", Self::LowestAt),
    ];

    /// Whether it is a time.
    fn is_time(self) -> bool {
        matches!(self, Self::HighestAt | Self::LowestAt)
    }
}

impl Readout {
    fn new(name: String, unit: &'static str, what: Measure) -> Self {
        Self { name, unit, what }
    }

    /// Whether the readout needs traces of more than the rates.
    pub fn needs_all_signals(&self) -> bool {
        match &self.what {
            Measure::Signal(signal, _) | Measure::Extreme(_, signal) => !signal.starts_with("rate."),
            _ => false,
        }
    }

    /// The readouts that a sweep keeps where none is named.
    pub fn all(scenario: &Scenario) -> Vec<Self> {
        let mut all = Vec::new();
        let labels: Vec<&String> = scenario.run.report.iter().map(|report| &report.label).collect();
        for label in &labels {
            for population in scenario.circuit.populations.keys() {
                let what = Measure::Rate(population.clone(), (*label).clone());
                all.push(Self::new(format!("rate.{population} at {label}"), "Hz", what));
            }
        }
        for label in &labels {
            for name in scenario.plasticity.keys() {
                let what = Measure::Plasticity(name.clone(), (*label).clone());
                all.push(Self::new(format!("plasticity.{name} at {label}"), "", what));
            }
            for name in scenario.indices.keys() {
                let what = Measure::Index(name.clone(), (*label).clone());
                all.push(Self::new(format!("index.{name} at {label}"), "", what));
            }
            all.push(Self::new(format!("sepsc_ratio at {label}"), "", Measure::Excitation((*label).clone())));
            all.push(Self::new(format!("sipsc_ratio at {label}"), "", Measure::Inhibition((*label).clone())));
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
        all.push(Self::new("hours_with_rescue_above_0_3".into(), "h", Measure::HoursRescued));
        all.push(Self::new("last_hour_with_rescue_above_0_3".into(), "h", Measure::LastHour));
        all.push(Self::new("lasting_rescue".into(), "", Measure::LastingRescue));
        all.push(Self::new("lasting_half_time".into(), "h", Measure::LastingHalfTime));
        if scenario.compare.threshold.is_some() {
            all.push(Self::new("first_passage".into(), "s", Measure::FirstPassage));
        }
        if scenario.run.time == Time::Fast {
            all.push(Self::new("variance".into(), "Hz^2", Measure::Variance));
            all.push(Self::new("peak_frequency".into(), "Hz", Measure::PeakFrequency));
        }
        all.push(Self::new("events".into(), "", Measure::Events));
        all
    }

    /// The readout of that name, if the scenario has it. Besides those of [`Self::all`] there are, for any recorded signal
    /// and any connection from SOURCE onto TARGET:
    ///
    /// ```text
    /// SIGNAL at TIME           such as activation.MOR.SST at 10 min, or gate.nmda.Pyr at 10 min
    /// input.TARGET.SOURCE at TIME, weight.TARGET.SOURCE at TIME: all synapses of the pair, but for divisive ones
    /// input.TARGET.PLACE at TIME, weight.TARGET.PLACE at TIME: some of them, by where their weight stands under
    ///                          [onto.TARGET], such as input.Pyr.through.nmda.Pyr
    /// excitation.TARGET at TIME, inhibition.TARGET at TIME: sizes of all input from sources of that sign
    /// highest.SIGNAL, highest_at.SIGNAL, lowest.SIGNAL, lowest_at.SIGNAL
    /// half_time.POPULATION
    /// first_passage.POPULATION, where the scenario has a threshold
    /// ```
    pub fn named(name: &str, scenario: &Scenario) -> Option<Self> {
        if let Some(found) = Self::all(scenario).into_iter().find(|readout| readout.name == name) {
            return Some(found);
        }
        if let Some((place, label)) = name.split_once(" at ") {
            let reported = scenario.run.report.iter().any(|report| report.label == label);
            let (unit, what) = reported.then(|| Self::at_time(place, label, scenario))??;
            return Some(Self::new(name.to_owned(), unit, what));
        }
        let new = |unit, what| Some(Self::new(name.to_owned(), unit, what));
        let (word, rest) = name.split_once('.')?;
        if word == "half_time" && scenario.circuit.populations.contains_key(rest) {
            return new("min", Measure::HalfTime(rest.to_owned()));
        }
        let passes = scenario.compare.threshold.is_some() && scenario.circuit.populations.contains_key(rest);
        if word == "first_passage" && passes {
            return new("s", Measure::FirstPassageOf(rest.to_owned()));
        }
        let (_, extremum) = Extremum::WORDS.into_iter().find(|(known, _)| *known == word)?;
        let unit = signal_unit(rest, scenario)?;
        new(if extremum.is_time() { "min" } else { unit }, Measure::Extreme(extremum, rest.to_owned()))
    }

    /// What stands before a report time in a readout that is not among [`Self::all`], with its unit.
    fn at_time(place: &str, label: &str, scenario: &Scenario) -> Option<(&'static str, Measure)> {
        let (circuit, label) = (&scenario.circuit, label.to_owned());
        if let Some(unit) = signal_unit(place, scenario) {
            return Some((unit, Measure::Signal(place.to_owned(), label)));
        }
        let (word, onto) = place.split_once('.')?;
        if ["excitation", "inhibition"].contains(&word) && circuit.populations.contains_key(onto) {
            let what = Measure::Synaptic(word == "excitation", onto.to_owned(), label);
            return Some((circuit.input_unit.symbol(), what));
        }
        let (onto, from) = onto.split_once('.')?;
        let dimensions = weight_dimensions(circuit, onto, from);
        let (onto, from) = (onto.to_owned(), from.to_owned());
        match (word, dimensions.as_slice()) {
            // What divides has no unit.
            ("input", [Dimension::Number]) => Some(("", Measure::Input(onto, from, label))),
            ("input", [_, ..]) => Some((circuit.input_unit.symbol(), Measure::Input(onto, from, label))),
            ("weight", [one]) => Some((one.base_symbol(circuit.input_unit), Measure::Weight(onto, from, label))),
            _ => None,
        }
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
            let mut found: Vec<Self> = all.iter().filter(fits).cloned().collect();
            if found.is_empty() {
                found.extend(Self::named(name, scenario));
            }
            if found.is_empty() {
                let labels = scenario.run.report.iter().map(|report| &report.label);
                found.extend(labels.filter_map(|label| Self::named(&format!("{name} at {label}"), scenario)));
            }
            if found.is_empty() {
                problems.push(Problem { path: format!("readouts.{index}"), ..unknown(name, &all, scenario) });
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

impl Measure {
    /// Whether it needs the run from its start to its end: what has no time of its own, but for a first passage and the
    /// count of events.
    pub fn needs_whole_run(&self) -> bool {
        matches!(
            self,
            Self::LastingRescue
                | Self::LastHour
                | Self::LastingHalfTime
                | Self::Variance
                | Self::PeakFrequency
                | Self::MinutesAbove
                | Self::Peak
                | Self::PeakTime
                | Self::PeakOverControl
                | Self::HoursRescued
                | Self::Extreme(..)
                | Self::HalfTime(_)
        )
    }
}

/// Why there is no readout of a name.
fn unknown(name: &str, all: &[Readout], scenario: &Scenario) -> Problem {
    let path = String::new();
    let mut parts = name.split(" at ").next().unwrap_or_default().splitn(3, '.');
    if let (Some("weight"), Some(onto), Some(from)) = (parts.next(), parts.next(), parts.next())
        && let [_, _, ..] = weight_dimensions(&scenario.circuit, onto, from)[..]
    {
        let message = format!("the weights from `{from}` onto `{onto}` have different units and do not add up");
        let places = scenario.circuit.weights_between(onto, from);
        let places = places.iter().filter(|weight| !weight.projection().is_plain());
        let places: Vec<String> = places.map(|one| format!("weight.{onto}.{}", one.projection().place())).collect();
        return Problem { path, message, expected: places.join(", "), nearest: None };
    }
    let mut known: Vec<&str> = all.iter().filter_map(|readout| readout.name.split(" at ").next()).collect();
    known.sort_unstable();
    known.dedup();
    Problem {
        path,
        message: format!("there is no readout `{name}`"),
        expected: format!(
            "{}, input.TARGET.SOURCE, weight.TARGET.SOURCE, excitation.TARGET, inhibition.TARGET, or a signal; some with a \
             report time, such as `rescue at 10 min`; highest.SIGNAL, lowest.SIGNAL, half_time.POPULATION, \
             first_passage.POPULATION",
            known.join(", ")
        ),
        nearest: nearest(name, known.iter().copied()),
    }
}

/// What the weights that `from` names onto a population measure, each dimension once: those of a source, but for divisive
/// ones, or the weight that stands at a place of the target's table, such as `through.CLASS.SOURCE`.
fn weight_dimensions(circuit: &Circuit, onto: &str, from: &str) -> Vec<Dimension> {
    let mut weights = circuit.weights_between(onto, from);
    weights.retain(|weight| weight.compartment.adds());
    if weights.is_empty() {
        let here = |weight: &Weight<'_>| weight.onto == onto && weight.projection().place() == from;
        weights.extend(circuit.weights().into_iter().filter(here));
    }
    let mut dimensions: Vec<Dimension> = Vec::new();
    for weight in weights {
        if !dimensions.contains(&weight.dimension) {
            dimensions.push(weight.dimension);
        }
    }
    dimensions
}

/// The unit of a recorded signal, empty where it has none; none where there is no such signal.
fn signal_unit(name: &str, scenario: &Scenario) -> Option<&'static str> {
    let signal = Signal::parse(name)?;
    let recorded = Signal::recorded(scenario).contains(&signal);
    recorded.then(|| signal.dimension(scenario).base_symbol(scenario.circuit.input_unit))
}
