//! `explain`: the input to each population split by source, arm against arm, and what a stimulus evokes.

use super::analyze::{minutes_of, write_figures};
use super::progress::{note, refuse, say};
use super::run::{calibrated_scenario, folder_name};
use super::{Ending, ExplainArguments};
use crate::analyze::Subject;
use crate::analyze::explain::{Evoked, Input, Inputs, Part, Stimulus, split};
use crate::config::{Kind, Loaded, load};
use crate::plot::duration;
use crate::report::analysis::explanation;
use crate::spec::Scenario;
use crate::store::write_file;
use crate::units::{Dimension, InputUnit};
use comfy_table::{CellAlignment, Table, presets};
use fearless_simd::Level;
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) fn explain(arguments: &ExplainArguments) -> Ending {
    let loaded = match load(&arguments.file, &arguments.set) {
        Ok(loaded) => loaded,
        Err(error) => return refuse(error.render()),
    };
    let file = arguments.file.display();
    if loaded.kind != Kind::Scenario || loaded.scenario.arms.is_empty() {
        return refuse(format!("error: {file}: there are no arms to explain; expected a scenario with [[arms]]"));
    }
    let told = match Told::new(&loaded, arguments, Level::new()) {
        Ok(told) => told,
        Err(message) => return refuse(format!("error: {file}: {message}")),
    };
    let name = folder_name(&loaded.scenario.name) + "-explanation";
    let out = arguments.out.clone().unwrap_or_else(|| Path::new("out").join(name));
    let files = match told.store(&loaded.scenario, &out) {
        Ok(files) => files,
        Err(message) => return refuse(format!("error: {message}")),
    };
    if !arguments.quiet {
        told.report(&loaded.scenario);
        say(format!("results: {}", out.display()));
        files.iter().for_each(|file| say(format!("figure:  {} (and .png)", file.display())));
    }
    told.failed.iter().for_each(note);
    if told.failed.is_empty() { Ending::Done } else { Ending::SomeFailed }
}

/// All that is explained.
struct Told {
    /// The inputs at each time, those of the main time first.
    times: Vec<Vec<Inputs>>,
    evoked: Vec<Evoked>,
    stimulus: Stimulus,
    /// Arms that have no state there, with the reason.
    failed: Vec<String>,
}

impl Told {
    fn new(loaded: &Loaded, arguments: &ExplainArguments, level: Level) -> Result<Self, String> {
        let (scenario, calibration) = calibrated_scenario(loaded, level)?;
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
                match Subject::arms(&scenario, &calibration, one, Some(minutes), level) {
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
        for subject in &main {
            evoked.push(Evoked::new(subject, &stimulus)?);
        }
        Ok(Self { times, evoked, stimulus, failed })
    }

    fn store(&self, scenario: &Scenario, out: &Path) -> Result<Vec<PathBuf>, String> {
        std::fs::create_dir_all(out).map_err(|error| format!("`{}` cannot be written: {error}", out.display()))?;
        let content = json!({
            "scenario": scenario.name,
            "input_unit": scenario.circuit.input_unit.name(),
            "populations": scenario.circuit.populations.keys().collect::<Vec<_>>(),
            "inputs": self.times,
            "stimulus": self.stimulus,
            "evoked": self.evoked,
        });
        let mut bytes = serde_json::to_vec_pretty(&content).map_err(|error| error.to_string())?;
        bytes.push(b'\n');
        write_file(&out.join("explanation.json"), &bytes).map_err(|error| error.to_string())?;
        let populations: Vec<String> = scenario.circuit.populations.keys().cloned().collect();
        let main: Vec<&Inputs> = self.times.first().into_iter().flatten().collect();
        let text = self.stimulus_text(scenario.circuit.input_unit);
        write_figures(explanation(&main, &self.evoked, (scenario, &populations), &text), out)
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
        for (index, population) in scenario.circuit.populations.keys().enumerate() {
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
        let mut table = plain_table();
        table.set_header(["arm", "before", "at the end", "largest change", "linear response"]);
        for one in &self.evoked {
            let linear = one.linear_change_hz.as_ref().map_or(f64::NAN, |change| change[index]);
            let numbers = [one.before_hz[index], one.at_end_hz[index], one.peak_hz[index], linear];
            table.add_row([one.arm.clone()].into_iter().chain(numbers.map(|value| format!("{value:.3}"))));
        }
        align(&mut table, 4);
        say(table);
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
    parts_table(inputs, population, &["sum"], &soma).unwrap_or_else(plain_table)
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
        let source = part.short_name(name);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let mut table = plain_table();
    table.set_header(["arm", "rate (Hz)"].into_iter().chain(sources.iter().copied()).chain(behind.iter().copied()));
    for (one, input, parts, numbers) in &rows {
        let of = |source: &&str| -> f64 {
            parts.iter().filter(|part| part.short_name(name) == *source).map(|part| part.input).sum()
        };
        let numbers = sources.iter().map(of).chain(numbers.iter().copied());
        let cells = numbers.map(|value: f64| format!("{value:.2}").replace("-0.00", "0.00"));
        table.add_row([one.arm.clone(), format!("{:.2}", input.rate_hz)].into_iter().chain(cells));
    }
    align(&mut table, sources.len() + 1 + behind.len());
    Some(table)
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn align(table: &mut Table, last: usize) {
    for column in 1..=last {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
