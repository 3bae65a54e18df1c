//! Courses in time of the published circuits: memories and distractors, decisions with and without noise, transients.

use super::table::{Comparison, Comparisons, Failure, number, numbers, reference};
use disinhibit::analyze::System;
use disinhibit::config::load;
use disinhibit::readouts::trace::{Extreme, Trace};
use disinhibit::simulate::{Outcome, run};
use disinhibit::sweep::Engine;
use std::path::{Path, PathBuf};

/// The precision of what a fixed step of Runge-Kutta's method gives: rates along a course, and times.
const COURSE: f64 = 1e-7;
const SECONDS_PER_MIN: f64 = 60.0;
const MS_PER_MIN: f64 = 60_000.0;

fn file(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("configs/{place}.toml"))
}

/// What a scenario of `configs/published` leaves, with parameters changed as `--set` would.
fn outcome(name: &str, set: &[String]) -> Result<Outcome, Failure> {
    let loaded = load(&file(&format!("published/{name}")), set).map_err(|error| error.render())?;
    Ok(run(&loaded.scenario)?)
}

/// One arm of an outcome, recorded at every step.
struct Course<'a> {
    outcome: &'a Outcome,
    arm: usize,
}

impl Course<'_> {
    /// Each arm of an outcome, with its name.
    fn each(outcome: &Outcome) -> impl Iterator<Item = (&str, Course<'_>)> {
        outcome.arms.iter().enumerate().map(|(arm, of)| (of.name.as_str(), Course { outcome, arm }))
    }

    /// Uses the trace of a signal.
    fn trace<T>(&self, signal: &str, read: impl Fn(Trace<'_>) -> Option<T>) -> Result<T, Failure> {
        let recording = &self.outcome.arms[self.arm].recording;
        let values = recording.signal(signal).ok_or_else(|| format!("no signal {signal}"))?;
        Ok(read(Trace { times: recording.times(), values: &values }).ok_or_else(|| format!("{signal}: undefined"))?)
    }

    /// The rate of a population in the rate form at a time in s.
    fn rate(&self, population: &str, seconds: f64) -> Result<f64, Failure> {
        self.trace(&format!("rate.{population}"), |trace| trace.at(seconds / SECONDS_PER_MIN))
    }

    /// When a rate first reaches a level, in s.
    fn passage(&self, population: &str, level_hz: f64) -> Result<f64, Failure> {
        let minutes =
            self.trace(&format!("rate.{population}"), |trace| trace.first_rise_to(level_hz, 0.0, f64::INFINITY))?;
        Ok(minutes * SECONDS_PER_MIN)
    }

    /// The highest and lowest rate from time zero on, and when, in min.
    fn extremes(&self, population: &str) -> Result<[Extreme; 2], Failure> {
        let signal = format!("rate.{population}");
        Ok([
            self.trace(&signal, |trace| trace.highest(0.0, f64::INFINITY))?,
            self.trace(&signal, |trace| trace.lowest(0.0, f64::INFINITY))?,
        ])
    }

    /// All rates of a circuit whose rates follow its gates at once, from the gates at a time in s and the inputs that are
    /// on then.
    fn rates_of_gates(&self, seconds: f64, on: &[(usize, f64)]) -> Result<Vec<f64>, Failure> {
        let scenario = &self.outcome.scenario;
        let arm = &scenario.resolved_arms()[self.arm];
        let mut system = System::new(&scenario.for_arm(arm)?.circuit);
        for (population, input) in on {
            system.set_drive(*population, system.drive(*population) + input);
        }
        let rates = system.populations().into_iter().map(|name| format!("rate.{name}"));
        let signals = rates.chain(system.variable_names().into_iter().skip(system.size()));
        let state = |signal: String| self.trace(&signal, |trace| trace.at(seconds / SECONDS_PER_MIN));
        let state: Vec<f64> = signals.map(state).collect::<Result<_, Failure>>()?;
        Ok(system.rates(&state))
    }
}

/// Wong & Wang 2006 without noise: when decisions are made.
pub fn decision_times() -> Result<Vec<Comparison>, Failure> {
    let published = &reference("wong_wang2006")?["deterministic_time_to_15Hz_s"];
    let mut rows = Comparisons::of("wong_wang_2006");
    for input in ["20", "30"] {
        let outcome = outcome("wong_wang_2006", &[format!("constants.mu0={input}")])?;
        for (name, course) in Course::each(&outcome) {
            let coherence: f64 = name.trim_end_matches(" %").parse()?;
            rows.under(&format!("mu0 {input} Hz, c {coherence} %, without noise"));
            let theirs = number(&published[format!("mu0={input},c={coherence:?}")]);
            rows.add("time to 15 Hz (s)", theirs, course.passage("A", 15.0)?, COURSE);
        }
    }
    Ok(rows.all)
}

