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
        Ok(Drawn { files, undrawn, .. }) => {
            if !quiet {
                files.iter().for_each(|file| say(file.display()));
                say_undrawn(&undrawn);
            }
            Ending::Done
        }
        Err(message) => refuse(format!("error: {message}")),
    }
}

/// What was drawn.
pub(super) struct Drawn {
    /// The files.
    pub files: Vec<PathBuf>,
    /// Readouts of the table that no figure shows.
    pub undrawn: Vec<String>,
    /// How many arms of points failed.
    pub failed: u64,
}

/// So many names of readouts are told; of more their number.
const MOST_NAMES: usize = 12;

/// Says which readouts no figure shows.
pub(super) fn say_undrawn(undrawn: &[String]) {
    match undrawn.len() {
        0 => {}
        1..=MOST_NAMES => say(format!("not drawn (plot FOLDER --readout NAME draws it): {}", undrawn.join(", "))),
        count => say(format!(
            "not drawn (plot FOLDER --readout NAME draws one): {} and {} more",
            undrawn[..MOST_NAMES].join(", "),
            count - MOST_NAMES
        )),
    }
}

/// Draws the figures of a run or a sweep anew.
fn draw(folder: &Path, readouts: &[String]) -> Result<Drawn, String> {
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
    let files = super::run::figures(&results)?;
    let files = redraw(folder, &files, is_data).map_err(|error| error.to_string())?;
    Ok(Drawn { files, undrawn: Vec::new(), failed: 0 })
}

/// Writes the analyses and figures of a sweep into its folder.
pub(super) fn draw_sweep(folder: &Path, readouts: &[String]) -> Result<Drawn, String> {
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
    let files = redraw(folder, &files, is_table).map_err(|error| error.to_string())?;
    // Those that the user did not choose are not missed.
    let undrawn = if readouts.is_empty() { table.undrawn() } else { Vec::new() };
    Ok(Drawn { files, undrawn, failed: table.failed() })
}
