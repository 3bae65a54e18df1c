//! What must hold after a command was interrupted, by whatever: this is all that the tool believes in.
//!
//! 1. Files of the user's are as they were.
//! 2. Where a manifest stands, every file that it lists is there with its checksum, all are of one generation, and no file of
//!    the program's lies beside them that nothing accounts for.
//! 3. A reader draws what belongs to one generation, or refuses with a message that names the folder or a file in it.
//! 4. The same command again ends as if nothing had happened, down to the last byte and the last file.

use super::cases::Case;
use super::folder::{self, Files, differences, is_temporary, same};
use super::program::{Ended, ORDINARY, Program};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

/// An undisturbed run of a case, and what readers make of the folder before and after it.
pub struct Scene<'a> {
    pub case: &'a Case,
    pub program: &'a Program,
    pub before: Files,
    pub after: Files,
    pub ended: Ended,
    readings: Vec<Files>,
    /// What was wrong with states that were seen before: the same state need not be judged twice.
    judged: Mutex<BTreeMap<Vec<u8>, Vec<String>>>,
}

impl<'a> Scene<'a> {
    /// Runs a case undisturbed, twice.
    ///
    /// # Errors
    /// Where it fails, touches files of the user's, or differs from one time to the other.
    pub fn new(case: &'a Case, program: &'a Program) -> Result<Self, String> {
        let before = case.prepare(program)?;
        let run = |files: &Files, command: &[&str]| {
            let place = folder::with(files);
            let ended = program.run(place.path(), command, ORDINARY);
            (ended, folder::read(place.path()))
        };
        let (ended, after) = run(&before, case.command);
        if ended.code != Some(0) {
            return Err(format!("undisturbed, it ends with {}", ended.message()));
        }
        let again = differences(&run(&before, case.command).1, &after);
        if !again.is_empty() {
            return Err(format!("two undisturbed runs differ: {}", again.join("; ")));
        }
        let read = |files: &Files| run(files, case.reader).1;
        let readings = vec![read(&before), read(&after)];
        let scene = Self { case, program, before, after, ended, readings, judged: Mutex::default() };
        let wrong = scene.state(&scene.after);
        if wrong.is_empty() { Ok(scene) } else { Err(format!("undisturbed: {}", wrong.join("; "))) }
    }

    /// Everything that is wrong with what an interrupted command left. The folder may be changed by that.
    pub fn judge(&self, place: &Path) -> Vec<String> {
        let left = folder::read(place);
        let state = folder::digest(&left);
        if let Some(known) = self.judged.lock().unwrap().get(&state) {
            return known.clone();
        }
        let mut problems = self.state(&left);
        problems.extend(self.reading(&left));
        problems.extend(self.again(place));
        self.judged.lock().unwrap().insert(state, problems.clone());
        problems
    }

