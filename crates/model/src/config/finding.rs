//! Files of findings and of hypotheses.

use super::notes::{Note, Notes};
use super::reader::read_table;
use super::warnings::Of;
use super::{ConfigError, Diagnostic, Kind, Loaded, Loader, ReadFile};
use crate::scenario::finding::bind::{bind, lay_over};
use crate::scenario::whole::PharmacologyFile;
use crate::scenario::{Finding, Hypothesis, Problem};
use std::path::{Component, Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A hypothesis with the place of its file: what it names is found from there.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// The hypothesis.
    pub hypothesis: Hypothesis,
    /// Its file.
    pub file: PathBuf,
}

/// Reads a hypothesis.
///
/// # Errors
/// [`ConfigError`] with every problem that was found, or that says that the file is something else.
pub fn load_hypothesis(file: &Path, read: ReadFile<'_>) -> Result<Overlay, ConfigError> {
    let loaded = super::load_from(file, &[], read)?;
    loaded.hypothesis.map_or_else(
        || Err(no_such_kind(file, "hypothesis", "claim")),
        |hypothesis| Ok(Overlay { hypothesis, file: file.to_owned() }),
    )
}

/// Reads a finding and its scenario, with a hypothesis laid over it.
///
/// # Errors
/// [`ConfigError`] with every problem that was found, or that says that the file is something else.
pub fn load_finding(file: &Path, overlay: Option<&Overlay>, read: ReadFile<'_>) -> Result<Loaded, ConfigError> {
    let loaded = super::load_with(file, &[], overlay, read)?;
    if loaded.kind == Kind::Finding { Ok(loaded) } else { Err(no_such_kind(file, "finding", "[[checks]]")) }
}

fn no_such_kind(file: &Path, kind: &str, key: &str) -> ConfigError {
    let name = file.display().to_string();
    let diagnostic = Diagnostic::of_file(&name, format!("the file is no {kind}"), &format!("a file with `{key}`"));
    ConfigError { diagnostics: vec![diagnostic] }
}

