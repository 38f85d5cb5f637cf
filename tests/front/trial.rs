//! A front on trial: it is in force at once, and is taken back unless somebody confirms it.

use crate::bed::{Bed, HOST, end, run};
use crate::support::{Ask, Protocol, eventually};

/// Whether the front takes the token of somebody.
fn is_served(bed: &Bed) -> bool {
    // Over one protocol: between two requests it may begin or end.
    let ask = Ask::get("/api/states").host(HOST).field("Authorization", format!("Bearer {}", bed.token("grace")));
    bed.vestibule.ask(Protocol::H1, &ask).status == 200
}

fn without_front() -> Bed {
    Bed::with(|config| {
        config.remove_table("home_assistant.front");
    })
}

fn with_front(bed: &mut Bed) {
    bed.vestibule.reconfigure(|config| {
        config.set("home_assistant.front", "host", &format!("\"{HOST}\""));
    });
}

#[test]
fn a_front_that_nobody_confirms_is_taken_back_with_what_is_open_at_it() {
    let mut bed = without_front();
    assert!(!is_served(&bed));
    let said = bed.vestibule.command(&["front", "try"]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("on trial until 20"), "{said:?}");
    with_front(&mut bed);
    eventually("the front is served", || is_served(&bed).then_some(()));
    let mut socket = run(bed.socket("grace"));
    bed.vestibule.command_ok(&["reload", "--take-back"]);
    assert!(!is_served(&bed));
    assert!(matches!(run(end(&mut socket)), 1001 | 1008));
    // The same in its time: another trial tries the same text again.
    bed.vestibule.command_ok(&["front", "try", "--for", "2s"]);
    eventually("it is on trial again", || is_served(&bed).then_some(()));
    eventually("it is over", || (!is_served(&bed)).then_some(()));
}

#[test]
fn a_front_that_is_confirmed_stays() {
    let mut bed = without_front();
    bed.vestibule.command_ok(&["front", "try"]);
    with_front(&mut bed);
    eventually("the front is served", || is_served(&bed).then_some(()));
    bed.vestibule.command_ok(&["reload", "--confirm"]);
    let taken = bed.vestibule.command(&["reload", "--take-back"]);
    assert!(String::from_utf8_lossy(&taken.stderr).contains("nothing is on trial"), "{taken:?}");
    assert!(is_served(&bed));
}
