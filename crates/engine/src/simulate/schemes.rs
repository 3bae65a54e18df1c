//! The methods of fast time, each as one step: Euler-Maruyama, stochastic Heun, and Runge-Kutta of fourth order.

use super::history::{PLACES, Side};
use super::stepper::Fast;
use super::stride::{END, HALF, START, Stages, Stride, WITHIN};
use crate::circuit::equations::{evaluate, slopes};
use crate::circuit::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario::Method;

/// Takes one step, or a part of one, by a method; `eta` is the noise at both ends.
#[inline(always)]
pub fn step_of<S: Simd, const G: usize>(
    simd: S,
    method: Method,
    circuit: (&Shape<G>, &Stages<'_, G>),
    stride: &Stride<G>,
    eta: [&[Row<G>]; 2],
    fast: &mut Fast<G>,
) {
    match method {
        Method::EulerMaruyama => euler_of_any(simd, circuit, stride, eta, fast),
        Method::Heun => heun(simd, circuit, stride, eta, fast),
        Method::RungeKutta4 => runge_kutta(simd, circuit, stride, eta, fast),
    }
}

/// `to = from + length slope`.
#[inline(always)]
fn move_by<S: Simd, const G: usize>(
    simd: S,
    from: &[Row<G>],
    slope: &[Row<G>],
    length: Lanes<S, G>,
    to: &mut [Row<G>],
) {
    for ((from, slope), to) in from.iter().zip(slope).zip(to) {
        length.mul_add(Lanes::load(simd, slope), Lanes::load(simd, from)).store(to);
    }
}

#[inline(always)]
fn sum_rates<S: Simd, const G: usize>(simd: S, rates: &[Row<G>], share: &Row<G>, sums: &mut [Row<G>]) {
    let share = Lanes::load(simd, share);
    for (rate, sum) in rates.iter().zip(sums) {
        share.mul_add(Lanes::load(simd, rate), Lanes::load(simd, sum)).store(sum);
    }
}

/// Brings outputs and states up to date at the start of a step, and takes the slopes there.
#[inline(always)]
fn begin<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    stride: &Stride<G>,
    eta: &[Row<G>],
    fast: &mut Fast<G>,
) {
    let Fast { state, rate_sums, notes, extent, outputs, history, slopes: stages, .. } = fast;
    history.read(&stride.from, Side::After);
    evaluate(simd, (shape, rows), eta, &history.delayed, state, outputs);
    if !history.is_none() {
        let taken = history.taken(simd, (shape, rows), outputs, state);
        history.push(&stride.from, &stride.share, &taken);
    }
    sum_rates(simd, outputs, &stride.share, rate_sums);
    extent.note(simd, outputs);
    if let Some(notes) = notes {
        notes.extend_from_slice(&outputs[..shape.size()]);
        notes.extend_from_slice(&state[shape.size()..]);
    }
    slopes(simd, (shape, rows), eta, outputs, state, &mut stages[0]);
}

