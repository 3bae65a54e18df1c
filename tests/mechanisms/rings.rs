//! Weights to and from single units of a ring, rings of unequal size, tuned onto untuned and untuned onto tuned.

use super::common::{last, read, scenario};
use approx::assert_relative_eq;
use disinhibit::equilibrium::calibrate;
use disinhibit::scenario::Setting;
use disinhibit::simulate::run;

/// A ring of 12 and one of 8, two populations that read the ring's population vector, and one that sends to a part of it.
const RINGS: &str = r#"
    input_unit = "none"
    [populations]
    R = { units = 12, tau = "10 ms", transfer = { kind = "expression", f = "x" }, drive = 5 }
    S = { units = 8, tau = "10 ms", transfer = { kind = "expression", f = "x" }, drive = 0 }
    X = { tau = "10 ms", transfer = { kind = "expression", f = "x" }, drive = 0 }
    Y = { tau = "10 ms", transfer = { kind = "expression", f = "x" }, drive = 0 }
    C = { tau = "10 ms", transfer = { kind = "expression", f = "x" }, drive = 2 }
    [[kernels]]
    onto = "R"
    from = "C"
    centre = 60
    shape = "cosine"
    amplitude = 0.5
    [[kernels]]
    onto = "X"
    from = "R"
    centre = 0
    shape = "population-vector"
    [[kernels]]
    onto = "Y"
    from = "R"
    centre = 90
    shape = "population-vector"
    [[kernels]]
    onto = "S"
    from = "R"
    shape = "cosine"
    amplitude = 0.8
    [onto.R]
    C = 3
    [onto.X]
    R = 2
    [onto.Y]
    R = 2
    [onto.S]
    R = 1
    [onto."S[0]"]
    R = 0
    "R[4]" = 0.5
"#;

const FAST: &str = r#"
    [run]
    time = "TIME"
    from = "0 min"
    to = "1 min"
    report = ["1 min"]
    [[arms]]
    name = "control"
"#;

#[test]
fn population_vectors_profiles_and_single_units_add_up_as_by_hand() {
    let texts = [
        format!("{RINGS}{}", FAST.replace("TIME", "slow")),
        format!("{RINGS}{}", FAST.replace("TIME", "fast").replace("1 min", "1 s").replace("0 min", "0 s")),
    ];
    let turned = ["kernels.0.centre=150".to_owned(), "onto.\"S[0]\".\"R[4]\"=0.25".to_owned()];
    for (set, centre, single) in [(&[][..], 60.0f64, 0.5), (&turned[..], 150.0, 0.25)] {
        // R_k = 5 + 3 * 2 (1 + 0.5 cos(angle - centre)).
        let rate = |degrees: f64| 11.0 + 3.0 * libm::cos((degrees - centre).to_radians());
        for text in &texts {
            let outcome = run(&read(text, set).unwrap()).unwrap();
            let rate_of = |signal: &str| last(&outcome, "control", &format!("rate.{signal}"));
            for unit in 0..12 {
                assert_relative_eq!(rate_of(&format!("R[{unit}]")), rate(30.0 * f64::from(unit)), max_relative = 1e-9);
            }
            // The mean of cos^2 over the ring is a half: X + iY is 2 * 3 / 2 in the direction of the centre.
            assert!((rate_of("X") - 3.0 * libm::cos(centre.to_radians())).abs() < 1e-8, "{}", rate_of("X"));
            assert!((rate_of("Y") - 3.0 * libm::sin(centre.to_radians())).abs() < 1e-8, "{}", rate_of("Y"));
            // The kernel passes the first harmonic with half its amplitude; units of S stand 45 degrees apart.
            for unit in 1..8 {
                let expected = 11.0 + 3.0 * 0.4 * libm::cos((45.0 * f64::from(unit) - centre).to_radians());
                assert_relative_eq!(rate_of(&format!("S[{unit}]")), expected, max_relative = 1e-9);
            }
            assert_relative_eq!(rate_of("S[0]"), single * rate(120.0), max_relative = 1e-9);
        }
    }
}

#[test]
fn paths_of_units_and_centres_can_be_set_and_mistakes_are_named() {
    let mut circuit = scenario(RINGS);
    circuit.set("onto.\"S[0]\".\"R[4]\"", &Setting::Number(2.0)).unwrap();
    let rates = calibrate(&circuit.circuit).unwrap().rates;
    let place = circuit.circuit.populations.get_index_of("S[0]").unwrap();
    assert_relative_eq!(rates[place], 2.0 * (11.0 + 1.5), max_relative = 1e-10);
    let run = FAST.replace("TIME", "slow");
    for (change, with, words) in [
        ("[onto.\"S[0]\"]", "[onto.\"S[8]\"]", "there is no unit `S[8]`; expected a unit from S[0] to S[7]|S[7]"),
        ("\"R[4]\" = 0.5", "\"R[x]\" = 0.5", "no unit `R[x]`|no population `R[x]`"),
        ("\"R[4]\" = 0.5", "\"X[0]\" = 0.5", "no population `X[0]`"),
        ("centre = 60\n", "", "`C` has no units, so that it lies nowhere on the ring"),
        ("centre = 0\n", "", "`X` has no units, so that it lies nowhere on the ring"),
        ("onto = \"R\"\n    from = \"C\"", "onto = \"X\"\n    from = \"C\"", "neither `X` nor `C` has units"),
        ("R = { units", "R = { role = \"excitatory\", units", "the weights of `R` change their sign"),
    ] {
        assert!(RINGS.contains(change), "{change}");
        let found = read(&format!("{}{run}", RINGS.replacen(change, with, 1)), &[]).expect_err(words).render();
        assert!(words.split('|').any(|words| found.contains(words)), "expected `{words}` in:\n{found}");
    }
}
