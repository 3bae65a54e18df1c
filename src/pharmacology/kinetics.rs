//! Kinetics: the concentration that doses leave at the receptor, as a sum of exponentials.
//!
//! After a bolus into the blood `C = C0 sum_p A_p exp(-lambda_p t)`, one phase per compartment. First-order absorption
//! adds a phase, a zero-order infusion a constant while it lasts. The concentration between two events is therefore
//! always `constant + sum_p c_p exp(-lambda_p (t - t0))`: exact, whatever the step, and as cheap after a hundred doses
//! as after one. Gabrielsson & Weiner 2016, Pharmacokinetic and Pharmacodynamic Data Analysis, 5th ed.

use crate::spec::{Kinetics, Ligand};

const LN_2: f64 = std::f64::consts::LN_2;
/// Lags divide by the differences of rate constants. Two that are closer than this (relatively) are set this far apart around
/// their mean, on which the concentration depends: it changes by less than this, and rounding loses far less.
const CLOSEST_TWO: f64 = 1e-6;
/// The same for three, by whose squared difference lags divide: the concentration changes by the square of this, and rounding
/// loses as much.
const CLOSEST_THREE: f64 = 1e-4;
/// Halvings of an interval of times, after which nothing is left of it.
const HALVINGS: usize = 80;
/// A sum this small beside its terms is nothing but rounding.
const NOTHING: f64 = 1e-9;
/// A dose of 1 mg/kg in a volume of 1 L/kg at 1 g/mol is 1 mmol/L.
const NANOMOLAR_PER_MILLIMOLAR: f64 = 1e6;

/// How a body disposes of a ligand: what a bolus of 1 mg/kg leaves at the receptor over time,
/// `sum_p c_p exp(-lambda_p t)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Disposition {
    /// Rate constant of each phase, per min, and its coefficient, nM per mg/kg.
    phases: Vec<(f64, f64)>,
}

impl Disposition {
    /// The disposition in one species. `ligand` gives the molar mass where kinetics are by volume.
    ///
    /// First-order absorption and equilibration with an effect site (Sheiner et al. 1979, doi:10.1002/cpt1979253358) are
    /// lags, one after the other.
    pub fn new(kinetics: &Kinetics, ligand: &Ligand) -> Self {
        let elimination = LN_2 / kinetics.elimination_half_life;
        let mut phases = match &kinetics.distribution {
            None => vec![(elimination, 1.0)],
            Some(fast) => vec![(elimination, 1.0 - fast.fraction), (LN_2 / fast.half_life, fast.fraction)],
        };
        let half_lives = [kinetics.absorption_half_life, kinetics.effect_half_life];
        let mut lags: Vec<f64> = half_lives.into_iter().flatten().map(|half_life| LN_2 / half_life).collect();
        set_apart(&mut phases, &mut lags);
        let mut unit = Self { phases };
        for rate in lags {
            unit.lag(rate);
        }
        let per_dose = match (&kinetics.peak, kinetics.volume) {
            (Some(peak), _) => peak.concentration / (peak.dose * unit.peak_response(peak.infusion)),
            (None, Some(volume)) => {
                let plasma = kinetics.bioavailability / volume / ligand.molar_mass.unwrap_or(1.0);
                plasma * NANOMOLAR_PER_MILLIMOLAR * kinetics.unbound_fraction * kinetics.brain_to_plasma
            }
            (None, None) => 0.0,
        };
        for (_, coefficient) in &mut unit.phases {
            *coefficient *= per_dose;
        }
        unit
    }

    /// Sends everything through a first-order compartment: each phase `c exp(-lambda t)` becomes
    /// `c k / (k - lambda) (exp(-lambda t) - exp(-k t))`.
    fn lag(&mut self, rate: f64) {
        for (phase, coefficient) in &mut self.phases {
            *coefficient *= rate / (rate - *phase);
        }
        let sum: f64 = self.phases.iter().map(|(_, coefficient)| coefficient).sum();
        self.phases.push((rate, -sum));
    }

