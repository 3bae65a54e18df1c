//! The course of every signal over a step of slow time: the dense output of the slow variables, with the circuit solved on
//! it, at as many moments as polynomials through them need to follow every signal. Readouts and traces are taken from these,
//! so that a readout depends on neither.

use super::{Block, Step};
use crate::experiment::Work;
use crate::numeric::lanes::{Lanes, Mask, Row, dispatch};
use crate::numeric::piece::{Piece, TERMS, fourth_difference};
use crate::simulate::dormand_prince::DENSE;
use crate::simulate::lane::{Lane, as_one};
use crate::simulate::recording::mean_over;

/// A part of a step is halved where the fourth differences of a signal exceed this, relative to its size there: the cubic
/// through four of the five values then misses the fifth by more, and the polynomial through all of them a signal of that
/// smoothness by some hundred times less.
const RESOLVED: f64 = 1e-7;
/// Values below this, relative to the largest that a signal has had, are as good as 0.
const NOTHING: f64 = 1e-9;
/// Parts of a step beyond which none is halved any more.
const MOST_PARTS: usize = 1_024;

/// A lane's course over its last step.
#[derive(Clone, Debug, Default)]
pub(super) struct Dense {
    /// All signals at the present.
    now: Vec<f64>,
    /// How far those who follow the lane have seen it, in min.
    shown: f64,
    /// The largest size that each has had.
    sizes: Vec<f64>,
    /// The rates at the end of the step that was sampled last.
    pub sampled: Vec<f64>,
    /// The time of that sample.
    pub sampled_at: f64,
    /// The parts of the last step.
    pub parts: Vec<Part>,
    /// The rate that is held against other arms, from the start of the run.
    pub course: Vec<Piece>,
}

/// All signals over a part of a step, at five moments that are spaced evenly.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub from: f64,
    pub to: f64,
    values: [Vec<f64>; TERMS],
}

/// A part that is not complete yet, in shares of the step.
struct Open {
    from: f64,
    to: f64,
    values: [Option<Vec<f64>>; TERMS],
}

impl Part {
    /// A signal over the part.
    pub fn piece(&self, signal: usize) -> Piece {
        Piece::through(self.from, self.to, std::array::from_fn(|place| self.values[place][signal]))
    }

    /// Whether the signals themselves are known at a time, and not only a polynomial through others.
    pub fn knows(&self, time: f64) -> bool {
        time == self.from || time == self.to
    }

    /// The mean of signals over the part.
    fn mean_piece(&self, signals: &[usize]) -> Piece {
        let value = |place: usize| mean_over(signals.iter().map(|signal| self.values[place][*signal]));
        Piece::through(self.from, self.to, std::array::from_fn(value))
    }

    /// Whether a polynomial of degree 4 follows every signal.
    fn is_resolved(&self, sizes: &[f64]) -> bool {
        sizes.iter().enumerate().all(|(signal, largest)| {
            let values: [f64; TERMS] = std::array::from_fn(|place| self.values[place][signal]);
            let size = values.iter().fold(largest * NOTHING, |size, value| size.max(value.abs()));
            let difference = fourth_difference(values).abs();
            // What is not finite no halving mends.
            !(difference > RESOLVED * size && difference.is_finite())
        })
    }

    /// Its halves, of which the values between those that are known are missing.
    fn halves(self, from: f64, middle: f64, to: f64) -> [Open; 2] {
        let [first, before, centre, after, last] = self.values;
        [
            Open { from, to: middle, values: [Some(first), None, Some(before), None, Some(centre.clone())] },
            Open { from: middle, to, values: [Some(centre), None, Some(after), None, Some(last)] },
        ]
    }
}

impl Open {
    /// The share of the step at which the next value is missing.
    fn missing(&self) -> Option<(usize, f64)> {
        let place = self.values.iter().position(Option::is_none)?;
        Some((place, (place as f64 / (TERMS - 1) as f64).mul_add(self.to - self.from, self.from)))
    }
}

