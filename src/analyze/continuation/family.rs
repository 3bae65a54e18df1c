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

    /// d residual / d knob at a state, and the change of the rate constants, N each, by central differences.
    fn knob_slope(&self, state: &[f64], knobs: &[f64], which: usize) -> Option<KnobSlope> {
        let shifted = |by: f64| {
            let mut knobs = knobs.to_vec();
            knobs[which] += by;
            self.at(state, &knobs)
        };
        // One-sided where a value beyond is not allowed, as at the ends of a share.
        let (mut distance, mut ends) = (2.0 * KNOB_STEP, (shifted(KNOB_STEP), shifted(-KNOB_STEP)));
        if ends.0.is_none() || ends.1.is_none() {
            distance = KNOB_STEP;
            let here = self.at(state, knobs);
            ends = if ends.0.is_none() { (here, ends.1) } else { (ends.0, here) };
        }
        let (above, below) = (ends.0?, ends.1?);
        let slope = |above: &[f64], below: &[f64]| {
            above.iter().zip(below).map(|(above, below)| (above - below) / distance).collect()
        };
        Some(KnobSlope {
            residual: slope(&above.residual, &below.residual),
            rate_constants: slope(&above.rate_constants, &below.rate_constants),
        })
    }
}

/// Half the distance of central differences along a knob: near the cube root of the rounding error, where the errors of
/// rounding and of the third derivative are equal.
const KNOB_STEP: f64 = 4e-6;

/// How a system changes with a knob.
#[derive(Clone, Debug, PartialEq)]
pub struct KnobSlope {
    /// d residual / d knob.
    pub residual: Vec<f64>,
    /// d rate constant / d knob.
    pub rate_constants: Vec<f64>,
}
