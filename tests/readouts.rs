//! Readouts are those of the run, not of what is recorded of it.
#![allow(clippy::unwrap_used)]

mod common;

use common::{arm, bits, outcome, read, scenario};
use disinhibit::config::load_from;
use disinhibit::numeric::philox::{hash, unit};
use disinhibit::readouts::{ArmSummary, summarise, value};
use disinhibit::scenario::readout::Readout;
use disinhibit::scenario::sweep::bind;
use disinhibit::scenario::{Scenario, Setting, Sweep};
use disinhibit::simulate::{Outcome, run};
use disinhibit::sweep::Engine;
use std::path::Path;

fn run_of(scenario: &Scenario) -> Outcome {
    run(scenario).unwrap()
}

fn recorded_every(mut scenario: Scenario, record: Option<f64>) -> Scenario {
    scenario.run.record = record;
    scenario
}

fn summary_of(scenario: &Scenario, name: &str) -> ArmSummary {
    summarise(&run_of(scenario)).arms.into_iter().find(|arm| arm.name == name).unwrap()
}

#[test]
fn the_starter_peaks_and_lies_above_control_whatever_is_recorded() {
    let text = std::fs::read_to_string("configs/starter.toml").unwrap().replace("\"../", "\"configs/");
    let starter = scenario(&text);
    let expected = summary_of(&starter, "stress + drug");
    approx::assert_abs_diff_eq!(expected.peak_hz.unwrap().value, 5.374_000_3, epsilon = 1e-6);
    approx::assert_abs_diff_eq!(expected.minutes_above_control.unwrap(), 19.974_9, epsilon = 1e-4);
    for record in [15.0, 7.3, 1.0, 0.2] {
        let recorded = recorded_every(starter.clone(), Some(record));
        assert_eq!(summary_of(&recorded, "stress + drug"), expected, "every {record} min");
    }
}

/// Two populations with a drug on one of them, and numbers that differ from seed to seed.
fn random_scenario(seed: u64, fast: bool) -> String {
    let number = |place: u64, from: f64, to: f64| from + (to - from) * unit(hash(seed, place));
    let noise = if fast && seed.is_multiple_of(2) { "noise = { sigma = \"0.4 mV\", tau = \"5 ms\" }\n" } else { "" };
    let (time, scale) = if fast { ("fast", 0.02) } else { ("slow", 1.0) };
    let at = |minutes: f64| format!("{} s", (60.0 * scale * minutes).round());
    format!(
        "name = \"random\"\ninput_unit = \"mV\"\nspecies = \"mouse\"\n\
         [populations.E]\ntau = \"{:.3} ms\"\nrest = \"{:.3} Hz\"\n\
         transfer = {{ kind = \"power-law\", gain = 0.3, exponent = 1.3 }}\n{noise}\
         [populations.I]\nrole = \"inhibitory\"\ntau = \"{:.3} ms\"\nrest = \"{:.3} Hz\"\n\
         transfer = {{ kind = \"threshold-linear\", gain = 1 }}\n\
         [onto.E]\nE = {:.3}\nI = {:.3}\n[onto.I]\nE = {:.3}\n\
         [ligands.d.kinetics.mouse]\nroute = \"ip\"\nabsorption_half_life = \"{}\"\nelimination_half_life = \"{}\"\n\
         peak = {{ concentration = \"2 uM\", dose = \"10 mg/kg\" }}\n\
         [receptors.R]\ndesensitisation = {{ onset = \"{}\", recovery = \"{}\" }}\n\
         binds = [{{ ligand = \"d\", K = \"1 uM\", efficacy = 3 }}]\n\
         [receptors.R.on.I]\nfraction = 0.7\neffects = [{{ drive = \"{:.3} mV\" }}]\n\
         [stress.phenotypes.low]\neffects = [{{ on = \"E\", drive = \"-0.6 mV\" }}]\n\
         [stress]\nphenotype = \"low\"\n\
         [run]\ntime = \"{time}\"\nfrom = \"{}\"\nto = \"{}\"\nreport = [\"0 s\", \"{}\"]\nmethod = \"{}\"\n\
         step = \"0.25 ms\"\nsignal_step = \"0.2 s\"\n\
         [compare]\ncontrol = \"healthy\"\nstress = \"stressed\"\nfrom = \"0 s\"\nto = \"{}\"\nlasting = \"{}\"\n\
         threshold = \"{:.3} Hz\"\n\
         [[arms]]\nname = \"healthy\"\n\
         [[arms]]\nname = \"stressed\"\nstress = {{ level = 0.8, exposure = true }}\n\
         [[arms]]\nname = \"dose\"\nextends = \"stressed\"\n\
         doses = [{{ ligand = \"d\", amount = \"{:.2} mg/kg\", at = \"0 s\" }}]\n",
        number(0, 8.0, 20.0),
        number(1, 4.0, 9.0),
        number(2, 4.0, 10.0),
        number(3, 5.0, 12.0),
        number(4, 0.2, 0.6),
        -number(5, 0.2, 0.5),
        number(6, 0.4, 0.9),
        at(number(7, 1.0, 3.0)),
        at(number(8, 8.0, 20.0)),
        at(number(9, 2.0, 5.0)),
        at(number(10, 20.0, 60.0)),
        -number(11, 2.0, 6.0),
        at(-5.0),
        at(60.0),
        at(number(12, 5.0, 20.0)),
        if noise.is_empty() { "rk4" } else { "heun" },
        at(50.0),
        at(number(13, 5.0, 30.0)),
        number(14, 6.0, 11.0),
        number(15, 3.0, 20.0),
    )
}

