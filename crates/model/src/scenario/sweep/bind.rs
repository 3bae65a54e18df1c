//! Fitting a sweep to its scenario: paths that exist, values that fit them, axes that the design can use.

use super::{Axis, AxisValue, AxisValues, BoundAxis, BoundSweep, Design, Distribution, SD_OF_LOG, Scale, Sweep};
use crate::scenario::declare::{Parameter, Setting};
use crate::scenario::path::{PathError, joined, segments};
use crate::scenario::readout::Readout;
use crate::scenario::settable::{Setter, refusal};
use crate::scenario::validate::{Problem, validate};
use crate::scenario::whole::Scenario;

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

    /// Whether the scenario knows a word, such as the name of a phenotype. What makes a word invalid elsewhere in the scenario
    /// may be mended by another axis, and marks its points.
    fn known_word(&mut self, axis: &Axis, place: &str, setting: &Setting) {
        let (Setting::Text(_) | Setting::List(_)) = setting else { return };
        let mut scenario = self.scenario.clone();
        if !matches!(scenario.set(&axis.path, setting), Ok(None)) {
            return;
        }
        // A problem of one element of a list is one of the list.
        let named_last = |path: &str| {
            segments(path)
                .into_iter()
                .rfind(|key| !matches!(setting, Setting::List(_)) || key.parse::<usize>().is_err())
        };
        let last = named_last(&axis.path);
        if let Some(Problem { message, expected, nearest, .. }) =
            validate(&scenario).into_iter().find(|problem| named_last(&problem.path) == last)
        {
            let message = format!("`{setting}` does not fit: {message}");
            self.problems.push(Problem { path: place.to_owned(), message, expected, nearest });
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
                let key = format!("values.{index}");
                let (value, declared) = self.fitted(axis, place, &key, setting)?;
                self.known_word(axis, &format!("{place}.{key}"), setting);
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
        let same = |axis: &Axis| segments(&axis.path) == segments(path);
        let problem = if sweep.axes[..index].iter().any(same) {
            Some((format!("an axis before it moves `{path}` already"), "every parameter once"))
        } else {
            refusal(path, Setter::Axis).map(|refusal| (format!("`{path}` {}", refusal.message), refusal.expected))
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
            Setting::Flag(_) | Setting::List(_) => None,
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
                let nearest = crate::scenario::nearest(name, known());
                let expected = known().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
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
