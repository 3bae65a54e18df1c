//! The figures of a sweep, from its table alone.

use crate::plot::{
    Figure, HeatMapFigure, HeatPanel, ParallelFigure, ParallelLine, ParallelPanel, Role, SweptAxis, SweptCurve,
    SweptFigure, SweptPanel, Theme,
};
use crate::spec::sweep::Design;
use crate::store::table::{Cell, Column, ColumnRole};
use indexmap::IndexMap;

/// How many readouts are drawn where none is asked for.
const MOST_READOUTS: usize = 3;

/// How many lines a figure of many axes shows.
const MOST_LINES: usize = 1_000;

/// A sweep's table with its title.
pub struct SweepTable<'a> {
    /// What the sweep shows.
    pub title: String,
    /// How its points lie.
    pub design: Design,
    /// The readout whose half dose is set against that of rescue; empty where there is none.
    pub off_target: String,
    /// The columns.
    pub columns: &'a [Column],
    /// The rows.
    pub rows: &'a [Vec<Cell>],
}

impl SweepTable<'_> {
    /// The figures that suit the design, each with the stem of its file name: curves over one axis (with Hill fits over
    /// doses), heat maps over two, parallel coordinates over more; bars where the design is for sensitivity. `readouts`
    /// chooses what is drawn; where empty, rescue and times above control come first.
    pub fn figures(&self, readouts: &[String]) -> Vec<(String, Figure)> {
        let chosen = self.readouts(readouts);
        if let Some(figure) = self.sensitivity_figure(&chosen) {
            return vec![("sensitivity".to_owned(), figure)];
        }
        let each = |stem: &str, draw: &dyn Fn(usize) -> Figure| {
            let named = |readout: &usize| format!("{stem} {}", self.columns[*readout].name).replace([' ', '/'], "_");
            chosen.iter().map(|readout| (named(readout), draw(*readout))).collect()
        };
        match self.free_axes()[..] {
            [] => Vec::new(),
            [x] => vec![("curves".to_owned(), self.curves(x, &chosen))],
            [y, x] if self.is_lattice(x, y) => {
                let mut figures: Vec<(String, Figure)> = each("map", &|readout| self.map((x, y), readout));
                figures.extend(self.synergy_figures(&chosen));
                figures
            }
            _ => {
                let figures = self.synergy_figures(&chosen);
                if figures.is_empty() { each("parallel", &|readout| self.parallel(readout)) } else { figures }
            }
        }
    }

    /// Analyses of the table as CSV, each with the stem of its file name: Hill fits over doses, therapeutic indices,
    /// sensitivity indices, and drugs given together against what they do alone.
    pub fn analyses(&self) -> Vec<(&'static str, String)> {
        let [combinations, means] = self.synergy_tables().map_or([None, None], |tables| tables.map(Some));
        let tables = [
            ("dose_response", self.dose_response_table()),
            ("therapeutic_index", self.therapeutic_table()),
            ("sensitivity", self.sensitivity_table()),
            ("synergy", combinations),
            ("synergy_means", means),
        ];
        tables.into_iter().filter_map(|(stem, table)| Some((stem, table?))).collect()
    }

    /// The columns of the axes that move on their own.
    pub(super) fn free_axes(&self) -> Vec<usize> {
        self.places(|role| matches!(role, ColumnRole::Axis { .. }))
    }

    /// The columns of all readouts.
    pub(super) fn all_readouts(&self) -> Vec<usize> {
        self.places(|role| role == ColumnRole::Readout)
    }

    /// A readout of an arm at each point, the mean over its replicates; NaN where one failed.
    pub(super) fn means_by_point(&self, arm: &str, readout: usize) -> Vec<f64> {
        let mut points: IndexMap<i64, Vec<usize>> = IndexMap::new();
        for row in self.rows_of(arm) {
            points.entry(self.point(row)).or_default().push(row);
        }
        points.into_values().map(|rows| self.spread(&rows, readout).0).collect()
    }

    /// Whether the points fill the lattice of the values of two axes, as those of a grid do.
    fn is_lattice(&self, x: usize, y: usize) -> bool {
        let mut points: Vec<i64> = (0..self.rows.len()).map(|row| self.point(row)).collect();
        points.sort_unstable();
        points.dedup();
        self.axis(x).values.len() * self.axis(y).values.len() == points.len()
    }

    /// Whether a row's run came to its end.
    fn is_ok(&self, row: usize) -> bool {
        let place = self.columns.iter().position(|column| column.name == "status");
        place.and_then(|place| self.cell(row, place)) == Some(&Cell::Text("ok".to_owned()))
    }

    /// Where each row stands on an axis: the number, or the place of the word among the axis's words.
    fn places_on(&self, axis: usize) -> Vec<f64> {
        let words = self.words(axis);
        let place = |row: usize| match self.cell(row, axis) {
            Some(Cell::Text(word)) => {
                words.iter().position(|known| known == word).map_or(f64::NAN, |place| place as f64)
            }
            // 0 and -0 are one place.
            _ => self.number(row, axis) + 0.0,
        };
        (0..self.rows.len()).map(place).collect()
    }

    /// The words of an axis in the order of the table; none where it has numbers.
    fn words(&self, axis: usize) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for row in 0..self.rows.len() {
            if let Some(Cell::Text(word)) = self.cell(row, axis)
                && !words.contains(word)
            {
                words.push(word.clone());
            }
        }
        words
    }

    /// The first row of an arm at each point.
    pub(super) fn first_rows(&self, arm: &str) -> Vec<usize> {
        let mut rows = self.rows_of(arm);
        rows.dedup_by_key(|row| self.point(*row));
        rows
    }

    pub(super) fn point(&self, row: usize) -> i64 {
        let place = self.columns.iter().position(|column| column.name == "point");
        match place.and_then(|place| self.cell(row, place)) {
            Some(Cell::Whole(point)) => *point,
            _ => 0,
        }
    }

    pub(super) fn cell(&self, row: usize, column: usize) -> Option<&Cell> {
        self.rows.get(row).and_then(|row| row.get(column))
    }

    fn places(&self, wanted: impl Fn(ColumnRole) -> bool) -> Vec<usize> {
        (0..self.columns.len()).filter(|index| wanted(self.columns[*index].role)).collect()
    }

    fn readouts(&self, names: &[String]) -> Vec<usize> {
        let all = self.all_readouts();
        if !names.is_empty() {
            return all.into_iter().filter(|index| names.contains(&self.columns[*index].name)).collect();
        }
        let rank = |index: &usize| {
            let name = self.columns[*index].name.as_str();
            match name {
                "rescue at 10 min" => 0,
                "minutes_above_control" => 1,
                _ if name.starts_with("rescue") => 2,
                _ if name.ends_with("at 10 min") => 3,
                _ if name.contains(" at ") => 5,
                _ => 4,
            }
        };
        let mut ranked = all;
        ranked.sort_by_key(rank);
        // One rescue is enough.
        let mut rescues = 0;
        ranked.retain(|index| {
            rescues += usize::from(self.columns[*index].name.starts_with("rescue"));
            !self.columns[*index].name.starts_with("rescue") || rescues == 1
        });
        ranked.truncate(MOST_READOUTS);
        ranked
    }

    /// A number of a row; NaN where there is none.
    pub(super) fn number(&self, row: usize, column: usize) -> f64 {
        match self.cell(row, column) {
            Some(Cell::Number(number)) => *number,
            _ => f64::NAN,
        }
    }

    /// The arms in the order of the table.
    pub(super) fn arms(&self) -> Vec<&str> {
        let place = self.columns.iter().position(|column| column.name == "arm");
        let mut arms: Vec<&str> = Vec::new();
        for row in self.rows {
            if let Some(Cell::Text(arm)) = place.and_then(|place| row.get(place))
                && !arms.contains(&arm.as_str())
            {
                arms.push(arm);
            }
        }
        arms
    }

    /// The rows of an arm.
    pub(super) fn rows_of(&self, arm: &str) -> Vec<usize> {
        let place = self.columns.iter().position(|column| column.name == "arm");
        let is = |row: &usize| place.and_then(|place| self.rows[*row].get(place)) == Some(&Cell::Text(arm.to_owned()));
        (0..self.rows.len()).filter(is).collect()
    }

    pub(super) fn axis(&self, column: usize) -> SweptAxis {
        let (words, mut values) = (self.words(column), self.places_on(column));
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        values.dedup();
        let Column { label, unit, role, .. } = &self.columns[column];
        SweptAxis {
            name: label.clone(),
            unit: unit.clone(),
            log: *role == ColumnRole::Axis { log: true },
            values,
            words,
        }
    }

    pub(super) fn titled(&self, readout: usize) -> String {
        let Column { name, unit, .. } = &self.columns[readout];
        let name = name.replace("_0_3", " 0.3").replace('_', " ");
        if unit.is_empty() { name } else { format!("{name} ({unit})") }
    }

    /// Mean, smallest and largest of a readout in some rows, of those in which it has a value; no mean where a run failed.
    fn spread(&self, rows: &[usize], readout: usize) -> (f64, f64, f64) {
        let mut values: Vec<f64> = rows.iter().map(|row| self.number(*row, readout)).collect();
        if rows.iter().all(|row| self.is_ok(*row)) {
            values.retain(|value| value.is_finite());
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let extreme = |pick: fn(f64, f64) -> f64| values.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        (mean, extreme(f64::min), extreme(f64::max))
    }

    fn map(&self, (x, y): (usize, usize), readout: usize) -> Figure {
        let (across, up) = (self.axis(x), self.axis(y));
        let places = [self.places_on(x), self.places_on(y)];
        let panel = |arm: &str| {
            let mut cells: IndexMap<[u64; 2], Vec<usize>> = IndexMap::new();
            for row in self.rows_of(arm) {
                cells.entry([0, 1].map(|axis| places[axis][row].to_bits())).or_default().push(row);
            }
            let at = |vertical: f64, level: f64| {
                let here = cells.get(&[level.to_bits(), vertical.to_bits()]);
                here.map_or(f64::NAN, |rows| self.spread(rows, readout).0)
            };
            let values =
                up.values.iter().map(|vertical| across.values.iter().map(|level| at(*vertical, *level)).collect());
            HeatPanel { name: arm.to_owned(), values: values.collect() }
        };
        let panels = self.arms().into_iter().map(panel).collect();
        let title = self.title.clone();
        HeatMapFigure { title, subtitle: String::new(), x: across, y: up, value: self.titled(readout), panels }.render()
    }

    fn parallel(&self, readout: usize) -> Figure {
        let axes = self.free_axes();
        let places: Vec<Vec<f64>> = axes.iter().map(|axis| self.places_on(*axis)).collect();
        let mut shown = (0, 0);
        let mut panel = |arm: &str| {
            let rows = self.first_rows(arm);
            let every = rows.len().div_ceil(MOST_LINES).max(1);
            shown = (rows.len().div_ceil(every), rows.len());
            let values = self.means_by_point(arm, readout);
            let line = |(row, value): (&usize, &f64)| ParallelLine {
                places: places.iter().map(|places| places[*row]).collect(),
                value: *value,
            };
            ParallelPanel { name: arm.to_owned(), lines: rows.iter().zip(&values).step_by(every).map(line).collect() }
        };
        // An arm in which the readout is always the same has nothing to show.
        let varies = |arm: &&str| {
            let mut values = self.means_by_point(arm, readout).into_iter().filter(|value| value.is_finite());
            values.next().is_some_and(|first| values.any(|value| (value - first).abs() > 1e-9 * first.abs().max(1.0)))
        };
        let panels = self.arms().into_iter().filter(varies).map(|arm| panel(arm)).collect();
        let subtitle = if shown.0 < shown.1 { format!("{} of {} points", shown.0, shown.1) } else { String::new() };
        let axes = axes.iter().map(|axis| self.axis(*axis)).collect();
        ParallelFigure { title: self.title.clone(), subtitle, axes, value: self.titled(readout), panels }.render()
    }

    fn curves(&self, x: usize, readouts: &[usize]) -> Figure {
        let (axis, places) = (self.axis(x), self.places_on(x));
        let arms = self.arms();
        let curve = |arm: &str, readout: usize| {
            let mut columns: IndexMap<u64, Vec<usize>> = IndexMap::new();
            for row in self.rows_of(arm) {
                columns.entry(places[row].to_bits()).or_default().push(row);
            }
            let at = |value: &f64| {
                let here = columns.get(&value.to_bits()).map_or(&[][..], Vec::as_slice);
                (self.spread(here, readout), here.len())
            };
            let spreads: Vec<((f64, f64, f64), usize)> = axis.values.iter().map(at).collect();
            let replicated = spreads.iter().any(|(_, count)| *count > 1);
            SweptCurve {
                arm: arm.to_owned(),
                means: spreads.iter().map(|((mean, _, _), _)| *mean).collect(),
                bands: if replicated {
                    spreads.iter().map(|((_, low, high), _)| (*low, *high)).collect()
                } else {
                    Vec::new()
                },
                fit: self.dose_axis().and_then(|axis| self.fitted_curve(arm, axis, readout)),
            }
        };
        let panel = |readout: &usize| SweptPanel {
            value: self.titled(*readout),
            level: self.columns[*readout].name.starts_with("rescue").then_some(1.0),
            curves: arms.iter().map(|arm| curve(arm, *readout)).collect(),
        };
        let panels = readouts.iter().map(panel).collect();
        let theme = Theme::new(arms.iter().copied(), std::iter::empty::<(String, Role)>(), std::iter::empty::<&str>());
        SweptFigure { title: self.title.clone(), subtitle: String::new(), x: axis, panels }.render(&theme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::table::ColumnKind;

    fn column(name: &str, kind: ColumnKind, role: ColumnRole) -> Column {
        Column { name: name.to_owned(), unit: String::new(), label: name.to_owned(), kind, role }
    }

    #[test]
    fn replicates_without_a_value_leave_the_mean_to_the_others_and_failed_ones_leave_none() {
        let columns = [
            column("point", ColumnKind::Whole, ColumnRole::Key),
            column("arm", ColumnKind::Text, ColumnRole::Key),
            column("status", ColumnKind::Text, ColumnRole::Key),
            column("x", ColumnKind::Number, ColumnRole::Axis { log: false }),
            column("peak", ColumnKind::Number, ColumnRole::Readout),
        ];
        let row = |point: i64, status: &str, value: f64| {
            let words = [Cell::Text("arm".to_owned()), Cell::Text(status.to_owned())];
            [vec![Cell::Whole(point)], words.to_vec(), vec![Cell::Number(point as f64), Cell::Number(value)]].concat()
        };
        let rows = [
            row(0, "ok", 1.0),
            row(0, "ok", f64::NAN),
            row(0, "ok", 4.0),
            row(1, "ok", 1.0),
            row(1, "diverged", f64::NAN),
            row(2, "ok", f64::NAN),
        ];
        let (title, off_target) = (String::new(), String::new());
        let table = SweepTable { title, design: Design::Grid, off_target, columns: &columns, rows: &rows };
        let means = table.means_by_point("arm", 4);
        assert!(means[0] == 2.5 && means[1].is_nan() && means[2].is_nan(), "{means:?}");
        let (mean, low, high) = table.spread(&[0, 1, 2], 4);
        assert_eq!((mean, low, high), (2.5, 1.0, 4.0));
    }
}
