//! The `disinhibit` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(disinhibit::cli::main(std::env::args_os()).code())
}
