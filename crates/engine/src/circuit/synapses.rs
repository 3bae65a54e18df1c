//! Channels: what a class of synapses makes of its source's rate. Short-term plasticity, then a gate, then a delay.
//!
//! ```text
//! du/dt = (U - u)/tau_f + U (1 - u) r         dx/dt = (1 - x)/tau_d - u x r        y = u x r  (or u x r / U)
//! ds/dt = -s/tau + g y   or   -s/tau + g (1 - s) y   or   (y - s)/tau
//! ```
//!
//! y may be scaled by fast variables ([`super::modulators`]).
//!
//! A channel exists for each class and source that some weight joins; its variables stand behind those of the populations.
//! Every variable is written as `tau dy/dt = residual`.

use super::equations::Linearised;
use super::{Rows, Shape};
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario::{self, GateKind};

/// A channel, as far as lanes share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// The class of synapses.
    pub class: String,
    /// The source population.
    pub source: usize,
    /// Short-term plasticity.
    pub plasticity: Option<Depletion>,
    /// The gate and its variable.
    pub gate: Option<(GateKind, usize)>,
    /// Its place among the delayed channels.
    pub delayed: Option<usize>,
    /// The formula that scales what is released, among the modulators.
    pub release: Option<usize>,
}

/// The variables of short-term plasticity; one that is absent stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depletion {
    /// The variable u.
    pub utilisation: Option<usize>,
    /// The variable x.
    pub resources: Option<usize>,
    /// Whether u is divided by U.
    pub normalised: bool,
}

/// The numbers of a channel in every lane.
#[derive(Clone, Debug)]
pub struct ChannelRows<const G: usize> {
    /// U.
    pub utilisation: Row<G>,
    /// tau_f in s.
    pub facilitation: Row<G>,
    /// tau_d in s.
    pub depression: Row<G>,
    /// Gain of the gate times its time constant, in s; 1 for a filter.
    pub opening: Row<G>,
    /// Delay in ms.
    pub delay: Row<G>,
}

/// u, x and the factor on u x r.
struct Level<S: Simd, const G: usize> {
    utilisation: Lanes<S, G>,
    resources: Lanes<S, G>,
    scale: Lanes<S, G>,
}

const MS: f64 = 1e-3;

impl<const G: usize> ChannelRows<G> {
    pub(super) fn new(class: &dyn Fn(usize) -> Option<scenario::Synapses>) -> Self {
        let plastic = |lane: usize| class(lane)?.plasticity;
        let opening = |gate: &scenario::Gate| match gate.kind {
            GateKind::Filter => 1.0,
            GateKind::FirstOrder | GateKind::Saturating => gate.gain * gate.tau * MS,
        };
        Self {
            utilisation: Row::from_fn(|lane| plastic(lane).map_or(1.0, |plastic| plastic.utilisation)),
            facilitation: Row::from_fn(|lane| {
                plastic(lane).and_then(|plastic| plastic.facilitation).unwrap_or(0.0) * MS
            }),
            depression: Row::from_fn(|lane| plastic(lane).and_then(|plastic| plastic.depression).unwrap_or(0.0) * MS),
            opening: Row::from_fn(|lane| class(lane).and_then(|class| class.gate).map_or(1.0, |gate| opening(&gate))),
            delay: Row::from_fn(|lane| class(lane).and_then(|class| class.delay).unwrap_or(0.0)),
        }
    }
}

impl Channel {
    #[inline(always)]
    fn level<S: Simd, const G: usize>(
        simd: S,
        depletion: &Depletion,
        rows: &ChannelRows<G>,
        state: &[Row<G>],
    ) -> Level<S, G> {
        let (one, rested) = (Lanes::splat(simd, 1.0), Lanes::load(simd, &rows.utilisation));
        Level {
            utilisation: depletion.utilisation.map_or(rested, |variable| Lanes::load(simd, &state[variable])),
            resources: depletion.resources.map_or(one, |variable| Lanes::load(simd, &state[variable])),
            scale: if depletion.normalised { one / rested } else { one },
        }
    }

    /// What reaches the gate, in Hz, of a source's rate, but for the factor on what is released.
    #[inline(always)]
    pub(super) fn released<S: Simd, const G: usize>(
        &self,
        simd: S,
        rows: &ChannelRows<G>,
        rate: Lanes<S, G>,
        state: &[Row<G>],
    ) -> Lanes<S, G> {
        match &self.plasticity {
            None => rate,
            Some(depletion) => {
                let Level { utilisation, resources, scale } = Self::level(simd, depletion, rows, state);
                scale * utilisation * resources * rate
            }
        }
    }

