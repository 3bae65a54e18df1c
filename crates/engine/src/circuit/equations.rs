//! The circuit's equations, written once over lanes.

pub use super::linearised::{Linearised, residual_and_jacobian};

use super::modulators::{modulated, release_factor};
use super::{Connection, Evaluation, Rows, Shape, Site, sites};
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario::Form;

/// The rates in Hz of the populations whose variables are `state`: the state itself in the rate and the algebraic form,
/// `g f(v)` in the voltage form.
#[inline(always)]
pub fn rates<S: Simd, const G: usize>(
    simd: S,
    shape: &Shape<G>,
    rows: &Rows<G>,
    state: &[Row<G>],
    rates: &mut [Row<G>],
) {
    for ((site, state), rate) in sites(shape, rows).zip(state).zip(rates) {
        match site.population.form {
            Form::Rate | Form::Algebraic => *rate = *state,
            Form::Voltage => {
                let full = site.population.transfer.rate(
                    simd,
                    &site.numbers.transfer,
                    #[inline(always)]
                    || Lanes::load(simd, state),
                );
                let scaled = if site.population.scaled { full * Lanes::load(simd, &site.numbers.gain) } else { full };
                scaled.store(rate);
            }
        }
    }
}

/// Drive, noise (a unit process, times `sigma`) and synapses (connections with their weights), summed in that order.
#[inline(always)]
pub fn summed_input<S: Simd, const G: usize>(
    simd: S,
    [drive, sigma]: [&Row<G>; 2],
    (connections, weights): (&[Connection], &[Row<G>]),
    outputs: &[Row<G>],
    noise: Option<&Row<G>>,
) -> Lanes<S, G> {
    let mut input = Lanes::load(simd, drive);
    if let Some(noise) = noise {
        input = Lanes::load(simd, noise).mul_add(Lanes::load(simd, sigma), input);
    }
    for (connection, weight) in connections.iter().zip(weights) {
        input = Lanes::load(simd, weight).mul_add(Lanes::load(simd, &outputs[connection.output]), input);
    }
    input
}

impl<const G: usize> Site<'_, G> {
    /// The input in input units: drive, noise (a unit process) and synapses, summed in that order.
    #[inline(always)]
    pub fn input<S: Simd>(&self, simd: S, outputs: &[Row<G>], noise: Option<&Row<G>>) -> Lanes<S, G> {
        let connections = (self.connections, self.weights);
        summed_input(simd, [&self.numbers.drive, &self.numbers.sigma], connections, outputs, noise)
    }

    /// Where the population's variable is heading: `dy/dt = (target - y) / tau`.
    #[inline(always)]
    pub fn target<S: Simd>(&self, simd: S, rates: &[Row<G>], noise: Option<&Row<G>>, state: &Row<G>) -> Lanes<S, G> {
        match self.population.form {
            Form::Voltage => self.input(simd, rates, noise),
            Form::Rate | Form::Algebraic => {
                let rate = self.population.transfer.rate(
                    simd,
                    &self.numbers.transfer,
                    #[inline(always)]
                    || self.input(simd, rates, noise),
                );
                let rate = if self.population.scaled { rate * Lanes::load(simd, &self.numbers.gain) } else { rate };
                if self.population.refractory {
                    rate * self.refractory_factor(simd, Lanes::load(simd, state))
                } else {
                    rate
                }
            }
        }
    }

    /// `g f(x)`.
    #[inline(never)]
    pub fn scaled_rate<S: Simd>(&self, simd: S, x: Lanes<S, G>) -> Lanes<S, G> {
        simd.vectorize(
            #[inline(always)]
            || {
                let rate = self.population.transfer.rate(
                    simd,
                    &self.numbers.transfer,
                    #[inline(always)]
                    || x,
                );
                rate * Lanes::load(simd, &self.numbers.gain)
            },
        )
    }

    /// `g f(x)` and its slope.
    #[inline(never)]
    pub fn scaled_rate_and_slope<S: Simd>(&self, simd: S, x: Lanes<S, G>) -> (Lanes<S, G>, Lanes<S, G>) {
        simd.vectorize(
            #[inline(always)]
            || {
                let (rate, slope) = self.population.transfer.rate_and_slope(simd, &self.numbers.transfer, x);
                let gain = Lanes::load(simd, &self.numbers.gain);
                (rate * gain, slope * gain)
            },
        )
    }

    /// `g f(x, y)`.
    #[inline(never)]
    pub fn scaled_rate_of_two<S: Simd>(&self, simd: S, x: Lanes<S, G>, y: Lanes<S, G>) -> Lanes<S, G> {
        simd.vectorize(
            #[inline(always)]
            || {
                let rate = self.population.transfer.rate_of_two(simd, &self.numbers.transfer, x, y);
                rate * Lanes::load(simd, &self.numbers.gain)
            },
        )
    }

    /// `g f(x, y)` and its slopes against x and y.
    #[inline(never)]
    pub fn scaled_rate_and_slopes_of_two<S: Simd>(&self, simd: S, x: Lanes<S, G>, y: Lanes<S, G>) -> [Lanes<S, G>; 3] {
        simd.vectorize(
            #[inline(always)]
            || {
                let gain = Lanes::load(simd, &self.numbers.gain);
                let numbers = self.population.transfer.rate_and_slopes_of_two(simd, &self.numbers.transfer, x, y);
                numbers.map(
                    #[inline(always)]
                    |number| number * gain,
                )
            },
        )
    }

    /// `k - rho r`.
    #[inline(always)]
    pub fn refractory_factor<S: Simd>(&self, simd: S, rate: Lanes<S, G>) -> Lanes<S, G> {
        let [k, rho] = &self.numbers.refractory;
        Lanes::load(simd, k) - Lanes::load(simd, rho) * rate
    }
}

