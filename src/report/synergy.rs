//! Drugs given together, from a sweep's table over two or three axes of doses: effects against those of drugs that do not
//! interact, and isoboles.

use super::replicates::joined;
use super::sensitivity::quoted;
use super::sweep::SweepTable;
use crate::plot::{Figure, HeatMapFigure, HeatPanel, Isobole, IsobolePanel, IsobologramFigure, SweptAxis};
use crate::store::table::Column;
use crate::sweep::sensitivity::Estimate;
use crate::sweep::synergy::{Alone, Dosed, Synergy, synergy};
use std::fmt::Write;

/// Seed of the bootstrap: intervals are the same whenever they are made from the same table.
const SEED: u64 = 1;
/// Effects whose isoboles are drawn.
const LEVELS: [f64; 3] = [0.25, 0.5, 0.75];
/// Panels of the third drug's doses in a figure.
const MOST_SLICES: usize = 5;

impl SweepTable<'_> {
    /// The axes of doses, where the sweep has two or three free axes, all of doses and all with none of the drug.
    fn combined_axes(&self) -> Option<Vec<usize>> {
        let axes = self.free_axes();
        let without = |axis: &usize| (0..self.rows()).any(|row| self.number(row, *axis) == 0.0);
        let fits = (2..=3).contains(&axes.len()) && axes.iter().all(|axis| self.is_dose(*axis) && without(axis));
        fits.then_some(axes)
    }

    /// The dose surface of a readout in an arm.
    fn surface(&self, arm: &str, axes: &[usize], readout: usize) -> Vec<Dosed> {
        let mut surface: Vec<Dosed> = Vec::new();
        let mut last = None;
        for row in self.rows_of(arm) {
            let point = self.point(row);
            if last != Some(point) {
                let doses = axes.iter().map(|axis| self.number(row, *axis)).collect();
                surface.push(Dosed { doses, responses: Vec::new() });
                last = Some(point);
            }
            if let Some(dosed) = surface.last_mut() {
                dosed.responses.push(self.sound_number(row, readout));
            }
        }
        surface
    }

    /// The response that counts as the effect 1, where the readout has one of its own: a rescue of 1 is full.
    fn full(&self, readout: usize) -> Option<f64> {
        self.columns[readout].name.starts_with("rescue").then_some(1.0)
    }

    /// What the readout is, without its unit: effects have none.
    fn unitless(&self, readout: usize) -> String {
        let titled = self.titled(readout);
        let unit = format!(" ({})", self.columns[readout].unit);
        titled.strip_suffix(&unit).map_or(titled.clone(), str::to_owned)
    }

    fn synergy_of(&self, arm: &str, axes: &[usize], readout: usize) -> Option<Synergy> {
        synergy(&self.surface(arm, axes, readout), self.full(readout), SEED)
    }

    /// Every combination of every arm and readout as CSV, and means over the surfaces.
    pub(super) fn synergy_tables(&self) -> Option<[String; 2]> {
        let axes = self.combined_axes()?;
        let named = |axis: &usize| {
            let Column { label, unit, .. } = &self.columns[*axis];
            format!("{label} ({unit})")
        };
        let doses = axes.iter().map(named).map(|name| quoted(&name)).collect::<Vec<_>>().join(",");
        let mut points = format!(
            "arm,readout,{doses},effect,bliss,beyond_bliss,beyond_bliss_low,beyond_bliss_high,loewe,beyond_loewe,\
             beyond_loewe_low,beyond_loewe_high,combination_index,combination_index_low,combination_index_high\n"
        );
        let halves =
            axes.iter().map(|axis| quoted(&format!("half dose of {}", named(axis)))).collect::<Vec<_>>().join(",");
        let mut means = format!(
            "arm,readout,scale,combinations,beyond_bliss,beyond_bliss_low,beyond_bliss_high,beyond_loewe,beyond_loewe_low,\
             beyond_loewe_high,{halves},falls_with_dose\n"
        );
        for arm in self.arms() {
            for readout in self.all_readouts() {
                let Some(found) = self.synergy_of(arm, &axes, readout) else { continue };
                let keys = [arm, &self.columns[readout].name].map(quoted).join(",");
                write_points(&mut points, &keys, &found);
                let halves: Vec<String> = found.alone.iter().map(|alone| alone.dose(0.5).to_string()).collect();
                let (bliss, loewe) = (interval(&found.beyond_bliss), interval(&found.beyond_loewe));
                let (scale, count) = (found.scale, found.points.len());
                let falls = axes.iter().zip(&found.falls).filter(|(_, falls)| **falls);
                let falls =
                    quoted(&falls.map(|(axis, _)| self.columns[*axis].label.clone()).collect::<Vec<_>>().join("; "));
                let _ = writeln!(means, "{keys},{scale},{count},{bliss},{loewe},{},{falls}", halves.join(","));
            }
        }
        Some([points, means])
    }

    /// Surfaces and isobolograms of the chosen readouts.
    pub(super) fn synergy_figures(&self, readouts: &[usize]) -> Vec<(String, Figure)> {
        let Some(axes) = self.combined_axes() else { return Vec::new() };
        let mut figures = Vec::new();
        for arm in self.arms() {
            for readout in readouts {
                let Some(found) = self.synergy_of(arm, &axes, *readout) else { continue };
                let of_arm = if self.arms().len() > 1 { format!(" {arm}") } else { String::new() };
                let stem = format!("{}{of_arm}", self.columns[*readout].name).replace([' ', '/'], "_");
                let slices = self.slices(&axes);
                figures.push((format!("synergy_{stem}"), self.surface_figure((arm, *readout), &axes, &found, &slices)));
                figures
                    .push((format!("isobologram_{stem}"), self.isobologram((arm, *readout), &axes, &found, &slices)));
            }
        }
        figures
    }

    /// The doses of the third drug for which the other two are drawn; one slice where there is none.
    fn slices(&self, axes: &[usize]) -> Vec<Option<f64>> {
        let Some(third) = axes.get(2) else { return vec![None] };
        let values = self.axis(*third).values;
        let every = values.len().div_ceil(MOST_SLICES).max(1);
        values.into_iter().step_by(every).map(Some).collect()
    }

    /// The effect at doses of the first two drugs and, if any, of the third; NaN where it failed.
    fn effect_surface(
        &self,
        (arm, readout): (&str, usize),
        axes: &[usize],
        found: &Synergy,
        slice: Option<f64>,
    ) -> Vec<Vec<f64>> {
        let surface = self.surface(arm, axes, readout);
        let mean = |doses: &[f64]| {
            let point = surface.iter().find(|point| point.doses == doses);
            point.map_or(f64::NAN, |point| point.responses.iter().sum::<f64>() / point.responses.len() as f64)
        };
        let rest = mean(&vec![0.0; axes.len()]);
        let (across, up) = (self.axis(axes[0]).values, self.axis(axes[1]).values);
        let at = |first: f64, second: f64| {
            let doses: Vec<f64> = [first, second].into_iter().chain(slice).collect();
            (mean(&doses) - rest) / found.scale
        };
        up.iter().map(|second| across.iter().map(|first| at(*first, *second)).collect()).collect()
    }

    fn surface_figure(
        &self,
        (arm, readout): (&str, usize),
        axes: &[usize],
        found: &Synergy,
        slices: &[Option<f64>],
    ) -> Figure {
        let (x, y) = (self.axis(axes[0]), self.axis(axes[1]));
        let mut panels = Vec::new();
        for slice in slices {
            let named = |what: &str| self.with_slice(what, axes, *slice);
            let beyond = |pick: &dyn Fn(&crate::sweep::synergy::Combined) -> f64| {
                let at = |first: f64, second: f64| {
                    let doses: Vec<f64> = [first, second].into_iter().chain(*slice).collect();
                    // One drug alone does what it does alone.
                    found.points.iter().find(|point| point.doses == doses).map_or(0.0, pick)
                };
                y.values.iter().map(|second| x.values.iter().map(|first| at(*first, *second)).collect()).collect()
            };
            let effect = self.effect_surface((arm, readout), axes, found, *slice);
            panels.push(HeatPanel { name: named("effect"), values: effect });
            panels.push(HeatPanel { name: named("beyond Bliss"), values: beyond(&|point| point.beyond_bliss.value) });
            panels.push(HeatPanel { name: named("beyond Loewe"), values: beyond(&|point| point.beyond_loewe.value) });
        }
        let say =
            |mean: &Estimate| format!("{:.2} ({:.2} to {:.2})", mean.value, mean.low, mean.high).replace('-', "−");
        let (third, bliss, loewe) = (self.third(axes), say(&found.beyond_bliss), say(&found.beyond_loewe));
        let means = format!("{arm}{third}; mean beyond Bliss {bliss}, beyond Loewe {loewe}");
        let subtitle = joined([means, self.averaged()]);
        let value = match self.full(readout) {
            Some(_) => format!("effect on {}", self.titled(readout)),
            None => format!("effect on {} (share of the largest)", self.unitless(readout)),
        };
        HeatMapFigure { title: self.title.clone(), subtitle, x, y, value, panels }.render()
    }

    /// What the panels of a third drug are of.
    fn third(&self, axes: &[usize]) -> String {
        axes.get(2)
            .map(|third| format!("; a panel for each dose of {}", self.columns[*third].label))
            .unwrap_or_default()
    }

    fn with_slice(&self, what: &str, axes: &[usize], slice: Option<f64>) -> String {
        match (slice, axes.get(2)) {
            (Some(dose), Some(third)) => {
                format!("{what}, {dose} {}", self.columns[*third].unit)
            }
            _ => what.to_owned(),
        }
    }

    fn isobologram(
        &self,
        (arm, readout): (&str, usize),
        axes: &[usize],
        found: &Synergy,
        slices: &[Option<f64>],
    ) -> Figure {
        let (x, y) = (self.axis(axes[0]), self.axis(axes[1]));
        let panel = |slice: &Option<f64>| {
            let effects = self.effect_surface((arm, readout), axes, found, *slice);
            let isobole = |level: &f64| Isobole {
                level: *level,
                seen: isobole((&x, &y), &effects, *level, &alone_doses(&found.alone, *level, *slice)),
                additive: additive((&x, &y), &found.alone, *level, *slice),
            };
            IsobolePanel {
                name: self.with_slice("", axes, *slice).trim_start_matches(", ").to_owned(),
                isoboles: LEVELS.iter().map(isobole).collect(),
            }
        };
        let panels = slices.iter().map(panel).collect();
        let (third, value) = (self.third(axes), self.unitless(readout));
        let effect = if self.full(readout).is_some() { "effect" } else { "largest effect" };
        let doses = format!("{arm}{third}; doses that together have a share of the {effect} on {value}");
        let subtitle = joined([doses, self.averaged()]);
        IsobologramFigure { title: self.title.clone(), subtitle, x, y, panels }.render()
    }
}

