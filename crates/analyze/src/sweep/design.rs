//! The points of a design, each computed alone from its number: any point can be run on any machine, in any order.

use super::sobol::{DIMENSIONS, Sobol};
use crate::numeric::philox::{hash, unit};
use crate::numeric::quantile::normal_quantile;
use crate::scenario::Sweep;
use crate::scenario::sweep::{AxisValue, AxisValues, BoundAxis, Design as Kind, Scale};

/// Most points of a Sobol' design.
const MOST_SOBOL_POINTS: u64 = 1 << 32;

/// Why a design cannot be laid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DesignError {
    /// There are more points than can be counted.
    #[error("the design has more than 2^53 points")]
    TooMany,
    /// More points or dimensions than a sequence of Sobol' has.
    #[error(
        "a sequence of Sobol' has at most 2^32 points and {DIMENSIONS} dimensions (the design `saltelli` takes two for each \
         axis); this one asks for {points} and {dimensions}"
    )]
    Sobol {
        /// Points asked for.
        points: u64,
        /// Dimensions asked for.
        dimensions: usize,
    },
}

/// A design over axes.
#[derive(Clone, Debug)]
pub struct Design {
    axes: Vec<BoundAxis>,
    /// For each axis, the number of its group among those that move on their own.
    groups: Vec<usize>,
    /// How many values each group has in a grid.
    counts: Vec<u64>,
    kind: Kind,
    points: u64,
    seed: u64,
    sobol: Option<Sobol>,
}

impl Design {
    /// The design of a sweep.
    ///
    /// # Errors
    /// [`DesignError`] where it has too many points or axes.
    pub fn new(sweep: &Sweep, axes: Vec<BoundAxis>) -> Result<Self, DesignError> {
        let leaders: Vec<usize> = (0..axes.len()).filter(|index| axes[*index].group == *index).collect();
        let groups = axes
            .iter()
            .map(|axis| leaders.iter().position(|leader| *leader == axis.group).unwrap_or_default())
            .collect();
        let counts: Vec<u64> = leaders.iter().map(|leader| axes[*leader].count()).collect();
        let free = leaders.len() as u64;
        let points = match sweep.design {
            Kind::Grid => counts.iter().try_fold(1_u64, |product, count| product.checked_mul(*count)),
            Kind::Saltelli => sweep.points.checked_mul(free + 2),
            Kind::Morris => sweep.points.checked_mul(free + 1),
            _ => Some(sweep.points),
        };
        let points = points.filter(|points| *points <= 1 << 53).ok_or(DesignError::TooMany)?;
        let dimensions = match sweep.design {
            Kind::Sobol => leaders.len(),
            Kind::Saltelli => 2 * leaders.len(),
            _ => 0,
        };
        if dimensions > DIMENSIONS || (dimensions > 0 && sweep.points > MOST_SOBOL_POINTS) {
            return Err(DesignError::Sobol { points: sweep.points, dimensions });
        }
        let sobol = (dimensions > 0).then(|| Sobol::new(dimensions, sweep.seed));
        Ok(Self { axes, groups, counts, kind: sweep.design, points, seed: sweep.seed, sobol })
    }

    /// How many points it has.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// Its axes.
    pub fn axes(&self) -> &[BoundAxis] {
        &self.axes
    }

    /// The values of all axes at a point.
    pub fn point(&self, index: u64) -> Vec<AxisValue> {
        let places: Vec<Place> = match self.kind {
            Kind::Grid => self.grid(index),
            Kind::Random => (0..self.counts.len()).map(|group| Place::Share(unit(self.bits(group, index)))).collect(),
            Kind::LatinHypercube => (0..self.counts.len()).map(|group| self.slice(group, index)).collect(),
            Kind::Sobol => self.sobol_shares(index).into_iter().map(Place::Share).collect(),
            Kind::Saltelli => self.swapped(index),
            Kind::Morris => self.on_trajectory(index),
        };
        self.axes.iter().zip(&self.groups).map(|(axis, group)| value_at(axis, places[*group])).collect()
    }

    fn bits(&self, group: usize, index: u64) -> u64 {
        hash(hash(self.seed, group as u64), index)
    }

    /// The grid's indices, the last axis running fastest.
    fn grid(&self, mut index: u64) -> Vec<Place> {
        let mut places = vec![Place::Index(0); self.counts.len()];
        for (place, count) in places.iter_mut().zip(&self.counts).rev() {
            *place = Place::Index(index % count);
            index /= count;
        }
        places
    }

