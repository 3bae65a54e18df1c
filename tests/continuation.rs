//! Continuation against normal forms with known branches, special points and cycles.
#![allow(clippy::unwrap_used)]

use approx::{assert_abs_diff_eq, assert_relative_eq};
use disinhibit::analyze::continuation::{
    CornerKind, CycleEnd, Diagram, End, Family, Kind, Options, Point, Settings, Start, special_curves,
};

/// A flow and its Jacobian over knobs, each with its range.
struct Knobbed<F> {
    variables: usize,
    ranges: Vec<(f64, f64)>,
    flow: F,
}

impl<F: Fn(&[f64], &[f64]) -> (Vec<f64>, Vec<f64>)> Family for Knobbed<F> {
    fn variables(&self) -> usize {
        self.variables
    }

    fn at(&self, state: &[f64], knobs: &[f64]) -> Option<Point> {
        let knobs: Vec<f64> =
            knobs.iter().zip(&self.ranges).map(|(share, (low, high))| share.mul_add(high - low, *low)).collect();
        let (flow, jacobian) = (self.flow)(state, &knobs);
        Some(Point::of_flow(flow, jacobian))
    }
}

fn options(p_min: f64, p_max: f64) -> Options {
    Options::new(Settings::over(p_min, p_max)).unwrap()
}

fn trace(family: &dyn Family, starts: &[(&[f64], f64)], options: &Options) -> Diagram {
    let start = |(state, knob): &(&[f64], f64)| Start { state: state.to_vec(), share: options.share(*knob) };
    Diagram::trace(family, &starts.iter().map(start).collect::<Vec<_>>(), options)
}

fn knobs(diagram: &Diagram, kind: Kind) -> Vec<f64> {
    diagram.special().iter().filter(|special| special.kind == kind).map(|special| special.knob).collect()
}

#[test]
fn a_fold_turns_the_branch_and_is_located() {
    let family = Knobbed {
        variables: 1,
        ranges: vec![(-0.3, 1.0)],
        flow: |x: &[f64], p: &[f64]| (vec![p[0] - x[0] * x[0]], vec![-2.0 * x[0]]),
    };
    let diagram = trace(&family, &[(&[1.0], 1.0), (&[-1.0], 1.0)], &options(-0.3, 1.0));
    assert_eq!(diagram.branches.len(), 1, "the second start lies on the branch");
    let branch = &diagram.branches[0];
    assert_eq!(branch.ends, [End::Range, End::Range]);
    assert_eq!(branch.special.len(), 1);
    assert_eq!(branch.special[0].kind, Kind::Fold);
    assert_abs_diff_eq!(branch.special[0].knob, 0.0, epsilon = 1e-9);
    for point in &branch.points {
        assert_abs_diff_eq!(point.knob, point.state[0] * point.state[0], epsilon = 1e-12);
        assert_eq!(point.unstable, usize::from(point.state[0] < 0.0));
    }
}

#[test]
fn two_folds_of_a_hysteresis_loop() {
    let family = Knobbed {
        variables: 1,
        ranges: vec![(-1.0, 1.0)],
        flow: |x: &[f64], p: &[f64]| (vec![p[0] + x[0] - x[0] * x[0] * x[0]], vec![1.0 - 3.0 * x[0] * x[0]]),
    };
    let diagram = trace(&family, &[(&[-1.324_717_957_244_746], -1.0)], &options(-1.0, 1.0));
    let at = 2.0 / (3.0 * libm::sqrt(3.0));
    let folds = knobs(&diagram, Kind::Fold);
    assert_eq!(folds.len(), 2);
    assert_abs_diff_eq!(folds[0], -at, epsilon = 1e-9);
    assert_abs_diff_eq!(folds[1], at, epsilon = 1e-9);
    assert_eq!(diagram.special().len(), 2);
}

#[test]
fn a_transcritical_point_switches_to_the_crossing_branch() {
    let family = Knobbed {
        variables: 1,
        ranges: vec![(-1.0, 1.5)],
        flow: |x: &[f64], p: &[f64]| (vec![p[0] * x[0] - x[0] * x[0]], vec![p[0] - 2.0 * x[0]]),
    };
    let diagram = trace(&family, &[(&[0.0], -1.0)], &options(-1.0, 1.5));
    assert_eq!(diagram.branches.len(), 2);
    let points = knobs(&diagram, Kind::Branch);
    assert_eq!(points.len(), 1);
    assert_abs_diff_eq!(points[0], 0.0, epsilon = 1e-7);
    for point in &diagram.branches[1].points {
        assert_abs_diff_eq!(point.state[0], point.knob, epsilon = 1e-7);
        assert!(point.knob.abs() < 1e-6 || point.unstable == usize::from(point.knob < 0.0));
    }
    let reach = |side: f64| diagram.branches[1].points.iter().any(|point| (point.knob - side).abs() < 1e-9);
    assert!(reach(-1.0) && reach(1.5));
}

