//! Why an arm is where it is: the input to each population split by its sources, and how the circuit answers a stimulus.

use super::subject::Subject;
use super::trajectory::Run;
use crate::circuit::mechanisms::{Event, Mechanism, MechanismRows};
use crate::circuit::modulators::factor_at;
use crate::scenario::{Compartment, Divided};
use crate::simulate::Moment;
use serde::Serialize;

/// Interval of the samples of an evoked response, in ms.
const SAMPLE_MS: f64 = 2.0;

/// One part of the input to a population.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// `drive` (background), `injected`, `synapse`, `adaptation`, `noise` or `signal` (the effect of a receptor, of stress or of
    /// another signal on the drive).
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
    /// Of a synapse whose weight follows fast variables: the factor, which the output holds already.
    pub modulation: Option<f64>,
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
    /// Noise at that moment of a run in fast time.
    Noise,
}

/// The input to one population.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// Onto which population.
    pub population: String,
    /// Its rate in Hz.
    pub rate_hz: f64,
    /// The sum of all parts, in input units: what the soma receives.
    pub total: f64,
    /// The parts.
    pub parts: Vec<Part>,
    /// What the dendrite receives, where there is one.
    pub dendrite: Option<DendriteInput>,
    /// What divides, where something does.
    pub division: Option<Division>,
    /// What the second input receives, where the transfer function has one.
    pub second: Option<SecondInput>,
    /// What the transfer function is given, in input units: that of the soma, where there is no dendrite and the input is not
    /// divided.
    pub effective: f64,
}

/// What a dendrite receives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DendriteInput {
    /// The sum of all parts, in input units.
    pub total: f64,
    /// The parts.
    pub parts: Vec<Part>,
    /// What of the soma's own input drives the population, in input units: what does not leak to the dendrite.
    pub from_soma: f64,
    /// What the dendrite adds to it, a dendritic event included. Both together are the population's input.
    pub from_dendrite: f64,
}

/// What the second input of a transfer function receives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SecondInput {
    /// The sum of all parts, in input units.
    pub total: f64,
    /// The parts.
    pub parts: Vec<Part>,
}

/// What divides the input or the output of a population.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Division {
    /// What is divided.
    pub of: Divided,
    /// By how much: 1 and the sum of all parts.
    pub divisor: f64,
    /// The parts, without unit; their weights are per Hz or per unit of a gate.
    pub parts: Vec<Part>,
}

/// The inputs of one arm at one time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inputs {
    /// The arm.
    pub arm: String,
    /// The time, in min.
    pub minutes: f64,
    /// Whether the arm is on its way at that moment of a run in fast time: rates and inputs are then those of the run, not of a
    /// state in which the circuit stands still.
    pub moving: bool,
    /// The arm that differences are taken from.
    pub compared_with: Option<String>,
    /// The inputs, by population.
    pub inputs: Vec<Input>,
}

/// Splits the inputs of an arm by their sources; differences are taken from another arm at the same time, where one is given.
pub fn split(arm: &str, moment: &Moment, other: Option<(&str, &Moment)>) -> Inputs {
    let sites = Sites::of(moment);
    let other_sites = other.map(|(_, other)| Sites::of(other));
    let input = |index: usize| {
        let compared = |onto: Compartment| {
            let mut parts = sites.parts(index, onto);
            if let Some(others) = &other_sites {
                compare(&mut parts, &others.parts(index, onto));
            }
            (parts.iter().map(|part| part.input).sum::<f64>(), parts)
        };
        let (total, parts) = compared(Compartment::Soma);
        let mut effective = total;
        let dendrite = sites.dendrite(index).map(|(event, numbers)| {
            let (dendrite, parts) = compared(Compartment::Dendrite);
            let [from_soma, from_dendrite] = numbers.contributions(event, total, dendrite);
            effective = from_soma + from_dendrite;
            DendriteInput { total: dendrite, parts, from_soma, from_dendrite }
        });
        let division = sites.divided(index).map(|of| {
            let (sum, parts) = compared(Compartment::Divisive);
            let divisor = 1.0 + sum;
            if of == Divided::Input {
                effective /= divisor;
            }
            Division { of, divisor, parts }
        });
        let second = sites.has_second_input(index).then(|| {
            let (total, parts) = compared(Compartment::Second);
            SecondInput { total, parts }
        });
        let population = sites.names[index].clone();
        Input { population, rate_hz: moment.rates[index], total, parts, dendrite, division, second, effective }
    };
    Inputs {
        arm: arm.to_owned(),
        minutes: moment.minutes,
        moving: moment.moving,
        compared_with: other.map(|(name, _)| name.to_owned()),
        inputs: (0..sites.names.len()).map(input).collect(),
    }
}

/// What the populations receive at a moment.
struct Sites<'a> {
    moment: &'a Moment,
    names: Vec<&'a String>,
}

impl<'a> Sites<'a> {
    fn of(moment: &'a Moment) -> Self {
        Self { moment, names: moment.shape.populations.iter().map(|population| &population.name).collect() }
    }