fn interval(estimate: &Estimate) -> String {
    let Estimate { value, low, high } = estimate;
    format!("{value},{low},{high}")
}

fn write_points(text: &mut String, keys: &str, found: &Synergy) {
    for point in &found.points {
        let doses: Vec<String> = point.doses.iter().map(f64::to_string).collect();
        let (bliss, loewe) = (interval(&point.beyond_bliss), interval(&point.beyond_loewe));
        let numbers =
            format!("{},{},{bliss},{},{loewe},{}", point.effect, point.bliss, point.loewe, interval(&point.index));
        let _ = writeln!(text, "{keys},{},{numbers}", doses.join(","));
    }
}

/// Places at which an effect is first reached, going up along the second axis at each dose of the first, and along the first
/// at each dose of the second; in order of the first axis. On the axes they are the doses of a drug alone, where it is known: the
/// line of what adds begins there.
fn isobole(
    (x, y): (&SweptAxis, &SweptAxis),
    effects: &[Vec<f64>],
    level: f64,
    alone: &[Option<f64>],
) -> Vec<(f64, f64)> {
    let crossing = |values: &[f64], doses: &[f64]| {
        let after = values.iter().position(|value| *value >= level)?;
        // What is reached without this drug is no isobole of it.
        if after == 0 {
            return None;
        }
        let share = (level - values[after - 1]) / (values[after] - values[after - 1]);
        let dose = share.mul_add(doses[after] - doses[after - 1], doses[after - 1]);
        dose.is_finite().then_some(dose)
    };
    let mut places = Vec::new();
    for (column, first) in x.values.iter().enumerate() {
        let values: Vec<f64> = effects.iter().map(|row| row[column]).collect();
        let known = alone.get(1).copied().flatten().filter(|_| *first == 0.0);
        places.extend(crossing(&values, &y.values).map(|second| (*first, known.unwrap_or(second))));
    }
    for (row, second) in y.values.iter().enumerate() {
        let known = alone.first().copied().flatten().filter(|_| *second == 0.0);
        places.extend(crossing(&effects[row], &x.values).map(|first| (known.unwrap_or(first), *second)));
    }
    places.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.total_cmp(&one.1)));
    let mut falling: Vec<(f64, f64)> = Vec::new();
    for place in places {
        if falling.last().is_none_or(|last| place.1 < last.1 || (place.1 == last.1 && place.1 > 0.0)) {
            falling.push(place);
        }
    }
    falling
}

