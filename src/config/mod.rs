//! Configuration files: TOML read into a specification, with every problem's file, line and column.
//!
//! A scenario names a circuit file and pharmacology files; they are read first, and what the scenario states itself
//! replaces what they say: single values one by one, lists as a whole. Then come `--set` arguments.

mod diagnostic;
mod findings;
mod reader;
pub mod schema;
mod value;
pub mod writer;

pub use diagnostic::{ConfigError, Diagnostic};

use crate::spec::declare::Node;
use crate::spec::path::{PathError, segments};
use crate::spec::scenario::{CircuitFile, PharmacologyFile};
use crate::spec::sweep::{BoundSweep, bind};
use crate::spec::validate::validate_circuit;
use crate::spec::{Problem, Scenario, Sweep, validate};
use findings::{Finding, Findings};
use reader::read_table;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What a file describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A circuit alone.
    Circuit,
    /// Receptors, ligands and stress alone.
    Pharmacology,
    /// An experiment.
    Scenario,
    /// An experiment at every point of a design.
    Sweep,
}

/// A configuration that has been read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the file describes.
    pub kind: Kind,
    /// The specification; of a circuit or pharmacology file, the part that it describes; of a sweep, its scenario.
    pub scenario: Scenario,
    /// The sweep, fitted to the scenario.
    pub sweep: Option<BoundSweep>,
    /// The same before `--set`, for drives that are to be held.
    pub before_set: Scenario,
    /// The folder of the file: what it names is found from there.
    pub folder: PathBuf,
}

/// Gives the bytes of a file.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> std::io::Result<Vec<u8>>;

/// Reads a configuration file and all that it names, and carries out `--set` arguments (`PATH=VALUE`).
///
/// # Errors
/// [`ConfigError`] with every problem that was found.
pub fn load(file: &Path, set: &[String]) -> Result<Loaded, ConfigError> {
    load_from(file, set, &|path| std::fs::read(path))
}

/// As [`load`], with files from elsewhere than the disk.
///
/// # Errors
/// [`ConfigError`] with every problem that was found.
pub fn load_from(file: &Path, set: &[String], read: ReadFile<'_>) -> Result<Loaded, ConfigError> {
    let mut loader = Loader { read, texts: Vec::new(), findings: Findings::default(), failures: Vec::new() };
    let loaded = loader.load(file, set);
    let mut diagnostics = loader.failures;
    let findings = loader.findings.problems;
    let mut located: Vec<(usize, usize, Diagnostic)> =
        findings.iter().map(|finding| (finding.file, finding.span.start, located(finding, &loader.texts))).collect();
    located.sort_by_key(|(file, start, _)| (*file, *start));
    diagnostics.extend(located.into_iter().map(|(_, _, diagnostic)| diagnostic));
    match loaded {
        Some(loaded) if diagnostics.is_empty() => Ok(loaded),
        _ => Err(ConfigError { diagnostics }),
    }
}

fn located(finding: &Finding, texts: &[(String, String)]) -> Diagnostic {
    let empty = (String::new(), String::new());
    let (file, text) = texts.get(finding.file).unwrap_or(&empty);
    let mut diagnostic = Diagnostic::in_text(file, text, &finding.span, finding.message.clone());
    diagnostic.path.clone_from(&finding.path);
    diagnostic.expected.clone_from(&finding.expected);
    diagnostic.nearest.clone_from(&finding.nearest);
    diagnostic
}

struct Loader<'a> {
    read: ReadFile<'a>,
    /// Name and text of every file, then of every argument.
    texts: Vec<(String, String)>,
    findings: Findings,
    /// Problems with files as a whole.
    failures: Vec<Diagnostic>,
}

