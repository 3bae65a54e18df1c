//! The one way in which analyses see a circuit: residual, Jacobian and slopes at a state.

use super::noise::NoiseSource;
use crate::circuit::entries::{motion, residual_and_jacobian, still_outputs};
use crate::circuit::equations::Linearised;
use crate::circuit::{self, Rows, Shape, Site, sites};
use crate::equilibrium::corner::{Side, sides};
use crate::equilibrium::newton::{NewtonWork, solve};
use crate::equilibrium::stability::{Square, dynamics_jacobian, generator};
use crate::numeric::lanes::Row;
use crate::numeric::linear::{Complex, EigenError, eigenvalues, invert};
use crate::scenario::{Circuit, Compartment, Form, NoiseKind, Role};
use std::sync::Arc;

/// Newton steps for synapses and adaptation at held rates: they are linear, or nearly so.
const SETTLING_STEPS: usize = 30;

/// A circuit with all its numbers fixed: N variables y (those of its n populations first, in order) with
/// `dy_k/dt = residual_k(y) / tau_k`.
#[derive(Clone, Debug)]
pub struct System {
    pub(super) shape: Shape<1>,
    pub(super) rows: Rows<1>,
    pub(super) circuit: Arc<Circuit>,
}

/// A system at one state.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// Target minus state of each variable; 0 at a fixed point. N long.
    pub residual: Vec<f64>,
    /// d residual_k / d y_l, row-major N x N.
    pub jacobian: Vec<f64>,
    /// The same for the dynamics, delays left out: d (dy_k/dt) / d y_l per ms, row-major; of the variables that have
    /// dynamics of their own, algebraic populations eliminated (N x N where there are none).
    pub dynamics_per_ms: Vec<f64>,
    /// The matrix whose eigenvalues are those of the dynamics, delays included; none where algebraic populations do not
    /// follow from the others.
    pub generator_per_ms: Option<Square>,
    /// Rates in Hz, n long.
    pub rates: Vec<f64>,
    /// d rate_i / d y_i of each population, in Hz per unit of its variable; n long.
    pub rate_slopes: Vec<f64>,
    /// d residual_i / d drive_i of each population, per input unit; n long. A drive enters no other variable.
    pub drive_slopes: Vec<f64>,
    /// Each delay in ms, with the part of `jacobian` that passes it.
    pub delayed: Vec<(f64, Vec<f64>)>,
}

/// How a system moves at a state.
#[derive(Clone, Debug)]
pub(super) struct Motion {
    /// Rates in Hz, n long.
    pub rates: Vec<f64>,
    /// dy/dt per ms of every variable, without noise; 0 for algebraic populations, which follow from the others.
    pub velocities: Vec<f64>,
    /// What delayed channels take up, to give it a delay later.
    pub taken: Vec<f64>,
}

impl System {
    /// The system of a circuit whose drives are given (or solved); a drive that is not given is 0.
    pub fn new(circuit: &Circuit) -> Self {
        let (shape, rows) = circuit::build::<1>(&[circuit]);
        Self::of(circuit, shape, rows)
    }

    /// The system of a circuit whose numbers are changed: all lanes of `rows` are the same.
    pub fn of(circuit: &Circuit, shape: Shape<1>, rows: Rows<1>) -> Self {
        Self { shape, rows, circuit: Arc::new(circuit.clone()) }
    }

    /// A system of the same circuit with other numbers: what it is specified as stays.
    pub(super) fn renumbered(&self, shape: Shape<1>, rows: Rows<1>) -> Self {
        Self { shape, rows, circuit: Arc::clone(&self.circuit) }
    }

    /// The circuit as it is specified, before anything changed its numbers.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// How many variables there are: N.
    pub fn variables(&self) -> usize {
        self.shape.variables()
    }

    /// How many populations there are: n.
    pub fn size(&self) -> usize {
        self.shape.size()
    }

    /// The names of the variables; the first n are those of the populations.
    pub fn variable_names(&self) -> Vec<String> {
        self.shape.variable_names().to_vec()
    }

    /// The names of the populations.
    pub fn populations(&self) -> Vec<String> {
        self.shape.populations.iter().map(|population| population.name.clone()).collect()
    }

    /// The index of the population whose rate is of most interest: the first excitatory one, or else the first.
    pub fn main_population(&self) -> usize {
        self.circuit.main_population().and_then(|name| self.shape.population(name)).unwrap_or(0)
    }

