//! Analyses of circuits against published values and closed formulas.
#![allow(clippy::unwrap_used)]

mod common;

use common::scenario;
use disinhibit::analyze::explain::{Evoked, PartKind, Stimulus, split};
use disinhibit::analyze::frequency::{frequencies, transfer_matrix};
use disinhibit::analyze::noise::{rate_covariance, rate_spectra};
use disinhibit::analyze::{
    Analysis, Bounds, BoxRange, Cycle, Ended, FixedPoints, Kind, Request, Response, SimulatedSpectra, Subject, System,
    fixed_points, fixed_points_within,
};
use disinhibit::config::load;
use disinhibit::equilibrium::calibrate;
use disinhibit::scenario::Scenario;
use disinhibit::simulate::run;

fn system(text: &str) -> System {
    System::new(&scenario(text).circuit)
}

fn all(text: &str) -> FixedPoints {
    fixed_points(&system(text), None, &[])
}

/// The circuit of Wilson & Cowan 1972 with time in units of its time constants, here 1 s.
fn wilson_cowan(c: [f64; 4], e: [f64; 2], i: [f64; 2], drive: f64, saturated: bool) -> String {
    let population = |name: &str, [slope, threshold]: [f64; 2], drive: f64| {
        // The largest value of the sigmoid, in the convention of the paper.
        let k = if saturated { 1.0 - 1.0 / (1.0 + libm::exp(slope * threshold)) } else { 1.0 };
        format!(
            "[populations.{name}]\ntau = \"1 s\"\ndrive = {drive:?}\nrefractory = {{ k = {k:?}, r = 1.0 }}\n\
             transfer = {{ kind = \"sigmoid\", maximum = \"1 Hz\", slope = {slope:?}, threshold = {threshold:?}, zero_at_zero = true }}\n"
        )
    };
    let [ee, ei, ie, ii] = c;
    format!(
        "input_unit = \"none\"\n{}{}[onto.E]\nE = {ee:?}\nI = {:?}\n[onto.I]\nE = {ie:?}\nI = {:?}\n",
        population("E", e, drive),
        population("I", i, 0.0),
        -ei,
        -ii
    )
}

/// Rates of the first population, and kinds, of the fixed points.
fn firsts(found: &FixedPoints) -> (Vec<f64>, Vec<Kind>) {
    (found.points.iter().map(|point| point.rates[0]).collect(), found.points.iter().map(|point| point.kind).collect())
}

#[test]
fn wilson_and_cowan_1972_has_three_and_five_states_and_a_cycle() {
    // Values computed independently from the equations; the numbers of states are those of the paper
    // (doi:10.1016/S0006-3495(72)86068-5, figures 4, 5 and 11).
    let four = |saturated| all(&wilson_cowan([12.0, 4.0, 13.0, 11.0], [1.2, 2.8], [1.0, 4.0], 0.0, saturated));
    let five = |saturated| all(&wilson_cowan([13.0, 4.0, 22.0, 2.0], [1.5, 2.5], [6.0, 4.3], 0.0, saturated));
    let eleven = |saturated| all(&wilson_cowan([16.0, 12.0, 15.0, 3.0], [1.3, 4.0], [2.0, 3.7], 1.25, saturated));
    let check = |found: &FixedPoints, rates: &[f64], kinds: &[Kind]| {
        let (found_rates, found_kinds) = firsts(found);
        assert_eq!(found_rates.len(), rates.len(), "{found_rates:?}");
        for (found, expected) in found_rates.iter().zip(rates) {
            approx::assert_abs_diff_eq!(found, expected, epsilon = 2e-9);
        }
        assert_eq!(found_kinds, kinds);
        assert_eq!(found.index_is_one, Some(true));
        assert!(found.points.iter().all(|point| point.residual < 1e-14), "{:?}", found.points);
    };
    let (node, focus, saddle) = (Kind::StableNode, Kind::StableFocus, Kind::Saddle);
    check(&four(false), &[0.0, 0.178_037_258_6, 0.462_464_873_161], &[node, saddle, node]);
    check(&four(true), &[0.0, 0.189_669_474_311, 0.439_751_824_876], &[node, saddle, node]);
    let states = [0.0, 0.092_438_642_077, 0.205_000_287_648, 0.368_156_746_985, 0.473_790_449_509];
    check(&five(false), &states, &[node, saddle, focus, saddle, node]);
    assert_eq!(firsts(&five(true)).0.len(), 5);
    check(&eleven(false), &[0.202_365_057_291], &[Kind::UnstableFocus]);
    // The cycle of figure 11, in units of the time constants.
    let system = system(&wilson_cowan([16.0, 12.0, 15.0, 3.0], [1.3, 4.0], [2.0, 3.7], 1.25, false));
    let cycle = Cycle::from(&system, &eleven(false).points[0].variables).unwrap();
    approx::assert_relative_eq!(cycle.period_ms / 1e3, 5.003_411, max_relative = 1e-6);
    approx::assert_abs_diff_eq!(cycle.rates_hz[0][0], 0.101_523, epsilon = 1e-5);
    approx::assert_abs_diff_eq!(cycle.rates_hz[0][1], 0.271_487, epsilon = 1e-5);
    let eigenvalues = &five(false).points[2].eigenvalues;
    approx::assert_abs_diff_eq!(eigenvalues[1].re, -0.581_455_754_751, epsilon = 1e-8);
    approx::assert_abs_diff_eq!(eigenvalues[1].im, 3.596_654_366_496, epsilon = 1e-8);
}

