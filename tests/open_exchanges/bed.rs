//! The bed: every event against one of everything, and the table of what came of it.

use std::fmt::Write as _;

use crate::events::{EVENTS, Event, HOURS_OVER, await_the_middle_of_a_minute};
use crate::opened::{BOUND, Opened, open_everything};
use crate::support::{PATIENCE, Stopwatch, eventually, soon};
use crate::world::World;

/// S-99, S-103, S-104, S-140, S-141, S-142, S-143.
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

/// Time alone takes a permission away, and nothing says so.
#[test]
fn the_last_minute_of_the_hours_cuts_within_a_second() {
    await_the_middle_of_a_minute();
    let mut world = World::start();
    let mut all = open_everything(&world);
    // A call that nobody answers ends by its own timeout before the minute does.
    all.retain(|opened| opened.name != "API: call");
    let (lines, failures) = run(&HOURS_OVER, &mut world, &all);
    assert!(failures.is_empty(), "{}\n{lines}", failures.join("\n"));
}

/// One event: a line for each thing that was open, and what should have come otherwise.
fn run(event: &Event, world: &mut World, all: &[Opened]) -> (String, Vec<String>) {
    (event.happens)(world);
    eventually(event.name, || (event.holds)(world).then_some(()));
    let begun = Stopwatch::start();
    let is_cut = |opened: &&Opened| event.cuts.iter().any(|rights| rights.contains(&opened.right));
    soon(PATIENCE, || all.iter().filter(is_cut).all(|opened| opened.ended().is_some()).then_some(()));
    // What goes on is given the time in which it would have been cut, and moves after it.
    soon(BOUND.saturating_sub(begun.elapsed()) + BOUND / 5, || None::<()>);
    let moved: Vec<u64> = all.iter().map(Opened::moved).collect();
    let (mut lines, mut failures) = (String::new(), Vec::new());
    for (opened, before) in all.iter().zip(moved) {
        let goes_on = || (opened.ended().is_none() && (!opened.moves || opened.moved() > before)).then_some(());
        let after = opened.ended().map(|ended| begun.until(&ended));
        let (said, right) = match (after, is_cut(&opened)) {
            (Some(after), true) => (format!("cut after {} ms", after.as_millis()), after <= BOUND),
            (Some(after), false) => (format!("CUT after {} ms", after.as_millis()), false),
            (None, true) => ("STILL OPEN".to_owned(), false),
            (None, false) => ("goes on".to_owned(), soon(PATIENCE, goes_on).is_some()),
        };
        let _ = writeln!(lines, "  {:<32} {said}", opened.name);
        if !right {
            failures.push(format!("{}: {}: {said}", event.name, opened.name));
        }
    }
    (lines, failures)
}
