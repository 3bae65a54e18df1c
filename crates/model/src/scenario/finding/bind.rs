//! Fits a finding to its scenario: its parameters set, its arms added, its checks' arms and readouts found.

use super::{Check, Expression, Finding, Hypothesis};
use crate::scenario::declare::Setting;
use crate::scenario::path::{PathError, joined, segments};
use crate::scenario::readout::Readout;
use crate::scenario::settable::{Refusal, Setter, refusal};
use crate::scenario::validate::{Problem, validate};
use crate::scenario::whole::Scenario;
use crate::scenario::{Arm, nearest};
use indexmap::IndexMap;

/// A finding that fits its scenario.
#[derive(Clone, Debug)]
pub struct BoundFinding {
    /// As it is written.
    pub finding: Finding,
    /// The scenario with the finding's parameters, and of its arms those that the checks need.
    pub scenario: Scenario,
    /// The same with all arms: the scenario's own, then the finding's.
    pub whole: Scenario,
}

/// Fits a finding to its scenario.
///
/// # Errors
/// Every problem, with its path in the finding: parameters that do not exist, arms that do not hold together, checks that
/// read what is not there.
pub fn bind(finding: &Finding, scenario: &Scenario) -> Result<BoundFinding, Vec<Problem>> {
    let mut scenario = scenario.clone();
    let mut problems = carry_out(&finding.set, &mut scenario);
    let own = scenario.arms.len();
    scenario.arms.extend(finding.arms.iter().cloned());
    let named: Vec<String> = finding.checks.iter().flat_map(Check::readouts).map(str::to_owned).collect();
    Readout::add_times(&named, &mut scenario);
    problems.extend(validate(&scenario).into_iter().map(|problem| in_finding(problem, own)));
    if problems.is_empty() {
        problems.extend(checks(finding, &scenario));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let whole = scenario.clone();
    scenario.arms = needed(finding, &scenario);
    Ok(BoundFinding { finding: finding.clone(), scenario, whole })
}

/// Lays a hypothesis's parameters over a scenario.
///
/// # Errors
/// The parameters that do not exist or whose values do not fit.
pub fn lay_over(hypothesis: &Hypothesis, scenario: &mut Scenario) -> Result<(), Vec<Problem>> {
    let problems = carry_out(&hypothesis.set, scenario);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn carry_out(set: &IndexMap<String, Setting>, scenario: &mut Scenario) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, setting) in set {
        let place = joined("set", path);
        if let Some(Refusal { message, expected }) = refusal(path, Setter::Finding) {
            let message = format!("`{path}` {message}");
            problems.push(Problem { path: place, message, expected: expected.into(), nearest: None });
            continue;
        }
        match scenario.set(path, setting) {
            Ok(_) => {}
            Err(PathError::NoSuchPath { path, nearest }) => problems.push(Problem {
                path: place,
                message: format!("there is no parameter `{path}`"),
                expected: "the path of a parameter, as `disinhibit check` lists them".into(),
                nearest,
            }),
            Err(PathError::BadValue { message, expected, .. }) => {
                problems.push(Problem { path: place, message, expected, nearest: None });
            }
        }
    }
    problems
}

/// A problem of the scenario with the place in the finding that brought it: the finding's arms follow the scenario's own.
fn in_finding(problem: Problem, own: usize) -> Problem {
    let place = segments(&problem.path);
    let index = place.get(1).and_then(|index| index.parse::<usize>().ok());
    match (place.first().map(String::as_str), index) {
        (Some("arms"), Some(index)) if index >= own => {
            let inner = place[2..].iter().fold(format!("arms.{}", index - own), |path, key| joined(&path, key));
            Problem { path: inner, ..problem }
        }
        _ => Problem { path: "scenario".into(), message: format!("{}: {}", problem.path, problem.message), ..problem },
    }
}

