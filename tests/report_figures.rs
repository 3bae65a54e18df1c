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
            for population in results.scenario.circuit.populations.keys() {
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
    let (connections, units) = disinhibit::report::drawn_connections(&scenario.circuit);
    assert_eq!((connections.len(), units), (4, vec!["nA".to_owned()]));
    let mut scenario = scenario;
    scenario.run.record = Some(0.1 / 60.0);
    let figure = figures(&Results::new(run(&scenario).unwrap()), &[]).swap_remove(0).1;
    for key in [" nA", "excites", "inhibits"] {
        assert!(figure.labels().iter().any(|label| label.text.ends_with(key)), "{key}");
    }
}
