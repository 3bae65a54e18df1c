//! Continuation and phase planes of circuits: published bifurcations, knobs of every kind, nullclines, and a trajectory
//! against an independent solver.
#![allow(clippy::unwrap_used)]

mod common;

use approx::{assert_abs_diff_eq, assert_relative_eq};
use common::scenario;
use differential_equations::prelude::*;
use disinhibit::analyze::continuation::{CycleEnd, End, Family, Kind, Options, Settings};
use disinhibit::analyze::{Bifurcation, Knob, KnobError, Subject, System, Turned, fixed_points, planes};
use disinhibit::config::load;
use disinhibit::equilibrium::calibrate;
use disinhibit::scenario::Scenario;
use disinhibit::simulate::run;
use nalgebra::SVector;
use std::path::Path;

/// A circuit of Wilson & Cowan 1972 (doi:10.1016/S0006-3495(72)86068-5) with k = 1 and time constants of 1 ms.
fn wilson_cowan(weights: [f64; 4], slopes: [f64; 2], thresholds: [f64; 2], drive: f64) -> Subject {
    let [ee, ei, ie, ii] = weights;
    let population = |name: &str, role: &str, k: usize, drive: f64| {
        let (slope, threshold) = (slopes[k], thresholds[k]);
        format!(
            "[populations.{name}]\nrole = \"{role}\"\ntau = \"1 ms\"\ndrive = {drive:?}\nrefractory = {{ k = 1.0, r = 1.0 }}\n\
             transfer = {{ kind = \"sigmoid\", maximum = \"1 Hz\", slope = {slope:?}, threshold = {threshold:?}, \
             zero_at_zero = true }}\n"
        )
    };
    let text = format!(
        "input_unit = \"none\"\n{}{}[onto.E]\nE = {ee:?}\nI = {ei:?}\n[onto.I]\nE = {ie:?}\nI = {ii:?}\n",
        population("E", "excitatory", 0, drive),
        population("I", "inhibitory", 1, 0.0),
    );
    Subject::circuit(&scenario(&text)).unwrap()
}

fn figure_4() -> Subject {
    wilson_cowan([12.0, -4.0, 13.0, -11.0], [1.2, 1.0], [2.8, 4.0], 0.0)
}

fn figure_11() -> Subject {
    wilson_cowan([16.0, -12.0, 15.0, -3.0], [1.3, 2.0], [4.0, 3.7], 1.25)
}

fn knob(subject: &Subject, path: &str, from: &str, to: &str) -> (Knob, Options) {
    let (knob, low) = Knob::new(subject, path, from).unwrap();
    let (_, high) = Knob::new(subject, path, to).unwrap();
    (knob, Options::new(Settings::over(low, high)).unwrap())
}

#[test]
fn the_bistable_range_of_wilson_and_cowan_lies_between_two_folds() {
    let subject = figure_4();
    let found = Bifurcation::new(&subject, &knob(&subject, "populations.E.drive", "-1", "1"), None).unwrap();
    let special = found.diagram.special();
    let folds: Vec<f64> = special.iter().filter(|point| point.kind == Kind::Fold).map(|point| point.knob).collect();
    assert_eq!(folds.len(), 2);
    assert_relative_eq!(folds[0], -0.510_973_232_232_890_8, max_relative = 1e-7);
    assert_relative_eq!(folds[1], 0.283_349_981_665_332_93, max_relative = 1e-7);
}

#[test]
fn the_cycles_of_wilson_and_cowan_have_their_hopf_point_periods_and_amplitudes() {
    let subject = figure_11();
    for (drive, period) in
        [("1.25", 5.003_410_929_870_919_5), ("1.5", 3.338_585_870_356_283), ("1.75", 2.622_536_060_769_351)]
    {
        let found = Bifurcation::new(&subject, &knob(&subject, "populations.E.drive", drive, "3"), None).unwrap();
        let hopf = found.diagram.special().into_iter().find(|point| point.kind == Kind::Hopf).unwrap();
        assert_relative_eq!(hopf.knob, 1.909_252_718_099_604_6, max_relative = 1e-8);
        assert_relative_eq!(hopf.frequency.unwrap(), 2.695_415_334_372_457_4, max_relative = 1e-7);
        let cycles = &found.diagram.cycles[0];
        assert_eq!(cycles.end, CycleEnd::Range);
        let last = cycles.points.last().unwrap();
        assert!(last.is_stable());
        assert_relative_eq!(last.period, period, max_relative = 1e-5);
        if drive == "1.25" {
            assert_abs_diff_eq!(last.low[0], 0.101_523_007_536_114_85, epsilon = 2e-5);
            assert_abs_diff_eq!(last.high[0], 0.271_487_326_975_560_16, epsilon = 2e-5);
            assert_abs_diff_eq!(last.low[1], 0.021_409_625_739_619_315, epsilon = 2e-5);
            assert_abs_diff_eq!(last.high[1], 0.197_445_305_098_906_26, epsilon = 2e-5);
        }
    }
}

