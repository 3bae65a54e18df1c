//! The model of a block of arms: circuit, pharmacology, stress, plasticity and effects over lanes, with each lane's rest.

use super::timeline::{Inputs, resting_availability};
use crate::circuit::{self, Rows, Shape};
use crate::modulation::effects::Effects;
use crate::modulation::indices::Indices;
use crate::modulation::plasticity::{self, Plasticity};
use crate::modulation::stress::{self, Stress};
use crate::numeric::lanes::{Lanes, Row};
use crate::numeric::lanes::{Simd, dispatch};
use crate::pharmacology::{self, CourseKey, Pharmacology};
use crate::scenario::watch::Watch;
use crate::scenario::{Arm, Scenario};
use crate::signals::{Board, States};
use std::sync::Arc;

/// One arm as a lane sees it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The arm, with what it inherits.
    pub arm: Arm,
    /// The scenario as the arm's `set` changes it; drives are solved.
    pub scenario: Arc<Scenario>,
    /// The scenario before the arm's `set`: its rest is what departures are taken from.
    pub base: Arc<Scenario>,
    /// The circuit's resting rates in Hz.
    pub resting_rates: Vec<f64>,
    /// The arm's place in the experiment.
    pub number: usize,
    /// The forms of ligands that any arm of the experiment is given.
    pub forms: Vec<CourseKey>,
    /// Whether its traces are recorded.
    pub records: bool,
    /// What is followed of it step by step.
    pub watches: Arc<[Watch]>,
    /// Whether it is held against other arms step by step.
    pub compares: bool,
}

/// A model over lanes.
#[derive(Clone, Debug)]
pub struct Model<const G: usize> {
    /// What the lanes' circuits share.
    pub shape: Shape<G>,
    /// The circuits' numbers at rest.
    pub circuit: Rows<G>,
    /// Ligands and receptors.
    pub pharmacology: Pharmacology<G>,
    /// Stress.
    pub stress: Stress<G>,
    /// Plasticity.
    pub plasticity: Plasticity<G>,
    /// Numbers recorded for the reader.
    pub indices: Indices<G>,
    /// Effects of signals on the circuit.
    pub effects: Effects<G>,
    /// All signals.
    pub board: Board,
    /// Slow variables.
    pub states: States<G>,
    /// Index among the signals of each population's rate.
    pub rate_signals: Vec<usize>,
    /// Index among the signals of each variable behind those of the populations: gates, adaptation and the like.
    further_signals: Vec<usize>,
    /// The signals at rest.
    pub rest: Vec<Row<G>>,
}

/// Room for one evaluation of a model.
#[derive(Clone, Debug)]
pub struct Work<const G: usize> {
    /// Given concentration of each course, nM.
    given: Vec<Row<G>>,
    /// Concentrations as seen by receptors, nM.
    exposures: Vec<Row<G>>,
    /// All signals.
    pub signals: Vec<Row<G>>,
    /// The circuit's numbers under the effects.
    pub rows: Rows<G>,
}

impl<const G: usize> Model<G> {
    /// Builds the model of a block; lane `i` is `plans[i]`, and the last fills the lanes that are left. Plans must share
    /// their structure ([`super::Structure`]).
    pub fn build(plans: &[&Plan]) -> Self {
        let forms = &plans[0].forms;
        let mut model = Self::without_rest(plans, forms);
        let resting = resting_signals::<G>(plans, forms);
        for (rest, name) in model.rest.iter_mut().zip(model.board.names()) {
            *rest = resting.iter().find(|(known, _)| known == name).map_or(Row::ZERO, |(_, row)| *row);
        }
        model.plasticity.begin_at_rest(&model.rest, &mut model.states.initial);
        model
    }

