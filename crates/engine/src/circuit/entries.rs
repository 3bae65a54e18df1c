//! What those who drive a circuit ask of its equations. Each entry takes a SIMD level and runs the equations with its
//! instructions; whoever calls it is compiled once, and not for every level.

use super::equations::{self, Linearised};
use super::{Rows, Shape, Site};
use crate::numeric::lanes::{Lanes, Row, dispatch};

/// The rates in Hz of the populations whose variables are `state`.
pub fn rates<const G: usize>(shape: &Shape<G>, rows: &Rows<G>, state: &[Row<G>], rates: &mut [Row<G>]) {
    dispatch!([G] simd => equations::rates(simd, shape, rows, state, rates));
}

/// What populations (Hz) and then channels give where everything stands still: no noise, delays long past.
pub fn still_outputs<const G: usize>(circuit: (&Shape<G>, &Rows<G>), state: &[Row<G>], outputs: &mut [Row<G>]) {
    dispatch!([G] simd => equations::still_outputs(simd, circuit, state, outputs));
}

/// The residual of every variable, noise-free and with delays long past, and its Jacobian, left in `work`.
pub fn residual_and_jacobian<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    state: &[Row<G>],
    work: &mut Linearised<G>,
) {
    dispatch!([G] simd => equations::residual_and_jacobian(simd, shape, rows, state, work));
}

/// f(x) of a population, without its gain.
pub fn transferred<const G: usize>(site: &Site<'_, G>, x: &Row<G>) -> Row<G> {
    let mut rate = Row::ZERO;
    dispatch!([G] simd => {
        site.population.transfer.rate(simd, &site.numbers.transfer, || Lanes::load(simd, x)).store(&mut rate);
    });
    rate
}

/// Rates (Hz) and what channels give, left in `outputs`, with the states of algebraic populations, and the slope of every
/// variable, left in `velocities`, under some noise where delayed channels give what they are said to. What they take up is
/// returned.
pub fn motion<const G: usize>(
    (shape, rows): (&Shape<G>, &Rows<G>),
    (noise, delayed): (&[Row<G>], &[Row<G>]),
    (state, outputs): (&mut [Row<G>], &mut [Row<G>]),
    velocities: &mut [Row<G>],
) -> Vec<Row<G>> {
    dispatch!([G] simd => {
        equations::evaluate(simd, (shape, rows), noise, delayed, state, outputs);
        equations::slopes(simd, (shape, rows), noise, outputs, state, velocities);
        let delayed = (0..shape.channels.len()).filter(|channel| shape.channels[*channel].delayed.is_some());
        delayed.map(|channel| equations::immediate(simd, (shape, rows), channel, outputs, state)).collect()
    })
}
