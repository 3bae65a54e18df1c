//! Steps along a branch of limit cycles.

use super::cycle_branch::CyclePoint;
use super::cycle_shape::extremes;
use super::family::Family;
use super::floquet::{across, largest, multipliers};
use super::follower::Follower;
use super::orbit::{Change, Orbit, STAGES, nodes};
use super::orbit_newton::{Bound, Linear};
use super::special::Special;
use super::tracer::{Curve, Pace};
use crate::numeric::linear::Complex;
use nalgebra::{DMatrix, DVector};

/// Largest correction, in the measure of steps, at which Newton's method has converged.
const TOLERANCE: f64 = 1e-9;
/// Iterations after which a step is taken for too long.
const MOST_ITERATIONS: usize = 8;
/// Least cosine of the turn of the tangent in one step.
const SHARPEST_TURN: f64 = 0.95;
/// An error of the polynomials, in the measure of steps, above which the mesh is made finer, until it has so many times as
/// many intervals as were asked for.
const FINER: f64 = 1e-5;
const MOST_INTERVALS: usize = 4;

/// What a branch of cycles is followed with.
pub(super) struct Cycles<'a> {
    pub follower: &'a Follower<'a>,
    pub family: &'a dyn Family,
    pub sizes: Vec<f64>,
}

/// A cycle on the branch.
pub(super) struct Step {
    pub orbit: Orbit,
    pub tangent: Change,
    /// The Floquet multipliers but the 1 of its own phase.
    pub multipliers: Vec<Complex>,
    pub iterations: usize,
}

impl Step {
    /// How far the real multiplier nearest to 1 is from it, as a logarithm, with the sign of the product of all departures
    /// from 1: it changes its sign where one passes 1.
    pub(super) fn beside_one(&self) -> f64 {
        let real = || self.multipliers.iter().filter(|value| value.im == 0.0 && value.re > 0.0);
        let nearest = real().map(|value| libm::log(value.re).abs()).fold(FAR, f64::min);
        let above = real().filter(|value| value.re > 1.0).count();
        if above % 2 == 0 { nearest } else { -nearest }
    }
}

/// A logarithm of a multiplier beyond which it is not told from others.
const FAR: f64 = 50.0;
/// How far from 1 a second multiplier may be at a fold, as a logarithm.
const AT_FOLD: f64 = 0.1;
/// The component of the tangent along the knob above which a multiplier of 1 is no fold but a crossing of branches.
const UPRIGHT: f64 = 1e-3;

impl<'a> Cycles<'a> {
    pub(super) fn new(follower: &'a Follower<'a>, variables: usize) -> Self {
        Self { follower, family: follower.curve.family, sizes: follower.curve.sizes()[..variables].to_vec() }
    }

    /// The orbit without amplitude at a Hopf point, the direction in which it grows, and how fast that moves.
    pub(super) fn birth(&self, hopf: &Special) -> Option<(Orbit, Change, Vec<DVector<f64>>)> {
        let n = hopf.state.len();
        let frequency = hopf.frequency?;
        let point = self.family.at(&hopf.state, &[hopf.share])?;
        // (i omega M - G) (a + i b) = 0, in real numbers.
        let matrix = DMatrix::from_fn(2 * n, 2 * n, |row, column| {
            let (index, other) = (row % n, column % n);
            let constant = point.rate_constants[index];
            let factor = if constant == 0.0 { 1.0 } else { constant };
            let mass = if constant == 0.0 { 0.0 } else { 1.0 };
            if (row < n) == (column < n) {
                -factor * point.jacobian[index * n + other]
            } else if index == other {
                if row < n { -frequency * mass } else { frequency * mass }
            } else {
                0.0
            }
        });
        let decomposed = matrix.try_svd(false, true, f64::EPSILON, 0)?;
        let vector = decomposed.v_t.as_ref()?.row(decomposed.singular_values.imin()).transpose();
        let (real, imaginary) = self.upright(&vector.rows(0, n).into_owned(), &vector.rows(n, n).into_owned());
        let count = self.follower.options.settings().ntst;
        let mesh: Vec<f64> = (0..=count).map(|end| end as f64 / count as f64).collect();
        let state = |place: f64| {
            let (sine, cosine) = libm::sincos(std::f64::consts::TAU * place);
            &real * cosine - &imaginary * sine
        };
        let along = |ends: &[f64]| nodes().map(|node| state(node.mul_add(ends[1] - ends[0], ends[0])));
        let first = DVector::from_column_slice(&hopf.state);
        let rest = std::array::from_fn(|_| first.clone());
        let orbit = Orbit {
            stages: vec![rest; count],
            first,
            period: std::f64::consts::TAU / frequency,
            share: hopf.share,
            mesh,
        };
        let change =
            Change { first: state(0.0), stages: orbit.mesh.windows(2).map(along).collect(), period: 0.0, share: 0.0 };
        let change = change.times(1.0 / self.length(&change, &orbit.mesh));
        let phase = change.velocities(&orbit.mesh);
        Some((orbit, change, phase))
    }

