//! What some populations have beyond a transfer function of their summed input: adaptation, a dendrite, divisive
//! inhibition, a second input, noise on the rate, a floor.
//!
//! ```text
//! I_S = h + eta + sum W y + a                         I_D = h_D + sum W_D y               D = 1 + sum g y
//! I   = (1 - l_S) I_S + l_D [I_D + event(l_S I_S + (1 - l_D) I_D)]_+                      f(I/D)  or  f(I)/D
//! tau_a da/dt = -a - b r                              y = h_y + sum W_y y               f(I, y)
//! ```

use super::{Rows, Shape, Site};
use crate::numeric::functions::logistic;
use crate::numeric::lanes::{Lanes, Row, Simd, dispatch};
use crate::scenario::{self, Divided, Form};
use std::ops::Range;

/// The mechanisms of a population, as far as lanes share them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mechanism {
    /// Whose they are.
    pub population: usize,
    /// The variable of adaptation.
    pub adaptation: Option<usize>,
    /// The dendrite.
    pub dendrite: Option<Dendrite>,
    /// What is divided, and by which connections.
    pub division: Option<(Divided, Range<usize>)>,
    /// The connections onto the second input of the transfer function, where it has one.
    pub second: Option<Range<usize>>,
    /// Whether noise enters the rate rather than the input.
    pub noise_on_rate: bool,
    /// Whether the state is held at a floor.
    pub floored: bool,
}

/// A dendrite, as far as lanes share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dendrite {
    /// The connections onto it.
    pub inputs: Range<usize>,
    /// Its event.
    pub event: Option<Event>,
}

/// How sharp the threshold of a dendritic event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A step.
    Step,
    /// A logistic function.
    Smooth,
}

/// The numbers of a population's mechanisms in every lane.
#[derive(Clone, Debug)]
pub struct MechanismRows<const G: usize> {
    /// b, in input units per Hz.
    pub adaptation: Row<G>,
    /// Where the state is held, in Hz.
    pub floor: Row<G>,
    /// Drive of the dendrite, in input units.
    pub dendrite_drive: Row<G>,
    /// Drive of the second input, in input units.
    pub second_drive: Row<G>,
    /// l_S and l_D.
    leaks: [Row<G>; 2],
    /// Where the dendrite saturates.
    maximum: Row<G>,
    /// Size, threshold and 1/width of the dendritic event.
    event: [Row<G>; 3],
}

/// The sums that a population receives.
struct Sums<S: Simd, const G: usize> {
    soma: Lanes<S, G>,
    dendrite: Lanes<S, G>,
    divisor: Lanes<S, G>,
    second: Lanes<S, G>,
}

/// A target with its slopes against the four sums, and against the population's own variable.
pub(super) struct Sensitive<S: Simd, const G: usize> {
    pub target: Lanes<S, G>,
    pub soma: Lanes<S, G>,
    pub dendrite: Lanes<S, G>,
    pub divisor: Lanes<S, G>,
    pub second: Lanes<S, G>,
    pub own: Lanes<S, G>,
}

impl<const G: usize> MechanismRows<G> {
    pub(super) fn new<'a>(of_lane: &dyn Fn(usize) -> Option<&'a scenario::Population>) -> Self {
        let row = |pick: &dyn Fn(&scenario::Population) -> Option<f64>, absent: f64| {
            Row::from_fn(|lane| of_lane(lane).and_then(pick).unwrap_or(absent))
        };
        let event = |pick: fn(&scenario::DendriticEvent) -> f64| {
            row(&move |population| Some(pick(population.dendrite.as_ref()?.event.as_ref()?)), 0.0)
        };
        Self {
            adaptation: row(&|population| Some(population.adaptation.as_ref()?.strength), 0.0),
            floor: row(&|population| population.floor, f64::NEG_INFINITY),
            dendrite_drive: row(&|population| Some(population.dendrite.as_ref()?.drive), 0.0),
            second_drive: row(&|population| Some(population.second.as_ref()?.drive), 0.0),
            leaks: [
                row(&|population| Some(population.dendrite.as_ref()?.soma_leak), 0.0),
                row(&|population| Some(population.dendrite.as_ref()?.dendrite_leak), 0.0),
            ],
            maximum: row(&|population| population.dendrite.as_ref()?.maximum, f64::INFINITY),
            event: [
                event(|event| event.size),
                event(|event| event.threshold),
                event(|event| event.width.map_or(0.0, |width| 1.0 / width)),
            ],
        }
    }

    /// The dendritic event and its slope against its argument.
    #[inline(always)]
    fn event<S: Simd>(&self, simd: S, event: Option<Event>, argument: Lanes<S, G>) -> (Lanes<S, G>, Lanes<S, G>) {
        let zero = Lanes::splat(simd, 0.0);
        let [size, threshold, sharpness] = &self.event;
        let (size, above) = (Lanes::load(simd, size), argument - Lanes::load(simd, threshold));
        match event {
            None => (zero, zero),
            Some(Event::Step) => (above.gt(zero).select(size, zero), zero),
            Some(Event::Smooth) => {
                let sharpness = Lanes::load(simd, sharpness);
                let share = logistic(simd, above * sharpness);
                (size * share, size * sharpness * share * (Lanes::splat(simd, 1.0) - share))
            }
        }
    }

    /// The input of a population with a dendrite, and its slopes against I_S and I_D.
    #[inline(always)]
    pub fn joined<S: Simd>(
        &self,
        simd: S,
        event: Option<Event>,
        soma: Lanes<S, G>,
        dendrite: Lanes<S, G>,
    ) -> [Lanes<S, G>; 3] {
        let (zero, one) = (Lanes::splat(simd, 0.0), Lanes::splat(simd, 1.0));
        let [soma_leak, dendrite_leak] = [Lanes::load(simd, &self.leaks[0]), Lanes::load(simd, &self.leaks[1])];
        let (kept, lost) = (one - soma_leak, one - dendrite_leak);
        let (event, slope) = self.event(simd, event, soma_leak * soma + lost * dendrite);
        let total = dendrite + event;
        let maximum = Lanes::load(simd, &self.maximum);
        let current = total.max(zero).min(maximum);
        let open = total.gt(zero).and(total.lt(maximum)).select(dendrite_leak, zero);
        [kept * soma + dendrite_leak * current, kept + open * slope * soma_leak, open * (one + slope * lost)]
    }
}

