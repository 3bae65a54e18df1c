//! Branches of limit cycles, from the Hopf points where they are born.

use super::equilibria::Follower;
use super::family::Family;
use super::orbit::{Bound, Change, Linear, Orbit, STAGES, nodes};
use super::special::Special;
use super::tracer::{Curve, Pace};
use crate::numeric::linear::eigenvalues;
use nalgebra::{DMatrix, DVector};
use serde::Serialize;

/// Largest correction, in the measure of steps, at which Newton's method has converged.
const TOLERANCE: f64 = 1e-9;
/// Iterations after which a step is taken for too long.
const MOST_ITERATIONS: usize = 8;
/// Least cosine of the turn of the tangent in one step.
const SHARPEST_TURN: f64 = 0.95;
/// Steps after which the mesh is spread anew.
const REMESH: usize = 4;
/// A cycle that lasts so many times longer than the first is about to end on a saddle.
const LONGEST_PERIOD: f64 = 20.0;
/// Cycles are smooth in the knob: their steps may be longer than those of fixed points.
const LONGER: f64 = 2.0;
/// Samples between the neighbours of the highest one, from which the height of a cycle is read.
const FINER: u32 = 6;
/// Shares of a branch's end and of a Hopf point that are the same.
const SAME_SHARE: f64 = 2e-3;

/// A limit cycle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CyclePoint {
    /// The knob, as a share of its range.
    #[serde(skip)]
    pub share: f64,
    /// The knob's value.
    pub knob: f64,
    /// The period, in units of time: ms in circuits.
    #[serde(rename = "period_ms")]
    pub period: f64,
    /// Lowest observed values over the cycle: rates in Hz.
    pub low: Vec<f64>,
    /// Highest observed values.
    pub high: Vec<f64>,
    /// The largest size of the Floquet multipliers but the one that is 1; below 1 the cycle is stable.
    pub multiplier: f64,
}

impl CyclePoint {
    /// Whether nearby states approach the cycle.
    pub fn is_stable(&self) -> bool {
        self.multiplier < 1.0
    }
}

/// Why a branch of limit cycles ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CycleEnd {
    /// At an end of the knob's range.
    Range,
    /// In a Hopf point, without amplitude.
    Hopf,
    /// The period grows without bound: the cycle comes near to a saddle (a homoclinic orbit).
    LongPeriod,
    /// After as many steps as were allowed.
    MostSteps,
    /// Newton's method no longer converges, even with the shortest step.
    Lost,
}

/// A branch of limit cycles.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CycleBranch {
    /// Cycles in their order along the branch; the first has no amplitude yet.
    pub points: Vec<CyclePoint>,
    /// Where two cycles meet and vanish.
    pub folds: Vec<CyclePoint>,
    /// How it ends.
    pub end: CycleEnd,
}

impl CycleBranch {
    /// Whether it begins or ends in a Hopf point.
    pub(super) fn ends_near(&self, hopf: &Special) -> bool {
        let near = |point: &CyclePoint| (point.share - hopf.share).abs() < SAME_SHARE && point.low == point.high;
        [self.points.first(), self.points.last()].into_iter().flatten().any(near)
    }
}

/// What a branch of cycles is followed with.
struct Cycles<'a> {
    follower: &'a Follower<'a>,
    family: &'a dyn Family,
    sizes: Vec<f64>,
}

/// A cycle on the branch.
struct Step {
    orbit: Orbit,
    tangent: Change,
    multiplier: f64,
    iterations: usize,
}

