//! Curves of folds and of Hopf points over two knobs.
//!
//! Both are zeros of minimally augmented systems: the fixed point, and the last entry of the inverse of a bordered matrix,
//! which is 0 where the matrix without its border is singular (Govaerts 2000, doi:10.1137/1.9780898719543).

use super::equilibria::Equilibria;
use super::family::Family;
use super::options::Options;
use super::special::{Kind, Special};
use super::tracer::{Curve, Pace, Place, Tracer, locate};
use nalgebra::{Complex, DMatrix, DVector};
use serde::Serialize;
use std::cell::RefCell;

/// Half the distance of central differences of the Jacobian, relative to a variable's size.
const DIFFERENCE: f64 = 1e-5;

/// A point of a curve over two knobs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Both knobs.
    pub knobs: [f64; 2],
    /// The variables.
    pub state: Vec<f64>,
    /// On a curve of Hopf points: the imaginary part, in radians per unit of time.
    #[serde(rename = "angular_frequency_per_ms")]
    pub frequency: Option<f64>,
}

/// A kind of point at which curves over two knobs meet or turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CornerKind {
    /// Two curves of folds meet.
    Cusp,
    /// A curve of Hopf points ends on a curve of folds.
    BogdanovTakens,
}

impl CornerKind {
    /// Its name in figures and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cusp => "cusp",
            Self::BogdanovTakens => "Bogdanov-Takens",
        }
    }
}

/// A curve of folds or of Hopf points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpecialCurve {
    /// What it is a curve of.
    pub kind: Kind,
    /// Its points in order.
    pub points: Vec<CurvePoint>,
    /// Cusps and Bogdanov-Takens points on it.
    pub corners: Vec<(CornerKind, CurvePoint)>,
}

/// Follows the curves through the folds and Hopf points of a diagram over the first knob, where the second has the share
/// `second`. Both knobs have options of their own; steps are those of the first.
pub fn special_curves(
    family: &dyn Family,
    special: &[&Special],
    second: f64,
    options: [&Options; 2],
) -> Vec<SpecialCurve> {
    let mut curves: Vec<SpecialCurve> = Vec::new();
    for point in special {
        let knobs = [options[0].value(point.share), options[1].value(second)];
        if curves.iter().any(|curve| curve.kind == point.kind && curve.passes(knobs, &point.state, options)) {
            continue;
        }
        let states = [point.state.clone()];
        let sizes = Equilibria::new(family, &[], &states).sizes()[..point.state.len()].to_vec();
        let found = match point.kind {
            Kind::Fold => {
                let curve = Folds::new(family, sizes, point, second);
                curve.and_then(|curve| both_sides(&curve, point, second, options))
            }
            Kind::Hopf => {
                let curve = Hopfs::new(family, sizes, point, second);
                curve.and_then(|curve| both_sides(&curve, point, second, options))
            }
            Kind::Branch | Kind::Pitchfork | Kind::Corner | Kind::CornerFold => None,
        };
        curves.extend(found);
    }
    curves
}

impl SpecialCurve {
    /// Whether it passes through a point.
    fn passes(&self, knobs: [f64; 2], state: &[f64], options: [&Options; 2]) -> bool {
        let share = |knobs: [f64; 2]| [options[0].share(knobs[0]), options[1].share(knobs[1])];
        let wanted = share(knobs);
        self.points.windows(2).any(|pair| {
            let (from, to) = (share(pair[0].knobs), share(pair[1].knobs));
            let (along, off) = ([to[0] - from[0], to[1] - from[1]], [wanted[0] - from[0], wanted[1] - from[1]]);
            let length = along[0] * along[0] + along[1] * along[1];
            let part = if length > 0.0 { (off[0] * along[0] + off[1] * along[1]) / length } else { 0.0 };
            let part = part.clamp(0.0, 1.0);
            let rest = libm::hypot(off[0] - part * along[0], off[1] - part * along[1]);
            let state_near = pair[0].state.iter().zip(&pair[1].state).zip(state).all(|((from, to), state)| {
                let here = part.mul_add(to - from, *from);
                (here - state).abs() < 0.02 * here.abs().max(state.abs()).max(0.1)
            });
            rest < 2e-3 && state_near
        })
    }
}

