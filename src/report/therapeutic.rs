//! Therapeutic indices from a sweep over doses: the dose for half of an off-target readout over that for half rescue.

use super::sensitivity::quoted;
use super::sweep::SweepTable;
use crate::sweep::dose_response::fit;
use std::fmt::Write;

/// A dose with the interval that holds it; the ends are the dose itself where it was read between two responses.
#[derive(Clone, Copy, Debug, PartialEq)]
struct HalfDose {
    dose: f64,
    low: f64,
    high: f64,
}

impl SweepTable<'_> {
    /// For every arm and every rescue: dose for half rescue, dose for half of the off-target readout, and their ratio, as
    /// CSV. None where there is no axis of doses or no off-target readout.
    pub(super) fn therapeutic_table(&self) -> Option<String> {
        let axis = self.dose_axis()?;
        let off_target = self.columns.iter().position(|column| column.name == self.off_target)?;
        let unit = self.columns[axis].unit.replace('/', "_per_");
        let mut text = format!(
            "arm,readout,ED50_{unit},ED50_low,ED50_high,off_target,TD50_{unit},TD50_low,TD50_high,therapeutic_index\n"
        );
        let rescues =
            || self.all_readouts().into_iter().filter(|place| self.columns[*place].name.starts_with("rescue"));
        for arm in self.arms() {
            let doses: Vec<f64> = self.first_rows(arm).iter().map(|row| self.number(*row, axis)).collect();
            let toxic = half_dose(&doses, &self.means_by_point(arm, off_target), None);
            for rescue in rescues() {
                let useful = half_dose(&doses, &self.means_by_point(arm, rescue), Some(0.5));
                let keys = [arm, &self.columns[rescue].name].map(quoted).join(",");
                let index = toxic.zip(useful).map(|(toxic, useful)| (toxic.dose / useful.dose).to_string());
                let (useful, toxic) = (written(useful), written(toxic));
                let off_target = quoted(&self.off_target);
                let _ = writeln!(text, "{keys},{useful},{off_target},{toxic},{}", index.unwrap_or_default());
            }
        }
        Some(text)
    }
}

fn written(half: Option<HalfDose>) -> String {
    half.map_or(",,".into(), |HalfDose { dose, low, high }| format!("{dose},{low},{high}"))
}

/// The lowest dose with half of an effect: at `level`, or else half way from the response to the lowest dose to the farthest
/// one. From a Hill fit where one describes the responses and no level is given; else read between the doses around it, on
/// a logarithmic scale of doses.
fn half_dose(doses: &[f64], responses: &[f64], level: Option<f64>) -> Option<HalfDose> {
    if level.is_none()
        && let Some(fit) = fit(doses, responses).filter(|fit| fit.describes(doses))
    {
        let [low, high] = fit.ec50_interval;
        return Some(HalfDose { dose: fit.ec50, low, high });
    }
    let mut pairs: Vec<(f64, f64)> =
        doses.iter().copied().zip(responses.iter().copied()).filter(|(_, response)| response.is_finite()).collect();
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let first = pairs.first()?.1;
    let farthest = pairs
        .iter()
        .map(|(_, response)| *response)
        .max_by(|one, other| (one - first).abs().total_cmp(&(other - first).abs()))?;
    let level = level.unwrap_or(f64::midpoint(first, farthest));
    let share = |response: f64| (response - level) * (farthest - first).signum();
    let after = pairs.iter().position(|(_, response)| share(*response) >= 0.0)?;
    let (dose, to) = (pairs[after].0, pairs[after].1);
    if after == 0 || farthest == first {
        return None;
    }
    let (before, from) = pairs[after - 1];
    let part = (level - from) / (to - from);
    let dose = if before > 0.0 { before * libm::pow(dose / before, part) } else { part * dose };
    Some(HalfDose { dose, low: dose, high: dose })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_doses_are_read_where_they_lie() {
        let doses: Vec<f64> = (0..12).map(|place| 0.1 * libm::pow(10.0, f64::from(place) / 4.0)).collect();
        let block: Vec<f64> = doses.iter().map(|dose| dose / (dose + 5.0)).collect();
        approx::assert_relative_eq!(half_dose(&doses, &block, None).unwrap().dose, 5.0, max_relative = 1e-3);
        // A threshold, and a fall beyond it: no Hill curve.
        let rescue = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.2, 0.0, 0.0, 0.0];
        let found = half_dose(&doses, &rescue, Some(0.5)).unwrap().dose;
        assert!(found > doses[4] && found < doses[5]);
        assert_eq!(half_dose(&doses, &[0.0; 12], Some(0.5)), None);
        assert_eq!(half_dose(&doses, &rescue.map(|value| 0.4 * value), Some(0.5)), None);
    }
}
