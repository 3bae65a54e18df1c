//! What drives an event: the signal, or the input, whose own change moves the circuit's leading eigenvalue most.

use crate::equilibrium::newton::{NewtonWork, solve};
use crate::equilibrium::stability::leading_rate_per_s;
use crate::experiment::{Inputs, Model, Work};
use crate::numeric::lanes::Row;

/// What held in each lane when its state was last known to be stable.
#[derive(Clone, Debug)]
pub struct Past<const G: usize> {
    /// The time, min.
    pub time: Row<G>,
    /// The largest real part of the eigenvalues, 1/s.
    pub leading: Row<G>,
    /// All signals.
    pub signals: Vec<Row<G>>,
    /// Input injected into each population.
    pub injected: Vec<Row<G>>,
    /// The circuit's variables.
    pub circuit: Vec<Row<G>>,
}

impl<const G: usize> Past<G> {
    /// Nothing yet.
    pub fn new(model: &Model<G>) -> Self {
        Self {
            time: Row::ZERO,
            leading: Row::splat(f64::NEG_INFINITY),
            signals: model.board.rows(),
            injected: vec![Row::ZERO; model.shape.size()],
            circuit: vec![Row::ZERO; model.shape.variables()],
        }
    }

    /// Takes a lane's present for its past.
    pub fn keep(&mut self, lane: usize, time: f64, leading: f64, now: (&Work<G>, &Inputs<G>, &[Row<G>])) {
        let (work, inputs, circuit) = now;
        self.time.set(lane, time);
        self.leading.set(lane, leading);
        let rows = self.signals.iter_mut().chain(&mut self.injected).chain(&mut self.circuit);
        for (kept, row) in rows.zip(work.signals.iter().chain(&inputs.injected).chain(circuit)) {
            kept.set(lane, row.get(lane));
        }
    }
}

/// The name of what moved a lane's leading eigenvalue most, of all that acts on the circuit and has changed since the past;
/// none where nothing has. What takes away the state alone comes before all else.
pub fn driver<const G: usize>(
    model: &Model<G>,
    past: &Past<G>,
    (work, inputs): (&Work<G>, &Inputs<G>),
    lane: usize,
) -> Option<String> {
    let mut trial =
        Trial { model, past, work: work.clone(), inputs: inputs.clone(), newton: NewtonWork::new(&model.shape), lane };
    let before = trial.leading(&past.signals, &past.injected);
    let mut moved: Vec<(f64, String)> = Vec::new();
    for signal in model.effects.signals() {
        if work.signals[signal].get(lane) != past.signals[signal].get(lane) {
            let mut signals = past.signals.clone();
            signals[signal] = work.signals[signal];
            let by = trial.leading(&signals, &past.injected) - before;
            moved.push((by, model.board.names()[signal].clone()));
        }
    }
    for (index, population) in model.shape.populations.iter().enumerate() {
        if inputs.injected[index].get(lane) != past.injected[index].get(lane) {
            let mut injected = past.injected.clone();
            injected[index] = inputs.injected[index];
            let by = trial.leading(&past.signals, &injected) - before;
            moved.push((by, format!("input onto {}", population.name)));
        }
    }
    // Of equals the first.
    moved.into_iter().reduce(|most, next| if next.0 > most.0 { next } else { most }).map(|(_, name)| name)
}

struct Trial<'a, const G: usize> {
    model: &'a Model<G>,
    past: &'a Past<G>,
    work: Work<G>,
    inputs: Inputs<G>,
    newton: NewtonWork<G>,
    lane: usize,
}

impl<const G: usize> Trial<'_, G> {
    /// The largest real part of the eigenvalues in 1/s under some signals and inputs; infinite where there is no state.
    fn leading(&mut self, signals: &[Row<G>], injected: &[Row<G>]) -> f64 {
        self.work.signals.clone_from_slice(signals);
        self.inputs.injected.clone_from_slice(injected);
        self.model.modulate(&self.inputs, &mut self.work);
        let mut circuit = self.past.circuit.clone();
        let (shape, rows) = (&self.model.shape, &self.work.rows);
        let found = solve(shape, rows, &mut circuit, 1 << self.lane, &mut self.newton);
        if found >> self.lane & 1 == 0 {
            return f64::INFINITY;
        }
        leading_rate_per_s(shape, rows, &self.newton.linearised, self.lane)
    }
}
