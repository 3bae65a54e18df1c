//! Names that differ from another of their kind by case or by one letter: mostly one thing written in two ways.

use super::{Subject, Warning, below};
use std::collections::HashSet;

/// The shortest name in which a letter more or less, or two that have changed places, are taken for a slip.
const SHORTEST: usize = 3;
/// The shortest in which another letter in its place is: short names, such as MOR and KOR, are told apart by one.
const SHORTEST_REPLACED: usize = 5;
/// Letters that tell one of several, such as GABAa and GABAb.
const LABELS: [char; 4] = ['a', 'b', 'c', 'd'];

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    let scenario = subject.scenario;
    let circuit = scenario.circuit.written();
    let under = |path: &str, names: Vec<&String>| -> Vec<(String, String)> {
        names.into_iter().map(|name| (below(path, &[name]), name.clone())).collect()
    };
    let mut species: Vec<(String, String)> = Vec::new();
    let mut forms = Vec::new();
    if !scenario.species.is_empty() {
        species.push(("species".to_owned(), scenario.species.clone()));
    }
    for (ligand, spec) in &scenario.ligands {
        let path = below("ligands", &[ligand]);
        species.extend(under(&below(&path, &["kinetics"]), spec.kinetics.keys().collect()));
        forms.push(under(&below(&path, &["forms"]), spec.forms.keys().collect()));
    }
    let arms = scenario.arms.iter().enumerate().map(|(index, arm)| (format!("arms.{index}.name"), arm.name.clone()));
    let mut kinds = vec![
        under("populations", circuit.populations.keys().collect()),
        under("synapses", circuit.synapses.keys().collect()),
        under("constants", circuit.constants.keys().collect()),
        under("receptors", scenario.receptors.keys().collect()),
        under("ligands", scenario.ligands.keys().collect()),
        under("stress.phenotypes", scenario.stress.phenotypes.keys().collect()),
        under("plasticity", scenario.plasticity.keys().collect()),
        under("indices", scenario.indices.keys().collect()),
        species,
        arms.collect(),
    ];
    kinds.extend(forms);
    kinds.into_iter().flat_map(alike).collect()
}

/// Of names with their paths, those that are like an earlier one.
fn alike(names: Vec<(String, String)>) -> Vec<Warning> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut before: Vec<(Vec<char>, Vec<char>, String)> = Vec::new();
    let mut warnings = Vec::new();
    for (path, name) in names {
        if !seen.insert(name.clone()) {
            continue;
        }
        let letters: Vec<char> = name.chars().collect();
        let plain: Vec<char> = name.to_lowercase().chars().filter(|letter| !"-_ ".contains(*letter)).collect();
        let like = before.iter().find(|(other, other_plain, _)| *other_plain == plain || is_slip(other, &letters));
        if let Some((_, other_plain, other)) = like {
            let by = if *other_plain == plain { "its way of writing" } else { "one letter" };
            let message = format!("`{name}` differs from `{other}` by {by}");
            warnings.push(Warning::new(path, message, format!("`{other}`, or a name that is less like it")));
        }
        before.push((letters, plain, name));
    }
    warnings
}

/// Whether two names differ as one that is mistyped differs from what was meant.
fn is_slip(one: &[char], other: &[char]) -> bool {
    let shorter = one.len().min(other.len());
    if shorter < SHORTEST || one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let start = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (rest, other_rest) = (&one[start..], &other[start..]);
    let end = rest.iter().rev().zip(other_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let (middle, other_middle) = (&rest[..rest.len() - end], &other_rest[..other_rest.len() - end]);
    // A letter that stands alone is a name of its own: "group a" and "group b".
    let beside = |name: &[char], at: Option<usize>| at.and_then(|at| name.get(at)).is_some_and(|it| it.is_alphabetic());
    let in_word = beside(one, start.checked_sub(1)) || (end > 0 && beside(one, Some(one.len() - end)));
    match (middle, other_middle) {
        ([letter], []) | ([], [letter]) => letter.is_alphabetic() && in_word,
        // Capitals tell acronyms apart, such as PFC and PPC.
        ([one], [other]) if one.is_lowercase() && other.is_lowercase() => {
            let labels = end == 0 && [one, other].iter().all(|letter| LABELS.contains(letter));
            shorter >= SHORTEST_REPLACED && in_word && !labels
        }
        ([a, b], [c, d]) => a == d && b == c && a.is_alphabetic() && b.is_alphabetic(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn slips_are_told_from_names_of_several() {
        let warned = |one: &str, other: &str| {
            let names = [one, other].map(|name| (format!("arms.{name}"), name.to_owned()));
            !alike(names.to_vec()).is_empty()
        };
        for (one, other) in [
            ("ketamine", "ketamin"),
            ("ketamine", "ketamien"),
            ("ketamine", "ketomine"),
            ("MOR", "mor"),
            ("E", "e"),
            ("SST", "STS"),
            ("stress", "stresss"),
            ("mouse", "mosue"),
            ("sst-hyperactive", "sst_hyperactive"),
        ] {
            assert!(warned(one, other), "{one} and {other}");
        }
        for (one, other) in [
            ("E", "I"),
            ("PV", "SST"),
            ("MOR", "KOR"),
            ("GABAA", "GABAB"),
            ("JS_PFC", "JS_PPC"),
            ("gabaa", "gabab"),
            ("L2", "L3"),
            ("stress+ket1", "stress+ket10"),
            ("group a", "group b"),
            ("Pyr_L", "Pyr_R"),
            ("nmda", "ampa"),
            ("human", "human-two-compartment"),
        ] {
            assert!(!warned(one, other), "{one} and {other}");
        }
    }
}
