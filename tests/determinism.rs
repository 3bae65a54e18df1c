//! A lane never feels its neighbours, and nothing depends on threads or on the machine's instructions: equal bits.
#![allow(clippy::unwrap_used)]

mod common;

use common::bits;
use disinhibit::config::load;
use disinhibit::numeric::lanes::levels;
use disinhibit::simulate::{Outcome, run};
use disinhibit::spec::{Arm, Scenario};
use fearless_simd::Level;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
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

fn run_on(scenario: &Scenario, level: Level) -> Outcome {
    run(scenario, level).unwrap()
}

#[test]
fn an_arm_has_the_same_bits_alone_beside_random_mates_and_in_every_lane() {
    let mut random = rand::rngs::SmallRng::seed_from_u64(5);
    for scenario in scenarios() {
        let scenario = standing_alone(&scenario);
        let whole = run_on(&scenario, Level::new());
        for (index, arm) in scenario.arms.iter().enumerate() {
            let expected = bits(&whole.arms[index]);
            let alone = Scenario { arms: vec![arm.clone()], ..scenario.clone() };
            let alone = Scenario { compare: disinhibit::spec::Compare::default(), ..alone };
            assert!(bits(&run_on(&alone, Level::new()).arms[0]) == expected, "{} alone", arm.name);
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
            let mixed = Scenario { arms, compare: disinhibit::spec::Compare::default(), ..scenario.clone() };
            let outcome = run_on(&mixed, Level::new());
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
        let reference = run_on(&scenario, Level::new());
        for (name, level) in levels() {
            for (one, other) in run_on(&scenario, level).arms.iter().zip(&reference.arms) {
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
            pool.install(|| run_on(&scenario, Level::new()))
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
    stress.compare = disinhibit::spec::Compare::default();
    let shared = run_on(&stress, Level::new());
    assert!(bits(&shared.arms[0]) == bits(&shared.arms[1]));
    stress.run.noise = disinhibit::spec::NoiseSharing::Independent;
    let independent = run_on(&stress, Level::new());
    assert!(bits(&independent.arms[0]) != bits(&independent.arms[1]));
    assert!(bits(&independent.arms[0]) == bits(&shared.arms[0]));
    stress.run.seed += 1;
    assert!(bits(&run_on(&stress, Level::new()).arms[0]) != bits(&shared.arms[0]));
}
