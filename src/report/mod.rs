//! Which figures a run gets, and what they show: from results to the plain data that `plot` draws.

pub mod analysis;
pub mod bifurcation;
mod circuit;
mod course;
mod dose_response;
pub mod findings;
mod parallel;
pub mod parameters;
mod pharmacology;
pub mod plane;
mod replicates;
pub mod searched;
mod sensitivity;
mod series;
pub mod sweep;
mod synergy;
mod therapeutic;
pub mod units;

pub use circuit::{circuit_subtitle, drawn_connections};

use crate::plot::{self, ArmRates, ArmTrace, ArmsFigure, Figure, IndexTable, Observed, RatesFigure, Theme};
use crate::readouts::ArmSummary;
use crate::scenario::units::is_of;
use crate::scenario::{Arm, Circuit, Role, Scenario, Waveform};
use crate::store::{ArmTraces, Results};
use crate::units::{Dimension, significant};

/// How long before the window of comparison figures begin, in min.
const LEAD_MIN: f64 = 35.0;
/// A run that goes on for so much longer than the window of its comparison, relative to that, is drawn beyond it.
const MUCH_LONGER: f64 = 2.0;

/// The figures of a run, each with the stem of its file name.
pub fn figures(results: &Results, observed: &[Observed]) -> Vec<(&'static str, Figure)> {
    let report = Report::new(results);
    let mut figures = vec![("circuit", report.circuit())];
    if !report.recorded_populations().is_empty() {
        figures.push(("rates", report.rates(observed)));
    }
    if let Some(course) = report.course() {
        figures.push(("course", course));
    }
    figures.push(("arms", report.arms()));
    if let Some(pharmacology) = report.pharmacology() {
        figures.push(("pharmacology", pharmacology));
    }
    figures
}

/// An index of an arm.
type Index = fn(&ArmSummary) -> &crate::readouts::ByTime<Option<f64>>;

struct Report<'a> {
    results: &'a Results,
    scenario: &'a Scenario,
    resolved: Vec<Arm>,
    theme: Theme,
    title: String,
    subtitle: String,
}

impl<'a> Report<'a> {
    fn new(results: &'a Results) -> Self {
        let scenario = &results.scenario;
        let written = &scenario.circuit.written().populations;
        let populations = written.iter().map(|(name, spec)| (name.clone(), role(spec.role)));
        let substances = scenario.receptors.keys().chain(scenario.ligands.keys()).cloned();
        let mut theme = Theme::new(results.traces.iter().map(|traces| traces.arm.clone()), populations, substances);
        let resolved = scenario.resolved_arms();
        series::of_arms(&resolved).into_iter().for_each(|names| theme.order_arms(names));
        let title = if scenario.description.is_empty() { scenario.name.clone() } else { scenario.description.clone() };
        let named = |name: &str| if name.is_empty() { String::new() } else { format!("{name}; ") };
        let subtitle = named(&scenario.circuit.name) + &calibration(&scenario.circuit);
        Self { results, scenario, resolved, theme, title, subtitle }
    }

    /// Populations, the main one first, each with its rate at the start of the control arm.
    fn populations(&self) -> Vec<plot::Population> {
        let main = &self.results.summary.population;
        let names = self.scenario.circuit.written().populations.iter();
        let mut populations: Vec<plot::Population> = names
            .map(|(name, spec)| plot::Population {
                name: name.clone(),
                role: role(spec.role),
                reference_hz: self.resting_rate(name),
            })
            .collect();
        populations.sort_by_key(|population| population.name != *main);
        populations
    }

    /// Those whose rates are recorded.
    fn recorded_populations(&self) -> Vec<plot::Population> {
        let recorded = |name: &str| self.is_recorded(|signal| is_rate_of(signal, name));
        self.populations().into_iter().filter(|population| recorded(&population.name)).collect()
    }

    /// Whether one of the recorded signals is like that.
    fn is_recorded(&self, like: impl Fn(&str) -> bool) -> bool {
        self.results.traces.first().is_some_and(|traces| traces.recording.names().iter().any(|name| like(name)))
    }

    fn resting_rate(&self, population: &str) -> Option<f64> {
        let control = self.results.traces.iter().find(|traces| traces.arm == self.scenario.compare.control)?;
        rate_of(control, population).first().copied()
    }

    fn window(&self) -> (f64, f64) {
        let (run, compare) = (&self.scenario.run, &self.scenario.compare);
        let window = (run.from.max(compare.from - LEAD_MIN), run.to.min(compare.to));
        if window.0 < window.1 { window } else { (run.from, run.to) }
    }

    /// Pieces of the time axis: the window of the comparison, and the rest of the run where that is much longer.
    fn windows(&self) -> Vec<(f64, f64)> {
        let (from, to) = self.window();
        if self.goes_on() { vec![(from, to), (to, self.scenario.run.to)] } else { vec![(from, to)] }
    }

    /// Whether the run goes on for much longer than the window of its comparison.
    fn goes_on(&self) -> bool {
        let (from, to) = self.window();
        self.scenario.run.to - from >= MUCH_LONGER * (to - from)
    }

