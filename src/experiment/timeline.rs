//! The timeline of an arm: what changes when, and what is in force between two changes.

use super::stimulus::{Part, Wave, parts};
use crate::numeric::lanes::Row;
use crate::pharmacology::kinetics::{Course, Disposition};
use crate::pharmacology::{CourseKey, Courses, Pharmacology, species_disposition};
use crate::spec::units::is_of;
use crate::spec::{Administration, Arm, Injection, Population, Reference, Scenario};

/// Something that begins, ends, or happens at one moment.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    /// A bolus into a course, mg/kg.
    Bolus { course: usize, amount: f64 },
    /// A dose of mg/kg, over min where it is an infusion, that has been given at this interval for ever.
    SteadyState { course: usize, amount: f64, duration: Option<f64>, interval: f64 },
    /// An infusion of mg/kg over min; sign -1 at its end.
    Infusion { course: usize, amount: f64, duration: f64, sign: f64 },
    /// A bath, an injection, a block or stress exposure, by its place among the arm's spans.
    Span { index: usize, on: bool },
}

/// What holds for a span of time.
#[derive(Clone, Debug, PartialEq)]
enum Held {
    /// A concentration in nM.
    Bath { course: usize, concentration: f64 },
    /// An input in input units.
    Injection { population: usize, drive: f64 },
    /// An input that changes from step to step.
    Wave(Wave),
    /// A share of a site's receptors made unavailable.
    Block { site: usize, fraction: f64 },
    /// Exposure to stress.
    Exposure,
}

/// One arm's changes in order of time, and what is in force now.
#[derive(Clone, Debug)]
pub struct Timeline {
    changes: Vec<(f64, Change)>,
    next: usize,
    held: Vec<(Held, bool)>,
    courses: Vec<Course>,
    dispositions: Vec<Option<Disposition>>,
    sites: usize,
    populations: usize,
}

/// What the arms of a block have in force, one number per lane.
#[derive(Clone, Debug)]
pub struct Inputs<const G: usize> {
    /// Courses of concentration.
    pub courses: Courses<G>,
    /// Available share of each site's receptors.
    pub available: Vec<Row<G>>,
    /// Input injected into each population, in input units.
    pub injected: Vec<Row<G>>,
    /// Exposure to stress, 0 or 1.
    pub exposure: Row<G>,
}

impl<const G: usize> Inputs<G> {
    /// Nothing given, nothing blocked.
    pub fn none(pharmacology: &Pharmacology<G>, populations: usize) -> Self {
        Self {
            courses: pharmacology.no_doses(),
            available: vec![Row::splat(1.0); pharmacology.sites.len()],
            injected: vec![Row::ZERO; populations],
            exposure: Row::ZERO,
        }
    }
}

impl Timeline {
    /// The timeline of an arm in a model with these courses, sites and populations. Spans that are open at the start
    /// of the run begin with it.
    pub fn new<const G: usize>(
        scenario: &Scenario,
        arm: &Arm,
        pharmacology: &Pharmacology<G>,
        populations: &[String],
    ) -> Self {
        let keys: Vec<&CourseKey> = pharmacology.courses.iter().map(|course| &course.key).collect();
        let course_of = |ligand: &str, form: &str| {
            let ligand = scenario.ligands.get_index_of(ligand)?;
            keys.iter().position(|key| key.ligand == ligand && key.form == form)
        };
        let dispositions = keys.iter().map(|key| species_disposition(scenario, key.ligand)).collect();
        let courses = pharmacology.courses.iter().map(|course| Course::new(course.rates.len())).collect();
        let mut timeline = Self {
            changes: Vec::new(),
            next: 0,
            held: Vec::new(),
            courses,
            dispositions,
            sites: pharmacology.sites.len(),
            populations: populations.len(),
        };
        for dose in &arm.doses {
            if let Some(course) = course_of(&dose.ligand, &dose.form) {
                dose.administrations().into_iter().for_each(|one| timeline.give(course, one));
            }
        }
        for bath in &arm.baths {
            if let Some(course) = course_of(&bath.ligand, &bath.form) {
                timeline.hold(Held::Bath { course, concentration: bath.concentration }, bath.from, bath.to);
            }
        }
        for block in &arm.block {
            for (site, _) in sites_of(pharmacology, &block.receptor, &block.cells) {
                timeline.hold(Held::Block { site, fraction: block.fraction }, block.from, block.to);
            }
        }
        for injection in &arm.inject {
            let aimed = populations.iter().enumerate().filter(|(_, name)| is_of(name, &injection.population));
            let ring = scenario.circuit.written().populations.get(&injection.population).and_then(Population::ring);
            for (unit, (population, _)) in aimed.enumerate() {
                let height =
                    injection.tuning.as_ref().zip(ring).map_or(1.0, |(tuning, ring)| tuning.factor(unit, ring));
                let injection = Injection { fraction: injection.fraction * height, ..injection.clone() };
                for part in parts(&injection, population, &scenario.run) {
                    match part {
                        Part::Constant(drive, from, to) => {
                            timeline.hold(Held::Injection { population, drive }, from, to);
                        }
                        Part::Wave(wave, from, to) => timeline.hold(Held::Wave(wave), from, to),
                    }
                }
            }
        }
        if let Some(stress) = arm.stress.as_ref().filter(|stress| stress.exposure) {
            if stress.periods.is_empty() || stress.from.is_some() || stress.to.is_some() {
                timeline.hold(Held::Exposure, stress.from, stress.to);
            }
            for period in &stress.periods {
                timeline.hold(Held::Exposure, Some(period.from), Some(period.to));
            }
        }
        timeline.changes.sort_by(|one, other| one.0.total_cmp(&other.0));
        timeline
    }

