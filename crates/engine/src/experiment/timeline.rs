//! The timeline of an arm: what changes when, and what is in force between two changes.

use super::stimulus::{Part, Wave, parts};
use crate::numeric::lanes::Row;
use crate::pharmacology::kinetics::{Course, Disposition, DoseIdentity, Given};
use crate::pharmacology::{CourseKey, Courses, Pharmacology, species_disposition};
use crate::scenario::units::is_of;
use crate::scenario::{Administration, Arm, Injection, Population, Reference, Scenario};

/// Moments no farther apart than this, in min, are one: their difference is that of rounding.
pub fn as_one(time: f64) -> f64 {
    1e-9 * time.abs().max(1.0)
}

/// Something that begins, ends, or happens at one moment.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    /// A bolus into a course, or the start of an infusion.
    Dose { course: usize, identity: DoseIdentity, given: Given },
    /// A dose that has been given at this interval for ever.
    SteadyState { course: usize, identity: DoseIdentity, given: Given, interval: f64 },
    /// The end of an infusion.
    End { course: usize, identity: DoseIdentity },
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

/// One arm's changes in order of time, and what is in force now. Those of one moment are in the order of the file: a dose at
/// steady state resets what stands before it, and what stands after it comes on top.
#[derive(Clone, Debug)]
pub struct Timeline {
    changes: Vec<(f64, Change)>,
    next: usize,
    held: Vec<(Held, bool)>,
    courses: Vec<Course>,
    /// Area under the baths of each course, in nM min, and the time in min until which it is counted.
    bath_areas: Vec<f64>,
    counted_until: f64,
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
        let dispositions: Vec<Option<Disposition>> =
            keys.iter().map(|key| species_disposition(scenario, key.ligand)).collect();
        let rates = |disposition: &Option<Disposition>| disposition.as_ref().map_or_else(Vec::new, Disposition::rates);
        let courses: Vec<Course> = dispositions.iter().map(|disposition| Course::new(rates(disposition))).collect();
        let mut timeline = Self {
            changes: Vec::new(),
            next: 0,
            held: Vec::new(),
            bath_areas: vec![0.0; courses.len()],
            counted_until: scenario.run.from,
            courses,
            dispositions,
            sites: pharmacology.sites.len(),
            populations: populations.len(),
        };
        for (dose, spec) in arm.doses.iter().enumerate() {
            let Some(course) = course_of(&spec.ligand, &spec.form) else { continue };
            for (repetition, one) in spec.administrations(scenario.absorbed(&spec.ligand)).into_iter().enumerate() {
                timeline.give(course, DoseIdentity { dose, repetition }, one);
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
        timeline.inject(scenario, arm, populations);
        timeline.expose(arm);
        timeline.changes = in_order(timeline.changes);
        timeline
    }

    fn inject(&mut self, scenario: &Scenario, arm: &Arm, populations: &[String]) {
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
                            self.hold(Held::Injection { population, drive }, from, to);
                        }
                        Part::Wave(wave, from, to) => self.hold(Held::Wave(wave), from, to),
                    }
                }
            }
        }
    }

    fn expose(&mut self, arm: &Arm) {
        if let Some(stress) = arm.stress.as_ref().filter(|stress| stress.exposure) {
            if stress.periods.is_empty() || stress.from.is_some() || stress.to.is_some() {
                self.hold(Held::Exposure, stress.from, stress.to);
            }
            for period in &stress.periods {
                self.hold(Held::Exposure, Some(period.from), Some(period.to));
            }
        }
    }

    fn give(&mut self, course: usize, identity: DoseIdentity, one: Administration) {
        let Administration { at, amount, duration, steady_state } = one;
        let given = Given { amount, duration };
        let begin = match steady_state {
            Some(interval) => Change::SteadyState { course, identity, given, interval },
            None => Change::Dose { course, identity, given },
        };
        self.changes.push((at, begin));
        if let Some(duration) = duration {
            self.changes.push((at + duration, Change::End { course, identity }));
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

    /// When the inputs have kinks without beginning or ending, in min.
    pub fn kinks(&self) -> Vec<f64> {
        let kinks = |(held, _): &(Held, bool)| match held {
            Held::Wave(wave) => wave.kinks(),
            _ => Vec::new(),
        };
        self.held.iter().flat_map(kinks).collect()
    }

    /// Everything injected into each population at a time in min, waves included, in input units.
    pub fn injected_at(&self, time: f64) -> Vec<f64> {
        let mut injected = vec![0.0; self.populations];
        for (held, _) in self.held.iter().filter(|(_, on)| *on) {
            match held {
                Held::Injection { population, drive } => injected[*population] += drive,
                Held::Wave(wave) => injected[wave.population] += wave.value_at(time),
                Held::Bath { .. } | Held::Block { .. } | Held::Exposure => {}
            }
        }
        injected
    }

    /// The time of the next change in min; infinite after the last.
    pub fn next_change(&self) -> f64 {
        self.changes.get(self.next).map_or(f64::INFINITY, |(time, _)| *time)
    }

    /// The times of all changes, in order.
    pub fn times(&self) -> impl Iterator<Item = f64> {
        self.changes.iter().map(|(time, _)| *time)
    }

    /// Carries out every change due at or before `time`, or at most `soon` after it, in min; doses as of the very moment at
    /// which they are due. True if there was one.
    pub fn advance(&mut self, time: f64, soon: f64) -> bool {
        let start = self.next;
        while self.next_change() <= time + soon {
            let (due, change) = self.changes[self.next].clone();
            self.next += 1;
            self.carry_out(due, &change);
        }
        self.next > start
    }

    fn carry_out(&mut self, due: f64, change: &Change) {
        match *change {
            Change::Dose { course, identity, given } => {
                if let Some(disposition) = &self.dispositions[course] {
                    self.courses[course].give(disposition, due, identity, given);
                }
            }
            Change::SteadyState { course, identity, given, interval } => {
                if let Some(disposition) = &self.dispositions[course] {
                    self.courses[course].steady_state(disposition, due, identity, given, interval);
                }
            }
            Change::End { course, identity } => self.courses[course].end(due, identity),
            Change::Span { index, on } => {
                self.bath_areas = self.bath_areas_until(due);
                self.counted_until = due;
                self.held[index].1 = on;
            }
        }
    }

    /// The area under baths alone until a time, in nM min, one number for each course.
    fn bath_areas_until(&self, time: f64) -> Vec<f64> {
        let mut areas = self.bath_areas.clone();
        let since = (time - self.counted_until).max(0.0);
        for (held, _) in self.held.iter().filter(|(_, on)| *on) {
            if let Held::Bath { course, concentration } = held {
                areas[*course] += concentration * since;
            }
        }
        areas
    }

    /// The area under each course of concentration from the start of the run until a time after the last change, in nM min:
    /// the integral of what doses and baths leave, with nothing taken away.
    pub fn areas_until(&self, time: f64) -> Vec<f64> {
        let baths = self.bath_areas_until(time);
        self.courses.iter().zip(baths).map(|(course, bath)| course.area_until(time) + bath).collect()
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
            row.origin.set(lane, course.origin());
            row.constant.set(lane, course.constant() + bath);
            for (row, coefficient) in row.coefficients.iter_mut().zip(course.coefficients()) {
                row.set(lane, coefficient);
            }
        }
    }
}

/// Changes in order of time, those of one moment in the order in which they stand. Moments that differ by rounding are one:
/// 0.1 h and 0.2 h later is when 0.3 h is.
fn in_order(changes: Vec<(f64, Change)>) -> Vec<(f64, Change)> {
    let mut placed: Vec<(f64, usize, Change)> =
        changes.into_iter().enumerate().map(|(place, (time, change))| (time, place, change)).collect();
    placed.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut moment = f64::NEG_INFINITY;
    for (time, _, _) in &mut placed {
        if *time - moment <= as_one(*time) {
            *time = moment;
        } else {
            moment = *time;
        }
    }
    placed.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    placed.into_iter().map(|(time, _, change)| (time, change)).collect()
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
