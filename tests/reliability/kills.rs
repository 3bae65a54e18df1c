//! Every command that writes is killed before and after each of its calls that change files, and must leave what
//! [`invariants`](super::invariants) allows.

use super::folder;
use super::invariants::Scene;
use super::prepared::Prepared;
use super::tally::{Counter, Tally};
use super::trace::{Act, follow};
use super::{Asked, in_parallel};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::time::Instant;

/// One kill: of which case, at which call, before or after it; and one in the command that is to mend it.
#[derive(Clone, Copy)]
struct Kill {
    case: usize,
    call: usize,
    after: bool,
    then: Option<(usize, bool)>,
}

/// Kills commands at each call in turn, in random order; and again while they mend that, at random calls.
pub fn kills(asked: &Asked, prepared: &Prepared<'_>, most: u64, until: Option<Instant>) -> Vec<Tally> {
    let once = Counter::new("kills before and after every call", until, asked.expected);
    let twice = Counter::new("kills while the same command mends a kill", until, asked.expected);
    if let Some(why) = &prepared.unfollowed {
        once.not_tried(why.clone());
        return vec![once.end(None)];
    }
    let scenes = &prepared.scenes;
    let mut random = SmallRng::seed_from_u64(asked.seed);
    let mut all: Vec<Kill> = Vec::new();
    for (case, (_, calls)) in scenes.iter().enumerate() {
        let places = (0..calls.len()).flat_map(|call| [false, true].map(|after| (call, after)));
        all.extend(places.map(|(call, after)| Kill { case, call, after, then: None }));
    }
    let single = all.len() as u64;
    all.shuffle(&mut random);
    while (all.len() as u64) < most && single > 0 {
        let kill = all[random.random_range(0..single as usize)];
        let then = (random.random_range(0..scenes[kill.case].1.len()), random.random_bool(0.5));
        all.push(Kill { then: Some(then), ..kill });
    }
    all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    in_parallel(asked.jobs, &all, |kill| {
        let counter = if kill.then.is_some() { &twice } else { &once };
        if counter.goes_on() {
            let (scene, calls) = &scenes[kill.case];
            counter.count(|| about(scene, calls, *kill), &attempt(scene, *kill));
        }
        counter.goes_on()
    });
    let (once, twice) = (once.end(Some(single)), twice.end(None));
    if twice.tried > 0 { vec![once, twice] } else { vec![once] }
}

fn about(scene: &Scene<'_>, calls: &[&str], kill: Kill) -> String {
    let when = |after: bool| if after { "after" } else { "before" };
    let then = kill.then.map_or(String::new(), |(call, after)| format!(", then {} call {call}", when(after)));
    format!("{}, killed {} call {} ({}){then}", scene.case.name, when(kill.after), kill.call, calls[kill.call])
}

fn attempt(scene: &Scene<'_>, kill: Kill) -> Vec<String> {
    let place = folder::with(&scene.before);
    let all = [Some((kill.call, kill.after)), kill.then];
    for (number, (call, after)) in all.into_iter().flatten().enumerate() {
        match follow(scene.program, place.path(), scene.case.command, Act::Kill { call, after }) {
            Err(why) => return vec![why],
            // The second time there may be less to do.
            Ok(traced) if traced.ended.signal != Some(9) && number == 0 => {
                return vec![format!("it was not killed, but ended with {}", traced.ended.message())];
            }
            Ok(_) => {}
        }
    }
    scene.judge(place.path())
}
