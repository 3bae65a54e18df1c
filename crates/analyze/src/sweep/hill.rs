//! The Hill equation fitted to responses over doses, wherever its EC50 lies.
//!
//! ```text
//! E(x) = bottom + (top - bottom) x^h / (EC50^h + x^h)
//! ```
//! (Hill 1910). With z = x / x_max and q = (x_max / EC50)^h this is `t + s (1 - z^h) / (1 + q z^h)`, t being the response to the
//! highest dose, which stays sound where the EC50 lies far beyond the doses: q = 0 is a power law. For each EC50 and h the best
//! t and s are linear least squares, so that the search has two dimensions (variable projection, Golub & Pereyra 1973,
//! doi:10.1137/0710036, with Kaufman's derivatives, 1975, doi:10.1007/BF01932995): a coarse grid, and from its best places
//! steps by Levenberg and Marquardt, which know no bounds.

/// Responses no farther from a curve than this, relative to the largest of them (root mean square), lie on it: what is left
/// is rounding.
const ROUNDING: f64 = 1e-12;
/// Places and steepnesses of the coarse grid.
const PLACES: usize = 28;
const STEEPNESSES: usize = 16;
/// How far beyond the doses the grid reaches, in e-folds: from there the steps go on by themselves.
const BEYOND: f64 = 3.0;
/// Hill coefficients of the grid.
const HILLS: [f64; 2] = [0.1, 30.0];
/// Places from which steps are taken.
const STARTS: usize = 4;
const MOST_STEPS: usize = 200;
/// Steps end where one lowers the sum of squares by no more than this share, or where one this long no longer does.
const STILL: f64 = 1e-10;
const NEXT_TO_NOTHING: f64 = 1e-11;
/// The longest step, in e-folds.
const LONGEST: f64 = 1.5;
/// The logarithm of q z^h at the lowest dose of a curve whose EC50 lies infinitely far below the doses.
const SATURATED: f64 = 60.0;
/// As far as steps go: beyond, a curve is a power law, or a step between two doses, to the last digit.
const FARTHEST: f64 = 60.0;
const STEEPEST: f64 = 8.0;

/// Where the EC50 is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    /// There: the logarithm of EC50 over the highest dose.
    At(f64),
    /// Infinitely far above the doses.
    Above,
    /// Infinitely far below them.
    Below,
}

/// Where a curve is and how steep, with what is best for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    /// Where the EC50 is.
    pub place: Place,
    /// The logarithm of h.
    pub log_hill: f64,
    /// The place as a number.
    number: f64,
    /// The response to the highest dose.
    at_highest: f64,
    /// That to no dose, less that.
    slope: f64,
    /// The sum of squares that it leaves.
    pub rest: f64,
}

/// Doses and responses in the form in which curves are fitted.
pub(super) struct Points {
    /// Logarithms of the doses over the highest one; minus infinity of none.
    logs: Vec<f64>,
    responses: Vec<f64>,
    /// The smallest of those of doses above 0.
    pub lowest: f64,
}

/// What projection leaves for a shape.
struct Projection {
    /// Shares, less their mean, over the largest of them.
    shares: Vec<f64>,
    square: f64,
    /// What the curve leaves of each response.
    left: Vec<f64>,
    curve: Curve,
}

impl Points {
    /// Of doses of 0 or more, at least one of them above 0, and as many finite responses.
    pub fn new(pairs: &[(f64, f64)]) -> Self {
        let highest = pairs.iter().map(|(dose, _)| *dose).fold(0.0, f64::max);
        let log = |dose: f64| if dose > 0.0 { libm::log(dose / highest) } else { f64::NEG_INFINITY };
        let logs: Vec<f64> = pairs.iter().map(|(dose, _)| log(*dose)).collect();
        let lowest = logs.iter().copied().filter(|log| log.is_finite()).fold(0.0, f64::min);
        Self { logs, responses: pairs.iter().map(|(_, response)| *response).collect(), lowest }
    }

    /// The sum of squares below which responses lie on a curve but for rounding.
    pub fn rounding(&self) -> f64 {
        let largest = self.responses.iter().map(|response| response.abs()).fold(0.0, f64::max);
        let allowed = ROUNDING * largest;
        self.count() as f64 * allowed * allowed
    }