impl MechanismRows<1> {
    /// What the inputs of soma and dendrite contribute to the population's input, in this order: the dendrite's share holds
    /// the event, if there is one. They sum to the input.
    pub fn contributions(&self, event: Option<Event>, soma: f64, dendrite: f64) -> [f64; 2] {
        let of_soma = (1.0 - self.leaks[0].get(0)) * soma;
        [of_soma, self.joined_input(event, soma, dendrite) - of_soma]
    }

    fn joined_input(&self, event: Option<Event>, soma: f64, dendrite: f64) -> f64 {
        let [joined, _, _] = dispatch!(simd => {
            let joined = self.joined(simd, event, Lanes::splat(simd, soma), Lanes::splat(simd, dendrite));
            joined.map(|value| { let mut row = Row::ZERO; value.store(&mut row); row.get(0) })
        });
        joined
    }

    /// The soma's input at which, with that of the dendrite, the population's input is `wanted`; none where a dendritic
    /// event jumps over it, or the soma does not count.
    pub fn soma_for(&self, event: Option<Event>, wanted: f64, dendrite: f64) -> Option<f64> {
        let joined = |soma: f64| self.joined_input(event, soma, dendrite);
        let kept = 1.0 - self.leaks[0].get(0);
        if kept <= 0.0 {
            return None;
        }
        // An event only raises the input: the solution lies below the one without any, by what the dendrite can add.
        let bare = self.leaks[1].get(0) * dendrite.max(0.0).min(self.maximum.get(0));
        let mut high = (wanted - bare) / kept;
        let mut low = high - self.leaks[1].get(0) * (self.event[0].get(0) + dendrite.abs()) / kept;
        if event.is_none() || joined(high) == wanted {
            return Some(high);
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if joined(middle) < wanted { low = middle } else { high = middle }
        }
        ((joined(high) - wanted).abs() <= 1e-9 * wanted.abs().max(1.0)).then_some(high)
    }
}

/// The sum of what connections bring.
#[inline(always)]
fn sum<S: Simd, const G: usize>(
    simd: S,
    start: Lanes<S, G>,
    range: &Range<usize>,
    (shape, rows): (&Shape<G>, &Rows<G>),
    outputs: &[Row<G>],
) -> Lanes<S, G> {
    let mut sum = start;
    for (connection, weight) in shape.connections[range.clone()].iter().zip(&rows.weight[range.clone()]) {
        sum = Lanes::load(simd, weight).mul_add(Lanes::load(simd, &outputs[connection.output]), sum);
    }
    sum
}