    /// What the channel gives before its delay: the gate, or the rate in Hz as plasticity and the factor on what is released
    /// leave it.
    #[inline(always)]
    pub fn immediate<S: Simd, const G: usize>(
        &self,
        simd: S,
        rows: &ChannelRows<G>,
        (rate, factor): (&Row<G>, Option<Lanes<S, G>>),
        state: &[Row<G>],
    ) -> Lanes<S, G> {
        match self.gate {
            Some((_, variable)) => Lanes::load(simd, &state[variable]),
            None => scaled(factor, self.released(simd, rows, Lanes::load(simd, rate), state)),
        }
    }

    /// The residuals of the channel's variables.
    #[inline(never)]
    pub(super) fn residuals<S: Simd, const G: usize>(
        &self,
        simd: S,
        rows: &ChannelRows<G>,
        (rate, factor): (&Row<G>, Option<Lanes<S, G>>),
        state: &[Row<G>],
        residual: &mut [Row<G>],
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let (one, rate) = (Lanes::splat(simd, 1.0), Lanes::load(simd, rate));
                if let Some(depletion) = &self.plasticity {
                    let rested = Lanes::load(simd, &rows.utilisation);
                    let Level { utilisation, resources, .. } = Self::level(simd, depletion, rows, state);
                    if let Some(variable) = depletion.utilisation {
                        let rise = Lanes::load(simd, &rows.facilitation) * rested * (one - utilisation) * rate;
                        (rested - utilisation + rise).store(&mut residual[variable]);
                    }
                    if let Some(variable) = depletion.resources {
                        let use_up = Lanes::load(simd, &rows.depression) * utilisation * resources * rate;
                        (one - resources - use_up).store(&mut residual[variable]);
                    }
                }
                if let Some((kind, variable)) = self.gate {
                    let released = scaled(factor, self.released(simd, rows, rate, state));
                    let opened = Lanes::load(simd, &rows.opening) * released;
                    let gate = Lanes::load(simd, &state[variable]);
                    let target = if kind == GateKind::Saturating { opened * (one - gate) } else { opened };
                    (target - gate).store(&mut residual[variable]);
                }
            },
        );
    }

    /// d released / d (u, x, y_source), `slope` being d rate / d y of the source; the factor on what is released is one more
    /// factor of each.
    #[inline(never)]
    pub(super) fn partials<S: Simd, const G: usize>(
        &self,
        simd: S,
        rows: &ChannelRows<G>,
        rate: &Row<G>,
        slope: &Row<G>,
        state: &[Row<G>],
    ) -> [Lanes<S, G>; 3] {
        simd.vectorize(
            #[inline(always)]
            || {
                let (rate, slope) = (Lanes::load(simd, rate), Lanes::load(simd, slope));
                match &self.plasticity {
                    None => [Lanes::splat(simd, 0.0), Lanes::splat(simd, 0.0), slope],
                    Some(depletion) => {
                        let Level { utilisation, resources, scale } = Self::level(simd, depletion, rows, state);
                        [scale * resources * rate, scale * utilisation * rate, scale * utilisation * resources * slope]
                    }
                }
            },
        )
    }

    /// The variables that `partials` belong to: u, x and that of the source.
    pub(super) fn arguments(&self) -> [Option<usize>; 3] {
        let depletion = self.plasticity;
        [depletion.and_then(|it| it.utilisation), depletion.and_then(|it| it.resources), Some(self.source)]
    }

    /// Writes the rows of the Jacobian that belong to the channel's variables, given the partials in `work`.
    #[inline(never)]
    pub(super) fn linearise<S: Simd, const G: usize>(
        &self,
        simd: S,
        (index, rows): (usize, &ChannelRows<G>),
        count: usize,
        state: &[Row<G>],
        work: &mut Linearised<G>,
    ) {
        simd.vectorize(
            #[inline(always)]
            || {
                let one = Lanes::splat(simd, 1.0);
                let rate = Lanes::load(simd, &work.outputs[self.source]);
                let slope = Lanes::load(simd, &work.rate_slopes[self.source]);
                if let Some(depletion) = &self.plasticity {
                    let rested = Lanes::load(simd, &rows.utilisation);
                    let Level { utilisation, resources, .. } = Self::level(simd, depletion, rows, state);
                    if let Some(variable) = depletion.utilisation {
                        let rise = Lanes::load(simd, &rows.facilitation) * rested;
                        (-one - rise * rate).store(&mut work.jacobian[variable * count + variable]);
                        (rise * (one - utilisation) * slope).store(&mut work.jacobian[variable * count + self.source]);
                    }
                    if let Some(variable) = depletion.resources {
                        let use_up = Lanes::load(simd, &rows.depression);
                        (-one - use_up * utilisation * rate).store(&mut work.jacobian[variable * count + variable]);
                        let drain = -(use_up * utilisation * resources * slope);
                        drain.store(&mut work.jacobian[variable * count + self.source]);
                        if let Some(other) = depletion.utilisation {
                            (-(use_up * resources * rate)).store(&mut work.jacobian[variable * count + other]);
                        }
                    }
                }
                if let Some((kind, variable)) = self.gate {
                    let opening = Lanes::load(simd, &rows.opening);
                    let gate = Lanes::load(simd, &state[variable]);
                    let factor = self.release.map(|index| Lanes::load(simd, &work.factors[index].value));
                    let (room, own) = match kind {
                        GateKind::Saturating => {
                            let released = scaled(factor, self.released(simd, rows, rate, state));
                            (one - gate, -one - opening * released)
                        }
                        GateKind::FirstOrder | GateKind::Filter => (one, -one),
                    };
                    for (argument, partial) in self.arguments().iter().zip(&work.partials[index]) {
                        if let Some(argument) = argument {
                            let entry = opening * room * scaled(factor, Lanes::load(simd, partial));
                            entry.store(&mut work.jacobian[variable * count + argument]);
                        }
                    }
                    own.store(&mut work.jacobian[variable * count + variable]);
                    if let Some(index) = self.release {
                        let bare = opening * room * self.released(simd, rows, rate, state);
                        for (argument, slope) in &work.factors[index].slopes {
                            let place = &mut work.jacobian[variable * count + argument];
                            (Lanes::load(simd, place) + bare * Lanes::load(simd, slope)).store(place);
                        }
                    }
                }
            },
        );
    }

    /// The channel's variables where its source keeps firing at `rate` Hz, in one lane; `factor` is that on what is released.
    fn settle<const G: usize>(
        &self,
        rows: &ChannelRows<G>,
        (rate, factor): (f64, f64),
        lane: usize,
        state: &mut [Row<G>],
    ) {
        let mut released = factor * rate;
        if let Some(depletion) = &self.plasticity {
            let rested = rows.utilisation.get(lane);
            let mut utilisation = rested;
            let mut resources = 1.0;
            if let Some(variable) = depletion.utilisation {
                let rise = rows.facilitation.get(lane) * rested * rate;
                utilisation = (rested + rise) / (1.0 + rise);
                state[variable].set(lane, utilisation);
            }
            if let Some(variable) = depletion.resources {
                resources = 1.0 / (1.0 + rows.depression.get(lane) * utilisation * rate);
                state[variable].set(lane, resources);
            }
            released *= utilisation * resources * if depletion.normalised { 1.0 / rested } else { 1.0 };
        }
        if let Some((kind, variable)) = self.gate {
            let opened = rows.opening.get(lane) * released;
            let gate = if kind == GateKind::Saturating { opened / (1.0 + opened) } else { opened };
            state[variable].set(lane, gate);
        }
    }
}