/// A curve over two knobs: the state, then further unknowns, the knobs last.
trait Augmented: Curve {
    const KIND: Kind;

    /// Takes new borders at a place, so that the bordered matrix stays regular.
    fn renew(&self, unknowns: &[f64]) -> Option<()>;

    /// Unknowns at the point of the first diagram.
    fn first(&self, point: &Special, second: f64) -> Vec<f64>;

    /// Numbers that change their sign at a special point of the curve.
    fn tests(&self, unknowns: &[f64]) -> Option<Vec<(CornerKind, f64)>>;

    /// Whether the curve ends at such a point.
    fn ends_at(&self, kind: CornerKind) -> bool;

    /// The frequency among the unknowns.
    fn frequency(&self, unknowns: &[f64]) -> Option<f64>;

    /// How many unknowns are the state.
    fn variables(&self) -> usize;
}

fn both_sides<C: Augmented>(curve: &C, point: &Special, second: f64, options: [&Options; 2]) -> Option<SpecialCurve> {
    let tracer = Tracer { curve };
    let guess = tracer.scaled(&curve.first(point, second));
    let count = guess.len();
    let mut normal = DVector::zeros(count);
    normal[count - 1] = 1.0;
    let (found, _) = tracer.correct(&guess, &normal)?;
    curve.renew(&tracer.unknowns(&found))?;
    let mut any = DVector::from_element(count, 1.0 / libm::sqrt(count as f64));
    any[count - 1] = 1.0;
    let start = tracer.place(found.clone(), &normal).or_else(|| tracer.place(found, &any))?;
    let (back, back_corners) = one_side(&tracer, start.turned(), options);
    curve.renew(&tracer.unknowns(&start.scaled))?;
    let (forward, corners) = one_side(&tracer, start, options);
    let show = |scaled: &DVector<f64>| {
        let unknowns = tracer.unknowns(scaled);
        CurvePoint {
            knobs: [options[0].value(unknowns[count - 2]), options[1].value(unknowns[count - 1])],
            state: unknowns[..curve.variables()].to_vec(),
            frequency: curve.frequency(&unknowns),
        }
    };
    let places = back.iter().skip(1).rev().chain(&forward);
    let corners = back_corners.iter().rev().chain(&corners);
    Some(SpecialCurve {
        kind: C::KIND,
        points: places.map(|place| show(&place.scaled)).collect(),
        corners: corners.map(|(kind, place)| (*kind, show(&place.scaled))).collect(),
    })
}

/// Places of one side of a curve, and the special points on it.
type CurveSide = (Vec<Place>, Vec<(CornerKind, Place)>);

fn one_side<C: Augmented>(tracer: &Tracer<'_, C>, start: Place, options: [&Options; 2]) -> CurveSide {
    let settings = options[0].settings();
    let mut pace = Pace { step: settings.ds, shortest: settings.dsmin, longest: settings.dsmax };
    let (mut places, mut corners) = (vec![start], Vec::new());
    for step in 0..settings.max_steps {
        let from = places[places.len() - 1].clone();
        // At the shortest step any turn is taken.
        let to = tracer.advance(&from, &mut pace).or_else(|| Some(tracer.step(&from, pace.step)?.0));
        let Some(to) = to else { break };
        let count = to.scaled.len();
        let outside = (count - 2..count).find(|index| !(0.0..=1.0).contains(&to.scaled[*index]));
        if let Some(index) = outside {
            places.extend(tracer.place_where(&from, &to, index, if to.scaled[index] > 0.5 { 1.0 } else { 0.0 }));
            break;
        }
        let tests = |place: &Place| tracer.curve.tests(&tracer.unknowns(&place.scaled));
        let mut ended = false;
        for (index, (before, after)) in
            tests(&from).into_iter().flatten().zip(tests(&to).into_iter().flatten()).enumerate()
        {
            if before.1 * after.1 < 0.0
                && let Some(place) = locate(tracer, (&from, &to), |place| Some(tests(place)?[index].1))
            {
                ended |= tracer.curve.ends_at(before.0);
                corners.push((before.0, place));
            }
        }
        if ended {
            places.extend(corners.last().map(|(_, place)| place.clone()));
            break;
        }
        let closed = step > 9
            && (&to.scaled - &places[0].scaled).norm() < pace.longest
            && (&to.scaled - &places[0].scaled).dot(&(&from.scaled - &places[0].scaled)) <= 0.0;
        if tracer.curve.renew(&tracer.unknowns(&to.scaled)).is_none() {
            break;
        }
        places.push(to);
        if closed {
            break;
        }
    }
    (places, corners)
}

