//! Which figures an analysis or an explanation gets, and what they show.

use super::role;
use super::searched::searched_in_short;
use super::units::{Group, by_population, response_of};
use crate::analyze::explain::{Evoked, Input, Inputs, Part, PartKind};
use crate::analyze::{Analysis, StateAnalysis};
use crate::plot::{
    Curve, CurveColor, CurvePanel, CurvesFigure, EigenvalueFigure, EigenvalueSet, Figure, MatrixFigure, MatrixPanel,
    SharePanel, ShareRow, SharesFigure, Source, Theme, duration,
};
use crate::scenario::Scenario;
use crate::scenario::units::of_all_units;
use crate::units::InputUnit;

/// Decades of power that are shown.
const DECADES: f64 = 6.0;

/// The colours of a scenario's arms, populations and substances.
pub fn theme(scenario: &Scenario) -> Theme {
    let written = scenario.circuit.written().populations.iter();
    let units = scenario.circuit.populations.iter();
    let populations = written.chain(units).map(|(name, spec)| (name.clone(), role(spec.role)));
    let substances = scenario.receptors.keys().chain(scenario.ligands.keys()).cloned();
    Theme::new(scenario.resolved_arms().into_iter().map(|arm| arm.name), populations, substances)
}

/// The figures of analyses, each with the stem of its file name. Subjects without a stable state are left out of those that
/// show one.
pub fn figures(analyses: &[Analysis], theme: &Theme, title: &str) -> Vec<(&'static str, Figure)> {
    let subtitle = moment(analyses.first().and_then(|analysis| analysis.minutes));
    let stable: Vec<(&Analysis, &StateAnalysis)> =
        analyses.iter().filter_map(|analysis| Some((analysis, analysis.state.as_ref()?))).collect();
    let mut figures = vec![("eigenvalues", eigenvalues(analyses, theme, title, &subtitle))];
    if !stable.is_empty() {
        figures.push(("response", response(&stable, theme, title, &subtitle)));
    }
    if stable.iter().any(|(_, state)| state.frequency_response.is_some()) {
        figures.push(("frequency_response", frequency(&stable, theme, title, &subtitle)));
    }
    if let Some(oscillation) = oscillation(analyses, theme, title, &subtitle) {
        figures.push(("oscillation", oscillation));
    }
    if stable.iter().any(|(analysis, state)| state.noise.is_some() || analysis.simulated.is_some()) {
        figures.push(("spectra", spectra(&stable, theme, title, &subtitle)));
    }
    figures
}

/// When, in words.
pub(super) fn moment(minutes: Option<f64>) -> String {
    minutes.map_or_else(|| "at rest".to_owned(), |minutes| format!("at {}", duration(minutes)))
}

/// The response matrices side by side.
pub fn response(stable: &[(&Analysis, &StateAnalysis)], theme: &Theme, title: &str, subtitle: &str) -> Figure {
    let first = stable.first().map(|(analysis, _)| *analysis);
    let figure = MatrixFigure {
        title: format!("{title}: how rates answer to drives"),
        subtitle: format!(
            "change of a row's rate per drive to a column's population ({}), {subtitle}; framed: paradoxical",
            first.map(response_unit).unwrap_or_default()
        ),
        before: "Hz".into(),
        populations: first.map(|analysis| names_of(&analysis.populations)).unwrap_or_default(),
        columns: "drive to".into(),
        panels: stable.iter().map(|(analysis, _)| matrix_panel(analysis)).collect(),
    };
    figure.render(theme)
}

/// The populations of a list of names.
pub(super) fn names_of(names: &[String]) -> Vec<String> {
    by_population(names).into_iter().map(|(name, _)| name).collect()
}

/// The unit of responses to drives.
pub(crate) fn response_unit(analysis: &Analysis) -> String {
    match InputUnit::named(&analysis.input_unit) {
        Some(InputUnit::None) => "Hz per unit of drive".to_owned(),
        _ => format!("Hz per {}", analysis.input_unit),
    }
}