/// Brings what the populations and channels give up to date: rates in Hz, then the outputs of the channels. The states of
/// algebraic populations follow from the others; `eta` is the noise, `delayed` what delayed channels gave a delay ago.
#[inline(never)]
pub fn evaluate<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    eta: &[Row<G>],
    delayed: &[Row<G>],
    state: &mut [Row<G>],
    outputs: &mut [Row<G>],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            if shape.plain {
                return rates(simd, shape, rows, state, outputs);
            }
            let n = shape.size();
            for step in &shape.order {
                match *step {
                    Evaluation::Rate(index) => {
                        let population = &shape.populations[index];
                        match population.form {
                            Form::Rate => {}
                            Form::Voltage => {
                                let site = shape.site(rows, index);
                                site.scaled_rate(simd, Lanes::load(simd, &state[index])).store(&mut outputs[index]);
                                continue;
                            }
                            Form::Algebraic => {
                                let noise = population.noisy.then(|| &eta[population.noise_row]);
                                target(simd, (shape, rows), index, outputs, noise, state).store(&mut state[index]);
                            }
                        }
                        outputs[index] = state[index];
                    }
                    Evaluation::Channel(index) => {
                        let channel = &shape.channels[index];
                        outputs[n + index] = match channel.delayed {
                            Some(place) => delayed[place],
                            None => immediate(simd, (shape, rows), index, outputs, state),
                        };
                    }
                    Evaluation::Modulated(index) => {
                        outputs[n + shape.channels.len() + index] =
                            modulated(simd, (shape, rows), index, outputs, state);
                    }
                }
            }
        },
    );
}

/// What a channel gives before its delay, given the rates among the outputs.
#[inline(never)]
pub fn immediate<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    index: usize,
    outputs: &[Row<G>],
    state: &[Row<G>],
) -> Row<G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let channel = &shape.channels[index];
            let factor = release_factor(simd, (shape, rows), index, outputs, state);
            let mut row = Row::ZERO;
            let taken = (&outputs[channel.source], factor);
            channel.immediate(simd, &rows.channels[index], taken, state).store(&mut row);
            row
        },
    )
}

