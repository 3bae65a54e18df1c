//! Factors that fast variables put on synapses, as formulas: on what a source releases, before the gate, or on the weight.
//!
//! ```text
//! release:  y -> F y             weight:  W s -> W F s             F = f(rates, gates, utilisation, resources, ...)
//! ```
//!
//! A modulated weight is an output of its own behind those of the channels: F times what the channel gives, after its delay.

use super::build::Builder;
use super::equations::Linearised;
use super::{Rows, Shape};
use crate::numeric::expression::Expression;
use crate::numeric::lanes::{Lanes, Row, Simd};
use crate::scenario::modulation::{FastVariable, Modulation, ModulationSite, Part};

/// A formula over fast variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Modulator {
    /// The class of synapses whose it is.
    pub(super) class: String,
    pub(super) expression: Expression,
    /// What each of its names reads.
    pub(super) reads: Vec<Read>,
}

/// What a name in a formula reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// A number of its own.
    Number,
    /// The rate of a population.
    Rate(usize),
    /// A variable of the circuit.
    Variable(usize),
}

/// A channel's output times a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modulated {
    /// The channel.
    pub channel: usize,
    /// The factor, among the modulators.
    pub modulator: usize,
}

/// A factor with its slopes against the circuit's variables.
#[derive(Clone, Debug)]
pub(super) struct Factor<const G: usize> {
    pub value: Row<G>,
    /// A variable may stand here more than once; the slopes add up.
    pub slopes: Vec<(usize, Row<G>)>,
}

impl<const G: usize> Default for Factor<G> {
    fn default() -> Self {
        Self { value: Row::splat(1.0), slopes: Vec::new() }
    }
}

impl Modulator {
    /// The populations whose rates it reads.
    pub fn rates(&self) -> impl Iterator<Item = usize> + '_ {
        self.reads.iter().filter_map(|read| match read {
            Read::Rate(population) => Some(*population),
            Read::Number | Read::Variable(_) => None,
        })
    }

    /// The variables that it reads.
    pub fn variables(&self) -> impl Iterator<Item = usize> + '_ {
        self.reads.iter().filter_map(|read| match read {
            Read::Variable(variable) => Some(*variable),
            Read::Number | Read::Rate(_) => None,
        })
    }

    /// What a name stands for.
    #[inline(always)]
    fn read<'a, const G: usize>(
        &self,
        index: usize,
        numbers: &'a [Row<G>],
        outputs: &'a [Row<G>],
        state: &'a [Row<G>],
    ) -> &'a Row<G> {
        match self.reads[index] {
            Read::Number => &numbers[index],
            Read::Rate(population) => &outputs[population],
            Read::Variable(variable) => &state[variable],
        }
    }

    /// The factor; the outputs hold the rates in Hz.
    #[inline(always)]
    pub fn value<S: Simd, const G: usize>(
        &self,
        simd: S,
        numbers: &[Row<G>],
        outputs: &[Row<G>],
        state: &[Row<G>],
    ) -> Lanes<S, G> {
        self.expression.value_over_lanes(simd, &|index| Lanes::load(simd, self.read(index, numbers, outputs, state)))
    }

    /// The factor in one lane.
    pub(super) fn value_in_lane<const G: usize>(
        &self,
        numbers: &[Row<G>],
        rates: &[Row<G>],
        state: &[Row<G>],
        lane: usize,
    ) -> f64 {
        let value = |index| self.read(index, numbers, rates, state).get(lane);
        self.expression.value(&(0..self.reads.len()).map(value).collect::<Vec<_>>())
    }

    /// The factor with its slopes, given those of the rates against the populations' variables.
    #[inline(never)]
    fn factor<S: Simd, const G: usize>(
        &self,
        simd: S,
        numbers: &[Row<G>],
        (outputs, rate_slopes): (&[Row<G>], &[Row<G>]),
        state: &[Row<G>],
    ) -> Factor<G> {
        let mut factor = Factor { value: Row::ZERO, slopes: Vec::with_capacity(self.reads.len()) };
        self.value(simd, numbers, outputs, state).store(&mut factor.value);
        for (index, read) in self.reads.iter().enumerate() {
            let value_of = |index| Lanes::load(simd, self.read(index, numbers, outputs, state));
            let slope = || self.expression.slope_over_lanes(simd, Some(index), &value_of).1;
            let (variable, slope) = match *read {
                Read::Number => continue,
                Read::Rate(population) => (population, slope() * Lanes::load(simd, &rate_slopes[population])),
                Read::Variable(variable) => (variable, slope()),
            };
            let mut row = Row::ZERO;
            slope.store(&mut row);
            factor.slopes.push((variable, row));
        }
        factor
    }
}

/// The factor on what a channel releases; none where nothing modulates it.
#[inline(always)]
pub(super) fn release_factor<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    channel: usize,
    outputs: &[Row<G>],
    state: &[Row<G>],
) -> Option<Lanes<S, G>> {
    let index = shape.channels[channel].release?;
    Some(shape.modulators[index].value(simd, &rows.modulators[index], outputs, state))
}

/// What a modulated connection gives, given the outputs of the channels.
#[inline(never)]
pub(super) fn modulated<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    index: usize,
    outputs: &[Row<G>],
    state: &[Row<G>],
) -> Row<G> {
    simd.vectorize(
        #[inline(always)]
        || {
            let Modulated { channel, modulator } = shape.modulated[index];
            let factor = shape.modulators[modulator].value(simd, &rows.modulators[modulator], outputs, state);
            let mut row = Row::ZERO;
            (factor * Lanes::load(simd, &outputs[shape.size() + channel])).store(&mut row);
            row
        },
    )
}

