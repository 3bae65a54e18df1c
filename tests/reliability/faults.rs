//! The file system says no: at each call of every command that writes, with each error that such a call may give, once or from
//! then on; and limits on files, on their size and on how many are open. The command ends with an error that says what could
//! not be written, or does all that it should; and what it leaves is what [`invariants`](super::invariants) allows.

use super::folder::{self, is_temporary};
use super::invariants::Scene;
use super::prepared::Prepared;
use super::program::{Ended, ORDINARY};
use super::tally::{Counter, Tally};
use super::trace::{Act, follow};
use super::{Asked, in_parallel};
use nix::errno::Errno;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use std::path::Path;
use std::time::Instant;

/// What a file system may answer to a call.
fn errors(call: &str) -> &'static [(Errno, bool)] {
    match call {
        "write" | "pwrite64" | "writev" | "copy_file_range" => {
            &[(Errno::ENOSPC, true), (Errno::EIO, false), (Errno::EDQUOT, false), (Errno::EFBIG, false)]
        }
        "open" | "openat" | "creat" => &[
            (Errno::ENOSPC, true),
            (Errno::EROFS, true),
            (Errno::EMFILE, false),
            (Errno::ENFILE, true),
            (Errno::EACCES, false),
        ],
        "fsync" | "fdatasync" => &[(Errno::EIO, false), (Errno::ENOSPC, true)],
        "rename" | "renameat" | "renameat2" => &[(Errno::EACCES, false), (Errno::ENOSPC, true), (Errno::EROFS, true)],
        "mkdir" | "mkdirat" => &[(Errno::EROFS, true), (Errno::ENOSPC, false), (Errno::EACCES, false)],
        _ => &[(Errno::EACCES, false), (Errno::EIO, false)],
    }
}

/// What is wrong with how a command ended that met a fault, and with what it left.
fn judge(scene: &Scene<'_>, place: &Path, ended: &Ended) -> Vec<String> {
    let mut problems: Vec<String> = ended.crash().into_iter().collect();
    let left = folder::read(place);
    if ended.code == Some(0) {
        let how = folder::differences(&left, &scene.after);
        if !how.is_empty() {
            problems.push(format!("it ends with 0, but {}", how.join(", ")));
        }
    } else if ended.signal.is_none() && !ended.errors.contains("error") {
        problems.push(format!("it does not say what is wrong: {}", ended.message()));
    }
    problems.extend(left.keys().filter(|name| is_temporary(name)).map(|name| format!("it leaves `{name}`")));
    problems.extend(scene.judge(place));
    problems
}

/// Lets calls fail.
fn calls(asked: &Asked, prepared: &Prepared<'_>, most: u64, until: Option<Instant>) -> Tally {
    let counter = Counter::new("calls that fail (full, read-only, broken)", until, asked.expected);
    if let Some(why) = &prepared.unfollowed {
        counter.not_tried(why.clone());
        return counter.end(None);
    }
    let mut all = Vec::new();
    for (scene, names) in &prepared.scenes {
        for (call, name) in names.iter().enumerate() {
            all.extend(errors(name).iter().map(|(error, on)| (scene, call, *name, *error, *on)));
        }
    }
    let of = all.len() as u64;
    all.shuffle(&mut SmallRng::seed_from_u64(asked.seed));
    all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    in_parallel(asked.jobs, &all, |(scene, call, name, error, on)| {
        if counter.goes_on() {
            let place = folder::with(&scene.before);
            let act = Act::Fail { call: *call, error: *error as i32, on: *on };
            let problems = match follow(scene.program, place.path(), scene.case.command, act) {
                Ok(traced) => {
                    // Where an unlink fails, what was to go stays; that is no fault of the program's.
                    let mut problems = judge(scene, place.path(), &traced.ended);
                    problems.retain(|problem| !(name.starts_with("unlink") && problem.contains("it leaves")));
                    problems
                }
                Err(why) => vec![why],
            };
            counter.count(|| format!("{}, call {call} ({name}) fails with {error}", scene.case.name), &problems);
        }
        counter.goes_on()
    });
    counter.end(Some(of))
}

/// Limits of the shell: sizes of files in blocks of 512 bytes, without the signal, and numbers of open files.
fn limits() -> Vec<String> {
    let sizes = [1, 2, 4, 8, 16, 32, 64, 100].map(|blocks| format!("trap '' XFSZ; ulimit -f {blocks}"));
    let open = [3, 4, 5, 6, 7, 8, 9, 10, 12, 16].map(|files| format!("ulimit -n {files}"));
    sizes.into_iter().chain(open).collect()
}

/// Runs commands within limits.
pub fn limited(asked: &Asked, prepared: &Prepared<'_>, most: u64, until: Option<Instant>) -> Tally {
    let counter = Counter::new("limits on sizes and numbers of files", until, asked.expected);
    let limits = limits();
    let mut all: Vec<(&Scene<'_>, &String)> =
        prepared.scenes.iter().flat_map(|(scene, _)| limits.iter().map(move |limit| (scene, limit))).collect();
    let of = all.len() as u64;
    all.shuffle(&mut SmallRng::seed_from_u64(asked.seed));
    all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    in_parallel(asked.jobs, &all, |(scene, limit)| {
        if counter.goes_on() {
            let place = folder::with(&scene.before);
            let ended = scene.program.run(place.path(), scene.case.command, &format!("{ORDINARY}; {limit}"));
            // The loader of the system itself needs a file or two.
            if ended.code != Some(127) {
                counter.count(|| format!("{}, {limit}", scene.case.name), &judge(scene, place.path(), &ended));
            }
        }
        counter.goes_on()
    });
    counter.end(Some(of))
}

pub fn faults(asked: &Asked, prepared: &Prepared<'_>, most: u64, until: Option<Instant>) -> Vec<Tally> {
    let half = until.map(|until| {
        let now = Instant::now();
        now + until.saturating_duration_since(now) * 2 / 3
    });
    vec![calls(asked, prepared, most, half), limited(asked, prepared, most, until)]
}