#[test]
fn every_product_of_independent_switches_is_found() {
    // r = tanh(2 r) has three solutions; n such populations side by side have 3^n.
    for n in 1_u32..=4 {
        let switch = |name: &&str| {
            format!(
                "[populations.{name}]\ntau = \"10 ms\"\ndrive = 0.0\n\
                 transfer = {{ kind = \"tanh\", gain = 1.0, maximum = \"1 Hz\" }}\n[onto.{name}]\n{name} = 2.0\n"
            )
        };
        let text = String::from("input_unit = \"none\"\n")
            + &["A", "B", "C", "D"][..n as usize].iter().map(switch).collect::<String>();
        let found = all(&text);
        assert_eq!(found.points.len(), 3_usize.pow(n), "{n} switches");
        assert_eq!(found.index_is_one, Some(true));
        let stable = found.points.iter().filter(|point| point.kind.is_stable()).count();
        assert_eq!(stable, 2_usize.pow(n));
        for point in &found.points {
            let off = point.rates.iter().filter(|rate| rate.abs() < 1e-12).count();
            assert_eq!(point.unstable_directions, off, "each switch in the middle is one unstable direction");
            assert!(point.rates.iter().all(|rate| (rate.abs() - 0.957_504_024_08).abs() < 1e-10 || rate.abs() < 1e-12));
        }
    }
}

#[test]
fn a_box_leaves_out_what_lies_outside() {
    let text = wilson_cowan([13.0, 4.0, 22.0, 2.0], [1.5, 2.5], [6.0, 4.3], 0.0, false);
    let found = fixed_points(&system(&text), Some(&[(0.05, 0.3), (-0.1, 1.0)]), &[]);
    assert_eq!(found.points.len(), 2);
    assert_eq!(found.index_is_one, None);
    let subject = Subject::circuit(&scenario(&text)).unwrap();
    let range = BoxRange { population: Some("X".into()), low: 0.0, high: 1.0, potential: false };
    let unknown = Request { boxes: vec![range], ..Request::default() };
    assert!(Analysis::new(&subject, &unknown).unwrap_err().contains("expected one of E, I"));
}

/// A circuit of `tests/cases/circuits`.
fn case(name: &str, set: &[&str]) -> Scenario {
    let file = std::path::Path::new("tests/cases/circuits").join(name);
    let set: Vec<String> = set.iter().map(|one| (*one).to_owned()).collect();
    load(&file, &set).unwrap_or_else(|error| panic!("{error:?}")).scenario
}

fn found_in(scenario: &Scenario) -> FixedPoints {
    fixed_points(&System::new(&scenario.circuit), None, &[])
}

#[test]
fn fixed_points_are_looked_for_wherever_transfer_functions_can_go() {
    // Closed forms, or solved apart from the program.
    let found = found_in(&case("ei_high.toml", &[]));
    let [point] = &found.points[..] else { panic!("{found:?}") };
    approx::assert_relative_eq!(point.rates[0], 46.141_365, max_relative = 1e-7);
    approx::assert_relative_eq!(point.rates[1], 100.699_726, max_relative = 1e-7);
    assert_eq!((point.kind, found.open[0]), (Kind::StableFocus, [false, true]));
    approx::assert_relative_eq!(point.eigenvalues[1].re, -3575.0, max_relative = 1e-9);
    approx::assert_relative_eq!(point.eigenvalues[1].im, 6_043.539_9, max_relative = 1e-6);

    let found = found_in(&case("linear_focus.toml", &[]));
    let [point] = &found.points[..] else { panic!("{found:?}") };
    approx::assert_relative_eq!(point.rates[0], 5.0, max_relative = 1e-12);
    approx::assert_relative_eq!(point.rates[1], 5.0, max_relative = 1e-12);
    approx::assert_relative_eq!(point.eigenvalues[1].re, -10.0, max_relative = 1e-9);
    approx::assert_relative_eq!(point.eigenvalues[1].im, 300.0, max_relative = 1e-9);
    // E <= 15.5 / (1 - 0.9), I <= (3 * 155 - 14.5) / (1 - 0.9).
    approx::assert_relative_eq!(found.box_hz[0].1, 155.0, max_relative = 1e-5);
    approx::assert_relative_eq!(found.box_hz[1].1, 4505.0, max_relative = 1e-5);
    assert_eq!((found.open[0], found.index_is_one), ([false, false], Some(true)));

    let (rates, kinds) = firsts(&found_in(&case("side_branch.toml", &[])));
    assert_eq!(kinds, [Kind::StableNode, Kind::UnstableNode, Kind::StableNode]);
    for (rate, expected) in rates.iter().zip([-1.0, 0.0, 1.0]) {
        approx::assert_abs_diff_eq!(*rate, expected, epsilon = 1e-12);
    }
}

#[test]
fn a_mirrored_oscillator_has_the_mirrored_focus_and_the_same_cycle() {
    let of = |drive: &str| {
        let scenario = case("fitzhugh.toml", &[&format!("populations.X.drive={drive}")]);
        let subject = Subject::circuit(&scenario).unwrap();
        Analysis::new(&subject, &Request::default()).unwrap()
    };
    let (here, there) = (of("0.4"), of("-0.4"));
    let [one, other] = [&here, &there].map(|analysis| &analysis.fixed_points);
    assert_eq!((one.len(), other.len()), (1, 1));
    approx::assert_relative_eq!(other[0].rates_hz[0], -0.832_025, max_relative = 1e-6);
    for (one, other) in one[0].variables.iter().zip(&other[0].variables) {
        approx::assert_relative_eq!(*one, -other, max_relative = 1e-12);
    }
    for analysis in [&here, &there] {
        approx::assert_relative_eq!(analysis.cycle.as_ref().unwrap().period_ms, 40.032, max_relative = 1e-5);
        assert!(analysis.followed_s.unwrap() > 1.0);
    }
}

