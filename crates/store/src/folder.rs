//! The folder of a command's results: it belongs to one configuration, to one process at a time, and is whole or unfinished.

use super::StoreError;
use super::identity::differences;
use super::ledger::Ledger;
use super::lock::Lock;
use super::sweep::is_sweep;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// The folder that a command writes its results to.
#[derive(Debug)]
pub struct ResultsFolder {
    path: PathBuf,
    ledger: Ledger,
    /// The command, its configuration and its arguments: what makes two results the same.
    identity: Map<String, Value>,
    begun: bool,
    /// Keeps other processes out until the results are whole.
    _lock: Lock,
}

impl ResultsFolder {
    /// Opens or makes the folder of a command with a configuration and arguments. Nothing in it changes before the first
    /// [`write`](Self::write). `claims` are names that the command will write.
    ///
    /// # Errors
    /// [`StoreError::Changed`] where it holds results of another command or configuration and `fresh` is not set;
    /// [`StoreError::OfASweep`]; [`StoreError::Busy`] where another process writes there; [`StoreError::Foreign`] where one
    /// of `claims` is a file that the program did not make; [`StoreError::Content`] for a manifest that is not ours.
    pub fn open(
        path: &Path,
        (command, config, arguments): (&str, Value, Value),
        claims: &[&str],
        fresh: bool,
    ) -> Result<Self, StoreError> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        if is_sweep(path) {
            return Err(StoreError::OfASweep { folder: path.to_owned() });
        }
        std::fs::create_dir_all(path).map_err(|error| StoreError::Write { file: path.to_owned(), error })?;
        let lock = Lock::of_folder(path)?.ok_or_else(|| StoreError::Busy { folder: path.to_owned() })?;
        let ledger = Ledger::open(path)?;
        let identity = Map::from_iter([
            ("command".to_owned(), json!(command)),
            ("config".to_owned(), config),
            ("arguments".to_owned(), arguments),
        ]);
        if let (Some(stored), false) = (ledger.manifest(), fresh) {
            let mut what = Vec::new();
            for (key, wanted) in &identity {
                differences(&stored[key], wanted, if key == "config" { "" } else { key }, &mut what);
            }
            if !what.is_empty() {
                return Err(StoreError::Changed { folder: path.to_owned(), what });
            }
        }
        ledger.claim(claims.iter().copied())?;
        Ok(Self { path: path.to_owned(), ledger, identity, begun: false, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes files; gives their paths. From the first on, the folder is unfinished until [`finish`](Self::finish).
    ///
    /// # Errors
    /// [`StoreError::Foreign`] where a file of that name is not ours, [`StoreError::Write`].
    pub fn write(&mut self, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, StoreError> {
        if !self.begun {
            self.ledger.claim(files.iter().map(|(name, _)| name.as_str()))?;
            self.ledger.unfinish()?;
            self.begun = true;
        }
        self.ledger.write(files)
    }

    /// Writes the manifest, with `notes` beside what makes the results the same, and deletes what an earlier run of the
    /// command had left.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn finish(self, notes: Value) -> Result<(), StoreError> {
        let mut content = if let Value::Object(notes) = notes { notes } else { Map::new() };
        content.extend(self.identity);
        self.ledger.close(Value::Object(content))
    }
}

/// Draws the figures of a whole folder anew: `files` replace all that were listed but `data`. Meanwhile the manifest lists
/// `data` only: whoever stops this on its way leaves data that can be drawn again.
///
/// # Errors
/// [`StoreError::Unfinished`] where the folder is not whole, [`StoreError::Busy`], [`StoreError::Foreign`],
/// [`StoreError::Write`].
pub fn redraw(
    folder: &Path,
    files: &[(String, Vec<u8>)],
    data: impl Fn(&str) -> bool,
) -> Result<Vec<PathBuf>, StoreError> {
    let _lock = Lock::of_folder(folder)?.ok_or_else(|| StoreError::Busy { folder: folder.to_owned() })?;
    let mut ledger = Ledger::open(folder)?;
    let Some(manifest) = ledger.manifest().cloned() else {
        return Err(StoreError::Unfinished { folder: folder.to_owned() });
    };
    ledger.keep(data);
    ledger.begin(files.iter().map(|(name, _)| name.as_str()))?;
    ledger.unlist(manifest.clone())?;
    let paths = ledger.write(files)?;
    ledger.close(manifest)?;
    Ok(paths)
}
