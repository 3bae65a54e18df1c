//! Where fixed points were looked for, in words.

use crate::analyze::{Bifurcation, Ended, Search};
use crate::scenario::units::of_all_units;
use crate::units::significant;

/// Of more different ranges than this a figure names none.
const MOST_IN_A_FIGURE: usize = 3;

/// The box that was searched, and beyond which of its ends more may lie. Populations with the same range are named
/// together.
pub fn searched(populations: &[String], search: &Search) -> String {
    let text = |(names, [low, high], unit): &(String, [f64; 2], &str)| {
        format!("{names} from {} to {} {unit}", significant(*low, 6), significant(*high, 6)).trim_end().to_owned()
    };
    let ranges: Vec<String> = ranges(populations, search).iter().map(text).collect();
    let open: Vec<String> = populations
        .iter()
        .zip(&search.open)
        .filter_map(|(name, open)| Some((name.as_str(), direction(*open)?)))
        .fold(Vec::new(), |mut found: Vec<(Vec<&str>, &str)>, (name, direction)| {
            match found.iter_mut().find(|(_, known)| *known == direction) {
                Some((names, _)) => names.push(name),
                None => found.push((vec![name], direction)),
            }
            found
        })
        .into_iter()
        .map(|(names, direction)| format!("{} {direction}", together(populations, &names)))
        .collect();
    let beyond = if open.is_empty() {
        String::new()
    } else {
        format!("; nothing bounds {}: more may lie beyond", open.join(", "))
    };
    format!("searched {}{beyond}", ranges.join(", "))
}

/// The same for a figure: short, or where to find it.
pub fn searched_in_short(populations: &[String], search: &Search) -> String {
    let ranges = ranges(populations, search);
    let cut = if search.ended == Ended::Quiet { "" } else { ", not to the end" };
    if ranges.len() > MOST_IN_A_FIGURE {
        return format!("fixed points searched in the box of analysis.json{cut}");
    }
    format!("fixed points searched in {}{cut}", in_short(&ranges))
}

