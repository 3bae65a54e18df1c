//! `plot`: figures again, from stored results.

use super::Ending;
use super::progress::{refuse, say};
use crate::store::Results;
use std::path::Path;

pub(super) fn plot(folder: &Path, quiet: bool) -> Ending {
    let results = match Results::read(folder) {
        Ok(results) => results,
        Err(error) => return refuse(format!("error: {error}")),
    };
    match super::run::draw(&results, Path::new(""), folder) {
        Ok(files) => {
            if !quiet {
                files.iter().for_each(|file| say(file.display()));
            }
            Ending::Done
        }
        Err(error) => refuse(format!("error: {error}")),
    }
}
