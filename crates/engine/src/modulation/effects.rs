//! Effects over lanes: how the departures of signals from rest change the circuit's rows.
//!
//! Drives of several effects add. Factors on a population's output, gain, time constant, noise and adaptation multiply, one
//! `1 + amount x departure` per effect; those on one connection add inside one factor. A factor never falls below 0: a
//! synapse does not change its sign.

use super::modifiers::Modifiers;
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row, Simd, dispatch};
use crate::scenario::{Effect, Scenario, Target};
use crate::signals::Board;

/// A time constant is never scaled below this share: the circuit's step would no longer resolve it.
const LEAST_TAU_FACTOR: f64 = 0.01;

/// All effects of a block.
#[derive(Clone, Debug, Default)]
pub struct Effects<const G: usize> {
    terms: Vec<(Place, Term<G>)>,
}

/// What an effect changes: a population, or the connections of a pair, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Drive(usize),
    Output(usize),
    /// Every connection of the pair, whatever its class and compartment.
    Weight {
        target: usize,
        source: usize,
    },
    Gain(usize),
    Tau(usize),
    Sigma(usize),
    Adaptation(usize),
}

impl Place {
    /// The place of a target in a circuit; none where the circuit has no such population.
    fn of<const G: usize>(target: &Target, shape: &Shape<G>) -> Option<Self> {
        let population = |name: &String| shape.population(name);
        Some(match target {
            Target::Drive(name) => Self::Drive(population(name)?),
            Target::Output(name) => Self::Output(population(name)?),
            Target::Weight { from, onto } => Self::Weight { target: population(onto)?, source: population(from)? },
            Target::Gain(name) => Self::Gain(population(name)?),
            Target::Tau(name) => Self::Tau(population(name)?),
            Target::Sigma(name) => Self::Sigma(population(name)?),
            Target::Adaptation(name) => Self::Adaptation(population(name)?),
        })
    }
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
                effects.add(("stress", None), &find, &share, shape, board);
            }
        }
        for (name, variable) in &lanes[0].plasticity {
            for index in 0..variable.effects.len() {
                let find = |lane: usize| lanes[lane.min(last)].plasticity.get(name)?.effects.get(index);
                effects.add((&format!("plasticity.{name}"), None), &find, &|_| 1.0, shape, board);
            }
        }
        for (receptor, spec) in &lanes[0].receptors {
            for (population, site) in &spec.on {
                let signal = format!("activation.{receptor}.{population}");
                let find_site = |lane: usize| lanes[lane.min(last)].receptors.get(receptor)?.on.get(population);
                let share = |lane: usize| find_site(lane).map_or(0.0, |site| site.fraction);
                for index in 0..site.effects.len() {
                    let find = |lane: usize| find_site(lane)?.effects.get(index);
                    effects.add((&signal, Some(population)), &find, &share, shape, board);
                }
            }
        }
        effects
    }

    /// Adds one effect. `find` gives it as lane `i` states it, `share` the factor on its amount there.
    fn add<'a>(
        &mut self,
        (signal, population): (&str, Option<&str>),
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
        self.terms.extend(Place::of(&target, shape).map(|place| (place, term)));
    }

    /// The factor on the connections from one population (`source`) onto another (`target`), but for the output of the source:
    /// 1 at rest, never below 0.
    #[inline(always)]
    pub fn strength<S: Simd>(
        &self,
        simd: S,
        (target, source): (usize, usize),
        signals: &[Row<G>],
        rest: &[Row<G>],
    ) -> Lanes<S, G> {
        let mut sum = Lanes::splat(simd, 1.0);
        for (_, term) in self.terms.iter().filter(|(place, _)| *place == Place::Weight { target, source }) {
            sum = sum + term.value(simd, signals, rest);
        }
        sum.max(Lanes::splat(simd, 0.0))
    }

    /// The signals that act on the circuit, themselves or by modifying what others do; each once, in order of index.
    pub fn signals(&self) -> Vec<usize> {
        let acting = |(_, term): &(Place, Term<G>)| {
            std::iter::once(term.signal).chain(term.modifiers.signals()).collect::<Vec<_>>()
        };
        let mut signals: Vec<usize> = self.terms.iter().flat_map(acting).collect();
        signals.sort_unstable();
        signals.dedup();
        signals
    }

    /// Marks the populations whose gain effects change.
    pub fn mark_scaled(&self, shape: &mut Shape<G>) {
        for (place, _) in &self.terms {
            if let Place::Gain(index) = place {
                shape.populations[*index].scaled = true;
            }
        }
    }

    /// Changes a copy of the circuit's rows as the signals' departures say. `injected` is added to the drives.
    #[inline(never)]
    pub fn apply<S: Simd>(
        &self,
        simd: S,
        (shape, base): (&Shape<G>, &Rows<G>),
        injected: &[Row<G>],
        (signals, rest): (&[Row<G>], &[Row<G>]),
        rows: &mut Rows<G>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                self.begin(simd, (shape, base), injected, (signals, rest), rows);
                let (one, zero) = (Lanes::splat(simd, 1.0), Lanes::splat(simd, 0.0));
                for (place, term) in &self.terms {
                    let value = term.value(simd, signals, rest);
                    let factor = (one + value).max(zero);
                    match *place {
                        // Connections have their own factor from the start.
                        Place::Weight { .. } => {}
                        Place::Drive(index) => {
                            let drive = &mut rows.populations[index].drive;
                            (Lanes::load(simd, drive) + value).store(drive);
                        }
                        Place::Output(index) => {
                            let made = shape.connections.iter().zip(&mut rows.weight);
                            for (_, weight) in made.filter(|(connection, _)| connection.source == index) {
                                scale(simd, weight, factor);
                            }
                        }
                        Place::Gain(index) => scale(simd, &mut rows.populations[index].gain, factor),
                        Place::Sigma(index) => scale(simd, &mut rows.populations[index].sigma, factor),
                        Place::Adaptation(index) => {
                            if let Some(mechanism) = shape.populations[index].mechanism {
                                scale(simd, &mut rows.mechanisms[mechanism].adaptation, factor);
                            }
                        }
                        Place::Tau(index) => {
                            let inverse_tau = &mut rows.populations[index].inverse_tau;
                            let factor = (one + value).max(Lanes::splat(simd, LEAST_TAU_FACTOR));
                            (Lanes::load(simd, inverse_tau) / factor).store(inverse_tau);
                        }
                    }
                }
            },
        );
    }

    /// The rows without effects but for injected input, and each connection with its own factor: that of its source's output
    /// comes after it.
    #[inline(always)]
    fn begin<S: Simd>(
        &self,
        simd: S,
        (shape, base): (&Shape<G>, &Rows<G>),
        injected: &[Row<G>],
        (signals, rest): (&[Row<G>], &[Row<G>]),
        rows: &mut Rows<G>,
    ) {
        for ((numbers, base), injected) in rows.populations.iter_mut().zip(&base.populations).zip(injected) {
            (Lanes::load(simd, &base.drive) + Lanes::load(simd, injected)).store(&mut numbers.drive);
            (numbers.gain, numbers.sigma, numbers.inverse_tau) = (base.gain, base.sigma, base.inverse_tau);
        }
        for (mechanism, base) in rows.mechanisms.iter_mut().zip(&base.mechanisms) {
            mechanism.adaptation = base.adaptation;
        }
        rows.weight.clone_from_slice(&base.weight);
        for (connection, weight) in shape.connections.iter().zip(&mut rows.weight) {
            let (target, source) = (connection.target, connection.source);
            if self.terms.iter().any(|(place, _)| *place == Place::Weight { target, source }) {
                scale(simd, weight, self.strength(simd, (target, source), signals, rest));
            }
        }
    }

    /// What each effect adds to a population's drive, in input units: population, signal (by index) and amount.
    pub fn drives(&self, signals: &[Row<G>], rest: &[Row<G>]) -> Vec<(usize, usize, Row<G>)> {
        let added = |(place, term): &(Place, Term<G>)| {
            let Place::Drive(population) = *place else { return None };
            let mut row = Row::ZERO;
            dispatch!([G] simd => term.value(simd, signals, rest).store(&mut row));
            Some((population, term.signal, row))
        };
        self.terms.iter().filter_map(added).collect()
    }
}

#[inline(always)]
fn scale<S: Simd, const G: usize>(simd: S, row: &mut Row<G>, factor: Lanes<S, G>) {
    (Lanes::load(simd, row) * factor).store(row);
}

impl<const G: usize> Term<G> {
    #[inline(always)]
    fn value<S: Simd>(&self, simd: S, signals: &[Row<G>], rest: &[Row<G>]) -> Lanes<S, G> {
        let departure = Lanes::load(simd, &signals[self.signal]) - Lanes::load(simd, &rest[self.signal]);
        self.modifiers.apply(simd, Lanes::load(simd, &self.amount) * departure, signals)
    }
}