/// The response matrix of the state that a subject is in.
pub(super) fn matrix_panel(analysis: &Analysis) -> MatrixPanel {
    let mut panel = MatrixPanel { name: analysis.name.clone(), ..Default::default() };
    let Some(state) = &analysis.state else {
        panel.notes.push("no stable state".into());
        return panel;
    };
    let groups = by_population(&analysis.populations);
    let mean = |(_, units): &Group| units.iter().map(|unit| state.rates_hz[*unit]).sum::<f64>() / units.len() as f64;
    panel.before = groups.iter().map(mean).collect();
    let Some(response) = &state.response else {
        panel.notes.push("singular: no linear response".into());
        return panel;
    };
    panel.values = response_of(&groups, &response.hz_per_input_unit);
    let any = |index: &usize| groups[*index].1.iter().any(|unit| response.paradoxical[*unit]);
    let paradoxical = (0..groups.len()).filter(any);
    panel.framed = paradoxical.map(|index| (index, index)).collect();
    panel.notes.push(match response.inhibition_stabilised {
        Some(true) => "inhibition-stabilised".into(),
        Some(false) => "stable without inhibition".into(),
        None => "no excitatory population".into(),
    });
    let leading = state.eigenvalues_per_s.last().map_or(f64::NAN, |value| value[0]);
    panel.notes.push(format!("slowest eigenvalue {leading:.1} per s").replace('-', "−"));
    panel
}

fn eigenvalues(analyses: &[Analysis], theme: &Theme, title: &str, subtitle: &str) -> Figure {
    let pairs = |state: &StateAnalysis| state.eigenvalues_per_s.iter().map(|[re, im]| (*re, *im)).collect();
    let mut sets = Vec::new();
    for analysis in analyses {
        match &analysis.state {
            Some(state) => sets.push(EigenvalueSet { arm: analysis.name.clone(), values_per_s: pairs(state) }),
            // Without a stable state, those of all fixed points that were found.
            None => sets.extend(analysis.fixed_points.iter().enumerate().map(|(index, state)| EigenvalueSet {
                arm: format!("fixed point {}", index + 1),
                values_per_s: pairs(state),
            })),
        }
    }
    let title = format!("{title}: eigenvalues");
    let looked_for = analyses.iter().find(|analysis| analysis.state.is_none());
    let subtitle = looked_for.map_or_else(
        || subtitle.to_owned(),
        |analysis| format!("{subtitle}; {}", searched_in_short(&analysis.populations, &analysis.search)),
    );
    EigenvalueFigure { title, subtitle, sets }.render(theme)
}

fn frequency(stable: &[(&Analysis, &StateAnalysis)], theme: &Theme, title: &str, subtitle: &str) -> Figure {
    let unit = stable.first().map(|(analysis, _)| response_unit(analysis)).unwrap_or_default();
    let panel = |(analysis, state): &(&Analysis, &StateAnalysis)| {
        let curve = |response: &crate::analyze::FrequencyResponse| Curve {
            name: format!("drive to {}", response.drive_to),
            color: CurveColor::Population(response.drive_to.clone()),
            pale: false,
            dashed: false,
            xs: state.frequencies_hz.clone(),
            ys: response.gain.clone(),
        };
        let responses = state.frequency_response.iter().flatten();
        let of = state.frequency_response.iter().flatten().next().map_or("", |response| response.rate_of.as_str());
        CurvePanel {
            name: analysis.name.clone(),
            value: format!("gain of {of} ({unit})"),
            decades: Some(3.0),
            span: None,
            curves: responses.map(curve).collect(),
        }
    };
    let figure = CurvesFigure {
        title: format!("{title}: frequency response"),
        subtitle: subtitle.to_owned(),
        x: "frequency (Hz)".into(),
        log_x: true,
        panels: stable.iter().map(panel).collect(),
    };
    figure.render(theme)
}

