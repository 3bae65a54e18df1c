//! Kinetics: the concentration that doses leave at the receptor, as a sum of exponentials.
//!
//! After a bolus into the blood `C = C0 sum_p A_p exp(-lambda_p t)`, one phase per compartment. First-order absorption
//! adds a phase, a zero-order infusion a constant while it lasts. The concentration between two events is therefore
//! always `constant + sum_p c_p exp(-lambda_p (t - t0))`: exact, whatever the step, and as cheap after a hundred doses
//! as after one. Gabrielsson & Weiner 2016, Pharmacokinetic and Pharmacodynamic Data Analysis, 5th ed.

use crate::spec::{Kinetics, Ligand};

const LN_2: f64 = std::f64::consts::LN_2;
/// Absorption and elimination this close (relatively) are set this far apart: the formula divides by their difference,
/// and the concentration changes by less than a millionth.
const CLOSEST_PHASES: f64 = 1e-6;
/// A dose of 1 mg/kg in a volume of 1 L/kg at 1 g/mol is 1 mmol/L.
const NANOMOLAR_PER_MILLIMOLAR: f64 = 1e6;

/// How a body disposes of a ligand: the phases and the size of the response.
#[derive(Clone, Debug, PartialEq)]
pub struct Disposition {
    /// Rate constants of the phases after a bolus into the blood, per min, and each phase's share.
    phases: Vec<(f64, f64)>,
    /// Rate constant of absorption, per min.
    absorption: Option<f64>,
    /// Free concentration in nM at once after a bolus of 1 mg/kg into the blood.
    per_dose: f64,
}

impl Disposition {
    /// The disposition in one species. `ligand` gives the molar mass where kinetics are by volume.
    pub fn new(kinetics: &Kinetics, ligand: &Ligand) -> Self {
        let elimination = LN_2 / kinetics.elimination_half_life;
        let phases = match &kinetics.distribution {
            None => vec![(elimination, 1.0)],
            Some(fast) => vec![(elimination, 1.0 - fast.fraction), (LN_2 / fast.half_life, fast.fraction)],
        };
        let absorption = kinetics.absorption_half_life.map(|half_life| {
            let mut rate = LN_2 / half_life;
            for (phase, _) in &phases {
                if (rate / phase - 1.0).abs() < CLOSEST_PHASES {
                    rate = phase * (1.0 + CLOSEST_PHASES);
                }
            }
            rate
        });
        let mut unit = Self { phases, absorption, per_dose: 1.0 };
        unit.per_dose = match (&kinetics.peak, kinetics.volume) {
            (Some(peak), _) => peak.concentration / (peak.dose * unit.peak_response(peak.infusion)),
            (None, Some(volume)) => {
                let plasma = kinetics.bioavailability / volume / ligand.molar_mass.unwrap_or(1.0);
                plasma * NANOMOLAR_PER_MILLIMOLAR * kinetics.unbound_fraction * kinetics.brain_to_plasma
            }
            (None, None) => 0.0,
        };
        unit
    }

    /// The rate constants of all phases, per min: those after a bolus, then absorption.
    pub fn rates(&self) -> Vec<f64> {
        self.phases.iter().map(|(rate, _)| *rate).chain(self.absorption).collect()
    }

    /// What a dose of `amount` mg/kg adds at its own time to the coefficients of the phases.
    fn bolus(&self, amount: f64) -> Vec<f64> {
        let size = amount * self.per_dose;
        match self.absorption {
            None => self.phases.iter().map(|(_, share)| size * share).collect(),
            Some(absorption) => {
                let mut coefficients: Vec<f64> =
                    self.phases.iter().map(|(rate, share)| size * share * absorption / (absorption - rate)).collect();
                coefficients.push(-coefficients.iter().sum::<f64>());
                coefficients
            }
        }
    }

    /// What the start of an infusion of `amount` mg/kg over `duration` min adds to the constant and to the coefficients;
    /// its end adds the same with the opposite sign.
    fn infusion(&self, amount: f64, duration: f64) -> (f64, Vec<f64>) {
        let size = amount / duration * self.per_dose;
        let coefficients: Vec<f64> = self.phases.iter().map(|(rate, share)| -size * share / rate).collect();
        (-coefficients.iter().sum::<f64>(), coefficients)
    }

    /// The largest concentration per unit of size after one dose, or at the end of an infusion.
    fn peak_response(&self, infusion: Option<f64>) -> f64 {
        if let Some(duration) = infusion {
            let phase = |(rate, share): &(f64, f64)| share * -libm::expm1(-rate * duration) / (rate * duration);
            return self.phases.iter().map(phase).sum();
        }
        let Some(absorption) = self.absorption else { return 1.0 };
        let rates = self.rates();
        let coefficients = self.bolus(1.0);
        let sum = |time: f64, weight: &dyn Fn(f64) -> f64| -> f64 {
            rates.iter().zip(&coefficients).map(|(rate, c)| c * weight(*rate) * libm::exp(-rate * time)).sum()
        };
        let time = match self.phases.as_slice() {
            [(elimination, _)] => libm::log(absorption / elimination) / (absorption - elimination),
            // With two phases: the only zero of the slope, which is positive before it.
            _ => bisect(0.0, 40.0 / rates.iter().copied().fold(f64::INFINITY, f64::min), |time| {
                sum(time, &|rate| -rate) > 0.0
            }),
        };
        sum(time, &|_| 1.0)
    }
}

