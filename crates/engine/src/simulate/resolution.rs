//! Whether the step of fast time resolves the circuit's own motion, judged by the eigenvalues along the run.
//!
//! A method with step h takes a mode of eigenvalue `lambda` by the factor `R(h lambda)` where `exp(h lambda)` would be right:
//! `R(z)` is `1 + z` for Euler, `1 + z + z^2/2` for Heun, and so on to the fourth power for Runge-Kutta (Hairer & Wanner 1996,
//! Solving Ordinary Differential Equations II, IV.2). Where a mode decays and `|R| > 1`, what the method does is not what
//! the circuit does. Of delayed circuits only what acts at once is judged.

use crate::circuit::entries::residual_and_jacobian;
use crate::circuit::equations::Linearised;
use crate::circuit::{self, Rows, Shape};
use crate::equilibrium::Calibrated;
use crate::equilibrium::stability::immediate_jacobian;
use crate::numeric::lanes::Row;
use crate::numeric::linear::{Complex, eigenvalues};
use crate::scenario::declare::Choice;
use crate::scenario::{Method, Run};

/// At rest, the damping of a mode may be wrong by this much of it.
const DAMPING_AT_REST: f64 = 0.5;
/// On the way, where eigenvalues change from moment to moment, the damping per radian of a mode may be wrong by this much.
const DAMPING_ON_THE_WAY: f64 = 0.25;
/// Numbers smaller than this, relative to the mode's speed, are rounding.
const ROUNDING: f64 = 1e-9;
/// The circuit is looked at anew when a variable has moved by this much, relative to its size (absolutely below 1).
const MOVED: f64 = 0.05;
/// Steps until the first look after one, doubled with each, and the most: a look costs as much as hundreds of steps.
const FIRST_GAP: f64 = 16.0;
const LONGEST_GAP: f64 = 16_384.0;
/// On the way, so many looks in a row over so many of its time constants tell what a mode does.
const MANY_LOOKS: u32 = 16;
const PATIENCE: f64 = 3.0;

/// What a step is to a circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It resolves it.
    Fine,
    /// The damping of a mode is wrong.
    Coarse(Complex),
    /// A mode that decays grows.
    Unstable(Complex),
}

/// What steps are to a circuit at a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// If it stands still there.
    at_rest: Verdict,
    /// If it is on its way.
    on_the_way: Verdict,
    /// Whether a mode grows.
    grows: bool,
}

/// When an arm was last looked at.
#[derive(Clone, Debug)]
pub struct Looks {
    state: Vec<f64>,
    position: f64,
    gap: f64,
    /// Since when, in steps, each look at an arm on its way has found what would be wrong at rest, and how many did.
    doubts: Option<(f64, u32)>,
    /// Whether a coarse step has been reported.
    pub reported: bool,
}

impl Looks {
    /// Not yet.
    pub fn new() -> Self {
        Self { state: Vec::new(), position: f64::NEG_INFINITY, gap: FIRST_GAP, doubts: None, reported: false }
    }

    /// What a look at a position in steps, of so many ms, comes to. On the way, eigenvalues change from moment to moment: what
    /// would be wrong at rest counts once many looks in a row have found it, for longer than the mode takes to decay.
    pub fn conclude(&mut self, position: f64, step: f64, seen: Judgement, stands: bool) -> Verdict {
        if stands {
            self.doubts = None;
            return seen.at_rest;
        }
        let (Verdict::Coarse(mode) | Verdict::Unstable(mode)) = seen.at_rest else {
            self.doubts = None;
            return seen.on_the_way;
        };
        if seen.grows || matches!(seen.on_the_way, Verdict::Unstable(_)) {
            self.doubts = None;
            return seen.on_the_way;
        }
        let (since, count) = self.doubts.get_or_insert((position, 0));
        *count += 1;
        let decays = (position - *since) * step * mode.re.abs();
        if *count >= MANY_LOOKS && decays > PATIENCE {
            return seen.at_rest;
        }
        if !self.reported || matches!(seen.at_rest, Verdict::Unstable(_)) {
            self.gap = FIRST_GAP;
        }
        seen.on_the_way
    }

