//! Whether a trajectory is on its way to a steady state for good: by a quadratic Lyapunov function of the linearised circuit.
//!
//! With `A^T P + P A = -Q`, `V = d^T P d` of the distance d from the state falls by the integral of `d^T Q d` where the circuit
//! is as good as linear. A trajectory for which it does so, to within a factor of two and over several turns, goes there
//! however weak its damping is: what is not linear shrinks faster than the distance. One that circles the state without
//! coming nearer is told apart.

use crate::numeric::linear::{Complex, lyapunov};

/// Windows in a row over which the fall of V must be as predicted.
const WINDOWS: usize = 3;
/// By how much the fall may differ from what the linearised circuit says, as a factor.
const AGREEMENT: f64 = 2.0;
/// A window ends early where V has fallen by this factor.
const FALL: f64 = 4.0;

/// A steady state on trial.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The steady state: all variables.
    pub rest: Vec<f64>,
    /// The largest real part of the eigenvalues there, per ms.
    pub leading_per_ms: f64,
    /// The variables with dynamics of their own.
    variables: Vec<usize>,
    p: Vec<f64>,
    q: Vec<f64>,
    window_ms: f64,
    started_ms: f64,
    start: f64,
    fallen: f64,
    /// Time and `d^T Q d` of the step before.
    before: (f64, f64),
    passed: usize,
}

/// What a trial has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Open,
    Rests,
    Fails,
}

impl Trial {
    /// A trial of the steady state `rest`, from the state at `time_ms`. `matrix` is the Jacobian of the dynamics per ms of
    /// `variables`, `sizes` are the sizes of all. None where the state is not stable.
    pub(super) fn new(
        (rest, state, sizes): (Vec<f64>, &[f64], &[f64]),
        (variables, matrix): (Vec<usize>, &[f64]),
        eigenvalues: &[Complex],
        time_ms: f64,
    ) -> Option<Self> {
        let n = variables.len();
        let q: Vec<f64> = variables.iter().map(|variable| 1.0 / (sizes[*variable] * sizes[*variable])).collect();
        let transposed: Vec<f64> = (0..n * n).map(|place| matrix[place % n * n + place / n]).collect();
        let weights: Vec<f64> =
            (0..n * n).map(|place| if place / n == place % n { q[place / n] } else { 0.0 }).collect();
        let p = lyapunov(&transposed, &weights, n)?;
        let turning = eigenvalues.iter().map(|value| value.im.abs()).filter(|turn| *turn > 0.0);
        let slowest_turn = turning.fold(f64::INFINITY, f64::min);
        let slowest = eigenvalues.iter().map(|value| -value.re).fold(f64::INFINITY, f64::min);
        let turn = std::f64::consts::TAU / slowest_turn;
        let window_ms = if turn > 0.0 { turn } else { 1.0 / slowest };
        let mut trial = Self {
            rest,
            leading_per_ms: -slowest,
            variables,
            p,
            q,
            window_ms,
            started_ms: time_ms,
            start: 0.0,
            fallen: 0.0,
            before: (time_ms, 0.0),
            passed: 0,
        };
        let (value, loss) = trial.measure(state);
        (trial.start, trial.before.1) = (value, loss);
        Some(trial)
    }

    /// V, and how fast it falls, at a state.
    fn measure(&self, state: &[f64]) -> (f64, f64) {
        let away: Vec<f64> = self.variables.iter().map(|variable| state[*variable] - self.rest[*variable]).collect();
        let row = |row: &[f64]| row.iter().zip(&away).map(|(entry, away)| entry * away).sum::<f64>();
        let value = self.p.chunks(away.len().max(1)).map(row).zip(&away).map(|(row, away)| row * away).sum();
        (value, self.q.iter().zip(&away).map(|(weight, away)| weight * away * away).sum())
    }

    /// Sees the state after a step.
    pub(super) fn see(&mut self, state: &[f64], time_ms: f64) -> Verdict {
        let (value, loss) = self.measure(state);
        self.fallen += 0.5 * (loss + self.before.1) * (time_ms - self.before.0);
        self.before = (time_ms, loss);
        if time_ms - self.started_ms < self.window_ms && value * FALL > self.start {
            return Verdict::Open;
        }
        let fall = self.start - value;
        let agrees = fall * AGREEMENT >= self.fallen && fall <= AGREEMENT * self.fallen;
        if !agrees {
            return Verdict::Fails;
        }
        self.passed += 1;
        if self.passed >= WINDOWS {
            return Verdict::Rests;
        }
        (self.started_ms, self.start, self.fallen) = (time_ms, value, 0.0);
        Verdict::Open
    }
}
