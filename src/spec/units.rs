//! Populations of several units: each becomes ordinary populations on a ring, `E[0]`, `E[1]` and so on, joined by kernels.
//!
//! The circuit as it is written stays beside the one that it stands for: paths, `--set` and files address what is written,
//! and the units follow.

use super::circuit::{Afferents, Circuit, Divisors, Population, Sources, Weights};
use super::declare::{Choice, Node, Parameter, Presence, Range, Visitor, parameter};
use crate::units::Dimension;
use indexmap::IndexMap;

const DEGREES_PER_TURN: f64 = 360.0;
/// More units than this make Jacobians that no analysis gets through.
pub(super) const MOST_UNITS: u64 = 200;

/// How the weight from a ring of units falls with the angle between two units. The weights onto a unit add up to the weight
/// that is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kernel {
    /// Target population.
    pub onto: String,
    /// Source population.
    pub from: String,
    /// Its shape.
    pub shape: KernelShape,
}

/// The shape of a kernel, up to a factor; d is the angle between two units.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum KernelShape {
    /// The same from every unit.
    #[default]
    Uniform,
    /// `exp(-d^2 / (2 width^2))`, d at most half a turn.
    Gaussian {
        /// In degrees.
        width: f64,
    },
    /// `exp((cos d - 1) / width^2)`, width in radians.
    VonMises {
        /// In degrees.
        width: f64,
    },
    /// `1 + amplitude cos d`.
    Cosine {
        /// Above 1, weights change their sign with distance.
        amplitude: f64,
    },
}

impl KernelShape {
    /// Shows the shape and its numbers.
    pub(super) fn visit(&mut self, visitor: &mut dyn Visitor, meaning: &'static str) {
        visitor.choice("shape", self, Presence::Required, meaning);
        match self {
            Self::Uniform => {}
            Self::Gaussian { width } | Self::VonMises { width } => {
                visitor.number("width", width, Presence::Required, &WIDTH);
            }
            Self::Cosine { amplitude } => visitor.number("amplitude", amplitude, Presence::Required, &AMPLITUDE),
        }
    }

    /// Its height at an angle in degrees.
    pub(super) fn height(&self, angle: f64) -> f64 {
        let turn = angle - DEGREES_PER_TURN * libm::round(angle / DEGREES_PER_TURN);
        let cosine = libm::cos(turn.to_radians());
        match self {
            Self::Uniform => 1.0,
            Self::Gaussian { width } => libm::exp(-0.5 * (turn / width) * (turn / width)),
            Self::VonMises { width } => libm::exp((cosine - 1.0) / (width.to_radians() * width.to_radians())),
            Self::Cosine { amplitude } => 1.0 + amplitude * cosine,
        }
    }
}

impl Choice for KernelShape {
    fn words(&self) -> &'static [&'static str] {
        &["uniform", "gaussian", "von-mises", "cosine"]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Gaussian { .. } => "gaussian",
            Self::VonMises { .. } => "von-mises",
            Self::Cosine { .. } => "cosine",
        }
    }

    fn choose(&mut self, word: &str) -> bool {
        if self.word() == word {
            return true;
        }
        *self = match word {
            "uniform" => Self::Uniform,
            "gaussian" => Self::Gaussian { width: 30.0 },
            "von-mises" => Self::VonMises { width: 30.0 },
            "cosine" => Self::Cosine { amplitude: 1.0 },
            _ => return false,
        };
        true
    }
}

static WIDTH: Parameter = parameter("w", Dimension::Number, Range::Positive, "width of the kernel, in degrees");
static AMPLITUDE: Parameter = parameter("a", Dimension::Number, Range::Any, "modulation of the kernel");

impl Node for Kernel {
    fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.text("onto", &mut self.onto, Presence::Required, "target population");
        visitor.text("from", &mut self.from, Presence::Required, "source population, of several units");
        self.shape.visit(visitor, "how weights fall with the angle");
    }
}

/// Where a unit stands on the ring, in degrees.
pub(super) fn place_of(index: u64, units: u64) -> f64 {
    index as f64 * DEGREES_PER_TURN / units as f64
}

