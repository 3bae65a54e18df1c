//! Random circuits of the mechanisms whose equations are products of states: modulated synapses, transfer functions of two
//! inputs, sines in formulas, kernels with a centre, weights of single units. Each is written out a second time here, plainly.

use super::common::{bits, scenario};
use disinhibit::analyze::{System, fixed_points};
use disinhibit::equilibrium::calibrate_scenario;
use disinhibit::experiment::plans;
use disinhibit::scenario::{Scenario, Setting};
use disinhibit::simulate::{run, run_plans};
use nalgebra::DMatrix;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::fmt::Write;

const UNITS: usize = 4;
const SINGLES: usize = 3;

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Formulas of transfer functions, `a` and `b` being their parameters; the last two have a second input.
const TRANSFERS: [&str; 5] = [
    "a * logistic(x / 3)",
    "a * (1 + 0.4 * sin(x / b)) * logistic(x / 4)",
    "a * (1 + tanh(x / 5 + 0.2 * cos(x)))",
    "a * logistic(x / 4) * (0.5 + logistic(y / b))",
    "a * logistic(x / 4 + 0.3 * sin(y))",
];

fn transfer(kind: usize, [a, b]: [f64; 2], x: f64, y: f64) -> f64 {
    match kind {
        0 => a * logistic(x / 3.0),
        1 => a * (1.0 + 0.4 * libm::sin(x / b)) * logistic(x / 4.0),
        2 => a * (1.0 + libm::tanh(x / 5.0 + 0.2 * libm::cos(x))),
        3 => a * logistic(x / 4.0) * (0.5 + logistic(y / b)),
        _ => a * logistic(x / 4.0 + 0.3 * libm::sin(y)),
    }
}

/// Formulas of modulations, `k` being their parameter; the last is of a release.
const MODULATIONS: [&str; 4] = [
    "1 / (1 + rate.target / k)",
    "logistic((rate.source - k) / 3) + 0.1 * rate.P0 / k",
    "0.6 + 0.4 * sin(rate.P1 / k)",
    "1 / (1 + rate.P2 / k) + 0.2 * gate.open.P0",
];

struct Population {
    name: String,
    voltage: bool,
    tau: f64,
    kind: usize,
    numbers: [f64; 2],
    drive: f64,
    second: f64,
}

/// The classes: none, then `open` (a gate), `spent` (short-term plasticity) and `bound` (a saturating gate behind it).
const CLASSES: [&str; 3] = ["open", "spent", "bound"];

struct Class {
    tau: f64,
    gain: f64,
    utilisation: f64,
    depression: f64,
    facilitation: f64,
    modulation: usize,
    k: f64,
}

struct Synapse {
    target: usize,
    source: usize,
    class: Option<usize>,
    second: bool,
    weight: f64,
}

struct Plain {
    text: String,
    populations: Vec<Population>,
    classes: [Class; 3],
    synapses: Vec<Synapse>,
}

