//! A limit cycle as the solution of a boundary-value problem, by collocation at the Radau IIA points: three per interval,
//! of order 5 at the mesh points, and exact for variables that follow at once (Hairer & Wanner 1996,
//! doi:10.1007/978-3-642-05221-7, IV.5).

use nalgebra::DVector;

/// Stages per interval.
pub(super) const STAGES: usize = 3;

/// A closed orbit on a mesh.
#[derive(Clone, Debug)]
pub(super) struct Orbit {
    /// Ends of the intervals, from 0 to 1, in shares of the period.
    pub mesh: Vec<f64>,
    /// The state at the start of the orbit.
    pub first: DVector<f64>,
    /// The states at the stages of each interval; the last stage of an interval is the start of the next.
    pub stages: Vec<[DVector<f64>; STAGES]>,
    /// The period.
    pub period: f64,
    /// The knob, as a share of its range.
    pub share: f64,
}

/// The same changes of an orbit: a tangent, or a correction.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub first: DVector<f64>,
    pub stages: Vec<[DVector<f64>; STAGES]>,
    /// Of the logarithm of the period.
    pub period: f64,
    pub share: f64,
}

/// The places of the stages in an interval.
pub(super) fn nodes() -> [f64; STAGES] {
    let root = libm::sqrt(6.0);
    [(4.0 - root) / 10.0, (4.0 + root) / 10.0, 1.0]
}

/// The slopes at each stage of the polynomial through the start of the interval (first column) and the stages.
pub(super) fn slopes() -> [[f64; STAGES + 1]; STAGES] {
    let [one, two, three] = nodes();
    let places = [0.0, one, two, three];
    let mut slopes = [[0.0; STAGES + 1]; STAGES];
    for (stage, row) in slopes.iter_mut().enumerate() {
        for (base, entry) in row.iter_mut().enumerate() {
            *entry = lagrange_slope(&places, base, places[stage + 1]);
        }
    }
    slopes
}

/// The slope at `x` of the polynomial that is 1 at one of the places and 0 at the others.
fn lagrange_slope(places: &[f64], base: usize, x: f64) -> f64 {
    let others = || (0..places.len()).filter(move |other| *other != base);
    others()
        .map(|left_out| {
            let factors = others().filter(|other| *other != left_out);
            let product: f64 = factors.map(|other| (x - places[other]) / (places[base] - places[other])).product();
            product / (places[base] - places[left_out])
        })
        .sum()
}

/// The value at `x` of the polynomial that is 1 at one of the places and 0 at the others.
fn lagrange(places: &[f64], base: usize, x: f64) -> f64 {
    let others = (0..places.len()).filter(|other| *other != base);
    others.map(|other| (x - places[other]) / (places[base] - places[other])).product()
}

impl Orbit {
    /// The state at a share of the period, from the polynomial of its interval.
    pub(super) fn state(&self, place: f64) -> DVector<f64> {
        interpolate(&self.mesh, &self.first, &self.stages, place)
    }

    /// The start of an interval.
    pub(super) fn start(&self, interval: usize) -> &DVector<f64> {
        if interval == 0 { &self.first } else { &self.stages[interval - 1][STAGES - 1] }
    }

    /// The orbit after a change.
    pub(super) fn changed(&self, change: &Change, by: f64) -> Self {
        let stages = self.stages.iter().zip(&change.stages);
        Self {
            mesh: self.mesh.clone(),
            first: &self.first + &change.first * by,
            stages: stages
                .map(|(stages, change)| std::array::from_fn(|stage| &stages[stage] + &change[stage] * by))
                .collect(),
            period: self.period * libm::exp(change.period * by),
            share: change.share.mul_add(by, self.share),
        }
    }

    /// The change from another orbit on the same mesh to this one.
    pub(super) fn minus(&self, from: &Self) -> Change {
        Change {
            first: &self.first - &from.first,
            stages: (from.stages.iter().zip(&self.stages))
                .map(|(from, to)| std::array::from_fn(|stage| &to[stage] - &from[stage]))
                .collect(),
            period: libm::log(self.period / from.period),
            share: self.share - from.share,
        }
    }

    /// How fast the orbit moves at the end of each interval, per share of the period.
    pub(super) fn velocities(&self) -> Vec<DVector<f64>> {
        velocities(&self.mesh, &self.first, &self.stages)
    }

