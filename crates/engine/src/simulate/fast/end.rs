//! One arm followed to a moment, and what holds there.

use super::Block;
use super::boundary::stands_still;
use crate::circuit::Rows;
use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::experiment::{Model, Plan, Work};
use crate::numeric::lanes::Row;
use crate::scenario::Run;
use crate::simulate::recording::ArmOutcome;

/// What holds in an arm at a moment of fast time, the same in every lane.
pub struct End {
    /// How the arm came there.
    pub outcome: ArmOutcome,
    /// Signals, with the rates of that moment among them.
    pub work: Work<1>,
    /// The circuit's numbers, waves included.
    pub rows: Rows<1>,
    /// Its variables.
    pub circuit: Vec<Row<1>>,
    /// Rates in Hz, then what channels give.
    pub outputs: Vec<Row<1>>,
    /// The slow variables.
    pub states: Vec<Row<1>>,
    /// Everything injected into each population, in input units.
    pub injected: Vec<f64>,
    /// Whether the circuit stands still.
    pub stands: bool,
    /// The noise of each population, in input units (Hz where it enters the rate).
    pub noise: Vec<f64>,
}

/// Follows one arm once, as the run itself does, and gives what holds at times in min, in their order, which is that of time.
pub fn at_moments(model: &Model<1>, plan: &Plan, run: &Run, minutes: &[f64]) -> Vec<End> {
    let Some(last) = minutes.last() else { return Vec::new() };
    let mut block = Block::new(model, &[plan], run, *last);
    block.start();
    let at = |minutes: &f64| {
        let end = block.grid.position_of(*minutes);
        // All follow one another up to the last whole step before a moment; one that stops there is a copy, so that the run
        // goes on as if nobody had looked.
        let before = (libm::ceil(end) as u64).saturating_sub(1);
        block.go_on(before);
        let mut here = block.clone();
        here.grid.end = end;
        here.go_on(u64::MAX);
        here.end(*minutes)
    };
    minutes.iter().map(at).collect()
}

impl Block<'_, 1> {
    fn end(mut self, minutes: f64) -> End {
        for lane in 0..Row::<1>::LANES {
            self.lanes[0].timeline.write(lane, &mut self.inputs);
        }
        let alike = |rows: &mut [Row<1>]| rows.iter_mut().for_each(|row| *row = Row::splat(row.get(0)));
        [&mut self.states, &mut self.fast.state, &mut self.mean_rates].into_iter().for_each(|rows| alike(rows));
        self.show_present();
        let injected = self.lanes[0].timeline.injected_at(minutes);
        let mut rows = self.work.rows.clone();
        let waves = injected.iter().zip(&self.inputs.injected).map(|(all, constant)| all - constant.get(0));
        for (numbers, wave) in rows.populations.iter_mut().zip(waves) {
            numbers.drive = Row::splat(numbers.drive.get(0) + wave);
        }
        let (mut outputs, mut circuit) = self.present(&rows);
        [&mut outputs, &mut circuit].into_iter().for_each(|rows| alike(rows));
        self.model.show_rates(&outputs[..self.model.shape.size()], &mut self.work.signals);
        let mut linearised = Linearised::new(&self.model.shape);
        residual_and_jacobian(&self.model.shape, &rows, &circuit, &mut linearised);
        let stands = self.noisy & 1 == 0 && stands_still(&linearised, (&outputs, &circuit), 0);
        let eta = self.present_noise();
        let noise = self.model.shape.populations.iter().zip(&rows.populations).map(|(population, numbers)| {
            if population.noisy { eta[population.noise_row].get(0) * numbers.sigma.get(0) } else { 0.0 }
        });
        End {
            noise: noise.collect(),
            stands,
            outcome: self.lanes.remove(0).finish(0, self.model),
            work: self.work,
            rows,
            circuit,
            outputs,
            states: self.states,
            injected,
        }
    }
}
