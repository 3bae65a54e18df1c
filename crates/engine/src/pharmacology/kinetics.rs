//! Kinetics: the concentration that doses leave at the receptor, as a sum of exponentials.
//!
//! After a bolus into the blood `C = C0 sum_p A_p exp(-lambda_p t)`, one phase per compartment. First-order absorption
//! adds a phase, a zero-order infusion a constant while it lasts. The concentration between two events is therefore
//! always `constant + sum_p c_p exp(-lambda_p (t - t0))`: exact, whatever the step, and as cheap after a hundred doses
//! as after one. Gabrielsson & Weiner 2016, Pharmacokinetic and Pharmacodynamic Data Analysis, 5th ed.

use crate::scenario::{Kinetics, Ligand};

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

    /// What an infusion of `amount` mg/kg over `duration` min would come to if it never ended, by phase, in nM.
    fn plateau(&self, amount: f64, duration: f64) -> Vec<f64> {
        let speed = amount / duration;
        self.phases.iter().map(|(rate, coefficient)| speed * coefficient / rate).collect()
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

/// Which administration of an arm something belongs to. An infusion ends because its own end has come: never is an end
/// found by its time, which those of others may share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoseIdentity {
    /// Which dose of the arm, in the order of the file.
    pub dose: usize,
    /// Which of its repetitions: 0 the first, then those that follow at the interval, then those of `also_at`.
    pub repetition: usize,
}

/// How a dose enters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given {
    /// How much, in mg/kg.
    pub amount: f64,
    /// Over how many min, for an infusion.
    pub duration: Option<f64>,
}

/// An infusion that has not ended.
#[derive(Clone, Debug, PartialEq)]
struct Infusion {
    identity: DoseIdentity,
    /// When it began, and how long it lasts, in min.
    start: f64,
    duration: f64,
    /// What it would come to, by phase, in nM.
    plateau: Vec<f64>,
}

/// The course of a concentration from one event to the next: `constant + sum_p c_p exp(-lambda_p (t - origin))`, in nM.
///
/// It is the sum of what has been left by boluses and by infusions that have ended, and of every infusion that runs, each by
/// itself: what ends takes nothing with it but its own, so that overlapping infusions leave no rounding behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Rate constant of each phase, per min.
    rates: Vec<f64>,
    /// Time of the last event, in min.
    origin: f64,
    /// What is left of all that has been given and has ended, by phase, at the origin.
    left: Vec<f64>,
    /// The infusions that run, in the order in which they began.
    running: Vec<Infusion>,
    /// Area under the course up to the origin, in nM min.
    area: f64,
}

impl Course {
    /// No drug, with phases of these rate constants.
    pub fn new(rates: Vec<f64>) -> Self {
        Self { origin: 0.0, left: vec![0.0; rates.len()], running: Vec::new(), area: 0.0, rates }
    }

    /// Time of the last event, in min.
    pub fn origin(&self) -> f64 {
        self.origin
    }

    /// What running infusions hold up, in nM.
    pub fn constant(&self) -> f64 {
        self.running.iter().flat_map(|infusion| &infusion.plateau).sum()
    }

    /// One coefficient for each phase, at the origin, in nM.
    pub fn coefficients(&self) -> Vec<f64> {
        let mut coefficients = self.left.clone();
        for infusion in &self.running {
            let phases = coefficients.iter_mut().zip(&infusion.plateau).zip(&self.rates);
            for ((coefficient, plateau), rate) in phases {
                *coefficient -= plateau * libm::exp(-rate * (self.origin - infusion.start));
            }
        }
        coefficients
    }

    /// Moves the origin to a later time without changing the course.
    fn rebase(&mut self, time: f64) {
        self.area = self.area_until(time);
        for (left, rate) in self.left.iter_mut().zip(&self.rates) {
            // Before the first event there is nothing to decay.
            *left *= libm::exp(-rate * (time - self.origin).max(0.0));
        }
        self.origin = time;
    }

    /// Gives a bolus, or begins an infusion that lasts until [`Self::end`].
    pub fn give(&mut self, disposition: &Disposition, time: f64, identity: DoseIdentity, given: Given) {
        self.rebase(time);
        let Given { amount, duration } = given;
        match duration {
            None => {
                for (left, added) in self.left.iter_mut().zip(disposition.bolus(amount)) {
                    *left += added;
                }
            }
            Some(duration) => {
                let plateau = disposition.plateau(amount, duration);
                self.running.push(Infusion { identity, start: time, duration, plateau });
            }
        }
    }

    /// Ends an infusion; one that a steady state has reset is not there any more.
    pub fn end(&mut self, time: f64, identity: DoseIdentity) {
        let Some(place) = self.running.iter().position(|infusion| infusion.identity == identity) else { return };
        self.rebase(time);
        let Infusion { duration, plateau, .. } = self.running.remove(place);
        for ((left, plateau), rate) in self.left.iter_mut().zip(plateau).zip(&self.rates) {
            // All that it has brought, however short it was.
            *left += plateau * -libm::expm1(-rate * duration);
        }
    }

    /// Forgets what was, with every infusion that runs, and puts the course where a dose finds it that has been given every
    /// `interval` min for ever: just after a bolus, or at the start of an infusion, which lasts an interval at most.
    pub fn steady_state(
        &mut self,
        disposition: &Disposition,
        time: f64,
        identity: DoseIdentity,
        given: Given,
        interval: f64,
    ) {
        self.rebase(time);
        self.running.clear();
        // What repeats at the interval adds up to a geometric series, 1 / (1 - exp(-lambda interval)).
        let repeated = |rate: f64| -1.0 / libm::expm1(-rate * interval);
        let Given { amount, duration } = given;
        match duration {
            None => {
                let phases = disposition.phases.iter();
                self.left = phases.map(|(rate, c)| amount * c * repeated(*rate)).collect();
            }
            Some(duration) => {
                // All that each infusion before has brought has decayed since its end.
                let plateau = disposition.plateau(amount, duration);
                let left = |(rate, plateau): (&f64, &f64)| {
                    let at_end = plateau * -libm::expm1(-rate * duration);
                    at_end * libm::exp(-rate * (interval - duration)) * repeated(*rate)
                };
                self.left = self.rates.iter().zip(&plateau).map(left).collect();
                self.running.push(Infusion { identity, start: time, duration, plateau });
            }
        }
    }

    /// The concentration in nM at a time; before the origin, that at the origin.
    pub fn concentration(&self, time: f64) -> f64 {
        let since = (time - self.origin).max(0.0);
        let coefficients = self.coefficients();
        let sum: f64 = coefficients.iter().zip(&self.rates).map(|(c, rate)| c * libm::exp(-rate * since)).sum();
        (self.constant() + sum).max(0.0)
    }

    /// The area under the course up to a time from the origin on, in nM min.
    pub fn area_until(&self, time: f64) -> f64 {
        let since = (time - self.origin).max(0.0);
        let phases = self.coefficients().into_iter().zip(&self.rates);
        let decaying: f64 = phases.map(|(c, rate)| c * -libm::expm1(-rate * since) / rate).sum();
        self.constant().mul_add(since, self.area + decaying)
    }
}

#[cfg(test)]
mod tests;
