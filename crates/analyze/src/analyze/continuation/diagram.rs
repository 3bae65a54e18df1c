//! A bifurcation diagram over one knob: every branch of fixed points that is reached, and the limit cycles between.

use super::cycle_branch::{CycleBranch, follow_cycles};
use super::equilibria::{Branch, Equilibria};
use super::family::Family;
use super::follower::{Follower, Traced, Way};
use super::options::Options;
use super::special::{Kind, Special};
use super::switching::{crossing_places, other_tangent};
use super::tracer::Place;
use nalgebra::DVector;
use serde::Serialize;

/// Most branches that are traced: a diagram with more is no longer read.
const MOST_BRANCHES: usize = 100;
/// A tangent with a smaller component along the knob stands at right angles to it.
const UPRIGHT: f64 = 1e-3;
/// Two special points this near to each other, in the measure of steps, are one.
const SAME_POINT: f64 = 1e-4;
/// A fixed point this near to a branch, in the measure of steps, lies on it.
const ON_BRANCH: f64 = 2e-3;
/// And one this near, where branches lie close together.
const ON_NEIGHBOUR: f64 = 5e-4;
/// Variables that differ by less, relative to their size, are the same.
const SAME_VALUE: f64 = 1e-6;
/// Variables may outgrow the sizes by which they are measured this many times before they are measured anew.
const OUTGROWN: f64 = 3.0;
/// How many times.
const MOST_MEASURES: usize = 3;

/// A bifurcation diagram.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagram {
    /// Branches of fixed points.
    pub branches: Vec<Branch>,
    /// Branches of limit cycles.
    pub cycles: Vec<CycleBranch>,
    /// Whether as many branches were traced as are allowed, so that there may be more.
    pub cut: bool,
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
        // States of more symmetry first: at the points where it breaks, branches of less end.
        let mut starts = starts.to_vec();
        starts.sort_by_key(|start| different(&start.state));
        let starts = &starts[..];
        let mut states: Vec<Vec<f64>> = starts.iter().map(|start| start.state.clone()).collect();
        for attempt in 0..=MOST_MEASURES {
            let curve = Equilibria::new(family, &[], &states);
            let follower = Follower::new(&curve, options);
            let mut tree = Tree { follower: &follower, traced: Vec::new(), known: Vec::new(), cut: false };
            tree.grow(starts);
            let largest = largest_state(family.variables(), &tree.traced);
            let measured = Equilibria::new(family, &[], std::slice::from_ref(&largest));
            if attempt == MOST_MEASURES || !measured.outgrows(&curve, OUTGROWN) {
                return tree.diagram();
            }
            states.push(largest);
        }
        Self { branches: Vec::new(), cycles: Vec::new(), cut: false }
    }

    /// All special points of all branches, in order of the knob.
    pub fn special(&self) -> Vec<&Special> {
        let mut special: Vec<&Special> = self.branches.iter().flat_map(|branch| &branch.special).collect();
        special.sort_by(|one, other| one.share.total_cmp(&other.share));
        special
    }
}

/// Branches as they are found, one from another.
struct Tree<'a> {
    follower: &'a Follower<'a>,
    traced: Vec<Traced>,
    /// Branch points whose other branches have been, or are about to be, traced, and how near to each another special point
    /// is the same.
    known: Vec<(Place, f64)>,
    /// Whether there were more branches than are traced.
    cut: bool,
}