/// How often noisy decisions are right, and when they are made on average: the sweep of `configs/sweeps/wong_wang_2006.toml`.
/// Beside it the numbers of an independent simulation of 4000 decisions for each coherence in %: the share that is right, and
/// the mean time in s. Both have sampling errors: they agree where the difference is at most three of its standard errors.
pub fn noisy_decisions() -> Result<Vec<Comparison>, Failure> {
    const PUBLISHED: [(f64, f64, f64); 3] = [(3.2, 0.664, 0.601), (6.4, 0.817, 0.557), (12.8, 0.963, 0.464)];
    const DECISIONS: f64 = 4000.0;
    let loaded = load(&file("sweeps/wong_wang_2006"), &[]).map_err(|error| error.render())?;
    let engine = Engine::new(&loaded.sweep.ok_or("this is no sweep")?, &loaded.scenario, None)?;
    let runs: Vec<u64> = (0..engine.runs()).step_by(CHUNK as usize).collect();
    let mut decisions: Vec<(f64, bool, f64)> = Vec::new();
    for first in runs {
        for row in engine.rows(first..(first + CHUNK).min(engine.runs())) {
            let coherence = row.axes[0].number.ok_or("a coherence is a number")?;
            // A reader that never gets there is later than any that does.
            let [for_a, for_b] =
                [0, 1].map(|place| if row.readouts[place].is_nan() { f64::INFINITY } else { row.readouts[place] });
            decisions.push((coherence, for_a < for_b, for_a.min(for_b)));
        }
    }
    let mut rows = Comparisons::of("wong_wang_2006");
    for (coherence, right, seconds) in PUBLISHED {
        let made: Vec<&(f64, bool, f64)> =
            decisions.iter().filter(|(of, _, time)| (of - coherence).abs() < 1e-9 && time.is_finite()).collect();
        let count = made.len() as f64;
        let share = made.iter().filter(|(_, right, _)| *right).count() as f64 / count;
        let mean = made.iter().map(|(_, _, time)| time).sum::<f64>() / count;
        let variance = made.iter().map(|(_, _, time)| (time - mean) * (time - mean)).sum::<f64>() / (count - 1.0);
        rows.under(&format!("mu0 30 Hz, c {coherence} %, with noise"));
        let binomial = right * (1.0 - right) * (1.0 / DECISIONS + 1.0 / count);
        rows.add("share of decisions that are right", right, share, 3.0 * libm::sqrt(binomial) / right);
        let of_times = variance * (1.0 / DECISIONS + 1.0 / count);
        rows.add("mean time of a decision (s)", seconds, mean, 3.0 * libm::sqrt(of_times) / seconds);
    }
    Ok(rows.all)
}

/// Runs of the sweep that are made at a time, so that their traces need little memory.
const CHUNK: u64 = 512;

/// Murray et al. 2017: what a distractor does to the memory of each area, and how both decide together.
pub fn two_areas() -> Result<Vec<Comparison>, Failure> {
    let published = reference("murray2017")?;
    let mut rows = Comparisons::of("murray_2017");
    let memory = outcome("murray_2017_memory", &[])?;
    let (_, course) = Course::each(&memory).last().ok_or("no arm")?;
    let at = [("baseline", 0.0), ("end_pulse_A", 0.5), ("delay_1p5s", 2.0), ("after_distractor_1p5s", 4.0)];
    let names = ["before the stimulus", "at its end", "1.5 s later", "1.5 s after the distractor"];
    for (area, strength, first) in [("PPC", "0.35", 0), ("PFC", "0.4182", 2)] {
        rows.under(&format!("{area} alone"));
        for ((key, seconds), name) in at.into_iter().zip(names) {
            let on: &[(usize, f64)] = if key == "end_pulse_A" { &[(first, 0.0295)] } else { &[] };
            let ours = course.rates_of_gates(seconds, on)?;
            let theirs = numbers(&published["pulse_protocol_Hz"][format!("J_S={strength}")][key]);
            let quantities = ["A", "B"].map(|population| format!("r_{population} {name} (Hz)"));
            rows.add_all(&quantities.each_ref().map(String::as_str), &theirs, &ours[first..first + 2], COURSE);
        }
        let kept = |rates: &[f64]| f64::from(u8::from(rates[0] > rates[1]));
        let theirs = numbers(&published["pulse_protocol_Hz"][format!("J_S={strength}")]["after_distractor_1p5s"]);
        let ours = course.rates_of_gates(4.0, &[])?;
        rows.add("memory outlasts the distractor (1: yes)", kept(&theirs), kept(&ours[first..]), 0.0);
    }
    let decision = outcome("murray_2017_decision", &[])?;
    for (name, course) in Course::each(&decision) {
        let coherence = name.trim_end_matches(" %");
        rows.under(&format!("both, c {coherence} %"));
        for area in ["PPC", "PFC"] {
            let theirs = number(&published["decision_deterministic"][coherence][format!("t_{area}_25Hz_s")]);
            rows.add(
                &format!("time of {area} to 25 Hz (s)"),
                theirs,
                course.passage(&format!("{area}_A"), 25.0)?,
                COURSE,
            );
        }
        if coherence == "12.8" {
            let on = [(0, 0.0118 * 1.128), (1, 0.0118 * 0.872)];
            let names = ["PPC_A", "PPC_B", "PFC_A", "PFC_B"];
            for (key, when, seconds, on) in [
                ("rates_end_stim_12.8", "at the end of the stimulus", 1.5, on.as_slice()),
                ("rates_delay_3s_12.8", "3 s later", 4.5, &[]),
            ] {
                let names = names.map(|name| format!("r of {name} {when} (Hz)"));
                let ours = course.rates_of_gates(seconds, on)?;
                rows.add_all(&names.each_ref().map(String::as_str), &numbers(&published[key]), &ours, COURSE);
            }
        }
    }
    Ok(rows.all)
}