/// A number from 0 to 1 by a linear congruence (Knuth's MMIX).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Three numbers of any sign from 1 to 10,000 in size, none nearer to another than a twentieth of the largest.
    fn roots(&mut self) -> [f64; 3] {
        loop {
            let mut one = || {
                let size = libm::pow(10.0, 4.0 * self.next());
                if self.next() < 0.5 { -size } else { size }
            };
            let mut roots = [one(), one(), one()];
            roots.sort_by(f64::total_cmp);
            let largest = roots[0].abs().max(roots[2].abs());
            if (roots[1] - roots[0]).min(roots[2] - roots[1]) > 0.05 * largest {
                return roots;
            }
        }
    }
}

/// Populations whose rates stand still at the roots of a cubic each; `sign` mirrors them.
fn cubics(roots: &[[f64; 3]], sign: f64) -> String {
    let mut text = String::from("input_unit = \"none\"\n");
    for (index, roots) in roots.iter().enumerate() {
        let [a, b, c] = roots.map(|root| sign * root);
        let largest = roots.iter().fold(0.0_f64, |largest, root| largest.max(root.abs()));
        text.extend([format!(
            "[populations.P{index}]\ntau = \"{} ms\"\ndrive = 0\n\
             transfer = {{ kind = \"expression\", f = \"x - (x - ({a:?})) * (x - ({b:?})) * (x - ({c:?})) / {:?}\" }}\n\
             [onto.P{index}]\nP{index} = 1\n",
            10 + index,
            largest * largest
        )]);
    }
    text
}

#[test]
fn every_root_of_random_cubics_is_found_and_mirrored_circuits_have_mirrored_points() {
    let mut draws = Draws(4);
    for round in 0..18 {
        let roots: Vec<[f64; 3]> = (0..=round % 3).map(|_| draws.roots()).collect();
        let found = all(&cubics(&roots, 1.0));
        assert_eq!(found.points.len(), 3_usize.pow(roots.len() as u32), "{roots:?}");
        let largest = roots.iter().flatten().fold(0.0_f64, |largest, root| largest.max(root.abs()));
        for point in &found.points {
            assert!(point.residual <= 1e-11 * largest, "{point:?}");
            for ((rate, roots), (low, high)) in point.rates.iter().zip(&roots).zip(&found.box_hz) {
                let nearest = roots.iter().map(|root| (rate - root).abs()).fold(f64::INFINITY, f64::min);
                assert!(nearest <= 1e-8 * largest && rate >= low && rate <= high, "{rate} of {roots:?}");
            }
        }
        let mirrored = all(&cubics(&roots, -1.0));
        assert_eq!(mirrored.points.len(), found.points.len());
        for point in &found.points {
            let same = |rates: &[f64]| {
                rates.iter().zip(&point.rates).all(|(there, here)| (there + here).abs() <= 1e-8 * largest)
            };
            let other = mirrored.points.iter().find(|other| same(&other.rates));
            assert_eq!(other.map(|other| other.kind), Some(point.kind), "{roots:?}");
        }
    }
}

#[test]
fn rates_at_fixed_points_lie_within_what_bounds_them() {
    // A fixed point is chosen, and the drives that make it one follow: bounds that leave it out would be wrong.
    let kinds = [
        "kind = \"threshold-linear\", gain = 0.4",
        "kind = \"softplus\", gain = 0.3, width = 2.0",
        "kind = \"linear-exponential\", a = 0.3, b = \"1 Hz\", d = 0.4",
        "kind = \"quadratic-root\", rate_at_knee = \"2 Hz\", knee = 8.0",
        "kind = \"power-law\", gain = 0.5, exponent = 0.7",
        "kind = \"sigmoid\", maximum = \"60 Hz\", slope = 0.1, threshold = 3.0",
    ];
    let mut draws = Draws(14);
    for round in 0..60 {
        let kind = |draws: &mut Draws| kinds[(draws.next() * kinds.len() as f64) as usize % kinds.len()];
        let rates = [0, 1].map(|_| 0.5 + 50.0 * draws.next());
        let (e, i) = (kind(&mut draws), kind(&mut draws));
        let [ee, ei, ie, ii] = [1.5 * draws.next(), -2.0 * draws.next(), 2.0 * draws.next(), -draws.next()];
        let text = format!(
            "input_unit = \"none\"\n[populations.E]\ntau = \"20 ms\"\nrest = \"{:?} Hz\"\ntransfer = {{ {e} }}\n\
             [populations.I]\ntau = \"1 ms\"\nrest = \"{:?} Hz\"\ntransfer = {{ {i} }}\n\
             [onto.E]\nE = {ee:?}\nI = {ei:?}\n[onto.I]\nE = {ie:?}\nI = {ii:?}\n",
            rates[0], rates[1]
        );
        let Ok(circuit) = disinhibit::equilibrium::solved(&scenario(&text).circuit) else { continue };
        let system = System::new(&circuit);
        for (bound, rate) in system.rate_bounds().iter().zip(rates) {
            assert!(bound.holds(rate), "round {round}: {rate} lies outside of {bound:?}\n{text}");
        }
        let found = fixed_points(&system, None, &[]);
        let near =
            |rate: &[f64]| rate.iter().zip(rates).all(|(rate, expected)| (rate - expected).abs() < 1e-6 * expected);
        assert!(found.points.iter().any(|point| near(&point.rates)), "round {round}: {rates:?} not found\n{text}");
    }
}

