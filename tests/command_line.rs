//! The program as its users meet it: output, exit codes, files.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use std::path::Path;

fn disinhibit(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("disinhibit").unwrap();
    command.current_dir(folder).env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Copies the shipped configurations into an empty folder.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["circuits", "pharmacology", "scenarios"] {
        let to = folder.path().join("configs").join(part);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(Path::new("configs").join(part)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    }
    folder
}

#[test]
fn help_names_every_command() {
    let output = disinhibit(Path::new(".")).arg("--help").output().unwrap();
    insta::assert_snapshot!(text(&output.stdout));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_run_prints_a_table_and_leaves_its_results() {
    let folder = folder();
    let output = disinhibit(folder.path()).args(["run", "configs/scenarios/ketamine.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    insta::assert_snapshot!(text(&output.stdout));
    let out = folder.path().join("out/ketamine");
    let read = |name: &str| std::fs::read(out.join(name)).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&read("summary.json")).unwrap();
    let treated = &summary["arms"][2];
    assert_eq!(treated["name"], "stress+ket10");
    assert_eq!(treated["status"], "ok");
    assert!((treated["rates_hz"]["10 min"]["Pyr"].as_f64().unwrap() - 5.15).abs() < 0.06);
    assert!((treated["rescue_index"]["10 min"].as_f64().unwrap() - 1.55).abs() < 0.05);
    let manifest: serde_json::Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    assert!((manifest["calibration"]["drives"]["Pyr"].as_f64().unwrap() - 17.098_951).abs() < 1e-5);
    assert_eq!(manifest["config_sha256"].as_str().unwrap().len(), 64);
    assert!(text(&read("summary.csv")).starts_with("arm,status,time,rate_hz.Pyr,"));
    assert!(read("traces.parquet").starts_with(b"PAR1"));
    // Without simulating, the same figures.
    let figures = ["rates", "arms", "pharmacology", "circuit"].map(|stem| (stem, read(&format!("{stem}.svg"))));
    for (stem, _) in &figures {
        std::fs::remove_file(out.join(format!("{stem}.svg"))).unwrap();
    }
    disinhibit(folder.path()).args(["plot", "out/ketamine", "--quiet"]).assert().success().stdout("");
    for (stem, before) in figures {
        assert!(read(&format!("{stem}.svg")) == before, "{stem} differs when drawn again");
    }
    // The stored scenario runs by itself and gives the same numbers.
    let again = ["run", "out/ketamine/scenario.toml", "--out", "again", "--quiet"];
    disinhibit(folder.path()).args(again).assert().success().stdout("");
    let again = std::fs::read(folder.path().join("again/traces.parquet")).unwrap();
    assert!(again == read("traces.parquet"), "the stored scenario gives other traces");
}

#[test]
fn set_out_seed_and_threads_do_what_they_say() {
    let folder = folder();
    let run = |out: &str, more: &[&str]| {
        let mut arguments =
            vec!["run", "configs/scenarios/noisy.toml", "--out", out, "--quiet", "--set", "run.to=22 min"];
        arguments.extend(["--set", "run.step=1 ms", "--set", "compare.to=22 min"]);
        arguments.extend(more);
        disinhibit(folder.path()).args(arguments).assert().success().stdout("");
        std::fs::read(folder.path().join(out).join("traces.parquet")).unwrap()
    };
    let reference = run("a", &[]);
    assert!(run("b", &["--threads", "2"]) == reference);
    assert!(run("c", &["--seed", "1"]) == reference);
    assert!(run("d", &["--seed", "2"]) != reference);
}

#[test]
fn check_reports_all_problems_with_their_places() {
    let folder = folder();
    let file = folder.path().join("configs/scenarios/ketamine.toml");
    let broken = std::fs::read_to_string(&file)
        .unwrap()
        .replace("\"180 min\"", "\"180 mV\"")
        .replace("\"ketamine\", amount", "\"ketamin\", amount");
    std::fs::write(folder.path().join("configs/scenarios/broken.toml"), broken).unwrap();
    let output = disinhibit(folder.path()).args(["check", "configs/scenarios/broken.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    insta::assert_snapshot!(text(&output.stderr));
}

#[test]
fn check_lists_every_parameter_with_unit_and_source() {
    let folder = folder();
    let output = disinhibit(folder.path()).args(["check", "configs/circuits/mpfc.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn new_writes_a_scenario_that_runs_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    disinhibit(folder.path()).args(["new", "mine"]).assert().success();
    disinhibit(folder.path()).args(["run", "mine.toml", "--quiet"]).assert().success();
    assert!(folder.path().join("out/mine/rates.svg").exists());
    std::fs::write(folder.path().join("mine.toml"), "my own").unwrap();
    disinhibit(folder.path()).args(["new", "mine"]).assert().code(2);
    assert_eq!(std::fs::read_to_string(folder.path().join("mine.toml")).unwrap(), "my own");
    disinhibit(folder.path()).args(["new", "../escape"]).assert().code(2);
}

#[test]
fn schemas_accept_the_keys_of_the_shipped_files() {
    for kind in ["circuit", "pharmacology", "scenario"] {
        let output = disinhibit(Path::new(".")).args(["schema", kind]).output().unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let properties = schema["properties"].as_object().unwrap();
        let folder = Path::new("configs").join(match kind {
            "circuit" => "circuits",
            "pharmacology" => "pharmacology",
            _ => "scenarios",
        });
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        for file in files.filter(|path| path.is_file()) {
            let table: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
            for key in table.keys() {
                assert!(properties.contains_key(key), "the {kind} schema lacks {key}");
            }
        }
    }
}

#[test]
fn bad_usage_and_unwritable_folders_are_errors_and_lose_nothing() {
    let folder = folder();
    disinhibit(folder.path()).arg("runn").assert().code(2);
    disinhibit(folder.path()).args(["run", "configs/none.toml"]).assert().code(2);
    disinhibit(folder.path()).args(["run", "configs/circuits/mpfc.toml"]).assert().code(2);
    disinhibit(folder.path()).args(["plot", "configs"]).assert().code(2);
    std::fs::write(folder.path().join("file"), "kept").unwrap();
    let refused =
        disinhibit(folder.path()).args(["run", "configs/scenarios/slice.toml", "--out", "file/in"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("file/in"), "{}", text(&refused.stderr));
    assert_eq!(std::fs::read_to_string(folder.path().join("file")).unwrap(), "kept");
}

#[test]
fn measurements_are_drawn_and_their_mistakes_are_named() {
    let folder = folder();
    let scenario = folder.path().join("configs/scenarios/slice.toml");
    let text_of = std::fs::read_to_string(&scenario).unwrap();
    std::fs::write(&scenario, text_of + "\n[[observed]]\nfile = \"rates.csv\"\n").unwrap();
    let csv = folder.path().join("configs/scenarios/rates.csv");
    std::fs::write(&csv, "arm,time,variable,value,s.e.\nslice control,10 min,Pyr,4.3,0.2\n").unwrap();
    disinhibit(folder.path()).args(["run", "configs/scenarios/slice.toml"]).assert().success();
    let svg = std::fs::read_to_string(folder.path().join("out/slice/rates.svg")).unwrap();
    assert!(svg.contains("measured"));
    std::fs::write(&csv, "arm,time,variable,value\nslice controll,10 min,Pyr,4.3\n").unwrap();
    let refused = disinhibit(folder.path()).args(["run", "configs/scenarios/slice.toml"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let message = text(&refused.stderr);
    assert!(message.contains("rates.csv:2") && message.contains("did you mean `slice control`?"), "{message}");
}

#[test]
fn an_arm_that_diverges_is_marked_and_the_others_go_on() {
    let folder = folder();
    let scenario = folder.path().join("configs/scenarios/runaway.toml");
    let text_of = std::fs::read_to_string(folder.path().join("configs/scenarios/vip_drive.toml")).unwrap();
    let arm = "\n[[arms]]\nname = \"runaway\"\nset = { \"onto.Pyr.Pyr\" = 4.0 }\n";
    std::fs::write(&scenario, text_of.replace("name = \"vip_drive\"", "name = \"runaway\"") + arm).unwrap();
    for time in ["slow", "fast"] {
        let set = format!("run.time={time}");
        let arguments = [
            "run",
            "configs/scenarios/runaway.toml",
            "--fresh",
            "--set",
            &set,
            "--set",
            "run.step=2 ms",
            "--set",
            "run.method=heun",
            "--set",
            "run.report=-1 min, 20 min",
            "--set",
            "run.to=180 min",
        ];
        let output = disinhibit(folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{time}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("arm `runaway`"), "{}", text(&output.stderr));
        let bytes = std::fs::read(folder.path().join("out/runaway/summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let arms = summary["arms"].as_array().unwrap();
        assert!(arms[..6].iter().all(|arm| arm["status"] == "ok"));
        assert_ne!(arms[6]["status"], "ok", "{time}");
    }
}

#[test]
fn arms_are_analysed_side_by_side() {
    let folder = folder();
    let analyze = |more: &[&str]| {
        let arms = ["analyze", "configs/scenarios/ketamine.toml", "--arm", "control", "--arm", "stress+ket10"];
        disinhibit(folder.path()).args(arms).args(more).output().unwrap()
    };
    let output = analyze(&["--arms", "stress", "--out", "out/three"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("side_by_side.svg"), "{}", text(&output.stdout));
    let out = folder.path().join("out/three");
    let svg = std::fs::read_to_string(out.join("side_by_side.svg")).unwrap();
    for words in ["control", "stress+ket10", "stress", "SST stands still", "Hz per mV"] {
        assert!(svg.contains(words), "no `{words}`");
    }
    assert!(std::fs::read(out.join("side_by_side.png")).unwrap().starts_with(b"\x89PNG"));
    // The same numbers as JSON.
    let read = |name: &str| serde_json::from_slice(&std::fs::read(out.join(name)).unwrap()).unwrap();
    let (analyses, planes): (serde_json::Value, serde_json::Value) = (read("analysis.json"), read("phase-plane.json"));
    for arm in 0..3 {
        assert_eq!(planes[arm]["name"], analyses[arm]["name"]);
        assert_eq!(planes[arm]["populations"], serde_json::json!(["Pyr", "SST"]));
        assert_eq!(planes[arm]["ranges"], planes[0]["ranges"]);
        assert_eq!(planes[arm]["fixed_points"][0]["at"][0], analyses[arm]["state"]["variables"][0]);
    }
    let output = analyze(&["--plane", "Pyr,Pyramid"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no population or variable `Pyramid`; expected two of Pyr, PV, SST, VIP"));
}

#[test]
fn completions_and_manual_are_written() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = disinhibit(Path::new(".")).args(["completions", shell]).output().unwrap();
        assert!(text(&output.stdout).contains("disinhibit"), "{shell}");
    }
    let page = disinhibit(Path::new(".")).arg("man").output().unwrap();
    assert!(text(&page.stdout).contains(".TH disinhibit 1"));
}

#[test]
fn analyze_says_where_it_looked_and_when_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let cases = std::env::current_dir().unwrap().join("tests/cases/circuits");
    let analyze = |file: &str, more: &[&str]| {
        let arguments = [&["--fresh"], more].concat();
        let output = disinhibit(folder.path()).arg("analyze").arg(cases.join(file)).args(arguments).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, said, _) = analyze("side_branch.toml", &[]);
    assert_eq!(code, Some(0));
    assert!(said.contains("found 3 fixed points; searched X and C from -1000000 to 1000000 Hz"), "{said}");
    assert!(said.contains("nothing bounds X and C on either side: more may lie beyond"), "{said}");
    let (_, said, _) = analyze("side_branch.toml", &["--box=-2..-0.5Hz", "--box", "C=-1..1 Hz"]);
    assert!(said.contains("found 1 fixed point; searched X from -2 to -0.5 Hz, C from -1 to 1 Hz\n"), "{said}");
    let json = std::fs::read(folder.path().join("out/side_branch-analysis/analysis.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json[0]["search"]["box_hz"], serde_json::json!([[-2.0, -0.5], [-1.0, 1.0]]));
    assert_eq!(json[0]["search"]["ended"], "quiet");
    let (_, said, _) = analyze("mini_corner.toml", &[]);
    assert!(said.contains("below it stable node (-100.0000 per s), above it unstable node (100.0000 per s)"), "{said}");
    let knob = ["--knob", "constants.p", "--from=-2", "--to", "2", "--box", "0.5..3"];
    let (code, said, _) = analyze("side_branch.toml", &knob);
    assert_eq!(code, Some(0));
    assert!(said.contains("at -2: searched X and C from 0.5 to 3 Hz"), "{said}");
    for (wrong, part) in [
        (["--box", "F=0..1"], "--box: there is no population `F`; expected one of X, C"),
        (["--box", "X=3..1"], "--box: the range of `X` is empty"),
        (["--box", "X"], "--box: `X` is not a range"),
        (["--seconds", "0"], "--seconds: `0` is out of range"),
    ] {
        let (code, _, said) = analyze("side_branch.toml", &wrong);
        assert!(code == Some(2) && said.contains(part), "{said}");
    }
}

#[test]
fn check_says_what_a_circuit_does_and_ends_well() {
    let check = |file: &str, set: &[&str]| {
        let output = disinhibit(Path::new(".")).arg("check").arg(file).args(set).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, said, problems) = check("tests/cases/circuits/linear_focus.toml", &[]);
    assert_eq!(code, Some(0), "{problems}");
    assert!(said.contains("the slowest eigenvalue is -10.00000 +- 300.0000 i per s"), "{said}");
    let (code, said, problems) = check("tests/cases/circuits/ei_high.toml", &[]);
    assert_eq!(code, Some(0), "{problems}");
    assert!(said.contains("E rests at 46.14") && said.contains("I rests at 100.6997"), "{said}");
    assert!(said.contains("-3575.000 +- 6043.54"), "{said}");
    // An oscillating circuit lists its parameters and says what it does.
    let drive = ["--set", "populations.E.drive=1.25"];
    let (code, said, problems) = check("tests/cases/circuits/slow_cycle.toml", &drive);
    assert_eq!(code, Some(0), "{problems}");
    assert!(said.contains("populations.E.tau") && said.contains("no stable rest"), "{said}");
    assert!(said.contains("a cycle of 50.03") && said.contains("E 0.1591 Hz, I 0.0824 Hz"), "{said}");
    assert!(said.contains("is an unstable focus"), "{said}");
    // Of two stable states the other one is said too.
    let (code, said, problems) = check("configs/circuits/published/wilson_cowan_1972_hysteresis.toml", &[]);
    assert_eq!(code, Some(0), "{problems}");
    assert!(said.contains("was found to have a stable state"), "{said}");
    for entry in std::fs::read_dir("configs/circuits/published").unwrap() {
        let file = entry.unwrap().path();
        let (code, said, problems) = check(file.to_str().unwrap(), &[]);
        assert_eq!(code, Some(0), "{}: {problems}", file.display());
        assert!(said.contains("rests at") || said.contains("no stable rest"), "{}: {said}", file.display());
    }
}

#[test]
fn check_finds_the_same_whatever_it_is_to_say() {
    let folder = folder();
    let sweep = "scenario = \"configs/scenarios/ketamine.toml\"\ndesign = \"sobol\"\npoints = 1000000000000\nseed = 1\n\
                 [[axes]]\npath = \"onto.Pyr.Pyr\"\nfrom = 1\nto = 1.2\n";
    std::fs::write(folder.path().join("sweep.toml"), sweep).unwrap();
    for how in [&[][..], &["--quiet"], &["--markdown"]] {
        let output = disinhibit(folder.path()).args(["check", "sweep.toml"]).args(how).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{how:?}: {}", text(&output.stdout));
        assert!(text(&output.stderr).contains("sweep.toml"), "{how:?}: {}", text(&output.stderr));
    }
}

/// A small scenario of a circuit of one population, with these lines in its run and these behind its arms.
fn small(run: &str, behind: &str) -> String {
    format!(
        "[run]\nfrom = \"-1 min\"\nto = \"5 min\"\nreport = [\"1 min\"]\n{run}\n[compare]\nfrom = \"0 min\"\nto = \"5 min\"\n\
         [[arms]]\nname = \"control\"\n[[arms]]\nname = \"driven\"\ninject = [{{ population = \"E\", drive = 2, from = \"0 min\", to = \"2 min\" }}]\n\
         {behind}\n[populations.E]\ntau = \"10 ms\"\nrest = \"5 Hz\"\ntransfer = {{ kind = \"threshold-linear\", gain = 1 }}\n\
         [onto.E]\nE = 0.5\n"
    )
    .replace("[run]", "input_unit = \"none\"\n[run]")
}

#[test]
fn warnings_are_told_kept_and_end_what_is_strict() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("idle.toml", &small("seed = 7\nstep = \"0.1 ms\"", ""));
    write("sound.toml", &small("", ""));
    write(
        "idle_sweep.toml",
        "scenario = \"sound.toml\"\nreplicates = 2\n[[axes]]\npath = \"onto.E.E\"\nvalues = [0.4, 0.5]\n",
    );
    let ended = |arguments: &[&str]| {
        let output = disinhibit(folder.path()).args(arguments).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let words = "`run.seed` has no effect: no population has noise";
    for how in [&[][..], &["--quiet"], &["--markdown"]] {
        let (code, _, said) = ended(&[&["check", "idle.toml"], how].concat());
        assert!(code == Some(0) && said.contains(words) && said.contains("idle.toml:6:8"), "{how:?}: {said}");
        assert!(said.contains("warning: `run.step` has no effect in slow time"), "{said}");
        let (code, _, said) = ended(&[&["check", "idle.toml", "--strict"], how].concat());
        assert!(code == Some(2) && said.contains("2 warnings, and --strict was asked for"), "{how:?}: {said}");
        let (code, _, said) = ended(&[&["check", "sound.toml", "--strict"], how].concat());
        assert!(code == Some(0) && !said.contains("warning"), "{how:?}: {said}");
    }
    for command in [&["run", "idle.toml"][..], &["analyze", "idle.toml"], &["sweep", "idle_sweep.toml"]] {
        let (code, _, said) = ended(&[command, &["--strict"]].concat());
        assert!(code == Some(2) && said.contains("warning: "), "{command:?}: {said}");
        assert!(!folder.path().join("out").exists(), "{command:?} ran");
    }
    let (code, _, said) = ended(&["run", "idle.toml"]);
    assert!(code == Some(0) && said.contains(words), "{said}");
    let (code, _, said) = ended(&["sweep", "idle_sweep.toml"]);
    assert!(code == Some(0) && said.contains("2 replicates, but no population has noise"), "{said}");
    for (name, path) in [("idle", "run.seed"), ("idle_sweep", "replicates")] {
        let bytes = std::fs::read(folder.path().join("out").join(name).join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(manifest["warnings"][0]["path"], path, "{manifest}");
        assert!(manifest["warnings"][0]["place"].as_str().unwrap().starts_with(name), "{manifest}");
    }
    // What was written without effect is told of the stored scenario, too, and nothing else is.
    let (code, _, said) = ended(&["check", "out/idle_sweep/../idle/scenario.toml", "--quiet"]);
    assert!(code == Some(0) && said.contains("`run.seed`"), "{said}");
    write("finding.toml", "");
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    write(
        "mine/one.toml",
        "number = 1\nstatement = \"it rises\"\nstatus = \"fitted\"\nscenario = \"../idle.toml\"\n[[checks]]\nsays = \"it rises\"\n\
         arm = \"driven\"\nreadout = \"peak\"\nat_least = 6\n",
    );
    let (code, _, said) = ended(&["findings", "mine", "--strict"]);
    assert!(code == Some(2) && said.contains(words), "{said}");
    let (code, said, warned) = ended(&["findings", "mine"]);
    assert!(code == Some(0) && warned.contains(words) && said.contains("1 finding: 1 reproduced"), "{said}\n{warned}");
}

#[test]
fn a_design_of_too_many_points_starts_only_when_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.toml"), small("", "")).unwrap();
    let sweep = "scenario = \"small.toml\"\ndesign = \"random\"\npoints = 10000000000\n[[axes]]\npath = \"onto.E.E\"\nfrom = 0.1\nto = 0.5\n";
    std::fs::write(folder.path().join("huge.toml"), sweep).unwrap();
    let ended = |arguments: &[&str]| {
        let output = disinhibit(folder.path()).args(arguments).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, _, said) = ended(&["sweep", "huge.toml"]);
    assert!(code == Some(2) && said.contains("--yes") && said.contains("10000000000 runs"), "{said}");
    assert!(!folder.path().join("out").exists());
    let (code, said, _) = ended(&["check", "huge.toml"]);
    assert!(
        code == Some(0) && said.contains("10000000000 points; `sweep` starts more than 1000000 only with --yes"),
        "{said}"
    );
    // A share that is small enough needs no more than to be asked for.
    let (code, said, _) = ended(&["sweep", "huge.toml", "--point", "9999999999"]);
    assert!(code == Some(0) && said.contains("disinhibit run"), "{said}");
}

#[test]
fn a_sweep_whose_points_fail_ends_with_1_whenever_they_were_run() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.toml"), small("", "")).unwrap();
    // A weight of 2 has no stable rest.
    let sweep = "scenario = \"small.toml\"\nreadouts = [\"rate.E\", \"peak\", \"peak_at\", \"events\", \"stability\"]\n[[axes]]\npath = \"onto.E.E\"\nvalues = [0.5, 2]\n";
    std::fs::write(folder.path().join("failing.toml"), sweep).unwrap();
    let ended = |arguments: &[&str]| {
        let output = disinhibit(folder.path()).args(arguments).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    for _ in 0..2 {
        let (code, said, problems) = ended(&["sweep", "failing.toml"]);
        assert!(code == Some(1) && problems.contains("2 arms of points ended badly"), "{problems}");
        assert!(said.contains("not drawn (plot FOLDER --readout NAME draws it): "), "{said}");
    }
    for shard in ["1/2", "2/2"] {
        let (code, _, problems) = ended(&["sweep", "failing.toml", "--shard", shard]);
        assert_eq!(code, Some(i32::from(problems.contains("ended badly"))), "{problems}");
    }
    let (code, _, problems) = ended(&["merge", "out/failing-1-of-2", "out/failing-2-of-2", "--out", "joined"]);
    assert!(code == Some(1) && problems.contains("2 arms of points"), "{problems}");
    let help = disinhibit(folder.path()).arg("--help").output().unwrap();
    assert!(text(&help.stdout).contains("1 stopped, or ran with arms or points that failed"));
}

#[test]
fn a_run_with_measurements_is_drawn_and_run_again_wherever_it_is_moved() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("study/data")).unwrap();
    let observed = "[[observed]]\nfile = \"data/rates.csv\"\n";
    std::fs::write(at("study/small.toml"), small("", observed)).unwrap();
    let csv = "arm,time,variable,value\ndriven,1 min,E,9.1\n";
    std::fs::write(at("study/data/rates.csv"), csv).unwrap();
    disinhibit(folder.path()).args(["run", "study/small.toml", "--out", "first", "--quiet"]).assert().success();
    std::fs::create_dir(at("elsewhere")).unwrap();
    std::fs::rename(at("first"), at("elsewhere/first")).unwrap();
    std::fs::remove_dir_all(at("study")).unwrap();
    let inside = at("elsewhere");
    let rates = std::fs::read(inside.join("first/rates.svg")).unwrap();
    std::fs::remove_file(inside.join("first/rates.svg")).unwrap();
    disinhibit(&inside).args(["plot", "first", "--quiet"]).assert().success();
    assert!(std::fs::read(inside.join("first/rates.svg")).unwrap() == rates, "drawn otherwise elsewhere");
    disinhibit(&inside).args(["run", "first/scenario.toml", "--out", "again", "--quiet"]).assert().success();
    assert!(std::fs::read(inside.join("again/rates.svg")).unwrap() == rates, "run otherwise elsewhere");
    assert_eq!(std::fs::read_to_string(inside.join("again/observed-0.csv")).unwrap(), csv);
    // What is wrong with them is found by `check`, and before anything is written.
    std::fs::write(inside.join("again/observed-0.csv"), csv.replace("driven", "drove")).unwrap();
    for command in ["check", "run"] {
        let output = disinhibit(&inside).args([command, "again/scenario.toml"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}");
        let said = text(&output.stderr);
        assert!(said.contains("observed-0.csv:2:1") && said.contains("there is no arm `drove`"), "{said}");
        assert!(!inside.join("out").exists(), "{command} wrote");
    }
}

#[test]
fn findings_and_hypotheses_are_checked() {
    let check = |file: &Path| {
        let output = disinhibit(Path::new(".")).arg("check").arg(file).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    for file in [
        "configs/findings/09_three_low_doses.toml",
        "configs/hypotheses/5_mor_on_vip.toml",
        "configs/hypotheses/8_hcn1_block.toml",
    ] {
        let (code, _, problems) = check(Path::new(file));
        assert!(code == Some(0) && problems.contains("no problems"), "{file}: {problems}");
    }
    let folder = tempfile::tempdir().unwrap();
    let hypothesis = |lines: &str| {
        let file = folder.path().join("mine.toml");
        std::fs::write(&file, format!("claim = \"It is so.\"\n{lines}\n")).unwrap();
        check(&file)
    };
    let vip = "\"receptors.MOR.on.VIP.fraction\" = 0.55";
    let (code, _, problems) = hypothesis(&format!("[set]\n{vip}"));
    assert!(code == Some(0), "{problems}");
    for (lines, place, words) in [
        (format!("[set]\n{}", vip.replace("MOR", "MRO")), "mine.toml:3:", "there is no parameter"),
        (format!("[set]\n{}", vip.replace("0.55", "1.55")), "mine.toml:3:", "out of range"),
        ("set = { circuit = \"other.toml\" }".to_owned(), "mine.toml:2:", "is read before anything is set"),
        ("pharmacology = [\"none.toml\"]".to_owned(), "mine.toml:2:", "cannot be read"),
        ("set = { \"populations.Pyr.rest\" = \"0 Hz\" }".to_owned(), "mine.toml", "rest"),
    ] {
        let (code, _, problems) = hypothesis(&lines);
        assert!(code == Some(2) && problems.contains(place) && problems.contains(words), "{lines}: {problems}");
    }
}
#[test]
fn other_stable_states_stand_in_the_summary_and_large_circuits_say_that_none_were_looked_for() {
    let folder = folder();
    let run =
        "[run]\ntime = \"fast\"\nfrom = \"0 ms\"\nto = \"5 ms\"\nstep = \"0.1 ms\"\n[[arms]]\nname = \"control\"\n";
    let hysteresis = "name = \"two\"\ncircuit = \"hysteresis.toml\"\n";
    let published = "configs/circuits/published/wilson_cowan_1972_hysteresis.toml";
    std::fs::copy(published, folder.path().join("hysteresis.toml")).unwrap();
    let large = "name = \"large\"\n[populations.E]\nunits = 130\ntau = \"10 ms\"\ndrive = \"1 mV\"\n\
                 transfer = { kind = \"threshold-linear\", gain = 1 }\n";
    let summary = |name: &str, scenario: &str| {
        std::fs::write(folder.path().join(format!("{name}.toml")), format!("{scenario}{run}")).unwrap();
        let output = disinhibit(folder.path()).args(["run", &format!("{name}.toml")]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let bytes = std::fs::read(folder.path().join("out").join(name).join("summary.json")).unwrap();
        let summary: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        (summary["other_states"].clone(), text(&output.stdout))
    };
    let (states, said) = summary("two", hysteresis);
    let found = states["found"].as_array().unwrap();
    assert!(!found.is_empty() && states.get("not_looked_for").is_none(), "{states}");
    for state in found {
        let rate = state["rates_hz"]["E"].as_f64().unwrap();
        assert!(said.contains(&format!("a stable state at {rate:.4}")), "{said}");
    }
    let (states, said) = summary("large", large);
    let reason = "other stable states were not looked for: the circuit has 130 variables, more than 128";
    assert_eq!(states["not_looked_for"], reason);
    assert!(said.contains(reason), "{said}");
}

#[test]
fn lists_are_set_from_the_command_line() {
    let folder = folder();
    let check = |set: &[&str]| {
        let mut command = disinhibit(folder.path());
        command.args(["check", "configs/scenarios/ketamine.toml"]);
        set.iter().for_each(|set| {
            command.args(["--set", set]);
        });
        let output = command.output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    for written in ["[\"rate.Pyr\", \"rate.SST\"]", "[rate.Pyr, rate.SST]", "['rate.Pyr','rate.SST']"] {
        let (code, said, problems) = check(&[&format!("run.signals={written}"), "run.report=[\"5 min\", \"1 h\"]"]);
        assert_eq!(code, Some(0), "{problems}");
        for (path, value) in [
            ("run.signals.0", "rate.Pyr"),
            ("run.signals.1", "rate.SST"),
            ("run.report.0", "5 min"),
            ("run.report.1", "1 h"),
        ] {
            assert!(said.lines().any(|line| line.contains(path) && line.contains(value)), "{path}: {said}");
        }
    }
    for (set, wrong) in [
        ("run.signals=rate.Pyr", ["a list is needed", "a list of texts, in brackets"]),
        ("run.signals=[3]", ["element 0: `3` is no text", "a text in quotes"]),
        ("run.signals=[\"rate.Pyramid\"]", ["rate.Pyramid", "run.signals"]),
        ("run.report=[\"5 mV\"]", ["element 0", "5 mV"]),
        ("run.seed=[1, 2]", ["not a whole number", "a whole number"]),
        ("populations.SST.rest=[1, 2]", ["a list does not fit here", "Hz"]),
        ("run.time=[fast]", ["no such word", "one of"]),
        ("run.signls=[\"rate.Pyr\"]", ["there is no parameter `run.signls`", "expected a path"]),
    ] {
        let (code, _, problems) = check(&[set]);
        assert_eq!(code, Some(2), "{set}");
        assert!(problems.contains(&format!("--set {set}")), "{problems}");
        wrong.iter().for_each(|words| assert!(problems.contains(words), "expected `{words}` in:\n{problems}"));
    }
}

#[test]
fn check_judges_the_step_of_fast_time_and_says_what_slow_time_leaves_out_of_delays() {
    let folder = folder();
    std::fs::copy("tests/cases/circuits/step.toml", folder.path().join("step.toml")).unwrap();
    let check = |arguments: &[&str]| {
        let output = disinhibit(folder.path()).arg("check").args(arguments).output().unwrap();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    // As the run, which stops there.
    for how in [&["step.toml"][..], &["step.toml", "--quiet"], &["step.toml", "--markdown"]] {
        let (code, _, problems) = check(how);
        assert_eq!(code, Some(2), "{problems}");
        assert!(problems.contains("run.step: the step of 5 ms makes a motion grow that decays"), "{problems}");
    }
    let run = disinhibit(folder.path()).args(["run", "step.toml", "--quiet"]).output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stderr));
    let (code, said, problems) = check(&["step.toml", "--set", "run.step=0.25 ms"]);
    assert_eq!(code, Some(0), "{problems}");
    assert!(said.contains("the step of 0.25 ms resolves the circuit's motion about its rest"), "{said}");
    let delayed = |time: &str| {
        format!(
            "input_unit = \"mV\"\n[populations.E]\ntau = \"20 ms\"\ndrive = \"5 mV\"\n\
             transfer = {{ kind = \"threshold-linear\", gain = 1 }}\n[synapses.late]\ndelay = \"5 ms\"\n\
             [onto.E.through.late]\nE = 0.5\n[run]\ntime = \"{time}\"\nfrom = \"0 s\"\nto = \"10 s\"\n\
             [[arms]]\nname = \"control\"\n"
        )
    };
    std::fs::write(folder.path().join("fast.toml"), delayed("fast")).unwrap();
    let (code, said, problems) = check(&["fast.toml"]);
    assert_eq!(code, Some(0), "{problems}");
    assert!(said.contains("of delayed synapses only what acts at once is judged"), "{said}");
    std::fs::write(folder.path().join("slow.toml"), delayed("slow")).unwrap();
    let left_out =
        "slow time judges the stability of states with the delays of their synapses, and follows the circuit";
    let (code, said, problems) = check(&["slow.toml"]);
    assert_eq!(code, Some(0), "{problems}");
    assert!(said.contains(left_out), "{said}");
    let run = disinhibit(folder.path()).args(["run", "slow.toml"]).output().unwrap();
    assert!(text(&run.stdout).contains(left_out), "{}", text(&run.stdout));
}