    /// Whether it is time to look at a state, at a position in steps; then it counts as seen.
    pub fn due(&mut self, position: f64, state: impl Iterator<Item = f64>) -> bool {
        if position - self.position < self.gap {
            return false;
        }
        let state: Vec<f64> = state.collect();
        let moved = |(now, seen): (&f64, &f64)| (now - seen).abs() > MOVED * seen.abs().max(1.0);
        if self.state.len() == state.len() && !state.iter().zip(&self.state).any(moved) {
            return false;
        }
        if !self.state.is_empty() {
            self.gap = (2.0 * self.gap).min(LONGEST_GAP);
        }
        (self.state, self.position) = (state, position);
        true
    }
}

/// What the step of fast time is to a circuit at its rest.
#[derive(Clone, Debug, PartialEq)]
pub enum StepAtRest {
    /// It resolves the circuit's motion.
    Fine,
    /// It gets a motion wrong, which is said.
    Coarse(String),
    /// It makes a motion grow that decays: a run stops there.
    Unstable(String),
}

/// Judges the step of a run in fast time at the rest of a circuit, as the run itself does along its way. Of delayed synapses
/// only what acts at once is judged.
pub fn step_at_rest(rest: &Calibrated, run: &Run) -> StepAtRest {
    let (shape, rows) = circuit::build::<1>(&[&rest.circuit]);
    let state: Vec<Row<1>> = rest.variables.iter().map(|value| Row::splat(*value)).collect();
    let mut linearised = Linearised::new(&shape);
    residual_and_jacobian(&shape, &rows, &state, &mut linearised);
    let words = |value: Complex, unstable: bool| in_words(run.method, run.step, value, unstable);
    match judge((run.method, run.step), (&shape, &rows), (&linearised, 0)).at_rest {
        Verdict::Fine => StepAtRest::Fine,
        Verdict::Coarse(value) => StepAtRest::Coarse(words(value, false)),
        Verdict::Unstable(value) => StepAtRest::Unstable(words(value, true)),
    }
}

/// What steps of `step` ms are to a lane of a linearised circuit. Fine where there are no eigenvalues.
pub fn judge<const G: usize>(
    (method, step): (Method, f64),
    (shape, rows): (&Shape<G>, &Rows<G>),
    (linearised, lane): (&Linearised<G>, usize),
) -> Judgement {
    let matrix = immediate_jacobian(shape, rows, linearised, lane);
    let values = matrix.and_then(|matrix| eigenvalues(&matrix.entries, matrix.size).ok()).unwrap_or_default();
    let worst = |stands: bool| {
        let mut worst = Verdict::Fine;
        for value in &values {
            match judge_mode(method, step, *value, stands) {
                Verdict::Unstable(value) => return Verdict::Unstable(value),
                Verdict::Coarse(value) if worst == Verdict::Fine => worst = Verdict::Coarse(value),
                Verdict::Coarse(_) | Verdict::Fine => {}
            }
        }
        worst
    };
    let grows = values.iter().any(|value| value.re >= -ROUNDING * libm::hypot(value.re, value.im));
    Judgement { at_rest: worst(true), on_the_way: worst(false), grows }
}

