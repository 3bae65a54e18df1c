//! What one drug does alone, and how much of it an effect needs.
//!
//! A drug's effect is known up to the highest dose that was given alone. Beyond, it is known only where the responses lie on a
//! Hill curve to the last digit; else the drug needs more than that dose, and nobody knows how much more.

use super::dose_response::{HillFit, fit_exact_or_near};
use super::monotone::MonotoneCurve;

/// A Hill curve stands for effects none of which is farther from it than this, or than so many of its standard errors. The
/// bounds are a choice: an effect of 1 is full, and near its top a curve that is a little off is inverted to doses that are far
/// off.
const CLOSE: f64 = 1e-3;
const STANDARD_ERRORS: f64 = 3.0;
/// A drug none of whose effects is larger than this, or than so many standard errors, has none at any dose.
const NOTHING: f64 = 1e-9;

/// What one drug does alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Alone {
    /// A Hill curve of effects.
    Hill(HillFit),
    /// A monotone cubic curve through doses and effects, which never falls.
    Curve(MonotoneCurve),
}

/// How much of a drug an effect needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Needed {
    /// This dose.
    Dose(f64),
    /// More than this, the highest that was given alone.
    MoreThan(f64),
    /// No dose has it.
    Never,
}

impl Alone {
    /// Of effects with their standard errors, at ascending doses.
    pub(super) fn of(doses: &[f64], effects: &[(f64, f64)]) -> Self {
        let means: Vec<f64> = effects.iter().map(|(effect, _)| *effect).collect();
        if effects.iter().all(|(effect, error)| effect.abs() <= f64::max(NOTHING, STANDARD_ERRORS * error)) {
            return Self::Curve(MonotoneCurve::through(doses, &vec![0.0; doses.len()]));
        }
        let passes = |hill: &HillFit| {
            let off = |(dose, (effect, error)): (&f64, &(f64, f64))| {
                (hill.at(*dose) - effect).abs() > f64::max(CLOSE, STANDARD_ERRORS * error)
            };
            hill.top > hill.bottom && !doses.iter().zip(effects).any(off)
        };
        match fit_exact_or_near(doses, &means).filter(passes) {
            Some(hill) => Self::Hill(hill),
            None => Self::Curve(MonotoneCurve::through(doses, &means)),
        }
    }

    /// The dose that has an effect alone; infinite where none is known to.
    pub fn dose(&self, effect: f64) -> f64 {
        match self.needed(effect) {
            Needed::Dose(dose) => dose,
            Needed::MoreThan(_) | Needed::Never => f64::INFINITY,
        }
    }

    /// How much of the drug an effect needs.
    pub fn needed(&self, effect: f64) -> Needed {
        match self {
            // Near the effect of the highest dose, the curve is as good as it is close.
            Self::Hill(hill) if !hill.is_exact() && effect <= hill.at(hill.highest_dose()) + CLOSE => {
                Needed::Dose(hill.dose(effect).min(hill.highest_dose()))
            }
            Self::Hill(hill) if !hill.is_exact() => Needed::MoreThan(hill.highest_dose()),
            Self::Hill(hill) if effect >= hill.top => Needed::Never,
            Self::Hill(hill) => Needed::Dose(hill.dose(effect)),
            Self::Curve(curve) => match curve.dose(effect) {
                dose if dose.is_finite() => Needed::Dose(dose),
                _ if curve.highest() <= 0.0 => Needed::Never,
                _ => Needed::MoreThan(curve.highest_dose()),
            },
        }
    }

    /// The largest effect of which the dose is known.
    pub(super) fn most(&self) -> f64 {
        match self {
            Self::Hill(hill) if hill.is_exact() => hill.top,
            Self::Hill(hill) => hill.at(hill.highest_dose()),
            Self::Curve(curve) => curve.highest(),
        }
    }
}

/// The dose up to which effects, with their standard errors, never fall below one at a lower dose by more than sampling
/// explains; infinite where they never do.
pub(super) fn rises_until(doses: &[f64], effects: &[(f64, f64)]) -> f64 {
    let mut highest = (f64::NEG_INFINITY, 0.0);
    let mut at = 0.0;
    for (dose, &(effect, error)) in doses.iter().zip(effects) {
        if effect > highest.0 {
            (highest, at) = ((effect, error), *dose);
        }
        if highest.0 - effect > f64::max(CLOSE, STANDARD_ERRORS * libm::hypot(error, highest.1)) {
            return at;
        }
    }
    f64::INFINITY
}
