//! What is said without effect is warned of, with its place; and nothing that is shipped is.
#![cfg(feature = "config")]
#![allow(clippy::unwrap_used)]

use disinhibit_model::config::{Diagnostic, Loaded, Severity, load, load_from, writer};
use disinhibit_model::scenario::warnings::{Stated, Subject, Written, names, of_scenario};
use std::path::{Path, PathBuf};

const CONFIGS: &str = "../../configs";

const SCENARIO: &str = r#"name = "small"
circuit = "../../configs/circuits/mpfc.toml"
pharmacology = ["../../configs/pharmacology/default.toml"]
species = "mouse"

[run]
from = "-60 min"
to = "60 min"
report = ["10 min"]

[compare]
control = "control"
stress = "stress"
to = "60 min"

[[arms]]
name = "control"

[[arms]]
name = "stress"
stress = { level = 0.95, exposure = true }

[[arms]]
name = "drug"
extends = "stress"
doses = [{ ligand = "ketamine", amount = "10 mg/kg", at = "0 min" }]
"#;

/// Reads files that stand in a folder of this crate, in which no such files are.
fn read(files: &[(&str, &str)], set: &[String]) -> Loaded {
    let file = |path: &Path| {
        let known = files.iter().find(|(name, _)| path == Path::new(name));
        known.map_or_else(|| std::fs::read(path), |(_, text)| Ok(text.as_bytes().to_vec()))
    };
    load_from(Path::new(files[0].0), set, &file).unwrap_or_else(|error| panic!("{error}"))
}

fn warnings(text: &str) -> Vec<Diagnostic> {
    read(&[("test.toml", text)], &[]).warnings
}

/// One warning, at a line of the first file, with these words.
fn warned(files: &[(&str, &str)], line: usize, words: &[&str]) {
    let found = read(files, &[]).warnings;
    assert_eq!(found.len(), 1, "{words:?}: {found:#?}");
    let text = found[0].to_string();
    assert!(found[0].severity == Severity::Warning && found[0].render().starts_with("warning"), "{text}");
    assert_eq!((found[0].file.as_str(), found[0].line), (files[0].0, line), "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

/// The same of the scenario after a replacement.
fn changed(from: &str, to: &str, line: usize, words: &[&str]) {
    assert!(SCENARIO.contains(from), "`{from}` is not in the scenario");
    warned(&[("test.toml", &SCENARIO.replacen(from, to, 1))], line, words);
}

/// The same of the scenario with lines at its end, of which the warning is at the so-manieth.
fn with(lines: &str, line: usize, words: &[&str]) {
    let text = format!("{SCENARIO}{lines}");
    warned(&[("test.toml", &text)], SCENARIO.lines().count() + line, words);
}

fn files_in(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_in(&path, found);
        } else if path.extension().is_some_and(|end| end == "toml") {
            found.push(path);
        }
    }
}

#[test]
fn nothing_shipped_is_warned_of() {
    let mut files = Vec::new();
    files_in(Path::new(CONFIGS), &mut files);
    let mut all: Vec<String> = Vec::new();
    let mut read = 0;
    for file in &files {
        // The starter names its circuit from the folder that `new` writes it to.
        let starter = file.ends_with("configs/starter.toml");
        let place = if starter { Path::new(CONFIGS).join("scenarios/starter.toml") } else { file.clone() };
        match load_from(&place, &[], &|path| std::fs::read(if path == place { file } else { path })) {
            Ok(loaded) => {
                all.extend(loaded.warnings.iter().map(|warning| format!("{}: {warning}\n", file.display())));
                read += 1;
            }
            // Some pharmacology only adds to another, and says the rest nowhere itself.
            Err(error) => {
                let adds = error.diagnostics.iter().all(|one| one.message.contains("is missing"));
                assert!(adds && file.starts_with(Path::new(CONFIGS).join("pharmacology")), "{error}");
            }
        }
    }
    assert!(read > 80 && all.is_empty(), "{read}: {}", all.concat());
    assert!(warnings(SCENARIO).is_empty());
}

