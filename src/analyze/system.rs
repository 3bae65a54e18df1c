//! The one way in which analyses see a circuit: residual, Jacobian and slopes at a state.

use super::noise::NoiseSource;
use crate::circuit::equations::{self, Linearised};
use crate::circuit::transfer;
use crate::circuit::{self, Rows, Shape, Site, sites};
use crate::equilibrium::newton::{NewtonWork, solve};
use crate::equilibrium::stability::{Square, dynamics_jacobian, generator};
use crate::numeric::lanes::{Mask, Row, dispatch};
use crate::numeric::linear::{Complex, EigenError, eigenvalues, invert};
use crate::spec::{Circuit, Form, Role};
use fearless_simd::Level;

/// Largest rate, in Hz, that is looked for where a transfer function has no maximum, unless ten times a resting rate is
/// more.
const UNBOUNDED_HZ: f64 = 100.0;

/// A circuit with all its numbers fixed: N variables y (those of its n populations first, in order) with
/// `dy_k/dt = residual_k(y) / tau_k`.
#[derive(Clone, Debug)]
pub struct System {
    pub(super) shape: Shape<1>,
    pub(super) rows: Rows<1>,
    pub(super) level: Level,
    circuit: Circuit,
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
}

impl System {
    /// The system of a circuit whose drives are given (or solved); a drive that is not given is 0.
    pub fn new(circuit: &Circuit, level: Level) -> Self {
        let (shape, rows) = circuit::build::<1>(&[circuit]);
        Self::of(circuit, shape, rows, level)
    }

