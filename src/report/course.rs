//! The figure of a run that goes on beyond the window of its comparison: from minutes to weeks.

use super::Report;
use crate::plot::{CourseFigure, CourseRow, Figure};
use crate::readouts::trace::Trace;
use crate::scenario::Arm;
use crate::store::ArmTraces;
use indexmap::IndexMap;

/// How many drugs and how many receptors are shown.
const MOST_DRUGS: usize = 6;
const MOST_RECEPTORS: usize = 6;
/// A signal that moves by less than this is not shown.
const SMALLEST_CHANGE: f64 = 5e-3;

impl Report<'_> {
    /// The main rate, drugs, each receptor's activation where it moves most and the rate of the cells on which one moves most of
    /// all, plasticity and indices; none where the run is short.
    pub(super) fn course(&self) -> Option<Figure> {
        if !self.goes_on() {
            return None;
        }
        let traces = &self.results.traces;
        let main = format!("rate.{}", self.results.summary.population);
        let names = traces.first()?.recording.names();
        let of = |prefix: &str| names.iter().filter(|name| name.starts_with(prefix)).collect::<Vec<_>>();
        let mut shown: Vec<String> = vec![main.clone()];
        let activations = self.most_moving_of_each(&of("activation."));
        // The cells whose receptors move most.
        let carriers = activations.first().and_then(|name| name.rsplit('.').next());
        shown.extend(carriers.map(|name| format!("rate.{name}")).filter(|name| *name != main));
        let given = |ligand: &str| self.resolved.iter().any(|arm| is_given(arm, ligand));
        let drugs =
            of("concentration.").into_iter().filter(|name| name.strip_prefix("concentration.").is_some_and(given));
        shown.extend(drugs.take(MOST_DRUGS).cloned());
        shown.extend(activations.iter().take(MOST_RECEPTORS).cloned());
        // What an index shows, the variable need not show again.
        let mirrored = |name: &str| self.scenario.indices.values().any(|index| index.of == name);
        shown.extend(of("plasticity.").into_iter().filter(|name| !mirrored(name) && self.moves(name)).cloned());
        shown.extend(of("index.").into_iter().filter(|name| self.moves(name)).cloned());
        shown.retain(|name| names.contains(name));
        if shown.is_empty() {
            return None;
        }
        let figure = CourseFigure {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            arms: traces.iter().map(|traces| traces.arm.clone()).collect(),
            references: self.references(),
            t_min: traces.iter().map(|traces| traces.recording.times().to_vec()).collect(),
            rows: shown.iter().map(|name| self.course_row(name)).collect(),
            doses: self.marks().0,
            spans: self.marks().1,
            windows_min: self.windows(),
        };
        Some(figure.render(&self.theme))
    }

    fn course_row(&self, name: &str) -> CourseRow {
        let (kind, rest) = name.split_once('.').unwrap_or(("", name));
        let plain = rest.replace('_', " ");
        let title = match kind {
            "rate" => format!("{rest} (Hz)"),
            "concentration" => format!("{rest} (nM, free)"),
            "activation" => format!("activation of {}", rest.replace('.', " on ")),
            "index" => format!("{plain} (index)"),
            _ => plain,
        };
        let control = self.results.traces.iter().find(|traces| traces.arm == self.scenario.compare.control);
        let at_start = |traces: &ArmTraces| traces.recording.signal(name)?.first().copied();
        CourseRow {
            title,
            values: self
                .results
                .traces
                .iter()
                .map(|traces| traces.recording.signal(name).unwrap_or_default())
                .collect(),
            reference: control.and_then(at_start).filter(|_| matches!(kind, "rate" | "index")),
            decades: (kind == "concentration").then_some(4.0),
        }
    }

    /// The largest difference between two values of a signal in an arm.
    fn change_of(&self, name: &str) -> f64 {
        let change = |traces: &ArmTraces| {
            let values = traces.recording.signal(name)?;
            let trace = Trace { times: traces.recording.times(), values: &values };
            let all = (f64::NEG_INFINITY, f64::INFINITY);
            Some(trace.highest(all.0, all.1)?.value - trace.lowest(all.0, all.1)?.value)
        };
        self.results.traces.iter().filter_map(change).fold(0.0, f64::max)
    }

    fn moves(&self, name: &str) -> bool {
        self.change_of(name) > SMALLEST_CHANGE
    }

    /// Of each receptor the activation that moves most, the most moving receptor first.
    fn most_moving_of_each(&self, names: &[&String]) -> Vec<String> {
        let mut best: IndexMap<&str, (f64, &String)> = IndexMap::new();
        for name in names {
            let receptor = name.split('.').nth(1).unwrap_or_default();
            let change = self.change_of(name);
            // Of equals the first.
            if change > best.get(receptor).map_or(SMALLEST_CHANGE, |(most, _)| *most) {
                best.insert(receptor, (change, name));
            }
        }
        let mut best: Vec<(f64, &String)> = best.into_values().collect();
        best.sort_by(|one, other| other.0.total_cmp(&one.0));
        best.into_iter().map(|(_, name)| name.clone()).collect()
    }
}

fn is_given(arm: &Arm, ligand: &str) -> bool {
    arm.doses.iter().any(|dose| dose.ligand == ligand) || arm.baths.iter().any(|bath| bath.ligand == ligand)
}