const READOUTS: [&str; 9] = [
    "mean.E",
    "area.concentration.d",
    "highest.activation.R.I",
    "time_above.E above 6 Hz",
    "mean_duration.E above 6 Hz",
    "durations.concentration.d above 0.5 uM",
    "peaks.E",
    "half_time.I",
    "desensitisation.R.I at 2 s",
];

#[test]
fn what_is_recorded_leaves_every_readout_as_it_is_to_the_last_bit() {
    for (seed, fast) in (0..4).flat_map(|seed| [(seed, false), (seed, true)]) {
        let mut plain = scenario(&random_scenario(seed, fast));
        plain.run.readouts = READOUTS.map(String::from).to_vec();
        let expected = summarise(&run_of(&plain));
        let text = |summary| serde_json::to_string(summary).unwrap();
        assert!(expected.arms[2].readouts.values().filter(|value| value.is_some()).count() > 5, "{}", text(&expected));
        for number in 0..3 {
            let steps = (1.0 + 4_000.0 * unit(hash(seed, 100 + number))).round();
            let record = steps * 0.25 / 60_000.0 * if fast { 1.0 } else { 60.0 };
            let mut other = recorded_every(plain.clone(), Some(record));
            if number == 1 {
                other.run.signals = vec!["concentration.*".into()];
            }
            let outcome = run_of(&other);
            let found = summarise(&outcome);
            assert!(found == expected, "seed {seed}, every {record} min:\n{}\n{}", text(&found), text(&expected));
            // Nor does what is read out change the traces; in slow time, where a step ends at each report, but for its times.
            if !fast {
                other = Readout::with_times_of_run(&other);
            }
            other.run.readouts.clear();
            let bare = run_of(&other);
            for (one, other) in outcome.arms.iter().zip(&bare.arms) {
                assert!(bits(one) == bits(other), "seed {seed}, every {record} min, {}", one.name);
            }
        }
    }
}

