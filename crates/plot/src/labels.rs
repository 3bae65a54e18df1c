//! Keeping labels apart: along a line (labels at the ends of curves) and in the plane (notes beside nodes).

use super::canvas::Point;
use super::geometry::Rect;
use std::collections::HashMap;

/// Least distance of labels at the ends of curves, in pixels.
pub(super) const LABEL_GAP: f64 = 14.5;

/// Moves positions as little as possible (least squares) so that neighbours are `gap` apart and all lie between `low`
/// and `high`. Order is kept. Where there is no room for all gaps they shrink evenly.
pub(super) fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let count = wanted.len();
    if count == 0 {
        return Vec::new();
    }
    let middle = f64::midpoint(low, high);
    let clean = |v: f64| if v.is_finite() { v.clamp(low, high.max(low)) } else { middle };
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| clean(wanted[a]).total_cmp(&clean(wanted[b])));
    let gap = gap.min((high - low).max(0.0) / (count.max(2) - 1) as f64);
    // With the gaps taken away, the positions must only not decrease: pool the adjacent violators.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (rank, &k) in order.iter().enumerate() {
        let mut pool = (clean(wanted[k]) - rank as f64 * gap, 1);
        while let Some(&(mean, size)) = pools.last() {
            if mean <= pool.0 {
                break;
            }
            let total = size + pool.1;
            pool = ((mean * size as f64 + pool.0 * pool.1 as f64) / total as f64, total);
            pools.pop();
        }
        pools.push(pool);
    }
    let ceiling = high - gap * (count - 1) as f64;
    let reduced = pools.iter().flat_map(|&(mean, size)| std::iter::repeat_n(mean, size));
    let mut placed = vec![0.0; count];
    for ((rank, &k), position) in order.iter().enumerate().zip(reduced) {
        placed[k] = position.min(ceiling).max(low) + rank as f64 * gap;
    }
    placed
}

/// Side of the cells by which what lies on a page is found, in pixels.
const CELL: f64 = 24.0;

type Cell = (i64, i64);

fn cell_of((x, y): Point) -> Cell {
    ((x / CELL).floor() as i64, (y / CELL).floor() as i64)
}

/// The cells that a box touches.
fn cells_of(area: &Rect) -> impl Iterator<Item = Cell> {
    let (low, high) = (cell_of((area.left, area.top)), cell_of((area.right, area.bottom)));
    (low.0..=high.0).flat_map(move |x| (low.1..=high.1).map(move |y| (x, y)))
}

/// What is already on the page, and what must not be covered: by cells, so that a look at one place does not grow with
/// all that lies elsewhere.
#[derive(Default)]
pub(super) struct Obstacles {
    boxes: HashMap<Cell, Vec<Rect>>,
    points: HashMap<Cell, Vec<Point>>,
}

impl Obstacles {
    pub(super) fn add_box(&mut self, taken: Rect) {
        if [taken.left, taken.top, taken.right, taken.bottom].iter().all(|side| side.is_finite()) {
            cells_of(&taken).for_each(|cell| self.boxes.entry(cell).or_default().push(taken));
        }
    }

    /// A curve, as points close to one another.
    pub(super) fn add_points(&mut self, points: impl IntoIterator<Item = Point>) {
        for point in points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
            self.points.entry(cell_of(point)).or_default().push(point);
        }
    }

    /// How badly a box would cover what is there: overlapping boxes weigh most.
    fn cost(&self, label: &Rect) -> f64 {
        let roomy = label.grown(3.0);
        if ![roomy.left, roomy.top, roomy.right, roomy.bottom].iter().all(|side| side.is_finite()) {
            return f64::INFINITY;
        }
        let (mut shared, mut points) = (0.0, 0);
        for cell in cells_of(&roomy) {
            points += self.points.get(&cell).into_iter().flatten().filter(|p| roomy.contains(**p)).count();
            for taken in self.boxes.get(&cell).into_iter().flatten().filter(|taken| taken.overlaps(&roomy)) {
                let corner = (taken.left.max(roomy.left), taken.top.max(roomy.top));
                // A box lies in several cells and counts in that of the overlap's corner.
                if cell_of(corner) == cell {
                    let width = taken.right.min(roomy.right) - corner.0;
                    let height = taken.bottom.min(roomy.bottom) - corner.1;
                    shared += 50.0 + width * height;
                }
            }
        }
        shared * 100.0 + 10.0 * points as f64
    }

    /// Whether a box covers nothing.
    pub(super) fn is_free(&self, label: &Rect) -> bool {
        self.cost(label) == 0.0
    }

    /// The best of some places for a box, in order of preference; it is then taken.
    pub(super) fn place(&mut self, candidates: impl IntoIterator<Item = Rect>) -> Option<Rect> {
        let mut best: Option<(f64, Rect)> = None;
        for (rank, candidate) in candidates.into_iter().enumerate() {
            let cost = self.cost(&candidate) + rank as f64 * 0.01;
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, candidate));
            }
        }
        let (_, place) = best?;
        self.add_box(place);
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn leaves_what_is_apart_where_it_is() {
        assert_eq!(spread(&[10.0, 30.0, 50.0], 5.0, 0.0, 100.0), [10.0, 30.0, 50.0]);
    }

    #[test]
    fn centres_a_crowd_on_its_mean() {
        assert_eq!(spread(&[50.0, 50.0, 50.0], 10.0, 0.0, 100.0), [40.0, 50.0, 60.0]);
        assert_eq!(spread(&[0.0, 0.0], 10.0, 0.0, 100.0), [0.0, 10.0]);
        assert_eq!(spread(&[100.0, 100.0], 10.0, 0.0, 100.0), [90.0, 100.0]);
    }

    proptest! {
        #[test]
        fn keeps_gaps_and_bounds(wanted in prop::collection::vec(-50.0..150.0_f64, 0..20)) {
            let placed = spread(&wanted, 5.0, 0.0, 100.0);
            let mut sorted = placed.clone();
            sorted.sort_by(f64::total_cmp);
            for pair in sorted.windows(2) {
                prop_assert!(pair[1] - pair[0] > 5.0 - 1e-9);
            }
            prop_assert!(placed.iter().all(|p| (-1e-9..=100.0 + 1e-9).contains(p)));
        }
    }

    #[test]
    fn finds_the_free_place() {
        let mut page = Obstacles::default();
        page.add_box(Rect::new(0.0, 0.0, 50.0, 50.0));
        let free = Rect::new(60.0, 0.0, 90.0, 20.0);
        assert_eq!(page.place([Rect::new(10.0, 10.0, 40.0, 30.0), free]), Some(free));
        assert_ne!(page.place([free, Rect::new(60.0, 40.0, 90.0, 60.0)]), Some(free));
    }
}
