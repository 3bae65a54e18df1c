//! Gives the program a name for its own source: two builds of the same source have the same one, and a change of any line
//! gives another. Chunks of a sweep that one build has begun are not mixed with those of another.

use std::path::{Path, PathBuf};

/// Where source stands.
const FOLDERS: [&str; 2] = ["src", "crates"];

fn main() {
    let mut files = ["Cargo.toml", "Cargo.lock", "build.rs"].map(PathBuf::from).to_vec();
    for folder in FOLDERS {
        sources(Path::new(folder), &mut files);
    }
    files.sort();
    let mut hash = Fnv::default();
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        hash.add(file.to_string_lossy().replace('\\', "/").as_bytes());
        hash.add(&std::fs::read(&file).unwrap_or_default());
    }
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={folder}");
    }
    println!("cargo::rustc-env=DISINHIBIT_BUILD={:016x}", hash.0);
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll & Vo; IETF draft-eastlake-fnv): the same on every machine and compiler.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds bytes and where they end.
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&(bytes.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
