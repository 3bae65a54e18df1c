//! Therapeutic indices from a sweep over doses: the dose for half of an off-target readout over that for half rescue.

use super::sensitivity::quoted;
use super::sweep::SweepTable;
use super::synergy::number;
use crate::sweep::dose_response::{HillFit, Known, fit};
use std::fmt::Write;

/// What is known of a dose.
#[derive(Clone, Copy, Debug, PartialEq)]
enum HalfDose {
    /// This one, with the interval that holds it; the ends are the dose itself where it was read between two responses.
    Dose { dose: f64, low: f64, high: f64 },
    /// It is higher than this.
    Above(f64),
    /// It is lower than this.
    Below(f64),
}

impl SweepTable<'_> {
    /// For every arm and every rescue: dose for half rescue, dose for half of the off-target readout, and their ratio, as
    /// CSV; what is unknown is empty, with the bound that is known. None where there is no axis of doses or no off-target
    /// readout.
    pub(super) fn therapeutic_table(&self) -> Option<String> {
        let axis = self.dose_axis()?;
        let off_target = self.columns.iter().position(|column| column.name == self.off_target)?;
        let unit = self.columns[axis].unit.replace('/', "_per_");
        let mut text = format!(
            "arm,readout,ED50_{unit},ED50_low,ED50_high,ED50_is,off_target,TD50_{unit},TD50_low,TD50_high,TD50_is,\
             therapeutic_index,therapeutic_index_low,therapeutic_index_high,therapeutic_index_is\n"
        );
        let rescues =
            || self.all_readouts().into_iter().filter(|place| self.columns[*place].name.starts_with("rescue"));
        for arm in self.arms() {
            let doses: Vec<f64> = self.first_rows(arm).iter().map(|row| self.number(*row, axis)).collect();
            let toxic = half_dose(&doses, &self.means_by_point(arm, off_target), None);
            for rescue in rescues() {
                let useful = half_dose(&doses, &self.means_by_point(arm, rescue), Some(0.5));
                let keys = [arm, &self.columns[rescue].name].map(quoted).join(",");
                let index = written(index(toxic, useful), false);
                let (useful, toxic) = (written(useful, true), written(toxic, true));
                let off_target = quoted(&self.off_target);
                let _ = writeln!(text, "{keys},{useful},{off_target},{toxic},{index}");
            }
        }
        Some(text)
    }
}

/// The number, its bounds, and in a word what is known; `with_interval` where the ends of an interval are bounds too.
fn written(half: Option<HalfDose>, with_interval: bool) -> String {
    match half {
        Some(HalfDose::Dose { dose, low, high }) if with_interval => {
            format!("{dose},{},{},known", number(low), number(high))
        }
        Some(HalfDose::Dose { dose, .. }) => format!("{dose},,,known"),
        Some(HalfDose::Above(low)) => format!(",{low},,above"),
        Some(HalfDose::Below(high)) => format!(",,{high},below"),
        None => ",,,unknown".into(),
    }
}

/// The dose with the unwanted effect over that with the wanted one, as far as it is known.
fn index(toxic: Option<HalfDose>, useful: Option<HalfDose>) -> Option<HalfDose> {
    use HalfDose::{Above, Below, Dose};
    match (toxic?, useful?) {
        (Dose { dose: toxic, .. }, Dose { dose: useful, .. }) => {
            Some(Dose { dose: toxic / useful, low: f64::NAN, high: f64::NAN })
        }
        (Above(toxic), Dose { dose: useful, .. } | Below(useful)) => Some(Above(toxic / useful)),
        (Dose { dose: toxic, .. }, Below(useful)) => Some(Above(toxic / useful)),
        (Below(toxic), Dose { dose: useful, .. } | Above(useful)) => Some(Below(toxic / useful)),
        (Dose { dose: toxic, .. }, Above(useful)) => Some(Below(toxic / useful)),
        (Above(_), Above(_)) | (Below(_), Below(_)) => None,
    }
}