#[test]
fn a_pitchfork_switches_to_both_arms_from_either_branch() {
    let family = Knobbed {
        variables: 2,
        ranges: vec![(-0.5, 1.0)],
        flow: |x: &[f64], p: &[f64]| {
            (vec![p[0] * x[0] - x[0] * x[0] * x[0], x[0] - 2.0 * x[1]], vec![p[0] - 3.0 * x[0] * x[0], 0.0, 1.0, -2.0])
        },
    };
    for start in [(&[0.0, 0.0][..], -0.5), (&[1.0, 0.5][..], 1.0)] {
        let diagram = trace(&family, &[start], &options(-0.5, 1.0));
        assert_eq!(diagram.branches.len(), 2);
        let special = diagram.special();
        assert_eq!(special.len(), 1, "{special:?}");
        assert_eq!(special[0].kind, Kind::Pitchfork);
        assert_abs_diff_eq!(special[0].knob, 0.0, epsilon = 1e-6);
        let points = diagram.branches.iter().flat_map(|branch| &branch.points);
        for sign in [-1.0, 0.0, 1.0] {
            assert!(points.clone().any(|point| point.knob == 1.0 && (point.state[0] - sign).abs() < 1e-9));
        }
    }
}

/// `z' = (mu + i w) z - z |z|^2` in the plane.
fn hopf(omega: f64) -> impl Family {
    Knobbed {
        variables: 2,
        ranges: vec![(-0.5, 1.0)],
        flow: move |x: &[f64], p: &[f64]| {
            let (u, v, mu) = (x[0], x[1], p[0]);
            let square = u * u + v * v;
            let flow = vec![mu * u - omega * v - u * square, omega * u + mu * v - v * square];
            let mixed = -2.0 * u * v;
            let jacobian = vec![mu - square - 2.0 * u * u, -omega + mixed, omega + mixed, mu - square - 2.0 * v * v];
            (flow, jacobian)
        },
    }
}

#[test]
fn a_hopf_point_gives_birth_to_cycles_of_known_amplitude_and_period() {
    let omega = 2.5;
    let family = hopf(omega);
    let diagram = trace(&family, &[(&[0.0, 0.0], -0.5)], &options(-0.5, 1.0));
    let special = diagram.special();
    assert_eq!(special.len(), 1);
    assert_eq!(special[0].kind, Kind::Hopf);
    assert_abs_diff_eq!(special[0].knob, 0.0, epsilon = 1e-9);
    assert_relative_eq!(special[0].frequency.unwrap(), omega, max_relative = 1e-9);
    assert_eq!(diagram.cycles.len(), 1);
    let cycles = &diagram.cycles[0];
    assert_eq!(cycles.end, CycleEnd::Range);
    assert_eq!(cycles.points.last().unwrap().knob, 1.0);
    let period = std::f64::consts::TAU / omega;
    for cycle in &cycles.points {
        assert_relative_eq!(cycle.period, period, max_relative = 1e-8);
        assert_abs_diff_eq!(cycle.high[0] * cycle.high[0], cycle.knob, epsilon = 1e-6);
        assert_abs_diff_eq!(cycle.low[1] * cycle.low[1], cycle.knob, epsilon = 1e-6);
        // The radial perturbation decays at 2 mu.
        assert_relative_eq!(cycle.multiplier, libm::exp(-2.0 * cycle.knob.max(0.0) * period), max_relative = 1e-4);
    }
}

