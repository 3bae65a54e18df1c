//! Pseudo-arclength continuation of any curve: a step along the tangent, then Newton's method back to the curve at right
//! angles to it (Keller 1977; Allgower & Georg 1990, doi:10.1007/978-3-642-61257-2).

use nalgebra::{DMatrix, DVector};

/// M equations in M + 1 unknowns.
pub(super) trait Curve {
    /// The sizes by which the unknowns are measured; M + 1 of them.
    fn sizes(&self) -> &[f64];

    /// Residuals (M) and their Jacobian (row-major M x (M + 1)); none where the equations cannot be evaluated.
    fn at(&self, unknowns: &[f64]) -> Option<(Vec<f64>, Vec<f64>)>;
}

/// A place on a curve.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The unknowns, each divided by its size.
    pub scaled: DVector<f64>,
    /// Unit tangent in the same measure.
    pub tangent: DVector<f64>,
    /// Determinant of the Jacobian bordered by the tangent: changes its sign at branch points.
    pub determinant: f64,
}

impl Place {
    /// The same place, looked at the other way.
    pub(super) fn turned(&self) -> Self {
        Self { scaled: self.scaled.clone(), tangent: -&self.tangent, determinant: -self.determinant }
    }
}

/// Largest correction, relative to the sizes, at which Newton's method has converged: it converges quadratically, so
/// that what is left is far below rounding.
const TOLERANCE: f64 = 1e-10;
/// Iterations after which a step is taken for too long.
const MOST_ITERATIONS: usize = 9;
/// Least cosine of the turn of the tangent in one step.
pub(super) const SHARPEST_TURN: f64 = 0.97;
/// Below this, relative to the largest, singular values count as 0 where Newton's method does not converge otherwise.
const NEUTRAL: f64 = 1e-5;
/// A residual in the directions that are left out then, relative to the largest entry of the Jacobian, above which there is no
/// solution.
const UNSOLVED: f64 = 1e-12;

/// The shortest solution of a linear system that is nearly singular: it does not drift along what leaves the equations
/// unchanged, as the phase of a bump on a ring does. None where the system is regular.
fn shortest_solution(matrix: &DMatrix<f64>, right: &DVector<f64>) -> Option<DVector<f64>> {
    let decomposed = matrix.clone().try_svd(true, true, f64::EPSILON, 0)?;
    let (least, largest) = (decomposed.singular_values.min(), decomposed.singular_values.max());
    (least <= NEUTRAL * largest).then(|| decomposed.solve(right, NEUTRAL * largest).ok())?
}

/// A curve with Newton's method on it.
pub(super) struct Tracer<'a, C: Curve> {
    pub curve: &'a C,
}

impl<C: Curve> Tracer<'_, C> {
    /// The unknowns of a place.
    pub(super) fn unknowns(&self, scaled: &DVector<f64>) -> Vec<f64> {
        scaled.iter().zip(self.curve.sizes()).map(|(value, size)| value * size).collect()
    }

    /// Unknowns divided by their sizes.
    pub(super) fn scaled(&self, unknowns: &[f64]) -> DVector<f64> {
        DVector::from_iterator(
            unknowns.len(),
            unknowns.iter().zip(self.curve.sizes()).map(|(value, size)| value / size),
        )
    }

    /// Residual and Jacobian in the measure of the sizes, bordered below by a row.
    pub(super) fn bordered(&self, scaled: &DVector<f64>, border: &DVector<f64>) -> Option<(Vec<f64>, DMatrix<f64>)> {
        let (residual, jacobian) = self.curve.at(&self.unknowns(scaled))?;
        let (rows, columns) = (residual.len(), scaled.len());
        let sizes = self.curve.sizes();
        let matrix = DMatrix::from_fn(columns, columns, |row, column| {
            if row < rows { jacobian[row * columns + column] * sizes[column] } else { border[column] }
        });
        let sound = residual.iter().chain(matrix.iter()).all(|entry| entry.is_finite());
        sound.then_some((residual, matrix))
    }

    /// Newton's method from a guess, in the plane through it at right angles to `normal`; the iterations that it took.
    pub(super) fn correct(&self, guess: &DVector<f64>, normal: &DVector<f64>) -> Option<(DVector<f64>, usize)> {
        let regular = self.iterate(guess, normal, |matrix, right| matrix.clone().lu().solve(right));
        regular.or_else(|| {
            let (found, iterations) = self.iterate(guess, normal, shortest_solution)?;
            let (residual, matrix) = self.bordered(&found, normal)?;
            let unsolved = residual.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
            (unsolved <= UNSOLVED * matrix.amax()).then_some((found, iterations))
        })
    }

    fn iterate(
        &self,
        guess: &DVector<f64>,
        normal: &DVector<f64>,
        solve: impl Fn(&DMatrix<f64>, &DVector<f64>) -> Option<DVector<f64>>,
    ) -> Option<(DVector<f64>, usize)> {
        let mut now = guess.clone();
        for iteration in 1..=MOST_ITERATIONS {
            let (residual, matrix) = self.bordered(&now, normal)?;
            let off = normal.dot(&(&now - guess));
            let right =
                DVector::from_iterator(now.len(), residual.iter().map(|value| -value).chain(std::iter::once(-off)));
            let step = solve(&matrix, &right)?;
            let length = step.amax();
            now += step;
            if !length.is_finite() {
                return None;
            }
            if length < TOLERANCE {
                return Some((now, iteration));
            }
        }
        None
    }

    /// The place at a point of the curve, its tangent turned towards `along`.
    pub(super) fn place(&self, scaled: DVector<f64>, along: &DVector<f64>) -> Option<Place> {
        let (_, matrix) = self.bordered(&scaled, along)?;
        let mut unit = DVector::zeros(scaled.len());
        unit[scaled.len() - 1] = 1.0;
        let tangent = matrix.clone().lu().solve(&unit)?.try_normalize(0.0)?;
        if !tangent.iter().all(|value| value.is_finite()) {
            return None;
        }
        let mut own = matrix;
        own.set_row(scaled.len() - 1, &tangent.transpose());
        Some(Place { determinant: own.lu().determinant(), scaled, tangent })
    }

    /// The place at a distance along the tangent of another.
    pub(super) fn step(&self, from: &Place, distance: f64) -> Option<(Place, usize)> {
        let guess = &from.scaled + &from.tangent * distance;
        let (found, iterations) = self.correct(&guess, &from.tangent)?;
        // A correction as long as the step leads to another branch.
        if (&found - guess).norm() > distance.abs() {
            return None;
        }
        Some((self.place(found, &from.tangent)?, iterations))
    }

    /// The place where one unknown has a value (in the measure of the sizes), between two neighbours.
    pub(super) fn place_where(&self, from: &Place, to: &Place, unknown: usize, value: f64) -> Option<Place> {
        let (start, end) = (from.scaled[unknown], to.scaled[unknown]);
        let share = if end == start { 0.0 } else { (value - start) / (end - start) };
        let mut guess = &from.scaled + (&to.scaled - &from.scaled) * share;
        guess[unknown] = value;
        let mut normal = DVector::zeros(guess.len());
        normal[unknown] = 1.0;
        let (mut found, _) = self.correct(&guess, &normal)?;
        found[unknown] = value;
        self.place(found, &from.tangent)
    }
}

