//! Where states of the published circuits appear, vanish or lose their stability when a constant is turned.

use super::table::{Comparison, Comparisons, Failure, number, numbers, reference, subject};
use disinhibit::analyze::continuation::{Kind, Options, Settings};
use disinhibit::analyze::{Bifurcation, Knob};

/// The values of a constant between two others at which the fixed points of a circuit change, with their kinds.
fn special(circuit: &str, set: &[&str], constant: &str, range: [f64; 2]) -> Result<Vec<(Kind, f64)>, Failure> {
    let subject = subject(circuit, set)?;
    let (knob, from) = Knob::new(&subject, &format!("constants.{constant}"), &range[0].to_string())?;
    let options = Options::new(Settings::over(from, range[1]))?.without_cycles();
    let found = Bifurcation::new(&subject, &(knob, options), None)?;
    Ok(found.diagram.special().into_iter().map(|point| (point.kind, point.knob)).collect())
}

/// Of these the one of a kind that lies nearest to a published value.
fn nearest(special: &[(Kind, f64)], folds: bool, published: f64) -> f64 {
    let of_kind = special.iter().filter(|(kind, _)| (*kind == Kind::Fold) == folds).map(|(_, value)| *value);
    of_kind.min_by(|one, other| (one - published).abs().total_cmp(&(other - published).abs())).unwrap_or(f64::NAN)
}

/// Wong & Wang 2006: pitchforks of the symmetric state, the critical coherence, and where memory is possible.
fn decisions() -> Result<Vec<Comparison>, Failure> {
    let published = reference("wong_wang2006")?;
    let mut rows = Comparisons::of("wong_wang_2006");
    let pitchforks = special("wong_wang_2006", &[], "mu0", [0.0, 60.0])?;
    for theirs in numbers(&published["pitchfork_mu0_Hz"]) {
        let ours = nearest(&pitchforks, false, theirs);
        rows.add("pitchfork of the symmetric state, mu0 (Hz)", theirs, ours, 1e-6);
    }
    let folds = special("wong_wang_2006", &["constants.mu0=30"], "coherence", [0.0, 100.0])?;
    let theirs = number(&published["critical_coherence_mu0_30_pct"]);
    rows.add(
        "coherence beyond which the right choice alone is stable (%)",
        theirs,
        nearest(&folds, true, theirs),
        1e-6,
    );
    let ends = special("wong_wang_2006", &[], "I0", [0.31, 0.34])?;
    let theirs = numbers(&published["I0_range_spontaneous_and_memory_coexist_nA"]);
    for ((theirs, quantity), fold) in theirs.into_iter().zip(["lowest", "highest"]).zip([true, false]) {
        rows.add(&format!("{quantity} I0 with rest and memory (nA)"), theirs, nearest(&ends, fold, theirs), 1e-6);
    }
    Ok(rows.all)
}

/// Murray et al. 2017 and Mejias & Wang 2022: the self-excitation at which memory begins and rest ends.
fn memories() -> Result<Vec<Comparison>, Failure> {
    let murray = reference("murray2017")?;
    // The other area is left where it has one state, so that fewer branches need be followed.
    let alone = ["constants.forward=0", "constants.backward=0", "constants.JS_PFC=0.3"];
    let mejias_wang = reference("mejias_wang2022")?;
    let cases = [
        ("murray_2017", alone.as_slice(), "JS_PPC", [0.3, 0.55], &murray["J_S_onset_of_memory_states_nA"], true),
        ("murray_2017", &alone, "JS_PPC", [0.3, 0.55], &murray["J_S_spontaneous_loses_stability_nA"], false),
        ("mejias_wang_2022", &[], "Js", [0.3, 0.9], &mejias_wang["Js_saddle_node_asymmetric_nA"], true),
        ("mejias_wang_2022", &[], "Js", [0.3, 0.9], &mejias_wang["Js_spontaneous_loses_stability_nA"], false),
    ];
    let mut all = Vec::new();
    for (circuit, set, constant, range, published, fold) in cases {
        let mut rows = Comparisons::of(circuit);
        let quantity = if fold { "at which memory begins" } else { "at which rest loses its stability" };
        let theirs = number(published);
        let ours = nearest(&special(circuit, set, constant, range)?, fold, theirs);
        rows.add(&format!("{constant} {quantity} (nA)"), theirs, ours, 1e-6);
        all.extend(rows.all);
    }
    Ok(all)
}

/// Everything of this file.
pub fn all() -> Result<Vec<Comparison>, Failure> {
    Ok([decisions()?, memories()?].concat())
}
