//! Branches of fixed points over one knob, with their special points.

use super::family::{Family, Point};
use super::options::Options;
use super::special::{Kind, Special, hopf_frequency, hopf_test, smallest};
use super::tracer::{Curve, Pace, Place, Tracer, locate};
use nalgebra::DVector;
use serde::Serialize;

/// Smallest size of a variable in the measure of steps: one that stays near 0 is not measured in its own tiny size.
const SMALLEST_SIZE: f64 = 0.1;

/// A fixed point on a branch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BranchPoint {
    /// The knob, as a share of its range.
    #[serde(skip)]
    pub share: f64,
    /// The knob's value.
    pub knob: f64,
    /// The variables.
    pub state: Vec<f64>,
    /// What is observed: rates in Hz.
    pub observed: Vec<f64>,
    /// How many eigenvalues have a real part of 0 or more.
    pub unstable: usize,
}

/// Why a branch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// At an end of the knob's range.
    Range,
    /// It comes back to where it started.
    Closed,
    /// After as many steps as were allowed.
    MostSteps,
    /// A variable leaves the range of interest.
    Beyond,
    /// Newton's method no longer converges, even with the shortest step.
    Lost,
}

/// A branch of fixed points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Branch {
    /// Fixed points in their order along the branch.
    pub points: Vec<BranchPoint>,
    /// Special points in their order along the branch.
    pub special: Vec<Special>,
    /// How it ends at its first and at its last point.
    pub ends: [End; 2],
}

/// The fixed points of a family over its first knob, as a curve.
pub(super) struct Equilibria<'a> {
    pub family: &'a dyn Family,
    /// Settings of further knobs.
    pub held: &'a [f64],
    sizes: Vec<f64>,
}

impl<'a> Equilibria<'a> {
    /// Variables are measured by how large they are at some states, knobs by their range.
    pub(super) fn new(family: &'a dyn Family, held: &'a [f64], states: &[Vec<f64>]) -> Self {
        let n = family.variables();
        // The length of a step does not grow with the number of variables.
        let share = libm::sqrt(n.max(1) as f64);
        let size = |index: usize| {
            let largest = states.iter().map(|state| state[index].abs()).fold(SMALLEST_SIZE, f64::max);
            if largest.is_finite() { largest * share } else { share }
        };
        Self { family, held, sizes: (0..n).map(size).chain([1.0]).collect() }
    }

    /// Whether some variable is measured by a size so many times larger than in another curve.
    pub(super) fn outgrows(&self, other: &Self, times: f64) -> bool {
        self.sizes.iter().zip(&other.sizes).any(|(own, other)| *own > times * other)
    }

    /// Whether a variable has left the range of interest.
    fn is_beyond(&self, unknowns: &[f64]) -> bool {
        (0..self.family.variables()).any(|index| unknowns[index].abs() > self.family.bound(index))
    }

    fn knobs(&self, share: f64) -> Vec<f64> {
        std::iter::once(share).chain(self.held.iter().copied()).collect()
    }

    /// The system at unknowns: the state, then the knob.
    pub(super) fn point(&self, unknowns: &[f64]) -> Option<Point> {
        let n = self.family.variables();
        self.family.at(&unknowns[..n], &self.knobs(unknowns[n]))
    }

    pub(super) fn observe(&self, unknowns: &[f64]) -> Vec<f64> {
        let n = self.family.variables();
        self.family.observe(&unknowns[..n], &self.knobs(unknowns[n]))
    }
}

impl Curve for Equilibria<'_> {
    fn sizes(&self) -> &[f64] {
        &self.sizes
    }

    fn at(&self, unknowns: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let n = self.family.variables();
        let knobs = self.knobs(unknowns[n]);
        let point = self.family.at(&unknowns[..n], &knobs)?;
        let slope = self.family.knob_slope(&unknowns[..n], &knobs, 0)?;
        let rows = point.jacobian.chunks(n.max(1)).zip(&slope.residual);
        let jacobian = rows.flat_map(|(row, slope)| row.iter().copied().chain([*slope])).collect();
        Some((point.residual, jacobian))
    }
}

/// A branch being traced to one side.
pub(super) struct Side {
    pub places: Vec<Place>,
    pub special: Vec<(Special, Place)>,
    pub end: End,
}

/// A branch with where its special points are.
pub(super) struct Traced {
    pub branch: Branch,
    pub places: Vec<Place>,
    /// Branch points and Hopf points, in full.
    pub special: Vec<(Special, Place)>,
}

/// What is followed along a branch of fixed points.
pub(super) struct Follower<'a> {
    pub curve: &'a Equilibria<'a>,
    pub options: &'a Options,
}

impl<'a> Follower<'a> {
    pub(super) fn tracer(&self) -> Tracer<'a, Equilibria<'a>> {
        Tracer { curve: self.curve }
    }

