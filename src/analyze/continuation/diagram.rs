//! A bifurcation diagram over one knob: every branch of fixed points that is reached, and the limit cycles between.

use super::cycle_branch::{CycleBranch, follow_cycles};
use super::equilibria::{Branch, Equilibria, Follower, Traced};
use super::family::Family;
use super::options::Options;
use super::special::{Kind, Special};
use super::switching::other_tangent;
use super::tracer::Place;
use serde::Serialize;

/// Most branches that are traced: a diagram with more is no longer read.
const MOST_BRANCHES: usize = 40;
/// A tangent with a smaller component along the knob stands at right angles to it.
const UPRIGHT: f64 = 1e-3;
/// Two special points this near to each other, in the measure of steps, are one.
const SAME_POINT: f64 = 1e-4;
/// A fixed point this near to a branch, in the measure of steps, lies on it.
const ON_BRANCH: f64 = 2e-3;
/// Variables may outgrow the sizes by which they are measured this many times before they are measured anew.
const OUTGROWN: f64 = 3.0;

/// A bifurcation diagram.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagram {
    /// Branches of fixed points.
    pub branches: Vec<Branch>,
    /// Branches of limit cycles.
    pub cycles: Vec<CycleBranch>,
}

/// A fixed point from which a branch is traced.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The variables.
    pub state: Vec<f64>,
    /// The knob, as a share of its range.
    pub share: f64,
}

impl Diagram {
    /// Traces every branch through the starts, and every branch that crosses one of them.
    ///
    /// A start that lies on a branch already traced, or from which Newton's method does not converge, is passed over.
    pub fn trace(family: &dyn Family, starts: &[Start], options: &Options) -> Self {
        let mut states: Vec<Vec<f64>> = starts.iter().map(|start| start.state.clone()).collect();
        for _ in 0..3 {
            let curve = Equilibria::new(family, &[], &states);
            let follower = Follower { curve: &curve, options };
            let traced = branches(&follower, starts);
            let largest = largest_state(family.variables(), &traced);
            let measured = Equilibria::new(family, &[], std::slice::from_ref(&largest));
            if !measured.outgrows(&curve, OUTGROWN) {
                return Self::with_cycles(&follower, traced);
            }
            states.push(largest);
        }
        let curve = Equilibria::new(family, &[], &states);
        let follower = Follower { curve: &curve, options };
        let traced = branches(&follower, starts);
        Self::with_cycles(&follower, traced)
    }

    fn with_cycles(follower: &Follower<'_>, traced: Vec<Traced>) -> Self {
        let special = traced.iter().flat_map(|one| &one.branch.special);
        let hopfs: Vec<&Special> = special.filter(|special| special.kind == Kind::Hopf).collect();
        let mut cycles: Vec<CycleBranch> = Vec::new();
        if follower.options.settings().cycles {
            for hopf in &hopfs {
                let known = cycles.iter().any(|cycle: &CycleBranch| cycle.ends_near(hopf));
                if !known && let Some(branch) = follow_cycles(follower, hopf, &hopfs) {
                    cycles.push(branch);
                }
            }
        }
        Self { branches: traced.into_iter().map(|traced| traced.branch).collect(), cycles }
    }

    /// All special points of all branches, in order of the knob.
    pub fn special(&self) -> Vec<&Special> {
        let mut special: Vec<&Special> = self.branches.iter().flat_map(|branch| &branch.special).collect();
        special.sort_by(|one, other| one.share.total_cmp(&other.share));
        special
    }
}

/// The branches through the starts, and those that cross them.
fn branches(follower: &Follower<'_>, starts: &[Start]) -> Vec<Traced> {
    let mut traced: Vec<Traced> = Vec::new();
    // Branch points whose other branch has been, or is about to be, traced.
    let mut known: Vec<Place> = Vec::new();
    for start in starts {
        if traced.len() >= MOST_BRANCHES {
            break;
        }
        let Some(place) = follower.start(&start.state, start.share) else { continue };
        if traced.iter().any(|one| lies_on(&place, &one.places)) {
            continue;
        }
        let first = traced.len();
        traced.push(follower.both_sides(&place));
        let mut next = first;
        while next < traced.len() && traced.len() < MOST_BRANCHES {
            let crossed = cross(follower, &mut traced[next], &mut known);
            traced.extend(crossed);
            next += 1;
        }
    }
    traced
}

/// The branches that cross one, which then names its branch points.
fn cross(follower: &Follower<'_>, traced: &mut Traced, known: &mut Vec<Place>) -> Vec<Traced> {
    let mut found = Vec::new();
    let near =
        |known: &[Place], place: &Place| known.iter().any(|known| (&known.scaled - &place.scaled).norm() < SAME_POINT);
    traced.special.retain(|(special, place)| special.kind != Kind::Branch || !near(known, place));
    for (special, place) in traced.special.iter_mut().filter(|(special, _)| special.kind == Kind::Branch) {
        known.push(place.clone());
        let Some(along) = other_tangent(&follower.tracer(), place) else { continue };
        let last = along.len() - 1;
        let upright = |direction: f64| direction.abs() < UPRIGHT;
        if upright(along[last]) != upright(place.tangent[last]) {
            special.kind = Kind::Pitchfork;
        }
        found.push(follower.through_branch_point(place, &along));
    }
    traced.branch.special = traced.special.iter().map(|(special, _)| special.clone()).collect();
    found
}

/// Whether a place lies on a branch, between two of its places.
fn lies_on(place: &Place, branch: &[Place]) -> bool {
    branch.windows(2).any(|pair| {
        let along = &pair[1].scaled - &pair[0].scaled;
        let off = &place.scaled - &pair[0].scaled;
        let length = along.norm_squared();
        let share = if length > 0.0 { (off.dot(&along) / length).clamp(0.0, 1.0) } else { 0.0 };
        (off - along * share).norm() < ON_BRANCH
    })
}

/// The largest size of each variable on any branch.
fn largest_state(variables: usize, traced: &[Traced]) -> Vec<f64> {
    let points = || traced.iter().flat_map(|one| &one.branch.points);
    (0..variables).map(|index| points().map(|point| point.state[index].abs()).fold(0.0, f64::max)).collect()
}
