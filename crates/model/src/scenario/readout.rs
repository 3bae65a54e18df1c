//! What a sweep keeps of an arm: numbers by name.

use super::circuit::Circuit;
use super::connections::Weight;
use super::declare::TimeLabel;
use super::nearest;
use super::run::{Run, Time};
use super::signal::Signal;
use super::statistic::{RingStatistic, Statistic};
use super::validate::Problem;
use super::watch::{Followed, Height, MAIN_RATE, Watch};
use super::whole::Scenario;
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
    /// Minutes above control.
    MinutesAbove,
    /// Its largest rate over the control arm's rate then.
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
    /// A number of a signal that is followed step by step.
    Watched(Watch, Statistic),
    /// A number of a ring of units at a report time: of the population, at the time.
    Ring(RingStatistic, String, String),
}

impl Readout {
    fn new(name: String, unit: &'static str, what: Measure) -> Self {
        Self { name, unit, what }
    }

    fn watched(name: &str, signal: &str, statistic: Statistic) -> Self {
        let watch = Watch::new(signal, statistic.followed(Height::Threshold));
        let unit = statistic.unit(if signal.is_empty() { "rate." } else { signal });
        Self::new(name.to_owned(), unit, Measure::Watched(watch, statistic))
    }

    /// What must be followed step by step for it.
    pub fn watch(&self) -> Option<&Watch> {
        match &self.what {
            Measure::Watched(watch, _) => Some(watch),
            _ => None,
        }
    }

