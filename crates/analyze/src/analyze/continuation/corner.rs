//! The directions in which a branch may go on from a corner of its equations.
//!
//! Near a corner the equations are linear in pieces. Each piece whose null direction points into the piece itself is a way
//! on; several are a bifurcation without a zero eigenvalue (di Bernardo et al. 2008, doi:10.1007/978-1-84628-708-4).

use super::tracer::{Curve, Place, Tracer};
use crate::numeric::philox::{hash, unit};
use nalgebra::{DMatrix, DVector};

/// How far from the corner pieces are looked at, in the measure of steps: beyond the reach of the differences along the
/// knob, and far nearer than the next corner.
const REACH: f64 = 2e-5;
/// How far the corrected place may lie off the null direction, as a share of the reach.
const OFF: f64 = 0.1;
/// Directions whose cosine is above this are one.
const SAME_DIRECTION: f64 = 0.999;
/// Jacobians whose entries differ by less, relative to the largest, are of one piece.
const SAME_PIECE: f64 = 1e-3;
/// Directions of no preference in which pieces are looked for, beside the axes.
const RANDOM: u64 = 32;
/// Pieces after which the search ends.
const MOST_PIECES: usize = 200;
/// A piece with a second direction that is null to this share of the largest singular value has no single way on.
const DEGENERATE: f64 = 1e-9;

/// The places a little way on from a corner along every branch that leaves it, their tangents pointing away from it.
pub(super) fn ways_on<C: Curve>(tracer: &Tracer<'_, C>, at: &DVector<f64>, hint: &DVector<f64>) -> Vec<Place> {
    let mut pieces: Vec<DMatrix<f64>> = Vec::new();
    let mut ways: Vec<Place> = Vec::new();
    let mut looked = directions(at.len(), hint);
    // Null directions that lead into another piece are looked at too.
    while let Some(direction) = looked.pop() {
        let Some(piece) = piece(tracer, at, &direction) else { continue };
        let known = |known: &DMatrix<f64>| (known - &piece).amax() <= SAME_PIECE * piece.amax();
        if pieces.iter().any(known) || pieces.len() == MOST_PIECES {
            continue;
        }
        let null = null_direction(&piece);
        pieces.push(piece);
        for way in null.into_iter().flat_map(|null| [null.clone(), -null]) {
            match way_on(tracer, at, &way) {
                Some(place) if !ways.iter().any(|known| known.tangent.dot(&place.tangent) > SAME_DIRECTION) => {
                    ways.push(place);
                }
                Some(_) => {}
                None => looked.insert(0, way),
            }
        }
    }
    ways
}

/// Directions in which pieces are looked for; the last are looked at first.
fn directions(count: usize, hint: &DVector<f64>) -> Vec<DVector<f64>> {
    let axis = |index: usize| DVector::from_fn(count, |entry, _| f64::from(u8::from(entry == index)));
    let all = DVector::from_fn(count, |entry, _| f64::from(u8::from(entry + 1 < count)));
    let random = |number: u64| {
        let entry = |entry: usize| 2.0 * unit(hash(number, entry as u64)) - 1.0;
        DVector::from_fn(count, |index, _| entry(index))
    };
    let first = (0..RANDOM).map(random).chain((0..count).map(axis)).chain([all, hint.clone()]);
    first.filter_map(|direction| direction.try_normalize(0.0)).flat_map(|one| [-&one, one]).collect()
}

/// The Jacobian of the piece that lies in a direction.
fn piece<C: Curve>(tracer: &Tracer<'_, C>, at: &DVector<f64>, direction: &DVector<f64>) -> Option<DMatrix<f64>> {
    let (residual, matrix) = tracer.bordered(&(at + direction * REACH), direction)?;
    Some(matrix.rows(0, residual.len()).into_owned())
}

/// The direction that a piece's Jacobian takes to 0; none where there are several.
fn null_direction(piece: &DMatrix<f64>) -> Option<DVector<f64>> {
    let square = piece.clone().insert_row(piece.nrows(), 0.0);
    let decomposed = square.try_svd(false, true, f64::EPSILON, 0)?;
    let values = &decomposed.singular_values;
    let smallest = values.imin();
    let degenerate = (0..values.len()).any(|index| index != smallest && values[index] <= DEGENERATE * values.max());
    (!degenerate).then(|| decomposed.v_t.as_ref().map(|rows| rows.row(smallest).transpose()))?
}

/// The place a little way on, where the curve goes there.
fn way_on<C: Curve>(tracer: &Tracer<'_, C>, at: &DVector<f64>, way: &DVector<f64>) -> Option<Place> {
    let guess = at + way * REACH;
    let (found, _) = tracer.correct(&guess, way)?;
    if (&found - guess).norm() > OFF * REACH {
        return None;
    }
    let place = tracer.place(found, way)?;
    (place.tangent.dot(way) > SAME_DIRECTION).then_some(place)
}
