//! The circuit's equations linearised at a state, analytically.

use super::equations::{further_residuals, immediate};
use super::mechanisms::Sensitive;
use super::modulators::{Factor, Modulated, modulated, take_factors};
use super::{Rows, Shape, Site, sites};
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario::Form;

/// The residual of every variable, noise-free and with delays long past, and its Jacobian d residual_i / d y_j (row-major,
/// N x N for N variables).
///
/// A variable's residual is `tau dy/dt`; that of an algebraic population is `f(I) - r`, which is 0 at all times.
#[inline(never)]
pub fn residual_and_jacobian<S: Simd, const G: usize>(
    simd: S,
    shape: &Shape<G>,
    rows: &Rows<G>,
    state: &[Row<G>],
    work: &mut Linearised<G>,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let count = shape.variables();
            outputs_and_partials(simd, (shape, rows), state, work);
            work.jacobian.fill(Row::ZERO);
            work.through_delay.fill(Row::ZERO);
            for (index, site) in sites(shape, rows).enumerate() {
                let here = Lanes::load(simd, &state[index]);
                let sensitive = match site.population.mechanism {
                    None => site.sensitive(simd, &work.outputs, here),
                    Some(place) => {
                        let (mechanism, numbers) = (&shape.mechanisms[place], &rows.mechanisms[place]);
                        mechanism.sensitive(simd, (shape, rows), (&site, numbers), &work.outputs, state)
                    }
                };
                (sensitive.target - here).store(&mut work.residual[index]);
                sensitive.own.store(&mut work.jacobian[index * count + index]);
                sensitive.soma.store(&mut work.drive_slopes[index]);
                for (connection, weight) in site.connections.iter().zip(site.weights) {
                    work.couple(simd, shape, (index, connection.output), sensitive.soma * Lanes::load(simd, weight));
                }
                if let Some(place) = site.population.mechanism {
                    work.couple_mechanism(simd, (shape, rows), place, &sensitive);
                }
            }
            let Linearised { outputs, residual, .. } = work;
            further_residuals(simd, (shape, rows), outputs, state, residual);
            for (index, (channel, numbers)) in shape.channels.iter().zip(&rows.channels).enumerate() {
                channel.linearise(simd, (index, numbers), count, state, work);
            }
            for (mechanism, numbers) in shape.mechanisms.iter().zip(&rows.mechanisms) {
                if let Some(variable) = mechanism.adaptation {
                    Lanes::splat(simd, -1.0).store(&mut work.jacobian[variable * count + variable]);
                    let slope = Lanes::load(simd, &work.rate_slopes[mechanism.population]);
                    let entry = -(Lanes::load(simd, &numbers.adaptation) * slope);
                    entry.store(&mut work.jacobian[variable * count + mechanism.population]);
                }
            }
        },
    );
}

/// Outputs, the slopes of rates against their variables, and those of what channels release.
#[inline(always)]
fn outputs_and_partials<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    state: &[Row<G>],
    work: &mut Linearised<G>,
) {
    for (index, site) in sites(shape, rows).enumerate() {
        let (rate, slope) = match site.population.form {
            Form::Rate | Form::Algebraic => (Lanes::load(simd, &state[index]), Lanes::splat(simd, 1.0)),
            Form::Voltage => site.scaled_rate_and_slope(simd, Lanes::load(simd, &state[index])),
        };
        rate.store(&mut work.outputs[index]);
        slope.store(&mut work.rate_slopes[index]);
    }
    take_factors(simd, (shape, rows), state, work);
    for (index, (channel, numbers)) in shape.channels.iter().zip(&rows.channels).enumerate() {
        let (rate, slope) = (&work.outputs[channel.source], &work.rate_slopes[channel.source]);
        for (row, partial) in work.partials[index].iter_mut().zip(channel.partials(simd, numbers, rate, slope, state)) {
            partial.store(row);
        }
        if channel.release.is_some() {
            let rate = Lanes::load(simd, &work.outputs[channel.source]);
            channel.released(simd, numbers, rate, state).store(&mut work.bare[index]);
        }
        work.outputs[shape.size() + index] = immediate(simd, (shape, rows), index, &work.outputs, state);
    }
    for index in 0..shape.modulated.len() {
        let place = shape.size() + shape.channels.len() + index;
        work.outputs[place] = modulated(simd, (shape, rows), index, &work.outputs, state);
    }
}

