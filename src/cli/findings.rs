//! `findings`: experiments that were done against what the model does, and other mechanisms against the same.

use super::output::{Output, program};
use super::progress::{note, refuse, say};
use super::warnings::{Heed, heed, with_warnings};
use super::{Ending, FindingsArguments};
use crate::findings::shipped::Library;
use crate::findings::{FindingResult, FindingsError, ModelResult, Verdict, models, warnings};
use crate::report::findings::{comparison_figure, comparison_markdown, figure, markdown};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(super) fn findings(arguments: &FindingsArguments) -> Ending {
    if let Err(message) = super::run::use_threads(arguments.threads) {
        return refuse(message);
    }
    let warnings =
        match files(arguments).and_then(|(library, files, hypotheses)| warnings(library, &files, &hypotheses)) {
            Ok(warnings) => warnings,
            Err(FindingsError::Config(error)) => return refuse(error.render()),
            Err(error) => return refuse(format!("error: {error}")),
        };
    if let Err(ending) = heed(&warnings, Heed { strict: arguments.strict, quiet: arguments.quiet }) {
        return ending;
    }
    let identity = ("findings", Value::Null, json!({ "folder": arguments.folder, "hypotheses": arguments.hypotheses }));
    let out = Output::open(&arguments.out, identity, &["findings.json", "findings.md"], arguments.fresh);
    let mut out = match out {
        Ok(out) => out,
        Err(message) => return refuse(format!("error: {message}")),
    };
    let looked = match look(arguments) {
        Ok(looked) => looked,
        Err(FindingsError::Config(error)) => return refuse(error.render()),
        Err(error) => return refuse(format!("error: {error}")),
    };
    let Some(own) = looked.first() else { return Ending::BadInput };
    if let Err(error) = write(&looked, &mut out) {
        return refuse(format!("error: {error}"));
    }
    if !arguments.quiet {
        say(table(own));
        if looked.len() > 1 {
            say(comparison(&looked));
        }
    }
    if let Err(error) = out.finish(with_warnings(program(), &warnings), arguments.quiet) {
        return refuse(format!("error: {error}"));
    }
    let ended: Vec<String> = own.findings.iter().flat_map(|finding| finding.problems.iter().cloned()).collect();
    ended.iter().for_each(|problem| note(format!("arm {problem}")));
    if ended.is_empty() { Ending::Done } else { Ending::SomeFailed }
}

fn look(arguments: &FindingsArguments) -> Result<Vec<ModelResult>, FindingsError> {
    let (library, files, hypotheses) = files(arguments)?;
    models(library, &files, &hypotheses)
}

/// The files of the findings and hypotheses that are asked for, and where they come from.
fn files(arguments: &FindingsArguments) -> Result<(Library, Vec<PathBuf>, Vec<PathBuf>), FindingsError> {
    let (library, folder) = match &arguments.folder {
        Some(folder) => (Library::Disk, folder.clone()),
        None => (Library::Shipped, PathBuf::from("findings")),
    };
    let list = |library: Library, folder: &Path| {
        let files = library.list(folder);
        let files = files.map_err(|error| FindingsError::Folder { folder: folder.to_owned(), error })?;
        if files.is_empty() { Err(FindingsError::Empty(folder.to_owned())) } else { Ok(files) }
    };
    let files = list(library, &folder)?;
    let hypotheses = match &arguments.hypotheses {
        // The built-in ones beside findings of one's own: both come from built-in files where the disk has none.
        Some(folder) => list(Library::Shipped, folder)?,
        None => Vec::new(),
    };
    let library = if hypotheses.is_empty() { library } else { Library::Shipped };
    Ok((library, files, hypotheses))
}

/// Writes JSON, Markdown and figures.
fn write(looked: &[ModelResult], out: &mut Output) -> Result<(), String> {
    let Some(own) = looked.first() else { return Ok(()) };
    out.json("findings", own)?;
    out.files(vec![("findings.md".to_owned(), markdown(own).into_bytes())]);
    out.figures(vec![("findings", figure(own))])?;
    if looked.len() > 1 {
        out.json("hypotheses", looked)?;
        out.files(vec![("hypotheses.md".to_owned(), comparison_markdown(looked).into_bytes())]);
        out.figures(vec![("hypotheses", comparison_figure(looked))])?;
    }
    Ok(())
}

/// The findings with their verdicts.
fn table(own: &ModelResult) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["", "finding", "verdict", "status", "sure", "checks held"]);
    for finding in &own.findings {
        table.add_row([
            finding.number.to_string(),
            finding.statement.clone(),
            verdict(finding),
            finding.status.clone(),
            crate::report::findings::grades(finding),
            format!("{} of {}", finding.checks.iter().filter(|check| check.holds).count(), finding.checks.len()),
        ]);
    }
    format!("{table}\n{}", crate::report::findings::totals(own))
}

/// The verdict, with how many side checks fail.
fn verdict(finding: &FindingResult) -> String {
    match (finding.verdict, finding.exceptions()) {
        (Verdict::Reproduced, 1) => "reproduced, 1 exception".into(),
        (Verdict::Reproduced, count) if count > 1 => format!("reproduced, {count} exceptions"),
        (verdict, _) => verdict.word().into(),
    }
}

/// How many findings each model reproduces.
fn comparison(looked: &[ModelResult]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["hypothesis", "reproduced", "partly", "not", "claim"]);
    for model in looked {
        let count = |verdict| model.count(verdict).to_string();
        let [all, some, none] = [Verdict::Reproduced, Verdict::Partly, Verdict::Not].map(count);
        table.add_row([model.name.clone(), all, some, none, model.claim.clone()]);
    }
    format!("\n{table}")
}
