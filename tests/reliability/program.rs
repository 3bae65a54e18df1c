//! The program under test, run with limits.

use std::io::{Read, Seek};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Seconds of wall time after which a program counts as hanging, however busy the machine is.
const LONGEST: Duration = Duration::from_secs(600);

/// What a program may use, in the words of a shell's `ulimit`: 4 GB of memory and a minute of one processor.
pub const ORDINARY: &str = "ulimit -v 4000000; ulimit -t 60; ulimit -c 0";

/// A program, and arguments that stand before all others.
#[derive(Clone)]
pub struct Program {
    pub path: PathBuf,
    pub prefix: Vec<String>,
}

/// How a program ended, and what it said.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Program {
    /// The command in a shell that reads a line first where `waits`, and then is the program.
    pub fn command(&self, folder: &Path, arguments: &[&str], limits: &str, waits: bool) -> Command {
        let wait = if waits { "read -r go; " } else { "" };
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limits}; {wait}exec \"$0\" \"$@\"")]).arg(&self.path);
        command.args(&self.prefix).args(arguments).current_dir(folder);
        command.env("RAYON_NUM_THREADS", "1").env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs it to its end.
    pub fn run(&self, folder: &Path, arguments: &[&str], limits: &str) -> Ended {
        let mut spoken = Spoken::new();
        let mut command = self.command(folder, arguments, limits, false);
        let mut child = spoken.heard(command.stdin(Stdio::null())).spawn().unwrap();
        let (started, mut pause) = (Instant::now(), Duration::from_millis(1));
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > LONGEST => {
                    child.kill().unwrap();
                    break child.wait().unwrap();
                }
                None => std::thread::sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        spoken.ended(status)
    }
}

/// What a program says, kept in files, so that nobody has to listen while it runs.
pub struct Spoken {
    output: std::fs::File,
    errors: std::fs::File,
}

impl Spoken {
    pub fn new() -> Self {
        Self { output: tempfile::tempfile().unwrap(), errors: tempfile::tempfile().unwrap() }
    }

    /// The command with both its outputs going here.
    pub fn heard<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.stdout(self.output.try_clone().unwrap()).stderr(self.errors.try_clone().unwrap())
    }

    pub fn ended(&mut self, status: ExitStatus) -> Ended {
        let mut all = [String::new(), String::new()];
        for (text, file) in all.iter_mut().zip([&mut self.output, &mut self.errors]) {
            let mut bytes = Vec::new();
            file.rewind().unwrap();
            file.read_to_end(&mut bytes).unwrap();
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        let [output, errors] = all;
        Ended { code: status.code(), signal: status.signal(), output, errors }
    }
}

impl Ended {
    /// What no program may do, whatever it is given: panic, die of a signal, use an exit code that means nothing.
    pub fn crash(&self) -> Option<String> {
        let words = self.errors.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        match (self.code, self.signal) {
            (_, Some(signal)) => Some(format!("it died of signal {signal}: {words}")),
            (Some(0..=2), _) if !self.errors.contains("panicked at") => None,
            (code, _) => Some(format!("it ended with {code:?}: {words}")),
        }
    }

    /// The first line of what it said of an error.
    pub fn message(&self) -> String {
        format!("{:?}: {}", self.code, self.errors.lines().next().unwrap_or_default())
    }
}
