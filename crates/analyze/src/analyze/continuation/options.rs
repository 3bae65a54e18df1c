//! How a continuation steps and where it ends.

/// Options of a continuation, with the names that users of BifurcationKit.jl know (Veltz 2020, hal-02902346). Built by
/// [`Options::new`], and never changed afterwards.
///
/// Lengths along a branch are counted in shares: of the knob's range, and of the sizes of the variables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    settings: Settings,
}

/// The numbers of [`Options`], before they are checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The knob's lowest value.
    pub p_min: f64,
    /// The knob's highest value.
    pub p_max: f64,
    /// First step along a branch, as a share.
    pub ds: f64,
    /// Shortest step: where it fails, the branch ends.
    pub dsmin: f64,
    /// Longest step.
    pub dsmax: f64,
    /// Most steps of one branch, to each side of where it starts.
    pub max_steps: usize,
    /// Whether the knob is spread by ratios: both ends must be above 0.
    pub log: bool,
    /// Whether limit cycles are followed from Hopf points.
    pub cycles: bool,
    /// Intervals of a limit cycle's mesh.
    pub ntst: usize,
}

/// Why options do not fit together.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OptionsError {
    /// The range of the knob is empty.
    #[error("p_min must be below p_max, and both finite; here they are {p_min} and {p_max}")]
    EmptyRange {
        /// The knob's lowest value.
        p_min: f64,
        /// The knob's highest value.
        p_max: f64,
    },
    /// A logarithmic range reaches 0.
    #[error("a knob spread by ratios needs a range above 0; here it starts at {p_min}")]
    NotPositive {
        /// The knob's lowest value.
        p_min: f64,
    },
    /// Step lengths are out of order.
    #[error("steps must be 0 < dsmin <= ds <= dsmax <= 0.2; here dsmin = {dsmin}, ds = {ds}, dsmax = {dsmax}")]
    Steps {
        /// Shortest step.
        dsmin: f64,
        /// First step.
        ds: f64,
        /// Longest step.
        dsmax: f64,
    },
    /// No steps, or far too many.
    #[error("max_steps must be from 1 to 1000000; here it is {max_steps}")]
    MostSteps {
        /// Most steps.
        max_steps: usize,
    },
    /// The mesh of limit cycles is too coarse or far too fine.
    #[error("ntst must be from 10 to 2000; here it is {ntst}")]
    Mesh {
        /// Intervals of the mesh.
        ntst: usize,
    },
}

impl Settings {
    /// The defaults over a range of the knob.
    pub fn over(p_min: f64, p_max: f64) -> Self {
        Self { p_min, p_max, ds: 0.005, dsmin: 1e-7, dsmax: 0.01, max_steps: 1000, log: false, cycles: true, ntst: 80 }
    }
}

impl Options {
    /// Checks settings.
    ///
    /// # Errors
    /// [`OptionsError`] names the settings that do not fit together.
    pub fn new(settings: Settings) -> Result<Self, OptionsError> {
        let Settings { p_min, p_max, ds, dsmin, dsmax, max_steps, ntst, log, .. } = settings;
        if !(p_min.is_finite() && p_max.is_finite() && p_min < p_max) {
            return Err(OptionsError::EmptyRange { p_min, p_max });
        }
        if log && p_min <= 0.0 {
            return Err(OptionsError::NotPositive { p_min });
        }
        if !(dsmin > 0.0 && dsmin <= ds && ds <= dsmax && dsmax <= 0.2) {
            return Err(OptionsError::Steps { dsmin, ds, dsmax });
        }
        if !(1..=1_000_000).contains(&max_steps) {
            return Err(OptionsError::MostSteps { max_steps });
        }
        if !(10..=2000).contains(&ntst) {
            return Err(OptionsError::Mesh { ntst });
        }
        Ok(Self { settings })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The same without limit cycles.
    pub fn without_cycles(&self) -> Self {
        Self { settings: Settings { cycles: false, ..self.settings } }
    }

    /// The knob's value at a share of its range.
    pub fn value(&self, share: f64) -> f64 {
        let Settings { p_min, p_max, log, .. } = self.settings;
        if log { p_min * libm::pow(p_max / p_min, share) } else { share.mul_add(p_max - p_min, p_min) }
    }

    /// How fast the knob's value grows with the share.
    pub fn slope(&self, share: f64) -> f64 {
        let Settings { p_min, p_max, log, .. } = self.settings;
        if log { self.value(share) * libm::log(p_max / p_min) } else { p_max - p_min }
    }

    /// The share of the range at which the knob has a value.
    pub fn share(&self, value: f64) -> f64 {
        let Settings { p_min, p_max, log, .. } = self.settings;
        if log { libm::log(value / p_min) / libm::log(p_max / p_min) } else { (value - p_min) / (p_max - p_min) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_values_are_inverse_and_bad_settings_are_named() {
        for log in [false, true] {
            let options = Options::new(Settings { log, ..Settings::over(2.0, 50.0) }).unwrap();
            for share in [0.0, 0.3, 1.0] {
                approx::assert_relative_eq!(options.share(options.value(share)), share, epsilon = 1e-14);
                let slope = (options.value(share + 1e-5) - options.value(share - 1e-5)) / 2e-5;
                approx::assert_relative_eq!(options.slope(share), slope, max_relative = 1e-8);
            }
            approx::assert_relative_eq!(options.value(1.0), 50.0, max_relative = 1e-14);
        }
        let with = |change: fn(&mut Settings)| {
            let mut settings = Settings::over(0.0, 1.0);
            change(&mut settings);
            Options::new(settings).unwrap_err().to_string()
        };
        assert!(with(|s| s.p_max = -1.0).contains("p_min"));
        assert!(with(|s| s.p_max = f64::NAN).contains("p_min"));
        assert!(with(|s| s.log = true).contains("above 0"));
        assert!(with(|s| s.dsmin = 0.5).contains("dsmin"));
        assert!(with(|s| s.ds = f64::NAN).contains("dsmin"));
        assert!(with(|s| s.max_steps = 0).contains("max_steps"));
        assert!(with(|s| s.ntst = 2).contains("ntst"));
    }
}
