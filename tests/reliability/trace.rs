//! A program followed call by call, as a debugger would: the calls that change files are counted over all its threads, and at
//! the one asked for it is killed, or told that the call failed. Linux on x86-64 only.

use super::program::{Ended, Program};

/// What is done to a program at one of its calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// Nothing: the calls are listed.
    Listen,
    /// It is killed before the call of this number, from 0, or after it.
    Kill { call: usize, after: bool },
    /// The call fails with this error and is not carried out; all later ones too that write, where `on`.
    Fail { call: usize, error: i32, on: bool },
}

/// How a program that was followed ended.
pub struct Traced {
    pub ended: Ended,
    /// The names of the calls that it made.
    pub calls: Vec<&'static str>,
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn follow(_: &Program, _: &std::path::Path, _: &[&str], _: Act) -> Result<Traced, String> {
    Err("programs are followed on Linux on x86-64 only".to_owned())
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use linux::follow;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod linux {
    use super::{Act, Program, Traced};
    use crate::program::{ORDINARY, Spoken};
    use nix::libc::{self, c_long, user_regs_struct};
    use nix::sys::ptrace::{self, Options};
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
    use nix::unistd::Pid;
    use std::collections::BTreeMap;
    use std::io::Write;
    use std::os::unix::process::ExitStatusExt;
    use std::path::Path;
    use std::process::{ExitStatus, Stdio};

    /// The number of no call: what the kernel is told in place of one that is to fail.
    const NONE: u64 = u64::MAX;

    /// The calls that change files, which of its arguments holds the flags of an opening, or the file that is written to.
    const CHANGING: [(c_long, &str); 19] = [
        (libc::SYS_open, "open"),
        (libc::SYS_openat, "openat"),
        (libc::SYS_creat, "creat"),
        (libc::SYS_write, "write"),
        (libc::SYS_pwrite64, "pwrite64"),
        (libc::SYS_writev, "writev"),
        (libc::SYS_fsync, "fsync"),
        (libc::SYS_fdatasync, "fdatasync"),
        (libc::SYS_ftruncate, "ftruncate"),
        (libc::SYS_rename, "rename"),
        (libc::SYS_renameat, "renameat"),
        (libc::SYS_renameat2, "renameat2"),
        (libc::SYS_unlink, "unlink"),
        (libc::SYS_unlinkat, "unlinkat"),
        (libc::SYS_mkdir, "mkdir"),
        (libc::SYS_mkdirat, "mkdirat"),
        (libc::SYS_linkat, "linkat"),
        (libc::SYS_rmdir, "rmdir"),
        (libc::SYS_copy_file_range, "copy_file_range"),
    ];

    /// The name of a call that changes files; none for all others, and for what is said to a terminal.
    fn changing(regs: &user_regs_struct) -> Option<&'static str> {
        let (_, name) = CHANGING.iter().find(|(number, _)| *number as u64 == regs.orig_rax)?;
        let opens = |flags: u64| flags & (libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT) as u64 != 0;
        let counts = match *name {
            "open" => opens(regs.rsi),
            "openat" => opens(regs.rdx),
            "write" | "writev" => regs.rdi > 2,
            _ => true,
        };
        counts.then_some(*name)
    }

    struct Following {
        act: Act,
        calls: Vec<&'static str>,
        /// Threads that are inside a call, and what is to become of it.
        inside: BTreeMap<Pid, Option<i32>>,
        /// Whether the program asked for runs already, rather than the shell before it.
        runs: bool,
    }

    /// Follows a program to its end, one way or another.
    ///
    /// # Errors
    /// Where this machine does not let programs be followed.
    pub fn follow(program: &Program, folder: &Path, arguments: &[&str], act: Act) -> Result<Traced, String> {
        let mut spoken = Spoken::new();
        let mut command = program.command(folder, arguments, ORDINARY, true);
        let mut child = spoken.heard(command.stdin(Stdio::piped())).spawn().map_err(|error| error.to_string())?;
        let main = Pid::from_raw(child.id() as i32);
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        let held = ptrace::seize(main, options).and_then(|()| ptrace::interrupt(main));
        if let Err(error) = held {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("ptrace: {error}"));
        }
        let mut stdin = child.stdin.take();
        let mut following = Following { act, calls: Vec::new(), inside: BTreeMap::new(), runs: false };
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        let raw = loop {
            let status = match waitpid(Pid::from_raw(-1), Some(flags)) {
                Ok(status) => status,
                Err(error) => return Err(format!("waitpid: {error}")),
            };
            match status {
                WaitStatus::Exited(pid, code) if pid == main => break code << 8,
                WaitStatus::Signaled(pid, signal, _) if pid == main => break signal as i32,
                WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, ..) => {
                    following.inside.remove(&pid);
                }
                WaitStatus::PtraceSyscall(pid) => {
                    if following.at_call(pid) {
                        let _ = kill(main, Signal::SIGKILL);
                    } else {
                        let _ = ptrace::syscall(pid, None);
                    }
                }
                WaitStatus::PtraceEvent(pid, _, event) => {
                    following.runs |= event == libc::PTRACE_EVENT_EXEC;
                    let _ = ptrace::syscall(pid, None);
                    if let Some(mut pipe) = stdin.take() {
                        let _ = pipe.write_all(b"\n");
                    }
                }
                WaitStatus::Stopped(pid, signal) => {
                    let _ = ptrace::syscall(pid, signal);
                }
                _ => {}
            }
        };
        Ok(Traced { ended: spoken.ended(ExitStatus::from_raw(raw)), calls: following.calls })
    }

    impl Following {
        /// A thread stands before or after a call; whether the program is to be killed now.
        fn at_call(&mut self, pid: Pid) -> bool {
            let Ok(regs) = ptrace::getregs(pid) else { return false };
            match self.inside.remove(&pid) {
                Some(wanted) => after_call(pid, regs, wanted),
                None => self.before_call(pid, regs),
            }
        }

        fn before_call(&mut self, pid: Pid, mut regs: user_regs_struct) -> bool {
            let Some(name) = changing(&regs).filter(|_| self.runs) else {
                // The call that became the program ends without having begun here.
                if self.runs || regs.rax == -i64::from(libc::ENOSYS) as u64 {
                    self.inside.insert(pid, None);
                }
                return false;
            };
            let number = self.calls.len();
            self.calls.push(name);
            let error = match self.act {
                Act::Kill { call, after: false } if call == number => return true,
                Act::Kill { call, after: true } if call == number => Some(0),
                Act::Fail { call, error, on } if call == number || (on && number > call && !name.starts_with("un")) => {
                    regs.orig_rax = NONE;
                    let _ = ptrace::setregs(pid, regs);
                    Some(error)
                }
                _ => None,
            };
            self.inside.insert(pid, error);
            false
        }
    }

    /// A call has ended; gives whether the program is to be killed now.
    fn after_call(pid: Pid, mut regs: user_regs_struct, wanted: Option<i32>) -> bool {
        match wanted {
            Some(0) => return true,
            Some(error) => {
                regs.rax = -i64::from(error) as u64;
                let _ = ptrace::setregs(pid, regs);
            }
            None => {}
        }
        false
    }
}