    /// The arms that others are compared with.
    fn references(&self) -> Vec<usize> {
        let compared = self.resolved.iter().flat_map(|arm| self.scenario.compared_with(arm));
        let mut found: Vec<usize> =
            compared.filter_map(|name| self.results.traces.iter().position(|traces| traces.arm == name)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn rates(&self, observed: &[Observed]) -> Figure {
        let populations = self.recorded_populations();
        let arms = self.results.traces.iter().map(|traces| ArmTrace {
            name: traces.arm.clone(),
            t_min: traces.recording.times().to_vec(),
            rates_hz: populations.iter().map(|population| rate_of(traces, &population.name)).collect(),
        });
        // Measurements count populations in the circuit's order, with every unit of a ring; the figure in its own.
        let circuit = &self.scenario.circuit;
        let place = |population: usize| {
            let (name, _) = circuit.populations.get_index(population)?;
            let (owner, _) = circuit.written_owner(name)?;
            populations.iter().position(|known| known.name == owner)
        };
        let observed = observed
            .iter()
            .filter_map(|one| Some(Observed { population: place(one.population)?, ..one.clone() }))
            .collect();
        let figure = RatesFigure {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            arms: arms.collect(),
            references: self.references(),
            doses: self.marks().0,
            spans: self.marks().1,
            observed,
            reference_name: format!("rest of {}", self.scenario.compare.control),
            windows_min: self.windows(),
            populations,
        };
        figure.render(&self.theme)
    }

    /// Doses and spans of all arms.
    fn marks(&self) -> (Vec<plot::Dose>, Vec<plot::Span>) {
        let (mut doses, mut spans) = (Vec::new(), Vec::new());
        for (index, arm) in self.resolved.iter().enumerate() {
            let (own_doses, own_spans) = self.marks_of(arm, index);
            doses.extend(own_doses);
            spans.extend(own_spans);
        }
        (doses, spans)
    }

    fn marks_of(&self, arm: &Arm, index: usize) -> (Vec<plot::Dose>, Vec<plot::Span>) {
        let input = self.scenario.circuit.input_unit;
        let (start, end) = (self.scenario.run.from, self.scenario.run.to);
        let doses = arm.doses.iter().flat_map(|dose| {
            let form = if dose.form.is_empty() { String::new() } else { format!("{}-", dose.form) };
            dose.administrations(self.scenario.absorbed(&dose.ligand)).into_iter().map(move |given| {
                let during = given.duration.map(|time| format!(" over {}", Dimension::Time.print(time, input, 3)));
                plot::Dose {
                    ligand: format!("{form}{}", dose.ligand),
                    amount: Dimension::Dose.print(given.amount, input, 3) + &during.unwrap_or_default(),
                    at_min: given.at,
                    over_min: given.duration.unwrap_or(0.0),
                    arms: vec![index],
                }
            })
        });
        let span = |kind, label: String, from: Option<f64>, to: Option<f64>| plot::Span {
            kind,
            label,
            from_min: from.unwrap_or(start),
            to_min: to.unwrap_or(end),
            arms: vec![index],
        };
        let mut spans = Vec::new();
        if let Some(stress) = arm.stress.as_ref().filter(|stress| stress.exposure) {
            if stress.periods.is_empty() || stress.from.is_some() || stress.to.is_some() {
                spans.push(span(plot::SpanKind::Exposure, "stress".into(), stress.from, stress.to));
            }
            for period in &stress.periods {
                spans.push(span(plot::SpanKind::Exposure, "stress".into(), Some(period.from), Some(period.to)));
            }
        }
        for injection in &arm.inject {
            let sign = if injection.drive > 0.0 { "+" } else { "" };
            let drive = Dimension::Input.print(injection.drive, input, 3).replace('-', "−");
            let course = match &injection.waveform {
                Waveform::Step => String::new(),
                Waveform::Pulses { period, .. } => format!(" every {} ms", significant(*period, 3)),
                Waveform::Decay { tau } => format!(", decaying in {} ms,", significant(*tau, 3)),
                Waveform::Sinusoid { frequency, .. } => format!(" at {} Hz", significant(*frequency, 3)),
                Waveform::Table { times, .. } => {
                    format!(" over {} ms", significant(times.last().copied().unwrap_or(0.0), 3))
                }
            };
            let share = match injection.fraction {
                1.0 => String::new(),
                fraction => format!("{} % of ", significant(100.0 * fraction, 3)),
            };
            let label = format!("{sign}{drive}{course} onto {share}{}", injection.population);
            spans.push(span(plot::SpanKind::Injection, label, injection.from, injection.to));
        }
        for block in &arm.block {
            let share =
                if block.fraction < 1.0 { format!("{:.0} % of ", 100.0 * block.fraction) } else { String::new() };
            let label = format!("{share}{} blocked on {}", block.receptor, block.cells.join(", "));
            spans.push(span(plot::SpanKind::Block, label, block.from, block.to));
        }
        for bath in &arm.baths {
            let label =
                format!("{} {} in the bath", bath.ligand, Dimension::Concentration.print(bath.concentration, input, 3));
            spans.push(span(plot::SpanKind::Injection, label, bath.from, bath.to));
        }
        (doses.collect(), spans)
    }

    fn arms(&self) -> Figure {
        let summary = &self.results.summary;
        let populations = self.populations();
        let times: Vec<String> = summary
            .arms
            .iter()
            .max_by_key(|arm| arm.rates_hz.len())
            .map(|arm| arm.rates_hz.keys().cloned().collect())
            .unwrap_or_default();
        let rates = |arm: &ArmSummary| {
            let at = |label: &String| {
                let rate = |name: &str| arm.rate(label, name).unwrap_or(f64::NAN);
                populations.iter().map(|population| rate(&population.name)).collect()
            };
            ArmRates { name: arm.name.clone(), rates_hz: times.iter().map(at).collect() }
        };
        let columns: Vec<String> = times.iter().map(|label| label.replace('-', "−")).collect();
        let has = |pick: Index| {
            let others = summary.arms.iter().filter(|arm| arm.name != self.scenario.compare.control);
            others.into_iter().any(|arm| pick(arm).values().any(Option::is_some))
        };
        let index = |title: &str, pick: Index| IndexTable {
            title: title.to_owned(),
            columns: columns.clone(),
            values: summary
                .arms
                .iter()
                .map(|arm| times.iter().map(|label| pick(arm).get(label).copied().flatten()).collect())
                .collect(),
            full: 1.0,
        };
        // One says what the other does: they are straight lines of the same rate.
        let mut tables = Vec::new();
        if has(|arm| &arm.rescue_index) {
            tables.push(index(&self.rescue_title(), |arm| &arm.rescue_index));
        } else if has(|arm| &arm.suppression_index) {
            let title = format!("{} below {}", summary.population, self.scenario.compare.control);
            tables.push(index(&title, |arm| &arm.suppression_index));
        }
        let figure = ArmsFigure {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            main_time: self.main_time(&times),
            arms: summary.arms.iter().map(rates).collect(),
            tables,
            reference_name: format!("rest of {}", self.scenario.compare.control),
            times: columns,
            populations,
        };
        figure.render(&self.theme)
    }

    /// What the share of the way from the one arm to the other is called: a rescue where the one is stressed.
    fn rescue_title(&self) -> String {
        let (population, compare) = (&self.results.summary.population, &self.scenario.compare);
        let stressed = self.resolved.iter().any(|arm| arm.name == compare.stress && arm.stress.is_some());
        if stressed {
            format!("rescue of {population}")
        } else {
            format!("{population}: {} 0, {} 1", compare.stress, compare.control)
        }
    }

    /// The report time that is nearest to ten minutes after the main dose; where nothing is given, that at which the arms
    /// differ most.
    fn main_time(&self, labels: &[String]) -> usize {
        let minutes =
            |label: &String| self.scenario.run.report.iter().find(|time| time.label == *label).map(|time| time.minutes);
        let given = self.resolved.iter().any(|arm| !arm.doses.is_empty());
        let far = |label: &String| match minutes(label) {
            Some(minutes) if given => (minutes - 10.0).abs(),
            Some(_) => -self.difference_at(label),
            None => f64::INFINITY,
        };
        (0..labels.len()).min_by(|one, other| far(&labels[*one]).total_cmp(&far(&labels[*other]))).unwrap_or(0)
    }

    /// How far the main population's rates in the arms lie apart.
    fn difference_at(&self, label: &str) -> f64 {
        let summary = &self.results.summary;
        let rates = summary.arms.iter().filter_map(|arm| arm.rate(label, &summary.population));
        let rates = rates.filter(|rate| rate.is_finite());
        let ends = rates.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], rate| [low.min(rate), high.max(rate)]);
        if ends[0] < ends[1] { ends[1] - ends[0] } else { 0.0 }
    }
}

/// Where the drives come from.
fn calibration(circuit: &Circuit) -> String {
    let solved = circuit.populations.values().filter(|population| population.rest.is_some()).count();
    let noisy = circuit.populations.values().any(|population| population.noise.is_some());
    let drives = match solved {
        0 => "drives as given",
        some if some == circuit.populations.len() => "drives solved from the resting rates",
        _ => "drives given, or solved from the resting rates",
    };
    let noise = if noisy && solved > 0 { " without noise" } else { "" };
    format!("{drives}{noise}")
}

fn role(role: Role) -> plot::Role {
    if role == Role::Inhibitory { plot::Role::Inhibitory } else { plot::Role::Excitatory }
}

/// Whether a signal is the rate of a population, or of one of its units.
fn is_rate_of(signal: &str, population: &str) -> bool {
    signal.strip_prefix("rate.").is_some_and(|name| is_of(name, population))
}

fn rate_of(traces: &ArmTraces, population: &str) -> Vec<f64> {
    traces.recording.signal(&format!("rate.{population}")).unwrap_or_default()
}