    /// The sum of squares of the responses about their mean.
    pub fn total(&self) -> f64 {
        let mean = self.responses.iter().sum::<f64>() / self.count() as f64;
        self.responses.iter().map(|response| (response - mean) * (response - mean)).sum()
    }

    /// The range of the responses.
    pub fn spanned(&self) -> f64 {
        let ends = self.responses.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), response| {
            (f64::min(low, *response), f64::max(high, *response))
        });
        ends.1 - ends.0
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.logs.len()
    }

    /// The place as a number.
    fn number(&self, place: Place, hill: f64) -> f64 {
        match place {
            Place::At(place) => place,
            Place::Above => f64::INFINITY,
            Place::Below => self.lowest - SATURATED / hill,
        }
    }

    /// The best levels for a shape; none where its shares do not differ.
    fn project(&self, place: Place, log_hill: f64) -> Option<Projection> {
        let hill = libm::exp(log_hill);
        let number = self.number(place, hill);
        let mut shares: Vec<f64> = self.logs.iter().map(|log| share(*log, number, hill)).collect();
        let largest = shares.iter().copied().fold(0.0, f64::max);
        if !(largest > 0.0 && largest.is_finite()) {
            return None;
        }
        let count = shares.len() as f64;
        shares.iter_mut().for_each(|share| *share /= largest);
        let mean = shares.iter().sum::<f64>() / count;
        shares.iter_mut().for_each(|share| *share -= mean);
        let square: f64 = shares.iter().map(|share| share * share).sum();
        if square < 1e-24 {
            return None;
        }
        let response_mean = self.responses.iter().sum::<f64>() / count;
        let mut left: Vec<f64> = self.responses.iter().map(|response| response - response_mean).collect();
        let (mut slope, mut shift) = (0.0, 0.0);
        // A second time for what rounding left of the first.
        for _ in 0..2 {
            let part = dot(&shares, &left) / square;
            left.iter_mut().zip(&shares).for_each(|(left, share)| *left -= part * share);
            let more = left.iter().sum::<f64>() / count;
            left.iter_mut().for_each(|left| *left -= more);
            (slope, shift) = (slope + part, shift + more);
        }
        let rest = dot(&left, &left);
        let at_highest = response_mean + shift - slope * mean;
        let curve = Curve { place, log_hill, number, at_highest, slope: slope / largest, rest };
        rest.is_finite().then_some(Projection { shares, square, left, curve })
    }

    /// The curve of a shape; of one that has no sound levels the sum of squares is infinite.
    fn curve(&self, place: Place, log_hill: f64) -> Curve {
        let number = self.number(place, libm::exp(log_hill));
        let none = Curve { place, log_hill, number, at_highest: f64::NAN, slope: f64::NAN, rest: f64::INFINITY };
        self.project(place, log_hill).map_or(none, |found| found.curve)
    }

    /// The curve that leaves least of all.
    pub fn best(&self) -> Curve {
        let steepness = |step: usize| {
            let [low, high] = HILLS.map(libm::log);
            (high - low).mul_add(step as f64 / (STEEPNESSES - 1) as f64, low)
        };
        let place = |step: usize| {
            let low = self.lowest - BEYOND;
            (BEYOND - low).mul_add(step as f64 / (PLACES - 1) as f64, low)
        };
        let least = |one: Curve, other: Curve| if other.rest < one.rest { other } else { one };
        let best_of = |step: usize| {
            let curves = (0..STEEPNESSES).map(|steep| self.curve(Place::At(place(step)), steepness(steep)));
            curves.reduce(least).unwrap_or_else(|| self.curve(Place::Above, 0.0))
        };
        let coarse: Vec<Curve> = (0..PLACES).map(best_of).collect();
        let rest = |step: Option<usize>| step.and_then(|step| coarse.get(step)).map_or(f64::INFINITY, |one| one.rest);
        let mut starts: Vec<Curve> = (0..PLACES)
            .filter(|step| rest(Some(*step)) <= rest(step.checked_sub(1)).min(rest(Some(step + 1))))
            .map(|step| coarse[step])
            .collect();
        starts.sort_by(|one, other| one.rest.total_cmp(&other.rest));
        starts.truncate(STARTS);
        let limits = [Place::Above, Place::Below].map(|place| self.best_at(place, 0.0));
        let refined = starts.into_iter().map(|start| self.refine(start, [true, true]));
        refined.chain(limits).reduce(least).unwrap_or(limits[0])
    }

    /// The best curve at a place, from a steepness that is near and from others.
    pub fn best_at(&self, place: Place, near: f64) -> Curve {
        let [low, high] = HILLS.map(libm::log);
        let grid = (0..STEEPNESSES).map(|step| (high - low).mul_add(step as f64 / (STEEPNESSES - 1) as f64, low));
        let mut tried: Vec<Curve> = grid.chain([near]).map(|log_hill| self.curve(place, log_hill)).collect();
        tried.sort_by(|one, other| one.rest.total_cmp(&other.rest));
        tried.truncate(2);
        let refined = tried.into_iter().map(|start| self.refine(start, [false, true]));
        refined
            .reduce(|one, other| if other.rest < one.rest { other } else { one })
            .unwrap_or_else(|| self.curve(place, near))
    }

    /// The best curve of a steepness, from a place that is near and from others.
    pub fn best_as_steep(&self, log_hill: f64, near: Place) -> Curve {
        let mut logs: Vec<f64> = self.logs.iter().copied().filter(|log| log.is_finite()).collect();
        logs.sort_by(f64::total_cmp);
        let between = logs.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
        let outside = [self.lowest - BEYOND, self.lowest - 0.5, 0.5, BEYOND];
        let places = between.chain(outside).map(Place::At).chain([near, Place::Above, Place::Below]);
        let mut tried: Vec<Curve> = places.map(|place| self.curve(place, log_hill)).collect();
        tried.sort_by(|one, other| one.rest.total_cmp(&other.rest));
        tried.truncate(2);
        let refined = tried.into_iter().map(|start| self.refine(start, [true, false]));
        refined
            .reduce(|one, other| if other.rest < one.rest { other } else { one })
            .unwrap_or_else(|| self.curve(near, log_hill))
    }

    /// Steps by Levenberg and Marquardt in the place, the steepness, or both.
    fn refine(&self, start: Curve, free: [bool; 2]) -> Curve {
        let Some(mut now) = self.project(start.place, start.log_hill) else { return start };
        let mut damping = 1e-3;
        for _ in 0..MOST_STEPS {
            let Some([place, steep]) = self.step(&now, free, damping) else { break };
            let moved = match now.curve.place {
                Place::At(at) => Place::At((at + place).clamp(self.lowest - FARTHEST, FARTHEST)),
                elsewhere => elsewhere,
            };
            let log_hill = (now.curve.log_hill + steep).clamp(-STEEPEST, STEEPEST);
            let next = self.project(moved, log_hill).filter(|next| next.curve.rest < now.curve.rest);
            let size = place.abs().max(steep.abs());
            match next {
                Some(next) => {
                    let still = next.curve.rest > now.curve.rest * (1.0 - STILL);
                    now = next;
                    damping = if damping < 1e-14 { 0.0 } else { 0.1 * damping };
                    if still {
                        break;
                    }
                }
                None if size < NEXT_TO_NOTHING => break,
                None => damping = f64::max(10.0 * damping, 1e-14),
            }
        }
        now.curve
    }

    /// One damped step; none where the curve does not depend on anything that is free.
    fn step(&self, now: &Projection, free: [bool; 2], damping: f64) -> Option<[f64; 2]> {
        let Curve { place, log_hill, number, slope, .. } = now.curve;
        let hill = libm::exp(log_hill);
        // What stays where it is as h changes.
        let anchor = if place == Place::Below { self.lowest } else { number };
        let movable = [free[0] && matches!(place, Place::At(_)), free[1]];
        let column = |which: usize| {
            let of = |log: &f64| {
                if movable[which] { slope * derivatives(*log, (number, anchor), hill)[which] } else { 0.0 }
            };
            let mut column: Vec<f64> = self.logs.iter().map(of).collect();
            for _ in 0..2 {
                let mean = column.iter().sum::<f64>() / column.len() as f64;
                column.iter_mut().for_each(|value| *value -= mean);
                let part = dot(&column, &now.shares) / now.square;
                column.iter_mut().zip(&now.shares).for_each(|(value, share)| *value -= part * share);
            }
            column
        };
        // Least squares of [columns; sqrt(damping) sizes] by orthogonal columns.
        let mut columns = [column(0), column(1)];
        let sizes = [0, 1].map(|which: usize| libm::sqrt(dot(&columns[which], &columns[which])));
        if !(sizes[0] + sizes[1] > 0.0 && (sizes[0] + sizes[1]).is_finite()) {
            return None;
        }
        let mut target = now.left.clone();
        target.extend([0.0, 0.0]);
        for which in 0..2 {
            let tail = libm::sqrt(damping) * sizes[which];
            columns[which].extend(if which == 0 { [tail, 0.0] } else { [0.0, tail] });
        }
        let squares = dot(&columns[0], &columns[0]);
        let shared = if squares > 0.0 { dot(&columns[0], &columns[1]) / squares } else { 0.0 };
        let own: Vec<f64> = columns[1].iter().zip(&columns[0]).map(|(one, other)| one - shared * other).collect();
        let own_square = dot(&own, &own);
        let steep = if own_square > 0.0 { dot(&own, &target) / own_square } else { 0.0 };
        let first = if squares > 0.0 { dot(&columns[0], &target) / squares } else { 0.0 };
        let step = [first - shared * steep, steep];
        let longest = f64::max(step[0].abs(), step[1].abs());
        let scale = if longest > LONGEST { LONGEST / longest } else { 1.0 };
        longest.is_finite().then(|| step.map(|part| scale * part))
    }

    /// The largest distance of a response from a curve.
    pub fn largest_departure(&self, curve: &Curve) -> f64 {
        let off = |(log, response): (&f64, &f64)| (response - curve.at(*log)).abs();
        self.logs.iter().zip(&self.responses).map(off).fold(0.0, f64::max)
    }
}