    /// The same ellipse, entered where it is farthest from its centre: there it moves at right angles to the radius, so
    /// that the growth of the first cycles is no change of phase.
    fn upright(&self, real: &DVector<f64>, imaginary: &DVector<f64>) -> (DVector<f64>, DVector<f64>) {
        let product = |one: &DVector<f64>, other: &DVector<f64>| -> f64 {
            one.iter().zip(other).zip(&self.sizes).map(|((one, other), size)| one * other / (size * size)).sum()
        };
        let difference = product(real, real) - product(imaginary, imaginary);
        let (sine, cosine) = libm::sincos(0.5 * libm::atan2(-2.0 * product(real, imaginary), difference));
        (real * cosine - imaginary * sine, real * sine + imaginary * cosine)
    }

    /// Lets the sizes of the variables grow with the cycle.
    fn measure(&mut self, orbit: &Orbit) {
        let share = libm::sqrt(self.sizes.len() as f64);
        for (index, size) in self.sizes.iter_mut().enumerate() {
            let states = orbit.stages.iter().map(|stages| stages[STAGES - 1][index].abs());
            *size = states.fold(*size / share, f64::max) * share;
        }
    }

    pub(super) fn length(&self, change: &Change, mesh: &[f64]) -> f64 {
        libm::sqrt(change.dot(change, mesh, &self.sizes))
    }

    /// Spreads the mesh anew, finer where the polynomials are not exact enough.
    pub(super) fn remesh(&mut self, now: &mut Step) {
        self.measure(&now.orbit);
        let most = MOST_INTERVALS * self.follower.options.settings().ntst;
        let count = now.orbit.stages.len();
        let count = if now.orbit.error(&self.sizes) > FINER { (2 * count).min(most) } else { count };
        let remeshed = now.orbit.remeshed(&self.sizes, count);
        let tangent = now.tangent.remeshed(&now.orbit.mesh, &remeshed.mesh);
        now.tangent = tangent.times(1.0 / self.length(&tangent, &remeshed.mesh));
        now.orbit = remeshed;
    }

    /// Newton's method from a guess, at right angles to `along`.
    fn correct(&self, guess: Orbit, along: &Change, phase: &[DVector<f64>]) -> Option<(Orbit, Linear, usize, f64)> {
        let mut now = guess;
        let mut moved = 0.0;
        for iteration in 1..=MOST_ITERATIONS {
            let linear = Linear::new(self.family, &now)?;
            let bound = Bound { mesh: &now.mesh, sizes: &self.sizes, phase, along, distance: 0.0 };
            let change = linear.solve(&bound, 1.0)?;
            let length = self.length(&change, &now.mesh);
            now = now.changed(&change, 1.0);
            moved += length;
            if !(length.is_finite() && now.period.is_finite()) {
                return None;
            }
            if length < TOLERANCE {
                return Some((now, linear, iteration, moved));
            }
        }
        None
    }

    fn step(&self, orbit: &Orbit, tangent: &Change, phase: &[DVector<f64>], distance: f64) -> Option<Step> {
        let (found, linear, iterations, moved) = self.correct(orbit.changed(tangent, distance), tangent, phase)?;
        if moved > distance.abs().max(1e-3) {
            return None;
        }
        let bound = Bound { mesh: &found.mesh, sizes: &self.sizes, phase, along: tangent, distance: 1.0 };
        let change = linear.solve(&bound, 0.0)?;
        let length = self.length(&change, &found.mesh);
        let multipliers = self.multipliers(&found, &linear)?;
        Some(Step { tangent: change.times(1.0 / length), orbit: found, multipliers, iterations })
    }

    pub(super) fn advance(&self, from: &Step, phase: &[DVector<f64>], pace: &mut Pace) -> Option<Step> {
        loop {
            if let Some(step) = self.step(&from.orbit, &from.tangent, phase, pace.step) {
                let turn = step.tangent.dot(&from.tangent, &from.orbit.mesh, &self.sizes);
                if turn >= SHARPEST_TURN || pace.step <= pace.shortest {
                    pace.lengthen(step.iterations);
                    return Some(step);
                }
            }
            if !pace.shorten() {
                return None;
            }
        }
    }

    /// The Floquet multipliers of an orbit but the 1 of its own phase.
    fn multipliers(&self, orbit: &Orbit, linear: &Linear) -> Option<Vec<Complex>> {
        let sizes = DVector::from_column_slice(&self.sizes);
        let scaled = |mut map: DMatrix<f64>| {
            let n = sizes.len();
            (0..n).for_each(|row| (0..n).for_each(|column| map[(row, column)] *= sizes[column] / sizes[row]));
            map
        };
        let maps: Vec<DMatrix<f64>> = linear.maps().into_iter().map(scaled).collect();
        let directions: Vec<DVector<f64>> =
            orbit.velocities().iter().map(|velocity| velocity.component_div(&sizes)).collect();
        multipliers(&across(&maps, &directions))
    }

