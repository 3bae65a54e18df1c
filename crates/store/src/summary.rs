//! The summary as JSON and as a table.

use crate::readouts::{ArmSummary, Summary};

/// The summary as indented JSON.
pub(super) fn json(summary: &Summary) -> Vec<u8> {
    // A summary holds texts, numbers, lists and maps with text keys: all of which JSON has.
    let mut bytes = serde_json::to_vec_pretty(summary).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// One row per arm and report time: rates, indices and the arm's own numbers.
pub(super) fn table(summary: &Summary) -> String {
    let populations: Vec<&String> = summary
        .arms
        .iter()
        .flat_map(|arm| arm.rates_hz.values())
        .next()
        .map(|rates| rates.keys().collect())
        .unwrap_or_default();
    let mut columns = vec!["arm".to_owned(), "status".into(), "time".into()];
    columns.extend(populations.iter().map(|name| field(&format!("rate_hz.{name}"))));
    columns.extend(
        ["suppression_index", "rescue_index", "peak_hz", "peak_at_min", "peak_over_control", "minutes_above_control"]
            .map(String::from),
    );
    let mut text = columns.join(",") + "\n";
    for arm in &summary.arms {
        for (label, rates) in &arm.rates_hz {
            let mut row = vec![field(&arm.name), field(&arm.status), field(label)];
            row.extend(populations.iter().map(|name| number(rates.get(*name).copied())));
            row.extend(own_numbers(arm, label));
            text += &(row.join(",") + "\n");
        }
    }
    text
}

fn own_numbers(arm: &ArmSummary, label: &str) -> [String; 6] {
    [
        number(arm.suppression_index.get(label).copied().flatten()),
        number(arm.rescue_index.get(label).copied().flatten()),
        number(arm.peak_hz.map(|peak| peak.value)),
        number(arm.peak_hz.map(|peak| peak.at_min)),
        number(arm.peak_over_control),
        number(arm.minutes_above_control),
    ]
}

fn number(value: Option<f64>) -> String {
    value.map(|value| format!("{value}")).unwrap_or_default()
}

/// A field of RFC 4180: in quotes where it holds a comma, a quote or a line break.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