/// The length of steps: shorter where they fail, longer where they are easy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub step: f64,
    pub shortest: f64,
    pub longest: f64,
}

impl Pace {
    /// After a step that failed; false where it cannot be shorter.
    pub(super) fn shorten(&mut self) -> bool {
        let possible = self.step > self.shortest;
        self.step = (self.step / 2.0).max(self.shortest);
        possible
    }

    /// After a step that took some iterations of Newton's method.
    pub(super) fn lengthen(&mut self, iterations: usize) {
        let factor = match iterations {
            0..=3 => 1.3,
            4 => 1.1,
            5 => 1.0,
            _ => 0.7,
        };
        self.step = (self.step * factor).clamp(self.shortest, self.longest);
    }
}

impl<C: Curve> Tracer<'_, C> {
    /// The next place at the pace, which adapts; none where even the shortest step fails or turns sharply.
    pub(super) fn advance(&self, from: &Place, pace: &mut Pace) -> Option<Place> {
        loop {
            if let Some((place, iterations)) = self.step(from, pace.step)
                && place.tangent.dot(&from.tangent) >= SHARPEST_TURN
            {
                pace.lengthen(iterations);
                return Some(place);
            }
            if !pace.shorten() {
                return None;
            }
        }
    }
}

/// Iterations of a root search; bisection alone would need about fifty.
const MOST_HALVINGS: usize = 80;
/// Where the bracket is this narrow, in shares, the root is found.
const NARROWEST: f64 = 1e-12;

/// The place between two neighbours where a number changes its sign: regula falsi (Illinois), towards the end by
/// interpolation where Newton's method is too near a singularity to converge.
pub(super) fn locate<C: Curve>(
    tracer: &Tracer<'_, C>,
    (from, to): (&Place, &Place),
    test: impl Fn(&Place) -> Option<f64>,
) -> Option<Place> {
    let length = from.tangent.dot(&(&to.scaled - &from.scaled));
    let (mut low, mut high) = ((0.0, test(from)?, from.clone()), (length, test(to)?, to.clone()));
    let (mut low_weight, mut high_weight, mut side) = (low.1, high.1, 0);
    for iteration in 0..MOST_HALVINGS {
        if (high.0 - low.0).abs() <= NARROWEST || low.1 == 0.0 || high.1 == 0.0 {
            break;
        }
        let share = if iteration % 8 == 7 { 0.5 } else { low_weight / (low_weight - high_weight) };
        // Shares nearer to the middle, where the place itself cannot be solved for.
        let tries = [share, 0.5 * share + 0.25, 0.5, 0.35, 0.65];
        let found = tries.into_iter().find_map(|share| {
            let distance = share.mul_add(high.0 - low.0, low.0);
            let place = tracer.step(from, distance)?.0;
            Some((distance, test(&place)?, place))
        });
        let Some(found) = found else { break };
        if (found.1 > 0.0) == (low.1 > 0.0) {
            high_weight *= if side == -1 { 0.5 } else { 1.0 };
            (low_weight, side, low) = (found.1, -1, found);
        } else {
            low_weight *= if side == 1 { 0.5 } else { 1.0 };
            (high_weight, side, high) = (found.1, 1, found);
        }
    }
    let share = if low.1 == high.1 { 0.5 } else { low.1 / (low.1 - high.1) };
    let scaled = &low.2.scaled + (&high.2.scaled - &low.2.scaled) * share;
    let nearer = if low.1.abs() <= high.1.abs() { low.2 } else { high.2 };
    Some(Place { scaled, tangent: nearer.tangent, determinant: 0.0 })
}