#[test]
fn a_stored_scenario_is_not_warned_of_what_nobody_wrote() {
    for file in ["scenarios/ketamine.toml", "scenarios/noisy.toml", "scenarios/human.toml", "scenarios/lasting.toml"] {
        let mut scenario = load(&Path::new(CONFIGS).join(file), &[]).unwrap().scenario;
        scenario.observed.clear();
        let stored = writer::to_file(&scenario);
        assert!(warnings(&stored).is_empty(), "{file}: {:#?}", warnings(&stored));
    }
    // What somebody then writes there without effect is told.
    let scenario = load(&Path::new(CONFIGS).join("scenarios/ketamine.toml"), &[]).unwrap().scenario;
    let stepped = writer::to_file(&scenario).replace("step = \"0.25 ms\"", "step = \"0.1 ms\"");
    let found = warnings(&stepped);
    assert!(found.len() == 1 && found[0].message.contains("`run.step` has no effect in slow time"), "{found:#?}");
}

#[test]
fn names_that_are_alike_are_told() {
    with("[ligands.Ketamine]\ntone = \"1 nM\"\n", 1, &["`Ketamine` differs from `ketamine` by its way of writing"]);
    with("[ligands.naltrexon]\ntone = \"1 nM\"\n", 1, &["`naltrexon` differs from `naltrexone` by one letter"]);
    let arm = "[[arms]]\nname = \"contol\"\nset = { \"onto.Pyr.Pyr\" = 1.2 }\n";
    with(arm, 2, &["`contol` differs from `control` by one letter"]);
    let found = warnings(&format!("{SCENARIO}[receptors.mor.on.SST]\nfraction = 0.5\n"));
    let checks: Vec<&str> = found.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(checks.len(), 3, "{checks:?}");
}

#[test]
fn receptors_and_ligands_that_do_nothing_are_told() {
    let orphan = "[receptors.KAPPA.on.SST]\nfraction = 0.5\neffects = [{ drive = \"1 mV\" }]\n";
    with(orphan, 1, &["no ligand binds `KAPPA`", "no tone", "expected a `tone`"]);
    let bound = "[[receptors.KAPPA.binds]]\nligand = \"naltrexone\"\nK = \"1 nM\"\nefficacy = 0\n";
    with(&format!("{bound}{orphan}"), 1, &["nothing activates `KAPPA`"]);
    let idle =
        "[receptors.KAPPA]\ntone = { occupancy_ratio = 1, efficacy = 1 }\n[receptors.KAPPA.on.SST]\nfraction = 0.5\n";
    with(idle, 3, &["`KAPPA` on `SST` has no effects"]);
    with("[receptors.KAPPA]\ntone = { occupancy_ratio = 1, efficacy = 1 }\n", 1, &["no population carries `KAPPA`"]);
    let inert = "[ligands.water.kinetics.mouse]\nelimination_half_life = \"1 h\"\npeak = { concentration = \"1 uM\", dose = \"1 mg/kg\" }\n";
    let dosed = format!(
        "[[arms]]\nname = \"inert\"\ndoses = [{{ ligand = \"water\", amount = \"1 mg/kg\", at = \"0 min\" }}]\n{inert}"
    );
    with(&dosed, 3, &["`water` binds no receptor"]);
    with(inert, 1, &["kinetics of `water`, which no arm is given a dose of"]);
    with(&inert.replace("mouse", "dog"), 1, &["kinetics for the species `dog`", "the scenario is on `mouse`"]);
    let bath = "[[arms]]\nname = \"slip\"\nbaths = [{ ligand = \"naltrexone\", concentration = \"1 mM\" }]\n";
    with(bath, 3, &["1 mM of `naltrexone`", "times the largest constant"]);
    with("[ligands.naltrexone.forms]\nX = { NMDA = 2 }\n", 2, &["`naltrexone` does not bind `NMDA`"]);
}