#[test]
fn unstable_cycles_turn_at_their_fold() {
    // r' = r (mu + r^2 - r^4): a subcritical Hopf point at 0, and a fold of cycles at mu = -1/4, r^2 = 1/2.
    let family = Knobbed {
        variables: 2,
        ranges: vec![(-0.5, 0.5)],
        flow: |x: &[f64], p: &[f64]| {
            let (u, v) = (x[0], x[1]);
            let square = u * u + v * v;
            let (growth, bend) = (p[0] + square - square * square, 1.0 - 2.0 * square);
            let flow = vec![growth * u - v, u + growth * v];
            let jacobian = vec![
                growth + 2.0 * u * u * bend,
                2.0 * u * v * bend - 1.0,
                1.0 + 2.0 * u * v * bend,
                growth + 2.0 * v * v * bend,
            ];
            (flow, jacobian)
        },
    };
    let diagram = trace(&family, &[(&[0.0, 0.0], -0.5)], &options(-0.5, 0.5));
    let cycles = &diagram.cycles[0];
    assert_eq!(cycles.folds.len(), 1);
    assert_abs_diff_eq!(cycles.folds[0].knob, -0.25, epsilon = 1e-6);
    assert_abs_diff_eq!(cycles.folds[0].high[0], libm::sqrt(0.5), epsilon = 1e-4);
    for cycle in cycles.points.iter().skip(1) {
        let square = cycle.high[0] * cycle.high[0];
        assert_abs_diff_eq!(cycle.knob, square * square - square, epsilon = 1e-5);
        if (square - 0.5).abs() > 0.02 {
            assert_eq!(cycle.is_stable(), square > 0.5);
        }
    }
    assert_eq!(cycles.points.last().unwrap().knob, 0.5);
}

/// Period and highest value, by Runge and Kutta's method of order 4 with a short step.
fn integrated_van_der_pol(mu: f64) -> (f64, f64) {
    let flow = |[u, v]: [f64; 2]| [v, (mu - u * u) * v - u];
    let step = 2e-4;
    let (mut state, mut time, mut crossings, mut highest) = ([1.0, 0.0], 0.0, Vec::new(), 0.0f64);
    while crossings.len() < 8 {
        let ahead = |slope: [f64; 2], by: f64| [state[0] + by * slope[0], state[1] + by * slope[1]];
        let one = flow(state);
        let two = flow(ahead(one, step / 2.0));
        let three = flow(ahead(two, step / 2.0));
        let four = flow(ahead(three, step));
        let next = [0, 1].map(|k| state[k] + step / 6.0 * (one[k] + 2.0 * two[k] + 2.0 * three[k] + four[k]));
        if state[1] > 0.0 && next[1] <= 0.0 {
            crossings.push(time + step * state[1] / (state[1] - next[1]));
            highest = state[0].max(next[0]);
        }
        (state, time) = (next, time + step);
    }
    (crossings[7] - crossings[6], highest)
}

#[test]
fn a_relaxation_oscillation_has_the_period_of_an_independent_solution() {
    // Van der Pol's equation with its amplitude scaled by sqrt(mu), so that it starts in a Hopf point.
    let (period, highest) = integrated_van_der_pol(5.0);
    let family = Knobbed {
        variables: 2,
        ranges: vec![(-0.5, 5.0)],
        flow: |x: &[f64], p: &[f64]| {
            let (u, v, mu) = (x[0], x[1], p[0]);
            (vec![v, (mu - u * u) * v - u], vec![0.0, 1.0, -2.0 * u * v - 1.0, mu - u * u])
        },
    };
    for (ntst, error, height_error) in [(80, 1e-5, 5e-4), (200, 1e-7, 5e-5)] {
        let options = Options::new(Settings { ntst, ..Settings::over(-0.5, 5.0) }).unwrap();
        let diagram = trace(&family, &[(&[0.0, 0.0], -0.5)], &options);
        let last = diagram.cycles[0].points.last().unwrap();
        assert_eq!(last.knob, 5.0);
        assert_relative_eq!(last.period, period, max_relative = error);
        assert_relative_eq!(last.high[0], highest, max_relative = height_error);
    }
}

#[test]
fn two_knobs_follow_the_folds_to_their_cusp() {
    let family = Knobbed {
        variables: 1,
        ranges: vec![(-1.0, 1.0), (-0.5, 1.0)],
        flow: |x: &[f64], p: &[f64]| {
            let b = p.get(1).copied().unwrap_or(1.0);
            (vec![p[0] + b * x[0] - x[0] * x[0] * x[0]], vec![b - 3.0 * x[0] * x[0]])
        },
    };
    let (one, two) = (options(-1.0, 1.0), options(-0.5, 1.0));
    let diagram = trace(&family, &[(&[-1.324_717_957_244_746], -1.0)], &one);
    let curves = special_curves(&family, &diagram.special(), 1.0, [&one, &two]);
    assert_eq!(curves.len(), 1, "both folds lie on one curve");
    for point in &curves[0].points {
        let [a, b] = point.knobs;
        assert_abs_diff_eq!(27.0 * a * a, 4.0 * b * b * b, epsilon = 1e-8);
    }
    let (kind, cusp) = &curves[0].corners[0];
    assert_eq!((*kind, curves[0].corners.len()), (CornerKind::Cusp, 1));
    assert_abs_diff_eq!(cusp.knobs[0], 0.0, epsilon = 1e-6);
    assert_abs_diff_eq!(cusp.knobs[1], 0.0, epsilon = 1e-6);
}

