//! Stimuli that change from moment to moment, in the circuit's numbers.

use super::grid::Grid;
use super::lane::Lane;
use super::stride::{END, HALF, SHARES, START, Stages, Stride};
use crate::circuit::Rows;
use crate::experiment::stimulus::Wave;
use crate::scenario::Method;

/// The waves in force in a block, and the circuit's numbers under them at the stages of a step.
#[derive(Clone, Debug)]
pub struct Stimuli<const G: usize> {
    /// Each with its lane.
    waves: Vec<(usize, Wave)>,
    /// Empty where there are no waves.
    staged: Vec<Rows<G>>,
    /// The stages that the method looks at.
    seen: &'static [usize],
}

impl<const G: usize> Stimuli<G> {
    /// None yet.
    pub fn new(method: Method, delayed: bool) -> Self {
        let seen: &[usize] = match method {
            Method::EulerMaruyama | Method::Heun => &[START, END],
            Method::RungeKutta4 if delayed => &[0, 1, 2, 3, 4],
            Method::RungeKutta4 => &[START, HALF, END],
        };
        Self { waves: Vec::new(), staged: Vec::new(), seen }
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.waves.is_empty()
    }

    /// Takes over the waves that are in force in the lanes that run, and the circuit's other numbers.
    pub fn refresh(&mut self, lanes: &[Lane], rows: &Rows<G>) {
        let waves = |(lane, arm): (usize, &Lane)| arm.timeline.waves().map(|wave| (lane, wave)).collect::<Vec<_>>();
        let running = lanes.iter().enumerate().filter(|(_, lane)| lane.running);
        self.waves = running.flat_map(waves).collect();
        self.staged.resize(if self.waves.is_empty() { 0 } else { SHARES.len() }, rows.clone());
        self.staged.iter_mut().for_each(|staged| staged.clone_from(rows));
    }

    /// The circuit's numbers at the stages of a stride.
    pub fn stages<'a>(&'a mut self, rows: &'a Rows<G>, grid: &Grid, stride: &Stride<G>) -> Stages<'a, G> {
        let Self { waves, staged, seen } = self;
        for stage in *seen {
            let Some(staged) = staged.get_mut(*stage) else { break };
            for (_, wave) in waves.iter() {
                staged.populations[wave.population].drive = rows.populations[wave.population].drive;
            }
            let moment = stride.moment(SHARES[*stage]);
            add(waves, staged, |lane| grid.time_of(moment.get(lane)));
        }
        std::array::from_fn(|stage| staged.get(stage).unwrap_or(rows))
    }

    /// Adds the waves to the drives, at each lane's time in min.
    pub fn add_at(&self, rows: &mut Rows<G>, time: impl Fn(usize) -> f64) {
        add(&self.waves, rows, time);
    }
}

fn add<const G: usize>(waves: &[(usize, Wave)], rows: &mut Rows<G>, time: impl Fn(usize) -> f64) {
    for (lane, wave) in waves {
        let drive = &mut rows.populations[wave.population].drive;
        drive.set(*lane, drive.get(*lane) + wave.value_at(time(*lane)));
    }
}
