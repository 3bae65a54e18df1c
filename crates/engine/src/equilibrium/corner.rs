//! Steady states at a corner of a transfer function, where its slope jumps: a threshold, a maximum that is just reached, a
//! floor, a point of a tabulated curve. The linearised circuit differs from side to side there, and each side is judged by
//! itself; a state is stable to small departures in all directions only if none is unstable.
//!
//! A corner is noticed as it is met, whatever kind of function makes it: the slopes jump between inputs that differ by less
//! than anyone can tell, and by as much between inputs that are nearer still.

use super::stability::eigenvalues_per_ms;
use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::circuit::{Rows, Shape, sites};
use crate::numeric::lanes::Row;
use crate::numeric::linear::{Complex, EigenError, determinant_sign};
use crate::scenario::Form;

/// How far to both sides slopes are looked at, relative to the sizes of the parts of an input (and absolutely below 1).
const APART: f64 = 1e-9;
/// How much nearer they are looked at again, and which share of a jump must then be left.
const NEARER: f64 = 1.0 / 64.0;
const LEFT: f64 = 0.9;
/// A jump is larger than this share of the largest slope.
const JUMP: f64 = 1e-6;
/// Of states at more corners than this at once, sides are looked at where all, all but one, one or no population is above.
const MOST_TOGETHER: usize = 4;

/// One side of a steady state.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The populations at a corner, each with whether its input lies above it on this side. Empty where there is no corner.
    pub above: Vec<(usize, bool)>,
    /// Eigenvalues of the dynamics in 1/s, in order of their real parts.
    pub eigenvalues: Vec<Complex>,
    /// The sign of `det(-J)`, J being the Jacobian of the residual.
    pub index: i64,
}

impl Side {
    /// The largest real part of the eigenvalues, in 1/s.
    pub fn leading_per_s(&self) -> f64 {
        self.eigenvalues.iter().map(|value| value.re).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// A circuit in one lane at one state.
struct Place<'a, const G: usize> {
    shape: &'a Shape<G>,
    rows: &'a Rows<G>,
    state: &'a [Row<G>],
    lane: usize,
}

/// All sides of a steady state; one where it lies at no corner.
///
/// # Errors
/// [`EigenError`] where a Jacobian is not finite or the iteration does not end.
pub fn sides(shape: &Shape<1>, rows: &Rows<1>, state: &[Row<1>]) -> Result<Vec<Side>, EigenError> {
    Place { shape, rows, state, lane: 0 }.sides()
}

/// The largest real part of the eigenvalues in 1/s on each side of a steady state in one lane, the least stable first; empty
/// where it lies at no corner, which is found out by looking at all populations at once.
pub fn leading_on_sides<const G: usize>(
    (shape, rows): (&Shape<G>, &Rows<G>),
    state: &[Row<G>],
    lane: usize,
) -> Vec<f64> {
    let place = Place { shape, rows, state, lane };
    if !place.may_have_corners() {
        return Vec::new();
    }
    let sides = place.sides().unwrap_or_default();
    let mut leading: Vec<f64> = sides.iter().filter(|side| !side.above.is_empty()).map(Side::leading_per_s).collect();
    leading.sort_by(|one, other| other.total_cmp(one));
    leading
}

/// Which of some corners lie below on each side.
fn combinations(corners: usize) -> Vec<Vec<bool>> {
    if corners <= MOST_TOGETHER {
        return (0..1_usize << corners).map(|bits| (0..corners).map(|bit| bits >> bit & 1 == 1).collect()).collect();
    }
    let same = |all: bool| std::iter::once(vec![all; corners]);
    let but_one = |all: bool| (0..corners).map(move |one| (0..corners).map(|index| all != (index == one)).collect());
    same(false).chain(but_one(false)).chain(but_one(true)).chain(same(true)).collect()
}

impl<const G: usize> Place<'_, G> {
    fn sides(&self) -> Result<Vec<Side>, EigenError> {
        let corners: Vec<usize> = (0..self.shape.size()).filter(|index| self.has_corner(*index)).collect();
        combinations(corners.len())
            .into_iter()
            .map(|above| self.side(corners.iter().copied().zip(above).collect()))
            .collect()
    }

