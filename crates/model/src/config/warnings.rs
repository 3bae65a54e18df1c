//! Warnings with the places of what they are about.

use super::Loader;
use super::notes::{Note, Places};
use super::writer::RESOLVED;
use crate::scenario::sweep::BoundSweep;
use crate::scenario::warnings::{Stated, Subject, Warning, Written, of_finding, of_hypothesis, of_scenario, of_sweep};
use crate::scenario::whole::Scenario;
use crate::scenario::{Finding, Hypothesis};

/// A file of which warnings are told: its number among those read, and where its values stand.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    /// Number of the file.
    pub file: usize,
    /// Places of values, in it and in what it names.
    pub places: &'a Places,
}

impl Loader<'_> {
    /// Warns of a scenario, or of a circuit or a pharmacology alone.
    pub(super) fn warn_of_scenario(&mut self, scenario: &Scenario, file: usize) {
        if self.is_sound() {
            let places = self.notes.places();
            let of = Of { file, places: &places };
            let found = self.found(of, |written| of_scenario(&Subject::new(scenario, None, written)));
            self.keep(found, of);
        }
    }

    /// Warns of a sweep, which is read last, and of its scenario.
    pub(super) fn warn_of_sweep(&mut self, scenario: &Scenario, bound: &BoundSweep, of: Of<'_>) {
        let found = self.found(of, |written| of_scenario(&Subject::new(scenario, Some(bound), written)));
        self.keep(found, of);
        let found = self.found(of, |written| of_sweep(&Subject::new(scenario, Some(bound), written)));
        let places = self.notes.places();
        self.keep(found, Of { file: 0, places: &places });
    }

    /// Warns of a finding, which is read last, and of its scenario; `whole` is that scenario with the finding's changes and
    /// with its arms behind the `own` ones, under a hypothesis.
    pub(super) fn warn_of_finding(
        &mut self,
        finding: &Finding,
        hypothesis: Option<&Hypothesis>,
        (whole, own): (&Scenario, usize),
        of: Of<'_>,
    ) {
        let laid_over = hypothesis.iter().flat_map(|hypothesis| hypothesis.set.keys());
        let changed: Vec<&String> = finding.set.keys().chain(laid_over).collect();
        let found = self
            .found(of, |written| of_scenario(&Subject::new(whole, None, written).changed_at(changed.iter().copied())));
        let (mut of_finding, of_scenario) = (of_finding(finding, whole), Vec::new());
        let of_scenario = found.into_iter().fold(of_scenario, |mut rest, warning| {
            match in_finding(&warning.path, own) {
                Some(path) => of_finding.push(Warning { path, ..warning }),
                None => rest.push(warning),
            }
            rest
        });
        self.keep(of_scenario, of);
        let places = self.notes.places();
        self.keep(of_finding, Of { file: 0, places: &places });
    }

    /// Warns of a hypothesis.
    pub(super) fn warn_of_hypothesis(&mut self, hypothesis: &Hypothesis) {
        let places = self.notes.places();
        self.keep(of_hypothesis(hypothesis), Of { file: 0, places: &places });
    }

    /// Whether nothing is wrong so far: what is wrong is told alone.
    fn is_sound(&self) -> bool {
        self.notes.problems.is_empty() && self.failures.is_empty()
    }

    fn found(&self, of: Of<'_>, find: impl Fn(Written<'_>) -> Vec<Warning>) -> Vec<Warning> {
        let is_argument = |file: usize| self.texts.get(file).is_some_and(|(name, _)| name.starts_with("--set "));
        let stated = |path: &str| match of.places.of(path) {
            None => Stated::Nowhere,
            Some((file, _)) if file == of.file || is_argument(file) => Stated::Here,
            Some(_) => Stated::InPart,
        };
        let is_resolved = self.texts.get(of.file).is_some_and(|(_, text)| text.starts_with(RESOLVED));
        find(if is_resolved { Written::Resolved } else { Written::InFiles(&stated) })
    }

    fn keep(&mut self, found: Vec<Warning>, of: Of<'_>) {
        let notes = found.into_iter().map(|warning| of.places.locate(warning, of.file));
        let notes: Vec<Note> = notes.collect();
        self.warnings.extend(notes);
    }
}

/// The path in a finding of what stands at a path of its scenario, to whose `own` arms those of the finding are added.
fn in_finding(path: &str, own: usize) -> Option<String> {
    let (index, rest) = path.strip_prefix("arms.")?.split_once('.')?;
    let index = index.parse::<usize>().ok()?.checked_sub(own)?;
    Some(format!("arms.{index}.{rest}"))
}