impl Plain {
    fn random(seed: u64) -> Self {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut between = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
        let mut text = String::from("input_unit = \"none\"\n");
        let mut populations = Vec::new();
        for index in 0..=SINGLES {
            let ring = index == SINGLES;
            let kind = between(0.0, 4.999) as usize;
            let voltage = kind < 3 && between(0.0, 1.0) < 0.3;
            let (tau, a, b) = (between(5.0, 25.0), between(4.0, 12.0), between(1.0, 3.0));
            let (drive, second) = (between(-2.0, 4.0), between(-1.0, 1.0));
            let name = if ring { "R".to_owned() } else { format!("P{index}") };
            let used: Vec<String> = [("a", a), ("b", b)]
                .into_iter()
                .filter(|(name, _)| *name == "a" || TRANSFERS[kind].contains("/ b"))
                .map(|(name, value)| format!("{name} = {value}"))
                .collect();
            writeln!(text, "[populations.{name}]\ntau = \"{tau} ms\"\ndrive = {drive}").unwrap();
            writeln!(text, "form = \"{}\"", if voltage { "voltage" } else { "rate" }).unwrap();
            let formula = TRANSFERS[kind];
            let parameters = used.join(", ");
            writeln!(
                text,
                "transfer = {{ kind = \"expression\", f = \"{formula}\", parameters = {{ {parameters} }} }}"
            )
            .unwrap();
            if kind >= 3 {
                writeln!(text, "second = {{ drive = {second} }}").unwrap();
            }
            if ring {
                writeln!(text, "units = {UNITS}").unwrap();
            }
            for unit in 0..if ring { UNITS } else { 1 } {
                let name = if ring { format!("R[{unit}]") } else { name.clone() };
                populations.push(Population { name, voltage, tau, kind, numbers: [a, b], drive, second });
            }
        }
        let classes = [0, 1, 2].map(|index| {
            let release = index == 2 && between(0.0, 1.0) < 0.5;
            let modulation = if release { 3 } else { between(0.0, 2.999) as usize };
            Class {
                tau: between(5.0, 40.0),
                gain: between(0.5, 1.5),
                utilisation: between(0.2, 0.7),
                depression: between(50.0, 200.0),
                facilitation: between(30.0, 120.0),
                modulation,
                k: between(2.0, 6.0),
            }
        });
        for (name, class) in CLASSES.iter().zip(&classes) {
            let Class { tau, gain, utilisation, depression, facilitation, modulation, k } = class;
            writeln!(text, "[synapses.{name}]").unwrap();
            match *name {
                "open" => writeln!(text, "gate = {{ kind = \"first-order\", tau = \"{tau} ms\", gain = {gain} }}"),
                "spent" => writeln!(text, "plasticity = {{ U = {utilisation}, depression = \"{depression} ms\" }}"),
                _ => writeln!(
                    text,
                    "gate = {{ kind = \"saturating\", tau = \"{tau} ms\", gain = {gain} }}\nplasticity = {{ U = {utilisation}, \
                     depression = \"{depression} ms\", facilitation = \"{facilitation} ms\" }}"
                ),
            }
            .unwrap();
            let (at, formula) = (if *modulation == 3 { "release" } else { "weight" }, MODULATIONS[*modulation]);
            writeln!(text, "modulation = {{ at = \"{at}\", f = \"{formula}\", parameters = {{ k = {k} }} }}").unwrap();
        }
        let mut circuit = Self { text, populations, classes, synapses: Vec::new() };
        circuit.join(&mut between);
        circuit
    }

    /// Synapses of every class among the single populations, onto second inputs, and the ring's by its kernels.
    fn join(&mut self, between: &mut impl FnMut(f64, f64) -> f64) {
        let [width, centre, amplitude, looks] =
            [between(30.0, 80.0), between(0.0, 360.0), between(0.2, 0.9), between(0.0, 360.0)];
        writeln!(
            self.text,
            "[[kernels]]\nonto = \"R\"\nfrom = \"P0\"\nshape = \"gaussian\"\nwidth = {width}\ncentre = {centre}\n[[kernels]]\nonto = \
             \"R\"\nfrom = \"R\"\nshape = \"cosine\"\namplitude = {amplitude}\n[[kernels]]\nonto = \"P1\"\nfrom = \"R\"\nshape = \
             \"cosine\"\namplitude = {amplitude}\ncentre = {looks}"
        )
        .unwrap();
        for target in 0..SINGLES {
            for class in [None, Some(0), Some(1), Some(2)] {
                let size = [0.4, 8.0, 0.8, 8.0][class.map_or(0, |class| class + 1)];
                let place = class.map_or(String::new(), |class: usize| format!(".through.{}", CLASSES[class]));
                writeln!(self.text, "[onto.P{target}{place}]").unwrap();
                for source in 0..SINGLES {
                    let weight = between(-1.0, 1.0) * size;
                    writeln!(self.text, "P{source} = {weight}").unwrap();
                    self.synapses.push(Synapse { target, source, class, second: false, weight });
                }
            }
            if self.populations[target].kind >= 3 {
                let weight = between(-0.3, 0.3);
                writeln!(self.text, "[onto.P{target}.second]\nP0 = {weight}").unwrap();
                self.synapses.push(Synapse { target, source: 0, class: None, second: true, weight });
            }
        }
        let [from, own, single, read] =
            [between(-1.0, 1.0), between(-0.6, 0.6), between(-1.0, 1.0), between(-1.0, 1.0)];
        writeln!(self.text, "[onto.R]\nP0 = {from}\nR = {own}\n[onto.\"R[1]\"]\nP0 = {single}\n\"R[2]\" = {single}")
            .unwrap();
        // A table that stands already is written on where it is.
        let plain = "[onto.P1]\n";
        self.text = self.text.replacen(plain, &format!("{plain}R = {read}\n\"R[3]\" = {single}\n"), 1);
        let apart = |one: f64, other: f64| (one - other) - 360.0 * libm::round((one - other) / 360.0);
        let place = |unit: usize| 360.0 * unit as f64 / UNITS as f64;
        let cosine = |degrees: f64| 1.0 + amplitude * libm::cos(degrees.to_radians());
        let sum = |at: f64| (0..UNITS).map(|unit| cosine(at - place(unit))).sum::<f64>();
        let mut add = |target, source, weight| {
            self.synapses.push(Synapse { target, source, class: None, second: false, weight });
        };
        for unit in 0..UNITS {
            let off = apart(place(unit), centre) / width;
            // The kernel holds for what is written for a single unit, too.
            let profile = libm::exp(-0.5 * off * off);
            add(SINGLES + unit, 0, profile * if unit == 1 { single } else { from });
            for other in 0..UNITS {
                let share = own * cosine(place(unit) - place(other)) / sum(place(unit));
                add(SINGLES + unit, SINGLES + other, if (unit, other) == (1, 2) { single } else { share });
            }
            let share = read * cosine(looks - place(unit)) / sum(looks);
            add(1, SINGLES + unit, if unit == 3 { single } else { share });
        }
    }

