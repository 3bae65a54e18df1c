//! The Newton system of a limit cycle: collocation equations linearised, their stages and starts eliminated.

use super::family::{Family, Point};
use super::orbit::{Change, Orbit, STAGES, slopes};
use nalgebra::{DMatrix, DVector};

/// The linear map of a change of an interval's start, of the period and of the knob to the change of its stages.
struct Condensed {
    /// 3 N rows; columns: N of the start, what the residual asks for, the logarithm of the period, the knob.
    map: DMatrix<f64>,
}

/// The Newton system of an orbit, reduced to its first state, its period and its knob.
pub(super) struct Linear {
    variables: usize,
    condensed: Vec<Condensed>,
    /// Change of the start of each interval and of the end of the orbit: N rows, columns as in [`Condensed`].
    starts: Vec<DMatrix<f64>>,
    /// What the first state must fulfil for the orbit to close: N rows, the last three columns on the right-hand side.
    closure: DMatrix<f64>,
}

/// The elimination of the start of an interval: `triangle y = rest (first, constants) - next y_next`.
struct Eliminated {
    triangle: DMatrix<f64>,
    rest: DMatrix<f64>,
    next: DMatrix<f64>,
}

/// Flow and its derivatives at one stage: `mass dy/dt = flow`.
struct Flow {
    value: Vec<f64>,
    jacobian: Vec<f64>,
    knob: Vec<f64>,
    mass: Vec<f64>,
}

impl Flow {
    fn at(family: &dyn Family, state: &DVector<f64>, knobs: &[f64]) -> Option<Self> {
        let point = family.at(state.as_slice(), knobs)?;
        let slope = family.knob_slope(state.as_slice(), knobs, 0, &point)?;
        let Point { residual, mut jacobian, rate_constants, .. } = point;
        let n = residual.len();
        // A variable that follows at once keeps its residual, without a time derivative.
        let mass: Vec<f64> = rate_constants.iter().map(|constant| f64::from(u8::from(*constant != 0.0))).collect();
        let factor = |index: usize| if mass[index] == 0.0 { 1.0 } else { rate_constants[index] };
        for (index, row) in jacobian.chunks_mut(n.max(1)).enumerate() {
            row.iter_mut().for_each(|entry| *entry *= factor(index));
        }
        let knob = (0..n)
            .map(|index| factor(index) * slope.residual[index] + residual[index] * slope.rate_constants[index])
            .collect();
        Some(Self { value: (0..n).map(|index| residual[index] * factor(index)).collect(), jacobian, knob, mass })
    }
}

impl Linear {
    /// Linearises the collocation equations at an orbit; none where the system cannot be evaluated.
    ///
    /// The starts of the intervals are eliminated one by one by orthogonal transformations, which neither growing nor
    /// shrinking directions disturb (Wright 1992, doi:10.1137/0913044).
    pub(super) fn new(family: &dyn Family, orbit: &Orbit) -> Option<Self> {
        let n = family.variables();
        let slopes = slopes();
        let intervals = orbit.stages.len();
        let condensed: Option<Vec<Condensed>> =
            (0..intervals).map(|interval| condense(family, orbit, interval, &slopes)).collect();
        let condensed = condensed?;
        let (eliminated, [first, here, constants]) = eliminate(&condensed, n);
        let mut closure = DMatrix::zeros(n, n + 3);
        closure.columns_mut(0, n).copy_from(&(first + here));
        closure.columns_mut(n, 3).copy_from(&constants);
        let mut starts = vec![DMatrix::identity(n, n + 3)];
        for one in eliminated.iter().rev() {
            let right = &one.rest - &one.next * &starts[starts.len() - 1];
            starts.push(one.triangle.solve_upper_triangular(&right)?);
        }
        starts.push(DMatrix::identity(n, n + 3));
        starts.reverse();
        Some(Self { variables: n, condensed, starts, closure })
    }

    /// The map of each interval: how a change of its start changes its end.
    pub(super) fn maps(&self) -> Vec<DMatrix<f64>> {
        let n = self.variables;
        self.condensed.iter().map(|one| one.map.view(((STAGES - 1) * n, 0), (n, n)).into_owned()).collect()
    }

    /// Solves for a change that closes the orbit, keeps its phase (on average it moves at right angles to the velocities of
    /// `phase`), and whose product with `along` is `distance`. `weight` is 1 for a correction, which removes the residual,
    /// and 0 for a tangent.
    pub(super) fn solve(&self, bound: &Bound<'_>, weight: f64) -> Option<Change> {
        let n = self.variables;
        let mut matrix = DMatrix::zeros(n + 2, n + 2);
        let mut right = DVector::zeros(n + 2);
        matrix.view_mut((0, 0), (n, n)).copy_from(&self.closure.columns(0, n));
        for row in 0..n {
            matrix[(row, n)] = -self.closure[(row, n + 1)];
            matrix[(row, n + 1)] = -self.closure[(row, n + 2)];
            right[row] = weight * self.closure[(row, n)];
        }
        let mut along = DVector::<f64>::zeros(n + 3);
        let mut phase = DVector::<f64>::zeros(n + 3);
        for (interval, length) in bound.lengths().enumerate() {
            let measured = |direction: &DVector<f64>| {
                DVector::from_fn(n, |index, _| direction[index] * length / (bound.sizes[index] * bound.sizes[index]))
            };
            let end = &self.starts[interval + 1];
            along += end.tr_mul(&measured(&bound.along.stages[interval][STAGES - 1]));
            phase += end.tr_mul(&measured(&bound.phase[interval]));
        }
        for (row, border) in [(n, &phase), (n + 1, &along)] {
            for column in 0..n {
                matrix[(row, column)] = border[column];
            }
            matrix[(row, n)] = border[n + 1];
            matrix[(row, n + 1)] = border[n + 2];
        }
        right[n] = -weight * phase[n];
        matrix[(n + 1, n)] += bound.along.period;
        matrix[(n + 1, n + 1)] += bound.along.share;
        right[n + 1] = bound.distance - weight * along[n];
        let solved = matrix.lu().solve(&right)?;
        if !solved.iter().all(|value| value.is_finite()) {
            return None;
        }
        Some(self.expand(&solved, weight))
    }

