//! How far rates can go: what transfer functions, inputs and weights allow at a fixed point.
//!
//! Each population's rate lies in the range of its transfer function, taken over what its sources and its drive can make of
//! its input; this is repeated with the ranges found. Where a loop of excitation has no maximum, it is bounded all the same
//! if its transfer functions grow slowly enough: `u <= c + A u` with a matrix of no negative entry gives `u <= (1 - A)^-1 c`
//! where that inverse exists and has no negative entry either (Berman & Plemmons 1994, Nonnegative Matrices, chapter 6).

use super::system::System;
use crate::circuit::entries::transferred;
use crate::circuit::mechanisms::Mechanism;
use crate::circuit::synapses::{Channel, ChannelRows};
use crate::circuit::transfer::{growth, range};
use crate::circuit::{Connection, Site, sites};
use crate::numeric::expression::Number;
use crate::numeric::interval::Interval;
use crate::numeric::lanes::Row;
use crate::numeric::linear::invert;
use crate::scenario::{Divided, Form, GateKind, Population};

/// Largest rate, in Hz, that is expected where nothing bounds it, unless the resting rate or a known state says more.
const EXPECTED_HZ: f64 = 100.0;
/// How far above resting rates, and above rates of known states, is expected, as factors.
const ABOVE_REST: f64 = 10.0;
const ABOVE_KNOWN: f64 = 2.0;
/// Room for rounding in bounds that were computed, as a share.
const ROOM: f64 = 1e-6;
/// How often ranges are passed on, beyond once for each population.
const ROUNDS: usize = 4;

impl System {
    /// The range that nobody can leave: of each population's rate in Hz at any fixed point. Ends are infinite where nothing
    /// bounds them, or where that cannot be told.
    pub fn rate_bounds(&self) -> Vec<Interval> {
        let mut ranges: Vec<Interval> = sites(&self.shape, &self.rows)
            .enumerate()
            .map(|(index, site)| self.rate_within((index, &site), Interval::WHOLE))
            .collect();
        let of_transfer = ranges.clone();
        self.pass_on(&mut ranges);
        for index in 0..self.size() {
            if ranges[index].high == f64::INFINITY {
                self.bound_growth(index, &mut ranges);
            }
        }
        self.pass_on(&mut ranges);
        // A transfer function that is bounded by itself says so best.
        let pairs = ranges.into_iter().zip(of_transfer);
        pairs.map(|(range, own)| if own.is_bounded() { own } else { range.widened(ROOM) }).collect()
    }

    /// Lowest and highest rate, in Hz, that a population is expected to have: what its transfer function allows, and where
    /// that has no end, up to 100 Hz or ten times its resting rate, to both sides where it has no lowest rate.
    pub fn rate_range(&self, population: usize) -> (f64, f64) {
        let Some(site) = sites(&self.shape, &self.rows).nth(population) else { return (0.0, EXPECTED_HZ) };
        self.expected(population, self.rate_within((population, &site), Interval::WHOLE), &[])
    }

    /// The same for all populations within what bounds their rates for certain, and at least up to twice the rate in any of
    /// the known states (N variables each) where nothing does.
    pub fn rate_ranges(&self, known: &[Vec<f64>]) -> Vec<(f64, f64)> {
        let rates: Vec<Vec<f64>> = known.iter().map(|state| self.rates(state)).collect();
        let bounds = self.rate_bounds().into_iter().enumerate();
        bounds.map(|(index, bound)| self.expected(index, bound, &rates)).collect()
    }

    fn expected(&self, index: usize, bound: Interval, known: &[Vec<f64>]) -> (f64, f64) {
        let rest = self.circuit.populations.get_index(index).and_then(|(_, spec)| spec.rest).unwrap_or(0.0);
        let known = known.iter().map(|rates| ABOVE_KNOWN * rates[index].abs()).filter(|rate| rate.is_finite());
        let least = EXPECTED_HZ.max(ABOVE_REST * rest.abs()).max(ABOVE_REST * bound.nearest_to_zero().abs());
        let largest = known.fold(least, f64::max);
        (bound.low.max(-largest), bound.high.min(largest))
    }

    /// Whether every population's rate is bounded by its own transfer function.
    pub(super) fn has_bounded_transfers(&self) -> bool {
        let bounded = |spec: &Population| matches!(spec.transfer.limits(), (Some(_), Some(_)));
        self.circuit.populations.values().all(bounded)
    }