/// A Jacobian at a state and knobs.
type Jacobian<'a> = &'a dyn Fn(&[f64], &[f64]) -> Option<Vec<f64>>;

/// The Jacobians at both sides of unknown `index` (a variable or a knob), and the distance between them.
fn around(
    index: usize,
    state: &[f64],
    knobs: &[f64],
    sizes: &[f64],
    jacobian: Jacobian<'_>,
) -> Option<(Vec<f64>, Vec<f64>, f64)> {
    let shifted = |by: f64| {
        let (mut state, mut knobs) = (state.to_vec(), knobs.to_vec());
        match index.checked_sub(state.len()) {
            None => state[index] += by,
            Some(knob) => knobs[knob] += by,
        }
        jacobian(&state, &knobs)
    };
    let step = DIFFERENCE * sizes.get(index).copied().unwrap_or(1.0);
    Some((shifted(step)?, shifted(-step)?, 2.0 * step))
}

/// Fixed points with a zero eigenvalue: the state and two knobs.
struct Folds<'a> {
    family: &'a dyn Family,
    sizes: Vec<f64>,
    /// Column and row that border the Jacobian.
    borders: RefCell<(DVector<f64>, DVector<f64>)>,
}

impl<'a> Folds<'a> {
    fn new(family: &'a dyn Family, sizes: Vec<f64>, point: &Special, second: f64) -> Option<Self> {
        let n = sizes.len();
        let jacobian = family.at(&point.state, &[point.share, second])?.jacobian;
        let decomposed = DMatrix::from_row_slice(n, n, &jacobian).try_svd(true, true, f64::EPSILON, 0)?;
        let smallest = decomposed.singular_values.imin();
        let column = decomposed.u.as_ref()?.column(smallest).into_owned();
        let row = decomposed.v_t.as_ref()?.row(smallest).transpose();
        let sizes = sizes.into_iter().chain([1.0, 1.0]).collect();
        Some(Self { family, sizes, borders: RefCell::new((column, row)) })
    }

    /// Right and left null vectors, and the number that is 0 at a fold.
    fn null(&self, jacobian: &[f64]) -> Option<(DVector<f64>, DVector<f64>, f64)> {
        let n = self.variables();
        let borders = self.borders.borrow();
        let bordered = DMatrix::from_fn(n + 1, n + 1, |row, column| match (row < n, column < n) {
            (true, true) => jacobian[row * n + column],
            (true, false) => borders.0[row],
            (false, true) => borders.1[column],
            (false, false) => 0.0,
        });
        let inverse = bordered.try_inverse()?;
        let right = inverse.column(n).rows(0, n).into_owned();
        let left = inverse.row(n).transpose().rows(0, n).into_owned();
        Some((right, left, inverse[(n, n)]))
    }
}