fn spectra(stable: &[(&Analysis, &StateAnalysis)], theme: &Theme, title: &str, subtitle: &str) -> Figure {
    let panel = |(analysis, state): &(&Analysis, &StateAnalysis)| {
        let mut curves = Vec::new();
        for (index, name) in analysis.populations.iter().enumerate() {
            let curve = |suffix: &str, pale, dashed, xs: &Vec<f64>, ys: &Vec<f64>| Curve {
                name: format!("{name}{suffix}"),
                color: CurveColor::Population(name.clone()),
                pale,
                dashed,
                xs: xs.clone(),
                ys: ys.clone(),
            };
            if let Some(noise) = &state.noise {
                curves.push(curve("", false, false, &state.frequencies_hz, &noise.spectra_hz2_per_hz[index]));
            }
            if let Some(simulated) = &analysis.simulated {
                let Some(places) = simulated.welch.frequencies_hz.get(1..) else { continue };
                let values = &simulated.welch.hz2_per_hz[index][1..];
                curves.push(curve(", simulated", true, false, &places.to_vec(), &values.to_vec()));
            }
        }
        CurvePanel {
            name: analysis.name.clone(),
            value: "power (Hz² per Hz)".into(),
            decades: Some(DECADES),
            span: None,
            curves,
        }
    };
    let figure = CurvesFigure {
        title: format!("{title}: spectra of the rates"),
        subtitle: format!("under the input noise, linearised, {subtitle}"),
        x: "frequency (Hz)".into(),
        log_x: true,
        panels: stable.iter().map(panel).collect(),
    };
    figure.render(theme)
}

/// The spectra of what has no stable state; none where all have.
fn oscillation(analyses: &[Analysis], theme: &Theme, title: &str, subtitle: &str) -> Option<Figure> {
    let panel = |analysis: &Analysis| {
        let welch = &analysis.unrest.as_ref()?.welch;
        let curve = |(index, name): (usize, &String)| Curve {
            name: name.clone(),
            color: CurveColor::Population(name.clone()),
            pale: false,
            dashed: false,
            xs: welch.frequencies_hz.get(1..).unwrap_or_default().to_vec(),
            ys: welch.hz2_per_hz[index].get(1..).unwrap_or_default().to_vec(),
        };
        Some(CurvePanel {
            name: analysis.name.clone(),
            value: "power (Hz² per Hz)".into(),
            decades: Some(DECADES),
            span: None,
            curves: analysis.populations.iter().enumerate().map(curve).collect(),
        })
    };
    let panels: Vec<CurvePanel> = analyses.iter().filter_map(panel).collect();
    if panels.is_empty() {
        return None;
    }
    let figure = CurvesFigure {
        title: format!("{title}: spectra of what has no stable state"),
        subtitle: format!("left to itself, without noise, {subtitle}"),
        x: "frequency (Hz)".into(),
        log_x: true,
        panels,
    };
    Some(figure.render(theme))
}

/// The inputs of all arms at one time, and what a stimulus evokes in them.
pub fn explanation(
    inputs: &[&Inputs],
    evoked: &[Evoked],
    (scenario, populations): (&Scenario, &[String]),
    stimulus: &str,
) -> Vec<(&'static str, Figure)> {
    let theme = theme(scenario);
    let unit = scenario.circuit.input_unit.name();
    let shares = SharesFigure {
        title: format!("{}: what each population receives", scenario.name),
        subtitle: format!("{}; the black mark is the sum", moment(inputs.first().map(|one| one.minutes))),
        panels: by_population(populations)
            .iter()
            .filter_map(|(_, units)| units.first())
            .flat_map(|index| share_panels(inputs, *index, unit))
            .collect(),
    };
    let mut figures = vec![("inputs", shares.render(&theme))];
    if !evoked.is_empty() {
        let curve = |index: usize, one: &Evoked| Curve {
            name: one.arm.clone(),
            color: CurveColor::Arm(one.arm.clone()),
            pale: false,
            dashed: false,
            xs: one.times_ms.clone(),
            ys: one.rates_hz[index].clone(),
        };
        let span = evoked.first().and_then(|one| Some((0.0, (one.times_ms.last()?) / 2.0)));
        let panel = |(index, name): (usize, &String)| CurvePanel {
            name: name.clone(),
            value: "rate (Hz)".into(),
            decades: None,
            span,
            curves: evoked.iter().map(|one| curve(index, one)).collect(),
        };
        let figure = CurvesFigure {
            title: format!("{}: what a stimulus evokes", scenario.name),
            subtitle: format!("{stimulus}, {}", moment(inputs.first().map(|one| one.minutes))),
            x: "time (ms)".into(),
            log_x: false,
            panels: by_population(populations)
                .iter()
                .filter_map(|(_, units)| units.first())
                .map(|index| panel((*index, &populations[*index])))
                .collect(),
        };
        figures.push(("evoked", figure.render(&theme)));
    }
    figures
}