    /// Whether slopes jump where the inputs of all populations are shifted together.
    fn may_have_corners(&self) -> bool {
        let all: Vec<(usize, f64)> = (0..self.shape.size()).map(|index| (index, self.apart(index))).collect();
        let below: Vec<(usize, f64)> = all.iter().map(|(index, apart)| (*index, -apart)).collect();
        let [jump, size] = self.jump(&below, &all);
        jump > JUMP * size
    }

    /// The largest difference of slopes between two ways of shifting inputs, and their size.
    fn jump(&self, below: &[(usize, f64)], above: &[(usize, f64)]) -> [f64; 2] {
        let slopes = |shifts: &[(usize, f64)]| -> Vec<f64> {
            let work = self.linearised(shifts);
            let all = [&work.jacobian, &work.drive_slopes, &work.rate_slopes].into_iter().flatten();
            all.map(|row| row.get(self.lane)).collect()
        };
        let pairs = slopes(below).into_iter().zip(slopes(above));
        pairs.fold([0.0, 0.0], |[jump, size]: [f64; 2], (below, above)| {
            [jump.max((above - below).abs()), size.max(below.abs()).max(above.abs())]
        })
    }

    /// The circuit linearised where the inputs of some populations (their variables in the voltage form) are shifted.
    fn linearised(&self, shifts: &[(usize, f64)]) -> Linearised<G> {
        let (mut rows, mut state) = (self.rows.clone(), self.state.to_vec());
        for (index, shift) in shifts {
            let shifted = match self.shape.populations[*index].form {
                Form::Voltage => &mut state[*index],
                Form::Rate | Form::Algebraic => &mut rows.populations[*index].drive,
            };
            *shifted = Row::splat(shifted.get(self.lane) + shift);
        }
        let mut work = Linearised::new(self.shape);
        residual_and_jacobian(self.shape, &rows, &state, &mut work);
        work
    }

    /// How far a population's input is shifted to lie on one side of where it is.
    fn apart(&self, index: usize) -> f64 {
        let Some(site) = sites(self.shape, self.rows).nth(index) else { return APART };
        let outputs = self.linearised(&[]).outputs;
        let parts = site.connections.iter().zip(site.weights);
        let lane = self.lane;
        let received =
            parts.map(|(connection, weight)| (weight.get(lane) * outputs[connection.output].get(lane)).abs());
        let own = site.numbers.drive.get(lane).abs().max(self.state[index].get(lane).abs());
        APART * received.sum::<f64>().max(own).max(1.0)
    }

    /// Whether the slopes jump where a population's input is.
    fn has_corner(&self, index: usize) -> bool {
        let apart = self.apart(index);
        let jump = |apart: f64| self.jump(&[(index, -apart)], &[(index, apart)]);
        let [far, size] = jump(apart);
        far > JUMP * size && jump(NEARER * apart)[0] > LEFT * far
    }

    fn side(&self, above: Vec<(usize, bool)>) -> Result<Side, EigenError> {
        let shift = |(index, above): &(usize, bool)| (*index, if *above { 1.0 } else { -1.0 } * self.apart(*index));
        let work = self.linearised(&above.iter().map(shift).collect::<Vec<_>>());
        let per_ms = eigenvalues_per_ms(self.shape, self.rows, &work, self.lane)?;
        let negated: Vec<f64> = work.jacobian.iter().map(|entry| -entry.get(self.lane)).collect();
        Ok(Side {
            above,
            eigenvalues: per_ms.into_iter().map(|value| Complex { re: value.re * 1e3, im: value.im * 1e3 }).collect(),
            index: determinant_sign(&negated, self.shape.variables()),
        })
    }
}
