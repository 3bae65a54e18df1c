//! Breaking points of one arm: moments at which its equations are not smooth, so that no step may pass over them.
//!
//! These are the kinks of its stimuli and, where synapses are delayed, all that follows a delay after something has begun or
//! ended: each time a discontinuity passes a population it is of one order higher, until the method does not see it
//! any more (Hairer, Nørsett & Wanner 1993, Solving Ordinary Differential Equations I, II.17). Algebraic populations pass it
//! on as it is.

use super::grid::SLACK;
use crate::circuit::Shape;
use crate::scenario::{Form, Method};

/// How often a discontinuity is followed through delays where it does not become smoother on its way.
const MOST_PASSES: u32 = 16;

/// The breaking points to come.
#[derive(Clone, Debug)]
pub struct Breaks {
    /// Position in steps, and how often it has passed a delay; in order.
    coming: Vec<(f64, u32)>,
    /// The arm's delays, in steps.
    delays: Vec<f64>,
    most_passes: u32,
}

impl Breaks {
    /// Those of an arm with these delays, in steps, whose inputs have kinks at these positions. The start of a run is one.
    pub fn new<const G: usize>(shape: &Shape<G>, method: Method, delays: Vec<f64>, kinks: &[f64]) -> Self {
        let sharp = shape.populations.iter().any(|population| population.form == Form::Algebraic);
        let order = match method {
            Method::EulerMaruyama => 1,
            Method::Heun => 2,
            Method::RungeKutta4 => 4,
        };
        let most_passes = if sharp { MOST_PASSES } else { order };
        let mut breaks = Self { coming: Vec::new(), delays, most_passes };
        kinks.iter().filter(|kink| **kink > SLACK).for_each(|kink| breaks.add(*kink, 0));
        breaks.passed(0.0, 0);
        breaks
    }

    fn add(&mut self, at: f64, passes: u32) {
        let at = if (at - libm::round(at)).abs() <= SLACK { libm::round(at) } else { at };
        let place = self.coming.partition_point(|(known, _)| *known < at - SLACK);
        match self.coming.get_mut(place).filter(|(known, _)| (*known - at).abs() <= SLACK) {
            Some((_, known)) => *known = passes.min(*known),
            None => self.coming.insert(place, (at, passes)),
        }
    }

    /// What was discontinuous at a position comes back after each delay.
    fn passed(&mut self, at: f64, passes: u32) {
        if passes < self.most_passes {
            for index in 0..self.delays.len() {
                self.add(at + self.delays[index], passes + 1);
            }
        }
    }

    /// The next one; infinite after the last.
    pub fn next(&self) -> f64 {
        self.coming.first().map_or(f64::INFINITY, |(at, _)| *at)
    }

    /// Goes past a position; `changed` where something has begun or ended there.
    pub fn reach(&mut self, at: f64, changed: bool) {
        while let Some((known, passes)) = self.coming.first().copied().filter(|(known, _)| *known <= at + SLACK) {
            self.coming.remove(0);
            self.passed(known, passes);
        }
        if changed {
            self.passed(at, 0);
        }
    }
}
