//! Findings as Markdown and as figures.

use crate::findings::{CheckResult, FindingResult, ModelResult, Verdict};
use crate::plot::{CheckMark, Figure, Mark, VerdictCell, VerdictFigure, VerdictRow};
use crate::scenario::declare::Choice;
use crate::scenario::finding::{Grade, Part};
use std::fmt::Write;

/// The grades of a finding's evidence, the surest first.
pub fn grades(finding: &FindingResult) -> String {
    let all = [Grade::Measured, Grade::Abstract, Grade::Press, Grade::Memory];
    let given = all.iter().filter(|grade| finding.evidence.iter().any(|one| one.grade == **grade));
    given.map(|grade| grade.word()).collect::<Vec<_>>().join(", ")
}

/// How many findings are reproduced, partly reproduced, and not, and how many of the first have exceptions.
pub fn totals(own: &ModelResult) -> String {
    let excepted = own
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Reproduced && finding.exceptions() > 0)
        .count();
    let unaimed = |finding: &&FindingResult| finding.status == "predicted" && finding.verdict == Verdict::Reproduced;
    let count = own.findings.len();
    format!(
        "{count} finding{}: {} reproduced ({excepted} of them with exceptions), {} partly, {} not. Of those reproduced, {} were not \
         fitted.",
        if count == 1 { "" } else { "s" },
        own.count(Verdict::Reproduced),
        own.count(Verdict::Partly),
        own.count(Verdict::Not),
        own.findings.iter().filter(unaimed).count(),
    )
}

/// The findings as Markdown: a table, and then each with its sources and checks.
pub fn markdown(own: &ModelResult) -> String {
    let mut text = format!(
        "{}\n\n| # | finding | verdict | status | sure | checks held |\n|---|---|---|---|---|---|\n",
        totals(own)
    );
    for finding in &own.findings {
        let held = finding.checks.iter().filter(|check| check.holds).count();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {held} of {} |",
            finding.number,
            cell(&finding.statement),
            verdict(finding),
            finding.status,
            grades(finding),
            finding.checks.len(),
        );
    }
    text += "\nHow sure a source is: ";
    let all = [Grade::Measured, Grade::Abstract, Grade::Press, Grade::Memory];
    text += &all.map(|grade| format!("{}: {}", grade.word(), grade.meaning())).join("; ");
    text += ".\n";
    own.findings.iter().for_each(|finding| text += &section(finding));
    text
}

fn verdict(finding: &FindingResult) -> String {
    match finding.exceptions() {
        0 => format!("**{}**", finding.verdict.word()),
        count => format!(
            "**{}**, {count} side {} fail{}",
            finding.verdict.word(),
            plural(count),
            if count == 1 { "s" } else { "" }
        ),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "check" } else { "checks" }
}

fn section(finding: &FindingResult) -> String {
    let mut text = format!("\n### {}. {}\n\n", finding.number, finding.statement);
    let _ = write!(text, "Verdict: {}. Status: {}", verdict(finding), finding.status);
    let note = if finding.status_note.is_empty() { String::new() } else { format!(" ({})", finding.status_note) };
    let _ = write!(text, "{note}.\n\n");
    if !finding.manipulation.is_empty() {
        let _ = write!(text, "Done: {}\n\n", finding.manipulation);
    }
    for one in &finding.evidence {
        let says = if one.says.is_empty() { String::new() } else { format!(": {}", one.says) };
        let _ = writeln!(text, "- {} ({}){says}", one.citation, one.grade.word());
    }
    text += "\n| | expected | range | value | measured |\n|---|---|---|---|---|\n";
    for check in &finding.checks {
        let _ = writeln!(
            text,
            "| {} | {}{} | {} | {} | `{}` |",
            if check.holds { "holds" } else { "**fails**" },
            cell(&check.says),
            match check.part {
                Part::Main => "",
                Part::Side => " (side)",
                Part::Premise => " (premise)",
            },
            range(check),
            check.value.map_or("not defined".into(), |value| quantity(value, &check.unit)),
            cell(&check.measured),
        );
    }
    if !finding.explanation.is_empty() {
        let _ = writeln!(text, "\n{}", finding.explanation);
    }
    finding.problems.iter().for_each(|problem| {
        let _ = writeln!(text, "\nAn arm ended badly: {problem}");
    });
    text
}

