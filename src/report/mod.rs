//! Which figures a run gets, and what they show: from results to the plain data that `plot` draws.

pub mod analysis;
pub mod bifurcation;
mod course;
mod dose_response;
pub mod findings;
mod parallel;
pub mod parameters;
pub mod plane;
mod replicates;
pub mod searched;
mod sensitivity;
pub mod sweep;
mod synergy;
mod therapeutic;

use crate::plot::{
    self, Activation, ArmPharmacology, ArmRates, ArmTrace, ArmsFigure, Badge, CircuitFigure, Concentration,
    ConcentrationScale, Figure, IndexTable, Observed, Occupancy, PharmacologyFigure, RatesFigure, Theme,
};
use crate::readouts::ArmSummary;
use crate::readouts::trace::Trace;
use crate::scenario::{Arm, Circuit, Compartment, Modulation, Role, Scenario, Waveform};
use crate::store::{ArmTraces, Results};
use crate::units::{Dimension, significant};

/// How many arms the pharmacology figure shows.
const PHARMACOLOGY_ARMS: usize = 3;
/// An occupancy that stays below this is not drawn.
const SMALLEST_OCCUPANCY: f64 = 1e-3;
/// The activation of a receptor that moves by less than this is not drawn.
const SMALLEST_CHANGE: f64 = 5e-3;
/// How long before the window of comparison figures begin, in min.
const LEAD_MIN: f64 = 35.0;

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
        let populations = scenario.circuit.populations.iter().map(|(name, spec)| (name.clone(), role(spec.role)));
        let substances = scenario.receptors.keys().chain(scenario.ligands.keys()).cloned();
        let theme = Theme::new(results.traces.iter().map(|traces| traces.arm.clone()), populations, substances);
        let title = if scenario.description.is_empty() { scenario.name.clone() } else { scenario.description.clone() };
        let named = |name: &str| if name.is_empty() { String::new() } else { format!("{name}; ") };
        let subtitle = named(&scenario.circuit.name) + &calibration(&scenario.circuit);
        Self { results, scenario, resolved: scenario.resolved_arms(), theme, title, subtitle }
    }

    /// Populations, the main one first, each with its rate at the start of the control arm.
    fn populations(&self) -> Vec<plot::Population> {
        let main = &self.results.summary.population;
        let names = self.scenario.circuit.populations.iter();
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
        let recorded = |name: &str| self.is_recorded(|signal| signal.strip_prefix("rate.") == Some(name));
        self.populations().into_iter().filter(|population| recorded(&population.name)).collect()
    }

    /// Whether one of the recorded signals is like that.
    fn is_recorded(&self, like: impl Fn(&str) -> bool) -> bool {
        self.results.traces.first().is_some_and(|traces| traces.recording.names().iter().any(|name| like(name)))
    }

    fn resting_rate(&self, population: &str) -> Option<f64> {
        let control = self.results.traces.iter().find(|traces| traces.arm == self.scenario.compare.control)?;
        control.recording.signal(&format!("rate.{population}"))?.first().copied()
    }

    fn window(&self) -> (f64, f64) {
        let (run, compare) = (&self.scenario.run, &self.scenario.compare);
        let window = (run.from.max(compare.from - LEAD_MIN), run.to.min(compare.to));
        if window.0 < window.1 { window } else { (run.from, run.to) }
    }

    fn rates(&self, observed: &[Observed]) -> Figure {
        let populations = self.recorded_populations();
        let order: Vec<usize> = populations
            .iter()
            .filter_map(|population| self.scenario.circuit.populations.get_index_of(&population.name))
            .collect();
        let arms = self.results.traces.iter().map(|traces| ArmTrace {
            name: traces.arm.clone(),
            t_min: traces.recording.times().to_vec(),
            rates_hz: populations.iter().map(|population| rate_of(traces, &population.name)).collect(),
        });
        // Measurements count populations in the circuit's order, the figure in its own.
        let place = |population: usize| order.iter().position(|index| *index == population);
        let observed = observed
            .iter()
            .filter_map(|one| Some(Observed { population: place(one.population)?, ..one.clone() }))
            .collect();
        let figure = RatesFigure {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            arms: arms.collect(),
            doses: self.marks().0,
            spans: self.marks().1,
            observed,
            reference_name: format!("rest of {}", self.scenario.compare.control),
            windows_min: vec![self.window()],
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
                let rate = |name: &str| arm.rates_hz.get(label).and_then(|rates| rates.get(name)).copied();
                populations.iter().map(|population| rate(&population.name).unwrap_or(f64::NAN)).collect()
            };
            ArmRates { name: arm.name.clone(), rates_hz: times.iter().map(at).collect() }
        };
        let columns: Vec<String> = times.iter().map(|label| label.replace('-', "−")).collect();
        let index = |title: &str, pick: fn(&ArmSummary) -> &crate::readouts::ByTime<Option<f64>>| IndexTable {
            title: title.to_owned(),
            columns: columns.clone(),
            values: summary
                .arms
                .iter()
                .map(|arm| times.iter().map(|label| pick(arm).get(label).copied().flatten()).collect())
                .collect(),
            full: 1.0,
        };
        let figure = ArmsFigure {
            title: self.title.clone(),
            subtitle: self.subtitle.clone(),
            main_time: self.main_time(&times),
            arms: summary.arms.iter().map(rates).collect(),
            tables: vec![
                index(&format!("suppression of {}", summary.population), |arm| &arm.suppression_index),
                index(&format!("rescue of {}", summary.population), |arm| &arm.rescue_index),
            ],
            reference_name: format!("rest of {}", self.scenario.compare.control),
            times: columns,
            populations,
        };
        figure.render(&self.theme)
    }

    /// The report time that is nearest to ten minutes after the main dose.
    fn main_time(&self, labels: &[String]) -> usize {
        let minutes =
            |label: &String| self.scenario.run.report.iter().find(|time| time.label == *label).map(|time| time.minutes);
        let far = |label: &String| minutes(label).map_or(f64::INFINITY, |minutes| (minutes - 10.0).abs());
        (0..labels.len()).min_by(|one, other| far(&labels[*one]).total_cmp(&far(&labels[*other]))).unwrap_or(0)
    }

    fn circuit(&self) -> Figure {
        let circuit = &self.scenario.circuit;
        let badges = |population: &str| {
            let carried = self
                .scenario
                .receptors
                .iter()
                .filter_map(|(name, receptor)| Some((name, receptor.on.get(population)?)));
            carried.map(|(name, site)| Badge { receptor: name.clone(), fraction: site.fraction }).collect()
        };
        let nodes = circuit.populations.iter().map(|(name, spec)| plot::Node {
            name: name.clone(),
            role: role(spec.role),
            rate_hz: spec.rest.or_else(|| self.resting_rate(name)),
            badges: badges(name),
        });
        let (connections, weight_units) = drawn_connections(circuit);
        let figure = CircuitFigure {
            title: if circuit.name.is_empty() { self.scenario.name.clone() } else { circuit.name.clone() },
            subtitle: circuit_subtitle(circuit),
            nodes: nodes.collect(),
            connections,
            weight_units,
        };
        figure.render(&self.theme)
    }

    /// The arms that get something, at most a few; none if no arm does.
    fn pharmacology(&self) -> Option<Figure> {
        let treated: Vec<usize> = (0..self.resolved.len())
            .filter(|index| !self.resolved[*index].doses.is_empty() || !self.resolved[*index].baths.is_empty())
            .collect();
        let shown = &treated[..treated.len().min(PHARMACOLOGY_ARMS)];
        if shown.is_empty() || !self.is_recorded(|signal| signal.starts_with("concentration.")) {
            return None;
        }
        let moving = self.moving_activations(shown);
        let (mut arms, mut doses, mut spans) = (Vec::new(), Vec::new(), Vec::new());
        for index in shown {
            if let (Some(traces), Some(arm)) = (self.results.traces.get(*index), self.resolved.get(*index)) {
                let (own_doses, own_spans) = self.marks_of(arm, arms.len());
                arms.push(self.pharmacology_of(traces, &moving));
                doses.extend(own_doses);
                spans.extend(own_spans.into_iter().filter(|span| span.kind != plot::SpanKind::Exposure));
            }
        }
        let figure = PharmacologyFigure {
            title: self.title.clone(),
            subtitle: if treated.len() > shown.len() {
                format!("the first {} of {} treated arms", shown.len(), treated.len())
            } else {
                String::new()
            },
            arms,
            doses,
            spans,
            window_min: Some(self.window()),
            scale: ConcentrationScale::Log { decades: 6.0 },
        };
        Some(figure.render(&self.theme))
    }

    /// The activations that move in one of the arms.
    fn moving_activations(&self, arms: &[usize]) -> Vec<String> {
        let Some(first) = self.results.traces.first() else { return Vec::new() };
        let (from, to) = self.window();
        let moves = |name: &&String| {
            name.starts_with("activation.")
                && arms.iter().filter_map(|index| self.results.traces.get(*index)).any(|traces| {
                    let values = traces.recording.signal(name).unwrap_or_default();
                    let trace = Trace { times: traces.recording.times(), values: &values };
                    let extremes = trace.highest(from, to).zip(trace.lowest(from, to));
                    extremes.is_some_and(|(highest, lowest)| highest.value - lowest.value > SMALLEST_CHANGE)
                })
        };
        first.recording.names().iter().filter(moves).cloned().collect()
    }

    /// The concentrations and occupancies that are above nothing in an arm, and the activations that are asked for.
    fn pharmacology_of(&self, traces: &ArmTraces, activations: &[String]) -> ArmPharmacology {
        let recording = &traces.recording;
        let times = recording.times();
        let (from, to) = self.window();
        let own = |text: &str| text.to_owned();
        let mut arm = ArmPharmacology { name: traces.arm.clone(), t_min: times.to_vec(), ..ArmPharmacology::default() };
        for name in recording.names() {
            let values = recording.signal(name).unwrap_or_default();
            let highest = Trace { times, values: &values }.highest(from, to).map_or(0.0, |extreme| extreme.value);
            match name.split('.').collect::<Vec<_>>()[..] {
                ["concentration", ligand] if highest > 0.0 => {
                    arm.concentrations.push(Concentration { ligand: own(ligand), nanomolar: values });
                }
                ["occupancy", receptor, ligand] if highest > SMALLEST_OCCUPANCY => {
                    arm.occupancies.push(Occupancy { receptor: own(receptor), ligand: own(ligand), share: values });
                }
                ["activation", receptor, population] if activations.contains(name) => {
                    let (receptor, population) = (own(receptor), own(population));
                    arm.activations.push(Activation { receptor, population, value: values, resting: None });
                }
                _ => {}
            }
        }
        arm
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

/// What stands under the figure of a circuit: what its numbers are, and what acts on its connections without being one.
pub fn circuit_subtitle(circuit: &Circuit) -> String {
    let mut text = "rates at rest; receptors with the share of cells that carry them".to_owned();
    for (class, synapses) in &circuit.synapses {
        let variables = synapses.modulation.as_ref().map(Modulation::variables).unwrap_or_default();
        let names: Vec<String> = variables.iter().map(ToString::to_string).collect();
        if !names.is_empty() {
            text.extend(["; synapses of class ", class, " follow ", &names.join(", ")]);
        }
    }
    text
}

/// The connections of a circuit as its figure draws them, and the units of their weights.
pub fn drawn_connections(circuit: &Circuit) -> (Vec<plot::Connection>, Vec<String>) {
    let (mut connections, mut dimensions) = (Vec::new(), Vec::new());
    let place = |name: &str| circuit.populations.get_index_of(name);
    for weight in circuit.connections() {
        let Some((from, onto)) = place(weight.from).zip(place(weight.onto)) else { continue };
        let unit = dimensions.iter().position(|known| *known == weight.dimension).unwrap_or_else(|| {
            dimensions.push(weight.dimension);
            dimensions.len() - 1
        });
        let ends = match weight.compartment {
            Compartment::Soma => plot::Ends::Soma,
            Compartment::Dendrite => plot::Ends::Dendrite,
            Compartment::Divisive => plot::Ends::Divisor,
            Compartment::Second => plot::Ends::Second,
        };
        connections.push(plot::Connection { from, onto, weight: weight.value, unit, ends });
    }
    connections.sort_by_key(|connection| (connection.onto, connection.from));
    let symbol = |dimension: &Dimension| match dimension {
        Dimension::Number => "(divisive)",
        dimension => dimension.base_symbol(circuit.input_unit),
    };
    (connections, dimensions.iter().map(|dimension| symbol(dimension).to_owned()).collect())
}

fn role(role: Role) -> plot::Role {
    if role == Role::Inhibitory { plot::Role::Inhibitory } else { plot::Role::Excitatory }
}

fn rate_of(traces: &ArmTraces, population: &str) -> Vec<f64> {
    traces.recording.signal(&format!("rate.{population}")).unwrap_or_default()
}