fn states_of(subject: &Subject) -> Vec<Vec<f64>> {
    fixed_points(&subject.system, None, &[]).points.into_iter().map(|point| point.variables).collect()
}

/// The diagram of one of the small circuits of `tests/cases` over a knob.
fn followed(case: &str, path: &str, from: &str, to: &str) -> Bifurcation {
    let file = format!("tests/cases/circuits/{case}.toml");
    let subject = Subject::circuit(&load(Path::new(&file), &[]).unwrap().scenario).unwrap();
    Bifurcation::new(&subject, &knob(&subject, path, from, to), None).unwrap()
}

#[test]
fn an_s_of_straight_pieces_turns_at_its_corners() {
    let found = followed("mini_fold", "populations.E.drive", "-2", "1");
    let special: Vec<(Kind, f64)> = found.diagram.special().iter().map(|point| (point.kind, point.knob)).collect();
    assert_eq!(special.len(), 2, "{special:?}");
    for ((kind, knob), expected) in special.into_iter().zip([-1.0, 0.0]) {
        assert_eq!(kind, Kind::CornerFold);
        assert_abs_diff_eq!(knob, expected, epsilon = 1e-9);
    }
    assert_eq!(found.diagram.branches.len(), 1);
    let branch = &found.diagram.branches[0];
    assert_eq!(branch.ends, [End::Range, End::Range]);
    let middle = branch.points.iter().filter(|point| point.observed[0] > 1e-6 && point.observed[0] < 1.0 - 1e-6);
    let middle: Vec<_> = middle.collect();
    assert!(middle.len() > 20);
    for point in middle {
        assert_abs_diff_eq!(point.observed[0], -point.knob, epsilon = 1e-9);
        assert_eq!(point.unstable, 1);
    }
}

#[test]
fn a_state_that_stands_on_a_corner_is_followed_to_both_sides() {
    let found = followed("mini_corner", "populations.E.drive", "-1", "1");
    let special = found.diagram.special();
    assert_eq!((special.len(), special[0].kind), (1, Kind::CornerFold));
    assert_abs_diff_eq!(special[0].knob, 0.0, epsilon = 1e-9);
    let points = || found.diagram.branches.iter().flat_map(|branch| &branch.points);
    assert!(points().any(|point| point.knob == -1.0 && point.observed[0] == 0.0 && point.unstable == 0));
    assert!(points().any(|point| point.knob == -1.0 && (point.observed[0] - 1.0).abs() < 1e-9 && point.unstable == 1));
    assert!(points().all(|point| point.knob < 1e-8));
}

#[test]
fn a_closed_branch_is_followed_from_the_states_where_the_knob_stands() {
    let found = followed("isola", "constants.p", "0", "2");
    assert_eq!(found.diagram.branches.len(), 2);
    assert!(found.diagram.branches.iter().any(|branch| branch.ends == [End::Closed, End::Closed]));
    let folds: Vec<f64> = found.diagram.special().iter().map(|point| point.knob).collect();
    assert_eq!(folds.len(), 2);
    assert_abs_diff_eq!(folds[0], 0.492_509_7, epsilon = 1e-7);
    assert_abs_diff_eq!(folds[1], 1.507_490_3, epsilon = 1e-7);
    assert_eq!(found.looked.iter().map(|looked| looked.knob).collect::<Vec<_>>(), [0.0, 2.0, 1.0]);
}

