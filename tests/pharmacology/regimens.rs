//! Regimens of doses, whatever overlaps in them, against the matrix exponential of compartments.

use super::common::{arm, scenario};
use disinhibit::numeric::philox::{hash, unit};
use disinhibit::scenario::Scenario;
use disinhibit::simulate::{Outcome, run};
use nalgebra::{DMatrix, DVector};
use std::fmt::Write;
use std::path::Path;

/// Random numbers from one key.
struct Draws {
    key: u64,
    count: u64,
}

impl Draws {
    fn next(&mut self) -> f64 {
        self.count += 1;
        unit(hash(self.key, self.count))
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    fn likely(&mut self, probability: f64) -> bool {
        self.next() < probability
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[(self.next() * list.len() as f64) as usize]
    }
}

/// Rate constants between compartments per unit of time, and what 1 mg/kg of a dose raises its compartment by, in nM.
struct Body {
    absorption: Option<f64>,
    /// Of the central compartment alone where there is one, (10, 12, 21) where there are two.
    elimination: f64,
    exchange: Option<[f64; 2]>,
    effect: Option<f64>,
    per_dose: f64,
    absorbed: f64,
}

#[derive(Clone)]
struct Dose {
    at: f64,
    amount: f64,
    duration: Option<f64>,
    rate: Option<f64>,
    interval: Option<f64>,
    additional: u64,
    taper: f64,
    also_at: Vec<f64>,
    steady_state: bool,
}

const LN_2: f64 = std::f64::consts::LN_2;

impl Body {
    fn random(draws: &mut Draws, unit: &str) -> (Self, String) {
        let elimination = draws.between(100.0, 700.0);
        let distribution = draws.likely(0.5).then(|| (draws.between(5.0, 60.0), draws.between(0.1, 0.9)));
        let absorption = draws.likely(0.3).then(|| draws.between(2.0, 50.0));
        let effect = draws.likely(0.3).then(|| draws.between(1.0, 30.0));
        let absorbed = if draws.likely(0.5) { 1.0 } else { draws.between(0.1, 1.0) };
        let mut text = format!("elimination_half_life = \"{elimination} {unit}\"\nbioavailability = {absorbed}\n");
        match absorption {
            Some(half_life) => {
                let route = draws.one_of(&["ip", "sc", "im", "po", "in"]);
                writeln!(text, "route = \"{route}\"\nabsorption_half_life = \"{half_life} {unit}\"").unwrap();
            }
            None => text += "route = \"iv\"\n",
        }
        if let Some((half_life, fraction)) = distribution {
            writeln!(text, "distribution = {{ half_life = \"{half_life} {unit}\", fraction = {fraction} }}").unwrap();
        }
        if let Some(half_life) = effect {
            writeln!(text, "effect_half_life = \"{half_life} {unit}\"").unwrap();
        }
        text += "volume = \"2 L/kg\"\n";
        // C0 (A exp(-alpha t) + (1 - A) exp(-beta t)) in terms of the rate constants between compartments.
        let beta = LN_2 / elimination;
        let (elimination, exchange) = match distribution {
            None => (beta, None),
            Some((half_life, fraction)) => {
                let alpha = LN_2 / half_life;
                let back = fraction * beta + (1.0 - fraction) * alpha;
                let out = alpha * beta / back;
                (out, Some([alpha + beta - back - out, back]))
            }
        };
        let [absorption, effect] = [absorption, effect].map(|half_life| half_life.map(|half_life| LN_2 / half_life));
        // 1 mg/kg in 2 L/kg at 250 g/mol.
        let body = Self { absorption, elimination, exchange, effect, per_dose: absorbed / 2.0 / 250.0 * 1e6, absorbed };
        (body, text)
    }

    /// dx/dt = A x: depot, central, peripheral, effect site.
    fn matrix(&self) -> DMatrix<f64> {
        let mut matrix = DMatrix::zeros(4, 4);
        let absorption = self.absorption.unwrap_or(0.0);
        matrix[(0, 0)] = -absorption;
        matrix[(1, 0)] = absorption;
        let [away, back] = self.exchange.unwrap_or([0.0, 0.0]);
        matrix[(1, 1)] = -(self.elimination + away);
        matrix[(1, 2)] = back;
        matrix[(2, 1)] = away;
        matrix[(2, 2)] = -back;
        if let Some(effect) = self.effect {
            matrix[(3, 1)] = effect;
            matrix[(3, 3)] = -effect;
        }
        matrix
    }

