//! Slopes that keep a cubic curve through points monotone.

/// Slopes at the points that keep each piece monotone: the weighted harmonic mean of the secants on both sides (Fritsch &
/// Butland 1984, doi:10.1137/0905021), 0 at a turn; at the ends a parabola's, kept within three times the secant. `widths` are
/// those of the pieces, `secants` their mean slopes; empty where there is no piece.
pub fn monotone_slopes(widths: &[f64], secants: &[f64]) -> Vec<f64> {
    if secants.len() < 2 {
        return secants.first().map_or_else(Vec::new, |secant| vec![*secant; 2]);
    }
    let end = |width: f64, next: f64, secant: f64, next_secant: f64| {
        let slope = ((2.0 * width + next) * secant - width * next_secant) / (width + next);
        if slope * secant <= 0.0 {
            0.0
        } else if slope.abs() > 3.0 * secant.abs() {
            3.0 * secant
        } else {
            slope
        }
    };
    let inner = |index: usize| {
        let (one, other) = (secants[index], secants[index + 1]);
        let (w_one, w_other) = (widths[index] + 2.0 * widths[index + 1], 2.0 * widths[index] + widths[index + 1]);
        if one * other <= 0.0 { 0.0 } else { (w_one + w_other) / (w_one / one + w_other / other) }
    };
    let last = secants.len() - 1;
    let mut slopes = vec![end(widths[0], widths[1], secants[0], secants[1])];
    slopes.extend((0..last).map(inner));
    slopes.push(end(widths[last], widths[last - 1], secants[last], secants[last - 1]));
    slopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_points_of_a_parabola_have_the_slopes_of_fritsch_and_butland() {
        // Secants 1 and 3, equal widths: the harmonic mean is 1.5; the first end 0, the last 4.
        assert_eq!(monotone_slopes(&[1.0, 1.0], &[1.0, 3.0]), [0.0, 1.5, 4.0]);
        // Unequal widths, against `scipy.interpolate.PchipInterpolator`: the secant of the shorter interval counts more.
        let expected = [7.0 / 6.0, 6.0 / 11.0, 0.619_834_710_743_801_7, 3.366_666_666_666_666_3];
        for (slope, expected) in monotone_slopes(&[1.0, 3.0, 2.0], &[1.0, 1.0 / 3.0, 2.5]).iter().zip(expected) {
            approx::assert_relative_eq!(*slope, expected, max_relative = 1e-14);
        }
    }
}
