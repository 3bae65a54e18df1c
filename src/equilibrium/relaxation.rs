//! Relaxation: the circuit's own dynamics, followed until they stand still. Slower than Newton's method, but it finds the
//! state to which the circuit would really go.

use crate::circuit::equations::{residuals, still_outputs};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Mask, Row};
use fearless_simd::Simd;

/// The step relative to the shortest time constant.
const STEP: f64 = 0.05;
/// What an algebraic population goes of its way in one step; it settles long before the others have moved.
const ALGEBRAIC_SHARE: f64 = 0.5;
/// How long the circuit is given, in steps: hundreds of its longest time constants in ordinary circuits.
const MOST_STEPS: usize = 200_000;
/// How many steps between two looks at the speed.
const STEPS_BETWEEN_LOOKS: usize = 200;
/// Standing still: no variable is farther than this from its target, relative to its size (absolutely below 1).
pub const STILL: f64 = 1e-10;

/// Lets the lanes of `active` run from `state` until no variable is farther than `still` from its target; variables in `held`
/// do not move. Gives the lanes that came to rest; the others' state is unusable.
#[inline(never)]
pub fn relax<S: Simd, const G: usize>(
    simd: S,
    shape: &Shape<G>,
    rows: &Rows<G>,
    state: &mut [Row<G>],
    active: Mask<S, G>,
    held: &[bool],
    still: f64,
) -> Mask<S, G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let n = shape.variables();
            let mut fastest = Lanes::splat(simd, 0.0);
            for variable in 0..n {
                fastest = fastest.max(Lanes::load(simd, rows.inverse_tau(variable)));
            }
            // A circuit without any dynamics of its own is iterated.
            fastest = fastest.gt(Lanes::splat(simd, 0.0)).select(fastest, Lanes::splat(simd, 1.0));
            let step = Lanes::splat(simd, STEP) / fastest;
            let mut now = vec![Row::ZERO; shape.outputs()];
            let mut residual = vec![Row::ZERO; n];
            let mut running = active;
            let mut at_rest = active.and(active.not());
            for count in 0..MOST_STEPS {
                still_outputs(simd, (shape, rows), state, &mut now);
                residuals(simd, (shape, rows), &now, state, &mut residual);
                let seen = (count % STEPS_BETWEEN_LOOKS == 0).then(|| look(simd, state, &residual, held, still));
                for (index, residual) in residual.iter().enumerate().filter(|(index, _)| !held[*index]) {
                    let value = Lanes::load(simd, &state[index]);
                    let share = if shape.is_algebraic(index) {
                        Lanes::splat(simd, ALGEBRAIC_SHARE)
                    } else {
                        step * Lanes::load(simd, rows.inverse_tau(index))
                    };
                    running.select(share.mul_add(Lanes::load(simd, residual), value), value).store(&mut state[index]);
                }
                if let Some((rested, sound)) = seen {
                    let rested = rested.and(running);
                    at_rest = at_rest.or(rested);
                    running = running.and(sound).and(rested.not());
                    if !running.any() {
                        break;
                    }
                }
            }
            at_rest
        },
    )
}

/// Where no variable is farther than `still` from its target, and where all targets are finite.
#[inline(always)]
fn look<S: Simd, const G: usize>(
    simd: S,
    state: &[Row<G>],
    residual: &[Row<G>],
    held: &[bool],
    still: f64,
) -> (Mask<S, G>, Mask<S, G>) {
    let mut farthest = Lanes::splat(simd, 0.0);
    let mut sound = Mask::from_bits(simd, u64::MAX);
    for ((value, away), _) in state.iter().zip(residual).zip(held).filter(|(_, held)| !**held) {
        let (value, away) = (Lanes::load(simd, value), Lanes::load(simd, away));
        // A NaN would be passed over by the largest distance.
        sound = sound.and(away.is_finite());
        farthest = farthest.max(away.abs() / value.abs().max(Lanes::splat(simd, 1.0)));
    }
    (farthest.le(Lanes::splat(simd, still)).and(sound), sound)
}
