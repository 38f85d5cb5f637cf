//! Each listener has its own trusted proxies: who is one at another listener is nobody here (S-168).

use std::net::{IpAddr, SocketAddr};

use crate::support::{Ask, RawAddon, RawClient, Vestibule, eventually};

/// A proxy of the first listener, and one of the second.
const FIRST: &str = "127.0.0.2";
const SECOND: &str = "127.0.0.3";

/// Two listeners: the first has proxies of its own, the second those of `[listen]`.
fn two_listeners() -> (RawAddon, Vestibule, [SocketAddr; 2]) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        let https = r#"[{ address = "127.0.0.1:0", trusted_proxies = ["127.0.0.2"] }, "127.0.0.4:0"]"#;
        config.set("listen", "https", https).set("listen", "trusted_proxies", r#"["127.0.0.3"]"#).addon("a", &addon);
    });
    let second = eventually("the second listener", || {
        let log = vestibule.stderr();
        let (_, rest) = log.split_once("listening on https://127.0.0.4:")?;
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        format!("127.0.0.4:{port}").parse().ok()
    });
    let first = vestibule.https();
    (addon, vestibule, [first, second])
}

fn from(source: &str, to: SocketAddr) -> RawClient {
    let source: IpAddr = source.parse().unwrap();
    RawClient::connect_from(source, to)
}

#[test]
fn whom_one_listener_trusts_is_nobody_at_another() {
    let (addon, vestibule, [first, second]) = two_listeners();
    let bob = vestibule.cookie("bob");
    let ask = Ask::get("/ingress/a/").cookie(&bob).field("X-Forwarded-For", "203.0.113.9");
    for (source, to, client) in [
        (FIRST, first, "203.0.113.9"),
        (FIRST, second, FIRST),
        (SECOND, first, SECOND),
        (SECOND, second, "203.0.113.9"),
        ("127.0.0.1", first, "127.0.0.1"),
    ] {
        assert_eq!(from(source, to).ask(&ask).status, 200);
        assert_eq!(addon.one().fields.one("x-forwarded-for"), client, "{source} at {to}");
    }
    // Nor does somebody get to be local by it: dave may come from the local network alone.
    let dave = vestibule.cookie("dave");
    let local = Ask::get("/ingress/a/").cookie(&dave).field("X-Forwarded-For", "192.168.1.9");
    assert_eq!(from(FIRST, first).ask(&local).status, 200);
    assert_eq!(from(FIRST, second).ask(&local).status, 403);
}

#[test]
fn a_question_is_taken_from_proxies_of_the_listener_that_it_comes_to() {
    let (_addon, vestibule, [first, second]) = two_listeners();
    let bob = vestibule.cookie("bob");
    let question = Ask::get("/.vestibule/verify")
        .cookie(&bob)
        .field("X-Forwarded-For", "192.168.1.9")
        .field("X-Original-Method", "GET")
        .field("X-Original-URL", "https://p.test/ingress/a/");
    for (source, to, status) in [(FIRST, first, 200), (FIRST, second, 403), (SECOND, first, 403), (SECOND, second, 200)]
    {
        assert_eq!(from(source, to).ask(&question).status, status, "{source} at {to}");
    }
}

/// A reload that takes trust away takes it from open connections too, and no listener is bound anew for it.
#[test]
fn a_reload_changes_whom_a_listener_trusts() {
    let (_addon, mut vestibule, [first, second]) = two_listeners();
    let dave = vestibule.cookie("dave");
    let local = Ask::get("/ingress/a/").cookie(&dave).field("X-Forwarded-For", "192.168.1.9");
    let mut open = from(FIRST, first);
    assert_eq!(open.ask(&local).status, 200);
    vestibule.reconfigure(|config| {
        let https = r#"[{ address = "127.0.0.1:0", trusted_proxies = [] }, "127.0.0.4:0"]"#;
        config.set("listen", "https", https);
    });
    eventually("the end of trust", || (from(FIRST, first).ask(&local).status == 403).then_some(()));
    assert_eq!(open.ask(&local).status, 403);
    assert_eq!(from(SECOND, second).ask(&local).status, 200, "the other one has its own");
}
