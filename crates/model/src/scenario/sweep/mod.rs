//! A sweep: a scenario run at every point of a design.

mod bind;

pub use bind::bind;

use super::declare::{Node, Parameter, Presence, Range, Setting, TimeLabel, Visitor, parameter, words};
use super::readout::Readout;
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
