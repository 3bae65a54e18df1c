//! Euler's step of circuits without channels and mechanisms: the innermost loop of sweeps.
//!
//! What stays the same from step to step is multiplied out before: where the rate heads for `g f(I)` with a transfer function
//! `f(I) = m phi(a I + b)`, a step that goes the share `s` of the way is `(1 - s) r + (s g m) phi(z)`, and `z = a I + b` is the
//! sum of drive, noise and synapses with numbers that hold a and b.

use super::noise::Noise;
use super::stepper::Fast;
use crate::circuit::equations::{rates, summed_input};
use crate::circuit::transfer::Standard;
use crate::circuit::{Connection, Population, PopulationRows, Rows, Shape, Site, sites};
use crate::numeric::functions::LARGEST_POWER;
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario::Form;

/// More than what rounding adds to a z of some hundreds over any number of steps.
const ROUNDING: f64 = 1.0;

/// A circuit with the constants of its Euler step multiplied out.
#[derive(Clone, Debug)]
pub struct Euler<const G: usize> {
    populations: Vec<Reduced<G>>,
    /// The connections, population by population.
    connections: Vec<Connection>,
    /// Their weights; onto populations in standard form, in units of z per Hz.
    weight: Vec<Row<G>>,
    /// Whether every population is in standard form, so that the variables are the rates.
    standard: bool,
    /// How far each rate can get, Hz; infinity where it has no bound.
    reach: Vec<Row<G>>,
}

/// A population's constants.
#[derive(Clone, Debug)]
struct Reduced<const G: usize> {
    /// phi, where the transfer function has a standard form.
    standard: Option<Standard>,
    /// The row of its noise.
    noise: Option<usize>,
    /// How many connections it receives.
    inputs: usize,
    /// Drive and noise; in standard form as parts of z.
    drive: Row<G>,
    sigma: Row<G>,
    /// What stays of the rate in a step.
    kept: Row<G>,
    /// What is added for phi = 1, in Hz; without a standard form, the share of its distance that the variable goes.
    moved: Row<G>,
}

impl<const G: usize> Euler<G> {
    /// Room for a circuit.
    pub fn new(shape: &Shape<G>, rows: &Rows<G>) -> Self {
        let [drive, sigma, kept, moved] = [Row::ZERO; 4];
        let reduced = |population: &Population<G>| {
            let (noise, inputs) = (population.noisy.then_some(population.noise_row), population.inputs);
            Reduced { standard: None, noise, inputs, drive, sigma, kept, moved }
        };
        Self {
            populations: shape.populations.iter().map(reduced).collect(),
            connections: shape.connections.clone(),
            weight: rows.weight.clone(),
            standard: false,
            reach: vec![Row::ZERO; shape.size()],
        }
    }

    /// Multiplies out the numbers in force, for steps of `length` ms that begin at `state`.
    #[inline(always)]
    pub fn prepare<S: Simd>(
        &mut self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        length: Lanes<S, G>,
        (state, noise): (&[Row<G>], &Noise<G>),
    ) {
        let mut weights = self.weight.iter_mut();
        for (site, reduced) in sites(shape, rows).zip(&mut self.populations) {
            let numbers = site.numbers;
            let share = Lanes::load(simd, &numbers.inverse_tau) * length;
            let standard = standard_form(&site);
            let own = weights.by_ref().take(site.weights.len());
            reduced.standard = standard.map(|(phi, _)| phi);
            let Some((_, [scale, shift, maximum])) = standard else {
                share.store(&mut reduced.moved);
                own.zip(site.weights).for_each(|(weight, from)| weight.clone_from(from));
                continue;
            };
            let [scale, shift] = [scale, shift].map(|row| Lanes::load(simd, &row));
            let moved = share * Lanes::load(simd, &maximum) * Lanes::load(simd, &numbers.gain);
            moved.store(&mut reduced.moved);
            (Lanes::splat(simd, 1.0) - share).store(&mut reduced.kept);
            Lanes::load(simd, &numbers.drive).mul_add(scale, shift).store(&mut reduced.drive);
            (Lanes::load(simd, &numbers.sigma) * scale).store(&mut reduced.sigma);
            for (weight, from) in own.zip(site.weights) {
                (Lanes::load(simd, from) * scale).store(weight);
            }
        }
        self.standard = self.populations.iter().all(|reduced| reduced.standard.is_some());
        self.find_bounds(simd, state, noise);
    }

