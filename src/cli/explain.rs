//! `explain`: the input to each population split by source, arm against arm, and what a stimulus evokes.

use super::analyze::minutes_of;
use super::output::{Output, program};
use super::progress::{note, refuse, say};
use super::run::{calibrated_scenario, folder_name};
use super::table::{align_right, number, numbers, plain};
use super::{Ending, ExplainArguments};
use crate::analyze::Subject;
use crate::analyze::explain::{Evoked, Input, Inputs, Part, Stimulus, split};
use crate::config::{Kind, Loaded, load, writer};
use crate::plot::duration;
use crate::report::analysis::explanation;
use crate::report::units::by_population;
use crate::scenario::Scenario;
use crate::scenario::units::of_all_units;
use crate::units::{Dimension, InputUnit};
use comfy_table::Table;
use serde_json::json;
use std::path::Path;

pub(super) fn explain(arguments: &ExplainArguments) -> Ending {
    let loaded = match load(&arguments.file, &arguments.set) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(error.render()),
    };
    let file = arguments.file.display();
    if loaded.kind != Kind::Scenario || loaded.scenario.arms.is_empty() {
        return refuse(format!("error: {file}: there are no arms to explain; expected a scenario with [[arms]]"));
    }
    match explain_into(&loaded, arguments) {
        Ok(failed) => {
            failed.iter().for_each(note);
            if failed.is_empty() { Ending::Done } else { Ending::SomeFailed }
        }
        Err(message) => refuse(format!("error: {message}")),
    }
}

/// Explains what is asked for and writes it; gives the arms that have no state there, with the reason.
fn explain_into(loaded: &Loaded, arguments: &ExplainArguments) -> Result<Vec<String>, String> {
    let name = folder_name(&loaded.scenario.name) + "-explanation";
    let folder = arguments.out.clone().unwrap_or_else(|| Path::new("out").join(name));
    let identity = json!({
        "arms": arguments.arm.iter().chain(&arguments.arms).collect::<Vec<_>>(),
        "at": arguments.at,
        "stimulus": arguments.stimulus,
        "duration": arguments.duration,
    });
    let identity = ("explain", writer::to_json(&loaded.scenario), identity);
    let mut out = Output::open(&folder, identity, &["explanation.json"], arguments.fresh)?;
    let told = Told::new(loaded, arguments);
    let told = told.map_err(|message| format!("{}: {message}", arguments.file.display()))?;
    told.store(&loaded.scenario, &mut out)?;
    if !arguments.quiet {
        told.report(&loaded.scenario);
    }
    out.finish(program(), arguments.quiet)?;
    Ok(told.failed)
}

/// All that is explained.
struct Told {
    /// The inputs at each time, those of the main time first.
    times: Vec<Vec<Inputs>>,
    evoked: Vec<Evoked>,
    stimulus: Stimulus,
    /// Arms that have no state there, with the reason.
    failed: Vec<String>,
    /// Arms in which nothing can be evoked, because they do not settle.
    restless: Vec<String>,
}

impl Told {
    fn new(loaded: &Loaded, arguments: &ExplainArguments) -> Result<Self, String> {
        let (scenario, calibration) = calibrated_scenario(loaded)?;
        let input = scenario.circuit.input_unit;
        let mut names: Vec<String> = arguments.arm.iter().chain(&arguments.arms).cloned().collect();
        if names.is_empty() {
            names = scenario.arms.iter().map(|arm| arm.name.clone()).collect();
        }
        let mut minutes =
            arguments.at.iter().map(|text| minutes_of(text, input)).collect::<Result<Vec<f64>, String>>()?;
        if minutes.is_empty() {
            let main = Subject::default_minutes(&scenario);
            let others = scenario.run.report.iter().map(|report| report.minutes).filter(|minutes| *minutes != main);
            minutes = [main].into_iter().chain(others).collect();
        }
        let (mut times, mut failed, mut main) = (Vec::new(), Vec::new(), Vec::new());
        for minutes in minutes {
            let mut subjects = Vec::new();
            for name in &names {
                let one = std::slice::from_ref(name);
                match Subject::arms(&scenario, &calibration, one, Some(minutes)) {
                    Ok(found) => subjects.extend(found),
                    Err(error) if names.len() == 1 || !error.is_of_one_arm() => return Err(error.to_string()),
                    Err(error) => failed.push(error.to_string()),
                }
            }
            times.push(inputs(&scenario, &subjects));
            if main.is_empty() {
                main = subjects;
            }
        }
        let Some(first) = main.first() else { return Err("no arm has a state to explain".into()) };
        let stimulus = stimulus(arguments, input, first)?;
        let mut evoked = Vec::new();
        let (settled, restless): (Vec<&Subject>, Vec<&Subject>) =
            main.iter().partition(|subject| subject.state.is_some());
        for subject in settled {
            evoked.push(Evoked::new(subject, &stimulus)?);
        }
        let restless = restless.iter().map(|subject| subject.name.clone()).collect();
        Ok(Self { times, evoked, stimulus, failed, restless })
    }

