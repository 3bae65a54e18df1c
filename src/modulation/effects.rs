//! Effects over lanes: how the departures of signals from rest change the circuit's rows.
//!
//! Drives of several effects add. Factors on a population's output, gain, time constant, noise and adaptation multiply, one
//! `1 + amount x departure` per effect; those on one connection add inside one factor. A factor never falls below 0: a
//! synapse does not change its sign.

use super::modifiers::Modifiers;
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row};
use crate::signals::Board;
use crate::spec::{Effect, Scenario, Target};
use fearless_simd::Simd;

/// A time constant is never scaled below this share: the circuit's step would no longer resolve it.
const LEAST_TAU_FACTOR: f64 = 0.01;

/// All effects of a block, by what they change.
#[derive(Clone, Debug, Default)]
pub struct Effects<const G: usize> {
    drive: Vec<(usize, Term<G>)>,
    output: Vec<(usize, Term<G>)>,
    weight: Vec<(usize, Term<G>)>,
    gain: Vec<(usize, Term<G>)>,
    tau: Vec<(usize, Term<G>)>,
    sigma: Vec<(usize, Term<G>)>,
    adaptation: Vec<(usize, Term<G>)>,
}

/// One effect: `amount x (signal - rest) x modifiers`.
#[derive(Clone, Debug)]
struct Term<const G: usize> {
    signal: usize,
    amount: Row<G>,
    modifiers: Modifiers<G>,
}

impl<const G: usize> Effects<G> {
    /// Builds the effects of every site, of plasticity, and of every stress phenotype; `phenotypes[i]` is that of lane `i`.
    ///
    /// A phenotype that is not a lane's own has amounts of 0 there, which change no bit.
    pub fn build(lanes: &[&Scenario], phenotypes: &[&str], shape: &Shape<G>, board: &mut Board) -> Self {
        let mut effects = Self::default();
        let last = lanes.len() - 1;
        for (name, phenotype) in &lanes[0].stress.phenotypes {
            for index in 0..phenotype.effects.len() {
                let find = |lane: usize| lanes[lane.min(last)].stress.phenotypes.get(name)?.effects.get(index);
                let share = |lane: usize| if phenotypes[lane.min(last)] == name { 1.0 } else { 0.0 };
                effects.add("stress", None, &find, &share, shape, board);
            }
        }
        for (name, variable) in &lanes[0].plasticity {
            for index in 0..variable.effects.len() {
                let find = |lane: usize| lanes[lane.min(last)].plasticity.get(name)?.effects.get(index);
                effects.add(&format!("plasticity.{name}"), None, &find, &|_| 1.0, shape, board);
            }
        }
        for (receptor, spec) in &lanes[0].receptors {
            for (population, site) in &spec.on {
                let signal = format!("activation.{receptor}.{population}");
                let find_site = |lane: usize| lanes[lane.min(last)].receptors.get(receptor)?.on.get(population);
                let share = |lane: usize| find_site(lane).map_or(0.0, |site| site.fraction);
                for index in 0..site.effects.len() {
                    let find = |lane: usize| find_site(lane)?.effects.get(index);
                    effects.add(&signal, Some(population), &find, &share, shape, board);
                }
            }
        }
        effects
    }

