//! Sweeps: the same bits as single runs, on any threads and in any chunks; their tables, figures and analyses.
#![allow(clippy::unwrap_used)]

#[path = "common/sweeps.rs"]
mod sweeps;

use disinhibit::config::load;
use disinhibit::readouts::{Summary, summarise};
use disinhibit::report::sweep::{SweepTable, is_drawn};
use disinhibit::scenario::sweep::Design;
use disinhibit::simulate::run;
use disinhibit::store::sweep;
use disinhibit::store::table::{Cell, Column, ColumnKind, ColumnRole};
use disinhibit::sweep::{Engine, Row, value};
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use sweeps::{SWEEP, disinhibit, folder, read_table, text};

fn engine(folder: &Path, set: &[String]) -> Engine {
    let loaded = load(&folder.join("sweep.toml"), set).unwrap();
    Engine::new(&loaded.sweep.unwrap(), &loaded.scenario, None).unwrap()
}

fn bits(rows: &[Row]) -> Vec<u64> {
    rows.iter().flat_map(|row| &row.readouts).map(|number| number.to_bits()).collect()
}

#[test]
fn a_point_of_a_sweep_has_the_bits_of_a_run() {
    let noisy = "\nnoise = \"independent\"\nreplicates = 2\n";
    let fast = ["run.time=fast", "run.from=-6 min", "run.to=30 min", "run.step=2 ms"].map(String::from);
    let noisy = noisy.to_owned()
        + &SWEEP.replace("points = 3", "points = 2").replace("values = [0, 0.3, 0.55, 1]", "values = [0, 1]");
    for (sweep, set) in [(SWEEP.to_owned(), vec![]), (noisy, fast.to_vec())] {
        let folder =
            folder(&sweep.replace("ketamine.toml", if set.is_empty() { "ketamine.toml" } else { "noisy.toml" }));
        let engine = engine(folder.path(), &set);
        let rows = engine.rows(0..engine.runs());
        assert_eq!(rows.len() as u64, engine.runs() * 2);
        for row in rows.iter().filter(|row| [0, 3].contains(&row.point)) {
            let loaded = load(&folder.path().join("sweep.toml"), &set).unwrap();
            let mut scenario = loaded.scenario;
            for (axis, value) in engine.design.axes().iter().zip(&row.axes) {
                scenario.set(&axis.path, &value.setting).unwrap();
            }
            (scenario.run.stream, scenario.run.replicate) = (row.stream, row.replicate);
            let summary = summarise(&run(&scenario).unwrap());
            let arm = summary.arms.iter().find(|arm| arm.name == row.arm).unwrap();
            for (readout, number) in engine.readouts.iter().zip(&row.readouts) {
                let alone = value(readout, arm, &scenario);
                assert_eq!(alone.to_bits(), number.to_bits(), "{} of {} at point {}", readout.name, row.arm, row.point);
            }
        }
        if !set.is_empty() {
            // Points and replicates have noise of their own.
            let peaks: Vec<u64> =
                rows.iter().filter(|row| row.arm == "stress").map(|row| row.readouts[0].to_bits()).collect();
            let mut distinct = peaks.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), peaks.len());
        }
    }
}

#[test]
fn chunks_and_threads_change_no_bit() {
    let folder = folder(SWEEP);
    let engine = engine(folder.path(), &[]);
    let whole = bits(&engine.rows(0..12));
    let pieces = [0..1, 1..6, 6..7, 7..12].map(|runs| bits(&engine.rows(runs))).concat();
    assert_eq!(whole, pieces);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| bits(&engine.rows(0..12))), whole);
}

#[test]
fn the_table_has_units_and_all_rows_in_order() {
    let folder = folder(SWEEP);
    let output = disinhibit(folder.path(), &["sweep", "sweep.toml", "--csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out = folder.path().join("out/sweep");
    let (columns, rows) = read_table(&out.join("results.parquet"));
    assert_eq!(rows.len(), 24);
    let place = |name: &str| columns.iter().position(|column| column.name == name).unwrap();
    let dose = place("arms.stress+ket10.doses.0.amount");
    assert_eq!((columns[dose].unit.as_str(), columns[dose].label.as_str()), ("mg/kg", "dose"));
    assert_eq!(columns[place("rate.Pyr at 10 min")].unit, "Hz");
    assert_eq!(columns[place("arm")].kind, ColumnKind::Text);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row[0], Cell::Whole(index as i64 / 2));
        let expected = [1.0, libm::sqrt(30.0), 30.0][index / 8];
        let Cell::Number(amount) = row[dose] else { panic!("{row:?}") };
        approx::assert_relative_eq!(amount, expected, max_relative = 1e-14);
    }
    let csv = std::fs::read_to_string(out.join("results.csv")).unwrap();
    assert_eq!(csv.lines().count(), 25);
    assert!(csv.starts_with("point,replicate,stream,arm,status,problem,arms.stress+ket10.doses.0.amount,"));
    // Listed values are spaced as is said.
    let logarithmic = |columns: &[Column], name: &str| {
        columns.iter().find(|column| column.name == name).unwrap().role == ColumnRole::Axis { log: true }
    };
    assert!(logarithmic(&columns, "arms.stress+ket10.doses.0.amount"));
    assert!(!logarithmic(&columns, "receptors.MOR.on.SST.fraction"));
    let listed = SWEEP.replace("values = [0, 0.3, 0.55, 1]", "values = [0.01, 0.1, 1]\nscale = \"log\"");
    std::fs::write(folder.path().join("listed.toml"), listed).unwrap();
    assert_eq!(disinhibit(folder.path(), &["sweep", "listed.toml", "--quiet"]).status.code(), Some(0));
    let (columns, _) = read_table(&folder.path().join("out/listed/results.parquet"));
    assert!(logarithmic(&columns, "receptors.MOR.on.SST.fraction"));
    // The command of a point gives that point's numbers.
    let output = disinhibit(folder.path(), &["sweep", "sweep.toml", "--point", "5"]);
    assert_eq!(
        text(&output.stdout).trim(),
        "disinhibit run configs/scenarios/ketamine.toml --set 'arms.stress+ket10.doses.0.amount=5.477225575051661 mg/kg' \
         --set 'receptors.MOR.on.SST.fraction=0.3'"
    );
}

