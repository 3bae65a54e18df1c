//! The iterations that look for fixed points, over lanes: Newton's method, the same with known solutions deflated, and
//! pseudo-transient continuation, each start in a lane of its own.

use super::system::System;
use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::numeric::lanes::Row;
use crate::numeric::linear::solve_lanes;

/// Iterations after which a start is given up.
const MOST_ITERATIONS: usize = 50;
/// No variable moves farther in one iteration, relative to the width of its range.
const LONGEST_STEP: f64 = 0.5;
/// A start has arrived when no variable moves farther, relative to its size (absolutely below a thousandth of the range).
const ARRIVED: f64 = 1e-10;
/// Or when no residual is larger than this, by the same measure: near a fold the steps shrink slowly.
const NEAR: f64 = 1e-11;
/// The factor by which a deflated step may be lengthened or turned round.
const LARGEST_FACTOR: f64 = 5.0;
/// First step of the pseudo-transient continuation, in time constants of the slowest variable.
const FIRST_TIME_STEP: f64 = 0.3;
/// How much its step may grow in one iteration.
const GROWTH: f64 = 2.0;

/// How a start goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Newton's method: finds what is near, stable or not.
    Newton,
    /// Newton's method on the residual divided by the distance to what is known (Farrell, Birkisson & Funke 2015,
    /// doi:10.1137/140984798): finds what is not known yet.
    Deflated,
    /// Implicit steps along the dynamics that grow as the residual falls (Kelley & Keyes 1998,
    /// doi:10.1137/S0036142996304796): finds stable states from far away.
    PseudoTransient,
}

/// Where a search looks, and what is known.
pub(super) struct Terrain<'a> {
    pub system: &'a System,
    /// Width of the range of each variable.
    pub widths: &'a [f64],
    /// Variables of the fixed points that are known.
    pub known: &'a [Vec<f64>],
}

/// Room for a search.
pub(super) struct SearchWork {
    linearised: Linearised<1>,
    matrix: Vec<Row<1>>,
    step: Vec<Row<1>>,
    /// Last residual and time step of each lane.
    residual: [f64; Row::<1>::LANES],
    time_step: [f64; Row::<1>::LANES],
}

impl SearchWork {
    pub(super) fn new(system: &System) -> Self {
        let n = system.variables();
        Self {
            linearised: Linearised::new(&system.shape),
            matrix: vec![Row::ZERO; n * n],
            step: vec![Row::ZERO; n],
            residual: [f64::NAN; Row::<1>::LANES],
            time_step: [0.0; Row::<1>::LANES],
        }
    }
}

/// Moves every lane's state on by its method until it arrives; gives the lanes that did, as bits.
pub(super) fn search(
    terrain: &Terrain<'_>,
    methods: [Method; Row::<1>::LANES],
    state: &mut [Row<1>],
    work: &mut SearchWork,
) -> u64 {
    let (shape, rows) = (&terrain.system.shape, &terrain.system.rows);
    let n = shape.variables();
    let taus: Vec<f64> = (0..n).map(|variable| terrain.system.lag(variable)).collect();
    let slowest = taus.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    work.time_step = [FIRST_TIME_STEP * slowest; Row::<1>::LANES];
    work.residual = [f64::NAN; Row::<1>::LANES];
    let mut running = u64::MAX >> (64 - Row::<1>::LANES);
    let mut arrived = 0;
    for _ in 0..MOST_ITERATIONS {
        residual_and_jacobian(shape, rows, state, &mut work.linearised);
        for (negated, entry) in work.matrix.iter_mut().zip(&work.linearised.jacobian) {
            *negated = Row::from_fn(|lane| -entry.get(lane));
        }
        for (lane, method) in methods.into_iter().enumerate() {
            if method == Method::PseudoTransient {
                lengthen(work, lane, terrain.widths);
                for (variable, tau) in taus.iter().enumerate() {
                    let diagonal = &mut work.matrix[variable * n + variable];
                    diagonal.set(lane, diagonal.get(lane) + tau / work.time_step[lane]);
                }
            }
        }
        work.step.clone_from_slice(&work.linearised.residual);
        let singular = solve_lanes(n, &mut work.matrix, &mut work.step);
        running &= !singular;
        for (lane, method) in methods.into_iter().enumerate() {
            if running >> lane & 1 == 0 {
                continue;
            }
            match take_step(terrain, method, state, work, lane) {
                Taken::Moved => continue,
                Taken::Arrived => arrived |= 1 << lane,
                Taken::Lost => {}
            }
            running &= !(1 << lane);
        }
        if running == 0 {
            break;
        }
    }
    // What is not finite any more must not disturb the next search.
    let sound = |lane: &usize| state.iter().all(|row| row.get(*lane).is_finite());
    arrived & (0..Row::<1>::LANES).filter(sound).fold(0, |bits, lane| bits | 1 << lane)
}