    fn store(&self, scenario: &Scenario, out: &mut Output) -> Result<(), String> {
        let content = json!({
            "scenario": scenario.name,
            "input_unit": scenario.circuit.input_unit.name(),
            "populations": scenario.circuit.populations.keys().collect::<Vec<_>>(),
            "inputs": self.times,
            "stimulus": self.stimulus,
            "evoked": self.evoked,
        });
        out.json("explanation", &content)?;
        let populations: Vec<String> = scenario.circuit.populations.keys().cloned().collect();
        let main: Vec<&Inputs> = self.times.first().into_iter().flatten().collect();
        let text = self.stimulus_text(scenario.circuit.input_unit);
        out.figures(explanation(&main, &self.evoked, (scenario, &populations), &text))
    }

    fn stimulus_text(&self, input: InputUnit) -> String {
        let size = |(name, size): &(String, f64)| format!("{} onto {name}", Dimension::Input.print(*size, input, 3));
        let onto: Vec<String> = self.stimulus.onto.iter().map(size).collect();
        format!("{} for {} ms", onto.join(" and "), self.stimulus.duration_ms)
    }

    /// Tables of the main time: the inputs of each population, and the evoked rates.
    fn report(&self, scenario: &Scenario) {
        let Some(main) = self.times.first() else { return };
        let main: &[&Inputs] = &main.iter().collect::<Vec<_>>();
        let unit = scenario.circuit.input_unit.name();
        let names: Vec<String> = scenario.circuit.populations.keys().cloned().collect();
        for (group, units) in by_population(&names) {
            let Some(&index) = units.first() else { continue };
            let of =
                if units.len() > 1 { format!(", one of the {} units of {group},", units.len()) } else { String::new() };
            let population = &format!("{}{of}", names[index]);
            let at = main.first().map_or(f64::NAN, |inputs| inputs.minutes);
            say(format!("input to {population} in {unit} at {}", duration(at)));
            say(input_table(main, index));
            let dendrite = |input: &Input| {
                let it = input.dendrite.clone()?;
                Some((it.parts, vec![it.total, it.from_soma, it.from_dendrite]))
            };
            if let Some(table) = parts_table(main, index, &["sum", "soma gives", "dendrite gives"], &dendrite) {
                say(format!("input to the dendrite of {population}, and what soma and dendrite give, in {unit}"));
                say(table);
            }
            let second = |input: &Input| input.second.clone().map(|it| (it.parts, vec![it.total]));
            if let Some(table) = parts_table(main, index, &["sum"], &second) {
                say(format!("second input of {population}, in {unit}"));
                say(table);
            }
            let division = |input: &Input| input.division.clone().map(|it| (it.parts, vec![it.divisor]));
            if let Some(table) = parts_table(main, index, &["divisor"], &division) {
                say(format!("what divides {population}"));
                say(table);
            }
        }
        let population = scenario.main_population().unwrap_or_default();
        let Some(index) = scenario.circuit.populations.get_index_of(population) else { return };
        say(format!("rate of {population} in Hz, and what {} evokes", self.stimulus_text(scenario.circuit.input_unit)));
        let mut table = plain();
        table.set_header(["arm", "before", "at the end", "largest change", "linear response"]);
        for one in &self.evoked {
            let linear = one.linear_change_hz.as_ref().map_or(f64::NAN, |change| change[index]);
            let values = [one.before_hz[index], one.at_end_hz[index], one.peak_hz[index], linear];
            table.add_row([one.arm.clone()].into_iter().chain(values.map(number)));
        }
        align_right(&mut table, 1..=4);
        say(table);
        let moving: Vec<&str> = main.iter().filter(|one| one.moving).map(|one| one.arm.as_str()).collect();
        if !moving.is_empty() {
            say(format!(
                "on their way at that moment of the run: {}; rates and inputs are those of that moment, and what the stimulus evokes \
                 that of the state in which they would settle",
                moving.join(", ")
            ));
        }
        if !self.restless.is_empty() {
            say(format!("no stable state to evoke anything from: {}", self.restless.join(", ")));
        }
    }
}