    fn sobol_shares(&self, index: u64) -> Vec<f64> {
        self.sobol.as_ref().map_or_else(Vec::new, |sobol| sobol.point(index as u32))
    }

    /// Blocks of A, B, and A with one axis after the other taken from B.
    fn swapped(&self, index: u64) -> Vec<Place> {
        let free = self.counts.len();
        let block = free as u64 + 2;
        let shares = self.sobol_shares(index / block);
        let place = (index % block) as usize;
        let of_second = |group: usize| place == 1 || place == group + 2;
        (0..free).map(|group| Place::Share(shares[if of_second(group) { free + group } else { group }])).collect()
    }

    /// Trajectories over four levels of each axis, in the middle of its quarters: in an order of its own, each axis moves
    /// by two levels.
    fn on_trajectory(&self, index: u64) -> Vec<Place> {
        let free = self.counts.len() as u64;
        let (trajectory, moved) = (index / (free + 1), index % (free + 1));
        let key = hash(hash(self.seed, 0x4D04_1515), trajectory);
        let share = |group: u64| {
            let level = self.bits(group as usize, trajectory) % 4;
            let level = if permuted(group, free, key) < moved { (level + 2) % 4 } else { level };
            Place::Share((level as f64 + 0.5) / 4.0)
        };
        (0..free).map(share).collect()
    }

    /// A place within this point's own slice of an axis.
    fn slice(&self, group: usize, index: u64) -> Place {
        let slice = permuted(index, self.points, hash(self.seed, 0x001A_7140 + group as u64));
        Place::Share((slice as f64 + unit(self.bits(group, index))) / self.points as f64)
    }
}

/// Where a point stands on an axis.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// At one of its values.
    Index(u64),
    /// At a share of its distribution.
    Share(f64),
}

fn value_at(axis: &BoundAxis, place: Place) -> AxisValue {
    match (&axis.values, place) {
        (AxisValues::List(values), place) => {
            let last = values.len() - 1;
            let index = match place {
                Place::Index(index) => index as usize,
                Place::Share(share) => (share * values.len() as f64) as usize,
            };
            values[index.min(last)].clone()
        }
        (AxisValues::Range { from, to, scale, points }, place) => {
            let share = match place {
                Place::Index(index) => index as f64 / (*points - 1) as f64,
                Place::Share(share) => share,
            };
            axis.value(between(*from, *to, *scale, share))
        }
        (AxisValues::Normal { mean, sd, log }, place) => {
            let share = match place {
                Place::Share(share) => share,
                Place::Index(_) => 0.5,
            };
            let departure = sd * normal_quantile(share);
            axis.value(if *log { mean * libm::exp(departure) } else { mean + departure })
        }
    }
}

/// Between two numbers; both ends are met exactly.
fn between(from: f64, to: f64, scale: Scale, share: f64) -> f64 {
    match scale {
        _ if share == 0.0 => from,
        _ if share == 1.0 => to,
        Scale::Linear => share.mul_add(to - from, from),
        Scale::Log => from * libm::pow(to / from, share),
    }
}