#[test]
fn sweeps_read_out_what_runs_do_to_the_last_bit() {
    for fast in [false, true] {
        let plain = scenario(&random_scenario(7, fast));
        let names: Vec<String> = READOUTS
            .iter()
            .chain(&["minutes_above_control", "peak_at", "lasting_half_time"])
            .map(|name| (*name).to_owned())
            .collect();
        let mut with_times = plain.clone();
        Readout::add_times(&names, &mut with_times);
        let axis = disinhibit::scenario::sweep::Axis {
            path: "populations.E.tau".into(),
            values: ["12 ms", "15 ms"].map(|value| Setting::Text(value.to_owned())).to_vec(),
            ..Default::default()
        };
        let sweep = Sweep { readouts: names.clone(), axes: vec![axis], ..Sweep::default() };
        let bound = bind(&sweep, &with_times).unwrap();
        let engine = Engine::new(&bound, &with_times, None).unwrap();
        for row in engine.rows(0..engine.runs()) {
            assert_eq!(row.status, "ok");
            let mut alone = with_times.clone();
            alone.circuit.populations["E"].tau = row.axes[0].number.unwrap();
            alone.run.readouts.clone_from(&names);
            alone.run.record = Some(0.05);
            let summary = summary_of(&alone, &row.arm);
            for (readout, number) in engine.readouts.iter().zip(&row.readouts) {
                let expected = value(readout, &summary, &alone);
                assert_eq!(
                    number.to_bits(),
                    expected.to_bits(),
                    "{} of {}: {number}, {expected}",
                    readout.name,
                    row.arm
                );
            }
        }
    }
}

/// A drug of which everything is known: absorbed and eliminated first order.
const DRUG: &str = r#"
name = "drug"
input_unit = "mV"
species = "rat"
[populations.E]
tau = "10 ms"
drive = "10 mV"
transfer = { kind = "threshold-linear", gain = 1 }
[ligands.d.kinetics.rat]
route = "ip"
absorption_half_life = "4 min"
elimination_half_life = "30 min"
peak = { concentration = "1 uM", dose = "1 mg/kg" }
[run]
from = "0 min"
to = "200 min"
report = ["10 min"]
record = "50 min"
readouts = ["highest_at.concentration.d", "mean.concentration.d", "area.concentration.d", "half_time.concentration.d",
            "first_passage.concentration.d above 0.5 uM", "time_above.concentration.d above 500 nM",
            "duration_1.concentration.d above 500 nM", "concentration.d at 40 min", "peaks.concentration.d"]
[[arms]]
name = "dose"
doses = [{ ligand = "d", amount = "1 mg/kg", at = "0 min" }]
"#;

#[test]
fn numbers_of_a_course_are_those_of_its_formula() {
    let (fast, slow) = (libm::log(2.0) / 4.0, libm::log(2.0) / 30.0);
    let top = libm::log(fast / slow) / (fast - slow);
    let shape = |time: f64| libm::exp(-slow * time) - libm::exp(-fast * time);
    let course = |time: f64| 1_000.0 * shape(time) / shape(top);
    let crossing = |mut below: f64, mut above: f64| {
        for _ in 0..200 {
            let middle = 0.5 * (below + above);
            if course(middle) < 500.0 { below = middle } else { above = middle }
        }
        below
    };
    let (rise, fall) = (crossing(0.0, top), crossing(200.0, top));
    let area = |end: f64| {
        1_000.0 / shape(top) * ((1.0 - libm::exp(-slow * end)) / slow - (1.0 - libm::exp(-fast * end)) / fast)
    };
    let arm = summary_of(&scenario(DRUG), "dose");
    let expected = [
        ("highest_at.concentration.d", top),
        ("mean.concentration.d", area(200.0) / 200.0),
        ("area.concentration.d", area(200.0)),
        ("half_time.concentration.d", rise),
        ("first_passage.concentration.d above 0.5 uM", 60.0 * rise),
        ("time_above.concentration.d above 500 nM", 60.0 * (fall - rise)),
        ("duration_1.concentration.d above 500 nM", 60.0 * (fall - rise)),
        ("concentration.d at 40 min", course(40.0)),
        ("peaks.concentration.d", 1.0),
    ];
    assert_eq!(arm.readouts.len(), expected.len());
    for (name, number) in expected {
        approx::assert_relative_eq!(arm.readouts[name].unwrap(), number, max_relative = 1e-5);
    }
    approx::assert_relative_eq!(arm.lists["peaks.concentration.d"][0], top, max_relative = 1e-5);
}