#[test]
fn hopf_and_fold_curves_meet_at_the_bogdanov_takens_point() {
    // x' = y, y' = a + b y + x^2 + x y: folds at a = 0, Hopf points at a = -b^2 (b > 0), meeting at the origin.
    let family = Knobbed {
        variables: 2,
        ranges: vec![(-0.5, 0.2), (-0.3, 0.6)],
        flow: |x: &[f64], p: &[f64]| {
            let (u, v) = (x[0], x[1]);
            let b = p.get(1).copied().unwrap_or(0.4);
            (vec![v, p[0] + b * v + u * u + u * v], vec![0.0, 1.0, 2.0 * u + v, b + u])
        },
    };
    let (one, two) = (options(-0.5, 0.2), options(-0.3, 0.6));
    let diagram = trace(&family, &[(&[-libm::sqrt(0.5), 0.0], -0.5)], &one);
    assert_abs_diff_eq!(knobs(&diagram, Kind::Fold)[0], 0.0, epsilon = 1e-9);
    assert_abs_diff_eq!(knobs(&diagram, Kind::Hopf)[0], -0.16, epsilon = 1e-8);
    let curves = special_curves(&family, &diagram.special(), two.share(0.4), [&one, &two]);
    assert_eq!(curves.len(), 2);
    for curve in &curves {
        let (kind, corner) = &curve.corners[0];
        assert_eq!(*kind, CornerKind::BogdanovTakens);
        assert_abs_diff_eq!(corner.knobs[0], 0.0, epsilon = 1e-5);
        assert_abs_diff_eq!(corner.knobs[1], 0.0, epsilon = 1e-5);
        for point in &curve.points {
            let [a, b] = point.knobs;
            let expected = if curve.kind == Kind::Fold { 0.0 } else { -b * b };
            assert_abs_diff_eq!(a, expected, epsilon = 1e-8);
        }
    }
}

/// Wilson & Cowan 1972, Fig 11 (k = 1), in units of tau; the knob is the drive to the excitatory population.
fn wilson_cowan() -> impl Family {
    let sigmoid = |slope: f64, threshold: f64, x: f64| {
        let share = 1.0 / (1.0 + libm::exp(-slope * (x - threshold)));
        (share - 1.0 / (1.0 + libm::exp(slope * threshold)), slope * share * (1.0 - share))
    };
    Knobbed {
        variables: 2,
        ranges: vec![(0.0, 3.0)],
        flow: move |x: &[f64], p: &[f64]| {
            let (e, i) = (x[0], x[1]);
            let (se, de) = sigmoid(1.3, 4.0, 16.0 * e - 12.0 * i + p[0]);
            let (si, di) = sigmoid(2.0, 3.7, 15.0 * e - 3.0 * i);
            let flow = vec![-e + (1.0 - e) * se, -i + (1.0 - i) * si];
            let jacobian = vec![
                -1.0 - se + (1.0 - e) * de * 16.0,
                (1.0 - e) * de * -12.0,
                (1.0 - i) * di * 15.0,
                -1.0 - si + (1.0 - i) * di * -3.0,
            ];
            (flow, jacobian)
        },
    }
}

#[test]
fn cycles_of_wilson_and_cowan_have_the_published_hopf_point_and_end_on_a_saddle() {
    let diagram = trace(&wilson_cowan(), &[(&[0.0, 0.0], 0.0)], &options(0.0, 3.0));
    let hopf = diagram.special().into_iter().find(|special| special.kind == Kind::Hopf).unwrap();
    assert_relative_eq!(hopf.knob, 1.909_253, max_relative = 1e-6);
    assert_relative_eq!(hopf.frequency.unwrap(), 2.69542, max_relative = 1e-5);
    let cycles = &diagram.cycles[0];
    assert_eq!(cycles.end, CycleEnd::Homoclinic);
    // The onset, by bisection on simulations.
    assert_relative_eq!(cycles.points.last().unwrap().knob, 1.066, max_relative = 5e-4);
}