/// Follows the limit cycles that are born at a Hopf point; `hopfs` are all Hopf points, in which the branch may end. None
/// where the first cycle is not found.
pub(super) fn follow_cycles(follower: &Follower<'_>, hopf: &Special, hopfs: &[&Special]) -> Option<CycleBranch> {
    let n = hopf.state.len();
    let sizes = follower.curve.sizes()[..n].to_vec();
    let mut cycles = Cycles { follower, family: follower.curve.family, sizes };
    let (mut orbit, mut tangent, mut phase) = cycles.birth(hopf)?;
    let settings = follower.options.settings();
    let mut pace = Pace { step: settings.ds, shortest: settings.dsmin, longest: LONGER * settings.dsmax };
    let born = CyclePoint {
        share: hopf.share,
        knob: hopf.knob,
        period: orbit.period,
        low: hopf.observed.clone(),
        high: hopf.observed.clone(),
        multiplier: 1.0,
    };
    let first_period = orbit.period;
    let mut branch = CycleBranch { points: vec![born], folds: vec![], end: CycleEnd::MostSteps };
    let mut amplitude = 0.0;
    for count in 1..=settings.max_steps {
        if let Some(point) = cycles.edge(&orbit, &tangent, &phase, pace.step) {
            branch.points.push(point);
            branch.end = CycleEnd::Range;
            break;
        }
        let Some(step) = cycles.advance(&orbit, &tangent, &phase, &mut pace) else {
            branch.end = CycleEnd::Lost;
            break;
        };
        if count > 1 && tangent.share * step.tangent.share < 0.0 {
            branch.folds.extend(cycles.fold((&orbit, &tangent), (&step.orbit, &step.tangent), &phase));
        }
        let before = std::mem::replace(&mut amplitude, cycles.amplitude(&step.orbit));
        if count > 3 && amplitude < before && amplitude < 1.5 * pace.step {
            branch.points.extend(death(&branch, (before, amplitude), (&orbit, &step.orbit), hopfs));
            branch.end = CycleEnd::Hopf;
            break;
        }
        branch.points.push(cycles.point(&step.orbit, step.multiplier));
        if step.orbit.period > LONGEST_PERIOD * first_period {
            branch.end = CycleEnd::LongPeriod;
            break;
        }
        (orbit, tangent) = (step.orbit, step.tangent);
        if count % REMESH == 0 {
            cycles.measure(&orbit);
            let remeshed = orbit.remeshed(&cycles.sizes);
            tangent = tangent.remeshed(&orbit.mesh, &remeshed.mesh);
            orbit = remeshed;
            tangent = tangent.times(1.0 / cycles.length(&tangent, &orbit.mesh));
        }
        phase = cycles.phase(&orbit)?;
    }
    (branch.points.len() > 1).then_some(branch)
}

