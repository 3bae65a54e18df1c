//! Calibration: the background drives that make the stated resting rates a stable fixed point.

use super::newton::{NewtonWork, solve};
use super::relaxation::{STILL, relax};
use super::stability::Linearisation;
use crate::circuit::equations::still_outputs;
use crate::circuit::synapses::settle_at;
use crate::circuit::transfer::inverse;
use crate::circuit::{self, Rows, Shape};
use crate::numeric::lanes::dispatch;
use crate::numeric::lanes::{Lanes, Row};
use crate::numeric::linear::{Complex, EigenError};
use crate::spec::{self, Divided, Form, Population, Scenario};
use fearless_simd::{Level, Simd};
use indexmap::IndexMap;

/// A circuit whose drives are solved, with its rest.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// The circuit, every population with its drive.
    pub circuit: spec::Circuit,
    /// Drives in input units.
    pub drives: Vec<f64>,
    /// The circuit's variables at rest, or at the stated start of the run.
    pub variables: Vec<f64>,
    /// Resting rates in Hz, or those at the start.
    pub rates: Vec<f64>,
    /// Eigenvalues of the dynamics at rest, in 1/s, in order of their real parts; none where a start is stated.
    pub eigenvalues: Vec<Complex>,
    /// d rate_i / d drive_j in Hz per input unit, row-major; none where a start is stated.
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
    let linearisation = Linearisation::new(&shape, &rows, &state, level)?;
    let eigenvalues = linearisation.eigenvalues_per_s();
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

/// Calibrates the circuit of a scenario. Where the scenario states where its run starts, the circuit needs no stable rest:
/// drives are solved, and the state is the stated one.
///
/// # Errors
/// [`RestError`] says why there is no usable rest, or why a drive cannot be solved.
pub fn calibrate_scenario(scenario: &Scenario, level: Level) -> Result<Calibrated, RestError> {
    if scenario.run.start.is_empty() {
        return calibrate(&scenario.circuit, level);
    }
    let circuit = solved(&scenario.circuit, level)?;
    let (variables, rates) = started(&circuit, &scenario.run.start, level);
    let drives = circuit.populations.values().map(|population| population.drive.unwrap_or(0.0)).collect();
    Ok(Calibrated { circuit, drives, variables, rates, eigenvalues: Vec::new(), response: Vec::new() })
}

/// The variables and the rates in Hz of a circuit that starts where some variables are stated.
pub fn started(circuit: &spec::Circuit, start: &IndexMap<String, f64>, level: Level) -> (Vec<f64>, Vec<f64>) {
    let (shape, rows) = circuit::build::<1>(&[circuit]);
    let names = shape.variable_names();
    let stated = |name: &String| start.get(name).map(|value| Row::splat(*value));
    let mut state: Vec<Row<1>> = names.iter().map(|name| stated(name).unwrap_or(Row::ZERO)).collect();
    let mut outputs = vec![Row::ZERO; shape.outputs()];
    dispatch!(level, simd => still_outputs(simd, (&shape, &rows), &state, &mut outputs));
    let rates = &outputs[..shape.size()];
    settle_at(&shape, &rows, rates, &mut state);
    for (value, name) in state.iter_mut().zip(names) {
        *value = stated(name).unwrap_or(*value);
    }
    (state.iter().map(|row| row.get(0)).collect(), rates.iter().map(|row| row.get(0)).collect())
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
        let mut held: Vec<bool> = circuit.populations.values().map(|population| population.rest.is_some()).collect();
        let some_free = held.contains(&false);
        let all_free = !held.contains(&true);
        held.resize(shape.variables(), false);
        let mut state = resting_state(circuit, &shape, &rows)?;
        if some_free && !dispatch!(level, simd => settle(simd, &shape, &rows, &mut state, (&held, all_free))) {
            return Err(RestError::NoRest);
        }
        let mut outputs = vec![Row::ZERO; shape.outputs()];
        dispatch!(level, simd => still_outputs(simd, (&shape, &rows), &state, &mut outputs));
        let outputs: Vec<f64> = outputs.iter().map(|row| row.get(0)).collect();
        solve_drives(circuit, (&shape, &mut rows), &state, &outputs, level)?;
        let resting = outputs[..shape.size()].to_vec();
        let drives = rows.populations.iter().map(|numbers| numbers.drive.get(0));
        if drives.chain(resting.iter().copied()).any(|number| !number.is_finite()) {
            return Err(RestError::Overflow);
        }
        Ok(Self { shape, rows, state, rates: resting })
    }
}

