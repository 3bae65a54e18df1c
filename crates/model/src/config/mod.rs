//! Configuration files: TOML read into a specification, with every problem's file, line and column.
//!
//! A scenario names a circuit file and pharmacology files; they are read first, and what the scenario states itself
//! replaces what they say: single values one by one, lists as a whole. Then come `--set` arguments.

mod arguments;
mod curve;
mod diagnostic;
pub mod disk;
pub mod finding;
mod notes;
pub mod observed;
mod reader;
pub mod schema;
mod value;
mod warnings;
pub mod writer;

pub use diagnostic::{ConfigError, Diagnostic, Severity};

use crate::scenario::declare::Node;
use crate::scenario::readout::Readout;
use crate::scenario::sweep::{BoundSweep, bind};
use crate::scenario::validate::validate_circuit;
use crate::scenario::whole::{CircuitFile, PharmacologyFile};
use crate::scenario::{Finding, Hypothesis, Problem, Scenario, Sweep, validate};
use notes::{Note, Notes};
use observed::Measurements;
use reader::read_table;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use warnings::Of;

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
    /// An experiment that was done, with what the model should show.
    Finding,
    /// Another mechanism, laid over findings.
    Hypothesis,
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
    /// The finding whose scenario it is.
    pub finding: Option<Finding>,
    /// The hypothesis.
    pub hypothesis: Option<Hypothesis>,
    /// The same before `--set`, for drives that are to be held.
    pub before_set: Scenario,
    /// The measurements that the scenario names, file by file.
    pub observed: Vec<Measurements>,
    /// What is said without effect, or hardly as it was meant.
    pub warnings: Vec<Diagnostic>,
    /// The folder of the file: what it names is found from there.
    pub folder: PathBuf,
}

impl Loaded {
    /// Nothing yet from a file in a folder.
    fn empty(folder: PathBuf) -> Self {
        Self {
            kind: Kind::Scenario,
            scenario: Scenario::default(),
            sweep: None,
            finding: None,
            hypothesis: None,
            before_set: Scenario::default(),
            observed: Vec::new(),
            warnings: Vec::new(),
            folder,
        }
    }
}

/// Gives the bytes of a file.
pub type ReadFile<'a> = &'a dyn Fn(&Path) -> std::io::Result<Vec<u8>>;

/// Reads a configuration file and all that it names, and carries out `--set` arguments (`PATH=VALUE`).
///
/// # Errors
/// [`ConfigError`] with every problem that was found.
pub fn load(file: &Path, set: &[String]) -> Result<Loaded, ConfigError> {
    load_from(file, set, &disk::read)
}

/// As [`load`], with files from elsewhere than the disk.
///
/// # Errors
/// [`ConfigError`] with every problem that was found.
pub fn load_from(file: &Path, set: &[String], read: ReadFile<'_>) -> Result<Loaded, ConfigError> {
    load_with(file, set, None, read)
}

fn load_with(
    file: &Path,
    set: &[String],
    overlay: Option<&finding::Overlay>,
    read: ReadFile<'_>,
) -> Result<Loaded, ConfigError> {
    let (texts, notes, failures) = (Vec::new(), Notes::default(), Vec::new());
    let (warnings, doubts, loading) = (Vec::new(), Vec::new(), Vec::new());
    let mut loader = Loader { read, texts, notes, failures, warnings, doubts, overlay, loading };
    let loaded = loader.load(file, set);
    let mut diagnostics = loader.failures;
    diagnostics.extend(in_order(&loader.notes.problems, &loader.texts));
    match loaded {
        Some(loaded) if diagnostics.is_empty() => {
            let mut warnings: Vec<Diagnostic> =
                in_order(&loader.warnings, &loader.texts).into_iter().map(Diagnostic::into_warning).collect();
            warnings.dedup();
            warnings.extend(loader.doubts);
            Ok(Loaded { warnings, ..loaded })
        }
        _ => Err(ConfigError { diagnostics }),
    }
}

