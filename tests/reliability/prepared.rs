//! Every case, run undisturbed: what interrupted ones are held against.

use super::cases::{CASES, Case};
use super::folder;
use super::invariants::Scene;
use super::program::Program;
use super::tally::{Counter, Tally};
use super::trace::{Act, follow};
use super::{Asked, in_parallel};
use std::sync::Mutex;

/// A scene with the calls of its undisturbed run that change files.
pub type Counted<'a> = (Scene<'a>, Vec<&'static str>);

/// The cases that were asked for.
pub struct Prepared<'a> {
    pub scenes: Vec<Counted<'a>>,
    /// Why programs cannot be followed here.
    pub unfollowed: Option<String>,
    /// What went wrong undisturbed.
    pub tally: Tally,
}

impl<'a> Prepared<'a> {
    /// Runs the cases undisturbed.
    pub fn new(asked: &Asked, program: &'a Program) -> Self {
        let counter = Counter::new("commands that nothing disturbs", None, asked.expected);
        let cases: Vec<&Case> = CASES.iter().filter(|case| case.name.contains(&asked.case)).collect();
        let (scenes, unfollowed) = (Mutex::new(Vec::new()), Mutex::new(None));
        in_parallel(asked.jobs, &cases, |case| {
            let prepared = Scene::new(case, program).map(|scene| {
                let place = folder::with(&scene.before);
                let calls = match follow(program, place.path(), case.command, Act::Listen) {
                    Ok(traced) if traced.calls.is_empty() => Err(format!("{}: no call was seen", case.name)),
                    traced => traced.map(|traced| traced.calls),
                };
                let calls = calls.unwrap_or_else(|why| {
                    *unfollowed.lock().unwrap() = Some(why);
                    Vec::new()
                });
                scenes.lock().unwrap().push((scene, calls));
            });
            counter.count(|| case.name.to_owned(), prepared.err().as_slice());
            true
        });
        let mut scenes: Vec<Counted<'a>> = scenes.into_inner().unwrap();
        // The same seed tries the same, whichever case was ready first.
        scenes.sort_by_key(|(scene, _)| scene.case.name);
        let tally = counter.end(Some(cases.len() as u64));
        Self { scenes, unfollowed: unfollowed.into_inner().unwrap(), tally }
    }
}
