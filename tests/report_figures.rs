//! Figures parse, contain their labels, and no text overlaps another.
#![allow(clippy::unwrap_used)]

mod common;

use disinhibit::config::load;
use disinhibit::report::figures;
use disinhibit::simulate::run;
use disinhibit::store::Results;
use std::path::{Path, PathBuf};

fn results(file: &Path) -> Results {
    let mut scenario = load(file, &[]).unwrap().scenario;
    if scenario.name == "noisy" {
        scenario.run.to = 20.0;
        scenario.run.step = 1.0;
    }
    Results::new(run(&scenario).unwrap())
}

fn scenarios() -> Vec<PathBuf> {
    std::fs::read_dir("configs/scenarios").unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_figures_of_every_scenario_parse_and_their_texts_keep_apart() {
    for file in scenarios() {
        let results = results(&file);
        for (stem, figure) in figures(&results, &[]) {
            let svg = figure.svg();
            let document = roxmltree::Document::parse(&svg).unwrap();
            let text: String = document.descendants().filter_map(|node| node.text()).collect::<Vec<_>>().join("\n");
            for population in results.scenario.circuit.written().populations.keys() {
                assert!(
                    stem == "pharmacology" || stem == "course" || text.contains(population.as_str()),
                    "{stem} of {} lacks {population}",
                    file.display()
                );
            }
            let unit = match stem {
                "circuit" => "mV/Hz",
                "course" => "(Hz)",
                "pharmacology" => "free concentration (nM)",
                _ => "firing rate (Hz)",
            };
            assert!(text.contains(unit), "{stem} of {} has no {unit}", file.display());
            let labels = figure.labels();
            let (width, height) = figure.size();
            for (index, label) in labels.iter().enumerate() {
                let bounds = label.bounds;
                let inside = bounds.left >= 0.0
                    && bounds.top >= 0.0
                    && bounds.right <= f64::from(width)
                    && bounds.bottom <= f64::from(height);
                assert!(inside, "{stem} of {}: `{}` leaves the page", file.display(), label.text);
                for other in &labels[index + 1..] {
                    assert!(
                        !label.bounds.overlaps(&other.bounds),
                        "{stem} of {}: `{}` covers `{}`",
                        file.display(),
                        label.text,
                        other.text
                    );
                }
            }
        }
    }
}

#[test]
fn a_png_decodes_and_is_not_blank() {
    let results = results(Path::new("configs/scenarios/ketamine.toml"));
    for (stem, figure) in figures(&results, &[]) {
        let image = image::load_from_memory(&figure.png().unwrap()).unwrap().to_rgb8();
        let (width, height) = figure.size();
        assert_eq!((image.width(), image.height()), (2 * width, 2 * height));
        let inked = image.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
        assert!(inked > 5_000, "{stem} has {inked} pixels of ink");
    }
}

#[test]
fn strange_data_is_drawn_without_a_panic() {
    use disinhibit::plot::{ArmTrace, Population, RatesFigure, Role, Theme};
    let population = Population { name: "A <&> \u{1}".into(), role: Role::Excitatory, reference_hz: Some(f64::NAN) };
    let values = vec![f64::NAN, f64::INFINITY, -1e308, 1e308, 0.0];
    let arm = ArmTrace { name: "x".repeat(500), t_min: vec![0.0, 1.0, f64::NAN, 3.0, 4.0], rates_hz: vec![values] };
    for arms in [vec![], vec![arm]] {
        let figure = RatesFigure { populations: vec![population.clone()], arms, ..RatesFigure::default() };
        let drawn = figure.render(&Theme::default());
        roxmltree::Document::parse(&drawn.svg()).unwrap();
        drawn.png().unwrap();
    }
    roxmltree::Document::parse(&RatesFigure::default().render(&Theme::default()).svg()).unwrap();
}

#[test]
fn synapses_through_classes_are_drawn() {
    let scenario = load(Path::new("configs/published/wong_wang_2006.toml"), &[]).unwrap().scenario;
    let (connections, units, _) = disinhibit::report::drawn_connections(&scenario.circuit);
    assert_eq!((connections.len(), units), (4, vec!["nA".to_owned()]));
    let mut scenario = scenario;
    scenario.run.record = Some(0.1 / 60.0);
    let figure = figures(&Results::new(run(&scenario).unwrap()), &[]).swap_remove(0).1;
    for key in [" nA", "excites", "inhibits"] {
        assert!(figure.labels().iter().any(|label| label.text.ends_with(key)), "{key}");
    }
}

/// The rings of 180 units, with another number of them.
fn ring(units: i64) -> disinhibit::scenario::Scenario {
    let text = std::fs::read_to_string("tests/cases/circuits/ring_180.toml").unwrap();
    common::scenario(&text.replace("units = 180", &format!("units = {units}")))
}

#[test]
fn what_a_ring_of_many_units_leaves_grows_with_its_populations() {
    // Fewer units take less time; nothing below depends on their number.
    let units = 24_i64;
    let results = Results::new(run(&ring(units)).unwrap());
    let files: std::collections::HashMap<String, Vec<u8>> = results.files().unwrap().into_iter().collect();
    let summary: serde_json::Value = serde_json::from_slice(&files["summary.json"]).unwrap();
    assert!(files["summary.json"].len() < 30_000, "{} bytes", files["summary.json"].len());
    let arm = &summary["arms"][1];
    for population in ["E", "I"] {
        let mean = arm["rates_hz"]["5 min"][population].as_f64().unwrap();
        let over = &arm["over_units"]["5 min"][format!("rate.{population}")];
        assert_eq!(over["mean"], arm["rates_hz"]["5 min"][population]);
        assert!(over["min"].as_f64().unwrap() <= mean && mean <= over["max"].as_f64().unwrap());
    }
    // What one unit receives from all: the weights that are written.
    approx::assert_relative_eq!(arm["weight"]["1 min"]["E"]["E"].as_f64().unwrap(), 1.5, max_relative = 1e-9);
    approx::assert_relative_eq!(arm["weight"]["1 min"]["I"]["E"].as_f64().unwrap(), 1.0, max_relative = 1e-9);
    // Each unit at three times and its largest, smallest and half way; each connection.
    let arm = &results.summary.arms[1];
    let numbers = arm.units(&results.scenario.circuit);
    assert!(numbers.len() >= (2 * units * (3 + 2)) as usize, "{}", numbers.len());
    let unit = numbers.iter().find(|one| one.label == Some("5 min") && one.population == "E" && one.unit == 3).unwrap();
    assert_eq!((unit.variable, unit.value), (("rate", ""), arm.rates_hz["5 min"]["E[3]"]));
    assert_eq!(arm.single.connections().len(), (4 * units * units) as usize);
    for name in ["units.parquet", "connections.parquet"] {
        assert!(files[name].starts_with(b"PAR1") && files[name].ends_with(b"PAR1"), "{name}");
    }
    for (stem, figure) in figures(&results, &[]) {
        assert!(figure.svg().len() < 200_000, "{stem}: {} bytes", figure.svg().len());
        let labels = figure.labels();
        assert!(!labels.iter().any(|label| label.text.contains("E[")), "{stem}");
        if stem == "circuit" {
            for text in ["24 units", "1 + 0.9 cos", "60°"] {
                assert!(labels.iter().any(|label| label.text == text), "{text}: {labels:?}");
            }
        }
    }
}

#[test]
fn a_run_without_stress_says_nothing_of_stress_or_rescue() {
    let results = Results::new(run(&ring(4)).unwrap());
    let said = |text: &str| ["stress", "rescue", "suppression"].iter().any(|word| text.contains(word));
    for (stem, figure) in figures(&results, &[]) {
        let texts: Vec<String> = figure.labels().into_iter().map(|label| label.text).collect();
        assert!(!texts.iter().any(|text| said(text)), "{stem}: {texts:?}");
    }
    let table = results.files().unwrap().into_iter().find(|(name, _)| name == "summary.csv").unwrap().1;
    let head = String::from_utf8(table).unwrap().lines().next().unwrap().to_owned();
    assert!(!head.contains("rescue") && head.contains("peak_over_control"), "{head}");
}