    fn without_rest(plans: &[&Plan], forms: &[CourseKey]) -> Self {
        let last = plans.len() - 1;
        let scenarios: Vec<&Scenario> = plans.iter().map(|plan| plan.scenario.as_ref()).collect();
        let circuits: Vec<_> = scenarios.iter().map(|scenario| &scenario.circuit).collect();
        let (mut shape, rows) = circuit::build(&circuits);
        let mut board = Board::default();
        let mut states = States::new();
        let rate_signals =
            shape.populations.iter().map(|population| board.add(format!("rate.{}", population.name))).collect();
        let further_signals = shape.variable_names()[shape.size()..].iter().map(|name| board.add(name)).collect();
        let level_of = |lane: usize| plans[lane.min(last)].arm.stress.as_ref().map_or(0.0, |stress| stress.level);
        let stress = stress::build(&scenarios, Row::from_fn(level_of), &mut board, &mut states);
        let pharmacology = pharmacology::build(&scenarios, forms, &mut board, &mut states);
        let plasticity = plasticity::build(&scenarios, &mut board, &mut states);
        let phenotypes: Vec<&str> = plans.iter().map(|plan| plan.phenotype()).collect();
        let effects = Effects::build(&scenarios, &phenotypes, &shape, &mut board);
        effects.mark_scaled(&mut shape);
        let indices = Indices::build(&scenarios, &shape, &mut board);
        let rest = board.rows();
        Self {
            shape,
            circuit: rows,
            pharmacology,
            stress,
            plasticity,
            indices,
            effects,
            board,
            states,
            rate_signals,
            further_signals,
            rest,
        }
    }

    /// Room for evaluations.
    pub fn work(&self) -> Work<G> {
        Work {
            given: vec![Row::ZERO; self.pharmacology.courses.len()],
            exposures: vec![Row::ZERO; self.pharmacology.exposures.len()],
            signals: self.board.rows(),
            rows: self.circuit.clone(),
        }
    }

    /// All signals but the rates and the indices, at each lane's time in min.
    pub fn show(&self, time: &Row<G>, inputs: &Inputs<G>, states: &[Row<G>], work: &mut Work<G>) {
        dispatch!([G] simd => self.shown(simd, Lanes::load(simd, time), inputs, states, work));
    }

    #[inline(always)]
    fn shown<S: Simd>(&self, simd: S, time: Lanes<S, G>, inputs: &Inputs<G>, states: &[Row<G>], work: &mut Work<G>) {
        self.stress.show(states, &mut work.signals);
        self.plasticity.show(states, &mut work.signals);
        let pharmacology = &self.pharmacology;
        let Work { given, exposures, signals, .. } = work;
        pharmacology.expose(simd, (time, &inputs.courses), states, (given, exposures), signals);
        pharmacology.activate(simd, &inputs.available, exposures, states, signals);
    }

    /// As [`show`](Self::show), with the free concentrations of some ligands (by index, nM) held. What they release and
    /// what they bind slowly is put to its equilibrium with them among the states.
    pub fn show_clamped(
        &self,
        time: &Row<G>,
        inputs: &Inputs<G>,
        concentrations: &[(usize, f64)],
        states: &mut [Row<G>],
        work: &mut Work<G>,
    ) {
        dispatch!([G] simd => {
            self.shown_clamped(simd, (Lanes::load(simd, time), inputs), concentrations, states, work);
        });
    }

    #[inline(always)]
    fn shown_clamped<S: Simd>(
        &self,
        simd: S,
        (time, inputs): (Lanes<S, G>, &Inputs<G>),
        concentrations: &[(usize, f64)],
        states: &mut [Row<G>],
        work: &mut Work<G>,
    ) {
        if !concentrations.is_empty() {
            let pharmacology = &self.pharmacology;
            let Work { given, exposures, signals, .. } = work;
            pharmacology.expose(simd, (time, &inputs.courses), states, (given, exposures), signals);
            pharmacology.clamp(concentrations, exposures, signals);
            pharmacology.settle_on(simd, concentrations, exposures, (signals, &self.rest), states);
        }
        self.shown(simd, time, inputs, states, work);
        if !concentrations.is_empty() {
            let Work { exposures, signals, .. } = work;
            self.pharmacology.clamp(concentrations, exposures, signals);
            self.pharmacology.activate(simd, &inputs.available, exposures, states, signals);
        }
    }

