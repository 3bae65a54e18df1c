//! A lane never feels its neighbours, and nothing depends on threads or on the machine's instructions: equal bits.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/settings.rs"]
mod settings;

use common::bits;
use disinhibit::config::load;
use disinhibit::numeric::lanes::{levels, on_level};
use disinhibit::scenario::settable::{Setter, refusal};
use disinhibit::scenario::signal::Signal;
use disinhibit::scenario::sweep::{Axis, Sweep, bind};
use disinhibit::scenario::{Arm, Scenario, Setting, Time, validate};
use disinhibit::simulate::{ArmOutcome, run};
use disinhibit::sweep::{Engine, Row};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use settings::{Listed, combinations, listed};
use std::path::Path;

/// The default experiment, cut short; in fast time with noise.
fn scenarios() -> [Scenario; 2] {
    let mut slow = load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario;
    slow.run.to = 40.0;
    slow.run.report.retain(|time| time.minutes < 30.0);
    let mut fast = load(Path::new("configs/scenarios/noisy.toml"), &[]).unwrap().scenario;
    fast.run.from = -5.2;
    fast.run.to = 0.35;
    fast.run.report.retain(|time| time.minutes < 0.0);
    fast.run.record = Some(0.02);
    [slow, fast]
}

fn standing_alone(scenario: &Scenario) -> Scenario {
    let arms = scenario.resolved_arms().into_iter().map(|arm| Arm { extends: String::new(), compare: None, ..arm });
    Scenario { arms: arms.collect(), ..scenario.clone() }
}

#[test]
fn an_arm_has_the_same_bits_alone_beside_random_mates_and_in_every_lane() {
    let mut random = rand::rngs::SmallRng::seed_from_u64(5);
    for scenario in scenarios() {
        let scenario = standing_alone(&scenario);
        let whole = run(&scenario).unwrap();
        for (index, arm) in scenario.arms.iter().enumerate() {
            let expected = bits(&whole.arms[index]);
            let alone = Scenario { arms: vec![arm.clone()], ..scenario.clone() };
            let alone = Scenario { compare: disinhibit::scenario::Compare::default(), ..alone };
            assert!(bits(&run(&alone).unwrap().arms[0]) == expected, "{} alone", arm.name);
        }
        let subject = 2;
        let expected = bits(&whole.arms[subject]);
        for position in 0..8 {
            let mut arms: Vec<Arm> = (0..7)
                .map(|number| {
                    let mut mate = scenario.arms[random.random_range(0..scenario.arms.len())].clone();
                    mate.name = format!("mate {number}");
                    mate.compare = None;
                    mate.doses.iter_mut().for_each(|dose| {
                        dose.amount *= random.random_range(0.1..20.0);
                        dose.at = random.random_range(scenario.run.from..0.3);
                    });
                    mate
                })
                .collect();
            arms.shuffle(&mut random);
            arms.insert(position, scenario.arms[subject].clone());
            let mixed = Scenario { arms, compare: disinhibit::scenario::Compare::default(), ..scenario.clone() };
            let outcome = run(&mixed).unwrap();
            assert!(bits(&outcome.arms[position]) == expected, "in lane {position}");
        }
    }
}

#[test]
fn every_level_of_instructions_gives_the_same_bits() {
    for mut scenario in scenarios() {
        // Without fused instructions the oldest level is slow: a short run tells as much.
        scenario.run.to = scenario.run.to.min(12.0);
        scenario.run.report.clear();
        if scenario.name == "noisy" {
            scenario.run.from = -5.02;
            scenario.run.to = -4.98;
            scenario.arms.iter_mut().for_each(|arm| arm.doses.retain(|dose| dose.at < -4.99));
        }
        let reference = run(&scenario).unwrap();
        for name in levels() {
            for (one, other) in on_level(name, || run(&scenario).unwrap()).arms.iter().zip(&reference.arms) {
                assert!(bits(one) == bits(other), "{name}: {}", one.name);
            }
        }
    }
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    for scenario in scenarios() {
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| run(&scenario).unwrap())
        };
        for (one, two) in on(1).arms.iter().zip(&on(2).arms) {
            assert!(bits(one) == bits(two), "{}", one.name);
        }
    }
}

#[test]
fn seeds_differ_and_arms_share_their_noise_unless_told_otherwise() {
    let [_, mut scenario] = scenarios();
    scenario.run.to = -4.0;
    scenario.run.report.clear();
    let mut stress = standing_alone(&scenario);
    stress.arms = vec![stress.arms[1].clone(), Arm { name: "twin".into(), ..stress.arms[1].clone() }];
    stress.compare = disinhibit::scenario::Compare::default();
    let shared = run(&stress).unwrap();
    assert!(bits(&shared.arms[0]) == bits(&shared.arms[1]));
    stress.run.noise = disinhibit::scenario::NoiseSharing::Independent;
    let independent = run(&stress).unwrap();
    assert!(bits(&independent.arms[0]) != bits(&independent.arms[1]));
    assert!(bits(&independent.arms[0]) == bits(&shared.arms[0]));
    stress.run.seed += 1;
    assert!(bits(&run(&stress).unwrap().arms[0]) != bits(&shared.arms[0]));
}