    /// The system of a circuit whose numbers are changed: all lanes of `rows` are the same.
    pub fn of(circuit: &Circuit, shape: Shape<1>, rows: Rows<1>, level: Level) -> Self {
        Self { shape, rows, level, circuit: circuit.clone() }
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

    /// The noise in the inputs of the populations.
    pub fn noise(&self) -> Vec<NoiseSource> {
        let source = |(population, site): (usize, Site<'_, 1>)| {
            let (sigma, tau) = (site.numbers.sigma.get(0), site.numbers.noise_tau.get(0));
            (site.population.noisy && sigma > 0.0).then_some(NoiseSource { population, sigma, tau })
        };
        sites(&self.shape, &self.rows).enumerate().filter_map(source).collect()
    }

    /// Whether a population excites: by its role or, where that is open, if it makes synapses and none is negative.
    pub fn is_excitatory(&self, population: usize) -> bool {
        let made = || self.shape.connections.iter().zip(&self.rows.weight);
        let mut weights = made().filter(|(place, _)| place.source == population).map(|(_, weight)| weight.get(0));
        match self.circuit.populations.get_index(population).map(|(_, spec)| spec.role) {
            Some(Role::Excitatory) => true,
            Some(Role::Inhibitory) | None => false,
            Some(Role::Either) => {
                let first = weights.next();
                first.is_some_and(|first| first >= 0.0) && weights.all(|weight| weight >= 0.0)
            }
        }
    }

    /// Lowest and highest rate, in Hz, that a population may have: from its transfer function, or where that has no
    /// maximum, up to 100 Hz or ten times its resting rate.
    pub fn rate_range(&self, population: usize) -> (f64, f64) {
        let Some((_, spec)) = self.circuit.populations.get_index(population) else { return (0.0, UNBOUNDED_HZ) };
        let gain = self.rows.populations[population].gain.get(0);
        let (low, high) = transfer::range(&spec.transfer);
        let high = high.map_or_else(|| UNBOUNDED_HZ.max(10.0 * spec.rest.unwrap_or(0.0)), |high| gain * high);
        match &spec.refractory {
            // From r = f (k - rho r) at the largest f.
            Some(factor) => (gain * low * factor.k, high * factor.k / (1.0 + high * factor.r)),
            None => (gain * low, high),
        }
    }

    /// Whether every population's rate is bounded by its transfer function. A bounded circuit maps a box of states into
    /// itself.
    pub fn is_bounded(&self) -> bool {
        self.circuit.populations.values().all(|spec| transfer::range(&spec.transfer).1.is_some())
    }

    /// Lowest and highest value of each variable where the rates lie in a box (Hz): the rate itself, or in the voltage form
    /// the input that such rates can make.
    pub fn variable_ranges(&self, box_hz: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let range = |(index, site): (usize, Site<'_, 1>)| match site.population.form {
            Form::Rate => box_hz[index],
            Form::Voltage => {
                let drive = self.drive(index);
                site.connections.iter().zip(site.weights).fold((drive, drive), |(low, high), (connection, weight)| {
                    let (one, other) = box_hz[connection.source];
                    let ends = (weight.get(0) * one, weight.get(0) * other);
                    (low + ends.0.min(ends.1), high + ends.0.max(ends.1))
                })
            }
        };
        sites(&self.shape, &self.rows).enumerate().map(range).collect()
    }

    /// Residual, Jacobian, rates and slopes at a state of N variables.
    pub fn at(&self, state: &[f64]) -> Local {
        let (shape, rows) = (&self.shape, &self.rows);
        let state: Vec<Row<1>> = state.iter().map(|value| Row::splat(*value)).collect();
        let mut work = Linearised::new(shape);
        dispatch!(self.level, simd => equations::residual_and_jacobian(simd, shape, rows, &state, &mut work));
        let first = |rows: &[Row<1>]| rows.iter().map(|row| row.get(0)).collect::<Vec<_>>();
        Local {
            residual: first(&work.residual),
            jacobian: first(&work.jacobian),
            dynamics_per_ms: dynamics_jacobian(shape, rows, &work, 0).map_or_else(Vec::new, |square| square.entries),
            generator_per_ms: generator(shape, rows, &work, 0),
            rates: first(&work.outputs[..shape.size()]),
            rate_slopes: first(&work.rate_slopes),
            drive_slopes: first(&work.drive_slopes),
        }
    }

    /// Rates in Hz at a state of N variables.
    pub fn rates(&self, state: &[f64]) -> Vec<f64> {
        self.at(state).rates
    }

    /// dy/dt per ms of every variable.
    pub fn velocity(&self, state: &[f64]) -> Vec<f64> {
        let residual = self.at(state).residual;
        residual.iter().enumerate().map(|(variable, residual)| residual / self.tau(variable)).collect()
    }

    /// What rounding alone makes of each residual at a state, to first order; `ranges` are those of the variables.
    ///
    /// Functions with a maximum may lose the digits of small rates (as the sigmoid of Wilson & Cowan does, which subtracts
    /// its value at 0), so that they are exact relative to their range and no better.
    pub fn rounding(&self, state: &[f64], local: &Local, ranges: &[(f64, f64)]) -> Vec<f64> {
        let bounded = self.is_bounded();
        let size = |(variable, row): (usize, &[f64])| {
            let terms = row.iter().zip(state).map(|(slope, value)| (slope * value).abs()).sum::<f64>();
            let driven = local.drive_slopes.get(variable).map_or(0.0, |slope| (slope * self.drive(variable)).abs());
            let (low, high) = ranges[variable];
            let range = if bounded { high - low } else { 0.0 };
            f64::EPSILON * (terms + driven + range + state[variable].abs()).max(f64::MIN_POSITIVE)
        };
        local.jacobian.chunks(self.variables()).enumerate().map(size).collect()
    }

    /// Newton's method from a guess of N variables; none where it does not converge.
    pub fn solve(&self, guess: &[f64]) -> Option<Vec<f64>> {
        let (shape, rows) = (&self.shape, &self.rows);
        let mut state: Vec<Row<1>> = guess.iter().map(|value| Row::splat(*value)).collect();
        let mut work = NewtonWork::new(shape);
        let found = dispatch!(self.level, simd => {
            solve(simd, shape, rows, &mut state, Mask::from_bits(simd, u64::MAX), &mut work).bits()
        });
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