    /// The compartment into which doses go.
    fn into(&self) -> usize {
        usize::from(self.absorption.is_none())
    }

    fn seen(&self, state: &DVector<f64>) -> f64 {
        state[if self.effect.is_some() { 3 } else { 1 }]
    }

    /// The state after a while under an inflow into the central compartment.
    fn after(&self, state: &DVector<f64>, inflow: f64, time: f64) -> DVector<f64> {
        let mut with_inflow = DMatrix::zeros(5, 5);
        with_inflow.view_mut((0, 0), (4, 4)).copy_from(&self.matrix());
        with_inflow[(1, 4)] = inflow;
        let extended = DVector::from_iterator(5, state.iter().copied().chain([1.0]));
        let end = (with_inflow * time).exp() * extended;
        end.rows(0, 4).into_owned()
    }

    /// The state at which a dose finds the body that has been given at this interval for ever, before it is given.
    fn steady(&self, dose: f64, duration: Option<f64>, interval: f64) -> DVector<f64> {
        let one = match duration {
            None => {
                let mut start = DVector::zeros(4);
                start[self.into()] = dose;
                self.after(&start, 0.0, interval)
            }
            Some(lasts) => {
                let end = self.after(&DVector::zeros(4), dose / lasts, lasts);
                self.after(&end, 0.0, interval - lasts)
            }
        };
        let kept = DMatrix::identity(4, 4) - (self.matrix() * interval).exp();
        // Compartments that are not there neither gain nor lose.
        let kept = kept + DMatrix::from_diagonal(&DVector::from_fn(4, |place, _| f64::from(!self.has(place))));
        kept.lu().solve(&one).unwrap()
    }

