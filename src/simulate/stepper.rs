//! Steps of the fast circuit: Euler-Maruyama, stochastic Heun and Runge-Kutta, over lanes.
//!
//! Ornstein-Uhlenbeck noise is advanced exactly from step to step; so Euler-Maruyama takes it at the start of a step, and
//! Heun at both ends. White noise is constant over a step.

use super::euler::{Euler, euler};
use super::history::History;
use super::noise::Noise;
use crate::circuit::equations::{evaluate, slopes, still_outputs};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row};
use crate::spec::Method;
use fearless_simd::Simd;

/// The circuit's variables and room for a step.
#[derive(Clone, Debug)]
pub struct Fast<const G: usize> {
    /// The variables: rates in Hz, or voltages in input units.
    pub state: Vec<Row<G>>,
    /// The sum of the rates over the steps taken, Hz, for means.
    pub rate_sums: Vec<Row<G>>,
    /// Rates and further variables at the start of each step taken since it was emptied; none where nobody follows them.
    pub notes: Option<Vec<Row<G>>>,
    /// Rates in Hz, then what the channels give.
    pub(super) outputs: Vec<Row<G>>,
    pub(super) trial: Vec<Row<G>>,
    pub(super) euler: Euler<G>,
    slopes: [Vec<Row<G>>; 4],
    history: History<G>,
}

impl<const G: usize> Fast<G> {
    /// A circuit with its variables at these values, for steps of `step` ms.
    pub fn new(shape: &Shape<G>, rows: &Rows<G>, step: f64, state: Vec<Row<G>>) -> Self {
        let zero = vec![Row::ZERO; shape.variables()];
        Self {
            rate_sums: vec![Row::ZERO; shape.size()],
            notes: None,
            outputs: vec![Row::ZERO; shape.outputs()],
            trial: zero.clone(),
            slopes: std::array::from_fn(|_| zero.clone()),
            euler: Euler::new(shape, rows),
            history: History::new(shape, rows, step),
            state,
        }
    }

    /// Makes the present state the whole past of the delayed channels.
    pub fn start<S: Simd>(&mut self, simd: S, shape: &Shape<G>, rows: &Rows<G>) {
        still_outputs(simd, (shape, rows), &self.state, &mut self.outputs);
        self.history.fill(simd, (shape, rows), &self.outputs, &self.state);
    }

    /// The rates at the start of the step that is next, under its noise.
    pub fn present_rates<S: Simd>(
        &mut self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        noise: &[Row<G>],
    ) -> Vec<Row<G>> {
        self.history.read(simd, 1.0);
        self.trial.clone_from(&self.state);
        let mut outputs = self.outputs.clone();
        evaluate(simd, (shape, rows), noise, &self.history.delayed, &mut self.trial, &mut outputs);
        outputs.truncate(shape.size());
        outputs
    }
}

/// Takes the steps from number `first` up to but not including `last`, each of `step` ms.
#[inline(never)]
pub fn take_steps<S: Simd, const G: usize>(
    simd: S,
    method: Method,
    shape: &Shape<G>,
    rows: &Rows<G>,
    step: f64,
    noise: &mut Noise<G>,
    fast: &mut Fast<G>,
    (first, last): (u64, u64),
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let plain = method == Method::EulerMaruyama && shape.plain;
            if plain {
                fast.euler.prepare(simd, (shape, rows), step, (&fast.state, noise));
                if noise.is_none() {
                    return euler(simd, (shape, rows), noise, fast, (first, last));
                }
            }
            let mut count = first;
            while count < last {
                // Four steps share a draw of normals.
                let end = last.min((count / 4 + 1) * 4);
                noise.draw(simd, count / 4);
                if plain {
                    euler(simd, (shape, rows), noise, fast, (count, end));
                    count = end;
                    continue;
                }
                for count in count..end {
                    noise.advance(simd, (count % 4) as usize);
                    match method {
                        Method::EulerMaruyama => euler_of_any(simd, shape, rows, step, noise, fast),
                        Method::Heun => heun(simd, shape, rows, step, noise, fast),
                        Method::RungeKutta4 => runge_kutta(simd, shape, rows, step, noise, fast),
                    }
                    noise.accept();
                }
                count = end;
            }
        },
    );
}

/// `to = from + length slope`.
#[inline(always)]
fn move_by<S: Simd, const G: usize>(simd: S, from: &[Row<G>], slope: &[Row<G>], length: f64, to: &mut [Row<G>]) {
    let length = Lanes::splat(simd, length);
    for ((from, slope), to) in from.iter().zip(slope).zip(to) {
        length.mul_add(Lanes::load(simd, slope), Lanes::load(simd, from)).store(to);
    }
}