#[test]
fn parts_of_doses_and_arms_that_do_nothing_are_told() {
    changed("at = \"0 min\" }", "at = \"0 min\", interval = \"1 h\" }", 26, &["an interval, but no dose that follows"]);
    changed("at = \"0 min\" }", "at = \"0 min\", taper = 0.5 }", 26, &["a taper, but no dose that follows"]);
    let beyond = "at = \"0 min\", interval = \"50 min\", additional = 3 }";
    changed("at = \"0 min\" }", beyond, 26, &["of the 3 doses that follow, 2 would come after the run"]);
    changed("\"10 mg/kg\"", "\"0 mg/kg\"", 26, &["a dose of no `ketamine`"]);
    let arm =
        |lines: &str, line: usize, words: &[&str]| with(&format!("[[arms]]\nname = \"more\"\n{lines}\n"), line, words);
    arm("inject = [{ population = \"SST\", drive = \"0 mV\" }]", 3, &["an input of nothing onto `SST`"]);
    arm("inject = [{ population = \"SST\", drive = \"1 mV\", fraction = 0 }]", 3, &["no cells of `SST`"]);
    arm("baths = [{ ligand = \"ketamine\", concentration = \"0 uM\" }]", 3, &["a bath without `ketamine`"]);
    arm("block = [{ receptor = \"MOR\", cells = [\"SST\"], fraction = 0 }]", 3, &["a block of nothing"]);
    arm("block = [{ receptor = \"MOR\", cells = [\"SST\", \"SST\"] }]", 3, &["`SST` is named twice"]);
    arm("stress = { level = 0.5, from = \"0 min\" }", 3, &["when exposure goes on, but there is none"]);
    arm("stress = { level = 0, phenotype = \"sst-hyperactive\" }", 3, &["a phenotype, but neither a level"]);
    arm("set = { \"onto.Pyr.Pyr\" = 1.1 }", 3, &["has this value in every arm"]);
    arm("extends = \"drug\"", 3, &["`more` adds nothing to `drug`"]);
    let stressed = "[run]\nfrom = \"-1 min\"\nto = \"2 h\"\n[[arms]]\nname = \"stressed\"\nstress = { level = 1, phenotype = \"none\" }\n\
                    [stress.phenotypes.none]\n[populations.E]\ntau = \"10 ms\"\ndrive = \"1 mV\"\n\
                    transfer = { kind = \"threshold-linear\", gain = 1 }\n";
    warned(&[("test.toml", stressed)], 6, &["`none` has no effects"]);
}

#[test]
fn keys_of_the_run_without_effect_are_told() {
    let run = |key: &str, words: &[&str]| changed("[run]\n", &format!("[run]\n{key}\n"), 7, words);
    run("step = \"0.25 ms\"", &["`run.step` has no effect in slow time"]);
    run("method = \"rk4\"", &["`run.method` has no effect in slow time"]);
    run("signal_step = \"2 s\"", &["`run.signal_step` has no effect"]);
    run("seed = 1", &["`run.seed` has no effect: no population has noise"]);
    run("noise = \"independent\"", &["`run.noise` has no effect"]);
    run("replicate = 2", &["`run.replicate` has no effect"]);
    let fast = "[run]\ntime = \"fast\"\ntolerance = 1e-6\n";
    changed("[run]\n", fast, 8, &["`run.tolerance` has no effect in fast time"]);
    run("readouts = [\"mean.Pyr\", \"mean.Pyr\"]", &["`mean.Pyr` is asked for twice"]);
    changed("to = \"60 min\"\n\n[[arms]]", "to = \"90 min\"\n\n[[arms]]", 14, &["ends after the run has ended"]);
    changed(
        "to = \"60 min\"\n\n[[arms]]",
        "from = \"2 h\"\nto = \"3 h\"\n\n[[arms]]",
        14,
        &["lies outside the run: 2 h to 3 h"],
    );
    changed(
        "to = \"60 min\"\n\n[[arms]]",
        "to = \"60 min\"\nlasting = \"24 h\"\n\n[[arms]]",
        15,
        &["the rescue that lasts"],
    );
    let alone = SCENARIO.replace("control = \"control\"\nstress = \"stress\"\n", "");
    warned(
        &[("test.toml", &alone.replace("[run]\n", "[run]\nreadouts = [\"rescue\"]\n"))],
        7,
        &["`rescue` has no value"],
    );
}

#[test]
fn a_window_that_nobody_stated_is_told_where_it_lies_outside() {
    let text =
        SCENARIO.replace("to = \"60 min\"\n\n[[arms]]", "\n[[arms]]").replace("to = \"60 min\"", "to = \"-5 min\"");
    let text =
        text.replace("report = [\"10 min\"]", "report = [\"-10 min\"]").replace("at = \"0 min\"", "at = \"-30 min\"");
    let found = warnings(&text);
    assert!(found.len() == 1 && found[0].message.contains("unless `compare` states one"), "{found:#?}");
}