    fn mechanism(&self, population: usize) -> Option<(&'a Mechanism, &'a MechanismRows<1>)> {
        let place = self.moment.shape.populations[population].mechanism?;
        Some((&self.moment.shape.mechanisms[place], &self.moment.rows.mechanisms[place]))
    }

    /// The event of a population's dendrite, with its numbers; none where there is no dendrite.
    fn dendrite(&self, population: usize) -> Option<(Option<Event>, &'a MechanismRows<1>)> {
        let (mechanism, numbers) = self.mechanism(population)?;
        Some((mechanism.dendrite.as_ref()?.event, numbers))
    }

    fn has_second_input(&self, population: usize) -> bool {
        self.mechanism(population).is_some_and(|(mechanism, _)| mechanism.second.is_some())
    }

    /// What is divided.
    fn divided(&self, population: usize) -> Option<Divided> {
        Some(self.mechanism(population)?.0.division.as_ref()?.0)
    }

    /// The parts of what a population receives somewhere.
    fn parts(&self, population: usize, onto: Compartment) -> Vec<Part> {
        match onto {
            Compartment::Soma => self.soma(population),
            Compartment::Dendrite => {
                let drive = self.mechanism(population).map_or(0.0, |(_, numbers)| numbers.dendrite_drive.get(0));
                [part(PartKind::Drive, "drive", drive)].into_iter().chain(self.synapses(population, onto)).collect()
            }
            Compartment::Divisive => self.synapses(population, onto).collect(),
            Compartment::Second => {
                let drive = self.mechanism(population).map_or(0.0, |(_, numbers)| numbers.second_drive.get(0));
                [part(PartKind::Drive, "drive", drive)].into_iter().chain(self.synapses(population, onto)).collect()
            }
        }
    }

    fn soma(&self, population: usize) -> Vec<Part> {
        let moment = self.moment;
        let mut parts = vec![part(PartKind::Drive, "drive", moment.background[population])];
        parts.extend(self.synapses(population, Compartment::Soma));
        if let Some(variable) = self.mechanism(population).and_then(|(mechanism, _)| mechanism.adaptation) {
            parts.push(part(PartKind::Adaptation, "adaptation", moment.variables[variable]));
        }
        for effect in moment.drive_effects.iter().filter(|effect| effect.population == population) {
            match parts.iter_mut().find(|part| part.kind == PartKind::Signal && part.from == effect.signal) {
                Some(part) => part.input += effect.drive,
                None => parts.push(part(PartKind::Signal, &effect.signal, effect.drive)),
            }
        }
        parts.push(part(PartKind::Injected, "injected", moment.injected[population]));
        let on_rate = self.mechanism(population).is_some_and(|(mechanism, _)| mechanism.noise_on_rate);
        if moment.noise[population] != 0.0 && !on_rate {
            parts.push(part(PartKind::Noise, "noise", moment.noise[population]));
        }
        parts
    }

    fn synapses(&self, population: usize, onto: Compartment) -> impl Iterator<Item = Part> {
        let moment = self.moment;
        let pairs = moment.shape.connections.iter().zip(&moment.rows.weight);
        let here =
            pairs.filter(move |(connection, _)| (connection.target, connection.compartment) == (population, onto));
        here.map(|(connection, weight)| {
            let source = self.names[connection.source];
            let channel = moment.shape.channel_of(connection.output).map(|index| &moment.shape.channels[index]);
            let from = channel.filter(|channel| !channel.class.is_empty());
            let from = from.map_or_else(|| source.clone(), |channel| format!("{source} {}", channel.class));
            let (weight, output) = (weight.get(0), moment.outputs[connection.output]);
            let made = part(PartKind::Synapse, &from, weight * output);
            let modulation =
                factor_at((&moment.shape, &moment.rows), connection.output, &moment.outputs, &moment.variables);
            Part { weight: Some(weight), output: Some(output), source: Some(source.clone()), modulation, ..made }
        })
    }
}

fn part(kind: PartKind, from: &str, input: f64) -> Part {
    Part {
        kind,
        from: from.to_owned(),
        input,
        weight: None,
        output: None,
        source: None,
        modulation: None,
        difference: None,
        by_rate: None,
        by_weight: None,
    }
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
        let mut run = Run::new(&subject.system, state, state);
        let during = run.sample(&driven, stimulus.duration_ms, SAMPLE_MS).ok_or_else(lost)?;
        let after = run.sample(&subject.system, stimulus.duration_ms, SAMPLE_MS).ok_or_else(lost)?;
        // Before the stimulus the state stands still.
        let mut times_ms = vec![-0.25 * stimulus.duration_ms, 0.0];
        let mut all = vec![local.rates.clone(), local.rates.clone()];
        times_ms.extend(during.times_ms.iter().skip(1));
        all.extend(during.rates_hz.into_iter().skip(1));
        let at_end_hz = all.last().cloned().unwrap_or_default();
        times_ms.extend(after.times_ms.iter().skip(1).map(|time| time + stimulus.duration_ms));
        all.extend(after.rates_hz.into_iter().skip(1));
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
