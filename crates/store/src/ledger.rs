//! Which files of a folder are ours, and when the folder is whole.
//!
//! A folder is whole where its manifest stands: the manifest is written last, and lists every file with the SHA-256 of its
//! content. A command that begins to write takes the manifest away first, and notes the name of every file before it
//! writes it, in a file of its own ([`UNFINISHED`]). So a command that is killed at any moment leaves a folder that says
//! that it is unfinished, and which files the next command may replace. Whatever stands in neither list belongs to the
//! user and is never overwritten or deleted.

use super::{StoreError, files_in, is_temporary, read_file, write_file};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The manifest of a folder.
pub const MANIFEST: &str = "manifest.json";
/// The names of the files that a command is writing, until it is done.
pub const UNFINISHED: &str = "unfinished.json";
/// The manifest's key for the files that were made.
const MADE: &str = "made";
/// The manifest's key for the checksum of its other content.
const CHECKSUM: &str = "sha256";

/// The files of a folder that the program made.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    /// The manifest as it stood when the ledger was opened, without lists and checksum.
    manifest: Option<Value>,
    /// What an earlier command made, or had begun to make.
    earlier: BTreeSet<String>,
    /// The checksums that the manifest lists; null where a file holds its own.
    listed: BTreeMap<String, Value>,
    /// What stands now.
    made: BTreeMap<String, Value>,
}

impl Ledger {
    /// Reads which files of a folder are ours; none where nothing tells.
    ///
    /// # Errors
    /// [`StoreError::Content`] where the folder has a manifest, or a list of unfinished files, that is damaged or not ours.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let (manifest, listed) = match read_manifest(folder)? {
            Some((manifest, listed)) => (Some(manifest), listed),
            None => (None, BTreeMap::new()),
        };
        let begun = read_sealed(&folder.join(UNFINISHED))?.map_or(Value::Null, Value::Object);
        let begun = begun[MADE].as_array().into_iter().flatten().filter_map(|name| name.as_str());
        let earlier = begun.filter(|name| is_plain(name)).map(str::to_owned).chain(listed.keys().cloned()).collect();
        Ok(Self { folder: folder.to_owned(), manifest, earlier, listed, made: BTreeMap::new() })
    }

    /// The manifest as it stood, without the list of files; none where the folder is empty or unfinished.
    pub fn manifest(&self) -> Option<&Value> {
        self.manifest.as_ref()
    }

    /// Refuses names under which there are files that are not ours.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] with the first of them.
    pub fn claim<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
        for name in names {
            let file = self.folder.join(name);
            let ours = self.earlier.contains(name) || self.made.contains_key(name);
            if !ours && std::fs::symlink_metadata(&file).is_ok() {
                return Err(StoreError::Foreign { file });
            }
        }
        Ok(())
    }

    /// Takes the manifest away: from here on, until [`close`](Self::close), the folder is unfinished. What a process that was
    /// killed had not finished writing is deleted.
    ///
    /// # Errors
    /// [`StoreError::Write`] where the folder does not allow it.
    pub fn unfinish(&mut self) -> Result<(), StoreError> {
        self.note([])?;
        if self.manifest.is_some() {
            remove(&self.folder.join(MANIFEST))?;
        }
        remove_temporary(&self.folder)
    }

    /// Puts a manifest that lists only what is kept ([`keep`](Self::keep)) in the place of the one that stands: at no moment
    /// does the folder forget what it holds, and what is written until [`close`](Self::close) is not listed meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Write`] where the folder does not allow it.
    pub fn unlist(&mut self, content: Value) -> Result<(), StoreError> {
        self.note([])?;
        write_file(&self.folder.join(MANIFEST), &sealed(content, &self.made))?;
        remove_temporary(&self.folder)
    }

    /// Notes that files are about to be written, before they are.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] where one of them is not ours; [`StoreError::Write`].
    pub fn begin<'a>(&mut self, names: impl IntoIterator<Item = &'a str> + Clone) -> Result<(), StoreError> {
        self.claim(names.clone())?;
        self.note(names)
    }

    fn note<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
        self.earlier.extend(names.into_iter().map(str::to_owned));
        let about = "these files are being written; without a manifest beside this file they are unfinished";
        let content = Map::from_iter([("about".to_owned(), json!(about)), (MADE.to_owned(), json!(self.earlier))]);
        write_file(&self.folder.join(UNFINISHED), &with_seal(content))
    }

    /// Writes files; gives their paths. All names are noted before the first is written.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] where one of them is not ours, [`StoreError::Write`] where one cannot be written.
    pub fn write(&mut self, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>, StoreError> {
        self.begin(files.iter().map(|(name, _)| name.as_str()))?;
        let mut paths = Vec::new();
        for (name, bytes) in files {
            let path = self.folder.join(name);
            write_file(&path, bytes)?;
            self.made.insert(name.clone(), Value::String(checksum(bytes)));
            paths.push(path);
        }
        Ok(paths)
    }

    /// Records a file that was written in another way after [`begin`](Self::begin), and that holds its own checksums.
    pub fn add(&mut self, name: &str) {
        self.made.insert(name.to_owned(), Value::Null);
    }

    /// Lets files stand that the manifest lists.
    pub fn keep(&mut self, which: impl Fn(&str) -> bool) {
        let kept = self.listed.iter().filter(|(name, _)| which(name));
        self.made.extend(kept.map(|(name, checksum)| (name.clone(), checksum.clone())));
    }

    /// Deletes what an earlier command made and this one did not, and writes the manifest: the folder is whole.
    ///
    /// # Errors
    /// [`StoreError::Write`] where the folder does not allow it.
    pub fn close(mut self, content: Value) -> Result<(), StoreError> {
        self.remove_others()?;
        write_file(&self.folder.join(MANIFEST), &sealed(content, &self.made))?;
        remove(&self.folder.join(UNFINISHED))
    }

    /// Deletes what an earlier command made and this one did not.
    ///
    /// # Errors
    /// [`StoreError::Write`] where the folder does not allow it.
    pub fn remove_others(&mut self) -> Result<(), StoreError> {
        let stale = self.earlier.iter().filter(|name| !self.made.contains_key(*name));
        stale.map(|name| self.folder.join(name)).try_for_each(|file| remove(&file))?;
        // A file that somebody puts there from now on is not ours.
        self.earlier.retain(|name| self.made.contains_key(name));
        Ok(())
    }
}