    /// dy/dt per ms of each variable, by the names that the program gives them.
    fn slopes(&self, names: &[String], state: &[f64]) -> Vec<f64> {
        let value = |name: &str| names.iter().position(|known| known == name).map(|index| state[index]);
        let own: Vec<f64> = self.populations.iter().map(|one| value(&one.name).unwrap()).collect();
        let rate = |index: usize| {
            let one = &self.populations[index];
            if one.voltage { transfer(one.kind, one.numbers, own[index], 0.0) } else { own[index] }
        };
        let rates: Vec<f64> = (0..own.len()).map(rate).collect();
        let of = |part: &str, class: usize, source: usize| {
            value(&format!("{part}.{}.{}", CLASSES[class], self.populations[source].name))
        };
        let factor = |class: usize, source: usize, target: usize| {
            let k = self.classes[class].k;
            match self.classes[class].modulation {
                0 => 1.0 / (1.0 + rates[target] / k),
                1 => logistic((rates[source] - k) / 3.0) + 0.1 * rates[0] / k,
                2 => 0.6 + 0.4 * libm::sin(rates[1] / k),
                _ => 1.0 / (1.0 + rates[2] / k) + 0.2 * of("gate", 0, 0).unwrap(),
            }
        };
        let released = |class: usize, source: usize| {
            let spent = match of("resources", class, source) {
                Some(resources) => {
                    of("utilisation", class, source).unwrap_or(self.classes[class].utilisation) * resources
                }
                None => 1.0,
            };
            let scaled = if self.classes[class].modulation == 3 { factor(class, source, 0) } else { 1.0 };
            scaled * spent * rates[source]
        };
        let given = |synapse: &Synapse| match synapse.class {
            None => rates[synapse.source],
            Some(class) => {
                let gate = of("gate", class, synapse.source);
                let scaled = if self.classes[class].modulation == 3 {
                    1.0
                } else {
                    factor(class, synapse.source, synapse.target)
                };
                scaled * gate.unwrap_or_else(|| released(class, synapse.source))
            }
        };
        let input = |target: usize, second: bool| {
            let those = self.synapses.iter().filter(|one| one.target == target && one.second == second);
            those.map(|one| one.weight * given(one)).sum::<f64>()
        };
        let slope = |name: &String| {
            if let Some(index) = self.populations.iter().position(|one| one.name == *name) {
                let one = &self.populations[index];
                let (x, y) = (one.drive + input(index, false), one.second + input(index, true));
                let target = if one.voltage { x } else { transfer(one.kind, one.numbers, x, y) };
                return (target - own[index]) / one.tau;
            }
            let parts: Vec<&str> = name.split('.').collect();
            let class = CLASSES.iter().position(|class| *class == parts[1]).unwrap();
            let source = self.populations.iter().position(|one| one.name == parts[2]).unwrap();
            let (numbers, kilohertz) = (&self.classes[class], 1e-3 * rates[source]);
            let now = value(name).unwrap();
            let used = of("utilisation", class, source).unwrap_or(numbers.utilisation);
            match parts[0] {
                "utilisation" => {
                    (numbers.utilisation - now) / numbers.facilitation + numbers.utilisation * (1.0 - now) * kilohertz
                }
                "resources" => (1.0 - now) / numbers.depression - used * now * kilohertz,
                _ => {
                    let room = if class == 2 { 1.0 - now } else { 1.0 };
                    -now / numbers.tau + numbers.gain * room * released(class, source) * 1e-3
                }
            }
        };
        names.iter().map(slope).collect()
    }