    /// The circuit's rows as the signals shown change them, and the indices.
    pub fn modulate(&self, inputs: &Inputs<G>, work: &mut Work<G>) {
        let Work { signals, rows, .. } = work;
        dispatch!([G] simd => {
            let circuit = (&self.shape, &self.circuit);
            self.effects.apply(simd, circuit, &inputs.injected, (signals, &self.rest), rows);
            self.indices.show(simd, &self.effects, signals, &self.rest);
        });
    }

    /// Rates of change of the slow variables per min, given the signals shown and the rates among them.
    pub fn derivatives(&self, inputs: &Inputs<G>, states: &[Row<G>], work: &mut Work<G>, derivatives: &mut [Row<G>]) {
        let Work { exposures, signals, .. } = work;
        dispatch!([G] simd => {
            self.stress.derivative(simd, &inputs.exposure, states, derivatives);
            self.pharmacology.derivatives(simd, exposures, states, (signals, &self.rest), derivatives);
            self.plasticity.derivatives(simd, states, signals, &self.rest, derivatives);
        });
    }

    /// Writes the variables behind those of the populations among the signals.
    #[inline(always)]
    pub fn show_variables(&self, state: &[Row<G>], signals: &mut [Row<G>]) {
        for (signal, value) in self.further_signals.iter().zip(&state[self.shape.size()..]) {
            signals[*signal] = *value;
        }
    }

    /// The circuit's variable, by index, that a signal shows; none of signals that are slower than the circuit.
    pub fn variable_of(&self, signal: usize) -> Option<usize> {
        self.rate_signals.iter().chain(&self.further_signals).position(|known| *known == signal)
    }

    /// Writes rates in Hz among the signals.
    #[inline(always)]
    pub fn show_rates(&self, rates: &[Row<G>], signals: &mut [Row<G>]) {
        for (signal, rate) in self.rate_signals.iter().zip(rates) {
            signals[*signal] = *rate;
        }
    }
}

impl Plan {
    /// The stress phenotype of the arm.
    pub fn phenotype(&self) -> &str {
        let own = self.arm.stress.as_ref().map_or("", |stress| stress.phenotype.as_str());
        if own.is_empty() { &self.scenario.stress.phenotype } else { own }
    }
}

/// The signals at rest: the base scenario, nothing given, no stress, and the receptors that the circuit settled with.
fn resting_signals<const G: usize>(plans: &[&Plan], forms: &[CourseKey]) -> Vec<(String, Row<G>)> {
    let healthy = |plan: &&Plan| Plan {
        arm: Arm { stress: None, ..plan.arm.clone() },
        scenario: plan.base.clone(),
        ..Plan::clone(plan)
    };
    let healthy: Vec<Plan> = plans.iter().map(healthy).collect();
    let model = Model::<G>::without_rest(&healthy.iter().collect::<Vec<_>>(), forms);
    let mut inputs = Inputs::none(&model.pharmacology, model.shape.size());
    let mut rates = vec![Row::ZERO; model.shape.size()];
    for lane in 0..Row::<G>::LANES {
        let plan = plans[lane.min(plans.len() - 1)];
        for (row, share) in inputs.available.iter_mut().zip(resting_availability(&plan.arm, &model.pharmacology)) {
            row.set(lane, share);
        }
        for (row, rate) in rates.iter_mut().zip(&plan.resting_rates) {
            row.set(lane, *rate);
        }
    }
    let mut work = model.work();
    let mut state = vec![Row::ZERO; model.shape.variables()];
    circuit::synapses::settle_at(&model.shape, &model.circuit, &rates, &mut state);
    model.show_variables(&state, &mut work.signals);
    dispatch!([G] simd => show_at_rest(simd, &model, &inputs, &rates, &mut work));
    model.board.names().iter().cloned().zip(work.signals).collect()
}

#[inline(always)]
fn show_at_rest<S: Simd, const G: usize>(
    simd: S,
    model: &Model<G>,
    inputs: &Inputs<G>,
    rates: &[Row<G>],
    work: &mut Work<G>,
) {
    model.shown(simd, Lanes::splat(simd, 0.0), inputs, &model.states.initial, work);
    model.show_rates(rates, &mut work.signals);
    model.plasticity.rest(simd, &mut work.signals);
    let rest = work.signals.clone();
    model.indices.show(simd, &model.effects, &mut work.signals, &rest);
}