#[test]
fn an_oscillation_has_its_period_and_dominance_its_durations() {
    let text = std::fs::read_to_string("tests/cases/readouts/fitzhugh.toml").unwrap();
    let found = |set: &[&str]| {
        let set: Vec<String> = set.iter().map(|set| (*set).to_owned()).collect();
        summary_of(&read(&text, &set).unwrap(), "driven")
    };
    let arm = found(&[]);
    // Auto-continuation of the same equations (tests/bifurcation.rs): a cycle of 40.032 ms.
    approx::assert_relative_eq!(arm.readouts["period.rate.X"].unwrap(), 0.040_032, max_relative = 2e-4);
    approx::assert_relative_eq!(arm.readouts["frequency.X"].unwrap(), 1.0 / 0.040_032, max_relative = 2e-4);
    let [peaks, stays] = ["peaks.X", "durations.X above 0"].map(|name| arm.lists[name].clone());
    assert_eq!(arm.readouts["peaks.X"], Some(peaks.len() as f64));
    assert!((18..=20).contains(&peaks.len()) && stays.len().abs_diff(peaks.len()) <= 1, "{peaks:?} {stays:?}");
    let mean = stays.iter().sum::<f64>() / stays.len() as f64;
    approx::assert_relative_eq!(arm.readouts["mean_duration.X above 0"].unwrap(), mean, max_relative = 1e-12);
    assert!(stays.iter().all(|stay| (stay / mean - 1.0).abs() < 1e-3) && mean < 0.040_032, "{stays:?}");
    let interval = arm.readouts["peak_interval_2.X"].unwrap();
    approx::assert_relative_eq!(interval, 60.0 * (peaks[2] - peaks[1]), max_relative = 1e-9);
    // The same whatever is recorded.
    assert_eq!(found(&["run.record=5 ms"]), arm);
}

#[test]
fn a_ring_has_a_sum_widths_and_a_place() {
    let text = r#"
name = "ring"
input_unit = "mV"
[populations.E]
units = 24
tau = "10 ms"
drive = "10 mV"
transfer = { kind = "threshold-linear", gain = 1 }
[run]
from = "0 min"
to = "2 min"
report = ["1 min"]
readouts = ["ring_sum.E at 90 s", "ring_half_width.E at 90 s", "ring_width.E at 90 s", "ring_position.E at 90 s"]
[[arms]]
name = "tuned"
inject = [{ population = "E", drive = "6 mV", tuning = { centre = 97, shape = "cosine", amplitude = 0.5 } }]
"#;
    let arm = summary_of(&scenario(text), "tuned");
    let read_out = |name: &str| arm.readouts[&format!("{name}.E at 90 s")].unwrap();
    // 10 + 6 (1 + cos d / 2), and the vector of that: 3 / 2 over 16.
    approx::assert_relative_eq!(read_out("ring_sum"), 24.0 * 16.0, max_relative = 1e-9);
    approx::assert_relative_eq!(read_out("ring_position"), 97.0, max_relative = 1e-9);
    let width = libm::sqrt(-2.0 * libm::log(1.5 / 16.0)).to_degrees();
    approx::assert_relative_eq!(read_out("ring_width"), width, max_relative = 1e-9);
    approx::assert_abs_diff_eq!(read_out("ring_half_width"), 180.0, epsilon = 3.0);
}

#[test]
fn only_what_is_asked_for_is_recorded() {
    let text = random_scenario(3, false);
    let chosen = |signals: &str| {
        let quoted: Vec<String> = signals.split(", ").map(|signal| format!("\"{signal}\"")).collect();
        read(&text.replace("[run]\n", &format!("[run]\nsignals = [{}]\n", quoted.join(", "))), &[])
    };
    let recorded = |signals: &str| run_of(&chosen(signals).unwrap()).arms[0].recording.names().to_vec();
    assert_eq!(recorded("rate.*, concentration.d"), ["rate.E", "rate.I", "concentration.d"]);
    assert_eq!(recorded("*.R.I"), ["activation.R.I", "desensitisation.R.I"]);
    let all = outcome(&text);
    assert_eq!(arm(&all, "dose").recording.names(), &*arm(&all, "dose").signals);
    let wrong = chosen("rate.*, activation.R.E").unwrap_err().to_string();
    assert!(
        wrong.contains("there is no signal `activation.R.E`") && wrong.contains("did you mean `activation.R.I`?"),
        "{wrong}"
    );
}

