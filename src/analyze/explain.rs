//! Why an arm is where it is: the input to each population split by its sources, and how the circuit answers a stimulus.

use super::subject::Subject;
use super::trajectory::Trajectory;
use crate::simulate::Moment;
use crate::spec::Compartment;
use serde::Serialize;

/// Interval of the samples of an evoked response, in ms.
const SAMPLE_MS: f64 = 2.0;

/// One part of the input to a population.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// `drive` (background), `injected`, `synapse`, `adaptation` or `signal` (the effect of a receptor, of stress or of another signal on
    /// the drive).
    pub kind: PartKind,
    /// The source population, or the signal.
    pub from: String,
    /// How much, in input units.
    pub input: f64,
    /// Of a synapse: its weight under all effects, in input units per Hz or per unit of its gate.
    pub weight: Option<f64>,
    /// Of a synapse: the rate in Hz of its source, or what its gate or short-term plasticity makes of it.
    pub output: Option<f64>,
    /// Of a synapse: the source population.
    pub source: Option<String>,
    /// How much more than in the arm that it is compared with, in input units.
    pub difference: Option<f64>,
    /// Of a synapse: how much of the difference is that of the source's output, at the mean of both weights.
    pub by_rate: Option<f64>,
    /// The rest: that of the weight, at the mean of both outputs.
    pub by_weight: Option<f64>,
}

impl Part {
    /// A short name: a receptor's activation on the population itself goes by the receptor's name.
    pub fn short_name(&self, population: &str) -> &str {
        let activation = self.from.strip_prefix("activation.").and_then(|site| site.strip_suffix(population));
        activation.and_then(|receptor| receptor.strip_suffix('.')).unwrap_or(&self.from)
    }
}

/// What a part of an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// Background drive.
    Drive,
    /// Synapses of a population.
    Synapse,
    /// The effect of a signal on the drive.
    Signal,
    /// Injected input.
    Injected,
    /// Adaptation of the population itself.
    Adaptation,
}

/// The input to one population.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// Onto which population.
    pub population: String,
    /// Its rate in Hz.
    pub rate_hz: f64,
    /// The sum of all parts, in input units.
    pub total: f64,
    /// The parts.
    pub parts: Vec<Part>,
}

/// The inputs of one arm at one time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inputs {
    /// The arm.
    pub arm: String,
    /// The time, in min.
    pub minutes: f64,
    /// The arm that differences are taken from.
    pub compared_with: Option<String>,
    /// The inputs, by population.
    pub inputs: Vec<Input>,
}

/// Splits the inputs to the somata in an arm (what reaches dendrites, and what divides, is not among them); differences are taken from another arm at the same time, where one is given.
pub fn split(arm: &str, moment: &Moment, other: Option<(&str, &Moment)>) -> Inputs {
    let names: Vec<&String> = moment.shape.populations.iter().map(|population| &population.name).collect();
    let input = |(index, name): (usize, &&String)| {
        let mut parts = parts(moment, index, &names);
        if let Some((_, other)) = other {
            compare(&mut parts, &self::parts(other, index, &names));
        }
        let total = parts.iter().map(|part| part.input).sum();
        Input { population: (*name).clone(), rate_hz: moment.rates[index], total, parts }
    };
    Inputs {
        arm: arm.to_owned(),
        minutes: moment.minutes,
        compared_with: other.map(|(name, _)| name.to_owned()),
        inputs: names.iter().enumerate().map(input).collect(),
    }
}

fn parts(moment: &Moment, population: usize, names: &[&String]) -> Vec<Part> {
    let part = |kind, from: &str, input| Part {
        kind,
        from: from.to_owned(),
        input,
        weight: None,
        output: None,
        source: None,
        difference: None,
        by_rate: None,
        by_weight: None,
    };
    let mut parts = vec![part(PartKind::Drive, "drive", moment.background[population])];
    for (connection, weight) in moment.shape.connections.iter().zip(&moment.rows.weight) {
        if connection.target != population || connection.compartment != Compartment::Soma {
            continue;
        }
        let source = names[connection.source];
        let channel = connection.output.checked_sub(names.len()).map(|index| &moment.shape.channels[index]);
        let from = channel.filter(|channel| !channel.class.is_empty());
        let from = from.map_or_else(|| source.clone(), |channel| format!("{source} {}", channel.class));
        let (weight, output) = (weight.get(0), moment.outputs[connection.output]);
        let made = part(PartKind::Synapse, &from, weight * output);
        parts.push(Part { weight: Some(weight), output: Some(output), source: Some(source.clone()), ..made });
    }
    let adaptation = moment.shape.mechanisms.iter().find(|mechanism| mechanism.population == population);
    if let Some(variable) = adaptation.and_then(|mechanism| mechanism.adaptation) {
        parts.push(part(PartKind::Adaptation, "adaptation", moment.variables[variable]));
    }
    for effect in moment.drive_effects.iter().filter(|effect| effect.population == population) {
        match parts.iter_mut().find(|part| part.kind == PartKind::Signal && part.from == effect.signal) {
            Some(part) => part.input += effect.drive,
            None => parts.push(part(PartKind::Signal, &effect.signal, effect.drive)),
        }
    }
    parts.push(part(PartKind::Injected, "injected", moment.injected[population]));
    parts
}

