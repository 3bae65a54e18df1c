//! Figures of made-up sweeps: words and long names have room, nothing is cut at the edge, and what has no value is said.
#![allow(clippy::unwrap_used)]

use disinhibit::plot::Figure;
use disinhibit::report::sweep::SweepTable;
use disinhibit::scenario::sweep::Design;
use disinhibit::store::table::{Cell, Column, ColumnKind, ColumnRole, Table};

enum Values {
    Words(&'static [&'static str]),
    Numbers(&'static [f64]),
}

impl Values {
    fn count(&self) -> usize {
        match self {
            Self::Words(words) => words.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    fn cell(&self, place: usize) -> Cell {
        match self {
            Self::Words(words) => Cell::Text(words[place].to_owned()),
            Self::Numbers(numbers) => Cell::Number(numbers[place]),
        }
    }
}

type Axis = (&'static str, &'static str, Values);

/// Where a row stands.
struct Row<'a> {
    places: &'a [usize],
    arm: usize,
    replicate: usize,
}

/// A table whose rows stand at the given places of the axes, and whose readouts, all of one unit, are given by a function.
struct Made {
    axes: Vec<Axis>,
    arms: &'static [&'static str],
    replicates: usize,
    readouts: &'static [&'static str],
}

const ARMS: &[&str] = &["stress", "stress+ket10, NMDA removed SST (compensated)"];

impl Made {
    fn new(axes: Vec<Axis>) -> Self {
        Self { axes, arms: ARMS, replicates: 1, readouts: &["peak"] }
    }

    fn table(&self, points: &[Vec<usize>], value: &dyn Fn(&Row) -> f64) -> Table {
        let column = |name: &str, unit: &str, kind: ColumnKind, role: ColumnRole| Column {
            name: name.to_owned(),
            unit: unit.to_owned(),
            label: name.to_owned(),
            kind,
            role,
        };
        let mut columns = vec![
            column("point", "", ColumnKind::Whole, ColumnRole::Key),
            column("arm", "", ColumnKind::Text, ColumnRole::Key),
            column("status", "", ColumnKind::Text, ColumnRole::Key),
        ];
        for (name, unit, values) in &self.axes {
            let kind = if matches!(values, Values::Words(_)) { ColumnKind::Text } else { ColumnKind::Number };
            columns.push(column(name, unit, kind, ColumnRole::Axis { log: false }));
        }
        columns.extend(self.readouts.iter().map(|name| column(name, "Hz", ColumnKind::Number, ColumnRole::Readout)));
        let mut table = Table::new(&columns);
        for (point, places) in points.iter().enumerate() {
            for replicate in 0..self.replicates {
                for (arm, name) in self.arms.iter().enumerate() {
                    let mut cells = vec![Cell::Whole(point as i64), Cell::Text((*name).to_owned())];
                    cells.push(Cell::Text("ok".to_owned()));
                    cells.extend(self.axes.iter().zip(places).map(|((_, _, values), place)| values.cell(*place)));
                    let number = value(&Row { places, arm, replicate });
                    cells.extend(self.readouts.iter().map(|_| Cell::Number(number)));
                    table.push(cells);
                }
            }
        }
        table
    }

    /// All combinations of the axes' values.
    fn lattice(&self) -> Vec<Vec<usize>> {
        self.axes.iter().fold(vec![Vec::new()], |points, (_, _, values)| {
            let next = |point: &Vec<usize>| {
                (0..values.count()).map(|place| [&point[..], &[place]].concat()).collect::<Vec<_>>()
            };
            points.iter().flat_map(next).collect()
        })
    }

    fn figures(&self, value: &dyn Fn(&Row) -> f64) -> Vec<(String, Figure)> {
        drawn(&self.table(&self.lattice(), value), Design::Grid)
    }

    fn figure(&self, value: &dyn Fn(&Row) -> f64) -> Figure {
        self.figures(value).swap_remove(0).1
    }
}

/// The figures of a table, in which no text covers another or is cut at the edge.
fn drawn(table: &Table, design: Design) -> Vec<(String, Figure)> {
    let figures = SweepTable::new("A sweep".into(), design, String::new(), table).unwrap().figures(&[]);
    for (stem, figure) in &figures {
        if let Ok(folder) = std::env::var("FIGURES_DIR") {
            let name = std::thread::current().name().unwrap().to_owned();
            std::fs::write(format!("{folder}/{name}_{stem}.png"), figure.png().unwrap()).unwrap();
        }
        let (width, height) = figure.size();
        let labels = figure.labels();
        for (index, label) in labels.iter().enumerate() {
            let bounds = &label.bounds;
            let inside = bounds.left >= 0.0
                && bounds.top >= 0.0
                && bounds.right <= f64::from(width)
                && bounds.bottom <= f64::from(height);
            assert!(inside, "{stem}: `{}` is cut: {bounds:?} in {width} by {height}", label.text);
            for other in &labels[index + 1..] {
                assert!(!bounds.overlaps(&other.bounds), "{stem}: `{}` covers `{}`", label.text, other.text);
            }
        }
    }
    figures
}