#[test]
fn parts_of_circuits_that_do_nothing_are_told() {
    with("[synapses.nmda]\ngate = { kind = \"saturating\", tau = \"60 ms\" }\n", 1, &["class `nmda`"]);
    with("[constants]\nhalf = 2\n", 2, &["no tie uses the constant `half`"]);
    with("[populations.Pyr.division]\nof = \"input\"\n", 1, &["no divisive synapses end on `Pyr`"]);
    with("[populations.Pyr]\nadaptation = { strength = 0, tau = \"100 ms\" }\n", 2, &["adaptation of 0 does nothing"]);
    with("[indices.strength]\nfrom = \"Pyr\"\nonto = \"Pyr\"\nslope = 2\n", 4, &["`slope` has no effect"]);
    let circuit = "[populations.E]\ntau = \"10 ms\"\ntransfer = { kind = \"threshold-linear\", gain = 1 }\ndrive = \"1 mV\"\n\
                   [synapses.a]\ndelay = \"5 ms\"\n";
    warned(&[("test.toml", circuit)], 5, &["class `a`"]);
}

#[test]
fn sweeps_are_told_what_does_nothing() {
    let scenario =
        format!("{SCENARIO}[[arms]]\nname = \"fixed\"\nextends = \"drug\"\nset = {{ \"onto.Pyr.Pyr\" = 1.2 }}\n");
    let sweep = |head: &str, axis: &str, line: usize, words: &[&str]| {
        let text = format!("scenario = \"test.toml\"\n{head}\n[[axes]]\n{axis}\n");
        warned(&[("sweep.toml", &text), ("test.toml", &scenario)], line, words);
    };
    let axis = "path = \"onto.Pyr.SST\"\nvalues = [-0.6, -0.7]";
    sweep("replicates = 3", axis, 2, &["3 replicates, but no population has noise"]);
    sweep("noise = \"independent\"", axis, 2, &["no population has noise"]);
    sweep("seed = 4", axis, 2, &["a grid draws nothing"]);
    sweep("points = 4", axis, 2, &["a grid has as many points"]);
    sweep("readouts = [\"rescue\", \"rescue\"]", axis, 2, &["asked for twice"]);
    sweep("", "path = \"onto.Pyr.SST\"\nvalues = [-0.6, -0.6]", 5, &["this value stands there already"]);
    sweep("", "path = \"onto.Pyr.SST\"\nfrom = -0.6\nto = -0.6\npoints = 2", 6, &["the axis ends where it begins"]);
    sweep("", "path = \"run.step\"\nvalues = [\"0.1 ms\", \"0.2 ms\"]", 4, &["the axis does nothing"]);
    let random = "design = \"random\"\npoints = 4";
    sweep(random, "path = \"onto.Pyr.SST\"\nfrom = -0.6\nto = -0.7\npoints = 3", 8, &["only a grid takes so many"]);
    let own = "path = \"onto.Pyr.Pyr\"\nvalues = [1.0, 1.1]";
    sweep("", own, 4, &["`set` of `fixed` overrides `onto.Pyr.Pyr`"]);
    sweep("arms = [\"fixed\"]", own, 4, &["`set` of every arm that is run overrides"]);
}

#[test]
fn findings_and_hypotheses_are_told_what_does_nothing() {
    let finding = "statement = \"so\"\nstatus = \"fitted\"\nscenario = \"test.toml\"\n[[checks]]\nsays = \"it rises\"\narm = \"drug\"\n\
                   readout = \"peak\"\nat_least = 0\n";
    let with = |lines: &str, line: usize, words: &[&str]| {
        let text = format!("{finding}{lines}");
        warned(&[("finding.toml", &text), ("test.toml", SCENARIO)], line, words);
    };
    with("[[arms]]\nname = \"unread\"\nset = { \"onto.Pyr.Pyr\" = 1.2 }\n", 10, &["no check reads the arm `unread`"]);
    let zero = "[[arms]]\nname = \"drug too\"\ndoses = [{ ligand = \"ketamine\", amount = \"0 mg/kg\", at = \"0 min\" }]\n\
                [[checks]]\nsays = \"it too\"\narm = \"drug too\"\nreadout = \"peak\"\nat_least = 0\n";
    with(zero, 11, &["a dose of no `ketamine`"]);
    warned(&[("test.toml", "claim = \"nothing\"\n")], 1, &["the hypothesis changes nothing"]);
}