    /// Finds the populations whose z cannot leave the range in which powers of 2 need no care, whatever the steps bring: a
    /// logistic rate stays between where it is and where it heads for.
    #[inline(always)]
    fn find_bounds<S: Simd>(&mut self, simd: S, state: &[Row<G>], noise: &Noise<G>) {
        let [zero, one] = [0.0, 1.0].map(|value| Lanes::splat(simd, value));
        for ((reduced, rate), reach) in self.populations.iter().zip(state).zip(&mut self.reach) {
            *reach = Row::splat(f64::INFINITY);
            if reduced.standard == Some(Standard::Logistic) {
                let [kept, moved] = [&reduced.kept, &reduced.moved].map(|row| Lanes::load(simd, row));
                // A sum and not the larger one, so that a NaN stays a NaN.
                let furthest = Lanes::load(simd, rate).abs() + moved.abs() / (one - kept);
                // A step beyond tau goes past where it heads for.
                let settles = kept.lt(zero).not();
                settles.select(furthest, Lanes::load(simd, reach)).store(reach);
            }
        }
        let (mut connections, mut weights) = (self.connections.iter(), self.weight.iter());
        for reduced in &mut self.populations {
            let mut size = Lanes::load(simd, &reduced.drive).abs();
            if let Some(place) = reduced.noise {
                size = size + Lanes::load(simd, &reduced.sigma).abs() * noise.reach(simd, place);
            }
            for (connection, weight) in connections.by_ref().zip(weights.by_ref()).take(reduced.inputs) {
                let reach = Lanes::load(simd, &self.reach[connection.output]);
                size = Lanes::load(simd, weight).abs().mul_add(reach, size);
            }
            let bounded = size.lt(Lanes::splat(simd, LARGEST_POWER - ROUNDING)).all();
            if bounded && reduced.standard == Some(Standard::Logistic) {
                reduced.standard = Some(Standard::BoundedLogistic);
            }
        }
    }
}

/// phi, and the rows a, b and m, of a population whose step can be multiplied out.
fn standard_form<const G: usize>(site: &Site<'_, G>) -> Option<(Standard, [Row<G>; 3])> {
    let Site { population, numbers: PopulationRows { transfer, .. }, .. } = site;
    if population.form != Form::Rate || population.refractory {
        return None;
    }
    population.transfer.standard_form(transfer)
}

/// Takes the steps from number `first` up to but not including `last`, for which the noise is drawn.
#[inline(never)]
pub fn euler<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    noise: &mut Noise<G>,
    fast: &mut Fast<G>,
    (first, last): (u64, u64),
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for count in first..last {
                noise.advance(simd, (count % 4) as usize);
                one_step(simd, (shape, rows), &noise.now, fast);
                noise.accept();
            }
        },
    );
}

/// Takes one step under some noise, for which the numbers are multiplied out.
#[inline(always)]
pub fn one_step<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    noise: &[Row<G>],
    fast: &mut Fast<G>,
) {
    let Fast { state, rate_sums, notes, outputs: room, trial, euler, extent, .. } = fast;
    if euler.standard {
        step_in_standard_form(simd, euler, state, noise, rate_sums, trial);
    } else {
        step_of_any(simd, (shape, rows), euler, noise, (state, room, rate_sums, trial));
        extent.note(simd, room);
    }
    if let Some(notes) = notes {
        let rates = if euler.standard { &*state } else { &*room };
        notes.extend_from_slice(&rates[..shape.size()]);
    }
    std::mem::swap(state, trial);
}

