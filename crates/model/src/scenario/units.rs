//! Populations of several units: each becomes ordinary populations on a ring, `E[0]`, `E[1]` and so on, joined by kernels.
//!
//! The circuit as it is written stays beside the one that it stands for: paths, `--set` and files address what is written,
//! and the units follow.

pub use super::kernel::{Kernel, KernelShape};

use super::circuit::{Circuit, Population, Sources, Weights};
use super::kernel::DEGREES_PER_TURN;
use indexmap::IndexMap;

/// More units than this make Jacobians that no analysis gets through.
pub(super) const MOST_UNITS: u64 = 200;

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

/// The population of whose units a name is one, and its number.
fn unit_of(name: &str) -> Option<(&str, u64)> {
    let (population, rest) = name.split_once('[')?;
    let digits = rest.strip_suffix(']')?;
    let index: u64 = digits.parse().ok()?;
    (unit_name(population, index) == name).then_some((population, index))
}

/// The name of a variable of one unit as it is for all units of its population: without the unit's number.
pub fn of_all_units(variable: &str) -> &str {
    match variable.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
        Some((name, number)) if number.parse::<u64>().is_ok() => name,
        _ => variable,
    }
}

/// What is stated for a variable: for itself or, if it is of one unit, for all units of its population.
pub fn stated_for<'a, T>(stated: &'a IndexMap<String, T>, variable: &str) -> Option<&'a T> {
    stated.get(variable).or_else(|| stated.get(of_all_units(variable)))
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

    /// The population as it is written that a name is, or of which it is a unit, with the number of that unit.
    pub fn written_owner<'a>(&self, name: &'a str) -> Option<(&'a str, Option<u64>)> {
        let written = &self.written().populations;
        if written.contains_key(name) {
            return Some((name, None));
        }
        let (population, index) = unit_of(name)?;
        let units = written.get(population).and_then(Population::ring)?;
        (index < units).then_some((population, Some(index)))
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
        if self.has_connections_of(before) {
            self.follow_populations();
        } else {
            self.expand();
        }
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

    /// Whether what joins its units is written as it was `before`, so that it stays as it is laid out.
    fn has_connections_of(&self, before: &Self) -> bool {
        let written = self.written();
        let units = |circuit: &Self| -> Vec<(String, u64)> {
            circuit.populations.iter().map(|(name, population)| (name.clone(), population.units)).collect()
        };
        self.template.is_some()
            && written.onto == before.onto
            && written.kernels == before.kernels
            && units(written) == units(before)
    }

    /// Lays out the populations anew, and takes over all that is written but for what joins them.
    fn follow_populations(&mut self) {
        let Some(template) = self.template.take() else { return };
        let onto = std::mem::take(&mut self.onto);
        let populations = template.populations_laid_out();
        *self = Self { populations, onto, ..(*template).clone() };
        self.template = Some(template);
    }

    /// The names of a population's units, or its own.
    fn unit_names(&self, name: &str) -> Vec<String> {
        match self.populations.get(name).and_then(Population::ring) {
            Some(units) => (0..units).map(|unit| unit_name(name, unit)).collect(),
            None => vec![name.to_owned()],
        }
    }

    fn populations_laid_out(&self) -> IndexMap<String, Population> {
        let units = |(name, population): (&String, &Population)| {
            let population = Population { units: 0, ..population.clone() };
            self.unit_names(name).into_iter().map(move |unit| (unit, population.clone())).collect::<Vec<_>>()
        };
        self.populations.iter().flat_map(units).collect()
    }

    fn laid_out(self) -> Self {
        let mut out = Self { populations: self.populations_laid_out(), onto: IndexMap::new(), ..self.clone() };
        for (target, weights) in &self.onto {
            if !self.populations.contains_key(target) {
                continue;
            }
            for (index, unit) in self.unit_names(target).into_iter().enumerate() {
                out.onto.insert(unit, weights.each(&|from| self.spread(from, target, index as u64)));
            }
        }
        // What is written for a single unit takes the place of what it has as one of all.
        for (target, weights) in &self.onto {
            if let Some((population, Some(index))) = self.written_owner(target) {
                let own = weights.each(&|from| self.spread(from, population, index));
                out.onto.entry(target.clone()).or_default().overlay(own);
            }
        }
        out.template = Some(Box::new(self));
        out
    }

    /// Weights onto one unit of a target, from every unit of each source; those of single units take the place of their
    /// shares.
    fn spread(&self, from: &IndexMap<String, f64>, target: &str, index: u64) -> IndexMap<String, f64> {
        let (units, single): (Vec<_>, Vec<_>) = from.iter().partition(|(source, _)| unit_of(source).is_none());
        let mut out = IndexMap::new();
        for (source, weight) in units {
            self.spread_one((source, *weight), target, index, &mut out);
        }
        for (source, weight) in single {
            out.insert(source.clone(), *weight);
        }
        out
    }

    fn spread_one(&self, (source, weight): (&str, f64), target: &str, index: u64, out: &mut IndexMap<String, f64>) {
        let units = |name: &str| self.populations.get(name).and_then(Population::ring);
        let kernel = self.kernels.iter().find(|kernel| kernel.onto == target && kernel.from == source);
        let centre = kernel.and_then(|kernel| kernel.centre);
        let here = units(target).map(|units| place_of(index, units));
        let Some(count) = units(source) else {
            let profile =
                kernel.zip(here).map_or(1.0, |(kernel, here)| kernel.shape.height(here - centre.unwrap_or(0.0)));
            out.insert(source.to_owned(), weight * profile);
            return;
        };
        // A target that is no ring lies nowhere on it, but where the kernel says so.
        let shape = kernel.filter(|_| here.is_some() || centre.is_some()).map(|kernel| &kernel.shape);
        let shape = shape.unwrap_or(&KernelShape::Uniform);
        let highest = match here {
            Some(here) => here - centre.unwrap_or(0.0),
            None => centre.unwrap_or(0.0),
        };
        let heights: Vec<f64> = (0..count).map(|unit| shape.height(highest - place_of(unit, count))).collect();
        let whole = shape.whole(&heights);
        for (unit, height) in (0..count).zip(heights) {
            out.insert(unit_name(source, unit), weight * height / whole);
        }
    }
}