impl Loader<'_> {
    /// Reads a finding: its scenario first, so that paths of the finding itself are those that problems point to.
    pub(super) fn finding(
        &mut self,
        file: &Path,
        (index, root): (usize, &Spanned<DeTable<'_>>),
        set: &[String],
    ) -> Option<Loaded> {
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let of_scenario = self.texts.len();
        let loaded = self.named_scenario(&folder, (index, root), set);
        let mut finding = Finding::default();
        let (before, places) = (self.notes.problems.len(), self.notes.places());
        read_table(&mut self.notes, index, root.get_ref(), 0..0, "", &mut finding);
        if finding.name.is_empty() {
            finding.name = stem(file);
        }
        let mut loaded = loaded?;
        if loaded.kind != Kind::Scenario {
            self.notes.add_problem(no_scenario("finding", loaded.kind));
            return None;
        }
        if let Some(overlay) = self.overlay {
            self.lay_over(overlay, &mut loaded)?;
        }
        if self.notes.problems.len() > before {
            return None;
        }
        match bind(&finding, &loaded.scenario) {
            Ok(bound) => {
                let whole = (&bound.whole, loaded.scenario.arms.len());
                let hypothesis = self.overlay.map(|overlay| &overlay.hypothesis);
                self.warn_of_finding(&finding, hypothesis, whole, Of { file: of_scenario, places: &places });
                let scenario = bound.scenario;
                Some(Loaded { kind: Kind::Finding, scenario, finding: Some(bound.finding), folder, ..loaded })
            }
            Err(problems) => {
                problems.into_iter().for_each(|problem| self.notes.add_problem(problem));
                None
            }
        }
    }

    fn lay_over(&mut self, overlay: &super::finding::Overlay, loaded: &mut Loaded) -> Option<()> {
        let folder = overlay.file.parent().unwrap_or(Path::new(""));
        let (index, text) = self.open(&overlay.file, None)?;
        let root = self.parse(index, &text)?;
        let mut own = Notes::default();
        read_table(&mut own, index, root.get_ref(), 0..0, "", &mut Hypothesis::default());
        let place = |path: &str| own.origin(path).unwrap_or((index, 0..0));
        let mut complete = true;
        for (at, file) in overlay.hypothesis.pharmacology.iter().enumerate() {
            let mut node = PharmacologyFile(&mut loaded.scenario);
            complete &= self.part(&folder.join(file), place(&format!("pharmacology.{at}")), &mut node);
        }
        match lay_over(&overlay.hypothesis, &mut loaded.scenario) {
            Ok(()) if complete => Some(()),
            Ok(()) => None,
            Err(problems) => {
                for Problem { path, message, expected, nearest } in problems {
                    let (file, span) = place(&path);
                    self.notes.add(Note { file, span, path, message, expected, nearest });
                }
                None
            }
        }
    }

    pub(super) fn hypothesis(&mut self, file: &Path, (index, root): (usize, &Spanned<DeTable<'_>>)) -> Loaded {
        let mut hypothesis = Hypothesis::default();
        read_table(&mut self.notes, index, root.get_ref(), 0..0, "", &mut hypothesis);
        if hypothesis.name.is_empty() {
            hypothesis.name = stem(file);
        }
        self.warn_of_hypothesis(&hypothesis);
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let hypothesis = Some(hypothesis);
        Loaded { kind: Kind::Hypothesis, hypothesis, ..Loaded::empty(folder) }
    }

    /// The scenario that a sweep or a finding names. A file that cannot be opened is the fault of the line that names it.
    pub(super) fn named_scenario(
        &mut self,
        folder: &Path,
        (index, root): (usize, &Spanned<DeTable<'_>>),
        set: &[String],
    ) -> Option<Loaded> {
        let named = root.get_ref().iter().find(|(key, _)| key.get_ref() == "scenario").map(|(_, value)| value)?;
        let DeValue::String(scenario) = named.get_ref() else { return None };
        let path = folder.join(scenario.as_ref());
        if let Some(place) = self.loading.iter().position(|known| is_same(known, &path)) {
            let circle = self.loading[place..].iter().chain([&path]).map(|file| format!("`{}`", file.display()));
            let message = format!("the file names itself: {}", circle.collect::<Vec<_>>().join(" names "));
            let expected = "the path of a scenario, from the folder of this file".to_owned();
            let (path, span) = ("scenario".to_owned(), named.span());
            self.notes.add(Note { file: index, span, path, message, expected, nearest: None });
            return None;
        }
        let before = self.failures.len();
        let loaded = self.load(&path, set);
        if self.failures.len() > before && loaded.is_none() {
            let message = format!("`{}` cannot be read as a scenario", path.display());
            let expected = "the path of a scenario, from the folder of this file".to_owned();
            let (path, span) = (String::new(), named.span());
            self.notes.add(Note { file: index, span, path, message, expected, nearest: None });
        }
        loaded
    }
}

/// The name of a file without its folder and ending.
pub(super) fn stem(file: &Path) -> String {
    file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Whether two paths are the same once `.` and `NAME/..` are taken out.
fn is_same(one: &Path, other: &Path) -> bool {
    let plain = |path: &Path| {
        let mut parts: Vec<Component<'_>> = Vec::new();
        for part in path.components() {
            match (part, parts.last()) {
                (Component::CurDir, _) => {}
                (Component::ParentDir, Some(Component::Normal(_))) => drop(parts.pop()),
                (part, _) => parts.push(part),
            }
        }
        parts.iter().collect::<PathBuf>()
    };
    plain(one) == plain(other)
}

/// What is wrong where a sweep or a finding names something else than a scenario.
pub(super) fn no_scenario(what: &str, kind: Kind) -> Problem {
    let named = match kind {
        Kind::Sweep => "a sweep",
        Kind::Finding => "a finding",
        Kind::Hypothesis => "a hypothesis",
        Kind::Circuit => "a circuit",
        Kind::Pharmacology => "a pharmacology",
        Kind::Scenario => "a scenario",
    };
    Problem {
        path: "scenario".into(),
        message: format!("the file that the {what} names is {named}, no scenario"),
        expected: "a file with `[[arms]]`".into(),
        nearest: None,
    }
}
