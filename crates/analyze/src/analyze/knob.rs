//! Knobs: what a continuation turns. Any parameter by its path, a drug's concentration at the receptors, the blocked share
//! of a receptor on some cells, or stress.

use super::continuation::{Family, KnobSlope, Options, Point};
use super::subject::Subject;
use super::system::System;
use crate::circuit;
use crate::experiment::{Clamp, Held, Model};
use crate::scenario::declare::Setting;
use crate::scenario::listing::{Value, list};
use crate::scenario::path::{PathError, segments};
use crate::scenario::units::is_of;
use crate::scenario::{Form, nearest};
use crate::units::{Dimension, InputUnit, QuantityError};
use std::cell::RefCell;
use std::rc::Rc;

/// Systems that are kept: those at both sides of a place and around it, over two knobs.
const KEPT: usize = 12;

/// A branch is followed up to so many times the highest rate that is looked for otherwise.
const FARTHEST: f64 = 3.0;

/// A knob of a subject.
#[derive(Clone, Debug)]
pub struct Knob {
    path: String,
    handle: Handle,
    dimension: Dimension,
    input: InputUnit,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Handle {
    /// A parameter of the scenario.
    Parameter,
    /// Free concentration of a ligand, by index.
    Concentration(usize),
    /// Blocked share of a site, by index.
    Blocked(usize),
    /// Stress level.
    Stress,
}

/// Why there is no such knob.
#[derive(Clone, Debug, thiserror::Error)]
pub enum KnobError {
    /// There is no such parameter.
    #[error(
        "{error}; a knob is a parameter's path, or one of concentration.LIGAND, blocked.RECEPTOR.POPULATION, stress{}",
        hint.as_ref().map(|hint| format!("; did you mean `{hint}`?")).unwrap_or_default()
    )]
    NoSuchKnob {
        /// What the path led to.
        error: PathError,
        /// The nearest signal.
        hint: Option<String>,
    },
    /// A value does not fit.
    #[error("`{path}`: {message}; expected {expected}")]
    BadValue {
        /// The knob.
        path: String,
        /// What is wrong.
        message: String,
        /// What would fit.
        expected: String,
    },
    /// A resting rate is none while drives are held.
    #[error("`{path}` changes nothing while drives are held; turn `populations.{population}.drive` instead")]
    Rest {
        /// The knob.
        path: String,
        /// The population.
        population: String,
    },
}

impl Knob {
    /// The knob of that name, and its value in a text such as "2.5 uM".
    ///
    /// # Errors
    /// [`KnobError`] where there is no such knob, or the value does not fit it.
    pub fn new(subject: &Subject, path: &str, value: &str) -> Result<(Self, f64), KnobError> {
        let held = &subject.held;
        let input = held.scenario().circuit.input_unit;
        let parts = segments(path);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if let ["populations", population, "rest"] = parts[..] {
            return Err(KnobError::Rest { path: path.to_owned(), population: population.to_owned() });
        }
        let model = held.model();
        let (signal, dimension) = match parts[..] {
            ["concentration", ligand] => {
                let known = held.scenario().ligands.get_index_of(ligand);
                (known.map(Handle::Concentration), Dimension::Concentration)
            }
            ["blocked", receptor, population] => {
                (site(&model, receptor, population).map(Handle::Blocked), Dimension::Fraction)
            }
            ["stress"] => (Some(Handle::Stress), Dimension::Fraction),
            _ => (None, Dimension::Number),
        };
        if let Some(handle) = signal {
            let knob = Self { path: path.to_owned(), handle, dimension, input };
            let value = knob.read(value)?;
            return Ok((knob, value));
        }
        let setting = match value.trim().parse::<f64>() {
            Ok(number) => Setting::Number(number),
            Err(_) => Setting::Text(value.to_owned()),
        };
        match held.clone().set(path, &setting) {
            Ok(Some(number)) => {
                let dimension = number.parameter.dimension;
                Ok((Self { path: path.to_owned(), handle: Handle::Parameter, dimension, input }, number.value))
            }
            Ok(None) => Err(KnobError::BadValue {
                path: path.to_owned(),
                message: "it is no number".into(),
                expected: "the path of a number".into(),
            }),
            Err(PathError::BadValue { path, message, expected }) => {
                Err(KnobError::BadValue { path, message, expected })
            }
            Err(error) => Err(KnobError::NoSuchKnob { error, hint: near_signal(&model, held, path) }),
        }
    }