/// Lets the time step of a lane grow as its residual falls.
fn lengthen(work: &mut SearchWork, lane: usize, widths: &[f64]) {
    let sizes = work.linearised.residual.iter().zip(widths).map(|(row, width)| row.get(lane).abs() / width);
    let now = sizes.fold(0.0, f64::max);
    let before = std::mem::replace(&mut work.residual[lane], now);
    if before.is_finite() && now > 0.0 {
        work.time_step[lane] *= (GROWTH * before / now).clamp(0.2, 4.0 * GROWTH);
    }
}

/// What became of a lane in one iteration.
enum Taken {
    Moved,
    Arrived,
    Lost,
}

fn take_step(terrain: &Terrain<'_>, method: Method, state: &mut [Row<1>], work: &SearchWork, lane: usize) -> Taken {
    let step: Vec<f64> = work.step.iter().map(|row| row.get(lane)).collect();
    let here: Vec<f64> = state.iter().map(|row| row.get(lane)).collect();
    if step.iter().any(|part| !part.is_finite()) {
        return Taken::Lost;
    }
    let relative = |(part, (value, width)): (f64, (&f64, &f64))| part.abs() / value.abs().max(1e-3 * width);
    let places = || here.iter().zip(terrain.widths);
    let longest = step.iter().copied().zip(places()).map(relative).fold(0.0, f64::max);
    let residual = work.linearised.residual.iter().map(|row| row.get(lane)).zip(places()).map(relative);
    if longest <= ARRIVED || residual.fold(0.0, f64::max) <= NEAR {
        return Taken::Arrived;
    }
    let factor = if method == Method::Deflated { deflation(terrain, &here, &step) } else { 1.0 };
    let excess = step.iter().zip(terrain.widths).map(|(part, width)| (factor * part).abs() / (LONGEST_STEP * width));
    let factor = factor / excess.fold(1.0, f64::max);
    for (row, part) in state.iter_mut().zip(&step) {
        row.set(lane, factor.mul_add(*part, row.get(lane)));
    }
    Taken::Moved
}

/// The factor on a Newton step for the residual times the product over known solutions of `1/d^2 + 1`, d being the
/// distance in widths: `1 / (1 - g dx)`, g the gradient of the product's logarithm.
fn deflation(terrain: &Terrain<'_>, here: &[f64], step: &[f64]) -> f64 {
    let slope: f64 = terrain
        .known
        .iter()
        .map(|known| {
            let (mut distance, mut along) = (1e-20, 0.0);
            for (((value, known), part), width) in here.iter().zip(known).zip(step).zip(terrain.widths) {
                let away = (value - known) / width;
                distance += away * away;
                along += away * part / width;
            }
            -2.0 * along / (distance * (1.0 + distance))
        })
        .sum();
    let factor = 1.0 / (1.0 - slope);
    if factor.is_finite() { factor.clamp(-LARGEST_FACTOR, LARGEST_FACTOR) } else { LARGEST_FACTOR }
}