/// All texts of a figure in the order in which they are drawn, lines of one name after one another.
fn texts(figure: &Figure) -> String {
    figure.labels().iter().map(|label| label.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn says(figure: &Figure, words: &[&str]) {
    let texts = texts(figure);
    words.iter().for_each(|word| assert!(texts.contains(word), "no `{word}` in {texts}"));
}

const PHENOTYPES: Values = Values::Words(&["sst-hyperactive", "pv-hyperactive", "sst-loss"]);
const KINETICS: [Axis; 3] = [
    ("ligands.ketamine.kinetics.mouse.absorption_half_life", "min", Values::Numbers(&[1.0, 5.0])),
    ("ligands.ketamine.kinetics.mouse.elimination_half_life", "min", Values::Numbers(&[10.0, 20.0])),
    ("ligands.ketamine.kinetics.mouse.peak.concentration", "nM", Values::Numbers(&[1000.0, 5000.0])),
];
/// The edge of contours, and the colour of the first arm.
const EDGE: &str = "stroke=\"#5A5A5A\"";
const FIRST: &str = "stroke=\"#464646\"";

#[test]
fn words_at_a_map_have_room_and_no_contours_run_between_them() {
    let fraction = || ("receptors.MOR.on.SST.fraction", "", Values::Numbers(&[0.0, 0.5, 1.0]));
    let sum = |row: &Row| (row.places[0] + row.places[1]) as f64 + row.arm as f64;
    let map = Made::new(vec![("stress.phenotype", "", PHENOTYPES), fraction()]).figure(&sum);
    says(&map, &["sst-hyperactive", "pv-hyperactive", "stress.phenotype"]);
    assert!(!map.svg().contains(EDGE), "contours between words");
    let map = Made::new(vec![fraction(), ("stress.phenotype", "", PHENOTYPES)]).figure(&sum);
    assert!(!map.svg().contains(EDGE), "contours between words");
    let numbers = ("stress level", "", Values::Numbers(&[0.1, 0.5, 1.0]));
    assert!(Made::new(vec![numbers, fraction()]).figure(&sum).svg().contains(EDGE), "no contours");
    // Long names of both axes.
    let [one, other, _] = KINETICS;
    says(&Made::new(vec![one, other]).figure(&sum), &["absorption_half_life (min)", "elimination_half_life (min)"]);
}

#[test]
fn long_names_of_axes_keep_what_tells_them_apart() {
    let words = ("stress.phenotype", "", PHENOTYPES);
    let made = Made::new(KINETICS.into_iter().chain([words]).collect());
    let figure = made.figure(&|row| row.places.iter().sum::<usize>() as f64);
    says(&figure, &["absorption_half_life (min)", "elimination_half_life (min)", "peak.concentration (nM)"]);
    // A block of a base point for each axis.
    let made = Made { readouts: &["first_hour_with_rescue_above_0_3", "last_hour_with_rescue_above_0_3"], ..made };
    let points: Vec<Vec<usize>> = (0..8 * 6).map(|row| (0..4).map(|axis| row >> axis & 1).collect()).collect();
    let table = made.table(&points, &|row| (row.places[0] + 2 * row.places[1] + row.places[2] * row.arm) as f64);
    let (_, figure) = drawn(&table, Design::Saltelli).swap_remove(0);
    says(&figure, &["absorption_half_life", "elimination_half_life", "peak.concentration", "first hour", "last hour"]);
}

#[test]
fn words_under_curves_have_room_and_no_lines_between_them() {
    let words = Values::Words(&[
        "control",
        "stress",
        "stress+naltrexone5",
        "stress, SST-MOR KO",
        "control+ket10",
        "stress+naltrexone5+ket10",
        "stress+ket10, anti-beta-endorphin",
    ]);
    let mut made = Made::new(vec![("arms.\"stress+ket10\".extends", "", words)]);
    let value = |row: &Row| (row.places[0] * (row.arm + 1) + row.replicate) as f64;
    let figure = made.figure(&value);
    says(&figure, &["stress+naltrexone5", "stress, SST-MOR KO", "endorphin"]);
    let svg = figure.svg();
    assert!(!svg.contains(FIRST) && svg.contains("<circle"), "values at words are joined");
    made.replicates = 4;
    let figure = made.figure(&value);
    says(&figure, &["mean of 4 replicates; bars from the smallest to the largest"]);
    assert_eq!(figure.svg().matches(FIRST).count(), 7, "a bar at every word");
}

const DOSE: Axis = ("dose", "", Values::Numbers(&[0.0, 1.0, 2.0, 3.0, 4.0]));

#[test]
fn a_value_between_missing_ones_is_seen() {
    let made = Made::new(vec![DOSE]);
    let figure = made.figure(&|row| if [0, 1, 3].contains(&row.places[0]) { 1.0 + row.arm as f64 } else { f64::NAN });
    assert_eq!(figure.svg().matches("<circle").count(), 2);
}

#[test]
fn figures_say_of_what_replicates_they_are_and_bands_hide_no_curve() {
    let mut made = Made { replicates: 6, ..Made::new(vec![DOSE]) };
    let value = |row: &Row| row.places.iter().sum::<usize>() as f64 + (row.arm + row.replicate) as f64;
    let figure = made.figure(&value);
    says(&figure, &["mean of 6 replicates; bands from the smallest to the largest"]);
    let svg = figure.svg();
    assert!(svg.rfind("opacity=\"0.25\"").unwrap() < svg.find(FIRST).unwrap(), "a band covers a curve");
    made.axes.push(("level", "", Values::Numbers(&[0.0, 1.0])));
    says(&made.figure(&value), &["mean of 6 replicates"]);
    made.axes.push(("share", "", Values::Numbers(&[0.0, 1.0])));
    says(&made.figure(&value), &["mean of 6 replicates"]);
    made.replicates = 1;
    assert!(!texts(&made.figure(&value)).contains("replicates"));
}

#[test]
fn effects_of_drugs_are_shares_and_their_axes_have_ticks() {
    let doses = || Values::Numbers(&[0.0, 1.0, 2.0, 4.0, 8.0, 16.0]);
    let made = Made::new(vec![("RXFP3 agonist", "mg/kg", doses()), ("ketamine", "mg/kg", doses())]);
    let figures = made.figures(&|row| {
        let [one, other] = [row.places[0], row.places[1]].map(|place| place as f64);
        2.0 + one + other - 0.1 * one * other
    });
    let named = |start: &str| &figures.iter().find(|(stem, _)| stem.starts_with(start)).unwrap().1;
    says(named("synergy_peak"), &["effect on peak (share of the largest)"]);
    says(named("isobologram_peak"), &["share of the largest effect on peak"]);
    let labels = named("isobologram_peak").labels();
    let five = labels.iter().filter(|label| label.text == "5").count();
    assert_eq!(five, 2, "both axes have a tick at 5");
}

#[test]
fn panels_without_a_value_and_readouts_that_do_not_vary_say_so() {
    let made = Made::new(vec![DOSE]);
    let figure = made.figure(&|_| f64::NAN);
    says(&figure, &["no value", "dose"]);
    // The title, the panel's words, both axes' names and the numbers of the level one.
    assert_eq!(figure.labels().len(), 9, "{}", texts(&figure));
    let map = Made::new(vec![DOSE, ("level", "", Values::Numbers(&[0.0, 1.0]))]).figure(&|_| f64::NAN);
    says(&map, &["failed, or without a value"]);
    assert!(!texts(&map).contains("peak"), "a colour bar of nothing");
    let made = Made { arms: &["stress"], ..Made::new(KINETICS.into_iter().collect()) };
    let points: Vec<Vec<usize>> =
        (0..40).map(|row| (0..3).map(|axis| [0, 1, 3, 7][row % 4] >> axis & 1).collect()).collect();
    for design in [Design::Saltelli, Design::Morris] {
        let (_, figure) = drawn(&made.table(&points, &|_| 3.0), design).swap_remove(0);
        says(&figure, &["does not vary: peak (Hz)"]);
        assert!(!texts(&figure).contains("base points") && !texts(&figure).contains("trajectories"));
        let (_, figure) = drawn(&made.table(&points, &|_| f64::NAN), design).swap_remove(0);
        says(&figure, &["too few values: peak (Hz)"]);
    }
}

#[test]
fn crowds_of_words_and_endless_names_stay_apart() {
    let words = || -> Values {
        let made: Vec<&'static str> =
            (0..40).map(|k| &*Box::leak(format!("an arm of a long name, number {k}").into_boxed_str())).collect();
        Values::Words(made.leak())
    };
    let endless = || -> &'static str { Box::leak("a_path.of many-parts/".repeat(40).into_boxed_str()) };
    let sum = |row: &Row| row.places.iter().sum::<usize>() as f64;
    Made::new(vec![(endless(), "mg/kg", words())]).figure(&sum);
    Made::new(vec![(endless(), "mg/kg", words()), ("words", "", words())]).figure(&sum);
    let few = Values::Numbers(&[0.0, 0.00001]);
    Made::new(vec![("words", "", words()), (endless(), "", few), (endless(), "mg/kg", PHENOTYPES)]).figure(&sum);
    let single = || Values::Words(&["a single word of many characters, which are all written"]);
    Made::new(vec![("words", "", single()), ("others", "", single())]).figure(&sum);
    Made::new(vec![("words", "", single())]).figure(&sum);
}