    fn scenario(&self, names: &[String], start: &[f64], method: &str) -> Scenario {
        let pairs: Vec<String> = names.iter().zip(start).map(|(name, value)| format!("\"{name}\" = {value}")).collect();
        scenario(&format!(
            "{}\n[run]\ntime = \"fast\"\nmethod = \"{method}\"\nstep = \"0.25 ms\"\nfrom = \"0 ms\"\nto = \"10 ms\"\nreport = [\"10 \
             ms\"]\nrecord = \"0.25 ms\"\nstart = {{ {} }}\n[[arms]]\nname = \"a\"\n",
            self.text,
            pairs.join(", ")
        ))
    }

    /// Where a random state lies: what rates, gates and resources can be.
    fn state(names: &[String], random: &mut SmallRng) -> Vec<f64> {
        let one = |name: &String| {
            let share = random.random::<f64>();
            match name.split('.').next() {
                Some("gate") => 0.02 + 0.1 * share,
                Some("resources" | "utilisation") => 0.2 + 0.7 * share,
                _ => 1.0 + 8.0 * share,
            }
        };
        names.iter().map(one).collect()
    }
}

fn moved(state: &[f64], slope: &[f64], by: f64) -> Vec<f64> {
    state.iter().zip(slope).map(|(value, slope)| value + by * slope).collect()
}

/// 40 steps of 0.25 ms.
fn followed(plain: &Plain, names: &[String], start: &[f64], method: &str) -> Vec<f64> {
    let (mut state, step) = (start.to_vec(), 0.25);
    for _ in 0..40 {
        let one = plain.slopes(names, &state);
        if method == "euler-maruyama" {
            state = moved(&state, &one, step);
            continue;
        }
        let two = plain.slopes(names, &moved(&state, &one, 0.5 * step));
        let three = plain.slopes(names, &moved(&state, &two, 0.5 * step));
        let four = plain.slopes(names, &moved(&state, &three, step));
        let mean = |index: usize| (one[index] + 2.0 * two[index] + 2.0 * three[index] + four[index]) / 6.0;
        state = moved(&state, &(0..state.len()).map(mean).collect::<Vec<_>>(), step);
    }
    state
}

/// The Jacobian of some function by central differences, row-major.
fn differences(state: &[f64], at: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let (n, by) = (state.len(), 1e-5);
    let mut jacobian = vec![0.0; n * n];
    for column in 0..n {
        let shifted = |by: f64| {
            let mut state = state.to_vec();
            state[column] += by;
            at(&state)
        };
        for (row, (above, below)) in shifted(by).into_iter().zip(shifted(-by)).enumerate() {
            jacobian[row * n + column] = (above - below) / (2.0 * by);
        }
    }
    jacobian
}

