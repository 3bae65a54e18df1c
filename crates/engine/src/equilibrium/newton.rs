//! Steady states without time stepping: Newton's method on lanes, each with its own damping and its own stop.

use crate::circuit::equations::{Linearised, residual_and_jacobian};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Mask, Row, Simd, dispatch};
use crate::numeric::linear::solve_in_place;

/// A lane has converged when its last correction is this small, relative to its variables (and absolutely below 1).
const TOLERANCE: f64 = 1e-13;
/// Enough for quadratic convergence from anywhere near; farther away the relaxation is the better way.
const MOST_ITERATIONS: usize = 40;
/// The largest correction of a variable in one iteration, relative to its size (and absolutely below 4).
const LONGEST_STEP: f64 = 0.75;

/// Room for the solver.
#[derive(Clone, Debug)]
pub struct NewtonWork<const G: usize> {
    /// Residual and Jacobian at the last iterate but one: within the tolerance of the solution's.
    pub linearised: Linearised<G>,
    matrix: Vec<Row<G>>,
    right: Vec<Row<G>>,
    guess: Vec<Row<G>>,
}

impl<const G: usize> NewtonWork<G> {
    /// Room for a circuit of this shape.
    pub fn new(shape: &Shape<G>) -> Self {
        let n = shape.variables();
        Self {
            linearised: Linearised::new(shape),
            matrix: vec![Row::ZERO; n * n],
            right: vec![Row::ZERO; n],
            guess: vec![Row::ZERO; n],
        }
    }
}

/// Solves `target(y) = y` from the guess in `state`, in the lanes (as bits) of `active`; gives the lanes that converged. The
/// state of all others is left as it was.
pub fn solve<const G: usize>(
    shape: &Shape<G>,
    rows: &Rows<G>,
    state: &mut [Row<G>],
    active: u64,
    work: &mut NewtonWork<G>,
) -> u64 {
    solve_free((shape, rows), state, (active, &[]), work)
}

/// As [`solve`], with the variables marked in `held` standing still; none where it is empty.
pub fn solve_free<const G: usize>(
    circuit: (&Shape<G>, &Rows<G>),
    state: &mut [Row<G>],
    (active, held): (u64, &[bool]),
    work: &mut NewtonWork<G>,
) -> u64 {
    dispatch!([G] simd => iterate(simd, circuit, state, (Mask::from_bits(simd, active), held), work).bits())
}

#[inline(never)]
fn iterate<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    state: &mut [Row<G>],
    (active, held): (Mask<S, G>, &[bool]),
    work: &mut NewtonWork<G>,
) -> Mask<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            work.guess.clone_from_slice(state);
            let mut running = active;
            let mut converged = active.and(active.not());
            for _ in 0..MOST_ITERATIONS {
                if !running.any() {
                    break;
                }
                residual_and_jacobian(simd, shape, rows, state, &mut work.linearised);
                for (negated, entry) in work.matrix.iter_mut().zip(&work.linearised.jacobian) {
                    (-Lanes::load(simd, entry)).store(negated);
                }
                work.right.clone_from_slice(&work.linearised.residual);
                let n = shape.variables();
                for variable in held.iter().enumerate().filter(|(_, held)| **held).map(|(variable, _)| variable) {
                    work.matrix[variable * n..(variable + 1) * n].fill(Row::ZERO);
                    work.matrix[variable * n + variable] = Row::splat(1.0);
                    work.right[variable] = Row::ZERO;
                }
                let singular = solve_in_place(simd, shape.variables(), &mut work.matrix, &mut work.right);
                running = running.and(singular.not());
                let settled = correct(simd, state, &work.right, running);
                converged = converged.or(settled.and(running));
                running = running.and(settled.not());
            }
            for (value, guess) in state.iter_mut().zip(&work.guess) {
                converged.select(Lanes::load(simd, value), Lanes::load(simd, guess)).store(value);
            }
            converged
        },
    )
}

/// Adds the damped correction in the running lanes; gives the lanes in which it was negligible.
#[inline(never)]
fn correct<S: Simd, const G: usize>(
    simd: S,
    state: &mut [Row<G>],
    correction: &[Row<G>],
    running: Mask<S, G>,
) -> Mask<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let one = Lanes::splat(simd, 1.0);
            let mut excess = one;
            let mut largest = Lanes::splat(simd, 0.0);
            // A NaN would be passed over by the largest correction.
            let mut sound = running;
            for (value, step) in state.iter().zip(correction) {
                let (size, step) = (Lanes::load(simd, value).abs(), Lanes::load(simd, step).abs());
                excess = excess.max(step / (size.max(Lanes::splat(simd, 4.0)) * LONGEST_STEP));
                largest = largest.max(step / size.max(one));
                sound = sound.and(step.is_finite());
            }
            let damping = one / excess;
            for (value, step) in state.iter_mut().zip(correction) {
                let now = Lanes::load(simd, value);
                let next = Lanes::load(simd, step).mul_add(damping, now);
                running.select(next, now).store(value);
            }
            largest.le(Lanes::splat(simd, TOLERANCE)).and(sound)
        },
    )
}
