//! Documents that are made from the configurations: what stands in them is what the program says today.
//!
//! A document has parts between `<!-- made by: COMMAND -->` and `<!-- end -->`. After a change make them anew with
//! `UPDATE_DOCUMENTS=1 cargo test --test documents`.
#![allow(clippy::unwrap_used)]

use disinhibit::config::load;
use disinhibit::findings::models;
use disinhibit::findings::shipped::Library;
use disinhibit::report::findings::{comparison_markdown, markdown};
use disinhibit::report::parameters;
use std::path::Path;

/// What a command puts into a document.
fn made(command: &str) -> String {
    match command.split_whitespace().collect::<Vec<_>>()[..] {
        ["disinhibit", "check", "--markdown", file] => parameters::markdown(&load(Path::new(file), &[]).unwrap()),
        ["disinhibit", "findings"] => markdown(&looked(false)[0]),
        ["disinhibit", "findings", "--hypotheses"] => comparison_markdown(&looked(true)),
        _ => panic!("no document is made by `{command}`"),
    }
}

fn looked(hypotheses: bool) -> Vec<disinhibit::findings::ModelResult> {
    let library = Library::Shipped;
    let findings = library.list(Path::new("findings")).unwrap();
    let hypotheses = if hypotheses { library.list(Path::new("hypotheses")).unwrap() } else { Vec::new() };
    models(library, &findings, &hypotheses).unwrap()
}

/// The document with its parts made anew.
fn anew(text: &str) -> String {
    let mut pieces = text.split("<!-- made by: ");
    let mut new = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (command, rest) = piece.split_once(" -->").unwrap();
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        let part = made(command);
        new.extend(["<!-- made by: ", command, " -->\n\n", part.trim(), "\n\n<!-- end -->", after]);
    }
    new
}

fn up_to_date(file: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    let new = anew(&text);
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(file, &new).unwrap();
    } else {
        let differs = text.lines().zip(new.lines()).find(|(old, new)| old != new);
        assert!(text == new, "{file} is out of date (UPDATE_DOCUMENTS=1 cargo test --test documents): {differs:?}");
    }
}

#[test]
fn the_model_is_as_its_document_says() {
    up_to_date("docs/model.md");
}

#[test]
fn the_findings_are_as_their_document_says() {
    up_to_date("docs/findings.md");
}

#[test]
fn every_number_of_the_default_model_states_its_source() {
    let mut silent = Vec::new();
    for file in ["configs/circuits/mpfc.toml", "configs/pharmacology/default.toml"] {
        let rows = parameters::rows(&load(Path::new(file), &[]).unwrap());
        // A 0 or 1 that is not written leaves things as they are.
        let silent_row = |row: &parameters::Row| {
            row.number && row.source.is_empty() && !["0", "1", "0 mV", "100 %"].contains(&row.value.as_str())
        };
        silent.extend(rows.into_iter().filter(silent_row).map(|row| row.path));
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn the_default_model_reproduces_what_the_reference_does() {
    let looked = looked(false);
    let verdicts: Vec<(u64, &str)> =
        looked[0].findings.iter().map(|finding| (finding.number, finding.verdict.word())).collect();
    let partly = [1, 6, 10, 11, 17, 19];
    let not = [15, 20];
    let expected = |number: u64| match number {
        number if partly.contains(&number) => "partly",
        number if not.contains(&number) => "not",
        _ => "reproduced",
    };
    assert_eq!(verdicts, (1..=20).map(|number| (number, expected(number))).collect::<Vec<_>>());
}
