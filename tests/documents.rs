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
use disinhibit::scenario::Transfer;
use disinhibit::scenario::declare::Choice;
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

/// How many there are, in a word.
fn in_words(count: usize) -> &'static str {
    let words =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    words.get(count).copied().unwrap_or("twenty")
}

fn document(file: &str) -> String {
    std::fs::read_to_string(file).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_documents_count_is_there() {
    // Names of files begin with that of the circuit or of the paper's authors, up to the year.
    let mut papers: Vec<String> = std::fs::read_dir("configs/circuits/published")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.split_inclusive('_').take_while(|part| !part.starts_with(['1', '2'])).collect())
        .collect();
    papers.sort();
    papers.dedup();
    let papers = in_words(papers.len());
    // Formulas are the user's own.
    let functions = in_words(Transfer::default().words().len() - 1);
    let findings = Library::Shipped.list(Path::new("findings")).unwrap().len();
    assert_eq!(findings, 20);
    for (file, says) in [
        ("README.md", format!("{functions} transfer functions and your own formulas")),
        ("CHANGELOG.md", format!("{functions} transfer functions")),
        ("README.md", format!("Circuits of {papers} published papers")),
        ("CHANGELOG.md", format!("Circuits of {papers} papers")),
        ("docs/published.md", format!("Circuits of {papers} papers")),
        ("README.md", format!("{} experiments", in_words(findings))),
        ("docs/findings.md", format!("{} experiments", in_words(findings))),
    ] {
        assert!(document(file).to_lowercase().contains(&says.to_lowercase()), "{file} does not say: {says}");
    }
}

#[test]
fn endings_are_told_alike() {
    let help = |words: &str| document("src/cli/mod.rs").replace("\\ ", "").contains(words);
    assert!(help("1 stopped, or ran with arms or points that failed"));
    assert!(document("README.md").contains("1 when it was stopped or arms or points failed, and 2"));
    assert!(document("docs/sweeps.md").contains("a sweep that has them ends with 1"));
}

/// The first block of a document that begins with these words, without its indentation.
fn block<'a>(document: &'a str, start: &str) -> Vec<&'a str> {
    let from = document.find(start).unwrap_or_else(|| panic!("no block that begins with {start}"));
    document[from..].lines().take_while(|line| !line.starts_with("```")).map(str::trim_end).collect()
}

#[test]
fn the_readme_can_be_followed_in_an_empty_folder() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| {
        let mut command = std::process::Command::new("sh");
        let path = std::env::var("PATH").unwrap();
        let program = assert_cmd::cargo::cargo_bin("disinhibit");
        command.args(["-c", line]).current_dir(folder.path());
        command.env("PATH", format!("{}:{path}", program.parent().unwrap().display()));
        let output = command.output().unwrap();
        let said = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code(), said(&output.stdout), said(&output.stderr))
    };
    let from = readme.find("disinhibit new mystudy").unwrap();
    let commands: Vec<&str> = readme[from..]
        .lines()
        .map(str::trim_start)
        .filter(|line| {
            line.starts_with("disinhibit ") && !line.contains("configs/") && !line.starts_with("disinhibit findings")
        })
        .collect();
    assert_eq!(commands.len(), 4, "{commands:?}");
    for (index, command) in commands.iter().enumerate() {
        let (code, said, problems) = run(command);
        assert_eq!(code, Some(0), "{command}: {problems}");
        if index == 1 {
            let shown: Vec<&str> = said.lines().map(str::trim_end).collect();
            let table = block(&readme, "rate of Pyr in Hz");
            assert_eq!(shown[..table.len()], table, "the table of {command}");
        }
    }
    // What was changed by `--set` lies elsewhere: the study is as its file says.
    let (code, _, problems) = run("disinhibit run mystudy.toml --quiet && disinhibit plot out/mystudy --quiet");
    assert_eq!(code, Some(0), "{problems}");
    let file = folder.path().join("mystudy.toml");
    let study = std::fs::read_to_string(&file).unwrap();
    let arm = block(&readme, "[[arms]]\nname = \"a subset blocked\"").join("\n");
    std::fs::write(&file, format!("{study}\n{arm}\n")).unwrap();
    let (code, _, problems) = run("disinhibit run mystudy.toml --quiet");
    assert!(code == Some(2) && problems.contains("--fresh"), "{problems}");
    let (code, said, problems) = run("disinhibit run mystudy.toml --fresh");
    assert!(code == Some(0) && said.contains("a subset blocked"), "{problems}");
    std::fs::write(&file, study.replacen("amount = \"10 mg/kg\"", "amount = \"10 mgkg\"", 1)).unwrap();
    let (code, _, problems) = run("disinhibit check mystudy.toml");
    let message = block(&readme, "error: the unit `mgkg` does not fit here");
    let shown: Vec<&str> = problems.lines().map(str::trim_end).collect();
    assert!(code == Some(2) && shown[..message.len()] == message[..], "{problems}");
}
