//! Dose-response curves from a sweep's table: Hill fits of readouts over an axis of doses or concentrations.

use super::sensitivity::quoted;
use super::sweep::SweepTable;
use super::synergy::number;
use crate::plot::FittedCurve;
use crate::sweep::dose_response::{HillFit, Known, fit};
use crate::units::{Dimension, InputUnit};

/// Places at which a fitted curve is drawn.
const PLACES: usize = 120;

impl SweepTable<'_> {
    /// The axis of doses, where the sweep has one axis and that is one.
    pub(super) fn dose_axis(&self) -> Option<usize> {
        let [axis] = self.free_axes()[..] else { return None };
        self.is_dose(axis).then_some(axis)
    }

    /// Whether an axis is of doses or concentrations.
    pub(super) fn is_dose(&self, axis: usize) -> bool {
        let doses = [Dimension::Dose, Dimension::Concentration].map(|dimension| dimension.base_symbol(InputUnit::None));
        doses.contains(&self.columns[axis].unit.as_str())
    }

    fn fitted(&self, arm: &str, axis: usize, readout: usize) -> Option<(Vec<f64>, HillFit)> {
        let doses: Vec<f64> = self.first_rows(arm).iter().map(|row| self.number(*row, axis)).collect();
        let fit = fit(&doses, &self.means_by_point(arm, readout))?;
        Some((doses, fit))
    }

    /// The fitted curve of an arm, where it passes near the responses and these tell anything of its EC50.
    pub(super) fn fitted_curve(&self, arm: &str, axis: usize, readout: usize) -> Option<FittedCurve> {
        let (doses, fit) = self.fitted(arm, axis, readout)?;
        let note = ec50_in_words(&fit, &self.columns[axis].unit).filter(|_| fit.passes())?;
        let positive = doses.iter().copied().filter(|dose| *dose > 0.0);
        let low = positive.clone().fold(f64::INFINITY, f64::min);
        let high = positive.fold(0.0, f64::max);
        let at = |place: usize| low * libm::pow(high / low, place as f64 / (PLACES - 1) as f64);
        let xs: Vec<f64> = (0..PLACES).map(at).collect();
        let ys = xs.iter().map(|dose| fit.at(*dose)).collect();
        let half = fit.describes(&doses).then(|| (fit.ec50, fit.at(fit.ec50)));
        Some(FittedCurve { xs, ys, half, note })
    }

    /// The fits of every arm and readout as CSV; none where there is no axis of doses. What is unknown is empty.
    pub(super) fn dose_response_table(&self) -> Option<String> {
        let axis = self.dose_axis()?;
        let unit = self.columns[axis].unit.replace('/', "_per_");
        let header = format!(
            "arm,readout,axis,EC50_{unit},EC50_low,EC50_high,EC50_is,hill,hill_low,hill_high,hill_is,bottom,top,r_squared,\
             describes\n"
        );
        let line = |arm: &str, readout: usize| {
            let (doses, fit) = self.fitted(arm, axis, readout)?;
            let keys = [arm, &self.columns[readout].name, &self.columns[axis].name].map(quoted).join(",");
            let (ec50, hill) = (with_bounds(fit.ec50, fit.ec50_known), with_bounds(fit.hill, fit.hill_known));
            // Levels that lie outside the doses are those of a curve that is known.
            let determined = fit.ec50_known.has_value();
            let bottom = if determined || doses.contains(&0.0) { number(fit.bottom) } else { String::new() };
            let top = if determined { number(fit.top) } else { String::new() };
            let (r_squared, describes) = (fit.r_squared, fit.describes(&doses));
            Some(format!("{keys},{ec50},{hill},{bottom},{top},{r_squared},{describes}\n"))
        };
        let of_arm =
            |arm: &str| self.all_readouts().into_iter().filter_map(|readout| line(arm, readout)).collect::<String>();
        Some(header + &self.arms().into_iter().map(of_arm).collect::<String>())
    }
}

/// A number, its bounds, and in a word what is known of it.
fn with_bounds(value: f64, known: Known) -> String {
    let [low, high] = known.bounds().map(number);
    let value = if known.has_value() { number(value) } else { String::new() };
    format!("{value},{low},{high},{}", known.word())
}

/// What is known of an EC50, as a figure says it; none where nothing is.
fn ec50_in_words(fit: &HillFit, unit: &str) -> Option<String> {
    let value = short(fit.ec50);
    Some(match fit.ec50_known {
        Known::Exactly => format!("EC50 {value} {unit}"),
        Known::Within([low, high]) => format!("EC50 {value} {unit} ({} to {})", short(low), short(high)),
        Known::Above(low) => format!("EC50 > {} {unit}", short(low)),
        Known::Below(high) => format!("EC50 < {} {unit}", short(high)),
        Known::Between([low, high]) => format!("EC50 between {} and {} {unit}", short(low), short(high)),
        Known::Unknown => return None,
    })
}

/// Three significant digits.
fn short(value: f64) -> String {
    if !(value.is_finite() && value > 0.0) {
        return "?".into();
    }
    if !(1e-6..1e9).contains(&value) {
        return format!("{value:.2e}");
    }
    let digits = 2 - libm::floor(libm::log10(value)) as i32;
    format!("{value:.*}", digits.clamp(0, 8) as usize)
}