/// Splits the inputs of arms, each against the healthy arm that it is measured against.
fn inputs(scenario: &Scenario, subjects: &[Subject]) -> Vec<Inputs> {
    let one = |subject: &Subject| {
        let arm = scenario.resolved_arms().into_iter().find(|arm| arm.name == subject.name);
        let [control, _] = arm.map(|arm| scenario.compared_with(&arm)).unwrap_or_default();
        let other = subjects.iter().find(|other| other.name == control && other.name != subject.name);
        let other = other.and_then(|other| Some((other.name.as_str(), other.moment.as_ref()?)));
        Some(split(&subject.name, subject.moment.as_ref()?, other))
    };
    subjects.iter().filter_map(one).collect()
}

/// The stimulus that the arguments ask for.
fn stimulus(arguments: &ExplainArguments, input: InputUnit, subject: &Subject) -> Result<Stimulus, String> {
    let mut stimulus = Stimulus::onto_main_population(subject);
    if !arguments.stimulus.is_empty() {
        let one = |text: &String| {
            let expected =
                || format!("--stimulus: `{text}` is no stimulus; expected one such as --stimulus \"Pyr=2 mV\"");
            let (name, size) = text.split_once('=').ok_or_else(expected)?;
            let size = Dimension::Input.read(size, input).map_err(|error| format!("--stimulus: {error}"))?;
            Ok((name.trim().to_owned(), size))
        };
        stimulus.onto = arguments.stimulus.iter().map(one).collect::<Result<_, String>>()?;
    }
    if let Some(text) = &arguments.duration {
        let duration = Dimension::CircuitTime.read(text, input).map_err(|error| format!("--duration: {error}"))?;
        if duration <= 0.0 {
            return Err("--duration: expected a time above 0".into());
        }
        stimulus.duration_ms = duration;
    }
    Ok(stimulus)
}

/// The parts of what a population receives somewhere, and some numbers of their whole.
type Received = (Vec<Part>, Vec<f64>);

/// What the soma of a population receives.
fn input_table(inputs: &[&Inputs], population: usize) -> Table {
    let soma = |input: &Input| Some((input.parts.clone(), vec![input.total]));
    parts_table(inputs, population, &["sum"], &soma).unwrap_or_else(plain)
}

/// A row for each arm, a column for each source, and some numbers behind them; none where no arm has any.
fn parts_table(
    inputs: &[&Inputs],
    population: usize,
    behind: &[&str],
    pick: &dyn Fn(&Input) -> Option<Received>,
) -> Option<Table> {
    let rows: Vec<(&Inputs, &Input, Vec<Part>, Vec<f64>)> = inputs
        .iter()
        .filter_map(|one| {
            let input = &one.inputs[population];
            pick(input).map(|(parts, numbers)| (*one, input, parts, numbers))
        })
        .collect();
    let (_, first, _, _) = rows.first()?;
    let name = &first.population;
    let mut sources: Vec<&str> = Vec::new();
    for part in rows.iter().flat_map(|(_, _, parts, _)| parts).filter(|part| part.input != 0.0) {
        let source = of_all_units(part.short_name(name));
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let mut table = plain();
    table.set_header(["arm", "rate (Hz)"].into_iter().chain(sources.iter().copied()).chain(behind.iter().copied()));
    for (one, input, parts, whole) in &rows {
        let of = |source: &&str| -> f64 {
            let from = parts.iter().filter(|part| of_all_units(part.short_name(name)) == *source);
            from.map(|part| part.input).sum()
        };
        let cells = numbers(sources.iter().map(of).chain(whole.iter().copied()));
        table.add_row([one.arm.clone(), number(input.rate_hz)].into_iter().chain(cells));
    }
    align_right(&mut table, 1..=sources.len() + 1 + behind.len());
    Some(table)
}
