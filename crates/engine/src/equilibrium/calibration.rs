//! Calibration: the background drives that make the stated resting rates a stable fixed point.

use super::fate::{Fate, Left, Outcome};
use super::refusal::RestError;
use super::stabiliser::stabilisers;
use super::stability::Linearisation;
use crate::circuit::entries::still_outputs;
use crate::circuit::synapses::settle_at;
use crate::circuit::transfer::{inverse, inverse_beside};
use crate::circuit::{self, Rows, Shape};
use crate::numeric::lanes::{Row, WIDE, is_wide};
use crate::numeric::linear::Complex;
use crate::scenario::units::stated_for;
use crate::scenario::{self, Divided, Form, Population, Scenario};
use indexmap::IndexMap;

/// A circuit whose drives are solved, with its rest.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// The circuit, every population with its drive.
    pub circuit: scenario::Circuit,
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

/// Solves the drives of all populations with a stated rest; finds the rates of those whose drive is given; refuses a rest
/// that does not exist or is unstable.
///
/// # Errors
/// [`RestError`] says why there is no usable rest.
pub fn calibrate(circuit: &scenario::Circuit) -> Result<Calibrated, RestError> {
    calibrated(circuit, Rest::new(circuit)?)
}

/// [`calibrate`] for many circuits; those that agree in all but numbers lie side by side. Result `i` is that of circuit `i`
/// alone.
pub fn calibrate_all(circuits: &[&scenario::Circuit]) -> Vec<Result<Calibrated, RestError>> {
    let mut groups: Vec<(Vec<u8>, Vec<usize>)> = Vec::new();
    for (place, circuit) in circuits.iter().enumerate() {
        let structure = circuit.structure();
        match groups.iter_mut().find(|(known, _)| *known == structure) {
            Some((_, group)) => group.push(place),
            None => groups.push((structure, vec![place])),
        }
    }
    let together = if is_wide() { Row::<WIDE>::LANES } else { Row::<1>::LANES };
    let mut all = Vec::with_capacity(circuits.len());
    for block in groups.iter().flat_map(|(_, group)| group.chunks(together)) {
        let alike: Vec<&scenario::Circuit> = block.iter().map(|place| circuits[*place]).collect();
        let states = if is_wide() { resting_states::<WIDE>(&alike) } else { resting_states::<1>(&alike) };
        let found = alike.iter().zip(states).map(|(circuit, state)| {
            let state = state?;
            calibrated(circuit, Rest::at(circuit, &state)?)
        });
        all.extend(block.iter().copied().zip(found));
    }
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, calibrated)| calibrated).collect()
}

fn calibrated(circuit: &scenario::Circuit, rest: Rest) -> Result<Calibrated, RestError> {
    let Rest { shape, rows, state, rates: resting } = rest;
    let linearisation = Linearisation::new(&shape, &rows, &state)?;
    let eigenvalues = linearisation.eigenvalues_per_s();
    let drives: Vec<f64> = rows.populations.iter().map(|numbers| numbers.drive.get(0)).collect();
    let variables: Vec<f64> = state.iter().map(|row| row.get(0)).collect();
    let leading = eigenvalues.iter().copied().max_by(|one, other| one.re.total_cmp(&other.re));
    if let Some(leading) = leading.filter(|leading| leading.re >= 0.0) {
        let rates = circuit.populations.keys().cloned().zip(resting).collect();
        let advice = stabilisers(&shape, &rows, &state);
        let corner = corner_by_name(circuit, &linearisation);
        let state = Box::new((with_drives(circuit, &drives), variables));
        return Err(RestError::Unstable { rates, leading, corner, advice, state });
    }
    let response = linearisation.response().ok_or(RestError::Overflow)?;
    Ok(Calibrated { circuit: with_drives(circuit, &drives), drives, variables, rates: resting, eigenvalues, response })
}

/// Calibrates the circuit of a scenario. Where the scenario states where its run starts, the circuit needs no stable rest:
/// drives are solved, and the state is the stated one.
///
/// # Errors
/// [`RestError`] says why there is no usable rest, or why a drive cannot be solved.
pub fn calibrate_scenario(scenario: &Scenario) -> Result<Calibrated, RestError> {
    if scenario.run.start.is_empty() { calibrate(&scenario.circuit) } else { calibrate_started(scenario) }
}

/// [`calibrate_scenario`] for many scenarios, side by side where their circuits agree in all but numbers; result `i` is that
/// of scenario `i` alone.
pub fn calibrate_scenarios(scenarios: &[&Scenario]) -> Vec<Result<Calibrated, RestError>> {
    if scenarios.iter().any(|scenario| !scenario.run.start.is_empty()) {
        return scenarios.iter().map(|scenario| calibrate_scenario(scenario)).collect();
    }
    calibrate_all(&scenarios.iter().map(|scenario| &scenario.circuit).collect::<Vec<_>>())
}