    /// Narrows ranges to what the ranges of all sources make of them.
    fn pass_on(&self, ranges: &mut [Interval]) {
        for _ in 0..self.size() + ROUNDS {
            for (index, site) in sites(&self.shape, &self.rows).enumerate() {
                let input = self.input_within((index, &site), ranges);
                ranges[index] = ranges[index].common(self.rate_within((index, &site), input));
            }
        }
    }

    fn mechanism(&self, site: &Site<'_, 1>) -> Option<(&Mechanism, usize)> {
        site.population.mechanism.map(|place| (&self.shape.mechanisms[place], place))
    }

    /// The input, in input units, that a population can have at a fixed point where all rates lie in ranges.
    fn input_within(&self, (index, site): (usize, &Site<'_, 1>), ranges: &[Interval]) -> Interval {
        let mechanism = self.mechanism(site);
        if mechanism.is_some_and(|(mechanism, _)| mechanism.dendrite.is_some() || mechanism.division.is_some()) {
            return Interval::WHOLE;
        }
        let mut input = Interval::point(self.drive(index));
        for (connection, weight) in site.connections.iter().zip(site.weights) {
            input = input.add(self.carried(connection, ranges[connection.source]).times(weight.get(0)));
        }
        match mechanism {
            Some((mechanism, place)) if mechanism.adaptation.is_some() => {
                input.subtract(ranges[index].times(self.rows.mechanisms[place].adaptation.get(0)))
            }
            _ => input,
        }
    }

    /// What a connection carries at a fixed point where its source's rate lies in a range.
    fn carried(&self, connection: &Connection, rate: Interval) -> Interval {
        match self.shape.channel_of(connection.output) {
            // What another fast variable does to it is not followed.
            _ if self.shape.modulator_of(connection.output).is_some() => Interval::WHOLE,
            Some(channel) if self.shape.channels[channel].release.is_some() => Interval::WHOLE,
            Some(channel) => carried(&self.shape.channels[channel], &self.rows.channels[channel], rate),
            None => rate,
        }
    }

    /// The rate, in Hz, that a population can have at a fixed point where its input lies in an interval.
    fn rate_within(&self, (index, site): (usize, &Site<'_, 1>), input: Interval) -> Interval {
        let Some((_, spec)) = self.circuit.populations.get_index(index) else { return Interval::WHOLE };
        let mechanism = self.mechanism(site);
        let floor = mechanism
            .filter(|(mechanism, _)| mechanism.floored)
            .map_or(f64::NEG_INFINITY, |(_, place)| self.rows.mechanisms[place].floor.get(0));
        let floor = Interval::point(floor);
        let input = if site.population.form == Form::Voltage { input.larger(floor) } else { input };
        let rate = range(&spec.transfer, input, &|x| value_of(site, x)).times(site.numbers.gain.get(0));
        if site.population.form == Form::Voltage {
            return rate;
        }
        let rate = match mechanism.and_then(|(mechanism, _)| mechanism.division.as_ref()) {
            Some((Divided::Output, divisors)) => {
                let mut divisor = Interval::point(1.0);
                for place in divisors.clone() {
                    let connection = &self.shape.connections[place];
                    let source = Interval { low: self.lowest(connection.source), high: f64::INFINITY };
                    divisor = divisor.add(self.carried(connection, source).times(self.rows.weight[place].get(0)));
                }
                rate.divide(divisor)
            }
            _ => rate,
        };
        let rate = if site.population.refractory { held_back(rate, site) } else { rate };
        rate.larger(floor)
    }

    /// The lowest rate that a population's transfer function allows.
    fn lowest(&self, population: usize) -> f64 {
        let spec = self.circuit.populations.get_index(population).map(|(_, spec)| spec);
        spec.and_then(|spec| spec.transfer.limits().0).unwrap_or(f64::NEG_INFINITY)
    }

    /// Bounds the rate of a population from above, with those of all that excite it without bound, if their growth allows it.
    fn bound_growth(&self, index: usize, ranges: &mut [Interval]) {
        let mut members = vec![index];
        let mut next = 0;
        let mut rows = Vec::new();
        while let Some(member) = members.get(next).copied() {
            let Some((constant, sources)) = self.grows(member, ranges) else { return };
            for (source, _) in &sources {
                if !members.contains(source) {
                    members.push(*source);
                }
            }
            rows.push((constant, sources));
            next += 1;
        }
        let count = members.len();
        let mut matrix = vec![0.0; count * count];
        for (row, (_, sources)) in rows.iter().enumerate() {
            matrix[row * count + row] += 1.0;
            for (source, slope) in sources {
                let column = members.iter().position(|member| member == source).unwrap_or(row);
                matrix[row * count + column] -= slope;
            }
        }
        let Some(inverse) = invert(&matrix, count) else { return };
        if inverse.iter().any(|entry| !(*entry >= 0.0 && entry.is_finite())) {
            return;
        }
        for (member, entries) in members.iter().zip(inverse.chunks(count)) {
            let bound: f64 = entries.iter().zip(&rows).map(|(entry, (constant, _))| entry * constant).sum();
            ranges[*member].high = ranges[*member].high.min(bound);
        }
    }

    /// `r <= constant + sum slope u` with the highest rates u of sources that have no bound. None where a population grows
    /// faster, or an input of it cannot be told.
    fn grows(&self, index: usize, ranges: &[Interval]) -> Option<(f64, Vec<(usize, f64)>)> {
        let site = sites(&self.shape, &self.rows).nth(index)?;
        let (_, spec) = self.circuit.populations.get_index(index)?;
        let mechanism = self.mechanism(&site);
        if mechanism.is_some_and(|(mechanism, _)| mechanism.dendrite.is_some() || mechanism.division.is_some()) {
            return None;
        }
        let [offset, slope] = growth(&spec.transfer)?;
        // With a lowest rate of 0, what holds back can be left out.
        let factor =
            site.numbers.gain.get(0) * if site.population.refractory { site.numbers.refractory[0].get(0) } else { 1.0 };
        let held =
            !site.population.refractory || (ranges[index].low >= 0.0 && site.numbers.refractory[1].get(0) >= 0.0);
        let mut base = self.drive(index);
        let mut sources = Vec::new();
        for (connection, weight) in site.connections.iter().zip(site.weights) {
            let (weight, source) = (weight.get(0), ranges[connection.source]);
            let highest = self.carried(connection, source).times(weight).high;
            if highest.is_finite() {
                base += highest;
            } else {
                let per_hz = self.carried(connection, Interval { low: 0.0, high: 1.0 }).high;
                if weight < 0.0 || source.low < 0.0 || !per_hz.is_finite() {
                    return None;
                }
                sources.push((connection.source, factor * slope * weight * per_hz));
            }
        }
        if let Some((mechanism, place)) = mechanism {
            let strength = self.rows.mechanisms[place].adaptation.get(0);
            if mechanism.adaptation.is_some() && (strength < 0.0 || !ranges[index].low.is_finite()) {
                return None;
            }
            base -= if mechanism.adaptation.is_some() { strength * ranges[index].low } else { 0.0 };
        }
        let constant = factor * (value_of(&site, base) + offset);
        (held && constant.is_finite() && factor >= 0.0).then_some((constant.max(0.0), sources))
    }
}

/// From `r = f (k - rho r)`.
fn held_back(rate: Interval, site: &Site<'_, 1>) -> Interval {
    let [k, rho] = [0, 1].map(|place| site.numbers.refractory[place].get(0));
    if !(k >= 0.0 && rho >= 0.0 && 1.0 + rho * rate.low > 0.0) {
        return Interval::WHOLE;
    }
    rate.rising(|f| if f == f64::INFINITY && rho > 0.0 { k / rho } else { f * k / (1.0 + rho * f) })
}

/// What a channel gives where all stands still and its source's rate lies in a range.
fn carried(channel: &Channel, rows: &ChannelRows<1>, rate: Interval) -> Interval {
    let mut released = rate;
    if let Some(depletion) = &channel.plasticity {
        if rate.low < 0.0 {
            return Interval::WHOLE;
        }
        let rested = rows.utilisation.get(0);
        let scale = if depletion.normalised { 1.0 / rested } else { 1.0 };
        let used = Interval { low: rested, high: if depletion.utilisation.is_some() { 1.0 } else { rested } };
        released = rate.multiply(used).times(scale);
        if depletion.resources.is_some() {
            // u x r = u r / (1 + tau_d u r).
            let recovered = scale / rows.depression.get(0);
            released = Interval { low: 0.0, high: released.high.min(recovered) };
        }
    }
    let opened = released.times(rows.opening.get(0));
    match channel.gate {
        None => released,
        Some((GateKind::Filter | GateKind::FirstOrder, _)) => opened,
        Some((GateKind::Saturating, _)) if opened.low < 0.0 => Interval::WHOLE,
        Some((GateKind::Saturating, _)) => {
            opened.rising(|opened| if opened == f64::INFINITY { 1.0 } else { opened / (1.0 + opened) })
        }
    }
}

/// f(x) of a population, without its gain.
fn value_of(site: &Site<'_, 1>, x: f64) -> f64 {
    transferred(site, &Row::splat(x)).get(0)
}
