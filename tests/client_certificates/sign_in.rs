//! A session without a password, for tablets on walls: only where the operator says so, and only on the device that has
//! the certificate.

use super::{House, TABLET, mapped};
use crate::support::client_certificate::ClientIdentity;
use crate::support::expectation::{BOB, assert_id};
use crate::support::form::new_session;
use crate::support::{Answer, Ask, BOTH, Protocol};

const SESSION: &str = "/.vestibule/session";
const SIGN_IN: &str = "/.vestibule/sign-in";

/// Bob's tablet signs in alone, and Alice's certificate is no more than a second factor.
fn tablets() -> (House, ClientIdentity, ClientIdentity) {
    let house = House::with(|config, _| {
        let entries =
            [("common_name = \"Tablet\"", "bob", ", sign_in = true"), ("common_name = \"Alice\"", "alice", "")];
        config.set("tls", "client_certificate", &mapped(&entries));
    });
    let (tablet, alice) = (house.authority.issue("Tablet"), house.authority.issue("Alice"));
    (house, tablet, alice)
}

impl House {
    fn sign_in_with(&self, protocol: Protocol, host: &'static str, identity: &ClientIdentity) -> Answer {
        let page = Ask::navigate(&format!("{SIGN_IN}?return_to=%2Fingress%2Fa%2Fx%3Fy%3D1"));
        self.ask(protocol, host, Some(identity), &page)
    }
}

#[test]
fn a_tablet_signs_in_with_its_certificate_and_comes_to_where_it_wanted() {
    let (house, tablet, _) = tablets();
    for protocol in BOTH {
        for host in ["p.test", TABLET] {
            house.addon.forget();
            let asked = house.ask(protocol, host, Some(&tablet), &Ask::navigate("/ingress/a/x?y=1"));
            assert_eq!(asked.status, 303, "{asked:#?}");
            assert!(asked.location().starts_with(SIGN_IN), "{asked:#?}");
            let answer = house.sign_in_with(protocol, host, &tablet);
            assert_eq!((answer.status, answer.location()), (303, "/ingress/a/x?y=1".to_owned()), "{answer:#?}");
            let session = new_session(&answer);
            let page = house.ask(protocol, host, Some(&tablet), &Ask::navigate("/ingress/a/x?y=1").cookie(&session));
            assert_eq!(page.status, 200, "{page:#?}");
            assert_id(&house.addon.one(), &BOB);
            let who = house.ask(protocol, host, Some(&tablet), &Ask::get(SESSION).cookie(&session));
            assert!(who.text().contains("\"made_by\":\"certificate\""), "{}", who.text());
        }
    }
    let line = house.vestibule.await_line(&["event=sign_in", "method=certificate"]);
    assert!(line.contains(&tablet.short()) && line.contains("outcome=success"), "{line}");
    let access = house.vestibule.await_line(&["vestibule::access", &tablet.short()]);
    assert!(access.contains("certificate="), "{access}");
}

#[test]
fn its_cookie_is_worth_nothing_without_the_certificate() {
    let (house, tablet, alice) = tablets();
    let session = new_session(&house.sign_in_with(Protocol::H1, "p.test", &tablet));
    let again = house.authority.issue("Tablet");
    for protocol in BOTH {
        for target in [SESSION, "/ingress/a/", "/.vestibule/"] {
            let ask = Ask::get(target).cookie(&session);
            assert_eq!(house.ask(protocol, "p.test", Some(&tablet), &ask).status, 200, "{target}");
            for other in [None, Some(&alice), Some(&again)] {
                let answer = house.ask(protocol, "p.test", other, &ask);
                assert_eq!(answer.status, 401, "{target}: {answer:#?}");
            }
        }
    }
    house.addon.take(2);
}

#[test]
fn only_where_the_operator_says_so_and_only_a_person_who_goes_to_the_page() {
    let (house, tablet, alice) = tablets();
    let stranger = house.authority.issue("Stranger");
    for identity in [&alice, &stranger] {
        let page = house.sign_in_with(Protocol::H1, "p.test", identity);
        assert_eq!(page.status, 200, "the form: {page:#?}");
    }
    // An image on a page of another site makes no sessions, of which each would end an older one.
    let image = Ask::get(SIGN_IN).field("Sec-Fetch-Dest", "image").field("Sec-Fetch-Site", "cross-site");
    assert!(!house.ask(Protocol::H1, "p.test", Some(&tablet), &image).fields.has("location"));
    let head = Ask { method: "HEAD".to_owned(), ..Ask::navigate(SIGN_IN) };
    assert_eq!(house.ask(Protocol::H1, "p.test", Some(&tablet), &head).status, 200);
    // Who is signed in sees the form: they may want to be somebody else.
    let session = new_session(&house.sign_in_with(Protocol::H1, "p.test", &tablet));
    let page = house.ask(Protocol::H1, "p.test", Some(&tablet), &Ask::navigate(SIGN_IN).cookie(&session));
    assert_eq!(page.status, 200);
}