impl Cycles<'_> {
    /// The orbit without amplitude at a Hopf point, the direction in which it grows, and the direction of its phase.
    fn birth(&self, hopf: &Special) -> Option<(Orbit, Change, DVector<f64>)> {
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
        let phase = self.measured(&-&imaginary)?;
        let length = self.length(&change, &orbit.mesh);
        Some((orbit, change.times(1.0 / length), phase))
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

    fn length(&self, change: &Change, mesh: &[f64]) -> f64 {
        libm::sqrt(change.dot(change, mesh, &self.sizes))
    }

    /// A unit direction in the measure of the sizes.
    fn measured(&self, direction: &DVector<f64>) -> Option<DVector<f64>> {
        let measured =
            DVector::from_fn(direction.len(), |index, _| direction[index] / (self.sizes[index] * self.sizes[index]));
        measured.try_normalize(0.0)
    }

    /// The direction in which the orbit leaves its first state: its phase is held at right angles to it.
    fn phase(&self, orbit: &Orbit) -> Option<DVector<f64>> {
        self.measured(&(&orbit.stages[0][0] - &orbit.first))
    }

    /// Newton's method from a guess, at right angles to `along`.
    fn correct(&self, guess: Orbit, along: &Change, phase: &DVector<f64>) -> Option<(Orbit, Linear, usize, f64)> {
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

    fn step(&self, orbit: &Orbit, tangent: &Change, phase: &DVector<f64>, distance: f64) -> Option<Step> {
        let (found, linear, iterations, moved) = self.correct(orbit.changed(tangent, distance), tangent, phase)?;
        if moved > distance.abs().max(1e-3) {
            return None;
        }
        let bound = Bound { mesh: &found.mesh, sizes: &self.sizes, phase, along: tangent, distance: 1.0 };
        let change = linear.solve(&bound, 0.0)?;
        let length = self.length(&change, &found.mesh);
        let multiplier = self.multiplier(&linear)?;
        Some(Step { tangent: change.times(1.0 / length), orbit: found, multiplier, iterations })
    }

    fn advance(&self, orbit: &Orbit, tangent: &Change, phase: &DVector<f64>, pace: &mut Pace) -> Option<Step> {
        loop {
            if let Some(step) = self.step(orbit, tangent, phase, pace.step) {
                let turn = step.tangent.dot(tangent, &orbit.mesh, &self.sizes);
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

    /// The largest size of the Floquet multipliers, without the one nearest to 1.
    fn multiplier(&self, linear: &Linear) -> Option<f64> {
        let mut values = eigenvalues(&linear.monodromy(), self.sizes.len()).ok()?;
        let off = |value: &crate::numeric::linear::Complex| libm::hypot(value.re - 1.0, value.im);
        let trivial = (0..values.len()).min_by(|one, other| off(&values[*one]).total_cmp(&off(&values[*other])))?;
        values.remove(trivial);
        Some(values.iter().map(|value| libm::hypot(value.re, value.im)).fold(0.0, f64::max))
    }

    /// The cycle at the end of the knob's range, where the next step would pass it.
    fn edge(&self, orbit: &Orbit, tangent: &Change, phase: &DVector<f64>, step: f64) -> Option<CyclePoint> {
        let beyond = tangent.share.mul_add(step, orbit.share);
        let edge = if beyond > 1.0 { 1.0 } else { 0.0 };
        if (0.0..=1.0).contains(&beyond) {
            return None;
        }
        let mut guess = orbit.changed(tangent, (edge - orbit.share) / tangent.share);
        guess.share = edge;
        let mut along = tangent.times(0.0);
        along.share = 1.0;
        let (found, linear, _, moved) = self.correct(guess, &along, phase)?;
        (moved <= step).then_some(())?;
        Some(self.point(&found, self.multiplier(&linear)?))
    }

    /// The fold of cycles between two neighbours, by regula falsi.
    fn fold(&self, from: (&Orbit, &Change), to: (&Orbit, &Change), phase: &DVector<f64>) -> Option<CyclePoint> {
        let gap: f64 = {
            let difference = Change {
                first: &to.0.first - &from.0.first,
                stages: (from.0.stages.iter().zip(&to.0.stages))
                    .map(|(from, to)| std::array::from_fn(|stage| &to[stage] - &from[stage]))
                    .collect(),
                period: libm::log(to.0.period / from.0.period),
                share: to.0.share - from.0.share,
            };
            difference.dot(from.1, &from.0.mesh, &self.sizes)
        };
        let (mut low, mut high) = ((0.0, from.1.share), (gap, to.1.share));
        let mut best = None;
        for halving in 0..30 {
            let share = if halving % 3 == 2 { 0.5 } else { low.1 / (low.1 - high.1) };
            let distance = share.mul_add(high.0 - low.0, low.0);
            let step = self.step(from.0, from.1, phase, distance)?;
            let slope = step.tangent.share;
            best = Some(self.point(&step.orbit, step.multiplier));
            if slope.abs() < 1e-9 || (high.0 - low.0).abs() < 1e-10 {
                break;
            }
            if (slope > 0.0) == (low.1 > 0.0) { low = (distance, slope) } else { high = (distance, slope) }
        }
        best
    }

    /// Root mean square of the departure from the mean, in the measure of steps.
    fn amplitude(&self, orbit: &Orbit) -> f64 {
        let lengths: Vec<f64> = orbit.mesh.windows(2).map(|ends| ends[1] - ends[0]).collect();
        let ends = || orbit.stages.iter().map(|stages| &stages[STAGES - 1]).zip(&lengths);
        let squares = (0..self.sizes.len()).map(|index| {
            let mean: f64 = ends().map(|(state, length)| state[index] * length).sum();
            let square: f64 =
                ends().map(|(state, length)| (state[index] - mean) * (state[index] - mean) * length).sum();
            square / (self.sizes[index] * self.sizes[index])
        });
        libm::sqrt(squares.sum())
    }

    fn point(&self, orbit: &Orbit, multiplier: f64) -> CyclePoint {
        let knobs = [orbit.share];
        let samples: Vec<(f64, Vec<f64>)> = orbit
            .mesh
            .windows(2)
            .zip(&orbit.stages)
            .flat_map(|(ends, stages)| {
                let place = |node: f64| node.mul_add(ends[1] - ends[0], ends[0]);
                nodes()
                    .map(place)
                    .into_iter()
                    .zip(stages)
                    .map(|(place, state)| (place, self.family.observe(state.as_slice(), &knobs)))
            })
            .collect();
        let count = samples.first().map_or(0, |(_, observed)| observed.len());
        let highest = |index: usize, sign: f64| {
            let coarse: Vec<(f64, f64)> =
                samples.iter().map(|(place, observed)| (*place, sign * observed[index])).collect();
            // Around the highest sample, a few more from the polynomial of the orbit.
            let Some((low, high)) = around_peak(&coarse) else { return f64::NAN };
            let fine = (0..=FINER).map(|step| {
                let place = (high - low).mul_add(f64::from(step) / f64::from(FINER), low);
                let state = orbit.state(place - place.floor());
                (place, sign * self.family.observe(state.as_slice(), &knobs).get(index).copied().unwrap_or(f64::NAN))
            });
            sign * peak(&fine.collect::<Vec<_>>())
        };
        CyclePoint {
            share: orbit.share,
            knob: self.follower.options.value(orbit.share),
            period: orbit.period,
            low: (0..count).map(|index| highest(index, -1.0)).collect(),
            high: (0..count).map(|index| highest(index, 1.0)).collect(),
            multiplier,
        }
    }
}

/// The Hopf point in which a branch ends: where the squared amplitude, in proportion to the distance from it, is 0.
fn death(
    branch: &CycleBranch,
    (before, now): (f64, f64),
    (from, to): (&Orbit, &Orbit),
    hopfs: &[&Special],
) -> Option<CyclePoint> {
    let share = to.share + (to.share - from.share) * now * now / (before * before - now * now);
    let hopf = hopfs.iter().min_by(|one, other| (one.share - share).abs().total_cmp(&(other.share - share).abs()))?;
    let period = std::f64::consts::TAU / hopf.frequency?;
    let multiplier = branch.points.last()?.multiplier;
    let known = (hopf.share - share).abs() < SAME_SHARE;
    known.then(|| CyclePoint {
        share: hopf.share,
        knob: hopf.knob,
        period,
        low: hopf.observed.clone(),
        high: hopf.observed.clone(),
        multiplier,
    })
}

/// The places of the neighbours of the highest sample of a periodic function, in order.
fn around_peak(samples: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = samples.len();
    let top = (0..count).max_by(|one, other| samples[*one].1.total_cmp(&samples[*other].1))?;
    let low = if top == 0 { samples[count - 1].0 - 1.0 } else { samples[top - 1].0 };
    let high = if top + 1 == count { samples[0].0 + 1.0 } else { samples[top + 1].0 };
    Some((low, high))
}

/// The largest value of a function between its first and last sample, by the parabola through the highest and its
/// neighbours.
fn peak(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len();
    let top = (0..count).max_by(|one, other| samples[*one].1.total_cmp(&samples[*other].1));
    let Some(top) = top.filter(|top| *top > 0 && top + 1 < count) else {
        return top.map_or(f64::NAN, |top| samples[top].1);
    };
    let (before, here, after) = (samples[top - 1], samples[top], samples[top + 1]);
    let (left, right) = (before.0 - here.0, after.0 - here.0);
    let (low, high) = ((before.1 - here.1) / left, (after.1 - here.1) / right);
    let bend = (high - low) / (right - left);
    let slope = low - bend * left;
    let shift = if bend < 0.0 { (-slope / (2.0 * bend)).clamp(left, right) } else { 0.0 };
    here.1 + shift * (slope + bend * shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_sampled_cosine_is_1() {
        let samples: Vec<(f64, f64)> = (0..180)
            .map(|index| f64::from(index) / 180.0)
            .map(|place| (place, libm::cos(std::f64::consts::TAU * (place - 0.3017))))
            .collect();
        approx::assert_abs_diff_eq!(peak(&samples), 1.0, epsilon = 1e-7);
        let (low, high) = around_peak(&samples).unwrap();
        assert!(low < 0.3017 && high > 0.3017 && high - low < 0.012);
    }
}
