//! What a circuit does that has no stable state: the cycle that it reaches, and the spectra of its rates.

use super::spectra::Estimates;
use super::system::System;
use super::trajectory::{Run, Step};
use crate::numeric::spectrum::welch;
use serde::Serialize;

/// How long a cycle is looked for, in units of the slowest time constant or delay.
const LONGEST: f64 = 2_000.0;
/// Two periods that follow one another differ by less than this where the cycle has been reached, relative to their length;
/// with delays, whose interpolation costs digits, by less than the second number.
const SETTLED: [f64; 2] = [1e-9, 1e-7];
/// So do the swings of the main rate, relative to their size.
const SETTLED_SWING: f64 = 1e-5;
/// A main rate that swings by less than this, relative to its range, is no cycle.
const STILL: f64 = 1e-6;
/// How far a variable is pushed off the fixed point, relative to its range.
const PUSH: f64 = 1e-3;
/// Samples of a period, periods of a segment of Welch's estimate, and periods in all.
const SAMPLES: usize = 64;
const SEGMENT: usize = 16;
const PERIODS: usize = 64;

/// A stable oscillation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cycle {
    /// Its period, in ms.
    pub period_ms: f64,
    /// Its frequency, in Hz.
    pub frequency_hz: f64,
    /// Lowest and highest rate of each population, in Hz.
    pub rates_hz: Vec<[f64; 2]>,
}

/// The rates of a circuit that has no stable state, without noise, once it has been left to itself for long.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unrest {
    /// How long it was followed, in s.
    pub seconds: f64,
    /// Mean rate of each population, in Hz.
    pub mean_hz: Vec<f64>,
    /// Lowest and highest sample of each rate, in Hz.
    pub range_hz: Vec<[f64; 2]>,
    /// Welch's estimate of their spectra.
    pub welch: Estimates,
}

impl Cycle {
    /// The cycle that a system reaches from a state beside an unstable fixed point; none where it settles, or runs away.
    ///
    /// Times at which the main population's rate rises through its value at the fixed point are found to the accuracy of the
    /// steps; the cycle is reached when neither the periods between them nor the swings still change. Periods are exact to
    /// 1e-6 or better, relative.
    pub fn from(system: &System, fixed_point: &[f64]) -> Option<Self> {
        reach(system, fixed_point)?.1
    }

    /// How long a system is followed at most to see whether it comes to a cycle, in ms.
    pub fn longest_ms(system: &System) -> f64 {
        LONGEST * slowest(system)
    }

    /// The cycle that is reached, if one is, and the spectra of what is reached; nothing where the rates run away.
    pub fn and_unrest(system: &System, fixed_point: &[f64]) -> (Option<Self>, Option<Unrest>) {
        let Some((mut run, cycle)) = reach(system, fixed_point) else { return (None, None) };
        let period = cycle.as_ref().map_or_else(|| std::f64::consts::TAU * slowest(system), |cycle| cycle.period_ms);
        let unrest = Unrest::of(system, &mut run, period);
        (cycle, unrest)
    }
}

impl Unrest {
    /// Goes on with a run that has reached what it reaches.
    fn of(system: &System, run: &mut Run, period_ms: f64) -> Option<Self> {
        let interval_ms = period_ms / SAMPLES as f64;
        if !(interval_ms > 0.0 && interval_ms.is_finite()) {
            return None;
        }
        let trajectory = run.sample(system, PERIODS as f64 * period_ms, interval_ms)?;
        let samples = PERIODS * SAMPLES;
        let of = |population: usize| -> Vec<f64> {
            trajectory.rates_hz.iter().take(samples).map(|rates| rates[population]).collect()
        };
        let rates: Vec<Vec<f64>> = (0..system.size()).map(of).collect();
        let range = |values: &Vec<f64>| {
            values
                .iter()
                .fold([f64::INFINITY, f64::NEG_INFINITY], |ends, value| [ends[0].min(*value), ends[1].max(*value)])
        };
        Some(Self {
            seconds: 1e-3 * PERIODS as f64 * period_ms,
            mean_hz: rates.iter().map(|values| values.iter().sum::<f64>() / values.len() as f64).collect(),
            range_hz: rates.iter().map(range).collect(),
            welch: Estimates::new(
                rates.iter().map(|values| vec![welch(values, 1e-3 * interval_ms, SEGMENT * SAMPLES)]),
            ),
        })
    }
}

/// The slowest time constant or delay, in ms.
fn slowest(system: &System) -> f64 {
    let lags = (0..system.variables()).map(|variable| system.lag(variable));
    lags.chain(system.delays()).fold(0.0, f64::max)
}