impl Loader<'_> {
    fn load(&mut self, file: &Path, set: &[String]) -> Option<Loaded> {
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let (index, text) = self.open(file, None)?;
        let root = self.parse(index, &text)?;
        let kind = self.kind(index, root.get_ref())?;
        let mut scenario = Scenario::default();
        let complete = match kind {
            Kind::Sweep => return self.sweep(file, (index, &root), set),
            Kind::Circuit => self.fill(index, &root, &mut CircuitFile(&mut scenario)),
            Kind::Pharmacology => self.fill(index, &root, &mut PharmacologyFile(&mut scenario)),
            Kind::Scenario => {
                let complete = self.parts(&folder, root.get_ref(), index, &mut scenario);
                self.fill(index, &root, &mut scenario) && complete
            }
        };
        if scenario.name.is_empty() {
            scenario.name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        }
        scenario.sources.clone_from(&self.findings.sources);
        let before_set = scenario.clone();
        self.carry_out(set, &mut scenario);
        if complete {
            let problems = match kind {
                Kind::Scenario => validate(&scenario),
                Kind::Circuit => validate_circuit(&scenario),
                Kind::Pharmacology | Kind::Sweep => Vec::new(),
            };
            problems.into_iter().for_each(|problem| self.findings.add_problem(problem));
        }
        Some(Loaded { kind, scenario, sweep: None, before_set, folder })
    }

    /// Reads a sweep: its scenario first, so that paths of the sweep itself are those that problems point to.
    fn sweep(&mut self, file: &Path, (index, root): (usize, &Spanned<DeTable<'_>>), set: &[String]) -> Option<Loaded> {
        let named = root.get_ref().iter().find(|(key, _)| key.get_ref() == "scenario").map(|(_, value)| value);
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let loaded = match named.map(|named| (named.span(), named.get_ref())) {
            Some((span, DeValue::String(scenario))) => {
                let path = folder.join(scenario.as_ref());
                let before = self.failures.len();
                let loaded = self.load(&path, set);
                // A file that cannot be opened is the fault of the line that names it.
                if self.failures.len() > before && loaded.is_none() {
                    let message = format!("`{}` cannot be read as a scenario", path.display());
                    let expected = "the path of a scenario, from the folder of this file".to_owned();
                    let path = String::new();
                    self.findings.add(Finding { file: index, span, path, message, expected, nearest: None });
                }
                loaded
            }
            _ => None,
        };
        let mut sweep = Sweep::default();
        let before = self.findings.problems.len();
        read_table(&mut self.findings, index, root.get_ref(), 0..0, "", &mut sweep);
        if sweep.name.is_empty() {
            sweep.name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        }
        let loaded = loaded?;
        if loaded.kind != Kind::Scenario {
            let problem = Problem {
                path: "scenario".into(),
                message: "the file that the sweep names is no scenario".into(),
                expected: "a file with `[[arms]]`".into(),
                nearest: None,
            };
            self.findings.add_problem(problem);
        } else if self.findings.problems.len() == before {
            let mut scenario = loaded.scenario.clone();
            if !sweep.report.is_empty() {
                scenario.run.report.clone_from(&sweep.report);
            }
            match bind(&sweep, &scenario) {
                Ok(bound) => return Some(Loaded { kind: Kind::Sweep, scenario, sweep: Some(bound), folder, ..loaded }),
                Err(problems) => problems.into_iter().for_each(|problem| self.findings.add_problem(problem)),
            }
        }
        None
    }

    /// The text of a file. `named_at` is where another file names it.
    fn open(&mut self, file: &Path, named_at: Option<(usize, std::ops::Range<usize>)>) -> Option<(usize, String)> {
        let name = file.display().to_string();
        let failure = match (self.read)(file) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) if text.trim().is_empty() => {
                    let hint = "a circuit, pharmacology or scenario in TOML (`disinhibit new NAME` writes a starter)";
                    Diagnostic::of_file(&name, "the file is empty".into(), hint)
                }
                Ok(text) => {
                    self.texts.push((name, text.clone()));
                    return Some((self.texts.len() - 1, text));
                }
                Err(error) => {
                    let good = error.utf8_error().valid_up_to();
                    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                    let message = format!("the file is not UTF-8: byte {} cannot be read", good + 1);
                    let mut failure = Diagnostic::in_text(&name, &text, &(good..good + 1), message);
                    failure.expected = "text in UTF-8".into();
                    failure
                }
            },
            Err(error) => {
                let message = format!("the file cannot be read: {error}");
                if let Some((index, span)) = named_at {
                    let message = format!("`{name}` cannot be read: {error}");
                    let expected = "the path of a file, from the folder of this one".to_owned();
                    let path = String::new();
                    self.findings.add(Finding { file: index, span, path, message, expected, nearest: None });
                    return None;
                }
                Diagnostic::of_file(&name, message, "a TOML file")
            }
        };
        self.failures.push(failure);
        None
    }

    /// Parses a text; notes every error of syntax.
    fn parse<'t>(&mut self, file: usize, text: &'t str) -> Option<Spanned<DeTable<'t>>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Some(root);
        }
        for error in errors {
            self.findings.add(Finding {
                file,
                span: error.span().unwrap_or(0..0),
                path: String::new(),
                message: error.message().trim().replace('\n', "; "),
                expected: "TOML".into(),
                nearest: None,
            });
        }
        None
    }

    fn kind(&mut self, file: usize, root: &DeTable<'_>) -> Option<Kind> {
        let has = |key: &str| root.iter().any(|(known, _)| known.get_ref() == key);
        if has("axes") || has("design") {
            return Some(Kind::Sweep);
        }
        let scenario = ["arms", "circuit", "run", "compare", "pharmacology"].into_iter().any(has);
        if scenario {
            return Some(Kind::Scenario);
        }
        if has("populations") {
            return Some(Kind::Circuit);
        }
        if ["receptors", "ligands", "stress"].into_iter().any(has) {
            return Some(Kind::Pharmacology);
        }
        self.findings.add(Finding {
            file,
            span: 0..0,
            path: String::new(),
            message: "the file is neither a scenario nor a circuit nor a pharmacology".into(),
            expected: "`arms`, `populations`, or `receptors` and `ligands`".into(),
            nearest: None,
        });
        None
    }

    fn fill(&mut self, file: usize, root: &Spanned<DeTable<'_>>, node: &mut dyn Node) -> bool {
        let before = self.findings.problems.len();
        read_table(&mut self.findings, file, root.get_ref(), 0..0, "", node);
        // Only names that could not be read at all make later checks pointless.
        self.findings.problems.len() == before || !self.failures.iter().any(|failure| failure.line == 0)
    }

    /// Reads the circuit and pharmacology files that a scenario names. False where one could not be.
    fn parts(&mut self, folder: &Path, root: &DeTable<'_>, index: usize, scenario: &mut Scenario) -> bool {
        let value = |key: &str| root.iter().find(|(known, _)| known.get_ref() == key).map(|(_, value)| value);
        let mut complete = true;
        match value("circuit") {
            Some(named) => {
                if let DeValue::String(file) = named.get_ref() {
                    let mut node = CircuitFile(scenario);
                    complete &= self.part(&folder.join(file.as_ref()), (index, named.span()), &mut node);
                }
            }
            None if value("populations").is_none() => {
                self.findings.add(Finding {
                    file: index,
                    span: 0..0,
                    path: "circuit".into(),
                    message: "the scenario has no circuit".into(),
                    expected: "`circuit = \"FILE\"`, or `[populations]` and `[onto]`".into(),
                    nearest: None,
                });
                complete = false;
            }
            None => {}
        }
        if let Some(DeValue::Array(files)) = value("pharmacology").map(Spanned::get_ref) {
            for named in files {
                if let DeValue::String(file) = named.get_ref() {
                    let mut node = PharmacologyFile(scenario);
                    complete &= self.part(&folder.join(file.as_ref()), (index, named.span()), &mut node);
                }
            }
        }
        complete
    }

    fn part(&mut self, file: &Path, named_at: (usize, std::ops::Range<usize>), node: &mut dyn Node) -> bool {
        let Some((index, text)) = self.open(file, Some(named_at)) else { return false };
        let Some(root) = self.parse(index, &text) else { return false };
        self.fill(index, &root, node)
    }

    /// Carries out `--set` arguments in their order.
    fn carry_out(&mut self, set: &[String], scenario: &mut Scenario) {
        for argument in set {
            let name = format!("--set {argument}");
            let index = self.texts.len();
            self.texts.push((name, argument.clone()));
            let mut report = |message: String, expected: String, nearest: Option<String>| {
                let path = String::new();
                self.findings.add(Finding { file: index, span: 0..argument.len(), path, message, expected, nearest });
            };
            let Some((path, text)) = split_argument(argument) else {
                report("there is no `=`".into(), "PATH=VALUE, such as populations.SST.rest=\"5 Hz\"".into(), None);
                continue;
            };
            match scenario.set(path, &value::setting_from_argument(text)) {
                Ok(_) => {
                    self.findings.forget_origins(path);
                    self.findings.note_origin(path, index, 0..argument.len());
                }
                Err(PathError::NoSuchPath { path, nearest }) => {
                    report(
                        format!("there is no parameter `{path}`"),
                        "a path as `disinhibit check` lists it".into(),
                        nearest,
                    );
                }
                Err(PathError::BadValue { message, expected, .. }) => report(message, expected, None),
            }
        }
    }
}

/// Splits `PATH=VALUE` at the first `=` outside quotes.
fn split_argument(argument: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let at = argument.char_indices().find(|(_, letter)| {
        quoted ^= *letter == '"';
        *letter == '=' && !quoted
    });
    let (at, _) = at?;
    let path = argument[..at].trim();
    (!path.is_empty() && !segments(path).is_empty()).then_some((path, &argument[at + 1..]))
}

/// The problems of a specification built in code, as an error.
pub fn problems_as_error(name: &str, problems: &[Problem]) -> ConfigError {
    let diagnostics = problems.iter().map(|problem| Diagnostic::of_file(name, problem.to_string(), "")).collect();
    ConfigError { diagnostics }
}