#[test]
fn the_turing_points_of_a_ring_have_multiplicity_2_and_bumps_between_them() {
    // Taken up also where the file itself has no bumps: from the points themselves.
    let file = load(Path::new("tests/cases/circuits/ring_turing.toml"), &[]).unwrap().scenario;
    let mut without = file.clone();
    without.circuit.populations.values_mut().for_each(|population| population.drive = Some(-5.0));
    for scenario in [file, without] {
        let subject = Subject::circuit(&scenario).unwrap();
        let found = Bifurcation::new(&subject, &knob(&subject, "populations.E.drive", "-6", "4"), None).unwrap();
        let double: Vec<f64> = found
            .diagram
            .special()
            .iter()
            .filter(|point| point.multiplicity == 2 && point.kind == Kind::Pitchfork)
            .map(|point| point.knob)
            .collect();
        assert_eq!(double.len(), 2, "{:?}", found.diagram.special());
        assert_abs_diff_eq!(double[0], -1.739_607_6, epsilon = 1e-7);
        assert_abs_diff_eq!(double[1], -0.260_392_4, epsilon = 1e-7);
        // Stable bumps with their peaks at each of the eight places between units, as the search lists them at -1.
        let points = || found.diagram.branches.iter().flat_map(|branch| &branch.points);
        for place in 0..8 {
            let bump = [0.944_673, 0.944_673, 0.764_114, 0.235_886, 0.055_327, 0.055_327, 0.235_886, 0.764_114];
            let near = points().any(|point| {
                (point.knob + 1.0).abs() < 0.06
                    && point.unstable == 0
                    && (0..8).all(|unit| (point.observed[(unit + place) % 8] - bump[unit]).abs() < 0.05)
            });
            assert!(near, "no bump at {place}");
        }
        assert!(
            found.diagram.special().iter().all(|point| point.kind != Kind::Corner && point.kind != Kind::CornerFold)
        );
        for branch in &found.diagram.branches {
            let places = [branch.points.first(), branch.points.last()].map(|point| point.map(|point| point.knob));
            assert!(branch.ends.iter().all(|end| *end != End::Lost), "{:?} at {places:?}", branch.ends);
        }
    }
}

/// A circuit of E in the rate form and V in the voltage form, with two states.
const POTENTIAL: &str = r#"
    name = "two states"
    [populations.E]
    tau = "10 ms"
    drive = "-1 mV"
    transfer = { kind = "sigmoid", maximum = "10 Hz", slope = 2, threshold = "2 mV" }
    [populations.V]
    tau = "20 ms"
    form = "voltage"
    drive = "-60 mV"
    transfer = { kind = "sigmoid", maximum = "40 Hz", slope = 0.4, threshold = "-50 mV" }
    [onto.E]
    V = 0.2
    [onto.V]
    E = 2
"#;

#[test]
fn a_knob_changes_the_numbers_of_a_circuit_and_the_slope_along_a_drive_is_exact() {
    let ring = load(Path::new("tests/cases/circuits/ring_turing.toml"), &[]).unwrap().scenario;
    let ring = Subject::circuit(&ring).unwrap();
    let two = Subject::circuit(&scenario(POTENTIAL)).unwrap();
    let arm = arms(&["stress+ket10"], 10.0).remove(0);
    let cases = [
        (&ring, "populations.E.drive", "-6", "4"),
        (&ring, "onto.E.E", "1", "9"),
        (&ring, "kernels.0.amplitude", "1", "8"),
        (&ring, "populations.E.tau", "5 ms", "30 ms"),
        (&ring, "populations.E.transfer.slope", "0.5", "2"),
        (&two, "populations.V.drive", "-70 mV", "-40 mV"),
        (&two, "onto.V.E", "0", "3"),
        (&arm, "populations.SST.drive", "-20 mV", "60 mV"),
        (&arm, "onto.Pyr.SST", "-2", "-0.1"),
    ];
    for (subject, path, from, to) in cases {
        let turned = Turned::new(subject, vec![knob(subject, path, from, to)]);
        let n = subject.system.variables();
        for share in [0.1, 0.65, 0.3] {
            let state: Vec<f64> = (0..n).map(|index| 0.3 + 0.1 * index as f64).collect();
            let point = turned.at(&state, &[share]).unwrap();
            // At rest as a system that is built from nothing but the circuit.
            let system = turned.system(&[share]).unwrap();
            let anew = if subject.minutes.is_none() { System::new(system.circuit()) } else { system };
            let local = anew.at(&state);
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&point.residual), bits(&local.residual), "{path}");
            assert_eq!(bits(&point.jacobian), bits(&local.jacobian), "{path}");
            let slope = turned.knob_slope(&state, &[share], 0, &point).unwrap();
            let differences = turned.knob_slope_by_differences(&state, &[share], 0, &point).unwrap();
            for (own, other) in slope.residual.iter().zip(&differences.residual) {
                assert_abs_diff_eq!(own, other, epsilon = 1e-6 * (1.0 + other.abs()));
            }
        }
    }
}

