//! `plot`: figures again, from stored results.

use super::Ending;
use super::progress::{refuse, say};
use crate::report::sweep::{SweepTable, is_drawn};
use crate::spec::nearest;
use crate::store::sweep::{About, RESULTS, about, is_sweep, read_columns};
use crate::store::table::ColumnRole;
use crate::store::write_file;
use crate::store::{Results, StoreError};
use std::path::{Path, PathBuf};

pub(super) fn plot(folder: &Path, readouts: &[String], quiet: bool) -> Ending {
    if folder.join(RESULTS).exists() {
        return match draw_sweep(folder, readouts) {
            Ok(files) => {
                if !quiet {
                    files.iter().for_each(|file| say(file.display()));
                }
                Ending::Done
            }
            Err(error) => refuse(format!("error: {error}")),
        };
    }
    if is_sweep(folder) {
        let folder = folder.display();
        return refuse(format!(
            "error: `{folder}` holds a sweep without its table: run the sweep again to its end, or join its shards with \
             `disinhibit merge`"
        ));
    }
    if !folder.exists() {
        return refuse(format!("error: there is no folder `{}`", folder.display()));
    }
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

/// How the names of what is drawn from a sweep begin.
const DRAWN: [&str; 9] = [
    "curves.",
    "map_",
    "parallel_",
    "sensitivity.",
    "synergy",
    "isobologram_",
    "isoboles.",
    "dose_response.",
    "therapeutic_index.",
];

/// Deletes the analyses and figures of a sweep from its folder.
pub(super) fn remove_drawn(folder: &Path) -> Result<(), StoreError> {
    let read = |error| StoreError::Read { file: folder.to_owned(), error };
    for entry in std::fs::read_dir(folder).map_err(read)? {
        let file = entry.map_err(read)?.path();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let kind = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if DRAWN.iter().any(|start| name.starts_with(start)) && ["svg", "png", "csv"].contains(&kind) {
            std::fs::remove_file(&file).map_err(|error| StoreError::Write { file, error })?;
        }
    }
    Ok(())
}

/// Writes the analyses and figures of a sweep into its folder; gives the files.
pub(super) fn draw_sweep(folder: &Path, readouts: &[String]) -> Result<Vec<PathBuf>, String> {
    let file = folder.join(RESULTS);
    let stored = read_columns(&file, is_drawn).map_err(|error| error.to_string())?;
    for readout in readouts {
        let of_readouts = || stored.columns.iter().filter(|column| column.role == ColumnRole::Readout);
        let known = || of_readouts().map(|column| column.name.as_str());
        if !known().any(|name| name == readout) {
            let close = nearest(readout, known()).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            return Err(format!("{}: there is no readout `{readout}`{close}", file.display()));
        }
    }
    let About { title, design, off_target } = about(folder).map_err(|error| error.to_string())?;
    let table = SweepTable::new(title, design, off_target, &stored).ok_or_else(|| {
        format!("{}: this is no table of a sweep: it has no points, arms or statuses", file.display())
    })?;
    let mut files = Vec::new();
    for (stem, text) in table.analyses() {
        let file = folder.join(format!("{stem}.csv"));
        write_file(&file, text.as_bytes()).map_err(|error| error.to_string())?;
        files.push(file);
    }
    for (stem, figure) in table.figures(readouts) {
        let (svg, png) = (folder.join(format!("{stem}.svg")), folder.join(format!("{stem}.png")));
        write_file(&svg, figure.svg().as_bytes()).map_err(|error| error.to_string())?;
        let bytes = figure.png().map_err(|error| format!("{}: {error}", png.display()))?;
        write_file(&png, &bytes).map_err(|error| error.to_string())?;
        files.extend([svg, png]);
    }
    Ok(files)
}
