//! Steps of the fast circuit: Euler-Maruyama, stochastic Heun and Runge-Kutta, over lanes.
//!
//! Ornstein-Uhlenbeck noise is advanced exactly from step to step; so Euler-Maruyama takes it at the start of a step, and
//! Heun at both ends. White noise is constant over a step. Stimuli are taken at each stage's own moment ([`super::stride`]). Where
//! something changes within a step, a lane takes it in parts ([`part_of_step`]).

use super::euler::{Euler, euler, one_step};
use super::history::{History, Side};
use super::noise::Noise;
use super::schemes::step_of;
use super::stride::{START, Stages, Stride};
use crate::circuit::equations::{evaluate, still_outputs};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row, Simd, dispatch};
use crate::scenario::Method;

/// The circuit's variables and room for a step.
#[derive(Clone, Debug)]
pub struct Fast<const G: usize> {
    /// The variables: rates in Hz, or voltages in input units.
    pub state: Vec<Row<G>>,
    /// The sum of the rates over the steps taken, Hz, for means; each step's at its start.
    pub rate_sums: Vec<Row<G>>,
    /// Rates and further variables at the start of each step taken since it was emptied; none where nobody follows them.
    pub notes: Option<Vec<Row<G>>>,
    /// How far the rates have gone.
    pub extent: Extent<G>,
    /// Lanes, as bits, in which something changes at the end of the steps that are taken next: delayed synapses keep both what
    /// was there before and after.
    pub changing: u64,
    /// Rates in Hz, then what the channels give.
    pub(super) outputs: Vec<Row<G>>,
    pub(super) trial: Vec<Row<G>>,
    pub(super) euler: Euler<G>,
    pub(super) slopes: [Vec<Row<G>>; 4],
    pub(super) history: History<G>,
}

/// How far rates have gone. Rates that cannot fall below 0 nor lose their value, because all transfer functions are in
/// standard form, are not followed.
#[derive(Clone, Debug)]
pub struct Extent<const G: usize> {
    /// The lowest rate of each population, or 0, in Hz.
    pub lowest: Vec<Row<G>>,
    /// The largest size of any rate, in Hz.
    pub largest: Row<G>,
}

impl<const G: usize> Extent<G> {
    /// Takes note of rates.
    #[inline(always)]
    pub fn note<S: Simd>(&mut self, simd: S, rates: &[Row<G>]) {
        let mut largest = Lanes::load(simd, &self.largest);
        for (lowest, rate) in self.lowest.iter_mut().zip(rates) {
            let rate = Lanes::load(simd, rate);
            Lanes::load(simd, lowest).min(rate).store(lowest);
            largest = largest.max(rate.abs());
        }
        largest.store(&mut self.largest);
    }
}

impl<const G: usize> Fast<G> {
    /// A circuit with its variables at these values, for steps of `step` ms.
    pub fn new(shape: &Shape<G>, rows: &Rows<G>, step: f64, state: Vec<Row<G>>) -> Self {
        let zero = vec![Row::ZERO; shape.variables()];
        Self {
            rate_sums: vec![Row::ZERO; shape.size()],
            notes: None,
            extent: Extent { lowest: vec![Row::ZERO; shape.size()], largest: Row::ZERO },
            changing: 0,
            outputs: vec![Row::ZERO; shape.outputs()],
            trial: zero.clone(),
            slopes: std::array::from_fn(|_| zero.clone()),
            euler: Euler::new(shape, rows),
            history: History::new(shape, rows, step),
            state,
        }
    }

    /// Makes the present state the whole past of the delayed channels.
    pub fn start(&mut self, shape: &Shape<G>, rows: &Rows<G>) {
        let taken = dispatch!([G] simd => {
            still_outputs(simd, (shape, rows), &self.state, &mut self.outputs);
            self.history.taken(simd, (shape, rows), &self.outputs, &self.state)
        });
        self.history.fill(&taken);
    }

    /// Whether synapses are delayed.
    pub fn is_delayed(&self) -> bool {
        !self.history.is_none()
    }

    /// The different delays of a lane, in steps.
    pub fn delays(&self, lane: usize) -> Vec<f64> {
        self.history.delays(lane)
    }

    /// What populations and channels give at a moment of each lane (in steps) under some noise, with the states of algebraic
    /// populations there; what jumps then has jumped already.
    pub fn present(
        &mut self,
        (shape, rows): (&Shape<G>, &Rows<G>),
        moment: &Row<G>,
        noise: &[Row<G>],
    ) -> (Vec<Row<G>>, Vec<Row<G>>) {
        self.history.read(moment, Side::After);
        let (mut state, mut outputs) = (self.state.clone(), self.outputs.clone());
        let delayed = &self.history.delayed;
        dispatch!([G] simd => evaluate(simd, (shape, rows), noise, delayed, &mut state, &mut outputs));
        (outputs, state)
    }
}