    /// Time constant of a variable in ms; infinite for an algebraic population.
    pub fn tau(&self, variable: usize) -> f64 {
        1.0 / self.rows.inverse_tau(variable).get(0)
    }

    /// The drive onto a population, in input units.
    pub fn drive(&self, population: usize) -> f64 {
        self.rows.populations[population].drive.get(0)
    }

    /// Changes the drive onto a population, in input units.
    pub fn set_drive(&mut self, population: usize, drive: f64) {
        self.rows.populations[population].drive = Row::splat(drive);
    }

    /// Time constant of a variable in ms; 0 for an algebraic population, which follows at once.
    pub fn lag(&self, variable: usize) -> f64 {
        if self.shape.is_algebraic(variable) { 0.0 } else { self.tau(variable) }
    }

    /// Whether a variable follows from the others at once.
    pub fn is_algebraic(&self, variable: usize) -> bool {
        self.shape.is_algebraic(variable)
    }

    /// The form of a population: which variable it has.
    pub fn form(&self, population: usize) -> Form {
        self.shape.populations.get(population).map_or(Form::Rate, |population| population.form)
    }

    /// Whether synapses act after a delay.
    pub fn is_delayed(&self) -> bool {
        self.shape.delays() > 0
    }

    /// The population to which a variable belongs: its own, or whose synapses or adaptation it is of.
    pub fn owner(&self, variable: usize) -> usize {
        let channel = self.shape.channels.iter().find(|channel| {
            let depletion = channel.plasticity.map(|depletion| [depletion.utilisation, depletion.resources]);
            let gate = channel.gate.map(|(_, gate)| gate);
            depletion.into_iter().flatten().chain([gate]).flatten().any(|own| own == variable)
        });
        let mechanism = self.shape.mechanisms.iter().find(|mechanism| mechanism.adaptation == Some(variable));
        channel.map(|channel| channel.source).or(mechanism.map(|mechanism| mechanism.population)).unwrap_or(variable)
    }

    /// The noise in the inputs, or the rates, of the populations.
    pub fn noise(&self) -> Vec<NoiseSource> {
        let source = |(population, site): (usize, Site<'_, 1>)| {
            let mechanism = site.population.mechanism.map(|place| &self.shape.mechanisms[place]);
            let (sigma, tau) = (site.numbers.sigma.get(0), site.numbers.noise_tau.get(0));
            let source = NoiseSource {
                population,
                sigma,
                tau: (site.population.noise_kind != NoiseKind::White).then_some(tau),
                on_rate: mechanism.is_some_and(|mechanism| mechanism.noise_on_rate),
            };
            (site.population.noisy && sigma > 0.0).then_some(source)
        };
        sites(&self.shape, &self.rows).enumerate().filter_map(source).collect()
    }

    /// Whether a population excites: by its role or, where that is open, if it makes synapses and none is negative.
    pub fn is_excitatory(&self, population: usize) -> bool {
        // What divides does not excite.
        let made = self.shape.connections.iter().zip(&self.rows.weight);
        let made = made.filter(|(place, _)| place.source == population && place.compartment != Compartment::Divisive);
        let mut weights = made.map(|(_, weight)| weight.get(0));
        match self.circuit.populations.get_index(population).map(|(_, spec)| spec.role) {
            Some(Role::Excitatory) => true,
            Some(Role::Inhibitory) | None => false,
            Some(Role::Either) => {
                let first = weights.next();
                first.is_some_and(|first| first >= 0.0) && weights.all(|weight| weight >= 0.0)
            }
        }
    }

    /// Lowest and highest value of each variable where the rates lie in a box (Hz): the rate itself, or in the voltage form
    /// the input that such rates can make; of synapses and adaptation what they come to at the box's lowest and highest
    /// corners.
    pub fn variable_ranges(&self, box_hz: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let n = self.size();
        let range = |(index, site): (usize, Site<'_, 1>)| match site.population.form {
            Form::Rate | Form::Algebraic => box_hz[index],
            Form::Voltage => {
                let drive = self.drive(index);
                let ends = |connection: &crate::circuit::Connection| match connection.output {
                    rate if rate < n => box_hz[rate],
                    // A gate lies between 0 and 1, or follows the rate.
                    _ => (0.0, box_hz[connection.source].1.max(1.0)),
                };
                site.connections.iter().zip(site.weights).fold((drive, drive), |(low, high), (connection, weight)| {
                    let (one, other) = ends(connection);
                    let ends = (weight.get(0) * one, weight.get(0) * other);
                    (low + ends.0.min(ends.1), high + ends.0.max(ends.1))
                })
            }
        };
        let mut ranges: Vec<(f64, f64)> = sites(&self.shape, &self.rows).enumerate().map(range).collect();
        let corner = |pick: fn(&(f64, f64)) -> f64| {
            let mut state: Vec<f64> = ranges.iter().map(pick).collect();
            state.resize(self.variables(), 0.0);
            self.settle_others(&mut state);
            state
        };
        let (low, high) = (corner(|range| range.0), corner(|range| range.1));
        ranges.extend(low.iter().zip(&high).skip(n).map(|(one, other)| {
            let (low, high) = (one.min(*other), one.max(*other));
            if high - low > 1e-9 * high.abs() { (low, high) } else { (low - 0.5, high + 0.5) }
        }));
        ranges
    }