    /// The place where the knob has a share and the variables are near a state.
    pub(super) fn start(&self, state: &[f64], share: f64) -> Option<Place> {
        let tracer = self.tracer();
        let guess = tracer.scaled(&state.iter().copied().chain([share]).collect::<Vec<_>>());
        let mut along = DVector::zeros(guess.len());
        along[guess.len() - 1] = 1.0;
        let (found, _) = tracer.correct(&guess, &along)?;
        // At a fold the knob's direction is no tangent: any other border serves.
        tracer
            .place(found.clone(), &along)
            .or_else(|| tracer.place(found, &DVector::from_element(guess.len(), 1.0 / libm::sqrt(guess.len() as f64))))
    }

    /// Both sides of a branch that runs through a place.
    pub(super) fn both_sides(&self, start: &Place) -> Traced {
        let forward = self.follow(start.clone());
        if forward.end == End::Closed {
            return self.join(Side { places: vec![start.clone()], special: vec![], end: End::Closed }, forward);
        }
        self.join(self.follow(start.turned()), forward)
    }

    /// A branch through a place that is not part of it: a branch point, from which both sides start.
    pub(super) fn through_branch_point(&self, at: &Place, along: &DVector<f64>) -> Traced {
        let side = |direction: f64| {
            let place = Place { tangent: along * direction, ..at.clone() };
            let mut pace = self.pace();
            self.tracer().advance(&place, &mut pace).map(|next| self.follow(next))
        };
        let lost = || Side { places: vec![], special: vec![], end: End::Lost };
        let forward = side(1.0).unwrap_or_else(lost);
        let closed = |side: &Side| {
            side.places.last().is_some_and(|last| (&last.scaled - &at.scaled).norm() < self.options.settings().dsmax)
        };
        let backward = if forward.places.len() > 10 && closed(&forward) {
            Side { end: End::Closed, ..lost() }
        } else {
            side(-1.0).unwrap_or_else(lost)
        };
        let middle = Place { tangent: along.clone(), ..at.clone() };
        let back = Side { places: std::iter::once(middle).chain(backward.places).collect(), ..backward };
        // The branch point itself stands once, between both sides.
        let mut forward = forward;
        forward.places.insert(0, at.clone());
        self.join(back, forward)
    }

    fn pace(&self) -> Pace {
        let settings = self.options.settings();
        Pace { step: settings.ds, shortest: settings.dsmin, longest: settings.dsmax }
    }

    /// Joins two sides that share their first place.
    fn join(&self, back: Side, forward: Side) -> Traced {
        let ends = [back.end, forward.end];
        let mut places: Vec<Place> = back.places.into_iter().skip(1).rev().collect();
        places.extend(forward.places);
        let mut special: Vec<(Special, Place)> = back.special.into_iter().rev().collect();
        special.extend(forward.special);
        let points = places.iter().map(|place| self.point(place)).collect();
        let branch = Branch { points, special: special.iter().map(|(special, _)| special.clone()).collect(), ends };
        Traced { branch, places, special }
    }

    fn point(&self, place: &Place) -> BranchPoint {
        let unknowns = self.tracer().unknowns(&place.scaled);
        let n = unknowns.len() - 1;
        BranchPoint {
            share: unknowns[n],
            knob: self.options.value(unknowns[n]),
            unstable: self.unstable(place).unwrap_or(0),
            observed: self.curve.observe(&unknowns),
            state: unknowns[..n].to_vec(),
        }
    }

    /// Follows a branch from a place to one side.
    fn follow(&self, start: Place) -> Side {
        let tracer = self.tracer();
        let mut pace = self.pace();
        let mut side = Side { places: vec![start], special: vec![], end: End::MostSteps };
        for step in 0..self.options.settings().max_steps {
            let from = side.places[side.places.len() - 1].clone();
            let edge = self.edge(&from, pace.step);
            let outside = edge.is_some();
            let Some(to) = edge.or_else(|| tracer.advance(&from, &mut pace)) else {
                side.end = End::Lost;
                break;
            };
            if self.curve.is_beyond(&tracer.unknowns(&to.scaled)) {
                side.end = End::Beyond;
                break;
            }
            self.notice(&from, &to, &mut side.special);
            let first = &side.places[0];
            let closed = step > 9
                && (&to.scaled - &first.scaled).norm() < pace.longest
                && (&to.scaled - &first.scaled).dot(&(&from.scaled - &first.scaled)) <= 0.0;
            side.places.push(if closed { first.clone() } else { to });
            if outside || closed {
                side.end = if closed { End::Closed } else { End::Range };
                break;
            }
        }
        side
    }

    /// The place at the end of the knob's range, where the next step would pass it.
    fn edge(&self, from: &Place, step: f64) -> Option<Place> {
        let last = from.scaled.len() - 1;
        let (share, slope) = (from.scaled[last], from.tangent[last]);
        let beyond = slope.mul_add(step, share);
        if (0.0..=1.0).contains(&beyond) {
            return None;
        }
        let edge = if beyond > 1.0 { 1.0 } else { 0.0 };
        let distance = (edge - share) / slope;
        let ahead = Place { scaled: &from.scaled + &from.tangent * distance, ..from.clone() };
        let place = self.tracer().place_where(from, &ahead, last, edge)?;
        ((&place.scaled - &ahead.scaled).norm() <= step && place.tangent.dot(&from.tangent) > 0.9).then_some(place)
    }

