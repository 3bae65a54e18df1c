//! A sweep: a scenario run at every point of a design.

use super::declare::{Node, Parameter, Presence, Range, Setting, TimeLabel, Visitor, parameter, words};
use super::path::{PathError, joined};
use super::readout::Readout;
use super::scenario::Scenario;
use super::validate::Problem;
use crate::units::{Dimension, InputUnit};

/// How points are laid over the axes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Design {
    /// Every value of every axis with every value of the others; the last axis runs fastest.
    #[default]
    Grid,
    /// Independent draws.
    Random,
    /// One point in each of `points` slices of every axis (McKay et al. 1979, doi:10.1080/00401706.1979.10489755).
    LatinHypercube,
    /// Scrambled points of Sobol' (1967).
    Sobol,
    /// `points` pairs of scrambled points of Sobol', with one axis after the other swapped between them: for variance-based
    /// sensitivity (Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018).
    Saltelli,
    /// `points` trajectories on which every axis moves once by half its width: for elementary effects (Morris 1991,
    /// doi:10.1080/00401706.1991.10484804).
    Morris,
}
words!(Design {
    Grid = "grid",
    Random = "random",
    LatinHypercube = "latin-hypercube",
    Sobol = "sobol",
    Saltelli = "saltelli",
    Morris = "morris"
});

/// How an axis is divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// In equal steps.
    #[default]
    Linear,
    /// In equal ratios.
    Log,
}
words!(Scale { Linear = "linear", Log = "log" });

/// How values are spread along an axis of a random design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distribution {
    /// From `from` to `to`, on the axis's scale.
    #[default]
    Uniform,
    /// With `mean` and `sd`.
    Normal,
    /// With the median `mean`, and `sd` of the logarithm.
    LogNormal,
}
words!(Distribution { Uniform = "uniform", Normal = "normal", LogNormal = "log-normal" });

/// Whether points see the same noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoiseStreams {
    /// All points share it, so that their differences are the parameters' (common random numbers).
    #[default]
    Shared,
    /// Each point has its own.
    Independent,
}
words!(NoiseStreams { Shared = "shared", Independent = "independent" });

/// One axis as it is written: values in the unit of the parameter that it moves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// The parameter's path.
    pub path: String,
    /// Short name for figures; the path where absent.
    pub name: String,
    /// The axis with which it moves, by name or path.
    pub with: String,
    /// Lowest value.
    pub from: Option<Setting>,
    /// Highest value.
    pub to: Option<Setting>,
    /// How many values a grid takes.
    pub points: u64,
    /// How they are spaced.
    pub scale: Scale,
    /// Values one by one, in place of `from`, `to` and `points`.
    pub values: Vec<Setting>,
    /// How random designs spread values.
    pub distribution: Distribution,
    /// Mean, or median of a log-normal distribution.
    pub mean: Option<Setting>,
    /// Standard deviation; of the logarithm in a log-normal distribution.
    pub sd: Option<Setting>,
}

/// A sweep as it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sweep {
    /// Its name; also that of the output folder.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// The scenario's file, as written.
    pub scenario_file: String,
    /// The arms that are run; all where empty. Those that a scenario compares with are run in any case.
    pub arms: Vec<String>,
    /// How points are laid.
    pub design: Design,
    /// How many points a random design has.
    pub points: u64,
    /// Runs of each point with noise of their own; 0 counts as 1.
    pub replicates: u64,
    /// Seed of the design.
    pub seed: u64,
    /// Whether points share noise.
    pub noise: NoiseStreams,
    /// What is kept of each arm; the usual where empty.
    pub readouts: Vec<String>,
    /// Report times, in place of the scenario's.
    pub report: Vec<TimeLabel>,
    /// The axes.
    pub axes: Vec<Axis>,
}

static SD_OF_LOG: Parameter =
    parameter("s", Dimension::Number, Range::Positive, "standard deviation of the natural logarithm");