/// The lowest dose with half of an effect: at `level`, or else half way to the top of a Hill curve, where one passes near the
/// responses; where none does, half way from the response to the lowest dose to the farthest one. Read between the doses around
/// it, on a logarithmic scale of doses. None where nothing is known.
fn half_dose(doses: &[f64], responses: &[f64], level: Option<f64>) -> Option<HalfDose> {
    if level.is_none()
        && let Some(fit) = fit(doses, responses).filter(HillFit::passes)
    {
        let dose = fit.ec50;
        return match fit.ec50_known {
            Known::Exactly => Some(HalfDose::Dose { dose, low: dose, high: dose }),
            Known::Within([low, high]) => Some(HalfDose::Dose { dose, low, high }),
            Known::Above(low) => Some(HalfDose::Above(low)),
            Known::Below(high) => Some(HalfDose::Below(high)),
            // A step: it lies between two doses, and is read there.
            Known::Between(_) => read(doses, responses, None),
            Known::Unknown => None,
        };
    }
    read(doses, responses, level)
}

fn read(doses: &[f64], responses: &[f64], level: Option<f64>) -> Option<HalfDose> {
    let mut pairs: Vec<(f64, f64)> =
        doses.iter().copied().zip(responses.iter().copied()).filter(|(_, response)| response.is_finite()).collect();
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (lowest, first) = *pairs.first()?;
    let (highest, _) = *pairs.last()?;
    let farthest = pairs
        .iter()
        .map(|(_, response)| *response)
        .max_by(|one, other| (one - first).abs().total_cmp(&(other - first).abs()))?;
    if level.is_none() && farthest == first {
        return None;
    }
    // A stated level is risen to.
    let (level, way) =
        level.map_or((f64::midpoint(first, farthest), (farthest - first).signum()), |level| (level, 1.0));
    let share = |response: f64| (response - level) * way;
    let Some(after) = pairs.iter().position(|(_, response)| share(*response) >= 0.0) else {
        return Some(HalfDose::Above(highest));
    };
    let (dose, to) = (pairs[after].0, pairs[after].1);
    if after == 0 {
        return (lowest > 0.0).then_some(HalfDose::Below(lowest));
    }
    let (before, from) = pairs[after - 1];
    let part = (level - from) / (to - from);
    let dose = if before > 0.0 { before * libm::pow(dose / before, part) } else { part * dose };
    Some(HalfDose::Dose { dose, low: dose, high: dose })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dose(half: Option<HalfDose>) -> f64 {
        match half {
            Some(HalfDose::Dose { dose, .. }) => dose,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn half_doses_are_read_where_they_lie() {
        let doses: Vec<f64> = (0..12).map(|place| 0.1 * libm::pow(10.0, f64::from(place) / 4.0)).collect();
        let block: Vec<f64> = doses.iter().map(|dose| dose / (dose + 5.0)).collect();
        approx::assert_relative_eq!(dose(half_dose(&doses, &block, None)), 5.0, max_relative = 1e-3);
        // A threshold, and a fall beyond it: no Hill curve.
        let rescue = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.2, 0.0, 0.0, 0.0];
        let found = dose(half_dose(&doses, &rescue, Some(0.5)));
        assert!(found > doses[4] && found < doses[5]);
        // What is never reached may be reached at a higher dose.
        assert_eq!(half_dose(&doses, &[0.0; 12], Some(0.5)), Some(HalfDose::Above(doses[11])));
        assert_eq!(half_dose(&doses, &rescue.map(|value| 0.4 * value), Some(0.5)), Some(HalfDose::Above(doses[11])));
        assert_eq!(half_dose(&doses, &[0.8; 12], Some(0.5)), Some(HalfDose::Below(doses[0])));
    }

    #[test]
    fn half_of_what_is_not_seen_to_end_is_beyond() {
        let doses: Vec<f64> = (0..12).map(|place| 0.1 * libm::pow(10.0, f64::from(place) / 4.0)).collect();
        let rising: Vec<f64> = doses.iter().map(|dose| 1e-3 * dose).collect();
        let Some(HalfDose::Above(toxic)) = half_dose(&doses, &rising, None) else { panic!("it never ends") };
        assert!(toxic > doses[11]);
        let useful = half_dose(&doses, &doses.iter().map(|dose| dose / (dose + 1.0)).collect::<Vec<_>>(), Some(0.5));
        let Some(HalfDose::Above(least)) = index(Some(HalfDose::Above(toxic)), useful) else { panic!("it is bounded") };
        approx::assert_relative_eq!(least, toxic, max_relative = 1e-6);
    }
}