    /// What is wrong with the files by themselves.
    pub fn state(&self, left: &Files) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, bytes) in self.before.iter().filter(|(name, _)| self.case.is_users(name)) {
            if left.get(name) != Some(bytes) {
                problems.push(format!("the user's `{name}` was changed"));
            }
        }
        if self.case.folder.is_empty() {
            let whole = |name: &String| self.after.get(name) == left.get(name) || is_temporary(name);
            problems
                .extend(left.keys().filter(|name| !whole(name)).map(|name| format!("half of `{name}` was written")));
        } else {
            problems.extend(self.results(left));
        }
        problems
    }

    fn results(&self, left: &Files) -> Vec<String> {
        let own = |name: &str| format!("{}/{name}", self.case.folder);
        let names = |file: &str, key: &str| -> Vec<String> {
            let content: Value =
                left.get(&own(file)).and_then(|it| serde_json::from_slice(it).ok()).unwrap_or_default();
            match &content[key] {
                Value::Object(made) => made.keys().cloned().collect(),
                Value::Array(made) => made.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
                _ => Vec::new(),
            }
        };
        let mut known = names("unfinished.json", "made");
        known.extend(["manifest.json", "unfinished.json"].map(String::from));
        let mut problems = Vec::new();
        if let Some(manifest) = left.get(&own("manifest.json")) {
            known.extend(names("manifest.json", "made"));
            problems.extend(self.manifest(left, manifest));
        }
        for name in left.keys().filter(|name| !self.case.is_users(name) && !is_temporary(name)) {
            let inner = name[self.case.folder.len()..].trim_start_matches('/');
            if !inner.starts_with("chunks/") && !known.iter().any(|known| known == inner) {
                problems.push(format!("nothing accounts for `{name}`"));
            }
        }
        problems
    }

    /// A manifest must be what stands beside it.
    fn manifest(&self, left: &Files, manifest: &[u8]) -> Vec<String> {
        let Ok(content) = serde_json::from_slice::<Value>(manifest) else { return vec!["half a manifest".into()] };
        let of = |files: &Files| -> Value {
            let stored = files.get(&format!("{}/manifest.json", self.case.folder));
            stored.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
        };
        let is_of = |files: &Files| {
            ["command", "config", "arguments", "hash", "shard"].iter().all(|key| of(files)[key] == content[key])
        };
        let generations: Vec<&Files> = [&self.before, &self.after].into_iter().filter(|files| is_of(files)).collect();
        if generations.is_empty() {
            return vec!["a manifest of neither".into()];
        }
        let mut problems = Vec::new();
        let made = content["made"].as_object().cloned().unwrap_or_default();
        for (name, checksum) in &made {
            let name = format!("{}/{name}", self.case.folder);
            let Some(bytes) = left.get(&name) else {
                problems.push(format!("the manifest lists `{name}`, which is not there"));
                continue;
            };
            if checksum.as_str().is_some_and(|known| known != folder::checksum(bytes)) {
                problems.push(format!("the manifest lists `{name}` with another checksum"));
            }
        }
        let fits = |files: &&Files| {
            made.keys().map(|name| format!("{}/{name}", self.case.folder)).all(|name| {
                let wanted = files.get(&name).or_else(|| self.readings.iter().find_map(|read| read.get(&name)));
                left.get(&name).zip(wanted).is_none_or(|(found, wanted)| same(&name, found, wanted))
            })
        };
        if problems.is_empty() && !generations.iter().any(fits) {
            problems.push("the manifest lists a mixture of two generations".into());
        }
        problems
    }

    /// What is wrong with what a reader makes of it.
    fn reading(&self, left: &Files) -> Vec<String> {
        let place = folder::with(left);
        let read = self.program.run(place.path(), self.case.reader, ORDINARY);
        let mut problems: Vec<String> = read.crash().into_iter().map(|crash| format!("reader: {crash}")).collect();
        let shown = |files: &Files| -> Files {
            let shown = files.iter().filter(|(name, _)| {
                !is_temporary(name) && !name.ends_with("unfinished.json") && !name.contains("/chunks/")
            });
            shown.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
        };
        if read.code == Some(0) {
            let found = shown(&folder::read(place.path()));
            let of_one = |reading: &Files| differences(&found, &shown(reading)).is_empty();
            if !self.readings.iter().any(of_one) && !self.case.folder.is_empty() {
                let how = differences(&found, &shown(&self.readings[1])).join(", ");
                problems.push(format!("the reader shows what belongs to neither: {how}"));
            }
        } else {
            let named = if self.case.folder.is_empty() { "mine.toml" } else { self.case.folder };
            if !read.errors.contains(named) {
                problems.push(format!("the reader does not say what is wrong: {}", read.message()));
            }
            if !differences(&folder::read(place.path()), left).is_empty() {
                problems.push("the reader refuses and changes the folder".into());
            }
        }
        problems
    }

    /// What is wrong after the same command again.
    pub fn again(&self, place: &Path) -> Vec<String> {
        let again = self.program.run(place, self.case.command, ORDINARY);
        let mut problems: Vec<String> = again.crash().into_iter().map(|crash| format!("again: {crash}")).collect();
        let done = self.case.folder.is_empty() && again.code == Some(2) && again.errors.contains("exists already");
        if again.code != self.ended.code && !done {
            problems.push(format!("the same command again ends with {}", again.message()));
        }
        let differs = differences(&folder::read(place), &self.after);
        if !differs.is_empty() {
            problems.push(format!("after the same command again, {}", differs.join(", ")));
        }
        problems
    }
}
