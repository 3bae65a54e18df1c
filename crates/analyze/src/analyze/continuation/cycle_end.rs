//! Where branches of limit cycles end: in Hopf points, on saddles, on saddle-nodes.

use super::cycle_steps::Cycles;
use super::orbit::Orbit;
use super::special::{Kind, Special, hopf_frequency, unstable};
use nalgebra::DVector;

/// How far the mean of a small cycle may lie from its Hopf point, in its own amplitudes, and at least in the measure of steps.
const NEAR_HOPF: f64 = 3.0;
const LEAST_NEAR: f64 = 1e-3;
/// How much its period may differ from that of the Hopf point, relative to it.
const SAME_PERIOD: f64 = 0.1;
/// Real part of the pair of eigenvalues at a Hopf point that is not in the list, relative to its imaginary part.
const ON_AXIS: f64 = 0.05;
/// A cycle that passes a saddle at this distance, relative to its own size, has come to it.
const REACHED: f64 = 1e-5;
/// At this distance a saddle or a saddle-node is the one that slows the cycle.
const NEAR: f64 = 0.1;
/// How far a saddle-node may lie ahead on the knob, as a share of its range.
const AHEAD: f64 = 0.02;

/// The Hopf point in which a branch ends between two small orbits that swing opposite ways: one that is known or, where the
/// branch of its fixed points was not followed, the fixed point there if a pair of its eigenvalues lies on the axis. None
/// where neither is there: then it is no Hopf point.
pub(super) fn hopf_end(cycles: &Cycles<'_>, (from, to): (&Orbit, &Orbit), special: &[&Special]) -> Option<Special> {
    let amplitude = |orbit: &Orbit| libm::sqrt(cycles.correlation(orbit, orbit));
    let amplitude = amplitude(from).max(amplitude(to));
    let within = NEAR_HOPF * amplitude + LEAST_NEAR;
    let (mean, share) = (cycles.mean(to), f64::midpoint(from.share, to.share));
    let far = |state: &[f64]| {
        let places = state.iter().zip(mean.iter()).zip(&cycles.sizes);
        libm::sqrt(places.map(|((one, other), size)| (one - other) / size * ((one - other) / size)).sum())
    };
    let fits = |frequency: f64| {
        let period = std::f64::consts::TAU / frequency;
        (period - to.period).abs() <= SAME_PERIOD * period
    };
    let distance = |hopf: &Special| far(&hopf.state) + (hopf.share - share).abs();
    let known = special.iter().filter(|hopf| hopf.kind == Kind::Hopf && hopf.frequency.is_some_and(fits));
    let nearest = known.min_by(|one, other| distance(one).total_cmp(&distance(other)));
    if let Some(hopf) = nearest.filter(|hopf| distance(hopf) <= within) {
        return Some((*hopf).clone());
    }
    let place = cycles.follower.start(mean.as_slice(), share)?;
    let unknowns = cycles.follower.tracer().unknowns(&place.scaled);
    let values = cycles.follower.eigenvalues(&place)?;
    let pair = values.iter().filter(|value| value.im > 0.0 && value.re.abs() <= ON_AXIS * value.im);
    let frequency = pair.map(|value| value.im).find(|frequency| fits(*frequency))?;
    let near = far(&unknowns[..unknowns.len() - 1]) <= within;
    let hopf = cycles.follower.special(Kind::Hopf, &place, 1);
    near.then(|| Special { frequency: hopf_frequency(&values).or(Some(frequency)), ..hopf })
}

/// What slows a cycle.
pub(super) enum Homoclinic {
    /// A saddle, and whether the cycle has come to it.
    Saddle { reached: bool },
    /// A saddle-node a little ahead.
    SaddleNode,
    /// Nothing that is found.
    Nothing,
}

/// What slows a cycle where it moves slowest.
pub(super) fn homoclinic(cycles: &Cycles<'_>, orbit: &Orbit, folds: &[&Special]) -> Homoclinic {
    let measured = |one: &DVector<f64>, other: &[f64]| {
        let places = one.iter().zip(other).zip(&cycles.sizes);
        libm::sqrt(places.map(|((one, other), size)| (one - other) / size * ((one - other) / size)).sum())
    };
    let states = || orbit.stages.iter().flatten();
    let Some(slowest) = slowest(cycles, orbit) else { return Homoclinic::Nothing };
    let size = states().map(|state| measured(state, slowest.as_slice())).fold(0.0, f64::max);
    let fold = folds
        .iter()
        .any(|fold| (fold.share - orbit.share).abs() <= AHEAD && measured(&slowest, &fold.state) <= NEAR * size);
    let saddle = cycles.follower.start(slowest.as_slice(), orbit.share).and_then(|place| {
        let unknowns = cycles.follower.tracer().unknowns(&place.scaled);
        let state = &unknowns[..unknowns.len() - 1];
        let values = cycles.follower.eigenvalues(&place)?;
        let directions = unstable(&values);
        let nearest = states().map(|one| measured(one, state)).fold(f64::INFINITY, f64::min);
        let is_saddle = directions > 0 && directions < values.len() && nearest <= NEAR * size;
        is_saddle.then_some(nearest <= REACHED * size)
    });
    match (saddle, fold) {
        (Some(reached), _) => Homoclinic::Saddle { reached },
        // Before a saddle-node there are no fixed points yet.
        (None, true) => Homoclinic::SaddleNode,
        (None, false) => Homoclinic::Nothing,
    }
}

/// The state at which an orbit moves slowest, in the measure of the sizes.
fn slowest(cycles: &Cycles<'_>, orbit: &Orbit) -> Option<DVector<f64>> {
    let speed = |velocity: &DVector<f64>| -> f64 {
        velocity.iter().zip(&cycles.sizes).map(|(part, size)| part / size * (part / size)).sum()
    };
    let speeds: Vec<f64> = orbit.velocities().iter().map(speed).collect();
    let slowest = (0..speeds.len()).min_by(|one, other| speeds[*one].total_cmp(&speeds[*other]))?;
    Some(orbit.stages[slowest].last()?.clone())
}