/// The same of one eigenvalue, per ms.
fn judge_mode(method: Method, step: f64, value: Complex, stands: bool) -> Verdict {
    let z = Complex { re: step * value.re, im: step * value.im };
    let speed = libm::hypot(z.re, z.im);
    let factor = growth_factor(method, z);
    // What the method makes of the real part.
    let damping = libm::log(libm::hypot(factor.re, factor.im));
    if z.re < -ROUNDING * speed && damping > ROUNDING * speed {
        // On the way, a mode that hardly decays may seem to grow without anything being wrong.
        let beyond_doubt = stands || factor.re < 0.0 || damping > DAMPING_ON_THE_WAY * speed;
        if beyond_doubt {
            return Verdict::Unstable(value);
        }
    }
    let allowed = if stands { DAMPING_AT_REST * z.re.abs() } else { DAMPING_ON_THE_WAY * speed };
    // What grows at rest is not what the run stays at.
    let counts = !stands || z.re < -ROUNDING * speed;
    // How fast a mode goes that is gone within two steps does not matter, but which way it goes.
    let gone = z.re < -0.5 && damping < -0.5;
    let turns = factor.re < 0.0 && z.im.abs() < z.re.abs();
    let wrong = turns || (!gone && (damping - z.re).abs() > allowed);
    if counts && wrong { Verdict::Coarse(value) } else { Verdict::Fine }
}

/// `R(z)`.
fn growth_factor(method: Method, z: Complex) -> Complex {
    let order = match method {
        Method::EulerMaruyama => 1,
        Method::Heun => 2,
        Method::RungeKutta4 => 4,
    };
    // Horner's scheme for the exponential series up to that order.
    (1..=order).rev().fold(Complex { re: 1.0, im: 0.0 }, |inner, power| {
        let share = 1.0 / f64::from(power);
        Complex {
            re: 1.0 + share * (z.re * inner.re - z.im * inner.im),
            im: share * (z.re * inner.im + z.im * inner.re),
        }
    })
}

/// The longest step in ms, a power of two of the given one, at which a mode is resolved at rest.
fn longest_step(method: Method, step: f64, value: Complex) -> f64 {
    let fine = |step: &f64| judge_mode(method, *step, value, true) == Verdict::Fine;
    (1..40).map(|halvings| step / f64::from(1_u32 << halvings.min(30))).find(fine).unwrap_or(0.0)
}

/// A verdict on steps of so many ms in words.
pub fn in_words(method: Method, step: f64, value: Complex, unstable: bool) -> String {
    let [re, im] = [value.re, value.im].map(|part| 1e3 * part);
    let mode = if im == 0.0 { format!("{re:.4}") } else { format!("{re:.4} ± {:.4}i", im.abs()) };
    let what = if unstable { "makes a motion grow that decays" } else { "gets a motion wrong" };
    let shorter = longest_step(method, step, value);
    let name = method.word();
    format!(
        "the step of {step} ms {what} (eigenvalue {mode} per s, method {name}); expected a step of {shorter:.3} ms or less"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_judged_by_what_the_method_makes_of_it() {
        let mode = |re: f64, im: f64| Complex { re: re / 1e3, im: im / 1e3 };
        let at_rest = |method, step, value| judge_mode(method, step, value, true);
        // |1 + z| = 1 where h = 2 a / (a^2 + w^2).
        let (slow, edge) = (mode(-10.0, 300.0), 1e3 * 20.0 / 90_100.0);
        assert!(matches!(at_rest(Method::EulerMaruyama, edge * 1.001, slow), Verdict::Unstable(_)));
        assert!(matches!(at_rest(Method::EulerMaruyama, edge * 0.999, slow), Verdict::Coarse(_)));
        assert_eq!(at_rest(Method::EulerMaruyama, 0.25 * edge, slow), Verdict::Fine);
        assert_eq!(at_rest(Method::RungeKutta4, 1.0, slow), Verdict::Fine);
        // The real axis: up to -2 for the first two, -2.7853 for the last.
        for (method, end) in [(Method::EulerMaruyama, 2.0), (Method::Heun, 2.0), (Method::RungeKutta4, 2.785_29)] {
            let stiff = mode(-1_000.0, 0.0);
            assert!(matches!(at_rest(method, end * 1.001, stiff), Verdict::Unstable(_)), "{method:?}");
            assert!(!matches!(at_rest(method, end * 0.999, stiff), Verdict::Unstable(_)), "{method:?}");
        }
        // What grows may grow.
        assert_eq!(at_rest(Method::EulerMaruyama, 5.0, mode(3.0, 40.0)), Verdict::Fine);
    }
}