#[test]
fn both_sides_of_a_corner_are_judged() {
    // One population with a weight of w onto itself, at its threshold: -100 per s below, 100 (w - 1) per s above.
    for w in ["2", "0.5"] {
        let scenario = case("mini_corner.toml", &[&format!("onto.E.E={w}")]);
        let found = found_in(&scenario);
        let [point] = &found.points[..] else { panic!("{found:?}") };
        let w: f64 = w.parse().unwrap();
        let leading: Vec<f64> = point.sides.iter().map(|side| side.eigenvalues[0].re).collect();
        approx::assert_relative_eq!(leading[0], -100.0, max_relative = 1e-9);
        approx::assert_relative_eq!(leading[1], 100.0 * (w - 1.0), max_relative = 1e-9);
        assert_eq!(point.sides.iter().map(|side| side.above[0]).collect::<Vec<_>>(), [(0, false), (0, true)]);
        assert_eq!(point.kind, if w > 1.0 { Kind::OneSided } else { Kind::StableNode });
        let rest = calibrate(&scenario.circuit);
        match rest {
            Ok(rest) => approx::assert_relative_eq!(rest.eigenvalues[0].re, -50.0, max_relative = 1e-9),
            Err(error) => assert!(w > 1.0 && error.to_string().contains("lie above that of E"), "{error}"),
        }
    }
    // A maximum that is just reached, a floor, a point of a table, and a threshold in the voltage form.
    let one = |head: &str, transfer: &str, weight: f64| {
        let text = format!(
            "input_unit = \"none\"\n[populations.E]\ntau = \"10 ms\"\n{head}\ntransfer = {{ {transfer} }}\n[onto.E]\nE = {weight:?}\n"
        );
        let found = all(&text);
        found.points.iter().filter(|point| !point.sides.is_empty()).map(|point| point.kind).collect::<Vec<_>>()
    };
    let linear = "kind = \"threshold-linear\", gain = 1.0";
    assert_eq!(one("drive = -1.0", &format!("{linear}, maximum = \"1 Hz\""), 2.0), [Kind::OneSided]);
    assert_eq!(one("form = \"voltage\"\ndrive = 0.0", linear, 2.0), [Kind::OneSided]);
    let table = "kind = \"table\", inputs = [0.0, 1.0, 3.0], rates = [0.0, 1.0, 9.0], interpolation = \"linear\"";
    assert_eq!(one("drive = 0.5", table, 0.5), [Kind::OneSided]);
    let cubic = "kind = \"table\", inputs = [0.0, 1.0, 3.0], rates = [0.0, 1.0, 9.0]";
    assert!(one("drive = 0.5", cubic, 0.5).is_empty(), "a smooth curve has no corner");
    let square = "kind = \"power-law\", gain = 1.0, exponent = 2.0";
    assert!(one("drive = 0.0", square, 2.0).is_empty(), "nor has a power law");
    assert_eq!(one("drive = 0.0", "kind = \"expression\", f = \"abs(x)\"", 0.5), [Kind::StableNode]);
}

#[test]
fn a_search_is_cut_off_but_the_state_is_always_given() {
    let text = "input_unit = \"none\"\n[populations.E]\nunits = 16\ntau = \"10 ms\"\ndrive = -10\n\
                transfer = { kind = \"sigmoid\", maximum = \"1 Hz\", slope = 1, threshold = 0 }\n[onto.E]\nE = 20\n\
                [[kernels]]\nonto = \"E\"\nfrom = \"E\"\nshape = \"gaussian\"\nwidth = 5\n";
    let subject = Subject::circuit(&scenario(text)).unwrap();
    let mut seen = 0;
    let request = Request { seconds: Some(0.2), ..Request::default() };
    let analysis = Analysis::watched(&subject, &request, &mut |progress| seen = progress.found).unwrap();
    assert!(analysis.search.ended == Ended::OutOfTime || analysis.search.ended == Ended::MostPoints);
    assert_eq!(seen, analysis.fixed_points.len());
    let stated = subject.state.as_ref().or(subject.unstable_rest.as_ref());
    let given = analysis.state.as_ref().or(analysis.unstable_rest.as_ref());
    assert_eq!(given.is_some(), stated.is_some());
    // A population of several units stands for all of them, and a range for one unit goes before.
    let range = |population: Option<&str>, low: f64, high: f64| BoxRange {
        population: population.map(str::to_owned),
        low,
        high,
        potential: false,
    };
    let boxes = vec![range(Some("E"), 0.9, 1.0), range(None, 0.0, 0.1), range(Some("E[3]"), 0.0, 0.1)];
    let analysis = Analysis::new(&subject, &Request { boxes, ..Request::default() }).unwrap();
    assert_eq!(analysis.search.box_hz[2], [0.9, 1.0]);
    assert_eq!(analysis.search.box_hz[3], [0.0, 0.1]);
    let [point] = &analysis.fixed_points[..] else { panic!("{}", analysis.fixed_points.len()) };
    assert!(point.rates_hz.iter().enumerate().all(|(unit, rate)| (*rate < 0.1) == (unit == 3)));
    let potential = BoxRange { potential: true, ..range(Some("E"), 0.0, 1.0) };
    let refused = Analysis::new(&subject, &Request { boxes: vec![potential], ..Request::default() });
    assert!(refused.unwrap_err().contains("no potential of its own"));
}

#[test]
fn potentials_may_be_bounded_too() {
    // v = 2 f(v) - 1 with f the threshold-linear function: v = -1, below which the rate does not change, and v = 1.
    let text = "input_unit = \"mV\"\n[populations.E]\nform = \"voltage\"\ntau = \"10 ms\"\ndrive = \"-1 mV\"\n\
                transfer = { kind = \"threshold-linear\", gain = 1.0 }\n[onto.E]\nE = 2.0\n";
    let system = system(text);
    let within = |potential: Option<(f64, f64)>| {
        let bounds = Bounds { potentials: vec![potential], ..Bounds::default() };
        let found = fixed_points_within(&system, &bounds, &[], &mut |_| ());
        found.points.iter().map(|point| libm::round(1e9 * point.variables[0]) / 1e9).collect::<Vec<_>>()
    };
    assert_eq!(within(None), [-1.0, 1.0]);
    assert_eq!(within(Some((-5.0, 0.0))), [-1.0]);
    assert_eq!(within(Some((0.5, 5.0))), [1.0]);
}