impl<const G: usize> Site<'_, G> {
    /// The target without noise of a population without mechanisms, with its slopes.
    #[inline(always)]
    fn sensitive<S: Simd>(&self, simd: S, outputs: &[Row<G>], here: Lanes<S, G>) -> Sensitive<S, G> {
        let (zero, one) = (Lanes::splat(simd, 0.0), Lanes::splat(simd, 1.0));
        let total = self.input(simd, outputs, None);
        let (target, soma, own) = match self.population.form {
            Form::Voltage => (total, one, -one),
            Form::Rate | Form::Algebraic => {
                let (rate, slope) = self.scaled_rate_and_slope(simd, total);
                if self.population.refractory {
                    let factor = self.refractory_factor(simd, here);
                    let rho = Lanes::load(simd, &self.numbers.refractory[1]);
                    (rate * factor, slope * factor, -(rho.mul_add(rate, one)))
                } else {
                    (rate, slope, -one)
                }
            }
        };
        Sensitive { target, soma, dendrite: zero, divisor: zero, second: zero, own }
    }
}

/// Room for [`residual_and_jacobian`].
#[derive(Clone, Debug)]
pub struct Linearised<const G: usize> {
    /// Rates in Hz, then what each channel gives, then what is scaled of that.
    pub outputs: Vec<Row<G>>,
    /// d rate / d variable of each population.
    pub rate_slopes: Vec<Row<G>>,
    /// d target / d drive of each population.
    pub drive_slopes: Vec<Row<G>>,
    /// What each channel releases, against u, x and the source's variable.
    pub(super) partials: Vec<[Row<G>; 3]>,
    /// What each channel releases but for the factor on it, in Hz; 0 where there is no factor.
    bare: Vec<Row<G>>,
    /// The factors of the modulators.
    pub(super) factors: Vec<Factor<G>>,
    /// `tau dy/dt` of each variable.
    pub residual: Vec<Row<G>>,
    /// Row-major, N x N for N variables.
    pub jacobian: Vec<Row<G>>,
    /// The part of the Jacobian that passes each delayed channel: d residual_i / d y_j, row-major, N x N for each.
    pub through_delay: Vec<Row<G>>,
}

impl<const G: usize> Linearised<G> {
    /// Room for a circuit of this shape.
    pub fn new(shape: &Shape<G>) -> Self {
        let rows = |count: usize| vec![Row::ZERO; count];
        let (n, channels, variables) = (shape.size(), shape.channels.len(), shape.variables());
        Self {
            outputs: rows(shape.outputs()),
            rate_slopes: rows(n),
            drive_slopes: rows(n),
            partials: vec![[Row::ZERO; 3]; channels],
            bare: rows(channels),
            factors: vec![Factor::default(); shape.modulators.len()],
            residual: rows(variables),
            jacobian: rows(variables * variables),
            through_delay: rows(shape.delays() * variables * variables),
        }
    }

    /// Adds to an entry of the Jacobian, and to the part of it that passes a delayed channel.
    #[inline(always)]
    fn add<S: Simd>(
        &mut self,
        simd: S,
        (count, row, column): (usize, usize, usize),
        delayed: Option<usize>,
        entry: Lanes<S, G>,
    ) {
        let place = &mut self.jacobian[row * count + column];
        (Lanes::load(simd, place) + entry).store(place);
        if let Some(delayed) = delayed {
            let place = &mut self.through_delay[(delayed * count + row) * count + column];
            (Lanes::load(simd, place) + entry).store(place);
        }
    }

