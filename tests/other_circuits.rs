//! Circuits that others published, beside those of `tests/published.rs`, by their equations alone; expected numbers come from
//! independent solutions of the papers' equations, unless a closed form is given.
#![allow(clippy::unwrap_used)]

mod common;

use approx::assert_relative_eq;
use common::{read, scenario};
use disinhibit::analyze::continuation::{Kind, Options, Settings};
use disinhibit::analyze::{Analysis, Bifurcation, Knob, Request, Subject};
use disinhibit::config::load;
use disinhibit::readouts::summarise;
use disinhibit::simulate::run;
use std::path::Path;

fn subject(text: &str) -> Subject {
    Subject::circuit(&scenario(text)).unwrap()
}

/// Jansen & Rit 1995 under an input of p Hz.
fn jansen_rit(p: &str) -> Subject {
    let file = Path::new("configs/circuits/published/jansen_rit_1995.toml");
    let loaded = load(file, &[format!("constants.p={p}")]).unwrap();
    Subject::circuit(&loaded.scenario).unwrap()
}

#[test]
fn a_column_bifurcates_where_grimbert_and_faugeras_say() {
    let subject = jansen_rit("120");
    let (knob, low) = Knob::new(&subject, "constants.p", "-50").unwrap();
    let (_, high) = Knob::new(&subject, "constants.p", "400").unwrap();
    let options = Options::new(Settings::over(low, high)).unwrap();
    let found = Bifurcation::new(&subject, &(knob, options), None).unwrap();
    let special = found.diagram.special();
    let places = |kind: Kind| {
        let mut knobs: Vec<f64> = special.iter().filter(|point| point.kind == kind).map(|point| point.knob).collect();
        knobs.sort_by(f64::total_cmp);
        knobs
    };
    // The paper prints two digits: saddle-nodes at 113.58, Hopf points at -12.15, 89.83 and 315.70.
    for (found, expected) in places(Kind::Fold).iter().zip([-41.301_410_488, 113.586_273_213]) {
        assert_relative_eq!(*found, expected, max_relative = 1e-8);
    }
    let hopf = [(-12.147_492_348, 7.239_482_023), (89.829_107_970, 10.377_058_574), (315.696_428_069, 11.163_570_828)];
    assert_eq!((places(Kind::Fold).len(), places(Kind::Hopf).len()), (2, 3));
    for (place, hertz) in hopf {
        let point = special.iter().find(|point| point.kind == Kind::Hopf && (point.knob - place).abs() < 1e-6).unwrap();
        assert_relative_eq!(point.frequency.unwrap() * 1e3 / std::f64::consts::TAU, hertz, max_relative = 1e-7);
    }
    // Cycles of large amplitude turn at 137.38.
    let turns: Vec<f64> =
        found.diagram.cycles.iter().flat_map(|cycles| &cycles.folds).map(|point| point.knob).collect();
    assert!(turns.iter().any(|turn| (turn - 137.38).abs() < 5e-3), "{turns:?}");
}

#[test]
fn a_column_whose_populations_are_algebraic_has_its_alpha_rhythm() {
    // Rates of the linear populations are above 100 Hz, and the first population stands still.
    for (p, rate, period) in [("120", 3.136_203_954_892, 95.526_79), ("200", 3.435_307_935_660, 92.059_94)] {
        let analysis = Analysis::new(&jansen_rit(p), &Request::default()).unwrap();
        assert_eq!(analysis.fixed_points.len(), 1, "p = {p}");
        let pyramidal = analysis.populations.iter().position(|name| name == "P").unwrap();
        assert_relative_eq!(analysis.fixed_points[0].rates_hz[pyramidal], rate, max_relative = 1e-10);
        assert_relative_eq!(analysis.cycle.unwrap().period_ms, period, max_relative = 1e-6);
    }
}

/// Roxin, Brunel & Hansel 2005 (doi:10.1103/PhysRevLett.94.238103): a ring with delayed interactions J_0 + J_1 cos.
fn roxin(uniform: f64, amplitude: f64) -> String {
    format!(
        "input_unit = \"none\"\n[populations.E]\nunits = 16\ntau = \"10 ms\"\ndrive = 5\n\
         transfer = {{ kind = \"threshold-linear\", gain = 1 }}\n[synapses.late]\ndelay = \"5 ms\"\n\
         [onto.E.through.late]\nE = {uniform:?}\n\
         [[kernels]]\nonto = \"E\"\nfrom = \"E\"\nshape = \"cosine\"\namplitude = {amplitude:?}\n"
    )
}