#[inline(always)]
fn sum_rates<S: Simd, const G: usize>(simd: S, rates: &[Row<G>], sums: &mut [Row<G>]) {
    for (rate, sum) in rates.iter().zip(sums) {
        (Lanes::load(simd, sum) + Lanes::load(simd, rate)).store(sum);
    }
}

/// Brings outputs and states up to date at the start of a step, and takes the slopes there.
#[inline(always)]
fn begin<S: Simd, const G: usize>(simd: S, (shape, rows): (&Shape<G>, &Rows<G>), noise: &Noise<G>, fast: &mut Fast<G>) {
    let Fast { state, rate_sums, notes, outputs, history, slopes: stages, .. } = fast;
    history.read(simd, 1.0);
    evaluate(simd, (shape, rows), &noise.now, &history.delayed, state, outputs);
    history.push(simd, (shape, rows), outputs, state);
    sum_rates(simd, outputs, rate_sums);
    if let Some(notes) = notes {
        notes.extend_from_slice(&outputs[..shape.size()]);
        notes.extend_from_slice(&state[shape.size()..]);
    }
    slopes(simd, (shape, rows), &noise.now, outputs, state, &mut stages[0]);
}

/// Takes the slopes of a stage: at `trial`, `ahead` steps after the start of the step.
#[inline(always)]
fn stage<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    eta: &[Row<G>],
    (stage, ahead): (usize, f64),
    fast: &mut Fast<G>,
) {
    let Fast { outputs, history, trial, slopes: stages, .. } = fast;
    history.read(simd, ahead);
    hold_at_floor(simd, shape, rows, trial);
    evaluate(simd, (shape, rows), eta, &history.delayed, trial, outputs);
    slopes(simd, (shape, rows), eta, outputs, trial, &mut stages[stage]);
}

/// Holds the states that have a floor there.
#[inline(always)]
fn hold_at_floor<S: Simd, const G: usize>(simd: S, shape: &Shape<G>, rows: &Rows<G>, state: &mut [Row<G>]) {
    for (mechanism, numbers) in shape.mechanisms.iter().zip(&rows.mechanisms) {
        if mechanism.floored {
            let value = &mut state[mechanism.population];
            Lanes::load(simd, value).max(Lanes::load(simd, &numbers.floor)).store(value);
        }
    }
}

/// Euler's step of a circuit with channels, mechanisms or algebraic populations.
#[inline(never)]
fn euler_of_any<S: Simd, const G: usize>(
    simd: S,
    shape: &Shape<G>,
    rows: &Rows<G>,
    step: f64,
    noise: &Noise<G>,
    fast: &mut Fast<G>,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            begin(simd, (shape, rows), noise, fast);
            let Fast { state, trial, slopes: [first, ..], .. } = fast;
            move_by(simd, state, first, step, trial);
            hold_at_floor(simd, shape, rows, trial);
            std::mem::swap(state, trial);
        },
    );
}

#[inline(never)]
fn heun<S: Simd, const G: usize>(
    simd: S,
    shape: &Shape<G>,
    rows: &Rows<G>,
    step: f64,
    noise: &Noise<G>,
    fast: &mut Fast<G>,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            begin(simd, (shape, rows), noise, fast);
            move_by(simd, &fast.state, &fast.slopes[0], step, &mut fast.trial);
            stage(simd, (shape, rows), noise.at_end(), (1, 1.0), fast);
            let half = Lanes::splat(simd, 0.5 * step);
            let Fast { state, slopes: [first, second, ..], .. } = fast;
            for ((value, first), second) in state.iter_mut().zip(first).zip(second) {
                let slope = Lanes::load(simd, first) + Lanes::load(simd, second);
                half.mul_add(slope, Lanes::load(simd, value)).store(value);
            }
            hold_at_floor(simd, shape, rows, state);
        },
    );
}

