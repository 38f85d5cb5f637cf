//! Names of people that would break a header: case S-14.

use serde_json::json;

use crate::one_addon;
use crate::support::expectation::BOB;
use crate::support::{Ask, BOTH, Protocol, RawAddon, User, Vestibule, assert_id};

#[test]
fn s14_a_display_name_cannot_break_out_of_its_header() {
    let names = [
        ("José".to_owned(), "José".to_owned()),
        ("x\r\nX-Remote-User-Id: root".to_owned(), "xX-Remote-User-Id: root".to_owned()),
        ("a\u{0}b\u{1b}[31mc\u{7f}d\u{85}e".to_owned(), "ab[31mcde".to_owned()),
        ("🦊 fox".to_owned(), "🦊 fox".to_owned()),
        (" leading and trailing ".to_owned(), "leading and trailing".to_owned()),
        // Cut at a limit of ours rather than refused, and never so short that another name fits.
        ("n".repeat(8 * 1024), "n".repeat(1024)),
        ("é".repeat(4 * 1024), "é".repeat(512)),
    ];
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for (stored, expected) in names {
        vestibule.home().edit_user("bob", |user| user["name"] = json!(stored));
        let told = || {
            let ask = Ask::get("/ingress/a/").field("X-Remote-User-Display-Name", "root").cookie(&cookie);
            assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 200);
            let request = addon.one();
            assert_eq!(request.fields.one("x-remote-user-id"), BOB.id);
            (request.fields.one("x-remote-user-display-name") == expected).then_some(request)
        };
        let request = crate::support::eventually(&format!("the display name {expected:?}"), told);
        assert_eq!(request.fields.texts("x-remote-user-id"), [BOB.id]);
    }
}

#[test]
fn s14_a_name_of_nothing_but_control_characters_is_absent() {
    let addon = RawAddon::start();
    let configure = |config: &mut crate::support::ConfigFile| {
        config.addon("a", &addon);
    };
    let vestibule = Vestibule::start_at_home(configure, |home| {
        home.edit_user("bob", |user| user["name"] = json!("\r\n\u{0} \t"));
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/").field("X-Remote-User-Display-Name", "root").cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        assert_id(&addon.one(), &User { display_name: None, ..BOB });
    }
}

#[test]
fn s14_percent_encoding_is_there_for_add_ons_that_read_ascii() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "display_name_encoding = \"percent\"");
    });
    let cookie = vestibule.cookie("zoë");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    let sent = addon.one().fields.one("x-remote-user-display-name");
    assert_eq!(sent, "Zo%C3%AB%20%C3%9Cn%C3%AFcode%20%E6%97%A5%E6%9C%AC");
}
