//! The circuit's equations, written once over lanes.

use super::{Rows, Shape, Site, sites};
use crate::numeric::lanes::{Lanes, Row};
use crate::spec::Form;
use fearless_simd::Simd;

/// The rates in Hz of the populations whose variables are `state`: the state itself in the rate form, `g f(v)` in the
/// voltage form.
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
            Form::Rate => *rate = *state,
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

impl<const G: usize> Site<'_, G> {
    /// The input in input units: drive, noise (a unit process) and synapses, summed in that order.
    #[inline(always)]
    pub fn input<S: Simd>(&self, simd: S, rates: &[Row<G>], noise: Option<&Row<G>>) -> Lanes<S, G> {
        let mut input = Lanes::load(simd, &self.numbers.drive);
        if let Some(noise) = noise {
            input = Lanes::load(simd, noise).mul_add(Lanes::load(simd, &self.numbers.sigma), input);
        }
        for (connection, weight) in self.connections.iter().zip(self.weights) {
            input = Lanes::load(simd, weight).mul_add(Lanes::load(simd, &rates[connection.source]), input);
        }
        input
    }

    /// Where the population's variable is heading: `dy/dt = (target - y) / tau`.
    #[inline(always)]
    pub fn target<S: Simd>(&self, simd: S, rates: &[Row<G>], noise: Option<&Row<G>>, state: &Row<G>) -> Lanes<S, G> {
        match self.population.form {
            Form::Voltage => self.input(simd, rates, noise),
            Form::Rate => {
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

    /// dy/dt per ms.
    #[inline(always)]
    pub fn slope<S: Simd>(&self, simd: S, rates: &[Row<G>], noise: Option<&Row<G>>, state: &Row<G>) -> Lanes<S, G> {
        let away = self.target(simd, rates, noise, state) - Lanes::load(simd, state);
        away * Lanes::load(simd, &self.numbers.inverse_tau)
    }

    /// `g f(x)` and its slope.
    #[inline(always)]
    pub fn scaled_rate_and_slope<S: Simd>(&self, simd: S, x: Lanes<S, G>) -> (Lanes<S, G>, Lanes<S, G>) {
        let (rate, slope) = self.population.transfer.rate_and_slope(simd, &self.numbers.transfer, x);
        let gain = Lanes::load(simd, &self.numbers.gain);
        (rate * gain, slope * gain)
    }

    /// `k - rho r`.
    #[inline(always)]
    pub fn refractory_factor<S: Simd>(&self, simd: S, rate: Lanes<S, G>) -> Lanes<S, G> {
        let [k, rho] = &self.numbers.refractory;
        Lanes::load(simd, k) - Lanes::load(simd, rho) * rate
    }
}

/// The residual `target - y` of every variable, and its Jacobian d residual_i / d y_j (row-major, N x N for N variables),
/// noise-free.
///
/// Divided by the time constants, the Jacobian is that of the dynamics.
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
            let n = shape.variables();
            let zero = Lanes::splat(simd, 0.0);
            let one = Lanes::splat(simd, 1.0);
            // Rates and their slopes against the state that relaxes.
            for (index, site) in sites(shape, rows).enumerate() {
                let (rate, slope) = match site.population.form {
                    Form::Rate => (Lanes::load(simd, &state[index]), one),
                    Form::Voltage => site.scaled_rate_and_slope(simd, Lanes::load(simd, &state[index])),
                };
                rate.store(&mut work.rates[index]);
                slope.store(&mut work.rate_slopes[index]);
            }
            for (index, site) in sites(shape, rows).enumerate() {
                let here = Lanes::load(simd, &state[index]);
                let total = site.input(simd, &work.rates, None);
                let (residual, sensitivity, own) = match site.population.form {
                    Form::Voltage => (total - here, one, -one),
                    Form::Rate => {
                        let (rate, slope) = site.scaled_rate_and_slope(simd, total);
                        if site.population.refractory {
                            let factor = site.refractory_factor(simd, here);
                            let rho = Lanes::load(simd, &site.numbers.refractory[1]);
                            (rate * factor - here, slope * factor, -(rho.mul_add(rate, one)))
                        } else {
                            (rate - here, slope, -one)
                        }
                    }
                };
                residual.store(&mut work.residual[index]);
                sensitivity.store(&mut work.drive_slopes[index]);
                for column in 0..n {
                    let entry = if column == index { own } else { zero };
                    entry.store(&mut work.jacobian[index * n + column]);
                }
                for (connection, weight) in site.connections.iter().zip(site.weights) {
                    let place = index * n + connection.source;
                    let slope = Lanes::load(simd, &work.rate_slopes[connection.source]);
                    let coupling = sensitivity * Lanes::load(simd, weight) * slope;
                    (Lanes::load(simd, &work.jacobian[place]) + coupling).store(&mut work.jacobian[place]);
                }
            }
        },
    );
}

/// Room for [`residual_and_jacobian`].
#[derive(Clone, Debug)]
pub struct Linearised<const G: usize> {
    /// Rates in Hz.
    pub rates: Vec<Row<G>>,
    /// d rate / d state of each population's variable.
    pub rate_slopes: Vec<Row<G>>,
    /// d residual / d drive of each population's variable.
    pub drive_slopes: Vec<Row<G>>,
    /// Target minus state.
    pub residual: Vec<Row<G>>,
    /// Row-major, N x N for N variables.
    pub jacobian: Vec<Row<G>>,
}

impl<const G: usize> Linearised<G> {
    /// Room for a circuit of this shape.
    pub fn new(shape: &Shape<G>) -> Self {
        let rows = |count: usize| vec![Row::ZERO; count];
        let (n, variables) = (shape.size(), shape.variables());
        Self {
            rates: rows(n),
            rate_slopes: rows(n),
            drive_slopes: rows(n),
            residual: rows(variables),
            jacobian: rows(variables * variables),
        }
    }
}