    /// Reads a value with its unit.
    fn read(&self, text: &str) -> Result<f64, KnobError> {
        let bad =
            |message: String, expected: String| KnobError::BadValue { path: self.path.clone(), message, expected };
        let value = self
            .dimension
            .read(text, self.input)
            .map_err(|error: QuantityError| bad(error.to_string(), self.dimension.expectation(self.input)))?;
        match self.dimension {
            Dimension::Fraction if !(0.0..=1.0).contains(&value) => {
                Err(bad(format!("{value} is out of range"), "a share from 0 to 1".into()))
            }
            Dimension::Concentration if value < 0.0 => {
                Err(bad(format!("{value} is out of range"), "a concentration of 0 or more".into()))
            }
            _ => Ok(value),
        }
    }

    /// Its path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The unit of its values; empty where they have none.
    pub fn unit(&self) -> &'static str {
        self.dimension.base_symbol(self.input)
    }

    /// The value that it has in a subject.
    pub fn present(&self, subject: &Subject) -> Option<f64> {
        let held = &subject.held;
        match self.handle {
            Handle::Parameter => {
                let mut scenario = held.scenario().clone();
                let entry =
                    list(&mut scenario).into_iter().find(|entry| segments(&entry.path) == segments(&self.path))?;
                match entry.value {
                    Value::Number(value) => Some(value),
                    _ => None,
                }
            }
            Handle::Concentration(_) | Handle::Stress => held.signal(&held.model(), &self.path),
            Handle::Blocked(site) => held.blocked(&held.model(), site),
        }
    }
}

/// The index of a receptor on a population.
fn site(model: &Model<1>, receptor: &str, population: &str) -> Option<usize> {
    let named = |index: usize| model.pharmacology.receptors[index].name == receptor;
    model.pharmacology.sites.iter().position(|site| named(site.receptor) && site.population == population)
}

/// The signal whose name is nearest.
fn near_signal(model: &Model<1>, held: &Held, path: &str) -> Option<String> {
    let ligands = held.scenario().ligands.keys().map(|ligand| format!("concentration.{ligand}"));
    let sites = model
        .pharmacology
        .sites
        .iter()
        .map(|site| format!("blocked.{}.{}", model.pharmacology.receptors[site.receptor].name, site.population));
    let known: Vec<String> = ligands.chain(sites).chain(["stress".to_owned()]).collect();
    nearest(path, known.iter().map(String::as_str))
}

/// A subject with one or two knobs, as a family of equations.
pub struct Turned<'a> {
    subject: &'a Subject,
    knobs: Vec<(Knob, Options)>,
    /// The populations whose drive each knob is; empty where it is something else.
    driven: Vec<Vec<usize>>,
    /// The model, where no knob is a parameter from which it is built.
    model: Option<Model<1>>,
    /// What is held, with the parameters set that were asked for last: they are set in place.
    set: RefCell<Held>,
    systems: RefCell<Vec<(Vec<u64>, Rc<System>)>>,
    /// How far each population's rate is followed, in Hz.
    farthest: Vec<f64>,
}