#[test]
fn measurements_are_read_before_anything_runs() {
    let text = format!("{SCENARIO}\n[[observed]]\nfile = \"rates.csv\"\n");
    let csv = "arm, time, variable, value, s.e.\ncontrol,10 min,Pyr,4.2,0.2\ndrug,2 h,rate.SST,\"11 Hz\",\n";
    let loaded = read(&[("test.toml", &text), ("rates.csv", csv)], &[]);
    let rows = &loaded.observed[0].rows;
    assert_eq!(
        (rows.len(), rows[0].rate_hz, rows[0].error_hz, rows[1].arm, rows[1].minutes),
        (2, 4.2, Some(0.2), 2, 120.0)
    );
    assert_eq!(loaded.warnings.len(), 1);
    assert!(loaded.warnings[0].to_string().starts_with("rates.csv:3:6: a measurement at 2 h, outside the run"));
    for (csv, place, words) in [
        ("arm,time,variable,value\ncontroll,10 min,Pyr,4\n", "rates.csv:2:1", "did you mean `control`?"),
        ("arm,time,variable,value\ncontrol,10 min,Pyramid,4\n", "rates.csv:2:16", "there is no population `Pyramid`"),
        ("arm,time,variable,value\ncontrol,10 mV,Pyr,4\n", "rates.csv:2:9", "`10 mV` is no time"),
        ("arm,time,variable,value\ncontrol,10 min,Pyr,four\n", "rates.csv:2:20", "`four` is no value"),
        ("arm,time,variable,value\ncontrol,10 min,Pyr\n", "rates.csv:2:1", "3 fields, but the heading has 4"),
        ("arm,time,variable,value\ncontrol,\"10 min,Pyr,4\n", "rates.csv:2:9", "a quote that is never closed"),
        ("arm,time,variable\n", "rates.csv:1:1", "there is no column `value`"),
        ("", "rates.csv:1:1", "the file is empty"),
    ] {
        let file = |path: &Path| match path.to_str().unwrap() {
            "test.toml" => Ok(text.as_bytes().to_vec()),
            "rates.csv" => Ok(csv.as_bytes().to_vec()),
            _ => std::fs::read(path),
        };
        let error = load_from(Path::new("test.toml"), &[], &file).expect_err(csv).to_string();
        assert!(error.contains(place) && error.contains(words), "{place}, {words}: {error}");
    }
    let file = |path: &Path| match path.to_str().unwrap() {
        "test.toml" => Ok(text.as_bytes().to_vec()),
        _ => std::fs::read(path),
    };
    let error = load_from(Path::new("test.toml"), &[], &file).unwrap_err().to_string();
    assert!(error.contains("test.toml:29:8: `rates.csv` cannot be read"), "{error}");
}

#[test]
fn scenarios_made_in_code_are_warned_of_by_their_values() {
    let mut scenario = read(&[("test.toml", SCENARIO)], &[]).scenario;
    assert!(of_scenario(&Subject::new(&scenario, None, Written::InFiles(&|_| Stated::Nowhere))).is_empty());
    scenario.run.step = 0.1;
    let found = of_scenario(&Subject::new(&scenario, None, Written::InCode));
    let step = found.iter().find(|warning| warning.path == "run.step").unwrap();
    assert_eq!(step.check, "other time");
}

#[test]
fn every_check_stands_in_the_documentation() {
    let document = std::fs::read_to_string("../../docs/configuration.md").unwrap();
    let (_, table) = document.split_once("## Warnings").unwrap();
    let told: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" |"))
        .flat_map(|(names, _)| names.split(", "))
        .collect();
    for name in names() {
        assert!(told.contains(&name), "`{name}` is not among {told:?}");
    }
    assert_eq!(told.len() - 1, names().collect::<std::collections::HashSet<_>>().len(), "{told:?}");
}