    /// The cycle at the end of the knob's range, where the next step would pass it.
    pub(super) fn edge(&self, from: &Step, phase: &[DVector<f64>], step: f64) -> Option<CyclePoint> {
        let (orbit, tangent) = (&from.orbit, &from.tangent);
        let beyond = tangent.share.mul_add(step, orbit.share);
        let edge = if beyond > 1.0 { 1.0 } else { 0.0 };
        if (0.0..=1.0).contains(&beyond) {
            return None;
        }
        let mut guess = orbit.changed(tangent, (edge - orbit.share) / tangent.share);
        guess.share = edge;
        let mut along = tangent.times(0.0);
        along.share = 1.0;
        let (orbit, linear, iterations, moved) = self.correct(guess, &along, phase)?;
        (moved <= step).then_some(())?;
        let multipliers = self.multipliers(&orbit, &linear)?;
        Some(self.point(&Step { orbit, tangent: along, multipliers, iterations }))
    }

    /// The fold of cycles between two neighbours between which a multiplier passes 1: where the knob turns or, where that is
    /// lost in rounding, where the multiplier is 1. None where other cycles cross.
    pub(super) fn fold(&self, from: &Step, to: &Step, phase: &[DVector<f64>]) -> Option<Step> {
        let knob = |step: &Step| step.tangent.share;
        let turned = (knob(from) * knob(to) < 0.0).then(|| self.locate((from, to), phase, knob)).flatten();
        let turned = turned.filter(|fold| fold.beside_one().abs() < AT_FOLD);
        let passed = || self.locate((from, to), phase, Step::beside_one).filter(|fold| knob(fold).abs() < UPRIGHT);
        turned.or_else(passed)
    }

    /// The cycle between two neighbours at which a number is 0, by regula falsi.
    fn locate(&self, (from, to): (&Step, &Step), phase: &[DVector<f64>], test: impl Fn(&Step) -> f64) -> Option<Step> {
        let gap = to.orbit.minus(&from.orbit).dot(&from.tangent, &from.orbit.mesh, &self.sizes);
        let (mut low, mut high) = ((0.0, test(from)), (gap, test(to)));
        let mut best: Option<Step> = None;
        for halving in 0..30 {
            let share = if halving % 3 == 2 { 0.5 } else { low.1 / (low.1 - high.1) };
            let distance = share.mul_add(high.0 - low.0, low.0);
            let Some(step) = self.step(&from.orbit, &from.tangent, phase, distance) else { break };
            let value = test(&step);
            if best.as_ref().is_none_or(|best| value.abs() < test(best).abs()) {
                best = Some(step);
            }
            if value.abs() < 1e-9 || (high.0 - low.0).abs() < 1e-10 {
                break;
            }
            if (value > 0.0) == (low.1 > 0.0) { low = (distance, value) } else { high = (distance, value) }
        }
        best
    }

    /// The mean state over an orbit.
    pub(super) fn mean(&self, orbit: &Orbit) -> DVector<f64> {
        let lengths = orbit.mesh.windows(2).map(|ends| ends[1] - ends[0]);
        let mut mean = DVector::zeros(self.sizes.len());
        orbit.stages.iter().zip(lengths).for_each(|(stages, length)| mean += &stages[STAGES - 1] * length);
        mean
    }

    /// The mean product of the departures of two orbits on the same mesh from their means, in the measure of the sizes.
    pub(super) fn correlation(&self, one: &Orbit, other: &Orbit) -> f64 {
        let means = (self.mean(one), self.mean(other));
        let product = |first: &DVector<f64>, second: &DVector<f64>| -> f64 {
            let places = (0..self.sizes.len()).map(|index| {
                (first[index] - means.0[index]) * (second[index] - means.1[index])
                    / (self.sizes[index] * self.sizes[index])
            });
            places.sum()
        };
        let ends = one.stages.iter().zip(&other.stages).zip(one.mesh.windows(2));
        ends.map(|((one, other), ends)| product(&one[STAGES - 1], &other[STAGES - 1]) * (ends[1] - ends[0])).sum()
    }

    /// Whether an orbit swings the other way than its neighbour: between them lies one without amplitude.
    pub(super) fn is_turned_over(&self, from: &Orbit, to: &Orbit) -> bool {
        self.correlation(from, to) < 0.0
    }

    pub(super) fn point(&self, step: &Step) -> CyclePoint {
        let orbit = &step.orbit;
        let (low, high) = extremes(self.family, orbit);
        CyclePoint {
            share: orbit.share,
            knob: self.follower.options.value(orbit.share),
            period: orbit.period,
            low,
            high,
            multiplier: largest(&step.multipliers),
        }
    }
}
