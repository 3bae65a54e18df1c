//! The moments of fast time that all lanes share, in steps since the run began.

use crate::scenario::Run;

const MS_PER_MIN: f64 = 60_000.0;
/// Samples of a whole run where no interval is asked for.
const SAMPLES: f64 = 2_000.0;
/// Moments of a short run at which the length of its step may be judged.
const JUDGEMENTS: u64 = 64;
/// Moments this close, in steps, are one.
pub const SLACK: f64 = 1e-6;
/// What rounding makes of a number of steps, relative to it.
const ROUNDING: f64 = 1e-14;

/// Steps, ticks, samples and reports.
#[derive(Clone, Debug)]
pub struct Grid {
    from: f64,
    /// Length of a step in min.
    pub step_min: f64,
    tick: u64,
    sample: u64,
    /// Steps between moments at which the length of the step may be judged, whatever is recorded.
    judged: u64,
    /// Where the run ends.
    pub end: f64,
    reports: Vec<f64>,
    /// The start of a tick's length before each report, where means over it are taken.
    means: Vec<f64>,
}

impl Grid {
    /// That of a run which is followed until a time in min; reports are means where there is noise, and samples are taken where anything is recorded.
    pub fn new(run: &Run, until: f64, noisy: bool, records: bool) -> Self {
        let step_min = run.step / MS_PER_MIN;
        let whole = |minutes: f64| (libm::round(minutes / step_min) as u64).max(1);
        let mut grid = Self {
            from: run.from,
            step_min,
            tick: whole(run.signal_step),
            sample: if records { whole(run.record.unwrap_or((run.to - run.from) / SAMPLES)) } else { u64::MAX },
            judged: (whole(run.to - run.from) / JUDGEMENTS).clamp(16, 1024),
            end: 0.0,
            reports: Vec::new(),
            means: Vec::new(),
        };
        grid.end = grid.position_of(until);
        grid.reports = run.report.iter().map(|report| grid.position_of(report.minutes)).collect();
        grid.reports.sort_by(f64::total_cmp);
        if noisy {
            grid.means = grid.reports.iter().map(|report| (report - grid.tick()).max(0.0)).collect();
        }
        grid
    }

    /// A time in min as a number of steps, whole where it misses one by rounding only.
    pub fn position_of(&self, minutes: f64) -> f64 {
        let position = ((minutes - self.from) / self.step_min).max(0.0);
        let whole = libm::round(position);
        if (position - whole).abs() <= SLACK.max(ROUNDING * whole) { whole } else { position }
    }

    /// The time in min at a number of steps.
    pub fn time_of(&self, position: f64) -> f64 {
        position.mul_add(self.step_min, self.from)
    }

    /// A length of time in min that rounding cannot tell from none.
    pub fn slack_min(&self) -> f64 {
        SLACK * self.step_min
    }

    /// Steps of a tick.
    pub fn tick(&self) -> f64 {
        self.tick as f64
    }

    /// The next boundary that all lanes share.
    pub fn next(&self, position: f64) -> f64 {
        let step = libm::floor(position) as u64;
        ((step / self.tick + 1).saturating_mul(self.tick) as f64).min(self.end)
    }

    /// The next moment at which something is recorded or reported, or a mean that is to be reported begins: nothing else
    /// happens there.
    pub fn next_look(&self, position: f64) -> f64 {
        let step = libm::floor(position) as u64;
        let sample = (step / self.sample + 1).saturating_mul(self.sample) as f64;
        let after = |moments: &[f64]| {
            moments.get(moments.partition_point(|moment| *moment <= position)).copied().unwrap_or(f64::INFINITY)
        };
        sample.min(after(&self.reports)).min(after(&self.means)).min(self.end)
    }

    /// Whether the length of the step may be judged at a moment.
    pub fn is_judged(&self, position: f64) -> bool {
        let whole = libm::floor(position);
        position == whole && (whole as u64).is_multiple_of(self.judged)
    }

    /// The next moment at which the length of the step may be judged.
    pub fn next_judged(&self, position: f64) -> f64 {
        let step = libm::floor(position) as u64;
        ((step / self.judged + 1).saturating_mul(self.judged) as f64).min(self.end)
    }

    /// Whether a sample is due.
    pub fn is_sampled(&self, position: f64) -> bool {
        let whole = libm::floor(position);
        position == self.end || (position == whole && (whole as u64).is_multiple_of(self.sample))
    }

    /// Whether samples are as dense as steps.
    pub fn samples_every_step(&self) -> bool {
        self.sample == 1
    }

    /// Whether the mean of a later report is taken from here on.
    pub fn begins_mean(&self, position: f64) -> bool {
        self.means.iter().any(|begin| (begin - position).abs() <= SLACK)
    }
}
