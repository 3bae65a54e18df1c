//! Phase planes of `analyze`: of one circuit, and of several arms side by side.

use super::AnalyzeArguments;
use super::output::Output;
use crate::analyze::{Analysis, Plane, Subject, planes, telling_plane};
use crate::plot::Theme;
use crate::report::plane::{phase_planes, side_by_side};

/// Finds and draws the plane that is asked for, or of several subjects the one that tells most, into a folder.
pub(super) fn draw_plane(
    arguments: &AnalyzeArguments,
    subjects: &[Subject],
    analyses: &[Analysis],
    (theme, title): (&Theme, &str),
    out: &mut Output,
) -> Result<(), String> {
    let Some(first) = subjects.first() else { return Ok(()) };
    let several = subjects.len() > 1;
    let populations = match &arguments.plane[..] {
        [] if several => telling_plane(subjects),
        [] => None,
        names => Some(asked(first, names)?),
    };
    let Some(populations) = populations else { return Ok(()) };
    let found = of(subjects, analyses, populations);
    out.json("phase-plane", &found)?;
    let circuit = first.system.circuit();
    let (stem, figure) = if several {
        ("side_by_side", side_by_side(circuit, analyses, &found, theme, title))
    } else {
        ("phase-plane", phase_planes(circuit, analyses, &found))
    };
    out.figures(figure.map(|figure| (stem, figure)).into_iter().collect())
}

/// The variables that are named, by index.
fn asked(subject: &Subject, asked: &[String]) -> Result<[usize; 2], String> {
    let names = subject.system.variable_names();
    let find = |name: &String| {
        let known = names.iter().position(|known| known == name.trim());
        known.ok_or_else(|| {
            format!("--plane: there is no population or variable `{name}`; expected two of {}", names.join(", "))
        })
    };
    let [x, y] = asked else {
        return Err(format!(
            "--plane: expected two populations, such as --plane {}",
            names[..names.len().min(2)].join(",")
        ));
    };
    let (x, y) = (find(x)?, find(y)?);
    if x == y { Err("--plane: expected two different ones".into()) } else { Ok([x, y]) }
}

/// The planes, with the fixed points that were found.
fn of(subjects: &[Subject], analyses: &[Analysis], populations: [usize; 2]) -> Vec<Plane> {
    let states = |analysis: &Analysis| analysis.fixed_points.iter().map(|point| point.variables.clone()).collect();
    let found: Vec<(&Subject, Vec<Vec<f64>>)> =
        subjects.iter().zip(analyses).map(|(subject, analysis)| (subject, states(analysis))).collect();
    planes(&found, populations)
}
