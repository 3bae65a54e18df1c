//! The other branches through a branch point.

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

/// How far a branch may lie off the direction in which it was looked for, as a share of that distance.
const OFF: f64 = 0.5;
/// Where Newton's method fails at the distance asked for, a branch is looked for at these shares of it.
const NEARER: [f64; 4] = [1.0, 0.6, 0.35, 0.2];
/// Directions whose cosine is above this are one.
const SAME_DIRECTION: f64 = 0.999;
/// A projection shorter than this has no direction.
const SHORTEST: f64 = 1e-3;
/// In a kernel of more than two dimensions so few projections or fewer are combined in all ways; more, in pairs.
const FEW: usize = 6;

/// Places on the branches that cross at a point where several eigenvalues vanish at once.
///
/// Such points come from symmetries, as those of a ring or of equal columns, and their branches lie in directions of the
/// kernel that part of the symmetry keeps (the equivariant branching lemma; Golubitsky, Stewart & Schaeffer 1988,
/// doi:10.1007/978-1-4612-4574-2): those in which one variable, or a few, differ from the others. Each such direction is a
/// guess at a distance of `away`, from which Newton's method goes to the branch.
pub(super) fn crossing_places<C: Curve>(
    tracer: &Tracer<'_, C>,
    at: &Place,
    multiplicity: usize,
    away: f64,
) -> Vec<Place> {
    let Some(kernel) = kernel(tracer, at, multiplicity) else { return Vec::new() };
    let mut found: Vec<Place> = Vec::new();
    for direction in guesses(&kernel, at.scaled.len() - 1) {
        for way in [direction.clone(), -direction] {
            let place = NEARER.iter().find_map(|share| {
                let guess = &at.scaled + &way * (away * share);
                let place = tracer.place(tracer.correct(&guess, &way)?.0, &way)?;
                ((&place.scaled - guess).norm() <= OFF * away * share).then_some(place)
            });
            let Some(place) = place else { continue };
            if !found.iter().any(|known| (&known.scaled - &place.scaled).norm() < away * SHORTEST) {
                found.push(place);
            }
        }
    }
    found
}

/// An orthonormal basis of the directions that the Jacobian takes to 0, without that of the branch itself.
fn kernel<C: Curve>(tracer: &Tracer<'_, C>, at: &Place, multiplicity: usize) -> Option<Vec<DVector<f64>>> {
    let (_, bordered) = tracer.bordered(&at.scaled, &at.tangent)?;
    let decomposed = bordered.try_svd(false, true, f64::EPSILON, 0)?;
    let rows = decomposed.v_t.as_ref()?;
    let mut order: Vec<usize> = (0..rows.nrows()).collect();
    order.sort_by(|one, other| decomposed.singular_values[*one].total_cmp(&decomposed.singular_values[*other]));
    let mut basis: Vec<DVector<f64>> = Vec::new();
    for index in order.into_iter().take(multiplicity) {
        let mut direction = rows.row(index).transpose();
        for known in std::iter::once(&at.tangent).chain(&basis) {
            direction -= known * known.dot(&direction);
        }
        basis.extend(direction.try_normalize(SHORTEST));
    }
    Some(basis)
}

/// Directions of the kernel in which one variable, or a few, differ from the others.
fn guesses(kernel: &[DVector<f64>], variables: usize) -> Vec<DVector<f64>> {
    let project = |index: usize| -> DVector<f64> {
        let mut sum = DVector::zeros(variables + 1);
        kernel.iter().for_each(|basis| sum += basis * basis[index]);
        sum
    };
    let mut single: Vec<DVector<f64>> = Vec::new();
    let mut all: Vec<DVector<f64>> = Vec::new();
    let add = |known: &mut Vec<DVector<f64>>, direction: &DVector<f64>| {
        let Some(unit) = direction.clone().try_normalize(SHORTEST) else { return };
        if !known.iter().any(|known| known.dot(&unit).abs() > SAME_DIRECTION) {
            known.push(unit);
        }
    };
    (0..variables).for_each(|index| add(&mut single, &project(index)));
    single.iter().for_each(|one| add(&mut all, one));
    if kernel.len() > 2 && single.len() <= FEW {
        let combinations = 3usize.pow(single.len() as u32);
        for number in 0..combinations {
            let sign = |index: usize| (number / 3usize.pow(index as u32) % 3) as f64 - 1.0;
            let sum = single.iter().enumerate().map(|(index, one)| one * sign(index));
            add(&mut all, &sum.fold(DVector::zeros(variables + 1), |sum, one| sum + one));
        }
    } else {
        for (index, one) in single.iter().enumerate() {
            for other in &single[index + 1..] {
                add(&mut all, &(one + other));
                add(&mut all, &(one - other));
            }
        }
    }
    all
}
