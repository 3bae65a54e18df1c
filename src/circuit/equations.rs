//! The circuit's equations, written once over lanes.

use super::{Rows, Shape};
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
    for (index, population) in shape.populations.iter().enumerate() {
        match population.form {
            Form::Rate => rates[index] = state[index],
            Form::Voltage => {
                let voltage = Lanes::load(simd, &state[index]);
                let rate = population.transfer.rate(simd, &rows.transfer[index], voltage);
                (rate * Lanes::load(simd, &rows.gain[index])).store(&mut rates[index]);
            }
        }
    }
}

/// The input to a population in input units: drive, noise and synapses, summed in that order.
#[inline(always)]
pub fn input<S: Simd, const G: usize>(
    simd: S,
    shape: &Shape<G>,
    rows: &Rows<G>,
    index: usize,
    rates: &[Row<G>],
    noise: Option<Lanes<S, G>>,
) -> Lanes<S, G> {
    let mut input = Lanes::load(simd, &rows.drive[index]);
    if let Some(noise) = noise {
        input = noise.mul_add(Lanes::load(simd, &rows.sigma[index]), input);
    }
    let onto = shape.onto[index].clone();
    for (connection, weight) in shape.connections[onto.clone()].iter().zip(&rows.weight[onto]) {
        input = Lanes::load(simd, weight).mul_add(Lanes::load(simd, &rates[connection.source]), input);
    }
    input
}

/// Where a population's variable is heading: `dy/dt = (target - y) / tau`.
#[inline(always)]
pub fn target<S: Simd, const G: usize>(
    simd: S,
    shape: &Shape<G>,
    rows: &Rows<G>,
    index: usize,
    input: Lanes<S, G>,
    state: Lanes<S, G>,
) -> Lanes<S, G> {
    let population = &shape.populations[index];
    match population.form {
        Form::Voltage => input,
        Form::Rate => {
            let rate = population.transfer.rate(simd, &rows.transfer[index], input);
            let rate = rate * Lanes::load(simd, &rows.gain[index]);
            if population.refractory { rate * refractory_factor(simd, rows, index, state) } else { rate }
        }
    }
}

/// `k - rho r`.
#[inline(always)]
fn refractory_factor<S: Simd, const G: usize>(simd: S, rows: &Rows<G>, index: usize, rate: Lanes<S, G>) -> Lanes<S, G> {
    let [k, rho] = &rows.refractory[index];
    Lanes::load(simd, k) - Lanes::load(simd, rho) * rate
}

/// The residual `target - y` of every population, and its Jacobian d residual_i / d y_j (row-major, n x n), noise-free.
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
            let n = shape.size();
            let zero = Lanes::splat(simd, 0.0);
            let one = Lanes::splat(simd, 1.0);
            // Rates and their slopes against the state that relaxes.
            for (index, population) in shape.populations.iter().enumerate() {
                let (rate, slope) = match population.form {
                    Form::Rate => (Lanes::load(simd, &state[index]), one),
                    Form::Voltage => {
                        let voltage = Lanes::load(simd, &state[index]);
                        let (rate, slope) = population.transfer.rate_and_slope(simd, &rows.transfer[index], voltage);
                        let gain = Lanes::load(simd, &rows.gain[index]);
                        (rate * gain, slope * gain)
                    }
                };
                rate.store(&mut work.rates[index]);
                slope.store(&mut work.slopes[index]);
            }
            for (index, population) in shape.populations.iter().enumerate() {
                let here = Lanes::load(simd, &state[index]);
                let total = input(simd, shape, rows, index, &work.rates, None);
                let (residual, sensitivity, own) = match population.form {
                    Form::Voltage => (total - here, one, -one),
                    Form::Rate => {
                        let gain = Lanes::load(simd, &rows.gain[index]);
                        let (rate, slope) = population.transfer.rate_and_slope(simd, &rows.transfer[index], total);
                        let (rate, slope) = (rate * gain, slope * gain);
                        if population.refractory {
                            let factor = refractory_factor(simd, rows, index, here);
                            let rho = Lanes::load(simd, &rows.refractory[index][1]);
                            (rate * factor - here, slope * factor, -(rho.mul_add(rate, one)))
                        } else {
                            (rate - here, slope, -one)
                        }
                    }
                };
                residual.store(&mut work.residual[index]);
                for column in 0..n {
                    let entry = if column == index { own } else { zero };
                    entry.store(&mut work.jacobian[index * n + column]);
                }
                let onto = shape.onto[index].clone();
                for (connection, weight) in shape.connections[onto.clone()].iter().zip(&rows.weight[onto]) {
                    let place = index * n + connection.source;
                    let slope = Lanes::load(simd, &work.slopes[connection.source]);
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
    /// d rate / d state.
    slopes: Vec<Row<G>>,
    /// Target minus state.
    pub residual: Vec<Row<G>>,
    /// Row-major n x n.
    pub jacobian: Vec<Row<G>>,
}

impl<const G: usize> Linearised<G> {
    /// Room for a circuit of n populations.
    pub fn new(n: usize) -> Self {
        let rows = |count: usize| vec![Row::ZERO; count];
        Self { rates: rows(n), slopes: rows(n), residual: rows(n), jacobian: rows(n * n) }
    }
}
