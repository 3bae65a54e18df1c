//! Quantities: a number that knows what it measures.

/// A time, or how long something takes.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Duration {
    minutes: f64,
}

/// A firing rate.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate {
    hertz: f64,
}

/// A concentration.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Concentration {
    nanomolar: f64,
}

/// A dose by body weight.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Amount {
    mg_per_kg: f64,
}

/// Milliseconds in a minute.
const MS_PER_MINUTE: f64 = 60_000.0;

impl Duration {
    /// In min, as experiments are timed.
    pub fn in_minutes(self) -> f64 {
        self.minutes
    }

    /// In ms, as circuits are timed.
    pub fn in_ms(self) -> f64 {
        self.minutes * MS_PER_MINUTE
    }
}

impl Rate {
    /// In Hz.
    pub fn in_hz(self) -> f64 {
        self.hertz
    }
}

impl Concentration {
    /// In nM.
    pub fn in_nm(self) -> f64 {
        self.nanomolar
    }
}

impl Amount {
    /// In mg/kg.
    pub fn in_mg_per_kg(self) -> f64 {
        self.mg_per_kg
    }
}

/// Milliseconds.
pub fn ms(value: f64) -> Duration {
    Duration { minutes: value / MS_PER_MINUTE }
}

/// Seconds.
pub fn seconds(value: f64) -> Duration {
    Duration { minutes: value / 60.0 }
}

/// Minutes.
pub fn minutes(value: f64) -> Duration {
    Duration { minutes: value }
}

/// Hours.
pub fn hours(value: f64) -> Duration {
    Duration { minutes: value * 60.0 }
}

/// Days.
pub fn days(value: f64) -> Duration {
    Duration { minutes: value * 1_440.0 }
}

/// Hertz.
pub fn hz(value: f64) -> Rate {
    Rate { hertz: value }
}

/// Nanomoles per litre.
pub fn nm(value: f64) -> Concentration {
    Concentration { nanomolar: value }
}

/// Micromoles per litre.
pub fn micromolar(value: f64) -> Concentration {
    Concentration { nanomolar: value * 1_000.0 }
}

/// Milligrams per kilogram of body weight.
pub fn mg_per_kg(value: f64) -> Amount {
    Amount { mg_per_kg: value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_milliseconds_comes_back_as_it_was_given() {
        for value in [0.25, 2.0, 10.0, 15.0, 20.0, 60.0, 100.0, 333.0] {
            approx::assert_relative_eq!(ms(value).in_ms(), value, max_relative = 1e-15);
            approx::assert_relative_eq!(seconds(value).in_ms(), value * 1e3, max_relative = 1e-15);
            approx::assert_relative_eq!(hours(value).in_minutes(), days(value).in_minutes() / 24.0);
        }
    }
}
