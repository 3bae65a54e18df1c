//! Steps along the circuit's own dynamics, over lanes, by a method that neither stiffness nor weak damping misleads: RODAS, a
//! stiffly accurate and L-stable Rosenbrock method of order 4 with an embedded one of order 3 (Hairer & Wanner 1996, Solving
//! Ordinary Differential Equations II, IV.10 and VI.4), with the analytic Jacobian.
//!
//! A variable's equation is `tau dy/dt = residual`. Delays are taken as long past. Along with the variables the integrals of
//! the rates are advanced, for means.

use crate::circuit::equations::{Linearised, residual_and_jacobian, residuals, still_outputs};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row, Simd, dispatch};
use crate::numeric::linear::Factors;

const STAGES: usize = 6;
const GAMMA: f64 = 0.25;
/// Weights of the stages before in where each stage is taken. The last two follow the fifth: each adds the one before it.
const PLACES: [[f64; 4]; 5] = [
    [0.0; 4],
    [1.544, 0.0, 0.0, 0.0],
    [0.946_678_528_081_582_6, 0.255_701_169_898_328_4, 0.0, 0.0],
    [3.314_825_187_068_521, 2.896_124_015_972_201, 0.998_641_913_997_781_7, 0.0],
    [1.221_224_509_226_641, 6.019_134_481_288_629, 12.537_083_329_320_87, -0.687_886_036_105_895],
];
/// Weights of the stages before in what drives each.
const DRIVES: [[f64; 5]; STAGES] = [
    [0.0; 5],
    [-5.668_8, 0.0, 0.0, 0.0, 0.0],
    [-2.430_093_356_833_875, -0.206_359_915_709_191_5, 0.0, 0.0, 0.0],
    [-0.107_352_905_815_137_5, -9.594_562_251_023_355, -20.470_286_148_096_16, 0.0, 0.0],
    [7.496_443_313_967_647, -10.246_804_314_643_52, -33.999_903_528_199_05, 11.708_908_932_061_6, 0.0],
    [
        8.083_246_795_921_522,
        -7.981_132_988_064_893,
        -31.521_594_328_743_71,
        16.319_305_431_231_36,
        -6.058_818_238_834_054,
    ],
];

/// Room for steps, and what the last one came to.
#[derive(Clone, Debug)]
pub struct Rosenbrock<const G: usize> {
    /// Time constant of each variable, ms; tiny for algebraic populations, which settle long before the others have moved.
    pub lags: Vec<Row<G>>,
    /// Residual, Jacobian and rates where the step began.
    pub linearised: Linearised<G>,
    /// The variables at its end.
    pub next: Vec<Row<G>>,
    /// The estimated error of each variable.
    pub error: Vec<Row<G>>,
    /// The integral of each rate over the step, Hz ms.
    pub gained: Vec<Row<G>>,
    stages: [Vec<Row<G>>; STAGES],
    integrals: [Vec<Row<G>>; STAGES],
    outputs: Vec<Row<G>>,
    residual: Vec<Row<G>>,
    matrix: Vec<Row<G>>,
    factors: Factors<G>,
}

/// The time constant of an algebraic population relative to the shortest of all others.
const ALGEBRAIC: f64 = 1e-6;

impl<const G: usize> Rosenbrock<G> {
    /// Room for a circuit with these numbers.
    pub fn new(shape: &Shape<G>, rows: &Rows<G>) -> Self {
        let (n, rates) = (shape.variables(), shape.size());
        let zero = |count: usize| vec![Row::ZERO; count];
        let lag = |variable: usize, lane: usize| 1.0 / rows.inverse_tau(variable).get(lane);
        let shortest: Row<G> = Row::from_fn(|lane| {
            let own = (0..n).filter(|variable| !shape.is_algebraic(*variable)).map(|variable| lag(variable, lane));
            own.fold(f64::INFINITY, f64::min)
        });
        let lag_of = |variable: usize| {
            Row::from_fn(|lane| match shape.is_algebraic(variable) {
                true if shortest.get(lane).is_finite() => ALGEBRAIC * shortest.get(lane),
                // A circuit without any dynamics of its own is iterated.
                true => 1.0,
                false => lag(variable, lane),
            })
        };
        Self {
            lags: (0..n).map(lag_of).collect(),
            linearised: Linearised::new(shape),
            next: zero(n),
            error: zero(n),
            gained: zero(rates),
            stages: std::array::from_fn(|_| zero(n)),
            integrals: std::array::from_fn(|_| zero(rates)),
            outputs: zero(shape.outputs()),
            residual: zero(n),
            matrix: zero(n * n),
            factors: Factors::default(),
        }
    }

    /// Takes a step of `length` ms from `state` in every lane; variables in `held` do not move.
    pub fn attempt(&mut self, circuit: (&Shape<G>, &Rows<G>), state: &[Row<G>], length: &Row<G>, held: &[bool]) {
        dispatch!([G] simd => self.step(simd, circuit, state, length, held));
    }