#[test]
fn mistakes_in_a_sweep_are_named_with_their_places() {
    let problem = |from: &str, to: &str, words: &[&str]| {
        assert!(SWEEP.contains(from));
        let folder = folder(&SWEEP.replacen(from, to, 1));
        let output = disinhibit(folder.path(), &["sweep", "sweep.toml"]);
        assert_eq!(output.status.code(), Some(2), "{to}");
        let message = text(&output.stderr);
        words.iter().for_each(|word| assert!(message.contains(word), "{to}: {message}"));
        assert!(!folder.path().join("out").exists(), "{to}: something was written");
    };
    problem("doses.0.amount", "doses.0.amonut", &["sweep.toml:7", "did you mean"]);
    problem("\"30 mg/kg\"", "\"30 mg\"", &["sweep.toml:10", "mg/kg"]);
    problem("\"1 mg/kg\"", "\"0 mg/kg\"", &["logarithmic", "sweep.toml"]);
    problem("points = 3", "points = 1", &["sweep.toml", "2 or more"]);
    problem("scale = \"log\"", "scale = \"logarithmic\"", &["sweep.toml:12", "linear, log"]);
    problem("[0, 0.3", "[0, 1.3", &["sweep.toml:17", "between 0 and 1"]);
    problem(
        "\"stress\", \"stress+ket10\"",
        "\"stress\", \"stress+ket\"",
        &["sweep.toml:3", "did you mean `stress+ket10`"],
    );
    problem("\"rescue\"", "\"resuce\"", &["there is no readout `resuce`", "did you mean"]);
    problem("ketamine.toml", "ketmine.toml", &["sweep.toml:2", "ketmine.toml"]);
    problem("name = \"share\"", "name = \"share\"\nwith = \"dosis\"", &["there is no axis `dosis`"]);
    problem("name = \"share\"", "name = \"share\"\nwith = \"dose\"", &["4 values move with the 3"]);
    problem(
        "receptors.MOR.on.SST.fraction",
        "arms.stress+ket10.doses.0.amount",
        &["moves", "already", "sweep.toml:15"],
    );
    problem("receptors.MOR.on.SST.fraction", "run.stream", &["is set by the sweep"]);
    problem("receptors.MOR.on.SST.fraction", "circuit", &["`circuit` cannot be swept"]);
    problem(
        "name = \"share\"",
        "name = \"share\"\nfrom = 0",
        &["`from` says nothing beside `values`", "sweep.toml:17"],
    );
    problem("readouts =", "report = [\"9 d\"]\nreadouts =", &["sweep.toml:4"]);
    problem(
        "path = \"receptors.MOR.on.SST.fraction\"\nname = \"share\"\nvalues = [0, 0.3, 0.55, 1]",
        "path = \"arms.stress.stress.phenotype\"\nvalues = [\"sst-hyperactive\", \"sst-hyper\"]",
        &["`sst-hyper` does not fit", "did you mean `sst-hyperactive`", "sweep.toml:16"],
    );
    let swept = folder(SWEEP);
    let set = ["sweep", "sweep.toml", "--set", "arms.\"stress+ket10\".doses.0.amount=3 mg/kg"];
    let message = text(&disinhibit(swept.path(), &set).stderr);
    assert!(message.contains("an axis of sweep.toml moves it"), "{message}");
    let folder = folder("scenario = \"configs/scenarios/ketamine.toml\"\n");
    let message = text(&disinhibit(folder.path(), &["sweep", "sweep.toml"]).stderr);
    assert!(message.contains("a sweep has at least one axis"), "{message}");
    std::fs::write(folder.path().join("sweep.toml"), "[[axes]]\npath = \"x\"\n").unwrap();
    let message = text(&disinhibit(folder.path(), &["sweep", "sweep.toml"]).stderr);
    assert!(message.contains("`scenario` is missing"), "{message}");
    let message = text(&disinhibit(folder.path(), &["run", "sweep.toml"]).stderr);
    assert!(!message.is_empty());
}