impl Node for Axis {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("path", &mut self.path, Presence::Required, "path of the parameter that the axis moves");
        visitor.text("name", &mut self.name, Presence::Default, "short name for figures");
        visitor.text("with", &mut self.with, Presence::Default, "the axis with which it moves");
        visitor.setting("from", &mut self.from, "lowest value, in the parameter's unit");
        visitor.setting("to", &mut self.to, "highest value, in the parameter's unit");
        visitor.whole("points", &mut self.points, "how many values a grid takes");
        visitor.choice("scale", &mut self.scale, Presence::Default, "how the values are spaced");
        visitor.setting_list("values", &mut self.values, "values one by one");
        visitor.choice("distribution", &mut self.distribution, Presence::Default, "how random designs spread values");
        visitor.setting("mean", &mut self.mean, "mean, or median of a log-normal distribution");
        visitor.setting("sd", &mut self.sd, "standard deviation; of the logarithm if log-normal");
    }

    fn label(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl Node for Sweep {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("name", &mut self.name, Presence::Default, "the sweep's name; also that of the output folder");
        visitor.text("description", &mut self.description, Presence::Default, "what the sweep shows");
        visitor.text("scenario", &mut self.scenario_file, Presence::Required, "the scenario's file");
        visitor.texts("arms", &mut self.arms, Presence::Default, "the arms that are run; all where absent");
        visitor.choice("design", &mut self.design, Presence::Default, "how points are laid over the axes");
        visitor.whole("points", &mut self.points, "how many points a random design has");
        visitor.whole("replicates", &mut self.replicates, "runs of each point with noise of their own");
        visitor.whole("seed", &mut self.seed, "seed of the design");
        visitor.choice("noise", &mut self.noise, Presence::Default, "whether points see the same noise");
        visitor.texts("readouts", &mut self.readouts, Presence::Default, "what is kept of each arm");
        visitor.times("report", &mut self.report, "report times, in place of the scenario's");
        visitor.list("axes", &mut self.axes, "the axes");
    }
}

/// A value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisValue {
    /// As it is set.
    pub setting: Setting,
    /// In the parameter's base unit, where it is a number.
    pub number: Option<f64>,
}

/// An axis whose values are known to fit its parameter.
#[derive(Clone, Debug)]
pub struct BoundAxis {
    /// The parameter's path.
    pub path: String,
    /// Its short name.
    pub name: String,
    /// The parameter, where it is a number.
    pub parameter: Option<Parameter>,
    /// The circuit's input unit.
    pub input: InputUnit,
    /// Its values.
    pub values: AxisValues,
    /// How it is drawn.
    pub scale: Scale,
    /// The axis, by index, with which it moves; itself where it moves alone.
    pub group: usize,
}

/// The values of an axis.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisValues {
    /// One by one.
    List(Vec<AxisValue>),
    /// Between two numbers in the base unit.
    Range {
        /// Lowest.
        from: f64,
        /// Highest.
        to: f64,
        /// Spacing.
        scale: Scale,
        /// How many a grid takes.
        points: u64,
    },
    /// Normal in the base unit, or in its logarithm.
    Normal {
        /// Mean; median where logarithmic.
        mean: f64,
        /// Standard deviation; of the logarithm where logarithmic.
        sd: f64,
        /// Whether the logarithm is normal.
        log: bool,
    },
}

impl BoundAxis {
    /// A number in the base unit, as it is set.
    pub fn value(&self, number: f64) -> AxisValue {
        let setting = match &self.parameter {
            Some(parameter) if !parameter.dimension.allows_bare(self.input) => {
                Setting::Text(parameter.dimension.print_exact(number, self.input))
            }
            _ => Setting::Number(number),
        };
        AxisValue { setting, number: Some(number) }
    }

    /// The unit of its numbers; empty where they have none.
    pub fn unit(&self) -> &'static str {
        self.parameter.map_or("", |parameter| parameter.dimension.base_symbol(self.input))
    }

    /// How many values a grid takes from it.
    pub fn count(&self) -> u64 {
        match &self.values {
            AxisValues::List(values) => values.len() as u64,
            AxisValues::Range { points, .. } => *points,
            AxisValues::Normal { .. } => 0,
        }
    }
}

/// A sweep that fits its scenario.
#[derive(Clone, Debug)]
pub struct BoundSweep {
    /// As it is written.
    pub sweep: Sweep,
    /// Its axes.
    pub axes: Vec<BoundAxis>,
    /// What is kept of each arm.
    pub readouts: Vec<Readout>,
}

/// Fits a sweep to its scenario.
///
/// # Errors
/// Every problem: paths that do not exist, values that do not fit, axes that the design cannot use, missing arms.
pub fn bind(sweep: &Sweep, scenario: &Scenario) -> Result<BoundSweep, Vec<Problem>> {
    let mut binder = Binder { scenario, problems: Vec::new() };
    let mut bound = Vec::new();
    for (index, axis) in sweep.axes.iter().enumerate() {
        let place = format!("axes.{index}");
        binder.movable(sweep, index, &place);
        if let Some(values) = binder.values(axis, &place, sweep.design) {
            let (values, parameter) = values;
            let group = binder.group(sweep, index, &place);
            let name = if axis.name.is_empty() { axis.path.clone() } else { axis.name.clone() };
            let input = scenario.circuit.input_unit;
            bound.push(BoundAxis { path: axis.path.clone(), name, parameter, input, values, scale: axis.scale, group });
        }
    }
    binder.names(sweep);
    let mut readouts = Readout::chosen(&sweep.readouts, scenario).unwrap_or_else(|problems| {
        binder.problems.extend(problems);
        Vec::new()
    });
    if !scenario.compare.off_target.is_empty() {
        let off_target = Readout::named(&scenario.compare.off_target, scenario);
        readouts.extend(off_target.filter(|off_target| !readouts.contains(off_target)));
    }
    if binder.problems.is_empty() {
        for (index, axis) in bound.iter().enumerate() {
            let (own, other) = (axis.count(), bound[axis.group].count());
            if own != other {
                let message = format!("{own} values move with the {other} of `{}`", bound[axis.group].name);
                binder.report(&format!("axes.{index}"), message, "as many values");
            }
        }
    }
    if binder.problems.is_empty() {
        Ok(BoundSweep { sweep: sweep.clone(), axes: bound, readouts })
    } else {
        Err(binder.problems)
    }
}