impl Tree<'_> {
    /// Traces the branches through the starts, and those that cross them.
    fn grow(&mut self, starts: &[Start]) {
        for start in starts {
            let Some(place) = self.follower.start(&start.state, start.share) else { continue };
            if self.is_known(&place, ON_BRANCH) {
                continue;
            }
            let mut next = self.traced.len();
            self.push(self.follower.both_sides(&place));
            while next < self.traced.len() {
                self.cross(next);
                next += 1;
            }
        }
        self.merge();
    }

    fn push(&mut self, traced: Traced) {
        if self.traced.len() < MOST_BRANCHES {
            self.traced.push(traced);
        } else {
            self.cut = true;
        }
    }

    fn is_known(&self, place: &Place, within: f64) -> bool {
        self.traced.iter().any(|one| lies_on(place, &one.places, within))
    }

    /// Traces the branches that cross one or leave it at corners; it then names its branch points.
    fn cross(&mut self, index: usize) {
        let mut special = std::mem::take(&mut self.traced[index].special);
        // What is a fold of the crossing branch is no fold of its own.
        special.retain(|(special, place)| {
            special.kind == Kind::Hopf
                || !self.known.iter().any(|(known, within)| (&known.scaled - &place.scaled).norm() < *within)
        });
        // All points where several branches meet are known before any of these is followed: it may end in another of them.
        for (_, place) in special.iter().filter(|(one, _)| one.kind == Kind::Branch && one.multiplicity > 1) {
            self.follower.meet_at(place);
        }
        for (special, place) in special.iter_mut().filter(|(special, _)| special.kind == Kind::Branch) {
            let within = if special.multiplicity > 1 { self.follower.around() } else { SAME_POINT };
            self.known.push((place.clone(), within));
            let upright = |tangent: &DVector<f64>| tangent[tangent.len() - 1].abs() < UPRIGHT;
            if special.multiplicity > 1 {
                let away = 2.0 * self.follower.around();
                let crossing = crossing_places(&self.follower.tracer(), place, special.multiplicity, away);
                if !upright(&place.tangent) && !crossing.is_empty() && crossing.iter().all(|one| turns_at(place, one)) {
                    special.kind = Kind::Pitchfork;
                }
                for onward in crossing {
                    if !self.is_known(&onward, ON_NEIGHBOUR) {
                        self.push(self.follower.leave_point(&Way { point: place.clone(), onward }));
                    }
                }
            } else if let Some(along) = other_tangent(&self.follower.tracer(), place) {
                if upright(&along) != upright(&place.tangent) {
                    special.kind = Kind::Pitchfork;
                }
                self.push(self.follower.through_branch_point(place, &along));
            }
        }
        let ways: Vec<Way> = std::mem::take(&mut self.traced[index].ways);
        for way in ways {
            self.push(self.follower.leave_point(&way));
        }
        let traced = &mut self.traced[index];
        traced.branch.special = special.iter().map(|(special, _)| special.clone()).collect();
        traced.special = special;
    }

    /// Leaves out branches that lie on others.
    fn merge(&mut self) {
        let mut index = 0;
        while index < self.traced.len() {
            let one = &self.traced[index];
            let others = || self.traced.iter().enumerate().filter(|(other, _)| *other != index);
            let same =
                |one: &Special, other: &Special| one.kind == other.kind && (one.share - other.share).abs() < SAME_POINT;
            let covered = others().any(|(_, other)| {
                let named = |special| other.branch.special.iter().any(|other| same(special, other));
                one.branch.special.iter().all(named)
                    && one.places.iter().all(|place| lies_on(place, &other.places, ON_BRANCH))
            });
            if covered {
                self.traced.remove(index);
            } else {
                index += 1;
            }
        }
    }

    /// The diagram, with the limit cycles that are born on the branches.
    fn diagram(self) -> Diagram {
        let special: Vec<&Special> = self.traced.iter().flat_map(|one| &one.branch.special).collect();
        let mut cycles: Vec<CycleBranch> = Vec::new();
        if self.follower.options.settings().cycles {
            for hopf in special.iter().filter(|special| special.kind == Kind::Hopf) {
                let known = cycles.iter().any(|cycle: &CycleBranch| cycle.ends_near(hopf));
                if !known && let Some(branch) = follow_cycles(self.follower, hopf, &special) {
                    cycles.push(branch);
                }
            }
        }
        Diagram { branches: self.traced.into_iter().map(|traced| traced.branch).collect(), cycles, cut: self.cut }
    }
}

/// How many different values there are among variables.
fn different(state: &[f64]) -> usize {
    let mut values = state.to_vec();
    values.sort_by(f64::total_cmp);
    1 + values.windows(2).filter(|pair| pair[1] - pair[0] > SAME_VALUE * pair[1].abs().max(pair[0].abs())).count()
}

/// Whether a branch leaves a point at right angles to the knob: the knob moves with the square of the distance.
fn turns_at(point: &Place, on_branch: &Place) -> bool {
    let moved = &on_branch.scaled - &point.scaled;
    let last = moved.len() - 1;
    moved[last].abs() < 0.5 * moved.norm() && (on_branch.tangent[last] - 2.0 * moved[last] / moved.norm()).abs() < 0.3
}

/// Whether a place lies on a branch, between two of its places.
fn lies_on(place: &Place, branch: &[Place], within: f64) -> bool {
    branch.windows(2).any(|pair| {
        let along = &pair[1].scaled - &pair[0].scaled;
        let off = &place.scaled - &pair[0].scaled;
        let length = along.norm_squared();
        let share = if length > 0.0 { (off.dot(&along) / length).clamp(0.0, 1.0) } else { 0.0 };
        (off - along * share).norm() < within
    })
}

/// The largest size of each variable on any branch.
fn largest_state(variables: usize, traced: &[Traced]) -> Vec<f64> {
    let points = || traced.iter().flat_map(|one| &one.branch.points);
    (0..variables).map(|index| points().map(|point| point.state[index].abs()).fold(0.0, f64::max)).collect()
}
