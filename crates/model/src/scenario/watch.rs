//! What is followed over a run for its readouts: a signal, what of it, and when.

use super::readout::recorded;
use super::run::Time;
use super::statistic::RingStatistic;
use super::whole::Scenario;

/// In place of a signal: the rate of the main population, whichever that is.
pub const MAIN_RATE: &str = "";

/// Something that is followed step by step.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    /// The signal, by its name, or [`MAIN_RATE`]; or a number of a ring, such as `ring_width.E` ([`RingStatistic`]).
    pub signal: String,
    /// What of it.
    pub what: Followed,
    /// When.
    pub window: Window,
}

/// What is followed of a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Followed {
    /// Its largest and smallest value.
    Extremes,
    /// The area under it.
    Integral,
    /// When it first reaches a height.
    Rise(Height),
    /// When it has gone half way from its value at the window's start to the extreme that lies farther from it.
    HalfWay,
    /// How long it stays above a height.
    Spans(Height),
    /// Its peaks.
    Peaks,
    /// Its variance and spectrum, in fast time.
    Fluctuation,
}

/// A height, in the signal's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Height {
    /// The threshold of `compare`.
    Threshold,
    /// A number.
    Of(f64),
}

/// When something is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// In the window of `compare`.
    Comparison,
    /// From the start of that window to the end of the run.
    Rest,
    /// All the time.
    Run,
}

impl Window {
    /// That of a signal's readouts: rates, and what is told of those of a ring, are followed within the window of `compare`,
    /// other signals from its start on.
    pub fn of(signal: &str) -> Self {
        let of_rates = signal == MAIN_RATE || signal.starts_with("rate.") || RingStatistic::named(signal).is_some();
        if of_rates { Self::Comparison } else { Self::Rest }
    }

    /// Start and end in min.
    pub fn span(self, scenario: &Scenario) -> [f64; 2] {
        let (run, compare) = (&scenario.run, &scenario.compare);
        match self {
            Self::Comparison => [compare.from, compare.to],
            Self::Rest => [compare.from, run.to],
            Self::Run => [run.from, run.to],
        }
    }
}

impl Height {
    /// The height in the signal's unit; none where `compare` has no threshold.
    pub fn of(self, scenario: &Scenario) -> Option<f64> {
        match self {
            Self::Threshold => scenario.compare.threshold,
            Self::Of(height) => Some(height),
        }
    }
}

impl Watch {
    /// The name of the signal in a scenario.
    pub fn signal_in(&self, scenario: &Scenario) -> String {
        match self.signal.as_str() {
            MAIN_RATE => format!("rate.{}", scenario.main_population().unwrap_or_default()),
            name => name.to_owned(),
        }
    }

    /// Something of a signal, when its readouts are taken.
    pub fn new(signal: &str, what: Followed) -> Self {
        Self { signal: signal.to_owned(), what, window: Window::of(signal) }
    }

    /// What the summary of a run needs.
    pub fn of_summary(scenario: &Scenario) -> Vec<Self> {
        let mut all = vec![Self::new(MAIN_RATE, Followed::Extremes)];
        let passage = |signal: &str| Self::new(signal, Followed::Rise(Height::Threshold));
        all.extend(scenario.compare.threshold.map(|_| passage(MAIN_RATE)));
        if scenario.run.time == Time::Fast {
            all.push(Self::new(MAIN_RATE, Followed::Fluctuation));
        }
        for signal in recorded(scenario) {
            all.push(Self::new(&signal, Followed::Extremes));
            if signal.starts_with("plasticity.") {
                all.push(Self { window: Window::Run, ..Self::new(&signal, Followed::Extremes) });
            }
            if signal.starts_with("concentration.") {
                all.push(Self { window: Window::Run, ..Self::new(&signal, Followed::Integral) });
            }
            if signal.starts_with("rate.") {
                all.push(Self::new(&signal, Followed::HalfWay));
                all.extend(scenario.compare.threshold.map(|_| passage(&signal)));
            }
        }
        all
    }
}
