//! Steady states at a corner of a transfer function, where its slope jumps: a threshold, a maximum that is just reached, a
//! floor, a point of a tabulated curve. The linearised circuit differs from side to side there, and each side is judged by
//! itself; a state is stable to small departures in all directions only if none is unstable.
//!
//! A corner is noticed as it is met, whatever kind of function makes it: the slopes jump between inputs that differ by less
//! than anyone can tell, and by as much between inputs that are nearer still.

use super::stability::eigenvalues_per_ms;
use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::circuit::{Rows, Shape, Site, sites};
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
struct Place<'a> {
    shape: &'a Shape<1>,
    rows: &'a Rows<1>,
    state: &'a [Row<1>],
}

/// All sides of a steady state; one where it lies at no corner.
///
/// # Errors
/// [`EigenError`] where a Jacobian is not finite or the iteration does not end.
pub fn sides(shape: &Shape<1>, rows: &Rows<1>, state: &[Row<1>]) -> Result<Vec<Side>, EigenError> {
    let place = Place { shape, rows, state };
    let apart = place.apart();
    let corners = place.corners(&apart);
    combinations(corners.len())
        .into_iter()
        .map(|above| place.side(corners.iter().copied().zip(above).collect(), &apart))
        .collect()
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

impl Place<'_> {
    /// The circuit linearised where the inputs of some populations (their variables in the voltage form) are shifted.
    fn linearised(&self, shifts: &[(usize, f64)]) -> Linearised<1> {
        let (mut rows, mut state) = (self.rows.clone(), self.state.to_vec());
        for (index, shift) in shifts {
            let shifted = match self.shape.populations[*index].form {
                Form::Voltage => &mut state[*index],
                Form::Rate | Form::Algebraic => &mut rows.populations[*index].drive,
            };
            *shifted = Row::splat(shifted.get(0) + shift);
        }
        let mut work = Linearised::new(self.shape);
        residual_and_jacobian(self.shape, &rows, &state, &mut work);
        work
    }

    /// How far each population's input is shifted to lie on one side of where it is.
    fn apart(&self) -> Vec<f64> {
        let outputs = self.linearised(&[]).outputs;
        let received = |site: &Site<'_, 1>| -> f64 {
            let parts = site.connections.iter().zip(site.weights);
            parts.map(|(connection, weight)| (weight.get(0) * outputs[connection.output].get(0)).abs()).sum()
        };
        let sizes = sites(self.shape, self.rows).zip(self.state);
        sizes
            .map(|(site, here)| {
                let size = received(&site).max(site.numbers.drive.get(0).abs());
                APART * size.max(here.get(0).abs()).max(1.0)
            })
            .collect()
    }

    /// The populations at whose inputs the slopes jump.
    ///
    /// A shift of a rate's input moves nothing but the slopes in that population's own row, and a shift of a voltage moves
    /// the slope of that population's own rate. So all populations of a kind are shifted at once: the work is that of a few
    /// linearisations, however many populations there are.
    fn corners(&self, apart: &[f64]) -> Vec<usize> {
        let kinds: [fn(Form) -> bool; 2] =
            [|form| form == Form::Voltage, |form| matches!(form, Form::Rate | Form::Algebraic)];
        let mut corners: Vec<usize> = kinds.into_iter().flat_map(|kind| self.corners_of(kind, apart)).collect();
        corners.sort_unstable();
        corners
    }

    fn corners_of(&self, kind: fn(Form) -> bool, apart: &[f64]) -> Vec<usize> {
        let populations = self.shape.populations.iter().enumerate();
        let these: Vec<usize> =
            populations.filter(|(_, population)| kind(population.form)).map(|(index, _)| index).collect();
        if these.is_empty() {
            return Vec::new();
        }
        let far = self.jumps(&these, apart, 1.0);
        let there = |(jump, size): &(f64, f64)| *jump > JUMP * size;
        if !far.iter().any(there) {
            return Vec::new();
        }
        let near = self.jumps(&these, apart, NEARER);
        let pairs = these.into_iter().zip(far.into_iter().zip(near));
        pairs.filter(|(_, (far, near))| there(far) && near.0 > LEFT * far.0).map(|(index, _)| index).collect()
    }

    /// How much the slopes of some populations jump between both sides, and the largest slope of all.
    fn jumps(&self, these: &[usize], apart: &[f64], nearer: f64) -> Vec<(f64, f64)> {
        let ends = [-nearer, nearer].map(|side| {
            let shifts: Vec<(usize, f64)> = these.iter().map(|index| (*index, side * apart[*index])).collect();
            self.linearised(&shifts)
        });
        let count = self.shape.variables();
        let largest = |rows: &[Row<1>]| rows.iter().map(|row| row.get(0).abs()).fold(0.0, f64::max);
        let sizes = ends.iter().flat_map(|work| [&work.jacobian, &work.drive_slopes, &work.rate_slopes]);
        let size = sizes.map(|rows| largest(rows)).fold(0.0, f64::max);
        // A voltage moves what others receive too, so that their rows say nothing of the place of its own corners.
        let slopes = |work: &Linearised<1>, index: usize| -> Vec<f64> {
            let own = match self.shape.populations[index].form {
                Form::Voltage => &[][..],
                Form::Rate | Form::Algebraic => &work.jacobian[index * count..(index + 1) * count],
            };
            own.iter().chain([&work.drive_slopes[index], &work.rate_slopes[index]]).map(|row| row.get(0)).collect()
        };
        let jump = |index: &usize| {
            let pairs = slopes(&ends[0], *index).into_iter().zip(slopes(&ends[1], *index));
            pairs.map(|(below, above)| (above - below).abs()).fold(0.0, f64::max)
        };
        these.iter().map(|index| (jump(index), size)).collect()
    }

    fn side(&self, above: Vec<(usize, bool)>, apart: &[f64]) -> Result<Side, EigenError> {
        let shift = |(index, above): &(usize, bool)| (*index, if *above { 1.0 } else { -1.0 } * apart[*index]);
        let work = self.linearised(&above.iter().map(shift).collect::<Vec<_>>());
        let per_ms = eigenvalues_per_ms(self.shape, self.rows, &work, 0)?;
        let negated: Vec<f64> = work.jacobian.iter().map(|entry| -entry.get(0)).collect();
        Ok(Side {
            above,
            eigenvalues: per_ms.into_iter().map(|value| Complex { re: value.re * 1e3, im: value.im * 1e3 }).collect(),
            index: determinant_sign(&negated, self.shape.variables()),
        })
    }
}
