//! Expectations against results: which of the experiments that were done does a model reproduce?
//!
//! A finding is **reproduced** where all of its main checks hold, **partly** where some do, and **not** where none does or
//! where a premise fails (such as that there is an effect which a knock-out could take away). Side checks decide nothing;
//! those that fail are exceptions, and are counted beside the verdict.

pub mod shipped;
mod value;

use crate::config::finding::{Overlay, load_finding, load_hypothesis};
use crate::config::{ConfigError, Diagnostic, load_from};
use crate::readouts::summarise;
use crate::scenario::declare::Choice;
use crate::scenario::finding::{Check, Evidence, Part};
use crate::scenario::{Finding, Scenario};
use crate::simulate::{RunError, run};
use rayon::prelude::*;
use serde::{Serialize, Serializer};
use std::path::{Path, PathBuf};

/// How well a model reproduces a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All main checks hold.
    Reproduced,
    /// Some of them do.
    Partly,
    /// None does, or a premise fails.
    Not,
}

impl Verdict {
    /// The word that stands in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reproduced => "reproduced",
            Self::Partly => "partly",
            Self::Not => "not",
        }
    }

    /// The verdict of checks that hold or do not.
    pub fn of(checks: &[CheckResult]) -> Self {
        let of_part = |part: Part| checks.iter().filter(move |check| check.part == part);
        let held = of_part(Part::Main).filter(|check| check.holds).count();
        let premises_hold = of_part(Part::Premise).all(|check| check.holds);
        match held {
            0 => Self::Not,
            _ if !premises_hold => Self::Not,
            _ if held == of_part(Part::Main).count() => Self::Reproduced,
            _ => Self::Partly,
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckResult {
    /// The expectation in words.
    pub says: String,
    /// What it decides.
    pub part: Part,
    /// Whether the size, unlike the direction, is a choice.
    pub chosen: bool,
    /// What is measured, as the check is written.
    pub measured: String,
    /// The unit of the value; empty where it has none.
    pub unit: String,
    /// Smallest value that holds.
    pub at_least: Option<f64>,
    /// Largest value that holds.
    pub at_most: Option<f64>,
    /// The value; none where it is not defined.
    pub value: Option<f64>,
    /// Whether it holds.
    pub holds: bool,
}

/// What a model makes of a finding.
#[derive(Clone, Debug, Serialize)]
pub struct FindingResult {
    /// Its place in the table.
    pub number: u64,
    /// Short name.
    pub name: String,
    /// What was found.
    pub statement: String,
    /// What is done.
    pub manipulation: String,
    /// Who found it, and how sure that is.
    #[serde(serialize_with = "evidence")]
    pub evidence: Vec<Evidence>,
    /// `fitted`, `predicted` or `built-in`.
    pub status: String,
    /// What the status does not say.
    pub status_note: String,
    /// Why the default model does not show all of it.
    pub explanation: String,
    /// How well it is reproduced.
    pub verdict: Verdict,
    /// The checks.
    pub checks: Vec<CheckResult>,
    /// Arms that ended badly, with what happened.
    pub problems: Vec<String>,
}

impl FindingResult {
    /// Side checks that do not hold.
    pub fn exceptions(&self) -> usize {
        self.checks.iter().filter(|check| check.part == Part::Side && !check.holds).count()
    }
}

/// A model, and what it makes of every finding.
#[derive(Clone, Debug, Serialize)]
pub struct ModelResult {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub claim: String,
    /// Who holds it, or why it is tried.
    pub basis: String,
    /// Whether its numbers are published, fitted or chosen.
    pub status_note: String,
    /// The findings, in the order of their numbers.
    pub findings: Vec<FindingResult>,
}

impl ModelResult {
    /// How many findings have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }
}

/// Why findings cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum FindingsError {
    /// A file does not hold together.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A scenario cannot be run.
    #[error("{file}: {error}")]
    Run {
        /// The finding's file.
        file: String,
        /// Why.
        error: RunError,
    },
    /// A folder cannot be read.
    #[error("`{}` cannot be read: {error}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// There is nothing to look at.
    #[error("`{}` holds no files that end in .toml", .0.display())]
    Empty(PathBuf),
}

/// Runs the arms that a finding needs, and measures its checks.
///
/// # Errors
/// [`RunError`] where the circuit has no usable rest. An arm that ends badly is no error: what cannot be measured does not
/// hold, and the result says why.
pub fn look_at(finding: &Finding, scenario: &Scenario) -> Result<FindingResult, RunError> {
    let outcome = run(scenario)?;
    let summary = summarise(&outcome);
    let ended = summary.arms.iter().filter_map(|arm| Some(format!("{}: {}", arm.name, arm.problem.as_ref()?)));
    let checks: Vec<CheckResult> =
        finding.checks.iter().map(|check| result(check, &value::of(check, &summary, &outcome.scenario))).collect();
    Ok(FindingResult {
        number: finding.number,
        name: finding.name.clone(),
        statement: finding.statement.clone(),
        manipulation: finding.manipulation.clone(),
        evidence: finding.evidence.clone(),
        status: finding.status.word().to_owned(),
        status_note: finding.status_note.clone(),
        explanation: finding.explanation.clone(),
        verdict: Verdict::of(&checks),
        checks,
        problems: ended.collect(),
    })
}

fn result(check: &Check, measured: &value::Measured) -> CheckResult {
    let compared = measured.value.map(|value| match check.precision {
        Some(precision) => libm::round(value / precision) * precision,
        None => value,
    });
    // A range that is stated to a precision is as exact as that allows, whatever its binary digits are.
    let slack = check.precision.unwrap_or(0.0) * 1e-6;
    let holds = |value: f64| {
        check.at_least.is_none_or(|low| value >= low - slack) && check.at_most.is_none_or(|high| value <= high + slack)
    };
    CheckResult {
        says: check.says.clone(),
        part: check.part,
        chosen: check.chosen,
        measured: value::in_words(check),
        unit: measured.unit.clone(),
        at_least: check.at_least,
        at_most: check.at_most,
        value: measured.value,
        holds: compared.is_some_and(holds),
    }
}

/// What the default model, or one with a hypothesis laid over it, makes of the findings in some files.
///
/// # Errors
/// [`FindingsError`] with the first file that cannot be read or run.
pub fn model(
    library: shipped::Library,
    files: &[PathBuf],
    overlay: Option<&Overlay>,
) -> Result<ModelResult, FindingsError> {
    let read = |file: &PathBuf| {
        let loaded = load_finding(file, overlay, &|path| library.read(path))?;
        let result = look_at(&loaded.finding.unwrap_or_default(), &loaded.scenario);
        result.map_err(|error| FindingsError::Run { file: file.display().to_string(), error })
    };
    let results: Result<Vec<FindingResult>, FindingsError> = files.par_iter().map(read).collect();
    let mut findings = results?;
    findings.sort_by_key(|finding| finding.number);
    let hypothesis = overlay.map(|overlay| overlay.hypothesis.clone()).unwrap_or_default();
    let default = overlay.is_none();
    Ok(ModelResult {
        name: if default { "default model".into() } else { hypothesis.name },
        claim: if default { "The shipped model as it stands.".into() } else { hypothesis.claim },
        basis: hypothesis.basis,
        status_note: hypothesis.status_note,
        findings,
    })
}

/// The default model first, and then one for each hypothesis, against the same findings.
///
/// # Errors
/// As [`model`].
pub fn models(
    library: shipped::Library,
    findings: &[PathBuf],
    hypotheses: &[PathBuf],
) -> Result<Vec<ModelResult>, FindingsError> {
    let overlays: Result<Vec<Overlay>, ConfigError> =
        hypotheses.iter().map(|file| load_hypothesis(file, &|path| library.read(path))).collect();
    let mut overlays = overlays?;
    overlays.sort_by_key(|overlay| overlay.hypothesis.number);
    let all = std::iter::once(None).chain(overlays.iter().map(Some));
    all.map(|overlay| model(library, findings, overlay)).collect()
}

/// What the files of findings, their scenarios and the hypotheses say without effect, each once.
///
/// # Errors
/// [`FindingsError`] with the first file that does not hold together.
pub fn warnings(
    library: shipped::Library,
    findings: &[PathBuf],
    hypotheses: &[PathBuf],
) -> Result<Vec<Diagnostic>, FindingsError> {
    let read = |path: &Path| library.read(path);
    let mut all: Vec<Diagnostic> = Vec::new();
    let mut overlays = vec![None];
    for file in hypotheses {
        all.extend(load_from(file, &[], &read)?.warnings);
        overlays.push(Some(load_hypothesis(file, &read)?));
    }
    for overlay in &overlays {
        let of = |file: &PathBuf| load_finding(file, overlay.as_ref(), &read).map(|loaded| loaded.warnings);
        let found: Result<Vec<Vec<Diagnostic>>, ConfigError> = findings.par_iter().map(of).collect();
        all.extend(found?.into_iter().flatten());
    }
    let mut each: Vec<Diagnostic> = Vec::new();
    for warning in all {
        if !each.contains(&warning) {
            each.push(warning);
        }
    }
    Ok(each)
}

fn evidence<S: Serializer>(evidence: &[Evidence], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(evidence.iter().map(|one| {
        serde_json::json!({
            "citation": one.citation,
            "grade": one.grade.word(),
            "grade_meaning": one.grade.meaning(),
            "says": one.says,
        })
    }))
}