impl Curve {
    /// The response at the logarithm of a dose over the highest.
    pub fn at(&self, log: f64) -> f64 {
        self.slope.mul_add(share(log, self.number, libm::exp(self.log_hill)), self.at_highest)
    }

    /// The logarithm of the dose over the highest with a response: infinite from the top on, minus infinite up to the bottom.
    pub fn log_dose(&self, response: f64) -> f64 {
        // (1 - z^h) / (1 + q z^h) = share is z^h = (1 - share) / (1 + q share).
        let hill = libm::exp(self.log_hill);
        let share = (response - self.at_highest) / self.slope;
        let below = libm::exp(-hill * self.number).mul_add(share, 1.0);
        if share >= 1.0 {
            f64::NEG_INFINITY
        } else if below <= 0.0 {
            f64::INFINITY
        } else {
            libm::log((1.0 - share) / below) / hill
        }
    }

    /// The responses to no dose and to a saturating one.
    pub fn ends(&self) -> [f64; 2] {
        let reach = libm::exp(libm::exp(self.log_hill) * self.number);
        [self.at_highest + self.slope, self.at_highest - self.slope * reach]
    }
}

/// `(1 - z^h) / (1 + q z^h)`: 1 without a dose, 0 at the highest.
fn share(log: f64, place: f64, hill: f64) -> f64 {
    -libm::expm1(hill * log) / (1.0 + libm::exp(hill * (log - place)))
}

/// Its derivatives with respect to the place and the logarithm of h.
fn derivatives(log: f64, (place, anchor): (f64, f64), hill: f64) -> [f64; 2] {
    if log == f64::NEG_INFINITY {
        return [0.0, 0.0];
    }
    let beyond = hill * (log - place);
    // q z^h / (1 + q z^h), and 1 / (1 + q z^h).
    let (above, below) = (1.0 / (1.0 + libm::exp(-beyond)), 1.0 / (1.0 + libm::exp(beyond)));
    let share = share(log, place, hill);
    let by_place = share * hill * above;
    let away = if place.is_finite() { share * above * (log - anchor) } else { 0.0 };
    [by_place, hill * (-log * libm::exp(hill * log) * below - away)]
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