#[test]
fn a_readout_that_there_is_not_is_refused_with_the_nearest_name() {
    let wrong = |readout: &str| {
        let text = random_scenario(3, false).replace("[run]\n", &format!("[run]\nreadouts = [\"{readout}\"]\n"));
        load_from(Path::new("test.toml"), &[], &|_| Ok(text.clone().into_bytes())).unwrap_err().to_string()
    };
    for (readout, message) in [
        ("mean.concentration.dd", "did you mean `mean.concentration.d`?"),
        ("meen.E", "there is no readout `meen.E`"),
        ("peak_time_0.E", "there is no readout"),
        ("rate.E at 9 d", "9 d lies outside the run"),
        ("mean.E above 5 Hz", "there is no readout"),
        ("time_above.concentration.d", "some with a height"),
        ("variance.E", "there is no readout"),
        ("ring_sum.E at 1 s", "there is no readout"),
    ] {
        let found = wrong(readout);
        assert!(found.contains(message), "{readout}: {found}");
    }
    let text = random_scenario(0, true).replace("[run]\n", "[run]\nrecord = \"0.6 ms\"\n");
    let refused = read(&text, &[]).unwrap_err().to_string();
    assert!(refused.contains("samples fall on steps") && refused.contains("0.5 ms or 0.75 ms"), "{refused}");
}

#[test]
fn nothing_is_relative_to_a_control_that_is_silent() {
    let text = r#"
name = "silent"
input_unit = "mV"
[populations.E]
tau = "10 ms"
drive = "-1 mV"
transfer = { kind = "softplus", gain = 1, threshold = "30 mV", width = "1 mV" }
[run]
from = "0 min"
to = "2 min"
report = ["1 min"]
[compare]
control = "control"
[[arms]]
name = "control"
[[arms]]
name = "driven"
inject = [{ population = "E", drive = "50 mV" }]
"#;
    let arm = summary_of(&scenario(text), "driven");
    assert!(arm.peak_hz.unwrap().value > 10.0);
    assert_eq!((arm.peak_over_control, arm.suppression_index["1 min"]), (None, None));
}

/// A circuit that is built in code runs, and its answers are those of its reports and traces.
#[test]
fn a_scenario_in_code_answers_by_name() {
    use disinhibit::prelude::*;
    let scenario = Scenario::named("relay")
        .population("relay", Population::excitatory(ms(15.0)).rest(hz(12.0)).transfer(power_law(0.05, 2.0)))
        .population("reticular", Population::inhibitory(ms(10.0)).rest(hz(20.0)).transfer(power_law(0.05, 2.0)))
        .weight("reticular", "relay", -0.5)
        .weight("relay", "reticular", 0.8)
        .ligand("xylo", Ligand::intraperitoneal(minutes(3.0), minutes(20.0)).peak(nm(100.0), mg_per_kg(1.0)))
        .receptor("X", Receptor::binding("xylo", nm(50.0), 4.0).on("reticular", 0.7, Effect::drive(-6.0)))
        .arm(Arm::named("none"))
        .arm(Arm::named("dose").dose("xylo", mg_per_kg(2.0), minutes(0.0)))
        .between(minutes(-5.0), minutes(90.0))
        .report(minutes(10.0));
    assert_eq!(scenario.run.report[0].label, "10 min");
    let outcome = run(&scenario).unwrap();
    let (dose, report) = (&outcome["dose"], &outcome["dose"].reports[0]);
    let relay = dose.rate("relay");
    let place = dose.signals.iter().position(|name| name == "rate.relay").unwrap();
    assert_eq!(relay.at(minutes(10.0)).to_bits(), report.signals[place].to_bits());
    // The peak of the concentration is that which the ligand's reference dose states, times the dose.
    let (at, peak) = dose.course("concentration.xylo").unwrap().peak().unwrap();
    approx::assert_relative_eq!(peak, 200.0, max_relative = 1e-3);
    let half_lives = [3.0, 20.0].map(|half_life| std::f64::consts::LN_2 / half_life);
    let expected = libm::log(half_lives[0] / half_lives[1]) / (half_lives[0] - half_lives[1]);
    assert!((at - expected).abs() < 1.0, "{at} for {expected}");
    // Between recorded moments the course is a straight line; outside the run there is nothing.
    let middle = 0.5 * (relay.times()[40] + relay.times()[41]);
    approx::assert_relative_eq!(
        relay.at(minutes(middle)),
        0.5 * (relay.values()[40] + relay.values()[41]),
        max_relative = 1e-12
    );
    assert!(relay.at(minutes(-6.0)).is_nan() && relay.at(minutes(90.1)).is_nan());
    assert!(outcome.arm("nobody").is_none() && dose.course("rate.nobody").is_none());
}