/// Numbers between two ends that follow no pattern.
fn random(seed: u64) -> impl FnMut(f64, f64) -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
    move |low, high| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 / 9_007_199_254_740_992.0).mul_add(high - low, low)
    }
}

/// `x' = p - h(x)`, h linear between the points, the slope at a point that of the left.
fn zigzag(points: Vec<[f64; 2]>, range: (f64, f64)) -> impl Family {
    Knobbed {
        variables: 1,
        ranges: vec![range],
        flow: move |x: &[f64], p: &[f64]| {
            let piece = points.iter().skip(1).position(|point| x[0] <= point[0]).unwrap_or(points.len() - 2);
            let ([x0, y0], [x1, y1]) = (points[piece], points[piece + 1]);
            let slope = (y1 - y0) / (x1 - x0);
            (vec![p[0] - y0 - slope * (x[0] - x0)], vec![-slope])
        },
    }
}

#[test]
fn folds_at_corners_are_passed_and_marked_wherever_they_are() {
    for seed in 0..40 {
        let mut next = random(seed);
        // An S or a longer zigzag: steep or flat pieces, corners where it turns and corners where it does not.
        let mut points = vec![[-2.0, -6.0], [-1.0, -1.0]];
        let mut up = false;
        for _ in 0..5 {
            let [x, y] = points[points.len() - 1];
            let across = next(0.3, 1.0);
            let slope = if up { next(0.1, 4.0) } else { next(-4.0, -0.1) };
            points.push([x + across, (y + across * slope).clamp(-2.8, 2.8)]);
            up = next(0.0, 1.0) < 0.6;
        }
        let [x, y] = points[points.len() - 1];
        points.push([x + 1.0, y + 8.0]);
        let slopes: Vec<f64> =
            points.windows(2).map(|pair| (pair[1][1] - pair[0][1]) / (pair[1][0] - pair[0][0])).collect();
        if slopes.iter().any(|slope| slope.abs() < 0.02) {
            continue;
        }
        let turns = (1..points.len() - 1).filter(|index| slopes[index - 1] * slopes[*index] < 0.0);
        let mut expected: Vec<f64> = turns.map(|index| points[index][1]).collect();
        expected.sort_by(f64::total_cmp);
        let x = -1.0 - 2.0 / slopes[0];
        let diagram = trace(&zigzag(points.clone(), (-3.0, 3.0)), &[(&[x], -3.0)], &options(-3.0, 3.0));
        assert_eq!(diagram.branches.len(), 1, "seed {seed}: {points:?}");
        assert_eq!(diagram.branches[0].ends, [End::Range, End::Range], "seed {seed}: {points:?}");
        let found = knobs(&diagram, Kind::CornerFold);
        assert_eq!(found.len(), expected.len(), "seed {seed}: {points:?} {found:?}");
        assert_eq!(diagram.special().len(), expected.len(), "seed {seed}: {points:?} {:?}", diagram.special());
        for (found, expected) in found.iter().zip(&expected) {
            assert_abs_diff_eq!(*found, *expected, epsilon = 1e-9);
        }
        for point in &diagram.branches[0].points {
            let piece = points.iter().skip(1).position(|corner| point.state[0] <= corner[0] + 1e-9).unwrap();
            let share = (point.state[0] - points[piece][0]) / (points[piece + 1][0] - points[piece][0]);
            let on = share.mul_add(points[piece + 1][1] - points[piece][1], points[piece][1]);
            assert_abs_diff_eq!(on, point.knob, epsilon = 1e-8);
        }
    }
}