impl<'a> Turned<'a> {
    /// A subject with knobs, each with the options that hold its range.
    pub fn new(subject: &'a Subject, knobs: Vec<(Knob, Options)>) -> Self {
        let fixed = knobs.iter().all(|(knob, _)| knob.handle != Handle::Parameter);
        let model = fixed.then(|| subject.held.model());
        let ends = [0.0, 1.0].map(|share| vec![share; knobs.len()]);
        let driven = knobs.iter().map(|(knob, _)| driven(subject, knob)).collect();
        let (set, systems) = (RefCell::new(subject.held.clone()), RefCell::new(Vec::new()));
        let mut turned = Self { subject, knobs, driven, model, set, systems, farthest: Vec::new() };
        let known: Vec<Vec<f64>> = subject.state.iter().cloned().collect();
        let mut ranges = vec![subject.system.rate_ranges(&known)];
        ranges.extend(ends.iter().filter_map(|shares| turned.system(shares)).map(|system| system.rate_ranges(&[])));
        let largest = |index: usize| {
            let ends = ranges.iter().map(|ranges| ranges[index].0.abs().max(ranges[index].1.abs()));
            FARTHEST * ends.fold(subject.system.rate_range(index).1.abs(), f64::max)
        };
        turned.farthest = (0..subject.system.size()).map(largest).collect();
        turned
    }

    /// Lets branches be followed beyond a fixed point that was found, whose rates are these (Hz).
    pub(super) fn reach(&mut self, rates: &[f64]) {
        for (farthest, rate) in self.farthest.iter_mut().zip(rates) {
            *farthest = farthest.max(FARTHEST * rate.abs());
        }
    }

    /// The system at shares of the knobs' ranges; none where a value is not allowed.
    pub fn system(&self, shares: &[f64]) -> Option<System> {
        let numbers = self.numbers(shares)?;
        self.hold(shares)?;
        let circuit = self.set.borrow().scenario().circuit.clone();
        Some(System::of(&circuit, numbers.shape.clone(), numbers.rows.clone()))
    }

    /// The same, but for what the circuit is specified as: that stays as it is in the subject.
    fn numbers(&self, shares: &[f64]) -> Option<Rc<System>> {
        let key: Vec<u64> = shares.iter().map(|share| share.to_bits()).collect();
        let kept = self.systems.borrow().iter().find(|(known, _)| *known == key).map(|(_, system)| system.clone());
        if kept.is_some() {
            return kept;
        }
        let system = Rc::new(self.build(shares)?);
        let mut systems = self.systems.borrow_mut();
        if systems.len() == KEPT {
            systems.remove(0);
        }
        systems.push((key, system.clone()));
        Some(system)
    }

    /// Sets the parameters among the knobs; none where a value is not allowed.
    fn hold(&self, shares: &[f64]) -> Option<()> {
        let mut held = self.set.borrow_mut();
        for ((knob, options), share) in self.knobs.iter().zip(shares) {
            if knob.handle == Handle::Parameter {
                let value = options.value(*share);
                let setting = if knob.dimension.allows_bare(knob.input) {
                    Setting::Number(value)
                } else {
                    Setting::Text(knob.dimension.print_exact(value, knob.input))
                };
                held.set(&knob.path, &setting).ok()?;
            }
        }
        Some(())
    }

    /// The signals among the knobs, clamped; none where a value is not allowed.
    fn clamps(&self, shares: &[f64]) -> Option<Vec<Clamp>> {
        let mut clamps = Vec::new();
        for ((knob, options), share) in self.knobs.iter().zip(shares) {
            let value = options.value(*share);
            let allowed = knob.dimension != Dimension::Fraction || (0.0..=1.0).contains(&value);
            match knob.handle {
                Handle::Parameter => {}
                Handle::Concentration(ligand) if value >= 0.0 => clamps.push(Clamp::Concentration(ligand, value)),
                Handle::Blocked(site) if allowed => clamps.push(Clamp::Blocked(site, value)),
                Handle::Stress if allowed => clamps.push(Clamp::Stress(value)),
                _ => return None,
            }
        }
        Some(clamps)
    }

