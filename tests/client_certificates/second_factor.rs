//! A certificate as a second factor beside the password, where an add-on or a rule asks for one.

use super::{House, mapped};
use crate::support::client_certificate::ClientIdentity;
use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::process::LOOPBACK;
use crate::support::{Ask, BOTH, Protocol};

const SAFE: &str = "/ingress/s/safe/x";
const LOCKS: &str = "/ingress/s/locks/x";

fn safe() -> (House, ClientIdentity, ClientIdentity) {
    let addon = "slug = \"s\"\ntitle = \"S\"\nupstream = \"builtin:whoami\"\npath = \"/ingress/s\"\n\
                 [[addon.protect]]\npath = \"/safe/{*rest}\"\nsecond_factor = true\n\
                 [[addon.protect]]\npath = \"/locks/{*rest}\"\nfresh = \"5m\"\n";
    let house = House::with(|config, _| {
        let entries = [("common_name = \"Bob\"", "bob", ", sign_in = true"), ("common_name = \"Alice\"", "alice", "")];
        config.set("tls", "client_certificate", &mapped(&entries));
        config.addon_table(addon);
    });
    let (bob, alice) = (house.authority.issue("Bob"), house.authority.issue("Alice"));
    (house, bob, alice)
}

/// A session of bob's that was made with his password alone.
fn with_password(house: &House) -> String {
    let form = Form::open(&house.vestibule, LOOPBACK);
    new_session(&form.submit(&house.vestibule, "bob", &password_of("bob")))
}

#[test]
fn a_password_and_the_certificate_of_the_same_user_are_two_factors() {
    let (house, bob, alice) = safe();
    let session = with_password(&house);
    for protocol in BOTH {
        let ask = Ask::get(SAFE).cookie(&session);
        assert_eq!(house.ask(protocol, "p.test", Some(&bob), &ask).status, 200);
        for other in [None, Some(&alice), Some(&house.authority.issue("Stranger"))] {
            let answer = house.ask(protocol, "p.test", other, &ask);
            assert_eq!(answer.status, 401, "{answer:#?}");
            assert_eq!(house.ask(protocol, "p.test", other, &Ask::get("/ingress/s/").cookie(&session)).status, 200);
        }
    }
}

#[test]
fn a_certificate_alone_is_one_factor_and_no_fresh_sign_in() {
    let (house, bob, _) = safe();
    let session = new_session(&house.ask(Protocol::H1, "p.test", Some(&bob), &Ask::navigate("/.vestibule/sign-in")));
    for protocol in BOTH {
        for target in [SAFE, LOCKS] {
            let ask = Ask::get(target).cookie(&session);
            assert_eq!(house.ask(protocol, "p.test", Some(&bob), &ask).status, 401, "{target}");
        }
        let calm = Ask::get("/ingress/s/calm").cookie(&session);
        assert_eq!(house.ask(protocol, "p.test", Some(&bob), &calm).status, 200);
    }
}

#[test]
fn a_session_that_nobody_signed_in_for_has_no_first_factor() {
    let (house, bob, _) = safe();
    let made = house.vestibule.cookie("bob");
    let ask = Ask::get(SAFE).cookie(&made);
    assert_eq!(house.ask(Protocol::H1, "p.test", Some(&bob), &ask).status, 401);
}
