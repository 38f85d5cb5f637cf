//! Rates: so many requests in a time, of a user and of all, whatever they ask in. The times are longer than a test
//! takes, so that none passes again by waiting.

use crate::support::tunnel::{ORIGIN, Tunnel, echo, handshake};
use crate::support::{Answer, Ask, BOTH, Protocol, RawAddon, Vestibule, eventually};
use crate::{refusals, support};

fn limited(addon: &RawAddon, lines: &str, limits: &[(&str, &str)]) -> Vestibule {
    Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
        config.addon_with("a", addon, lines).addon("b", addon);
        for (key, value) in limits {
            config.set("limits", key, value);
        }
    })
}

#[track_caller]
fn assert_too_often(answer: &Answer) {
    assert_eq!(answer.status, 429, "{answer:#?}");
    let wait: u64 = answer.fields.one("retry-after").parse().unwrap();
    assert!((3000..=3600).contains(&wait), "one an hour: {wait}");
}

#[track_caller]
fn assert_refusals(vestibule: &Vestibule, limit: &str, count: u64) {
    eventually(limit, || (refusals(vestibule, limit) == count).then_some(()));
}

#[test]
fn a_user_has_a_burst_and_no_more_and_another_user_has_their_own() {
    for protocol in BOTH {
        let addon = RawAddon::start();
        let vestibule = limited(&addon, "rate_per_user = \"1/h\"\nburst_per_user = 3", &[]);
        let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
        let ask = |cookie: &str| vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(cookie));
        for _ in 0..3 {
            assert_eq!(ask(&bob).status, 200, "{protocol:?}");
        }
        assert_eq!(addon.take(3).len(), 3);
        assert_too_often(&ask(&bob));
        assert_too_often(&ask(&vestibule.cookie("bob")));
        addon.assert_no_request("too often");
        assert_refusals(&vestibule, "addon.rate_per_user", 2);
        vestibule.await_line(&["rate_exceeded"]);
        assert_eq!(ask(&alice).status, 200, "{protocol:?}");
        let elsewhere = vestibule.ask(protocol, &Ask::get("/ingress/b/").cookie(&bob));
        assert_eq!(elsewhere.status, 200, "the rate is this add-on's");
    }
}

#[test]
fn an_add_on_has_a_rate_for_all_together() {
    let addon = RawAddon::start();
    let vestibule = limited(&addon, "rate = \"1/h\"\nburst = 2", &[]);
    let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    let ask = |cookie: &str| vestibule.ask(Protocol::H2, &Ask::get("/ingress/a/").cookie(cookie));
    assert_eq!((ask(&bob).status, ask(&alice).status), (200, 200));
    assert_too_often(&ask(&bob));
    assert_too_often(&ask(&alice));
    assert_refusals(&vestibule, "addon.rate", 2);
}

#[test]
fn a_user_has_a_rate_for_all_add_ons_together() {
    let addon = RawAddon::start();
    let limits = [("rate_per_user", "\"1/h\""), ("burst_per_user", "2")];
    let vestibule = limited(&addon, "", &limits);
    let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    let ask = |at: &str, cookie: &str| vestibule.ask(Protocol::H1, &Ask::get(at).cookie(cookie));
    assert_eq!((ask("/ingress/a/", &bob).status, ask("/ingress/b/", &bob).status), (200, 200));
    assert_too_often(&ask("/ingress/a/", &bob));
    assert_too_often(&ask("/ingress/b/", &bob));
    assert_refusals(&vestibule, "rate_per_user", 2);
    assert_eq!(ask("/ingress/b/", &alice).status, 200);
    assert_eq!(ask("/.vestibule/", &bob).status, 200, "our own pages are no add-on's");
}

#[test]
fn what_is_refused_for_another_reason_costs_nobody_anything() {
    let addon = RawAddon::start();
    let lines = "rate = \"1/h\"\nburst = 1\naccess = { users = [\"alice\"] }";
    let vestibule = limited(&addon, lines, &[]);
    let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    for _ in 0..5 {
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/")).status, 401);
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&bob)).status, 403);
    }
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&alice)).status, 200);
    assert_too_often(&vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&alice)));
}

#[test]
fn a_websocket_counts_once_however_much_goes_through_it() {
    for protocol in BOTH {
        let addon = echo();
        let vestibule = limited(&addon, "rate_per_user = \"1/h\"\nburst_per_user = 2", &[]);
        let cookie = vestibule.cookie("bob");
        let mut first = Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &cookie);
        for _ in 0..20 {
            let frame = support::tunnel::masked("again");
            first.send(&frame);
            assert!(!first.some().is_empty());
        }
        let second = Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &cookie);
        let ask = handshake(protocol, "/ingress/a/ws").field("Origin", ORIGIN).cookie(&cookie);
        let (answer, third) = Tunnel::open(&vestibule, protocol, &ask);
        assert!(third.is_none(), "{protocol:?}");
        assert_too_often(&answer);
        drop((first, second));
    }
}

#[test]
fn another_proxys_questions_count_as_requests() {
    let addon = RawAddon::start();
    let vestibule = limited(&addon, "rate_per_user = \"1/h\"\nburst_per_user = 2", &[]);
    let cookie = vestibule.cookie("bob");
    let about = |target: &str| {
        Ask::get(target)
            .field("X-Forwarded-For", "127.0.0.1")
            .field("X-Forwarded-Method", "GET")
            .field("X-Forwarded-Proto", "https")
            .field("X-Forwarded-Host", "p.test")
            .field("X-Forwarded-Uri", "/ingress/a/x%20y")
            .cookie(&cookie)
    };
    let ask = |target: &str| vestibule.ask(Protocol::H1, &about(target));
    assert_eq!((ask("/.vestibule/verify").status, ask("/.vestibule/verify").status), (200, 200), "once each");
    assert_too_often(&ask("/.vestibule/verify?redirect=true"));
    assert_eq!(ask("/.vestibule/verify").status, 403, "nginx would make a 500 of a 429");
    assert_refusals(&vestibule, "addon.rate_per_user", 2);
}

#[test]
fn everybody_has_one_rate_on_public_paths() {
    let addon = RawAddon::start();
    let lines = "rate_per_user = \"1/h\"\nburst_per_user = 2\n\
                 [[addon.public]]\nmethods = [\"GET\"]\npath = \"/health\"";
    let vestibule = limited(&addon, lines, &[]);
    let health = || vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/health"));
    assert_eq!((health().status, health().status), (200, 200));
    assert_too_often(&health());
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
}

#[test]
fn a_reload_with_another_rate_forgets_nothing() {
    let addon = RawAddon::start();
    let mut vestibule = limited(&addon, "rate_per_user = \"1/h\"\nburst_per_user = 1", &[]);
    let cookie = vestibule.cookie("bob");
    let ask = Ask::get("/ingress/a/").cookie(&cookie);
    assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 200);
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, "icon = \"mdi:a\"\nrate_per_user = \"1/h\"\nburst_per_user = 1");
    });
    vestibule.command_ok(&["reload"]);
    assert_too_often(&vestibule.ask(Protocol::H1, &ask));
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, "rate_per_user = \"1000000/s\"");
    });
    vestibule.command_ok(&["reload"]);
    eventually("one at the new rate", || (vestibule.ask(Protocol::H1, &ask).status == 200).then_some(()));
}