/// Notes with their places, in the order of files and of their lines.
fn in_order(notes: &[Note], texts: &[(String, String)]) -> Vec<Diagnostic> {
    let mut notes: Vec<&Note> = notes.iter().collect();
    notes.sort_by_key(|note| (note.file, note.span.start));
    notes.into_iter().map(|note| located(note, texts)).collect()
}

fn located(note: &Note, texts: &[(String, String)]) -> Diagnostic {
    let empty = (String::new(), String::new());
    let (file, text) = texts.get(note.file).unwrap_or(&empty);
    let mut diagnostic = Diagnostic::in_text(file, text, &note.span, note.message.clone());
    diagnostic.path.clone_from(&note.path);
    diagnostic.expected.clone_from(&note.expected);
    diagnostic.nearest.clone_from(&note.nearest);
    diagnostic
}

struct Loader<'a> {
    read: ReadFile<'a>,
    /// Name and text of every file, then of every argument.
    texts: Vec<(String, String)>,
    notes: Notes,
    /// Problems with files as a whole.
    failures: Vec<Diagnostic>,
    /// What is said without effect, or hardly as it was meant.
    warnings: Vec<Note>,
    /// The same of files that are no configuration.
    doubts: Vec<Diagnostic>,
    /// What is laid over the scenario of a finding.
    overlay: Option<&'a finding::Overlay>,
    /// The file that is being loaded, after those that name it.
    loading: Vec<PathBuf>,
}

