//! Ligands and receptors as signals: doses to concentrations, concentrations to occupancy, occupancy to activation.
//!
//! [`Pharmacology`] holds what the lanes of a block share and the numbers in which they may differ. What changes at
//! events (doses, baths, blocks) comes from outside as [`Courses`] and as the availability of each site.

mod build;
mod clamp;
pub mod kinetics;
pub mod receptor;

pub use build::{CourseKey, build, species_disposition};

use crate::numeric::functions::exp;
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::signals::{Hill, Relaxation};
use receptor::{Moment, Receptor, Site};

/// Ligands, receptors and sites over lanes.
#[derive(Clone, Debug)]
pub struct Pharmacology<const G: usize> {
    /// Ligands, in the order of the specification.
    pub ligands: Vec<Ligand<G>>,
    /// Courses of concentration: one for each ligand, and one for each of its forms that is given.
    pub courses: Vec<CourseRates<G>>,
    /// Concentrations as something sees them; the first ones are the ligands' own, in their order.
    pub exposures: Vec<Exposure<G>>,
    /// Receptors, in the order of the specification.
    pub receptors: Vec<Receptor<G>>,
    /// Receptors on populations, grouped by receptor.
    pub sites: Vec<Site<G>>,
}

/// A ligand.
#[derive(Clone, Debug)]
pub struct Ligand<const G: usize> {
    /// Its name.
    pub name: String,
    /// The share that is free to bind.
    pub free: Row<G>,
    /// Endogenous concentration at rest, nM.
    pub tone: Row<G>,
    /// What raises the endogenous concentration.
    pub release: Option<Release<G>>,
}

/// Release of an endogenous ligand.
#[derive(Clone, Debug)]
pub struct Release<const G: usize> {
    /// Relative rise as a function of a signal.
    pub rise: Hill<G>,
    /// How the concentration follows.
    pub relaxation: Relaxation<G>,
    /// Index of the concentration among the states.
    pub state: usize,
}

impl<const G: usize> Release<G> {
    /// The concentration to which a tone rises or falls under the signals: the tone itself where these are at rest.
    #[inline(always)]
    fn target<S: Simd>(&self, simd: S, tone: Lanes<S, G>, signals: &[Row<G>], rest: &[Row<G>]) -> Lanes<S, G> {
        let departure = self.rise.value(simd, signals) - self.rise.value(simd, rest);
        (tone * (departure + 1.0)).max(Lanes::splat(simd, 0.0))
    }
}

/// The rate constants of one course of concentration.
#[derive(Clone, Debug)]
pub struct CourseRates<const G: usize> {
    /// Ligand and form.
    pub key: CourseKey,
    /// Rate constant of each phase, per min.
    pub rates: Vec<Row<G>>,
}

/// A ligand's concentration as one receptor sees it: the forms weighted by their potency there.
#[derive(Clone, Debug)]
pub struct Exposure<const G: usize> {
    /// Which ligand.
    pub ligand: usize,
    /// The receptor, where the potencies of forms are stated for it.
    pub receptor: Option<String>,
    /// Courses and their weights.
    pub potencies: Vec<(usize, Row<G>)>,
    /// Index among the signals, where it is one.
    pub signal: Option<usize>,
}

/// The courses of all concentrations since each lane's last event.
#[derive(Clone, Debug)]
pub struct Courses<const G: usize> {
    /// For each course: its origin (min), constant (nM) and coefficients (nM).
    pub courses: Vec<CourseRow<G>>,
}

/// One course in every lane.
#[derive(Clone, Debug)]
pub struct CourseRow<const G: usize> {
    /// Time of the last event, min.
    pub origin: Row<G>,
    /// What infusions and baths hold up, nM.
    pub constant: Row<G>,
    /// One coefficient per phase, nM.
    pub coefficients: Vec<Row<G>>,
}

impl<const G: usize> Pharmacology<G> {
    /// Courses in which nothing was ever given.
    pub fn no_doses(&self) -> Courses<G> {
        let course = |rates: &CourseRates<G>| CourseRow {
            origin: Row::ZERO,
            constant: Row::ZERO,
            coefficients: vec![Row::ZERO; rates.rates.len()],
        };
        Courses { courses: self.courses.iter().map(course).collect() }
    }