impl Dense {
    /// Takes the signals at the start of a step, which differ from those at the end of the last one where something has begun
    /// or ended; that is sampled.
    pub fn begin<const G: usize>(&mut self, lane: &mut Lane, time: f64, index: usize, work: &Work<G>, changed: bool) {
        let before = std::mem::take(&mut self.now);
        self.now.extend(work.signals.iter().map(|row| row.get(index)));
        if !before.is_empty() && self.shown < time {
            // A moment that was stepped over, because the state was lost there, is seen as a straight line.
            let mut line =
                Open { from: 0.0, to: 1.0, values: [Some(before), None, None, None, Some(self.now.clone())] };
            line.straighten();
            let values = line.values.map(Option::unwrap_or_default);
            self.parts = vec![Part { from: self.shown, to: time, values }];
            self.show(lane);
        }
        self.shown = time;
        if changed {
            self.sample(lane, time, |signal| work.signals[signal].get(index));
        }
    }

    /// Records the signals in a lane.
    pub fn sample(&mut self, lane: &mut Lane, time: f64, value: impl Fn(usize) -> f64) {
        if lane.records() {
            lane.sample_with(time, value);
            self.sampled_at = time;
        }
    }

    /// Hands the parts of the step to those who follow the lane.
    fn show(&mut self, lane: &mut Lane) {
        for part in &self.parts {
            for watcher in lane.watchers() {
                let value =
                    |place: usize| watcher.value(watcher.signals.iter().map(|signal| part.values[place][*signal]));
                let values = std::array::from_fn(value);
                watcher.see_through([part.from, part.to], values);
            }
            if !lane.compared.is_empty() {
                self.course.push(part.mean_piece(&lane.compared));
            }
            self.shown = part.to;
        }
    }
}