    /// The fourth derivative in each interval, per share of the period, in the measure of the sizes: from the jumps of the
    /// third between neighbours.
    fn bends(&self, sizes: &[f64]) -> Vec<f64> {
        let count = self.stages.len();
        let length = |interval: usize| self.mesh[interval + 1] - self.mesh[interval];
        let [one, two, three] = nodes();
        let places = [0.0, one, two, three];
        let third = |interval: usize| {
            let weight = |base: usize| {
                let others = (0..places.len()).filter(|other| *other != base);
                others.map(|other| 1.0 / (places[base] - places[other])).product::<f64>()
            };
            let mut sum = self.start(interval) * weight(0);
            for (base, stage) in self.stages[interval].iter().enumerate() {
                sum += stage * weight(base + 1);
            }
            sum * (6.0 / libm::pow(length(interval), 3.0))
        };
        let thirds: Vec<DVector<f64>> = (0..count).map(third).collect();
        let jump = |interval: usize| {
            let next = (interval + 1) % count;
            let change = (&thirds[next] - &thirds[interval]) / (0.5 * (length(interval) + length(next)));
            libm::sqrt(change.iter().zip(sizes).map(|(change, size)| (change / size) * (change / size)).sum())
        };
        let jumps: Vec<f64> = (0..count).map(jump).collect();
        (0..count).map(|interval| jumps[interval].max(jumps[(interval + count - 1) % count])).collect()
    }

    /// The largest error of the polynomials, in the measure of the sizes.
    pub(super) fn error(&self, sizes: &[f64]) -> f64 {
        let bends = self.bends(sizes);
        let lengths = self.mesh.windows(2).map(|ends| ends[1] - ends[0]);
        lengths.zip(bends).map(|(length, bend)| ERROR * libm::pow(length, 4.0) * bend).fold(0.0, f64::max)
    }

    /// The same orbit on a mesh of some intervals, in which the errors of the polynomials, the ways in state space and the
    /// times are about equal together.
    pub(super) fn remeshed(&self, sizes: &[f64], intervals: usize) -> Self {
        let count = self.stages.len();
        let way = |interval: usize| {
            let length = |to: &DVector<f64>| {
                let change = (to - self.start(interval)).component_div(&DVector::from_column_slice(sizes));
                change.norm()
            };
            length(&self.stages[interval][STAGES - 1]).max(length(&self.stages[interval][0]))
        };
        let lengths: Vec<f64> = self.mesh.windows(2).map(|ends| ends[1] - ends[0]).collect();
        let bends = self.bends(sizes);
        let bent = (0..count).map(|interval| lengths[interval] * libm::sqrt(libm::sqrt(bends[interval])));
        let shares = |values: Vec<f64>| {
            let total: f64 = values.iter().sum();
            values.into_iter().map(move |value| if total > 0.0 { value / total } else { 0.0 })
        };
        let (ways, bent) = (shares((0..count).map(way).collect()), shares(bent.collect()));
        let mut grown = vec![0.0];
        for (interval, (way, bent)) in ways.zip(bent).enumerate() {
            grown.push(grown[interval] + 0.5 * bent + 0.25 * way + 0.25 * lengths[interval]);
        }
        let end = grown[count];
        let mut mesh = vec![0.0];
        let mut interval = 0;
        for wanted in 1..intervals {
            let goal = end * wanted as f64 / intervals as f64;
            while interval + 1 < count && grown[interval + 1] < goal {
                interval += 1;
            }
            let share = (goal - grown[interval]) / (grown[interval + 1] - grown[interval]);
            mesh.push(share.mul_add(self.mesh[interval + 1] - self.mesh[interval], self.mesh[interval]));
        }
        mesh.push(1.0);
        let nodes = nodes();
        let stages = mesh.windows(2).map(|ends| nodes.map(|node| self.state(node.mul_add(ends[1] - ends[0], ends[0]))));
        Self { stages: stages.collect(), first: self.first.clone(), period: self.period, share: self.share, mesh }
    }
}

/// The error of the cubic through the start and the stages of an interval, for a fourth derivative and a length of 1.
const ERROR: f64 = 1.3e-3;

