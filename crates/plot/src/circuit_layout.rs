//! Where the parts of a circuit's graph stand: nodes, curved edges cut at the nodes' outlines, blocks beside nodes.

use super::canvas::{Canvas, Point};
use super::geometry::Rect;
use super::labels::Obstacles;
use super::palette::{Color, Role};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Radius of an inhibitory node.
pub(super) const DISC: f64 = 36.0;
/// Distance of an excitatory node's corners from its centre.
pub(super) const TRIANGLE: f64 = 54.0;
/// Distance between the outline of a node and the end of an edge.
const GAP: f64 = 5.0;
/// Distance between the outline of a node and the dots that stand for its units.
const RING: f64 = 5.0;
/// Points of a curved edge.
const STEPS: usize = 120;

/// Where the sides of an excitatory node face, in degrees.
const SIDES: [f64; 3] = [90.0, 210.0, 330.0];

/// Outline of a node.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub center: Point,
    pub role: Role,
}

impl Shape {
    /// The corners of an excitatory node.
    pub(super) fn corners(&self) -> Vec<Point> {
        self.corners_at(TRIANGLE).to_vec()
    }

    /// Whether a point lies within the outline or so many pixels around it.
    fn holds(&self, (x, y): Point, margin: f64) -> bool {
        let (dx, dy) = (x - self.center.0, y - self.center.1);
        match self.role {
            Role::Inhibitory => libm::hypot(dx, dy) < DISC + margin,
            Role::Excitatory => SIDES.iter().all(|side| across((dx, dy), *side).0 < TRIANGLE / 2.0 + margin),
        }
    }

    /// Direction away from the outline near a point.
    pub(super) fn normal(&self, (x, y): Point) -> Point {
        let (dx, dy) = (x - self.center.0, y - self.center.1);
        match self.role {
            Role::Inhibitory => {
                let length = libm::hypot(dx, dy).max(1e-9);
                (dx / length, dy / length)
            }
            Role::Excitatory => {
                let mut sides = SIDES.map(|side| across((dx, dy), side));
                sides.sort_by(|a, b| b.0.total_cmp(&a.0));
                let [(_, first), (second_reach, second), _] = sides;
                // Around a corner, half way between its sides: their unit vectors are 120 degrees apart.
                let corner = second_reach > TRIANGLE / 2.0 - 10.0;
                if corner { (first.0 + second.0, first.1 + second.1) } else { first }
            }
        }
    }

    /// Units around the outline: what a population on a ring has beside one that is none.
    pub(super) fn draw_ring(&self, canvas: &mut Canvas, color: Color) {
        let places: Vec<Point> = match self.role {
            Role::Inhibitory => {
                let dot = |k: i32| along(self.center, f64::from(k) * TAU / 24.0, DISC + RING);
                (0..24).map(dot).collect()
            }
            Role::Excitatory => {
                let grown = self.corners_at(TRIANGLE + 2.0 * RING);
                let side = |k: usize| (0..8).map(move |step| (k, f64::from(step) / 8.0));
                let at = |(k, share): (usize, f64)| {
                    let (a, b) = (grown[k], grown[(k + 1) % 3]);
                    (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1))
                };
                (0..3).flat_map(side).map(at).collect()
            }
        };
        places.into_iter().for_each(|place| canvas.disc(place, 2.2, color));
    }

    fn corners_at(&self, distance: f64) -> [Point; 3] {
        [-90.0_f64, 30.0, 150.0].map(|degrees| along(self.center, degrees.to_radians(), distance))
    }

    /// A box around the outline.
    pub(super) fn bounds(&self) -> Rect {
        let (x, y) = self.center;
        match self.role {
            Role::Inhibitory => Rect::around(self.center, 2.0 * DISC, 2.0 * DISC),
            Role::Excitatory => {
                let half = TRIANGLE * libm::sqrt(3.0) / 2.0;
                Rect::new(x - half, y - TRIANGLE, x + half, y + TRIANGLE / 2.0)
            }
        }
    }
}

/// How far an offset reaches across a side that faces some way (degrees), and the unit vector that way.
fn across((dx, dy): Point, degrees: f64) -> (f64, Point) {
    let (sin, cos) = libm::sincos(degrees.to_radians());
    (dx * cos + dy * sin, (cos, sin))
}

fn along(from: Point, angle: f64, length: f64) -> Point {
    let (sin, cos) = libm::sincos(angle);
    (from.0 + length * cos, from.1 + length * sin)
}

