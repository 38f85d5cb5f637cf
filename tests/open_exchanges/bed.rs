//! The bed: every event against one of everything, and the table of what came of it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::events::{EVENTS, Event};
use crate::opened::{BOUND, Opened, open_everything};
use crate::support::{PATIENCE, eventually, soon};
use crate::world::World;

/// S-99, S-103, S-104, S-140 to S-143.
#[test]
fn what_may_no_longer_go_on_is_cut_within_a_second_and_nothing_else_is() {
    let mut table = String::new();
    let mut failures = Vec::new();
    for event in &EVENTS {
        let mut world = World::start();
        let all = open_everything(&world);
        let (lines, failed) = run(event, &mut world, &all);
        let _ = write!(table, "\n{}\n{lines}", event.name);
        failures.extend(failed);
        println!("{}\n{lines}", event.name);
    }
    assert!(failures.is_empty(), "{}\n{table}", failures.join("\n"));
}

/// One event: a line for each thing that was open, and what should have come otherwise.
fn run(event: &Event, world: &mut World, all: &[Opened]) -> (String, Vec<String>) {
    let stalls = Stalls::watch();
    (event.happens)(world);
    eventually(event.name, || (event.holds)(world).then_some(()));
    let begun = Instant::now();
    let is_cut = |opened: &&Opened| event.cuts.iter().any(|rights| rights.contains(&opened.right));
    soon(PATIENCE, || all.iter().filter(is_cut).all(|opened| opened.ended().is_some()).then_some(()));
    // What goes on is given the time in which it would have been cut, and moves after it.
    soon(BOUND.saturating_sub(begun.elapsed()) + BOUND / 5, || None::<()>);
    let moved: Vec<u64> = all.iter().map(Opened::moved).collect();
    let bound = BOUND + stalls.longest();
    let (mut lines, mut failures) = (String::new(), Vec::new());
    for (opened, before) in all.iter().zip(moved) {
        let goes_on = || (opened.ended().is_none() && (!opened.moves || opened.moved() > before)).then_some(());
        let after = opened.ended().map(|ended| ended.saturating_duration_since(begun));
        let (said, right) = match (after, is_cut(&opened)) {
            (Some(after), true) => (format!("cut after {} ms", after.as_millis()), after <= bound),
            (Some(after), false) => (format!("CUT after {} ms", after.as_millis()), false),
            (None, true) => ("STILL OPEN".to_owned(), false),
            (None, false) => ("goes on".to_owned(), soon(PATIENCE, goes_on).is_some()),
        };
        let _ = writeln!(lines, "  {:<32} {said}", opened.name);
        if !right {
            failures.push(format!("{}: {}: {said} (bound {} ms)", event.name, opened.name, bound.as_millis()));
        }
    }
    (lines, failures)
}

/// How long this machine keeps a thread waiting that wants to run: it is the same for the program under test, which is
/// not to blame for it.
struct Stalls {
    longest: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Stalls {
    fn watch() -> Self {
        let (longest, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (noted, stop) = (Arc::clone(&longest), Arc::clone(&over));
        thread::spawn(move || {
            while !stop.load(Ordering::SeqCst) {
                let before = Instant::now();
                thread::sleep(TICK);
                let stall = u64::try_from(before.elapsed().saturating_sub(TICK).as_millis()).unwrap();
                noted.fetch_max(stall, Ordering::SeqCst);
            }
        });
        Self { longest, over }
    }

    /// The longest that came, several times over: a cut is several steps of several threads.
    fn longest(&self) -> Duration {
        Duration::from_millis(self.longest.load(Ordering::SeqCst)) * STEPS
    }
}

impl Drop for Stalls {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

const TICK: Duration = Duration::from_millis(5);
const STEPS: u32 = 4;
