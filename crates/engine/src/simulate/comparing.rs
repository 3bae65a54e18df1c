//! An arm beside those that it is measured against, while all three run: how long it lies above control, and how long its
//! rescue lasts. Every piece of their courses counts, and moments are those at which the courses cross.

use crate::experiment::Plan;
use crate::numeric::piece::{Extreme, Piece};
use crate::scenario::Scenario;

/// A rate lies above that of the control arm when it exceeds it by this much, in Hz.
pub const ABOVE_CONTROL_HZ: f64 = 1e-6;
/// The rescue that counts as lasting.
pub const LASTING_RESCUE: f64 = 0.3;
/// Differences between control and stress below this, in Hz, leave the rescue index undefined, and so do rates of the control
/// arm below it what is measured relative to them.
pub const NO_DIFFERENCE_HZ: f64 = 1e-6;

/// What an arm is beside its control and the stressed arm. Times are in min.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compared {
    /// Minutes of the window in which the rate lies above control.
    pub minutes_above_control: Option<f64>,
    /// Minutes after the window's start in which the rescue exceeds 0.3; none where it is nowhere defined.
    pub minutes_rescued: Option<f64>,
    /// The last moment at which it does; none where it never does.
    pub last_rescued_at: Option<f64>,
    /// The rescue at the time that counts as lasting, where it is defined.
    pub lasting_rescue: Option<f64>,
    /// When it has fallen to half of that, where that is 0.3 or more.
    pub lasting_halved_at: Option<f64>,
    /// The control arm's rate at the moment of the arm's peak in the window.
    pub control_at_peak_hz: Option<f64>,
}

/// Where the arms stand that each arm is measured against, control and stress.
pub(super) struct References {
    /// The places of control and stress among all arms.
    pub places: [Option<usize>; 2],
}

impl References {
    /// Those of every arm; only arms of one experiment are measured against one another.
    pub fn of_all(plans: &[Plan]) -> Vec<Self> {
        let of = |plan: &Plan| {
            let names = plan.base.compared_with(&plan.arm);
            let find = |name: &String| {
                plans
                    .iter()
                    .position(|other| std::sync::Arc::ptr_eq(&other.base, &plan.base) && other.arm.name == *name)
            };
            Self { places: [find(&names[0]), find(&names[1])] }
        };
        plans.iter().map(of).collect()
    }
}

/// A comparison on its way.
#[derive(Clone, Debug)]
pub(super) struct Comparing {
    window: [f64; 2],
    end: f64,
    lasting: f64,
    peak: Option<Extreme>,
    /// Whether the rescue was defined anywhere.
    defined: bool,
    halving: bool,
    found: Compared,
}

impl Comparing {
    /// An arm of a scenario.
    pub fn new(scenario: &Scenario) -> Self {
        let (run, compare) = (&scenario.run, &scenario.compare);
        Self {
            window: [compare.from, compare.to],
            end: run.to,
            lasting: compare.lasting,
            peak: None,
            defined: false,
            halving: false,
            found: Compared::default(),
        }
    }

    /// Sees the next piece of the arm, and those of control and stress over the same span.
    pub fn see(&mut self, own: &Piece, control: Option<&Piece>, stress: Option<&Piece>) {
        let Some(control) = control else { return };
        let [from, to] = self.window;
        if let (Some(own), Some(control)) = (own.within(from, to), control.within(from, to)) {
            self.see_window(&own, &control);
        }
        let Some(stress) = stress else { return };
        self.see_lasting([own, control, stress]);
        let [own, control, stress] = [own, control, stress].map(|piece| piece.within(self.window[0], self.end));
        if let (Some(own), Some(control), Some(stress)) = (own, control, stress) {
            self.see_rescue([&own, &control, &stress]);
        }
    }

