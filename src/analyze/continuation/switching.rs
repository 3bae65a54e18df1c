//! The other branch through a branch point.

use super::tracer::{Curve, Place, Tracer};
use nalgebra::{DMatrix, DVector};

/// Length of the differences that give second derivatives, in the measure of the sizes.
const DIFFERENCE: f64 = 1e-4;
/// Below this, relative to the others, a coefficient of the branching equation counts as 0.
const VANISHING: f64 = 1e-6;

/// The unit tangent of the branch that crosses at a branch point, from the algebraic branching equation
/// `a11 u^2 + 2 a12 u v + a22 v^2 = 0` in the two null directions of the Jacobian, of which the first is the tangent of
/// the branch that is known (Keller 1977). None where the equations cannot be evaluated.
pub(super) fn other_tangent<C: Curve>(tracer: &Tracer<'_, C>, at: &Place) -> Option<DVector<f64>> {
    let (_, bordered) = tracer.bordered(&at.scaled, &at.tangent)?;
    let rows = at.scaled.len() - 1;
    let decomposed = bordered.clone().try_svd(true, true, f64::EPSILON, 0)?;
    let smallest = decomposed.singular_values.imin();
    // A null vector at right angles to the known tangent, by the border.
    let second = decomposed.v_t.as_ref()?.row(smallest).transpose();
    let second = (&second - &at.tangent * at.tangent.dot(&second)).try_normalize(0.0)?;
    let left = decomposed.u.as_ref()?.column(smallest).rows(0, rows).into_owned();
    let bent = |direction: &DVector<f64>| -> Option<DMatrix<f64>> {
        let (_, above) = tracer.bordered(&(&at.scaled + direction * DIFFERENCE), direction)?;
        let (_, below) = tracer.bordered(&(&at.scaled - direction * DIFFERENCE), direction)?;
        Some(((above - below) / (2.0 * DIFFERENCE)).rows(0, rows).into_owned())
    };
    let along = bent(&second)?;
    let mixed = left.dot(&(&along * &at.tangent));
    let own = left.dot(&(&along * &second));
    let scale = along.amax();
    if mixed.abs() <= VANISHING * scale {
        return Some(second);
    }
    (&at.tangent * -own + &second * (2.0 * mixed)).try_normalize(0.0)
}
