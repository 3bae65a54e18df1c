//! Lines along which a function on a plane is 0: found in the cells of a grid, refined on their edges, and joined.

use std::collections::HashMap;

/// Steps of the search on an edge.
const MOST_HALVINGS: usize = 40;
/// Length of the bracket on an edge, relative to the edge, at which the search ends.
const NARROW: f64 = 1e-9;

/// Nodes of a grid over a rectangle.
pub(super) struct Grid<N> {
    ranges: [[f64; 2]; 2],
    cells: usize,
    nodes: Vec<Option<N>>,
}

impl<N> Grid<N> {
    /// A grid without nodes yet.
    pub(super) fn new(ranges: [[f64; 2]; 2], cells: usize) -> Self {
        let count = (cells + 1) * (cells + 1);
        Self { ranges, cells, nodes: std::iter::repeat_with(|| None).take(count).collect() }
    }

    /// The place of a node.
    pub(super) fn at(&self, column: usize, row: usize) -> [f64; 2] {
        let place = |axis: usize, index: usize| {
            let [low, high] = self.ranges[axis];
            (high - low).mul_add(index as f64 / self.cells as f64, low)
        };
        [place(0, column), place(1, row)]
    }

    /// A node; none where there is none.
    pub(super) fn node(&self, column: usize, row: usize) -> Option<&N> {
        self.nodes[row * (self.cells + 1) + column].as_ref()
    }

    pub(super) fn set(&mut self, column: usize, row: usize, node: Option<N>) {
        self.nodes[row * (self.cells + 1) + column] = node;
    }

    /// The places beside a node, along its row first.
    pub(super) fn neighbours(&self, column: usize, row: usize) -> impl Iterator<Item = (usize, usize)> + use<N> {
        let cells = self.cells;
        let around = [(-1i64, 0i64), (1, 0), (0, -1), (0, 1)];
        around.into_iter().filter_map(move |(right, up)| {
            let column = usize::try_from(column as i64 + right).ok()?;
            let row = usize::try_from(row as i64 + up).ok()?;
            (column <= cells && row <= cells).then_some((column, row))
        })
    }
}

/// An edge between two neighbouring nodes: the lower or left one, and whether it runs upward.
type Edge = (usize, usize, bool);

/// The state of a node, as [`Evaluate`] takes it.
pub(super) trait Stated {
    fn state(&self) -> &[f64];
}

impl Stated for super::plane::Node {
    fn state(&self) -> &[f64] {
        &self.state
    }
}

/// The function at a place, from the state of a place nearby; with the state there. None where it has no value.
pub(super) type Evaluate<'a> = &'a dyn Fn([f64; 2], &[f64]) -> Option<(f64, Vec<f64>)>;

/// The lines along which a function is 0, each as a run of points.
pub(super) fn zero_lines<N: Stated>(
    grid: &Grid<N>,
    value: impl Fn(&N) -> f64,
    evaluate: Evaluate<'_>,
) -> Vec<Vec<[f64; 2]>> {
    let mut points: HashMap<Edge, [f64; 2]> = HashMap::new();
    let mut beside: HashMap<Edge, Vec<Edge>> = HashMap::new();
    // In the order in which they were found: a map's own order is not the same each time.
    let mut order: Vec<Edge> = Vec::new();
    for row in 0..grid.cells {
        for column in 0..grid.cells {
            let edges = [(column, row, false), (column + 1, row, true), (column, row + 1, false), (column, row, true)];
            let mut crossed: Vec<Edge> = Vec::new();
            for edge in edges {
                if let Some(point) = points.get(&edge).copied().or_else(|| crossing(grid, edge, &value, evaluate)) {
                    if points.insert(edge, point).is_none() {
                        order.push(edge);
                    }
                    crossed.push(edge);
                }
            }
            // Of four crossings, neighbours around the corner are joined.
            for pair in crossed.chunks_exact(2) {
                beside.entry(pair[0]).or_default().push(pair[1]);
                beside.entry(pair[1]).or_default().push(pair[0]);
            }
        }
    }
    join(&order, &points, &beside)
}

