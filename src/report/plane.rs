//! Figures of phase planes: by themselves, and of several arms side by side with their response matrices.

use super::analysis::{matrix_panel, moment, names_of, response_unit};
use super::searched::searched_in_short;
use crate::analyze::{Analysis, Plane};
use crate::plot::{Figure, PhaseAxes, PhasePanel, PhasePlaneFigure, PhasePoint, SideBySideFigure, SideColumn, Theme};
use crate::scenario::{Circuit, Role};

/// The phase planes of several subjects, side by side.
pub fn phase_planes(circuit: &Circuit, analyses: &[Analysis], planes: &[Plane]) -> Option<Figure> {
    let axes = axes(circuit, planes)?;
    let populations = circuit.populations.iter().map(|(name, spec)| (name.clone(), super::role(spec.role)));
    let theme = Theme::new(Vec::<String>::new(), populations, Vec::<String>::new());
    let name = if circuit.name.is_empty() { String::new() } else { format!("{}; ", circuit.name) };
    let figure = PhasePlaneFigure {
        title: format!("Where {} and {} stand still", axes.populations[0], axes.populations[1]),
        subtitle: name + "drives held" + others(circuit) + &looked_for(analyses),
        axes,
        panels: planes.iter().map(phase_panel).collect(),
    };
    Some(figure.render(&theme))
}

/// Subjects side by side, each with its plane above and its response matrix below; none without planes. Both slices are in
/// the same order.
pub fn side_by_side(
    circuit: &Circuit,
    analyses: &[Analysis],
    planes: &[Plane],
    theme: &Theme,
    title: &str,
) -> Option<Figure> {
    let axes = axes(circuit, planes)?;
    let first = analyses.first()?;
    let column = |(analysis, plane): (&Analysis, &Plane)| SideColumn {
        name: analysis.name.clone(),
        plane: phase_panel(plane),
        matrix: matrix_panel(analysis),
    };
    let columns: Vec<SideColumn> = analyses.iter().zip(planes).map(column).collect();
    let paradoxical = columns.iter().any(|column| !column.matrix.framed.is_empty());
    let framed = if paradoxical { "; framed: paradoxical" } else { "" };
    let figure = SideBySideFigure {
        title: format!("{title}: what each arm makes of the circuit"),
        subtitle: format!(
            "{}; above, where {} and {} stand still{}; drives held{}",
            moment(first.minutes),
            axes.populations[0],
            axes.populations[1],
            others(circuit),
            looked_for(analyses)
        ),
        axes,
        matrices: "change of a row's rate with a drive to a column's population".to_owned() + framed,
        unit: response_unit(first),
        before: "Hz".into(),
        populations: names_of(&first.populations),
        columns,
    };
    Some(figure.render(theme))
}

/// Where the fixed points that are shown were looked for; of several subjects in the box of the first, if that is of all.
fn looked_for(analyses: &[Analysis]) -> String {
    let Some(first) = analyses.first() else { return String::new() };
    if analyses.iter().all(|other| other.search.box_hz == first.search.box_hz) {
        format!("; {}", searched_in_short(&first.populations, &first.search))
    } else {
        "; fixed points searched in the boxes of analysis.json".to_owned()
    }
}

/// What is said of the variables that a plane does not show.
fn others(circuit: &Circuit) -> &'static str {
    if circuit.populations.len() > 2 { ", all other variables at their quasi-steady values" } else { "" }
}

fn axes(circuit: &Circuit, planes: &[Plane]) -> Option<PhaseAxes> {
    let first = planes.first()?;
    let role = |name: &String| match circuit.populations.get(name).map(|population| population.role) {
        Some(Role::Excitatory) => Some(crate::plot::Role::Excitatory),
        Some(Role::Inhibitory) => Some(crate::plot::Role::Inhibitory),
        Some(Role::Either) | None => None,
    };
    Some(PhaseAxes {
        populations: first.populations.clone(),
        roles: first.populations.each_ref().map(role),
        units: first.units.clone(),
        ranges: first.ranges,
    })
}

fn phase_panel(plane: &Plane) -> PhasePanel {
    let point =
        |point: &crate::analyze::PlanePoint| PhasePoint { x: point.at[0], y: point.at[1], unstable: point.unstable };
    PhasePanel {
        name: plane.name.clone(),
        still_x: plane.nullclines[0].clone(),
        still_y: plane.nullclines[1].clone(),
        flow: plane.flow.clone(),
        points: plane.fixed_points.iter().map(point).collect(),
    }
}