    /// The rate constants of all phases, per min.
    pub fn rates(&self) -> Vec<f64> {
        self.phases.iter().map(|(rate, _)| *rate).collect()
    }

    /// What a dose of `amount` mg/kg adds at its own time to the coefficients of the phases.
    fn bolus(&self, amount: f64) -> Vec<f64> {
        self.phases.iter().map(|(_, coefficient)| amount * coefficient).collect()
    }

    /// What the start of an infusion of `amount` mg/kg over `duration` min adds to the constant and to the coefficients;
    /// its end adds the same with the opposite sign.
    fn infusion(&self, amount: f64, duration: f64) -> (f64, Vec<f64>) {
        let speed = amount / duration;
        let coefficients: Vec<f64> =
            self.phases.iter().map(|(rate, coefficient)| -speed * coefficient / rate).collect();
        (-coefficients.iter().sum::<f64>(), coefficients)
    }

    /// The largest concentration after a dose of 1 mg/kg, or after an infusion of as much: at its end, or later where the
    /// receptor lags behind.
    fn peak_response(&self, infusion: Option<f64>) -> f64 {
        let after_infusion = |duration: f64| {
            let left = |(rate, c): &(f64, f64)| (*rate, c * -libm::expm1(-rate * duration) / (rate * duration));
            Self { phases: self.phases.iter().map(left).collect() }
        };
        infusion.map_or_else(|| self.largest(), |duration| after_infusion(duration).largest())
    }

    /// The largest value of the sum of phases from 0 on.
    fn largest(&self) -> f64 {
        let sum = |time: f64, weight: &dyn Fn(f64) -> f64| -> f64 {
            self.phases.iter().map(|(rate, c)| c * weight(*rate) * libm::exp(-rate * time)).sum()
        };
        let time = match self.phases.as_slice() {
            [_] => 0.0,
            phases
                if sum(0.0, &|_| 1.0) > NOTHING * phases.iter().map(|(_, c)| c.abs()).sum::<f64>()
                    && sum(0.0, &|rate| -rate) <= 0.0 =>
            {
                0.0
            }
            [(elimination, first), (absorption, second)]
                if *second < 0.0 && (first + second).abs() <= NOTHING * first =>
            {
                libm::log(absorption / elimination) / (absorption - elimination)
            }
            // What falls from the start, such as a bolus into two compartments, is largest there; what is lagged has one
            // zero of the slope, which is positive before it.
            phases => bisect(0.0, 40.0 / phases.iter().map(|(rate, _)| *rate).fold(f64::INFINITY, f64::min), |time| {
                sum(time, &|rate| -rate) > 0.0
            }),
        };
        sum(time, &|_| 1.0)
    }
}

/// Sets rate constants that nearly agree apart, around their mean. Between two lags stands the phase that they meet, so that
/// lags as well as all three keep their mean; phases that nearly agree with one another as well become one.
fn set_apart(phases: &mut [(f64, f64)], lags: &mut [f64]) {
    let near = |rate: f64, other: f64, closest: f64| (rate / other - 1.0).abs() < closest;
    if let [one, other] = *lags {
        let met: Vec<usize> = (0..phases.len()).filter(|index| near(phases[*index].0, one, CLOSEST_THREE)).collect();
        if near(other, one, CLOSEST_THREE) && !met.is_empty() {
            let mean = (one + other + phases[met[0]].0) / 3.0;
            (lags[0], lags[1]) = (mean * (1.0 - CLOSEST_THREE), mean * (1.0 + CLOSEST_THREE));
            met.into_iter().for_each(|index| phases[index].0 = mean);
            return;
        }
        if near(other, one, CLOSEST_TWO) {
            (lags[0], lags[1]) = around_mean(one, other);
            return;
        }
    }
    for lag in lags {
        let of = *lag;
        for (phase, _) in phases.iter_mut().filter(|(phase, _)| near(*phase, of, CLOSEST_TWO)) {
            (*phase, *lag) = around_mean(*phase, of);
        }
    }
}

