//! What a file says without effect, or hardly as it was meant: it can be run, and a number may not mean what its reader thinks.
//!
//! Each check is a function in a file of its own and a line of `CHECKS`. What can never be run is an error, and stands under
//! `validate`.

mod alike_names;
mod constant_axes;
mod far_concentrations;
mod held_drives;
mod idle_division;
mod idle_forms;
mod idle_indices;
mod idle_ligands;
mod idle_points;
mod idle_receptors;
mod idle_seeds;
mod idle_settings;
mod idle_stress;
mod incomplete_doses;
mod nothing_given;
mod other_time;
mod overridden_axes;
mod repeated_arms;
mod silent_receptors;
mod undefined_readouts;
mod unread_arms;
mod unused_constants;
mod unused_kinetics;
mod unused_synapses;
mod windows;
mod zeros;

use super::arm::Arm;
use super::declare::Node;
use super::finding::{Finding, Hypothesis};
use super::listing::{Value, list};
use super::path::{joined, segments};
use super::run::{Compare, Run};
use super::signal::Signal;
use super::sweep::BoundSweep;
use super::whole::Scenario;
use std::collections::HashSet;

/// Something that a file says without effect, or hardly as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The check that found it.
    pub check: &'static str,
    /// The path of the value that it is about: in the scenario, or in the file of the sweep or the finding.
    pub path: String,
    /// What is so.
    pub message: String,
    /// What was expected; may be empty.
    pub expected: String,
}

impl Warning {
    fn new(path: impl Into<String>, message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { check: "", path: path.into(), message: message.into(), expected: expected.into() }
    }
}

/// Where a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated {
    /// Nowhere: it has its default.
    Nowhere,
    /// In a file that the scenario names, which may serve other scenarios too.
    InPart,
    /// In the scenario's own file or on the command line.
    Here,
}

/// The check of findings, and that of hypotheses.
const UNREAD_ARM: &str = "unread arm";
const IDLE_HYPOTHESIS: &str = "idle hypothesis";

/// What is known of how a scenario was written.
#[derive(Clone, Copy)]
pub enum Written<'a> {
    /// In code: what has its default counts as written nowhere, everything else as written for this scenario.
    InCode,
    /// By this program, with every parameter: what has its default counts as written nowhere, and nothing tells which of the
    /// rest served other scenarios.
    Resolved,
    /// In files, which say where a path is written.
    InFiles(&'a dyn Fn(&str) -> Stated),
}

/// How a check finds what it warns of.
type Find = fn(&Subject<'_>) -> Vec<Warning>;

/// Every check of a scenario, or of a circuit or a pharmacology alone.
const CHECKS: &[(&str, Find)] = &[
    ("alike names", alike_names::find),
    ("silent receptor", silent_receptors::find),
    ("idle receptor", idle_receptors::find),
    ("idle ligand", idle_ligands::find),
    ("idle form", idle_forms::find),
    ("unused kinetics", unused_kinetics::find),
    ("far concentration", far_concentrations::find),
    ("incomplete dose", incomplete_doses::find),
    ("nothing given", nothing_given::find),
    ("idle stress", idle_stress::find),
    ("idle setting", idle_settings::find),
    ("repeated arm", repeated_arms::find),
    ("window", windows::find),
    ("other time", other_time::find),
    ("idle seed", idle_seeds::find),
    ("held drives", held_drives::find),
    ("undefined readout", undefined_readouts::find),
    ("unused synapses", unused_synapses::find),
    ("unused constant", unused_constants::find),
    ("idle division", idle_division::find),
    ("idle index", idle_indices::find),
    ("zero", zeros::find),
];

/// Every check of a sweep. Its warnings have paths in the sweep's own file.
const CHECKS_OF_SWEEPS: &[(&str, Find)] = &[
    ("overridden axis", overridden_axes::find),
    ("constant axis", constant_axes::find),
    ("idle points", idle_points::find),
    ("idle axis", other_time::find_axes),
    ("idle seed", idle_seeds::find_in_sweep),
    ("undefined readout", undefined_readouts::find_in_sweep),
];

/// The names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().chain(CHECKS_OF_SWEEPS).map(|(name, _)| *name).chain([UNREAD_ARM, IDLE_HYPOTHESIS])
}

/// What the checks look at.
pub struct Subject<'a> {
    /// The scenario; of a circuit or a pharmacology file, the part that it describes.
    pub scenario: &'a Scenario,
    /// The sweep over it.
    pub sweep: Option<&'a BoundSweep>,
    /// Its arms with what they inherit.
    arms: Vec<Arm>,
    /// Paths that arms, axes or a finding change.
    changed: HashSet<Vec<String>>,
    written: Written<'a>,
    /// Paths of the run and the comparison whose values are not their defaults.
    not_default: HashSet<String>,
    /// Signals and readouts that something names.
    named: Vec<String>,
}

impl<'a> Subject<'a> {
    /// A scenario, with a sweep over it.
    pub fn new(scenario: &'a Scenario, sweep: Option<&'a BoundSweep>, written: Written<'a>) -> Self {
        let arms = scenario.resolved_arms();
        let mut changed: HashSet<Vec<String>> = HashSet::new();
        changed.extend(arms.iter().flat_map(|arm| arm.set.keys()).map(|path| canonical(scenario, path)));
        changed.extend(sweep.iter().flat_map(|sweep| &sweep.axes).map(|axis| canonical(scenario, &axis.path)));
        let mut named = Signal::referred_to(scenario);
        named.extend(scenario.run.readouts.iter().chain([&scenario.compare.off_target]).cloned());
        named.extend(sweep.iter().flat_map(|sweep| &sweep.sweep.readouts).cloned());
        let not_default = not_default(scenario);
        Self { scenario, sweep, arms, changed, written, not_default, named }
    }

