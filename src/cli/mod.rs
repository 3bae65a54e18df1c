//! The command line: one file per subcommand. The only place that prints.

mod analyze;
mod bifurcation;
mod bounds;
mod check;
mod explain;
mod findings;
mod new;
mod output;
mod plane;
mod plot;
mod progress;
mod run;
mod shell;
mod sweep;
mod table;
mod warnings;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All was done.
    Done,
    /// It was stopped, or ran with arms or points that failed.
    SomeFailed,
    /// Bad input or usage; nothing ran.
    BadInput,
}

impl Ending {
    /// The exit code: 0, 1 or 2.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::SomeFailed => 1,
            Self::BadInput => 2,
        }
    }
}

#[derive(Parser)]
#[command(
    name = "disinhibit",
    version,
    about = "Simulates a prefrontal microcircuit under stress, and what drugs acting on receptors of chosen cells do to it",
    after_help = "Exit codes: 0 done; 1 stopped, or ran with arms or points that failed; 2 bad input or usage, or warnings \
                  under --strict: nothing ran.",
    max_term_width = 100
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario: all arms of an experiment; write numbers, traces and figures.
    Run(RunArguments),
    /// Run a scenario at every point of a design; write a table and figures.
    Sweep(SweepArguments),
    /// Join the shards of a sweep into one table.
    Merge(MergeArguments),
    /// Fixed points, stability and responses of a circuit, or of arms of a scenario at one time.
    Analyze(Box<AnalyzeArguments>),
    /// Why the arms of a scenario differ: the input to each population by source, and what a stimulus evokes.
    Explain(ExplainArguments),
    /// Validate a file, and print every resolved parameter with its unit and source.
    Check(CheckArguments),
    /// Compare the model with experiments that were done, and other mechanisms with them.
    Findings(FindingsArguments),
    /// Write a commented starter scenario, NAME.toml, with the circuit and pharmacology that it uses.
    New {
        /// Name of the scenario.
        name: String,
    },
    /// Print the JSON Schema of a kind of file, for editors.
    Schema {
        /// Which kind of file.
        kind: SchemaKind,
    },
    /// Draw the figures of a run or a sweep again from its stored results.
    Plot {
        /// The folder of the run or sweep.
        folder: PathBuf,
        /// Of a sweep: which readouts, such as --readout "rescue at 10 min"; may be repeated.
        #[arg(long, value_name = "NAME")]
        readout: Vec<String>,
        /// Say nothing but errors.
        #[arg(long, short)]
        quiet: bool,
    },
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff).
    Man,
}

#[derive(Clone, Copy, ValueEnum)]
enum SchemaKind {
    Circuit,
    Pharmacology,
    Scenario,
    Sweep,
    Finding,
    Hypothesis,
}

