//! Points over many axes, from a sweep's table: which of them are drawn as lines.

use super::replicates::joined;
use super::sweep::SweepTable;
use crate::numeric::philox::hash;
use crate::plot::{Figure, ParallelFigure, ParallelLine, ParallelPanel};

/// How many lines a figure of many axes shows.
const MOST_LINES: usize = 1_000;
/// Seed of the lot by which they are chosen.
const LOT: u64 = 1;

impl SweepTable<'_> {
    /// A line for every point across the axes, coloured by a readout; a panel for each arm in which it varies.
    pub(super) fn parallel(&self, readout: usize) -> Figure {
        let axes = self.free_axes();
        let mut shown = (0, 0);
        let mut panels = Vec::new();
        for arm in self.arms() {
            let values = self.means_by_point(arm, readout);
            // An arm in which the readout is always the same has nothing to show.
            let mut finite = values.iter().filter(|value| value.is_finite());
            let differs = |first: &f64| finite.any(|value| (value - first).abs() > 1e-9 * first.abs().max(1.0));
            if !values.iter().find(|value| value.is_finite()).is_some_and(differs) {
                continue;
            }
            let rows = self.first_rows(arm);
            let drawn = self.drawn_points(&rows, &values);
            shown = (drawn.len(), rows.len());
            let line = |place: usize| ParallelLine {
                places: axes.iter().map(|axis| self.place_on(rows[place], *axis)).collect(),
                value: values[place],
            };
            panels.push(ParallelPanel { name: arm.to_owned(), lines: drawn.into_iter().map(line).collect() });
        }
        let some = if shown.0 < shown.1 { format!("{} of {} points", shown.0, shown.1) } else { String::new() };
        let subtitle = joined([some, self.averaged()]);
        let axes = axes.iter().map(|axis| self.axis(*axis)).collect();
        ParallelFigure { title: self.title.clone(), subtitle, axes, value: self.titled(readout), panels }.render()
    }

    /// The places of points for which there is room among the lines: as if drawn by lot, since every n-th point of a lattice
    /// or of a sequence of Sobol' lies in a corner; and those of the extreme values.
    fn drawn_points(&self, rows: &[usize], values: &[f64]) -> Vec<usize> {
        let mut places: Vec<usize> = (0..rows.len().min(values.len())).collect();
        if places.len() <= MOST_LINES {
            return places;
        }
        let by_value = |one: &usize, other: &usize| values[*one].total_cmp(&values[*other]);
        let finite = || places.iter().copied().filter(|place| values[*place].is_finite());
        let extremes: Vec<usize> = finite().min_by(by_value).into_iter().chain(finite().max_by(by_value)).collect();
        places.sort_by_cached_key(|place| hash(LOT, self.point(rows[*place]) as u64));
        places.truncate(MOST_LINES - extremes.len());
        places.extend(extremes);
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::super::sweep::tests::columns_over_x;
    use super::*;
    use crate::scenario::sweep::Design;
    use crate::store::table::{Cell, Table};

    #[test]
    fn the_lines_that_there_is_room_for_lie_all_over_the_axes() {
        let mut stored = Table::new(&columns_over_x());
        let points = 50_000;
        for point in 0..points {
            // The most significant digit changes fastest, as in a sequence of Sobol'.
            let x = f64::from(point % 50) / 50.0;
            let words = ["arm", "ok"].map(|word| Cell::Text(word.to_owned()));
            let value = if point == 777 { 9.0 } else { x };
            let [arm, status] = words;
            stored.push(vec![Cell::Whole(point.into()), arm, status, Cell::Number(x), Cell::Number(value)]);
        }
        let table = SweepTable::new(String::new(), Design::Sobol, String::new(), &stored).unwrap();
        let (rows, values) = (table.first_rows("arm"), table.means_by_point("arm", 4));
        let drawn = table.drawn_points(&rows, &values);
        assert_eq!(drawn.len(), MOST_LINES);
        assert!(drawn.contains(&777));
        for part in 0..10 {
            let share = |place: &&usize| (table.number(rows[**place], 3) * 10.0) as i32 == part;
            let count = drawn.iter().filter(share).count();
            assert!((60..150).contains(&count), "{part}: {count}");
        }
    }
}
