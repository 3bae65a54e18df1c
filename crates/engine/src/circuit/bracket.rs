//! The input at which a transfer function known only by its values gives a rate.

/// Bisections after which two neighbouring numbers remain.
const BISECTIONS: usize = 2_200;
/// The largest input that is looked at, in input units, and the smallest apart from 0.
const LARGEST: f64 = 1e9;
const SMALLEST: f64 = 1e-6;
/// Places looked at per doubling of the input.
const PER_OCTAVE: f64 = 4.0;
/// How near to the rate its input must come, relative to it, and how far a plateau is looked for.
const CLOSE: f64 = 1e-6;

/// The one input at which `f` gives `rate`; none where it does so nowhere or at several.
pub(super) fn crossing(f: &dyn Fn(f64) -> f64, rate: f64) -> Option<f64> {
    let count = libm::ceil(libm::log2(LARGEST / SMALLEST) * PER_OCTAVE) as i32;
    let size = |index: i32| SMALLEST * libm::exp2(f64::from(index) / PER_OCTAVE);
    let negative = (0..=count).rev().map(|index| -size(index));
    let places = negative.chain(std::iter::once(0.0)).chain((0..=count).map(size));
    crossing_among(f, rate, places)
}

/// The same, looking for a change of sign between neighbours of these places, which rise.
pub(super) fn crossing_among(f: &dyn Fn(f64) -> f64, rate: f64, places: impl Iterator<Item = f64>) -> Option<f64> {
    let mut found = None;
    let mut last: Option<(f64, bool)> = None;
    for place in places {
        let value = f(place);
        if value.is_nan() {
            last = None;
            continue;
        }
        let above = value > rate;
        if let Some((before, was_above)) = last
            && was_above != above
        {
            if found.is_some() {
                return None;
            }
            found = Some((before, place, above));
        }
        last = Some((place, above));
    }
    let (mut low, mut high, rising) = found?;
    for _ in 0..BISECTIONS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if (f(middle) > rate) == rising {
            high = middle;
        } else {
            low = middle;
        }
    }
    let nearest = if (f(high) - rate).abs() < (f(low) - rate).abs() { high } else { low };
    // A jump over the rate does not give it; a plateau at the rate gives it at more than one input.
    let reached = (f(nearest) - rate).abs() <= CLOSE * rate.abs().max(CLOSE);
    let plateau = f(low) == rate && f(low - CLOSE * low.abs().max(CLOSE)) == rate;
    (reached && !plateau).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_crossing_is_found_to_the_last_bit() {
        for rate in [1e-3, 0.5, 7.0, 300.0] {
            let input = crossing(&|x| libm::exp(x), rate).unwrap();
            approx::assert_relative_eq!(libm::exp(input), rate, max_relative = 1e-13);
            let input = crossing(&|x| 3.0 - x * x * x, rate).unwrap();
            approx::assert_relative_eq!(3.0 - input * input * input, rate, max_relative = 1e-12);
        }
    }

    #[test]
    fn none_is_given_where_there_is_none_or_more_than_one() {
        assert_eq!(crossing(&|x| x * x, 4.0), None);
        assert_eq!(crossing(&|x| x.max(0.0), -1.0), None);
        assert_eq!(crossing(&|_| f64::NAN, 1.0), None);
        assert_eq!(crossing(&|x| if x > 0.3 { 5.0 } else { 1.0 }, 3.0), None);
        assert_eq!(crossing(&|x| x.clamp(0.0, 1.0) + (x - 2.0).max(0.0), 1.0), None);
    }
}