    /// Brings the variables behind those of the populations to where they stand still while these are held. Newton's method;
    /// what does not converge is left where it is.
    pub fn settle_others(&self, state: &mut [f64]) {
        let (n, count) = (self.size(), self.variables());
        let others = count - n;
        for _ in 0..SETTLING_STEPS {
            if others == 0 {
                return;
            }
            let local = self.at(state);
            let block: Vec<f64> =
                (0..others * others).map(|p| local.jacobian[(n + p / others) * count + n + p % others]).collect();
            let Some(inverse) = invert(&block, others) else { return };
            let mut largest = 0.0f64;
            for (row, entries) in inverse.chunks(others).enumerate() {
                let pairs = entries.iter().zip(&local.residual[n..]);
                let step = -pairs.map(|(entry, residual)| entry * residual).sum::<f64>();
                if step.is_finite() {
                    state[n + row] += step;
                    largest = largest.max(step.abs());
                }
            }
            if largest <= 1e-12 {
                return;
            }
        }
    }

    /// Residual, Jacobian, rates and slopes at a state of N variables.
    pub fn at(&self, state: &[f64]) -> Local {
        let (shape, rows) = (&self.shape, &self.rows);
        let state: Vec<Row<1>> = state.iter().map(|value| Row::splat(*value)).collect();
        let mut work = Linearised::new(shape);
        residual_and_jacobian(shape, rows, &state, &mut work);
        let first = |rows: &[Row<1>]| rows.iter().map(|row| row.get(0)).collect::<Vec<_>>();
        let dynamics = dynamics_jacobian(shape, rows, &work, 0);
        Local {
            residual: first(&work.residual),
            jacobian: first(&work.jacobian),
            generator_per_ms: if self.is_delayed() { generator(shape, rows, &work, 0) } else { dynamics.clone() },
            dynamics_per_ms: dynamics.map_or_else(Vec::new, |square| square.entries),
            rates: first(&work.outputs[..shape.size()]),
            rate_slopes: first(&work.rate_slopes),
            drive_slopes: first(&work.drive_slopes),
            delayed: self
                .delays()
                .into_iter()
                .zip(work.through_delay.chunks(self.variables() * self.variables()))
                .map(|(delay, part)| (delay, first(part)))
                .collect(),
        }
    }

    /// The sides of a state, each with its eigenvalues; one where no transfer function has a corner there, none where they
    /// cannot be computed.
    pub(super) fn sides(&self, state: &[f64]) -> Option<Vec<Side>> {
        let state: Vec<Row<1>> = state.iter().map(|value| Row::splat(*value)).collect();
        sides(&self.shape, &self.rows, &state).ok()
    }

    /// The delays of the channels that have one, in ms.
    pub(super) fn delays(&self) -> Vec<f64> {
        let pairs = self.shape.channels.iter().zip(&self.rows.channels);
        pairs.filter(|(channel, _)| channel.delayed.is_some()).map(|(_, numbers)| numbers.delay.get(0)).collect()
    }

    /// Rates in Hz at a state of N variables; those of algebraic populations as they follow from the others, where what is
    /// delayed has long stood still.
    pub fn rates(&self, state: &[f64]) -> Vec<f64> {
        self.motion(state, &self.taken_at_rest(state)).rates
    }

    /// What delayed channels take up where all has stood still at a state; that is also what they then give.
    pub(super) fn taken_at_rest(&self, state: &[f64]) -> Vec<f64> {
        if !self.is_delayed() {
            return Vec::new();
        }
        let state: Vec<Row<1>> = state.iter().map(|value| Row::splat(*value)).collect();
        let mut outputs = vec![Row::ZERO; self.shape.outputs()];
        still_outputs((&self.shape, &self.rows), &state, &mut outputs);
        self.delayed_channels().map(|channel| outputs[self.size() + channel].get(0)).collect()
    }

