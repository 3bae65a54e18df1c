//! `new`: a starter scenario with the files that it uses.

use super::Ending;
use super::progress::{refuse, say};
use crate::store::write_new_file;
use std::path::Path;

const STARTER: &str = include_str!("../../configs/starter.toml");
const CIRCUIT: &str = include_str!("../../configs/circuits/mpfc.toml");
const PHARMACOLOGY: &str = include_str!("../../configs/pharmacology/default.toml");

pub(super) fn new(name: &str) -> Ending {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        return refuse(format!("error: `{name}` cannot be the name of a scenario: expected letters, digits, - and _"));
    }
    let scenario = format!("{name}.toml");
    if Path::new(&scenario).exists() {
        return refuse(format!("error: `{scenario}` exists already; nothing was written"));
    }
    let files = [
        ("circuits/mpfc.toml", CIRCUIT, false),
        ("pharmacology/default.toml", PHARMACOLOGY, false),
        (&scenario, STARTER, true),
    ];
    let starter = STARTER.replace("../circuits/", "circuits/").replace("../pharmacology/", "pharmacology/");
    let starter = starter.replacen("name = \"starter\"", &format!("name = \"{name}\""), 1);
    for (file, content, own) in files {
        // Shared files that are there already are the user's.
        if !own && Path::new(file).exists() {
            continue;
        }
        let content = if own { starter.as_str() } else { content };
        if let Err(error) = write_new_file(Path::new(file), content.as_bytes()) {
            return refuse(format!("error: {error}"));
        }
        say(format!("wrote {file}"));
    }
    say(format!("run it with: disinhibit run {scenario}"));
    Ending::Done
}
