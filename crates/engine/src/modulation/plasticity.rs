//! Plasticity over lanes: `dx/dt = (target - x) / tau`, the target a Hill function of a signal.

use super::modifiers::{Modifiers, weighted};
use crate::numeric::functions::hill;
use crate::numeric::lanes::{Lanes, Mask, Row, Simd, dispatch};
use crate::scenario::plasticity::{AT_REST, AT_TARGET};
use crate::scenario::{self, Level, NumberOrWord, Scenario};
use crate::signals::{Board, Relaxation, States};

/// The plasticity variables of a block.
#[derive(Clone, Debug)]
pub struct Plasticity<const G: usize> {
    variables: Vec<Variable<G>>,
}

#[derive(Clone, Debug)]
struct Variable<const G: usize> {
    /// Index of the signal that it follows.
    follows: usize,
    /// The signal of half the maximum, or a multiple of its rest.
    half: Row<G>,
    /// 1 where `half` is a multiple of the rest.
    half_of_rest: Row<G>,
    exponent: Row<G>,
    maximum: Row<G>,
    relaxation: Relaxation<G>,
    /// Signals that hasten the fall, with their weights.
    hastening: Vec<(usize, Row<G>)>,
    hastening_modified: Modifiers<G>,
    /// 1 where it starts at its target.
    settled: Row<G>,
    /// 1 where it starts at its rest.
    rested: Row<G>,
    /// Index among the states.
    state: usize,
    /// Index among the signals.
    signal: usize,
}

/// Builds the plasticity of a block, lane `i` with the numbers of `lanes[i]`, all of one structure; the last fills the
/// lanes that are left. Signals are added to the board, and the variables to the states.
pub fn build<const G: usize>(lanes: &[&Scenario], board: &mut Board, states: &mut States<G>) -> Plasticity<G> {
    let last = lanes.len() - 1;
    let variables = lanes[0].plasticity.iter().map(|(name, first)| {
        let find = |lane: usize| lanes[lane.min(last)].plasticity.get(name);
        let row = |pick: &dyn Fn(&scenario::Plasticity) -> f64| Row::from_fn(|lane| find(lane).map_or(0.0, pick));
        let flag = |yes: bool| if yes { 1.0 } else { 0.0 };
        let hastening = |lane: usize| find(lane)?.fall_hastened_by.as_ref();
        let by = first.fall_hastened_by.as_ref().map(|hastening| &hastening.by);
        let full = format!("plasticity.{name}");
        let relaxation =
            Relaxation { rise: row(&|variable| 1.0 / variable.rise), fall: row(&|variable| 1.0 / variable.fall) };
        let start = row(&|variable| match variable.start {
            NumberOrWord::Number(number) => number,
            NumberOrWord::Word(_) => 0.0,
        });
        let starts = |word| row(&|variable| flag(variable.start == NumberOrWord::Word(word)));
        Variable {
            follows: board.add(first.target.of.as_str()),
            half: row(&|variable| variable.target.half.number()),
            half_of_rest: row(&|variable| flag(matches!(variable.target.half, Level::OfRest(_)))),
            exponent: row(&|variable| variable.target.hill),
            maximum: row(&|variable| variable.target.maximum),
            hastening: by
                .map_or(Vec::new(), |by| weighted(by, &|lane, name| hastening(lane)?.by.get(name).copied(), board)),
            hastening_modified: Modifiers::build(
                &|lane| hastening(lane).map(|hastening| (&hastening.reduced_by, &hastening.raised_by)),
                board,
            ),
            settled: starts(AT_TARGET),
            rested: starts(AT_REST),
            state: states.add(full.as_str(), start, relaxation.fastest()),
            relaxation,
            signal: board.add(full),
        }
    });
    Plasticity { variables: variables.collect() }
}

impl<const G: usize> Plasticity<G> {
    /// Writes the variables among the signals.
    #[inline(always)]
    pub fn show(&self, states: &[Row<G>], signals: &mut [Row<G>]) {
        for variable in &self.variables {
            signals[variable.signal] = states[variable.state];
        }
    }

    /// Puts the variables that start at their rest there.
    pub fn begin_at_rest(&self, rest: &[Row<G>], initial: &mut [Row<G>]) {
        for variable in &self.variables {
            let (rest, start) = (&rest[variable.signal], &mut initial[variable.state]);
            *start =
                Row::from_fn(|lane| if variable.rested.get(lane) > 0.0 { rest.get(lane) } else { start.get(lane) });
        }
    }