    fn delayed_channels(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.shape.channels.len()).filter(|channel| self.shape.channels[*channel].delayed.is_some())
    }

    /// Rates and velocities at a state, and what delayed channels take up there, where they give what they are said to.
    pub(super) fn motion(&self, state: &[f64], delayed: &[f64]) -> Motion {
        let (shape, rows) = (&self.shape, &self.rows);
        let mut state: Vec<Row<1>> = state.iter().map(|value| Row::splat(*value)).collect();
        let quiet = vec![Row::ZERO; shape.populations.iter().filter(|population| population.noisy).count()];
        let delayed: Vec<Row<1>> = delayed.iter().map(|value| Row::splat(*value)).collect();
        let mut outputs = vec![Row::ZERO; shape.outputs()];
        let mut velocities = vec![Row::ZERO; shape.variables()];
        let noise = (quiet.as_slice(), delayed.as_slice());
        let taken = motion((shape, rows), noise, (&mut state, &mut outputs), &mut velocities);
        let taken = taken.iter().map(|row| row.get(0)).collect();
        let first = |rows: &[Row<1>]| rows.iter().map(|row| row.get(0)).collect::<Vec<_>>();
        Motion { rates: first(&outputs[..shape.size()]), velocities: first(&velocities), taken }
    }

    /// What rounding alone makes of each residual at a state, to first order; `ranges` are those of the variables.
    ///
    /// Functions with a maximum may lose the digits of small rates (as the sigmoid of Wilson & Cowan does, which subtracts
    /// its value at 0), so that they are exact relative to their range and no better.
    pub fn rounding(&self, state: &[f64], local: &Local, ranges: &[(f64, f64)]) -> Vec<f64> {
        let bounded = self.has_bounded_transfers();
        let size = |(variable, row): (usize, &[f64])| {
            let terms = row.iter().zip(state).map(|(slope, value)| (slope * value).abs()).sum::<f64>();
            let driven = local.drive_slopes.get(variable).map_or(0.0, |slope| (slope * self.drive(variable)).abs());
            let range = if bounded { ranges[variable].1 - ranges[variable].0 } else { 0.0 };
            f64::EPSILON * (terms + driven + range + state[variable].abs()).max(f64::MIN_POSITIVE)
        };
        local.jacobian.chunks(self.variables()).enumerate().map(size).collect()
    }

    /// Newton's method from a guess of N variables; none where it does not converge.
    pub fn solve(&self, guess: &[f64]) -> Option<Vec<f64>> {
        let (shape, rows) = (&self.shape, &self.rows);
        let mut state: Vec<Row<1>> = guess.iter().map(|value| Row::splat(*value)).collect();
        let mut work = NewtonWork::new(shape);
        let found = solve(shape, rows, &mut state, u64::MAX, &mut work);
        (found & 1 == 1).then(|| state.iter().map(|row| row.get(0)).collect())
    }
}

impl Local {
    /// How many variables there are: N.
    pub fn variables(&self) -> usize {
        self.residual.len()
    }

    /// How many populations there are: n.
    pub fn size(&self) -> usize {
        self.rates.len()
    }

    /// The step of Newton's method; none where the Jacobian is singular.
    pub fn newton_step(&self) -> Option<Vec<f64>> {
        let n = self.variables();
        let inverse = invert(&self.jacobian, n)?;
        let row = |row: &[f64]| -row.iter().zip(&self.residual).map(|(entry, residual)| entry * residual).sum::<f64>();
        let step: Vec<f64> = inverse.chunks(n).map(row).collect();
        step.iter().all(|part| part.is_finite()).then_some(step)
    }

    /// Eigenvalues of the dynamics in 1/s, in order of their real parts.
    ///
    /// # Errors
    /// [`EigenError`] where the Jacobian is not finite or the iteration does not end.
    pub fn eigenvalues_per_s(&self) -> Result<Vec<Complex>, EigenError> {
        let generator = self.generator_per_ms.as_ref().ok_or(EigenError::NotFinite)?;
        let per_ms = eigenvalues(&generator.entries, generator.size)?;
        Ok(per_ms.into_iter().map(|value| Complex { re: value.re * 1e3, im: value.im * 1e3 }).collect())
    }
}
