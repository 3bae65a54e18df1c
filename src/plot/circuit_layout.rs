//! Where the nodes of a circuit stand, and how its connections run.

use super::canvas::Point;

/// Radius within which a node's shape lies, in pixels.
pub(super) const NODE: f64 = 37.0;
/// Half the width and half the height of the ellipse on which nodes stand, for four of them.
const ELLIPSE: (f64, f64) = (205.0, 158.0);
/// How far connections bow to their right, relative to their length.
const BOW: f64 = 0.13;
/// Radius of a loop.
const LOOP: f64 = 17.0;
/// Points along a curve.
const POINTS: usize = 40;

/// A node's place: its centre, and the direction away from the middle of the circuit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub center: Point,
    pub outward: Point,
}

/// Nodes on an ellipse around a centre, the first one at its left.
pub(super) fn places(count: usize, center: Point) -> Vec<Place> {
    let grown = (count as f64 / 4.0).max(1.0);
    let turn = std::f64::consts::TAU / count.max(1) as f64;
    (0..count)
        .map(|index| {
            let (sin, cos) = libm::sincos(std::f64::consts::PI + turn * index as f64);
            let spread = if count == 1 { 0.0 } else { grown };
            let center = (center.0 + spread * ELLIPSE.0 * cos, center.1 + spread * ELLIPSE.1 * sin);
            Place { center, outward: (cos, sin) }
        })
        .collect()
}

/// Half the width and height that nodes take, with their shapes.
pub(super) fn extent(count: usize) -> Point {
    let grown = if count == 1 { 0.0 } else { (count as f64 / 4.0).max(1.0) };
    (grown * ELLIPSE.0 + NODE, grown * ELLIPSE.1 + NODE)
}

/// A curve from one node's edge to another's, bowed to its right so that the way back has room.
pub(super) fn bow(from: Point, to: Point) -> Vec<Point> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = libm::hypot(dx, dy).max(1.0);
    let middle = (f64::midpoint(from.0, to.0) - BOW * dy, f64::midpoint(from.1, to.1) + BOW * dx);
    let bezier = |s: f64| {
        let (a, b, c) = ((1.0 - s) * (1.0 - s), 2.0 * s * (1.0 - s), s * s);
        (a * from.0 + b * middle.0 + c * to.0, a * from.1 + b * middle.1 + c * to.1)
    };
    let start = (NODE + 5.0) / length;
    let end = 1.0 - (NODE + 11.0) / length;
    (0..=POINTS).map(|k| bezier(start + (end - start) * k as f64 / POINTS as f64)).collect()
}

/// A loop from a node back to itself, on its outer side and turned a little, so that there is room for notes.
pub(super) fn self_loop(place: &Place) -> Vec<Point> {
    let (sin, cos) = libm::sincos(0.95);
    let direction = (place.outward.0 * cos - place.outward.1 * sin, place.outward.0 * sin + place.outward.1 * cos);
    let distance = NODE + LOOP - 3.0;
    let center = (place.center.0 + distance * direction.0, place.center.1 + distance * direction.1);
    let begin = libm::atan2(-direction.1, -direction.0) + 0.75;
    let sweep = std::f64::consts::TAU - 1.5 - 0.2;
    (0..=POINTS)
        .map(|k| {
            let (sin, cos) = libm::sincos(begin + sweep * k as f64 / POINTS as f64);
            (center.0 + LOOP * cos, center.1 + LOOP * sin)
        })
        .collect()
}

/// The point at the end of a curve, and the direction in which it arrives.
pub(super) fn arrival(curve: &[Point]) -> Option<(Point, Point)> {
    let (&end, &before) = (curve.last()?, curve.get(curve.len().checked_sub(3)?)?);
    let (dx, dy) = (end.0 - before.0, end.1 - before.1);
    let length = libm::hypot(dx, dy);
    (length > 0.0).then(|| (end, (dx / length, dy / length)))
}