/// Mejias & Wang 2022: what is left of a pulse.
pub fn persistence() -> Result<Vec<Comparison>, Failure> {
    let published = &reference("mejias_wang2022")?["pulse_test"];
    let mut rows = Comparisons::of("mejias_wang_2022");
    let outcome = outcome("mejias_wang_2022", &[])?;
    for (name, course) in Course::each(&outcome) {
        let strength = name.trim_start_matches("J_s ").trim_end_matches(" nA");
        rows.under(&format!("J_s {strength} nA, pulse of 0.3 nA"));
        for (key, when, seconds) in [
            ("r_spont", "before the pulse", 0.0),
            ("r_end_of_pulse", "at its end", 0.5),
            ("r_8s_after", "8 s later", 8.5),
        ] {
            for (population, theirs) in ["A", "B", "C"].into_iter().zip(numbers(&published[strength][key])) {
                rows.add(&format!("r_{population} {when} (Hz)"), theirs, course.rate(population, seconds)?, COURSE);
            }
        }
    }
    Ok(rows.all)
}

/// Chaudhuri et al. 2015: the paradox over time.
pub fn paradox() -> Result<Vec<Comparison>, Failure> {
    let published = &reference("isn_tsodyks_ozeki")?["cases"];
    let mut rows = Comparisons::of("isn_chaudhuri_2015");
    for weight in ["24.3", "20.0", "12.0"] {
        let outcome = outcome("isn_chaudhuri_2015", &[format!("onto.E.E={weight}")])?;
        for ((name, course), key) in Course::each(&outcome).zip(["dI_I=+10pA", "dI_E=+10pA"]) {
            let published = &published[format!("wEE={weight}")][key];
            rows.under(&format!("w_EE {weight}, {name}"));
            let [highest, _] = course.extremes("I")?;
            rows.add("highest rate of I (Hz)", number(&published["rI_peak"]), highest.value, COURSE);
            rows.add("when (ms)", number(&published["t_peak_ms"]), highest.at_min * MS_PER_MIN, COURSE);
        }
    }
    Ok(rows.all)
}

/// Garcia del Molino et al. 2017: what input to VIP cells does to SST cells over time.
pub fn transients() -> Result<Vec<Comparison>, Failure> {
    let published = &reference("garcia_del_molino2017")?["W_4dec"];
    let mut all = Vec::new();
    for state in ["low", "high"] {
        let name = format!("garcia_del_molino_2017_{state}");
        let mut rows = Comparisons::of(&name);
        let outcome = outcome(&name, &[])?;
        let (_, course) = Course::each(&outcome).next().ok_or("no arm")?;
        let published = &published[state]["VIP_plus10pA"];
        rows.under("VIP +10 pA");
        let [_, lowest] = course.extremes("SST")?;
        rows.add("lowest rate of SST (Hz)", number(&published["SST_min"]), lowest.value, COURSE);
        if let Some(back) = published["SST_t_cross_baseline_ms"].as_f64() {
            rows.add("when (ms)", number(&published["SST_t_min_ms"]), lowest.at_min * MS_PER_MIN, COURSE);
            let rest = course.rate("SST", 0.0)?;
            let ours = course.trace("rate.SST", |trace| trace.first_rise_to(rest, lowest.at_min, f64::INFINITY))?;
            let ours = ours * MS_PER_MIN;
            // Theirs is known to the interval of their samples, 0.01 ms.
            rows.add("when it is back at its rest (ms, to 0.01)", back, ours, 0.01 / back);
        }
        for (key, seconds) in [("r_at_5ms", 0.005), ("r_at_20ms", 0.02)] {
            let names = ["Pyr", "PV", "SST", "VIP"];
            for (name, theirs) in names.iter().zip(numbers(&published[key])) {
                rows.add(
                    &format!("{name} after {} ms (Hz)", 1e3 * seconds),
                    theirs,
                    course.rate(name, seconds)?,
                    COURSE,
                );
            }
        }
        all.extend(rows.all);
    }
    Ok(all)
}

/// Everything of this file.
pub fn all() -> Result<Vec<Comparison>, Failure> {
    let parts = [decision_times()?, noisy_decisions()?, two_areas()?, persistence()?, paradox()?, transients()?];
    Ok(parts.concat())
}
