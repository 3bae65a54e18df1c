//! The summary as JSON and as a table.

use crate::readouts::{ArmSummary, Summary};
use crate::scenario::Scenario;

/// The summary as indented JSON.
pub(super) fn json(summary: &Summary) -> Vec<u8> {
    // A summary holds texts, numbers, lists and maps with text keys: all of which JSON has.
    let mut bytes = serde_json::to_vec_pretty(summary).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// A report time in min by its label.
pub(super) fn minutes_of(label: &str, scenario: &Scenario) -> f64 {
    let found = scenario.run.report.iter().find(|time| time.label == label);
    found.map_or(f64::NAN, |time| time.minutes)
}

/// One row per arm and report time: rates, indices and the arm's own numbers; what no arm has gets no column.
pub(super) fn table(summary: &Summary) -> String {
    let populations: Vec<&String> = summary
        .arms
        .iter()
        .flat_map(|arm| arm.rates_hz.values())
        .next()
        .map(|rates| rates.keys().collect())
        .unwrap_or_default();
    let has =
        |number: Number| summary.arms.iter().any(|arm| arm.rates_hz.keys().any(|label| number(arm, label).is_some()));
    let numbers: Vec<(&str, Number)> = NUMBERS.into_iter().filter(|(_, number)| has(*number)).collect();
    let mut columns = vec!["arm".to_owned(), "status".into(), "time".into()];
    columns.extend(populations.iter().map(|name| field(&format!("rate_hz.{name}"))));
    columns.extend(numbers.iter().map(|(name, _)| (*name).to_owned()));
    let mut text = columns.join(",") + "\n";
    for arm in &summary.arms {
        for (label, rates) in &arm.rates_hz {
            let mut row = vec![field(&arm.name), field(&arm.status), field(label)];
            row.extend(populations.iter().map(|name| number(rates.get(*name).copied())));
            row.extend(numbers.iter().map(|(_, of)| number(of(arm, label))));
            text += &(row.join(",") + "\n");
        }
    }
    text
}

/// A number of an arm at a report time.
type Number = fn(&ArmSummary, &str) -> Option<f64>;

/// The indices and the arm's own numbers, in the order of their columns.
const NUMBERS: [(&str, Number); 6] = [
    ("suppression_index", |arm, label| arm.suppression_index.get(label).copied().flatten()),
    ("rescue_index", |arm, label| arm.rescue_index.get(label).copied().flatten()),
    ("peak_hz", |arm, _| arm.peak_hz.map(|peak| peak.value)),
    ("peak_at_min", |arm, _| arm.peak_hz.map(|peak| peak.at_min)),
    ("peak_over_control", |arm, _| arm.peak_over_control),
    ("minutes_above_control", |arm, _| arm.minutes_above_control),
];

fn number(value: Option<f64>) -> String {
    value.map(|value| format!("{value}")).unwrap_or_default()
}

/// A field of RFC 4180: in quotes where it holds a comma, a quote or a line break.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