    /// Rates of change per min, given the signals now and at rest.
    #[inline(never)]
    pub fn derivatives<S: Simd>(
        &self,
        simd: S,
        states: &[Row<G>],
        signals: &[Row<G>],
        rest: &[Row<G>],
        derivatives: &mut [Row<G>],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                for variable in &self.variables {
                    let now = Lanes::load(simd, &states[variable.state]);
                    let target = variable.target(simd, signals, rest);
                    let slope = variable.relaxation.derivative(simd, target, now);
                    let falling = now.gt(target);
                    let slope = falling.select(slope * variable.haste(simd, signals), slope);
                    slope.store(&mut derivatives[variable.state]);
                }
            },
        );
    }

    /// Puts the variables that start at their target there in the lanes of `moving`, given the signals at the start;
    /// those that follow one another are followed through. Gives the lanes in which one changed by more than rounding.
    pub fn settle(&self, signals: &mut [Row<G>], rest: &[Row<G>], states: &mut [Row<G>], moving: u64) -> u64 {
        dispatch!([G] simd => {
            let before: Vec<Row<G>> = self.variables.iter().map(|variable| states[variable.state]).collect();
            let moving = Mask::from_bits(simd, moving);
            for _ in 0..self.variables.len() {
                for variable in &self.variables {
                    let now = Lanes::load(simd, &states[variable.state]);
                    let target = variable.target(simd, signals, rest);
                    let settled = Lanes::load(simd, &variable.settled).gt(Lanes::splat(simd, 0.0));
                    settled.and(moving).select(target, now).store(&mut states[variable.state]);
                    signals[variable.signal] = states[variable.state];
                }
            }
            let mut farthest = Lanes::splat(simd, 0.0);
            for (variable, before) in self.variables.iter().zip(&before) {
                let (now, before) = (Lanes::load(simd, &states[variable.state]), Lanes::load(simd, before));
                farthest = farthest.max((now - before).abs());
            }
            farthest.gt(Lanes::splat(simd, ROUNDING)).bits()
        })
    }

    /// Brings the variables among the resting signals to the lowest state in which each is at its target.
    ///
    /// Targets rise with what they follow, so that going from 0 from target to target climbs to the lowest such state and
    /// never beyond it.
    #[inline(always)]
    pub fn rest<S: Simd>(&self, simd: S, rest: &mut [Row<G>]) {
        for variable in &self.variables {
            rest[variable.signal] = Row::ZERO;
        }
        for _ in 0..MOST_CLIMBS {
            let mut changed = false;
            for variable in &self.variables {
                let mut target = Row::ZERO;
                variable.target(simd, rest, rest).store(&mut target);
                changed |= target != rest[variable.signal];
                rest[variable.signal] = target;
            }
            if !changed {
                return;
            }
        }
    }
}

/// A variable that changes by no more than this has settled.
const ROUNDING: f64 = 1e-13;
/// Enough for a chain of any reasonable length; circles come as near as they have come by then.
const MOST_CLIMBS: usize = 10_000;

impl<const G: usize> Variable<G> {
    #[inline(always)]
    fn target<S: Simd>(&self, simd: S, signals: &[Row<G>], rest: &[Row<G>]) -> Lanes<S, G> {
        let of_rest = Lanes::load(simd, &self.half_of_rest).gt(Lanes::splat(simd, 0.0));
        let half = Lanes::load(simd, &self.half);
        let half = of_rest.select(half * Lanes::load(simd, &rest[self.follows]), half);
        let signal = Lanes::load(simd, &signals[self.follows]);
        Lanes::load(simd, &self.maximum) * hill(simd, signal, half, Lanes::load(simd, &self.exponent))
    }

    /// The factor on the rate of the fall; never below 0.
    #[inline(always)]
    fn haste<S: Simd>(&self, simd: S, signals: &[Row<G>]) -> Lanes<S, G> {
        let mut sum = Lanes::splat(simd, 0.0);
        for (signal, weight) in &self.hastening {
            sum = Lanes::load(simd, weight).mul_add(Lanes::load(simd, &signals[*signal]), sum);
        }
        let factor = Lanes::splat(simd, 1.0) + self.hastening_modified.apply(simd, sum, signals);
        factor.max(Lanes::splat(simd, 0.0))
    }
}
