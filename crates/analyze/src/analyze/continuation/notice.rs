//! Special points between two neighbours on a branch.

use super::corner::ways_on;
use super::follower::{Follower, Way};
use super::special::{Kind, Special, crossing, hopf_test, smallest, unstable};
use super::tracer::{Place, locate};

/// A fold this near to a branch point, in the measure of steps, is that branch point.
const SAME_POINT: f64 = 1e-4;
/// Size of an eigenvalue or singular value, relative to that at the neighbours, that counts as 0.
const VANISHING: f64 = 1e-2;
/// Real parts below this, relative to the largest, at both neighbours.
const STILL: f64 = 1e-6;
/// A smallest singular value below this, relative to the largest, is 0 at the neighbours already.
const NEUTRAL: f64 = 1e-9;
/// Directions whose cosine is above this are one.
const SAME_DIRECTION: f64 = 0.99;

/// A special point that was found: its kind, its place, how many eigenvalues vanish.
struct Found {
    kind: Kind,
    place: Place,
    multiplicity: usize,
}

/// The special points between two neighbours in their order, and the branches that leave at corners between them.
pub(super) fn notice(follower: &Follower<'_>, from: &Place, to: &Place) -> (Vec<(Special, Place)>, Vec<Way>) {
    let pair = Pair { follower, from, to };
    let mut found: Vec<Found> = pair.turn().into_iter().collect();
    let crossing = pair.crossing();
    // Where a branch crosses at right angles to the knob, this one may turn back: it is no fold.
    if let Some(crossing) = &crossing {
        found.retain(|fold| (&fold.place.scaled - &crossing.place.scaled).norm() > SAME_POINT);
    }
    found.extend(crossing);
    found.extend(pair.hopf());
    pair.count(&mut found);
    let along = |found: &Found| from.tangent.dot(&found.place.scaled);
    found.sort_by(|one, other| along(one).total_cmp(&along(other)));
    let ways = found.iter().filter(|found| matches!(found.kind, Kind::Corner | Kind::CornerFold));
    let ways = ways.flat_map(|found| pair.ways(&found.place)).collect();
    let special = found
        .into_iter()
        .map(|Found { kind, place, multiplicity }| (follower.special(kind, &place, multiplicity), place));
    (special.collect(), ways)
}

/// Two neighbours.
struct Pair<'a> {
    follower: &'a Follower<'a>,
    from: &'a Place,
    to: &'a Place,
}

impl Pair<'_> {
    fn locate(&self, test: impl Fn(&Place) -> Option<f64>) -> Option<Place> {
        locate(&self.follower.tracer(), (self.from, self.to), test)
    }

    /// Where the branch turns back.
    fn turn(&self) -> Option<Found> {
        let last = self.from.scaled.len() - 1;
        if self.from.tangent[last] * self.to.tangent[last] >= 0.0 {
            return None;
        }
        let place = self.locate(|place| Some(place.tangent[last]))?;
        // At a corner the tangent jumps past being upright.
        let slope = |place: &Place| place.tangent[last].abs();
        let smooth = slope(&place) <= VANISHING * slope(self.from).max(slope(self.to));
        let kind = if smooth { Kind::Fold } else { Kind::CornerFold };
        Some(Found { kind, place, multiplicity: 1 })
    }

    /// Where another branch crosses: the bordered Jacobian changes its orientation.
    fn crossing(&self) -> Option<Found> {
        if self.from.determinant * self.to.determinant >= 0.0 {
            return None;
        }
        let place = self.locate(|place| Some(place.determinant))?;
        let least = |place: &Place| {
            let (_, matrix) = self.follower.tracer().bordered(&place.scaled, &place.tangent)?;
            let values = matrix.singular_values();
            Some((values.min(), values.max()))
        };
        let (here, from, to) = (least(&place)?, least(self.from)?, least(self.to)?);
        if from.0.max(to.0) <= NEUTRAL * here.1 {
            return None;
        }
        let kind = if here.0 <= VANISHING * f64::max(from.0, to.0) { Kind::Branch } else { Kind::Corner };
        Some(Found { kind, place, multiplicity: 1 })
    }

    fn hopf(&self) -> Option<Found> {
        let test = |place: &Place| hopf_test(&self.follower.eigenvalues(place)?);
        if test(self.from)? * test(self.to)? >= 0.0 {
            return None;
        }
        let place = self.locate(test)?;
        self.follower.frequency(&place)?;
        Some(Found { kind: Kind::Hopf, place, multiplicity: 1 })
    }

    /// Eigenvalues that cross the axis without what was found: several at once by a symmetry, or one that jumps at a corner.
    fn count(&self, found: &mut Vec<Found>) {
        let values = |place: &Place| self.follower.eigenvalues(place);
        let (Some(before), Some(after)) = (values(self.from), values(self.to)) else { return };
        let (before, after) = (unstable(&before), unstable(&after));
        let (few, many) = (before.min(after), before.max(after));
        if few == many {
            return;
        }
        let test = |place: &Place| Some(crossing(&values(place)?, few, many));
        let least = |place: &Place| test(place).map_or(0.0, f64::abs);
        let largest =
            values(self.to).map_or(0.0, |values| values.iter().map(|value| value.re.abs()).fold(0.0, f64::max));
        match &mut found[..] {
            // An eigenvalue that stays near 0, as that of a bump's phase, crosses nothing.
            [] if least(self.from).max(least(self.to)) > STILL * largest => {
                let Some(place) = self.locate(test) else { return };
                let singular = self.is_singular(&place);
                let (kind, multiplicity) = if singular { (Kind::Branch, many - few) } else { (Kind::Corner, 1) };
                found.push(Found { kind, place, multiplicity });
            }
            [one] if one.kind == Kind::Branch && many - few > 1 => {
                one.multiplicity = many - few;
                one.place = self.locate(test).unwrap_or_else(|| one.place.clone());
            }
            _ => {}
        }
    }

    /// Whether an eigenvalue vanishes at a place, against what it is at the neighbours; at a corner of a transfer function
    /// it jumps.
    fn is_singular(&self, place: &Place) -> bool {
        let least = |place: &Place| Some(smallest(&self.follower.eigenvalues(place)?));
        let (Some(here), Some(from), Some(to)) = (least(place), least(self.from), least(self.to)) else { return false };
        here <= VANISHING * f64::max(from, to)
    }

    /// The branches that leave a corner, but for the way here and the way on.
    fn ways(&self, corner: &Place) -> Vec<Way> {
        let own = |way: &Place| {
            way.tangent.dot(&self.from.tangent) < -SAME_DIRECTION || way.tangent.dot(&self.to.tangent) > SAME_DIRECTION
        };
        let ways = ways_on(&self.follower.tracer(), &corner.scaled, &self.from.tangent);
        let others: Vec<Place> = ways.into_iter().filter(|way| !own(way)).collect();
        if others.is_empty() || !self.follower.is_new_crossing(corner) {
            return Vec::new();
        }
        others.into_iter().map(|onward| Way { point: corner.clone(), onward }).collect()
    }
}
