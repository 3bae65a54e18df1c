//! Dose-response curves from a sweep's table: Hill fits of readouts over an axis of doses or concentrations.

use super::sensitivity::quoted;
use super::sweep::SweepTable;
use crate::plot::FittedCurve;
use crate::sweep::dose_response::{HillFit, fit};
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

    /// The fitted curve of an arm, where the responses have one.
    pub(super) fn fitted_curve(&self, arm: &str, axis: usize, readout: usize) -> Option<FittedCurve> {
        let (doses, fit) = self.fitted(arm, axis, readout)?;
        if !fit.describes(&doses) {
            return None;
        }
        let positive = doses.iter().copied().filter(|dose| *dose > 0.0);
        let low = positive.clone().fold(f64::INFINITY, f64::min);
        let high = positive.fold(0.0, f64::max);
        let at = |place: usize| low * libm::pow(high / low, place as f64 / (PLACES - 1) as f64);
        let xs: Vec<f64> = (0..PLACES).map(at).collect();
        let ys = xs.iter().map(|dose| fit.at(*dose)).collect();
        let [lower, upper] = fit.ec50_interval;
        let unit = &self.columns[axis].unit;
        let note = format!("EC50 {} {unit} ({} to {})", short(fit.ec50), short(lower), short(upper));
        Some(FittedCurve { xs, ys, half: (fit.ec50, fit.at(fit.ec50)), note })
    }

    /// The fits of every arm and readout as CSV; none where there is no axis of doses.
    pub(super) fn dose_response_table(&self) -> Option<String> {
        let axis = self.dose_axis()?;
        let unit = self.columns[axis].unit.replace('/', "_per_");
        let header = format!(
            "arm,readout,axis,EC50_{unit},EC50_low,EC50_high,hill,hill_low,hill_high,bottom,top,r_squared,describes\n"
        );
        let line = |arm: &str, readout: usize| {
            let (doses, fit) = self.fitted(arm, axis, readout)?;
            let keys = [arm, &self.columns[readout].name, &self.columns[axis].name].map(quoted).join(",");
            let [ec50_low, ec50_high] = fit.ec50_interval;
            let [hill_low, hill_high] = fit.hill_interval;
            let HillFit { ec50, hill, bottom, top, r_squared, .. } = fit;
            let describes = fit.describes(&doses);
            Some(format!(
                "{keys},{ec50},{ec50_low},{ec50_high},{hill},{hill_low},{hill_high},{bottom},{top},{r_squared},{describes}\n"
            ))
        };
        let of_arm =
            |arm: &str| self.all_readouts().into_iter().filter_map(|readout| line(arm, readout)).collect::<String>();
        Some(header + &self.arms().into_iter().map(of_arm).collect::<String>())
    }
}

/// Three significant digits.
fn short(value: f64) -> String {
    if !(value.is_finite() && value > 0.0) {
        return "?".into();
    }
    let digits = 2 - libm::floor(libm::log10(value)) as i32;
    format!("{value:.*}", digits.clamp(0, 8) as usize)
}