#[test]
fn closed_branches_of_any_ellipse_are_followed_once_and_said_to_close() {
    for seed in 0..30 {
        let mut next = random(100 + seed);
        let (a, b, turn) = (next(0.05, 0.8), next(0.05, 0.8), next(0.0, 3.0));
        let (x0, p0) = (next(-5.0, 5.0), next(-0.1, 0.1));
        let (sine, cosine) = libm::sincos(turn);
        let family = Knobbed {
            variables: 1,
            ranges: vec![(-1.0, 1.0)],
            flow: |x: &[f64], p: &[f64]| {
                let (dx, dp) = (x[0] - x0, p[0] - p0);
                let (u, v) = ((cosine * dx + sine * dp) / a, (cosine * dp - sine * dx) / b);
                (vec![1.0 - u * u - v * v], vec![-2.0 * (u * cosine / a - v * sine / b)])
            },
        };
        let far = libm::sqrt(a * a * sine * sine + b * b * cosine * cosine);
        // Both states at the middle of the knob's extent are given: the second lies on the branch of the first.
        let half = 1.0 / libm::sqrt(cosine * cosine / (a * a) + sine * sine / (b * b));
        let diagram = trace(&family, &[(&[x0 + half], p0), (&[x0 - half], p0)], &options(-1.0, 1.0));
        assert_eq!(diagram.branches.len(), 1, "seed {seed}");
        assert_eq!(diagram.branches[0].ends, [End::Closed, End::Closed], "seed {seed}");
        let folds = knobs(&diagram, Kind::Fold);
        assert_eq!((folds.len(), diagram.special().len()), (2, 2), "seed {seed}: {folds:?}");
        assert_abs_diff_eq!(folds[0], p0 - far, epsilon = 1e-7);
        assert_abs_diff_eq!(folds[1], p0 + far, epsilon = 1e-7);
    }
}

/// Two threshold-linear units with a ceiling of 1 that inhibit each other, the left slope at their corners.
fn rivals(weight: f64, sign: f64, range: (f64, f64)) -> impl Family {
    Knobbed {
        variables: 2,
        ranges: vec![range],
        flow: move |x: &[f64], p: &[f64]| {
            let input = [sign * p[0] - weight * x[1], sign * p[0] - weight * x[0]];
            let slope = input.map(|input| f64::from(u8::from(input > 0.0 && input < 1.0)));
            let flow = (0..2).map(|k| input[k].clamp(0.0, 1.0) - x[k]).collect();
            (flow, vec![-1.0, -weight * slope[0], -weight * slope[1], -1.0])
        },
    }
}

#[test]
fn a_bifurcation_at_a_corner_has_all_its_branches_and_a_mirrored_knob_mirrors_them() {
    // From the corner at 0 go the state of both and those of either alone; they meet again where all are at their ceiling.
    let weight = 2.0;
    let one = trace(&rivals(weight, 1.0, (-1.0, 4.0)), &[(&[0.0, 0.0], -1.0)], &options(-1.0, 4.0));
    let other = trace(&rivals(weight, -1.0, (-4.0, 1.0)), &[(&[0.0, 0.0], 1.0)], &options(-4.0, 1.0));
    for (diagram, sign) in [(&one, 1.0), (&other, -1.0)] {
        let points: Vec<_> = diagram.branches.iter().flat_map(|branch| &branch.points).collect();
        for state in [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]] {
            let near = |knob: f64| {
                points.iter().any(|point| {
                    (sign * point.knob - knob).abs() < 0.03
                        && (point.state[0] - state[0]).abs() < 0.02
                        && (point.state[1] - state[1]).abs() < 0.02
                })
            };
            assert!(near(1.5), "{state:?}");
        }
        assert_eq!(
            diagram.branches.len(),
            3,
            "{:?}",
            diagram.branches.iter().map(|branch| branch.ends).collect::<Vec<_>>()
        );
        assert!(diagram.branches.iter().all(|branch| !branch.ends.contains(&End::Lost)));
        let corners = knobs(diagram, Kind::Corner);
        assert!(corners.iter().any(|corner| corner.abs() < 1e-9), "{corners:?}");
        assert!(corners.iter().any(|corner| (sign * corner - 3.0).abs() < 1e-9), "{corners:?}");
    }
    let mirrored: Vec<(Kind, f64)> =
        other.special().iter().rev().map(|special| (special.kind, -special.knob)).collect();
    assert_eq!(one.special().len(), mirrored.len());
    for (special, (kind, knob)) in one.special().iter().zip(mirrored) {
        assert_eq!(special.kind, kind);
        assert_abs_diff_eq!(special.knob, knob, epsilon = 1e-9);
    }
}