/// The variables at the stated resting rates; 0 where the drive is given, with synapses and adaptation as they then settle.
fn resting_state(circuit: &spec::Circuit, shape: &Shape<1>, rows: &Rows<1>) -> Result<Vec<Row<1>>, RestError> {
    let stated: Vec<f64> = circuit.populations.values().map(|population| population.rest.unwrap_or(0.0)).collect();
    let mut state = vec![Row::ZERO; shape.variables()];
    for (index, (name, population)) in circuit.populations.iter().enumerate() {
        let value = match (population.rest, population.form) {
            (None, _) => 0.0,
            (Some(rate), Form::Rate | Form::Algebraic) => rate,
            (Some(rate), Form::Voltage) => resting_argument(name, population, rate, 1.0)?,
        };
        state[index] = Row::splat(value);
    }
    let stated: Vec<Row<1>> = stated.into_iter().map(Row::splat).collect();
    settle_at(shape, rows, &stated, &mut state);
    Ok(state)
}

/// The variables of a calibrated circuit that rests at `rates` Hz.
pub fn resting_variables(circuit: &spec::Circuit, rates: &[f64]) -> Vec<f64> {
    let (shape, rows) = circuit::build::<1>(&[circuit]);
    let mut state = vec![Row::ZERO; shape.variables()];
    for ((value, population), rate) in state.iter_mut().zip(circuit.populations.values()).zip(rates) {
        *value = Row::splat(match population.form {
            Form::Rate | Form::Algebraic => *rate,
            Form::Voltage => inverse(&population.transfer, *rate).unwrap_or(0.0),
        });
    }
    let rates: Vec<Row<1>> = rates.iter().map(|rate| Row::splat(*rate)).collect();
    settle_at(&shape, &rows, &rates, &mut state);
    state.iter().map(|row| row.get(0)).collect()
}

/// The argument of its transfer function at which a population fires at its rest, its output being divided.
fn resting_argument(name: &str, population: &Population, rate: f64, divisor: f64) -> Result<f64, RestError> {
    let factor = population.refractory.as_ref().map_or(1.0, |refractory| refractory.k - refractory.r * rate);
    let needed = if factor > 0.0 { inverse(&population.transfer, rate * divisor / factor) } else { None };
    needed.ok_or_else(|| RestError::NoDrive { population: name.to_owned(), rate })
}

/// So near to where a circuit is heading, relative to its variables, Newton's method is tried.
const NEAR: f64 = 1e-3;
/// How far Newton's method may then go: farther away lies another state than the one to which the circuit was heading.
const FARTHEST_CORRECTION: f64 = 1e-2;

/// Finds the rates of the populations that are not held, by letting the circuit run from zero.
#[inline(always)]
fn settle<S: Simd>(
    simd: S,
    shape: &Shape<1>,
    rows: &Rows<1>,
    state: &mut [Row<1>],
    (held, free): (&[bool], bool),
) -> bool {
    let zero = Lanes::splat(simd, 0.0);
    let everywhere = zero.eq(zero);
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
fn solve_drives(
    circuit: &spec::Circuit,
    (shape, rows): (&Shape<1>, &mut Rows<1>),
    state: &[Row<1>],
    outputs: &[f64],
    level: Level,
) -> Result<(), RestError> {
    let mut drives = Vec::with_capacity(shape.size());
    for (index, (name, population)) in circuit.populations.iter().enumerate() {
        let site = shape.site(rows, index);
        let Some(rate) = population.rest else {
            drives.push(site.numbers.drive);
            continue;
        };
        let place = site.population.mechanism;
        let received = |range: &std::ops::Range<usize>| -> f64 {
            let connections = shape.connections[range.clone()].iter().zip(&rows.weight[range.clone()]);
            connections.map(|(connection, weight)| weight.get(0) * outputs[connection.output]).sum()
        };
        let mechanism = place.map(|place| (&shape.mechanisms[place], &rows.mechanisms[place]));
        let division = mechanism.and_then(|(mechanism, _)| mechanism.division.as_ref());
        let divisor = |wanted: Divided| match division {
            Some((what, range)) if *what == wanted => 1.0 + received(range),
            _ => 1.0,
        };
        let argument = match population.form {
            Form::Voltage => state[index].get(0),
            Form::Rate | Form::Algebraic => resting_argument(name, population, rate, divisor(Divided::Output))?,
        };
        let mut soma = argument * divisor(Divided::Input);
        let mut adapted = 0.0;
        if let Some((mechanism, numbers)) = mechanism {
            if let Some(dendrite) = &mechanism.dendrite {
                let below = numbers.dendrite_drive.get(0) + received(&dendrite.inputs);
                let unreachable = || RestError::NoDrive { population: name.clone(), rate };
                soma = numbers.soma_for(dendrite.event, soma, below, level).ok_or_else(unreachable)?;
            }
            adapted = mechanism.adaptation.map_or(0.0, |variable| state[variable].get(0));
        }
        let synapses = site.connections.iter().zip(site.weights);
        let synapses: f64 = synapses.map(|(connection, weight)| weight.get(0) * outputs[connection.output]).sum();
        drives.push(Row::splat(soma - synapses - adapted));
    }
    for (numbers, drive) in rows.populations.iter_mut().zip(drives) {
        numbers.drive = drive;
    }
    Ok(())
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