impl Loader<'_> {
    fn load(&mut self, file: &Path, set: &[String]) -> Option<Loaded> {
        self.loading.push(file.to_owned());
        let loaded = self.load_kind(file, set);
        self.loading.pop();
        loaded
    }

    fn load_kind(&mut self, file: &Path, set: &[String]) -> Option<Loaded> {
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let (index, text) = self.open(file, None)?;
        let root = self.parse(index, &text)?;
        let kind = self.kind(index, root.get_ref())?;
        let mut scenario = Scenario::default();
        let is_named = self.loading.len() > 1;
        let complete = match kind {
            // Whoever names it needs a scenario and refuses it; what it names itself, perhaps in a circle, does not matter.
            Kind::Sweep | Kind::Finding if is_named => return Some(Loaded { kind, ..Loaded::empty(folder) }),
            Kind::Sweep => return self.sweep(file, (index, &root), set),
            Kind::Finding => return self.finding(file, (index, &root), set),
            Kind::Hypothesis => return Some(self.hypothesis(file, (index, &root))),
            Kind::Circuit => self.fill(index, &root, &mut CircuitFile(&mut scenario)),
            Kind::Pharmacology => self.fill(index, &root, &mut PharmacologyFile(&mut scenario)),
            Kind::Scenario => {
                let complete = self.parts(&folder, root.get_ref(), index, &mut scenario);
                self.fill(index, &root, &mut scenario) && complete
            }
        };
        self.curves(&folder, &mut scenario);
        if scenario.name.is_empty() {
            scenario.name = finding::stem(file);
        }
        scenario.sources = self.notes.labelled_sources();
        // What is wrong with a tie is reported by the checks below.
        let _ = scenario.tie();
        scenario.circuit.expand();
        let before_set = scenario.clone();
        self.carry_out(set, &mut scenario);
        self.curves(&folder, &mut scenario);
        scenario.circuit.expand();
        scenario = Readout::with_times_of_run(&scenario);
        if complete {
            self.notes.read = self.notes.problems.len();
            scenario.circuit.written().tie.keys().for_each(|target| self.notes.note_tie(target));
            let problems = match kind {
                Kind::Scenario => validate(&scenario),
                Kind::Circuit => validate_circuit(&scenario),
                Kind::Pharmacology | Kind::Sweep | Kind::Finding | Kind::Hypothesis => Vec::new(),
            };
            problems.into_iter().for_each(|problem| self.notes.add_problem(problem));
        }
        let observed = self.observed(&folder, &scenario);
        // Whoever names it changes it, and warns of the whole.
        if !is_named {
            self.warn_of_scenario(&scenario, index);
        }
        Some(Loaded { kind, scenario, before_set, observed, ..Loaded::empty(folder) })
    }

    /// Reads a sweep: its scenario first, so that paths of the sweep itself are those that problems point to.
    fn sweep(&mut self, file: &Path, (index, root): (usize, &Spanned<DeTable<'_>>), set: &[String]) -> Option<Loaded> {
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let of_scenario = self.texts.len();
        let loaded = self.named_scenario(&folder, (index, root), set);
        let mut sweep = Sweep::default();
        let (before, places) = (self.notes.problems.len(), self.notes.places());
        read_table(&mut self.notes, index, root.get_ref(), 0..0, "", &mut sweep);
        if sweep.name.is_empty() {
            sweep.name = finding::stem(file);
        }
        let loaded = loaded?;
        if loaded.kind != Kind::Scenario {
            self.notes.add_problem(finding::no_scenario("sweep", loaded.kind));
        } else if self.notes.problems.len() == before {
            let mut scenario = loaded.scenario.clone();
            if !sweep.report.is_empty() {
                scenario.run.report.clone_from(&sweep.report);
            }
            Readout::add_times(&sweep.readouts, &mut scenario);
            if scenario.run.report != loaded.scenario.run.report {
                // So that a point alone has them, too.
                sweep.report.clone_from(&scenario.run.report);
            }
            let problems = if sweep.report.is_empty() { Vec::new() } else { validate(&scenario) };
            for problem in problems {
                let path = problem.path.strip_prefix("run.").unwrap_or(&problem.path).to_owned();
                self.notes.add_problem(Problem { path, ..problem });
            }
            match bind(&sweep, &scenario) {
                Ok(_) if self.notes.problems.len() > before => {}
                Ok(bound) => {
                    self.warn_of_sweep(&scenario, &bound, Of { file: of_scenario, places: &places });
                    return Some(Loaded { kind: Kind::Sweep, scenario, sweep: Some(bound), folder, ..loaded });
                }
                Err(problems) => problems.into_iter().for_each(|problem| self.notes.add_problem(problem)),
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
                    self.notes.add(Note { file: index, span, path, message, expected, nearest: None });
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
            self.notes.add(Note {
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
        if has("checks") || has("statement") {
            return Some(Kind::Finding);
        }
        if has("claim") {
            return Some(Kind::Hypothesis);
        }
        if has("scenario") {
            return Some(Kind::Sweep);
        }
        let scenario = ["arms", "circuit", "run", "compare", "pharmacology"].into_iter().any(has);
        if scenario {
            return Some(Kind::Scenario);
        }
        if has("populations") {
            return Some(Kind::Circuit);
        }
        if ["receptors", "ligands", "stress", "plasticity", "indices"].into_iter().any(has) {
            return Some(Kind::Pharmacology);
        }
        self.notes.add(Note {
            file,
            span: 0..0,
            path: String::new(),
            message: "the file is neither a sweep nor a scenario nor a circuit nor a pharmacology".into(),
            expected: "`[[axes]]` over a `scenario`, `arms`, `populations`, or `receptors` and `ligands`".into(),
            nearest: None,
        });
        None
    }

    fn fill(&mut self, file: usize, root: &Spanned<DeTable<'_>>, node: &mut dyn Node) -> bool {
        let before = self.notes.problems.len();
        read_table(&mut self.notes, file, root.get_ref(), 0..0, "", node);
        // Only names that could not be read at all make later checks pointless.
        self.notes.problems.len() == before || !self.failures.iter().any(|failure| failure.line == 0)
    }

    /// Reads the circuit and pharmacology files that a scenario names. False where one could not be.
    fn parts(&mut self, folder: &Path, root: &DeTable<'_>, index: usize, scenario: &mut Scenario) -> bool {
        let value = |key: &str| root.iter().find(|(known, _)| known.get_ref() == key).map(|(_, value)| value);
        let mut complete = true;
        match value("circuit") {
            Some(named) => {
                if let DeValue::String(file) = named.get_ref() {
                    let mut node = CircuitFile(scenario);
                    let path = folder.join(file.as_ref());
                    complete &= self.part(&path, (index, named.span()), &mut node);
                    self.curves(path.parent().unwrap_or(folder), scenario);
                }
            }
            None if value("populations").is_none() => {
                self.notes.add(Note {
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
}
