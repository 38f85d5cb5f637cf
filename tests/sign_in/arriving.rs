//! From a refused navigation to the page that was wanted.

use crate::one_addon;
use crate::support::expectation::{BOB, ZOE};
use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::process::LOOPBACK;
use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, assert_id, eventually};

#[test]
fn a_browser_that_signs_in_arrives_where_it_wanted_to_go() {
    let (addon, vestibule) = one_addon();
    for (name, user) in [("bob", BOB), ("zoë", ZOE)] {
        for protocol in BOTH {
            let wanted = "/ingress/a/deep/page?x=1&y=%C3%A9#top";
            let redirect = vestibule.ask(protocol, &Ask::navigate(wanted.split('#').next().unwrap()));
            assert_eq!(redirect.status, 303, "{redirect:#?}");
            let form = Form::open_at(&vestibule, LOOPBACK, &redirect.location());
            assert_eq!(form.return_to, "/ingress/a/deep/page?x=1&y=%C3%A9", "byte for byte");
            let answer = vestibule.ask(protocol, &form.post(name, &password_of(name)));
            assert_eq!(answer.location(), "/ingress/a/deep/page?x=1&y=%C3%A9");
            let cookie = new_session(&answer);
            let arrived = vestibule.ask(protocol, &Ask::navigate(&answer.location()).cookie(&cookie));
            assert_eq!(arrived.status, 200);
            let request = addon.one();
            assert_id(&request, &user);
            assert_eq!(request.target(), "/deep/page?x=1&y=%C3%A9");
        }
    }
}

#[test]
fn the_real_hashes_of_home_assistant_are_understood() {
    let addon = RawAddon::start();
    let example = format!("{}/examples/home/.storage/auth_provider.homeassistant", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(example).unwrap();
    let vestibule = Vestibule::start_at_home(
        |config| {
            config.addon("a", &addon);
        },
        |home| home.replace("auth_provider.homeassistant", &file),
    );
    new_session(&vestibule.sign_in("zoë", "zoë-päss-1"));
    assert_eq!(vestibule.sign_in("zoë", "zoe-pass-1").status, 401);
}

#[test]
fn user_names_are_compared_as_home_assistant_does() {
    let (_, vestibule) = one_addon();
    for name in ["bob", " Bob\t", "BOB"] {
        let cookie = new_session(&vestibule.sign_in(name, "bob-pass-1"));
        let who = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(cookie)).json();
        assert_eq!(who["user"]["id"], BOB.id);
    }
    new_session(&vestibule.sign_in("ZOË", "zoë-päss-1"));
    for (name, password) in
        [("bob", "BOB-PASS-1"), ("bob", " bob-pass-1"), ("bob\u{0}", "bob-pass-1"), ("b", ""), ("", "")]
    {
        assert_eq!(vestibule.sign_in(name, password).status, 401, "{name:?} {password:?}");
    }
}

#[test]
fn passwords_that_bcrypt_cannot_take_whole_are_wrong() {
    let (_, vestibule) = one_addon();
    vestibule.home().set_password("bob", &"p".repeat(72));
    eventually("the new password", || (vestibule.sign_in("bob", &"p".repeat(72)).status == 303).then_some(()));
    for password in ["p\u{0}", "\u{0}", &"p".repeat(71), &"x".repeat(1000), "\r\n"] {
        let answer = vestibule.sign_in("bob", password);
        assert_eq!(answer.status, 401, "{password:?}: {answer:#?}");
    }
    for password in ["carol-pass-1\u{0}", "carol-pass-1\u{0}x", "carol-pass-1 ", "carol-pass-1\n"] {
        assert_eq!(vestibule.sign_in("carol", password).status, 401, "{password:?}");
    }
}

#[test]
fn only_navigations_are_led_to_the_form() {
    let (addon, vestibule) = one_addon();
    let scripts = [
        Ask::get("/ingress/a/").field("Accept", "*/*").field("Sec-Fetch-Dest", "empty"),
        Ask::get("/ingress/a/").field("Accept", "application/json"),
        Ask::get("/ingress/a/").field("Accept", "text/html").field("Sec-Fetch-Dest", "empty"),
        Ask::post("/ingress/a/", "x").field("Accept", "text/html").field("Sec-Fetch-Dest", "document"),
        Ask::get("/ingress/a/img.png").field("Sec-Fetch-Dest", "image"),
    ];
    for protocol in BOTH {
        for ask in &scripts {
            let answer = vestibule.ask(protocol, ask);
            assert_eq!(answer.status, 401, "{ask:?}: {answer:#?}");
            assert!(!answer.fields.has("location"));
        }
        let old_browser = Ask::get("/ingress/a/").field("Accept", "text/html, */*");
        assert_eq!(vestibule.ask(protocol, &old_browser).status, 303, "no fetch metadata, wants HTML");
        let head = Ask { method: "HEAD".to_owned(), ..Ask::navigate("/ingress/a/") };
        assert_eq!(vestibule.ask(protocol, &head).status, 303);
        let nowhere = vestibule.ask(protocol, &Ask::navigate("/ingress/nothing-here/"));
        assert_eq!(nowhere.status, 303, "an unknown add-on looks like a forbidden one: {nowhere:#?}");
    }
    addon.assert_untouched("nobody is signed in");
}