/// The slope at the end of each interval, per share of the period.
fn velocities(mesh: &[f64], first: &DVector<f64>, stages: &[[DVector<f64>; STAGES]]) -> Vec<DVector<f64>> {
    let weights = slopes()[STAGES - 1];
    let one = |interval: usize| {
        let start = if interval == 0 { first } else { &stages[interval - 1][STAGES - 1] };
        let mut sum = start * weights[0];
        for (stage, weight) in stages[interval].iter().zip(&weights[1..]) {
            sum += stage * *weight;
        }
        sum / (mesh[interval + 1] - mesh[interval])
    };
    (0..stages.len()).map(one).collect()
}

/// The state on a mesh at a share of the period.
pub(super) fn interpolate(
    mesh: &[f64],
    first: &DVector<f64>,
    stages: &[[DVector<f64>; STAGES]],
    place: f64,
) -> DVector<f64> {
    let interval = mesh.partition_point(|end| *end <= place).clamp(1, mesh.len() - 1) - 1;
    let [one, two, three] = nodes();
    let places = [0.0, one, two, three];
    let share = (place - mesh[interval]) / (mesh[interval + 1] - mesh[interval]);
    let start = if interval == 0 { first } else { &stages[interval - 1][STAGES - 1] };
    let mut state = start * lagrange(&places, 0, share);
    for (base, stage) in stages[interval].iter().enumerate() {
        state += stage * lagrange(&places, base + 1, share);
    }
    state
}

impl Change {
    /// The product of two changes: the mean over the orbit, in the measure of the sizes, and those of period and knob.
    pub(super) fn dot(&self, other: &Self, mesh: &[f64], sizes: &[f64]) -> f64 {
        let ends = self.stages.iter().zip(&other.stages).zip(mesh.windows(2));
        let states: f64 = ends
            .map(|((one, other), ends)| {
                let pairs = one[STAGES - 1].iter().zip(other[STAGES - 1].iter()).zip(sizes);
                let product: f64 = pairs.map(|((one, other), size)| one * other / (size * size)).sum();
                product * (ends[1] - ends[0])
            })
            .sum();
        states + self.period * other.period + self.share * other.share
    }

    /// How fast the change moves at the end of each interval, per share of the period.
    pub(super) fn velocities(&self, mesh: &[f64]) -> Vec<DVector<f64>> {
        velocities(mesh, &self.first, &self.stages)
    }

    /// The change times a factor.
    pub(super) fn times(&self, factor: f64) -> Self {
        Self {
            first: &self.first * factor,
            stages: self.stages.iter().map(|stages| std::array::from_fn(|stage| &stages[stage] * factor)).collect(),
            period: self.period * factor,
            share: self.share * factor,
        }
    }

    /// The same change on another mesh.
    pub(super) fn remeshed(&self, from: &[f64], to: &[f64]) -> Self {
        let nodes = nodes();
        let state = |place: f64| interpolate(from, &self.first, &self.stages, place);
        let stages = to.windows(2).map(|ends| nodes.map(|node| state(node.mul_add(ends[1] - ends[0], ends[0]))));
        Self { stages: stages.collect(), first: self.first.clone(), period: self.period, share: self.share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomial_of_an_interval_and_its_slopes_are_exact_for_cubics() {
        let cubic = |x: f64| 2.0 - x + 3.0 * x * x - 4.0 * x * x * x;
        let slope = |x: f64| -1.0 + 6.0 * x - 12.0 * x * x;
        let nodes = nodes();
        for (node, weights) in nodes.iter().zip(slopes()) {
            let values = [cubic(0.0), cubic(nodes[0]), cubic(nodes[1]), cubic(1.0)];
            let found: f64 = weights.iter().zip(values).map(|(weight, value)| weight * value).sum();
            approx::assert_abs_diff_eq!(found, slope(*node), epsilon = 1e-12);
        }
        let state = |x: f64| DVector::from_element(1, cubic(x));
        let half = |from: f64| nodes.map(|node| state(0.5f64.mul_add(node, from)));
        let mesh = [0.0, 0.5, 1.0];
        for place in [0.0, 0.1, 0.5, 0.77, 1.0] {
            let found = interpolate(&mesh, &state(0.0), &[half(0.0), half(0.5)], place);
            approx::assert_abs_diff_eq!(found[0], cubic(place), epsilon = 1e-12);
        }
    }
}
