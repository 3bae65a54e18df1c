//! Following a branch of fixed points: through folds, over corners of transfer functions, and to its ends.

use super::corner::ways_on;
use super::equilibria::{Branch, BranchPoint, End, Equilibria};
use super::family::Point;
use super::notice::notice;
use super::options::Options;
use super::special::{Kind, Special, hopf_frequency, unstable};
use super::tracer::{Pace, Place, SHARPEST_TURN, Tracer};
use crate::numeric::linear::Complex;
use nalgebra::DVector;
use std::cell::RefCell;

/// A step that must be shorter than this has probably met a corner.
const SUSPECT: f64 = 1e-5;
/// Halvings of a step that meets a corner: until it is at the rounding of the unknowns.
const MOST_HALVINGS: usize = 40;
/// Two directions whose cosine is above this are one.
const SAME_DIRECTION: f64 = 0.99;
/// Two corners this near to each other, in the measure of steps, are one.
const SAME_CORNER: f64 = 1e-6;
/// The least distance, in the measure of steps, at which branches that meet in a point of higher multiplicity are told apart.
const LEAST_AROUND: f64 = 0.015;
/// How far beyond the range of the knob, as a share of it, rounding may take a place.
const OUTSIDE: f64 = 1e-9;
/// A branch that comes back to its start passes it within this share of a step, in about the same direction.
const MISSED_BY: f64 = 0.1;
const SAME_WAY: f64 = 0.9;

/// A branch being traced to one side.
pub(super) struct Side {
    pub places: Vec<Place>,
    pub special: Vec<(Special, Place)>,
    pub ways: Vec<Way>,
    pub end: End,
}

/// Another branch that leaves a point, such as a corner: the point, and a place a little way on.
#[derive(Clone)]
pub(super) struct Way {
    pub point: Place,
    pub onward: Place,
}

/// A branch with where its special points are.
pub(super) struct Traced {
    pub branch: Branch,
    pub places: Vec<Place>,
    pub special: Vec<(Special, Place)>,
    /// The branches that leave it at corners.
    pub ways: Vec<Way>,
}

/// What is followed along a branch of fixed points.
pub(super) struct Follower<'a> {
    pub curve: &'a Equilibria<'a>,
    pub options: &'a Options,
    /// Corners that several branches leave.
    crossings: RefCell<Vec<DVector<f64>>>,
    /// Points at which several eigenvalues vanish at once, with the tangent of the branch on which they were found. Near to
    /// them the branches that meet are not told apart.
    meetings: RefCell<Vec<Place>>,
}

/// What comes next on a branch.
enum Next {
    Place(Place),
    /// A corner, with what lies beyond it.
    Corner(Box<Corner>),
}

struct Corner {
    at: Place,
    onward: Place,
    others: Vec<Place>,
}

impl<'a> Follower<'a> {
    pub(super) fn new(curve: &'a Equilibria<'a>, options: &'a Options) -> Self {
        Self { curve, options, crossings: RefCell::new(Vec::new()), meetings: RefCell::new(Vec::new()) }
    }

    pub(super) fn tracer(&self) -> Tracer<'a, Equilibria<'a>> {
        Tracer { curve: self.curve }
    }

    /// The place where the knob has a share and the variables are near a state. Where that is a corner, a place beside it.
    pub(super) fn start(&self, state: &[f64], share: f64) -> Option<Place> {
        let tracer = self.tracer();
        let guess = tracer.scaled(&state.iter().copied().chain([share]).collect::<Vec<_>>());
        let mut along = DVector::zeros(guess.len());
        along[guess.len() - 1] = 1.0;
        let (found, _) = tracer.correct(&guess, &along)?;
        // At a fold the knob's direction is no tangent: any other border serves.
        let place = tracer.place(found.clone(), &along).or_else(|| {
            tracer.place(found.clone(), &DVector::from_element(guess.len(), 1.0 / libm::sqrt(guess.len() as f64)))
        });
        let regular = |place: &Place| {
            [SUSPECT, -SUSPECT].iter().all(|distance| {
                tracer.step(place, *distance).is_some_and(|(next, _)| next.tangent.dot(&place.tangent) >= SHARPEST_TURN)
            })
        };
        match place {
            Some(place) if regular(&place) => Some(place),
            other => ways_on(&tracer, &found, &along).into_iter().next().or(other),
        }
    }

