//! `plot`: figures again, from stored results.

use super::Ending;
use super::output::drawn;
use super::progress::{refuse, say};
use crate::report::sweep::{SweepTable, is_drawn};
use crate::scenario::nearest;
use crate::store::sweep::{About, RESULTS, about, is_finished, is_sweep, is_table, read_columns};
use crate::store::table::ColumnRole;
use crate::store::{Results, is_data, redraw};
use std::path::{Path, PathBuf};

pub(super) fn plot(folder: &Path, readouts: &[String], quiet: bool) -> Ending {
    match draw(folder, readouts) {
        Ok(files) => {
            if !quiet {
                files.iter().for_each(|file| say(file.display()));
            }
            Ending::Done
        }
        Err(message) => refuse(format!("error: {message}")),
    }
}

/// Draws the figures of a run or a sweep anew; gives the files.
fn draw(folder: &Path, readouts: &[String]) -> Result<Vec<PathBuf>, String> {
    if !folder.exists() {
        return Err(format!("there is no folder `{}`", folder.display()));
    }
    if is_sweep(folder) {
        if is_finished(folder).map_err(|error| error.to_string())? {
            return draw_sweep(folder, readouts);
        }
        return Err(format!(
            "`{}` holds a sweep without its table: run the sweep again to its end, or join its shards with \
             `disinhibit merge`",
            folder.display()
        ));
    }
    let results = Results::read(folder).map_err(|error| error.to_string())?;
    let files = super::run::figures(&results, folder)?;
    redraw(folder, &files, is_data).map_err(|error| error.to_string())
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
    let analyses = table.analyses().into_iter().map(|(stem, text)| (format!("{stem}.csv"), text.into_bytes()));
    let mut files: Vec<(String, Vec<u8>)> = analyses.collect();
    files.extend(drawn(table.figures(readouts))?);
    redraw(folder, &files, is_table).map_err(|error| error.to_string())
}
