//! Folders as what they hold: written, read and compared as a whole.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// Every file below a folder by its path with `/`, and its content.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Reads all files below a folder.
pub fn read(folder: &Path) -> Files {
    let mut files = Files::new();
    collect(folder, "", &mut files);
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            files.insert(name, bytes);
        }
    }
}

/// Makes a folder hold these files.
pub fn write(folder: &Path, files: &Files) {
    for (name, bytes) in files {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}

/// A folder of its own that holds these files.
pub fn with(files: &Files) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    folder
}

/// What a file says apart from wall times: these stand in manifests only, and so do their checksums.
fn timeless(name: &str, bytes: &[u8]) -> Vec<u8> {
    if name.rsplit('/').next() != Some("manifest.json") {
        return bytes.to_vec();
    }
    let Ok(Value::Object(mut content)) = serde_json::from_slice(bytes) else { return bytes.to_vec() };
    content.remove("seconds");
    content.remove("sha256");
    Value::Object(content).to_string().into_bytes()
}

/// Whether two versions of a file say the same.
pub fn same(name: &str, one: &[u8], other: &[u8]) -> bool {
    one == other || timeless(name, one) == timeless(name, other)
}

/// How files differ from those that were expected, apart from wall times.
pub fn differences(found: &Files, expected: &Files) -> Vec<String> {
    let missing = expected.keys().filter(|name| !found.contains_key(*name)).map(|name| format!("`{name}` is missing"));
    let added = found.keys().filter(|name| !expected.contains_key(*name)).map(|name| format!("`{name}` is left over"));
    let changed = found.iter().filter(|(name, bytes)| expected.get(*name).is_some_and(|it| !same(name, bytes, it)));
    missing.chain(added).chain(changed.map(|(name, _)| format!("`{name}` is another"))).collect()
}

/// Whether a file is one that was never finished.
pub fn is_temporary(name: &str) -> bool {
    name.rsplit('/').next().is_some_and(|name| name.starts_with(".disinhibit-"))
}

/// The SHA-256 of bytes, as manifests write it.
pub fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// One number for all that files say, apart from wall times and the random names of unfinished files.
pub fn digest(files: &Files) -> Vec<u8> {
    let mut digest = Sha256::new();
    for (name, bytes) in files {
        let shown = if is_temporary(name) { "unfinished" } else { name };
        let content = timeless(name, bytes);
        for part in [shown.as_bytes(), &content] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
    }
    digest.finalize().to_vec()
}
