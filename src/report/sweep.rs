//! The figures of a sweep, from its table alone.

use crate::plot::{Figure, HeatMapFigure, HeatPanel, Role, SweptAxis, SweptCurve, SweptFigure, SweptPanel, Theme};
use crate::scenario::sweep::Design;
use crate::store::table::{Column, ColumnRole, Table};

/// How many readouts are drawn where none is asked for.
const MOST_READOUTS: usize = 3;

/// A sweep's table with its title.
pub struct SweepTable<'a> {
    /// What the sweep shows.
    pub title: String,
    /// How its points lie.
    pub design: Design,
    /// The readout whose half dose is set against that of rescue; empty where there is none.
    pub off_target: String,
    /// Columns and rows; see [`is_drawn`].
    table: &'a Table,
    pub(super) columns: &'a [Column],
    /// The columns that say which point and arm a row is of, and how its run ended.
    point: usize,
    arm: usize,
    status: usize,
}

/// Whether figures and analyses need a column.
pub fn is_drawn(column: &Column) -> bool {
    match column.role {
        ColumnRole::Key => ["point", "arm", "status"].contains(&column.name.as_str()),
        ColumnRole::Tied => false,
        ColumnRole::Axis { .. } | ColumnRole::Readout => true,
    }
}

impl<'a> SweepTable<'a> {
    /// The table of a sweep; none where it does not say of which point and arm its rows are.
    pub fn new(title: String, design: Design, off_target: String, table: &'a Table) -> Option<Self> {
        let key = |name: &str| table.columns.iter().position(|column| column.name == name);
        let (point, arm, status) = (key("point")?, key("arm")?, key("status")?);
        Some(Self { title, design, off_target, table, columns: &table.columns, point, arm, status })
    }

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

    /// The readouts that the usual figures do not show.
    pub fn undrawn(&self) -> Vec<String> {
        let shown = self.readouts(&[]);
        let hidden = self.all_readouts().into_iter().filter(|readout| !shown.contains(readout));
        hidden.map(|readout| self.columns[readout].name.clone()).collect()
    }

    /// How many rows stand for runs that ended badly.
    pub fn failed(&self) -> u64 {
        (0..self.rows()).filter(|row| !self.is_ok(*row)).count() as u64
    }