/// Weights by source.
type BySource = IndexMap<String, f64>;

impl Weights {
    /// The same tables, each made anew.
    fn each(&self, make: &dyn Fn(&BySource) -> BySource) -> Self {
        let mut made = self.clone();
        for from in made.tables() {
            *from = make(from);
        }
        made
    }

    /// Takes over every weight of another.
    fn overlay(&mut self, other: Self) {
        fn classes(own: &mut IndexMap<String, Sources>, other: IndexMap<String, Sources>) {
            for (class, sources) in other {
                own.entry(class).or_default().from.extend(sources.from);
            }
        }
        self.from.extend(other.from);
        classes(&mut self.through, other.through);
        self.dendrite.from.extend(other.dendrite.from);
        classes(&mut self.dendrite.through, other.dendrite.through);
        self.divisive.from.extend(other.divisive.from);
        classes(&mut self.divisive.through, other.divisive.through);
        self.second.from.extend(other.second.from);
        classes(&mut self.second.through, other.second.through);
    }

    /// The weights by source, of every place and class.
    fn tables(&mut self) -> Vec<&mut IndexMap<String, f64>> {
        let Self { from, through, dendrite, divisive, second } = self;
        let plain = [from, &mut dendrite.from, &mut divisive.from, &mut second.from];
        let classes = [through, &mut dendrite.through, &mut divisive.through, &mut second.through];
        let classes = classes.into_iter().flat_map(|through| through.values_mut().map(|sources| &mut sources.from));
        plain.into_iter().chain(classes).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(shape: KernelShape) -> Circuit {
        let population = |units| Population { tau: 10.0, units, rest: Some(5.0), ..Population::default() };
        let mut circuit = Circuit {
            populations: [("E".to_owned(), population(8)), ("I".to_owned(), population(1))].into_iter().collect(),
            onto: [("E".to_owned(), weights(&[("E", 0.6), ("I", -0.5)])), ("I".to_owned(), weights(&[("E", 0.4)]))]
                .into_iter()
                .collect(),
            kernels: vec![Kernel { onto: "E".into(), from: "E".into(), shape, ..Kernel::default() }],
            ..Circuit::default()
        };
        circuit.expand();
        circuit
    }

    #[test]
    fn what_is_stated_for_a_population_holds_for_its_units_unless_they_have_their_own() {
        let stated: IndexMap<String, f64> = [("E", 1.0), ("E[1]", 2.0), ("gate.nmda.E", 3.0)]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let of = |name: &str| stated_for(&stated, name).copied();
        assert_eq!([of("E[0]"), of("E[1]"), of("gate.nmda.E[7]")], [Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!([of("E"), of("I"), of("I[0]"), of("E[x]")], [Some(1.0), None, None, None]);
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
                KernelShape::PopulationVector => 0.0,
            };
            approx::assert_relative_eq!(ratio, expected, max_relative = 1e-12);
        }
    }

    fn weights(entries: &[(&str, f64)]) -> Weights {
        let from = entries.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
        Weights { from, ..Weights::default() }
    }

    /// Rings A of 12 and B of 8 units, and populations P and Q that are none.
    fn rings(kernels: &[(&str, &str, Option<f64>, KernelShape)], onto: &[(&str, &[(&str, f64)])]) -> Circuit {
        let population = |units| Population { tau: 10.0, units, drive: Some(1.0), ..Population::default() };
        let kernel = |(onto, from, centre, shape): &(&str, &str, Option<f64>, KernelShape)| Kernel {
            onto: (*onto).to_owned(),
            from: (*from).to_owned(),
            centre: *centre,
            shape: shape.clone(),
        };
        let populations = [("A", 12), ("B", 8), ("P", 1), ("Q", 0)];
        let mut circuit = Circuit {
            populations: populations.into_iter().map(|(name, units)| (name.to_owned(), population(units))).collect(),
            onto: onto.iter().map(|(name, entries)| ((*name).to_owned(), weights(entries))).collect(),
            kernels: kernels.iter().map(kernel).collect(),
            ..Circuit::default()
        };
        circuit.expand();
        circuit
    }

    #[test]
    fn rings_of_unequal_size_are_joined_by_angle() {
        let gaussian = KernelShape::Gaussian { width: 40.0 };
        let circuit = rings(&[("B", "A", Some(15.0), gaussian)], &[("B", &[("A", 2.0)])]);
        // Unit 2 of B stands at 90 degrees, unit 4 of A at 120: the kernel is highest 15 degrees behind the target.
        let height = |degrees: f64| libm::exp(-0.5 * (degrees / 40.0) * (degrees / 40.0));
        let all: Vec<f64> = (0..12).map(|unit| circuit.weight("B[2]", &unit_name("A", unit))).collect();
        approx::assert_relative_eq!(all.iter().sum::<f64>(), 2.0, max_relative = 1e-14);
        approx::assert_relative_eq!(all[4] / all[3], height(45.0) / height(15.0), max_relative = 1e-12);
        approx::assert_relative_eq!(all[2] / all[3], 1.0, max_relative = 1e-12);
        // Without a kernel every unit has an equal share.
        let circuit = rings(&[], &[("B", &[("A", 24.0)])]);
        assert_eq!(circuit.weight("B[5]", "A[7]"), 2.0);
    }

    #[test]
    fn a_population_that_is_no_ring_sends_and_receives_with_a_profile() {
        let circuit = rings(
            &[
                ("P", "A", Some(60.0), KernelShape::PopulationVector),
                ("Q", "A", Some(60.0), KernelShape::Cosine { amplitude: 0.5 }),
                ("A", "P", Some(90.0), KernelShape::Gaussian { width: 30.0 }),
            ],
            &[("P", &[("A", 3.0)]), ("Q", &[("A", 3.0)]), ("A", &[("P", 0.8), ("Q", 0.1)])],
        );
        for unit in 0..12u64 {
            let name = unit_name("A", unit);
            let cosine = libm::cos((30.0 * unit as f64 - 60.0).to_radians());
            approx::assert_abs_diff_eq!(circuit.weight("P", &name), 0.25 * cosine, epsilon = 1e-15);
            approx::assert_relative_eq!(circuit.weight("Q", &name), 0.25 * (1.0 + 0.5 * cosine), max_relative = 1e-13);
            let away = 30.0 * unit as f64 - 90.0;
            let away = away - 360.0 * libm::round(away / 360.0);
            let expected = 0.8 * libm::exp(-0.5 * (away / 30.0) * (away / 30.0));
            approx::assert_relative_eq!(circuit.weight(&name, "P"), expected, max_relative = 1e-13);
            assert_eq!(circuit.weight(&name, "Q"), 0.1);
        }
    }

    #[test]
    fn single_units_have_weights_of_their_own() {
        let circuit = rings(
            &[],
            &[
                ("A", &[("A", 12.0), ("P", -0.3), ("A[2]", 0.7)]),
                ("A[5]", &[("P", -0.9), ("B[1]", 0.25)]),
                ("A[6]", &[("A", 24.0), ("A[2]", 0.0)]),
                ("P", &[("A[3]", 0.5)]),
            ],
        );
        let weight = |onto: &str, from: &str| circuit.weight(onto, from);
        assert_eq!([weight("A[0]", "A[1]"), weight("A[0]", "A[2]"), weight("A[5]", "A[1]")], [1.0, 0.7, 1.0]);
        assert_eq!([weight("A[5]", "P"), weight("A[4]", "P"), weight("A[5]", "B[1]")], [-0.9, -0.3, 0.25]);
        assert_eq!([weight("A[6]", "A[1]"), weight("A[6]", "A[2]"), weight("A[5]", "A[2]")], [2.0, 0.0, 0.7]);
        assert_eq!([weight("P", "A[3]"), weight("P", "A[4]"), weight("A[4]", "B[1]")], [0.5, 0.0, 0.0]);
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
