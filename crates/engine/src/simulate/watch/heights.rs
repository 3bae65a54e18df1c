//! When a signal first reaches a height, and how long it stays above it.

use super::Found;
use crate::numeric::piece::Piece;

/// The first rise to a height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rise {
    height: f64,
    at: Option<f64>,
}

impl Rise {
    pub fn new(height: f64) -> Self {
        Self { height, at: None }
    }

    pub fn see(&mut self, piece: &Piece) {
        if self.at.is_some() || piece.bounds()[1] < self.height {
            return;
        }
        if piece.first() >= self.height {
            self.at = Some(piece.from);
            return;
        }
        let end = (piece.last() >= self.height).then_some(piece.to);
        self.at = piece.raised_by(-self.height).crossings().next().or(end);
    }

    pub fn is_idle(&self, highest: f64) -> bool {
        self.at.is_some() || highest < self.height
    }

    pub fn found(&self) -> Option<f64> {
        self.at
    }
}

/// Stays above a height.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    height: f64,
    /// When the part of the window that was seen began.
    start: Option<f64>,
    /// The end of the last piece.
    end: f64,
    /// Since when the signal has been above.
    since: Option<f64>,
    minutes: f64,
    durations: Vec<f64>,
}

impl Spans {
    pub fn new(height: f64) -> Self {
        Self { height, start: None, end: f64::NAN, since: None, minutes: 0.0, durations: Vec::new() }
    }

    pub fn see(&mut self, piece: &Piece) {
        self.start.get_or_insert(piece.from);
        self.end = piece.to;
        let mut spans = piece.raised_by(-self.height).spans_above_zero().peekable();
        if spans.peek().is_none_or(|[start, _]| *start > piece.from) {
            self.leave(piece.from);
        }
        for [start, end] in spans {
            self.since.get_or_insert(start);
            if end < piece.to {
                self.leave(end);
            }
        }
    }

    /// Ends a stay; one that began with the window is no whole one.
    fn leave(&mut self, at: f64) {
        if let Some(since) = self.since.take() {
            self.minutes += at - since;
            if Some(since) != self.start {
                self.durations.push(at - since);
            }
        }
    }

    pub fn found(&self) -> Found {
        let open = self.since.map_or(0.0, |since| self.end - since);
        Found::Spans { minutes: self.minutes + open, durations: self.durations.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stays_that_begin_and_end_have_a_duration() {
        let (mut rise, mut spans) = (Rise::new(2.0), Spans::new(2.0));
        // Above at the start, between 1.5 and 3, and at the end.
        for (start, (first, last)) in
            [(3.0, 1.0), (1.0, 3.0), (3.0, 2.0), (2.0, 0.0), (4.0, 4.0)].into_iter().enumerate()
        {
            let piece = Piece::line(start as f64, start as f64 + 1.0, first, last);
            rise.see(&piece);
            spans.see(&piece);
        }
        assert_eq!(rise.found(), Some(0.0));
        assert_eq!(spans.found(), Found::Spans { minutes: 0.5 + 1.5 + 1.0, durations: vec![1.5] });
        let mut rise = Rise::new(2.0);
        rise.see(&Piece::line(0.0, 1.0, 0.0, 1.0));
        assert_eq!(rise.found(), None);
        rise.see(&Piece::line(1.0, 2.0, 1.0, 3.0));
        assert_eq!(rise.found(), Some(1.5));
    }
}
