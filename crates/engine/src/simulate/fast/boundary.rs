//! What happens at the boundaries of lanes: slow variables are brought to the present, samples and reports taken, changes
//! carried out, and the circuit's rows made anew.

use super::{Block, Stop};
use crate::circuit::Rows;
use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::numeric::lanes::Row;
use crate::scenario::Transfer;
use crate::simulate::grid::SLACK;
use crate::simulate::lane::{LARGEST_RATE, State};
use crate::simulate::recording::{Event, EventKind, Status};
use crate::simulate::resolution::{Verdict, in_words, judge};

/// A rate further below 0 than this, in Hz, is no rounding.
const BELOW_ZERO: f64 = -1e-9;
/// A circuit stands still where no variable is farther from its target than this, relative to its size (below 0.1 to that):
/// signals that change slowly keep it a little behind.
const STANDS: f64 = 1e-3;

impl<const G: usize> Block<'_, G> {
    /// Goes on from where some lanes have stopped.
    pub(super) fn arrive(&mut self, stops: &[Stop]) {
        let due: Vec<usize> = stops.iter().filter(|stop| stop.boundary).map(|stop| stop.lane).collect();
        let looked_at: Vec<usize> =
            stops.iter().filter(|stop| stop.looked_at && !stop.boundary).map(|stop| stop.lane).collect();
        if !looked_at.is_empty() {
            self.look_on(&looked_at);
        }
        // At a boundary the step is judged with all else.
        let judged: Vec<usize> =
            stops.iter().filter(|stop| !stop.boundary && self.grid.is_judged(stop.at)).map(|stop| stop.lane).collect();
        if !judged.is_empty() {
            self.look(&judged);
        }
        let changed = if due.is_empty() { 0 } else { self.pass_boundary(&due) };
        for stop in stops {
            self.breaks[stop.lane].reach(stop.at, changed >> stop.lane & 1 == 1);
        }
    }

    /// Each lane's present time in min.
    fn times(&self) -> Row<G> {
        Row::from_fn(|lane| self.time_of(lane))
    }

    fn time_of(&self, lane: usize) -> f64 {
        self.grid.time_of(self.position[lane.min(self.position.len() - 1)])
    }

    /// Brings the slow variables of the lanes to the present, records, carries out events, and refreshes the rows. Gives the
    /// lanes, as bits, in which something has changed.
    fn pass_boundary(&mut self, due: &[usize]) -> u64 {
        self.take_means(due);
        self.bring_to_present(due);
        self.show_present();
        for lane in due.iter().copied() {
            if self.lanes[lane].running {
                let now = self.grid.time_of(self.position[lane]);
                self.lanes[lane].reached = now;
                self.courses.see_tick(&mut self.lanes[lane], lane, now, &self.work);
            }
        }
        self.stop_diverged(due);
        self.look(due);
        let sampled: Vec<usize> =
            due.iter().copied().filter(|lane| self.grid.is_sampled(self.position[*lane])).collect();
        if !sampled.is_empty() {
            self.record(&sampled);
        }
        let changed = self.carry_out(due);
        let jumping = changed != 0 && !self.model.shape.plain;
        let before = if jumping { self.present_rates() } else { Vec::new() };
        if changed != 0 {
            self.show_present();
            for lane in (0..self.lanes.len()).filter(|lane| changed >> lane & 1 == 1) {
                self.courses.begin_tick(lane, self.grid.time_of(self.position[lane]), &self.work);
            }
            self.stimuli.refresh(&self.lanes, &self.work.rows);
            let again: Vec<usize> = sampled.iter().copied().filter(|lane| changed >> lane & 1 == 1).collect();
            self.sample_after_change(&again);
        }
        self.report(due);
        self.refresh(due);
        self.note_sampled_rates(&sampled, (changed, &before));
        changed
    }

    /// Records and reports lanes between two boundaries: they are shown at the present, and go on from where they were.
    fn look_on(&mut self, lanes: &[usize]) {
        let kept = (self.states.clone(), self.mean_rates.clone());
        let mut length = Row::ZERO;
        for lane in lanes {
            let steps = self.position[*lane] - self.last[*lane];
            length.set(*lane, steps * self.grid.step_min);
            for (mean, sum) in self.mean_rates.iter_mut().zip(&self.fast.rate_sums) {
                mean.set(*lane, sum.get(*lane) / steps);
            }
            self.keep_sums(*lane);
        }
        let started = Row::from_fn(|lane| self.grid.time_of(self.last[lane.min(self.last.len() - 1)]));
        let advanced = self.advance_states(&started, &length);
        for (state, advanced) in self.states.iter_mut().zip(&advanced) {
            lanes.iter().for_each(|lane| state.set(*lane, advanced.get(*lane)));
        }
        self.show_present();
        let sampled: Vec<usize> =
            lanes.iter().copied().filter(|lane| self.grid.is_sampled(self.position[*lane])).collect();
        if !sampled.is_empty() {
            self.record(&sampled);
        }
        self.report(lanes);
        self.work.rows.clone_from(&self.rows);
        self.note_sampled_rates(&sampled, (0, &[]));
        (self.states, self.mean_rates) = kept;
    }

    /// Brings the slow variables of lanes to the present.
    fn bring_to_present(&mut self, due: &[usize]) {
        let mut length = Row::ZERO;
        for lane in due {
            length.set(*lane, (self.position[*lane] - self.last[*lane]) * self.grid.step_min);
        }
        let started = Row::from_fn(|lane| self.grid.time_of(self.last[lane.min(self.last.len() - 1)]));
        let advanced = self.advance_states(&started, &length);
        for lane in due {
            let ends = [self.states.as_slice(), advanced.as_slice()];
            self.lanes[*lane].add_released(*lane, &self.model.pharmacology.ligands, length.get(*lane), ends, None);
            for (state, advanced) in self.states.iter_mut().zip(&advanced) {
                state.set(*lane, advanced.get(*lane));
            }
            self.last[*lane] = self.position[*lane];
        }
    }

    /// Shows all signals of the present, and makes the circuit's numbers from them.
    pub(super) fn show_present(&mut self) {
        let times = self.times();
        self.model.show(&times, &self.inputs, &self.states, &mut self.work);
        self.model.modulate(&self.inputs, &mut self.work);
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
        self.model.show_variables(&self.fast.state, &mut self.work.signals);
    }

    /// Carries out what is due; gives the lanes, as bits, in which something was.
    fn carry_out(&mut self, due: &[usize]) -> u64 {
        let mut changed = 0;
        for lane in due {
            let now = self.time_of(*lane);
            let timeline = &mut self.lanes[*lane].timeline;
            if timeline.advance(now, self.grid.slack_min()) {
                timeline.write(*lane, &mut self.inputs);
                changed |= 1 << lane;
            }
        }
        changed
    }

    /// The circuit's numbers now, waves included, as the signals shown make them.
    pub(super) fn present_rows(&self) -> Rows<G> {
        let mut rows = if self.model.shape.plain { self.rows.clone() } else { self.work.rows.clone() };
        self.stimuli.add_at(&mut rows, |lane| self.time_of(lane));
        rows
    }

    /// What populations and channels give now, with the states of algebraic populations, under the numbers and noise of this
    /// moment.
    pub(super) fn present(&mut self, rows: &Rows<G>) -> (Vec<Row<G>>, Vec<Row<G>>) {
        let last = self.position.len() - 1;
        let moment = Row::from_fn(|lane| self.position[lane.min(last)]);
        let noise = self.present_noise();
        self.fast.present((&self.model.shape, rows), &moment, &noise)
    }

    /// The rates now.
    pub(super) fn present_rates(&mut self) -> Vec<Row<G>> {
        let rows = self.present_rows();
        let mut outputs = self.present(&rows).0;
        outputs.truncate(self.model.shape.size());
        outputs
    }

    /// Records the state of the lanes whose report is due: after what happens there, and with the rates of that moment, or,
    /// where there is noise, their mean over the tick's length before it.
    pub(super) fn report(&mut self, due: &[usize]) {
        let slack = self.grid.slack_min();
        let is_due = |lane: &usize| self.lanes[*lane].report_is_due(self.time_of(*lane) + slack);
        let due: Vec<usize> = due.iter().copied().filter(is_due).collect();
        if due.is_empty() {
            return;
        }
        let model = self.model;
        let mut rows = self.work.rows.clone();
        self.stimuli.add_at(&mut rows, |lane| self.time_of(lane));
        let (outputs, state) = self.present(&rows);
        let mut linearised = Linearised::new(&model.shape);
        residual_and_jacobian(&model.shape, &rows, &state, &mut linearised);
        let mut shown = outputs[..model.shape.size()].to_vec();
        for lane in due.iter().copied().filter(|lane| self.noisy >> lane & 1 == 1) {
            if let Some(means) = self.means_before_report(lane) {
                shown.iter_mut().zip(means).for_each(|(rate, mean)| rate.set(lane, mean));
            }
        }
        model.show_rates(&shown, &mut self.work.signals);
        for lane in due {
            let stands = self.noisy >> lane & 1 == 0 && stands_still(&linearised, (&outputs, &state), lane);
            let state = State { rows: &rows, outputs: &outputs, variables: &state, linearised: &linearised, stands };
            let now = self.time_of(lane) + slack;
            self.lanes[lane].report_if_due(now, lane, (model, &self.work.signals), &state);
        }
        model.show_rates(&self.mean_rates, &mut self.work.signals);
    }

    /// The mean rates of a lane over the tick's length before now; none where none has passed.
    fn means_before_report(&self, lane: usize) -> Option<Vec<f64>> {
        let position = self.position[lane];
        let begin = (position - self.grid.tick()).max(0.0);
        let (at, sums) = self.sums_before[lane].iter().rev().find(|(at, _)| (at - begin).abs() <= SLACK)?;
        let length = position - at;
        let now = self.sums_of(lane);
        (length > 0.0).then(|| now.iter().zip(sums).map(|(sum, before)| (sum - before) / length).collect())
    }

    /// Turns the sums of the lanes' rates into means over the interval that has passed.
    fn take_means(&mut self, due: &[usize]) {
        for lane in due {
            let position = self.position[*lane];
            let steps = position - self.last[*lane];
            for (index, sums) in self.fast.rate_sums.iter_mut().enumerate() {
                let sum = sums.get(*lane);
                sums.set(*lane, 0.0);
                self.mean_rates[index].set(*lane, sum / steps);
                for total in [&mut self.sample_sums[index], &mut self.sums[index]] {
                    total.set(*lane, total.get(*lane) + sum);
                }
            }
            self.keep_sums(*lane);
        }
    }

    /// The sums of a lane's rates since the run began.
    fn sums_of(&self, lane: usize) -> Vec<f64> {
        self.sums.iter().zip(&self.fast.rate_sums).map(|(sum, open)| sum.get(lane) + open.get(lane)).collect()
    }

    /// Keeps them where the mean of a later report begins.
    fn keep_sums(&mut self, lane: usize) {
        let position = self.position[lane];
        if self.noisy >> lane & 1 == 1 && self.grid.begins_mean(position) {
            let sums = self.sums_of(lane);
            self.sums_before[lane].push((position, sums));
        }
    }

    /// The slow variables after some minutes, by one Runge-Kutta step with the mean rates.
    fn advance_states(&mut self, start: &Row<G>, length: &Row<G>) -> Vec<Row<G>> {
        let count = self.states.len();
        let mut total: Vec<Row<G>> = vec![Row::ZERO; count];
        let mut slope: Vec<Row<G>> = vec![Row::ZERO; count];
        let mut trial = self.states.clone();
        for (share, weight) in [(0.0_f64, 1.0_f64 / 6.0), (0.5, 1.0 / 3.0), (0.5, 1.0 / 3.0), (1.0, 1.0 / 6.0)] {
            for (trial, (state, slope)) in trial.iter_mut().zip(self.states.iter().zip(&slope)) {
                *trial = Row::from_fn(|lane| (share * length.get(lane)).mul_add(slope.get(lane), state.get(lane)));
            }
            let time = Row::from_fn(|lane| share.mul_add(length.get(lane), start.get(lane)));
            self.model.show(&time, &self.inputs, &trial, &mut self.work);
            self.model.show_rates(&self.mean_rates, &mut self.work.signals);
            self.model.derivatives(&self.inputs, &trial, &mut self.work, &mut slope);
            for (total, slope) in total.iter_mut().zip(&slope) {
                *total = Row::from_fn(|lane| weight.mul_add(slope.get(lane), total.get(lane)));
            }
        }
        self.states
            .iter()
            .zip(&total)
            .map(|(state, total)| Row::from_fn(|lane| length.get(lane).mul_add(total.get(lane), state.get(lane))))
            .collect()
    }

    /// Makes the rows of the next interval from the signals in its middle.
    pub(super) fn refresh(&mut self, due: &[usize]) {
        let mut half = Row::ZERO;
        for lane in due {
            let length = self.boundary_of(*lane) - self.position[*lane];
            half.set(*lane, 0.5 * length * self.grid.step_min);
        }
        let now = self.times();
        let predicted = self.advance_states(&now, &half);
        let time = Row::from_fn(|lane| now.get(lane) + half.get(lane));
        self.model.show(&time, &self.inputs, &predicted, &mut self.work);
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
        self.model.modulate(&self.inputs, &mut self.work);
        if due.len() == self.lanes.len() {
            self.rows.clone_from(&self.work.rows);
        } else {
            due.iter().for_each(|lane| self.rows.copy_lane(&self.work.rows, *lane));
        }
        self.stimuli.refresh(&self.lanes, &self.rows);
    }

    /// Records the mean rates since the last sample, each step's at its end: of a single step, the present rates.
    fn record(&mut self, sampled: &[usize]) {
        let mut means = self.present_rates();
        for lane in sampled {
            let steps = self.position[*lane] - self.sampled_at[*lane];
            let sums = self.sample_sums.iter_mut().zip(&self.fast.rate_sums).zip(&self.sampled_rates);
            for (index, (mean, ((sums, open), before))) in means.iter_mut().zip(sums).enumerate() {
                let now = mean.get(*lane);
                let right = if steps <= 1.0 {
                    now
                } else {
                    (sums.get(*lane) + open.get(*lane) - before.get(*lane) + now) / steps
                };
                mean.set(*lane, right);
                self.sampled_means[index].set(*lane, right);
                // What the interval that is still open has had already.
                sums.set(*lane, -open.get(*lane));
            }
            self.sampled_at[*lane] = self.position[*lane];
        }
        self.model.show_rates(&means, &mut self.work.signals);
        self.sample(sampled);
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
    }

    /// Records lanes once more after something has begun or ended there: with the rates of that moment where samples are as
    /// dense as steps, with the same means where they are not.
    fn sample_after_change(&mut self, lanes: &[usize]) {
        let rates = if self.grid.samples_every_step() { self.present_rates() } else { Vec::new() };
        for lane in lanes {
            for (index, signal) in self.model.rate_signals.iter().enumerate() {
                let last = self.sampled_means[index].get(*lane);
                self.work.signals[*signal].set(*lane, rates.get(index).map_or(last, |row| row.get(*lane)));
            }
        }
        self.sample(lanes);
        self.model.show_rates(&self.mean_rates, &mut self.work.signals);
    }

    /// Takes a sample of the signals shown, in those of the lanes that run.
    fn sample(&mut self, lanes: &[usize]) {
        for lane in lanes {
            let now = self.time_of(*lane);
            if self.lanes[*lane].running {
                self.lanes[*lane].sample(now, *lane, &self.work);
            }
        }
    }

    /// Keeps the rates that the step after a sample sees, and what has jumped since.
    fn note_sampled_rates(&mut self, sampled: &[usize], (changed, before): (u64, &[Row<G>])) {
        if sampled.is_empty() && before.is_empty() {
            return;
        }
        let now = self.present_rates();
        for (index, (kept, now)) in self.sampled_rates.iter_mut().zip(&now).enumerate() {
            for lane in 0..self.lanes.len() {
                if sampled.contains(&lane) {
                    kept.set(lane, now.get(lane));
                } else if let Some(before) = before.get(index).filter(|_| changed >> lane & 1 == 1) {
                    kept.set(lane, kept.get(lane) + (now.get(lane) - before.get(lane)));
                }
            }
        }
    }

    /// Looks at the eigenvalues of lanes that have moved: whether the step resolves them.
    pub(super) fn look(&mut self, due: &[usize]) {
        let Self { lanes, looks, position, fast, .. } = self;
        let is_due = |lane: &usize| {
            lanes[*lane].running && looks[*lane].due(position[*lane], fast.state.iter().map(|row| row.get(*lane)))
        };
        let seen: Vec<usize> = due.iter().copied().filter(is_due).collect();
        if seen.is_empty() {
            return;
        }
        let rows = self.present_rows();
        let (outputs, state) = self.present(&rows);
        let shape = &self.model.shape;
        let mut linearised = Linearised::new(shape);
        residual_and_jacobian(shape, &rows, &state, &mut linearised);
        let (method, step) = (self.run.method, self.run.step);
        for lane in seen {
            let stands = stands_still(&linearised, (&outputs, &state), lane);
            let (at, position) = (self.time_of(lane), self.position[lane]);
            let judgement = judge((method, step), (shape, &rows), (&linearised, lane));
            match self.looks[lane].conclude(position, step, judgement, stands) {
                Verdict::Unstable(value) => {
                    let reason = in_words(method, step, value, true);
                    self.lanes[lane].end(Status::Unresolved { at, reason });
                }
                Verdict::Coarse(value) if !self.looks[lane].reported => {
                    self.looks[lane].reported = true;
                    let what = in_words(method, step, value, false);
                    self.lanes[lane].note(Event { at, kind: EventKind::CoarseStep, what, driver: None });
                }
                Verdict::Coarse(_) | Verdict::Fine => {}
            }
        }
    }

    /// Ends the lanes in which a number is no longer finite or a rate has run away, and notes rates below 0.
    fn stop_diverged(&mut self, due: &[usize]) {
        let running: Vec<usize> = due.iter().copied().filter(|lane| self.lanes[*lane].running).collect();
        for lane in running {
            let at = self.time_of(lane);
            let finite = |rows: &[Row<G>]| rows.iter().all(|row| row.get(lane).is_finite());
            let bounded = self.mean_rates.iter().all(|row| row.get(lane).abs() < LARGEST_RATE);
            let steps = self.step;
            self.lanes[lane].outcome.work.steps = steps;
            if !(bounded && finite(&self.fast.state) && finite(&self.states)) {
                let reason = self.undefined(lane);
                let status = reason.map_or(Status::Diverged { at }, |reason| Status::Undefined { at, reason });
                self.lanes[lane].end(status);
            }
            self.note_negative(lane, at);
        }
    }

    /// What has no value in a lane, where no rate had run away before.
    fn undefined(&self, lane: usize) -> Option<String> {
        let largest = self.fast.extent.largest.get(lane);
        let lost = self.fast.state.iter().chain(&self.mean_rates).any(|row| row.get(lane).is_nan());
        let circuit = &self.lanes[lane].scenario.circuit;
        let formulas =
            circuit.populations.iter().filter(|(_, spec)| matches!(spec.transfer, Transfer::Expression { .. }));
        let names: Vec<String> = formulas.map(|(name, _)| format!("`{name}`")).collect();
        let known = lost && largest < LARGEST_RATE && !names.is_empty();
        known.then(|| format!("a formula has no value (NaN): that of {}", names.join(" or ")))
    }

    /// Notes once that rates of a lane have fallen below 0.
    fn note_negative(&mut self, lane: usize, at: f64) {
        if self.negative >> lane & 1 == 1 {
            return;
        }
        let lowest = self.fast.extent.lowest.iter().zip(&self.mean_rates);
        let below = |(lowest, mean): (&Row<G>, &Row<G>)| lowest.get(lane) < BELOW_ZERO || mean.get(lane) < BELOW_ZERO;
        let populations = self.model.shape.populations.iter().zip(lowest);
        let names: Vec<&str> =
            populations.filter(|(_, rates)| below(*rates)).map(|(population, _)| population.name.as_str()).collect();
        if !names.is_empty() {
            self.negative |= 1 << lane;
            let what = format!("{}: {}", EventKind::NegativeRate.what(), names.join(", "));
            self.lanes[lane].note(Event { at, kind: EventKind::NegativeRate, what, driver: None });
        }
    }
}

/// Whether a lane stands still: its variables are at their targets, and what is delayed gives what it takes up.
pub(super) fn stands_still<const G: usize>(
    linearised: &Linearised<G>,
    (outputs, state): (&[Row<G>], &[Row<G>]),
    lane: usize,
) -> bool {
    let near = |(away, size): (f64, f64)| away.abs() <= STANDS * size.abs().max(0.1);
    let residuals = linearised.residual.iter().zip(state).map(|(away, value)| (away.get(lane), value.get(lane)));
    let given =
        outputs.iter().zip(&linearised.outputs).map(|(now, still)| (now.get(lane) - still.get(lane), still.get(lane)));
    residuals.chain(given).all(near)
}