    /// Analyses of the table as CSV, each with the stem of its file name: Hill fits over doses, therapeutic indices,
    /// sensitivity indices, drugs given together against what they do alone, and their isoboles.
    pub fn analyses(&self) -> Vec<(&'static str, String)> {
        let [combinations, means, isoboles] =
            self.synergy_tables().map_or([None, None, None], |tables| tables.map(Some));
        let tables = [
            ("dose_response", self.dose_response_table()),
            ("therapeutic_index", self.therapeutic_table()),
            ("sensitivity", self.sensitivity_table()),
            ("synergy", combinations),
            ("synergy_means", means),
            ("isoboles", isoboles),
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
        let rows = self.rows_of(arm);
        // Replicates of a point follow one another.
        let points = rows.chunk_by(|one, other| self.point(*one) == self.point(*other));
        points.map(|rows| self.spread(rows, readout).0).collect()
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.table.rows()
    }

    /// Whether the points fill the lattice of the values of two axes, as those of a grid do.
    fn is_lattice(&self, x: usize, y: usize) -> bool {
        let place = |row: usize| [x, y].map(|axis| self.place_on(row, axis).to_bits());
        let mut places: Vec<[u64; 2]> = (0..self.rows()).map(place).collect();
        places.sort_unstable();
        places.dedup();
        self.axis(x).values.len() * self.axis(y).values.len() == places.len()
    }

    /// A readout of a row; NaN where its run failed, even if it did so after the time of the readout.
    pub(super) fn sound_number(&self, row: usize, readout: usize) -> f64 {
        if self.is_ok(row) { self.number(row, readout) } else { f64::NAN }
    }

    /// Whether a row's run came to its end.
    fn is_ok(&self, row: usize) -> bool {
        self.word(row, self.status) == Some("ok")
    }

    /// The word of a row; none where the column has numbers.
    fn word(&self, row: usize, column: usize) -> Option<&str> {
        self.table.words(column).nth(self.table.place_of_word(row, column)?)
    }

    /// Where each row stands on an axis: the number, or the place of the word among the axis's words.
    pub(super) fn place_on(&self, row: usize, axis: usize) -> f64 {
        match self.table.place_of_word(row, axis) {
            Some(place) => place as f64,
            // 0 and -0 are one place.
            None => self.number(row, axis) + 0.0,
        }
    }

    /// Whether an axis goes down between two rows; words go up in alphabetical order.
    pub(super) fn falls(&self, before: usize, after: usize, axis: usize) -> bool {
        match (self.word(before, axis), self.word(after, axis)) {
            (Some(before), Some(after)) => after < before,
            _ => self.number(after, axis) < self.number(before, axis),
        }
    }

    /// The first row of an arm at each point.
    pub(super) fn first_rows(&self, arm: &str) -> Vec<usize> {
        let mut rows = self.rows_of(arm);
        rows.dedup_by_key(|row| self.point(*row));
        rows
    }

    pub(super) fn point(&self, row: usize) -> i64 {
        self.table.whole(row, self.point).unwrap_or_default()
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
        self.table.number(row, column)
    }

    /// The arms in the order of the table.
    pub(super) fn arms(&self) -> Vec<&str> {
        self.table.words(self.arm).collect()
    }

    /// The rows of an arm.
    pub(super) fn rows_of(&self, arm: &str) -> Vec<usize> {
        let wanted = self.table.words(self.arm).position(|known| known == arm);
        (0..self.rows()).filter(|row| self.table.place_of_word(*row, self.arm) == wanted).collect()
    }

    pub(super) fn axis(&self, column: usize) -> SweptAxis {
        let words = self.table.words(column).map(str::to_owned).collect();
        let mut values: Vec<f64> = (0..self.rows()).map(|row| self.place_on(row, column)).collect();
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

    /// Mean, smallest and largest of a readout in some rows, of those in which it has a value; none where a run failed.
    fn spread(&self, rows: &[usize], readout: usize) -> (f64, f64, f64) {
        if !rows.iter().all(|row| self.is_ok(*row)) {
            return (f64::NAN, f64::NAN, f64::NAN);
        }
        let mut values: Vec<f64> = rows.iter().map(|row| self.number(*row, readout)).collect();
        values.retain(|value| value.is_finite());
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let extreme = |pick: fn(f64, f64) -> f64| values.iter().copied().reduce(pick).unwrap_or(f64::NAN);
        (mean, extreme(f64::min), extreme(f64::max))
    }

    fn map(&self, (x, y): (usize, usize), readout: usize) -> Figure {
        let (across, up) = (self.axis(x), self.axis(y));
        let place = |axis: &SweptAxis, value: f64| axis.values.binary_search_by(|known| known.total_cmp(&value)).ok();
        let panel = |arm: &str| {
            let mut values = vec![vec![f64::NAN; across.values.len()]; up.values.len()];
            let cell =
                |row: &usize| Some((place(&up, self.place_on(*row, y))?, place(&across, self.place_on(*row, x))?));
            let mut rows = self.rows_of(arm);
            rows.sort_by_key(cell);
            for rows in rows.chunk_by(|one, other| cell(one) == cell(other)) {
                if let Some((vertical, level)) = cell(&rows[0]) {
                    values[vertical][level] = self.spread(rows, readout).0;
                }
            }
            HeatPanel { name: arm.to_owned(), values }
        };
        let panels = self.arms().into_iter().map(panel).collect();
        let (title, subtitle) = (self.title.clone(), self.averaged());
        HeatMapFigure { title, subtitle, x: across, y: up, value: self.titled(readout), panels }.render()
    }

    fn curves(&self, x: usize, readouts: &[usize]) -> Figure {
        let axis = self.axis(x);
        let arms = self.arms();
        let curve = |arm: &str, readout: usize| {
            let mut rows = self.rows_of(arm);
            rows.sort_by(|one, other| self.place_on(*one, x).total_cmp(&self.place_on(*other, x)));
            let at = |value: &f64| {
                let first = rows.partition_point(|row| self.place_on(*row, x) < *value);
                let here = rows[first..].partition_point(|row| self.place_on(*row, x) <= *value);
                (self.spread(&rows[first..first + here], readout), here)
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
        let subtitle = self.averaged_between(if axis.words.is_empty() { "bands" } else { "bars" });
        SweptFigure { title: self.title.clone(), subtitle, x: axis, panels }.render(&theme)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::store::table::{Cell, ColumnKind};

    /// Point, arm and status, an axis `x` and a readout.
    pub fn columns_over_x() -> [Column; 5] {
        let column = |name: &str, kind, role| Column {
            name: name.to_owned(),
            unit: String::new(),
            label: name.to_owned(),
            kind,
            role,
        };
        [
            column("point", ColumnKind::Whole, ColumnRole::Key),
            column("arm", ColumnKind::Text, ColumnRole::Key),
            column("status", ColumnKind::Text, ColumnRole::Key),
            column("x", ColumnKind::Number, ColumnRole::Axis { log: false }),
            column("peak", ColumnKind::Number, ColumnRole::Readout),
        ]
    }

    #[test]
    fn replicates_without_a_value_leave_the_mean_to_the_others_and_failed_ones_leave_none() {
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
            // Reached before the run failed.
            row(3, "unstable", 5_000.0),
        ];
        let mut stored = Table::new(&columns_over_x());
        rows.into_iter().for_each(|row| stored.push(row));
        let table = SweepTable::new(String::new(), Design::Grid, String::new(), &stored).unwrap();
        let means = table.means_by_point("arm", 4);
        assert!(means[0] == 2.5 && means[1..].iter().all(|mean| mean.is_nan()) && means.len() == 4, "{means:?}");
        let (mean, low, high) = table.spread(&[0, 1, 2], 4);
        assert_eq!((mean, low, high), (2.5, 1.0, 4.0));
    }

    #[test]
    fn points_that_leave_places_of_a_lattice_empty_are_no_map() {
        let mut columns = columns_over_x().to_vec();
        columns.insert(4, Column { name: "y".to_owned(), label: "y".to_owned(), ..columns[3].clone() });
        let is_lattice = |places: &[(f64, f64)]| {
            let mut stored = Table::new(&columns);
            for (point, (x, y)) in places.iter().enumerate() {
                let [arm, ok] = ["arm", "ok"].map(|word| Cell::Text(word.to_owned()));
                let [x, y, value] = [*x, *y, 1.0].map(Cell::Number);
                stored.push(vec![Cell::Whole(point as i64), arm, ok, x, y, value]);
            }
            SweepTable::new(String::new(), Design::Grid, String::new(), &stored).unwrap().is_lattice(3, 4)
        };
        assert!(is_lattice(&[(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]));
        // Four points, two of them at one place.
        assert!(!is_lattice(&[(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 0.0)]));
    }
}
