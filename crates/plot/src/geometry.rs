//! Rectangles, clipping and thinning of lines, in figure pixels.

use super::canvas::Point;

/// A rectangle, in pixels, y downward.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub left: f64,
    /// Upper edge.
    pub top: f64,
    /// Right edge.
    pub right: f64,
    /// Lower edge.
    pub bottom: f64,
}

impl Rect {
    pub(super) fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self { left, top, right, bottom }
    }

    /// A rectangle around a centre.
    pub(super) fn around(center: Point, width: f64, height: f64) -> Self {
        let (x, y) = center;
        Self::new(x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0)
    }

    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Whether two rectangles share area.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    pub(super) fn contains(&self, (x, y): Point) -> bool {
        x >= self.left && x <= self.right && y >= self.top && y <= self.bottom
    }

    pub(super) fn grown(&self, by: f64) -> Self {
        Self::new(self.left - by, self.top - by, self.right + by, self.bottom + by)
    }
}

/// The parts of a line inside a rectangle. Points that are not finite break the line.
pub(super) fn clip(points: &[Point], frame: &Rect) -> Vec<Vec<Point>> {
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut current: Vec<Point> = Vec::new();
    for pair in points.windows(2) {
        let Some((from, to)) = clip_segment(pair[0], pair[1], frame) else {
            flush(&mut parts, &mut current);
            continue;
        };
        if current.last() != Some(&from) {
            flush(&mut parts, &mut current);
            current.push(from);
        }
        current.push(to);
    }
    flush(&mut parts, &mut current);
    parts
}

fn flush(parts: &mut Vec<Vec<Point>>, current: &mut Vec<Point>) {
    if current.len() > 1 {
        parts.push(thin(current));
    }
    current.clear();
}

/// Liang and Barsky's clipping of one segment.
fn clip_segment(from: Point, to: Point, frame: &Rect) -> Option<(Point, Point)> {
    if ![from.0, from.1, to.0, to.1].iter().all(|v| v.is_finite()) {
        return None;
    }
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    let sides = [
        (-dx, from.0 - frame.left),
        (dx, frame.right - from.0),
        (-dy, from.1 - frame.top),
        (dy, frame.bottom - from.1),
    ];
    for (speed, room) in sides {
        if speed == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if speed < 0.0 {
            enter = enter.max(room / speed);
        } else {
            leave = leave.min(room / speed);
        }
    }
    if enter > leave || enter.is_nan() || leave.is_nan() {
        return None;
    }
    let at = |s: f64, end: Point| {
        if s <= 0.0 {
            from
        } else if s >= 1.0 {
            end
        } else {
            (from.0 + s * dx, from.1 + s * dy)
        }
    };
    Some((at(enter, to), at(leave, to)))
}

/// Drops points that lie on a straight line between their neighbours, and keeps of every half pixel of x only the
/// first, lowest, highest and last point.
fn thin(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::new();
    let mut start = 0;
    while start < points.len() {
        let column = (points[start].0 * 2.0).floor();
        let mut end = start + 1;
        while end < points.len() && (points[end].0 * 2.0).floor() == column {
            end += 1;
        }
        let group = &points[start..end];
        if group.len() <= 4 {
            kept.extend_from_slice(group);
        } else {
            kept.extend(extremes(group));
        }
        start = end;
    }
    straighten(&kept)
}

fn extremes(group: &[Point]) -> Vec<Point> {
    let by_y = |a: &usize, b: &usize| group[*a].1.total_cmp(&group[*b].1);
    let lowest = (0..group.len()).min_by(by_y).unwrap_or(0);
    let highest = (0..group.len()).max_by(by_y).unwrap_or(0);
    let mut picks = vec![0, lowest, highest, group.len() - 1];
    picks.sort_unstable();
    picks.dedup();
    picks.into_iter().map(|k| group[k]).collect()
}

fn straighten(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for (k, &point) in points.iter().enumerate() {
        if let (Some(&before), Some(&after)) = (kept.last(), points.get(k + 1)) {
            let (ax, ay) = (point.0 - before.0, point.1 - before.1);
            let (bx, by) = (after.0 - point.0, after.1 - point.1);
            if (ax * by - ay * bx).abs() < 1e-9 && ax * bx + ay * by > 0.0 {
                continue;
            }
        }
        kept.push(point);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_to_the_frame() {
        let frame = Rect::new(0.0, 0.0, 10.0, 10.0);
        let parts = clip(&[(-5.0, 5.0), (15.0, 5.0)], &frame);
        assert_eq!(parts, vec![vec![(0.0, 5.0), (10.0, 5.0)]]);
        let parts = clip(&[(1.0, 1.0), (5.0, 20.0), (9.0, 1.0)], &frame);
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn breaks_at_what_is_not_a_number() {
        let frame = Rect::new(0.0, 0.0, 10.0, 10.0);
        let line = [(0.0, 0.0), (1.0, 1.0), (f64::NAN, 2.0), (3.0, 3.0), (4.0, 5.0)];
        assert_eq!(clip(&line, &frame).len(), 2);
        assert!(clip(&[(f64::INFINITY, 0.0), (1.0, 1.0)], &frame).is_empty());
    }

    #[test]
    fn thinning_keeps_peaks() {
        let mut line: Vec<Point> = (0..10_000).map(|k| (f64::from(k) * 0.001, 5.0)).collect();
        line[4_321].1 = 1.0;
        let parts = clip(&line, &Rect::new(0.0, 0.0, 10.0, 10.0));
        assert!(parts[0].len() < 60);
        assert!(parts[0].iter().any(|p| p.1 == 1.0));
    }
}