/// The inhibition-stabilised network with the numbers of Chaudhuri et al. 2015 (doi:10.1016/j.neuron.2015.09.008).
fn stabilised(w_ee: f64) -> String {
    format!(
        "input_unit = \"pA\"\n\
         [populations.E]\nrole = \"excitatory\"\ntau = \"20 ms\"\nrest = \"10 Hz\"\n\
         transfer = {{ kind = \"threshold-linear\", gain = 0.066 }}\n\
         [populations.I]\nrole = \"inhibitory\"\ntau = \"10 ms\"\nrest = \"35 Hz\"\n\
         transfer = {{ kind = \"threshold-linear\", gain = 0.351 }}\n\
         [onto.E]\nE = {w_ee:?}\nI = -19.7\n[onto.I]\nE = 12.2\nI = -12.5\n"
    )
}

#[test]
fn inhibition_stabilisation_and_paradox_follow_the_formulas() {
    let (b_e, b_i, w_ei, w_ie, w_ii) = (0.066, 0.351, 19.7, 12.2, 12.5);
    for w_ee in [24.3, 20.0, 15.2, 15.1, 12.0] {
        let subject = Subject::circuit(&scenario(&stabilised(w_ee))).unwrap();
        let local = subject.system.at(subject.state.as_ref().unwrap());
        let response = Response::new(&subject.system, &local).unwrap();
        let determinant = (1.0 - b_e * w_ee) * (1.0 + b_i * w_ii) + b_e * b_i * w_ei * w_ie;
        let expected = [
            [b_e * (1.0 + b_i * w_ii) / determinant, -b_e * b_i * w_ei / determinant],
            [b_e * b_i * w_ie / determinant, b_i * (1.0 - b_e * w_ee) / determinant],
        ];
        for (row, expected) in response.hz_per_input_unit.iter().zip(expected) {
            for (entry, expected) in row.iter().zip(expected) {
                approx::assert_relative_eq!(*entry, expected, max_relative = 1e-10);
            }
        }
        let stabilised = b_e * w_ee > 1.0;
        assert_eq!(response.inhibition_stabilised, Some(stabilised), "{w_ee}");
        assert_eq!(response.paradoxical, [false, stabilised], "{w_ee}");
        assert_eq!(response.signs, ["+-", if stabilised { "+-" } else { "++" }]);
        approx::assert_relative_eq!(
            response.excitatory_alone_per_s.unwrap(),
            (b_e * w_ee - 1.0) / 0.02,
            max_relative = 1e-9
        );
    }
}

#[test]
fn the_stabilised_supralinear_network_fluctuates_as_published() {
    // Hennequin et al. 2018 (doi:10.1016/j.neuron.2018.04.017); values computed independently from the equations.
    let text = |drive: f64| {
        let noise = |sigma: f64, tau: f64| sigma * libm::sqrt(1.0 + tau / 50.0);
        format!(
            "input_unit = \"mV\"\n\
             [populations.E]\nform = \"voltage\"\nrole = \"excitatory\"\ntau = \"20 ms\"\ndrive = \"{:?} mV\"\n\
             noise = {{ sigma = \"{:?} mV\", tau = \"50 ms\" }}\n\
             transfer = {{ kind = \"power-law\", gain = 0.3, exponent = 2.0, threshold = \"-70 mV\" }}\n\
             [populations.I]\nform = \"voltage\"\nrole = \"inhibitory\"\ntau = \"10 ms\"\ndrive = \"{:?} mV\"\n\
             noise = {{ sigma = \"{:?} mV\", tau = \"50 ms\" }}\n\
             transfer = {{ kind = \"power-law\", gain = 0.3, exponent = 2.0, threshold = \"-70 mV\" }}\n\
             [onto.E]\nE = 1.25\nI = -0.65\n[onto.I]\nE = 1.2\nI = -0.5\n",
            drive - 70.0,
            noise(0.2, 20.0),
            drive - 70.0,
            noise(0.1, 10.0)
        )
    };
    let cases = [
        (2.0, [-66.703_084_250_440_72, -66.224_774_214_376_44], [0.957_075_533_7, 1.055_093_855_6], -14.119_210_303_4),
        (15.0, [-63.887_374_157_364_2, -59.163_464_654_617_5], [0.299_346_327_6, 0.300_747_741_1], -122.936_295_631),
    ];
    for (drive, voltages, deviations, leading) in cases {
        let system = system(&text(drive));
        let found = fixed_points(&system, None, &[]);
        assert_eq!(found.points.len(), 1, "{:?}", found.points);
        let point = &found.points[0];
        let local = system.at(&point.variables);
        let covariance = rate_covariance(&system, &local).unwrap();
        for population in 0..2 {
            approx::assert_relative_eq!(point.variables[population], voltages[population], max_relative = 1e-12);
            let deviation = libm::sqrt(covariance[population * 3]) / local.rate_slopes[population];
            approx::assert_relative_eq!(deviation, deviations[population], max_relative = 1e-8);
        }
        approx::assert_relative_eq!(point.eigenvalues[1].re, leading, max_relative = 1e-9);
        let response = Response::new(&system, &local).unwrap();
        assert_eq!(response.inhibition_stabilised, Some(true));
    }
}

/// One linear population with noise: rate = input through a low-pass filter.
const FILTER: &str = "input_unit = \"none\"\n\
    [populations.A]\ntau = \"20 ms\"\ndrive = 50.0\nnoise = { sigma = 2.0, tau = \"5 ms\" }\n\
    transfer = { kind = \"threshold-linear\", gain = 1.5 }\n";

