//! A reserved name that an add-on has from its own pages: `pass_headers` lets that one through, there, in one spelling,
//! and never one that says who somebody is. Case S-186.

use crate::support::expectation::{BOB, assert_identity};
use crate::support::tunnel::{ORIGIN, Tunnel, echo, handshake};
use crate::support::{Ask, BOTH, Vestibule};

#[test]
fn s186_a_name_passes_to_the_add_on_that_wants_it_and_to_no_other() {
    let addon = echo();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("wants", &addon, "pass_headers = [\"X-Auth-Token\"]").addon("other", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let asking = |ask: Ask| {
        let ask = ask.field("X-Auth-Token", "theirs").cookie(&cookie).field("X-Auth-User", "root");
        ["x_auth_token", "X-Auth_Token", "x.auth.token"].iter().fold(ask, |ask, name| ask.field(name, "planted"))
    };
    for protocol in BOTH {
        for (slug, values) in [("wants", vec!["theirs".to_owned()]), ("other", vec![])] {
            let target = format!("/ingress/{slug}/");
            vestibule.ask(protocol, &asking(Ask::get(&target)).trailer("X-Auth-Token", "planted"));
            let plain = addon.one();
            let (answer, tunnel) =
                Tunnel::open(&vestibule, protocol, &asking(handshake(protocol, &target).field("Origin", ORIGIN)));
            assert!(tunnel.is_some(), "{answer:#?}");
            for request in [plain, addon.one()] {
                assert_identity(&request, &BOB);
                assert_eq!(request.fields.texts("x-auth-token"), values, "{protocol:?} {slug}: {request:#?}");
                assert!(!request.head.windows(7).any(|w| w == b"planted"), "{request:#?}");
                assert!(!request.head.windows(4).any(|w| w == b"root"), "{request:#?}");
                assert!(request.trailers.0.is_empty(), "{request:#?}");
            }
        }
    }
}

#[test]
fn s186_what_passes_to_an_add_on_it_may_say_itself() {
    use crate::support::RawAddon;

    let addon =
        RawAddon::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Auth-Token: t\r\nX_Auth_Token: u\r\n\r\nok");
    let vestibule = Vestibule::start(|config| {
        config.addon_with("wants", &addon, "pass_headers = [\"x-auth-token\"]").addon("other", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for (slug, values) in [("wants", vec!["t".to_owned()]), ("other", vec![])] {
            let answer = vestibule.ask(protocol, &Ask::get(&format!("/ingress/{slug}/")).cookie(&cookie));
            assert_eq!(answer.fields.texts("x-auth-token"), values, "{protocol:?} {slug}");
            assert!(!answer.fields.has("x_auth_token"), "{answer:#?}");
        }
    }
}