impl Mechanism {
    #[inline(always)]
    fn sums<S: Simd, const G: usize>(
        &self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        (site, numbers): (&Site<'_, G>, &MechanismRows<G>),
        outputs: &[Row<G>],
        (noise, state): (Option<&Row<G>>, &[Row<G>]),
    ) -> Sums<S, G> {
        let mut soma = site.input(simd, outputs, if self.noise_on_rate { None } else { noise });
        if let Some(variable) = self.adaptation {
            soma = soma + Lanes::load(simd, &state[variable]);
        }
        let one = Lanes::splat(simd, 1.0);
        let dendrite = match &self.dendrite {
            Some(dendrite) => {
                sum(simd, Lanes::load(simd, &numbers.dendrite_drive), &dendrite.inputs, (shape, rows), outputs)
            }
            None => one,
        };
        let divisor = match &self.division {
            Some((_, range)) => sum(simd, one, range, (shape, rows), outputs),
            None => one,
        };
        let second = match &self.second {
            Some(range) => sum(simd, Lanes::load(simd, &numbers.second_drive), range, (shape, rows), outputs),
            None => one,
        };
        Sums { soma, dendrite, divisor, second }
    }

    /// Where the population's variable is heading.
    #[inline(never)]
    pub(super) fn target<S: Simd, const G: usize>(
        &self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        (site, numbers): (&Site<'_, G>, &MechanismRows<G>),
        outputs: &[Row<G>],
        (noise, state): (Option<&Row<G>>, &[Row<G>]),
    ) -> Lanes<S, G> {
        simd.vectorize(
            #[inline(always)]
            || {
                let sums = self.sums(simd, (shape, rows), (site, numbers), outputs, (noise, state));
                let mut input = sums.soma;
                if let Some(dendrite) = &self.dendrite {
                    [input, _, _] = numbers.joined(simd, dendrite.event, sums.soma, sums.dendrite);
                }
                let divided = self.division.as_ref().map(|(what, _)| *what);
                if divided == Some(Divided::Input) {
                    input = input / sums.divisor;
                }
                let mut target = input;
                if site.population.form != Form::Voltage {
                    target = match self.second {
                        None => site.scaled_rate(simd, input),
                        Some(_) => site.scaled_rate_of_two(simd, input, sums.second),
                    };
                    if divided == Some(Divided::Output) {
                        target = target / sums.divisor;
                    }
                    if site.population.refractory {
                        target = target * site.refractory_factor(simd, Lanes::load(simd, &state[self.population]));
                    }
                }
                match noise {
                    Some(noise) if self.noise_on_rate => {
                        Lanes::load(simd, noise).mul_add(Lanes::load(simd, &site.numbers.sigma), target)
                    }
                    _ => target,
                }
            },
        )
    }

    /// The target without noise, with its slopes. Where it lies below the floor, it is the floor.
    #[inline(never)]
    pub(super) fn sensitive<S: Simd, const G: usize>(
        &self,
        simd: S,
        (shape, rows): (&Shape<G>, &Rows<G>),
        (site, numbers): (&Site<'_, G>, &MechanismRows<G>),
        outputs: &[Row<G>],
        state: &[Row<G>],
    ) -> Sensitive<S, G> {
        simd.vectorize(
            #[inline(always)]
            || {
                let (zero, one) = (Lanes::splat(simd, 0.0), Lanes::splat(simd, 1.0));
                let sums = self.sums(simd, (shape, rows), (site, numbers), outputs, (None, state));
                let [mut input, mut soma, mut dendrite] = match &self.dendrite {
                    None => [sums.soma, one, zero],
                    Some(it) => numbers.joined(simd, it.event, sums.soma, sums.dendrite),
                };
                let (mut divisor, mut second) = (zero, zero);
                let mut own = -one;
                let divided = self.division.as_ref().map(|(what, _)| *what);
                if divided == Some(Divided::Input) {
                    let share = one / sums.divisor;
                    input = input * share;
                    (soma, dendrite, divisor) = (soma * share, dendrite * share, -(input * share));
                }
                let mut target = input;
                if site.population.form != Form::Voltage {
                    let slope;
                    [target, slope, second] = match self.second {
                        None => {
                            let (rate, slope) = site.scaled_rate_and_slope(simd, input);
                            [rate, slope, zero]
                        }
                        Some(_) => site.scaled_rate_and_slopes_of_two(simd, input, sums.second),
                    };
                    (soma, dendrite, divisor) = (soma * slope, dendrite * slope, divisor * slope);
                    if divided == Some(Divided::Output) {
                        let factor = one / sums.divisor;
                        target = target * factor;
                        divisor = -(target * factor);
                        (soma, dendrite, second) = (soma * factor, dendrite * factor, second * factor);
                    }
                    if site.population.refractory {
                        let refractory = site.refractory_factor(simd, Lanes::load(simd, &state[self.population]));
                        own = -(Lanes::load(simd, &site.numbers.refractory[1]).mul_add(target, one));
                        target = target * refractory;
                        (soma, dendrite, divisor) = (soma * refractory, dendrite * refractory, divisor * refractory);
                        second = second * refractory;
                    }
                }
                if self.floored {
                    let floor = Lanes::load(simd, &numbers.floor);
                    let free = target.gt(floor);
                    (target, own) = (target.max(floor), free.select(own, -one));
                    (soma, dendrite) = (free.select(soma, zero), free.select(dendrite, zero));
                    (divisor, second) = (free.select(divisor, zero), free.select(second, zero));
                }
                Sensitive { target, soma, dendrite, divisor, second, own }
            },
        )
    }
}
