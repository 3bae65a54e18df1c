//! Numbers from a trace: interpolation, peaks, integrals, time above a level. All treat a trace as straight lines between
//! its samples; where two samples share a time, the second holds from there on.

pub use crate::numeric::piece::Extreme;

/// A variable over time.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    /// Times of the samples in min, never falling.
    pub times: &'a [f64],
    /// Values at those times.
    pub values: &'a [f64],
}

impl<'a> Trace<'a> {
    /// The value at a time, none outside the trace.
    pub fn at(&self, time: f64) -> Option<f64> {
        let after = self.times.partition_point(|sample| *sample <= time);
        if after == 0 || self.times.last().is_none_or(|last| time > *last) {
            return None;
        }
        let before = after - 1;
        let Some(next) = self.times.get(after) else { return Some(self.values[before]) };
        let share = (time - self.times[before]) / (next - self.times[before]);
        Some(self.values[before] + share * (self.values[after] - self.values[before]))
    }

    /// The pieces of the trace within a window: start, end, and the values there.
    pub fn pieces(self, from: f64, to: f64) -> impl Iterator<Item = Piece> + use<'a> {
        (1..self.times.len()).filter_map(move |end| {
            let (start, stop) = (self.times[end - 1], self.times[end]);
            let (low, high) = (start.max(from), stop.min(to));
            if stop <= start || low >= high {
                return None;
            }
            let value = |time: f64| {
                let share = (time - start) / (stop - start);
                self.values[end - 1] + share * (self.values[end] - self.values[end - 1])
            };
            Some(Piece { from: low, to: high, first: value(low), last: value(high) })
        })
    }

    /// The integral over a window, in units of the value times min.
    pub fn integral(&self, from: f64, to: f64) -> f64 {
        self.pieces(from, to).map(|piece| 0.5 * (piece.first + piece.last) * (piece.to - piece.from)).sum()
    }

    /// How many minutes of a window the trace lies above 0.
    pub fn time_above_zero(&self, from: f64, to: f64) -> f64 {
        self.pieces(from, to).map(|piece| piece.time_above_zero()).sum()
    }

    /// The last time of a window at which the trace lies above 0.
    pub fn last_time_above_zero(&self, from: f64, to: f64) -> Option<f64> {
        self.pieces(from, to).filter_map(|piece| piece.last_above_zero()).fold(None, |_, time| Some(time))
    }

    /// The first time from a moment on at which the trace, above 0 until then, is no longer.
    pub fn first_fall_to_zero(&self, from: f64) -> Option<f64> {
        self.pieces(from, f64::INFINITY)
            .filter(|piece| piece.last <= 0.0)
            .find_map(|piece| if piece.first > 0.0 { piece.last_above_zero() } else { Some(piece.from) })
    }

    /// The first time of a window at which the trace has risen to a level.
    pub fn first_rise_to(&self, level: f64, from: f64, to: f64) -> Option<f64> {
        let piece = self.pieces(from, to).find(|piece| piece.first >= level || piece.last >= level)?;
        let share = if piece.first >= level { 0.0 } else { (level - piece.first) / (piece.last - piece.first) };
        Some(share.mul_add(piece.to - piece.from, piece.from))
    }

    /// The largest value within a window.
    pub fn highest(&self, from: f64, to: f64) -> Option<Extreme> {
        self.extreme(from, to, |one, other| one > other)
    }

    /// The smallest value within a window.
    pub fn lowest(&self, from: f64, to: f64) -> Option<Extreme> {
        self.extreme(from, to, |one, other| one < other)
    }

    /// How long after the window's start the trace has gone half way from its value there to the extreme that lies
    /// farther from it; none where it stays within `smallest` of that value.
    pub fn half_time(&self, from: f64, to: f64, smallest: f64) -> Option<f64> {
        // A jump at the window's start belongs to the window: the value before it counts.
        let start = self.times.partition_point(|time| *time < from);
        let before = if self.times.get(start) == Some(&from) { self.values[start] } else { self.at(from)? };
        let (highest, lowest) = (self.highest(from, to)?.value, self.lowest(from, to)?.value);
        let farther = if highest - before >= before - lowest { highest } else { lowest };
        if (farther - before).abs() < smallest {
            return None;
        }
        let share = |value: f64| (value - before) / (farther - before) - 0.5;
        let reached = self.pieces(from, to).find(|piece| share(piece.last) >= 0.0)?;
        let (first, last) = (share(reached.first), share(reached.last));
        let part = if first >= 0.0 { 0.0 } else { first / (first - last) };
        Some(part.mul_add(reached.to - reached.from, reached.from - from))
    }

    fn extreme(&self, from: f64, to: f64, better: fn(f64, f64) -> bool) -> Option<Extreme> {
        let ends = self.pieces(from, to).flat_map(|piece| [(piece.first, piece.from), (piece.last, piece.to)]);
        ends.filter(|(value, _)| value.is_finite()).fold(None, |best: Option<Extreme>, (value, at_min)| match best {
            Some(best) if !better(value, best.value) => Some(best),
            _ => Some(Extreme { value, at_min }),
        })
    }
}