#[derive(Args)]
struct CheckArguments {
    /// A scenario, sweep, circuit or pharmacology file.
    file: PathBuf,
    /// Change a parameter, such as --set populations.SST.rest="5 Hz"; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Print the parameters as Markdown, with their symbols and how sure their sources are.
    #[arg(long)]
    markdown: bool,
    /// End with an error where there are warnings, before anything runs.
    #[arg(long)]
    strict: bool,
    /// Say nothing but errors and warnings.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Args)]
struct RunArguments {
    /// The scenario.
    file: PathBuf,
    /// Change a parameter, such as --set populations.SST.rest="5 Hz"; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Folder for the results; `out/` and the scenario's name if not given.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Seed of the noise, in place of the scenario's.
    // TOML, in which scenarios are stored, has signed integers.
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Noise stream of a point of a sweep.
    #[arg(long, value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    stream: Option<u64>,
    /// Replicate: which of the runs with noise of their own.
    #[arg(long)]
    replicate: Option<u32>,
    /// Replace the results that the folder holds, whatever they are of.
    #[arg(long)]
    fresh: bool,
    /// End with an error where there are warnings, before anything runs.
    #[arg(long)]
    strict: bool,
    /// Say nothing but errors.
    #[arg(long, short)]
    quiet: bool,
    /// Threads to use; all of the machine's if not given. Results do not depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
}

#[derive(Args)]
struct AnalyzeArguments {
    /// A circuit or a scenario.
    file: PathBuf,
    /// Analyse the circuit as this arm of the scenario has made it; may be repeated.
    #[arg(long, value_name = "NAME")]
    arm: Vec<String>,
    /// The same for several arms, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    arms: Vec<String>,
    /// When, such as --at "10 min"; the report time nearest to 10 min if not given.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// Where fixed points are looked for, such as --box Pyr=0..50Hz, or --box 0..200Hz for all populations; may be repeated.
    /// A population of several units stands for all of them. Of a population in the voltage form the potential too, such as
    /// --box V=-80..-40mV. Wherever transfer functions can go if not given.
    #[arg(long = "box", value_name = "[NAME=]LOW..HIGH", allow_hyphen_values = true)]
    r#box: Vec<String>,
    /// Stop looking for fixed points after so many seconds; 60 if not given. With a knob, at each of its values.
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    seconds: Option<f64>,
    /// Simulate the circuit under its noise for so long, such as --simulate "60 s", for spectra.
    #[arg(long, value_name = "TIME")]
    simulate: Option<String>,
    /// Change a parameter, such as --set populations.SST.rest="5 Hz"; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// The plane of two populations (or other variables), such as --plane Pyr,SST: nullclines, flow and fixed points. Of
    /// several arms that of the main population and the one whose synapses onto it differ most among them, if not given.
    #[arg(long, value_name = "X,Y", value_delimiter = ',')]
    plane: Vec<String>,
    #[command(flatten)]
    bifurcation: bifurcation::BifurcationArguments,
    /// Folder for the results; `out/` and the name with `-analysis` if not given.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Replace the results that the folder holds, whatever they are of.
    #[arg(long)]
    fresh: bool,
    /// End with an error where there are warnings, before anything runs.
    #[arg(long)]
    strict: bool,
    /// Say nothing but errors.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Args)]
struct ExplainArguments {
    /// The scenario.
    file: PathBuf,
    /// Only this arm; may be repeated. All arms if not given.
    #[arg(long, value_name = "NAME")]
    arm: Vec<String>,
    /// The same for several arms, separated by commas.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    arms: Vec<String>,
    /// When, such as --at "10 min"; may be repeated. All report times if not given. Tables and figures show the first, or the
    /// report time nearest to 10 min.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Vec<String>,
    /// Input onto a population, such as --stimulus "Pyr=2 mV"; may be repeated. A tenth of the main population's background
    /// drive onto it if not given.
    #[arg(long, value_name = "NAME=INPUT")]
    stimulus: Vec<String>,
    /// How long the stimulus lasts; 200 ms if not given.
    #[arg(long, value_name = "TIME")]
    duration: Option<String>,
    /// Change a parameter, such as --set populations.SST.rest="5 Hz"; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Folder for the results; `out/` and the name with `-explanation` if not given.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Replace the results that the folder holds, whatever they are of.
    #[arg(long)]
    fresh: bool,
    /// Say nothing but errors.
    #[arg(long, short)]
    quiet: bool,
}

// Each is a switch of the command line, and any of them goes with any other.
#[allow(clippy::struct_excessive_bools)]
#[derive(Args)]
struct SweepArguments {
    /// The sweep.
    file: PathBuf,
    /// Change a parameter of the scenario, such as --set populations.SST.rest="5 Hz"; may be repeated.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Folder for the results; `out/` and the sweep's name if not given.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Run one share of the sweep, such as 3/64; join them with `merge`.
    #[arg(long, value_name = "K/N")]
    shard: Option<crate::store::sweep::Shard>,
    /// Delete what a sweep has left in the folder, table and figures too, and begin anew.
    #[arg(long)]
    fresh: bool,
    /// Write the table as CSV as well.
    #[arg(long)]
    csv: bool,
    /// Start however many runs there are, and go on however long they take.
    #[arg(long)]
    yes: bool,
    /// Print the command that runs this point by itself, and run nothing.
    #[arg(long, value_name = "NUMBER")]
    point: Option<u64>,
    /// End with an error where there are warnings, before anything runs.
    #[arg(long)]
    strict: bool,
    /// Say nothing but errors.
    #[arg(long, short)]
    quiet: bool,
    /// Threads to use; all of the machine's if not given. Results do not depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
}

#[derive(Args)]
struct FindingsArguments {
    /// Folder of findings, one TOML file each; those that are built in if not given.
    folder: Option<PathBuf>,
    /// Compare alternative mechanisms as well: those that are built in, or those in FOLDER.
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = "hypotheses")]
    hypotheses: Option<PathBuf>,
    /// Folder for the results.
    #[arg(long, value_name = "FOLDER", default_value = "out/findings")]
    out: PathBuf,
    /// Replace the results that the folder holds, whatever they are of.
    #[arg(long)]
    fresh: bool,
    /// End with an error where there are warnings, before anything runs.
    #[arg(long)]
    strict: bool,
    /// Say nothing but errors.
    #[arg(long, short)]
    quiet: bool,
    /// Threads to use; all of the machine's if not given. Results do not depend on it.
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
}

#[derive(Args)]
struct MergeArguments {
    /// The folders of all shards.
    #[arg(required = true)]
    folders: Vec<PathBuf>,
    /// Folder for the table.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Write the table as CSV as well.
    #[arg(long)]
    csv: bool,
    /// Say nothing but errors.
    #[arg(long, short)]
    quiet: bool,
}

/// Runs the program with its arguments, the first being its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Ending {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors; a closed pipe is nobody's concern.
            let _ = error.print();
            return if error.use_stderr() { Ending::BadInput } else { Ending::Done };
        }
    };
    match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Sweep(arguments) => sweep::sweep(&arguments),
        Command::Merge(arguments) => sweep::merge_shards(&arguments),
        Command::Analyze(arguments) => analyze::analyze(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Findings(arguments) => findings::findings(&arguments),
        Command::New { name } => new::new(&name),
        Command::Schema { kind } => check::schema(kind),
        Command::Plot { folder, readout, quiet } => plot::plot(&folder, &readout, quiet),
        Command::Completions { shell } => shell::completions(shell, &mut Arguments::command()),
        Command::Man => shell::man(Arguments::command()),
    }
}