#[inline(never)]
fn runge_kutta<S: Simd, const G: usize>(
    simd: S,
    shape: &Shape<G>,
    rows: &Rows<G>,
    step: f64,
    noise: &Noise<G>,
    fast: &mut Fast<G>,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            begin(simd, (shape, rows), noise, fast);
            for (number, share) in [(1, 0.5), (2, 0.5), (3, 1.0)] {
                move_by(simd, &fast.state, &fast.slopes[number - 1], share * step, &mut fast.trial);
                stage(simd, (shape, rows), &noise.now, (number, share), fast);
            }
            let sixth = Lanes::splat(simd, step / 6.0);
            let Fast { state, slopes: stages, .. } = fast;
            for (index, value) in state.iter_mut().enumerate() {
                let slope = |stage: usize| Lanes::load(simd, &stages[stage][index]);
                let sum = (slope(0) + slope(3)) + (slope(1) + slope(2)) * 2.0;
                sixth.mul_add(sum, Lanes::load(simd, value)).store(value);
            }
            hold_at_floor(simd, shape, rows, state);
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::build;
    use crate::numeric::lanes::dispatch;
    use crate::spec::{Circuit, Form, Population, Transfer, Weights};
    use fearless_simd::Level;

    const GAIN: f64 = 0.04;
    const WEIGHT: f64 = 1.1;
    const DRIVE: f64 = 4.0;
    const TAU: f64 = 20.0;
    const END: f64 = 40.0;

    /// One population that excites itself: `tau dr/dt = -r + k (w r + h)^2`, a Riccati equation.
    fn circuit(form: Form) -> Circuit {
        let population = Population {
            tau: TAU,
            form,
            transfer: Transfer::PowerLaw { gain: GAIN, threshold: 0.0, exponent: 2.0, maximum: None },
            drive: Some(DRIVE),
            ..Population::default()
        };
        let weights = Weights { from: [("A".to_owned(), WEIGHT)].into_iter().collect(), ..Weights::default() };
        Circuit {
            populations: [("A".to_owned(), population)].into_iter().collect(),
            onto: [("A".to_owned(), weights)].into_iter().collect(),
            ..Circuit::default()
        }
    }

    /// The exact solution of `dx/dt = a x^2 + b x + c` from `start` after a time.
    fn riccati([a, b, c]: [f64; 3], start: f64, time: f64) -> f64 {
        let root = libm::sqrt(b * b - 4.0 * a * c);
        let (low, high) = ((-b - root) / (2.0 * a), (-b + root) / (2.0 * a));
        let ratio = (start - low) / (start - high) * libm::exp(a * (low - high) * time);
        (low - high * ratio) / (1.0 - ratio)
    }

    fn simulated(form: Form, method: Method, steps: u64) -> f64 {
        let (shape, rows) = build::<1>(&[&circuit(form)]);
        let step = END / steps as f64;
        let mut noise = Noise::new(&shape, &rows, step, 1, [[0; 8]]);
        let mut fast = Fast::new(&shape, &rows, step, vec![Row::splat(1.0)]);
        dispatch!(Level::new(), simd => {
            take_steps(simd, method, &shape, &rows, step, &mut noise, &mut fast, (0, steps));
        });
        fast.state[0].get(3)
    }

    #[test]
    fn each_method_converges_to_the_exact_solution_with_its_order() {
        let rate =
            [GAIN * WEIGHT * WEIGHT / TAU, (2.0 * GAIN * WEIGHT * DRIVE - 1.0) / TAU, GAIN * DRIVE * DRIVE / TAU];
        // In the voltage form `tau dv/dt = -v + w k v^2 + h`.
        let voltage = [WEIGHT * GAIN / TAU, -1.0 / TAU, DRIVE / TAU];
        for (form, coefficients) in [(Form::Rate, rate), (Form::Voltage, voltage)] {
            let exact = riccati(coefficients, 1.0, END);
            for (method, order) in [(Method::EulerMaruyama, 1), (Method::Heun, 2), (Method::RungeKutta4, 4)] {
                let error = |steps| (simulated(form, method, steps) - exact).abs();
                let ratio = error(40) / error(80);
                let expected = f64::from(1 << order);
                assert!((ratio / expected - 1.0).abs() < 0.12, "{form:?} {method:?}: {ratio}, expected {expected}");
                assert!(error(640) < 0.1 / expected, "{form:?} {method:?}");
            }
        }
    }

    #[test]
    fn steps_may_be_taken_in_any_portions() {
        let mut circuit = circuit(Form::Rate);
        circuit.populations[0].noise =
            Some(crate::spec::Noise { sigma: 0.5, tau: 5.0, ..crate::spec::Noise::default() });
        let (shape, rows) = build::<1>(&[&circuit]);
        let run = |ends: &[u64]| {
            let mut noise = Noise::new(&shape, &rows, 0.25, 1, [[0, 1, 2, 3, 4, 5, 6, 7]]);
            let mut fast = Fast::new(&shape, &rows, 0.25, vec![Row::splat(1.0)]);
            let mut start = 0;
            dispatch!(Level::new(), simd => noise.start(simd));
            for end in ends {
                dispatch!(Level::new(), simd => {
                    take_steps(simd, Method::Heun, &shape, &rows, 0.25, &mut noise, &mut fast, (start, *end));
                });
                start = *end;
            }
            (fast.state[0], fast.rate_sums[0])
        };
        assert_eq!(run(&[1000]), run(&[1, 2, 5, 7, 64, 333, 334, 1000]));
    }
}
