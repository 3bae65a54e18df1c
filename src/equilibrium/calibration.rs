//! Calibration: the background drives that make the stated resting rates a stable fixed point.

use super::newton::{NewtonWork, solve};
use super::relaxation::{STILL, relax};
use super::stability::Linearisation;
use crate::circuit::equations::rates;
use crate::circuit::transfer::inverse;
use crate::circuit::{self, Rows, Shape, sites};
use crate::numeric::lanes::dispatch;
use crate::numeric::lanes::{Lanes, Row};
use crate::numeric::linear::{Complex, EigenError};
use crate::spec::{self, Form, Population};
use fearless_simd::{Level, Simd};

/// A circuit whose drives are solved, with its rest.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// The circuit, every population with its drive.
    pub circuit: spec::Circuit,
    /// Drives in input units.
    pub drives: Vec<f64>,
    /// The circuit's variables at rest.
    pub variables: Vec<f64>,
    /// Resting rates in Hz.
    pub rates: Vec<f64>,
    /// Eigenvalues of the dynamics at rest, in 1/s, in order of their real parts.
    pub eigenvalues: Vec<Complex>,
    /// d rate_i / d drive_j in Hz per input unit, row-major.
    pub response: Vec<f64>,
}

/// Why a circuit has no usable rest.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RestError {
    /// No finite drive gives the stated rate.
    #[error("`{population}` cannot rest at {rate} Hz: its transfer function reaches that rate at no finite input")]
    NoDrive {
        /// Which population.
        population: String,
        /// The stated rate in Hz.
        rate: f64,
    },
    /// From zero rates the circuit settles nowhere.
    #[error("with the drives given the circuit does not settle: it oscillates or runs away")]
    NoRest,
    /// The rest is a fixed point, but not a stable one.
    #[error(
        "the resting rates ({}) are a fixed point, but an unstable one: an eigenvalue has the real part {:+.4} per s{}; \
         weaker recurrent excitation or stronger feedback inhibition would stabilise it",
        rates.iter().map(|(name, rate)| format!("{name} {rate:.4} Hz")).collect::<Vec<_>>().join(", "),
        leading.re,
        if leading.im == 0.0 { String::new() } else { format!(" (it oscillates at {:.2} Hz)", leading.im.abs() / std::f64::consts::TAU) }
    )]
    Unstable {
        /// The rates by population, in Hz.
        rates: Vec<(String, f64)>,
        /// The eigenvalue with the largest real part, in 1/s.
        leading: Complex,
    },
    /// Numbers over- or underflow.
    #[error("at the resting rates the circuit's equations overflow: weights, gains or rates are far too large")]
    Overflow,
    /// The eigenvalues could not be computed.
    #[error(transparent)]
    Eigenvalues(#[from] EigenError),
}

/// Solves the drives of all populations with a stated rest; finds the rates of those whose drive is given; refuses a rest
/// that does not exist or is unstable.
///
/// # Errors
/// [`RestError`] says why there is no usable rest.
pub fn calibrate(circuit: &spec::Circuit, level: Level) -> Result<Calibrated, RestError> {
    let Rest { shape, rows, state, rates: resting } = Rest::new(circuit, level)?;
    let linearisation = Linearisation::new(&shape, &rows, &state, level);
    let eigenvalues = linearisation.eigenvalues_per_s()?;
    refuse_unstable(circuit, &resting, &eigenvalues)?;
    let response = linearisation.response().ok_or(RestError::Overflow)?;
    let drives: Vec<f64> = rows.populations.iter().map(|numbers| numbers.drive.get(0)).collect();
    Ok(Calibrated {
        circuit: with_drives(circuit, &drives),
        drives,
        variables: state.iter().map(|row| row.get(0)).collect(),
        rates: resting,
        eigenvalues,
        response,
    })
}

/// The circuit with every drive given, whether or not its rest is stable: for analyses of unstable states.
///
/// # Errors
/// [`RestError`] where a drive cannot be solved. Where some drives are given and others solved, the circuit must settle.
pub fn solved(circuit: &spec::Circuit, level: Level) -> Result<spec::Circuit, RestError> {
    if circuit.populations.values().all(|population| population.rest.is_none()) {
        return Ok(circuit.clone());
    }
    let rest = Rest::new(circuit, level)?;
    let drives: Vec<f64> = rest.rows.populations.iter().map(|numbers| numbers.drive.get(0)).collect();
    Ok(with_drives(circuit, &drives))
}

fn with_drives(circuit: &spec::Circuit, drives: &[f64]) -> spec::Circuit {
    let mut given = circuit.clone();
    for (population, drive) in given.populations.values_mut().zip(drives) {
        population.drive = Some(*drive);
    }
    given
}

/// A circuit's rest, stable or not.
struct Rest {
    shape: Shape<1>,
    /// With the drives that were solved.
    rows: Rows<1>,
    state: Vec<Row<1>>,
    rates: Vec<f64>,
}