/// Where the function is 0 on an edge.
fn crossing<N: Stated>(
    grid: &Grid<N>,
    (column, row, upward): Edge,
    value: &impl Fn(&N) -> f64,
    evaluate: Evaluate<'_>,
) -> Option<[f64; 2]> {
    let other = if upward { (column, row + 1) } else { (column + 1, row) };
    let (from, to) = (grid.node(column, row)?, grid.node(other.0, other.1)?);
    let (start, end) = (grid.at(column, row), grid.at(other.0, other.1));
    let (mut low, mut high) = ((0.0, value(from)), (1.0, value(to)));
    if !(low.1.is_finite() && high.1.is_finite()) || (low.1 >= 0.0) == (high.1 >= 0.0) {
        return None;
    }
    let place = |share: f64| [0, 1].map(|axis| share.mul_add(end[axis] - start[axis], start[axis]));
    let mut near = from.state().to_vec();
    for halving in 0..MOST_HALVINGS {
        if high.0 - low.0 <= NARROW || low.1 == 0.0 {
            break;
        }
        let chord = low.1 / (low.1 - high.1);
        let share = if halving % 3 == 2 { 0.5 } else { chord };
        let here = share.mul_add(high.0 - low.0, low.0);
        let Some((found, state)) = evaluate(place(here), &near) else { break };
        near = state;
        if found == 0.0 {
            return Some(place(here));
        }
        if (found >= 0.0) == (low.1 >= 0.0) { low = (here, found) } else { high = (here, found) }
    }
    let chord = low.1 / (low.1 - high.1);
    Some(place(chord.mul_add(high.0 - low.0, low.0)))
}

/// Joins crossings into runs: open ones from their ends first, then closed ones.
fn join(order: &[Edge], points: &HashMap<Edge, [f64; 2]>, beside: &HashMap<Edge, Vec<Edge>>) -> Vec<Vec<[f64; 2]>> {
    let neighbours = |edge: &Edge| beside.get(edge).map_or(&[][..], Vec::as_slice);
    let mut used: std::collections::HashSet<Edge> = std::collections::HashSet::new();
    let mut lines = Vec::new();
    let ends = order.iter().filter(|edge| neighbours(edge).len() == 1);
    for start in ends.chain(order) {
        if used.contains(start) {
            continue;
        }
        let mut line = Vec::new();
        let mut now = *start;
        loop {
            used.insert(now);
            line.extend(points.get(&now));
            match neighbours(&now).iter().find(|next| !used.contains(*next)) {
                Some(next) => now = *next,
                None => break,
            }
        }
        if line.len() > 2 && neighbours(&now).contains(start) {
            line.extend(points.get(start));
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Stated for f64 {
        fn state(&self) -> &[f64] {
            &[]
        }
    }

    #[test]
    fn a_circle_is_one_closed_line_on_its_radius_and_a_line_an_open_one() {
        let lines = |function: fn([f64; 2]) -> f64| {
            let mut grid = Grid::new([[-1.0, 1.0], [-1.0, 1.0]], 21);
            for row in 0..=21 {
                for column in 0..=21 {
                    let value = function(grid.at(column, row));
                    grid.set(column, row, Some(value));
                }
            }
            zero_lines(&grid, |value| *value, &|at, _| Some((function(at), vec![])))
        };
        let circle = lines(|[x, y]| x * x + y * y - 0.5);
        assert_eq!(circle.len(), 1);
        assert_eq!(circle[0].first(), circle[0].last());
        for [x, y] in &circle[0] {
            approx::assert_abs_diff_eq!(x * x + y * y, 0.5, epsilon = 1e-8);
        }
        let line = lines(|[x, y]| x - 0.3 * y - 0.05);
        assert_eq!(line.len(), 1);
        assert!((line[0][0][1] - line[0][line[0].len() - 1][1]).abs() > 1.99);
    }
}