/// The point between `low` and `high` where `before` turns from true to false.
fn bisect(mut low: f64, mut high: f64, before: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
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
            *coefficient *= libm::exp(-rate * (time - self.origin));
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

    /// The concentration in nM at a time at or after the origin.
    pub fn concentration(&self, rates: &[f64], time: f64) -> f64 {
        let phases = self.coefficients.iter().zip(rates);
        let sum: f64 = phases.map(|(c, rate)| c * libm::exp(-rate * (time - self.origin))).sum();
        (self.constant + sum).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ligand::{Distribution, Peak};
    use approx::assert_relative_eq;

    fn absorbed() -> Kinetics {
        Kinetics {
            absorption_half_life: Some(2.0),
            elimination_half_life: 13.0,
            peak: Some(Peak { concentration: 2500.0, dose: 10.0, infusion: None }),
            ..Kinetics::default()
        }
    }

    fn after_one_dose(kinetics: &Kinetics, amount: f64, time: f64) -> f64 {
        let disposition = Disposition::new(kinetics, &Ligand::default());
        let mut course = Course::new(disposition.rates().len());
        course.bolus(&disposition, 0.0, amount);
        course.concentration(&disposition.rates(), time)
    }

    #[test]
    fn absorbed_dose_follows_the_bateman_function_and_reaches_its_peak() {
        let (ka, ke) = (LN_2 / 2.0, LN_2 / 13.0);
        let bateman = |t: f64| libm::exp(-ke * t) - libm::exp(-ka * t);
        let peak_time = libm::log(ka / ke) / (ka - ke);
        for time in [0.0, 0.1, 1.0, peak_time, 20.0, 300.0] {
            let expected = 2500.0 * 0.7 * bateman(time) / bateman(peak_time);
            assert_relative_eq!(after_one_dose(&absorbed(), 7.0, time), expected, epsilon = 1e-9, max_relative = 1e-12);
        }
    }

    #[test]
    fn two_compartments_reach_the_stated_peak_at_their_maximum() {
        let kinetics = Kinetics { distribution: Some(Distribution { half_life: 4.0, fraction: 0.6 }), ..absorbed() };
        let largest = (0..200_000).map(|i| after_one_dose(&kinetics, 10.0, f64::from(i) * 1e-3)).fold(0.0, f64::max);
        assert_relative_eq!(largest, 2500.0, max_relative = 1e-9);
    }

    #[test]
    fn infusion_ends_at_the_stated_concentration_and_then_decays() {
        let kinetics = Kinetics {
            elimination_half_life: 120.0,
            peak: Some(Peak { concentration: 1560.0, dose: 1.0, infusion: Some(40.0) }),
            ..Kinetics::default()
        };
        let disposition = Disposition::new(&kinetics, &Ligand::default());
        let mut course = Course::new(1);
        course.infusion(&disposition, 0.0, 0.5, 40.0, 1.0);
        let ke = LN_2 / 120.0;
        let rising = 780.0 * libm::expm1(-ke * 10.0) / libm::expm1(-ke * 40.0);
        assert_relative_eq!(course.concentration(&disposition.rates(), 10.0), rising, max_relative = 1e-12);
        course.infusion(&disposition, 40.0, 0.5, 40.0, -1.0);
        assert_relative_eq!(course.concentration(&disposition.rates(), 40.0), 780.0, max_relative = 1e-12);
        assert_relative_eq!(course.concentration(&disposition.rates(), 160.0), 390.0, max_relative = 1e-12);
    }

    #[test]
    fn volume_and_molar_mass_give_the_concentration() {
        let kinetics = Kinetics {
            elimination_half_life: 60.0,
            volume: Some(2.0),
            unbound_fraction: 0.5,
            brain_to_plasma: 3.0,
            ..Kinetics::default()
        };
        let ligand = Ligand { molar_mass: Some(250.0), ..Ligand::default() };
        let disposition = Disposition::new(&kinetics, &ligand);
        let mut course = Course::new(1);
        course.bolus(&disposition, 0.0, 10.0);
        // 10 mg/kg / 2 L/kg / 250 g/mol = 20 umol/L; times 0.5 times 3.
        assert_relative_eq!(course.concentration(&disposition.rates(), 0.0), 30_000.0, max_relative = 1e-12);
    }

    #[test]
    fn doses_superpose() {
        let kinetics = absorbed();
        let disposition = Disposition::new(&kinetics, &Ligand::default());
        let mut course = Course::new(2);
        for (time, amount) in [(0.0, 3.0), (7.0, 2.0), (7.0, 1.0), (31.0, 5.0)] {
            course.bolus(&disposition, time, amount);
        }
        let expected = after_one_dose(&kinetics, 3.0, 50.0)
            + after_one_dose(&kinetics, 3.0, 43.0)
            + after_one_dose(&kinetics, 5.0, 19.0);
        assert_relative_eq!(course.concentration(&disposition.rates(), 50.0), expected, max_relative = 1e-12);
    }

    #[test]
    fn equal_absorption_and_elimination_give_the_limit() {
        let kinetics = Kinetics { absorption_half_life: Some(13.0), ..absorbed() };
        let k = LN_2 / 13.0;
        for time in [1.0, 13.0, 40.0] {
            let expected = 2500.0 * k * time * libm::exp(1.0 - k * time);
            assert_relative_eq!(after_one_dose(&kinetics, 10.0, time), expected, max_relative = 1e-5);
        }
    }
}