#[test]
fn a_ring_with_delays_has_the_eigenvalues_of_its_modes() {
    // tau lambda + 1 = J exp(-lambda D) for the uniform mode, J = -4, and the tuned one, J = -2.5: by Lambert's function.
    let analysis = Analysis::new(&subject(&roxin(-4.0, 1.25)), &Request::default()).unwrap();
    assert_relative_eq!(analysis.fixed_points[0].rates_hz[3], 1.0, max_relative = 1e-12);
    let values = &analysis.fixed_points[0].eigenvalues_per_s;
    for (re, im) in [(7.264_258_183_050_8, 370.518_126_706_880_2), (-61.119_285_387_048_9, 337.123_930_744_879_9)] {
        let near = |value: &&[f64; 2]| (value[0] - re).abs() < 1e-6 && (value[1].abs() - im).abs() < 1e-6;
        assert!(values.iter().any(|value| near(&value)), "{re} {im}");
    }
}

#[test]
fn the_state_of_a_circuit_is_among_its_fixed_points_however_high_its_rates() {
    // The supralinear stabilised network of Rubin, Van Hooser & Miller 2015 (doi:10.1016/j.neuron.2014.12.026).
    let population = |name: &str, role: &str, tau: u32| {
        format!(
            "[populations.{name}]\nrole = \"{role}\"\ntau = \"{tau} ms\"\ndrive = \"40 mV\"\n\
             transfer = {{ kind = \"power-law\", gain = 0.04, exponent = 2 }}\n"
        )
    };
    let text = format!(
        "input_unit = \"mV\"\n{}{}[onto.E]\nE = 1.25\nI = -0.65\n[onto.I]\nE = 1.2\nI = -0.5\n",
        population("E", "excitatory", 20),
        population("I", "inhibitory", 10)
    );
    let analysis = Analysis::new(&subject(&text), &Request::default()).unwrap();
    let near = |rates: &Vec<f64>| (rates[0] / 65.360_110_092_406_07 - 1.0).abs() < 1e-10;
    let point = analysis.fixed_points.iter().find(|point| near(&point.rates_hz)).unwrap();
    assert_relative_eq!(point.rates_hz[1], 125.042_058_013_301_87, max_relative = 1e-10);
}

#[test]
fn rates_of_algebraic_populations_are_recorded_at_their_time() {
    // tau ds/dt = -s + r with r = a sin(omega t) at once; with `record` as short as the step, samples are states of their moment.
    let text = "input_unit = \"none\"\n[synapses.slow]\ngate = { kind = \"filter\", tau = \"20 ms\" }\n\
         [populations.A]\nform = \"algebraic\"\ndrive = 10\ntransfer = { kind = \"threshold-linear\", gain = 1 }\n\
         [populations.B]\nform = \"algebraic\"\ndrive = 1\ntransfer = { kind = \"threshold-linear\", gain = 1 }\n\
         [onto.B.through.slow]\nA = 0.5\n\
         [run]\ntime = \"fast\"\nmethod = \"rk4\"\nfrom = \"0 s\"\nto = \"0.2 s\"\nstep = \"0.1 ms\"\nrecord = \"0.1 ms\"\n\
         signal_step = \"50 ms\"\n\
         [[arms]]\nname = \"wave\"\ninject = [{ population = \"A\", drive = 4, from = \"0 s\", \
         waveform = { kind = \"sinusoid\", frequency = \"10 Hz\" } }]\n";
    let outcome = run(&scenario(text)).unwrap();
    let recording = &outcome.arms[0].recording;
    let (direct, filtered) = (recording.signal("rate.A").unwrap(), recording.signal("rate.B").unwrap());
    let omega = std::f64::consts::TAU * 0.01;
    let turn = omega * 20.0;
    for ((time, a), b) in recording.times().iter().zip(direct).zip(filtered).skip(1) {
        let ms = time * 60_000.0;
        if ms > 199.95 {
            continue;
        }
        assert!((a - 10.0 - 4.0 * libm::sin(omega * ms)).abs() < 1e-5, "{ms}: {a}");
        let wave = libm::sin(omega * ms) - turn * libm::cos(omega * ms) + turn * libm::exp(-ms / 20.0);
        let expected = 6.0 + 2.0 * wave / (1.0 + turn * turn);
        assert!((b - expected).abs() < 1e-5, "{ms}: {b} {expected}");
    }
}

#[test]
fn one_mistake_is_one_error_that_names_its_key() {
    let text = roxin(-4.0, 1.25);
    let cases = [
        ("tau = \"10 ms\"", "tau = \"-10 ms\"", "out of range"),
        ("tau = \"10 ms\"", "tua = \"10 ms\"", "unknown key `tua`"),
        ("drive = 5", "drive = \"5 furlongs\"", "furlongs"),
        ("units = 16", "units = 4000000000", "at most 200"),
        (
            "input_unit = \"none\"\n",
            "input_unit = \"none\"\n[tie]\n\"onto.E.Q\" = \"2\"\n",
            "there is no population `Q`",
        ),
    ];
    for (from, to, words) in cases {
        let error = read(&text.replacen(from, to, 1), &[]).expect_err(to);
        assert_eq!(error.diagnostics.len(), 1, "{}", error.render());
        let diagnostic = &error.diagnostics[0];
        assert!(diagnostic.to_string().contains(words), "{diagnostic}");
        let line = text.replacen(from, to, 1).lines().position(|line| {
            to.lines().any(|new| new == line && !new.starts_with("input") && !new.starts_with("[tie]"))
        });
        assert_eq!(Some(diagnostic.line), line.map(|line| line + 1), "{diagnostic}");
    }
}