    /// Both sides of a branch that runs through a place.
    pub(super) fn both_sides(&self, start: &Place) -> Traced {
        let forward = self.follow(start.clone());
        if forward.end == End::Closed {
            let back = Side { places: vec![start.clone()], special: vec![], ways: vec![], end: End::Closed };
            return self.join(back, forward);
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
        let lost = || Side { places: vec![], special: vec![], ways: vec![], end: End::Lost };
        let mut forward = side(1.0).unwrap_or_else(lost);
        let backward = match forward.end {
            End::Closed => Side { end: End::Closed, ..lost() },
            _ => side(-1.0).unwrap_or_else(lost),
        };
        let middle = Place { tangent: along.clone(), ..at.clone() };
        let back = Side { places: std::iter::once(middle).chain(backward.places).collect(), ..backward };
        // The branch point itself stands once, between both sides.
        forward.places.insert(0, at.clone());
        self.join(back, forward)
    }

    /// How near to a point of higher multiplicity branches are not told apart.
    pub(super) fn around(&self) -> f64 {
        self.options.settings().dsmax.max(LEAST_AROUND)
    }

    /// Notes a point of higher multiplicity: other branches end there.
    pub(super) fn meet_at(&self, point: &Place) {
        self.meetings.borrow_mut().push(point.clone());
    }

    /// The point of higher multiplicity to which a step comes, not along the branch on which that was found.
    fn meeting(&self, from: &Place, to: &Place) -> Option<Place> {
        let meetings = self.meetings.borrow();
        let met = meetings.iter().find(|point| {
            let far = |place: &Place| (&place.scaled - &point.scaled).norm();
            far(to) < self.around() && far(to) < far(from) && to.tangent.dot(&point.tangent).abs() < SAME_WAY
        });
        met.cloned()
    }

    /// A branch that leaves others at a point, from a place a little way on.
    pub(super) fn leave_point(&self, way: &Way) -> Traced {
        let mut forward = self.follow(way.onward.clone());
        forward.places.insert(0, way.point.clone());
        let back = Side { places: vec![way.point.clone()], special: vec![], ways: vec![], end: End::Crossing };
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
        let ways = back.ways.into_iter().chain(forward.ways).collect();
        let mut points: Vec<BranchPoint> = places.iter().map(|place| self.point(place)).collect();
        let corners = |place: &Place| special.iter().any(|(_, corner)| corner.scaled == place.scaled);
        for index in (1..points.len().saturating_sub(1)).filter(|index| corners(&places[*index])) {
            points[index].unstable = points[index - 1].unstable.max(points[index + 1].unstable);
        }
        let branch = Branch { points, special: special.iter().map(|(special, _)| special.clone()).collect(), ends };
        Traced { branch, places, special, ways }
    }

    fn point(&self, place: &Place) -> BranchPoint {
        let unknowns = self.tracer().unknowns(&place.scaled);
        let n = unknowns.len() - 1;
        BranchPoint {
            share: unknowns[n],
            knob: self.options.value(unknowns[n]),
            unstable: self.eigenvalues(place).map_or(0, |values| unstable(&values)),
            observed: self.curve.observe(&unknowns),
            state: unknowns[..n].to_vec(),
        }
    }

    /// Follows a branch from a place to one side.
    fn follow(&self, start: Place) -> Side {
        let mut pace = self.pace();
        let mut side = Side { places: vec![start], special: vec![], ways: vec![], end: End::MostSteps };
        for step in 0..self.options.settings().max_steps {
            let from = side.places[side.places.len() - 1].clone();
            let edge = self.edge(&from, pace.step);
            let outside = edge.is_some();
            let next = edge.map(Next::Place).or_else(|| self.next(&from, &mut pace));
            let to = match next {
                Some(Next::Place(to)) => {
                    let (special, ways) = notice(self, &from, &to);
                    side.special.extend(special);
                    side.ways.extend(ways);
                    to
                }
                Some(Next::Corner(corner)) => {
                    side.places.push(corner.at.clone());
                    let known = self.is_crossing(&corner);
                    self.pass(&from, (&corner, known), &mut side);
                    if known {
                        side.end = End::Crossing;
                        break;
                    }
                    corner.onward
                }
                None => {
                    side.end = End::Lost;
                    break;
                }
            };
            let share = to.scaled[to.scaled.len() - 1];
            if !(-OUTSIDE..=1.0 + OUTSIDE).contains(&share) {
                side.end = End::Range;
                break;
            }
            if self.curve.is_beyond(&self.tracer().unknowns(&to.scaled)) {
                side.end = End::Beyond;
                break;
            }
            if let Some(point) = self.meeting(&from, &to) {
                side.places.push(point);
                side.end = End::Crossing;
                break;
            }
            let first = &side.places[0];
            let closed = step > 1 && closes(first, &from, &to);
            side.places.push(if closed { first.clone() } else { to });
            if outside || closed {
                side.end = if closed { End::Closed } else { End::Range };
                break;
            }
        }
        side
    }

    /// The next place, or a corner where steps become suspiciously short.
    fn next(&self, from: &Place, pace: &mut Pace) -> Option<Next> {
        let tracer = self.tracer();
        // What was no corner a moment ago is none now.
        let floor = if pace.step < SUSPECT { pace.shortest } else { pace.shortest.max(SUSPECT) };
        let mut careful = Pace { shortest: floor, step: pace.step.max(floor), ..*pace };
        if let Some(place) = tracer.advance(from, &mut careful) {
            pace.step = careful.step;
            return Some(Next::Place(place));
        }
        if pace.step >= SUSPECT
            && let Some(corner) = self.corner(from, floor)
        {
            pace.step = self.options.settings().ds;
            return Some(Next::Corner(Box::new(corner)));
        }
        pace.step = floor;
        // At the shortest step any turn is taken.
        let place = tracer.advance(from, pace).or_else(|| Some(tracer.step(from, pace.step)?.0));
        place.map(Next::Place)
    }

    /// The corner that a branch meets within a distance, with the way on; none where there is no corner.
    fn corner(&self, from: &Place, distance: f64) -> Option<Corner> {
        let tracer = self.tracer();
        let (mut low, mut high, mut at) = (0.0, distance, from.clone());
        for _ in 0..MOST_HALVINGS {
            let middle = f64::midpoint(low, high);
            let smooth = tracer.step(from, middle).filter(|(to, _)| to.tangent.dot(&from.tangent) >= SHARPEST_TURN);
            match smooth {
                Some((place, _)) => (low, at) = (middle, place),
                None => high = middle,
            }
        }
        let back = |way: &Place| way.tangent.dot(&from.tangent) < -SAME_DIRECTION;
        let ways: Vec<Place> =
            ways_on(&tracer, &at.scaled, &from.tangent).into_iter().filter(|way| !back(way)).collect();
        // The way on has the orientation of the way here; among several, the straightest.
        let rank = |way: &Place| {
            let kept = way.determinant * from.determinant > 0.0;
            (kept, way.tangent.dot(&from.tangent))
        };
        let best = (0..ways.len()).max_by(|one, other| {
            let (one, other) = (rank(&ways[*one]), rank(&ways[*other]));
            one.0.cmp(&other.0).then(one.1.total_cmp(&other.1))
        })?;
        let mut others = ways;
        let onward = others.remove(best);
        let at = Place { tangent: from.tangent.clone(), determinant: from.determinant, ..at };
        Some(Corner { at, onward, others })
    }

    /// Whether several branches are known to leave a corner; it is known from then on if they do.
    fn is_crossing(&self, corner: &Corner) -> bool {
        !corner.others.is_empty() && !self.is_new_crossing(&corner.at)
    }

    /// Notes a corner that several branches leave; false where it is known.
    pub(super) fn is_new_crossing(&self, at: &Place) -> bool {
        let mut crossings = self.crossings.borrow_mut();
        let new = !crossings.iter().any(|known| (known - &at.scaled).norm() < SAME_CORNER);
        if new {
            crossings.push(at.scaled.clone());
        }
        new
    }

    /// Names a corner that is passed, where something changes there.
    fn pass(&self, from: &Place, (corner, known): (&Corner, bool), side: &mut Side) {
        let Corner { at, onward, others } = corner;
        let last = at.scaled.len() - 1;
        let count = |place: &Place| self.eigenvalues(place).map(|values| unstable(&values));
        let kind = match (from.tangent[last] * onward.tangent[last] < 0.0, count(from) == count(onward)) {
            (true, _) => Some(Kind::CornerFold),
            (false, unchanged) if !unchanged || !others.is_empty() => Some(Kind::Corner),
            _ => None,
        };
        if !known {
            side.special.extend(kind.map(|kind| (self.special(kind, at, 1), at.clone())));
            side.ways.extend(others.iter().map(|way| Way { point: at.clone(), onward: way.clone() }));
        }
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

    pub(super) fn special(&self, kind: Kind, place: &Place, multiplicity: usize) -> Special {
        let unknowns = self.tracer().unknowns(&place.scaled);
        let n = unknowns.len() - 1;
        Special {
            kind,
            share: unknowns[n],
            knob: self.options.value(unknowns[n]),
            observed: self.curve.observe(&unknowns),
            state: unknowns[..n].to_vec(),
            frequency: if kind == Kind::Hopf { self.frequency(place) } else { None },
            multiplicity,
        }
    }

    fn system(&self, place: &Place) -> Option<Point> {
        self.curve.point(&self.tracer().unknowns(&place.scaled))
    }

    pub(super) fn eigenvalues(&self, place: &Place) -> Option<Vec<Complex>> {
        self.system(place)?.eigenvalues().ok()
    }

    /// The imaginary part of the pair on the imaginary axis; none at a neutral saddle.
    pub(super) fn frequency(&self, place: &Place) -> Option<f64> {
        hopf_frequency(&self.eigenvalues(place)?)
    }
}

/// Whether a step passes the first place of its branch, in the direction in which it started.
fn closes(first: &Place, from: &Place, to: &Place) -> bool {
    let along = &to.scaled - &from.scaled;
    let off = &first.scaled - &from.scaled;
    let length = along.norm();
    let share = off.dot(&along) / (length * length);
    (0.0..=1.0).contains(&share)
        && (off - &along * share).norm() <= MISSED_BY * length
        && to.tangent.dot(&first.tangent) > SAME_WAY
}