    fn give(&mut self, course: usize, one: Administration) {
        let Administration { at, amount, duration, steady_state } = one;
        let begin = match (steady_state, duration) {
            (Some(interval), duration) => Change::SteadyState { course, amount, duration, interval },
            (None, None) => Change::Bolus { course, amount },
            (None, Some(duration)) => Change::Infusion { course, amount, duration, sign: 1.0 },
        };
        self.changes.push((at, begin));
        if let Some(duration) = duration {
            self.changes.push((at + duration, Change::Infusion { course, amount, duration, sign: -1.0 }));
        }
    }

    fn hold(&mut self, held: Held, from: Option<f64>, to: Option<f64>) {
        let index = self.held.len();
        self.held.push((held, from.is_none()));
        if let Some(from) = from {
            self.changes.push((from, Change::Span { index, on: true }));
        }
        if let Some(to) = to {
            self.changes.push((to, Change::Span { index, on: false }));
        }
    }

    /// The waves in force.
    pub fn waves(&self) -> impl Iterator<Item = Wave> {
        self.held.iter().filter_map(|(held, on)| match held {
            Held::Wave(wave) if *on => Some(wave.clone()),
            _ => None,
        })
    }

    /// The time of the next change in min; infinite after the last.
    pub fn next_change(&self) -> f64 {
        self.changes.get(self.next).map_or(f64::INFINITY, |(time, _)| *time)
    }

    /// The times of all changes, in order.
    pub fn times(&self) -> impl Iterator<Item = f64> {
        self.changes.iter().map(|(time, _)| *time)
    }

    /// Carries out every change due at or before `time`, or at most `soon` after it, as if it happened at `time`; in min. True
    /// if there was one.
    pub fn advance(&mut self, time: f64, soon: f64) -> bool {
        let start = self.next;
        while self.next_change() <= time + soon {
            let (due, change) = self.changes[self.next].clone();
            self.next += 1;
            match change {
                Change::Bolus { course, amount } => {
                    if let Some(disposition) = &self.dispositions[course] {
                        self.courses[course].bolus(disposition, time, amount);
                    }
                }
                Change::SteadyState { course, amount, duration, interval } => {
                    if let Some(disposition) = &self.dispositions[course] {
                        self.courses[course].steady_state(disposition, time, (amount, duration), interval);
                    }
                    // Infusions that ran are forgotten, and so are their ends; that of this one is still to come.
                    let own = duration.map(|lasts| due + lasts);
                    let kept = self.changes.split_off(self.next);
                    self.changes.extend(kept.into_iter().filter(|(at, change)| match change {
                        Change::Infusion { course: other, duration: lasts, sign, .. } => {
                            *other != course || *sign > 0.0 || *at - lasts >= due || Some(*at) == own
                        }
                        _ => true,
                    }));
                }
                Change::Infusion { course, amount, duration, sign } => {
                    if let Some(disposition) = &self.dispositions[course] {
                        self.courses[course].infusion(disposition, time, amount, duration, sign);
                    }
                }
                Change::Span { index, on } => self.held[index].1 = on,
            }
        }
        self.next > start
    }

    /// Writes what is in force into a lane of the block's inputs.
    pub fn write<const G: usize>(&self, lane: usize, inputs: &mut Inputs<G>) {
        let mut available = vec![1.0; self.sites];
        let mut injected = vec![0.0; self.populations];
        let mut baths = vec![0.0; self.courses.len()];
        let mut exposure = 0.0;
        for (held, _) in self.held.iter().filter(|(_, on)| *on) {
            match held {
                Held::Bath { course, concentration } => baths[*course] += concentration,
                Held::Injection { population, drive } => injected[*population] += drive,
                Held::Wave(_) => {}
                Held::Block { site, fraction } => available[*site] *= 1.0 - fraction,
                Held::Exposure => exposure = 1.0,
            }
        }
        for (row, value) in inputs.available.iter_mut().zip(available) {
            row.set(lane, value);
        }
        for (row, value) in inputs.injected.iter_mut().zip(injected) {
            row.set(lane, value);
        }
        inputs.exposure.set(lane, exposure);
        for ((row, course), bath) in inputs.courses.courses.iter_mut().zip(&self.courses).zip(baths) {
            row.origin.set(lane, course.origin);
            row.constant.set(lane, course.constant + bath);
            for (row, coefficient) in row.coefficients.iter_mut().zip(&course.coefficients) {
                row.set(lane, *coefficient);
            }
        }
    }
}

/// The sites of a receptor on the named populations, by index.
fn sites_of<'a, const G: usize>(
    pharmacology: &'a Pharmacology<G>,
    receptor: &'a str,
    cells: &'a [String],
) -> impl Iterator<Item = (usize, &'a str)> {
    pharmacology.sites.iter().enumerate().filter_map(move |(index, site)| {
        let here = pharmacology.receptors[site.receptor].name == receptor && cells.contains(&site.population);
        here.then_some((index, site.population.as_str()))
    })
}

/// The available share of each site at rest: 1, less what compensated blocks took away before the circuit settled.
pub fn resting_availability<const G: usize>(arm: &Arm, pharmacology: &Pharmacology<G>) -> Vec<f64> {
    let mut available = vec![1.0; pharmacology.sites.len()];
    for block in arm.block.iter().filter(|block| block.reference == Reference::Compensated) {
        for (site, _) in sites_of(pharmacology, &block.receptor, &block.cells) {
            available[site] *= 1.0 - block.fraction;
        }
    }
    available
}
