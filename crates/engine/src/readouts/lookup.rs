//! What came out, asked by name: `outcome["dose"].rate("relay").at(minutes(10.0))`.

use crate::builder::Duration;
use crate::simulate::{ArmOutcome, Outcome};
use std::ops::Index;

/// Times this near, in min relative to their size, are the same.
const SAME: f64 = 1e-9;

/// One signal of one arm over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    times: Vec<f64>,
    values: Vec<f64>,
    /// What was reported: times in min, and values.
    reported: Vec<(f64, f64)>,
}

impl Outcome {
    /// The arm of this name, if there is one; `outcome["name"]` is the same for names that are known to be there.
    pub fn arm(&self, name: &str) -> Option<&ArmOutcome> {
        self.arms.iter().find(|arm| arm.name == name)
    }
}

impl Index<&str> for Outcome {
    type Output = ArmOutcome;

    /// The arm of this name.
    ///
    /// # Panics
    /// Where the scenario has no such arm, as an index beyond a list does; [`Outcome::arm`] gives none instead.
    fn index(&self, name: &str) -> &ArmOutcome {
        let Some(arm) = self.arm(name) else {
            let names: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
            panic!("there is no arm `{name}`; there are: {}", names.join(", "))
        };
        arm
    }
}

impl ArmOutcome {
    /// The course of a recorded signal, such as `rate.Pyr`, `concentration.ketamine` or `activation.MOR.SST`; none where there is
    /// no such signal, or it was not recorded.
    pub fn course(&self, signal: &str) -> Option<Course> {
        let place = self.signals.iter().position(|known| known == signal);
        let reported = self.reports.iter().filter_map(|report| Some((report.minutes, *report.signals.get(place?)?)));
        let values = self.recording.signal(signal).unwrap_or_default();
        let reported: Vec<(f64, f64)> = reported.collect();
        let times = if values.is_empty() { Vec::new() } else { self.recording.times().to_vec() };
        (!values.is_empty() || !reported.is_empty()).then_some(Course { times, values, reported })
    }

    /// The firing rate of a population over time, in Hz.
    ///
    /// # Panics
    /// Where the circuit has no such population; [`course`](Self::course) gives none instead.
    pub fn rate(&self, population: &str) -> Course {
        let Some(course) = self.course(&format!("rate.{population}")) else {
            let rates: Vec<&str> = self.signals.iter().filter_map(|name| name.strip_prefix("rate.")).collect();
            panic!("there is no population `{population}`; there are: {}", rates.join(", "))
        };
        course
    }
}

impl Course {
    /// The times that were recorded, in min; at an event a time stands twice, before and after it.
    pub fn times(&self) -> &[f64] {
        &self.times
    }

    /// The values at these times.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The value at a time: what was reported, where that is a time of `run.report`, or else on a straight line between the
    /// recorded moments, after what happens there. Not a number outside the run.
    pub fn at(&self, time: Duration) -> f64 {
        let minutes = time.in_minutes();
        let same = |other: f64| (other - minutes).abs() <= SAME * minutes.abs().max(1.0);
        if let Some((_, value)) = self.reported.iter().find(|(reported, _)| same(*reported)) {
            return *value;
        }
        let after = self.times.partition_point(|time| *time <= minutes);
        let Some(before) = after.checked_sub(1) else { return f64::NAN };
        let (from, low) = (self.times[before], self.values[before]);
        let Some((to, high)) = self.times.get(after).zip(self.values.get(after)) else {
            return if same(from) { low } else { f64::NAN };
        };
        ((minutes - from) / (to - from)).mul_add(high - low, low)
    }

    /// The largest recorded value and its time in min.
    pub fn peak(&self) -> Option<(f64, f64)> {
        let pairs = self.times.iter().copied().zip(self.values.iter().copied());
        pairs.max_by(|one, other| one.1.total_cmp(&other.1))
    }
}
