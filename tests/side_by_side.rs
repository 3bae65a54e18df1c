//! States of a circuit side by side: planes over the same axes, response matrices, and where labels stand.
#![allow(clippy::unwrap_used)]

mod common;

use disinhibit::analyze::{Analysis, Plane, Request, Subject, planes, telling_plane};
use disinhibit::config::load;
use disinhibit::equilibrium::calibrate;
use disinhibit::plot::Figure;
use disinhibit::report::analysis::theme;
use disinhibit::report::plane::{phase_planes, side_by_side};
use std::path::Path;

/// Arms of the ketamine scenario at 10 min.
fn arms(names: &[&str]) -> Vec<Subject> {
    let scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario;
    let calibration = calibrate(&scenario.circuit).unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    Subject::arms(&scenario, &calibration, &names, Some(10.0)).unwrap()
}

fn analysed(subjects: &[Subject], populations: [usize; 2]) -> (Vec<Analysis>, Vec<Plane>) {
    let analyses: Vec<Analysis> =
        subjects.iter().map(|subject| Analysis::new(subject, &Request::default()).unwrap()).collect();
    let states = |analysis: &Analysis| analysis.fixed_points.iter().map(|point| point.variables.clone()).collect();
    let found: Vec<(&Subject, Vec<Vec<f64>>)> =
        subjects.iter().zip(&analyses).map(|(subject, analysis)| (subject, states(analysis))).collect();
    let planes = planes(&found, populations);
    (analyses, planes)
}

fn drawn(names: &[&str]) -> Figure {
    let scenario = load(Path::new("configs/scenarios/ketamine.toml"), &[]).unwrap().scenario;
    let subjects = arms(names);
    let (analyses, planes) = analysed(&subjects, telling_plane(&subjects).unwrap());
    side_by_side(subjects[0].system.circuit(), &analyses, &planes, &theme(&scenario), "ketamine").unwrap()
}

/// Labels lie on the page, and none covers another.
fn keep_apart(figure: &Figure) {
    let labels = figure.labels();
    let (width, height) = figure.size();
    for (index, label) in labels.iter().enumerate() {
        let bounds = label.bounds;
        assert!(bounds.left >= 0.0 && bounds.right <= f64::from(width), "`{}` leaves the page", label.text);
        assert!(bounds.top >= 0.0 && bounds.bottom <= f64::from(height), "`{}` leaves the page", label.text);
        let covered = labels[index + 1..].iter().find(|other| label.bounds.overlaps(&other.bounds));
        assert!(covered.is_none(), "`{}` covers {covered:?}", label.text);
    }
}

#[test]
fn the_plane_that_tells_most_is_that_of_the_cells_whose_synapses_differ_most() {
    // Stress and ketamine act on SST cells, and these inhibit pyramidal cells.
    assert_eq!(telling_plane(&arms(&["control", "stress", "stress+ket10"])), Some([0, 2]));
    let alone = common::scenario(
        "[populations.A]\nrole = \"excitatory\"\ntau = \"10 ms\"\nrest = \"2 Hz\"\n\
         transfer = { kind = \"threshold-linear\", gain = 1.0 }\n",
    );
    assert_eq!(telling_plane(&[Subject::circuit(&alone).unwrap()]), None);
}

#[test]
fn columns_share_axes_and_say_the_rates_and_responses_of_their_arms() {
    let names = ["control", "stress", "stress+ket10"];
    let figure = drawn(&names);
    keep_apart(&figure);
    assert!(figure.size().0.abs_diff(1000) < 20, "as wide as a page shows it");
    let labels = figure.labels();
    let left = |text: &str| {
        labels.iter().find(|label| label.text == text).unwrap_or_else(|| panic!("no `{text}`")).bounds.left
    };
    let places = names.map(left);
    assert!(places[0] < places[1] && places[1] < places[2]);
    // The rates and responses of `analyze_arms`, in the column of their arm.
    for (column, texts) in [
        ["Pyr 4.20 Hz", "SST 6.00 Hz", "+1.22", "−1.60", "slowest eigenvalue −17.7 per s"],
        ["Pyr 2.48 Hz", "SST 7.84 Hz", "+1.49", "−1.14", "slowest eigenvalue −22.9 per s"],
        ["Pyr 5.14 Hz", "SST 3.23 Hz", "+2.17", "−1.42", "slowest eigenvalue −17.9 per s"],
    ]
    .into_iter()
    .enumerate()
    {
        for text in texts {
            let found = labels.iter().filter(|label| label.text == text);
            let next = places.get(column + 1).copied().unwrap_or(f64::INFINITY);
            let here =
                found.into_iter().any(|label| label.bounds.left >= places[column] - 2.0 && label.bounds.left < next);
            assert!(here, "`{text}` is not in column {column}");
        }
    }
    // One scale of colours for all.
    assert!(labels.iter().any(|label| label.text == "−2.17"));
}

#[test]
fn any_number_of_arms_is_laid_out() {
    let all = ["control", "stress", "stress+ket10", "control+ket10", "stress, SST-MOR KO"];
    for count in 1..=all.len() {
        keep_apart(&drawn(&all[..count]));
    }
    assert!(drawn(&all).labels().iter().any(|label| label.text.ends_with("framed: paradoxical")));
}

#[test]
fn a_plane_with_five_fixed_points_labels_those_that_have_room() {
    let file = Path::new("configs/circuits/published/wilson_cowan_1972_multistable.toml");
    let scenario = load(file, &[]).unwrap().scenario;
    let subjects = [Subject::circuit(&scenario).unwrap()];
    let (analyses, planes) = analysed(&subjects, [0, 1]);
    assert_eq!(planes[0].fixed_points.len(), 5);
    let figure = phase_planes(&scenario.circuit, &analyses, &planes).unwrap();
    keep_apart(&figure);
    let texts: Vec<String> = figure.labels().into_iter().map(|label| label.text).collect();
    assert!(texts.contains(&"E 0.205 Hz".to_owned()), "{texts:?}");
    assert!(texts.contains(&"unstable fixed point".to_owned()));
    // The line is broken where it is too long.
    assert!(texts.join(" ").contains("fixed points searched in"), "{texts:?}");
}