#[test]
fn a_filtered_ornstein_uhlenbeck_process_has_its_known_variance_and_spectrum() {
    let system = system(FILTER);
    let local = system.at(&[75.0]);
    // sigma^2 gain^2 tau_eta / (tau_eta + tau).
    let variance = 4.0 * 2.25 * 5.0 / 25.0;
    approx::assert_relative_eq!(rate_covariance(&system, &local).unwrap()[0], variance, max_relative = 1e-13);
    let grid = frequencies(0.01, 100_000.0);
    let spectrum = &rate_spectra(&system, &local, &grid).unwrap()[0];
    let mut integral = grid[0] * spectrum[0];
    for (places, values) in grid.windows(2).zip(spectrum.windows(2)) {
        integral += (places[1] - places[0]) * f64::midpoint(values[0], values[1]);
    }
    approx::assert_relative_eq!(integral, variance, max_relative = 1e-3);
    for (frequency, density) in grid.iter().zip(spectrum) {
        let turn = |tau_s: f64| {
            1.0 + (std::f64::consts::TAU * frequency * tau_s) * (std::f64::consts::TAU * frequency * tau_s)
        };
        approx::assert_relative_eq!(
            *density,
            4.0 * 0.005 * 4.0 * 2.25 / (turn(0.005) * turn(0.02)),
            max_relative = 1e-10
        );
        let transfer = transfer_matrix(&system, &local, *frequency).unwrap()[0];
        // gain / (1 + i omega tau).
        approx::assert_relative_eq!(transfer.re, 1.5 / turn(0.02), max_relative = 1e-10);
        let lag = -1.5 * std::f64::consts::TAU * frequency * 0.02 / turn(0.02);
        approx::assert_relative_eq!(transfer.im, lag, max_relative = 1e-10);
    }
}

#[test]
fn linear_noise_agrees_with_a_simulation_of_the_default_circuit() {
    let mut noisy =
        disinhibit::config::load(std::path::Path::new("configs/scenarios/noisy.toml"), &[]).unwrap().scenario;
    noisy.arms.truncate(2);
    // Small enough to stay in the linear range; recorded every ms, for the variance of the rate itself.
    for population in noisy.circuit.populations.values_mut() {
        population.noise.as_mut().unwrap().sigma = 0.1;
    }
    noisy.run.from = 0.0;
    noisy.run.to = 2.0;
    noisy.run.report.clear();
    noisy.run.record = Some(1.0 / 60_000.0);
    let calibrated = calibrate(&noisy.circuit).unwrap();
    let system = System::new(&calibrated.circuit);
    let covariance = rate_covariance(&system, &system.at(&calibrated.variables)).unwrap();
    let outcome = run(&noisy).unwrap();
    for (index, name) in noisy.circuit.populations.keys().enumerate() {
        let rates = outcome.arms[0].recording.signal(&format!("rate.{name}")).unwrap();
        let rates = &rates[rates.len() / 20..];
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / rates.len() as f64;
        let expected = covariance[index * 5];
        // 114 s hold about 2000 correlation times of 55 ms: a standard error of 3 %.
        assert!((variance / expected - 1.0).abs() < 0.08, "{name}: {variance} against {expected}");
    }
}