/// Reads all files of a kind that a whole folder lists: none of them is damaged.
///
/// # Errors
/// As [`read_listed`].
pub fn check_listed(folder: &Path, which: impl Fn(&str) -> bool) -> Result<(), StoreError> {
    let Some((_, listed)) = read_manifest(folder)? else {
        return Err(StoreError::Unfinished { folder: folder.to_owned() });
    };
    listed.keys().filter(|name| which(name)).try_for_each(|name| read_listed(folder, name).map(|_| ()))
}

/// A file that a whole folder lists, with its content as it was written.
///
/// # Errors
/// [`StoreError::Unfinished`] where the folder has no manifest, [`StoreError::Content`] where the file is not listed or its
/// content is not what was written, [`StoreError::Read`].
pub fn read_listed(folder: &Path, name: &str) -> Result<Vec<u8>, StoreError> {
    let file = folder.join(name);
    let Some((_, listed)) = read_manifest(folder)? else {
        return Err(StoreError::Unfinished { folder: folder.to_owned() });
    };
    let wrong = |message: &str| StoreError::Content { file: file.clone(), message: message.to_owned() };
    let Some(known) = listed.get(name) else { return Err(wrong("the manifest beside it does not list it")) };
    let bytes = read_file(&file)?;
    match known.as_str() {
        Some(known) if known != checksum(&bytes) => {
            Err(wrong("it was damaged or changed after it was written: its checksum is not the manifest's"))
        }
        _ => Ok(bytes),
    }
}

/// The manifest of a folder without its list of files, and the list.
type Listed = (Value, BTreeMap<String, Value>);

