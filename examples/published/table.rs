//! One published number beside ours, and how circuits and published numbers are read.

use disinhibit::analyze::{FixedPoint, Subject, System, fixed_points};
use disinhibit::config::load;
use serde_json::Value;
use std::error::Error;
use std::path::Path;

/// What may go wrong: a file that is not there, or not as expected.
pub type Failure = Box<dyn Error>;

/// A published number and ours.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The circuit's file, without its ending.
    pub circuit: String,
    /// What is compared.
    pub quantity: String,
    /// The published number.
    pub published: f64,
    /// Ours.
    pub ours: f64,
    /// How large the relative difference may be.
    pub precision: f64,
}

impl Comparison {
    /// The difference, relative to the published number (or to 1e-3, where that is smaller).
    pub fn difference(&self) -> f64 {
        (self.ours - self.published).abs() / self.published.abs().max(1e-3)
    }

    /// Whether the difference is within the precision.
    pub fn agrees(&self) -> bool {
        self.difference() <= self.precision
    }
}

/// The comparisons of one circuit.
pub struct Comparisons {
    circuit: String,
    prefix: String,
    /// In the order in which they were made.
    pub all: Vec<Comparison>,
}

impl Comparisons {
    /// None yet.
    pub fn of(circuit: &str) -> Self {
        Self { circuit: circuit.to_owned(), prefix: String::new(), all: Vec::new() }
    }

    /// Says under which conditions the next numbers hold.
    pub fn under(&mut self, conditions: &str) {
        conditions.clone_into(&mut self.prefix);
    }

    /// Adds a number with its precision.
    pub fn add(&mut self, quantity: &str, published: f64, ours: f64, precision: f64) {
        let quantity =
            if self.prefix.is_empty() { quantity.to_owned() } else { format!("{}: {quantity}", self.prefix) };
        self.all.push(Comparison { circuit: self.circuit.clone(), quantity, published, ours, precision });
    }

    /// Adds numbers of one kind, named one by one.
    pub fn add_all(&mut self, names: &[&str], published: &[f64], ours: &[f64], precision: f64) {
        for ((name, published), ours) in names.iter().zip(published).zip(ours) {
            self.add(name, *published, *ours, precision);
        }
    }
}

/// The published numbers of a circuit.
pub fn reference(name: &str) -> Result<Value, Failure> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/reference/published/{name}.json"));
    Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)
}

/// A list of numbers of a reference.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().into_iter().flatten().map(number).collect()
}

/// A number of a reference; NaN, which agrees with nothing, where there is none.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// A published circuit, with parameters changed as `--set` would, and its rest where it has a stable one.
pub fn subject(name: &str, set: &[&str]) -> Result<Subject, Failure> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("configs/circuits/published/{name}.toml"));
    let set: Vec<String> = set.iter().map(|each| (*each).to_owned()).collect();
    let loaded = load(&file, &set).map_err(|error| error.render())?;
    Ok(Subject::circuit(&loaded.scenario)?)
}

/// All fixed points of a system, as the published ones are: by their first variables, in rising order.
pub fn all_fixed_points(system: &System) -> Vec<FixedPoint> {
    fixed_points(system, None, &[]).points
}

/// Compares all fixed points with those published: how many there are, and each one's nearest in `ours`, of which
/// `pick` gives the numbers that are published.
pub fn compare_points(
    rows: &mut Comparisons,
    names: &[&str],
    published: &[Vec<f64>],
    points: &[FixedPoint],
    pick: &dyn Fn(&FixedPoint) -> Vec<f64>,
) {
    rows.add("number of fixed points", published.len() as f64, points.len() as f64, 0.0);
    let ours: Vec<Vec<f64>> = points.iter().map(pick).collect();
    for (index, published) in published.iter().enumerate() {
        let distance =
            |one: &[f64]| one.iter().zip(published).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
        let Some(nearest) = ours.iter().min_by(|one, other| distance(one).total_cmp(&distance(other))) else {
            continue;
        };
        for ((name, published), ours) in names.iter().zip(published).zip(nearest) {
            rows.add(&format!("fixed point {}, {name}", index + 1), *published, *ours, 1e-7);
        }
    }
}