/// Everything that an arm leaves but its name, to the last bit.
fn all_of(arm: &ArmOutcome) -> String {
    format!("{:?}", ArmOutcome { name: String::new(), ..arm.clone() })
}

fn bits_of_rows(rows: &[Row]) -> Vec<(String, String, Vec<u64>)> {
    let bits = |row: &Row| row.readouts.iter().map(|number| number.to_bits()).collect();
    rows.iter().map(|row| (row.status.clone(), row.problem.clone(), bits(row))).collect()
}

/// Readouts of everything: each signal and connection at the last report, and the extremes of each signal.
fn readouts(scenario: &Scenario) -> Vec<String> {
    let Some(label) = scenario.run.report.last().map(|report| &report.label) else { return Vec::new() };
    let signals: Vec<String> = Signal::recorded(scenario).iter().map(ToString::to_string).collect();
    let mut names: Vec<String> = signals.iter().map(|signal| format!("{signal} at {label}")).collect();
    names.extend(signals.iter().map(|signal| format!("highest.{signal}")));
    for weight in scenario.circuit.weights() {
        names.push(format!("input.{}.{} at {label}", weight.onto, weight.projection().place()));
    }
    names.extend(["rescue", "ei_balance", "stability", "peak", "events", "sepsc_ratio"].map(String::from));
    names
}

/// Sweeps an axis over values that lie side by side, and over each alone; none where the axis is refused, for a reason.
fn swept(scenario: &Scenario, path: &str, values: &[Setting]) -> Option<usize> {
    let arm = scenario
        .arms
        .iter()
        .find(|arm| path.starts_with(&format!("arms.{}.", disinhibit::scenario::path::quoted(&arm.name))));
    let arm = arm.or(scenario.arms.last()).map(|arm| arm.name.clone());
    let sweep = Sweep {
        axes: vec![Axis { path: path.to_owned(), values: values.to_vec(), ..Axis::default() }],
        readouts: readouts(scenario),
        arms: arm.into_iter().collect(),
        ..Sweep::default()
    };
    let bound = match bind(&sweep, scenario) {
        Ok(bound) => bound,
        Err(problems) => {
            let stated = problems.iter().all(|problem| !problem.message.contains("there is no parameter"));
            assert!(stated && !problems.is_empty(), "{path}: {problems:?}");
            return None;
        }
    };
    let engine = Engine::new(&bound, scenario, None).unwrap();
    let together = engine.rows(0..engine.runs());
    let alone: Vec<Row> = (0..engine.runs()).flat_map(|run| engine.rows(run..run + 1)).collect();
    for (one, other) in together.iter().zip(&alone) {
        let same = bits_of_rows(std::slice::from_ref(one)) == bits_of_rows(std::slice::from_ref(other));
        assert!(same, "{path} at {:?}, beside others and alone:\n{one:?}\n{other:?}", one.axes);
    }
    Some(together.iter().filter(|row| row.status == "ok").count())
}

/// Sets a parameter in arms that lie side by side, and in one alone; none where it is refused, for a reason.
fn set_in_arms(scenario: &Scenario, path: &str, values: &[Setting]) -> Option<()> {
    let last = scenario.resolved_arms().pop()?;
    let plain = Arm { extends: String::new(), compare: None, ..last };
    let arm = |(number, value): (usize, &Setting)| {
        let mut arm = Arm { name: format!("arm {number}"), ..plain.clone() };
        arm.set.insert(path.to_owned(), value.clone());
        arm
    };
    let arms: Vec<Arm> = values.iter().enumerate().map(arm).collect();
    let with = |arms: Vec<Arm>| {
        let compare =
            disinhibit::scenario::Compare { control: String::new(), stress: String::new(), ..scenario.compare.clone() };
        Scenario { arms, compare, ..scenario.clone() }
    };
    if refusal(path, Setter::Arm).is_some() {
        let problems = validate(&with(arms));
        assert!(
            !problems.is_empty() && problems.iter().all(|problem| !problem.message.contains("there is no")),
            "{path}"
        );
        return None;
    }
    let sound: Vec<Arm> = arms.into_iter().filter(|arm| validate(&with(vec![arm.clone()])).is_empty()).collect();
    if sound.is_empty() {
        return None;
    }
    let together = run(&with([vec![plain.clone()], sound.clone()].concat())).unwrap();
    for (arm, outcome) in sound.iter().zip(&together.arms[1..]) {
        let alone = run(&with(vec![arm.clone()])).unwrap();
        assert!(all_of(outcome) == all_of(&alone.arms[0]), "{path} in arms: {:?}", arm.set);
    }
    Some(())
}