    /// Sees steps of fast time, of which the values at both ends are known, one after the other; `time` gives the times of the
    /// ends in min. Where other arms have fewer, theirs have ended.
    pub fn see_steps(
        &mut self,
        time: impl Fn(usize) -> f64,
        own: &[f64],
        control: Option<&[f64]>,
        stress: Option<&[f64]>,
    ) {
        let Some(control) = control else { return };
        let stress = stress.unwrap_or_default();
        let mut from = time(0);
        for end in 1..own.len().min(control.len()) {
            let to = time(end);
            let ends = |values: &[f64]| values.get(end).map(|last| [values[end - 1], *last]);
            let (Some(own), Some(control)) = (ends(own), ends(control)) else { return };
            if !self.see_step([from, to], own, control, ends(stress)) {
                let line = |[first, last]: [f64; 2]| Piece::line(from, to, first, last);
                self.see(&line(own), Some(&line(control)), ends(stress).map(line).as_ref());
            }
            from = to;
        }
    }

    /// Sees a step at whose ends the same holds, as nearly always; false where it has to be looked at closely.
    fn see_step(&mut self, [from, to]: [f64; 2], own: [f64; 2], control: [f64; 2], stress: Option<[f64; 2]>) -> bool {
        let inside = from >= self.window[0] && to <= self.window[1];
        if !(inside || to <= self.window[0] || from >= self.window[1]) || from < self.window[0] && to > self.window[0] {
            return false;
        }
        let above = [0, 1].map(|end| own[end] - control[end] > ABOVE_CONTROL_HZ);
        let higher = self.peak.is_none_or(|peak| own[0].max(own[1]) > peak.value);
        if inside && (above[0] != above[1] || higher) {
            return false;
        }
        let mut rescued = false;
        if let Some(stress) = stress {
            let known = from > self.lasting && to < self.end || to < self.lasting;
            let side = [0, 1].map(|end| {
                let difference = control[end] - stress[end];
                i8::from(difference >= NO_DIFFERENCE_HZ) - i8::from(difference <= -NO_DIFFERENCE_HZ)
            });
            let index = [0, 1].map(|end| rescue(own[end], Some(control[end]), Some(stress[end])));
            let exceeds = |share: f64| index.map(|index| index.is_some_and(|index| index > share));
            let [first, last] = exceeds(LASTING_RESCUE);
            let half = exceeds(0.5 * self.found.lasting_rescue.unwrap_or(f64::INFINITY));
            if !known
                || side[0] != side[1]
                || first != last
                || self.halving && half != [true; 2]
                || side[0] != 0 && !self.defined
            {
                return false;
            }
            rescued = first && from >= self.window[0];
        }
        if inside {
            *self.found.minutes_above_control.get_or_insert(0.0) += if above[0] { to - from } else { 0.0 };
        }
        if rescued {
            *self.found.minutes_rescued.get_or_insert(0.0) += to - from;
            self.found.last_rescued_at = Some(to);
        }
        true
    }

    fn see_window(&mut self, own: &Piece, control: &Piece) {
        let above = own.plus(-1.0, control).raised_by(-ABOVE_CONTROL_HZ);
        let minutes: f64 = above.spans_above_zero().map(|[start, end]| end - start).sum();
        *self.found.minutes_above_control.get_or_insert(0.0) += minutes;
        if self.peak.is_some_and(|peak| own.bounds()[1] <= peak.value) {
            return;
        }
        for mark in own.marks().filter(|mark| mark.value.is_finite()) {
            if self.peak.is_none_or(|peak| mark.value > peak.value) {
                self.peak = Some(mark);
                self.found.control_at_peak_hz = Some(control.at(mark.at_min));
            }
        }
    }

    fn see_rescue(&mut self, arms: [&Piece; 3]) {
        for [start, end] in spans_of_rescue(arms, LASTING_RESCUE) {
            *self.found.minutes_rescued.get_or_insert(0.0) += end - start;
            self.found.last_rescued_at = Some(end);
        }
        if !self.defined {
            let [from, to] = [arms[0].from, arms[0].to];
            self.defined = [from, 0.5 * (from + to), to].iter().any(|time| rescue_at(arms, *time).is_some());
        }
    }