fn checks(finding: &Finding, scenario: &Scenario) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut report = |path: String, message: &str, expected: &str| {
        let (message, expected) = (message.to_owned(), expected.to_owned());
        problems.push(Problem { path, message, expected, nearest: None });
    };
    if finding.checks.is_empty() {
        report("checks".into(), "a finding has at least one check", "`[[checks]]`");
    }
    for (index, check) in finding.checks.iter().enumerate() {
        let place = format!("checks.{index}");
        match (check.at_least, check.at_most) {
            (None, None) => report(place, "the check expects nothing", "`at_least`, `at_most` or both"),
            (Some(low), Some(high)) if low > high => {
                report(joined(&place, "at_least"), "the range is empty", "`at_least` not above `at_most`");
            }
            _ => {}
        }
    }
    for (index, check) in finding.checks.iter().enumerate() {
        problems.extend(names(check, &format!("checks.{index}"), scenario));
    }
    problems
}

/// The arms and readouts of a check that do not exist.
fn names(check: &Check, place: &str, scenario: &Scenario) -> Vec<Problem> {
    let mut problems = expression(&check.value, place, scenario);
    if let Some(than) = &check.than {
        problems.extend(expression(than, &joined(place, "than"), scenario));
    }
    for (index, name) in check.beyond.iter().flat_map(|beyond| beyond.arms.iter().enumerate()) {
        problems.extend(known_arm(name, format!("{place}.beyond.arms.{index}"), scenario));
    }
    problems
}

fn expression(expression: &Expression, place: &str, scenario: &Scenario) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(known_arm(&expression.arm, joined(place, "arm"), scenario));
    problems.extend(known_readout(&expression.readout, joined(place, "readout"), scenario));
    let references =
        [("minus", &expression.minus), ("over", &expression.over), ("share_of", &expression.share_of)].into_iter();
    for (key, reference) in references.filter_map(|(key, reference)| Some((key, reference.as_ref()?))) {
        let place = joined(place, key);
        let (arm, readout) = expression.referred(reference);
        problems.extend(known_arm(arm, joined(&place, "arm"), scenario));
        if !reference.readout.is_empty() {
            problems.extend(known_readout(readout, joined(&place, "readout"), scenario));
        }
    }
    problems
}

fn known_arm(name: &str, path: String, scenario: &Scenario) -> Option<Problem> {
    let known = || scenario.arms.iter().map(|arm| arm.name.as_str());
    (!known().any(|arm| arm == name)).then(|| Problem {
        path,
        message: format!("there is no arm `{name}`"),
        expected: known().collect::<Vec<_>>().join(", "),
        nearest: nearest(name, known()),
    })
}

fn known_readout(name: &str, path: String, scenario: &Scenario) -> Option<Problem> {
    let found = Readout::chosen(&[name.to_owned()], scenario);
    let (message, expected, nearest) = match found {
        Ok(found) if found.len() == 1 => return None,
        Ok(_) => {
            (format!("`{name}` is there at every report time"), format!("a time, such as `{name} at 10 min`"), None)
        }
        Err(problems) => {
            let first = problems.into_iter().next()?;
            (first.message, first.expected, first.nearest)
        }
    };
    Some(Problem { path, message, expected, nearest })
}

/// The arms that the checks read and those that they are compared with, each standing on its own.
fn needed(finding: &Finding, scenario: &Scenario) -> Vec<Arm> {
    let resolved = scenario.resolved_arms();
    let mut names: Vec<String> = finding.checks.iter().flat_map(Check::arms).map(str::to_owned).collect();
    names.extend([scenario.compare.control.clone(), scenario.compare.stress.clone()]);
    let own = resolved.iter().filter(|arm| names.contains(&arm.name)).filter_map(|arm| arm.compare.as_ref());
    let compared: Vec<String> = own.flat_map(|own| [own.control.clone(), own.stress.clone()]).collect();
    names.extend(compared);
    let kept = resolved.into_iter().filter(|arm| names.contains(&arm.name));
    kept.map(|arm| Arm { extends: String::new(), ..arm }).collect()
}
