//! Figures of continuations.

use super::searched::looked_in_short;
use crate::analyze::continuation::{CornerKind, CycleEnd, CyclePoint, End, Kind};
use crate::analyze::{Bifurcation, KnobRange};
use crate::plot::{
    BifurcationFigure, BifurcationPanel, CycleRun, Figure, KnobCurve, NamedPoint, StateRun, SweptAxis, TwoKnobsFigure,
    TwoKnobsPanel,
};
use crate::scenario::Circuit;

/// The bifurcation diagrams of several subjects over one knob, side by side.
pub fn diagram(circuit: &Circuit, bifurcations: &[Bifurcation]) -> Option<Figure> {
    let first = bifurcations.first()?;
    let population = &first.populations[first.main_population];
    let figure = BifurcationFigure {
        title: format!("Fixed points and cycles over {}", first.knob.knob),
        subtitle: subtitle(circuit, bifurcations),
        x: axis(&first.knob),
        value: format!("{population} (Hz)"),
        panels: bifurcations.iter().map(panel).collect(),
    };
    Some(figure.render())
}

/// The maps of several subjects over two knobs, side by side; none without a second knob.
pub fn map(circuit: &Circuit, bifurcations: &[Bifurcation]) -> Option<Figure> {
    let first = bifurcations.first()?;
    let second = first.second.as_ref()?;
    let figure = TwoKnobsFigure {
        title: format!("Folds and Hopf points over {} and {}", first.knob.knob, second.knob),
        subtitle: subtitle(circuit, bifurcations),
        x: axis(&first.knob),
        y: axis(second),
        panels: bifurcations.iter().map(two_knobs_panel).collect(),
    };
    Some(figure.render())
}

fn subtitle(circuit: &Circuit, bifurcations: &[Bifurcation]) -> String {
    let name = if circuit.name.is_empty() { String::new() } else { format!("{}; ", circuit.name) };
    format!("{name}drives held; {}", looked_in_short(bifurcations))
}

fn axis(knob: &KnobRange) -> SweptAxis {
    SweptAxis {
        name: knob.knob.clone(),
        unit: knob.unit.clone(),
        log: knob.log,
        values: knob.range.to_vec(),
        words: Vec::new(),
    }
}

fn panel(bifurcation: &Bifurcation) -> BifurcationPanel {
    let main = bifurcation.main_population;
    let mut panel =
        BifurcationPanel { name: bifurcation.name.clone(), present: bifurcation.knob.present, ..Default::default() };
    for branch in &bifurcation.diagram.branches {
        let rates = branch.points.iter().map(|point| (point.knob, point.observed[main]));
        let stable: Vec<bool> = branch.points.iter().map(|point| point.unstable == 0).collect();
        for (run, stable) in runs(&rates.collect::<Vec<_>>(), &stable) {
            let (xs, ys) = run.into_iter().unzip();
            panel.states.push(StateRun { xs, ys, stable });
        }
        let marks = branch.special.iter();
        panel.marks.extend(marks.map(|special| NamedPoint {
            x: special.knob,
            y: special.observed[main],
            name: special.kind.name().to_owned(),
        }));
        let ends = branch.ends.iter().zip([branch.points.first(), branch.points.last()]);
        let lost = ends.filter(|(end, _)| **end == End::Lost).filter_map(|(_, point)| point);
        panel.marks.extend(lost.map(|point| NamedPoint {
            x: point.knob,
            y: point.observed[main],
            name: "lost".to_owned(),
        }));
    }
    for cycles in &bifurcation.diagram.cycles {
        let bands = cycles.points.iter().map(|point| (point.knob, (point.low[main], point.high[main])));
        // The first has no amplitude and no stability of its own: it takes that of the next.
        let mut stable: Vec<bool> = cycles.points.iter().map(CyclePoint::is_stable).collect();
        if let [first, next, ..] = &mut stable[..] {
            *first = *next;
        }
        for (run, stable) in runs(&bands.collect::<Vec<_>>(), &stable) {
            let (xs, bands) = run.into_iter().unzip();
            panel.cycles.push(CycleRun { xs, bands, stable });
        }
        let named =
            |point: &CyclePoint, name: &str| NamedPoint { x: point.knob, y: point.high[main], name: name.to_owned() };
        panel.marks.extend(cycles.folds.iter().map(|fold| named(fold, "fold of cycles")));
        let end = match cycles.end {
            CycleEnd::Homoclinic => Some("homoclinic"),
            CycleEnd::SaddleNode => Some("saddle-node on the cycle"),
            CycleEnd::LongPeriod => Some("period grows"),
            CycleEnd::Lost => Some("lost"),
            CycleEnd::Range | CycleEnd::Hopf | CycleEnd::MostSteps => None,
        };
        panel.marks.extend(end.and_then(|name| Some(named(cycles.points.last()?, name))));
    }
    panel
}

/// Splits points into runs with the same flag. Neighbouring runs share a point, so that no gap is seen between them.
fn runs<T: Clone>(points: &[T], flags: &[bool]) -> Vec<(Vec<T>, bool)> {
    let mut runs: Vec<(Vec<T>, bool)> = Vec::new();
    for (index, (point, flag)) in points.iter().zip(flags).enumerate() {
        match runs.last_mut() {
            Some((run, known)) if known == flag => run.push(point.clone()),
            _ => {
                let before = index.checked_sub(1).map(|before| points[before].clone());
                runs.push((before.into_iter().chain([point.clone()]).collect(), *flag));
            }
        }
    }
    runs
}

fn two_knobs_panel(bifurcation: &Bifurcation) -> TwoKnobsPanel {
    let curve = |curve: &crate::analyze::continuation::SpecialCurve| {
        let (xs, ys) = curve.points.iter().map(|point| (point.knobs[0], point.knobs[1])).unzip();
        let kind = if curve.kind == Kind::Hopf { "Hopf" } else { "fold" };
        KnobCurve { kind: kind.to_owned(), xs, ys }
    };
    let named = |(kind, [x, y]): (CornerKind, [f64; 2])| NamedPoint { x, y, name: kind.name().to_owned() };
    let mut marks: Vec<NamedPoint> = bifurcation.corners().into_iter().map(named).collect();
    let second = bifurcation.second.as_ref().and_then(|second| second.present);
    if let (Some(x), Some(y)) = (bifurcation.knob.present, second) {
        marks.push(NamedPoint { x, y, name: "here".to_owned() });
    }
    TwoKnobsPanel { name: bifurcation.name.clone(), curves: bifurcation.curves.iter().map(curve).collect(), marks }
}
