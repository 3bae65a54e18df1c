//! Checks of the run and of the arms.

use super::{Checks, Problem};
use crate::scenario::arm::{Arm, Block, Dose, Reference};
use crate::scenario::nearest;
use crate::scenario::path::{PathError, joined};
use crate::scenario::readout::{Readout, recorded};
use crate::scenario::run::{Method, Time, fits};
use crate::scenario::settable::{Refusal, Setter, refusal};
use crate::scenario::units::of_all_units;
use crate::units::Dimension;

/// More steps or samples than this, and the run would take days or fill the memory.
const MOST_STEPS: f64 = 2e10;
const MOST_SAMPLES: f64 = 1e7;
/// What rounding makes of a whole number of steps, relative to it.
const WHOLE: f64 = 1e-6;
/// The smallest share of its range by which a peak stands out.
const LEAST_PROMINENCE: f64 = 0.01;
const MOST_STEPS_OF_A_BURST: f64 = 1e7;
const MOST_DOSES: f64 = 1e4;
const MS_PER_MIN: f64 = 60_000.0;

impl Checks<'_> {
    pub(super) fn run(&mut self) {
        let run = &self.scenario.run;
        if run.from >= run.to {
            self.report("run.to", "the run ends before it starts", "`to` later than `from`");
            return;
        }
        for (index, time) in run.report.iter().enumerate() {
            if time.minutes < run.from || time.minutes > run.to {
                let message = format!("`{}` lies outside the run", time.label);
                self.report(joined("run.report", &index.to_string()), message, self.run_span());
            }
            if run.report[..index].iter().any(|other| other.label == time.label) {
                let message = format!("`{}` is reported twice", time.label);
                self.report(joined("run.report", &index.to_string()), message, "each time once");
            }
        }
        if run.record.is_some_and(|record| (run.to - run.from) / record > MOST_SAMPLES) {
            self.report("run.record", "more than ten million samples", "a longer interval");
        }
        if run.tolerance > 1e-2 {
            self.report("run.tolerance", "too coarse to mean anything", "at most 0.01");
        }
        if run.tolerance < 1e-12 {
            self.report("run.tolerance", "finer than floating point allows", "at least 1e-12");
        }
        self.starts();
        self.signals();
        self.readouts();
        self.times_of_the_circuit();
        let scenario = self.scenario;
        let compare = &scenario.compare;
        if compare.from >= compare.to {
            self.report("compare.to", "the window ends before it starts", "`to` later than `from`");
        }
        if !compare.population.is_empty() {
            let circuit = &scenario.circuit;
            let names = circuit.populations.keys().chain(circuit.written().populations.keys()).map(String::as_str);
            self.known("compare.population".into(), "population", &compare.population, names);
        }
        if !compare.off_target.is_empty() && Readout::named(&compare.off_target, scenario).is_none() {
            let message = format!("there is no readout `{}`", compare.off_target);
            self.report(
                "compare.off_target",
                message,
                "a readout of one number, such as `highest.block.RECEPTOR.POPULATION`",
            );
        }
        for (key, name) in [("control", &compare.control), ("stress", &compare.stress)] {
            if !name.is_empty() {
                self.known_arm(joined("compare", key), name);
            }
        }
    }

    /// What fast and slow time ask of the populations.
    fn times_of_the_circuit(&mut self) {
        let scenario = self.scenario;
        let (run, circuit) = (&scenario.run, &scenario.circuit);
        let noisy = circuit
            .populations
            .values()
            .any(|population| population.noise.as_ref().is_some_and(|noise| noise.sigma > 0.0));
        if noisy && run.method == Method::RungeKutta4 {
            self.report("run.method", "rk4 is for circuits without noise", "euler-maruyama or heun");
        }
        if run.time == Time::Slow {
            if (run.average_over + run.average_after) / run.step > MOST_STEPS_OF_A_BURST {
                self.report("run.average_over", "a burst of more than ten million steps", "a shorter burst");
            }
            return;
        }
        if (run.to - run.from) * MS_PER_MIN / run.step > MOST_STEPS {
            self.report("run.step", "more than 2e10 steps", "a longer step, a shorter run, or slow time");
        }
        if run.signal_step * MS_PER_MIN < run.step {
            self.report("run.signal_step", "`signal_step` is shorter than the circuit's step", "at least `step`");
        }
        self.interval_of_samples();
        self.delays();
        for (name, tau) in circuit.time_constants() {
            if run.step > tau {
                let unit = circuit.input_unit;
                let message = format!("longer than the time constant of `{name}`");
                let limit = Dimension::CircuitTime.print(tau / 4.0, unit, 3);
                self.report("run.step", message, format!("a fraction of it: {limit} or less"));
            }
        }
    }

    /// In fast time, samples fall on steps.
    fn interval_of_samples(&mut self) {
        let run = &self.scenario.run;
        let Some(steps) = run.record.map(|record| record * MS_PER_MIN / run.step) else { return };
        let whole = libm::round(steps).max(1.0);
        if steps < 0.999 {
            self.report("run.record", "shorter than the circuit's step", "at least `step`");
        } else if (steps - whole).abs() > WHOLE * whole {
            let unit = self.scenario.circuit.input_unit;
            let [below, above] = [libm::floor(steps), libm::ceil(steps)]
                .map(|count| Dimension::CircuitTime.print(count * run.step, unit, 6));
            let expected = format!("a multiple of `step`, such as {below} or {above}");
            self.report("run.record", "no whole number of steps: samples fall on steps", expected);
        }
    }

    /// What is recorded.
    fn signals(&mut self) {
        let names = recorded(self.scenario);
        for (index, pattern) in self.scenario.run.signals.iter().enumerate() {
            if !names.iter().any(|name| fits(pattern, name)) {
                self.problems.push(Problem {
                    path: joined("run.signals", &index.to_string()),
                    message: format!("there is no signal `{pattern}`"),
                    expected: "names of signals, in which `*` stands for any letters, such as `rate.*`".into(),
                    nearest: nearest(pattern, names.iter().map(String::as_str)),
                });
            }
        }
    }

    /// The readouts that the summary has besides, and what peaks are.
    fn readouts(&mut self) {
        let scenario = self.scenario;
        if !scenario.run.readouts.is_empty() {
            let problems = Readout::chosen(&scenario.run.readouts, scenario).err().unwrap_or_default();
            let placed = |problem: Problem| Problem { path: format!("run.{}", problem.path), ..problem };
            self.problems.extend(problems.into_iter().map(placed));
        }
        if scenario.compare.prominence < LEAST_PROMINENCE {
            let message = "so small a share would count every flicker as a peak";
            self.report("compare.prominence", message, format!("{LEAST_PROMINENCE} to 1"));
        }
    }

    /// Where the circuit's variables start, where that is stated.
    fn starts(&mut self) {
        let scenario = self.scenario;
        if scenario.run.start.is_empty() {
            return;
        }
        if scenario.run.time == Time::Slow {
            let message = "in slow time the circuit is at its stable state from the start";
            self.report("run.start", message, "`time = \"fast\"`");
        }
        let names = scenario.circuit.variable_names();
        // A variable of a population of several units stands for that of each.
        let all = names.iter().map(|name| of_all_units(name)).filter(|all| !names.iter().any(|name| name == all));
        let known: Vec<&str> = names.iter().map(String::as_str).chain(all).collect();
        for name in scenario.run.start.keys() {
            self.known(joined("run.start", name), "variable", name, known.iter().copied());
        }
    }

    fn known_arm(&mut self, path: String, name: &str) -> bool {
        let scenario = self.scenario;
        self.known(path, "arm", name, scenario.arms.iter().map(|arm| arm.name.as_str()))
    }

    pub(super) fn arms(&mut self) {
        let scenario = self.scenario;
        if scenario.arms.is_empty() {
            self.report("arms", "the scenario has no arms", "at least one [[arms]] with a name");
        }
        let resolved = scenario.resolved_arms();
        for (index, arm) in scenario.arms.iter().enumerate() {
            let path = joined("arms", &index.to_string());
            if arm.name.trim().is_empty() {
                self.report(joined(&path, "name"), "an arm needs a name", "a text");
            } else if scenario.arms[..index].iter().any(|other| other.name == arm.name) {
                let message = format!("there is already an arm `{}`", arm.name);
                self.report(joined(&path, "name"), message, "a name of its own");
            }
            self.ancestry(&path, arm);
            self.arm(&path, arm);
            self.settings(&path, arm, &resolved[index]);
        }
    }

    fn ancestry(&mut self, path: &str, arm: &Arm) {
        let scenario = self.scenario;
        if arm.extends.is_empty() || !self.known_arm(joined(path, "extends"), &arm.extends) {
            return;
        }
        let mut chain = vec![arm.name.as_str()];
        let mut next = arm.extends.as_str();
        while let Some(parent) = scenario.arms.iter().find(|other| other.name == next) {
            if parent.name == arm.name {
                chain.push(next);
                let message = format!("arms extend one another in a circle: {}", chain.join(" -> "));
                self.report(joined(path, "extends"), message, "an arm that does not lead back here");
                return;
            }
            if chain.contains(&next) || parent.extends.is_empty() {
                return;
            }
            chain.push(next);
            next = &parent.extends;
        }
    }

    fn arm(&mut self, path: &str, arm: &Arm) {
        let scenario = self.scenario;
        let element = |list: &str, index: usize| joined(&joined(path, list), &index.to_string());
        if let Some(stress) = &arm.stress {
            let path = joined(path, "stress");
            let names = || scenario.stress.phenotypes.keys().map(String::as_str);
            if !stress.phenotype.is_empty() {
                self.known(joined(&path, "phenotype"), "stress phenotype", &stress.phenotype, names());
            } else if scenario.stress.phenotype.is_empty() && (stress.level > 0.0 || stress.exposure) {
                self.report(&path, "there is no stress phenotype", "`phenotype = …` here or in [stress]");
            }
            if stress.from.is_some() || stress.to.is_some() {
                self.span(&path, stress.from, stress.to);
            }
            for (index, period) in stress.periods.iter().enumerate() {
                self.span(&joined(&joined(&path, "periods"), &index.to_string()), Some(period.from), Some(period.to));
            }
        }
        for (index, dose) in arm.doses.iter().enumerate() {
            self.dose(&element("doses", index), dose);
        }
        for (index, bath) in arm.baths.iter().enumerate() {
            let path = element("baths", index);
            if self.known_ligand(joined(&path, "ligand"), &bath.ligand) {
                self.form(&path, &bath.ligand, &bath.form);
            }
            self.span(&path, bath.from, bath.to);
        }
        for (index, block) in arm.block.iter().enumerate() {
            self.block(&element("block", index), block);
        }
        for (index, injection) in arm.inject.iter().enumerate() {
            let path = element("inject", index);
            let written = scenario.circuit.written().populations.keys();
            let units = scenario
                .circuit
                .populations
                .keys()
                .filter(|name| !scenario.circuit.written().populations.contains_key(*name));
            let all = written.chain(units).map(String::as_str);
            self.known(joined(&path, "population"), "population", &injection.population, all);
            self.span(&path, injection.from, injection.to);
            self.waveform(&joined(&path, "waveform"), injection);
            self.tuning(&joined(&path, "tuning"), injection);
        }
        if let Some(compare) = &arm.compare {
            for (key, name) in [("control", &compare.control), ("stress", &compare.stress)] {
                if !name.is_empty() {
                    self.known_arm(joined(&joined(path, "compare"), key), name);
                }
            }
        }
    }

    fn form(&mut self, path: &str, ligand: &str, form: &str) {
        let scenario = self.scenario;
        if let Some(ligand) = scenario.ligands.get(ligand).filter(|_| !form.is_empty()) {
            self.known(joined(path, "form"), "form", form, ligand.forms.keys().map(String::as_str));
        }
    }

    fn dose(&mut self, path: &str, dose: &Dose) {
        let scenario = self.scenario;
        if dose.at < scenario.run.from {
            self.report(joined(path, "at"), "the dose comes before the run starts", self.run_span());
        } else if dose.at >= scenario.run.to {
            self.report(joined(path, "at"), "the dose comes after the run has ended", self.run_span());
        }
        if !self.known_ligand(joined(path, "ligand"), &dose.ligand) {
            return;
        }
        self.form(path, &dose.ligand, &dose.form);
        let Some(ligand) = scenario.ligands.get(&dose.ligand) else { return };
        let Some(kinetics) = ligand.kinetics.get(&scenario.species) else {
            let known: Vec<&str> = ligand.kinetics.keys().map(String::as_str).collect();
            let message = if scenario.species.is_empty() {
                "a dose needs the scenario's `species`".to_owned()
            } else {
                format!("`{}` has no kinetics for the species `{}`", dose.ligand, scenario.species)
            };
            let expected = if known.is_empty() {
                format!("[ligands.{}.kinetics.SPECIES]", dose.ligand)
            } else {
                format!("a species among {}", known.join(", "))
            };
            self.report(joined(path, "ligand"), message, expected);
            return;
        };
        self.further_doses(path, dose);
        if (dose.duration.is_some() || dose.rate.is_some()) && kinetics.absorption_half_life.is_some() {
            let message = "only an intravenous dose can be an infusion";
            let place = if dose.duration.is_some() { "duration" } else { "rate" };
            self.report(joined(path, place), message, "kinetics with route = \"iv\"");
        }
    }

    /// Checks what follows a dose, and what came before it.
    fn further_doses(&mut self, path: &str, dose: &Dose) {
        let needs_interval = "the time between two doses, such as `interval = \"24 h\"`";
        if dose.duration.is_some() && dose.rate.is_some() {
            self.report(joined(path, "rate"), "both `duration` and `rate` are given", "one of them");
        }
        if dose.additional > 0 && dose.interval.is_none() {
            self.report(joined(path, "additional"), "doses that follow need an `interval`", needs_interval);
        }
        if dose.additional as f64 > MOST_DOSES {
            let message = format!("{} doses follow, more than fit into a run", dose.additional);
            self.report(joined(path, "additional"), message, format!("at most {MOST_DOSES}"));
        }
        if dose.steady_state && dose.interval.is_none() {
            self.report(joined(path, "steady_state"), "a steady state needs an `interval`", needs_interval);
        }
        let duration = dose.first_administration(self.scenario.absorbed(&dose.ligand)).duration;
        if dose.steady_state && duration.zip(dose.interval).is_some_and(|(lasts, interval)| lasts > interval) {
            let message = "an infusion longer than the interval";
            self.report(joined(path, "interval"), message, "at least the duration, for a steady state");
        }
        let scenario = self.scenario;
        for (index, time) in dose.also_at.iter().enumerate() {
            if time.minutes < scenario.run.from || time.minutes >= scenario.run.to {
                let path = joined(&joined(path, "also_at"), &index.to_string());
                self.report(path, format!("`{}` lies outside the run", time.label), self.run_span());
            }
        }
    }

    fn block(&mut self, path: &str, block: &Block) {
        let scenario = self.scenario;
        if block.cells.is_empty() {
            self.report(joined(path, "cells"), "no cells are named", "a list of populations");
        }
        if self.known_receptor(joined(path, "receptor"), &block.receptor)
            && let Some(receptor) = scenario.receptors.get(&block.receptor)
        {
            for (index, cells) in block.cells.iter().enumerate() {
                let path = joined(&joined(path, "cells"), &index.to_string());
                if self.known_population(path.clone(), cells) && !receptor.on.contains_key(cells) {
                    let carriers: Vec<&str> = receptor.on.keys().map(String::as_str).collect();
                    let message = format!("`{cells}` does not carry `{}`", block.receptor);
                    self.report(path, message, carriers.join(", "));
                }
            }
        }
        if block.reference == Reference::Compensated && block.from.is_some() {
            let message = "a block that starts during the run cannot be compensated";
            self.report(joined(path, "reference"), message, "\"intact\", or no `from`");
        }
        if block.from.is_some() || block.to.is_some() {
            self.span(path, block.from, block.to);
        }
    }

    /// Carries out on a copy what the arm sets, with what it inherits, to find paths and values that do not fit; then checks
    /// the copy as far as an arm can change it.
    fn settings(&mut self, path: &str, arm: &Arm, resolved: &Arm) {
        let mut changed = self.scenario.clone();
        let mut sound = true;
        for (target, setting) in &resolved.set {
            let path = joined(&joined(path, "set"), target);
            // What is wrong with what is inherited is said of the arm that states it.
            let own = arm.set.contains_key(target);
            if let Some(Refusal { message, expected }) = refusal(target, Setter::Arm) {
                sound = false;
                if own {
                    self.report(path, message, expected);
                }
            } else if let Err(error) = changed.set(target, setting) {
                sound = false;
                if own {
                    self.problems.push(from_path_error(path, error));
                }
            }
        }
        if sound && !resolved.set.is_empty() && self.problems.is_empty() {
            let mut checks = Checks::new(&changed);
            checks.circuit();
            checks.pharmacology();
            checks.times_of_the_circuit();
            checks.arm("", resolved);
            for problem in checks.problems {
                let message = format!("with this arm's `set`, {}: {}", problem.path, problem.message);
                self.problems.push(Problem { path: joined(path, "set"), message, ..problem });
            }
        }
    }
}

fn from_path_error(path: String, error: PathError) -> Problem {
    match error {
        PathError::NoSuchPath { path: target, nearest } => {
            let expected = "the path of a parameter, as `disinhibit check` lists them".into();
            Problem { path, message: format!("there is no parameter `{target}`"), expected, nearest }
        }
        PathError::BadValue { message, expected, .. } => Problem { path, message, expected, nearest: None },
    }
}