/// A ring of units, or equal columns: `x_i' = p x_i - x_i^3 + sum_j w_ij x_j` with equal rows.
fn equals(weights: Vec<Vec<f64>>, square: f64) -> impl Family {
    let n = weights.len();
    Knobbed {
        variables: n,
        ranges: vec![(-2.0, 1.0)],
        flow: move |x: &[f64], p: &[f64]| {
            let flow = (0..n).map(|i| {
                let synapses: f64 = weights[i].iter().zip(x).map(|(weight, x)| weight * x).sum();
                p[0] * x[i] + square * x[i] * x[i] - x[i] * x[i] * x[i] + synapses
            });
            let jacobian = (0..n * n).map(|place| {
                let (i, j) = (place / n, place % n);
                let own = p[0] + 2.0 * square * x[i] - 3.0 * x[i] * x[i];
                weights[i][j] + if i == j { own } else { 0.0 }
            });
            (flow.collect(), jacobian.collect())
        },
    }
}

#[test]
fn points_of_even_multiplicity_are_found_with_their_branches() {
    // A ring of 6: cosine and sine lose stability at -1 together, the other modes later.
    let ring: Vec<Vec<f64>> = (0..6)
        .map(|i| {
            (0..6).map(|j| (2.0 * libm::cos(std::f64::consts::TAU * f64::from(i - j) / 6.0) - 2.0) / 6.0).collect()
        })
        .collect();
    // Three columns that inhibit each other equally.
    let columns: Vec<Vec<f64>> =
        (0..3).map(|i| (0..3).map(|j| if i == j { 1.0 } else { -0.5 } - 1.0 / 3.0).collect()).collect();
    for (weights, square, at, least) in [(ring, 0.0, -1.0, 6), (columns, 0.3, -1.5, 3)] {
        let n = weights.len();
        let diagram = trace(&equals(weights, square), &[(&vec![0.0; n], -2.0)], &options(-2.0, 1.0));
        let first = diagram.special()[0];
        let point = diagram.special().into_iter().find(|special| special.multiplicity == 2).unwrap();
        assert!(matches!(point.kind, Kind::Branch | Kind::Pitchfork), "{first:?}");
        assert_abs_diff_eq!(point.knob, at, epsilon = 1e-7);
        // Every unit has a branch on which it is the one that differs most, in both directions.
        let points: Vec<_> = diagram.branches.iter().flat_map(|branch| &branch.points).collect();
        for unit in 0..n {
            let most = |sign: f64| {
                points.iter().any(|point| {
                    (point.knob - at - 0.3).abs() < 0.1
                        && (0..n).all(|other| other == unit || sign * (point.state[unit] - point.state[other]) > 0.05)
                })
            };
            assert!(most(1.0) && most(-1.0), "unit {unit} of {n}");
        }
        assert!(diagram.branches.len() > least, "{}", diagram.branches.len());
        assert!(diagram.branches.iter().all(|branch| !branch.ends.contains(&End::Lost)));
    }
}

/// FitzHugh and Nagumo's equations over the current, with a slow variable that is slower by a factor.
fn fitzhugh(slow: f64) -> impl Family {
    Knobbed {
        variables: 2,
        ranges: vec![(-2.1, 5.1)],
        flow: move |x: &[f64], p: &[f64]| {
            let (u, v) = (x[0], x[1]);
            let flow = vec![u - u * u * u / 3.0 - v + p[0], slow * (u - 0.8 * v)];
            (flow, vec![1.0 - u * u, -1.0, slow, -0.8 * slow])
        },
    }
}

#[test]
fn the_folds_of_a_branch_of_cycles_do_not_depend_on_the_steps() {
    for (dsmax, ntst) in [(0.005, 80), (0.01, 80), (0.03, 80), (0.01, 160)] {
        let settings = Settings { dsmax, ds: 0.005, ntst, ..Settings::over(-2.1, 5.1) };
        let diagram = trace(&fitzhugh(0.08), &[(&[-1.9, -2.4], -2.1)], &Options::new(settings).unwrap());
        assert_eq!(diagram.cycles.len(), 1, "{dsmax}");
        let cycles = &diagram.cycles[0];
        assert_eq!((cycles.end, cycles.folds.len()), (CycleEnd::Hopf, 2), "{dsmax}, {ntst}: {:?}", cycles.folds);
        for fold in &cycles.folds {
            assert_abs_diff_eq!(fold.knob.abs(), 0.550_821_48, epsilon = 1e-7);
        }
        assert_abs_diff_eq!(cycles.points.last().unwrap().knob, 0.543_718_66, epsilon = 1e-7);
    }
}