/// The manifest of a folder; none where there is none.
///
/// # Errors
/// [`StoreError::Content`] where it is damaged, or not written by this program.
pub(super) fn read_manifest(folder: &Path) -> Result<Option<Listed>, StoreError> {
    let Some(mut content) = read_sealed(&folder.join(MANIFEST))? else { return Ok(None) };
    let made = content.shift_remove(MADE).and_then(|made| made.as_object().cloned()).unwrap_or_default();
    let made = made.into_iter().filter(|(name, _)| is_plain(name)).collect();
    Ok(Some((Value::Object(content), made)))
}

/// A file of ours that holds its own checksum, without it; none where there is no such file.
fn read_sealed(file: &Path) -> Result<Option<Map<String, Value>>, StoreError> {
    // A link to nowhere is there, and not ours.
    if std::fs::symlink_metadata(file).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let wrong = |message: &str| StoreError::Content { file: file.to_owned(), message: message.to_owned() };
    let not_ours = "it was not written by this version of the program; choose another folder with --out";
    let stored: Value = serde_json::from_slice(&read_file(file)?).map_err(|_| wrong(not_ours))?;
    let Value::Object(mut content) = stored else { return Err(wrong(not_ours)) };
    let Some(Value::String(seal)) = content.shift_remove(CHECKSUM) else { return Err(wrong(not_ours)) };
    if seal != seal_of(&content) {
        return Err(wrong("it was damaged or changed after it was written: its checksum does not fit its content"));
    }
    Ok(Some(content))
}

/// A manifest with its list of files and the checksum of it all.
fn sealed(content: Value, made: &BTreeMap<String, Value>) -> Vec<u8> {
    let mut content = if let Value::Object(content) = content { content } else { Map::new() };
    content.insert(MADE.to_owned(), json!(made));
    with_seal(content)
}

fn with_seal(mut content: Map<String, Value>) -> Vec<u8> {
    let seal = seal_of(&content);
    content.insert(CHECKSUM.to_owned(), Value::String(seal));
    format!("{:#}\n", Value::Object(content)).into_bytes()
}

fn seal_of(content: &Map<String, Value>) -> String {
    checksum(Value::Object(content.clone()).to_string().as_bytes())
}

/// The SHA-256 of bytes, in hexadecimal digits.
pub(super) fn checksum(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Whether a name is that of a file in the folder itself, so that no list can reach out of it.
fn is_plain(name: &str) -> bool {
    Path::new(name).file_name().is_some_and(|file| file == name) && ![MANIFEST, UNFINISHED].contains(&name)
}

/// Deletes a file that may be gone already.
fn remove(file: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Write { file: file.to_owned(), error })
        }
        _ => Ok(()),
    }
}

