//! Where the circuit is when a run starts: its rest, with the effects then in force brought in step by step, and with the
//! plasticity variables that start at their targets.

use crate::circuit::entries::rates;
use crate::equilibrium::newton::{NewtonWork, solve};
use crate::experiment::{Inputs, Model, Work};
use crate::numeric::lanes::{Row, replace};

/// The steps over which effects are brought in, so that the circuit's state is followed from its rest.
const STEPS_FROM_REST: usize = 20;
/// How often plasticity is put to its targets and the circuit brought in anew, where the one changes the other.
const MOST_STARTS: usize = 200;

/// A model at one moment.
pub struct Place<'a, const G: usize> {
    /// The model.
    pub model: &'a Model<G>,
    /// What is in force.
    pub inputs: &'a Inputs<G>,
    /// The time of each lane, min.
    pub time: &'a Row<G>,
}

/// Puts each lane's circuit into the state that continues its rest under the effects in force, and the plasticity variables
/// that start at their targets to where both agree; gives the lanes (as bits) in which the circuit has no such state, left
/// at their rest. Lanes beyond the last of `resting` repeat it.
pub fn begin<const G: usize>(
    place: &Place<'_, G>,
    resting: &[&[f64]],
    (states, circuit): (&mut [Row<G>], &mut [Row<G>]),
    work: &mut Work<G>,
    newton: &mut NewtonWork<G>,
) -> u64 {
    let model = place.model;
    let mut now = vec![Row::ZERO; model.shape.size()];
    let mut moving = u64::MAX;
    let mut failed = 0;
    for _ in 0..MOST_STARTS {
        failed = bring_in(place, resting, states, circuit, work, newton);
        rates(&model.shape, &work.rows, circuit, &mut now);
        model.show_rates(&now, &mut work.signals);
        // A lane that has settled is left alone, so that its bits do not depend on the others.
        moving = model.plasticity.settle(&mut work.signals, &model.rest, states, moving);
        if moving == 0 {
            break;
        }
    }
    failed
}

/// Puts each lane's circuit where the run states that it starts, under the effects in force.
pub fn put<const G: usize>(
    place: &Place<'_, G>,
    starting: &[&[f64]],
    (states, circuit): (&mut [Row<G>], &mut [Row<G>]),
    work: &mut Work<G>,
) {
    let model = place.model;
    for (index, value) in circuit.iter_mut().enumerate() {
        *value = Row::from_fn(|lane| starting[lane.min(starting.len() - 1)][index]);
    }
    model.show(place.time, place.inputs, states, work);
    model.modulate(place.inputs, work);
    let mut now = vec![Row::ZERO; model.shape.size()];
    rates(&model.shape, &work.rows, circuit, &mut now);
    model.show_rates(&now, &mut work.signals);
    model.plasticity.settle(&mut work.signals, &model.rest, states, u64::MAX);
}

/// Puts each lane's circuit into the state that continues its rest under the effects in force; gives the lanes (as bits)
/// in which there is none, left at their rest.
fn bring_in<const G: usize>(
    place: &Place<'_, G>,
    resting: &[&[f64]],
    states: &[Row<G>],
    circuit: &mut [Row<G>],
    work: &mut Work<G>,
    newton: &mut NewtonWork<G>,
) -> u64 {
    let model = place.model;
    let rest: Vec<Row<G>> =
        (0..circuit.len()).map(|index| Row::from_fn(|lane| resting[lane.min(resting.len() - 1)][index])).collect();
    circuit.clone_from_slice(&rest);
    model.show(place.time, place.inputs, states, work);
    let full = work.signals.clone();
    let mut settled = u64::MAX;
    for step in 1..=STEPS_FROM_REST {
        let share = step as f64 / STEPS_FROM_REST as f64;
        for (signal, (full, rest)) in work.signals.iter_mut().zip(full.iter().zip(&model.rest)) {
            *signal = Row::from_fn(|lane| share.mul_add(full.get(lane) - rest.get(lane), rest.get(lane)));
        }
        model.modulate(place.inputs, work);
        settled &= solve(&model.shape, &work.rows, circuit, settled, newton);
    }
    let failed = !settled & Row::<G>::ALL;
    replace(circuit, &rest, failed);
    failed
}