    /// As changed by a finding or a hypothesis, too, at these paths.
    #[must_use]
    pub fn changed_at<'p>(mut self, paths: impl IntoIterator<Item = &'p String>) -> Self {
        let scenario = self.scenario;
        self.changed.extend(paths.into_iter().map(|path| canonical(scenario, path)));
        self
    }

    /// Whether it is an experiment, rather than a circuit or a pharmacology alone.
    fn is_whole(&self) -> bool {
        !self.scenario.arms.is_empty()
    }

    /// Whether a key of `run` or `compare` is written, with another value than its default where files are written by this
    /// program.
    fn states(&self, path: &str) -> bool {
        match self.written {
            Written::InCode | Written::Resolved => self.not_default.contains(path),
            Written::InFiles(stated) => stated(path) != Stated::Nowhere,
        }
    }

    /// Whether a value is written for this scenario alone: what a file for several holds may serve another of them.
    fn is_own(&self, path: &str) -> bool {
        match self.written {
            Written::InCode => true,
            Written::Resolved => false,
            Written::InFiles(stated) => stated(path) == Stated::Here,
        }
    }

    /// Whether an arm, an axis or a finding changes the value at a path.
    fn is_changed(&self, path: &str) -> bool {
        self.changed.contains(&segments(path))
    }

    /// Whether a signal or a readout is named somewhere, by a part of its name.
    fn is_named(&self, part: &str) -> bool {
        self.named.iter().any(|name| name.contains(part))
    }

    /// Whether anything is random: a population has noise, or is given some by an arm or an axis.
    fn is_noisy(&self) -> bool {
        let is_noise = |place: &Vec<String>| matches!(&place[..], [first, _, noise, sigma] if first == "populations" && noise == "noise" && sigma == "sigma");
        let sigma = |population: &super::Population| population.noise.as_ref().is_some_and(|noise| noise.sigma > 0.0);
        self.scenario.circuit.populations.values().any(sigma) || self.changed.iter().any(is_noise)
    }
}

/// Everything that a scenario, or a circuit or a pharmacology alone, says without effect or hardly as it was meant.
pub fn of_scenario(subject: &Subject<'_>) -> Vec<Warning> {
    found(CHECKS, subject)
}

/// The same of a sweep's own file.
pub fn of_sweep(subject: &Subject<'_>) -> Vec<Warning> {
    found(CHECKS_OF_SWEEPS, subject)
}

/// The same of a finding's own file.
pub fn of_finding(finding: &Finding, scenario: &Scenario) -> Vec<Warning> {
    let found = unread_arms::find(finding, scenario).into_iter();
    found.map(|warning| Warning { check: UNREAD_ARM, ..warning }).collect()
}

/// The same of a hypothesis's own file.
pub fn of_hypothesis(hypothesis: &Hypothesis) -> Vec<Warning> {
    let idle = hypothesis.set.is_empty() && hypothesis.pharmacology.is_empty();
    let warning = || Warning {
        check: IDLE_HYPOTHESIS,
        ..Warning::new("claim", "the hypothesis changes nothing", "`set` or `pharmacology`")
    };
    idle.then(warning).into_iter().collect()
}

fn found(checks: &[(&'static str, Find)], subject: &Subject<'_>) -> Vec<Warning> {
    let run = |(check, find): &(&'static str, Find)| {
        let check = *check;
        find(subject).into_iter().map(move |warning| Warning { check, ..warning })
    };
    checks.iter().flat_map(run).collect()
}

/// The steps of a path with list entries by their index.
fn canonical(scenario: &Scenario, path: &str) -> Vec<String> {
    let mut place = segments(path);
    let index = match &place.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["arms", name, ..] => scenario.arms.iter().position(|arm| arm.name == *name).map(|index| (1, index)),
        ["receptors", receptor, list @ ("binds" | "blocked_by"), ligand, ..] => {
            let receptor = scenario.receptors.get(*receptor);
            let index = receptor.and_then(|receptor| match *list {
                "binds" => receptor.binds.iter().position(|one| one.ligand == *ligand),
                _ => receptor.blocked_by.iter().position(|one| one.ligand == *ligand),
            });
            index.map(|index| (3, index))
        }
        _ => None,
    };
    if let Some((step, index)) = index {
        place[step] = index.to_string();
    }
    place
}

/// Paths of the run and the comparison whose values are not their defaults.
fn not_default(scenario: &Scenario) -> HashSet<String> {
    let entries = |name: &str, node: &mut dyn Node| -> Vec<(String, Value)> {
        list(node).into_iter().map(|entry| (format!("{name}.{}", entry.path), entry.value)).collect()
    };
    let (mut run, mut compare) = (scenario.run.clone(), scenario.compare.clone());
    let mut own = entries("run", &mut run);
    own.extend(entries("compare", &mut compare));
    let mut defaults = entries("run", &mut Run::default());
    defaults.extend(entries("compare", &mut Compare::default()));
    own.into_iter().filter(|entry| !defaults.contains(entry)).map(|(path, _)| path).collect()
}

/// The path of an element of a list of an arm.
fn element(arm: usize, list: &str, index: usize) -> String {
    format!("arms.{arm}.{list}.{index}")
}

/// A path below another.
fn below(path: &str, keys: &[&str]) -> String {
    keys.iter().fold(path.to_owned(), |path, key| joined(&path, key))
}

/// Names in quotes, with commas.
fn quoted_list<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