#[test]
fn a_knob_that_takes_a_weight_to_0_keeps_the_variables_of_its_synapses() {
    let text = r#"
        input_unit = "none"
        [populations.E]
        tau = "10 ms"
        drive = 1
        transfer = { kind = "threshold-linear", gain = 1 }
        [synapses.slow]
        gate = { kind = "filter", tau = "50 ms" }
        [onto.E.through.slow]
        E = 0.5
    "#;
    let subject = Subject::circuit(&scenario(text)).unwrap();
    let found = Bifurcation::new(&subject, &knob(&subject, "onto.E.through.slow.E", "0", "0.6"), None).unwrap();
    assert_eq!(found.diagram.branches.len(), 1);
    assert_eq!(found.diagram.branches[0].ends, [End::Range; 2]);
    for point in &found.diagram.branches[0].points {
        assert_abs_diff_eq!(point.observed[0], 1.0 / (1.0 - point.knob), epsilon = 1e-9);
    }
}

/// The words of an SVG, one after the other.
fn words(svg: &str) -> String {
    let texts: String = svg.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect::<Vec<_>>().join(" ");
    texts.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn where_and_how_long_fixed_points_are_looked_for_over_a_knob_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("two.toml"), POTENTIAL).unwrap();
    let analyze = |more: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("disinhibit").unwrap();
        command.current_dir(folder.path()).args(["analyze", "two.toml", "--fresh", "--out", "out"]);
        command.args(["--knob", "populations.V.drive", "--from", "-80 mV", "--to", "-40 mV"]).args(more);
        let output = command.output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        assert!(output.status.success(), "{}", said(output.stderr));
        let read = |name: &str| std::fs::read_to_string(folder.path().join("out").join(name)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&read("continuation.json")).unwrap();
        (said(output.stdout), json[0]["looked"].as_array().unwrap().clone(), read)
    };
    let (said, looked, read) = analyze(&[]);
    assert_eq!(looked.len(), 3);
    assert!(looked.iter().all(|one| one["ended"] == "quiet" && one.get("box_potential").is_none()));
    assert!(said.contains("at -80 mV: searched E from 0 to 10 Hz, V from 0 to 40 Hz"), "{said}");
    let figure = words(&read("continuation.svg"));
    assert!(figure.contains("searched in E 0 to 10 Hz, V 0 to 40 Hz at -80 mV, -40 mV, -60 mV"), "{figure}");
    assert!(!figure.contains("not to the end"));
    // A box of its own for each population, in its own unit.
    let (said, looked, read) = analyze(&["--box", "E=0..5Hz", "--box", "V=-70..-52 mV"]);
    assert!(said.contains("at -60 mV: searched E from 0 to 5 Hz, V from -70 to -52 mV"), "{said}");
    assert_eq!(looked[2]["box_potential"], serde_json::json!([null, [-70.0, -52.0]]));
    let found: Vec<u64> = looked.iter().map(|one| one["found"].as_u64().unwrap()).collect();
    assert_eq!(found, [0, 0, 1], "{looked:?}");
    assert!(words(&read("continuation.svg")).contains("E 0 to 5 Hz, V -70 to -52 mV at -80 mV, -40 mV, -60 mV"));
    // Cut off, and said so in the table, the file and both figures.
    let second = ["--knob2", "onto.V.E", "--from2", "0", "--to2", "4"];
    let (said, looked, read) = analyze(&[&["--seconds", "1e-9"][..], &second].concat());
    assert!(looked.iter().all(|one| one["ended"] == "out-of-time"), "{looked:?}");
    assert_eq!(said.matches("search stopped after 1.000e-9 s; there may be more").count(), 4, "{said}");
    for name in ["continuation.svg", "two-knobs.svg"] {
        assert!(words(&read(name)).contains("not to the end at -80 mV, -40 mV, -60 mV"), "{name}");
    }
    let refused = assert_cmd::Command::cargo_bin("disinhibit")
        .unwrap()
        .current_dir(folder.path())
        .args(["analyze", "two.toml", "--fresh", "--out", "out", "--box", "E=-70..-50 mV"])
        .args(["--knob", "populations.V.drive", "--from", "-80 mV", "--to", "-40 mV"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("--box: E has no potential of its own; expected rates in Hz"), "{error}");
}

