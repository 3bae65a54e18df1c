//! What those who follow arms see of fast time: the circuit at every step, slower signals at every tick, on straight lines
//! between them. Nothing is kept of a step but what they have found.

use super::lane::Lane;
use super::recording::mean_over;
use crate::experiment::{Model, Work};
use crate::numeric::lanes::Row;

/// Courses on their way.
#[derive(Clone)]
pub(super) struct Courses<const G: usize> {
    /// The place of each signal among what is noted of a step; none of signals that change with ticks.
    columns: Vec<Option<usize>>,
    /// Numbers noted of a step.
    width: usize,
    /// The columns that anyone follows, and whether anyone follows anything else.
    followed: Vec<usize>,
    /// What was noted last, and when.
    before: Option<(f64, Vec<Row<G>>)>,
    /// All signals of each lane at its last tick, and when that was.
    ticks: Vec<Option<(f64, Vec<f64>)>>,
    /// The rates that are held against other arms, lane by lane, since they last were: from the step before.
    pub held: Vec<Vec<f64>>,
}

impl<const G: usize> Courses<G> {
    /// Nothing seen yet of some lanes.
    pub fn new(model: &Model<G>, lanes: &mut [Lane]) -> Self {
        let names = model.board.names();
        let columns: Vec<Option<usize>> = (0..names.len()).map(|signal| model.variable_of(signal)).collect();
        let mut followed: Vec<usize> = Vec::new();
        for lane in lanes.iter_mut() {
            followed.extend(lane.compared.iter().filter_map(|signal| columns[*signal]));
            followed.extend(lane.watchers().flat_map(|one| one.signals.iter().filter_map(|signal| columns[*signal])));
        }
        followed.sort_unstable();
        followed.dedup();
        let count = lanes.len();
        Self {
            width: model.shape.variables(),
            columns,
            followed,
            before: None,
            ticks: vec![None; count],
            held: vec![Vec::new(); count],
        }
    }

    /// Where signals stand among what is noted of a step; nowhere if they change with ticks.
    fn columns_of(&self, signals: &[usize]) -> Vec<usize> {
        signals.iter().filter_map(|signal| self.columns[*signal]).collect()
    }

    /// Whether steps must be noted.
    pub fn follow_steps(&self) -> bool {
        !self.followed.is_empty()
    }

    /// Sees steps one after the other, at times in min: rates, then further variables, at each.
    pub fn see_steps(&mut self, lanes: &mut [Lane], notes: &[Row<G>], time: impl Fn(usize) -> f64) {
        let count = notes.len() / self.width.max(1);
        if count == 0 {
            return;
        }
        let times: Vec<f64> = (0..count).map(time).collect();
        let ranges = self.ranges(notes);
        let start = self.before.as_ref().map_or(times[0], |(time, _)| *time);
        for (index, lane) in lanes.iter_mut().enumerate().filter(|(_, lane)| lane.running) {
            let at = |step: usize, column: usize| notes[step * self.width + column].get(index);
            let mean_at = |step: usize, columns: &[usize]| mean_over(columns.iter().map(|column| at(step, *column)));
            let held = self.columns_of(&lane.compared);
            if !held.is_empty() {
                self.held[index].extend((0..count).map(|step| mean_at(step, &held)));
            }
            for watcher in lane.watchers() {
                let columns = self.columns_of(&watcher.signals);
                if columns.is_empty() {
                    continue;
                }
                let range =
                    columns.iter().map(|column| [&ranges[*column].0, &ranges[*column].1].map(|row| row.get(index)));
                let [low, high] = range.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], [least, most]| {
                    // What is not a number stays so.
                    [if least >= low { low } else { least }, if most <= high { high } else { most }]
                });
                if watcher.is_idle([start, times[count - 1]], [low, high]) {
                    continue;
                }
                let mut last = self
                    .before
                    .as_ref()
                    .map(|(time, rows)| (*time, watcher.value(columns.iter().map(|column| rows[*column].get(index)))));
                for (step, time) in times.iter().enumerate() {
                    let value = watcher.value(columns.iter().map(|column| at(step, *column)));
                    if let Some((from, first)) = last {
                        watcher.see_line([from, *time], [first, value]);
                    }
                    last = Some((*time, value));
                }
            }
        }
        self.before = Some((times[count - 1], notes[(count - 1) * self.width..].to_vec()));
    }

    /// The smallest and the largest value of each followed column in every lane, from what was noted last on.
    fn ranges(&self, notes: &[Row<G>]) -> Vec<(Row<G>, Row<G>)> {
        let mut ranges = vec![(Row::splat(f64::INFINITY), Row::splat(f64::NEG_INFINITY)); self.width];
        let before = self.before.iter().map(|(_, rows)| rows.as_slice());
        for rows in before.chain(notes.chunks_exact(self.width)) {
            for column in &self.followed {
                let (low, high) = &mut ranges[*column];
                let ends = low.0.as_flattened_mut().iter_mut().zip(high.0.as_flattened_mut());
                for ((low, high), value) in ends.zip(rows[*column].0.as_flattened()) {
                    *low = if *value < *low { *value } else { *low };
                    *high = if *value > *high { *value } else { *high };
                }
            }
        }
        ranges
    }

    /// Sees the signals of a lane at a tick; what begins or ends there comes after it.
    pub fn see_tick(&mut self, lane: &mut Lane, index: usize, time: f64, work: &Work<G>) {
        let now = |signal: usize| work.signals[signal].get(index);
        if let Some((from, before)) = &self.ticks[index] {
            for watcher in lane.watchers().filter(|watcher| self.columns_of(&watcher.signals).is_empty()) {
                let first = watcher.value(watcher.signals.iter().map(|signal| before[*signal]));
                let last = watcher.value(watcher.signals.iter().map(|signal| now(*signal)));
                watcher.see_line([*from, time], [first, last]);
            }
        }
        self.begin_tick(index, time, work);
    }

    /// Takes the signals of a lane from which its course goes on.
    pub fn begin_tick(&mut self, index: usize, time: f64, work: &Work<G>) {
        self.ticks[index] = Some((time, work.signals.iter().map(|row| row.get(index)).collect()));
    }

    /// Forgets the rates that have been held against others, but for the last of each lane.
    pub fn let_go(&mut self) {
        for held in &mut self.held {
            let last = held.pop();
            held.clear();
            held.extend(last);
        }
    }
}