/// A straight piece of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    from: f64,
    to: f64,
    first: f64,
    last: f64,
}

impl Piece {
    fn last_above_zero(&self) -> Option<f64> {
        match (self.first > 0.0, self.last > 0.0) {
            (_, true) => Some(self.to),
            (true, false) => Some(self.from + self.time_above_zero()),
            (false, false) => None,
        }
    }

    fn time_above_zero(&self) -> f64 {
        let length = self.to - self.from;
        match (self.first > 0.0, self.last > 0.0) {
            (true, true) => length,
            (false, false) => 0.0,
            (true, false) => length * self.first / (self.first - self.last),
            (false, true) => length * self.last / (self.last - self.first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENT: Trace<'static> = Trace { times: &[0.0, 10.0, 20.0], values: &[-1.0, 1.0, -1.0] };

    #[test]
    fn a_tent_is_above_zero_for_half_its_width() {
        assert_eq!(TENT.time_above_zero(-5.0, 100.0), 10.0);
        assert_eq!(TENT.time_above_zero(0.0, 10.0), 5.0);
        assert_eq!(TENT.integral(5.0, 15.0), 5.0);
        assert_eq!(TENT.last_time_above_zero(0.0, 20.0), Some(15.0));
        assert_eq!(TENT.last_time_above_zero(0.0, 4.0), None);
        assert_eq!(TENT.first_fall_to_zero(6.0), Some(15.0));
        assert_eq!(TENT.highest(0.0, 20.0), Some(Extreme { value: 1.0, at_min: 10.0 }));
        assert_eq!(TENT.lowest(5.0, 12.0), Some(Extreme { value: 0.0, at_min: 5.0 }));
    }

    #[test]
    fn half_a_way_is_gone_at_half_time() {
        assert_eq!(TENT.half_time(0.0, 20.0, 1e-6), Some(5.0));
        assert_eq!(TENT.half_time(10.0, 20.0, 1e-6), Some(5.0));
        assert_eq!(TENT.half_time(0.0, 20.0, 3.0), None);
        let jump = Trace { times: &[0.0, 1.0, 1.0, 2.0], values: &[0.0, 0.0, 4.0, 4.0] };
        assert_eq!(jump.half_time(1.0, 2.0, 1e-6), Some(0.0));
        assert_eq!(jump.half_time(0.5, 2.0, 1e-6), Some(0.5));
    }

    #[test]
    fn a_jump_takes_its_later_value() {
        let step = Trace { times: &[0.0, 1.0, 1.0, 2.0], values: &[0.0, 0.0, 4.0, 4.0] };
        assert_eq!(step.at(1.0), Some(4.0));
        assert_eq!(step.at(0.5), Some(0.0));
        assert_eq!(step.at(2.0), Some(4.0));
        assert_eq!(step.at(2.1), None);
        assert_eq!(step.integral(0.0, 2.0), 4.0);
        assert_eq!(step.time_above_zero(0.0, 2.0), 1.0);
    }

    #[test]
    fn the_first_rise_to_a_level_is_between_samples() {
        let trace = Trace { times: &[0.0, 1.0, 2.0, 3.0], values: &[0.0, 4.0, 1.0, 9.0] };
        assert_eq!(trace.first_rise_to(3.0, 0.0, 3.0), Some(0.75));
        assert_eq!(trace.first_rise_to(3.0, 1.5, 3.0), Some(2.25));
        assert_eq!(trace.first_rise_to(0.0, 0.5, 3.0), Some(0.5));
        assert_eq!(trace.first_rise_to(10.0, 0.0, 3.0), None);
    }
}