    fn build(&self, shares: &[f64]) -> Option<System> {
        let own = &self.subject.system;
        let clamps = self.clamps(shares)?;
        // At rest nothing acts on the circuit.
        let rests = self.subject.minutes.is_none() && clamps.is_empty();
        if rests && self.driven.iter().all(|driven| !driven.is_empty()) {
            let mut turned = own.clone();
            for ((driven, (_, options)), share) in self.driven.iter().zip(&self.knobs).zip(shares) {
                driven.iter().for_each(|population| turned.set_drive(*population, options.value(*share)));
            }
            return Some(turned);
        }
        self.hold(shares)?;
        let held = self.set.borrow();
        if rests {
            let circuit = &held.scenario().circuit;
            let (shape, rows) = circuit::build::<1>(&[circuit]);
            if shape.variables() == own.variables() {
                return Some(own.renumbered(shape, rows));
            }
            // Where a weight is 0 its synapses have no variables, unless a circuit beside it has them.
            let (shape, rows) = circuit::build::<1>(&[circuit, own.circuit()]);
            return (shape.variables() == own.variables()).then(|| own.renumbered(shape, rows));
        }
        let built;
        let model = match &self.model {
            Some(model) => model,
            None => {
                built = held.model();
                &built
            }
        };
        let same = model.shape.variables() == own.variables();
        same.then(|| own.renumbered(model.shape.clone(), held.rows(model, &clamps)))
    }
}

/// The populations of which a knob is the drive, where it is nothing else beside.
fn driven(subject: &Subject, knob: &Knob) -> Vec<usize> {
    let parts = segments(&knob.path);
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let tied = !subject.system.circuit().written().tie.is_empty();
    match parts[..] {
        ["populations", population, "drive"] if knob.handle == Handle::Parameter && !tied => {
            let names = subject.system.populations();
            (0..names.len()).filter(|index| is_of(&names[*index], population)).collect()
        }
        _ => Vec::new(),
    }
}

impl Family for Turned<'_> {
    fn variables(&self) -> usize {
        self.subject.system.variables()
    }

    fn at(&self, state: &[f64], knobs: &[f64]) -> Option<Point> {
        let system = self.numbers(knobs)?;
        let local = system.at(state);
        let constant = |index: usize| if system.shape.is_algebraic(index) { 0.0 } else { 1.0 / system.tau(index) };
        Some(Point {
            rate_constants: (0..system.variables()).map(constant).collect(),
            residual: local.residual,
            jacobian: local.jacobian,
            dynamics: local.generator_per_ms?.entries,
        })
    }

    /// Rates far above those that a cortical cell reaches are of no interest.
    fn bound(&self, variable: usize) -> f64 {
        let system = &self.subject.system;
        let form = system.circuit().populations.get_index(variable).map(|(_, population)| population.form);
        match form {
            Some(Form::Rate | Form::Algebraic) => self.farthest[variable],
            Some(Form::Voltage) | None => f64::INFINITY,
        }
    }

    fn observe(&self, state: &[f64], knobs: &[f64]) -> Vec<f64> {
        self.numbers(knobs).map_or_else(Vec::new, |system| system.at(state).rates)
    }

    /// A drive adds to an input, so that its slope is known; anything else is moved a little to both sides.
    fn knob_slope(&self, state: &[f64], knobs: &[f64], which: usize, here: &Point) -> Option<KnobSlope> {
        if self.driven[which].is_empty() {
            return self.knob_slope_by_differences(state, knobs, which, here);
        }
        let drive_slopes = self.numbers(knobs)?.at(state).drive_slopes;
        let along = self.knobs[which].1.slope(knobs[which]);
        let mut residual = vec![0.0; here.residual.len()];
        for population in &self.driven[which] {
            residual[*population] = drive_slopes[*population] * along;
        }
        Some(KnobSlope { rate_constants: vec![0.0; here.residual.len()], residual })
    }
}
