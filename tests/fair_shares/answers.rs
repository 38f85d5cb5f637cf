//! Answers that are not taken: S-67, S-65 and S-155.

use std::time::Duration;

use crate::support::{Ask, BOTH, H2Client, Protocol, RawClient, Vestibule, eventually, minted};
use crate::{ATTEMPTS, addon, assert_served, await_open, await_refusal, behind, refusals};

/// Requests whose answers nobody takes, over connections that stay open.
struct Unread(Vec<(H2Client, Vec<Box<dyn std::any::Any>>)>, Vec<RawClient>);

fn unread(vestibule: &Vestibule, protocol: Protocol, ask: &Ask) -> Unread {
    let mut held = Unread(Vec::new(), Vec::new());
    match protocol {
        Protocol::H1 => {
            for _ in 0..ATTEMPTS {
                let mut client = RawClient::connect(vestibule.https());
                client.send(&ask.to_bytes());
                held.1.push(client);
            }
        }
        Protocol::H2 => {
            for _ in 0..2 {
                let mut client = H2Client::connect_with_window(vestibule.https(), 0);
                let streams = (0..ATTEMPTS).map(|_| Box::new(client.open(ask, true).unwrap()) as _).collect();
                held.0.push((client, streams));
            }
        }
    }
    held
}

#[test]
fn s67_a_user_who_takes_nothing_of_their_answers_leaves_the_add_on_to_others() {
    for protocol in BOTH {
        let addon = addon();
        let vestibule = behind(&addon, "", &[]);
        let ask = Ask::get("/ingress/a/flood").cookie(vestibule.cookie("bob"));
        let held = unread(&vestibule, protocol, &ask);
        await_open(&addon, 2);
        await_refusal(&vestibule, "addon.connections_per_user");
        assert_served(&vestibule, "alice");
        assert_eq!(refusals(&vestibule, "addon.connections"), 0, "{protocol:?}");
        drop(held);
    }
}

#[test]
fn s67_sessions_and_tokens_of_one_user_have_one_share() {
    let addon = addon();
    let vestibule = behind(&addon, "tokens = true", &[]);
    let token = minted::token(vestibule.home(), "bob");
    let asks = [
        Ask::get("/ingress/a/quiet").cookie(vestibule.cookie("bob")),
        Ask::get("/ingress/a/quiet").cookie(vestibule.cookie("bob")),
        Ask::get("/ingress/a/quiet").field("Authorization", format!("Bearer {token}")),
    ];
    let mut held = Vec::new();
    for (ask, expected) in asks.iter().zip([200, 200, 429]) {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&ask.to_bytes());
        let answer = client.head();
        assert_eq!(answer.status, expected, "{answer:#?}");
        held.push((client, answer));
    }
    let refused = &held[2].1;
    assert!(refused.fields.has("retry-after"), "{refused:#?}");
    assert_served(&vestibule, "alice");
}

#[test]
fn s67_requests_that_wait_have_a_limit_for_each_user() {
    for protocol in BOTH {
        let addon = addon();
        let vestibule = behind(&addon, "queue_per_user = 1", &[]);
        let ask = Ask::get("/ingress/a/flood").cookie(vestibule.cookie("bob"));
        let held = unread(&vestibule, protocol, &ask);
        await_refusal(&vestibule, "addon.queue_per_user");
        assert_served(&vestibule, "alice");
        drop(held);
    }
}

#[test]
fn s67_a_stream_that_is_reset_gives_its_place_back_at_once() {
    let addon = addon();
    let vestibule = behind(&addon, "", &[]);
    let ask = Ask::get("/ingress/a/quiet").cookie(vestibule.cookie("bob"));
    let mut client = H2Client::connect(vestibule.https());
    let streams: Vec<_> = (0..2).map(|_| client.open(&ask, true).unwrap()).collect();
    await_open(&addon, 2);
    drop(streams);
    await_open(&addon, 0);
    let answer = client.ask(&Ask::get("/ingress/a/page").cookie(vestibule.cookie("bob")));
    assert_eq!(answer.status, 200, "the connection is as good as before");
}

#[test]
fn s67_the_share_is_what_the_configuration_says_and_a_reload_changes_it() {
    let addon = addon();
    let mut vestibule = behind(&addon, "connections_per_user = 1", &[]);
    let ask = Ask::get("/ingress/a/quiet").cookie(vestibule.cookie("bob"));
    let mut client = H2Client::connect(vestibule.https());
    let _first = client.stream(&ask);
    assert_eq!(client.ask(&ask).status, 429);
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with(
            "a",
            &addon,
            "connections = 4\nconnections_per_user = 2\nqueue_timeout = \"300ms\"",
        );
    });
    let _second = eventually("the second place", || {
        let (answer, stream) = client.stream(&ask);
        (answer.status == 200).then_some(stream)
    });
    assert_eq!(client.ask(&ask).status, 429, "what was open before the reload counts");
}

#[test]
fn s155_an_answer_that_nobody_takes_gives_its_place_back_in_time() {
    for protocol in BOTH {
        let addon = addon();
        let vestibule = behind(&addon, "", &[("unread_timeout", "\"1s\"")]);
        let ask = Ask::get("/ingress/a/flood").cookie(vestibule.cookie("bob"));
        let held = unread(&vestibule, protocol, &ask);
        eventually("an attempt to arrive", || (addon.open() > 0).then_some(()));
        await_open(&addon, 0);
        drop(held);
    }
}

#[test]
fn s155_an_answer_of_which_a_little_is_taken_now_and_then_is_cut() {
    let limits = [("min_rate_bytes", "\"1MiB\""), ("min_rate_window", "\"1s\"")];
    let addon = addon();
    let vestibule = behind(&addon, "", &limits);
    let ask = Ask::get("/ingress/a/flood").cookie(vestibule.cookie("bob"));
    let mut slow = H2Client::connect_with_window(vestibule.https(), 1000);
    let (answer, mut stream) = slow.stream(&ask);
    assert_eq!(answer.status, 200);
    // Some bytes every tenth of a second: far from nothing, and far from a mebibyte a second.
    eventually("the cut", || {
        std::thread::park_timeout(Duration::from_millis(100));
        stream.some().is_empty().then_some(())
    });
    await_open(&addon, 0);
    let mut slow = RawClient::connect(vestibule.https());
    slow.send(&ask.to_bytes());
    assert_eq!(slow.head().status, 200);
    // What is in buffers on the way may still be read; the add-on is free long before.
    eventually("the cut", || {
        std::thread::park_timeout(Duration::from_millis(100));
        assert_eq!(slow.up_to(1000).len(), 1000);
        (addon.open() == 0).then_some(())
    });
}

#[test]
fn s155_an_add_on_that_says_nothing_is_no_fault_of_the_reader() {
    let limits = [("min_rate_bytes", "\"1MiB\""), ("min_rate_window", "\"1s\""), ("unread_timeout", "\"1s\"")];
    let addon = addon();
    let vestibule = behind(&addon, "", &limits);
    let ask = Ask::get("/ingress/a/quiet").cookie(vestibule.cookie("bob"));
    let mut streams = H2Client::connect(vestibule.https());
    let (_, mut stream) = streams.stream(&ask);
    assert_eq!(stream.some(), b":");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&ask.to_bytes());
    assert_eq!(client.head().status, 200);
    // Others come and go for longer than any of these limits.
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        assert_served(&vestibule, "alice");
    }
    assert_eq!(
        vestibule
            .ask_operations(&Ask::get("/metrics"))
            .text()
            .matches("vestibule_open_requests{addon=\"a\"} 2")
            .count(),
        1
    );
}
