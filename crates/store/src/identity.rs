//! What makes two sweeps the same, and which share of one a folder holds.

use super::StoreError;
use super::ledger::{hexadecimal, read_manifest};
use crate::config::writer;
use crate::scenario::{Scenario, Sweep};
use disinhibit_analyze::sweep::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;

pub use super::ledger::MANIFEST as IDENTITY;

/// A share of a sweep: number `index` (from 1) of `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `count`.
    pub index: u64,
    /// How many there are.
    pub count: u64,
}

impl Shard {
    /// The whole sweep.
    pub const WHOLE: Self = Self { index: 1, count: 1 };

    /// Whether the index lies among the shards, and these can be told apart.
    fn exists(self) -> bool {
        (1..=self.count).contains(&self.index) && self.count <= MOST_SHARDS
    }

    /// Whether a chunk belongs to it.
    pub fn holds(self, chunk: u64) -> bool {
        chunk % self.count == self.index - 1
    }

    /// How many of a sweep's chunks belong to it.
    pub fn share(self, chunks: u64) -> u64 {
        chunks.saturating_sub(self.index - 1).div_ceil(self.count)
    }

    /// Its chunk of this number, from 0 on.
    pub fn chunk(self, place: u64) -> u64 {
        place * self.count + self.index - 1
    }
}

/// More shards than any cluster has.
const MOST_SHARDS: u64 = 1_000_000;

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("`{text}` is no shard; expected K/N with K from 1 to N and N up to {MOST_SHARDS}, such as 3/64");
        let (index, count) = text.split_once('/').ok_or_else(expected)?;
        let shard = Self {
            index: index.trim().parse().map_err(|_| expected())?,
            count: count.trim().parse().map_err(|_| expected())?,
        };
        if shard.exists() { Ok(shard) } else { Err(expected()) }
    }
}

/// What makes two sweeps the same: their configuration, and how they are cut into chunks.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    pub(super) content: Value,
    pub(super) hash: String,
    /// How many chunks there are.
    pub chunks: u64,
}

impl Identity {
    /// That of a sweep of a scenario, in chunks of so many runs. `build` names the source of the program; `before_set` matters where drives are held.
    pub fn new(sweep: &Sweep, scenario: &Scenario, engine: &Engine, chunk: u64, build: &str) -> Self {
        let content = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "build": build,
            "sweep": writer::sweep_to_json(sweep),
            "scenario": writer::to_json(scenario),
            "held_drives": engine.held_drives(),
            "runs": engine.runs(),
            "runs_per_chunk": chunk,
        });
        Self::of(content, engine.runs().div_ceil(chunk))
    }

    fn of(content: Value, chunks: u64) -> Self {
        let hash = hexadecimal(&Sha256::digest(content.to_string()));
        Self { content, hash, chunks }
    }

    /// What the manifest of a shard says.
    pub(super) fn content(&self, shard: Shard) -> Value {
        json!({
            "hash": self.hash,
            "chunks": self.chunks,
            "shard": [shard.index, shard.count],
            "config": self.content,
        })
    }

    /// What the manifest in a folder says.
    ///
    /// # Errors
    /// [`StoreError`] where there is none, or that of a run.
    pub(super) fn read(folder: &Path) -> Result<(Self, Shard), StoreError> {
        let file = folder.join(IDENTITY);
        let Some((stored, _)) = read_manifest(folder)? else {
            let error = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(StoreError::Read { file, error });
        };
        if stored["shard"].is_null() {
            return Err(StoreError::OfARun { folder: folder.to_owned() });
        }
        let wrong = |message: String| StoreError::Content { file: file.clone(), message };
        let number = |value: &Value| value.as_u64().ok_or_else(|| wrong("a number is missing".into()));
        let shard = Shard { index: number(&stored["shard"][0])?, count: number(&stored["shard"][1])? };
        if !shard.exists() {
            return Err(wrong(format!("there is no shard {}/{}", shard.index, shard.count)));
        }
        Ok((Self::of(stored["config"].clone(), number(&stored["chunks"])?), shard))
    }
}

/// What a folder holds beside what it should hold; none where it is the same.
pub(super) fn changes(known: &(Identity, Shard), wanted: &(Identity, Shard)) -> Option<Vec<String>> {
    if known == wanted {
        return None;
    }
    let mut what = Vec::new();
    differences(&known.0.content, &wanted.0.content, "", &mut what);
    if known.1 != wanted.1 {
        let text = |shard: Shard| format!("{}/{}", shard.index, shard.count);
        what.push(format!("shard (was {}, is {})", text(known.1), text(wanted.1)));
    }
    if what.is_empty() {
        what.push("the manifest, which was changed by hand".to_owned());
    }
    Some(what)
}

/// The paths at which two configurations differ.
pub(super) fn differences(one: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(
                    one.get(key).unwrap_or(&Value::Null),
                    other.get(key).unwrap_or(&Value::Null),
                    &inner,
                    found,
                );
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, &format!("{path}.{index}"), found);
            }
        }
        _ if one == other => {}
        _ => found.push(format!("{path} (was {one}, is {other})")),
    }
}