#[allow(clippy::too_many_lines)]
#[test]
fn a_ring_is_read_out_over_time_and_its_bump_is_followed_beyond_a_turn() {
    // Rates of 10 + 5 cos(2 pi f t + 40 degrees - place): a bump that goes round at 20 Hz.
    let wave = |unit: i32| {
        let phase = (0.25 + 40.0 / 360.0 - f64::from(unit) / 8.0).rem_euclid(1.0);
        format!(
            "{{ population = \"E[{unit}]\", drive = \"5 mV\", waveform = {{ kind = \"sinusoid\", frequency = \"20 Hz\", phase = \
             {phase} }} }},\n"
        )
    };
    let waves = (0..8).map(wave).collect::<Vec<_>>().concat();
    let text = |time: &str, inject: &str| {
        format!(
            r#"
name = "ring"
input_unit = "mV"
[populations.E]
form = "algebraic"
units = 8
drive = "10 mV"
transfer = {{ kind = "threshold-linear", gain = 1 }}
[run]
time = "{time}"
step = "0.1 ms"
signal_step = "10 ms"
from = "0 ms"
to = "100 ms"
readouts = [
  "mean.ring_sum.E", "area.ring_sum.E", "lowest.ring_sum.E", "mean.ring_width.E", "highest.ring_width.E",
  "mean.ring_position.E", "highest.ring_position.E", "highest_at.ring_position.E",
  "time_above.ring_position.E above 360 deg", "first_passage.ring_position.E above 90",
  "time_above.ring_sum.E above 0.07 kHz", "area.ring_half_width.E",
]
[compare]
population = "E"
from = "0 ms"
to = "100 ms"
[[arms]]
name = "round"
inject = [{inject}]
"#
        )
    };
    let arm = summary_of(&scenario(&text("fast", &waves)), "round");
    let read_out = |name: &str| arm.readouts[name].unwrap_or(f64::NAN);
    let width = libm::sqrt(-2.0 * libm::log(0.25)).to_degrees();
    for (name, expected) in [
        ("mean.ring_sum.E", 80.0),
        ("area.ring_sum.E", 80.0 * 0.1 / 60.0),
        ("lowest.ring_sum.E", 80.0),
        ("mean.ring_width.E", width),
        ("highest.ring_width.E", width),
        ("mean.ring_position.E", 400.0),
        ("highest.ring_position.E", 760.0),
        ("highest_at.ring_position.E", 0.1 / 60.0),
        ("time_above.ring_position.E above 360 deg", 0.1 - 320.0 / 7200.0),
        ("first_passage.ring_position.E above 90", 50.0 / 7200.0),
        ("time_above.ring_sum.E above 0.07 kHz", 0.1),
    ] {
        approx::assert_relative_eq!(read_out(name), expected, max_relative = 1e-6);
    }
    // The units' rates, and not their mean: the half width is that of eight places on straight lines.
    assert!((read_out("area.ring_half_width.E") / (0.1 / 60.0) - 180.0).abs() < 15.0);
    // Where there is no bump, there is nothing to tell of it, and its sum is.
    let still = summary_of(&scenario(&text("fast", "")), "round");
    assert_eq!(still.readouts["mean.ring_position.E"], None);
    approx::assert_relative_eq!(still.readouts["mean.ring_sum.E"].unwrap(), 80.0, max_relative = 1e-12);
    let wrong = |readout: &str| {
        let text = text("fast", "").replace("\"area.ring_half_width.E\"", &format!("\"{readout}\""));
        read(&text, &[]).unwrap_err().to_string()
    };
    for readout in
        ["variance.ring_sum.E", "time_above.ring_width.E", "mean.ring_sum.F", "time_above.ring_sum.E above 3 deg"]
    {
        assert!(wrong(readout).contains(&format!("there is no readout `{readout}`")), "{readout}");
    }
    // In slow time as well: a tuned drive that comes and goes by steps.
    let tuned = "{ population = \"E\", drive = \"4 mV\", from = \"60 ms\", tuning = { centre = 90, shape = \"cosine\", amplitude \
                 = 1 } }";
    let text = text("slow", tuned).replace("ms\"", "min\"").replace("0.1 min", "0.1 ms").replace("10 min\"", "10 ms\"");
    let slow = summary_of(&scenario(&text), "round");
    approx::assert_relative_eq!(slow.readouts["mean.ring_sum.E"].unwrap(), 80.0 + 0.4 * 32.0, max_relative = 1e-9);
    approx::assert_relative_eq!(slow.readouts["mean.ring_position.E"].unwrap(), 90.0, max_relative = 1e-9);
    approx::assert_relative_eq!(
        slow.readouts["time_above.ring_sum.E above 0.07 kHz"].unwrap(),
        6000.0,
        max_relative = 1e-9
    );
}

