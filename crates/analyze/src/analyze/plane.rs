//! The plane of two populations, or of two other variables such as gates: where each stands still (nullclines), how both move, and the fixed points. All other
//! variables are at their quasi-steady values: those at which they stand still while the two are held.

use super::contour::{Grid, zero_lines};
use super::subject::Subject;
use super::system::System;
use crate::circuit::Connection;
use crate::scenario::Form;
use crate::simulate::Moment;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use serde::Serialize;

/// Cells of the grid along each side, on which zero lines are looked for.
const CELLS: usize = 120;
/// Arrows along each side.
const ARROWS: usize = 18;
/// The plane reaches this much farther than the farthest fixed point.
const ROOM: f64 = 1.7;
/// Iterations of Newton's method for the other variables.
const MOST_ITERATIONS: usize = 30;
/// Relative size of a correction that counts as none.
const SETTLED: f64 = 1e-12;
/// Largest correction of a variable in one iteration, relative to its size (and absolutely below 4).
const LONGEST_STEP: f64 = 0.75;

/// A fixed point in the plane.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanePoint {
    /// Its place.
    pub at: [f64; 2],
    /// How many directions of the whole circuit are unstable there.
    pub unstable: usize,
}

/// The plane of two populations of one subject.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plane {
    /// The subject: a circuit or an arm.
    pub name: String,
    /// The populations (or other variables) that lie along the level and the upright axis.
    pub populations: [String; 2],
    /// Their units.
    pub units: [String; 2],
    /// Lowest and highest value along each axis.
    pub ranges: [[f64; 2]; 2],
    /// Where the first population stands still, and where the second does: lines through points.
    pub nullclines: [Vec<Vec<[f64; 2]>>; 2],
    /// Places on a coarse grid, and how fast both variables change there, per ms.
    pub flow: Vec<([f64; 2], [f64; 2])>,
    /// Fixed points of the whole circuit.
    pub fixed_points: Vec<PlanePoint>,
}

/// The planes of several subjects over the same ranges, with the fixed points of each (all variables).
pub fn planes(subjects: &[(&Subject, Vec<Vec<f64>>)], populations: [usize; 2]) -> Vec<Plane> {
    let ranges = populations.map(|population| common_range(subjects, population));
    subjects.par_iter().map(|(subject, points)| Plane::new(subject, points, populations, ranges)).collect()
}

/// The two populations whose plane tells most of why arms differ: the main one, and that whose synapses onto it carry what
/// differs most among the arms. None where there is but one population.
pub fn telling_plane(subjects: &[Subject]) -> Option<[usize; 2]> {
    let first = subjects.first()?;
    let main = first.system.main_population();
    let spread = |source: usize| {
        let inputs = subjects.iter().filter_map(|subject| Some(input_from(subject.moment.as_ref()?, source, main)));
        let ends = inputs.fold([f64::INFINITY, f64::NEG_INFINITY], |ends, one| [ends[0].min(one), ends[1].max(one)]);
        (ends[1] - ends[0]).max(0.0)
    };
    let others = (0..first.system.size()).filter(|source| *source != main);
    // Of equals the first.
    let telling = others.rev().max_by(|one, other| spread(*one).total_cmp(&spread(*other)))?;
    Some([main, telling])
}

/// What the synapses of one population give another, in input units.
fn input_from(moment: &Moment, source: usize, target: usize) -> f64 {
    let pairs = moment.shape.connections.iter().zip(&moment.rows.weight);
    let joins = |connection: &Connection| connection.source == source && connection.target == target;
    let between = pairs.filter(|(connection, _)| joins(connection) && connection.compartment.adds());
    between.map(|(connection, weight)| weight.get(0) * moment.outputs[connection.output]).sum()
}

/// The range that shows the fixed points of all subjects.
fn common_range(subjects: &[(&Subject, Vec<Vec<f64>>)], population: usize) -> [f64; 2] {
    let places = || subjects.iter().flat_map(|(_, points)| points).map(|state| state[population]);
    let (low, high) =
        places().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), place| (low.min(place), high.max(place)));
    let Some((subject, _)) = subjects.first() else { return [0.0, 1.0] };
    if form_of(&subject.system, population) == Form::Voltage {
        let (low, high) = if low.is_finite() { (low, high) } else { (0.0, 1.0) };
        let room = (ROOM - 1.0) * (high - low).max(0.1 * high.abs()).max(1.0);
        return [low - room, high + room];
    }
    let largest = subjects.iter().map(|(subject, _)| highest(&subject.system, population)).fold(0.0, f64::max);
    let high = if high > 0.0 { (ROOM * high).min(1.02 * largest) } else { largest };
    [if low < 0.0 { ROOM * low } else { 0.0 }, high]
}

/// The highest value of a variable that is looked at.
fn highest(system: &System, variable: usize) -> f64 {
    let rates = system.rate_ranges(&[]);
    system.variable_ranges(&rates).get(variable).map_or(1.0, |range| range.1)
}

fn form_of(system: &System, population: usize) -> Form {
    system.circuit().populations.get_index(population).map_or(Form::Rate, |(_, spec)| spec.form)
}