/// What populations and channels give where everything stands still: no noise, delays long past, and the states of
/// algebraic populations taken as they are.
#[inline(never)]
pub fn still_outputs<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    state: &[Row<G>],
    outputs: &mut [Row<G>],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            rates(simd, shape, rows, state, outputs);
            for index in 0..shape.channels.len() {
                outputs[shape.size() + index] = immediate(simd, (shape, rows), index, outputs, state);
            }
            for index in 0..shape.modulated.len() {
                let place = shape.size() + shape.channels.len() + index;
                outputs[place] = modulated(simd, (shape, rows), index, outputs, state);
            }
        },
    );
}

/// Where the variable of population `index` is heading, whatever its mechanisms; `site` is that population's.
#[inline(always)]
fn target_of<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    (index, site): (usize, &Site<'_, G>),
    outputs: &[Row<G>],
    noise: Option<&Row<G>>,
    state: &[Row<G>],
) -> Lanes<S, G> {
    match site.population.mechanism {
        None => site.target(simd, outputs, noise, &state[index]),
        Some(place) => {
            let (mechanism, numbers) = (&shape.mechanisms[place], &rows.mechanisms[place]);
            mechanism.target(simd, (shape, rows), (site, numbers), outputs, (noise, state))
        }
    }
}

/// [`target_of`] one population, out of line.
#[inline(never)]
fn target<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    index: usize,
    outputs: &[Row<G>],
    noise: Option<&Row<G>>,
    state: &[Row<G>],
) -> Lanes<S, G> {
    simd.vectorize(
        #[inline(always)]
        || target_of(simd, (shape, rows), (index, &shape.site(rows, index)), outputs, noise, state),
    )
}

/// dy/dt per ms of every variable, given the outputs and the noise `eta`; 0 for algebraic populations.
#[inline(never)]
pub fn slopes<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    eta: &[Row<G>],
    outputs: &[Row<G>],
    state: &[Row<G>],
    slopes: &mut [Row<G>],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let mut eta = eta.iter();
            for (index, (site, slope)) in sites(shape, rows).zip(slopes.iter_mut()).enumerate() {
                let noise = if site.population.noisy { eta.next() } else { None };
                let heading = target_of(simd, (shape, rows), (index, &site), outputs, noise, state);
                let away = heading - Lanes::load(simd, &state[index]);
                (away * Lanes::load(simd, &site.numbers.inverse_tau)).store(slope);
            }
            further_residuals(simd, (shape, rows), outputs, state, slopes);
            for (slope, inverse_tau) in slopes[shape.size()..].iter_mut().zip(&rows.inverse_tau) {
                (Lanes::load(simd, slope) * Lanes::load(simd, inverse_tau)).store(slope);
            }
        },
    );
}

/// The residual of every variable where everything else stands still: no noise, delays long past; given the outputs.
#[inline(never)]
pub fn residuals<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    outputs: &[Row<G>],
    state: &[Row<G>],
    residual: &mut [Row<G>],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for index in 0..shape.size() {
                let mut heading = target(simd, (shape, rows), index, outputs, None, state);
                if let Some(place) = shape.populations[index].mechanism.filter(|place| shape.mechanisms[*place].floored)
                {
                    heading = heading.max(Lanes::load(simd, &rows.mechanisms[place].floor));
                }
                (heading - Lanes::load(simd, &state[index])).store(&mut residual[index]);
            }
            further_residuals(simd, (shape, rows), outputs, state, residual);
        },
    );
}

/// The residuals of the variables behind those of the populations: synapses and adaptation.
#[inline(never)]
pub fn further_residuals<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    outputs: &[Row<G>],
    state: &[Row<G>],
    residual: &mut [Row<G>],
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for (index, (channel, numbers)) in shape.channels.iter().zip(&rows.channels).enumerate() {
                let factor = release_factor(simd, (shape, rows), index, outputs, state);
                channel.residuals(simd, numbers, (&outputs[channel.source], factor), state, residual);
            }
            for (mechanism, numbers) in shape.mechanisms.iter().zip(&rows.mechanisms) {
                if let Some(variable) = mechanism.adaptation {
                    let strength = Lanes::load(simd, &numbers.adaptation);
                    let target = strength * Lanes::load(simd, &outputs[mechanism.population]);
                    (-Lanes::load(simd, &state[variable]) - target).store(&mut residual[variable]);
                }
            }
        },
    );
}