/// Nodes around the origin: one in the middle, two side by side, three as a triangle with the only excitatory node
/// below, four as a rectangle, more on an ellipse, clockwise in their order.
pub(super) fn arrange(roles: &[Role]) -> Vec<Shape> {
    let count = roles.len();
    let mut places: Vec<Point> = match count {
        0 => Vec::new(),
        1 => vec![(0.0, 0.0)],
        2 => vec![(-125.0, 0.0), (125.0, 0.0)],
        3 => vec![(-140.0, -95.0), (140.0, -95.0), (0.0, 120.0)],
        4 => vec![(-165.0, -135.0), (165.0, -135.0), (165.0, 135.0), (-165.0, 135.0)],
        _ => {
            let radius = (count as f64 * 30.0).max(170.0);
            let step = TAU / count as f64;
            let start = -FRAC_PI_2 - if count.is_multiple_of(2) { step / 2.0 } else { 0.0 };
            let place = |k: usize| {
                let (x, y) = along((0.0, 0.0), start + step * k as f64, radius);
                (1.25 * x, y)
            };
            (0..count).map(place).collect()
        }
    };
    if count == 3 {
        let mut excitatory = (0..3).filter(|&k| roles[k] == Role::Excitatory);
        if let (Some(only), None) = (excitatory.next(), excitatory.next()) {
            places.rotate_left((5 - only) % 3);
        }
    }
    places.into_iter().zip(roles).map(|(center, &role)| Shape { center, role }).collect()
}

/// The edge between two nodes, cut at their outlines; bowed to the right of its direction, so that the edge back runs
/// apart. `rank` tells parallel edges apart. None where the nodes leave no room.
pub(super) fn edge(shapes: &[Shape], from: usize, onto: usize, rank: usize) -> Option<Vec<Point>> {
    let (a, b) = (shapes.get(from)?, shapes.get(onto)?);
    let path = if from == onto { self_loop(shapes, from, rank) } else { arc(shapes, from, onto, rank) };
    let path = cut(&path, b);
    let backward: Vec<Point> = path.into_iter().rev().collect();
    let mut path = cut(&backward, a);
    path.reverse();
    (path.len() > 1).then_some(path)
}

fn arc(shapes: &[Shape], from: usize, onto: usize, rank: usize) -> Vec<Point> {
    let (a, b) = (shapes[from].center, shapes[onto].center);
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = libm::hypot(dx, dy).max(1.0);
    let bow = (16.0 + 0.07 * length) * (1.0 + 0.7 * rank as f64);
    let mut control = (f64::midpoint(a.0, b.0) - dy / length * bow, f64::midpoint(a.1, b.1) + dx / length * bow);
    // Edges past other nodes of a ring are drawn toward its middle.
    let apart = from.abs_diff(onto).min(shapes.len() - from.abs_diff(onto));
    if shapes.len() > 5 && apart > 1 {
        control = (0.7 * control.0, 0.7 * control.1);
    }
    bezier([a, control, control, b], 2.0 / 3.0)
}

/// A cubic curve whose inner control points are drawn to the ends by `pull` (1: not at all).
fn bezier([a, b, c, d]: [Point; 4], pull: f64) -> Vec<Point> {
    let mix = |p: Point, q: Point| (p.0 + pull * (q.0 - p.0), p.1 + pull * (q.1 - p.1));
    let (b, c) = (mix(a, b), mix(d, c));
    (0..=STEPS)
        .map(|k| {
            let t = k as f64 / STEPS as f64;
            let s = 1.0 - t;
            let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
            let sum = |v: [f64; 4]| v.iter().zip(weights).map(|(v, w)| v * w).sum();
            (sum([a.0, b.0, c.0, d.0]), sum([a.1, b.1, c.1, d.1]))
        })
        .collect()
}

fn self_loop(shapes: &[Shape], node: usize, rank: usize) -> Vec<Point> {
    let shape = shapes[node];
    let direction = free_direction(shapes, node);
    let reach = if shape.role == Role::Excitatory { 136.0 } else { 122.0 } + 22.0 * rank as f64;
    let side = 0.62;
    let (left, right) = (along(shape.center, direction - side, reach), along(shape.center, direction + side, reach));
    bezier([shape.center, left, right, shape.center], 1.0)
}

/// The middle of the widest angle between the directions to the other nodes.
pub(super) fn free_direction(shapes: &[Shape], node: usize) -> f64 {
    let center = shapes[node].center;
    let others = shapes.iter().enumerate().filter(|(k, _)| *k != node);
    let mut angles: Vec<f64> = others.map(|(_, s)| libm::atan2(s.center.1 - center.1, s.center.0 - center.0)).collect();
    angles.sort_by(f64::total_cmp);
    let (Some(&first), Some(&last)) = (angles.first(), angles.last()) else { return -FRAC_PI_2 };
    let mut widest = (first + TAU - last, f64::midpoint(last, first + TAU));
    for pair in angles.windows(2) {
        if pair[1] - pair[0] > widest.0 + 1e-9 {
            widest = (pair[1] - pair[0], f64::midpoint(pair[0], pair[1]));
        }
    }
    // With one other node the way up is as free as any, and leaves the sides to notes.
    if shapes.len() == 2 { -FRAC_PI_2 } else { widest.1 }
}