fn ketamine() -> Scenario {
    disinhibit::config::load(std::path::Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario
}

#[test]
fn an_arm_is_analysed_as_its_run_has_made_it() {
    let scenario = ketamine();
    let calibration = calibrate(&scenario.circuit).unwrap();
    let names = ["control", "stress", "stress+ket10"].map(String::from);
    let subjects = Subject::arms(&scenario, &calibration, &names, Some(10.0)).unwrap();
    let outcome = run(&scenario).unwrap();
    for (subject, arm) in subjects.iter().zip(&outcome.arms) {
        let report = arm.reports.iter().find(|report| report.minutes == 10.0).unwrap();
        let analysis = Analysis::new(subject, &Request::default()).unwrap();
        let state = analysis.state.unwrap();
        for (index, rate) in state.rates_hz.iter().enumerate() {
            approx::assert_abs_diff_eq!(*rate, report.signals[index], epsilon = 1e-6);
        }
        let leading = state.eigenvalues_per_s.last().unwrap()[0];
        approx::assert_relative_eq!(leading, report.stability_per_s, max_relative = 1e-6);
        for (drive, reported) in analysis.drives.iter().zip(&report.drives) {
            approx::assert_relative_eq!(*drive, *reported, max_relative = 1e-6);
        }
        // The response predicts what a small drive does.
        let mut driven = subject.system.clone();
        let response = state.response.as_ref().unwrap();
        for population in 0..driven.size() {
            driven.set_drive(population, analysis.drives[population] + 1e-4);
            let moved = driven.at(&driven.solve(&state.variables).unwrap()).rates;
            driven.set_drive(population, analysis.drives[population]);
            for (index, rate) in moved.iter().enumerate() {
                let expected = response.hz_per_input_unit[index][population];
                approx::assert_abs_diff_eq!((rate - state.rates_hz[index]) / 1e-4, expected, epsilon = 1e-3);
            }
        }
    }
    let missing = Subject::arms(&scenario, &calibration, &["strss".into()], None).unwrap_err();
    assert!(missing.to_string().contains("did you mean `stress`?"), "{missing}");
    let late = Subject::arms(&scenario, &calibration, &names, Some(1e4)).unwrap_err();
    assert!(late.to_string().contains("outside of the run"), "{late}");
}

#[test]
fn spectra_of_a_simulation_lie_on_those_of_the_linearised_circuit() {
    let system = system(FILTER);
    let simulated = SimulatedSpectra::new(&system, &[75.0], 60.0, 3);
    // 8 x 60 s: a standard error of the variance of about 1 %.
    approx::assert_relative_eq!(simulated.deviation_hz[0], libm::sqrt(1.8), max_relative = 0.03);
    approx::assert_relative_eq!(simulated.mean_hz[0], 75.0, max_relative = 1e-3);
    let local = system.at(&[75.0]);
    for (estimate, spread) in [(&simulated.welch, 0.2), (&simulated.multitaper, 0.2)] {
        let grid: Vec<f64> = estimate.frequencies_hz.iter().copied().filter(|hz| (1.0..100.0).contains(hz)).collect();
        let expected = &rate_spectra(&system, &local, &grid).unwrap()[0];
        let first = estimate.frequencies_hz.iter().position(|hz| *hz >= 1.0).unwrap();
        let ratios: Vec<f64> =
            estimate.hz2_per_hz[0][first..].iter().zip(expected).map(|(found, expected)| found / expected).collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        let far = ratios.iter().filter(|ratio| (*ratio - 1.0).abs() > spread).count();
        assert!(far * 20 < ratios.len(), "{far} of {} are far off", ratios.len());
    }
}

#[test]
fn inputs_are_split_without_remainder_and_differences_add_up() {
    let scenario = ketamine();
    let calibration = calibrate(&scenario.circuit).unwrap();
    let names = ["control", "stress", "stress+ket10"].map(String::from);
    let subjects = Subject::arms(&scenario, &calibration, &names, Some(10.0)).unwrap();
    let control = subjects[0].moment.as_ref().unwrap();
    for subject in &subjects {
        let inputs = split(&subject.name, subject.moment.as_ref().unwrap(), Some(("control", control)));
        for (index, input) in inputs.inputs.iter().enumerate() {
            // Rate = gain [input]+^2.
            let rate = 0.04 * input.total.max(0.0) * input.total.max(0.0);
            approx::assert_relative_eq!(rate, input.rate_hz, max_relative = 1e-9);
            let before = split("control", control, None).inputs[index].total;
            let difference: f64 = input.parts.iter().map(|part| part.difference.unwrap()).sum();
            approx::assert_abs_diff_eq!(difference, input.total - before, epsilon = 1e-9);
            for part in input.parts.iter().filter(|part| part.kind == PartKind::Synapse) {
                let both = part.by_rate.unwrap() + part.by_weight.unwrap();
                approx::assert_abs_diff_eq!(both, part.difference.unwrap(), epsilon = 1e-9);
            }
        }
    }
    // What stress does to the cells that it acts on, and what the drug's receptor does there.
    let parts = |subject: &Subject, population: usize, from: &str| {
        let inputs = split(&subject.name, subject.moment.as_ref().unwrap(), None);
        let parts = &inputs.inputs[population].parts;
        parts.iter().filter(|part| part.from == from).map(|part| part.input).sum::<f64>()
    };
    assert_eq!(parts(&subjects[0], 2, "stress"), 0.0);
    approx::assert_relative_eq!(parts(&subjects[1], 2, "stress"), 1.12 * 0.9502, max_relative = 0.02);
    assert!(parts(&subjects[2], 2, "activation.MOR.SST") < -2.0);
}

#[test]
fn a_long_small_stimulus_evokes_what_the_linear_response_says() {
    let scenario = ketamine();
    let subject = Subject::circuit(&scenario).unwrap();
    let small = Stimulus { onto: vec![("PV".into(), 1e-3)], duration_ms: 2_000.0 };
    let evoked = Evoked::new(&subject, &small).unwrap();
    for (index, change) in evoked.linear_change_hz.as_ref().unwrap().iter().enumerate() {
        approx::assert_relative_eq!(evoked.at_end_hz[index] - evoked.before_hz[index], *change, max_relative = 2e-3);
    }
    let last = evoked.rates_hz[0].last().unwrap();
    approx::assert_abs_diff_eq!(*last, evoked.before_hz[0], epsilon = 1e-7);
    assert!(Evoked::new(&subject, &Stimulus { onto: vec![("X".into(), 1.0)], ..small }).is_err());
}

/// Two populations that compete through NMDA gates (Wong & Wang 2006, doi:10.1523/JNEUROSCI.3733-05.2006), inputs in nA.
const COMPETITION: &str = "input_unit = \"nA\"\n\
    [populations.A]\nform = \"algebraic\"\ndrive = \"0.3255 nA\"\n\
    transfer = { kind = \"linear-exponential\", a = 270.0, b = \"108 Hz\", d = 0.154 }\n\
    [populations.B]\nform = \"algebraic\"\ndrive = \"0.3255 nA\"\n\
    transfer = { kind = \"linear-exponential\", a = 270.0, b = \"108 Hz\", d = 0.154 }\n\
    [synapses.nmda]\ngate = { kind = \"saturating\", tau = \"100 ms\", gain = 0.641 }\n\
    [onto.A.through.nmda]\nA = 0.2609\nB = -0.0497\n[onto.B.through.nmda]\nA = -0.0497\nB = 0.2609\n";

#[test]
fn gates_with_algebraic_rates_have_the_five_states_of_wong_and_wang() {
    let found = all(COMPETITION);
    // Gates and eigenvalues computed independently from the two-variable equations.
    let gates = [
        (0.031_891_419_820, Kind::StableNode, -5.120_142_932_743),
        (0.055_785_330_525, Kind::Saddle, 2.218_606_073_095),
        (0.102_651_249_565, Kind::StableNode, -2.264_086_778_525),
        (0.313_844_924_265, Kind::Saddle, 2.218_606_073_095),
        (0.566_987_180_557, Kind::StableNode, -5.120_142_932_743),
    ];
    assert_eq!(found.points.len(), gates.len());
    for (point, (gate, kind, leading)) in found.points.iter().zip(gates) {
        approx::assert_relative_eq!(point.variables[2], gate, max_relative = 1e-10);
        assert_eq!(point.kind, kind);
        assert_eq!(point.eigenvalues.len(), 2);
        approx::assert_relative_eq!(point.eigenvalues[1].re, leading, max_relative = 1e-9);
        assert!(point.residual < 1e-12);
    }
    // Pushed, the memory state comes back by its own dynamics.
    let system = system(COMPETITION);
    let start = system.solve(&found.points[4].variables).unwrap();
    let mut pushed = start.clone();
    pushed[2] -= 0.1;
    let back = disinhibit::analyze::Trajectory::new(&system, &pushed, 5_000.0, 100.0).unwrap();
    approx::assert_relative_eq!(back.states.last().unwrap()[2], start[2], max_relative = 1e-6);
}

#[test]
fn white_noise_on_a_rate_or_an_input_gives_the_known_variance() {
    let text = |noise: &str| FILTER.replace("sigma = 2.0, tau = \"5 ms\"", noise);
    // Of `tau dr/dt = -r + sigma xi`: sigma^2 / (2 tau), with tau in s.
    for (noise, gain) in [("at = \"rate\"", 1.0), ("at = \"input\"", 1.5)] {
        let noise = format!("kind = \"white\", sigma_means = \"density\", sigma = 0.1, {noise}");
        let system = system(&text(&noise));
        let local = system.at(&[75.0]);
        let variance = gain * gain * 0.01 / (2.0 * 0.02);
        approx::assert_relative_eq!(rate_covariance(&system, &local).unwrap()[0], variance, max_relative = 1e-12);
        let density = rate_spectra(&system, &local, &[0.0]).unwrap()[0][0];
        approx::assert_relative_eq!(density, 2.0 * gain * gain * 0.01, max_relative = 1e-12);
        // Small enough that no step's noise reaches the threshold of the transfer function.
        let simulated = SimulatedSpectra::new(&system, &[75.0], 30.0, 5);
        approx::assert_relative_eq!(simulated.deviation_hz[0], libm::sqrt(variance), max_relative = 0.05);
    }
}

#[test]
fn a_superficial_layer_oscillates_in_gamma_as_published() {
    // Mejias et al. 2016 (doi:10.1126/sciadv.1601335): the published range is 35 to 50 Hz at strong input; the numbers were
    // computed independently from the linearised equations.
    for (drive, rate, peak) in [(2.0, 0.8480, 25.40), (4.0, 1.4980, 33.95), (6.0, 2.1992, 40.00)] {
        let population = |name: &str, tau: f64, drive: f64| {
            format!(
                "[populations.{name}]\ntau = \"{tau} ms\"\ndrive = {drive:?}\n\
                 noise = {{ kind = \"white\", at = \"rate\", sigma_means = \"root-tau\", sigma = \"0.3 Hz\" }}\n\
                 transfer = {{ kind = \"linear-exponential\", a = 1.0, b = \"0 Hz\", d = 1.0 }}\n"
            )
        };
        let text = format!(
            "input_unit = \"none\"\n{}{}[onto.E]\nE = 1.5\nI = -3.25\n[onto.I]\nE = 3.5\nI = -2.5\n",
            population("E", 6.0, drive),
            population("I", 15.0, 0.0)
        );
        let found = all(&text);
        assert_eq!(found.points.len(), 1);
        approx::assert_abs_diff_eq!(found.points[0].rates[0], rate, epsilon = 1e-4);
        let system = system(&text);
        let local = system.at(&found.points[0].variables);
        let grid: Vec<f64> = (100..6000).map(|place| 0.01 * f64::from(place)).collect();
        let spectrum = &rate_spectra(&system, &local, &grid).unwrap()[0];
        let highest = (0..grid.len()).max_by(|one, other| spectrum[*one].total_cmp(&spectrum[*other])).unwrap();
        approx::assert_abs_diff_eq!(grid[highest], peak, epsilon = 0.06);
    }
}

#[test]
fn a_delay_turns_the_phase_of_a_response() {
    // `tau dr/dt = -r + w r(t - d) + h`: response 1 / (1 + i omega tau - w exp(-i omega d)).
    let text = "input_unit = \"none\"\n[populations.A]\ntau = \"10 ms\"\ndrive = 5.0\n\
        transfer = { kind = \"threshold-linear\", gain = 1.0 }\n\
        [synapses.late]\ndelay = \"5 ms\"\n[onto.A.through.late]\nA = -0.8\n";
    let system = system(text);
    let local = system.at(&fixed_points(&system, None, &[]).points[0].variables);
    for frequency in [0.5, 10.0, 60.0, 200.0] {
        let omega = std::f64::consts::TAU * frequency * 1e-3;
        let (re, im) = (1.0 + 0.8 * libm::cos(5.0 * omega), 10.0 * omega - 0.8 * libm::sin(5.0 * omega));
        let size = re * re + im * im;
        let found = transfer_matrix(&system, &local, frequency).unwrap()[0];
        approx::assert_relative_eq!(found.re, re / size, max_relative = 1e-10);
        approx::assert_relative_eq!(found.im, -im / size, max_relative = 1e-10);
    }
    assert_eq!(rate_covariance(&system, &local), None);
}

#[test]
fn the_first_passage_of_a_threshold_is_timed() {
    // A step of 20 input units at 0 s: rate = 50 + 20 (1 - exp(-t/tau)), which reaches 60 after tau ln 2.
    let text = "input_unit = \"none\"\n\
        [populations.A]\ntau = \"200 ms\"\ndrive = 50.0\n\
        transfer = { kind = \"threshold-linear\", gain = 1.0 }\n\
        [run]\ntime = \"fast\"\nmethod = \"rk4\"\nfrom = \"-1 s\"\nto = \"3 s\"\nrecord = \"1 ms\"\n\
        [compare]\nfrom = \"0 s\"\nto = \"3 s\"\nthreshold = \"60 Hz\"\n\
        [[arms]]\nname = \"step\"\ninject = [{ population = \"A\", drive = 20.0, from = \"0 s\" }]\n\
        [[arms]]\nname = \"none\"\n";
    let outcome = run(&scenario(text)).unwrap();
    let summary = disinhibit::readouts::summarise(&outcome);
    let found = summary.arms[0].first_passage_s.unwrap();
    approx::assert_abs_diff_eq!(found, 0.2 * std::f64::consts::LN_2, epsilon = 5e-6);
    assert_eq!(summary.arms[1].first_passage_s, None);
}