/// A scenario cut short.
fn short(file: &Path) -> Scenario {
    let mut scenario = load(file, &[]).unwrap().scenario;
    let run = &mut scenario.run;
    let start = if run.time == Time::Slow { run.from.max(-4.0) } else { run.from };
    let length = if run.time == Time::Slow { 9.0 } else { 0.15 / 60.0 };
    run.to = run.to.min(start + length);
    run.from = start;
    run.report.retain(|time| (run.from..=run.to).contains(&time.minutes));
    if run.report.is_empty() {
        let minutes = f64::midpoint(run.from, run.to);
        run.report.push(disinhibit::scenario::TimeLabel { label: "middle".into(), minutes });
    }
    (scenario.compare.from, scenario.compare.to) = (scenario.run.from, scenario.run.to);
    scenario.compare.off_target.clear();
    let (from, to) = (scenario.run.from, scenario.run.to);
    for arm in &mut scenario.arms {
        arm.doses.retain(|dose| (from..to).contains(&dose.at));
        arm.doses.iter_mut().for_each(|dose| dose.also_at.retain(|time| (from..to).contains(&time.minutes)));
        let touches = |start: Option<f64>, end: Option<f64>| start.unwrap_or(from) < to && end.unwrap_or(to) > from;
        arm.baths.retain(|bath| touches(bath.from, bath.to));
        arm.block.retain(|block| touches(block.from, block.to));
        arm.inject.retain(|injection| touches(injection.from, injection.to));
        if let Some(stress) = &mut arm.stress {
            stress.periods.retain(|period| touches(Some(period.from), Some(period.to)));
            if !touches(stress.from, stress.to) {
                (stress.from, stress.to) = (None, None);
            }
        }
    }
    scenario
}

/// Walks the parameters of a scenario, every `step`th number and all that are words, names or switches; gives how many were
/// swept, and how many were set in arms.
fn walk(file: &Path, step: usize) -> [usize; 2] {
    let scenario = short(file);
    let problems = validate(&scenario);
    assert!(problems.is_empty(), "{}: {problems:?}", file.display());
    let mut walked = [0; 2];
    for (index, Listed { path, values, word }) in listed(&scenario).into_iter().enumerate() {
        if values.is_empty() || (!word && index % step != 0) {
            continue;
        }
        walked[0] += usize::from(swept(&scenario, &path, &values).is_some_and(|done| done > 0));
        walked[1] += usize::from(set_in_arms(&scenario, &path, &values).is_some());
    }
    walked
}

#[test]
fn whatever_is_swept_or_set_in_arms_has_the_same_bits_beside_others_and_alone() {
    let [swept, set] = walk(Path::new("tests/cases/structure/every_mechanism.toml"), 9);
    assert!(swept > 60 && set > 40, "only {swept} parameters were swept, {set} set in arms");
    let [swept, set] = walk(Path::new("tests/independent/rich.toml"), 13);
    assert!(swept > 15 && set > 5, "only {swept} parameters were swept, {set} set in arms");
}

/// Every parameter of every file that is shipped: `cargo test --release --test determinism -- --ignored`, hours of computing.
#[test]
#[ignore = "takes hours"]
fn every_parameter_of_every_shipped_scenario_has_the_same_bits_beside_others_and_alone() {
    let rich =
        ["tests/cases/structure/every_mechanism.toml", "tests/independent/rich.toml"].map(std::path::PathBuf::from);
    let folders = ["configs/scenarios", "configs/published"];
    let shipped = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let shipped = shipped.map(|entry| entry.unwrap().path()).filter(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        file.extension().is_some_and(|extension| extension == "toml") && text.contains("[[arms]]")
    });
    for file in rich.into_iter().chain(shipped) {
        let [swept, set] = walk(&file, 1);
        println!("{}: {swept} parameters swept, {set} set in arms", file.display());
    }
}

#[test]
fn parameters_that_move_together_have_the_same_bits_beside_others_and_alone() {
    // Points of several axes at once, in one block or in several: a word, a number that decides the equations, one that does
    // not, a tie that moves the run.
    let mut scenario = short(Path::new("tests/cases/structure/every_mechanism.toml"));
    scenario.circuit.written_mut().tie.insert("run.step".into(), Setting::Text("c * 1.25 + 0.125".into()));
    scenario.tie().unwrap();
    let mut random = rand::rngs::SmallRng::seed_from_u64(11);
    let listed = listed(&scenario);
    for axes in combinations(&listed, &mut random, 6) {
        let sweep = Sweep {
            axes: axes
                .iter()
                .map(|(path, values)| Axis { path: path.clone(), values: values.clone(), ..Axis::default() })
                .collect(),
            readouts: readouts(&scenario),
            arms: vec!["all".into()],
            ..Sweep::default()
        };
        let Ok(bound) = bind(&sweep, &scenario) else { continue };
        let engine = Engine::new(&bound, &scenario, None).unwrap();
        let together = engine.rows(0..engine.runs());
        for (run, row) in (0..engine.runs()).zip(&together) {
            let alone = engine.rows(run..run + 1);
            assert!(bits_of_rows(std::slice::from_ref(row)) == bits_of_rows(&alone), "{:?}: {row:?}", row.axes);
        }
    }
}