/// Follows a system from beside a fixed point until a cycle is reached, or for long; none where it runs away.
fn reach(system: &System, fixed_point: &[f64]) -> Option<(Run, Option<Cycle>)> {
    let mut observer = Observer::new(system, fixed_point);
    let mut found = None;
    let mut run = Run::new(system, &pushed(system, fixed_point), fixed_point);
    run.follow(system, Cycle::longest_ms(system), &mut |step| {
        found = observer.see(step);
        found.is_none()
    })?;
    Some((run, found))
}

/// A state beside a fixed point: the main population's variable, or the first that has dynamics of its own, is pushed.
fn pushed(system: &System, fixed_point: &[f64]) -> Vec<f64> {
    let rates: Vec<(f64, f64)> = (0..system.size()).map(|population| system.rate_range(population)).collect();
    let ranges = system.variable_ranges(&rates);
    let variables = std::iter::once(system.main_population()).chain(0..system.variables());
    let mut state = fixed_point.to_vec();
    if let Some(variable) = variables.into_iter().find(|variable| !system.is_algebraic(*variable)) {
        state[variable] += PUSH * (ranges[variable].1 - ranges[variable].0);
    }
    state
}

/// The population whose laps are timed: the main one or, where nothing reaches that, the first that something reaches.
fn watched(system: &System) -> usize {
    let main = system.main_population();
    let reached = |population: &usize| system.shape.connections.iter().any(|place| place.target == *population);
    std::iter::once(main).chain(0..system.size()).find(reached).unwrap_or(main)
}

/// Watches the laps between times at which the watched rate rises through its value at the fixed point.
struct Observer {
    main: usize,
    level: f64,
    /// A swing below this is none.
    still: f64,
    settled: f64,
    /// When the rate rose last, in ms.
    rose_ms: Option<f64>,
    /// Period and swing of the lap before.
    before: Option<(f64, f64)>,
    /// Lowest and highest rates of this lap.
    ends: Vec<[f64; 2]>,
}

const NO_ENDS: [f64; 2] = [f64::INFINITY, f64::NEG_INFINITY];

impl Observer {
    fn new(system: &System, fixed_point: &[f64]) -> Self {
        let main = watched(system);
        let (low, high) = system.rate_range(main);
        Self {
            main,
            level: system.rates(fixed_point)[main],
            still: STILL * (high - low),
            settled: SETTLED[usize::from(system.is_delayed())],
            rose_ms: None,
            before: None,
            ends: vec![NO_ENDS; system.size()],
        }
    }

    /// Sees a step; gives the cycle where it has been reached.
    fn see(&mut self, step: &Step<'_>) -> Option<Cycle> {
        let seen = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| step.rates(share));
        for three in seen.windows(3) {
            for (population, ends) in self.ends.iter_mut().enumerate() {
                extend(ends, [three[0][population], three[1][population], three[2][population]]);
            }
        }
        if !(seen[0][self.main] < self.level && seen[4][self.main] >= self.level) {
            return None;
        }
        let now = self.crossing(step);
        let ends = std::mem::replace(&mut self.ends, vec![NO_ENDS; seen[0].len()]);
        let period_ms = now - self.rose_ms.replace(now)?;
        let swing = ends[self.main][1] - ends[self.main][0];
        let (period_before, swing_before) = self.before.replace((period_ms, swing))?;
        let same = (period_ms - period_before).abs() <= self.settled * period_ms
            && (swing - swing_before).abs() <= SETTLED_SWING * swing;
        (same && swing > self.still).then(|| Cycle { period_ms, frequency_hz: 1e3 / period_ms, rates_hz: ends })
    }

    /// The time within a step at which the main rate rises through its level, by bisection.
    fn crossing(&self, step: &Step<'_>) -> f64 {
        let (mut below, mut above) = (0.0, 1.0);
        for _ in 0..50 {
            let middle = f64::midpoint(below, above);
            if step.rates(middle)[self.main] < self.level { below = middle } else { above = middle }
        }
        f64::midpoint(below, above).mul_add(step.length_ms, step.start_ms)
    }
}

/// Takes three values at equal distances into the ends of a range, with the top or bottom of the parabola through them where
/// it lies between.
fn extend(ends: &mut [f64; 2], [first, middle, last]: [f64; 3]) {
    let (slope, bend) = (0.5 * (last - first), first - 2.0 * middle + last);
    let vertex = (slope.abs() < bend.abs()).then(|| middle - 0.5 * slope * slope / bend);
    for value in [first, middle, last].into_iter().chain(vertex) {
        *ends = [ends[0].min(value), ends[1].max(value)];
    }
}