fn calibrate_started(scenario: &Scenario) -> Result<Calibrated, RestError> {
    let circuit = solved(&scenario.circuit)?;
    let (variables, rates) = started(&circuit, &scenario.run.start);
    let drives = circuit.populations.values().map(|population| population.drive.unwrap_or(0.0)).collect();
    Ok(Calibrated { circuit, drives, variables, rates, eigenvalues: Vec::new(), response: Vec::new() })
}

/// The variables and the rates in Hz of a circuit that starts where some variables are stated.
pub fn started(circuit: &scenario::Circuit, start: &IndexMap<String, f64>) -> (Vec<f64>, Vec<f64>) {
    let (shape, rows) = circuit::build::<1>(&[circuit]);
    let names = shape.variable_names();
    let stated = |name: &String| stated_for(start, name).map(|value| Row::splat(*value));
    let mut state: Vec<Row<1>> = names.iter().map(|name| stated(name).unwrap_or(Row::ZERO)).collect();
    let mut outputs = vec![Row::ZERO; shape.outputs()];
    still_outputs((&shape, &rows), &state, &mut outputs);
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
pub fn solved(circuit: &scenario::Circuit) -> Result<scenario::Circuit, RestError> {
    if circuit.populations.values().all(|population| population.rest.is_none()) {
        return Ok(circuit.clone());
    }
    let rest = Rest::new(circuit)?;
    let drives: Vec<f64> = rest.rows.populations.iter().map(|numbers| numbers.drive.get(0)).collect();
    Ok(with_drives(circuit, &drives))
}

fn with_drives(circuit: &scenario::Circuit, drives: &[f64]) -> scenario::Circuit {
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
    fn new(circuit: &scenario::Circuit) -> Result<Self, RestError> {
        let state = resting_states::<1>(&[circuit]).pop().unwrap_or(Err(RestError::Overflow))?;
        Self::at(circuit, &state)
    }

    /// The circuit's rest where its variables are known.
    fn at(circuit: &scenario::Circuit, variables: &[f64]) -> Result<Self, RestError> {
        let (shape, mut rows) = circuit::build::<1>(&[circuit]);
        let state: Vec<Row<1>> = variables.iter().map(|value| Row::splat(*value)).collect();
        let mut outputs = vec![Row::ZERO; shape.outputs()];
        still_outputs((&shape, &rows), &state, &mut outputs);
        let outputs: Vec<f64> = outputs.iter().map(|row| row.get(0)).collect();
        solve_drives(circuit, (&shape, &mut rows), &state, &outputs)?;
        let resting = outputs[..shape.size()].to_vec();
        let drives = rows.populations.iter().map(|numbers| numbers.drive.get(0));
        if drives.chain(resting.iter().copied()).any(|number| !number.is_finite()) {
            return Err(RestError::Overflow);
        }
        Ok(Self { shape, rows, state, rates: resting })
    }
}

/// The variables of each circuit at rest, in lanes side by side: those of the stated rates, and what the free populations
/// then settle to from 0. Circuits must agree in all but numbers.
fn resting_states<const G: usize>(circuits: &[&scenario::Circuit]) -> Vec<Result<Vec<f64>, RestError>> {
    let (shape, rows) = circuit::build::<G>(circuits);
    let mut held: Vec<bool> = circuits[0].populations.values().map(|population| population.rest.is_some()).collect();
    let some_free = held.contains(&false);
    held.resize(shape.variables(), false);
    let (mut state, refused) = stated_states(circuits, &shape, &rows);
    let mut fates: Vec<Option<Outcome>> = Vec::new();
    if some_free {
        let limit_ms = &Row::splat(f64::INFINITY);
        let left = Left { shape: &shape, rows: &rows, held: &held, limit_ms, cycling: false };
        let sound = refused.iter().enumerate().filter(|(_, refused)| refused.is_none());
        let lanes = sound.fold(0, |bits, (lane, _)| bits | 1 << lane);
        fates = left.follow(&mut state, lanes);
    }
    let states = refused.into_iter().enumerate().map(|(lane, refused)| match refused {
        Some(error) => Err(error),
        None => match fates.get(lane).and_then(|outcome| outcome.as_ref()).and_then(|outcome| no_rest(&shape, outcome))
        {
            Some(error) => Err(error),
            None => Ok(state.iter().map(|row| row.get(lane)).collect()),
        },
    });
    states.collect()
}

/// Why a circuit that was left to itself has no rest, if it has none.
fn no_rest<const G: usize>(shape: &Shape<G>, outcome: &Outcome) -> Option<RestError> {
    let names = shape.populations.iter().map(|population| population.name.clone());
    match &outcome.fate {
        // Whether the rest as a whole is stable is judged where the drives are known.
        Fate::Rest | Fate::Unstable(_) => None,
        Fate::Cycle(cycle) => Some(RestError::Oscillates {
            period_ms: cycle.period_ms,
            means: names.zip(outcome.rates.iter().copied()).collect(),
            middle: cycle.ranges.iter().map(|(low, high)| f64::midpoint(*low, *high)).collect(),
        }),
        Fate::RunsAway => Some(RestError::RunsAway),
        Fate::Undefined(variable) => Some(RestError::Undefined { variable: shape.variable_names()[*variable].clone() }),
        Fate::Open => Some(RestError::Undecided { followed_ms: outcome.followed_ms }),
    }
}

/// The variables at the stated resting rates; 0 where the drive is given, with synapses and adaptation as they then settle.
/// Lanes in which a rate cannot be reached have an error. Lanes beyond the last circuit repeat it.
fn stated_states<const G: usize>(
    circuits: &[&scenario::Circuit],
    shape: &Shape<G>,
    rows: &Rows<G>,
) -> (Vec<Row<G>>, Vec<Option<RestError>>) {
    let mut state = vec![Row::ZERO; shape.variables()];
    let mut stated = vec![Row::ZERO; shape.size()];
    let mut refused = Vec::with_capacity(circuits.len());
    for lane in 0..Row::<G>::LANES {
        let mut error = None;
        for (index, (name, population)) in circuits[lane.min(circuits.len() - 1)].populations.iter().enumerate() {
            let value = match (population.rest, population.form) {
                (None, _) => Ok(0.0),
                (Some(rate), Form::Rate | Form::Algebraic) => Ok(rate),
                (Some(rate), Form::Voltage) => resting_argument((name, population), rate, 1.0, f64::NAN),
            };
            stated[index].set(lane, population.rest.unwrap_or(0.0));
            match value {
                Ok(value) => state[index].set(lane, value),
                Err(found) => error = error.or(Some(found)),
            }
        }
        if lane < circuits.len() {
            refused.push(error);
        }
    }
    settle_at(shape, rows, &stated, &mut state);
    (state, refused)
}

/// The variables of calibrated circuits, one to a lane, that rest at `rates` Hz.
pub fn resting_variables<const G: usize>(
    (shape, rows): (&Shape<G>, &Rows<G>),
    circuits: &[&scenario::Circuit],
    rates: &[&[f64]],
) -> Vec<Vec<f64>> {
    let mut state = vec![Row::ZERO; shape.variables()];
    let mut resting = vec![Row::ZERO; shape.size()];
    for (lane, (circuit, rates)) in circuits.iter().zip(rates).enumerate() {
        for (index, (population, rate)) in circuit.populations.values().zip(*rates).enumerate() {
            resting[index].set(lane, *rate);
            let value = match population.form {
                Form::Rate | Form::Algebraic => *rate,
                Form::Voltage => inverse(&population.transfer, *rate).unwrap_or(0.0),
            };
            state[index].set(lane, value);
        }
    }
    settle_at(shape, rows, &resting, &mut state);
    (0..circuits.len()).map(|lane| state.iter().map(|row| row.get(lane)).collect()).collect()
}

/// The argument of its transfer function at which a population fires at its rest, its output being divided; `second` is its
/// second input, if it has one.
fn resting_argument(
    (name, population): (&str, &Population),
    rate: f64,
    divisor: f64,
    second: f64,
) -> Result<f64, RestError> {
    let factor = population.refractory.as_ref().map_or(1.0, |refractory| refractory.k - refractory.r * rate);
    let whole = rate * divisor / factor;
    let needed = if factor > 0.0 { inverse_beside(&population.transfer, whole, second) } else { None };
    needed.ok_or_else(|| RestError::NoDrive { population: name.to_owned(), rate })
}

/// Solves the drives of the populations with a stated rest, summing in the order of the equations.
fn solve_drives(
    circuit: &scenario::Circuit,
    (shape, rows): (&Shape<1>, &mut Rows<1>),
    state: &[Row<1>],
    outputs: &[f64],
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
        let second = mechanism.and_then(|(mechanism, numbers)| {
            mechanism.second.as_ref().map(|range| numbers.second_drive.get(0) + received(range))
        });
        let argument = match population.form {
            Form::Voltage => state[index].get(0),
            Form::Rate | Form::Algebraic => {
                let second = second.unwrap_or(f64::NAN);
                resting_argument((name, population), rate, divisor(Divided::Output), second)?
            }
        };
        let mut soma = argument * divisor(Divided::Input);
        let mut adapted = 0.0;
        if let Some((mechanism, numbers)) = mechanism {
            if let Some(dendrite) = &mechanism.dendrite {
                let below = numbers.dendrite_drive.get(0) + received(&dendrite.inputs);
                let unreachable = || RestError::NoDrive { population: name.clone(), rate };
                soma = numbers.soma_for(dendrite.event, soma, below).ok_or_else(unreachable)?;
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

/// The populations at a corner of their transfer functions.
fn corner_by_name(circuit: &scenario::Circuit, linearisation: &Linearisation) -> Vec<(String, bool)> {
    let name = |index: usize| Some(circuit.populations.get_index(index)?.0.clone());
    linearisation.corner().iter().filter_map(|(index, above)| Some((name(*index)?, *above))).collect()
}
