//! What is told of a signal that is followed: each word is declared once, with what must be followed for it.

use super::watch::{Followed, Height};
use crate::units::{Dimension, InputUnit};

/// A number of a signal that is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// The largest value.
    Highest,
    /// When it is reached.
    HighestAt,
    /// The smallest value.
    Lowest,
    /// When it is reached.
    LowestAt,
    /// The mean over time.
    Mean,
    /// The area under the signal.
    Area,
    /// When the signal first reaches the height, from the window's start.
    FirstPassage,
    /// When it has gone half way to its extreme, from the window's start.
    HalfTime,
    /// How long it lies above the height.
    TimeAbove,
    /// How often it rose above the height and fell below it again.
    Durations,
    /// How long it then stayed above, in the mean.
    MeanDuration,
    /// How long at the so-manieth time.
    Duration(usize),
    /// How many peaks it has.
    Peaks,
    /// When the so-manieth is.
    PeakTime(usize),
    /// How long after the so-manieth the next follows.
    PeakInterval(usize),
    /// The mean interval between peaks.
    Period,
    /// Peaks per second: 1 over the period.
    Frequency,
    /// The variance over the steps of fast time.
    Variance,
    /// The frequency at which the spectrum is highest, in fast time.
    PeakFrequency,
}

/// Every word; a number follows those that count, as in `duration_2`.
const WORDS: [(&str, Statistic); 19] = [
    ("highest", Statistic::Highest),
    ("highest_at", Statistic::HighestAt),
    ("lowest", Statistic::Lowest),
    ("lowest_at", Statistic::LowestAt),
    ("mean", Statistic::Mean),
    ("area", Statistic::Area),
    ("first_passage", Statistic::FirstPassage),
    ("half_time", Statistic::HalfTime),
    ("time_above", Statistic::TimeAbove),
    ("durations", Statistic::Durations),
    ("mean_duration", Statistic::MeanDuration),
    ("duration", Statistic::Duration(1)),
    ("peaks", Statistic::Peaks),
    ("peak_time", Statistic::PeakTime(1)),
    ("peak_interval", Statistic::PeakInterval(1)),
    ("period", Statistic::Period),
    ("frequency", Statistic::Frequency),
    ("variance", Statistic::Variance),
    ("peak_frequency", Statistic::PeakFrequency),
];

impl Statistic {
    /// The statistic of a word, such as `mean` or `duration_2`.
    pub fn named(word: &str) -> Option<Self> {
        let (plain, number) = match word.rsplit_once('_') {
            Some((plain, digits)) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                (plain, Some(digits.parse().ok().filter(|number| *number > 0)?))
            }
            _ => (word, None),
        };
        let (_, found) = WORDS.into_iter().find(|(known, _)| *known == plain)?;
        match (found, number) {
            (Self::Duration(_), Some(number)) => Some(Self::Duration(number)),
            (Self::PeakTime(_), Some(number)) => Some(Self::PeakTime(number)),
            (Self::PeakInterval(_), Some(number)) => Some(Self::PeakInterval(number)),
            (Self::Duration(_) | Self::PeakTime(_) | Self::PeakInterval(_), None) | (_, Some(_)) => None,
            (plain, None) => Some(plain),
        }
    }

    /// All words, for messages.
    pub fn words() -> impl Iterator<Item = String> {
        WORDS.into_iter().map(|(word, statistic)| match statistic {
            Self::Duration(_) | Self::PeakTime(_) | Self::PeakInterval(_) => format!("{word}_1"),
            _ => word.to_owned(),
        })
    }

    /// What must be followed; those that ask for a height take the one given.
    pub fn followed(self, height: Height) -> Followed {
        match self {
            Self::Highest | Self::HighestAt | Self::Lowest | Self::LowestAt => Followed::Extremes,
            Self::Mean | Self::Area => Followed::Integral,
            Self::FirstPassage => Followed::Rise(height),
            Self::HalfTime => Followed::HalfWay,
            Self::TimeAbove | Self::Durations | Self::MeanDuration | Self::Duration(_) => Followed::Spans(height),
            Self::Peaks | Self::PeakTime(_) | Self::PeakInterval(_) | Self::Period | Self::Frequency => Followed::Peaks,
            Self::Variance | Self::PeakFrequency => Followed::Fluctuation,
        }
    }

    /// Whether it asks for a height.
    pub fn asks_for_height(self) -> bool {
        matches!(self.followed(Height::Threshold), Followed::Rise(_) | Followed::Spans(_))
    }

    /// Its unit for a signal; empty where it has none.
    pub fn unit(self, signal: &str) -> &'static str {
        let dimension = super::signal_dimension(signal);
        match self {
            Self::Highest | Self::Lowest | Self::Mean => dimension.base_symbol(InputUnit::None),
            Self::HighestAt | Self::LowestAt | Self::HalfTime | Self::PeakTime(_) => "min",
            Self::Area => match dimension {
                Dimension::Concentration => "nM min",
                Dimension::Rate => "Hz min",
                _ => "min",
            },
            Self::FirstPassage
            | Self::TimeAbove
            | Self::MeanDuration
            | Self::Duration(_)
            | Self::PeakInterval(_)
            | Self::Period => "s",
            Self::Durations | Self::Peaks => "",
            Self::Frequency | Self::PeakFrequency => "Hz",
            Self::Variance => "Hz^2",
        }
    }

    /// Whether it needs the run from its start to its end: all but a first passage.
    pub fn needs_whole_run(self) -> bool {
        self != Self::FirstPassage
    }
}

/// A number of the rates of a ring of units at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingStatistic {
    /// The sum of the rates, in Hz.
    Sum,
    /// The width of the bump at half of its height above the lowest rate, in degrees.
    HalfWidth,
    /// The circular standard deviation of the angles, weighted by the rates, in degrees.
    CircularWidth,
    /// The angle of the population vector, in degrees.
    Position,
}

impl RingStatistic {
    /// Every one with the word that stands before the population's name.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("ring_sum", Self::Sum),
        ("ring_half_width", Self::HalfWidth),
        ("ring_width", Self::CircularWidth),
        ("ring_position", Self::Position),
    ];

    /// Its unit.
    pub fn unit(self) -> &'static str {
        if self == Self::Sum { "Hz" } else { "deg" }
    }

    /// The number of a ring that a name such as `ring_width.E` stands for, with the population; none where it is none.
    pub fn named(name: &str) -> Option<(Self, &str)> {
        let (word, population) = name.split_once('.')?;
        Self::WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, statistic)| (statistic, population))
    }

    /// The unit of a statistic of it that is followed.
    pub fn unit_over_time(self, statistic: Statistic) -> &'static str {
        match statistic {
            Statistic::Highest | Statistic::Lowest | Statistic::Mean => self.unit(),
            Statistic::Area if self != Self::Sum => "deg min",
            other => other.unit("rate."),
        }
    }

    /// A height of it, from a text such as "20 Hz" or "60 deg"; degrees may stand without their unit.
    pub fn height(self, text: &str) -> Option<f64> {
        match self {
            Self::Sum => Dimension::Rate.read(text, InputUnit::None).ok(),
            Self::HalfWidth | Self::CircularWidth | Self::Position => {
                let text = text.trim();
                text.strip_suffix("deg").unwrap_or(text).trim().parse().ok().filter(|height: &f64| height.is_finite())
            }
        }
    }
}