    fn see_lasting(&mut self, arms: [&Piece; 3]) {
        let own = arms[0];
        // The moment itself belongs to what begins there, but for the end of the run.
        let reached =
            own.from <= self.lasting && (self.lasting < own.to || (own.to >= self.end && self.lasting <= own.to));
        if reached && self.found.lasting_rescue.is_none() {
            self.found.lasting_rescue = rescue_at(arms, self.lasting);
            self.halving = self.found.lasting_rescue.is_some_and(|rescue| rescue >= LASTING_RESCUE);
        }
        let Some(rescue) = self.found.lasting_rescue.filter(|_| self.halving) else { return };
        let parts = arms.map(|piece| piece.within(self.lasting, f64::INFINITY));
        let [Some(own), Some(control), Some(stress)] = parts else { return };
        let mut above = own.from;
        for [start, end] in spans_of_rescue([&own, &control, &stress], 0.5 * rescue) {
            if start > above {
                break;
            }
            above = end;
        }
        if above < own.to {
            self.found.lasting_halved_at = Some(above);
            self.halving = false;
        }
    }

    /// What was found.
    pub fn found(&self) -> Compared {
        let minutes_rescued = self.defined.then(|| self.found.minutes_rescued.unwrap_or(0.0));
        Compared { minutes_rescued, ..self.found }
    }
}

/// The rescue at a time; none where control and stress do not differ.
fn rescue_at([own, control, stress]: [&Piece; 3], time: f64) -> Option<f64> {
    rescue(own.at(time), Some(control.at(time)), Some(stress.at(time)))
}

/// `(r - r(stress)) / (r(control) - r(stress))`.
pub fn rescue(rate: f64, control: Option<f64>, stress: Option<f64>) -> Option<f64> {
    let (control, stress) = (control?, stress?);
    let rescue = (rate - stress) / (control - stress);
    Some(rescue).filter(|rescue| rescue.is_finite() && (control - stress).abs() >= NO_DIFFERENCE_HZ)
}

/// The spans in which the rescue exceeds a share, in order.
fn spans_of_rescue(arms: [&Piece; 3], share: f64) -> Vec<[f64; 2]> {
    let [own, control, stress] = arms;
    let difference = control.plus(-1.0, stress);
    // Where control and stress differ, the index exceeds the share where this has the sign of their difference.
    let beyond = own.plus(-1.0, stress).plus(-share, &difference);
    let mut ends = vec![own.from, own.to];
    ends.extend(beyond.crossings());
    for margin in [NO_DIFFERENCE_HZ, -NO_DIFFERENCE_HZ] {
        ends.extend(difference.raised_by(margin).crossings());
    }
    ends.sort_by(f64::total_cmp);
    let exceeds = |[start, end]: &[f64; 2]| {
        end > start && rescue_at(arms, 0.5 * (start + end)).is_some_and(|rescue| rescue > share)
    };
    ends.windows(2).map(|pair| [pair[0], pair[1]]).filter(exceeds).collect()
}

/// Compares courses that are known as a whole: their pieces are cut where any of them ends.
pub(super) fn compare(comparing: &mut Comparing, own: &[Piece], control: Option<&[Piece]>, stress: Option<&[Piece]>) {
    let (mut control, mut stress) = (control.map(Cursor::new), stress.map(Cursor::new));
    for piece in own {
        let mut from = piece.from;
        while from < piece.to {
            let ends =
                [&mut control, &mut stress].map(|cursor| cursor.as_mut().and_then(|cursor| cursor.end_after(from)));
            let to = ends.into_iter().flatten().fold(piece.to, f64::min);
            let part = |cursor: &Option<Cursor<'_>>| cursor.as_ref().and_then(|cursor| cursor.now()?.within(from, to));
            if let Some(own) = piece.within(from, to) {
                comparing.see(&own, part(&control).as_ref(), part(&stress).as_ref());
            }
            from = to;
        }
    }
}

/// A place in a course.
struct Cursor<'a> {
    pieces: &'a [Piece],
}

impl<'a> Cursor<'a> {
    fn new(pieces: &'a [Piece]) -> Self {
        Self { pieces }
    }

    /// Goes on to the piece that holds a time and what follows it; when that ends.
    fn end_after(&mut self, time: f64) -> Option<f64> {
        while let Some((first, later)) = self.pieces.split_first() {
            if first.to > time {
                return Some(first.to);
            }
            self.pieces = later;
        }
        None
    }

    fn now(&self) -> Option<&'a Piece> {
        self.pieces.first()
    }
}