/// The step of the populations in standard form, and the sums of all.
#[inline(always)]
fn step_in_standard_form<S: Simd, const G: usize>(
    simd: S,
    euler: &Euler<G>,
    now: &[Row<G>],
    noise: &[Row<G>],
    sums: &mut [Row<G>],
    next: &mut [Row<G>],
) {
    let (mut connections, mut weights) = (euler.connections.as_slice(), euler.weight.as_slice());
    for (((reduced, rate), sum), next) in euler.populations.iter().zip(now).zip(sums).zip(next) {
        let (Some(own), Some(own_weights)) =
            (connections.split_off(..reduced.inputs), weights.split_off(..reduced.inputs))
        else {
            return;
        };
        let from = Lanes::load(simd, rate);
        (Lanes::load(simd, sum) + from).store(sum);
        let Some(standard) = reduced.standard else { continue };
        let sources = [&reduced.drive, &reduced.sigma];
        let noise = reduced.noise.and_then(|row| noise.get(row));
        standard.times(
            simd,
            #[inline(always)]
            || Lanes::load(simd, &reduced.moved),
            #[inline(always)]
            || summed_input(simd, sources, (own, own_weights), now, noise),
            #[inline(always)]
            |added| Lanes::load(simd, &reduced.kept).mul_add(from, added).store(next),
        );
    }
}