impl Rest {
    fn new(circuit: &spec::Circuit, level: Level) -> Result<Self, RestError> {
        let (shape, mut rows) = circuit::build::<1>(&[circuit]);
        let held: Vec<bool> = circuit.populations.values().map(|population| population.rest.is_some()).collect();
        let mut state = resting_variables(circuit)?;
        if held.iter().any(|held| !held) && !dispatch!(level, simd => settle(simd, &shape, &rows, &mut state, &held)) {
            return Err(RestError::NoRest);
        }
        let mut resting = vec![Row::ZERO; shape.size()];
        dispatch!(level, simd => rates(simd, &shape, &rows, &state, &mut resting));
        let resting: Vec<f64> = resting.iter().map(|row| row.get(0)).collect();
        solve_drives(circuit, &shape, &mut rows, &state, &resting);
        let drives = rows.populations.iter().map(|numbers| numbers.drive.get(0));
        if drives.chain(resting.iter().copied()).any(|number| !number.is_finite()) {
            return Err(RestError::Overflow);
        }
        Ok(Self { shape, rows, state, rates: resting })
    }
}

/// The variables at the stated resting rates; 0 where the drive is given.
fn resting_variables(circuit: &spec::Circuit) -> Result<Vec<Row<1>>, RestError> {
    let variable = |(name, population): (&String, &Population)| match (population.rest, population.form) {
        (None, _) => Ok(Row::ZERO),
        (Some(rate), Form::Rate) => Ok(Row::splat(rate)),
        (Some(rate), Form::Voltage) => resting_input(name, population, rate).map(Row::splat),
    };
    circuit.populations.iter().map(variable).collect()
}

/// The input at which a population fires at its rest.
fn resting_input(name: &str, population: &Population, rate: f64) -> Result<f64, RestError> {
    let factor = population.refractory.as_ref().map_or(1.0, |refractory| refractory.k - refractory.r * rate);
    let needed = if factor > 0.0 { inverse(&population.transfer, rate / factor) } else { None };
    needed.ok_or_else(|| RestError::NoDrive { population: name.to_owned(), rate })
}

/// So near to where a circuit is heading, relative to its variables, Newton's method is tried.
const NEAR: f64 = 1e-3;
/// How far Newton's method may then go: farther away lies another state than the one to which the circuit was heading.
const FARTHEST_CORRECTION: f64 = 1e-2;

/// Finds the rates of the populations that are not held, by letting the circuit run from zero.
#[inline(always)]
fn settle<S: Simd>(simd: S, shape: &Shape<1>, rows: &Rows<1>, state: &mut [Row<1>], held: &[bool]) -> bool {
    let zero = Lanes::splat(simd, 0.0);
    let everywhere = zero.eq(zero);
    let free = held.iter().all(|held| !held);
    let still = if free { NEAR } else { STILL };
    if !relax(simd, shape, rows, state, everywhere, held, still).all() {
        return false;
    }
    // Where nothing is held, the relaxed state is polished to machine precision.
    if free && !polish(simd, shape, rows, state) {
        if !relax(simd, shape, rows, state, everywhere, held, STILL).all() {
            return false;
        }
        polish(simd, shape, rows, state);
    }
    true
}

/// Newton's method from a state near the solution; without effect where it fails or leads elsewhere.
#[inline(always)]
fn polish<S: Simd>(simd: S, shape: &Shape<1>, rows: &Rows<1>, state: &mut [Row<1>]) -> bool {
    let zero = Lanes::splat(simd, 0.0);
    let mut found = state.to_vec();
    let converged = solve(simd, shape, rows, &mut found, zero.eq(zero), &mut NewtonWork::new(shape));
    let near = found.iter().zip(state.iter()).all(|(found, start)| {
        let (found, start) = (found.get(0), start.get(0));
        (found - start).abs() <= FARTHEST_CORRECTION * start.abs().max(1.0)
    });
    let accepted = converged.all() && near;
    if accepted {
        state.copy_from_slice(&found);
    }
    accepted
}

/// Solves the drives of the populations with a stated rest, summing in the order of the equations.
fn solve_drives(circuit: &spec::Circuit, shape: &Shape<1>, rows: &mut Rows<1>, state: &[Row<1>], resting: &[f64]) {
    let mut drives = Vec::with_capacity(shape.size());
    for ((population, site), state) in circuit.populations.values().zip(sites(shape, rows)).zip(state) {
        let needed = match (population.rest, population.form) {
            (None, _) => {
                drives.push(site.numbers.drive);
                continue;
            }
            (Some(_), Form::Voltage) => Some(state.get(0)),
            (Some(rate), Form::Rate) => resting_input("", population, rate).ok(),
        };
        let synapses = site.connections.iter().zip(site.weights);
        let synapses: f64 = synapses.map(|(connection, weight)| weight.get(0) * resting[connection.source]).sum();
        drives.push(Row::splat(needed.unwrap_or(f64::NAN) - synapses));
    }
    for (numbers, drive) in rows.populations.iter_mut().zip(drives) {
        numbers.drive = drive;
    }
}

fn refuse_unstable(circuit: &spec::Circuit, resting: &[f64], eigenvalues: &[Complex]) -> Result<(), RestError> {
    let leading = eigenvalues.iter().copied().max_by(|one, other| one.re.total_cmp(&other.re));
    match leading {
        Some(leading) if leading.re >= 0.0 => {
            let rates = circuit.populations.keys().cloned().zip(resting.iter().copied()).collect();
            Err(RestError::Unstable { rates, leading })
        }
        _ => Ok(()),
    }
}