    fn expand(&self, solved: &DVector<f64>, weight: f64) -> Change {
        let n = self.variables;
        let first = solved.rows(0, n).into_owned();
        let (period, share) = (solved[n], solved[n + 1]);
        let constants = DVector::from_vec(vec![weight, period, share]);
        let stages = self.condensed.iter().zip(&self.starts).map(|(one, start)| {
            let start = start.columns(0, n) * &first + start.columns(n, 3) * &constants;
            let all = one.map.columns(0, n) * start + one.map.columns(n, 3) * &constants;
            std::array::from_fn(|stage| all.rows(stage * n, n).into_owned())
        });
        Change { stages: stages.collect(), first, period, share }
    }
}

/// What makes the Newton system of an orbit square.
pub(super) struct Bound<'a> {
    pub mesh: &'a [f64],
    pub sizes: &'a [f64],
    /// Velocities at the ends of the intervals.
    pub phase: &'a [DVector<f64>],
    pub along: &'a Change,
    pub distance: f64,
}

impl Bound<'_> {
    fn lengths(&self) -> impl Iterator<Item = f64> {
        self.mesh.windows(2).map(|ends| ends[1] - ends[0])
    }
}

/// Eliminates the stages of an interval.
fn condense(
    family: &dyn Family,
    orbit: &Orbit,
    interval: usize,
    slopes: &[[f64; STAGES + 1]; STAGES],
) -> Option<Condensed> {
    let n = family.variables();
    let length = (orbit.mesh[interval + 1] - orbit.mesh[interval]) * orbit.period;
    let (start, stages) = (orbit.start(interval), &orbit.stages[interval]);
    let mut matrix = DMatrix::zeros(STAGES * n, STAGES * n);
    let mut right = DMatrix::zeros(STAGES * n, n + 3);
    for (stage, weights) in slopes.iter().enumerate() {
        let flow = Flow::at(family, &stages[stage], &[orbit.share])?;
        for row in 0..n {
            let (mass, place) = (flow.mass[row], stage * n + row);
            let mut slope = weights[0] * start[row];
            for (other, weight) in weights[1..].iter().enumerate() {
                slope += weight * stages[other][row];
                matrix[(place, other * n + row)] += mass * weight;
            }
            // Without a time derivative the length of the interval does not matter.
            let step = if mass == 0.0 { 1.0 } else { length };
            for column in 0..n {
                matrix[(place, stage * n + column)] -= step * flow.jacobian[row * n + column];
            }
            let off = mass * slope - step * flow.value[row];
            right[(place, row)] = -mass * weights[0];
            right[(place, n)] = -off;
            right[(place, n + 1)] = mass * step * flow.value[row];
            right[(place, n + 2)] = step * flow.knob[row];
        }
    }
    let map = matrix.lu().solve(&right)?;
    map.iter().all(|entry| entry.is_finite()).then_some(Condensed { map })
}

/// Eliminates the starts of all intervals but the first; what is left are the three matrices of
/// `first y_0 + here y_end = constants`.
fn eliminate(condensed: &[Condensed], n: usize) -> (Vec<Eliminated>, [DMatrix<f64>; 3]) {
    let ends: Vec<_> = condensed.iter().map(|one| one.map.rows((STAGES - 1) * n, n)).collect();
    // At first that of the first interval.
    let mut first = -ends[0].columns(0, n);
    let mut here = DMatrix::<f64>::identity(n, n);
    let mut constants = ends[0].columns(n, 3).into_owned();
    let mut eliminated = Vec::with_capacity(condensed.len());
    for end in &ends[1..] {
        let mut column = DMatrix::zeros(2 * n, n);
        column.rows_mut(0, n).copy_from(&here);
        column.rows_mut(n, n).copy_from(&-end.columns(0, n));
        let mut others = DMatrix::zeros(2 * n, 2 * n + 3);
        others.view_mut((0, 0), (n, n)).copy_from(&first);
        others.view_mut((n, n), (n, n)).fill_with_identity();
        others.view_mut((0, 2 * n), (n, 3)).copy_from(&constants);
        others.view_mut((n, 2 * n), (n, 3)).copy_from(&end.columns(n, 3));
        let decomposed = column.qr();
        decomposed.q_tr_mul(&mut others);
        let mut rest = DMatrix::zeros(n, n + 3);
        rest.columns_mut(0, n).copy_from(&-others.view((0, 0), (n, n)));
        rest.columns_mut(n, 3).copy_from(&others.view((0, 2 * n), (n, 3)));
        eliminated.push(Eliminated { triangle: decomposed.r(), rest, next: others.view((0, n), (n, n)).into_owned() });
        first = others.view((n, 0), (n, n)).into_owned();
        here = others.view((n, n), (n, n)).into_owned();
        constants = others.view((n, 2 * n), (n, 3)).into_owned();
    }
    (eliminated, [first, here, constants])
}