impl Plane {
    fn new(subject: &Subject, points: &[Vec<f64>], populations: [usize; 2], ranges: [[f64; 2]; 2]) -> Self {
        let system = &subject.system;
        let reduced = Reduced::new(system, populations);
        let start =
            subject.state.clone().or_else(|| points.first().cloned()).unwrap_or_else(|| vec![0.0; system.variables()]);
        let grid = reduced.grid(ranges, &start);
        let nullclines = [0, 1].map(|which| {
            zero_lines(&grid, |node| node.residual[which], &|at, guess| {
                let found = reduced.settle(at, guess)?;
                Some((found.residual[which], found.state))
            })
        });
        let names = system.variable_names();
        let unit = |population: usize| match form_of(system, population) {
            // A gate, or another variable of its own kind.
            _ if population >= system.size() => String::new(),
            Form::Voltage => system.circuit().input_unit.symbol().to_owned(),
            _ => "Hz".to_owned(),
        };
        Self {
            name: subject.name.clone(),
            populations: populations.map(|population| names[population].clone()),
            units: populations.map(unit),
            ranges,
            nullclines,
            flow: reduced.arrows(&grid),
            fixed_points: points.iter().map(|state| plane_point(system, state, populations)).collect(),
        }
    }
}

fn plane_point(system: &System, state: &[f64], populations: [usize; 2]) -> PlanePoint {
    let values = system.at(state).eigenvalues_per_s().unwrap_or_default();
    PlanePoint {
        at: populations.map(|population| state[population]),
        unstable: values.iter().filter(|value| value.re >= 0.0).count(),
    }
}

/// The circuit with all variables but two at their quasi-steady values.
struct Reduced<'a> {
    system: &'a System,
    held: [usize; 2],
    others: Vec<usize>,
}

/// The reduced circuit at a node of the grid.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// All variables.
    pub state: Vec<f64>,
    /// Target minus state of the two populations.
    pub residual: [f64; 2],
}

impl<'a> Reduced<'a> {
    fn new(system: &'a System, held: [usize; 2]) -> Self {
        let others = (0..system.variables()).filter(|index| !held.contains(index)).collect();
        Self { system, held, others }
    }

    /// The other variables at rest while the two are held, by Newton's method from a guess; none where it does not converge.
    fn settle(&self, at: [f64; 2], guess: &[f64]) -> Option<Node> {
        let (variables, count) = (guess.len(), self.others.len());
        let mut state = guess.to_vec();
        for (index, value) in self.held.iter().zip(at) {
            state[*index] = value;
        }
        if count == 0 {
            let residual = self.system.at(&state).residual;
            return Some(Node { residual: self.held.map(|index| residual[index]), state });
        }
        for _ in 0..MOST_ITERATIONS {
            let local = self.system.at(&state);
            let entry = |row: usize, column: usize| local.jacobian[self.others[row] * variables + self.others[column]];
            let matrix = DMatrix::from_fn(count, count, entry);
            let right = DVector::from_fn(count, |row, _| -local.residual[self.others[row]]);
            let step = matrix.lu().solve(&right)?;
            let size = |index: usize, least: f64| state[self.others[index]].abs().max(least);
            let excess =
                (0..count).map(|index| step[index].abs() / (LONGEST_STEP * size(index, 4.0))).fold(1.0, f64::max);
            let relative = (0..count).map(|index| step[index].abs() / size(index, 1.0)).fold(0.0, f64::max);
            if !relative.is_finite() {
                return None;
            }
            for (index, change) in self.others.iter().zip(&step) {
                state[*index] += change / excess;
            }
            if relative <= SETTLED {
                let residual = self.system.at(&state).residual;
                return Some(Node { residual: self.held.map(|index| residual[index]), state });
            }
        }
        None
    }

    /// The nodes of the grid, each solved from the neighbour before it; the rows are followed from the node nearest to a
    /// state outwards.
    fn grid(&self, ranges: [[f64; 2]; 2], start: &[f64]) -> Grid<Node> {
        let mut grid = Grid::new(ranges, CELLS);
        let nearest = |axis: usize| {
            let [low, high] = ranges[axis];
            let place = (start[self.held[axis]] - low) / (high - low) * CELLS as f64;
            if place.is_finite() { libm::round(place).clamp(0.0, CELLS as f64) as usize } else { 0 }
        };
        let (column, row) = (nearest(0), nearest(1));
        for row in (row..=CELLS).chain((0..row).rev()) {
            for column in (column..=CELLS).chain((0..column).rev()) {
                let near = grid
                    .neighbours(column, row)
                    .find_map(|(column, row)| grid.node(column, row).map(|node: &Node| node.state.clone()));
                let at = grid.at(column, row);
                let found = near.and_then(|near| self.settle(at, &near)).or_else(|| self.settle(at, start));
                grid.set(column, row, found);
            }
        }
        grid
    }

    fn arrows(&self, grid: &Grid<Node>) -> Vec<([f64; 2], [f64; 2])> {
        let every = |index: usize| (index * CELLS + CELLS / 2) / ARROWS;
        let places = (0..ARROWS).flat_map(|row| (0..ARROWS).map(move |column| (every(column), every(row))));
        places
            .filter_map(|(column, row)| {
                let node = grid.node(column, row)?;
                let speed = [0, 1].map(|which| {
                    // A population that follows at once has no pace of its own.
                    let instant = self.system.shape.is_algebraic(self.held[which]);
                    node.residual[which] / if instant { 1.0 } else { self.system.tau(self.held[which]) }
                });
                Some((grid.at(column, row), speed))
            })
            .collect()
    }
}