/// Adds to each part how it differs from that of another arm.
fn compare(parts: &mut [Part], others: &[Part]) {
    for part in parts {
        let Some(before) = others.iter().find(|other| other.kind == part.kind && other.from == part.from) else {
            part.difference = Some(part.input);
            continue;
        };
        part.difference = Some(part.input - before.input);
        let now = part.weight.zip(part.output);
        if let (Some((weight, output)), Some((weight_before, output_before))) = (now, before.weight.zip(before.output))
        {
            // With the means of both, the two parts sum to the difference.
            part.by_rate = Some(f64::midpoint(weight, weight_before) * (output - output_before));
            part.by_weight = Some((weight - weight_before) * f64::midpoint(output, output_before));
        }
    }
}

/// A stimulus: input onto some populations for some time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stimulus {
    /// Populations and the input onto each, in input units.
    pub onto: Vec<(String, f64)>,
    /// How long it lasts, in ms; the response is followed for as long again.
    pub duration_ms: f64,
}

impl Stimulus {
    /// A tenth of the background drive of the main population onto it (or one input unit where that is 0), for 200 ms.
    pub fn onto_main_population(subject: &Subject) -> Self {
        let system = &subject.system;
        let main = system.main_population();
        let drive = 0.1 * subject.moment.as_ref().map_or_else(|| system.drive(main), |moment| moment.background[main]);
        let size = if drive == 0.0 { 1.0 } else { drive.abs() };
        Self { onto: vec![(system.populations()[main].clone(), size)], duration_ms: 200.0 }
    }
}

/// What a stimulus evokes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evoked {
    /// The arm or circuit.
    pub arm: String,
    /// Rates before the stimulus in Hz, by population.
    pub before_hz: Vec<f64>,
    /// Rates at its end.
    pub at_end_hz: Vec<f64>,
    /// Largest departure of each rate from its value before, in Hz, with its sign.
    pub peak_hz: Vec<f64>,
    /// What the linear response says of the rates at the end of a long stimulus: their change, in Hz.
    pub linear_change_hz: Option<Vec<f64>>,
    /// Times in ms from the start of the stimulus.
    pub times_ms: Vec<f64>,
    /// Rates at these times in Hz, by population.
    pub rates_hz: Vec<Vec<f64>>,
}

impl Evoked {
    /// The response of a subject in its state to a stimulus, without noise.
    ///
    /// # Errors
    /// Where a population does not exist, there is no stable state, or the rates run away.
    pub fn new(subject: &Subject, stimulus: &Stimulus) -> Result<Self, String> {
        let names = subject.system.populations();
        let state = subject.state.as_ref().ok_or_else(|| format!("{} has no stable state", subject.name))?;
        let local = subject.system.at(state);
        let mut driven = subject.system.clone();
        let mut onto = vec![0.0; names.len()];
        for (name, size) in &stimulus.onto {
            let Some(index) = names.iter().position(|known| known == name) else {
                return Err(format!("there is no population `{name}`; expected one of {}", names.join(", ")));
            };
            onto[index] += size;
            driven.set_drive(index, subject.system.drive(index) + onto[index]);
        }
        let lost = || format!("the rates of {} run away under the stimulus", subject.name);
        let during = Trajectory::new(&driven, state, stimulus.duration_ms, SAMPLE_MS).ok_or_else(lost)?;
        let end = during.states.last().unwrap_or(state).clone();
        let after = Trajectory::new(&subject.system, &end, stimulus.duration_ms, SAMPLE_MS).ok_or_else(lost)?;
        let rates = |trajectory: &Trajectory| -> Vec<Vec<f64>> {
            trajectory.states.iter().map(|state| subject.system.rates(state)).collect()
        };
        // Before the stimulus the state stands still.
        let mut times_ms = vec![-0.25 * stimulus.duration_ms, 0.0];
        let mut all = vec![local.rates.clone(), local.rates.clone()];
        times_ms.extend(during.times_ms.iter().skip(1));
        all.extend(rates(&during).into_iter().skip(1));
        let at_end_hz = all.last().cloned().unwrap_or_default();
        times_ms.extend(after.times_ms.iter().skip(1).map(|time| time + stimulus.duration_ms));
        all.extend(rates(&after).into_iter().skip(1));
        let of = |population: usize| all.iter().map(|rates| rates[population]).collect::<Vec<_>>();
        let rates_hz: Vec<Vec<f64>> = (0..names.len()).map(of).collect();
        let peak = |(rates, before): (&Vec<f64>, &f64)| {
            rates.iter().map(|rate| rate - before).max_by(|one, other| one.abs().total_cmp(&other.abs())).unwrap_or(0.0)
        };
        let response = super::response::Response::new(&subject.system, &local);
        let change = |row: &Vec<f64>| row.iter().zip(&onto).map(|(entry, size)| entry * size).sum();
        Ok(Self {
            arm: subject.name.clone(),
            peak_hz: rates_hz.iter().zip(&local.rates).map(peak).collect(),
            linear_change_hz: response.map(|response| response.hz_per_input_unit.iter().map(change).collect()),
            before_hz: local.rates,
            at_end_hz,
            times_ms,
            rates_hz,
        })
    }
}
