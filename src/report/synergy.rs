//! Drugs given together, from a sweep's table over two or three axes of doses: effects against those of drugs that do not
//! interact, and isoboles.

use super::replicates::joined;
use super::sensitivity::quoted;
use super::sweep::SweepTable;
use crate::plot::{Figure, HeatMapFigure, HeatPanel, Isobole, IsobolePanel, IsobologramFigure};
use crate::store::table::Column;
use crate::sweep::alone::{Alone, Needed};
use crate::sweep::isobole::{Surface, additive};
use crate::sweep::sensitivity::Estimate;
use crate::sweep::synergy::{Combined, Dosed, Synergy, known, synergy};
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

    /// Every combination of every arm and readout as CSV, means over the surfaces, and isoboles. What is unknown is empty, with
    /// bounds where there are any, and a column says which.
    pub(super) fn synergy_tables(&self) -> Option<[String; 3]> {
        let axes = self.combined_axes()?;
        let named = |axis: &usize| {
            let Column { label, unit, .. } = &self.columns[*axis];
            format!("{label} ({unit})")
        };
        let list = |before: &str, after: &str| {
            let names = axes.iter().map(|axis| quoted(&format!("{before}{}{after}", named(axis))));
            names.collect::<Vec<_>>().join(",")
        };
        let doses = list("", "");
        let estimates = |name: &str| format!("{name},{name}_low,{name}_high,{name}_is");
        let [beyond_bliss, loewe, beyond_loewe, index] =
            ["beyond_bliss", "loewe", "beyond_loewe", "combination_index"].map(estimates);
        let mut points = format!("arm,readout,{doses},effect,bliss,{beyond_bliss},{loewe},{beyond_loewe},{index}\n");
        let mut means = format!(
            "arm,readout,scale,combinations,beyond_bliss,beyond_bliss_low,beyond_bliss_high,bliss_known,beyond_loewe,\
             beyond_loewe_low,beyond_loewe_high,loewe_known,{},{},falls_with_dose\n",
            list("half dose of ", ""),
            list("half dose of ", " above"),
        );
        let mut isoboles = format!("arm,readout,effect,kind,line,{doses}\n");
        for arm in self.arms() {
            for readout in self.all_readouts() {
                let Some(found) = self.synergy_of(arm, &axes, readout) else { continue };
                let keys = [arm, &self.columns[readout].name].map(quoted).join(",");
                write_points(&mut points, &keys, &found);
                let falls = axes.iter().zip(&found.falls).filter(|(_, falls)| **falls);
                let falls =
                    quoted(&falls.map(|(axis, _)| self.columns[*axis].label.clone()).collect::<Vec<_>>().join("; "));
                let _ = writeln!(means, "{keys},{},{falls}", means_of(&found));
                for slice in self.slices(&axes, usize::MAX) {
                    for isobole in self.isoboles((arm, readout), &axes, &found, slice) {
                        write_isobole(&mut isoboles, &keys, &isobole, slice);
                    }
                }
            }
        }
        Some([points, means, isoboles])
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
                let slices = self.slices(&axes, MOST_SLICES);
                figures.push((format!("synergy_{stem}"), self.surface_figure((arm, *readout), &axes, &found, &slices)));
                figures
                    .push((format!("isobologram_{stem}"), self.isobologram((arm, *readout), &axes, &found, &slices)));
            }
        }
        figures
    }

    /// At most so many doses of the third drug beside which the other two are looked at; one slice where there is none.
    fn slices(&self, axes: &[usize], most: usize) -> Vec<Option<f64>> {
        let Some(third) = axes.get(2) else { return vec![None] };
        let values = self.axis(*third).values;
        let every = values.len().div_ceil(most).max(1);
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
            let beyond = |pick: &dyn Fn(&Combined) -> f64| {
                let at = |first: f64, second: f64| {
                    let doses: Vec<f64> = [first, second].into_iter().chain(*slice).collect();
                    let found = found.points.iter().find(|point| point.doses == doses).map(pick);
                    // One drug alone does what it does alone.
                    let alone = doses.iter().filter(|dose| **dose > 0.0).count() < 2;
                    found.unwrap_or(if alone { 0.0 } else { f64::NAN })
                };
                y.values.iter().map(|second| x.values.iter().map(|first| at(*first, *second)).collect()).collect()
            };
            let effect = self.effect_surface((arm, readout), axes, found, *slice);
            panels.push(HeatPanel { name: named("effect"), values: effect });
            panels.push(HeatPanel { name: named("beyond Bliss"), values: beyond(&|point| point.beyond_bliss.value) });
            panels.push(HeatPanel { name: named("beyond Loewe"), values: beyond(&|point| point.beyond_loewe.value) });
        }
        let combinations = found.points.len();
        let say = |mean: &Estimate, known: usize| {
            let where_known = match known {
                0 => return "unknown".to_owned(),
                known if known < combinations => format!(" where it is known, at {known} of {combinations}"),
                _ => String::new(),
            };
            format!("{:.2} ({:.2} to {:.2}){where_known}", mean.value, mean.low, mean.high).replace('-', "−")
        };
        let [bliss, loewe] = [say(&found.beyond_bliss, found.known[0]), say(&found.beyond_loewe, found.known[1])];
        let means = format!("{arm}{}; mean beyond Bliss {bliss}, beyond Loewe {loewe}", self.third(axes));
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
        let panel = |slice: &Option<f64>| IsobolePanel {
            name: self.with_slice("", axes, *slice).trim_start_matches(", ").to_owned(),
            isoboles: self.isoboles((arm, readout), axes, found, *slice),
        };
        let panels = slices.iter().map(panel).collect();
        let (third, value) = (self.third(axes), self.unitless(readout));
        let effect = if self.full(readout).is_some() { "effect" } else { "largest effect" };
        let doses = format!("{arm}{third}; doses that together have a share of the {effect} on {value}");
        let subtitle = joined([doses, self.averaged()]);
        IsobologramFigure { title: self.title.clone(), subtitle, x, y, panels }.render()
    }

    /// The isoboles of the first two drugs beside a dose of the third.
    fn isoboles(
        &self,
        (arm, readout): (&str, usize),
        axes: &[usize],
        found: &Synergy,
        slice: Option<f64>,
    ) -> Vec<Isobole> {
        let (x, y) = (self.axis(axes[0]).values, self.axis(axes[1]).values);
        let effects = self.effect_surface((arm, readout), axes, found, slice);
        let surface = Surface { first: &x, second: &y, effects: &effects };
        let highest = [&x, &y].map(|doses| doses.last().copied().unwrap_or(0.0));
        let isobole = |level: &f64| Isobole {
            level: *level,
            seen: surface.isoboles(*level, alone_doses(&found.alone, *level, slice)),
            additive: additive([&found.alone[0], &found.alone[1]], *level, left(&found.alone, *level, slice), highest),
        };
        LEVELS.iter().map(isobole).collect()
    }
}