/// Where a permutation of the numbers below `count` takes one of them: a Feistel network of four rounds, walked until the
/// result is below `count` (Black & Rogaway 2002, doi:10.1007/3-540-45760-7_9).
fn permuted(index: u64, count: u64, key: u64) -> u64 {
    let bits = (64 - count.saturating_sub(1).leading_zeros()).max(2).next_multiple_of(2);
    let half = bits / 2;
    let mask = (1_u64 << half) - 1;
    let mut value = index;
    loop {
        let (mut left, mut right) = (value >> half, value & mask);
        for round in 0..4 {
            (left, right) = (right, left ^ (hash(hash(key, round), right) & mask));
        }
        value = left << half | right;
        if value < count {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Setting;
    use crate::units::InputUnit;

    fn axis(values: AxisValues, group: usize) -> BoundAxis {
        BoundAxis {
            path: "p".into(),
            name: "p".into(),
            parameter: None,
            input: InputUnit::None,
            values,
            scale: Scale::Linear,
            group,
        }
    }

    fn range(points: u64, scale: Scale) -> AxisValues {
        AxisValues::Range { from: 1.0, to: 100.0, scale, points }
    }

    fn numbers(design: &Design, index: u64) -> Vec<f64> {
        design.point(index).iter().map(|value| value.number.unwrap()).collect()
    }

    #[test]
    fn a_grid_holds_every_combination_and_zipped_axes_move_together() {
        let sweep = Sweep::default();
        let axes =
            vec![axis(range(3, Scale::Log), 0), axis(range(2, Scale::Linear), 1), axis(range(3, Scale::Linear), 0)];
        let design = Design::new(&sweep, axes).unwrap();
        assert_eq!(design.points(), 6);
        let points: Vec<Vec<f64>> = (0..6).map(|index| numbers(&design, index)).collect();
        assert_eq!(points[0], [1.0, 1.0, 1.0]);
        assert_eq!(points[1], [1.0, 100.0, 1.0]);
        assert_eq!(points[5], [100.0, 100.0, 100.0]);
        approx::assert_relative_eq!(points[2][0], 10.0, max_relative = 1e-15);
        assert_eq!(points[2][2], 50.5);
    }

    #[test]
    fn a_permutation_takes_every_number_once() {
        for count in [1, 2, 3, 7, 64, 1000, 4097] {
            let mut seen = vec![false; count as usize];
            for index in 0..count {
                seen[permuted(index, count, 99) as usize] = true;
            }
            assert!(seen.into_iter().all(|seen| seen), "{count}");
        }
        let moved = (0..1000).filter(|index| permuted(*index, 1000, 1) != permuted(*index, 1000, 2)).count();
        assert!(moved > 950, "{moved}");
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_every_slice() {
        let sweep = Sweep { design: Kind::LatinHypercube, points: 101, seed: 3, ..Sweep::default() };
        let linear = AxisValues::Range { from: 0.0, to: 1.0, scale: Scale::Linear, points: 0 };
        let design = Design::new(&sweep, vec![axis(linear.clone(), 0), axis(linear, 1)]).unwrap();
        for dimension in 0..2 {
            let mut slices: Vec<usize> =
                (0..101).map(|index| (numbers(&design, index)[dimension] * 101.0) as usize).collect();
            slices.sort_unstable();
            assert_eq!(slices, (0..101).collect::<Vec<_>>());
        }
        let correlation: f64 = (0..101).map(|i| numbers(&design, i)).map(|x| (x[0] - 0.5) * (x[1] - 0.5)).sum();
        assert!(correlation.abs() < 3.0 / 12.0 * libm::sqrt(101.0), "{correlation}");
    }

    #[test]
    fn random_designs_follow_their_distributions() {
        let sweep = Sweep { design: Kind::Random, points: 40_000, seed: 8, ..Sweep::default() };
        let axes = vec![
            axis(AxisValues::Normal { mean: 3.0, sd: 2.0, log: false }, 0),
            axis(AxisValues::Normal { mean: 3.0, sd: 0.5, log: true }, 1),
            axis(range(0, Scale::Log), 2),
        ];
        let design = Design::new(&sweep, axes).unwrap();
        let n = 40_000.0;
        let points: Vec<Vec<f64>> = (0..40_000).map(|index| numbers(&design, index)).collect();
        let mean = |value: &dyn Fn(&[f64]) -> f64| points.iter().map(|point| value(point)).sum::<f64>() / n;
        let error = 4.0 / libm::sqrt(n);
        assert!((mean(&|x| x[0]) - 3.0).abs() < 2.0 * error);
        assert!((mean(&|x| (x[0] - 3.0) * (x[0] - 3.0)) - 4.0).abs() < 4.0 * 1.5 * error);
        assert!((mean(&|x| libm::log(x[1] / 3.0))).abs() < 0.5 * error);
        assert!((mean(&|x| libm::log10(x[2])) - 1.0).abs() < error);
        assert!((mean(&|x| (x[0] - 3.0) / 2.0 * libm::log(x[1] / 3.0) * 2.0)).abs() < error);
    }

    #[test]
    fn words_are_values_too_and_huge_designs_are_refused() {
        let words = ["a", "b"].map(|word| AxisValue { setting: Setting::Text(word.into()), number: None });
        let design = Design::new(&Sweep::default(), vec![axis(AxisValues::List(words.to_vec()), 0)]).unwrap();
        assert_eq!(design.point(1)[0].setting, Setting::Text("b".into()));
        let many = vec![axis(range(1 << 30, Scale::Linear), 0), axis(range(1 << 30, Scale::Linear), 1)];
        assert_eq!(Design::new(&Sweep::default(), many).unwrap_err(), DesignError::TooMany);
        let sobol = Sweep { design: Kind::Sobol, points: (1 << 32) + 1, ..Sweep::default() };
        assert!(Design::new(&sobol, vec![axis(range(0, Scale::Linear), 0)]).is_err());
    }
}
