//! Seeds, streams and replicates where nothing is random.

use super::{Subject, Warning};
use crate::scenario::sweep::{Design, NoiseStreams};

const EXPECTED: &str = "a population with `noise`";

pub(super) fn find(subject: &Subject<'_>) -> Vec<Warning> {
    if !subject.is_whole() || subject.is_noisy() {
        return Vec::new();
    }
    let keys = ["run.seed", "run.noise", "run.stream", "run.replicate"];
    let stated = keys.into_iter().filter(|path| subject.states(path));
    stated
        .map(|path| Warning::new(path, format!("`{path}` has no effect: no population has noise"), EXPECTED))
        .collect()
}

/// The same of a sweep.
pub(super) fn find_in_sweep(subject: &Subject<'_>) -> Vec<Warning> {
    let Some(bound) = subject.sweep else { return Vec::new() };
    let sweep = &bound.sweep;
    let mut warnings = Vec::new();
    if !subject.is_noisy() {
        if sweep.replicates > 1 {
            let message = format!("{} replicates, but no population has noise: all are the same", sweep.replicates);
            warnings.push(Warning::new("replicates", message, EXPECTED));
        }
        if sweep.noise == NoiseStreams::Independent {
            let message = "points have noise of their own, but no population has noise";
            warnings.push(Warning::new("noise", message, EXPECTED));
        }
        let seed = bound.axes.iter().position(|axis| axis.path == "run.seed");
        warnings.extend(seed.map(|index| {
            Warning::new(format!("axes.{index}.path"), "the axis does nothing: no population has noise", EXPECTED)
        }));
    }
    if sweep.design == Design::Grid && sweep.seed != 0 {
        let message = "a grid draws nothing: its seed has no effect";
        warnings.push(Warning::new("seed", message, "`run.seed` for noise, or a random design"));
    }
    warnings
}