#[test]
fn one_branch_of_cycles_joins_both_hopf_points_of_fitzhugh_and_nagumo() {
    let found = followed("fitzhugh", "populations.X.drive", "-2.1", "5.1");
    assert_eq!(found.diagram.cycles.len(), 1);
    let cycles = &found.diagram.cycles[0];
    assert_eq!(cycles.end, CycleEnd::Hopf);
    let (first, last) = (&cycles.points[0], &cycles.points[cycles.points.len() - 1]);
    let mut ends = [first.knob, last.knob];
    ends.sort_by(f64::total_cmp);
    assert_abs_diff_eq!(ends[0], -0.543_718_66, epsilon = 1e-7);
    assert_abs_diff_eq!(ends[1], 0.543_718_66, epsilon = 1e-7);
    let folds: Vec<f64> = cycles.folds.iter().map(|fold| fold.knob.abs()).collect();
    assert_eq!(folds.len(), 2, "{:?}", cycles.folds);
    assert_abs_diff_eq!(folds[0], folds[1], epsilon = 1e-7);
    assert!(cycles.folds[0].knob * cycles.folds[1].knob < 0.0);
    assert!(cycles.folds.iter().all(|fold| (fold.multiplier - 1.0).abs() < 0.1), "{:?}", cycles.folds);
    // At 0 the cycle of the equations themselves, integrated apart.
    let near = cycles.points.iter().min_by(|one, other| one.knob.abs().total_cmp(&other.knob.abs())).unwrap();
    assert_abs_diff_eq!(near.period, 36.43, epsilon = 0.02);
}

