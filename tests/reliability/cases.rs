//! Every command that writes, each from the folders that it may find.

use super::folder::{self, Files};
use super::program::{ORDINARY, Program};

/// A command, what was done before it, and what lies in the folder then.
pub struct Case {
    pub name: &'static str,
    /// Commands that run undisturbed before.
    pub before: &'static [&'static [&'static str]],
    /// Files that are taken away after these.
    pub without: &'static [&'static str],
    pub command: &'static [&'static str],
    /// The folder of the results; empty for files that are the user's own from then on.
    pub folder: &'static str,
    /// A command that reads the results.
    pub reader: &'static [&'static str],
}

const RUN: &[&str] = &["run", "pair.toml", "-q"];
const OTHER_RUN: &[&str] = &["run", "pair.toml", "-q", "--set", "populations.E.rest=6 Hz"];
const SWEEP: &[&str] = &["sweep", "two.toml", "-q"];
const OTHER_SWEEP: &[&str] = &["sweep", "two.toml", "-q", "--set", "onto.E.E=0.4"];
const SHARDS: [&[&str]; 2] =
    [&["sweep", "two.toml", "-q", "--shard", "1/2"], &["sweep", "two.toml", "-q", "--shard", "2/2"]];
const MERGE: &[&str] = &["merge", "out/two-1-of-2", "out/two-2-of-2", "--out", "out/two", "-q", "--csv"];
const PLOT_RUN: &[&str] = &["plot", "out/pair", "-q"];
const PLOT_SWEEP: &[&str] = &["plot", "out/two", "-q"];

macro_rules! case {
    ($name:literal, $before:expr, $command:expr, $folder:literal, $reader:expr) => {
        Case { name: $name, before: $before, without: &[], command: $command, folder: $folder, reader: $reader }
    };
}

pub static CASES: [Case; 20] = [
    case!("run", &[], RUN, "out/pair", PLOT_RUN),
    case!("run again", &[RUN], RUN, "out/pair", PLOT_RUN),
    case!("run --fresh over another", &[OTHER_RUN], &["run", "pair.toml", "-q", "--fresh"], "out/pair", PLOT_RUN),
    case!(
        "run with measurements",
        &[],
        &["run", "measured.toml", "-q"],
        "out/measured",
        &["plot", "out/measured", "-q"]
    ),
    case!("plot of a run", &[RUN], PLOT_RUN, "out/pair", PLOT_RUN),
    case!("analyze", &[], &["analyze", "pair.toml", "-q"], "out/pair-analysis", &["plot", "out/pair-analysis", "-q"]),
    case!(
        "analyze --fresh over a run",
        &[RUN],
        &["analyze", "pair.toml", "-q", "--out", "out/pair", "--fresh"],
        "out/pair",
        PLOT_RUN
    ),
    case!(
        "run --fresh over an analysis",
        &[&["analyze", "pair.toml", "-q", "--out", "out/pair"]],
        &["run", "pair.toml", "-q", "--fresh"],
        "out/pair",
        PLOT_RUN
    ),
    case!(
        "explain",
        &[],
        &["explain", "pair.toml", "-q", "--at", "1 min"],
        "out/pair-explanation",
        &["plot", "out/pair-explanation", "-q"]
    ),
    case!("findings", &[], &["findings", "studies", "-q"], "out/findings", &["plot", "out/findings", "-q"]),
    case!(
        "findings --fresh over a run",
        &[&["run", "pair.toml", "-q", "--out", "out/findings"]],
        &["findings", "studies", "-q", "--fresh"],
        "out/findings",
        &["plot", "out/findings", "-q"]
    ),
    case!("sweep", &[], SWEEP, "out/two", PLOT_SWEEP),
    case!("sweep --csv again", &[SWEEP], &["sweep", "two.toml", "-q", "--csv"], "out/two", PLOT_SWEEP),
    case!("sweep --fresh over another", &[OTHER_SWEEP], &["sweep", "two.toml", "-q", "--fresh"], "out/two", PLOT_SWEEP),
    Case {
        name: "sweep that goes on",
        before: &[SWEEP],
        without: &["out/two/chunks/00000001.parquet"],
        command: SWEEP,
        folder: "out/two",
        reader: PLOT_SWEEP,
    },
    case!("shard of a sweep", &[], SHARDS[0], "out/two-1-of-2", &["plot", "out/two-1-of-2", "-q"]),
    case!("merge", &[SHARDS[0], SHARDS[1]], MERGE, "out/two", PLOT_SWEEP),
    case!("merge again", &[SHARDS[0], SHARDS[1], MERGE], MERGE, "out/two", PLOT_SWEEP),
    case!(
        "plot of a sweep, one readout",
        &[SWEEP],
        &["plot", "out/two", "-q", "--readout", "peak"],
        "out/two",
        PLOT_SWEEP
    ),
    case!("new", &[], &["new", "mine"], "", &["check", "mine.toml", "-q"]),
];