/// Brings the factors and their slopes up to date, given the rates and their slopes.
#[inline(never)]
pub(super) fn take_factors<S: Simd, const G: usize>(
    simd: S,
    (shape, rows): (&Shape<G>, &Rows<G>),
    state: &[Row<G>],
    work: &mut Linearised<G>,
) {
    for ((modulator, numbers), factor) in shape.modulators.iter().zip(&rows.modulators).zip(&mut work.factors) {
        *factor = modulator.factor(simd, numbers, (&work.outputs, &work.rate_slopes), state);
    }
}

/// The factor on the weight of an output, of one circuit at a state; none where nothing modulates it.
pub fn factor_at((shape, rows): (&Shape<1>, &Rows<1>), output: usize, outputs: &[f64], state: &[f64]) -> Option<f64> {
    let index = shape.modulator_of(output)?;
    let in_rows = |numbers: &[f64]| numbers.iter().map(|number| Row::splat(*number)).collect::<Vec<_>>();
    let (outputs, state) = (in_rows(outputs), in_rows(state));
    Some(shape.modulators[index].value_in_lane(&rows.modulators[index], &outputs, &state, 0))
}

impl<const G: usize> Builder<'_, G> {
    fn modulation(&self, class: &str) -> Option<Modulation> {
        self.circuits[0].modulation(Some(class)).cloned()
    }

    /// Adds the channels that formulas name and no connection passes: their variables go on by themselves.
    pub(super) fn add_named_channels(&mut self) {
        let mut ways: Vec<(String, usize, usize)> = Vec::new();
        for connection in &self.shape.connections {
            if let Some(channel) = self.shape.channel_of(connection.output) {
                ways.push((self.shape.channels[channel].class.clone(), connection.source, connection.target));
            }
        }
        let mut next = 0;
        while let Some((class, source, target)) = ways.get(next).cloned() {
            next += 1;
            for variable in self.modulation(&class).map(|it| it.variables()).unwrap_or_default() {
                let owner = variable.population(self.names[source], self.names[target]);
                let owner = self.names.iter().position(|name| *name == owner);
                let (Some(other), Some(owner)) = (variable.class(), owner) else { continue };
                let before = self.shape.channels.len();
                self.channel(other, owner);
                if self.shape.channels.len() > before {
                    ways.push((other.to_owned(), owner, target));
                }
            }
        }
    }

    /// Adds the formulas that scale synapses, once all variables have their numbers.
    pub(super) fn modulate(&mut self) {
        for index in 0..self.shape.channels.len() {
            let (class, source) = (self.shape.channels[index].class.clone(), self.shape.channels[index].source);
            if let Some(modulation) = self.modulation(&class).filter(|it| it.at == ModulationSite::Release) {
                self.shape.channels[index].release = Some(self.modulator(&class, &modulation, (source, source)));
            }
        }
        for index in 0..self.shape.connections.len() {
            let connection = self.shape.connections[index];
            let Some(channel) = self.shape.channel_of(connection.output) else { continue };
            let class = self.shape.channels[channel].class.clone();
            let Some(modulation) = self.modulation(&class).filter(|it| it.at == ModulationSite::Weight) else {
                continue;
            };
            let modulator = self.modulator(&class, &modulation, (connection.source, connection.target));
            let modulated = Modulated { channel, modulator };
            let known = self.shape.modulated.iter().position(|other| *other == modulated);
            let place = known.unwrap_or(self.shape.modulated.len());
            if known.is_none() {
                self.shape.modulated.push(modulated);
            }
            self.shape.connections[index].output = self.names.len() + self.shape.channels.len() + place;
        }
    }

    /// The modulator of a class between two populations, made if there is none like it yet.
    fn modulator(&mut self, class: &str, modulation: &Modulation, (source, target): (usize, usize)) -> usize {
        let expression = Expression::parse(&modulation.f).unwrap_or_else(|_| Expression::constant(f64::NAN));
        let position = |names: &[&str], wanted: &str| names.iter().position(|name| *name == wanted);
        let read = |name: &String| {
            let variable = FastVariable::named(name).filter(|_| !modulation.parameters.contains_key(name))?;
            let owner = variable.population(self.names[source], self.names[target]).to_owned();
            match variable.part {
                Part::Rate => position(&self.names, &owner).map(Read::Rate),
                _ => {
                    let wanted = variable.variable(&owner)?;
                    self.shape.variable_names().iter().position(|name| *name == wanted).map(Read::Variable)
                }
            }
        };
        let reads: Vec<Read> = expression.names().iter().map(|name| read(name).unwrap_or(Read::Number)).collect();
        let number = |name: &String| {
            let of_lane = |lane: usize| self.circuits[lane.min(self.circuits.len() - 1)].modulation(Some(class));
            let value = |lane: usize| of_lane(lane).and_then(|it| it.parameters.get(name)).copied();
            Row::from_fn(|lane| value(lane).unwrap_or(f64::NAN))
        };
        let numbers: Vec<Row<G>> = expression.names().iter().map(number).collect();
        let modulator = Modulator { class: class.to_owned(), expression, reads };
        if let Some(index) = self.shape.modulators.iter().position(|other| *other == modulator) {
            return index;
        }
        self.shape.modulators.push(modulator);
        self.rows.modulators.push(numbers);
        self.shape.modulators.len() - 1
    }
}
