//! Other names and spellings for our headers: cases S-01 to S-05.

use crate::support::expectation::{BOB, ZOE, is_reserved};
use crate::support::{Ask, BOTH, RawAddon, Vestibule, assert_id, assert_problem};
use crate::{assert_bob_in_spite_of, one_addon};

#[test]
fn s01_a_user_with_a_session_cannot_be_somebody_else() {
    assert_bob_in_spite_of(&[
        ("X-Remote-User-Id", "root"),
        ("X-Remote-User-Name", "root"),
        ("X-Remote-User-Display-Name", "root"),
    ]);
}

#[test]
fn s01_nobody_without_a_session_gets_through_by_claiming_a_name() {
    let (addon, vestibule) = one_addon();
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/").field("X-Remote-User-Id", "root").field("X-Remote-User-Name", "root");
        let answer = vestibule.ask(protocol, &ask);
        assert_problem(&answer, 401);
        let navigation = Ask::navigate("/ingress/a/?x=1").field("X-Remote-User-Id", "root");
        let answer = vestibule.ask(protocol, &navigation);
        assert_eq!(answer.status, 303, "{protocol:?}: {answer:#?}");
        assert_eq!(answer.location(), "/.vestibule/sign-in?return_to=%2Fingress%2Fa%2F%3Fx%3D1");
        assert!(answer.fields.one("cache-control").contains("no-store"));
    }
    addon.assert_untouched("no session");
}

#[test]
fn s01_the_true_headers_are_there_without_being_asked_for() {
    let (addon, vestibule) = one_addon();
    for (name, user) in [("bob", BOB), ("zoë", ZOE)] {
        let cookie = vestibule.cookie(name);
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/deep/path?q=1&q=2").cookie(&cookie));
            assert_eq!(answer.text(), crate::support::addon::HELLO);
            let request = addon.one();
            assert_id(&request, &user);
            assert_eq!(request.target(), "/deep/path?q=1&q=2");
            assert_eq!(request.fields.one("x-ingress-path"), "/ingress/a");
            assert_eq!(request.fields.one("x-forwarded-for"), "127.0.0.1");
            assert_eq!(request.fields.one("x-real-ip"), "127.0.0.1");
            assert_eq!(request.fields.one("x-forwarded-host"), "p.test");
        }
    }
}

#[test]
fn s02_an_underscore_is_no_alias() {
    for name in ["X_Remote_User_Id", "X-Remote_User-Id", "x_REMOTE_user_ID", "X_Forwarded_For", "X_Ingress_Path"] {
        assert!(is_reserved(name));
    }
    assert_bob_in_spite_of(&[
        ("X_Remote_User_Id", "root"),
        ("X-Remote_User-Id", "root"),
        ("x_REMOTE_user_ID", "root"),
        ("X_Remote_User_Name", "root"),
        ("X_Remote_User_Display_Name", "root"),
        ("X_Ingress_Path", "/evil"),
        ("X_Forwarded_For", "6.6.6.6"),
        ("X_Real_IP", "6.6.6.6"),
    ]);
}

#[test]
fn s03_no_byte_that_a_name_may_have_makes_an_alias() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for separator in "!#$%&'*+.^_`|~".chars() {
        for protocol in BOTH {
            let name = ["X", "Remote", "User", "Id"].join(&separator.to_string());
            let mixed = format!("x-remote{separator}user-name");
            let ask = Ask::get("/ingress/a/").field(&name, "root").cookie(&cookie).field(&mixed, "root");
            let answer = vestibule.ask(protocol, &ask);
            assert_eq!(answer.status, 200, "{protocol:?} {name}: {answer:#?}");
            assert_id(&addon.one(), &BOB);
        }
    }
}

#[test]
fn s04_the_spelling_in_the_configuration_does_not_matter() {
    let spellings = ["x-auth-user", "X-AUTH-USER", "X-Auth-User"];
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        for (slug, name) in ["lower", "upper", "mixed"].into_iter().zip(spellings) {
            config.addon_with(slug, &addon, &format!("identity_headers = {{ id = \"{name}\" }}"));
        }
    });
    let cookie = vestibule.cookie("bob");
    for slug in ["lower", "upper", "mixed"] {
        for sent in ["x-auth-user", "X-AUTH-USER", "X-Auth-User", "x_auth_user", "X.Auth.User", "x-Auth_uSER"] {
            for protocol in BOTH {
                let ask = Ask::get(&format!("/ingress/{slug}/")).field(sent, "root").cookie(&cookie);
                assert_eq!(vestibule.ask(protocol, &ask).status, 200);
                let request = addon.one();
                let like_it = |name: &&String| crate::support::squash(name) == "x-auth-user";
                let names: Vec<&String> = request.fields.0.iter().map(|(name, _)| name).filter(like_it).collect();
                assert_eq!(names.len(), 1, "{slug}, {sent}: {request:#?}");
                assert_eq!(request.fields.one("x-auth-user"), BOB.id);
            }
        }
    }
}

#[test]
fn s05_duplicates_before_and_after_the_cookie_are_all_removed() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/")
            .field("X-Remote-User-Id", "root")
            .field("X-Remote-User-Id", format!("root, {}", BOB.id))
            .cookie(&cookie)
            .field("X-Remote-User-Id", "root")
            .field("x-remote-user-id", BOB.id);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        assert_id(&addon.one(), &BOB);
    }
}