#[test]
fn random_circuits_have_the_equations_the_jacobian_and_the_steps_of_a_plain_implementation() {
    for seed in 0..24 {
        let plain = Plain::random(seed);
        let system = System::new(&scenario(&plain.text).circuit);
        let names = system.variable_names();
        let random = &mut SmallRng::seed_from_u64(1_000 + seed);
        for _ in 0..4 {
            let state = Plain::state(&names, random);
            let (local, slopes) = (system.at(&state), plain.slopes(&names, &state));
            for (index, slope) in slopes.iter().enumerate() {
                let own = local.residual[index] / system.tau(index);
                assert!((own - slope).abs() <= 1e-12 * (1.0 + slope.abs()), "{seed}: {} {own} {slope}", names[index]);
            }
            let found = differences(&state, |state| system.at(state).residual);
            for (place, (own, difference)) in local.jacobian.iter().zip(&found).enumerate() {
                let (row, column) = (&names[place / names.len()], &names[place % names.len()]);
                let near = (own - difference).abs() <= 1e-7 * (1.0 + own.abs());
                assert!(near, "{seed}: d {row} / d {column}: {own} {difference}");
            }
        }
        let start = Plain::state(&names, random);
        for method in ["euler-maruyama", "rk4"] {
            let outcome = run(&plain.scenario(&names, &start, method)).unwrap();
            let arm = &outcome.arms[0];
            let expected = followed(&plain, &names, &start, method);
            for (index, name) in names.iter().enumerate() {
                let population = plain.populations.get(index);
                let (signal, value) = match population {
                    Some(one) if one.voltage => {
                        (format!("rate.{name}"), transfer(one.kind, one.numbers, expected[index], 0.0))
                    }
                    Some(_) => (format!("rate.{name}"), expected[index]),
                    None => (name.clone(), expected[index]),
                };
                let place = arm.signals.iter().position(|known| *known == signal).unwrap();
                let own = arm.reports[0].signals[place];
                let near = (own - value).abs() <= 1e-10 * (1.0 + value.abs());
                assert!(near, "{seed}, {method}: {signal} is {own}, not {value}");
            }
        }
    }
}

#[test]
fn random_circuits_side_by_side_equal_each_alone() {
    for seed in 0..8 {
        let plain = Plain::random(100 + seed);
        let names = System::new(&scenario(&plain.text).circuit).variable_names();
        let random = &mut SmallRng::seed_from_u64(2_000 + seed);
        let base = plain.scenario(&names, &Plain::state(&names, random), "rk4");
        let calibrated = calibrate_scenario(&base).unwrap();
        let base = Scenario { circuit: calibrated.circuit.clone(), ..base };
        let paths = [
            "synapses.open.modulation.parameters.k",
            "synapses.bound.modulation.parameters.k",
            "populations.P0.transfer.parameters.a",
            "populations.R.transfer.parameters.a",
            "onto.P1.through.spent.P0",
            "onto.P0.P1",
            "kernels.0.centre",
        ];
        let plans: Vec<_> = paths
            .iter()
            .flat_map(|path| {
                let mut own = base.clone();
                own.set(path, &Setting::Number(1.0 + 4.0 * random.random::<f64>())).unwrap();
                plans(&own, &calibrated.rates).unwrap()
            })
            .collect();
        let together: Vec<_> = run_plans(&plans, &base.run).iter().map(bits).collect();
        for (index, plan) in plans.iter().enumerate() {
            let alone = run_plans(std::slice::from_ref(plan), &base.run).remove(0);
            assert_eq!(together[index], bits(&alone), "{seed}: {}", paths[index]);
            assert!(together[..index].iter().all(|other| *other != together[index]), "{seed}: {}", paths[index]);
        }
    }
}

#[test]
fn fixed_points_of_random_circuits_are_roots_with_the_eigenvalues_of_the_dense_jacobian() {
    let mut checked = 0;
    for seed in 0..6 {
        let plain = Plain::random(200 + seed);
        let system = System::new(&scenario(&plain.text).circuit);
        let names = system.variable_names();
        let found = fixed_points(&system, None, &[]);
        assert!(!found.points.is_empty(), "{seed}");
        for point in &found.points {
            let slopes = plain.slopes(&names, &point.variables);
            assert!(slopes.iter().all(|slope| slope.abs() < 1e-10), "{seed}: {slopes:?}");
            let n = names.len();
            let dense = differences(&point.variables, |state| plain.slopes(&names, state));
            let dense = DMatrix::from_row_slice(n, n, &dense) * 1e3;
            let largest = point.eigenvalues.iter().map(|value| libm::hypot(value.re, value.im)).fold(0.0, f64::max);
            assert_eq!(point.eigenvalues.len(), n);
            let mut left: Vec<_> = dense.complex_eigenvalues().iter().copied().collect();
            for own in &point.eigenvalues {
                let off = |other: &nalgebra::Complex<f64>| libm::hypot(own.re - other.re, own.im - other.im);
                let nearest =
                    (0..left.len()).min_by(|one, other| off(&left[*one]).total_cmp(&off(&left[*other]))).unwrap();
                let nearest = left.remove(nearest);
                assert!(off(&nearest) <= 1e-4 * largest, "{seed}: {own:?} {nearest:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "{checked}");
}