/// A number of a table; empty where it is unknown or has no bound.
pub(super) fn number(value: f64) -> String {
    if value.is_finite() { value.to_string() } else { String::new() }
}

fn interval(estimate: &Estimate) -> String {
    let Estimate { value, low, high } = estimate;
    [*value, *low, *high].map(number).join(",")
}

fn with_word(estimate: &Estimate) -> String {
    format!("{},{}", interval(estimate), known(estimate))
}

fn write_points(text: &mut String, keys: &str, found: &Synergy) {
    for point in &found.points {
        let doses: Vec<String> = point.doses.iter().map(f64::to_string).collect();
        let [beyond_bliss, loewe, beyond_loewe, index] =
            [&point.beyond_bliss, &point.loewe, &point.beyond_loewe, &point.index].map(with_word);
        let (effect, bliss) = (point.effect, number(point.bliss));
        let numbers = format!("{effect},{bliss},{beyond_bliss},{loewe},{beyond_loewe},{index}");
        let _ = writeln!(text, "{keys},{},{numbers}", doses.join(","));
    }
}

/// Means over a surface and the half dose of each drug; where that is unknown, the dose that it is above, and where the drug
/// never has half of the effect, `inf`.
fn means_of(found: &Synergy) -> String {
    let half = |alone: &Alone| match alone.needed(0.5) {
        Needed::Dose(dose) => (dose.to_string(), String::new()),
        Needed::MoreThan(highest) => (String::new(), highest.to_string()),
        Needed::Never => ("inf".to_owned(), String::new()),
    };
    let (halves, above): (Vec<String>, Vec<String>) = found.alone.iter().map(half).unzip();
    let (bliss, loewe) = (interval(&found.beyond_bliss), interval(&found.beyond_loewe));
    let (scale, count, [of_bliss, of_loewe]) = (found.scale, found.points.len(), found.known);
    format!("{scale},{count},{bliss},{of_bliss},{loewe},{of_loewe},{},{}", halves.join(","), above.join(","))
}