#[test]
fn a_point_without_a_rest_or_with_nonsense_marks_its_row_and_spares_the_others() {
    let sweep = SWEEP.replace(
        "path = \"receptors.MOR.on.SST.fraction\"\nname = \"share\"\nvalues = [0, 0.3, 0.55, 1]",
        "path = \"onto.Pyr.Pyr\"\nvalues = [1.1, 6, -1]",
    );
    let folder = folder(&sweep);
    let engine = engine(folder.path(), &[]);
    let rows = engine.rows(0..engine.runs());
    let status = |point: u64| rows.iter().find(|row| row.point == point).unwrap();
    assert_eq!(status(0).status, "ok");
    assert_eq!(status(1).status, "no-steady-state");
    assert!(status(1).problem.contains("unstable") && status(1).readouts.iter().all(|number| number.is_nan()));
    assert_eq!(status(2).status, "invalid");
    let plain = engine_of(&sweep.replace("[1.1, 6, -1]", "[1.1]"));
    let alone = plain.1.rows(0..plain.1.runs());
    let beside: Vec<Row> = rows.iter().filter(|row| row.point % 3 == 0).cloned().collect();
    assert_eq!(bits(&beside), bits(&alone));
}

#[test]
fn axes_may_move_how_the_run_is_made_and_the_sizes_of_rings() {
    let axis = "path = \"run.seed\"\nvalues = [1, 2]\n[[axes]]\npath = \"run.method\"\nvalues = [\"heun\", \"euler-maruyama\"]";
    let sweep =
        "scenario = \"configs/scenarios/noisy.toml\"\narms = [\"stress\"]\nreadouts = [\"rate.Pyr\"]\n[[axes]]\n";
    let folder = folder(&(sweep.to_owned() + axis));
    let set = ["run.from=-6 min", "run.to=12 min", "run.step=2 ms", "run.report=-1 min, 10 min"].map(String::from);
    let engine = engine(folder.path(), &set);
    let rows = engine.rows(0..engine.runs());
    let mut seen = Vec::new();
    for row in &rows {
        let mut scenario = load(&folder.path().join("sweep.toml"), &set).unwrap().scenario;
        for (axis, value) in engine.design.axes().iter().zip(&row.axes) {
            scenario.set(&axis.path, &value.setting).unwrap();
        }
        let summary = summarise(&run(&scenario).unwrap());
        let arm = summary.arms.iter().find(|arm| arm.name == "stress").unwrap();
        let alone = value(&engine.readouts[0], arm, &scenario);
        assert_eq!(alone.to_bits(), row.readouts[0].to_bits(), "point {}", row.point);
        assert!(!seen.contains(&alone.to_bits()), "point {} is another", row.point);
        seen.push(alone.to_bits());
    }
    let ring = r#"
        name = "ring"
        circuit = "configs/circuits/ring.toml"
        run = { time = "fast", from = "0 s", to = "0.2 s", step = "1 ms", record = "10 ms", report = ["0.2 s"] }
        arms = [{ name = "control" }]
        "#;
    std::fs::write(folder.path().join("ring.toml"), ring).unwrap();
    let sweep =
        "scenario = \"ring.toml\"\nreadouts = [\"peak\"]\n[[axes]]\npath = \"populations.E.units\"\nvalues = [8, 16]\n";
    std::fs::write(folder.path().join("sweep.toml"), sweep).unwrap();
    let engine = self::engine(folder.path(), &[]);
    let rows = engine.rows(0..engine.runs());
    assert!(rows.len() == 2 && rows.iter().all(|row| row.status == "ok"), "{rows:?}");
}

#[test]
fn held_drives_stay_where_an_axis_moves_the_rest() {
    let sweep = "scenario = \"configs/scenarios/ketamine.toml\"\narms = [\"control\"]\nreadouts = [\"rate.SST\"]\n[[axes]]\n\
                 path = \"populations.SST.rest\"\nvalues = [\"5 Hz\", \"6 Hz\"]\n";
    let folder = folder(sweep);
    let hold = ["--set", "run.drive=hold", "--quiet"];
    let swept = disinhibit(folder.path(), &[&["sweep", "sweep.toml"][..], &hold].concat());
    assert_eq!(swept.status.code(), Some(0), "{}", text(&swept.stderr));
    let (columns, rows) = read_table(&folder.path().join("out/sweep/results.parquet"));
    let rate = columns.iter().position(|column| column.name == "rate.SST at 10 min").unwrap();
    let set = "populations.SST.rest=5 Hz";
    let ran = disinhibit(
        folder.path(),
        &[&["run", "configs/scenarios/ketamine.toml", "--out", "alone", "--set", set][..], &hold].concat(),
    );
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let summary = std::fs::read_to_string(folder.path().join("alone/summary.json")).unwrap();
    let summary: Summary = serde_json::from_str(&summary).unwrap();
    let control = summary.arms.iter().find(|arm| arm.name == "control").unwrap();
    assert_eq!(rows[0][rate], Cell::Number(control.rates_hz["10 min"]["SST"]));
    assert_eq!(rows[0][rate], rows[1][rate]);
}