#[test]
fn a_population_of_several_units_stands_for_all_of_them_where_a_run_starts_and_in_comparisons() {
    let text = |start: &str, main: &str| {
        format!(
            "input_unit = \"none\"\n[populations.E]\nunits = 4\ntau = \"10 ms\"\ndrive = 0\n\
             transfer = {{ kind = \"threshold-linear\", gain = 1 }}\n\
             [run]\ntime = \"fast\"\nfrom = \"0 s\"\nto = \"0.1 s\"\nrecord = \"1 ms\"\nreport = [\"0.1 s\"]\n\
             [run.start]\n{start}\n[compare]\npopulation = \"{main}\"\n[[arms]]\nname = \"a\"\n"
        )
    };
    let outcome = run(&scenario(&text("E = 8.0\n\"E[2]\" = 4.0", "E"))).unwrap();
    let first = |name: &str| outcome.arms[0].recording.signal(name).unwrap()[0];
    assert_eq!(["rate.E[0]", "rate.E[2]", "rate.E[3]", "rate.E"].map(first), [8.0, 4.0, 8.0, 7.0]);
    assert_eq!(outcome.arms[0].recording.signal("rate.F"), None);
    let summary = summarise(&outcome);
    assert_eq!(summary.population, "E");
    assert_relative_eq!(summary.arms[0].peak_hz.unwrap().value, 7.0, max_relative = 1e-12);
    for (start, main, words) in
        [("F = 1.0", "E", "there is no variable `F`"), ("E = 1.0", "F", "there is no population `F`")]
    {
        let error = read(&text(start, main), &[]).expect_err(words);
        assert!(error.render().contains(words), "{}", error.render());
    }
}

#[test]
fn a_table_of_times_and_a_tuning_are_checked() {
    let run = "[run]\ntime = \"fast\"\nfrom = \"0 s\"\nto = \"1 s\"\n[[arms]]\nname = \"a\"\n";
    let text =
        |inject: &str| format!("{}{run}inject = [{{ population = \"E\", drive = 1, {inject} }}]\n", roxin(-0.5, 0.4));
    assert!(read(&text("tuning = { shape = \"gaussian\", width = 30, centre = 90 }"), &[]).is_ok());
    let table = |times: &str, values: &str| {
        text(&format!("waveform = {{ kind = \"table\", times = {times}, values = {values} }}"))
    };
    assert!(read(&table("[\"0 ms\", \"5 ms\"]", "[0, 1]"), &[]).is_ok());
    for (wrong, words) in [
        (table("[\"0 ms\", \"5 ms\"]", "[0]"), "2 times, but 1 values"),
        (table("[]", "[]"), "0 times"),
        (table("[\"5 ms\", \"0 ms\"]", "[0, 1]"), "do not rise"),
        (text("tuning = { shape = \"gaussian\" }"), "`width` is missing"),
        (
            text("tuning = { shape = \"cosine\", amplitude = 1 }").replace("\"E\", drive = 1", "\"E[3]\", drive = 1"),
            "several units",
        ),
    ] {
        let error = read(&wrong, &[]).expect_err(words);
        assert!(error.render().contains(words), "{}", error.render());
    }
}

#[test]
fn a_kernel_needs_units_on_both_sides_and_a_weight_that_falls() {
    let file = Path::new("tests/cases/circuits/s_units0.toml");
    let error = load(file, &[]).unwrap_err().to_string();
    assert!(error.contains("`P` has no units, so that it lies nowhere on the ring"), "{error}");
    let text = roxin(-4.0, 1.25).replace("[onto.E.through.late]\nE = -4.0\n", "");
    let error = read(&text, &[]).unwrap_err().to_string();
    assert!(error.contains("there is no weight from `E` onto `E`"), "{error}");
}

#[test]
fn an_arm_may_change_a_kernel() {
    let scenario = load(Path::new("tests/cases/circuits/ring_sc.toml"), &[]).unwrap().scenario;
    let outcome = run(&scenario).unwrap();
    let weight = |arm: usize, onto: &str, from: &str| {
        let arm = &outcome.arms[arm];
        let place = arm.connections.iter().position(|one| one.onto == onto && one.from == from).unwrap();
        arm.reports[0].weights[place]
    };
    for (arm, amplitude) in [(0, 0.9), (1, 0.2)] {
        let expected = 1.5 / 16.0 * (1.0 + amplitude);
        assert_relative_eq!(weight(arm, "E[3]", "E[3]"), expected, max_relative = 1e-12);
        assert_relative_eq!(weight(arm, "E[0]", "E[8]"), 1.5 / 16.0 * (1.0 - amplitude), max_relative = 1e-12);
    }
}
