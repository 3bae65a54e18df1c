//! Which parameters arms, axes of sweeps and arguments may set, and why not the others.

use super::path::segments;

/// Who sets a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setter {
    /// An arm of an experiment, by its `set`.
    Arm,
    /// An axis of a sweep.
    Axis,
    /// `--set` on the command line.
    Argument,
    /// The `set` of a finding or a hypothesis.
    Finding,
}

/// Why a parameter is not to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why: of axes and arguments what follows the path in a sentence.
    pub message: &'static str,
    /// What to do instead.
    pub expected: &'static str,
}

const OF_THE_MODEL: &str = "a path that starts with populations, synapses, onto, kernels, constants, tie, receptors, ligands, \
                            stress, plasticity or indices";

/// Why the parameter at a path is not to be set; none where it may be, if it exists.
pub fn refusal(path: &str, by: Setter) -> Option<Refusal> {
    let keys = segments(path);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let reason = match by {
        Setter::Arm => of_arm(&keys),
        Setter::Axis => of_axis(&keys),
        Setter::Argument => of_argument(&keys),
        Setter::Finding => of_finding(&keys),
    };
    reason.map(|(message, expected)| Refusal { message, expected })
}

fn of_arm(keys: &[&str]) -> Option<(&'static str, &'static str)> {
    Some(match keys {
        ["populations", _, "rest"] => ("arms keep the calibrated drives: set `drive` instead of `rest`", OF_THE_MODEL),
        ["populations", _, "units"] => {
            ("the arms of an experiment have the same populations", "an axis of a sweep, or another circuit")
        }
        [
            "populations" | "synapses" | "onto" | "kernels" | "constants" | "tie" | "receptors" | "ligands" | "stress"
            | "plasticity" | "indices",
            ..,
        ] => return None,
        ["species"] => ("an experiment is on one species", "`species` in the scenario, or an axis of a sweep"),
        ["run", ..] => ("the arms of an experiment run alike", "[run] in the scenario, or an axis of a sweep"),
        ["compare", ..] => ("an arm says beside its `set` what it is measured against", "`compare = { control = … }`"),
        ["arms", ..] => (
            "an arm sets parameters of the model; what is done to it stands beside its `set`",
            "`doses`, `block`, `inject`, `stress` of this arm",
        ),
        ["observed", ..] => ("measurements belong to the scenario", "[[observed]] in the scenario"),
        ["input_unit"] => ("numbers of the circuit's file are in its input unit", "another circuit"),
        ["circuit" | "pharmacology", ..] => ("the files of a scenario are read before its arms", "another scenario"),
        _ => ("an arm sets parameters of the circuit, the receptors, the ligands, stress or plasticity", OF_THE_MODEL),
    })
}

fn of_axis(keys: &[&str]) -> Option<(&'static str, &'static str)> {
    Some(match keys {
        ["run", "stream" | "replicate"] => ("is set by the sweep", "`replicates` and `noise` of the sweep"),
        ["run", "drive"] => ("solves or holds the drives for all points alike", "`run.drive` in the scenario"),
        ["circuit" | "pharmacology", ..] => {
            ("cannot be swept: files are read once, before the points", "a parameter; a sweep for each file")
        }
        ["input_unit"] => {
            ("cannot be swept: the numbers of the circuit's file are in it", "a parameter; a sweep for each file")
        }
        ["name" | "description" | "circuit_name"] | ["arms", _, "name"] | ["observed", ..] => {
            ("cannot be swept: it changes no number", "a parameter")
        }
        _ => return None,
    })
}

fn of_argument(keys: &[&str]) -> Option<(&'static str, &'static str)> {
    match keys {
        ["circuit" | "pharmacology", ..] => {
            Some(("is read before `--set` is carried out", "a scenario that names the other file"))
        }
        _ => None,
    }
}

fn of_finding(keys: &[&str]) -> Option<(&'static str, &'static str)> {
    match keys {
        ["circuit" | "pharmacology", ..] => Some((
            "is read before anything is set",
            "`scenario` of the finding, a scenario that names the other file, or `pharmacology` of a hypothesis",
        )),
        _ => None,
    }
}