impl<const G: usize> Block<'_, G> {
    /// Resolves the accepted steps of the lanes that are followed or recorded, and shows them to those who do. The run itself
    /// does not notice.
    pub(super) fn see_steps(&mut self, step: &Step<G>, accepted: u64) {
        let seen = (0..self.lanes.len()).filter(|index| {
            let lane = &self.lanes[*index];
            accepted >> index & 1 == 1
                && step.length.get(*index) > 0.0
                && (lane.watches() || lane.records() || !lane.compared.is_empty())
        });
        let seen: Vec<usize> = seen.collect();
        if seen.is_empty() {
            return;
        }
        let (jumped, lost, burst) = (self.jumped, self.lost, self.burst.take());
        let (signals, rates) = (self.work.signals.clone(), self.rates.clone());
        // A passage ends with the circuit's numbers at its end.
        let rows = (self.passing != 0).then(|| self.work.rows.clone());
        self.resolve(step, &seen);
        (self.jumped, self.lost, self.burst) = (jumped, lost, burst);
        (self.work.signals, self.rates) = (signals, rates);
        if let Some(rows) = rows {
            self.work.rows = rows;
        }
        for index in seen {
            self.dense[index].show(&mut self.lanes[index]);
            self.record_step(step, index);
        }
    }

    /// Cuts the steps of some lanes into parts over which every signal is a polynomial.
    fn resolve(&mut self, step: &Step<G>, seen: &[usize]) {
        let mut open: Vec<Vec<Open>> = seen.iter().map(|index| vec![self.whole_step(*index)]).collect();
        loop {
            let mut share = Row::splat(1.0);
            let mut due = 0u64;
            for (index, open) in seen.iter().zip(&mut open) {
                self.complete(step, *index, open);
                if let Some((_, missing)) = open.last().and_then(Open::missing) {
                    share.set(*index, missing);
                    due |= 1 << index;
                }
            }
            if due == 0 {
                return;
            }
            (self.jumped, self.lost) = (0, 0);
            self.interpolate(step, &share, due);
            let astray = self.jumped | self.lost;
            for (index, open) in seen.iter().zip(&mut open).filter(|(index, _)| due >> **index & 1 == 1) {
                let Some(part) = open.last_mut() else { continue };
                if astray >> index & 1 == 1 {
                    // Where the state cannot be followed from the step's ends, the course is a straight line.
                    part.straighten();
                } else if let Some((place, _)) = part.missing() {
                    part.values[place] = Some(self.work.signals.iter().map(|row| row.get(*index)).collect());
                }
            }
        }
    }

    /// The step of a lane, of which both ends are known.
    fn whole_step(&mut self, index: usize) -> Open {
        let dense = &mut self.dense[index];
        dense.parts.clear();
        let end: Vec<f64> = self.work.signals.iter().map(|row| row.get(index)).collect();
        dense.sizes.resize(end.len(), 0.0);
        for (size, value) in dense.sizes.iter_mut().zip(&end) {
            *size = if value.is_finite() { size.max(value.abs()) } else { *size };
        }
        let mut open = Open { from: 0.0, to: 1.0, values: [Some(dense.now.clone()), None, None, None, Some(end)] };
        if self.passing >> index & 1 == 1 {
            // The slow variables see the mean of a circuit's way and not the way itself.
            open.straighten();
        }
        open
    }

    /// Takes the parts that are complete off a lane's stack: they are done, or halved.
    fn complete(&mut self, step: &Step<G>, index: usize, open: &mut Vec<Open>) {
        let (start, length) = (self.time.get(index), step.length.get(index));
        let lane = &self.lanes[index];
        let moment = |share: f64| match share {
            0.0 => start,
            1.0 => lane.snap(start + length, self.run),
            _ => share.mul_add(length, start),
        };
        let dense = &mut self.dense[index];
        let averaged = (self.averaged | self.passing) >> index & 1 == 1;
        while open.last().is_some_and(|part| part.missing().is_none()) {
            let Some(Open { from, to, values }) = open.pop() else { return };
            let part = Part { from: moment(from), to: moment(to), values: values.map(Option::unwrap_or_default) };
            let short = part.to - part.from <= as_one(part.to) * 4.0;
            // Means over bursts are too rough for this, and too dear.
            if averaged || short || dense.parts.len() + open.len() >= MOST_PARTS || part.is_resolved(&dense.sizes) {
                dense.parts.push(part);
            } else {
                let [first, second] = part.halves(from, 0.5 * (from + to), to);
                open.extend([second, first]);
            }
        }
    }

    /// The state of every lane at a share of its step, by the dense output of the method, with the circuit solved anew.
    fn interpolate(&mut self, step: &Step<G>, share: &Row<G>, due: u64) {
        let states = self.dense_states(step, share);
        let mut circuit = self.circuit.clone();
        for (row, (from, to)) in circuit.iter_mut().zip(self.circuit.iter().zip(&step.circuit)) {
            let line = |lane: usize| share.get(lane).mul_add(to.get(lane) - from.get(lane), from.get(lane));
            *row = Row::from_fn(line);
        }
        let time = Row::from_fn(|lane| share.get(lane).mul_add(step.length.get(lane), self.time.get(lane)));
        self.equilibrate(&time, &states, (&mut circuit, None), due);
    }

    /// The slow variables at a share of the step, by the dense output of the method.
    fn dense_states(&self, step: &Step<G>, share: &Row<G>) -> Vec<Row<G>> {
        let mut states = self.states.clone();
        dispatch!([G] simd => {
            let one = Lanes::splat(simd, 1.0);
            let share = Lanes::load(simd, share);
            let length = Lanes::load(simd, &step.length);
            let rest = one - share;
            for (index, row) in states.iter_mut().enumerate() {
                // The weights beyond a cubic are those of explicit stages.
                let explicit = Mask::from_bits(simd, !self.stiff.lanes_of(index));
                let (from, to) = (Lanes::load(simd, &self.states[index]), Lanes::load(simd, &step.states[index]));
                let (slope_from, slope_to) =
                    (Lanes::load(simd, &step.stages[0][index]), Lanes::load(simd, &step.stages[6][index]));
                let mut beyond = Lanes::splat(simd, 0.0);
                for (weight, slope) in DENSE.iter().zip(&step.stages) {
                    beyond = Lanes::splat(simd, *weight).mul_add(Lanes::load(simd, &slope[index]), beyond);
                }
                let change = to - from;
                let bend = length * slope_from - change;
                let turn = change - length * slope_to - bend;
                let beyond = explicit.select(beyond, Lanes::splat(simd, 0.0));
                let inner = share.mul_add(rest.mul_add(length * beyond, turn), bend);
                share.mul_add(rest.mul_add(inner, change), from).store(row);
            }
        });
        states
    }
}

impl Open {
    /// Fills what is missing on a straight line between the ends.
    fn straighten(&mut self) {
        let [Some(first), .., Some(last)] = &self.values else { return };
        let line = |place: usize| {
            let share = place as f64 / (TERMS - 1) as f64;
            first.iter().zip(last).map(|(first, last)| share.mul_add(last - first, *first)).collect::<Vec<f64>>()
        };
        let inner: Vec<Vec<f64>> = (1..TERMS - 1).map(line).collect();
        for (value, line) in self.values[1..].iter_mut().zip(inner) {
            *value = Some(line);
        }
    }
}