    /// Special points between two neighbours.
    fn notice(&self, from: &Place, to: &Place, special: &mut Vec<(Special, Place)>) {
        let (tracer, last) = (self.tracer(), from.scaled.len() - 1);
        let mut found: Vec<(Kind, Place)> = Vec::new();
        if from.tangent[last] * to.tangent[last] < 0.0
            && let Some(place) = locate(&tracer, (from, to), |place| Some(place.tangent[last]))
        {
            let kind = if self.is_singular(&place, (from, to)) { Kind::Fold } else { Kind::Corner };
            found.push((kind, place));
        }
        if from.determinant * to.determinant < 0.0
            && let Some(place) = locate(&tracer, (from, to), |place| Some(place.determinant))
            && self.is_branch_point(&place, (from, to))
        {
            found.push((Kind::Branch, place));
        }
        let test = |place: &Place| hopf_test(&self.system(place)?.eigenvalues().ok()?);
        if let (Some(before), Some(after)) = (test(from), test(to))
            && before * after < 0.0
            && let Some(place) = locate(&tracer, (from, to), test)
            && self.frequency(&place).is_some()
        {
            found.push((Kind::Hopf, place));
        }
        let count = (self.unstable(from), self.unstable(to));
        if let (true, (Some(before), Some(after))) = (found.is_empty(), count)
            && before != after
        {
            let sign = |place: &Place| Some(if self.unstable(place)? == before { -1.0 } else { 1.0 });
            if let Some(place) = locate(&tracer, (from, to), sign) {
                found.push((Kind::Corner, place));
            }
        }
        // Where a branch crosses at right angles to the knob, this one may turn back: it is no fold.
        let crossing = found.iter().find(|(kind, _)| *kind == Kind::Branch).map(|(_, place)| place.scaled.clone());
        if let Some(crossing) = crossing {
            found.retain(|(kind, place)| *kind != Kind::Fold || (&place.scaled - &crossing).norm() > SAME_POINT);
        }
        let along = |place: &Place| from.tangent.dot(&place.scaled);
        found.sort_by(|(_, one), (_, other)| along(one).total_cmp(&along(other)));
        special.extend(found.into_iter().map(|(kind, place)| (self.special(kind, &place), place)));
    }

    fn special(&self, kind: Kind, place: &Place) -> Special {
        let unknowns = self.tracer().unknowns(&place.scaled);
        let n = unknowns.len() - 1;
        Special {
            kind,
            share: unknowns[n],
            knob: self.options.value(unknowns[n]),
            observed: self.curve.observe(&unknowns),
            state: unknowns[..n].to_vec(),
            frequency: if kind == Kind::Hopf { self.frequency(place) } else { None },
        }
    }

    pub(super) fn system(&self, place: &Place) -> Option<Point> {
        self.curve.point(&self.tracer().unknowns(&place.scaled))
    }

    fn unstable(&self, place: &Place) -> Option<usize> {
        Some(self.system(place)?.eigenvalues().ok()?.iter().filter(|value| value.re >= 0.0).count())
    }

    /// The imaginary part of the pair on the imaginary axis; none at a neutral saddle.
    fn frequency(&self, place: &Place) -> Option<f64> {
        hopf_frequency(&self.system(place)?.eigenvalues().ok()?)
    }

    /// Whether an eigenvalue vanishes at a place, against what it is at the neighbours; at a corner of a transfer function
    /// it jumps.
    fn is_singular(&self, place: &Place, (from, to): (&Place, &Place)) -> bool {
        let least = |place: &Place| Some(smallest(&self.system(place)?.eigenvalues().ok()?));
        let (Some(here), Some(from), Some(to)) = (least(place), least(from), least(to)) else { return false };
        here <= VANISHING * f64::max(from, to)
    }

    /// Whether the bordered Jacobian becomes singular at a place, against what it is at the neighbours, and does not merely
    /// jump at a corner of a transfer function.
    fn is_branch_point(&self, place: &Place, (from, to): (&Place, &Place)) -> bool {
        let least = |place: &Place| {
            let (_, matrix) = self.tracer().bordered(&place.scaled, &place.tangent)?;
            Some(matrix.singular_values().min())
        };
        let (Some(here), Some(from), Some(to)) = (least(place), least(from), least(to)) else { return false };
        here <= VANISHING * f64::max(from, to)
    }
}

/// A fold this near to a branch point, in the measure of steps, is that branch point.
const SAME_POINT: f64 = 1e-4;
/// Size of an eigenvalue or singular value, relative to that at the neighbours, that counts as 0.
const VANISHING: f64 = 1e-2;