/// Two arms of one population: a run of a few milliseconds.
const PAIR: &str = r#"name = "pair"
input_unit = "mV"

[populations.E]
tau = "20 ms"
transfer = { kind = "power-law", gain = 0.04, exponent = 2.0 }
rest = "5 Hz"

[onto.E]
E = 0.5

[run]
from = "-1 min"
to = "5 min"
report = ["1 min"]

[[arms]]
name = "control"

[[arms]]
name = "input"
inject = [{ population = "E", drive = "1 mV", from = "0 min", to = "2 min" }]
"#;

/// Of three chunks.
const TWO: &str = r#"name = "two"
scenario = "pair.toml"
arms = ["input"]
readouts = ["rate.E", "peak"]

[[axes]]
path = "populations.E.rest"
name = "rest"
from = "3 Hz"
to = "6 Hz"
points = 130

[[axes]]
path = "populations.E.tau"
name = "tau"
values = ["10 ms", "20 ms"]
"#;

const STUDY: &str = r#"number = 1
statement = "Input raises the rate"
manipulation = "An input of 1 mV"
status = "predicted"
scenario = "../pair.toml"

[[evidence]]
citation = "nobody, never"
grade = "PRESS"
says = "the rate rises"

[[checks]]
says = "The rate rises"
arm = "input"
readout = "rate.E at 1 min"
over = { arm = "control" }
at_least = 1.1
"#;

/// The files of a user who has not run anything yet.
pub fn sources() -> Files {
    let measured = PAIR.replace("name = \"pair\"", "name = \"measured\"") + "\n[[observed]]\nfile = \"rates.csv\"\n";
    let files = [
        ("pair.toml", PAIR),
        ("two.toml", TWO),
        ("measured.toml", &measured),
        ("rates.csv", "arm,time,variable,value\ninput,1 min,E,7\ncontrol,1 min,E,5\n"),
        ("studies/one.toml", STUDY),
    ];
    files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into()
}

/// Names of files of the user's own that are put into every folder of results.
const OWN: [&str; 4] = ["mine.txt", "old rates.svg", "data.json", "chunks/mine.parquet"];

impl Case {
    /// Whether a file belongs to the user.
    pub fn is_users(&self, name: &str) -> bool {
        let inner = name.strip_prefix(self.folder).and_then(|rest| rest.strip_prefix('/'));
        self.folder.is_empty() || inner.is_none_or(|inner| OWN.contains(&inner))
    }

    /// What lies in the folder before the command.
    ///
    /// # Errors
    /// Where a command of those before it fails.
    pub fn prepare(&self, program: &Program) -> Result<Files, String> {
        let place = folder::with(&sources());
        for command in self.before {
            let ended = program.run(place.path(), command, ORDINARY);
            if ended.code != Some(0) {
                return Err(format!("{command:?} ends with {}", ended.message()));
            }
        }
        let mut files = folder::read(place.path());
        for name in self.without {
            files.remove(*name).ok_or_else(|| format!("{name} is not there"))?;
        }
        if !self.folder.is_empty() {
            for name in OWN {
                files.insert(format!("{}/{name}", self.folder), format!("the user's {name}").into_bytes());
            }
        }
        Ok(files)
    }
}