/// The path up to where it last enters a node's surroundings.
fn cut(path: &[Point], shape: &Shape) -> Vec<Point> {
    let Some(last) = path.iter().rposition(|p| !shape.holds(*p, GAP)) else { return Vec::new() };
    let mut kept = path[..=last].to_vec();
    if let Some(&beyond) = path.get(last + 1) {
        let (mut outside, mut inside) = (path[last], beyond);
        for _ in 0..12 {
            let middle = (f64::midpoint(outside.0, inside.0), f64::midpoint(outside.1, inside.1));
            if shape.holds(middle, GAP) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        kept.push(outside);
    }
    kept
}

/// The path without its last `length` pixels, and the direction in which it then goes on to its end.
pub(super) fn shorten(path: &[Point], length: f64) -> (Vec<Point>, Point) {
    let Some(&tip) = path.last() else { return (Vec::new(), (1.0, 0.0)) };
    let distance = |p: &Point| libm::hypot(tip.0 - p.0, tip.1 - p.1);
    let keep = path.iter().rposition(|p| distance(p) >= length.max(0.1)).unwrap_or(0);
    let mut kept = path[..=keep].to_vec();
    let far = distance(&path[keep]).max(1e-9);
    let direction = ((tip.0 - path[keep].0) / far, (tip.1 - path[keep].1) / far);
    kept.push((tip.0 - direction.0 * length.min(far), tip.1 - direction.1 * length.min(far)));
    (kept, direction)
}

/// A place for a block of some size beside a node: outward if that is free.
pub(super) fn beside(shapes: &[Shape], node: usize, size: (f64, f64), page: &mut Obstacles) -> Option<Rect> {
    let bounds = shapes.get(node)?.bounds();
    let middle = (f64::midpoint(bounds.left, bounds.right), f64::midpoint(bounds.top, bounds.bottom));
    let outward = match middle {
        (x, y) if x.abs() + 1.0 < 0.8 * y.abs() => libm::atan2(y, 0.2 * x),
        (x, _) => libm::atan2(0.0, if x < -1.0 { -1.0 } else { 1.0 }),
    };
    let mut candidates = Vec::new();
    for room in [10.0, 26.0, 48.0, 76.0, 110.0, 150.0] {
        for k in 0..16_i32 {
            let turn = f64::from((k + 1) / 2) * if k % 2 == 0 { 1.0 } else { -1.0 } * PI / 8.0;
            let (sin, cos) = libm::sincos(outward + turn);
            let reach = |half: f64, length: f64| half + room + length / 2.0;
            let (a, b) = (reach(bounds.width() / 2.0, size.0), reach(bounds.height() / 2.0, size.1));
            // From the middle outward to the rectangle on which the block's middle may lie.
            let scale = (a / cos.abs().max(1e-9)).min(b / sin.abs().max(1e-9));
            candidates.push(Rect::around((middle.0 + scale * cos, middle.1 + scale * sin), size.0, size.1));
        }
    }
    page.place(candidates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_excitatory_node_of_three_stands_below() {
        for excitatory in 0..3 {
            let mut roles = [Role::Inhibitory; 3];
            roles[excitatory] = Role::Excitatory;
            assert_eq!(arrange(&roles)[excitatory].center, (0.0, 120.0));
        }
    }

    #[test]
    fn nodes_stand_apart_and_edges_end_at_outlines() {
        for count in 2..=12 {
            let roles: Vec<Role> =
                (0..count).map(|k| if k % 3 == 0 { Role::Excitatory } else { Role::Inhibitory }).collect();
            let shapes = arrange(&roles);
            for a in 0..count {
                for b in 0..count {
                    assert!(a == b || !shapes[a].bounds().overlaps(&shapes[b].bounds()), "{count}: {a} {b}");
                    let path = edge(&shapes, a, b, 0).unwrap();
                    assert!(path.iter().all(|p| !shapes[b].holds(*p, GAP - 0.1)), "{count}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn edges_of_a_pair_run_apart() {
        let shapes = arrange(&[Role::Inhibitory; 2]);
        let there = edge(&shapes, 0, 1, 0).unwrap();
        let back = edge(&shapes, 1, 0, 0).unwrap();
        let middle = |path: &[Point]| path[path.len() / 2].1;
        assert!((middle(&there) - middle(&back)).abs() > 20.0);
    }
}