    /// Adds one effect. `find` gives it as lane `i` states it, `share` the factor on its amount there.
    fn add<'a>(
        &mut self,
        signal: &str,
        population: Option<&str>,
        find: &dyn Fn(usize) -> Option<&'a Effect>,
        share: &dyn Fn(usize) -> f64,
        shape: &Shape<G>,
        board: &mut Board,
    ) {
        let resolved = |lane: usize| find(lane).and_then(|effect| effect.resolve(population).ok());
        let Some((target, _)) = resolved(0) else { return };
        let stated = |lane: usize| find(lane).map(|effect| (&effect.reduced_by, &effect.raised_by));
        let term = Term {
            modifiers: Modifiers::build(&stated, board),
            signal: board.add(signal),
            amount: Row::from_fn(|lane| resolved(lane).map_or(0.0, |(_, amount)| amount * share(lane))),
        };
        let (list, name) = match &target {
            Target::Drive(name) => (&mut self.drive, name),
            Target::Output(name) => (&mut self.output, name),
            Target::Gain(name) => (&mut self.gain, name),
            Target::Tau(name) => (&mut self.tau, name),
            Target::Sigma(name) => (&mut self.sigma, name),
            Target::Adaptation(name) => (&mut self.adaptation, name),
            Target::Weight { from, onto } => {
                let place = shape.population(onto).zip(shape.population(from));
                if let Some((onto, from)) = place {
                    self.weight.extend(shape.connections_between(onto, from).map(|index| (index, term.clone())));
                }
                return;
            }
        };
        if let Some(index) = shape.population(name) {
            list.push((index, term));
        }
    }

    /// The factor on one connection, but for the output of its source: 1 at rest, never below 0.
    #[inline(always)]
    pub fn strength<S: Simd>(&self, simd: S, connection: usize, signals: &[Row<G>], rest: &[Row<G>]) -> Lanes<S, G> {
        let mut sum = Lanes::splat(simd, 1.0);
        for (_, term) in self.weight.iter().filter(|(index, _)| *index == connection) {
            sum = sum + term.value(simd, signals, rest);
        }
        sum.max(Lanes::splat(simd, 0.0))
    }

    /// The signals that act on the circuit, themselves or by modifying what others do; each once, in order of index.
    pub fn signals(&self) -> Vec<usize> {
        let lists = [&self.drive, &self.output, &self.weight, &self.gain, &self.tau, &self.sigma];
        let terms = lists.into_iter().flatten().map(|(_, term)| term);
        let mut signals: Vec<usize> =
            terms.flat_map(|term| std::iter::once(term.signal).chain(term.modifiers.signals())).collect();
        signals.sort_unstable();
        signals.dedup();
        signals
    }

    /// Marks the populations whose gain effects change.
    pub fn mark_scaled(&self, shape: &mut Shape<G>) {
        for (index, _) in &self.gain {
            shape.populations[*index].scaled = true;
        }
    }

    /// Changes a copy of the circuit's rows as the signals' departures say. `injected` is added to the drives.
    #[inline(never)]
    pub fn apply<S: Simd>(
        &self,
        simd: S,
        shape: &Shape<G>,
        base: &Rows<G>,
        injected: &[Row<G>],
        signals: &[Row<G>],
        rest: &[Row<G>],
        rows: &mut Rows<G>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let one = Lanes::splat(simd, 1.0);
                let zero = Lanes::splat(simd, 0.0);
                for ((numbers, base), injected) in rows.populations.iter_mut().zip(&base.populations).zip(injected) {
                    (Lanes::load(simd, &base.drive) + Lanes::load(simd, injected)).store(&mut numbers.drive);
                    (numbers.gain, numbers.sigma, numbers.inverse_tau) = (base.gain, base.sigma, base.inverse_tau);
                }
                for (index, term) in &self.drive {
                    let drive = &mut rows.populations[*index].drive;
                    (Lanes::load(simd, drive) + term.value(simd, signals, rest)).store(drive);
                }
                // Weights: the connection's own factor first, then that of its source's output.
                rows.weight.clone_from_slice(&base.weight);
                for (connection, weight) in rows.weight.iter_mut().enumerate() {
                    if self.weight.iter().any(|(index, _)| *index == connection) {
                        let strength = self.strength(simd, connection, signals, rest);
                        (Lanes::load(simd, weight) * strength).store(weight);
                    }
                }
                for (population, term) in &self.output {
                    let factor = (one + term.value(simd, signals, rest)).max(zero);
                    for (connection, place) in shape.connections.iter().enumerate() {
                        if place.source == *population {
                            (Lanes::load(simd, &rows.weight[connection]) * factor).store(&mut rows.weight[connection]);
                        }
                    }
                }
                for (index, term) in &self.gain {
                    let gain = &mut rows.populations[*index].gain;
                    (Lanes::load(simd, gain) * (one + term.value(simd, signals, rest)).max(zero)).store(gain);
                }
                for (index, term) in &self.sigma {
                    let sigma = &mut rows.populations[*index].sigma;
                    (Lanes::load(simd, sigma) * (one + term.value(simd, signals, rest)).max(zero)).store(sigma);
                }
                for (mechanism, base) in rows.mechanisms.iter_mut().zip(&base.mechanisms) {
                    mechanism.adaptation = base.adaptation;
                }
                for (index, term) in &self.adaptation {
                    if let Some(place) = shape.populations[*index].mechanism {
                        let strength = &mut rows.mechanisms[place].adaptation;
                        let factor = (one + term.value(simd, signals, rest)).max(zero);
                        (Lanes::load(simd, strength) * factor).store(strength);
                    }
                }
                for (index, term) in &self.tau {
                    let inverse_tau = &mut rows.populations[*index].inverse_tau;
                    let factor = (one + term.value(simd, signals, rest)).max(Lanes::splat(simd, LEAST_TAU_FACTOR));
                    (Lanes::load(simd, inverse_tau) / factor).store(inverse_tau);
                }
            },
        );
    }
}

impl<const G: usize> Effects<G> {
    /// What each effect adds to a population's drive, in input units: population, signal (by index) and amount.
    pub fn drives<S: Simd>(&self, simd: S, signals: &[Row<G>], rest: &[Row<G>]) -> Vec<(usize, usize, Row<G>)> {
        let added = |(population, term): &(usize, Term<G>)| {
            let mut row = Row::ZERO;
            term.value(simd, signals, rest).store(&mut row);
            (*population, term.signal, row)
        };
        self.drive.iter().map(added).collect()
    }
}

impl<const G: usize> Term<G> {
    #[inline(always)]
    fn value<S: Simd>(&self, simd: S, signals: &[Row<G>], rest: &[Row<G>]) -> Lanes<S, G> {
        let departure = Lanes::load(simd, &signals[self.signal]) - Lanes::load(simd, &rest[self.signal]);
        self.modifiers.apply(simd, Lanes::load(simd, &self.amount) * departure, signals)
    }
}