    #[inline(never)]
    fn step<S: Simd>(
        &mut self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        state: &[Row<G>],
        length: &Row<G>,
        held: &[bool],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                residual_and_jacobian(simd, shape, rows, state, &mut self.linearised);
                self.factorise(simd, state.len(), length, held);
                self.next.clone_from_slice(state);
                self.gained.fill(Row::ZERO);
                for stage in 0..STAGES {
                    self.place(simd, state, stage);
                    if stage == 0 {
                        self.residual.clone_from_slice(&self.linearised.residual);
                        self.outputs.clone_from_slice(&self.linearised.outputs);
                    } else {
                        still_outputs(simd, (shape, rows), &self.next, &mut self.outputs);
                        residuals(simd, (shape, rows), &self.outputs, &self.next, &mut self.residual);
                    }
                    self.solve_stage(simd, stage, length, held);
                }
                let last = STAGES - 1;
                for (value, change) in self.next.iter_mut().zip(&self.stages[last]) {
                    (Lanes::load(simd, value) + Lanes::load(simd, change)).store(value);
                }
                self.error.clone_from_slice(&self.stages[last]);
                for (index, gained) in self.gained.iter_mut().enumerate() {
                    let mut sum = Lanes::load(simd, &self.integrals[last][index])
                        + Lanes::load(simd, &self.integrals[last - 1][index]);
                    for (weight, integral) in PLACES[4].iter().zip(&self.integrals) {
                        sum = Lanes::splat(simd, *weight).mul_add(Lanes::load(simd, &integral[index]), sum);
                    }
                    sum.store(gained);
                }
            },
        );
    }

    /// The matrix `tau / (h gamma) - J` of the residual's Jacobian, factorised.
    #[inline(always)]
    fn factorise<S: Simd>(&mut self, simd: S, n: usize, length: &Row<G>, held: &[bool]) {
        let length = Lanes::load(simd, length) * GAMMA;
        for (negated, entry) in self.matrix.iter_mut().zip(&self.linearised.jacobian) {
            (-Lanes::load(simd, entry)).store(negated);
        }
        for (row, held) in held.iter().enumerate() {
            if *held {
                self.matrix[row * n..(row + 1) * n].fill(Row::ZERO);
            }
            let diagonal = &mut self.matrix[row * n + row];
            (Lanes::load(simd, &self.lags[row]) / length + Lanes::load(simd, diagonal)).store(diagonal);
        }
        self.factors.factorise(simd, n, &self.matrix);
    }

    /// Where a stage is taken, in `next`.
    #[inline(always)]
    fn place<S: Simd>(&mut self, simd: S, state: &[Row<G>], stage: usize) {
        if stage == STAGES - 1 {
            for (value, change) in self.next.iter_mut().zip(&self.stages[stage - 1]) {
                (Lanes::load(simd, value) + Lanes::load(simd, change)).store(value);
            }
            return;
        }
        for (variable, (next, now)) in self.next.iter_mut().zip(state).enumerate() {
            let mut value = Lanes::load(simd, now);
            for (weight, change) in PLACES[stage].iter().zip(&self.stages).take(stage) {
                value = Lanes::splat(simd, *weight).mul_add(Lanes::load(simd, &change[variable]), value);
            }
            value.store(next);
        }
    }

    /// The stage's changes of the variables and of the integrals.
    #[inline(always)]
    fn solve_stage<S: Simd>(&mut self, simd: S, stage: usize, length: &Row<G>, held: &[bool]) {
        let length = Lanes::load(simd, length);
        let (before, rest) = self.stages.split_at_mut(stage);
        let now = &mut rest[0];
        for (variable, right) in now.iter_mut().enumerate() {
            if held[variable] {
                *right = Row::ZERO;
                continue;
            }
            let mut sum = Lanes::splat(simd, 0.0);
            for (weight, change) in DRIVES[stage].iter().zip(before.iter()) {
                sum = Lanes::splat(simd, *weight).mul_add(Lanes::load(simd, &change[variable]), sum);
            }
            let lag = Lanes::load(simd, &self.lags[variable]);
            (sum * lag / length + Lanes::load(simd, &self.residual[variable])).store(right);
        }
        self.factors.solve(simd, now);
        let (before, rest) = self.integrals.split_at_mut(stage);
        for (index, integral) in rest[0].iter_mut().enumerate() {
            let mut sum = Lanes::splat(simd, 0.0);
            for (weight, change) in DRIVES[stage].iter().zip(before.iter()) {
                sum = Lanes::splat(simd, *weight).mul_add(Lanes::load(simd, &change[index]), sum);
            }
            let slope = Lanes::load(simd, &self.linearised.rate_slopes[index]) * Lanes::load(simd, &now[index]);
            let rate = Lanes::load(simd, &self.outputs[index]) + slope;
            ((rate * length + sum) * GAMMA).store(integral);
        }
    }
}
