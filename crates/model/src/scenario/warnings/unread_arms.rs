//! Arms of a finding that no check reads.

use super::Warning;
use crate::scenario::Finding;
use crate::scenario::finding::Check;
use crate::scenario::whole::Scenario;

/// `scenario` is the finding's, with the finding's arms.
pub(super) fn find(finding: &Finding, scenario: &Scenario) -> Vec<Warning> {
    let mut read: Vec<&str> = finding.checks.iter().flat_map(Check::arms).collect();
    read.extend([scenario.compare.control.as_str(), scenario.compare.stress.as_str()]);
    for arm in &scenario.arms {
        read.extend(arm.compare.iter().flat_map(|own| [own.control.as_str(), own.stress.as_str()]));
        read.push(&arm.extends);
    }
    let unread = finding.arms.iter().enumerate().filter(|(_, arm)| !read.contains(&arm.name.as_str()));
    unread
        .map(|(index, arm)| {
            let message = format!("no check reads the arm `{}`", arm.name);
            Warning::new(format!("arms.{index}.name"), message, "a check of it")
        })
        .collect()
}
