//! Equations with knobs: what a continuation needs to know of a system.

use crate::numeric::linear::{Complex, EigenError, eigenvalues};

/// A system at one state and one setting of its knobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Target minus state of each variable; 0 at a fixed point. N long.
    pub residual: Vec<f64>,
    /// d residual_k / d y_l, row-major N x N.
    pub jacobian: Vec<f64>,
    /// `dy_k/dt = residual_k x rate_constant_k`; 0 where the variable follows at once, so that its residual is 0 at any
    /// time. Per ms in circuits. N long.
    pub rate_constants: Vec<f64>,
    /// The matrix whose eigenvalues are those of the dynamics, row-major and square: the Jacobian of the variables that do
    /// not follow at once; with delays, a larger one.
    pub dynamics: Vec<f64>,
}

impl Point {
    /// A system in which every variable has dynamics `dy/dt = flow`, with the Jacobian of the flow.
    pub fn of_flow(flow: Vec<f64>, jacobian: Vec<f64>) -> Self {
        Self { rate_constants: vec![1.0; flow.len()], dynamics: jacobian.clone(), residual: flow, jacobian }
    }

    /// How many variables there are: N.
    pub fn variables(&self) -> usize {
        self.residual.len()
    }

    /// Order of the Jacobian of the dynamics.
    pub fn dynamic_size(&self) -> usize {
        libm::round(libm::sqrt(self.dynamics.len() as f64)) as usize
    }

    /// Eigenvalues of the dynamics, in order of their real parts.
    ///
    /// # Errors
    /// [`EigenError`] where the Jacobian is not finite or the iteration does not end.
    pub fn eigenvalues(&self) -> Result<Vec<Complex>, EigenError> {
        eigenvalues(&self.dynamics, self.dynamic_size())
    }
}

/// Equations of N variables that depend on one or two knobs. Knobs run from 0 to 1 over their ranges.
pub trait Family {
    /// How many variables there are: N.
    fn variables(&self) -> usize;

    /// Residual, Jacobian and dynamics at a state of N variables; none where there is no such system.
    fn at(&self, state: &[f64], knobs: &[f64]) -> Option<Point>;

    /// The largest size of a variable that is of interest: a branch ends beyond.
    fn bound(&self, _variable: usize) -> f64 {
        f64::INFINITY
    }

    /// What a reader wants to see of a state: the rates of a circuit.
    fn observe(&self, state: &[f64], _knobs: &[f64]) -> Vec<f64> {
        state.to_vec()
    }

    /// d residual / d knob at a state, and the change of the rate constants, N each; `here` is the system there.
    fn knob_slope(&self, state: &[f64], knobs: &[f64], which: usize, here: &Point) -> Option<KnobSlope> {
        self.knob_slope_by_differences(state, knobs, which, here)
    }

    /// The same for a knob of which nothing is known.
    ///
    /// By central differences; where a corner lies within their reach, by the parabola through three places on the side whose
    /// Jacobian is that of here. One-sided too where a value beyond is not allowed, as at the ends of a share.
    fn knob_slope_by_differences(&self, state: &[f64], knobs: &[f64], which: usize, here: &Point) -> Option<KnobSlope> {
        let shifted = |by: f64| {
            let mut knobs = knobs.to_vec();
            knobs[which] += by;
            self.at(state, &knobs)
        };
        let one_sided = |by: f64, next: &Point| {
            let second = shifted(2.0 * by)?;
            let slope = |pick: fn(&Point) -> &Vec<f64>| parabola([pick(here), pick(next), pick(&second)], by);
            Some(KnobSlope {
                residual: slope(|point| &point.residual),
                rate_constants: slope(|point| &point.rate_constants),
            })
        };
        let mut nearest = None;
        for step in KNOB_STEPS {
            let (above, below) = match (shifted(step), shifted(-step)) {
                (Some(above), Some(below)) => (above, below),
                (Some(above), None) => return one_sided(step, &above),
                (None, Some(below)) => return one_sided(-step, &below),
                (None, None) => return None,
            };
            let central = KnobSlope {
                residual: central(&above.residual, &below.residual, step),
                rate_constants: central(&above.rate_constants, &below.rate_constants, step),
            };
            if !bends(here, &above, &below) {
                return Some(central);
            }
            let (up, down) = (apart(here, &above), apart(here, &below));
            if up != down && up.min(down) <= SAME_PIECE {
                return if up < down { one_sided(step, &above) } else { one_sided(-step, &below) };
            }
            // Jacobians that are the same on both sides do not tell them apart.
            nearest = Some(central);
            if up == down && up <= SAME_PIECE {
                break;
            }
        }
        nearest
    }
}

/// The slopes at the first of three values at equal distances, by the parabola through them.
fn parabola([here, next, second]: [&Vec<f64>; 3], by: f64) -> Vec<f64> {
    let values = here.iter().zip(next).zip(second);
    values.map(|((here, next), second)| (4.0 * (next - here) - (second - here)) / (2.0 * by)).collect()
}

fn central(above: &[f64], below: &[f64], step: f64) -> Vec<f64> {
    above.iter().zip(below).map(|(above, below)| (above - below) / (2.0 * step)).collect()
}

/// Whether the residual bends within the reach of the differences more than a smooth one does.
fn bends(here: &Point, above: &Point, below: &Point) -> bool {
    here.residual.iter().zip(&above.residual).zip(&below.residual).any(|((here, above), below)| {
        let (up, down) = (above - here, here - below);
        (up - down).abs() > BEND * up.abs().max(down.abs()) && (up - down).abs() > ROUNDING * here.abs().max(1.0)
    })
}

/// How far two Jacobians are apart, relative to their entries.
fn apart(here: &Point, there: &Point) -> f64 {
    let size: f64 = here.jacobian.iter().map(|entry| entry.abs()).sum();
    let difference = here.jacobian.iter().zip(&there.jacobian).map(|(here, there)| (here - there).abs());
    difference.sum::<f64>() / size.max(f64::MIN_POSITIVE)
}

/// Half the distance of central differences along a knob: near the cube root of the rounding error, where the errors of
/// rounding and of the third derivative are equal. The shorter ones serve between two corners.
const KNOB_STEPS: [f64; 6] = [4e-6, 4e-7, 4e-8, 4e-9, 4e-10, 4e-11];
/// Slopes to both sides that differ by more than this share of the larger have a corner between them.
const BEND: f64 = 1e-3;
/// What rounding alone makes of a difference of residuals of size 1.
const ROUNDING: f64 = 1e-13;
/// Jacobians that differ by less than this are of one piece of the equations.
const SAME_PIECE: f64 = 1e-3;

/// How a system changes with a knob.
#[derive(Clone, Debug, PartialEq)]
pub struct KnobSlope {
    /// d residual / d knob.
    pub residual: Vec<f64>,
    /// d rate constant / d knob.
    pub rate_constants: Vec<f64>,
}