struct Binder<'a> {
    scenario: &'a Scenario,
    problems: Vec<Problem>,
}

impl Binder<'_> {
    fn report(&mut self, path: &str, message: impl Into<String>, expected: impl Into<String>) {
        let (path, message, expected) = (path.to_owned(), message.into(), expected.into());
        self.problems.push(Problem { path, message, expected, nearest: None });
    }

    /// Tries a value; gives it with its parameter.
    fn fitted(
        &mut self,
        axis: &Axis,
        place: &str,
        key: &str,
        setting: &Setting,
    ) -> Option<(AxisValue, Option<Parameter>)> {
        match self.scenario.clone().set(&axis.path, setting) {
            Ok(set) => {
                let value = AxisValue { setting: setting.clone(), number: set.map(|set| set.value) };
                Some((value, set.map(|set| set.parameter)))
            }
            Err(PathError::NoSuchPath { path, nearest }) => {
                let (path, message) = (joined(place, "path"), format!("there is no parameter `{path}`"));
                let expected = "the path of a parameter, as `disinhibit check` lists them".to_owned();
                if !self.problems.iter().any(|known| known.path == path) {
                    self.problems.push(Problem { path, message, expected, nearest });
                }
                None
            }
            Err(PathError::BadValue { message, expected, .. }) => {
                self.report(&format!("{place}.{key}"), message, expected);
                None
            }
        }
    }

    fn number(&mut self, axis: &Axis, place: &str, key: &str, setting: Option<&Setting>) -> Option<(f64, Parameter)> {
        let Some(setting) = setting else {
            self.report(place, format!("`{key}` is missing"), "`values`, or `from` and `to`, or a distribution");
            return None;
        };
        match self.fitted(axis, place, key, setting)? {
            (AxisValue { number: Some(number), .. }, Some(parameter)) => Some((number, parameter)),
            _ => {
                self.report(&joined(place, key), "the parameter is no number", "`values = [...]`");
                None
            }
        }
    }

    fn values(&mut self, axis: &Axis, place: &str, design: Design) -> Option<(AxisValues, Option<Parameter>)> {
        self.contradictions(axis, place);
        if !axis.values.is_empty() {
            let mut parameter = None;
            let mut values = Vec::new();
            for (index, setting) in axis.values.iter().enumerate() {
                let (value, declared) = self.fitted(axis, place, &format!("values.{index}"), setting)?;
                parameter = declared;
                values.push(value);
            }
            return Some((AxisValues::List(values), parameter));
        }
        if axis.distribution != Distribution::Uniform {
            return self.normal(axis, place, design);
        }
        let from = self.number(axis, place, "from", axis.from.as_ref());
        let to = self.number(axis, place, "to", axis.to.as_ref());
        let ((from, parameter), (to, _)) = (from?, to?);
        if axis.scale == Scale::Log && (from <= 0.0 || to <= 0.0) {
            self.report(place, "a logarithmic axis cannot reach 0", "`from` and `to` above 0");
            return None;
        }
        if design == Design::Grid && axis.points < 2 {
            self.report(
                place,
                "a grid needs to know how many values the axis has",
                "`points` of 2 or more, or `values`",
            );
            return None;
        }
        Some((AxisValues::Range { from, to, scale: axis.scale, points: axis.points }, Some(parameter)))
    }

    /// Keys that say the same in two ways.
    fn contradictions(&mut self, axis: &Axis, place: &str) {
        let range = [("from", axis.from.is_some()), ("to", axis.to.is_some()), ("points", axis.points > 0)];
        let spread = [("mean", axis.mean.is_some()), ("sd", axis.sd.is_some())];
        let spreads = axis.distribution != Distribution::Uniform;
        let (kept, idle): (_, Vec<(&str, bool)>) = if !axis.values.is_empty() {
            ("`values`", [&range[..], &spread, &[("distribution", spreads)]].concat())
        } else if spreads {
            ("a distribution with `mean` and `sd`", range[..2].to_vec())
        } else {
            ("`from` and `to`", spread.to_vec())
        };
        for (key, _) in idle.into_iter().filter(|(_, given)| *given) {
            let message = format!("`{key}` says nothing beside {kept}");
            self.report(&joined(place, key), message, "one of the two");
        }
    }

    /// What an axis cannot move: names of files and texts, what sweeps set themselves, and what another axis moves.
    fn movable(&mut self, sweep: &Sweep, index: usize, place: &str) {
        let path = sweep.axes[index].path.as_str();
        let problem = if sweep.axes[..index].iter().any(|axis| axis.path == path) {
            Some((format!("an axis before it moves `{path}` already"), "every parameter once"))
        } else if ["run.stream", "run.replicate"].contains(&path) {
            Some((format!("`{path}` is set by the sweep"), "`replicates` and `noise` of the sweep"))
        } else if path == "run.drive" {
            Some(("the drives are solved or held for all points alike".to_owned(), "`run.drive` in the scenario"))
        } else if ["name", "description", "circuit", "pharmacology", "input_unit"].contains(&path) {
            Some((format!("`{path}` cannot be swept"), "a parameter; a sweep for each file"))
        } else {
            None
        };
        if let Some((message, expected)) = problem {
            self.report(&joined(place, "path"), message, expected);
        }
    }

    fn normal(&mut self, axis: &Axis, place: &str, design: Design) -> Option<(AxisValues, Option<Parameter>)> {
        if design == Design::Grid {
            self.report(&joined(place, "distribution"), "a grid takes no distribution", "`from`, `to` and `points`");
            return None;
        }
        let log = axis.distribution == Distribution::LogNormal;
        let (mean, parameter) = self.number(axis, place, "mean", axis.mean.as_ref())?;
        let sd = match (&axis.sd, log) {
            (Some(Setting::Number(sd)), true) if SD_OF_LOG.range.holds(*sd) => *sd,
            (_, true) => {
                self.report(&joined(place, "sd"), "no s.d. of the logarithm", "a number above 0");
                return None;
            }
            (Some(setting), false) => self.spread(axis, place, setting, &parameter)?,
            (None, false) => {
                self.report(place, "`sd` is missing", "the standard deviation, in the parameter's unit");
                return None;
            }
        };
        if log && mean <= 0.0 {
            self.report(&joined(place, "mean"), "the median of a log-normal distribution is above 0", "more than 0");
            return None;
        }
        Some((AxisValues::Normal { mean, sd, log }, Some(parameter)))
    }

    /// A standard deviation: in the parameter's unit, but not in its range.
    fn spread(&mut self, axis: &Axis, place: &str, setting: &Setting, parameter: &Parameter) -> Option<f64> {
        let input = self.scenario.circuit.input_unit;
        let read = match setting {
            Setting::Number(number) => Some(*number),
            Setting::Text(text) => parameter.dimension.read(text, input).ok(),
            Setting::Flag(_) => None,
        };
        let read = read.filter(|sd| sd.is_finite() && *sd > 0.0);
        if read.is_none() {
            let expected = format!("more than 0, in the unit of `{}`", axis.path);
            self.report(&joined(place, "sd"), "no standard deviation", expected);
        }
        read
    }

    /// The axis with which an axis moves.
    fn group(&mut self, sweep: &Sweep, index: usize, place: &str) -> usize {
        let with = &sweep.axes[index].with;
        if with.is_empty() {
            return index;
        }
        let found = sweep.axes[..index].iter().position(|axis| axis.name == *with || axis.path == *with);
        if let Some(found) = found {
            // That one may itself move with another.
            return self.group(sweep, found, place);
        }
        let known: Vec<&str> = sweep.axes[..index].iter().map(|axis| axis.name.as_str()).collect();
        let expected = format!("the name of an axis before it: {}", known.join(", "));
        self.report(&joined(place, "with"), format!("there is no axis `{with}` before this one"), expected);
        index
    }

    fn names(&mut self, sweep: &Sweep) {
        for (index, name) in sweep.arms.iter().enumerate() {
            let known = || self.scenario.arms.iter().map(|arm| arm.name.as_str());
            if !known().any(|arm| arm == name) {
                let nearest = super::nearest(name, known());
                let expected = known().collect::<Vec<_>>().join(", ");
                let message = format!("there is no arm `{name}`");
                self.problems.push(Problem { path: format!("arms.{index}"), message, expected, nearest });
            }
        }
        if sweep.axes.is_empty() {
            self.report("axes", "a sweep has at least one axis", "`[[axes]]`");
        }
        if sweep.design != Design::Grid && sweep.points == 0 {
            self.report("points", "the design needs to know how many points it has", "`points` of 1 or more");
        }
    }
}