/// A number times a factor, where there is one.
#[inline(always)]
fn scaled<S: Simd, const G: usize>(factor: Option<Lanes<S, G>>, number: Lanes<S, G>) -> Lanes<S, G> {
    match factor {
        Some(factor) => factor * number,
        None => number,
    }
}

/// Sets the variables of synapses and adaptation to where they settle when the populations keep firing at `rates` Hz; the
/// state holds the populations' own variables.
pub fn settle_at<const G: usize>(shape: &Shape<G>, rows: &Rows<G>, rates: &[Row<G>], state: &mut [Row<G>]) {
    // A release that follows another gate is known once that gate is; they do not follow one another in a circle.
    let passes = 1 + shape.channels.iter().filter(|channel| channel.release.is_some()).count();
    for lane in 0..Row::<G>::LANES {
        for (mechanism, numbers) in shape.mechanisms.iter().zip(&rows.mechanisms) {
            if let Some(variable) = mechanism.adaptation {
                let rate = rates[mechanism.population].get(lane);
                state[variable].set(lane, -numbers.adaptation.get(lane) * rate);
            }
        }
        for _ in 0..passes {
            for (channel, numbers) in shape.channels.iter().zip(&rows.channels) {
                let value =
                    |index: usize| shape.modulators[index].value_in_lane(&rows.modulators[index], rates, state, lane);
                let factor = channel.release.map_or(1.0, value);
                channel.settle(numbers, (rates[channel.source].get(lane), factor), lane, state);
            }
        }
    }
}