/// Two rate constants as far apart as they may be close, around the mean of two.
fn around_mean(one: f64, other: f64) -> (f64, f64) {
    let mean = f64::midpoint(one, other);
    (mean * (1.0 - 0.5 * CLOSEST_TWO), mean * (1.0 + 0.5 * CLOSEST_TWO))
}

/// The point between `low` and `high` where `before` turns from true to false.
fn bisect(mut low: f64, mut high: f64, before: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if before(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The course of a concentration from one event to the next: `constant + sum_p c_p exp(-lambda_p (t - origin))`, in nM.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Time of the last event, in min.
    pub origin: f64,
    /// What infusions and baths hold up.
    pub constant: f64,
    /// One coefficient per phase, at the origin.
    pub coefficients: Vec<f64>,
}

impl Course {
    /// No drug, with that many phases.
    pub fn new(phases: usize) -> Self {
        Self { origin: 0.0, constant: 0.0, coefficients: vec![0.0; phases] }
    }

    /// Moves the origin to a later time without changing the course.
    fn rebase(&mut self, rates: &[f64], time: f64) {
        for (coefficient, rate) in self.coefficients.iter_mut().zip(rates) {
            // Before the first event there is nothing to decay.
            *coefficient *= libm::exp(-rate * (time - self.origin).max(0.0));
        }
        self.origin = time;
    }

    /// Gives a bolus.
    pub fn bolus(&mut self, disposition: &Disposition, time: f64, amount: f64) {
        self.rebase(&disposition.rates(), time);
        for (coefficient, added) in self.coefficients.iter_mut().zip(disposition.bolus(amount)) {
            *coefficient += added;
        }
    }

    /// Starts (`sign` 1) or ends (`sign` -1) an infusion of `amount` mg/kg over `duration` min.
    pub fn infusion(&mut self, disposition: &Disposition, time: f64, amount: f64, duration: f64, sign: f64) {
        self.rebase(&disposition.rates(), time);
        let (constant, coefficients) = disposition.infusion(amount, duration);
        self.constant += sign * constant;
        for (coefficient, added) in self.coefficients.iter_mut().zip(coefficients) {
            *coefficient += sign * added;
        }
    }

    /// Forgets what was, and puts the course where a dose of `amount` mg/kg finds it that has been given every `interval`
    /// min for ever: just after a bolus, or at the start of an infusion over `duration` min, at most an interval.
    pub fn steady_state(&mut self, disposition: &Disposition, time: f64, dose: (f64, Option<f64>), interval: f64) {
        let (amount, duration) = dose;
        // What repeats at the interval adds up to a geometric series, 1 / (1 - exp(-lambda interval)).
        let repeated = |rate: f64| -1.0 / libm::expm1(-rate * interval);
        self.origin = time;
        match duration {
            None => {
                self.constant = 0.0;
                let phases = disposition.phases.iter();
                self.coefficients = phases.map(|(rate, c)| amount * c * repeated(*rate)).collect();
            }
            Some(duration) => {
                let (constant, coefficients) = disposition.infusion(amount, duration);
                self.constant = constant;
                // Each infusion before has left its start's share less its end's; both have decayed since, which keeps the
                // difference finite however fast that is.
                let left = |rate: f64, c: f64| {
                    let since_end = libm::exp(-rate * (interval - duration));
                    c * since_end * libm::expm1(-rate * duration) * repeated(rate)
                };
                let phases = disposition.phases.iter().zip(coefficients);
                self.coefficients = phases.map(|((rate, _), c)| c + left(*rate, c)).collect();
            }
        }
    }

    /// The concentration in nM at a time; before the origin, that at the origin.
    pub fn concentration(&self, rates: &[f64], time: f64) -> f64 {
        let phases = self.coefficients.iter().zip(rates);
        let since = (time - self.origin).max(0.0);
        let sum: f64 = phases.map(|(c, rate)| c * libm::exp(-rate * since)).sum();
        (self.constant + sum).max(0.0)
    }
}

#[cfg(test)]
mod tests;
