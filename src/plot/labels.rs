//! Keeping labels apart along a line, such as those at the ends of curves.

/// Moves positions as little as possible (least squares) so that neighbours are `gap` apart and all lie between `low`
/// and `high`. Order is kept. Where there is no room for all gaps they shrink evenly.
pub(super) fn spread(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let count = wanted.len();
    if count == 0 {
        return Vec::new();
    }
    let middle = f64::midpoint(low, high);
    let clean = |v: f64| if v.is_finite() { v.clamp(low, high.max(low)) } else { middle };
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| clean(wanted[a]).total_cmp(&clean(wanted[b])));
    let gap = gap.min((high - low).max(0.0) / (count.max(2) - 1) as f64);
    // With the gaps taken away, the positions must only not decrease: pool the adjacent violators.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (rank, &k) in order.iter().enumerate() {
        let mut pool = (clean(wanted[k]) - rank as f64 * gap, 1);
        while let Some(&(mean, size)) = pools.last() {
            if mean <= pool.0 {
                break;
            }
            let total = size + pool.1;
            pool = ((mean * size as f64 + pool.0 * pool.1 as f64) / total as f64, total);
            pools.pop();
        }
        pools.push(pool);
    }
    let ceiling = high - gap * (count - 1) as f64;
    let reduced = pools.iter().flat_map(|&(mean, size)| std::iter::repeat_n(mean, size));
    let mut placed = vec![0.0; count];
    for ((rank, &k), position) in order.iter().enumerate().zip(reduced) {
        placed[k] = position.min(ceiling).max(low) + rank as f64 * gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn leaves_what_is_apart_where_it_is() {
        assert_eq!(spread(&[10.0, 30.0, 50.0], 5.0, 0.0, 100.0), [10.0, 30.0, 50.0]);
    }

    #[test]
    fn centres_a_crowd_on_its_mean() {
        assert_eq!(spread(&[50.0, 50.0, 50.0], 10.0, 0.0, 100.0), [40.0, 50.0, 60.0]);
        assert_eq!(spread(&[0.0, 0.0], 10.0, 0.0, 100.0), [0.0, 10.0]);
        assert_eq!(spread(&[100.0, 100.0], 10.0, 0.0, 100.0), [90.0, 100.0]);
    }

    proptest! {
        #[test]
        fn keeps_gaps_and_bounds(wanted in prop::collection::vec(-50.0..150.0_f64, 0..20)) {
            let placed = spread(&wanted, 5.0, 0.0, 100.0);
            let mut sorted = placed.clone();
            sorted.sort_by(f64::total_cmp);
            for pair in sorted.windows(2) {
                prop_assert!(pair[1] - pair[0] > 5.0 - 1e-9);
            }
            prop_assert!(placed.iter().all(|p| (-1e-9..=100.0 + 1e-9).contains(p)));
        }
    }
}