fn in_short(ranges: &[(String, [f64; 2], &str)]) -> String {
    let text = |(names, [low, high], unit): &(String, [f64; 2], &str)| {
        format!("{names} {} to {} {unit}", significant(*low, 3), significant(*high, 3)).trim_end().to_owned()
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Where and at which values of the first knob fixed points were looked for, from which branches were followed, for a figure.
pub fn looked_in_short(bifurcations: &[Bifurcation]) -> String {
    let looked = || bifurcations.iter().flat_map(|one| one.looked.iter().map(move |looked| (one, looked)));
    let boxes: Vec<_> = looked().map(|(one, looked)| ranges(&one.populations, &looked.search)).collect();
    let same = boxes.windows(2).all(|pair| pair[0] == pair[1]);
    let within = match boxes.first() {
        Some(first) if same && first.len() <= MOST_IN_A_FIGURE => in_short(first),
        _ => "the boxes of continuation.json".to_owned(),
    };
    let named = |all: bool| {
        let mut values: Vec<String> = Vec::new();
        for (one, looked) in looked().filter(|(_, looked)| all || looked.search.ended != Ended::Quiet) {
            let value = format!("{} {}", significant(looked.knob, 4), one.knob.unit).trim_end().to_owned();
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values.join(", ")
    };
    let cut = named(false);
    let cut = if cut.is_empty() { String::new() } else { format!(", not to the end at {cut}") };
    format!("fixed points searched in {within} at {}{cut}", named(true))
}

/// Why a search was cut off; none where it went on until nothing new came.
pub fn cut_off(search: &Search, found: usize, seconds: Option<f64>) -> Option<String> {
    let after = match search.ended {
        Ended::Quiet => return None,
        Ended::MostPoints => format!("{found} fixed points"),
        Ended::MostStarts => format!("{} starts", search.starts),
        Ended::OutOfTime => format!("{} s", significant(seconds.unwrap_or(0.0), 4)),
    };
    Some(format!("search stopped after {after}; there may be more"))
}

fn direction([below, above]: [bool; 2]) -> Option<&'static str> {
    match (below, above) {
        (false, false) => None,
        (true, false) => Some("below"),
        (false, true) => Some("above"),
        (true, true) => Some("on either side"),
    }
}

/// Ranges in the order of the populations, those that are the same together.
fn ranges<'s>(populations: &[String], search: &'s Search) -> Vec<(String, [f64; 2], &'s str)> {
    let mut found: Vec<(Vec<&str>, [f64; 2], &str)> = Vec::new();
    for (index, (name, range)) in populations.iter().zip(&search.box_hz).enumerate() {
        // A range of potentials that was chosen says more than what the rate could be.
        let potential = search.box_potential.get(index).copied().flatten();
        let (range, unit) = potential.map_or((*range, "Hz"), |range| (range, search.input_unit.symbol()));
        match found.iter_mut().find(|(_, known, of)| *known == range && *of == unit) {
            Some((names, _, _)) => names.push(name),
            None => found.push((vec![name], range, unit)),
        }
    }
    found.into_iter().map(|(names, range, unit)| (together(populations, &names), range, unit)).collect()
}

/// Names in a row; of all units of a population, that population's.
fn together(populations: &[String], names: &[&str]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for name in names {
        let of = of_all_units(name);
        let here = names.iter().filter(|other| of_all_units(other) == of).count();
        let all = populations.iter().filter(|other| of_all_units(other) == of).count() == here;
        let word = if all { of } else { name };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::InputUnit;

    fn search(box_hz: Vec<[f64; 2]>, open: Vec<[bool; 2]>, ended: Ended) -> Search {
        let (box_potential, input_unit) = (Vec::new(), InputUnit::Millivolt);
        Search { box_hz, box_potential, input_unit, open, starts: 80, ended, index_is_one: None }
    }

    #[test]
    fn populations_with_the_same_range_and_all_units_of_one_are_named_together() {
        let names = ["E[0]", "E[1]", "I", "S"].map(String::from);
        let (wide, narrow, shut) = ([0.0, 1e6], [-1.0, 2.5], [false, false]);
        let open = [[false, true], [false, true], shut, [true, true]];
        let one = search(vec![wide, wide, narrow, wide], open.to_vec(), Ended::Quiet);
        assert_eq!(
            searched(&names, &one),
            "searched E and S from 0 to 1000000 Hz, I from -1 to 2.5 Hz; nothing bounds E above, S on either side: more may \
             lie beyond"
        );
        assert_eq!(searched_in_short(&names, &one), "fixed points searched in E and S 0 to 1000000 Hz, I -1 to 2.5 Hz");
        let part = search(vec![wide, narrow, narrow, narrow], vec![shut; 4], Ended::Quiet);
        assert_eq!(searched(&names, &part), "searched E[0] from 0 to 1000000 Hz, E[1], I and S from -1 to 2.5 Hz");
        let potentials = vec![None, None, None, Some([-80.0, -40.0])];
        let chosen = Search { box_potential: potentials, ..part };
        let said = "searched E[0] from 0 to 1000000 Hz, E[1] and I from -1 to 2.5 Hz, S from -80 to -40 mV";
        assert_eq!(searched(&names, &chosen), said);
    }

    #[test]
    fn a_search_that_was_cut_off_says_after_what() {
        let of = |ended| cut_off(&search(Vec::new(), Vec::new(), ended), 7, Some(2.5));
        assert_eq!(of(Ended::Quiet), None);
        for (ended, after) in
            [(Ended::MostPoints, "7 fixed points"), (Ended::MostStarts, "80 starts"), (Ended::OutOfTime, "2.5 s")]
        {
            assert_eq!(of(ended), Some(format!("search stopped after {after}; there may be more")));
        }
    }
}
