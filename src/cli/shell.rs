//! Shell completions and the manual page.

use super::Ending;
use super::progress::{refuse, say};
use clap::Command;
use clap_complete::Shell;

pub(super) fn completions(shell: Shell, command: &mut Command) -> Ending {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "disinhibit", &mut script);
    say(String::from_utf8_lossy(&script));
    Ending::Done
}

pub(super) fn man(command: Command) -> Ending {
    let mut page = Vec::new();
    match clap_mangen::Man::new(command).render(&mut page) {
        Ok(()) => {
            say(String::from_utf8_lossy(&page));
            Ending::Done
        }
        Err(error) => refuse(format!("error: the manual page cannot be written: {error}")),
    }
}