/// The range, with a mark where its size is a choice.
fn range(check: &CheckResult) -> String {
    let unit = &check.unit;
    let bounds = match (check.at_least, check.at_most) {
        (Some(low), Some(high)) => format!("{} to {}", quantity(low, ""), quantity(high, unit)),
        (Some(low), None) => format!("at least {}", quantity(low, unit)),
        (None, Some(high)) => format!("at most {}", quantity(high, unit)),
        (None, None) => String::new(),
    };
    if check.chosen { bounds + " (chosen)" } else { bounds }
}

/// A number of three significant digits with its unit; minutes beyond two hours in hours.
fn quantity(value: f64, unit: &str) -> String {
    let digits = if value == 0.0 { 0 } else { 2 - libm::floor(libm::log10(value.abs())) as i32 };
    let text = format!("{value:.*}", digits.clamp(0, 3) as usize);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    let text = if text == "-0" { "0".to_owned() } else { text };
    if unit.is_empty() { text } else { format!("{text} {unit}") }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Models against findings as Markdown.
pub fn comparison_markdown(models: &[ModelResult]) -> String {
    let Some(first) = models.first() else { return String::new() };
    let names: Vec<String> = models.iter().map(|model| cell(&model.name)).collect();
    let mut text = format!("| # | finding | {} |\n|---|---|{}\n", names.join(" | "), "---|".repeat(models.len()));
    for (index, finding) in first.findings.iter().enumerate() {
        let verdicts: Vec<&str> =
            models.iter().filter_map(|model| Some(model.findings.get(index)?.verdict.word())).collect();
        let _ = writeln!(text, "| {} | {} | {} |", finding.number, cell(&finding.statement), verdicts.join(" | "));
    }
    let count = |model: &ModelResult| {
        format!(
            "{} / {} / {}",
            model.count(Verdict::Reproduced),
            model.count(Verdict::Partly),
            model.count(Verdict::Not)
        )
    };
    let counts: Vec<String> = models.iter().map(count).collect();
    let _ = write!(text, "| | reproduced / partly / not | {} |\n\n", counts.join(" | "));
    for model in models.iter().skip(1) {
        let _ = write!(text, "- **{}**: {}", model.name, model.claim);
        for more in [&model.basis, &model.status_note] {
            if !more.is_empty() {
                let _ = write!(text, " {more}");
            }
        }
        text += "\n";
    }
    text
}

/// The findings of one model with their checks.
pub fn figure(own: &ModelResult) -> Figure {
    let rows = own.findings.iter().map(|finding| row(finding, vec![finding])).collect();
    VerdictFigure {
        title: format!("What the {} makes of {} experiments", own.name, own.findings.len()),
        subtitle: totals(own),
        notes: vec!["sure".into(), "status".into()],
        columns: vec![(String::new(), count(own))],
        rows,
        checks: true,
    }
    .render()
}

/// Models against findings.
pub fn comparison_figure(models: &[ModelResult]) -> Figure {
    let first = models.first().map(|model| model.findings.as_slice()).unwrap_or_default();
    let of_row = |(index, finding): (usize, &FindingResult)| {
        let cells = models.iter().filter_map(|model| model.findings.get(index)).collect();
        row(finding, cells)
    };
    VerdictFigure {
        title: "Which mechanism explains which experiments".into(),
        subtitle:
            "Every mechanism is laid over the same model and meets the same checks; below: reproduced / partly / not"
                .into(),
        notes: vec!["sure".into(), "status".into()],
        columns: models.iter().map(|model| (model.name.clone(), count(model))).collect(),
        rows: first.iter().enumerate().map(of_row).collect(),
        checks: false,
    }
    .render()
}

fn count(model: &ModelResult) -> String {
    let [all, some, none] = [Verdict::Reproduced, Verdict::Partly, Verdict::Not].map(|verdict| model.count(verdict));
    format!("{all}/{some}/{none}")
}

fn row(finding: &FindingResult, cells: Vec<&FindingResult>) -> VerdictRow {
    let cell = |finding: &FindingResult| VerdictCell {
        mark: match finding.verdict {
            Verdict::Reproduced => Mark::Full,
            Verdict::Partly => Mark::Half,
            Verdict::Not => Mark::None,
        },
        checks: finding
            .checks
            .iter()
            .map(|check| CheckMark { holds: check.holds, decides: check.part != Part::Side })
            .collect(),
    };
    VerdictRow {
        name: format!("{}  {}", finding.number, finding.statement),
        notes: vec![grades(finding), finding.status.clone()],
        cells: cells.into_iter().map(cell).collect(),
    }
}