    /// Adds `factor` times the slopes of an output to the row of a variable.
    #[inline(never)]
    fn couple<S: Simd>(&mut self, simd: S, shape: &Shape<G>, (row, output): (usize, usize), factor: Lanes<S, G>) {
        simd.vectorize(
            #[inline(always)]
            || {
                let (count, n) = (shape.variables(), shape.size());
                if output < n {
                    let slope = Lanes::load(simd, &self.rate_slopes[output]);
                    return self.add(simd, (count, row, output), None, factor * slope);
                }
                let Some(place) = (output - n).checked_sub(shape.channels.len()) else {
                    return self.couple_channel(simd, shape, (row, output - n), factor);
                };
                let Modulated { channel, modulator } = shape.modulated[place];
                let given = factor * Lanes::load(simd, &self.outputs[n + channel]);
                self.couple_factor(simd, (count, row, modulator), None, given);
                let scaled = factor * Lanes::load(simd, &self.factors[modulator].value);
                self.couple_channel(simd, shape, (row, channel), scaled);
            },
        );
    }

    /// Adds `by` times the slopes of a modulator to the row of a variable.
    #[inline(always)]
    fn couple_factor<S: Simd>(
        &mut self,
        simd: S,
        (count, row, modulator): (usize, usize, usize),
        delayed: Option<usize>,
        by: Lanes<S, G>,
    ) {
        for index in 0..self.factors[modulator].slopes.len() {
            let (variable, slope) = self.factors[modulator].slopes[index];
            self.add(simd, (count, row, variable), delayed, by * Lanes::load(simd, &slope));
        }
    }

    /// Adds `factor` times the slopes of what a channel gives to the row of a variable.
    #[inline(always)]
    fn couple_channel<S: Simd>(
        &mut self,
        simd: S,
        shape: &Shape<G>,
        (row, index): (usize, usize),
        factor: Lanes<S, G>,
    ) {
        let (count, channel) = (shape.variables(), &shape.channels[index]);
        if let Some((_, variable)) = channel.gate {
            return self.add(simd, (count, row, variable), channel.delayed, factor);
        }
        let mut through = factor;
        if let Some(modulator) = channel.release {
            let bare = factor * Lanes::load(simd, &self.bare[index]);
            self.couple_factor(simd, (count, row, modulator), channel.delayed, bare);
            through = factor * Lanes::load(simd, &self.factors[modulator].value);
        }
        for (argument, partial) in channel.arguments().into_iter().zip(self.partials[index]) {
            if let Some(argument) = argument {
                self.add(simd, (count, row, argument), channel.delayed, through * Lanes::load(simd, &partial));
            }
        }
    }

    /// Adds what reaches a population through adaptation, its dendrite, divisive synapses and its second input.
    #[inline(never)]
    fn couple_mechanism<S: Simd>(
        &mut self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        place: usize,
        sensitive: &Sensitive<S, G>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let mechanism = &shape.mechanisms[place];
                let row = mechanism.population;
                if let Some(variable) = mechanism.adaptation {
                    sensitive.soma.store(&mut self.jacobian[row * shape.variables() + variable]);
                }
                let dendrite = mechanism.dendrite.as_ref().map(|dendrite| (&dendrite.inputs, sensitive.dendrite));
                let division = mechanism.division.as_ref().map(|(_, range)| (range, sensitive.divisor));
                let second = mechanism.second.as_ref().map(|range| (range, sensitive.second));
                for (range, factor) in dendrite.into_iter().chain(division).chain(second) {
                    for index in range.clone() {
                        let factor = factor * Lanes::load(simd, &rows.weight[index]);
                        self.couple(simd, shape, (row, shape.connections[index].output), factor);
                    }
                }
            },
        );
    }
}