impl Curve for Folds<'_> {
    fn sizes(&self) -> &[f64] {
        &self.sizes
    }

    fn at(&self, unknowns: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let n = self.variables();
        let (state, knobs) = unknowns.split_at(n);
        let point = self.family.at(state, knobs)?;
        let slopes =
            [self.family.knob_slope(state, knobs, 0, &point)?, self.family.knob_slope(state, knobs, 1, &point)?];
        let (right, left, value) = self.null(&point.jacobian)?;
        let mut jacobian = Vec::with_capacity((n + 1) * (n + 2));
        for row in 0..n {
            jacobian.extend_from_slice(&point.jacobian[row * n..(row + 1) * n]);
            jacobian.extend([slopes[0].residual[row], slopes[1].residual[row]]);
        }
        let at = |state: &[f64], knobs: &[f64]| Some(self.family.at(state, knobs)?.jacobian);
        for index in 0..n + 2 {
            let (above, below, distance) = around(index, state, knobs, &self.sizes, &at)?;
            let bent = DMatrix::from_fn(n, n, |row, column| above[row * n + column] - below[row * n + column]);
            jacobian.push(-left.dot(&(bent * &right)) / distance);
        }
        let mut residual = point.residual;
        residual.push(value);
        Some((residual, jacobian))
    }
}

impl Augmented for Folds<'_> {
    const KIND: Kind = Kind::Fold;

    fn renew(&self, unknowns: &[f64]) -> Option<()> {
        let (state, knobs) = unknowns.split_at(self.variables());
        let (right, left, _) = self.null(&self.family.at(state, knobs)?.jacobian)?;
        let renewed = (left.try_normalize(0.0)?, right.try_normalize(0.0)?);
        *self.borders.borrow_mut() = renewed;
        Some(())
    }

    fn first(&self, point: &Special, second: f64) -> Vec<f64> {
        point.state.iter().copied().chain([point.share, second]).collect()
    }

    fn tests(&self, unknowns: &[f64]) -> Option<Vec<(CornerKind, f64)>> {
        let n = self.variables();
        let (state, knobs) = unknowns.split_at(n);
        let point = self.family.at(state, knobs)?;
        let (right, left, _) = self.null(&point.jacobian)?;
        let (right, left) = (right.try_normalize(0.0)?, left.try_normalize(0.0)?);
        // Curvature of the fold along its null direction: 0 at a cusp.
        let step = DIFFERENCE * self.sizes[..n].iter().copied().fold(0.0, f64::max);
        let moved = |by: f64| {
            let state: Vec<f64> = state.iter().zip(&right).map(|(state, along)| by.mul_add(*along, *state)).collect();
            Some(DMatrix::from_row_slice(n, n, &self.family.at(&state, knobs)?.jacobian))
        };
        let bent = (moved(step)? - moved(-step)?) * &right;
        // The null vectors of the dynamics are at right angles at a Bogdanov-Takens point.
        let product = |index: usize| match point.rate_constants[index] {
            0.0 => 0.0,
            constant => left[index] * right[index] / constant,
        };
        let product: f64 = (0..n).map(product).sum();
        Some(vec![(CornerKind::Cusp, left.dot(&bent)), (CornerKind::BogdanovTakens, product)])
    }

    fn ends_at(&self, _: CornerKind) -> bool {
        false
    }

    fn frequency(&self, _: &[f64]) -> Option<f64> {
        None
    }

    fn variables(&self) -> usize {
        self.sizes.len() - 2
    }
}

/// A complex vector.
type Vector = DVector<Complex<f64>>;

/// Fixed points with a pair of eigenvalues on the imaginary axis: the state, the frequency and two knobs.
struct Hopfs<'a> {
    family: &'a dyn Family,
    sizes: Vec<f64>,
    borders: RefCell<(Vector, Vector)>,
}

impl<'a> Hopfs<'a> {
    fn new(family: &'a dyn Family, sizes: Vec<f64>, point: &Special, second: f64) -> Option<Self> {
        let frequency = point.frequency?;
        let system = family.at(&point.state, &[point.share, second])?;
        let matrix = turned(&system.dynamics, system.dynamic_size(), frequency);
        let decomposed = matrix.try_svd(true, true, f64::EPSILON, 0)?;
        let smallest = decomposed.singular_values.imin();
        let column = decomposed.u.as_ref()?.column(smallest).into_owned();
        let row = decomposed.v_t.as_ref()?.row(smallest).transpose();
        let sizes = sizes.into_iter().chain([frequency, 1.0, 1.0]).collect();
        Some(Self { family, sizes, borders: RefCell::new((column, row)) })
    }

