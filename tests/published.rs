//! The published circuits give the published numbers, by configuration alone.

#[path = "../examples/published/courses.rs"]
mod courses;
#[path = "../examples/published/onsets.rs"]
mod onsets;
#[path = "../examples/published/states.rs"]
mod states;
#[path = "../examples/published/table.rs"]
mod table;

use table::{Comparison, Failure};

fn compare(rows: Result<Vec<Comparison>, Failure>, least: usize) {
    let rows = rows.expect("the circuit can be read and analysed");
    assert!(rows.len() >= least, "only {} comparisons", rows.len());
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| !row.agrees())
        .map(|row| format!("{}, {}: published {}, ours {}", row.circuit, row.quantity, row.published, row.ours))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn wilson_and_cowan_1972_has_three_five_and_one_states_in_both_conventions() {
    compare(states::wilson_cowan(), 36);
}

#[test]
fn the_inhibition_stabilised_network_responds_as_calculated() {
    compare(states::inhibition_stabilised(), 30);
}

#[test]
fn hennequin_2018_has_its_states_noise_and_onset() {
    compare(states::supralinear(), 16);
}

#[test]
fn garcia_del_molino_2017_reverses_its_response() {
    compare(states::response_reversal(), 48);
}

#[test]
fn wong_and_wang_2006_and_murray_2017_have_all_their_states() {
    compare(states::competition(), 120);
}

#[test]
fn mejias_and_wang_2022_and_deco_2014_have_all_their_states() {
    compare(states::excitation_and_inhibition(), 60);
}

#[test]
fn mejias_2016_has_its_rates_and_linear_noise() {
    compare(states::layers(), 48);
}

#[test]
fn memories_and_decisions_begin_and_end_where_they_should() {
    compare(onsets::all(), 9);
}

#[test]
fn wong_and_wang_2006_decides_when_it_should() {
    compare(courses::decision_times(), 12);
}

#[test]
fn wong_and_wang_2006_decides_under_noise_as_another_program_does() {
    compare(courses::noisy_decisions(), 6);
}

#[test]
fn murray_2017_keeps_its_memory_in_the_prefrontal_area_alone() {
    compare(courses::two_areas(), 32);
}

#[test]
fn mejias_and_wang_2022_remembers_a_pulse_where_it_should() {
    compare(courses::persistence(), 36);
}

#[test]
fn the_paradox_and_the_reversal_take_their_course() {
    compare(courses::paradox(), 12);
    compare(courses::transients(), 20);
}

#[test]
fn the_document_has_a_row_for_each_comparison() {
    let document = std::fs::read_to_string("docs/published.md").expect("it is there");
    let all =
        [states::all(), onsets::all(), courses::all()].map(|rows| rows.expect("all circuits can be analysed")).concat();
    for row in &all {
        let start = format!("| {} | {} | {:.9} |", row.circuit, row.quantity, row.published);
        assert!(document.contains(&start), "docs/published.md lacks {start}: cargo run --release --example published");
    }
    let rows = document.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| circuit")).count();
    assert_eq!(rows, all.len());
}