    /// Concentrations at a time, one for each exposure, in nM; those that are signals are written there too.
    #[inline(never)]
    pub fn expose<S: Simd>(
        &self,
        simd: S,
        (time, courses): (Lanes<S, G>, &Courses<G>),
        states: &[Row<G>],
        (given, exposures): (&mut [Row<G>], &mut [Row<G>]),
        signals: &mut [Row<G>],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let zero = Lanes::splat(simd, 0.0);
                for ((course, rates), given) in courses.courses.iter().zip(&self.courses).zip(given.iter_mut()) {
                    // Before the first event there is nothing to decay.
                    let since = (time - Lanes::load(simd, &course.origin)).max(zero);
                    let mut concentration = Lanes::load(simd, &course.constant);
                    for (coefficient, rate) in course.coefficients.iter().zip(&rates.rates) {
                        let decay = exp(simd, -(Lanes::load(simd, rate) * since));
                        concentration = Lanes::load(simd, coefficient).mul_add(decay, concentration);
                    }
                    concentration.max(zero).store(given);
                }
                for (exposure, row) in self.exposures.iter().zip(exposures.iter_mut()) {
                    let ligand = &self.ligands[exposure.ligand];
                    let mut total = match &ligand.release {
                        Some(release) => Lanes::load(simd, &states[release.state]),
                        None => Lanes::load(simd, &ligand.tone),
                    };
                    for (course, potency) in &exposure.potencies {
                        total = Lanes::load(simd, potency).mul_add(Lanes::load(simd, &given[*course]), total);
                    }
                    let free = total * Lanes::load(simd, &ligand.free);
                    free.store(row);
                    if let Some(signal) = exposure.signal {
                        free.store(&mut signals[signal]);
                    }
                }
            },
        );
    }

    /// What doses and tones alone make of the concentrations in one lane at a time since its last event, in nM, with the signal
    /// of each. A ligand that is released has its concentration among the slow variables instead.
    pub fn given_at(&self, lane: usize, time: f64, courses: &Courses<G>) -> Vec<(usize, f64)> {
        let course = |index: usize| {
            let (course, rates) = (&courses.courses[index], &self.courses[index].rates);
            let since = (time - course.origin.get(lane)).max(0.0);
            let phases = course.coefficients.iter().zip(rates);
            let decayed = phases.map(|(coefficient, rate)| coefficient.get(lane) * libm::exp(-rate.get(lane) * since));
            (course.constant.get(lane) + decayed.sum::<f64>()).max(0.0)
        };
        let seen = self.exposures.iter().filter_map(|exposure| {
            let ligand = &self.ligands[exposure.ligand];
            let signal = exposure.signal.filter(|_| ligand.release.is_none())?;
            let given: f64 = exposure.potencies.iter().map(|(index, potency)| potency.get(lane) * course(*index)).sum();
            Some((signal, (ligand.tone.get(lane) + given) * ligand.free.get(lane)))
        });
        seen.collect()
    }

    /// Occupancy, activation, block and desensitisation of every site, written among the signals.
    #[inline(never)]
    pub fn activate<S: Simd>(
        &self,
        simd: S,
        available: &[Row<G>],
        exposures: &[Row<G>],
        states: &[Row<G>],
        signals: &mut [Row<G>],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                for (index, receptor) in self.receptors.iter().enumerate() {
                    let bound = receptor.bind(simd, exposures, states, signals);
                    let mut moment = Moment { exposures, states, signals };
                    for (site, available) in self.sites.iter().zip(available).filter(|(site, _)| site.receptor == index)
                    {
                        site.activate(simd, receptor, &bound, available, &mut moment);
                    }
                }
            },
        );
    }

    /// Rates of change, per min, of released ligands, slow binding and desensitisation.
    #[inline(never)]
    pub fn derivatives<S: Simd>(
        &self,
        simd: S,
        exposures: &[Row<G>],
        states: &[Row<G>],
        (signals, rest): (&mut [Row<G>], &[Row<G>]),
        derivatives: &mut [Row<G>],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                for release in self.ligands.iter().filter_map(|ligand| Some((ligand.release.as_ref()?, &ligand.tone))) {
                    let (release, tone) = release;
                    let target = release.target(simd, Lanes::load(simd, tone), signals, rest);
                    let now = Lanes::load(simd, &states[release.state]);
                    release.relaxation.derivative(simd, target, now).store(&mut derivatives[release.state]);
                }
                for receptor in
                    self.receptors.iter().filter(|receptor| receptor.bindings.iter().any(|b| b.slow.is_some()))
                {
                    let free = receptor.bind(simd, exposures, states, signals).free;
                    for (binding, slow) in
                        receptor.bindings.iter().filter_map(|binding| Some((binding, binding.slow.as_ref()?)))
                    {
                        let occupancy = Lanes::load(simd, &states[slow.state]);
                        let rate = binding.ratio(simd, exposures) * free - occupancy;
                        (Lanes::load(simd, &slow.off_rate) * rate).store(&mut derivatives[slow.state]);
                    }
                }
                for site in &self.sites {
                    if let Some(desensitisation) = &site.desensitisation {
                        let rate = desensitisation.derivative(simd, site.activation, states, signals, rest);
                        rate.store(&mut derivatives[desensitisation.state]);
                    }
                }
            },
        );
    }
}