/// Takes the slopes of a stage at `trial`, when a part of the stride has passed.
#[inline(always)]
fn stage<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    eta: &[Row<G>],
    (stage, stride, part): (usize, &Stride<G>, f64),
    fast: &mut Fast<G>,
) {
    let Fast { outputs, history, trial, slopes: stages, .. } = fast;
    if !history.is_none() {
        // What jumps at the end of a stride has not jumped yet.
        history.read(&stride.moment(part), if part == 1.0 { Side::Before } else { Side::After });
    }
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

/// Keeps what delayed channels took up at the end of a stride, in the lanes in which something changes there.
#[inline(never)]
fn close<S: Simd, const G: usize>(
    simd: S,
    (shape, stages): (&Shape<G>, &Stages<'_, G>),
    stride: &Stride<G>,
    eta: &[Row<G>],
    fast: &mut Fast<G>,
) {
    let lanes = fast.changing & stride.going();
    if lanes == 0 || fast.history.is_none() {
        return;
    }
    fast.trial.clone_from(&fast.state);
    stage(simd, (shape, stages[END]), eta, (1, stride, 1.0), fast);
    let end = fast.history.taken(simd, (shape, stages[END]), &fast.outputs, &fast.trial);
    fast.history.close(lanes, &[], &end);
}

/// Keeps what delayed channels took up within a stride from `before` and at its end: the variables follow the cubic with
/// their values and slopes at both ends.
#[inline(never)]
fn close_as_cubic<S: Simd, const G: usize>(
    simd: S,
    (shape, stages): (&Shape<G>, &Stages<'_, G>),
    stride: &Stride<G>,
    (eta, before): (&[Row<G>], &[Row<G>]),
    fast: &mut Fast<G>,
) {
    fast.trial.clone_from(&fast.state);
    stage(simd, (shape, stages[END]), eta, (1, stride, 1.0), fast);
    let end = fast.history.taken(simd, (shape, stages[END]), &fast.outputs, &fast.trial);
    let length = stride.length(simd, 1.0);
    let within = PLACES.iter().zip(WITHIN).map(|(place, number)| {
        let (past, rest) = (*place, 1.0 - place);
        let weights = [(1.0 + 2.0 * past) * rest * rest, past * past * (3.0 - 2.0 * past)];
        let [of_first, of_last] = weights.map(|weight| Lanes::splat(simd, weight));
        let [rise, fall] = [length * (past * rest * rest), length * (-past * past * rest)];
        for (index, value) in fast.trial.iter_mut().enumerate() {
            let at_ends =
                of_first * Lanes::load(simd, &before[index]) + of_last * Lanes::load(simd, &fast.state[index]);
            let [first, last] = [0, 1].map(|stage| Lanes::load(simd, &fast.slopes[stage][index]));
            rise.mul_add(first, fall.mul_add(last, at_ends)).store(value);
        }
        let Fast { outputs, history, trial, .. } = &mut *fast;
        history.read(&stride.moment(*place), Side::After);
        hold_at_floor(simd, shape, stages[number], trial);
        evaluate(simd, (shape, stages[number]), eta, &history.delayed, trial, outputs);
        history.taken(simd, (shape, stages[number]), outputs, trial)
    });
    let within: Vec<Vec<Row<G>>> = within.collect();
    fast.history.close(stride.going(), &within, &end);
}

/// Euler's step of a circuit with channels, mechanisms or algebraic populations.
#[inline(never)]
fn euler_of_any<S: Simd, const G: usize>(
    simd: S,
    (shape, stages): (&Shape<G>, &Stages<'_, G>),
    stride: &Stride<G>,
    [eta, _]: [&[Row<G>]; 2],
    fast: &mut Fast<G>,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            begin(simd, (shape, stages[START]), stride, eta, fast);
            let Fast { state, trial, slopes: [first, ..], .. } = fast;
            move_by(simd, state, first, stride.length(simd, 1.0), trial);
            hold_at_floor(simd, shape, stages[START], trial);
            std::mem::swap(state, trial);
            close(simd, (shape, stages), stride, eta, fast);
        },
    );
}

#[inline(never)]
fn heun<S: Simd, const G: usize>(
    simd: S,
    (shape, stages): (&Shape<G>, &Stages<'_, G>),
    stride: &Stride<G>,
    [eta, at_end]: [&[Row<G>]; 2],
    fast: &mut Fast<G>,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            begin(simd, (shape, stages[START]), stride, eta, fast);
            move_by(simd, &fast.state, &fast.slopes[0], stride.length(simd, 1.0), &mut fast.trial);
            stage(simd, (shape, stages[END]), at_end, (1, stride, 1.0), fast);
            let half = stride.length(simd, 0.5);
            let Fast { state, slopes: [first, second, ..], .. } = fast;
            for ((value, first), second) in state.iter_mut().zip(first).zip(second) {
                let slope = Lanes::load(simd, first) + Lanes::load(simd, second);
                half.mul_add(slope, Lanes::load(simd, value)).store(value);
            }
            hold_at_floor(simd, shape, stages[END], state);
            close(simd, (shape, stages), stride, at_end, fast);
        },
    );
}

#[inline(never)]
fn runge_kutta<S: Simd, const G: usize>(
    simd: S,
    (shape, stages): (&Shape<G>, &Stages<'_, G>),
    stride: &Stride<G>,
    [eta, _]: [&[Row<G>]; 2],
    fast: &mut Fast<G>,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            fast.history.read_as_cubics();
            begin(simd, (shape, stages[START]), stride, eta, fast);
            let before = if fast.history.is_none() { Vec::new() } else { fast.state.clone() };
            for (number, part, place) in [(1, 0.5, HALF), (2, 0.5, HALF), (3, 1.0, END)] {
                move_by(simd, &fast.state, &fast.slopes[number - 1], stride.length(simd, part), &mut fast.trial);
                stage(simd, (shape, stages[place]), eta, (number, stride, part), fast);
            }
            let sixth = Lanes::load(simd, &stride.share) * (stride.step / 6.0);
            let Fast { state, slopes: stages_of, .. } = fast;
            for (index, value) in state.iter_mut().enumerate() {
                let slope = |stage: usize| Lanes::load(simd, &stages_of[stage][index]);
                let sum = (slope(0) + slope(3)) + (slope(1) + slope(2)) * 2.0;
                sixth.mul_add(sum, Lanes::load(simd, value)).store(value);
            }
            hold_at_floor(simd, shape, stages[END], state);
            if !fast.history.is_none() {
                close_as_cubic(simd, (shape, stages), stride, (eta, &before), fast);
            }
        },
    );
}
