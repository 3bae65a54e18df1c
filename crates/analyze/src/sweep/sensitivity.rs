//! How much each axis matters for a readout: variance-based indices and elementary effects, with bootstrap intervals.
//!
//! The designs `saltelli` and `morris` lay the points that these estimates need, in blocks of one base point each; here the
//! readouts of those blocks become indices. A block in which a point failed is left out, and the caller told how many were.

use crate::numeric::philox::hash;

/// Resamples behind an interval.
const RESAMPLES: u64 = 1_000;
/// Share of the resamples that an interval holds.
const CONFIDENCE: f64 = 0.95;

/// A number with the bootstrap interval that holds it with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// Shares of a readout's variance that are due to one axis (Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VarianceShares {
    /// Due to the axis alone: the first-order index.
    pub first: Estimate,
    /// Due to the axis alone and with others: the total index.
    pub total: Estimate,
}

/// Elementary effects of one axis (Morris 1991, doi:10.1080/00401706.1991.10484804), per width of the axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ElementaryEffects {
    /// Their mean.
    pub mean: Estimate,
    /// The mean of their sizes, `mu*` (Campolongo et al. 2007, doi:10.1016/j.envsoft.2006.10.004).
    pub mean_size: Estimate,
    /// Their standard deviation: interactions and bends.
    pub sd: Estimate,
}

/// Indices of every axis, from blocks of readouts `f(A), f(B), f(A with axis 1 of B), ...`; none where fewer than two
/// blocks are whole or the readout does not vary.
///
/// First order as Saltelli et al. (2010, doi:10.1016/j.cpc.2009.09.018), totals as Jansen (1999,
/// doi:10.1016/S0010-4655(98)00154-4), both as their Table 2 recommends.
pub fn variance_shares(blocks: &[Vec<f64>], seed: u64) -> Option<Vec<VarianceShares>> {
    let blocks = whole(blocks);
    let axes = blocks.first()?.len().checked_sub(2)?;
    let index = |chosen: &[&Vec<f64>], axis: usize| {
        let variance = variance_of(chosen.iter().flat_map(|block| [block[0], block[1]]))?;
        let count = chosen.len() as f64;
        let mixed = axis + 2;
        let first: f64 = chosen.iter().map(|block| block[1] * (block[mixed] - block[0])).sum();
        let total: f64 = chosen.iter().map(|block| (block[0] - block[mixed]) * (block[0] - block[mixed])).sum();
        Some([first / count / variance, 0.5 * total / count / variance])
    };
    // Estimates of the first order are less noisy where the readout's mean is 0.
    let mean = blocks.iter().map(|block| 0.5 * (block[0] + block[1])).sum::<f64>() / blocks.len() as f64;
    let centred: Vec<Vec<f64>> = blocks.iter().map(|block| block.iter().map(|value| value - mean).collect()).collect();
    (0..axes)
        .map(|axis| {
            let [first, total] = estimates(&centred, seed, |chosen| index(chosen, axis))?;
            Some(VarianceShares { first, total })
        })
        .collect()
}

/// Effects of every axis, from trajectories of steps: which axis moved, and the readout's change per width of that axis.
/// None where fewer than two trajectories are whole.
pub fn elementary_effects(trajectories: &[Vec<f64>], seed: u64) -> Option<Vec<ElementaryEffects>> {
    let trajectories: Vec<Vec<f64>> = whole(trajectories).into_iter().cloned().collect();
    let axes = trajectories.first()?.len();
    let of_axis = |axis: usize| {
        let numbers = |chosen: &[&Vec<f64>]| {
            let effects = chosen.iter().map(|effects| effects[axis]);
            let count = chosen.len() as f64;
            let mean = effects.clone().sum::<f64>() / count;
            let size = effects.clone().map(f64::abs).sum::<f64>() / count;
            let square: f64 = effects.map(|effect| (effect - mean) * (effect - mean)).sum();
            Some([mean, size, libm::sqrt(square / (count - 1.0))])
        };
        let [mean, mean_size, sd] = estimates(&trajectories, seed, numbers)?;
        Some(ElementaryEffects { mean, mean_size, sd })
    };
    (0..axes).map(of_axis).collect()
}