#[test]
fn at_a_corner_of_a_transfer_function_both_sides_are_told_and_the_least_stable_decides() {
    let text = |time: &str, drive: f64| {
        format!(
            "input_unit = \"none\"\n[populations.E]\ntau = \"10 ms\"\ndrive = {drive}\n\
             transfer = {{ kind = \"threshold-linear\", gain = 1 }}\n[onto.E]\nE = 0.5\n\
             [run]\ntime = \"{time}\"\nstep = \"0.1 ms\"\nfrom = \"0 s\"\nto = \"3 s\"\nreport = [\"2 s\"]\n\
             [[arms]]\nname = \"there\"\n[[arms]]\nname = \"beside\"\ninject = [{{ population = \"E\", drive = 1 }}]\n"
        )
    };
    for time in ["slow", "fast"] {
        let at_corner = scenario(&text(time, 0.0));
        let arm = summary_of(&at_corner, "there");
        let sides = &arm.stability_sides_per_s["2 s"];
        assert_eq!(sides.len(), 2, "{time}: {sides:?}");
        approx::assert_relative_eq!(sides[0], -50.0, max_relative = 1e-9);
        approx::assert_relative_eq!(sides[1], -100.0, max_relative = 1e-9);
        assert_eq!(arm.stability_per_s["2 s"], Some(sides[0]));
        // Beside the corner there is one side.
        let beside = summary_of(&at_corner, "beside");
        assert!(beside.stability_sides_per_s.is_empty());
        approx::assert_relative_eq!(beside.stability_per_s["2 s"].unwrap(), -50.0, max_relative = 1e-6);
        let below = summary_of(&scenario(&text(time, -0.5)), "there");
        assert!(below.stability_sides_per_s.is_empty());
        approx::assert_relative_eq!(below.stability_per_s["2 s"].unwrap(), -100.0, max_relative = 1e-9);
    }
}