/// Takes the steps from number `first` up to but not including `last`, each of `step` ms, under numbers that stay as they are.
pub fn take_steps<const G: usize>(
    method: (Method, f64),
    (shape, rows): (&Shape<G>, &Rows<G>),
    noise: &mut Noise<G>,
    fast: &mut Fast<G>,
    span: (u64, u64),
) {
    take_staged_steps(method, (shape, &[rows; 5]), noise, fast, span);
}

/// The same under numbers that differ between the stages of each step.
pub fn take_staged_steps<const G: usize>(
    method: (Method, f64),
    circuit: (&Shape<G>, &Stages<'_, G>),
    noise: &mut Noise<G>,
    fast: &mut Fast<G>,
    span: (u64, u64),
) {
    dispatch!([G] simd => staged_steps(simd, method, circuit, noise, fast, span));
}

#[inline(never)]
fn staged_steps<S: Simd, const G: usize>(
    simd: S,
    (method, step): (Method, f64),
    (shape, stages): (&Shape<G>, &Stages<'_, G>),
    noise: &mut Noise<G>,
    fast: &mut Fast<G>,
    (first, last): (u64, u64),
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let plain = method == Method::EulerMaruyama && shape.plain;
            let rows = stages[START];
            if plain {
                let length = Lanes::splat(simd, step);
                fast.euler.prepare(simd, (shape, rows), length, (&fast.state, noise));
                if noise.is_none() {
                    return euler(simd, (shape, rows), noise, fast, (first, last));
                }
            }
            let changing = std::mem::take(&mut fast.changing);
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
                    fast.changing = if count + 1 == last { changing } else { 0 };
                    let stride = Stride::whole(count, step);
                    step_of(simd, method, (shape, stages), &stride, [&noise.now, noise.at_end()], fast);
                    noise.accept();
                }
                count = end;
            }
            fast.changing = 0;
        },
    );
}

/// Takes a part of a step in the lanes whose share is not 0; `noise` is drawn for the step, `eta` is what holds of it at both
/// ends of the part. A lane that goes a whole step gets the bits of one that is taken with all others.
pub fn part_of_step<const G: usize>(
    method: Method,
    circuit: (&Shape<G>, &Stages<'_, G>),
    stride: &Stride<G>,
    noise: (&Noise<G>, [&[Row<G>]; 2]),
    fast: &mut Fast<G>,
) {
    dispatch!([G] simd => partial_step(simd, method, circuit, stride, noise, fast));
}

#[inline(never)]
fn partial_step<S: Simd, const G: usize>(
    simd: S,
    method: Method,
    (shape, stages): (&Shape<G>, &Stages<'_, G>),
    stride: &Stride<G>,
    (noise, eta): (&Noise<G>, [&[Row<G>]; 2]),
    fast: &mut Fast<G>,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            let (state, sums) = (fast.state.clone(), fast.rate_sums.clone());
            let share = Lanes::load(simd, &stride.share);
            let zero = Lanes::splat(simd, 0.0);
            if method == Method::EulerMaruyama && shape.plain {
                let length = stride.length(simd, 1.0);
                fast.euler.prepare(simd, (shape, stages[START]), length, (&fast.state, noise));
                one_step(simd, (shape, stages[START]), eta[0], fast);
                let whole = share.eq(Lanes::splat(simd, 1.0));
                for (sum, before) in fast.rate_sums.iter_mut().zip(&sums) {
                    let (after, before) = (Lanes::load(simd, sum), Lanes::load(simd, before));
                    whole.select(after, share.mul_add(after - before, before)).store(sum);
                }
            } else {
                step_of(simd, method, (shape, stages), stride, eta, fast);
            }
            // A lane that waits keeps all bits.
            let waits = share.eq(zero);
            let now = fast.state.iter_mut().chain(&mut fast.rate_sums);
            for (now, before) in now.zip(state.iter().chain(&sums)) {
                waits.select(Lanes::load(simd, before), Lanes::load(simd, now)).store(now);
            }
            fast.changing = 0;
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::build;
    use crate::scenario::{Circuit, Form, Population, Transfer, Weights};

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
        take_steps((method, step), (&shape, &rows), &mut noise, &mut fast, (0, steps));
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
            Some(crate::scenario::Noise { sigma: 0.5, tau: 5.0, ..crate::scenario::Noise::default() });
        let (shape, rows) = build::<1>(&[&circuit]);
        let run = |ends: &[u64]| {
            let mut noise = Noise::new(&shape, &rows, 0.25, 1, [[0, 1, 2, 3, 4, 5, 6, 7]]);
            let mut fast = Fast::new(&shape, &rows, 0.25, vec![Row::splat(1.0)]);
            let mut start = 0;
            noise.start();
            for end in ends {
                take_steps((Method::Heun, 0.25), (&shape, &rows), &mut noise, &mut fast, (start, *end));
                start = *end;
            }
            (fast.state[0], fast.rate_sums[0])
        };
        assert_eq!(run(&[1000]), run(&[1, 2, 5, 7, 64, 333, 334, 1000]));
    }
}