/// Deletes what a process that was killed had not finished writing.
pub(super) fn remove_temporary(folder: &Path) -> Result<(), StoreError> {
    files_in(folder)?.iter().filter(|file| is_temporary(file)).try_for_each(|file| remove(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Value {
        json!({ "command": "test" })
    }

    #[test]
    fn what_is_not_listed_is_neither_overwritten_nor_deleted() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.txt"), "mine").unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        let refused = ledger.write(&[("mine.txt".into(), b"yours".to_vec())]);
        assert!(matches!(refused, Err(StoreError::Foreign { .. })));
        ledger.unfinish().unwrap();
        ledger.write(&[("a.txt".into(), b"a".to_vec()), ("b.txt".into(), b"b".to_vec())]).unwrap();
        assert!(matches!(read_listed(folder.path(), "a.txt"), Err(StoreError::Unfinished { .. })));
        ledger.close(content()).unwrap();
        assert_eq!(read_listed(folder.path(), "a.txt").unwrap(), b"a");
        // The next command makes one of the two: the other goes, the user's file stays.
        let mut ledger = Ledger::open(folder.path()).unwrap();
        ledger.unfinish().unwrap();
        ledger.write(&[("b.txt".into(), b"c".to_vec())]).unwrap();
        ledger.close(content()).unwrap();
        assert!(!folder.path().join("a.txt").exists());
        assert_eq!(std::fs::read(folder.path().join("mine.txt")).unwrap(), b"mine");
        assert!(!folder.path().join(UNFINISHED).exists());
    }

    #[test]
    fn a_killed_command_leaves_what_the_next_one_may_replace() {
        let folder = tempfile::tempdir().unwrap();
        let mut killed = Ledger::open(folder.path()).unwrap();
        killed.unfinish().unwrap();
        killed.write(&[("a.txt".into(), b"a".to_vec())]).unwrap();
        drop(killed);
        std::fs::write(folder.path().join(".disinhibit-half"), "h").unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        ledger.unfinish().unwrap();
        ledger.write(&[("b.txt".into(), b"b".to_vec())]).unwrap();
        ledger.close(content()).unwrap();
        let left: BTreeSet<String> =
            files_in(folder.path()).unwrap().iter().map(|f| f.file_name().unwrap().to_string_lossy().into()).collect();
        assert_eq!(left, ["b.txt", MANIFEST].map(String::from).into());
    }

    #[test]
    fn figures_drawn_anew_leave_data_that_can_be_read_at_every_moment() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        ledger.write(&[("data".into(), b"data".to_vec()), ("figure".into(), b"old".to_vec())]).unwrap();
        ledger.close(content()).unwrap();
        std::fs::write(folder.path().join(".disinhibit-half"), "h").unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        ledger.keep(|name| name == "data");
        ledger.unlist(content()).unwrap();
        ledger.write(&[("figure".into(), b"new".to_vec())]).unwrap();
        drop(ledger);
        assert_eq!(read_listed(folder.path(), "data").unwrap(), b"data");
        assert!(read_listed(folder.path(), "figure").is_err(), "a figure is listed that may be of either");
        assert!(!folder.path().join(".disinhibit-half").exists());
        assert!(Ledger::open(folder.path()).unwrap().claim(["figure"]).is_ok());
    }

    #[test]
    fn a_list_of_unfinished_files_is_believed_only_if_it_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(UNFINISHED), r#"{ "made": ["mine.txt"] }"#).unwrap();
        assert!(matches!(Ledger::open(folder.path()), Err(StoreError::Content { .. })));
        std::fs::remove_file(folder.path().join(UNFINISHED)).unwrap();
        Ledger::open(folder.path()).unwrap().begin(["ours.txt"]).unwrap();
        let text = std::fs::read_to_string(folder.path().join(UNFINISHED)).unwrap();
        assert!(Ledger::open(folder.path()).is_ok());
        std::fs::write(folder.path().join(UNFINISHED), text.replace("ours", "mine")).unwrap();
        assert!(matches!(Ledger::open(folder.path()), Err(StoreError::Content { .. })));
    }

    #[test]
    fn every_flipped_bit_of_a_file_or_of_the_manifest_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(folder.path()).unwrap();
        ledger.write(&[("a.txt".into(), b"content".to_vec())]).unwrap();
        ledger.close(content()).unwrap();
        for name in ["a.txt", MANIFEST] {
            let file = folder.path().join(name);
            let whole = std::fs::read(&file).unwrap();
            for bit in 0..8 * whole.len() {
                let mut flipped = whole.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                std::fs::write(&file, &flipped).unwrap();
                // White space between the words of the manifest says nothing.
                let same = serde_json::from_slice::<Value>(&flipped).ok() == serde_json::from_slice(&whole).ok();
                let harmless = name == MANIFEST && same;
                let read = read_listed(folder.path(), "a.txt");
                assert!(harmless || read.is_err(), "{name}, bit {bit}");
            }
            std::fs::write(&file, whole).unwrap();
        }
    }

    #[test]
    fn a_list_reaches_no_file_outside_its_folder() {
        for name in ["../a", "/etc/passwd", "a/b", "..", "", MANIFEST, UNFINISHED] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("a b.csv"));
    }
}
