//! Populations in place of their units, where a figure or table of every unit would show nothing.

use crate::scenario::units::of_all_units;

/// A population and the places of its units; of one that is no ring its own.
pub type Group = (String, Vec<usize>);

/// The populations of a list of names, in order.
pub fn by_population(names: &[String]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let population = of_all_units(name);
        match groups.last_mut() {
            Some((known, units)) if known == population && population != name => units.push(place),
            _ => groups.push((population.to_owned(), vec![place])),
        }
    }
    groups
}

/// What each population's rate answers to each population's drive, of a matrix by unit: the mean over the units that answer,
/// where all units of the other are driven.
pub fn response_of(groups: &[Group], matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let answer = |(_, rows): &Group, (_, columns): &Group| {
        let of = |row: &usize| columns.iter().map(|column| matrix[*row][*column]).sum::<f64>();
        rows.iter().map(of).sum::<f64>() / rows.len() as f64
    };
    groups.iter().map(|rows| groups.iter().map(|columns| answer(rows, columns)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_a_ring_answer_together() {
        let names = ["E[0]", "E[1]", "I"].map(String::from);
        let groups = by_population(&names);
        assert_eq!(groups, [("E".to_owned(), vec![0, 1]), ("I".to_owned(), vec![2])]);
        let matrix = vec![vec![1.0, 2.0, -1.0], vec![2.0, 1.0, -3.0], vec![0.5, 0.25, 4.0]];
        assert_eq!(response_of(&groups, &matrix), [[3.0, -2.0], [0.75, 4.0]]);
    }
}