/// The blocks in which every number is finite; none of them where there are fewer than two.
fn whole(blocks: &[Vec<f64>]) -> Vec<&Vec<f64>> {
    let whole: Vec<&Vec<f64>> = blocks.iter().filter(|block| block.iter().all(|value| value.is_finite())).collect();
    if whole.len() < 2 { Vec::new() } else { whole }
}

/// The sample variance; none where it is 0, to rounding.
fn variance_of(values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count - 1.0);
    (variance > 1e-24 * mean.mul_add(mean, f64::MIN_POSITIVE)).then_some(variance)
}

/// Statistics of blocks, each with its percentile interval over blocks drawn anew with replacement (Efron 1979,
/// doi:10.1214/aos/1176344552). The draws depend on the seed alone.
fn estimates<const N: usize>(
    blocks: &[Vec<f64>],
    seed: u64,
    statistics: impl Fn(&[&Vec<f64>]) -> Option<[f64; N]>,
) -> Option<[Estimate; N]> {
    let values = statistics(&blocks.iter().collect::<Vec<_>>())?;
    let mut resampled: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    let mut chosen = Vec::with_capacity(blocks.len());
    for resample in 0..RESAMPLES {
        let stream = hash(hash(seed, 0xB007), resample);
        chosen.clear();
        let draw = |place: usize| &blocks[(hash(stream, place as u64) % blocks.len() as u64) as usize];
        chosen.extend((0..blocks.len()).map(draw));
        if let Some(found) = statistics(&chosen) {
            resampled.iter_mut().zip(found).for_each(|(all, value)| all.push(value));
        }
    }
    let interval = |index: usize| {
        let (value, mut all) = (values[index], resampled[index].clone());
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all.get((share * all.len() as f64) as usize).copied().unwrap_or(value);
        Estimate { value, low: at(0.5 - 0.5 * CONFIDENCE), high: at(0.5 + 0.5 * CONFIDENCE) }
    };
    Some(std::array::from_fn(interval))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Sweep;
    use crate::scenario::sweep::{AxisValues, BoundAxis, Design as Kind, Scale};
    use crate::sweep::Design;
    use crate::units::InputUnit;
    use std::f64::consts::PI;

    fn design(kind: Kind, axes: usize, points: u64, (from, to): (f64, f64)) -> Design {
        let sweep = Sweep { design: kind, points, seed: 4, ..Sweep::default() };
        let axis = |group: usize| BoundAxis {
            path: format!("x{group}"),
            name: format!("x{group}"),
            parameter: None,
            input: InputUnit::None,
            values: AxisValues::Range { from, to, scale: Scale::Linear, points: 0 },
            scale: Scale::Linear,
            group,
        };
        Design::new(&sweep, (0..axes).map(axis).collect()).unwrap()
    }

    fn blocks(design: &Design, size: u64, value: impl Fn(&[f64]) -> f64) -> Vec<Vec<f64>> {
        let numbers =
            |index: u64| -> Vec<f64> { design.point(index).iter().map(|value| value.number.unwrap()).collect() };
        let block = |base: u64| (0..size).map(|place| value(&numbers(base * size + place))).collect();
        (0..design.points() / size).map(block).collect()
    }

    fn near(estimate: Estimate, truth: f64, tolerance: f64) {
        assert!((estimate.value - truth).abs() < tolerance, "{estimate:?}, {truth}");
        let width = estimate.high - estimate.low;
        assert!(estimate.low - width < truth && truth < estimate.high + width, "{estimate:?}, {truth}");
        assert!(estimate.low <= estimate.value && estimate.value <= estimate.high, "{estimate:?}");
    }

    #[test]
    fn the_ishigami_function_has_its_known_indices() {
        // Ishigami & Homma (1990, doi:10.1109/ISUMA.1990.151285), a = 7, b = 0.1.
        let (a, b) = (7.0, 0.1);
        let ishigami = |x: &[f64]| {
            let sine = libm::sin(x[1]);
            libm::sin(x[0]) * (1.0 + b * libm::pow(x[2], 4.0)) + a * sine * sine
        };
        let variance = a * a / 8.0 + b * libm::pow(PI, 4.0) / 5.0 + b * b * libm::pow(PI, 8.0) / 18.0 + 0.5;
        let alone = 0.5 * libm::pow(1.0 + b * libm::pow(PI, 4.0) / 5.0, 2.0);
        let mixed = b * b * libm::pow(PI, 8.0) * (1.0 / 18.0 - 1.0 / 50.0);
        let design = design(Kind::Saltelli, 3, 4096, (-PI, PI));
        assert_eq!(design.points(), 4096 * 5);
        let found = variance_shares(&blocks(&design, 5, ishigami), 1).unwrap();
        let truth = [[alone, alone + mixed], [a * a / 8.0, a * a / 8.0], [0.0, mixed]];
        for (shares, [first, total]) in found.iter().zip(truth) {
            near(shares.first, first / variance, 0.02);
            near(shares.total, total / variance, 0.02);
        }
    }

    #[test]
    fn the_g_function_of_sobol_has_its_known_indices() {
        // Saltelli & Sobol' (1995, doi:10.1016/0951-8320(95)00099-2).
        let weights = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0];
        let g = |x: &[f64]| -> f64 {
            x.iter().zip(weights).map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)).product()
        };
        let parts = weights.map(|a| 1.0 / 3.0 / ((1.0 + a) * (1.0 + a)));
        let variance = parts.iter().map(|part| 1.0 + part).product::<f64>() - 1.0;
        let found = variance_shares(&blocks(&design(Kind::Saltelli, 6, 4096, (0.0, 1.0)), 8, g), 1).unwrap();
        for (index, shares) in found.iter().enumerate() {
            let others: f64 = (0..6).filter(|other| *other != index).map(|other| 1.0 + parts[other]).product();
            near(shares.first, parts[index] / variance, 0.02);
            near(shares.total, parts[index] * others / variance, 0.02);
        }
    }

    #[test]
    fn elementary_effects_of_a_plane_are_its_slopes_and_interactions_show_as_spread() {
        let design = design(Kind::Morris, 3, 50, (0.0, 10.0));
        assert_eq!(design.points(), 200);
        let value = |x: &[f64]| 3.0 * x[0] - 0.5 * x[1] + 0.1 * x[1] * x[2];
        let numbers =
            |index: u64| -> Vec<f64> { design.point(index).iter().map(|value| value.number.unwrap()).collect() };
        let trajectory = |base: u64| {
            let mut effects = vec![f64::NAN; 3];
            for step in 1..4 {
                let (before, after) = (numbers(4 * base + step - 1), numbers(4 * base + step));
                let moved: Vec<usize> = (0..3).filter(|axis| before[*axis] != after[*axis]).collect();
                assert_eq!(moved.len(), 1);
                let share = (after[moved[0]] - before[moved[0]]) / 10.0;
                assert!((share.abs() - 0.5).abs() < 1e-12);
                effects[moved[0]] = (value(&after) - value(&before)) / share;
            }
            effects
        };
        let found = elementary_effects(&(0..50).map(trajectory).collect::<Vec<_>>(), 1).unwrap();
        approx::assert_relative_eq!(found[0].mean.value, 30.0, max_relative = 1e-12);
        assert!(found[0].sd.value < 1e-9);
        // -5 + x2, with x2 at 1.25, 3.75, 6.25 or 8.75.
        assert!(found[1].mean.value.abs() < 1.2 && found[1].mean_size.value > 2.0 && found[1].sd.value > 2.0);
        assert!((found[2].mean.value - 5.0).abs() < 1.2);
    }

    #[test]
    fn failed_points_cost_their_block_and_constants_have_no_indices() {
        let good = vec![vec![1.0, 2.0, 1.5], vec![3.0, 1.0, 2.0], vec![0.0, 1.0, 0.5]];
        let mut with_failure = good.clone();
        with_failure.push(vec![1.0, f64::NAN, 1.0]);
        assert_eq!(variance_shares(&good, 1), variance_shares(&with_failure, 1));
        assert_eq!(variance_shares(&vec![vec![2.0; 5]; 10], 1), None);
        assert_eq!(variance_shares(&[], 1), None);
        assert_eq!(elementary_effects(&[vec![f64::NAN]], 1), None);
    }
}