    fn null(&self, matrix: &DMatrix<Complex<f64>>) -> Option<(Vector, Vector, Complex<f64>)> {
        let m = matrix.nrows();
        let borders = self.borders.borrow();
        let bordered = DMatrix::from_fn(m + 1, m + 1, |row, column| match (row < m, column < m) {
            (true, true) => matrix[(row, column)],
            (true, false) => borders.0[row],
            (false, true) => borders.1[column],
            (false, false) => Complex::new(0.0, 0.0),
        });
        let inverse = bordered.try_inverse()?;
        let right = inverse.column(m).rows(0, m).into_owned();
        let left = inverse.row(m).transpose().rows(0, m).into_owned();
        Some((right, left, inverse[(m, m)]))
    }
}

/// `A - i omega`.
fn turned(matrix: &[f64], size: usize, frequency: f64) -> DMatrix<Complex<f64>> {
    DMatrix::from_fn(size, size, |row, column| {
        Complex::new(matrix[row * size + column], if row == column { -frequency } else { 0.0 })
    })
}

impl Curve for Hopfs<'_> {
    fn sizes(&self) -> &[f64] {
        &self.sizes
    }

    fn at(&self, unknowns: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let n = self.variables();
        let (state, frequency, knobs) = (&unknowns[..n], unknowns[n], &unknowns[n + 1..]);
        let point = self.family.at(state, knobs)?;
        let slopes =
            [self.family.knob_slope(state, knobs, 0, &point)?, self.family.knob_slope(state, knobs, 1, &point)?];
        let m = point.dynamic_size();
        let (right, left, value) = self.null(&turned(&point.dynamics, m, frequency))?;
        let at = |state: &[f64], knobs: &[f64]| Some(self.family.at(state, knobs)?.dynamics);
        let mut bends = Vec::with_capacity(n + 3);
        for index in 0..n + 2 {
            let (above, below, distance) = around(index, state, knobs, &self.sizes[..n], &at)?;
            let bent = DMatrix::from_fn(m, m, |row, column| {
                Complex::new((above[row * m + column] - below[row * m + column]) / distance, 0.0)
            });
            bends.push(-left.dot(&(bent * &right)));
        }
        bends.insert(n, left.dot(&right) * Complex::new(0.0, 1.0));
        let mut jacobian = Vec::with_capacity((n + 2) * (n + 3));
        for row in 0..n {
            jacobian.extend_from_slice(&point.jacobian[row * n..(row + 1) * n]);
            jacobian.extend([0.0, slopes[0].residual[row], slopes[1].residual[row]]);
        }
        jacobian.extend(bends.iter().map(|bend| bend.re));
        jacobian.extend(bends.iter().map(|bend| bend.im));
        let mut residual = point.residual;
        residual.extend([value.re, value.im]);
        Some((residual, jacobian))
    }
}

impl Augmented for Hopfs<'_> {
    const KIND: Kind = Kind::Hopf;

    fn renew(&self, unknowns: &[f64]) -> Option<()> {
        let n = self.variables();
        let system = self.family.at(&unknowns[..n], &unknowns[n + 1..])?;
        let (right, left, _) = self.null(&turned(&system.dynamics, system.dynamic_size(), unknowns[n]))?;
        let conjugate = |vector: Vector| vector.map(|entry| entry.conj()).try_normalize(0.0);
        let renewed = (conjugate(left)?, conjugate(right)?);
        *self.borders.borrow_mut() = renewed;
        Some(())
    }

    fn first(&self, point: &Special, second: f64) -> Vec<f64> {
        let frequency = point.frequency.unwrap_or(0.0);
        point.state.iter().copied().chain([frequency, point.share, second]).collect()
    }

    fn tests(&self, unknowns: &[f64]) -> Option<Vec<(CornerKind, f64)>> {
        Some(vec![(CornerKind::BogdanovTakens, unknowns[self.variables()])])
    }

    fn ends_at(&self, _: CornerKind) -> bool {
        true
    }

    fn frequency(&self, unknowns: &[f64]) -> Option<f64> {
        Some(unknowns[self.variables()])
    }

    fn variables(&self) -> usize {
        self.sizes.len() - 3
    }
}