#[test]
fn the_table_says_how_every_branch_ends() {
    let out = tempfile::tempdir().unwrap();
    let said = |case: &str, knob: &str, range: [&str; 2]| {
        let file = format!("tests/cases/circuits/{case}.toml");
        let output = assert_cmd::Command::cargo_bin("disinhibit")
            .unwrap()
            .args(["analyze", &file, "--knob", knob, "--from", range[0], "--to", range[1], "--fresh", "--out"])
            .arg(out.path())
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let closed = said("isola", "constants.p", ["0", "2"]);
    assert!(closed.contains("closed, between 0.49250965 and 1.5074903"), "{closed}");
    for at in ["at 0: searched", "at 2: searched", "at 1: searched"] {
        assert!(closed.contains(at), "{closed}");
    }
    let fold = said("mini_fold", "populations.E.drive", ["-2", "1"]);
    assert!(fold.contains("from -2, the end of the range") && fold.contains("to 1, the end of the range"), "{fold}");
    assert_eq!(fold.matches("fold at a corner").count(), 2, "{fold}");
}

fn ketamine() -> Scenario {
    load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario
}

fn arms(names: &[&str], minutes: f64) -> Vec<Subject> {
    let scenario = ketamine();
    let calibration = calibrate(&scenario.circuit).unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    Subject::arms(&scenario, &calibration, &names, Some(minutes)).unwrap()
}

#[test]
fn a_knob_at_its_present_value_leaves_the_arm_as_it_is() {
    for subject in arms(&["stress", "stress+ket10"], 10.0) {
        let state = subject.state.clone().unwrap();
        for (path, from, to) in [
            ("stress", "0", "1"),
            ("blocked.MOR.SST", "0", "1"),
            ("populations.SST.drive", "-20 mV", "60 mV"),
            ("onto.Pyr.SST", "-2", "0"),
            ("receptors.MOR.on.SST.fraction", "0", "1"),
        ] {
            let (knob, options) = knob(&subject, path, from, to);
            let share = options.share(knob.present(&subject).unwrap());
            let point = Turned::new(&subject, vec![(knob, options)]).at(&state, &[share]).unwrap();
            for residual in point.residual {
                assert_abs_diff_eq!(residual, 0.0, epsilon = 1e-9);
            }
        }
    }
}

#[test]
fn stress_held_at_zero_is_the_healthy_circuit_and_a_block_undoes_the_drug() {
    let subject = &arms(&["stress"], 10.0)[0];
    let turned = Turned::new(subject, vec![knob(subject, "stress", "0", "1")]);
    let healthy = turned.system(&[0.0]).unwrap().solve(subject.state.as_ref().unwrap()).unwrap();
    let control = &arms(&["control"], 10.0)[0];
    for (one, other) in healthy.iter().zip(control.state.as_ref().unwrap()) {
        assert_abs_diff_eq!(one, other, epsilon = 0.02);
    }
    // More ketamine at the receptors raises the pyramidal rate of the stressed circuit; with the opioid receptors of SST
    // cells blocked it raises it less.
    let rate = |subject: &Subject, path: &str, from: &str, to: &str, share: f64| {
        let turned = Turned::new(subject, vec![knob(subject, path, from, to)]);
        let state = turned.system(&[share]).unwrap().solve(subject.state.as_ref().unwrap()).unwrap();
        turned.observe(&state, &[share])[0]
    };
    let clamped = |share: f64| rate(subject, "concentration.ketamine", "0 uM", "3 uM", share);
    assert!(clamped(1.0) > clamped(0.0) + 0.5, "{} {}", clamped(0.0), clamped(1.0));
    let treated = &arms(&["stress+ket10"], 10.0)[0];
    let blocked = |share: f64| rate(treated, "blocked.MOR.SST", "0", "1", share);
    assert!(blocked(1.0) < blocked(0.0) - 0.5, "{} {}", blocked(0.0), blocked(1.0));
}

#[test]
fn what_is_no_knob_is_refused_with_a_hint() {
    let subject = &arms(&["stress"], 10.0)[0];
    let refuse = |path: &str, value: &str| Knob::new(subject, path, value).unwrap_err();
    assert!(matches!(refuse("populations.SST.rest", "5 Hz"), KnobError::Rest { .. }));
    assert!(refuse("concentration.ketamin", "1 uM").to_string().contains("`concentration.ketamine`"));
    assert!(refuse("populations.SST.driv", "1 mV").to_string().contains("populations.SST.drive"));
    assert!(refuse("populations.SST.drive", "1 Hz").to_string().contains("mV"));
    assert!(refuse("populations.SST.role", "excitatory").to_string().contains("number"));
    assert!(refuse("stress", "2").to_string().contains("0 to 1"));
    assert!(refuse("concentration.ketamine", "-1 uM").to_string().contains("0 or more"));
}

#[test]
fn nullclines_cross_at_the_fixed_points_and_nowhere_else_stand_both_still() {
    let subject = figure_4();
    let states = states_of(&subject);
    assert_eq!(states.len(), 3);
    let plane = &planes(&[(&subject, states.clone())], [0, 1])[0];
    let unstable: Vec<usize> = plane.fixed_points.iter().map(|point| point.unstable).collect();
    assert_eq!(unstable, [0, 1, 0]);
    for (which, lines) in plane.nullclines.iter().enumerate() {
        for [e, i] in lines.iter().flatten() {
            assert_abs_diff_eq!(subject.system.at(&[*e, *i]).residual[which], 0.0, epsilon = 1e-8);
        }
        for state in &states {
            let near = |[e, i]: &[f64; 2]| libm::hypot(e - state[0], i - state[1]);
            let nearest = lines.iter().flatten().map(near).fold(f64::INFINITY, f64::min);
            assert!(nearest < 0.01, "{state:?} lies {nearest} off");
        }
    }
}

#[test]
fn in_a_circuit_of_four_the_other_two_follow() {
    let subjects = arms(&["control", "stress", "stress+ket10"], 10.0);
    let found: Vec<(&Subject, Vec<Vec<f64>>)> =
        subjects.iter().map(|subject| (subject, vec![subject.state.clone().unwrap()])).collect();
    let found = planes(&found, [0, 2]);
    assert!(found.iter().all(|plane| plane.ranges == found[0].ranges));
    for (plane, subject) in found.iter().zip(&subjects) {
        let state = subject.state.as_ref().unwrap();
        for lines in &plane.nullclines {
            let near = |[x, y]: &[f64; 2]| libm::hypot(x - state[0], y - state[2]);
            let nearest = lines.iter().flatten().map(near).fold(f64::INFINITY, f64::min);
            assert!(nearest < 0.1, "{}: {nearest}", plane.name);
        }
    }
}

/// The default circuit by its equations alone, with its drives, and the integrals of its rates.
struct Cortex {
    drives: [f64; 4],
    from: f64,
}

const WEIGHTS: [[f64; 4]; 4] =
    [[1.1, -0.82, -0.6, 0.0], [1.3, -0.8, -0.15, 0.0], [0.55, 0.0, 0.0, -0.64], [0.9, -0.1, -0.6, 0.0]];
const TAUS: [f64; 4] = [20.0, 10.0, 20.0, 15.0];

impl ODE<f64, SVector<f64, 8>> for Cortex {
    fn diff(&self, time: f64, y: &SVector<f64, 8>, slope: &mut SVector<f64, 8>) {
        for target in 0..4 {
            let injected = if target == 2 && time >= self.from { -6.0 } else { 0.0 };
            let synapses: f64 = (0..4).map(|source| WEIGHTS[target][source] * y[source]).sum();
            let input = (self.drives[target] + injected + synapses).max(0.0);
            slope[target] = (0.04 * input * input - y[target]) / TAUS[target];
            slope[target + 4] = y[target];
        }
    }
}

#[test]
fn a_trajectory_in_fast_time_is_that_of_an_independent_adaptive_solver() {
    let scenario = scenario(
        "circuit = \"configs/circuits/mpfc.toml\"\n[run]\ntime = \"fast\"\nmethod = \"rk4\"\nstep = \"0.01 ms\"\nsignal_step = \"2 ms\"\n\
         record = \"2 ms\"\nfrom = \"0 ms\"\nto = \"300 ms\"\n[[arms]]\nname = \"silenced\"\n\
         inject = [{ population = \"SST\", drive = \"-6 mV\", from = \"20 ms\" }]\n",
    );
    let calibrated = calibrate(&scenario.circuit).unwrap();
    let outcome = run(&scenario).unwrap();
    let arm = common::arm(&outcome, "silenced");
    let times: Vec<f64> = arm.recording.times().iter().map(|minutes| minutes * 60_000.0).collect();
    let start = SVector::<f64, 8>::from_fn(|index, _| calibrated.rates.get(index).copied().unwrap_or(0.0));
    let cortex = Cortex { drives: std::array::from_fn(|index| calibrated.drives[index]), from: 20.0 };
    // From the moment of the injection on: the solver's steps do not stop at a jump.
    let solution = IVP::ode(&cortex, 20.0, 300.0, start)
        .even(2.0)
        .method(ExplicitRungeKutta::dop853().rtol(1e-11).atol(1e-12))
        .solve()
        .unwrap();
    let reference: Vec<(f64, SVector<f64, 8>)> = solution.iter().map(|(time, state)| (*time, *state)).collect();
    // A recorded mean is that of the rates at the starts of the steps: of first order in the step.
    let mut compared = 0;
    for (index, name) in ["Pyr", "PV", "SST", "VIP"].iter().enumerate() {
        let rates = arm.recording.signal(&format!("rate.{name}")).unwrap();
        for pair in reference.windows(2) {
            let at = times.iter().position(|time| (time - pair[1].0).abs() < 1e-6);
            let Some(at) = at else { continue };
            let mean = (pair[1].1[index + 4] - pair[0].1[index + 4]) / (pair[1].0 - pair[0].0);
            assert_abs_diff_eq!(rates[at], mean, epsilon = 2e-3);
            compared += 1;
        }
    }
    assert!(compared > 500, "{compared}");
    let moved = (reference.last().unwrap().1[0] - calibrated.rates[0]).abs();
    assert!(moved > 1.0, "the injection moves the rate by {moved} Hz only");
}