    fn has(&self, compartment: usize) -> bool {
        [self.absorption.is_some(), true, self.exchange.is_some(), self.effect.is_some()][compartment]
    }
}

enum What {
    Bolus(f64),
    Begin(usize, f64),
    End(usize),
    Steady(usize, f64, Option<f64>, f64),
}

/// The concentrations before and after everything that happens at the given times.
fn reference(body: &Body, doses: &[Dose], times: &[f64]) -> Vec<[f64; 2]> {
    let mut events: Vec<(f64, What)> = Vec::new();
    let mut infusions = 0;
    for dose in doses {
        let mut given = vec![(dose.at, dose.amount, dose.steady_state)];
        let mut amount = dose.amount;
        for count in 1..=dose.additional {
            amount *= dose.taper;
            given.push((dose.at + count as f64 * dose.interval.unwrap(), amount, false));
        }
        given.extend(dose.also_at.iter().map(|time| (*time, dose.amount, false)));
        for (at, amount, steady) in given {
            let raised = amount * body.per_dose;
            // A rate is that at which it reaches the blood.
            let duration = dose.duration.or(dose.rate.map(|rate| body.absorbed * amount / rate));
            match (steady, duration) {
                (true, lasts) => events.push((at, What::Steady(infusions, raised, lasts, dose.interval.unwrap()))),
                (false, None) => events.push((at, What::Bolus(raised))),
                (false, Some(lasts)) => events.push((at, What::Begin(infusions, raised / lasts))),
            }
            if let Some(lasts) = duration {
                events.push((at + lasts, What::End(infusions)));
                infusions += 1;
            }
        }
    }
    events.sort_by_key(|(time, _)| (time * 1e6).round() as i64);
    let mut events = events.into_iter().peekable();
    let (mut state, mut now, mut inflows) = (DVector::zeros(4), 0.0, vec![0.0; infusions]);
    let mut found = Vec::new();
    for time in times {
        let inflow = |inflows: &[f64]| inflows.iter().sum::<f64>();
        let mut before = None;
        while let Some((at, what)) = events.next_if(|(at, _)| *at <= time + 1e-7) {
            state = body.after(&state, inflow(&inflows), at - now);
            now = at;
            if (at - time).abs() < 1e-7 && before.is_none() {
                before = Some(body.seen(&state));
            }
            match what {
                What::Bolus(raised) => state[body.into()] += raised,
                What::Begin(which, speed) => inflows[which] = speed,
                What::End(which) => inflows[which] = 0.0,
                What::Steady(which, raised, duration, interval) => {
                    inflows.fill(0.0);
                    state = body.steady(raised, duration, interval);
                    match duration {
                        None => state[body.into()] += raised,
                        Some(lasts) => inflows[which] = raised / lasts,
                    }
                }
            }
        }
        state = body.after(&state, inflow(&inflows), time - now);
        now = *time;
        let after = body.seen(&state);
        found.push([before.unwrap_or(after), after]);
    }
    found
}

/// Doses of every kind; their times often coincide.
fn random_doses(draws: &mut Draws, body: &Body) -> Vec<Dose> {
    (0..=(draws.next() * 5.0) as usize)
        .map(|_| {
            let at = if draws.likely(0.6) { 20.0 * (draws.next() * 40.0).floor() } else { draws.between(0.0, 800.0) };
            let amount = draws.between(0.5, 50.0);
            let repeated = draws.likely(0.5);
            let interval = repeated.then(|| draws.one_of(&[40.0, 60.0, 100.0, 333.3]));
            let steady_state = repeated && draws.likely(0.5);
            let longest = if steady_state { interval.unwrap() } else { 500.0 };
            let lasts = match draws.next() {
                share if share < 0.2 => draws.between(1e-3, 1.0),
                share if share < 0.6 => draws.one_of(&[20.0, 40.0]),
                share if share < 0.7 => longest,
                _ => draws.between(1.0, longest),
            };
            let (duration, rate) = match draws.next() {
                share if share < 0.4 || body.absorption.is_some() => (None, None),
                share if share < 0.7 => (Some(lasts), None),
                _ => (None, Some(body.absorbed * amount / lasts * 1.000_01)),
            };
            let also_at = if draws.likely(0.2) { vec![20.0 * (draws.next() * 40.0).floor()] } else { Vec::new() };
            let additional = if repeated { (draws.next() * 4.0) as u64 } else { 0 };
            // What is given after the run has ended is not looked at here.
            Dose { at, amount, duration, rate, interval, additional, taper: 0.8, also_at, steady_state }
        })
        .collect()
}

fn written(dose: &Dose, unit: &str) -> String {
    let mut text = format!("{{ ligand = \"d\", amount = \"{} mg/kg\", at = \"{} {unit}\"", dose.amount, dose.at);
    if let Some(duration) = dose.duration {
        write!(text, ", duration = \"{duration} {unit}\"").unwrap();
    }
    if let Some(rate) = dose.rate {
        // Rates are written per minute.
        let per_minute = if unit == "s" { 60.0 * rate } else { rate };
        write!(text, ", rate = \"{per_minute} mg/kg/min\"").unwrap();
    }
    if let Some(interval) = dose.interval {
        let Dose { additional, taper, .. } = dose;
        write!(text, ", interval = \"{interval} {unit}\", additional = {additional}, taper = {taper}").unwrap();
    }
    if dose.steady_state {
        text += ", steady_state = true";
    }
    if !dose.also_at.is_empty() {
        let times: Vec<String> = dose.also_at.iter().map(|time| format!("\"{time} {unit}\"")).collect();
        write!(text, ", also_at = [{}]", times.join(", ")).unwrap();
    }
    text + " }"
}

/// Runs regimens, one in every arm, and compares each concentration that is recorded.
fn compare(key: u64, (unit, time, more): (&str, &str, &str), count: usize) {
    let mut draws = Draws { key, count: 0 };
    let (body, kinetics) = Body::random(&mut draws, unit);
    let regimens: Vec<Vec<Dose>> = (0..count).map(|_| random_doses(&mut draws, &body)).collect();
    let mut text = format!(
        "species = \"rat\"\n[populations.E]\nrole = \"excitatory\"\ntau = \"10 ms\"\ndrive = \"10 mV\"\ntransfer = {{ kind = \
         \"threshold-linear\", gain = 1 }}\n[run]\ntime = \"{time}\"\nfrom = \"0 {unit}\"\nto = \"1200 {unit}\"\n{more}\n\
         [ligands.d]\nmolar_mass = \"250 g/mol\"\n[ligands.d.kinetics.rat]\n{kinetics}"
    );
    for (index, doses) in regimens.iter().enumerate() {
        let doses: Vec<String> = doses.iter().map(|dose| written(dose, unit)).collect();
        writeln!(text, "[[arms]]\nname = \"{index}\"\ndoses = [{}]", doses.join(", ")).unwrap();
    }
    let outcome = run(&scenario(&text)).unwrap();
    let per_unit = if unit == "s" { 60.0 } else { 1.0 };
    for (index, doses) in regimens.iter().enumerate() {
        let recording = &arm(&outcome, &index.to_string()).recording;
        let times: Vec<f64> = recording.times().iter().map(|time| time * per_unit).collect();
        let values = recording.signal("concentration.d").unwrap();
        let mut places = times.clone();
        places.dedup();
        let expected = reference(&body, doses, &places);
        let largest = expected.iter().flatten().fold(0.0, |most: f64, value| most.max(*value));
        for (place, (at, value)) in times.iter().zip(&values).enumerate() {
            let [before, after] = expected[places.partition_point(|known| known < at)];
            let expected = if times.get(place + 1) == Some(at) { before } else { after };
            // The exponential of a matrix is itself good to a share of its largest element.
            let allowed = 1e-9 * expected + 1e-13 * largest;
            assert!(
                (value - expected).abs() <= allowed,
                "{value} for {expected} at {at} {unit} in arm {index} of\n{text}"
            );
        }
    }
}

#[test]
fn any_regimen_is_the_matrix_exponential_in_slow_time() {
    for key in 0..50 {
        compare(key, ("min", "slow", "record = \"37 min\""), 20);
    }
}

#[test]
fn and_in_fast_time() {
    for key in 100..103 {
        compare(key, ("s", "fast", "step = \"5 ms\"\nrecord = \"4 s\"\nsignal_step = \"2 s\""), 8);
    }
}

/// A case, as it is run from the command line.
fn case(name: &str, set: &[&str]) -> Outcome {
    run(&read(name, set)).unwrap()
}

fn read(name: &str, set: &[&str]) -> Scenario {
    let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
    let path = Path::new("tests/cases/doses").join(name);
    disinhibit::config::load(&path, &set).unwrap_or_else(|error| panic!("{error}")).scenario
}

fn concentration_at(outcome: &Outcome, minutes: f64) -> f64 {
    let recording = &outcome.arms[0].recording;
    let place = recording.times().iter().rposition(|time| (time - minutes).abs() < 1e-9).unwrap();
    recording.signal("concentration.d").unwrap()[place]
}

#[test]
fn infusions_end_though_a_steady_state_begins_beside_them() {
    // Each by the matrix exponential: a bolus of a rate r over T leaves r/k (1 - e^-kT), and so on.
    let (k, hour) = (0.1, 60.0);
    let brings = |rate: f64, lasts: f64, since: f64| rate / k * -libm::expm1(-k * lasts) * libm::exp(-k * since);
    let steady = |since: f64| brings(4.0, 6.0, since) / -libm::expm1(-k * 24.0);
    let third = 1.0 / 3.0;
    let short = 12.3 / 60.0;
    let expected = steady(18.0 - third - 6.0) + brings(30.0 / short, short, 18.0 - third - short);
    for (name, at, expected) in [
        ("ss_endless.toml", 18.0, expected),
        ("ss_forgotten_end.toml", 18.0, steady(2.0)),
        ("ss_same_time.toml", 16.0, steady(0.0)),
    ] {
        approx::assert_relative_eq!(concentration_at(&case(name, &[]), at * hour), expected * 1e6, max_relative = 1e-9);
    }
    approx::assert_relative_eq!(expected, 11.36, max_relative = 1e-3);
}

#[test]
fn areas_are_those_of_the_concentration_itself_however_it_is_recorded() {
    for record in ["1 min", "7 h", "24 h"] {
        let outcome = case("auc.toml", &[&format!("run.record={record}")]);
        let bolus = 1e8 / 0.1 * 60.0 * -libm::expm1(-2.4);
        for (arm, expected) in outcome.arms.iter().zip([bolus, 1.44e11, 1.44e9]) {
            approx::assert_relative_eq!(arm.areas_nm_min[0].1, expected, max_relative = 1e-12);
        }
    }
}

#[test]
fn areas_under_a_released_tone_are_those_of_the_steps_taken() {
    let text = "species = \"rat\"\n[populations.E]\nrole = \"excitatory\"\ntau = \"10 ms\"\ndrive = \"10 mV\"\ntransfer = { kind = \
                \"threshold-linear\", gain = 1 }\n[ligands.d]\n[ligands.endo]\ntone = \"10 nM\"\nfree = 0.5\nrelease = { by = \
                \"concentration.d\", maximum = 3, EC50 = \"1 uM\", rise = \"20 UNIT\", fall = \"40 UNIT\" }\n[run]\ntime = \"TIME\"\nto = \
                \"100 UNIT\"\nfrom = \"0 UNIT\"\nMORE\n[[arms]]\nname = \"a\"\nbaths = [{ ligand = \"d\", concentration = \"1 uM\", from = \
                \"10 UNIT\" }]\n";
    // From 10 to 25 nM with a time constant of 20, of which half is free. Within a step of slow time the tone is a cubic, within
    // one of fast time a straight line.
    let expected = 0.5 * (10.0 * 10.0 + 25.0 * 90.0 - 15.0 * 20.0 * -libm::expm1(-4.5));
    for (time, unit, more, per_minute, tolerance) in [
        ("slow", "min", "record = \"100 min\"", 1.0, 1e-5),
        ("slow", "min", "record = \"1 min\"", 1.0, 1e-5),
        ("fast", "s", "record = \"50 s\"\nstep = \"5 ms\"", 60.0, 1e-3),
    ] {
        let text = text.replace("UNIT", unit).replace("TIME", time).replace("MORE", more);
        let outcome = run(&scenario(&text)).unwrap();
        let areas: Vec<f64> = outcome.arms[0].areas_nm_min.iter().map(|(_, area)| area * per_minute).collect();
        approx::assert_relative_eq!(areas[0], 1000.0 * 90.0, max_relative = 1e-12);
        approx::assert_relative_eq!(areas[1], expected, max_relative = tolerance);
    }
}

#[test]
fn a_share_absorbed_shortens_an_infusion_by_rate_and_thins_one_by_duration() {
    let outcome = case("f954.toml", &[]);
    let trace = outcome.arms[0].recording.signal("concentration.d").unwrap();
    let peak = 1e6 / 0.1 / 1e1 * 10.0 * -libm::expm1(-0.1);
    approx::assert_relative_eq!(concentration_at(&outcome, 60.0), peak, max_relative = 1e-9);
    approx::assert_relative_eq!(trace.iter().copied().fold(0.0, f64::max), peak, max_relative = 1e-9);
    let mut by_duration = read("f954.toml", &[]);
    let dose = &mut by_duration.arms[0].doses[0];
    (dose.rate, dose.duration) = (None, Some(600.0));
    let by_duration = run(&by_duration).unwrap();
    approx::assert_relative_eq!(concentration_at(&by_duration, 600.0), 1e6 * -libm::expm1(-1.0), max_relative = 1e-9);
}

#[test]
fn at_the_moment_of_a_dose_its_concentration_is_there_in_slow_and_in_fast_time() {
    for (name, labels) in [("obsb_slow.toml", ["4 h", "8 h"]), ("obsb_fast.toml", ["4 s", "8 s"])] {
        let outcome = case(name, &[]);
        let arm = &outcome.arms[0];
        let place = arm.signals.iter().position(|name| name == "concentration.d").unwrap();
        let seen = |label: &str| arm.reports.iter().find(|report| report.label == label).unwrap().signals[place];
        approx::assert_relative_eq!(seen(labels[0]), 2.5e6, max_relative = 1e-12);
        // The second dose is an infusion, which brings nothing at its start.
        approx::assert_relative_eq!(seen(labels[1]), 2.5e6 * libm::exp(-0.35), max_relative = 1e-9);
    }
}

#[test]
fn an_infusion_shorter_than_a_step_of_the_circuit_keeps_its_amount() {
    let outcome = case("obsb_fast.toml", &["arms.a.doses.1.duration=0.2 ms", "arms.a.doses.1.at=8.0003 s"]);
    let arm = &outcome.arms[0];
    let place = arm.signals.iter().position(|name| name == "concentration.d").unwrap();
    let last = arm.reports.last().unwrap().signals[place];
    let rate = std::f64::consts::LN_2 / 7.921_682_063_542_232_5;
    let expected = 2.5e6 * (libm::exp(-rate * 8.0) + libm::exp(-rate * (4.0 - 0.0004)));
    approx::assert_relative_eq!(last, expected, max_relative = 1e-8);
}
