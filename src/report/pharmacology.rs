//! The figure of what drugs do on their way to the rates, in a few arms that differ in it.

use super::Report;
use crate::plot::{
    self, Activation, ArmPharmacology, Concentration, ConcentrationScale, Figure, Occupancy, PharmacologyFigure,
};
use crate::readouts::trace::Trace;
use crate::scenario::Arm;
use crate::store::ArmTraces;

/// How many arms the figure shows.
const MOST_ARMS: usize = 3;
/// An occupancy that stays below this is not drawn.
const SMALLEST_OCCUPANCY: f64 = 1e-3;
/// The activation of a receptor that moves by less than this is not drawn.
const SMALLEST_CHANGE: f64 = 5e-3;
/// Decades below the highest concentration that are shown.
const DECADES: f64 = 6.0;

/// An arm, with those that have the same pharmacology.
struct Treated {
    index: usize,
    same: Vec<String>,
}

impl Report<'_> {
    /// Arms that get something: each treatment once, of many the weakest, the middle and the strongest; none if no arm gets
    /// anything.
    pub(super) fn pharmacology(&self) -> Option<Figure> {
        let treated: Vec<usize> = (0..self.resolved.len())
            .filter(|index| !self.resolved[*index].doses.is_empty() || !self.resolved[*index].baths.is_empty())
            .collect();
        if treated.is_empty() || !self.is_recorded(|signal| signal.starts_with("concentration.")) {
            return None;
        }
        let moving = self.moving_activations(&treated);
        let different = self.different(&treated);
        let shown = self.spread_out(&different);
        let (mut arms, mut doses, mut spans) = (Vec::new(), Vec::new(), Vec::new());
        for one in &shown {
            if let (Some(traces), Some(arm)) = (self.results.traces.get(one.index), self.resolved.get(one.index)) {
                let (own_doses, own_spans) = self.marks_of(arm, arms.len());
                arms.push(self.pharmacology_of(traces, &moving));
                doses.extend(own_doses);
                spans.extend(own_spans.into_iter().filter(|span| span.kind != plot::SpanKind::Exposure));
            }
        }
        let figure = PharmacologyFigure {
            title: self.title.clone(),
            subtitle: chosen(&shown, different.len()),
            arms,
            doses,
            spans,
            window_min: Some(self.window()),
            scale: ConcentrationScale::Log { decades: DECADES },
        };
        Some(figure.render(&self.theme))
    }

    /// The arms that differ in what acts on their receptors: each treatment with the arms that share it.
    fn different(&self, treated: &[usize]) -> Vec<Treated> {
        let mut all: Vec<(Arm, Treated)> = Vec::new();
        for index in treated {
            let arm = &self.resolved[*index];
            let own = treatment(arm);
            match all.iter_mut().find(|(known, _)| *known == own) {
                Some((_, first)) => first.same.push(arm.name.clone()),
                None => all.push((own, Treated { index: *index, same: Vec::new() })),
            }
        }
        all.into_iter().map(|(_, treated)| treated).collect()
    }

    /// All of a few; of many the one that gets least in all, the one in the middle and the one that gets most.
    fn spread_out<'a>(&self, different: &'a [Treated]) -> Vec<&'a Treated> {
        let count = different.len();
        if count <= MOST_ARMS {
            return different.iter().collect();
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|one, other| {
            let amount = |place: &usize| given(&self.resolved[different[*place].index]);
            amount(one).total_cmp(&amount(other)).then(one.cmp(other))
        });
        let mut chosen: Vec<usize> = (0..MOST_ARMS).map(|rank| order[rank * (count - 1) / (MOST_ARMS - 1)]).collect();
        chosen.sort_unstable();
        chosen.into_iter().map(|place| &different[place]).collect()
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

/// What stands under the title: which arms are shown, and which others look like them.
fn chosen(shown: &[&Treated], different: usize) -> String {
    let mut parts = Vec::new();
    if different > shown.len() {
        parts.push(format!("{} of {different} treatments: from the weakest to the strongest", shown.len()));
    }
    let same: Vec<&str> = shown.iter().flat_map(|one| &one.same).map(String::as_str).collect();
    if !same.is_empty() {
        parts.push(format!("the same in {}", same.join("; ")));
    }
    parts.join("; ")
}

/// What of an arm acts on its receptors.
fn treatment(arm: &Arm) -> Arm {
    Arm {
        doses: arm.doses.clone(),
        baths: arm.baths.clone(),
        block: arm.block.clone(),
        set: arm.set.clone(),
        ..Arm::default()
    }
}

/// All that an arm is given, in mg/kg, and all that its baths hold, in nM.
fn given(arm: &Arm) -> f64 {
    let doses = arm.doses.iter().flat_map(|dose| dose.administrations(1.0)).map(|given| given.amount);
    doses.chain(arm.baths.iter().map(|bath| bath.concentration)).sum()
}
