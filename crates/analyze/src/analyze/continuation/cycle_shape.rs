//! The lowest and highest values over a cycle.

use super::family::Family;
use super::orbit::{Orbit, nodes};

/// Samples between the neighbours of the highest one, from which the height of a cycle is read.
const FINER: u32 = 6;

/// Lowest and highest observed values over an orbit.
pub(super) fn extremes(family: &dyn Family, orbit: &Orbit) -> (Vec<f64>, Vec<f64>) {
    let knobs = [orbit.share];
    let samples: Vec<(f64, Vec<f64>)> = orbit
        .mesh
        .windows(2)
        .zip(&orbit.stages)
        .flat_map(|(ends, stages)| {
            let place = |node: f64| node.mul_add(ends[1] - ends[0], ends[0]);
            nodes()
                .map(place)
                .into_iter()
                .zip(stages)
                .map(|(place, state)| (place, family.observe(state.as_slice(), &knobs)))
        })
        .collect();
    let count = samples.first().map_or(0, |(_, observed)| observed.len());
    let highest = |index: usize, sign: f64| {
        let coarse: Vec<(f64, f64)> =
            samples.iter().map(|(place, observed)| (*place, sign * observed[index])).collect();
        // Around the highest sample, a few more from the polynomial of the orbit.
        let Some((low, high)) = around_peak(&coarse) else { return f64::NAN };
        let fine = (0..=FINER).map(|step| {
            let place = (high - low).mul_add(f64::from(step) / f64::from(FINER), low);
            let state = orbit.state(place - place.floor());
            (place, sign * family.observe(state.as_slice(), &knobs).get(index).copied().unwrap_or(f64::NAN))
        });
        sign * peak(&fine.collect::<Vec<_>>())
    };
    ((0..count).map(|index| highest(index, -1.0)).collect(), (0..count).map(|index| highest(index, 1.0)).collect())
}

/// The places of the neighbours of the highest sample of a periodic function, in order.
fn around_peak(samples: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = samples.len();
    let top = (0..count).max_by(|one, other| samples[*one].1.total_cmp(&samples[*other].1))?;
    let low = if top == 0 { samples[count - 1].0 - 1.0 } else { samples[top - 1].0 };
    let high = if top + 1 == count { samples[0].0 + 1.0 } else { samples[top + 1].0 };
    Some((low, high))
}

/// The largest value of a function between its first and last sample, by the parabola through the highest and its
/// neighbours.
fn peak(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len();
    let top = (0..count).max_by(|one, other| samples[*one].1.total_cmp(&samples[*other].1));
    let Some(top) = top.filter(|top| *top > 0 && top + 1 < count) else {
        return top.map_or(f64::NAN, |top| samples[top].1);
    };
    let (before, here, after) = (samples[top - 1], samples[top], samples[top + 1]);
    let (left, right) = (before.0 - here.0, after.0 - here.0);
    let (low, high) = ((before.1 - here.1) / left, (after.1 - here.1) / right);
    let bend = (high - low) / (right - left);
    let slope = low - bend * left;
    let shift = if bend < 0.0 { (-slope / (2.0 * bend)).clamp(left, right) } else { 0.0 };
    here.1 + shift * (slope + bend * shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_sampled_cosine_is_1() {
        let samples: Vec<(f64, f64)> = (0..180)
            .map(|index| f64::from(index) / 180.0)
            .map(|place| (place, libm::cos(std::f64::consts::TAU * (place - 0.3017))))
            .collect();
        approx::assert_abs_diff_eq!(peak(&samples), 1.0, epsilon = 1e-7);
        let (low, high) = around_peak(&samples).unwrap();
        assert!(low < 0.3017 && high > 0.3017 && high - low < 0.012);
    }
}