/// The step where some populations have no standard form or some variables are voltages. It is out of line, so that the calls
/// in it do not cost the other steps registers.
#[inline(never)]
fn step_of_any<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    euler: &Euler<G>,
    noise: &[Row<G>],
    (state, room, sums, next): (&[Row<G>], &mut [Row<G>], &mut [Row<G>], &mut [Row<G>]),
) {
    simd.vectorize(
        #[inline(always)]
        || {
            rates(simd, shape, rows, state, room);
            step_in_standard_form(simd, euler, room, noise, sums, next);
            for (index, (reduced, next)) in euler.populations.iter().zip(next).enumerate() {
                if reduced.standard.is_none() {
                    let noise = reduced.noise.map(|row| &noise[row]);
                    let target = shape.site(rows, index).target(simd, room, noise, &state[index]);
                    let from = Lanes::load(simd, &state[index]);
                    (target - from).mul_add(Lanes::load(simd, &reduced.moved), from).store(next);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::circuit::build;
    use crate::circuit::equations::slopes;
    use crate::numeric::lanes::dispatch;
    use crate::scenario::{self, Circuit, Method, Transfer, Weights};
    use crate::simulate::stepper::take_steps;

    const STEP: f64 = 0.1;

    /// Two populations that inhibit each other, with noise.
    fn circuit(transfer: &Transfer, form: Form) -> Circuit {
        let noise = Some(scenario::Noise { sigma: 0.3, tau: 5.0, ..scenario::Noise::default() });
        let population = |tau: f64, drive: f64| scenario::Population {
            tau,
            form,
            transfer: transfer.clone(),
            drive: Some(drive),
            noise: noise.clone(),
            ..scenario::Population::default()
        };
        let onto = |other: &str, own: &str| {
            let from = [(other.to_owned(), -0.3), (own.to_owned(), -0.05)].into_iter().collect();
            (own.to_owned(), Weights { from, ..Weights::default() })
        };
        Circuit {
            populations: [("A".to_owned(), population(20.0, 6.0)), ("B".to_owned(), population(8.0, 5.0))].into(),
            onto: [onto("B", "A"), onto("A", "B")].into(),
            ..Circuit::default()
        }
    }

    /// The state after some steps that are taken as the equations say, without anything multiplied out.
    fn plainly_stepped(circuit: &Circuit, steps: u64) -> Vec<f64> {
        let (shape, rows) = build::<1>(&[circuit]);
        let mut noise = Noise::new(&shape, &rows, STEP, 1, [[0; 8]]);
        let mut state = vec![Row::splat(2.0); 2];
        let (mut outputs, mut change) = (state.clone(), state.clone());
        dispatch!(simd => {
            for count in 0..steps {
                if count % 4 == 0 {
                    noise.draw(simd, count / 4);
                }
                noise.advance(simd, (count % 4) as usize);
                rates(simd, &shape, &rows, &state, &mut outputs);
                slopes(simd, (&shape, &rows), &noise.now, &outputs, &state, &mut change);
                for (value, change) in state.iter_mut().zip(&change) {
                    *value = Row::from_fn(|lane| STEP.mul_add(change.get(lane), value.get(lane)));
                }
                noise.accept();
            }
        });
        state.iter().map(|row| row.get(0)).collect()
    }

    #[test]
    fn steps_with_constants_multiplied_out_are_those_of_the_equations() {
        let sigmoid = |zero_at_zero| Transfer::Sigmoid { maximum: 60.0, slope: 0.4, threshold: 4.0, zero_at_zero };
        let power = |exponent, maximum| Transfer::PowerLaw { gain: 0.7, threshold: 1.0, exponent, maximum };
        let kinds = [
            sigmoid(false),
            sigmoid(true),
            power(1.0, None),
            power(2.0, None),
            power(2.0, Some(20.0)),
            power(1.5, None),
        ];
        for transfer in &kinds {
            for form in [Form::Rate, Form::Voltage] {
                let circuit = circuit(transfer, form);
                let (shape, rows) = build::<4>(&[&circuit]);
                let mut noise = Noise::new(&shape, &rows, STEP, 1, [[0; 8]; 4]);
                let mut fast = Fast::new(&shape, &rows, STEP, vec![Row::splat(2.0); 2]);
                let (noise, fast, span) = (&mut noise, &mut fast, (0, 2_000));
                take_steps((Method::EulerMaruyama, STEP), (&shape, &rows), noise, fast, span);
                for (row, expected) in fast.state.iter().zip(plainly_stepped(&circuit, 2_000)) {
                    approx::assert_relative_eq!(row.get(31), expected, max_relative = 1e-11);
                }
            }
        }
    }

    /// What 2,000 steps make of circuits side by side, and the forms that they were taken in.
    fn stepped(circuits: &[&Circuit]) -> (Vec<Row<1>>, Vec<Option<Standard>>) {
        let (shape, rows) = build::<1>(circuits);
        let mut noise = Noise::new(&shape, &rows, STEP, 1, [[0; 8]]);
        let mut fast = Fast::new(&shape, &rows, STEP, vec![Row::splat(2.0); 2]);
        noise.start();
        take_steps((Method::EulerMaruyama, STEP), (&shape, &rows), &mut noise, &mut fast, (0, 2_000));
        (fast.state, fast.euler.populations.iter().map(|reduced| reduced.standard).collect())
    }

    #[test]
    fn inputs_that_cannot_leave_the_range_of_powers_are_not_held_in_it_to_the_same_bits() {
        let sigmoid = Transfer::Sigmoid { maximum: 60.0, slope: 0.4, threshold: 4.0, zero_at_zero: false };
        let near = circuit(&sigmoid, Form::Rate);
        let (alone, forms) = stepped(&[&near]);
        assert_eq!(forms, [Some(Standard::BoundedLogistic); 2]);

        let far = |change: &dyn Fn(&mut Circuit)| {
            let mut far = near.clone();
            change(&mut far);
            far
        };
        let changes: [&dyn Fn(&mut scenario::Population); 5] = [
            &|population| population.drive = Some(4_000.0),
            &|population| population.drive = Some(-4_000.0),
            &|population| population.noise.as_mut().unwrap().sigma = 400.0,
            &|population| population.noise.as_mut().unwrap().tau = 1e9,
            // A step of more than tau.
            &|population| population.tau = 0.5 * STEP,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let far = far(&|circuit| change(&mut circuit.populations["A"]));
            let (beside, forms) = stepped(&[&far, &near]);
            assert!(forms.contains(&Some(Standard::Logistic)), "{number}: {forms:?}");
            for (beside, alone) in beside.iter().zip(&alone) {
                assert_eq!(beside.get(1), alone.get(0), "{number}");
                assert!(beside.get(0).is_finite(), "{number}");
            }
        }
        let (_, forms) = stepped(&[&far(&|circuit| circuit.onto["B"].from["A"] = 50.0)]);
        assert_eq!(forms, [Some(Standard::BoundedLogistic), Some(Standard::Logistic)]);
    }
}