fn write_isobole(text: &mut String, keys: &str, isobole: &Isobole, slice: Option<f64>) {
    let third = slice.map(|dose| format!(",{dose}")).unwrap_or_default();
    let lines = isobole.seen.iter().map(|line| ("seen", line)).chain([("additive", &isobole.additive)]);
    for (number, (kind, line)) in lines.enumerate() {
        for (first, second) in line {
            let _ = writeln!(text, "{keys},{},{kind},{number},{first},{second}{third}", isobole.level);
        }
    }
}

/// The doses with which each of the first two drugs has an effect alone, where they are known; none beside a third drug.
fn alone_doses(alone: &[Alone], level: f64, slice: Option<f64>) -> [Option<f64>; 2] {
    let by_itself = slice.is_none_or(|dose| dose == 0.0);
    [0, 1].map(|drug: usize| Some(alone[drug].dose(level)).filter(|dose| by_itself && dose.is_finite()))
}

/// The share of an effect that a dose of the third drug leaves to the others; 0 where that is not known.
fn left(alone: &[Alone], level: f64, slice: Option<f64>) -> f64 {
    match slice.filter(|dose| *dose > 0.0).zip(alone.get(2)).map(|(dose, alone)| (dose, alone.needed(level))) {
        None | Some((_, Needed::Never)) => 1.0,
        Some((dose, Needed::Dose(needed))) => 1.0 - dose / needed,
        Some((_, Needed::MoreThan(_))) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::monotone::MonotoneCurve;

    const DOSES: [f64; 5] = [0.0, 1.0, 2.0, 3.0, 4.0];

    fn lines(effect: impl Fn(f64) -> f64, level: f64, on_axes: [Option<f64>; 2]) -> Vec<Vec<(f64, f64)>> {
        let row = |second: &f64| DOSES.iter().map(|first| effect(first + second)).collect();
        let effects: Vec<Vec<f64>> = DOSES.iter().map(row).collect();
        Surface { first: &DOSES, second: &DOSES, effects: &effects }.isoboles(level, on_axes)
    }

    #[test]
    fn the_isobole_of_what_adds_is_straight() {
        let seen = lines(|dose| 0.2 * dose, 0.5, [None, None]);
        assert!(seen.len() == 1 && seen[0].len() > 4);
        for (first, second) in &seen[0] {
            approx::assert_abs_diff_eq!(first + second, 2.5, epsilon = 1e-12);
        }
        let alone = Alone::Curve(MonotoneCurve::through(&[0.0, 4.0], &[0.0, 0.8]));
        let line = additive([&alone, &alone], 0.5, 1.0, [4.0, 4.0]);
        for (found, expected) in line.into_iter().zip([(0.0, 2.5), (2.5, 0.0)]) {
            approx::assert_abs_diff_eq!(found.0, expected.0, epsilon = 1e-12);
            approx::assert_abs_diff_eq!(found.1, expected.1, epsilon = 1e-12);
        }
    }

    #[test]
    fn isoboles_and_the_lines_of_what_adds_meet_on_the_axes() {
        // Effects bend between the doses that were tried.
        let effect = |dose: f64| dose / (dose + 3.0);
        let alone = Alone::Curve(MonotoneCurve::through(&DOSES, &DOSES.map(effect)));
        let both = [alone.clone(), alone];
        let line = additive([&both[0], &both[1]], 0.45, 1.0, [4.0, 4.0]);
        let seen = lines(effect, 0.45, alone_doses(&both, 0.45, None));
        assert_eq!((seen[0][0], seen[0][seen[0].len() - 1]), (line[0], line[1]));
        assert_eq!(alone_doses(&both, 0.45, Some(1.0)), [None, None]);
    }

    #[test]
    fn a_drug_that_does_nothing_alone_has_a_line_along_its_axis_and_one_that_may_has_none() {
        let strong = Alone::Curve(MonotoneCurve::through(&[0.0, 4.0], &[0.0, 0.8]));
        let nothing = Alone::Curve(MonotoneCurve::through(&[0.0, 4.0], &[0.0, 0.0]));
        let line = additive([&strong, &nothing], 0.5, 1.0, [4.0, 4.0]);
        for (found, expected) in line.into_iter().zip([(2.5, 0.0), (2.5, 4.0)]) {
            approx::assert_abs_diff_eq!(found.0, expected.0, epsilon = 1e-12);
            assert_eq!(found.1, expected.1);
        }
        // How much of a weak one has the effect, nobody has seen.
        let weak = Alone::Curve(MonotoneCurve::through(&[0.0, 4.0], &[0.0, 0.1]));
        assert!(additive([&strong, &weak], 0.5, 1.0, [4.0, 4.0]).is_empty());
        assert_eq!(left(&[strong.clone(), strong, weak], 0.5, Some(4.0)), 0.0);
    }
}
