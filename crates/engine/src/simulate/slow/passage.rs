//! What begins or ends, or is reported, sooner than the circuit has settled after what was before: the circuit's own motion is
//! followed up to then.

use super::Block;
use crate::circuit::entries::rates;
use crate::numeric::lanes::{Row, replace};
use crate::simulate::lane::as_one;
use crate::simulate::recording::{Event, EventKind};

const MS_PER_MINUTE: f64 = 60_000.0;

impl<const G: usize> Block<'_, G> {
    /// Ends the passages that have come to their moment; gives their lanes. At the end of the run the circuit stays on its way.
    pub(super) fn end_passages(&mut self) -> u64 {
        let bits = |holds: &dyn Fn(usize) -> bool| {
            (0..self.lanes.len()).filter(|index| holds(*index)).fold(0u64, |bits, index| bits | 1 << index)
        };
        let over = bits(&|index| {
            let now = self.time.get(index);
            self.passing >> index & 1 == 1 && now >= self.passing_until.get(index) - as_one(now)
        });
        let last = over & !bits(&|index| self.lanes[index].next_after(self.time.get(index), self.run).is_finite());
        if last != 0 {
            let mut now = self.rates.clone();
            rates(&self.model.shape, &self.work.rows, &self.circuit, &mut now);
            replace(&mut self.passing_rates, &now, last);
            replace(&mut self.passing_means, &now, last);
            let circuit = self.circuit.clone();
            replace(&mut self.passing_from, &circuit, last);
        }
        let over = over & !last;
        self.passing &= !over;
        over
    }

    /// Lets the circuit of lanes go in which something has begun or ended: where the next moment comes before it has settled, it
    /// passes on from where it is then.
    pub(super) fn pass(&mut self, moved: u64) {
        let moved = moved & self.active();
        let until: Row<G> = Row::from_fn(|index| {
            self.lanes.get(index).map_or(f64::INFINITY, |lane| lane.next_after(self.time.get(index), self.run))
        });
        let limit_ms: Row<G> = Row::from_fn(|index| (until.get(index) - self.time.get(index)) * MS_PER_MINUTE);
        let sampled = moved & self.sampled & self.averaged;
        for index in (0..self.lanes.len()).filter(|index| sampled >> index & 1 == 1) {
            if limit_ms.get(index) < self.run.average_after + self.run.average_over {
                self.note_passage(
                    index,
                    "an input, a gap or a report comes sooner than the burst ends over which rates are averaged",
                );
            }
        }
        let moved = moved & !sampled;
        self.passing &= !moved;
        let from = self.circuit.clone();
        let known = self.lost;
        self.let_go((moved, &limit_ms));
        // A circuit that goes round a cycle goes on doing so, and is averaged, not lost.
        self.lost &= known | !(self.averaged & moved);
        let passing = self.passing & moved;
        for index in (0..self.lanes.len()).filter(|index| passing >> index & 1 == 1) {
            self.passing_until.set(index, until.get(index));
            self.note_passage(index, EventKind::Passage.what());
        }
        let mut shown = self.rates.clone();
        rates(&self.model.shape, &self.work.rows, &from, &mut shown);
        replace(&mut self.passing_rates, &shown, passing);
        replace(&mut self.passing_from, &from, passing);
    }

    /// Notes, once in a lane, that the circuit had no time to settle.
    fn note_passage(&mut self, index: usize, what: &str) {
        let at = self.time.get(index);
        let events = &mut self.lanes[index].outcome.events;
        let kind = EventKind::Passage;
        if !events.iter().any(|event| event.kind == kind) {
            events.push(Event { at, kind, what: what.to_owned(), driver: None });
        }
    }
}
