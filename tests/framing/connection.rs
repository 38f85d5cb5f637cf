//! A `Connection` header of thousands of names is refused: case S-203.

use crate::one_addon;
use crate::support::{Ask, Protocol, RawAddon, RawClient, Vestibule, assert_refused};

#[test]
fn s203_as_many_options_as_anybody_needs_and_not_one_more() {
    let (addon, vestibule, cookie) = one_addon();
    let ask = |names: usize, lines: usize| {
        let line = (0..names).map(|name| format!("X-{name}")).collect::<Vec<_>>().join(", ");
        (0..lines).fold(Ask::get("/ingress/a/").cookie(&cookie), |ask, _| ask.field("Connection", line.clone()))
    };
    for (names, lines) in [(32, 1), (1, 32), (8, 4)] {
        let mut client = RawClient::connect(vestibule.https());
        assert_eq!(client.ask(&ask(names, lines)).status, 200, "{names} names in {lines} lines");
        addon.one();
    }
    for (names, lines) in [(33, 1), (1, 33), (17, 2), (2000, 1)] {
        let mut client = RawClient::connect(vestibule.https());
        assert_refused(&client.ask(&ask(names, lines)), &addon, &format!("{names} names in {lines} lines"));
    }
    let mut client = RawClient::connect(vestibule.https());
    let commas = Ask::get("/ingress/a/").cookie(&cookie).field("Connection", ",".repeat(5000));
    assert_refused(&client.ask(&commas), &addon, "nothing but commas");
}

#[test]
fn s203_an_add_on_that_names_thousands_is_answered_for_and_loses_what_it_names() {
    let names: Vec<_> = (0..1000).map(|name| format!("x{name}")).collect();
    let addon = RawAddon::answering(format!(
        "HTTP/1.1 200 OK\r\nConnection: {}\r\nX7: gone\r\nX-Stays: here\r\nContent-Length: 0\r\n\r\n",
        names.join(",")
    ));
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in [Protocol::H1, Protocol::H2] {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!(answer.status, 200);
        assert!(answer.fields.text("x7").is_none() && answer.fields.text("x-stays").is_some(), "{answer:#?}");
    }
}