/// The name of one unit of a population.
pub fn unit_name(population: &str, index: u64) -> String {
    format!("{population}[{index}]")
}

/// Whether a name is that of a population or of one of its units.
pub fn is_of(name: &str, population: &str) -> bool {
    name.strip_prefix(population).is_some_and(|rest| rest.is_empty() || (rest.starts_with('[') && rest.ends_with(']')))
}

impl Population {
    /// How many units it has where it is a ring of several; more than the most are not laid out.
    pub fn ring(&self) -> Option<u64> {
        (2..=MOST_UNITS).contains(&self.units).then_some(self.units)
    }
}

impl Circuit {
    /// The circuit as it is written: with populations of several units where it has such.
    pub fn written(&self) -> &Self {
        self.template.as_deref().unwrap_or(self)
    }

    /// The same, to be changed; [`Circuit::expand`] then makes the units follow.
    pub fn written_mut(&mut self) -> &mut Self {
        match self.template {
            Some(ref mut template) => template,
            None => self,
        }
    }

    /// Whether it has populations of several units that do not yet stand as ordinary populations.
    pub fn is_folded(&self) -> bool {
        self.template.is_none() && self.populations.values().any(|population| population.ring().is_some())
    }

    /// Lays populations of several units out as ordinary populations; does nothing where there are none.
    pub fn expand(&mut self) {
        if self.template.is_some() || self.is_folded() {
            let written = self.written().clone();
            *self = written.laid_out();
        }
    }

    /// The same after a change from the circuit that was written `before`: drives that calibration has solved stay, except
    /// where the rest or the drive itself was changed.
    pub(super) fn expand_after(&mut self, before: &Self) {
        if self.template.is_none() && !self.is_folded() {
            return;
        }
        let solved = std::mem::take(&mut self.populations);
        self.expand();
        for (name, written) in &self.written().clone().populations {
            let kept =
                before.populations.get(name).is_some_and(|old| (old.rest, old.drive) == (written.rest, written.drive));
            for (unit, population) in self.populations.iter_mut().filter(|(unit, _)| kept && is_of(unit, name)) {
                if let Some(old) = solved.get(unit) {
                    (population.rest, population.drive) = (old.rest, old.drive);
                }
            }
        }
    }

    fn laid_out(self) -> Self {
        let names = |name: &str| match self.populations.get(name).and_then(Population::ring) {
            Some(units) => (0..units).map(|unit| unit_name(name, unit)).collect(),
            None => vec![name.to_owned()],
        };
        let mut out = Self { populations: IndexMap::new(), onto: IndexMap::new(), ..self.clone() };
        for (name, population) in &self.populations {
            for unit in names(name) {
                out.populations.insert(unit, Population { units: 0, ..population.clone() });
            }
        }
        for (target, weights) in &self.onto {
            for (index, unit) in names(target).into_iter().enumerate() {
                let spread = |from: &IndexMap<String, f64>| self.spread(from, target, index);
                let classes = |through: &IndexMap<String, Sources>| {
                    let spread = |sources: &Sources| Sources { from: spread(&sources.from) };
                    through.iter().map(|(class, sources)| (class.clone(), spread(sources))).collect()
                };
                let laid_out = Weights {
                    from: spread(&weights.from),
                    through: classes(&weights.through),
                    dendrite: Afferents {
                        from: spread(&weights.dendrite.from),
                        through: classes(&weights.dendrite.through),
                    },
                    divisive: Divisors {
                        from: spread(&weights.divisive.from),
                        through: classes(&weights.divisive.through),
                    },
                };
                out.onto.insert(unit, laid_out);
            }
        }
        out.template = Some(Box::new(self));
        out
    }

