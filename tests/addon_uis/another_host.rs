//! An add-on that wants to be called by another name, and add-ons on hosts of their own. spec/addon-uis.md section 3,
//! points 6, 7 and 8.

use crate::behind;
use crate::support::tunnel::{ORIGIN, Tunnel, echo, handshake};
use crate::support::{Ask, BOTH, RawAddon, Vestibule, assert_denied};

#[test]
fn point_06_origin_and_referer_go_with_another_host() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "upstream_host = \"Up.example:1880\"");
    for protocol in BOTH {
        let ask = Ask::post("/ingress/a/login", "x")
            .cookie(&cookie)
            .field("Origin", ORIGIN)
            .field("Referer", "https://p.test/ingress/a/login?x=https://p.test/");
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let request = addon.one();
        assert_eq!(request.fields.one("host"), "up.example:1880", "{protocol:?}");
        assert_eq!(request.fields.one("origin"), "https://up.example:1880");
        assert_eq!(request.fields.one("referer"), "https://up.example:1880/ingress/a/login?x=https://p.test/");
        assert_eq!(request.fields.one("x-forwarded-host"), "p.test", "the true one stays to be known");
    }
}

#[test]
fn point_06_what_is_not_ours_is_not_made_ours() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "upstream_host = \"up.example\"");
    for protocol in BOTH {
        for foreign in ["https://evil.test", "null", "https://p.test.evil", "http://p.test"] {
            let ask = Ask::get("/ingress/a/").cookie(&cookie).field("Origin", foreign);
            assert_eq!(vestibule.ask(protocol, &ask.field("Referer", format!("{foreign}/x"))).status, 200);
            let request = addon.one();
            assert_eq!(request.fields.one("origin"), foreign, "{protocol:?}: its own check keeps its meaning");
            assert_eq!(request.fields.one("referer"), format!("{foreign}/x"));
        }
    }
}

#[test]
fn point_06_addresses_on_the_other_host_are_the_add_ons_own() {
    let addon = crate::saying("Location: https://up.example/browser/\r\n");
    let (vestibule, cookie) = behind(&addon, "upstream_host = \"up.example\"");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!(answer.location(), "/ingress/a/browser/", "{protocol:?}");
    }
}

#[test]
fn point_07_websockets_and_unsafe_methods_are_for_our_own_pages() {
    let addon = echo();
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        for origin in ["https://evil.test", "null", "https://b.p.test", "https://p.test:444"] {
            let ask = handshake(protocol, "/ingress/a/ws").cookie(&cookie).field("Origin", origin);
            let (answer, _) = Tunnel::open(&vestibule, protocol, &ask);
            assert_denied(&answer, &addon, origin);
            let ask = Ask::post("/ingress/a/", "x").cookie(&cookie).field("Origin", origin);
            assert_denied(&vestibule.ask(protocol, &ask), &addon, origin);
        }
        let bare = handshake(protocol, "/ingress/a/ws").cookie(&cookie);
        assert_denied(&Tunnel::open(&vestibule, protocol, &bare).0, &addon, "no origin at all");
        let ours = Ask::post("/ingress/a/", "x").cookie(&cookie).field("Origin", ORIGIN);
        assert_eq!(vestibule.ask(protocol, &ours).status, 200);
        assert_eq!(addon.one().fields.one("origin"), ORIGIN, "passed on as it is while the host is the same");
    }
    let (lenient, cookie) = behind(&addon, "allow_missing_origin = true");
    for protocol in BOTH {
        let bare = handshake(protocol, "/ingress/a/ws").cookie(&cookie);
        let (answer, tunnel) = Tunnel::open(&lenient, protocol, &bare);
        tunnel.unwrap_or_else(|| panic!("by option: {answer:#?}")).assert_alive("hello");
    }
}

#[test]
fn point_08_an_add_on_may_have_a_host_to_itself() {
    let (addon, other) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        let upstream = addon.url();
        config.addon_table(&format!("slug = \"a\"\nupstream = \"{upstream}\"\nhost = \"a.p.test\""));
        config.addon("b", &other);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let on_its_host = Ask::get("/app/%2F?x").host("a.p.test").cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &on_its_host).status, 200);
        let request = addon.one();
        assert_eq!((request.target(), request.fields.one("host").as_str()), ("/app/%2F?x", "a.p.test"));
        assert!(!request.fields.has("x-ingress-path"), "it has no prefix: {request:#?}");
        // The other add-on is not on that host, and the host's add-on is on no other.
        vestibule.ask(protocol, &Ask::get("/ingress/b/x").host("a.p.test").cookie(&cookie));
        assert_eq!(addon.one().target(), "/ingress/b/x", "{protocol:?}");
        other.assert_no_request("another add-on's host");
        let elsewhere = vestibule.ask(protocol, &Ask::get("/app/").host("b.p.test").cookie(&cookie));
        assert_eq!(elsewhere.status, 404, "{protocol:?}");
    }
}