    /// What must be followed for the summary of a run, and for the readouts that it has besides.
    pub fn watches_of_run(scenario: &Scenario) -> Vec<Watch> {
        let mut all = Watch::of_summary(scenario);
        let further = if scenario.run.readouts.is_empty() {
            Vec::new()
        } else {
            Self::chosen(&scenario.run.readouts, scenario).unwrap_or_default()
        };
        for watch in further.iter().filter_map(Self::watch) {
            if !all.contains(watch) {
                all.push(watch.clone());
            }
        }
        all
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
        all.push(Self::watched("peak", MAIN_RATE, Statistic::Highest));
        all.push(Self::watched("peak_at", MAIN_RATE, Statistic::HighestAt));
        all.push(Self::new("peak_over_control".into(), "", Measure::PeakOverControl));
        all.push(Self::new("hours_with_rescue_above_0_3".into(), "h", Measure::HoursRescued));
        all.push(Self::new("last_hour_with_rescue_above_0_3".into(), "h", Measure::LastHour));
        all.push(Self::new("lasting_rescue".into(), "", Measure::LastingRescue));
        all.push(Self::new("lasting_half_time".into(), "h", Measure::LastingHalfTime));
        if scenario.compare.threshold.is_some() {
            all.push(Self::watched("first_passage", MAIN_RATE, Statistic::FirstPassage));
        }
        if scenario.run.time == Time::Fast {
            all.push(Self::watched("variance", MAIN_RATE, Statistic::Variance));
            all.push(Self::watched("peak_frequency", MAIN_RATE, Statistic::PeakFrequency));
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
    /// ring_sum.RING at TIME, and the other words of a ring of units ([`RingStatistic`])
    /// STATISTIC.SIGNAL, STATISTIC.POPULATION: those of [`Statistic`], such as mean.concentration.ketamine or period.E
    /// STATISTIC.ring_width.RING, and the other words of a ring
    /// STATISTIC.SIGNAL above HEIGHT: where a height is asked for, in the signal's unit; else the threshold of `compare`
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
        Self::of_course(name, scenario)
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
        if let Some((statistic, onto)) = RingStatistic::named(place) {
            let what = Measure::Ring(statistic, onto.to_owned(), label);
            return (units_of(onto, scenario).count() > 1).then(|| (statistic.unit(), what));
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

    /// A readout of a signal that is followed, by its name.
    fn of_course(name: &str, scenario: &Scenario) -> Option<Self> {
        let (course, height) = match name.split_once(" above ") {
            Some((course, height)) => (course, Some(height)),
            None => (name, None),
        };
        let (word, rest) = course.split_once('.').unwrap_or((course, ""));
        let statistic = Statistic::named(word)?;
        if let Some((ring, population)) = RingStatistic::named(rest) {
            let height = match (statistic.asks_for_height(), height) {
                (true, Some(text)) => Height::Of(ring.height(text)?),
                (false, None) => Height::Threshold,
                _ => return None,
            };
            let followed = statistic.followed(height);
            let is_ring = units_of(population, scenario).count() > 1;
            let what = Measure::Watched(Watch::new(rest, followed), statistic);
            let found = Self::new(name.to_owned(), ring.unit_over_time(statistic), what);
            return (is_ring && followed != Followed::Fluctuation).then_some(found);
        }
        let known = || recorded(scenario).into_iter();
        let signal = match rest {
            "" => MAIN_RATE.to_owned(),
            _ => {
                let rate = format!("rate.{rest}");
                known().find(|signal| signal == rest).or_else(|| known().find(|signal| *signal == rate))?
            }
        };
        let rate = signal == MAIN_RATE || signal.starts_with("rate.");
        let height = match (statistic.asks_for_height(), height) {
            (true, Some(text)) => {
                let dimension = if rate { Dimension::Rate } else { Signal::parse(&signal)?.dimension(scenario) };
                // 0 needs no unit.
                let zero = (text.trim() == "0").then_some(0.0);
                Height::Of(zero.or_else(|| dimension.read(text, scenario.circuit.input_unit).ok())?)
            }
            (true, None) if rate && scenario.compare.threshold.is_some() => Height::Threshold,
            (false, None) => Height::Threshold,
            _ => return None,
        };
        let followed = statistic.followed(height);
        if followed == Followed::Fluctuation && !(rate && scenario.run.time == Time::Fast) {
            return None;
        }
        let unit = match statistic {
            Statistic::Highest | Statistic::Lowest | Statistic::Mean if !rate => signal_unit(&signal, scenario)?,
            _ => statistic.unit(if rate { "rate." } else { &signal }),
        };
        Some(Self::new(name.to_owned(), unit, Measure::Watched(Watch::new(&signal, followed), statistic)))
    }

    /// A scenario that reports the times, too, that its own readouts name.
    pub fn with_times_of_run(scenario: &Scenario) -> Scenario {
        let mut with = scenario.clone();
        Self::add_times(scenario.run.readouts.iter().chain([&scenario.compare.off_target]), &mut with);
        with
    }

    /// Adds the times that readouts name, of those within the run, to the times that are reported.
    pub fn add_times<'a>(names: impl IntoIterator<Item = &'a String>, scenario: &mut Scenario) {
        let unit = scenario.circuit.input_unit;
        for label in names.into_iter().filter_map(|name| Some(name.split_once(" at ")?.1)) {
            let run = &mut scenario.run;
            let known = run.report.iter().any(|report| report.label == label);
            let minutes = Dimension::Time.read(label, unit).ok().filter(|time| (run.from..=run.to).contains(time));
            if let Some(minutes) = minutes.filter(|_| !known) {
                run.report.push(TimeLabel { label: label.to_owned(), minutes });
            }
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
        match self {
            Self::Watched(_, statistic) => statistic.needs_whole_run(),
            _ => self.compares(),
        }
    }

    /// Whether it holds the arm against others step by step.
    pub fn compares(&self) -> bool {
        matches!(
            self,
            Self::LastingRescue
                | Self::LastHour
                | Self::LastingHalfTime
                | Self::MinutesAbove
                | Self::PeakOverControl
                | Self::HoursRescued
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
        message: missing(name, scenario),
        expected: format!(
            "{}, input.TARGET.SOURCE, weight.TARGET.SOURCE, excitation.TARGET, inhibition.TARGET, or a signal; some with a \
             time of the run, such as `rescue at 10 min`; of signals and populations: {}, some with a height, such as \
             `time_above.E above 20 Hz`",
            known.join(", "),
            Statistic::words().collect::<Vec<_>>().join(", ")
        ),
        nearest: nearest(name, known.iter().copied()).or_else(|| likely(name, scenario)),
    }
}

/// Why there is no readout of a name, in a sentence.
fn missing(name: &str, scenario: &Scenario) -> String {
    let Run { from, to, .. } = scenario.run;
    let time = |label: &str| Dimension::Time.read(label, scenario.circuit.input_unit).ok();
    match name.split_once(" at ").and_then(|(_, label)| Some((label, time(label)?))) {
        Some((label, minutes)) if !(from..=to).contains(&minutes) => {
            format!("there is no readout `{name}`: {label} lies outside the run")
        }
        _ => format!("there is no readout `{name}`"),
    }
}

/// The name of a readout of a signal that is most like one that there is not.
fn likely(name: &str, scenario: &Scenario) -> Option<String> {
    let (place, time) = name.split_once(" at ").map_or((name, None), |(place, time)| (place, Some(time)));
    let signals = recorded(scenario);
    let plain = || nearest(place, signals.iter().map(String::as_str));
    let found = match place.split_once('.').filter(|(word, _)| Statistic::named(word).is_some()) {
        Some((word, rest)) => {
            nearest(rest, signals.iter().map(String::as_str)).map(|signal| format!("{word}.{signal}"))
        }
        None => plain(),
    }?;
    Some(time.map_or(found.clone(), |time| format!("{found} at {time}")))
}

/// The units of a population, in order: their places in the circuit and their names. None of a population that is one unit.
pub fn units_of<'a>(population: &'a str, scenario: &'a Scenario) -> impl Iterator<Item = (usize, &'a str)> {
    let populations = scenario.circuit.populations.keys().map(String::as_str).enumerate();
    populations.filter(move |(_, name)| {
        name.strip_prefix(population).is_some_and(|unit| unit.starts_with('[') && unit.ends_with(']'))
    })
}

/// The names of the signals that a run records.
pub fn recorded(scenario: &Scenario) -> Vec<String> {
    Signal::recorded(scenario).iter().map(ToString::to_string).collect()
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