    /// Weights onto one unit of a target, from every unit of each source.
    fn spread(&self, from: &IndexMap<String, f64>, target: &str, index: usize) -> IndexMap<String, f64> {
        let units = |name: &str| self.populations.get(name).and_then(Population::ring);
        let here = units(target).map_or(0.0, |units| place_of(index as u64, units));
        let mut out = IndexMap::new();
        for (source, weight) in from {
            let Some(count) = units(source) else {
                out.insert(source.clone(), *weight);
                continue;
            };
            let kernel = self.kernels.iter().find(|kernel| kernel.onto == target && kernel.from == *source);
            // A target of one unit lies nowhere on the ring.
            let shape =
                kernel.filter(|_| units(target).is_some()).map_or(&KernelShape::Uniform, |kernel| &kernel.shape);
            let heights: Vec<f64> = (0..count).map(|unit| shape.height(here - place_of(unit, count))).collect();
            let total: f64 = heights.iter().sum();
            for (unit, height) in (0..count).zip(heights) {
                out.insert(unit_name(source, unit), weight * height / total);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(shape: KernelShape) -> Circuit {
        let population = |units| Population { tau: 10.0, units, rest: Some(5.0), ..Population::default() };
        let weights = |entries: &[(&str, f64)]| Weights {
            from: entries.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect(),
            ..Weights::default()
        };
        let mut circuit = Circuit {
            populations: [("E".to_owned(), population(8)), ("I".to_owned(), population(1))].into_iter().collect(),
            onto: [("E".to_owned(), weights(&[("E", 0.6), ("I", -0.5)])), ("I".to_owned(), weights(&[("E", 0.4)]))]
                .into_iter()
                .collect(),
            kernels: vec![Kernel { onto: "E".into(), from: "E".into(), shape }],
            ..Circuit::default()
        };
        circuit.expand();
        circuit
    }

    #[test]
    fn units_stand_on_a_ring_and_their_weights_add_up() {
        for shape in [
            KernelShape::Uniform,
            KernelShape::Gaussian { width: 40.0 },
            KernelShape::VonMises { width: 50.0 },
            KernelShape::Cosine { amplitude: 0.7 },
        ] {
            let circuit = ring(shape.clone());
            assert_eq!(circuit.populations.len(), 9);
            let unit = |index: u64| unit_name("E", index % 8);
            for target in 0..8 {
                let sum: f64 = (0..8).map(|source| circuit.weight(&unit(target), &unit(source))).sum();
                approx::assert_relative_eq!(sum, 0.6, max_relative = 1e-14);
                assert_eq!(circuit.weight(&unit(target), "I"), -0.5);
                approx::assert_relative_eq!(circuit.weight("I", &unit(target)), 0.05, max_relative = 1e-14);
                // The same all around, and the same on both sides.
                for offset in 0..8 {
                    let (left, right) = (unit(target + 8 - offset), unit(target + offset));
                    let (left, right) = (circuit.weight(&unit(target), &left), circuit.weight(&unit(target), &right));
                    approx::assert_relative_eq!(left, right, max_relative = 1e-12);
                    approx::assert_relative_eq!(right, circuit.weight(&unit(0), &unit(offset)), max_relative = 1e-12);
                }
            }
            let ratio = circuit.weight(&unit(0), &unit(2)) / circuit.weight(&unit(0), &unit(0));
            let expected = match shape {
                KernelShape::Uniform => 1.0,
                KernelShape::Gaussian { width } => libm::exp(-0.5 * (90.0 / width) * (90.0 / width)),
                KernelShape::VonMises { width } => libm::exp(-1.0 / (width.to_radians() * width.to_radians())),
                KernelShape::Cosine { amplitude } => 1.0 / (1.0 + amplitude),
            };
            approx::assert_relative_eq!(ratio, expected, max_relative = 1e-12);
        }
    }

    #[test]
    fn a_change_of_what_is_written_keeps_the_drives_that_were_solved() {
        let mut circuit = ring(KernelShape::Cosine { amplitude: 0.5 });
        for population in circuit.populations.values_mut() {
            population.drive = Some(3.0);
        }
        let before = circuit.written().clone();
        circuit.written_mut().populations["E"].tau = 20.0;
        circuit.written_mut().populations["I"].rest = Some(7.0);
        circuit.expand_after(&before);
        assert_eq!((circuit.populations["E[3]"].tau, circuit.populations["E[3]"].drive), (20.0, Some(3.0)));
        assert_eq!((circuit.populations["I"].rest, circuit.populations["I"].drive), (Some(7.0), None));
    }
}
