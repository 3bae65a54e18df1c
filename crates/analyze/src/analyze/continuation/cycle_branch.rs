//! Branches of limit cycles, from the Hopf points where they are born.

use super::cycle_end::{Homoclinic, homoclinic, hopf_end};
use super::cycle_steps::{Cycles, Step};
use super::follower::Follower;
use super::special::{Kind, Special};
use super::tracer::Pace;
use serde::Serialize;

/// Steps after which the mesh is spread anew.
const REMESH: usize = 4;
/// A cycle that lasts so many times longer than the first is about to end on a saddle.
const LONGEST_PERIOD: f64 = 20.0;
/// A cycle that lasts so many times longer than the first may pass near a saddle.
const SLOWED: f64 = 1.5;
/// A multiplier that stays this near to 1, as a logarithm, passes it by rounding: that of a cycle with hardly any amplitude.
const NO_FOLD: f64 = 1e-4;
/// Cycles are smooth in the knob: their steps may be longer than those of fixed points.
const LONGER: f64 = 2.0;
/// Shares of a branch's end and of a Hopf point that are the same.
const SAME_SHARE: f64 = 2e-3;

/// A limit cycle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CyclePoint {
    /// The knob, as a share of its range.
    #[serde(skip)]
    pub share: f64,
    /// The knob's value.
    pub knob: f64,
    /// The period, in units of time: ms in circuits.
    #[serde(rename = "period_ms")]
    pub period: f64,
    /// Lowest observed values over the cycle: rates in Hz.
    pub low: Vec<f64>,
    /// Highest observed values.
    pub high: Vec<f64>,
    /// The largest size of the Floquet multipliers but the one that is 1; below 1 the cycle is stable.
    pub multiplier: f64,
}

impl CyclePoint {
    /// Whether nearby states approach the cycle.
    pub fn is_stable(&self) -> bool {
        self.multiplier < 1.0
    }
}

/// Why a branch of limit cycles ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CycleEnd {
    /// At an end of the knob's range.
    Range,
    /// In a Hopf point, without amplitude.
    Hopf,
    /// On a saddle: a homoclinic orbit.
    Homoclinic,
    /// On a saddle-node, the fold of two fixed points that appear on the cycle.
    SaddleNode,
    /// Where the period has grown twentyfold, and no saddle is near.
    LongPeriod,
    /// After as many steps as were allowed.
    MostSteps,
    /// Newton's method no longer converges, even with the shortest step.
    Lost,
}

impl CycleEnd {
    /// Where it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Range => "the end of the range",
            Self::Hopf => "a Hopf point",
            Self::Homoclinic => "a homoclinic orbit: it comes to a saddle",
            Self::SaddleNode => "a saddle-node on the cycle: its period grows without bound",
            Self::LongPeriod => "where its period has grown twentyfold (no saddle is near)",
            Self::MostSteps => "where max_steps are taken (there may be more)",
            Self::Lost => "where it is lost (Newton's method no longer converges)",
        }
    }
}

/// A branch of limit cycles.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CycleBranch {
    /// Cycles in their order along the branch; the first has no amplitude yet.
    pub points: Vec<CyclePoint>,
    /// Where two cycles meet and vanish.
    pub folds: Vec<CyclePoint>,
    /// How it ends.
    pub end: CycleEnd,
}

impl CycleBranch {
    /// Whether it begins or ends in a Hopf point.
    pub(super) fn ends_near(&self, hopf: &Special) -> bool {
        let near = |point: &CyclePoint| {
            (point.share - hopf.share).abs() < SAME_SHARE && point.low == point.high && point.low == hopf.observed
        };
        [self.points.first(), self.points.last()].into_iter().flatten().any(near)
    }
}

/// Follows the limit cycles that are born at a Hopf point; `special` are the special points of all fixed points, in which
/// the branch may end. None where the first cycle is not found.
pub(super) fn follow_cycles(follower: &Follower<'_>, hopf: &Special, special: &[&Special]) -> Option<CycleBranch> {
    let mut cycles = Cycles::new(follower, hopf.state.len());
    let (orbit, tangent, phase) = cycles.birth(hopf)?;
    let settings = follower.options.settings();
    let mut pace = Pace { step: settings.ds, shortest: settings.dsmin, longest: LONGER * settings.dsmax };
    let first_period = orbit.period;
    let mut branch = CycleBranch { points: vec![born(hopf, 1.0)], folds: vec![], end: CycleEnd::MostSteps };
    let mut now = Step { orbit, tangent, multipliers: vec![], iterations: 0 };
    let mut phase = phase;
    for count in 1..=settings.max_steps {
        if let Some(point) = cycles.edge(&now, &phase, pace.step) {
            branch.points.push(point);
            branch.end = CycleEnd::Range;
            break;
        }
        let Some(step) = cycles.advance(&now, &phase, &mut pace) else {
            branch.end = CycleEnd::Lost;
            break;
        };
        // Beyond a Hopf point the same cycles come again, half a period later.
        if count > 1 && cycles.is_turned_over(&now.orbit, &step.orbit) {
            let end = hopf_end(&cycles, (&now.orbit, &step.orbit), special);
            branch.end = if end.is_some() { CycleEnd::Hopf } else { CycleEnd::Lost };
            let multiplier = branch.points.last().map_or(1.0, |point| point.multiplier);
            branch.points.extend(end.map(|hopf| born(&hopf, multiplier)));
            break;
        }
        // Where the knob hardly moves, as where small cycles explode, rounding turns its direction many times: a fold is where
        // a second multiplier passes 1.
        let beside_one = [now.beside_one(), step.beside_one()];
        if count > 1 && beside_one[0] * beside_one[1] < 0.0 && beside_one.iter().any(|beside| beside.abs() > NO_FOLD) {
            branch.folds.extend(cycles.fold(&now, &step, &phase).map(|fold| cycles.point(&fold)));
        }
        branch.points.push(cycles.point(&step));
        now = step;
        if let Some(end) = long_end(&cycles, &now, first_period, special) {
            branch.end = end;
            break;
        }
        if count % REMESH == 0 {
            cycles.remesh(&mut now);
        }
        phase = now.orbit.velocities();
    }
    (branch.points.len() > 1).then_some(branch)
}

/// Whether a branch ends because its cycles pass ever nearer to a saddle, or last ever longer.
fn long_end(cycles: &Cycles<'_>, now: &Step, first_period: f64, special: &[&Special]) -> Option<CycleEnd> {
    if now.orbit.period < SLOWED * first_period {
        return None;
    }
    let long = now.orbit.period > LONGEST_PERIOD * first_period;
    let folds: Vec<&Special> =
        special.iter().copied().filter(|one| matches!(one.kind, Kind::Fold | Kind::CornerFold)).collect();
    match homoclinic(cycles, &now.orbit, &folds) {
        Homoclinic::Saddle { reached } if reached || long => Some(CycleEnd::Homoclinic),
        Homoclinic::SaddleNode if long => Some(CycleEnd::SaddleNode),
        _ => long.then_some(CycleEnd::LongPeriod),
    }
}

/// The cycle without amplitude at a Hopf point.
fn born(hopf: &Special, multiplier: f64) -> CyclePoint {
    CyclePoint {
        share: hopf.share,
        knob: hopf.knob,
        period: hopf.frequency.map_or(f64::NAN, |frequency| std::f64::consts::TAU / frequency),
        low: hopf.observed.clone(),
        high: hopf.observed.clone(),
        multiplier,
    }
}