/// What a population's soma receives, and its second input, its dendrite and what divides, where there are any.
fn share_panels(inputs: &[&Inputs], index: usize, unit: &str) -> Vec<SharePanel> {
    let all: Vec<(&Inputs, &Input)> = inputs.iter().filter_map(|one| Some((*one, one.inputs.get(index)?))).collect();
    let Some((_, first)) = all.first() else { return Vec::new() };
    let name = &first.population;
    let row = |one: &Inputs, parts: &[Part], number: f64| ShareRow {
        arm: one.arm.clone(),
        parts: summed(parts.iter().map(|part| (source(part, name), part.input))),
        number,
    };
    let panel = |title: String, measure: String, number: String, rows: Vec<ShareRow>| SharePanel {
        population: name.clone(),
        title,
        measure,
        number,
        rows,
    };
    let input = format!("input ({unit})");
    let rate = || "rate (Hz)".to_owned();
    let soma = all.iter().map(|(one, input)| row(one, &input.parts, input.rate_hz)).collect();
    let dendrites = all.iter().filter_map(|(one, input)| Some((one, input.dendrite.as_ref()?)));
    let dendrite = dendrites.map(|(one, it)| row(one, &it.parts, it.from_dendrite)).collect();
    let divisions = all.iter().filter_map(|(one, input)| Some((one, input.division.as_ref()?)));
    let division = divisions.map(|(one, it)| row(one, &it.parts, it.divisor)).collect();
    let seconds = all.iter().filter_map(|(one, input)| Some((one, input.second.as_ref()?)));
    let second = seconds.map(|(one, it)| row(one, &it.parts, it.total)).collect();
    let panels = [
        panel(format!("onto {name}"), input.clone(), rate(), soma),
        panel(format!("second input of {name}"), input.clone(), format!("sum ({unit})"), second),
        panel(format!("onto the dendrite of {name}"), input, format!("to the soma ({unit})"), dendrite),
        panel(format!("dividing {name}"), "divisor above 1".into(), "divisor".into(), division),
    ];
    panels.into_iter().filter(|panel| !panel.rows.is_empty()).collect()
}

/// Parts from one source together, in the order in which they first come.
fn summed(parts: impl Iterator<Item = (Source, f64)>) -> Vec<(Source, f64)> {
    let mut all: Vec<(Source, f64)> = Vec::new();
    for (source, input) in parts {
        match all.iter_mut().find(|(known, _)| *known == source) {
            Some((_, sum)) => *sum += input,
            None => all.push((source, input)),
        }
    }
    all
}

fn source(part: &Part, population: &str) -> Source {
    match part.kind {
        PartKind::Drive => Source::Drive,
        PartKind::Synapse => {
            let name = part.source.as_ref().unwrap_or(&part.from);
            Source::Population(of_all_units(name).to_owned())
        }
        PartKind::Adaptation => Source::Signal(part.from.clone()),
        PartKind::Signal => Source::Signal(part.short_name(population).to_owned()),
        PartKind::Noise => Source::Signal(part.from.clone()),
        PartKind::Injected => Source::Injected,
    }
}