#[test]
fn a_species_beside_another_keeps_its_kinetics() {
    let sweep = |values: &str| {
        let head = SWEEP.split("[[axes]]").next().unwrap();
        let (_folder, engine) = engine_of(&format!("{head}[[axes]]\npath = \"species\"\nvalues = {values}\n"));
        engine.rows(0..engine.runs())
    };
    let bits_of = |rows: &[Row], species: &str| {
        let own = rows.iter().filter(|row| format!("{:?}", row.axes).contains(species));
        bits(&own.cloned().collect::<Vec<_>>())
    };
    let (one, other) = (sweep(r#"["mouse", "human"]"#), sweep(r#"["human", "mouse"]"#));
    for species in ["mouse", "human"] {
        let alone = sweep(&format!("[\"{species}\"]"));
        assert_eq!(bits_of(&one, species), bits(&alone), "{species}");
        assert_eq!(bits_of(&other, species), bits(&alone), "{species}");
    }
}

#[test]
fn numbers_that_decide_the_equations_part_points_so_that_each_has_its_bits() {
    let scenario = r#"
        name = "s"
        input_unit = "mV"
        populations.E = { tau = "20 ms", transfer = { kind = "power-law", gain = 0.04, exponent = 2 }, drive = "12 mV" }
        populations.I = { tau = "10 ms", transfer = { kind = "sigmoid", maximum = "60 Hz", slope = 0.3, threshold = "10 mV" }, drive = "8 mV" }
        synapses.slow = { gate = { kind = "filter", tau = "50 ms" } }
        onto.E = { E = 0.3, I = -0.3, through = { slow = { E = 0.2 } }, divisive = { I = 0.05 } }
        onto.I = { E = 0.7, I = -0.2 }
        run = { time = "fast", from = "0 ms", to = "0.4 s", report = ["0.4 s"], record = "0.1 s", step = "0.5 ms", start = { E = 2, I = 3 } }
        compare = { from = "0 ms", to = "0.4 s", population = "E" }
        arms = [{ name = "control" }, { name = "other", set = { "onto.E.through.slow.E" = 0 } }]
        "#;
    for (path, values) in [
        ("populations.E.transfer.exponent", "[1, 1.5, 2, 3]"),
        ("onto.E.divisive.I", "[0, 0.01, 0.05]"),
        ("onto.E.through.slow.E", "[0, 0.1, 0.2]"),
    ] {
        let folder = folder(&format!(
            "scenario = \"s.toml\"\nreadouts = [\"rate.E\", \"peak\"]\n[[axes]]\npath = \"{path}\"\nvalues = {values}\n"
        ));
        std::fs::write(folder.path().join("s.toml"), scenario).unwrap();
        let engine = engine(folder.path(), &[]);
        let together = engine.rows(0..engine.runs());
        let alone: Vec<Row> = (0..engine.runs()).flat_map(|run| engine.rows(run..run + 1)).collect();
        assert!(together.iter().all(|row| row.status == "ok"), "{path}: {together:?}");
        assert_eq!(bits(&together), bits(&alone), "{path}");
    }
}

#[test]
fn what_needs_a_whole_run_is_undefined_where_the_run_failed() {
    let sweep = SWEEP.replace("values = [0, 0.3, 0.55, 1]", "values = [0.55]");
    let folder = folder(&sweep);
    let engine = engine(folder.path(), &["onto.Pyr.Pyr=1.62".to_owned()]);
    let rows = engine.rows(0..engine.runs());
    let failed: Vec<&Row> = rows.iter().filter(|row| row.status != "ok").collect();
    assert!(!failed.is_empty(), "{rows:?}");
    for (readout, place) in engine.readouts.iter().zip(0..) {
        if ["minutes_above_control", "peak"].contains(&readout.name.as_str()) {
            assert!(failed.iter().all(|row| row.readouts[place].is_nan()), "{}", readout.name);
        }
    }
}

#[test]
fn axes_of_words_are_drawn_with_their_words() {
    let dose = SWEEP.split("[[axes]]").nth(1).unwrap();
    let words = "\npath = \"species\"\nvalues = [\"mouse\", \"human\"]\n";
    let head = SWEEP.split("[[axes]]").next().unwrap();
    let folder = folder(&format!("{head}[[axes]]{words}"));
    assert_eq!(disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet"]).status.code(), Some(0));
    check_figures(&folder.path().join("out/sweep"), &["curves"], &["mouse", "human"]);
    std::fs::write(folder.path().join("sweep.toml"), format!("{head}[[axes]]{words}[[axes]]{dose}")).unwrap();
    assert_eq!(disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet", "--fresh"]).status.code(), Some(0));
    let stems = ["map_rescue_at_10_min", "map_minutes_above_control", "map_rate.Pyr_at_10_min"];
    check_figures(&folder.path().join("out/sweep"), &stems, &["mouse", "human", "dose (mg/kg)"]);
    // Points that fill no lattice are lines across the axes.
    let scattered = SWEEP
        .replace("arms =", "design = \"sobol\"\npoints = 16\narms =")
        .replace("values = [0, 0.3, 0.55, 1]", "from = 0\nto = 1")
        .replace("points = 3\n", "");
    std::fs::write(folder.path().join("sweep.toml"), scattered).unwrap();
    let output = disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet", "--fresh"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let stems = stems.map(|stem| stem.replace("map_", "parallel_"));
    check_figures(&folder.path().join("out/sweep"), &stems.each_ref().map(String::as_str), &["dose (mg/kg)", "share"]);
}

fn engine_of(sweep: &str) -> (tempfile::TempDir, Engine) {
    let folder = folder(sweep);
    let engine = engine(folder.path(), &[]);
    (folder, engine)
}

#[test]
fn shipped_sweeps_fit_their_scenarios() {
    for entry in std::fs::read_dir("configs/sweeps").unwrap() {
        let file: PathBuf = entry.unwrap().path();
        let loaded = load(&file, &[]).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let engine = Engine::new(&loaded.sweep.unwrap(), &loaded.scenario, None).unwrap();
        let rows = engine.rows(0..2);
        assert!(rows.iter().all(|row| row.status == "ok"), "{}: {rows:?}", file.display());
    }
}

/// The figures of a sweep: they parse, name axes, units and arms, and no text covers another or is cut at the edge.
fn check_figures(folder: &Path, stems: &[&str], words: &[&str]) {
    let stored = sweep::read_columns(&folder.join("results.parquet"), is_drawn).unwrap();
    let table = SweepTable::new("A sweep".into(), Design::Grid, String::new(), &stored).unwrap();
    let figures = table.figures(&[]);
    assert_eq!(figures.iter().map(|(stem, _)| stem.as_str()).collect::<Vec<_>>(), stems);
    for (stem, figure) in figures {
        let svg = figure.svg();
        let document = roxmltree::Document::parse(&svg).unwrap();
        let text: String = document.descendants().filter_map(|node| node.text()).collect::<Vec<_>>().join("\n");
        words.iter().for_each(|word| assert!(text.contains(word), "{stem} lacks {word}"));
        let labels = figure.labels();
        let (width, height) = figure.size();
        for (index, label) in labels.iter().enumerate() {
            let bounds = &label.bounds;
            assert!(bounds.left >= 0.0 && bounds.right <= f64::from(width), "{stem}: `{}` is cut", label.text);
            assert!(bounds.top >= 0.0 && bounds.bottom <= f64::from(height), "{stem}: `{}` is cut", label.text);
            for other in &labels[index + 1..] {
                assert!(!label.bounds.overlaps(&other.bounds), "{stem}: `{}` covers `{}`", label.text, other.text);
            }
        }
        assert!(folder.join(format!("{stem}.png")).exists());
    }
}

#[test]
fn two_axes_give_maps_and_one_gives_curves_with_bands_of_replicates() {
    let folder = folder(SWEEP);
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    assert_eq!(run(&["sweep", "sweep.toml", "--quiet"]).status.code(), Some(0));
    let out = folder.path().join("out/sweep");
    let stems = ["map_rescue_at_10_min", "map_minutes_above_control", "map_rate.Pyr_at_10_min"];
    check_figures(&out, &stems, &["dose (mg/kg)", "share", "stress+ket10", "A sweep"]);
    let drawn = run(&["plot", "out/sweep", "--readout", "peak"]);
    assert_eq!(text(&drawn.stdout), "out/sweep/map_peak.svg\nout/sweep/map_peak.png\n");
    let refused = run(&["plot", "out/sweep", "--readout", "paek"]);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("did you mean `peak`?"));
    let one_axis = SWEEP.split("[[axes]]").take(2).collect::<Vec<_>>().join("[[axes]]");
    let noisy =
        "noise = \"independent\"\nreplicates = 3\n".to_owned() + &one_axis.replace("ketamine.toml", "noisy.toml");
    std::fs::write(folder.path().join("sweep.toml"), noisy).unwrap();
    let set = ["--set", "run.step=2 ms", "--set", "run.method=euler-maruyama"];
    let output = run(&[&["sweep", "sweep.toml", "--quiet", "--out", "curves"][..], &set].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    check_figures(&folder.path().join("curves"), &["curves"], &["dose (mg/kg)", "rescue at 10 min", "stress+ket10"]);
    assert!(std::fs::read_to_string(folder.path().join("curves/curves.svg")).unwrap().contains("<polygon"), "no bands");
}

#[test]
fn doses_over_one_axis_are_fitted_and_the_fit_is_stored() {
    let one_axis = SWEEP.split("[[axes]]").take(2).collect::<Vec<_>>().join("[[axes]]");
    let folder = folder(&one_axis.replace("points = 3", "points = 9"));
    let run = |arguments: &[&str]| disinhibit(folder.path(), arguments);
    let output = run(&["sweep", "sweep.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out = folder.path().join("out/sweep");
    check_figures(&out, &["curves"], &["dose (mg/kg)", "EC50"]);
    let mut table = csv::Reader::from_path(out.join("dose_response.csv")).unwrap();
    let headers = table.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let rate =
        table.records().map(Result::unwrap).find(|row| &row[0] == "stress+ket10" && &row[1] == "rate.Pyr at 10 min");
    let rate = rate.unwrap();
    let number = |name: &str| rate[column(name)].parse::<f64>().unwrap();
    let (low, ec50, high) = (number("EC50_low"), number("EC50_mg_per_kg"), number("EC50_high"));
    assert!(1.0 < low && low < ec50 && ec50 < high && high < 10.0, "{low} {ec50} {high}");
    assert!(number("top") > number("bottom") && number("r_squared") > 0.95);
}

#[test]
fn designs_for_sensitivity_leave_indices_and_bars() {
    for (design, estimates) in [("saltelli", ["first_order", "total"]), ("morris", ["mean_size", "sd"])] {
        let axes = "[[axes]]\npath = \"arms.stress.stress.level\"\nname = \"stress\"\nfrom = 0.7\nto = 1\n\
                    [[axes]]\npath = \"onto.SST.Pyr\"\nname = \"Pyr to SST\"\nfrom = 0.5\nto = 0.6\n\
                    [[axes]]\npath = \"populations.VIP.tau\"\nname = \"VIP tau\"\nfrom = \"10 ms\"\nto = \"20 ms\"\n";
        let head = "scenario = \"configs/scenarios/ketamine.toml\"\narms = [\"stress\"]\nreadouts = [\"suppression at 10 min\"]\n";
        let folder = folder(&format!("{head}design = \"{design}\"\npoints = 40\nseed = 2\n{axes}"));
        let output = disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let out = folder.path().join("out/sweep");
        let table = std::fs::read_to_string(out.join("sensitivity.csv")).unwrap();
        let value = |axis: &str, estimate: &str| -> f64 {
            let line = table.lines().find(|line| line.contains(axis) && line.contains(estimate));
            line.unwrap().split(',').nth(4).unwrap().parse().unwrap()
        };
        for estimate in estimates.into_iter().take(1) {
            // A time constant moves no steady state; the level of stress does.
            assert!(value("stress.level", estimate) > 3.0 * value("onto.SST.Pyr", estimate).abs(), "{table}");
            assert!(value("VIP.tau", estimate).abs() < 1e-6, "{table}");
        }
        assert!(table.contains(estimates[1]) && out.join("sensitivity.png").exists());
        let too_many = format!("{head}design = \"{design}\"\n{axes}");
        std::fs::write(folder.path().join("sweep.toml"), too_many).unwrap();
        let refused = disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet"]);
        assert!(
            refused.status.code() == Some(2) && text(&refused.stderr).contains("points"),
            "{}",
            text(&refused.stderr)
        );
    }
}

#[test]
fn elementary_effects_of_words_go_up_the_alphabet() {
    let axes = "[[axes]]\npath = \"species\"\nvalues = [\"mouse\", \"human\"]\n\
                [[axes]]\npath = \"arms.stress.stress.level\"\nname = \"stress\"\nfrom = 0.7\nto = 1\n";
    let head = "scenario = \"configs/scenarios/ketamine.toml\"\narms = [\"stress+ket10\"]\nreadouts = [\"rescue at 10 min\"]\n";
    let folder = folder(&format!("{head}design = \"morris\"\npoints = 20\nseed = 2\n{axes}"));
    let output = disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let out = folder.path().join("out/sweep");
    let table = std::fs::read_to_string(out.join("sensitivity.csv")).unwrap();
    let mean = |estimate: &str| -> f64 {
        let line = table.lines().find(|line| line.contains("species") && line.contains(&format!(",{estimate},")));
        line.unwrap().split(',').nth(4).unwrap().parse().unwrap()
    };
    // Every trajectory has the same effect between the two species, in either direction.
    let size = mean("mean_size");
    assert!(size > 0.1, "{table}");
    approx::assert_relative_eq!(mean("mean").abs(), size, max_relative = 1e-9);
}

#[test]
fn many_axes_give_parallel_coordinates() {
    let many = format!(
        "{SWEEP}\n[[axes]]\npath = \"populations.SST.rest\"\nname = \"SST rest\"\nvalues = [\"5 Hz\", \"6 Hz\"]\n"
    );
    let folder = folder(&many);
    let output = disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let drawn = disinhibit(folder.path(), &["plot", "out/sweep", "--readout", "peak"]);
    assert_eq!(text(&drawn.stdout), "out/sweep/parallel_peak.svg\nout/sweep/parallel_peak.png\n");
    let svg = std::fs::read_to_string(folder.path().join("out/sweep/parallel_peak.svg")).unwrap();
    ["SST rest (Hz)", "dose (mg/kg)", "peak (Hz)"].iter().for_each(|word| assert!(svg.contains(word), "{word}"));
}

/// What the arm `stress+ket10` comes to where a shell runs a command of the program, which writes to `out`.
#[cfg(unix)]
fn arm_of(out: &Path, command: &str, folder: &Path) -> serde_json::Value {
    let program = assert_cmd::cargo::cargo_bin("disinhibit");
    let command = command.replacen("disinhibit", &format!("'{}'", program.display()), 1);
    let ran = Process::new("sh").args(["-c", &command]).current_dir(folder).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    let summary = std::fs::read_to_string(out.join("summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    summary["arms"].as_array().unwrap().iter().find(|arm| arm["name"] == "stress+ket10").unwrap().clone()
}

#[cfg(unix)]
#[test]
fn the_command_of_a_noisy_point_keeps_what_was_set_and_its_stream() {
    let noisy = SWEEP
        .replace("ketamine.toml", "noisy.toml")
        .replace("arms =", "noise = \"independent\"\narms =")
        .replace("\"minutes_above_control\", \"peak\"", "\"rate.Pyr at 20 min\"");
    let folder = folder(&noisy);
    let set = ["run.to=21 min", "run.step=2 ms", "run.report=10 min, 20 min", "name=what's set"];
    let set: Vec<&str> = set.iter().flat_map(|one| ["--set", one]).collect();
    let output = disinhibit(folder.path(), &[&["sweep", "sweep.toml", "--quiet", "--out", "swept"][..], &set].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (columns, rows) = read_table(&folder.path().join("swept/results.parquet"));
    let place = |name: &str| columns.iter().position(|column| column.name == name).unwrap();
    let row = rows
        .iter()
        .find(|row| row[place("point")] == Cell::Whole(7) && row[place("arm")] == Cell::Text("stress+ket10".into()));
    let (Cell::Whole(stream), Cell::Number(rate)) =
        (row.unwrap()[place("stream")].clone(), row.unwrap()[place("rate.Pyr at 20 min")].clone())
    else {
        panic!("{row:?}")
    };
    let shown = disinhibit(folder.path(), &[&["sweep", "sweep.toml", "--point", "7"][..], &set].concat());
    let command = format!("{} --quiet --out alone", text(&shown.stdout).trim());
    // Beyond what a number with a fraction can tell from its neighbours.
    assert!(stream > 1 << 53 && command.contains(&format!("--stream {stream}")), "{command}");
    let arm = arm_of(&folder.path().join("alone"), &command, folder.path());
    assert_eq!(arm["rates_hz"]["20 min"]["Pyr"].as_f64().unwrap().to_bits(), rate.to_bits(), "{command}");
}

#[cfg(unix)]
#[test]
fn a_sweep_has_report_times_of_its_own_and_a_point_run_alone_has_them_too() {
    let own = SWEEP.replace(" at 10 min", "").replace("\"peak\"", "\"stability\"").replacen(
        "[[axes]]",
        "report = [\"7 min\", \"1 h\"]\n[[axes]]",
        1,
    );
    let folder = folder(&own);
    let output = disinhibit(folder.path(), &["sweep", "sweep.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (columns, rows) = read_table(&folder.path().join("out/sweep/results.parquet"));
    let place = |name: &str| columns.iter().position(|column| column.name == name).unwrap();
    assert!(!columns.iter().any(|column| column.name == "rescue at 10 min"));
    let shown = disinhibit(folder.path(), &["sweep", "sweep.toml", "--point", "5"]);
    let command = text(&shown.stdout);
    assert!(command.contains("--set 'run.report=7 min, 1 h'"), "{command}");
    let arm = arm_of(&folder.path().join("out/ketamine"), &command, folder.path());
    let row = rows
        .iter()
        .find(|row| row[place("point")] == Cell::Whole(5) && row[place("arm")] == Cell::Text("stress+ket10".into()));
    let row = row.unwrap();
    let expected =
        [("rescue at 7 min", &arm["rescue_index"]["7 min"]), ("stability at 1 h", &arm["stability_per_s"]["1 h"])];
    for (name, value) in expected {
        let Cell::Number(number) = row[place(name)] else { panic!("{name}") };
        assert_eq!(value.as_f64().unwrap().to_bits(), number.to_bits(), "{name}");
    }
    let Cell::Number(stability) = row[place("stability at 1 h")] else { panic!() };
    assert!(stability < 0.0, "{stability}");
}

/// The first readout at each point of a sweep in tests/cases, with the point's words.
fn first_readouts(file: &str) -> Vec<(String, f64)> {
    let loaded = load(&Path::new("tests/cases/structure").join(file), &[]).unwrap();
    let engine = Engine::new(&loaded.sweep.unwrap(), &loaded.scenario, None).unwrap();
    let rows = engine.rows(0..engine.runs());
    assert!(rows.iter().all(|row| row.status == "ok"), "{rows:?}");
    rows.iter().map(|row| (format!("{:?}", row.axes[0].setting), row.readouts[0])).collect()
}

#[test]
fn points_that_differ_in_the_kind_of_a_gate_have_each_its_own_numbers() {
    // E = 5 - I/2, I = 2 + 3 s with s = x or s = x / (1 + x), x = 0.025 E.
    let first_order = 4.0 / 1.0375;
    let mut saturating = 4.0;
    for _ in 0..200 {
        let open = 0.025 * saturating;
        saturating = 4.0 - 1.5 * open / (1.0 + open);
    }
    for file in ["sw.toml", "sw2.toml"] {
        for (kind, rate) in first_readouts(file) {
            let expected = if kind.contains("first-order") { first_order } else { saturating };
            approx::assert_relative_eq!(rate, expected, max_relative = 1e-9);
        }
    }
    approx::assert_relative_eq!(saturating, 3.867_75, max_relative = 1e-5);
}

#[test]
fn the_input_through_a_class_of_synapses_can_be_swept() {
    let found = first_readouts("sw3.toml");
    for ((_, input), drive) in found.iter().zip([4.0, 5.0]) {
        approx::assert_relative_eq!(*input, 0.075 * (drive - 1.0) / 1.0375, max_relative = 1e-9);
    }
    // Weights of different units do not add up, and each is to be had.
    let loaded = |readout: &str| {
        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string("tests/cases/structure/sw3.toml").unwrap();
        std::fs::write(folder.path().join("sw3.toml"), text.replace("input.I.E at 5 min", readout)).unwrap();
        let base = std::fs::read_to_string("tests/cases/structure/base.toml").unwrap();
        std::fs::write(folder.path().join("base.toml"), base.replace("c.toml", "c2.toml")).unwrap();
        std::fs::copy("tests/cases/structure/c2.toml", folder.path().join("c2.toml")).unwrap();
        let loaded = load(&folder.path().join("sw3.toml"), &[]).map_err(|error| error.to_string())?;
        let engine = Engine::new(&loaded.sweep.unwrap(), &loaded.scenario, None).unwrap();
        Ok::<_, String>((engine.readouts[0].unit, engine.rows(0..1)[0].readouts[0]))
    };
    assert_eq!(loaded("weight.I.through.exc.E at 5 min"), Ok(("", 3.0)), "inputs have no unit here");
    assert_eq!(loaded("gate.exc.E at 5 min").unwrap().0, "");
    let refused = loaded("weight.I.E at 5 min").unwrap_err();
    assert!(refused.contains("do not add up") && refused.contains("weight.I.through.exc.E"), "{refused}");
    // A readout without its time stands for that at every report time.
    assert!(loaded("input.I.E").is_ok());
}

#[test]
fn a_weight_that_an_axis_takes_to_0_brings_nothing_beside_any_neighbour() {
    let sweep = |values: &str| {
        let folder = tempfile::tempdir().unwrap();
        for file in ["base.toml", "c.toml"] {
            std::fs::copy(Path::new("tests/cases/structure").join(file), folder.path().join(file)).unwrap();
        }
        let text = format!(
            "scenario = \"base.toml\"\nreadouts = [\"input.E.I at 5 min\", \"weight.E.I at 5 min\", \"rate.E at 5 min\"]\n\
             [[axes]]\npath = \"onto.E.I\"\nvalues = {values}\n"
        );
        std::fs::write(folder.path().join("sweep.toml"), text).unwrap();
        let engine = engine(folder.path(), &[]);
        engine.rows(0..engine.runs())
    };
    let (together, alone) = (sweep("[0, -0.5]"), sweep("[0]"));
    assert_eq!(together[0].readouts, [0.0, 0.0, 5.0]);
    assert_eq!(bits(&together[..1]), bits(&alone));
    let input = together[1].readouts[0];
    approx::assert_relative_eq!(input, -0.5 * (2.0 + 0.075 * 4.0 / 1.0375), max_relative = 1e-9);
}

#[test]
fn files_are_not_moved_by_axes_or_arguments() {
    let swept = folder(
        &SWEEP
            .replace("receptors.MOR.on.SST.fraction", "pharmacology.0")
            .replace("[0, 0.3, 0.55, 1]", "[\"a\", \"b\"]"),
    );
    let message = text(&disinhibit(swept.path(), &["sweep", "sweep.toml"]).stderr);
    assert!(message.contains("`pharmacology.0` cannot be swept"), "{message}");
    let set = ["check", "configs/scenarios/ketamine.toml", "--set", "circuit=nowhere.toml"];
    let output = disinhibit(swept.path(), &set);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("is read before `--set`"), "{}", text(&output.stderr));
}

#[test]
fn lists_are_values_of_axes_and_of_an_arms_set() {
    let folder = tempfile::tempdir().unwrap();
    let circuit = "input_unit = \"none\"\n[populations.E]\ntau = \"10 ms\"\ndrive = 2\n\
                   transfer = { kind = \"table\", inputs = [0, 1, 2], rates = [0, 4, 8] }\n\
                   [run]\ntime = \"slow\"\nfrom = \"0 min\"\nto = \"1 min\"\nreport = [\"1 min\"]\n\
                   [[arms]]\nname = \"control\"\n\
                   [[arms]]\nname = \"steeper\"\nset = { \"populations.E.transfer.rates\" = [0, 4, 20] }\n";
    std::fs::write(folder.path().join("table.toml"), circuit).unwrap();
    let sweep = |values: &str| {
        let text = format!(
            "scenario = \"table.toml\"\nreadouts = [\"rate.E at 1 min\"]\n[[axes]]\npath = \"populations.E.transfer.rates\"\nvalues = \
             {values}\n"
        );
        std::fs::write(folder.path().join("sweep.toml"), text).unwrap();
        load(&folder.path().join("sweep.toml"), &[])
    };
    let loaded = sweep("[[0, 4, 8], [2, 4, 6]]").unwrap();
    let engine = Engine::new(&loaded.sweep.unwrap(), &loaded.scenario, None).unwrap();
    let rows = engine.rows(0..engine.runs());
    let rates: Vec<(&str, f64)> = rows.iter().map(|row| (row.arm.as_str(), row.readouts[0])).collect();
    let expected = [("control", 8.0), ("steeper", 20.0), ("control", 6.0), ("steeper", 20.0)];
    assert_eq!(rates.len(), expected.len());
    for ((arm, rate), (name, wanted)) in rates.into_iter().zip(expected) {
        assert_eq!(arm, name);
        assert!((rate - wanted).abs() < 1e-9, "{arm}: {rate}");
    }
    let wrong = sweep("[[0, 4, 8], [0, \"4 mV\", 8]]").unwrap_err().render();
    assert!(
        wrong.contains("sweep.toml:5:22") && wrong.contains("element 1: the unit `mV` does not fit here"),
        "{wrong}"
    );
    let wrong = sweep("[[0, 4, 8], 3]").unwrap_err().render();
    assert!(wrong.contains("a list is needed") && wrong.contains("a list of numbers, in brackets"), "{wrong}");
}