#[test]
fn a_user_who_may_not_come_in_is_not_signed_in_by_a_certificate_either() {
    let (house, tablet, _) = tablets();
    let session = new_session(&house.sign_in_with(Protocol::H1, "p.test", &tablet));
    house.vestibule.home().edit_user("bob", |user| user["is_active"] = false.into());
    crate::support::eventually("the deactivation", || {
        let answer = house.ask(Protocol::H1, "p.test", Some(&tablet), &Ask::get(SESSION).cookie(&session));
        (answer.status != 200).then_some(())
    });
    let page = house.sign_in_with(Protocol::H1, "p.test", &tablet);
    assert_eq!(page.status, 200, "{page:#?}");
    house.vestibule.await_line(&["method=certificate", "outcome=inactive_user"]);
}

#[test]
fn an_entry_that_is_taken_back_or_given_to_another_ends_the_sessions_that_it_made() {
    for entries in [
        mapped(&[("common_name = \"Tablet\"", "bob", "")]),
        mapped(&[("common_name = \"Tablet\"", "alice", ", sign_in = true")]),
        "[]".to_owned(),
    ] {
        let (mut house, tablet, _) = tablets();
        let session = new_session(&house.sign_in_with(Protocol::H1, "p.test", &tablet));
        let mut open = BOTH.map(|protocol| house.connect(protocol, "p.test", Some(&tablet)).unwrap());
        let ask = Ask::get("/ingress/a/").cookie(&session);
        for client in &mut open {
            assert_eq!(client.ask(&ask).status, 200);
        }
        house.vestibule.reconfigure(|config| {
            config.set("tls", "client_certificate", &entries);
        });
        house.vestibule.command_ok(&["reload"]);
        for client in &mut open {
            assert_eq!(client.ask(&ask).status, 401, "{entries}");
        }
    }
}

#[test]
fn a_session_of_an_add_ons_own_host_needs_the_certificate_as_well() {
    let house = House::with(|config, _| {
        let entries = [("common_name = \"Tablet\"", "bob", ", sign_in = true")];
        config.set("tls", "client_certificate", &mapped(&entries));
        config.set("listen", "public_urls", "[\"https://p.test\"]");
        config.addon_table("slug = \"own\"\ntitle = \"Own\"\nupstream = \"builtin:whoami\"\nhost = \"own.p.test\"\n");
    });
    let tablet = house.authority.issue("Tablet");
    let session = new_session(&house.sign_in_with(Protocol::H1, "p.test", &tablet));
    let own = "own.p.test";
    let left = house.ask(Protocol::H1, own, Some(&tablet), &Ask::navigate(SIGN_IN));
    let nonce = left.fields.text("set-cookie").unwrap();
    let nonce = nonce.split(';').next().unwrap().to_owned();
    let way = |answer: &Answer| {
        let location = answer.location();
        let rest = location.strip_prefix("https://").unwrap();
        rest[rest.find('/').unwrap()..].to_owned()
    };
    let granted = house.ask(Protocol::H1, "p.test", Some(&tablet), &Ask::navigate(&way(&left)).cookie(&session));
    assert_eq!(granted.status, 303, "{granted:#?}");
    let arrived = house.ask(Protocol::H1, own, Some(&tablet), &Ask::navigate(&way(&granted)).cookie(&nonce));
    let child = new_session(&arrived);
    let ask = Ask::get("/").cookie(&child);
    assert_eq!(house.ask(Protocol::H1, own, Some(&tablet), &ask).status, 200);
    assert_eq!(house.ask(Protocol::H1, own, None, &ask).status, 401);
}

#[test]
fn explain_names_the_certificates_of_the_user_and_says_that_the_host_needs_one() {
    let (house, ..) = tablets();
    let of = |host: &str| {
        let url = format!("https://{host}/ingress/a/");
        house.vestibule.command_ok(&["explain", "--user", "bob", "--method", "GET", "--url", &url])
    };
    let said = of(TABLET);
    assert!(said.contains("certificates: common name Tablet (enough to sign in)"), "{said}");
    assert!(said.contains("nobody comes to this host without a client certificate"), "{said}");
    assert!(!of("p.test").contains("nobody comes"), "none is needed there");
}
