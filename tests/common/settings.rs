//! Values to which the parameters of a scenario can be set.
#![allow(dead_code, clippy::unwrap_used)]

use disinhibit::scenario::listing::{Entry, Value, list};
use disinhibit::scenario::signal::Signal;
use disinhibit::scenario::{Scenario, Setting, validate};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

/// A parameter with values that it may have: its own first, then others.
pub struct Listed {
    pub path: String,
    pub values: Vec<Setting>,
    /// Whether it is no number.
    pub word: bool,
}

/// Every parameter of a scenario, with up to three values.
pub fn listed(scenario: &Scenario) -> Vec<Listed> {
    let entries = list(&mut scenario.clone());
    let names = names(scenario);
    entries.iter().map(|entry| values_of(entry, scenario, &names)).collect()
}

fn values_of(entry: &Entry, scenario: &Scenario, names: &[String]) -> Listed {
    let text = |text: &str| Setting::Text(text.to_owned());
    let own = entry.written(scenario.circuit.input_unit);
    let mut word = true;
    let candidates: Vec<Setting> = match &entry.value {
        Value::Number(number) => {
            word = false;
            let near = if *number == 0.0 { [0.01, 0.02] } else { [0.97 * number, 1.02 * number] };
            let printed = |value: f64| match entry.parameter {
                Some(parameter) => text(&parameter.dimension.print_exact(value, scenario.circuit.input_unit)),
                None => Setting::Number(value),
            };
            let words = entry.words.iter().map(|word| text(word));
            [*number, near[0], near[1]].map(printed).into_iter().chain(words).collect()
        }
        Value::OfRest(multiple) => vec![text(&own), text(&format!("{} x rest", 1.1 * multiple)), Setting::Number(1.2)],
        Value::Whole(whole) => [*whole, whole + 1, whole + 2].map(|whole| Setting::Number(whole as f64)).to_vec(),
        Value::Flag(flag) => vec![Setting::Flag(*flag), Setting::Flag(!flag)],
        Value::Text(_) if !entry.words.is_empty() => {
            let others = entry.words.iter().filter(|word| **word != own).map(|word| text(word));
            std::iter::once(text(&own)).chain(others).collect()
        }
        Value::Text(_) => std::iter::once(text(&own))
            .chain(names.iter().filter(|name| **name != own).map(|name| text(name)))
            .collect(),
    };
    // Of words all that fit, of names the first few, of numbers those in range.
    let most = if entry.words.is_empty() { 3 } else { usize::MAX };
    let mut values = Vec::new();
    for value in candidates {
        if values.len() == most {
            break;
        }
        let mut changed = scenario.clone();
        let fits = changed.set(&entry.path, &value).is_ok();
        if fits && (!word || !entry.words.is_empty() || validate(&changed).is_empty()) {
            values.push(value);
        }
    }
    if values.len() < 2 {
        values.clear();
    }
    Listed { path: entry.path.clone(), values, word }
}

/// Names that texts may refer to.
fn names(scenario: &Scenario) -> Vec<String> {
    let mut names: Vec<String> = scenario.circuit.populations.keys().cloned().collect();
    names.extend(scenario.receptors.keys().chain(scenario.ligands.keys()).cloned());
    names.extend(scenario.stress.phenotypes.keys().chain(scenario.plasticity.keys()).cloned());
    for ligand in scenario.ligands.values() {
        names.extend(ligand.forms.keys().chain(ligand.kinetics.keys()).cloned());
    }
    names.extend(scenario.arms.iter().map(|arm| arm.name.clone()));
    names.extend(Signal::recorded(scenario).iter().map(ToString::to_string));
    names
}

/// Pairs and triples of parameters, drawn at random, with two values of each.
pub fn combinations(listed: &[Listed], random: &mut SmallRng, count: usize) -> Vec<Vec<(String, Vec<Setting>)>> {
    let usable: Vec<&Listed> =
        listed.iter().filter(|one| one.values.len() > 1 && !one.path.starts_with("run.")).collect();
    let words: Vec<&Listed> = usable.iter().copied().filter(|one| one.word).collect();
    let pick = |one: &Listed| (one.path.clone(), one.values[one.values.len() - 2..].to_vec());
    let constants = listed.iter().filter(|one| one.path.starts_with("constants.")).map(pick);
    let constants: Vec<_> = constants.collect();
    let draw = |index: usize| {
        let mut axes = vec![pick(words.choose(random).unwrap()), pick(usable.choose(random).unwrap())];
        axes.extend(constants.get(index % 2).cloned());
        axes.dedup_by(|one, other| one.0 == other.0);
        axes
    };
    (0..count).map(draw).collect()
}