#[test]
fn hopf_points_of_either_kind_have_their_cycles_whatever_the_numbers() {
    // r' = r (mu + a r^2 - r^4), mu turned up and, in the second half, down again: the branch ends at the other Hopf point.
    for seed in 0..12 {
        let mut next = random(300 + seed);
        let (a, omega) = (next(-1.5, 1.5), next(0.3, 4.0));
        let family = Knobbed {
            variables: 2,
            ranges: vec![(-3.0, 3.0)],
            flow: |x: &[f64], p: &[f64]| {
                let (u, v) = (x[0], x[1]);
                let square = u * u + v * v;
                let (growth, bend) = (1.0 - p[0] * p[0] + a * square - square * square, a - 2.0 * square);
                let flow = vec![growth * u - omega * v, omega * u + growth * v];
                let jacobian = vec![
                    growth + 2.0 * u * u * bend,
                    2.0 * u * v * bend - omega,
                    omega + 2.0 * u * v * bend,
                    growth + 2.0 * v * v * bend,
                ];
                (flow, jacobian)
            },
        };
        let diagram = trace(&family, &[(&[0.0, 0.0], -3.0)], &options(-3.0, 3.0));
        assert_eq!(diagram.cycles.len(), 1, "seed {seed}");
        let cycles = &diagram.cycles[0];
        assert_eq!(cycles.end, CycleEnd::Hopf, "seed {seed}");
        assert_abs_diff_eq!(cycles.points.last().unwrap().knob.abs(), 1.0, epsilon = 1e-7);
        assert_abs_diff_eq!(cycles.points[0].knob + cycles.points.last().unwrap().knob, 0.0, epsilon = 1e-7);
        // A subcritical point has a fold on its side, at r^2 = a / 2.
        let expected = if a > 0.0 { 2 } else { 0 };
        assert_eq!(cycles.folds.len(), expected, "seed {seed}: a = {a}");
        for fold in &cycles.folds {
            assert_abs_diff_eq!(fold.knob.abs(), libm::sqrt(1.0 + a * a / 4.0), epsilon = 1e-6);
        }
    }
}

/// Whether the unstable branch of the saddle of `x' = y, y' = x - x^2 + p y + x y` at 0 falls back inside the loop.
fn falls_inside(p: f64) -> bool {
    let flow = |[x, y]: [f64; 2]| [y, x - x * x + p * y + x * y];
    let growth = 0.5 * (p + libm::sqrt(p * p + 4.0));
    let (mut state, step) = ([1e-5, 1e-5 * growth], 1e-3);
    loop {
        let ahead = |slope: [f64; 2], by: f64| [state[0] + by * slope[0], state[1] + by * slope[1]];
        let one = flow(state);
        let two = flow(ahead(one, step / 2.0));
        let three = flow(ahead(two, step / 2.0));
        let four = flow(ahead(three, step));
        let next = [0, 1].map(|k| state[k] + step / 6.0 * (one[k] + 2.0 * two[k] + 2.0 * three[k] + four[k]));
        if next[0] < 0.0 {
            return false;
        }
        if state[1] < 0.0 && next[1] >= 0.0 {
            return true;
        }
        state = next;
    }
}

#[test]
fn cycles_end_on_the_saddle_of_an_independent_homoclinic_orbit() {
    let (mut inside, mut outside) = (-1.0, -0.7);
    for _ in 0..40 {
        let middle = f64::midpoint(inside, outside);
        if falls_inside(middle) { inside = middle } else { outside = middle }
    }
    let family = Knobbed {
        variables: 2,
        ranges: vec![(-1.5, 0.0)],
        flow: |x: &[f64], p: &[f64]| {
            let (u, v) = (x[0], x[1]);
            (vec![v, u - u * u + p[0] * v + u * v], vec![0.0, 1.0, 1.0 - 2.0 * u + v, p[0] + u])
        },
    };
    for dsmax in [0.005, 0.02] {
        let settings = Settings { dsmax, ..Settings::over(-1.5, 0.0) };
        let diagram = trace(&family, &[(&[1.0, 0.0], -1.5), (&[0.0, 0.0], -1.5)], &Options::new(settings).unwrap());
        let cycles = &diagram.cycles[0];
        assert_abs_diff_eq!(cycles.points[0].knob, -1.0, epsilon = 1e-8);
        assert_eq!((cycles.end, cycles.folds.len()), (CycleEnd::Homoclinic, 0));
        assert_abs_diff_eq!(cycles.points.last().unwrap().knob, inside, epsilon = 1e-5);
    }
}