/// The doses with which each drug has an effect alone, where it has it; none beside a third drug.
fn alone_doses(alone: &[Alone], level: f64, slice: Option<f64>) -> Vec<Option<f64>> {
    let by_itself = slice.is_none_or(|dose| dose == 0.0);
    alone.iter().map(|drug| Some(drug.dose(level)).filter(|dose| by_itself && dose.is_finite())).collect()
}

/// Doses of the first two drugs that add up to an effect, beside a dose of the third.
fn additive((x, y): (&SweptAxis, &SweptAxis), alone: &[Alone], level: f64, slice: Option<f64>) -> Vec<(f64, f64)> {
    let spent = slice.zip(alone.get(2)).map_or(0.0, |(dose, alone)| dose / alone.dose(level));
    let left = 1.0 - spent;
    if left <= 0.0 {
        return Vec::new();
    }
    let [first, second] = [0, 1].map(|drug: usize| left * alone[drug].dose(level));
    let most = |axis: &SweptAxis| axis.values.last().copied().unwrap_or(0.0);
    match (first.is_finite(), second.is_finite()) {
        (true, true) => vec![(0.0, second), (first, 0.0)],
        // A drug that never has the effect alone adds nothing.
        (true, false) => vec![(first, 0.0), (first, most(y))],
        (false, true) => vec![(0.0, second), (most(x), second)],
        (false, false) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::monotone::MonotoneCurve;

    fn axis() -> SweptAxis {
        SweptAxis { values: vec![0.0, 1.0, 2.0, 3.0, 4.0], ..SweptAxis::default() }
    }

    #[test]
    fn the_isobole_of_what_adds_is_straight() {
        let effects: Vec<Vec<f64>> = (0..5)
            .map(|second| (0..5).map(|first| 0.2 * f64::from(first) + 0.2 * f64::from(second)).collect())
            .collect();
        let places = isobole((&axis(), &axis()), &effects, 0.5, &[]);
        assert!(places.len() > 4);
        for (first, second) in places {
            approx::assert_abs_diff_eq!(first + second, 2.5, epsilon = 1e-12);
        }
        let alone = Alone::Curve(MonotoneCurve::through(&[0.0, 4.0], &[0.0, 0.8]));
        let line = additive((&axis(), &axis()), &[alone.clone(), alone], 0.5, None);
        for (found, expected) in line.into_iter().zip([(0.0, 2.5), (2.5, 0.0)]) {
            approx::assert_abs_diff_eq!(found.0, expected.0, epsilon = 1e-12);
            approx::assert_abs_diff_eq!(found.1, expected.1, epsilon = 1e-12);
        }
    }

    #[test]
    fn isoboles_and_the_lines_of_what_adds_meet_on_the_axes() {
        // Effects bend between the doses that were tried.
        let effect = |dose: f64| dose / (dose + 3.0);
        let effects: Vec<Vec<f64>> =
            (0..5).map(|second| (0..5).map(|first| effect(f64::from(first) + f64::from(second))).collect()).collect();
        let doses: Vec<f64> = (0..5).map(f64::from).collect();
        let alone =
            Alone::Curve(MonotoneCurve::through(&doses, &doses.iter().map(|dose| effect(*dose)).collect::<Vec<_>>()));
        let both = [alone.clone(), alone];
        let line = additive((&axis(), &axis()), &both, 0.45, None);
        let seen = isobole((&axis(), &axis()), &effects, 0.45, &alone_doses(&both, 0.45, None));
        assert_eq!((seen[0], seen[seen.len() - 1]), (line[0], line[1]));
        assert_eq!(alone_doses(&both, 0.45, Some(1.0)), [None, None]);
    }

    #[test]
    fn a_drug_that_does_nothing_alone_has_a_line_along_its_axis() {
        let strong = Alone::Curve(MonotoneCurve::through(&[0.0, 4.0], &[0.0, 0.8]));
        let weak = Alone::Curve(MonotoneCurve::through(&[0.0, 4.0], &[0.0, 0.1]));
        let line = additive((&axis(), &axis()), &[strong, weak], 0.5, None);
        for (found, expected) in line.into_iter().zip([(2.5, 0.0), (2.5, 4.0)]) {
            approx::assert_abs_diff_eq!(found.0, expected.0, epsilon = 1e-12);
            assert_eq!(found.1, expected.1);
        }
    }
}
