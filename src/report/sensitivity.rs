//! Sensitivity from a sweep's table: variance shares of a `saltelli` design, elementary effects of a `morris` one.

use super::replicates::joined;
use super::sweep::SweepTable;
use crate::plot::{Bar, BarFigure, BarGroup, BarPanel, Figure};
use crate::scenario::sweep::Design;
use crate::sweep::sensitivity::{Estimate, elementary_effects, variance_shares};

/// Seed of the bootstrap: intervals are the same whenever they are made from the same table.
const SEED: u64 = 1;

/// What matters for one readout of one arm.
struct Sensitivity {
    arm: String,
    readout: usize,
    /// Blocks or trajectories used, and left out because a point in them failed.
    used: usize,
    left_out: usize,
    /// For each axis, the estimates by kind; none where the readout does not vary or has too few values.
    axes: Vec<Vec<Estimate>>,
}

impl Sensitivity {
    /// Whether any axis does anything.
    fn varies(&self) -> bool {
        self.axes.iter().flatten().any(|estimate| estimate.value != 0.0)
    }
}

impl SweepTable<'_> {
    /// What the estimates of this design are called; none where the design is not made for them.
    fn kinds(&self) -> Option<&'static [&'static str]> {
        match self.design {
            Design::Saltelli => Some(&["first_order", "total"]),
            Design::Morris => Some(&["mean_size", "mean", "sd"]),
            _ => None,
        }
    }

    /// None where the design is not made for it.
    fn sensitivity(&self, arm: &str, readout: usize) -> Option<Sensitivity> {
        let axes = self.free_axes();
        let values = self.means_by_point(arm, readout);
        let (blocks, estimates): (Vec<Vec<f64>>, Option<Vec<Vec<Estimate>>>) = match self.design {
            Design::Saltelli => {
                let blocks: Vec<Vec<f64>> = values.chunks_exact(axes.len() + 2).map(<[f64]>::to_vec).collect();
                let found = variance_shares(&blocks, SEED);
                let pairs = found.map(|found| found.iter().map(|shares| vec![shares.first, shares.total]).collect());
                (blocks, pairs)
            }
            Design::Morris => {
                let blocks = self.effects(arm, &values, &axes);
                let found = elementary_effects(&blocks, SEED);
                let triples = found.map(|found| {
                    found.iter().map(|effects| vec![effects.mean_size, effects.mean, effects.sd]).collect()
                });
                (blocks, triples)
            }
            _ => return None,
        };
        let failed = blocks.iter().filter(|block| block.iter().any(|value| !value.is_finite())).count();
        Some(Sensitivity {
            arm: arm.to_owned(),
            readout,
            used: blocks.len() - failed,
            left_out: failed,
            axes: estimates.unwrap_or_default(),
        })
    }

    /// The elementary effects of every trajectory: each axis moves once, by half its width.
    fn effects(&self, arm: &str, values: &[f64], axes: &[usize]) -> Vec<Vec<f64>> {
        let rows = self.first_rows(arm);
        let length = axes.len() + 1;
        let effects = |start: usize| {
            let mut effects = vec![f64::NAN; axes.len()];
            for point in start + 1..start + length {
                let (before, after) = (rows[point - 1], rows[point]);
                let moved = axes.iter().position(|axis| self.place_on(before, *axis) != self.place_on(after, *axis));
                let Some(moved) = moved else { continue };
                let width = if self.falls(before, after, axes[moved]) { -0.5 } else { 0.5 };
                effects[moved] = (values[point] - values[point - 1]) / width;
            }
            effects
        };
        let whole = values.len().min(rows.len()) / length;
        (0..whole).map(|trajectory| effects(trajectory * length)).collect()
    }

    /// The estimates of every arm and readout as CSV; none where the design is not made for them.
    pub(super) fn sensitivity_table(&self) -> Option<String> {
        let kinds = self.kinds()?;
        let lines = |arm: &str, readout: usize| {
            let found = self.sensitivity(arm, readout)?;
            let of_axis = |(axis, estimates): (usize, &Vec<Estimate>)| {
                let keys = [arm, &self.columns[readout].name, &self.columns[axis].name].map(quoted).join(",");
                let line = |(kind, estimate): (&&str, &Estimate)| {
                    let Estimate { value, low, high } = estimate;
                    format!("{keys},{kind},{value},{low},{high},{},{}\n", found.used, found.left_out)
                };
                kinds.iter().zip(estimates).map(line).collect::<String>()
            };
            Some(self.free_axes().into_iter().zip(&found.axes).map(of_axis).collect::<String>())
        };
        let of_arm =
            |arm: &str| self.all_readouts().into_iter().filter_map(|readout| lines(arm, readout)).collect::<String>();
        let header = "arm,readout,axis,estimate,value,low,high,used,left_out\n".to_owned();
        Some(header + &self.arms().into_iter().map(of_arm).collect::<String>())
    }

    /// Bars for the chosen readouts; none where the design is not made for them.
    pub(super) fn sensitivity_figure(&self, readouts: &[usize]) -> Option<Figure> {
        self.kinds()?;
        let arms = self.arms();
        let of_arms =
            |readout: &usize| arms.iter().filter_map(|arm| self.sensitivity(arm, *readout)).collect::<Vec<_>>();
        let (found, constant): (Vec<Sensitivity>, Vec<Sensitivity>) =
            readouts.iter().flat_map(of_arms).partition(Sensitivity::varies);
        let (value, kinds, unit): (_, &[&str], _) = if self.design == Design::Saltelli {
            ("share of the variance", &["alone (first order)", "alone and with others (total)"], "base points")
        } else {
            ("change over the width of the axis", &["mean size", "mean", "s.d."], "trajectories")
        };
        let left_out = found.iter().map(|one| one.left_out).max().unwrap_or(0);
        let used = found.iter().map(|one| one.used).max();
        let estimated = used.map_or_else(String::new, |used| format!("{used} {unit}; lines: 95 % bootstrap intervals"));
        let lost = if left_out > 0 {
            format!("up to {left_out} more left out, in which a point failed")
        } else {
            String::new()
        };
        let subtitle = joined([estimated, lost, self.without_bars(&constant), self.averaged()]);
        let panels = found.iter().map(|one| self.bars(one)).collect();
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Some(BarFigure { title: self.title.clone(), subtitle, value: value.into(), kinds, panels }.render())
    }

    /// Which readouts have no bars, and why.
    fn without_bars(&self, constant: &[Sensitivity]) -> String {
        let (few, same): (Vec<&Sensitivity>, Vec<&Sensitivity>) = constant.iter().partition(|one| one.used < 2);
        let listed = |why: &str, which: &[&Sensitivity]| {
            let names: Vec<String> = which.iter().map(|one| self.named(one)).collect();
            if names.is_empty() { String::new() } else { format!("{why}: {}", names.join(", ")) }
        };
        joined([listed("does not vary", &same), listed("too few values", &few)])
    }

    /// The readout, with the arm where there are several.
    fn named(&self, one: &Sensitivity) -> String {
        let readout = self.titled(one.readout);
        if self.arms().len() > 1 { format!("{}: {readout}", one.arm) } else { readout }
    }

    fn bars(&self, one: &Sensitivity) -> BarPanel {
        let bar = |estimate: &Estimate| Bar { value: estimate.value, low: estimate.low, high: estimate.high };
        let group = |(axis, estimates): (usize, &Vec<Estimate>)| BarGroup {
            name: self.columns[axis].label.clone(),
            bars: estimates.iter().map(bar).collect(),
        };
        BarPanel { name: self.named(one), groups: self.free_axes().into_iter().zip(&one.axes).map(group).collect() }
    }
}

/// A text as a field of CSV.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
